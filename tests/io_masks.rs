//! Masks read row by row hold what the same files hold when they are read whole, in every layout.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use std::path::Path;

use unscratch::geometry::ImageSize;
use unscratch::io::{DecodeLimits, load_mask, load_mask_layer, open_photo, save_mask_layer};
use unscratch::mask::MaskLayer;
use unscratch::photo::{Photo, Samples};

use io_files::{Folder, open};
use tiff_files::{Page, tiff};

/// The strengths by the rule: the first colour, faded by alpha, in 8 bits.
fn strengths(photo: &Photo) -> Vec<u8> {
    let byte = |samples: &Samples, at: usize| match samples {
        Samples::U8(values) => u32::from(values[at]),
        Samples::U16(values) => (u32::from(values[at]) + 128) / 257,
    };
    let colours = photo.channels().count();
    let one = |pixel: usize| {
        let strength = byte(photo.samples(), pixel * colours);
        let alpha = photo.alpha().map_or(255, |alpha| byte(alpha, pixel));
        ((strength * alpha + 127) / 255) as u8
    };
    (0..photo.size().pixel_count()).map(one).collect()
}

fn check(path: &Path, what: &str) {
    let limits = DecodeLimits::default();
    let photo = open_photo(path, &limits).unwrap();
    let expected = strengths(&photo);
    assert!(expected.iter().any(|&value| value > 1), "{what}");
    let layer = load_mask_layer(path, photo.size(), &limits).unwrap();
    assert!(layer.to_raster() == expected, "{what}");
}

#[test]
fn a_tiff_of_any_layout_gives_the_same_mask_as_the_photo_in_it() {
    let folder = Folder::new();
    let layouts = [
        (8, None, false, 1),
        (16, None, false, 5),
        (8, Some((16, 32)), false, 8),
        (16, Some((32, 16)), true, 1),
        (1, None, false, 1),
    ];
    for (bits, tile, is_planar, compression) in layouts {
        for (photometric, extra) in [(0, &[][..]), (1, &[][..]), (1, &[2][..])] {
            if bits == 1 && !extra.is_empty() {
                continue;
            }
            let mut page = Page::new(70, 45, bits, photometric, extra);
            (page.tile, page.compression) = (tile, compression);
            if bits == 1 {
                page.samples = (0..70 * 45).map(|i| i % 3 % 2).collect();
            }
            page.is_planar = is_planar && page.channels() > 1;
            let what = format!("{bits} bits, {tile:?}, {compression}, {photometric}, {extra:?}");
            check(&folder.write("m.tif", &tiff(true, false, &[page])), &what);
        }
    }
}

#[test]
fn a_mask_in_equal_colours_is_read_at_every_depth() {
    let folder = Folder::new();
    for (depth, scale) in [(png::BitDepth::Eight, 1), (png::BitDepth::Sixteen, 2)] {
        let pixels = (0..12_u8).flat_map(|value| vec![value * 20; 3 * scale]);
        let file = io_files::Png {
            size: (4, 3),
            color: png::ColorType::Rgb,
            depth,
            data: &pixels.collect::<Vec<u8>>(),
        };
        check(&folder.write("m.png", &file.encode(|_| {})), "colour");
    }
}

#[test]
fn a_mask_cut_short_is_refused_and_one_of_another_size_is_named_before_it_is_read() {
    let folder = Folder::new();
    let limits = DecodeLimits::default();
    let page = Page::new(70, 45, 8, 1, &[]);
    let whole = tiff(true, false, &[page]);
    let file = io_files::Png {
        size: (70, 45),
        color: png::ColorType::Grayscale,
        depth: png::BitDepth::Eight,
        data: &(0..70 * 45)
            .map(|i| (i * 7 % 256) as u8)
            .collect::<Vec<u8>>(),
    };
    for (name, bytes) in [("m.tif", whole), ("m.png", file.encode(|_| {}))] {
        let path = folder.write(name, &bytes[..bytes.len() / 2]);
        let error = load_mask(&path, ImageSize::new(70, 45), &limits).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let path = folder.write("m.png", &file.encode(|_| {})[..200]);
    let error = load_mask(&path, ImageSize::new(70, 46), &limits).unwrap_err();
    assert!(error.to_string().contains("70 × 46"), "{error}");
}

#[test]
fn a_layer_is_written_and_read_back_across_its_tiles() {
    let folder = Folder::new();
    let master = open(&folder.write(
        "a.tif",
        &tiff(true, false, &[Page::new(600, 300, 8, 2, &[])]),
    ));
    let mut mask = MaskLayer::new(master.size());
    mask.write_row(250, 7, &[255; 12]);
    mask.write_row(590, 299, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for name in ["m.png", "m.tif"] {
        let path = folder.at(name);
        save_mask_layer(&path, &mask, &master, false).unwrap();
        let again = load_mask_layer(&path, master.size(), &DecodeLimits::default()).unwrap();
        assert_eq!(again.to_raster(), mask.to_raster());
        assert_eq!(
            again.byte_len(),
            mask.byte_len(),
            "what is black takes no memory"
        );
    }
}
