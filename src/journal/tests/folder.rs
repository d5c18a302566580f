//! Journals in a folder: found by content, told apart, kept within bounds; and the thread that writes them.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::journal::{
    Autosave, Entry, JournalError, JournalEvent, JournalFolder, JournalSystem, Limits, Offer,
    Origin, Place, Unread, record,
};

fn start(folder: &JournalFolder) -> JournalSystem {
    JournalSystem::start(folder.clone(), Limits::default(), Arc::new(|| ())).unwrap()
}

fn painted(path: &str, content: u8) -> Document {
    let mut document = Document::new(photo_at(path, content));
    take(&mut document, &Step::Line((20.0, 20.0), (300.0, 90.0), 0));
    document
}

/// Writes the work on `document` and ends.
fn save(folder: &JournalFolder, document: &Document) {
    let journals = start(folder);
    journals.begin(MasterId::of(document.photo()), Place::DataFolder);
    journals.save(capture(document));
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain");
}

fn look(folder: &JournalFolder, photo: &Photo) -> Option<Box<Offer>> {
    look_at_all(folder, photo).0
}

fn look_at_all(folder: &JournalFolder, photo: &Photo) -> (Option<Box<Offer>>, Vec<Unread>) {
    let journals = start(folder);
    journals.look(MasterId::of(photo));
    wait(|| match journals.drain().pop() {
        Some(JournalEvent::Looked { offer, unread, .. }) => Some((offer, unread)),
        _ => None,
    })
}

fn list(folder: &JournalFolder) -> Vec<Entry> {
    folder.list()
}

fn temporary() -> (tempfile::TempDir, JournalFolder) {
    let place = tempfile::tempdir().unwrap();
    let folder = JournalFolder::new(place.path().join("deep/work"));
    (place, folder)
}

#[test]
fn work_is_offered_again_for_the_same_file() {
    let (_place, folder) = temporary();
    let document = painted("/photos/a.tif", 7);
    save(&folder, &document);
    let offer = look(&folder, document.photo()).unwrap();
    assert_eq!(offer.origin, Origin::SameFile);
    let mut again = Document::new(Arc::clone(document.photo()));
    again.resume(offer.recovered.capture.work).unwrap();
    assert_eq!(seen(&again), seen(&document));
    assert!(again.undo_label().is_some());
}

#[test]
fn a_moved_master_is_known_by_its_content_and_a_changed_one_is_told() {
    let (_place, folder) = temporary();
    save(&folder, &painted("/photos/a.tif", 7));
    let moved = look(&folder, &photo_at("/elsewhere/b.tif", 7)).unwrap();
    assert_eq!(
        moved.origin,
        Origin::MovedFrom(PathBuf::from("/photos/a.tif"))
    );
    let changed = look(&folder, &photo_at("/photos/a.tif", 9)).unwrap();
    assert_eq!(changed.origin, Origin::Changed);
    assert!(look(&folder, &photo_at("/photos/c.tif", 9)).is_none());
}

#[test]
fn a_journal_beside_its_master_is_found_and_leaves_the_data_folder_alone() {
    let (place, folder) = temporary();
    let path = place.path().join("scan.tif");
    let document = painted(path.to_str().unwrap(), 7);
    let journals = start(&folder);
    journals.begin(MasterId::of(document.photo()), Place::BesideMaster);
    journals.save(capture(&document));
    drop(journals);
    assert!(place.path().join(".scan.tif.unscratch-work").is_file());
    assert!(list(&folder).is_empty());
    assert_eq!(
        look(&folder, document.photo()).unwrap().origin,
        Origin::SameFile
    );
}

