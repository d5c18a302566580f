//! One entry of an EXIF directory: its type, its bytes, and numbers in them.

/// Most bytes of one value that are believed.
pub const VALUE_LIMIT_BYTES: usize = 16 << 20;

/// One directory entry with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Tag number.
    pub tag: u16,
    /// Field type, 1 to 13, or [`UTF8`].
    pub kind: u16,
    /// The value, little-endian.
    pub data: Vec<u8>,
}

impl RawEntry {
    /// A SHORT.
    pub fn short(tag: u16, value: u16) -> Self {
        let data = value.to_le_bytes().to_vec();
        Self { tag, kind: 3, data }
    }

    /// A RATIONAL.
    pub fn rational(tag: u16, (numerator, denominator): (u32, u32)) -> Self {
        let mut data = numerator.to_le_bytes().to_vec();
        data.extend(denominator.to_le_bytes());
        Self { tag, kind: 5, data }
    }

    pub(super) fn long(tag: u16, value: u32) -> Self {
        let data = value.to_le_bytes().to_vec();
        Self { tag, kind: 4, data }
    }

    /// The value in this machine's byte order.
    pub fn native_bytes(&self) -> Vec<u8> {
        let mut data = self.data.clone();
        if cfg!(target_endian = "big") {
            swap_words(&mut data, self.kind);
        }
        data
    }

    pub(super) fn first_short(&self) -> Option<u16> {
        (self.kind == 3).then_some(())?;
        Some(u16::from_le_bytes(self.data.get(..2)?.try_into().ok()?))
    }

    /// The first number of a RATIONAL, or of the SHORT, LONG, FLOAT or DOUBLE that some writers put in its place; `None` for
    /// other types and for a division by zero.
    pub fn first_number(&self) -> Option<f64> {
        let word = |at: usize| {
            Some(u32::from_le_bytes(
                self.data.get(at..at + 4)?.try_into().ok()?,
            ))
        };
        match self.kind {
            3 => Some(f64::from(self.first_short()?)),
            4 => Some(f64::from(word(0)?)),
            5 => {
                let (numerator, denominator) = (word(0)?, word(4)?);
                (denominator != 0).then(|| f64::from(numerator) / f64::from(denominator))
            }
            11 => Some(f64::from(f32::from_bits(word(0)?))),
            12 => {
                let bytes = self.data.get(..8)?.try_into().ok()?;
                Some(f64::from_le_bytes(bytes))
            }
            _ => None,
        }
    }
}

/// Text in UTF-8. Source: Exif 3.0, section 4.6.2.
pub const UTF8: u16 = 129;

/// Bytes of one value of field type `kind`; `None` for types that neither TIFF 6.0 nor Exif know.
pub const fn kind_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 | UTF8 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// Turns the byte order of a value of field type `kind`; a rational is two words of four bytes.
pub(super) fn swap_words(data: &mut [u8], kind: u16) {
    let word = match kind {
        5 | 10 => 4,
        kind => kind_bytes(kind).unwrap_or(1),
    };
    for bytes in data.chunks_exact_mut(word) {
        bytes.reverse();
    }
}
