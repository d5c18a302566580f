//! All or nothing: a file is written beside its target, flushed, and only then gets its name. Knows no file format.

use std::fs::{File, Metadata};
use std::io::Write as _;
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
/// [`EncodeError`] when `target` is the `master` (under whatever name), a folder, no ordinary file,
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
    let own = std::fs::symlink_metadata(target).ok();
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
    check_target(target, master, overwrite)?;
    let folder = folder_of(target);
    let failed = |error| EncodeError::from_io(error, target);
    let mut temporary = new_file_in(folder).map_err(failed)?;
    let _listed = Listed::new(temporary.path());
    let outcome = write(temporary.as_file_mut())?;
    temporary.as_file().sync_all().map_err(failed)?;
    // Again, since writing took its time.
    check_target(target, master, overwrite)?;
    give_name(temporary, target, overwrite).map_err(failed)?;
    sync_folder(folder);
    Ok(outcome)
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
        Err(failure) if failure.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(failure.error)
        }
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_nothing_and_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        std::fs::write(&target, "old").unwrap();
        let failed = write_whole(&target, None, true, |file| {
            file.write_all(b"half").unwrap();
            Err::<(), _>(EncodeError::DiskFull {
                path: target.clone(),
            })
        });
        assert!(matches!(failed, Err(EncodeError::DiskFull { .. })));
        assert_eq!(names(folder.path()), ["a.png"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
    }

    #[test]
    fn a_process_that_ends_at_once_takes_its_unfinished_file_away() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        let result = write_whole(&target, None, false, |_| {
            assert_eq!(names(folder.path()).len(), 1);
            let own = |path: &PathBuf| path.starts_with(folder.path());
            let listed: Vec<_> = unfinished().iter().filter(|p| own(p)).cloned().collect();
            let [file] = listed.as_slice() else {
                panic!("{listed:?}");
            };
            std::fs::remove_file(file).unwrap();
            Ok(())
        });
        assert!(result.is_err(), "its file is gone");
        assert_eq!(names(folder.path()).len(), 0);
        assert!(unfinished().iter().all(|p| !p.starts_with(folder.path())));
    }

    #[test]
    fn a_name_taken_while_writing_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        let result = write_whole(&target, None, false, |_| {
            std::fs::write(&target, "somebody else's").unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(EncodeError::Exists { .. })));
        assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's");
        assert_eq!(names(folder.path()), ["a.png"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_master_is_refused_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("master.tif"), "pixels").unwrap();
        std::fs::hard_link(at("master.tif"), at("hard.tif")).unwrap();
        std::os::unix::fs::symlink(at("master.tif"), at("soft.tif")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling.tif")).unwrap();
        std::fs::create_dir(at("sub")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("sub/up")).unwrap();
        std::os::unix::fs::symlink("soft.tif", at("soft-of-soft.tif")).unwrap();
        for name in [
            "master.tif",
            "hard.tif",
            "soft.tif",
            "soft-of-soft.tif",
            "./master.tif",
            "sub/../master.tif",
            "sub/up/master.tif",
            "sub/up/hard.tif",
        ] {
            let checked = write_whole(&at(name), Some(&at("master.tif")), true, |_| Ok(()));
            assert!(
                matches!(checked, Err(EncodeError::IsMaster { .. })),
                "{name}"
            );
            assert_eq!(std::fs::read(at("master.tif")).unwrap(), b"pixels");
            let checked = check_target(&at(name), Some(&at("master.tif")), true);
            assert!(
                matches!(checked, Err(EncodeError::IsMaster { .. })),
                "{name}"
            );
        }
        let checked = check_target(&at("dangling.tif"), Some(&at("master.tif")), false);
        assert!(matches!(checked, Err(EncodeError::Exists { .. })));
        let checked = check_target(Path::new("/dev/null"), None, true);
        assert!(matches!(checked, Err(EncodeError::NotAFile { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_as_target_is_replaced_and_what_it_led_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("older.png"), "older").unwrap();
        std::os::unix::fs::symlink(at("older.png"), at("link.png")).unwrap();
        let write = |overwrite| {
            write_whole(&at("link.png"), None, overwrite, |file| {
                file.write_all(b"new").unwrap();
                Ok(())
            })
        };
        assert!(matches!(write(false), Err(EncodeError::Exists { .. })));
        write(true).unwrap();
        assert_eq!(std::fs::read(at("older.png")).unwrap(), b"older");
        assert_eq!(std::fs::read(at("link.png")).unwrap(), b"new");
        assert!(!at("link.png").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_twin_in_other_letters_is_the_master_only_where_the_disk_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let master = folder.path().join("master.tif");
        std::fs::write(&master, "pixels").unwrap();
        let twin = folder.path().join("MASTER.TIF");
        let checked = check_target(&twin, Some(&master), true);
        let is_refused = matches!(checked, Err(EncodeError::IsMaster { .. }));
        assert_eq!(is_refused, folds_case(folder.path()));
        // What such a disk shows: both names lead to one file.
        if !is_refused {
            std::fs::hard_link(&master, &twin).unwrap();
            let checked = check_target(&twin, Some(&master), true);
            assert!(matches!(checked, Err(EncodeError::IsMaster { .. })));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_is_tried_before_the_work_and_nothing_stays_in_it() {
        let folder = tempfile::tempdir().unwrap();
        check_writable(&folder.path().join("a.png")).unwrap();
        check_writable(&folder.path().join("to/be/made/a.png")).unwrap();
        assert_eq!(names(folder.path()).len(), 0);
        let Err(EncodeError::NoPermission { folder }) = check_writable(Path::new("/sys/new/a.png"))
        else {
            panic!("/sys takes no files");
        };
        assert_eq!(folder, Path::new("/sys"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn errors_name_the_target_and_never_the_temporary_file() {
        // Files are made in this folder by nobody, and the system says so in its own words.
        let target = Path::new("/proc/a.png");
        let raw = tempfile::Builder::new()
            .suffix(".part")
            .tempfile_in("/proc");
        assert!(raw.unwrap_err().to_string().contains(".part"));
        let error = write_whole(target, None, false, |_| Ok(())).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, EncodeError::Io { .. }), "{text}");
        assert!(text.contains("/proc/a.png"), "{text}");
        assert!(!text.contains(".part"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_nobody_may_write_in_is_named() {
        // Not even the superuser creates files here.
        let result = write_whole(Path::new("/sys/a.png"), None, false, |_| Ok(()));
        let Err(EncodeError::NoPermission { folder }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(folder, Path::new("/sys"));
    }

    #[test]
    fn missing_folders_and_folders_as_targets_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let missing = check_target(&folder.path().join("no/a.png"), None, true);
        assert!(matches!(missing, Err(EncodeError::NoFolder { .. })));
        let itself = check_target(folder.path(), None, true);
        assert!(matches!(itself, Err(EncodeError::Folder { .. })));
    }
}
