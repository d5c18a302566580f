//! Where and how strongly the fill shows: the mask grown and feathered. Pure functions of the mask.

use crate::geometry::{ImageSize, PixelRect};
use crate::mask::EffectiveMask;

/// α of a pixel depends on the mask at most this far away, px.
pub const ALPHA_REACH_PX: u32 = 32;

/// Writes α of `rect` into `out`, row-major: 255 = all fill, 0 = master untouched.
pub fn alpha_rect(mask: &EffectiveMask, rect: PixelRect, out: &mut [u8]) {
    mask.read_rect(rect, out);
}

/// Writes the network's hole of `rect` into `out`, row-major: 255 where α > 0, else 0.
pub fn hole_rect(mask: &EffectiveMask, rect: PixelRect, out: &mut [u8]) {
    alpha_rect(mask, rect, out);
    for value in out {
        *value = if *value > 0 { 255 } else { 0 };
    }
}

/// α of the whole photo, row-major: the mask file of an export.
pub fn alpha_photo(mask: &EffectiveMask) -> Vec<u8> {
    let size: ImageSize = mask.size();
    let mut out = vec![0; size.pixel_count()];
    alpha_rect(mask, size.rect(), &mut out);
    out
}
