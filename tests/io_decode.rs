//! Every layout we promise to read comes back with the pixels it was made from.

mod io_files;

use io_files::{
    Folder, Png, Tiff, bytes, jpeg, open, rgb_png, u8_samples, u16_samples, with_segment, words,
};
use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype};
use tiff::tags::Tag;
use unscratch::geometry::ImageSize;
use unscratch::io::{hex, sha256_file};
use unscratch::photo::{Channels, FileFormat, Orientation, Resolution, ResolutionUnit, Samples};

const PROGRESSIVE: &[u8] = include_bytes!("fixtures/io/progressive_grey.jpg");
const INTERLACED: &[u8] = include_bytes!("fixtures/io/interlaced_rgb.png");

fn note(photo: &unscratch::photo::Photo, words: &str) -> bool {
    photo.source().notes.iter().any(|note| note.contains(words))
}

#[test]
fn content_decides_the_kind_and_the_whole_file_is_hashed() {
    let folder = Folder::new();
    let path = folder.write("really_a_jpeg.png", &jpeg((20, 10)));
    let photo = open(&path);
    assert_eq!(photo.source().format, FileFormat::Jpeg);
    assert_eq!(photo.size(), ImageSize::new(20, 10));
    assert_eq!(
        hex(&photo.source().sha256),
        hex(&sha256_file(&path).unwrap())
    );
}

#[test]
fn png_of_eight_and_sixteen_bits_comes_back_exactly() {
    let folder = Folder::new();
    let photo = open(&folder.write("a.png", &rgb_png((13, 9))));
    assert_eq!(u8_samples(&photo), bytes(13 * 9 * 3));

    let wanted = words(11 * 5);
    let data: Vec<u8> = wanted.iter().flat_map(|v| v.to_be_bytes()).collect();
    let file = Png {
        size: (11, 5),
        color: png::ColorType::Grayscale,
        depth: png::BitDepth::Sixteen,
        data: &data,
    };
    let photo = open(&folder.write("b.png", &file.encode(|_| {})));
    assert_eq!(photo.channels(), Channels::Grey);
    assert_eq!(u16_samples(&photo), wanted);
}

#[test]
fn png_alpha_is_kept_aside_at_both_depths() {
    let folder = Folder::new();
    let file = Png {
        size: (2, 2),
        color: png::ColorType::GrayscaleAlpha,
        depth: png::BitDepth::Eight,
        data: &[1, 10, 2, 20, 3, 30, 4, 40],
    };
    let photo = open(&folder.write("a.png", &file.encode(|_| {})));
    assert_eq!(u8_samples(&photo), [1, 2, 3, 4]);
    assert_eq!(photo.alpha(), Some(&Samples::U8(vec![10, 20, 30, 40])));

    let file = Png {
        size: (1, 1),
        color: png::ColorType::Rgba,
        depth: png::BitDepth::Sixteen,
        data: &[1, 2, 3, 4, 5, 6, 7, 8],
    };
    let photo = open(&folder.write("b.png", &file.encode(|_| {})));
    assert_eq!(u16_samples(&photo), [0x0102, 0x0304, 0x0506]);
    assert_eq!(photo.alpha(), Some(&Samples::U16(vec![0x0708])));
}

#[test]
fn palettes_and_few_bits_are_widened_with_a_note() {
    let folder = Folder::new();
    let file = Png {
        size: (4, 1),
        color: png::ColorType::Indexed,
        depth: png::BitDepth::Two,
        data: &[0b00_01_10_01],
    };
    let palette = vec![9, 8, 7, 100, 110, 120, 255, 0, 1];
    let photo = open(&folder.write(
        "a.png",
        &file.encode(|info| info.palette = Some(palette.into())),
    ));
    assert_eq!(
        u8_samples(&photo),
        [9, 8, 7, 100, 110, 120, 255, 0, 1, 100, 110, 120]
    );
    assert!(note(&photo, "palette"));

    let file = Png {
        size: (3, 1),
        color: png::ColorType::Grayscale,
        depth: png::BitDepth::One,
        data: &[0b1010_0000],
    };
    let photo = open(&folder.write("b.png", &file.encode(|_| {})));
    assert_eq!(u8_samples(&photo), [255, 0, 255]);
    assert!(note(&photo, "1-bit"));
}

#[test]
fn interlaced_png_and_progressive_jpeg_are_complete() {
    let folder = Folder::new();
    let photo = open(&folder.write("i.png", INTERLACED));
    assert_eq!(photo.size(), ImageSize::new(9, 7));
    let pixels: Vec<&[u8]> = u8_samples(&photo).chunks(3).collect();
    // A gradient from red at the top to blue at the bottom.
    assert_eq!(
        (pixels[0], pixels[62]),
        (&[255, 0, 0][..], &[0, 0, 255][..])
    );

    let photo = open(&folder.write("p.jpg", PROGRESSIVE));
    assert_eq!(photo.channels(), Channels::Grey);
    let grey = u8_samples(&photo);
    assert!(grey[0] < 12 && grey[24 * 17 - 1] > 243, "{grey:?}");
}

