//! PSNR and SSIM of two pictures over parts of them. Pure functions of what the networks see: code values / their maximum, those
//! of a linear scan encoded as sRGB.

use rayon::prelude::*;

use super::windows::largest_in_square;
use crate::geometry::ImageSize;
use crate::photo::{Channels, Photo, Samples, Transfer};

/// The smallest mean squared error that is told apart from none: 100 dB.
const LEAST_ERROR: f64 = 1e-10;

/// SSIM compares windows of 11 × 11 px, cut at the border.
const WINDOW_RADIUS: usize = 5;

/// How far a part reaches into its surroundings for SSIM, px: a repair ends well or badly at its rim.
const SSIM_RIM_PX: usize = 3;

/// Rows that are worked on at once.
const BAND_ROWS: usize = 128;

/// Pixels of any depth and channel count as RGB in [0, 1].
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixels<'a> {
    size: ImageSize,
    is_rgb: bool,
    samples: &'a Samples,
    transfer: Transfer,
}

impl<'a> Pixels<'a> {
    /// A photo's own pixels.
    pub fn of(photo: &'a Photo) -> Self {
        Self::like(photo, photo.samples())
    }

    /// Other samples of a photo's size and channels, such as its restored ones.
    pub fn like(photo: &Photo, samples: &'a Samples) -> Self {
        Self {
            size: photo.size(),
            is_rgb: photo.channels() == Channels::Rgb,
            samples,
            transfer: photo.transfer(),
        }
    }

    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// The pixel at a row-major index; grey is repeated.
    pub fn rgb(&self, index: usize) -> [f64; 3] {
        let at = |i| self.transfer.seen(self.samples.level(i)) / 65_535.0;
        if self.is_rgb {
            [0, 1, 2].map(|c| at(3 * index + c))
        } else {
            [at(index); 3]
        }
    }

    /// The mean of the three channels.
    pub fn luma(&self, index: usize) -> f64 {
        let [r, g, b] = self.rgb(index);
        (r + g + b) / 3.0
    }
}

