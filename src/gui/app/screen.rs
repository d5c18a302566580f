//! The size of text and controls by the screen, where neither the system nor the person says it.

use eframe::egui::{self, Vec2};

use super::UnscratchApp;
use crate::gui::state::Notice;

/// Screens whose shorter side has so many pixels or more, and the size of the interface for them: 4K and 5K.
///
/// The shorter side, since a very wide screen is not a finer one.
const FINE_SCREENS: [(f32, f32); 2] = [(2700.0, 2.0), (2000.0, 1.5)];

/// The size of the interface for a screen of `pixels` (physical) where the system asks for `system_scale`, 1 = one point a
/// pixel. A system that asks for more than that has been told already.
pub fn scale_for_screen(pixels: Vec2, system_scale: f32) -> f32 {
    if system_scale > 1.05 {
        return 1.0;
    }
    let shorter = pixels.min_elem();
    let fitting = FINE_SCREENS.iter().find(|(least, _)| shorter >= *least);
    fitting.map_or(1.0, |(_, scale)| *scale)
}

impl UnscratchApp {
    /// Once the system has told the screen: the size of the interface where the person chose none. It is no setting, so that
    /// another screen is met by another size.
    pub(super) fn choose_first_scale(&mut self, ctx: &egui::Context) {
        if self.view.screen_scale.is_some() {
            return;
        }
        let (points, system_scale) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.monitor_size, viewport.native_pixels_per_point)
        });
        let (Some(points), Some(system_scale)) = (points, system_scale) else {
            return;
        };
        let scale = scale_for_screen(points * ctx.pixels_per_point(), system_scale);
        self.view.screen_scale = Some(scale);
        let is_chosen = self.store.settings.interface_scale.is_some();
        if scale > 1.0 && !is_chosen && self.store.is_first_start {
            self.view.notice = Some(Notice {
                title: "Text and controls were made larger for this screen".to_owned(),
                message: "F7 makes them smaller, F8 larger; that choice is kept then.".to_owned(),
                is_error: false,
            });
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact values are meant")]
mod tests {
    use eframe::egui::vec2;

    use super::*;

    #[test]
    fn fine_screens_get_a_larger_interface_unless_the_system_cares() {
        for (pixels, system_scale, expected) in [
            (vec2(1920.0, 1080.0), 1.0, 1.0),
            (vec2(2560.0, 1440.0), 1.0, 1.0),
            (vec2(3840.0, 1600.0), 1.0, 1.0),
            (vec2(3840.0, 2160.0), 1.0, 1.5),
            (vec2(2160.0, 3840.0), 1.0, 1.5),
            (vec2(5120.0, 2880.0), 1.0, 2.0),
            (vec2(3840.0, 2160.0), 2.0, 1.0),
        ] {
            assert_eq!(scale_for_screen(pixels, system_scale), expected, "{pixels}");
        }
    }
}
