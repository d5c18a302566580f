//! A derivative of the master's own kind keeps all of it but the pixels, and what another kind cannot carry is foretold.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use std::path::Path;

use io_files::{Folder, Png, bytes, open, with_segment};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use unscratch::io::{ExportOptions, ExportOutcome, OutputFormat, export_photo, foretell_losses};
use unscratch::photo::{FileFormat, Photo};

const LIKE_MASTER: OutputFormat = OutputFormat::Jpeg { quality: None };
const FORMATS: [OutputFormat; 4] = [
    OutputFormat::Png,
    OutputFormat::Tiff,
    LIKE_MASTER,
    OutputFormat::Jpeg { quality: Some(80) },
];
const INTERLACED: &[u8] = include_bytes!("fixtures/io/interlaced_rgb.png");

type Chunk = ([u8; 4], Vec<u8>);

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn chunks(png: &[u8]) -> Vec<Chunk> {
    let mut at = 8;
    let mut found = Vec::new();
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        let kind = png[at + 4..at + 8].try_into().unwrap();
        found.push((kind, png[at + 8..at + 8 + length].to_vec()));
        at += 12 + length;
    }
    found
}

/// The chunks beside the pixels; where those lie is marked.
fn kept(png: &[u8]) -> Vec<Chunk> {
    let mut kept: Vec<Chunk> = chunks(png)
        .into_iter()
        .map(|(kind, data)| {
            let data = if &kind == b"IDAT" { Vec::new() } else { data };
            (kind, data)
        })
        .filter(|(kind, _)| kind != b"IHDR")
        .collect();
    kept.dedup_by(|a, b| &a.0 == b"IDAT" && &b.0 == b"IDAT");
    kept
}

/// `png` with `before` and `behind` put around its pixels.
fn around_pixels(png: &[u8], before: &[Vec<u8>], behind: &[Vec<u8>]) -> Vec<u8> {
    let mut file = png[..8].to_vec();
    let mut placed = false;
    for (kind, data) in chunks(png) {
        if &kind == b"IDAT" && !placed {
            file.extend(before.concat());
            placed = true;
        }
        if &kind == b"IEND" {
            file.extend(behind.concat());
        }
        file.extend(chunk(&kind, &data));
    }
    file
}

