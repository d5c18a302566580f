//! Saves the mask alone: a path, and consent to replace what is there.

use std::path::{Path, PathBuf};

use eframe::egui::{RichText, Ui};

use super::path_field::{Selected, path_field};
use super::{default_button, title};
use crate::gui::panels::caption;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::jobs::{OutputFormat, is_same_file};
use crate::photo::Photo;

/// The dialog's fields.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskForm {
    /// Target path as typed.
    pub target: String,
    /// The person agreed to replace what is there.
    pub may_replace: bool,
}

impl MaskForm {
    /// Proposes `{stem}_mask.png` beside the photo.
    pub fn new(photo: &Photo) -> Self {
        let stem = photo.path().file_stem().unwrap_or_default();
        let name = format!("{}_mask.png", stem.to_string_lossy());
        Self {
            target: photo.path().with_file_name(name).display().to_string(),
            may_replace: false,
        }
    }

    /// The target as a path.
    pub fn target_path(&self) -> PathBuf {
        super::completed(PathBuf::from(self.target.trim()), "png")
    }

    /// Takes over a target chosen elsewhere.
    pub fn set_target(&mut self, path: &Path) {
        let path = if OutputFormat::from_path(path).is_some() {
            path.to_path_buf()
        } else {
            path.with_extension("png")
        };
        self.target = path.display().to_string();
        self.may_replace = false;
    }

    /// Why it cannot be written under this name, whatever is agreed to.
    fn refusal(&self, master: &Path) -> Option<String> {
        let target = self.target_path();
        if is_same_file(&target, master) || target == master {
            return Some(
                "This is the original. It is never written over; choose another name.".to_owned(),
            );
        }
        match OutputFormat::from_path(&target) {
            Some(OutputFormat::Png | OutputFormat::Tiff) => {}
            _ => return Some("The name must end in .png or .tif.".to_owned()),
        }
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        (!folder.is_dir()).then(|| {
            format!(
                "There is no folder {}. Choose one that exists.",
                folder.display()
            )
        })
    }
}

/// Draws the dialog.
pub fn show(
    ui: &mut Ui,
    form: &mut MaskForm,
    model: &Model<'_>,
    has_system_dialog: bool,
    actions: &mut Vec<Action>,
) {
    let Some(document) = model.document else {
        actions.push(Action::CloseDialog);
        return;
    };
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(340.0, 600.0));
    title(ui, "Save the mask");
    ui.horizontal(|ui| {
        let label = ui.label("Save as");
        let button_room = if has_system_dialog { 92.0 } else { 0.0 };
        let width = ui.available_width() - button_room;
        let field = path_field(ui, &mut form.target, "", width, Selected::Name);
        if field.labelled_by(label.id).changed() {
            form.may_replace = false;
        }
        if has_system_dialog && ui.button("Browse…").clicked() {
            actions.push(Action::BrowseMaskTarget);
        }
    });
    caption(
        ui,
        "One channel of the photo's size: white is marked for repair, black is not. PNG or TIFF.",
    );
    ui.add_space(8.0);
    let refusal = form.refusal(document.photo().path());
    if let Some(reason) = &refusal {
        ui.label(RichText::new(reason).color(theme::ERROR));
    }
    let exists = refusal.is_none() && form.target_path().exists();
    if exists {
        ui.checkbox(
            &mut form.may_replace,
            "Replace the file that is already there",
        );
    }
    let may_save = refusal.is_none() && (!exists || form.may_replace);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if default_button(ui, may_save, "Save").1 {
            actions.push(Action::ConfirmSaveMask);
        }
        if ui.button("Cancel").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}
