//! The whole job in the window with fake networks: open, find, repair, correct, undo, export, close.

use crate::support::{FILL, SCRATCH, empty, open, open_with, plain, scratched};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::state::OverlayMode;
use unscratch::gui::tools::Tool;

#[test]
fn a_photo_goes_from_open_to_restored_without_a_click() {
    let mut window = open(&scratched());
    window.settle();
    let middle = SCRATCH.start + 3;
    assert_eq!(window.mask_at(middle, 100), 255);
    assert_eq!(window.mask_at(200, 100), 0);
    assert_eq!(window.restored_at(middle, 100), FILL);
    let overlay = window.app().view().overlay;
    assert!(overlay.retreated, "the overlay gives way to the result");
    window
        .harness
        .get_by_label_contains("Press O to see the damage");
    window
        .harness
        .get_by_label_contains("of the photo is marked for repair");
    window.harness.get_by_label("Runs on CPU");
}

#[test]
fn a_stroke_is_repaired_and_undo_brings_everything_back_exactly() {
    let photo = plain();
    let mut window = open(&photo);
    window.settle();
    let before = window
        .app()
        .document()
        .unwrap()
        .effective_mask()
        .to_raster();
    window.stroke(
        PointerButton::Primary,
        &[(200.0, 120.0), (230.0, 120.0), (250.0, 140.0)],
    );
    window.settle();
    assert_eq!(window.mask_at(215, 120), 255);
    assert_eq!(window.restored_at(215, 120), FILL);
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.settle();
    assert_eq!(
        window
            .app()
            .document()
            .unwrap()
            .effective_mask()
            .to_raster(),
        before
    );
    assert_eq!(
        window.restored_at(215, 120),
        photo.to_rgb8().get_pixel(215, 120).0
    );
    window.harness.get_by_label("Redo").click();
    window.settle();
    assert_eq!(
        window.restored_at(215, 120),
        FILL,
        "redo needs no new answer of the network"
    );
}

#[test]
fn the_right_button_and_the_eraser_unmark_damage() {
    let mut window = open(&scratched());
    window.settle();
    let x = f64::from(SCRATCH.start) + 3.0;
    window.stroke(PointerButton::Secondary, &[(x, 60.0), (x, 80.0)]);
    window.settle();
    assert_eq!(window.mask_at(103, 70), 0);
    assert_eq!(window.mask_at(103, 150), 255);
    window.harness.key_press(Key::E);
    window.stroke(PointerButton::Primary, &[(x, 140.0), (x, 160.0)]);
    window.settle();
    assert_eq!(window.app().view().tool, Tool::Eraser);
    assert_eq!(window.mask_at(103, 150), 0);
    window.harness.key_press(Key::X);
    window.harness.step();
    assert_eq!(window.app().view().tool, Tool::Brush);
}

#[test]
fn what_is_protected_is_never_changed_until_protection_is_taken_back() {
    let mut window = open(&scratched());
    window.settle();
    let x = f64::from(SCRATCH.start) + 3.0;
    window.harness.get_by_label("Protect").click();
    window.harness.step();
    window.stroke(PointerButton::Primary, &[(x, 60.0), (x, 100.0)]);
    window.settle();
    assert_eq!(window.restored_at(103, 80), [255, 250, 240]);
    assert_eq!(window.restored_at(103, 160), FILL);
    window.stroke(PointerButton::Secondary, &[(x, 60.0), (x, 100.0)]);
    window.settle();
    assert_eq!(window.restored_at(103, 80), FILL);
}

#[test]
fn every_pointer_event_of_a_frame_counts() {
    let mut window = open(&plain());
    window.settle();
    let corner = [(60.0, 60.0), (160.0, 60.0), (160.0, 160.0)].map(|(x, y)| window.at(x, y));
    window.press(PointerButton::Primary, corner[0], Modifiers::NONE);
    // Two moves and the release in one frame: without the first, the stroke would cut the corner.
    let events = &mut window.harness.input_mut().events;
    events.push(egui::Event::PointerMoved(corner[1]));
    events.push(egui::Event::PointerMoved(corner[2]));
    events.push(egui::Event::PointerButton {
        pos: corner[2],
        button: PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    window.harness.step();
    window.settle();
    assert_eq!(window.mask_at(158, 60), 255, "the corner");
    assert_eq!(window.mask_at(110, 110), 0, "the short cut");
}

#[test]
fn shift_click_draws_a_straight_line_from_the_last_point() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(40.0, 40.0)]);
    let end = window.at(240.0, 40.0);
    window.press(PointerButton::Primary, end, Modifiers::SHIFT);
    window.release(PointerButton::Primary, end);
    window.settle();
    assert_eq!(window.mask_at(140, 40), 255);
    assert_eq!(
        window.app().document().unwrap().undo_label(),
        Some("Brush stroke")
    );
}

