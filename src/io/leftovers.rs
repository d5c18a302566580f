//! What processes that were killed left in a folder: a set of files that was being named is finished or taken back, temporary
//! files go. Nothing but names of our own pattern is looked at, and nothing that a living process still needs.
//!
//! A name holds its process's number, and the process keeps the file locked. Both have to say that it is gone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::atomic::{TEMPORARY_PREFIX, TEMPORARY_SUFFIX};
use super::journal::{Journal, Resolved};
use super::ticket::{Known, TicketFolder};

/// The file of a staging folder that is locked while its process lives.
pub(super) const LOCK: &str = "lock";
/// Between making a temporary file and locking it a process needs less than this.
const LOCKED_AFTER: Duration = Duration::from_secs(2);
/// From this age on a lock alone tells, where the system does not say which processes live.
const OLD: Duration = Duration::from_hours(24);

/// What was found of a process that was killed, and done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leftover {
    /// All files of a set have their names now.
    Finished {
        /// The set's most important file.
        file: PathBuf,
    },
    /// A set's files are as they were before.
    TakenBack {
        /// The set's most important file.
        file: PathBuf,
    },
    /// A set could not be finished, and nothing was touched.
    Unclear {
        /// Why, as the end of a sentence.
        reason: String,
        /// Where its files lie.
        folder: PathBuf,
    },
    /// A set that this account did not begin, or cannot know any more; nothing was touched.
    Foreign {
        /// Where its files lie.
        folder: PathBuf,
    },
    /// A temporary file or folder without anything of use in it was removed.
    Removed {
        /// Its name.
        file: PathBuf,
    },
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finished { file } => write!(
                f,
                "an export that had been interrupted was finished: {}",
                file.display()
            ),
            Self::TakenBack { file } => write!(
                f,
                "an export that had been interrupted was taken back, the older files are there again: {}",
                file.display()
            ),
            Self::Unclear { reason, folder } => write!(
                f,
                "an interrupted export left its files behind and they were not touched ({reason}); look at them and delete the folder: {}",
                folder.display()
            ),
            Self::Foreign { folder } => write!(
                f,
                "an export into this folder was interrupted or is going on elsewhere, and nothing of it was touched: only the account and computer that began it finish it, with the next export or verify there; if nobody does, look at its files and delete the folder: {}",
                folder.display()
            ),
            Self::Removed { file } => write!(
                f,
                "what an interrupted export left behind was removed: {}",
                file.display()
            ),
        }
    }
}

/// Clears `folder` of what killed processes left there; what was done, for the person. `master` is never touched.
///
/// A set of files is finished or taken back only where this account's own data folder says that it began it: a folder may
/// have come from anybody. A folder that cannot be read or written is left as it is.
pub fn clear_leftovers(folder: &Path, master: Option<&Path>) -> Vec<Leftover> {
    clear_known(folder, master, TicketFolder::default_place().as_ref())
}

fn clear_known(
    folder: &Path,
    master: Option<&Path>,
    tickets: Option<&TicketFolder>,
) -> Vec<Leftover> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut found: Vec<PathBuf> = names
        .filter(|name| name.to_str().is_some_and(|name| process_of(name).is_some()))
        .map(|name| folder.join(name))
        .collect();
    found.sort();
    let clear = |path: &PathBuf| clear(path, master, tickets);
    found.iter().filter_map(clear).collect()
}

/// The number of the process that made a temporary name; `None` for names of others.
fn process_of(name: &str) -> Option<u32> {
    let inner = name.strip_prefix(TEMPORARY_PREFIX)?;
    let inner = inner.strip_suffix(TEMPORARY_SUFFIX)?;
    let (process, random) = inner.split_once('-')?;
    let is_random = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_number = process.bytes().all(|byte| byte.is_ascii_digit());
    (is_random && is_number).then(|| process.parse().ok())?
}

fn clear(path: &Path, master: Option<&Path>, tickets: Option<&TicketFolder>) -> Option<Leftover> {
    let facts = std::fs::symlink_metadata(path).ok()?;
    let age = SystemTime::now().duration_since(facts.modified().ok()?);
    let process = process_of(path.file_name()?.to_str()?)?;
    let is_dead = process != std::process::id() && lives(process) == Some(false);
    let is_abandoned = age.is_ok_and(|age| age >= OLD || (is_dead && age >= LOCKED_AFTER));
    if facts.is_dir() {
        return clear_set(path, is_abandoned, master, tickets);
    }
    if !facts.is_file() || !is_abandoned {
        return None;
    }
    let file = File::open(path).ok()?;
    file.try_lock().ok()?;
    std::fs::remove_file(path).ok()?;
    Some(Leftover::Removed {
        file: path.to_path_buf(),
    })
}

