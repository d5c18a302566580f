//! Tracing a scratch and searching an area again: asked for here, computed elsewhere, taken over when done.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError};
use eframe::egui;

use super::UnscratchApp;
use crate::geometry::{PixelPoint, PixelRect};
use crate::gui::canvas;
use crate::gui::state::Notice;
use crate::gui::tools::Point;
use crate::jobs::JobId;
use crate::mask::{BrushMode, MaskOperation, Shape};
use crate::photo::Photo;
use crate::restore::{Trace, threshold_from_probability, trace_scratch};

/// How far from the click the scratch may lie, screen points.
const TRACE_REACH_POINTS: f32 = 8.0;

/// A trace under way.
pub(super) struct Tracing {
    mode: BrushMode,
    photo: Arc<Photo>,
    result: Receiver<Option<Trace>>,
}

impl UnscratchApp {
    /// Follows the scratch under `at` on a thread of its own; a trace that is shown is kept first.
    pub(super) fn trace(&mut self, ctx: &egui::Context, mode: BrushMode, at: Point, scale: f32) {
        self.keep_trace();
        let Some(document) = &self.document else {
            return;
        };
        let (sender, result) = crossbeam_channel::bounded(1);
        let photo = Arc::clone(document.photo());
        let map = document.detection().map(|it| Arc::clone(&it.map));
        let click = PixelPoint::new(at.0.floor() as i64, at.1.floor() as i64);
        let reach = (TRACE_REACH_POINTS / scale.max(0.01)).clamp(3.0, 40.0) as u32;
        let tracing = Tracing {
            mode,
            photo: Arc::clone(&photo),
            result,
        };
        let ctx = ctx.clone();
        let spawned = std::thread::Builder::new()
            .name("trace".to_owned())
            .spawn(move || {
                let trace = trace_scratch(&photo, map.as_deref(), click, reach);
                // The window may be gone by now.
                if sender.send(trace).is_ok() {
                    ctx.request_repaint();
                }
            });
        match spawned {
            Ok(_) => {
                self.tracing = Some(tracing);
                self.work.tracing = true;
                self.view.notice = None;
            }
            Err(error) => tracing::error!("no thread for the trace: {error}"),
        }
    }

    /// Shows a finished trace, to be kept or rejected.
    pub(super) fn collect_trace(&mut self) {
        let Some(tracing) = &self.tracing else {
            return;
        };
        let answer = tracing.result.try_recv();
        if matches!(answer, Err(TryRecvError::Empty)) {
            return;
        }
        let mode = tracing.mode;
        let is_of_this_photo = self
            .document
            .as_ref()
            .is_some_and(|document| Arc::ptr_eq(document.photo(), &tracing.photo));
        self.forget_trace();
        match answer {
            _ if !is_of_this_photo => {}
            Ok(Some(trace)) => {
                self.view.traced = Some((mode, Shape::Trace(trace.points)));
                self.view.trace_seen = false;
            }
            Ok(None) | Err(_) => {
                self.view.notice = Some(Notice {
                    title: "No scratch was found here".to_owned(),
                    message: "nothing near this place stands out on both sides; click on the scratch itself, look closer, or draw it with the line tool".to_owned(),
                    is_error: true,
                });
            }
        }
    }

    /// Marks the trace that is shown, as one edit; one that was never seen is given up.
    pub(super) fn keep_trace(&mut self) {
        if let Some((mode, shape)) = self.view.traced.take()
            && self.view.trace_seen
        {
            let ctx = self.ctx.clone();
            self.draw(&ctx, mode, shape);
        }
    }

    /// Remembers that the trace is seen in `layout`.
    pub(super) fn note_trace(&mut self, layout: &canvas::Layout) {
        if let Some((_, shape)) = &self.view.traced {
            self.view.trace_seen |= canvas::shows_trace(layout, shape);
        }
    }

