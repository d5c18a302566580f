//! Which cells stage 2 has to fill for a mask, and a stamp of everything each fill depends on. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rayon::prelude::*;

use super::alpha::ALPHA_REACH_PX;
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect, TileIndex};
use crate::mask::{EffectiveMask, MASK_TILE_PX, Mask};

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
    FillPlanner::default().plan(mask, halo_px)
}

/// Plans the fills of a mask that is being edited: looks again only where the mask changed since the last plan.
#[derive(Debug, Default)]
pub struct FillPlanner {
    last: Option<Planned>,
}

/// A plan and what it was made from.
#[derive(Debug)]
struct Planned {
    mask: EffectiveMask,
    halo_px: u32,
    blocks: BlockHashes,
    /// One entry a cell, row by row; `None` where the mask is far.
    cells: Vec<Option<CellPlan>>,
}

impl FillPlanner {
    /// The same as [`plan_fill`], at the cost of what changed since the last call.
    pub fn plan(&mut self, mask: &EffectiveMask, halo_px: u32) -> Vec<CellPlan> {
        let size = mask.size();
        let mut planned = match self.last.take() {
            Some(last) if last.mask.size() == size && last.halo_px == halo_px => last,
            _ => Planned::nothing(size, halo_px),
        };
        let changed = mask.changed_tiles(&planned.mask);
        planned.blocks.update(mask, &changed);
        planned.update_cells(mask, &changed);
        planned.mask = mask.clone();
        let plans = planned.cells.iter().flatten().copied().collect();
        self.last = Some(planned);
        plans
    }
}

impl Planned {
    /// The plan of an empty mask.
    fn nothing(size: ImageSize, halo_px: u32) -> Self {
        let cells = size.width.div_ceil(CELL_PX) * size.height.div_ceil(CELL_PX);
        Self {
            mask: EffectiveMask::new(Mask::new(size), None),
            halo_px,
            blocks: BlockHashes::nothing(size),
            cells: vec![None; cells as usize],
        }
    }

    /// Plans again every cell that sees one of the `changed` mask tiles.
    fn update_cells(&mut self, mask: &EffectiveMask, changed: &[TileIndex]) {
        let size = mask.size();
        let columns = size.width.div_ceil(CELL_PX);
        let reach_px = self.halo_px + ALPHA_REACH_PX;
        let mut is_due = vec![false; self.cells.len()];
        for tile in changed {
            let seen = tile.rect(MASK_TILE_PX, size).grown_within(reach_px, size);
            for row in seen.y / CELL_PX..seen.bottom().div_ceil(CELL_PX) {
                for column in seen.x / CELL_PX..seen.right().div_ceil(CELL_PX) {
                    is_due[(row * columns + column) as usize] = true;
                }
            }
        }
        let blocks = &self.blocks;
        let cells = self.cells.par_iter_mut().enumerate();
        cells.filter(|(i, _)| is_due[*i]).for_each(|(i, cell)| {
            let index = TileIndex::new(i as u32 % columns, i as u32 / columns);
            let core = index.rect(CELL_PX, size);
            let near = core.grown_within(ALPHA_REACH_PX, size);
            *cell = mask.touches(near).then(|| CellPlan {
                index,
                core,
                stamp: blocks.stamp(index, core.grown_within(reach_px, size)),
            });
        });
    }
}

/// A hash of the mask in every grid cell; 0 where nothing is masked nor protected.
#[derive(Debug)]
struct BlockHashes {
    columns: u32,
    hashes: Vec<u64>,
}

impl BlockHashes {
    /// The hashes of an empty mask.
    fn nothing(size: ImageSize) -> Self {
        let columns = size.width.div_ceil(NETWORK_GRID_PX);
        let rows = size.height.div_ceil(NETWORK_GRID_PX);
        Self {
            columns,
            hashes: vec![0; columns as usize * rows as usize],
        }
    }

