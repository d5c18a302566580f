//! The chosen tool and the shape being drawn with it.

use std::time::Instant;

use eframe::egui;

use super::UnscratchApp;
use crate::document::Document;
use crate::geometry::PixelPoint;
use crate::gui::tools::{Draft, Next, Point, Tool};
use crate::mask::{BrushMode, MaskOperation, Shape};

/// Mask tiles a shape may lie in to be drawn within a frame: filling them takes about a millisecond.
const DRAWN_AT_ONCE_TILES: u64 = 16;

impl UnscratchApp {
    /// Chooses a tool; a shape that is being drawn with another one is given up.
    pub(super) fn choose_tool(&mut self, tool: Tool) {
        self.keep_trace();
        if tool != Tool::Mend {
            self.view.area = None;
        }
        self.view.tool = tool;
        self.view.draft = None;
        if tool == Tool::Mend {
            self.look_at_repair();
            return;
        }
        self.view.overlay.correct();
        if self.view.overlay.is_hidden_by_hand() {
            self.view.hint = Some((
                Instant::now(),
                "The marks are hidden; {overlay_mask} shows them",
            ));
        }
    }

    /// Takes away what was shown for correcting marks, once there is a repair to be seen.
    pub(super) fn look_at_repair(&mut self) {
        if self.work.filling.is_some() {
            // The repair's arrival takes it away.
            self.view.overlay.corrects = false;
        } else {
            self.view.overlay.look_at_repair();
        }
    }

    pub(super) fn shape_press(
        &mut self,
        ctx: &egui::Context,
        at: Point,
        subtracts: bool,
        points_per_px: f32,
    ) {
        let settings = &self.store.settings;
        let tool = self.view.tool;
        let draft = self.view.draft.get_or_insert_with(|| Draft {
            tool,
            mode: tool.mode(subtracts, self.view.shapes_protect),
            points: Vec::new(),
            pointer: at,
            pressed: true,
            points_per_px,
            brush: (settings.brush_diameter_px, settings.brush_hardness),
        });
        draft.points_per_px = points_per_px;
        // The move before says where a straight direction leads.
        let at = if draft.points.is_empty() {
            at
        } else {
            draft.pointer
        };
        let next = draft.press(at);
        self.take_next(ctx, next);
    }

    pub(super) fn shape_move(&mut self, ctx: &egui::Context, at: Point, straight: bool) {
        if let Some(draft) = &mut self.view.draft {
            let next = draft.moved(at, straight);
            self.take_next(ctx, next);
        }
    }

    pub(super) fn shape_release(&mut self, ctx: &egui::Context) {
        if let Some(draft) = &mut self.view.draft {
            let next = draft.release();
            self.take_next(ctx, next);
        }
    }

    pub(super) fn shape_finish(&mut self, ctx: &egui::Context) {
        if self.show_trace_first(ctx) {
            return;
        }
        self.keep_trace();
        if let Some(draft) = &mut self.view.draft {
            let next = draft.finish();
            self.take_next(ctx, next);
        }
    }

    pub(super) fn shape_drop_point(&mut self, ctx: &egui::Context) {
        if let Some(draft) = &mut self.view.draft {
            let next = draft.drop_point();
            self.take_next(ctx, next);
        }
    }

    fn take_next(&mut self, ctx: &egui::Context, next: Next) {
        if next == Next::Goes {
            return;
        }
        let Some(draft) = self.view.draft.take() else {
            return;
        };
        match next {
            Next::Goes | Next::Dropped => {}
            Next::Shape(shape) => self.draw(ctx, draft.mode, shape),
            Next::Trace(at) => self.trace(ctx, draft.mode, at, draft.points_per_px),
            Next::Search(corners) => self.search_area(corners),
            Next::Pick(at) => self.pick_area(ctx, at, draft.points_per_px),
            Next::Outline(outline) => self.outline_area(ctx, outline),
            Next::Source(at) => self.heal_from(ctx, at),
            Next::Region(at) => self.fill_region(ctx, draft.mode, at),
        }
    }

    /// Draws `shape`: at once when it is small, else on a thread of its own.
    pub(super) fn draw(&mut self, ctx: &egui::Context, mode: BrushMode, shape: Shape) {
        let Some(document) = &self.document else {
            return;
        };
        if self.marking.is_some() || document.tiles_in(shape.bounds()) > DRAWN_AT_ONCE_TILES {
            self.view.notice = None;
            self.change_marks(ctx, MaskOperation::Draw(mode, shape));
            return;
        }
        self.change_by_shape(|document| document.draw(mode, &shape));
        if mode == BrushMode::Paint {
            self.canvas.shape_painted(&shape);
        }
    }

    /// Fills the hole under `at`, or takes the piece there away, on a thread of its own: it may be as large as the photo.
    fn fill_region(&mut self, ctx: &egui::Context, mode: BrushMode, at: Point) {
        let at = PixelPoint::new(at.0.floor() as i64, at.1.floor() as i64);
        self.view.notice = None;
        self.change_marks(ctx, MaskOperation::Region(mode, at));
    }

    /// Carries out an edit by a shape tool, shows its marks until they are repaired, and asks for the repair.
    fn change_by_shape(&mut self, change: impl FnOnce(&mut Document) -> bool) {
        let Some(document) = &mut self.document else {
            return;
        };
        self.view.overlay.correct();
        self.view.notice = None;
        self.canvas.stroke_begins();
        if change(document) {
            self.request_fill();
        }
    }
}
