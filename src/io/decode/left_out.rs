//! What a WebP or BMP file holds beside the picture that is read, named so that nothing is dropped in silence. Decodes nothing.

use std::io::{Read, Seek, SeekFrom};

/// Chunks that are read, or that make up the picture. Source: WebP Container Specification.
const READ_CHUNKS: [&[u8; 4]; 9] = [
    b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ",
];
/// Chunks of which a second one is not read.
const SINGLE_CHUNKS: [&[u8; 4]; 3] = [b"ICCP", b"EXIF", b"XMP "];
/// Most chunks looked at; an honest animation has one a frame.
const CHUNK_COUNT_LIMIT: usize = 100_000;
/// Most names of chunks told.
const NAME_LIMIT: usize = 20;
/// Bytes of 0 behind the rows of a bitmap that only fill it up to a round length, as some programs write them.
const FILLING_BYTES: u64 = 3;

/// Sentences on the chunks of a WebP file that are not read, and on bytes behind its end; `file` is left anywhere.
///
/// # Errors
/// What the operating system says.
pub fn of_webp(file: &mut (impl Read + Seek)) -> std::io::Result<Vec<String>> {
    const HEAD_BYTES: u64 = 12;
    let file_bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(4))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    // The length counts what stands behind itself, and chunks have even lengths.
    let end = (8 + u64::from(u32::from_le_bytes(length))).next_multiple_of(2);
    let mut at = HEAD_BYTES;
    let (mut seen, mut names) = (Vec::new(), Vec::new());
    for _ in 0..CHUNK_COUNT_LIMIT {
        if at + 8 > end.min(file_bytes) {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let [k0, k1, k2, k3, l0, l1, l2, l3] = head;
        let kind = [k0, k1, k2, k3];
        let is_second = SINGLE_CHUNKS.contains(&&kind) && seen.contains(&kind);
        if is_second || !READ_CHUNKS.contains(&&kind) {
            let text = kind.trim_ascii().escape_ascii();
            let name = match &kind {
                b"C2PA" => "C2PA (content credentials, which sign the original file)".to_owned(),
                _ if is_second => format!("{text} (a second one)"),
                _ => text.to_string(),
            };
            if !names.contains(&name) && names.len() < NAME_LIMIT {
                names.push(name);
            }
        } else if !seen.contains(&kind) {
            seen.push(kind);
        }
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        at += 8 + length.next_multiple_of(2);
    }
    let mut said = Vec::new();
    if !names.is_empty() {
        said.push(format!("WebP chunks: {}.", names.join(", ")));
    }
    said.extend(bytes_behind(file, end, file_bytes, 1)?);
    Ok(said)
}

/// A sentence on bytes behind the end of a bitmap and of the profile in it; `file` is left anywhere.
///
/// Source: BITMAPFILEHEADER (position of the rows at byte 10), BITMAPCOREHEADER, BITMAPINFOHEADER and BITMAPV5HEADER.
///
/// # Errors
/// What the operating system says.
pub fn of_bmp(file: &mut (impl Read + Seek)) -> std::io::Result<Option<String>> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut head = Vec::new();
    file.take(14 + 124).read_to_end(&mut head)?;
    Ok(match end_of_bmp(&head) {
        Some(end) => bytes_behind(file, end, file_bytes, FILLING_BYTES)?,
        None => None,
    })
}

