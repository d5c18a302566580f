//! The polygon: click from corner to corner; the first corner, Enter or a double click closes it.

use super::{Draft, Gesture, Next, Point};
use crate::mask::Shape;

pub(super) const HINT: &str = "Click the corners; the first corner, {finish_shape} or a double click closes it; Alt or the right button takes the area away";

pub(super) struct Polygon;

impl Gesture for Polygon {
    fn press(&self, draft: &mut Draft) -> Next {
        let closes = draft.points.len() >= 3 && draft.is_near(draft.points[0], draft.pointer);
        if closes {
            return self.finish(draft);
        }
        if draft.points.last() != Some(&draft.pointer) {
            draft.points.push(draft.pointer);
        }
        Next::Goes
    }

    fn release(&self, draft: &mut Draft) -> Next {
        // A side can also be drawn by dragging to its end.
        if let Some(&last) = draft.points.last()
            && !draft.is_near(last, draft.pointer)
        {
            draft.points.push(draft.pointer);
        }
        Next::Goes
    }

    fn finish(&self, draft: &mut Draft) -> Next {
        if draft.points.len() < 3 {
            return Next::Dropped;
        }
        Next::Shape(Shape::Polygon(std::mem::take(&mut draft.points)))
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        let mut points = draft.points.clone();
        points.push(draft.pointer);
        (points, true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clicked, draft};
    use super::super::{Next, Tool};
    use crate::mask::Shape;

    #[test]
    fn a_click_on_the_first_corner_closes_it() {
        let corners = [(10.0, 10.0), (50.0, 10.0), (50.0, 50.0)];
        let mut polygon = draft(Tool::Polygon);
        assert_eq!(clicked(&mut polygon, &corners), Next::Goes);
        let expected = Next::Shape(Shape::Polygon(corners.to_vec()));
        assert_eq!(polygon.press((11.0, 9.0)), expected);
    }

    #[test]
    fn two_corners_enclose_nothing() {
        let mut polygon = draft(Tool::Polygon);
        clicked(&mut polygon, &[(10.0, 10.0), (50.0, 10.0)]);
        assert_eq!(polygon.finish(), Next::Dropped);
    }
}
