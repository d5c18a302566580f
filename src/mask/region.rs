//! Connected areas under a click: holes that marks enclose, and marked pieces. Nothing of pointers or undo.

use std::collections::HashMap;

use super::shapes::fill_row;
use super::{BrushMode, EffectiveMask, MASKED_FROM, Mask};
use crate::geometry::{PixelPoint, PixelRect};

/// Which area a click means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Unmarked px that marks enclose; 4 neighbours, so that a line of px that touch at corners closes it.
    Hole,
    /// Marked px that belong together; 8 neighbours.
    Piece,
    /// Px without protection that protection encloses; 4 neighbours.
    ProtectedHole,
    /// Protected px that belong together; 8 neighbours.
    ProtectedPiece,
}

impl Region {
    /// The area that a click in `mode` fills, or takes away.
    pub const fn of_mode(mode: BrushMode) -> Self {
        match mode {
            BrushMode::Paint => Self::Hole,
            BrushMode::Erase => Self::Piece,
            BrushMode::Protect => Self::ProtectedHole,
            BrushMode::Unprotect => Self::ProtectedPiece,
        }
    }

    /// What filling it, or taking it away, is called in the history.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hole => "Fill hole",
            Self::Piece => "Erase piece",
            Self::ProtectedHole => "Protect hole",
            Self::ProtectedPiece => "Unprotect piece",
        }
    }

    const fn is_hole(self) -> bool {
        matches!(self, Self::Hole | Self::ProtectedHole)
    }
}

/// The area under the click reaches the photo's edge, so nothing encloses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnclosed;

/// Fills the hole under `at`, or takes the piece under it away, as `mode` says; returns the px that may have changed.
///
/// Empty when there is no such area under `at`. `effective` is made of `mask` and the detection.
///
/// # Errors
/// [`NotEnclosed`]; the mask is as before.
pub fn fill_region(
    mask: &mut Mask,
    effective: &EffectiveMask,
    mode: BrushMode,
    at: PixelPoint,
) -> Result<PixelRect, NotEnclosed> {
    let spans = Search::new(effective, Region::of_mode(mode)).spans(at)?;
    let mut dirty = PixelRect::EMPTY;
    for (y, start, end) in spans {
        fill_row(mask, mode, y, start, end);
        dirty = dirty.union(PixelRect::new(start, y, end - start, 1));
    }
    Ok(dirty)
}

/// One row of the photo while it is searched.
struct Row {
    /// Whether each px belongs to the kind of area looked for.
    belongs: Vec<bool>,
    /// Px found before.
    found: Vec<bool>,
}

struct Search<'a> {
    effective: &'a EffectiveMask,
    region: Region,
    rows: HashMap<u32, Row>,
}

impl<'a> Search<'a> {
    fn new(effective: &'a EffectiveMask, region: Region) -> Self {
        Self {
            effective,
            region,
            rows: HashMap::new(),
        }
    }

    fn row(&mut self, y: u32) -> &mut Row {
        let (effective, region) = (self.effective, self.region);
        self.rows.entry(y).or_insert_with(|| {
            let width = effective.size().width;
            let rect = PixelRect::new(0, y, width, 1);
            let mut values = vec![0; width as usize];
            match region {
                Region::Hole | Region::Piece => effective.read_rect(rect, &mut values),
                Region::ProtectedHole | Region::ProtectedPiece => {
                    effective.protected_rect(rect, &mut values);
                }
            }
            let belongs = values.iter().map(|&value| match region {
                Region::Hole | Region::ProtectedHole => value < MASKED_FROM,
                // Soft edges belong to the piece.
                Region::Piece | Region::ProtectedPiece => value > 0,
            });
            Row {
                belongs: belongs.collect(),
                found: vec![false; width as usize],
            }
        })
    }

    /// The whole run around column `x` of row `y` as (start, end), unless it is no part of the area or was found before.
    fn take_run(&mut self, x: u32, y: u32) -> Option<(u32, u32)> {
        let row = self.row(y);
        let at = x as usize;
        if !row.belongs[at] || row.found[at] {
            return None;
        }
        let start = row.belongs[..at].iter().rposition(|&belongs| !belongs);
        let start = start.map_or(0, |before| before + 1);
        let length = row.belongs[at..].iter().position(|&belongs| !belongs);
        let end = length.map_or(row.belongs.len(), |length| at + length);
        row.found[start..end].fill(true);
        Some((start as u32, end as u32))
    }

