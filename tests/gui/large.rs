//! Edits that are made on a thread of their own because they may be as large as the photo: order, one step each, Escape.

use crate::support::{FILL, Window, open};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;

/// A dark photo of 18 mask tiles side by side: a shape along all of it is more than a frame may take.
fn wide() -> Window {
    let photo = image::RgbImage::from_fn(4400, 60, |x, y| {
        image::Rgb([(x % 90) as u8, (y % 200) as u8, 90])
    });
    let mut window = open(&photo.into());
    window.settle();
    window
}

fn labels(window: &Window) -> Vec<&'static str> {
    window.app().document().unwrap().steps().labels
}

/// Button down, along `points` and up again, without waiting for anything.
fn draw(window: &mut Window, points: &[(f64, f64)]) {
    let places: Vec<egui::Pos2> = points.iter().map(|&(x, y)| window.at(x, y)).collect();
    let button = |pos: egui::Pos2, pressed: bool| egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(egui::Event::PointerMoved(places[0]));
    window.harness.event(button(places[0], true));
    for &pos in &places[1..] {
        window.harness.event(egui::Event::PointerMoved(pos));
    }
    window
        .harness
        .event(button(places[places.len() - 1], false));
}

#[test]
fn a_shape_over_the_whole_photo_is_one_step_and_is_repaired() {
    let mut window = wide();
    window.harness.get_by_label("Rectangle").click();
    window.harness.run();
    draw(&mut window, &[(20.0, 10.0), (600.0, 30.0), (4380.0, 50.0)]);
    window.harness.step();
    window.settle();
    assert_eq!((window.mask_at(2000, 30), window.mask_at(5, 2)), (255, 0));
    assert_eq!(window.restored_at(2000, 30), FILL);
    assert_eq!(labels(&window), ["Rectangle"]);
    window.harness.get_by_label("Undo").click();
    window.settle();
    assert_eq!(window.mask_at(2000, 30), 0);
    assert!(window.app().document().unwrap().mask().is_empty());
}

#[test]
fn protecting_the_whole_photo_outranks_its_marks() {
    let mut window = wide();
    window.stroke(PointerButton::Primary, &[(300.0, 30.0), (700.0, 30.0)]);
    window.settle();
    window.harness.get_by_label("Rectangle").click();
    window.harness.run();
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::P);
    window.harness.run();
    draw(&mut window, &[(2.0, 2.0), (4398.0, 58.0)]);
    window.harness.step();
    window.settle();
    assert_eq!(window.mask_at(500, 30), 0);
    assert_eq!(labels(&window), ["Brush stroke", "Protect rectangle"]);
}

#[test]
fn what_is_done_right_after_clearing_all_marks_is_not_cleared_with_them() {
    let mut window = wide();
    window.stroke(PointerButton::Primary, &[(300.0, 30.0), (700.0, 30.0)]);
    window.settle();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Backspace);
    draw(&mut window, &[(300.0, 30.0), (500.0, 30.0)]);
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::I);
    window.harness.step();
    window.settle();
    assert_eq!(
        labels(&window),
        [
            "Brush stroke",
            "Clear marks",
            "Brush stroke",
            "Invert marks"
        ]
    );
    assert_eq!(
        [(400, 30), (650, 30)].map(|(x, y)| window.mask_at(x, y)),
        [0, 255]
    );
    for _ in 0..3 {
        window
            .harness
            .key_press_modifiers(Modifiers::COMMAND, Key::Z);
        window.harness.step();
    }
    window.settle();
    assert_eq!(
        [(400, 30), (650, 30)].map(|(x, y)| window.mask_at(x, y)),
        [255, 255],
        "the first stroke alone"
    );
}
