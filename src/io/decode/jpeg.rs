//! JPEG: structure, metadata segments, pixels. Refuses what would come out shifted or half grey.

use std::io::Read as _;
use std::sync::Arc;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::jpeg_scans::Scans;
use super::raster::zeros;
use super::reduced::{LEAST_PIXELS, Preview};
use super::{CONVERT, Decoded, Fault, Input, jpeg_colours, jpeg_parts};
use crate::geometry::ImageSize;
use crate::io::limits::raster_bytes;
use crate::io::metadata::{exif, iptc, xmp};
use crate::photo::{Channels, Metadata, Native, Resolution, ResolutionUnit, Samples};

/// Most decoded bytes one byte of JPEG data can stand for: 512 px (one bit a block and component) of 3 samples.
const BEST_RATIO: u64 = 1536;

/// The frame header of a JPEG-LS. Source: ITU-T T.87 annex C.
const JPEG_LS: u8 = 0xF7;

const EXIF_PREFIX: &[u8] = b"Exif\0\0";
const ICC_PREFIX: &[u8] = b"ICC_PROFILE\0";

/// Decodes a JPEG file.
pub fn decode(input: &mut Input) -> Result<Decoded, Fault> {
    if !input.limits.allow(input.file_bytes) {
        return Err(Fault::TooLarge {
            size: ImageSize::new(0, 0),
            needed_bytes: input.file_bytes,
        });
    }
    let mut bytes = Vec::new();
    input.file.read_to_end(&mut bytes)?;
    let structure = Structure::read(&bytes)?;
    let frame = structure.frame.readable()?;

    let channels = frame.channels()?;
    let pixels = raster_bytes(frame.size, channels.count() as u64, 1);
    // A progressive picture keeps all its coefficients (16 bits) until the last scan, one in parts its planes and a copy
    // of the file.
    let until_the_end = match (structure.scans.are_unusual(), frame.is_progressive()) {
        (true, true) => 3 * pixels + 2 * input.file_bytes,
        (true, false) => pixels + 2 * input.file_bytes,
        (false, true) => 2 * pixels,
        (false, false) => 0,
    };
    let copy = structure.misread.map_or(0, |_| input.file_bytes);
    let needed = pixels + until_the_end + copy + input.file_bytes;
    input.check_size(frame.size, needed, pixels / BEST_RATIO)?;
    if !structure.is_complete {
        return Err(Fault::damaged("its end is missing"));
    }
    let (mut metadata, notes) = read_metadata(&structure.segments);
    let parts = jpeg_parts::read(&structure.segments, structure.bytes_behind);
    metadata.native = Some(Arc::new(Native::Jpeg(parts)));
    if let Some(watch) = input.watch
        && let Some(preview) = embedded_preview(&metadata, frame.size)
    {
        watch(preview);
    }
    let samples = structure.decode_pixels(&bytes, frame.size, channels)?;
    Ok(Decoded {
        size: frame.size,
        channels,
        samples: Samples::U8(samples),
        alpha: None,
        metadata,
        notes,
    })
}

/// The small picture in the metadata of a large photo of `full_size`.
fn embedded_preview(metadata: &Metadata, full_size: ImageSize) -> Option<Preview> {
    let exif = metadata.exif.as_deref()?;
    let bytes = exif::jpeg_thumbnail(exif).filter(|_| full_size.pixel_count() >= LEAST_PIXELS)?;
    let structure = Structure::read(bytes).ok()?;
    let frame = structure.frame.readable().ok()?;
    let channels = frame.channels().ok()?;
    // An honest one is of 160 × 120 px.
    if frame.size.pixel_count() >= LEAST_PIXELS {
        return None;
    }
    let preview = Preview {
        full_size,
        size: frame.size,
        channels,
        values: structure.decode_pixels(bytes, frame.size, channels).ok()?,
        orientation: metadata.orientation,
        icc: None,
    };
    Some(preview.cut_to_shape())
}

/// Interleaved 8-bit samples of the JPEG in `bytes`, which must have this size and these channels.
pub fn decode_pixels(bytes: &[u8], size: ImageSize, channels: Channels) -> Result<Vec<u8>, Fault> {
    Structure::read(bytes)?.decode_pixels(bytes, size, channels)
}

/// The same by the usual decoder.
fn decode_usual(bytes: &[u8], size: ImageSize, channels: Channels) -> Result<Vec<u8>, Fault> {
    let space = match channels {
        Channels::Grey => ColorSpace::Luma,
        Channels::Rgb => ColorSpace::RGB,
    };
    // Strict: a scan that ends early or holds impossible codes is an error, not a grey patch.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let mut samples = zeros::<u8>(size.pixel_count() * channels.count(), size)?;
    decoder.decode_headers().map_err(Fault::damaged)?;
    if decoder.output_buffer_size() != Some(samples.len()) {
        return Err(Fault::damaged("its headers contradict each other"));
    }
    decoder.decode_into(&mut samples).map_err(Fault::damaged)?;
    Ok(samples)
}

