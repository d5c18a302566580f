//! Borrowed pixels and metadata on their way into a file. Knows no file format.

use std::borrow::Cow;

use crate::geometry::ImageSize;
use crate::photo::{BitDepth, Channels, Metadata, Samples};

/// Borrowed samples.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// 8-bit code values.
    U8(&'a [u8]),
    /// 16-bit code values.
    U16(&'a [u16]),
}

impl<'a> View<'a> {
    /// All of `samples`.
    pub fn of(samples: &'a Samples) -> Self {
        match samples {
            Samples::U8(values) => Self::U8(values),
            Samples::U16(values) => Self::U16(values),
        }
    }

    /// The first `count` samples.
    pub fn first(self, count: usize) -> Self {
        match self {
            Self::U8(values) => Self::U8(&values[..count]),
            Self::U16(values) => Self::U16(&values[..count]),
        }
    }

    /// Bits a sample.
    pub const fn depth(self) -> BitDepth {
        match self {
            Self::U8(_) => BitDepth::Eight,
            Self::U16(_) => BitDepth::Sixteen,
        }
    }

    /// The samples from `start` to `end`, in this machine's byte order.
    fn bytes(self, start: usize, end: usize) -> &'a [u8] {
        match self {
            Self::U8(values) => &values[start..end],
            Self::U16(values) => bytemuck::cast_slice(&values[start..end]),
        }
    }
}

/// Rows of a picture that are made when they are asked for.
pub trait RowSource: Sync {
    /// Waits until the rows above `end` can be made; called by the writing thread before they are asked for.
    ///
    /// # Errors
    /// When they never can.
    fn wait_for(&self, _end: u32) -> std::io::Result<()> {
        Ok(())
    }

    /// The samples of rows `first` to before `end`, interleaved, of the picture's depth.
    ///
    /// Asked for in any order, by several threads (of a pool, which must not wait), and again when the file is read back;
    /// always the same.
    ///
    /// # Errors
    /// Anything that ends the writing.
    fn rows(&self, first: u32, end: u32) -> std::io::Result<Samples>;
}

/// Where a picture's colour comes from.
#[derive(Clone, Copy)]
pub enum Pixels<'a> {
    /// All of it is in memory.
    Whole(View<'a>),
    /// It is made row by row.
    Made(BitDepth, &'a dyn RowSource),
}

impl<'a> From<View<'a>> for Pixels<'a> {
    fn from(view: View<'a>) -> Self {
        Self::Whole(view)
    }
}

impl Pixels<'_> {
    /// Bits a sample.
    pub const fn depth(&self) -> BitDepth {
        match self {
            Self::Whole(view) => view.depth(),
            Self::Made(depth, _) => *depth,
        }
    }
}

/// What an encoder writes: stored order, interleaved colour, alpha apart.
pub struct Picture<'a> {
    /// Size in stored order.
    pub size: ImageSize,
    /// Grey or RGB.
    pub channels: Channels,
    /// Interleaved colour.
    pub samples: Pixels<'a>,
    /// One sample a pixel at the same depth.
    pub alpha: Option<View<'a>>,
    /// What travels with the pixels.
    pub metadata: &'a Metadata,
}

impl<'a> Picture<'a> {
    /// Samples a pixel in the file, alpha included.
    pub fn stored_channels(&self) -> usize {
        self.channels.count() + usize::from(self.alpha.is_some())
    }

    /// Bytes a sample.
    pub fn sample_bytes(&self) -> usize {
        usize::from(self.samples.depth().bits() / 8)
    }

    /// Bytes of one row in the file, alpha included.
    pub fn row_bytes(&self) -> usize {
        self.size.width as usize * self.stored_channels() * self.sample_bytes()
    }

    /// Waits until the rows above `end` can be asked for.
    ///
    /// # Errors
    /// Those of the source that makes them.
    pub fn wait_for(&self, end: u32) -> std::io::Result<()> {
        match self.samples {
            Pixels::Whole(_) => Ok(()),
            Pixels::Made(_, source) => source.wait_for(end),
        }
    }

