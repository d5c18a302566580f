//! What a derivative of another kind cannot hold is listed, and what a patched copy keeps is not.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use std::path::Path;

use io_files::{Folder, Tiff, bytes, jpeg, open, refusal, with_segment};
use tiff::tags::Tag;
use tiff_files::{Page, tiff};
use unscratch::geometry::ImageSize;
use unscratch::io::{
    ExportOptions, OutputFormat, Patch, Restored, export_patched, export_photo, foretell_losses,
    foretell_rewriting,
};
use unscratch::mask::MaskLayer;
use unscratch::photo::{Photo, ResolutionUnit};

fn losses(photo: &Photo, target: &Path, format: OutputFormat) -> Vec<String> {
    let overwrite = true;
    let options = ExportOptions { format, overwrite };
    let outcome = export_photo(photo, photo.samples(), target, &options);
    outcome
        .unwrap_or_else(|error| panic!("{error}"))
        .not_carried
}

fn copy_of(photo: &Photo, target: &Path) -> Vec<String> {
    let alpha = MaskLayer::new(photo.size());
    let restored = Restored {
        photo,
        alpha: &alpha,
        pixels: &|_| photo.samples().clone(),
        xmp: None,
    };
    match export_patched(&restored, target, true).unwrap() {
        Patch::Written { outcome, .. } => outcome.not_carried,
        Patch::NotPossible { reasons } => panic!("{reasons:?}"),
    }
}

#[test]
fn tags_that_describe_the_picture_are_lost_with_their_names() {
    let folder = Folder::new();
    let path = folder.at("a.tif");
    let strip = bytes(8 * 4);
    let page = Tiff {
        size: ImageSize::new(8, 4),
        bits: 8,
        channels: 1,
        photometric: 1,
        tile: None,
        chunks: &[strip],
    };
    page.write(&path, |page| {
        for tag in [264, 297, 301, 318, 319, 337, 292, 65_000] {
            page.write_tag(Tag::Unknown(tag), [1_u16, 2].as_slice())
                .unwrap();
        }
    });
    let photo = open(&path);
    assert!(
        photo.source().notes.is_empty(),
        "{:?}",
        photo.source().notes
    );
    assert_eq!(copy_of(&photo, &folder.at("copy.tif")), [""; 0]);
    let copy = open(&folder.at("copy.tif"));
    assert_eq!(copy.metadata().left_behind, photo.metadata().left_behind);
    for format in [OutputFormat::Png, OutputFormat::Jpeg { quality: None }] {
        let lost = losses(&photo, &folder.at("b"), format);
        assert_eq!(foretell_losses(&photo, format), lost);
        let said = lost.iter().find(|said| said.starts_with("TIFF tags"));
        let said = said.unwrap_or_else(|| panic!("{lost:?}"));
        for name in [
            "264 (cell of the dither matrix)",
            "292",
            "297 (page number)",
            "301 (transfer function)",
            "318 (white point)",
            "319 (primary chromaticities)",
            "337 (target printer)",
            "65000",
        ] {
            assert!(said.contains(name), "{name}: {said}");
        }
        // How the master's strips lay is nobody's loss.
        assert!(!said.contains("273") && !said.contains("258"), "{said}");
    }
}

#[test]
fn other_pages_and_channels_are_lost_but_in_a_copy() {
    let folder = Folder::new();
    let page = Page::new(20, 9, 8, 2, &[0, 0]);
    let path = folder.write("a.tif", &tiff(true, false, &[page.clone(), page]));
    let photo = open(&path);
    assert_eq!(copy_of(&photo, &folder.at("copy.tif")), [""; 0]);
    let lost = losses(&photo, &folder.at("b.png"), OutputFormat::Png).join(" ");
    assert!(lost.contains("other pages"), "{lost}");
    let said = "Page 1 of 2 is restored; a TIFF keeps the other pages as they are, other formats hold this page alone.";
    assert_eq!(photo.source().notes, [said]);
    assert!(lost.contains("beside colour and alpha"), "{lost}");
}

