//! Merging the levels of stage 1 into one 8-bit map M on which any later threshold acts.
//!
//! The rule at a threshold t: seeds are pixels with p ≥ t on any level; they grow inside native p ≥ 0.4 t; a region that
//! only a coarser level sees counts from 6 native px of width. With
//!
//! - G = min(p / 0.4, 1), the native growth map, and S = the maximum over all levels,
//! - R = the grey-scale reconstruction by dilation of the marker min(S, G) under the mask G (8-connected),
//!
//! {R ≥ t} is for every t exactly {G ≥ t} restricted to its components that hold a seed: reconstruction by dilation
//! commutes with thresholds, {G ≥ t} = {p ≥ 0.4 t} and {min(S, G) ≥ t} = {S ≥ t} ∩ {G ≥ t}. Coarse-only regions C are
//! then added by a maximum: C is a coarser level's map where nothing native supports it nearby, opened by a square of
//! 6 px (see `coarse.rs`), so that thin lines are not fattened. M = max(R, C).
//!
//! Source of the reconstruction: L. Vincent, "Morphological grayscale reconstruction in image analysis", IEEE Trans.
//! Image Processing 2(2), 1993, the hybrid algorithm: linear time.

use std::collections::VecDeque;

use super::coarse::{add_coarse_only, raise_to_level};
use crate::geometry::ImageSize;

/// A seed at threshold t grows where native p ≥ 0.4 t, that is 5 p ≥ 2 t: faint ends of what is sure
/// belong to it, faint spots alone do not.
const GROW_RATIO: (u32, u32) = (5, 2);

/// Stage 1's probability at one level of the pyramid, 8 bit, row-major.
pub(super) struct LevelMap {
    size: ImageSize,
    shift: u32,
    values: Vec<u8>,
}

impl LevelMap {
    /// A level of `size` whose pixels are 2^`shift` native px wide; all zero.
    pub(super) fn new(size: ImageSize, shift: u32) -> Self {
        Self {
            size,
            shift,
            values: vec![0; size.pixel_count()],
        }
    }

    pub(super) const fn size(&self) -> ImageSize {
        self.size
    }

    pub(super) const fn shift(&self) -> u32 {
        self.shift
    }

    pub(super) fn values(&self) -> &[u8] {
        &self.values
    }

    pub(super) fn into_values(self) -> Vec<u8> {
        self.values
    }

    pub(super) fn values_mut(&mut self) -> &mut [u8] {
        &mut self.values
    }
}

/// Merges `native` with the `coarse` levels (in any order) into one map of the native size.
pub(super) fn merge_levels(native: LevelMap, coarse: &[LevelMap]) -> Vec<u8> {
    let size = native.size;
    let grow = growth_table();
    let mut growth = native.values;
    // The marker min(S, G): native p is never above G, so it is there already.
    let mut merged = growth.clone();
    for value in &mut growth {
        *value = grow[usize::from(*value)];
    }
    for level in coarse {
        raise_to_level(&mut merged, size, level);
    }
    for (marker, &limit) in merged.iter_mut().zip(&growth) {
        *marker = (*marker).min(limit);
    }
    reconstruct(&mut merged, &growth, size);
    for level in coarse {
        add_coarse_only(&mut merged, &growth, size, level);
    }
    merged
}

/// G for every 8-bit p: the largest threshold t with p ≥ 0.4 t, at most 255.
fn growth_table() -> [u8; 256] {
    let (times, over) = GROW_RATIO;
    std::array::from_fn(|p| (p as u32 * times / over).min(255) as u8)
}

/// Raises `marker` to its reconstruction by dilation under `limit`, 8-connected; `marker` ≤ `limit` everywhere.
fn reconstruct(marker: &mut [u8], limit: &[u8], size: ImageSize) {
    let width = size.width as usize;
    let height = size.height as usize;
    for y in 0..height {
        raise_row(marker, limit, width, y, y.checked_sub(1), false);
    }
    for y in (0..height).rev() {
        let below = Some(y + 1).filter(|&below| below < height);
        raise_row(marker, limit, width, y, below, true);
    }
    let mut queue = wavefront(marker, limit, size);
    while let Some(index) = queue.pop_front() {
        let value = marker[index];
        for neighbour in neighbours(index, size) {
            if marker[neighbour] < value && marker[neighbour] < limit[neighbour] {
                marker[neighbour] = value.min(limit[neighbour]);
                queue.push_back(neighbour);
            }
        }
    }
}

/// One row of a raster scan: each pixel takes the maximum of itself, the row already scanned and its neighbour scanned before.
fn raise_row(
    marker: &mut [u8],
    limit: &[u8],
    width: usize,
    y: usize,
    scanned: Option<usize>,
    backwards: bool,
) {
    let start = y * width;
    if let Some(scanned) = scanned {
        let later = y.max(scanned) * width;
        let (above, below) = marker.split_at_mut(later);
        let (above, below) = (&mut above[later - width..], &mut below[..width]);
        if scanned < y {
            raise_by_neighbours(below, above);
        } else {
            raise_by_neighbours(above, below);
        }
    }
    let row = &mut marker[start..start + width];
    if row.iter().all(|&value| value == 0) {
        return;
    }
    let mut before = 0;
    let raise = |(value, &limit): (&mut u8, &u8)| {
        before = (*value).max(before).min(limit);
        *value = before;
    };
    let pixels = row.iter_mut().zip(&limit[start..start + width]);
    if backwards {
        pixels.rev().for_each(raise);
    } else {
        pixels.for_each(raise);
    }
}

/// Raises each value of `row` to the three of `near` beside it.
fn raise_by_neighbours(row: &mut [u8], near: &[u8]) {
    let raise = |(value, &near): (&mut u8, &u8)| *value = (*value).max(near);
    row.iter_mut().zip(near).for_each(raise);
    row[1..].iter_mut().zip(near).for_each(raise);
    row.iter_mut().zip(&near[1..]).for_each(raise);
}

/// The pixels from which both scans left something to spread.
fn wavefront(marker: &[u8], limit: &[u8], size: ImageSize) -> VecDeque<usize> {
    (0..marker.len())
        .filter(|&index| {
            let value = marker[index];
            value > 0
                && neighbours(index, size)
                    .any(|near| marker[near] < value && marker[near] < limit[near])
        })
        .collect()
}

/// Indices of the up to eight neighbours.
fn neighbours(index: usize, size: ImageSize) -> impl Iterator<Item = usize> {
    let width = size.width as usize;
    let (x, y) = (index % width, index / width);
    let columns = x.saturating_sub(1)..(x + 2).min(width);
    let rows = y.saturating_sub(1)..(y + 2).min(size.height as usize);
    rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
        .filter(move |&near| near != index)
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
