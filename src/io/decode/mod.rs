//! From a file to a [`Photo`]: what kind of file it is, its hash, and one decoder a format. Applies no orientation.

mod bmp_left_out;
mod jp2;
mod jp2_boxes;
mod jp2_codestream;
mod jpeg;
mod jpeg_colours;
mod jpeg_parts;
mod jpeg_scans;
mod left_out;
mod png;
mod png_parts;
mod raster;
mod reduced;
mod stream;
mod tiff;
mod webp_bmp;

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub(super) use jpeg::decode_pixels as decode_jpeg_pixels;
pub use reduced::Preview;
pub(super) use stream::{RowSink, StoredRow, stream_rows};
pub(super) use tiff::{is_structural as says_layout, name_of as name_of_tag};

use self::reduced::Watch;
use super::{DecodeError, DecodeLimits, hash};
use crate::geometry::ImageSize;
use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

/// What a decoder hands back.
pub(super) struct Decoded {
    pub size: ImageSize,
    pub channels: Channels,
    pub samples: Samples,
    pub alpha: Option<Samples>,
    pub metadata: Metadata,
    pub notes: Vec<String>,
}

/// What a decoder stopped at; the path is added where the file was opened.
#[derive(Debug)]
pub(super) enum Fault {
    Unsupported {
        what: String,
        remedy: &'static str,
    },
    Damaged(String),
    TooLarge {
        size: ImageSize,
        needed_bytes: u64,
    },
    OtherSize {
        expected: ImageSize,
        actual: ImageSize,
    },
    Io(std::io::Error),
}

/// The usual remedy for a picture in a form we do not read.
pub(super) const CONVERT: &str =
    "convert it to 8- or 16-bit grey or RGB in the program that made it";

impl Fault {
    fn unsupported(what: impl Into<String>) -> Self {
        let what = what.into();
        Self::Unsupported {
            what,
            remedy: CONVERT,
        }
    }

    fn damaged(reason: impl std::fmt::Display) -> Self {
        Self::Damaged(reason.to_string())
    }

    fn with_path(self, format: FileFormat, limits: DecodeLimits, path: &Path) -> DecodeError {
        let path = path.to_path_buf();
        match self {
            Self::Unsupported { what, remedy } => DecodeError::Unsupported {
                what,
                remedy: remedy.to_owned(),
                path,
            },
            Self::Damaged(reason) => DecodeError::Damaged {
                format: format.name(),
                reason,
                path,
            },
            Self::TooLarge { size, needed_bytes } => DecodeError::TooLarge {
                size,
                needed_bytes,
                limit_bytes: limits.memory_bytes,
                path,
            },
            Self::OtherSize { expected, actual } => DecodeError::MaskSize {
                expected,
                actual,
                path,
            },
            Self::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                DecodeError::Damaged {
                    format: format.name(),
                    reason: "the file ends too early".to_owned(),
                    path,
                }
            }
            Self::Io(source) => DecodeError::Io { source, path },
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// The opened file, as decoders see it.
pub(super) struct Input<'a> {
    pub file: File,
    pub file_bytes: u64,
    pub limits: DecodeLimits,
    /// The page asked for, counted from 0; `None` for the main one.
    pub page: Option<u32>,
    /// Who wants to see something of it meanwhile.
    pub watch: Option<Watch<'a>>,
}

impl Input<'_> {
    /// Refuses a picture of `size` px that needs more memory than allowed, or whose pixels cannot be packed into a file this short.
    fn check_size(
        &self,
        size: ImageSize,
        needed_bytes: u64,
        least_file_bytes: u64,
    ) -> Result<(), Fault> {
        if !self.limits.allow(needed_bytes) {
            return Err(Fault::TooLarge { size, needed_bytes });
        }
        if self.file_bytes < least_file_bytes {
            return Err(Fault::Damaged(format!(
                "{} bytes cannot hold the {size} px the header promises",
                self.file_bytes
            )));
        }
        Ok(())
    }
}

/// Decodes the photo in `path`; its kind is read from the content, never from the name.
///
/// Pixels stay in stored order at file depth; alpha is kept aside; palettes and fewer than 8 bits are widened, which the photo's notes tell.
///
/// # Errors
/// [`DecodeError`] names the file and what the person can do.
pub fn open_photo(path: &Path, limits: &DecodeLimits) -> Result<Photo, DecodeError> {
    open_watched(path, *limits, None, None)
}

