//! Wide losses, coarse to fine: deep inside a hole what a run at half size says replaces the low frequencies of the native
//! run, which sees too little sound picture from there. The runs themselves are `wide_runs.rs`'s work.
//!
//! A pixel's depth is how far it lies inside its hole, by the larger of the two axes. Up to [`FROM_DEPTH_PX`] nothing
//! changes; from [`FULL_DEPTH_PX`] on all frequencies below an eighth of a cycle a pixel are those of the coarse run. The
//! finer ones stay, so that what was read through the damage keeps its detail. Source of depth and weights: on the damaged
//! crops of the frozen set with pixels deeper than 12 px the whole damage gained 0.7 dB, wide opaque damage 0.5, wide
//! damage that shows what is under it 0.4 to 1.0, and damage up to 10 px nothing; a third run at quarter size lost more.
//!
//! Depth and coarse run depend on α within the halo alone, so any window that keeps its halo gives the same.

use super::alpha::AlphaSource;
use super::pyramid::level_size;
use super::shapes::RunBounds;
use super::wide_runs::{WidePart, WidePlan};
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect};
use crate::inference::{InferenceError, Tensor};
use crate::photo::Photo;
use crate::tiling::{Window, window_around};

/// Up to this depth, px, the native run stands alone: holes up to twice as wide are not looked at twice.
pub(super) const FROM_DEPTH_PX: u32 = 24;
/// From this depth on, px, the coarse run's low frequencies stand alone.
const FULL_DEPTH_PX: u32 = 40;
/// The coarse run is at half size.
pub(super) const SHIFT: u32 = 1;
/// Both runs are compared as means of blocks of this side, native px.
const BLOCK_PX: u32 = 8;
/// How far from a pixel the blocks reach that its correction is interpolated from, px.
pub(super) const BLOCK_REACH_PX: u32 = 3 * BLOCK_PX / 2;

/// Grain is measured in blocks of 8 px and 2 px around them; what it sees beside a cell has to be corrected as well.
const GRAIN_REACH_PX: u32 = 16;

/// The pixels of a photo of `size` whose halo lies in `read`, or ends at the photo's border.
fn served_by(read: PixelRect, size: ImageSize, halo_px: u32) -> PixelRect {
    let from = |start: u32| if start == 0 { 0 } else { start + halo_px };
    let until = |end: u32, most: u32| {
        if end >= most {
            most
        } else {
            end.saturating_sub(halo_px)
        }
    };
    let (x, y) = (from(read.x), from(read.y));
    let (right, bottom) = (
        until(read.right(), size.width),
        until(read.bottom(), size.height),
    );
    PixelRect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
}

/// How far from `rect` α can change its fill by way of the coarse run, in a photo of `size`; `halo_px` is stage 2's.
pub(super) fn seen_from(rect: PixelRect, size: ImageSize, halo_px: u32) -> PixelRect {
    let blocks = rect.grown_within(BLOCK_REACH_PX, size);
    native(coarse_window(blocks, size, halo_px).read, size)
}

/// No α farther than this from a cell, px, changes its fill by way of the coarse run.
pub(super) const fn reach_px(halo_px: u32) -> u32 {
    // The window begins and ends on the grid of the half-size level.
    BLOCK_REACH_PX + ((NETWORK_GRID_PX + halo_px) << SHIFT)
}

/// The half-size window that serves native `rect`.
fn coarse_window(rect: PixelRect, size: ImageSize, halo_px: u32) -> Window {
    let (x, y) = (rect.x >> SHIFT, rect.y >> SHIFT);
    let end = |native: u32| native.div_ceil(1 << SHIFT);
    let half = PixelRect::new(x, y, end(rect.right()) - x, end(rect.bottom()) - y);
    window_around(half, level_size(size, SHIFT), halo_px)
}

/// The native px of a half-size rectangle that lie in a photo of `size`.
pub(super) fn native(half: PixelRect, size: ImageSize) -> PixelRect {
    let start = |half: u32| half << SHIFT;
    let (x, y) = (
        start(half.x).min(size.width),
        start(half.y).min(size.height),
    );
    let (right, bottom) = (start(half.right()), start(half.bottom()));
    PixelRect::new(x, y, right.min(size.width) - x, bottom.min(size.height) - y)
}

/// What the coarse runs for one window read, and where they count.
pub(super) struct WideInput {
    /// One, or several blocks of a large hole.
    pub parts: Vec<WidePart>,
    /// What they fill together, half-size px.
    filled: PixelRect,
    /// What of the photo the native run reads.
    inside: PixelRect,
    /// Native px in which it counts.
    deep: PixelRect,
    /// The coarse run's share in the pixels of `deep`, 0 to 1, row-major.
    shares: Vec<f32>,
}

