//! Shapes drawn as one edit: rectangle, polygon (a lasso is a polygon of many points), poly-line. No pointers, no undo.

use super::layer::tiles_in;
use super::sweep::{FixedPoint, STEPS, apply_row};
use super::tile::MASK_TILE_PX;
use super::{Brush, BrushMode, Mask, line};
use crate::geometry::PixelRect;

/// What is drawn beyond the measured width of a traced line on each side, px: its blurred edge.
pub const TRACE_RIM_PX: f32 = 1.0;

/// What a shape tool drew, image px.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Straight pieces through the points, as wide and soft as the brush.
    Line {
        /// At least one.
        points: Vec<(f32, f32)>,
        /// Diameter, image px.
        diameter_px: f32,
        /// As [`Brush::hardness`].
        hardness: f32,
    },
    /// The inside of a closed outline drawn by hand.
    Lasso(Vec<(f32, f32)>),
    /// The inside of a closed outline of straight pieces.
    Polygon(Vec<(f32, f32)>),
    /// The px whose centres lie between two corners.
    Rectangle([(f32, f32); 2]),
    /// A line of varying width: points, each with its width, px; [`TRACE_RIM_PX`] more are drawn on each side.
    Trace(Vec<((f32, f32), f32)>),
}

impl Shape {
    /// Draws it; returns the px that may have changed.
    pub fn draw(&self, mask: &mut Mask, mode: BrushMode) -> PixelRect {
        match self {
            Self::Line {
                points,
                diameter_px,
                hardness,
            } => {
                let brush = Brush {
                    diameter_px: *diameter_px,
                    hardness: *hardness,
                    mode,
                };
                poly_line(mask, &brush, points)
            }
            Self::Lasso(points) | Self::Polygon(points) => fill_polygon(mask, mode, points),
            Self::Trace(points) => {
                let pieces = points.windows(2).map(|pair| {
                    let brush = Brush {
                        diameter_px: pair[0].1.max(pair[1].1) + 2.0 * TRACE_RIM_PX,
                        hardness: 1.0,
                        mode,
                    };
                    line(mask, &brush, pair[0].0, pair[1].0)
                });
                pieces.fold(PixelRect::EMPTY, PixelRect::union)
            }
            Self::Rectangle([(ax, ay), (bx, by)]) => fill_polygon(
                mask,
                mode,
                &[(*ax, *ay), (*bx, *ay), (*bx, *by), (*ax, *by)],
            ),
        }
    }

    /// A rectangle of image px that holds everything it may draw; what lies left of the photo or above it is cut off.
    pub fn bounds(&self) -> PixelRect {
        let around = |points: &mut dyn Iterator<Item = ((f32, f32), f32)>| {
            let mut points = points.filter(|((x, y), _)| x.is_finite() && y.is_finite());
            let first = points.next()?;
            let grown =
                |((x, y), reach): ((f32, f32), f32)| [x - reach, y - reach, x + reach, y + reach];
            let [left, top, right, bottom] = points.fold(grown(first), |all, point| {
                let [left, top, right, bottom] = grown(point);
                [
                    all[0].min(left),
                    all[1].min(top),
                    all[2].max(right),
                    all[3].max(bottom),
                ]
            });
            // Casts keep to the range of the type.
            let (x, y) = (left.floor() as u32, top.floor() as u32);
            let (right, bottom) = (right.ceil() as u32, bottom.ceil() as u32);
            Some(PixelRect::new(x, y, right - x, bottom - y))
        };
        let bounds = match self {
            Self::Line {
                points,
                diameter_px,
                ..
            } => around(&mut points.iter().map(|at| (*at, diameter_px / 2.0 + 1.0))),
            Self::Lasso(points) | Self::Polygon(points) => {
                around(&mut points.iter().map(|at| (*at, 1.0)))
            }
            Self::Rectangle(corners) => around(&mut corners.iter().map(|at| (*at, 1.0))),
            Self::Trace(points) => around(
                &mut points
                    .iter()
                    .map(|(at, width)| (*at, width / 2.0 + 2.0 * TRACE_RIM_PX)),
            ),
        };
        bounds.unwrap_or(PixelRect::EMPTY)
    }

