//! Whether files are still those of a record, and whether two pictures are the same. No network.

use std::path::{Path, PathBuf};

use super::Record;
use super::manifest::checksum_in;
use crate::io::{hex, sha256_file};
use crate::photo::Samples;

/// One file held against its record.
#[derive(Debug)]
pub struct HashCheck {
    /// What it is: "derivative", "mask" …
    pub what: &'static str,
    /// Where it was looked for.
    pub path: PathBuf,
    /// What came of it.
    pub outcome: HashOutcome,
}

/// What came of hashing a file.
#[derive(Debug)]
pub enum HashOutcome {
    /// It is the file of the record.
    Same,
    /// It is another file, or was changed.
    Different,
    /// It is not there or cannot be read.
    Unreadable(std::io::Error),
}

/// Hashes the files of `record` that lie in `folder`, and the master at `master`.
pub fn check_hashes(record: &Record, folder: &Path, master: &Path) -> Vec<HashCheck> {
    let Record {
        derivative,
        mask,
        changes,
        ..
    } = record;
    let check = |what, path: PathBuf, expected: &str| {
        let outcome = match sha256_file(&path) {
            Ok(found) if hex(&found).eq_ignore_ascii_case(expected) => HashOutcome::Same,
            Ok(_) => HashOutcome::Different,
            Err(error) => HashOutcome::Unreadable(error),
        };
        HashCheck {
            what,
            path,
            outcome,
        }
    };
    vec![
        check("master", master.to_path_buf(), &record.master.sha256),
        check(
            "derivative",
            folder.join(&derivative.file),
            &derivative.sha256,
        ),
        check("mask", folder.join(&mask.file), &mask.sha256),
        check("changes", folder.join(&changes.file), &changes.sha256),
    ]
}

/// The record itself held against the manifest beside it, which is all that tells whether the record was altered.
#[derive(Debug)]
pub enum ManifestCheck {
    /// The record is the one that the manifest names.
    Same(PathBuf),
    /// The manifest has another checksum for it, or does not name it.
    Different(PathBuf),
    /// There is none to be read here.
    Missing(PathBuf),
}

/// Looks for `NAME.manifest-sha256.txt` beside `NAME.restoration.json`.
///
/// # Errors
/// When the record cannot be read.
pub fn check_manifest(record: &Path) -> std::io::Result<ManifestCheck> {
    let name = record.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".restoration.json").unwrap_or(&name);
    let manifest = record.with_file_name(format!("{stem}.manifest-sha256.txt"));
    let Ok(text) = std::fs::read_to_string(&manifest) else {
        return Ok(ManifestCheck::Missing(manifest));
    };
    let found = hex(&sha256_file(record)?);
    Ok(if checksum_in(&text, &name) == Some(found) {
        ManifestCheck::Same(manifest)
    } else {
        ManifestCheck::Different(manifest)
    })
}

/// How many pixels of `picture` differ from `master`; `None` when length or depth differ. Both are interleaved, with
/// `channels` samples a pixel.
pub fn count_pixels(picture: &Samples, master: &Samples, channels: usize) -> Option<u64> {
    fn count<T: PartialEq>(a: &[T], b: &[T], channels: usize) -> Option<u64> {
        let pixels = a
            .chunks_exact(channels.max(1))
            .zip(b.chunks_exact(channels.max(1)));
        (a.len() == b.len()).then(|| pixels.filter(|(a, b)| a != b).count() as u64)
    }
    match (picture, master) {
        (Samples::U8(a), Samples::U8(b)) => count(a, b, channels),
        (Samples::U16(a), Samples::U16(b)) => count(a, b, channels),
        _ => None,
    }
}

/// How far two pictures of one layout differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Samples that differ.
    pub differing_samples: u64,
    /// The largest difference, code values.
    pub largest_difference: u16,
    /// The largest difference, levels of 255, rounded up.
    pub largest_levels: u16,
}

