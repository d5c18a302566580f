//! Wrong, broken and hostile files: a clear sentence that names the file, no panic, no great allocation.

mod io_files;

use io_files::{Folder, Png, Tiff, bytes, jpeg, open, refusal, rgb_png, with_segment};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};
use tiff::tags::Tag;
use unscratch::geometry::ImageSize;
use unscratch::io::{DecodeError, DecodeLimits, open_photo};

const CMYK: &[u8] = include_bytes!("fixtures/io/cmyk.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("fixtures/io/progressive_grey.jpg");

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    let folder = Folder::new();
    let text = folder.write(
        "text.jpg",
        b"Dear Sir, BM is not a bitmap and II is not a TIFF.",
    );
    assert!(refusal(&text).contains("not a JPEG, PNG, TIFF, WebP, BMP or JPEG 2000"));
    assert!(refusal(&folder.write("empty.png", b"")).contains("0 bytes"));
    assert!(refusal(&folder.at("missing.png")).contains("no such file"));
    assert!(refusal(&folder.at("text.jpg/inside")).contains("no such file"));
    assert!(refusal(&folder.write("a.gif", b"GIF89a.....")).contains("GIF"));
    std::fs::create_dir(folder.at("folder.tif")).unwrap();
    assert!(refusal(&folder.at("folder.tif")).contains("folder"));
    #[cfg(unix)]
    assert!(refusal(std::path::Path::new("/dev/null")).contains("not an ordinary file"));
}

#[cfg(unix)]
#[test]
fn a_file_one_may_not_read_is_said_to_be_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.write("secret.png", &rgb_png((2, 2)));
    let nobody = std::fs::Permissions::from_mode(0o0);
    std::fs::set_permissions(&path, nobody).unwrap();
    // The superuser may read everything, and then the photo opens.
    match std::fs::File::open(&path) {
        Ok(_) => assert_eq!(open(&path).size(), ImageSize::new(2, 2)),
        Err(_) => assert!(refusal(&path).contains("may not read")),
    }
}

/// Every file cut at many places: an error in a sentence, never a panic, never half a picture.
#[test]
fn truncated_files_are_refused_wherever_they_end() {
    let folder = Folder::new();
    let tiff = |name: &str, compression: Compression| {
        let path = folder.at(name);
        let file = std::fs::File::create(&path).unwrap();
        TiffEncoder::new(file)
            .unwrap()
            .with_compression(compression)
            .write_image::<colortype::RGB8>(40, 30, &bytes(40 * 30 * 3))
            .unwrap();
        std::fs::read(path).unwrap()
    };
    let files = [
        ("PNG", rgb_png((40, 30))),
        ("JPEG", jpeg((40, 30))),
        ("JPEG", PROGRESSIVE.to_vec()),
        ("TIFF", tiff("raw.tif", Compression::Uncompressed)),
        ("TIFF", tiff("lzw.tif", Compression::Lzw)),
        (
            "TIFF",
            tiff("zip.tif", Compression::Deflate(DeflateLevel::Fast)),
        ),
    ];
    for (kind, file) in files {
        open(&folder.write("whole", &file));
        for cut in (20..file.len()).step_by(file.len() / 60 + 1) {
            let text = refusal(&folder.write("cut", &file[..cut]));
            assert!(text.contains(kind) && text.contains("damaged"), "{text}");
        }
        // Without its very end too.
        let text = refusal(&folder.write("cut", &file[..file.len() - 1]));
        assert!(text.contains("damaged"), "{kind}: {text}");
    }
}

#[test]
fn changed_bytes_never_cause_a_panic() {
    let folder = Folder::new();
    let path = folder.at("a.tif");
    TiffEncoder::new(std::fs::File::create(&path).unwrap())
        .unwrap()
        .with_compression(Compression::Lzw)
        .write_image::<colortype::Gray16>(9, 9, &io_files::words(81))
        .unwrap();
    let files = [
        rgb_png((9, 9)),
        jpeg((9, 9)),
        PROGRESSIVE.to_vec(),
        std::fs::read(&path).unwrap(),
    ];
    let limits = DecodeLimits::new(64 << 20);
    for file in files {
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] = [0, 0x7F, 0xFF][at % 3];
            let path = folder.write("changed", &changed);
            if let Err(error) = open_photo(&path, &limits) {
                assert!(!error.to_string().contains("gave up"), "{at}: {error}");
            }
        }
    }
}

