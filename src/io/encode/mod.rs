//! From restored pixels to a derivative file: one encoder a format, read back before it gets its name.

mod foretell;
mod jpeg;
mod jpeg_parts;
mod jpeg_rows;
mod picture;
mod png;
mod png_parts;
mod png_rows;
mod tiff;
mod tiff_losses;
mod tiff_patch;
mod verify;

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use self::foretell::{foretell_history, foretell_losses, foretell_rewriting};
pub use self::picture::RowSource;
pub(super) use self::picture::{Picture, Pixels, View};
pub use self::tiff_patch::{Patch, Restored, export_patched};
use super::atomic::write_whole;
use super::metadata::provenance::{XmpEdit, edit_xmp, in_utf8, without_thumbnails};
use super::metadata::xmp;
use super::{EncodeError, hash};
use crate::photo::{Metadata, Native, Photo, Samples};

/// Kind of file to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// PNG at the master's depth, lossless.
    Png,
    /// TIFF at the master's depth, lossless (Deflate).
    Tiff,
    /// JPEG, 8 bits, lossy.
    Jpeg {
        /// 1 to 100; `None` codes as a JPEG master was coded (its tables and subsampling), and any other master at [`Self::DEFAULT_JPEG_QUALITY`].
        quality: Option<u8>,
    },
}

impl OutputFormat {
    /// JPEG quality when nothing else is asked for and the master is no JPEG.
    pub const DEFAULT_JPEG_QUALITY: u8 = 95;

