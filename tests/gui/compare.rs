//! Ways to look at original and restored photo, and at the photo's pixels.

use crate::support::{open, scratched};
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, Vec2};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::settings::CompareMode;

#[test]
fn a_divider_across_is_dragged_up_and_down() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::S);
    window.harness.run();
    assert_eq!(window.app().settings().compare, CompareMode::SplitAcross);
    let area = window.app().view().viewport;
    window.press(PointerButton::Primary, area.center(), Modifiers::NONE);
    let up = area.center() - Vec2::new(40.0, area.height() / 4.0);
    window.harness.event(Event::PointerMoved(up));
    window.harness.step();
    window.release(PointerButton::Primary, up);
    assert!((window.app().view().split - 0.25).abs() < 0.01);
    assert!(window.app().document().unwrap().undo_label().is_none());
}

#[test]
fn blinking_shows_both_photos_in_turn_until_another_way_is_chosen() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.key_press(Key::K);
    window.harness.step();
    assert_eq!(window.app().settings().compare, CompareMode::Blink);
    for shows_master in [true, false, true] {
        window.until("the other photo is seen", move |app| {
            app.view().blink_shows_master == shows_master
        });
    }
    window.harness.key_press(Key::R);
    window.harness.run();
    assert_eq!(window.app().settings().compare, CompareMode::Restored);
}

#[test]
fn the_difference_is_a_way_to_compare_and_stays_up_to_date() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::D);
    window.harness.run();
    assert_eq!(window.app().settings().compare, CompareMode::Difference);
    let before = window.app().canvas().uploads();
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    window.settle();
    assert!(window.app().canvas().uploads() > before);
}

#[test]
fn filling_the_window_leaves_no_edge_empty() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.key_press(Key::Num9);
    window.harness.run();
    let (photo, area) = (
        window.placement().photo_rect(),
        window.app().view().viewport,
    );
    assert!(photo.expand(1.0).contains_rect(area), "{photo:?} {area:?}");
    let spare = photo.size() - area.size();
    assert!(spare.x.min(spare.y) < 2.0, "no larger than needed");
}

/// A window zoomed in until the navigator is there, and the navigator's corners.
fn zoomed_in() -> (crate::support::Window, Pos2, Pos2) {
    let mut window = open(&scratched());
    window.settle();
    assert!(window.harness.query_by_label("Navigator").is_none());
    let whole = window.placement().scale;
    while window.placement().scale < whole * 4.0 {
        window
            .harness
            .key_press_modifiers(Modifiers::COMMAND, Key::Plus);
        window.harness.run();
    }
    let place = window.harness.get_by_label("Navigator").rect();
    (window, place.min, place.max)
}

#[test]
fn the_navigator_leads_where_it_is_clicked_or_dragged_and_never_paints() {
    let (mut window, min, max) = zoomed_in();
    let center = |window: &crate::support::Window| window.app().view().view.center;
    let shown = window.app().document().unwrap().photo().ui_size();
    let (width, height) = (f64::from(shown.width), f64::from(shown.height));
    let corner = min + Vec2::splat(1.0);
    for button in [PointerButton::Primary, PointerButton::Secondary] {
        window.press(button, corner, Modifiers::NONE);
        window.release(button, corner);
        window.harness.run();
        let (x, y) = center(&window);
        assert!(x < width / 10.0 && y < height / 10.0, "{x} {y}");
    }
    window.press(PointerButton::Primary, corner, Modifiers::NONE);
    // Out of the navigator, over the photo: the drag goes on meaning the navigator.
    for to in [max, max + Vec2::splat(9.0), min - Vec2::splat(60.0), max] {
        window.harness.event(Event::PointerMoved(to));
        window.harness.step();
    }
    window.release(PointerButton::Primary, max);
    window.harness.run();
    let (x, y) = center(&window);
    assert!(x > width * 0.9 && y > height * 0.9, "{x} {y}");
    let document = window.app().document().unwrap();
    assert!(document.undo_label().is_none(), "nothing is painted");
}

#[test]
fn the_navigator_is_hidden_by_its_key_and_from_the_menu() {
    let (mut window, ..) = zoomed_in();
    window.harness.key_press(Key::N);
    window.harness.run();
    assert!(!window.app().settings().navigator);
    assert!(window.harness.query_by_label("Navigator").is_none());
    window.harness.get_by_label("View").click();
    window.harness.run();
    window.harness.get_by_label_contains("Navigator").click();
    window.harness.run();
    assert!(window.app().settings().navigator);
}

#[test]
fn the_loupe_is_there_while_its_key_is_held_or_until_it_is_switched_off() {
    let mut window = open(&scratched());
    window.settle();
    let shows = |window: &crate::support::Window| {
        let label = window.harness.query_by_label_contains(", loupe");
        label.is_some()
    };
    window.harness.key_down(Key::Z);
    window.harness.step();
    assert!(shows(&window) && window.app().view().held.loupe);
    window.harness.key_up(Key::Z);
    window.harness.step();
    assert!(!shows(&window));
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::Z);
    window.harness.run();
    assert!(shows(&window) && window.app().view().loupe);
    assert!(!window.app().view().held.loupe);
    window.harness.get_by_label("View").click();
    window.harness.run();
    window.harness.get_by_label_contains("Loupe").click();
    window.harness.run();
    assert!(!shows(&window));
}

#[test]
fn rulers_and_pixel_grid_are_switched_from_the_keyboard() {
    let mut window = open(&scratched());
    window.settle();
    let shown = |window: &crate::support::Window| {
        let settings = window.app().settings();
        (settings.rulers, settings.pixel_grid)
    };
    assert_eq!(shown(&window), (false, true));
    for key in [Key::R, Key::G] {
        window.harness.key_press_modifiers(Modifiers::COMMAND, key);
        window.harness.run();
    }
    assert_eq!(shown(&window), (true, false));
}