impl WideInput {
    /// `None` where the window serves no pixel deep in a hole; `hole` (1, 1, h, w) covers the native `read`.
    ///
    /// What is corrected follows from `read` alone, not from which of its cells are asked for: fills made one after
    /// another are those of one run, to the last bit.
    pub fn new(
        photo: &Photo,
        mask: &dyn AlphaSource,
        (hole, read): (&Tensor, PixelRect),
        bounds: RunBounds,
    ) -> Result<Option<Self>, InferenceError> {
        if !may_be_deep(hole) {
            return Ok(None);
        }
        let (size, halo_px) = (photo.size(), bounds.halo_px);
        let depths = Depths::of(hole);
        let served = served_by(read, size, halo_px).grown_within(GRAIN_REACH_PX, size);
        let deep = depths.deep_in(served, read);
        if deep.is_empty() {
            return Ok(None);
        }
        let around = coarse_window(deep.grown_within(BLOCK_REACH_PX, size), size, halo_px);
        let level = level_size(size, SHIFT);
        let plan = WidePlan::new(around.core, level, halo_px, read.size().pixel_count());
        let is_shared = plan.windows.len() > 1;
        // No correction is interpolated from further away.
        let is_needed = |window: &Window| {
            let near = native(window.core, size).grown_within(BLOCK_REACH_PX, size);
            !depths.deep_in(near.intersect(deep), read).is_empty()
        };
        let needed = plan.windows.into_iter().filter(is_needed);
        let parts = needed.map(|window| WidePart::new(photo, mask, window, is_shared, bounds));
        let shares = pixels(deep).map(|(x, y)| share(depths.at(x - read.x, y - read.y)));
        Ok(Some(Self {
            parts: parts.collect::<Result<_, InferenceError>>()?,
            filled: plan.filled,
            inside: read.intersect(size.rect()),
            deep,
            shares: shares.collect(),
        }))
    }

    /// Room for the coarse runs' answers.
    pub fn blank(&self) -> Tensor {
        let PixelRect { width, height, .. } = self.filled;
        Tensor::filled([1, 3, height as usize, width as usize], 0.0)
    }

    /// Takes `answer` (3, h, w), the fill of the half-size `core`, into `coarse`.
    pub fn take(&self, coarse: &mut Tensor, core: PixelRect, answer: &[f32]) {
        let rows = (0..3).flat_map(|c| (core.y..core.bottom()).map(move |y| (c, y)));
        let width = core.width as usize;
        for ((channel, y), source) in rows.zip(answer.chunks_exact(width)) {
            let row = channel * self.filled.height as usize + (y - self.filled.y) as usize;
            let start = row * self.filled.width as usize + (core.x - self.filled.x) as usize;
            coarse.data_mut()[start..start + width].copy_from_slice(source);
        }
    }

    /// Gives `fill` (1, 3, h, w), which covers the native `read`, the low frequencies of `coarse`, the answers to this input.
    pub fn correct(&self, fill: &mut Tensor, read: PixelRect, coarse: &Tensor) {
        for channel in 0..3 {
            let field = Field::new(self.deep, self.inside, |x, y| {
                let half = ((x >> SHIFT) - self.filled.x, (y >> SHIFT) - self.filled.y);
                at(coarse, channel, half) - at(fill, channel, (x - read.x, y - read.y))
            });
            let plane = channel * read.size().pixel_count();
            for ((x, y), &share) in pixels(self.deep).zip(&self.shares) {
                if share > 0.0 {
                    let at = plane + read.size().index(x - read.x, y - read.y);
                    let value = &mut fill.data_mut()[at];
                    *value = (*value + share * field.at(x, y)).clamp(0.0, 1.0);
                }
            }
        }
    }
}

/// The pixels of a rectangle, row by row.
fn pixels(rect: PixelRect) -> impl Iterator<Item = (u32, u32)> {
    (rect.y..rect.bottom()).flat_map(move |y| (rect.x..rect.right()).map(move |x| (x, y)))
}

/// The coarse run's share at a depth, px.
fn share(depth: u8) -> f32 {
    let span = (FULL_DEPTH_PX - FROM_DEPTH_PX) as f32;
    ((f32::from(depth) - FROM_DEPTH_PX as f32) / span).clamp(0.0, 1.0)
}

/// The value of channel `channel` of a tensor at a pixel of it.
fn at(tensor: &Tensor, channel: usize, (x, y): (u32, u32)) -> f32 {
    tensor.row(channel, y as usize)[x as usize]
}

