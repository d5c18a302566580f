//! What the header and the pixels of a bitmap hold that is not read: depth beyond 8 bits, spare bits, bytes in between.
//!
//! Source: BITMAPFILEHEADER, BITMAPINFOHEADER with `BI_BITFIELDS` and `BI_ALPHABITFIELDS`, BITMAPV3HEADER to BITMAPV5HEADER.

use std::io::{BufReader, Read, Seek, SeekFrom};

/// Said where a byte of a pixel belongs to no channel and is not 0.
const FOURTH_BYTES: &str =
    "The fourth byte of every pixel: a bitmap of this kind does not say what it means.";

/// Said where other bits do so.
const SPARE_BITS: &str = "Bits of the pixels that belong to no channel.";

/// Where the second header begins, behind that of the file.
const HEADER_AT: usize = 14;
/// Most bytes between header and pixels that are looked at; more are no filling.
const GAP_LIMIT_BYTES: u64 = 1 << 20;

/// The fields of both headers that are needed here.
struct Header {
    rows_at: u64,
    bytes: u64,
    bits: u16,
    /// Pixels without the bytes that fill up a row.
    pixels: u64,
    packing: u32,
    /// Which bits are red, green, blue and alpha.
    masks: Option<[u32; 4]>,
    palette_bytes: u64,
    /// Where the profile lies.
    profile: std::ops::Range<u64>,
}

