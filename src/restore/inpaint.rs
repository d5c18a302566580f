//! Stage 2: fills the cells a mask touches, each from its own window. The composite is `composite.rs`'s work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alpha::AlphaSource;
use super::colour::ColourGuide;
use super::context::{context_for, photo_tensor};
use super::grain::add_grain;
use super::group::max_window_px;
use super::plan::bounds_of_set;
use super::{
    CELL_PX, CellPlan, ContextCache, FillCell, FillPiece, ProgressSink, RectFill, Restoration,
    RestoreError, Stage, plan_fill,
};
use crate::geometry::{NETWORK_GRID_PX, PixelRect, mirror_index};
use crate::inference::{CancelToken, Engine, InferenceError, Tensor, take_output};
use crate::mask::EffectiveMask;
use crate::photo::Photo;
use crate::tiling::{Window, snap_outward, window_around};

/// Fills every cell of `photo` that `mask` touches.
///
/// # Errors
/// [`RestoreError::MaskSize`] when the mask is another photo's, [`RestoreError::Inference`] when a run fails or
/// `cancel` was set.
pub fn restore_photo(
    photo: &Photo,
    mask: &EffectiveMask,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Restoration, RestoreError> {
    check_size(photo, mask)?;
    let plans = plan_fill(photo.size(), mask, engine.filler_manifest().halo_px);
    let total = plans.len() as u64;
    let mut done = 0;
    // Nothing is undone here: a cache would only double the memory.
    let mut restoration = Restoration::new(0);
    progress.report(Stage::Filling, done, total);
    fill_cells(photo, mask, &plans, engine, contexts, cancel, &mut |cell| {
        restoration.insert(Arc::new(cell));
        done += 1;
        progress.report(Stage::Filling, done, total);
    })?;
    Ok(restoration)
}

/// Fills one cell; the result depends on the photo, the mask around the cell and the models alone, to the last bit on one
/// machine, whichever other cells are filled with it.
///
/// # Errors
/// As [`restore_photo`].
pub fn fill_cell(
    photo: &Photo,
    mask: &EffectiveMask,
    plan: &CellPlan,
    engine: &mut Engine,
    contexts: &ContextCache,
    cancel: &CancelToken,
) -> Result<FillCell, RestoreError> {
    let mut filled = FillCell::empty(plan.index, plan.stamp);
    let plans = std::slice::from_ref(plan);
    fill_cells(photo, mask, plans, engine, contexts, cancel, &mut |cell| {
        filled = cell;
    })?;
    Ok(filled)
}

/// Fills several cells, each from the window of its plan, and hands each to `filled`.
///
/// Windows that do not fit into the engine's memory are parted; then a fill differs by less than 1/255 (in practice, by
/// rounding). Cells come window by window; when it fails or is cancelled, those handed over stay good.
///
/// # Errors
/// As [`restore_photo`].
pub fn fill_cells(
    photo: &Photo,
    mask: &EffectiveMask,
    plans: &[CellPlan],
    engine: &mut Engine,
    contexts: &ContextCache,
    cancel: &CancelToken,
    filled: &mut dyn FnMut(FillCell),
) -> Result<(), RestoreError> {
    check_size(photo, mask)?;
    let mut filler = Filler {
        photo,
        mask,
        engine,
        contexts,
        cancel,
    };
    for (read, plans) in by_window(plans) {
        let (mut waiting, untouched): (Vec<CellHole>, Vec<CellHole>) = plans
            .into_iter()
            .map(|plan| CellHole::new(mask, plan))
            .partition(|hole| !hole.rect.is_empty());
        for CellHole { plan, .. } in untouched {
            filled(FillCell::empty(plan.index, plan.stamp));
        }
        while !waiting.is_empty() {
            if let Err(error) = filler.fill_waiting(read, &mut waiting, filled) {
                filler.step_down(error)?;
            }
        }
    }
    Ok(())
}

/// What stage 2 works with.
struct Filler<'a> {
    photo: &'a Photo,
    mask: &'a EffectiveMask,
    engine: &'a mut Engine,
    contexts: &'a ContextCache,
    cancel: &'a CancelToken,
}