fn export(photo: &Photo, path: &Path, format: OutputFormat) -> ExportOutcome {
    let overwrite = true;
    let options = ExportOptions { format, overwrite };
    export_photo(photo, photo.samples(), path, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn exif_with_thumbnail() -> Vec<u8> {
    let mut blob = b"II*\0\x08\0\0\0\x01\0".to_vec();
    // Orientation 6, then the link to a directory with a JPEG of eight bytes.
    blob.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x1A\0\0\0");
    blob.extend(
        b"\x02\0\x01\x02\x04\0\x01\0\0\0\x38\0\0\0\x02\x02\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0",
    );
    blob.extend(b"PREVIEW!");
    blob
}

const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>";

/// Chunks of all sorts that fit any layout.
fn ancillary(channels: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let before = vec![
        chunk(b"gAMA", &45_000_u32.to_be_bytes()),
        chunk(b"cHRM", &[0, 0, 122, 37].repeat(8)),
        chunk(b"prVt", b"a maker's own"),
        chunk(b"sBIT", &vec![7; channels]),
        chunk(b"pHYs", &[0, 0, 46, 35, 0, 0, 46, 35, 1]),
        chunk(b"iTXt", XMP),
        chunk(b"tEXt", b"Author\0Somebody"),
    ];
    let behind = vec![
        chunk(b"tIME", &[7, 0xE6, 1, 2, 3, 4, 5]),
        chunk(b"zTXt", b"Note\0\0x\x9C\x03\0\0\0\0\x01"),
        chunk(b"prVt", b"another"),
    ];
    (before, behind)
}

#[test]
fn a_png_of_a_png_keeps_every_chunk_in_its_place() {
    let folder = Folder::new();
    for (color, channels) in [
        (png::ColorType::Grayscale, 1),
        (png::ColorType::GrayscaleAlpha, 2),
        (png::ColorType::Rgb, 3),
        (png::ColorType::Rgba, 4),
    ] {
        for depth in [png::BitDepth::Eight, png::BitDepth::Sixteen] {
            let sample = if depth == png::BitDepth::Eight { 1 } else { 2 };
            let data = bytes(13 * 5 * channels * sample);
            let size = (13, 5);
            let plain = Png {
                size,
                color,
                depth,
                data: &data,
            };
            let (before, behind) = ancillary(channels);
            let master = around_pixels(&plain.encode(|_| {}), &before, &behind);
            let photo = open(&folder.write("master.png", &master));
            let outcome = export(&photo, &folder.at("out.png"), OutputFormat::Png);
            assert_eq!(outcome.not_carried, [""; 0], "{color:?} {depth:?}");
            let written = std::fs::read(folder.at("out.png")).unwrap();
            assert_eq!(kept(&written), kept(&master), "{color:?} {depth:?}");
            assert_eq!(chunks(&written)[0], chunks(&master)[0], "the header");
            let back = open(&folder.at("out.png"));
            assert!(back.samples() == photo.samples() && back.alpha() == photo.alpha());
        }
    }
}

#[test]
fn a_palette_is_widened_with_the_chunks_that_speak_of_it() {
    let folder = Folder::new();
    let file = Png {
        size: (3, 1),
        color: png::ColorType::Indexed,
        depth: png::BitDepth::Two,
        data: &[0b0001_1000],
    };
    let master = file.encode(|info| info.palette = Some(vec![9, 8, 7, 1, 2, 3, 40, 50, 60].into()));
    let before = [
        chunk(b"tRNS", &[255, 128]),
        chunk(b"bKGD", &[2]),
        chunk(b"tEXt", b"Title\0A"),
    ];
    let photo = open(&folder.write("m.png", &around_pixels(&master, &before, &[])));
    let outcome = export(&photo, &folder.at("o.png"), OutputFormat::Png);
    let lost = outcome.not_carried.join(" ");
    assert!(lost.contains("palette") && lost.contains("alpha"), "{lost}");
    let names: Vec<Chunk> = kept(&std::fs::read(folder.at("o.png")).unwrap());
    assert_eq!(names[0], (*b"bKGD", vec![0, 40, 0, 50, 0, 60]));
    assert_eq!(&names[1].0, b"tEXt");
    let back = open(&folder.at("o.png"));
    assert!(back.samples() == photo.samples() && back.alpha() == photo.alpha());
}

#[test]
fn interlaced_rows_are_written_in_order_and_that_is_said() {
    let folder = Folder::new();
    let photo = open(&folder.write("m.png", INTERLACED));
    let outcome = export(&photo, &folder.at("o.png"), OutputFormat::Png);
    assert!(outcome.not_carried[0].starts_with("Interlacing"));
    let written = std::fs::read(folder.at("o.png")).unwrap();
    assert_eq!(chunks(&written)[0].1[12], 0);
    assert!(open(&folder.at("o.png")).samples() == photo.samples());
}

#[test]
fn of_an_animation_the_default_picture_is_kept_and_the_rest_is_told() {
    let folder = Folder::new();
    let data = bytes(4 * 4 * 3);
    let plain = Png {
        size: (4, 4),
        color: png::ColorType::Rgb,
        depth: png::BitDepth::Eight,
        data: &data,
    }
    .encode(|_| {});
    let pixels = chunks(&plain).into_iter().find(|(kind, _)| kind == b"IDAT");
    let pixels = pixels.unwrap().1;
    let control = |number: u32| {
        let numbers = [number, 4, 4, 0, 0].map(u32::to_be_bytes).concat();
        chunk(b"fcTL", &[&numbers[..], &[0, 1, 0, 10, 0, 0]].concat())
    };
    let frame = |number: u32| chunk(b"fdAT", &[&number.to_be_bytes()[..], &pixels].concat());
    let actl = |frames: u32| chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    // The default picture as the first frame, and beside the animation.
    let inside = around_pixels(&plain, &[actl(2), control(0)], &[control(1), frame(2)]);
    let beside = around_pixels(&plain, &[actl(1)], &[control(0), frame(1)]);
    for master in [inside, beside] {
        let photo = open(&folder.write("m.png", &master));
        assert_eq!(io_files::u8_samples(&photo), data);
        let outcome = export(&photo, &folder.at("o.png"), OutputFormat::Png);
        assert_eq!(outcome.not_carried.len(), 1);
        assert!(outcome.not_carried[0].starts_with("The animation"));
        let names: Vec<[u8; 4]> = kept(&std::fs::read(folder.at("o.png")).unwrap())
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(names, [*b"IDAT", *b"IEND"]);
    }
}

/// Marker and payload of every segment in front of the first scan.
fn segments(jpeg: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut at = 2;
    let mut found = Vec::new();
    while jpeg[at + 1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        found.push((jpeg[at + 1], jpeg[at + 4..at + 2 + length].to_vec()));
        at += 2 + length;
    }
    found
}

fn of_markers(jpeg: &[u8], wanted: impl Fn(u8) -> bool) -> Vec<(u8, Vec<u8>)> {
    let all = segments(jpeg).into_iter();
    all.filter(|(marker, _)| wanted(*marker)).collect()
}

const fn is_metadata(marker: u8) -> bool {
    matches!(marker, 0xE0..=0xEF | 0xFE)
}

/// A JPEG with smooth content.
fn master_jpeg(colour: ColorType, prepare: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let (width, height) = (70_u16, 51_u16);
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [x as u8 * 3, y as u8 * 4, (x + y) as u8]))
        .collect();
    let grey: Vec<u8> = pixels.iter().step_by(3).copied().collect();
    let data = if colour == ColorType::Luma {
        grey
    } else {
        pixels
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 71);
    prepare(&mut encoder);
    encoder.encode(&data, width, height, colour).unwrap();
    file
}

