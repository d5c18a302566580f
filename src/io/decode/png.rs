//! PNG: rows, colour kinds widened, metadata chunks. The first frame of an animation counts.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use png::{
    BitDepth, ColorType, Decoder, DecodingError, Limits, PixelDimensions, Reader, Transformations,
    Unit,
};

use super::raster::{Sample, Split, zeros};
use super::reduced::RowReducer;
use super::{Decoded, Fault, Input, RowSink, StoredRow, png_parts};
use crate::geometry::ImageSize;
use crate::io::limits::raster_bytes;
use crate::io::metadata::{exif, iptc, png_text};
use crate::photo::{Channels, Metadata, Native, Resolution, ResolutionUnit, Samples};

/// Deflate's best ratio is 1032 to 1 (source: zlib's technical notes), rounded up.
pub const DEFLATE_BEST_RATIO: u64 = 1100;

/// Most memory for ancillary chunks and row buffers, bytes.
const CHUNK_LIMIT_BYTES: usize = 256 << 20;

/// Start of the keyword of a "raw profile" text chunk.
const RAW_PROFILE: &str = "Raw profile type ";

impl From<DecodingError> for Fault {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) => Self::Io(error),
            DecodingError::LimitsExceeded => Self::Unsupported {
                what: "this PNG needs more memory to decode than allowed".to_owned(),
                remedy: "save it again without its large text or profile",
            },
            other => Self::damaged(with_chunk_names(&other.to_string())),
        }
    }
}

/// The decoder's text with chunks by name only, where it writes out how it keeps them.
fn with_chunk_names(text: &str) -> String {
    let plain = |text: &str| {
        let (before, rest) = text.split_once("ChunkType { type: ")?;
        let (name, rest) = rest.split_once(',')?;
        let (_, after) = rest.split_once('}')?;
        Some(format!("{before}{name}{after}"))
    };
    plain(text).unwrap_or_else(|| text.to_owned())
}

/// A PNG whose header was read and whose size is allowed.
struct Begun {
    reader: Reader<BufReader<File>>,
    layout: Layout,
    channels: Channels,
    depth: BitDepth,
    /// What becomes of colours and depth.
    notes: Vec<String>,
    /// Most bytes for ancillary chunks.
    chunk_bytes: usize,
}

fn begin(input: &Input) -> Result<Begun, Fault> {
    let file = BufReader::new(input.file.try_clone()?);
    let bytes = CHUNK_LIMIT_BYTES.min(usize::try_from(input.limits.memory_bytes).unwrap_or(0));
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes });
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info()?;

    let info = reader.info();
    let size = ImageSize::new(info.width, info.height);
    let is_interlaced = info.interlaced;
    let notes = widening_notes(info.color_type, info.bit_depth, info.trns.is_some());
    let (colour, depth) = reader.output_color_type();
    let (channels, has_alpha) = match colour {
        ColorType::Grayscale => (Channels::Grey, false),
        ColorType::GrayscaleAlpha => (Channels::Grey, true),
        ColorType::Rgb => (Channels::Rgb, false),
        ColorType::Rgba => (Channels::Rgb, true),
        ColorType::Indexed => return Err(Fault::damaged("its palette is missing")),
    };
    let stored_channels = colour.samples();
    let sample_bytes = if depth == BitDepth::Sixteen { 2 } else { 1 };
    let needed = raster_bytes(size, stored_channels as u64, sample_bytes);
    // An interlaced picture with alpha is completed before alpha is split off.
    let extra = if has_alpha && is_interlaced {
        needed
    } else {
        0
    };
    let stored_bits = reader.info().bits_per_pixel() as u64;
    let stored = raster_bytes(size, stored_bits, 1) / 8;
    input.check_size(size, needed + extra, stored / DEFLATE_BEST_RATIO)?;
    Ok(Begun {
        reader,
        layout: Layout {
            size,
            stored_channels,
            colour_channels: channels.count(),
            is_interlaced,
        },
        channels,
        depth,
        notes,
        chunk_bytes: bytes,
    })
}

