//! JPEG 2000 in: lossless files of `OpenJPEG` give the very samples they were made from, and what is not read says so.
//!
//! The fixtures were made by `opj_compress -n 3` from the values of [`value`], 9 × 7 px.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use io_files::{Folder, bytes, open, refusal, u8_samples, u16_samples};
use unscratch::geometry::ImageSize;
use unscratch::io::{
    DecodeError, DecodeLimits, ExportOptions, OutputFormat, export_photo, foretell_losses,
    open_photo,
};
use unscratch::photo::{Channels, FileFormat, Samples};

const GREY: &[u8] = include_bytes!("fixtures/io/grey8.jp2");
const GREY_BARE: &[u8] = include_bytes!("fixtures/io/grey8.j2k");
const DEEP: &[u8] = include_bytes!("fixtures/io/rgb16.jp2");
const ALPHA: &[u8] = include_bytes!("fixtures/io/rgba8.jp2");
const PIXELS: usize = 63;
/// `OpenJPEG` writes it into every file.
const COMMENT: &str = "The comment in the codestream: \"Created by OpenJPEG version 2.5.0\".";

fn value(index: usize, largest: usize) -> usize {
    (index * 40_503 + index / 5 * 977) % (largest + 1)
}

#[test]
fn lossless_files_give_every_sample_back() {
    let folder = Folder::new();
    for (name, file) in [("a.jp2", GREY), ("a.j2k", GREY_BARE)] {
        let photo = open(&folder.write(name, file));
        assert_eq!(photo.source().format, FileFormat::Jpeg2000);
        assert_eq!(photo.size(), ImageSize::new(9, 7));
        assert_eq!(photo.channels(), Channels::Grey);
        let wanted: Vec<u8> = (0..PIXELS).map(|i| value(i, 255) as u8).collect();
        assert_eq!(u8_samples(&photo), wanted, "{name}");
    }
    let photo = open(&folder.write("b.jp2", DEEP));
    let wanted: Vec<u16> = (0..PIXELS * 3).map(|i| value(i, 65_535) as u16).collect();
    assert_eq!(u16_samples(&photo), wanted);

    let photo = open(&folder.write("c.jp2", ALPHA));
    let stored: Vec<u8> = (0..PIXELS * 4).map(|i| value(i, 255) as u8).collect();
    let colours: Vec<u8> = stored.chunks(4).flat_map(|p| p[..3].to_vec()).collect();
    let alpha: Vec<u8> = stored.chunks(4).map(|pixel| pixel[3]).collect();
    assert_eq!(u8_samples(&photo), colours);
    assert_eq!(photo.alpha(), Some(&Samples::U8(alpha)));
    assert_eq!(foretell_losses(&photo, OutputFormat::Png), [COMMENT]);
}

/// `file` with `boxes` in front of its codestream and `header` boxes at the end of its header box.
fn with_boxes(file: &[u8], header: &[u8], boxes: &[u8]) -> Vec<u8> {
    let find = |kind: &[u8]| file.windows(4).position(|part| part == kind).unwrap() - 4;
    let (header_at, codestream_at) = (find(b"jp2h"), find(b"jp2c"));
    let length = u32::from_be_bytes(file[header_at..header_at + 4].try_into().unwrap());
    let end = header_at + length as usize;
    [
        &file[..header_at],
        &(length + header.len() as u32).to_be_bytes(),
        &file[header_at + 4..end],
        header,
        boxes,
        &file[codestream_at..],
    ]
    .concat()
}

#[test]
fn resolution_and_xmp_reach_the_derivative_and_other_boxes_are_listed() {
    let folder = Folder::new();
    let boxed = |kind: &[u8], content: &[u8]| {
        let length = (content.len() as u32 + 8).to_be_bytes();
        [&length[..], kind, content].concat()
    };
    // 23622 pixels a metre: 600 an inch.
    let resolution = boxed(
        b"res ",
        &boxed(b"resd", &[0x5C, 0x46, 0, 1, 0x5C, 0x46, 0, 1, 0, 0]),
    );
    let xmp = b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC<x:xmpmeta/>";
    let second = [&xmp[..16], b"<second/>"].concat();
    let boxes = [
        boxed(b"uuid", xmp),
        boxed(b"asoc", b"?"),
        boxed(b"uuid", &second),
    ];
    let colours = boxed(b"colr", &[1, 0, 0, 0, 0, 0, 17]);
    let header = [resolution, colours, boxed(b"pxfm", b"?")].concat();
    let file = with_boxes(GREY, &header, &boxes.concat());
    let path = folder.write("a.jp2", &[&file[..], b"rest"].concat());
    let photo = open(&path);
    let target = folder.at("a.tif");
    let options = ExportOptions {
        format: OutputFormat::Tiff,
        overwrite: false,
    };
    let outcome = export_photo(&photo, photo.samples(), &target, &options).unwrap();
    assert_eq!(
        outcome.not_carried,
        [
            "A second description of the colours.",
            "The JPEG 2000 box \"pxfm\".",
            "The JPEG 2000 box \"asoc\".",
            "A second XMP packet.",
            "4 bytes behind the picture's end.",
            COMMENT
        ]
    );
    let written = open(&target);
    assert_eq!(written.samples(), photo.samples());
    assert_eq!(
        written.metadata().xmp.as_deref(),
        Some(&b"<x:xmpmeta/>"[..])
    );
    let resolution = written.metadata().resolution.unwrap();
    assert!((resolution.x - 600.0).abs() < 0.01, "{resolution:?}");
}

#[test]
fn damaged_foreign_and_huge_files_are_refused() {
    let folder = Folder::new();
    for file in [GREY, DEEP, ALPHA, GREY_BARE] {
        for cut in (32..file.len() - 2).step_by(7) {
            let path = folder.write("cut.jp2", &file[..cut]);
            if let Ok(photo) = open_photo(&path, &DecodeLimits::default()) {
                panic!("{cut} of {} bytes: {:?}", file.len(), photo.size());
            }
        }
    }
    let at = GREY.windows(2).position(|p| p == b"\xFF\x51").unwrap();
    // 12 bits a sample: behind the head's 40 bytes comes the first component.
    let mut deep = GREY.to_vec();
    deep[at + 40] = 11;
    assert!(refusal(&folder.write("d.jp2", &deep)).contains("12 bits"));
    let mut huge = GREY.to_vec();
    huge[at + 6..at + 14].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let limits = DecodeLimits::new(1 << 30);
    let error = open_photo(&folder.write("h.jp2", &huge), &limits).unwrap_err();
    assert!(matches!(error, DecodeError::TooLarge { .. }), "{error}");
    let noise = [&GREY[..at], &bytes(200)[..]].concat();
    refusal(&folder.write("n.jp2", &noise));
}
