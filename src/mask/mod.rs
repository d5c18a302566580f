//! What is to be repaired: tiled layers, brush, shapes, history. No files, no window.
//!
//! Coordinates of strokes and shapes are continuous image px, stored order: pixel (i, j) covers `i..i + 1` × `j..j + 1`,
//! so its centre is (i + 0.5, j + 0.5).

mod area_repair;
mod areas;
mod brush;
mod components;
mod counter;
mod distance;
mod effective;
mod history;
mod layer;
mod ops;
mod pixel_region;
mod probability;
mod refine;
mod region;
mod shapes;
mod sweep;
mod tile;

pub use area_repair::{
    AreaRepair, AreaRepairs, FULL_STRENGTH, Filling, LEAST_STRENGTH, OwnFill, Recipe, RecipeKind,
    SourcePiece, weakened,
};
pub use areas::{Area, Origin, areas};
pub use brush::{Brush, BrushMode, Stroke, line};
pub use components::{Component, components, remove_specks};
pub use counter::MaskedCounter;
pub use distance::{BEYOND, MAX_DISTANCE_PX, squared_distance};
pub use effective::EffectiveMask;
pub use history::{DEFAULT_HISTORY_BYTES, Edit, Editable, History, LayerName, PreparedEdit, label};
pub use layer::MaskLayer;
pub use ops::{MAX_GROW_PX, clear_rect, clear_region, grow, invert, set_raster, shrink};
pub use pixel_region::{PixelRegion, RegionSpan};
pub use probability::ProbabilityMap;
pub use refine::MaskOperation;
pub use region::{NotEnclosed, Region, fill_region};
pub use shapes::{Shape, TRACE_RIM_PX, fill_polygon, fill_rectangle, poly_line};
pub use tile::{MASK_TILE_BYTES, MASK_TILE_PX, MaskTile};

use crate::geometry::ImageSize;

/// A mask value from here on counts as masked wherever a yes or no is needed: half of full strength, rounded up.
pub const MASKED_FROM: u8 = 128;

/// The person's own layers over the detection; all three have the photo's size. Cloning is cheap and shares all tiles.
#[derive(Clone, Debug)]
pub struct Mask {
    /// Painted damage, 255 = repair.
    pub added: MaskLayer,
    /// Erased damage, 255 = leave alone although detected or painted before.
    pub removed: MaskLayer,
    /// Never touch, 255 = protected; outranks everything.
    pub protected: MaskLayer,
}

impl Mask {
    /// An empty mask for a photo of `size`.
    pub fn new(size: ImageSize) -> Self {
        Self {
            added: MaskLayer::new(size),
            removed: MaskLayer::new(size),
            protected: MaskLayer::new(size),
        }
    }

    /// The photo's size in px, stored order.
    pub fn size(&self) -> ImageSize {
        self.added.size()
    }

    /// True when nothing was painted, erased or protected.
    pub fn is_empty(&self) -> bool {
        let Self {
            added,
            removed,
            protected,
        } = self;
        added.is_empty() && removed.is_empty() && protected.is_empty()
    }

    /// Memory of the tiles, bytes (tiles shared with other masks count as well).
    pub fn byte_len(&self) -> usize {
        self.added.byte_len() + self.removed.byte_len() + self.protected.byte_len()
    }
}
