//! Wheel notches that X11 tells twice: pressed and released. Decides which events are releases; zooms nothing.

use eframe::egui::{MouseWheelUnit, Vec2};

/// A press and its release are sent together; two notches of a hand follow each other in 15 ms at the fastest, s.
const RELEASE_WITHIN_SECONDS: f64 = 0.010;

/// Tells the releases of wheel buttons from notches.
///
/// On X11 a wheel without scroll axes (a remote desktop, a test driver) presses and releases a button a notch, and the
/// windowing library reports both as a whole line. Wheels with axes report each notch once and far enough apart.
#[derive(Clone, Debug, Default)]
pub struct WheelReleases {
    /// Whether the window system is one that tells notches twice.
    pub expected: bool,
    pressed: Option<(Vec2, f64)>,
}

impl WheelReleases {
    /// Whether this event only ends a notch that was told before; `time` is that of its frame, s.
    pub fn is_release(&mut self, unit: MouseWheelUnit, delta: Vec2, time: f64) -> bool {
        let is_whole_line = unit == MouseWheelUnit::Line
            && delta != Vec2::ZERO
            && delta == delta.round()
            && delta.abs().max_elem() <= 1.0;
        if !self.expected || !is_whole_line {
            self.pressed = None;
            return false;
        }
        let is_release = self
            .pressed
            .is_some_and(|(pressed, at)| pressed == delta && time - at <= RELEASE_WITHIN_SECONDS);
        self.pressed = (!is_release).then_some((delta, time));
        is_release
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Vec2 = Vec2::new(0.0, 1.0);

    fn counted(expected: bool, unit: MouseWheelUnit, events: &[(Vec2, f64)]) -> usize {
        let mut releases = WheelReleases {
            expected,
            pressed: None,
        };
        let is_notch = |&&(delta, time): &&(Vec2, f64)| !releases.is_release(unit, delta, time);
        events.iter().filter(is_notch).count()
    }

    #[test]
    fn a_button_pressed_and_released_is_one_notch() {
        let line = MouseWheelUnit::Line;
        assert_eq!(counted(true, line, &[(UP, 1.0), (UP, 1.0)]), 1);
        let thrice = [1.0, 1.0, 1.1, 1.1, 1.2, 1.208].map(|time| (UP, time));
        assert_eq!(counted(true, line, &thrice), 3);
        assert_eq!(
            counted(false, line, &thrice),
            6,
            "elsewhere every event counts"
        );
    }

    #[test]
    fn notches_apart_in_time_or_direction_and_smooth_scrolling_all_count() {
        let line = MouseWheelUnit::Line;
        assert_eq!(
            counted(true, line, &[(UP, 1.0), (UP, 1.016), (UP, 1.032)]),
            3
        );
        assert_eq!(counted(true, line, &[(UP, 1.0), (-UP, 1.0)]), 2);
        assert_eq!(counted(true, line, &[(UP * 0.5, 1.0), (UP * 0.5, 1.0)]), 2);
        assert_eq!(
            counted(true, MouseWheelUnit::Point, &[(UP, 1.0), (UP, 1.0)]),
            2
        );
    }
}
