//! What goes into a journal and what comes out of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::document::SavedWork;
use crate::geometry::ImageSize;
use crate::photo::Photo;

/// Which pixels a journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterId {
    /// SHA-256 of the master's file.
    pub sha256: [u8; 32],
    /// Page of a TIFF, counted from 0.
    pub page: u32,
    /// Size in px, stored order.
    pub size: ImageSize,
    /// Where the file was when it was last worked on.
    pub path: PathBuf,
}

impl MasterId {
    /// That of `photo`.
    pub fn of(photo: &Photo) -> Self {
        let path = photo.path();
        Self {
            sha256: photo.source().sha256,
            page: photo.metadata().page,
            size: photo.size(),
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        }
    }

    /// Whether both are the same pixels, wherever the files lie.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.sha256, self.page, self.size) == (other.sha256, other.page, other.size)
    }
}

/// The work at one moment, to be written. Shares all tiles, so it is cheap to take and to drop.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Layers, threshold, undo, redo.
    pub work: SavedWork,
    /// What the window wants to find again, in its own words; at most 64 KiB are kept.
    pub note: Arc<[u8]>,
    /// Whether an export holds all of it.
    pub exported: bool,
}

/// The work read from a journal.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The photo it belongs to.
    pub master: MasterId,
    /// The work.
    pub capture: Capture,
    /// When it was written.
    pub saved_at: SystemTime,
    /// Whether what followed in the file could not be read: work done after `saved_at` is lost.
    pub is_torn: bool,
}