    /// From the end of a file name; `None` when it names no format we write.
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "tif" | "tiff" => Some(Self::Tiff),
            "jpg" | "jpeg" => Some(Self::Jpeg { quality: None }),
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

/// The quality a derivative of `photo` in `format` is coded with; `None` for one coded as its JPEG master was, and for other
/// formats.
pub fn coded_quality(photo: &Photo, format: OutputFormat) -> Option<u8> {
    let OutputFormat::Jpeg { quality } = format else {
        return None;
    };
    let is_like_master = match photo.metadata().native.as_deref() {
        Some(Native::Jpeg(parts)) => jpeg::can_code_as(parts, photo.channels()),
        _ => false,
    };
    quality.or_else(|| (!is_like_master).then_some(OutputFormat::DEFAULT_JPEG_QUALITY))
}

/// Most bytes of an XMP packet in a file of `format`; `None` where there is no limit of its own.
const fn xmp_room(format: OutputFormat) -> Option<usize> {
    match format {
        OutputFormat::Jpeg { .. } => Some(jpeg_parts::SEGMENT_LIMIT_BYTES - xmp::JPEG_PREFIX.len()),
        OutputFormat::Png | OutputFormat::Tiff => None,
    }
}

/// The packet of `photo` that a derivative in `format` gets with `edit` in it.
///
/// In a JPEG of a JPEG whose packet is split, that is the main part alone: the extended part stays as it lies.
///
/// # Errors
/// Why nothing can be added, as a sentence; the master's packet is to be carried untouched then.
pub fn edited_xmp(photo: &Photo, format: OutputFormat, edit: &XmpEdit) -> Result<Vec<u8>, String> {
    let metadata = photo.metadata();
    let main = match (metadata.native.as_deref(), format) {
        (Some(Native::Jpeg(parts)), OutputFormat::Jpeg { .. }) => jpeg_parts::main_packet(parts),
        _ => None,
    };
    let packet = main.or(metadata.xmp.as_deref());
    let bare = match format {
        OutputFormat::Jpeg { .. } => packet.and_then(without_xmp_thumbnail),
        OutputFormat::Png | OutputFormat::Tiff => None,
    };
    let packet = edit_xmp(bare.as_deref().or(packet), edit)
        .map_err(|error| format!("A history in XMP: {error}."))?;
    if xmp_room(format).is_some_and(|room| packet.len() > room) {
        return Err(format!(
            "A history in XMP: with it the packet has {} bytes, more than one segment of a JPEG holds, so nothing was added.",
            packet.len()
        ));
    }
    if format == OutputFormat::Png && in_utf8(&packet).is_none() {
        return Err(
            "A history in XMP: the master's packet is not UTF-8, which PNG demands.".to_owned(),
        );
    }
    Ok(packet)
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
    /// Wall time of reading the file back and comparing every pixel.
    pub verifying: Duration,
}

/// Writes `pixels` (the photo's layout, stored order) with the photo's metadata to `target`: all or nothing, never over the master.
///
/// The file is written beside its target, read back, compared, flushed to the disk and only then named.
///
/// # Errors
/// [`EncodeError`]; nothing is left behind.
pub fn export_photo(
    photo: &Photo,
    pixels: &Samples,
    target: &Path,
    options: &ExportOptions,
) -> Result<ExportOutcome, EncodeError> {
    export_photo_with_xmp(photo, pixels, target, options, None)
}

/// As [`export_photo`], with `xmp` instead of the master's XMP packet when it is given.
///
/// # Errors
/// As [`export_photo`].
pub fn export_photo_with_xmp(
    photo: &Photo,
    pixels: &Samples,
    target: &Path,
    options: &ExportOptions,
    xmp: Option<&[u8]>,
) -> Result<ExportOutcome, EncodeError> {
    let describe =
        |samples: &Samples| format!("{} of {} bits", samples.len(), samples.depth().bits());
    if pixels.len() != photo.samples().len() || pixels.depth() != photo.depth() {
        return Err(EncodeError::Layout {
            expected: describe(photo.samples()),
            actual: describe(pixels),
            path: target.to_path_buf(),
        });
    }
    export_pixels(photo, View::of(pixels).into(), target, *options, xmp)
}

/// As [`export_photo_with_xmp`], with pixels that `source` makes while they are written, in the photo's layout.
///
/// # Errors
/// As [`export_photo`], and when `source` fails.
pub fn export_rows(
    photo: &Photo,
    source: &dyn RowSource,
    target: &Path,
    options: &ExportOptions,
    xmp: Option<&[u8]>,
) -> Result<ExportOutcome, EncodeError> {
    let pixels = Pixels::Made(photo.depth(), source);
    export_pixels(photo, pixels, target, *options, xmp)
}

fn export_pixels(
    photo: &Photo,
    pixels: Pixels<'_>,
    target: &Path,
    options: ExportOptions,
    xmp: Option<&[u8]>,
) -> Result<ExportOutcome, EncodeError> {
    let with_xmp = xmp.map(|xmp| Metadata {
        xmp: Some(xmp.to_vec()),
        ..photo.metadata().clone()
    });
    let picture = Picture {
        size: photo.size(),
        channels: photo.channels(),
        samples: pixels,
        alpha: photo.alpha().map(View::of),
        metadata: with_xmp.as_ref().unwrap_or(photo.metadata()),
    };
    let overwrite = options.overwrite;
    write_whole(target, Some(photo.path()), overwrite, |file| {
        write_picture(&picture, options.format, file, target)
    })
}

/// Encodes `picture` into `file`, reads it back, and says what came of it.
pub(super) fn write_picture(
    picture: &Picture<'_>,
    format: OutputFormat,
    file: &mut File,
    target: &Path,
) -> Result<ExportOutcome, EncodeError> {
    let with_path = |failure: Failure| failure.with_path(format, picture, target);
    let mut not_carried = Vec::new();
    let mut noting = Noting::new(&mut *file);
    let mut writer = BufWriter::with_capacity(1 << 20, &mut noting);
    let encoded =
        encode(picture, format, &mut writer, &mut not_carried).and_then(|()| Ok(writer.flush()?));
    // Dropping a buffer that could not be written would try once more.
    drop(writer.into_parts());
    encoded.map_err(|failure| with_path(noting.said.map_or(failure, Failure::Io)))?;

    let started = Instant::now();
    let largest_difference = match format {
        OutputFormat::Png => verify::png(picture, file),
        OutputFormat::Tiff => verify::tiff(picture, file),
        OutputFormat::Jpeg { .. } => verify::jpeg(picture, file),
    }
    .map_err(with_path)?;
    if largest_difference > 0 && !format.is_lossy() {
        return Err(with_path(Failure::Different(format!(
            "pixels differ by up to {largest_difference}"
        ))));
    }
    let verifying = started.elapsed();
    let facts = |file: &mut File| -> std::io::Result<(u64, [u8; 32])> {
        file.rewind()?;
        Ok((file.metadata()?.len(), hash::sha256_of(file)?))
    };
    let (file_bytes, sha256) = facts(file).map_err(|error| with_path(error.into()))?;
    Ok(ExportOutcome {
        path: target.to_path_buf(),
        file_bytes,
        sha256,
        lossy: format.is_lossy(),
        largest_difference,
        not_carried,
        verifying,
    })
}

/// A file that notes what the system said when a write failed: encoders hand on its text at best.
struct Noting<'a> {
    file: &'a mut File,
    said: Option<std::io::Error>,
}

impl<'a> Noting<'a> {
    fn new(file: &'a mut File) -> Self {
        Self { file, said: None }
    }

    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        result.inspect_err(|error| {
            let said = error.raw_os_error().map(std::io::Error::from_raw_os_error);
            self.said = said.or(self.said.take());
        })
    }
}

