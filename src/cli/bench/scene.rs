//! What `bench` works on when no photo is named: a made photo of 6 megapixels, and damage for any photo.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::geometry::ImageSize;
use crate::mask::{Brush, BrushMode, EffectiveMask, Mask, line};
use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

const MADE_SIZE: ImageSize = ImageSize::new(3_000, 2_000);

/// The part that stage 1, stage 2 and the comparison are timed on, px a side at most.
const PART_PX: u32 = 1_536;

/// Shortest side of a photo to measure on, px: on less there is no scratch, or most of what a network computes is margin.
const LEAST_PX: u32 = 256;

/// Distance between two made scratches, px.
const SCRATCH_EVERY_PX: u32 = 240;

/// Width of a made scratch, px.
const SCRATCH_WIDTH_PX: f32 = 8.0;

/// Waves with grain, 3000 × 2000 px of 8-bit RGB.
///
/// # Errors
/// When the photo's size and its pixels disagree.
pub fn made_photo() -> anyhow::Result<Photo> {
    photo_of(MADE_SIZE, &|x, y, c| {
        let wave = (x as f32 / 37.0).sin() * 50.0 + (y as f32 / 53.0 + c as f32).cos() * 40.0;
        let mixed =
            (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE3D);
        (128.0 + wave + (mixed >> 28) as f32) as u8
    })
}

/// Refuses a photo of `size`, called `name`, on which nothing can be measured that says something of larger ones.
pub(super) fn refuse_small(name: &str, size: ImageSize) -> anyhow::Result<()> {
    anyhow::ensure!(
        size.width.min(size.height) >= LEAST_PX,
        "{size} px is too small to measure on; at least {LEAST_PX} × {LEAST_PX} px are needed, or no file for a made photo: {name}"
    );
    Ok(())
}

/// The top left of `photo`, 8-bit RGB, so that each stage is timed on the same amount of work.
pub(super) fn part_of(photo: &Photo) -> anyhow::Result<Photo> {
    let ImageSize { width, height } = photo.size();
    let size = ImageSize::new(width.min(PART_PX), height.min(PART_PX));
    let pixels = size.pixel_count();
    let mut planes = vec![0.0; 3 * pixels];
    photo.network_window(
        crate::geometry::PixelPoint::new(0, 0),
        size.width,
        size.height,
        &mut planes,
    );
    photo_of(size, &|x, y, c| {
        (planes[c * pixels + size.index(x, y)] * 255.0).round() as u8
    })
}

fn photo_of(size: ImageSize, value: &dyn Fn(u32, u32, usize) -> u8) -> anyhow::Result<Photo> {
    let samples = (0..size.height)
        .flat_map(|y| (0..size.width).map(move |x| (x, y)))
        .flat_map(|(x, y)| [0, 1, 2].map(|c| value(x, y, c)))
        .collect();
    let source = Source {
        path: PathBuf::from("made for bench"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let samples = Samples::U8(samples);
    let metadata = Metadata::default();
    Photo::new(size, Channels::Rgb, samples, None, metadata, source)
        .context("the photo for the measurement could not be made")
}

/// Slanted scratches from top to bottom.
pub(super) fn scratches(size: ImageSize) -> EffectiveMask {
    let mut mask = Mask::new(size);
    let brush = Brush {
        diameter_px: SCRATCH_WIDTH_PX,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };
    for x in (SCRATCH_EVERY_PX / 2..size.width).step_by(SCRATCH_EVERY_PX as usize) {
        let x = x as f32;
        let bottom = (x + 60.0, size.height as f32);
        line(&mut mask, &brush, (x, 0.0), bottom);
    }
    EffectiveMask::new(mask, None)
}
