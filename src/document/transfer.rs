//! Taking the open photo for a linear scan, or not: to the networks that is another picture. Starts no job.

use std::sync::Arc;

use super::{DEFAULT_CONTEXT_BYTES, Document};
use crate::disposal::drop_apart;
use crate::mask::{AreaRepairs, Filling};
use crate::photo::TransferChoice;
use crate::restore::ContextCache;

impl Document {
    /// Takes the photo for a linear scan, or not, as `choice` says; `false` when it is taken so already.
    ///
    /// What the networks answered belongs to the picture they saw and is dropped, for undo too; the person's work stays.
    pub fn take_photo_as(&mut self, choice: TransferChoice) -> bool {
        let taken = self.photo.taken_as(choice);
        if taken.transfer() == self.photo.transfer() {
            return false;
        }
        self.commit();
        self.photo = Arc::new(taken);
        let contexts = Arc::new(ContextCache::new(DEFAULT_CONTEXT_BYTES));
        // Hundreds of megabytes, perhaps.
        drop_apart((
            self.detection.take(),
            std::mem::replace(&mut self.contexts, contexts),
            std::mem::take(&mut self.restoration),
        ));
        self.plans = None;
        self.mask_changed();
        true
    }

    /// Whether an area is filled with pixels of the photo, now or in a state that undo or redo comes to. Such fills were made
    /// for the photo as it is taken, and a record says how they can be made again.
    pub fn has_own_fills(&self) -> bool {
        let is_own = |repairs: &AreaRepairs| {
            repairs
                .iter()
                .any(|repair| matches!(repair.filling, Some(Filling::Own(_))))
        };
        self.saved_work().repairs().any(is_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{ImageSize, PixelRect};
    use crate::mask::{
        AreaRepair, Brush, BrushMode, OwnFill, PixelRegion, ProbabilityMap, Recipe, RecipeKind,
    };
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source, Transfer};
    use crate::restore::{Detection, FillCell};

    const BRUSH: Brush = Brush {
        diameter_px: 20.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };

    fn document() -> Document {
        let size = ImageSize::new(300, 200);
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
    fn another_way_to_take_the_photo_drops_what_the_networks_said_and_keeps_what_the_person_did() {
        let mut document = document();
        let size = document.photo().size();
        assert!(!document.take_photo_as(TransferChoice::Encoded));
        document.draw_line(&BRUSH, (50.0, 50.0), (90.0, 50.0));
        let plan = document.stale_cells(64)[0];
        document.insert_fill(Arc::new(FillCell::empty(plan.index, plan.stamp)));
        assert!(document.stale_cells(64).is_empty());
        let detection = Detection {
            map: Arc::new(ProbabilityMap::new(size, vec![0; size.pixel_count()])),
            model_id: "none".to_owned(),
            provider: crate::inference::ProviderKind::Cpu,
            seconds: 0.0,
        };
        document.set_detection(Arc::new(detection)).unwrap();
        let (before, contexts) = (document.revision(), Arc::clone(document.contexts()));

        assert!(document.take_photo_as(TransferChoice::Linear));
        assert_eq!(document.photo().transfer(), Transfer::Linear);
        assert!(document.revision() > before && document.detection().is_none());
        assert!(!Arc::ptr_eq(document.contexts(), &contexts));
        assert_eq!(document.stale_cells(64), [plan]);
        assert!(document.mask().added.get(70, 50) > 0 && document.undo_label().is_some());
    }

    #[test]
    fn an_area_filled_from_the_photo_counts_as_long_as_undo_or_redo_can_bring_it_back() {
        let mut document = document();
        let rect = PixelRect::new(10, 10, 2, 1);
        let region = Arc::new(PixelRegion::from_rect(rect, &[true; 2]).unwrap());
        let decide = |filling| AreaRepair {
            region: Arc::clone(&region),
            strength: None,
            filling: Some(filling),
        };
        document.repair_area("By the network", decide(Filling::Network), false);
        assert!(!document.has_own_fills());
        let own = OwnFill {
            recipe: Recipe {
                kind: RecipeKind::Chosen,
                pieces: Vec::new(),
                border: (*region).clone(),
            },
            fill: vec![7; 2],
        };
        document.repair_area("Healed", decide(Filling::Own(Arc::new(own))), false);
        assert!(document.has_own_fills());
        document.undo();
        assert!(document.has_own_fills(), "redo brings it back");
        document.draw_line(&BRUSH, (50.0, 50.0), (90.0, 50.0));
        assert!(!document.has_own_fills());
    }
}