#[test]
fn headers_that_promise_too_much_are_refused_before_allocating() {
    let folder = Folder::new();
    let mut bomb = rgb_png((4, 4));
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    // The header's checksum has to fit, or it is refused for that alone.
    let checksum = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    let path = folder.write("bomb.png", &bomb);
    let text = open_photo(&path, &DecodeLimits::new(1 << 40))
        .unwrap_err()
        .to_string();
    assert!(text.contains("60000 × 60000"), "{text}");

    let path = folder.at("bomb.tif");
    Tiff {
        size: ImageSize::new(100_000, 100_000),
        bits: 16,
        channels: 3,
        photometric: 2,
        tile: None,
        chunks: &[vec![0; 64]],
    }
    .write(&path, |_| {});
    let error = open_photo(&path, &DecodeLimits::new(1 << 30)).unwrap_err();
    assert!(matches!(error, DecodeError::TooLarge { .. }), "{error}");
    let error = open_photo(&path, &DecodeLimits::new(1 << 50)).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}

/// Source: the PNG specification, annex D, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}

#[test]
fn the_limit_counts_what_decoding_needs() {
    let folder = Folder::new();
    let path = folder.write("a.png", &rgb_png((100, 100)));
    let error = open_photo(&path, &DecodeLimits::new(29_999)).unwrap_err();
    assert!(
        matches!(
            error,
            DecodeError::TooLarge {
                needed_bytes: 30_000,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn colours_that_would_have_to_be_guessed_are_refused_with_a_remedy() {
    let folder = Folder::new();
    let text = refusal(&folder.write("cmyk.jpg", CMYK));
    assert!(
        text.contains("CMYK") && text.contains("convert it to RGB"),
        "{text}"
    );
    let tiff = |bits, channels, photometric, format: u16| {
        let path = folder.at("a.tif");
        Tiff {
            size: ImageSize::new(2, 2),
            bits,
            channels,
            photometric,
            tile: None,
            chunks: &[vec![0; 64]],
        }
        .write(&path, |page| {
            page.write_tag(Tag::SampleFormat, format).unwrap();
        });
        refusal(&path)
    };
    assert!(tiff(8, 4, 5, 1).contains("CMYK"));
    assert!(tiff(8, 3, 8, 1).contains("Lab"));
    assert!(tiff(32, 1, 1, 3).contains("floating-point"));
    assert!(tiff(16, 1, 1, 2).contains("sign"));
    assert!(tiff(32, 1, 1, 1).contains("32 bits"));
}

#[test]
fn reversed_bits_are_refused_at_every_depth_and_never_read_as_noise() {
    let folder = Folder::new();
    let path = folder.at("a.tif");
    let write = |bits, compression: u16, fill_order: u16, chunk: Vec<u8>| {
        Tiff {
            size: ImageSize::new(16, 16),
            bits,
            channels: 3,
            photometric: 2,
            tile: None,
            chunks: &[chunk],
        }
        .write(&path, |page| {
            page.write_tag(Tag::Compression, compression).unwrap();
            page.write_tag(Tag::FillOrder, fill_order).unwrap();
        });
    };
    for bits in [8, 16] {
        let chunk = bytes(16 * 16 * 3 * usize::from(bits) / 8);
        write(bits, 1, 1, chunk.clone());
        open(&path);
        write(bits, 1, 2, chunk);
        let text = refusal(&path);
        assert!(
            text.contains("FillOrder 2") && text.contains("tiffcp -f msb2lsb"),
            "{text}"
        );
    }
    // Nothing is reversed within JPEG data.
    write(8, 7, 1, jpeg((16, 16)));
    let plain = open(&path);
    write(8, 7, 2, jpeg((16, 16)));
    assert_eq!(open(&path).samples(), plain.samples());
}

#[test]
fn strange_metadata_does_not_stand_in_the_way_of_the_pixels() {
    let folder = Folder::new();
    let file = with_segment(
        &jpeg((8, 8)),
        0xE1,
        &[b"Exif\0\0", b"II*\0\xFF\xFF\xFF\xFF"],
    );
    let file = with_segment(&file, 0xED, &[b"Photoshop 3.0\0", b"8BIM\x04\x04\xFF"]);
    let file = with_segment(&file, 0xE2, &[b"ICC_PROFILE\0"]);
    let photo = open(&folder.write("a.jpg", &file));
    assert_eq!(photo.metadata().iptc, None);
    assert_eq!(photo.metadata().orientation.tag(), 1);

    let file = Png {
        size: (1, 1),
        color: png::ColorType::Grayscale,
        depth: png::BitDepth::Eight,
        data: &[7],
    }
    .encode(|info| info.exif_metadata = Some(b"nonsense"[..].into()));
    assert_eq!(
        open(&folder.write("a.png", &file))
            .metadata()
            .orientation
            .tag(),
        1
    );
}
