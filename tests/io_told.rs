//! What a file holds twice, in a place of its own, or behind its end is kept or named, never dropped in silence.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use std::path::Path;

use io_files::{Folder, bytes, jpeg, open, refusal, rgb_png, with_segment};
use tiff_files::{Page, tiff};
use unscratch::io::{
    ExportOptions, OutputFormat, Patch, Restored, XmpEdit, edited_xmp, export_patched,
    export_photo_with_xmp, foretell_losses,
};
use unscratch::mask::MaskLayer;
use unscratch::photo::Photo;

const XMP_PREFIX: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What an export says, which must be what was foretold; `xmp` takes the packet's place.
fn losses(photo: &Photo, target: &Path, format: OutputFormat, xmp: Option<&[u8]>) -> String {
    let overwrite = true;
    let options = ExportOptions { format, overwrite };
    let outcome = export_photo_with_xmp(photo, photo.samples(), target, &options, xmp).unwrap();
    assert_eq!(outcome.not_carried, foretell_losses(photo, format));
    outcome.not_carried.join(" ")
}

fn packet(title: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:source='{title}'/></rdf:RDF></x:xmpmeta>"
    )
}

fn edit() -> XmpEdit {
    XmpEdit {
        is_filled: true,
        when: "2026-01-02T03:04:05Z".to_owned(),
        software_agent: "Unscratch".to_owned(),
        parameters: "none".to_owned(),
        master_name: "a".to_owned(),
        digital_source_type: None,
    }
}

fn count(file: &[u8], text: &str) -> usize {
    let windows = file.windows(text.len());
    windows.filter(|part| *part == text.as_bytes()).count()
}

/// `png` with chunks in front of its pixels.
fn with_chunks(png: &[u8], chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    // Behind signature and header.
    let (head, rest) = png.split_at(8 + 25);
    let mut file = head.to_vec();
    for (kind, data) in chunks {
        let mut crc = flate2::Crc::new();
        crc.update(*kind);
        crc.update(data);
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(*kind);
        file.extend(data);
        file.extend(crc.sum().to_be_bytes());
    }
    [file, rest.to_vec()].concat()
}

fn xmp_chunk(packet: &str) -> (&'static [u8; 4], Vec<u8>) {
    let data = [b"XML:com.adobe.xmp\0\0\0\0\0", packet.as_bytes()].concat();
    (b"iTXt", data)
}

#[test]
fn a_webp_names_its_content_credentials_and_what_lies_behind_it() {
    let folder = Folder::new();
    let mut file = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .encode(&bytes(6 * 4 * 3), 6, 4, image::ExtendedColorType::Rgb8)
        .unwrap();
    let plain = open(&folder.write("a.webp", &file));
    assert_eq!(foretell_losses(&plain, OutputFormat::Png), [""; 0]);
    file.extend(b"C2PA\x04\0\0\0jumb");
    let length = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file.extend(b"a letter");
    let photo = open(&folder.write("b.webp", &file));
    let said = losses(&photo, &folder.at("b.png"), OutputFormat::Png, None);
    assert!(said.contains("WebP chunks: C2PA"), "{said}");
    assert!(said.contains("8 bytes behind"), "{said}");
}

#[test]
fn a_bitmap_names_what_lies_behind_it() {
    let folder = Folder::new();
    let mut file = Vec::new();
    image::codecs::bmp::BmpEncoder::new(&mut file)
        .encode(&bytes(5 * 4 * 3), 5, 4, image::ExtendedColorType::Rgb8)
        .unwrap();
    let plain = open(&folder.write("a.bmp", &file));
    assert_eq!(foretell_losses(&plain, OutputFormat::Png), [""; 0]);
    file.extend(b"a letter");
    let photo = open(&folder.write("b.bmp", &file));
    let said = losses(&photo, &folder.at("b.png"), OutputFormat::Png, None);
    assert!(said.contains("8 bytes behind"), "{said}");
}

#[test]
fn of_two_packets_in_a_png_the_first_gains_the_history_and_the_second_stays() {
    let folder = Folder::new();
    let chunks = [xmp_chunk(&packet("first")), xmp_chunk(&packet("second"))];
    let photo = open(&folder.write("a.png", &with_chunks(&rgb_png((8, 6)), &chunks)));
    let xmp = photo.metadata().xmp.clone().unwrap();
    assert_eq!(xmp, packet("first").into_bytes());
    let new = edited_xmp(&photo, OutputFormat::Png, &edit()).unwrap();
    let target = folder.at("b.png");
    assert_eq!(losses(&photo, &target, OutputFormat::Png, Some(&new)), "");
    let written = std::fs::read(&target).unwrap();
    assert_eq!(count(&written, "stEvt:softwareAgent>Unscratch"), 1);
    assert_eq!(count(&written, "dc:source='first'"), 1);
    assert_eq!(count(&written, &packet("second")), 1);
    assert_eq!(open(&target).metadata().xmp, Some(new));
    let said = losses(&photo, &folder.at("b.tif"), OutputFormat::Tiff, None);
    assert!(said.contains("XML:com.adobe.xmp (not the first"), "{said}");
    // Two that say the same lose nothing.
    let chunks = [xmp_chunk(&packet("first")), xmp_chunk(&packet("first"))];
    let photo = open(&folder.write("c.png", &with_chunks(&rgb_png((8, 6)), &chunks)));
    assert_eq!(foretell_losses(&photo, OutputFormat::Tiff), [""; 0]);
}

