//! How long a stroke waits for its repair, through the same worker threads and documents as in the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use crossbeam_channel::{Receiver, bounded};
use serde::Serialize;

use super::Spread;
use crate::document::Document;
use crate::geometry::{ImageSize, PixelPoint, PixelRect};
use crate::inference::{CancelToken, EngineOptions};
use crate::jobs::{EngineInfo, FillRequest, JobEvent, JobSystem};
use crate::mask::{Brush, BrushMode};
use crate::photo::Photo;
use crate::restore::{ContextCache, composite_rect};

/// A worker that says nothing for this long is stuck.
const PATIENCE: Duration = Duration::from_mins(5);

/// Px between two events of the pointer.
const EVENT_STEP_PX: f32 = 20.0;

/// Stroke end → the repaired pixels of all it touched, ms.
#[derive(Debug, Serialize)]
pub(super) struct StrokeLatency {
    /// One dab of 100 px.
    pub dab: Spread,
    /// A stroke of 1,500 px, 20 px wide (shorter on a smaller photo).
    pub stroke: Spread,
    /// The dab with nothing of stage 1's context kept; `null` when stage 2 does not use it, so that it makes no difference.
    pub dab_cold: Option<Spread>,
    /// The stroke likewise.
    pub stroke_cold: Option<Spread>,
}

#[derive(Clone, Copy)]
struct Gesture {
    diameter_px: f32,
    length_px: f32,
}

const DAB: Gesture = Gesture {
    diameter_px: 100.0,
    length_px: 0.0,
};
const STROKE: Gesture = Gesture {
    diameter_px: 20.0,
    length_px: 1_500.0,
};

/// Paints `repeats` dabs and strokes in places of their own and waits for each repair.
pub(super) fn measure(
    photo: &Arc<Photo>,
    options: EngineOptions,
    repeats: usize,
    cancel: &CancelToken,
) -> anyhow::Result<StrokeLatency> {
    let mut easel = Easel::start(photo, options)?;
    let uses_context = easel.uses_context;
    let mut run = |gesture: Gesture, is_cold: bool| -> anyhow::Result<Spread> {
        // The first one also pays for what any first run pays.
        let mut millis = Vec::new();
        for turn in 0..=repeats {
            if cancel.is_cancelled() {
                bail!("stopped");
            }
            let waited = easel.paint(gesture, turn, is_cold)?;
            millis.push(waited.as_secs_f64() * 1e3);
        }
        Ok(Spread::of(millis.split_off(1)))
    };
    let (dab, stroke) = (run(DAB, false)?, run(STROKE, false)?);
    let cold = if uses_context {
        Some((run(DAB, true)?, run(STROKE, true)?))
    } else {
        None
    };
    let (dab_cold, stroke_cold) = cold.unzip();
    Ok(StrokeLatency {
        dab,
        stroke,
        dab_cold,
        stroke_cold,
    })
}

/// A document and the workers that repair it.
struct Easel {
    jobs: JobSystem,
    woken: Receiver<()>,
    engine: EngineInfo,
    uses_context: bool,
    document: Document,
}

impl Easel {
    fn start(photo: &Arc<Photo>, options: EngineOptions) -> anyhow::Result<Self> {
        let (wake, woken) = bounded(1);
        let wake = Arc::new(move || {
            // A full channel says the same.
            wake.try_send(()).ok();
        });
        let options = EngineOptions {
            interactive: true,
            ..options
        };
        let jobs = JobSystem::start(options, wake).context("no worker thread could be started")?;
        let engine = wait_for(&jobs, &woken, |event| match event {
            JobEvent::EngineReady(info) => Some(Ok(info)),
            JobEvent::EngineFailed(message) => Some(Err(anyhow::anyhow!(message))),
            _ => None,
        })??;
        let mut easel = Self {
            uses_context: engine.fill_uses_context,
            document: Document::new(Arc::clone(photo)),
            jobs,
            woken,
            engine,
        };
        if easel.uses_context {
            easel.detect()?;
        }
        Ok(easel)
    }

    /// Stage 1 once, so that its context is kept as in the window; what it marks is left aside.
    fn detect(&mut self) -> anyhow::Result<()> {
        let photo = Arc::clone(self.document.photo());
        let id = self
            .jobs
            .detect(photo, Arc::clone(self.document.contexts()));
        wait_for(&self.jobs, &self.woken, |event| match event {
            JobEvent::Detected { id: of, .. } if of == id => Some(Ok(())),
            JobEvent::Failed {
                id: of, message, ..
            } if of == id => Some(Err(anyhow::anyhow!(message))),
            _ => None,
        })?
    }

