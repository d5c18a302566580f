//! The real models through ONNX Runtime on a small scan: open, detect, fill, composite, export.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/scene.rs"]
mod scene;

use std::sync::Mutex;
use std::time::Duration;

use unscratch::geometry::ImageSize;
use unscratch::inference::{CancelToken, ProviderKind};
use unscratch::io::{DecodeLimits, ExportOptions, OutputFormat, export_photo, open_photo};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo};
use unscratch::restore::{
    ContextCache, NoProgress, Stage, alpha_photo, composite_rect, detect, restore_photo,
};

const SIZE: ImageSize = ImageSize::new(300, 220);

/// A white scratch from edge to edge, 4 px wide.
fn is_scratch(x: u32, y: u32) -> bool {
    (x + 40).abs_diff(y + y / 4) < 2 || (x + 39) == y + y / 4
}

fn scratched() -> Photo {
    photo::photo_of(SIZE, Channels::Rgb, |x, y, _| {
        if is_scratch(x, y) {
            245
        } else {
            (scene::scene(x, y) * 200.0) as u8
        }
    })
}

fn scratch_mask() -> EffectiveMask {
    let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let values: Vec<u8> = pixels
        .map(|(x, y)| if is_scratch(x, y) { 255 } else { 0 })
        .collect();
    let mut mask = Mask::new(SIZE);
    mask.added = MaskLayer::from_raster(SIZE, &values);
    EffectiveMask::new(mask, None)
}

/// The shares of the scratch, and of what lies 8 px or more from it along its row, that a probability map counts as damage.
fn shares_found(map: &[u8]) -> (f64, f64) {
    let share = |wanted: &dyn Fn(u32, u32) -> bool| {
        let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
        let values = pixels.filter(|&(x, y)| wanted(x, y));
        let values: Vec<u8> = values.map(|(x, y)| map[SIZE.index(x, y)]).collect();
        let found = values.iter().filter(|&&value| value >= 128).count();
        found as f64 / values.len() as f64
    };
    let is_far = |x: u32, y: u32| (x + 40).abs_diff(y + y / 4) >= 10;
    (share(&is_scratch), share(&is_far))
}

/// Root mean square difference from the unscratched scene, in code values, over the scratch.
fn error_on_scratch(samples: &unscratch::photo::Samples) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..SIZE.height {
        for x in (0..SIZE.width).filter(|&x| is_scratch(x, y)) {
            let truth = f64::from((scene::scene(x, y) * 200.0) as u8);
            let value = f64::from(samples.get(3 * SIZE.index(x, y)));
            sum += (value - truth).powi(2);
            count += 1.0;
        }
    }
    f64::sqrt(sum / count)
}

#[test]
fn a_scan_is_opened_detected_filled_and_exported_with_nothing_changed_outside_the_mask() {
    let folder = tempfile::tempdir().unwrap();
    let (master_path, target) = (
        folder.path().join("scan.png"),
        folder.path().join("out.png"),
    );
    let made = scratched();
    let options = ExportOptions {
        format: OutputFormat::Png,
        overwrite: false,
    };
    export_photo(&made, made.samples(), &master_path, &options).unwrap();
    let master_bytes = std::fs::read(&master_path).unwrap();

    let photo = open_photo(&master_path, &DecodeLimits::default()).unwrap();
    assert_eq!(photo.samples(), made.samples());
    let mut engine = engine::real_engine();
    assert_eq!(engine.provider().kind, ProviderKind::Cpu);
    let (contexts, token) = (ContextCache::new(64 << 20), CancelToken::new());
    let reports = Mutex::new(Vec::new());
    let progress = |stage: Stage, done, total| reports.lock().unwrap().push((stage, done, total));

    let detection = detect(&photo, &mut engine, &contexts, &progress, &token).unwrap();
    assert_eq!(detection.map.size(), SIZE);
    let (on_scratch, elsewhere) = shares_found(detection.map.values());
    assert!(
        on_scratch > 0.5 && elsewhere < 0.02,
        "of the scratch {on_scratch:.3} was found, of the sound picture {elsewhere:.3}"
    );
    let mask = scratch_mask();
    let restoration =
        restore_photo(&photo, &mask, &mut engine, &contexts, &progress, &token).unwrap();
    let result = composite_rect(&photo, &restoration, SIZE.rect());

    for (i, alpha) in alpha_photo(&mask).into_iter().enumerate() {
        let changed = (3 * i..3 * i + 3).any(|c| result.get(c) != photo.samples().get(c));
        assert!(alpha > 0 || !changed, "pixel {i} lies outside the mask");
    }
    let (before, after) = (error_on_scratch(photo.samples()), error_on_scratch(&result));
    assert!(
        after < 0.5 * before,
        "the scratch is {after:.1} off, it was {before:.1}"
    );

    export_photo(&photo, &result, &target, &options).unwrap();
    let reopened = open_photo(&target, &DecodeLimits::default()).unwrap();
    assert_eq!(reopened.samples(), &result);
    assert_eq!(std::fs::read(&master_path).unwrap(), master_bytes);

    let reports = reports.into_inner().unwrap();
    for stage in [Stage::Detecting, Stage::Filling] {
        let of_stage: Vec<_> = reports.iter().filter(|report| report.0 == stage).collect();
        assert!(of_stage.is_sorted_by_key(|report| report.1));
        assert!(
            of_stage
                .last()
                .is_some_and(|(_, done, total)| done == total && *total > 0)
        );
    }
}

#[test]
fn the_same_photo_and_mask_give_the_same_bytes_twice() {
    let (photo, mask) = (scratched(), scratch_mask());
    let mut engine = engine::real_engine();
    let token = CancelToken::new();
    let mut once = || {
        let contexts = ContextCache::new(64 << 20);
        let detection = detect(&photo, &mut engine, &contexts, &NoProgress, &token).unwrap();
        let restoration =
            restore_photo(&photo, &mask, &mut engine, &contexts, &NoProgress, &token).unwrap();
        let result = composite_rect(&photo, &restoration, SIZE.rect());
        (detection.map.values().to_vec(), result)
    };
    assert!(once() == once());
}

#[test]
fn a_run_in_flight_stops_when_it_is_cancelled_and_the_engine_works_on() {
    let size = ImageSize::new(1000, 1000);
    let large = photo::photo_of(size, Channels::Grey, |x, y, _| {
        (scene::scene(x, y) * 255.0) as u8
    });
    let mut engine = engine::real_engine();
    let contexts = ContextCache::new(64 << 20);
    let token = CancelToken::new();
    let stopper = token.clone();
    let stop_soon = std::thread::Builder::new()
        .name("stopper".to_owned())
        .spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            stopper.cancel();
        })
        .unwrap();
    let error = detect(&large, &mut engine, &contexts, &NoProgress, &token).unwrap_err();
    stop_soon.join().unwrap();
    assert!(error.is_cancelled(), "{error}");

    let again = detect(
        &scratched(),
        &mut engine,
        &contexts,
        &NoProgress,
        &CancelToken::new(),
    );
    assert!(again.is_ok());
}
