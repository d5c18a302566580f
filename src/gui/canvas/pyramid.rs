//! The photo at halved sizes, for zooming out without aliasing. Built once, off the UI thread; no textures here.

use rayon::prelude::*;

use crate::geometry::{ImageSize, PixelRect};
use crate::photo::{Photo, Samples};

/// Levels above the photo itself; level n is 2ⁿ times smaller. A cell of 256 px is one pixel on the last one.
pub const LEVEL_MAX: u8 = 8;

/// Size of level `level` of an image of `size`; sides are rounded up, so that every pixel is covered.
pub fn level_size(size: ImageSize, level: u8) -> ImageSize {
    let side = |len: u32| len.div_ceil(1 << level).max(1);
    ImageSize::new(side(size.width), side(size.height))
}

/// The pixels of level `level` that show any pixel of `rect`.
pub fn level_rect(rect: PixelRect, level: u8) -> PixelRect {
    if rect.is_empty() {
        return PixelRect::EMPTY;
    }
    let (x, y) = (rect.x >> level, rect.y >> level);
    let last = |end: u32| (end - 1) >> level;
    PixelRect::new(
        x,
        y,
        last(rect.right()) - x + 1,
        last(rect.bottom()) - y + 1,
    )
}

/// The level whose pixels are at least as fine as the screen's at `scale` physical px an image px.
pub fn level_for_scale(scale: f64, size: ImageSize) -> u8 {
    if scale >= 1.0 {
        return 0;
    }
    let finest = (1.0 / scale).log2().floor() as u8;
    let last = (0..=LEVEL_MAX)
        .find(|&level| level_size(size, level).long_side() <= 1)
        .unwrap_or(LEVEL_MAX);
    finest.min(last)
}

/// How four pixels become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Rounded mean, for photos.
    Mean,
    /// Largest value, for probabilities and masks: thin damage stays visible, and it commutes with a threshold.
    Max,
}

/// One 8-bit raster of interleaved channels, rows top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Size in px.
    pub size: ImageSize,
    /// Samples a pixel.
    pub channels: usize,
    /// `size.pixel_count() × channels` values.
    pub values: Vec<u8>,
}

impl Raster {
    /// The raster at half the size, sides rounded up.
    #[must_use]
    pub fn halved(&self, pooling: Pooling) -> Self {
        halve(self.size, self.channels, pooling, |index| {
            self.values[index]
        })
    }

    /// Appends the values of `rect` to `out`, row by row.
    pub fn read_rect(&self, rect: PixelRect, out: &mut Vec<u8>) {
        for y in rect.y..rect.bottom() {
            let start = self.size.index(rect.x, y) * self.channels;
            out.extend_from_slice(&self.values[start..start + rect.width as usize * self.channels]);
        }
    }
}

/// Rows of a halved raster that one thread makes at least.
const ROWS_A_THREAD: usize = 64;

fn halve(
    size: ImageSize,
    channels: usize,
    pooling: Pooling,
    value: impl Fn(usize) -> u8 + Sync,
) -> Raster {
    let half = level_size(size, 1);
    let mut values = vec![0; half.pixel_count() * channels];
    let rows = values.par_chunks_exact_mut(half.width as usize * channels);
    let rows = rows.enumerate().with_min_len(ROWS_A_THREAD);
    rows.for_each(|(row, target)| {
        let y = 2 * row as u32;
        let rows = [y, (y + 1).min(size.height - 1)];
        for (column, pixel) in target.chunks_exact_mut(channels).enumerate() {
            let x = 2 * column as u32;
            let columns = [x, (x + 1).min(size.width - 1)];
            let at = |column: u32, row: u32| size.index(column, row) * channels;
            let places = [
                at(columns[0], rows[0]),
                at(columns[1], rows[0]),
                at(columns[0], rows[1]),
                at(columns[1], rows[1]),
            ];
            for (channel, target) in pixel.iter_mut().enumerate() {
                let four = places.map(|place| value(place + channel));
                *target = match pooling {
                    Pooling::Mean => {
                        ((four.iter().map(|&it| u32::from(it)).sum::<u32>() + 2) / 4) as u8
                    }
                    Pooling::Max => four.into_iter().max().unwrap_or(0),
                };
            }
        }
    });
    Raster {
        size: half,
        channels,
        values,
    }
}

/// A 16-bit code value as 8 bits, rounded: 0 stays 0, 65,535 becomes 255.
pub fn eight_bits(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// Levels 1 and up of an image; level 0 is the image itself, held elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Pyramid {
    levels: Vec<Raster>,
}

impl Pyramid {
    /// The photo's levels: 8-bit code values, no colour conversion.
    pub fn of_photo(photo: &Photo) -> Self {
        let channels = photo.channels().count();
        let first = match photo.samples() {
            Samples::U8(values) => halve(photo.size(), channels, Pooling::Mean, |i| values[i]),
            Samples::U16(values) => halve(photo.size(), channels, Pooling::Mean, |i| {
                eight_bits(values[i])
            }),
        };
        Self::from_first(first, photo.size(), Pooling::Mean)
    }

