//! Where the strokes and shapes whose repair is awaited went: also over what was marked before. Changes no mask of a document.

use crate::geometry::ImageSize;
use crate::mask::{Brush, BrushMode, EffectiveMask, Mask, Shape, Stroke};

/// What was painted since the last repair, alone.
pub struct Footprint {
    mask: Mask,
    stroke: Option<Stroke>,
}

impl Footprint {
    /// Of a photo of `size`, nothing painted yet.
    pub fn new(size: ImageSize) -> Self {
        Self {
            mask: Mask::new(size),
            stroke: None,
        }
    }

    /// A stroke begins at `at` (image px) under a pen's `pressure`, 0 to 1. Only what paints leaves marks.
    pub fn begin(&mut self, brush: &Brush, at: (f32, f32), pressure: f32) {
        self.stroke = (brush.mode == BrushMode::Paint)
            .then(|| Stroke::begin_pressed(&mut self.mask, brush, at, pressure));
    }

    /// The stroke goes on to `at` (image px).
    pub fn extend(&mut self, at: (f32, f32), pressure: f32) {
        if let Some(stroke) = &mut self.stroke {
            stroke.extend_pressed(&mut self.mask, at, pressure);
        }
    }

    /// A shape was painted.
    pub fn draw(&mut self, shape: &Shape) {
        shape.draw(&mut self.mask, BrushMode::Paint);
    }

    /// What was painted, to be read like a document's mask.
    pub fn effective(&self) -> EffectiveMask {
        EffectiveMask::new(self.mask.clone(), None)
    }
}
