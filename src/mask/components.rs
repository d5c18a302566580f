//! Connected pieces of the mask, found from its rows without an image of labels.

use super::layer::tiles_in;
use super::shapes::fill_row;
use super::{BrushMode, EffectiveMask, MASK_TILE_PX, Mask};
use crate::geometry::PixelRect;

/// One connected piece; px that touch at a corner belong together (8 neighbours).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Number of px.
    pub area_px: u64,
    /// The smallest rectangle around it.
    pub bounds: PixelRect,
}

/// A piece at least this long may be a line, px.
const LINE_FROM_PX: u64 = 12;

/// A line is at least so many times as long as it is wide on average. A disc comes to 2.5, a square to 2.
const LINE_RATIO: u64 = 4;

impl Component {
    /// Whether it is long for its area: a scratch, crack, fold or hair, bent or not, rather than a speck or a spot.
    ///
    /// Its length is taken as the diagonal of its bounds, its width as area over length: diagonal² ≥ 4 area.
    pub fn is_line(&self) -> bool {
        let (width, height) = (u64::from(self.bounds.width), u64::from(self.bounds.height));
        let square = width * width + height * height;
        square >= LINE_FROM_PX * LINE_FROM_PX && square >= LINE_RATIO * self.area_px
    }
}

/// All connected pieces of px with a value ≥ `from` (1 to 255), ordered by their first px, row by row.
pub fn components(mask: &EffectiveMask, from: u8) -> Vec<Component> {
    let (_, found) = label(mask, from);
    found
}

/// Takes pieces of fewer than `min_area_px` px out of the mask, soft edges included; returns how many.
///
/// `effective` is made of `mask` and the detection.
pub fn remove_specks(mask: &mut Mask, effective: &EffectiveMask, min_area_px: u64) -> usize {
    erase_components(mask, effective, |piece| piece.area_px < min_area_px)
}

/// Takes the pieces that are `unwanted` out of the mask, soft edges included; returns how many.
///
/// `effective` is made of `mask` and the detection.
pub(super) fn erase_components(
    mask: &mut Mask,
    effective: &EffectiveMask,
    unwanted: impl Fn(&Component) -> bool,
) -> usize {
    let (runs, found) = label(effective, 1);
    let goes: Vec<bool> = found.iter().map(unwanted).collect();
    for run in runs.iter().filter(|run| goes[run.component]) {
        fill_row(mask, BrushMode::Erase, run.y, run.start, run.end);
    }
    goes.iter().filter(|&&goes| goes).count()
}

/// Takes every piece that is not `wanted` out of the mask, soft edges included.
pub(super) fn keep_components(
    mask: &mut Mask,
    effective: &EffectiveMask,
    wanted: impl Fn(&Component) -> bool,
) {
    erase_components(mask, effective, |piece| !wanted(piece));
}

/// Neighbouring px of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub y: u32,
    pub start: u32,
    pub end: u32,
    /// Index of its component; while they are being found, of the run that stands for it.
    pub component: usize,
}

impl Run {
    /// The pixels as a rectangle of one row.
    pub const fn rect(&self) -> PixelRect {
        PixelRect::new(self.start, self.y, self.end - self.start, 1)
    }
}

/// Finds the runs, joins those that touch, and numbers the pieces by first appearance.
pub(super) fn label(mask: &EffectiveMask, from: u8) -> (Vec<Run>, Vec<Component>) {
    let mut runs = runs(mask, from.max(1));
    join(&mut runs);
    let mut numbers = vec![usize::MAX; runs.len()];
    let mut found: Vec<Component> = Vec::new();
    for i in 0..runs.len() {
        let root = root(&mut runs, i);
        if numbers[root] == usize::MAX {
            numbers[root] = found.len();
            found.push(Component {
                area_px: 0,
                bounds: PixelRect::EMPTY,
            });
        }
        let run = runs[i];
        let component = &mut found[numbers[root]];
        component.area_px += u64::from(run.end - run.start);
        component.bounds = component.bounds.union(run.rect());
    }
    for i in 0..runs.len() {
        let root = root(&mut runs, i);
        numbers[i] = numbers[root];
    }
    for (run, &number) in runs.iter_mut().zip(&numbers) {
        run.component = number;
    }
    (runs, found)
}

/// All runs, row by row.
fn runs(mask: &EffectiveMask, from: u8) -> Vec<Run> {
    let size = mask.size();
    let mut runs: Vec<Run> = Vec::new();
    let mut row = vec![0; size.width as usize];
    for top in (0..size.height).step_by(MASK_TILE_PX as usize) {
        let band = PixelRect::new(0, top, size.width, MASK_TILE_PX).intersect(size.rect());
        if !tiles_in(band).any(|index| mask.may_touch_tile(index)) {
            continue;
        }
        for y in band.y..band.bottom() {
            mask.read_rect(PixelRect::new(0, y, size.width, 1), &mut row);
            let mut x = 0;
            for part in row.chunk_by(|a, b| (*a >= from) == (*b >= from)) {
                let end = x + part.len() as u32;
                if part[0] >= from {
                    let component = runs.len();
                    runs.push(Run {
                        y,
                        start: x,
                        end,
                        component,
                    });
                }
                x = end;
            }
        }
    }
    runs
}

