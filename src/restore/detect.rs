//! Stage 1 over a whole photo: windows at native size and at coarser levels of a pyramid, merged into one 8-bit map.

use std::sync::Arc;
use std::time::Instant;

use super::context::{photo_tensor, run_detector};
use super::merge::{LevelMap, merge_levels};
use super::pyramid::{coarse_tensor, level_shifts, level_size};
use super::{ContextCache, ProgressSink, RestoreError, Stage};
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect};
use crate::inference::{CancelToken, Engine, InferenceError, ProviderKind, Tensor};
use crate::mask::ProbabilityMap;
use crate::photo::Photo;
use crate::tiling::{Window, plan_part, plan_windows};

/// Longest side of a window's core, px. Larger cores waste less on halos, smaller ones need less memory and stop sooner.
const MAX_CORE_PX: u32 = 1024;

/// Memory of a stage-1 run, bytes a pixel of its window. Source: measured, 340 MB at 1280 × 1280 px.
const BYTES_PER_PX: u64 = 210;

/// Stage 1's answer for one photo.
#[derive(Clone, Debug)]
pub struct Detection {
    /// Probability of damage at native size; any threshold acts on it alone.
    pub map: Arc<ProbabilityMap>,
    /// Id of the model.
    pub model_id: String,
    /// What it ran on.
    pub provider: ProviderKind,
    /// How long it took.
    pub seconds: f64,
}

/// Finds the damage of `photo`; what stage 2 needs of stage 1's `context` goes into `contexts`.
///
/// # Errors
/// [`RestoreError::Inference`] when a run fails or `cancel` was set.
pub fn detect(
    photo: &Photo,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Detection, RestoreError> {
    let start = Instant::now();
    let halo = engine.detector_manifest().halo_px;
    let core_px = core_px(engine.run_bytes(), halo);
    let levels: Vec<(u32, Vec<Window>)> = level_shifts(photo.size())
        .map(|shift| {
            (
                shift,
                plan_windows(level_size(photo.size(), shift), core_px, halo),
            )
        })
        .collect();
    let total = levels.iter().map(|(_, windows)| windows.len() as u64).sum();
    let mut done = 0;
    progress.report(Stage::Detecting, done, total);

    let mut maps = Vec::new();
    let mut pass = Pass {
        photo,
        engine,
        contexts,
        cancel,
    };
    for (shift, windows) in &levels {
        let mut map = LevelMap::new(level_size(photo.size(), *shift), *shift);
        for window in windows {
            pass.detect_window(window, &mut map)?;
            done += 1;
            progress.report(Stage::Detecting, done, total);
        }
        maps.push(map);
    }
    let native = maps.remove(0);
    let map = merge_levels(native, &maps);
    Ok(Detection {
        map: Arc::new(ProbabilityMap::new(photo.size(), map)),
        model_id: engine.detector_manifest().id.clone(),
        provider: engine.provider().kind,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// What stage 1 works with.
struct Pass<'a> {
    photo: &'a Photo,
    engine: &'a mut Engine,
    contexts: &'a ContextCache,
    cancel: &'a CancelToken,
}

impl Pass<'_> {
    /// Fills the window's core of `map`; in smaller windows when the memory does not suffice for this one.
    fn detect_window(&mut self, window: &Window, map: &mut LevelMap) -> Result<(), RestoreError> {
        let halo = self.engine.detector_manifest().halo_px;
        let longest = core_px(self.engine.run_bytes(), halo);
        if window.core.width.max(window.core.height) <= longest {
            let Err(error) = self.run_window(window, map) else {
                return Ok(());
            };
            self.engine.step_down(error, longest > NETWORK_GRID_PX)?;
        }
        let longest = core_px(self.engine.run_bytes(), halo);
        for part in plan_part(window.core, map.size(), longest, halo) {
            self.detect_window(&part, map)?;
        }
        Ok(())
    }

    fn run_window(&mut self, window: &Window, map: &mut LevelMap) -> Result<(), InferenceError> {
        if self.cancel.is_cancelled() {
            return Err(InferenceError::Cancelled);
        }
        let tensor = level_tensor(self.photo, window, map.shift())?;
        let (probability, context) =
            run_detector(self.engine.detector(), tensor.view(), self.cancel)?;
        drop(tensor);
        map.paste(window.core, window.read, &probability);
        if map.shift() == 0 && self.engine.filler_manifest().uses_context {
            let model = &self.engine.detector_manifest().sha256;
            self.contexts.store(model, &context, window);
        }
        Ok(())
    }
}

/// Side of a core whose window takes at most `run_bytes`; one grid cell at least.
fn core_px(run_bytes: u64, halo_px: u32) -> u32 {
    let side = (run_bytes / BYTES_PER_PX).isqrt() as u32;
    let core = side.saturating_sub(2 * halo_px).min(MAX_CORE_PX);
    (core / NETWORK_GRID_PX).max(1) * NETWORK_GRID_PX
}

fn level_tensor(photo: &Photo, window: &Window, shift: u32) -> Result<Tensor, InferenceError> {
    if shift == 0 {
        Ok(photo_tensor(photo, window))
    } else {
        coarse_tensor(photo, window, shift)
    }
}

impl LevelMap {
    /// Copies the core of a window's probability (1, 1, h, w) in [0, 1] as 8-bit values.
    fn paste(&mut self, core: PixelRect, read: PixelRect, probability: &Tensor) {
        let size: ImageSize = self.size();
        let left = (core.x - read.x) as usize;
        for y in core.y..core.bottom() {
            let source = &probability.row(0, (y - read.y) as usize)[left..][..core.width as usize];
            let target = &mut self.values_mut()[size.index(core.x, y)..][..core.width as usize];
            for (value, &p) in target.iter_mut().zip(source) {
                *value = (p * 255.0).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}
