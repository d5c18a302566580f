//! While a person corrects marks they are seen: they come back with a tool that marks, their outline stays over a repair, and
//! what was hidden by hand stays hidden.

use crate::support::{SCRATCH, Window, open, scratched};
use eframe::egui::{Event, Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::state::OverlayMode;

fn shown(window: &Window) -> OverlayMode {
    window.app().view().overlay.shown()
}

fn tap(window: &mut Window, key: Key) {
    window.harness.key_press(key);
    window.harness.step();
    window.harness.run();
}

fn says(window: &Window, text: &str) -> bool {
    window.harness.query_by_label_contains(text).is_some()
}

/// With a second scratch of little red, so that the fake network is not sure of it.
fn faint() -> image::DynamicImage {
    let mut photo = image::RgbImage::from_pixel(320, 240, image::Rgb([8, 30, 30]));
    for y in 40..200 {
        for x in SCRATCH {
            photo.put_pixel(x, y, image::Rgb([70, 160, 160]));
        }
    }
    photo.into()
}

fn drag(window: &mut Window, from: (f64, f64), to: (f64, f64)) {
    let (from, to) = (window.at(from.0, from.1), window.at(to.0, to.1));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    window.settle();
}

#[test]
fn a_tool_that_marks_brings_the_marks_back_and_their_outline_stays_over_the_repair() {
    for tool in [
        Key::B,
        Key::E,
        Key::U,
        Key::L,
        Key::F,
        Key::T,
        Key::A,
        Key::P,
    ] {
        let mut window = open(&scratched());
        window.settle();
        assert_eq!(shown(&window), OverlayMode::Off, "the repair is seen");
        tap(&mut window, tool);
        assert_eq!(shown(&window), OverlayMode::Mask, "{tool:?}");
    }
    let mut window = open(&scratched());
    window.settle();
    tap(&mut window, Key::E);
    let x = f64::from(SCRATCH.start) + 3.0;
    window.stroke(PointerButton::Primary, &[(x, 60.0), (x, 80.0)]);
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Outline);
    assert!(says(&window, "with the marks outlined"));
    tap(&mut window, Key::R);
    assert_eq!(shown(&window), OverlayMode::Off, "the repair alone");
    // Correcting goes on.
    window.stroke(PointerButton::Primary, &[(x, 140.0), (x, 160.0)]);
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Outline);
    tap(&mut window, Key::W);
    assert_eq!(shown(&window), OverlayMode::Off, "repairs are looked at");
}

#[test]
fn the_brush_that_was_there_from_the_start_outlines_the_marks_like_one_that_was_chosen() {
    let mut window = open(&scratched());
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Off, "the repair is seen");
    let (from, to) = (window.at(200.0, 60.0), window.at(230.0, 60.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    assert_eq!(shown(&window), OverlayMode::Mask);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Outline);
    tap(&mut window, Key::R);
    assert_eq!(shown(&window), OverlayMode::Off, "the repair alone");
}

#[test]
fn marks_hidden_by_hand_stay_hidden_and_are_only_told_of() {
    let mut window = open(&scratched());
    window.settle();
    tap(&mut window, Key::Num8);
    tap(&mut window, Key::E);
    assert_eq!(shown(&window), OverlayMode::Off);
    assert!(says(&window, "The marks are hidden; 4 shows them"));
    let x = f64::from(SCRATCH.start) + 3.0;
    window.stroke(PointerButton::Primary, &[(x, 60.0), (x, 80.0)]);
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Off);
    tap(&mut window, Key::Num4);
    assert_eq!(shown(&window), OverlayMode::Mask);
}

#[test]
fn what_the_search_of_an_area_found_is_seen_and_told() {
    let mut window = open(&faint());
    window.settle();
    tap(&mut window, Key::A);
    drag(&mut window, (80.0, 80.0), (140.0, 140.0));
    assert_eq!(window.mask_at(103, 100), 255);
    assert_eq!(shown(&window), OverlayMode::Outline);
    assert!(says(
        &window,
        "What was found is marked; Ctrl+Z takes it back"
    ));
    // All of it is marked by now.
    drag(&mut window, (80.0, 80.0), (140.0, 140.0));
    window.harness.get_by_label("Nothing more was found here");
}

#[test]
fn a_search_of_an_area_leaves_hidden_marks_hidden_and_says_so() {
    let mut window = open(&faint());
    window.settle();
    tap(&mut window, Key::Num8);
    tap(&mut window, Key::A);
    drag(&mut window, (80.0, 80.0), (140.0, 140.0));
    assert_eq!(window.mask_at(103, 100), 255);
    assert_eq!(shown(&window), OverlayMode::Off);
    assert!(says(&window, "but marks are hidden: 4 shows them"));
}
