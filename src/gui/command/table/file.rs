//! The rows of the menu *File*: photos, pages, saved work, memory. No behaviour.

use eframe::egui::Key;

use super::row;
use crate::gui::command::{Command, CommandRow, Group, Shortcut};

/// The rows, in the menu's order.
pub(super) const ROWS: &[CommandRow] = &[
    row(
        Command::Open,
        Group::File,
        "Open…",
        "Open a scanned photo: JPEG, PNG, TIFF, WebP, BMP or JPEG 2000",
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
        Command::NextPage,
        Group::File,
        "Next page",
        "Open the next page of a TIFF with several; each page has marks of its own",
        &[Shortcut::command(Key::PageDown)],
    ),
    row(
        Command::PreviousPage,
        Group::File,
        "Previous page",
        "Open the page before this one of a TIFF with several",
        &[Shortcut::command(Key::PageUp)],
    ),
    row(
        Command::Autosaves,
        Group::File,
        "Autosaved work…",
        "See and remove the work that was saved while you edited, and choose where it is saved",
        &[Shortcut::command_shift(Key::A)],
    ),
    row(
        Command::Memory,
        Group::File,
        "Memory…",
        "Choose how much memory the networks and what they keep may take, beside the photo",
        &[Shortcut::command_shift(Key::M)],
    ),
    row(
        Command::Quit,
        Group::File,
        "Quit",
        "Close the window",
        &[Shortcut::command(Key::Q)],
    ),
];
