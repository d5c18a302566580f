//! Mend an area: a click picks a repaired place, a path goes around one, Alt or the right button points at a source.

use super::{Draft, Gesture, Next, Point};
use crate::mask::BrushMode;

pub(super) const HINT: &str = "Click on a place whose repair is wrong, or draw around a part of it; Alt+click or the right button on sound picture copies that place over it";

pub(super) struct Mend;

impl Gesture for Mend {
    fn press(&self, draft: &mut Draft) -> Next {
        if draft.mode == BrushMode::Erase {
            return Next::Source(draft.pointer);
        }
        draft.points = vec![draft.pointer];
        Next::Goes
    }

    fn moved(&self, draft: &mut Draft) -> Next {
        draft.follow_pointer();
        Next::Goes
    }

    fn release(&self, draft: &mut Draft) -> Next {
        self.finish(draft)
    }

    fn finish(&self, draft: &mut Draft) -> Next {
        let points = std::mem::take(&mut draft.points);
        let Some(&first) = points.first() else {
            return Next::Dropped;
        };
        if points.iter().all(|&point| draft.is_near(first, point)) {
            return Next::Pick(first);
        }
        Next::Outline(points)
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        (draft.points.clone(), true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};
    use crate::mask::BrushMode;

    #[test]
    fn a_click_picks_a_path_outlines_and_alt_points_at_a_source() {
        let mut mend = draft(Tool::Mend);
        mend.press((5.0, 5.0));
        mend.moved((5.5, 5.0), false);
        assert_eq!(mend.release(), Next::Pick((5.0, 5.0)));
        mend.press((5.0, 5.0));
        for point in [(90.0, 5.0), (90.0, 70.0)] {
            mend.moved(point, false);
        }
        let outline = vec![(5.0, 5.0), (90.0, 5.0), (90.0, 70.0)];
        assert_eq!(mend.release(), Next::Outline(outline));
        mend.mode = BrushMode::Erase;
        assert_eq!(mend.press((7.0, 8.0)), Next::Source((7.0, 8.0)));
    }
}
