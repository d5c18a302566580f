//! Undo and redo of mask and threshold: one transaction an edit, limited by bytes. Holds tiles, never strokes.

mod cleared;
mod prepared;

pub use prepared::PreparedEdit;

use std::collections::VecDeque;
use std::sync::Arc;

use super::tile::MASK_TILE_BYTES;
use super::{AreaRepairs, Mask, MaskLayer, MaskTile};
use crate::disposal::drop_apart;
use crate::geometry::TileIndex;

/// Names of edits, as a menu shows them after "Undo" and "Redo".
pub mod label {
    /// A stroke that marks damage.
    pub const BRUSH_STROKE: &str = "Brush stroke";
    /// A stroke that takes marks away.
    pub const ERASE: &str = "Erase";
    /// A stroke that protects.
    pub const PROTECT: &str = "Protect";
    /// A stroke that takes protection away.
    pub const UNPROTECT: &str = "Unprotect";
    /// A straight line.
    pub const LINE: &str = "Line";
    /// A filled rectangle or polygon.
    pub const SHAPE: &str = "Fill area";
    /// The whole mask emptied.
    pub const CLEAR_MASK: &str = "Clear marks";
    /// What the mask was emptied of given back to the search.
    pub const FIND_DAMAGE: &str = "Find damage";
    /// The person's strokes dropped, detection kept.
    pub const RESET_STROKES: &str = "Reset to detected";
    /// Another threshold.
    pub const SENSITIVITY: &str = "Sensitivity";
    /// A mask read from a file.
    pub const LOAD_MASK: &str = "Load mask";
    /// Masked and unmasked exchanged.
    pub const INVERT: &str = "Invert marks";
    /// The mask made wider.
    pub const GROW: &str = "Grow marks";
    /// The mask made narrower.
    pub const SHRINK: &str = "Shrink marks";
    /// An area repaired more or less strongly.
    pub const AREA_STRENGTH: &str = "Strength of an area";
    /// An area filled from a place that the person chose.
    pub const HEAL: &str = "Heal from source";
    /// An area filled from the best match found.
    pub const SUGGESTION: &str = "Other suggestion";
    /// An area repaired from what shows through its damage.
    pub const SHOWS_THROUGH: &str = "What shows through";
    /// An area filled by the network again.
    pub const NETWORK_FILL: &str = "Network's fill";
    /// Small spots taken out.
    pub const REMOVE_SPECKS: &str = "Remove specks";
}

/// Bytes of replaced tiles that undo keeps unless told otherwise: 256 MiB.
pub const DEFAULT_HISTORY_BYTES: usize = 256 << 20;

/// What an edit may change and undo brings back.
#[derive(Clone, Debug)]
pub struct Editable {
    /// The person's layers.
    pub mask: Mask,
    /// Threshold of the detection, 1 to 255.
    pub threshold: u8,
    /// What was decided for single areas.
    pub repairs: AreaRepairs,
}

impl Editable {
    /// Whether both share all their tiles, as after undo; equal tiles stored twice count as different.
    pub fn is_same(&self, other: &Self) -> bool {
        let Self {
            mask,
            threshold,
            repairs,
        } = self;
        *threshold == other.threshold
            && repairs.is_same(&other.repairs)
            && LayerName::ALL.iter().all(|name| {
                let changed = name.of(mask).changed_tiles(name.of(&other.mask));
                changed.is_empty()
            })
    }
}

/// Which layer of a [`Mask`] a tile belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerName {
    /// Painted damage.
    Added,
    /// Erased damage.
    Removed,
    /// Never touch.
    Protected,
}

impl LayerName {
    /// All layers, in the order of their numbers in files.
    pub const ALL: [Self; 3] = [Self::Added, Self::Removed, Self::Protected];

    /// The layer of that name.
    pub fn of(self, mask: &Mask) -> &MaskLayer {
        match self {
            Self::Added => &mask.added,
            Self::Removed => &mask.removed,
            Self::Protected => &mask.protected,
        }
    }

    /// The layer of that name, to write.
    pub fn of_mut(self, mask: &mut Mask) -> &mut MaskLayer {
        match self {
            Self::Added => &mut mask.added,
            Self::Removed => &mut mask.removed,
            Self::Protected => &mut mask.protected,
        }
    }
}

