//! All or nothing: a file is written beside its target, flushed, and only then gets its name. Knows no file format.

#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::{EncodeError, is_same_file};

/// The folder `target` lies in.
pub(super) fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Refuses a target that could not or must not be written, before any work begins.
///
/// # Errors
/// [`EncodeError`] when `target` is the `master` (under whatever name), a folder, no ordinary file, has a name its disk cannot hold,
/// lies in no folder, or exists without `overwrite`.
pub fn check_target(
    target: &Path,
    master: Option<&Path>,
    overwrite: bool,
) -> Result<(), EncodeError> {
    let path = target.to_path_buf();
    if master.is_some_and(|master| is_same_file(master, target)) {
        return Err(EncodeError::IsMaster { path });
    }
    let ends_in_name = target.file_name().is_some();
    // Without following links: a link whose target is gone still takes the name.
    let own = match std::fs::symlink_metadata(target) {
        Err(error) if error.kind() == ErrorKind::InvalidFilename => {
            return Err(EncodeError::UnfitName { path });
        }
        own => own.ok(),
    };
    let followed = std::fs::metadata(target).ok();
    if !ends_in_name || followed.as_ref().is_some_and(Metadata::is_dir) {
        return Err(EncodeError::Folder { path });
    }
    if followed.is_some_and(|facts| !facts.is_file()) {
        return Err(EncodeError::NotAFile { path });
    }
    if own.is_some() && !overwrite {
        return Err(EncodeError::Exists { path });
    }
    let folder = folder_of(target);
    if !folder.is_dir() {
        let folder = folder.to_path_buf();
        return Err(EncodeError::NoFolder { folder });
    }
    Ok(())
}

/// Notices a folder that cannot be written to, by making an empty file there and taking it away again.
///
/// Meant for the moment before long work begins; rights alone do not tell of read-only disks and shares.
///
/// # Errors
/// [`EncodeError`] names the folder, or `target` where the disk itself fails.
pub fn check_writable(target: &Path) -> Result<(), EncodeError> {
    let folder = folder_of(target);
    let existing = folder.ancestors().find(|folder| folder.is_dir());
    // A relative path ends in nothing, which is the folder one is in.
    let folder = existing.unwrap_or(Path::new("."));
    // In a folder still to be made no name could be tried.
    let name = folder.join(target.file_name().unwrap_or_default());
    if name
        .symlink_metadata()
        .is_err_and(|error| error.kind() == ErrorKind::InvalidFilename)
    {
        let path = target.to_path_buf();
        return Err(EncodeError::UnfitName { path });
    }
    let probe = new_file_in(folder).map_err(|error| match EncodeError::from_io(error, target) {
        EncodeError::NoPermission { .. } => EncodeError::NoPermission {
            folder: folder.to_path_buf(),
        },
        other => other,
    })?;
    let _listed = Listed::new(probe.path());
    drop(probe);
    Ok(())
}

/// Whether the folder takes upper and lower case for one name, as found with an empty file; false when that cannot be found out.
pub fn folds_case(folder: &Path) -> bool {
    let Ok(probe) = new_file_in(folder) else {
        return false;
    };
    let _listed = Listed::new(probe.path());
    let Some(name) = probe.path().file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    // The name starts and ends in lower case letters.
    is_same_file(probe.path(), &folder.join(name.to_uppercase()))
}

/// Writes `bytes` (a report, not a picture) to `target`: all or nothing.
///
/// # Errors
/// As [`check_target`], and when the system cannot write; nothing is left behind.
pub fn write_bytes(target: &Path, bytes: &[u8], overwrite: bool) -> Result<(), EncodeError> {
    write_whole(target, None, overwrite, |file| {
        file.write_all(bytes)
            .map_err(|error| EncodeError::from_io(error, target))
    })
}

/// Temporary files being written now.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a temporary file or folder on the list of [`remove_unfinished`] while it lives.
#[derive(Debug)]
pub(super) struct Listed(PathBuf);