impl Filler<'_> {
    fn halo_px(&self) -> u32 {
        self.engine.filler_manifest().halo_px
    }

    /// Smaller windows, the CPU, or the error.
    fn step_down(&mut self, error: RestoreError) -> Result<(), RestoreError> {
        let RestoreError::Inference(error) = error else {
            return Err(error);
        };
        let can_shrink =
            max_window_px(self.engine.run_bytes()) > window_px(NETWORK_GRID_PX, self.halo_px());
        Ok(self.engine.step_down(error, can_shrink)?)
    }

    /// Fills the cells that wait from the window `read`, or one by one where that is too large, and takes those that are
    /// done off the list.
    fn fill_waiting(
        &mut self,
        read: PixelRect,
        waiting: &mut Vec<CellHole<'_>>,
        filled: &mut dyn FnMut(FillCell),
    ) -> Result<(), RestoreError> {
        let max_px = max_window_px(self.engine.run_bytes());
        if read.size().pixel_count() as u64 <= max_px {
            let window_fill = self.run(read)?;
            for hole in waiting.drain(..) {
                filled(window_fill.cell(&hole));
            }
        }
        // In order: where memory is short, stage 1's context grows from what the cell before left in the cache.
        while let Some(hole) = waiting.first() {
            filled(self.fill_alone(hole, max_px)?);
            waiting.remove(0);
        }
        Ok(())
    }

    /// Fills a single cell from a window of its own, or from several where that is too large.
    fn fill_alone(&mut self, hole: &CellHole<'_>, max_px: u64) -> Result<FillCell, RestoreError> {
        let pieces = pieces_of(hole.rect, self.halo_px(), max_px);
        if let [piece] = pieces[..] {
            return Ok(self.run_around(piece)?.cell(hole));
        }
        let mut whole = PiecedFill::new(hole, self.photo.channels().count());
        for piece in pieces {
            let window_fill = self.run_around(piece)?;
            whole.add(&window_fill, piece);
        }
        Ok(whole.cell(hole))
    }

    /// Stage 2 on the window around `rect`.
    fn run_around(&mut self, rect: PixelRect) -> Result<WindowFill, RestoreError> {
        self.run(window_around(rect, self.photo.size(), self.halo_px()).read)
    }

    /// Stage 2 on a window that reads `read`.
    fn run(&mut self, read: PixelRect) -> Result<WindowFill, RestoreError> {
        if self.cancel.is_cancelled() {
            return Err(InferenceError::Cancelled.into());
        }
        let core = read.intersect(self.photo.size().rect());
        WindowFill::run(
            self.photo,
            self.mask,
            &Window { core, read },
            self.engine,
            self.contexts,
            self.cancel,
        )
    }
}

/// Pixels of a window around a core of `side` px on the grid.
fn window_px(side: u32, halo_px: u32) -> u64 {
    u64::from(side + 2 * halo_px).pow(2)
}

