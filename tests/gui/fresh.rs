//! What a person meets who opens the window for the first time, or comes back to work on a photo.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::dialogs::Dialog;
use unscratch::gui::state::OverlayMode;
use unscratch::inference::fake::{IdentityNetwork, SlowNetwork};
use unscratch::inference::{Contract, Engine};
use unscratch::journal::{JournalFolder, MasterId};

use crate::keyboard::undo_label;
use crate::support::{
    Window, empty, fake_engine, labels, open, open_with, plain, scratched, start_in,
    start_with_engine,
};

/// An engine whose search takes its time.
fn slow_engine() -> Engine {
    Engine::from_networks(
        Box::new(SlowNetwork::new(
            Contract::ScratchContextV1,
            Duration::from_millis(400),
        )),
        Box::new(IdentityNetwork::new(Contract::RestoreV1)),
    )
}

fn shown(window: &Window) -> OverlayMode {
    window.app().view().overlay.shown()
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.step();
    window.settle();
}

#[test]
fn where_nothing_is_certain_the_next_steps_are_buttons_over_the_photo() {
    let mut window = open(&plain());
    window.settle();
    let said = window
        .harness
        .get_by_label_contains("Nothing in this photo is certain");
    assert!(window.app().view().viewport.contains_rect(said.rect()));
    let dismiss = window.harness.get_by_label("Dismiss").rect();
    assert!(window.app().view().viewport.contains_rect(dismiss));
    // The panel says it too, and has room for it.
    let caption = window.harness.get_by_label("Nothing certain was found");
    assert!(caption.rect().width() < 220.0, "{:?}", caption.rect());
    window.harness.get_by_label("Show what was seen").click();
    window.settle();
    assert_eq!(shown(&window), OverlayMode::Probability);
    window.harness.get_by_label("Look closer").click();
    window.settle();
    assert!(window.app().work().masked_pixels > Some(0));
    assert!(window.harness.query_by_label("Look closer").is_none());
}

#[test]
fn what_a_search_came_to_can_be_put_away_and_goes_with_the_first_mark() {
    for by_mark in [false, true] {
        let mut window = open(&plain());
        window.settle();
        if by_mark {
            window.stroke(PointerButton::Primary, &[(100.0, 100.0), (130.0, 100.0)]);
            window.settle();
        } else {
            press(&mut window, Modifiers::NONE, Key::Escape);
        }
        assert!(window.harness.query_by_label("Look closer").is_none());
    }
    // On what was found for certain nothing is said.
    let mut window = open(&scratched());
    window.settle();
    assert!(window.app().view().finding.is_none());
    window.harness.run();
}

#[test]
fn the_repair_alone_hides_every_overlay_and_a_tool_used_then_shows_its_outline() {
    let mut window = open(&scratched());
    window.settle();
    press(&mut window, Modifiers::NONE, Key::Num4);
    assert_eq!(shown(&window), OverlayMode::Mask);
    press(&mut window, Modifiers::NONE, Key::R);
    assert_eq!(shown(&window), OverlayMode::Off, "though chosen by hand");
    press(&mut window, Modifiers::SHIFT, Key::R);
    press(&mut window, Modifiers::NONE, Key::R);
    assert_eq!(shown(&window), OverlayMode::Off);
    window.stroke(PointerButton::Primary, &[(200.0, 60.0), (230.0, 90.0)]);
    window.settle();
    assert_eq!(undo_label(&window), Some("Rectangle"));
    assert_eq!(shown(&window), OverlayMode::Outline);
}

#[test]
fn a_click_counts_where_frames_are_slow() {
    let builder = HarnessBuilder::default().with_step_dt(1.5);
    let mut window = open_with(&plain(), 1.0, builder, fake_engine);
    window.settle();
    let button = window.harness.get_by_label("Side by side").rect().center();
    window.press(PointerButton::Primary, button, Modifiers::NONE);
    window.release(PointerButton::Primary, button);
    let compare = window.app().settings().compare;
    assert_eq!(compare, unscratch::gui::settings::CompareMode::SideBySide);
}

