//! The person's work on disk: append-only records that a killed program, a full disk or a torn file cannot spoil.
//!
//! A journal belongs to one master, known by the SHA-256 of its file. It is a row of records, each with its length and a
//! checksum: the master, tiles of the mask, edits, and *states*, which refer to tiles and edits before them. A state is
//! what counts: a reader goes on to the last whole one, whatever follows it. A snapshot, written to a temporary file and
//! renamed, takes the place of a journal that has grown. Nothing here changes a document or draws anything.

mod aside;
mod capture;
mod error;
mod fields;
mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod labels;
mod reader;
mod record;
mod repairs;
mod storage;
mod worker;
mod writer;

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use aside::Unread;
pub use capture::{Capture, MasterId, Recovered};
pub use error::JournalError;
pub use folder::{Entry, JournalFolder, Limits, Place};
pub use worker::{Autosave, JournalEvent, JournalSystem, Offer, Origin};

/// Runs `work` on files that may be damaged in any way; a panic gives `None`.
fn calmly<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
