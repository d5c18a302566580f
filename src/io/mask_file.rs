//! Masks as files: one 8-bit channel, stored order, 0 = untouched, 255 = repair.

use std::path::Path;

use super::atomic::{Prepared, prepare_whole};
use super::decode::{Fault, RowSink, StoredRow, stream_rows};
use super::encode::{OutputFormat, Picture, Pixels, RowSource, View, write_picture};
use super::{DecodeError, DecodeLimits, EncodeError};
use crate::geometry::{ImageSize, PixelRect};
use crate::mask::MaskLayer;
use crate::photo::{BitDepth, Channels, Metadata, Photo, Samples};

/// As [`load_mask_layer`]: one `u8` a pixel, row-major, stored order.
///
/// # Errors
/// As [`load_mask_layer`].
pub fn load_mask(
    path: &Path,
    expected: ImageSize,
    limits: &DecodeLimits,
) -> Result<Vec<u8>, DecodeError> {
    load_mask_layer(path, expected, limits).map(|layer| layer.to_raster())
}

/// Reads a mask of `expected` size, stored order; of a PNG that is not interlaced and of a TIFF of 8 or 16 bits, in a packing
/// that we write too, never more than a row is in memory beside the layer.
///
/// Grey, 1-bit and 16-bit files are accepted, and colour files whose channels are equal; what is transparent counts as untouched.
///
/// # Errors
/// [`DecodeError::MaskSize`] names both sizes, [`DecodeError::MaskColour`] says that a picture is none; the rest as for a photo.
/// [`DecodeError::MaskFaint`] for a mask of zeros and ones, or of 8-bit values in a 16-bit file.
pub fn load_mask_layer(
    path: &Path,
    expected: ImageSize,
    limits: &DecodeLimits,
) -> Result<MaskLayer, DecodeError> {
    let mut rows = MaskRows {
        layer: MaskLayer::new(expected),
        largest: 0,
        full: u16::from(u8::MAX),
        is_coloured: false,
        line: Vec::new(),
    };
    stream_rows(path, *limits, &mut rows)?;
    if rows.is_coloured {
        let path = path.to_path_buf();
        return Err(DecodeError::MaskColour { path });
    }
    // Its range was meant to be another.
    let is_faint = rows.largest > 0 && eight_bits(rows.largest, rows.full) <= 1;
    if is_faint {
        return Err(DecodeError::MaskFaint {
            largest: rows.largest,
            full: rows.full,
            path: path.to_path_buf(),
        });
    }
    Ok(rows.layer)
}

/// A mask being read.
struct MaskRows {
    layer: MaskLayer,
    /// The largest code value so far, and the largest there can be.
    largest: u16,
    full: u16,
    is_coloured: bool,
    /// The strengths of a row.
    line: Vec<u8>,
}

impl RowSink for MaskRows {
    fn begin(&mut self, size: ImageSize) -> Result<(), Fault> {
        let expected = self.layer.size();
        if size != expected {
            return Err(Fault::OtherSize {
                expected,
                actual: size,
            });
        }
        Ok(())
    }

    fn row(&mut self, row: &StoredRow<'_>) {
        self.full = row.full;
        // Most of a mask is black, whatever its alpha.
        if row.values.iter().all(|&value| value == 0) {
            return;
        }
        self.line.clear();
        for pixel in row.values.chunks_exact(row.samples) {
            let (colour, more) = pixel.split_at(row.colours);
            for &value in colour {
                self.largest = self.largest.max(value);
                self.is_coloured |= value != colour[0];
            }
            let strength = eight_bits(colour[0], row.full);
            let alpha = match more {
                [alpha, ..] if row.has_alpha => u16::from(eight_bits(*alpha, row.full)),
                _ => 255,
            };
            let faded = (u16::from(strength) * alpha + 127) / 255;
            self.line.push(faded as u8);
        }
        self.layer.write_row(row.x, row.y, &self.line);
    }
}

/// The 8-bit value nearest to one of 8 or 16 bits, of which `full` is the largest.
fn eight_bits(value: u16, full: u16) -> u8 {
    if full == u16::MAX {
        ((u32::from(value) + 128) / 257) as u8
    } else {
        value as u8
    }
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
    if mask.len() != size.pixel_count() {
        mask_format(target)?;
        return Err(EncodeError::Layout {
            expected: format!("{} of 8 bits", size.pixel_count()),
            actual: format!("{} of 8 bits", mask.len()),
            path: target.to_path_buf(),
        });
    }
    prepare_plane(target, size, View::U8(mask).into(), photo, overwrite)?.publish()
}

/// As [`save_mask`], of a layer; no more than some rows are in memory beside it.
///
/// # Errors
/// As [`save_mask`].
pub fn save_mask_layer(
    target: &Path,
    mask: &MaskLayer,
    photo: &Photo,
    overwrite: bool,
) -> Result<(), EncodeError> {
    prepare_mask_layer(target, mask, photo, overwrite)?.publish()
}

/// As [`save_mask_layer`], but the file gets its name with [`Prepared::publish`] alone: until then an older one stays.
///
/// # Errors
/// As [`save_mask`].
pub fn prepare_mask_layer(
    target: &Path,
    mask: &MaskLayer,
    photo: &Photo,
    overwrite: bool,
) -> Result<Prepared, EncodeError> {
    let rows = LayerRows(mask);
    let pixels = Pixels::Made(BitDepth::Eight, &rows);
    prepare_plane(target, mask.size(), pixels, photo, overwrite)
}

/// The rows of a layer for an encoder.
struct LayerRows<'a>(&'a MaskLayer);

impl RowSource for LayerRows<'_> {
    fn rows(&self, first: u32, end: u32) -> std::io::Result<Samples> {
        let rect = PixelRect::new(0, first, self.0.size().width, end - first);
        Ok(Samples::U8(self.0.values_of(rect)))
    }
}

/// The format of a mask file by its name.
fn mask_format(target: &Path) -> Result<OutputFormat, EncodeError> {
    let path = || target.to_path_buf();
    match OutputFormat::from_path(target) {
        Some(OutputFormat::Jpeg { .. }) => Err(EncodeError::LossyMask { path: path() }),
        Some(format) => Ok(format),
        None => Err(EncodeError::UnknownExtension { path: path() }),
    }
}

fn prepare_plane(
    target: &Path,
    size: ImageSize,
    samples: Pixels<'_>,
    photo: &Photo,
    overwrite: bool,
) -> Result<Prepared, EncodeError> {
    let format = mask_format(target)?;
    let metadata = Metadata {
        orientation: photo.metadata().orientation,
        resolution: photo.metadata().resolution,
        ..Metadata::default()
    };
    let picture = Picture {
        size,
        channels: Channels::Grey,
        samples,
        alpha: None,
        metadata: &metadata,
    };
    let (_, prepared) = prepare_whole(target, Some(photo.path()), overwrite, |file| {
        write_picture(&picture, format, file, target)
    })?;
    Ok(prepared)
}