#[test]
fn two_pages_of_one_file_keep_their_work_apart_wherever_it_lies() {
    let (place, folder) = temporary();
    let path = place.path().join("book.tif");
    let pages = [0, 1].map(|page| photo_page(path.to_str().unwrap(), 7, page));
    for kept_at in [Place::BesideMaster, Place::DataFolder] {
        for (photo, y) in pages.iter().zip([20.0, 60.0]) {
            let mut document = Document::new(Arc::clone(photo));
            take(&mut document, &Step::Line((20.0, y), (300.0, y), 0));
            let journals = start(&folder);
            journals.begin(MasterId::of(photo), kept_at);
            journals.save(capture(&document));
        }
        let mark_at = |photo: &Photo, y| {
            let offer = look(&folder, photo).unwrap();
            assert_eq!(offer.origin, Origin::SameFile);
            offer.recovered.capture.work.editable.mask.added.get(100, y)
        };
        for (photo, own, other) in [(&pages[0], 20, 60), (&pages[1], 60, 20)] {
            assert!(mark_at(photo, own) > 0 && mark_at(photo, other) == 0);
        }
    }
    assert_eq!(list(&folder).len(), 2);
    // The file was replaced by another one: each page is offered its own work.
    let other = photo_page(path.to_str().unwrap(), 8, 1);
    let offer = look(&folder, &other).unwrap();
    assert_eq!(offer.origin, Origin::Changed);
    assert_eq!(offer.recovered.master.page, 1);
}

#[test]
fn a_photo_only_looked_at_leaves_no_file() {
    let (_place, folder) = temporary();
    let journals = start(&folder);
    journals.look(MasterId::of(&photo_at("/photos/a.tif", 7)));
    journals.begin(
        MasterId::of(&photo_at("/photos/a.tif", 7)),
        Place::DataFolder,
    );
    drop(journals);
    assert!(!folder.path().exists());
}

#[test]
fn forgotten_work_is_gone_and_what_comes_after_is_not_kept() {
    let (_place, folder) = temporary();
    let document = painted("/photos/a.tif", 7);
    let journals = start(&folder);
    journals.begin(MasterId::of(document.photo()), Place::DataFolder);
    journals.save(capture(&document));
    wait(|| matches!(journals.status(), Autosave::Saved(_)).then_some(()));
    journals.forget();
    journals.save(capture(&document));
    drop(journals);
    assert!(list(&folder).is_empty());
}

#[test]
fn two_windows_never_write_one_journal() {
    let (_place, folder) = temporary();
    let document = painted("/photos/a.tif", 7);
    let master = MasterId::of(document.photo());
    let (first, second) = (start(&folder), start(&folder));
    first.begin(master.clone(), Place::DataFolder);
    first.save(capture(&document));
    wait(|| matches!(first.status(), Autosave::Saved(_)).then_some(()));
    let file = folder.file_of(&master, Place::DataFolder);
    let before = std::fs::read(&file).unwrap();
    second.begin(master, Place::DataFolder);
    second.save(capture(&document));
    let reason = wait(|| match second.status() {
        Autosave::Failed(reason) => Some(reason),
        _ => None,
    });
    assert!(reason.contains("another window"), "{reason}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(matches!(
        folder.remove(&file),
        Err(JournalError::Busy { .. })
    ));
    drop(first);
    folder.remove(&file).unwrap();
    assert!(!file.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named_and_the_window_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, b"in the way").unwrap();
    let folder = JournalFolder::new(file.join("work"));
    let document = painted("/photos/a.tif", 7);
    let journals = start(&folder);
    journals.begin(MasterId::of(document.photo()), Place::DataFolder);
    journals.save(capture(&document));
    let reason = wait(|| match journals.status() {
        Autosave::Failed(reason) => Some(reason),
        _ => None,
    });
    assert!(reason.contains("work"), "{reason}");
}

#[test]
fn a_journal_taken_away_is_written_again() {
    let (_place, folder) = temporary();
    let mut document = painted("/photos/a.tif", 7);
    let journals = start(&folder);
    journals.begin(MasterId::of(document.photo()), Place::DataFolder);
    journals.save(capture(&document));
    let file = folder.file_of(&MasterId::of(document.photo()), Place::DataFolder);
    wait(|| file.exists().then_some(()));
    wait(|| matches!(journals.status(), Autosave::Saved(_)).then_some(()));
    std::fs::remove_file(&file).unwrap();
    take(&mut document, &Step::Threshold(33));
    journals.save(capture(&document));
    drop(journals);
    let offer = look(&folder, document.photo()).unwrap();
    assert_eq!(offer.recovered.capture.work.editable.threshold, 33);
}

