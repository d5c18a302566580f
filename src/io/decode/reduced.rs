//! What can be seen of a photo while it is still being decoded: every n-th pixel of the rows there are, or a picture that the
//! file brings along. For the eye alone: nothing is restored or written from it.

use std::time::{Duration, Instant};

use super::raster::Sample;
use crate::geometry::ImageSize;
use crate::photo::{Channels, Metadata, Orientation};

/// Photos of fewer pixels are decoded before anybody has looked at a preview.
pub const LEAST_PIXELS: usize = 4 << 20;

/// Longest side of a preview, px; about a window.
const LONGEST_SIDE: u32 = 1600;

/// How often a growing preview is told.
const EVERY: Duration = Duration::from_millis(150);

/// A small picture of a photo that is still being decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The photo's size, stored order.
    pub full_size: ImageSize,
    /// The preview's own size; it covers the whole photo.
    pub size: ImageSize,
    /// Grey or RGB.
    pub channels: Channels,
    /// Interleaved 8-bit code values, rows top to bottom; 0 where nothing is decoded yet.
    pub values: Vec<u8>,
    /// How the photo is to be shown.
    pub orientation: Orientation,
    /// The ICC profile of `values`; `None`: sRGB.
    pub icc: Option<Vec<u8>>,
}

impl Preview {
    /// Takes the middle of a picture that a file brings along where it has another shape than the photo: cameras put bars
    /// around it.
    pub(super) fn cut_to_shape(self) -> Self {
        let (full, size) = (self.full_size, self.size);
        let fits = |side: u32, other: u32, full_side: u32, full_other: u32| {
            let wanted = f64::from(other) * f64::from(full_side) / f64::from(full_other);
            (wanted.round() as u32).clamp(1, side)
        };
        let width = fits(size.width, size.height, full.width, full.height);
        let height = fits(size.height, size.width, full.height, full.width);
        let (left, top) = ((size.width - width) / 2, (size.height - height) / 2);
        let count = self.channels.count();
        let rows = (top..top + height).flat_map(|y| {
            let start = size.index(left, y) * count;
            &self.values[start..start + width as usize * count]
        });
        Self {
            values: rows.copied().collect(),
            size: ImageSize::new(width, height),
            ..self
        }
    }
}

/// Hears of previews; called on the thread that decodes.
pub type Watch<'a> = &'a dyn Fn(Preview);

/// Collects every n-th pixel of the rows a decoder has done, and tells from time to time what there is.
pub struct RowReducer<'a> {
    watch: Option<Watch<'a>>,
    preview: Preview,
    step: u32,
    told: Instant,
}

impl<'a> RowReducer<'a> {
    /// For a photo of `size`; does nothing without a `watch`, and for small photos.
    pub fn new(
        watch: Option<Watch<'a>>,
        size: ImageSize,
        channels: Channels,
        metadata: &Metadata,
    ) -> Self {
        let watch = watch.filter(|_| size.pixel_count() >= LEAST_PIXELS);
        let step = size.long_side().div_ceil(LONGEST_SIDE).max(1);
        let reduced = ImageSize::new(size.width.div_ceil(step), size.height.div_ceil(step));
        let count = if watch.is_some() {
            reduced.pixel_count() * channels.count()
        } else {
            0
        };
        Self {
            preview: Preview {
                full_size: size,
                size: reduced,
                channels,
                values: vec![0; count],
                orientation: metadata.orientation,
                icc: metadata.icc.clone().filter(|_| watch.is_some()),
            },
            watch,
            step,
            told: Instant::now(),
        }
    }

    /// Takes the `pixels` from column `x` of row `y` on: interleaved colour samples without alpha.
    pub fn take<T: Sample>(&mut self, x: u32, y: u32, pixels: &[T]) {
        let Some(watch) = self.watch else {
            return;
        };
        if !y.is_multiple_of(self.step) {
            return;
        }
        let (step, count) = (self.step as usize, self.preview.channels.count());
        // The first pixel of this row that the preview has.
        let skipped = x.next_multiple_of(self.step) - x;
        let column = x.div_ceil(self.step);
        let start = self.preview.size.index(column, y / self.step) * count;
        let room = (self.preview.size.width - column.min(self.preview.size.width)) as usize * count;
        let target = self.preview.values[start..][..room].chunks_exact_mut(count);
        let taken = pixels
            .chunks_exact(count)
            .skip(skipped as usize)
            .step_by(step);
        for (target, pixel) in target.zip(taken) {
            for (target, value) in target.iter_mut().zip(pixel) {
                *target = value.eight_bits();
            }
        }
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            watch(self.preview.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const SIZE: ImageSize = ImageSize::new(3300, 2000);

    fn reduced(take: impl FnOnce(&mut RowReducer<'_>)) -> Preview {
        let told = RefCell::new(Vec::new());
        let watch = |preview| told.borrow_mut().push(preview);
        let mut reducer = RowReducer::new(Some(&watch), SIZE, Channels::Grey, &Metadata::default());
        take(&mut reducer);
        reducer.preview.clone()
    }

    #[test]
    fn every_third_pixel_of_every_third_row_is_taken() {
        let preview = reduced(|reducer| {
            for y in 0..SIZE.height {
                let row: Vec<u16> = (0..SIZE.width)
                    .map(|x| ((x / 3 + y / 3) % 256 * 257) as u16)
                    .collect();
                reducer.take(0, y, &row);
            }
        });
        assert_eq!(preview.size, ImageSize::new(1100, 667));
        for (x, y) in [(0, 0), (1099, 666), (400, 300)] {
            let value = preview.values[preview.size.index(x, y)];
            assert_eq!(u32::from(value), (x + y) % 256, "{x} {y}");
        }
    }

    #[test]
    fn tiles_make_the_same_preview_as_rows() {
        let value = |x: u32, y: u32| (x * 7 + y * 3) as u8;
        let rows = reduced(|reducer| {
            for y in 0..SIZE.height {
                let row: Vec<u8> = (0..SIZE.width).map(|x| value(x, y)).collect();
                reducer.take(0, y, &row);
            }
        });
        let tiles = reduced(|reducer| {
            for start in (0..SIZE.width).step_by(256) {
                let end = SIZE.width.min(start + 256);
                for y in 0..SIZE.height {
                    let part: Vec<u8> = (start..end).map(|x| value(x, y)).collect();
                    reducer.take(start, y, &part);
                }
            }
        });
        assert!(rows == tiles);
    }

    #[test]
    fn small_photos_are_not_watched() {
        let small = ImageSize::new(300, 200);
        let watch = |_| panic!("nothing is told");
        let mut reducer =
            RowReducer::new(Some(&watch), small, Channels::Grey, &Metadata::default());
        std::thread::sleep(EVERY);
        reducer.take(0, 0, &[1_u8; 300]);
    }

    #[test]
    fn bars_around_an_embedded_picture_are_cut_off() {
        let size = ImageSize::new(160, 120);
        let value = |y: u32| if (7..113).contains(&y) { 9 } else { 0 };
        let preview = Preview {
            full_size: ImageSize::new(6000, 4000),
            size,
            channels: Channels::Grey,
            values: (0..120).flat_map(|y| [value(y); 160]).collect(),
            orientation: Orientation::default(),
            icc: None,
        };
        let cut = preview.cut_to_shape();
        assert_eq!(cut.size, ImageSize::new(160, 107));
        assert!(cut.values.iter().filter(|value| **value < 9).count() <= 160);
    }
}