/// All sorts of segments in an order no encoder would choose.
fn with_metadata(jpeg: &[u8]) -> Vec<u8> {
    let mut file = jpeg.to_vec();
    for (marker, payload) in [
        (0xFE, &[b"scanned at home".as_slice()][..]),
        (0xE2, &[b"ICC_PROFILE\0\x02\x02", b"second"]),
        (0xE9, &[b"Maker\0", b"anything"]),
        (0xE2, &[b"ICC_PROFILE\0\x01\x02", b"first"]),
        (0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", b"<x:xmpmeta/>"]),
    ] {
        file = with_segment(&file, marker, payload);
    }
    file
}

#[test]
fn a_jpeg_of_a_jpeg_keeps_tables_subsampling_and_segments() {
    let folder = Folder::new();
    for sampling in [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_2_2,
        SamplingFactor::F_1_2,
        SamplingFactor::F_4_1,
    ] {
        for (colour, is_progressive) in [
            (ColorType::Rgb, false),
            (ColorType::Rgb, true),
            (ColorType::Luma, false),
        ] {
            let case = format!("{sampling:?} {colour:?} {is_progressive}");
            let plain = master_jpeg(colour, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_progressive(is_progressive);
                encoder.set_restart_interval(3);
            });
            let master = with_metadata(&plain);
            let photo = open(&folder.write("m.jpg", &master));
            let outcome = export(&photo, &folder.at("o.jpg"), LIKE_MASTER);
            assert_eq!(outcome.not_carried, [""; 0], "{case}");
            assert!(outcome.largest_difference < 20, "{case}: {outcome:?}");
            let written = std::fs::read(folder.at("o.jpg")).unwrap();
            let same = |wanted: fn(u8) -> bool| {
                assert_eq!(
                    of_markers(&written, wanted),
                    of_markers(&master, wanted),
                    "{case}"
                );
            };
            same(is_metadata);
            let tables = |jpeg: &[u8]| {
                let mut tables = of_markers(jpeg, |marker| marker == 0xDB);
                // The maker of this master writes one more than grey has a use for.
                tables.truncate(if colour == ColorType::Luma { 1 } else { 2 });
                tables
            };
            assert_eq!(tables(&written), tables(&master), "{case}");
            let count = of_markers(&written, |marker| marker == 0xDB).len();
            assert_eq!(count, tables(&master).len(), "{case}");
            // Size, sampling factors and names of the components; restarts.
            same(|marker| matches!(marker, 0xC0..=0xC2 | 0xDD));
        }
    }
}

