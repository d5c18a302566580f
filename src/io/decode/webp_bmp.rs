//! WebP and BMP through the `image` crate, 8 bits, with the resolution of a BMP header. What lies beside the picture is told beside it (`left_out`).

use std::io::{BufReader, Read as _, Seek as _, SeekFrom};

use image::codecs::bmp::BmpDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError};

use super::raster::{Split, zeros};
use super::{CONVERT, Decoded, Fault, Input, bmp_left_out, left_out};
use crate::geometry::ImageSize;
use crate::io::limits::raster_bytes;
use crate::io::metadata::exif;
use crate::photo::{Channels, Metadata, Resolution, Samples};

impl From<ImageError> for Fault {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::IoError(error) => Self::Io(error),
            ImageError::Unsupported(error) => Self::Unsupported {
                what: format!("{error}"),
                remedy: CONVERT,
            },
            other => Self::damaged(other),
        }
    }
}

/// Decodes a WebP file; the first frame of an animation counts.
pub fn decode_webp(input: &Input) -> Result<Decoded, Fault> {
    let mut decoder = WebPDecoder::new(BufReader::new(input.file.try_clone()?))?;
    let exif_blob = decoder
        .exif_metadata()?
        .map(|blob| blob.strip_prefix(b"Exif\0\0").unwrap_or(&blob).to_vec());
    let stated = exif_blob.as_deref();
    let mut left_behind = left_out::of_webp(&mut &input.file)?;
    if decoder.has_animation() {
        left_behind.push("The animation's other frames.".to_owned());
    }
    let metadata = Metadata {
        left_behind,
        orientation: stated.and_then(exif::orientation).unwrap_or_default(),
        resolution: stated.and_then(exif::resolution),
        icc: decoder.icc_profile()?,
        xmp: decoder.xmp_metadata()?,
        exif: exif_blob,
        ..Metadata::default()
    };
    let mut notes = Vec::new();
    if decoder.has_animation() {
        notes.push("Only the first frame of the animation is read.".to_owned());
    }
    read_pixels(decoder, input, metadata, notes)
}

/// Decodes a Windows bitmap.
pub fn decode_bmp(input: &mut Input) -> Result<Decoded, Fault> {
    let header = BmpHeader::read(input)?;
    let mut notes = Vec::new();
    if let Some(bits @ 1..=16) = header.bits_a_pixel {
        notes.push(format!("{bits}-bit colours were widened to 8-bit RGB."));
    }
    let profile = BmpProfile::read(input)?;
    let decoder = BmpDecoder::new(BufReader::new(input.file.try_clone()?))?;
    let (icc, mut left_behind) = match profile {
        BmpProfile::None => (None, Vec::new()),
        BmpProfile::Embedded(profile) => (Some(profile), Vec::new()),
        BmpProfile::Lost(what) => (None, vec![what.to_owned()]),
    };
    left_behind.extend(bmp_left_out::look(&mut input.file)?);
    left_behind.extend(left_out::of_bmp(&mut &input.file)?);
    input.file.rewind()?;
    let metadata = Metadata {
        icc,
        left_behind,
        resolution: header.resolution,
        ..Metadata::default()
    };
    read_pixels(decoder, input, metadata, notes)
}

/// What the `image` crate does not tell of a bitmap's header.
#[derive(Default)]
struct BmpHeader {
    bits_a_pixel: Option<u16>,
    resolution: Option<Resolution>,
}

impl BmpHeader {
    /// Reads the 40-byte header behind the 14-byte file header and leaves the file at its start.
    fn read(input: &mut Input) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        (&mut input.file).take(54).read_to_end(&mut bytes)?;
        input.file.rewind()?;
        // Source: BITMAPINFOHEADER; the older 12-byte header has no resolution.
        if bytes.len() < 54 || bytes[14] < 40 {
            return Ok(Self::default());
        }
        let long = |at: usize| {
            let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            f64::from(i32::from_le_bytes(bytes))
        };
        let bits = u16::from_le_bytes([bytes[28], bytes[29]]);
        Ok(Self {
            bits_a_pixel: Some(bits),
            resolution: Resolution::from_metre(long(38), long(42)),
        })
    }
}

