//! The mask as it acts: detection and the person's layers combined. A cheap, immutable snapshot that threads may share.

use std::sync::Arc;

use rayon::prelude::*;

use super::layer::{MaskLayer, check_rect, tiles_in};
use super::probability::ProbabilityMap;
use super::tile::MASK_TILE_PX;
use super::{MASKED_FROM, Mask};
use crate::geometry::{ImageSize, PixelRect, TileIndex};

/// (detected ∪ added) − removed − protected, `u8`, 255 = repair everywhere; cloning copies a few pointers.
///
/// Detected is 255 where the probability ≥ the threshold, else 0. Soft values combine as
/// `min(max(detected, added), 255 − removed, 255 − protected)`.
#[derive(Clone, Debug)]
pub struct EffectiveMask {
    mask: Mask,
    detected: Option<(Arc<ProbabilityMap>, u8)>,
}

impl EffectiveMask {
    /// Combines the person's `mask` with a probability map and its threshold (0 to 255), if there was a detection.
    ///
    /// # Panics
    /// When the map is not of the mask's size.
    pub fn new(mask: Mask, detected: Option<(Arc<ProbabilityMap>, u8)>) -> Self {
        if let Some((map, _)) = &detected {
            assert_eq!(map.size(), mask.size(), "detection and mask of one photo");
        }
        Self { mask, detected }
    }

    /// Size in px, the photo's.
    pub fn size(&self) -> ImageSize {
        self.mask.size()
    }

    /// The person's layers.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The probability map and the threshold it was combined with.
    pub fn detected(&self) -> Option<&(Arc<ProbabilityMap>, u8)> {
        self.detected.as_ref()
    }

    /// Copies the effective values of `rect` into `out`, row-major.
    ///
    /// # Panics
    /// When `rect` leaves the photo or `out` has another length.
    pub fn read_rect(&self, rect: PixelRect, out: &mut [u8]) {
        check_rect(self.size(), rect, out.len());
        for index in tiles_in(rect) {
            let part = index.rect(MASK_TILE_PX, self.size()).intersect(rect);
            let may_be_set = self.may_touch_tile(index);
            for y in part.y..part.bottom() {
                let start = rect.size().index(part.x - rect.x, y - rect.y);
                let target = &mut out[start..][..part.width as usize];
                if may_be_set {
                    self.read_row(index, part.x, y, target);
                } else {
                    target.fill(0);
                }
            }
        }
    }

    /// Copies the protected layer of `rect` into `out`, row-major; 255 = never touch.
    ///
    /// # Panics
    /// When `rect` leaves the photo or `out` has another length.
    pub fn protected_rect(&self, rect: PixelRect, out: &mut [u8]) {
        self.mask.protected.read_rect(rect, out);
    }

    /// Whether any pixel of `rect` has a value above 0; the part of `rect` outside the photo counts as untouched.
    pub fn touches(&self, rect: PixelRect) -> bool {
        let rect = rect.intersect(self.size().rect());
        let mut row = [0; MASK_TILE_PX as usize];
        tiles_in(rect)
            .filter(|&index| self.may_touch_tile(index))
            .any(|index| {
                let part = index.rect(MASK_TILE_PX, self.size()).intersect(rect);
                let row = &mut row[..part.width as usize];
                (part.y..part.bottom()).any(|y| {
                    self.read_row(index, part.x, y, row);
                    row.iter().any(|&value| value > 0)
                })
            })
    }

    /// False when the tile is certainly 0; found from the tile list alone, without reading pixels.
    pub fn may_touch_tile(&self, index: TileIndex) -> bool {
        self.mask.added.tile(index).is_some()
            || self
                .detected
                .as_ref()
                .is_some_and(|(map, threshold)| map.tile_maximum(index) >= *threshold)
    }

