//! The encodings an XMP packet may be in: read as UTF-8 and put back as it was, with every character in its place.
//!
//! Source: XMP Specification part 3 (UTF-16 outside JPEG), XML 1.0 appendix F (how to tell them apart).

use std::borrow::Cow;

use super::XmpError;

/// How a packet's text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One to four bytes a character.
    Utf8,
    /// Two or four bytes a character, the low byte first.
    Utf16Little,
    /// Two or four bytes a character, the high byte first.
    Utf16Big,
}

impl Encoding {
    /// As the first bytes tell: a byte order mark, or the `<` that every packet begins with.
    pub fn of(packet: &[u8]) -> Self {
        match packet {
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => Self::Utf16Little,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => Self::Utf16Big,
            _ => Self::Utf8,
        }
    }

    /// `packet` in UTF-8.
    ///
    /// # Errors
    /// When there are bytes in it that are no text in its encoding.
    pub fn decode(self, packet: &[u8]) -> Result<Cow<'_, [u8]>, XmpError> {
        let word: fn([u8; 2]) -> u16 = match self {
            Self::Utf8 => return Ok(Cow::Borrowed(packet)),
            Self::Utf16Little => u16::from_le_bytes,
            Self::Utf16Big => u16::from_be_bytes,
        };
        let (pairs, rest) = packet.as_chunks();
        let words = pairs.iter().map(|&pair| word(pair));
        let text: Result<String, _> = char::decode_utf16(words).collect();
        match text {
            Ok(text) if rest.is_empty() => Ok(Cow::Owned(text.into_bytes())),
            _ => Err(XmpError::new("it is not UTF-16")),
        }
    }

    /// UTF-8 text in this encoding; what is no text stays.
    pub fn encode(self, text: Vec<u8>) -> Vec<u8> {
        let bytes: fn(u16) -> [u8; 2] = match self {
            Self::Utf8 => return text,
            Self::Utf16Little => u16::to_le_bytes,
            Self::Utf16Big => u16::to_be_bytes,
        };
        match std::str::from_utf8(&text) {
            Ok(text) => text.encode_utf16().flat_map(bytes).collect(),
            Err(_) => text,
        }
    }
}
