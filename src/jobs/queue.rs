//! What waits and what runs: latest-wins slots for open, detect and fill, a line for exports. Pure state, no threads.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::geometry::{PixelRect, TileIndex};
use crate::inference::CancelToken;
use crate::photo::Photo;
use crate::restore::{CellPlan, ContextCache};

use super::JobId;
use super::event::{ExportRequest, FillRequest, MaskFileRequest, OpenRequest};
use super::order::{nearest, take_window};

/// One detection that waits.
pub(super) struct DetectJob {
    pub id: JobId,
    pub photo: Arc<Photo>,
    pub contexts: Arc<ContextCache>,
}

/// The one fill request that counts.
pub(super) struct FillJob {
    pub id: JobId,
    pub request: FillRequest,
    pub remaining: Vec<CellPlan>,
    pub total: u64,
    pub started: Instant,
}

/// An export on its way: first its stale cells, then the file.
pub(super) struct ExportJob {
    pub id: JobId,
    pub request: ExportRequest,
    /// Cells still to fill; `None` before they were looked for.
    pub remaining: Option<Vec<CellPlan>>,
    pub total: u64,
    pub started: Instant,
}

/// The fill cells in flight.
struct RunningCells {
    owner: JobId,
    /// Those that are not filled yet.
    plans: Vec<CellPlan>,
    token: CancelToken,
}

/// What the inference thread does next.
pub(super) enum Step {
    /// Stop.
    Shutdown,
    /// Fill a block of cells of the fill request.
    Cells {
        id: JobId,
        request: FillRequest,
        plans: Vec<CellPlan>,
        done: u64,
        total: u64,
        token: CancelToken,
    },
    /// Every cell of the fill request is there.
    Filled {
        id: JobId,
        revision: u64,
        started: Instant,
    },
    /// Run stage 1.
    Detect(DetectJob, CancelToken),
    /// Run stage 1 on part of a photo.
    Area(JobId, Arc<Photo>, PixelRect, CancelToken),
    /// Find the stale cells of the export at the head of the line.
    PlanExport(JobId, ExportRequest),
    /// Fill a block of cells of that export.
    ExportCells {
        id: JobId,
        request: ExportRequest,
        plans: Vec<CellPlan>,
        done: u64,
        total: u64,
        token: CancelToken,
    },
    /// The export at the head of the line moved on to be written.
    ExportReady,
}

/// What the I/O thread does next.
pub(super) enum IoStep {
    /// Stop.
    Shutdown,
    /// Decode a photo.
    Open(JobId, OpenRequest, CancelToken),
    /// Read or write a mask alone.
    MaskFile(JobId, MaskFileRequest),
    /// Composite, write, verify.
    Write(Box<ExportJob>, CancelToken),
}

/// Every job that has not ended.
#[derive(Default)]
pub(super) struct Queues {
    shutdown: bool,
    last_id: u64,
    tokens: HashMap<JobId, CancelToken>,
    cancelled: Vec<JobId>,
    open: Option<(JobId, OpenRequest)>,
    opening: Option<JobId>,
    detect: Option<DetectJob>,
    detecting: Option<JobId>,
    area: Option<(JobId, Arc<Photo>, PixelRect)>,
    searching: Option<JobId>,
    fill: Option<FillJob>,
    running: Option<RunningCells>,
    to_fill: VecDeque<ExportJob>,
    to_write: VecDeque<ExportJob>,
    mask_files: VecDeque<(JobId, MaskFileRequest)>,
    writing: bool,
}

impl Queues {
    fn new_job(&mut self) -> JobId {
        self.last_id += 1;
        let id = JobId(self.last_id);
        self.tokens.insert(id, CancelToken::default());
        id
    }

    /// The job's token; a cancelled one when the job has ended.
    fn token(&self, id: JobId) -> CancelToken {
        self.tokens.get(&id).cloned().unwrap_or_else(|| {
            let ended = CancelToken::default();
            ended.cancel();
            ended
        })
    }