/// `rect` in parts whose windows have at most `max_px`, as far as the grid allows; whole when that is small enough.
fn pieces_of(rect: PixelRect, halo_px: u32, max_px: u64) -> Vec<PixelRect> {
    let snapped = snap_outward(rect);
    let side = snapped.width.max(snapped.height);
    if window_px(side, halo_px) <= max_px || side > CELL_PX {
        return vec![rect];
    }
    let step = (NETWORK_GRID_PX..side)
        .step_by(NETWORK_GRID_PX as usize)
        .rfind(|&step| window_px(step, halo_px) <= max_px)
        .unwrap_or(NETWORK_GRID_PX);
    let starts = |from: u32, to: u32| (from..to).step_by(step as usize);
    starts(snapped.y, snapped.bottom())
        .flat_map(|y| {
            starts(snapped.x, snapped.right()).map(move |x| PixelRect::new(x, y, step, step))
        })
        .map(|piece| piece.intersect(rect))
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// A cell's fill that is put together from pieces, each from a window of its own.
pub(super) struct PiecedFill {
    /// Bounding box of the cell's hole.
    rect: PixelRect,
    values: RectFill,
    pieces: Vec<FillPiece>,
}

impl PiecedFill {
    /// Nothing yet; `channels` is the photo's.
    pub fn new(hole: &CellHole<'_>, channels: usize) -> Self {
        Self {
            rect: hole.rect,
            values: hole.blank(channels),
            pieces: Vec::new(),
        }
    }

    /// Takes the pixels of `piece`, which lies in the hole's bounding box and in what `window_fill` read.
    pub fn add(&mut self, window_fill: &WindowFill, piece: PixelRect) {
        paste(&mut self.values, self.rect, &window_fill.rect(piece), piece);
        self.pieces.push(FillPiece {
            rect: piece,
            read: window_fill.read,
        });
    }

    /// The cell, when all its pieces are there.
    pub fn cell(self, hole: &CellHole<'_>) -> FillCell {
        FillCell {
            pieces: self.pieces,
            ..hole.cell(self.values, PixelRect::EMPTY)
        }
    }
}

/// Copies `part`, the values of `piece`, to its place in `whole`, the values of `rect`.
fn paste(whole: &mut RectFill, rect: PixelRect, part: &RectFill, piece: PixelRect) {
    let pixels = piece.size().pixel_count();
    let channels = part.fill.len() / pixels.max(1);
    let width = piece.width as usize;
    for y in 0..piece.height {
        let from = piece.size().index(0, y);
        let to = rect.size().index(piece.x - rect.x, piece.y - rect.y + y);
        whole.recovered[to..to + width].copy_from_slice(&part.recovered[from..from + width]);
        whole.fill[to * channels..(to + width) * channels]
            .copy_from_slice(&part.fill[from * channels..(from + width) * channels]);
    }
}

/// Side of the squares in whose order windows are filled, px: the photo is worked on in order, and the context that
/// neighbours read is still there.
const ORDER_PX: u32 = 4 * CELL_PX;

/// The plans by window, row by row of squares of [`ORDER_PX`].
fn by_window(plans: &[CellPlan]) -> Vec<(PixelRect, Vec<&CellPlan>)> {
    let mut windows: BTreeMap<[u32; 6], (PixelRect, Vec<&CellPlan>)> = BTreeMap::new();
    for plan in plans {
        let read = plan.window;
        let (row, column) = (read.y / ORDER_PX, read.x / ORDER_PX);
        windows
            .entry([row, column, read.y, read.x, read.height, read.width])
            .or_insert_with(|| (read, Vec::new()))
            .1
            .push(plan);
    }
    windows.into_values().collect()
}

/// What of a cell shows the fill.
pub(super) struct CellHole<'a> {
    plan: &'a CellPlan,
    /// Bounding box of α > 0 inside the cell; empty when there is none.
    pub rect: PixelRect,
    /// α of `rect`, row-major.
    alpha: Vec<u8>,
}

impl<'a> CellHole<'a> {
    pub fn new(mask: &dyn AlphaSource, plan: &'a CellPlan) -> Self {
        let mut alpha = vec![0; plan.core.size().pixel_count()];
        mask.alpha_rect(plan.core, &mut alpha);
        let rect = bounds_of_set(&alpha, plan.core);
        let alpha = cut_rect(&alpha, plan.core, rect);
        Self { plan, rect, alpha }
    }

    /// Room for what stage 2 will say of `rect`.
    fn blank(&self, channels: usize) -> RectFill {
        let pixels = self.rect.size().pixel_count();
        RectFill {
            fill: vec![0; pixels * channels],
            recovered: vec![0; pixels],
            alpha: Vec::new(),
        }
    }

    /// The cell with what stage 2 says of `rect` and the α that is known here; `window` is what was read for it.
    fn cell(&self, values: RectFill, window: PixelRect) -> FillCell {
        let channels = values.fill.len() / self.rect.size().pixel_count().max(1);
        let values = RectFill {
            alpha: self.alpha.clone(),
            ..values
        };
        let CellPlan { index, stamp, .. } = *self.plan;
        FillCell {
            window,
            ..FillCell::from_rect(index, stamp, self.rect, channels, &values)
        }
    }
}

/// Stage 2's answer for one window.
pub(super) struct WindowFill {
    read: PixelRect,
    fill: Tensor,
    recovered: Tensor,
    guide: ColourGuide,
}

