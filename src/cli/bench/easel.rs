//! A document, the worker threads and a pointer that paints: the path from a stroke's end to its repair, as in the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use crossbeam_channel::{Receiver, bounded};

use crate::document::{Document, FILL_BEHIND_EVERY_PX};
use crate::geometry::{ImageSize, PixelPoint, PixelRect};
use crate::inference::EngineOptions;
use crate::jobs::{EngineInfo, FillRequest, JobEvent, JobId, JobSystem};
use crate::mask::{Brush, BrushMode};
use crate::photo::Photo;
use crate::restore::{ContextCache, composite_rect};

/// A worker that says nothing for this long is stuck.
const PATIENCE: Duration = Duration::from_mins(5);

/// Px between two events of the pointer.
const EVENT_STEP_PX: f32 = 20.0;

/// How fast the pointer goes along a stroke that is drawn, px/s: quick for a person who follows a scratch.
const DRAWN_PX_PER_SECOND: f32 = 1_500.0;

/// What is painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gesture {
    /// Of the brush.
    pub diameter_px: f32,
    /// Of the pointer's way; 0 for a dab.
    pub length_px: f32,
    /// True: in as much time as a hand takes, the window's requests for what lies behind the brush included. False: all at
    /// once, as with a straight line between two clicks.
    pub is_drawn: bool,
}

impl Gesture {
    /// One dab of 100 px.
    pub const DAB: Self = Self {
        diameter_px: 100.0,
        length_px: 0.0,
        is_drawn: false,
    };

    /// 1,500 px of a brush of 20 px, all at once.
    pub const STROKE: Self = Self {
        diameter_px: 20.0,
        length_px: 1_500.0,
        is_drawn: false,
    };

    /// The same, drawn within a second.
    pub const DRAWN_STROKE: Self = Self {
        is_drawn: true,
        ..Self::STROKE
    };
}

/// A document and the workers that repair it.
pub struct Easel {
    jobs: JobSystem,
    woken: Receiver<()>,
    engine: EngineInfo,
    document: Document,
    /// How many strokes were painted: each has a place of its own, since the fills of a stroke taken back are kept.
    turns: usize,
}

impl Easel {
    /// Loads the networks as the window does.
    ///
    /// # Errors
    /// When there are no networks or no threads to run them, as a sentence.
    pub fn start(photo: &Arc<Photo>, options: EngineOptions) -> anyhow::Result<Self> {
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
            document: Document::new(Arc::clone(photo)),
            jobs,
            woken,
            engine,
            turns: 0,
        };
        if easel.uses_context() {
            easel.detect()?;
        }
        Ok(easel)
    }

    /// Whether stage 2 reads stage 1's context, so that it makes a difference whether that is kept.
    pub fn uses_context(&self) -> bool {
        self.engine.fill_uses_context
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

    /// Paints, somewhere else each time, and takes it back; returns the time from the stroke's end to the repaired
    /// pixels of all it touched. `is_cold`: with nothing of stage 1's context kept.
    ///
    /// # Errors
    /// When a repair fails, or a worker is stuck.
    pub fn paint(&mut self, gesture: Gesture, is_cold: bool) -> anyhow::Result<Duration> {
        self.turns += 1;
        let brush = Brush {
            diameter_px: gesture.diameter_px,
            hardness: 0.8,
            mode: BrushMode::Paint,
        };
        let path = path_of(gesture, self.turns, self.document.photo().size());
        let contexts = if is_cold {
            Arc::new(ContextCache::new(self.document.contexts().byte_len()))
        } else {
            Arc::clone(self.document.contexts())
        };
        let dirty = self.draw(&brush, &path, gesture.is_drawn, &contexts)?;
        let started = Instant::now();
        self.document.commit();
        let end = path.last().copied().unwrap_or_default();
        let stale = self.document.stale_cells(self.engine.fill_halo_px);
        let id = self.ask_for(stale, end, &contexts);
        self.wait_until_filled(id)?;
        let shown = self.shown_rect(dirty);
        let picture = composite_rect(self.document.photo(), self.document.restoration(), shown);
        std::hint::black_box(picture);
        let waited = started.elapsed();
        self.document.undo();
        self.document.stale_cells(self.engine.fill_halo_px);
        Ok(waited)
    }

    /// Follows `path` with the brush, and has what it leaves behind filled if that `is_drawn`; returns what was touched.
    fn draw(
        &mut self,
        brush: &Brush,
        path: &[(f32, f32)],
        is_drawn: bool,
        contexts: &Arc<ContextCache>,
    ) -> anyhow::Result<PixelRect> {
        let (first, rest) = path.split_first().context("a stroke has a start")?;
        let mut dirty = self.document.begin_stroke(brush, first.0, first.1);
        let started = Instant::now();
        let mut asked_at = *first;
        for (step, &at) in (1_u16..).zip(rest) {
            if is_drawn {
                let along = f32::from(step) * EVENT_STEP_PX;
                let due = started + Duration::from_secs_f32(along / DRAWN_PX_PER_SECOND);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                self.take_answers()?;
            }
            dirty = dirty.union(self.document.extend_stroke(at.0, at.1));
            let way = (at.0 - asked_at.0).hypot(at.1 - asked_at.1);
            if is_drawn && way >= FILL_BEHIND_EVERY_PX {
                asked_at = at;
                let halo_px = self.engine.fill_halo_px;
                let stale = self.document.stale_behind_stroke(halo_px, at);
                if !stale.is_empty() {
                    self.ask_for(stale, at, contexts);
                }
            }
        }
        Ok(dirty)
    }

    fn ask_for(
        &mut self,
        stale: Vec<crate::restore::CellPlan>,
        at: (f32, f32),
        contexts: &Arc<ContextCache>,
    ) -> JobId {
        self.jobs.fill(FillRequest {
            photo: Arc::clone(self.document.photo()),
            mask: self.document.effective_mask(),
            revision: self.document.revision(),
            focus: Some(PixelPoint::new(at.0 as i64, at.1 as i64)),
            stale,
            contexts: Arc::clone(contexts),
        })
    }

    /// Takes over what is filled already; never waits.
    fn take_answers(&mut self) -> anyhow::Result<()> {
        for event in self.jobs.drain() {
            match event {
                JobEvent::CellFilled { cell, .. } => {
                    self.document.insert_fill(cell);
                }
                JobEvent::Failed { message, .. } => bail!(message),
                _ => {}
            }
        }
        Ok(())
    }

    fn wait_until_filled(&mut self, id: JobId) -> anyhow::Result<()> {
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
        let paths: Vec<_> = (0..10)
            .map(|turn| path_of(Gesture::STROKE, turn, size))
            .collect();
        for path in &paths {
            assert_eq!(path.len(), 76);
            let inside =
                |&(x, y): &(f32, f32)| (0.0..900.0).contains(&x) && (0.0..700.0).contains(&y);
            assert!(path.iter().all(inside));
        }
        for (i, a) in paths.iter().enumerate() {
            assert!(paths[..i].iter().all(|b| (a[0].0 - b[0].0).abs() > 1.0));
        }
        assert_eq!(path_of(Gesture::DAB, 3, size).len(), 1);
    }
}
