//! Files with several pages: the one asked for, the way to the others, and what the export dialog says of such files.

use std::path::{Path, PathBuf};

use crate::support::{Window, plain, scratched, start_in};
use crate::tiff_files::{Page, tiff};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::gui::dialogs::Dialog;
use unscratch::io::{DecodeLimits, open_page};
use unscratch::jobs::OpenRequest;
use unscratch::journal::{JournalFolder, MasterId};
use unscratch::photo::{Photo, Samples};
use unscratch::record::Record;

/// A page of 8-bit RGB with these pixels.
fn page_of(picture: &image::DynamicImage) -> Page {
    let picture = picture.to_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut page = Page::new(width, height, 8, 2, &[]);
    page.samples = picture.into_raw().into_iter().map(u16::from).collect();
    page
}

/// A file of three pages, the second of them scratched, with a smaller copy of the first behind it.
fn book(path: &Path) {
    let mut copy = Page::new(160, 120, 8, 2, &[]);
    copy.subfile_type = 1;
    let pages = [plain(), scratched(), plain()].map(|picture| page_of(&picture));
    let [first, second, third] = pages;
    std::fs::write(path, tiff(true, false, &[first, copy, second, third])).unwrap();
}

fn folder_with_book() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.tif");
    book(&path);
    (folder, path)
}

/// A window on page `page` (counted from 0) of the file at `path`, whose work is kept in `journals`.
fn window_on(path: &Path, page: Option<u32>, journals: Option<PathBuf>) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = path.to_path_buf();
    let mut window = start_in(folder, None, move |options| {
        options.file = Some(OpenRequest {
            page,
            ..path.into()
        });
        options.journals = journals.map(JournalFolder::new);
    });
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    window
}

/// All that is written in the window.
fn texts(window: &Window) -> String {
    let nodes = window.harness.root().children_recursive();
    let said = nodes.filter_map(|node| {
        let node = node.accesskit_node();
        node.label().or(node.value())
    });
    said.collect::<Vec<_>>().join("\n")
}

fn page(window: &Window) -> u32 {
    let photo = window.app().document().unwrap().photo();
    photo.metadata().page + 1
}

fn turn(window: &mut Window, key: Key) {
    window.harness.key_press_modifiers(Modifiers::COMMAND, key);
    window.harness.run();
}

fn until_page(window: &mut Window, page: u32) {
    window.until("the page is open", |app| {
        let document = app.document();
        document.is_some_and(|document| document.photo().metadata().page + 1 == page)
    });
    window.settle();
}

#[test]
fn the_page_asked_for_is_opened_and_its_number_is_said() {
    let (_folder, path) = folder_with_book();
    let mut window = window_on(&path, Some(2), None);
    assert_eq!(page(&window), 3);
    window.harness.get_by_label("page 3 of 4");
    // Its scratch was found, so these are the pixels of that page.
    assert!(window.mask_at(102, 100) > 0);
    window
        .harness
        .get_by_label_contains("Page 3 of 4 is restored; a TIFF keeps the other pages");
    let without = window_on(&path, None, None);
    assert_eq!(page(&without), 1);
    without.harness.get_by_label("page 1 of 4");
    // A file of one page says nothing of pages.
    let single = window.path("single.tif");
    let mut copy = Page::new(160, 120, 8, 2, &[]);
    copy.subfile_type = 1;
    std::fs::write(&single, tiff(true, false, &[page_of(&plain()), copy])).unwrap();
    window = window_on(&single, None, None);
    let said = texts(&window).to_lowercase();
    assert!(!said.contains("page"), "{said}");
}

#[test]
fn a_page_that_is_not_there_is_a_message() {
    let (_folder, path) = folder_with_book();
    let folder = tempfile::tempdir().unwrap();
    let mut window = start_in(folder, None, move |options| {
        let page = Some(8);
        options.file = Some(OpenRequest {
            page,
            ..path.into()
        });
    });
    window.until("the message is there", |app| app.view().notice.is_some());
    let notice = window.app().view().notice.clone().unwrap();
    assert!(notice.message.contains("no page 9"), "{notice:?}");
}

#[test]
fn the_keys_and_the_menu_turn_pages_and_step_over_smaller_copies() {
    let (_folder, path) = folder_with_book();
    let mut window = window_on(&path, Some(3), None);
    // There is nothing behind the last one.
    turn(&mut window, Key::PageDown);
    window.settle();
    assert_eq!(page(&window), 4);
    turn(&mut window, Key::PageUp);
    until_page(&mut window, 3);
    // Work on that page was never exported, so the person is asked as before any other photo.
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    window.settle();
    turn(&mut window, Key::PageUp);
    window
        .harness
        .get_by_label_contains("Another page is about to be opened");
    window.harness.get_by_label("Discard").click();
    until_page(&mut window, 1);
    window.harness.get_by_label("File").click();
    window.harness.run();
    window.harness.get_by_label_contains("Go to page").click();
    window.harness.run();
    assert!(window.harness.query_by_label("Page 2").is_none());
    window.harness.get_by_label("Page 4").click();
    until_page(&mut window, 4);
    window.harness.get_by_label("page 4 of 4");
}

