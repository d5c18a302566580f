//! Undo and redo of mask and threshold: one transaction an edit, limited by bytes. Holds tiles, never strokes.

use super::Mask;

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
    pub const CLEAR_MASK: &str = "Clear mask";
    /// The person's strokes dropped, detection kept.
    pub const RESET_STROKES: &str = "Reset to detected";
    /// Another threshold.
    pub const SENSITIVITY: &str = "Sensitivity";
    /// A mask read from a file.
    pub const LOAD_MASK: &str = "Load mask";
    /// Masked and unmasked exchanged.
    pub const INVERT: &str = "Invert mask";
    /// The mask made wider.
    pub const GROW: &str = "Grow mask";
    /// The mask made narrower.
    pub const SHRINK: &str = "Shrink mask";
    /// Small spots taken out.
    pub const REMOVE_SPECKS: &str = "Remove specks";
}

/// Bytes of replaced tiles that undo keeps unless told otherwise: 256 MiB.
pub const DEFAULT_HISTORY_BYTES: usize = 256 << 20;

/// What the history can bring back: the person's layers and the threshold of the detection (0 to 255).
#[derive(Clone, Debug)]
pub struct HistoryStep {
    /// The edit's name.
    pub label: &'static str,
}

/// Undo and redo stacks.
#[derive(Debug)]
pub struct History {
    limit_bytes: usize,
}

impl History {
    /// An empty history that keeps about `limit_bytes` of tiles, and always the newest edit.
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes }
    }

    /// The limit, bytes.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Opens a transaction on `mask` and `threshold` as they are now; an open one is kept and `false` returned.
    pub fn begin(&mut self, _label: &'static str, _mask: &Mask, _threshold: u8) -> bool {
        false
    }
}
