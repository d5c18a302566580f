//! The history as a list of states to go to: undo and redo by more than one step.

use super::Document;

/// The states of a document, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// What was done to reach each state after the oldest one that is kept; those after `current` were undone.
    pub labels: Vec<&'static str>,
    /// How many of them are done now: 0 = the oldest state.
    pub current: usize,
    /// Whether the oldest state is the photo as it was opened; else older edits no longer fit into memory.
    pub reaches_beginning: bool,
}

impl Document {
    /// The states that undo and redo can reach.
    pub fn steps(&self) -> Steps {
        Steps {
            labels: self.history.labels().collect(),
            current: self.history.len(),
            reaches_beginning: self.history.is_complete(),
        }
    }

    /// Undoes or redoes until `step` edits of [`Self::steps`] are done; `false` when nothing changed, as while an edit is in
    /// progress. Fills that are kept come back with [`Self::stale_cells`], uncomputed.
    pub fn go_to_step(&mut self, step: usize) -> bool {
        let mut has_moved = false;
        while self.history.len() > step && self.history.undo(&mut self.editable).is_some() {
            has_moved = true;
        }
        while self.history.len() < step && self.history.redo(&mut self.editable).is_some() {
            has_moved = true;
        }
        if has_moved {
            self.mask_changed();
        }
        has_moved
    }
}
