//! The shape being drawn: its outline, and its width where it has one. Reads the draft, never changes it.

use eframe::egui::{Color32, Painter, Pos2, Shape, Stroke, Vec2};

use super::Layout;
use crate::gui::area::PickedArea;
use crate::gui::theme;
use crate::gui::tools::{Draft, Tool};
use crate::mask;

/// Side of the square on a fixed point, screen points.
const HANDLE_POINTS: f32 = 5.0;

/// Draws `draft` over every picture.
pub(super) fn paint(painter: &Painter, layout: &Layout, draft: &Draft) {
    let (outline, closes) = draft.outline();
    for pane in &layout.panes {
        let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
        let place = |&(x, y): &(f32, f32)| {
            pane.placement
                .screen_from_image((f64::from(x), f64::from(y)))
        };
        let mut points: Vec<Pos2> = outline.iter().map(place).collect();
        if closes {
            points.extend(points.first().copied());
        }
        if draft.tool == Tool::Line {
            let width = pane.placement.points_from_image_px(draft.brush.0);
            let band = theme::RING_LIGHT.gamma_multiply(0.35);
            clipped.line(points.clone(), Stroke::new(width.max(1.0), band));
        }
        clipped.line(points.clone(), Stroke::new(2.5, theme::RING_DARK));
        let dashes = Shape::dashed_line(&points, Stroke::new(1.2, theme::RING_LIGHT), 6.0, 4.0);
        clipped.extend(dashes);
        if matches!(draft.tool, Tool::Line | Tool::Polygon) {
            for point in draft.points.iter().map(place) {
                handle(&clipped, point);
            }
        }
    }
}

/// Draws a traced scratch in the overlay's `color`, as wide as it would be marked.
pub(super) fn paint_trace(painter: &Painter, layout: &Layout, shape: &mask::Shape, color: Color32) {
    let mask::Shape::Trace(points) = shape else {
        return;
    };
    for pane in &layout.panes {
        let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
        let place = |(x, y): (f32, f32)| {
            let at = (f64::from(x), f64::from(y));
            pane.placement.screen_from_image(at)
        };
        for pair in points.windows(2) {
            let width = pair[0].1.max(pair[1].1) + 2.0 * mask::TRACE_RIM_PX;
            let width = pane.placement.points_from_image_px(width).max(1.5);
            let ends = [place(pair[0].0), place(pair[1].0)];
            clipped.line_segment(ends, Stroke::new(width, color));
        }
        for end in [points.first(), points.last()].into_iter().flatten() {
            handle(&clipped, place(end.0));
        }
    }
}

/// Whether some of a traced scratch lies where the photo is seen.
pub fn shows_trace(layout: &Layout, shape: &mask::Shape) -> bool {
    let mask::Shape::Trace(points) = shape else {
        return false;
    };
    layout.panes.iter().any(|pane| {
        points.iter().any(|&((x, y), _)| {
            let at = (f64::from(x), f64::from(y));
            pane.clip.contains(pane.placement.screen_from_image(at))
        })
    })
}

/// Where the picked `area` would be healed from if the pointer at `position` were clicked: the rectangle around it.
pub(super) fn paint_source(painter: &Painter, layout: &Layout, position: Pos2, area: &PickedArea) {
    let panes = layout.panes.iter();
    let Some(pane) = panes.clone().find(|pane| pane.clip.contains(position)) else {
        return;
    };
    let (x, y) = pane.placement.image_from_screen(position);
    let (middle, bounds) = (area.middle(), area.region.bounds());
    let left = x.floor() - f64::from(middle.0) + f64::from(bounds.x);
    let top = y.floor() - f64::from(middle.1) + f64::from(bounds.y);
    let (right, bottom) = (
        left + f64::from(bounds.width),
        top + f64::from(bounds.height),
    );
    let corners = [
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ];
    for pane in panes {
        let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
        let points = corners.map(|corner| pane.placement.screen_from_image(corner));
        clipped.line(points.to_vec(), Stroke::new(2.5, theme::RING_DARK));
        let dashes = Shape::dashed_line(&points, Stroke::new(1.2, theme::PICKED), 6.0, 4.0);
        clipped.extend(dashes);
    }
}

fn handle(painter: &Painter, center: Pos2) {
    let square = eframe::egui::Rect::from_center_size(center, Vec2::splat(HANDLE_POINTS));
    painter.rect_filled(square.expand(1.0), 0.0, theme::RING_DARK);
    painter.rect_filled(square, 0.0, theme::RING_LIGHT);
}
