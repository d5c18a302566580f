//! Which cells stage 2 has to fill for a mask, and a stamp of everything each fill depends on. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rayon::prelude::*;

use super::alpha::ALPHA_REACH_PX;
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect, TileIndex};
use crate::mask::EffectiveMask;

/// Side of an inference cell, px; cells lie at fixed origins, so a stroke touches few of them.
pub const CELL_PX: u32 = 256;

/// One cell to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellPlan {
    /// The cell in the grid of [`CELL_PX`] squares.
    pub index: TileIndex,
    /// Its pixels, cut at the photo's edge.
    pub core: PixelRect,
    /// Hash of the cell and of the mask everywhere its fill can depend on; equal stamps mean equal fills of one photo.
    pub stamp: u64,
}

/// The cells of a photo of `size` that the grown mask may touch, row by row; `halo_px` is stage 2's.
///
/// # Panics
/// When the mask is not of `size`.
pub fn plan_fill(size: ImageSize, mask: &EffectiveMask, halo_px: u32) -> Vec<CellPlan> {
    assert_eq!(mask.size(), size, "mask and photo");
    let blocks = BlockHashes::new(mask);
    let rows = size.height.div_ceil(CELL_PX);
    let columns = size.width.div_ceil(CELL_PX);
    let indices: Vec<TileIndex> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| TileIndex::new(column, row)))
        .collect();
    indices
        .into_par_iter()
        .filter_map(|index| {
            let core = index.rect(CELL_PX, size);
            let reach = core.grown_within(ALPHA_REACH_PX, size);
            mask.touches(reach).then(|| CellPlan {
                index,
                core,
                stamp: blocks.stamp(index, core.grown_within(halo_px + ALPHA_REACH_PX, size)),
            })
        })
        .collect()
}

/// A hash of the mask in every grid cell; 0 where nothing is masked nor protected.
struct BlockHashes {
    columns: u32,
    hashes: Vec<u64>,
}

impl BlockHashes {
    fn new(mask: &EffectiveMask) -> Self {
        let size = mask.size();
        let columns = size.width.div_ceil(NETWORK_GRID_PX);
        let count = columns * size.height.div_ceil(NETWORK_GRID_PX);
        let hash_of = |block: u32| {
            let index = TileIndex::new(block % columns, block / columns);
            hash_block(mask, index.rect(NETWORK_GRID_PX, size))
        };
        Self {
            columns,
            hashes: (0..count).into_par_iter().map(hash_of).collect(),
        }
    }

    fn stamp(&self, index: TileIndex, rect: PixelRect) -> u64 {
        let mut hasher = DefaultHasher::new();
        index.hash(&mut hasher);
        let columns = rect.x / NETWORK_GRID_PX..rect.right().div_ceil(NETWORK_GRID_PX);
        for row in rect.y / NETWORK_GRID_PX..rect.bottom().div_ceil(NETWORK_GRID_PX) {
            for column in columns.clone() {
                hasher.write_u64(self.hashes[(row * self.columns + column) as usize]);
            }
        }
        hasher.finish()
    }
}

fn hash_block(mask: &EffectiveMask, rect: PixelRect) -> u64 {
    const SIDE: usize = NETWORK_GRID_PX as usize;
    let tile = TileIndex::new(
        rect.x / crate::mask::MASK_TILE_PX,
        rect.y / crate::mask::MASK_TILE_PX,
    );
    let protected = mask.mask().protected.tile(tile).is_some();
    if !mask.may_touch_tile(tile) && !protected {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    let mut values = [0; SIDE * SIDE];
    let values = &mut values[..rect.size().pixel_count()];
    mask.read_rect(rect, values);
    let mut is_set = values.iter().any(|&value| value > 0);
    hasher.write(values);
    if protected {
        mask.protected_rect(rect, values);
        is_set |= values.iter().any(|&value| value > 0);
        hasher.write(values);
    } else {
        // The same as a protected layer that holds only zeros here.
        values.fill(0);
        hasher.write(values);
    }
    if is_set { hasher.finish() } else { 0 }
}
