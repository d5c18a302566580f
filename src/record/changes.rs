//! The picture of what was changed: the master in grey, changed pixels in orange. For eyes, not for measuring.

use rayon::prelude::*;

use crate::geometry::{ImageSize, PixelRect};
use crate::photo::{Channels, Photo};
use crate::restore::{Restoration, composite_rect};

/// Longest side of the picture, px: what a screen shows; larger scans are reduced by a whole factor.
const LONGEST_PX: u32 = 2400;

/// What a changed pixel is mixed with, sRGB: bright, and to be told from grey by colour-blind eyes too.
const TINT: [u8; 3] = [255, 110, 0];

/// The picture as it is to be seen (orientation applied): its size and its interleaved 8-bit RGB.
///
/// Where the scan is reduced, a pixel is tinted when any pixel it stands for was changed, so that no thin scratch is lost.
pub fn change_view(photo: &Photo, restoration: &Restoration) -> (ImageSize, Vec<u8>) {
    let stored = photo.size();
    let factor = stored.long_side().div_ceil(LONGEST_PX).max(1);
    let size = ImageSize::new(
        stored.width.div_ceil(factor),
        stored.height.div_ceil(factor),
    );
    let mut rgb = vec![0; 3 * size.pixel_count()];
    rgb.par_chunks_mut(3 * size.width as usize)
        .enumerate()
        .for_each(|(y, row)| {
            let top = y as u32 * factor;
            let band = PixelRect::new(0, top, stored.width, factor.min(stored.height - top));
            write_row(photo, restoration, band, factor, row);
        });
    turned(photo, size, &rgb)
}

/// One row of the picture from a `band` of the photo.
fn write_row(
    photo: &Photo,
    restoration: &Restoration,
    band: PixelRect,
    factor: u32,
    row: &mut [u8],
) {
    let channels = photo.channels().count();
    let start = photo.size().index(0, band.y) * channels;
    let pixels = composite_rect(photo, restoration, band);
    let columns = row.len() / 3;
    let (mut sums, mut counts) = (vec![0.0_f32; columns], vec![0.0_f32; columns]);
    let mut is_changed = vec![false; columns];
    for y in 0..band.height {
        for x in 0..band.width {
            let column = (x / factor) as usize;
            let at = band.size().index(x, y) * channels;
            sums[column] += grey(photo, start + at);
            counts[column] += 1.0;
            is_changed[column] |=
                (at..at + channels).any(|i| pixels.get(i) != photo.samples().get(start + i));
        }
    }
    let levels = sums.iter().zip(&counts).map(|(sum, count)| sum / count);
    for ((pixel, level), changed) in row.chunks_exact_mut(3).zip(levels).zip(is_changed) {
        for (value, tint) in pixel.iter_mut().zip(TINT) {
            let mixed = if changed {
                0.3 * level + 0.7 * f32::from(tint)
            } else {
                level
            };
            *value = mixed.round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// Lightness of the pixel whose first sample is `at`, 0 to 255. Weights: Rec. 709, on what the networks see.
fn grey(photo: &Photo, at: usize) -> f32 {
    let sample = |i: usize| photo.seen_level(at + i) as f32 / 257.0;
    match photo.channels() {
        Channels::Grey => sample(0),
        Channels::Rgb => 0.2126 * sample(0) + 0.7152 * sample(1) + 0.0722 * sample(2),
    }
}

/// `rgb` of `size` px, stored order, as the photo's orientation shows it.
fn turned(photo: &Photo, size: ImageSize, rgb: &[u8]) -> (ImageSize, Vec<u8>) {
    let orientation = photo.metadata().orientation;
    let shown = orientation.ui_size(size);
    let [a, b, tx, c, d, ty] = orientation.ui_from_image(size);
    let mut out = vec![0; rgb.len()];
    for (y, row) in rgb.chunks_exact(3 * size.width as usize).enumerate() {
        for (x, pixel) in row.chunks_exact(3).enumerate() {
            let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
            let (left, top) = (a * x + b * y + tx, c * x + d * y + ty);
            let at = 3 * shown.index(left as u32, top as u32);
            out[at..at + 3].copy_from_slice(pixel);
        }
    }
    (shown, out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::TileIndex;
    use crate::photo::{FileFormat, Metadata, Orientation, Samples, Source};
    use crate::restore::{FillCell, RectFill};

    fn photo(size: ImageSize, orientation: Orientation) -> Photo {
        let metadata = Metadata {
            orientation,
            ..Metadata::default()
        };
        let source = Source {
            path: "made in a test".into(),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U16(vec![100 * 257; size.pixel_count()]);
        Photo::new(size, Channels::Grey, samples, None, metadata, source).unwrap()
    }

    fn one_pixel(x: u32, y: u32) -> Restoration {
        let mut restoration = Restoration::new(0);
        let (index, rect) = (TileIndex::new(x / 256, y / 256), PixelRect::new(x, y, 1, 1));
        let values = RectFill {
            fill: vec![0],
            alpha: vec![255],
            recovered: vec![0],
        };
        let cell = FillCell::from_rect(index, 1, rect, 1, &values);
        restoration.insert(Arc::new(cell));
        restoration
    }

    #[test]
    fn a_small_scan_keeps_its_size_and_only_the_changed_pixel_is_tinted() {
        let photo = photo(ImageSize::new(5, 3), Orientation::Rotate90);
        let (size, rgb) = change_view(&photo, &one_pixel(4, 0));
        // Turned clockwise the upper right corner is the lower right one.
        assert_eq!(size, ImageSize::new(3, 5));
        let tinted: Vec<usize> = rgb
            .chunks_exact(3)
            .enumerate()
            .filter(|(_, pixel)| *pixel != [100, 100, 100])
            .map(|(i, _)| i)
            .collect();
        assert_eq!(tinted, [size.index(2, 4)]);
    }

    #[test]
    fn a_large_scan_is_reduced_and_a_single_changed_pixel_is_still_seen() {
        let photo = photo(ImageSize::new(4801, 7), Orientation::Normal);
        let (size, rgb) = change_view(&photo, &one_pixel(4800, 6));
        assert_eq!(size, ImageSize::new(1601, 3));
        let is_tinted = |x, y| rgb[3 * size.index(x, y)] != rgb[3 * size.index(x, y) + 2];
        assert!(is_tinted(1600, 2) && !is_tinted(1599, 2));
    }
}
