//! Which damaged picture belongs to which sound one and to which mask: by name without ending. Nothing is decoded.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::geometry::ImageSize;

/// Endings of the files that are taken for pictures.
const ENDINGS: [&str; 10] = [
    "jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "jp2", "j2k", "jpf",
];

/// Why pictures do not make a pair.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum PairError {
    #[error("this folder cannot be read; name one that holds pictures: {folder:?}")]
    Folder {
        folder: PathBuf,
        source: std::io::Error,
    },
    #[error("no picture (.jpg, .png, .tif, .webp, .bmp or .jp2) lies in this folder: {folder:?}")]
    Empty { folder: PathBuf },
    #[error(
        "damaged and sound pictures are one folder, so there is nothing to compare: {folder:?}"
    )]
    OneFolder { folder: PathBuf },
    #[error(
        "no picture has a sound one of the same name (whatever the ending) in {clean:?}; nothing was measured: {damaged:?}"
    )]
    NoPairs { damaged: PathBuf, clean: PathBuf },
    #[error("no sound picture of this name (whatever the ending) in {clean:?}: {damaged:?}")]
    NoClean { clean: PathBuf, damaged: PathBuf },
    #[error("no mask of this name (whatever the ending) in {masks:?}: {damaged:?}")]
    NoMask { masks: PathBuf, damaged: PathBuf },
    #[error("two pictures have this name, keep one of them: {first:?} and {second:?}")]
    TwoOfAName { first: PathBuf, second: PathBuf },
    #[error(
        "a pair needs one size: the damaged picture has {actual} px, the sound one has {expected} px: {damaged:?} and {clean:?}"
    )]
    Size {
        expected: ImageSize,
        actual: ImageSize,
        damaged: PathBuf,
        clean: PathBuf,
    },
}

/// One photo to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The common name without ending.
    pub name: String,
    pub damaged: PathBuf,
    pub clean: PathBuf,
    pub mask: Option<PathBuf>,
}

impl Pair {
    /// Every file read for it.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let mask = self.mask.as_deref();
        [&*self.damaged, &*self.clean].into_iter().chain(mask)
    }
}

/// What two or three folders give.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// In the order of their names.
    pub pairs: Vec<Pair>,
    /// Damaged pictures that cannot be measured.
    pub left_out: Vec<PairError>,
    /// Sound pictures without a damaged one.
    pub unused: usize,
}

impl Matched {
    /// Matches the pictures of the folders (not of folders inside them).
    ///
    /// # Errors
    /// [`PairError`] when a folder cannot be read or no pair is found.
    pub fn find(damaged: &Path, clean: &Path, masks: Option<&Path>) -> Result<Self, PairError> {
        let damaged_files = pictures_in(damaged)?;
        let mut clean_files = pictures_in(clean)?;
        let mut mask_files = masks.map(pictures_in).transpose()?;
        if is_one_folder(damaged, clean) {
            return Err(PairError::OneFolder {
                folder: damaged.to_path_buf(),
            });
        }
        let mut found = Self::default();
        for (stem, files) in damaged_files {
            let clean_of = clean_files.remove(&stem);
            let mask_of = mask_files.as_mut().map(|files| files.remove(&stem));
            let pair = the_one(files).and_then(|file| {
                let clean = match clean_of {
                    Some(files) => the_one(files)?,
                    None => return Err(no_clean(clean, file)),
                };
                let mask = match (masks, mask_of) {
                    (Some(_), Some(Some(files))) => Some(the_one(files)?),
                    (Some(masks), _) => return Err(no_mask(masks, file)),
                    (None, _) => None,
                };
                Ok(Pair {
                    name: stem.to_string_lossy().into_owned(),
                    damaged: file,
                    clean,
                    mask,
                })
            });
            match pair {
                Ok(pair) => found.pairs.push(pair),
                Err(error) => found.left_out.push(error),
            }
        }
        found.unused = clean_files.len();
        let only_missing = found
            .left_out
            .iter()
            .all(|error| matches!(error, PairError::NoClean { .. }));
        if found.pairs.is_empty() && only_missing {
            return Err(PairError::NoPairs {
                damaged: damaged.to_path_buf(),
                clean: clean.to_path_buf(),
            });
        }
        Ok(found)
    }
}

fn no_clean(clean: &Path, damaged: PathBuf) -> PairError {
    let clean = clean.to_path_buf();
    PairError::NoClean { clean, damaged }
}