    /// The job has ended: it can no longer be cancelled.
    fn end(&mut self, id: JobId) {
        self.tokens.remove(&id);
    }

    /// Whether an export has not ended.
    pub fn has_exports(&self) -> bool {
        self.writing || !self.to_fill.is_empty() || !self.to_write.is_empty()
    }

    /// Whether [`Self::take_cancelled`] has something to hand out.
    pub fn has_cancelled(&self) -> bool {
        !self.cancelled.is_empty()
    }

    /// The jobs cancelled while they waited or were superseded, each handed out once.
    pub fn take_cancelled(&mut self) -> Vec<JobId> {
        std::mem::take(&mut self.cancelled)
    }

    /// Cancels the job wherever it is; one that waits ends here, one that runs ends within a tile.
    pub fn cancel(&mut self, id: JobId) {
        if let Some(token) = self.tokens.get(&id) {
            token.cancel();
        }
        if let Some(running) = self.running.as_ref().filter(|cells| cells.owner == id) {
            running.token.cancel();
        }
        let waiting_open = self.open.take_if(|(open, _)| *open == id).is_some();
        let waiting_area = self.area.take_if(|(area, ..)| *area == id).is_some();
        let waiting_detect = self.detect.take_if(|job| job.id == id).is_some();
        let fill = self.fill.take_if(|job| job.id == id).is_some();
        let before = self.to_fill.len() + self.to_write.len();
        self.to_fill.retain(|job| job.id != id);
        self.to_write.retain(|job| job.id != id);
        let export = before != self.to_fill.len() + self.to_write.len();
        let masks_before = self.mask_files.len();
        self.mask_files.retain(|(job, _)| *job != id);
        let mask_file = masks_before != self.mask_files.len();
        if waiting_open || waiting_area || waiting_detect || fill || export || mask_file {
            self.end(id);
            self.cancelled.push(id);
        }
    }

    /// Cancels every job and lets both workers end.
    pub fn shut_down(&mut self) {
        let ids: Vec<JobId> = self.tokens.keys().copied().collect();
        for id in ids {
            self.cancel(id);
        }
        self.shutdown = true;
    }

    /// A new photo to open supersedes the one before.
    pub fn submit_open(&mut self, request: OpenRequest) -> JobId {
        let waiting = self.open.as_ref().map(|(id, _)| *id);
        for id in self.opening.into_iter().chain(waiting) {
            self.cancel(id);
        }
        let id = self.new_job();
        self.open = Some((id, request));
        id
    }

    /// A new detection supersedes the one before.
    pub fn submit_detect(&mut self, photo: Arc<Photo>, contexts: Arc<ContextCache>) -> JobId {
        let waiting = self.detect.as_ref().map(|job| job.id);
        for id in self.detecting.into_iter().chain(waiting) {
            self.cancel(id);
        }
        let id = self.new_job();
        self.detect = Some(DetectJob {
            id,
            photo,
            contexts,
        });
        id
    }

    /// A new search of an area supersedes the one before.
    pub fn submit_area(&mut self, photo: Arc<Photo>, area: PixelRect) -> JobId {
        let waiting = self.area.as_ref().map(|(id, ..)| *id);
        for id in self.searching.into_iter().chain(waiting) {
            self.cancel(id);
        }
        let id = self.new_job();
        self.area = Some((id, photo, area));
        id
    }

    /// A new fill request supersedes the one before; the cells in flight go on if the new one wants the very same first.
    pub fn submit_fill(&mut self, request: FillRequest) -> JobId {
        let id = self.new_job();
        let mut remaining = request.stale.clone();
        let total = remaining.len() as u64;
        // A stamp tells masks apart, not photos.
        let same_photo = |job: &FillJob| Arc::ptr_eq(&job.request.photo, &request.photo);
        if self.fill.as_ref().is_some_and(same_photo)
            && let Some(running) = &mut self.running
            && running.is_first_choice_of(&request)
        {
            remaining.retain(|plan| !running.plans.contains(plan));
            running.owner = id;
        }
        if let Some(old) = self.fill.take() {
            if let Some(running) = self.running.as_ref().filter(|cells| cells.owner == old.id) {
                running.token.cancel();
            }
            self.end(old.id);
            self.cancelled.push(old.id);
        }
        self.fill = Some(FillJob {
            id,
            request,
            remaining,
            total,
            started: Instant::now(),
        });
        id
    }