    /// Hashes every block of the `changed` mask tiles again; blocks lie wholly inside tiles.
    fn update(&mut self, mask: &EffectiveMask, changed: &[TileIndex]) {
        let size = mask.size();
        let columns = self.columns;
        let blocks_of = |tile: &TileIndex| {
            let rect = tile.rect(MASK_TILE_PX, size);
            let rows = rect.y / NETWORK_GRID_PX..rect.bottom().div_ceil(NETWORK_GRID_PX);
            let columns = rect.x / NETWORK_GRID_PX..rect.right().div_ceil(NETWORK_GRID_PX);
            rows.flat_map(move |row| {
                columns
                    .clone()
                    .map(move |column| TileIndex::new(column, row))
            })
        };
        let found: Vec<(TileIndex, u64)> = changed
            .par_iter()
            .flat_map_iter(|tile| {
                blocks_of(tile)
                    .map(|block| (block, hash_block(mask, block.rect(NETWORK_GRID_PX, size))))
            })
            .collect();
        for (block, hash) in found {
            self.hashes[(block.row * columns + block.column) as usize] = hash;
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
    let tile = TileIndex::new(rect.x / MASK_TILE_PX, rect.y / MASK_TILE_PX);
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

#[cfg(test)]
mod planner_tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::mask::{Brush, BrushMode, ProbabilityMap, line};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn planning_after_each_edit_gives_the_plan_of_the_whole(
            edits in prop::collection::vec(
                ((0.0_f32..900.0, 0.0_f32..600.0), (0.0_f32..900.0, 0.0_f32..600.0), 0_u8..6, 20_u8..90),
                1..7,
            ),
        ) {
            let size = ImageSize::new(900, 600);
            let values = (0..size.pixel_count() as u32)
                .map(|i| if i % 900 == 700 { (i / 9000) as u8 } else { 0 })
                .collect();
            let map = Arc::new(ProbabilityMap::new(size, values));
            let mut mask = Mask::new(size);
            let mut threshold = 50;
            let mut planner = FillPlanner::default();
            for (from, to, kind, number) in edits {
                let mode = match kind {
                    0 => BrushMode::Erase,
                    1 => BrushMode::Protect,
                    2 => {
                        threshold = number;
                        BrushMode::Unprotect
                    }
                    _ => BrushMode::Paint,
                };
                let brush = Brush { diameter_px: f32::from(number), hardness: 0.7, mode };
                line(&mut mask, &brush, from, to);
                let effective = EffectiveMask::new(mask.clone(), Some((Arc::clone(&map), threshold)));
                let plan = planner.plan(&effective, 64);
                prop_assert!(plan == plan_fill(size, &effective, 64));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskLayer;

    const SIZE: ImageSize = ImageSize::new(1500, 700);
    const HALO_PX: u32 = 128;

    fn mask_of(rects: &[PixelRect], protected: &[PixelRect]) -> EffectiveMask {
        let layer = |rects: &[PixelRect]| {
            let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
            let value = |(x, y)| u8::from(rects.iter().any(|rect| rect.contains(x, y))) * 255;
            MaskLayer::from_raster(SIZE, &pixels.map(value).collect::<Vec<u8>>())
        };
        let mut mask = Mask::new(SIZE);
        mask.added = layer(rects);
        mask.protected = layer(protected);
        EffectiveMask::new(mask, None)
    }

    #[test]
    fn only_cells_the_grown_mask_may_touch_are_planned() {
        assert!(plan_fill(SIZE, &mask_of(&[], &[]), HALO_PX).is_empty());
        let middle = mask_of(&[PixelRect::new(300, 300, 20, 20)], &[]);
        let plans = plan_fill(SIZE, &middle, HALO_PX);
        assert_eq!(plans.len(), 1);
        assert_eq!(plans[0].index, TileIndex::new(1, 1));
        let border = mask_of(&[PixelRect::new(500, 300, 20, 20)], &[]);
        assert_eq!(plan_fill(SIZE, &border, HALO_PX).len(), 2);
    }

    #[test]
    fn a_stamp_changes_with_the_mask_in_reach_and_with_nothing_else() {
        let damage = PixelRect::new(40, 40, 30, 5);
        let stamp = |more: &[PixelRect], protected: &[PixelRect]| {
            let rects = [&[damage], more].concat();
            plan_fill(SIZE, &mask_of(&rects, protected), HALO_PX)[0].stamp
        };
        let alone = stamp(&[], &[]);
        assert_eq!(alone, stamp(&[], &[]));
        // The cell ends at 256, its window at 384, what α there depends on at 416, on the grid at 448.
        assert_ne!(alone, stamp(&[PixelRect::new(400, 40, 1, 1)], &[]));
        assert_eq!(alone, stamp(&[PixelRect::new(460, 40, 1, 1)], &[]));
        assert_ne!(alone, stamp(&[], &[PixelRect::new(75, 40, 1, 1)]));
    }

    #[test]
    fn equal_masks_in_two_cells_have_two_stamps() {
        let rects = [
            PixelRect::new(100, 100, 9, 9),
            PixelRect::new(612, 100, 9, 9),
        ];
        let plans = plan_fill(SIZE, &mask_of(&rects, &[]), 64);
        assert_eq!(plans.len(), 2);
        assert_ne!(plans[0].stamp, plans[1].stamp);
    }
}
