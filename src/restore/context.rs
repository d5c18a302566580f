//! Stage 1's `context`, kept in blocks for stage 2 and computed again from the photo where it was dropped; and the photo's tone.
//!
//! Both depend on the photo and the model alone, never on the mask. Within the same bound stage 2's answers at half size
//! are kept that several windows share, under keys that stand for all they depend on (`wide_runs.rs`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::RestoreError;
use super::colour::PhotoTone;
use super::shapes::WindowShapes;
use crate::geometry::{NETWORK_GRID_PX, PixelRect};
use crate::inference::{
    CONTEXT_STRIDE_PX, CancelToken, Engine, InferenceError, Network, Tensor, TensorView,
    take_output,
};
use crate::photo::Photo;
use crate::tiling::{Window, window_around};

/// Side of a stored block in context elements: one grid cell.
const BLOCK: usize = (NETWORK_GRID_PX / CONTEXT_STRIDE_PX) as usize;

/// Column and row of a grid cell.
type BlockIndex = (u32, u32);

/// What a kept block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Stage 1's context in a grid cell.
    Context(BlockIndex),
    /// An answer of stage 2 at half size.
    Coarse(u64),
}

/// A byte-bounded store of one photo's context; clones are the same store.
#[derive(Clone, Debug)]
pub struct ContextCache {
    store: Arc<Mutex<Store>>,
    tone: Arc<OnceLock<PhotoTone>>,
}

#[derive(Debug)]
struct Store {
    limit_bytes: usize,
    used_bytes: usize,
    /// SHA-256 of the model the context comes from.
    model: String,
    /// Values of a block, (C, 16, 16) of a context, and when it was last used.
    blocks: HashMap<Key, (Arc<[f32]>, u64)>,
    by_age: BTreeMap<u64, Key>,
    clock: u64,
}

impl ContextCache {
    /// An empty store of at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        let store = Store {
            limit_bytes,
            used_bytes: 0,
            model: String::new(),
            blocks: HashMap::new(),
            by_age: BTreeMap::new(),
            clock: 0,
        };
        Self {
            store: Arc::new(Mutex::new(store)),
            tone: Arc::default(),
        }
    }

    /// What `photo`, the one this store is for, says of its colours; looked at once.
    pub(super) fn tone(&self, photo: &Photo) -> PhotoTone {
        *self.tone.get_or_init(|| PhotoTone::of(photo))
    }

    /// Keeps at most `limit_bytes` from now on.
    pub fn set_limit(&self, limit_bytes: usize) {
        let mut store = self.lock();
        store.limit_bytes = limit_bytes;
        store.evict();
    }

    /// The most it keeps, bytes.
    pub fn limit_bytes(&self) -> usize {
        self.lock().limit_bytes
    }

    /// Memory of the blocks, bytes.
    pub fn byte_len(&self) -> usize {
        self.lock().used_bytes
    }

    /// Keeps the part of a stage-1 `context` (1, C, h, w) that belongs to its window's core.
    pub(super) fn store(&self, model: &str, context: &Tensor, window: &Window) {
        let kept = crate::tiling::snap_outward(window.core);
        let mut store = self.lock();
        store.use_model(model);
        for index in blocks_of(kept) {
            let block = cut_block(context, window.read, index);
            store.insert(Key::Context(index), block);
        }
    }

    /// The answer that [`Self::keep_coarse`] kept under `key`, if it is still there.
    pub(super) fn coarse(&self, key: u64) -> Option<Arc<[f32]>> {
        self.lock().get(Key::Coarse(key))
    }

    /// Keeps an answer of stage 2 at half size; `key` stands for all that it depends on beside the photo.
    pub(super) fn keep_coarse(&self, key: u64, answer: Arc<[f32]>) {
        self.lock().insert(Key::Coarse(key), answer);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn use_model(&mut self, model: &str) {
        if self.model != model {
            model.clone_into(&mut self.model);
            self.blocks.clear();
            self.by_age.clear();
            self.used_bytes = 0;
        }
    }

    fn get(&mut self, key: Key) -> Option<Arc<[f32]>> {
        let (block, age) = self.blocks.get_mut(&key)?;
        self.by_age.remove(age);
        self.clock += 1;
        *age = self.clock;
        self.by_age.insert(self.clock, key);
        Some(Arc::clone(block))
    }

    fn insert(&mut self, key: Key, block: Arc<[f32]>) {
        self.clock += 1;
        self.used_bytes += size_of_val(&*block);
        if let Some((old, age)) = self.blocks.insert(key, (block, self.clock)) {
            self.by_age.remove(&age);
            self.used_bytes -= size_of_val(&*old);
        }
        self.by_age.insert(self.clock, key);
        self.evict();
    }

    /// Drops the least recently used until the rest fits.
    fn evict(&mut self) {
        while self.used_bytes > self.limit_bytes {
            let Some((_, oldest)) = self.by_age.pop_first() else {
                break;
            };
            if let Some((dropped, _)) = self.blocks.remove(&oldest) {
                self.used_bytes -= size_of_val(&*dropped);
            }
        }
    }
}

