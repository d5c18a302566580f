//! Rulers along the upper and left edge of the picture area, in px of the photo as shown, or mm. Draws only.

use std::f32::consts::FRAC_PI_2;
use std::sync::Arc;

use eframe::egui::{
    Align2, FontId, Galley, Painter, Pos2, Rect, Stroke, epaint::TextShape, pos2, vec2,
};

use super::Pane;
use crate::gui::theme;

/// Width of a ruler, points.
pub const RULER_POINTS: f32 = 22.0;
/// Size of the numbers on both, points: that of small text.
const NUMBER_SIZE: f32 = 11.5;
/// Least distance of two numbers, points.
const NUMBER_APART: f32 = 64.0;

/// Steps at which numbers stand: 1, 2 or 5 times a power of ten, in the ruler's unit.
fn step_for(points_a_unit: f64) -> f64 {
    let least = f64::from(NUMBER_APART) / points_a_unit.max(1e-9);
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power)
}

/// One ruler's scale: where 0 lies and how long a unit is, points.
#[derive(Clone, Copy)]
struct Scale {
    zero: f32,
    points_a_unit: f64,
}

impl Scale {
    /// Calls `mark` with each tick between `from` and `to` (points): its place, and its number or `None` for a small one.
    fn ticks(self, from: f32, to: f32, mut mark: impl FnMut(f32, Option<f64>)) {
        let step = step_for(self.points_a_unit);
        let small = step / 5.0;
        let first = (f64::from(from - self.zero) / self.points_a_unit / small).ceil() as i64;
        let last = (f64::from(to - self.zero) / self.points_a_unit / small).floor() as i64;
        for tick in first..=last {
            let value = tick as f64 * small;
            let at = self.zero + (value * self.points_a_unit) as f32;
            mark(at, (tick % 5 == 0).then_some(value));
        }
    }
}

/// Draws both rulers over `pane`; `px_per_mm` makes them count mm. `pointer` is marked on both.
pub(super) fn paint(painter: &Painter, pane: &Pane, px_per_mm: Option<f32>, pointer: Option<Pos2>) {
    let area = pane.clip;
    let photo = pane.placement.photo_rect();
    let points_a_px = f64::from(pane.placement.points_from_image_px(1.0));
    let points_a_unit = points_a_px * f64::from(px_per_mm.unwrap_or(1.0));
    let top = Rect::from_min_size(area.min, vec2(area.width(), RULER_POINTS));
    let left = Rect::from_min_size(area.min, vec2(RULER_POINTS, area.height()));
    let quiet = Stroke::new(1.0, theme::TEXT_WEAK);
    let font = FontId::proportional(NUMBER_SIZE);
    let across = painter.with_clip_rect(top.intersect(painter.clip_rect()));
    across.rect_filled(top, 0.0, theme::PANEL);
    let scale = |zero| Scale {
        zero,
        points_a_unit,
    };
    scale(photo.min.x).ticks(left.max.x, top.max.x, |x, number| {
        let length = if number.is_some() { 8.0 } else { 4.0 };
        across.vline(x, top.max.y - length..=top.max.y, quiet);
        if let Some(number) = number {
            let at = pos2(x + 2.0, top.min.y);
            across.text(
                at,
                Align2::LEFT_TOP,
                text_of(number),
                font.clone(),
                theme::TEXT,
            );
        }
    });
    let down = painter.with_clip_rect(left.intersect(painter.clip_rect()));
    down.rect_filled(left, 0.0, theme::PANEL);
    scale(photo.min.y).ticks(top.max.y, left.max.y, |y, number| {
        let length = if number.is_some() { 8.0 } else { 4.0 };
        down.hline(left.max.x - length..=left.max.x, y, quiet);
        if let Some(number) = number {
            let galley = down.layout_no_wrap(text_of(number), font.clone(), theme::TEXT);
            down.add(turned(galley, pos2(left.min.x, y + 2.0)));
        }
    });
    if let Some(pointer) = pointer.filter(|pointer| area.contains(*pointer)) {
        let stroke = Stroke::new(1.0, theme::ACCENT);
        across.vline(pointer.x, top.y_range(), stroke);
        down.hline(left.x_range(), pointer.y, stroke);
    }
    let corner = Rect::from_min_size(area.min, vec2(RULER_POINTS, RULER_POINTS));
    painter.rect_filled(corner, 0.0, theme::PANEL);
    let unit = if px_per_mm.is_some() { "mm" } else { "px" };
    painter.text(
        corner.center(),
        Align2::CENTER_CENTER,
        unit,
        font,
        theme::TEXT_WEAK,
    );
}

/// A number of the ruler at the left: read upwards, as on a sheet turned by a quarter, its left edge and its upper end at `at`.
fn turned(galley: Arc<Galley>, at: Pos2) -> TextShape {
    let foot = pos2(at.x, at.y + galley.size().x);
    TextShape::new(foot, galley, theme::TEXT).with_angle(-FRAC_PI_2)
}

fn text_of(number: f64) -> String {
    if number.fract().abs() < 1e-9 {
        format!("{number:.0}")
    } else {
        // A step of 0.05 is the smallest that is not whole at the largest zoom.
        let text = format!("{number:.2}");
        text.trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_round_values_and_never_too_close() {
        for exponent in -8..8 {
            let points_a_unit = 1.7_f64.powi(exponent);
            let step = step_for(points_a_unit);
            assert!(step * points_a_unit >= f64::from(NUMBER_APART) - 1e-6);
            let leading = step / 10_f64.powf(step.log10().floor());
            let is_round = [1.0, 2.0, 5.0, 10.0]
                .iter()
                .any(|it| (leading - it).abs() < 1e-6);
            assert!(is_round, "{step}");
        }
    }

    #[test]
    fn every_fifth_tick_has_its_number_and_lies_where_it_says() {
        let scale = Scale {
            zero: 100.0,
            points_a_unit: 2.0,
        };
        let mut numbers = Vec::new();
        scale.ticks(90.0, 310.0, |at, number| {
            if let Some(number) = number {
                assert!((f64::from(at) - 100.0 - 2.0 * number).abs() < 1e-3);
                numbers.push(number as i64);
            }
        });
        assert_eq!(numbers, [0, 50, 100]);
    }

    #[test]
    fn numbers_at_the_left_are_as_large_as_those_at_the_top_and_stay_on_their_ruler() {
        let ctx = eframe::egui::Context::default();
        let mut seen = Vec::new();
        let mut output = ctx.run_ui(eframe::egui::RawInput::default(), |ui| {
            let font = FontId::proportional(NUMBER_SIZE);
            for text in ["0", "1500", "12345", "0.05"] {
                let galley =
                    ui.painter()
                        .layout_no_wrap(text.to_owned(), font.clone(), theme::TEXT);
                let lying = galley.size();
                let at = pos2(3.0, 70.0);
                seen.push((lying, at, turned(galley, at).visual_bounding_rect()));
            }
        });
        // Nothing is painted here.
        output.textures_delta.clear();
        assert!(!seen.is_empty());
        for (lying, at, standing) in seen {
            let room = Rect::from_min_size(at, vec2(RULER_POINTS, lying.x + 1.0));
            assert!(
                room.expand(0.5).contains_rect(standing),
                "{standing:?} in {room:?}"
            );
            assert!(standing.height() > lying.x - 4.0, "{standing:?}, {lying:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_short_as_they_are() {
        assert_eq!(text_of(1500.0), "1500");
        assert_eq!(text_of(0.5), "0.5");
        assert_eq!(text_of(0.05), "0.05");
    }
}
