//! Files cut short, changed, and disks without room.

use super::*;
use crate::journal::reader::{Found, outline, recover};
use crate::journal::record::{Kind, Records};

/// A journal of several states: its bytes, and where each state ends with what it holds.
fn written() -> (Vec<u8>, Vec<(usize, Seen)>) {
    let mut memory = Memory::default();
    let mut document = document();
    let mut writer = writer(&mut memory).with_limits(1 << 30, 1 << 30);
    put(&mut writer, &document);
    let mut ends = vec![(writer.storage().bytes.len(), seen(&document))];
    for step in [
        Step::Line((20.0, 20.0), (300.0, 90.0), 0),
        Step::Threshold(90),
        Step::Line((200.0, 10.0), (210.0, 400.0), 2),
        Step::Undo,
        Step::Open(400.0, 300.0),
        Step::Clear,
    ] {
        take(&mut document, &step);
        put(&mut writer, &document);
        ends.push((writer.storage().bytes.len(), seen(&document)));
    }
    (memory.bytes, ends)
}

fn read(bytes: &[u8]) -> Option<(Seen, bool)> {
    let Found::Whole(recovered) = recover(bytes) else {
        return None;
    };
    let mut document = document();
    document.resume(recovered.capture.work).unwrap();
    Some((seen(&document), recovered.is_torn))
}

#[test]
fn cut_short_at_any_byte_a_journal_gives_the_last_state_before_the_cut() {
    let (bytes, ends) = written();
    // Every byte around the ends of states, and every 13th elsewhere.
    let is_near = |at: usize| ends.iter().any(|(end, _)| at.abs_diff(*end) < 14);
    for at in (0..=bytes.len()).filter(|at| at % 13 == 0 || is_near(*at)) {
        let whole = ends.iter().rev().find(|(end, _)| *end <= at);
        let found = read(&bytes[..at]);
        match whole {
            None => assert_eq!(found, None, "cut at {at}"),
            Some((end, state)) => {
                assert_eq!(found, Some((state.clone(), *end < at)), "cut at {at}");
            }
        }
    }
}

#[test]
fn a_changed_byte_costs_nothing_that_was_written_before_it() {
    let (bytes, ends) = written();
    for at in (0..bytes.len()).step_by(37) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        let whole = ends.iter().rev().find(|(end, _)| *end <= at);
        assert_eq!(
            read(&changed).map(|(state, _)| state),
            whole.map(|(_, state)| state.clone()),
            "changed at {at}"
        );
    }
}

#[test]
fn what_is_no_journal_gives_nothing() {
    for bytes in [&b""[..], b"UNSCRJ1\n", b"\x89PNG\r\n\x1a\n", &[0; 400]] {
        assert_eq!(read(bytes), None);
        assert!(outline(bytes).is_none());
    }
}

#[test]
fn a_full_disk_loses_nothing_once_there_is_room_again() {
    let mut memory = Memory::default();
    let mut document = document();
    take(&mut document, &Step::Line((20.0, 20.0), (300.0, 90.0), 0));
    put(&mut writer(&mut memory), &document);
    let before = memory.bytes.clone();
    memory.room = Some(before.len() + 60);
    let mut writer = writer(&mut memory).with_limits(1 << 30, 1 << 30);
    // The first write of a writer replaces the file, for which there is no room.
    assert!(writer.write(capture(&document), SystemTime::now()).is_err());
    writer.storage().room = Some(before.len() * 2 + 60);
    put(&mut writer, &document);
    for number in 0..30 {
        let x = 20.0 * number as f32;
        take(&mut document, &Step::Line((x, 0.0), (x, 500.0), 0));
        let outcome = writer.write(capture(&document), SystemTime::now());
        if number > 20 {
            assert!(outcome.is_err(), "there is no room");
        }
    }
    let torn = read(&writer.storage().bytes);
    assert!(torn.is_some(), "what was written before can be read");
    writer.storage().room = None;
    put(&mut writer, &document);
    assert_eq!(read(&memory.bytes), Some((seen(&document), false)));
}

/// Where the records of a kind end.
fn ends_of(bytes: &[u8], kind: Kind) -> Vec<usize> {
    let mut records = Records::new(bytes);
    let mut ends = Vec::new();
    while let Some((found, _)) = records.next() {
        if found == kind {
            ends.push(bytes.len() - records.unread());
        }
    }
    ends
}

#[test]
fn a_journal_written_anew_and_cut_short_has_the_marks_and_says_that_something_is_missing() {
    let mut document = document();
    for step in [
        Step::Line((20.0, 20.0), (300.0, 90.0), 0),
        Step::Threshold(90),
        Step::Repair(PixelRect::new(30, 20, 40, 40), 90, 1),
        Step::Line((200.0, 10.0), (210.0, 400.0), 2),
        Step::Undo,
        Step::Open(400.0, 300.0),
    ] {
        take(&mut document, &step);
    }
    let mut memory = Memory::default();
    put(&mut writer(&mut memory), &document);
    let bytes = memory.bytes;
    let states = ends_of(&bytes, Kind::State);
    let (marks, all) = (states[0], states[1]);
    assert_eq!((states.len(), all), (2, bytes.len()));
    assert!(ends_of(&bytes, Kind::Edit).iter().all(|end| *end > marks));
    for at in (0..marks).step_by(7) {
        assert_eq!(read(&bytes[..at]), None, "cut at {at}");
    }
    for at in (marks..all).step_by(7).chain([all - 1]) {
        assert_eq!(read(&bytes[..at]), Some((seen(&document), true)), "{at}");
    }
    assert_eq!(read(&bytes), Some((seen(&document), false)));
    let Found::Whole(whole) = recover(&bytes) else {
        panic!("it is whole");
    };
    let work = whole.capture.work;
    assert!(!work.undo.is_empty() && work.is_complete && work.redo.len() == 1);
}
