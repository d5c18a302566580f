//! Names of the files of a dossier, all made of the derivative's.

use std::path::{Path, PathBuf};

use super::RecordError;

/// The files of one dossier, beside one another.
///
/// NAME is the derivative's name without its ending, so that several photos, and several versions of one, share a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierNames {
    /// The restored photo.
    pub derivative: PathBuf,
    /// `NAME_mask.tif`
    pub mask: PathBuf,
    /// `NAME_changes.png`
    pub changes: PathBuf,
    /// `NAME.restoration.json`
    pub record: PathBuf,
    /// `NAME.manifest-sha256.txt`
    pub manifest: PathBuf,
}

impl DossierNames {
    /// The names that belong to `derivative`.
    ///
    /// # Errors
    /// [`RecordError`] when it has no name, or one that a record cannot hold: see [`check_name`].
    pub fn new(derivative: &Path) -> Result<Self, RecordError> {
        check_name(derivative)?;
        let stem = derivative.file_stem().and_then(|stem| stem.to_str());
        let has_name = derivative
            .file_name()
            .is_some_and(|name| name.to_str().is_some());
        let (Some(stem), true) = (stem, has_name) else {
            return Err(RecordError::Name {
                path: derivative.to_path_buf(),
            });
        };
        let beside = |end: &str| derivative.with_file_name(format!("{stem}{end}"));
        Ok(Self {
            derivative: derivative.to_path_buf(),
            mask: beside("_mask.tif"),
            changes: beside("_changes.png"),
            record: beside(".restoration.json"),
            manifest: beside(".manifest-sha256.txt"),
        })
    }

    /// Refuses names of which one is the `master`'s own, whatever its folder and upper or lower case: whoever checks the record
    /// looks for the master beside it.
    ///
    /// # Errors
    /// [`RecordError::MastersName`].
    pub fn refuse_masters_name(&self, master: &Path) -> Result<(), RecordError> {
        let lower = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().to_lowercase()
        };
        let own = lower(master);
        match self.all().into_iter().find(|path| lower(path) == own) {
            None => Ok(()),
            Some(path) => Err(RecordError::MastersName {
                path: path.to_path_buf(),
            }),
        }
    }

    /// All of them; the derivative comes last.
    pub fn all(&self) -> [&Path; 5] {
        [
            &self.mask,
            &self.changes,
            &self.record,
            &self.manifest,
            &self.derivative,
        ]
    }
}

/// Whether a record can hold the name of this file.
///
/// # Errors
/// [`RecordError::Name`] when there is none or it is no Unicode, [`RecordError::Backslash`] when it has a backslash.
pub fn check_name(path: &Path) -> Result<(), RecordError> {
    file_name(path).map(drop)
}

/// The last part of a path as text.
pub(super) fn file_name(path: &Path) -> Result<String, RecordError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let path = || path.to_path_buf();
    match name {
        None => Err(RecordError::Name { path: path() }),
        Some(name) if name.contains('\\') => Err(RecordError::Backslash { path: path() }),
        Some(name) => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_made_of_the_derivatives() {
        let names = DossierNames::new(Path::new("out/a.b_restored.tif")).unwrap();
        let said = names.all().map(|path| path.display().to_string());
        assert_eq!(
            said,
            [
                "out/a.b_restored_mask.tif",
                "out/a.b_restored_changes.png",
                "out/a.b_restored.restoration.json",
                "out/a.b_restored.manifest-sha256.txt",
                "out/a.b_restored.tif",
            ]
        );
        assert!(DossierNames::new(Path::new("..")).is_err());
    }

    #[test]
    fn no_file_may_be_called_as_the_master_is() {
        let names = DossierNames::new(Path::new("out/a.tif")).unwrap();
        for master in ["in/a.tif", "A.TIF", "in/a_mask.tif", "a_changes.png"] {
            let refused = names.refuse_masters_name(Path::new(master)).unwrap_err();
            assert!(
                matches!(refused, RecordError::MastersName { .. }),
                "{master}"
            );
        }
        for master in ["in/a.jpg", "in/b.tif", "out/a_restored.tif"] {
            names.refuse_masters_name(Path::new(master)).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_with_a_backslash_is_refused_before_a_record_is_written() {
        let refused = DossierNames::new(Path::new("out/a\\b.tif")).unwrap_err();
        assert!(matches!(refused, RecordError::Backslash { .. }));
        assert!(refused.to_string().contains("rename"));
        assert!(check_name(Path::new("in\\put/a.tif")).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_json_cannot_hold_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"b\xff.png");
        assert!(DossierNames::new(Path::new(name)).is_err());
    }
}