/// Hands every row to `sink`; false, and none, where the picture is interlaced.
pub fn each_row(input: &Input, sink: &mut dyn RowSink) -> Result<bool, Fault> {
    let mut begun = begin(input)?;
    if begun.layout.is_interlaced {
        return Ok(false);
    }
    sink.begin(begun.layout.size)?;
    if begun.depth == BitDepth::Sixteen {
        hand_over_rows::<u16>(&mut begun, u16::MAX, sink)?;
    } else {
        hand_over_rows::<u8>(&mut begun, u16::from(u8::MAX), sink)?;
    }
    begun.reader.finish()?;
    Ok(true)
}

fn hand_over_rows<T: Sample>(
    begun: &mut Begun,
    full: u16,
    sink: &mut dyn RowSink,
) -> Result<(), Fault> {
    let Begun { reader, layout, .. } = begun;
    let size = layout.size;
    let row_samples = size.width as usize * layout.stored_channels;
    let mut row = zeros::<T>(row_samples, size)?;
    let mut values = zeros::<u16>(row_samples, size)?;
    for y in 0..size.height {
        read_row(reader, &mut row)?;
        for (value, stored) in values.iter_mut().zip(&row) {
            *value = stored.wide();
        }
        sink.row(&StoredRow {
            x: 0,
            y,
            colours: layout.colour_channels,
            samples: layout.stored_channels,
            has_alpha: layout.stored_channels > layout.colour_channels,
            full,
            values: &values,
        });
    }
    Ok(())
}

/// Decodes a PNG file.
pub fn decode(input: &Input) -> Result<Decoded, Fault> {
    let Begun {
        mut reader,
        layout,
        channels,
        depth,
        mut notes,
        chunk_bytes,
    } = begin(input)?;
    let size = layout.size;
    // What stands behind the pixels is not known yet.
    let seen = Metadata {
        icc: reader.info().icc_profile.as_ref().map(|blob| blob.to_vec()),
        orientation: (reader.info().exif_metadata.as_deref())
            .and_then(|blob| exif::orientation(without_prefix(blob)))
            .unwrap_or_default(),
        ..Metadata::default()
    };
    let reducer = RowReducer::new(input.watch, size, channels, &seen);
    let (samples, alpha) = if depth == BitDepth::Sixteen {
        read_pixels::<u16>(&mut reader, &layout, reducer)?
    } else {
        read_pixels::<u8>(&mut reader, &layout, reducer)?
    };
    // Metadata may stand behind the pixels, and a file without its end is not whole.
    reader.finish()?;
    let mut metadata = read_metadata(&mut reader, &mut notes);
    let parts = png_parts::read(&mut &input.file, chunk_bytes as u64)?;
    metadata.xmp = png_text::xmp_packet(&parts).map(|(_, packet)| packet.into_owned());
    metadata.native = Some(Arc::new(Native::Png(parts)));
    Ok(Decoded {
        size,
        channels,
        samples,
        alpha,
        metadata,
        notes,
    })
}

struct Layout {
    size: ImageSize,
    stored_channels: usize,
    colour_channels: usize,
    is_interlaced: bool,
}

fn read_pixels<T: Sample>(
    reader: &mut Reader<BufReader<File>>,
    layout: &Layout,
    mut reducer: RowReducer<'_>,
) -> Result<(Samples, Option<Samples>), Fault> {
    let size = layout.size;
    let row_samples = size.width as usize * layout.stored_channels;
    let has_alpha = layout.stored_channels > layout.colour_channels;
    if !has_alpha && !layout.is_interlaced {
        let mut stored = zeros::<T>(row_samples * size.height as usize, size)?;
        for (y, row) in (0..).zip(stored.chunks_exact_mut(row_samples)) {
            read_row(reader, row)?;
            reducer.take(0, y, row);
        }
        return Ok((T::wrap(stored), None));
    }
    if layout.is_interlaced {
        let mut stored = zeros::<T>(row_samples * size.height as usize, size)?;
        reader.next_frame(bytemuck::cast_slice_mut(&mut stored))?;
        T::from_big_endian(&mut stored);
        if !has_alpha {
            return Ok((T::wrap(stored), None));
        }
        let mut split = Split::new(size, layout.colour_channels)?;
        split.put(0, &stored, layout.stored_channels);
        return Ok((T::wrap(split.colour), Some(T::wrap(split.alpha))));
    }
    let mut split = Split::new(size, layout.colour_channels)?;
    let mut row = zeros::<T>(row_samples, size)?;
    for y in 0..size.height {
        read_row(reader, &mut row)?;
        let first = size.index(0, y);
        split.put(first, &row, layout.stored_channels);
        let count = layout.colour_channels;
        reducer.take(
            0,
            y,
            &split.colour[first * count..][..size.width as usize * count],
        );
    }
    Ok((T::wrap(split.colour), Some(T::wrap(split.alpha))))
}

