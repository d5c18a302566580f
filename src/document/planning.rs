//! The plan of a document's fills and its count of masked pixels, to be made on any thread. Starts no thread itself.
//!
//! Both look only where the mask changed since the last time, so after a stroke they cost next to nothing; after a search
//! of the whole photo they cost as much as reading it.

use super::Document;
use crate::mask::{EffectiveMask, MaskedCounter};
use crate::restore::{CellPlan, FillPlanner};

/// A plan to be made; it holds the mask as it was when it was asked for.
#[derive(Debug)]
pub struct Planning {
    planner: FillPlanner,
    counter: MaskedCounter,
    mask: EffectiveMask,
    halo_px: Option<u32>,
    revision: u64,
}

/// A plan made, to hand to [`Document::finish_planning`].
#[derive(Debug)]
pub struct Planned {
    planner: FillPlanner,
    counter: MaskedCounter,
    halo_px: Option<u32>,
    revision: u64,
    plans: Vec<CellPlan>,
    masked_pixels: u64,
}

impl Planning {
    /// Makes the plan; uses all threads there are.
    pub fn run(mut self) -> Planned {
        let masked_pixels = self.counter.count(&self.mask);
        let plans = self
            .halo_px
            .map_or_else(Vec::new, |halo_px| self.planner.plan(&self.mask, halo_px));
        Planned {
            planner: self.planner,
            counter: self.counter,
            halo_px: self.halo_px,
            revision: self.revision,
            plans,
            masked_pixels,
        }
    }
}

impl Planned {
    /// Pixels of the mask with a value of at least 128.
    pub const fn masked_pixels(&self) -> u64 {
        self.masked_pixels
    }

    /// The halo it was asked for with.
    pub const fn halo_px(&self) -> Option<u32> {
        self.halo_px
    }
}

impl Document {
    /// How many mask tiles a plan would have to read: those changed since the last one.
    pub fn unplanned_tiles(&self) -> usize {
        let mask = self.effective_mask();
        let by_planner = self.planner.unplanned_tiles(&mask);
        by_planner.max(self.counter.uncounted_tiles(&mask))
    }

    /// Begins a plan for the mask as it is now. `halo_px` is stage 2's; without it pixels are counted only.
    ///
    /// Until [`Self::finish_planning`] the document knows of no plan: asked for one, it starts from nothing.
    pub fn begin_planning(&mut self, halo_px: Option<u32>) -> Planning {
        Planning {
            planner: std::mem::take(&mut self.planner),
            counter: std::mem::take(&mut self.counter),
            mask: self.effective_mask(),
            halo_px,
            revision: self.revision,
        }
    }

    /// Takes a plan over; false when the mask has changed since it was begun, or is being changed: then another one is due,
    /// which costs what changed. When true, [`Self::stale_cells`] has nothing left to look for.
    pub fn finish_planning(&mut self, planned: Planned) -> bool {
        self.planner = planned.planner;
        self.counter = planned.counter;
        if planned.revision != self.revision || self.is_editing() {
            return false;
        }
        self.plans = planned
            .halo_px
            .map(|halo_px| (planned.revision, halo_px, planned.plans));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode};
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
    use crate::restore::plan_fill;

    const HALO_PX: u32 = 64;
    const BRUSH: Brush = Brush {
        diameter_px: 20.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };

    fn document() -> Document {
        let size = ImageSize::new(1100, 600);
        let source = Source {
            path: "made in a test".into(),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(vec![9; size.pixel_count()]);
        let metadata = Metadata::default();
        let photo = Photo::new(size, Channels::Grey, samples, None, metadata, source);
        Document::new(Arc::new(photo.unwrap()))
    }

    #[test]
    fn a_plan_made_apart_is_the_one_the_document_would_make() {
        let mut document = document();
        document.draw_line(&BRUSH, (50.0, 50.0), (700.0, 300.0));
        let planned = document.begin_planning(Some(HALO_PX)).run();
        assert_eq!(
            planned.masked_pixels(),
            document.effective_mask().masked_pixels()
        );
        assert!(document.finish_planning(planned));
        assert_eq!(document.unplanned_tiles(), 0);
        let expected = plan_fill(document.photo().size(), &document.effective_mask(), HALO_PX);
        assert_eq!(document.stale_cells(HALO_PX), expected);
    }

    #[test]
    fn a_plan_for_an_older_mask_is_refused_and_the_next_one_is_right() {
        let mut document = document();
        document.draw_line(&BRUSH, (50.0, 50.0), (700.0, 300.0));
        let planning = document.begin_planning(Some(HALO_PX));
        document.draw_line(&BRUSH, (900.0, 500.0), (950.0, 500.0));
        assert!(!document.finish_planning(planning.run()));
        assert_eq!(document.unplanned_tiles(), 1, "only what was drawn since");
        let expected = plan_fill(document.photo().size(), &document.effective_mask(), HALO_PX);
        assert_eq!(document.stale_cells(HALO_PX), expected);
    }

    #[test]
    fn a_plan_that_comes_back_during_a_stroke_is_not_taken_for_the_strokes() {
        let mut document = document();
        document.draw_line(&BRUSH, (50.0, 50.0), (700.0, 300.0));
        let planning = document.begin_planning(Some(HALO_PX));
        document.begin_stroke(&BRUSH, 300.0, 550.0);
        document.extend_stroke(400.0, 550.0);
        assert!(!document.finish_planning(planning.run()));
        document.commit();
        let expected = plan_fill(document.photo().size(), &document.effective_mask(), HALO_PX);
        assert_eq!(document.stale_cells(HALO_PX), expected);
    }

    #[test]
    fn without_networks_pixels_are_counted_and_nothing_is_planned() {
        let mut document = document();
        document.draw_line(&BRUSH, (50.0, 50.0), (90.0, 50.0));
        let planned = document.begin_planning(None).run();
        assert!(planned.masked_pixels() > 0);
        assert_eq!(planned.halo_px(), None);
        assert!(document.finish_planning(planned));
        assert!(!document.stale_cells(HALO_PX).is_empty());
    }
}
