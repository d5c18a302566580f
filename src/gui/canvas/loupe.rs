//! The pixels around the pointer, enlarged by a whole factor: original and restored photo next to each other, with their values.
//! Draws only.

use eframe::egui::{Align2, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, vec2};

use super::textures::Layer;
use super::transform::{Placement, View, apply};
use super::{Canvas, Layout};
use crate::document::Document;
use crate::geometry::PixelRect;
use crate::gui::state::Model;
use crate::gui::theme;
use crate::photo::Samples;
use crate::restore::composite_rect;

/// Side of one of both pictures, points, about.
const SIDE: f32 = 176.0;
/// Between them, and around both, points.
const GAP: f32 = 6.0;
/// Height of the line of text above each, points.
const TEXT_HEIGHT: f32 = 20.0;
/// From the pointer to the nearer corner, points.
const FROM_POINTER: f32 = 26.0;
/// How much larger than in the picture area pixels are shown …
const TIMES_LARGER: f64 = 4.0;
/// … and how large at least and at most, physical px.
const PIXEL_SIDES: std::ops::RangeInclusive<f64> = 8.0..=32.0;

/// Side of a pixel of the photo in the loupe at this zoom of the picture area, physical px; a whole number.
fn pixel_side(scale: f64) -> f64 {
    let wanted = (scale * TIMES_LARGER).round();
    wanted.clamp(*PIXEL_SIDES.start(), *PIXEL_SIDES.end())
}

/// How many pixels of the photo one picture shows in a row: odd, so that one of them is the middle.
fn pixels_across(pixel_side: f64, pixels_per_point: f32) -> u32 {
    (f64::from(SIDE * pixels_per_point) / pixel_side) as u32 | 1
}

/// Upper left corner of a block of `size` near `pointer` that does not lie over it, inside `area`; points.
fn corner_beside(pointer: Pos2, size: Vec2, area: Rect) -> Pos2 {
    let along = |pointer: f32, size: f32, from: f32, to: f32| {
        let after = pointer + FROM_POINTER;
        let before = pointer - FROM_POINTER - size;
        let is_room_after = after + size <= to;
        let place = if is_room_after || before < from {
            after
        } else {
            before
        };
        place.min(to - size).max(from)
    };
    Pos2::new(
        along(pointer.x, size.x, area.min.x, area.max.x),
        along(pointer.y, size.y, area.min.y, area.max.y),
    )
}

impl Canvas {
    /// Draws the loupe, when it is wanted and the pointer is on the photo.
    pub(super) fn paint_loupe(&mut self, painter: &Painter, layout: &Layout, model: &Model<'_>) {
        let is_wanted = model.view.loupe || model.view.held.loupe;
        let (true, Some(pointer), Some(document)) = (is_wanted, model.view.pointer, model.document)
        else {
            return;
        };
        let under = layout.panes.iter().find(|pane| pane.clip.contains(pointer));
        let (Some(source), Some(pane)) = (&self.source, under) else {
            return;
        };
        let photo = document.photo();
        let Some(pixel) = pixel_at(&pane.placement, pointer) else {
            return;
        };
        let pixels_per_point = pane.placement.pixels_per_point();
        let scale = pixel_side(pane.placement.scale);
        let side = scale as f32 * pixels_across(scale, pixels_per_point) as f32 / pixels_per_point;
        let size = vec2(2.0 * side + 3.0 * GAP, side + TEXT_HEIGHT + GAP);
        let block = Rect::from_min_size(corner_beside(pointer, size, layout.area), size);
        painter.rect_filled(block, theme::RADIUS, theme::CHIP);
        let orientation = photo.metadata().orientation;
        let middle = (f64::from(pixel.0) + 0.5, f64::from(pixel.1) + 0.5);
        let view = View {
            scale,
            center: apply(orientation.ui_from_image(photo.size()), middle),
            fitted: false,
        };
        let corner = block.min + vec2(GAP, TEXT_HEIGHT);
        for (number, layer) in [Layer::Master, Layer::Restored].into_iter().enumerate() {
            let corner = corner + vec2(number as f32 * (side + GAP), 0.0);
            // On whole physical pixels, so that each of the photo's becomes a sharp square.
            let corner = (corner.to_vec2() * pixels_per_point).round() / pixels_per_point;
            let place = Rect::from_min_size(corner.to_pos2(), Vec2::splat(side));
            let enlarged =
                Placement::new(&view, place, pixels_per_point, photo.size(), orientation);
            let inside = painter.with_clip_rect(place.intersect(painter.clip_rect()));
            inside.rect_filled(place, 0.0, theme::CANVAS);
            self.textures
                .draw(&inside, &enlarged, source, layer, theme::UNTINTED);
            mark_middle(&inside, place, scale as f32 / pixels_per_point);
            let text = format!("{} {}", name_of(layer), values_at(document, layer, pixel));
            let at = place.left_top() + vec2(2.0, -TEXT_HEIGHT / 2.0);
            let font = FontId::proportional(12.0);
            painter.text(at, Align2::LEFT_CENTER, text, font, theme::TEXT_STRONG);
        }
    }
}

