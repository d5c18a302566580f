//! Files that belong together: made in a hidden folder beside their targets, then named all of them or none.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, TempPath};

use super::EncodeError;
use super::atomic::{Listed, check_target, folder_of, sync_folder};

/// Some files on their way into one folder; dropped before [`Self::publish`] it leaves nothing.
#[derive(Debug)]
pub struct FileSet {
    names: Vec<OsString>,
    folder: PathBuf,
    master: Option<PathBuf>,
    overwrite: bool,
    staging: TempDir,
    /// Takes the staging folder away when the process ends at once.
    _listed: Listed,
}

impl FileSet {
    /// Prepares for `targets`, which lie in one folder. They get their names in this order, so the most important comes
    /// last: where its name is, the others' are.
    ///
    /// # Errors
    /// As [`check_target`] for each of them, and when nothing can be written in their folder.
    pub fn begin(
        targets: &[PathBuf],
        master: Option<&Path>,
        overwrite: bool,
    ) -> Result<Self, EncodeError> {
        for target in targets {
            check_target(target, master, overwrite)?;
        }
        let folder = targets
            .first()
            .map_or(Path::new("."), |target| folder_of(target));
        let staging = tempfile::Builder::new()
            .prefix(".unscratch-")
            .suffix(".part")
            .tempdir_in(folder)
            .map_err(|error| EncodeError::from_io(error, &folder.join("x")))?;
        Ok(Self {
            names: targets
                .iter()
                .map(|target| target.file_name().unwrap_or_default().to_os_string())
                .collect(),
            folder: folder.to_path_buf(),
            master: master.map(Path::to_path_buf),
            overwrite,
            _listed: Listed::new(staging.path()),
            staging,
        })
    }

    /// Where a file of the set is to be written, by the name it will have.
    pub fn staged(&self, target: &Path) -> PathBuf {
        self.staging
            .path()
            .join(target.file_name().unwrap_or_default())
    }

    /// Gives every file its name.
    ///
    /// # Errors
    /// When a name was taken meanwhile or cannot be given; then no new file is left and replaced ones are back.
    pub fn publish(self) -> Result<(), EncodeError> {
        let mut given: Vec<Given> = Vec::new();
        for name in &self.names {
            match self.give(name) {
                Ok(one) => given.push(one),
                Err(error) => {
                    given.into_iter().rev().for_each(Given::take_back);
                    return Err(error);
                }
            }
        }
        sync_folder(&self.folder);
        Ok(())
    }

    fn give(&self, name: &OsString) -> Result<Given, EncodeError> {
        let target = self.folder.join(name);
        // Again, since writing took its time.
        check_target(&target, self.master.as_deref(), self.overwrite)?;
        let failed = |error| EncodeError::from_io(error, &target);
        let mut old_name = name.clone();
        old_name.push(".old");
        let old = self.staging.path().join(old_name);
        let had_old = match std::fs::rename(&target, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(failed(error)),
        };
        let given = Given {
            target: target.clone(),
            old: had_old.then_some(old),
        };
        match name_if_free(self.staging.path().join(name), &target) {
            Ok(()) => Ok(given),
            Err(error) => {
                given.bring_old_back();
                Err(failed(error))
            }
        }
    }
}

/// A file that has its name, and the one that had it before.
struct Given {
    target: PathBuf,
    old: Option<PathBuf>,
}

impl Given {
    fn take_back(self) {
        super::remove_output(&self.target);
        self.bring_old_back();
    }

    fn bring_old_back(&self) {
        let Some(old) = &self.old else { return };
        if let Err(error) = std::fs::rename(old, &self.target) {
            let path = &self.target;
            tracing::error!("the file replaced could not be brought back ({error}): {path:?}");
        }
    }
}

fn name_if_free(from: PathBuf, target: &Path) -> std::io::Result<()> {
    let from = TempPath::try_from_path(from)?;
    match from.persist_noclobber(target) {
        Ok(()) => Ok(()),
        Err(failure) if failure.error.kind() == ErrorKind::AlreadyExists => Err(failure.error),
        // Some file systems (FAT, network shares) cannot name a file only if the name is free.
        Err(failure) if std::fs::symlink_metadata(target).is_err() => {
            Ok(failure.path.persist(target)?)
        }
        Err(failure) => Err(failure.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn fill(set: &FileSet, targets: &[PathBuf], content: &str) {
        for target in targets {
            std::fs::write(set.staged(target), content).unwrap();
        }
    }

    #[test]
    fn all_files_get_their_names_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let targets = ["a", "b", "c"].map(|name| folder.path().join(name));
        std::fs::write(&targets[1], "old").unwrap();
        let set = FileSet::begin(&targets, None, true).unwrap();
        fill(&set, &targets, "new");
        set.publish().unwrap();
        assert_eq!(names(folder.path()), ["a", "b", "c"]);
        assert_eq!(std::fs::read(&targets[1]).unwrap(), b"new");
    }

    #[test]
    fn a_name_taken_meanwhile_leaves_no_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let targets = ["a", "b", "c"].map(|name| folder.path().join(name));
        let set = FileSet::begin(&targets, None, false).unwrap();
        fill(&set, &targets, "new");
        std::fs::write(&targets[1], "somebody else's").unwrap();
        let result = set.publish();
        assert!(matches!(result, Err(EncodeError::Exists { .. })));
        assert_eq!(names(folder.path()), ["b"]);
        assert_eq!(std::fs::read(&targets[1]).unwrap(), b"somebody else's");
    }

    #[test]
    fn a_failure_brings_replaced_files_back() {
        let folder = tempfile::tempdir().unwrap();
        let targets = ["a", "b"].map(|name| folder.path().join(name));
        for target in &targets {
            std::fs::write(target, "old").unwrap();
        }
        let set = FileSet::begin(&targets, None, true).unwrap();
        // The second one was never written.
        fill(&set, &targets[..1], "new");
        assert!(set.publish().is_err());
        assert_eq!(names(folder.path()), ["a", "b"]);
        for target in &targets {
            assert_eq!(std::fs::read(target).unwrap(), b"old");
        }
    }

    #[test]
    fn an_abandoned_set_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let targets = [folder.path().join("a")];
        let set = FileSet::begin(&targets, None, false).unwrap();
        fill(&set, &targets, "half");
        drop(set);
        assert_eq!(names(folder.path()), [""; 0]);
        std::fs::write(&targets[0], "old").unwrap();
        let refused = FileSet::begin(&targets, None, false);
        assert!(matches!(refused, Err(EncodeError::Exists { .. })));
    }
}
