//! EXIF as raw directories: read from a blob, changed where it must be, written again. Tag meanings stay outside.
//!
//! Source: TIFF 6.0 section 2 and Exif 2.32 section 4.6.

mod embedded;
mod entry;
mod reader;
mod stated;
mod thumbnail;
mod unread;

pub use embedded::jpeg_thumbnail;
pub use entry::{RawEntry, UTF8, VALUE_LIMIT_BYTES, kind_bytes};
pub use stated::{orientation, resolution, with_orientation};
pub use thumbnail::{has_thumbnail, without_thumbnail};
pub use unread::unread;

use reader::BlobReader;

/// Tag numbers used here.
pub mod tag {
    /// How stored pixels are turned for display.
    pub const ORIENTATION: u16 = 274;
    /// Horizontal pixels a unit.
    pub const X_RESOLUTION: u16 = 282;
    /// Vertical pixels a unit.
    pub const Y_RESOLUTION: u16 = 283;
    /// Unit of the two above: 1 none, 2 inch, 3 centimetre.
    pub const RESOLUTION_UNIT: u16 = 296;
    /// Offset of the EXIF directory.
    pub const EXIF_IFD: u16 = 34_665;
    /// Offset of the GPS directory.
    pub const GPS_IFD: u16 = 34_853;
    /// Offset of the interoperability directory, inside the EXIF directory.
    pub const INTEROP_IFD: u16 = 40_965;
    /// A camera maker's own structure, which may hold absolute offsets.
    pub const MAKER_NOTE: u16 = 37_500;
}

/// The directories of an EXIF blob, without the pointers between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExifTree {
    /// Entries of the first directory.
    pub main: Vec<RawEntry>,
    /// Entries of the EXIF directory.
    pub exif: Vec<RawEntry>,
    /// Entries of the GPS directory.
    pub gps: Vec<RawEntry>,
    /// Entries of the interoperability directory.
    pub interop: Vec<RawEntry>,
    /// Whether a thumbnail directory follows the first one; it is not kept.
    pub has_thumbnail: bool,
}

impl ExifTree {
    /// The directories in `blob` (a TIFF structure); broken entries are left out. `None` when it is no EXIF at all.
    pub fn parse(blob: &[u8]) -> Option<Self> {
        let reader = BlobReader::new(blob)?;
        let (mut main, next) = reader.directory(reader.u32(4)?)?;
        let (exif, gps) = (
            take(&mut main, tag::EXIF_IFD),
            take(&mut main, tag::GPS_IFD),
        );
        let sub = |pointer: Option<u32>| {
            pointer
                .and_then(|at| reader.directory(at))
                .map_or_else(Vec::new, |(entries, _)| entries)
        };
        let mut exif = sub(exif);
        let interop = take(&mut exif, tag::INTEROP_IFD);
        Some(Self {
            main,
            interop: sub(interop),
            exif,
            gps: sub(gps),
            has_thumbnail: next != 0,
        })
    }

    /// Whether there is a maker note, whose inner offsets break when it moves.
    pub fn has_maker_note(&self) -> bool {
        self.exif.iter().any(|entry| entry.tag == tag::MAKER_NOTE)
    }

    /// Puts `entry` into the first directory in place of any of its tag.
    pub fn set_main(&mut self, entry: RawEntry) {
        self.main.retain(|old| old.tag != entry.tag);
        self.main.push(entry);
    }

    /// The blob: little-endian, directories one after the other, without a thumbnail.
    pub fn to_blob(&self) -> Vec<u8> {
        let Self {
            main,
            exif,
            gps,
            interop,
            has_thumbnail: _,
        } = self;
        let with_pointers = |entries: &[RawEntry], pointers: &[(u16, &[RawEntry])]| {
            let mut entries = entries.to_vec();
            let used = pointers.iter().filter(|(_, target)| !target.is_empty());
            entries.extend(used.map(|(tag, _)| RawEntry::long(*tag, 0)));
            entries.sort_by_key(|entry| entry.tag);
            entries
        };
        let mut exif = with_pointers(exif, &[(tag::INTEROP_IFD, interop)]);
        let mut main = with_pointers(main, &[(tag::EXIF_IFD, &exif), (tag::GPS_IFD, gps)]);
        let exif_at = 8 + directory_bytes(&main);
        let gps_at = exif_at + directory_bytes(&exif);
        let interop_at = gps_at + directory_bytes(gps);
        point(&mut main, tag::EXIF_IFD, exif_at);
        point(&mut main, tag::GPS_IFD, gps_at);
        point(&mut exif, tag::INTEROP_IFD, interop_at);

        let mut blob = b"II*\0\x08\0\0\0".to_vec();
        if main.is_empty() {
            // No entries and no next directory: the first one has to be there.
            blob.extend([0; 6]);
        }
        for entries in [&main, &exif, gps, interop] {
            write_directory(&mut blob, entries);
        }
        blob
    }
}

/// Takes the pointer `tag` out of `entries`.
fn take(entries: &mut Vec<RawEntry>, tag: u16) -> Option<u32> {
    let at = entries.iter().position(|entry| entry.tag == tag)?;
    let entry = entries.remove(at);
    Some(u32::from_le_bytes(entry.data.get(..4)?.try_into().ok()?))
}

fn point(entries: &mut [RawEntry], tag: u16, offset: usize) {
    if let Some(entry) = entries.iter_mut().find(|entry| entry.tag == tag) {
        entry.data = (offset as u32).to_le_bytes().to_vec();
    }
}

/// Bytes of a directory and its values, an empty one being left out.
fn directory_bytes(entries: &[RawEntry]) -> usize {
    if entries.is_empty() {
        return 0;
    }
    let outside = |entry: &RawEntry| match entry.data.len() {
        0..=4 => 0,
        length => length + (length & 1),
    };
    2 + 12 * entries.len() + 4 + entries.iter().map(outside).sum::<usize>()
}

fn write_directory(blob: &mut Vec<u8>, entries: &[RawEntry]) {
    if entries.is_empty() {
        return;
    }
    let mut values_at = blob.len() + 2 + 12 * entries.len() + 4;
    let mut values = Vec::new();
    blob.extend((entries.len() as u16).to_le_bytes());
    for RawEntry { tag, kind, data } in entries {
        let count = data.len() / kind_bytes(*kind).unwrap_or(1);
        blob.extend(tag.to_le_bytes());
        blob.extend(kind.to_le_bytes());
        blob.extend((count as u32).to_le_bytes());
        if data.len() <= 4 {
            let mut inline = [0; 4];
            inline[..data.len()].copy_from_slice(data);
            blob.extend(inline);
        } else {
            blob.extend((values_at as u32).to_le_bytes());
            values.extend(data);
            if data.len() % 2 == 1 {
                values.push(0);
            }
            values_at += data.len() + (data.len() & 1);
        }
    }
    blob.extend([0; 4]);
    blob.extend(values);
}

#[cfg(test)]
mod tests;
