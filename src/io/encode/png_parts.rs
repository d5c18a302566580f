//! Which chunks of a PNG master go into its PNG derivative, and how those change whose meaning hangs on the pixels' layout.
//!
//! Source: PNG specification, "Ancillary chunks" and "Ordering and copying rules".

use super::Picture;
use super::png::exif_blob;
use crate::io::metadata::png_text::{is_text, is_xmp, keyword, text_of, xmp_packet};
use crate::io::metadata::{PNG_XMP_KEYWORD, iptc};
use crate::photo::{Metadata, PngChunk, PngParts};

const PALETTE: u8 = 3;

const ANIMATION: &str = "The animation: only its first picture is written.";

/// Ancillary chunks whose meaning is known, so that their copying rule need not be asked.
const KNOWN: [&[u8; 4]; 27] = [
    b"PLTE", b"bKGD", b"cHRM", b"cICP", b"cLLI", b"cLLi", b"dSIG", b"eXIf", b"gAMA", b"gIFg",
    b"gIFt", b"gIFx", b"hIST", b"iCCP", b"iTXt", b"mDCV", b"mDCv", b"oFFs", b"pCAL", b"pHYs",
    b"sBIT", b"sCAL", b"sPLT", b"sRGB", b"sTER", b"tEXt", b"tIME",
];

/// The chunks of a derivative around its pixels.
pub struct Plan {
    /// In front of the pixels.
    pub before: Vec<PngChunk>,
    /// Behind the pixels.
    pub behind: Vec<PngChunk>,
}

/// The chunks for `picture` made from `parts`, every one in its place and order; what is lost or changed is told.
pub fn plan(picture: &Picture<'_>, parts: &PngParts, not_carried: &mut Vec<String>) -> Plan {
    not_carried.extend(parts.left_out.iter().cloned());
    if parts.is_interlaced {
        not_carried.push("Interlacing: the rows are written one after the other.".to_owned());
    }
    let packet = xmp_packet(parts).map(|(chunk, _)| chunk);
    let mut keep = |chunks: &[PngChunk]| -> Vec<PngChunk> {
        chunks
            .iter()
            .filter_map(|chunk| match packet {
                Some(first) if std::ptr::eq(first, chunk) => Some(xmp_in_place(chunk, picture)),
                _ => carry(chunk, picture, parts, not_carried),
            })
            .collect()
    };
    let (mut before, behind) = (keep(&parts.before), keep(&parts.behind));
    if let Some(new) = &picture.metadata.xmp
        && packet.is_none()
    {
        before.push(xmp_chunk(new));
    }
    let has_exif = parts.chunks().any(|chunk| &chunk.kind == b"eXIf");
    if !has_exif && !parts.chunks().any(is_raw_exif) {
        before.extend(exif_blob(picture.metadata).map(|data| PngChunk {
            kind: *b"eXIf",
            data,
        }));
    }
    Plan { before, behind }
}

/// The chunk as it goes into the derivative, or why not.
fn carry(
    chunk: &PngChunk,
    picture: &Picture<'_>,
    parts: &PngParts,
    not_carried: &mut Vec<String>,
) -> Option<PngChunk> {
    let from_palette = parts.colour_type == PALETTE;
    let with = |data: Vec<u8>| {
        let kind = chunk.kind;
        Some(PngChunk { kind, data })
    };
    let mut lost = |text: String| {
        if !not_carried.contains(&text) {
            not_carried.push(text);
        }
        None
    };
    match &chunk.kind {
        b"PLTE" if from_palette => lost("The palette: its colours are written as RGB.".to_owned()),
        b"tRNS" => lost("The transparent colour: it is written as an alpha channel.".to_owned()),
        b"acTL" | b"fcTL" => lost(ANIMATION.to_owned()),
        b"iDOT" => lost("PNG chunk iDOT: it says where the old file's pixels lay.".to_owned()),
        b"hIST" if from_palette => lost("PNG chunk hIST: it counts palette colours.".to_owned()),
        b"bKGD" => match background(&chunk.data, parts) {
            Some(data) => with(data),
            None => lost("PNG chunk bKGD: it is broken.".to_owned()),
        },
        b"sBIT" => match significant_bits(&chunk.data, picture, parts) {
            Some(data) => with(data),
            None => lost("PNG chunk sBIT: it is broken.".to_owned()),
        },
        b"eXIf" => {
            let blob = exif_blob(picture.metadata)?;
            // Some writers put JPEG's prefix in front.
            if chunk.data.strip_prefix(b"Exif\0\0") == Some(&blob) {
                return Some(chunk.clone());
            }
            with(blob)
        }
        b"dSIG" | b"caBX" => {
            lost(format!(
                "The validity of PNG chunk {}: it is kept, but signs the original file.",
                chunk.name()
            ));
            Some(chunk.clone())
        }
        kind => {
            let is_unsafe = kind[3].is_ascii_uppercase();
            if is_unsafe && !KNOWN.contains(&kind) {
                lost(format!(
                    "The validity of PNG chunk {}: it is kept, but its maker marked it as depending on the pixels.",
                    chunk.name()
                ));
            }
            Some(chunk.clone())
        }
    }
}

