//! The whole desk without a pointer: each tool does its job by key events alone, and so do menus, sliders and dialogs.

use crate::support::{FILL, SCRATCH, Window, open, plain, scratched};
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::tools::Tool;

pub fn key(window: &mut Window, modifiers: Modifiers, key: Key, pressed: bool) {
    window.harness.event(Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    });
    window.harness.step();
}

pub fn tap(window: &mut Window, modifiers: Modifiers, pressed: Key) {
    key(window, modifiers, pressed, true);
    key(window, modifiers, pressed, false);
}

pub fn plain_tap(window: &mut Window, pressed: Key) {
    tap(window, Modifiers::NONE, pressed);
}

/// The image position of the crosshair.
pub fn crosshair(window: &Window) -> (f64, f64) {
    window
        .app()
        .view()
        .crosshair
        .expect("the crosshair is seen")
}

/// Moves the crosshair by arrow keys onto the pixel (x, y).
pub fn go(window: &mut Window, x: u32, y: u32) {
    for _ in 0..600 {
        let (at_x, at_y) = crosshair(window);
        let (dx, dy) = (f64::from(x) + 0.5 - at_x, f64::from(y) + 0.5 - at_y);
        let far = dx.abs().max(dy.abs());
        if far < 0.75 {
            return;
        }
        let arrow = match (dx.abs() >= dy.abs(), dx > 0.0, dy > 0.0) {
            (true, true, _) => Key::ArrowRight,
            (true, false, _) => Key::ArrowLeft,
            (false, _, true) => Key::ArrowDown,
            (false, _, false) => Key::ArrowUp,
        };
        let modifiers = if far > 45.0 {
            Modifiers::SHIFT
        } else if far > 6.0 {
            Modifiers::NONE
        } else {
            Modifiers::COMMAND
        };
        tap(window, modifiers, arrow);
    }
    panic!("({x}, {y}) was not reached from {:?}", crosshair(window));
}

/// A window whose crosshair was called by an arrow key, with the tool of `letter`.
pub fn desk(photo: &image::DynamicImage, modifiers: Modifiers, letter: Key) -> Window {
    let mut window = open(photo);
    window.settle();
    plain_tap(&mut window, Key::ArrowLeft);
    assert!(window.app().view().crosshair.is_some());
    tap(&mut window, modifiers, letter);
    window
}

/// Presses Space at the first place and lets it go at the last.
pub fn drag(window: &mut Window, places: &[(u32, u32)]) {
    go(window, places[0].0, places[0].1);
    key(window, Modifiers::NONE, Key::Space, true);
    for &(x, y) in &places[1..] {
        go(window, x, y);
    }
    key(window, Modifiers::NONE, Key::Space, false);
    window.settle();
}

pub fn clicks(window: &mut Window, places: &[(u32, u32)]) {
    for &(x, y) in places {
        go(window, x, y);
        plain_tap(window, Key::Space);
    }
}

pub fn undo_label(window: &Window) -> Option<&'static str> {
    window.app().document().unwrap().undo_label()
}

/// The label of the widget that has the keyboard.
pub fn focused(window: &Window) -> Option<String> {
    let nodes = window.harness.root().children_recursive();
    nodes
        .map(|node| node.accesskit_node())
        .find(egui_kittest::kittest::AccessKitNode::is_focused)
        .and_then(|node| node.label())
}

#[test]
fn brush_eraser_and_protection_paint_along_the_crosshairs_way() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    drag(&mut window, &[(60, 60), (140, 60)]);
    assert_eq!([70, 100, 135].map(|x| window.mask_at(x, 60)), [255; 3]);
    assert_eq!(window.restored_at(100, 60), FILL, "it is repaired");
    // The right button of the brush erases.
    go(&mut window, 100, 60);
    tap(&mut window, Modifiers::SHIFT, Key::Enter);
    window.settle();
    assert_eq!([70, 100, 135].map(|x| window.mask_at(x, 60)), [255, 0, 255]);
    plain_tap(&mut window, Key::E);
    drag(&mut window, &[(70, 60), (80, 60)]);
    assert_eq!(window.mask_at(70, 60), 0);
    plain_tap(&mut window, Key::P);
    drag(&mut window, &[(135, 40), (135, 90)]);
    assert_eq!(window.mask_at(135, 60), 0, "protected");
    let document = window.app().document().unwrap();
    assert_eq!(document.mask().protected.get(135, 60), 255);
}

