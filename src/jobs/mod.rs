//! Worker threads between the document and the engine: latest-wins slots, cancel, progress. No pixels are computed here.
//!
//! Two threads, no async runtime. `inference` owns the [`Engine`] and with it every network session; it takes one step
//! at a time, a fill cell before a detection before a cell of an export, so a brush stroke never waits for more than the
//! tile in flight. `io` decodes photos and composites, writes and verifies exports. Requests go into slots behind one
//! mutex that is never held while anything is computed; answers come back through one bounded channel that the
//! listener empties with [`JobSystem::drain`] after its wake function was called.

mod compare;
mod dossier;
mod event;
mod export;
mod fills;
mod inference_worker;
mod io_worker;
mod lossy;
mod order;
mod progress;
mod queue;
mod shared;

pub use dossier::RecordRequest;
pub use event::{
    EngineInfo, ExportRequest, FillRequest, JobEvent, JobId, MaskFileRequest, OpenRequest,
};
pub use export::{
    ExportError, ExportReport, ExportStages, export_restoration, export_while_filling,
};
pub use fills::{ArrivingFills, EndOnDrop};
pub use progress::{Progress, Wake};
// What a listener needs to word its requests.
pub use crate::inference::{
    DEFAULT_WORKING_BYTES, EngineOptions, MIN_WORKING_BYTES, ProviderReport,
};
pub use crate::io::{
    ExportOptions, NameTemplate, OutputFormat, Preview, check_writable, foretell_history,
    foretell_losses, foretell_rewriting, is_same_file, mask_name_of,
};
pub(crate) use shared::without_panic;

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;

use crate::geometry::PixelRect;
use crate::inference::{Engine, InferenceError};
use crate::io::DecodeLimits;
use crate::photo::Photo;
use crate::restore::ContextCache;

use shared::Shared;

/// Events that may wait for the listener; a full channel makes the workers wait, never the listener.
const EVENT_CAPACITY: usize = 256;

/// Loads the engine on the inference thread.
pub type EngineLoader = Box<dyn FnOnce() -> Result<Engine, InferenceError> + Send>;

/// The worker threads; dropping it cancels what waits, lets a file being written be finished, and joins them.
pub struct JobSystem {
    shared: Arc<Shared>,
    events: Option<Receiver<JobEvent>>,
    threads: Vec<JoinHandle<()>>,
}

impl JobSystem {
    /// Starts both threads; the engine loads on its own thread and announces itself as an event.
    ///
    /// `wake` is called from the worker threads when there is something to read.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(options: EngineOptions, wake: Wake) -> std::io::Result<Self> {
        Self::with_engine(Box::new(move || Engine::load(&options)), wake)
    }

    /// As [`Self::start`] with an engine from `load`, so that tests bring their own networks.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn with_engine(load: EngineLoader, wake: Wake) -> std::io::Result<Self> {
        let limits = DecodeLimits::default();
        let (sender, receiver) = crossbeam_channel::bounded(EVENT_CAPACITY);
        let shared = Arc::new(Shared::new(sender, wake));
        let mut system = Self {
            shared: Arc::clone(&shared),
            events: Some(receiver),
            threads: Vec::new(),
        };
        let for_inference = Arc::clone(&shared);
        system.threads.push(
            std::thread::Builder::new()
                .name("inference".to_owned())
                .spawn(move || inference_worker::run(&for_inference, load))?,
        );
        system.threads.push(
            std::thread::Builder::new()
                .name("io".to_owned())
                .spawn(move || io_worker::run(&shared, limits))?,
        );
        Ok(system)
    }

    /// Decodes a photo; supersedes one still being opened.
    pub fn open(&self, request: impl Into<OpenRequest>) -> JobId {
        let request = request.into();
        self.shared.change(|queues| queues.submit_open(request))
    }

    /// Runs stage 1 on the whole photo; supersedes a detection still running.
    pub fn detect(&self, photo: Arc<Photo>, contexts: Arc<ContextCache>) -> JobId {
        self.shared.warming.cancel();
        self.shared
            .change(|queues| queues.submit_detect(photo, contexts))
    }

    /// Brings stale cells up to date, those nearest the focus first; supersedes the fill request before,
    /// whose cell in flight is stopped unless this request wants the very same.
    pub fn fill(&self, request: FillRequest) -> JobId {
        self.shared.warming.cancel();
        self.shared.change(|queues| queues.submit_fill(request))
    }

    /// Fills what is stale, composites, writes and verifies; exports keep their order and are never superseded.
    pub fn export(&self, request: ExportRequest) -> JobId {
        self.shared.warming.cancel();
        self.shared.change(|queues| queues.submit_export(request))
    }

    /// Runs stage 1 again on `area` of the photo, at two scales; supersedes such a search before.
    pub fn search_area(&self, photo: Arc<Photo>, area: PixelRect) -> JobId {
        self.shared.warming.cancel();
        self.shared.change(|queues| queues.submit_area(photo, area))
    }

    /// Reads or writes a mask alone; these keep their order and are never superseded.
    pub fn mask_file(&self, request: MaskFileRequest) -> JobId {
        self.shared
            .change(|queues| queues.submit_mask_file(request))
    }

    /// Cancels a job: one that waits ends at once, one that runs within a tile; a file being written is finished.
    pub fn cancel(&self, id: JobId) {
        self.shared.change(|queues| queues.cancel(id));
        self.shared.progress.clear(id);
    }

    /// How far the running job is; `None` when nothing reports.
    pub fn progress(&self) -> Option<Progress> {
        self.shared.progress.latest()
    }

    /// Whether an export waits or runs; ask before closing.
    pub fn has_exports(&self) -> bool {
        self.shared.peek(|queues| queues.has_exports())
    }

    /// Everything the workers said since the last call, in order; never waits.
    pub fn drain(&self) -> Vec<JobEvent> {
        let cancelled = self.shared.peek(queue::Queues::take_cancelled);
        let cancelled = cancelled.into_iter().map(|id| JobEvent::Cancelled { id });
        let said = self.events.iter().flat_map(Receiver::try_iter);
        cancelled.chain(said).collect()
    }
}

impl Drop for JobSystem {
    fn drop(&mut self) {
        // Without a receiver no worker waits for room in the channel.
        self.events = None;
        self.shared.warming.cancel();
        self.shared.change(queue::Queues::shut_down);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a worker thread ended with a panic");
            }
        }
    }
}
