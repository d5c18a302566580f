//! Lines between the photo's pixels, once they are large enough to be told apart. Draws only.

use eframe::egui::{Painter, Shape, Stroke, pos2};

use super::transform::Placement;
use crate::gui::theme;

/// Zoom from which on the lines are drawn, physical pixels an image pixel.
pub const GRID_FROM_SCALE: f64 = 8.0;

/// Draws the grid of the pixels that show in the painter's clip.
pub(super) fn paint(painter: &Painter, placement: &Placement) {
    if placement.scale < GRID_FROM_SCALE {
        return;
    }
    let clip = painter.clip_rect();
    let seen = placement.visible_pixels(clip);
    let stroke = Stroke::new(1.0, theme::GRID);
    // A corner of each pixel, so that turned photos need no thought.
    let corner = |x: u32, y: u32| placement.screen_from_image((f64::from(x), f64::from(y)));
    let (from, to) = (corner(seen.x, seen.y), corner(seen.right(), seen.bottom()));
    let (left, right) = (from.x.min(to.x), from.x.max(to.x));
    let (top, bottom) = (from.y.min(to.y), from.y.max(to.y));
    let line = |a: (f32, f32), b: (f32, f32)| {
        Shape::line_segment([pos2(a.0, a.1), pos2(b.0, b.1)], stroke)
    };
    for x in seen.x..=seen.right() {
        let at = corner(x, seen.y);
        // Along the other side when the photo is shown turned by a quarter.
        let other = corner(x, seen.bottom());
        let is_upright = (at.x - other.x).abs() < 0.5;
        painter.add(if is_upright {
            line((at.x, top), (at.x, bottom))
        } else {
            line((left, at.y), (right, at.y))
        });
    }
    for y in seen.y..=seen.bottom() {
        let at = corner(seen.x, y);
        let other = corner(seen.right(), y);
        let is_level = (at.y - other.y).abs() < 0.5;
        painter.add(if is_level {
            line((left, at.y), (right, at.y))
        } else {
            line((at.x, top), (at.x, bottom))
        });
    }
}
