//! Metadata of a TIFF page: blobs in tags of their own, and the descriptive tags gathered into an EXIF blob.

use tiff::decoder::IfdDecoder;
use tiff::tags::{ByteOrder, IfdPointer, Tag, Type, ValueBuffer};

use super::super::Fault;
use super::FileDecoder;
use crate::io::metadata::exif::{ExifTree, RawEntry, VALUE_LIMIT_BYTES, kind_bytes, tag};
use crate::io::metadata::iptc;
use crate::photo::{Metadata, Orientation, Resolution};

const XMP: u16 = 700;
const IPTC: u16 = 33_723;
const PHOTOSHOP_RESOURCES: u16 = 34_377;
const ICC: u16 = 34_675;
/// Source: C2PA Specification, "Embedding manifests into TIFF".
const CONTENT_CREDENTIALS: u16 = 52_545;

/// Tags of the first directory that describe the picture and go into the EXIF blob: document name, description, make, model,
/// page name, software, date, artist, host, copyright, ratings, Windows' title to subject.
const DESCRIPTIVE: [u16; 17] = [
    269, 270, 271, 272, 285, 305, 306, 315, 316, 18_246, 18_249, 33_432, 40_091, 40_092, 40_093,
    40_094, 40_095,
];

/// Whether a tag only says how this file lays its pixels out, so that a derivative has its own: kind of page, size, depth,
/// compression, photometric, whether it is dithered, bit order, strips, planes, free bytes, predictor, palette, tiles, extra
/// channels, JPEG tables, subsampling.
pub const fn is_structural(tag: u16) -> bool {
    matches!(
        tag,
        254..=259
            | 262
            | 263
            | 266
            | 273
            | 277..=279
            | 284
            | 288
            | 289
            | 293
            | 317
            | 320
            | 322..=325
            | 338
            | 339
            | 346
            | 347
            | 512..=521
            | 530
            | 531
    )
}

/// A tag by number, and by name where it says something about the picture. Source: TIFF 6.0 and its supplements.
pub fn name_of(tag: u16) -> String {
    let name = match tag {
        11 => "processing software",
        264 | 265 => "cell of the dither matrix",
        280 | 281 | 340 | 341 => "extremes of the samples",
        286 | 287 => "position on the page",
        290 | 291 => "grey response",
        292 => "fax options",
        297 => "page number",
        301 => "transfer function",
        318 => "white point",
        319 => "primary chromaticities",
        321 => "halftone hints",
        330 => "sub-pages",
        332..=334 => "inks",
        336 => "dot range",
        337 => "target printer",
        342 => "transfer range",
        343..=345 => "clipping path",
        529 => "YCbCr coefficients",
        531 => "YCbCr positioning",
        532 => "reference black and white",
        700 => "XMP",
        32_781 => "image identifier",
        33_421 | 33_422 => "pattern of the colour filters",
        33_445..=33_452 => "scanner of gels",
        33_550 | 33_922 | 34_264 | 34_735..=34_737 => "map co-ordinates",
        IPTC => "IPTC",
        ICC => "colour profile",
        37_724 => "Photoshop layers",
        42_112 | 42_113 => "GDAL",
        50_341 => "print settings",
        CONTENT_CREDENTIALS => "content credentials, C2PA, which sign the original file",
        PHOTOSHOP_RESOURCES => "Photoshop resources",
        _ => return tag.to_string(),
    };
    format!("{tag} ({name})")
}

/// What is said of Photoshop's resources whose IPTC is `inside`, where a tag of its own holds `beside`.
fn name_of_resources(beside: Option<&[u8]>, inside: Option<&[u8]>) -> String {
    // Writers fill the tag up to whole words.
    let bare = |records: &[u8]| {
        let end = records.iter().rposition(|&byte| byte != 0);
        records[..end.map_or(0, |at| at + 1)].to_vec()
    };
    let what = match (beside, inside) {
        (_, None) => "Photoshop resources",
        (Some(beside), Some(inside)) if bare(beside) != bare(inside) => {
            "Photoshop resources, whose IPTC is another than that of tag 33723, which is carried"
        }
        _ => "Photoshop resources, of which IPTC is carried",
    };
    format!("{PHOTOSHOP_RESOURCES} ({what})")
}

