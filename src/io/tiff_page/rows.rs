//! Rows of strips and tiles as numbers: unpacked, in this machine's byte order, prediction undone; and back.

use std::fs::File;
use std::io::{BufReader, Read};

use super::directory::read_some;
use super::{PageFault, PageLayout};

/// Bytes read from the file at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// A run of bytes of a file, read by position.
struct Section<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        let count = read_some(self.file, &mut buffer[..wanted], self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// The stored rows of one strip or tile, top to bottom.
pub struct ChunkRows<'a> {
    layout: &'a PageLayout,
    unpacked: Box<dyn Read + 'a>,
    bytes: Vec<u8>,
}

impl<'a> ChunkRows<'a> {
    /// The rows of chunk `chunk` in `file`.
    ///
    /// # Panics
    /// When the page has no such chunk.
    pub fn new(file: &'a File, layout: &'a PageLayout, chunk: usize) -> Self {
        let section = Section {
            file,
            at: layout.offsets[chunk],
            left: layout.lengths[chunk],
        };
        let packed = BufReader::with_capacity(BUFFER_BYTES, section);
        Self {
            layout,
            unpacked: layout.packing.unpack(packed),
            bytes: vec![0; layout.row_bytes()],
        }
    }

    /// Reads the next stored row into `values`, interleaved, padding included.
    ///
    /// # Panics
    /// When `values` is not [`PageLayout::row_samples`] long.
    pub fn next_row(&mut self, values: &mut [u16]) -> Result<(), PageFault> {
        let read = self.unpacked.read_exact(&mut self.bytes);
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData => {
                PageFault::Damaged("a strip or tile in it ends too early or is damaged")
            }
            _ => PageFault::Io(error),
        })?;
        unpack_row(self.layout, &self.bytes, values);
        Ok(())
    }
}

/// The rows of all planes of one group, interleaved as if they were stored together.
pub struct GroupRows<'a> {
    planes: Vec<ChunkRows<'a>>,
    samples: usize,
    row: Vec<u16>,
    /// Samples of the group's part of the page in a row, padding left out.
    width: usize,
}

impl<'a> GroupRows<'a> {
    /// The rows of group `group` in `file`.
    ///
    /// # Panics
    /// When the page has no such group.
    pub fn new(file: &'a File, layout: &'a PageLayout, group: usize) -> Self {
        let chunk = |plane| ChunkRows::new(file, layout, layout.chunk_index(group, plane));
        Self {
            planes: (0..layout.planes()).map(chunk).collect(),
            samples: layout.samples,
            row: vec![0; layout.row_samples()],
            width: layout.group_rect(group).width as usize,
        }
    }

    /// Reads the next row into `values`: width × samples a pixel, as stored (grey may be inverted).
    ///
    /// # Panics
    /// When `values` is not that long.
    pub fn next_row(&mut self, values: &mut [u16]) -> Result<(), PageFault> {
        let count = self.width * self.samples;
        assert_eq!(values.len(), count, "row length");
        if let [chunk] = self.planes.as_mut_slice() {
            chunk.next_row(&mut self.row)?;
            values.copy_from_slice(&self.row[..count]);
            return Ok(());
        }
        for (plane, chunk) in self.planes.iter_mut().enumerate() {
            chunk.next_row(&mut self.row)?;
            let target = values[plane..].iter_mut().step_by(self.samples);
            for (target, &value) in target.zip(&self.row) {
                *target = value;
            }
        }
        Ok(())
    }
}

/// Bytes as stored to numbers; undoes prediction, which adds up within a row (TIFF 6.0 section 14).
///
/// # Panics
/// When `values` is not a stored row long.
pub fn unpack_row(layout: &PageLayout, bytes: &[u8], values: &mut [u16]) {
    assert_eq!(values.len(), layout.row_samples(), "row length");
    if layout.bits == 8 {
        for (value, &byte) in values.iter_mut().zip(bytes) {
            *value = u16::from(byte);
        }
    } else {
        let from_bytes = if layout.is_little_endian {
            u16::from_le_bytes
        } else {
            u16::from_be_bytes
        };
        for (value, pair) in values.iter_mut().zip(bytes.chunks_exact(2)) {
            *value = from_bytes([pair[0], pair[1]]);
        }
    }
    if layout.is_predicted {
        let stride = layout.chunk_samples();
        for at in stride..values.len() {
            values[at] = values[at].wrapping_add(values[at - stride]) & layout.max_value();
        }
    }
}

/// Numbers to bytes as stored, the inverse of what [`ChunkRows::next_row`] does; `values` are used up.
///
/// # Panics
/// When the lengths are not those of a stored row.
pub fn pack_row(layout: &PageLayout, values: &mut [u16], bytes: &mut [u8]) {
    assert_eq!(values.len(), layout.row_samples(), "row length");
    assert_eq!(bytes.len(), layout.row_bytes(), "row length");
    if layout.is_predicted {
        let stride = layout.chunk_samples();
        for at in (stride..values.len()).rev() {
            values[at] = values[at].wrapping_sub(values[at - stride]) & layout.max_value();
        }
    }
    if layout.bits == 8 {
        for (byte, &value) in bytes.iter_mut().zip(values.iter()) {
            *byte = value as u8;
        }
    } else {
        let to_bytes = if layout.is_little_endian {
            u16::to_le_bytes
        } else {
            u16::to_be_bytes
        };
        for (pair, &value) in bytes.chunks_exact_mut(2).zip(values.iter()) {
            pair.copy_from_slice(&to_bytes(value));
        }
    }
}
