//! The contact sheet: damaged, mask, restored and sound picture side by side, one photo a row. For the eye alone.

use super::detection::Truth;
use super::quality::Pixels;
use crate::geometry::ImageSize;

/// Longest side of a picture on the sheet, px.
const SIDE_PX: u32 = 256;

/// Photos on a sheet; more make a file that few programs open.
pub(super) const MOST_ROWS: usize = 200;

/// Pictures of a row.
const COLUMNS: u32 = 4;

/// Marked and damaged, or marked without being told what is.
const FOUND: [f64; 3] = [1.0, 1.0, 1.0];
/// Damaged, not marked.
const MISSED: [f64; 3] = [1.0, 0.2, 0.1];
/// Marked, not damaged.
const WRONG: [f64; 3] = [0.2, 0.5, 1.0];
/// The mask does not say.
const DOUBTFUL: [f64; 3] = [0.3; 3];

/// One row, ready to be put under the others.
#[derive(Clone, Debug)]
pub(super) struct Row {
    height: u32,
    /// [`COLUMNS`] × [`SIDE_PX`] px wide, interleaved RGB.
    rgb: Vec<u8>,
}

impl Row {
    /// The four pictures made small; `is_marked` is what was to be repaired, before growth.
    pub fn new(
        damaged: Pixels<'_>,
        restored: Pixels<'_>,
        clean: Pixels<'_>,
        is_marked: &[bool],
        truth: Option<&Truth>,
    ) -> Self {
        let size = damaged.size();
        let shown = shown_size(size);
        let mask = |i: usize| mask_colour(is_marked[i], truth, i);
        let pictures: [&dyn Fn(usize) -> [f64; 3]; 4] =
            [&|i| damaged.rgb(i), &mask, &|i| restored.rgb(i), &|i| {
                clean.rgb(i)
            }];
        let width = COLUMNS * SIDE_PX;
        let mut rgb = vec![0; 3 * ImageSize::new(width, shown.height).pixel_count()];
        for (column, picture) in (0..).zip(pictures) {
            let small = shrink(size, shown, picture);
            for (y, row) in (0..).zip(small.chunks_exact(3 * shown.width as usize)) {
                let start = 3 * ImageSize::new(width, shown.height).index(column * SIDE_PX, y);
                rgb[start..start + row.len()].copy_from_slice(row);
            }
        }
        Self {
            height: shown.height,
            rgb,
        }
    }
}

fn mask_colour(is_marked: bool, truth: Option<&Truth>, index: usize) -> [f64; 3] {
    let (is_damage, is_doubtful) = truth.map_or((is_marked, false), |truth| {
        (truth.is_damage[index], truth.is_doubtful[index])
    });
    match (is_marked, is_damage) {
        (true, true) => FOUND,
        (false, true) => MISSED,
        _ if is_doubtful => DOUBTFUL,
        (true, false) => WRONG,
        (false, false) => [0.0; 3],
    }
}

/// The size on the sheet: as it is when small enough, else the long side at [`SIDE_PX`].
fn shown_size(size: ImageSize) -> ImageSize {
    let long = size.long_side();
    if long <= SIDE_PX {
        return size;
    }
    let scaled =
        |side: u32| ((u64::from(side) * u64::from(SIDE_PX) / u64::from(long)) as u32).max(1);
    ImageSize::new(scaled(size.width), scaled(size.height))
}

/// Means of the pixels that fall on each small one, interleaved 8-bit RGB.
fn shrink(from: ImageSize, to: ImageSize, picture: &dyn Fn(usize) -> [f64; 3]) -> Vec<u8> {
    let span = |i: u32, from: u32, to: u32| {
        let at = |i: u32| (u64::from(i) * u64::from(from) / u64::from(to)) as u32;
        at(i)..at(i + 1).max(at(i) + 1)
    };
    let mut rgb = Vec::with_capacity(3 * to.pixel_count());
    for y in 0..to.height {
        for x in 0..to.width {
            let (mut sum, mut count) = ([0.0; 3], 0.0);
            for row in span(y, from.height, to.height) {
                for column in span(x, from.width, to.width) {
                    let pixel = picture(from.index(column, row));
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += value;
                    }
                    count += 1.0;
                }
            }
            rgb.extend(sum.map(|sum: f64| (255.0 * sum / count).round().clamp(0.0, 255.0) as u8));
        }
    }
    rgb
}

/// The rows one below the other, with a dark line between: size and interleaved 8-bit RGB.
pub(super) fn stack(rows: &[Row]) -> (ImageSize, Vec<u8>) {
    const GAP_PX: u32 = 4;
    const GAP_VALUE: u8 = 32;
    let width = COLUMNS * SIDE_PX;
    let mut rgb = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            rgb.resize(rgb.len() + (3 * width * GAP_PX) as usize, GAP_VALUE);
        }
        rgb.extend_from_slice(&row.rgb);
    }
    let gaps = GAP_PX * (rows.len() as u32).saturating_sub(1);
    let height = rows.iter().map(|row| row.height).sum::<u32>() + gaps;
    (ImageSize::new(width, height), rgb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::tests::grey_photo;

    #[test]
    fn a_row_shows_damaged_mask_restored_and_clean_from_left_to_right() {
        let size = ImageSize::new(512, 128);
        let [damaged, restored, clean] = [30, 60, 90].map(|value| grey_photo(size, |_, _| value));
        // The left half is damaged, the upper half marked.
        let is_marked: Vec<bool> = (0..size.pixel_count()).map(|i| i < 512 * 64).collect();
        let mask: Vec<u8> = (0..size.pixel_count())
            .map(|i| if i % 512 < 256 { 255 } else { 0 })
            .collect();
        let row = Row::new(
            Pixels::of(&damaged),
            Pixels::of(&restored),
            Pixels::of(&clean),
            &is_marked,
            Some(&Truth::new(&mask)),
        );
        let (sheet, rgb) = stack(&[row.clone(), row]);
        assert_eq!(sheet, ImageSize::new(1024, 64 + 4 + 64));
        let at = |x, y| {
            let start = 3 * sheet.index(x, y);
            [rgb[start], rgb[start + 1], rgb[start + 2]]
        };
        assert_eq!(
            [at(9, 9), at(521, 70), at(777, 9)],
            [[30; 3], [60; 3], [90; 3]]
        );
        assert_eq!(at(260, 5), [255, 255, 255], "found");
        assert_eq!(at(260, 60), [255, 51, 26], "missed");
        assert_eq!(at(500, 5), [51, 128, 255], "wrong");
        assert_eq!(at(500, 60), [0, 0, 0], "sound");
        assert_eq!(at(5, 65), [32; 3], "a gap");
    }

    #[test]
    fn a_small_picture_is_not_enlarged_and_a_long_one_keeps_a_pixel() {
        assert_eq!(shown_size(ImageSize::new(3, 5)), ImageSize::new(3, 5));
        assert_eq!(shown_size(ImageSize::new(9000, 2)), ImageSize::new(256, 1));
    }
}