#[test]
fn buttons_for_all_marks_are_of_one_width() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("All marks").click();
    window.harness.run();
    let width = |label: &str| window.harness.get_by_label(label).rect().width();
    let widest = width("Remove specks").max(width("Feather marks"));
    assert!(widest - width("Keep lines") < 0.5, "{widest}");
}

#[test]
fn samples_are_offered_only_where_there_are_any() {
    let mut window = empty();
    window.harness.get_by_label("File").click();
    window.harness.run();
    let named = labels(&window);
    assert!(
        named.iter().any(|it| it.contains("Open recent")),
        "{named:?}"
    );
    assert!(!named.iter().any(|it| it.contains("sample")), "{named:?}");
}

#[test]
fn what_a_jpeg_changed_is_told_in_one_voice() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label("JPEG").click();
    window.harness.run();
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    let message = &window.app().view().notice.as_ref().unwrap().message;
    assert!(
        message.contains("JPEG compression changed values"),
        "{message}"
    );
    assert!(!message.contains(" 0 changed"), "{message}");
}

/// A folder with a photo, and where journals go.
fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let photo = place.path().join("photo.png");
    scratched().save(&photo).unwrap();
    let journals = place.path().join("work");
    (place, photo, journals)
}

fn until_kept(window: &mut Window, journals: &Path) {
    let journals = JournalFolder::new(journals.to_path_buf());
    window.until("the work is saved", |app| {
        let photo = app.document().unwrap().photo();
        let found = journals.find(&MasterId::of(photo));
        found.is_some_and(|(_, recovered)| !recovered.capture.work.undo.is_empty())
    });
    // The view is saved a quarter of a second later.
    for _ in 0..40 {
        window.harness.step();
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn work_is_offered_before_anything_is_searched_and_the_view_comes_back_with_it() {
    let (_place, photo, journals) = place();
    let kept = journals.clone();
    let start = move |journals: PathBuf| {
        let folder = tempfile::tempdir().unwrap();
        let mut window = start_in(folder, Some(photo.clone()), move |options| {
            options.journals = Some(JournalFolder::new(journals));
        });
        window.until("the photo is open", |app| app.document().is_some());
        window.settle();
        window
    };
    {
        let mut window = start(journals);
        assert!(window.app().document().unwrap().detection().is_some());
        window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
        window.harness.get_by_label("All marks").click();
        window.harness.run();
        window.harness.get_by_label_contains("rim").click();
        window.settle();
        assert!(window.app().settings().show_rim);
        until_kept(&mut window, &kept);
    }
    let mut window = start(kept);
    window.until("the work is offered", |app| {
        matches!(app.view().dialog, Some(Dialog::Resume(_)))
    });
    window.harness.run();
    let waits = |window: &Window| {
        let nothing_found = window.app().document().unwrap().detection().is_none();
        nothing_found && window.app().work().detecting.is_none()
    };
    assert!(waits(&window));
    assert!(!window.app().settings().show_rim);
    window.harness.get_by_label("Continue").click();
    window.harness.step();
    window.settle();
    assert!(window.app().document().unwrap().detection().is_some());
    assert!(window.app().settings().show_rim);
}

#[test]
fn a_search_that_was_stopped_does_not_begin_again_with_the_work() {
    let (_place, photo, journals) = place();
    let start = |engine: fn() -> Engine| {
        let (file, journals) = (Some(photo.clone()), journals.clone());
        let folder = tempfile::tempdir().unwrap();
        start_with_engine(folder, file, engine, move |options| {
            options.journals = Some(JournalFolder::new(journals));
        })
    };
    {
        let mut window = start(slow_engine);
        window.until("the search runs", |app| {
            app.work().detecting.is_some() && app.work().engine.is_some()
        });
        window.harness.key_press(Key::Escape);
        window.until("it is stopped", |app| app.work().search_stopped.is_some());
        window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
        until_kept(&mut window, &journals);
    }
    let mut window = start(fake_engine);
    window.until("the work is offered", |app| {
        matches!(app.view().dialog, Some(Dialog::Resume(_)))
    });
    window.harness.run();
    window.harness.get_by_label("Continue").click();
    window.harness.step();
    window.settle();
    assert!(window.mask_at(45, 40) > 0);
    assert!(window.app().document().unwrap().detection().is_none());
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert!(window.app().document().unwrap().detection().is_some());
}
