//! JPEG: 8 bits, 4:4:4, and metadata segments put behind the JFIF header.

use std::io::Write;

use image::ExtendedColorType;
use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use img_parts::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};

use super::{Failure, Picture};
use crate::io::metadata::{exif, iptc};
use crate::photo::{BitDepth, Channels, Resolution, ResolutionUnit};

/// Most bytes in one segment. Source: ITU-T T.81 B.1.1.4.
const SEGMENT_LIMIT_BYTES: usize = 65_533;
/// Longest side. Source: ITU-T T.81 B.2.2.
const SIDE_LIMIT_PX: u32 = 65_535;

const ICC_PREFIX: &[u8] = b"ICC_PROFILE\0";

/// Writes `picture` as JPEG.
pub fn write(
    picture: &Picture<'_>,
    quality: u8,
    writer: &mut impl Write,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let size = picture.size;
    if size.long_side() > SIDE_LIMIT_PX {
        return Err(Failure::TooLarge {
            remedy: "PNG or TIFF",
        });
    }
    if picture.samples.depth() == BitDepth::Sixteen {
        not_carried.push("16 bits a channel: JPEG holds 8, so values were rounded.".to_owned());
    }
    if picture.alpha.is_some() {
        not_carried.push("Transparency: JPEG has none.".to_owned());
    }
    let mut encoded = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut encoded, quality.clamp(1, 100));
    if let Some(resolution) = picture.metadata.resolution {
        encoder.set_pixel_density(density(resolution));
    }
    let colour = match picture.channels {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
    };
    encoder
        .encode(&picture.eight_bits(), size.width, size.height, colour)
        .map_err(Failure::encoder)?;

    let mut jpeg = Jpeg::from_bytes(Bytes::from(encoded)).map_err(Failure::encoder)?;
    let segments = metadata_segments(picture, not_carried);
    let behind_header = jpeg
        .segments()
        .iter()
        .take_while(|segment| segment.marker() == markers::APP0)
        .count();
    jpeg.segments_mut()
        .splice(behind_header..behind_header, segments);
    jpeg.encoder().write_to(writer)?;
    Ok(())
}

/// JFIF's density, whole numbers; EXIF keeps the exact ones.
fn density(resolution: Resolution) -> PixelDensity {
    let whole = |value: f64| value.round().clamp(1.0, f64::from(u16::MAX)) as u16;
    PixelDensity {
        density: (whole(resolution.x), whole(resolution.y)),
        unit: match resolution.unit {
            ResolutionUnit::None => PixelDensityUnit::PixelAspectRatio,
            ResolutionUnit::Inch => PixelDensityUnit::Inches,
            ResolutionUnit::Centimetre => PixelDensityUnit::Centimeters,
        },
    }
}

fn metadata_segments(picture: &Picture<'_>, not_carried: &mut Vec<String>) -> Vec<JpegSegment> {
    let metadata = picture.metadata;
    let mut segments = Vec::new();
    let mut add = |name: &str, marker: u8, prefix: &[u8], data: &[u8]| {
        if prefix.len() + data.len() > SEGMENT_LIMIT_BYTES {
            not_carried.push(format!(
                "{name}: {} bytes are more than a JPEG segment holds.",
                data.len()
            ));
            return;
        }
        let contents = Bytes::from([prefix, data].concat());
        segments.push(JpegSegment::new_with_contents(marker, contents));
    };
    let exif_blob = exif::with_orientation(
        metadata.exif.as_deref(),
        metadata.orientation,
        metadata.resolution,
    );
    if let Some(blob) = &exif_blob {
        add("EXIF", markers::APP1, b"Exif\0\0", blob);
    }
    if let Some(xmp) = &metadata.xmp {
        add("XMP", markers::APP1, b"http://ns.adobe.com/xap/1.0/\0", xmp);
    }
    if let Some(records) = &metadata.iptc {
        let block = iptc::to_resource(records);
        add("IPTC", markers::APP13, iptc::PHOTOSHOP_PREFIX, &block);
    }
    if let Some(profile) = &metadata.icc {
        let part_bytes = SEGMENT_LIMIT_BYTES - ICC_PREFIX.len() - 2;
        let count = profile.len().div_ceil(part_bytes);
        if count > 255 {
            add("ICC profile", markers::APP2, ICC_PREFIX, profile);
            return segments;
        }
        for (index, part) in profile.chunks(part_bytes).enumerate() {
            let numbers = [index as u8 + 1, count as u8];
            let prefix = [ICC_PREFIX, &numbers].concat();
            add("ICC profile", markers::APP2, &prefix, part);
        }
    }
    segments
}
