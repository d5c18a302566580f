//! Where and how strongly the fill shows: the mask grown and feathered. Pure functions of the mask, the same in any window.
//!
//! With the core being the px whose mask value is ≥ 128, α is 255 up to d = clip(round(1 + 0.1 × local width), 1, 4) px
//! from it and falls smoothly to 0 at d + 1.5 px; soft mask values below 128 show with their own strength where that is
//! more; protection takes its strength away from all of it. Source of d and 1.5: the mask convention of the training data,
//! whose holes are the true damage grown by 0 to 4 px.
//!
//! Local width means the widest disc inside the mask that covers the px ("local thickness", Hildebrand and Rüegsegger,
//! 1997), so the rim of a wide crack is as wide as the crack. Because d has four values only, three openings find it.

use crate::geometry::{ImageSize, PixelRect};
use crate::mask::{EffectiveMask, MASKED_FROM, MaskLayer, squared_distance};

/// α of a px depends on the mask at most this far away in either axis, px: twice the widest disc (13 − 1, as its centre and
/// its rim must be seen) plus the growth (5), rounded up.
pub const ALPHA_REACH_PX: u32 = 32;

/// α is 0 where the mask is 0 everywhere within this many px in either axis: the most growth (4) and the soft edge.
pub(super) const ALPHA_GROWTH_PX: u32 = 5;

/// Width of the soft edge outside the growth d, px.
const FEATHER_PX: f32 = 1.5;

/// Rims by local width: `radius_px` is the distance from the middle of the damage to the nearest sound px that a strip must
/// have to count as this wide (a strip of w = 2 radius − 1 px has it), `grow_px` the d it gets.
/// From round(1 + 0.1 w): d = 2 from w = 5, 3 from 15, 4 from 25.
const RIMS: [Rim; 4] = [
    Rim {
        radius_px: 1,
        grow_px: 1,
    },
    Rim {
        radius_px: 3,
        grow_px: 2,
    },
    Rim {
        radius_px: 8,
        grow_px: 3,
    },
    Rim {
        radius_px: 13,
        grow_px: 4,
    },
];

/// Where α comes from: the mask being edited, or a mask file of an earlier export.
pub trait AlphaSource: Sync {
    /// Writes α of `rect` into `out`, row-major: 255 = all fill, 0 = master untouched. The network's hole is where it is
    /// above 0.
    ///
    /// # Panics
    /// When `rect` leaves the photo or `out` has another length.
    fn alpha_rect(&self, rect: PixelRect, out: &mut [u8]);
}

impl AlphaSource for EffectiveMask {
    fn alpha_rect(&self, rect: PixelRect, out: &mut [u8]) {
        alpha_rect(self, rect, out);
    }
}

#[derive(Clone, Copy, Debug)]
struct Rim {
    radius_px: u32,
    grow_px: u32,
}

impl Rim {
    /// Whole px beyond which α is 0.
    const fn reach_px(self) -> u32 {
        self.grow_px + 2
    }

    /// α at a squared distance of 0, 1, 2 … px² from the core.
    fn falloff(self) -> Vec<u8> {
        let grow = self.grow_px as f32;
        (0..=self.reach_px().pow(2))
            .map(|square| {
                let t = ((grow + FEATHER_PX - (square as f32).sqrt()) / FEATHER_PX).clamp(0.0, 1.0);
                (t * t * (3.0 - 2.0 * t) * 255.0).round() as u8
            })
            .collect()
    }
}

/// Writes α of `rect` into `out`, row-major: 255 = all fill, 0 = master untouched.
///
/// Depends only on the mask within [`ALPHA_REACH_PX`] of `rect`; any rectangle gives the same bytes for the same px.
///
/// # Panics
/// When `rect` leaves the photo or `out` has another length.
pub fn alpha_rect(mask: &EffectiveMask, rect: PixelRect, out: &mut [u8]) {
    assert_eq!(out.len(), rect.size().pixel_count(), "α buffer length");
    out.fill(0);
    let window = rect.grown_within(ALPHA_REACH_PX, mask.size());
    if !mask.touches(window) {
        return;
    }
    let mut values = vec![0; window.size().pixel_count()];
    mask.read_rect(window, &mut values);
    for (y, row) in out.chunks_exact_mut(rect.width as usize).enumerate() {
        row.copy_from_slice(part_row(&values, window, rect, y));
    }
    let is_core: Vec<bool> = values.iter().map(|&value| value >= MASKED_FROM).collect();
    let depth = depth_inside(&is_core, window.size());
    for rim in RIMS {
        let squares = if rim.radius_px == 1 {
            squared_distance(&is_core, window.size(), rim.reach_px())
        } else {
            let Some(is_wide) = opening(&depth, window.size(), rim.radius_px) else {
                break;
            };
            squared_distance(&is_wide, window.size(), rim.reach_px())
        };
        let falloff = rim.falloff();
        for (y, row) in out.chunks_exact_mut(rect.width as usize).enumerate() {
            for (value, &square) in row.iter_mut().zip(part_row(&squares, window, rect, y)) {
                let alpha = falloff.get(square as usize).copied().unwrap_or(0);
                *value = (*value).max(alpha);
            }
        }
    }
    take_protection(mask, rect, out);
}