/// Compares sample by sample; `None` when length or depth differ.
pub fn agreement(a: &Samples, b: &Samples) -> Option<Agreement> {
    let (found, codes_a_level) = match (a, b) {
        (Samples::U8(a), Samples::U8(b)) if a.len() == b.len() => (compare(a, b), 1),
        (Samples::U16(a), Samples::U16(b)) if a.len() == b.len() => (compare(a, b), 257),
        _ => return None,
    };
    Some(Agreement {
        largest_levels: found.largest_difference.div_ceil(codes_a_level),
        ..found
    })
}

/// Samples of `derivative` that differ from `master` in pixels that the mask leaves as they are (α = 0); `None` when length
/// or depth differ.
///
/// Both are interleaved; `alpha` holds one value a pixel.
pub fn changed_outside_mask(derivative: &Samples, master: &Samples, alpha: &[u8]) -> Option<u64> {
    match (derivative, master) {
        (Samples::U8(a), Samples::U8(b)) => count_outside(a, b, alpha),
        (Samples::U16(a), Samples::U16(b)) => count_outside(a, b, alpha),
        _ => None,
    }
}

fn count_outside<T: PartialEq>(a: &[T], b: &[T], alpha: &[u8]) -> Option<u64> {
    if a.len() != b.len() || alpha.is_empty() || !a.len().is_multiple_of(alpha.len()) {
        return None;
    }
    let channels = (a.len() / alpha.len()).max(1);
    let pixels = a.chunks_exact(channels).zip(b.chunks_exact(channels));
    let differing = pixels
        .zip(alpha)
        .filter(|&(_, &alpha)| alpha == 0)
        .flat_map(|((a, b), _)| a.iter().zip(b))
        .filter(|(a, b)| a != b);
    Some(differing.count() as u64)
}

fn compare<T: Copy + Into<u16>>(a: &[T], b: &[T]) -> Agreement {
    let mut found = Agreement::default();
    for (&a, &b) in a.iter().zip(b) {
        let difference = a.into().abs_diff(b.into());
        found.differing_samples += u64::from(difference > 0);
        found.largest_difference = found.largest_difference.max(difference);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mask_leaves_alone_is_held_against_the_master() {
        let master = Samples::U8(vec![1, 2, 3, 4, 5, 6]);
        let changed = Samples::U8(vec![1, 3, 3, 9, 5, 6]);
        assert_eq!(changed_outside_mask(&changed, &master, &[0, 0]), Some(2));
        assert_eq!(changed_outside_mask(&changed, &master, &[1, 0]), Some(1));
        assert_eq!(changed_outside_mask(&changed, &master, &[255, 1]), Some(0));
        let deep = Samples::U16(vec![1; 6]);
        assert_eq!(changed_outside_mask(&deep, &master, &[0, 0]), None);
        assert_eq!(changed_outside_mask(&changed, &master, &[0; 4]), None);
    }

    #[test]
    fn a_pixel_counts_once_however_many_of_its_samples_differ() {
        let (a, b) = (
            Samples::U8(vec![1, 2, 3, 4, 5, 6]),
            Samples::U8(vec![1, 2, 3, 9, 9, 6]),
        );
        assert_eq!(count_pixels(&a, &b, 3), Some(1));
        assert_eq!(count_pixels(&a, &b, 1), Some(2));
        assert_eq!(count_pixels(&a, &Samples::U16(vec![1; 6]), 3), None);
        assert_eq!(count_pixels(&a, &Samples::U8(vec![1; 3]), 3), None);
    }

    #[test]
    fn a_level_is_one_of_255_at_every_depth() {
        let wide = |values: &[u16]| Samples::U16(values.to_vec());
        let found = agreement(&wide(&[5, 900, 7]), &wide(&[5, 643, 8])).unwrap();
        assert_eq!(
            (
                found.differing_samples,
                found.largest_difference,
                found.largest_levels
            ),
            (2, 257, 1)
        );
        let found = agreement(&Samples::U8(vec![1, 4]), &Samples::U8(vec![1, 2])).unwrap();
        assert_eq!(found.largest_levels, 2);
        assert_eq!(agreement(&Samples::U8(vec![1]), &wide(&[1])), None);
    }
}