/// What a bitmap says of its colours.
#[derive(Debug, PartialEq, Eq)]
enum BmpProfile {
    /// Nothing, or that they are sRGB.
    None,
    /// An ICC profile.
    Embedded(Vec<u8>),
    /// What is not read, as a sentence.
    Lost(&'static str),
}

/// Most bytes of a profile that are believed.
const PROFILE_LIMIT_BYTES: u32 = 16 << 20;

/// Where the second header begins, behind that of the file.
const HEADER_AT: usize = 14;

impl BmpProfile {
    const BROKEN: Self = Self::Lost("The colour profile: it is damaged.");

    /// Reads the profile that a header of 124 bytes points to, and leaves the file at its start.
    ///
    /// Source: BITMAPV4HEADER and BITMAPV5HEADER: kind of colours at byte 56 of the header, position (from the header's
    /// start) and length of the profile at 112 and 116.
    fn read(input: &mut Input) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        (&mut input.file)
            .take(HEADER_AT as u64 + 124)
            .read_to_end(&mut bytes)?;
        input.file.rewind()?;
        let long = |at: usize| {
            let bytes = bytes.get(HEADER_AT + at..HEADER_AT + at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let Some(header_bytes @ (108 | 124)) = long(0) else {
            return Ok(Self::None);
        };
        let kind = bytes.get(HEADER_AT + 56..HEADER_AT + 60);
        match kind {
            Some(b"DEBM") if header_bytes == 124 => {}
            Some(b"KNIL") => {
                return Ok(Self::Lost(
                    "The colour profile: it is a file of its own, which the bitmap only names.",
                ));
            }
            Some([0, 0, 0, 0]) if bytes[HEADER_AT + 60..].iter().take(48).any(|&b| b != 0) => {
                return Ok(Self::Lost(
                    "The colour calibration in the header (end points and gamma).",
                ));
            }
            _ => return Ok(Self::None),
        }
        let (Some(at), Some(length)) = (long(112), long(116)) else {
            return Ok(Self::None);
        };
        if !(128..=PROFILE_LIMIT_BYTES).contains(&length) {
            return Ok(Self::BROKEN);
        }
        let start = HEADER_AT as u64 + u64::from(at);
        input.file.seek(SeekFrom::Start(start))?;
        let mut profile = Vec::new();
        (&mut input.file)
            .take(u64::from(length))
            .read_to_end(&mut profile)?;
        input.file.rewind()?;
        // Source: ICC.1, "Profile file signature".
        let is_profile = profile.len() == length as usize && profile[36..40] == *b"acsp";
        Ok(if is_profile {
            Self::Embedded(profile)
        } else {
            Self::BROKEN
        })
    }
}

fn read_pixels(
    decoder: impl ImageDecoder,
    input: &Input,
    metadata: Metadata,
    notes: Vec<String>,
) -> Result<Decoded, Fault> {
    let (width, height) = decoder.dimensions();
    let size = ImageSize::new(width, height);
    let (channels, has_alpha) = match decoder.color_type() {
        ColorType::L8 => (Channels::Grey, false),
        ColorType::La8 => (Channels::Grey, true),
        ColorType::Rgb8 => (Channels::Rgb, false),
        ColorType::Rgba8 => (Channels::Rgb, true),
        other => {
            return Err(Fault::unsupported(format!(
                "this picture holds {other:?} pixels"
            )));
        }
    };
    let stored_channels = channels.count() + usize::from(has_alpha);
    let stored_bytes = raster_bytes(size, stored_channels as u64, 1);
    let copies = if has_alpha { 2 } else { 1 };
    // WebP packs a flat picture of its largest size (16383 px a side) into a few bytes, and a BMP may be run-length coded.
    input.check_size(size, stored_bytes.saturating_mul(copies), 0)?;
    let mut stored = zeros::<u8>(size.pixel_count() * stored_channels, size)?;
    decoder.read_image(&mut stored)?;
    let (samples, alpha) = if has_alpha {
        let mut split = Split::new(size, channels.count())?;
        split.put(0, &stored, stored_channels);
        (split.colour, Some(Samples::U8(split.alpha)))
    } else {
        (stored, None)
    };
    Ok(Decoded {
        size,
        channels,
        samples: Samples::U8(samples),
        alpha,
        metadata,
        notes,
    })
}
