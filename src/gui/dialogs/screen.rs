//! Which colour profile the screen has: sRGB, or that of a file.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Key, RichText, Ui};

use super::path_field::{Selected, path_field};
use super::title;
use crate::gui::panels::caption;
use crate::gui::state::{Action, Model};
use crate::gui::theme;

/// The dialog's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenForm {
    /// Path of a profile as typed.
    pub typed: String,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

impl ScreenForm {
    /// Proposes the file used last.
    pub fn new(path: Option<&Path>) -> Self {
        Self {
            typed: path.map_or_else(String::new, |path| path.display().to_string()),
            problem: None,
        }
    }
}

/// Draws the dialog.
pub fn show(
    ui: &mut Ui,
    form: &mut ScreenForm,
    model: &Model<'_>,
    has_system_dialog: bool,
    actions: &mut Vec<Action>,
) {
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(340.0, 560.0));
    title(ui, "Screen profile");
    let now = match &model.view.screen {
        Some(screen) => format!("Photos are shown for the profile “{}”.", screen.name),
        None => "Photos are shown for an sRGB screen.".to_owned(),
    };
    ui.label(RichText::new(now).color(theme::TEXT_STRONG));
    caption(
        ui,
        "If your screen was measured, choose its profile (.icc or .icm). It changes what you see, never what is written to a file.",
    );
    ui.add_space(8.0);
    let mut is_chosen = false;
    ui.horizontal(|ui| {
        let label = ui.label("Profile");
        let button_room = if has_system_dialog { 92.0 } else { 0.0 };
        let hint = "Path of an .icc or .icm file";
        let width = ui.available_width() - button_room;
        let field = path_field(ui, &mut form.typed, hint, width, Selected::Path);
        let response = field.labelled_by(label.id);
        if response.changed() {
            form.problem = None;
        }
        is_chosen = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if has_system_dialog && ui.button("Browse…").clicked() {
            actions.push(Action::BrowseScreenProfile);
        }
    });
    if let Some(problem) = &form.problem {
        ui.label(RichText::new(problem).color(theme::ERROR));
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let has_path = !form.typed.trim().is_empty();
        let button = theme::primary_button("Use this profile");
        is_chosen |= ui.add_enabled(has_path, button).clicked();
        if is_chosen && has_path {
            let path = PathBuf::from(form.typed.trim());
            actions.push(Action::UseScreenProfile(Some(path)));
        }
        let has_profile = model.view.screen.is_some() || model.settings.screen_profile.is_some();
        let srgb = ui.add_enabled(has_profile, egui::Button::new("Use sRGB"));
        if srgb.clicked() {
            actions.push(Action::UseScreenProfile(None));
        }
        if ui.button("Close").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}
