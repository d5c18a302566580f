//! What can be seen of a photo while it is being decoded, and that watching changes nothing of what is decoded.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, RgbImage};
use unscratch::geometry::ImageSize;
use unscratch::io::{DecodeLimits, Preview, open_page_watched, open_photo};
use unscratch::photo::{Orientation, Photo};

/// Large enough to be watched.
const WIDTH: u32 = 2400;
const HEIGHT: u32 = 1800;

fn photo() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        image::Rgb([(x % 251) as u8, (y % 241) as u8, ((x + y) % 239) as u8])
    })
}

fn watched(path: &Path) -> (Photo, Vec<Preview>) {
    let told = RefCell::new(Vec::new());
    let watch = |preview| told.borrow_mut().push(preview);
    let photo = open_page_watched(path, &DecodeLimits::default(), None, &watch).unwrap();
    (photo, told.into_inner())
}

/// A JPEG file of `photo` with an EXIF segment: orientation 6, and `thumbnail` as its small picture.
fn jpeg_with_thumbnail(folder: &Path, photo: &RgbImage, thumbnail: &RgbImage) -> PathBuf {
    let jpeg = |picture: &RgbImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    };
    let small = jpeg(thumbnail);
    let entry = |tag: u16, kind: u16, value: u32| {
        let mut entry = tag.to_le_bytes().to_vec();
        entry.extend(kind.to_le_bytes());
        entry.extend(1_u32.to_le_bytes());
        entry.extend(value.to_le_bytes());
        entry
    };
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    exif.extend(1_u16.to_le_bytes());
    exif.extend(entry(274, 3, 6));
    exif.extend(26_u32.to_le_bytes());
    exif.extend(2_u16.to_le_bytes());
    exif.extend(entry(513, 4, 56));
    exif.extend(entry(514, 4, small.len() as u32));
    exif.extend([0; 4]);
    assert_eq!(exif.len(), 6 + 56);
    exif.extend(small);

    let whole = jpeg(photo);
    let mut file = whole[..2].to_vec();
    file.extend([0xFF, 0xE1]);
    file.extend((exif.len() as u16 + 2).to_be_bytes());
    file.extend(exif);
    file.extend(&whole[2..]);
    let path = folder.join("photo.jpg");
    std::fs::write(&path, file).unwrap();
    path
}

#[test]
fn the_small_picture_in_a_jpeg_is_told_once_before_the_photo_is_there() {
    let folder = tempfile::tempdir().unwrap();
    // Of another shape than the photo: bars above and below.
    let thumbnail = RgbImage::from_fn(160, 160, |_, y| {
        if (20..140).contains(&y) {
            image::Rgb([200, 200, 200])
        } else {
            image::Rgb([0, 0, 0])
        }
    });
    let path = jpeg_with_thumbnail(folder.path(), &photo(), &thumbnail);
    let (photo, previews) = watched(&path);
    assert_eq!(photo.size(), ImageSize::new(WIDTH, HEIGHT));
    let [preview] = previews.as_slice() else {
        panic!("{} previews", previews.len());
    };
    assert_eq!(preview.full_size, photo.size());
    assert_eq!(preview.size, ImageSize::new(160, 120));
    assert_eq!(preview.orientation, photo.metadata().orientation);
    assert_ne!(preview.orientation, Orientation::default());
    let dark = preview.values.iter().filter(|value| **value < 100).count();
    assert!(dark * 20 < preview.values.len(), "the bars are cut off");
}

#[test]
fn a_small_photo_and_one_without_a_small_picture_are_decoded_without_ado() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = RgbImage::from_pixel(300, 200, image::Rgb([9, 9, 9]));
    let path = jpeg_with_thumbnail(folder.path(), &tiny, &tiny);
    assert!(watched(&path).1.is_empty());
    let path = folder.path().join("plain.jpg");
    photo().save(&path).unwrap();
    assert!(watched(&path).1.is_empty());
}

#[test]
fn watching_changes_nothing_of_what_is_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let rgb = DynamicImage::from(photo());
    let pictures = [
        ("rgb8.png", rgb.clone()),
        ("rgb16.png", DynamicImage::from(rgb.to_rgb16())),
        ("rgba8.png", DynamicImage::from(rgb.to_rgba8())),
        ("grey16.png", DynamicImage::from(rgb.to_luma16())),
        ("rgb8.tif", rgb.clone()),
        ("rgb16.tif", DynamicImage::from(rgb.to_rgb16())),
    ];
    for (name, picture) in pictures {
        let path = folder.path().join(name);
        picture.save(&path).unwrap();
        let (seen, previews) = watched(&path);
        let unseen = open_photo(&path, &DecodeLimits::default()).unwrap();
        assert!(seen.samples() == unseen.samples(), "{name}");
        assert!(seen.alpha() == unseen.alpha(), "{name}");
        assert_eq!(seen.source().sha256, unseen.source().sha256, "{name}");
        let expected = picture.to_rgb8();
        for preview in previews {
            // The first row is there whenever anything is told: every second pixel of it.
            assert_eq!(
                preview.size,
                ImageSize::new(WIDTH / 2, HEIGHT / 2),
                "{name}"
            );
            let count = preview.channels.count();
            if count == 3 {
                assert_eq!(preview.values[3..6], expected.get_pixel(2, 0).0, "{name}");
            }
        }
    }
}
