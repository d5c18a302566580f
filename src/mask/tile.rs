//! One square of mask values, the unit of storage, sharing and undo. Knows nothing of where it lies.

/// Side of a mask tile in px.
pub const MASK_TILE_PX: u32 = 256;

/// Memory of one tile, bytes.
pub const MASK_TILE_BYTES: usize = TILE * TILE;

const TILE: usize = MASK_TILE_PX as usize;

/// 256 × 256 `u8`, row-major; 255 = full strength everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskTile {
    /// 65,536 values, on the heap so that no copy passes over the stack.
    values: Box<[u8]>,
}

impl MaskTile {
    /// A tile of zeros.
    pub fn zero() -> Self {
        Self {
            values: vec![0; MASK_TILE_BYTES].into_boxed_slice(),
        }
    }

    /// A tile of these values, row-major; `None` unless there are 65,536 of them.
    pub fn from_values(values: Vec<u8>) -> Option<Self> {
        (values.len() == MASK_TILE_BYTES).then(|| Self {
            values: values.into_boxed_slice(),
        })
    }

    /// All values, row-major, 65,536 of them. At the photo's right and lower edge, those outside are 0.
    pub const fn values(&self) -> &[u8] {
        &self.values
    }

    /// The 256 values of row `y` (0 to 255).
    pub fn row(&self, y: u32) -> &[u8] {
        &self.values[y as usize * TILE..][..TILE]
    }

    /// The 256 values of row `y` (0 to 255), to write.
    pub(super) fn row_mut(&mut self, y: u32) -> &mut [u8] {
        &mut self.values[y as usize * TILE..][..TILE]
    }

    /// True when every value is 0.
    pub fn is_zero(&self) -> bool {
        self.values.iter().all(|&value| value == 0)
    }
}
