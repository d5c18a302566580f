//! Names of edits read from a file, as the long-lived texts that undo shows.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Longest name taken over, bytes.
const LABEL_MAX: usize = 64;
/// Different names taken over in one run of the program.
const LABELS_MAX: usize = 256;
/// What stands for a name that is not taken over.
const PLAIN: &str = "Edit";

static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same text, kept for as long as the program runs; each is kept once, and there are few.
pub(super) fn lasting(label: &str) -> &'static str {
    if label.is_empty() || label.len() > LABEL_MAX {
        return PLAIN;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(label) {
        return known;
    }
    if known.len() >= LABELS_MAX {
        return PLAIN;
    }
    let label: &'static str = Box::leak(label.to_owned().into_boxed_str());
    known.insert(label);
    label
}
