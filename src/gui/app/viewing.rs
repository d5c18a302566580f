//! Zoom, place and comparison: what part of the photo is looked at.

use eframe::egui;

use super::UnscratchApp;
use crate::geometry::ImageSize;
use crate::gui::canvas::{self, transform::View};
use crate::gui::command::Command;
use crate::gui::settings::{CompareMode, next_interface_scale};
use crate::gui::state::Notice;

/// The least room of the window that the interface works in, points.
const LEAST_ROOM: egui::Vec2 = egui::vec2(860.0, 560.0);

/// How long each of two blinking pictures is seen, s.
const BLINK_SECONDS: f64 = 0.7;

impl UnscratchApp {
    /// Gives the interface the chosen size, or the largest for which the window has room.
    pub(super) fn follow_interface_scale(&self, ctx: &egui::Context) {
        let wanted = self.interface_scale().min(largest_scale(ctx));
        if (ctx.zoom_factor() - wanted).abs() > f32::EPSILON {
            ctx.set_zoom_factor(wanted);
        }
    }

    /// A dialog that a key opens, or that opens by itself: the tooltip under the pointer goes, which else would stay over it
    /// until the pointer moves.
    pub(super) fn put_tooltip_away(&mut self, ctx: &egui::Context) {
        let dialog = self.view.dialog.as_ref().map(std::mem::discriminant);
        let before = std::mem::replace(&mut self.last_dialog, dialog);
        if dialog.is_some() && dialog != before {
            ctx.input_mut(|input| {
                if !input.pointer.any_down() {
                    // As if it had left the window; the next movement tells where it is.
                    input.pointer = egui::PointerState::default();
                }
            });
        }
    }

    /// Makes text and controls a step larger or smaller.
    pub(super) fn resize_interface(&mut self, ctx: &egui::Context, larger: bool) {
        match next_interface_scale(self.interface_scale(), larger) {
            Some(scale) if larger && scale > largest_scale(ctx) => {
                self.view.notice = Some(Notice {
                    title: "The interface is as large as this window allows".to_owned(),
                    message: "Make the window larger first.".to_owned(),
                    is_error: false,
                });
            }
            Some(scale) => self.store.settings.interface_scale = Some(scale),
            None => {}
        }
    }

    /// The size the person chose, or else the one that fits the screen.
    fn interface_scale(&self) -> f32 {
        let of_screen = self.view.screen_scale.unwrap_or(1.0);
        self.store.settings.interface_scale.unwrap_or(of_screen)
    }

    /// Puts good news away before a dialog opens over it.
    pub(super) fn make_way_for_dialog(&mut self, command: Command) {
        let opens_dialog = matches!(
            command,
            Command::Open
                | Command::Export
                | Command::LoadMask
                | Command::SaveMask
                | Command::Shortcuts
                | Command::Autosaves
                | Command::ScreenProfile
                | Command::Memory
        );
        let is_good = |notice: &Notice| !notice.is_error;
        if opens_dialog && self.view.notice.as_ref().is_some_and(is_good) {
            self.view.notice = None;
        }
    }

    /// Moves the divider by a part of the picture area.
    pub(super) fn move_divider(&mut self, step: f32) {
        self.view.split = (self.view.split + step).clamp(0.0, 1.0);
    }

    pub(super) fn compare(&mut self, mode: CompareMode) {
        self.store.settings.compare = mode;
        if mode == CompareMode::Restored {
            self.view.overlay.look_at_repair_alone();
        } else {
            self.look_at_repair();
        }
    }

    pub(super) fn zoom_fill(&mut self, ctx: &egui::Context) {
        let room = self.pane_at(self.view.viewport.center()).size();
        self.change_view(
            |view, ppp, shown, _| *view = View::fill(shown, room, ppp),
            ctx,
        );
    }

    /// Takes turns between original and restored photo while they blink.
    pub(super) fn blink(&mut self, ctx: &egui::Context) {
        if self.store.settings.compare != CompareMode::Blink || self.document.is_none() {
            return;
        }
        let time = ctx.input(|input| input.time);
        let turns = time / BLINK_SECONDS;
        self.view.blink_shows_master = (turns as u64) % 2 == 1;
        ctx.request_repaint_after_secs(((1.0 - turns.fract()) * BLINK_SECONDS) as f32);
    }

    pub(super) fn zoom_actual(&mut self, ctx: &egui::Context) {
        let anchor = self.zoom_anchor();
        let viewport = self.pane_at(anchor);
        self.change_view(
            |view, ppp, shown, _| view.set_scale(1.0, anchor, viewport, ppp, shown),
            ctx,
        );
    }

    pub(super) fn zoom_step(&mut self, ctx: &egui::Context, factor: f64) {
        let anchor = self.zoom_anchor();
        let viewport = self.pane_at(anchor);
        self.change_view(
            |view, ppp, shown, _| view.zoom_at(factor, anchor, viewport, ppp, shown),
            ctx,
        );
    }

    /// The pointer when it is over the photo, else the middle.
    pub(super) fn zoom_anchor(&self) -> egui::Pos2 {
        let area = self.view.viewport;
        self.view
            .pointer
            .filter(|position| area.contains(*position))
            .unwrap_or(self.pane_at(area.center()).center())
    }

    /// The picture under a position of the screen.
    pub(super) fn pane_at(&self, position: egui::Pos2) -> egui::Rect {
        let panes = canvas::panes_of(self.view.viewport, self.store.settings.compare);
        let under = panes
            .iter()
            .find(|pane| pane.contains(position))
            .or(panes.first());
        under.copied().unwrap_or(self.view.viewport)
    }

    pub(super) fn change_view(
        &mut self,
        change: impl FnOnce(&mut View, f32, ImageSize, egui::Rect),
        ctx: &egui::Context,
    ) {
        let Some(document) = &self.document else {
            return;
        };
        let shown = document.photo().ui_size();
        change(
            &mut self.view.view,
            ctx.pixels_per_point(),
            shown,
            self.view.viewport,
        );
    }
}

/// The largest size of the interface for which the window has room; never below the system's own.
fn largest_scale(ctx: &egui::Context) -> f32 {
    let room = ctx.content_rect().size() * ctx.zoom_factor() / LEAST_ROOM;
    room.min_elem().max(1.0)
}
