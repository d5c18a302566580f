//! Which IPTC term tells how the repaired pixels of a derivative came about. Writes nothing.

use crate::mask::{Filling, RecipeKind};
use crate::restore::Restoration;

/// Source of the terms: IPTC `NewsCodes`, scheme `digitalsourcetype`, 2024-09-17.
macro_rules! term {
    ($name:literal) => {
        concat!("http://cv.iptc.org/newscodes/digitalsourcetype/", $name)
    };
}

/// Parts of the picture were made by a trained network: "such as with inpainting".
const COMPOSITE_WITH_TRAINED: &str = term!("compositeWithTrainedAlgorithmicMedia");
/// A person corrected the picture with tools that generate nothing.
const HUMAN_EDITS: &str = term!("humanEdits");
/// An algorithm corrected the picture, without generating.
const ALGORITHMICALLY_ENHANCED: &str = term!("algorithmicallyEnhanced");

/// What the derivative is now; `None` when no pixel was filled.
///
/// One pixel of the network's makes it a composite with trained media. Without any, pixels that the program took from
/// elsewhere in the photo are an algorithm's correction, and those that a person pointed at a person's.
pub fn digital_source_term(restoration: &Restoration) -> Option<&'static str> {
    let repairs = restoration.repairs();
    let mut term = None;
    for (x, y, _) in restoration.cells().flat_map(|cell| cell.pixels()) {
        term = match repairs.filling_at(x, y) {
            // Nothing found later counts for more. Most photos end here at the first pixel.
            Filling::Network => return Some(COMPOSITE_WITH_TRAINED),
            Filling::Own(own) if own.recipe.kind == RecipeKind::Chosen => {
                term.or(Some(HUMAN_EDITS))
            }
            Filling::Own(_) => Some(ALGORITHMICALLY_ENHANCED),
        };
    }
    term
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::{PixelRect, TileIndex};
    use crate::mask::{AreaRepair, AreaRepairs, OwnFill, PixelRegion, Recipe, RegionSpan};
    use crate::restore::{FillCell, RectFill};

    const FILLED: PixelRect = PixelRect::new(10, 10, 4, 1);

    fn restoration(repairs: Vec<AreaRepair>) -> Restoration {
        let pixels = FILLED.size().pixel_count();
        let values = RectFill {
            fill: vec![9; pixels],
            alpha: vec![255; pixels],
            recovered: vec![0; pixels],
        };
        let cell = FillCell::from_rect(TileIndex::new(0, 0), 1, FILLED, 1, &values);
        let mut restoration = Restoration::new(0);
        restoration.insert(Arc::new(cell));
        restoration.set_repairs(AreaRepairs::from_list(repairs));
        restoration
    }

    /// A fill from the photo for `len` pixels from column `x` on.
    fn own(x: u32, len: u32, kind: RecipeKind) -> AreaRepair {
        let region = |y| {
            let spans = vec![RegionSpan { y, x, len }];
            PixelRegion::from_spans(spans).expect("one span")
        };
        let fill = OwnFill {
            recipe: Recipe {
                kind,
                pieces: Vec::new(),
                border: region(FILLED.y + 1),
            },
            fill: vec![5; len as usize],
        };
        AreaRepair {
            region: Arc::new(region(FILLED.y)),
            strength: None,
            filling: Some(Filling::Own(Arc::new(fill))),
        }
    }

    #[test]
    fn one_pixel_of_the_networks_counts_for_the_whole_picture() {
        let term = |repairs| digital_source_term(&restoration(repairs));
        assert_eq!(term(vec![]), Some(COMPOSITE_WITH_TRAINED));
        let most = own(10, 3, RecipeKind::Chosen);
        assert_eq!(term(vec![most]), Some(COMPOSITE_WITH_TRAINED));
    }

    #[test]
    fn pixels_of_the_photo_are_a_persons_work_or_an_algorithms() {
        let term = |repairs| digital_source_term(&restoration(repairs));
        let chosen = || own(10, 4, RecipeKind::Chosen);
        assert_eq!(term(vec![chosen()]), Some(HUMAN_EDITS));
        for kind in [RecipeKind::Suggested, RecipeKind::ShowsThrough] {
            for x in [10, 13] {
                let repairs = vec![chosen(), own(x, 1, kind)];
                assert_eq!(term(repairs), Some(ALGORITHMICALLY_ENHANCED), "{kind:?}");
            }
        }
    }

    #[test]
    fn where_nothing_is_filled_nothing_is_claimed() {
        assert_eq!(digital_source_term(&Restoration::new(0)), None);
    }
}
