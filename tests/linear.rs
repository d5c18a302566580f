//! Linear scans: how they are recognised, and that they are marked and repaired as the same photo encoded for the eye.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/scene.rs"]
mod scene;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use moxcms::{ColorProfile, ToneReprCurve};
use unscratch::geometry::ImageSize;
use unscratch::inference::fake::{identity_engine, paint_engine};
use unscratch::inference::{CancelToken, Engine};
use unscratch::io::{DecodeLimits, ExportOptions, OutputFormat, export_photo, open_photo};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{
    Channels, FileFormat, Metadata, Native, Photo, PngChunk, PngParts, Samples, Source, Transfer,
    TransferChoice,
};
use unscratch::restore::{
    ContextCache, NoProgress, alpha_photo, composite_rect, detect, restore_photo,
};

const SIZE: ImageSize = ImageSize::new(300, 220);

fn linear_profile(channels: Channels) -> Vec<u8> {
    let straight = ToneReprCurve::Lut(Vec::new());
    let mut profile = match channels {
        Channels::Grey => ColorProfile::new_gray_with_gamma(1.0),
        Channels::Rgb => ColorProfile::new_srgb(),
    };
    if channels == Channels::Rgb {
        profile.cicp = None;
        profile.red_trc = Some(straight.clone());
        profile.green_trc = Some(straight.clone());
        profile.blue_trc = Some(straight);
    }
    profile.encode().unwrap()
}

