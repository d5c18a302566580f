//! Every tool and every operation on all marks, as a person would use them by mouse and keyboard.

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};

use crate::POINTER;
use crate::window::Window;

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const COMMAND: Modifiers = Modifiers::COMMAND;

/// A wave from the middle to the right.
fn wave(t: f32) -> Pos2 {
    POINTER + vec2(300.0 * t, 120.0 * (t * 9.0).sin())
}

/// Once around the middle.
fn ring(t: f32) -> Pos2 {
    let turn = t * std::f32::consts::TAU;
    POINTER + vec2(260.0 * turn.cos(), 220.0 * turn.sin())
}

/// All tools, drawn with at 100 % and with the whole photo on the screen.
pub fn try_tools(window: &mut Window) {
    for (zoom, place) in [(Key::Num1, "at 100 %"), (Key::Num0, "whole photo")] {
        window.key(zoom, NONE);
        window.rest();
        window.forget();
        brushes(window, place);
        shapes(window, place);
        clicks(window, place);
        mending(window, place);
    }
}

fn brushes(window: &mut Window, place: &str) {
    for (tool, name) in [(Key::B, "brush"), (Key::E, "eraser"), (Key::P, "protect")] {
        window.key(tool, NONE);
        window.drag(PointerButton::Primary, 120, wave);
        window.rest();
        report_and_undo(window, &format!("{name}, {place}"));
    }
    window.key(Key::B, NONE);
    for _ in 0..20 {
        window.key(Key::CloseBracket, NONE);
    }
    window.forget();
    window.drag(PointerButton::Primary, 120, wave);
    window.rest();
    report_and_undo(window, &format!("brush made large, {place}"));
    for _ in 0..20 {
        window.key(Key::OpenBracket, NONE);
    }
    window.forget();
}

/// Reports what was drawn and takes it back, so that the next tool finds unmarked photo.
fn report_and_undo(window: &mut Window, what: &str) {
    window.report(what);
    window.key(Key::Z, COMMAND);
    window.rest();
    window.forget();
}

fn shapes(window: &mut Window, place: &str) {
    window.key(Key::U, NONE);
    window.drag(PointerButton::Primary, 30, |t| POINTER + 300.0 * vec2(t, t));
    window.rest();
    report_and_undo(window, &format!("line, {place}"));
    for t in [0.0, 0.3, 0.5, 0.8] {
        window.click(wave(t), NONE);
    }
    window.key(Key::Enter, NONE);
    window.rest();
    report_and_undo(window, &format!("poly-line, {place}"));
    window.key(Key::L, NONE);
    window.drag(PointerButton::Primary, 120, ring);
    window.rest();
    report_and_undo(window, &format!("lasso, {place}"));
    window.key(Key::L, SHIFT);
    for t in [0.1, 0.3, 0.6, 0.9] {
        window.click(ring(t), NONE);
    }
    window.key(Key::Enter, NONE);
    window.rest();
    report_and_undo(window, &format!("polygon, {place}"));
    window.key(Key::R, SHIFT);
    let corner = |t: f32| POINTER + vec2(250.0, 200.0) * (2.0 * t - 1.0);
    window.drag(PointerButton::Primary, 30, corner);
    window.rest();
    report_and_undo(window, &format!("rectangle, {place}"));
    window.key(Key::P, SHIFT);
    window.drag(PointerButton::Primary, 30, corner);
    window.rest();
    report_and_undo(window, &format!("rectangle that protects, {place}"));
    window.key(Key::P, SHIFT);
}

fn clicks(window: &mut Window, place: &str) {
    window.key(Key::U, NONE);
    for t in [0.0, 0.25, 0.5, 0.75, 1.0] {
        window.click(ring(t), NONE);
    }
    window.key(Key::Enter, NONE);
    window.rest();
    window.forget();
    window.key(Key::F, NONE);
    window.click(POINTER, NONE);
    window.rest();
    window.report(&format!("fill hole, {place}"));
    window.key(Key::T, NONE);
    window.click(POINTER + vec2(40.0, 10.0), NONE);
    window.rest();
    window.key(Key::Enter, NONE);
    window.rest();
    window.report(&format!("trace, {place}"));
    window.key(Key::A, NONE);
    window.drag(PointerButton::Primary, 30, |t| POINTER + 200.0 * vec2(t, t));
    window.rest();
    window.report(&format!("search an area again, {place}"));
}

