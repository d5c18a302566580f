//! What is really on the screen: at 1:1 the photo's own pixels, in every orientation of the window's scale.

use crate::support::{FILL, Window, open_with};
use eframe::egui::{Key, PointerButton};
use egui_kittest::HarnessBuilder;
use unscratch::inference::fake::paint_engine;

/// Noise, so that any shift or filter shows; red stays low, so that nothing counts as damage.
fn noise() -> image::RgbImage {
    let mut state = 1_u32;
    image::RgbImage::from_fn(231, 173, |_, _| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        image::Rgb([next() / 4, next(), next()])
    })
}

fn window_at_scale(photo: &image::RgbImage, pixels_per_point: f32) -> Window {
    let builder = HarnessBuilder::default().wgpu();
    let mut window = open_with(&photo.clone().into(), pixels_per_point, builder, || {
        paint_engine(FILL.map(|value| f32::from(value) / 255.0))
    });
    window.settle();
    window
}

/// Compares the screen with `expected`, whose corner lies where the photo's does.
fn assert_shows(window: &mut Window, expected: &image::RgbImage) {
    let screen = window.harness.render().unwrap();
    let corner = window.placement().photo_rect().min * window.harness.ctx.pixels_per_point();
    assert_eq!((corner.x.fract(), corner.y.fract()), (0.0, 0.0));
    let mut differing = 0;
    for (x, y, pixel) in expected.enumerate_pixels() {
        let shown = screen.get_pixel(corner.x as u32 + x, corner.y as u32 + y).0;
        differing += u32::from(shown[..3] != pixel.0);
    }
    assert_eq!(differing, 0, "pixels that differ");
}

#[test]
fn at_one_to_one_the_screen_shows_the_photos_own_pixels_at_scale_1_and_2() {
    let photo = noise();
    for pixels_per_point in [1.0, 2.0] {
        let mut window = window_at_scale(&photo, pixels_per_point);
        window.harness.key_press(Key::Num1);
        window.harness.run();
        assert_eq!(window.app().view().view.scale, 1.0);
        assert_shows(&mut window, &photo);
        // Still so after moving it by half a point.
        let from = window.at(100.0, 80.0);
        let to = from + eframe::egui::vec2(33.5, -20.5);
        window.press(PointerButton::Middle, from, eframe::egui::Modifiers::NONE);
        window.release(PointerButton::Middle, to);
        window.harness.remove_cursor();
        window.harness.run();
        assert_shows(&mut window, &photo);
    }
}

#[test]
fn enlarged_by_a_whole_factor_pixels_become_sharp_squares() {
    let photo = noise();
    let mut window = window_at_scale(&photo, 1.0);
    window.harness.key_press(Key::Num0);
    window.harness.run();
    let factor = window.app().view().view.scale as u32;
    assert!(factor >= 2, "{factor}");
    let enlarged = image::imageops::resize(
        &photo,
        photo.width() * factor,
        photo.height() * factor,
        image::imageops::FilterType::Nearest,
    );
    assert_shows(&mut window, &enlarged);
}
