//! A change of the marks of any size, made on any thread and taken over as one edit at the cost of a few pointers. Starts no
//! thread itself.

use super::Document;
use crate::geometry::PixelRect;
use crate::mask::{
    Editable, EffectiveMask, MASK_TILE_PX, MaskOperation, NotEnclosed, PreparedEdit,
};

/// A change to be made; it holds the marks as they were when it was asked for.
#[derive(Clone, Debug)]
pub struct Changing {
    operation: MaskOperation,
    before: Editable,
    effective: EffectiveMask,
    revision: u64,
}

/// A change made, to hand to [`Document::finish_change`].
#[derive(Debug)]
pub struct Changed {
    prepared: Option<PreparedEdit>,
    revision: u64,
}

/// What became of a change that was handed to [`Document::finish_change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It is the newest edit now.
    Done,
    /// The marks were so already.
    Nothing,
    /// The marks have changed since it was begun, or are being changed: it has to be made again.
    Outdated,
}

impl Changing {
    /// What is done.
    pub const fn operation(&self) -> &MaskOperation {
        &self.operation
    }

    /// Makes the change.
    ///
    /// # Errors
    /// [`NotEnclosed`] of [`MaskOperation::Region`]; there is nothing to take over then.
    pub fn run(self) -> Result<Changed, NotEnclosed> {
        let Self {
            operation,
            before,
            effective,
            revision,
        } = self;
        let mut after = before.clone();
        operation.apply(&mut after.mask, &effective)?;
        if let MaskOperation::Clear(region) = &operation {
            // What was decided for marks that are gone would come back with new ones.
            let repairs = before.repairs.without(region);
            if !repairs.is_same(&before.repairs) {
                after.repairs = repairs;
            }
        }
        Ok(Changed {
            prepared: PreparedEdit::new(operation.label(), &before, after),
            revision,
        })
    }
}

impl Document {
    /// Begins `operation` on the marks as they are; an edit in progress is committed first.
    pub fn begin_change(&mut self, operation: MaskOperation) -> Changing {
        self.commit();
        Changing {
            operation,
            before: self.editable.clone(),
            effective: self.effective_mask(),
            revision: self.revision,
        }
    }

    /// Takes a change over as one edit.
    pub fn finish_change(&mut self, changed: Changed) -> ChangeOutcome {
        if changed.revision != self.revision || self.is_editing() {
            return ChangeOutcome::Outdated;
        }
        let Some(prepared) = changed.prepared else {
            return ChangeOutcome::Nothing;
        };
        self.history.take_prepared(prepared, &mut self.editable);
        self.plans = None;
        self.mask_changed();
        ChangeOutcome::Done
    }

    /// How many mask tiles lie in `rect`, image px; what it has beyond the photo does not count.
    pub fn tiles_in(&self, rect: PixelRect) -> u64 {
        let rect = rect.intersect(self.photo.size().rect());
        if rect.is_empty() {
            return 0;
        }
        let count = |start: u32, end: u32| end.div_ceil(MASK_TILE_PX) - start / MASK_TILE_PX;
        u64::from(count(rect.x, rect.right())) * u64::from(count(rect.y, rect.bottom()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode};
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

    const BRUSH: Brush = Brush {
        diameter_px: 20.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };

    fn document() -> Document {
        let size = ImageSize::new(700, 400);
        let source = Source {
            path: "made in a test".into(),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(vec![9; size.pixel_count()]);
        let metadata = Metadata::default();
        let photo = Photo::new(size, Channels::Grey, samples, None, metadata, source);
        let mut document = Document::new(Arc::new(photo.unwrap()));
        document.draw_line(&BRUSH, (50.0, 50.0), (600.0, 300.0));
        document
    }

    #[test]
    fn a_change_made_apart_is_the_edit_the_document_would_make() {
        let (mut apart, mut at_once) = (document(), document());
        let before = apart.effective_mask().to_raster();
        let changed = apart.begin_change(MaskOperation::ClearAll).run().unwrap();
        assert_eq!(apart.finish_change(changed), ChangeOutcome::Done);
        assert!(at_once.clear_mask());
        assert_eq!(apart.undo_label(), at_once.undo_label());
        assert_eq!(
            apart.effective_mask().to_raster(),
            at_once.effective_mask().to_raster()
        );
        assert!(apart.undo().is_some());
        assert_eq!(apart.effective_mask().to_raster(), before);
    }

    #[test]
    fn a_change_of_other_marks_than_there_are_now_is_refused() {
        let mut document = document();
        let changing = document.begin_change(MaskOperation::Invert);
        document.draw_line(&BRUSH, (100.0, 350.0), (200.0, 350.0));
        let now = document.effective_mask().to_raster();
        let outcome = document.finish_change(changing.clone().run().unwrap());
        assert_eq!(outcome, ChangeOutcome::Outdated);
        let again = document.begin_change(changing.operation().clone());
        document.begin_stroke(&BRUSH, 10.0, 10.0);
        let outcome = document.finish_change(again.run().unwrap());
        assert_eq!(outcome, ChangeOutcome::Outdated);
        document.abort();
        assert_eq!(document.effective_mask().to_raster(), now);
    }

    #[test]
    fn a_change_that_changes_nothing_leaves_no_step() {
        let mut document = document();
        document.undo();
        let steps = document.steps();
        let changed = document.begin_change(MaskOperation::ClearAll).run();
        let outcome = document.finish_change(changed.unwrap());
        assert_eq!(outcome, ChangeOutcome::Nothing);
        assert_eq!(document.steps(), steps);
    }

    #[test]
    fn tiles_are_counted_inside_the_photo() {
        let document = document();
        assert_eq!(document.tiles_in(PixelRect::new(0, 0, 9999, 9999)), 6);
        assert_eq!(document.tiles_in(PixelRect::new(250, 250, 10, 3)), 2);
        assert_eq!(document.tiles_in(PixelRect::new(800, 0, 10, 10)), 0);
    }
}
