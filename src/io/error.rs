//! Why a file could not be read or written, as sentences for the person. No codec types.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::geometry::ImageSize;

/// Why a file did not become a photo or a mask.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no such file.
    #[error("there is no such file; check the name: {path:?}")]
    Missing {
        /// The file as named.
        path: PathBuf,
    },
    /// The path names a folder.
    #[error("this is a folder, not a picture; name a file inside it: {path:?}")]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The path names a device, pipe or socket.
    #[error("this is not an ordinary file; copy the picture to a file first: {path:?}")]
    NotAFile {
        /// The path as named.
        path: PathBuf,
    },
    /// The account may not read the file.
    #[error("you may not read this file; change its permissions or copy it elsewhere: {path:?}")]
    NoPermission {
        /// The file as named.
        path: PathBuf,
    },
    /// The file has no content.
    #[error("the file is empty (0 bytes); copy or scan it again: {path:?}")]
    Empty {
        /// The file as named.
        path: PathBuf,
    },
    /// The content is no picture we know.
    #[error(
        "the content is not a JPEG, PNG, TIFF, WebP, BMP or JPEG 2000 picture, whatever the name says; save it as one of these with another program first: {path:?}"
    )]
    UnknownFormat {
        /// The file as named.
        path: PathBuf,
    },
    /// A known kind of picture in a form that is not read.
    #[error("{what}; {remedy}: {path:?}")]
    Unsupported {
        /// What the file holds, as the start of a sentence.
        what: String,
        /// What the person can do.
        remedy: String,
        /// The file as named.
        path: PathBuf,
    },
    /// The picture data end early or contradict themselves.
    #[error(
        "the {format} picture is damaged or incomplete ({reason}); copy it again from its source: {path:?}"
    )]
    Damaged {
        /// Kind of picture.
        format: &'static str,
        /// What the decoder said.
        reason: String,
        /// The file as named.
        path: PathBuf,
    },
    /// Decoding would need more memory than allowed.
    #[error(
        "the picture of {size} px needs {} MiB to decode and at most {} MiB may be taken for it; use a machine with more memory or a smaller scan: {path:?}",
        needed_bytes.div_ceil(1 << 20),
        limit_bytes >> 20
    )]
    TooLarge {
        /// Size the header states.
        size: ImageSize,
        /// Memory the decoded picture needs.
        needed_bytes: u64,
        /// Memory allowed.
        limit_bytes: u64,
        /// The file as named.
        path: PathBuf,
    },
    /// A mask of another size than the photo.
    #[error(
        "the mask is {actual} px and the photo {expected} px in stored order; a mask must have the photo's size: {path:?}"
    )]
    MaskSize {
        /// The photo's size.
        expected: ImageSize,
        /// The mask's size.
        actual: ImageSize,
        /// The mask file.
        path: PathBuf,
    },
    /// A mask of zeros and ones, or of 8-bit values in 16 bits.
    #[error(
        "the largest value of this mask is {largest} of {full}, which would repair next to nothing; save it with {full} where to repair: {path:?}"
    )]
    MaskFaint {
        /// The largest value in it.
        largest: u16,
        /// The value that marks in full: 255, or 65535 at 16 bits.
        full: u16,
        /// The mask file.
        path: PathBuf,
    },
    /// A picture in colour where a mask is asked for.
    #[error(
        "this picture has colours, so it is no mask; a mask is grey, 0 where nothing is to be done and 255 where to repair: {path:?}"
    )]
    MaskColour {
        /// The file as named.
        path: PathBuf,
    },
    /// The operating system could not read the file.
    #[error("the file cannot be read ({source}); check the disk and try again: {path:?}")]
    Io {
        /// What the system said.
        source: std::io::Error,
        /// The file as named.
        path: PathBuf,
    },
}

