//! Stage 1 once more over a part of the photo: at native size and enlarged twice, the larger answer counts. One rectangle, no merging.

use super::context::{photo_tensor, run_detector};
use super::shapes::WindowShapes;
use super::{ProgressSink, RestoreError, Stage};
use crate::geometry::{ImageSize, PixelPoint, PixelRect};
use crate::inference::{CancelToken, Engine, InferenceError, Tensor};
use crate::photo::Photo;
use crate::tiling::{Window, window_around};

/// Longest side of a window's core in px of the level it runs on.
const CORE_PX: u32 = 512;

/// Finds damage in `area` (inside the photo): the probability of each of its px times 255, row-major.
///
/// Enlarged twice, marks that are thin for the network are as wide as those it was trained on. Nothing is kept for stage 2.
///
/// # Errors
/// [`RestoreError::Inference`] when a run fails or `cancel` was set.
pub fn detect_area(
    photo: &Photo,
    area: PixelRect,
    engine: &mut Engine,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Vec<u8>, RestoreError> {
    let halo = engine.detector_manifest().halo_px;
    let cores: Vec<(u32, PixelRect)> = [1, 2]
        .into_iter()
        .flat_map(|scale| parts(area, CORE_PX / scale).map(move |core| (scale, core)))
        .collect();
    let total = cores.len() as u64;
    let mut found = vec![0; area.size().pixel_count()];
    for (done, (scale, core)) in (0..).zip(cores) {
        progress.report(Stage::Detecting, done, total);
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled.into());
        }
        let shapes = WindowShapes::of(engine);
        let (window, tensor) = if scale == 1 {
            let window = window_around(core, photo.size(), halo);
            let window = shapes.detect_window(window, photo.size());
            (window, photo_tensor(photo, &window))
        } else {
            enlarged(photo, core, halo, shapes)?
        };
        let (probability, _) = run_detector(engine.detector(), tensor.view(), cancel)?;
        for y in core.y..core.bottom() {
            let start = area.size().index(core.x - area.x, y - area.y);
            let target = &mut found[start..][..core.width as usize];
            for (value, x) in target.iter_mut().zip(core.x..) {
                *value = (*value).max(largest(&probability, &window, scale, x, y));
            }
        }
    }
    progress.report(Stage::Detecting, total, total);
    Ok(found)
}

/// `area` in parts of at most `side` px a side.
fn parts(area: PixelRect, side: u32) -> impl Iterator<Item = PixelRect> {
    let rows = (area.y..area.bottom()).step_by(side as usize);
    rows.flat_map(move |y| {
        let columns = (area.x..area.right()).step_by(side as usize);
        columns.map(move |x| PixelRect::new(x, y, side, side).intersect(area))
    })
}

/// The largest probability of the px of the level that cover native px (`x`, `y`), 8 bit.
fn largest(probability: &Tensor, window: &Window, scale: u32, x: u32, y: u32) -> u8 {
    let mut value = 0.0_f32;
    for dy in 0..scale {
        let row = probability.row(0, (y * scale + dy - window.read.y) as usize);
        for dx in 0..scale {
            value = value.max(row[(x * scale + dx - window.read.x) as usize]);
        }
    }
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}

/// The window around `core` in the photo enlarged twice (bilinear), mirrored beyond its edge, and its tensor.
fn enlarged(
    photo: &Photo,
    core: PixelRect,
    halo: u32,
    shapes: WindowShapes,
) -> Result<(Window, Tensor), InferenceError> {
    let size = ImageSize::new(2 * photo.size().width, 2 * photo.size().height);
    let core = PixelRect::new(2 * core.x, 2 * core.y, 2 * core.width, 2 * core.height);
    let window = shapes.detect_window(window_around(core, size, halo), size);
    let (width, height) = (window.read.width as usize, window.read.height as usize);
    // Native px around, one more on each side for the means.
    let (from_width, from_height) = (width / 2 + 2, height / 2 + 2);
    let origin = PixelPoint::new(
        i64::from(window.read.x / 2) - 1,
        i64::from(window.read.y / 2) - 1,
    );
    let mut native = vec![0.0; 3 * from_width * from_height];
    photo.network_window(origin, from_width as u32, from_height as u32, &mut native);
    // Px i of the level has its centre a quarter of a px beside that of native px i / 2.
    let pair = |i: usize| {
        let near = i / 2 + 1;
        (
            near,
            if i.is_multiple_of(2) {
                near - 1
            } else {
                near + 1
            },
        )
    };
    let mut data = Vec::with_capacity(3 * width * height);
    for channel in native.chunks_exact(from_width * from_height) {
        for y in 0..height {
            let (near, far) = pair(y);
            let (near, far) = (
                &channel[near * from_width..][..from_width],
                &channel[far * from_width..][..from_width],
            );
            data.extend((0..width).map(|x| {
                let (a, b) = pair(x);
                let mix = |row: &[f32]| 0.75 * row[a] + 0.25 * row[b];
                0.75 * mix(near) + 0.25 * mix(far)
            }));
        }
    }
    Ok((window, Tensor::new([1, 3, height, width], data)?))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::inference::fake::paint_engine;
    use crate::photo::{Channels, FileFormat, Metadata, Samples, Source};
    use crate::restore::NoProgress;

    /// Dark, with a red square of 3 × 3 px at (`x`, `y`).
    fn photo_with_speck(x: u32, y: u32) -> Photo {
        let size = ImageSize::new(700, 300);
        let mut values = vec![20; 3 * size.pixel_count()];
        for row in y..y + 3 {
            for column in x..x + 3 {
                values[3 * size.index(column, row)] = 255;
            }
        }
        let source = Source {
            path: PathBuf::from("drawn.png"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(values);
        Photo::new(
            size,
            Channels::Rgb,
            samples,
            None,
            Metadata::default(),
            source,
        )
        .unwrap()
    }

    #[test]
    fn a_speck_is_found_where_it_lies_in_any_part_of_the_photo() {
        let mut engine = paint_engine([0.0; 3]);
        for (x, y) in [(1, 1), (300, 150), (650, 290), (697, 297)] {
            let photo = photo_with_speck(x, y);
            let left = x.saturating_sub(40);
            let area = PixelRect::new(left, 0, 600, 300).intersect(photo.size().rect());
            let cancel = CancelToken::default();
            let found = detect_area(&photo, area, &mut engine, &NoProgress, &cancel).unwrap();
            let at = |x: u32, y: u32| found[area.size().index(x - area.x, y - area.y)];
            assert!(at(x + 1, y + 1) > 200, "at {x}, {y}");
            let far = found.iter().enumerate().filter(|(_, value)| **value > 100);
            for (i, _) in far {
                let (column, row) = (
                    area.x + i as u32 % area.width,
                    area.y + i as u32 / area.width,
                );
                assert!(
                    column.abs_diff(x + 1) <= 2 && row.abs_diff(y + 1) <= 2,
                    "{column}, {row}"
                );
            }
        }
    }

    #[test]
    fn a_cancelled_search_ends() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let photo = photo_with_speck(5, 5);
        let area = PixelRect::new(0, 0, 50, 50);
        let result = detect_area(
            &photo,
            area,
            &mut paint_engine([0.0; 3]),
            &NoProgress,
            &cancel,
        );
        assert!(result.is_err_and(|error| error.is_cancelled()));
    }
}
