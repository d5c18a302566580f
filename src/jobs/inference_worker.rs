//! The thread that owns the engine: one block of cells, detection or plan at a time. It decides nothing about order (see `queue`).

use std::sync::Arc;
use std::time::Instant;

use crate::geometry::PixelRect;
use crate::inference::{CancelToken, Engine};
use crate::photo::Photo;
use crate::restore::{
    CellPlan, FillCell, RestoreError, Stage, detect, detect_area, fill_cells, plan_fill, warm_up,
};

use super::event::{ExportRequest, FillRequest};
use super::progress::{JobProgress, Progress};
use super::queue::{DetectJob, Queues, Step};
use super::shared::{Shared, without_panic};
use super::{EngineInfo, EngineLoader, JobEvent, JobId};

const FILL_FAILED: &str = "The damage could not be repaired";
const DETECT_FAILED: &str = "The damage could not be searched for";
const EXPORT_FAILED: &str = "The photo could not be exported";

/// Loads the engine and works until shutdown.
pub(super) fn run(shared: &Shared, load: EngineLoader) {
    let mut worker = Worker {
        shared,
        engine: load_engine(shared, load),
    };
    if let Ok(engine) = &mut worker.engine {
        // Beside the decoding of the first photo; the first job ends it.
        drop(without_panic(|| warm_up(engine, &shared.warming)));
    }
    loop {
        match shared.wait_for(Queues::next_step) {
            Step::Shutdown => return,
            Step::Cells {
                id,
                request,
                plans,
                done,
                total,
                token,
            } => {
                report_cells(shared, id, done, total);
                worker.fill(&request, &plans, &token);
            }
            Step::Filled {
                id,
                revision,
                started,
            } => worker.filled(id, revision, started),
            Step::Detect(job, token) => worker.detect(job, &token),
            Step::Area(id, photo, area, token) => worker.search_area(id, &photo, area, &token),
            Step::PlanExport(id, request) => worker.plan_export(id, &request),
            Step::ExportCells {
                id,
                request,
                plans,
                done,
                total,
                token,
            } => {
                report_cells(shared, id, done, total);
                worker.fill_for_export(id, &request, &plans, &token);
            }
            // The I/O thread waits for the same change.
            Step::ExportReady => shared.change(|_| ()),
        }
    }
}

fn load_engine(shared: &Shared, load: EngineLoader) -> Result<Engine, String> {
    let loaded = without_panic(load).and_then(|loaded| loaded.map_err(|error| error.to_string()));
    shared.send(match &loaded {
        Ok(engine) => JobEvent::EngineReady(EngineInfo::from(engine)),
        Err(message) => JobEvent::EngineFailed(message.clone()),
    });
    loaded
}

fn report_cells(shared: &Shared, job: JobId, done: u64, total: u64) {
    shared.progress.store(Progress {
        job,
        stage: Stage::Filling,
        done,
        total,
    });
}

/// How a piece of work ended, other than well.
enum Stop {
    Cancelled,
    Failed(String),
}

struct Worker<'a> {
    shared: &'a Shared,
    engine: Result<Engine, String>,
}