/// One edit: what stood before it, or, on the redo stack, what stood after.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Number of this content within its [`History`]: grows with every edit, undo and redo, so that on either stack later
    /// edits have larger ones.
    pub serial: u64,
    /// As a menu shows it.
    pub label: &'static str,
    /// The other threshold, where the edit changed it.
    pub threshold: Option<u8>,
    /// The other tiles; `None` is an empty one.
    pub tiles: Vec<(LayerName, TileIndex, Option<Arc<MaskTile>>)>,
    /// The repairs to exchange, and the bytes of what only one of both lists holds.
    pub repairs: Option<(AreaRepairs, usize)>,
}

impl Edit {
    /// What leads from `before` to `now`; tidies the storage of `now` on the way.
    fn between(serial: u64, label: &'static str, before: &Editable, now: &mut Editable) -> Self {
        Self {
            serial,
            label,
            threshold: (before.threshold != now.threshold).then_some(before.threshold),
            tiles: changed_tiles(&before.mask, &mut now.mask),
            repairs: exchanged(&before.repairs, &now.repairs),
        }
    }

    /// Every tile counts in full, absent or not, so that swapping never changes the sum.
    fn byte_len(&self) -> usize {
        let repairs = self.repairs.as_ref().map_or(0, |(_, bytes)| *bytes);
        size_of::<Self>() + self.tiles.len() * MASK_TILE_BYTES + repairs
    }

    fn is_empty(&self) -> bool {
        self.threshold.is_none() && self.tiles.is_empty() && self.repairs.is_none()
    }

    /// Exchanges its state with the current one; afterwards it undoes itself.
    fn swap(&mut self, now: &mut Editable) {
        if let Some(threshold) = &mut self.threshold {
            std::mem::swap(threshold, &mut now.threshold);
        }
        if let Some((repairs, _)) = &mut self.repairs {
            std::mem::swap(repairs, &mut now.repairs);
        }
        for (layer, index, tile) in &mut self.tiles {
            *tile = layer
                .of_mut(&mut now.mask)
                .replace_tile(*index, tile.take());
        }
    }
}

