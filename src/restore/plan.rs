//! Which cells stage 2 has to fill for a mask, from which window, and a stamp of everything each fill depends on. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rayon::prelude::*;

use super::alpha::{ALPHA_GROWTH_PX, ALPHA_REACH_PX};
use super::group::window_of_cell;
use super::wide;
use super::wide_plan;
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
    /// What the network reads to fill it, image px, on the grid; a function of the mask and the photo's size alone.
    /// Cells with equal windows are filled from one run.
    pub window: PixelRect,
    /// Hash of the cell, its window and the mask everywhere in that window; equal stamps mean equal fills of one photo, to
    /// the last bit.
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
    blocks: Blocks,
    /// Where α may be above 0 in each cell, row by row; empty where the mask is far.
    damage: Vec<PixelRect>,
    /// One entry a cell, row by row; `None` where the mask is far.
    cells: Vec<Option<CellPlan>>,
}

impl FillPlanner {
    /// How many mask tiles [`Self::plan`] would read for `mask`.
    pub fn unplanned_tiles(&self, mask: &EffectiveMask) -> usize {
        let last = self.last.as_ref().map(|last| &last.mask);
        mask.tiles_changed_since(last)
    }

    /// The same as [`plan_fill`], at the cost of what changed since the last call.
    pub fn plan(&mut self, mask: &EffectiveMask, halo_px: u32) -> Vec<CellPlan> {
        let size = mask.size();
        let mut planned = match self.last.take() {
            Some(last) if last.mask.size() == size && last.halo_px == halo_px => last,
            _ => Planned::nothing(size, halo_px),
        };
        let changed = mask.changed_tiles(&planned.mask);
        planned.blocks.update(mask, &changed);
        planned.update_damage(size, &changed);
        planned.update_cells(size, &changed);
        planned.mask = mask.clone();
        let plans = planned.cells.iter().flatten().copied().collect();
        self.last = Some(planned);
        plans
    }
}

impl Planned {
    /// The plan of an empty mask.
    fn nothing(size: ImageSize, halo_px: u32) -> Self {
        let cells = (cell_columns(size) * size.height.div_ceil(CELL_PX)) as usize;
        Self {
            mask: EffectiveMask::new(Mask::new(size), None),
            halo_px,
            blocks: Blocks::nothing(size),
            damage: vec![PixelRect::EMPTY; cells],
            cells: vec![None; cells],
        }
    }

    /// Looks again for the damage of every cell into which the `changed` mask tiles may grow.
    fn update_damage(&mut self, size: ImageSize, changed: &[TileIndex]) {
        let columns = cell_columns(size);
        for i in cells_near(changed, ALPHA_GROWTH_PX, size) {
            let core = cell_at(i, columns).rect(CELL_PX, size);
            let near = core.grown_within(ALPHA_GROWTH_PX, size);
            let masked = self.blocks.masked_in(near);
            self.damage[i] = masked.grown_within(ALPHA_GROWTH_PX, size).intersect(core);
        }
    }

    /// Plans again every cell whose window may see one of the `changed` mask tiles, or may have changed with them: it
    /// is shared with neighbours at most.
    fn update_cells(&mut self, size: ImageSize, changed: &[TileIndex]) {
        let columns = cell_columns(size);
        let mut is_due = vec![false; self.cells.len()];
        let reach_px = (CELL_PX + self.halo_px).max(wide::reach_px(self.halo_px)) + ALPHA_REACH_PX;
        for i in cells_near(changed, reach_px, size) {
            is_due[i] = true;
        }
        let (blocks, damage, halo_px) = (&self.blocks, &self.damage, self.halo_px);
        let damage_of = |at: TileIndex| damage[(at.row * columns + at.column) as usize];
        let cells = self.cells.par_iter_mut().enumerate();
        cells.filter(|(i, _)| is_due[*i]).for_each(|(i, cell)| {
            *cell = (!damage[i].is_empty()).then(|| {
                let index = cell_at(i, columns);
                let window = window_of_cell(index, damage_of, size, halo_px);
                let core = index.rect(CELL_PX, size);
                let mut seen = window.intersect(size.rect());
                if blocks.may_be_wide(core, size) {
                    seen = seen.union(wide::seen_from(core, size, halo_px));
                }
                CellPlan {
                    index,
                    core,
                    window,
                    stamp: blocks.stamp(index, window, seen.grown_within(ALPHA_REACH_PX, size)),
                }
            });
        });
    }
}

