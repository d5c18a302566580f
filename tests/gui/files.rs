//! Photos and files: opening, dropping, exporting, closing with unsaved work.

use crate::support::{FILL, Window, empty, open, open_with, plain, read, scratched, start_in};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

#[test]
fn an_export_changes_only_what_is_marked_and_reports_it() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window
        .harness
        .get_by_label("Mask as a file of its own")
        .click();
    window.harness.run();
    let target = window.path("photo_restored.png");
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();
    let (master, result) = (read(&window.path("photo.png")), read(&target));
    let mask = image::open(window.path("photo_restored_mask.png"))
        .unwrap()
        .to_luma8();
    assert_eq!(result.dimensions(), master.dimensions());
    for (x, y, pixel) in result.enumerate_pixels() {
        if mask.get_pixel(x, y).0[0] == 0 {
            assert_eq!(pixel, master.get_pixel(x, y), "at {x}, {y}");
        }
    }
    assert_eq!(result.get_pixel(103, 100).0, FILL);
    window
        .harness
        .get_by_label_contains("0 changed outside the marks and their soft edge");
    window.harness.get_by_label("Dismiss").click();
    window.harness.run();
    assert!(window.app().view().notice.is_none());
}

#[test]
fn an_existing_file_is_replaced_only_when_agreed_and_the_original_never() {
    let mut window = open(&plain());
    window.settle();
    let target = window.path("photo_restored.png");
    std::fs::write(&target, b"something else").unwrap();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    // What is proposed is free already.
    window
        .harness
        .get_by_label_contains("Writes photo_restored_v02.png");
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&target.display().to_string());
    window.harness.run();
    let is_disabled = |window: &Window| {
        window
            .harness
            .get_by_label("Export")
            .accesskit_node()
            .is_disabled()
    };
    assert!(is_disabled(&window));
    window
        .harness
        .get_by_label_contains("already there: photo_restored.png")
        .click();
    window.harness.run();
    assert!(!is_disabled(&window));
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&window.path("photo.png").display().to_string());
    window.harness.run();
    window.harness.get_by_label_contains("This is the original");
    assert!(is_disabled(&window));
    assert_eq!(std::fs::read(&target).unwrap(), b"something else");
}

#[test]
fn closing_with_unsaved_work_asks_and_can_be_called_off() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    assert!(window.app().document().unwrap().is_modified());
    ask_to_close(&mut window);
    window
        .harness
        .get_by_label_contains("Export the restored photo first?");
    window.harness.get_by_label("Keep editing").click();
    window.harness.run();
    assert!(window.app().view().dialog.is_none() && !window.app().view().may_close);
}

/// Clicks the window's close button.
pub fn ask_to_close(window: &mut Window) {
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.events.push(egui::ViewportEvent::Close);
    window.harness.step();
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.entry(egui::ViewportId::ROOT).or_default();
    viewport.events.clear();
    window.harness.run();
}

#[test]
fn a_repair_that_nobody_had_a_hand_in_is_left_without_a_question_and_a_decision_is_not() {
    let mut window = open(&scratched());
    window.settle();
    assert!(!window.app().document().unwrap().restoration().is_empty());
    assert!(!window.app().document().unwrap().has_unsaved_edits());
    // Another sensitivity is a decision.
    window.harness.key_press(Key::F4);
    window.settle();
    ask_to_close(&mut window);
    window
        .harness
        .get_by_label_contains("Export the restored photo first?");
    window.harness.get_by_label("Keep editing").click();
    window.harness.run();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.settle();
    ask_to_close(&mut window);
    assert!(window.app().view().dialog.is_none(), "it was taken back");
}

#[test]
fn what_was_exported_is_left_without_a_question() {
    let mut window = open(&scratched());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    ask_to_close(&mut window);
    assert!(window.app().view().dialog.is_none());
}

#[test]
fn a_photo_without_damage_is_left_without_a_question() {
    let mut window = open(&plain());
    window.settle();
    ask_to_close(&mut window);
    assert!(window.app().view().dialog.is_none());
}

#[test]
fn a_file_that_is_no_photo_gives_a_message_that_stays() {
    let mut window = empty();
    let path = window.path("letter.jpg");
    std::fs::write(&path, "Dear Sir or Madam").unwrap();
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
    window.harness.run_steps(120);
    let notice = window.app().view().notice.clone().unwrap();
    assert!(
        notice.is_error && notice.message.contains("letter.jpg"),
        "{notice:?}"
    );
    assert!(window.app().document().is_none());
}

