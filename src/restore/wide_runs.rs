//! The runs of stage 2 at half size for one window: where they look, what they read, and answers that several windows
//! share. What becomes of the answers is `wide.rs`'s work.
//!
//! Which runs there are follows from what the native window reads, never from the memory at hand: a record says what was
//! read, and the same runs come of it on any machine. A run has at most as many pixels as the native one, as far as the
//! grid allows. Where one run would have more, it is parted into blocks at fixed places of the half-size level; neighbouring
//! windows need the same blocks, so their answers are kept beside stage 1's context and run once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::ContextCache;
use super::alpha::AlphaSource;
use super::pyramid::{coarse_tensor, level_size};
use super::shapes::RunBounds;
use super::wide::{SHIFT, WideInput, native};
use super::window_fill::run_filler;
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect, TileIndex, mirror_index};
use crate::inference::{CancelToken, Engine, InferenceError, Tensor};
use crate::photo::Photo;
use crate::tiling::{Window, snap_outward, window_around};

/// Where the runs for one window look, half-size px.
#[derive(Debug)]
pub(super) struct WidePlan {
    /// What they fill together.
    pub filled: PixelRect,
    /// One, or several blocks.
    pub windows: Vec<Window>,
}

impl WidePlan {
    /// For `core` of the half-size `level`, beside a native run on a window of `native_px` pixels.
    pub fn new(core: PixelRect, level: ImageSize, halo_px: u32, native_px: usize) -> Self {
        let window_px = |side: u32| u64::from(side + 2 * halo_px).pow(2);
        let most = (native_px as u64).max(window_px(NETWORK_GRID_PX));
        let filled = snap_outward(core).intersect(level.rect());
        let whole = window_around(filled, level, halo_px);
        if whole.read.size().pixel_count() as u64 <= most {
            return Self {
                filled,
                windows: vec![whole],
            };
        }
        let grid = NETWORK_GRID_PX as usize;
        let side = (NETWORK_GRID_PX..=level.width.max(level.height))
            .step_by(grid)
            .take_while(|&side| window_px(side) <= most)
            .last()
            .unwrap_or(NETWORK_GRID_PX);
        let columns = filled.x / side..filled.right().div_ceil(side);
        let rows = filled.y / side..filled.bottom().div_ceil(side);
        let blocks = rows
            .flat_map(|row| columns.clone().map(move |column| (column, row)))
            .map(|(column, row)| TileIndex::new(column, row).rect(side, level));
        let windows: Vec<Window> = blocks
            .map(|block| window_around(block, level, halo_px))
            .collect();
        let cores = windows.iter().map(|window| window.core);
        Self {
            filled: cores.fold(PixelRect::EMPTY, PixelRect::union),
            windows,
        }
    }
}

/// What one run reads.
pub(super) struct WidePart {
    /// Half-size px.
    window: Window,
    /// `None` for one block of several, whose answer may be there already.
    photo: Option<Tensor>,
    hole: Tensor,
}

impl WidePart {
    /// `is_shared`: as one block of several.
    pub fn new(
        photo: &Photo,
        mask: &dyn AlphaSource,
        window: Window,
        is_shared: bool,
        bounds: RunBounds,
    ) -> Result<Self, InferenceError> {
        let size = photo.size();
        let window = bounds.shapes.fill_window(window, level_size(size, SHIFT));
        let tensor = || coarse_tensor(photo, &window, SHIFT);
        Ok(Self {
            window,
            photo: (!is_shared).then(tensor).transpose()?,
            hole: coarse_hole(mask, &window, size)?,
        })
    }

    /// What the run fills, half-size px.
    pub fn core(&self) -> PixelRect {
        self.window.core
    }

    /// Stands for all the answer depends on beside the photo: where it looks, the hole there, the model and the provider.
    fn key(&self, engine: &Engine) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.window.core, self.window.read).hash(&mut hasher);
        engine.filler_manifest().sha256.hash(&mut hasher);
        engine.provider().kind.name().hash(&mut hasher);
        for values in self.hole.data().chunks(64) {
            let bits = values
                .iter()
                .fold(0_u64, |bits, &value| bits << 1 | u64::from(value > 0.0));
            hasher.write_u64(bits);
        }
        hasher.finish()
    }

    /// The run's answer for its core, (3, h, w).
    fn run(
        &self,
        photo: &Photo,
        engine: &mut Engine,
        cancel: &CancelToken,
    ) -> Result<Arc<[f32]>, InferenceError> {
        let read_now;
        let photo = if let Some(photo) = &self.photo {
            photo
        } else {
            read_now = coarse_tensor(photo, &self.window, SHIFT)?;
            &read_now
        };
        let context = blank_context(engine, photo);
        let (answer, _) = run_filler(engine, photo, &self.hole, &context, cancel)?;
        engine.count_filled(self.window.read.size().pixel_count());
        let (core, read) = (self.window.core, self.window.read);
        let left = (core.x - read.x) as usize;
        let rows = (0..3).flat_map(|c| (core.y..core.bottom()).map(move |y| (c, y)));
        Ok(rows
            .flat_map(|(c, y)| &answer.row(c, (y - read.y) as usize)[left..][..core.width as usize])
            .copied()
            .collect())
    }
}