    /// Brings a trace that lies out of sight into view, to be looked at before it is kept; whether it was out of sight or not
    /// drawn yet.
    pub(super) fn show_trace_first(&mut self, ctx: &egui::Context) -> bool {
        let layout = self.fitted_layout(self.view.viewport, ctx.pixels_per_point());
        let (Some(layout), Some((_, shape))) = (layout, &self.view.traced) else {
            return false;
        };
        if canvas::shows_trace(&layout, shape) {
            return !self.view.trace_seen;
        }
        let middle = match shape {
            Shape::Trace(points) => points.get(points.len() / 2).map(|(at, _)| *at),
            _ => None,
        };
        let pane = layout.panes.first();
        if let (Some((x, y)), Some(pane)) = (middle, pane) {
            let at = (f64::from(x), f64::from(y));
            let from = pane.placement.screen_from_image(at);
            let way = pane.clip.center() - from;
            self.change_view(|view, ppp, shown, _| view.pan(way, ppp, shown), ctx);
            self.view.hint = Some((
                Instant::now(),
                "The trace lay out of sight; {finish_shape} keeps it, {cancel} rejects it",
            ));
        }
        true
    }

    /// Gives a trace under way and one that is shown up; whether there was one.
    pub(super) fn forget_trace(&mut self) -> bool {
        self.work.tracing = false;
        self.tracing.take().is_some() | self.view.traced.take().is_some()
    }

    /// Asks for another, more sensitive search between two corners.
    pub(super) fn search_area(&mut self, [a, b]: [Point; 2]) {
        let Some(document) = &self.document else {
            return;
        };
        let photo = document.photo();
        let edge = |low: f32, high: f32, len: u32| {
            let inside = |value: f32| value.clamp(0.0, len as f32) as u32;
            (inside(low.min(high).floor()), inside(low.max(high).ceil()))
        };
        let (left, right) = edge(a.0, b.0, photo.size().width);
        let (top, bottom) = edge(a.1, b.1, photo.size().height);
        if left >= right || top >= bottom {
            return;
        }
        let area = PixelRect::new(left, top, right - left, bottom - top);
        self.view.notice = None;
        self.work.searching = Some(self.jobs.search_area(Arc::clone(photo), area));
    }

    /// Marks what the search found, as one edit.
    pub(super) fn area_searched(
        &mut self,
        ctx: &egui::Context,
        id: JobId,
        area: PixelRect,
        values: Arc<Vec<u8>>,
    ) {
        if self.work.searching != Some(id) {
            return;
        }
        self.work.searching = None;
        let (Some(engine), Some(document)) = (&self.work.engine, &self.document) else {
            return;
        };
        // Half of what the most eager setting asks for, or of what is set now when that is less.
        let eager = threshold_from_probability(engine.thresholds.eager);
        let from = (eager.min(document.threshold()) / 2).max(1);
        if values.iter().all(|&value| value < from) {
            self.tell_of_vain_search();
            return;
        }
        self.change_marks(ctx, MaskOperation::Raise { area, values, from });
    }

    /// Says that what the search of an area found is marked now, and how to see it where the overlay was hidden by hand.
    pub(super) fn tell_of_search(&mut self) {
        let overlay = self.view.overlay;
        let text = if overlay.is_hidden_by_hand() {
            "What was found is marked, but marks are hidden: {overlay_mask} shows them, {undo} takes the new ones back"
        } else if overlay.pinned {
            "What was found is marked; {undo} takes it back"
        } else {
            "What was found is marked; {undo} takes it back, {compare_restored} shows the repair alone"
        };
        self.view.hint = Some((Instant::now(), text));
    }

    /// Says that the search of an area found nothing that was not marked.
    pub(super) fn tell_of_vain_search(&mut self) {
        self.view.notice = Some(Notice {
            title: "Nothing more was found here".to_owned(),
            message: "Mark the damage with the brush or the other tools.".to_owned(),
            is_error: false,
        });
    }
}
