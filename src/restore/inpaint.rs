//! Stage 2: fills the cells a mask touches, each from its own window. The composite is `composite.rs`'s work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ahead::overlapped;
use super::group::max_window_px;
use super::shapes::RunBounds;
use super::window_fill::{CellHole, WindowFill, WindowInput, WindowOutput};
use super::{
    CELL_PX, CellPlan, ContextCache, FillCell, FillPiece, ProgressSink, RectFill, Restoration,
    RestoreError, Stage, plan_fill,
};
use crate::geometry::{NETWORK_GRID_PX, PixelRect};
use crate::inference::{CancelToken, Engine, InferenceError};
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
    // Nothing is undone here: a cache would only double the memory.
    let mut restoration = Restoration::new(0);
    let mut filled = |cell, _| restoration.insert(Arc::new(cell));
    fill_photo(photo, mask, engine, contexts, progress, cancel, &mut filled)?;
    Ok(restoration)
}

/// As [`restore_photo`], from top to bottom: hands each cell to `filled`, with the number of rows above which nothing is
/// still to come.
///
/// # Errors
/// As [`restore_photo`].
pub fn fill_photo(
    photo: &Photo,
    mask: &EffectiveMask,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
    filled: &mut dyn FnMut(FillCell, u32),
) -> Result<(), RestoreError> {
    check_size(photo, mask)?;
    let plans = plan_fill(photo.size(), mask, engine.filler_manifest().halo_px);
    let mut settled = Settled::new(&plans, photo.size().height);
    let total = plans.len() as u64;
    let mut done = 0;
    progress.report(Stage::Filling, done, total);
    fill_cells(photo, mask, &plans, engine, contexts, cancel, &mut |cell| {
        settled.fill(&cell);
        filled(cell, settled.rows());
        done += 1;
        progress.report(Stage::Filling, done, total);
    })
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
/// Windows that do not fit into the engine's memory are parted; then a fill differs by rounding, at most 1/255, since the
/// network, grain and tone look no further than the halo that every window keeps. Cells come window by window; when it fails or is cancelled, those handed over stay good.
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
    let bounds = RunBounds::of(engine);
    let mut filler = Filler {
        photo,
        mask,
        engine,
        contexts,
        cancel,
    };
    overlapped(
        by_window(plans),
        |(read, plans)| PreparedWindow::new(photo, mask, read, plans, bounds),
        |window, emit| filler.fill_window(window, emit),
        |computed: Computed<'_>| computed.cells(photo, contexts),
        |cells: Vec<FillCell>| cells.into_iter().for_each(&mut *filled),
    )
}

/// The cells of one window, and what the network reads for them.
struct PreparedWindow<'a> {
    /// What must be read; the run may read more.
    read: PixelRect,
    /// Those that show no fill.
    untouched: Vec<FillCell>,
    waiting: Vec<CellHole<'a>>,
    /// `None` where nothing is to be run, or the window is too large.
    input: Option<Result<WindowInput, InferenceError>>,
}

impl<'a> PreparedWindow<'a> {
    fn new(
        photo: &Photo,
        mask: &EffectiveMask,
        read: PixelRect,
        plans: Vec<&'a CellPlan>,
        bounds: RunBounds,
    ) -> Self {
        let holes = plans.into_iter().map(|plan| CellHole::new(mask, plan));
        let (waiting, untouched): (Vec<CellHole>, Vec<CellHole>) =
            holes.partition(|hole| !hole.rect.is_empty());
        let is_run = !waiting.is_empty() && read.size().pixel_count() as u64 <= bounds.max_px;
        Self {
            read,
            untouched: untouched
                .into_iter()
                .map(|CellHole { plan, .. }| FillCell::empty(plan.index, plan.stamp))
                .collect(),
            waiting,
            input: is_run
                .then(|| WindowInput::new(photo, mask, &whole_window(photo, read, bounds), bounds)),
        }
    }
}

/// The window that reads `read`, in the shape that the provider wants, and keeps all of it that lies in the photo.
fn whole_window(photo: &Photo, read: PixelRect, bounds: RunBounds) -> Window {
    let read = bounds.shapes.fill(read, photo.size());
    let core = read.intersect(photo.size().rect());
    Window { core, read }
}

/// What came of one run of stage 2.
enum Computed<'a> {
    /// A window, and the cells to be cut from it.
    Window(Box<WindowOutput>, Vec<CellHole<'a>>),
    Cells(Vec<FillCell>),
}

