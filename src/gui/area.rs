//! The area whose repair is being changed: its pixels, and the outline that is drawn around them.

use std::sync::Arc;

use crate::geometry::{ImageSize, PixelRect};
use crate::mask::{BrushMode, EffectiveMask, Mask, PixelRegion, fill_rectangle};

/// A picked area.
#[derive(Clone, Debug)]
pub struct PickedArea {
    /// Its pixels: where the repair showed when it was picked.
    pub region: Arc<PixelRegion>,
    /// The pixels along its edge, to be drawn like a mask.
    pub outline: EffectiveMask,
    /// How many suggestions were asked for since it was picked.
    pub suggestions: usize,
}

impl PickedArea {
    /// Of a photo of `size`.
    pub fn new(size: ImageSize, region: PixelRegion) -> Self {
        let mut outline = Mask::new(size);
        let mut mark = |x: u32, y: u32, len: u32| {
            fill_rectangle(&mut outline, BrushMode::Paint, PixelRect::new(x, y, len, 1));
        };
        for span in region.spans() {
            mark(span.x, span.y, 1);
            mark(span.end() - 1, span.y, 1);
            let above = span.y.checked_sub(1);
            for row in [above, Some(span.y + 1)].into_iter().flatten() {
                let mut x = span.x;
                for other in region.row(row) {
                    if other.x > x && x < span.end() {
                        mark(x, span.y, other.x.min(span.end()) - x);
                    }
                    x = x.max(other.end());
                }
                if x < span.end() {
                    mark(x, span.y, span.end() - x);
                }
            }
        }
        Self {
            region: Arc::new(region),
            outline: EffectiveMask::new(outline, None),
            suggestions: 0,
        }
    }

    /// Its middle, image px: what lies over the source when it is healed.
    pub fn middle(&self) -> (u32, u32) {
        let bounds = self.region.bounds();
        (bounds.x + bounds.width / 2, bounds.y + bounds.height / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_outline_is_every_pixel_that_has_a_side_to_the_outside(
            flags in prop::collection::vec(prop::bool::weighted(0.7), 30 * 20),
        ) {
            let size = ImageSize::new(40, 30);
            let rect = PixelRect::new(5, 4, 30, 20);
            let Some(region) = PixelRegion::from_rect(rect, &flags) else {
                return Ok(());
            };
            let area = PickedArea::new(size, region.clone());
            let outline = area.outline.to_raster();
            for y in 0..size.height {
                for x in 0..size.width {
                    let sides = [
                        (x.wrapping_sub(1), y),
                        (x + 1, y),
                        (x, y.wrapping_sub(1)),
                        (x, y + 1),
                    ];
                    let is_edge = region.contains(x, y)
                        && sides.iter().any(|&(x, y)| !region.contains(x, y));
                    prop_assert_eq!(outline[size.index(x, y)] > 0, is_edge, "{} {}", x, y);
                }
            }
        }
    }
}
