//! The latest progress of whatever runs, and how often the listener is woken for it. Not a queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::restore::{ProgressSink, Stage};

use super::JobId;

/// How far the running job is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The job.
    pub job: JobId,
    /// What it is doing.
    pub stage: Stage,
    /// Units done, `0..=total`; never decreases within a stage of a job.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
}

/// Called from the worker threads when there is something new to read.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Least time between two wake-ups for progress alone: 20 a second look smooth and cost nothing.
const WAKE_INTERVAL: Duration = Duration::from_millis(50);

/// Holds the latest [`Progress`].
pub(super) struct ProgressCell {
    state: Mutex<State>,
    wake: Wake,
}

#[derive(Default)]
struct State {
    latest: Option<Progress>,
    woken: Option<Instant>,
}

impl ProgressCell {
    pub(super) fn new(wake: Wake) -> Self {
        Self {
            state: Mutex::default(),
            wake,
        }
    }

    pub(super) fn latest(&self) -> Option<Progress> {
        self.lock().latest
    }

    /// Stores `progress` unless it would go backwards, and wakes the listener if it slept long enough.
    pub(super) fn store(&self, progress: Progress) {
        self.store_at(progress, Instant::now());
    }

    fn store_at(&self, progress: Progress, now: Instant) {
        let wake_now = {
            let mut state = self.lock();
            let backwards = state.latest.is_some_and(|old| {
                old.job == progress.job && old.stage == progress.stage && old.done > progress.done
            });
            if backwards {
                return;
            }
            state.latest = Some(progress);
            let due = state
                .woken
                .is_none_or(|woken| now.saturating_duration_since(woken) >= WAKE_INTERVAL);
            if due {
                state.woken = Some(now);
            }
            due
        };
        if wake_now {
            (self.wake)();
        }
    }

    /// Forgets the progress of `job`, which has ended.
    pub(super) fn clear(&self, job: JobId) {
        let mut state = self.lock();
        if state.latest.is_some_and(|latest| latest.job == job) {
            state.latest = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sink one job reports to.
pub(super) struct JobProgress<'a> {
    pub(super) cell: &'a ProgressCell,
    pub(super) job: JobId,
}

impl ProgressSink for JobProgress<'_> {
    fn report(&self, stage: Stage, done: u64, total: u64) {
        self.cell.store(Progress {
            job: self.job,
            stage,
            done,
            total,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const JOB: JobId = JobId(3);

    fn cell_counting_wakes() -> (ProgressCell, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let cell = ProgressCell::new(Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        (cell, wakes)
    }

    fn filling(done: u64) -> Progress {
        Progress {
            job: JOB,
            stage: Stage::Filling,
            done,
            total: 9,
        }
    }

    #[test]
    fn progress_of_one_stage_never_goes_back() {
        let (cell, _) = cell_counting_wakes();
        let seen = [0, 4, 2, 5].map(|done| {
            cell.store(filling(done));
            cell.latest().unwrap().done
        });
        assert_eq!(seen, [0, 4, 4, 5]);
    }

    #[test]
    fn a_burst_wakes_once_and_a_later_report_again() {
        let (cell, wakes) = cell_counting_wakes();
        let start = Instant::now();
        for done in 0..5 {
            cell.store_at(filling(done), start + Duration::from_millis(done));
        }
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        cell.store_at(filling(6), start + WAKE_INTERVAL);
        assert_eq!(wakes.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn only_the_end_of_the_job_shown_clears_it() {
        let (cell, _) = cell_counting_wakes();
        cell.store(filling(1));
        cell.clear(JobId(2));
        assert!(cell.latest().is_some());
        cell.clear(JOB);
        assert_eq!(cell.latest(), None);
    }
}
