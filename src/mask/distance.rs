//! Exact Euclidean distances between pixels, up to a limit. Plain arrays, nothing of masks.
//!
//! The square of the distance separates: the nearest target of a pixel is the best, over the columns within the limit, of
//! (target distance inside that column)² + (column offset)². Source of the separation: Felzenszwalb and Huttenlocher,
//! "Distance Transforms of Sampled Functions", 2012. With a small limit, trying all column offsets row by row needs no
//! envelope and runs on vector registers.

use crate::geometry::ImageSize;

/// The largest limit [`squared_distance`] takes, px: 2 × (120 + 1)² still fits `i16`.
pub const MAX_DISTANCE_PX: u32 = 120;

/// What [`squared_distance`] writes where no target is within the limit; larger than any squared distance it writes.
pub const BEYOND: i16 = i16::MAX;

/// Squared distance, in px², of every pixel's centre to that of the nearest target, row-major; 0 on a target.
///
/// `is_target` is row-major, of `size`. Exact up to `limit_px`, [`BEYOND`] farther away. What lies outside the array is no
/// target. A result depends on no pixel farther than `limit_px` in either axis.
///
/// # Panics
/// When `is_target` is not of `size` or `limit_px` exceeds [`MAX_DISTANCE_PX`].
pub fn squared_distance(is_target: &[bool], size: ImageSize, limit_px: u32) -> Vec<i16> {
    assert_eq!(is_target.len(), size.pixel_count(), "length for {size} px");
    assert!(limit_px <= MAX_DISTANCE_PX, "limit of {limit_px} px");
    if is_target.is_empty() {
        return Vec::new();
    }
    let mut squares = column_distances(is_target, size, limit_px as i16 + 1);
    for value in &mut squares {
        *value *= *value;
    }
    combine_columns(&squares, size, limit_px as usize)
}

/// Distance to the nearest target in the same column, at most `cap`.
fn column_distances(is_target: &[bool], size: ImageSize, cap: i16) -> Vec<i16> {
    let width = size.width as usize;
    let mut distances: Vec<i16> = is_target
        .iter()
        .map(|&target| if target { 0 } else { cap })
        .collect();
    let mut step = |from: usize, to: usize| {
        let (near, far) = distances.split_at_mut(from.max(to) * width);
        let (source, target) = if from < to {
            (&near[from * width..], far)
        } else {
            (&*far, &mut near[to * width..])
        };
        for (value, previous) in target.iter_mut().zip(source).take(width) {
            *value = (*value).min(*previous + 1);
        }
    };
    let height = size.height as usize;
    for y in 1..height {
        step(y - 1, y);
    }
    for y in (1..height).rev() {
        step(y, y - 1);
    }
    distances
}

/// The best of all columns within `limit`, row by row.
fn combine_columns(squares: &[i16], size: ImageSize, limit: usize) -> Vec<i16> {
    let width = size.width as usize;
    let limit_squared = (limit * limit) as i16;
    // A margin beyond everything lets every offset read a whole row.
    let mut padded = vec![BEYOND; width + 2 * limit];
    let mut combined = Vec::with_capacity(squares.len());
    for row in squares.chunks_exact(width) {
        let start = combined.len();
        if row.iter().all(|&square| square > limit_squared) {
            combined.resize(start + width, BEYOND);
            continue;
        }
        padded[limit..limit + width].copy_from_slice(row);
        combined.resize(start + width, i16::MAX);
        let best = &mut combined[start..];
        for (offset, shifted) in padded.windows(width).enumerate() {
            let distance = offset.abs_diff(limit) as i16;
            let square = distance * distance;
            for (value, other) in best.iter_mut().zip(shifted) {
                *value = (*value).min(other.saturating_add(square));
            }
        }
        for value in best {
            if *value > limit_squared {
                *value = BEYOND;
            }
        }
    }
    combined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_definition(is_target: &[bool], size: ImageSize, limit: u32) -> Vec<i16> {
        let at = |i: usize| {
            (
                i as i64 % i64::from(size.width),
                i as i64 / i64::from(size.width),
            )
        };
        (0..is_target.len())
            .map(|i| {
                let (x, y) = at(i);
                let nearest = (0..is_target.len())
                    .filter(|&j| is_target[j])
                    .map(|j| (at(j).0 - x).pow(2) + (at(j).1 - y).pow(2))
                    .min();
                nearest
                    .filter(|&square| square <= i64::from(limit).pow(2))
                    .map_or(BEYOND, |square| square as i16)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_definition(
            (width, height) in (1_u32..24, 1_u32..24),
            targets in prop::collection::vec((0_u32..24, 0_u32..24), 0..6),
            limit in 0_u32..14,
        ) {
            let size = ImageSize::new(width, height);
            let mut is_target = vec![false; size.pixel_count()];
            for (x, y) in targets {
                is_target[size.index(x % width, y % height)] = true;
            }
            prop_assert_eq!(
                squared_distance(&is_target, size, limit),
                by_definition(&is_target, size, limit)
            );
        }
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        let size = ImageSize::new(300, 300);
        let mut is_target = vec![false; size.pixel_count()];
        is_target[0] = true;
        let squares = squared_distance(&is_target, size, MAX_DISTANCE_PX);
        assert_eq!(squares[size.index(120, 0)], 14_400);
        assert_eq!(squares[size.index(0, 120)], 14_400);
        assert_eq!(squares[size.index(121, 0)], BEYOND);
        assert_eq!(squares[size.index(96, 72)], 14_400);
        assert_eq!(squares[size.index(97, 72)], BEYOND);
    }
}
