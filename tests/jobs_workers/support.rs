//! Photos, masks, networks that wait for the test, and a job system that collects its events.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, PaintNetwork};
use unscratch::inference::{
    CancelToken, Contract, Engine, InferenceError, Manifest, Network, Tensor, TensorView,
};
use unscratch::jobs::{FillRequest, JobEvent, JobId, JobSystem};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
use unscratch::restore::{ContextCache, plan_fill};

/// Far longer than anything here takes; only a hanging thread makes a test wait this long.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Colour the fake stage 2 fills with.
pub const FILL_RGB: [f32; 3] = [0.25, 0.5, 0.75];

/// A 16-bit RGB photo without repetition.
pub fn photo(size: ImageSize) -> Arc<Photo> {
    let samples = (0..size.pixel_count() * 3)
        .map(|i| ((i * 2_654_435_761) >> 7) as u16)
        .collect();
    let source = Source {
        path: PathBuf::from("made in a test.tif"),
        format: FileFormat::Tiff,
        sha256: [7; 32],
        notes: Vec::new(),
    };
    let photo = Photo::new(
        size,
        Channels::Rgb,
        Samples::U16(samples),
        None,
        Metadata::default(),
        source,
    );
    Arc::new(photo.expect("sizes fit"))
}

/// A mask of the given rectangles.
pub fn mask(size: ImageSize, rects: &[PixelRect]) -> EffectiveMask {
    let mut raster = vec![0; size.pixel_count()];
    for rect in rects {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                raster[size.index(x, y)] = 255;
            }
        }
    }
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &raster);
    EffectiveMask::new(mask, None)
}

/// What the test sees of a stage 2 that waits.
pub struct Gate {
    /// One message a run that has begun.
    pub entered: Receiver<()>,
    /// Each message lets one run through.
    pub pass: Sender<()>,
    /// Disconnected when the network is gone.
    pub alive: Receiver<()>,
}

impl Gate {
    /// Waits until a run has begun.
    pub fn wait_entered(&self) {
        self.entered.recv_timeout(PATIENCE).expect("a run begins");
    }

    /// Lets `runs` runs through, now or later.
    pub fn open(&self, runs: usize) {
        for _ in 0..runs {
            self.pass.send(()).expect("the network lives");
        }
    }

    /// How many runs have begun and were not waited for.
    pub fn runs_begun(&self) -> usize {
        self.entered.try_iter().count()
    }
}

/// Paints [`FILL_RGB`] once the gate lets it; a cancel ends the wait.
pub struct GatedNetwork {
    inner: PaintNetwork,
    entered: Sender<()>,
    pass: Receiver<()>,
    _alive: Sender<()>,
}

impl GatedNetwork {
    /// Stage 2 with its gate.
    pub fn stage_2() -> (Self, Gate) {
        let (entered, seen) = unbounded();
        let (pass, passing) = unbounded();
        let (alive, living) = bounded(0);
        let network = Self {
            inner: PaintNetwork::new(Contract::RestoreV1, FILL_RGB),
            entered,
            pass: passing,
            _alive: alive,
        };
        let gate = Gate {
            entered: seen,
            pass,
            alive: living,
        };
        (network, gate)
    }
}

impl Network for GatedNetwork {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let (stop, stopped) = bounded::<()>(1);
        let _guard = cancel.on_cancel(move || {
            // Full means that it was told already.
            if stop.try_send(()).is_err() {}
        });
        self.entered.send(()).expect("the test looks on");
        crossbeam_channel::select! {
            recv(self.pass) -> _ => self.inner.run(inputs, cancel),
            recv(stopped) -> _ => Err(InferenceError::Cancelled),
            default(PATIENCE) => panic!("neither let through nor cancelled"),
        }
    }
}

/// Panics in its first run, then behaves like [`IdentityNetwork`].
pub struct PanickingNetwork {
    inner: IdentityNetwork,
    panics_left: usize,
}

impl PanickingNetwork {
    /// A stage that panics once.
    pub fn once(contract: Contract) -> Self {
        Self {
            inner: IdentityNetwork::new(contract),
            panics_left: 1,
        }
    }
}

impl Network for PanickingNetwork {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        if self.panics_left > 0 {
            self.panics_left -= 1;
            panic!("made to panic");
        }
        self.inner.run(inputs, cancel)
    }
}