/// Reads the next row of a picture that is not interlaced.
fn read_row<T: Sample>(reader: &mut Reader<BufReader<File>>, row: &mut [T]) -> Result<(), Fault> {
    let read = reader.read_row(bytemuck::cast_slice_mut(row))?;
    if read.is_none() {
        return Err(Fault::damaged("rows are missing"));
    }
    T::from_big_endian(row);
    Ok(())
}

fn widening_notes(colour: ColorType, depth: BitDepth, has_transparent_colour: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if colour == ColorType::Indexed {
        notes.push("The palette was widened to 8-bit RGB.".to_owned());
    } else if (depth as u8) < 8 {
        notes.push(format!("{}-bit grey was widened to 8 bits.", depth as u8));
    }
    if has_transparent_colour {
        notes.push("Transparent colours were turned into an alpha channel.".to_owned());
    }
    notes
}

/// EXIF without the prefix that belongs to JPEG, which some writers put here too.
fn without_prefix(blob: &[u8]) -> &[u8] {
    blob.strip_prefix(b"Exif\0\0").unwrap_or(blob)
}

fn read_metadata(reader: &mut Reader<BufReader<File>>, notes: &mut Vec<String>) -> Metadata {
    let info = reader.info();
    let mut metadata = Metadata {
        icc: info.icc_profile.as_ref().map(|blob| blob.to_vec()),
        exif: (info.exif_metadata.as_deref()).map(|blob| without_prefix(blob).to_vec()),
        ..Metadata::default()
    };
    for (keyword, text) in texts(reader) {
        if let Some(kind) = keyword.strip_prefix(RAW_PROFILE) {
            take_raw_profile(kind, &text, &mut metadata);
        }
    }
    let info = reader.info();
    let exif_blob = metadata.exif.as_deref();
    metadata.orientation = exif_blob.and_then(exif::orientation).unwrap_or_default();
    metadata.resolution = resolution(info.pixel_dims, exif_blob.and_then(exif::resolution));
    if info.animation_control.is_some() {
        notes.push("Only the first frame of the animation is read.".to_owned());
    }
    metadata
}

/// The resolution of a file with this `pHYs` chunk and this one in its EXIF.
///
/// Without a unit `pHYs` states the shape of a pixel only (PNG 3, section 11.3.4.3), so anything EXIF says is more.
fn resolution(dims: Option<PixelDimensions>, in_exif: Option<Resolution>) -> Option<Resolution> {
    let Some(dims) = dims else {
        return in_exif;
    };
    let (x, y) = (f64::from(dims.xppu), f64::from(dims.yppu));
    match dims.unit {
        Unit::Meter => Resolution::from_metre(x, y).or(in_exif),
        Unit::Unspecified => in_exif.or_else(|| Resolution::from_tags(x, y, 1)),
    }
}

/// Takes over a "raw profile" of `kind`; false when it is of no known kind, not readable, or there already.
fn take_raw_profile(kind: &str, text: &str, metadata: &mut Metadata) -> bool {
    let (slot, content) = match kind {
        "iptc" => {
            let blob = iptc::from_raw_profile(text);
            let records = blob.map(|blob| iptc::from_resources(&blob).unwrap_or(blob));
            (&mut metadata.iptc, records)
        }
        "exif" | "APP1" => {
            let blob = iptc::from_raw_profile(text);
            let exif = blob.and_then(|blob| Some(blob.strip_prefix(b"Exif\0\0")?.to_vec()));
            (&mut metadata.exif, exif)
        }
        _ => return false,
    };
    if slot.is_some() || content.is_none() {
        return false;
    }
    *slot = content;
    true
}

