//! Stage 2: fills the cells a mask touches, each from its own window. The composite is `composite.rs`'s work.

use std::sync::Arc;

use super::alpha::alpha_rect;
use super::colour::ColourGuide;
use super::context::{context_for, photo_tensor};
use super::{
    CellPlan, ContextCache, FillCell, ProgressSink, Restoration, RestoreError, Stage, plan_fill,
};
use crate::geometry::{PixelRect, mirror_index};
use crate::inference::{CancelToken, Engine, InferenceError, Tensor, take_output};
use crate::mask::EffectiveMask;
use crate::photo::Photo;
use crate::tiling::{Window, window_around};

/// Fills every cell of `photo` that `mask` touches.
///
/// # Errors
/// [`RestoreError::MaskSize`] when the mask is another photo's, [`RestoreError::Inference`] when a run fails or
/// `cancel` was set.
pub fn restore_photo(
    photo: &Photo,
    mask: &EffectiveMask,
    engine: &mut Engine,
    contexts: &ContextCache,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<Restoration, RestoreError> {
    check_size(photo, mask)?;
    let plans = plan_fill(photo.size(), mask, engine.filler_manifest().halo_px);
    let total = plans.len() as u64;
    // Nothing is undone here: a cache would only double the memory.
    let mut restoration = Restoration::new(0);
    progress.report(Stage::Filling, 0, total);
    for (done, plan) in (1..).zip(&plans) {
        let cell = fill_cell(photo, mask, plan, engine, contexts, cancel)?;
        restoration.insert(Arc::new(cell));
        progress.report(Stage::Filling, done, total);
    }
    Ok(restoration)
}

/// Fills one cell; the result depends on the photo, the mask around the cell and the models alone.
///
/// # Errors
/// As [`restore_photo`].
pub fn fill_cell(
    photo: &Photo,
    mask: &EffectiveMask,
    plan: &CellPlan,
    engine: &mut Engine,
    contexts: &ContextCache,
    cancel: &CancelToken,
) -> Result<FillCell, RestoreError> {
    check_size(photo, mask)?;
    if cancel.is_cancelled() {
        return Err(InferenceError::Cancelled.into());
    }
    let mut core_alpha = vec![0; plan.core.size().pixel_count()];
    alpha_rect(mask, plan.core, &mut core_alpha);
    let rect = bounds_of_set(&core_alpha, plan.core);
    if rect.is_empty() {
        return Ok(FillCell::empty(plan.index, plan.stamp));
    }
    let window = window_around(rect, photo.size(), engine.filler_manifest().halo_px);
    let inside = window.read.intersect(photo.size().rect());
    let mut alpha = vec![0; inside.size().pixel_count()];
    alpha_rect(mask, inside, &mut alpha);

    let input = photo_tensor(photo, &window)?;
    let hole = hole_tensor(&alpha, inside, &window, photo)?;
    let context = context_for(photo, window.read, engine, contexts, cancel)?;
    let (fill, recovered) = run_filler(engine, &input, &hole, &context, cancel)?;

    let guide = ColourGuide::new(photo, &input, &hole);
    Ok(FillCell {
        index: plan.index,
        rect,
        stamp: plan.stamp,
        fill: guide.interleave(&fill, rect, window.read),
        alpha: cut_rect(&core_alpha, plan.core, rect),
        recovered: rows_of(&recovered, 0, rect, window.read)
            .map(|value| (value * 255.0).round() as u8)
            .collect(),
    })
}

fn check_size(photo: &Photo, mask: &EffectiveMask) -> Result<(), RestoreError> {
    if photo.size() == mask.size() {
        Ok(())
    } else {
        Err(RestoreError::MaskSize {
            photo: photo.size(),
            mask: mask.size(),
        })
    }
}

/// The smallest rectangle around the values above 0, in the coordinates of `rect`'s photo.
fn bounds_of_set(values: &[u8], rect: PixelRect) -> PixelRect {
    let mut bounds = PixelRect::EMPTY;
    for (y, row) in (rect.y..).zip(values.chunks_exact(rect.width as usize)) {
        let Some(first) = row.iter().position(|&value| value > 0) else {
            continue;
        };
        let last = row.iter().rposition(|&value| value > 0).unwrap_or(first);
        let width = (last - first) as u32 + 1;
        bounds = bounds.union(PixelRect::new(rect.x + first as u32, y, width, 1));
    }
    bounds
}

/// Copies the values of `part` out of row-major `values` of `rect`.
fn cut_rect(values: &[u8], rect: PixelRect, part: PixelRect) -> Vec<u8> {
    (part.y..part.bottom())
        .flat_map(|y| {
            let start = rect.size().index(part.x - rect.x, y - rect.y);
            &values[start..start + part.width as usize]
        })
        .copied()
        .collect()
}

/// The network's hole in a window's `read`, (1, 1, h, w): 1 where α > 0, mirrored beyond the photo like the photo.
fn hole_tensor(
    alpha: &[u8],
    inside: PixelRect,
    window: &Window,
    photo: &Photo,
) -> Result<Tensor, InferenceError> {
    let size = photo.size();
    let read = window.read;
    let mut data = Vec::with_capacity(read.size().pixel_count());
    for y in read.y..read.bottom() {
        let row = mirror_index(i64::from(y), size.height) - inside.y;
        let row = &alpha[inside.size().index(0, row)..][..inside.width as usize];
        data.extend((read.x..read.right()).map(|x| {
            let column = mirror_index(i64::from(x), size.width) - inside.x;
            f32::from(u8::from(row[column as usize] > 0))
        }));
    }
    Tensor::new([1, 1, read.height as usize, read.width as usize], data)
}

/// Runs stage 2: (`fill` (1, 3, h, w), `recovered` (1, 1, h, w)).
fn run_filler(
    engine: &mut Engine,
    photo: &Tensor,
    hole: &Tensor,
    context: &Tensor,
    cancel: &CancelToken,
) -> Result<(Tensor, Tensor), InferenceError> {
    let network = engine.filler();
    let inputs = [
        ("photo", photo.view()),
        ("mask", hole.view()),
        ("context", context.view()),
    ];
    let mut outputs = network.run(&inputs, cancel)?;
    let model = &network.manifest().id;
    let fill = take_output(&mut outputs, "fill", photo.shape(), model)?;
    let recovered = take_output(&mut outputs, "recovered", hole.shape(), model)?;
    Ok((fill, recovered))
}

/// The values of `rect` in channel `c` of a tensor that covers `read`, row by row.
pub(super) fn rows_of(
    tensor: &Tensor,
    c: usize,
    rect: PixelRect,
    read: PixelRect,
) -> impl Iterator<Item = f32> {
    let left = (rect.x - read.x) as usize;
    (rect.y..rect.bottom()).flat_map(move |y| {
        tensor.row(c, (y - read.y) as usize)[left..left + rect.width as usize]
            .iter()
            .copied()
    })
}