#[test]
fn escape_takes_an_unfinished_stroke_back() {
    let mut window = open(&plain());
    window.settle();
    let (from, to) = (window.at(50.0, 50.0), window.at(90.0, 50.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(egui::Event::PointerMoved(to));
    window.harness.step();
    assert_eq!(window.mask_at(70, 50), 255);
    window.harness.key_press(Key::Escape);
    window.harness.step();
    assert_eq!(window.mask_at(70, 50), 0);
    window.release(PointerButton::Primary, to);
    window.settle();
    assert!(window.app().document().unwrap().undo_label().is_none());
}

#[test]
fn brackets_change_the_brush_by_the_place_of_the_keys() {
    let mut window = open(&plain());
    window.settle();
    let before = window.app().settings().clone();
    // What a German keyboard sends for the key right of P.
    window.harness.event(egui::Event::Key {
        key: Key::F20,
        physical_key: Some(Key::OpenBracket),
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    });
    window.harness.step();
    assert!(window.app().settings().brush_diameter_px < before.brush_diameter_px);
    window
        .harness
        .key_press_modifiers(Modifiers::SHIFT, Key::OpenBracket);
    window.harness.step();
    assert!(window.app().settings().brush_hardness < before.brush_hardness);
}

#[test]
fn sensitivity_acts_at_once_and_strokes_stay() {
    let mut photo = scratched().to_rgb8();
    for x in 200..206 {
        for y in 20..220 {
            photo.put_pixel(x, y, image::Rgb([100, 90, 80]));
        }
    }
    let mut window = open(&photo.into());
    window.settle();
    window.stroke(PointerButton::Primary, &[(280.0, 60.0), (280.0, 100.0)]);
    window.settle();
    assert_eq!(
        (window.mask_at(103, 100), window.mask_at(203, 100)),
        (255, 0)
    );
    window.harness.get_by_label("Eager").click();
    window.harness.step();
    window.harness.step();
    assert_eq!(window.mask_at(203, 100), 255, "before any network ran");
    assert_eq!(window.mask_at(280, 80), 255);
    assert_eq!(window.app().view().overlay.shown(), OverlayMode::Mask);
    window.harness.run_steps(30);
    window.settle();
    assert_eq!(window.restored_at(203, 100), FILL);
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.settle();
    assert_eq!(window.mask_at(203, 100), 0, "one step back");
}

#[test]
fn clearing_unmarks_everything_and_can_be_undone() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Clear marks").click();
    window.settle();
    assert_eq!(window.mask_at(103, 100), 0);
    assert_eq!(window.restored_at(103, 100), [255, 250, 240]);
    window.harness.get_by_label("Undo").click();
    window.settle();
    assert_eq!(window.restored_at(103, 100), FILL);
}

#[test]
fn a_search_for_damage_can_be_cancelled() {
    use std::time::Duration;
    use unscratch::inference::fake::{IdentityNetwork, SlowNetwork};
    use unscratch::inference::{Contract, Engine};

    let mut window = open_with(&plain(), 1.0, HarnessBuilder::default(), || {
        Engine::from_networks(
            Box::new(SlowNetwork::new(
                Contract::ScratchContextV1,
                Duration::from_mins(10),
            )),
            Box::new(IdentityNetwork::new(Contract::RestoreV1)),
        )
    });
    window.until("the search runs", |app| {
        app.work().detecting.is_some() && app.work().engine.is_some()
    });
    window.harness.step();
    window.harness.get_by_label("Cancel").click();
    window.until("the search ended", |app| app.work().detecting.is_none());
    assert!(window.app().document().unwrap().detection().is_none());
    assert!(
        window.app().view().notice.is_none(),
        "cancelling is no error"
    );
}

#[test]
fn the_sheet_of_shortcuts_opens_with_f1() {
    let mut window = empty();
    window.harness.key_press(Key::F1);
    window.harness.run();
    window.harness.get_by_label("Close");
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert!(window.harness.query_by_label("Close").is_none());
}

#[test]
fn a_gpu_that_cannot_be_used_is_told_in_the_bar_and_the_work_goes_on_on_the_cpu() {
    use unscratch::inference::{ProviderKind, ProviderReport};

    let mut window = crate::support::open_with_loader(&plain(), || {
        Ok(crate::support::fake_engine().reporting(ProviderReport {
            kind: ProviderKind::Cpu,
            detail: "no NVIDIA GPU was found".to_owned(),
            said: "provider_bridge.cc CUDA failure 100: no device ; GPU=-1".to_owned(),
            is_fallback: true,
        }))
    });
    window.settle();
    let said = "Runs on CPU, the GPU cannot be used: no NVIDIA GPU was found";
    let bar = window.harness.get_by_label(said).rect();
    assert!(bar.width() > 200.0 && bar.right() <= 1366.0, "{bar:?}");
    let words = "no NVIDIA GPU was found\n\nONNX Runtime says: provider_bridge.cc CUDA failure 100: no device ; GPU=-1";
    assert!(window.harness.query_by_label(words).is_none());
    window.harness.get_by_label(said).hover();
    window.harness.run_steps(60);
    window.harness.get_by_label(words);
    assert!(window.app().work().engine_error.is_none());
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    assert!(
        window
            .app()
            .document()
            .unwrap()
            .restoration()
            .cells()
            .count()
            > 0
    );
}

#[test]
fn without_networks_the_message_says_why_and_the_photo_still_opens() {
    use unscratch::inference::InferenceError;

    let mut window = crate::support::open_with_loader(&plain(), || {
        Err(InferenceError::Run {
            model: "fake".to_owned(),
            message: "made to fail".to_owned(),
        })
    });
    window.until("the failure is known", |app| {
        app.work().engine_error.is_some()
    });
    window.harness.run();
    window
        .harness
        .get_by_label("The networks could not be loaded");
    window.harness.get_by_label("Networks not loaded");
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    assert_eq!(window.mask_at(215, 120), 255, "painting works all the same");
}
