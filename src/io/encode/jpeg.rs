//! JPEG: 8 bits, coded as the master was or 4:4:4 at a quality, with metadata segments in front.

use std::io::Write;

use jpeg_encoder::{
    ChromaSubsamplingMethod, Encoder, EncodingError, PixelDensity, PixelDensityUnit,
    QuantizationTableType, SamplingFactor,
};

use super::jpeg_parts::{self, EXIF_PREFIX, ICC_PREFIX, SEGMENT_LIMIT_BYTES};
use super::jpeg_rows::Rows;
use super::png::exif_blob;
use super::{Failure, OutputFormat, Picture, THUMBNAIL_IN_XMP_DROPPED, without_xmp_thumbnail};
use crate::io::metadata::{exif, iptc, xmp};
use crate::photo::{
    BitDepth, Channels, JpegParts, JpegSegment, Native, Resolution, ResolutionUnit,
};

/// Longest side. Source: ITU-T T.81 B.2.2.
const SIDE_LIMIT_PX: u32 = 65_535;

impl From<EncodingError> for Failure {
    fn from(error: EncodingError) -> Self {
        match error {
            EncodingError::IoError(error) => Self::Io(error),
            other => Self::encoder(other),
        }
    }
}

/// Writes `picture` as JPEG; without a `quality` coded as its master was, if that was a JPEG.
pub fn write(
    picture: &Picture<'_>,
    quality: Option<u8>,
    writer: &mut impl Write,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    if picture.size.long_side() > SIDE_LIMIT_PX {
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
    let master = match picture.metadata.native.as_deref() {
        Some(Native::Jpeg(parts)) => Some(parts),
        _ => None,
    };
    let coding = Coding::choose(picture, master, quality, not_carried);
    let mut encoded = encode(picture, &coding)?;
    let segments = if let Some(parts) = master {
        jpeg_parts::plan(picture, parts, not_carried)
    } else {
        metadata_segments(picture, not_carried)
    };
    let (head, coded) = split_header(&mut encoded)
        .ok_or_else(|| Failure::encoder("the encoder's header is not where it should be"))?;
    set_component_ids(coded, &coding.component_ids);
    writer.write_all(&head[..2])?;
    if master.is_none() {
        writer.write_all(&head[2..])?;
    }
    for JpegSegment { marker, data } in &segments {
        writer.write_all(&[0xFF, *marker])?;
        writer.write_all(&(data.len() as u16 + 2).to_be_bytes())?;
        writer.write_all(data)?;
    }
    if picture.channels == Channels::Grey
        && let Some(table) = second_table(coded)
    {
        writer.write_all(&coded[..table.start])?;
        writer.write_all(&coded[table.end..])?;
    } else {
        writer.write_all(coded)?;
    }
    Ok(())
}

/// Whether a JPEG of `channels` can be coded as the master of `parts` was.
pub fn can_code_as(parts: &JpegParts, channels: Channels) -> bool {
    Coding::of(parts, channels).is_ok()
}

/// How pixels become coefficients.
struct Coding {
    /// Tables of luma and chroma in the encoder's own order.
    tables: [QuantizationTableType; 2],
    quality: u8,
    sampling: SamplingFactor,
    is_progressive: bool,
    restart_interval: u16,
    component_ids: Vec<u8>,
}

impl Coding {
    /// The master's own coding where no `quality` is asked for and the encoder can do it; it tells why not.
    fn choose(
        picture: &Picture<'_>,
        master: Option<&JpegParts>,
        quality: Option<u8>,
        not_carried: &mut Vec<String>,
    ) -> Self {
        let standard = Self {
            tables: [
                QuantizationTableType::Default,
                QuantizationTableType::Default,
            ],
            quality: quality.unwrap_or(OutputFormat::DEFAULT_JPEG_QUALITY),
            sampling: SamplingFactor::F_1_1,
            is_progressive: false,
            restart_interval: 0,
            component_ids: vec![1, 2, 3],
        };
        let (Some(parts), None) = (master, quality) else {
            return standard;
        };
        match Self::of(parts, picture.channels) {
            Ok(coding) => coding,
            Err(reason) => {
                not_carried.push(format!(
                    "The original's JPEG coding ({reason}): quality {} without subsampling is used.",
                    standard.quality
                ));
                standard
            }
        }
    }

    fn of(parts: &JpegParts, channels: Channels) -> Result<Self, &'static str> {
        if parts.components.len() != channels.count() {
            return Err("its components are unusual");
        }
        let ids: Vec<u8> = parts.components.iter().map(|c| c.id).collect();
        if channels == Channels::Rgb && parts.stores_rgb() {
            return Err("it stores RGB, which is written as YCbCr");
        }
        let mut tables = Vec::new();
        for component in &parts.components {
            let table = component.table.ok_or("a table is missing")?;
            if table.iter().any(|value| !(1..=255).contains(value)) {
                return Err("its tables have 16 bits");
            }
            tables.push(table);
        }
        if tables.len() == 3 && tables[1] != tables[2] {
            return Err("its two colour differences have different tables");
        }
        let sampling = match parts.components.as_slice() {
            [luma, blue, red] => {
                let chroma = (blue.horizontal, blue.vertical);
                if chroma != (red.horizontal, red.vertical) || chroma.0 == 0 || chroma.1 == 0 {
                    return Err("its subsampling is unusual");
                }
                let is_whole = luma.horizontal % chroma.0 == 0 && luma.vertical % chroma.1 == 0;
                let ratio = (luma.horizontal / chroma.0, luma.vertical / chroma.1);
                let factor = SamplingFactor::from_factors(ratio.0, ratio.1);
                factor
                    .filter(|_| is_whole)
                    .ok_or("its subsampling is unusual")?
            }
            _ => SamplingFactor::F_1_1,
        };
        let custom = |table: &[u16; 64]| QuantizationTableType::Custom(Box::new(natural(table)));
        Ok(Self {
            tables: [custom(&tables[0]), custom(&tables[tables.len() - 1])],
            quality: OutputFormat::DEFAULT_JPEG_QUALITY,
            sampling,
            is_progressive: parts.is_progressive,
            restart_interval: parts.restart_interval,
            component_ids: ids,
        })
    }
}

