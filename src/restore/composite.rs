//! Master and fill become the result: integer blending at the master's depth, rounded once. Pure, no second image.

use super::plan::CELL_PX;
use super::{FillCell, Restoration};
use crate::geometry::{ImageSize, PixelRect, TileIndex};
use crate::mask::{AreaRepairs, EffectiveMask, FULL_STRENGTH, weakened};
use crate::photo::{Channels, Photo, Samples};

/// The restored pixels of `rect`: interleaved rows in the master's channels and depth.
///
/// Each sample is master × (1 − α) + fill × α, rounded once to the nearest code value; where α is 0, and where nothing is
/// filled, it is the master's sample, bit for bit. α comes with the fills, weakened where that was decided for an area; so
/// does the fill, unless an area has one of its own.
///
/// # Panics
/// When `rect` leaves the photo.
pub fn composite_rect(photo: &Photo, restoration: &Restoration, rect: PixelRect) -> Samples {
    let size = photo.size();
    assert!(
        rect.right() <= size.width && rect.bottom() <= size.height,
        "{rect:?} lies in {size} px"
    );
    let channels = photo.channels();
    match photo.samples() {
        Samples::U8(master) => {
            let mut out = crop(master, size, channels, rect);
            blend_cells(&mut out, channels, rect, restoration, blend_u8);
            Samples::U8(out)
        }
        Samples::U16(master) => {
            let mut out = crop(master, size, channels, rect);
            blend_cells(&mut out, channels, rect, restoration, blend_u16);
            Samples::U16(out)
        }
    }
}

/// Pixels that the restoration changes although the mask itself is 0 there: those it was grown by, and its soft edge.
///
/// # Panics
/// When the restoration is that of another photo.
pub fn changed_in_soft_edge(photo: &Photo, mask: &EffectiveMask, restoration: &Restoration) -> u64 {
    let in_cell = |rect: PixelRect| {
        let mut marks = vec![0; rect.size().pixel_count()];
        mask.read_rect(rect, &mut marks);
        let (size, channels) = (photo.size(), photo.channels());
        match (photo.samples(), composite_rect(photo, restoration, rect)) {
            (Samples::U8(master), Samples::U8(result)) => {
                let master = crop(master, size, channels, rect);
                changed_unmarked(&master, &result, &marks, channels)
            }
            (Samples::U16(master), Samples::U16(result)) => {
                let master = crop(master, size, channels, rect);
                changed_unmarked(&master, &result, &marks, channels)
            }
            // The composite has the photo's depth.
            _ => 0,
        }
    };
    let rects = restoration.cells().map(|cell| cell.rect);
    rects.filter(|rect| !rect.is_empty()).map(in_cell).sum()
}

fn changed_unmarked<T: PartialEq>(
    master: &[T],
    result: &[T],
    marks: &[u8],
    channels: Channels,
) -> u64 {
    let count = channels.count();
    let pixels = master.chunks_exact(count).zip(result.chunks_exact(count));
    let changed = pixels.zip(marks);
    changed
        .filter(|((master, result), mark)| **mark == 0 && master != result)
        .count() as u64
}

/// master × (1 − α) + fill × α at 8 bit: the fill's 65,535 stands for 255, so all is counted in 1 / 65,535.
fn blend_u8(master: u8, fill: u16, alpha: u8) -> u8 {
    let (master, fill, alpha) = (u32::from(master), u32::from(fill), u32::from(alpha));
    let sum = master * (255 - alpha) * 257 + fill * alpha;
    ((sum + 32_767) / 65_535) as u8
}

/// master × (1 − α) + fill × α at 16 bit.
fn blend_u16(master: u16, fill: u16, alpha: u8) -> u16 {
    let (master, fill, alpha) = (u32::from(master), u32::from(fill), u32::from(alpha));
    ((master * (255 - alpha) + fill * alpha + 127) / 255) as u16
}

