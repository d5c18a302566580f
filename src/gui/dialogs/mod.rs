//! Dialogs over the window: export, unsaved and saved work, memory, shortcuts, choosing a file. One at a time.

pub mod archive;
pub mod autosaves;
pub mod export;
pub mod files;
pub mod mask;
mod memory;
mod path_field;
pub mod resume;
pub mod screen;
pub mod shortcuts;
mod unsaved;

use std::path::PathBuf;

use eframe::egui::{self, Align2, Id, Key, Modal, RichText, Ui, vec2};

use self::autosaves::AutosavesForm;
use self::export::ExportForm;
use self::files::FileBrowser;
use self::mask::MaskForm;
use self::resume::ResumeForm;
use self::screen::ScreenForm;
pub use self::shortcuts::ShortcutsForm;
use super::state::{Action, Model};
use super::theme;
use crate::jobs::OpenRequest;

/// What is to happen once unsaved work was dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Close the window.
    Quit,
    /// Open another photo, or another page.
    Open(OpenRequest),
}

/// An open dialog with its own fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Where and how to export.
    Export(ExportForm),
    /// Where to save the mask.
    Mask(MaskForm),
    /// The restored photo was not exported yet.
    Unsaved(Then),
    /// Work was found for the photo just opened.
    Resume(ResumeForm),
    /// The saved work of all photos.
    Autosaves(AutosavesForm),
    /// The screen's colour profile.
    Screen(ScreenForm),
    /// How much memory the networks may take.
    Memory,
    /// All shortcuts.
    Shortcuts(ShortcutsForm),
    /// Our own file dialog, where the system has none.
    Files(FileBrowser),
}

impl Dialog {
    /// Where its top edge lies, as a part of the window's height.
    const fn top_part(&self) -> f32 {
        match self {
            Self::Shortcuts(_) => 0.02,
            Self::Files(_) | Self::Export(_) | Self::Autosaves(_) => 0.1,
            _ => 0.2,
        }
    }
}

/// Draws the open dialog; its own fields change at once, everything else through `actions`.
pub fn show(
    ctx: &egui::Context,
    dialog: &mut Dialog,
    model: &Model<'_>,
    has_system_dialog: bool,
    actions: &mut Vec<Action>,
) {
    // Each kind has its own size and place.
    let id = Id::unique(("dialog", std::mem::discriminant(dialog)));
    // The top edge stays where it is when a row comes or goes, so that nothing moves away from under the pointer.
    let top = dialog.top_part() * ctx.content_rect().height();
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, top));
    let response = Modal::new(id)
        .area(area)
        .backdrop_color(theme::BACKDROP)
        .frame(theme::dialog_frame())
        .show(ctx, |ui| match dialog {
            Dialog::Export(form) => export::show(ui, form, model, has_system_dialog, actions),
            Dialog::Mask(form) => mask::show(ui, form, model, has_system_dialog, actions),
            Dialog::Unsaved(then) => unsaved::show(ui, then, model, actions),
            Dialog::Resume(form) => resume::show(ui, form, actions),
            Dialog::Autosaves(form) => autosaves::show(ui, form, model, actions),
            Dialog::Screen(form) => screen::show(ui, form, model, has_system_dialog, actions),
            Dialog::Memory => memory::show(ui, model, actions),
            Dialog::Shortcuts(form) => shortcuts::show(ui, form, model, actions),
            Dialog::Files(browser) => files::show(ui, browser, actions),
        });
    let escape = ctx.input(|input| input.key_pressed(Key::Escape));
    let must_choose = matches!(dialog, Dialog::Resume(_));
    let is_light = matches!(
        dialog,
        Dialog::Shortcuts(_) | Dialog::Autosaves(_) | Dialog::Memory
    );
    if (escape && !must_choose) || (response.should_close() && is_light) {
        actions.push(Action::CloseDialog);
    }
}

/// The dialog's first button, which Enter presses too while nothing else has the keyboard. The response, and whether it was
/// pressed in either way.
fn default_button(ui: &mut Ui, is_enabled: bool, text: &str) -> (egui::Response, bool) {
    let response = ui.add_enabled(is_enabled, theme::primary_button(text));
    // A button that has the keyboard answers to Enter itself.
    let enter = ui.memory(|memory| memory.focused().is_none())
        && ui.input(|input| input.key_pressed(Key::Enter));
    let is_pressed = response.clicked() || (enter && is_enabled);
    (response, is_pressed)
}

/// A dialog's title.
fn title(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).heading().color(theme::TEXT_STRONG));
    ui.add_space(6.0);
}

/// `path` with `extension` where its name has none at all.
fn completed(path: PathBuf, extension: &str) -> PathBuf {
    let is_named = path.file_name().is_some() && !path.is_dir();
    if is_named && path.extension().is_none() {
        path.with_extension(extension)
    } else {
        path
    }
}