    /// Rows `first..end` with alpha put behind every pixel, in this machine's byte order; borrowed when there is no alpha.
    ///
    /// # Errors
    /// Those of the source that makes them.
    pub fn rows(&self, first: u32, end: u32) -> std::io::Result<Cow<'a, [u8]>> {
        let channels = self.channels.count();
        let (start, stop) = (self.size.index(0, first), self.size.index(0, end));
        let colour = match self.samples {
            Pixels::Whole(view) => Cow::Borrowed(view.bytes(start * channels, stop * channels)),
            Pixels::Made(_, source) => match source.rows(first, end)? {
                Samples::U8(values) => Cow::Owned(values),
                Samples::U16(values) => Cow::Owned(bytemuck::cast_slice(&values).to_vec()),
            },
        };
        let Some(alpha) = self.alpha else {
            return Ok(colour);
        };
        let sample = self.sample_bytes();
        let mut rows = Vec::with_capacity(colour.len() / channels * (channels + 1));
        let alpha = alpha.bytes(start, stop).chunks_exact(sample);
        for (colour, alpha) in colour.chunks_exact(channels * sample).zip(alpha) {
            rows.extend_from_slice(colour);
            rows.extend_from_slice(alpha);
        }
        Ok(Cow::Owned(rows))
    }

    /// The colour of rows `first..end` as 8 bits, without alpha; borrowed when it is in memory so already, otherwise rounded.
    ///
    /// # Errors
    /// Those of the source that makes its rows.
    pub fn eight_bit_rows(&self, first: u32, end: u32) -> std::io::Result<Cow<'a, [u8]>> {
        let channels = self.channels.count();
        let range = self.size.index(0, first) * channels..self.size.index(0, end) * channels;
        let rounded =
            |values: &[u16]| Cow::Owned(values.iter().map(|&v| to_eight_bits(v)).collect());
        Ok(match self.samples {
            Pixels::Whole(View::U8(values)) => Cow::Borrowed(&values[range]),
            Pixels::Whole(View::U16(values)) => rounded(&values[range]),
            Pixels::Made(_, source) => match source.rows(first, end)? {
                Samples::U8(values) => Cow::Owned(values),
                Samples::U16(values) => rounded(&values),
            },
        })
    }

    /// Rows of which about `bytes` are stored; one at least.
    pub fn rows_in(&self, bytes: usize) -> u32 {
        (bytes / self.row_bytes()).clamp(1, self.size.height.max(1) as usize) as u32
    }
}

/// The 8-bit code value nearest to a 16-bit one (65,535 = 255 × 257).
pub fn to_eight_bits(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// The largest difference between two runs of bytes that hold samples of `sample_bytes` each in this machine's byte order.
pub fn largest_difference(a: &[u8], b: &[u8], sample_bytes: usize) -> u16 {
    if a == b {
        return 0;
    }
    let differences = a
        .chunks_exact(sample_bytes)
        .zip(b.chunks_exact(sample_bytes));
    let value = |bytes: &[u8]| match *bytes {
        [low, high] => u16::from_ne_bytes([low, high]),
        [byte] => u16::from(byte),
        _ => 0,
    };
    differences
        .map(|(a, b)| value(a).abs_diff(value(b)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_round_to_the_nearest_eight() {
        for value in 0..=u16::MAX {
            let exact = f64::from(value) * 255.0 / 65_535.0;
            assert_eq!(to_eight_bits(value), exact.round() as u8, "{value}");
        }
    }

    #[test]
    fn alpha_is_put_behind_every_pixel() {
        let metadata = Metadata::default();
        let picture = Picture {
            size: ImageSize::new(1, 3),
            channels: Channels::Rgb,
            samples: View::U8(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).into(),
            alpha: Some(View::U8(&[10, 20, 30])),
            metadata: &metadata,
        };
        assert_eq!(*picture.rows(1, 3).unwrap(), [4, 5, 6, 20, 7, 8, 9, 30]);
    }

    #[test]
    fn the_largest_difference_is_found_at_both_depths() {
        assert_eq!(largest_difference(&[1, 2, 3], &[1, 9, 4], 1), 7);
        let (a, b) = ([500_u16, 7], [100_u16, 8]);
        let bytes = |values: &[u16; 2]| bytemuck::cast_slice(values).to_vec();
        assert_eq!(largest_difference(&bytes(&a), &bytes(&b), 2), 400);
    }
}
