//! The rectangle: dragged from corner to corner.

use super::{Draft, Gesture, Next, Point};
use crate::mask::Shape;

pub(super) const HINT: &str =
    "Drag from corner to corner, Shift makes a square; Alt or the right button takes the area away";

pub(super) struct Rectangle;

impl Gesture for Rectangle {
    fn press(&self, draft: &mut Draft) -> Next {
        draft.points = vec![draft.pointer];
        Next::Goes
    }

    fn release(&self, draft: &mut Draft) -> Next {
        self.finish(draft)
    }

    fn finish(&self, draft: &mut Draft) -> Next {
        match draft.points.first() {
            // Without an area there is no rectangle.
            Some(&(x, y)) if (x - draft.pointer.0) * (y - draft.pointer.1) != 0.0 => {
                Next::Shape(Shape::Rectangle([(x, y), draft.pointer]))
            }
            _ => Next::Dropped,
        }
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        let ((ax, ay), (bx, by)) = (
            draft.points.first().copied().unwrap_or(draft.pointer),
            draft.pointer,
        );
        (vec![(ax, ay), (bx, ay), (bx, by), (ax, by)], true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};
    use crate::mask::Shape;

    #[test]
    fn a_drag_gives_two_corners_and_a_click_nothing() {
        let mut rectangle = draft(Tool::Rectangle);
        rectangle.press((30.0, 40.0));
        rectangle.moved((10.0, 90.0), false);
        let expected = Shape::Rectangle([(30.0, 40.0), (10.0, 90.0)]);
        assert_eq!(rectangle.release(), Next::Shape(expected));
        rectangle.press((30.0, 40.0));
        assert_eq!(rectangle.release(), Next::Dropped);
    }
}