#[test]
fn smaller_copies_are_no_pages_and_a_file_that_cannot_be_copied_promises_none() {
    let folder = Folder::new();
    let page = Page::new(20, 16, 8, 2, &[]);
    let mut level = Page::new(10, 8, 8, 2, &[]);
    level.subfile_type = 1;
    let pyramid = tiff(true, false, &[page, level]);
    let photo = open(&folder.write("pyramid.tif", &pyramid));
    assert_eq!(photo.source().notes, [""; 0]);
    assert_eq!(photo.metadata().pages.pictures, [0]);
    let lost = losses(&photo, &folder.at("b.png"), OutputFormat::Png).join(" ");
    assert!(
        lost.contains("smaller copies") && !lost.contains("other pages"),
        "{lost}"
    );
    let mut palette = Page::new(20, 16, 8, 3, &[]);
    palette.palette = vec![257; 768];
    let pages = tiff(true, false, &[palette.clone(), palette]);
    let photo = open(&folder.write("palette.tif", &pages));
    let notes = photo.source().notes.join(" ");
    assert!(
        notes.contains("Page 1 of 2 is restored; results hold this page alone."),
        "{notes}"
    );
}

#[test]
fn strips_that_are_left_out_or_shared_are_no_damage() {
    let folder = Folder::new();
    let mut sparse = Page::new(48, 32, 8, 1, &[]);
    sparse.tile = Some((16, 16));
    let mut file = tiff(true, false, &[sparse]);
    // The first of the tiles' lengths: in a file like this the list of six follows that of the positions.
    let at = lengths_at(&file);
    file[at..at + 4].fill(0);
    let text = refusal(&folder.write("sparse.tif", &file));
    assert!(
        text.contains("1 of its 6") && text.contains("sparse"),
        "{text}"
    );
    assert!(!text.contains("damaged"), "{text}");

    let mut shared = Page::new(480, 320, 8, 1, &[]);
    shared.samples.fill(100);
    (shared.tile, shared.shares_chunks) = (Some((16, 16)), true);
    let text = refusal(&folder.write("shared.tif", &tiff(true, false, &[shared])));
    assert!(
        text.contains("same bytes") && text.contains("tiffcp"),
        "{text}"
    );
    assert!(!text.contains("damaged"), "{text}");
}

#[test]
fn a_directory_in_which_a_tag_stands_twice_is_not_copied() {
    let folder = Folder::new();
    let mut page = Page::new(20, 9, 8, 1, &[]);
    page.more = vec![(65_000, vec![1; 9]), (65_001, vec![2; 9])];
    let mut file = tiff(true, false, &[page]);
    let at = file
        .windows(2)
        .rposition(|pair| pair == 65_001_u16.to_le_bytes())
        .unwrap();
    file[at..at + 2].copy_from_slice(&65_000_u16.to_le_bytes());
    let photo = open(&folder.write("a.tif", &file));
    let alpha = MaskLayer::new(photo.size());
    let restored = Restored {
        photo: &photo,
        alpha: &alpha,
        pixels: &|_| photo.samples().clone(),
        xmp: None,
    };
    let patch = export_patched(&restored, &folder.at("b.tif"), false).unwrap();
    let Patch::NotPossible { reasons } = patch else {
        panic!("{patch:?}");
    };
    assert!(reasons[0].contains("twice"), "{reasons:?}");
}

/// Where the values of a little-endian classic file's tile byte counts stand.
fn lengths_at(file: &[u8]) -> usize {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let first = word(4);
    let count = usize::from(u16::from_le_bytes([file[first], file[first + 1]]));
    let entries = (0..count).map(|index| first + 2 + 12 * index);
    let entry = entries
        .into_iter()
        .find(|&at| file[at..at + 2] == 325_u16.to_le_bytes())
        .unwrap();
    assert_eq!(word(entry + 2) & 0xFFFF, 4, "LONG");
    word(entry + 8)
}

/// A bitmap of 2 × 1 px with a header of 124 bytes whose colours are of `kind`, `more` bytes behind the pixels.
fn bitmap(kind: [u8; 4], profile_bytes: u32, more: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 124];
    let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    for (at, value) in [
        (0, 124),
        (4, 2),
        (8, 1),
        (12, 1 | 24 << 16),
        (20, 8),
        (112, 124 + 8),
        (116, profile_bytes),
    ] {
        put(at, value);
    }
    header[56..60].copy_from_slice(&kind);
    let pixels = [1, 2, 3, 4, 5, 6, 0, 0];
    let length = (14 + 124 + 8 + more.len()) as u32;
    let mut file = b"BM".to_vec();
    for value in [length, 0, 14 + 124] {
        file.extend(value.to_le_bytes());
    }
    [file, header, pixels.to_vec(), more.to_vec()].concat()
}