#[test]
fn tiff_compressions_and_predictors_come_back_exactly() {
    let folder = Folder::new();
    let (width, height) = (33, 21);
    let (grey, colour) = (words(33 * 21), bytes(33 * 21 * 3));
    let kinds = [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Packbits,
        Compression::Deflate(DeflateLevel::Balanced),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        // Where no dictionary packs the pixels, this writer alone takes differences.
        let predictors: &[Predictor] = match kind {
            Compression::Uncompressed | Compression::Packbits => &[Predictor::None],
            _ => &[Predictor::None, Predictor::Horizontal],
        };
        for &predictor in predictors {
            let path = folder.at(&format!("{index}.tif"));
            let file = std::fs::File::create(&path).unwrap();
            let mut encoder = TiffEncoder::new_big(file)
                .unwrap()
                .with_compression(kind)
                .with_predictor(predictor);
            encoder
                .write_image::<colortype::Gray16>(width, height, &grey)
                .unwrap();
            assert_eq!(u16_samples(&open(&path)), grey, "BigTIFF {index}");

            let file = std::fs::File::create(&path).unwrap();
            let mut encoder = TiffEncoder::new(file)
                .unwrap()
                .with_compression(kind)
                .with_predictor(predictor);
            encoder
                .write_image::<colortype::RGB8>(width, height, &colour)
                .unwrap();
            assert_eq!(u8_samples(&open(&path)), colour, "{index}");
        }
    }
}

#[test]
fn tiled_and_planar_tiffs_are_put_together() {
    let folder = Folder::new();
    // 20 × 18 px in four tiles of 16 × 16.
    let size = ImageSize::new(20, 18);
    let value = |x: u32, y: u32| (x * 7 + y * 13) as u8;
    let tile = |column: u32, row: u32| -> Vec<u8> {
        let (x0, y0) = (column * 16, row * 16);
        (0..256).map(|i| value(x0 + i % 16, y0 + i / 16)).collect()
    };
    let path = folder.at("tiled.tif");
    Tiff {
        size,
        bits: 8,
        channels: 1,
        photometric: 1,
        tile: Some((16, 16)),
        chunks: &[tile(0, 0), tile(1, 0), tile(0, 1), tile(1, 1)],
    }
    .write(&path, |_| {});
    let wanted: Vec<u8> = (0..18)
        .flat_map(|y| (0..20).map(move |x| value(x, y)))
        .collect();
    assert_eq!(u8_samples(&open(&path)), wanted);

    let path = folder.at("planar.tif");
    Tiff {
        size: ImageSize::new(2, 2),
        bits: 8,
        channels: 4,
        photometric: 2,
        tile: None,
        chunks: &[
            vec![1, 2, 3, 4],
            vec![11, 12, 13, 14],
            vec![21, 22, 23, 24],
            vec![91, 92, 93, 94],
        ],
    }
    .write(&path, |page| {
        page.write_tag(Tag::PlanarConfiguration, 2_u16).unwrap();
        page.write_tag(Tag::RowsPerStrip, 2_u32).unwrap();
        page.write_tag(Tag::ExtraSamples, 2_u16).unwrap();
    });
    let photo = open(&path);
    assert_eq!(
        u8_samples(&photo),
        [1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]
    );
    assert_eq!(photo.alpha(), Some(&Samples::U8(vec![91, 92, 93, 94])));
}

#[test]
fn tiff_alpha_palette_and_white_is_zero_are_understood() {
    let folder = Folder::new();
    let one = |bits, channels, photometric, data: &[u8]| {
        let path = folder.at("one.tif");
        let chunks = [data.to_vec()];
        Tiff {
            size: ImageSize::new(2, 2),
            bits,
            channels,
            photometric,
            tile: None,
            chunks: &chunks,
        }
        .write(&path, |page| {
            if channels == 2 {
                page.write_tag(Tag::ExtraSamples, 1_u16).unwrap();
            }
            if photometric == 3 {
                // Reds, greens and blues of four indices.
                let map: Vec<u16> = (0..12).map(|v| v * 0x1100).collect();
                page.write_tag(Tag::ColorMap, map.as_slice()).unwrap();
            }
        });
        open(&path)
    };
    let photo = one(8, 2, 1, &[1, 9, 2, 8, 3, 7, 4, 6]);
    assert_eq!(u8_samples(&photo), [1, 2, 3, 4]);
    assert_eq!(photo.alpha(), Some(&Samples::U8(vec![9, 8, 7, 6])));
    assert!(photo.metadata().premultiplied_alpha);

    let photo = one(2, 1, 3, &[0b0001_0000, 0b1011_0000]);
    let colour = |i: u8| [i * 0x11, (4 + i) * 0x11, (8 + i) * 0x11];
    assert_eq!(u8_samples(&photo), [0, 1, 2, 3].map(colour).concat());
    assert!(note(&photo, "palette"));

    let photo = one(8, 1, 0, &[0, 1, 254, 255]);
    assert_eq!(u8_samples(&photo), [255, 254, 1, 0]);
    assert!(note(&photo, "white is zero"));

    let photo = one(4, 1, 1, &[0x0F, 0x5A]);
    assert_eq!(u8_samples(&photo), [0, 255, 85, 170]);
}

