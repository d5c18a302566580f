//! The small JPEG that a camera or scanner puts into EXIF.

use super::reader::BlobReader;

/// Offset of the thumbnail, tag `JPEGInterchangeFormat`.
const JPEG_OFFSET: u16 = 513;
/// Its length in bytes.
const JPEG_LENGTH: u16 = 514;

/// The bytes of the JPEG thumbnail of an EXIF blob, if there is one.
pub fn jpeg_thumbnail(blob: &[u8]) -> Option<&[u8]> {
    let reader = BlobReader::new(blob)?;
    let (_, next) = reader.directory(reader.u32(4)?)?;
    if next == 0 {
        return None;
    }
    let (entries, _) = reader.directory(next)?;
    let number = |tag: u16| {
        let entry = entries.iter().find(|entry| entry.tag == tag)?;
        let bytes = entry.data.get(..4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    };
    let (start, length) = (number(JPEG_OFFSET)?, number(JPEG_LENGTH)?);
    let bytes = blob.get(start..start.checked_add(length)?)?;
    bytes.starts_with(&[0xFF, 0xD8, 0xFF]).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty first directory, one of a thumbnail of these bytes behind it.
    fn blob_with(thumbnail: &[u8]) -> Vec<u8> {
        let mut blob = b"II*\0\x08\0\0\0".to_vec();
        blob.extend([0, 0]);
        blob.extend(14_u32.to_le_bytes());
        blob.extend(2_u16.to_le_bytes());
        for (tag, value) in [(JPEG_OFFSET, 44), (JPEG_LENGTH, thumbnail.len() as u32)] {
            blob.extend(tag.to_le_bytes());
            blob.extend(4_u16.to_le_bytes());
            blob.extend(1_u32.to_le_bytes());
            blob.extend(value.to_le_bytes());
        }
        blob.extend([0; 4]);
        assert_eq!(blob.len(), 44);
        blob.extend(thumbnail);
        blob
    }

    #[test]
    fn the_thumbnail_is_found_and_a_broken_one_is_none() {
        let jpeg = [0xFF, 0xD8, 0xFF, 0xD9];
        let blob = blob_with(&jpeg);
        assert_eq!(jpeg_thumbnail(&blob), Some(&jpeg[..]));
        assert_eq!(jpeg_thumbnail(&blob[..blob.len() - 1]), None);
        assert_eq!(jpeg_thumbnail(&blob_with(b"no picture")), None);
        assert_eq!(jpeg_thumbnail(b"II*\0\x08\0\0\0\0\0\0\0\0\0"), None);
    }
}
