//! Bars, panels and what lies over the picture area. They read the model and queue actions.

pub mod chips;
mod finding;
pub mod focus;
pub mod history;
pub mod marks;
pub mod options;
pub mod palette;
pub mod parts;
pub mod side;
pub mod start;
pub mod status;
pub mod top;

use eframe::egui::{self, Button, Response, Ui};

use super::command::{Bound, Command};
use super::icons::{self, Icon};
use super::state::{Action, Model};
use crate::document::Document;

/// An icon button for a command, with its tooltip.
pub fn command_icon(
    ui: &mut Ui,
    icon: Icon,
    command: Command,
    model: &Model<'_>,
    actions: &mut Vec<Action>,
) -> Response {
    let enabled = model.is_enabled(command);
    let response = icons::icon_button(
        ui,
        icon,
        command.name(),
        enabled,
        model.is_selected(command),
    );
    if response.clicked() {
        actions.push(Action::Run(command));
    }
    explained(response, command, model)
}

/// `response` of a command's button with its tooltip, which also says why the button is grey.
pub fn explained(response: Response, command: Command, model: &Model<'_>) -> Response {
    if model.view.dialog.is_some() {
        // It would lie over the dialog.
        return response;
    }
    let text = model.tooltip(command);
    response.on_hover_text(&text).on_disabled_hover_text(text)
}

/// A menu entry for a command: label left, shortcut right.
pub fn menu_entry(ui: &mut Ui, command: Command, model: &Model<'_>, actions: &mut Vec<Action>) {
    let row = command.row();
    let label = entry_label(command, model);
    let mut button = Button::new(label).selected(model.is_selected(command) == Some(true));
    if let Some(key) = model.settings.shortcuts.label(Bound::Command(command)) {
        button = button.shortcut_text(key);
    }
    let response = ui
        .add_enabled(model.is_enabled(command), button)
        .on_hover_text(row.tooltip)
        .on_disabled_hover_text(model.tooltip(command));
    follow_keyboard(&response);
    if response.clicked() {
        actions.push(Action::Run(command));
        ui.close();
    }
}

/// Scrolls to what the keyboard came to.
pub fn follow_keyboard(response: &Response) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
}

/// A number with thin gaps between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A quiet heading over a group of controls.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(
        egui::RichText::new(text)
            .strong()
            .color(super::theme::TEXT_STRONG),
    );
}

/// A caption in weak colour.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(
        egui::RichText::new(text.into())
            .small()
            .color(super::theme::TEXT_WEAK),
    )
}

fn entry_label(command: Command, model: &Model<'_>) -> String {
    let label = command.row().label;
    let edit = match command {
        Command::Undo => model.document.and_then(Document::undo_label),
        Command::Redo => model.document.and_then(Document::redo_label),
        _ => None,
    };
    match edit {
        Some(edit) => format!("{label}: {}", edit.to_lowercase()),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1234), "1 234");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }
}