    /// Exports are done in the order asked for and never superseded.
    pub fn submit_export(&mut self, request: ExportRequest) -> JobId {
        let id = self.new_job();
        self.to_fill.push_back(ExportJob {
            id,
            request,
            remaining: None,
            total: 0,
            started: Instant::now(),
        });
        id
    }

    /// Masks are read and written in the order asked for.
    pub fn submit_mask_file(&mut self, request: MaskFileRequest) -> JobId {
        let id = self.new_job();
        self.mask_files.push_back((id, request));
        id
    }

    /// The mask's file is done with.
    pub fn end_mask_file(&mut self, id: JobId) {
        self.end(id);
    }

    /// What the inference thread does next, if anything: what a person waits for first, exports last.
    pub fn next_step(&mut self) -> Option<Step> {
        if self.shutdown {
            return Some(Step::Shutdown);
        }
        self.next_fill_step()
            .or_else(|| self.next_area_step())
            .or_else(|| self.next_detect_step())
            .or_else(|| self.next_export_step())
    }

    fn next_fill_step(&mut self) -> Option<Step> {
        let job = self.fill.as_mut()?;
        let plans = take_window(&mut job.remaining, job.request.focus);
        if plans.is_empty() {
            let job = self.fill.take()?;
            self.end(job.id);
            return Some(Step::Filled {
                id: job.id,
                revision: job.request.revision,
                started: job.started,
            });
        }
        // A token of its own: a newer request may adopt these cells when this job is cancelled.
        let token = CancelToken::default();
        self.running = Some(RunningCells {
            owner: job.id,
            plans: plans.clone(),
            token: token.clone(),
        });
        Some(Step::Cells {
            id: job.id,
            request: job.request.clone(),
            done: job.total - (job.remaining.len() + plans.len()) as u64,
            total: job.total,
            plans,
            token,
        })
    }

    /// A cell in flight is filled: who asked for it last, if that request still counts, and how far it is.
    pub fn end_cell(&mut self, index: TileIndex) -> Option<FinishedCell> {
        let running = self.running.as_mut()?;
        running.plans.retain(|plan| plan.index != index);
        let job = self.fill.as_ref().filter(|job| job.id == running.owner)?;
        let left = job.remaining.len() + running.plans.len();
        Some(FinishedCell {
            id: job.id,
            revision: job.request.revision,
            done: job.total - left as u64,
            total: job.total,
        })
    }

    /// Nothing is in flight any more: the request that asked for it last, and whether that still counts.
    pub fn end_cells(&mut self) -> Option<(JobId, bool)> {
        let owner = self.running.take()?.owner;
        let is_wanted = self.fill.as_ref().is_some_and(|job| job.id == owner);
        Some((owner, is_wanted))
    }

    /// The fill request failed: nothing more of it is done.
    pub fn drop_fill(&mut self, id: JobId) {
        self.fill.take_if(|job| job.id == id);
        self.end(id);
    }

    fn next_detect_step(&mut self) -> Option<Step> {
        let job = self.detect.take()?;
        self.detecting = Some(job.id);
        let token = self.token(job.id);
        Some(Step::Detect(job, token))
    }

    fn next_area_step(&mut self) -> Option<Step> {
        let (id, photo, area) = self.area.take()?;
        self.searching = Some(id);
        Some(Step::Area(id, photo, area, self.token(id)))
    }

    /// The search of an area in flight has ended.
    pub fn end_area(&mut self, id: JobId) {
        self.searching = None;
        self.end(id);
    }

    /// The detection in flight has ended.
    pub fn end_detect(&mut self, id: JobId) {
        self.detecting = None;
        self.end(id);
    }

