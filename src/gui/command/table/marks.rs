//! The rows of the menu *Marks*: what changes all marks, or the repair of the picked area. No behaviour.

use eframe::egui::Key;

use super::{repeating, row};
use crate::gui::command::{Command, CommandRow, Group, Shortcut};

/// The rows, in the menu's order.
pub(super) const ROWS: &[CommandRow] = &[
    row(
        Command::GrowMarks,
        Group::Marks,
        "Grow marks",
        "Make all marks wider by the amount in the panel",
        &[Shortcut::plain(Key::G)],
    ),
    row(
        Command::ShrinkMarks,
        Group::Marks,
        "Shrink marks",
        "Make all marks narrower by the amount in the panel",
        &[Shortcut::shift(Key::G)],
    ),
    row(
        Command::FeatherMarks,
        Group::Marks,
        "Feather marks",
        "Give all marks a soft rim as wide as the amount in the panel",
        &[Shortcut::shift(Key::F)],
    ),
    row(
        Command::InvertMarks,
        Group::Marks,
        "Invert marks",
        "Exchange what is marked and what is not",
        &[Shortcut::command_shift(Key::I)],
    ),
    row(
        Command::RemoveSpecks,
        Group::Marks,
        "Remove specks",
        "Unmark pieces smaller across than the amount in the panel",
        &[Shortcut::shift(Key::X)],
    ),
    row(
        Command::KeepLines,
        Group::Marks,
        "Keep lines",
        "Unmark everything but scratches, cracks, folds and hairs",
        &[Shortcut::command(Key::L)],
    ),
    row(
        Command::KeepSpecks,
        Group::Marks,
        "Keep specks",
        "Unmark everything but specks and spots",
        &[Shortcut::command_shift(Key::L)],
    ),
    row(
        Command::LoadMask,
        Group::Marks,
        "Load mask…",
        "Replace the marks by a mask from a file of the photo's size: white is repaired",
        &[Shortcut::command_shift(Key::O)],
    ),
    row(
        Command::SaveMask,
        Group::Marks,
        "Save mask…",
        "Write the marks alone to a PNG or TIFF file",
        &[Shortcut::command_shift(Key::S)],
    ),
    row(
        Command::ClearArea,
        Group::Marks,
        "Clear marks in area",
        "Unmark what is picked with Mend area, so that it is not repaired",
        &[Shortcut::plain(Key::Delete)],
    ),
    row(
        Command::SuggestFill,
        Group::Marks,
        "Other suggestion",
        "Fill what is picked with the part of the photo nearby that fits best; once more, with the next best",
        &[Shortcut::plain(Key::J)],
    ),
    row(
        Command::ShowThrough,
        Group::Marks,
        "What shows through",
        "Only take the tone of the damage away where the photo still shows through it; nothing is invented",
        &[Shortcut::shift(Key::J)],
    ),
    row(
        Command::NetworkFill,
        Group::Marks,
        "Network's fill",
        "Let the network's own fill show again where another one was chosen",
        &[Shortcut::shift(Key::W)],
    ),
    repeating(row(
        Command::AreaWeaker,
        Group::Marks,
        "Weaker repair",
        "Let more of the original show in the picked area",
        &[Shortcut::plain(Key::Comma)],
    )),
    repeating(row(
        Command::AreaStronger,
        Group::Marks,
        "Stronger repair",
        "Let more of the repair show in the picked area",
        &[Shortcut::plain(Key::Period)],
    )),
    row(
        Command::ClearMask,
        Group::Marks,
        "Clear marks",
        "Unmark all damage, so that nothing is repaired; Undo brings it back, Find damage what the network saw",
        &[Shortcut::command(Key::Backspace)],
    ),
];
