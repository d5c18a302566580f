//! XMP that some writers put into a PNG's chunk for Latin-1 text: taken, kept and replaced byte for byte.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use std::io::Write as _;
use std::path::Path;

use io_files::{Folder, open, rgb_png};
use unscratch::io::{ExportOptions, OutputFormat, export_photo, export_photo_with_xmp};
use unscratch::photo::Orientation;

const KEYWORD: &[u8] = b"XML:com.adobe.xmp\0";
const PACKET: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>Größe →</x:xmpmeta>";
/// Behind signature and header.
const CHUNKS_AT: usize = 33;

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn with_chunk(chunk: &[u8]) -> Vec<u8> {
    let plain = rgb_png((6, 5));
    [&plain[..CHUNKS_AT], chunk, &plain[CHUNKS_AT..]].concat()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn count(path: &Path, bytes: &[u8]) -> usize {
    let file = std::fs::read(path).unwrap();
    file.windows(bytes.len())
        .filter(|part| *part == bytes)
        .count()
}

fn options(format: OutputFormat) -> ExportOptions {
    ExportOptions {
        format,
        overwrite: true,
    }
}

#[test]
fn a_packet_in_a_chunk_for_latin_1_is_kept_as_it_lies_or_replaced_by_one() {
    let folder = Folder::new();
    let text = [KEYWORD, PACKET.as_bytes()].concat();
    let squeezed = [KEYWORD, &[0], &packed(PACKET.as_bytes())].concat();
    for chunk in [chunk(b"tEXt", &text), chunk(b"zTXt", &squeezed)] {
        let photo = open(&folder.write("m.png", &with_chunk(&chunk)));
        assert_eq!(photo.metadata().xmp.as_deref(), Some(PACKET.as_bytes()));

        let untouched = folder.at("untouched.png");
        let png = options(OutputFormat::Png);
        let outcome = export_photo(&photo, photo.samples(), &untouched, &png).unwrap();
        assert_eq!(outcome.not_carried, [""; 0]);
        assert_eq!(count(&untouched, KEYWORD), 1);
        assert_eq!(count(&untouched, &chunk), 1);

        let recorded = folder.at("recorded.png");
        let new = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>neu: Größe →</x:xmpmeta>".as_bytes();
        export_photo_with_xmp(&photo, photo.samples(), &recorded, &png, Some(new)).unwrap();
        assert_eq!(count(&recorded, KEYWORD), 1);
        assert_eq!(count(&recorded, b"iTXt"), 1);
        assert_eq!(open(&recorded).metadata().xmp.as_deref(), Some(new));

        let page = folder.at("o.tif");
        let tiff = options(OutputFormat::Tiff);
        let outcome = export_photo(&photo, photo.samples(), &page, &tiff).unwrap();
        assert_eq!(outcome.not_carried, [""; 0]);
        assert_eq!(
            open(&page).metadata().xmp.as_deref(),
            Some(PACKET.as_bytes())
        );
    }
}

#[test]
fn exif_behind_the_prefix_of_a_jpeg_is_read_and_the_chunk_kept() {
    let folder = Folder::new();
    // One entry: orientation 6.
    let blob = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let chunk = chunk(b"eXIf", &[b"Exif\0\0".as_slice(), blob].concat());
    let photo = open(&folder.write("m.png", &with_chunk(&chunk)));
    assert_eq!(photo.metadata().orientation, Orientation::Rotate90);
    assert_eq!(photo.metadata().exif.as_deref(), Some(&blob[..]));
    let target = folder.at("o.png");
    let png = options(OutputFormat::Png);
    export_photo(&photo, photo.samples(), &target, &png).unwrap();
    assert_eq!(count(&target, &chunk), 1);
    assert_eq!(open(&target).metadata().orientation, Orientation::Rotate90);
}

#[test]
fn an_animation_that_another_format_cannot_hold_is_told() {
    let folder = Folder::new();
    let plain = rgb_png((6, 5));
    let data = plain
        .windows(4)
        .position(|kind| kind == b"IDAT")
        .map(|at| at - 4);
    let control = chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    let frame = [0_u32, 6, 5, 0, 0].map(u32::to_be_bytes).concat();
    let frame = chunk(b"fcTL", &[&frame[..], &[0, 1, 0, 10, 0, 0]].concat());
    let data = data.unwrap();
    let file = [&plain[..data], &control, &frame, &plain[data..]].concat();
    let photo = open(&folder.write("m.png", &file));
    for (name, format) in [
        ("o.tif", OutputFormat::Tiff),
        ("o.jpg", OutputFormat::Jpeg { quality: None }),
        ("o.png", OutputFormat::Png),
    ] {
        let target = folder.at(name);
        let outcome = export_photo(&photo, photo.samples(), &target, &options(format)).unwrap();
        let told = outcome.not_carried.iter();
        let told = told
            .filter(|said| said.starts_with("The animation"))
            .count();
        assert_eq!(told, 1, "{name}: {:?}", outcome.not_carried);
    }
}
