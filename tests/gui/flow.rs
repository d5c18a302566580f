//! The whole job in the window with fake networks: open, find, repair, correct, undo, export, close.

use crate::support::{FILL, SCRATCH, empty, open, open_with, plain, read, scratched};
use eframe::egui::{self, Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::settings::CompareMode;
use unscratch::gui::state::{OverlayMode, Tool};

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
fn o_goes_through_the_overlays() {
    let mut window = open(&scratched());
    window.settle();
    let mut seen = Vec::new();
    for _ in 0..3 {
        window.harness.key_press(Key::O);
        window.harness.step();
        seen.push(window.app().view().overlay.shown());
    }
    assert_eq!(
        seen,
        [
            OverlayMode::Mask,
            OverlayMode::Probability,
            OverlayMode::Off
        ]
    );
}

#[test]
fn the_original_shows_while_m_or_backslash_is_held() {
    let mut window = open(&plain());
    window.settle();
    for key in [Key::M, Key::Backslash] {
        window.harness.key_down(key);
        window.harness.step();
        assert!(window.app().view().held.master);
        window.harness.get_by_label_contains("Photo, original");
        window.harness.key_up(key);
        window.harness.step();
        assert!(!window.app().view().held.master);
    }
}

#[test]
fn zoom_keys_and_wheel_work_at_the_pointer() {
    let mut window = open(&plain());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.harness.step();
    assert_eq!(window.app().view().view.scale, 1.0);
    let pointer = window.at(80.0, 60.0);
    window.harness.hover_at(pointer);
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: egui::vec2(0.0, 3.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    window.harness.step();
    assert!(window.app().view().view.scale > 1.5);
    let under = window.placement().image_from_screen(pointer);
    assert!(
        (under.0 - 80.0).abs() < 1.0 && (under.1 - 60.0).abs() < 1.0,
        "{under:?}"
    );
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    window.harness.step();
    assert!(window.app().view().view.fitted);
}

#[test]
fn space_and_the_middle_button_move_the_photo_and_paint_nothing() {
    let mut window = open(&plain());
    window.settle();
    let (from, to) = (
        window.at(150.0, 100.0),
        window.at(150.0, 100.0) + egui::vec2(40.0, 10.0),
    );
    let start = window.at(0.0, 0.0);
    for (key, button) in [
        (None, PointerButton::Middle),
        (Some(Key::Space), PointerButton::Primary),
    ] {
        let before = window.at(0.0, 0.0);
        if let Some(key) = key {
            window.harness.key_down(key);
        }
        window.press(button, from, Modifiers::NONE);
        window.harness.event(egui::Event::PointerMoved(to));
        window.harness.step();
        window.release(button, to);
        if let Some(key) = key {
            window.harness.key_up(key);
        }
        window.harness.step();
        assert_eq!(window.at(0.0, 0.0) - before, to - from);
    }
    assert_ne!(window.at(0.0, 0.0), start);
    assert!(window.app().document().unwrap().undo_label().is_none());
}

#[test]
fn the_divider_is_dragged_and_side_by_side_paints_where_the_pointer_is() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("Split").click();
    window.harness.run();
    let area = window.app().view().viewport;
    let (from, to) = (area.center(), area.center() + egui::vec2(-200.0, 0.0));
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    window.harness.event(egui::Event::PointerMoved(to));
    window.harness.step();
    window.release(PointerButton::Primary, to);
    assert!((window.app().view().split - (0.5 - 200.0 / area.width())).abs() < 0.01);
    assert!(window.app().document().unwrap().undo_label().is_none());

    window.harness.get_by_label("Side by side").click();
    window.harness.run();
    assert_eq!(window.app().settings().compare, CompareMode::SideBySide);
    let quarter = egui::pos2(area.left() + area.width() * 0.25, area.center().y);
    window.press(PointerButton::Primary, quarter, Modifiers::NONE);
    window.release(PointerButton::Primary, quarter);
    window.settle();
    assert_eq!(
        window.mask_at(160, 120),
        255,
        "the middle of the left picture is the middle of the photo"
    );
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
fn an_export_changes_only_what_is_marked_and_reports_it() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window
        .harness
        .get_by_label("Mask as a file of its own")
        .click();
    window.harness.run();
    let target = window.path("photo_restored.png");
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();
    let (master, result) = (read(&window.path("photo.png")), read(&target));
    let mask = image::open(window.path("photo_restored_mask.png"))
        .unwrap()
        .to_luma8();
    assert_eq!(result.dimensions(), master.dimensions());
    for (x, y, pixel) in result.enumerate_pixels() {
        if mask.get_pixel(x, y).0[0] == 0 {
            assert_eq!(pixel, master.get_pixel(x, y), "at {x}, {y}");
        }
    }
    assert_eq!(result.get_pixel(103, 100).0, FILL);
    window
        .harness
        .get_by_label_contains("0 outside the marked damage");
    window.harness.get_by_label("Dismiss").click();
    window.harness.run();
    assert!(window.app().view().notice.is_none());
}

#[test]
fn an_existing_file_is_replaced_only_when_agreed_and_the_original_never() {
    let mut window = open(&plain());
    window.settle();
    let target = window.path("photo_restored.png");
    std::fs::write(&target, b"something else").unwrap();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    let is_disabled = |window: &crate::support::Window| {
        window
            .harness
            .get_by_label("Export")
            .accesskit_node()
            .is_disabled()
    };
    assert!(is_disabled(&window));
    window
        .harness
        .get_by_label_contains("already there: photo_restored.png")
        .click();
    window.harness.run();
    assert!(!is_disabled(&window));
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&window.path("photo.png").display().to_string());
    window.harness.run();
    window.harness.get_by_label_contains("This is the original");
    assert!(is_disabled(&window));
    assert_eq!(std::fs::read(&target).unwrap(), b"something else");
}