impl Listed {
    pub(super) fn new(path: &Path) -> Self {
        unfinished().push(path.to_path_buf());
        Self(path.to_path_buf())
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

/// Removes the files being written now; only for ending the process at once, while other threads may still write.
pub fn remove_unfinished() {
    for path in unfinished().iter() {
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(path)
        } else {
            std::fs::remove_file(path)
        };
        if let Err(error) = removed {
            tracing::debug!("an unfinished file could not be removed ({error}): {path:?}");
        }
    }
}

/// Takes back a file this program has just written, because what belongs to it failed.
pub fn remove_output(target: &Path) {
    if let Err(error) = std::fs::remove_file(target) {
        tracing::error!("an unwanted file could not be removed ({error}): {target:?}");
    }
}

/// Lets `write` fill a temporary file in the target's folder and then gives it the target's name; on any failure nothing is left.
pub(super) fn write_whole<T>(
    target: &Path,
    master: Option<&Path>,
    overwrite: bool,
    write: impl FnOnce(&mut File) -> Result<T, EncodeError>,
) -> Result<T, EncodeError> {
    let (outcome, prepared) = prepare_whole(target, master, overwrite, write)?;
    prepared.publish()?;
    Ok(outcome)
}

/// A file that is written and flushed and has no name yet; dropped before [`Self::publish`] it leaves nothing.
#[derive(Debug)]
#[must_use]
pub struct Prepared {
    listed: Listed,
    temporary: NamedTempFile,
    target: PathBuf,
    master: Option<PathBuf>,
    overwrite: bool,
}

impl Prepared {
    /// Gives the file its name.
    ///
    /// # Errors
    /// As [`check_target`], and when the name cannot be given; then nothing of the file is left.
    pub fn publish(self) -> Result<(), EncodeError> {
        let Self {
            listed: _listed,
            temporary,
            target,
            master,
            overwrite,
        } = self;
        // Again, since writing took its time.
        check_target(&target, master.as_deref(), overwrite)?;
        give_name(temporary, &target, overwrite)
            .map_err(|error| EncodeError::from_io(error, &target))?;
        sync_folder(folder_of(&target));
        Ok(())
    }
}

/// Lets `write` fill a temporary file in the target's folder and flushes it, so that a full disk is noticed before anything
/// has a name; on any failure nothing is left.
pub(super) fn prepare_whole<T>(
    target: &Path,
    master: Option<&Path>,
    overwrite: bool,
    write: impl FnOnce(&mut File) -> Result<T, EncodeError>,
) -> Result<(T, Prepared), EncodeError> {
    check_target(target, master, overwrite)?;
    let failed = |error| EncodeError::from_io(error, target);
    let mut temporary = new_file_in(folder_of(target)).map_err(failed)?;
    let listed = Listed::new(temporary.path());
    let outcome = write(temporary.as_file_mut())?;
    temporary.as_file().sync_all().map_err(failed)?;
    let prepared = Prepared {
        listed,
        temporary,
        target: target.to_path_buf(),
        master: master.map(Path::to_path_buf),
        overwrite,
    };
    Ok((outcome, prepared))
}

/// A temporary file with the rights any new file would get.
fn new_file_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    let prefix = temporary_prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    let rights = {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(rights);
    let temporary = builder.tempfile_in(folder).map_err(without_path)?;
    mark_as_used(temporary.as_file());
    Ok(temporary)
}

/// How every temporary name begins.
pub(super) const TEMPORARY_PREFIX: &str = ".unscratch-";
/// How every temporary name ends.
pub(super) const TEMPORARY_SUFFIX: &str = ".part";

/// How this process begins temporary names: with its number, so that leftovers of dead ones can be told.
pub(super) fn temporary_prefix() -> String {
    format!("{TEMPORARY_PREFIX}{}-", std::process::id())
}

/// Locks a temporary file while it is open, which tells other processes that somebody still needs it.
///
/// Not on Windows, where a lock would keep the file from being read through another handle.
pub(super) fn mark_as_used(file: &File) {
    #[cfg(unix)]
    if let Err(error) = file.try_lock() {
        tracing::debug!("a temporary file was not locked: {error}");
    }
    #[cfg(not(unix))]
    let _no_lock = file;
}

/// What the system said, without the temporary file's name, which means nothing to the person.
fn without_path(error: std::io::Error) -> std::io::Error {
    // The crate hands on the text only: "{what the system said} at path {path}".
    match error.to_string().rsplit_once(" at path ") {
        Some((said, _)) => std::io::Error::new(error.kind(), said.to_owned()),
        None => error,
    }
}

fn give_name(temporary: NamedTempFile, target: &Path, overwrite: bool) -> std::io::Result<()> {
    if overwrite {
        temporary.persist(target)?;
        return Ok(());
    }
    match temporary.persist_noclobber(target) {
        Ok(_) => Ok(()),
        Err(failure) if failure.error.kind() == ErrorKind::AlreadyExists => Err(failure.error),
        // Some file systems (FAT, network shares) cannot name a file only if the name is free.
        Err(failure) if std::fs::symlink_metadata(target).is_err() => {
            failure.file.persist(target)?;
            Ok(())
        }
        Err(failure) => Err(failure.error),
    }
}

/// Makes the new name last through a power cut, where the system can; the file itself is safe already.
pub(super) fn sync_folder(folder: &Path) {
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!("the folder was not flushed ({error}): {folder:?}");
    }
}
