//! Opening and exporting: which dialog is shown, which job is asked for.

use std::time::SystemTime;

use eframe::egui;

use super::UnscratchApp;
use crate::document::Document;
use crate::gui::dialogs::{Dialog, Then, archive::given, export::ExportForm, files::FileBrowser};
use crate::gui::picker::{Picked, Wish};
use crate::io::looks_like_photo;
use crate::jobs::{ExportRequest, OpenRequest, RecordRequest};
use crate::record::Circumstances;

impl UnscratchApp {
    /// Opens `path`, unless the person's own work would be lost: then the person is asked first. What cannot be opened costs
    /// no work, and nothing is asked for it.
    pub(super) fn open_asking(&mut self, request: OpenRequest) {
        if self.view.waiting_export.is_some() {
            // It is of the photo that would be left.
            if looks_like_photo(&request.path) {
                self.view.after_export = Some(Then::Open(request));
                return;
            }
        } else if self
            .document
            .as_ref()
            .is_some_and(Document::has_unsaved_edits)
            && looks_like_photo(&request.path)
        {
            self.view.dialog = Some(Dialog::Unsaved(Then::Open(request)));
            return;
        }
        self.open(request);
    }

    /// Opens page `page` of the open file, counted from 0, unless it is the one that is open.
    pub(super) fn open_page(&mut self, page: Option<u32>) {
        let photo = self.document.as_ref().map(Document::photo);
        let (Some(photo), Some(page)) = (photo, page) else {
            return;
        };
        if page != photo.metadata().page {
            self.open_asking(OpenRequest {
                path: photo.path().to_path_buf(),
                page: Some(page),
                transfer: photo.transfer_choice(),
            });
        }
    }

    /// Asks the I/O thread for the photo; what is open stays until it is there.
    pub fn open(&mut self, request: impl Into<OpenRequest>) {
        self.view.notice = None;
        self.preview = None;
        self.work.previewing = false;
        let request = request.into();
        let path = request.path.clone();
        let id = self.jobs.open(request);
        self.work.opening = Some((id, path));
    }

    /// Shows the system's file dialog, or ours.
    pub(super) fn choose_photo(&mut self, ctx: &egui::Context) {
        let folder = self.store.settings.folder_to_open();
        if !self.picker.ask(ctx, Wish::Open(folder.clone())) {
            self.view.dialog = Some(Dialog::Files(FileBrowser::new(folder.as_deref())));
        }
    }

    pub(super) fn poll_picker(&mut self, ctx: &egui::Context) {
        match self.picker.poll() {
            Some(Picked::File(Wish::Open(_), path)) => self.open_asking(path.into()),
            Some(Picked::File(Wish::OpenMask(_), path)) => self.load_mask(path),
            Some(Picked::File(Wish::SaveMask(_), path)) => {
                if let Some(Dialog::Mask(form)) = &mut self.view.dialog {
                    form.set_target(&path);
                }
            }
            Some(Picked::Unavailable(Wish::OpenMask(folder))) => {
                self.browse_for_mask(folder.as_deref());
            }
            Some(Picked::File(Wish::Save(_), path)) => {
                if let Some(Dialog::Export(form)) = &mut self.view.dialog {
                    form.set_target(&path);
                }
            }
            Some(Picked::Unavailable(Wish::Open(folder))) => {
                self.view.dialog = Some(Dialog::Files(FileBrowser::new(folder.as_deref())));
            }
            Some(Picked::File(Wish::OpenProfile(_), path)) => {
                self.screen_profile_picked(ctx, path);
            }
            // The path can be typed in these dialogs.
            Some(
                Picked::Unavailable(Wish::Save(_) | Wish::SaveMask(_) | Wish::OpenProfile(_))
                | Picked::Nothing,
            )
            | None => {}
        }
    }

    pub(super) fn show_export(&mut self) {
        let Some(document) = &mut self.document else {
            return;
        };
        // What to do afterwards is known when the person came from the question about unsaved work.
        if let Some(Dialog::Unsaved(then)) = self.view.dialog.take() {
            self.view.after_export = Some(then);
        }
        document.commit();
        let photo = document.photo();
        let before = self.view.exported_as.clone();
        let before = before.filter(|form| form.is_for(photo));
        let form = before.map_or_else(
            || ExportForm::new(photo, &self.store.settings),
            ExportForm::again,
        );
        self.view.dialog = Some(Dialog::Export(form));
    }