impl WindowFill {
    pub fn run(
        photo: &Photo,
        mask: &dyn AlphaSource,
        window: &Window,
        engine: &mut Engine,
        contexts: &ContextCache,
        cancel: &CancelToken,
    ) -> Result<Self, RestoreError> {
        let inside = window.read.intersect(photo.size().rect());
        let mut hole = vec![0; inside.size().pixel_count()];
        mask.alpha_rect(inside, &mut hole);
        let hole = hole_tensor(&hole, inside, window, photo)?;
        let input = photo_tensor(photo, window);
        let context = context_for(photo, window.read, engine, contexts, cancel)?;
        let (mut fill, recovered) = run_filler(engine, &input, &hole, &context, cancel)?;
        let place = (window.read, photo.size(), engine.filler_manifest().halo_px);
        add_grain(&mut fill, &recovered, &input, &hole, place);
        engine.count_filled(window.read.size().pixel_count());
        Ok(Self {
            read: window.read,
            fill,
            recovered,
            guide: ColourGuide::new(photo, &input, &hole),
        })
    }

    /// What this window gives for a cell inside it.
    pub fn cell(&self, hole: &CellHole<'_>) -> FillCell {
        hole.cell(self.rect(hole.rect), self.read)
    }

    /// Fill and recovered of the pixels of `rect`, without α.
    fn rect(&self, rect: PixelRect) -> RectFill {
        let recovered = rows_of(&self.recovered, 0, rect, self.read);
        RectFill {
            fill: self.guide.interleave(&self.fill, rect, self.read),
            alpha: Vec::new(),
            recovered: recovered
                .map(|value| (value * 255.0).round() as u8)
                .collect(),
        }
    }
}

fn check_size(photo: &Photo, mask: &EffectiveMask) -> Result<(), RestoreError> {
    if photo.size() == mask.size() {
        Ok(())
    } else {
        Err(RestoreError::MaskSize {
            photo: photo.size(),
            mask: mask.size(),
        })
    }
}

/// Copies the values of `part` out of row-major `values` of `rect`.
fn cut_rect(values: &[u8], rect: PixelRect, part: PixelRect) -> Vec<u8> {
    (part.y..part.bottom())
        .flat_map(|y| {
            let start = rect.size().index(part.x - rect.x, y - rect.y);
            &values[start..start + part.width as usize]
        })
        .copied()
        .collect()
}

/// The network's hole in a window's `read`, (1, 1, h, w): 1 where `hole` of `inside` is set, mirrored beyond the photo
/// like the photo.
fn hole_tensor(
    hole: &[u8],
    inside: PixelRect,
    window: &Window,
    photo: &Photo,
) -> Result<Tensor, InferenceError> {
    let size = photo.size();
    let read = window.read;
    let mut data = Vec::with_capacity(read.size().pixel_count());
    for y in read.y..read.bottom() {
        let row = mirror_index(i64::from(y), size.height) - inside.y;
        let row = &hole[inside.size().index(0, row)..][..inside.width as usize];
        data.extend((read.x..read.right()).map(|x| {
            let column = mirror_index(i64::from(x), size.width) - inside.x;
            f32::from(u8::from(row[column as usize] > 0))
        }));
    }
    Tensor::new([1, 1, read.height as usize, read.width as usize], data)
}

/// Runs stage 2: (`fill` (1, 3, h, w), `recovered` (1, 1, h, w)).
fn run_filler(
    engine: &mut Engine,
    photo: &Tensor,
    hole: &Tensor,
    context: &Tensor,
    cancel: &CancelToken,
) -> Result<(Tensor, Tensor), InferenceError> {
    let network = engine.filler();
    let inputs = [
        ("photo", photo.view()),
        ("mask", hole.view()),
        ("context", context.view()),
    ];
    let mut outputs = network.run(&inputs, cancel)?;
    let model = &network.manifest().id;
    let fill = take_output(&mut outputs, "fill", photo.shape(), model)?;
    let recovered = take_output(&mut outputs, "recovered", hole.shape(), model)?;
    Ok((fill, recovered))
}

/// The values of `rect` in channel `c` of a tensor that covers `read`, row by row.
pub(super) fn rows_of(
    tensor: &Tensor,
    c: usize,
    rect: PixelRect,
    read: PixelRect,
) -> impl Iterator<Item = f32> {
    let left = (rect.x - read.x) as usize;
    (rect.y..rect.bottom()).flat_map(move |y| {
        tensor.row(c, (y - read.y) as usize)[left..left + rect.width as usize]
            .iter()
            .copied()
    })
}
