//! CUDA against the CPU on the real models; for machines with an NVIDIA GPU and `make runtime-cuda`:
//! `cargo test --release --test cuda -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[expect(dead_code, reason = "only the options are used here")]
#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;

use std::time::Instant;

use unscratch::geometry::ImageSize;
use unscratch::inference::{CancelToken, Engine, EngineOptions, ProviderChoice, ProviderKind};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer, ProbabilityMap};
use unscratch::photo::{Channels, Photo, Samples};
use unscratch::restore::{
    ContextCache, NoProgress, composite_rect, detect_levels, restore_photo, warm_up,
};

const SIZE: ImageSize = ImageSize::new(3000, 2000);

fn engine_on(provider: ProviderChoice) -> Engine {
    let options = EngineOptions {
        provider,
        threads: None,
        ..engine::engine_options()
    };
    let mut engine = Engine::load(&options).unwrap();
    warm_up(&mut engine, &CancelToken::new());
    engine
}

/// A picture with lines and spots, some of which are marked.
fn scan() -> (Photo, EffectiveMask) {
    let photo = photo::photo_of(SIZE, Channels::Rgb, |x, y, c| {
        let wave = (x / 3 + y / 5 + 40 * c as u32) % 200;
        if (x + 2 * y) % 611 < 4 {
            250
        } else {
            wave as u8
        }
    });
    let mut mask = Mask::new(SIZE);
    mask.added = MaskLayer::from_tiles(SIZE, |rect, out| {
        let pixels =
            (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
        for (value, (x, y)) in out.iter_mut().zip(pixels) {
            *value = if (x + 2 * y) % 611 < 4 { 255 } else { 0 };
        }
    });
    (photo, EffectiveMask::new(mask, None))
}

/// What stage 1's network gives on every level, one behind the other, what stage 2 gives, and the seconds each took.
///
/// Not the merged map: merging decides between levels, so that a step of 1 can become a larger one in it.
fn run(engine: &mut Engine) -> (Vec<u8>, Samples, [f64; 2]) {
    let (photo, mask) = scan();
    let (contexts, token) = (ContextCache::new(1 << 24), CancelToken::new());
    let started = Instant::now();
    let found = detect_levels(&photo, engine, &contexts, &NoProgress, &token).unwrap();
    let searched = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let filled = restore_photo(&photo, &mask, engine, &contexts, &NoProgress, &token).unwrap();
    let seconds = [searched, started.elapsed().as_secs_f64()];
    let pixels = composite_rect(&photo, &filled, SIZE.rect());
    let levels = found.iter().flat_map(ProbabilityMap::values);
    (levels.copied().collect(), pixels, seconds)
}

#[test]
#[ignore = "needs CUDA"]
fn cuda_gives_what_the_cpu_gives_within_one_of_255_in_less_time() {
    let mut gpu = engine_on(ProviderChoice::Cuda);
    assert_eq!(gpu.provider().kind, ProviderKind::Cuda);
    let mut cpu = engine_on(ProviderChoice::Cpu);
    let (map, pixels, on_gpu) = run(&mut gpu);
    let (expected_map, expected, on_cpu) = run(&mut cpu);
    assert!(gpu.take_notes().is_empty(), "everything fitted");
    assert_eq!(gpu.provider().kind, ProviderKind::Cuda, "to the end");
    let largest = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(largest(&map, &expected_map) <= Some(1));
    let (Samples::U8(pixels), Samples::U8(expected)) = (&pixels, &expected) else {
        panic!("8 bits stay 8 bits");
    };
    assert!(largest(pixels, expected) <= Some(1));
    let megapixels = SIZE.pixel_count() as f64 / 1e6;
    for (stage, (gpu, cpu)) in on_gpu.into_iter().zip(on_cpu).enumerate() {
        println!(
            "stage {}: {:.1} ms a megapixel of photo on CUDA, {:.1} on the CPU",
            stage + 1,
            1e3 * gpu / megapixels,
            1e3 * cpu / megapixels
        );
    }
}

#[test]
#[ignore = "needs CUDA"]
fn a_window_that_the_gpu_has_run_on_gives_the_same_bytes_again() {
    let mut gpu = engine_on(ProviderChoice::Cuda);
    let (first, second) = (run(&mut gpu), run(&mut gpu));
    assert!(first.0 == second.0 && first.1 == second.1);
}