#[test]
fn closing_with_unsaved_work_asks_and_can_be_called_off() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    assert!(window.app().document().unwrap().is_modified());
    let viewport = window
        .harness
        .input_mut()
        .viewports
        .entry(egui::ViewportId::ROOT)
        .or_default();
    viewport.events.push(egui::ViewportEvent::Close);
    window.harness.step();
    window
        .harness
        .input_mut()
        .viewports
        .entry(egui::ViewportId::ROOT)
        .or_default()
        .events
        .clear();
    window.harness.run();
    window
        .harness
        .get_by_label_contains("Export the restored photo first?");
    window.harness.get_by_label("Keep editing").click();
    window.harness.run();
    assert!(window.app().view().dialog.is_none() && !window.app().view().may_close);
}

#[test]
fn a_file_that_is_no_photo_gives_a_message_that_stays() {
    let mut window = empty();
    let path = window.path("letter.jpg");
    std::fs::write(&path, "Dear Sir or Madam").unwrap();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.harness.run();
    window
        .harness
        .get_by_label("Path")
        .set_text_value_accesskit(&path.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Open photo").click();
    window.until("the message is there", |app| app.view().notice.is_some());
    window.harness.run_steps(120);
    let notice = window.app().view().notice.clone().unwrap();
    assert!(
        notice.is_error && notice.message.contains("letter.jpg"),
        "{notice:?}"
    );
    assert!(window.app().document().is_none());
}

#[test]
fn a_photo_opened_is_offered_again_as_a_recent_file() {
    let mut window = open(&plain());
    window.settle();
    let path = window.path("photo.png");
    assert_eq!(window.app().settings().recent.first(), Some(&path));
    let kept = std::fs::read_to_string(window.path("window.toml")).unwrap();
    assert!(kept.contains("photo.png"), "{kept}");
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
    window.harness.get_by_label("All shortcuts");
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert!(window.harness.query_by_label("All shortcuts").is_none());
}

/// A file dropped on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn a_dropped_file_is_opened_and_unsaved_work_is_asked_about_first() {
    let mut window = empty();
    let first = window.path("first.png");
    plain().save(&first).unwrap();
    let second = window.path("second.png");
    scratched().save(&second).unwrap();
    let drop = |window: &mut crate::support::Window, path: &std::path::Path| {
        let file = std::sync::Arc::new(Dropped(path.to_path_buf()));
        window.harness.input_mut().dropped_files.push(file);
        window.harness.step();
    };
    drop(&mut window, &first);
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    drop(&mut window, &second);
    window.harness.run();
    window.harness.get_by_label("Discard").click();
    window.until("the other photo is open", |app| {
        app.document()
            .is_some_and(|document| document.photo().path().ends_with("second.png"))
    });
    window.settle();
    assert!(!window.app().document().unwrap().is_modified());
}

#[test]
fn after_an_export_nothing_is_unsaved() {
    let mut window = open(&plain());
    window.settle();
    window.stroke(PointerButton::Primary, &[(200.0, 120.0), (230.0, 120.0)]);
    window.settle();
    assert!(window.app().document().unwrap().is_modified());
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    assert!(!window.app().document().unwrap().is_modified());
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

#[test]
fn a_dab_updates_only_the_textures_it_touches() {
    let photo = image::imageops::resize(
        &plain().to_rgb8(),
        1200,
        1000,
        image::imageops::FilterType::Nearest,
    );
    let mut window = open(&photo.into());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.settle();
    window.harness.key_press(Key::O);
    window.settle();
    let drawn_once = window.app().canvas().uploads();
    assert!(
        drawn_once >= 6,
        "several textures cover the photo: {drawn_once}"
    );
    let middle_of_a_texture = window.at(770.0, 400.0);
    window.press(PointerButton::Primary, middle_of_a_texture, Modifiers::NONE);
    window.release(PointerButton::Primary, middle_of_a_texture);
    window.settle();
    assert_eq!(window.mask_at(770, 400), 255);
    let updates = window.app().canvas().uploads() - drawn_once;
    // Mask and restored photo, each in one texture and the rims of at most three neighbours; all would be 12.
    assert!((2..=8).contains(&updates), "{updates} updates");
}

#[test]
fn fills_of_a_photo_that_was_left_do_not_appear_in_the_next_one() {
    use std::time::Duration;
    use unscratch::inference::fake::{IdentityNetwork, SlowNetwork};
    use unscratch::inference::{Contract, Engine};

    let mut window = open_with(&scratched(), 1.0, HarnessBuilder::default(), || {
        Engine::from_networks(
            Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
            Box::new(SlowNetwork::new(
                Contract::RestoreV1,
                Duration::from_millis(150),
            )),
        )
    });
    window.until("the repair runs", |app| app.work().filling.is_some());
    let next = window.path("next.png");
    plain().save(&next).unwrap();
    let file = std::sync::Arc::new(Dropped(next));
    window.harness.input_mut().dropped_files.push(file);
    window.until("the next photo is open", |app| {
        app.document()
            .is_some_and(|document| document.photo().path().ends_with("next.png"))
    });
    window.settle();
    std::thread::sleep(Duration::from_millis(300));
    window.settle();
    assert!(window.app().document().unwrap().restoration().is_empty());
}