/// The pixel of the photo under `pointer`.
fn pixel_at(placement: &Placement, pointer: Pos2) -> Option<(u32, u32)> {
    let (x, y) = placement.image_from_screen(pointer);
    let is_in = x >= 0.0
        && y >= 0.0
        && x < f64::from(placement.stored.width)
        && y < f64::from(placement.stored.height);
    is_in.then_some((x as u32, y as u32))
}

/// A frame around the pixel under the pointer, `side` points wide.
fn mark_middle(painter: &Painter, place: Rect, side: f32) {
    let middle = Rect::from_center_size(place.center(), Vec2::splat(side));
    let line = |color| Stroke::new(1.0, color);
    painter.rect_stroke(
        middle.expand(1.0),
        0.0,
        line(theme::RING_DARK),
        StrokeKind::Outside,
    );
    painter.rect_stroke(middle, 0.0, line(theme::RING_LIGHT), StrokeKind::Outside);
}

const fn name_of(layer: Layer) -> &'static str {
    match layer {
        Layer::Master => "Original",
        _ => "Restored",
    }
}

/// The values of a pixel as they stand in the file.
fn values_at(document: &Document, layer: Layer, (x, y): (u32, u32)) -> String {
    let photo = document.photo();
    let pixel = PixelRect::new(x, y, 1, 1);
    let samples = if layer == Layer::Master {
        let at = photo.size().index(x, y) * photo.channels().count();
        let range = at..at + photo.channels().count();
        match photo.samples() {
            Samples::U8(values) => Samples::U8(values[range].to_vec()),
            Samples::U16(values) => Samples::U16(values[range].to_vec()),
        }
    } else {
        composite_rect(photo, document.restoration(), pixel)
    };
    let words: Vec<String> = match samples {
        Samples::U8(values) => values.iter().map(u8::to_string).collect(),
        Samples::U16(values) => values.iter().map(u16::to_string).collect(),
    };
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn pixels_become_squares_of_a_whole_number_of_the_screens_larger_than_in_the_picture() {
        for scale in [0.02, 0.4, 1.0, 2.5, 7.9, 32.0] {
            let side = pixel_side(scale);
            assert!(side.fract() < f64::EPSILON);
            assert!((8.0..=32.0).contains(&side) && side >= scale, "{side}");
            for pixels_per_point in [1.0, 1.25, 2.0] {
                assert_eq!(pixels_across(side, pixels_per_point) % 2, 1);
            }
        }
    }

    #[test]
    fn the_loupe_never_covers_the_pixel_it_shows_while_there_is_room_beside_it() {
        let area = Rect::from_min_max(pos2(50.0, 40.0), pos2(1050.0, 740.0));
        let size = vec2(370.0, 200.0);
        for x in 5..100 {
            for y in 4..74 {
                let pointer = pos2(x as f32 * 10.0, y as f32 * 10.0);
                let block = Rect::from_min_size(corner_beside(pointer, size, area), size);
                assert!(area.contains_rect(block), "{block:?}");
                assert!(!block.expand(5.0).contains(pointer), "{pointer:?}");
            }
        }
    }
}
