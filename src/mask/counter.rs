//! How many pixels of a mask that is being edited are masked, found again only where it changed.

use rayon::prelude::*;

use super::EffectiveMask;
use super::tile::MASK_TILE_PX;
use crate::geometry::TileIndex;

/// Counts the masked pixels of one photo's mask, edit after edit.
#[derive(Debug, Default)]
pub struct MaskedCounter {
    last: Option<Counted>,
}

/// A mask and the masked pixels of each of its tiles, row by row.
#[derive(Debug)]
struct Counted {
    mask: EffectiveMask,
    by_tile: Vec<u32>,
    total: u64,
}

impl MaskedCounter {
    /// How many tiles [`Self::count`] would read for `mask`.
    pub fn uncounted_tiles(&self, mask: &EffectiveMask) -> usize {
        let last = self.last.as_ref().map(|last| &last.mask);
        mask.tiles_changed_since(last)
    }

    /// The same as [`EffectiveMask::masked_pixels`], at the cost of what changed since the last call.
    pub fn count(&mut self, mask: &EffectiveMask) -> u64 {
        let columns = mask.size().width.div_ceil(MASK_TILE_PX);
        let rows = mask.size().height.div_ceil(MASK_TILE_PX);
        let last = self
            .last
            .take()
            .filter(|last| last.mask.size() == mask.size());
        let (changed, mut by_tile, mut total) = if let Some(last) = last {
            (mask.changed_tiles(&last.mask), last.by_tile, last.total)
        } else {
            let all = (0..rows)
                .flat_map(|row| (0..columns).map(move |column| TileIndex::new(column, row)));
            let count = columns as usize * rows as usize;
            (all.collect(), vec![0; count], 0)
        };
        let counts: Vec<u32> = changed
            .par_iter()
            .map(|&index| mask.masked_pixels_of_tile(index))
            .collect();
        for (index, count) in changed.into_iter().zip(counts) {
            let slot = &mut by_tile[index.row as usize * columns as usize + index.column as usize];
            total = total + u64::from(count) - u64::from(*slot);
            *slot = count;
        }
        self.last = Some(Counted {
            mask: mask.clone(),
            by_tile,
            total,
        });
        total
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode, Mask, ProbabilityMap, line};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn it_counts_what_a_count_from_nothing_finds_after_any_edits(
            edits in prop::collection::vec((0_u8..4, 0.0_f32..700.0, 0.0_f32..400.0, 1_u8..=255), 1..8),
        ) {
            let size = ImageSize::new(700, 400);
            let values = (0..size.pixel_count()).map(|i| (i * 7 % 256) as u8).collect();
            let map = Arc::new(ProbabilityMap::new(size, values));
            let mut counter = MaskedCounter::default();
            let mut mask = Mask::new(size);
            for (kind, x, y, threshold) in edits {
                let mode = match kind {
                    0 => BrushMode::Erase,
                    1 => BrushMode::Protect,
                    _ => BrushMode::Paint,
                };
                let brush = Brush { diameter_px: 30.0, hardness: 0.5, mode };
                line(&mut mask, &brush, (x, y), (y, x));
                let detected = (kind > 1).then(|| (Arc::clone(&map), threshold));
                let effective = EffectiveMask::new(mask.clone(), detected);
                prop_assert_eq!(counter.count(&effective), effective.masked_pixels());
            }
        }
    }
}
