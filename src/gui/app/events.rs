//! What the worker threads said, taken into the state. Never waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::UnscratchApp;
use super::autosave::is_untouched;
use crate::disposal::drop_apart;
use crate::document::Document;
use crate::gui::canvas::PreviewPicture;
use crate::gui::canvas::transform::View;
use crate::gui::dialogs::{Then, export};
use crate::gui::state::{Finding, Notice, Overlay};
use crate::gui::tools::Tool;
use crate::jobs::{EngineInfo, ExportReport, JobEvent, JobId, Preview};
use crate::photo::Photo;
use crate::restore::{starting_probability, threshold_from_probability};

/// How long after an edit the repair it needs has surely been asked for.
const TOLD_BEFORE_REPAIR: Duration = Duration::from_secs(1);

impl UnscratchApp {
    pub(super) fn drain_jobs(&mut self, ctx: &egui::Context) {
        for event in self.jobs.drain() {
            self.take(ctx, event);
        }
        self.work.progress = self.jobs.progress();
        self.work.forget_progress_of_other_jobs();
    }

    fn take(&mut self, ctx: &egui::Context, event: JobEvent) {
        match event {
            JobEvent::EngineReady(info) => self.engine_ready(info),
            JobEvent::EngineFailed(message) => self.engine_failed(message),
            JobEvent::EngineChanged { info, message } => {
                self.work.engine = Some(info);
                self.view.notice = Some(Notice {
                    title: "Memory was short".to_owned(),
                    message,
                    is_error: false,
                });
            }
            JobEvent::Previewed { id, preview } => self.previewed(id, preview),
            JobEvent::Opened { id, photo } => self.opened(id, photo),
            JobEvent::Detected { id, detection } => {
                if self.work.detecting == Some(id) {
                    self.work.detecting = None;
                    self.work.detect_seconds = Some(detection.seconds);
                    self.detected(detection);
                }
            }
            JobEvent::CellFilled { id, cell, .. } => {
                if let Some(document) = &mut self.document
                    && self.work.first_fill.is_some_and(|first| id >= first)
                {
                    document.insert_fill(cell);
                }
            }
            JobEvent::Filled { id, seconds, .. } => self.filled(id, seconds),
            JobEvent::Exported { id, report } => self.exported(ctx, id, &report),
            JobEvent::AreaSearched { id, area, values } => {
                self.area_searched(ctx, id, area, values);
            }
            JobEvent::MaskLoaded { id, values } => self.mask_loaded(ctx, id, values),
            JobEvent::MaskSaved { id, path } => self.mask_saved(id, &path),
            JobEvent::Cancelled { id } => {
                if self.work.detecting == Some(id) {
                    self.work.search_stopped = Some(Instant::now());
                }
                self.ended(id);
            }
            JobEvent::Failed { id, title, message } => {
                let moved = self.told_of_moved(id);
                let has_waited = self.view.waiting_export.is_some();
                self.ended(id);
                let gave_up = has_waited && self.view.waiting_export.is_none();
                if gave_up || self.work.engine_error.as_ref() != Some(&message) {
                    let message = if gave_up {
                        format!("{message}; nothing was exported, since the export waited for it")
                    } else {
                        message
                    };
                    self.view.notice = Some(moved.unwrap_or(Notice {
                        title,
                        message,
                        is_error: true,
                    }));
                }
            }
        }
    }

    fn engine_ready(&mut self, info: EngineInfo) {
        let threshold = threshold_from_probability(info.thresholds.default);
        self.work.engine = Some(info);
        let untouched = self.document.as_ref().filter(|it| is_untouched(it));
        if let Some(photo) = untouched.map(|document| Arc::clone(document.photo())) {
            self.document = Some(Document::with_threshold(photo, threshold));
            self.bound_memory();
            // A search that was stopped stays so, and one that waits for the person's word goes on waiting.
            if self.work.detecting.is_some() {
                self.detect();
            }
            // It was begun on marks with another threshold.
            if let Some(marking) = self.forget_marking() {
                let ctx = self.ctx.clone();
                self.change_marks(&ctx, marking.operation());
            }
        } else {
            self.request_fill();
        }
    }

    fn engine_failed(&mut self, message: String) {
        self.view.notice = Some(Notice {
            title: "The networks could not be loaded".to_owned(),
            message: message.clone(),
            is_error: true,
        });
        self.work.engine_error = Some(message);
    }

    /// Something can be seen of the photo being opened.
    fn previewed(&mut self, id: JobId, preview: Arc<Preview>) {
        let opening = self.work.opening.as_ref();
        if opening.is_none_or(|(opening, _)| *opening != id) {
            return;
        }
        self.work.previewing = true;
        match &mut self.preview {
            Some(picture) => picture.renew(preview),
            None => self.preview = Some(PreviewPicture::new(preview)),
        }
    }

    fn forget_preview(&mut self) {
        self.work.previewing = false;
        self.preview = None;
    }

