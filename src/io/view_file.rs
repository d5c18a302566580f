//! Pictures for the eye alone: 8-bit RGB, no metadata.

use std::path::Path;

use super::EncodeError;
use super::atomic::write_whole;
use super::encode::{OutputFormat, Picture, View, write_picture};
use crate::geometry::ImageSize;
use crate::photo::{Channels, Metadata};

/// Writes `rgb` (interleaved 8-bit sRGB, row-major, `size` px) as PNG: all or nothing.
///
/// # Errors
/// [`EncodeError`]; nothing is left behind.
pub fn save_view(
    target: &Path,
    size: ImageSize,
    rgb: &[u8],
    overwrite: bool,
) -> Result<(), EncodeError> {
    if rgb.len() != 3 * size.pixel_count() {
        return Err(EncodeError::Layout {
            expected: format!("{} of 8 bits", 3 * size.pixel_count()),
            actual: format!("{} of 8 bits", rgb.len()),
            path: target.to_path_buf(),
        });
    }
    let metadata = Metadata::default();
    let picture = Picture {
        size,
        channels: Channels::Rgb,
        samples: View::U8(rgb).into(),
        alpha: None,
        metadata: &metadata,
    };
    write_whole(target, None, overwrite, |file| {
        write_picture(&picture, OutputFormat::Png, file, target)
    })?;
    Ok(())
}
