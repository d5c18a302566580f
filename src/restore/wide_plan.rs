//! Which cells may hold pixels so deep in a hole that they are looked at twice, told from where the mask is. Pure.

use super::alpha::ALPHA_GROWTH_PX;
use super::wide::FROM_DEPTH_PX;
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect, TileIndex};

/// Side of the squares by which the plan tells wide holes from narrow ones, px.
pub(super) const TILE_PX: u32 = 4;
/// A pixel that counts lies in a square of hole with this side, px.
const DEEP_SQUARE_PX: u32 = 2 * FROM_DEPTH_PX + 1;
/// Squares side by side that lie wholly in such a square of hole, wherever it begins.
const SQUARES: u32 = (DEEP_SQUARE_PX + 1) / TILE_PX - 1;
/// The hole of a mask reaches so many squares beyond those it touches.
const GROWTH_SQUARES: u32 = ALPHA_GROWTH_PX.div_ceil(TILE_PX);
/// How far from a cell touched squares matter, px.
pub(super) const TILES_REACH_PX: u32 = FROM_DEPTH_PX + (GROWTH_SQUARES + 1) * TILE_PX;

/// Which squares of a grid cell of the network hold `values` above 0, a row of squares in each number.
pub(super) fn touched_squares(
    values: &[u8],
    width: usize,
) -> [u16; (NETWORK_GRID_PX / TILE_PX) as usize] {
    let mut touched = [0; _];
    for (y, row) in values.chunks_exact(width.max(1)).enumerate() {
        let bits: &mut u16 = &mut touched[y / TILE_PX as usize];
        for (x, square) in row.chunks(TILE_PX as usize).enumerate() {
            *bits |= u16::from(square.iter().any(|&value| value > 0)) << x;
        }
    }
    touched
}

/// The touched squares in and around a cell, a row of them in each number.
pub(super) struct TouchedRows {
    /// Column and row of the first square; negative at the photo's upper and left edge.
    first: (i64, i64),
    rows: Vec<u128>,
}

impl TouchedRows {
    /// None yet, in and around `core`.
    pub fn around(core: PixelRect) -> Self {
        let margin = i64::from(TILES_REACH_PX / TILE_PX);
        let square = |px: u32| i64::from(px / TILE_PX);
        let rows = i64::from(core.height.div_ceil(TILE_PX)) + 2 * margin;
        Self {
            first: (square(core.x) - margin, square(core.y) - margin),
            rows: vec![0; rows as usize],
        }
    }

    /// Adds the touched squares of the network's grid cell at `index`.
    pub fn add(&mut self, index: TileIndex, touched: &[u16]) {
        let side = i64::from(NETWORK_GRID_PX / TILE_PX);
        let shift = i64::from(index.column) * side - self.first.0;
        let top = i64::from(index.row) * side - self.first.1;
        for (y, &bits) in (top..).zip(touched) {
            if let Some(row) = usize::try_from(y).ok().and_then(|y| self.rows.get_mut(y)) {
                *row |= shifted(u128::from(bits), shift);
            }
        }
    }

    /// Whether [`SQUARES`]² squares side by side may all be hole, those next to the photo of `size` included.
    pub fn may_hold_wide(&self, size: ImageSize) -> bool {
        let columns = columns(-self.first.0, size.width, 0);
        let beside = columns_beside(-self.first.0, size.width);
        let last = i64::from(size.height.div_ceil(TILE_PX)) - self.first.1;
        let beyond = i64::from(FROM_DEPTH_PX / TILE_PX);
        let grown: Vec<u128> = (0..self.rows.len())
            .map(|y| {
                let at = y as i64;
                if !(-self.first.1 - beyond..last + beyond).contains(&at) {
                    0
                } else if (-self.first.1..last).contains(&at) {
                    self.grown_row(y) & columns | beside
                } else {
                    columns | beside
                }
            })
            .collect();
        let is_wide = |rows: &[u128]| {
            let all = rows.iter().fold(u128::MAX, |all, row| all & row);
            (1..SQUARES).fold(all, |found, by| found & (all >> by)) != 0
        };
        grown.windows(SQUARES as usize).any(is_wide)
    }

    /// The squares of row `y` that the hole may reach.
    fn grown_row(&self, y: usize) -> u128 {
        let reach = GROWTH_SQUARES as usize;
        let near = y.saturating_sub(reach)..(y + reach + 1).min(self.rows.len());
        let touched = self.rows[near].iter().fold(0, |all, row| all | row);
        (0..=GROWTH_SQUARES).fold(0, |all, by| all | (touched << by) | (touched >> by))
    }
}

