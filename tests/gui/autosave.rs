//! Work that comes back: after the window was killed, for a moved photo, and on the person's word only.

use std::path::{Path, PathBuf};

use crate::files::ask_to_close;
use crate::support::{Window, open_with_options, scratched, start_in};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::dialogs::Dialog;
use unscratch::gui::state::OverlayMode;
use unscratch::journal::{Autosave, JournalFolder, MasterId};

/// A window on a photo whose work is kept in `journals`.
fn window_on(photo: &Path, journals: &Path) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let (file, journals) = (Some(photo.to_path_buf()), journals.to_path_buf());
    let mut window = start_in(folder, file, move |options| {
        options.journals = Some(JournalFolder::new(journals));
    });
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    window
}

/// A folder with a photo, and where journals go.
fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let photo = place.path().join("photo.png");
    scratched().save(&photo).unwrap();
    let journals = place.path().join("work");
    (place, photo, journals)
}

/// Waits until a whole edit that marks the pixel is on disk.
fn until_saved(window: &mut Window, journals: &Path, x: u32, y: u32) {
    let journals = JournalFolder::new(journals.to_path_buf());
    window.until("the work is saved", |app| {
        let photo = app.document().unwrap().photo();
        let Some((_, recovered)) = journals.find(&MasterId::of(photo)) else {
            return false;
        };
        let work = recovered.capture.work;
        work.open.is_none() && work.editable.mask.added.get(x, y) > 0
    });
    window.settle();
}

/// Paints a stroke and waits until it is on disk; then the window is dropped without being asked anything.
fn paint_and_be_killed(photo: &Path, journals: &Path) {
    let mut window = window_on(photo, journals);
    assert!(window.app().view().dialog.is_none());
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    until_saved(&mut window, journals, 45, 40);
    assert!(window.mask_at(45, 40) > 0);
    assert!(matches!(window.app().view().autosave, Autosave::Saved(_)));
}

fn asks(window: &mut Window) {
    window.until("the work is offered", |app| {
        matches!(app.view().dialog, Some(Dialog::Resume(_)))
    });
    window.harness.run();
}

