//! The screen's colour profile: asked for, read, used, and what is said when it cannot be.

use std::path::PathBuf;

use eframe::egui;

use super::UnscratchApp;
use crate::gui::dialogs::{Dialog, screen::ScreenForm};
use crate::gui::picker::Wish;
use crate::gui::screen::Reading;
use crate::gui::state::Notice;

impl UnscratchApp {
    /// Shows where the profile is chosen.
    pub(super) fn show_screen_profile(&mut self) {
        let path = self.store.settings.screen_profile.as_deref();
        self.view.dialog = Some(Dialog::Screen(ScreenForm::new(path)));
    }

    pub(super) fn browse_screen_profile(&mut self, ctx: &egui::Context) {
        let path = self.store.settings.screen_profile.as_deref();
        let folder = path.and_then(|path| path.parent()).map(PathBuf::from);
        self.picker.ask(ctx, Wish::OpenProfile(folder));
    }

    /// A profile was chosen with the system's dialog.
    pub(super) fn screen_profile_picked(&mut self, ctx: &egui::Context, path: PathBuf) {
        if let Some(Dialog::Screen(form)) = &mut self.view.dialog {
            form.typed = path.display().to_string();
            form.problem = None;
        }
        self.use_screen_profile(ctx, Some(path));
    }

    /// Reads the profile at `path` to show photos for it, or goes back to sRGB.
    pub(super) fn use_screen_profile(&mut self, ctx: &egui::Context, path: Option<PathBuf>) {
        let Some(path) = path else {
            self.reading_screen = None;
            self.store.settings.screen_profile = None;
            self.view.screen = None;
            self.canvas.show_for_screen(None);
            if let Some(Dialog::Screen(form)) = &mut self.view.dialog {
                *form = ScreenForm::default();
            }
            return;
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        match Reading::begin(ctx, path) {
            Ok(reading) => self.reading_screen = Some(reading),
            Err(error) => self.screen_profile_failed(&error.to_string()),
        }
    }

    /// Takes over the profile once it was read.
    pub(super) fn collect_screen_profile(&mut self) {
        let Some(result) = self.reading_screen.as_ref().and_then(Reading::poll) else {
            return;
        };
        self.reading_screen = None;
        match result {
            Ok(screen) => {
                self.store.settings.screen_profile = Some(screen.path.clone());
                self.canvas.show_for_screen(Some(&screen.profile));
                self.view.screen = Some(screen);
                if let Some(Dialog::Screen(form)) = &mut self.view.dialog {
                    form.problem = None;
                }
            }
            Err(error) => self.screen_profile_failed(&error.to_string()),
        }
    }

    /// What was shown before goes on being shown.
    fn screen_profile_failed(&mut self, message: &str) {
        if let Some(Dialog::Screen(form)) = &mut self.view.dialog {
            let mut letters = message.chars();
            let first = letters.next().map(char::to_uppercase);
            form.problem = Some(first.into_iter().flatten().chain(letters).collect());
            return;
        }
        self.view.notice = Some(Notice {
            title: "The screen's colour profile cannot be used".to_owned(),
            message: format!(
                "{message}. Photos are shown for an sRGB screen; View, Screen profile chooses another."
            ),
            is_error: true,
        });
    }
}