impl Write for Noting<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.file.flush();
        self.note(flushed)
    }
}

impl Seek for Noting<'_> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let place = self.file.seek(to);
        self.note(place)
    }
}

/// Said where a signature of the master is carried.
const SIGNATURE_VOID: &str =
    "The validity of the content credentials (C2PA): they are kept, but sign the original file.";

/// Said where a thumbnail is not taken over.
const THUMBNAIL_DROPPED: &str =
    "The thumbnail in EXIF: it is a copy of the master and does not follow what is repaired.";

/// Said where a packet of XMP holds a thumbnail, in whatever file it is carried.
const THUMBNAIL_IN_XMP: &str =
    "The thumbnail in XMP keeps the old picture: a packet is carried as it is.";

/// Said where that thumbnail is taken out of the packet.
const THUMBNAIL_IN_XMP_DROPPED: &str =
    "The thumbnail in XMP: it is a copy of the master and does not follow what is repaired.";

/// A packet for a JPEG without the thumbnail in it; `None` when it has none, or cannot be read.
fn without_xmp_thumbnail(packet: &[u8]) -> Option<Vec<u8>> {
    let bare = xmp::has_thumbnail(packet).then(|| without_thumbnails(packet))??;
    (!xmp::has_thumbnail(&bare)).then_some(bare)
}

/// Encodes `picture` and tells what the format could not carry.
fn encode(
    picture: &Picture<'_>,
    format: OutputFormat,
    writer: &mut (impl Write + Seek),
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let metadata = picture.metadata;
    not_carried.extend(metadata.left_behind.iter().cloned());
    if let Some(packet) = metadata.xmp.as_deref().filter(|it| xmp::has_thumbnail(it)) {
        let is_jpeg = matches!(format, OutputFormat::Jpeg { .. });
        if !is_jpeg || without_xmp_thumbnail(packet).is_none() {
            not_carried.push(THUMBNAIL_IN_XMP.to_owned());
        }
    }
    match (metadata.native.as_deref(), format) {
        (Some(Native::Png(parts)), OutputFormat::Tiff | OutputFormat::Jpeg { .. }) => {
            png_parts::lost_elsewhere(parts, metadata, not_carried);
        }
        (Some(Native::Jpeg(parts)), OutputFormat::Tiff | OutputFormat::Png) => {
            jpeg_parts::lost_elsewhere(parts, metadata, not_carried);
        }
        _ => {}
    }
    match format {
        OutputFormat::Png => png::write(picture, writer, not_carried),
        OutputFormat::Tiff => tiff::write(picture, writer, not_carried),
        OutputFormat::Jpeg { quality } => jpeg::write(picture, quality, writer, not_carried),
    }
}

/// What an encoder stopped at; the target is added where it is known.
#[derive(Debug)]
enum Failure {
    Io(std::io::Error),
    Encoder(String),
    TooLarge { remedy: &'static str },
    Different(String),
}

impl Failure {
    fn encoder(reason: impl std::fmt::Display) -> Self {
        Self::Encoder(reason.to_string())
    }

    fn with_path(self, format: OutputFormat, picture: &Picture<'_>, target: &Path) -> EncodeError {
        let path = target.to_path_buf();
        let format = format.name();
        match self {
            Self::Io(error) => EncodeError::from_io(error, target),
            Self::Encoder(reason) => EncodeError::Encoder {
                format,
                reason,
                path,
            },
            Self::TooLarge { remedy } => EncodeError::TooLarge {
                format,
                size: picture.size,
                remedy,
                path,
            },
            Self::Different(reason) => EncodeError::Verification { reason, path },
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::Channels;

    #[test]
    fn every_encoder_names_a_full_disk() {
        let metadata = Metadata::default();
        let picture = Picture {
            size: ImageSize::new(40, 30),
            channels: Channels::Grey,
            samples: View::U8(&[7; 1200]).into(),
            alpha: None,
            metadata: &metadata,
        };
        for format in [
            OutputFormat::Png,
            OutputFormat::Tiff,
            OutputFormat::Jpeg { quality: None },
        ] {
            // A device that has no room for anybody.
            let mut options = File::options();
            let mut full = options.read(true).write(true).open("/dev/full").unwrap();
            let target = Path::new("a.file");
            let error = write_picture(&picture, format, &mut full, target).unwrap_err();
            let is_said = matches!(&error, EncodeError::DiskFull { path } if path == target);
            assert!(is_said, "{}: {error}", format.name());
        }
    }
}