/// Why an export did not happen; nothing is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The name ends in nothing we write.
    #[error(
        "the name does not end in .png, .tif, .tiff, .jpg or .jpeg; choose one of these: {path:?}"
    )]
    UnknownExtension {
        /// The target.
        path: PathBuf,
    },
    /// The target is the master itself, under whatever name.
    #[error(
        "this is the original photo, which is never overwritten; choose another name: {path:?}"
    )]
    IsMaster {
        /// The target.
        path: PathBuf,
    },
    /// The target exists and overwriting was not asked for.
    #[error(
        "the file exists already; choose another name or allow overwriting (--overwrite): {path:?}"
    )]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The disk cannot hold the target's name.
    #[error(
        "the disk cannot hold this name: it is too long, or has a character that is not allowed there; choose another: {path:?}"
    )]
    UnfitName {
        /// The target.
        path: PathBuf,
    },
    /// The target names a folder.
    #[error("this is a folder; add a file name: {path:?}")]
    Folder {
        /// The target.
        path: PathBuf,
    },
    /// The target is a device, pipe or socket.
    #[error("this is not an ordinary file; choose another name: {path:?}")]
    NotAFile {
        /// The target.
        path: PathBuf,
    },
    /// A mask in a format that would blur it.
    #[error("a mask must be exact, so JPEG will not do; name it .png or .tif: {path:?}")]
    LossyMask {
        /// The target.
        path: PathBuf,
    },
    /// The target's folder does not exist.
    #[error("the folder does not exist; create it first: {folder:?}")]
    NoFolder {
        /// The missing folder.
        folder: PathBuf,
    },
    /// The account may not write there.
    #[error("you may not write in this folder; choose another one: {folder:?}")]
    NoPermission {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk is full.
    #[error("the disk is full, nothing was written; make room or choose another disk: {path:?}")]
    DiskFull {
        /// The target.
        path: PathBuf,
    },
    /// The pixels given do not have the master's layout.
    #[error("the restored picture has {actual} samples and the photo {expected} ({path:?})")]
    Layout {
        /// Samples (and depth) of the photo.
        expected: String,
        /// Samples (and depth) given.
        actual: String,
        /// The target.
        path: PathBuf,
    },
    /// The format cannot hold a picture this large.
    #[error("{format} cannot hold a picture of {size} px; choose {remedy}: {path:?}")]
    TooLarge {
        /// Format asked for.
        format: &'static str,
        /// Size of the photo.
        size: ImageSize,
        /// Format that can.
        remedy: &'static str,
        /// The target.
        path: PathBuf,
    },
    /// The encoder refused.
    #[error("the {format} file could not be made ({reason}); try another format: {path:?}")]
    Encoder {
        /// Format asked for.
        format: &'static str,
        /// What the encoder said.
        reason: String,
        /// The target.
        path: PathBuf,
    },
    /// What was written does not read back as what was handed over.
    #[error(
        "the written file did not read back correctly ({reason}), so it was removed; check the disk: {path:?}"
    )]
    Verification {
        /// What differed.
        reason: String,
        /// The target.
        path: PathBuf,
    },
    /// The operating system could not write.
    #[error(
        "the file cannot be written ({source}); check the disk or choose another folder: {path:?}"
    )]
    Io {
        /// What the system said.
        source: std::io::Error,
        /// The target.
        path: PathBuf,
    },
}

impl EncodeError {
    /// The file or folder the error names.
    fn path_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::UnknownExtension { path }
            | Self::IsMaster { path }
            | Self::Exists { path }
            | Self::UnfitName { path }
            | Self::Folder { path }
            | Self::NotAFile { path }
            | Self::LossyMask { path }
            | Self::DiskFull { path }
            | Self::Layout { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Encoder { path, .. }
            | Self::Verification { path, .. }
            | Self::Io { path, .. }
            | Self::NoFolder { folder: path }
            | Self::NoPermission { folder: path } => path,
        }
    }

    /// The same error, said of the path that `rename` makes of the one it names.
    #[must_use]
    pub fn said_of(mut self, rename: impl FnOnce(&Path) -> PathBuf) -> Self {
        let path = self.path_mut();
        *path = rename(path);
        self
    }

    /// What a failed write to `target` means for the person.
    pub(super) fn from_io(source: std::io::Error, target: &Path) -> Self {
        let path = target.to_path_buf();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NoPermission {
                folder: super::atomic::folder_of(target).to_path_buf(),
            },
            ErrorKind::AlreadyExists => Self::Exists { path },
            ErrorKind::InvalidFilename => Self::UnfitName { path },
            _ => Self::Io { source, path },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_become_sentences_about_disk_and_folder() {
        let error = |kind: ErrorKind| {
            EncodeError::from_io(std::io::Error::from(kind), Path::new("out/a.png")).to_string()
        };
        assert!(error(ErrorKind::StorageFull).starts_with("the disk is full"));
        assert!(error(ErrorKind::ReadOnlyFilesystem).contains("\"out\""));
        assert!(error(ErrorKind::TimedOut).ends_with("\"out/a.png\""));
    }
}
