//! What is exported comes back with the pixels handed over, the master's metadata, and an honest account of the rest.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;

use std::path::PathBuf;

use io_files::{Folder, bytes, jpeg, open, rgb_png, u8_samples, words};
use unscratch::geometry::ImageSize;
use unscratch::io::{
    DecodeLimits, EncodeError, ExportOptions, ExportOutcome, OutputFormat, export_photo, hex,
    is_same_file, load_mask, restored_name, save_mask, sha256_file,
};
use unscratch::photo::{
    Channels, FileFormat, Metadata, Orientation, Photo, Resolution, ResolutionUnit, Samples, Source,
};

const SIZE: ImageSize = ImageSize::new(37, 29);
const LOSSLESS: [OutputFormat; 2] = [OutputFormat::Png, OutputFormat::Tiff];
const JPEG: OutputFormat = OutputFormat::Jpeg { quality: Some(92) };

/// EXIF with a maker, orientation 6, an original date and a GPS latitude; big-endian, so that writers have to turn it.
fn exif_blob() -> Vec<u8> {
    let mut blob = b"MM\0*\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut bytes = tag.to_be_bytes().to_vec();
        bytes.extend(kind.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(value);
        bytes
    };
    let directory = |entries: &[Vec<u8>]| {
        let count = (entries.len() as u16).to_be_bytes();
        [&count[..], &entries.concat(), &[0; 4]].concat()
    };
    // The first directory has 54 bytes, the two others 18 each.
    let (exif_at, gps_at, texts_at) = (62_u32, 80_u32, 98_u32);
    blob.extend(directory(&[
        entry(271, 2, 8, texts_at.to_be_bytes()),
        entry(274, 3, 1, [0, 6, 0, 0]),
        entry(34_665, 4, 1, exif_at.to_be_bytes()),
        entry(34_853, 4, 1, gps_at.to_be_bytes()),
    ]));
    blob.extend(directory(&[entry(
        36_867,
        2,
        20,
        (texts_at + 8).to_be_bytes(),
    )]));
    blob.extend(directory(&[entry(2, 5, 1, (texts_at + 28).to_be_bytes())]));
    blob.extend(b"Scanner\0");
    blob.extend(b"1999:12:31 23:59:58\0");
    blob.extend([0, 0, 0, 51, 0, 0, 0, 1]);
    blob
}

fn metadata() -> Metadata {
    Metadata {
        orientation: Orientation::Rotate90,
        icc: Some(bytes(70_000)),
        exif: Some(exif_blob()),
        xmp: Some("<x:xmpmeta>é</x:xmpmeta>".into()),
        iptc: Some(vec![0x1C, 2, 0x78, 0, 3, b'o', b'l', b'd', 0x1C]),
        resolution: Some(Resolution {
            x: 600.0,
            y: 300.0,
            unit: ResolutionUnit::Inch,
        }),
        ..Metadata::default()
    }
}

fn samples(count: usize, sixteen: bool) -> Samples {
    if sixteen {
        Samples::U16(words(count))
    } else {
        Samples::U8(bytes(count))
    }
}