    fn next_export_step(&mut self) -> Option<Step> {
        let job = self.to_fill.front_mut()?;
        let Some(remaining) = &mut job.remaining else {
            return Some(Step::PlanExport(job.id, job.request.clone()));
        };
        let plans = take_window(remaining, None);
        if plans.is_empty() {
            let job = self.to_fill.pop_front()?;
            self.to_write.push_back(job);
            return Some(Step::ExportReady);
        }
        let done = job.total - (remaining.len() + plans.len()) as u64;
        let (id, request, total) = (job.id, job.request.clone(), job.total);
        Some(Step::ExportCells {
            id,
            request,
            plans,
            done,
            total,
            token: self.token(id),
        })
    }

    /// The export being filled, unless it was cancelled meanwhile.
    pub fn export_being_filled(&mut self, id: JobId) -> Option<&mut ExportJob> {
        self.to_fill.front_mut().filter(|job| job.id == id)
    }

    /// The export failed before it could be written; whether it was still wanted.
    pub fn drop_export(&mut self, id: JobId) -> bool {
        let before = self.to_fill.len();
        self.to_fill.retain(|job| job.id != id);
        self.end(id);
        self.to_fill.len() < before
    }

    /// What the I/O thread does next, if anything.
    pub fn next_io_step(&mut self) -> Option<IoStep> {
        if self.shutdown {
            return Some(IoStep::Shutdown);
        }
        if let Some((id, request)) = self.open.take() {
            self.opening = Some(id);
            return Some(IoStep::Open(id, request, self.token(id)));
        }
        if let Some((id, request)) = self.mask_files.pop_front() {
            return Some(IoStep::MaskFile(id, request));
        }
        let job = self.to_write.pop_front()?;
        self.writing = true;
        let token = self.token(job.id);
        Some(IoStep::Write(Box::new(job), token))
    }

    /// The export being written is done with.
    pub fn end_write(&mut self, id: JobId) {
        self.writing = false;
        self.end(id);
    }

    /// The photo being opened is done with.
    pub fn end_open(&mut self, id: JobId) {
        self.opening = None;
        self.end(id);
    }
}

/// Who gets the cell that was in flight, and how far that request is.
pub(super) struct FinishedCell {
    pub id: JobId,
    pub revision: u64,
    pub done: u64,
    pub total: u64,
}

impl RunningCells {
    /// Whether `request` would do just this next: it wants all of it unchanged, and nothing nearer its focus before.
    fn is_first_choice_of(&self, request: &FillRequest) -> bool {
        let is_wanted = |plan| request.stale.contains(plan);
        let nearest = nearest(&request.stale, request.focus).map(|at| &request.stale[at]);
        !self.token.is_cancelled()
            && self.plans.iter().all(is_wanted)
            && nearest.is_some_and(|plan| request.focus.is_none() || self.plans.contains(plan))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn only_the_photo_asked_for_last_is_opened() {
        let mut queues = Queues::default();
        let waiting = queues.submit_open(PathBuf::from("a").into());
        let running = queues.submit_open(PathBuf::from("b").into());
        assert_eq!(queues.take_cancelled(), [waiting]);
        let Some(IoStep::Open(id, _, token)) = queues.next_io_step() else {
            panic!("nothing to open");
        };
        assert_eq!(id, running);
        let last = queues.submit_open(PathBuf::from("c").into());
        assert!(
            token.is_cancelled(),
            "the one being read is not wanted any more"
        );
        let very_last = queues.submit_open(PathBuf::from("d").into());
        assert_eq!(queues.take_cancelled(), [last], "each job ends by name");
        queues.end_open(running);
        assert!(matches!(queues.next_io_step(), Some(IoStep::Open(id, ..)) if id == very_last));
    }

    #[test]
    fn an_ended_job_cannot_be_cancelled() {
        let mut queues = Queues::default();
        let id = queues.submit_open(PathBuf::from("a").into());
        assert!(queues.next_io_step().is_some());
        queues.end_open(id);
        queues.cancel(id);
        assert!(!queues.has_cancelled());
    }
}
