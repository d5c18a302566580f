//! What is read is what was done, undo and redo included.

use super::*;
use crate::journal::reader::{Found, recover};

/// A document that goes on from `bytes`.
fn resumed(bytes: &[u8]) -> Document {
    let Found::Whole(recovered) = recover(bytes) else {
        panic!("a state is there");
    };
    assert!(!recovered.is_torn);
    assert_eq!(*recovered.capture.note, *b"zoom");
    let mut document = document();
    document.resume(recovered.capture.work).unwrap();
    document
}

/// Undoes all and redoes all, noting what is seen and the names on the way.
fn walked(document: &mut Document) -> Vec<(Seen, Option<&'static str>)> {
    let mut way = vec![(seen(document), document.redo_label())];
    while let Some(label) = document.undo() {
        way.push((seen(document), Some(label)));
    }
    while let Some(label) = document.redo() {
        way.push((seen(document), Some(label)));
    }
    way
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_journal_gives_the_document_back_with_every_undo_step(
        steps in prop::collection::vec(any_step(), 1..24),
        skip in 1_usize..4,
    ) {
        let mut memory = Memory::default();
        let mut document = document();
        // Nothing is compacted for its size, or undo steps would be dropped.
        let mut writer = writer(&mut memory).with_limits(1 << 30, 1 << 30);
        put(&mut writer, &document);
        for (number, step) in steps.iter().enumerate() {
            take(&mut document, step);
            if number % skip == 0 {
                put(&mut writer, &document);
            }
        }
        put(&mut writer, &document);
        drop(writer);
        let mut again = resumed(&memory.bytes);
        // The stroke in progress became a whole one.
        document.commit();
        prop_assert_eq!(walked(&mut again), walked(&mut document));
    }

    #[test]
    fn a_journal_written_anew_again_and_again_holds_the_work_and_the_newest_undo_steps(
        steps in prop::collection::vec(any_step(), 1..24),
    ) {
        let mut memory = Memory::default();
        let mut document = document();
        let mut writer = writer(&mut memory);
        for step in &steps {
            take(&mut document, step);
            put(&mut writer, &document);
        }
        drop(writer);
        let mut again = resumed(&memory.bytes);
        document.commit();
        prop_assert_eq!(seen(&again), seen(&document));
        let mut undone = 0;
        while let Some(label) = again.undo() {
            prop_assert_eq!(document.undo(), Some(label));
            prop_assert_eq!(seen(&again), seen(&document));
            undone += 1;
        }
        prop_assert!(undone > 0 || document.undo_label().is_none());
    }

    #[test]
    fn work_goes_on_from_a_journal_as_if_nothing_had_happened(
        before in prop::collection::vec(any_step(), 1..10),
        after in prop::collection::vec(any_step(), 1..10),
    ) {
        let (mut first, mut second) = (Memory::default(), Memory::default());
        let mut document = document();
        for step in &before {
            take(&mut document, step);
        }
        document.commit();
        put(&mut writer(&mut first), &document);
        let mut again = resumed(&first.bytes);
        let mut writer = writer(&mut second).with_limits(1 << 30, 1 << 30);
        for step in &after {
            take(&mut document, step);
            take(&mut again, step);
            put(&mut writer, &again);
        }
        drop(writer);
        document.commit();
        prop_assert_eq!(walked(&mut resumed(&second.bytes)), walked(&mut document));
    }
}

#[test]
fn a_state_after_a_small_edit_costs_little() {
    let mut memory = Memory::default();
    let mut document = document();
    let mut writer = writer(&mut memory).with_limits(1 << 30, 1 << 30);
    take(&mut document, &Step::Line((0.0, 0.0), (600.0, 520.0), 0));
    put(&mut writer, &document);
    take(&mut document, &Step::Undo);
    put(&mut writer, &document);
    take(&mut document, &Step::Redo);
    put(&mut writer, &document);
    drop(writer);
    let first = Memory::default();
    let mut alone = first;
    put(&mut super::writer(&mut alone), &document);
    // Undo and redo refer to tiles that are there already.
    assert!(memory.bytes.len() < alone.bytes.len() + 1000);
}
