//! The same fills again, from α and the windows they were made from: what a record keeps to prove a restoration.
//!
//! A fill depends on the photo, on where α is above 0, on the models, and in its last bits on the window it was read from.
//! With all four given it does not matter how the mask was made, or in which order it was edited.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alpha::AlphaSource;
use super::group::MAX_WINDOW_PX;
use super::inpaint::PiecedFill;
use super::plan::{CELL_PX, CellPlan};
use super::shapes::RunBounds;
use super::window_fill::{CellHole, WindowFill, WindowInput};
use super::{ContextCache, ProgressSink, Restoration, RestoreError, Stage};
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect, TileIndex};
use crate::inference::{CancelToken, Engine, InferenceError};
use crate::photo::Photo;
use crate::tiling::{Window, padded_size, snap_outward, window_around};

/// α of a whole photo as a mask file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlphaRaster {
    size: ImageSize,
    values: Vec<u8>,
}

impl AlphaRaster {
    /// Of `size` px, row-major, stored order.
    ///
    /// # Panics
    /// When `values` is not width × height long.
    pub fn new(size: ImageSize, values: Vec<u8>) -> Self {
        assert_eq!(values.len(), size.pixel_count(), "α raster length");
        Self { size, values }
    }

    /// All values, row-major.
    pub fn values(&self) -> &[u8] {
        &self.values
    }
}

impl AlphaSource for AlphaRaster {
    fn alpha_rect(&self, rect: PixelRect, out: &mut [u8]) {
        assert_eq!(out.len(), rect.size().pixel_count(), "α buffer length");
        let rows = out.chunks_exact_mut(rect.width.max(1) as usize);
        for (y, row) in (rect.y..rect.bottom()).zip(rows) {
            row.copy_from_slice(&self.values[self.size.index(rect.x, y)..][..row.len()]);
        }
    }
}

/// What the network read at once, and the cells it filled from that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillWindow {
    /// What was read, image px; on the grid, so it may reach past the photo's right and lower edge. Empty in records of
    /// schema version 1 when a cell was filled in several pieces, for want of memory: then it is made again in one, which
    /// may differ by a few values.
    pub read: PixelRect,
    /// The cells, by column and row of the grid of [`CELL_PX`] squares.
    pub cells: Vec<TileIndex>,
    /// The pixels of its only cell that were taken from this window, when that cell was filled in several pieces.
    pub piece: Option<PixelRect>,
}

/// The windows that all fills of `restoration` were made from, in a fixed order.
pub fn fill_windows(restoration: &Restoration) -> Vec<FillWindow> {
    let mut windows: BTreeMap<[u32; 4], FillWindow> = BTreeMap::new();
    let mut pieces: BTreeMap<[u32; 4], FillWindow> = BTreeMap::new();
    let place = |rect: PixelRect| [rect.y, rect.x, rect.height, rect.width];
    for cell in restoration.cells().filter(|cell| !cell.rect.is_empty()) {
        for piece in &cell.pieces {
            let window = FillWindow {
                read: piece.read,
                cells: vec![cell.index],
                piece: Some(piece.rect),
            };
            // Pieces of different cells share no pixel.
            pieces.insert(place(piece.rect), window);
        }
        if cell.pieces.is_empty() {
            let window = windows.entry(place(cell.window));
            let window = window.or_insert_with(|| FillWindow {
                read: cell.window,
                cells: Vec::new(),
                piece: None,
            });
            window.cells.push(cell.index);
        }
    }
    windows.into_values().chain(pieces.into_values()).collect()
}

/// Makes the fills of `windows` again.
///
/// # Errors
/// [`RestoreError::Window`] for a window that no fill can have, [`RestoreError::MaskSize`] when α is another photo's,
/// [`RestoreError::Inference`] when a run fails or `cancel` was set.
pub fn rerender(
    photo: &Photo,
    alpha: &AlphaRaster,
    windows: &[FillWindow],
    engine: &mut Engine,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Restoration, RestoreError> {
    if alpha.size != photo.size() {
        return Err(RestoreError::MaskSize {
            photo: photo.size(),
            mask: alpha.size,
        });
    }
    let contexts = ContextCache::new(engine.run_bytes() as usize / 8);
    let mut again = Again {
        photo,
        alpha,
        engine,
        contexts,
        cancel,
        restoration: Restoration::new(0),
        pieced: BTreeMap::new(),
    };
    let total = windows.len() as u64;
    for (done, window) in (0..).zip(windows) {
        progress.report(Stage::Filling, done, total);
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled.into());
        }
        match window.piece {
            None => again.fill_window(window)?,
            Some(piece) => again.fill_piece(window, piece)?,
        }
    }
    progress.report(Stage::Filling, total, total);
    Ok(again.finish())
}

/// What is made again, and from what.
struct Again<'a> {
    photo: &'a Photo,
    alpha: &'a AlphaRaster,
    engine: &'a mut Engine,
    contexts: ContextCache,
    cancel: &'a CancelToken,
    restoration: Restoration,
    /// Cells made in pieces, as far as they are there.
    pieced: BTreeMap<TileIndex, PiecedFill>,
}

