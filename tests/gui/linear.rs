//! A photo taken for a linear scan: said, repaired as light, and found again with the work.

use std::path::Path;

use crate::support::{FILL, SCRATCH, Window, open, scratched, start_in};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use unscratch::gui::dialogs::Dialog;
use unscratch::journal::{JournalFolder, MasterId};
use unscratch::photo::{Transfer, TransferChoice};

/// A pixel in the middle of the scratch.
const MIDDLE: (u32, u32) = (SCRATCH.start + 3, 100);

fn transfer(window: &Window) -> Transfer {
    window.app().document().unwrap().photo().transfer()
}

fn toggle(window: &mut Window) {
    let keys = Modifiers::COMMAND | Modifiers::SHIFT;
    window.harness.key_press_modifiers(keys, Key::G);
    window.harness.step();
    window.settle();
}

fn says(window: &Window, wanted: &str) -> bool {
    window.harness.query_by_label(wanted).is_some()
}

#[test]
fn a_photo_taken_for_a_linear_scan_is_searched_and_repaired_anew_and_back_again() {
    let mut window = open(&scratched());
    window.settle();
    let map = |window: &Window| {
        let detection = window.app().document().unwrap().detection().unwrap();
        detection.map.values().to_vec()
    };
    let before = map(&window);
    assert_eq!(window.restored_at(MIDDLE.0, MIDDLE.1), FILL);
    assert!(!says(&window, "linear scan"));
    toggle(&mut window);
    assert_eq!(transfer(&window), Transfer::Linear);
    assert!(says(&window, "linear scan") && says(&window, "Linear scan, as you said"));
    assert_ne!(map(&window), before);
    // What the network painted, 0.2, 0.4 and 0.6, is light of 0.033, 0.133 and 0.319.
    assert_eq!(window.restored_at(MIDDLE.0, MIDDLE.1), [8, 34, 81]);
    toggle(&mut window);
    assert_eq!(transfer(&window), Transfer::Encoded);
    assert!(!says(&window, "linear scan"));
    assert_eq!(map(&window), before);
    assert_eq!(window.restored_at(MIDDLE.0, MIDDLE.1), FILL);
}

/// A window on the photo at `path` whose work is kept in `journals`.
fn window_on(path: &Path, journals: &Path) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let journals = journals.to_path_buf();
    let mut window = start_in(folder, Some(path.to_path_buf()), move |options| {
        options.journals = Some(JournalFolder::new(journals));
    });
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    window
}

#[test]
fn a_photo_told_to_be_a_linear_scan_is_one_again_when_its_work_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let (photo, journals) = (place.path().join("photo.png"), place.path().join("work"));
    scratched().save(&photo).unwrap();
    let mut window = window_on(&photo, &journals);
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    toggle(&mut window);
    let folder = JournalFolder::new(journals.clone());
    window.until("the choice is saved", |app| {
        let master = MasterId::of(app.document().unwrap().photo());
        let found = folder.find(&master);
        found.is_some_and(|(_, recovered)| {
            let note = String::from_utf8(recovered.capture.note.to_vec()).unwrap();
            note.contains("linear") && recovered.capture.work.open.is_none()
        })
    });
    drop(window);

    let mut window = window_on(&photo, &journals);
    window.until("the work is offered", |app| {
        matches!(app.view().dialog, Some(Dialog::Resume(_)))
    });
    assert_eq!(transfer(&window), Transfer::Encoded);
    window.harness.run();
    window.harness.get_by_label("Continue").click();
    window.until("the work goes on", |app| app.view().dialog.is_none());
    window.settle();
    let photo = window.app().document().unwrap().photo();
    assert_eq!(photo.transfer_choice(), TransferChoice::Linear);
    assert_eq!(photo.transfer(), Transfer::Linear);
    assert!(window.mask_at(45, 40) > 0);
    assert_eq!(window.restored_at(45, 40), [8, 34, 81]);
}
