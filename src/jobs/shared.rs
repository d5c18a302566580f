//! What the listener and both worker threads share: the queues, the event channel, the progress. No work is done here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;

use super::progress::{ProgressCell, Wake};
use super::queue::Queues;
use super::{JobEvent, JobId};
use crate::inference::CancelToken;

/// Shared state of one [`super::JobSystem`].
pub(super) struct Shared {
    queues: Mutex<Queues>,
    changed: Condvar,
    events: Sender<JobEvent>,
    wake: Wake,
    pub progress: ProgressCell,
    /// Ends the networks' warm-up.
    pub warming: CancelToken,
}

impl Shared {
    pub fn new(events: Sender<JobEvent>, wake: Wake) -> Self {
        Self {
            queues: Mutex::default(),
            changed: Condvar::new(),
            events,
            wake: Wake::clone(&wake),
            progress: ProgressCell::new(wake),
            warming: CancelToken::new(),
        }
    }

    /// Changes the queues, lets both workers look again, and wakes the listener when that cancelled something.
    pub fn change<T>(&self, change: impl FnOnce(&mut Queues) -> T) -> T {
        let (value, cancelled) = {
            let mut queues = self.lock();
            let value = change(&mut queues);
            (value, queues.has_cancelled())
        };
        self.changed.notify_all();
        if cancelled {
            (self.wake)();
        }
        value
    }

    /// Looks at the queues without waking anyone.
    pub fn peek<T>(&self, look: impl FnOnce(&mut Queues) -> T) -> T {
        look(&mut self.lock())
    }

    /// Waits until `next` finds something to do.
    pub fn wait_for<T>(&self, next: impl Fn(&mut Queues) -> Option<T>) -> T {
        let mut queues = self.lock();
        loop {
            if let Some(step) = next(&mut queues) {
                return step;
            }
            queues = self
                .changed
                .wait(queues)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands an event to the listener; waits while the channel is full, gives up when the listener is gone.
    pub fn send(&self, event: JobEvent) {
        if self.events.send(event).is_ok() {
            (self.wake)();
        }
    }

    /// Says that job `id` failed.
    pub fn fail(&self, id: JobId, title: &str, message: String) {
        tracing::debug!("{title}: {message}");
        self.send(JobEvent::Failed {
            id,
            title: title.to_owned(),
            message,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work`; a panic becomes the sentence to show.
pub(crate) fn without_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        format!(
            "an internal error stopped this step ({}); the photo is unharmed, try again, and report it if it comes back",
            panic_text(panic.as_ref())
        )
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