fn cell_columns(size: ImageSize) -> u32 {
    size.width.div_ceil(CELL_PX)
}

/// The cell with number `i`, row by row.
fn cell_at(i: usize, columns: u32) -> TileIndex {
    TileIndex::new(i as u32 % columns, i as u32 / columns)
}

/// Numbers of the cells within `reach_px` of the mask tiles, each once, row by row.
fn cells_near(tiles: &[TileIndex], reach_px: u32, size: ImageSize) -> Vec<usize> {
    let columns = cell_columns(size);
    let mut is_near = vec![false; (columns * size.height.div_ceil(CELL_PX)) as usize];
    for tile in tiles {
        let seen = tile.rect(MASK_TILE_PX, size).grown_within(reach_px, size);
        for row in seen.y / CELL_PX..seen.bottom().div_ceil(CELL_PX) {
            for column in seen.x / CELL_PX..seen.right().div_ceil(CELL_PX) {
                is_near[(row * columns + column) as usize] = true;
            }
        }
    }
    (0..is_near.len()).filter(|&i| is_near[i]).collect()
}

/// What is known of the mask in one grid cell of the network.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// 0 where nothing is masked nor protected.
    hash: u64,
    /// Bounding box of mask values above 0, image px.
    masked: PixelRect,
    /// Which squares of [`wide_plan::TILE_PX`] hold mask values above 0: a row of squares each, the left one in the lowest bit.
    touched: [u16; NETWORK_GRID_PX as usize / wide_plan::TILE_PX as usize],
}

impl Block {
    const NOTHING: Self = Self {
        hash: 0,
        masked: PixelRect::EMPTY,
        touched: [0; _],
    };
}

/// The mask in every grid cell of the network, row by row.
#[derive(Debug)]
struct Blocks {
    columns: u32,
    blocks: Vec<Block>,
}

impl Blocks {
    /// The blocks of an empty mask.
    fn nothing(size: ImageSize) -> Self {
        let columns = size.width.div_ceil(NETWORK_GRID_PX);
        let rows = size.height.div_ceil(NETWORK_GRID_PX);
        Self {
            columns,
            blocks: vec![Block::NOTHING; columns as usize * rows as usize],
        }
    }

    /// Looks at every block of the `changed` mask tiles again; blocks lie wholly inside tiles.
    fn update(&mut self, mask: &EffectiveMask, changed: &[TileIndex]) {
        let size = mask.size();
        let indices = |tile: &TileIndex| Self::indices_in(tile.rect(MASK_TILE_PX, size));
        let found: Vec<(TileIndex, Block)> = changed
            .par_iter()
            .flat_map_iter(|tile| {
                indices(tile)
                    .map(|index| (index, read_block(mask, index.rect(NETWORK_GRID_PX, size))))
            })
            .collect();
        for (index, block) in found {
            self.blocks[(index.row * self.columns + index.column) as usize] = block;
        }
    }

    /// The blocks that `rect` touches, row by row.
    fn indices_in(rect: PixelRect) -> impl Iterator<Item = TileIndex> {
        let rows = rect.y / NETWORK_GRID_PX..rect.bottom().div_ceil(NETWORK_GRID_PX);
        let columns = rect.x / NETWORK_GRID_PX..rect.right().div_ceil(NETWORK_GRID_PX);
        rows.flat_map(move |row| {
            columns
                .clone()
                .map(move |column| TileIndex::new(column, row))
        })
    }

    /// The blocks that `rect` touches, row by row.
    fn inside(&self, rect: PixelRect) -> impl Iterator<Item = &Block> {
        Self::indices_in(rect)
            .map(|index| &self.blocks[(index.row * self.columns + index.column) as usize])
    }

    /// A rectangle inside `rect` that holds all its masked pixels; empty when there are none in its blocks.
    fn masked_in(&self, rect: PixelRect) -> PixelRect {
        self.inside(rect).fold(PixelRect::EMPTY, |all, block| {
            all.union(block.masked.intersect(rect))
        })
    }