impl Worker<'_> {
    /// Runs `work` on the engine; a missing engine, an error and a panic all become [`Stop`].
    fn with_engine<T>(
        &mut self,
        work: impl FnOnce(&mut Engine) -> Result<T, RestoreError>,
    ) -> Result<T, Stop> {
        let engine = match &mut self.engine {
            Ok(engine) => engine,
            Err(message) => return Err(Stop::Failed(message.clone())),
        };
        let outcome = without_panic(|| work(engine));
        for message in engine.take_notes() {
            let info = EngineInfo::from(&*engine);
            self.shared.send(JobEvent::EngineChanged { info, message });
        }
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if error.is_cancelled() => Err(Stop::Cancelled),
            Ok(Err(error)) => Err(Stop::Failed(error.to_string())),
            Err(panic) => Err(Stop::Failed(panic)),
        }
    }

    fn fill(&mut self, request: &FillRequest, plans: &[CellPlan], token: &CancelToken) {
        let FillRequest {
            photo,
            mask,
            contexts,
            ..
        } = request;
        let shared = self.shared;
        let mut on_filled = |cell: FillCell| {
            // Whoever wants this cell now: the request it was started for or the one that adopted it.
            let Some(owner) = shared.peek(|queues| queues.end_cell(cell.index)) else {
                return;
            };
            report_cells(shared, owner.id, owner.done, owner.total);
            shared.send(JobEvent::CellFilled {
                id: owner.id,
                revision: owner.revision,
                cell: Arc::new(cell),
            });
        };
        let result = self.with_engine(|engine| {
            fill_cells(photo, mask, plans, engine, contexts, token, &mut on_filled)
        });
        let Some((owner, is_wanted)) = shared.peek(Queues::end_cells) else {
            return;
        };
        if !is_wanted {
            shared.progress.clear(owner);
        } else if let Err(Stop::Failed(message)) = result {
            shared.peek(|queues| queues.drop_fill(owner));
            shared.progress.clear(owner);
            shared.fail(owner, FILL_FAILED, message);
        }
    }

    fn filled(&self, id: JobId, revision: u64, started: Instant) {
        self.shared.progress.clear(id);
        self.shared.send(JobEvent::Filled {
            id,
            revision,
            seconds: started.elapsed().as_secs_f64(),
        });
    }

    fn detect(&mut self, job: DetectJob, token: &CancelToken) {
        let DetectJob {
            id,
            photo,
            contexts,
        } = job;
        let shared = self.shared;
        let progress = JobProgress {
            cell: &shared.progress,
            job: id,
        };
        let result = self.with_engine(|engine| detect(&photo, engine, &contexts, &progress, token));
        shared.peek(|queues| queues.end_detect(id));
        shared.progress.clear(id);
        match result {
            // Cancelled in its last moment: the person was told that nothing would come.
            _ if token.is_cancelled() => shared.send(JobEvent::Cancelled { id }),
            Ok(detection) => shared.send(JobEvent::Detected {
                id,
                detection: Arc::new(detection),
            }),
            Err(Stop::Cancelled) => shared.send(JobEvent::Cancelled { id }),
            Err(Stop::Failed(message)) => shared.fail(id, DETECT_FAILED, message),
        }
    }

    fn search_area(&mut self, id: JobId, photo: &Photo, area: PixelRect, token: &CancelToken) {
        let shared = self.shared;
        let progress = JobProgress {
            cell: &shared.progress,
            job: id,
        };
        let result = self.with_engine(|engine| detect_area(photo, area, engine, &progress, token));
        shared.peek(|queues| queues.end_area(id));
        shared.progress.clear(id);
        match result {
            _ if token.is_cancelled() => shared.send(JobEvent::Cancelled { id }),
            Ok(values) => shared.send(JobEvent::AreaSearched {
                id,
                area,
                values: Arc::new(values),
            }),
            Err(Stop::Cancelled) => shared.send(JobEvent::Cancelled { id }),
            Err(Stop::Failed(message)) => shared.fail(id, DETECT_FAILED, message),
        }
    }

    /// Finds what the export must fill first, using fills kept from earlier masks.
    fn plan_export(&mut self, id: JobId, request: &ExportRequest) {
        let planned = self.with_engine(|engine| {
            let halo_px = engine.filler_manifest().halo_px;
            Ok(plan_fill(request.photo.size(), &request.mask, halo_px))
        });
        let plans = match planned {
            Ok(plans) => plans,
            Err(Stop::Cancelled) => return,
            Err(Stop::Failed(message)) => return self.fail_export(id, message),
        };
        self.shared.change(|queues| {
            let Some(job) = queues.export_being_filled(id) else {
                return;
            };
            let restoration = &mut job.request.restoration;
            restoration.prune(&plans);
            restoration.adopt_cached(&plans);
            let stale = restoration.stale(&plans);
            job.total = stale.len() as u64;
            job.remaining = Some(stale);
        });
    }

    fn fill_for_export(
        &mut self,
        id: JobId,
        request: &ExportRequest,
        plans: &[CellPlan],
        token: &CancelToken,
    ) {
        let ExportRequest {
            photo,
            mask,
            contexts,
            ..
        } = request;
        let shared = self.shared;
        let mut on_filled = |cell: FillCell| {
            shared.peek(|queues| {
                if let Some(job) = queues.export_being_filled(id) {
                    job.request.restoration.insert(Arc::new(cell));
                }
            });
        };
        let result = self.with_engine(|engine| {
            fill_cells(photo, mask, plans, engine, contexts, token, &mut on_filled)
        });
        let is_wanted = shared.peek(|queues| queues.export_being_filled(id).is_some());
        match result {
            Ok(()) if is_wanted => {}
            Ok(()) | Err(Stop::Cancelled) => shared.progress.clear(id),
            Err(Stop::Failed(message)) => self.fail_export(id, message),
        }
    }

    fn fail_export(&self, id: JobId, message: String) {
        let still_wanted = self.shared.peek(|queues| queues.drop_export(id));
        self.shared.progress.clear(id);
        if still_wanted {
            self.shared.fail(id, EXPORT_FAILED, message);
        }
    }
}
