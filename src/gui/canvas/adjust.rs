//! Alt and a drag change the brush: sideways its size, up and down its hardness. Numbers only; the ring is drawn elsewhere.

use eframe::egui::{Pos2, Vec2};

use crate::gui::settings::BRUSH_DIAMETER_PX;

/// The pointer may stray so far before its second direction counts, points: a hand does not move in a straight line.
const SLACK_POINTS: f32 = 8.0;

/// Way up or down for the whole range of hardness, points.
const HARDNESS_POINTS: f32 = 200.0;

/// The brush being changed by a drag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusting {
    /// Where the button went down, screen points: the ring stays there.
    pub at: Pos2,
    /// Diameter then, image px.
    pub diameter_px: f32,
    /// Hardness then.
    pub hardness: f32,
    /// An image px on the screen, points.
    pub points_per_px: f32,
}

impl Adjusting {
    /// Diameter (image px, whole) and hardness when the pointer is at `pointer`: the ring's edge follows it sideways, down
    /// makes the edge harder.
    pub fn brush(&self, pointer: Pos2) -> (f32, f32) {
        let moved = pointer - self.at;
        let beyond = |way: f32| way - way.clamp(-SLACK_POINTS, SLACK_POINTS);
        let Vec2 { x, y } = moved;
        let diameter = self.diameter_px + 2.0 * beyond(x) / self.points_per_px.max(1e-3);
        let diameter = diameter
            .round()
            .clamp(*BRUSH_DIAMETER_PX.start(), *BRUSH_DIAMETER_PX.end());
        let hardness = (self.hardness + beyond(y) / HARDNESS_POINTS).clamp(0.0, 1.0);
        (diameter, hardness)
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    const START: Adjusting = Adjusting {
        at: pos2(100.0, 100.0),
        diameter_px: 20.0,
        hardness: 0.5,
        points_per_px: 2.0,
    };

    #[test]
    fn sideways_is_size_and_up_and_down_is_hardness() {
        assert_eq!(START.brush(pos2(100.0, 100.0)), (20.0, 0.5));
        assert_eq!(START.brush(pos2(138.0, 105.0)), (50.0, 0.5));
        assert_eq!(START.brush(pos2(105.0, 158.0)), (20.0, 0.75));
        assert_eq!(START.brush(pos2(72.0, 42.0)), (1.0, 0.25));
    }

    #[test]
    fn whatever_the_way_both_stay_in_their_range() {
        assert_eq!(START.brush(pos2(9e6, -9e6)), (400.0, 0.0));
        assert_eq!(START.brush(pos2(-9e6, 9e6)), (1.0, 1.0));
    }
}