#[test]
fn only_the_first_page_is_read_and_the_rest_is_noted() {
    let folder = Folder::new();
    let path = folder.at("pages.tif");
    let mut encoder = TiffEncoder::new(std::fs::File::create(&path).unwrap()).unwrap();
    encoder
        .write_image::<colortype::Gray8>(2, 1, &[5, 6])
        .unwrap();
    encoder.write_image::<colortype::Gray8>(1, 1, &[7]).unwrap();
    drop(encoder);
    let photo = open(&path);
    assert_eq!(u8_samples(&photo), [5, 6]);
    assert!(note(&photo, "Page 1 of 2 is restored"));
}

#[test]
fn webp_and_bmp_are_read_with_the_resolution_of_a_bitmap() {
    let folder = Folder::new();
    let pixels = bytes(6 * 4 * 3);
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(&pixels, 6, 4, image::ExtendedColorType::Rgb8)
        .unwrap();
    assert_eq!(u8_samples(&open(&folder.write("a", &webp))), pixels);

    let mut bmp = Vec::new();
    image::codecs::bmp::BmpEncoder::new(&mut bmp)
        .encode(&pixels, 6, 4, image::ExtendedColorType::Rgb8)
        .unwrap();
    // 300 pixels an inch are 11,811 a metre.
    bmp[38..42].copy_from_slice(&11_811_i32.to_le_bytes());
    bmp[42..46].copy_from_slice(&11_811_i32.to_le_bytes());
    let photo = open(&folder.write("b", &bmp));
    assert_eq!(u8_samples(&photo), pixels);
    let inch = Resolution {
        x: 300.0,
        y: 300.0,
        unit: ResolutionUnit::Inch,
    };
    assert_eq!(photo.metadata().resolution, Some(inch));
}

#[test]
fn orientation_is_read_and_never_applied() {
    let folder = Folder::new();
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let file = with_segment(&jpeg((20, 10)), 0xE1, &[exif]);
    let photo = open(&folder.write("turned.jpg", &file));
    assert_eq!(photo.metadata().orientation, Orientation::Rotate90);
    assert_eq!(photo.metadata().exif.as_deref(), Some(&exif[6..]));
    assert_eq!(photo.size(), ImageSize::new(20, 10));
    assert_eq!(photo.ui_size(), ImageSize::new(10, 20));

    let path = folder.at("turned.tif");
    Tiff {
        size: ImageSize::new(2, 1),
        bits: 8,
        channels: 1,
        photometric: 1,
        tile: None,
        chunks: &[vec![1, 2]],
    }
    .write(&path, |page| {
        page.write_tag(Tag::Orientation, 8_u16).unwrap();
    });
    let photo = open(&path);
    assert_eq!(photo.metadata().orientation, Orientation::Rotate270);
    assert_eq!(u8_samples(&photo), [1, 2]);
}

#[test]
fn jpeg_profile_parts_and_photoshop_records_are_put_together() {
    let folder = Folder::new();
    let records = [0x1C, 2, 0x78, 0, 2, b'h', b'i', 0];
    let file = with_segment(&jpeg((8, 8)), 0xE2, &[b"ICC_PROFILE\0\x02\x02", b"world"]);
    let file = with_segment(&file, 0xE2, &[b"ICC_PROFILE\0\x01\x02", b"hello "]);
    let file = with_segment(
        &file,
        0xED,
        &[b"Photoshop 3.0\0", b"8BIM\x04\x04\0\0\0\0\0\x08", &records],
    );
    let file = with_segment(&file, 0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", b"<x/>"]);
    let photo = open(&folder.write("a.jpg", &file));
    let metadata = photo.metadata();
    assert_eq!(metadata.icc.as_deref(), Some(&b"hello world"[..]));
    assert_eq!(metadata.iptc.as_deref(), Some(&records[..]));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x/>"[..]));
}

#[test]
fn odd_sizes_just_work() {
    let folder = Folder::new();
    for size in [(1, 1), (20_000, 10), (1, 3000)] {
        let photo = open(&folder.write("odd.png", &rgb_png(size)));
        assert_eq!(photo.size(), ImageSize::new(size.0, size.1));
        assert_eq!(
            open(&folder.write("odd.jpg", &jpeg(size))).size(),
            photo.size()
        );
    }
}

#[test]
fn a_dng_is_refused_by_name_and_its_preview_is_not_taken_for_the_photo() {
    let folder = Folder::new();
    let path = folder.at("raw.dng");
    let preview = Tiff {
        size: ImageSize::new(4, 2),
        bits: 8,
        channels: 1,
        photometric: 1,
        tile: None,
        chunks: &[vec![7; 8]],
    };
    preview.write(&path, |page| {
        page.write_tag(Tag::Unknown(50_706), &[1_u8, 4, 0, 0][..])
            .unwrap();
    });
    let text = io_files::refusal(&path);
    assert!(
        text.contains("DNG") && text.contains("16-bit TIFF"),
        "{text}"
    );
}
