//! Image files made in code for the tests of `io`: every layout comes from a crate or a builder here, none from a scanner.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses its own part, and a helper that fails fails its test"
)]

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKindStandard};
use tiff::tags::Tag;

use unscratch::geometry::ImageSize;
use unscratch::io::{DecodeLimits, open_photo};
use unscratch::photo::{Photo, Samples};

/// A folder that goes away with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub fn open(path: &Path) -> Photo {
    open_photo(path, &DecodeLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub fn refusal(path: &Path) -> String {
    let error = open_photo(path, &DecodeLimits::default()).unwrap_err();
    let text = error.to_string();
    let name = path.file_name().unwrap().to_string_lossy();
    assert!(text.contains(&*name), "the file is named: {text}");
    text
}

/// Values that differ from pixel to pixel, `count` of them.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * 37 + i / 7 * 11) as u8).collect()
}

pub fn words(count: usize) -> Vec<u16> {
    (0..count)
        .map(|i| (i * 40_503 + i / 5 * 977) as u16)
        .collect()
}

/// The bits of a PNG file that tests vary.
pub struct Png<'a> {
    pub size: (u32, u32),
    pub color: png::ColorType,
    pub depth: png::BitDepth,
    pub data: &'a [u8],
}

impl Png<'_> {
    /// The file; `prepare` may set chunks.
    pub fn encode(&self, prepare: impl FnOnce(&mut png::Info<'_>)) -> Vec<u8> {
        let mut file = Vec::new();
        let mut info = png::Info::with_size(self.size.0, self.size.1);
        info.color_type = self.color;
        info.bit_depth = self.depth;
        prepare(&mut info);
        let encoder = png::Encoder::with_info(&mut file, info).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(self.data).unwrap();
        writer.finish().unwrap();
        file
    }
}

pub fn rgb_png(size: (u32, u32)) -> Vec<u8> {
    let data = bytes((size.0 * size.1 * 3) as usize);
    let (color, depth) = (png::ColorType::Rgb, png::BitDepth::Eight);
    Png {
        size,
        color,
        depth,
        data: &data,
    }
    .encode(|_| {})
}

/// A JPEG of a smooth gradient.
pub fn jpeg(size: (u32, u32)) -> Vec<u8> {
    let mut file = Vec::new();
    let data: Vec<u8> = (0..size.1)
        .flat_map(|y| (0..size.0).flat_map(move |x| [x as u8, y as u8, (x + y) as u8]))
        .collect();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 90)
        .encode(&data, size.0, size.1, image::ExtendedColorType::Rgb8)
        .unwrap();
    file
}

/// Puts a segment behind the start of a JPEG file.
pub fn with_segment(jpeg: &[u8], marker: u8, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, &payload, &jpeg[2..]].concat()
}

type Page<'a> = DirectoryEncoder<'a, BufWriter<File>, TiffKindStandard>;

/// A TIFF page with `chunks` (strips or, with `tile`, tiles) stored as they are; `more` adds tags.
pub struct Tiff<'a> {
    pub size: ImageSize,
    pub bits: u16,
    pub channels: u16,
    pub photometric: u16,
    pub tile: Option<(u32, u32)>,
    pub chunks: &'a [Vec<u8>],
}

impl Tiff<'_> {
    pub fn write(&self, path: &Path, more: impl FnOnce(&mut Page<'_>)) {
        let file = BufWriter::new(File::create(path).unwrap());
        let mut encoder = TiffEncoder::new(file).unwrap();
        let mut page = encoder.image_directory().unwrap();
        let mut offsets = Vec::new();
        for chunk in self.chunks {
            offsets.push(page.write_data(chunk.as_slice()).unwrap() as u32);
        }
        let lengths: Vec<u32> = self.chunks.iter().map(|c| c.len() as u32).collect();
        page.write_tag(Tag::ImageWidth, self.size.width).unwrap();
        page.write_tag(Tag::ImageLength, self.size.height).unwrap();
        let bits = vec![self.bits; usize::from(self.channels)];
        page.write_tag(Tag::BitsPerSample, bits.as_slice()).unwrap();
        page.write_tag(Tag::SamplesPerPixel, self.channels).unwrap();
        page.write_tag(Tag::PhotometricInterpretation, self.photometric)
            .unwrap();
        page.write_tag(Tag::Compression, 1_u16).unwrap();
        if let Some((width, height)) = self.tile {
            page.write_tag(Tag::TileWidth, width).unwrap();
            page.write_tag(Tag::TileLength, height).unwrap();
            page.write_tag(Tag::TileOffsets, offsets.as_slice())
                .unwrap();
            page.write_tag(Tag::TileByteCounts, lengths.as_slice())
                .unwrap();
        } else {
            let strips = self.chunks.len() as u32;
            page.write_tag(Tag::RowsPerStrip, self.size.height.div_ceil(strips))
                .unwrap();
            page.write_tag(Tag::StripOffsets, offsets.as_slice())
                .unwrap();
            page.write_tag(Tag::StripByteCounts, lengths.as_slice())
                .unwrap();
        }
        more(&mut page);
        page.finish().unwrap();
    }
}

pub fn u8_samples(photo: &Photo) -> &[u8] {
    match photo.samples() {
        Samples::U8(values) => values,
        Samples::U16(_) => panic!("8 bits were expected"),
    }
}

pub fn u16_samples(photo: &Photo) -> &[u16] {
    match photo.samples() {
        Samples::U16(values) => values,
        Samples::U8(_) => panic!("16 bits were expected"),
    }
}
