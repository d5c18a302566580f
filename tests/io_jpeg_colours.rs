//! JPEGs whose headers disagree about what their components are: read as libjpeg reads them, and written so that it still does.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use io_files::{Folder, jpeg, open, u8_samples, with_segment};
use unscratch::io::{ExportOptions, OutputFormat, export_photo};

/// The file without its JFIF header.
fn bare(jpeg: &[u8]) -> Vec<u8> {
    assert_eq!(jpeg[2..4], [0xFF, 0xE0]);
    let end = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
    [&jpeg[..2], &jpeg[end..]].concat()
}

/// The file with other names of its components, which are 1, 2 and 3.
fn renamed(jpeg: &[u8], names: [u8; 3]) -> Vec<u8> {
    let mut copy = jpeg.to_vec();
    for (marker, first, step) in [(0xC0, 10, 3), (0xDA, 5, 2)] {
        let mut pairs = jpeg.windows(2);
        let at = pairs.position(|pair| pair == [0xFF, marker]).unwrap();
        for (index, name) in names.into_iter().enumerate() {
            let place = at + first + index * step;
            assert_eq!(usize::from(copy[place]), index + 1);
            copy[place] = name;
        }
    }
    copy
}

fn with_adobe(jpeg: &[u8], transform: u8) -> Vec<u8> {
    with_segment(jpeg, 0xEE, &[b"Adobe\0\x64\0\0\0\0", &[transform]])
}

#[test]
fn jfif_says_more_than_adobe_and_adobe_more_than_the_names() {
    let folder = Folder::new();
    let plain = jpeg((40, 24));
    let none = bare(&plain);
    let wanted = u8_samples(&open(&folder.write("plain.jpg", &plain))).to_vec();
    let rgb = with_adobe(&none, 0);
    let as_rgb = u8_samples(&open(&folder.write("rgb.jpg", &rgb))).to_vec();
    assert_ne!(as_rgb, wanted);
    for (name, file, expected) in [
        ("jfif, RGB", renamed(&plain, *b"RGB"), &wanted),
        ("jfif, 0", with_adobe(&plain, 0), &wanted),
        (
            "jfif, 0, RGB",
            with_adobe(&renamed(&plain, *b"RGB"), 0),
            &wanted,
        ),
        ("1, RGB", with_adobe(&renamed(&none, *b"RGB"), 1), &wanted),
        ("7", with_adobe(&none, 7), &wanted),
        ("neither", none.clone(), &wanted),
        ("neither, other names", renamed(&none, *b"rgb"), &wanted),
        ("neither, RGB", renamed(&none, *b"RGB"), &as_rgb),
        ("0, RGB", with_adobe(&renamed(&none, *b"RGB"), 0), &as_rgb),
    ] {
        let photo = open(&folder.write("m.jpg", &file));
        assert_eq!(u8_samples(&photo), expected, "{name}");
        for (target, format, most) in [
            ("o.png", OutputFormat::Png, 0),
            ("o.jpg", OutputFormat::Jpeg { quality: None }, 40),
        ] {
            let options = ExportOptions {
                format,
                overwrite: true,
            };
            let target = folder.at(target);
            export_photo(&photo, photo.samples(), &target, &options).unwrap();
            let again = open(&target);
            let differences = u8_samples(&again).iter().zip(expected);
            let largest = differences.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(largest <= most, "{name}, {target:?}: {largest}");
        }
    }
}
