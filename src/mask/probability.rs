//! Stage 1's answer for a whole photo: how surely each pixel is damage. Immutable.

use super::layer::tiles_in;
use super::tile::MASK_TILE_PX;
use crate::geometry::{ImageSize, TileIndex};

/// 8-bit probability of damage at native size, row-major; 255 = certain. Share it as `Arc<ProbabilityMap>`.
///
/// Every threshold acts on these 8 bits: a pixel is detected when its value ≥ the threshold.
#[derive(Clone, Debug)]
pub struct ProbabilityMap {
    size: ImageSize,
    values: Vec<u8>,
    tile_columns: u32,
    /// The largest value in each 256-px tile, so that a reader skips what no threshold can reach.
    tile_maxima: Vec<u8>,
}

impl ProbabilityMap {
    /// A map of `size` from row-major `values`.
    ///
    /// # Panics
    /// When `values` is not width × height long.
    pub fn new(size: ImageSize, values: Vec<u8>) -> Self {
        assert_eq!(values.len(), size.pixel_count(), "probability map length");
        let tile_maxima = tiles_in(size.rect())
            .map(|index| {
                let rect = index.rect(MASK_TILE_PX, size);
                (rect.y..rect.bottom())
                    .flat_map(|y| &values[size.index(rect.x, y)..][..rect.width as usize])
                    .copied()
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        Self {
            size,
            values,
            tile_columns: size.width.div_ceil(MASK_TILE_PX),
            tile_maxima,
        }
    }

    /// Size in px, the photo's.
    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// All values, row-major.
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The largest value in the mask tile at `index`.
    ///
    /// # Panics
    /// When `index` is outside the grid.
    pub fn tile_maximum(&self, index: TileIndex) -> u8 {
        self.tile_maxima[index.row as usize * self.tile_columns as usize + index.column as usize]
    }

    /// The largest value of the whole map; 0 for an empty one.
    pub fn maximum(&self) -> u8 {
        self.tile_maxima.iter().copied().max().unwrap_or(0)
    }

    /// Memory, bytes.
    pub fn byte_len(&self) -> usize {
        self.values.len() + self.tile_maxima.len()
    }
}
