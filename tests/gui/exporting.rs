//! Exports asked for before everything is found: they wait, can be called off, and leave nothing unrepaired.

use std::time::Duration;

use crate::files::ask_to_close;
use crate::support::{FILL, Window, empty, open, open_with, plain, read, scratched};
use eframe::egui::{Event, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::inference::fake::{PaintNetwork, SlowNetwork};
use unscratch::inference::{Contract, Engine};

/// A window with a scratch and a search that takes its time, in which the export was asked for meanwhile.
fn exported_during_search() -> Window {
    let mut window = open_with(&scratched(), 1.0, HarnessBuilder::default(), || {
        let wait = Duration::from_millis(1500);
        Engine::from_networks(
            Box::new(SlowNetwork::new(Contract::ScratchContextV1, wait)),
            Box::new(PaintNetwork::new(
                Contract::RestoreV1,
                FILL.map(|value| f32::from(value) / 255.0),
            )),
        )
    });
    window.until("the search runs", |app| app.work().detecting.is_some());
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run_steps(4);
    window
        .harness
        .get_by_label_contains("The search is still going on");
    window.harness.get_by_label("Export").click();
    window.harness.run_steps(2);
    assert!(window.app().view().dialog.is_none());
    assert!(window.app().view().waiting_export.is_some());
    assert!(window.app().work().exporting.is_none());
    window
        .harness
        .get_by_label_contains("Waiting for the search, progress");
    window
}

#[test]
fn an_export_during_the_search_waits_for_what_it_finds() {
    let mut window = exported_during_search();
    window.until("the export is written", |app| app.view().notice.is_some());
    let result = read(&window.path("photo_restored.png"));
    assert_eq!(result.get_pixel(103, 100).0, FILL);
    assert!(!window.app().document().unwrap().is_modified());
}

#[test]
fn an_export_that_waits_is_called_off_alone_and_the_search_goes_on() {
    let mut window = exported_during_search();
    window.harness.key_press(Key::Escape);
    window.harness.run_steps(2);
    assert!(window.app().view().waiting_export.is_none());
    assert!(window.app().work().detecting.is_some());
    window.settle();
    assert_eq!(window.mask_at(103, 100), 255);
    assert!(!window.path("photo_restored.png").exists());
}

#[test]
fn the_window_closes_and_another_photo_opens_only_after_an_export_that_waits() {
    let mut window = exported_during_search();
    let next = window.path("next.png");
    plain().save(&next).unwrap();
    window.drop_file(&next);
    window.harness.run_steps(2);
    assert!(window.app().work().opening.is_none());
    window.until("the next photo is open", |app| {
        app.document()
            .is_some_and(|document| document.photo().path().ends_with("next.png"))
    });
    let result = read(&window.path("photo_restored.png"));
    assert_eq!(result.get_pixel(103, 100).0, FILL);

    let mut window = exported_during_search();
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.entry(eframe::egui::ViewportId::ROOT).or_default();
    viewport.events.push(eframe::egui::ViewportEvent::Close);
    window.harness.step();
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.entry(eframe::egui::ViewportId::ROOT).or_default();
    viewport.events.clear();
    assert!(!window.app().view().may_close);
    window.until("it closes", |app| app.view().may_close);
    assert!(window.path("photo_restored.png").exists());
}

#[test]
fn a_search_after_clearing_finds_the_damage_again() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Clear marks").click();
    window.settle();
    assert_eq!(window.mask_at(103, 100), 0);
    window.harness.get_by_label("Find damage").click();
    window.settle();
    assert_eq!(window.mask_at(103, 100), 255);
    assert_eq!(window.restored_at(103, 100), FILL);
    let document = window.app().document().unwrap();
    assert_eq!(document.undo_label(), Some("Find damage"));
}

#[test]
fn a_dropped_file_that_is_no_photo_costs_no_question() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    let letter = window.path("letter.pdf");
    std::fs::write(&letter, "%PDF-1.7 Dear Sir or Madam").unwrap();
    window.drop_file(&letter);
    window.until("it is said", |app| app.view().notice.is_some());
    assert!(window.app().view().dialog.is_none());
    let notice = window.app().view().notice.clone().unwrap();
    assert!(
        notice.is_error && notice.message.contains("letter.pdf"),
        "{notice:?}"
    );
    let document = window.app().document().unwrap();
    assert!(document.has_unsaved_edits(), "the work is still there");
    ask_to_close(&mut window);
    window
        .harness
        .get_by_label_contains("Export the restored photo first?");
}

#[test]
fn a_click_that_opens_a_dialog_for_a_file_leaves_the_keyboard_on_its_path_and_no_tooltip() {
    let mut window = empty();
    let button = window.harness.get_by_label("Open a photo…").rect().center();
    window.harness.event(Event::PointerMoved(button));
    window.harness.run_steps(60);
    let tooltip = unscratch::gui::command::Command::Open.row().tooltip;
    let told = |window: &Window| window.harness.query_by_label_contains(tooltip).is_some();
    assert!(told(&window));
    window.press(PointerButton::Primary, button, Modifiers::NONE);
    window.release(PointerButton::Primary, button);
    window.harness.run_steps(3);
    let nudged = button + eframe::egui::vec2(2.0, 1.0);
    window.harness.event(Event::PointerMoved(nudged));
    window.harness.run_steps(60);
    let path = window.harness.get_by_label("Path");
    assert!(path.accesskit_node().is_focused());
    assert!(!told(&window));
}
