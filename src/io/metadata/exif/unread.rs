//! Which entries of an EXIF blob cannot be read, so that none is dropped in silence.

use super::reader::BlobReader;
use super::{ExifTree, tag};

/// Tags whose type nobody knows or whose value lies outside the blob, in the directories that [`ExifTree`] has.
pub fn unread(blob: &[u8]) -> Vec<u16> {
    let Some(reader) = BlobReader::new(blob) else {
        return Vec::new();
    };
    let directory = |at: Option<u32>| {
        let at = at.filter(|&at| at != 0)?;
        let (entries, _) = reader.directory(at)?;
        Some((at, entries))
    };
    let pointer = |found: &Option<(u32, Vec<super::RawEntry>)>, tag: u16| {
        let (_, entries) = found.as_ref()?;
        let entry = entries.iter().find(|entry| entry.tag == tag)?;
        Some(u32::from_le_bytes(entry.data.get(..4)?.try_into().ok()?))
    };
    let main = directory(reader.u32(4));
    let exif = directory(pointer(&main, tag::EXIF_IFD));
    let gps = directory(pointer(&main, tag::GPS_IFD));
    let interop = directory(pointer(&exif, tag::INTEROP_IFD));
    let mut unread = Vec::new();
    for (at, entries) in [main, exif, gps, interop].into_iter().flatten() {
        let mut read = entries.iter().map(|entry| entry.tag).collect::<Vec<_>>();
        for tag in reader.tags(at) {
            match read.iter().position(|known| *known == tag) {
                Some(place) => drop(read.swap_remove(place)),
                None => unread.push(tag),
            }
        }
    }
    unread.sort_unstable();
    unread.dedup();
    unread
}

impl ExifTree {
    /// Tags of text in UTF-8, a type that TIFF does not have.
    pub fn utf8_tags(&self) -> Vec<u16> {
        let directories = [&self.main, &self.exif, &self.gps, &self.interop];
        let entries = directories.into_iter().flatten();
        let utf8 = entries.filter(|entry| entry.kind == super::UTF8);
        utf8.map(|entry| entry.tag).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::RawEntry;
    use super::*;

    #[test]
    fn types_that_nobody_knows_and_values_outside_are_told_and_utf_8_is_kept() {
        let text = |tag: u16, kind: u16| RawEntry {
            tag,
            kind,
            data: b"ab\0".to_vec(),
        };
        let tree = ExifTree {
            main: vec![text(271, 2), text(315, 129)],
            exif: vec![text(42_032, 2), text(42_033, 129)],
            ..ExifTree::default()
        };
        let blob = tree.to_blob();
        assert_eq!(unread(&blob), [0; 0]);
        assert_eq!(ExifTree::parse(&blob).as_ref(), Some(&tree));
        assert_eq!(tree.utf8_tags(), [315, 42_033]);
        // The second entry of the first directory, by its type and by its length.
        let (kind_at, count_at) = (10 + 12 + 2, 10 + 12 + 4);
        let mut strange = blob.clone();
        strange[kind_at] = 99;
        assert_eq!(unread(&strange), [315]);
        let mut outside = blob.clone();
        outside[count_at + 2] = 7;
        assert_eq!(unread(&outside), [315]);
        for length in 0..blob.len() {
            unread(&blob[..length]);
        }
    }
}