/// Where a bitmap that begins with `head` ends; `None` when that does not show.
fn end_of_bmp(head: &[u8]) -> Option<u64> {
    let long = |at: usize| {
        let bytes = head.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let word = |at: usize| {
        Some(u64::from(u16::from_le_bytes(
            head.get(at..at + 2)?.try_into().ok()?,
        )))
    };
    let (rows_at, header_bytes) = (u64::from(long(10)?), long(14)?);
    let (width, height, bits, packing) = if header_bytes == 12 {
        (word(18)?, word(20)?, word(24)?, 0)
    } else {
        let side = |at| Some(u64::from(long(at)?.cast_signed().unsigned_abs()));
        (side(18)?, side(22)?, word(28)?, long(30)?)
    };
    // Run-length codes tell their length themselves, where the header does.
    let rows_bytes = if matches!(packing, 0 | 3 | 6) {
        (width.checked_mul(bits)?.div_ceil(32) * 4).checked_mul(height)?
    } else {
        u64::from(long(34).filter(|&bytes| bytes > 0)?)
    };
    let mut end = rows_at.checked_add(rows_bytes)?;
    let (kind, profile_at, profile_bytes) = (head.get(70..74), long(126), long(130));
    if let (124, Some(b"DEBM" | b"KNIL"), Some(at), Some(bytes)) =
        (header_bytes, kind, profile_at, profile_bytes)
    {
        end = end.max(14 + u64::from(at) + u64::from(bytes));
    }
    Some(end)
}

/// The sentence on what lies behind `end`; none when that is nothing, or no more than `filling` bytes of 0.
fn bytes_behind(
    file: &mut (impl Read + Seek),
    end: u64,
    file_bytes: u64,
    filling: u64,
) -> std::io::Result<Option<String>> {
    let count = file_bytes.saturating_sub(end);
    if count == 0 {
        return Ok(None);
    }
    if count <= filling {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(end))?;
        file.take(filling).read_to_end(&mut bytes)?;
        if bytes.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
    }
    Ok(Some(format!("{count} bytes behind the picture's end.")))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn webp(chunks: &[(&[u8; 4], &[u8])], behind: &[u8]) -> Cursor<Vec<u8>> {
        let mut content = b"WEBP".to_vec();
        for (kind, data) in chunks {
            content.extend(*kind);
            content.extend((data.len() as u32).to_le_bytes());
            content.extend(*data);
            content.resize(content.len().next_multiple_of(2), 0);
        }
        let length = (content.len() as u32).to_le_bytes();
        Cursor::new([b"RIFF", &length[..], &content, behind].concat())
    }

    fn said_of_webp(chunks: &[(&[u8; 4], &[u8])], behind: &[u8]) -> Vec<String> {
        of_webp(&mut webp(chunks, behind)).unwrap()
    }

    #[test]
    fn chunks_that_are_not_read_and_what_lies_behind_are_named() {
        assert_eq!(
            said_of_webp(&[(b"VP8L", b"abc"), (b"EXIF", b"x")], b""),
            [""; 0]
        );
        let said = said_of_webp(
            &[
                (b"VP8X", b"0123456789"),
                (b"XMP ", b"<a/>"),
                (b"C2PA", b"sig"),
                (b"XMP ", b"<b/>"),
                (b"unk\n", b""),
            ],
            b"rest",
        );
        let [chunks, behind] = said.as_slice() else {
            panic!("{said:?}");
        };
        for name in ["C2PA", "content credentials", "XMP (a second one)", "unk"] {
            assert!(chunks.contains(name), "{chunks}");
        }
        assert!(chunks.is_ascii() && !chunks.contains('\n'), "{chunks}");
        assert_eq!(behind, "4 bytes behind the picture's end.");
        let whole = webp(&[(b"C2PA", &[7; 99])], b"rest").into_inner();
        for length in 8..whole.len() {
            of_webp(&mut Cursor::new(&whole[..length])).unwrap();
        }
    }

    /// A bitmap of 3 × 2 px of 24 bits without its rows' content.
    fn bmp(behind: &[u8]) -> Cursor<Vec<u8>> {
        let mut file = b"BM".to_vec();
        for value in [0_u32, 0, 54, 40, 3, 2_u32.wrapping_neg()] {
            file.extend(value.to_le_bytes());
        }
        file.extend([1, 0, 24, 0]);
        file.extend([0; 24]);
        assert_eq!(file.len(), 54);
        // Rows have multiples of four bytes.
        file.extend([9; 24]);
        file.extend(behind);
        Cursor::new(file)
    }

    #[test]
    fn bytes_behind_a_bitmap_are_told_but_not_its_filling() {
        assert_eq!(of_bmp(&mut bmp(b"")).unwrap(), None);
        assert_eq!(of_bmp(&mut bmp(&[0, 0])).unwrap(), None);
        let said = of_bmp(&mut bmp(b"hidden")).unwrap();
        assert_eq!(said.as_deref(), Some("6 bytes behind the picture's end."));
        assert!(of_bmp(&mut bmp(&[0, 1])).unwrap().is_some());
        let whole = bmp(b"hidden").into_inner();
        for length in 0..whole.len() {
            of_bmp(&mut Cursor::new(&whole[..length])).unwrap();
        }
    }
}
