//! Files that belong together: made in a hidden folder beside their targets, then named all of them or none.
//!
//! A file system renames one file at a time, so what is about to be done is written down first (`journal`): whoever comes next
//! to a folder in which a program was killed finishes it (`leftovers`), if the same account had begun it (`ticket`).

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::EncodeError;
use super::atomic::{
    Listed, TEMPORARY_SUFFIX, check_target, folder_of, mark_as_used, sync_folder, temporary_prefix,
};
use super::journal::Journal;
use super::leftovers::LOCK;
use super::ticket::{Ticket, TicketFolder};

/// Some files on their way into one folder; dropped before [`Self::publish`] it leaves nothing.
#[derive(Debug)]
pub struct FileSet {
    names: Vec<OsString>,
    folder: PathBuf,
    master: Option<PathBuf>,
    overwrite: bool,
    staging: TempDir,
    /// Without it nobody finishes the set after this process; dropped behind the staging folder.
    ticket: Option<Ticket>,
    /// Tells other processes that this one is at work; open as long as the set lives.
    _lock: File,
    /// Takes the staging folder away when the process ends at once.
    listed: Listed,
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
        let folder = targets
            .first()
            .map_or(Path::new("."), |target| folder_of(target));
        for target in targets {
            check_target(target, master, overwrite)?;
        }
        let failed = |error| EncodeError::from_io(error, &folder.join("x"));
        let staging = tempfile::Builder::new()
            .prefix(&temporary_prefix())
            .suffix(TEMPORARY_SUFFIX)
            .tempdir_in(folder)
            .map_err(failed)?;
        let lock = File::create(staging.path().join(LOCK)).map_err(failed)?;
        mark_as_used(&lock);
        let ticket = TicketFolder::default_place();
        let ticket = ticket.and_then(|tickets| tickets.begin(staging.path()));
        Ok(Self {
            names: targets
                .iter()
                .map(|target| target.file_name().unwrap_or_default().to_os_string())
                .collect(),
            folder: folder.to_path_buf(),
            master: master.map(Path::to_path_buf),
            overwrite,
            listed: Listed::new(staging.path()),
            _lock: lock,
            staging,
            ticket,
        })
    }

    /// Where a file of the set is to be written, by the name it will have.
    pub fn staged(&self, target: &Path) -> PathBuf {
        self.staging
            .path()
            .join(target.file_name().unwrap_or_default())
    }

    /// The path a staged file (or the staging folder) stands for; any other path as it is.
    pub fn target_of(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(self.staging.path()) {
            Ok(name) if name.as_os_str().is_empty() => self.folder.clone(),
            Ok(name) => self.folder.join(name),
            Err(_elsewhere) => path.to_path_buf(),
        }
    }

    /// Gives every file its name.
    ///
    /// # Errors
    /// When a name was taken meanwhile or cannot be given; then no new file is left and replaced ones are back.
    pub fn publish(self) -> Result<(), EncodeError> {
        let Self {
            names,
            folder,
            master,
            overwrite,
            staging,
            mut ticket,
            _lock,
            listed,
        } = self;
        let path = staging.path();
        for name in &names {
            // Again, since writing took its time.
            check_target(&folder.join(name), master.as_deref(), overwrite)?;
        }
        let journal = Journal::new(&names, path, &folder, master.as_deref(), overwrite)?;
        let failed = |error| EncodeError::from_io(error, &folder.join(journal.last_name()));
        let bytes = journal.to_bytes().map_err(failed)?;
        if let Some(ticket) = &mut ticket
            && let Err(error) = ticket.commit(&bytes)
        {
            tracing::debug!("a set was not noted, nobody would finish it: {error}");
        }
        Journal::write(&bytes, path).map_err(failed)?;
        // From here on the folder may hold what was replaced, so ending at once must not take it away.
        drop(listed);
        match journal.give(path, &folder) {
            Ok(()) => {
                sync_folder(&folder);
                // In this order: a folder without its note would be left alone by whoever comes next.
                drop(staging);
                drop(ticket);
                Ok(())
            }
            Err(error) => {
                if !journal.take_back(path, &folder, None) {
                    let kept = staging.keep();
                    if let Some(ticket) = ticket {
                        ticket.keep();
                    }
                    tracing::error!("the files replaced are kept: {kept:?}");
                }
                Err(error)
            }
        }
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
