//! Ways to look at original and restored photo, and at the photo's pixels.

use crate::support::{open, scratched};
use eframe::egui::{Key, Modifiers, PointerButton, Vec2};
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
    window.harness.event(eframe::egui::Event::PointerMoved(up));
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
