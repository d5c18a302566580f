//! What a coarser level adds to the native map: seeds, and wide regions that the native level does not see at all.
//!
//! Works in bands of rows, so that no second map of native size is needed.

use rayon::prelude::*;

use super::merge::LevelMap;
use crate::geometry::ImageSize;

/// A coarse-only region counts from this width, native px: narrower damage is the native level's to see.
const MIN_WIDTH_PX: usize = 6;

/// How far native support reaches, in pixels of the coarse level: its answer to a thin line is up to this wide on a side.
const SUPPORT_REACH: usize = 2;

/// Rows worked on at once.
const BAND_ROWS: usize = 256;

/// Raises `map` (of native `size`) to the level's values, each repeated over its block: the S of the merge.
pub(super) fn raise_to_level(map: &mut [u8], size: ImageSize, level: &LevelMap) {
    let rows = map.par_chunks_exact_mut(size.width as usize).enumerate();
    rows.for_each(|(y, row)| {
        let source = level_row(level, y);
        for (values, &coarse) in row.chunks_mut(1 << level.shift()).zip(source) {
            for value in values {
                *value = (*value).max(coarse);
            }
        }
    });
}

/// The level's row that covers native row `y`.
fn level_row(level: &LevelMap, y: usize) -> &[u8] {
    let width = level.size().width as usize;
    &level.values()[(y >> level.shift()) * width..][..width]
}

/// Raises `map` by what only `level` sees: its value where no native growth within [`SUPPORT_REACH`] is as high, opened by a
/// square of [`MIN_WIDTH_PX`], then let back to the rim of the region it belongs to.
///
/// At a threshold t a pixel is added when its coarse value is ≥ t, nothing native supports it at any threshold up to that
/// value, and it lies in such a region at least 6 px wide. The last step gives such a region back the strip beside
/// damage that the native level has seen (the rim of a wide crack), which the exclusion took away.
pub(super) fn add_coarse_only(map: &mut [u8], growth: &[u8], size: ImageSize, level: &LevelMap) {
    let (width, height) = (size.width as usize, size.height as usize);
    let reach = SUPPORT_REACH << level.shift();
    // Dilation of the support, opening, and the way back, which goes as far as the support reaches.
    let margin = 2 * reach + 2 * MIN_WIDTH_PX;
    for top in (0..height).step_by(BAND_ROWS) {
        let bottom = (top + BAND_ROWS).min(height);
        let first = top.saturating_sub(margin);
        let last = (bottom + margin).min(height);
        let mut band = Band::new(width, last - first);
        for (y, row) in (first..last).zip(band.values.chunks_exact_mut(width)) {
            for (values, &coarse) in row.chunks_mut(1 << level.shift()).zip(level_row(level, y)) {
                values.fill(coarse);
            }
        }
        if band.values.iter().all(|&value| value == 0) {
            continue;
        }
        let added = coarse_only(&band, &growth[first * width..last * width], reach);
        let kept = &added[(top - first) * width..(bottom - first) * width];
        for (value, &coarse) in map[top * width..bottom * width].iter_mut().zip(kept) {
            *value = (*value).max(coarse);
        }
    }
}

/// The coarse-only values of one band; rows near its ends see less than they should and are not used.
fn coarse_only(coarse: &Band, growth: &[u8], reach: usize) -> Vec<u8> {
    let mut support = Band {
        width: coarse.width,
        values: growth.to_vec(),
    };
    support.slide(reach, reach, u8::max);
    let mut alone = coarse.clone();
    for (value, &native) in alone.values.iter_mut().zip(&support.values) {
        if native >= *value {
            *value = 0;
        }
    }
    // An opening by a square of even side: the erosion looks one way, the dilation back.
    alone.slide(0, MIN_WIDTH_PX - 1, u8::min);
    alone.slide(MIN_WIDTH_PX - 1, 0, u8::max);
    alone.slide(reach, reach, u8::max);
    for (value, &limit) in alone.values.iter_mut().zip(&coarse.values) {
        *value = (*value).min(limit);
    }
    alone.values
}

/// Some rows of a map of native width.
#[derive(Clone)]
struct Band {
    width: usize,
    values: Vec<u8>,
}

impl Band {
    fn new(width: usize, rows: usize) -> Self {
        Self {
            width,
            values: vec![0; width * rows],
        }
    }

    /// Replaces each value by `pick` (minimum or maximum) over the square from `before` px left and above to `after` px
    /// right and below, cut at the band's edge.
    fn slide(&mut self, before: usize, after: usize, pick: impl Fn(u8, u8) -> u8 + Copy) {
        for row in self.values.chunks_exact_mut(self.width) {
            slide_axis(row, 1, before, after, pick);
        }
        slide_axis(&mut self.values, self.width, before, after, pick);
    }
}

/// [`Band::slide`] along one axis: `values` are elements of `unit` bytes each. Doubles the window, so its cost grows with the
/// logarithm of the window's length.
fn slide_axis(
    values: &mut [u8],
    unit: usize,
    before: usize,
    after: usize,
    pick: impl Fn(u8, u8) -> u8 + Copy,
) {
    let count = values.len() / unit;
    let head = head_of(values, unit, before.min(count), after, pick);
    let combine = |values: &mut [u8], shift: usize| {
        let Some(shifted) = values.get(shift * unit..).map(<[u8]>::to_vec) else {
            return;
        };
        for (value, other) in values.iter_mut().zip(shifted) {
            *value = pick(*value, other);
        }
    };
    // values[x] becomes the pick over x..x + length.
    let (length, mut done) = (before + after + 1, 1);
    while 2 * done <= length {
        combine(values, done);
        done *= 2;
    }
    combine(values, length - done);
    if before < count {
        values.copy_within(..(count - before) * unit, before * unit);
    }
    values[..head.len()].copy_from_slice(&head);
}

/// The first `positions` elements, whose windows are cut at the start: the pick over 0..=x + after.
fn head_of(
    values: &[u8],
    unit: usize,
    positions: usize,
    after: usize,
    pick: impl Fn(u8, u8) -> u8,
) -> Vec<u8> {
    let mut head = Vec::with_capacity(positions * unit);
    let mut running = values[..unit].to_vec();
    let mut elements = values.chunks_exact(unit).skip(1);
    let mut advance = |running: &mut [u8]| {
        for (value, &other) in running.iter_mut().zip(elements.next().unwrap_or_default()) {
            *value = pick(*value, other);
        }
    };
    (0..after).for_each(|_| advance(&mut running));
    for _ in 0..positions {
        head.extend_from_slice(&running);
        advance(&mut running);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliding_picks_over_the_window_cut_at_the_edges() {
        let values: Vec<u8> = (0..17_u8).map(|i| i.wrapping_mul(89)).collect();
        for before in 0..20 {
            for after in 0..20 {
                let mut slid = values.clone();
                slide_axis(&mut slid, 1, before, after, u8::max);
                for (x, &value) in slid.iter().enumerate() {
                    let window = &values[x.saturating_sub(before)..(x + after + 1).min(17)];
                    assert_eq!(Some(&value), window.iter().max(), "{x} {before} {after}");
                }
            }
        }
    }

    #[test]
    fn a_square_slides_along_both_axes() {
        let mut band = Band::new(7, 5);
        band.values[2 * 7 + 3] = 9;
        band.slide(1, 2, u8::max);
        let set: Vec<usize> = (0..35).filter(|&i| band.values[i] == 9).collect();
        let expected: Vec<usize> = [0, 1, 2, 3]
            .iter()
            .flat_map(|y| (1..=4).map(move |x| y * 7 + x))
            .collect();
        assert_eq!(set, expected);
    }
}