/// The derivative's packet in the place of `chunk`, its master's; as it lies when it is the same.
fn xmp_in_place(chunk: &PngChunk, picture: &Picture<'_>) -> PngChunk {
    match picture.metadata.xmp.as_deref() {
        Some(packet) if text_of(chunk).as_deref() != Some(packet) => xmp_chunk(packet),
        _ => chunk.clone(),
    }
}

/// The background colour for the derivative's layout; `None` when the chunk does not fit its own file.
fn background(data: &[u8], parts: &PngParts) -> Option<Vec<u8>> {
    match (parts.colour_type, data) {
        (PALETTE, &[index]) => {
            let palette = parts.before.iter().find(|chunk| &chunk.kind == b"PLTE")?;
            let colour = palette.data.chunks_exact(3).nth(usize::from(index))?;
            Some(colour.iter().flat_map(|&value| [0, value]).collect())
        }
        (0, &[high, low]) if matches!(parts.bits, 1 | 2 | 4) => {
            let largest = (1_u16 << parts.bits) - 1;
            let value = u16::from_be_bytes([high, low]).min(largest);
            Some((value * (255 / largest)).to_be_bytes().to_vec())
        }
        (0 | 4, &[_, _]) | (2 | 6, &[_, _, _, _, _, _]) => Some(data.to_vec()),
        _ => None,
    }
}

/// The significant bits for the derivative's channels: those of an alpha that was no channel before are all.
fn significant_bits(data: &[u8], picture: &Picture<'_>, parts: &PngParts) -> Option<Vec<u8>> {
    let stored = match parts.colour_type {
        0 => 1,
        4 => 2,
        6 => 4,
        _ => 3,
    };
    if data.len() != stored {
        return None;
    }
    let colours = picture.channels.count();
    let mut bits = data.get(..colours)?.to_vec();
    if picture.alpha.is_some() {
        let all = picture.samples.depth().bits();
        bits.push(data.get(colours).copied().unwrap_or(all));
    }
    Some(bits)
}

fn is_raw_exif(chunk: &PngChunk) -> bool {
    let word = keyword(&chunk.data);
    is_text(chunk.kind) && (word == b"Raw profile type exif" || word == b"Raw profile type APP1")
}

/// An uncompressed XMP chunk. Source: XMP Specification part 3, "PNG".
fn xmp_chunk(packet: &[u8]) -> PngChunk {
    // No compression, no language, no translated keyword.
    let data = [PNG_XMP_KEYWORD.as_bytes(), &[0; 5], packet].concat();
    PngChunk {
        kind: *b"iTXt",
        data,
    }
}

/// The blob in a "raw profile" chunk; `None` when it is broken.
fn raw_profile(chunk: &PngChunk) -> Option<Vec<u8>> {
    let text = text_of(chunk)?;
    iptc::from_raw_profile(std::str::from_utf8(&text).ok()?)
}

/// Whether a "raw profile" chunk holds nothing but the EXIF that is carried.
fn says_carried_exif(chunk: &PngChunk, metadata: &Metadata) -> bool {
    let blob = raw_profile(chunk);
    let exif = blob
        .as_deref()
        .map(|blob| blob.strip_prefix(b"Exif\0\0").unwrap_or(blob));
    exif.is_some() && exif == metadata.exif.as_deref()
}

/// Whether a "raw profile" chunk holds the IPTC records that are carried.
fn says_carried_records(chunk: &PngChunk, metadata: &Metadata) -> bool {
    let records = raw_profile(chunk).map(|blob| iptc::from_resources(&blob).unwrap_or(blob));
    records.is_some() && records == metadata.iptc
}

