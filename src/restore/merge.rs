//! Merging the levels of stage 1 into one 8-bit map on which any later threshold acts.

use crate::geometry::ImageSize;

/// Stage 1's probability at one level of the pyramid, 8 bit, row-major.
pub(super) struct LevelMap {
    size: ImageSize,
    shift: u32,
    values: Vec<u8>,
}

impl LevelMap {
    pub(super) fn new(size: ImageSize, shift: u32) -> Self {
        Self {
            size,
            shift,
            values: vec![0; size.pixel_count()],
        }
    }

    pub(super) fn size(&self) -> ImageSize {
        self.size
    }

    pub(super) fn values_mut(&mut self) -> &mut [u8] {
        &mut self.values
    }
}

/// One map of native size from all levels, native first.
pub(super) fn merge_levels(mut levels: Vec<LevelMap>) -> Vec<u8> {
    debug_assert_eq!(levels[0].shift, 0);
    levels.swap_remove(0).values
}