/// The frame header.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// 0xC0 to 0xCF: the coding process.
    process: u8,
    bits: u8,
    size: ImageSize,
    components: u8,
}

impl Frame {
    fn parse(process: u8, payload: &[u8]) -> Option<Self> {
        let &[bits, h1, h0, w1, w0, components, ..] = payload else {
            return None;
        };
        Some(Self {
            process,
            bits,
            size: ImageSize::new(
                u32::from(u16::from_be_bytes([w1, w0])),
                u32::from(u16::from_be_bytes([h1, h0])),
            ),
            components,
        })
    }

    fn is_progressive(self) -> bool {
        self.process == 0xC2
    }

    /// The frame itself when its coding process and depth are ones we read.
    fn readable(self) -> Result<Self, Fault> {
        let kind = match self.process {
            0xC0..=0xC2 => None,
            0xC3 => Some("a lossless JPEG"),
            0xC9..=0xCB => Some("a JPEG with arithmetic coding"),
            _ => Some("a hierarchical JPEG"),
        };
        if let Some(kind) = kind {
            return Err(Fault::unsupported(format!(
                "this is {kind}, which is not read"
            )));
        }
        if self.bits != 8 {
            return Err(Fault::unsupported(format!(
                "this JPEG has {} bits a channel, and only 8 are read",
                self.bits
            )));
        }
        if self.size.width == 0 || self.size.height == 0 {
            return Err(Fault::damaged("its header states no size"));
        }
        Ok(self)
    }

    fn channels(self) -> Result<Channels, Fault> {
        match self.components {
            1 => Ok(Channels::Grey),
            3 => Ok(Channels::Rgb),
            4 => Err(Fault::Unsupported {
                what: "this JPEG has CMYK colours, which would shift if they were guessed".into(),
                remedy: "convert it to RGB with its colour profile in the program that made it",
            }),
            n => Err(Fault::Unsupported {
                what: format!("this JPEG has {n} colour channels"),
                remedy: CONVERT,
            }),
        }
    }
}

/// A JPEG's markers: the frame, all segments, and whether the end was reached.
struct Structure<'a> {
    frame: Frame,
    /// Marker and payload of every segment in front of the first scan.
    segments: Vec<(u8, &'a [u8])>,
    scans: Scans,
    /// Whether the components are red, green and blue, where the usual decoder would not see it.
    misread: Option<bool>,
    is_complete: bool,
    /// Bytes behind the end marker.
    bytes_behind: u64,
}

impl<'a> Structure<'a> {
    /// Walks the markers; entropy-coded data are only searched for the next marker.
    ///
    /// Source: ITU-T T.81 annex B.
    fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut frame = None;
        let mut segments = Vec::new();
        let mut scans = Scans::default();
        let mut is_complete = false;
        let mut bytes_behind = 0;
        let mut in_headers = true;
        let mut at = 2;
        while let Some((marker, start)) = next_marker(bytes, at) {
            at = start;
            match marker {
                0xD9 => {
                    is_complete = !in_headers;
                    bytes_behind = bytes.len().saturating_sub(start) as u64;
                    break;
                }
                // Markers without a length.
                0x01 | 0xD0..=0xD8 => continue,
                _ => {}
            }
            let Some(payload) = payload_at(bytes, start) else {
                break;
            };
            at = start + 2 + payload.len();
            match marker {
                0xDA => {
                    in_headers = false;
                    scans.components.extend(payload.first());
                }
                // DHT, JPG and DAC share the range of the frame headers.
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                    if frame.is_none() {
                        scans.sampling = Scans::sampling_of(payload);
                        scans.is_progressive = marker == 0xC2;
                    }
                    frame = frame.or_else(|| Frame::parse(marker, payload));
                }
                JPEG_LS => {
                    return Err(Fault::unsupported("this is a JPEG-LS, which is not read"));
                }
                _ => {}
            }
            if in_headers {
                segments.push((marker, payload));
            }
        }
        let frame = frame.ok_or_else(|| Fault::damaged("it has no frame header"))?;
        if scans.are_unusual() {
            scans.stores_rgb = jpeg_parts::read(&segments, 0).stores_rgb();
        }
        Ok(Self {
            frame,
            misread: jpeg_colours::misread(&segments),
            segments,
            scans,
            is_complete,
            bytes_behind,
        })
    }

    /// Interleaved 8-bit samples of the file in `bytes`, which must have this size and these channels.
    fn decode_pixels(
        &self,
        bytes: &[u8],
        size: ImageSize,
        channels: Channels,
    ) -> Result<Vec<u8>, Fault> {
        if !self.scans.are_unusual() {
            return match self.misread {
                Some(stores_rgb) => {
                    let copy = jpeg_colours::spelt_out(bytes, stores_rgb);
                    decode_usual(&copy, size, channels)
                }
                None => decode_usual(bytes, size, channels),
            };
        }
        if self.frame.size != size || channels != Channels::Rgb {
            return Err(Fault::damaged("its headers contradict each other"));
        }
        let count = size.pixel_count() * channels.count();
        self.scans.decode(bytes, count)
    }
}

