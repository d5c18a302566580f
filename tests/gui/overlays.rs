//! What lies over the photo, pixel by pixel: the contour of the marks, and where a repair comes from.

use eframe::egui::{Color32, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::state::OverlayMode;
use unscratch::gui::theme::{BY_HAND, OVERLAY_COLORS, RECOVERED};

use crate::support::{SCRATCH, Window, fake_engine, open, open_with, scratched};

/// A window that draws, with `label` chosen in the menu *View*.
fn drawn_with(label: &str, pixels_per_point: f32) -> Window {
    let builder = HarnessBuilder::default().wgpu();
    let mut window = open_with(&scratched(), pixels_per_point, builder, fake_engine);
    window.settle();
    choose(&mut window, label);
    window
}

fn choose(window: &mut Window, label: &str) {
    for menu in ["View", "Overlays"] {
        window.harness.get_by_label_contains(menu).click();
        window.harness.run();
    }
    window.harness.get_by_label_contains(label).click();
    window.harness.run();
    window.harness.remove_cursor();
    // Time for the menu and for what was shown before to fade.
    window.harness.run_steps(50);
}

/// Columns of the screen, physical px, that have the colour of the overlay in the row through the middle of the photo.
fn columns_in_overlay_color(window: &mut Window) -> Vec<u32> {
    let screen = window.harness.render().unwrap();
    let pixels_per_point = window.harness.ctx.pixels_per_point();
    let row = (window.at(0.0, 120.5).y * pixels_per_point) as u32;
    let area = window.app().view().viewport * pixels_per_point;
    let color = OVERLAY_COLORS[0].1;
    (area.min.x as u32..area.max.x as u32)
        .filter(|&x| screen.get_pixel(x, row).0[..3] == color)
        .collect()
}

#[test]
fn the_outline_is_one_pixel_of_the_screen_wide_at_every_zoom() {
    for pixels_per_point in [1.0, 2.0] {
        let mut window = drawn_with("Overlay: outline", pixels_per_point);
        let marked: Vec<u32> = (0..320)
            .filter(|&x| window.mask_at(x, 120) >= 128)
            .collect();
        assert_eq!(marked.len(), SCRATCH.len(), "one line is marked");
        window.harness.key_press(Key::Num1);
        window.harness.run_steps(5);
        let mut seen = Vec::new();
        for _ in 0..6 {
            window.harness.remove_cursor();
            window.harness.run_steps(5);
            let columns = columns_in_overlay_color(&mut window);
            let scale = window.placement().scale;
            seen.push(scale);
            let [left, right] = columns[..] else {
                panic!("{columns:?} at {scale}");
            };
            let width = f64::from(right - left + 1);
            let marks = scale * marked.len() as f64;
            assert!((width - marks).abs() <= 1.0, "{width} for {marks} px");
            let edge = window.at(f64::from(SCRATCH.start), 120.0).x * pixels_per_point;
            assert!((left as f32 - edge).abs() <= 1.0, "{left} at {edge}");
            // Towards the marks, with the brush's ring below the row that is looked at.
            let near = window.at(103.0, 140.0);
            window.harness.hover_at(near);
            for _ in 0..2 {
                window
                    .harness
                    .key_press_modifiers(Modifiers::COMMAND, Key::Plus);
                window.harness.step();
            }
            window.harness.run_steps(5);
        }
        assert!(seen.last().is_some_and(|scale| *scale > 9.0), "{seen:?}");
    }
}

#[test]
fn seen_from_afar_the_outline_skips_no_mark() {
    let mut window = drawn_with("Overlay: outline", 1.0);
    while window.placement().scale > 0.1 {
        window
            .harness
            .key_press_modifiers(Modifiers::COMMAND, Key::Minus);
        window.harness.run_steps(8);
        let columns = columns_in_overlay_color(&mut window);
        assert!(
            (1..=2).contains(&columns.len()),
            "{columns:?} at {}",
            window.placement().scale
        );
    }
}

#[test]
fn the_outline_follows_strokes_and_undo() {
    let mut window = drawn_with("Overlay: outline", 1.0);
    let before = columns_in_overlay_color(&mut window);
    window.stroke(PointerButton::Primary, &[(200.0, 120.5), (230.0, 120.5)]);
    window.harness.remove_cursor();
    window.settle();
    window.harness.run_steps(20);
    let with_stroke = columns_in_overlay_color(&mut window);
    assert_eq!(with_stroke.len(), before.len() + 2, "{with_stroke:?}");
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.settle();
    window.harness.run_steps(20);
    assert_eq!(columns_in_overlay_color(&mut window), before);
}

#[test]
fn every_overlay_has_a_key_a_menu_entry_and_a_button() {
    let mut window = open(&scratched());
    window.settle();
    for (key, entry, button, mode) in [
        (
            Key::Num5,
            "Overlay: outline",
            "Outline",
            OverlayMode::Outline,
        ),
        (
            Key::Num6,
            "Overlay: certainty",
            "Certainty",
            OverlayMode::Probability,
        ),
        (
            Key::Num7,
            "Overlay: recovered",
            "Recovered",
            OverlayMode::Provenance,
        ),
        (Key::Num4, "Overlay: damage", "Damage", OverlayMode::Mask),
    ] {
        let shown = |window: &Window| window.app().view().overlay.shown();
        window.harness.key_press(key);
        window.harness.run();
        assert_eq!(shown(&window), mode);
        window.harness.key_press(Key::Num8);
        window.harness.run();
        assert_eq!(shown(&window), OverlayMode::Off);
        choose(&mut window, entry);
        assert_eq!(shown(&window), mode);
        choose(&mut window, "Overlay: off");
        assert_eq!(shown(&window), OverlayMode::Off);
        let label = window
            .harness
            .get_all_by_label(button)
            .last()
            .map(|node| node.rect().center())
            .unwrap();
        window.press(PointerButton::Primary, label, Modifiers::NONE);
        window.release(PointerButton::Primary, label);
        window.harness.run();
        assert_eq!(shown(&window), mode, "{button}");
    }
}

/// The colour of the screen in the middle of the scratch, over the repair.
fn over_the_scratch(window: &mut Window) -> [u8; 3] {
    let screen = window.harness.render().unwrap();
    let at = window.at(f64::from(SCRATCH.start) + 3.0, 100.5);
    let pixel = screen.get_pixel(at.x as u32, at.y as u32).0;
    [pixel[0], pixel[1], pixel[2]]
}

fn assert_tinted(window: &mut Window, tint: Color32) {
    let opacity = window.app().settings().overlay_opacity;
    let fill = window.restored_at(SCRATCH.start + 3, 100);
    let shown = over_the_scratch(window);
    for ((shown, fill), tint) in shown.iter().zip(fill).zip(tint.to_array()) {
        let wanted = f32::from(fill) * (1.0 - opacity) + f32::from(tint) * opacity;
        assert!(
            (f32::from(*shown) - wanted).abs() <= 3.0,
            "{shown} for {wanted}"
        );
    }
}

#[test]
fn what_was_read_through_the_damage_and_what_was_chosen_by_hand_have_colours_of_their_own() {
    // The network made for tests says of everything that it was read through the damage.
    let mut window = drawn_with("Overlay: recovered", 1.0);
    window.harness.get_by_label("Invented");
    window.harness.get_by_label("Healed or suggested");
    assert_tinted(&mut window, RECOVERED);
    window.harness.get_by_label("Mend area").click();
    window.harness.run();
    let middle = window.at(f64::from(SCRATCH.start) + 3.0, 100.5);
    window.press(PointerButton::Primary, middle, Modifiers::NONE);
    window.release(PointerButton::Primary, middle);
    window.settle();
    window.harness.key_press(Key::J);
    window.settle();
    window.harness.remove_cursor();
    window.harness.run_steps(20);
    assert_tinted(&mut window, BY_HAND);
}
