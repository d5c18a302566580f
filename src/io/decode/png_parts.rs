//! The chunks of a PNG beside its pixels, read as they lie in the file. Decodes nothing.
//!
//! Source: PNG specification, "File structure" and "Chunk layout".

use std::io::{Read, Seek, SeekFrom};

use crate::photo::{PngChunk, PngParts};

/// Most chunks kept; an honest file has a few dozen.
const CHUNK_COUNT_LIMIT: usize = 10_000;

/// Reads every chunk of the PNG at the start of `file` but header, pixels and end; keeps `limit_bytes` at most.
///
/// The pixels have been decoded, so the structure is sound as far as its end; what is broken behind is left out and said.
///
/// # Errors
/// What the operating system says.
pub fn read(file: &mut (impl Read + Seek), limit_bytes: u64) -> std::io::Result<PngParts> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(8))?;
    let mut parts = PngParts::default();
    let mut kept_bytes = 0;
    let mut pixels_seen = false;
    while let Some((kind, length)) = header(file)? {
        let end = file.stream_position()? + u64::from(length) + 4;
        match &kind {
            b"IEND" => {
                let behind = file_bytes.saturating_sub(end);
                if behind > 0 {
                    let text = format!("{behind} bytes behind the picture's end.");
                    parts.left_out.push(text);
                }
                return Ok(parts);
            }
            b"IDAT" => pixels_seen = true,
            b"IHDR" => {
                if let Some(data) = body(file, length, kind)? {
                    read_header(&mut parts, &data);
                }
            }
            _ if is_pixels(kind) => {}
            _ if kept_bytes + u64::from(length) > limit_bytes
                || parts.chunks().count() >= CHUNK_COUNT_LIMIT =>
            {
                let name = String::from_utf8_lossy(&kind).into_owned();
                let text = format!("PNG chunk {name}: {length} bytes are more than is kept.");
                parts.left_out.push(text);
            }
            _ => {
                kept_bytes += u64::from(length);
                match body(file, length, kind)? {
                    Some(data) if pixels_seen => parts.behind.push(PngChunk { kind, data }),
                    Some(data) => parts.before.push(PngChunk { kind, data }),
                    None => {
                        let name = String::from_utf8_lossy(&kind).into_owned();
                        let text = format!("PNG chunk {name}: its check sum is wrong.");
                        parts.left_out.push(text);
                    }
                }
            }
        }
        file.seek(SeekFrom::Start(end))?;
    }
    Ok(parts)
}

/// Further pictures of an animation, which can be as large as the picture itself and are never carried.
const fn is_pixels(kind: [u8; 4]) -> bool {
    matches!(&kind, b"fdAT")
}

fn read_header(parts: &mut PngParts, data: &[u8]) {
    if let &[_, _, _, _, _, _, _, _, bits, colour_type, _, _, interlace] = data {
        parts.bits = bits;
        parts.colour_type = colour_type;
        parts.is_interlaced = interlace == 1;
    }
}

/// Kind and length of the next chunk; `None` at the end of the file and where no chunk can be.
fn header(file: &mut impl Read) -> std::io::Result<Option<([u8; 4], u32)>> {
    let mut start = Vec::with_capacity(8);
    file.take(8).read_to_end(&mut start)?;
    let &[l0, l1, l2, l3, k0, k1, k2, k3] = start.as_slice() else {
        return Ok(None);
    };
    let (kind, length) = ([k0, k1, k2, k3], u32::from_be_bytes([l0, l1, l2, l3]));
    let is_chunk = kind.iter().all(u8::is_ascii_alphabetic) && i32::try_from(length).is_ok();
    Ok(is_chunk.then_some((kind, length)))
}

/// A chunk's data; `None` when they end early or do not fit their check sum.
fn body(file: &mut impl Read, length: u32, kind: [u8; 4]) -> std::io::Result<Option<Vec<u8>>> {
    let mut data = Vec::new();
    file.take(u64::from(length) + 4).read_to_end(&mut data)?;
    let Some(at) = data
        .len()
        .checked_sub(4)
        .filter(|&at| at == length as usize)
    else {
        return Ok(None);
    };
    let sum = data.split_off(at);
    let mut crc = flate2::Crc::new();
    crc.update(&kind);
    crc.update(&data);
    Ok((sum == crc.sum().to_be_bytes()).then_some(data))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        let length = (data.len() as u32).to_be_bytes();
        [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
    }

    const HEADER: [u8; 13] = [0, 0, 0, 1, 0, 0, 0, 1, 16, 2, 0, 0, 1];

    #[test]
    fn chunks_are_told_apart_by_their_place() {
        let bytes = file(&[
            chunk(b"IHDR", &HEADER),
            chunk(b"prVt", b"one"),
            chunk(b"IDAT", b"pixels"),
            chunk(b"fdAT", b"a frame"),
            chunk(b"tIME", b"behind"),
            chunk(b"IEND", b""),
            b"rest".to_vec(),
        ]);
        let parts = read(&mut Cursor::new(bytes), 1000).unwrap();
        assert_eq!(parts.before.len(), 1);
        assert_eq!(parts.before[0].data, b"one");
        assert_eq!(parts.behind.len(), 1);
        assert_eq!(&parts.behind[0].kind, b"tIME");
        assert_eq!((parts.bits, parts.colour_type), (16, 2));
        assert!(parts.is_interlaced);
        assert_eq!(parts.left_out, ["4 bytes behind the picture's end."]);
    }

    #[test]
    fn what_is_broken_or_too_large_is_left_out_and_named() {
        let mut broken = chunk(b"teSt", b"data");
        broken[9] ^= 1;
        let bytes = file(&[
            chunk(b"IHDR", &HEADER),
            broken,
            chunk(b"laRg", &[0; 500]),
            chunk(b"kePt", b"x"),
            chunk(b"IEND", b""),
        ]);
        let parts = read(&mut Cursor::new(bytes.clone()), 100).unwrap();
        assert_eq!(parts.before.len(), 1);
        assert!(parts.left_out[0].contains("teSt"), "{:?}", parts.left_out);
        assert!(parts.left_out[1].contains("laRg"), "{:?}", parts.left_out);
        for length in 8..bytes.len() {
            read(&mut Cursor::new(&bytes[..length]), 100).unwrap();
        }
    }
}
