//! The functions of `fuzz`, fed with files that were good before bytes in them were changed: a few hundred on every run of the
//! tests, any number with `UNSCRATCH_FUZZ_RUNS`.

use super::*;
use crate::photo::{Channels, FileFormat, Metadata, Orientation, Source};

const RUNS: usize = 150;

/// Numbers without a pattern, the same on every run. Source: Marsaglia, "Xorshift RNGs".
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// `bytes` with one to four places changed.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let value = random.next();
        match random.below(7) {
            _ if bytes.is_empty() => return bytes,
            0 => bytes[at] ^= 1 << (value % 8),
            1 => bytes[at] = value as u8,
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][random.below(6)],
            3 => bytes.truncate(at),
            4 => {
                let end = (at + random.below(8)).min(bytes.len());
                bytes[at..end].fill(0xFF);
            }
            5 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

fn runs() -> usize {
    let wanted = std::env::var("UNSCRATCH_FUZZ_RUNS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(RUNS)
}

fn survives(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for seed in seeds {
        target(seed);
    }
    for run in 0..runs() {
        let input = mutated(&seeds[run % seeds.len()], &mut random);
        let survived = std::panic::catch_unwind(|| target(&input));
        assert!(survived.is_ok(), "{name}, run {run}: {input:02x?}");
    }
}

/// A small photo with every kind of metadata, written as `format`.
fn seed(format: OutputFormat, channels: Channels, is_deep: bool) -> Vec<u8> {
    let size = ImageSize::new(19, 13);
    let count = size.pixel_count() * channels.count();
    let values = (0..count).map(|at| (at * 40_503) as u16);
    let samples = if is_deep {
        Samples::U16(values.collect())
    } else {
        Samples::U8(values.map(|value| value as u8).collect())
    };
    let mut tree = exif::ExifTree::default();
    tree.set_main(exif::RawEntry::short(exif::tag::ORIENTATION, 6));
    tree.exif.push(exif::RawEntry::short(0x9208, 4));
    let metadata = Metadata {
        orientation: Orientation::from_tag(6),
        icc: Some(b"a profile of no colour".repeat(9)),
        exif: Some(tree.to_blob()),
        xmp: Some(packet()),
        iptc: Some(vec![0x1C, 2, 5, 0, 2, b'a', b'b']),
        ..Metadata::default()
    };
    let source = Source {
        path: place("nowhere"),
        format: FileFormat::Bmp,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let photo = Photo::new(size, channels, samples, None, metadata, source).unwrap();
    let target = place("seed");
    let options = ExportOptions {
        format,
        overwrite: true,
    };
    export_photo_with_xmp(&photo, photo.samples(), &target, &options, None).unwrap();
    std::fs::read(target).unwrap()
}

fn packet() -> Vec<u8> {
    let edit = XmpEdit {
        is_filled: true,
        when: "2026-01-02T03:04:05Z".to_owned(),
        software_agent: "Unscratch".to_owned(),
        parameters: "x".to_owned(),
        master_name: "a.tif".to_owned(),
        digital_source_type: Some("http://cv.iptc.org/newscodes/digitalsourcetype/print"),
    };
    edit_xmp(None, &edit).unwrap()
}

fn pictures() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for channels in [Channels::Grey, Channels::Rgb] {
        for is_deep in [false, true] {
            for format in [
                OutputFormat::Png,
                OutputFormat::Tiff,
                OutputFormat::Jpeg { quality: Some(80) },
            ] {
                seeds.push(seed(format, channels, is_deep));
            }
        }
    }
    seeds
}

#[test]
fn changed_pictures_are_read_or_refused() {
    survives("picture", &pictures(), picture);
}

#[test]
fn changed_jpeg_2000_files_are_read_or_refused() {
    let seeds = [
        include_bytes!("../../../tests/fixtures/io/rgb16.jp2").to_vec(),
        include_bytes!("../../../tests/fixtures/io/rgba8.jp2").to_vec(),
        include_bytes!("../../../tests/fixtures/io/grey8.j2k").to_vec(),
    ];
    survives("JPEG 2000", &seeds, picture);
}

#[test]
fn changed_tiff_files_are_patched_rightly_or_refused() {
    let mut seeds = Vec::new();
    for channels in [Channels::Grey, Channels::Rgb] {
        for is_deep in [false, true] {
            let file = seed(OutputFormat::Tiff, channels, is_deep);
            seeds.push([&[9][..], &file].concat());
        }
    }
    survives("tiff", &seeds, tiff);
}

#[test]
fn changed_masks_are_read_or_refused() {
    let with_size = |file: Vec<u8>| [&[19, 13][..], &file].concat();
    let seeds: Vec<Vec<u8>> = pictures().into_iter().map(with_size).collect();
    survives("mask", &seeds, mask);
}

#[test]
fn changed_metadata_are_read_or_refused() {
    let mut tree = exif::ExifTree::default();
    tree.set_main(exif::RawEntry::short(exif::tag::ORIENTATION, 6));
    tree.set_main(exif::RawEntry::rational(exif::tag::X_RESOLUTION, (300, 1)));
    tree.exif.push(exif::RawEntry::short(0x9208, 4));
    survives("exif", &[tree.to_blob()], exif);
    let records = iptc::to_resource(&[0x1C, 2, 5, 0, 2, b'a', b'b']);
    let text = iptc::to_raw_profile("iptc", &records);
    survives("iptc", &[records, text.into_bytes()], iptc);
    let two = [packet(), packet()].join(&0);
    survives("xmp", &[packet(), two], xmp);
}

#[test]
fn changed_journals_of_sets_never_touch_the_master() {
    let facts =
        |bytes: usize| format!(r#"{{"bytes":{bytes},"modified":{{"secs":1000000000,"nanos":0}}}}"#);
    let step = |name: &str, new: usize, old: &str| {
        let new = facts(new);
        format!(r#"{{"name":"{name}","new":{new},"old":{old}}}"#)
    };
    let journal = |files: &[String]| {
        let files = files.join(",");
        format!(r#"{{"version":1,"overwrite":true,"master":null,"files":[{files}]}}"#).into_bytes()
    };
    let seeds = [
        journal(&[step("a", 5, &facts(3)), step("b", 5, "null")]),
        journal(&[step("a", 3, &facts(5)), step("b", 5, "null")]),
        journal(&[step("m.tif", 5, &facts(6))]),
        journal(&[step("m.tif", 6, &facts(5)), step("o", 7, &facts(5))]),
    ];
    for seed in &seeds {
        set_journal(seed);
    }
    survives("journal of a set", &seeds, set_journal);
}
