//! PNG: rows streamed at file depth, profile, EXIF, XMP, IPTC and resolution in their chunks.

use std::borrow::Cow;
use std::io::Write;

use png::text_metadata::{ITXtChunk, ZTXtChunk};
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Info, PixelDimensions, Unit};

use super::{Failure, Picture};
use crate::io::metadata::{PNG_XMP_KEYWORD, exif, iptc};
use crate::photo::{BitDepth as Depth, Channels, Resolution, ResolutionUnit};

/// Buffer between rows and chunks, bytes; also the size of an IDAT chunk.
const CHUNK_BYTES: usize = 256 << 10;

impl From<EncodingError> for Failure {
    fn from(error: EncodingError) -> Self {
        match error {
            EncodingError::IoError(error) => Self::Io(error),
            other => Self::encoder(other),
        }
    }
}

/// Writes `picture` as PNG.
pub fn write(
    picture: &Picture<'_>,
    writer: &mut impl Write,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut encoder = Encoder::with_info(writer, info(picture, not_carried))?;
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header()?;
    write_texts(picture, &mut writer, not_carried)?;

    let mut rows = writer.stream_writer_with_size(CHUNK_BYTES)?;
    for y in 0..picture.size.height {
        let row = picture.rows(y, y + 1);
        if picture.sample_bytes() == 1 {
            rows.write_all(&row)?;
        } else {
            rows.write_all(&to_big_endian(&row))?;
        }
    }
    rows.finish()?;
    writer.finish()?;
    Ok(())
}

fn info<'a>(picture: &Picture<'a>, not_carried: &mut Vec<String>) -> Info<'a> {
    let metadata = picture.metadata;
    if metadata.premultiplied_alpha && picture.alpha.is_some() {
        not_carried.push(
            "That the colours are premultiplied by alpha: PNG cannot say so, TIFF can.".to_owned(),
        );
    }
    let mut info = Info::with_size(picture.size.width, picture.size.height);
    info.bit_depth = match picture.samples.depth() {
        Depth::Eight => BitDepth::Eight,
        Depth::Sixteen => BitDepth::Sixteen,
    };
    info.color_type = match (picture.channels, picture.alpha.is_some()) {
        (Channels::Grey, false) => ColorType::Grayscale,
        (Channels::Grey, true) => ColorType::GrayscaleAlpha,
        (Channels::Rgb, false) => ColorType::Rgb,
        (Channels::Rgb, true) => ColorType::Rgba,
    };
    info.icc_profile = metadata.icc.as_deref().map(Cow::Borrowed);
    info.exif_metadata = exif::with_orientation(
        metadata.exif.as_deref(),
        metadata.orientation,
        metadata.resolution,
    )
    .map(Cow::Owned);
    info.pixel_dims = metadata.resolution.and_then(pixel_dimensions);
    info
}

fn pixel_dimensions(resolution: Resolution) -> Option<PixelDimensions> {
    if resolution.unit == ResolutionUnit::None {
        // Only the ratio counts; whole numbers keep it to a thousandth.
        let scale = 1000.0 / resolution.x.max(resolution.y);
        return Some(PixelDimensions {
            xppu: (resolution.x * scale).round() as u32,
            yppu: (resolution.y * scale).round() as u32,
            unit: Unit::Unspecified,
        });
    }
    let (xppu, yppu) = resolution.a_metre()?;
    let unit = Unit::Meter;
    Some(PixelDimensions { xppu, yppu, unit })
}

fn write_texts<W: Write>(
    picture: &Picture<'_>,
    writer: &mut png::Writer<W>,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    if let Some(xmp) = &picture.metadata.xmp {
        match std::str::from_utf8(xmp) {
            Ok(text) => writer.write_text_chunk(&ITXtChunk::new(PNG_XMP_KEYWORD, text))?,
            Err(_) => not_carried.push("XMP: it is not UTF-8, which PNG demands.".to_owned()),
        }
    }
    if let Some(records) = &picture.metadata.iptc {
        let text = iptc::to_raw_profile("iptc", &iptc::to_resource(records));
        writer.write_text_chunk(&ZTXtChunk::new("Raw profile type iptc", text))?;
    }
    Ok(())
}

fn to_big_endian(row: &[u8]) -> Vec<u8> {
    row.chunks_exact(2)
        .flat_map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]]).to_be_bytes())
        .collect()
}