#[test]
fn previews_that_still_show_the_damage_are_dropped_from_every_format() {
    let folder = Folder::new();
    let blob = exif_with_thumbnail();
    let file = with_segment(
        &master_jpeg(ColorType::Rgb, |_| {}),
        0xE1,
        &[b"Exif\0\0", &blob],
    );
    let photo = open(&folder.write("m.jpg", &file));
    for format in FORMATS {
        let path = folder.at(format.extension());
        let outcome = export(&photo, &path, format);
        let lost = outcome.not_carried.join(" ");
        assert!(lost.contains("thumbnail"), "{format:?}: {lost}");
        let written = std::fs::read(&path).unwrap();
        assert!(
            !written.windows(8).any(|bytes| bytes == b"PREVIEW!"),
            "{format:?}"
        );
        assert_eq!(open(&path).metadata().orientation.tag(), 6, "{format:?}");
    }
    let png = folder.at("with.png");
    let plain = io_files::rgb_png((4, 4));
    let photo = open(&folder.write(
        "m.png",
        &around_pixels(&plain, &[chunk(b"eXIf", &blob)], &[]),
    ));
    let outcome = export(&photo, &png, OutputFormat::Png);
    assert_eq!(outcome.not_carried.len(), 1, "{outcome:?}");
    let written = kept(&std::fs::read(&png).unwrap());
    assert_eq!(
        written[0].1.len(),
        blob.len(),
        "every other byte in its place"
    );
    assert!(!written[0].1.ends_with(b"PREVIEW!"));
}

#[test]
fn a_lossless_file_of_a_jpeg_carries_comment_profile_and_split_xmp() {
    let folder = Folder::new();
    let digest = "0123456789ABCDEF0123456789ABCDEF";
    let packet = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='r'><rdf:Description xmlns:xmpNote='n' xmpNote:HasExtendedXMP='{digest}'/></rdf:RDF></x:xmpmeta>"
    );
    let extended = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='r'><rdf:Description long='{}'/></rdf:RDF></x:xmpmeta>",
        "y".repeat(70_000)
    );
    // It has a packet already, which becomes the second one.
    let mut file = with_metadata(&master_jpeg(ColorType::Rgb, |_| {}));
    let whole = (extended.len() as u32).to_be_bytes();
    for (index, part) in extended.as_bytes().chunks(40_000).enumerate() {
        let at = (index as u32 * 40_000).to_be_bytes();
        let prefix = b"http://ns.adobe.com/xmp/extension/\0";
        file = with_segment(&file, 0xE1, &[prefix, digest.as_bytes(), &whole, &at, part]);
    }
    let xmp_prefix = b"http://ns.adobe.com/xap/1.0/\0";
    file = with_segment(&file, 0xE1, &[xmp_prefix, packet.as_bytes()]);
    let resources: [&[u8]; 3] = [
        b"Photoshop 3.0\0",
        b"8BIM\x04\x04\0\0\0\0\0\x06\x1C\x02\x05\0\x01a",
        b"8BIM\x03\xED\0\0\0\0\0\x02ab",
    ];
    file = with_segment(&file, 0xED, &resources);
    let photo = open(&folder.write("m.jpg", &file));
    for format in [OutputFormat::Png, OutputFormat::Tiff] {
        let path = folder.at(format.extension());
        let outcome = export(&photo, &path, format);
        assert_eq!(
            outcome.not_carried,
            [
                "A second XMP packet: there is room for the first alone.",
                "JPEG segments: APP9 Maker."
            ],
            "{format:?}"
        );
        let back = open(&path);
        assert_eq!(back.metadata().icc.as_deref(), Some(&b"firstsecond"[..]));
        let xmp = back.metadata().xmp.clone().unwrap();
        assert_eq!(xmp, photo.metadata().xmp.clone().unwrap(), "{format:?}");
        assert!(xmp.len() > 70_000, "{format:?}");
        let written = std::fs::read(&path).unwrap();
        let holds = |text: &[u8]| written.windows(text.len()).any(|window| window == text);
        assert!(holds(b"scanned at home"), "{format:?}");
        assert_eq!(
            back.metadata().iptc.as_deref(),
            Some(&b"\x1C\x02\x05\0\x01a"[..])
        );
    }
    let outcome = export(&photo, &folder.at("o.jpg"), LIKE_MASTER);
    assert_eq!(outcome.not_carried, [""; 0]);
    assert_eq!(
        of_markers(&std::fs::read(folder.at("o.jpg")).unwrap(), is_metadata),
        of_markers(&file, is_metadata)
    );
}