/// Row `y` of `rect` in an array that covers `window`.
fn part_row<T>(values: &[T], window: PixelRect, rect: PixelRect, y: usize) -> &[T] {
    let start = window
        .size()
        .index(rect.x - window.x, rect.y - window.y + y as u32);
    &values[start..][..rect.width as usize]
}

/// Squared distance of every core px to the nearest px outside the core, up to the widest rim's radius.
///
/// The photo's edge is not an end of the damage: beyond it nothing counts.
fn depth_inside(is_core: &[bool], size: ImageSize) -> Vec<i16> {
    let is_outside: Vec<bool> = is_core.iter().map(|&core| !core).collect();
    squared_distance(&is_outside, size, RIMS[RIMS.len() - 1].radius_px)
}

/// The px covered by a disc of `radius_px` that fits into the core; `None` when none fits.
fn opening(depth: &[i16], size: ImageSize, radius_px: u32) -> Option<Vec<bool>> {
    let radius_squared = radius_px.pow(2) as i16;
    let is_middle: Vec<bool> = depth
        .iter()
        .map(|&square| square >= radius_squared)
        .collect();
    if !is_middle.contains(&true) {
        return None;
    }
    // Closer than the radius: at the radius itself lies the first sound px.
    let squares = squared_distance(&is_middle, size, radius_px);
    Some(
        squares
            .iter()
            .map(|&square| square < radius_squared)
            .collect(),
    )
}

fn take_protection(mask: &EffectiveMask, rect: PixelRect, out: &mut [u8]) {
    if mask.mask().protected.is_empty() {
        return;
    }
    let mut protected = vec![0; out.len()];
    mask.protected_rect(rect, &mut protected);
    for (value, protection) in out.iter_mut().zip(&protected) {
        *value = (*value).min(255 - protection);
    }
}

/// Writes the network's hole of `rect` into `out`, row-major: 255 where α > 0, else 0.
///
/// # Panics
/// When `rect` leaves the photo or `out` has another length.
pub fn hole_rect(mask: &EffectiveMask, rect: PixelRect, out: &mut [u8]) {
    alpha_rect(mask, rect, out);
    for value in out {
        *value = if *value > 0 { 255 } else { 0 };
    }
}

/// α of the whole photo: the mask file of an export. Takes memory where it is above 0 alone.
pub fn alpha_layer(mask: &EffectiveMask) -> MaskLayer {
    MaskLayer::from_tiles(mask.size(), |rect, out| alpha_rect(mask, rect, out))
}

