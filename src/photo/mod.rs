//! The master photo in memory: immutable pixels at file depth and the metadata that travels with them. No file access.

mod metadata;
mod native;
mod samples;
mod window;

pub use metadata::{FileFormat, Metadata, Orientation, Pages, Resolution, ResolutionUnit};
pub use native::{JpegComponent, JpegParts, JpegSegment, Native, PngChunk, PngParts};
pub use samples::{BitDepth, Channels, Samples};

use std::path::{Path, PathBuf};

use crate::geometry::ImageSize;

/// Where a master came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as named by the person.
    pub path: PathBuf,
    /// Kind of file, read from its content.
    pub format: FileFormat,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// What decoding changed or left aside, as sentences for the person ("Palette colours were widened to RGB").
    pub notes: Vec<String>,
}

/// The master as decoded: never changed after construction; share it as `Arc<Photo>`.
///
/// Pixels stay in stored order; EXIF/TIFF orientation is only applied for display.
#[derive(Clone, Debug)]
pub struct Photo {
    size: ImageSize,
    channels: Channels,
    samples: Samples,
    alpha: Option<Samples>,
    metadata: Metadata,
    source: Source,
}

/// Why pixels do not make a [`Photo`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoError {
    /// A side is zero.
    #[error("the picture is empty: {0} px")]
    Empty(ImageSize),
    /// The sample count does not fit the size and channels.
    #[error("a picture of {size} px needs {expected} samples, found {actual}")]
    SampleCount {
        /// Size asked for.
        size: ImageSize,
        /// Samples needed.
        expected: usize,
        /// Samples given.
        actual: usize,
    },
}

impl Photo {
    /// A photo from interleaved `samples` (grey: 1 a pixel; RGB: 3 a pixel), rows top to bottom in stored order.
    ///
    /// `alpha`, when present, has one sample a pixel at the same depth; it is kept aside and never restored.
    ///
    /// # Errors
    /// [`PhotoError`] when a side is zero or a sample count does not fit.
    pub fn new(
        size: ImageSize,
        channels: Channels,
        samples: Samples,
        alpha: Option<Samples>,
        metadata: Metadata,
        source: Source,
    ) -> Result<Self, PhotoError> {
        if size.width == 0 || size.height == 0 {
            return Err(PhotoError::Empty(size));
        }
        let expect = |expected: usize, actual: usize| {
            if expected == actual {
                Ok(())
            } else {
                Err(PhotoError::SampleCount {
                    size,
                    expected,
                    actual,
                })
            }
        };
        expect(size.pixel_count() * channels.count(), samples.len())?;
        if let Some(alpha) = &alpha {
            expect(size.pixel_count(), alpha.len())?;
        }
        Ok(Self {
            size,
            channels,
            samples,
            alpha,
            metadata,
            source,
        })
    }

    /// Size in stored order.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// Grey or RGB.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// 8 or 16 bits a sample.
    pub fn depth(&self) -> BitDepth {
        self.samples.depth()
    }

    /// Interleaved samples in stored order, the file's code values.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Alpha kept aside, one sample a pixel.
    pub fn alpha(&self) -> Option<&Samples> {
        self.alpha.as_ref()
    }

    /// Metadata blobs as read.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Where it came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The file as named by the person.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// Size as shown, after the EXIF orientation.
    pub fn ui_size(&self) -> ImageSize {
        self.metadata.orientation.ui_size(self.size)
    }

    /// Bytes of the decoded pixels.
    pub fn decoded_bytes(&self) -> usize {
        self.samples.byte_len() + self.alpha.as_ref().map_or(0, Samples::byte_len)
    }
}
