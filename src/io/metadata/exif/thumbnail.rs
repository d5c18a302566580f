//! The thumbnail of an EXIF blob: found, and taken out with every other byte in its place.

use super::reader::BlobReader;

/// The blob with its thumbnail unlinked and blanked, every other byte in its place, so that positions inside a maker note stay true.
///
/// A thumbnail is a picture of its own: kept beside a repaired photo it would go on showing the damage.
pub fn without_thumbnail(mut blob: Vec<u8>) -> Vec<u8> {
    for (start, end) in thumbnail_ranges(&blob).unwrap_or_default() {
        if let Some(bytes) = blob.get_mut(start..end) {
            bytes.fill(0);
        }
    }
    blob
}

/// Whether a directory of a thumbnail is linked.
pub fn has_thumbnail(blob: &[u8]) -> bool {
    thumbnail_ranges(blob).is_some_and(|ranges| !ranges.is_empty())
}

/// What is to be blanked: the link, the directory, and the thumbnail's own data where nothing else lies.
fn thumbnail_ranges(blob: &[u8]) -> Option<Vec<(usize, usize)>> {
    const STRIP_OFFSETS: u16 = 273;
    const STRIP_LENGTHS: u16 = 279;
    const JPEG_OFFSET: u16 = 513;
    const JPEG_LENGTH: u16 = 514;
    let reader = BlobReader::new(blob)?;
    let main_at = reader.u32(4)? as usize;
    let link = main_at.checked_add(2 + 12 * usize::from(reader.u16(main_at)?))?;
    let thumbnail_at = reader.u32(link)?;
    if thumbnail_at == 0 {
        return Some(Vec::new());
    }
    let mut ranges = vec![(link, link + 4)];
    let at = thumbnail_at as usize;
    let Some((entries, _)) = reader.directory(thumbnail_at) else {
        return Some(ranges);
    };
    let directory_end = at + 2 + 12 * usize::from(reader.u16(at)?) + 4;
    // An honest thumbnail lies behind the link to it; a range that does not could hold anything.
    if at >= link + 4 {
        ranges.push((at, directory_end.min(blob.len())));
    }
    let numbers = |tag: u16| -> Vec<usize> {
        let entry = entries.iter().find(|entry| entry.tag == tag);
        entry.map_or_else(Vec::new, |entry| {
            let bytes = if entry.kind == 3 { 2 } else { 4 };
            let words = entry.data.chunks_exact(bytes);
            words
                .map(|word| {
                    word.iter()
                        .rev()
                        .fold(0, |sum, &b| sum << 8 | usize::from(b))
                })
                .collect()
        })
    };
    for (offsets, lengths) in [(JPEG_OFFSET, JPEG_LENGTH), (STRIP_OFFSETS, STRIP_LENGTHS)] {
        for (start, length) in numbers(offsets).into_iter().zip(numbers(lengths)) {
            let end = start.saturating_add(length).min(blob.len());
            if start >= directory_end && end > start {
                ranges.push((start, end));
            }
        }
    }
    Some(ranges)
}
