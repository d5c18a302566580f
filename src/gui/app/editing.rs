//! Edits of the mask, and the repair that follows each of them.

use std::time::Instant;

use eframe::egui;

use super::UnscratchApp;
use crate::document::Document;
use crate::geometry::PixelPoint;
use crate::jobs::FillRequest;
use crate::mask::{Brush, BrushMode};
use crate::restore::CellPlan;

/// How long the sensitivity slider must rest before the repair follows it, s.
const SLIDER_REST_SECONDS: f64 = 0.2;

impl UnscratchApp {
    pub(super) fn begin_stroke(
        &mut self,
        at: (f32, f32),
        mode: BrushMode,
        line: bool,
        pressure: f32,
    ) {
        if self.pointer.has_pressure() {
            self.view.pen = Some(pressure);
        }
        let pressure = self.acting(pressure);
        let settings = &self.store.settings;
        let brush = Brush {
            diameter_px: settings.brush_diameter_px,
            hardness: settings.brush_hardness,
            mode,
        };
        let from = self.view.last_point.filter(|_| line);
        if self
            .view
            .notice
            .as_ref()
            .is_some_and(|notice| !notice.is_error)
        {
            // Good news was read by whoever goes on working, and it covers the photo.
            self.view.notice = None;
        }
        let Some(document) = &mut self.document else {
            return;
        };
        self.view.overlay.correct();
        // Before the mask changes: a click may begin and end within one frame.
        self.canvas.stroke_begins();
        self.work.filled_behind = None;
        let start = from.unwrap_or(at);
        document.begin_pressed_stroke(&brush, start, pressure);
        self.canvas.stroke_starts_at(&brush, start, pressure);
        if from.is_some() {
            document.extend_pressed_stroke(at, pressure);
            self.canvas.stroke_goes_to(at, pressure);
        }
        self.view.last_point = Some(at);
    }

    /// The pressure that counts: all of it where the person does not want it to act.
    fn acting(&self, pressure: f32) -> f32 {
        if self.store.settings.pen_pressure {
            pressure
        } else {
            1.0
        }
    }

    pub(super) fn extend_stroke(&mut self, at: (f32, f32), pressure: f32) {
        let pressure = self.acting(pressure);
        if let Some(document) = &mut self.document
            && document.is_editing()
        {
            document.extend_pressed_stroke(at, pressure);
            self.canvas.stroke_goes_to(at, pressure);
            self.view.last_point = Some(at);
            self.fill_behind(at);
        }
    }

    pub(super) fn end_stroke(&mut self) {
        if self.document.as_mut().is_some_and(Document::commit) {
            self.request_fill();
        }
    }

    pub(super) fn undo(&mut self) {
        if self.document.as_mut().and_then(Document::undo).is_some() {
            self.request_fill();
        }
    }

    pub(super) fn redo(&mut self) {
        if self.document.as_mut().and_then(Document::redo).is_some() {
            self.request_fill();
        }
    }

    /// Goes to a state of the history list.
    pub(super) fn go_to_step(&mut self, step: usize) {
        let document = self.document.as_mut();
        if document.is_some_and(|document| document.go_to_step(step)) {
            self.request_fill();
        }
    }

    pub(super) fn set_threshold(&mut self, ctx: &egui::Context, threshold: u8) {
        let Some(document) = &mut self.document else {
            return;
        };
        if document.set_threshold(threshold) {
            // While sensitivity is being chosen, the marks are what matters.
            self.view.overlay.retreated = false;
            self.fill_due = Some(ctx.input(|input| input.time) + SLIDER_REST_SECONDS);
            ctx.request_repaint_after_secs(SLIDER_REST_SECONDS as f32);
        }
    }

    pub(super) fn threshold_done(&mut self) {
        if let Some(document) = &mut self.document {
            document.end_threshold_drag();
        }
    }

    /// Asks for the repair once the slider has rested.
    pub(super) fn fill_when_due(&mut self, ctx: &egui::Context) {
        let Some(due) = self.fill_due else {
            return;
        };
        if self.document.as_ref().is_some_and(Document::is_editing) {
            // The end of the stroke asks, and when it changed nothing the next frame does.
            return;
        }
        let remaining = due - ctx.input(|input| input.time);
        if remaining <= 0.0 {
            self.request_fill();
        } else {
            ctx.request_repaint_after_secs(remaining as f32);
        }
    }

    /// Starts stage 1 because the person asked for it: what *Clear marks* erased may be found again.
    pub(super) fn detect_by_hand(&mut self) {
        if self
            .document
            .as_mut()
            .is_some_and(Document::uncover_detected)
        {
            self.request_fill();
        }
        self.detect();
    }

    /// Starts stage 1 on the open photo.
    pub(super) fn detect(&mut self) {
        if let Some(document) = &self.document {
            let id = self
                .jobs
                .detect(document.photo().clone(), document.contexts().clone());
            self.work.detecting = Some(id);
            self.view.finding = None;
            self.work.search_stopped = None;
            self.work.cancelling = None;
        }
    }

    /// Stops a stroke, or what runs, or else puts the message away.
    pub(super) fn cancel(&mut self) {
        let is_drawing = self.document.as_ref().is_some_and(Document::is_editing)
            || self.view.draft.is_some()
            || self.view.traced.is_some();
        if !is_drawing && self.give_up_waiting_export() {
            return;
        }
        if self.stop_marking() {
            return;
        }
        if self.forget_trace() || self.view.draft.take().is_some() {
            self.pointer.release();
            return;
        }
        if self.document.as_mut().is_some_and(Document::abort) {
            self.pointer.release();
            // What was filled behind the brush belongs to no mask any more.
            self.request_fill();
            return;
        }
        if self.stop_mending() {
            return;
        }
        let Some(id) = self.work.cancellable() else {
            if self.view.notice.take().is_none() && self.view.finding.take().is_none() {
                self.view.area = None;
            }
            return;
        };
        if self.work.filling.is_some_and(|(filling, _)| filling == id) {
            self.work.fill_paused = true;
        }
        self.work.cancelling = Some(id);
        self.jobs.cancel(id);
    }

    pub(super) fn ask_for(&mut self, stale: Vec<CellPlan>) {
        let Some(document) = &mut self.document else {
            return;
        };
        let focus = self
            .view
            .last_point
            .map(|(x, y)| PixelPoint::new(x as i64, y as i64));
        let id = self.jobs.fill(FillRequest {
            photo: document.photo().clone(),
            mask: document.effective_mask(),
            revision: document.revision(),
            focus,
            stale,
            contexts: document.contexts().clone(),
        });
        let since = self
            .work
            .filling
            .map_or_else(Instant::now, |(_, since)| since);
        self.work.filling = Some((id, since));
        self.work.first_fill.get_or_insert(id);
    }
}