/// As [`open_page`]; while it is decoded, `watch` is told what can be seen of it already, if it is large.
///
/// # Errors
/// As [`open_page`].
pub fn open_page_watched(
    path: &Path,
    limits: &DecodeLimits,
    page: Option<u32>,
    watch: &dyn Fn(Preview),
) -> Result<Photo, DecodeError> {
    open_watched(path, *limits, page, Some(watch))
}

/// As [`open_photo`], but the page of a TIFF can be chosen: `page` counts from 0. Without it the first page is taken that is
/// neither a reduced copy of another nor a transparency mask.
///
/// # Errors
/// [`DecodeError`]; also when there is no such page.
pub fn open_page(
    path: &Path,
    limits: &DecodeLimits,
    page: Option<u32>,
) -> Result<Photo, DecodeError> {
    open_watched(path, *limits, page, None)
}

fn open_watched(
    path: &Path,
    limits: DecodeLimits,
    page: Option<u32>,
    watch: Option<Watch<'_>>,
) -> Result<Photo, DecodeError> {
    let (mut file, file_bytes) = open_file(path)?;
    let io_error = |source| DecodeError::Io {
        source,
        path: path.to_path_buf(),
    };
    let format = kind_of(&mut file, path)?;
    let mut whole = file.try_clone().map_err(io_error)?;
    let input = Input {
        file,
        file_bytes,
        limits,
        page,
        watch,
    };
    if format != FileFormat::Tiff && page.is_some_and(|page| page > 0) {
        return Err(no_page(page.unwrap_or(0), 1).with_path(format, limits, path));
    }
    let decoded = decode(format, input).map_err(|fault| fault.with_path(format, limits, path))?;
    // After decoding, which has something to show.
    whole.rewind().map_err(io_error)?;
    let sha256 = hash::sha256_of(&mut whole).map_err(io_error)?;
    let source = Source {
        path: path.to_path_buf(),
        format,
        sha256,
        notes: decoded.notes,
    };
    Photo::new(
        decoded.size,
        decoded.channels,
        decoded.samples,
        decoded.alpha,
        decoded.metadata,
        source,
    )
    .map_err(|error| Fault::damaged(error).with_path(format, limits, path))
}

/// The refusal of a page (counted from 0) that a file of `count` pages does not have.
fn no_page(page: u32, count: u32) -> Fault {
    Fault::Unsupported {
        what: format!("the file has no page {}, its last is {count}", page + 1),
        remedy: "choose another page",
    }
}

/// Runs the decoder of `format`; third-party decoders may panic on hostile files, and the picture is simply refused then.
fn decode(format: FileFormat, mut input: Input) -> Result<Decoded, Fault> {
    let run = || match format {
        FileFormat::Jpeg => jpeg::decode(&mut input),
        FileFormat::Png => png::decode(&input),
        FileFormat::Tiff => tiff::decode(&input),
        FileFormat::WebP => webp_bmp::decode_webp(&input),
        FileFormat::Bmp => webp_bmp::decode_bmp(&mut input),
        FileFormat::Jpeg2000 => jp2::decode(&mut input),
    };
    guarded(run)
}

/// What `run` gives, or a fault where a decoder panics.
fn guarded<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What was begun when a decoder panics is thrown away, so nothing half changed is used.
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Fault::damaged("the decoder gave up on its content")))
}

/// Opens an ordinary, readable, non-empty file.
fn open_file(path: &Path) -> Result<(File, u64), DecodeError> {
    let fail = |source: std::io::Error| {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                DecodeError::Missing { path }
            }
            std::io::ErrorKind::PermissionDenied => DecodeError::NoPermission { path },
            _ => DecodeError::Io { source, path },
        }
    };
    // Looked at before opening: opening a pipe would wait for its other end.
    let facts = std::fs::metadata(path).map_err(fail)?;
    let path_buf = path.to_path_buf();
    if facts.is_dir() {
        return Err(DecodeError::Folder { path: path_buf });
    }
    if !facts.is_file() {
        return Err(DecodeError::NotAFile { path: path_buf });
    }
    if facts.len() == 0 {
        return Err(DecodeError::Empty { path: path_buf });
    }
    Ok((File::open(path).map_err(fail)?, facts.len()))
}

