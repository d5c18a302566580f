//! The parts of the window: the short way between them by keyboard, and that they stay where they are whatever the tool.

use crate::support::{SCRATCH, Window, open, plain, scratched};
use eframe::egui::{Key, Modifiers, PointerButton, Rect, accesskit::Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::command::Command;
use unscratch::gui::state::OverlayMode;
use unscratch::gui::tools::Tool;

fn tap(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.step();
    window.harness.run();
}

/// The label of the widget that has the keyboard.
fn focused(window: &Window) -> String {
    let nodes = window.harness.root().children_recursive();
    let node = nodes
        .map(|node| node.accesskit_node())
        .find(egui_kittest::kittest::AccessKitNode::is_focused);
    node.and_then(|node| node.label()).unwrap_or_default()
}

fn on_the_photo() -> Window {
    let mut window = open(&plain());
    window.settle();
    // Puts away what the search came to, whose buttons Tab would come to first.
    tap(&mut window, Modifiers::NONE, Key::Escape);
    tap(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert!(focused(&window).starts_with("Photo, "));
    window
}

#[test]
fn one_key_goes_from_the_photo_to_the_tools_options_and_one_back() {
    let mut window = on_the_photo();
    tap(&mut window, Modifiers::NONE, Key::F6);
    assert_eq!(focused(&window), "Size");
    let before = window.app().settings().brush_diameter_px;
    tap(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert!(window.app().settings().brush_diameter_px > before);
    window
        .harness
        .get_by_label_contains("F6 goes to the next part of the window");
    tap(&mut window, Modifiers::SHIFT, Key::F6);
    assert!(window.app().view().crosshair.is_some(), "on the photo");
    // The same by Tab.
    tap(&mut window, Modifiers::NONE, Key::Tab);
    assert_eq!(focused(&window), "Size");
}

#[test]
fn the_key_goes_round_all_parts_of_the_window_in_both_directions() {
    let mut window = on_the_photo();
    let mut seen = Vec::new();
    for _ in 0..5 {
        tap(&mut window, Modifiers::NONE, Key::F6);
        seen.push(focused(&window));
    }
    assert_eq!(seen[..4], ["Size", "Sensitivity", "Brush", "File"]);
    assert!(seen[4].starts_with("Photo, "), "{seen:?}");
    let mut back = Vec::new();
    for _ in 0..4 {
        tap(&mut window, Modifiers::SHIFT, Key::F6);
        back.push(focused(&window));
    }
    back.reverse();
    assert_eq!(back, seen[..4]);
}

#[test]
fn options_are_passed_over_where_the_tool_has_none_and_begin_with_its_own() {
    let mut window = on_the_photo();
    tap(&mut window, Modifiers::NONE, Key::A);
    tap(&mut window, Modifiers::NONE, Key::F6);
    assert_eq!(focused(&window), "Sensitivity");
    tap(&mut window, Modifiers::NONE, Key::F9);
    assert!(window.app().view().crosshair.is_some());
    tap(&mut window, Modifiers::NONE, Key::L);
    tap(&mut window, Modifiers::NONE, Key::F6);
    assert_eq!(focused(&window), "Mark damage");
}

#[test]
fn from_work_with_the_pointer_the_key_goes_to_the_options_too() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(60.0, 60.0), (90.0, 60.0)]);
    window.settle();
    tap(&mut window, Modifiers::NONE, Key::F6);
    assert_eq!(focused(&window), "Size");
}

/// Chooses a tool by its icon; the options name the one that is chosen, too.
fn choose(window: &mut Window, tool: Tool) {
    let name = tool.command().name();
    let mut nodes = window.harness.get_all_by_label(name);
    nodes
        .find(|node| node.rect().right() < 60.0)
        .unwrap()
        .click();
    drop(nodes);
    window.harness.run();
    assert_eq!(window.app().view().tool, tool);
}

/// Where what is looked for in the panel lies.
fn panel(window: &Window) -> Vec<Rect> {
    let harness = &window.harness;
    let slider = harness.get_by_role_and_label(Role::Slider, "Sensitivity");
    let mut rects = vec![slider.rect()];
    for text in [
        "Damage",
        "Timid",
        "Find damage",
        "All marks",
        "History",
        "Overlay",
        "Opacity",
        "Photo",
    ] {
        let mut nodes: Vec<Rect> = harness
            .get_all_by_label(text)
            .map(|node| node.rect())
            .filter(|rect| rect.left() > 1000.0)
            .collect();
        nodes.sort_by(|a, b| a.top().total_cmp(&b.top()));
        rects.push(nodes[0]);
    }
    rects
}

#[test]
fn the_panel_and_the_photo_stay_in_place_whatever_tool_and_overlay_are_chosen() {
    let mut window = open(&scratched());
    window.settle();
    let (before, photo) = (panel(&window), window.app().view().viewport);
    for tool in Tool::ALL {
        choose(&mut window, tool);
        assert_eq!(panel(&window), before, "{tool:?}");
        assert_eq!(window.app().view().viewport, photo, "{tool:?}");
    }
    for (key, mode) in [
        (Key::Num5, OverlayMode::Outline),
        (Key::Num6, OverlayMode::Probability),
        (Key::Num7, OverlayMode::Provenance),
        (Key::Num8, OverlayMode::Off),
        (Key::Num4, OverlayMode::Mask),
    ] {
        tap(&mut window, Modifiers::NONE, key);
        assert_eq!(window.app().view().overlay.shown(), mode);
        assert_eq!(panel(&window), before, "{mode:?}");
    }
}

#[test]
fn the_options_begin_at_one_place_and_fit_the_smallest_window() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.set_size(vec2(860.0, 560.0));
    window.harness.run();
    let left = |window: &Window, label: &str| {
        let nodes = window.harness.get_all_by_label(label);
        nodes
            .map(|node| node.rect().left())
            .fold(f32::INFINITY, f32::min)
    };
    let mut begins = Vec::new();
    for (tool, first) in [
        (Tool::Lasso, "Mark damage"),
        (Tool::Trace, "Mark damage"),
        (Tool::Line, "Mark damage"),
        (Tool::Brush, "Size"),
        (Tool::Eraser, "Size"),
    ] {
        choose(&mut window, tool);
        begins.push(left(&window, first));
    }
    assert!(begins[..3].iter().all(|it| *it == begins[0]), "{begins:?}");
    assert_eq!(begins[3], begins[4]);
    choose(&mut window, Tool::Line);
    let last = window
        .harness
        .get_by_role_and_label(Role::Slider, "Hardness")
        .rect();
    assert!(last.right() < 860.0 - 46.0, "{last:?}");

    choose(&mut window, Tool::Mend);
    let place = window.at(f64::from(SCRATCH.start) + 3.0, 100.0);
    window.press(PointerButton::Primary, place, Modifiers::NONE);
    window.release(PointerButton::Primary, place);
    window.settle();
    assert!(window.app().view().area.is_some());
    let last = window
        .harness
        .get_by_label(Command::ClearArea.name())
        .rect();
    assert!(last.right() <= 860.0, "{last:?}");
    assert!(left(&window, "Other suggestion") > begins[0]);
}
