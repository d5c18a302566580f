//! Buffers decoders fill: depth as a type, alpha split from colour. Knows no file format.

use super::Fault;
use crate::geometry::ImageSize;
use crate::photo::Samples;

/// A sample type of the files we read.
pub trait Sample: bytemuck::Pod + Default {
    /// As the photo's samples.
    fn wrap(values: Vec<Self>) -> Samples;
    /// Turns values stored big-endian into this machine's order.
    fn from_big_endian(values: &mut [Self]);
    /// The code value as 8 bits, rounded.
    fn eight_bits(self) -> u8;
    /// The code value in more room.
    fn wide(self) -> u16;
}

impl Sample for u8 {
    fn wrap(values: Vec<Self>) -> Samples {
        Samples::U8(values)
    }

    fn from_big_endian(_: &mut [Self]) {}

    fn eight_bits(self) -> u8 {
        self
    }

    fn wide(self) -> u16 {
        u16::from(self)
    }
}

impl Sample for u16 {
    fn wrap(values: Vec<Self>) -> Samples {
        Samples::U16(values)
    }

    fn from_big_endian(values: &mut [Self]) {
        for value in values {
            *value = Self::from_be(*value);
        }
    }

    fn eight_bits(self) -> u8 {
        ((u32::from(self) + 128) / 257) as u8
    }

    fn wide(self) -> u16 {
        self
    }
}

/// `count` zeros, or an error in place of an abort when the memory is not there.
pub fn zeros<T: Sample>(count: usize, size: ImageSize) -> Result<Vec<T>, Fault> {
    let mut values = Vec::new();
    if values.try_reserve_exact(count).is_err() {
        return Err(Fault::TooLarge {
            size,
            needed_bytes: (count * size_of::<T>()) as u64,
        });
    }
    values.resize(count, T::default());
    Ok(values)
}

/// Colour and alpha of a picture that stores them side by side.
pub struct Split<T> {
    colour_channels: usize,
    /// Colour samples, interleaved.
    pub colour: Vec<T>,
    /// One alpha sample a pixel.
    pub alpha: Vec<T>,
}

impl<T: Sample> Split<T> {
    /// Room for `size` px of `colour_channels` and alpha.
    pub fn new(size: ImageSize, colour_channels: usize) -> Result<Self, Fault> {
        let pixels = size.pixel_count();
        Ok(Self {
            colour_channels,
            colour: zeros(pixels * colour_channels, size)?,
            alpha: zeros(pixels, size)?,
        })
    }

    /// Puts `stored` pixels of `stored_channels` each from pixel `first` on; channels behind alpha are dropped.
    pub fn put(&mut self, first: usize, stored: &[T], stored_channels: usize) {
        let colours = self.colour_channels;
        let colour = self.colour[first * colours..].chunks_exact_mut(colours);
        let alpha = self.alpha[first..].iter_mut();
        for ((pixel, colour), alpha) in stored.chunks_exact(stored_channels).zip(colour).zip(alpha)
        {
            colour.copy_from_slice(&pixel[..colours]);
            *alpha = pixel[colours];
        }
    }
}
