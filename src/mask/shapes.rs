//! Filled shapes.

use super::{BrushMode, Mask};
use crate::geometry::PixelRect;

/// Fills `rect`; returns the px that may have changed.
pub fn fill_rectangle(_mask: &mut Mask, _mode: BrushMode, rect: PixelRect) -> PixelRect {
    rect
}

/// Fills the closed polygon (even-odd rule); returns the px that may have changed.
pub fn fill_polygon(_mask: &mut Mask, _mode: BrushMode, _points: &[(f32, f32)]) -> PixelRect {
    PixelRect::EMPTY
}
