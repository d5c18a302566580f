//! The lasso: the pointer's path while the button is down, closed by a straight piece when it is let go.

use super::{Draft, Gesture, Next, Point};
use crate::mask::Shape;

pub(super) const HINT: &str =
    "Draw around damage; Alt or the right button takes the area away instead";

pub(super) struct Lasso;

impl Gesture for Lasso {
    fn press(&self, draft: &mut Draft) -> Next {
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
        if draft.points.len() < 3 {
            return Next::Dropped;
        }
        Next::Shape(Shape::Lasso(std::mem::take(&mut draft.points)))
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        (draft.points.clone(), true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};
    use crate::mask::Shape;

    #[test]
    fn the_path_is_the_outline_and_a_mere_click_is_nothing() {
        let mut lasso = draft(Tool::Lasso);
        lasso.press((0.0, 0.0));
        for point in [(9.0, 0.0), (9.0, 0.0), (9.0, 9.0)] {
            lasso.moved(point, false);
        }
        let outline = vec![(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)];
        assert_eq!(lasso.release(), Next::Shape(Shape::Lasso(outline)));
        lasso.press((5.0, 5.0));
        assert_eq!(lasso.release(), Next::Dropped);
    }
}
