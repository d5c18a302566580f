//! Where journals lie, which belongs to a photo, and which are too old or too many. No threads.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::aside::Unread;
use super::calmly;
use super::capture::{MasterId, Recovered};
use super::error::JournalError;
use super::reader::{self, Found};
use super::storage::PART;
use crate::io::hex;

/// End of a journal's name in the data folder.
const KIND: &str = "work";
/// End of a journal's name beside its master.
const BESIDE: &str = ".unscratch-work";
/// End of the file that says whose journal it is while a window is open.
const LOCK: &str = "lock";
/// Journals larger than this are not read, bytes.
const FILE_MAX: u64 = 1 << 30;
/// A file still being written is another window's until it is this old.
const PART_AGE: Duration = Duration::from_hours(24);

/// Where a new journal goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The folder for data of the person's account.
    #[default]
    DataFolder,
    /// The master's folder.
    BesideMaster,
}

/// How much is kept in the data folder; the oldest go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All journals together, bytes.
    pub bytes: u64,
    /// Journals not written to for so long are removed.
    pub age: Duration,
}

impl Default for Limits {
    /// 1 GiB and a year.
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            age: Duration::from_hours(24 * 365),
        }
    }
}

/// One journal, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The journal.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it was last written.
    pub saved_at: SystemTime,
    /// What it belongs to; `None` when nothing in it can be read.
    pub master: Option<MasterId>,
    /// Whether an export holds all of the work.
    pub exported: bool,
    /// Edits that can be undone.
    pub undo_steps: usize,
    /// Whether anything is marked, protected or decided.
    pub has_marks: bool,
    /// Whether there still is a file where the master was.
    pub master_is_there: bool,
}

/// The folder with the journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFolder(PathBuf);

impl JournalFolder {
    /// The one in the person's data folder, if the system names one.
    pub fn default_place() -> Option<Self> {
        directories::ProjectDirs::from("", "", "unscratch")
            .map(|dirs| Self(dirs.data_local_dir().join("work")))
    }

    /// Journals in `folder`, which is made when it is needed.
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal of `master`.
    pub fn file_of(&self, master: &MasterId, place: Place) -> PathBuf {
        match place {
            Place::DataFolder => {
                let mut name = hex(&master.sha256);
                if master.page > 0 {
                    name = format!("{name}-page{}", master.page + 1);
                }
                self.0.join(format!("{name}.{KIND}"))
            }
            Place::BesideMaster => beside(&master.path, master.page),
        }
    }

    /// The latest work on the pixels of `master`, wherever its file was then.
    pub fn find(&self, master: &MasterId) -> Option<(PathBuf, Recovered)> {
        self.find_telling(master, &mut Vec::new())
    }

    /// As [`Self::find`]; what is there and cannot be read goes into `unread`.
    pub(super) fn find_telling(
        &self,
        master: &MasterId,
        unread: &mut Vec<Unread>,
    ) -> Option<(PathBuf, Recovered)> {
        let places = [Place::DataFolder, Place::BesideMaster];
        let mut files = places.map(|place| self.file_of(master, place)).to_vec();
        // Where the work on every page once lay.
        files.push(beside(&master.path, 0));
        files.dedup();
        let mut found: Vec<_> = files
            .iter()
            .filter_map(|file| Some((file.clone(), read_telling(file, unread)?)))
            .collect();
        // What an older program could not read and set aside.
        let kept = files.iter().flat_map(|file| super::aside::kept_of(file));
        found.extend(kept.filter_map(|file| Some((file.clone(), read(&file).ok()?))));
        found.retain(|(_, recovered)| recovered.master.is_same(master));
        found
            .into_iter()
            .max_by_key(|(_, recovered)| recovered.saved_at)
    }

    /// The latest work on that page of what was in the master's place before, when that was another file; what is there and
    /// cannot be read goes into `unread`, unless [`Self::find_telling`] tells of it.
    pub(super) fn find_changed(
        &self,
        master: &MasterId,
        unread: &mut Vec<Unread>,
    ) -> Option<(PathBuf, Recovered)> {
        let was_here = |entry: &Entry| {
            let known = entry.master.as_ref();
            known.is_some_and(|it| {
                it.path == master.path && it.page == master.page && it.sha256 != master.sha256
            })
        };
        let listed = self.list().into_iter().filter(was_here);
        let mut found: Vec<_> = listed
            .filter_map(|entry| {
                let recovered = read_telling(&entry.file, unread)?;
                Some((entry.file, recovered))
            })
            .collect();
        let beside = beside(&master.path, master.page);
        found.extend(read(&beside).ok().map(|recovered| (beside, recovered)));
        found.retain(|(_, recovered)| {
            let was = &recovered.master;
            was.page == master.page && was.sha256 != master.sha256
        });
        found
            .into_iter()
            .max_by_key(|(_, recovered)| recovered.saved_at)
    }

    /// All journals in the folder, the latest first; those beside masters are not among them.
    pub fn list(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = files_in(&self.0, KIND)
            .filter_map(|file| entry_of(&file))
            .collect();
        entries.sort_by(|a, b| b.saved_at.cmp(&a.saved_at).then(a.file.cmp(&b.file)));
        entries
    }

