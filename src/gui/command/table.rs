//! The rows: label, tooltip and shortcuts of every command. No behaviour.

use eframe::egui::Key;

use super::{Command, CommandRow, Group, Shortcut};

const fn row(
    command: Command,
    group: Group,
    label: &'static str,
    tooltip: &'static str,
    shortcuts: &'static [Shortcut],
) -> CommandRow {
    CommandRow {
        command,
        label,
        tooltip,
        group,
        shortcuts,
        repeats: false,
    }
}

const fn repeating(row: CommandRow) -> CommandRow {
    CommandRow {
        repeats: true,
        ..row
    }
}

/// The table.
pub const COMMANDS: &[CommandRow] = &[
    row(
        Command::Open,
        Group::File,
        "Open…",
        "Open a scanned photo: JPEG, PNG, TIFF, WebP or BMP",
        &[Shortcut::command(Key::O)],
    ),
    row(
        Command::Export,
        Group::File,
        "Export…",
        "Write the restored photo to a new file; the original is never changed",
        &[Shortcut::command(Key::E), Shortcut::command(Key::S)],
    ),
    row(
        Command::Quit,
        Group::File,
        "Quit",
        "Close the window",
        &[Shortcut::command(Key::Q)],
    ),
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
        "Find damage again",
        "Let the network look at the photo again; your own strokes stay",
        &[Shortcut::command(Key::D)],
    ),
    row(
        Command::ClearMask,
        Group::Edit,
        "Clear all marks",
        "Unmark all damage, so that nothing is repaired; Undo brings it back",
        &[Shortcut::command(Key::Backspace)],
    ),
    row(
        Command::Cancel,
        Group::Edit,
        "Cancel",
        "Stop the stroke or the work in progress, or put a message away",
        &[Shortcut::plain(Key::Escape)],
    ),
    row(
        Command::ZoomFit,
        Group::View,
        "Fit in window",
        "Show the whole photo",
        &[Shortcut::command(Key::Num0), Shortcut::plain(Key::Num0)],
    ),
    row(
        Command::ZoomActual,
        Group::View,
        "Actual pixels (1:1)",
        "One pixel of the photo on one pixel of the screen, unfiltered",
        &[Shortcut::command(Key::Num1), Shortcut::plain(Key::Num1)],
    ),
    repeating(row(
        Command::ZoomIn,
        Group::View,
        "Zoom in",
        "Look closer; the mouse wheel does the same at the pointer",
        &[Shortcut::command(Key::Plus), Shortcut::command(Key::Equals)],
    )),
    repeating(row(
        Command::ZoomOut,
        Group::View,
        "Zoom out",
        "Look from further away",
        &[Shortcut::command(Key::Minus)],
    )),
    row(
        Command::CompareRestored,
        Group::View,
        "Restored",
        "Show the restored photo alone",
        &[Shortcut::plain(Key::R)],
    ),
    row(
        Command::CompareSplit,
        Group::View,
        "Split",
        "Original on the left of a divider, restored on its right",
        &[Shortcut::plain(Key::S)],
    ),
    row(
        Command::CompareSideBySide,
        Group::View,
        "Side by side",
        "Original and restored next to each other at the same zoom",
        &[Shortcut::plain(Key::D)],
    ),
    row(
        Command::CycleOverlay,
        Group::View,
        "Damage overlay",
        "Show the marked damage, how sure the network is, or neither",
        &[Shortcut::plain(Key::O)],
    ),
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
        Command::Shortcuts,
        Group::Help,
        "Keyboard and mouse…",
        "All shortcuts on one sheet",
        &[Shortcut::plain(Key::F1), Shortcut::plain(Key::Questionmark)],
    ),
];
