//! What a person notices at once: sizes, places, what a button says, what is remembered.

use std::time::Duration;

use crate::support::{empty, open, open_with, plain, scratched};
use eframe::egui::{Key, Modifiers, PointerButton, accesskit::Role, vec2};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::inference::fake::{IdentityNetwork, SlowNetwork};
use unscratch::inference::{Contract, Engine};

#[test]
fn the_interface_grows_by_a_key_is_kept_and_never_outgrows_the_window() {
    let mut window = open(&plain());
    window.settle();
    window.harness.key_press(Key::F8);
    window.harness.run();
    window.harness.run();
    assert_eq!(window.app().settings().interface_scale, Some(1.25));
    assert_eq!(window.harness.ctx.zoom_factor(), 1.25);
    // 1.5 would leave less room than the smallest window.
    window.harness.key_press(Key::F8);
    window.harness.run();
    assert_eq!(window.app().settings().interface_scale, Some(1.25));
    window
        .harness
        .get_by_label("The interface is as large as this window allows");
    window.harness.key_press(Key::F7);
    window.harness.run();
    window.harness.run();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.0);
}

#[test]
fn the_whole_sheet_of_shortcuts_is_reached_by_its_bar() {
    let mut window = empty();
    window.harness.key_press(Key::F1);
    window.harness.run();
    let titles = window.harness.get_all_by_label("All shortcuts");
    // The title, and below it the name of the command that shows the sheet.
    let tops = titles.map(|title| title.rect().top());
    let sheet = tops.fold(f32::INFINITY, f32::min);
    let close = window.harness.get_by_label("Close").rect();
    assert!(close.bottom() <= 768.0, "{close:?}");
    // Nearly all of the window's height is used.
    assert!(close.bottom() - sheet > 640.0, "{sheet} {close:?}");
}

#[test]
fn the_export_dialog_stays_in_place_when_rows_come_and_go() {
    let mut window = open(&plain());
    window.settle();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run();
    let before = window.harness.get_by_label("JPEG").rect();
    let button = window.harness.get_by_label("Export").rect();
    window.harness.get_by_label("Lossless");
    for format in ["JPEG", "TIFF", "JPEG"] {
        window.harness.get_by_label(format).click();
        window.harness.run();
        assert_eq!(
            window.harness.get_by_label("Export").rect(),
            button,
            "{format}"
        );
    }
    let sliders = window
        .harness
        .query_all_by_role_and_label(Role::Slider, "Quality");
    assert_eq!(sliders.count(), 1);
    assert_eq!(window.harness.get_by_label("JPEG").rect(), before);
    std::fs::write(window.path("taken.jpg"), b"x").unwrap();
    let taken = window.path("taken.jpg").display().to_string();
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&taken);
    window.harness.run();
    window
        .harness
        .get_by_label("To export, agree to replace it or choose another name.");
    assert_eq!(window.harness.get_by_label("Export").rect(), button);
}

#[test]
fn a_second_export_of_the_photo_begins_with_the_choices_of_the_first() {
    let mut window = open(&scratched());
    window.settle();
    std::fs::create_dir(window.path("prints")).unwrap();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label("JPEG").click();
    window.harness.run();
    let target = window.path("prints").join("grandmother");
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&target.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Writes grandmother.jpg");
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    assert!(target.with_extension("jpg").is_file());
    window.harness.run();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    assert!(window.app().view().notice.is_none(), "good news makes way");
    window
        .harness
        .get_by_label_contains("already there: grandmother.jpg");
}

#[test]
fn a_stopped_search_is_said_and_there_is_nothing_to_clear() {
    let mut window = open_with(&plain(), 1.0, HarnessBuilder::default(), || {
        Engine::from_networks(
            Box::new(SlowNetwork::new(
                Contract::ScratchContextV1,
                Duration::from_mins(10),
            )),
            Box::new(IdentityNetwork::new(Contract::RestoreV1)),
        )
    });
    window.until("the search runs", |app| {
        app.work().detecting.is_some() && app.work().engine.is_some()
    });
    let clear = |window: &crate::support::Window| {
        let button = window.harness.get_by_label("Clear marks");
        !button.accesskit_node().is_disabled()
    };
    window.harness.step();
    window.harness.get_by_label("Cancel").click();
    window.until("the search ended", |app| app.work().detecting.is_none());
    window.harness.step();
    window.harness.get_by_label("Search stopped");
    window
        .harness
        .get_by_label("Search stopped. Ctrl+D finds damage, or paint to mark it yourself");
    assert!(!clear(&window));
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.harness.step();
    assert!(clear(&window));
}

#[test]
fn an_error_on_the_start_page_lies_in_the_middle() {
    let mut window = empty();
    let path = window.path("letter.jpg");
    std::fs::write(&path, "Dear Sir or Madam").unwrap();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.harness.run();
    let field = window.harness.get_by_label("Path");
    field.set_text_value_accesskit(&path.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Open photo").click();
    window.until("the message is there", |app| app.view().notice.is_some());
    window.harness.run();
    let text = window
        .harness
        .get_by_label_contains("with another program first")
        .rect();
    let left = text.left() - (1366.0 - text.right());
    assert!(left.abs() < 80.0, "{text:?}");
}

#[test]
fn the_certainty_overlay_explains_its_colours_in_place_of_the_marks_colour() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Red overlay");
    window.harness.get_by_label("Certainty").click();
    window.harness.run();
    window.harness.get_by_label("Surely damage");
    assert!(window.harness.query_by_label("Red overlay").is_none());
}

#[test]
fn fit_fills_the_picture_area_and_a_hint_is_never_cut() {
    let mut window = open(&plain());
    window.settle();
    let (photo, area) = (
        window.placement().photo_rect(),
        window.app().view().viewport,
    );
    let slack = (area.size() - photo.size()).min_elem();
    assert!((slack - 32.0).abs() <= 2.0, "{photo:?} in {area:?}");
    window.harness.set_size(vec2(860.0, 560.0));
    window.harness.run();
    window.harness.run();
    let hint = window.harness.get_by_label_contains("Paint over damage");
    let (rect, text) = (hint.rect(), hint.accesskit_node().value());
    assert!(rect.right() < 860.0, "{rect:?}");
    assert!(!text.unwrap_or_default().contains('…'));
}

#[test]
fn the_first_start_on_a_4k_screen_has_a_larger_interface_and_says_so() {
    let mut window = empty();
    window.harness.set_size(vec2(3840.0, 2000.0));
    let root = window.harness.input_mut().viewports.values_mut().next();
    let viewport = root.unwrap();
    viewport.monitor_size = Some(vec2(3840.0, 2160.0));
    viewport.native_pixels_per_point = Some(1.0);
    window.harness.run();
    window.harness.run();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.5);
    let chosen = window.app().settings().interface_scale;
    assert_eq!(chosen, None, "nobody chose it, so it is not kept");
    window
        .harness
        .get_by_label("Text and controls were made larger for this screen");
    // The person's choice stands.
    window.harness.key_press(Key::F7);
    window.harness.run();
    window.harness.run();
    assert_eq!(window.app().settings().interface_scale, Some(1.25));
}
