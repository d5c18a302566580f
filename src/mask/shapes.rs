//! Filled shapes: rectangle and polygon (a lasso is a polygon of many points). Hard edges; lines are the brush's work.

use super::layer::tiles_in;
use super::sweep::apply_row;
use super::tile::MASK_TILE_PX;
use super::{BrushMode, Mask};
use crate::geometry::PixelRect;

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
/// The last point joins the first; where the outline crosses itself the even-odd rule decides. Fewer than three points,
/// or one that is not finite, fill nothing.
pub fn fill_polygon(mask: &mut Mask, mode: BrushMode, points: &[(f32, f32)]) -> PixelRect {
    let size = mask.size();
    if points.len() < 3 || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return PixelRect::EMPTY;
    }
    let (top, bottom) = points
        .iter()
        .fold((f32::MAX, f32::MIN), |(low, high), point| {
            (low.min(point.1), high.max(point.1))
        });
    let row_of = |y: f32| f64::from(y).clamp(0.0, f64::from(size.height));
    let mut dirty = PixelRect::EMPTY;
    for y in row_of(top).floor() as u32..row_of(bottom).ceil() as u32 {
        let crossings = crossings(points, f64::from(y) + 0.5);
        for span in crossings.chunks_exact(2) {
            // Pixel i is inside when its centre i + 0.5 lies in [span 0, span 1).
            let column = |x: f64| (x - 0.5).ceil().clamp(0.0, f64::from(size.width)) as u32;
            let (start, end) = (column(span[0]), column(span[1]));
            if start < end {
                fill_row(mask, mode, y, start, end);
                dirty = dirty.union(PixelRect::new(start, y, end - start, 1));
            }
        }
    }
    dirty
}

/// Where the outline crosses the horizontal line at `y`, from left to right; always an even number.
fn crossings(points: &[(f32, f32)], y: f64) -> Vec<f64> {
    let next = points.iter().cycle().skip(1);
    let mut found: Vec<f64> = points
        .iter()
        .zip(next)
        .filter_map(|(a, b)| {
            let (ax, ay) = (f64::from(a.0), f64::from(a.1));
            let (bx, by) = (f64::from(b.0), f64::from(b.1));
            // Half-open, so that a corner on the line counts once.
            ((ay <= y) != (by <= y)).then(|| ax + (y - ay) / (by - ay) * (bx - ax))
        })
        .collect();
    found.sort_by(f64::total_cmp);
    found
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

    /// Even-odd rule by a ray to the left.
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
            if (ay <= y) != (by <= y) && ax + (y - ay) / (by - ay) * (bx - ax) <= x {
                inside = !inside;
            }
        }
        inside
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_polygon_fills_the_px_whose_centre_is_inside(
            points in prop::collection::vec((-30.0_f32..330.0, -10.0_f32..50.0), 3..9),
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
