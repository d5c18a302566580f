//! Details a person stumbles over: what is shown at once, what is proposed, what goes away by itself.

use crate::support::{empty, open, open_path, plain, scratched};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::state::OverlayMode;

#[test]
fn a_click_within_one_frame_shows_its_mark_until_the_repair_is_there() {
    let mut window = open(&plain());
    window.settle();
    let pos = window.at(200.0, 120.0);
    window.harness.event(egui::Event::PointerMoved(pos));
    window.harness.step();
    for pressed in [true, false] {
        let click = egui::Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        window.harness.input_mut().events.push(click);
    }
    window.harness.step();
    assert!(window.app().work().filling.is_some());
    assert!(window.app().canvas().shows_stroke());
    window.settle();
    assert!(!window.app().canvas().shows_stroke());
}

#[test]
fn the_eraser_brings_the_marks_back_into_sight() {
    let mut window = open(&scratched());
    window.settle();
    assert_eq!(window.app().view().overlay.shown(), OverlayMode::Off);
    window.harness.key_press(Key::E);
    window.harness.step();
    assert_eq!(window.app().view().overlay.shown(), OverlayMode::Mask);
}

#[test]
fn a_jpeg_is_proposed_to_be_exported_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.jpg");
    plain().to_rgb8().save(&path).unwrap();
    let mut window = open_path(folder, path, HarnessBuilder::default());
    window.settle();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run();
    window.harness.get_by_label("Writes photo_restored.png");
    window.harness.get_by_label("JPEG").click();
    window.harness.run();
    window.harness.get_by_label("Writes photo_restored.jpg");
}

#[test]
fn escape_puts_a_message_away() {
    let mut window = empty();
    let path = window.path("letter.jpg");
    std::fs::write(&path, "Dear archive").unwrap();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.harness.run();
    window
        .harness
        .get_by_label("Path")
        .set_text_value_accesskit(&path.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Open photo").click();
    window.until("the message is there", |app| app.view().notice.is_some());
    window.harness.get_by_label("Help").click();
    window.harness.run();
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert!(
        window.app().view().notice.is_some(),
        "Escape only closes the menu"
    );
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert_eq!(window.app().view().notice, None);
}

#[test]
fn the_sheet_of_shortcuts_fits_the_smallest_window() {
    let mut window = empty();
    window.harness.set_size(egui::vec2(860.0, 560.0));
    window.harness.key_press(Key::F1);
    window.harness.run();
    for text in [
        "Next part of the window",
        "Straight line from the last point",
        "Swap brush and eraser",
    ] {
        let rect = window.harness.get_by_label(text).rect();
        assert!(rect.min.x > 0.0 && rect.max.x < 860.0, "{text}: {rect:?}");
    }
}

#[test]
fn cleared_marks_are_not_called_damage_that_was_not_found() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Clear marks").click();
    window.settle();
    window.harness.get_by_label("Nothing is marked");
}

#[test]
fn what_would_be_written_is_named_only_when_it_can_be() {
    let mut window = open(&plain());
    window.settle();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run();
    window.harness.get_by_label("Writes photo_restored.png");
    let original = window.path("photo.png").display().to_string();
    window
        .harness
        .get_by_label("Save as")
        .set_text_value_accesskit(&original);
    window.harness.run();
    assert!(window.harness.query_by_label_contains("Writes").is_none());
}
