//! The tiler's law: networks that give their input back give the photo back, through any tiling, at any size.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/photo.rs"]
mod photo;

use unscratch::geometry::ImageSize;
use unscratch::inference::fake::{IdentityNetwork, SmallMemoryNetwork, identity_engine};
use unscratch::inference::{
    CancelToken, Contract, Engine, InferenceError, Manifest, Network, Tensor, TensorView,
};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo};
use unscratch::restore::{
    ContextCache, NoProgress, Restoration, detect, fill_cell, plan_fill, restore_photo,
};

const SIZES: [(u32, u32); 11] = [
    (1, 1),
    (1, 200),
    (300, 1),
    (2, 3),
    (63, 64),
    (64, 65),
    (257, 130),
    (128, 256),
    (1300, 70),
    (70, 2100),
    (301, 515),
];

fn sizes() -> impl Iterator<Item = ImageSize> {
    SIZES.into_iter().map(|(w, h)| ImageSize::new(w, h))
}

/// A pattern without any smoothness, so that a pixel in the wrong place is seen.
fn noise(x: u32, y: u32, c: usize) -> u8 {
    let mixed = (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ (c as u32) << 13)
        .wrapping_mul(0xC2B2_AE3D);
    (mixed >> 24) as u8
}

fn full_mask(size: ImageSize) -> EffectiveMask {
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &vec![255; size.pixel_count()]);
    EffectiveMask::new(mask, None)
}

fn contexts() -> ContextCache {
    ContextCache::new(16 << 20)
}

/// Detects binary patterns: 0 and 1 are fixed points of the merge.
fn detected(photo: &Photo, engine: &mut Engine) -> Vec<u8> {
    let token = CancelToken::new();
    let detection = detect(photo, engine, &contexts(), &NoProgress, &token).unwrap();
    assert_eq!(detection.map.size(), photo.size());
    detection.map.values().to_vec()
}

#[test]
fn a_detection_through_tiles_is_the_photo_itself_at_every_size() {
    for size in sizes().filter(|size| size.long_side() <= 2_800) {
        let value = |x, y, _| if noise(x, y, 0) > 200 { 255 } else { 0 };
        let photo = photo::photo_of(size, Channels::Grey, value);
        let map = detected(&photo, &mut identity_engine());
        for y in 0..size.height {
            for x in 0..size.width {
                assert_eq!(map[size.index(x, y)], value(x, y, 0), "{size} at {x}, {y}");
            }
        }
    }
}

#[test]
fn a_tall_photo_is_looked_at_on_two_levels_and_keeps_every_certain_pixel() {
    let size = ImageSize::new(70, 2100);
    let value = |x: u32, y: u32, _| {
        if (30..50).contains(&x) && y > 1000 {
            255
        } else {
            0
        }
    };
    let photo = photo::photo_of(size, Channels::Grey, value);
    let map = detected(&photo, &mut identity_engine());
    for (i, &m) in map.iter().enumerate() {
        assert_eq!(m, value(i as u32 % 70, i as u32 / 70, 0), "{i}");
    }
}

fn assert_is_photo(photo: &Photo, restoration: &Restoration) {
    let (size, channels) = (photo.size(), photo.channels().count());
    let mut covered = 0;
    for cell in restoration.cells() {
        let rect = cell.rect;
        covered += rect.size().pixel_count();
        assert!(cell.alpha.iter().all(|&alpha| alpha == 255));
        assert!(cell.recovered.iter().all(|&recovered| recovered == 255));
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                for c in 0..channels {
                    let i = rect.size().index(x - rect.x, y - rect.y) * channels + c;
                    let master = photo.samples().get(size.index(x, y) * channels + c);
                    assert_eq!(cell.fill[i], master * 257, "{size} at {x}, {y}");
                }
            }
        }
    }
    assert_eq!(covered, size.pixel_count(), "{size}");
}

#[test]
fn a_fill_through_cells_is_the_photo_itself_at_every_size() {
    for size in sizes() {
        for channels in [Channels::Grey, Channels::Rgb] {
            let photo = photo::photo_of(size, channels, noise);
            let restoration = restore_photo(
                &photo,
                &full_mask(size),
                &mut identity_engine(),
                &contexts(),
                &NoProgress,
                &CancelToken::new(),
            )
            .unwrap();
            assert_is_photo(&photo, &restoration);
        }
    }
}

