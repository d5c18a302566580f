//! What the keyboard's crosshair does where frames are slow, the view moves, a dialog comes between, or menus are opened.

use eframe::egui::{
    Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, Rect, TouchPhase, vec2,
};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::tools::Tool;

use crate::keyboard::{
    clicks, crosshair, desk, drag, faint, focused, go, plain_tap, tap, undo_label,
};
use crate::support::{Window, open, plain, scratched};

/// Keys that go down and up within one frame.
fn in_one_frame(window: &mut Window, keys: &[(Modifiers, Key)]) {
    for &(modifiers, key) in keys {
        for pressed in [true, false] {
            window.harness.event(Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            });
        }
    }
    window.harness.step();
}

/// Where the crosshair is seen on the screen.
fn seen_at(window: &Window) -> Pos2 {
    let (x, y) = crosshair(window);
    window.at(x, y)
}

fn is_in_sight(window: &Window) -> bool {
    window.app().view().viewport.contains(seen_at(window))
}

fn zoom_in(window: &mut Window, steps: usize) {
    for _ in 0..steps {
        tap(window, Modifiers::COMMAND, Key::Plus);
    }
}

fn wheel(window: &mut Window, notches: f32, modifiers: Modifiers) {
    window.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        source: MouseWheelSource::Unknown,
        delta: vec2(0.0, notches),
        phase: TouchPhase::Move,
        modifiers,
    });
    window.harness.step();
}

#[test]
fn corners_set_within_one_slow_frame_are_all_kept_and_finish_nothing() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::U);
    go(&mut window, 60, 60);
    let far = [(Modifiers::SHIFT, Key::ArrowRight); 4];
    let down = [(Modifiers::SHIFT, Key::ArrowDown); 4];
    let space = [(Modifiers::NONE, Key::Space)];
    let keys = [&space[..], &far, &space, &down, &space].concat();
    in_one_frame(&mut window, &keys);
    assert_eq!(undo_label(&window), None, "only Enter finishes");
    let draft = window.app().view().draft.as_ref().unwrap();
    assert_eq!(draft.points.len(), 3, "{:?}", draft.points);
    let (x, y) = crosshair(&window);
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(undo_label(&window), Some("Line"));
    let row = window.mask_at(x as u32 - 10, 60);
    let column = window.mask_at(x as u32, y as u32 - 10);
    assert_eq!((row, column), (255, 255), "both sides are marked");
}

#[test]
fn the_crosshair_is_in_sight_whatever_moves_the_photo() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    go(&mut window, 4, 4);
    // Fills the window, so that the upper edge is out of sight.
    plain_tap(&mut window, Key::Num9);
    zoom_in(&mut window, 4);
    window.harness.run();
    assert!(is_in_sight(&window));
    assert!(
        (crosshair(&window).0 - 4.5).abs() < 1.0,
        "the photo follows"
    );
    // Zoomed at a pointer far from it.
    for _ in 0..6 {
        wheel(&mut window, 1.0, Modifiers::NONE);
    }
    window.harness.run();
    assert!(is_in_sight(&window));
    // Called again after the photo was moved away from under it, it begins in the middle.
    plain_tap(&mut window, Key::F9);
    window
        .harness
        .hover_at(window.app().view().viewport.center());
    window.harness.step();
    for _ in 0..40 {
        wheel(&mut window, -1.0, Modifiers::SHIFT);
    }
    plain_tap(&mut window, Key::F9);
    window.harness.run();
    let middle = window.app().view().viewport.center();
    assert!(
        seen_at(&window).distance(middle) < 40.0,
        "{:?}",
        seen_at(&window)
    );
}

#[test]
fn a_corner_set_beyond_the_edge_of_the_view_waits_for_the_photo_to_follow() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::U);
    zoom_in(&mut window, 9);
    window.harness.run();
    let (from, row) = crosshair(&window);
    let far = [(Modifiers::SHIFT, Key::ArrowRight); 30];
    let (space, enter) = ((Modifiers::NONE, Key::Space), (Modifiers::NONE, Key::Enter));
    in_one_frame(&mut window, &[&[space][..], &far, &[space, enter]].concat());
    window.settle();
    assert_eq!(undo_label(&window), Some("Line"));
    let (to, _) = crosshair(&window);
    assert!(to > from + 30.0 && is_in_sight(&window), "{from} to {to}");
    for x in [from + 2.0, to - 2.0] {
        assert_eq!(window.mask_at(x as u32, row as u32), 255, "{x}");
    }
}

#[test]
fn on_another_photo_the_crosshair_begins_in_the_middle_and_mending_ends() {
    let mut window = desk(&scratched(), Modifiers::NONE, Key::W);
    go(&mut window, 20, 20);
    let other = window.path("other.png");
    plain().save(&other).unwrap();
    window.drop_file(&other);
    window.until("the other photo is open", |app| {
        app.document().is_some_and(|it| it.photo().path() == other)
    });
    window.settle();
    let (x, y) = crosshair(&window);
    assert!(
        (x - 160.0).abs() < 2.0 && (y - 120.0).abs() < 2.0,
        "{x}, {y}"
    );
    assert_eq!(
        window.app().view().tool,
        Tool::Brush,
        "nothing is repaired yet"
    );
}