#[test]
fn the_colour_profile_of_a_bitmap_is_carried_or_said_to_be_lost() {
    let folder = Folder::new();
    let mut profile = bytes(300);
    profile[36..40].copy_from_slice(b"acsp");
    let photo = open(&folder.write("a.bmp", &bitmap(*b"DEBM", 300, &profile)));
    assert_eq!(photo.metadata().icc.as_deref(), Some(profile.as_slice()));
    let target = folder.at("a.png");
    assert_eq!(losses(&photo, &target, OutputFormat::Png), [""; 0]);
    assert_eq!(open(&target).metadata().icc, Some(profile.clone()));

    for (kind, length, word) in [
        (*b"DEBM", 301, "damaged"),
        (*b"DEBM", u32::MAX, "damaged"),
        (*b"DEBM", 20, "damaged"),
        (*b"KNIL", 10, "only names"),
    ] {
        let photo = open(&folder.write("b.bmp", &bitmap(kind, length, &profile)));
        assert_eq!(photo.metadata().icc, None);
        let lost = losses(&photo, &folder.at("b.tif"), OutputFormat::Tiff).join(" ");
        assert!(lost.contains("profile") && lost.contains(word), "{lost}");
    }
    let srgb = open(&folder.write("c.bmp", &bitmap(*b"BGRs", 0, &[])));
    assert_eq!(foretell_losses(&srgb, OutputFormat::Png), [""; 0]);
}

#[test]
fn iptc_of_a_jpeg_stands_once_in_a_tiff() {
    let folder = Folder::new();
    let records = [0x1C, 2, 120, 0, 4, b's', b'i', b'l', b'o'];
    let mut block = b"8BIM\x04\x04\0\0\0\0\0\x09".to_vec();
    block.extend(records);
    block.push(0);
    let other = b"8BIM\x03\xed\x01x\0\0\0\x03abc\0";
    let file = with_segment(&jpeg((16, 8)), 0xED, &[b"Photoshop 3.0\0", &block, other]);
    let photo = open(&folder.write("a.jpg", &file));
    assert_eq!(photo.metadata().iptc.as_deref(), Some(records.as_slice()));
    let target = folder.at("a.tif");
    assert_eq!(losses(&photo, &target, OutputFormat::Tiff), [""; 0]);
    let written = std::fs::read(&target).unwrap();
    let count = written.windows(4).filter(|part| part == b"silo").count();
    assert_eq!(count, 1);
    assert!(written.windows(other.len()).any(|part| part == other));
    assert_eq!(open(&target).metadata().iptc, Some(records.to_vec()));
}

#[test]
fn a_thumbnail_in_xmp_is_named_whatever_the_derivative_is() {
    let folder = Folder::new();
    let packet = "<x xmlns:g='http://ns.adobe.com/xap/1.0/g/img/'><xmp:Thumbnails/></x>";
    let mut page = Page::new(30, 20, 8, 1, &[]);
    page.more = vec![(700, packet.as_bytes().to_vec())];
    let photo = open(&folder.write("a.tif", &tiff(true, false, &[page])));
    for format in [OutputFormat::Png, OutputFormat::Jpeg { quality: None }] {
        let lost = losses(
            &photo,
            &folder.at(&format!("b.{}", format.extension())),
            format,
        );
        let is_named = |said: &String| said.contains("thumbnail in XMP");
        assert_eq!(
            lost.iter().filter(|said| is_named(said)).count(),
            1,
            "{lost:?}"
        );
    }
    let kept = copy_of(&photo, &folder.at("b.tif"));
    assert!(
        kept.len() == 1 && kept[0].contains("thumbnail in XMP"),
        "{kept:?}"
    );
}