/// The samples of `rect` out of those of an image of `size`.
fn crop<T: Copy>(samples: &[T], size: ImageSize, channels: Channels, rect: PixelRect) -> Vec<T> {
    let count = channels.count();
    let mut out = Vec::with_capacity(rect.size().pixel_count() * count);
    for y in rect.y..rect.bottom() {
        let start = size.index(rect.x, y) * count;
        out.extend_from_slice(&samples[start..start + rect.width as usize * count]);
    }
    out
}

/// Blends every fill that overlaps `rect` into `out`, which holds the master there.
fn blend_cells<T: Copy>(
    out: &mut [T],
    channels: Channels,
    rect: PixelRect,
    restoration: &Restoration,
    blend: fn(T, u16, u8) -> T,
) {
    if rect.is_empty() {
        return;
    }
    for row in rect.y / CELL_PX..rect.bottom().div_ceil(CELL_PX) {
        for column in rect.x / CELL_PX..rect.right().div_ceil(CELL_PX) {
            if let Some(cell) = restoration.get(TileIndex::new(column, row)) {
                blend_cell(out, channels, rect, cell, restoration.repairs(), blend);
            }
        }
    }
}

fn blend_cell<T: Copy>(
    out: &mut [T],
    channels: Channels,
    rect: PixelRect,
    cell: &FillCell,
    repairs: &AreaRepairs,
    blend: fn(T, u16, u8) -> T,
) {
    let count = channels.count();
    let is_mended = repairs.may_touch(cell.rect.intersect(rect));
    let (mut mended, mut strengths) = (Vec::new(), Vec::new());
    for (span, first) in cell.spans() {
        let part = PixelRect::new(span.x, span.y, span.len, 1).intersect(rect);
        if part.is_empty() {
            continue;
        }
        let target = rect.size().index(part.x - rect.x, part.y - rect.y) * count;
        let source = first + (part.x - span.x) as usize;
        let width = part.width as usize;
        let mut fill = &cell.fill[source * count..(source + width) * count];
        let mut alpha = &cell.alpha[source..source + width];
        if is_mended {
            mended.clear();
            mended.extend_from_slice(fill);
            repairs.fill_row(part.x, part.y, count, &mut mended);
            fill = &mended;
            strengths.clear();
            strengths.resize(width, FULL_STRENGTH);
            repairs.strength_row(part.x, part.y, &mut strengths);
            for (strength, &alpha) in strengths.iter_mut().zip(alpha) {
                *strength = weakened(alpha, *strength);
            }
            alpha = &strengths;
        }
        let pixels = out[target..target + width * count]
            .chunks_exact_mut(count)
            .zip(fill.chunks_exact(count));
        for ((pixel, fill), &alpha) in pixels.zip(alpha) {
            for (sample, &fill) in pixel.iter_mut().zip(fill) {
                *sample = blend(*sample, fill, alpha);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::RectFill;
    use super::*;
    use crate::photo::{FileFormat, Metadata, Source};

    fn photo(size: ImageSize, channels: Channels, samples: Samples) -> Photo {
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        Photo::new(size, channels, samples, None, Metadata::default(), source).unwrap()
    }

    proptest! {
        #[test]
        fn eight_bit_blending_rounds_the_exact_value_once(master: u8, fill: u16, alpha: u8) {
            let a = f64::from(alpha) / 255.0;
            let exact = f64::from(master) * (1.0 - a) + f64::from(fill) / 257.0 * a;
            prop_assert!((f64::from(blend_u8(master, fill, alpha)) - exact).abs() <= 0.5 + 1e-9);
            prop_assert_eq!(blend_u8(master, fill, 0), master);
            prop_assert_eq!(blend_u8(master, u16::from(master) * 257, alpha), master);
        }

        #[test]
        fn sixteen_bit_blending_rounds_the_exact_value_once(master: u16, fill: u16, alpha: u8) {
            let a = f64::from(alpha) / 255.0;
            let exact = f64::from(master) * (1.0 - a) + f64::from(fill) * a;
            prop_assert!((f64::from(blend_u16(master, fill, alpha)) - exact).abs() <= 0.5 + 1e-9);
            prop_assert_eq!(blend_u16(master, fill, 0), master);
            prop_assert_eq!(blend_u16(master, fill, 255), fill);
        }
    }

    #[derive(Clone, Debug)]
    struct Case {
        photo: Photo,
        restoration: Restoration,
        /// α of the whole photo, as the cells carry it.
        alpha: Vec<u8>,
    }

    fn any_samples(len: usize, sixteen: bool) -> BoxedStrategy<Samples> {
        if sixteen {
            prop::collection::vec(any::<u16>(), len)
                .prop_map(Samples::U16)
                .boxed()
        } else {
            prop::collection::vec(any::<u8>(), len)
                .prop_map(Samples::U8)
                .boxed()
        }
    }

    /// Photos of one or two cells, grey and RGB, 8 and 16 bit, with fills whose α is often 0.
    fn any_case() -> impl Strategy<Value = Case> {
        (240_u32..280, 1_u32..12, any::<bool>(), any::<bool>())
            .prop_flat_map(|(width, height, rgb, sixteen)| {
                let size = ImageSize::new(width, height);
                let channels = if rgb { Channels::Rgb } else { Channels::Grey };
                let pixels = size.pixel_count();
                let some_alpha = prop_oneof![Just(0_u8), any::<u8>()];
                (
                    any_samples(pixels * channels.count(), sixteen)
                        .prop_map(move |samples| photo(size, channels, samples)),
                    prop::collection::vec(some_alpha, pixels),
                    prop::collection::vec(any::<u16>(), pixels * channels.count()),
                )
            })
            .prop_map(|(photo, alpha, fill)| {
                let (size, count) = (photo.size(), photo.channels().count());
                let mut restoration = Restoration::default();
                for column in 0..size.width.div_ceil(CELL_PX) {
                    let index = TileIndex::new(column, 0);
                    let rect = index.rect(CELL_PX, size);
                    let values = RectFill {
                        fill: crop(&fill, size, photo.channels(), rect),
                        alpha: crop(&alpha, size, Channels::Grey, rect),
                        recovered: vec![0; rect.size().pixel_count()],
                    };
                    let cell = FillCell::from_rect(index, 1, rect, count, &values);
                    restoration.insert(Arc::new(cell));
                }
                Case {
                    photo,
                    restoration,
                    alpha,
                }
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn where_alpha_is_0_the_master_stays_bit_for_bit(case in any_case()) {
            let Case { photo, restoration, alpha } = case;
            let whole = photo.size().rect();
            let result = composite_rect(&photo, &restoration, whole);
            prop_assert_eq!(result.depth(), photo.depth());
            let count = photo.channels().count();
            for i in 0..result.len() {
                if alpha[i / count] == 0 {
                    prop_assert_eq!(result.get(i), photo.samples().get(i));
                }
            }
        }

        #[test]
        fn a_part_of_the_composite_is_the_crop_of_the_whole(
            case in any_case(),
            (x, y, width, height) in (0_u32..280, 0_u32..12, 1_u32..280, 1_u32..12),
        ) {
            let Case { photo, restoration, .. } = case;
            let (size, channels) = (photo.size(), photo.channels());
            let rect = PixelRect::new(x, y, width, height).intersect(size.rect());
            let part = composite_rect(&photo, &restoration, rect);
            let expected = match composite_rect(&photo, &restoration, size.rect()) {
                Samples::U8(all) => Samples::U8(crop(&all, size, channels, rect)),
                Samples::U16(all) => Samples::U16(crop(&all, size, channels, rect)),
            };
            prop_assert_eq!(part, expected);
        }
    }

    #[test]
    fn without_fills_the_composite_is_the_master() {
        let size = ImageSize::new(2, 2);
        let master = photo(size, Channels::Grey, Samples::U16(vec![1, 2, 3, 65_535]));
        let result = composite_rect(&master, &Restoration::default(), size.rect());
        assert_eq!(&result, master.samples());
    }
}