#[test]
fn a_straight_line_leads_from_the_last_point_with_shift_and_space() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    clicks(&mut window, &[(40, 100)]);
    go(&mut window, 200, 100);
    tap(&mut window, Modifiers::SHIFT, Key::Space);
    window.settle();
    assert_eq!([50, 120, 190].map(|x| window.mask_at(x, 100)), [255; 3]);
}

#[test]
fn lines_and_polygons_go_from_tap_to_tap_until_enter() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::U);
    clicks(&mut window, &[(40, 40), (160, 40), (160, 120)]);
    assert_eq!(undo_label(&window), None);
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(
        (window.mask_at(100, 40), window.mask_at(160, 90)),
        (255, 255)
    );
    assert_eq!(undo_label(&window), Some("Line"));
    tap(&mut window, Modifiers::SHIFT, Key::L);
    assert_eq!(window.app().view().tool, Tool::Polygon);
    clicks(&mut window, &[(200, 150), (290, 150), (290, 220)]);
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(
        (window.mask_at(280, 165), window.mask_at(205, 215)),
        (255, 0)
    );
    assert_eq!(undo_label(&window), Some("Polygon"));
}

#[test]
fn a_last_corner_and_enter_in_one_frame_complete_the_line_with_that_corner() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::U);
    clicks(&mut window, &[(40, 40)]);
    go(&mut window, 160, 40);
    let events = [Key::Space, Key::Enter].into_iter().flat_map(|key| {
        [true, false].map(|pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        })
    });
    for event in events {
        window.harness.event(event);
    }
    window.harness.step();
    window.settle();
    assert_eq!(undo_label(&window), Some("Line"));
    assert_eq!(window.mask_at(150, 40), 255);
    assert!(window.app().view().draft.is_none(), "no second line begins");
}

#[test]
fn strength_and_divider_go_by_keys() {
    let middle = SCRATCH.start + 3;
    let mut window = desk(&scratched(), Modifiers::NONE, Key::W);
    plain_tap(&mut window, Key::Comma);
    assert_eq!(undo_label(&window), None, "nothing is picked");
    clicks(&mut window, &[(middle, 100)]);
    window.settle();
    for _ in 0..4 {
        plain_tap(&mut window, Key::Comma);
    }
    window.harness.get_by_label("80 %");
    plain_tap(&mut window, Key::Period);
    window.settle();
    window.harness.get_by_label("85 %");
    tap(&mut window, Modifiers::COMMAND, Key::Z);
    window.settle();
    window.harness.get_by_label("100 %");

    let split = |window: &Window| window.app().view().split;
    let before = split(&window);
    tap(&mut window, Modifiers::SHIFT, Key::Period);
    assert!(
        (split(&window) - before).abs() < f32::EPSILON,
        "no divider is shown"
    );
    window.harness.get_by_label("Split").click();
    window.harness.run();
    tap(&mut window, Modifiers::SHIFT, Key::Period);
    assert!(split(&window) > before);
    tap(&mut window, Modifiers::SHIFT, Key::Comma);
    tap(&mut window, Modifiers::SHIFT, Key::Comma);
    assert!(split(&window) < before);
}

#[test]
fn the_hint_says_how_the_tool_is_used_by_keys() {
    let mut window = desk(&plain(), Modifiers::SHIFT, Key::R);
    window.harness.run();
    window
        .harness
        .get_by_label_contains("Space sets one corner, Space again the opposite one");
}

