//! Stage 1 over a whole photo: windows at native size and at coarser levels of a pyramid, merged into one 8-bit map.

use std::sync::Arc;
use std::time::Instant;

use super::ahead::overlapped;
use super::context::{photo_tensor, run_detector};
use super::merge::{LevelMap, merge_levels};
use super::pyramid::{coarse_tensor, level_shifts, level_size};
use super::shapes::WindowShapes;
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
    let mut maps = search_levels(photo, engine, contexts, progress, cancel)?;
    let native = maps.remove(0);
    let map = merge_levels(native, &maps);
    Ok(Detection {
        map: Arc::new(ProbabilityMap::new(photo.size(), map)),
        model_id: engine.detector_manifest().id.clone(),
        provider: engine.provider().kind,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The network's answer on each level of the pyramid, the native one first, before they are merged.
///
/// Other windows, processors and providers change it by at most 1 of 255. Merging decides between levels where they are
/// nearly alike, so such a step can become a larger one in the merged map.
///
/// # Errors
/// As [`detect`].
pub fn detect_levels(
    photo: &Photo,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Vec<ProbabilityMap>, RestoreError> {
    let maps = search_levels(photo, engine, contexts, progress, cancel)?;
    let maps = maps.into_iter().map(|map| {
        let size = map.size();
        ProbabilityMap::new(size, map.into_values())
    });
    Ok(maps.collect())
}

/// All levels, the native one first.
fn search_levels(
    photo: &Photo,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Vec<LevelMap>, RestoreError> {
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

    let blank = |shift: u32| LevelMap::new(level_size(photo.size(), shift), shift);
    let mut maps: Vec<LevelMap> = levels.iter().map(|(shift, _)| blank(*shift)).collect();
    let windows = levels.into_iter().enumerate();
    let windows = windows.flat_map(|(level, (shift, windows))| {
        let of_level = move |window| LevelWindow {
            level,
            shift,
            window,
        };
        windows.into_iter().map(of_level)
    });
    let shapes = WindowShapes::of(engine);
    let mut pass = Pass {
        photo,
        engine,
        contexts,
        cancel,
    };
    overlapped(
        windows.collect(),
        |window: LevelWindow| (window, window.grown(shapes, photo).prepared(photo)),
        |(window, prepared), emit| {
            pass.detect_window(window, Some(prepared), emit)?;
            done += 1;
            progress.report(Stage::Detecting, done, total);
            Ok::<_, RestoreError>(())
        },
        |Answer { of, probability }| {
            maps[of.level].paste(of.window.core, of.window.read, &probability);
        },
        drop,
    )?;
    Ok(maps)
}

/// A window of one level of the pyramid.
#[derive(Clone, Copy)]
struct LevelWindow {
    /// Which one of the levels looked at.
    level: usize,
    /// That level's pixels are 2^`shift` native px wide.
    shift: u32,
    window: Window,
}

/// A window as it is run, and what the network reads of it.
type Prepared = (LevelWindow, Result<Tensor, InferenceError>);

impl LevelWindow {
    /// In the shape that the provider wants.
    fn grown(self, shapes: WindowShapes, photo: &Photo) -> Self {
        let window = shapes.detect_window(self.window, level_size(photo.size(), self.shift));
        Self { window, ..self }
    }

    fn prepared(self, photo: &Photo) -> Prepared {
        let tensor = if self.shift == 0 {
            Ok(photo_tensor(photo, &self.window))
        } else {
            coarse_tensor(photo, &self.window, self.shift)
        };
        (self, tensor)
    }
}

/// Stage 1's answer for a window.
struct Answer {
    of: LevelWindow,
    /// (1, 1, h, w) in [0, 1].
    probability: Tensor,
}

/// What stage 1 works with.
struct Pass<'a> {
    photo: &'a Photo,
    engine: &'a mut Engine,
    contexts: &'a ContextCache,
    cancel: &'a CancelToken,
}

impl Pass<'_> {
    /// Hands on the answer for `of`; in smaller windows when the memory does not suffice for this one.
    ///
    /// `prepared` is what is read for it, where that is there already; of no use when the provider has changed meanwhile.
    fn detect_window(
        &mut self,
        of: LevelWindow,
        prepared: Option<Prepared>,
        emit: &mut dyn FnMut(Answer),
    ) -> Result<(), RestoreError> {
        let halo = self.engine.detector_manifest().halo_px;
        let core = of.window.core;
        let longest = core_px(self.engine.run_bytes(), halo);
        if core.width.max(core.height) <= longest {
            let grown = of.grown(WindowShapes::of(self.engine), self.photo);
            let prepared = prepared.filter(|(ready, _)| ready.window == grown.window);
            let (grown, tensor) = prepared.unwrap_or_else(|| grown.prepared(self.photo));
            let Err(error) = tensor.and_then(|tensor| self.run_window(grown, tensor, emit)) else {
                return Ok(());
            };
            self.engine.step_down(error, longest > NETWORK_GRID_PX)?;
        }
        let longest = core_px(self.engine.run_bytes(), halo);
        let size = level_size(self.photo.size(), of.shift);
        for window in plan_part(core, size, longest, halo) {
            self.detect_window(LevelWindow { window, ..of }, None, emit)?;
        }
        Ok(())
    }

    fn run_window(
        &mut self,
        of: LevelWindow,
        tensor: Tensor,
        emit: &mut dyn FnMut(Answer),
    ) -> Result<(), InferenceError> {
        if self.cancel.is_cancelled() {
            return Err(InferenceError::Cancelled);
        }
        let (probability, context) =
            run_detector(self.engine.detector(), tensor.view(), self.cancel)?;
        drop(tensor);
        if of.shift == 0 && self.engine.filler_manifest().uses_context {
            let model = &self.engine.detector_manifest().sha256;
            self.contexts.store(model, &context, &of.window);
        }
        emit(Answer { of, probability });
        Ok(())
    }
}

/// Side of the largest window when a run may take `run_bytes`, px.
pub(super) fn largest_read_px(run_bytes: u64, halo_px: u32) -> u32 {
    core_px(run_bytes, halo_px) + 2 * halo_px
}

/// Side of a core whose window takes at most `run_bytes`; one grid cell at least.
fn core_px(run_bytes: u64, halo_px: u32) -> u32 {
    let side = (run_bytes / BYTES_PER_PX).isqrt() as u32;
    let core = side.saturating_sub(2 * halo_px).min(MAX_CORE_PX);
    (core / NETWORK_GRID_PX).max(1) * NETWORK_GRID_PX
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