    fn opened(&mut self, id: JobId, photo: Arc<Photo>) {
        if self
            .work
            .opening
            .as_ref()
            .is_none_or(|(opening, _)| *opening != id)
        {
            drop_apart(photo);
            return;
        }
        self.keep_work_now();
        self.stop_work();
        let thresholds = self.work.engine.as_ref().map(|engine| engine.thresholds);
        let path = photo.path().to_path_buf();
        let document = match thresholds {
            Some(thresholds) => {
                Document::with_threshold(photo, threshold_from_probability(thresholds.default))
            }
            None => Document::new(photo),
        };
        // Hundreds of megabytes, perhaps.
        drop_apart(self.document.replace(document));
        self.bound_memory();
        self.view.view = View::default();
        self.view.overlay = Overlay::default();
        self.pointer.crosshair.forget_place();
        if self.view.tool == Tool::Mend {
            // There is nothing to mend before something was repaired.
            self.view.tool = Tool::Brush;
        }
        self.view.last_point = None;
        self.view.repaired_at = None;
        self.view.hint = None;
        self.view.finding = None;
        if let Some(form) = &mut self.view.exported_as {
            form.forget_reason();
        }
        let folder = self.store.settings.last_folder.clone();
        self.store.settings.remember(&path);
        if self.samples.contains(&path) {
            // The person's own photos lie elsewhere.
            self.store.settings.last_folder = folder;
        }
        self.store.save();
        if !self.look_for_work() {
            self.search_by_itself();
        }
    }

    /// Stops what belongs to the photo that is left; exports go on.
    pub(super) fn stop_work(&mut self) {
        let running = [
            self.work.detecting.take(),
            self.work.searching.take(),
            self.work.filling.take().map(|(id, _)| id),
        ];
        for id in running.into_iter().flatten() {
            self.jobs.cancel(id);
        }
        self.work.opening = None;
        self.forget_preview();
        self.work.first_fill = None;
        // An export still being written is of the photo that is left.
        self.exporting_state = None;
        self.give_up_waiting_export();
        self.work.detect_seconds = None;
        self.work.fill_seconds = None;
        self.work.masked_pixels = None;
        self.work.search_stopped = None;
        self.work.fill_paused = false;
        self.fill_due = None;
        self.forget_plan();
        self.pointer.release();
        self.view.draft = None;
        self.work.mask_file = None;
        self.forget_marking();
        self.postponed.clear();
        self.forget_trace();
        self.stop_mending();
        self.view.area = None;
    }

    fn detected(&mut self, detection: Arc<crate::restore::Detection>) {
        let Some(document) = &mut self.document else {
            return;
        };
        match document.set_detection(detection) {
            Ok(()) => {
                if let Some(engine) = &self.work.engine
                    && let Some(map) = document.detection().map(|found| Arc::clone(&found.map))
                {
                    let probability = starting_probability(&map, engine.thresholds);
                    document.suggest_threshold(threshold_from_probability(probability));
                }
                self.view.overlay.retreated = false;
                self.search_ended();
                self.view.finding = self.finding();
                self.request_fill();
            }
            Err(error) => {
                self.view.notice = Some(Notice {
                    title: "The damage found does not fit this photo".to_owned(),
                    message: error.to_string(),
                    is_error: true,
                });
            }
        }
    }

    /// What the last search came to if it marked nothing.
    fn finding(&self) -> Option<Finding> {
        let document = self.document.as_ref()?;
        let (found, engine) = (document.detection()?, self.work.engine.as_ref()?);
        let surest = found.map.maximum();
        let eager = threshold_from_probability(engine.thresholds.eager);
        if surest >= document.threshold() {
            None
        } else if surest >= eager {
            Some(Finding::Uncertain)
        } else {
            Some(Finding::Nothing)
        }
    }

    fn filled(&mut self, id: JobId, seconds: f64) {
        if let Some((_, since)) = self.work.filling.filter(|(filling, _)| *filling == id) {
            self.work.filling = None;
            let is_drawing = self.document.as_ref().is_some_and(Document::is_editing);
            if is_drawing {
                // Only what lies behind the brush: the stroke's end asks for the rest.
                return;
            }
            if let Some((told, _)) = &mut self.view.hint
                && *told + TOLD_BEFORE_REPAIR >= since
            {
                // The progress of the repair lay over what was said of the edit before it.
                *told = Instant::now();
            }
            self.work.fill_seconds = Some(seconds);
            self.view.overlay.retreat();
            self.view.repaired_at = Some(Instant::now());
        }
    }

    fn exported(&mut self, ctx: &egui::Context, id: JobId, report: &ExportReport) {
        if self.work.exporting != Some(id) {
            return;
        }
        self.work.exporting = None;
        if let (Some(document), Some(state)) = (&mut self.document, self.exporting_state.take()) {
            document.mark_exported(state);
        }
        self.view.notice = Some(Notice {
            title: "Exported".to_owned(),
            message: export::report_text(report),
            is_error: false,
        });
        match self.view.after_export.take() {
            Some(Then::Quit) => self.quit(ctx),
            Some(Then::Open(request)) => self.open(request),
            None => {}
        }
    }

    /// A job ended without a result.
    fn ended(&mut self, id: JobId) {
        let opening = self.work.opening.as_ref();
        if opening.is_some_and(|(opening, _)| *opening == id) {
            self.work.opening = None;
            self.forget_preview();
        }
        if self.work.detecting == Some(id) || self.work.searching == Some(id) {
            // Without what it would have found, the file would not be what was asked for.
            self.give_up_waiting_export();
        }
        let work = &mut self.work;
        if work.detecting == Some(id) {
            work.detecting = None;
        }
        if work.filling.is_some_and(|(filling, _)| filling == id) {
            work.filling = None;
        }
        if work.searching == Some(id) {
            work.searching = None;
        }
        if work.mask_file == Some(id) {
            work.mask_file = None;
        }
        if work.cancelling == Some(id) {
            work.cancelling = None;
        }
        if work.exporting == Some(id) {
            work.exporting = None;
            self.exporting_state = None;
            self.view.after_export = None;
        }
    }
}
