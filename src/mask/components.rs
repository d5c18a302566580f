//! Connected pieces of the mask.

use super::{EffectiveMask, Mask};
use crate::geometry::PixelRect;

/// One connected piece (8 neighbours).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Number of px.
    pub area_px: u64,
    /// The smallest rectangle around it.
    pub bounds: PixelRect,
}

/// All connected pieces of px with a value ≥ `from`, by first pixel in row order.
pub fn components(_mask: &EffectiveMask, _from: u8) -> Vec<Component> {
    Vec::new()
}

/// Takes pieces of fewer than `min_area_px` px out of the mask; returns how many.
pub fn remove_specks(_mask: &mut Mask, _effective: &EffectiveMask, _min_area_px: u64) -> usize {
    0
}