#[test]
fn a_photo_opened_is_offered_again_as_a_recent_file() {
    let mut window = open(&plain());
    window.settle();
    let path = window.path("photo.png");
    assert_eq!(window.app().settings().recent.first(), Some(&path));
    let kept = std::fs::read_to_string(window.path("window.toml")).unwrap();
    assert!(kept.contains("photo.png"), "{kept}");
}

#[test]
fn a_dropped_file_is_opened_and_unsaved_work_is_asked_about_first() {
    let mut window = empty();
    let first = window.path("first.png");
    plain().save(&first).unwrap();
    let second = window.path("second.png");
    scratched().save(&second).unwrap();
    window.drop_file(&first);
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    window.drop_file(&second);
    window.harness.run();
    window.harness.get_by_label("Discard").click();
    window.until("the other photo is open", |app| {
        app.document()
            .is_some_and(|document| document.photo().path().ends_with("second.png"))
    });
    window.settle();
    let document = window.app().document().unwrap();
    assert!(document.undo_label().is_none());
}

#[test]
fn after_an_export_nothing_is_unsaved() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    assert!(window.app().document().unwrap().is_modified());
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    assert!(!window.app().document().unwrap().is_modified());
}

#[test]
fn fills_of_a_photo_that_was_left_do_not_appear_in_the_next_one() {
    use std::time::Duration;
    use unscratch::inference::fake::{IdentityNetwork, SlowNetwork};
    use unscratch::inference::{Contract, Engine};

    let mut window = open_with(&scratched(), 1.0, HarnessBuilder::default(), || {
        Engine::from_networks(
            Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
            Box::new(SlowNetwork::new(
                Contract::RestoreV1,
                Duration::from_millis(150),
            )),
        )
    });
    window.until("the repair runs", |app| app.work().filling.is_some());
    let next = window.path("next.png");
    plain().save(&next).unwrap();
    window.drop_file(&next);
    window.until("the next photo is open", |app| {
        app.document()
            .is_some_and(|document| document.photo().path().ends_with("next.png"))
    });
    window.settle();
    std::thread::sleep(Duration::from_millis(300));
    window.settle();
    assert!(window.app().document().unwrap().restoration().is_empty());
}

#[test]
fn a_dialog_for_a_file_has_the_keyboard_on_its_name_and_typing_replaces_it() {
    let mut window = open(&scratched());
    window.settle();
    let command = |window: &mut Window, modifiers, key| {
        window.harness.key_press_modifiers(modifiers, key);
        window.harness.run();
    };
    let field = |window: &Window, label: &str| {
        let field = window.harness.get_by_label(label);
        assert!(field.accesskit_node().is_focused(), "{label}");
        field.accesskit_node().value().unwrap()
    };
    let shift = Modifiers::COMMAND | Modifiers::SHIFT;
    for (modifiers, key, end) in [
        (Modifiers::COMMAND, Key::E, "restored.png"),
        (shift, Key::S, "mask.png"),
    ] {
        command(&mut window, modifiers, key);
        assert!(field(&window, "Save as").ends_with(end));
        window.harness.event(egui::Event::Text("better".to_owned()));
        window.harness.run();
        let folder = window.folder.path().display().to_string();
        assert_eq!(
            std::path::Path::new(&field(&window, "Save as")),
            std::path::Path::new(&folder).join("better.png")
        );
        command(&mut window, Modifiers::NONE, Key::Escape);
        assert!(window.app().view().dialog.is_none());
    }
    command(&mut window, Modifiers::COMMAND, Key::O);
    let photo = window.path("photo.png").display().to_string();
    field(&window, "Path");
    window.harness.event(egui::Event::Text(photo.clone()));
    window.harness.run();
    assert_eq!(field(&window, "Path"), photo);
}

#[test]
fn the_start_page_scrolls_to_what_the_keyboard_comes_to_where_there_is_little_room() {
    const HEIGHT: f32 = 400.0;
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.tif");
    let samples = ["a.tif", "b.tif", "c.tif"].map(|name| folder.path().join(name));
    let mut window = start_in(folder, Some(missing), move |options| {
        options.samples = samples.to_vec();
    });
    window.until("it is said", |app| app.view().notice.is_some());
    window.harness.set_size(egui::vec2(860.0, HEIGHT));
    window.harness.run_steps(10);
    let last = window.harness.get_by_label("c.tif");
    assert!(last.rect().bottom() > HEIGHT);
    last.focus();
    window.harness.run_steps(60);
    let last = window.harness.get_by_label("c.tif").rect();
    // The bar at the bottom and the frame are below it.
    assert!(last.bottom() < HEIGHT - 28.0, "{last:?}");
}
