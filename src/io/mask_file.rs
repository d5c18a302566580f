//! Masks as files: one 8-bit channel, stored order, 0 = untouched, 255 = repair.

use std::path::Path;

use super::atomic::write_whole;
use super::encode::{OutputFormat, Picture, View, write_picture};
use super::{DecodeError, DecodeLimits, EncodeError, open_photo};
use crate::geometry::ImageSize;
use crate::photo::{Channels, Metadata, Photo, Samples};

/// Reads a mask of `expected` size: one `u8` a pixel, row-major, stored order.
///
/// Grey, 1-bit and 16-bit files are accepted, and colour files whose channels are equal; what is transparent counts as untouched.
///
/// # Errors
/// [`DecodeError::MaskSize`] names both sizes, [`DecodeError::MaskColour`] says that a picture is none; the rest as for a photo.
/// [`DecodeError::MaskFaint`] for a mask of zeros and ones, or of 8-bit values in a 16-bit file.
pub fn load_mask(
    path: &Path,
    expected: ImageSize,
    limits: &DecodeLimits,
) -> Result<Vec<u8>, DecodeError> {
    let photo = open_photo(path, limits)?;
    if photo.size() != expected {
        return Err(DecodeError::MaskSize {
            expected,
            actual: photo.size(),
            path: path.to_path_buf(),
        });
    }
    let is_coloured = photo.channels() == Channels::Rgb
        && match photo.samples() {
            Samples::U8(values) => differs(values),
            Samples::U16(values) => differs(values),
        };
    if is_coloured {
        let path = path.to_path_buf();
        return Err(DecodeError::MaskColour { path });
    }
    refuse_faint(photo.samples(), path)?;
    let mut mask = match (photo.samples(), photo.channels()) {
        (Samples::U8(values), Channels::Grey) => values.clone(),
        (Samples::U8(values), Channels::Rgb) => every_third(values, |value| value),
        (Samples::U16(values), Channels::Grey) => values.iter().map(|&v| high_byte(v)).collect(),
        (Samples::U16(values), Channels::Rgb) => every_third(values, high_byte),
    };
    let fade = |value: &mut u8, alpha: u8| {
        *value = ((u16::from(*value) * u16::from(alpha) + 127) / 255) as u8;
    };
    match photo.alpha() {
        Some(Samples::U8(alpha)) => {
            mask.iter_mut().zip(alpha).for_each(|(v, &a)| fade(v, a));
        }
        Some(Samples::U16(alpha)) => mask
            .iter_mut()
            .zip(alpha)
            .for_each(|(v, &a)| fade(v, high_byte(a))),
        None => {}
    }
    Ok(mask)
}

/// Refuses a mask whose strongest mark is 1 of 255 or less, though it has marks: its range was meant to be another.
fn refuse_faint(samples: &Samples, path: &Path) -> Result<(), DecodeError> {
    let (largest, full, strength) = match samples {
        Samples::U8(values) => {
            let largest = values.iter().copied().max().unwrap_or(0);
            (u16::from(largest), u16::from(u8::MAX), largest)
        }
        Samples::U16(values) => {
            let largest = values.iter().copied().max().unwrap_or(0);
            (largest, u16::MAX, high_byte(largest))
        }
    };
    if largest == 0 || strength > 1 {
        return Ok(());
    }
    Err(DecodeError::MaskFaint {
        largest,
        full,
        path: path.to_path_buf(),
    })
}

/// The 8-bit value nearest to a 16-bit one.
fn high_byte(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// Whether any pixel has channels that are not equal.
fn differs<T: PartialEq>(values: &[T]) -> bool {
    let mut pixels = values.chunks_exact(3);
    pixels.any(|pixel| pixel[0] != pixel[1] || pixel[1] != pixel[2])
}

fn every_third<T: Copy>(values: &[T], to_byte: fn(T) -> u8) -> Vec<u8> {
    let pixels = values.chunks_exact(3);
    pixels.map(|pixel| to_byte(pixel[0])).collect()
}

/// Writes `mask` (one `u8` a pixel, row-major, stored order, `size` px) as PNG or TIFF by the target's name, with the photo's resolution and orientation tag.
///
/// # Errors
/// [`EncodeError`]; nothing is left behind.
pub fn save_mask(
    target: &Path,
    size: ImageSize,
    mask: &[u8],
    photo: &Photo,
    overwrite: bool,
) -> Result<(), EncodeError> {
    let path = || target.to_path_buf();
    let format = match OutputFormat::from_path(target) {
        Some(OutputFormat::Jpeg { .. }) => return Err(EncodeError::LossyMask { path: path() }),
        Some(format) => format,
        None => return Err(EncodeError::UnknownExtension { path: path() }),
    };
    if mask.len() != size.pixel_count() {
        return Err(EncodeError::Layout {
            expected: format!("{} of 8 bits", size.pixel_count()),
            actual: format!("{} of 8 bits", mask.len()),
            path: path(),
        });
    }
    let metadata = Metadata {
        orientation: photo.metadata().orientation,
        resolution: photo.metadata().resolution,
        ..Metadata::default()
    };
    let picture = Picture {
        size,
        channels: Channels::Grey,
        samples: View::U8(mask).into(),
        alpha: None,
        metadata: &metadata,
    };
    write_whole(target, Some(photo.path()), overwrite, |file| {
        write_picture(&picture, format, file, target)
    })?;
    Ok(())
}
