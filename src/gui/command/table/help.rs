//! The rows of the menu *Help*: shortcuts, and where the keyboard goes. No behaviour.

use eframe::egui::Key;

use super::row;
use crate::gui::command::{Command, CommandRow, Group, Shortcut};

/// The rows, in the menu's order.
pub(super) const ROWS: &[CommandRow] = &[
    row(
        Command::NextPart,
        Group::Help,
        "Next part of the window",
        "Go by keyboard from the photo to the options of the tool, the panel, the tools, the bar at the top, and round again",
        &[Shortcut::plain(Key::F6)],
    ),
    row(
        Command::PreviousPart,
        Group::Help,
        "Previous part of the window",
        "The same the other way round: from the options of the tool back to the photo",
        &[Shortcut::shift(Key::F6)],
    ),
    row(
        Command::MenuBar,
        Group::Help,
        "Menus by keyboard",
        "Go to the menus: Enter opens one, arrow keys go through it, Tab goes on to the next",
        &[Shortcut::plain(Key::F10)],
    ),
    row(
        Command::Shortcuts,
        Group::Help,
        "All shortcuts…",
        "What every key and the mouse do, on one sheet; keys can be changed there",
        &[Shortcut::plain(Key::F1), Shortcut::plain(Key::Questionmark)],
    ),
];