#[test]
fn the_oldest_journals_go_first_when_there_are_too_many_bytes_or_years() {
    let (_place, folder) = temporary();
    for (number, path) in ["/photos/1.tif", "/photos/2.tif", "/photos/3.tif"]
        .iter()
        .enumerate()
    {
        save(&folder, &painted(path, number as u8 + 1));
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::write(folder.path().join("broken.work"), b"no journal").unwrap();
    let entries = list(&folder);
    assert_eq!(entries.len(), 4);
    let two = entries.iter().take(3).map(|entry| entry.bytes).sum();
    let limits = Limits {
        bytes: two,
        age: Duration::from_hours(1),
    };
    folder.tidy(limits, SystemTime::now());
    let names = |entries: &[Entry]| -> Vec<PathBuf> {
        let masters = entries.iter().filter_map(|entry| entry.master.clone());
        masters.map(|master| master.path).collect()
    };
    assert_eq!(
        names(&list(&folder)),
        ["/photos/3.tif", "/photos/2.tif"].map(PathBuf::from)
    );
    folder.tidy(limits, SystemTime::now() + Duration::from_hours(2));
    assert!(list(&folder).is_empty());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "no lock file stays: {left:?}");
}

#[test]
fn the_list_says_what_each_journal_holds() {
    let (_place, folder) = temporary();
    save(&folder, &painted("/photos/a.tif", 7));
    let entries = list(&folder);
    let entry = &entries[0];
    assert_eq!(entry.undo_steps, 1);
    assert!(!entry.exported && !entry.master_is_there);
    assert_eq!(
        entry.master.as_ref().unwrap().path,
        Path::new("/photos/a.tif")
    );
    assert_eq!(entry.bytes, std::fs::metadata(&entry.file).unwrap().len());
}

/// What a program to come may write.
fn newer_journal() -> Vec<u8> {
    let mut bytes = record::MARK.to_vec();
    let content = (record::VERSION + 1).to_le_bytes();
    record::push(&mut bytes, record::Kind::Master, &content);
    bytes.extend(b"and things that nobody knows yet");
    bytes
}

#[test]
fn work_that_cannot_be_read_is_told_of_and_kept_under_another_name() {
    let document = painted("/photos/a.tif", 7);
    let master = MasterId::of(document.photo());
    for (bytes, reason) in [
        (newer_journal(), "a newer version of Unscratch wrote it"),
        (b"UNSCRJ1\ncut".to_vec(), "the file is damaged"),
        (Vec::new(), "the file is damaged"),
    ] {
        let (_place, folder) = temporary();
        let file = folder.file_of(&master, Place::DataFolder);
        std::fs::create_dir_all(folder.path()).unwrap();
        for number in ["", "-2"] {
            std::fs::write(&file, &bytes).unwrap();
            let (offer, unread) = look_at_all(&folder, document.photo());
            assert!(offer.is_none());
            assert_eq!(unread.len(), 1);
            assert_eq!((&unread[0].file, &*unread[0].reason), (&file, reason));
            let kept_as = format!("{}.kept{number}.work", crate::io::hex(&master.sha256));
            assert!(unread[0].kept_as.ends_with(&kept_as));
            assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing was done yet");
            save(&folder, &document);
            assert_eq!(std::fs::read(&unread[0].kept_as).unwrap(), bytes);
            let (offer, unread) = look_at_all(&folder, document.photo());
            assert!(offer.is_some() && unread.is_empty());
        }
        let entries = list(&folder);
        assert_eq!(entries.len(), 3, "all are listed: {entries:?}");
    }
}

#[test]
fn work_set_aside_is_offered_again_by_a_program_that_can_read_it() {
    let (_place, folder) = temporary();
    let document = painted("/photos/a.tif", 7);
    save(&folder, &document);
    let file = folder.file_of(&MasterId::of(document.photo()), Place::DataFolder);
    std::fs::rename(&file, file.with_extension("kept.work")).unwrap();
    let offer = look(&folder, document.photo()).unwrap();
    assert_eq!(offer.origin, Origin::SameFile);
}

#[test]
fn discarding_what_was_done_now_leaves_work_that_cannot_be_read() {
    let (_place, folder) = temporary();
    let document = painted("/photos/a.tif", 7);
    let file = folder.file_of(&MasterId::of(document.photo()), Place::DataFolder);
    std::fs::create_dir_all(folder.path()).unwrap();
    std::fs::write(&file, newer_journal()).unwrap();
    let journals = start(&folder);
    journals.begin(MasterId::of(document.photo()), Place::DataFolder);
    journals.forget();
    drop(journals);
    assert_eq!(std::fs::read(&file).unwrap(), newer_journal());
}
