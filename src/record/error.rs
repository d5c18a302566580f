//! Why there is no record: it cannot be written, or what was read is none.

use std::path::PathBuf;

use super::schema::SCHEMA_VERSION;

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file's name cannot be written into a record.
    #[error("a record needs file names in Unicode; rename this one: {path:?}")]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A file's name would lead elsewhere on another system.
    #[error(
        "a record cannot hold a name with a backslash, which other systems take for a folder; rename this file: {path:?}"
    )]
    Backslash {
        /// The file.
        path: PathBuf,
    },
    /// The derivative, or a file beside it, would be called as the master is.
    #[error(
        "a dossier's file cannot have the original's own name: in one folder nobody could tell them apart, and its record could not be verified; choose another name, such as {{stem}}_restored: {path:?}"
    )]
    MastersName {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("the record cannot be read ({source}); check the name and the disk: {path:?}")]
    Io {
        /// What the system said.
        source: std::io::Error,
        /// The record.
        path: PathBuf,
    },
    /// The file is far too long.
    #[error("this is too long for a restoration record ({bytes} bytes): {path:?}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error(
        "this is no restoration record, or a damaged one ({reason}); name a file that ends in .restoration.json: {path:?}"
    )]
    NotARecord {
        /// What is wrong with it.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the record is of version {version} and this program reads up to {SCHEMA_VERSION}; use a newer Unscratch: {path:?}"
    )]
    Version {
        /// Its version.
        version: u32,
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written as JSON.
    #[error("the record cannot be written ({0})")]
    Json(#[from] serde_json::Error),
}
