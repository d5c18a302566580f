//! EXIF blobs taken apart, put together, and read by another reader.

use super::stated::rational;
use super::*;
use crate::photo::{Orientation, ResolutionUnit};

fn sample() -> ExifTree {
    let text = |tag: u16, text: &[u8]| RawEntry {
        tag,
        kind: 2,
        data: text.to_vec(),
    };
    ExifTree {
        main: vec![
            text(271, b"A maker\0"),
            RawEntry::short(tag::ORIENTATION, 6),
            RawEntry::rational(tag::X_RESOLUTION, (300, 1)),
            RawEntry::rational(tag::Y_RESOLUTION, (3001, 10)),
        ],
        exif: vec![text(36_867, b"2001:02:03 04:05:06\0")],
        gps: vec![RawEntry::rational(2, (50, 1))],
        interop: vec![text(1, b"R98\0")],
        has_thumbnail: false,
    }
}

#[test]
fn directories_come_back_from_their_blob() {
    let tree = sample();
    let blob = tree.to_blob();
    assert_eq!(ExifTree::parse(&blob), Some(tree));
    assert_eq!(orientation(&blob), Some(Orientation::Rotate90));
    let resolution = resolution(&blob).unwrap();
    assert_eq!((resolution.x, resolution.y), (300.0, 300.1));
    assert_eq!(resolution.unit, ResolutionUnit::Inch);
}

#[test]
fn a_reader_of_the_field_agrees_with_our_blob() {
    let blob = sample().to_blob();
    let read = exif::Reader::new().read_raw(blob).unwrap();
    let value = |tag| {
        let field = read.get_field(tag, exif::In::PRIMARY).unwrap();
        field.display_value().to_string()
    };
    assert_eq!(value(exif::Tag::Make), "\"A maker\"");
    assert_eq!(value(exif::Tag::DateTimeOriginal), "2001-02-03 04:05:06");
    assert_eq!(value(exif::Tag::InteroperabilityIndex), "\"R98\"");
    assert_eq!(value(exif::Tag::GPSLatitude), "50/1");
}

#[test]
fn big_endian_values_are_turned() {
    let blob = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
    assert_eq!(orientation(blob), Some(Orientation::Rotate270));
}

#[test]
fn an_agreeing_blob_is_kept_byte_for_byte() {
    let mut blob = sample().to_blob();
    blob.extend(b"anything behind");
    assert_eq!(
        with_orientation(Some(&blob), Orientation::Rotate90, None),
        Some(blob.clone())
    );
    let turned = with_orientation(Some(&blob), Orientation::Rotate180, None).unwrap();
    assert_eq!(orientation(&turned), Some(Orientation::Rotate180));
    assert_eq!(with_orientation(None, Orientation::Normal, None), None);
}

/// A blob whose thumbnail directory lies behind it, with eight bytes of picture and a word behind that.
fn with_thumbnail() -> (Vec<u8>, usize) {
    let mut blob = sample().to_blob();
    let at = blob.len() as u32;
    let link = 8 + 2 + 12 * usize::from(u16::from_le_bytes([blob[8], blob[9]]));
    blob[link..link + 4].copy_from_slice(&at.to_le_bytes());
    let entries = [RawEntry::long(513, at + 30), RawEntry::long(514, 8)];
    write_directory(&mut blob, &entries);
    blob.extend(b"PICTURE!rest");
    (blob, link)
}

#[test]
fn a_thumbnail_goes_and_everything_else_keeps_its_place() {
    let (blob, link) = with_thumbnail();
    assert!(has_thumbnail(&blob));
    assert!(exif::Reader::new().read_raw(blob.clone()).is_ok());
    let bare = without_thumbnail(blob.clone());
    assert_eq!(bare.len(), blob.len());
    assert!(!has_thumbnail(&bare));
    assert!(!bare.windows(7).any(|bytes| bytes == b"PICTURE"));
    assert!(bare.ends_with(b"rest"));
    let thumbnail_at = sample().to_blob().len();
    assert_eq!(bare[..link], blob[..link]);
    assert_eq!(bare[link + 4..thumbnail_at], blob[link + 4..thumbnail_at]);
    assert_eq!(without_thumbnail(bare.clone()), bare);
}

#[test]
fn hostile_blobs_give_nothing_instead_of_a_panic() {
    let blob = sample().to_blob();
    for length in 0..blob.len() {
        drop(ExifTree::parse(&blob[..length]));
    }
    for at in 0..blob.len() {
        let mut broken = blob.clone();
        broken[at] = 0xFF;
        drop(ExifTree::parse(&broken).map(|tree| tree.to_blob()));
    }
    let (blob, _) = with_thumbnail();
    for at in 0..blob.len() {
        let mut broken = blob.clone();
        broken[at] = 0xFF;
        assert_eq!(without_thumbnail(broken).len(), blob.len());
        without_thumbnail(blob[..at].to_vec());
    }
}

#[test]
fn fractions_are_exact_for_scanner_resolutions() {
    assert_eq!(rational(300.0), (300, 1));
    assert_eq!(rational(299.72), (29_972, 100));
    assert_eq!(rational(118.1102), (1_181_102, 10_000));
    let (n, d) = rational(1.0 / 3.0);
    assert!((f64::from(n) / f64::from(d) - 1.0 / 3.0).abs() < 1e-6);
}

#[test]
fn a_resolution_is_read_from_any_type_of_number() {
    let of = |kind: u16, data: &[u8]| {
        let data = data.to_vec();
        let tag = tag::X_RESOLUTION;
        RawEntry { tag, kind, data }.first_number()
    };
    assert_eq!(of(3, &300_u16.to_le_bytes()), Some(300.0));
    assert_eq!(of(4, &1200_u32.to_le_bytes()), Some(1200.0));
    assert_eq!(of(5, &[44, 1, 0, 0, 2, 0, 0, 0]), Some(150.0));
    assert_eq!(of(11, &72.5_f32.to_le_bytes()), Some(72.5));
    assert_eq!(of(12, &72.5_f64.to_le_bytes()), Some(72.5));
    assert_eq!(of(5, &[1, 0, 0, 0, 0, 0, 0, 0]), None);
    assert_eq!(of(2, b"300\0"), None);
    assert_eq!(of(4, &[1, 2]), None);
}