/// Joins runs of neighbouring rows that touch, corners included.
fn join(runs: &mut [Run]) {
    let mut above = 0;
    for i in 0..runs.len() {
        let run = runs[i];
        while runs[above].y + 1 < run.y
            || (runs[above].y + 1 == run.y && runs[above].end < run.start)
        {
            above += 1;
        }
        let mut other = above;
        while runs[other].y + 1 == run.y && runs[other].start <= run.end {
            let (a, b) = (root(runs, other), root(runs, i));
            runs[a.max(b)].component = a.min(b);
            other += 1;
        }
    }
}

/// The run that stands for the piece of run `i`; shortens the way for the next question.
fn root(runs: &mut [Run], mut i: usize) -> usize {
    while runs[i].component != i {
        let next = runs[i].component;
        runs[i].component = runs[next].component;
        i = next;
    }
    i
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::MaskLayer;

    fn effective(size: ImageSize, values: &[u8]) -> EffectiveMask {
        let mut mask = Mask::new(size);
        mask.added = MaskLayer::from_raster(size, values);
        EffectiveMask::new(mask, None)
    }

    /// The pieces by flooding, with the index of the piece for every px.
    fn flooded(size: ImageSize, values: &[u8], from: u8) -> (Vec<Component>, Vec<usize>) {
        let mut pieces = Vec::new();
        let mut piece_of = vec![usize::MAX; values.len()];
        for start in 0..values.len() {
            if values[start] < from || piece_of[start] != usize::MAX {
                continue;
            }
            let mut piece = Component {
                area_px: 0,
                bounds: PixelRect::EMPTY,
            };
            let mut open = vec![start];
            piece_of[start] = pieces.len();
            while let Some(i) = open.pop() {
                let (x, y) = (i as u32 % size.width, i as u32 / size.width);
                let pixel = PixelRect::new(x, y, 1, 1);
                piece.area_px += 1;
                piece.bounds = piece.bounds.union(pixel);
                let around = pixel.grown_within(1, size);
                for y in around.y..around.bottom() {
                    for x in around.x..around.right() {
                        let j = size.index(x, y);
                        if values[j] >= from && piece_of[j] == usize::MAX {
                            piece_of[j] = pieces.len();
                            open.push(j);
                        }
                    }
                }
            }
            pieces.push(piece);
        }
        (pieces, piece_of)
    }

    fn any_picture() -> impl Strategy<Value = (ImageSize, Vec<u8>)> {
        (1_u32..40, 1_u32..40).prop_flat_map(|(width, height)| {
            let size = ImageSize::new(width, height);
            let value = prop_oneof![3 => Just(0_u8), 1 => any::<u8>(), 1 => Just(255)];
            let values = prop::collection::vec(value, size.pixel_count());
            values.prop_map(move |values| (size, values))
        })
    }

    proptest! {
        #[test]
        fn pieces_are_those_that_flooding_finds((size, values) in any_picture(), from in 1_u8..=255) {
            let found = components(&effective(size, &values), from);
            prop_assert_eq!(found, flooded(size, &values, from).0);
        }

        #[test]
        fn specks_go_and_everything_else_stays((size, values) in any_picture(), min_area in 0_u64..30) {
            let before = effective(size, &values);
            let mut mask = before.mask().clone();
            let (pieces, piece_of) = flooded(size, &values, 1);
            let removed = remove_specks(&mut mask, &before, min_area);
            prop_assert_eq!(removed, pieces.iter().filter(|p| p.area_px < min_area).count());
            let after = EffectiveMask::new(mask, None).to_raster();
            for (i, (&old, &new)) in values.iter().zip(&after).enumerate() {
                let speck = old > 0 && pieces[piece_of[i]].area_px < min_area;
                prop_assert_eq!(new, if speck { 0 } else { old });
            }
        }
    }

    #[test]
    fn a_piece_across_tiles_is_one() {
        let size = ImageSize::new(600, 600);
        let mut values = vec![0; size.pixel_count()];
        for i in 0..600 {
            values[size.index(i, i)] = 255;
        }
        values[size.index(500, 3)] = 255;
        let found = components(&effective(size, &values), 128);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].area_px, 600);
        assert_eq!(found[0].bounds, size.rect());
        assert_eq!(found[1].bounds, PixelRect::new(500, 3, 1, 1));
    }
}