/// A table in rows and columns from one in zigzag order. Source: ITU-T T.81 figure A.6.
fn natural(zigzag: &[u16; 64]) -> [u16; 64] {
    let mut places: Vec<(usize, usize)> = (0..64).map(|at| (at / 8, at % 8)).collect();
    // Diagonals in turn; odd ones run downwards, even ones upwards.
    places.sort_by_key(|&(row, column)| {
        let diagonal = row + column;
        (diagonal, if diagonal % 2 == 1 { row } else { column })
    });
    let mut table = [0; 64];
    for (&value, (row, column)) in zigzag.iter().zip(places) {
        table[row * 8 + column] = value;
    }
    table
}

fn encode(picture: &Picture<'_>, coding: &Coding) -> Result<Vec<u8>, Failure> {
    let mut encoded = Vec::new();
    let mut encoder = Encoder::new(&mut encoded, coding.quality.clamp(1, 100));
    let [luma, chroma] = coding.tables.clone();
    encoder.set_quantization_tables(luma, chroma);
    encoder.set_sampling_factor(coding.sampling);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_progressive(coding.is_progressive);
    if coding.restart_interval > 0 {
        encoder.set_restart_interval(coding.restart_interval);
    }
    if let Some(resolution) = picture.metadata.resolution {
        encoder.set_density(density(resolution));
    }
    let rows = Rows::new(picture);
    let outcome = encoder.encode_image(&rows);
    // What the rows could not be made for says more than what the encoder makes of it.
    rows.finish()?;
    outcome?;
    Ok(encoded)
}

/// The start marker with the encoder's own JFIF header, and everything behind.
fn split_header(encoded: &mut [u8]) -> Option<(&[u8], &mut [u8])> {
    let &[0xFF, 0xD8, 0xFF, 0xE0, high, low, ..] = &*encoded else {
        return None;
    };
    let end = 4 + usize::from(u16::from_be_bytes([high, low]));
    let (head, coded) = encoded.split_at_mut_checked(end)?;
    Some((head, coded))
}

