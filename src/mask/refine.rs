//! Named operations on the mask as it acts, each one edit: what they are called and what they do. No threads, no history.

use std::sync::Arc;

use super::components::{erase_components, keep_components};
use super::ops::{clear_rect, grow, invert, rewrite, set_raster, shrink, squared_distances};
use super::{
    BrushMode, Component, EffectiveMask, MASKED_FROM, MAX_GROW_PX, Mask, NotEnclosed, PixelRegion,
    Region, Shape, clear_region, fill_region, label,
};
use crate::geometry::{PixelPoint, PixelRect};

/// An operation on the effective mask that writes the person's layers, so that its result holds whatever is detected.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskOperation {
    /// Wider by so many px, up to [`MAX_GROW_PX`].
    Grow(u32),
    /// Narrower by so many px, up to [`MAX_GROW_PX`].
    Shrink(u32),
    /// A soft rim so many px wide, up to [`MAX_GROW_PX`], outside of what is marked, which stays marked in full.
    Feather(u32),
    /// Marked and unmarked exchanged.
    Invert,
    /// Pieces less than so many px long and wide are taken out.
    RemoveSpecks(u32),
    /// Only scratches, cracks and hairs stay: see [`Component::is_line`].
    KeepLines,
    /// Only specks and spots stay.
    KeepSpecks,
    /// Marked where the values of an area are high.
    Raise {
        /// The area, inside the photo.
        area: PixelRect,
        /// Row-major, 255 = surely damage.
        values: Arc<Vec<u8>>,
        /// The least value that is marked.
        from: u8,
    },
    /// The hole or the piece under a point filled or taken away, as the brush mode says: see [`fill_region`].
    Region(BrushMode, PixelPoint),
    /// The pixels of a region taken out.
    Clear(Arc<PixelRegion>),
    /// Everything taken out, what is detected included.
    ClearAll,
    /// A shape drawn in a mode.
    Draw(BrushMode, Shape),
    /// Another mask instead, row-major, of the photo's size, 255 = repair.
    Replace(Arc<Vec<u8>>),
}

impl MaskOperation {
    /// Its name in the history.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Grow(_) => label::GROW,
            Self::Shrink(_) => label::SHRINK,
            Self::Feather(_) => "Feather marks",
            Self::Invert => label::INVERT,
            Self::RemoveSpecks(_) => label::REMOVE_SPECKS,
            Self::KeepLines => "Keep lines",
            Self::KeepSpecks => "Keep specks",
            Self::Raise { .. } => "Search area again",
            Self::Region(mode, _) => Region::of_mode(*mode).label(),
            Self::Clear(_) => "Clear marks in area",
            Self::ClearAll => label::CLEAR_MASK,
            Self::Draw(mode, shape) => shape.label(*mode),
            Self::Replace(_) => label::LOAD_MASK,
        }
    }

    /// Carries it out on `mask`; `effective` is made of it and the detection. Protection stays as it is.
    ///
    /// # Errors
    /// [`NotEnclosed`] of [`Self::Region`]; the mask is as before.
    ///
    /// # Panics
    /// When the values of [`Self::Replace`] are not of the photo's size.
    pub fn apply(&self, mask: &mut Mask, effective: &EffectiveMask) -> Result<(), NotEnclosed> {
        match self {
            Self::Grow(px) => grow(mask, effective, *px),
            Self::Shrink(px) => shrink(mask, effective, *px),
            Self::Feather(px) => feather(mask, effective, *px),
            Self::Invert => invert(mask, effective),
            Self::RemoveSpecks(below_px) => {
                erase_components(mask, effective, |piece| {
                    piece.bounds.size().long_side() < *below_px
                });
            }
            Self::KeepLines => keep_components(mask, effective, Component::is_line),
            Self::KeepSpecks => keep_components(mask, effective, |piece| !piece.is_line()),
            Self::Raise { area, values, from } => {
                rewrite(mask, effective, *area, |part, before| {
                    let row = |y: u32| {
                        let start = area.size().index(part.x - area.x, y - area.y);
                        &values[start..][..part.width as usize]
                    };
                    let found = (part.y..part.bottom()).flat_map(row);
                    let pairs = before.iter().zip(found);
                    pairs
                        .map(|(&before, found)| if found >= from { 255 } else { before })
                        .collect()
                });
            }
            Self::Region(mode, at) => {
                fill_region(mask, effective, *mode, *at)?;
            }
            Self::Clear(region) => clear_region(mask, effective, region),
            Self::ClearAll => clear_rect(mask, effective, mask.size().rect()),
            Self::Draw(mode, shape) => {
                shape.draw(mask, *mode);
            }
            Self::Replace(values) => set_raster(mask, effective, values),
        }
        Ok(())
    }
}

