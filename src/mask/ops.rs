//! Operations on the mask as it acts: invert, grow, shrink, clear, replace. They write the person's layers only.
//!
//! Each pins the px it changes (`added` = the new value, `removed` = 255 − it), so that the result holds whatever was
//! detected, and leaves the layers of every other px as they were. Protection outranks them: no px gets more than
//! 255 − its protection, and what is protected in part can still be lowered.

use super::distance::squared_distance;
use super::layer::{MaskLayer, tiles_in};
use super::tile::MASK_TILE_PX;
use super::{EffectiveMask, MASKED_FROM, Mask, PixelRegion};
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

/// Exchanges masked and unmasked: every value becomes 255 − itself, or as much of that as protection allows.
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

/// Takes the pixels of `region` out of the mask.
pub fn clear_region(mask: &mut Mask, effective: &EffectiveMask, region: &PixelRegion) {
    rewrite(mask, effective, region.bounds(), |part, before| {
        let values = before.iter().zip(region.flags(part));
        values
            .map(|(&value, goes)| if goes { 0 } else { value })
            .collect()
    });
}

/// Makes the mask wider by `px` (up to [`MAX_GROW_PX`]): what is at most so far from a masked px becomes 255.
pub fn grow(mask: &mut Mask, effective: &EffectiveMask, px: u32) {
    let px = px.min(MAX_GROW_PX);
    let rect = mask.size().rect();
    let limit = px.pow(2) as i16;
    rewrite(mask, effective, rect, |rect, before| {
        let squares = squared_distances(effective, rect, px, |value| value >= MASKED_FROM);
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
        let squares = squared_distances(effective, rect, px, |value| value < MASKED_FROM);
        let pairs = squares.iter().zip(before);
        pairs
            .map(|(&square, &value)| if square <= limit { 0 } else { value })
            .collect()
    });
}

