//! Zoom, place and comparison: what part of the photo is looked at.

use eframe::egui;

use super::UnscratchApp;
use crate::geometry::ImageSize;
use crate::gui::canvas::{self, transform::View};
use crate::gui::settings::CompareMode;

/// How long each of two blinking pictures is seen, s.
const BLINK_SECONDS: f64 = 0.7;

impl UnscratchApp {
    pub(super) fn compare(&mut self, mode: CompareMode) {
        self.store.settings.compare = mode;
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