/// Gives the mask a soft rim of `px` outside: a smoothstep of the distance from the nearest masked px.
fn feather(mask: &mut Mask, effective: &EffectiveMask, px: u32) {
    let px = px.min(MAX_GROW_PX);
    let rect = mask.size().rect();
    let width = px as f32 + 1.0;
    rewrite(mask, effective, rect, |rect, before| {
        let squares = squared_distances(effective, rect, px, |value| value >= MASKED_FROM);
        let pairs = squares.iter().zip(before);
        pairs
            .map(|(&square, &value)| {
                let t = (1.0 - f32::from(square).sqrt() / width).clamp(0.0, 1.0);
                value.max((t * t * (3.0 - 2.0 * t) * 255.0).round() as u8)
            })
            .collect()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode, ProbabilityMap, poly_line};

    const SIZE: ImageSize = ImageSize::new(300, 200);

    /// A detected vertical scratch 3 px wide at x = 100, a painted blob at (200, 100), a protected corner.
    fn state() -> (Mask, Arc<ProbabilityMap>) {
        let mut mask = Mask::new(SIZE);
        let brush = |diameter_px, mode| Brush {
            diameter_px,
            hardness: 1.0,
            mode,
        };
        poly_line(&mut mask, &brush(20.0, BrushMode::Paint), &[(200.0, 100.0)]);
        poly_line(&mut mask, &brush(9.0, BrushMode::Protect), &[(100.0, 30.0)]);
        let mut map = vec![0; SIZE.pixel_count()];
        for y in 20..180 {
            for x in 99..102 {
                map[SIZE.index(x, y)] = 200;
            }
        }
        (mask, Arc::new(ProbabilityMap::new(SIZE, map)))
    }

    fn after(operation: &MaskOperation) -> (Vec<u8>, Vec<u8>) {
        let (mut mask, map) = state();
        let combined =
            |mask: &Mask| EffectiveMask::new(mask.clone(), Some((Arc::clone(&map), 128)));
        let before = combined(&mask);
        operation.apply(&mut mask, &before).unwrap();
        (before.to_raster(), combined(&mask).to_raster())
    }

    fn at(values: &[u8], x: u32, y: u32) -> u8 {
        values[SIZE.index(x, y)]
    }

    #[test]
    fn lines_and_specks_are_told_apart_by_their_shape() {
        let (_, lines) = after(&MaskOperation::KeepLines);
        assert_eq!((at(&lines, 100, 100), at(&lines, 200, 100)), (255, 0));
        let (_, specks) = after(&MaskOperation::KeepSpecks);
        assert_eq!((at(&specks, 100, 100), at(&specks, 200, 100)), (0, 255));
    }

    #[test]
    fn specks_are_measured_across() {
        // The blob is 20 px across; protection cuts a piece of a few px off the end of the scratch.
        let (before, small) = after(&MaskOperation::RemoveSpecks(19));
        assert_eq!((at(&small, 100, 100), at(&small, 200, 100)), (255, 255));
        assert_eq!((at(&before, 100, 21), at(&small, 100, 21)), (255, 0));
        let (_, large) = after(&MaskOperation::RemoveSpecks(25));
        assert_eq!((at(&large, 100, 100), at(&large, 200, 100)), (255, 0));
    }

    #[test]
    fn a_feather_softens_outward_and_takes_nothing_away() {
        let (before, soft) = after(&MaskOperation::Feather(6));
        assert!(
            before
                .iter()
                .zip(&soft)
                .all(|(before, soft)| soft >= before)
        );
        let row: Vec<u8> = (101..110).map(|x| at(&soft, x, 100)).collect();
        assert_eq!(row[0], 255);
        assert!(row[..7].windows(2).all(|pair| pair[0] > pair[1]), "{row:?}");
        assert_eq!(row[7..], [0, 0]);
    }

    #[test]
    fn nothing_marks_what_is_protected() {
        for operation in [
            MaskOperation::Grow(5),
            MaskOperation::Feather(5),
            MaskOperation::Invert,
            MaskOperation::Replace(Arc::new(vec![255; SIZE.pixel_count()])),
        ] {
            let (_, values) = after(&operation);
            assert_eq!(at(&values, 100, 30), 0, "{operation:?}");
            assert!(at(&values, 103, 100) > 0, "{operation:?}");
        }
    }

    #[test]
    fn what_is_found_in_an_area_is_added_there_and_nowhere_else() {
        let area = PixelRect::new(240, 50, 30, 20);
        let mut values = vec![40; area.size().pixel_count()];
        values[area.size().index(29, 19)] = 90;
        let values = Arc::new(values);
        let (before, raised) = after(&MaskOperation::Raise {
            area,
            values,
            from: 64,
        });
        let changed = before.iter().zip(&raised).filter(|(a, b)| a != b).count();
        assert_eq!((changed, at(&raised, 269, 69)), (1, 255));
    }

    #[test]
    fn growing_and_shrinking_act_on_what_was_detected_too() {
        let (_, grown) = after(&MaskOperation::Grow(4));
        assert_eq!((at(&grown, 105, 100), at(&grown, 106, 100)), (255, 0));
        let (_, shrunk) = after(&MaskOperation::Shrink(2));
        assert_eq!((at(&shrunk, 100, 100), at(&shrunk, 200, 100)), (0, 255));
    }
}
