//! What a set of files is about to do to its folder, written down beforehand, so that a program killed in the middle can be
//! followed by one that finishes the work or takes it back. Knows no file format.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;

use super::atomic::{check_target, remove_output, sync_folder};
use super::{EncodeError, is_same_file};

/// The journal's name in the staging folder; a file of this name is whole.
const JOURNAL: &str = "journal.json";
/// Where it stands: a set with this file was being taken back.
const TAKING_BACK: &str = "taking-back";
/// What a replaced file is kept under: its name with this behind it.
const OLD: &str = ".old";
/// How far two looks at one file's time may lie apart: FAT keeps even seconds.
const TIME_GRAIN: Duration = Duration::from_secs(2);
/// Longest journal read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;

/// The files of one set, in the order in which they get their names.
#[derive(Debug, Serialize, Deserialize)]
pub struct Journal {
    version: u32,
    overwrite: bool,
    /// Never to be replaced, whatever name it has by then.
    master: Option<PathBuf>,
    files: Vec<Step>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    name: String,
    new: Facts,
    /// The file that has the name before.
    old: Option<Facts>,
}

/// What tells one file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Facts {
    bytes: u64,
    /// When it was last written, since 1970.
    modified: Duration,
}

impl Facts {
    fn of(path: &Path) -> Option<Self> {
        Some(Self::new(&std::fs::symlink_metadata(path).ok()?))
    }

    fn new(facts: &Metadata) -> Self {
        let modified = facts.modified().unwrap_or(UNIX_EPOCH);
        Self {
            bytes: facts.len(),
            modified: modified.duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    fn is(self, other: Option<Self>) -> bool {
        other.is_some_and(|other| {
            self.bytes == other.bytes && self.modified.abs_diff(other.modified) <= TIME_GRAIN
        })
    }
}

/// What was found to be done about a set that was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// All files have their names now.
    Finished,
    /// The folder is as it was before.
    TakenBack,
}

impl Journal {
    /// The files `names` of `staging` on their way to `folder`.
    ///
    /// # Errors
    /// When one of them is missing in `staging` or has no Unicode name.
    pub fn new(
        names: &[std::ffi::OsString],
        staging: &Path,
        folder: &Path,
        master: Option<&Path>,
        overwrite: bool,
    ) -> Result<Self, EncodeError> {
        let step = |name: &std::ffi::OsString| {
            let target = folder.join(name);
            let failed = |error| EncodeError::from_io(error, &target);
            let text = name.to_str();
            let text = text.ok_or_else(|| failed(ErrorKind::InvalidFilename.into()))?;
            let new = std::fs::symlink_metadata(staging.join(name)).map_err(failed)?;
            Ok(Step {
                name: text.to_owned(),
                new: Facts::new(&new),
                old: Facts::of(&target),
            })
        };
        let files: Result<Vec<Step>, EncodeError> = names.iter().map(step).collect();
        Ok(Self {
            version: 1,
            overwrite,
            // Another run may stand in another folder.
            master: master.and_then(|master| std::path::absolute(master).ok()),
            files: files?,
        })
    }

    /// The journal as it is written.
    ///
    /// # Errors
    /// When it has no text.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Writes a journal's bytes into `staging`, whole and flushed; from then on the set is to be finished.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(bytes: &[u8], staging: &Path) -> std::io::Result<()> {
        let half = staging.join("journal.part");
        let mut file = File::create(&half)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(half, staging.join(JOURNAL))?;
        sync_folder(staging);
        Ok(())
    }

    /// Whether there is a journal in `staging`; without one no name had been given.
    pub fn is_in(staging: &Path) -> bool {
        staging.join(JOURNAL).symlink_metadata().is_ok()
    }

    /// The journal in `staging`, if it is the one whose SHA-256 was noted.
    ///
    /// # Errors
    /// When it is another one or cannot be read.
    pub fn read(staging: &Path, sha256: &[u8; 32]) -> std::io::Result<Self> {
        let path = staging.join(JOURNAL);
        let facts = std::fs::symlink_metadata(&path)?;
        if !facts.is_file() || facts.len() > LONGEST_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        let bytes = std::fs::read(path)?;
        if Sha256::digest(&bytes).as_slice() != sha256 {
            let reason = "its journal is not the one that was written";
            return Err(std::io::Error::new(ErrorKind::InvalidData, reason));
        }
        Self::from_bytes(&bytes)
    }

    /// A journal out of its bytes.
    ///
    /// # Errors
    /// When they are none, or name a file that does not lie in the folder itself.
    pub fn from_bytes(bytes: &[u8]) -> std::io::Result<Self> {
        let journal: Self = serde_json::from_slice(bytes)?;
        let is_plain = |step: &Step| {
            let name = Path::new(&step.name);
            name.file_name() == Some(name.as_os_str())
        };
        if journal.version == 1 && journal.files.iter().all(is_plain) {
            Ok(journal)
        } else {
            Err(ErrorKind::InvalidData.into())
        }
    }

    /// The name of the most important file, which is given last.
    pub fn last_name(&self) -> &str {
        self.files.last().map_or("", |step| &step.name)
    }

    /// Gives every file its name and keeps those replaced in `staging`.
    ///
    /// # Errors
    /// When a name was taken meanwhile or cannot be given; [`Self::take_back`] is to follow.
    pub fn give(&self, staging: &Path, folder: &Path) -> Result<(), EncodeError> {
        for step in &self.files {
            let target = folder.join(&step.name);
            check_target(&target, self.master.as_deref(), self.overwrite)?;
            if step.old.is_some() {
                keep_old(&target, &step.old_path(staging))
                    .map_err(|error| EncodeError::from_io(error, &target))?;
            }
            step.name_new(staging, &target)?;
        }
        sync_folder(folder);
        Ok(())
    }

