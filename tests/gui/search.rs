//! Tools that look at the photo: one scratch from one click, an area searched again.

use crate::support::{SCRATCH, Window, open};
use eframe::egui::{Event, Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;

/// Colour of a scratch that is easily seen.
const FAINT: [u8; 3] = [70, 160, 160];

/// With a scratch of little red, so that the fake network is not sure of it.
fn faint() -> image::DynamicImage {
    let mut photo = image::RgbImage::from_pixel(320, 240, image::Rgb([8, 30, 30]));
    for y in 40..200 {
        for x in SCRATCH {
            photo.put_pixel(x, y, image::Rgb(FAINT));
        }
    }
    photo.into()
}

fn window_with(photo: &image::DynamicImage, tool: &str) -> Window {
    let mut window = open(photo);
    window.settle();
    window.harness.get_by_label(tool).click();
    window.harness.run();
    window
}

fn click(window: &mut Window, at: (f64, f64)) {
    let pos = window.at(at.0, at.1);
    window.press(PointerButton::Primary, pos, Modifiers::NONE);
    window.release(PointerButton::Primary, pos);
    window.until("the trace is there", |app| !app.work().tracing);
    window.harness.step();
}

#[test]
fn a_click_traces_a_scratch_to_both_ends_and_enter_keeps_it() {
    let mut window = window_with(&faint(), "Trace scratch");
    assert_eq!(window.mask_at(103, 100), 0, "detection did not find it");
    click(&mut window, (103.0, 120.0));
    assert!(window.app().view().traced.is_some());
    window
        .harness
        .get_by_label_contains("Escape rejects it; Alt");
    assert_eq!(window.mask_at(103, 100), 0, "only shown yet");
    window.harness.key_press(Key::Enter);
    window.settle();
    for y in [44, 100, 195] {
        assert_eq!(window.mask_at(103, y), 255, "row {y}");
    }
    assert_eq!(window.mask_at(103, 15), 0);
    assert_eq!(window.mask_at(SCRATCH.end + 4, 100), 0);
    assert_ne!(window.restored_at(103, 100), FAINT, "it is repaired");
    let document = window.app().document().unwrap();
    assert_eq!(document.undo_label(), Some("Trace scratch"));
    window.harness.get_by_label("Undo").click();
    window.settle();
    assert_eq!(window.mask_at(103, 100), 0);
}

#[test]
fn escape_rejects_a_trace_and_plain_paper_gives_a_message() {
    let mut window = window_with(&faint(), "Trace scratch");
    click(&mut window, (103.0, 120.0));
    window.harness.key_press(Key::Escape);
    window.settle();
    assert!(window.app().view().traced.is_none());
    assert!(window.app().document().unwrap().undo_label().is_none());
    click(&mut window, (250.0, 120.0));
    window.harness.run();
    window.harness.get_by_label("No scratch was found here");
}

#[test]
fn an_area_is_searched_again_more_sensitively() {
    let mut window = window_with(&faint(), "Search area again");
    assert_eq!(window.mask_at(103, 100), 0);
    let (from, to) = (window.at(80.0, 80.0), window.at(140.0, 140.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    window.settle();
    assert_eq!(window.mask_at(103, 100), 255);
    assert_eq!(window.mask_at(103, 60), 0, "outside the area");
    assert_ne!(window.restored_at(103, 100), FAINT, "it is repaired");
    let document = window.app().document().unwrap();
    assert_eq!(document.undo_label(), Some("Search area again"));
}

#[test]
fn an_area_without_damage_says_so() {
    let mut window = window_with(&faint(), "Search area again");
    let (from, to) = (window.at(200.0, 80.0), window.at(300.0, 140.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    window.settle();
    window.harness.get_by_label("Nothing more was found here");
    assert!(window.app().document().unwrap().undo_label().is_none());
}
