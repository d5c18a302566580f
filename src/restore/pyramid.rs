//! Coarser levels of a photo: how many, how large, and their windows as network input. Area means, never the whole photo.

use crate::geometry::{ImageSize, PixelPoint, PixelRect, mirror_index};
use crate::inference::{InferenceError, Tensor};
use crate::photo::Photo;
use crate::tiling::Window;

/// Long sides above which ×1/2, ×1/4 and ×1/8 are looked at as well, px.
///
/// Source: wide cracks are seen further down. ×1/2 joins early because it raised the average precision on crops of 512 px
/// from 0.50 to 0.53; ×1/4 did not raise it further.
const COARSE_ABOVE_PX: [u32; 3] = [700, 2_800, 9_000];

/// Levels for a photo of `size`, as powers of two: 0 is native, 1 is ×1/2.
pub(super) fn level_shifts(size: ImageSize) -> impl Iterator<Item = u32> {
    let coarse = COARSE_ABOVE_PX
        .iter()
        .take_while(move |&&above| size.long_side() > above)
        .count() as u32;
    0..=coarse
}

/// Size of a level; a last partial block counts as a pixel.
pub(super) fn level_size(size: ImageSize, shift: u32) -> ImageSize {
    let step = 1 << shift;
    ImageSize::new(size.width.div_ceil(step), size.height.div_ceil(step))
}

/// The photo at level `shift` inside a window's `read`: (1, 3, h, w) in [0, 1], mirrored beyond the level's edge.
///
/// Each pixel is the mean of its 2^shift × 2^shift block of the master (of the part inside the photo).
pub(super) fn coarse_tensor(
    photo: &Photo,
    window: &Window,
    shift: u32,
) -> Result<Tensor, InferenceError> {
    let size = level_size(photo.size(), shift);
    let read = window.read;
    let inside = read.intersect(size.rect());
    let means = block_means(photo, inside, shift);
    let plane = inside.size().pixel_count();
    let mut data = Vec::with_capacity(3 * read.size().pixel_count());
    for c in 0..3 {
        for y in read.y..read.bottom() {
            let row = mirror_index(i64::from(y), size.height) - inside.y;
            let row = &means[c * plane + inside.size().index(0, row)..][..inside.width as usize];
            data.extend(
                (read.x..read.right())
                    .map(|x| row[(mirror_index(i64::from(x), size.width) - inside.x) as usize]),
            );
        }
    }
    Tensor::new([1, 3, read.height as usize, read.width as usize], data)
}

/// Block means of the level's pixels in `rect`, planar RGB.
fn block_means(photo: &Photo, rect: PixelRect, shift: u32) -> Vec<f32> {
    let step = 1_u32 << shift;
    let size = photo.size();
    let (left, right) = (rect.x * step, (rect.right() * step).min(size.width));
    let native_width = (right - left) as usize;
    let plane = rect.size().pixel_count();
    let mut means = vec![0.0; 3 * plane];
    let mut band = vec![0.0; 3 * native_width * step as usize];
    for y in 0..rect.height {
        let top = (rect.y + y) * step;
        let rows = step.min(size.height - top);
        let band = &mut band[..3 * native_width * rows as usize];
        let origin = PixelPoint::new(i64::from(left), i64::from(top));
        photo.network_window(origin, right - left, rows, band);
        for (c, channel) in band.chunks_exact(native_width * rows as usize).enumerate() {
            let target = &mut means[c * plane + rect.size().index(0, y)..][..rect.width as usize];
            for row in channel.chunks_exact(native_width) {
                for (mean, block) in target.iter_mut().zip(row.chunks(step as usize)) {
                    *mean += block.iter().sum::<f32>() / (block.len() as f32 * rows as f32);
                }
            }
        }
    }
    means
}