#[test]
fn a_packet_of_a_png_that_cannot_be_unpacked_is_kept_or_named() {
    let folder = Folder::new();
    let broken = b"XML:com.adobe.xmp\0\x01\0\0\0no zlib".to_vec();
    let file = with_chunks(&rgb_png((8, 6)), &[(b"iTXt", broken.clone())]);
    let photo = open(&folder.write("a.png", &file));
    let target = folder.at("b.png");
    assert_eq!(losses(&photo, &target, OutputFormat::Png, None), "");
    let written = std::fs::read(&target).unwrap();
    assert!(written.windows(broken.len()).any(|part| part == broken));
    let said = losses(&photo, &folder.at("b.tif"), OutputFormat::Tiff, None);
    assert!(said.contains("XML:com.adobe.xmp"), "{said}");
}

#[test]
fn a_second_packet_of_a_jpeg_stays_in_a_jpeg_and_is_named_elsewhere() {
    let folder = Folder::new();
    let second = with_segment(
        &jpeg((16, 8)),
        0xE1,
        &[XMP_PREFIX, packet("second").as_bytes()],
    );
    let file = with_segment(&second, 0xE1, &[XMP_PREFIX, packet("first").as_bytes()]);
    let photo = open(&folder.write("a.jpg", &file));
    let format = OutputFormat::Jpeg { quality: None };
    let new = edited_xmp(&photo, format, &edit()).unwrap();
    let target = folder.at("b.jpg");
    assert_eq!(losses(&photo, &target, format, Some(&new)), "");
    let written = std::fs::read(&target).unwrap();
    assert_eq!(count(&written, "stEvt:softwareAgent>Unscratch"), 1);
    assert_eq!(count(&written, &packet("second")), 1);
    for format in [OutputFormat::Png, OutputFormat::Tiff] {
        let target = folder.at(&format!("b.{}", format.extension()));
        let said = losses(&photo, &target, format, None);
        assert!(said.contains("A second XMP packet"), "{said}");
    }
}

#[test]
fn a_packet_in_utf_16_is_carried_into_a_png_as_utf_8_with_its_history() {
    let folder = Folder::new();
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let open_with = |text: &str| {
        let file = with_segment(&jpeg((16, 8)), 0xE1, &[XMP_PREFIX, &wide(text)]);
        open(&folder.write("a.jpg", &file))
    };
    let photo = open_with(&format!("\u{feff}{}", packet("tür")));
    let target = folder.at("b.png");
    assert_eq!(losses(&photo, &target, OutputFormat::Png, None), "");
    let xmp = open(&target).metadata().xmp.clone().unwrap();
    assert_eq!(String::from_utf8(xmp).unwrap(), packet("tür"));
    let new = edited_xmp(&photo, OutputFormat::Png, &edit()).unwrap();
    assert_eq!(losses(&photo, &target, OutputFormat::Png, Some(&new)), "");
    let written = std::fs::read(&target).unwrap();
    assert_eq!(count(&written, "stEvt:softwareAgent>Unscratch"), 1);

    // What a packet says of its own encoding would be wrong there.
    let photo = open_with(&format!(
        "<?xml version='1.0' encoding='UTF-16'?>{}",
        packet("a")
    ));
    let said = losses(&photo, &target, OutputFormat::Png, None);
    assert!(said.contains("it is not UTF-8"), "{said}");
    let refused = edited_xmp(&photo, OutputFormat::Png, &edit()).unwrap_err();
    assert!(refused.contains("not UTF-8"), "{refused}");
    edited_xmp(&photo, OutputFormat::Tiff, &edit()).unwrap();
}