    /// Its name in the history.
    pub const fn label(&self, mode: BrushMode) -> &'static str {
        let names = match self {
            Self::Line { .. } => ["Line", "Erase line", "Protect line", "Unprotect line"],
            Self::Lasso(_) => ["Lasso", "Erase lasso", "Protect lasso", "Unprotect lasso"],
            Self::Polygon(_) => [
                "Polygon",
                "Erase polygon",
                "Protect polygon",
                "Unprotect polygon",
            ],
            Self::Trace(_) => [
                "Trace scratch",
                "Erase along scratch",
                "Protect along scratch",
                "Unprotect along scratch",
            ],
            Self::Rectangle(_) => [
                "Rectangle",
                "Erase rectangle",
                "Protect rectangle",
                "Unprotect rectangle",
            ],
        };
        names[mode as usize]
    }
}

/// Fills the px of `rect` that lie in the photo; returns the px that may have changed.
pub fn fill_rectangle(mask: &mut Mask, mode: BrushMode, rect: PixelRect) -> PixelRect {
    let rect = rect.intersect(mask.size().rect());
    for y in rect.y..rect.bottom() {
        fill_row(mask, mode, y, rect.x, rect.right());
    }
    rect
}

/// Fills the px whose centre lies inside the closed polygon through `points` (image px); returns what may have changed.
///
/// The last point joins the first; where the outline crosses itself the even-odd rule decides. Points are rounded to
/// 1/64 px and everything after that is exact, so that more points on the same outline, as a pointer at another event
/// rate tells them, fill the same px. Fewer than three points, or one that is not finite, fill nothing.
pub fn fill_polygon(mask: &mut Mask, mode: BrushMode, points: &[(f32, f32)]) -> PixelRect {
    let size = mask.size();
    if points.len() < 3 || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return PixelRect::EMPTY;
    }
    let points: Vec<FixedPoint> = points.iter().map(|&(x, y)| FixedPoint::new(x, y)).collect();
    let (top, bottom) = points
        .iter()
        .fold((i64::MAX, i64::MIN), |(low, high), point| {
            (low.min(point.y), high.max(point.y))
        });
    let row_of = |y: i64| y.clamp(0, i64::from(size.height)) as u32;
    let rows = row_of(top.div_euclid(STEPS))..row_of(bottom.div_euclid(STEPS) + 1);
    let mut dirty = PixelRect::EMPTY;
    for y in rows {
        for span in crossings(&points, y).chunks_exact(2) {
            let column = |x: i64| x.clamp(0, i64::from(size.width)) as u32;
            let (start, end) = (column(span[0]), column(span[1]));
            if start < end {
                fill_row(mask, mode, y, start, end);
                dirty = dirty.union(PixelRect::new(start, y, end - start, 1));
            }
        }
    }
    dirty
}

/// Where the outline crosses the middle of row `y`, as the first column whose centre lies at it or right of it, from left
/// to right; always an even number.
fn crossings(points: &[FixedPoint], y: u32) -> Vec<i64> {
    // Twice the steps, so that the middle of a px is a whole number.
    let y = i128::from(2 * STEPS * i64::from(y) + STEPS);
    let next = points.iter().cycle().skip(1);
    let mut found: Vec<i64> = points
        .iter()
        .zip(next)
        .filter_map(|(a, b)| {
            let (ax, ay) = (i128::from(2 * a.x), i128::from(2 * a.y));
            let (bx, by) = (i128::from(2 * b.x), i128::from(2 * b.y));
            // Half-open, so that a corner on the line counts once.
            if (ay <= y) == (by <= y) {
                return None;
            }
            // x = ax + (y − ay) (bx − ax) / (by − ay); the column is the least i with 2 · 64 i + 64 ≥ x.
            let (numerator, denominator) = (ax * (by - ay) + (y - ay) * (bx - ax), by - ay);
            let (numerator, denominator) = if denominator < 0 {
                (-numerator, -denominator)
            } else {
                (numerator, denominator)
            };
            let step = i128::from(2 * STEPS);
            let above = numerator - i128::from(STEPS) * denominator;
            Some(-((-above).div_euclid(step * denominator)) as i64)
        })
        .collect();
    found.sort_unstable();
    found
}