#[test]
fn work_comes_back_with_its_undo_after_the_window_was_killed() {
    let (_place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let mut window = window_on(&photo, &journals);
    asks(&mut window);
    window.harness.get_by_label_contains("1 edit, saved");
    // Nothing happens without the person's word.
    assert_eq!(window.mask_at(45, 40), 0);
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert!(matches!(
        window.app().view().dialog,
        Some(Dialog::Resume(_))
    ));
    window.harness.get_by_label("Continue").click();
    window.harness.step();
    window.settle();
    assert!(window.app().view().dialog.is_none());
    assert!(window.mask_at(45, 40) > 0);
    assert_eq!(
        window.app().document().unwrap().undo_label(),
        Some("Brush stroke")
    );
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.harness.run();
    assert_eq!(window.mask_at(45, 40), 0);
}

#[test]
fn exported_work_taken_up_again_is_still_exported_and_the_view_is_as_it_was() {
    let (place, photo, journals) = place();
    {
        let mut window = window_on(&photo, &journals);
        window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
        window.settle();
        // The overlay by hand, and rulers.
        for (modifiers, key) in [(Modifiers::NONE, Key::Num5), (Modifiers::COMMAND, Key::R)] {
            window.harness.key_press_modifiers(modifiers, key);
            window.harness.run();
        }
        window
            .harness
            .key_press_modifiers(Modifiers::COMMAND, Key::E);
        window.harness.run();
        window.harness.key_press(Key::Enter);
        window.harness.step();
        window.until("it is exported", |app| {
            app.document()
                .is_some_and(|document| !document.is_modified())
        });
        window.until("and so says the journal", |app| {
            let photo = app.document().unwrap().photo();
            let found = JournalFolder::new(journals.clone()).find(&MasterId::of(photo));
            found.is_some_and(|(_, recovered)| recovered.capture.exported)
        });
        window.settle();
    }
    let mut window = window_on(&photo, &journals);
    asks(&mut window);
    window.harness.get_by_label_contains("all exported");
    let shown = |window: &Window| window.app().view().overlay.shown();
    // Enter presses the first button.
    window.harness.key_press(Key::Enter);
    window.harness.step();
    window.settle();
    assert!(window.app().view().dialog.is_none());
    assert!(window.mask_at(45, 40) > 0);
    assert!(!window.app().document().unwrap().is_modified());
    assert_eq!(
        shown(&window),
        OverlayMode::Outline,
        "though a repair arrived"
    );
    drop(place);
}

#[test]
fn starting_afresh_keeps_the_saved_work_until_a_new_mark_takes_its_place() {
    let (_place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    {
        let mut window = window_on(&photo, &journals);
        asks(&mut window);
        window.harness.get_by_label("Start afresh").click();
        window.harness.step();
        assert_eq!(window.mask_at(45, 40), 0);
    }
    let mut window = window_on(&photo, &journals);
    asks(&mut window);
    window.harness.get_by_label("Start afresh").click();
    window.harness.step();
    window.stroke(PointerButton::Primary, &[(30.0, 90.0), (60.0, 90.0)]);
    until_saved(&mut window, &journals, 45, 90);
    drop(window);
    let mut window = window_on(&photo, &journals);
    asks(&mut window);
    window.harness.get_by_label("Continue").click();
    window.harness.step();
    window.settle();
    assert!(window.mask_at(45, 90) > 0);
    assert_eq!(window.mask_at(45, 40), 0);
}

#[test]
fn a_moved_photo_is_recognised_and_a_changed_one_is_told() {
    let (place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let moved = place.path().join("renamed.png");
    std::fs::rename(&photo, &moved).unwrap();
    {
        let mut window = window_on(&moved, &journals);
        asks(&mut window);
        window.harness.get_by_label_contains("when the photo was");
        window.harness.get_by_label("Continue");
    }
    let mut other = scratched().to_rgb8();
    other.put_pixel(0, 0, image::Rgb([1, 2, 3]));
    other.save(&photo).unwrap();
    let mut window = window_on(&photo, &journals);
    asks(&mut window);
    window
        .harness
        .get_by_label("This photo has changed since you worked on it");
    window
        .harness
        .get_by_label("Use the marks all the same")
        .click();
    window.harness.step();
    window.settle();
    assert!(window.mask_at(45, 40) > 0);
    until_saved(&mut window, &journals, 45, 40);
    drop(window);
    // The start page offers what was taken over, and the work on the file that is gone no more.
    assert_eq!(JournalFolder::new(journals.clone()).list().len(), 2);
    let mut window = start_page(&journals);
    assert_eq!(window.app().view().unfinished.len(), 1);
    window
        .harness
        .get_by_label_contains("photo.png   marks without undo")
        .click();
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    assert!(window.mask_at(45, 40) > 0);
}

/// A window without a photo, which lists unfinished work.
fn start_page(journals: &Path) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let journals = journals.to_path_buf();
    let mut window = start_in(folder, None, move |options| {
        options.journals = Some(JournalFolder::new(journals));
    });
    window.until("it is listed", |app| !app.view().unfinished.is_empty());
    window.harness.run();
    window
}

#[test]
fn a_photo_moved_while_its_work_is_offered_is_asked_for_where_it_is_now() {
    let (place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let mut window = start_page(&journals);
    std::fs::rename(&photo, place.path().join("renamed.png")).unwrap();
    window
        .harness
        .get_by_label_contains("photo.png   1 edit")
        .click();
    window.until("it is said", |app| app.view().notice.is_some());
    window.harness.run();
    window.harness.get_by_label("The photo is not where it was");
    window
        .harness
        .get_by_label_contains("comes back when you open the photo where it is now");
    window.until("the row is grey", |app| {
        let unfinished = &app.view().unfinished;
        unfinished.iter().all(|entry| !entry.master_is_there)
    });
}

#[test]
fn unfinished_work_is_offered_on_the_start_screen_and_goes_on_without_asking_again() {
    let (_place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let mut window = start_page(&journals);
    window
        .harness
        .get_by_label_contains("photo.png   1 edit")
        .click();
    window.until("the photo is open", |app| app.document().is_some());
    window.until("the work is back", |app| {
        app.document().is_some_and(|it| it.undo_label().is_some())
    });
    window.settle();
    assert!(window.app().view().dialog.is_none());
    assert!(window.mask_at(45, 40) > 0);
}

#[test]
fn saved_work_can_be_seen_and_removed_from_the_menu() {
    let (_place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let folder = tempfile::tempdir().unwrap();
    let kept = journals.clone();
    let mut window = start_in(folder, None, move |options| {
        options.journals = Some(JournalFolder::new(kept));
    });
    window.harness.get_by_label("File").click();
    window.harness.run();
    window
        .harness
        .get_by_label_contains("Autosaved work")
        .click();
    window.until(
        "they are listed",
        |app| matches!(&app.view().dialog, Some(Dialog::Autosaves(form)) if form.entries.is_some()),
    );
    window.harness.run();
    window.harness.get_by_label_contains("1 edit, just now, ");
    window.harness.get_by_label("Remove all…").click();
    window.harness.run();
    window.harness.get_by_label("Really remove all").click();
    window.until("they are gone", |app| app.view().unfinished.is_empty());
    window.harness.run();
    window
        .harness
        .get_by_label("Nothing is saved in this folder.");
    assert!(JournalFolder::new(journals).list().is_empty());
}

#[test]
fn closing_offers_to_keep_the_work_and_discarding_removes_it() {
    let (_place, photo, journals) = place();
    let mut window = window_on(&photo, &journals);
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    until_saved(&mut window, &journals, 45, 40);
    ask_to_close(&mut window);
    window.harness.get_by_label("Keep for later");
    window.harness.get_by_label("Discard").click();
    window.harness.run();
    drop(window);
    assert!(JournalFolder::new(journals).list().is_empty());
}

#[test]
fn work_that_cannot_be_saved_says_so_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let blocked = place.path().join("blocked");
    std::fs::write(&blocked, b"in the way").unwrap();
    let mut window = open_with_options(&scratched(), move |options| {
        options.journals = Some(JournalFolder::new(blocked.join("work")));
    });
    window.settle();
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    window.until("it is said", |app| {
        matches!(app.view().autosave, Autosave::Failed(_))
    });
    window.harness.run();
    window.harness.get_by_label("Work not saved");
    assert!(window.mask_at(45, 40) > 0);
    ask_to_close(&mut window);
    assert!(window.harness.query_by_label("Keep for later").is_none());
}

#[test]
fn saved_work_that_cannot_be_read_is_told_of_and_outlives_the_next_mark() {
    let (_place, photo, journals) = place();
    paint_and_be_killed(&photo, &journals);
    let entries = JournalFolder::new(journals.clone()).list();
    let file = entries[0].file.clone();
    let damaged = std::fs::read(&file).unwrap()[..40].to_vec();
    std::fs::write(&file, &damaged).unwrap();
    let mut window = window_on(&photo, &journals);
    assert!(window.app().view().dialog.is_none());
    window
        .harness
        .get_by_label("Work was saved for this photo, but it cannot be read");
    window.harness.get_by_label_contains("it is kept as");
    window.stroke(PointerButton::Primary, &[(30.0, 80.0), (60.0, 80.0)]);
    until_saved(&mut window, &journals, 45, 80);
    let kept = file.with_extension("kept.work");
    assert_eq!(std::fs::read(kept).unwrap(), damaged);
}
