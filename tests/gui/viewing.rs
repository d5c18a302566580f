//! What is seen and how closely: overlays, the original, zoom, moving, comparing.

use crate::support::{open, open_with_options, plain, scratched};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::settings::CompareMode;
use unscratch::gui::state::OverlayMode;

#[test]
fn o_goes_through_the_overlays() {
    let mut window = open(&scratched());
    window.settle();
    let mut seen = Vec::new();
    for _ in 0..5 {
        window.harness.key_press(Key::O);
        window.harness.step();
        seen.push(window.app().view().overlay.shown());
    }
    assert_eq!(
        seen,
        [
            OverlayMode::Mask,
            OverlayMode::Outline,
            OverlayMode::Probability,
            OverlayMode::Provenance,
            OverlayMode::Off
        ]
    );
}

#[test]
fn the_original_shows_while_m_or_backslash_is_held() {
    let mut window = open(&plain());
    window.settle();
    for key in [Key::M, Key::Backslash] {
        window.harness.key_down(key);
        window.harness.step();
        assert!(window.app().view().held.master);
        window.harness.get_by_label_contains("Photo, original");
        window.harness.key_up(key);
        window.harness.step();
        assert!(!window.app().view().held.master);
    }
}

fn wheel(notches: f32) -> egui::Event {
    egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, notches),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn a_notch_that_x11_tells_twice_zooms_once() {
    let zoomed = |told_twice, events: usize| {
        let mut window = open_with_options(&plain(), move |options| {
            options.notches_told_twice = told_twice;
        });
        window.settle();
        let pointer = window.at(80.0, 60.0);
        window.harness.hover_at(pointer);
        for _ in 0..events {
            let event = wheel(1.0);
            window.harness.input_mut().events.push(event);
        }
        window.harness.step();
        window.app().view().view.scale
    };
    let once = zoomed(false, 1);
    assert_eq!(zoomed(true, 2), once);
    assert!(zoomed(false, 2) > once * 1.1);
}

#[test]
fn zoom_keys_and_wheel_work_at_the_pointer() {
    let mut window = open(&plain());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.harness.step();
    assert_eq!(window.app().view().view.scale, 1.0);
    let pointer = window.at(80.0, 60.0);
    window.harness.hover_at(pointer);
    window.harness.event(wheel(3.0));
    window.harness.step();
    assert!(window.app().view().view.scale > 1.5);
    let under = window.placement().image_from_screen(pointer);
    assert!(
        (under.0 - 80.0).abs() < 1.0 && (under.1 - 60.0).abs() < 1.0,
        "{under:?}"
    );
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    window.harness.step();
    assert!(window.app().view().view.fitted);
}

#[test]
fn space_and_the_middle_button_move_the_photo_and_paint_nothing() {
    let mut window = open(&plain());
    window.settle();
    let (from, to) = (
        window.at(150.0, 100.0),
        window.at(150.0, 100.0) + egui::vec2(40.0, 10.0),
    );
    let start = window.at(0.0, 0.0);
    for (key, button) in [
        (None, PointerButton::Middle),
        (Some(Key::Space), PointerButton::Primary),
    ] {
        let before = window.at(0.0, 0.0);
        if let Some(key) = key {
            window.harness.key_down(key);
        }
        window.press(button, from, Modifiers::NONE);
        window.harness.event(egui::Event::PointerMoved(to));
        window.harness.step();
        window.release(button, to);
        if let Some(key) = key {
            window.harness.key_up(key);
        }
        window.harness.step();
        assert_eq!(window.at(0.0, 0.0) - before, to - from);
    }
    assert_ne!(window.at(0.0, 0.0), start);
    assert!(window.app().document().unwrap().undo_label().is_none());
}

#[test]
fn the_divider_is_dragged_and_side_by_side_paints_where_the_pointer_is() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("Split").click();
    window.harness.run();
    let area = window.app().view().viewport;
    let (from, to) = (area.center(), area.center() + egui::vec2(-200.0, 0.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(egui::Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    assert!((window.app().view().split - (0.5 - 200.0 / area.width())).abs() < 0.01);
    assert!(window.app().document().unwrap().undo_label().is_none());

    window.harness.get_by_label("Side by side").click();
    window.harness.run();
    assert_eq!(window.app().settings().compare, CompareMode::SideBySide);
    let quarter = egui::pos2(area.left() + area.width() * 0.25, area.center().y);
    window.press(PointerButton::Primary, quarter, Modifiers::NONE);
    window.release(PointerButton::Primary, quarter);
    window.settle();
    assert_eq!(
        window.mask_at(160, 120),
        255,
        "the middle of the left picture is the middle of the photo"
    );
}

#[test]
fn a_dab_updates_only_the_textures_it_touches() {
    let photo = image::imageops::resize(
        &plain().to_rgb8(),
        1200,
        1000,
        image::imageops::FilterType::Nearest,
    );
    let mut window = open(&photo.into());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.settle();
    // The navigator's picture would count too.
    window.harness.key_press(Key::N);
    // Round to the marks, so that they stay when the repair is done.
    for _ in 0..5 {
        window.harness.key_press(Key::O);
        window.settle();
    }
    assert_eq!(window.app().view().overlay.shown(), OverlayMode::Mask);
    let whole = uploads(&window);
    let all = 3 * 2 * 512 * 512;
    assert!(
        whole.1 > all / 2,
        "photo and mask are drawn in several textures: {whole:?}"
    );
    let tile = 258 * 258;
    // The first repair in a texture makes one of the restored photo beside that of the original.
    let first = dab(&mut window, 896, 384);
    assert!((tile..=514 * 514 + tile).contains(&first.1), "{first:?}");
    // After that, one tile of the mask with the rims that three neighbours share, and one cell of the fill.
    let (textures, pixels) = dab(&mut window, 840, 330);
    assert!((2..=5).contains(&textures), "{textures} textures");
    assert!((tile..=2 * tile).contains(&pixels), "{pixels} px");
}

/// Paints one dab; returns the textures updated for it and their px.
fn dab(window: &mut crate::support::Window, x: u32, y: u32) -> (u64, u64) {
    let before = uploads(window);
    let at = window.at(f64::from(x), f64::from(y));
    window.press(PointerButton::Primary, at, Modifiers::NONE);
    window.release(PointerButton::Primary, at);
    window.settle();
    assert_eq!(window.mask_at(x, y), 255);
    let after = uploads(window);
    (after.0 - before.0, after.1 - before.1)
}

/// Textures updated and their px, so far.
fn uploads(window: &crate::support::Window) -> (u64, u64) {
    let canvas = window.app().canvas();
    (canvas.uploads(), canvas.uploaded_pixels())
}