#[test]
fn rectangles_go_from_corner_to_corner_by_two_taps_and_escape_gives_them_up() {
    let mut window = desk(&plain(), Modifiers::SHIFT, Key::R);
    clicks(&mut window, &[(50, 50), (150, 120)]);
    window.settle();
    assert_eq!((window.mask_at(100, 80), window.mask_at(170, 80)), (255, 0));
    assert_eq!(undo_label(&window), Some("Rectangle"));
    clicks(&mut window, &[(200, 50)]);
    plain_tap(&mut window, Key::Escape);
    go(&mut window, 250, 120);
    assert!(window.app().view().draft.is_none());
    assert!(
        window.app().view().crosshair.is_some(),
        "the keyboard stays"
    );
    plain_tap(&mut window, Key::Z);
    window.settle();
    assert_eq!(window.mask_at(220, 80), 0);
}

#[test]
fn a_lasso_is_drawn_with_space_held_and_a_hole_is_filled_by_a_tap() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::L);
    let outline = [(60, 60), (180, 60), (180, 160), (60, 160), (60, 70)];
    drag(&mut window, &outline);
    assert_eq!(
        (window.mask_at(120, 100), window.mask_at(220, 100)),
        (255, 0)
    );
    tap(&mut window, Modifiers::COMMAND, Key::Z);
    window.settle();
    plain_tap(&mut window, Key::U);
    clicks(
        &mut window,
        &[(60, 60), (180, 60), (180, 160), (60, 160), (60, 60)],
    );
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(window.mask_at(120, 110), 0);
    plain_tap(&mut window, Key::F);
    clicks(&mut window, &[(120, 110)]);
    window.settle();
    assert_eq!(window.mask_at(120, 110), 255);
}

/// With a scratch of little red, so that the fake network is not sure of it.
pub fn faint() -> image::DynamicImage {
    let mut photo = image::RgbImage::from_pixel(320, 240, image::Rgb([8, 30, 30]));
    for y in 40..200 {
        for x in SCRATCH {
            photo.put_pixel(x, y, image::Rgb([70, 160, 160]));
        }
    }
    photo.into()
}

#[test]
fn a_scratch_is_traced_kept_by_enter_and_an_area_searched_again() {
    let mut window = desk(&faint(), Modifiers::NONE, Key::T);
    clicks(&mut window, &[(103, 120)]);
    window.settle();
    assert!(window.app().view().traced.is_some());
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(undo_label(&window), Some("Trace scratch"));
    assert_eq!(window.mask_at(103, 180), 255);
    tap(&mut window, Modifiers::COMMAND, Key::Z);
    window.settle();
    plain_tap(&mut window, Key::A);
    clicks(&mut window, &[(80, 80), (140, 140)]);
    window.settle();
    assert_eq!(undo_label(&window), Some("Search area again"));
    assert_eq!(
        (window.mask_at(103, 100), window.mask_at(103, 60)),
        (255, 0)
    );
}

#[test]
fn a_place_is_picked_healed_from_elsewhere_and_unmarked() {
    let middle = SCRATCH.start + 3;
    let mut window = desk(&scratched(), Modifiers::NONE, Key::W);
    clicks(&mut window, &[(middle, 100)]);
    window.settle();
    assert!(window.app().view().area.is_some());
    go(&mut window, middle + 100, 120);
    tap(&mut window, Modifiers::SHIFT, Key::Enter);
    window.settle();
    window
        .harness
        .get_by_label_contains("healed from the source you chose");
    assert_ne!(window.restored_at(middle, 100), FILL);
    plain_tap(&mut window, Key::Delete);
    window.settle();
    assert_eq!(window.mask_at(middle, 100), 0);
}

#[test]
fn the_photo_follows_the_crosshair_to_its_edges() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    for _ in 0..9 {
        tap(&mut window, Modifiers::COMMAND, Key::Plus);
    }
    let before = window.app().view().view.center;
    go(&mut window, 2, 3);
    assert_ne!(window.app().view().view.center, before);
    let (x, y) = crosshair(&window);
    let viewport = window.app().view().viewport;
    assert!(viewport.contains(window.at(x, y)));
    for _ in 0..9 {
        tap(&mut window, Modifiers::NONE, Key::ArrowLeft);
    }
    assert!(crosshair(&window).0 >= 0.5, "it stays on the photo");
}