/// The kind of picture by its first bytes; leaves `file` at its start.
/// Whether the file in `path` begins like a photo that can be read; one that cannot be looked at does not.
pub fn looks_like_photo(path: &Path) -> bool {
    open_file(path).is_ok_and(|(mut file, _)| kind_of(&mut file, path).is_ok())
}

fn kind_of(file: &mut File, path: &Path) -> Result<FileFormat, DecodeError> {
    let io_error = |source| DecodeError::Io {
        source,
        path: path.to_path_buf(),
    };
    let mut start = Vec::with_capacity(32);
    file.take(32).read_to_end(&mut start).map_err(io_error)?;
    file.rewind().map_err(io_error)?;
    if let Some(format) = known_format(&start) {
        return Ok(format);
    }
    let path = path.to_path_buf();
    match foreign_format(&start) {
        Some(what) => Err(DecodeError::Unsupported {
            what: format!("this is a {what}, which is not read"),
            remedy: "export it as TIFF, PNG or JPEG first".to_owned(),
            path,
        }),
        None => Err(DecodeError::UnknownFormat { path }),
    }
}

fn known_format(start: &[u8]) -> Option<FileFormat> {
    let format = match start {
        [0xFF, 0xD8, 0xFF, ..] => FileFormat::Jpeg,
        [0x89, b'P', b'N', b'G', 13, 10, 26, 10, ..] => FileFormat::Png,
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => FileFormat::Tiff,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => FileFormat::WebP,
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', 13, 10, 0x87, 10, ..]
        | [0xFF, 0x4F, 0xFF, 0x51, ..] => FileFormat::Jpeg2000,
        // The size of the second header tells a bitmap from a text that starts with BM.
        [b'B', b'M', ..] => match start.get(14..18)? {
            [12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0] => FileFormat::Bmp,
            _ => return None,
        },
        _ => return None,
    };
    Some(format)
}

/// Pictures we do not read, by name, so that the message says what the person holds.
fn foreign_format(start: &[u8]) -> Option<&'static str> {
    let brand = start.get(4..12);
    Some(match start {
        [b'G', b'I', b'F', b'8', ..] => "GIF picture",
        [b'%', b'P', b'D', b'F', ..] => "PDF document",
        [b'8', b'B', b'P', b'S', ..] => "Photoshop document",
        [0xFF, 0x0A, ..] => "JPEG XL picture",
        _ if brand == Some(b"JXL \r\n\x87\n") => "JPEG XL picture",
        _ if brand == Some(b"ftypavif") => "AVIF picture",
        _ if brand.is_some_and(|brand| brand.starts_with(b"ftyphei") || brand == b"ftypmif1") => {
            "HEIF picture"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_the_kind() {
        assert_eq!(
            known_format(b"\xFF\xD8\xFF\xE0 and more"),
            Some(FileFormat::Jpeg)
        );
        assert_eq!(known_format(b"II\x2B\0\x08\0\0\0"), Some(FileFormat::Tiff));
        assert_eq!(known_format(b"MM\0\x2A...."), Some(FileFormat::Tiff));
        assert_eq!(known_format(b"RIFF1234WEBPVP8 "), Some(FileFormat::WebP));
        assert_eq!(known_format(b"BMW is the name of a firm"), None);
        assert_eq!(known_format(b"\x89PN"), None);
        assert_eq!(
            foreign_format(b"\0\0\0\x18ftypheic\0\0"),
            Some("HEIF picture")
        );
        assert_eq!(foreign_format(b"plain text"), None);
    }

    #[test]
    fn a_short_file_that_promises_many_pixels_is_refused_before_allocating() {
        let input = Input {
            file: tempfile::tempfile().unwrap(),
            file_bytes: 100,
            limits: DecodeLimits::new(1 << 40),
            page: None,
            watch: None,
        };
        let size = ImageSize::new(30_000, 30_000);
        let fault = input.check_size(size, 2_700_000_000, 2_700_000_000 / 1100);
        assert!(matches!(fault, Err(Fault::Damaged(_))));
        let small = Input {
            limits: DecodeLimits::new(1 << 20),
            ..input
        };
        let fault = small.check_size(size, 2_700_000_000, 0);
        assert!(matches!(fault, Err(Fault::TooLarge { .. })));
    }
}