/// Keyword and text of every text chunk that can be read, those in Unicode first.
fn texts(reader: &Reader<BufReader<File>>) -> Vec<(String, String)> {
    let info = reader.info();
    let plain = info
        .uncompressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), Some(chunk.text.clone())));
    let packed = info
        .compressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.get_text().ok()));
    let unicode = info
        .utf8_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.get_text().ok()));
    // Where a profile is there twice, that in Unicode counts.
    unicode
        .chain(plain)
        .chain(packed)
        .filter_map(|(keyword, text)| Some((keyword, text?)))
        .collect()
}

impl Resolution {
    /// From whole pixels a metre, which is how PNG and BMP keep it: in pixels an inch when the number was made from those.
    pub(super) fn from_metre(x: f64, y: f64) -> Option<Self> {
        const INCHES_A_METRE: f64 = 1.0 / 0.0254;
        let (inch_x, inch_y) = ((x / INCHES_A_METRE).round(), (y / INCHES_A_METRE).round());
        let came_from = |inch: f64, metre: f64| (inch * INCHES_A_METRE - metre).abs() <= 1.0;
        if came_from(inch_x, x) && came_from(inch_y, y) && inch_x > 0.0 && inch_y > 0.0 {
            return Self::from_tags(inch_x, inch_y, 2);
        }
        Self::from_tags(x / 100.0, y / 100.0, 3)
    }

    /// Whole pixels a metre; `None` without an absolute unit.
    pub(in crate::io) fn a_metre(self) -> Option<(u32, u32)> {
        let scale = match self.unit {
            ResolutionUnit::Inch => 1.0 / 0.0254,
            ResolutionUnit::Centimetre => 100.0,
            ResolutionUnit::None => return None,
        };
        Some((
            (self.x * scale).round() as u32,
            (self.y * scale).round() as u32,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_profile_is_taken_once_and_told_when_it_cannot_be_read() {
        let mut metadata = Metadata::default();
        let text = iptc::to_raw_profile("iptc", &iptc::to_resource(&[0x1c, 2, 5]));
        assert!(!take_raw_profile("iptc", "no profile", &mut metadata));
        assert!(take_raw_profile("iptc", &text, &mut metadata));
        assert_eq!(metadata.iptc.as_deref(), Some(&[0x1c, 2, 5][..]));
        assert!(!take_raw_profile("iptc", &text, &mut metadata));
        assert!(!take_raw_profile("8bim", &text, &mut metadata));
    }

    #[test]
    fn a_broken_chunk_is_called_by_its_name() {
        let text = "CRC error while decoding ChunkType { type: IDAT, critical: true } chunk.";
        let said = "CRC error while decoding IDAT chunk.";
        assert_eq!(with_chunk_names(text), said);
        assert_eq!(with_chunk_names("IEND is missing"), "IEND is missing");
    }

    #[test]
    fn the_shape_of_a_pixel_is_no_resolution_where_exif_has_one() {
        let of = |xppu, unit| {
            let yppu = xppu;
            Some(PixelDimensions { xppu, yppu, unit })
        };
        let exif = Resolution::from_tags(600.0, 600.0, 2);
        let shape = Resolution::from_tags(1.0, 1.0, 1);
        assert_eq!(resolution(of(1, Unit::Unspecified), exif), exif);
        assert_eq!(resolution(of(1, Unit::Unspecified), None), shape);
        assert_eq!(resolution(None, exif), exif);
        let dots = Resolution::from_tags(300.0, 300.0, 2);
        assert_eq!(resolution(of(11_811, Unit::Meter), exif), dots);
    }

    #[test]
    fn pixels_a_metre_come_back_as_pixels_an_inch() {
        for dpi in [72.0, 96.0, 300.0, 600.0, 1200.0, 4800.0] {
            let inch = Resolution::from_tags(dpi, dpi, 2).unwrap();
            let (x, y) = inch.a_metre().unwrap();
            assert_eq!(
                Resolution::from_metre(f64::from(x), f64::from(y)),
                Some(inch)
            );
        }
        let odd = Resolution::from_metre(10_000.0, 10_000.0).unwrap();
        assert_eq!((odd.x, odd.unit), (254.0, ResolutionUnit::Inch));
    }
}
