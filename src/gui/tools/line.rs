//! The line tool: drag for one straight line, or click from corner to corner for a poly-line.

use super::{Draft, Gesture, Next, Point};
use crate::mask::Shape;

pub(super) const HINT: &str = "Drag a line, or click from point to point and end with {finish_shape} or a double click; Alt or the right button erases";

pub(super) struct Line;

fn shape(draft: &Draft, points: Vec<Point>) -> Next {
    if points.is_empty() {
        return Next::Dropped;
    }
    let (diameter_px, hardness) = draft.brush;
    Next::Shape(Shape::Line {
        points,
        diameter_px,
        hardness,
    })
}

impl Gesture for Line {
    fn press(&self, draft: &mut Draft) -> Next {
        if draft.points.last() != Some(&draft.pointer) {
            draft.points.push(draft.pointer);
        }
        Next::Goes
    }

    fn release(&self, draft: &mut Draft) -> Next {
        let is_drag = draft.points.len() == 1 && !draft.is_near(draft.points[0], draft.pointer);
        if is_drag {
            return shape(draft, vec![draft.points[0], draft.pointer]);
        }
        Next::Goes
    }

    fn finish(&self, draft: &mut Draft) -> Next {
        let points = std::mem::take(&mut draft.points);
        shape(draft, points)
    }

    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        let mut points = draft.points.clone();
        points.push(draft.pointer);
        (points, false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clicked, draft};
    use super::super::{Next, Tool};
    use crate::mask::Shape;

    fn points(next: Next) -> Vec<(f32, f32)> {
        match next {
            Next::Shape(Shape::Line { points, .. }) => points,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_drag_is_one_line() {
        let mut line = draft(Tool::Line);
        line.press((1.0, 2.0));
        line.moved((50.0, 60.0), false);
        assert_eq!(points(line.release()), [(1.0, 2.0), (50.0, 60.0)]);
    }

    #[test]
    fn clicks_are_corners_until_enter_and_the_last_can_be_taken_back() {
        let mut line = draft(Tool::Line);
        assert_eq!(
            clicked(&mut line, &[(1.0, 1.0), (40.0, 1.0), (40.0, 50.0)]),
            Next::Goes
        );
        assert_eq!(line.drop_point(), Next::Goes);
        clicked(&mut line, &[(90.0, 9.0), (90.0, 9.0)]);
        assert_eq!(
            points(line.finish()),
            [(1.0, 1.0), (40.0, 1.0), (90.0, 9.0)]
        );
    }
}
