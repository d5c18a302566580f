//! Text chunks of a PNG as bytes, and the XMP packet among them.
//!
//! Source: PNG specification, "Textual information"; XMP Specification part 3, "PNG".

use std::borrow::Cow;
use std::io::Read as _;

use super::PNG_XMP_KEYWORD;
use crate::photo::{PngChunk, PngParts};

/// Most bytes a text, such as an XMP packet, may unpack to.
const TEXT_LIMIT_BYTES: u64 = 64 << 20;

/// Whether `kind` is one of the three chunks for text.
pub const fn is_text(kind: [u8; 4]) -> bool {
    matches!(&kind, b"tEXt" | b"zTXt" | b"iTXt")
}

/// What stands in front of the text.
pub fn keyword(data: &[u8]) -> &[u8] {
    data.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Whether `chunk` calls itself an XMP packet.
pub fn is_xmp(chunk: &PngChunk) -> bool {
    is_text(chunk.kind) && keyword(&chunk.data) == PNG_XMP_KEYWORD.as_bytes()
}

/// The bytes of the text of a text chunk; `None` when it is broken.
pub fn text_of(chunk: &PngChunk) -> Option<Cow<'_, [u8]>> {
    let behind_keyword = chunk.data.get(keyword(&chunk.data).len() + 1..)?;
    match &chunk.kind {
        b"tEXt" => Some(Cow::Borrowed(behind_keyword)),
        // A byte names the packing.
        b"zTXt" => inflated(behind_keyword.get(1..)?).map(Cow::Owned),
        _ => international_text(behind_keyword),
    }
}

/// The text of an `iTXt` chunk behind its keyword.
fn international_text(behind_keyword: &[u8]) -> Option<Cow<'_, [u8]>> {
    let after = |bytes: &mut &[u8]| -> Option<()> {
        let end = bytes.iter().position(|&byte| byte == 0)?;
        *bytes = &bytes[end + 1..];
        Some(())
    };
    let &[is_compressed, _method, ref tail @ ..] = behind_keyword else {
        return None;
    };
    let mut rest = tail;
    after(&mut rest)?;
    after(&mut rest)?;
    if is_compressed == 0 {
        return Some(Cow::Borrowed(rest));
    }
    inflated(rest).map(Cow::Owned)
}

fn inflated(packed: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(packed)
        .take(TEXT_LIMIT_BYTES)
        .read_to_end(&mut text)
        .ok()?;
    Some(text)
}

/// The chunk whose packet is the photo's, and that packet's bytes: the first in the place that the standard names and in
/// UTF-8 as it demands, otherwise the first that some writers put into a chunk for Latin-1 text, byte for byte. Any other is a
/// chunk like those of unknown makers.
pub fn xmp_packet(parts: &PngParts) -> Option<(&PngChunk, Cow<'_, [u8]>)> {
    let of_kind = |kind: &'static [u8; 4]| {
        let chunks = parts
            .chunks()
            .filter(move |chunk| chunk.kind == *kind && is_xmp(chunk));
        chunks.filter_map(|chunk| Some((chunk, text_of(chunk)?)))
    };
    of_kind(b"iTXt")
        .find(|(_, text)| std::str::from_utf8(text).is_ok())
        .or_else(|| of_kind(b"tEXt").next())
        .or_else(|| of_kind(b"zTXt").next())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn chunk(kind: [u8; 4], between: &[u8], text: &[u8]) -> PngChunk {
        PngChunk {
            kind,
            data: [PNG_XMP_KEYWORD.as_bytes(), &[0], between, text].concat(),
        }
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn packet_of(chunks: &[PngChunk]) -> Option<Vec<u8>> {
        let parts = PngParts {
            before: chunks.to_vec(),
            ..PngParts::default()
        };
        xmp_packet(&parts).map(|(_, text)| text.into_owned())
    }

    #[test]
    fn a_packet_is_taken_byte_for_byte_from_any_chunk_for_text() {
        let packet = "<ä→/>".as_bytes();
        for chunk in [
            chunk(*b"tEXt", &[], packet),
            chunk(*b"zTXt", &[0], &packed(packet)),
            chunk(*b"iTXt", &[0; 4], packet),
            chunk(*b"iTXt", &[1, 0, 0, 0], &packed(packet)),
        ] {
            assert_eq!(packet_of(&[chunk]).unwrap(), packet);
        }
    }

    #[test]
    fn the_place_of_the_standard_goes_first_where_it_can_be_read() {
        let plain = chunk(*b"tEXt", &[], b"<plain/>");
        let standard = chunk(*b"iTXt", &[0; 4], b"<standard/>");
        let broken = chunk(*b"iTXt", &[1, 0, 0, 0], b"not packed");
        let foreign = chunk(*b"iTXt", &[0; 4], b"\xFF\xFE<\0");
        assert_eq!(
            packet_of(&[plain.clone(), standard]).unwrap(),
            b"<standard/>"
        );
        assert_eq!(packet_of(&[broken, foreign, plain]).unwrap(), b"<plain/>");
        assert_eq!(packet_of(&[chunk(*b"zTXt", &[0], b"not packed")]), None);
    }
}