/// What of a PNG master another kind of file has no place for.
pub fn lost_elsewhere(parts: &PngParts, metadata: &Metadata, not_carried: &mut Vec<String>) {
    not_carried.extend(parts.left_out.iter().cloned());
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    let (packet, first) = xmp_packet(parts).unzip();
    for chunk in parts.chunks() {
        let word = keyword(&chunk.data);
        let is_carried = match &chunk.kind {
            b"PLTE" => parts.colour_type == PALETTE,
            b"acTL" => {
                not_carried.push(ANIMATION.to_owned());
                true
            }
            b"tRNS" | b"fcTL" | b"iDOT" => true,
            b"iCCP" => metadata.icc.is_some(),
            b"eXIf" => metadata.exif.is_some(),
            b"pHYs" => metadata.resolution.is_some(),
            _ if packet.is_some_and(|first| std::ptr::eq(first, chunk)) => metadata.xmp.is_some(),
            _ if is_xmp(chunk) && first.is_some() && text_of(chunk) == first => true,
            _ if is_xmp(chunk) => {
                texts.push(format!(
                    "{PNG_XMP_KEYWORD} (not the first packet that can be read)"
                ));
                continue;
            }
            _ if is_raw_exif(chunk) && says_carried_exif(chunk, metadata) => true,
            &kind
                if is_text(kind)
                    && word == b"Raw profile type iptc"
                    && says_carried_records(chunk, metadata) =>
            {
                true
            }
            &kind if is_text(kind) => {
                texts.push(word.escape_ascii().to_string());
                continue;
            }
            _ => false,
        };
        if !is_carried {
            others.push(chunk.name());
        }
    }
    others.dedup();
    for (what, names) in [("PNG text", texts), ("PNG chunks", others)] {
        if !names.is_empty() {
            not_carried.push(format!("{what}: {}.", names.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::Channels;

    fn chunk(kind: &[u8], data: &[u8]) -> PngChunk {
        let (kind, data) = (kind.try_into().unwrap(), data.to_vec());
        PngChunk { kind, data }
    }

    fn picture(metadata: &Metadata, alpha: bool) -> Picture<'_> {
        Picture {
            size: ImageSize::new(1, 1),
            channels: Channels::Rgb,
            samples: View::U8(&[1, 2, 3]).into(),
            alpha: alpha.then_some(View::U8(&[4])),
            metadata,
        }
    }

    #[test]
    fn palette_positions_become_colours_and_significant_bits_gain_alpha() {
        let parts = PngParts {
            before: vec![
                chunk(b"sBIT", &[5, 6, 5]),
                chunk(b"PLTE", &[1, 2, 3, 40, 50, 60]),
                chunk(b"tRNS", &[0]),
                chunk(b"bKGD", &[1]),
                chunk(b"hIST", &[0, 1, 0, 2]),
            ],
            colour_type: PALETTE,
            bits: 8,
            ..PngParts::default()
        };
        let (metadata, mut lost) = (Metadata::default(), Vec::new());
        let plan = plan(&picture(&metadata, true), &parts, &mut lost);
        let wanted = [
            chunk(b"sBIT", &[5, 6, 5, 8]),
            chunk(b"bKGD", &[0, 40, 0, 50, 0, 60]),
        ];
        assert_eq!(plan.before, wanted);
        assert_eq!(lost.len(), 3, "{lost:?}");
    }

    #[test]
    fn a_grey_background_is_widened_with_its_pixels() {
        let parts = |bits| PngParts {
            bits,
            ..PngParts::default()
        };
        assert_eq!(background(&[0, 1], &parts(1)).unwrap(), [0, 255]);
        assert_eq!(background(&[0, 2], &parts(2)).unwrap(), [0, 170]);
        assert_eq!(background(&[0, 15], &parts(4)).unwrap(), [0, 255]);
        assert_eq!(background(&[9, 15], &parts(16)).unwrap(), [9, 15]);
        assert_eq!(background(&[9], &parts(16)), None);
    }

    #[test]
    fn a_changed_xmp_packet_takes_the_place_of_the_old_one() {
        let old = xmp_chunk(b"<old/>");
        let parts = PngParts {
            before: vec![
                chunk(b"tEXt", b"a\0b"),
                old.clone(),
                chunk(b"gAMA", &[0; 4]),
            ],
            colour_type: 2,
            bits: 8,
            ..PngParts::default()
        };
        for (packet, expected) in [(b"<old/>", old.clone()), (b"<new/>", xmp_chunk(b"<new/>"))] {
            let xmp = Some(packet.to_vec());
            let metadata = Metadata {
                xmp,
                ..Metadata::default()
            };
            let plan = plan(&picture(&metadata, false), &parts, &mut Vec::new());
            assert_eq!(plan.before.len(), 3);
            assert_eq!(plan.before[1], expected);
        }
        assert_eq!(*text_of(&old).unwrap(), *b"<old/>");
    }

    #[test]
    fn chunks_of_unknown_makers_are_kept_and_doubts_told() {
        let parts = PngParts {
            behind: vec![chunk(b"prVt", b"safe"), chunk(b"prVT", b"unsafe")],
            colour_type: 2,
            bits: 8,
            ..PngParts::default()
        };
        let (metadata, mut lost) = (Metadata::default(), Vec::new());
        let plan = plan(&picture(&metadata, false), &parts, &mut lost);
        assert_eq!(plan.behind, parts.behind);
        let [doubt] = lost.as_slice() else {
            panic!("{lost:?}");
        };
        assert!(doubt.contains("prVT"), "{doubt}");
    }
}