/// PSNR in dB over the pixels of `region` (all without one); `None` when it is empty. At most 100 dB.
pub(super) fn psnr(a: Pixels<'_>, b: Pixels<'_>, region: Option<&[bool]>) -> Option<f64> {
    let indices = 0..a.size.pixel_count();
    let (error, count) = indices
        .into_par_iter()
        .with_min_len(1 << 14)
        .filter(|&i| region.is_none_or(|region| region[i]))
        .map(|i| {
            let (a, b) = (a.rgb(i), b.rgb(i));
            let error: f64 = (0..3).map(|c| (a[c] - b[c]).powi(2)).sum();
            (error, 1_u64)
        })
        .reduce(|| (0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    (count > 0).then(|| -10.0 * (error / (3 * count) as f64).max(LEAST_ERROR).log10())
}

/// Mean SSIM of the channels' mean over each region grown by 3 px (all without one); `None` for an empty one.
///
/// Box windows of 11 px, constants 0.01² and 0.03². Source: Wang et al., "Image quality assessment: from error visibility
/// to structural similarity", IEEE Trans. Image Processing 13(4), 2004.
pub(super) fn ssim(a: Pixels<'_>, b: Pixels<'_>, regions: &[Option<&[bool]>]) -> Vec<Option<f64>> {
    let grown: Vec<Option<Vec<u8>>> = regions
        .iter()
        .map(|region| region.map(|region| grow(region, a.size)))
        .collect();
    let height = a.size.height as usize;
    let bands = (0..height.div_ceil(BAND_ROWS)).into_par_iter();
    let sums = bands
        .map(|band| {
            let rows = band * BAND_ROWS..((band + 1) * BAND_ROWS).min(height);
            ssim_sums(a, b, rows, &grown)
        })
        .reduce(
            || vec![(0.0, 0); grown.len()],
            |a, b| {
                let pairs = a.into_iter().zip(b);
                pairs.map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect()
            },
        );
    sums.into_iter()
        .map(|(sum, count)| (count > 0).then(|| sum / count as f64))
        .collect()
}

fn grow(region: &[bool], size: ImageSize) -> Vec<u8> {
    let values: Vec<u8> = region.iter().map(|&inside| u8::from(inside)).collect();
    largest_in_square(&values, size, SSIM_RIM_PX)
}

/// Sums over a window: a, b, a², b², ab.
type Moments = [f64; 5];

fn moments(a: f64, b: f64) -> Moments {
    [a, b, a * a, b * b, a * b]
}

/// Sum and count of the SSIM map inside each region, over some rows.
fn ssim_sums(
    a: Pixels<'_>,
    b: Pixels<'_>,
    rows: std::ops::Range<usize>,
    regions: &[Option<Vec<u8>>],
) -> Vec<(f64, u64)> {
    let (width, height) = (a.size.width as usize, a.size.height as usize);
    let mut sums = vec![(0.0, 0); regions.len()];
    let mut columns: Vec<Moments> = vec![[0.0; 5]; width];
    let add_row = |columns: &mut [Moments], y: usize, sign: f64| {
        for (x, column) in columns.iter_mut().enumerate() {
            let values = moments(a.luma(y * width + x), b.luma(y * width + x));
            for (sum, value) in column.iter_mut().zip(values) {
                *sum += sign * value;
            }
        }
    };
    // As after the row before: its first row is about to leave the window.
    let before = rows.start.saturating_sub(WINDOW_RADIUS + 1);
    for y in before..(rows.start + WINDOW_RADIUS).min(height) {
        add_row(&mut columns, y, 1.0);
    }
    for y in rows {
        if y + WINDOW_RADIUS < height {
            add_row(&mut columns, y + WINDOW_RADIUS, 1.0);
        }
        if y > WINDOW_RADIUS {
            add_row(&mut columns, y - WINDOW_RADIUS - 1, -1.0);
        }
        let rows_in = (y + WINDOW_RADIUS).min(height - 1) - y.saturating_sub(WINDOW_RADIUS) + 1;
        for x in 0..width {
            let inside = |region: &Option<Vec<u8>>| {
                region
                    .as_ref()
                    .is_none_or(|region| region[y * width + x] > 0)
            };
            if !regions.iter().any(inside) {
                continue;
            }
            let from = x.saturating_sub(WINDOW_RADIUS);
            let window = &columns[from..(x + WINDOW_RADIUS + 1).min(width)];
            let value = similarity(window, (window.len() * rows_in) as f64);
            for (sum, region) in sums.iter_mut().zip(regions) {
                if inside(region) {
                    *sum = (sum.0 + value, sum.1 + 1);
                }
            }
        }
    }
    sums
}

/// SSIM of one window of `count` px, given as sums of its columns.
fn similarity(columns: &[Moments], count: f64) -> f64 {
    const C1: f64 = 0.01 * 0.01;
    const C2: f64 = 0.03 * 0.03;
    let mut sums = [0.0; 5];
    for column in columns {
        for (sum, value) in sums.iter_mut().zip(column) {
            *sum += value;
        }
    }
    let [mean_a, mean_b, square_a, square_b, product] = sums.map(|sum| sum / count);
    let var_a = square_a - mean_a * mean_a;
    let var_b = square_b - mean_b * mean_b;
    let covariance = product - mean_a * mean_b;
    ((2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2))
        / ((mean_a * mean_a + mean_b * mean_b + C1) * (var_a + var_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(size: ImageSize, samples: &Samples, is_rgb: bool) -> Pixels<'_> {
        Pixels {
            size,
            is_rgb,
            samples,
            transfer: Transfer::Encoded,
        }
    }

    fn grey(size: ImageSize, value: impl Fn(u32, u32) -> u8) -> Samples {
        let rows = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        Samples::U8(rows.map(|(x, y)| value(x, y)).collect())
    }

    #[test]
    fn linear_scans_are_compared_as_they_are_seen() {
        let size = ImageSize::new(8, 8);
        let transfer = Transfer::Linear;
        let light = |seen: f64| Samples::U16(vec![transfer.stored(seen * 65_535.0); 64]);
        let (a, b) = (light(0.5), light(0.6));
        let linear = |samples| Pixels {
            transfer,
            ..pixels(size, samples, false)
        };
        let psnr = psnr(linear(&a), linear(&b), None).unwrap();
        assert!((psnr - 20.0).abs() < 0.01, "{psnr}");
    }

    #[test]
    fn psnr_of_a_known_error_whatever_depth_and_channels() {
        let size = ImageSize::new(8, 8);
        let black = Samples::U16(vec![0; 3 * 64]);
        let tenth = grey(size, |_, _| 51);
        let (a, b) = (pixels(size, &tenth, false), pixels(size, &black, true));
        // An error of 0.2 everywhere.
        assert!((psnr(a, b, None).unwrap() + 20.0 * 0.2_f64.log10()).abs() < 1e-9);
        let mut region = vec![false; 64];
        assert_eq!(psnr(a, b, Some(&region)), None);
        region[5] = true;
        assert!((psnr(a, b, Some(&region)).unwrap() + 20.0 * 0.2_f64.log10()).abs() < 1e-9);
        assert!((psnr(a, a, None).unwrap() - 100.0).abs() < 1e-9);
    }

    /// SSIM as the definition says it, window by window.
    fn by_definition(a: Pixels<'_>, b: Pixels<'_>, x: i64, y: i64) -> f64 {
        let mut columns = Vec::new();
        let mut count = 0.0;
        for dx in -5..=5 {
            let mut column = [0.0; 5];
            for dy in -5..=5 {
                let (x, y) = (x + dx, y + dy);
                let (width, height) = (i64::from(a.size.width), i64::from(a.size.height));
                if x < 0 || y < 0 || x >= width || y >= height {
                    continue;
                }
                let i = (y * width + x) as usize;
                let values = moments(a.luma(i), b.luma(i));
                for (sum, value) in column.iter_mut().zip(values) {
                    *sum += value;
                }
                count += 1.0;
            }
            columns.push(column);
        }
        similarity(&columns, count)
    }

    #[test]
    fn ssim_over_bands_is_that_of_the_definition() {
        let size = ImageSize::new(17, 300);
        let a = grey(size, |x, y| ((x * 13 + y * 7) % 200) as u8);
        let b = grey(size, |x, y| ((x * 13 + y * 7 + (y % 3) * 20) % 230) as u8);
        let (a, b) = (pixels(size, &a, false), pixels(size, &b, false));
        let mut region = vec![false; size.pixel_count()];
        region[size.index(8, 150)] = true;
        let found = ssim(
            a,
            b,
            &[None, Some(&region), Some(&vec![false; region.len()])],
        );
        let mean = |xs: std::ops::Range<i64>, ys: std::ops::Range<i64>| {
            let places = ys.flat_map(|y| xs.clone().map(move |x| (x, y)));
            let values: Vec<f64> = places.map(|(x, y)| by_definition(a, b, x, y)).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        assert!((found[0].unwrap() - mean(0..17, 0..300)).abs() < 1e-9);
        assert!((found[1].unwrap() - mean(5..12, 147..154)).abs() < 1e-9);
        assert_eq!(found[2], None);
        assert!((ssim(a, a, &[None])[0].unwrap() - 1.0).abs() < 1e-12);
    }
}