impl Computed<'_> {
    fn cells(self, photo: &Photo, contexts: &ContextCache) -> Vec<FillCell> {
        match self {
            Self::Window(output, holes) => {
                let window = output.fill(photo, contexts);
                holes.iter().map(|hole| window.cell(hole)).collect()
            }
            Self::Cells(cells) => cells,
        }
    }
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

    /// What runs keep to now.
    fn bounds(&self) -> RunBounds {
        RunBounds::of(self.engine)
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

    /// Fills the cells of a window; in smaller ones, or on the CPU, when the memory does not suffice.
    fn fill_window<'h>(
        &mut self,
        window: PreparedWindow<'h>,
        emit: &mut dyn FnMut(Computed<'h>),
    ) -> Result<(), RestoreError> {
        let PreparedWindow {
            read,
            untouched,
            mut waiting,
            mut input,
        } = window;
        if !untouched.is_empty() {
            emit(Computed::Cells(untouched));
        }
        while !waiting.is_empty() {
            if let Err(error) = self.fill_waiting(read, input.take(), &mut waiting, emit) {
                self.step_down(error)?;
            }
        }
        Ok(())
    }

    /// Fills the cells that wait from the window `read`, or one by one where that is too large, and takes those that are
    /// done off the list. `input` is what the window holds, where that is there already.
    fn fill_waiting<'h>(
        &mut self,
        read: PixelRect,
        input: Option<Result<WindowInput, InferenceError>>,
        waiting: &mut Vec<CellHole<'h>>,
        emit: &mut dyn FnMut(Computed<'h>),
    ) -> Result<(), RestoreError> {
        let max_px = max_window_px(self.engine.run_bytes());
        if read.size().pixel_count() as u64 <= max_px {
            let bounds = self.bounds();
            let window = whole_window(self.photo, read, bounds);
            // Of no use when the provider or what a run may occupy has changed meanwhile.
            let is_current = |input: &Result<WindowInput, InferenceError>| {
                input
                    .as_ref()
                    .is_ok_and(|input| input.read() == window.read)
            };
            let input = input
                .filter(is_current)
                .unwrap_or_else(|| WindowInput::new(self.photo, self.mask, &window, bounds));
            let output = self.run(input?)?;
            emit(Computed::Window(Box::new(output), std::mem::take(waiting)));
        }
        // In order: where memory is short, stage 1's context grows from what the cell before left in the cache.
        while let Some(hole) = waiting.first() {
            let cell = self.fill_alone(hole, max_px)?;
            emit(Computed::Cells(vec![cell]));
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
        let read = window_around(rect, self.photo.size(), self.halo_px()).read;
        let bounds = self.bounds();
        let window = whole_window(self.photo, read, bounds);
        let input = WindowInput::new(self.photo, self.mask, &window, bounds)?;
        Ok(self.run(input)?.fill(self.photo, self.contexts))
    }

    /// Stage 2 on a window.
    fn run(&mut self, input: WindowInput) -> Result<WindowOutput, RestoreError> {
        input.run(self.photo, self.engine, self.contexts, self.cancel)
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

/// Height of the strips in whose order windows are filled, px: the photo is finished from top to bottom, so that it can be
/// written meanwhile, and the context that neighbours read is still there.
const STRIP_PX: u32 = 2 * CELL_PX;

/// The plans by window, strip by strip of [`STRIP_PX`] rows.
fn by_window(plans: &[CellPlan]) -> Vec<(PixelRect, Vec<&CellPlan>)> {
    let mut windows: BTreeMap<[u32; 5], (PixelRect, Vec<&CellPlan>)> = BTreeMap::new();
    for plan in plans {
        let read = plan.window;
        let strip = read.y / STRIP_PX;
        windows
            .entry([strip, read.x, read.y, read.height, read.width])
            .or_insert_with(|| (read, Vec::new()))
            .1
            .push(plan);
    }
    windows.into_values().collect()
}

/// How far down a photo every cell is filled.
struct Settled {
    /// Cells of each row of cells that are still to be filled.
    pending: Vec<u32>,
    height: u32,
}

impl Settled {
    fn new(plans: &[CellPlan], height: u32) -> Self {
        let mut pending = vec![0; height.div_ceil(CELL_PX) as usize];
        for plan in plans {
            pending[plan.index.row as usize] += 1;
        }
        Self { pending, height }
    }

    fn fill(&mut self, cell: &FillCell) {
        self.pending[cell.index.row as usize] -= 1;
    }

    /// The first row that a cell still to be filled may change; the photo's height when there is none.
    fn rows(&self) -> u32 {
        let first = self.pending.iter().position(|&pending| pending > 0);
        first.map_or(self.height, |row| row as u32 * CELL_PX)
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