    /// All runs of the area under `at` as (row, start, end).
    fn spans(&mut self, at: PixelPoint) -> Result<Vec<(u32, u32, u32)>, NotEnclosed> {
        let size = self.effective.size();
        let inside = |value: i64, len: u32| (0..i64::from(len)).contains(&value);
        if !inside(at.x, size.width) || !inside(at.y, size.height) {
            return Ok(Vec::new());
        }
        let mut open = vec![(at.x as u32, at.x as u32 + 1, at.y as u32)];
        let mut spans = Vec::new();
        while let Some((from, to, y)) = open.pop() {
            let mut x = from;
            while x < to {
                let Some((start, end)) = self.take_run(x, y) else {
                    x += 1;
                    continue;
                };
                let at_edge = start == 0 || end == size.width || y == 0 || y + 1 == size.height;
                if self.region.is_hole() && at_edge {
                    return Err(NotEnclosed);
                }
                spans.push((y, start, end));
                // Pieces also hang together at corners.
                let reach = u32::from(!self.region.is_hole());
                let near = (start.saturating_sub(reach), (end + reach).min(size.width));
                let rows = [y.checked_sub(1), (y + 1 < size.height).then_some(y + 1)];
                open.extend(rows.into_iter().flatten().map(|row| (near.0, near.1, row)));
                x = end;
            }
        }
        Ok(spans)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, MaskLayer, poly_line};

    const SIZE: ImageSize = ImageSize::new(300, 60);

    fn with_ring(mode: BrushMode) -> Mask {
        let mut mask = Mask::new(SIZE);
        let brush = Brush {
            diameter_px: 3.0,
            hardness: 1.0,
            mode,
        };
        let ring = [
            (240.0, 10.0),
            (280.0, 10.0),
            (280.0, 50.0),
            (240.0, 50.0),
            (240.0, 10.0),
        ];
        poly_line(&mut mask, &brush, &ring);
        mask
    }

    fn fill(mask: &mut Mask, mode: BrushMode, x: i64, y: i64) -> Result<PixelRect, NotEnclosed> {
        let effective = EffectiveMask::new(mask.clone(), None);
        fill_region(mask, &effective, mode, PixelPoint::new(x, y))
    }

    #[test]
    fn a_click_inside_a_ring_fills_it_and_one_outside_says_that_nothing_encloses_it() {
        for (mode, layer) in [
            (
                BrushMode::Paint,
                (|mask: &Mask| mask.added.clone()) as fn(&Mask) -> MaskLayer,
            ),
            (BrushMode::Protect, |mask: &Mask| mask.protected.clone()),
        ] {
            let mut mask = with_ring(mode);
            let before = layer(&mask).to_raster();
            assert_eq!(fill(&mut mask, mode, 100, 30), Err(NotEnclosed));
            assert_eq!(layer(&mask).to_raster(), before);
            assert!(fill(&mut mask, mode, 260, 30).unwrap().contains(260, 30));
            assert_eq!(layer(&mask).get(260, 30), 255);
            assert_eq!(layer(&mask).get(230, 30), 0);
            assert_eq!(fill(&mut mask, mode, 260, 30), Ok(PixelRect::EMPTY));
            assert_eq!(fill(&mut mask, mode, -5, 30), Ok(PixelRect::EMPTY));
        }
    }

    #[test]
    fn a_piece_is_taken_away_whole_and_others_stay() {
        let mut mask = with_ring(BrushMode::Paint);
        let brush = Brush {
            diameter_px: 5.0,
            hardness: 0.0,
            mode: BrushMode::Paint,
        };
        poly_line(&mut mask, &brush, &[(20.0, 20.0)]);
        assert!(
            !fill(&mut mask, BrushMode::Erase, 240, 30)
                .unwrap()
                .is_empty()
        );
        let left = EffectiveMask::new(mask, None).to_raster();
        assert_eq!(left[SIZE.index(280, 30)], 0);
        assert_eq!(left[SIZE.index(20, 20)], 255);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_hole_is_the_unmarked_area_that_can_be_reached_without_crossing_a_mark(
            marks in prop::collection::vec((0_u32..24, 0_u32..16), 60..160),
            at in (0_u32..24, 0_u32..16),
        ) {
            let size = ImageSize::new(24, 16);
            let mut values = vec![0; size.pixel_count()];
            for (x, y) in marks {
                values[size.index(x, y)] = 255;
            }
            let mut mask = Mask::new(size);
            mask.added = MaskLayer::from_raster(size, &values);
            let point = PixelPoint::new(i64::from(at.0), i64::from(at.1));
            let effective = EffectiveMask::new(mask.clone(), None);
            let result = fill_region(&mut mask, &effective, BrushMode::Paint, point);

            let mut reached = vec![false; values.len()];
            let mut open = vec![at];
            let mut at_edge = false;
            while let Some((x, y)) = open.pop() {
                if x >= size.width || y >= size.height || values[size.index(x, y)] > 0 {
                    continue;
                }
                if std::mem::replace(&mut reached[size.index(x, y)], true) {
                    continue;
                }
                at_edge |= x == 0 || y == 0 || x + 1 == size.width || y + 1 == size.height;
                open.extend([
                    (x.wrapping_sub(1), y),
                    (x + 1, y),
                    (x, y.wrapping_sub(1)),
                    (x, y + 1),
                ]);
            }
            prop_assert_eq!(result.is_err(), at_edge);
            if !at_edge {
                for (value, reached) in values.iter_mut().zip(reached) {
                    if reached {
                        *value = 255;
                    }
                }
            }
            prop_assert_eq!(mask.added.to_raster(), values);
        }
    }
}