impl Again<'_> {
    /// Fills the cells of `window`, which were made from it in whole.
    fn fill_window(&mut self, window: &FillWindow) -> Result<(), RestoreError> {
        let size = self.photo.size();
        let plans: Option<Vec<CellPlan>> = window.cells.iter().map(|&i| plan(i, size)).collect();
        let plans = plans.ok_or_else(|| self.no_window(window))?;
        let alpha = self.alpha;
        let mut holes: Vec<CellHole<'_>> = plans.iter().map(|p| CellHole::new(alpha, p)).collect();
        holes.retain(|hole| !hole.rect.is_empty());
        for (read, holes) in runs(window.read, &holes, size, self.engine) {
            check_window(read.read, size, self.engine)?;
            if !holes.iter().all(|hole| self.reads(&read, hole.rect)) {
                return Err(self.no_window(window));
            }
            let fill = self.run(&read)?;
            for hole in holes {
                self.restoration.insert(Arc::new(fill.cell(hole)));
            }
        }
        Ok(())
    }

    /// Fills `piece`, a part of the only cell of `window`.
    fn fill_piece(&mut self, window: &FillWindow, piece: PixelRect) -> Result<(), RestoreError> {
        let size = self.photo.size();
        let &[index] = &window.cells[..] else {
            return Err(self.no_window(window));
        };
        let plan = plan(index, size).ok_or_else(|| self.no_window(window))?;
        let hole = CellHole::new(self.alpha, &plan);
        check_window(window.read, size, self.engine)?;
        let read = Window {
            core: window.read.intersect(size.rect()),
            read: window.read,
        };
        let ends_inside = |start: u32, length: u32, end: u32| {
            length > 0 && u64::from(start) + u64::from(length) <= u64::from(end)
        };
        let is_inside = ends_inside(piece.x, piece.width, size.width)
            && ends_inside(piece.y, piece.height, size.height)
            && hole.rect.intersect(piece) == piece;
        if !is_inside || !self.reads(&read, piece) {
            return Err(self.no_window(window));
        }
        let fill = self.run(&read)?;
        let channels = self.photo.channels().count();
        let whole = self.pieced.entry(index);
        let whole = whole.or_insert_with(|| PiecedFill::new(&hole, channels));
        whole.add(&fill, piece);
        Ok(())
    }

    /// Everything that was filled.
    fn finish(mut self) -> Restoration {
        for (index, whole) in self.pieced {
            if let Some(plan) = plan(index, self.photo.size()) {
                let cell = whole.cell(&CellHole::new(self.alpha, &plan));
                self.restoration.insert(Arc::new(cell));
            }
        }
        self.restoration
    }

    fn run(&mut self, window: &Window) -> Result<WindowFill, RestoreError> {
        let Self { photo, alpha, .. } = *self;
        let (contexts, cancel) = (&self.contexts, self.cancel);
        let bounds = RunBounds::of(self.engine);
        let input = WindowInput::new(photo, alpha, window, bounds)?;
        let output = input.run(photo, self.engine, contexts, cancel)?;
        Ok(output.fill(photo, contexts))
    }

    /// Whether `window` reads all of `rect` inside the photo.
    fn reads(&self, window: &Window, rect: PixelRect) -> bool {
        let inside = rect.intersect(window.read);
        inside.intersect(self.photo.size().rect()) == rect
    }

    fn no_window(&self, window: &FillWindow) -> RestoreError {
        RestoreError::Window {
            photo: self.photo.size(),
            window: window.read,
        }
    }
}

/// The network runs that fill `holes`: one that reads `read`, or one a cell where that is empty.
fn runs<'h, 'p>(
    read: PixelRect,
    holes: &'h [CellHole<'p>],
    size: ImageSize,
    engine: &Engine,
) -> Vec<(Window, &'h [CellHole<'p>])> {
    if !read.is_empty() {
        // Its right edge is found after the check: numbers of a file may be of any size.
        let core = PixelRect::new(
            read.x,
            read.y,
            read.width.min(size.width.saturating_sub(read.x)),
            read.height.min(size.height.saturating_sub(read.y)),
        );
        return vec![(Window { core, read }, holes)];
    }
    let halo_px = engine.filler_manifest().halo_px;
    let alone = holes.chunks(1);
    alone
        .map(|hole| (window_around(hole[0].rect, size, halo_px), hole))
        .collect()
}

/// The cell at `index`; `None` outside the photo.
fn plan(index: TileIndex, size: ImageSize) -> Option<CellPlan> {
    let is_there =
        index.column < size.width.div_ceil(CELL_PX) && index.row < size.height.div_ceil(CELL_PX);
    is_there.then(|| CellPlan {
        index,
        core: index.rect(CELL_PX, size),
        window: PixelRect::EMPTY,
        stamp: 0,
    })
}

/// The largest window anyone makes: one of several cells, or one cell with its halo.
fn largest_window_px(engine: &Engine) -> u64 {
    let alone = u64::from(CELL_PX + 2 * (engine.filler_manifest().halo_px + NETWORK_GRID_PX));
    MAX_WINDOW_PX.max(alone * alone)
}

/// A record is a file like any other: what it says is checked before memory is taken.
fn check_window(read: PixelRect, size: ImageSize, engine: &Engine) -> Result<(), RestoreError> {
    let padded = padded_size(size);
    let end = |start: u32, length: u32| u64::from(start) + u64::from(length);
    let fits = end(read.x, read.width) <= u64::from(padded.width)
        && end(read.y, read.height) <= u64::from(padded.height)
        && !read.is_empty()
        && snap_outward(read) == read
        && u64::from(read.width) * u64::from(read.height) <= largest_window_px(engine);
    if fits {
        return Ok(());
    }
    Err(RestoreError::Window {
        photo: size,
        window: read,
    })
}
