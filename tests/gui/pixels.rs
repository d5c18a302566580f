//! What is really on the screen: at 1:1 the photo's own pixels, in every orientation of the window's scale.

use eframe::egui::{Key, PointerButton};
use egui_kittest::HarnessBuilder;

use crate::support::{Window, fake_engine, open_with};

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
    let mut window = open_with(
        &photo.clone().into(),
        pixels_per_point,
        builder,
        fake_engine,
    );
    window.settle();
    // What the search came to would lie over some pixels.
    window.harness.key_press(Key::Escape);
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
    let factor = 2;
    let mut window = window_at_scale(&photo, 1.0);
    // Just the room for twice the photo's height and the margins around it.
    let bars = 768.0 - window.app().view().viewport.height();
    let height = bars + (photo.height() * factor) as f32 + 32.0;
    window.harness.set_size(eframe::egui::vec2(1366.0, height));
    window.harness.key_press(Key::Num0);
    window.harness.run();
    window.harness.run();
    assert_eq!(window.app().view().view.scale, f64::from(factor));
    let enlarged = image::imageops::resize(
        &photo,
        photo.width() * factor,
        photo.height() * factor,
        image::imageops::FilterType::Nearest,
    );
    assert_shows(&mut window, &enlarged);
}

#[test]
fn a_photo_is_shown_turned_as_its_exif_orientation_says() {
    use image::ImageEncoder as _;

    let photo = noise();
    // A TIFF structure with the one tag 0x0112 (orientation), a SHORT of value 6: turn clockwise for display.
    let exif = [
        b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turned.png");
    let mut encoder = image::codecs::png::PngEncoder::new(std::fs::File::create(&path).unwrap());
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder
        .write_image(
            &photo,
            photo.width(),
            photo.height(),
            image::ExtendedColorType::Rgb8,
        )
        .unwrap();
    let mut window = crate::support::open_path(folder, path, HarnessBuilder::default().wgpu());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.harness.run();
    assert_shows(&mut window, &image::imageops::rotate90(&photo));
}

#[test]
fn a_repair_and_its_undo_are_what_the_screen_shows() {
    let photo = noise();
    let mut window = window_at_scale(&photo, 1.0);
    window.harness.key_press(Key::Num1);
    window.harness.run();
    window.stroke(PointerButton::Primary, &[(60.0, 60.0), (120.0, 60.0)]);
    window.harness.remove_cursor();
    window.settle();
    // Without the outline of the marks.
    window.harness.key_press(Key::R);
    window.harness.run_steps(20);
    let mut expected = photo.clone();
    for (x, y, pixel) in expected.enumerate_pixels_mut() {
        pixel.0 = window.restored_at(x, y);
    }
    assert_ne!(expected, photo);
    assert_shows(&mut window, &expected);
    window
        .harness
        .key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::Z);
    window.settle();
    window.harness.run_steps(20);
    assert_shows(&mut window, &photo);
}

/// Compares a picture of the loupe, whose corner lies at `corner`, with `photo` around `pixel`.
fn assert_enlarges(
    screen: &image::RgbaImage,
    corner: eframe::egui::Pos2,
    photo: &image::RgbImage,
    pixel: (u32, u32),
) {
    // At 1:1 each pixel is a square of 8, and 23 fit into 176 points.
    for row in 0..23 {
        for column in 0..23 {
            let at = (
                corner.x as u32 + column * 8 + 4,
                corner.y as u32 + row * 8 + 4,
            );
            let shown = screen.get_pixel(at.0, at.1).0;
            let wanted = photo.get_pixel(pixel.0 + column - 11, pixel.1 + row - 11).0;
            assert_eq!(shown[..3], wanted, "{column} {row}");
        }
    }
}

#[test]
fn the_loupe_shows_the_pixels_of_both_photos_as_sharp_squares() {
    let photo = noise();
    let mut window = window_at_scale(&photo, 1.0);
    window.harness.key_press(Key::Num1);
    window.harness.run();
    window.stroke(PointerButton::Primary, &[(60.0, 60.0), (120.0, 60.0)]);
    window.settle();
    let pointer = window.at(90.0, 63.0) + eframe::egui::vec2(0.5, 0.5);
    window.harness.hover_at(pointer);
    window.harness.key_down(Key::Z);
    window.harness.run_steps(30);
    let screen = window.harness.render().unwrap();
    let restored = image::RgbImage::from_fn(photo.width(), photo.height(), |x, y| {
        image::Rgb(window.restored_at(x, y))
    });
    assert_ne!(restored, photo);
    let first = pointer + eframe::egui::vec2(26.0 + 6.0, 26.0 + 20.0);
    let second = first + eframe::egui::vec2(184.0 + 6.0, 0.0);
    assert_enlarges(&screen, first.round(), &photo, (90, 63));
    assert_enlarges(&screen, second.round(), &restored, (90, 63));
}
