//! Every action has its menu entry, every grey one says why, and every control has a name for those who cannot see it.

use crate::support::{Window, empty, labels, open, plain};
use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::command::{COMMANDS, Group};
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
        for submenu in ["Overlays", "Size of the interface"] {
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
