//! Operations on the mask as it acts: invert, grow, shrink, clear, replace. They write the person's layers only.
//!
//! Each pins the px it changes (`added` = the new value, `removed` = 255 − it), so that the result holds whatever was
//! detected, and leaves the layers of every other px as they were. Px with any protection stay as they are.

use super::distance::squared_distance;
use super::layer::{MaskLayer, tiles_in};
use super::tile::MASK_TILE_PX;
use super::{EffectiveMask, MASKED_FROM, Mask};
use crate::geometry::{PixelRect, TileIndex};

/// The most [`grow`] and [`shrink`] move an edge, px.
pub const MAX_GROW_PX: u32 = 100;

/// Makes the effective mask `values` (row-major, the photo's size, 255 = repair), whatever was detected.
///
/// `effective` is the mask before, made of `mask` and the detection.
///
/// # Panics
/// When `values` is not width × height long.
pub fn set_raster(mask: &mut Mask, effective: &EffectiveMask, values: &[u8]) {
    let size = mask.size();
    assert_eq!(values.len(), size.pixel_count(), "mask raster length");
    rewrite(mask, effective, size.rect(), |rect, _| {
        (rect.y..rect.bottom())
            .flat_map(|y| &values[size.index(rect.x, y)..][..rect.width as usize])
            .copied()
            .collect()
    });
}

/// Exchanges masked and unmasked: every value becomes 255 − itself, except under protection.
pub fn invert(mask: &mut Mask, effective: &EffectiveMask) {
    let rect = mask.size().rect();
    rewrite(mask, effective, rect, |_, before| {
        before.iter().map(|value| 255 - value).collect()
    });
}

/// Takes everything inside `rect` out of the mask.
pub fn clear_rect(mask: &mut Mask, effective: &EffectiveMask, rect: PixelRect) {
    rewrite(mask, effective, rect, |_, before| vec![0; before.len()]);
}

/// Makes the mask wider by `px` (up to [`MAX_GROW_PX`]): what is at most so far from a masked px becomes 255.
pub fn grow(mask: &mut Mask, effective: &EffectiveMask, px: u32) {
    let px = px.min(MAX_GROW_PX);
    let rect = mask.size().rect();
    let limit = px.pow(2) as i16;
    rewrite(mask, effective, rect, |rect, before| {
        let squares = distances_in(effective, rect, px, |value| value >= MASKED_FROM);
        let pairs = squares.iter().zip(before);
        pairs
            .map(|(&square, &value)| if square <= limit { 255 } else { value })
            .collect()
    });
}

/// Makes the mask narrower by `px` (up to [`MAX_GROW_PX`]): what is at most so far from an unmasked px becomes 0.
pub fn shrink(mask: &mut Mask, effective: &EffectiveMask, px: u32) {
    let px = px.min(MAX_GROW_PX);
    let rect = mask.size().rect();
    let limit = px.pow(2) as i16;
    rewrite(mask, effective, rect, |rect, before| {
        let squares = distances_in(effective, rect, px, |value| value < MASKED_FROM);
        let pairs = squares.iter().zip(before);
        pairs
            .map(|(&square, &value)| if square <= limit { 0 } else { value })
            .collect()
    });
}

/// Squared distances in `rect` to the px that `is_target` names, seen up to `px` beyond it.
fn distances_in(
    effective: &EffectiveMask,
    rect: PixelRect,
    px: u32,
    is_target: impl Fn(u8) -> bool,
) -> Vec<i16> {
    let window = rect.grown_within(px, effective.size());
    let mut values = vec![0; window.size().pixel_count()];
    effective.read_rect(window, &mut values);
    let targets: Vec<bool> = values.iter().map(|&value| is_target(value)).collect();
    let squares = squared_distance(&targets, window.size(), px);
    (rect.y..rect.bottom())
        .flat_map(|y| {
            let start = window.size().index(rect.x - window.x, y - window.y);
            &squares[start..][..rect.width as usize]
        })
        .copied()
        .collect()
}

/// Tile by tile inside `area`, sets the effective values to what `new_values` makes of (the part, its values before).
fn rewrite(
    mask: &mut Mask,
    effective: &EffectiveMask,
    area: PixelRect,
    mut new_values: impl FnMut(PixelRect, &[u8]) -> Vec<u8>,
) {
    let size = mask.size();
    let area = area.intersect(size.rect());
    for index in tiles_in(area) {
        let part = index.rect(MASK_TILE_PX, size).intersect(area);
        let mut before = vec![0; part.size().pixel_count()];
        effective.read_rect(part, &mut before);
        let after = new_values(part, &before);
        pin(mask, index, part, &before, &after);
    }
}

/// Makes the unprotected px of `part` that differ between `before` and `after` hold `after`, whatever is detected.
fn pin(mask: &mut Mask, index: TileIndex, part: PixelRect, before: &[u8], after: &[u8]) {
    if before == after {
        return;
    }
    let width = part.width as usize;
    let mut protected = vec![0; width];
    let rows = before.chunks_exact(width).zip(after.chunks_exact(width));
    for (y, (before, after)) in (part.y..).zip(rows) {
        if before == after {
            continue;
        }
        mask.protected
            .read_rect(PixelRect::new(part.x, y, part.width, 1), &mut protected);
        let write = |layer: &mut MaskLayer, value: fn(u8) -> u8| {
            let column = (part.x % MASK_TILE_PX) as usize;
            let row = &mut layer.tile_mut(index).row_mut(y % MASK_TILE_PX)[column..][..width];
            for i in 0..width {
                if before[i] != after[i] && protected[i] == 0 {
                    row[i] = value(after[i]);
                }
            }
        };
        write(&mut mask.added, |value| value);
        write(&mut mask.removed, |value| 255 - value);
    }
}
