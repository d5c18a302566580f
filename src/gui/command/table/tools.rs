//! The rows of the menu *Tools*: one tool each, and what shapes and brush do. No behaviour.

use eframe::egui::Key;

use super::{repeating, row};
use crate::gui::command::{Command, CommandRow, Group, Shortcut};

/// The rows, in the menu's order.
pub(super) const ROWS: &[CommandRow] = &[
    row(
        Command::Brush,
        Group::Tools,
        "Brush",
        "Paint over damage to have it repaired; Shift-click draws a straight line",
        &[Shortcut::plain(Key::B)],
    ),
    row(
        Command::Eraser,
        Group::Tools,
        "Eraser",
        "Unmark what is not damage; the right mouse button does the same",
        &[Shortcut::plain(Key::E)],
    ),
    row(
        Command::Protect,
        Group::Tools,
        "Protect",
        "Paint over what must never be changed, such as faces or writing; the right mouse button takes it back",
        &[Shortcut::plain(Key::P)],
    ),
    row(
        Command::Line,
        Group::Tools,
        "Line",
        "Mark straight lines as wide as the brush: drag one, or click from point to point",
        &[Shortcut::plain(Key::U)],
    ),
    row(
        Command::Lasso,
        Group::Tools,
        "Lasso",
        "Mark what you draw around",
        &[Shortcut::plain(Key::L)],
    ),
    row(
        Command::Polygon,
        Group::Tools,
        "Polygon",
        "Mark an area by its corners",
        &[Shortcut::shift(Key::L)],
    ),
    row(
        Command::Rectangle,
        Group::Tools,
        "Rectangle",
        "Mark a rectangle",
        &[Shortcut::shift(Key::R)],
    ),
    row(
        Command::FillHole,
        Group::Tools,
        "Fill hole",
        "Mark the area that an outline of marks encloses",
        &[Shortcut::plain(Key::F)],
    ),
    row(
        Command::Trace,
        Group::Tools,
        "Trace scratch",
        "Click on a scratch to mark it to both ends, as wide as it is",
        &[Shortcut::plain(Key::T)],
    ),
    row(
        Command::SearchArea,
        Group::Tools,
        "Search area again",
        "Drag a rectangle in which damage is looked for once more, more sensitively",
        &[Shortcut::plain(Key::A)],
    ),
    row(
        Command::MendArea,
        Group::Tools,
        "Mend area",
        "Change the repair of one place: weaken it, heal it from another place, or unmark it",
        &[Shortcut::plain(Key::W)],
    ),
    row(
        Command::ShapesProtect,
        Group::Tools,
        "Shapes protect",
        "Let line, lasso, polygon, rectangle and fill protect from changes instead of marking",
        &[Shortcut::shift(Key::P)],
    ),
    row(
        Command::FinishShape,
        Group::Tools,
        "Finish shape",
        "Complete the line or polygon that is being drawn",
        &[Shortcut::plain(Key::Enter)],
    ),
    row(
        Command::DropPoint,
        Group::Tools,
        "Remove last point",
        "Take back the last point of the line or polygon that is being drawn",
        &[Shortcut::plain(Key::Backspace)],
    ),
    row(
        Command::SwapTool,
        Group::Tools,
        "Swap brush and eraser",
        "From brush to eraser and back",
        &[Shortcut::plain(Key::X)],
    ),
    repeating(row(
        Command::BrushSmaller,
        Group::Tools,
        "Smaller brush",
        "Make the brush smaller",
        &[Shortcut::place(Key::OpenBracket, false)],
    )),
    repeating(row(
        Command::BrushLarger,
        Group::Tools,
        "Larger brush",
        "Make the brush larger",
        &[Shortcut::place(Key::CloseBracket, false)],
    )),
    repeating(row(
        Command::BrushSofter,
        Group::Tools,
        "Softer edge",
        "Make the edge of the brush softer",
        &[Shortcut::place(Key::OpenBracket, true)],
    )),
    repeating(row(
        Command::BrushHarder,
        Group::Tools,
        "Harder edge",
        "Make the edge of the brush harder",
        &[Shortcut::place(Key::CloseBracket, true)],
    )),
    row(
        Command::Crosshair,
        Group::Tools,
        "Crosshair by keyboard",
        "Work on the photo with the arrow keys: Shift makes large steps, Ctrl goes pixel by pixel; Space or Enter presses and drags, Shift+Enter takes away as the right button does, Shift+Space draws a straight line",
        &[Shortcut::plain(Key::F9)],
    ),
];