/// Stage 2 at half size, for all that `wide` asks for.
pub(super) fn run_coarse(
    photo: &Photo,
    wide: &WideInput,
    engine: &mut Engine,
    contexts: &ContextCache,
    cancel: &CancelToken,
) -> Result<Tensor, InferenceError> {
    let mut coarse = wide.blank();
    for part in &wide.parts {
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled);
        }
        let key = part.photo.is_none().then(|| part.key(engine));
        let answer = if let Some(kept) = key.and_then(|key| contexts.coarse(key)) {
            kept
        } else {
            let answer = part.run(photo, engine, cancel)?;
            if let Some(key) = key {
                contexts.keep_coarse(key, Arc::clone(&answer));
            }
            answer
        };
        wide.take(&mut coarse, part.core(), &answer);
    }
    Ok(coarse)
}

/// Zeros in place of stage 1's context for a window of `photo`'s size: there is none at half size, and zeros are legal.
fn blank_context(engine: &Engine, photo: &Tensor) -> Tensor {
    let [.., height, width] = photo.shape();
    let manifest = engine.filler_manifest();
    let side = |px: usize| px / manifest.context_stride_px as usize;
    let shape = [1, manifest.context_channels, side(height), side(width)];
    Tensor::filled(shape, 0.0)
}

/// The hole at half size in a window's `read`: 1 where any of its native px is in the hole, mirrored beyond the level.
fn coarse_hole(
    mask: &dyn AlphaSource,
    window: &Window,
    size: ImageSize,
) -> Result<Tensor, InferenceError> {
    let level = level_size(size, SHIFT);
    let inside = window.read.intersect(level.rect());
    let native = native(inside, size);
    let mut alpha = vec![0; native.size().pixel_count()];
    mask.alpha_rect(native, &mut alpha);
    let mut blocks = vec![0.0_f32; inside.size().pixel_count()];
    for (y, row) in alpha.chunks_exact(native.width as usize).enumerate() {
        let target = &mut blocks[(y >> SHIFT) * inside.width as usize..][..inside.width as usize];
        for (block, values) in target.iter_mut().zip(row.chunks(1 << SHIFT)) {
            if values.iter().any(|&value| value > 0) {
                *block = 1.0;
            }
        }
    }
    let read = window.read;
    let mut data = Vec::with_capacity(read.size().pixel_count());
    for y in read.y..read.bottom() {
        let row = mirror_index(i64::from(y), level.height) - inside.y;
        let row = &blocks[inside.size().index(0, row)..][..inside.width as usize];
        data.extend(
            (read.x..read.right())
                .map(|x| row[(mirror_index(i64::from(x), level.width) - inside.x) as usize]),
        );
    }
    Tensor::new([1, 1, read.height as usize, read.width as usize], data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of the smallest window with a halo of 128 px.
    const SMALLEST: usize = 320 * 320;
    const LEVEL: ImageSize = ImageSize::new(900, 700);

    #[test]
    fn one_run_serves_a_window_that_is_as_large() {
        let core = PixelRect::new(100, 70, 90, 60);
        let plan = WidePlan::new(core, LEVEL, 128, 448 * 384);
        assert_eq!(plan.filled, PixelRect::new(64, 64, 128, 128));
        assert_eq!(plan.windows.len(), 1);
        assert_eq!(plan.windows[0].core, plan.filled);
        assert_eq!(plan.windows[0].read.size(), ImageSize::new(320, 320));
    }

    #[test]
    fn blocks_lie_at_the_same_places_for_every_window_and_hold_all_that_is_needed() {
        for (native_px, side) in [(0, 64), (SMALLEST, 64), (384 * 384, 128), (450 * 450, 192)] {
            for (x, y) in [(0, 0), (70, 130), (333, 301), (570, 370)] {
                let core = PixelRect::new(x, y, 330, 330);
                let plan = WidePlan::new(core, LEVEL, 128, native_px);
                assert!(plan.windows.len() > 1);
                assert_eq!(plan.filled.intersect(core), core);
                for window in &plan.windows {
                    let index = TileIndex::new(window.core.x / side, window.core.y / side);
                    assert_eq!(window.core, index.rect(side, LEVEL));
                    let pixels = window.read.size().pixel_count();
                    assert!(pixels <= native_px.max(SMALLEST), "{window:?}");
                }
            }
        }
    }
}
