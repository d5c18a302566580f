//! Shape tools: line, lasso, polygon, rectangle, fill hole; adding, subtracting, protecting; one undo step each.

use crate::support::{Window, open, plain};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::tools::Tool;

fn window_with(tool: &str) -> Window {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label(tool).click();
    window.harness.run();
    window
}

fn click(window: &mut Window, at: (f64, f64)) {
    let pos = window.at(at.0, at.1);
    window.harness.event(egui::Event::PointerMoved(pos));
    window.harness.step();
    window.press(PointerButton::Primary, pos, Modifiers::NONE);
    window.release(PointerButton::Primary, pos);
}

fn drag(window: &mut Window, modifiers: Modifiers, points: &[(f64, f64)]) {
    let places: Vec<egui::Pos2> = points.iter().map(|&(x, y)| window.at(x, y)).collect();
    window.press(PointerButton::Primary, places[0], modifiers);
    for &pos in &places[1..] {
        window.harness.event(egui::Event::PointerMoved(pos));
    }
    window.harness.step();
    window.release(PointerButton::Primary, places[places.len() - 1]);
    window.settle();
}

fn undo_label(window: &Window) -> Option<&'static str> {
    window.app().document().unwrap().undo_label()
}

/// Takes the one edit back and checks that nothing is left of it.
fn assert_one_step(window: &mut Window, label: &str) {
    assert_eq!(undo_label(window), Some(label));
    window.harness.get_by_label("Undo").click();
    window.settle();
    let document = window.app().document().unwrap();
    assert_eq!(document.undo_label(), None);
    assert!(document.mask().is_empty());
}

#[test]
fn a_line_is_dragged_as_wide_as_the_brush() {
    let mut window = window_with("Line");
    drag(
        &mut window,
        Modifiers::NONE,
        &[(40.0, 60.0), (120.0, 60.0), (240.0, 60.0)],
    );
    assert_eq!([54, 60, 66].map(|y| window.mask_at(150, y)), [255; 3]);
    assert_eq!(window.mask_at(150, 80), 0);
    assert_one_step(&mut window, "Line");
}

#[test]
fn a_poly_line_goes_from_click_to_click_until_enter() {
    let mut window = window_with("Line");
    for at in [(40.0, 40.0), (160.0, 40.0), (160.0, 200.0), (30.0, 200.0)] {
        click(&mut window, at);
    }
    assert_eq!(
        undo_label(&window),
        None,
        "nothing is marked before it is finished"
    );
    window.harness.key_press(Key::Backspace);
    window.harness.step();
    window.harness.key_press(Key::Enter);
    window.settle();
    assert_eq!(window.mask_at(100, 40), 255);
    assert_eq!(window.mask_at(160, 120), 255);
    assert_eq!(window.mask_at(90, 200), 0, "the point taken back");
    assert_one_step(&mut window, "Line");
}

#[test]
fn a_lasso_fills_what_was_drawn_around_and_alt_takes_away() {
    let mut window = window_with("Lasso");
    let outline = [
        (40.0, 40.0),
        (200.0, 40.0),
        (200.0, 160.0),
        (40.0, 160.0),
        (40.0, 50.0),
    ];
    drag(&mut window, Modifiers::NONE, &outline);
    assert_eq!(
        (window.mask_at(120, 100), window.mask_at(220, 100)),
        (255, 0)
    );
    let inner = [(80.0, 80.0), (160.0, 80.0), (160.0, 120.0), (80.0, 120.0)];
    drag(&mut window, Modifiers::ALT, &inner);
    assert_eq!((window.mask_at(120, 100), window.mask_at(60, 60)), (0, 255));
    assert_eq!(undo_label(&window), Some("Erase lasso"));
    window.harness.get_by_label("Undo").click();
    window.settle();
    assert_one_step(&mut window, "Lasso");
}

#[test]
fn a_polygon_is_closed_by_its_first_corner() {
    let mut window = window_with("Polygon");
    for at in [(60.0, 40.0), (200.0, 40.0), (200.0, 180.0), (60.0, 40.0)] {
        click(&mut window, at);
    }
    window.settle();
    assert_eq!((window.mask_at(180, 80), window.mask_at(70, 170)), (255, 0));
    assert_one_step(&mut window, "Polygon");
}

#[test]
fn a_rectangle_protects_when_shapes_do() {
    let mut window = window_with("Rectangle");
    window.harness.get_by_label("Keep unchanged").click();
    window.harness.step();
    drag(
        &mut window,
        Modifiers::NONE,
        &[(50.0, 50.0), (150.0, 120.0)],
    );
    let document = window.app().document().unwrap();
    assert_eq!(document.mask().protected.get(100, 80), 255);
    assert_eq!(document.mask().protected.get(160, 80), 0);
    assert_one_step(&mut window, "Protect rectangle");
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::P);
    window.harness.step();
    drag(
        &mut window,
        Modifiers::NONE,
        &[(50.0, 50.0), (150.0, 120.0)],
    );
    assert_eq!(window.mask_at(100, 80), 255);
    assert_one_step(&mut window, "Rectangle");
}

#[test]
fn a_hole_is_filled_by_a_click_and_an_open_area_gives_a_message() {
    let mut window = window_with("Polygon");
    window.harness.key_press(Key::U);
    window.harness.step();
    assert_eq!(window.app().view().tool, Tool::Line);
    for at in [
        (60.0, 60.0),
        (200.0, 60.0),
        (200.0, 180.0),
        (60.0, 180.0),
        (60.0, 60.0),
    ] {
        click(&mut window, at);
    }
    window.harness.key_press(Key::Enter);
    window.settle();
    window.harness.key_press(Key::F);
    window.harness.step();
    click(&mut window, (20.0, 20.0));
    window.settle();
    window.harness.get_by_label("Nothing encloses this place");
    assert_eq!(window.mask_at(130, 120), 0);
    click(&mut window, (130.0, 120.0));
    window.settle();
    assert_eq!(window.mask_at(130, 120), 255);
    assert_eq!(undo_label(&window), Some("Fill hole"));
    window.stroke(PointerButton::Secondary, &[(60.0, 60.0)]);
    window.settle();
    assert_eq!(window.mask_at(130, 120), 0, "the whole piece is gone");
    assert_eq!(undo_label(&window), Some("Erase piece"));
}

#[test]
fn escape_gives_a_shape_up_and_so_does_another_tool() {
    let mut window = window_with("Polygon");
    for leave in [Key::Escape, Key::B] {
        window.harness.key_press_modifiers(Modifiers::SHIFT, Key::L);
        window.harness.step();
        click(&mut window, (60.0, 40.0));
        click(&mut window, (200.0, 40.0));
        assert!(window.app().view().draft.is_some());
        window.harness.key_press(leave);
        window.settle();
        assert!(window.app().view().draft.is_none());
        assert_eq!(undo_label(&window), None);
    }
}

#[test]
fn the_bar_at_the_bottom_says_how_to_subtract() {
    for tool in ["Line", "Lasso", "Polygon", "Rectangle", "Fill hole"] {
        let window = window_with(tool);
        window
            .harness
            .get_by_label_contains("Alt or the right button");
    }
}
