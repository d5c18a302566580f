//! Reads directories out of a blob that may be broken or hostile.

use super::entry::{RawEntry, kind_bytes, swap_words};

/// Reads numbers of a blob in its own byte order.
pub(super) struct BlobReader<'a> {
    blob: &'a [u8],
    big_endian: bool,
}

impl<'a> BlobReader<'a> {
    pub fn new(blob: &'a [u8]) -> Option<Self> {
        let big_endian = match blob.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { blob, big_endian })
    }

    pub fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.blob.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    pub fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.blob.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// The entries of the directory at `offset`, and the next directory's offset.
    pub fn directory(&self, offset: u32) -> Option<(Vec<RawEntry>, u32)> {
        let at = offset as usize;
        let count = usize::from(self.u16(at)?);
        // Values do not overlap in an honest blob, so together they are no longer than it.
        let mut bytes_left = self.blob.len();
        let mut entries = Vec::new();
        for entry in (0..count).filter_map(|index| self.entry(at + 2 + 12 * index)) {
            let Some(left) = bytes_left.checked_sub(entry.data.len()) else {
                break;
            };
            bytes_left = left;
            entries.push(entry);
        }
        let next = self.u32(at + 2 + 12 * count).unwrap_or(0);
        Some((entries, next))
    }

    /// The tags of the entries of the directory at `offset`, whether they can be read or not.
    pub fn tags(&self, offset: u32) -> impl Iterator<Item = u16> + '_ {
        let at = offset as usize;
        let count = usize::from(self.u16(at).unwrap_or(0));
        (0..count).map_while(move |index| self.u16(at + 2 + 12 * index))
    }

    fn entry(&self, at: usize) -> Option<RawEntry> {
        let (tag, kind) = (self.u16(at)?, self.u16(at + 2)?);
        let bytes = kind_bytes(kind)?.checked_mul(self.u32(at + 4)? as usize)?;
        let start = if bytes <= 4 {
            at + 8
        } else {
            self.u32(at + 8)? as usize
        };
        let value = self.blob.get(start..start.checked_add(bytes)?)?;
        let mut data = value.to_vec();
        if self.big_endian {
            swap_words(&mut data, kind);
        }
        Some(RawEntry { tag, kind, data })
    }
}
