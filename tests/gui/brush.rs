//! The brush in the hand: changed by a drag with Alt, narrowed by a pen; and the list of states to go back to.

use eframe::egui::{
    Event, Modifiers, PointerButton, Pos2, TouchDeviceId, TouchId, TouchPhase, vec2,
};
use egui_kittest::kittest::Queryable as _;

use crate::support::{FILL, Window, open, plain};

fn window() -> Window {
    let mut window = open(&plain());
    window.settle();
    window
}

#[test]
fn alt_and_a_drag_sideways_change_the_size_and_up_and_down_the_hardness() {
    for (button, held) in [
        (PointerButton::Primary, Modifiers::ALT),
        (PointerButton::Secondary, Modifiers::ALT),
        (PointerButton::Primary, Modifiers::COMMAND),
    ] {
        let mut window = window();
        let before = window.app().settings().clone();
        let from = window.at(150.0, 100.0);
        window.press(button, from, held);
        window
            .harness
            .event(Event::PointerMoved(from + vec2(60.0, 0.0)));
        window.harness.step();
        let wider = window.app().settings().clone();
        assert!(wider.brush_diameter_px > before.brush_diameter_px + 10.0);
        assert_eq!(wider.brush_hardness, before.brush_hardness);
        let to = from + vec2(0.0, -100.0);
        window.harness.event(Event::PointerMoved(to));
        window.harness.step();
        window.release(button, to);
        let softer = window.app().settings().clone();
        assert_eq!(softer.brush_diameter_px, before.brush_diameter_px);
        assert!(softer.brush_hardness < before.brush_hardness - 0.3);
        let document = window.app().document().unwrap();
        assert!(document.mask().is_empty(), "nothing is painted");
        // Let go, the pointer only moves the ring.
        window
            .harness
            .event(Event::PointerMoved(to + vec2(80.0, 0.0)));
        window.harness.step();
        assert_eq!(window.app().settings(), &softer);
    }
}

#[test]
fn with_the_line_tool_alt_and_the_left_button_erase_and_the_right_one_changes_the_brush() {
    let mut window = window();
    window.harness.get_by_label("Line").click();
    window.harness.run();
    let before = window.app().settings().brush_diameter_px;
    let (from, to) = (window.at(40.0, 60.0), window.at(200.0, 60.0));
    window.press(PointerButton::Primary, from, Modifiers::ALT);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    assert_eq!(window.app().settings().brush_diameter_px, before);
    let document = window.app().document().unwrap();
    assert_eq!(document.undo_label(), Some("Erase line"));
    window.press(PointerButton::Secondary, from, Modifiers::ALT);
    window.harness.event(Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Secondary, to);
    assert!(window.app().settings().brush_diameter_px > before);
}

/// What the windowing library tells of a pen: each touch, then the pointer it moves.
fn pen(window: &mut Window, phase: TouchPhase, pos: Pos2, force: Option<f32>) {
    window.harness.event(Event::Touch {
        device_id: TouchDeviceId(1),
        id: TouchId(1),
        phase,
        pos,
        force,
    });
    let button = |pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    match phase {
        TouchPhase::Start => {
            window.harness.event(Event::PointerMoved(pos));
            window.harness.event(button(true));
        }
        TouchPhase::Move => window.harness.event(Event::PointerMoved(pos)),
        TouchPhase::End | TouchPhase::Cancel => {
            window.harness.event(button(false));
            window.harness.event(Event::PointerGone);
        }
    }
    window.harness.step();
}

/// How many px of the column at `x` are marked.
fn width_at(window: &Window, x: u32) -> usize {
    (0..240).filter(|&y| window.mask_at(x, y) >= 128).count()
}

#[test]
fn a_pen_paints_as_wide_as_it_is_pressed_unless_it_is_not_to() {
    let mut window = window();
    assert!(
        window
            .harness
            .query_by_label("Pen pressure sets the size")
            .is_none(),
        "there may be no pen"
    );
    let places = [60.0, 150.0, 250.0].map(|x| window.at(x, 100.0));
    pen(&mut window, TouchPhase::Start, places[0], Some(0.1));
    pen(&mut window, TouchPhase::Move, places[1], Some(0.1));
    pen(&mut window, TouchPhase::Move, places[2], Some(1.0));
    pen(&mut window, TouchPhase::End, places[2], None);
    window.settle();
    let (light, middle, firm) = (
        width_at(&window, 100),
        width_at(&window, 205),
        width_at(&window, 250),
    );
    assert!(light < middle && middle < firm, "{light} {middle} {firm}");
    assert!((3..=7).contains(&light), "{light} of 18 px");
    assert!((15..=19).contains(&firm), "{firm} of 18 px");
    let check = window.harness.get_by_label("Pen pressure sets the size");
    check.click();
    window.harness.run();
    let places = [60.0, 150.0].map(|x| window.at(x, 180.0));
    pen(&mut window, TouchPhase::Start, places[0], Some(0.1));
    pen(&mut window, TouchPhase::Move, places[1], Some(0.1));
    pen(&mut window, TouchPhase::End, places[1], None);
    window.settle();
    assert!((15..=19).contains(&(width_at(&window, 100) - light)));
}

#[test]
fn a_light_pen_that_is_lifted_leaves_no_blob() {
    let mut window = window();
    let places = [60.0, 200.0].map(|x| window.at(x, 100.0));
    pen(&mut window, TouchPhase::Start, places[0], Some(0.1));
    pen(&mut window, TouchPhase::Move, places[1], Some(0.1));
    pen(&mut window, TouchPhase::End, places[1], Some(0.0));
    window.settle();
    assert!(width_at(&window, 199) <= 7);
    assert_eq!(width_at(&window, 205), 0);
}

#[test]
fn a_click_in_the_history_goes_to_that_state_and_back_without_the_network() {
    let mut window = window();
    let original = window.restored_at(60, 60);
    for y in [60.0, 120.0, 180.0] {
        window.stroke(PointerButton::Primary, &[(50.0, y), (90.0, y)]);
        window.settle();
    }
    window.harness.get_by_label("History").click();
    window.harness.run();
    window.harness.get_by_label("1  Brush stroke").click();
    window.settle();
    assert_eq!(
        (window.restored_at(60, 60), window.mask_at(60, 120)),
        (FILL, 0)
    );
    window.harness.get_by_label("0  Opened").click();
    window.settle();
    assert_eq!(window.restored_at(60, 60), original);
    let fills = window.app().work().fill_seconds;
    window.harness.get_by_label("3  Brush stroke").click();
    window.harness.step();
    window.harness.step();
    assert_eq!(window.restored_at(60, 180), FILL, "at once");
    window.settle();
    assert_eq!(
        window.app().work().fill_seconds,
        fills,
        "no fill was asked for"
    );
    // A new edit leaves the undone ones behind.
    window.harness.get_by_label("2  Brush stroke").click();
    window.settle();
    window.stroke(PointerButton::Secondary, &[(50.0, 60.0), (90.0, 60.0)]);
    window.settle();
    window.harness.get_by_label("3  Erase");
    assert!(window.harness.query_by_label("3  Brush stroke").is_none());
}