#[test]
fn a_dialog_gives_the_keyboard_back_to_the_photo() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    go(&mut window, 50, 60);
    tap(&mut window, Modifiers::COMMAND, Key::E);
    window.harness.run();
    assert!(window.app().view().dialog.is_some());
    plain_tap(&mut window, Key::Escape);
    window.harness.run();
    assert!(window.app().view().dialog.is_none());
    let (x, y) = crosshair(&window);
    assert!((x - 50.5).abs() < 1.0 && (y - 60.5).abs() < 1.0, "{x}, {y}");
}

#[test]
fn the_navigator_stays_and_makes_way_for_the_crosshair() {
    let mut window = desk(&plain(), Modifiers::NONE, Key::B);
    zoom_in(&mut window, 6);
    window.harness.run();
    let place = |window: &Window| -> Rect { window.harness.get_by_label("Navigator").rect() };
    let right = place(&window);
    assert!(right.center().x > window.app().view().viewport.center().x);
    let inside = window.placement().image_from_screen(right.center());
    go(&mut window, inside.0 as u32, inside.1 as u32);
    window.harness.run();
    assert!(!place(&window).contains(seen_at(&window)));
    assert!(
        right.expand(60.0).contains(seen_at(&window)),
        "it is where the navigator was"
    );
}

#[test]
fn shift_and_enter_take_away_what_a_shape_marked_and_the_hint_says_so() {
    let mut window = desk(&plain(), Modifiers::SHIFT, Key::R);
    clicks(&mut window, &[(50, 50), (150, 120)]);
    window.settle();
    assert_eq!(window.mask_at(100, 80), 255);
    window.harness.run();
    window
        .harness
        .get_by_label_contains("Shift+Enter to take away");
    for modifiers in [Modifiers::SHIFT, Modifiers::ALT] {
        for (x, y) in [(80, 60), (120, 100)] {
            go(&mut window, x, y);
            tap(&mut window, modifiers, Key::Enter);
        }
        window.settle();
        assert_eq!([60, 100].map(|x| window.mask_at(x, 80)), [255, 0]);
        tap(&mut window, Modifiers::COMMAND, Key::Z);
        window.settle();
        assert_eq!(window.mask_at(100, 80), 255, "{modifiers:?}");
    }
}

#[test]
fn enter_keeps_no_trace_that_was_not_seen() {
    let mut window = desk(&faint(), Modifiers::NONE, Key::T);
    zoom_in(&mut window, 12);
    go(&mut window, 103, 120);
    // Far away in the frame in which the trace begins.
    let away = [(Modifiers::SHIFT, Key::ArrowRight); 60];
    let keys = [&[(Modifiers::NONE, Key::Space)][..], &away].concat();
    in_one_frame(&mut window, &keys);
    window.until("the trace is there", |app| app.view().traced.is_some());
    window.harness.run();
    assert!(!window.app().view().trace_seen);
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(undo_label(&window), None);
    assert!(window.app().view().trace_seen, "it is brought into sight");
    plain_tap(&mut window, Key::Enter);
    window.settle();
    assert_eq!(undo_label(&window), Some("Trace scratch"));
}

#[test]
fn an_arrow_opens_the_first_menu_and_goes_through_its_entries() {
    let mut window = open(&plain());
    window.settle();
    plain_tap(&mut window, Key::F10);
    window.harness.run();
    assert_eq!(focused(&window).as_deref(), Some("File"));
    plain_tap(&mut window, Key::ArrowDown);
    window.harness.run();
    let first = focused(&window).unwrap();
    assert!(first.starts_with("Open"), "{first}");
    plain_tap(&mut window, Key::ArrowDown);
    window.harness.run();
    assert_ne!(focused(&window).unwrap(), first);
    plain_tap(&mut window, Key::Escape);
    window.harness.run();
    assert!(window.app().view().dialog.is_none());
}

#[test]
fn the_list_of_states_follows_the_state_that_is_seen_and_the_keyboard() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("History").click();
    window.harness.run();
    plain_tap(&mut window, Key::ArrowLeft);
    for step in 0..14 {
        drag(&mut window, &[(40 + 10 * step, 60), (40 + 10 * step, 70)]);
    }
    let card = window.app().view().viewport.max.y;
    let row = |window: &Window, name: &str| window.harness.get_by_label(name).rect();
    window.harness.run();
    let last = row(&window, "14  Brush stroke");
    assert!(last.max.y < card, "{last}");
    for _ in 0..13 {
        tap(&mut window, Modifiers::COMMAND, Key::Z);
    }
    window.settle();
    let second = row(&window, "1  Brush stroke");
    assert!(
        (second.min.y - last.min.y).abs() < 168.0,
        "{second} is in the room of {last}"
    );
    // By keyboard to a row below.
    window.harness.get_by_label("14  Brush stroke").focus();
    window.harness.run();
    window.harness.run();
    let now = row(&window, "14  Brush stroke");
    assert!(now.max.y <= last.max.y + 2.0, "{now} {last}");
}

#[test]
fn a_fitted_photo_lies_beside_the_rulers() {
    let mut window = open(&plain());
    window.settle();
    let viewport = window.app().view().viewport;
    for rulers in [0.0, 22.0] {
        if rulers > 0.0 {
            tap(&mut window, Modifiers::COMMAND, Key::R);
            window.harness.run();
        }
        let photo = window.placement().photo_rect();
        let free = Rect::from_min_max(viewport.min + vec2(rulers, rulers), viewport.max);
        assert!(free.contains_rect(photo), "{photo} in {free}");
        assert!(photo.center().distance(free.center()) < 1.5);
    }
}