    /// Undoes what [`Self::give`] has done so far; false when a file that was replaced could not be brought back. Neither the
    /// journal's master nor `master` is touched, nor anything that is not what the journal says.
    pub fn take_back(&self, staging: &Path, folder: &Path, master: Option<&Path>) -> bool {
        if let Err(error) = File::create(staging.join(TAKING_BACK)) {
            tracing::debug!("taking a set back was not noted ({error}): {staging:?}");
        }
        let mut is_whole = true;
        for step in self.files.iter().rev() {
            let target = folder.join(&step.name);
            let old = step.old_path(staging);
            let is_master = self.is_master(&target, master);
            if old.symlink_metadata().is_ok() {
                if let Err(error) = step.bring_back(staging, &target, is_master) {
                    is_whole = false;
                    tracing::error!(
                        "the file replaced could not be brought back ({error}): {target:?}"
                    );
                }
            } else if step.old.is_none() && !is_master && step.is_given(staging, &target) {
                remove_output(&target);
            }
        }
        sync_folder(folder);
        is_whole
    }

    fn is_master(&self, target: &Path, master: Option<&Path>) -> bool {
        let masters = [self.master.as_deref(), master];
        let mut masters = masters.into_iter().flatten();
        masters.any(|master| is_same_file(master, target))
    }

    /// Finishes what another process began and left, or takes it back if that one was about to.
    ///
    /// # Errors
    /// A sentence's end, when a file in `folder` is neither the old nor the new one: then nothing is touched; or when a file
    /// cannot be named: then the next attempt goes on. `master` is never touched, whatever the journal says.
    pub fn resume(
        &self,
        staging: &Path,
        folder: &Path,
        master: Option<&Path>,
    ) -> Result<Resolved, String> {
        if staging.join(TAKING_BACK).exists() {
            return if self.take_back(staging, folder, master) {
                Ok(Resolved::TakenBack)
            } else {
                Err("a file that was replaced could not be brought back".to_owned())
            };
        }
        for step in &self.files {
            let target = folder.join(&step.name);
            for master in [self.master.as_deref(), master] {
                check_target(&target, master, true).map_err(|error| error.to_string())?;
            }
            if !step.is_given(staging, &target) && !step.is_waiting(staging, &target) {
                return Err(format!("{:?} has changed since", step.name));
            }
        }
        for step in &self.files {
            let target = folder.join(&step.name);
            if !step.is_given(staging, &target) {
                step.name_new(staging, &target)
                    .map_err(|error| error.to_string())?;
            }
        }
        sync_folder(folder);
        Ok(Resolved::Finished)
    }
}

impl Step {
    fn old_path(&self, staging: &Path) -> PathBuf {
        staging.join(format!("{}{OLD}", self.name))
    }

    /// Whether the new file has its name.
    fn is_given(&self, staging: &Path, target: &Path) -> bool {
        staging.join(&self.name).symlink_metadata().is_err() && self.new.is(Facts::of(target))
    }

    /// Whether the new file is still to get its name, and that is the old file's or free, as it was.
    fn is_waiting(&self, staging: &Path, target: &Path) -> bool {
        let staged = staging.join(&self.name);
        let is_there = self.new.is(Facts::of(&staged));
        let found = Facts::of(target);
        let is_unchanged = match (self.old, found) {
            (None, None) => true,
            (None, Some(_)) => is_same_file(&staged, target),
            (Some(old), None) => old.is(Facts::of(&self.old_path(staging))),
            (Some(old), found) => old.is(found),
        };
        is_there && is_unchanged
    }

    /// Gives the file that was replaced its name again, if it is that file and nobody else's has the name.
    fn bring_back(&self, staging: &Path, target: &Path, is_master: bool) -> std::io::Result<()> {
        let old = self.old_path(staging);
        let found = Facts::of(target);
        let is_old = self.old.is_some_and(|facts| facts.is(Facts::of(&old)));
        let is_free = found.is_none() || is_same_file(&old, target);
        if is_master || !is_old || !(is_free || self.new.is(found)) {
            let reason = "one of the two is not the file that was noted";
            return Err(std::io::Error::new(ErrorKind::InvalidData, reason));
        }
        std::fs::rename(old, target)
    }

    /// Gives the new file its name, which nobody has but the file to be replaced.
    fn name_new(&self, staging: &Path, target: &Path) -> Result<(), EncodeError> {
        let new = staging.join(&self.name);
        let named = if self.old.is_some() {
            std::fs::rename(new, target)
        } else {
            name_if_free(new, target)
        };
        named.map_err(|error| EncodeError::from_io(error, target))
    }
}

/// Keeps the file at `target` under the name `old` too, or only there where files have one name.
fn keep_old(target: &Path, old: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(target, old) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        Err(_no_links) => std::fs::rename(target, old),
        Ok(()) => Ok(()),
    }
}

fn name_if_free(from: PathBuf, target: &Path) -> std::io::Result<()> {
    if is_same_file(&from, target) {
        // A name given by linking, and the other one not yet gone.
        return std::fs::remove_file(from);
    }
    let mut from = TempPath::try_from_path(from)?;
    from.disable_cleanup(true);
    match from.persist_noclobber(target) {
        Ok(()) => Ok(()),
        Err(failure) if failure.error.kind() == ErrorKind::AlreadyExists => Err(failure.error),
        // Some file systems (FAT, network shares) cannot name a file only if the name is free.
        Err(failure) if std::fs::symlink_metadata(target).is_err() => {
            std::fs::rename(&failure.path, target)
        }
        Err(failure) => Err(failure.error),
    }
}
