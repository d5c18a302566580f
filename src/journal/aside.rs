//! Saved work that is there and cannot be read: told of, and kept under another name before anything takes its place.

use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::folder::read;

/// What is put into the name of a file that was set aside.
const KEPT: &str = "kept";

/// A journal that is there and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The journal.
    pub file: PathBuf,
    /// Its name once new work is saved in its place.
    pub kept_as: PathBuf,
    /// Why it cannot be read, as the end of a sentence.
    pub reason: String,
}

impl Unread {
    /// For `file`, which gave `error`; `None` when it is not there at all.
    pub(super) fn of(file: &Path, error: &JournalError) -> Option<Self> {
        use std::io::ErrorKind;

        let reason = match error {
            JournalError::System { source, .. }
                if matches!(
                    source.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory
                ) =>
            {
                return None;
            }
            JournalError::Newer { .. } => "a newer version of Unscratch wrote it".to_owned(),
            JournalError::Unreadable { .. } => "the file is damaged".to_owned(),
            JournalError::NoPermission { .. } => "you may not read the file".to_owned(),
            error => error.to_string(),
        };
        Some(Self {
            file: file.to_path_buf(),
            kept_as: free_name(file),
            reason,
        })
    }

    /// `file`, if it is there and cannot be read.
    pub(super) fn at(file: &Path) -> Option<Self> {
        Self::of(file, &read(file).err()?)
    }
}

/// Gives the journal `file` another name if it cannot be read, so that it is not replaced.
///
/// # Errors
/// What the system says against it; the file has its name then.
pub(super) fn set_aside(file: &Path) -> Result<(), JournalError> {
    let Some(unread) = Unread::at(file) else {
        return Ok(());
    };
    std::fs::rename(file, &unread.kept_as).map_err(|error| JournalError::from_io(error, file))?;
    tracing::warn!(
        "saved work could not be read ({}) and was set aside: {:?}",
        unread.reason,
        unread.kept_as
    );
    Ok(())
}

/// The files that were set aside for `file`.
pub(super) fn kept_of(file: &Path) -> impl Iterator<Item = PathBuf> {
    let names = (1..).map({
        let file = file.to_path_buf();
        move |number| kept_name(&file, number)
    });
    names.take_while(|name| name.exists())
}

/// The first name for what is set aside that is not taken.
fn free_name(file: &Path) -> PathBuf {
    let taken = kept_of(file).count() as u32;
    kept_name(file, taken + 1)
}

/// `name.work` becomes `name.kept.work`, then `name.kept-2.work`: lists show it among the others.
fn kept_name(file: &Path, number: u32) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let end = file.extension().unwrap_or_default().to_string_lossy();
    let number = match number {
        1 => String::new(),
        number => format!("-{number}"),
    };
    file.with_file_name(format!("{stem}.{KEPT}{number}.{end}"))
}
