//! What the export dialog offers for archives and for friends: two presets, and the dossier's fields.

use eframe::egui::{Button, Label, TextEdit, Ui, vec2};

use crate::gui::settings::Settings;

/// Width of the column of labels, points.
const LABELS_WIDTH: f32 = 88.0;

/// What the person exports for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Lossless, with the dossier.
    Archive,
    /// A small picture alone.
    Share,
}

impl Preset {
    const ALL: [(Self, &'static str, &'static str); 2] = [
        (
            Self::Archive,
            "Archive",
            "Lossless, with mask, picture of the changes, record and checksums",
        ),
        (Self::Share, "Share", "A JPEG and nothing else"),
    ];
}

/// The dossier's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DossierForm {
    /// Whether there is one.
    pub is_wanted: bool,
    /// Who restores the photo.
    pub operator: String,
    /// Why.
    pub reason: String,
}

impl DossierForm {
    /// For a photo not exported yet: who restores is known, whether there is a dossier and why is to be said for each photo.
    pub fn new(settings: &Settings) -> Self {
        Self {
            is_wanted: false,
            operator: settings.operator.clone(),
            reason: String::new(),
        }
    }

    /// Keeps who restores for the next photo.
    pub fn remember(&self, settings: &mut Settings) {
        settings.operator.clone_from(&self.operator);
    }
}

/// A field's text, if there is any.
pub fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The row of presets; `chosen` is the one the form is like. Returns the one clicked.
pub fn preset_row(ui: &mut Ui, chosen: Option<Preset>) -> Option<Preset> {
    let mut clicked = None;
    // As wide as the longest of the labels below it, whether that one is there or not: the fields beside them keep their place.
    ui.scope(|ui| {
        ui.set_min_width(LABELS_WIDTH);
        ui.label("Purpose");
    });
    ui.horizontal(|ui| {
        for (preset, name, tooltip) in Preset::ALL {
            let button = Button::selectable(chosen == Some(preset), name)
                .frame_when_inactive(true)
                .min_size(vec2(72.0, 28.0));
            if ui.add(button).on_hover_text(tooltip).clicked() {
                clicked = Some(preset);
            }
        }
    });
    ui.end_row();
    clicked
}

/// The rows of the dossier; whether anything that changes the names was changed.
pub fn dossier_rows(ui: &mut Ui, form: &mut DossierForm) -> bool {
    ui.label("");
    let changed = ui
        .checkbox(&mut form.is_wanted, "Dossier with record and checksums")
        .on_hover_text("Also writes the mask, a picture of the changes, a record of what was done, and a list of checksums, beside the photo")
        .changed();
    ui.end_row();
    for (name, text) in [
        ("Restored by", &mut form.operator),
        ("Reason", &mut form.reason),
    ] {
        let label = ui.add_enabled(form.is_wanted, Label::new(name));
        let hint = if form.is_wanted {
            "in the record, if given"
        } else {
            "in the record of a dossier"
        };
        let field = TextEdit::singleline(text)
            .hint_text(hint)
            .desired_width(ui.available_width());
        ui.add_enabled(form.is_wanted, field).labelled_by(label.id);
        ui.end_row();
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_fields_are_not_given() {
        assert_eq!(given("  "), None);
        assert_eq!(given(" A. Person "), Some("A. Person".to_owned()));
    }
}
