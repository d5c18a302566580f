//! WebP and BMP through the `image` crate, 8 bits, with the resolution of a BMP header.

use std::io::{BufReader, Read as _, Seek as _};

use image::codecs::bmp::BmpDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError};

use super::raster::{Split, zeros};
use super::{CONVERT, Decoded, Fault, Input};
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
    let metadata = Metadata {
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
    let mut decoder = BmpDecoder::new(BufReader::new(input.file.try_clone()?))?;
    let metadata = Metadata {
        icc: decoder.icc_profile()?,
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
        Ok(Self {
            bits_a_pixel: Some(u16::from_le_bytes([bytes[28], bytes[29]])),
            resolution: Resolution::from_metre(long(38), long(42)),
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