/// A job system and what it said.
pub struct Jobs {
    pub system: JobSystem,
    woken: Receiver<()>,
    seen: Vec<JobEvent>,
}

impl Jobs {
    /// Starts with stage 1 as a fake that knows everything at once and the given stage 2.
    pub fn with_stage_2(stage_2: impl Network + 'static) -> Self {
        Self::with_networks(IdentityNetwork::new(Contract::ScratchContextV1), stage_2)
    }

    /// Starts with the given networks.
    pub fn with_networks(stage_1: impl Network + 'static, stage_2: impl Network + 'static) -> Self {
        Self::with_loader(move || Ok(Engine::from_networks(Box::new(stage_1), Box::new(stage_2))))
    }

    /// Starts with an engine from `load`.
    pub fn with_loader(
        load: impl FnOnce() -> Result<Engine, InferenceError> + Send + 'static,
    ) -> Self {
        let (wake, woken) = bounded(1);
        let wake = Arc::new(move || {
            // Full means that the test will look anyway.
            if wake.try_send(()).is_err() {}
        });
        let system = JobSystem::with_engine(Box::new(load), wake).expect("threads start");
        Self {
            system,
            woken,
            seen: Vec::new(),
        }
    }

    /// Waits for the first event that `is_wanted`; the ones before it are kept in [`Self::seen`].
    pub fn wait_for(&mut self, is_wanted: impl Fn(&JobEvent) -> bool) -> JobEvent {
        let mut looked_at = 0;
        loop {
            self.seen.extend(self.system.drain());
            let fresh = &self.seen[looked_at..];
            if let Some(found) = fresh.iter().position(&is_wanted) {
                return self.seen[looked_at + found].clone();
            }
            looked_at = self.seen.len();
            let woken = self.woken.recv_timeout(PATIENCE).is_ok();
            assert!(
                woken,
                "the event never came; seen: {}",
                describe(&self.seen)
            );
        }
    }

    /// Waits until job `id` ends, however it ends.
    pub fn wait_end(&mut self, id: JobId) -> JobEvent {
        self.wait_for(|event| is_end_of(event, id))
    }

    /// Everything said so far.
    pub fn seen(&mut self) -> &[JobEvent] {
        self.seen.extend(self.system.drain());
        &self.seen
    }

    /// Columns of the cells filled for `id`, in the order they came.
    pub fn columns_filled(&mut self, id: JobId) -> Vec<u32> {
        self.seen()
            .iter()
            .filter_map(|event| match event {
                JobEvent::CellFilled { id: of, cell, .. } if *of == id => Some(cell.index.column),
                _ => None,
            })
            .collect()
    }
}

/// Whether `event` is the last one of job `id`.
pub fn is_end_of(event: &JobEvent, id: JobId) -> bool {
    match event {
        JobEvent::Opened { id: of, .. }
        | JobEvent::Detected { id: of, .. }
        | JobEvent::Filled { id: of, .. }
        | JobEvent::Exported { id: of, .. }
        | JobEvent::AreaSearched { id: of, .. }
        | JobEvent::MaskLoaded { id: of, .. }
        | JobEvent::MaskSaved { id: of, .. }
        | JobEvent::Cancelled { id: of }
        | JobEvent::Failed { id: of, .. } => *of == id,
        JobEvent::EngineReady(_)
        | JobEvent::EngineFailed(_)
        | JobEvent::EngineChanged { .. }
        | JobEvent::Previewed { .. }
        | JobEvent::CellFilled { .. } => false,
    }
}

fn describe(events: &[JobEvent]) -> String {
    events
        .iter()
        .map(|event| match event {
            JobEvent::Failed { title, message, .. } => format!("failed: {title}: {message}"),
            JobEvent::CellFilled { id, cell, .. } => format!("{id:?} filled {:?}", cell.index),
            other => format!("{:?}", std::mem::discriminant(other)),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// A request for all cells of `mask`.
pub fn fill_request(photo: &Arc<Photo>, mask: &EffectiveMask, revision: u64) -> FillRequest {
    let halo_px = IdentityNetwork::new(Contract::RestoreV1).manifest().halo_px;
    FillRequest {
        photo: Arc::clone(photo),
        mask: mask.clone(),
        revision,
        focus: None,
        stale: plan_fill(photo.size(), mask, halo_px),
        contexts: Arc::new(ContextCache::new(64 << 20)),
    }
}
