//! One opened photo with its mask, history, detection and restoration. No UI, no threads.

mod changing;
mod clearing;
mod exported;
mod memory;
mod planning;
mod repairs;
mod steps;
mod transfer;
mod work;

pub use work::SavedWork;

use std::sync::Arc;

use crate::geometry::{ImageSize, PixelRect};
use crate::mask::{
    AreaRepairs, Brush, BrushMode, Editable, EffectiveMask, History, Mask, MaskLayer,
    MaskedCounter, Shape, Stroke, clear_rect, label, line, set_raster,
};
use crate::photo::Photo;
use crate::restore::{
    ALPHA_REACH_PX, CellPlan, ContextCache, Detection, FillCell, FillPlanner, Restoration,
};

use exported::Exported;

pub use changing::{ChangeOutcome, Changed, Changing};
pub use exported::Snapshot;
pub use memory::KeptMemory;
pub use planning::{Planned, Planning};

/// The threshold of a new document, 0.5 of the probability map's 255 steps.
pub const DEFAULT_THRESHOLD: u8 = 128;

/// Bytes of stage 1's context that a document keeps: that of about 16 megapixels.
pub const DEFAULT_CONTEXT_BYTES: usize = 256 << 20;

/// How far the brush moves between two requests for what lies behind it ([`Document::stale_behind_stroke`]), image px: half
/// a cell.
pub const FILL_BEHIND_EVERY_PX: f32 = 128.0;

/// Why something does not belong to a document.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// Another size than the photo's.
    #[error(
        "this {what} is of {actual} px, but the photo has {expected} px; it was made for another picture"
    )]
    Size {
        /// "mask" or "detection".
        what: &'static str,
        /// The photo's size.
        expected: ImageSize,
        /// The size found.
        actual: ImageSize,
    },
    /// A fill of other channels than the photo's.
    #[error("a healed area in it is of other colour channels than the photo")]
    Channels,
}

/// What is being worked on: the photo and everything decided about it.
///
/// Only mask and threshold can be undone. A fill is stale when the mask around its cell is no longer the one it was made
/// for; that is found by comparison, so a dropped or cancelled fill loses nothing.
#[derive(Debug)]
pub struct Document {
    photo: Arc<Photo>,
    editable: Editable,
    history: History,
    stroke: Option<Stroke>,
    detection: Option<Arc<Detection>>,
    contexts: Arc<ContextCache>,
    restoration: Restoration,
    planner: FillPlanner,
    counter: MaskedCounter,
    /// The last plan with the revision and halo it was made for.
    plans: Option<(u64, u32, Vec<CellPlan>)>,
    revision: u64,
    display_revision: u64,
    exported: Exported,
}

impl Document {
    /// A document for `photo` with an empty mask and [`DEFAULT_THRESHOLD`].
    pub fn new(photo: Arc<Photo>) -> Self {
        Self::with_threshold(photo, DEFAULT_THRESHOLD)
    }

    /// A document for `photo` with an empty mask and a threshold of 1 to 255 (0 becomes 1).
    pub fn with_threshold(photo: Arc<Photo>, threshold: u8) -> Self {
        let editable = Editable {
            mask: Mask::new(photo.size()),
            threshold: threshold.max(1),
            repairs: AreaRepairs::default(),
        };
        Self {
            photo,
            exported: Exported::Never(editable.clone()),
            editable,
            history: History::default(),
            stroke: None,
            detection: None,
            contexts: Arc::new(ContextCache::new(DEFAULT_CONTEXT_BYTES)),
            restoration: Restoration::default(),
            planner: FillPlanner::default(),
            counter: MaskedCounter::default(),
            plans: None,
            revision: 0,
            display_revision: 0,
        }
    }

    /// The master.
    pub fn photo(&self) -> &Arc<Photo> {
        &self.photo
    }

    /// The person's layers.
    pub fn mask(&self) -> &Mask {
        &self.editable.mask
    }

    /// The mask as it acts; a snapshot that later edits do not change, cheap to take.
    pub fn effective_mask(&self) -> EffectiveMask {
        let detected = self
            .detection
            .as_ref()
            .map(|detection| (Arc::clone(&detection.map), self.editable.threshold));
        EffectiveMask::new(self.editable.mask.clone(), detected)
    }