fn no_mask(masks: &Path, damaged: PathBuf) -> PairError {
    let masks = masks.to_path_buf();
    PairError::NoMask { masks, damaged }
}

fn is_one_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The only file of a name.
fn the_one(files: Vec<PathBuf>) -> Result<PathBuf, PairError> {
    let mut files = files.into_iter();
    match (files.next(), files.next()) {
        (Some(first), Some(second)) => Err(PairError::TwoOfAName { first, second }),
        (first, _) => Ok(first.unwrap_or_default()),
    }
}

/// The pictures of a folder by name without ending; several may share one. Hidden files are left aside.
fn pictures_in(folder: &Path) -> Result<BTreeMap<OsString, Vec<PathBuf>>, PairError> {
    let unreadable = |source| PairError::Folder {
        folder: folder.to_path_buf(),
        source,
    };
    let mut found: BTreeMap<OsString, Vec<PathBuf>> = BTreeMap::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_picture(&path)
            && let Some(stem) = path.file_stem()
        {
            found.entry(stem.to_owned()).or_default().push(path);
        }
    }
    if found.is_empty() {
        let folder = folder.to_path_buf();
        return Err(PairError::Empty { folder });
    }
    for files in found.values_mut() {
        files.sort();
    }
    Ok(found)
}

fn is_picture(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().map(|end| end.to_string_lossy());
    let is_known = ending.is_some_and(|end| ENDINGS.contains(&&*end.to_ascii_lowercase()));
    is_known && !is_hidden && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files of these names, in three folders inside it.
    fn folders(damaged: &[&str], clean: &[&str], masks: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (inside, names) in [("d", damaged), ("c", clean), ("m", masks)] {
            std::fs::create_dir(folder.path().join(inside)).unwrap();
            for name in names {
                std::fs::write(folder.path().join(inside).join(name), "").unwrap();
            }
        }
        folder
    }

    fn find(folder: &tempfile::TempDir, with_masks: bool) -> Result<Matched, PairError> {
        let [d, c, m] = ["d", "c", "m"].map(|name| folder.path().join(name));
        Matched::find(&d, &c, with_masks.then_some(&*m))
    }

    #[test]
    fn partners_share_a_name_whatever_their_ending() {
        let folder = folders(
            &["b.png", "a.JPG", "notes.txt", ".hidden.png"],
            &["a.png", "b.tiff", "other.png"],
            &["a.png", "b.png"],
        );
        let found = find(&folder, true).unwrap();
        let names: Vec<_> = found.pairs.iter().map(|pair| &*pair.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(found.pairs[1].clean.ends_with("c/b.tiff"));
        assert!(found.pairs[1].mask.as_ref().unwrap().ends_with("m/b.png"));
        assert!(found.left_out.is_empty());
        assert_eq!(found.unused, 1);
        assert!(find(&folder, false).unwrap().pairs[0].mask.is_none());
    }

    #[test]
    fn what_lacks_a_partner_or_has_two_is_told_and_the_rest_is_kept() {
        let folder = folders(
            &["a.png", "b.png", "c.png", "d.png", "d.jpg"],
            &["a.png", "c.png", "d.png"],
            &["a.png"],
        );
        let found = find(&folder, true).unwrap();
        assert_eq!(found.pairs.len(), 1);
        let said: Vec<_> = found.left_out.iter().map(ToString::to_string).collect();
        assert!(said[0].contains("no sound picture"), "{said:?}");
        assert!(said[1].contains("no mask"), "{said:?}");
        assert!(said[2].contains("two pictures"), "{said:?}");
    }

    #[test]
    fn folders_without_pairs_are_refused() {
        let said = |folder: &tempfile::TempDir| find(folder, false).unwrap_err().to_string();
        assert!(said(&folders(&[], &["a.png"], &[])).contains("no picture"));
        assert!(said(&folders(&["a.png"], &["b.png"], &[])).contains("nothing was measured"));
        let folder = folders(&["a.png"], &["a.png"], &[]);
        let [d, gone] = ["d", "gone"].map(|name| folder.path().join(name));
        let error = Matched::find(&d, &gone, None).unwrap_err();
        assert!(error.to_string().contains("cannot be read"));
        let error = Matched::find(&d, &folder.path().join("d/."), None).unwrap_err();
        assert!(error.to_string().contains("one folder"));
    }
}
