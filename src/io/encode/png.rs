//! PNG: header and what stands around the pixels: profile, EXIF, XMP, IPTC and resolution in their chunks.

use std::borrow::Cow;
use std::io::Write;

use png::text_metadata::{ITXtChunk, ZTXtChunk};
use png::{BitDepth, ColorType, Encoder, EncodingError, Info, PixelDimensions, Unit};

use super::{Failure, Picture, THUMBNAIL_DROPPED, jpeg_parts, png_parts, png_rows};
use crate::io::metadata::provenance::in_utf8;
use crate::io::metadata::{PNG_XMP_KEYWORD, exif, iptc};
use crate::photo::{
    BitDepth as Depth, Channels, Metadata, Native, PngChunk, Resolution, ResolutionUnit,
};

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
    let master = match picture.metadata.native.as_deref() {
        Some(Native::Png(parts)) => Some(png_parts::plan(picture, parts, not_carried)),
        _ => None,
    };
    if picture
        .metadata
        .exif
        .as_deref()
        .is_some_and(exif::has_thumbnail)
    {
        not_carried.push(THUMBNAIL_DROPPED.to_owned());
    }
    let info = match &master {
        Some(_) => layout(picture),
        None => info(picture, not_carried),
    };
    let encoder = Encoder::with_info(writer, info)?;
    let mut writer = encoder.write_header()?;
    match &master {
        Some(plan) => write_chunks(&plan.before, &mut writer)?,
        None => write_texts(picture, &mut writer, not_carried)?,
    }
    png_rows::write(picture, &mut writer)?;
    if let Some(plan) = &master {
        write_chunks(&plan.behind, &mut writer)?;
    }
    writer.finish()?;
    Ok(())
}

fn write_chunks<W: Write>(chunks: &[PngChunk], writer: &mut png::Writer<W>) -> Result<(), Failure> {
    for PngChunk { kind, data } in chunks {
        writer.write_chunk(png::chunk::ChunkType(*kind), data)?;
    }
    Ok(())
}

fn info<'a>(picture: &Picture<'a>, not_carried: &mut Vec<String>) -> Info<'a> {
    let metadata = picture.metadata;
    if metadata.premultiplied_alpha && picture.alpha.is_some() {
        not_carried.push(
            "That the colours are premultiplied by alpha: PNG cannot say so, TIFF can.".to_owned(),
        );
    }
    let mut info = layout(picture);
    info.icc_profile = metadata.icc.as_deref().map(Cow::Borrowed);
    info.exif_metadata = exif_blob(metadata).map(Cow::Owned);
    info.pixel_dims = metadata.resolution.and_then(pixel_dimensions);
    info
}

/// The EXIF blob a PNG embeds: the master's own, less a thumbnail that still shows the damage.
pub fn exif_blob(metadata: &Metadata) -> Option<Vec<u8>> {
    exif::with_orientation(
        metadata.exif.as_deref(),
        metadata.orientation,
        metadata.resolution,
    )
    .map(exif::without_thumbnail)
}

/// Size, depth and colour kind; no metadata.
fn layout<'a>(picture: &Picture<'_>) -> Info<'a> {
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
        match in_utf8(xmp) {
            Some(text) => writer.write_text_chunk(&ITXtChunk::new(PNG_XMP_KEYWORD, text))?,
            None => not_carried.push("XMP: it is not UTF-8, which PNG demands.".to_owned()),
        }
    }
    let mut resources = picture.metadata.iptc.as_deref().map(iptc::to_resource);
    if let Some(Native::Jpeg(parts)) = picture.metadata.native.as_deref() {
        for comment in jpeg_parts::comments(parts) {
            writer.write_text_chunk(&ITXtChunk::new("Comment", comment))?;
        }
        resources = jpeg_parts::bare_resources(parts, not_carried).or(resources);
    }
    if let Some(resources) = resources {
        let text = iptc::to_raw_profile("iptc", &resources);
        writer.write_text_chunk(&ZTXtChunk::new("Raw profile type iptc", text))?;
    }
    Ok(())
}
