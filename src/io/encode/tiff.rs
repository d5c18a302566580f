//! TIFF: strips of Deflate with horizontal prediction, packed on all cores, and tags; `BigTIFF` when 4 GiB might not do.

use std::io::{Seek, Write};

use flate2::write::ZlibEncoder;
use rayon::prelude::*;
use tiff::encoder::{
    DirectoryEncoder, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard,
};
use tiff::tags::{
    CompressionMethod, ExtraSamples, PhotometricInterpretation, PlanarConfiguration, Predictor,
    SampleFormat, Tag, Type,
};
use tiff::{Directory, TiffError};

use super::{Failure, Picture, THUMBNAIL_DROPPED, jpeg_parts, tiff_losses};
use crate::io::metadata::exif::{ExifTree, RawEntry, UTF8, tag};
use crate::io::metadata::iptc;
use crate::photo::{BitDepth, Channels, Native, Resolution};

/// Unpacked bytes of a strip: large enough to pack well, small enough to keep all cores busy.
const STRIP_BYTES: usize = 512 << 10;
/// Strips packed at a time; bounds the memory for packed strips.
const STRIPS_A_BATCH: usize = 32;
/// Deflate level: zlib's own default, the usual trade of time and size.
const DEFLATE_LEVEL: u32 = 6;
/// From this many unpacked bytes on `BigTIFF` is written, since Deflate may grow what it cannot pack.
const BIG_TIFF_BYTES: u64 = 4_000_000_000;

const XMP: Tag = Tag::Unknown(700);
const IPTC: Tag = Tag::Unknown(33_723);
const PHOTOSHOP_RESOURCES: Tag = Tag::Unknown(34_377);
/// What the picture shows, in words.
const IMAGE_DESCRIPTION: u16 = 270;
const INTEROP_IFD: Tag = Tag::Unknown(tag::INTEROP_IFD);

impl From<TiffError> for Failure {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) => Self::Io(error),
            other => Self::encoder(other),
        }
    }
}

/// Writes `picture` as TIFF.
pub fn write(
    picture: &Picture<'_>,
    writer: &mut (impl Write + Seek),
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let tree = picture.metadata.exif.as_deref().map(ExifTree::parse);
    if tree == Some(None) {
        not_carried.push("EXIF: its structure is broken.".to_owned());
    }
    let mut tree = tree.flatten().unwrap_or_default();
    tiff_losses::tell(&tree, picture.metadata, picture.channels, not_carried);
    add_comments(picture, &mut tree, not_carried);
    if tree.has_thumbnail {
        not_carried.push(THUMBNAIL_DROPPED.to_owned());
    }
    if tree.has_maker_note() {
        not_carried.push(
            "Positions inside EXIF's maker note: the note is kept, but it has moved.".to_owned(),
        );
    }
    let raw_bytes = picture.row_bytes() as u64 * u64::from(picture.size.height);
    if raw_bytes < BIG_TIFF_BYTES {
        write_kind::<_, TiffKindStandard>(picture, &tree, writer, not_carried)
    } else {
        write_kind::<_, TiffKindBig>(picture, &tree, writer, not_carried)
    }
}

/// Puts a JPEG master's comments where TIFF has a place for them, if nothing stands there.
fn add_comments(picture: &Picture<'_>, tree: &mut ExifTree, not_carried: &mut Vec<String>) {
    let Some(Native::Jpeg(parts)) = picture.metadata.native.as_deref() else {
        return;
    };
    let comments = jpeg_parts::comments(parts).join("\n");
    if comments.is_empty() {
        return;
    }
    if tree.main.iter().any(|entry| entry.tag == IMAGE_DESCRIPTION) {
        not_carried.push("The JPEG comment: TIFF's description is taken by EXIF's.".to_owned());
        return;
    }
    tree.main.push(RawEntry {
        tag: IMAGE_DESCRIPTION,
        kind: 2,
        data: [comments.as_bytes(), &[0]].concat(),
    });
}

fn write_kind<W: Write + Seek, K: TiffKind>(
    picture: &Picture<'_>,
    tree: &ExifTree,
    writer: W,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut file = TiffEncoder::<W, K>::new_generic(writer)?;
    let interop = write_directory(&mut file, &tree.interop, None)?;
    let exif = write_directory(&mut file, &tree.exif, interop.map(|at| (INTEROP_IFD, at)))?;
    let gps = write_directory(&mut file, &tree.gps, None)?;

    let mut page = file.image_directory()?;
    write_strips(picture, &mut page)?;
    write_layout(picture, &mut page)?;
    write_metadata(picture, tree, &mut page, not_carried)?;
    if let Some(at) = exif {
        page.write_tag(Tag::ExifDirectory, at)?;
    }
    if let Some(at) = gps {
        page.write_tag(Tag::GpsDirectory, at)?;
    }
    page.finish()?;
    Ok(())
}