/// As [`alpha_layer`], row-major, width × height bytes.
pub fn alpha_photo(mask: &EffectiveMask) -> Vec<u8> {
    alpha_layer(mask).to_raster()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mask::{Brush, BrushMode, Mask, line};

    fn effective(size: ImageSize, added: &[u8], protected: &[u8]) -> EffectiveMask {
        let mut mask = Mask::new(size);
        mask.added = MaskLayer::from_raster(size, added);
        mask.protected = MaskLayer::from_raster(size, protected);
        EffectiveMask::new(mask, None)
    }

    /// α along the row through the middle of a vertical strip of `width` px.
    fn alpha_across_strip(width: u32) -> Vec<u8> {
        let size = ImageSize::new(120, 90);
        let columns = 40..40 + width;
        let added: Vec<u8> = (0..size.pixel_count() as u32)
            .map(|i| {
                if columns.contains(&(i % size.width)) {
                    255
                } else {
                    0
                }
            })
            .collect();
        let mask = effective(size, &added, &vec![0; added.len()]);
        let alpha = alpha_photo(&mask);
        alpha[size.index(0, 45)..][..size.width as usize].to_vec()
    }

    #[test]
    fn growth_follows_the_local_width() {
        for (width, grow) in [
            (1, 1),
            (4, 1),
            (5, 2),
            (14, 2),
            (15, 3),
            (24, 3),
            (25, 4),
            (60, 4),
        ] {
            let alpha = alpha_across_strip(width);
            let right = 40 + width as usize;
            assert_eq!(
                alpha[right + grow - 1],
                255,
                "{width} px wide: full up to d"
            );
            let rim = alpha[right + grow];
            assert!(
                0 < rim && rim < 255,
                "{width} px wide: soft beyond d, {rim}"
            );
            assert_eq!(
                alpha[right + grow + 1],
                0,
                "{width} px wide: 0 beyond d + 1.5"
            );
            assert_eq!(alpha[40 - grow], 255, "{width} px wide: both sides alike");
            assert_eq!(alpha[40 - grow - 2], 0, "{width} px wide: both sides alike");
        }
    }

    #[test]
    fn the_rim_of_a_wide_crack_grows_as_much_where_a_thin_one_joins_it_not() {
        let size = ImageSize::new(160, 160);
        let mut mask = Mask::new(size);
        let hard = |diameter_px| Brush {
            diameter_px,
            hardness: 1.0,
            mode: BrushMode::Paint,
        };
        line(&mut mask, &hard(30.0), (0.0, 40.0), (160.0, 40.0));
        line(&mut mask, &hard(3.0), (80.5, 40.0), (80.5, 160.0));
        let alpha = alpha_photo(&EffectiveMask::new(mask, None));
        assert_eq!(
            alpha[size.index(20, 55 + 3)],
            255,
            "wide: d = 4 below row 54"
        );
        assert_eq!(alpha[size.index(80, 140)], 255, "the thin one itself");
        assert_eq!(
            alpha[size.index(82, 140)],
            255,
            "thin: d = 1 beyond column 81"
        );
        assert_eq!(
            alpha[size.index(84, 140)],
            0,
            "thin: nothing beyond d + 1.5"
        );
    }

    #[test]
    fn a_soft_value_below_the_core_shows_with_its_own_strength() {
        let size = ImageSize::new(40, 40);
        let mut added = vec![0; size.pixel_count()];
        added[size.index(20, 20)] = 90;
        let mask = effective(size, &added, &vec![0; added.len()]);
        let alpha = alpha_photo(&mask);
        assert_eq!(alpha[size.index(20, 20)], 90);
        assert_eq!(alpha.iter().filter(|&&value| value > 0).count(), 1);
    }

    #[test]
    fn nothing_shows_under_protection_even_in_the_rim() {
        let size = ImageSize::new(64, 64);
        let index = |i: u32| (i % 64, i / 64);
        let pixels = 0..size.pixel_count() as u32;
        let added: Vec<u8> = pixels
            .clone()
            .map(|i| {
                if (28..36).contains(&index(i).0) {
                    255
                } else {
                    0
                }
            })
            .collect();
        let protected: Vec<u8> = pixels
            .map(|i| if index(i).0 >= 34 { 255 } else { 0 })
            .collect();
        let alpha = alpha_photo(&effective(size, &added, &protected));
        for y in 0..64 {
            assert_eq!(alpha[size.index(33, y)], 255);
            assert!((34..64).all(|x| alpha[size.index(x, y)] == 0));
        }
    }

    #[test]
    fn the_mask_may_fill_the_whole_photo() {
        let size = ImageSize::new(70, 3);
        let mask = effective(size, &[255; 210], &[0; 210]);
        assert!(alpha_photo(&mask).iter().all(|&value| value == 255));
    }

    /// Photos with thin and thick, soft and hard, protected strokes.
    fn any_mask() -> impl Strategy<Value = EffectiveMask> {
        let strokes = prop::collection::vec(
            (
                (0.0_f32..300.0, 0.0_f32..300.0),
                (0.0_f32..300.0, 0.0_f32..300.0),
                1.0_f32..45.0,
                0.0_f32..1.0,
                0_u8..5,
            ),
            0..6,
        );
        (1_u32..300, 1_u32..300, strokes).prop_map(|(width, height, strokes)| {
            let mut mask = Mask::new(ImageSize::new(width, height));
            for (from, to, diameter_px, hardness, kind) in strokes {
                let mode = match kind {
                    0 => BrushMode::Protect,
                    1 => BrushMode::Erase,
                    _ => BrushMode::Paint,
                };
                let brush = Brush {
                    diameter_px,
                    hardness,
                    mode,
                };
                line(&mut mask, &brush, from, to);
            }
            EffectiveMask::new(mask, None)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn alpha_of_a_rectangle_is_the_crop_of_alpha_of_the_whole(
            mask in any_mask(),
            (x, y, width, height) in (0_u32..300, 0_u32..300, 1_u32..120, 1_u32..120),
        ) {
            let size = mask.size();
            let rect = PixelRect::new(x, y, width, height).intersect(size.rect());
            let mut whole = vec![0; size.pixel_count()];
            alpha_rect(&mask, size.rect(), &mut whole);
            let mut part = vec![0; rect.size().pixel_count()];
            alpha_rect(&mask, rect, &mut part);
            for (i, row) in part.chunks(rect.width.max(1) as usize).enumerate() {
                let start = size.index(rect.x, rect.y + i as u32);
                prop_assert_eq!(row, &whole[start..start + row.len()]);
            }
            prop_assert_eq!(alpha_photo(&mask), whole);
        }

        #[test]
        fn alpha_is_full_on_the_mask_and_zero_where_the_mask_is_far(mask in any_mask()) {
            let size = mask.size();
            let alpha = alpha_photo(&mask);
            let values = mask.to_raster();
            for (i, (&alpha, &value)) in alpha.iter().zip(&values).enumerate() {
                let (x, y) = (i as u32 % size.width, i as u32 / size.width);
                let protection = mask.mask().protected.get(x, y);
                prop_assert!(alpha <= 255 - protection);
                if value >= 128 {
                    prop_assert_eq!(alpha, 255 - protection);
                }
                let near = PixelRect::new(x, y, 1, 1).grown_within(5, size);
                if alpha > 0 && !mask.touches(near) {
                    prop_assert!(false, "α {} at {}, {} far from the mask", alpha, x, y);
                }
            }
        }
    }
}
