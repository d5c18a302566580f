//! Asks what becomes of a restored photo that was not exported.

use eframe::egui::Ui;

use super::{Then, default_button, title};
use crate::document::Document;
use crate::gui::command::Command;
use crate::gui::state::{Action, Model};
use crate::jobs::OpenRequest;

/// Draws the dialog.
pub fn show(ui: &mut Ui, then: &Then, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(430.0);
    title(ui, "Export the restored photo first?");
    let is_open = |request: &OpenRequest| {
        let photo = model.document.map(Document::photo);
        request.page.is_some() && photo.is_some_and(|photo| photo.path() == request.path)
    };
    let consequence = match then {
        Then::Quit => "The window is about to close.",
        Then::Open(request) if is_open(request) => "Another page is about to be opened.",
        Then::Open(_) => "Another photo is about to be opened.",
    };
    let fate = if model.keeps_work {
        "Your marks are saved and offered again when you open this photo; discarding removes them."
    } else {
        "Your marks and the repair are lost unless you export."
    };
    ui.label(format!(
        "{consequence} {fate} The original file is safe in any case."
    ));
    ui.add_space(14.0);
    ui.horizontal(|ui| {
        if default_button(ui, true, "Export…").1 {
            actions.push(Action::Run(Command::Export));
        }
        if model.keeps_work && ui.button("Keep for later").clicked() {
            actions.push(match then {
                Then::Quit => Action::KeepAndQuit,
                Then::Open(request) => Action::KeepAndOpen(request.clone()),
            });
        }
        if ui.button("Discard").clicked() {
            actions.push(match then {
                Then::Quit => Action::DiscardAndQuit,
                Then::Open(request) => Action::DiscardAndOpen(request.clone()),
            });
        }
        if ui.button("Keep editing").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}
