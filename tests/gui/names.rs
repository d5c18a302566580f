//! One name for one thing: what a menu calls a command, the button and the history call it too.

use crate::support::{SCRATCH, Window, open, scratched};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::command::Command;

fn press_button(window: &mut Window, command: Command) {
    window.harness.get_by_label(command.name()).click();
    window.harness.step();
    window.settle();
}

fn undo_label(window: &Window) -> Option<&'static str> {
    window.app().document().unwrap().undo_label()
}

fn take_back(window: &mut Window) {
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.harness.step();
    window.settle();
}

#[test]
fn buttons_menus_and_history_call_a_change_of_all_marks_the_same() {
    let mut window = open(&scratched());
    window.settle();
    window.stroke(PointerButton::Primary, &[(250.0, 100.0)]);
    window.settle();
    window.harness.get_by_label("All marks").click();
    window.harness.run();
    for command in [
        Command::GrowMarks,
        Command::ShrinkMarks,
        Command::FeatherMarks,
        Command::KeepLines,
        Command::KeepSpecks,
        Command::InvertMarks,
        Command::ClearMask,
    ] {
        press_button(&mut window, command);
        assert_eq!(undo_label(&window), Some(command.name()), "{command:?}");
        take_back(&mut window);
    }
}

#[test]
fn buttons_menus_and_history_call_a_change_of_one_area_the_same() {
    let mut window = open(&scratched());
    window.settle();
    window
        .harness
        .get_by_label(Command::MendArea.name())
        .click();
    window.harness.run();
    let place = window.at(f64::from(SCRATCH.start) + 3.0, 100.0);
    window.press(PointerButton::Primary, place, Modifiers::NONE);
    window.release(PointerButton::Primary, place);
    window.settle();
    for command in [
        Command::SuggestFill,
        Command::NetworkFill,
        Command::ShowThrough,
        Command::ClearArea,
    ] {
        press_button(&mut window, command);
        assert_eq!(undo_label(&window), Some(command.name()), "{command:?}");
    }
}
