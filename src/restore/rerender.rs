//! The same fills again, from α and the windows they were made from: what a record keeps to prove a restoration.
//!
//! A fill depends on the photo, on where α is above 0, on the models, and in its last bits on the window it was read from.
//! With all four given it does not matter how the mask was made, or in which order it was edited.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alpha::AlphaSource;
use super::group::MAX_WINDOW_PX;
use super::inpaint::{CellHole, WindowFill};
use super::plan::{CELL_PX, CellPlan};
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
    /// What was read, image px; on the grid, so it may reach past the photo's right and lower edge. Empty when a cell was
    /// filled in several pieces, for want of memory: then it is made again in one, the same but for the last bits.
    pub read: PixelRect,
    /// The cells, by column and row of the grid of [`CELL_PX`] squares.
    pub cells: Vec<TileIndex>,
}

/// The windows that all fills of `restoration` were made from, in a fixed order.
pub fn fill_windows(restoration: &Restoration) -> Vec<FillWindow> {
    let mut windows: BTreeMap<(u32, u32, u32, u32), FillWindow> = BTreeMap::new();
    for cell in restoration.cells().filter(|cell| !cell.rect.is_empty()) {
        let read = cell.window;
        windows
            .entry((read.y, read.x, read.height, read.width))
            .or_insert_with(|| FillWindow {
                read,
                cells: Vec::new(),
            })
            .cells
            .push(cell.index);
    }
    windows.into_values().collect()
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
    let size = photo.size();
    if alpha.size != size {
        return Err(RestoreError::MaskSize {
            photo: size,
            mask: alpha.size,
        });
    }
    let mut restoration = Restoration::new(0);
    let contexts = ContextCache::new(engine.run_bytes() as usize / 8);
    for (done, window) in windows.iter().enumerate() {
        progress.report(Stage::Filling, done as u64, windows.len() as u64);
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled.into());
        }
        let no_window = || RestoreError::Window {
            photo: size,
            window: window.read,
        };
        let plans: Option<Vec<CellPlan>> = window.cells.iter().map(|&i| plan(i, size)).collect();
        let plans = plans.ok_or_else(no_window)?;
        let mut holes: Vec<CellHole<'_>> = plans.iter().map(|p| CellHole::new(alpha, p)).collect();
        holes.retain(|hole| !hole.rect.is_empty());
        for (read, holes) in runs(window.read, &holes, size, engine) {
            check_window(read.read, size, engine)?;
            let is_read = |hole: &CellHole<'_>| {
                let inside = hole.rect.intersect(read.read).intersect(size.rect());
                inside == hole.rect
            };
            if !holes.iter().all(is_read) {
                return Err(no_window());
            }
            let fill = WindowFill::run(photo, alpha, &read, engine, &contexts, cancel)?;
            for hole in holes {
                restoration.insert(Arc::new(fill.cell(hole)));
            }
        }
    }
    progress.report(Stage::Filling, windows.len() as u64, windows.len() as u64);
    Ok(restoration)
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