/// The grid cells of a rectangle on the grid, row by row.
fn blocks_of(rect: PixelRect) -> impl Iterator<Item = BlockIndex> {
    let columns = rect.x / NETWORK_GRID_PX..rect.right() / NETWORK_GRID_PX;
    let rows = rect.y / NETWORK_GRID_PX..rect.bottom() / NETWORK_GRID_PX;
    rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
}

/// Offset of a block inside the context of a window that reads `read`, in elements.
fn offset_of((column, row): BlockIndex, read: PixelRect) -> (usize, usize) {
    let elements =
        |cell: u32, start: u32| ((cell * NETWORK_GRID_PX - start) / CONTEXT_STRIDE_PX) as usize;
    (elements(column, read.x), elements(row, read.y))
}

fn cut_block(context: &Tensor, read: PixelRect, index: BlockIndex) -> Arc<[f32]> {
    let (left, top) = offset_of(index, read);
    let channels = context.shape()[1];
    let rows = (0..channels).flat_map(|c| (0..BLOCK).map(move |y| (c, y)));
    rows.flat_map(|(c, y)| &context.row(c, top + y)[left..left + BLOCK])
        .copied()
        .collect()
}

fn paste_block(context: &mut Tensor, read: PixelRect, index: BlockIndex, block: &[f32]) {
    let (left, top) = offset_of(index, read);
    let [_, _, height, width] = context.shape();
    for (row, values) in block.chunks_exact(BLOCK).enumerate() {
        let (c, y) = (row / BLOCK, row % BLOCK);
        let start = (c * height + top + y) * width + left;
        context.data_mut()[start..start + BLOCK].copy_from_slice(values);
    }
}

/// Runs stage 1 on one window: (`scratch_probability` (1, 1, h, w), `context` (1, C, h/4, w/4)).
pub(super) fn run_detector(
    network: &mut dyn Network,
    photo: TensorView<'_>,
    cancel: &CancelToken,
) -> Result<(Tensor, Tensor), InferenceError> {
    let [_, _, height, width] = photo.shape();
    let step = CONTEXT_STRIDE_PX as usize;
    let channels = network.manifest().context_channels;
    let mut outputs = network.run(&[("photo", photo)], cancel)?;
    let model = &network.manifest().id;
    let probability_shape = [1, 1, height, width];
    let context_shape = [1, channels, height / step, width / step];
    let probability = take_output(
        &mut outputs,
        "scratch_probability",
        probability_shape,
        model,
    )?;
    let context = take_output(&mut outputs, "context", context_shape, model)?;
    Ok((probability, context))
}

/// The photo inside a window's `read`, (1, 3, h, w) in [0, 1], mirrored beyond the photo.
pub(super) fn photo_tensor(photo: &Photo, window: &Window) -> Tensor {
    let (width, height) = (window.read.width, window.read.height);
    let mut tensor = Tensor::filled([1, 3, height as usize, width as usize], 0.0);
    photo.network_window(window.origin(), width, height, tensor.data_mut());
    tensor
}

/// `context` for a stage-2 window that reads `read`: from the store, and by stage 1 where it is missing there.
///
/// # Errors
/// [`RestoreError::Inference`] when stage 1 fails or is cancelled.
pub(super) fn context_for(
    photo: &Photo,
    read: PixelRect,
    engine: &mut Engine,
    cache: &ContextCache,
    cancel: &CancelToken,
) -> Result<Tensor, RestoreError> {
    let channels = engine.filler_manifest().context_channels;
    let side = |px: u32| (px / CONTEXT_STRIDE_PX) as usize;
    let shape = [1, channels, side(read.height), side(read.width)];
    let mut context = Tensor::filled(shape, 0.0);
    if !engine.filler_manifest().uses_context {
        return Ok(context);
    }
    let model = engine.detector_manifest().sha256.clone();
    let missing = paste_stored(&mut context, read, cache, &model);
    if missing.is_empty() {
        return Ok(context);
    }
    let halo = engine.detector_manifest().halo_px;
    let inside = missing.intersect(photo.size().rect());
    let window = window_around(inside, photo.size(), halo);
    let window = WindowShapes::of(engine).detect_window(window, photo.size());
    let tensor = photo_tensor(photo, &window);
    let (_, computed) = run_detector(engine.detector(), tensor.view(), cancel)?;
    for index in blocks_of(missing) {
        paste_block(
            &mut context,
            read,
            index,
            &cut_block(&computed, window.read, index),
        );
    }
    cache.store(&model, &computed, &window);
    Ok(context)
}

/// Copies what the store has; returns the smallest rectangle (on the grid) that covers what it has not.
fn paste_stored(
    context: &mut Tensor,
    read: PixelRect,
    cache: &ContextCache,
    model: &str,
) -> PixelRect {
    let mut store = cache.lock();
    store.use_model(model);
    let mut missing = PixelRect::EMPTY;
    for index in blocks_of(read) {
        if let Some(block) = store.get(Key::Context(index)) {
            paste_block(context, read, index, &block);
        } else {
            let (column, row) = index;
            let side = NETWORK_GRID_PX;
            missing = missing.union(PixelRect::new(column * side, row * side, side, side));
        }
    }
    missing
}