/// Squared distances in `rect` to the px that `is_target` names, seen up to `px` beyond it.
pub(super) fn squared_distances(
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
pub(super) fn rewrite(
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

/// Makes the px of `part` that differ between `before` and `after` hold `after`, whatever is detected, or as much of it as
/// their protection allows.
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
                let after = after[i].min(255 - protected[i]);
                if before[i] != after {
                    row[i] = value(after);
                }
            }
        };
        write(&mut mask.added, |value| value);
        write(&mut mask.removed, |value| 255 - value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode, ProbabilityMap, line};

    const SIZE: ImageSize = ImageSize::new(300, 60);

    /// Detected columns, a painted and an erased line, and a protected corner.
    fn any_state() -> impl Strategy<Value = (Mask, Arc<ProbabilityMap>)> {
        let point = || (0.0_f32..300.0, 0.0_f32..60.0);
        (point(), point(), point(), point(), 0_u32..300).prop_map(|(a, b, c, d, column)| {
            let mut mask = Mask::new(SIZE);
            for (mode, from, to) in [
                (BrushMode::Paint, a, b),
                (BrushMode::Erase, c, d),
                (BrushMode::Protect, (0.0, 0.0), (30.0, 0.0)),
            ] {
                let brush = Brush {
                    diameter_px: 9.0,
                    hardness: 0.6,
                    mode,
                };
                line(&mut mask, &brush, from, to);
            }
            let values = (0..SIZE.pixel_count() as u32)
                .map(|i| {
                    if (i % SIZE.width).abs_diff(column) < 3 {
                        200
                    } else {
                        0
                    }
                })
                .collect();
            (mask, Arc::new(ProbabilityMap::new(SIZE, values)))
        })
    }

    fn effective(mask: &Mask, map: &Arc<ProbabilityMap>, threshold: u8) -> EffectiveMask {
        EffectiveMask::new(mask.clone(), Some((Arc::clone(map), threshold)))
    }

    /// The most px `i` may hold.
    fn most(mask: &Mask, i: usize) -> u8 {
        let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
        255 - mask.protected.get(x, y)
    }

    /// Whether a px with `wanted` is at most `px` away from px `i`.
    fn is_near(values: &[u8], i: usize, px: u32, wanted: impl Fn(u8) -> bool) -> bool {
        let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
        let around = PixelRect::new(x, y, 1, 1).grown_within(px, SIZE);
        (around.y..around.bottom()).any(|v| {
            (around.x..around.right()).any(|u| {
                let square = u.abs_diff(x).pow(2) + v.abs_diff(y).pow(2);
                square <= px.pow(2) && wanted(values[SIZE.index(u, v)])
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn growing_and_shrinking_move_the_edge_by_that_many_px(
            (mask, map) in any_state(),
            px in 0_u32..7,
        ) {
            let before = effective(&mask, &map, 128);
            let values = before.to_raster();
            let (mut grown, mut shrunk) = (mask.clone(), mask.clone());
            grow(&mut grown, &before, px);
            shrink(&mut shrunk, &before, px);
            let grown = effective(&grown, &map, 128).to_raster();
            let shrunk = effective(&shrunk, &map, 128).to_raster();
            for (i, &old) in values.iter().enumerate() {
                let masked = is_near(&values, i, px, |value| value >= 128);
                prop_assert_eq!(grown[i], if masked { most(&mask, i) } else { old });
                let sound = is_near(&values, i, px, |value| value < 128);
                prop_assert_eq!(shrunk[i], if sound { 0 } else { old });
            }
        }

        #[test]
        fn inverting_twice_gives_the_same_mask((mask, map) in any_state()) {
            let before = effective(&mask, &map, 128).to_raster();
            let mut inverted = mask.clone();
            invert(&mut inverted, &effective(&mask, &map, 128));
            let once = effective(&inverted, &map, 128);
            for (i, (&old, new)) in before.iter().zip(once.to_raster()).enumerate() {
                prop_assert_eq!(new, (255 - old).min(most(&mask, i)));
            }
            let mut twice = inverted.clone();
            invert(&mut twice, &once);
            let twice = effective(&twice, &map, 128).to_raster();
            for (i, (&old, new)) in before.iter().zip(twice).enumerate() {
                prop_assert!(new == old || most(&mask, i) < 255);
            }
        }

        #[test]
        fn cleared_marks_are_gone_under_a_soft_rim_of_protection_too(
            (mask, map) in any_state(),
            threshold in 1_u8..=255,
        ) {
            let mut cleared = mask.clone();
            let before = effective(&mask, &map, threshold);
            clear_rect(&mut cleared, &before, SIZE.rect());
            prop_assert_eq!(effective(&cleared, &map, threshold).to_raster(), vec![0; SIZE.pixel_count()]);
            // Protection itself is not touched.
            prop_assert_eq!(cleared.protected.to_raster(), mask.protected.to_raster());
        }

        #[test]
        fn a_cleared_rectangle_is_empty_and_the_rest_untouched(
            (mask, map) in any_state(),
            (x, y, width, height) in (0_u32..300, 0_u32..60, 1_u32..300, 1_u32..60),
        ) {
            let rect = PixelRect::new(x, y, width, height);
            let before = effective(&mask, &map, 128);
            let mut cleared = mask.clone();
            clear_rect(&mut cleared, &before, rect);
            let after = effective(&cleared, &map, 128).to_raster();
            for (i, (&old, new)) in before.to_raster().iter().zip(after).enumerate() {
                let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
                prop_assert_eq!(new, if rect.contains(x, y) { 0 } else { old });
            }
        }

        #[test]
        fn a_replaced_mask_holds_at_any_threshold((mask, map) in any_state(), seed in any::<u8>()) {
            let wanted: Vec<u8> = (0..SIZE.pixel_count())
                .map(|i| (i as u8).wrapping_mul(seed))
                .collect();
            let before = effective(&mask, &map, 128);
            let mut replaced = mask.clone();
            set_raster(&mut replaced, &before, &wanted);
            let after = effective(&replaced, &map, 128).to_raster();
            for (i, (&wanted, new)) in wanted.iter().zip(after).enumerate() {
                prop_assert_eq!(new, wanted.min(most(&mask, i)));
            }
            let old = before.to_raster();
            let other = effective(&replaced, &map, 220).to_raster();
            for (i, (&wanted, new)) in wanted.iter().zip(other).enumerate() {
                let wanted = wanted.min(most(&mask, i));
                prop_assert!(old[i] == wanted || new == wanted);
            }
        }
    }
}
