//! Whole-mask operations.

use super::{EffectiveMask, Mask};
use crate::geometry::PixelRect;

/// The most [`grow`] and [`shrink`] move an edge, px.
pub const MAX_GROW_PX: u32 = 100;

/// Makes the effective mask exactly `values` (row-major, photo size), whatever was detected; protection still outranks it.
pub fn set_raster(_mask: &mut Mask, _effective: &EffectiveMask, _values: &[u8]) {}
/// Exchanges masked and unmasked.
pub fn invert(_mask: &mut Mask, _effective: &EffectiveMask) {}
/// Makes the mask wider by `px`.
pub fn grow(_mask: &mut Mask, _effective: &EffectiveMask, _px: u32) {}
/// Makes the mask narrower by `px`.
pub fn shrink(_mask: &mut Mask, _effective: &EffectiveMask, _px: u32) {}
/// Takes everything inside `rect` out of the mask.
pub fn clear_rect(_mask: &mut Mask, _effective: &EffectiveMask, _rect: PixelRect) {}