fn made(channels: Channels, samples: Samples, metadata: Metadata) -> Photo {
    let source = Source {
        path: PathBuf::from("made in a test"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    Photo::new(SIZE, channels, samples, None, metadata, source).unwrap()
}

/// One picture whose values for the eye are `value`, 8 bit, as two scans of 16 bit: encoded, and proportional to light with a
/// profile that says so.
fn both(channels: Channels, value: impl Fn(u32, u32, usize) -> u8) -> [Photo; 2] {
    let places = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let values: Vec<u16> = places
        .flat_map(|(x, y)| (0..channels.count()).map(move |c| (x, y, c)))
        .map(|(x, y, c)| u16::from(value(x, y, c)) * 257)
        .collect();
    let stored = values.iter();
    let light = stored
        .map(|&seen| Transfer::Linear.stored(f64::from(seen)))
        .collect();
    let metadata = Metadata {
        icc: Some(linear_profile(channels)),
        ..Metadata::default()
    };
    [
        made(channels, Samples::U16(values), Metadata::default()),
        made(channels, Samples::U16(light), metadata),
    ]
}

fn mask_of(is_marked: impl Fn(u32, u32) -> bool) -> EffectiveMask {
    let places = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let values: Vec<u8> = places
        .map(|(x, y)| u8::from(is_marked(x, y)) * 255)
        .collect();
    let mut mask = Mask::new(SIZE);
    mask.added = MaskLayer::from_raster(SIZE, &values);
    EffectiveMask::new(mask, None)
}

fn restored(photo: &Photo, mask: &EffectiveMask, engine: &mut Engine) -> Samples {
    let (contexts, token) = (ContextCache::new(64 << 20), CancelToken::new());
    let fills = restore_photo(photo, mask, engine, &contexts, &NoProgress, &token).unwrap();
    composite_rect(photo, &fills, SIZE.rect())
}

fn marks(photo: &Photo, engine: &mut Engine) -> Vec<u8> {
    let (contexts, token) = (ContextCache::new(64 << 20), CancelToken::new());
    let detection = detect(photo, engine, &contexts, &NoProgress, &token).unwrap();
    detection.map.values().to_vec()
}

fn saved(photo: &Photo, path: &Path, format: OutputFormat) -> Photo {
    let options = ExportOptions {
        format,
        overwrite: false,
    };
    export_photo(photo, photo.samples(), path, &options).unwrap();
    open_photo(path, &DecodeLimits::default()).unwrap()
}

#[test]
fn a_16_bit_tiff_with_a_straight_profile_is_opened_as_a_linear_scan() {
    let folder = tempfile::tempdir().unwrap();
    for channels in [Channels::Grey, Channels::Rgb] {
        let [encoded, linear] = both(channels, |x, y, c| (x / 2 + y / 3 + 9 * c as u32) as u8);
        for (photo, name, expected) in [
            (&encoded, "encoded.tif", Transfer::Encoded),
            (&linear, "linear.tif", Transfer::Linear),
        ] {
            let path = folder.path().join(format!("{channels:?} {name}"));
            let opened = saved(photo, &path, OutputFormat::Tiff);
            assert_eq!(opened.samples(), photo.samples());
            assert_eq!(opened.transfer(), expected, "{}", path.display());
            // Whoever knows better says so.
            let other = opened.taken_as(TransferChoice::Encoded);
            assert_eq!(other.transfer(), Transfer::Encoded);
            let other = opened.taken_as(TransferChoice::Linear);
            assert_eq!(other.transfer(), Transfer::Linear);
            let back = other.taken_as(TransferChoice::Automatic);
            assert_eq!(back.transfer(), expected);
        }
    }
}

#[test]
fn a_png_of_gamma_1_is_opened_as_a_linear_scan() {
    let folder = tempfile::tempdir().unwrap();
    for (gamma, expected) in [(100_000_u32, Transfer::Linear), (45_455, Transfer::Encoded)] {
        let parts = PngParts {
            before: vec![PngChunk {
                kind: *b"gAMA",
                data: gamma.to_be_bytes().to_vec(),
            }],
            bits: 16,
            ..PngParts::default()
        };
        let metadata = Metadata {
            native: Some(Arc::new(Native::Png(parts))),
            ..Metadata::default()
        };
        let samples = Samples::U16(vec![1234; SIZE.pixel_count()]);
        let photo = made(Channels::Grey, samples, metadata);
        let path = folder.path().join(format!("{gamma}.png"));
        let opened = saved(&photo, &path, OutputFormat::Png);
        assert_eq!(opened.transfer(), expected, "{gamma}");
    }
}

#[test]
fn what_a_network_paints_is_stored_as_light_and_what_it_gives_back_is_not_changed_by_a_code_value()
{
    let colour = |x: u32, y: u32, c: usize| (40 + (x * 3 + y * (c as u32 + 1)) % 180) as u8;
    let mask = mask_of(|x, y| (60..200).contains(&x) && (70..78).contains(&y));
    let alpha = alpha_photo(&mask);
    for channels in [Channels::Grey, Channels::Rgb] {
        let [_, linear] = both(channels, colour);
        assert_eq!(
            &restored(&linear, &mask, &mut identity_engine()),
            linear.samples()
        );
        let result = restored(&linear, &mask, &mut paint_engine([0.5; 3]));
        let count = channels.count();
        for (i, &alpha) in alpha.iter().enumerate() {
            for at in i * count..(i + 1) * count {
                let (level, master) = (result.get(at), linear.samples().get(at));
                match alpha {
                    0 => assert_eq!(level, master),
                    // Light of 0.21404 is what sRGB writes as 0.5.
                    255 => assert_eq!(level, 14_027),
                    _ => {
                        let ends = [master, 14_027];
                        assert!((ends[0].min(ends[1])..=ends[0].max(ends[1])).contains(&level));
                    }
                }
            }
        }
    }
}

#[test]
fn an_8_bit_linear_scan_is_repaired_at_its_own_depth() {
    let samples = Samples::U8((0..SIZE.pixel_count()).map(|i| (i % 251) as u8).collect());
    let photo = made(Channels::Grey, samples, Metadata::default());
    let photo = photo.taken_as(TransferChoice::Linear);
    let mask = mask_of(|x, y| x > 40 && y > 100 && y < 110);
    assert_eq!(
        &restored(&photo, &mask, &mut identity_engine()),
        photo.samples()
    );
    let result = restored(&photo, &mask, &mut paint_engine([0.5; 3]));
    let alpha = alpha_photo(&mask);
    assert!(alpha.contains(&255));
    for (i, alpha) in alpha.into_iter().enumerate() {
        match alpha {
            0 => assert_eq!(result.get(i), photo.samples().get(i)),
            // 0.21404 × 255
            255 => assert_eq!(result.get(i), 55),
            _ => {}
        }
    }
}

#[test]
fn encoded_and_linear_scans_of_one_picture_get_the_same_marks_and_the_same_repair() {
    let value = |x: u32, y: u32, c: usize| (30 + (x * 7 + y * 5 + 40 * c as u32) % 200) as u8;
    let mask = mask_of(|x, y| x.abs_diff(y) < 3);
    let alpha = alpha_photo(&mask);
    for channels in [Channels::Grey, Channels::Rgb] {
        let [encoded, linear] = both(channels, value);
        let mut engine = paint_engine([0.8, 0.3, 0.2]);
        assert_eq!(marks(&encoded, &mut engine), marks(&linear, &mut engine));
        let [first, second] = [&encoded, &linear]
            .map(|photo| restored(photo, &mask, &mut paint_engine([0.8, 0.3, 0.2])));
        let count = channels.count();
        for (i, _) in alpha.iter().enumerate().filter(|(_, alpha)| **alpha == 255) {
            for at in i * count..(i + 1) * count {
                // A step of linear code values is up to 12.92 encoded ones.
                let seen = Transfer::Linear.seen(second.get(at));
                assert!((seen - f64::from(first.get(at))).abs() < 7.0, "sample {at}");
            }
        }
    }
}

/// A white scratch from edge to edge, 4 px wide.
fn is_scratch(x: u32, y: u32) -> bool {
    (x + 40).abs_diff(y + y / 4) < 2 || (x + 39) == y + y / 4
}

#[test]
fn the_real_networks_find_and_repair_the_same_in_a_linear_scan() {
    let [encoded, linear] = both(Channels::Rgb, |x, y, _| {
        if is_scratch(x, y) {
            245
        } else {
            (scene::scene(x, y) * 200.0) as u8
        }
    });
    let mut engine = engine::real_engine();
    let is_marked = |photo: &Photo, engine: &mut Engine| -> Vec<bool> {
        let map = marks(photo, engine);
        map.into_iter().map(|value| value >= 128).collect()
    };
    let expected = is_marked(&encoded, &mut engine);
    let marked = expected.iter().filter(|marked| **marked).count();
    assert!(marked > 300, "{marked} px");
    let differing = |found: &[bool]| {
        let pairs = found.iter().zip(&expected);
        pairs.filter(|(a, b)| a != b).count()
    };
    let found = is_marked(&linear, &mut engine);
    assert!(200 * differing(&found) <= marked, "{}", differing(&found));
    // Without the curve it is another picture to the network.
    let dark = linear.taken_as(TransferChoice::Encoded);
    let apart = differing(&is_marked(&dark, &mut engine));
    assert!(apart > 2 * differing(&found), "{apart}");

    let mask = mask_of(is_scratch);
    let first = restored(&encoded, &mask, &mut engine);
    let second = restored(&linear, &mask, &mut engine);
    let alpha = alpha_photo(&mask);
    for (i, &alpha) in alpha.iter().enumerate() {
        for at in 3 * i..3 * i + 3 {
            match alpha {
                0 => assert_eq!(second.get(at), linear.samples().get(at)),
                255 => {
                    let seen = Transfer::Linear.seen(second.get(at));
                    // Half a level of 255.
                    assert!(
                        (seen - f64::from(first.get(at))).abs() < 128.0,
                        "sample {at}"
                    );
                }
                _ => {}
            }
        }
    }
}
