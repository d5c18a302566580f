//! An edit of any size made ready on any thread, so that taking it over moves pointers alone. Starts no thread itself.

use super::{Edit, Editable, History};

/// A whole edit, compared with the state before it and ready to become the newest one.
#[derive(Debug)]
pub struct PreparedEdit {
    after: Editable,
    /// Its serial is given when it is taken over.
    edit: Edit,
}

impl PreparedEdit {
    /// The edit that leads from `before` to `after`; `None` when both are the same.
    ///
    /// Tiles that are all 0 are dropped and tiles that did not change share the storage of `before`.
    pub fn new(label: &'static str, before: &Editable, mut after: Editable) -> Option<Self> {
        let edit = Edit::between(0, label, before, &mut after);
        (!edit.is_empty()).then_some(Self { after, edit })
    }
}

impl History {
    /// Makes `prepared` the newest edit and its outcome the state `now`, which must be the one it was prepared from; returns
    /// `false`, with nothing changed, while a transaction is open.
    pub fn take_prepared(&mut self, prepared: PreparedEdit, now: &mut Editable) -> bool {
        if self.is_open() {
            return false;
        }
        let PreparedEdit { after, mut edit } = prepared;
        edit.serial = self.next_serial();
        // Its tiles live on in the edit.
        *now = after;
        self.push(edit);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{AreaRepairs, Brush, BrushMode, Mask, line};

    const BRUSH: Brush = Brush {
        diameter_px: 20.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };

    fn editable() -> Editable {
        let mut mask = Mask::new(ImageSize::new(700, 300));
        line(&mut mask, &BRUSH, (20.0, 20.0), (600.0, 200.0));
        Editable {
            mask,
            threshold: 128,
            repairs: AreaRepairs::default(),
        }
    }

    #[test]
    fn a_prepared_edit_is_the_one_a_transaction_makes() {
        let before = editable();
        let change = |mask: &mut Mask| {
            line(mask, &BRUSH, (300.0, 250.0), (310.0, 20.0));
        };
        let (mut history, mut by_transaction) = (History::default(), before.clone());
        history.begin("Line", &by_transaction);
        change(&mut by_transaction.mask);
        assert!(history.commit(&mut by_transaction));

        let mut after = before.clone();
        change(&mut after.mask);
        let prepared = PreparedEdit::new("Line", &before, after).unwrap();
        let (mut other, mut now) = (History::default(), before.clone());
        assert!(other.take_prepared(prepared, &mut now));
        assert_eq!(
            now.mask.added.to_raster(),
            by_transaction.mask.added.to_raster()
        );
        assert_eq!(other.byte_len(), history.byte_len());
        assert_eq!(other.undo(&mut now), Some("Line"));
        assert!(now.is_same(&before), "the very tiles from before");
        assert_eq!(other.redo(&mut now), Some("Line"));
        assert_eq!(
            now.mask.added.to_raster(),
            by_transaction.mask.added.to_raster()
        );
    }

    #[test]
    fn an_edit_that_changes_nothing_is_none() {
        let before = editable();
        let mut after = before.clone();
        // Painted again where it is painted: other storage, the same values.
        line(&mut after.mask, &BRUSH, (20.0, 20.0), (600.0, 200.0));
        assert!(PreparedEdit::new("Line", &before, after).is_none());
    }

    #[test]
    fn during_a_stroke_nothing_is_taken_over() {
        let before = editable();
        let mut after = before.clone();
        line(&mut after.mask, &BRUSH, (300.0, 250.0), (310.0, 20.0));
        let prepared = PreparedEdit::new("Line", &before, after).unwrap();
        let (mut history, mut now) = (History::default(), before.clone());
        history.begin("Brush stroke", &now);
        assert!(!history.take_prepared(prepared, &mut now));
        assert!(now.is_same(&before) && history.is_empty());
    }
}
