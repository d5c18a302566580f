//! Reads a written file back and compares it with what was handed over, row by row where the format allows.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};

use rayon::prelude::*;
use tiff::decoder::{Decoder, Limits};

use super::picture::largest_difference;
use super::{Failure, Picture};
use crate::io::decode::decode_jpeg_pixels;

/// Rows of a PNG's picture asked for at a time.
const ROWS_AT_ONCE: u32 = 32;
/// Stored bytes of a JPEG's picture made at a time by each core.
const BAND_BYTES: usize = 1 << 20;

/// Largest difference between the PNG in `file` and `picture`, in code values.
pub fn png(picture: &Picture<'_>, file: &mut File) -> Result<u16, Failure> {
    file.rewind()?;
    // Of the ancillary chunks only the pixels' own are of interest here.
    let limits = png::Limits { bytes: usize::MAX };
    let mut decoder = png::Decoder::new_with_limits(BufReader::new(file), limits);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(unreadable)?;
    if reader.info().size() != (picture.size.width, picture.size.height) {
        return Err(Failure::Different("its size differs".to_owned()));
    }
    let mut row = vec![0; picture.row_bytes()];
    if reader.output_line_size(picture.size.width) != Some(row.len()) {
        return Err(Failure::Different("its layout differs".to_owned()));
    }
    let mut largest = 0;
    let mut wanted = Cow::Borrowed(&[][..]);
    for y in 0..picture.size.height {
        if y % ROWS_AT_ONCE == 0 {
            wanted = picture.rows(y, (y + ROWS_AT_ONCE).min(picture.size.height))?;
        }
        reader.read_row(&mut row).map_err(unreadable)?;
        if picture.sample_bytes() == 2 && cfg!(target_endian = "little") {
            row.chunks_exact_mut(2).for_each(<[u8]>::reverse);
        }
        let wanted = &wanted[(y % ROWS_AT_ONCE) as usize * row.len()..][..row.len()];
        largest = largest.max(largest_difference(&row, wanted, picture.sample_bytes()));
    }
    reader.finish().map_err(unreadable)?;
    Ok(largest)
}

/// Largest difference between the TIFF in `file` and `picture`, in code values.
pub fn tiff(picture: &Picture<'_>, file: &mut File) -> Result<u16, Failure> {
    file.rewind()?;
    let mut decoder = Decoder::new(BufReader::new(file))
        .map_err(unreadable)?
        .with_limits(Limits::unlimited());
    let size = decoder.dimensions().map_err(unreadable)?;
    if size != (picture.size.width, picture.size.height) {
        return Err(Failure::Different("its size differs".to_owned()));
    }
    let rows = decoder.chunk_dimensions().1;
    let mut largest = 0;
    for strip in 0..decoder.strip_count().map_err(unreadable)? {
        let first = strip * rows;
        let wanted = picture.rows(first, (first + rows).min(picture.size.height))?;
        let mut found = vec![0; wanted.len()];
        decoder
            .read_chunk_bytes(strip, &mut found)
            .map_err(unreadable)?;
        largest = largest.max(largest_difference(&found, &wanted, picture.sample_bytes()));
    }
    Ok(largest)
}

/// Largest difference between the JPEG in `file` and `picture` at 8 bits, in code values.
pub fn jpeg(picture: &Picture<'_>, file: &mut File) -> Result<u16, Failure> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let found = decode_jpeg_pixels(&bytes, picture.size, picture.channels)
        .map_err(|fault| Failure::Different(format!("{fault:?}")))?;
    picture.wait_for(picture.size.height)?;
    let (rows, row_bytes) = (
        picture.rows_in(BAND_BYTES) as usize,
        picture.size.width as usize * picture.channels.count(),
    );
    found
        .par_chunks(rows * row_bytes)
        .enumerate()
        .map(|(band, found)| {
            let first = (band * rows) as u32;
            let end = first + (found.len() / row_bytes) as u32;
            let wanted = picture.eight_bit_rows(first, end)?;
            Ok(largest_difference(found, &wanted, 1))
        })
        .try_reduce(|| 0, |one, other| Ok(one.max(other)))
}

fn unreadable(error: impl std::fmt::Display) -> Failure {
    Failure::Different(error.to_string())
}