    pub(super) fn browse_export_target(&mut self, ctx: &egui::Context) {
        if let Some(Dialog::Export(form)) = &self.view.dialog {
            self.picker.ask(ctx, Wish::Save(form.target_path()));
        }
    }

    pub(super) fn confirm_export(&mut self) {
        // Asked now, since the repair may take long and would have nowhere to go.
        if let Some(Dialog::Export(form)) = &mut self.view.dialog
            && !form.try_folder()
        {
            return;
        }
        let Some(Dialog::Export(form)) = self.view.dialog.take() else {
            return;
        };
        let Some(document) = &self.document else {
            return;
        };
        let settings = &mut self.store.settings;
        settings.remember_export(document.photo().path(), &form.target_path());
        self.store.settings.jpeg_quality = form.quality;
        self.store.settings.export_mask = form.with_mask;
        form.dossier.remember(&mut self.store.settings);
        self.view.exported_as = Some(form.clone());
        self.view.notice = None;
        self.view.waiting_export = Some(form);
        self.export_once_marked();
    }

    /// Starts the export that was asked for once nothing is looked for any more that it would leave unrepaired.
    pub(super) fn export_once_marked(&mut self) {
        let work = &self.work;
        let is_looking = work.detecting.is_some() || work.searching.is_some();
        let is_marking =
            self.marking.is_some() || self.document.as_ref().is_some_and(Document::is_editing);
        // Saved work is asked about before anything is looked for.
        let is_beginning =
            self.is_looking_for_work() || matches!(self.view.dialog, Some(Dialog::Resume(_)));
        if is_looking || is_marking || is_beginning {
            return;
        }
        if let Some(form) = self.view.waiting_export.take() {
            self.start_export(&form);
        }
    }

    /// Gives up an export that waits, and what was to follow it; whether one waited.
    pub(super) fn give_up_waiting_export(&mut self) -> bool {
        let has_waited = self.view.waiting_export.take().is_some();
        if has_waited {
            self.view.after_export = None;
        }
        has_waited
    }

    /// Whether an export waits or is being written.
    pub(super) fn is_exporting(&self) -> bool {
        self.work.exporting.is_some() || self.view.waiting_export.is_some()
    }

    fn start_export(&mut self, form: &ExportForm) {
        let Some(document) = &self.document else {
            return;
        };
        self.exporting_state = Some(document.snapshot());
        let id = self.jobs.export(ExportRequest {
            photo: document.photo().clone(),
            mask: document.effective_mask(),
            restoration: document.restoration().clone(),
            contexts: document.contexts().clone(),
            target: form.target_path(),
            options: form.options(),
            mask_target: form.mask_path(),
            record: self.record_request(document, form),
        });
        self.work.exporting = Some(id);
    }

    /// What the export is to say of itself: with a dossier everything, without one nothing.
    fn record_request(&self, document: &Document, form: &ExportForm) -> Option<RecordRequest> {
        let mask = document.effective_mask();
        let is_detected = document.detection().is_some();
        let engine = self.work.engine.as_ref();
        // Networks that did nothing for this photo are not named.
        let engine = engine.filter(|_| is_detected || mask.touches(document.photo().size().rect()));
        form.dossier.is_wanted.then(|| RecordRequest {
            circumstances: Circumstances {
                operator: given(&form.dossier.operator),
                reason: given(&form.dossier.reason),
                started: SystemTime::now(),
                models: engine.map_or_else(Vec::new, |engine| engine.models.to_vec()),
                runtime_version: engine.and_then(|engine| engine.runtime_version.clone()),
                provider: engine.map(|engine| engine.provider.kind),
                threshold: is_detected.then(|| f32::from(document.threshold()) / 255.0),
                mask_file: None,
            },
            is_dossier: true,
            extends_xmp: true,
        })
    }
}
