//! The record of a restoration: what was done to which master, with what, and how to check it. It renders and writes no photo.
//!
//! `docs/restoration-record.md` describes the file for its readers; [`schema`] is its only definition in code.

mod build;
mod changes;
mod error;
mod manifest;
mod names;
mod repairs;
pub mod schema;
mod source_type;
mod verify;

pub use build::{Circumstances, Written, build_record, recorded_windows, xmp_edit};
pub use changes::change_view;
pub use error::RecordError;
pub use manifest::manifest_text;
pub use names::{DossierNames, check_name};
pub use repairs::{MendError, mend_again};
pub use schema::Record;
pub use verify::{
    Agreement, HashCheck, HashOutcome, ManifestCheck, agreement, changed_outside_mask,
    check_hashes, check_manifest, count_pixels,
};