/// Reads the metadata of the current page; what is not understood is named under what stays behind.
pub fn read_metadata(decoder: &mut FileDecoder) -> Result<Metadata, Fault> {
    let numbers: Vec<u16> = {
        let directory = decoder.image_ifd();
        let tags = directory.directory().iter().map(|(tag, _)| tag.to_u16());
        tags.collect()
    };
    let mut metadata = Metadata::default();
    let mut tree = ExifTree::default();
    let mut resources = None;
    let mut left_aside = Vec::new();
    for number in numbers {
        let Some(entry) = read_entry(&mut decoder.image_ifd(), number) else {
            left_aside.extend((!is_structural(number)).then(|| name_of(number)));
            continue;
        };
        match number {
            ICC => metadata.icc = Some(entry.data),
            XMP => metadata.xmp = Some(entry.data),
            IPTC => metadata.iptc = Some(entry.data),
            PHOTOSHOP_RESOURCES => {
                resources = iptc::from_resources(&entry.data);
                // Its number is the higher one, so the other place of IPTC was read.
                left_aside.push(name_of_resources(
                    metadata.iptc.as_deref(),
                    resources.as_deref(),
                ));
            }
            tag::ORIENTATION => {
                let value = decoder.find_tag_unsigned::<u32>(Tag::Orientation)?;
                metadata.orientation = Orientation::from_tag(value.unwrap_or(1));
            }
            tag::EXIF_IFD => {
                let mut entries = read_directory(decoder, number, &mut left_aside);
                let interop = entries.iter().position(|e| e.tag == tag::INTEROP_IFD);
                if let Some(pointer) = interop.map(|at| entries.remove(at)) {
                    tree.interop =
                        read_directory_at(decoder, pointer_of(&pointer), &mut left_aside);
                }
                tree.exif = entries;
            }
            tag::GPS_IFD => tree.gps = read_directory(decoder, number, &mut left_aside),
            tag::X_RESOLUTION | tag::Y_RESOLUTION | tag::RESOLUTION_UNIT => {}
            _ if DESCRIPTIVE.contains(&number) => tree.main.push(entry),
            _ if is_structural(number) => {}
            _ => left_aside.push(name_of(number)),
        }
    }
    metadata.iptc = metadata.iptc.or(resources);
    metadata.resolution = resolution(decoder);
    metadata.exif = exif_blob(tree, &metadata);
    if !left_aside.is_empty() {
        metadata
            .left_behind
            .push(format!("TIFF tags: {}.", left_aside.join(", ")));
    }
    Ok(metadata)
}

/// The EXIF blob of the descriptive tags; `None` when there are none.
fn exif_blob(mut tree: ExifTree, metadata: &Metadata) -> Option<Vec<u8>> {
    if tree == ExifTree::default() {
        return None;
    }
    tree.set_main(RawEntry::short(
        tag::ORIENTATION,
        metadata.orientation.tag(),
    ));
    for entry in metadata
        .resolution
        .into_iter()
        .flat_map(Resolution::entries)
    {
        tree.set_main(entry);
    }
    Some(tree.to_blob())
}

fn resolution(decoder: &mut FileDecoder) -> Option<Resolution> {
    // The standard's default unit is the inch.
    let unit = decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit);
    let unit = unit.ok().flatten().unwrap_or(2);
    let mut value = |tag| read_entry(&mut decoder.image_ifd(), tag)?.first_number();
    let (x, y) = (value(tag::X_RESOLUTION)?, value(tag::Y_RESOLUTION)?);
    // One pixel a unit without a unit is what writers put when they know nothing.
    let is_one = |value: f64| value.total_cmp(&1.0).is_eq();
    if unit == 1 && is_one(x) && is_one(y) {
        return None;
    }
    Resolution::from_tags(x, y, unit)
}

/// The entry `number` of a directory, its value little-endian; `None` when it is missing, broken or beyond belief.
fn read_entry(directory: &mut IfdDecoder<'_>, number: u16) -> Option<RawEntry> {
    let tag = Tag::from_u16_exhaustive(number);
    let entry = directory.find_entry(tag)?;
    let kind = entry.field_type().to_u16();
    let bytes = kind_bytes(kind)?.checked_mul(usize::try_from(entry.count()).ok()?)?;
    if bytes > VALUE_LIMIT_BYTES {
        return None;
    }
    let mut value = ValueBuffer::empty(Type::BYTE);
    directory.find_tag_buf(tag, &mut value).ok()??;
    // IPTC records are bytes, even where a writer called them words.
    if number != IPTC {
        value.set_byte_order(ByteOrder::LittleEndian);
    }
    Some(RawEntry {
        tag: number,
        kind,
        data: value.as_bytes().to_vec(),
    })
}

/// The entries of the directory that the first directory's `number` points to; what cannot be read is left out
/// and goes to `lost` by its name.
fn read_directory(decoder: &mut FileDecoder, number: u16, lost: &mut Vec<String>) -> Vec<RawEntry> {
    let tag = Tag::from_u16_exhaustive(number);
    let pointer = decoder.find_tag_unsigned::<u64>(tag);
    read_directory_at(decoder, pointer.ok().flatten(), lost)
}

fn read_directory_at(
    decoder: &mut FileDecoder,
    pointer: Option<u64>,
    lost: &mut Vec<String>,
) -> Vec<RawEntry> {
    let Some(Ok(directory)) = pointer.map(|at| decoder.read_directory(IfdPointer(at))) else {
        return Vec::new();
    };
    let numbers: Vec<u16> = directory.iter().map(|(tag, _)| tag.to_u16()).collect();
    let mut tags = decoder.read_directory_tags(&directory);
    let mut bytes_left = VALUE_LIMIT_BYTES;
    let mut entries = Vec::new();
    for number in numbers {
        if let Some(entry) = read_entry(&mut tags, number)
            && let Some(left) = bytes_left.checked_sub(entry.data.len())
        {
            bytes_left = left;
            entries.push(entry);
        } else {
            lost.push(format!("{number} of EXIF (it cannot be read)"));
        }
    }
    entries
}

fn pointer_of(entry: &RawEntry) -> Option<u64> {
    let bytes = entry.data.get(..4)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(bytes)))
}