    /// The levels of a one-channel map of `size`, by [`Pooling::Max`].
    pub fn of_map(size: ImageSize, values: &[u8]) -> Self {
        Self::from_first(
            halve(size, 1, Pooling::Max, |i| values[i]),
            size,
            Pooling::Max,
        )
    }

    fn from_first(first: Raster, size: ImageSize, pooling: Pooling) -> Self {
        let mut levels = vec![first];
        while levels.len() < usize::from(LEVEL_MAX)
            && levels.last().is_some_and(|l| l.size.long_side() > 1)
        {
            if let Some(last) = levels.last() {
                levels.push(last.halved(pooling));
            }
        }
        debug_assert!(
            levels
                .iter()
                .zip(1..)
                .all(|(raster, level)| raster.size == level_size(size, level))
        );
        Self { levels }
    }

    /// Level `level`, 1 or more.
    pub fn level(&self, level: u8) -> Option<&Raster> {
        self.levels.get(usize::from(level).checked_sub(1)?)
    }
}

/// Appends the photo's pixels in `rect` to `out` as interleaved 8-bit code values.
pub fn read_photo(photo: &Photo, rect: PixelRect, out: &mut Vec<u8>) {
    let channels = photo.channels().count();
    for y in rect.y..rect.bottom() {
        let start = photo.size().index(rect.x, y) * channels;
        let end = start + rect.width as usize * channels;
        match photo.samples() {
            Samples::U8(values) => out.extend_from_slice(&values[start..end]),
            Samples::U16(values) => out.extend(values[start..end].iter().map(|&v| eight_bits(v))),
        }
    }
}

/// Appends `rect` of the photo's `level` to `out`, each pixel one of those it shows: quick, but without a mean.
pub fn sample_photo(photo: &Photo, level: u8, rect: PixelRect, out: &mut Vec<u8>) {
    let channels = photo.channels().count();
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            let start = photo.size().index(x << level, y << level) * channels;
            let range = start..start + channels;
            match photo.samples() {
                Samples::U8(values) => out.extend_from_slice(&values[range]),
                Samples::U16(values) => out.extend(values[range].iter().map(|&v| eight_bits(v))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_become_eight_by_rounding() {
        assert_eq!(eight_bits(0), 0);
        assert_eq!(eight_bits(u16::MAX), 255);
        assert!((0..=255_u16).all(|v| u16::from(eight_bits(v * 257)) == v));
        assert_eq!(eight_bits(128), 0);
        assert_eq!(eight_bits(129), 1);
    }

    #[test]
    fn halving_averages_photos_and_keeps_the_strongest_damage() {
        let raster = Raster {
            size: ImageSize::new(3, 1),
            channels: 1,
            values: vec![10, 20, 200],
        };
        assert_eq!(raster.halved(Pooling::Mean).values, [15, 200]);
        assert_eq!(raster.halved(Pooling::Max).values, [20, 200]);
    }

    #[test]
    fn taking_the_largest_value_commutes_with_a_threshold() {
        let size = ImageSize::new(17, 9);
        let values: Vec<u8> = (0..size.pixel_count())
            .map(|i| (i * 53 % 256) as u8)
            .collect();
        let cut = |values: &[u8]| -> Vec<u8> {
            values
                .iter()
                .map(|&v| if v >= 128 { 255 } else { 0 })
                .collect()
        };
        let raster = Raster {
            size,
            channels: 1,
            values,
        };
        let cut_first = Raster {
            size,
            channels: 1,
            values: cut(&raster.values),
        };
        assert_eq!(
            cut_first.halved(Pooling::Max).values,
            cut(&raster.halved(Pooling::Max).values)
        );
    }

    #[test]
    fn levels_are_chosen_so_that_the_screen_never_skips_pixels() {
        let size = ImageSize::new(6000, 4000);
        assert_eq!(level_for_scale(2.0, size), 0);
        assert_eq!(level_for_scale(0.51, size), 0);
        assert_eq!(level_for_scale(0.5, size), 1);
        assert_eq!(level_for_scale(0.24, size), 2);
        assert_eq!(level_for_scale(0.001, ImageSize::new(2, 1)), 1);
    }

    #[test]
    fn a_rectangle_on_a_level_covers_all_its_pixels() {
        assert_eq!(
            level_rect(PixelRect::new(3, 4, 2, 1), 1),
            PixelRect::new(1, 2, 2, 1)
        );
        assert_eq!(
            level_rect(PixelRect::new(256, 0, 256, 256), 8),
            PixelRect::new(1, 0, 1, 1)
        );
        assert!(level_rect(PixelRect::EMPTY, 3).is_empty());
    }
}