    /// Removes what is too old or too much, and what writes that never ended left behind.
    ///
    /// Journals that a window is writing to stay.
    pub fn tidy(&self, limits: Limits, now: SystemTime) {
        let mut total = 0;
        for entry in self.list() {
            total += entry.bytes;
            let age = now.duration_since(entry.saved_at).unwrap_or_default();
            if (total > limits.bytes || age > limits.age) && self.remove(&entry.file).is_ok() {
                total -= entry.bytes;
                tracing::info!(
                    "autosaved work was removed for its age or size: {:?}",
                    entry.file
                );
            }
        }
        for part in files_in(&self.0, PART.trim_start_matches('.')) {
            let age = part.metadata().and_then(|facts| facts.modified()).ok();
            let age = age.and_then(|since| now.duration_since(since).ok());
            if age.is_some_and(|age| age > PART_AGE) {
                remove_quietly(&part);
            }
        }
        for mark in files_in(&self.0, LOCK) {
            let is_orphan = !mark.with_extension("").exists();
            if is_orphan && File::open(&mark).is_ok_and(|mark| mark.try_lock().is_ok()) {
                remove_quietly(&mark);
            }
        }
    }

    /// Reads a journal of this folder.
    ///
    /// # Errors
    /// [`JournalError`] when there is none, or nothing in it can be read.
    pub fn read(&self, file: &Path) -> Result<Recovered, JournalError> {
        read(file)
    }

    /// Removes a journal; one that is gone already is no failure.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when a window is writing to it, else what the system says.
    pub fn remove(&self, file: &Path) -> Result<(), JournalError> {
        let mark = Mark::take(file)?;
        let outcome = match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(JournalError::from_io(error, file))
            }
            _ => Ok(()),
        };
        mark.remove();
        outcome
    }
}

/// Says to other windows that a journal is being written to, for as long as it lives.
#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
    /// `None` where the file system knows no locks.
    file: Option<File>,
}

impl Mark {
    /// Takes the journal `file`; whoever held it and was killed holds it no more.
    pub fn take(file: &Path) -> Result<Self, JournalError> {
        let mut path = file.as_os_str().to_owned();
        path.push(".");
        path.push(LOCK);
        let path = PathBuf::from(path);
        let failed = |error| JournalError::from_io(error, file);
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let mark = options.open(&path).map_err(failed)?;
        match mark.try_lock() {
            Ok(()) => Ok(Self {
                path,
                file: Some(mark),
            }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy {
                path: file.to_path_buf(),
            }),
            Err(TryLockError::Error(error)) => {
                tracing::debug!("no lock for a journal ({error}): {file:?}");
                Ok(Self { path, file: None })
            }
        }
    }

    fn remove(self) {
        remove_quietly(&self.path);
        drop(self.file);
    }
}

/// Reads a journal.
///
/// # Errors
/// [`JournalError`] when there is none, or nothing in it can be read.
pub(super) fn read(file: &Path) -> Result<Recovered, JournalError> {
    let path = file.to_path_buf();
    let bytes = bytes_of(file)?;
    match calmly(|| reader::recover(&bytes)).unwrap_or(Found::Nothing) {
        Found::Whole(recovered) => Ok(recovered),
        Found::Newer => Err(JournalError::Newer { path }),
        Found::Nothing => Err(JournalError::Unreadable { path }),
    }
}

/// As [`read`]; a file that is there and cannot be read goes into `unread`.
fn read_telling(file: &Path, unread: &mut Vec<Unread>) -> Option<Recovered> {
    let outcome = read(file);
    if let Err(error) = &outcome {
        unread.extend(Unread::of(file, error));
    }
    outcome.ok()
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, JournalError> {
    let failed = |error| JournalError::from_io(error, file);
    let facts = std::fs::metadata(file).map_err(failed)?;
    if !facts.is_file() || facts.len() > FILE_MAX {
        let path = file.to_path_buf();
        return Err(JournalError::Unreadable { path });
    }
    std::fs::read(file).map_err(failed)
}

fn entry_of(file: &Path) -> Option<Entry> {
    let facts = std::fs::metadata(file).ok()?;
    let outline = bytes_of(file)
        .ok()
        .and_then(|bytes| reader::outline(&bytes));
    let modified = facts.modified().unwrap_or(UNIX_EPOCH);
    Some(Entry {
        file: file.to_path_buf(),
        bytes: facts.len(),
        saved_at: outline
            .as_ref()
            .and_then(|it| UNIX_EPOCH.checked_add(it.saved_at))
            .unwrap_or(modified),
        exported: outline.as_ref().is_some_and(|it| it.exported),
        undo_steps: outline.as_ref().map_or(0, |it| it.undo_steps),
        has_marks: outline.as_ref().is_some_and(|it| it.has_marks),
        master_is_there: outline.as_ref().is_some_and(|it| it.master.path.exists()),
        master: outline.map(|it| it.master),
    })
}

/// The name of the journal beside `master` for its page `page`, counted from 0.
fn beside(master: &Path, page: u32) -> PathBuf {
    let name = master.file_name().unwrap_or_default().to_string_lossy();
    let page = match page {
        0 => String::new(),
        page => format!("-page{}", page + 1),
    };
    master.with_file_name(format!(".{name}{page}{BESIDE}"))
}

fn files_in(folder: &Path, kind: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.filter(move |path| path.extension().is_some_and(|end| end == kind))
}

fn remove_quietly(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("a file was not removed ({error}): {file:?}");
    }
}
