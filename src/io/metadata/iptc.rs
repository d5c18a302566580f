//! IPTC-IIM records inside Photoshop image resources (JPEG APP13, TIFF 34377) and PNG raw profiles.
//!
//! Source: Adobe Photoshop File Formats Specification, "Image Resource Blocks".

/// Start of a JPEG APP13 payload that holds image resources.
pub const PHOTOSHOP_PREFIX: &[u8] = b"Photoshop 3.0\0";

/// Resource id of IPTC-IIM records.
const IPTC_RESOURCE: u16 = 0x0404;

/// The IPTC-IIM records in a run of image resource blocks; `None` when there are none or the blocks are broken.
pub fn from_resources(mut blocks: &[u8]) -> Option<Vec<u8>> {
    while let Some(rest) = blocks.strip_prefix(b"8BIM") {
        let id = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
        // A Pascal string, padded so that its length byte and text together are even.
        let name_bytes = (usize::from(*rest.get(2)?) + 2) & !1;
        let header = rest.get(2 + name_bytes..)?;
        let length = u32::from_be_bytes(header.get(..4)?.try_into().ok()?) as usize;
        let data = header.get(4..)?.get(..length)?;
        if id == IPTC_RESOURCE {
            return Some(data.to_vec());
        }
        blocks = header.get(4 + length + (length & 1)..).unwrap_or_default();
    }
    None
}

/// The blocks without the thumbnails Photoshop 4 and later put there; `None` when there are none, or the blocks are broken.
pub fn without_thumbnails(blocks: &[u8]) -> Option<Vec<u8>> {
    const THUMBNAILS: [u16; 2] = [0x0409, 0x040C];
    let mut kept = Vec::new();
    let mut rest = blocks;
    while let Some(block) = rest.strip_prefix(b"8BIM") {
        let id = u16::from_be_bytes([*block.first()?, *block.get(1)?]);
        let name_bytes = (usize::from(*block.get(2)?) + 2) & !1;
        let length_at = 2 + name_bytes;
        let length = u32::from_be_bytes(block.get(length_at..length_at + 4)?.try_into().ok()?);
        let padded = (length as usize).checked_add(length as usize & 1)?;
        let end = (4 + length_at + 4).checked_add(padded)?.min(rest.len());
        if !THUMBNAILS.contains(&id) {
            kept.extend_from_slice(&rest[..end]);
        }
        rest = &rest[end..];
    }
    kept.extend_from_slice(rest);
    (kept.len() < blocks.len()).then_some(kept)
}

/// The blocks without those that hold just `records`, which have a place of their own in some formats.
pub fn without_records(blocks: &[u8], records: &[u8]) -> Vec<u8> {
    let block = to_resource(records);
    // Broken behind, or named in another way: kept as it is.
    match blocks.windows(block.len()).position(|part| part == block) {
        Some(at) => [&blocks[..at], &blocks[at + block.len()..]].concat(),
        None => blocks.to_vec(),
    }
}

/// One image resource block with the IPTC-IIM `records`.
pub fn to_resource(records: &[u8]) -> Vec<u8> {
    let mut block = b"8BIM".to_vec();
    block.extend(IPTC_RESOURCE.to_be_bytes());
    block.extend([0, 0]);
    block.extend((records.len() as u32).to_be_bytes());
    block.extend(records);
    if records.len() % 2 == 1 {
        block.push(0);
    }
    block
}

/// The text of a PNG "Raw profile type" chunk: a name, the length, and the bytes as hexadecimal lines.
///
/// Source: the convention `ImageMagick` introduced and `exiftool` reads.
pub fn to_raw_profile(name: &str, bytes: &[u8]) -> String {
    let mut text = format!("\n{name}\n{:8}\n", bytes.len());
    for line in bytes.chunks(36) {
        text.push_str(&super::super::hex(line));
        text.push('\n');
    }
    text
}

/// The bytes of a PNG "Raw profile type" chunk; `None` when the text is not one.
pub fn from_raw_profile(text: &str) -> Option<Vec<u8>> {
    // The name may hold blanks: `exiftool` writes "IPTC profile".
    let (_name, rest) = text.trim_start().split_once('\n')?;
    let mut words = rest.split_ascii_whitespace();
    let length: usize = words.next()?.parse().ok()?;
    let digits: Vec<u8> = words.flat_map(str::bytes).collect();
    if digits.len() / 2 != length {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| Some((value(pair[0])? << 4 | value(pair[1])?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_from_behind_another_resource() {
        let records = [0x1c, 2, 5, 0, 3, b'a', b'b', b'c', b'!'];
        // Resource 0x03ED with the name "x" and three bytes.
        let mut blocks = b"8BIM\x03\xed\x01x\0\0\0\x03abc\0".to_vec();
        blocks.extend(to_resource(&records));
        assert_eq!(from_resources(&blocks), Some(records.to_vec()));
        assert_eq!(from_resources(&blocks[..blocks.len() - 4]), None);
        assert_eq!(from_resources(b"something else"), None);
    }

    #[test]
    fn thumbnails_are_taken_out_of_the_blocks_around_them() {
        let caption = to_resource(&[0x1C, 2, 5, 0, 1, b'a', b'b']);
        let thumbnail = b"8BIM\x04\x0c\0\0\0\0\0\x03xyz\0";
        let blocks = [caption.as_slice(), thumbnail, &caption].concat();
        assert_eq!(without_thumbnails(&blocks).unwrap(), caption.repeat(2));
        assert_eq!(without_thumbnails(&caption), None);
        for length in 0..blocks.len() {
            without_thumbnails(&blocks[..length]);
        }
    }

    #[test]
    fn records_that_stand_elsewhere_are_taken_out_of_the_blocks() {
        let records = [0x1C, 2, 5, 0, 1, b'a'];
        let other = b"8BIM\x03\xed\x01x\0\0\0\x03abc\0".as_slice();
        let blocks = [other, &to_resource(&records), other].concat();
        assert_eq!(without_records(&blocks, &records), other.repeat(2));
        assert_eq!(without_records(&blocks, b"others"), blocks);
        assert_eq!(without_records(b"", &records), b"");
    }

    #[test]
    fn raw_profiles_come_back_and_wrong_lengths_are_refused() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = to_raw_profile("iptc", &bytes);
        assert_eq!(from_raw_profile(&text), Some(bytes.clone()));
        let named_in_two_words = text.replacen("iptc", "IPTC profile", 1);
        assert_eq!(from_raw_profile(&named_in_two_words), Some(bytes));
        assert_eq!(from_raw_profile("\niptc\n       3\nabcd\n"), None);
        assert_eq!(from_raw_profile("nothing"), None);
    }
}
