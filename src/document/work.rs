//! The person's work as it is kept and brought back: layers, threshold, undo and redo. Writes no files.

use std::sync::Arc;

use super::{Document, DocumentError};
use crate::geometry::ImageSize;
use crate::mask::{AreaRepairs, Edit, Editable, Filling, History, Mask};

/// Everything of a document that only the person could make again. Shares its tiles with the document, so it is cheap.
#[derive(Clone, Debug)]
pub struct SavedWork {
    /// Layers and threshold as the last whole edit left them.
    pub editable: Editable,
    /// The edit in progress: its label, and layers and threshold as far as they have come.
    pub open: Option<(&'static str, Editable)>,
    /// What can be undone, oldest first.
    pub undo: Vec<Arc<Edit>>,
    /// What can be redone, the next one last.
    pub redo: Vec<Arc<Edit>>,
    /// Whether undo reaches the photo as it was opened.
    pub is_complete: bool,
}

impl SavedWork {
    /// No work on a photo of `size` with `threshold`.
    pub fn new(size: ImageSize, threshold: u8) -> Self {
        Self {
            editable: Editable {
                mask: Mask::new(size),
                threshold: threshold.max(1),
                repairs: AreaRepairs::default(),
            },
            open: None,
            undo: Vec::new(),
            redo: Vec::new(),
            is_complete: true,
        }
    }

    /// Whether nobody has done anything yet.
    pub fn is_empty(&self) -> bool {
        let Self {
            editable,
            open,
            undo,
            redo,
            is_complete: _,
        } = self;
        editable.mask.is_empty()
            && editable.repairs.is_empty()
            && open.is_none()
            && undo.is_empty()
            && redo.is_empty()
    }

    /// The decisions on areas in every state it holds.
    pub(super) fn repairs(&self) -> impl Iterator<Item = &AreaRepairs> {
        let edits = self.undo.iter().chain(&self.redo);
        let in_edits = edits.filter_map(|edit| edit.repairs.as_ref().map(|(repairs, _)| repairs));
        let in_open = self.open.iter().map(|(_, now)| &now.repairs);
        in_edits.chain(in_open).chain([&self.editable.repairs])
    }
}

impl Document {
    /// The marks of `work` without what was made of the pixels of its photo, and without a history: for another photo.
    ///
    /// # Errors
    /// [`DocumentError::Size`] when it belongs to a photo of another size; nothing is changed then.
    pub fn resume_marks_alone(&mut self, work: SavedWork) -> Result<(), DocumentError> {
        let SavedWork { editable, open, .. } = work;
        let latest = open.map_or(editable, |(_, now)| now);
        self.resume(SavedWork {
            editable: Editable {
                repairs: AreaRepairs::default(),
                ..latest
            },
            ..SavedWork::new(self.photo.size(), 1)
        })
    }

    /// The person's work as it is now, an edit in progress included.
    pub fn saved_work(&self) -> SavedWork {
        let (undo, redo) = self.history.edits();
        let now = self.editable.clone();
        let (editable, open) = match self.history.open_edit() {
            Some((label, before)) => (before.clone(), Some((label, now))),
            None => (now, None),
        };
        SavedWork {
            editable,
            open,
            undo,
            redo,
            is_complete: self.history.is_complete(),
        }
    }

    /// Brings `work` back in place of what was done so far; an edit that was in progress becomes a whole one.
    ///
    /// # Errors
    /// [`DocumentError::Size`] when it belongs to a photo of another size, [`DocumentError::Channels`] when a fill in it has
    /// other channels; nothing is changed then.
    pub fn resume(&mut self, work: SavedWork) -> Result<(), DocumentError> {
        self.check_size("mask", work.editable.mask.size())?;
        if !work.repairs().all(|repairs| self.fits_channels(repairs)) {
            return Err(DocumentError::Channels);
        }
        let SavedWork {
            editable,
            open,
            undo,
            redo,
            is_complete,
        } = work;
        self.abort();
        self.editable = editable;
        let limit = self.history.limit_bytes();
        self.history = History::from_edits(undo, redo, is_complete);
        drop(self.history.set_limit(limit));
        if let Some((label, now)) = open {
            self.history.begin(label, &self.editable);
            self.editable = now;
            self.history.commit(&mut self.editable);
        }
        self.plans = None;
        self.mask_changed();
        Ok(())
    }

    fn fits_channels(&self, repairs: &AreaRepairs) -> bool {
        let channels = self.photo.channels().count();
        repairs.iter().all(|repair| match &repair.filling {
            Some(Filling::Own(own)) => {
                own.fill.len() == repair.region.pixel_count() as usize * channels
            }
            _ => true,
        })
    }
}