/// Whether a process of this number lives; `None` where the system does not tell.
fn lives(process: u32) -> Option<bool> {
    let table = Path::new("/proc");
    table
        .join("self")
        .exists()
        .then(|| table.join(process.to_string()).exists())
}

/// Finishes the set of a staging folder whose process is gone, or takes it back, and removes the folder.
fn clear_set(
    staging: &Path,
    is_abandoned: bool,
    master: Option<&Path>,
    tickets: Option<&TicketFolder>,
) -> Option<Leftover> {
    let Ok(lock) = File::open(staging.join(LOCK)) else {
        // Killed before there was anything in it; a folder with content stays.
        let is_removed = is_abandoned && std::fs::remove_dir(staging).is_ok();
        return is_removed.then(|| Leftover::Removed {
            file: staging.to_path_buf(),
        });
    };
    // The lock is older than anything else in the folder, so it tells alone.
    lock.try_lock().ok()?;
    let folder = staging.parent()?;
    let (known, ticket) = tickets.map_or((Known::Nothing, None), |all| all.look(staging));
    let resolved = match known {
        Known::Begun | Known::Journal(_) if !Journal::is_in(staging) => Leftover::Removed {
            file: staging.to_path_buf(),
        },
        Known::Nothing | Known::Begun => {
            let folder = staging.to_path_buf();
            return Some(Leftover::Foreign { folder });
        }
        Known::Journal(sha256) => {
            let journal = Journal::read(staging, &sha256).map_err(|error| error.to_string());
            let resolved = journal.and_then(|journal| {
                let file = folder.join(journal.last_name());
                Ok((journal.resume(staging, folder, master)?, file))
            });
            match resolved {
                Ok((Resolved::Finished, file)) => Leftover::Finished { file },
                Ok((Resolved::TakenBack, file)) => Leftover::TakenBack { file },
                Err(reason) => {
                    let folder = staging.to_path_buf();
                    return Some(Leftover::Unclear { reason, folder });
                }
            }
        }
    };
    match std::fs::remove_dir_all(staging) {
        Ok(()) => {
            if let Some(ticket) = ticket {
                ticket.discard();
            }
        }
        Err(error) => {
            tracing::debug!("a staging folder was not removed ({error}): {staging:?}");
        }
    }
    Some(resolved)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    /// A number no process has: Linux counts to 4194304 at most.
    const NOBODY: u32 = 4_194_999;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn age(path: &Path) {
        let hour_ago = SystemTime::now() - Duration::from_hours(1);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(hour_ago).unwrap();
    }

    /// Where this account notes what it has begun.
    fn tickets() -> (tempfile::TempDir, TicketFolder) {
        let data = tempfile::tempdir().unwrap();
        let tickets = TicketFolder::new(data.path().join("a/b"));
        (data, tickets)
    }

    /// Writes the journal, and its note as the process that was killed did.
    fn commit(journal: &Journal, staging: &Path, tickets: &TicketFolder) {
        let bytes = journal.to_bytes().unwrap();
        let mut ticket = tickets.begin(staging).unwrap();
        ticket.commit(&bytes).unwrap();
        ticket.keep();
        Journal::write(&bytes, staging).unwrap();
    }

    /// A folder with the files a and b, and the staging folder of a set that is to replace b and add c, its journal written.
    fn interrupted(folder: &Path, tickets: &TicketFolder) -> PathBuf {
        let staging = folder.join(format!(".unscratch-{NOBODY}-aBc123.part"));
        std::fs::create_dir(&staging).unwrap();
        std::fs::write(staging.join(LOCK), "").unwrap();
        for name in ["a", "b"] {
            std::fs::write(folder.join(name), "old").unwrap();
        }
        for name in ["b", "c", "d"] {
            std::fs::write(staging.join(name), "newer").unwrap();
        }
        let set = ["b", "c", "d"].map(OsString::from);
        let journal = Journal::new(&set, &staging, folder, None, true).unwrap();
        commit(&journal, &staging, tickets);
        staging
    }

    fn content(folder: &Path) -> Vec<(String, String)> {
        let read = |name: String| {
            let text = std::fs::read_to_string(folder.join(&name)).unwrap();
            (name, text)
        };
        names(folder).into_iter().map(read).collect()
    }

    fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        wanted.iter().map(pair).collect()
    }

    #[test]
    fn a_set_killed_after_any_of_its_names_is_finished() {
        for given in 0..=3 {
            let folder = tempfile::tempdir().unwrap();
            let (_data, tickets) = tickets();
            let staging = interrupted(folder.path(), &tickets);
            for name in &["b", "c", "d"][..given] {
                if *name == "b" {
                    std::fs::hard_link(folder.path().join(name), staging.join("b.old")).unwrap();
                }
                std::fs::rename(staging.join(name), folder.path().join(name)).unwrap();
            }
            let found = clear_known(folder.path(), None, Some(&tickets));
            let file = folder.path().join("d");
            assert_eq!(found, [Leftover::Finished { file }], "{given}");
            let wanted = [("a", "old"), ("b", "newer"), ("c", "newer"), ("d", "newer")];
            assert_eq!(content(folder.path()), pairs(&wanted), "{given}");
        }
    }

    #[test]
    fn a_set_that_was_being_taken_back_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (_data, tickets) = tickets();
        let staging = interrupted(folder.path(), &tickets);
        std::fs::rename(folder.path().join("b"), staging.join("b.old")).unwrap();
        for name in ["b", "c"] {
            std::fs::rename(staging.join(name), folder.path().join(name)).unwrap();
        }
        std::fs::write(staging.join("taking-back"), "").unwrap();
        let found = clear_known(folder.path(), None, Some(&tickets));
        assert!(matches!(found[..], [Leftover::TakenBack { .. }]));
        let wanted = [("a", "old"), ("b", "old")];
        assert_eq!(content(folder.path()), pairs(&wanted));
    }

    #[test]
    fn files_changed_since_are_never_touched() {
        for changed in ["b", "c"] {
            let folder = tempfile::tempdir().unwrap();
            let (_data, tickets) = tickets();
            let staging = interrupted(folder.path(), &tickets);
            std::fs::write(folder.path().join(changed), "somebody else's").unwrap();
            let found = clear_known(folder.path(), None, Some(&tickets));
            let [Leftover::Unclear { reason, .. }] = &found[..] else {
                panic!("{found:?}");
            };
            assert!(reason.contains(changed), "{reason}");
            let text = std::fs::read_to_string(folder.path().join(changed)).unwrap();
            assert_eq!(text, "somebody else's");
            assert_eq!(names(&staging).len(), 5);
        }
    }

    #[test]
    fn an_interrupted_set_never_replaces_its_master() {
        let folder = tempfile::tempdir().unwrap();
        let (_data, tickets) = tickets();
        let staging = interrupted(folder.path(), &tickets);
        let master = folder.path().join("a");
        let set = ["b", "c", "d"].map(OsString::from);
        let journal = Journal::new(&set, &staging, folder.path(), Some(&master), true).unwrap();
        commit(&journal, &staging, &tickets);
        std::fs::rename(&master, folder.path().join("b")).unwrap();
        std::fs::hard_link(folder.path().join("b"), &master).unwrap();
        let found = clear_known(folder.path(), None, Some(&tickets));
        assert!(matches!(found[..], [Leftover::Unclear { .. }]), "{found:?}");
        assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), b"old");
    }

    #[test]
    fn what_a_living_process_needs_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (_data, tickets) = tickets();
        let staging = interrupted(folder.path(), &tickets);
        let held = File::open(staging.join(LOCK)).unwrap();
        held.lock().unwrap();
        let file = folder
            .path()
            .join(format!(".unscratch-{NOBODY}-xyz123.part"));
        std::fs::write(&file, "half").unwrap();
        age(&file);
        let writer = File::open(&file).unwrap();
        writer.lock().unwrap();
        assert_eq!(clear_known(folder.path(), None, Some(&tickets)), []);
        drop(writer);
        assert_eq!(
            clear_known(folder.path(), None, Some(&tickets)),
            [Leftover::Removed { file }]
        );
        assert!(staging.exists());
    }

    #[test]
    fn only_old_files_of_our_own_pattern_and_dead_processes_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: String| folder.path().join(name);
        let kept = [
            ".unscratch-aBc123.part".to_owned(),
            ".unscratch-12-aBc123.part.txt".to_owned(),
            format!(".unscratch-{NOBODY}-aBc1234.part"),
            format!("unscratch-{NOBODY}-aBc123.part"),
            format!(".unscratch-{}-aBc123.part", std::process::id()),
            ".unscratch-1-aBc123.part".to_owned(),
        ];
        for name in &kept {
            std::fs::write(at(name.clone()), "x").unwrap();
            age(&at(name.clone()));
        }
        let young = at(format!(".unscratch-{NOBODY}-young1.part"));
        std::fs::write(young, "x").unwrap();
        let gone = at(format!(".unscratch-{NOBODY}-aBc123.part"));
        std::fs::write(&gone, "x").unwrap();
        age(&gone);
        let found = clear_known(folder.path(), None, None);
        assert_eq!(found, [Leftover::Removed { file: gone }]);
        assert_eq!(names(folder.path()).len(), kept.len() + 1);
    }

    #[test]
    fn a_set_that_this_account_did_not_begin_is_only_named() {
        let (_data, ours) = tickets();
        let (_elsewhere, theirs) = tickets();
        for (is_back, tickets) in [(false, Some(&ours)), (true, Some(&ours)), (true, None)] {
            let folder = tempfile::tempdir().unwrap();
            let staging = interrupted(folder.path(), &theirs);
            if is_back {
                std::fs::write(staging.join("taking-back"), "").unwrap();
                std::fs::write(staging.join("a.old"), "evil").unwrap();
            }
            let before = names(&staging);
            let found = clear_known(folder.path(), None, tickets);
            let named = Leftover::Foreign {
                folder: staging.clone(),
            };
            assert_eq!(found, [named]);
            assert_eq!(names(&staging), before);
            assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"old");
            assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), b"old");
        }
    }

    #[test]
    fn a_journal_changed_since_it_was_noted_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (_data, tickets) = tickets();
        let staging = interrupted(folder.path(), &tickets);
        std::fs::write(folder.path().join("m.tif"), "master").unwrap();
        std::fs::write(staging.join("m.tif.old"), "evil").unwrap();
        std::fs::write(staging.join("taking-back"), "").unwrap();
        let facts = r#"{"bytes":4,"modified":{"secs":0,"nanos":0}}"#;
        let journal = format!(
            r#"{{"version":1,"overwrite":true,"master":null,"files":[{{"name":"m.tif","new":{facts},"old":{facts}}}]}}"#
        );
        std::fs::write(staging.join("journal.json"), &journal).unwrap();
        let found = clear_known(folder.path(), None, Some(&tickets));
        assert!(matches!(found[..], [Leftover::Unclear { .. }]), "{found:?}");
        let master = std::fs::read(folder.path().join("m.tif")).unwrap();
        assert_eq!(master, b"master");
        // Not even where the note says that it is ours: neither file is what the journal says.
        let mut ticket = tickets.begin(&staging).unwrap();
        ticket.commit(journal.as_bytes()).unwrap();
        ticket.keep();
        let found = clear_known(folder.path(), None, Some(&tickets));
        assert!(matches!(found[..], [Leftover::Unclear { .. }]), "{found:?}");
        let master = std::fs::read(folder.path().join("m.tif")).unwrap();
        assert_eq!(master, b"master");
    }

    #[test]
    fn the_master_of_a_record_being_verified_is_never_touched() {
        for is_back in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (_data, tickets) = tickets();
            let staging = interrupted(folder.path(), &tickets);
            let master = folder.path().join("b");
            if is_back {
                std::fs::rename(&master, staging.join("b.old")).unwrap();
                std::fs::rename(staging.join("b"), &master).unwrap();
                std::fs::write(staging.join("taking-back"), "").unwrap();
            }
            let before = std::fs::read(&master).unwrap();
            let found = clear_known(folder.path(), Some(&master), Some(&tickets));
            assert!(matches!(found[..], [Leftover::Unclear { .. }]), "{found:?}");
            assert_eq!(std::fs::read(&master).unwrap(), before);
        }
    }

    #[test]
    fn a_set_killed_before_its_journal_is_removed_with_its_note() {
        let folder = tempfile::tempdir().unwrap();
        let (data, tickets) = tickets();
        let staging = interrupted(folder.path(), &tickets);
        std::fs::remove_file(staging.join("journal.json")).unwrap();
        let found = clear_known(folder.path(), None, Some(&tickets));
        assert_eq!(found, [Leftover::Removed { file: staging }]);
        assert_eq!(names(folder.path()), ["a", "b"]);
        assert_eq!(names(data.path()), [""; 0]);
    }
}
