//! What this account has begun, noted in its own data folder: only a set of files with such a note is ever finished or taken
//! back, since its journal lies in a folder that may have come from anybody.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::atomic::{Listed, sync_folder};
use super::hex;

/// End of a note's name.
const KIND: &str = "set";
/// A set nobody came back to for so long is forgotten.
const KEPT: Duration = Duration::from_hours(24 * 365);
/// Longest note read, bytes.
const LONGEST_BYTES: u64 = 1 << 16;

/// The folder of the notes.
#[derive(Clone, Debug)]
pub(super) struct TicketFolder(PathBuf);

/// The note of one set; gone when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    path: PathBuf,
    staging: PathBuf,
    is_kept: bool,
    /// Takes the note away when the process ends at once.
    listed: Option<Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    /// For a person who finds the file.
    staging: String,
    /// SHA-256 of the journal as it was written, in hexadecimal digits; `None` before that.
    journal_sha256: Option<String>,
}

/// What the notes say of a staging folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: this account did not begin the set, or the folder was moved.
    Nothing,
    /// It was begun, and no name was about to be given.
    Begun,
    /// Its journal has this SHA-256.
    Journal([u8; 32]),
}

impl TicketFolder {
    /// The one in the person's data folder, if the system names one.
    pub(super) fn default_place() -> Option<Self> {
        directories::ProjectDirs::from("", "", "unscratch")
            .map(|dirs| Self(dirs.data_local_dir().join("exports")))
    }

    /// Notes in `folder`, which is made when it is needed.
    #[cfg(test)]
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Notes that the set in `staging` is ours; `None` when that cannot be noted, and then nobody will finish it.
    pub(super) fn begin(&self, staging: &Path) -> Option<Ticket> {
        self.forget_old();
        let ticket = self.of(staging).ok()?;
        if let Err(error) = ticket.write(None) {
            tracing::debug!("an export was not noted ({error}): {:?}", ticket.path);
            return None;
        }
        Some(ticket)
    }

    /// The note of `staging`, be it there or not.
    fn of(&self, staging: &Path) -> std::io::Result<Ticket> {
        let staging = staging.canonicalize()?;
        let digest = Sha256::digest(staging.as_os_str().as_encoded_bytes());
        let path = self.0.join(format!("{}.{KIND}", hex(&digest)));
        Ok(Ticket {
            listed: Some(Listed::new(&path)),
            path,
            staging,
            is_kept: false,
        })
    }

    /// What is noted of `staging`, and the note, to be dropped when the set is done with.
    pub(super) fn look(&self, staging: &Path) -> (Known, Option<Ticket>) {
        let Ok(mut ticket) = self.of(staging) else {
            return (Known::Nothing, None);
        };
        // Until the set is done with the note must outlive this process.
        ticket.listed = None;
        ticket.is_kept = true;
        match ticket.read() {
            Ok(known) => (known, Some(ticket)),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    tracing::debug!("a note was not read ({error}): {:?}", ticket.path);
                }
                (Known::Nothing, None)
            }
        }
    }

    fn forget_old(&self) {
        let Ok(entries) = std::fs::read_dir(&self.0) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let facts = path.symlink_metadata();
            let age = facts.and_then(|facts| facts.modified()).map(|time| {
                let age = SystemTime::now().duration_since(time);
                age.unwrap_or_default()
            });
            let is_note = path.extension().is_some_and(|kind| kind == KIND);
            if is_note && age.is_ok_and(|age| age > KEPT) {
                remove(&path);
            }
        }
    }
}

impl Ticket {
    /// Notes what the journal will be, before it gets its name: from then on the set may be finished by somebody else.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn commit(&mut self, journal: &[u8]) -> std::io::Result<()> {
        self.write(Some(Sha256::digest(journal).into()))?;
        self.listed = None;
        Ok(())
    }

    /// Leaves the note where it is: the set's files are to be brought back later.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }

    /// Takes the note away.
    pub(super) fn discard(mut self) {
        self.is_kept = false;
    }

    fn write(&self, journal: Option<[u8; 32]>) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let note = Note {
            version: 1,
            staging: self.staging.to_string_lossy().into_owned(),
            journal_sha256: journal.map(|digest| hex(&digest)),
        };
        // Another export may have taken the empty folder away just now.
        let mut file = tempfile::NamedTempFile::new_in(folder).or_else(|_gone| {
            std::fs::create_dir_all(folder)?;
            tempfile::NamedTempFile::new_in(folder)
        })?;
        file.write_all(&serde_json::to_vec(&note)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        sync_folder(folder);
        Ok(())
    }

    fn read(&self) -> std::io::Result<Known> {
        if std::fs::metadata(&self.path)?.len() > LONGEST_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        let note: Note = serde_json::from_slice(&std::fs::read(&self.path)?)?;
        if note.version != 1 {
            return Err(ErrorKind::InvalidData.into());
        }
        let Some(text) = note.journal_sha256 else {
            return Ok(Known::Begun);
        };
        let mut digest = [0; 32];
        for (byte, at) in digest.iter_mut().zip((0..text.len()).step_by(2)) {
            let pair = text.get(at..at + 2);
            let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = value.ok_or(ErrorKind::InvalidData)?;
        }
        (text.len() == 64)
            .then_some(Known::Journal(digest))
            .ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        remove(&self.path);
        // Nothing is kept of an export that ended well, so the folders go too, as far as they are empty.
        for folder in self.path.ancestors().skip(1).take(2) {
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!("a note was not removed ({error}): {path:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_note_is_found_by_its_folder_and_gone_with_its_set() {
        let data = tempfile::tempdir().unwrap();
        let tickets = TicketFolder::new(data.path().join("to/be/made"));
        let staging = tempfile::tempdir().unwrap();
        assert_eq!(tickets.look(staging.path()).0, Known::Nothing);
        let mut ticket = tickets.begin(staging.path()).unwrap();
        assert_eq!(tickets.look(staging.path()).0, Known::Begun);
        ticket.commit(b"{}").unwrap();
        let known = Known::Journal(Sha256::digest(b"{}").into());
        assert_eq!(tickets.look(staging.path()).0, known);
        assert_eq!(tickets.look(data.path()).0, Known::Nothing);
        drop(ticket);
        assert_eq!(tickets.look(staging.path()).0, Known::Nothing);
        assert!(!data.path().join("to/be").exists());
    }

    #[test]
    fn notes_that_cannot_be_read_say_nothing_and_old_ones_go() {
        let data = tempfile::tempdir().unwrap();
        let tickets = TicketFolder::new(data.path().join("a/b"));
        let staging = tempfile::tempdir().unwrap();
        let ticket = tickets.begin(staging.path()).unwrap();
        for text in [
            "",
            "{}",
            r#"{"version":2,"staging":"","journal_sha256":null}"#,
            r#"{"version":1,"staging":"","journal_sha256":"00"}"#,
            r#"{"version":1,"staging":"","journal_sha256":"+1+1"}"#,
        ] {
            std::fs::write(&ticket.path, text).unwrap();
            assert_eq!(tickets.look(staging.path()).0, Known::Nothing, "{text}");
        }
        let long_ago = SystemTime::now() - KEPT - Duration::from_hours(1);
        let file = File::options().write(true).open(&ticket.path).unwrap();
        file.set_modified(long_ago).unwrap();
        let other = tempfile::tempdir().unwrap();
        let _other = tickets.begin(other.path()).unwrap();
        assert!(!ticket.path.exists());
    }
}
