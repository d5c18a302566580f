//! The filled pixels of one cell: only those that show, row by row in runs. How they are made is `inpaint.rs`'s work.

use crate::geometry::{PixelRect, TileIndex};

/// Pixels side by side in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillSpan {
    /// Column of the first one, image px.
    pub x: u32,
    /// Row, image px.
    pub y: u32,
    /// How many.
    pub len: u32,
}

/// A part of a cell that was filled from a window of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillPiece {
    /// The pixels taken, image px; inside the cell.
    pub rect: PixelRect,
    /// What the network read for them.
    pub read: PixelRect,
}

/// Stage 2's answer for the pixels of one cell that show it.
///
/// A scratch fills a small part of its bounding box, so only the pixels with α > 0 are kept: memory grows with the
/// damage, not with the photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillCell {
    /// The cell.
    pub index: TileIndex,
    /// Bounding box of the pixels carried; empty when there are none.
    pub rect: PixelRect,
    /// The [`super::CellPlan::stamp`] it was made for.
    pub stamp: u64,
    /// What the network read to make it, its neighbours' fills perhaps with it: its plan's window, a smaller one where
    /// memory was short; empty when nothing was computed, or in several pieces.
    pub window: PixelRect,
    /// The pieces it was made in, when memory was too short for one window.
    pub pieces: Vec<FillPiece>,
    /// Where the pixels carried lie, row by row and from left to right; runs neither touch nor overlap.
    pub spans: Vec<FillSpan>,
    /// Filled pixels, span after span, interleaved in the photo's channels: its code values, 0 to 65,535 whatever its depth.
    pub fill: Vec<u16>,
    /// Composite α of each pixel: 255 = all fill, never 0.
    pub alpha: Vec<u8>,
    /// How much of the fill of each pixel was read through the damage: 255 = all of it.
    pub recovered: Vec<u8>,
}

/// What stage 2 says of every pixel of a rectangle, row-major.
#[derive(Clone, Debug, Default)]
pub struct RectFill {
    /// Filled pixels, interleaved in the photo's channels, 0 to 65,535.
    pub fill: Vec<u16>,
    /// Composite α: 255 = all fill, 0 = master.
    pub alpha: Vec<u8>,
    /// How much of the fill was read through the damage: 255 = all of it.
    pub recovered: Vec<u8>,
}

impl FillCell {
    /// A cell of which no pixel is filled.
    pub const fn empty(index: TileIndex, stamp: u64) -> Self {
        Self {
            index,
            rect: PixelRect::EMPTY,
            stamp,
            window: PixelRect::EMPTY,
            pieces: Vec::new(),
            spans: Vec::new(),
            fill: Vec::new(),
            alpha: Vec::new(),
            recovered: Vec::new(),
        }
    }

    /// Keeps the pixels of `rect` (inside the cell) whose α is above 0; `channels` is the photo's.
    ///
    /// # Panics
    /// When an array of `values` does not fill `rect`.
    pub fn from_rect(
        index: TileIndex,
        stamp: u64,
        rect: PixelRect,
        channels: usize,
        values: &RectFill,
    ) -> Self {
        let pixels = rect.size().pixel_count();
        assert_eq!(values.alpha.len(), pixels, "α of {rect:?}");
        assert_eq!(values.recovered.len(), pixels, "recovered of {rect:?}");
        assert_eq!(values.fill.len(), pixels * channels, "fill of {rect:?}");
        let mut cell = Self::empty(index, stamp);
        for y in 0..rect.height {
            let row = rect.size().index(0, y);
            let alpha = &values.alpha[row..row + rect.width as usize];
            for (start, len) in runs(alpha) {
                let kept = row + start..row + start + len;
                let span = FillSpan {
                    x: rect.x + start as u32,
                    y: rect.y + y,
                    len: len as u32,
                };
                cell.rect = cell.rect.union(PixelRect::new(span.x, span.y, span.len, 1));
                cell.spans.push(span);
                cell.alpha.extend_from_slice(&values.alpha[kept.clone()]);
                cell.recovered
                    .extend_from_slice(&values.recovered[kept.clone()]);
                let samples = kept.start * channels..kept.end * channels;
                cell.fill.extend_from_slice(&values.fill[samples]);
            }
        }
        for values in [&mut cell.alpha, &mut cell.recovered] {
            values.shrink_to_fit();
        }
        cell.fill.shrink_to_fit();
        cell.spans.shrink_to_fit();
        cell
    }

    /// The spans, each with the number of its first pixel in [`Self::alpha`] and [`Self::recovered`].
    pub fn spans(&self) -> impl Iterator<Item = (FillSpan, usize)> {
        self.spans.iter().scan(0, |next, &span| {
            let first = *next;
            *next += span.len as usize;
            Some((span, first))
        })
    }

    /// Column, row (image px) and number of every pixel carried, in order.
    pub fn pixels(&self) -> impl Iterator<Item = (u32, u32, usize)> {
        self.spans().flat_map(|(span, first)| {
            (0..span.len).map(move |i| (span.x + i, span.y, first + i as usize))
        })
    }

    /// Memory, bytes.
    pub fn byte_len(&self) -> usize {
        let Self {
            pieces,
            spans,
            fill,
            alpha,
            recovered,
            ..
        } = self;
        let places = size_of_val(&**spans) + size_of_val(&**pieces);
        size_of::<Self>() + places + 2 * fill.len() + alpha.len() + recovered.len()
    }
}

/// (start, length) of every run of values above 0.
fn runs(values: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + values[next..].iter().position(|&value| value > 0)?;
        let len = values[start..]
            .iter()
            .take_while(|&&value| value > 0)
            .count();
        next = start + len;
        Some((start, len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pixels_that_show_are_kept_and_each_keeps_its_place() {
        let rect = PixelRect::new(300, 20, 5, 2);
        let alpha = vec![0, 9, 8, 0, 7, 0, 0, 0, 0, 0];
        let values = RectFill {
            fill: (0..20).collect(),
            recovered: (100..110).collect(),
            alpha,
        };
        let cell = FillCell::from_rect(TileIndex::new(1, 0), 5, rect, 2, &values);
        assert_eq!(cell.rect, PixelRect::new(301, 20, 4, 1));
        let pixels: Vec<_> = cell.pixels().collect();
        assert_eq!(pixels, [(301, 20, 0), (302, 20, 1), (304, 20, 2)]);
        assert_eq!(cell.alpha, [9, 8, 7]);
        assert_eq!(cell.recovered, [101, 102, 104]);
        assert_eq!(cell.fill, [2, 3, 4, 5, 8, 9]);
    }

    #[test]
    fn a_cell_without_any_pixel_is_the_empty_one() {
        let index = TileIndex::new(0, 0);
        let rect = PixelRect::new(0, 0, 3, 1);
        let values = RectFill {
            fill: vec![1; 3],
            alpha: vec![0; 3],
            recovered: vec![2; 3],
        };
        let cell = FillCell::from_rect(index, 1, rect, 1, &values);
        assert_eq!(cell, FillCell::empty(index, 1));
    }

    #[test]
    fn a_thin_line_takes_a_small_part_of_its_box() {
        let rect = PixelRect::new(0, 0, 256, 256);
        let alpha = (0..256 * 256).map(|i| u8::from(i % 257 == 0)).collect();
        let values = RectFill {
            fill: vec![1; 3 * 256 * 256],
            alpha,
            recovered: vec![2; 256 * 256],
        };
        let cell = FillCell::from_rect(TileIndex::new(0, 0), 1, rect, 3, &values);
        assert!(cell.byte_len() < 256 * 30, "{}", cell.byte_len());
    }
}