/// The squares of a row that lie in a photo of `width` px, and up to `more` beside it; the photo begins at `start`.
fn columns(start: i64, width: u32, more: i64) -> u128 {
    let below = |end: i64| match end {
        ..=0 => 0,
        1..128 => (1_u128 << end) - 1,
        _ => u128::MAX,
    };
    below(start + i64::from(width.div_ceil(TILE_PX)) + more) & !below(start - more)
}

/// The squares beside the photo that a square of hole around a pixel inside can reach.
fn columns_beside(start: i64, width: u32) -> u128 {
    let more = i64::from(FROM_DEPTH_PX / TILE_PX);
    columns(start, width, more) & !columns(start, width, 0)
}

/// `bits` moved by a signed number of places.
fn shifted(bits: u128, by: i64) -> u128 {
    let places = by.unsigned_abs() as u32;
    let moved = if by >= 0 {
        bits.checked_shl(places)
    } else {
        bits.checked_shr(places)
    };
    moved.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::alpha::alpha_rect;
    use super::super::plan::plan_fill;
    use super::super::wide::Depths;
    use super::*;
    use crate::inference::Tensor;
    use crate::mask::{Brush, BrushMode, EffectiveMask, Mask, line};

    fn hole_of(mask: &EffectiveMask) -> Tensor {
        let size = mask.size();
        let mut alpha = vec![0; size.pixel_count()];
        alpha_rect(mask, size.rect(), &mut alpha);
        let values = alpha.iter().map(|&value| f32::from(u8::from(value > 0)));
        let shape = [1, 1, size.height as usize, size.width as usize];
        Tensor::new(shape, values.collect()).unwrap()
    }

    /// Both ends and the width, px.
    type Stroke = ((f32, f32), (f32, f32), f32);

    fn stroked(size: ImageSize, strokes: &[Stroke]) -> EffectiveMask {
        let mut mask = Mask::new(size);
        for &(from, to, diameter_px) in strokes {
            let mode = BrushMode::Paint;
            let brush = Brush {
                diameter_px,
                hardness: 1.0,
                mode,
            };
            line(&mut mask, &brush, from, to);
        }
        EffectiveMask::new(mask, None)
    }

    fn may_be_wide(mask: &EffectiveMask, core: PixelRect) -> bool {
        let size = mask.size();
        let mut rows = TouchedRows::around(core);
        let side = NETWORK_GRID_PX;
        for row in 0..size.height.div_ceil(side) {
            for column in 0..size.width.div_ceil(side) {
                let index = TileIndex::new(column, row);
                let rect = index.rect(side, size);
                let mut values = vec![0; rect.size().pixel_count()];
                mask.read_rect(rect, &mut values);
                rows.add(index, &touched_squares(&values, rect.width as usize));
            }
        }
        rows.may_hold_wide(size)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_cell_with_a_deep_pixel_is_never_taken_for_a_narrow_one(
            strokes in prop::collection::vec(
                ((-20.0_f32..620.0, -20.0_f32..530.0), (-20.0_f32..620.0, -20.0_f32..530.0), 1.0_f32..70.0),
                1..5,
            ),
        ) {
            let size = ImageSize::new(601, 511);
            let mask = stroked(size, &strokes);
            let depths = Depths::of(&hole_of(&mask));
            for (column, row) in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)] {
                let core = TileIndex::new(column, row).rect(256, size);
                let is_deep = !depths.deep_in(core, size.rect()).is_empty();
                prop_assert!(!is_deep || may_be_wide(&mask, core), "{core:?}");
            }
        }
    }

    #[test]
    fn a_scratch_is_not_looked_at_twice_and_does_not_go_stale_from_afar() {
        let size = ImageSize::new(1024, 1024);
        for end in [(1000.0, 30.0), (1000.0, 900.0), (40.0, 1000.0)] {
            let scratch = stroked(size, &[((20.0, 30.0), end, 3.0)]);
            let depths = Depths::of(&hole_of(&scratch));
            assert!(depths.deep_in(size.rect(), size.rect()).is_empty());
            let core = PixelRect::new(256, 0, 256, 256);
            assert!(!may_be_wide(&scratch, core), "{end:?}");
        }
    }

    #[test]
    fn what_is_painted_far_away_makes_the_fill_of_a_wide_loss_stale_and_no_other() {
        let size = ImageSize::new(1536, 300);
        let stamp = |width: f32, more: bool| {
            let mut strokes = vec![((60.0, 100.0), (200.0, 100.0), width)];
            if more {
                strokes.push(((520.0, 100.0), (521.0, 100.0), 4.0));
            }
            let plans = plan_fill(size, &stroked(size, &strokes), 128);
            plans[0].stamp
        };
        assert_eq!(stamp(5.0, false), stamp(5.0, true));
        assert_ne!(stamp(60.0, false), stamp(60.0, true));
    }
}
