//! How a composite differs from its master, and whether it does where it must not. Pure.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::ExportError;
use crate::photo::{Photo, Samples};

/// Pixels one thread compares at once: some rows of a scan, so that all cores get their share.
const COMPARED_AT_ONCE: usize = 1 << 16;

/// What differs between the master and a picture of the same layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    pub changed: u64,
    pub changed_outside: u64,
}

impl Comparison {
    pub fn plus(self, other: Self) -> Self {
        Self {
            changed: self.changed + other.changed,
            changed_outside: self.changed_outside + other.changed_outside,
        }
    }

    pub fn keep_promise(self, target: &Path) -> Result<(), ExportError> {
        if self.changed_outside == 0 {
            return Ok(());
        }
        Err(ExportError::ChangedOutside {
            pixels: self.changed_outside,
            path: target.to_path_buf(),
        })
    }
}

/// Compares `pixels` of `samples` with as many of the master from pixel `start` on; `alpha` is theirs.
pub(super) fn compare(
    photo: &Photo,
    start: usize,
    alpha: &[u8],
    samples: &Samples,
    pixels: Range<usize>,
) -> Comparison {
    let channels = photo.channels().count();
    let master = start * channels..(start + pixels.len()) * channels;
    let range = pixels.start * channels..pixels.end * channels;
    match (photo.samples(), samples) {
        (Samples::U8(old), Samples::U8(new)) => {
            compare_samples(&old[master], &new[range], alpha, channels)
        }
        (Samples::U16(old), Samples::U16(new)) => {
            compare_samples(&old[master], &new[range], alpha, channels)
        }
        // Another depth is another picture: everything differs.
        _ => Comparison {
            changed_outside: pixels.len() as u64,
            ..Comparison::default()
        },
    }
}

fn compare_samples<T: PartialEq + Sync>(
    master: &[T],
    pixels: &[T],
    alpha: &[u8],
    channels: usize,
) -> Comparison {
    let at_once = COMPARED_AT_ONCE * channels;
    let parts = master.par_chunks(at_once).zip(pixels.par_chunks(at_once));
    parts
        .zip(alpha.par_chunks(COMPARED_AT_ONCE))
        .map(|((master, pixels), alpha)| compare_part(master, pixels, alpha, channels))
        .reduce(Comparison::default, Comparison::plus)
}

fn compare_part<T: PartialEq>(
    master: &[T],
    pixels: &[T],
    alpha: &[u8],
    channels: usize,
) -> Comparison {
    if master == pixels {
        return Comparison::default();
    }
    let mut found = Comparison::default();
    let old = master.chunks_exact(channels);
    let new = pixels.chunks_exact(channels);
    for ((old, new), &alpha) in old.zip(new).zip(alpha) {
        if old != new {
            found.changed += 1;
            found.changed_outside += u64::from(alpha == 0);
        }
    }
    found
}