#[test]
fn coding_that_cannot_be_kept_is_told() {
    let folder = Folder::new();
    // Components named R, G and B without any header that says otherwise.
    let mut file = master_jpeg(ColorType::Rgb, |_| {});
    file.drain(2..20);
    for marker in [0xC0, 0xDA] {
        let at = file
            .windows(2)
            .position(|pair| pair == [0xFF, marker])
            .unwrap();
        let (first, step) = if marker == 0xC0 { (10, 3) } else { (5, 2) };
        for (index, name) in b"RGB".iter().enumerate() {
            file[at + first + index * step] = *name;
        }
    }
    let photo = open(&folder.write("rgb.jpg", &file));
    let outcome = export(&photo, &folder.at("o.jpg"), LIKE_MASTER);
    assert!(outcome.not_carried[0].contains("YCbCr"), "{outcome:?}");
    assert_eq!(open(&folder.at("o.jpg")).size(), photo.size());
}

#[test]
fn what_an_export_loses_is_foretold_word_for_word() {
    let folder = Folder::new();
    let (before, behind) = ancillary(3);
    let rich_png = around_pixels(&io_files::rgb_png((5, 4)), &before, &behind);
    let mut rich_jpeg = with_metadata(&master_jpeg(ColorType::Rgb, |_| {}));
    rich_jpeg.extend(b"behind the end");
    let rgba16 = Png {
        size: (2, 2),
        color: png::ColorType::Rgba,
        depth: png::BitDepth::Sixteen,
        data: &bytes(32),
    };
    let exif = [b"Exif\0\0".as_slice(), &exif_with_thumbnail()].concat();
    let previewed = with_segment(&master_jpeg(ColorType::Luma, |_| {}), 0xE1, &[&exif]);
    let masters = [
        ("rich.png", rich_png),
        ("rich.jpg", rich_jpeg),
        ("deep.png", rgba16.encode(|_| {})),
        ("interlaced.png", INTERLACED.to_vec()),
        ("previewed.jpg", previewed),
    ];
    let mut lists = Vec::new();
    for (name, file) in masters {
        let photo = open(&folder.write(name, &file));
        for format in FORMATS {
            let foretold = foretell_losses(&photo, format);
            let path = folder.at(&format!("out.{}", format.extension()));
            let outcome = export(&photo, &path, format);
            assert_eq!(foretold, outcome.not_carried, "{name} {format:?}");
            lists.push((name, format, foretold.join(" ")));
        }
    }
    let list = |name: &str, format: OutputFormat| {
        let found = lists.iter().find(|(n, f, _)| *n == name && *f == format);
        found.unwrap().2.clone()
    };
    let tiff = list("rich.png", OutputFormat::Tiff);
    for word in ["Author", "Note", "gAMA", "cHRM", "prVt", "sBIT", "tIME"] {
        assert!(tiff.contains(word), "{word}: {tiff}");
    }
    assert!(!tiff.contains("pHYs") && !tiff.contains("iTXt"), "{tiff}");
    assert_eq!(list("rich.png", OutputFormat::Png), "");
    assert!(list("rich.jpg", OutputFormat::Png).contains("14 bytes"));
    assert!(list("rich.jpg", LIKE_MASTER).contains("14 bytes"));
    assert!(list("deep.png", LIKE_MASTER).contains("16 bits"));
    assert_eq!(list("deep.png", OutputFormat::Tiff), "");
}

#[test]
fn masters_of_every_kind_remember_their_parts_only_where_they_have_them() {
    let folder = Folder::new();
    let photo = open(&folder.write("a.png", &io_files::rgb_png((3, 3))));
    assert_eq!(photo.source().format, FileFormat::Png);
    assert!(photo.metadata().native.is_some());
    export(&photo, &folder.at("a.tif"), OutputFormat::Tiff);
    assert!(open(&folder.at("a.tif")).metadata().native.is_none());
}
