//! What is decided for single areas: how strongly they are repaired and with what. Needs no network.

use super::Document;
use crate::mask::{AreaRepair, AreaRepairs};

impl Document {
    /// What was decided for single areas.
    pub fn repairs(&self) -> &AreaRepairs {
        &self.editable.repairs
    }

    /// Decides on an area as one edit; `false` when nothing changed. `slides`: calls in a row with the same label, until
    /// [`Self::end_repair_drag`] or any other edit, are one step.
    ///
    /// An edit in progress is committed first.
    pub fn repair_area(&mut self, label: &'static str, repair: AreaRepair, slides: bool) -> bool {
        self.commit();
        let repairs = self.editable.repairs.with(repair);
        let changed = self
            .history
            .set_repairs(&mut self.editable, label, repairs, slides);
        if changed {
            self.mask_changed();
        }
        changed
    }

    /// The slider was let go: the next [`Self::repair_area`] is an undo step of its own.
    pub fn end_repair_drag(&mut self) {
        self.history.seal();
    }
}