/// Coarse less native means of blocks, interpolated between the blocks' middles.
struct Field {
    /// Column and row of the first block, in blocks.
    first: (u32, u32),
    columns: usize,
    rows: usize,
    values: Vec<f32>,
}

impl Field {
    /// Around `deep`, of the `difference` at every pixel of `inside`, the part of the photo that the window reads.
    fn new(deep: PixelRect, inside: PixelRect, difference: impl Fn(u32, u32) -> f32) -> Self {
        let half = BLOCK_PX / 2;
        let from = |start: u32, least: u32| start.saturating_sub(half).max(least) / BLOCK_PX;
        let until = |end: u32, most: u32| (end + half).min(most).div_ceil(BLOCK_PX);
        let first = (from(deep.x, inside.x), from(deep.y, inside.y));
        let end = (
            until(deep.right(), inside.right()),
            until(deep.bottom(), inside.bottom()),
        );
        let blocks = (first.1..end.1).flat_map(|row| (first.0..end.0).map(move |x| (x, row)));
        let values = blocks.map(|(column, row)| {
            let block = PixelRect::new(column * BLOCK_PX, row * BLOCK_PX, BLOCK_PX, BLOCK_PX);
            let block = block.intersect(inside);
            let sum: f32 = pixels(block).map(|(x, y)| difference(x, y)).sum();
            sum / block.size().pixel_count() as f32
        });
        Self {
            first,
            columns: (end.0 - first.0) as usize,
            rows: (end.1 - first.1) as usize,
            values: values.collect(),
        }
    }

    fn at(&self, x: u32, y: u32) -> f32 {
        let (left, right, along) = between(x, self.first.0, self.columns);
        let (upper, lower, down) = between(y, self.first.1, self.rows);
        let value = |column: usize, row: usize| self.values[row * self.columns + column];
        let mix = |a: f32, b: f32, part: f32| a + part * (b - a);
        mix(
            mix(value(left, upper), value(right, upper), along),
            mix(value(left, lower), value(right, lower), along),
            down,
        )
    }
}

/// The two of `count` blocks from `first` on between whose middles a pixel lies, and how far towards the second.
fn between(pixel: u32, first: u32, count: usize) -> (usize, usize, f32) {
    let at = (pixel as f32 + 0.5) / BLOCK_PX as f32 - 0.5 - first as f32;
    let at = at.clamp(0.0, (count - 1) as f32);
    let before = at.floor();
    let index = before as usize;
    (index, (index + 1).min(count - 1), at - before)
}

/// Whether any pixel of a hole (1, 1, h, w) may be deep, told from few of its rows; never `false` where one is.
///
/// All is hole as far as [`FROM_DEPTH_PX`] around such a pixel, so one row in so many crosses that square, in a run of hole
/// as long as the square is wide, or half of it at the window's edge.
fn may_be_deep(hole: &Tensor) -> bool {
    let [.., height, width] = hole.shape();
    let reach = FROM_DEPTH_PX as usize;
    let is_long = |row: &[f32]| {
        let mut start = 0;
        row.split(|&value| value <= 0.0).any(|run| {
            let is_at_edge = start == 0 || start + run.len() == width;
            start += run.len() + 1;
            run.len() > if is_at_edge { reach } else { 2 * reach }
        })
    };
    (0..height)
        .step_by(reach + 1)
        .any(|y| is_long(hole.row(0, y)))
}

/// How deep in its hole each pixel of a window lies, px, up to one more than counts; beyond the window all is hole.
pub(super) struct Depths {
    width: usize,
    values: Vec<u8>,
}

impl Depths {
    /// In two passes. Source: A. Rosenfeld and J. Pfaltz, "Distance functions on digital pictures", Pattern Recognition 1,
    /// 1968, the chessboard distance.
    pub fn of(hole: &Tensor) -> Self {
        const MOST: u8 = FULL_DEPTH_PX as u8 + 1;
        let [.., height, width] = hole.shape();
        let hole = hole.data();
        let mut values: Vec<u8> = hole
            .iter()
            .map(|&value| if value > 0.0 { MOST } else { 0 })
            .collect();
        for y in 0..height {
            let above = y.checked_sub(1);
            for x in 0..width {
                settle(&mut values, width, (x, y), x.checked_sub(1), above);
            }
        }
        for y in (0..height).rev() {
            let below = Some(y + 1).filter(|&below| below < height);
            for x in (0..width).rev() {
                let beside = Some(x + 1).filter(|&beside| beside < width);
                settle(&mut values, width, (x, y), beside, below);
            }
        }
        Self { width, values }
    }

