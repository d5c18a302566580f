//! A small picture of the whole photo with the part that is seen, shown while not all of it is. Where it lies, what a click in it
//! means, and how it is drawn.

use eframe::egui::{Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2};

use super::transform::{Placement, View};
use super::{Canvas, Layout};
use crate::geometry::ImageSize;
use crate::gui::state::Model;
use crate::gui::theme;

/// Longer side of the small picture, points.
const SIDE: f32 = 150.0;
/// Shorter side at least, points: a strip of film still can be hit.
const SHORT_SIDE_MIN: f32 = 12.0;
/// Distance from the corner of the picture area, points.
const MARGIN: f32 = 14.0;
/// How near the crosshair may come before it goes to the other side, points.
const AWAY_FROM_CROSSHAIR: f32 = 48.0;

/// Where the navigator lies, points; `None` while it is switched off or all of the photo is seen.
pub(super) fn place(layout: &Layout, model: &Model<'_>) -> Option<Rect> {
    let shown = model.document?.photo().ui_size();
    let placement = layout.panes.last()?.placement;
    // A margin's breadth may lie outside when the photo is fitted.
    let is_seen_whole = placement
        .viewport
        .expand(1.0)
        .contains_rect(placement.photo_rect());
    if !model.settings.navigator || is_seen_whole {
        return None;
    }
    let pixels_per_point = placement.pixels_per_point();
    let long = shown.long_side() as f32;
    let size = Vec2::new(shown.width as f32, shown.height as f32) * (SIDE / long);
    let size = size.max(Vec2::splat(SHORT_SIDE_MIN));
    let room = layout.area.shrink(MARGIN);
    let right = Rect::from_min_max(room.max - size, room.max);
    // The crosshair of the keyboard must never lie below it.
    let crosshair = model.view.crosshair.filter(|at| {
        let mut panes = layout.panes.iter();
        panes.any(|pane| covers(right, pane.placement.screen_from_image(*at)))
    });
    let place = match crosshair {
        Some(_) => Rect::from_min_size(pos2(room.min.x, right.min.y), size),
        None => right,
    };
    let place = place * pixels_per_point;
    let place = Rect::from_min_max(place.min.round(), place.max.round());
    Some(place / pixels_per_point)
}

/// Whether a navigator at `place` would be in the way of a crosshair at `pos`, or of its next large step.
fn covers(place: Rect, pos: Pos2) -> bool {
    place.expand(AWAY_FROM_CROSSHAIR).contains(pos)
}

/// The point of the photo (ui px) under `pos` in the navigator at `place`; beside it the nearest one.
pub(super) fn point_at(place: Rect, pos: Pos2, shown: ImageSize) -> (f64, f64) {
    let part = (place.clamp(pos) - place.min) / place.size();
    (
        f64::from(part.x) * f64::from(shown.width),
        f64::from(part.y) * f64::from(shown.height),
    )
}

/// The part of `whole` (the photo on the screen) that lies in `viewport`, as a part of `place`.
fn seen_part(whole: Rect, viewport: Rect, place: Rect) -> Rect {
    let seen = whole.intersect(viewport);
    let in_place = |corner: Pos2| {
        place.min + (corner - whole.min) / whole.size().max(Vec2::splat(1e-3)) * place.size()
    };
    Rect::from_min_max(in_place(seen.min), in_place(seen.max))
}

impl Canvas {
    /// Draws the navigator, when there is one.
    pub(super) fn paint_navigator(
        &mut self,
        painter: &Painter,
        layout: &Layout,
        model: &Model<'_>,
    ) {
        let (Some(place), Some(document)) = (place(layout, model), model.document) else {
            return;
        };
        let (Some(source), Some(pane)) = (&self.source, layout.panes.last()) else {
            return;
        };
        let photo = document.photo();
        let pixels_per_point = pane.placement.pixels_per_point();
        let shown = photo.ui_size();
        let view = View {
            scale: f64::from(place.width() * pixels_per_point) / f64::from(shown.width),
            center: (f64::from(shown.width) / 2.0, f64::from(shown.height) / 2.0),
            fitted: false,
        };
        let orientation = photo.metadata().orientation;
        let small = Placement::new(&view, place, pixels_per_point, photo.size(), orientation);
        painter.rect_filled(place.expand(3.0), 3.0, theme::CHIP);
        let inside = painter.with_clip_rect(place.intersect(painter.clip_rect()));
        self.textures
            .draw(&inside, &small, source, pane.layer, theme::UNTINTED);
        let seen = seen_part(pane.placement.photo_rect(), pane.placement.viewport, place);
        // Never so small that it cannot be found.
        let seen = Rect::from_center_size(seen.center(), seen.size().max(Vec2::splat(5.0)));
        let around = [(3.0, theme::RING_DARK), (1.5, theme::ACCENT)];
        for (width, color) in around {
            let line = Stroke::new(width, color);
            inside.rect_stroke(seen, 0.0, line, StrokeKind::Inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_shows_the_part_that_is_seen() {
        let whole = Rect::from_min_max(pos2(-500.0, 0.0), pos2(1500.0, 1000.0));
        let viewport = Rect::from_min_max(pos2(0.0, 100.0), pos2(1000.0, 600.0));
        let place = Rect::from_min_max(pos2(10.0, 10.0), pos2(210.0, 110.0));
        let seen = seen_part(whole, viewport, place);
        let wanted = Rect::from_min_max(pos2(60.0, 20.0), pos2(160.0, 70.0));
        assert_eq!(seen, wanted);
    }

    #[test]
    fn a_drag_out_of_the_navigator_stays_at_the_photos_edge() {
        let place = Rect::from_min_max(pos2(100.0, 100.0), pos2(300.0, 200.0));
        let shown = ImageSize::new(4000, 2000);
        assert_eq!(point_at(place, pos2(150.0, 150.0), shown), (1000.0, 1000.0));
        assert_eq!(point_at(place, pos2(900.0, 0.0), shown), (4000.0, 0.0));
    }
}
