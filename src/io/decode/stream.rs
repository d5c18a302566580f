//! A picture's rows for someone who keeps less than all of them. Decodes; decides nothing.

use std::io::Seek as _;
use std::path::Path;

use super::{Fault, Input, decode, guarded, kind_of, open_file, png, tiff};
use crate::geometry::ImageSize;
use crate::io::{DecodeError, DecodeLimits};
use crate::photo::{FileFormat, Samples};

/// Who gets the rows.
pub trait RowSink {
    /// The picture's size, before any row.
    ///
    /// # Errors
    /// Ends the reading.
    fn begin(&mut self, size: ImageSize) -> Result<(), Fault>;

    /// A row or a part of one; every pixel comes once, in any order.
    fn row(&mut self, row: &StoredRow<'_>);
}

/// Pixels side by side.
pub struct StoredRow<'a> {
    /// Column and row of the first pixel, stored order.
    pub x: u32,
    pub y: u32,
    /// Samples of colour a pixel, and all samples a pixel: alpha stands behind the colours.
    pub colours: usize,
    pub samples: usize,
    pub has_alpha: bool,
    /// The largest code value there can be: 255 or 65,535.
    pub full: u16,
    /// Code values, interleaved.
    pub values: &'a [u16],
}

/// Hands the rows of the picture in `path` to `sink`: as they are decoded, of a PNG that is not interlaced and a TIFF of 8 or
/// 16 bits in a packing we write too; of any other picture after all of it is in memory.
///
/// # Errors
/// [`DecodeError`] as for a photo; `sink` has some rows then.
pub fn stream_rows(
    path: &Path,
    limits: DecodeLimits,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    let (mut file, file_bytes) = open_file(path)?;
    let format = kind_of(&mut file, path)?;
    let input = Input {
        file,
        file_bytes,
        limits,
        page: None,
        watch: None,
    };
    stream(format, input, sink).map_err(|fault| fault.with_path(format, limits, path))
}

fn stream(format: FileFormat, mut input: Input<'_>, sink: &mut dyn RowSink) -> Result<(), Fault> {
    let is_done = guarded(|| match format {
        FileFormat::Png => png::each_row(&input, sink),
        FileFormat::Tiff => tiff::each_row(&input, sink),
        _ => Ok(false),
    })?;
    if is_done {
        return Ok(());
    }
    input.file.rewind()?;
    let decoded = decode(format, input)?;
    sink.begin(decoded.size)?;
    let colours = decoded.channels.count();
    let (width, has_alpha) = (decoded.size.width as usize, decoded.alpha.is_some());
    let mut values = Vec::new();
    for y in 0..decoded.size.height {
        values.clear();
        let first = decoded.size.index(0, y);
        for pixel in first..first + width {
            let colour = (0..colours).map(|channel| decoded.samples.get(pixel * colours + channel));
            values.extend(colour);
            values.extend(decoded.alpha.as_ref().map(|alpha| alpha.get(pixel)));
        }
        sink.row(&StoredRow {
            x: 0,
            y,
            colours,
            samples: colours + usize::from(has_alpha),
            has_alpha,
            full: match decoded.samples {
                Samples::U8(_) => u16::from(u8::MAX),
                Samples::U16(_) => u16::MAX,
            },
            values: &values,
        });
    }
    Ok(())
}
