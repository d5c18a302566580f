//! Search again: a rectangle in which detection runs once more, more sensitive and at two scales.

use super::{Draft, Gesture, Next, Point, rectangle::Rectangle};
use crate::mask::Shape;

pub(super) const HINT: &str = "Drag a rectangle around damage that was missed: it is searched again, more sensitively and at two sizes";

pub(super) struct Area;

impl Gesture for Area {
    fn press(&self, draft: &mut Draft) -> Next {
        Rectangle.press(draft)
    }

    fn release(&self, draft: &mut Draft) -> Next {
        self.finish(draft)
    }

    fn finish(&self, draft: &mut Draft) -> Next {
        match Rectangle.finish(draft) {
            Next::Shape(Shape::Rectangle(corners)) => Next::Search(corners),
            _ => Next::Dropped,
        }
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        Rectangle.outline(draft)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};

    #[test]
    fn a_drag_names_the_area() {
        let mut area = draft(Tool::Area);
        area.press((3.0, 4.0));
        area.moved((30.0, 40.0), false);
        assert_eq!(area.release(), Next::Search([(3.0, 4.0), (30.0, 40.0)]));
    }
}