/// The next marker from `at` on and the position behind it; stuffed bytes and fill bytes are passed over.
pub(super) fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)? + 1;
        while *bytes.get(at)? == 0xFF {
            at += 1;
        }
        match bytes[at] {
            0 => at += 1,
            marker => return Some((marker, at + 1)),
        }
    }
}

fn payload_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    bytes.get(at + 2..at + length.max(2))
}

fn read_metadata(segments: &[(u8, &[u8])]) -> (Metadata, Vec<String>) {
    let mut metadata = Metadata::default();
    let mut notes = Vec::new();
    let mut icc: Vec<(u8, u8, &[u8])> = Vec::new();
    let (mut resources, mut extended) = (Vec::new(), Vec::new());
    let mut density = None;
    for &(marker, payload) in segments {
        let is = |prefix: &[u8]| payload.strip_prefix(prefix);
        match marker {
            0xE0 => density = density.or_else(|| is(b"JFIF\0").and_then(jfif_density)),
            0xE1 if metadata.exif.is_none() && is(EXIF_PREFIX).is_some() => {
                metadata.exif = is(EXIF_PREFIX).map(<[u8]>::to_vec);
            }
            0xE1 if metadata.xmp.is_none() && is(xmp::JPEG_PREFIX).is_some() => {
                metadata.xmp = is(xmp::JPEG_PREFIX).map(<[u8]>::to_vec);
            }
            0xE1 => extended.extend(is(xmp::JPEG_EXTENSION_PREFIX)),
            0xE2 => {
                if let Some([number, count, data @ ..]) = is(ICC_PREFIX) {
                    icc.push((*number, *count, data));
                } else if is(b"MPF\0").is_some() {
                    push_once(&mut notes, "Only the first picture of the file is read.");
                }
            }
            0xED => resources.extend(is(iptc::PHOTOSHOP_PREFIX).unwrap_or_default()),
            _ => {}
        }
    }
    let has_profile = !icc.is_empty();
    metadata.icc = whole_profile(icc);
    if has_profile && metadata.icc.is_none() {
        notes.push(
            "A part of the colour profile is missing or there twice, so it is not used.".to_owned(),
        );
    }
    metadata.iptc = iptc::from_resources(&resources);
    if !extended.is_empty() && !join_xmp(&mut metadata, &extended) {
        notes.push("The extended part of the XMP data cannot be read.".to_owned());
    }
    let exif_blob = metadata.exif.as_deref();
    metadata.orientation = exif_blob.and_then(exif::orientation).unwrap_or_default();
    // A density without a unit only tells the pixels' shape, so EXIF's resolution says more.
    let from_exif = || exif_blob.and_then(exif::resolution);
    metadata.resolution = match density {
        Some(density) if density.unit != ResolutionUnit::None => Some(density),
        Some(shape) if shape.x.total_cmp(&shape.y).is_ne() => from_exif().or(Some(shape)),
        _ => from_exif(),
    };
    (metadata, notes)
}

/// The profile whose `parts` (number from 1, how many there are, bytes) these are; `None` when they do not make up one.
///
/// Source: ICC.1 annex B.4, "Embedding ICC profiles in JPEG files".
fn whole_profile(mut parts: Vec<(u8, u8, &[u8])>) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, ..)| *number);
    let is_whole = parts
        .iter()
        .zip(1_usize..)
        .all(|(&(number, count, _), at)| {
            usize::from(number) == at && usize::from(count) == parts.len()
        });
    let profile: Vec<u8> = parts
        .into_iter()
        .flat_map(|(.., data)| data)
        .copied()
        .collect();
    (is_whole && !profile.is_empty()).then_some(profile)
}

/// Makes a split packet whole; false when it is not built as it should be.
fn join_xmp(metadata: &mut Metadata, pieces: &[&[u8]]) -> bool {
    let packet = metadata.xmp.as_deref().unwrap_or_default();
    let whole = xmp::extended(pieces, packet).and_then(|extended| xmp::merge(packet, &extended));
    let is_whole = whole.is_some();
    metadata.xmp = whole.or_else(|| metadata.xmp.take());
    is_whole
}

fn push_once(notes: &mut Vec<String>, note: &str) {
    if !notes.iter().any(|known| known == note) {
        notes.push(note.to_owned());
    }
}

/// The density of a JFIF segment's payload behind its name.
fn jfif_density(payload: &[u8]) -> Option<Resolution> {
    let &[_, _, unit, x1, x0, y1, y0, ..] = payload else {
        return None;
    };
    let (x, y) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
    // JFIF counts its units from none, TIFF from one.
    Resolution::from_tags(f64::from(x), f64::from(y), u16::from(unit) + 1)
}