/// Writes a directory outside the chain of pages; nothing when it would be empty.
fn write_directory<W: Write + Seek, K: TiffKind>(
    file: &mut TiffEncoder<W, K>,
    entries: &[RawEntry],
    pointer: Option<(Tag, K::OffsetType)>,
) -> Result<Option<K::OffsetType>, Failure> {
    if entries.is_empty() && pointer.is_none() {
        return Ok(None);
    }
    let mut directory = file.extra_directory()?;
    for entry in entries {
        write_entry(&mut directory, entry)?;
    }
    if let Some((tag, offset)) = pointer {
        directory.write_tag(tag, offset)?;
    }
    Ok(Some(directory.finish_with_offsets()?.offset))
}

fn write_entry<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    entry: &RawEntry,
) -> Result<(), Failure> {
    let kind = match entry.kind {
        UTF8 => Some(Type::ASCII),
        kind => Type::from_u16(kind),
    };
    let Some(kind) = kind else {
        return Ok(());
    };
    let bytes = entry.native_bytes();
    let written = directory.write_entry_bytes(kind, &bytes)?;
    pad(directory, bytes.len())?;
    let tag = Tag::from_u16_exhaustive(entry.tag);
    directory.extend_from(&Directory::from_iter([(tag, written)]));
    Ok(())
}

/// Keeps what follows on an even offset, as TIFF 6.0 section 2 asks for values.
fn pad<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    written_bytes: usize,
) -> Result<(), Failure> {
    if written_bytes % 2 == 1 {
        directory.write_data(0_u8)?;
    }
    Ok(())
}

fn rows_a_strip(picture: &Picture<'_>) -> u32 {
    let rows = (STRIP_BYTES / picture.row_bytes()).max(1);
    u32::try_from(rows).map_or(picture.size.height, |rows| rows.min(picture.size.height))
}

fn write_strips<W: Write + Seek, K: TiffKind>(
    picture: &Picture<'_>,
    page: &mut DirectoryEncoder<'_, W, K>,
) -> Result<(), Failure> {
    let rows = rows_a_strip(picture);
    let height = picture.size.height;
    let starts: Vec<u32> = (0..height).step_by(rows as usize).collect();
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for batch in starts.chunks(STRIPS_A_BATCH) {
        picture.wait_for((batch[batch.len() - 1] + rows).min(height))?;
        let packed: Vec<std::io::Result<Vec<u8>>> = batch
            .par_iter()
            .map(|&y| pack_strip(picture, y, (y + rows).min(height)))
            .collect();
        for strip in packed {
            let strip = strip?;
            let offset = page.write_data(strip.as_slice())?;
            pad(page, strip.len())?;
            offsets.push(K::convert_offset(offset)?);
            lengths.push(K::convert_offset(strip.len() as u64)?);
        }
    }
    page.write_tag(Tag::StripOffsets, K::convert_slice(&offsets))?;
    page.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
    page.write_tag(Tag::RowsPerStrip, rows)?;
    Ok(())
}

/// Whether grey is stored with white as zero, as in the master; with alpha beside it few programs read that.
fn is_white_zero(picture: &Picture<'_>) -> bool {
    let is_grey_alone = picture.channels == Channels::Grey && picture.alpha.is_none();
    is_grey_alone && picture.metadata.white_is_zero
}

fn pack_strip(picture: &Picture<'_>, first: u32, end: u32) -> std::io::Result<Vec<u8>> {
    let mut rows = picture.rows(first, end)?.into_owned();
    if is_white_zero(picture) {
        for byte in &mut rows {
            *byte = !*byte;
        }
    }
    for row in rows.chunks_exact_mut(picture.row_bytes()) {
        match picture.samples.depth() {
            BitDepth::Eight => predict(row, picture.stored_channels(), u8::wrapping_sub),
            BitDepth::Sixteen => {
                // A row of bytes need not lie on a word's boundary.
                let mut words: Vec<u16> = bytemuck::pod_collect_to_vec(row);
                predict(&mut words, picture.stored_channels(), u16::wrapping_sub);
                row.copy_from_slice(bytemuck::cast_slice(&words));
            }
        }
    }
    let level = flate2::Compression::new(DEFLATE_LEVEL);
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(rows.len() / 2), level);
    encoder.write_all(&rows)?;
    encoder.finish()
}

/// Every sample less the one a pixel before it. Source: TIFF 6.0 section 14.
fn predict<T: Copy>(row: &mut [T], channels: usize, subtract: fn(T, T) -> T) {
    for at in (channels..row.len()).rev() {
        row[at] = subtract(row[at], row[at - channels]);
    }
}

