//! Both networks and both stages, warm: time a megapixel, and how near they come to the runtime's best rate.

use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

use super::scene::scratches;
use super::{Spread, telea};
use crate::geometry::PixelPoint;
use crate::inference::{CancelToken, Engine, Manifest, Network, Tensor, TensorView};
use crate::mask::EffectiveMask;
use crate::photo::Photo;
use crate::restore::{
    ContextCache, NoProgress, Restoration, RestoreError, detect, hole_rect, restore_photo,
};

const MEGA: f64 = 1e6;

/// Side of the window that a network alone is timed on, px: a common one of the stage.
const DETECTOR_WINDOW_PX: u32 = 1_024;
const FILLER_WINDOW_PX: u32 = 768;

/// One stage.
#[derive(Debug, Serialize)]
pub(super) struct StageSpeed {
    /// The network alone on one window, ms a megapixel of that window.
    pub network_ms_per_megapixel: Spread,
    /// Its convolutions' rate, 10⁹ operations a second; `null` where the model does not say how many it has.
    pub network_gflop_per_second: Option<f64>,
    /// That rate as a part of the large convolution's, %.
    pub percent_of_convolution: Option<f64>,
    /// The whole stage, ms a megapixel: of the photo (stage 1) or of the pixels computed (stage 2).
    pub stage_ms_per_megapixel: Spread,
}

/// The same hole filled by both.
#[derive(Debug, Serialize)]
pub(super) struct Fills {
    /// Pixels of the hole.
    pub hole_pixels: u64,
    /// Pixels that stage 2 computed for it.
    pub computed_pixels: u64,
    /// Stage 2, all in, ms.
    pub unscratch_ms: Spread,
    /// Telea's fast marching method with a radius of 5 px on one thread, ms.
    pub telea_ms: Spread,
}

/// Times both stages on `photo`.
pub(super) fn measure(
    photo: &Photo,
    engine: &mut Engine,
    convolution_rate: f64,
    repeats: usize,
    cancel: &CancelToken,
) -> anyhow::Result<([StageSpeed; 2], Fills)> {
    let megapixels = photo.size().pixel_count() as f64 / MEGA;
    let network = time_network(
        engine.detector(),
        photo,
        DETECTOR_WINDOW_PX,
        repeats,
        cancel,
    )?;
    let whole = time(repeats, || {
        let contexts = ContextCache::new(0);
        detect(photo, engine, &contexts, &NoProgress, cancel).map(drop)
    })?;
    let manifest = engine.detector_manifest();
    let detector = StageSpeed::new(manifest, convolution_rate, network, whole.over(megapixels));

    let network = time_network(engine.filler(), photo, FILLER_WINDOW_PX, repeats, cancel)?;
    let mask = scratches(photo.size());
    let before = engine.filled_window_px();
    restored(photo, &mask, engine, cancel)?;
    let computed_pixels = engine.filled_window_px() - before;
    let whole = time(repeats, || restored(photo, &mask, engine, cancel).map(drop))?;
    let computed = computed_pixels as f64 / MEGA;
    let manifest = engine.filler_manifest();
    let filler = StageSpeed::new(manifest, convolution_rate, network, whole.over(computed));
    let (hole_pixels, telea_ms) = time_telea(photo, &mask, repeats);
    let fills = Fills {
        hole_pixels,
        computed_pixels,
        unscratch_ms: whole,
        telea_ms,
    };
    Ok(([detector, filler], fills))
}

impl StageSpeed {
    fn new(manifest: &Manifest, convolution_rate: f64, network: Spread, stage: Spread) -> Self {
        // 10³ operations a pixel in 1 ms a megapixel are 10¹² a second.
        let rate = manifest
            .flop_per_px
            .map(|flop| flop as f64 / network.median);
        Self {
            network_ms_per_megapixel: network,
            network_gflop_per_second: rate,
            percent_of_convolution: rate.map(|rate| 100.0 * rate / convolution_rate),
            stage_ms_per_megapixel: stage,
        }
    }
}

fn restored(
    photo: &Photo,
    mask: &EffectiveMask,
    engine: &mut Engine,
    cancel: &CancelToken,
) -> Result<Restoration, RestoreError> {
    let contexts = ContextCache::new(0);
    restore_photo(photo, mask, engine, &contexts, &NoProgress, cancel)
}

/// The wall time of `work` after a first run, ms.
fn time<E>(repeats: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Spread, E> {
    work()?;
    let mut millis = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let started = Instant::now();
        work()?;
        millis.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Spread::of(millis))
}

/// A network on one window, ms a megapixel.
fn time_network(
    network: &mut dyn Network,
    photo: &Photo,
    side: u32,
    repeats: usize,
    cancel: &CancelToken,
) -> anyhow::Result<Spread> {
    let size = photo.size();
    let grid = network.manifest().grid_px;
    let fit = |len: u32| side.min(len.next_multiple_of(grid));
    let (width, height) = (fit(size.width), fit(size.height));
    let shape = |channels: usize, step: u32| {
        [
            1,
            channels,
            (height / step) as usize,
            (width / step) as usize,
        ]
    };
    let mut picture = Tensor::filled(shape(3, 1), 0.0);
    photo.network_window(PixelPoint::new(0, 0), width, height, picture.data_mut());
    let hole = Tensor::filled(shape(1, 1), 1.0);
    let manifest = network.manifest();
    let context = Tensor::filled(
        shape(manifest.context_channels, manifest.context_stride_px),
        0.0,
    );
    let inputs: Vec<(&str, TensorView<'_>)> = manifest
        .contract
        .inputs()
        .iter()
        .map(|&name| match name {
            "photo" => (name, picture.view()),
            "mask" => (name, hole.view()),
            _ => (name, context.view()),
        })
        .collect();
    let spread = time(repeats, || network.run(&inputs, cancel).map(drop))
        .context("a network could not be timed")?;
    Ok(spread.over(f64::from(width) * f64::from(height) / MEGA))
}

/// Pixels of the hole that `mask` makes in `photo`, and Telea's time for it, ms.
fn time_telea(photo: &Photo, mask: &EffectiveMask, repeats: usize) -> (u64, Spread) {
    let size = photo.size();
    let pixels = size.pixel_count();
    let mut hole = vec![0; pixels];
    hole_rect(mask, size.rect(), &mut hole);
    let hole: Vec<bool> = hole.iter().map(|&value| value > 0).collect();
    let mut picture = vec![0.0; 3 * pixels];
    photo.network_window(PixelPoint::new(0, 0), size.width, size.height, &mut picture);
    let mut millis = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let mut planes: Vec<Vec<f32>> = picture.chunks_exact(pixels).map(<[f32]>::to_vec).collect();
        let started = Instant::now();
        telea::fill(&mut planes, size, &hole);
        millis.push(started.elapsed().as_secs_f64() * 1e3);
        std::hint::black_box(planes);
    }
    let count = hole.iter().filter(|&&inside| inside).count() as u64;
    (count, Spread::of(millis))
}
