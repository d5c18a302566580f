//! Why work could not be kept or brought back, in sentences.

use std::path::{Path, PathBuf};

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// No room.
    #[error("the disk is full; make room, then it goes on by itself: {}", path.display())]
    DiskFull {
        /// The journal.
        path: PathBuf,
    },
    /// Not allowed to write.
    #[error("the folder cannot be written to; choose the other place under File, Autosaved work: {}", folder.display())]
    NoPermission {
        /// The folder.
        folder: PathBuf,
    },
    /// Another window holds the journal.
    #[error("another window works on this photo; only that one saves: {}", path.display())]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// Whatever else the system says.
    #[error("{source}: {}", path.display())]
    System {
        /// What the system said.
        #[source]
        source: std::io::Error,
        /// The journal.
        path: PathBuf,
    },
    /// No state can be read.
    #[error("nothing in it can be read; the file is damaged from its beginning: {}", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
    },
    /// Made by a newer program.
    #[error("it was written by a newer version of Unscratch: {}", path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
    },
}

impl JournalError {
    /// From what the system said about `path`.
    pub(super) fn from_io(source: std::io::Error, path: &Path) -> Self {
        use std::io::ErrorKind;

        let path = path.to_path_buf();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull { path }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NoPermission {
                folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            },
            _ => Self::System { source, path },
        }
    }
}