fn write_layout<W: Write + Seek, K: TiffKind>(
    picture: &Picture<'_>,
    page: &mut DirectoryEncoder<'_, W, K>,
) -> Result<(), Failure> {
    let channels = picture.stored_channels();
    let every = |value: u16| vec![value; channels];
    let photometric = match picture.channels {
        Channels::Grey if is_white_zero(picture) => PhotometricInterpretation::WhiteIsZero,
        Channels::Grey => PhotometricInterpretation::BlackIsZero,
        Channels::Rgb => PhotometricInterpretation::RGB,
    };
    page.write_tag(Tag::ImageWidth, picture.size.width)?;
    page.write_tag(Tag::ImageLength, picture.size.height)?;
    let bits = u16::from(picture.samples.depth().bits());
    page.write_tag(Tag::BitsPerSample, every(bits).as_slice())?;
    page.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
    page.write_tag(Tag::PhotometricInterpretation, photometric.to_u16())?;
    page.write_tag(Tag::SamplesPerPixel, channels as u16)?;
    let planar = PlanarConfiguration::Chunky.to_u16();
    page.write_tag(Tag::PlanarConfiguration, planar)?;
    page.write_tag(Tag::Predictor, Predictor::Horizontal.to_u16())?;
    let format = SampleFormat::Uint.to_u16();
    page.write_tag(Tag::SampleFormat, every(format).as_slice())?;
    if picture.alpha.is_some() {
        let alpha = if picture.metadata.premultiplied_alpha {
            ExtraSamples::AssociatedAlpha
        } else {
            ExtraSamples::UnassociatedAlpha
        };
        page.write_tag(Tag::ExtraSamples, alpha.to_u16())?;
    }
    Ok(())
}

fn write_metadata<W: Write + Seek, K: TiffKind>(
    picture: &Picture<'_>,
    tree: &ExifTree,
    page: &mut DirectoryEncoder<'_, W, K>,
    not_carried: &mut Vec<String>,
) -> Result<(), Failure> {
    let metadata = picture.metadata;
    let kept = |entry: &&RawEntry| tiff_losses::is_carried(entry, picture.channels);
    for entry in tree.main.iter().filter(kept) {
        write_entry(page, entry)?;
    }
    page.write_tag(Tag::Orientation, metadata.orientation.tag())?;
    if let Some(entries) = metadata.resolution.map(Resolution::entries) {
        for entry in &entries {
            write_entry(page, entry)?;
        }
    } else {
        // The standard demands both tags; without a unit they say nothing.
        page.write_tag(Tag::XResolution, Rational { n: 1, d: 1 })?;
        page.write_tag(Tag::YResolution, Rational { n: 1, d: 1 })?;
        page.write_tag(Tag::ResolutionUnit, 1_u16)?;
    }
    write_blob(
        page,
        Tag::IccProfile,
        Type::UNDEFINED,
        metadata.icc.as_deref(),
    )?;
    write_blob(page, XMP, Type::BYTE, metadata.xmp.as_deref())?;
    write_blob(page, IPTC, Type::UNDEFINED, metadata.iptc.as_deref())?;
    let resources = match metadata.native.as_deref() {
        Some(Native::Jpeg(parts)) => jpeg_parts::bare_resources(parts, not_carried),
        _ => None,
    };
    // IPTC has its own tag here, and would be read twice.
    let records = metadata.iptc.as_deref().unwrap_or_default();
    let resources = resources
        .map(|blocks| iptc::without_records(&blocks, records))
        .filter(|blocks| !blocks.is_empty());
    write_blob(page, PHOTOSHOP_RESOURCES, Type::BYTE, resources.as_deref())
}

fn write_blob<W: Write + Seek, K: TiffKind>(
    page: &mut DirectoryEncoder<'_, W, K>,
    tag: Tag,
    kind: Type,
    blob: Option<&[u8]>,
) -> Result<(), Failure> {
    if let Some(blob) = blob {
        let entry = page.write_entry_bytes(kind, blob)?;
        pad(page, blob.len())?;
        page.extend_from(&Directory::from_iter([(tag, entry)]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::View;
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::Metadata;

    #[test]
    fn white_is_zero_again_where_it_was_in_the_master() {
        for white_is_zero in [false, true] {
            let metadata = Metadata {
                white_is_zero,
                ..Metadata::default()
            };
            let picture = Picture {
                size: ImageSize::new(3, 1),
                channels: Channels::Grey,
                samples: View::U8(&[0, 255, 7]).into(),
                alpha: None,
                metadata: &metadata,
            };
            let mut file = Cursor::new(Vec::new());
            let mut lost = Vec::new();
            assert!(write(&picture, &mut file, &mut lost).is_ok());
            file.set_position(0);
            let mut decoder = tiff::decoder::Decoder::new(file).unwrap();
            let tag = Tag::PhotometricInterpretation;
            let photometric = decoder.get_tag_u32(tag).unwrap();
            assert_eq!(photometric, u32::from(!white_is_zero));
            let mut found = [0; 3];
            decoder.read_chunk_bytes(0, &mut found).unwrap();
            // The reader turns it round again.
            assert_eq!(found, [0, 255, 7]);
        }
    }

    #[test]
    fn prediction_keeps_the_first_pixel_and_the_steps_to_the_others() {
        let mut row = [10_u8, 20, 30, 11, 19, 35, 5, 19, 255];
        predict(&mut row, 3, u8::wrapping_sub);
        assert_eq!(row, [10, 20, 30, 1, 255, 5, 250, 0, 220]);
    }
}