fn mending(window: &mut Window, place: &str) {
    window.key(Key::B, NONE);
    window.drag(PointerButton::Primary, 30, |t| POINTER + 60.0 * vec2(t, t));
    window.rest();
    window.forget();
    window.key(Key::W, NONE);
    window.drag(PointerButton::Primary, 40, |t| {
        let turn = t * std::f32::consts::TAU;
        POINTER + vec2(30.0, 30.0) + 50.0 * vec2(turn.cos(), turn.sin())
    });
    window.rest();
    window.report(&format!("mend: outline an area, {place}"));
    if window.app.view().area.is_none() {
        window.report(&format!("NO AREA WAS PICKED, {place}"));
        return;
    }
    if let Some(slider) = bounds_of(window, "Strength") {
        let along = |t: f32| pos2(slider.left() + slider.width() * t, slider.center().y);
        window.forget();
        window.drag(PointerButton::Primary, 30, |t| along(0.9 - 0.6 * t));
        window.rest();
        window.report(&format!("mend: strength, {place}"));
    }
    window.click(POINTER + vec2(200.0, -150.0), Modifiers::ALT);
    window.rest();
    window.report(&format!("mend: heal from source, {place}"));
    window.key(Key::J, NONE);
    window.rest();
    window.report(&format!("mend: other suggestion, {place}"));
    window.key(Key::J, SHIFT);
    window.rest();
    window.report(&format!("mend: what shows through, {place}"));
    window.key(Key::Delete, NONE);
    window.rest();
    window.report(&format!("mend: clear marks in the area, {place}"));
}

/// What changes the marks of the whole photo, each taken back and made again.
pub fn try_all_marks(window: &mut Window) {
    if let Some(slider) = bounds_of(window, "Sensitivity") {
        let along = |t: f32| pos2(slider.left() + slider.width() * t, slider.center().y);
        window.forget();
        window.drag(PointerButton::Primary, 60, |t| along(0.3 + 0.5 * t));
        window.rest();
        window.report("sensitivity");
    }
    for (key, held, name) in [
        (Key::G, NONE, "grow"),
        (Key::G, SHIFT, "shrink"),
        (Key::F, SHIFT, "feather"),
        (Key::X, SHIFT, "remove specks"),
        (Key::L, COMMAND, "keep only lines"),
        (Key::I, COMMAND | SHIFT, "invert"),
        (Key::Backspace, COMMAND, "clear all marks"),
    ] {
        window.key(key, held);
        window.look_on();
        window.report(name);
        window.key(Key::Z, COMMAND);
        window.look_on();
        window.key(Key::Y, COMMAND);
        window.look_on();
        window.key(Key::Z, COMMAND);
        window.look_on();
        window.report(&format!("{name}: undone, redone, undone"));
    }
}

/// Where the slider named `label` lies.
fn bounds_of(window: &mut Window, label: &str) -> Option<Rect> {
    window.ctx.enable_accesskit();
    window.step(vec![Event::PointerMoved(POINTER)]);
    let output = window.step(Vec::new());
    window.ctx.disable_accesskit();
    let update = output.platform_output.accesskit_update?;
    let names_it = |text: Option<&str>| text.is_some_and(|it| it.starts_with(label));
    let labels: Vec<_> = update
        .nodes
        .iter()
        .filter(|(_, node)| names_it(node.label()) || names_it(node.value()))
        .map(|(id, _)| *id)
        .collect();
    let found = update.nodes.iter().find(|(_, node)| {
        let mut named_by = node.labelled_by().iter();
        node.numeric_value().is_some() && named_by.any(|id| labels.contains(id))
    });
    let bounds = found?.1.bounds()?;
    Some(Rect::from_min_max(
        pos2(bounds.x0 as f32, bounds.y0 as f32),
        pos2(bounds.x1 as f32, bounds.y1 as f32),
    ))
}