    /// The tiles whose values may differ between the two, row by row; for overlays that follow an edit.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn changed_tiles(&self, other: &Self) -> Vec<TileIndex> {
        let same_map = match (&self.detected, &other.detected) {
            (None, None) => true,
            (Some((a, s)), Some((b, t))) => Arc::ptr_eq(a, b) && s == t,
            _ => false,
        };
        let mut changed = self.mask.added.changed_tiles(&other.mask.added);
        changed.extend(self.mask.removed.changed_tiles(&other.mask.removed));
        changed.extend(self.mask.protected.changed_tiles(&other.mask.protected));
        if !same_map {
            changed.extend(
                tiles_in(self.size().rect())
                    .filter(|&index| self.may_touch_tile(index) || other.may_touch_tile(index)),
            );
        }
        changed.sort_unstable_by_key(|index| (index.row, index.column));
        changed.dedup();
        changed
    }

    /// How many tiles may differ from `last`; without one, or from one of another photo, how many may be set at all.
    pub fn tiles_changed_since(&self, last: Option<&Self>) -> usize {
        match last.filter(|last| last.size() == self.size()) {
            Some(last) => self.changed_tiles(last).len(),
            None => tiles_in(self.size().rect())
                .filter(|&index| self.may_touch_tile(index))
                .count(),
        }
    }

    /// How many pixels are masked (value ≥ 128).
    pub fn masked_pixels(&self) -> u64 {
        let tiles: Vec<TileIndex> = tiles_in(self.size().rect())
            .filter(|&index| self.may_touch_tile(index))
            .collect();
        tiles
            .par_iter()
            .map(|&index| u64::from(self.masked_pixels_of_tile(index)))
            .sum()
    }

    /// The same for one tile.
    pub(super) fn masked_pixels_of_tile(&self, index: TileIndex) -> u32 {
        if !self.may_touch_tile(index) {
            return 0;
        }
        let rect = index.rect(MASK_TILE_PX, self.size());
        let mut row = [0; MASK_TILE_PX as usize];
        let row = &mut row[..rect.width as usize];
        let mut masked = 0;
        for y in rect.y..rect.bottom() {
            self.read_row(index, rect.x, y, row);
            masked += row.iter().filter(|&&value| value >= MASKED_FROM).count() as u32;
        }
        masked
    }

    /// All effective values, row-major: width × height bytes.
    pub fn to_raster(&self) -> Vec<u8> {
        let mut values = vec![0; self.size().pixel_count()];
        self.read_rect(self.size().rect(), &mut values);
        values
    }

    /// All effective values as a layer: memory where they are above 0 alone.
    pub fn to_layer(&self) -> MaskLayer {
        MaskLayer::from_tiles(self.size(), |rect, out| self.read_rect(rect, out))
    }

    /// The values of row `y` from column `x` on, all inside the tile at `index`.
    fn read_row(&self, index: TileIndex, x: u32, y: u32, out: &mut [u8]) {
        let width = out.len();
        let column = (x % MASK_TILE_PX) as usize;
        match &self.detected {
            Some((map, threshold)) if map.tile_maximum(index) >= *threshold => {
                let source = &map.values()[self.size().index(x, y)..][..width];
                for (value, probability) in out.iter_mut().zip(source) {
                    *value = if probability >= threshold { 255 } else { 0 };
                }
            }
            _ => out.fill(0),
        }
        if let Some(tile) = self.mask.added.tile(index) {
            let source = &tile.row(y % MASK_TILE_PX)[column..][..width];
            for (value, added) in out.iter_mut().zip(source) {
                *value = (*value).max(*added);
            }
        }
        for layer in [&self.mask.removed, &self.mask.protected] {
            let Some(tile) = layer.tile(index) else {
                continue;
            };
            let source = &tile.row(y % MASK_TILE_PX)[column..][..width];
            for (value, taken) in out.iter_mut().zip(source) {
                *value = (*value).min(255 - taken);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raster(size: ImageSize, seed: u64, share: u64) -> Vec<u8> {
        // Blocks of noise, so that some tiles are empty.
        let mut state = seed | 1;
        (0..size.pixel_count() as u64)
            .map(|i| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let block = (i % u64::from(size.width)) / 100 + seed;
                if block.is_multiple_of(share) {
                    (state >> 24) as u8
                } else {
                    0
                }
            })
            .collect()
    }

    struct Case {
        mask: EffectiveMask,
        expected: Vec<u8>,
    }

    fn case(size: ImageSize, seed: u64, threshold: Option<u8>) -> Case {
        let layers = [1, 2, 3].map(|i| raster(size, seed + i, 2 + i));
        let map = raster(size, seed + 9, 3);
        let [added, removed, protected] = layers
            .each_ref()
            .map(|values| MaskLayer::from_raster(size, values));
        let expected = (0..size.pixel_count())
            .map(|i| {
                let detected = threshold.is_some_and(|t| map[i] >= t);
                let wanted = layers[0][i].max(if detected { 255 } else { 0 });
                wanted.min(255 - layers[1][i]).min(255 - layers[2][i])
            })
            .collect();
        let detected = threshold.map(|t| (Arc::new(ProbabilityMap::new(size, map.clone())), t));
        let mask = Mask {
            added,
            removed,
            protected,
        };
        Case {
            mask: EffectiveMask::new(mask, detected),
            expected,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn reading_follows_the_rule_of_the_layers(
            (width, height) in (1_u32..600, 1_u32..300),
            seed in 0_u64..1000,
            threshold in prop::option::of(1_u8..=255),
            (x, y, w, h) in (0_u32..600, 0_u32..300, 1_u32..400, 1_u32..300),
        ) {
            let size = ImageSize::new(width, height);
            let Case { mask, expected } = case(size, seed, threshold);
            prop_assert!(mask.to_raster() == expected);
            prop_assert!(mask.to_layer().to_raster() == expected);
            let masked = expected.iter().filter(|&&value| value >= MASKED_FROM).count();
            prop_assert_eq!(mask.masked_pixels(), masked as u64);

            let rect = PixelRect::new(x, y, w, h).intersect(size.rect());
            let mut part = vec![7; rect.size().pixel_count()];
            mask.read_rect(rect, &mut part);
            let crop: Vec<u8> = (rect.y..rect.bottom())
                .flat_map(|y| &expected[size.index(rect.x, y)..][..rect.width as usize])
                .copied()
                .collect();
            prop_assert!(part == crop);
            prop_assert_eq!(mask.touches(rect), crop.iter().any(|&value| value > 0));
        }
    }

    #[test]
    fn a_rectangle_beside_the_photo_is_not_touched() {
        let size = ImageSize::new(4, 4);
        let mut mask = Mask::new(size);
        mask.added = MaskLayer::from_raster(size, &[255; 16]);
        let mask = EffectiveMask::new(mask, None);
        assert!(!mask.touches(PixelRect::new(4, 0, 9, 9)));
        assert!(mask.touches(PixelRect::new(3, 3, 9, 9)));
        assert!(!mask.touches(PixelRect::EMPTY));
    }

    #[test]
    fn only_tiles_that_may_differ_are_named() {
        let size = ImageSize::new(700, 300);
        let mut values = vec![0; size.pixel_count()];
        values[size.index(600, 10)] = 90;
        let map = Arc::new(ProbabilityMap::new(size, values));
        let before = EffectiveMask::new(Mask::new(size), Some((Arc::clone(&map), 128)));
        assert!(before.changed_tiles(&before.clone()).is_empty());

        let lower = EffectiveMask::new(Mask::new(size), Some((Arc::clone(&map), 80)));
        assert_eq!(before.changed_tiles(&lower), [TileIndex::new(2, 0)]);

        let mut mask = Mask::new(size);
        mask.added.tile_mut(TileIndex::new(1, 1)).row_mut(0)[0] = 1;
        let painted = EffectiveMask::new(mask, Some((map, 128)));
        assert_eq!(before.changed_tiles(&painted), [TileIndex::new(1, 1)]);
    }
}