/// A stroke of straight pieces through `points`, one px or more; returns the px that may have changed.
pub fn poly_line(mask: &mut Mask, brush: &Brush, points: &[(f32, f32)]) -> PixelRect {
    let mut dirty = PixelRect::EMPTY;
    if let [point] = points {
        dirty = line(mask, brush, *point, *point);
    }
    for pair in points.windows(2) {
        dirty = dirty.union(line(mask, brush, pair[0], pair[1]));
    }
    dirty
}

/// Full strength from column `start` up to `end` of row `y`.
pub(super) fn fill_row(mask: &mut Mask, mode: BrushMode, y: u32, start: u32, end: u32) {
    let full = [255; MASK_TILE_PX as usize];
    let row = PixelRect::new(start, y, end - start, 1);
    for index in tiles_in(row) {
        let part = index.rect(MASK_TILE_PX, mask.size()).intersect(row);
        apply_row(mask, mode, index, (part.x, y), &full[..part.width as usize]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;

    const SIZE: ImageSize = ImageSize::new(300, 40);

    /// Even-odd rule by a ray to the left; all numbers are multiples of 1/64 and small, so that `f64` tells left from right
    /// without a division.
    fn is_inside(points: &[(f32, f32)], x: f64, y: f64) -> bool {
        let mut inside = false;
        for (i, a) in points.iter().enumerate() {
            let b = points[(i + 1) % points.len()];
            let (ax, ay, bx, by) = (
                f64::from(a.0),
                f64::from(a.1),
                f64::from(b.0),
                f64::from(b.1),
            );
            let side = (x - ax) * (by - ay) - (y - ay) * (bx - ax);
            if (ay <= y) != (by <= y) && side * (by - ay).signum() >= 0.0 {
                inside = !inside;
            }
        }
        inside
    }

    /// A position that rounding to 1/64 px leaves as it is, also halfway to another one.
    fn on_the_grid() -> impl Strategy<Value = (f32, f32)> {
        (-960_i16..10_560, -320_i16..1600)
            .prop_map(|(x, y)| (f32::from(x) / 32.0, f32::from(y) / 32.0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_polygon_fills_the_px_whose_centre_is_inside(
            points in prop::collection::vec(on_the_grid(), 3..9),
        ) {
            let mut mask = Mask::new(SIZE);
            let dirty = fill_polygon(&mut mask, BrushMode::Paint, &points);
            for y in 0..SIZE.height {
                for x in 0..SIZE.width {
                    let inside = is_inside(&points, f64::from(x) + 0.5, f64::from(y) + 0.5);
                    prop_assert_eq!(mask.added.get(x, y), if inside { 255 } else { 0 });
                    prop_assert!(!inside || dirty.contains(x, y));
                }
            }
        }

        #[test]
        fn an_outline_told_in_more_events_fills_the_same_px(
            points in prop::collection::vec(on_the_grid(), 3..9),
        ) {
            let next = points.iter().cycle().skip(1);
            let told_twice_as_often: Vec<(f32, f32)> = points
                .iter()
                .zip(next)
                .flat_map(|(a, b)| [*a, (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1))])
                .collect();
            let drawn = |points: &[(f32, f32)]| {
                let mut mask = Mask::new(SIZE);
                fill_polygon(&mut mask, BrushMode::Paint, points);
                mask.added.to_raster()
            };
            prop_assert_eq!(drawn(&points), drawn(&told_twice_as_often));
        }

        #[test]
        fn a_poly_line_told_in_more_points_or_backwards_is_the_same(
            points in prop::collection::vec(on_the_grid(), 1..6),
        ) {
            let drawn = |points: Vec<(f32, f32)>| {
                let mut mask = Mask::new(SIZE);
                let shape = Shape::Line { points, diameter_px: 7.0, hardness: 0.5 };
                shape.draw(&mut mask, BrushMode::Paint);
                mask.added.to_raster()
            };
            let more: Vec<(f32, f32)> = points
                .windows(2)
                .flat_map(|pair| {
                    let middle = (
                        f32::midpoint(pair[0].0, pair[1].0),
                        f32::midpoint(pair[0].1, pair[1].1),
                    );
                    [pair[0], middle]
                })
                .chain(points.last().copied())
                .collect();
            let backwards = points.iter().rev().copied().collect();
            let once = drawn(points);
            prop_assert_eq!(&once, &drawn(more));
            prop_assert_eq!(&once, &drawn(backwards));
        }

        #[test]
        fn what_is_subtracted_right_after_it_was_added_leaves_nothing(
            points in prop::collection::vec(on_the_grid(), 3..9),
        ) {
            let mut mask = Mask::new(SIZE);
            let shape = Shape::Lasso(points);
            shape.draw(&mut mask, BrushMode::Paint);
            shape.draw(&mut mask, BrushMode::Erase);
            prop_assert!(mask.added.to_raster().iter().all(|&value| value == 0));
        }
    }

    #[test]
    fn a_rectangle_between_two_corners_is_the_same_from_any_corner() {
        let drawn = |a, b| {
            let mut mask = Mask::new(SIZE);
            Shape::Rectangle([a, b]).draw(&mut mask, BrushMode::Protect);
            mask.protected.to_raster()
        };
        let expected = drawn((10.2, 5.0), (20.6, 9.4));
        assert_eq!(expected.iter().filter(|value| **value > 0).count(), 44);
        assert_eq!(drawn((20.6, 5.0), (10.2, 9.4)), expected);
        assert_eq!(drawn((20.6, 9.4), (10.2, 5.0)), expected);
    }

    #[test]
    fn a_rectangle_is_cut_at_the_photo_and_erases_too() {
        let mut mask = Mask::new(SIZE);
        let dirty = fill_rectangle(&mut mask, BrushMode::Paint, PixelRect::new(250, 30, 99, 99));
        assert_eq!(dirty, PixelRect::new(250, 30, 50, 10));
        let painted = mask.added.to_raster();
        let sum: u64 = painted.iter().map(|&value| u64::from(value)).sum();
        assert_eq!(sum, 500 * 255);
        fill_rectangle(&mut mask, BrushMode::Erase, PixelRect::new(255, 30, 2, 1));
        assert_eq!(
            [254, 255, 256, 257].map(|x| mask.added.get(x, 30)),
            [255, 0, 0, 255]
        );
        assert_eq!(
            [254, 255, 256, 257].map(|x| mask.removed.get(x, 30)),
            [0, 255, 255, 0]
        );
        let beside = PixelRect::new(400, 0, 5, 5);
        assert!(fill_rectangle(&mut mask, BrushMode::Paint, beside).is_empty());
    }

    #[test]
    fn what_is_no_polygon_fills_nothing() {
        let mut mask = Mask::new(SIZE);
        for points in [
            &[][..],
            &[(1.0, 1.0), (9.0, 9.0)],
            &[(1.0, 1.0), (9.0, 9.0), (f32::NAN, 2.0)],
            &[(1.0, 1.0), (9.0, 9.0), (f32::INFINITY, 2.0)],
        ] {
            assert!(fill_polygon(&mut mask, BrushMode::Paint, points).is_empty());
        }
        assert!(mask.is_empty());
        let huge = [(-1.0e30, -1.0e30), (1.0e30, -1.0e30), (0.0, 1.0e30)];
        assert_eq!(
            fill_polygon(&mut mask, BrushMode::Paint, &huge),
            SIZE.rect()
        );
    }
}