#[test]
fn a_cell_alone_is_the_cell_in_company() {
    let size = ImageSize::new(700, 600);
    let photo = photo::photo_of(size, Channels::Rgb, noise);
    let mask = full_mask(size);
    let (mut engine, cache, token) = (identity_engine(), contexts(), CancelToken::new());
    let company = restore_photo(&photo, &mask, &mut engine, &cache, &NoProgress, &token).unwrap();
    let plans = plan_fill(size, &mask, 64);
    assert_eq!(plans.len(), 9);
    for plan in &plans {
        let alone = fill_cell(&photo, &mask, plan, &mut engine, &cache, &token).unwrap();
        let together = company.get(plan.index).unwrap();
        assert!(alone.fill == together.fill && alone.alpha == together.alpha);
        assert!(alone.spans == together.spans && alone.recovered == together.recovered);
    }
}

/// Gives its `context`'s first channel back as the fill: shows what stage 2 is fed.
struct ContextToFill(IdentityNetwork);

impl Network for ContextToFill {
    fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let mut outputs = self.0.run(inputs, cancel)?;
        let (_, context) = inputs.iter().find(|(name, _)| *name == "context").unwrap();
        let (_, fill) = outputs.iter_mut().find(|(name, _)| name == "fill").unwrap();
        let [_, _, height, width] = fill.shape();
        for (i, value) in fill.data_mut().iter_mut().enumerate() {
            let (x, y) = (i % width, i / width % height);
            *value = context.data()[y / 4 * (width / 4) + x / 4];
        }
        Ok(outputs)
    }
}

#[test]
fn context_is_the_same_whether_kept_dropped_or_never_computed_before() {
    let size = ImageSize::new(700, 300);
    let photo = photo::photo_of(size, Channels::Grey, noise);
    // Stripes, since the second run deep in a wide hole has no context.
    let values = (0..size.pixel_count() as u32).map(|i| u8::from(i / size.width % 50 < 12) * 255);
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &values.collect::<Vec<u8>>());
    let mask = EffectiveMask::new(mask, None);
    let engine = || {
        Engine::from_networks(
            Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
            Box::new(ContextToFill(IdentityNetwork::new(Contract::RestoreV1))),
        )
    };
    let token = CancelToken::new();
    // Room for all blocks, for a few, for none.
    for limit_bytes in [16 << 20, 20_000, 0] {
        for detect_first in [true, false] {
            let (mut engine, cache) = (engine(), ContextCache::new(limit_bytes));
            if detect_first {
                detect(&photo, &mut engine, &cache, &NoProgress, &token).unwrap();
            }
            let restoration =
                restore_photo(&photo, &mask, &mut engine, &cache, &NoProgress, &token).unwrap();
            assert!(cache.byte_len() <= limit_bytes);
            for cell in restoration.cells() {
                for (x, y, i) in cell.pixels() {
                    let expected = u16::from(noise(x / 4 * 4, y / 4 * 4, 0)) * 257;
                    assert_eq!(
                        cell.fill[i], expected,
                        "{limit_bytes} {detect_first} at {x}, {y}"
                    );
                }
            }
        }
    }
}

fn small_memory_engine(max_px: usize) -> Engine {
    Engine::from_networks(
        Box::new(SmallMemoryNetwork::new(Contract::ScratchContextV1, max_px)),
        Box::new(SmallMemoryNetwork::new(Contract::RestoreV1, max_px)),
    )
}

#[test]
fn a_machine_with_little_memory_gives_the_same_in_smaller_tiles_and_says_so() {
    let size = ImageSize::new(601, 300);
    let binary = |x, y, _| if noise(x, y, 0) > 200 { 255 } else { 0 };
    let (lines, photo) = (
        photo::photo_of(size, Channels::Grey, binary),
        photo::photo_of(size, Channels::Rgb, noise),
    );
    // The fakes' halo is one grid cell: 192 × 192 px is the smallest window.
    for max_px in [300 * 300, 192 * 192] {
        let mut engine = small_memory_engine(max_px);
        assert_eq!(
            detected(&lines, &mut engine),
            detected(&lines, &mut identity_engine())
        );
        assert!(!engine.take_notes().is_empty());
        let mut engine = small_memory_engine(max_px);
        let (mask, token) = (full_mask(size), CancelToken::new());
        let restoration =
            restore_photo(&photo, &mask, &mut engine, &contexts(), &NoProgress, &token).unwrap();
        assert_is_photo(&photo, &restoration);
        assert!(!engine.take_notes().is_empty());
    }
}

#[test]
fn too_little_memory_for_the_smallest_tile_is_an_error_that_says_so() {
    let photo = photo::photo_of(ImageSize::new(400, 300), Channels::Rgb, noise);
    let (mask, token) = (full_mask(photo.size()), CancelToken::new());
    let mut engine = small_memory_engine(100 * 100);
    let filled = restore_photo(&photo, &mask, &mut engine, &contexts(), &NoProgress, &token);
    let found = detect(&photo, &mut engine, &contexts(), &NoProgress, &token);
    for error in [filled.unwrap_err(), found.unwrap_err()] {
        assert!(error.to_string().contains("memory"), "{error}");
    }
}
