//! The rows of the menu *Edit*: undo, the search for damage, its sensitivity. No behaviour.

use eframe::egui::Key;

use super::{repeating, row};
use crate::gui::command::{Command, CommandRow, Group, Shortcut};

/// The rows, in the menu's order.
pub(super) const ROWS: &[CommandRow] = &[
    repeating(row(
        Command::Undo,
        Group::Edit,
        "Undo",
        "Take the last edit back",
        &[Shortcut::command(Key::Z)],
    )),
    repeating(row(
        Command::Redo,
        Group::Edit,
        "Redo",
        "Do the undone edit again",
        &[Shortcut::command_shift(Key::Z), Shortcut::command(Key::Y)],
    )),
    row(
        Command::Detect,
        Group::Edit,
        "Find damage",
        "Let the network look at the whole photo again, also where marks were cleared; your own strokes stay",
        &[Shortcut::command(Key::D)],
    ),
    row(
        Command::LinearScan,
        Group::Edit,
        "Linear scan",
        "Take this photo for a linear scan, whose values are proportional to light, or for an ordinary one; its colour profile decides until you do",
        &[Shortcut::command_shift(Key::G)],
    ),
    row(
        Command::SensitivityTimid,
        Group::Edit,
        "Sensitivity: timid",
        "Only what is surely damage",
        &[Shortcut::plain(Key::F2)],
    ),
    row(
        Command::SensitivityNormal,
        Group::Edit,
        "Sensitivity: normal",
        "What is more likely damage than not",
        &[Shortcut::plain(Key::F3)],
    ),
    row(
        Command::SensitivityEager,
        Group::Edit,
        "Sensitivity: eager",
        "Everything that may be damage; expect to erase some marks",
        &[Shortcut::plain(Key::F4)],
    ),
    row(
        Command::Cancel,
        Group::Edit,
        "Cancel",
        "Stop the stroke or the work in progress, or put a message away",
        &[Shortcut::plain(Key::Escape)],
    ),
];
