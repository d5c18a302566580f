//! The saved work of all photos: where it lies, how much there is, and how to be rid of it.

use std::path::PathBuf;
use std::time::SystemTime;

use eframe::egui::{self, Align, Label, Layout, RichText, ScrollArea, Ui};

use super::resume::{age_of, count_of, name_of, name_with_page};
use super::title;
use crate::gui::panels::caption;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::journal::Entry;

/// The open dialog.
#[derive(Clone, Debug, PartialEq)]
pub struct AutosavesForm {
    folder: PathBuf,
    /// The journals, once they are read.
    pub entries: Option<Vec<Entry>>,
    /// Whether removing all was asked for once.
    confirms: bool,
}

impl AutosavesForm {
    /// For journals in `folder`, which are still being read.
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            entries: None,
            confirms: false,
        }
    }
}

/// Draws the dialog.
pub fn show(ui: &mut Ui, form: &mut AutosavesForm, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(340.0, 620.0));
    title(ui, "Autosaved work");
    let mut is_wanted = model.settings.autosave;
    if ui
        .checkbox(&mut is_wanted, "Save my work while I edit")
        .on_hover_text("Marks, protection, sensitivity, undo and view; never the photo's pixels")
        .changed()
    {
        actions.push(Action::SetAutosave(is_wanted));
    }
    let mut is_beside = model.settings.autosave_beside_photo;
    ui.add_enabled_ui(is_wanted, |ui| {
        let text = "Save it beside the photo, in a hidden file, instead of in this folder";
        if ui.checkbox(&mut is_beside, text).changed() {
            actions.push(Action::SetAutosaveBesidePhoto(is_beside));
        }
    });
    caption(ui, form.folder.display().to_string());
    ui.add_space(8.0);
    entries(ui, form, actions);
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        if ui.add(theme::primary_button("Close")).clicked() {
            actions.push(Action::CloseDialog);
        }
        remove_all(ui, form, actions);
    });
}

fn entries(ui: &mut Ui, form: &AutosavesForm, actions: &mut Vec<Action>) {
    let Some(entries) = &form.entries else {
        ui.spinner();
        return;
    };
    if entries.is_empty() {
        ui.label("Nothing is saved in this folder.");
        return;
    }
    let now = SystemTime::now();
    egui::Frame::new()
        .fill(theme::SUNKEN)
        .corner_radius(theme::RADIUS)
        .inner_margin(8)
        .show(ui, |ui| {
            let height = (ui.ctx().content_rect().height() - 340.0).clamp(96.0, 280.0);
            // The list comes later than the dialog, which would leave it a few rows.
            let list = ScrollArea::vertical()
                .max_height(height)
                .min_scrolled_height(height);
            list.show(ui, |ui| {
                for entry in entries {
                    row(ui, entry, now, actions);
                }
            });
        });
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    caption(ui, format!("{} in all", size_of(bytes)));
}

fn row(ui: &mut Ui, entry: &Entry, now: SystemTime, actions: &mut Vec<Action>) {
    let (name, count) = match &entry.master {
        Some(master) => (
            name_with_page(master),
            count_of(entry.undo_steps, entry.has_marks),
        ),
        None => (name_of(&entry.file), "cannot be read".to_owned()),
    };
    // Scans of two boxes may have the same names.
    let folder = entry.master.as_ref().and_then(|it| it.path.parent());
    let folder = folder.map_or_else(String::new, |folder| format!("{} · ", name_of(folder)));
    let exported = if entry.exported { ", exported" } else { "" };
    let facts = format!(
        "{folder}{count}{exported}, {}, {}",
        age_of(entry.saved_at, now),
        size_of(entry.bytes)
    );
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let remove = ui.button("Remove");
            if remove
                .on_hover_text(format!("Remove the saved work on {name}"))
                .clicked()
            {
                actions.push(Action::RemoveAutosaves(vec![entry.file.clone()]));
            }
            ui.label(RichText::new(facts).small().color(theme::TEXT_WEAK));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let place = entry
                    .master
                    .as_ref()
                    .map_or(&entry.file, |master| &master.path);
                ui.add(Label::new(name).truncate())
                    .on_hover_text(place.display().to_string());
            });
        });
    });
}

fn remove_all(ui: &mut Ui, form: &mut AutosavesForm, actions: &mut Vec<Action>) {
    let entries = form.entries.as_deref().unwrap_or_default();
    let text = if form.confirms {
        "Really remove all"
    } else {
        "Remove all…"
    };
    let button = ui.add_enabled(!entries.is_empty(), egui::Button::new(text));
    if !button.clicked() {
        return;
    }
    if form.confirms {
        let files = entries.iter().map(|entry| entry.file.clone()).collect();
        actions.push(Action::RemoveAutosaves(files));
    }
    form.confirms = !form.confirms;
}

/// Bytes as people read them.
fn size_of(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} kB", bytes.div_ceil(1 << 10))
    } else {
        format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
    }
}
