//! The master photo in memory: immutable pixels at file depth and the metadata that travels with them. No file access.

mod metadata;
mod native;
mod samples;
mod stated;
mod transfer;
mod window;

pub use metadata::{FileFormat, Metadata, Orientation, Pages, Resolution, ResolutionUnit};
pub use native::{JpegComponent, JpegParts, JpegSegment, Native, PngChunk, PngParts};
pub use samples::{BitDepth, Channels, Samples};
pub use transfer::{Transfer, TransferChoice};

use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// The master as decoded: never changed after construction; share it as `Arc<Photo>`. A clone shares the pixels.
///
/// Pixels stay in stored order; EXIF/TIFF orientation is only applied for display.
#[derive(Clone, Debug)]
pub struct Photo {
    size: ImageSize,
    channels: Channels,
    samples: Arc<Samples>,
    alpha: Option<Arc<Samples>>,
    metadata: Metadata,
    source: Source,
    /// What the file says of its code values.
    stated: Transfer,
    choice: TransferChoice,
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
    /// `alpha`, when present, has one sample a pixel at the same depth; it is kept aside and never restored. Whether it is a
    /// linear scan is read from `metadata`, unless [`Self::taken_as`] says otherwise.
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
            samples: Arc::new(samples),
            alpha: alpha.map(Arc::new),
            stated: stated::stated_by(&metadata),
            metadata,
            source,
            choice: TransferChoice::default(),
        })
    }

    /// The same pixels, taken for a linear scan or not as `choice` says.
    #[must_use]
    pub fn taken_as(&self, choice: TransferChoice) -> Self {
        Self {
            choice,
            ..self.clone()
        }
    }

    /// How the code values stand for light.
    pub fn transfer(&self) -> Transfer {
        self.choice.resolve(self.stated)
    }

    /// How the file itself says they do.
    pub fn stated_transfer(&self) -> Transfer {
        self.stated
    }

    /// Who decided on [`Self::transfer`].
    pub fn transfer_choice(&self) -> TransferChoice {
        self.choice
    }

    /// What the networks see of the sample at `index`, on a scale of 0 to 65,535 whatever the depth.
    pub fn seen_level(&self, index: usize) -> f64 {
        self.transfer().seen(self.samples.level(index))
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
        self.alpha.as_deref()
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
        self.samples.byte_len() + self.alpha().map_or(0, Samples::byte_len)
    }
}