#[test]
fn a_profile_of_a_jpeg_without_one_of_its_parts_is_not_carried_and_that_is_said() {
    let folder = Folder::new();
    let part = |file: &[u8], number, count| {
        with_segment(file, 0xE2, &[b"ICC_PROFILE\0", &[number, count], b"part"])
    };
    let plain = jpeg((16, 8));
    let whole = open(&folder.write("a.jpg", &part(&part(&plain, 2, 2), 1, 2)));
    assert_eq!(whole.metadata().icc.as_deref(), Some(&b"partpart"[..]));
    for broken in [
        part(&part(&plain, 3, 3), 1, 3),
        part(&plain, 1, 2),
        part(&part(&plain, 1, 2), 1, 2),
        part(&plain, 0, 1),
        part(&part(&plain, 2, 3), 1, 2),
    ] {
        let photo = open(&folder.write("b.jpg", &broken));
        assert_eq!(photo.metadata().icc, None);
        assert!(photo.source().notes[0].contains("profile"));
        let target = folder.at("b.png");
        let said = losses(&photo, &target, OutputFormat::Png, None);
        assert!(said.contains("The colour profile: a part"), "{said}");
        assert_eq!(open(&target).metadata().icc, None);
        // The same kind of file keeps the segments as they lie.
        let format = OutputFormat::Jpeg { quality: None };
        assert_eq!(losses(&photo, &folder.at("c.jpg"), format, None), "");
    }
}

#[test]
fn a_raw_profile_that_says_other_than_the_exif_beside_it_is_named() {
    let folder = Folder::new();
    let exif = |orientation: u8| {
        let mut blob = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        blob.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        blob
    };
    let raw = |blob: &[u8]| {
        let blob = [b"Exif\0\0", blob].concat();
        let digits = unscratch::io::hex(&blob);
        let text = format!("Raw profile type exif\0\nexif\n{}\n{digits}\n", blob.len());
        (b"tEXt", text.into_bytes())
    };
    for (inside, is_lost) in [(6, false), (3, true)] {
        let chunks = [(b"eXIf", exif(6)), raw(&exif(inside))];
        let photo = open(&folder.write("a.png", &with_chunks(&rgb_png((8, 6)), &chunks)));
        let said = losses(&photo, &folder.at("b.tif"), OutputFormat::Tiff, None);
        assert_eq!(said.contains("Raw profile type exif"), is_lost, "{said}");
    }
}

#[test]
fn tags_of_a_tiff_are_named_for_what_they_are() {
    let folder = Folder::new();
    let record = |text: &[u8]| [&[0x1C, 2, 120, 0, text.len() as u8], text].concat();
    let resources = |records: &[u8]| {
        let mut block = b"8BIM\x04\x04\0\0\0\0".to_vec();
        block.extend((records.len() as u16).to_be_bytes());
        block.extend(records);
        block.resize(block.len().next_multiple_of(2), 0);
        block
    };
    for (inside, is_other) in [(b"silo", false), (b"barn", true)] {
        let mut page = Page::new(20, 16, 8, 1, &[]);
        let mut beside = record(b"silo");
        beside.extend([0; 3]);
        page.more = vec![
            (280, vec![3]),
            (281, vec![200]),
            (33_723, beside),
            (34_377, resources(&record(inside))),
            (52_545, b"jumb".to_vec()),
        ];
        let file = tiff(true, false, &[page]);
        let photo = open(&folder.write("a.tif", &file));
        let said = losses(&photo, &folder.at("b.png"), OutputFormat::Png, None);
        assert!(
            said.contains("280 (extremes of the samples), 281"),
            "{said}"
        );
        assert!(said.contains("52545 (content credentials"), "{said}");
        assert_eq!(
            said.contains("another than that of tag 33723"),
            is_other,
            "{said}"
        );
        assert_eq!(
            said.contains("of which IPTC is carried"),
            !is_other,
            "{said}"
        );

        let restored = Restored {
            photo: &photo,
            alpha: &MaskLayer::from_raster(photo.size(), &[255; 320]),
            pixels: &|_| photo.samples().clone(),
            xmp: None,
        };
        let Patch::Written { outcome, .. } =
            export_patched(&restored, &folder.at("c.tif"), true).unwrap()
        else {
            panic!("it can be patched");
        };
        let said = outcome.not_carried.join(" ");
        assert!(
            said.contains("validity of the content credentials"),
            "{said}"
        );
        assert_eq!(
            outcome.not_carried,
            foretell_losses(&photo, OutputFormat::Tiff)
        );
    }
}

#[test]
fn a_jpeg_ls_is_refused_by_that_name() {
    let folder = Folder::new();
    let frame = [8, 0, 4, 0, 4, 1, 1, 0x11, 0];
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xF7, 0, 11];
    file.extend(frame);
    file.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 9, 9, 0xFF, 0xD9]);
    let text = refusal(&folder.write("a.jpg", &file));
    assert!(
        text.contains("JPEG-LS") && !text.contains("damaged"),
        "{text}"
    );
}