    /// Whether a pixel of `core` may lie so deep in a hole that it is looked at twice; never `false` where one does.
    fn may_be_wide(&self, core: PixelRect, size: ImageSize) -> bool {
        let around = core.grown_within(wide_plan::TILES_REACH_PX, size);
        if self.masked_in(around).is_empty() {
            return false;
        }
        let mut rows = wide_plan::TouchedRows::around(core);
        for index in Self::indices_in(around) {
            let block = &self.blocks[(index.row * self.columns + index.column) as usize];
            rows.add(index, &block.touched);
        }
        rows.may_hold_wide(size)
    }

    fn stamp(&self, index: TileIndex, window: PixelRect, seen: PixelRect) -> u64 {
        let mut hasher = DefaultHasher::new();
        index.hash(&mut hasher);
        window.hash(&mut hasher);
        for block in self.inside(seen) {
            hasher.write_u64(block.hash);
        }
        hasher.finish()
    }
}

fn read_block(mask: &EffectiveMask, rect: PixelRect) -> Block {
    const SIDE: usize = NETWORK_GRID_PX as usize;
    let tile = TileIndex::new(rect.x / MASK_TILE_PX, rect.y / MASK_TILE_PX);
    let protected = mask.mask().protected.tile(tile).is_some();
    if !mask.may_touch_tile(tile) && !protected {
        return Block::NOTHING;
    }
    let mut hasher = DefaultHasher::new();
    let mut values = [0; SIDE * SIDE];
    let values = &mut values[..rect.size().pixel_count()];
    mask.read_rect(rect, values);
    let masked = bounds_of_set(values, rect);
    let touched = wide_plan::touched_squares(values, rect.width as usize);
    let mut is_set = !masked.is_empty();
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
    let hash = if is_set { hasher.finish() } else { 0 };
    Block {
        hash,
        masked,
        touched,
    }
}

/// The smallest rectangle around the values above 0, in the coordinates of `rect`'s photo.
pub(super) fn bounds_of_set(values: &[u8], rect: PixelRect) -> PixelRect {
    let mut bounds = PixelRect::EMPTY;
    for (y, row) in (rect.y..).zip(values.chunks_exact(rect.width as usize)) {
        let Some(first) = row.iter().position(|&value| value > 0) else {
            continue;
        };
        let last = row.iter().rposition(|&value| value > 0).unwrap_or(first);
        let width = (last - first) as u32 + 1;
        bounds = bounds.union(PixelRect::new(rect.x + first as u32, y, width, 1));
    }
    bounds
}

#[cfg(test)]
mod planner_tests {
    use std::sync::Arc;

    use super::super::alpha::alpha_photo;

    use proptest::prelude::*;

    use super::*;
    use crate::mask::{Brush, BrushMode, ProbabilityMap, line};

    /// Every px with α above 0 lies in a planned cell, and with its halo of 64 px in that cell's window.
    fn assert_holds_all_damage(mask: &EffectiveMask, plans: &[CellPlan]) {
        let size = mask.size();
        let alpha = alpha_photo(mask);
        let mut covered = vec![false; alpha.len()];
        for plan in plans {
            let core = plan.core;
            let mut inside = Vec::new();
            for y in core.y..core.bottom() {
                let row = size.index(core.x, y)..size.index(core.x, y) + core.width as usize;
                inside.extend_from_slice(&alpha[row.clone()]);
                covered[row].fill(true);
            }
            let seen = bounds_of_set(&inside, core).grown_within(64, size);
            assert_eq!(seen.intersect(plan.window), seen, "{plan:?}");
        }
        assert!((0..alpha.len()).all(|i| covered[i] || alpha[i] == 0));
    }

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
                assert_holds_all_damage(&effective, &plan);
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
        // α ends at 75 at most, on the grid at 128, its window at 256, what α there depends on at 288, on the grid at 320.
        assert_ne!(alone, stamp(&[], &[PixelRect::new(310, 40, 1, 1)]));
        assert_eq!(alone, stamp(&[], &[PixelRect::new(330, 40, 1, 1)]));
        // The next cell's damage is near enough to share the window.
        assert_ne!(alone, stamp(&[PixelRect::new(350, 40, 1, 1)], &[]));
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
