//! A set of pixels as runs, row by row: an area that a person decided on. No values, no tiles.

use crate::geometry::PixelRect;

/// Pixels side by side in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionSpan {
    /// Row, image px.
    pub y: u32,
    /// Column of the first one, image px.
    pub x: u32,
    /// How many, at least one.
    pub len: u32,
}

impl RegionSpan {
    /// The column after the last one.
    pub const fn end(self) -> u32 {
        self.x + self.len
    }
}

/// At least one pixel; runs are sorted and neither touch nor overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelRegion {
    spans: Vec<RegionSpan>,
    bounds: PixelRect,
    pixels: u64,
    /// Number of the first span and of its first pixel for each row of `bounds`, and both counts at the end.
    rows: Vec<(usize, usize)>,
}

impl PixelRegion {
    /// The pixels of `spans`, which may come in any order and overlap; `None` when there are none.
    pub fn from_spans(mut spans: Vec<RegionSpan>) -> Option<Self> {
        spans.retain(|span| span.len > 0);
        spans.sort_unstable();
        let mut joined: Vec<RegionSpan> = Vec::with_capacity(spans.len());
        for span in spans {
            match joined.last_mut() {
                Some(last) if last.y == span.y && last.end() >= span.x => {
                    last.len = last.end().max(span.end()) - last.x;
                }
                _ => joined.push(span),
            }
        }
        let (first, last) = (*joined.first()?, *joined.last()?);
        let left = joined.iter().map(|span| span.x).min()?;
        let right = joined.iter().map(|span| span.end()).max()?;
        let bounds = PixelRect::new(left, first.y, right - left, last.y + 1 - first.y);
        let (mut span, mut pixels) = (0, 0);
        let rows = (bounds.y..=bounds.bottom())
            .map(|y| {
                while joined.get(span).is_some_and(|above| above.y < y) {
                    pixels += joined[span].len as usize;
                    span += 1;
                }
                (span, pixels)
            })
            .collect();
        Some(Self {
            pixels: pixels as u64,
            bounds,
            rows,
            spans: joined,
        })
    }

    /// The pixels of `rect`, row-major, that `belongs`; `None` when there are none.
    pub fn from_rect(rect: PixelRect, belongs: &[bool]) -> Option<Self> {
        let mut spans = Vec::new();
        for (y, row) in (rect.y..).zip(belongs.chunks(rect.width.max(1) as usize)) {
            let mut x = rect.x;
            for run in row.chunk_by(|a, b| a == b) {
                let len = run.len() as u32;
                if run[0] {
                    spans.push(RegionSpan { y, x, len });
                }
                x += len;
            }
        }
        Self::from_spans(spans)
    }

    /// The runs, row by row and from left to right.
    pub fn spans(&self) -> &[RegionSpan] {
        &self.spans
    }

    /// The smallest rectangle around it.
    pub const fn bounds(&self) -> PixelRect {
        self.bounds
    }

    /// Number of pixels.
    pub const fn pixel_count(&self) -> u64 {
        self.pixels
    }

    /// The runs of row `y`.
    pub fn row(&self, y: u32) -> &[RegionSpan] {
        if y < self.bounds.y || y >= self.bounds.bottom() {
            return &[];
        }
        let row = (y - self.bounds.y) as usize;
        &self.spans[self.rows[row].0..self.rows[row + 1].0]
    }

    /// The runs of row `y`, each with the number of its first pixel in the whole region.
    pub fn numbered_row(&self, y: u32) -> impl Iterator<Item = (RegionSpan, usize)> + '_ {
        let row = self.row(y);
        let first = row
            .first()
            .map_or(0, |span| self.rows[(span.y - self.bounds.y) as usize].1);
        row.iter().scan(first, |next, &span| {
            let first = *next;
            *next += span.len as usize;
            Some((span, first))
        })
    }

    /// Whether the pixel belongs to it.
    pub fn contains(&self, x: u32, y: u32) -> bool {
        let row = self.row(y);
        row.iter().any(|span| (span.x..span.end()).contains(&x))
    }

    /// Whether every pixel of `other` belongs to it.
    pub fn covers(&self, other: &Self) -> bool {
        let is_inside = |inner: &RegionSpan| {
            let row = self.row(inner.y);
            row.iter()
                .any(|span| span.x <= inner.x && inner.end() <= span.end())
        };
        other.spans.iter().all(is_inside)
    }

    /// Whether a pixel belongs to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.bounds.intersect(other.bounds).is_empty() {
            return false;
        }
        other.spans.iter().any(|span| {
            let row = self.row(span.y);
            row.iter()
                .any(|own| own.x < span.end() && span.x < own.end())
        })
    }

    /// For every pixel of `rect`, row-major: whether it belongs.
    pub fn flags(&self, rect: PixelRect) -> Vec<bool> {
        let mut flags = vec![false; rect.size().pixel_count()];
        let rows = rect.y..rect.bottom();
        for span in rows.flat_map(|y| self.row(y)) {
            let part = PixelRect::new(span.x, span.y, span.len, 1).intersect(rect);
            if !part.is_empty() {
                let start = rect.size().index(part.x - rect.x, part.y - rect.y);
                flags[start..start + part.width as usize].fill(true);
            }
        }
        flags
    }

    /// Memory, bytes.
    pub fn byte_len(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.spans) + size_of_val(&*self.rows)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_flags() -> impl Strategy<Value = (PixelRect, Vec<bool>)> {
        (0_u32..40, 0_u32..40, 1_u32..20, 1_u32..20).prop_flat_map(|(x, y, width, height)| {
            let rect = PixelRect::new(x, y, width, height);
            let flags = prop::collection::vec(any::<bool>(), rect.size().pixel_count());
            (Just(rect), flags)
        })
    }

    proptest! {
        #[test]
        fn a_region_holds_the_pixels_it_was_made_of(
            (rect, flags) in any_flags(),
            (_, others) in any_flags(),
        ) {
            let Some(region) = PixelRegion::from_rect(rect, &flags) else {
                prop_assert!(!flags.contains(&true));
                return Ok(());
            };
            prop_assert!(region.flags(rect) == flags);
            let count = flags.iter().filter(|&&flag| flag).count();
            prop_assert_eq!(region.pixel_count(), count as u64);
            for y in 0..64 {
                for x in 0..64 {
                    let inside = rect.contains(x, y)
                        && flags[rect.size().index(x - rect.x, y - rect.y)];
                    prop_assert_eq!(region.contains(x, y), inside);
                }
            }
            let mut spans = region.spans().to_vec();
            spans.reverse();
            spans.extend_from_slice(region.spans());
            let again = PixelRegion::from_spans(spans);
            prop_assert_eq!(again.as_ref(), Some(&region));
            // Another one of the same rectangle.
            let other: Vec<bool> = others.iter().copied().cycle().take(flags.len()).collect();
            if let Some(second) = PixelRegion::from_rect(rect, &other) {
                let pairs = || flags.iter().zip(&other);
                prop_assert_eq!(region.covers(&second), pairs().all(|(a, b)| *a || !*b));
                prop_assert_eq!(region.overlaps(&second), pairs().any(|(a, b)| *a && *b));
            }
        }
    }
}
