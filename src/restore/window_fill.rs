//! Stage 2 on one window: what it reads, its run, and the cells cut from its answer. Which windows is `inpaint.rs`'s work.

use super::alpha::AlphaSource;
use super::colour::ColourGuide;
use super::context::{context_for, photo_tensor};
use super::grain::add_grain;
use super::plan::bounds_of_set;
use super::shapes::RunBounds;
use super::wide::WideInput;
use super::wide_runs::run_coarse;
use super::{CellPlan, ContextCache, FillCell, RectFill, RestoreError};
use crate::geometry::{PixelRect, mirror_index};
use crate::inference::{CancelToken, Engine, InferenceError, Tensor, take_output};
use crate::photo::{Photo, Transfer};
use crate::tiling::Window;

/// What of a cell shows the fill.
pub(super) struct CellHole<'a> {
    pub plan: &'a CellPlan,
    /// Bounding box of α > 0 inside the cell; empty when there is none.
    pub rect: PixelRect,
    /// α of `rect`, row-major.
    alpha: Vec<u8>,
}

impl<'a> CellHole<'a> {
    pub fn new(mask: &dyn AlphaSource, plan: &'a CellPlan) -> Self {
        let mut alpha = vec![0; plan.core.size().pixel_count()];
        mask.alpha_rect(plan.core, &mut alpha);
        let rect = bounds_of_set(&alpha, plan.core);
        let alpha = cut_rect(&alpha, plan.core, rect);
        Self { plan, rect, alpha }
    }

    /// Room for what stage 2 will say of `rect`.
    pub fn blank(&self, channels: usize) -> RectFill {
        let pixels = self.rect.size().pixel_count();
        RectFill {
            fill: vec![0; pixels * channels],
            recovered: vec![0; pixels],
            alpha: Vec::new(),
        }
    }

    /// The cell with what stage 2 says of `rect` and the α that is known here; `window` is what was read for it.
    pub fn cell(&self, values: RectFill, window: PixelRect) -> FillCell {
        let channels = values.fill.len() / self.rect.size().pixel_count().max(1);
        let values = RectFill {
            alpha: self.alpha.clone(),
            ..values
        };
        let CellPlan { index, stamp, .. } = *self.plan;
        FillCell {
            window,
            ..FillCell::from_rect(index, stamp, self.rect, channels, &values)
        }
    }
}

/// What stage 2 reads of one window.
pub(super) struct WindowInput {
    read: PixelRect,
    photo: Tensor,
    hole: Tensor,
    /// What is read at half size, where what is asked for lies deep in a hole.
    wide: Option<WideInput>,
}

impl WindowInput {
    /// What is read of `window`, just as it is.
    pub fn new(
        photo: &Photo,
        mask: &dyn AlphaSource,
        window: &Window,
        bounds: RunBounds,
    ) -> Result<Self, InferenceError> {
        let inside = window.read.intersect(photo.size().rect());
        let mut hole = vec![0; inside.size().pixel_count()];
        mask.alpha_rect(inside, &mut hole);
        let hole = hole_tensor(&hole, inside, window, photo)?;
        Ok(Self {
            read: window.read,
            photo: photo_tensor(photo, window),
            wide: WideInput::new(photo, mask, (&hole, window.read), bounds)?,
            hole,
        })
    }

    /// What the run reads.
    pub fn read(&self) -> PixelRect {
        self.read
    }

    pub fn run(
        self,
        photo: &Photo,
        engine: &mut Engine,
        contexts: &ContextCache,
        cancel: &CancelToken,
    ) -> Result<WindowOutput, RestoreError> {
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled.into());
        }
        let context = context_for(photo, self.read, engine, contexts, cancel)?;
        let (mut fill, recovered) = run_filler(engine, &self.photo, &self.hole, &context, cancel)?;
        engine.count_filled(self.read.size().pixel_count());
        if let Some(wide) = &self.wide {
            let coarse = run_coarse(photo, wide, engine, contexts, cancel)?;
            wide.correct(&mut fill, self.read, &coarse);
        }
        Ok(WindowOutput {
            halo_px: engine.filler_manifest().halo_px,
            input: self,
            fill,
            recovered,
        })
    }
}

/// What stage 2 said of one window.
pub(super) struct WindowOutput {
    /// Stage 2's.
    halo_px: u32,
    input: WindowInput,
    fill: Tensor,
    recovered: Tensor,
}

impl WindowOutput {
    /// The answer with its grain and the colours it may have.
    pub fn fill(mut self, photo: &Photo, contexts: &ContextCache) -> WindowFill {
        let WindowInput {
            read,
            photo: input,
            hole,
            wide: _,
        } = self.input;
        let place = (read, photo.size(), self.halo_px);
        add_grain(&mut self.fill, &self.recovered, &input, &hole, place);
        WindowFill {
            read,
            fill: self.fill,
            recovered: self.recovered,
            transfer: photo.transfer(),
            guide: ColourGuide::new(contexts.tone(photo), (&input, &hole), place),
        }
    }
}

/// Stage 2's answer for one window.
pub(super) struct WindowFill {
    pub read: PixelRect,
    fill: Tensor,
    recovered: Tensor,
    /// The photo's.
    transfer: Transfer,
    guide: ColourGuide,
}

impl WindowFill {
    /// What this window gives for a cell inside it.
    pub fn cell(&self, hole: &CellHole<'_>) -> FillCell {
        hole.cell(self.rect(hole.rect), self.read)
    }

    /// Fill and recovered of the pixels of `rect`, without α.
    pub fn rect(&self, rect: PixelRect) -> RectFill {
        let recovered = rows_of(&self.recovered, 0, rect, self.read);
        RectFill {
            fill: self
                .guide
                .interleave(&self.fill, (rect, self.read), self.transfer),
            alpha: Vec::new(),
            recovered: recovered
                .map(|value| (value * 255.0).round() as u8)
                .collect(),
        }
    }
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

/// The network's hole in a window's `read`, (1, 1, h, w): 1 where `hole` of `inside` is set, mirrored beyond the photo
/// like the photo.
fn hole_tensor(
    hole: &[u8],
    inside: PixelRect,
    window: &Window,
    photo: &Photo,
) -> Result<Tensor, InferenceError> {
    let size = photo.size();
    let read = window.read;
    let mut data = Vec::with_capacity(read.size().pixel_count());
    for y in read.y..read.bottom() {
        let row = mirror_index(i64::from(y), size.height) - inside.y;
        let row = &hole[inside.size().index(0, row)..][..inside.width as usize];
        data.extend((read.x..read.right()).map(|x| {
            let column = mirror_index(i64::from(x), size.width) - inside.x;
            f32::from(u8::from(row[column as usize] > 0))
        }));
    }
    Tensor::new([1, 1, read.height as usize, read.width as usize], data)
}

/// Runs stage 2: (`fill` (1, 3, h, w), `recovered` (1, 1, h, w)).
pub(super) fn run_filler(
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
