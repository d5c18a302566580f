//! JPEGs whose colours lie in scans of their own: read as their twins in one scan, or refused.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use std::path::Path;

use io_files::{Folder, open, refusal, u8_samples, with_segment};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use unscratch::io::{ExportOptions, OutputFormat, export_photo};

/// The same coefficients in one scan and in two, restart markers included, by libjpeg's own program.
const ONE: &[u8] = include_bytes!("fixtures/io/one_scan.jpg");
const COLOURS_TOGETHER: &[u8] = include_bytes!("fixtures/io/scans_0_12.jpg");
const RED_ALONE: &[u8] = include_bytes!("fixtures/io/scans_01_2.jpg");

const SIZE: (u16, u16) = (45, 37);

fn picture() -> Vec<u8> {
    let pixel = |x: u16, y: u16| [x * 5, y * 6, 2 * x + 3 * y].map(|value| value as u8);
    (0..SIZE.1)
        .flat_map(|y| (0..SIZE.0).flat_map(move |x| pixel(x, y)))
        .collect()
}

/// The samplings that this encoder writes a scan a component by itself; tables made to measure make it do so at others, but
/// not together with restarts.
const ALWAYS_APART: [SamplingFactor; 3] = [
    SamplingFactor::F_4_2,
    SamplingFactor::F_1_4,
    SamplingFactor::F_2_4,
];

/// A JPEG of [`picture`] with a scan a component.
fn jpeg(sampling: SamplingFactor, restarts: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    encoder.set_sampling_factor(sampling);
    encoder.set_optimized_huffman_tables(restarts == 0);
    if restarts > 0 {
        assert!(ALWAYS_APART.contains(&sampling));
        encoder.set_restart_interval(restarts);
    }
    encoder
        .encode(&picture(), SIZE.0, SIZE.1, ColorType::Rgb)
        .unwrap();
    file
}

fn samples(path: &Path) -> Vec<u8> {
    u8_samples(&open(path)).to_vec()
}

fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// Where the segments of `marker` start.
fn positions(jpeg: &[u8], marker: u8) -> Vec<usize> {
    let pairs = jpeg.windows(2).enumerate();
    pairs
        .filter(|(_, pair)| *pair == [0xFF, marker])
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn two_scans_of_any_grouping_show_the_picture_of_one() {
    let folder = Folder::new();
    let one = samples(&folder.write("one.jpg", ONE));
    for (name, file) in [("0_12.jpg", COLOURS_TOGETHER), ("01_2.jpg", RED_ALONE)] {
        assert_eq!(positions(file, 0xDA).len(), 2, "{name}");
        let found = samples(&folder.write(name, file));
        let largest = largest_difference(&found, &one);
        assert!(largest <= 6, "{name}: {largest}");
    }
}

#[test]
fn a_scan_a_component_shows_the_picture_at_every_sampling() {
    let folder = Folder::new();
    for sampling in [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_1_2,
        SamplingFactor::F_2_2,
        SamplingFactor::F_4_1,
        SamplingFactor::F_4_2,
        SamplingFactor::F_1_4,
        SamplingFactor::F_2_4,
    ] {
        let with_restarts = ALWAYS_APART.contains(&sampling).then_some(3);
        for restarts in [Some(0), with_restarts].into_iter().flatten() {
            let file = jpeg(sampling, restarts);
            assert_eq!(positions(&file, 0xDA).len(), 3);
            let photo = open(&folder.write("m.jpg", &file));
            let largest = largest_difference(u8_samples(&photo), &picture());
            assert!(largest < 32, "{sampling:?} {restarts}: {largest}");
            // What is written like it comes back as the master, too.
            let options = ExportOptions {
                format: OutputFormat::Jpeg { quality: None },
                overwrite: true,
            };
            let target = folder.at("o.jpg");
            let outcome = export_photo(&photo, photo.samples(), &target, &options).unwrap();
            assert_eq!(outcome.not_carried, [""; 0], "{sampling:?}");
            assert!(outcome.largest_difference < 24, "{sampling:?}: {outcome:?}");
            let again = samples(&target);
            let largest = largest_difference(&again, u8_samples(&photo));
            assert_eq!(u16::from(largest), outcome.largest_difference);
        }
    }
}

#[test]
fn scans_of_red_green_and_blue_are_not_taken_for_brightness_and_colours() {
    let folder = Folder::new();
    // Without JFIF's header and with Adobe's, which says that nothing was converted.
    let plain = jpeg(SamplingFactor::F_1_1, 0);
    let jfif_end = 4 + usize::from(u16::from_be_bytes([plain[4], plain[5]]));
    let bare = [&plain[..2], &plain[jfif_end..]].concat();
    let adobe = with_segment(&bare, 0xEE, &[b"Adobe\0\x64\0\0\0\0\0"]);
    let as_rgb = samples(&folder.write("rgb.jpg", &adobe));
    let as_ycc = samples(&folder.write("ycc.jpg", &plain));
    assert!(largest_difference(&as_ycc, &picture()) < 16);
    // Green and blue are now the colour differences, near 128 in grey places.
    assert!(largest_difference(&as_rgb, &picture()) > 100);
}

#[test]
fn a_scan_that_ends_early_is_damage_and_no_grey_patch() {
    let folder = Folder::new();
    for restarts in [0, 3] {
        let file = jpeg(SamplingFactor::F_4_2, restarts);
        let starts = positions(&file, 0xDA);
        let ends = [starts[1], starts[2], file.len() - 2];
        for (start, end) in starts.into_iter().zip(ends) {
            // Half of the coded data behind a header of 10 bytes.
            let cut = (start + 10 + end) / 2;
            let short = [&file[..cut], &file[end..]].concat();
            let text = refusal(&folder.write("short.jpg", &short));
            assert!(text.contains("damaged"), "{restarts}: {text}");
        }
    }
}

#[test]
fn a_file_without_one_of_its_colours_is_refused() {
    let folder = Folder::new();
    let file = jpeg(SamplingFactor::F_2_2, 0);
    let last = positions(&file, 0xDA)[2];
    let without = [&file[..last], &file[file.len() - 2..]].concat();
    assert!(refusal(&folder.write("two.jpg", &without)).contains("damaged"));
}