/// Names the components of frame and scans `ids` in place of the encoder's 0, 1, 2.
fn set_component_ids(coded: &mut [u8], ids: &[u8]) {
    for at in component_positions(coded) {
        if let Some(id) = coded.get_mut(at)
            && let Some(&new) = ids.get(usize::from(*id))
        {
            *id = new;
        }
    }
}

/// The segment of the second quantisation table, which the encoder writes even where no component uses it.
fn second_table(coded: &[u8]) -> Option<std::ops::Range<usize>> {
    const START: [u8; 5] = [0xFF, 0xDB, 0, 67, 1];
    let at = coded
        .windows(START.len())
        .position(|bytes| bytes == START)?;
    Some(at..at + 2 + 67)
}

/// Where the component identifiers of frame and scan headers lie.
fn component_positions(coded: &[u8]) -> Vec<usize> {
    let mut positions = Vec::new();
    let mut at = 0;
    while let Some(&[0xFF, marker, high, low]) = coded.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (first, step) = match marker {
            0xC0..=0xC2 => (10, 3),
            0xDA => (5, 2),
            _ => (0, 0),
        };
        if step > 0 {
            let count = usize::from(coded.get(at + first - 1).copied().unwrap_or(0));
            positions.extend((0..count).map(|index| at + first + index * step));
        }
        at += 2 + length;
        if marker == 0xDA {
            at += entropy_bytes(coded.get(at..).unwrap_or_default());
        }
    }
    positions
}

/// Bytes up to the next marker that is neither a stuffed byte nor a restart.
fn entropy_bytes(coded: &[u8]) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7);
    coded.windows(2).position(ends).unwrap_or(coded.len())
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
        let data = [prefix, data].concat();
        segments.push(JpegSegment { marker, data });
    };
    if let Some(blob) = exif_blob(metadata) {
        add("EXIF", 0xE1, EXIF_PREFIX, &blob);
    }
    let mut dropped_thumbnail = false;
    if let Some(packet) = &metadata.xmp {
        let bare = without_xmp_thumbnail(packet);
        dropped_thumbnail = bare.is_some();
        let packet = bare.as_deref().unwrap_or(packet);
        add("XMP", 0xE1, xmp::JPEG_PREFIX, packet);
    }
    if let Some(records) = &metadata.iptc {
        let block = iptc::to_resource(records);
        add("IPTC", 0xED, iptc::PHOTOSHOP_PREFIX, &block);
    }
    if let Some(profile) = &metadata.icc {
        let part_bytes = SEGMENT_LIMIT_BYTES - ICC_PREFIX.len() - 2;
        let count = profile.len().div_ceil(part_bytes);
        if count > 255 {
            add("ICC profile", 0xE2, ICC_PREFIX, profile);
            return segments;
        }
        for (index, part) in profile.chunks(part_bytes).enumerate() {
            let numbers = [index as u8 + 1, count as u8];
            let prefix = [ICC_PREFIX, &numbers].concat();
            add("ICC profile", 0xE2, &prefix, part);
        }
    }
    if dropped_thumbnail {
        not_carried.push(THUMBNAIL_IN_XMP_DROPPED.to_owned());
    }
    if metadata.exif.as_deref().is_some_and(exif::has_thumbnail) {
        not_carried.push(super::THUMBNAIL_DROPPED.to_owned());
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zigzag_table_is_laid_out_in_rows() {
        let mut zigzag = [0; 64];
        for (at, value) in zigzag.iter_mut().enumerate() {
            *value = at as u16;
        }
        let table = natural(&zigzag);
        assert_eq!(table[..8], [0, 1, 5, 6, 14, 15, 27, 28]);
        assert_eq!(table[8..12], [2, 4, 7, 13]);
        assert_eq!(table[56..], [35, 36, 48, 49, 57, 58, 62, 63]);
    }
}