fn photo(channels: Channels, sixteen: bool, alpha: bool, metadata: Metadata) -> Photo {
    let count = SIZE.pixel_count();
    let source = Source {
        path: PathBuf::from("no such master.tif"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    Photo::new(
        SIZE,
        channels,
        samples(count * channels.count(), sixteen),
        alpha.then(|| samples(count, sixteen)),
        metadata,
        source,
    )
    .unwrap()
}

fn export(photo: &Photo, path: &std::path::Path, format: OutputFormat) -> ExportOutcome {
    let overwrite = false;
    let options = ExportOptions { format, overwrite };
    export_photo(photo, photo.samples(), path, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn exif_text(blob: &[u8], tag: exif::Tag) -> String {
    let read = exif::Reader::new().read_raw(blob.to_vec()).unwrap();
    let field = read.get_field(tag, exif::In::PRIMARY).unwrap();
    field.display_value().to_string()
}

fn assert_exif_survived(blob: &[u8]) {
    assert_eq!(exif_text(blob, exif::Tag::Make), "\"Scanner\"");
    assert!(exif_text(blob, exif::Tag::Orientation).contains("row 0 at right"));
    assert_eq!(
        exif_text(blob, exif::Tag::DateTimeOriginal),
        "1999-12-31 23:59:58"
    );
    assert_eq!(exif_text(blob, exif::Tag::GPSLatitude), "51/1");
}

#[test]
fn lossless_files_hold_the_same_pixels_alpha_and_metadata() {
    for format in LOSSLESS {
        for channels in [Channels::Grey, Channels::Rgb] {
            for (sixteen, alpha) in [(false, false), (false, true), (true, false), (true, true)] {
                let folder = Folder::new();
                let path = folder.at("out");
                let master = photo(channels, sixteen, alpha, metadata());
                let outcome = export(&master, &path, format);
                let case = format!("{format:?} {channels:?} {sixteen} {alpha}");

                assert!(!outcome.lossy && outcome.largest_difference == 0, "{case}");
                assert_eq!(outcome.not_carried, [""; 0], "{case}");
                assert_eq!(hex(&outcome.sha256), hex(&sha256_file(&path).unwrap()));
                let back = open(&path);
                assert_eq!(back.size(), SIZE, "{case}");
                assert!(back.samples() == master.samples(), "{case}");
                assert!(back.alpha() == master.alpha(), "{case}");
                let (found, wanted) = (back.metadata(), master.metadata());
                assert!(found.icc == wanted.icc, "{case}");
                assert_eq!(found.xmp, wanted.xmp, "{case}");
                assert_eq!(found.iptc, wanted.iptc, "{case}");
                assert_eq!(found.orientation, wanted.orientation, "{case}");
                assert_eq!(found.resolution, wanted.resolution, "{case}");
                assert_exif_survived(found.exif.as_deref().unwrap());
            }
        }
    }
}

#[test]
fn exif_is_embedded_byte_for_byte_where_the_format_allows() {
    let folder = Folder::new();
    let master = photo(Channels::Rgb, false, false, metadata());
    for (name, format) in [("a.png", OutputFormat::Png), ("a.jpg", JPEG)] {
        export(&master, &folder.at(name), format);
        let back = open(&folder.at(name));
        assert_eq!(back.metadata().exif, master.metadata().exif, "{name}");
    }
}

#[test]
fn jpeg_says_what_it_lost_and_keeps_the_metadata() {
    let folder = Folder::new();
    // Smooth, since noise would differ much.
    let count = SIZE.pixel_count() * 3;
    let smooth = Samples::U16((0..count).map(|i| (i / 3 % 37 * 1500) as u16).collect());
    let rough = photo(Channels::Rgb, true, true, metadata());
    let path = folder.at("a.jpg");
    let options = ExportOptions {
        format: JPEG,
        overwrite: false,
    };
    let outcome = export_photo(&rough, &smooth, &path, &options).unwrap();
    assert!(outcome.lossy);
    assert!(
        (1..40).contains(&outcome.largest_difference),
        "{}",
        outcome.largest_difference
    );
    assert!(outcome.not_carried.iter().any(|n| n.starts_with("16 bits")));
    assert!(outcome.not_carried.iter().any(|n| n.starts_with("Transp")));

    let back = open(&path);
    let (found, wanted) = (back.metadata(), rough.metadata());
    assert!(found.icc == wanted.icc, "a profile of two segments");
    assert_eq!(found.xmp, wanted.xmp);
    assert_eq!(found.iptc, wanted.iptc);
    assert_eq!(found.orientation, wanted.orientation);
    assert_eq!(found.resolution, wanted.resolution);
    let Samples::U16(smooth) = &smooth else {
        unreachable!()
    };
    let largest = u8_samples(&back)
        .iter()
        .zip(smooth)
        .map(|(&found, &wanted)| (f64::from(found) - f64::from(wanted) / 257.0).abs())
        .fold(0.0, f64::max);
    assert!(
        (largest - f64::from(outcome.largest_difference)).abs() <= 0.5,
        "{largest}"
    );
}

#[test]
fn blobs_too_large_for_a_jpeg_segment_are_named() {
    let folder = Folder::new();
    let xmp = Some(vec![b' '; 70_000]);
    let metadata = Metadata { xmp, ..metadata() };
    let master = photo(Channels::Grey, false, false, metadata);
    let outcome = export(&master, &folder.at("a.jpg"), JPEG);
    assert!(outcome.not_carried[0].starts_with("XMP"), "{outcome:?}");
    assert_eq!(open(&folder.at("a.jpg")).metadata().xmp, None);
}

#[test]
fn orientation_without_exif_is_still_told() {
    let folder = Folder::new();
    let metadata = Metadata {
        orientation: Orientation::Transverse,
        ..Metadata::default()
    };
    let master = photo(Channels::Grey, false, false, metadata);
    for format in [OutputFormat::Png, OutputFormat::Tiff, JPEG] {
        let path = folder.at(format.extension());
        export(&master, &path, format);
        let back = open(&path);
        assert_eq!(back.metadata().orientation, Orientation::Transverse);
        assert_eq!(back.size(), SIZE);
    }
}

#[test]
fn centimetres_and_fractions_survive_in_tiff() {
    let folder = Folder::new();
    let resolution = Some(Resolution {
        x: 118.11,
        y: 236.22,
        unit: ResolutionUnit::Centimetre,
    });
    let metadata = Metadata {
        resolution,
        ..Metadata::default()
    };
    let master = photo(Channels::Grey, true, false, metadata);
    export(&master, &folder.at("a.tif"), OutputFormat::Tiff);
    assert_eq!(open(&folder.at("a.tif")).metadata().resolution, resolution);
}

#[test]
fn premultiplied_alpha_stays_marked_or_is_reported() {
    let folder = Folder::new();
    let metadata = Metadata {
        premultiplied_alpha: true,
        ..Metadata::default()
    };
    let master = photo(Channels::Rgb, false, true, metadata);
    let tiff = export(&master, &folder.at("a.tif"), OutputFormat::Tiff);
    assert_eq!(tiff.not_carried, [""; 0]);
    assert!(open(&folder.at("a.tif")).metadata().premultiplied_alpha);
    let png = export(&master, &folder.at("a.png"), OutputFormat::Png);
    assert!(png.not_carried[0].contains("premultiplied"));
}

#[test]
fn the_master_is_never_overwritten_and_never_changes() {
    let folder = Folder::new();
    let path = folder.write("master.png", &rgb_png((8, 8)));
    let before = std::fs::read(&path).unwrap();
    let master = open(&path);
    std::fs::hard_link(&path, folder.at("link.png")).unwrap();
    let options = ExportOptions {
        format: OutputFormat::Png,
        overwrite: true,
    };
    for name in ["master.png", "link.png"] {
        let error = export_photo(&master, master.samples(), &folder.at(name), &options);
        assert!(matches!(error, Err(EncodeError::IsMaster { .. })), "{name}");
        let error = save_mask(&folder.at(name), master.size(), &[0; 64], &master, true);
        assert!(matches!(error, Err(EncodeError::IsMaster { .. })), "{name}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(folder.names(), ["link.png", "master.png"]);
}

#[test]
fn existing_files_are_replaced_only_when_asked() {
    let folder = Folder::new();
    let master = photo(Channels::Grey, false, false, Metadata::default());
    let path = folder.write("a.png", b"old");
    let export = |overwrite| {
        let format = OutputFormat::Png;
        export_photo(
            &master,
            master.samples(),
            &path,
            &ExportOptions { format, overwrite },
        )
    };
    assert!(matches!(export(false), Err(EncodeError::Exists { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    export(true).unwrap();
    assert_eq!(open(&path).size(), SIZE);
    assert_eq!(folder.names(), ["a.png"]);
}

#[cfg(unix)]
#[test]
fn exported_files_get_the_rights_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let rights = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode();
    let usual = folder.write("usual", b"");
    let master = photo(Channels::Grey, false, false, Metadata::default());
    export(&master, &folder.at("a.png"), OutputFormat::Png);
    assert_eq!(rights(&folder.at("a.png")), rights(&usual));
}

#[test]
fn pixels_of_another_layout_are_refused() {
    let folder = Folder::new();
    let master = photo(Channels::Rgb, true, false, Metadata::default());
    let options = ExportOptions {
        format: OutputFormat::Png,
        overwrite: false,
    };
    for wrong in [samples(5, true), samples(SIZE.pixel_count() * 3, false)] {
        let error = export_photo(&master, &wrong, &folder.at("a.png"), &options);
        assert!(matches!(error, Err(EncodeError::Layout { .. })));
    }
    assert!(folder.names().is_empty());
}

#[test]
fn a_picture_too_long_for_jpeg_is_refused_with_the_format_that_can() {
    let folder = Folder::new();
    let master = open(&folder.write("long.png", &rgb_png((65_536, 1))));
    let options = ExportOptions {
        format: JPEG,
        overwrite: false,
    };
    let error = export_photo(&master, master.samples(), &folder.at("a.jpg"), &options);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("choose PNG or TIFF"), "{text}");
    assert_eq!(folder.names(), ["long.png"]);
}

#[test]
fn masks_come_back_exactly_and_carry_the_orientation() {
    let folder = Folder::new();
    let master = photo(Channels::Rgb, false, false, metadata());
    let mask = bytes(SIZE.pixel_count());
    for name in ["mask.png", "mask.tif"] {
        let path = folder.at(name);
        save_mask(&path, SIZE, &mask, &master, false).unwrap();
        assert_eq!(
            load_mask(&path, SIZE, &DecodeLimits::default()).unwrap(),
            mask
        );
        let file = open(&path);
        assert_eq!(file.channels(), Channels::Grey);
        assert_eq!(file.metadata().orientation, Orientation::Rotate90);
        assert_eq!(file.metadata().resolution, master.metadata().resolution);
        assert_eq!(file.metadata().icc, None);
    }
    let jpeg = save_mask(&folder.at("mask.jpg"), SIZE, &mask, &master, false);
    assert!(matches!(jpeg, Err(EncodeError::LossyMask { .. })));
    let unknown = save_mask(&folder.at("mask.xcf"), SIZE, &mask, &master, false);
    assert!(matches!(unknown, Err(EncodeError::UnknownExtension { .. })));
}

#[test]
fn masks_of_other_layouts_are_read_and_of_other_sizes_refused() {
    let folder = Folder::new();
    let file = io_files::Png {
        size: (2, 1),
        color: png::ColorType::Rgba,
        depth: png::BitDepth::Eight,
        data: &[200, 200, 200, 255, 255, 255, 255, 0],
    };
    let path = folder.write("m.png", &file.encode(|_| {}));
    let two = ImageSize::new(2, 1);
    assert_eq!(
        load_mask(&path, two, &DecodeLimits::default()).unwrap(),
        [200, 0]
    );
    let file = io_files::Png {
        size: (2, 1),
        color: png::ColorType::Grayscale,
        depth: png::BitDepth::Sixteen,
        data: &[0xFF, 0xFF, 0x80, 0x80],
    };
    let path = folder.write("m.png", &file.encode(|_| {}));
    assert_eq!(
        load_mask(&path, two, &DecodeLimits::default()).unwrap(),
        [255, 128]
    );

    let text = load_mask(&path, SIZE, &DecodeLimits::default())
        .unwrap_err()
        .to_string();
    assert!(text.contains("2 × 1") && text.contains("37 × 29"), "{text}");
}

#[test]
fn a_mask_of_zeros_and_ones_is_refused_with_the_value_it_needs() {
    use png::BitDepth::{Eight, Sixteen};
    let folder = Folder::new();
    let load = |depth, data: &[u8]| {
        let file = io_files::Png {
            size: (2, 1),
            color: png::ColorType::Grayscale,
            depth,
            data,
        };
        let path = folder.write("m.png", &file.encode(|_| {}));
        load_mask(&path, ImageSize::new(2, 1), &DecodeLimits::default())
    };
    for (depth, data, said) in [
        (Eight, &[0, 1][..], "1 of 255"),
        (Sixteen, &[0, 0, 0, 1], "1 of 65535"),
        (Sixteen, &[0, 0, 0, 255], "255 of 65535"),
    ] {
        let text = load(depth, data).unwrap_err().to_string();
        assert!(text.contains(said) && text.contains("m.png"), "{text}");
    }
    assert_eq!(load(Eight, &[0, 0]).unwrap(), [0, 0]);
    assert_eq!(load(Eight, &[0, 2]).unwrap(), [0, 2]);
    assert_eq!(load(Sixteen, &[0, 0, 0, 0]).unwrap(), [0, 0]);
    assert_eq!(load(Sixteen, &[0, 0, 2, 2]).unwrap(), [0, 2]);
}

#[test]
fn a_photo_in_colour_is_not_taken_for_a_mask() {
    let folder = Folder::new();
    for (depth, data) in [
        (png::BitDepth::Eight, vec![9, 9, 9, 255, 0, 0]),
        (
            png::BitDepth::Sixteen,
            vec![1, 2, 1, 2, 1, 2, 0, 0, 0, 0, 0, 1],
        ),
    ] {
        let file = io_files::Png {
            size: (2, 1),
            color: png::ColorType::Rgb,
            depth,
            data: &data,
        };
        let path = folder.write("m.png", &file.encode(|_| {}));
        let error = load_mask(&path, ImageSize::new(2, 1), &DecodeLimits::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no mask") && text.contains("m.png"), "{text}");
    }
}

#[test]
fn names_of_derivatives_follow_the_master() {
    let name = restored_name(
        PathBuf::from("scans/a.b.jpeg").as_path(),
        OutputFormat::Tiff,
    );
    assert_eq!(name, PathBuf::from("scans/a.b_restored.tif"));
    assert_eq!(
        OutputFormat::from_path(PathBuf::from("x.TIFF").as_path()),
        Some(OutputFormat::Tiff)
    );
    assert_eq!(OutputFormat::from_path(PathBuf::from("x").as_path()), None);
    let folder = Folder::new();
    let path = folder.write("a.jpg", &jpeg((8, 8)));
    assert!(is_same_file(&path, &folder.at("./a.jpg")));
    assert!(!is_same_file(&path, &folder.at("b.jpg")));
}
