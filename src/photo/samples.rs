//! Pixel samples at the file's own depth.

/// Bits a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitDepth {
    /// 0 to 255.
    Eight,
    /// 0 to 65,535.
    Sixteen,
}

impl BitDepth {
    /// Bits a sample, 8 or 16.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    /// The largest code value.
    pub const fn max_value(self) -> u16 {
        match self {
            Self::Eight => 255,
            Self::Sixteen => u16::MAX,
        }
    }
}

/// Colour channels of a photo; alpha is never among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channels {
    /// One channel, larger is lighter.
    Grey,
    /// Red, green, blue, interleaved.
    Rgb,
}

impl Channels {
    /// Samples a pixel.
    pub const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// Row-major samples, interleaved by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Samples {
    /// 8-bit code values.
    U8(Vec<u8>),
    /// 16-bit code values.
    U16(Vec<u16>),
}

impl Samples {
    /// Bits a sample.
    pub const fn depth(&self) -> BitDepth {
        match self {
            Self::U8(_) => BitDepth::Eight,
            Self::U16(_) => BitDepth::Sixteen,
        }
    }

    /// Number of samples.
    pub const fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
        }
    }

    /// True when there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory of the samples, bytes.
    pub const fn byte_len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len() * 2,
        }
    }

    /// The code value at `index` on the scale of 16 bits: 8-bit ones × 257.
    pub fn level(&self, index: usize) -> u16 {
        match self {
            Self::U8(values) => u16::from(values[index]) * 257,
            Self::U16(values) => values[index],
        }
    }

    /// The code value at `index`, widened.
    pub fn get(&self, index: usize) -> u16 {
        match self {
            Self::U8(values) => u16::from(values[index]),
            Self::U16(values) => values[index],
        }
    }
}