impl Header {
    fn read(head: &[u8]) -> Option<Self> {
        let long = |at: usize| {
            let bytes = head.get(HEADER_AT + at..HEADER_AT + at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let rows_at = u64::from(u32::from_le_bytes(head.get(10..14)?.try_into().ok()?));
        let bytes = u64::from(long(0)?);
        // That of OS/2 has other fields, and that of 64 bytes other packings.
        if !matches!(bytes, 40 | 52 | 56 | 108 | 124) {
            return None;
        }
        let side = |at| Some(u64::from(long(at)?.cast_signed().unsigned_abs()));
        let bits = (long(12)? >> 16) as u16;
        let packing = long(16)?;
        let has_masks = matches!((packing, bits), (3 | 6, 16 | 32));
        let alpha = if bytes >= 56 || packing == 6 {
            long(52)?
        } else {
            0
        };
        let masks = if has_masks {
            Some([long(40)?, long(44)?, long(48)?, alpha])
        } else {
            None
        };
        let palette_bytes = match (bits, long(32)?) {
            (1..=8, 0) => 4 << bits,
            (1..=8, used) => 4 * u64::from(used),
            _ => 0,
        };
        let kind = head.get(HEADER_AT + 56..HEADER_AT + 60);
        let profile = match (bytes, kind, long(112), long(116)) {
            (124, Some(b"DEBM" | b"KNIL"), Some(at), Some(length)) => {
                let start = HEADER_AT as u64 + u64::from(at);
                start..start + u64::from(length)
            }
            _ => 0..0,
        };
        Some(Self {
            rows_at,
            bytes,
            bits,
            pixels: side(4)?.saturating_mul(side(8)?),
            packing,
            masks,
            palette_bytes,
            profile,
        })
    }

    /// Where header, masks and palette end.
    fn end(&self) -> u64 {
        let masks_bytes = match (self.bytes, self.packing) {
            (40, 3) => 12,
            (40, 6) => 16,
            _ => 0,
        };
        HEADER_AT as u64 + self.bytes + masks_bytes + self.palette_bytes
    }
}

/// Sentences on what of the bitmap in `file` is not read; `file` is left at its start.
///
/// # Errors
/// What the operating system says.
pub fn look(file: &mut (impl Read + Seek)) -> std::io::Result<Vec<String>> {
    file.rewind()?;
    let mut head = Vec::new();
    file.take(HEADER_AT as u64 + 124).read_to_end(&mut head)?;
    let mut said = Vec::new();
    if let Some(header) = Header::read(&head) {
        said.extend(depth(&header));
        said.extend(spare_bits(&header, file)?.map(str::to_owned));
        said.extend(gap(&header, file)?);
    }
    file.rewind()?;
    Ok(said)
}

/// A sentence on channels of more than 8 bits.
fn depth(header: &Header) -> Option<String> {
    let bits = header.masks?.map(u32::count_ones);
    (bits.iter().max() > Some(&8)).then(|| {
        let [red, green, blue, _] = bits;
        format!("Depth: the colours have {red}, {green} and {blue} bits, of which 8 are read.")
    })
}

/// A sentence on bits that belong to no channel and are set in any pixel of 32 bits.
fn spare_bits(
    header: &Header,
    file: &mut (impl Read + Seek),
) -> std::io::Result<Option<&'static str>> {
    let used = match (header.bits, header.packing, header.masks) {
        (32, 0, _) => 0x00FF_FFFF,
        (32, _, Some(masks)) => masks.iter().fold(0, |all, mask| all | mask),
        _ => return Ok(None),
    };
    if used == u32::MAX {
        return Ok(None);
    }
    let is_byte = (0..4).any(|byte| !used == 0xFF << (8 * byte));
    let what = if is_byte { FOURTH_BYTES } else { SPARE_BITS };
    file.seek(SeekFrom::Start(header.rows_at))?;
    let mut rows = BufReader::new(file.take(header.pixels.saturating_mul(4)));
    let mut pixel = [0; 4];
    loop {
        match rows.read_exact(&mut pixel) {
            Ok(()) if u32::from_le_bytes(pixel) & !used != 0 => return Ok(Some(what)),
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// A sentence on bytes between the header and the pixels that are neither profile nor filling.
fn gap(header: &Header, file: &mut (impl Read + Seek)) -> std::io::Result<Option<String>> {
    let start = header.end();
    let Some(length) = header.rows_at.checked_sub(start).filter(|&n| n > 0) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(length.min(GAP_LIMIT_BYTES))
        .read_to_end(&mut bytes)?;
    let outside = (start..)
        .zip(&bytes)
        .filter(|(at, _)| !header.profile.contains(at));
    let is_filling = length <= GAP_LIMIT_BYTES && outside.clone().all(|(_, &byte)| byte == 0);
    let inside = bytes.len() - outside.count();
    let told = length - inside as u64;
    Ok((!is_filling).then(|| format!("{told} bytes between the header and the pixels.")))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A bitmap of 2 × 1 px of 32 bits with `masks` in a header of 40 bytes.
    fn bmp(masks: Option<[u32; 3]>, between: &[u8], pixels: [u32; 2]) -> Cursor<Vec<u8>> {
        let packing = if masks.is_some() { 3 } else { 0_u32 };
        let masks_bytes = if masks.is_some() { 12 } else { 0 };
        let rows_at = 54 + masks_bytes + between.len() as u32;
        let mut file = b"BM".to_vec();
        for value in [0, 0, rows_at, 40, 2, 1, 1 | 32 << 16, packing] {
            file.extend(value.to_le_bytes());
        }
        file.extend([0; 20]);
        assert_eq!(file.len(), 54);
        file.extend(masks.into_iter().flatten().flat_map(u32::to_le_bytes));
        file.extend(between);
        file.extend(pixels.into_iter().flat_map(u32::to_le_bytes));
        file.extend([0xFF; 8]);
        Cursor::new(file)
    }

    fn said(mut file: Cursor<Vec<u8>>) -> Vec<String> {
        look(&mut file).unwrap()
    }

    const EIGHT: Option<[u32; 3]> = Some([0xFF_0000, 0xFF00, 0xFF]);

    #[test]
    fn depth_spare_bits_and_hidden_bytes_are_told() {
        assert_eq!(said(bmp(None, &[0; 6], [0x00FF_FFFF; 2])), [""; 0]);
        assert_eq!(said(bmp(EIGHT, &[], [0x00FF_FFFF; 2])), [""; 0]);
        for masks in [None, EIGHT] {
            let found = said(bmp(masks, &[], [0, 0x0100_0000]));
            assert_eq!(found, [FOURTH_BYTES]);
        }
        let ten = Some([0x3FF0_0000, 0xF_FC00, 0x3FF]);
        let found = said(bmp(ten, &[], [0x3FFF_FFFF; 2]));
        assert_eq!(
            found,
            ["Depth: the colours have 10, 10 and 10 bits, of which 8 are read."]
        );
        let found = said(bmp(ten, &[], [u32::MAX; 2]));
        assert_eq!(found[1], SPARE_BITS);
        let found = said(bmp(EIGHT, b"note", [0; 2]));
        assert_eq!(found, ["4 bytes between the header and the pixels."]);
    }

    #[test]
    fn a_file_that_ends_anywhere_is_no_trouble() {
        let whole = bmp(EIGHT, b"note", [u32::MAX; 2]).into_inner();
        for length in 0..whole.len() {
            look(&mut Cursor::new(&whole[..length])).unwrap();
        }
    }
}
