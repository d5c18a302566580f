//! Folders made for results, taken back where no result came. Knows no options.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Folders made by one command; those still empty when it is dropped are removed.
#[derive(Debug, Default)]
pub(super) struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// Makes `folders` and those above them, where they do not exist.
    ///
    /// # Errors
    /// Names the folder that could not be made; those made before it go away again.
    pub fn make(folders: &[PathBuf]) -> anyhow::Result<Self> {
        let mut made = Self::default();
        for folder in folders {
            let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
            let mut missing: Vec<_> = folder.ancestors().take_while(is_missing).collect();
            missing.reverse();
            made.0.extend(missing.into_iter().map(Path::to_path_buf));
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder could not be made: {}", folder.display()))?;
        }
        Ok(made)
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // The system removes only what is empty.
            if let Err(error) = std::fs::remove_dir(folder) {
                tracing::debug!("a folder stays ({error}): {folder:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_stays_only_when_something_lies_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("old")).unwrap();
        let made = NewFolders::make(&[at("old"), at("out/deep"), at("out/masks")]).unwrap();
        assert!(at("out/deep").is_dir() && at("out/masks").is_dir());
        std::fs::write(at("out/masks/m.png"), b"mask").unwrap();
        drop(made);
        assert!(at("old").is_dir(), "it was there before");
        assert!(!at("out/deep").exists());
        assert!(at("out/masks/m.png").exists());
    }

    #[test]
    fn what_was_made_on_the_way_to_a_failure_goes_away_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), b"").unwrap();
        let error = NewFolders::make(&[at("new/deep"), at("file/sub")]).unwrap_err();
        assert!(error.to_string().contains("sub"), "{error}");
        assert!(!at("new").exists());
    }
}
