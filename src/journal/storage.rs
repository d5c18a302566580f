//! Where a journal's bytes go: a file that is appended to, and replaced as a whole. Knows no record.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A file as a journal needs it; another one stands for it in tests.
pub(super) trait Storage {
    /// Makes `bytes` the whole content: afterwards it is all there, or what was there before still is.
    fn replace(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Puts `bytes` behind the first `at` bytes, which stay, and drops whatever was there; makes it last.
    /// Fails with `NotFound` when there are not that many, as when somebody removed the file.
    fn append(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()>;
}

/// A file on disk.
#[derive(Debug)]
pub(super) struct FileStorage {
    path: PathBuf,
    file: Option<File>,
}

impl FileStorage {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            file: None,
        }
    }
}

/// End of the names of files that are still being written.
pub(super) const PART: &str = ".part";

impl Storage for FileStorage {
    fn replace(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file = None;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // Readable by nobody else: marks tell what is in a photo.
        let mut temporary = tempfile::Builder::new()
            .prefix(".unscratch-")
            .suffix(PART)
            .tempfile_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_data()?;
        self.file = Some(temporary.persist(&self.path)?);
        // Makes the name last through a power cut, where the system can.
        if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
            tracing::debug!("the folder was not flushed ({error}): {folder:?}");
        }
        Ok(())
    }

    fn append(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        // Asked by name: an open file that was removed would take everything and keep nothing.
        if std::fs::metadata(&self.path)?.len() < at {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().write(true).open(&self.path)?),
        };
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        file.sync_data()
    }
}