/// Undo and redo stacks, and the transaction in progress.
#[derive(Debug)]
pub struct History {
    limit_bytes: usize,
    undo: VecDeque<Arc<Edit>>,
    redo: Vec<Arc<Edit>>,
    /// Serial of the newest edit, undo or redo.
    last_serial: u64,
    open: Option<(&'static str, Editable)>,
    /// Whether edits were dropped for want of bytes.
    has_dropped: bool,
    /// What a slider changes: the newest edit, if of this name, may take in its next value.
    coalesces: Option<&'static str>,
}

impl Default for History {
    fn default() -> Self {
        Self::new(DEFAULT_HISTORY_BYTES)
    }
}

impl History {
    /// An empty history that keeps at most `limit_bytes` of tiles, but always the newest edit.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            undo: VecDeque::new(),
            redo: Vec::new(),
            last_serial: 0,
            open: None,
            has_dropped: false,
            coalesces: None,
        }
    }

    /// Opens a transaction on the state as it is now; returns `false` and changes nothing when one is open already.
    pub fn begin(&mut self, label: &'static str, now: &Editable) -> bool {
        if self.open.is_some() {
            return false;
        }
        self.open = Some((label, now.clone()));
        true
    }

    /// Closes the transaction and keeps what it changed as one undo step; what was undone before can no longer be redone.
    ///
    /// Tiles that became all 0 are dropped and tiles that were touched but not changed get their old storage back.
    /// Returns `false`, with nothing pushed, when nothing changed or no transaction is open.
    pub fn commit(&mut self, now: &mut Editable) -> bool {
        let Some((label, before)) = self.open.take() else {
            return false;
        };
        let edit = Edit::between(self.next_serial(), label, &before, now);
        if edit.is_empty() {
            // Touched tiles got their storage back, but maybe not the shared tile list.
            *now = before;
            return false;
        }
        self.push(edit);
        true
    }

    /// Closes the transaction and brings back the state at its beginning; returns whether one was open.
    pub fn abort(&mut self, now: &mut Editable) -> bool {
        let Some((_, before)) = self.open.take() else {
            return false;
        };
        *now = before;
        true
    }

    /// Sets the threshold as an edit of its own; calls in a row, until anything else happens, make one undo step.
    ///
    /// Inside a transaction the change belongs to that.
    pub fn set_threshold(&mut self, now: &mut Editable, threshold: u8) -> bool {
        if threshold == now.threshold {
            return false;
        }
        let before = std::mem::replace(&mut now.threshold, threshold);
        if self.open.is_some() {
            return true;
        }
        if self.coalesces == Some(label::SENSITIVITY)
            && let Some(newest) = self.undo.back()
        {
            // Back where the drag began: nothing is left to undo.
            if newest.threshold == Some(threshold) {
                self.undo.pop_back();
                self.coalesces = None;
            }
            return true;
        }
        let serial = self.next_serial();
        self.push(Edit {
            serial,
            label: label::SENSITIVITY,
            threshold: Some(before),
            tiles: Vec::new(),
            repairs: None,
        });
        self.coalesces = Some(label::SENSITIVITY);
        true
    }

    /// Sets what was decided for single areas as an edit of its own; `slides`: calls in a row with the same label, until
    /// anything else happens, make one undo step.
    ///
    /// Inside a transaction the change belongs to that.
    pub fn set_repairs(
        &mut self,
        now: &mut Editable,
        label: &'static str,
        repairs: AreaRepairs,
        slides: bool,
    ) -> bool {
        if repairs.is_same(&now.repairs) {
            return false;
        }
        let before = std::mem::replace(&mut now.repairs, repairs);
        if self.open.is_some() {
            return true;
        }
        if slides
            && self.coalesces == Some(label)
            && let Some(newest) = self.undo.back_mut()
            && let Some((first, _)) = &newest.repairs
        {
            if first.is_same(&now.repairs) {
                // Back where the drag began: nothing is left to undo.
                self.undo.pop_back();
                self.coalesces = None;
                return true;
            }
            self.last_serial += 1;
            let newest = Arc::make_mut(newest);
            newest.serial = self.last_serial;
            newest.repairs = exchanged_since(newest.repairs.take(), &now.repairs);
            return true;
        }
        let serial = self.next_serial();
        self.push(Edit {
            serial,
            label,
            threshold: None,
            tiles: Vec::new(),
            repairs: exchanged(&before, &now.repairs),
        });
        self.coalesces = slides.then_some(label);
        true
    }

    /// Ends a row of [`Self::set_threshold`] or [`Self::set_repairs`] calls (the slider was let go): the next one is an undo
    /// step of its own.
    pub fn seal(&mut self) {
        self.coalesces = None;
    }

    /// Takes the newest edit back; returns its label. Does nothing while a transaction is open.
    pub fn undo(&mut self, now: &mut Editable) -> Option<&'static str> {
        if self.open.is_some() {
            return None;
        }
        let edit = self.undo.pop_back()?;
        let edit = self.swapped(edit, now);
        let label = edit.label;
        self.redo.push(edit);
        Some(label)
    }

    /// Makes the edit undone last again; returns its label. Does nothing while a transaction is open.
    pub fn redo(&mut self, now: &mut Editable) -> Option<&'static str> {
        if self.open.is_some() {
            return None;
        }
        let edit = self.redo.pop()?;
        let edit = self.swapped(edit, now);
        let label = edit.label;
        self.undo.push_back(edit);
        Some(label)
    }

    /// What [`Self::undo`] would take back.
    pub fn undo_label(&self) -> Option<&'static str> {
        self.undo.back().map(|edit| edit.label)
    }

    /// What [`Self::redo`] would make again.
    pub fn redo_label(&self) -> Option<&'static str> {
        self.redo.last().map(|edit| edit.label)
    }

    /// What every edit is called, oldest first: those that can be undone, then those that can be made again.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        let edits = self.undo.iter().chain(self.redo.iter().rev());
        edits.map(|edit| edit.label)
    }

    /// Whether undo reaches the state at the very beginning: no edit was dropped.
    pub fn is_complete(&self) -> bool {
        !self.has_dropped
    }

    /// Whether a transaction is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Edits that can be undone.
    pub fn len(&self) -> usize {
        self.undo.len()
    }

    /// True when nothing can be undone.
    pub fn is_empty(&self) -> bool {
        self.undo.is_empty()
    }

    /// Bytes it keeps at most, but always the newest edit.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Bytes of all edits kept, for undo and redo.
    pub fn byte_len(&self) -> usize {
        let edits = self.undo.iter().chain(&self.redo);
        edits.map(|edit| edit.byte_len()).sum()
    }

    /// The edits that can be undone, oldest first, and those that can be redone, the next one last.
    pub fn edits(&self) -> (Vec<Arc<Edit>>, Vec<Arc<Edit>>) {
        (self.undo.iter().cloned().collect(), self.redo.clone())
    }

    /// A history with edits from [`Self::edits`] of an earlier one, within [`DEFAULT_HISTORY_BYTES`], and that one's
    /// [`Self::is_complete`].
    pub fn from_edits(undo: Vec<Arc<Edit>>, redo: Vec<Arc<Edit>>, is_complete: bool) -> Self {
        let serials = undo.iter().chain(&redo).map(|edit| edit.serial);
        let mut history = Self {
            last_serial: serials.max().unwrap_or(0),
            undo: undo.into(),
            redo,
            has_dropped: !is_complete,
            ..Self::default()
        };
        drop(history.evict());
        history
    }

    /// The transaction in progress: its label and the state before it.
    pub fn open_edit(&self) -> Option<(&'static str, &Editable)> {
        self.open.as_ref().map(|(label, before)| (*label, before))
    }

    fn next_serial(&mut self) -> u64 {
        self.last_serial += 1;
        self.last_serial
    }

    fn swapped(&mut self, edit: Arc<Edit>, now: &mut Editable) -> Arc<Edit> {
        self.coalesces = None;
        let mut edit = Arc::unwrap_or_clone(edit);
        edit.swap(now);
        edit.serial = self.next_serial();
        Arc::new(edit)
    }

    fn push(&mut self, edit: Edit) {
        let mut dropped = std::mem::take(&mut self.redo);
        self.undo.push_back(Arc::new(edit));
        self.coalesces = None;
        dropped.extend(self.evict());
        if !dropped.is_empty() {
            drop_apart(dropped);
        }
    }

    /// Keeps at most `limit_bytes` of tiles from now on; returns the edits that no longer fit, for the caller to drop.
    pub fn set_limit(&mut self, limit_bytes: usize) -> Vec<Arc<Edit>> {
        self.limit_bytes = limit_bytes;
        self.evict()
    }

    /// Takes the oldest edits out until the rest fits.
    fn evict(&mut self) -> Vec<Arc<Edit>> {
        let mut evicted = Vec::new();
        let mut bytes = self.byte_len();
        while self.undo.len() > 1
            && bytes > self.limit_bytes
            && let Some(oldest) = self.undo.pop_front()
        {
            bytes -= oldest.byte_len();
            self.has_dropped = true;
            evicted.push(oldest);
        }
        evicted
    }
}

