//! How far a lossy file strays from the master where nothing was repaired. Reads, never writes.

use std::path::Path;

use crate::geometry::PixelRect;
use crate::io::{DecodeLimits, open_photo};
use crate::mask::MaskLayer;
use crate::photo::{Photo, Samples};

/// The largest difference between the decoded file at `written` and the master where `alpha` is 0, in 8-bit code values.
///
/// `None` when the file does not decode to the master's size and channels.
pub(super) fn largest_difference_outside(
    photo: &Photo,
    alpha: &MaskLayer,
    written: &Path,
) -> Option<u16> {
    let written = open_photo(written, &DecodeLimits::default()).ok()?;
    let channels = photo.channels().count();
    let same_layout = written.size() == photo.size() && written.channels() == photo.channels();
    let Samples::U8(found) = written.samples() else {
        return None;
    };
    let size = photo.size();
    let in_row = |y: u32| {
        let alpha = alpha.values_of(PixelRect::new(0, y, size.width, 1));
        let row = size.index(0, y) * channels..size.index(0, y + 1) * channels;
        let found = &found[row.clone()];
        match photo.samples() {
            Samples::U8(master) => largest(&master[row], |&value| value, found, &alpha, channels),
            Samples::U16(master) => largest(
                &master[row],
                |&value| rounded(value),
                found,
                &alpha,
                channels,
            ),
        }
    };
    same_layout.then(|| (0..size.height).map(in_row).max().unwrap_or(0))
}

/// The nearest 8-bit code value (65,535 = 255 × 257).
fn rounded(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

fn largest<T>(
    master: &[T],
    to_byte: impl Fn(&T) -> u8,
    found: &[u8],
    alpha: &[u8],
    channels: usize,
) -> u16 {
    let old = master.chunks_exact(channels);
    let new = found.chunks_exact(channels);
    old.zip(new)
        .zip(alpha)
        .filter(|(_, alpha)| **alpha == 0)
        .flat_map(|((old, new), _)| old.iter().zip(new))
        .map(|(old, new)| u16::from(to_byte(old).abs_diff(*new)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_under_the_mask_does_not_count() {
        let master = [10, 10, 10, 200, 200, 200];
        let found = [12, 9, 10, 0, 0, 0];
        let difference = |alpha: [u8; 2]| largest(&master, |&v| v, &found, &alpha, 3);
        assert_eq!(difference([0, 1]), 2);
        assert_eq!(difference([0, 0]), 200);
        assert_eq!(difference([255, 255]), 0);
        let deep = [65_535_u16, 257];
        assert_eq!(largest(&deep, |&v| rounded(v), &[250, 1], &[0, 0], 1), 5);
    }
}
