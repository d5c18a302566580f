//! What runs in the background of the window, and how it went. Starts and stops nothing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::jobs::{EngineInfo, JobId, Progress};

/// Repairs that take less show no progress bar.
const FILL_SHOWS_AFTER: Duration = Duration::from_millis(700);

/// Operations on all marks that take less are not told; most are done sooner.
pub const MARKING_SHOWS_AFTER: Duration = Duration::from_millis(300);

/// What runs, and how it went.
#[derive(Debug, Default)]
pub struct Work {
    /// The photo being opened.
    pub opening: Option<(JobId, PathBuf)>,
    /// Whether something is shown of it already.
    pub previewing: bool,
    /// Stage 1.
    pub detecting: Option<JobId>,
    /// Stage 2, and since when.
    pub filling: Option<(JobId, Instant)>,
    /// The first repair asked for since the photo was opened; fills of earlier jobs belong to another photo.
    pub first_fill: Option<JobId>,
    /// A job that was told to stop and has not answered yet.
    pub cancelling: Option<JobId>,
    /// An export.
    pub exporting: Option<JobId>,
    /// What the workers last said.
    pub progress: Option<Progress>,
    /// The loaded networks and the provider that really runs them.
    pub engine: Option<EngineInfo>,
    /// Why the networks could not be loaded.
    pub engine_error: Option<String>,
    /// Time stage 1 took, s.
    pub detect_seconds: Option<f64>,
    /// Time the last repair took, s.
    pub fill_seconds: Option<f64>,
    /// Whether the person stopped the repair; strokes start it again.
    pub fill_paused: bool,
    /// When the person stopped the search for damage, until there is another.
    pub search_stopped: Option<Instant>,
    /// Part of the photo being searched again.
    pub searching: Option<JobId>,
    /// A scratch is being followed.
    pub tracing: bool,
    /// An area is being picked or healed.
    pub mending: Option<Mending>,
    /// Since when an operation on all marks is being computed.
    pub marking: Option<Instant>,
    /// A mask being read or written.
    pub mask_file: Option<JobId>,
    /// Where the brush was when the repair behind it was last asked for, image px.
    pub filled_behind: Option<(f32, f32)>,
    /// Pixels that are to be repaired.
    pub masked_pixels: Option<u64>,
}

impl Work {
    /// The job a Cancel button stops first.
    pub fn cancellable(&self) -> Option<JobId> {
        self.exporting
            .or(self.detecting)
            .or(self.searching)
            .or(self.filling.map(|(id, _)| id))
            .or(self.opening.as_ref().map(|(id, _)| *id))
    }

    /// The job whose progress is shown, in the order of [`Self::cancellable`]: a repair counts once it shows.
    pub fn shown_job(&self) -> Option<JobId> {
        let filling = self.filling.filter(|_| self.fill_shows());
        self.exporting
            .or(self.detecting)
            .or(self.searching)
            .or(filling.map(|(id, _)| id))
            .or(self.opening.as_ref().map(|(id, _)| *id))
    }

    /// Drops what a worker last said of a job that is not the one shown: its percentage would stand beside another's name.
    pub fn forget_progress_of_other_jobs(&mut self) {
        let shown = self.shown_job();
        self.progress = self
            .progress
            .take()
            .filter(|progress| Some(progress.job) == shown);
    }

    /// Whether an operation on all marks has gone on for long enough to be told.
    pub fn marking_shows(&self) -> bool {
        self.marking
            .is_some_and(|since| since.elapsed() >= MARKING_SHOWS_AFTER)
    }

    /// Whether a repair has gone on for long enough to be worth a progress bar; most strokes are done sooner.
    pub fn fill_shows(&self) -> bool {
        self.filling
            .is_some_and(|(_, since)| since.elapsed() >= FILL_SHOWS_AFTER)
    }
}

/// What is computed for an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// Which pixels belong to it.
    Picking,
    /// A fill from the photo itself.
    Healing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_of_a_job_is_never_shown_under_another_ones_name() {
        let progress = |job| Progress {
            job,
            stage: crate::restore::Stage::Filling,
            done: 3,
            total: 9,
        };
        let (export, fill) = (JobId(7), JobId(8));
        let mut work = Work {
            exporting: Some(export),
            filling: Some((fill, Instant::now())),
            progress: Some(progress(fill)),
            ..Work::default()
        };
        work.forget_progress_of_other_jobs();
        assert_eq!(work.progress, None);
        work.progress = Some(progress(export));
        work.forget_progress_of_other_jobs();
        assert_eq!(work.progress, Some(progress(export)));
    }
}