    /// Draws, waits for the repair, and takes the stroke back.
    fn paint(&mut self, gesture: Gesture, turn: usize, is_cold: bool) -> anyhow::Result<Duration> {
        let brush = Brush {
            diameter_px: gesture.diameter_px,
            hardness: 0.8,
            mode: BrushMode::Paint,
        };
        let path = path_of(gesture, turn, self.document.photo().size());
        let (first, rest) = path.split_first().context("a stroke has a start")?;
        let mut dirty = self.document.begin_stroke(&brush, first.0, first.1);
        for at in rest {
            dirty = dirty.union(self.document.extend_stroke(at.0, at.1));
        }
        let started = Instant::now();
        self.document.commit();
        self.repair(path.last().copied().unwrap_or(*first), is_cold)?;
        let shown = self.shown_rect(dirty);
        let picture = composite_rect(self.document.photo(), self.document.restoration(), shown);
        std::hint::black_box(picture);
        let waited = started.elapsed();
        self.document.undo();
        self.document.stale_cells(self.engine.fill_halo_px);
        Ok(waited)
    }

    fn repair(&mut self, end: (f32, f32), is_cold: bool) -> anyhow::Result<()> {
        let stale = self.document.stale_cells(self.engine.fill_halo_px);
        let contexts = if is_cold {
            Arc::new(ContextCache::new(self.document.contexts().byte_len()))
        } else {
            Arc::clone(self.document.contexts())
        };
        let id = self.jobs.fill(FillRequest {
            photo: Arc::clone(self.document.photo()),
            mask: self.document.effective_mask(),
            revision: self.document.revision(),
            focus: Some(PixelPoint::new(end.0 as i64, end.1 as i64)),
            stale,
            contexts,
        });
        let document = &mut self.document;
        wait_for(&self.jobs, &self.woken, |event| match event {
            JobEvent::CellFilled { cell, .. } => {
                document.insert_fill(cell);
                None
            }
            JobEvent::Filled { id: of, .. } if of == id => Some(Ok(())),
            JobEvent::Failed {
                id: of, message, ..
            } if of == id => Some(Err(anyhow::anyhow!(message))),
            _ => None,
        })?
    }

    /// What a window would show anew: the stroke and its soft rim.
    fn shown_rect(&self, dirty: PixelRect) -> PixelRect {
        dirty.grown_within(crate::restore::ALPHA_REACH_PX, self.document.photo().size())
    }
}

/// Empties the workers' answers until `wanted` finds something.
fn wait_for<T>(
    jobs: &JobSystem,
    woken: &Receiver<()>,
    mut wanted: impl FnMut(JobEvent) -> Option<T>,
) -> anyhow::Result<T> {
    loop {
        let mut found = None;
        for event in jobs.drain() {
            found = found.or(wanted(event));
        }
        if let Some(found) = found {
            return Ok(found);
        }
        if woken.recv_timeout(PATIENCE).is_err() {
            bail!("the worker said nothing for {} s", PATIENCE.as_secs());
        }
    }
}

/// Where the pointer goes: along a slight curve, turned back at the photo's edges; each turn begins elsewhere.
fn path_of(gesture: Gesture, turn: usize, size: ImageSize) -> Vec<(f32, f32)> {
    // Multiples of the golden ratio spread over the photo without meeting.
    let spread = |step: f32, len: u32| (0.5 + turn as f32 * step).fract() * len as f32;
    let start = (
        spread(0.618_034, size.width),
        spread(0.414_214, size.height),
    );
    let bounce = |value: f32, len: u32| {
        let len = (len as f32 - 1.0).max(1.0);
        let folded = value.rem_euclid(2.0 * len);
        folded.min(2.0 * len - folded)
    };
    let steps = (gesture.length_px / EVENT_STEP_PX) as u16;
    (0..=steps)
        .map(|step| {
            let along = f32::from(step) * EVENT_STEP_PX;
            let angle = 0.5 + along / 4_000.0;
            let (x, y) = (start.0 + along * angle.cos(), start.1 + along * angle.sin());
            (bounce(x, size.width), bounce(y, size.height))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_stays_in_the_photo_and_no_two_begin_together() {
        let size = ImageSize::new(900, 700);
        let paths: Vec<_> = (0..10).map(|turn| path_of(STROKE, turn, size)).collect();
        for path in &paths {
            assert_eq!(path.len(), 76);
            let inside =
                |&(x, y): &(f32, f32)| (0.0..900.0).contains(&x) && (0.0..700.0).contains(&y);
            assert!(path.iter().all(inside));
        }
        for (i, a) in paths.iter().enumerate() {
            assert!(paths[..i].iter().all(|b| (a[0].0 - b[0].0).abs() > 1.0));
        }
        assert_eq!(path_of(DAB, 3, size).len(), 1);
    }
}