    /// Pixels of the effective mask with a value of at least 128; looks only where it changed since the last call.
    pub fn masked_pixels(&mut self) -> u64 {
        let mask = self.effective_mask();
        self.counter.count(&mask)
    }

    /// The threshold on the probability map, 1 to 255: what is as probable or more is damage.
    pub fn threshold(&self) -> u8 {
        self.editable.threshold
    }

    /// Stage 1's answer, once there is one.
    pub fn detection(&self) -> Option<&Arc<Detection>> {
        self.detection.as_ref()
    }

    /// Stage 1's context for stage 2, shared with the jobs.
    pub fn contexts(&self) -> &Arc<ContextCache> {
        &self.contexts
    }

    /// What is filled now; parts of it may be stale.
    pub fn restoration(&self) -> &Restoration {
        &self.restoration
    }

    /// Number of the effective mask's state: grows with each finished edit, undo, redo, threshold and detection.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Grows with everything that may change what a window shows: unfinished strokes and fills as well.
    pub fn display_revision(&self) -> u64 {
        self.display_revision
    }

    /// What undo would take back.
    pub fn undo_label(&self) -> Option<&'static str> {
        self.history.undo_label()
    }

    /// What redo would make again.
    pub fn redo_label(&self) -> Option<&'static str> {
        self.history.redo_label()
    }

    /// Whether an edit is in progress; until it ends, undo and redo do nothing.
    pub fn is_editing(&self) -> bool {
        self.history.is_open()
    }

    /// Begins an edit of several steps; `false` when one is in progress already.
    pub fn begin_edit(&mut self, label: &'static str) -> bool {
        self.history.begin(label, &self.editable)
    }

    /// The person's layers to change inside an edit; `None` when none was begun.
    pub fn mask_mut(&mut self) -> Option<&mut Mask> {
        if !self.history.is_open() {
            return None;
        }
        self.display_revision += 1;
        Some(&mut self.editable.mask)
    }

    /// Ends the edit or stroke in progress and makes it one undo step; `false` when it changed nothing.
    pub fn commit(&mut self) -> bool {
        self.stroke = None;
        let changed = self.history.commit(&mut self.editable);
        // Made while the stroke was drawn, perhaps.
        self.plans = None;
        if changed {
            self.mask_changed();
        }
        changed
    }

    /// Ends the edit or stroke in progress and brings back the mask before it; `false` when there was none.
    pub fn abort(&mut self) -> bool {
        self.stroke = None;
        let was_open = self.history.abort(&mut self.editable);
        if was_open {
            self.mask_changed();
        }
        was_open
    }

    /// Makes one whole edit: `change` gets the layers and the effective mask before it; `false` when nothing changed.
    ///
    /// An edit in progress is committed first.
    pub fn edit(
        &mut self,
        label: &'static str,
        change: impl FnOnce(&mut Mask, &EffectiveMask),
    ) -> bool {
        self.commit();
        let before = self.effective_mask();
        self.history.begin(label, &self.editable);
        change(&mut self.editable.mask, &before);
        self.commit()
    }

    /// Puts the brush down at (`x`, `y`), image px; returns what may have changed. Ends with [`Self::commit`] or
    /// [`Self::abort`]; an edit in progress is committed first.
    pub fn begin_stroke(&mut self, brush: &Brush, x: f32, y: f32) -> PixelRect {
        self.begin_pressed_stroke(brush, (x, y), 1.0)
    }

    /// As [`Self::begin_stroke`] with a pen's pressure, 0 to 1, which narrows the brush.
    pub fn begin_pressed_stroke(
        &mut self,
        brush: &Brush,
        at: (f32, f32),
        pressure: f32,
    ) -> PixelRect {
        self.commit();
        let label = match brush.mode {
            BrushMode::Paint => label::BRUSH_STROKE,
            BrushMode::Erase => label::ERASE,
            BrushMode::Protect => label::PROTECT,
            BrushMode::Unprotect => label::UNPROTECT,
        };
        self.history.begin(label, &self.editable);
        let stroke = Stroke::begin_pressed(&mut self.editable.mask, brush, at, pressure);
        self.display_revision += 1;
        let dirty = stroke.dirty();
        self.stroke = Some(stroke);
        dirty
    }

    /// Moves the brush to (`x`, `y`); returns what may have changed, nothing when no stroke was begun.
    pub fn extend_stroke(&mut self, x: f32, y: f32) -> PixelRect {
        self.extend_pressed_stroke((x, y), 1.0)
    }

    /// As [`Self::extend_stroke`] with a pen's pressure, 0 to 1.
    pub fn extend_pressed_stroke(&mut self, at: (f32, f32), pressure: f32) -> PixelRect {
        let Some(stroke) = &mut self.stroke else {
            return PixelRect::EMPTY;
        };
        self.display_revision += 1;
        stroke.extend_pressed(&mut self.editable.mask, at, pressure)
    }

    /// A straight line as one edit; returns what may have changed.
    pub fn draw_line(&mut self, brush: &Brush, from: (f32, f32), to: (f32, f32)) -> PixelRect {
        let mut dirty = PixelRect::EMPTY;
        self.edit(label::LINE, |mask, _| dirty = line(mask, brush, from, to));
        dirty
    }

    /// Draws `shape` as one edit; `false` when it changed nothing.
    pub fn draw(&mut self, mode: BrushMode, shape: &Shape) -> bool {
        self.edit(shape.label(mode), |mask, _| {
            shape.draw(mask, mode);
        })
    }

    /// Takes everything out of the mask, what is detected now included; protection stays. `false` when it was empty.
    pub fn clear_mask(&mut self) -> bool {
        let all = self.photo.size().rect();
        self.edit(label::CLEAR_MASK, |mask, effective| {
            clear_rect(mask, effective, all);
        })
    }

    /// Replaces the person's layers as one edit; `false` when they are the same.
    pub fn replace_layers(&mut self, label: &'static str, layers: Mask) -> bool {
        self.edit(label, |mask, _| *mask = layers)
    }

    /// Drops what the person painted and erased, so that the mask is what is detected; protection stays.
    pub fn reset_strokes(&mut self) -> bool {
        let empty = MaskLayer::new(self.photo.size());
        self.edit(label::RESET_STROKES, |mask, _| {
            mask.added = empty.clone();
            mask.removed = empty;
        })
    }

    /// Replaces the effective mask by a loaded one (row-major, 255 = repair) as one edit; `false` when it is the same.
    ///
    /// # Errors
    /// [`DocumentError::Size`] when `size` is not the photo's.
    ///
    /// # Panics
    /// When `values` is not of `size`.
    pub fn load_mask(&mut self, size: ImageSize, values: &[u8]) -> Result<bool, DocumentError> {
        self.check_size("mask", size)?;
        Ok(self.edit(label::LOAD_MASK, |mask, effective| {
            set_raster(mask, effective, values);
        }))
    }

    /// Takes `threshold` (0 becomes 1) as what the photo suggests, unless somebody has worked on it: no step of undo.
    pub fn suggest_threshold(&mut self, threshold: u8) {
        if self.saved_work().is_empty() {
            self.editable.threshold = threshold.max(1);
            if let Exported::Never(beginning) = &mut self.exported {
                *beginning = self.editable.clone();
            }
            self.mask_changed();
        }
    }

    /// Sets the threshold (0 becomes 1): no inference, strokes stay; one slider drag is one undo step.
    ///
    /// Calls in a row belong to one drag until [`Self::end_threshold_drag`] or any other edit.
    pub fn set_threshold(&mut self, threshold: u8) -> bool {
        let changed = self
            .history
            .set_threshold(&mut self.editable, threshold.max(1));
        if changed {
            self.mask_changed();
        }
        changed
    }

    /// The slider was let go: the next [`Self::set_threshold`] is an undo step of its own.
    pub fn end_threshold_drag(&mut self) {
        self.history.seal();
    }

    /// Takes the newest edit back and returns its label. Its fills come back with [`Self::stale_cells`], uncomputed.
    pub fn undo(&mut self) -> Option<&'static str> {
        let label = self.history.undo(&mut self.editable)?;
        self.mask_changed();
        Some(label)
    }

    /// Makes the edit undone last again and returns its label.
    pub fn redo(&mut self) -> Option<&'static str> {
        let label = self.history.redo(&mut self.editable)?;
        self.mask_changed();
        Some(label)
    }

    /// Takes over stage 1's answer; the person's layers stay, nothing is pushed for undo.
    ///
    /// # Errors
    /// [`DocumentError::Size`] when it was made for another photo.
    pub fn set_detection(&mut self, detection: Arc<Detection>) -> Result<(), DocumentError> {
        self.check_size("detection", detection.map.size())?;
        self.detection = Some(detection);
        self.mask_changed();
        Ok(())
    }

    /// Brings the restoration up to date as far as that needs no inference, and returns the cells that do need it.
    ///
    /// Fills of cells that the mask left are dropped, kept fills (as after undo) come back. `halo_px` is stage 2's.
    pub fn stale_cells(&mut self, halo_px: u32) -> Vec<CellPlan> {
        let plans = match self.plans.take() {
            Some((revision, halo, plans)) if (revision, halo) == (self.revision, halo_px) => plans,
            _ => self.planner.plan(&self.effective_mask(), halo_px),
        };
        let cells_before = self.restoration.cells().count();
        self.restoration.prune(&plans);
        let dropped = self.restoration.cells().count() != cells_before;
        let adopted = self.restoration.adopt_cached(&plans);
        if dropped || !adopted.is_empty() {
            self.display_revision += 1;
        }
        let stale = self.restoration.stale(&plans);
        self.plans = Some((self.revision, halo_px, plans));
        stale
    }

    /// While a stroke is being drawn: the cells that need inference and that the brush at `at` (image px) has left, so that
    /// they can be filled already. Nothing when there is no stroke.
    ///
    /// Cells whose fill depends on what lies within half a brush of `at` are left out: each further step would make their
    /// fills stale. The stroke's end asks for the rest with [`Self::stale_cells`].
    pub fn stale_behind_stroke(&mut self, halo_px: u32, at: (f32, f32)) -> Vec<CellPlan> {
        let Some(stroke) = &self.stroke else {
            return Vec::new();
        };
        let reach_px = ALPHA_REACH_PX + stroke.radius_px();
        let size = self.photo.size();
        let plans = self.planner.plan(&self.effective_mask(), halo_px);
        let is_left = |plan: &CellPlan| {
            let window = plan.window.intersect(size.rect());
            let seen = window.grown_within(reach_px, size);
            !seen.contains(at.0.max(0.0) as u32, at.1.max(0.0) as u32)
        };
        let mut stale = self.restoration.stale(&plans);
        stale.retain(is_left);
        self.plans = Some((self.revision, halo_px, plans));
        stale
    }

    /// Takes over a finished fill; returns whether the picture changed.
    ///
    /// One for an older mask is shown only where nothing newer is: it never replaces a fill that is up to date, nor one of
    /// a cell that the mask has left.
    pub fn insert_fill(&mut self, cell: Arc<FillCell>) -> bool {
        if let Some((revision, _, plans)) = &self.plans
            && *revision == self.revision
        {
            let Some(plan) = plans.iter().find(|plan| plan.index == cell.index) else {
                return false;
            };
            let shown = self.restoration.get(cell.index).map(|shown| shown.stamp);
            if cell.stamp != plan.stamp && shown == Some(plan.stamp) {
                return false;
            }
        }
        self.restoration.insert(cell);
        self.display_revision += 1;
        true
    }

    fn mask_changed(&mut self) {
        let repairs = self.editable.repairs.clone();
        self.restoration.set_repairs(repairs);
        self.revision += 1;
        self.display_revision += 1;
    }

    fn check_size(&self, what: &'static str, actual: ImageSize) -> Result<(), DocumentError> {
        let expected = self.photo.size();
        if actual == expected {
            return Ok(());
        }
        Err(DocumentError::Size {
            what,
            expected,
            actual,
        })
    }
}
