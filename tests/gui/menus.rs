//! Every action has its menu entry, every grey one says why, and every control has a name for those who cannot see it.

use crate::support::{Window, empty, labels, open, plain};
use eframe::egui::accesskit::Role;
use eframe::egui::{self, Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::command::{COMMANDS, Command, Group};
use unscratch::gui::tools::Tool;

/// How many widgets are called `label`, or that and more.
fn count(all: &[String], label: &str) -> usize {
    all.iter().filter(|it| it.starts_with(label)).count()
}

#[test]
fn every_command_and_every_tool_is_in_a_menu() {
    let mut window = open(&plain());
    window.settle();
    for group in Group::ALL {
        let before = labels(&window);
        window.harness.get_by_label(group.label()).click();
        window.harness.run();
        let mut after = vec![labels(&window)];
        for submenu in ["Comparison", "Overlays", "Size of the interface"] {
            if group == Group::View {
                window.harness.get_by_label_contains(submenu).click();
                window.harness.run();
                after.push(labels(&window));
            }
        }
        let is_there = |name: &str| {
            let mut opened = after.iter();
            opened.any(|after| count(after, name) > count(&before, name))
        };
        for row in COMMANDS.iter().filter(|row| row.group == group) {
            let name = row.label;
            assert!(
                is_there(name),
                "{name} is not in the menu {}",
                group.label()
            );
        }
        for tool in Tool::ALL.into_iter().filter(|_| group == Group::Tools) {
            let name = tool.command().row().label;
            assert!(is_there(name), "{tool:?}");
        }
        window.harness.key_press(Key::Escape);
        window.harness.run();
    }
}

fn hover(window: &mut Window, label: &str) {
    let entry = window.harness.get_by_label_contains(label);
    let pos = entry.rect().center();
    // Right after a click no tooltip is shown, nor while the pointer moves.
    for event in [None, Some(Event::PointerMoved(pos))] {
        if let Some(event) = event {
            window.harness.event(event);
        }
        for _ in 0..60 {
            window.harness.step();
        }
    }
}

#[test]
fn grey_entries_say_why_they_are_grey() {
    let mut window = empty();
    for (menu, entry, reason) in [
        ("Edit", "Find damage", "Not now: Open a photo first"),
        (
            "Edit",
            "Cancel",
            "Not now: Nothing runs and nothing is being drawn",
        ),
    ] {
        window.harness.get_by_label(menu).click();
        window.harness.run();
        hover(&mut window, entry);
        let told = window.harness.query_by_label_contains(reason);
        assert!(told.is_some(), "{entry} says nothing");
        window.harness.key_press(Key::Escape);
        window.harness.run();
    }
}

fn unnamed(window: &Window) -> Vec<Role> {
    let nodes = window.harness.root().children_recursive();
    nodes
        .map(|node| node.accesskit_node())
        .filter(|node| {
            matches!(
                node.role(),
                Role::Button
                    | Role::CheckBox
                    | Role::RadioButton
                    | Role::Slider
                    | Role::SpinButton
                    | Role::TextInput
                    | Role::ComboBox
                    | Role::Canvas
            )
        })
        .filter(|node| node.label().is_none_or(|label| label.trim().is_empty()))
        .map(|node| node.role())
        .collect()
}

#[test]
fn every_control_has_a_name_in_the_window_and_in_its_dialogs() {
    let mut window = empty();
    assert_eq!(unnamed(&window), [], "the start page");
    window = open(&plain());
    window.settle();
    for tool in Tool::ALL {
        let label = tool.command().row().label;
        let button = window.harness.get_by_role_and_label(Role::Button, label);
        button.click();
        window.harness.run();
        assert_eq!(unnamed(&window), [], "{tool:?}");
        window.harness.key_press(Key::B);
        window.harness.run();
    }
    for (modifiers, key) in [
        (Modifiers::NONE, Key::F1),
        (Modifiers::COMMAND, Key::E),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::A),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::S),
        (Modifiers::COMMAND, Key::O),
    ] {
        window.harness.key_press_modifiers(modifiers, key);
        window.harness.run();
        assert_eq!(unnamed(&window), [], "dialog of {key:?}");
        window.harness.key_press(Key::Escape);
        window.harness.run();
    }
}

/// Top and bottom of the entry that has the keyboard.
fn focused_entry(window: &Window) -> (String, f32, f32) {
    let nodes = window.harness.root().children_recursive();
    let entry = nodes
        .filter(|node| node.accesskit_node().is_focused())
        .find(|node| node.accesskit_node().role() == Role::Button)
        .expect("an entry has the keyboard");
    let label = entry.accesskit_node().label().unwrap_or_default();
    (label, entry.rect().top(), entry.rect().bottom())
}

#[test]
fn a_menu_longer_than_the_window_lies_below_the_bar_and_scrolls_to_what_the_keyboard_chooses() {
    const HEIGHT: f32 = 420.0;
    let mut window = open(&plain());
    window.settle();
    window.harness.set_size(egui::Vec2::new(1024.0, HEIGHT));
    window.harness.run();
    for group in Group::ALL {
        let button = window.harness.get_by_label(group.label());
        let bar = button.rect().bottom();
        button.click();
        window.harness.run();
        let mut entries = Vec::new();
        // The last, then the first.
        for key in [Key::ArrowUp, Key::ArrowDown] {
            window.harness.key_press(key);
            for _ in 0..40 {
                window.harness.step();
            }
            let (label, top, bottom) = focused_entry(&window);
            assert!(top >= bar && bottom <= HEIGHT, "{label}: {top} to {bottom}");
            entries.push(label);
        }
        assert_ne!(entries[0], entries[1], "{}", group.label());
        window.harness.key_press(Key::Escape);
        window.harness.run();
    }
}

#[test]
fn a_tooltip_does_not_stay_over_a_dialog_that_a_key_opens() {
    let mut window = open(&plain());
    window.settle();
    let told = |window: &Window| {
        let tooltip = Command::Export.row().tooltip;
        window.harness.query_by_label_contains(tooltip).is_some()
    };
    hover(&mut window, "Export…");
    assert!(told(&window));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    for _ in 0..10 {
        window.harness.step();
    }
    assert!(window.app().view().dialog.is_some());
    assert!(!told(&window));
}
