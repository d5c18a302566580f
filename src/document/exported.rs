//! What of a document is in a file already, and whether something would be lost. Nothing is written here.

use std::sync::Arc;

use super::Document;
use crate::mask::Editable;
use crate::restore::Detection;

/// What of a document an export holds: mask, threshold and the detection they act on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    editable: Editable,
    detection: Option<Arc<Detection>>,
}

/// What would be lost if the document were dropped now is what this does not hold.
#[derive(Debug)]
pub(super) enum Exported {
    /// Nothing was exported; the state at the beginning.
    Never(Editable),
    /// The last export.
    Once(Snapshot),
}

impl Document {
    /// What an export of the document as it is now holds, to hand to [`Self::mark_exported`] once it is done.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            editable: self.editable.clone(),
            detection: self.detection.clone(),
        }
    }

    /// Remembers that this state of the work is in a file.
    pub fn mark_exported(&mut self, exported: Snapshot) {
        self.exported = Exported::Once(exported);
    }

    /// True when something would be lost that is in no file: the person's edits, or a repair that was never exported.
    ///
    /// Undoing back to the exported state makes it false again. A search that found nothing is no work.
    pub fn is_modified(&self) -> bool {
        match &self.exported {
            Exported::Never(beginning) => {
                !self.editable.is_same(beginning) || !self.restoration.is_empty()
            }
            Exported::Once(exported) => {
                let same_detection = match (&self.detection, &exported.detection) {
                    (Some(now), Some(then)) => Arc::ptr_eq(now, then),
                    (None, None) => true,
                    _ => false,
                };
                !self.editable.is_same(&exported.editable)
                    || (!same_detection && !self.restoration.is_empty())
            }
        }
    }

    /// True when a decision of the person would be lost: marks, sensitivity, or the repair of an area.
    ///
    /// What a search and its repair gave by themselves can be had again.
    pub fn has_unsaved_edits(&self) -> bool {
        let saved = match &self.exported {
            Exported::Never(beginning) => beginning,
            Exported::Once(exported) => &exported.editable,
        };
        !self.editable.is_same(saved)
    }
}
