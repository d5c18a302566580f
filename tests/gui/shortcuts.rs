//! Shortcuts of one's own: chosen on the sheet, taken over or not, kept, and named wherever keys are named.

use crate::support::{Window, empty, open, plain, start_in};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::tools::Tool;

fn open_sheet(window: &mut Window) {
    window.harness.key_press(Key::F1);
    window.harness.run();
}

fn click(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click();
    window.harness.run();
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.run();
}

fn has(window: &Window, label: &str) -> bool {
    window.harness.query_by_label(label).is_some()
}

#[test]
fn a_new_key_works_at_once_and_the_old_one_no_more() {
    let mut window = open(&plain());
    window.settle();
    open_sheet(&mut window);
    click(&mut window, "Key for Eraser: E");
    assert!(has(&window, "Press the new key for “Eraser”"));
    press(&mut window, Modifiers::NONE, Key::Q);
    assert!(has(&window, "Key for Eraser: Q"));
    click(&mut window, "Close");
    press(&mut window, Modifiers::NONE, Key::E);
    assert_eq!(window.app().view().tool, Tool::Brush);
    press(&mut window, Modifiers::NONE, Key::Q);
    assert_eq!(window.app().view().tool, Tool::Eraser);
}

#[test]
fn the_sheet_is_read_to_its_end_by_keys() {
    let mut window = open(&plain());
    window.settle();
    window.harness.set_size(eframe::egui::vec2(1000.0, 500.0));
    open_sheet(&mut window);
    let top_of_last = |window: &Window| {
        let last = window.harness.get_by_label_contains("Leave the photo");
        last.rect().min.y
    };
    let below = top_of_last(&window);
    press(&mut window, Modifiers::NONE, Key::End);
    let at_end = top_of_last(&window);
    assert!(at_end < 480.0 && at_end < below, "{at_end} of {below}");
    press(&mut window, Modifiers::NONE, Key::PageUp);
    assert!(top_of_last(&window) > at_end);
    press(&mut window, Modifiers::NONE, Key::Home);
    assert!((top_of_last(&window) - below).abs() < 1.0);
}

#[test]
fn a_key_in_use_is_named_and_only_taken_over_when_that_is_chosen() {
    let mut window = open(&plain());
    window.settle();
    open_sheet(&mut window);
    for (choice, keys) in [("Leave as it is", "Q"), ("Take it over", "B")] {
        click(&mut window, "Key for Quit: Ctrl+Q");
        press(&mut window, Modifiers::NONE, Key::B);
        assert!(has(&window, "B belongs to “Brush”"));
        click(&mut window, choice);
        assert_eq!(has(&window, "Key for Quit: B"), keys == "B", "{choice}");
    }
    assert!(has(&window, "Key for Brush: "));
    click(&mut window, "Key for Brush: ");
    click(&mut window, "Reset to B");
    assert!(has(&window, "B belongs to “Quit”"));
    click(&mut window, "Take it over");
    assert!(has(&window, "Key for Brush: B") && has(&window, "Key for Quit: "));
    click(&mut window, "Reset all");
    assert!(has(&window, "Key for Quit: Ctrl+Q"));
}

#[test]
fn keys_that_cannot_be_given_away_are_refused_with_a_reason() {
    let mut window = empty();
    open_sheet(&mut window);
    click(&mut window, "Key for Undo: Ctrl+Z");
    for (modifiers, key) in [(Modifiers::NONE, Key::Space), (Modifiers::NONE, Key::Enter)] {
        press(&mut window, modifiers, key);
        assert!(
            window
                .harness
                .query_by_label_contains("choose another")
                .is_some(),
            "{key:?}"
        );
    }
    press(&mut window, Modifiers::ALT, Key::Z);
    assert!(
        window
            .harness
            .query_by_label_contains("without it")
            .is_some()
    );
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(has(&window, "Click a key to change it"), "the sheet stays");
    assert!(has(&window, "Key for Undo: Ctrl+Z"));
}

#[test]
fn a_key_that_is_held_can_be_another_one() {
    let mut window = open(&plain());
    window.settle();
    open_sheet(&mut window);
    click(&mut window, "Key for Hold to see the original: M, \\");
    press(&mut window, Modifiers::NONE, Key::H);
    assert!(has(&window, "Key for Hold to see the original: H"));
    click(&mut window, "Close");
    window.harness.key_down(Key::M);
    window.harness.step();
    assert!(!window.app().view().held.master);
    window.harness.key_up(Key::M);
    window.harness.key_down(Key::H);
    window.harness.step();
    assert!(window.app().view().held.master);
    window.harness.key_up(Key::H);
    window.harness.step();
    assert!(!window.app().view().held.master);
}

#[test]
fn menus_hints_and_the_next_start_know_the_chosen_key() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[shortcuts]\ncycle_overlay = [\"Q\"]\nmake_tea = [\"Ctrl+T\"]\n";
    std::fs::write(folder.path().join("window.toml"), text).unwrap();
    let path = folder.path().join("photo.png");
    plain().save(&path).unwrap();
    let mut window = start_in(folder, Some(path), |_| ());
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    let pos = window.at(100.0, 100.0);
    window.stroke(PointerButton::Primary, &[(100.0, 100.0), (140.0, 100.0)]);
    window.settle();
    window.harness.event(eframe::egui::Event::PointerMoved(pos));
    window.harness.run();
    press(&mut window, Modifiers::NONE, Key::R);
    assert!(
        window
            .harness
            .query_by_label_contains("Press Q to see the damage")
            .is_some(),
        "the hint after a repair"
    );
    open_sheet(&mut window);
    click(&mut window, "Key for Grow marks: G");
    press(&mut window, Modifiers::SHIFT, Key::H);
    click(&mut window, "Close");
    let saved = window.path("window.toml");
    let app = window.harness.state_mut();
    eframe::App::on_exit(app);
    let saved = std::fs::read_to_string(saved).unwrap();
    for line in [
        "cycle_overlay = [\"Q\"]",
        "make_tea = [\"Ctrl+T\"]",
        "grow_marks = [\"Shift+H\"]",
    ] {
        assert!(saved.contains(line), "{line} in {saved}");
    }
}