/// What undo keeps of the repairs `before`; `None` when they are those of `now`.
fn exchanged(before: &AreaRepairs, now: &AreaRepairs) -> Option<(AreaRepairs, usize)> {
    (!before.is_same(now)).then(|| (before.clone(), before.bytes_apart(now)))
}

/// As [`exchanged`], for repairs that change again within one edit.
fn exchanged_since(
    before: Option<(AreaRepairs, usize)>,
    now: &AreaRepairs,
) -> Option<(AreaRepairs, usize)> {
    before.and_then(|(first, _)| exchanged(&first, now))
}

/// The tiles of `before` that `now` really changed; tidies the storage of `now` on the way.
fn changed_tiles(
    before: &Mask,
    now: &mut Mask,
) -> Vec<(LayerName, TileIndex, Option<Arc<MaskTile>>)> {
    let mut changed = Vec::new();
    for name in LayerName::ALL {
        let old = name.of(before);
        for index in old.changed_tiles(name.of(now)) {
            let layer = name.of_mut(now);
            if layer.tile(index).is_some_and(|tile| tile.is_zero()) {
                layer.replace_tile(index, None);
            }
            if old.tile(index) == layer.tile(index) {
                layer.replace_tile(index, old.tile(index).cloned());
            } else {
                changed.push((name, index, old.tile(index).cloned()));
            }
        }
    }
    changed
}