#[test]
fn a_thumbnail_in_xmp_does_not_go_from_jpeg_to_jpeg() {
    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    let folder = Folder::new();
    let packet = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='{RDF}'><r:Description xmlns:t='http://ns.adobe.com/xap/1.0/' \
         xmlns:g='http://ns.adobe.com/xap/1.0/g/img/' t:Rating='5'><t:Thumbnails><r:Alt><r:li r:parseType='Resource'>\
         <g:image>/9j/damage</g:image></r:li></r:Alt></t:Thumbnails></r:Description></r:RDF></x:xmpmeta>"
    );
    let payload: [&[u8]; 2] = [b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()];
    let file = with_segment(&jpeg((16, 8)), 0xE1, &payload);
    let photo = open(&folder.write("a.jpg", &file));
    for quality in [None, Some(80)] {
        let (target, format) = (folder.at("b.jpg"), OutputFormat::Jpeg { quality });
        let lost = losses(&photo, &target, format);
        assert_eq!(lost, foretell_losses(&photo, format));
        let said = lost.join(" ");
        assert!(said.contains("does not follow"), "{said}");
        let kept = open(&target).metadata().xmp.clone().unwrap();
        let kept = String::from_utf8(kept).unwrap();
        assert!(
            kept.contains("t:Rating='5'") && !kept.contains("damage"),
            "{kept}"
        );
    }
    let lost = losses(&photo, &folder.at("b.png"), OutputFormat::Png).join(" ");
    assert!(
        lost.contains("thumbnail in XMP keeps the old picture"),
        "{lost}"
    );
}

#[test]
fn a_resolution_without_a_unit_is_carried_unless_it_is_one() {
    let folder = Folder::new();
    let strip = bytes(8 * 4);
    let page = Tiff {
        size: ImageSize::new(8, 4),
        bits: 8,
        channels: 1,
        photometric: 1,
        tile: None,
        chunks: &[strip],
    };
    for (value, is_kept) in [(1200_u32, true), (1, false)] {
        let path = folder.at("a.tif");
        page.write(&path, |page| {
            let value = tiff::encoder::Rational { n: value, d: 1 };
            page.write_tag(Tag::XResolution, value.clone()).unwrap();
            page.write_tag(Tag::YResolution, value).unwrap();
            page.write_tag(Tag::ResolutionUnit, 1_u16).unwrap();
        });
        let photo = open(&path);
        let target = folder.at("b.tif");
        losses(&photo, &target, OutputFormat::Tiff);
        for photo in [photo, open(&target)] {
            let found = photo.metadata().resolution;
            assert_eq!(found.is_some(), is_kept);
            if let Some(found) = found {
                assert_eq!(
                    (found.x, found.y, found.unit),
                    (1200.0, 1200.0, ResolutionUnit::None)
                );
            }
        }
    }
}

#[test]
fn a_fourth_byte_of_a_bitmap_that_has_no_meaning_is_said_to_be_lost() {
    let folder = Folder::new();
    for (fourth, is_said) in [(0, false), (9, true)] {
        let mut file = b"BM".to_vec();
        for value in [
            14 + 40 + 8_u32,
            0,
            14 + 40,
            40,
            2,
            1,
            1 | 32 << 16,
            0,
            8,
            0,
            0,
            0,
            0,
        ] {
            file.extend(value.to_le_bytes());
        }
        file.extend([1, 2, 3, 0, 4, 5, 6, fourth]);
        let photo = open(&folder.write("a.bmp", &file));
        let said = foretell_losses(&photo, OutputFormat::Png);
        assert_eq!(said.len(), usize::from(is_said), "{said:?}");
        assert!(
            said.iter().all(|said| said.contains("fourth byte")),
            "{said:?}"
        );
    }
}

#[test]
fn a_page_packed_as_jpeg_is_refused_by_that_name_in_ycbcr_and_written_anew_in_grey() {
    let folder = Folder::new();
    let path = folder.at("a.tif");
    let mut grey = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut grey)
        .encode(&[77; 16 * 8], 16, 8, image::ExtendedColorType::L8)
        .unwrap();
    let packed = |channels, photometric, chunk: Vec<u8>| {
        let page = Tiff {
            size: ImageSize::new(16, 8),
            bits: 8,
            channels,
            photometric,
            tile: None,
            chunks: &[chunk],
        };
        page.write(&path, |_| {});
        let mut file = std::fs::read(&path).unwrap();
        // Tag 259 of one 16-bit number: 7 is JPEG.
        let unpacked = [3, 1, 3, 0, 1, 0, 0, 0, 1, 0];
        let at = file
            .windows(unpacked.len())
            .position(|part| part == unpacked);
        file[at.unwrap() + 8] = 7;
        folder.write("b.tif", &file)
    };
    assert!(refusal(&packed(3, 6, jpeg((16, 8)))).contains("packed as JPEG"));
    let photo = open(&packed(1, 1, grey));
    let reason = foretell_rewriting(&photo, OutputFormat::Tiff).unwrap();
    assert!(reason.contains("compressed as JPEG"), "{reason}");
}