#[test]
fn each_page_has_work_of_its_own_that_comes_back_to_it() {
    let (folder, path) = folder_with_book();
    let journals = folder.path().join("work");
    let mut window = window_on(&path, None, Some(journals.clone()));
    window.stroke(PointerButton::Primary, &[(30.0, 40.0), (60.0, 40.0)]);
    window.settle();
    turn(&mut window, Key::PageDown);
    window.harness.get_by_label("Keep for later").click();
    until_page(&mut window, 3);
    assert!(window.app().view().dialog.is_none(), "no work on it yet");
    window.stroke(PointerButton::Primary, &[(30.0, 90.0), (60.0, 90.0)]);
    window.settle();
    let saved = JournalFolder::new(journals.clone());
    window.until("the whole stroke is on disk", |app| {
        let found = saved.find(&MasterId::of(app.document().unwrap().photo()));
        found.is_some_and(|(_, recovered)| {
            let work = recovered.capture.work;
            work.open.is_none() && work.editable.mask.added.get(45, 90) > 0
        })
    });
    drop(window);
    assert_eq!(JournalFolder::new(journals.clone()).list().len(), 2);
    for (page, own, other) in [(0, 40, 90), (2, 90, 40)] {
        let mut window = window_on(&path, Some(page), Some(journals.clone()));
        window.until("the work is offered", |app| {
            matches!(app.view().dialog, Some(Dialog::Resume(_)))
        });
        window.harness.run();
        window.harness.get_by_label("Continue").click();
        window.harness.step();
        window.settle();
        assert!(window.mask_at(45, own) > 0 && window.mask_at(45, other) == 0);
    }
    // The start screen names the page and goes on with it.
    let mut window = start_in(tempfile::tempdir().unwrap(), None, move |options| {
        options.journals = Some(JournalFolder::new(journals));
    });
    window.until("it is listed", |app| app.view().unfinished.len() == 2);
    window.harness.run();
    window
        .harness
        .get_by_label_contains("book.tif, page 3   1 edit")
        .click();
    window.until("the work is back", |app| {
        app.document().is_some_and(|it| it.undo_label().is_some())
    });
    window.settle();
    assert!(window.app().view().dialog.is_none());
    assert!(window.mask_at(45, 90) > 0 && window.mask_at(45, 40) == 0);
}

fn show_export(window: &mut Window) {
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run();
    window.harness.run();
}

#[test]
fn the_record_of_an_export_names_the_page_and_the_file_keeps_the_others() {
    let (folder, path) = folder_with_book();
    let mut window = window_on(&path, Some(2), None);
    show_export(&mut window);
    window.harness.get_by_label("Archive").click();
    window.harness.run();
    window
        .harness
        .get_by_label_contains("a copy of the original file in which only strips or tiles");
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();
    let record = folder.path().join("book_restored.restoration.json");
    let record = Record::read(&record).unwrap();
    assert_eq!(record.master.page.map(std::num::NonZeroU32::get), Some(3));
    let restored = folder.path().join("book_restored.tif");
    let read = |path: &Path, page| {
        let photo: Photo = open_page(path, &DecodeLimits::default(), Some(page)).unwrap();
        photo.samples().clone()
    };
    let is_same = |page| -> bool {
        let samples: Samples = read(&path, page);
        samples == read(&restored, page)
    };
    assert_eq!([0, 1, 2, 3].map(is_same), [true, true, false, true]);
}

#[test]
fn a_file_that_is_written_anew_is_called_so_before_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palette.tif");
    let mut page = Page::new(64, 48, 8, 3, &[]);
    page.palette = (0..768).map(|value| value % 256 * 257).collect();
    std::fs::write(&path, tiff(true, false, &[page])).unwrap();
    let mut window = window_on(&path, None, None);
    show_export(&mut window);
    let said = texts(&window);
    assert!(!said.contains("like the original"), "{said}");
    for wanted in [
        "64 × 48 px, 8 bit, written anew",
        "The file is written anew and is no patched copy of the original, because",
        "The palette was widened to 8-bit RGB.",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    // A PNG is no copy of a TIFF whatever that holds, so no reason is given.
    window.harness.get_by_label("PNG").click();
    window.harness.run();
    let said = texts(&window);
    assert!(said.contains("8 bit, written anew") && !said.contains("no patched copy"));
}

#[test]
fn the_size_of_a_turned_scan_is_the_same_in_the_bar_and_in_the_export_dialog() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turned.tif");
    let mut page = page_of(&plain());
    page.orientation = 6;
    std::fs::write(&path, tiff(true, false, &[page])).unwrap();
    let mut window = window_on(&path, None, None);
    window.harness.get_by_label("240 × 320 px, 8 bit");
    show_export(&mut window);
    window.harness.get_by_label_contains("240 × 320 px, 8 bit,");
    let said = texts(&window);
    assert!(!said.contains("320 × 240"), "{said}");
}

#[test]
fn the_export_dialog_is_as_wide_whatever_it_holds() {
    let (_folder, path) = folder_with_book();
    let folder = tempfile::tempdir().unwrap();
    let mut window = start_in(folder, None, move |options| {
        options.file = Some(path.into());
        options.use_system_dialogs = true;
    });
    window.until("the photo is open", |app| app.document().is_some());
    window.settle();
    show_export(&mut window);
    // Centred, so its left edge tells its width; the button's right edge is that of the fields.
    let edges = |window: &Window| {
        let title = window.harness.get_by_label("Export the restored photo");
        let browse = window.harness.get_by_label("Browse…");
        (title.rect().left(), browse.rect().right())
    };
    let before = edges(&window);
    let middle = window.harness.ctx.content_rect().center().x;
    assert!((middle - before.0 - 300.0).abs() <= 1.0, "{before:?}");
    assert!(before.1 <= middle + 300.5, "{before:?}");
    for button in ["Archive", "Share", "PNG", "TIFF", "Archive"] {
        window.harness.get_by_label(button).click();
        // Every frame is looked at, not only the one that it settles in.
        for _ in 0..4 {
            window.harness.step();
            assert_eq!(edges(&window), before, "{button}");
        }
    }
    let field = window.harness.get_by_label("Reason").rect();
    assert!(
        (field.right() - before.1).abs() <= 1.0,
        "{field:?} {before:?}"
    );
}