#[test]
fn a_pointer_that_is_moved_takes_over_again_and_one_that_trembles_does_not() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    let from = window.at(100.0, 100.0);
    for (way, stays) in [(0.0, true), (9.0, true), (40.0, false)] {
        let pos = from + eframe::egui::vec2(way, 0.0);
        window.harness.event(Event::PointerMoved(pos));
        window.harness.step();
        window.harness.step();
        assert_eq!(window.app().view().crosshair.is_some(), stays, "{way}");
    }
    key(&mut window, Modifiers::NONE, Key::Space, true);
    assert!(
        window.app().view().held.space,
        "Space and a drag move the photo"
    );
    key(&mut window, Modifiers::NONE, Key::Space, false);
    assert_eq!(undo_label(&window), None);
}

#[test]
fn tab_reaches_everything_and_is_caught_nowhere() {
    let mut window = open(&plain());
    window.settle();
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..140 {
        plain_tap(&mut window, Key::Tab);
        window.harness.step();
        let Some(label) = focused(&window) else {
            continue;
        };
        if seen.first() == Some(&label) && seen.len() > 20 {
            break;
        }
        seen.push(label);
    }
    for wanted in [
        "File",
        "Help",
        "Brush",
        "Mend area",
        "Sensitivity",
        "Size",
        "Export…",
        "Find damage",
        "Opacity",
    ] {
        assert!(
            seen.iter().any(|label| label == wanted),
            "{wanted} in {seen:?}"
        );
    }
    assert!(
        seen.iter().any(|label| label.starts_with("Photo, ")),
        "{seen:?}"
    );
    let first = seen[0].clone();
    assert!(seen.len() < 139, "{first} comes round again: {seen:?}");
}

#[test]
fn menus_open_and_run_by_keys() {
    let mut window = open(&plain());
    window.settle();
    plain_tap(&mut window, Key::F10);
    window.harness.run();
    assert_eq!(focused(&window).as_deref(), Some("File"));
    for _ in 0..4 {
        plain_tap(&mut window, Key::Tab);
    }
    assert_eq!(focused(&window).as_deref(), Some("Tools"));
    plain_tap(&mut window, Key::Enter);
    window.harness.run();
    for _ in 0..8 {
        if focused(&window).is_some_and(|label| label.starts_with("Eraser")) {
            break;
        }
        plain_tap(&mut window, Key::ArrowDown);
        window.harness.run();
    }
    plain_tap(&mut window, Key::Enter);
    window.harness.run();
    assert_eq!(window.app().view().tool, Tool::Eraser);
    plain_tap(&mut window, Key::F9);
    window.harness.run();
    assert!(window.app().view().crosshair.is_some());
}

#[test]
fn sensitivity_and_export_go_by_keys_too() {
    let mut window = open(&plain());
    window.settle();
    let before = window.app().document().unwrap().threshold();
    plain_tap(&mut window, Key::F4);
    window.settle();
    assert_ne!(window.app().document().unwrap().threshold(), before);
    tap(&mut window, Modifiers::COMMAND, Key::E);
    window.harness.run();
    for _ in 0..40 {
        if focused(&window).as_deref() == Some("Export") {
            break;
        }
        plain_tap(&mut window, Key::Tab);
        window.harness.step();
    }
    assert_eq!(focused(&window).as_deref(), Some("Export"));
    plain_tap(&mut window, Key::Enter);
    window.until("the export is written", |app| app.view().notice.is_some());
    let written = std::fs::read_dir(window.folder.path()).unwrap();
    let names: Vec<_> = written.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .any(|name| name.to_string_lossy().contains("restored")),
        "{names:?}"
    );
}
