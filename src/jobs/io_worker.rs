//! The thread that reads and writes files: opens photos, writes exports. It runs no network.

use std::sync::Arc;

use crate::inference::CancelToken;
use crate::io::{DecodeLimits, Preview, load_mask, open_page_watched, save_mask_layer};
use crate::photo::Photo;

use super::export::{ExportError, ExportReport, export_restoration};
use super::progress::JobProgress;
use super::queue::{ExportJob, IoStep, Queues};
use super::shared::{Shared, without_panic};
use super::{JobEvent, JobId, MaskFileRequest, OpenRequest};

const OPEN_FAILED: &str = "The photo could not be opened";
const MASK_LOAD_FAILED: &str = "The mask could not be loaded";
const MASK_SAVE_FAILED: &str = "The mask could not be saved";
const EXPORT_FAILED: &str = "The photo could not be exported";

/// Works until shutdown.
pub(super) fn run(shared: &Shared, limits: DecodeLimits) {
    loop {
        match shared.wait_for(Queues::next_io_step) {
            IoStep::Shutdown => return,
            IoStep::Open(id, request, token) => open(shared, id, &request, limits, &token),
            IoStep::MaskFile(id, request) => mask_file(shared, id, request, limits),
            IoStep::Write(job, token) => write(shared, &job, &token),
        }
    }
}

fn open(
    shared: &Shared,
    id: JobId,
    request: &OpenRequest,
    limits: DecodeLimits,
    token: &CancelToken,
) {
    let path = request.path.as_path();
    let watch = |preview| {
        if !token.is_cancelled() {
            let preview = Arc::<Preview>::new(preview);
            shared.send(JobEvent::Previewed { id, preview });
        }
    };
    let result = without_panic(|| open_page_watched(path, &limits, request.page, &watch));
    shared.peek(|queues| queues.end_open(id));
    shared.send(match result {
        _ if token.is_cancelled() => JobEvent::Cancelled { id },
        Ok(Ok(photo)) => JobEvent::Opened {
            id,
            photo: Arc::<Photo>::new(photo.taken_as(request.transfer)),
        },
        Ok(Err(error)) => failed(id, OPEN_FAILED, error.to_string()),
        Err(panic) => failed(id, OPEN_FAILED, format!("{panic}: {}", path.display())),
    });
}

fn mask_file(shared: &Shared, id: JobId, request: MaskFileRequest, limits: DecodeLimits) {
    let (title, result) = match request {
        MaskFileRequest::Load { path, size } => (
            MASK_LOAD_FAILED,
            without_panic(|| load_mask(&path, size, &limits)).map(|loaded| {
                loaded
                    .map(|values| JobEvent::MaskLoaded {
                        id,
                        values: Arc::<Vec<u8>>::new(values),
                    })
                    .map_err(|error| error.to_string())
            }),
        ),
        MaskFileRequest::Save {
            target,
            mask,
            photo,
            overwrite,
        } => (
            MASK_SAVE_FAILED,
            without_panic(|| save_mask_layer(&target, &mask.to_layer(), &photo, overwrite)).map(
                |saved| {
                    saved
                        .map(|()| JobEvent::MaskSaved { id, path: target })
                        .map_err(|error| error.to_string())
                },
            ),
        ),
    };
    shared.peek(|queues| queues.end_mask_file(id));
    shared.send(match result {
        Ok(Ok(event)) => event,
        Ok(Err(message)) | Err(message) => failed(id, title, message),
    });
}

fn write(shared: &Shared, job: &ExportJob, token: &CancelToken) {
    let id = job.id;
    let progress = JobProgress {
        cell: &shared.progress,
        job: id,
    };
    let result = without_panic(|| export_restoration(&job.request, &progress, token));
    shared.peek(|queues| queues.end_write(id));
    shared.progress.clear(id);
    shared.send(match result {
        Ok(Ok(mut report)) => {
            report.seconds = job.started.elapsed().as_secs_f64();
            JobEvent::Exported {
                id,
                report: Arc::<ExportReport>::new(report),
            }
        }
        Ok(Err(ExportError::Cancelled)) => JobEvent::Cancelled { id },
        Ok(Err(error)) => failed(id, EXPORT_FAILED, error.to_string()),
        Err(panic) => failed(id, EXPORT_FAILED, panic),
    });
}

fn failed(id: JobId, title: &str, message: String) -> JobEvent {
    JobEvent::Failed {
        id,
        title: title.to_owned(),
        message,
    }
}
