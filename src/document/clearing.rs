//! Taking back what *Clear marks* erased, for a search that the person asks for.

use super::Document;
use crate::mask::label;

impl Document {
    /// Lets what is detected count again where *Clear marks* erased it, as one edit; what the person erased by hand stays
    /// erased, and cleared strokes stay away. `false` when nothing was cleared, or so long ago that undo does not reach it.
    pub fn uncover_detected(&mut self) -> bool {
        self.commit();
        let mask = &self.editable.mask;
        let Some(removed) = self.history.removed_without_clearing(mask) else {
            return false;
        };
        self.edit(label::FIND_DAMAGE, |mask, _| mask.removed = removed)
    }
}