    fn at(&self, x: u32, y: u32) -> u8 {
        self.values[y as usize * self.width + x as usize]
    }

    /// Bounding box of the pixels of `needed`, inside `read`, that are deeper than [`FROM_DEPTH_PX`].
    pub fn deep_in(&self, needed: PixelRect, read: PixelRect) -> PixelRect {
        let is_deep =
            |&(x, y): &(u32, u32)| u32::from(self.at(x - read.x, y - read.y)) > FROM_DEPTH_PX;
        pixels(needed.intersect(read))
            .filter(is_deep)
            .fold(PixelRect::EMPTY, |all, (x, y)| {
                all.union(PixelRect::new(x, y, 1, 1))
            })
    }
}

/// Lowers the depth at a pixel to one more than at those already settled: `beside` it, and up to three in row `next`.
fn settle(
    values: &mut [u8],
    width: usize,
    (x, y): (usize, usize),
    beside: Option<usize>,
    next: Option<usize>,
) {
    let mut least = values[y * width + x];
    if least == 0 {
        return;
    }
    if let Some(beside) = beside {
        least = least.min(values[y * width + beside] + 1);
    }
    if let Some(next) = next {
        let row = &values[next * width..][x.saturating_sub(1)..(x + 2).min(width)];
        least = row.iter().fold(least, |least, &depth| least.min(depth + 1));
    }
    values[y * width + x] = least;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_tell_where_no_pixel_is_deep() {
        let size = ImageSize::new(190, 170);
        for (x, y, side) in [
            (60, 50, 48),
            (60, 50, 49),
            (0, 50, 25),
            (3, 0, 25),
            (150, 130, 60),
        ] {
            let square = PixelRect::new(x, y, side, side).intersect(size.rect());
            let inside =
                pixels(size.rect()).map(|(x, y)| f32::from(u8::from(square.contains(x, y))));
            let hole = Tensor::new([1, 1, 170, 190], inside.collect()).unwrap();
            let is_deep = !Depths::of(&hole)
                .deep_in(size.rect(), size.rect())
                .is_empty();
            assert!(!is_deep || may_be_deep(&hole), "{square:?}");
            assert!(may_be_deep(&hole) || side <= 48, "{square:?}");
        }
        let lines = (0..170 * 190).map(|i| f32::from(u8::from(i % 190 % 60 < 40)));
        let lines = Tensor::new([1, 1, 170, 190], lines.collect()).unwrap();
        assert!(!may_be_deep(&Tensor::filled([1, 1, 64, 64], 0.0)));
        assert!(may_be_deep(&lines), "the first of them ends at the edge");
    }

    #[test]
    fn depth_is_the_distance_to_the_nearest_sound_pixel_by_the_larger_axis() {
        let mut data = vec![1.0; 9 * 7];
        data[3 * 9 + 2] = 0.0;
        let depths = Depths::of(&Tensor::new([1, 1, 7, 9], data).unwrap());
        for (x, y) in (0..9_u32).flat_map(|x| (0..7_u32).map(move |y| (x, y))) {
            let expected = x.abs_diff(2).max(y.abs_diff(3));
            assert_eq!(u32::from(depths.at(x, y)), expected, "{x}, {y}");
        }
        let nothing_sound = Depths::of(&Tensor::filled([1, 1, 5, 5], 1.0));
        assert!(share(nothing_sound.at(2, 2)) >= 1.0);
    }

    #[test]
    fn the_middle_takes_the_coarse_tone_the_rim_keeps_its_own_and_detail_stays() {
        let (read, deep) = (
            PixelRect::new(64, 0, 192, 192),
            PixelRect::new(110, 50, 90, 90),
        );
        let shares = pixels(deep).map(|(x, _)| if x < 120 { 0.0 } else { 1.0 });
        let input = WideInput {
            parts: Vec::new(),
            filled: PixelRect::new(0, 0, 128, 128),
            inside: read,
            deep,
            shares: shares.collect(),
        };
        let grain = |i: usize| if i.is_multiple_of(2) { 0.01 } else { -0.01 };
        let fine = (0..3 * 192 * 192).map(|i| 0.2 + grain(i)).collect();
        let mut fill = Tensor::new([1, 3, 192, 192], fine).unwrap();
        input.correct(&mut fill, read, &Tensor::filled([1, 3, 128, 128], 0.6));
        for (x, tone) in [(112, 0.2), (130, 0.6), (180, 0.6), (210, 0.2)] {
            let at = read.size().index(x - read.x, 90);
            assert!((fill.data()[at] - tone - grain(at)).abs() < 1e-4, "{x}");
        }
    }
}
