//! Operations on all marks: computed on a thread of their own, taken over as one edit. Also the mask's own files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError};
use eframe::egui;

use super::UnscratchApp;
use super::postponed::Postponed;
use crate::disposal::drop_apart;
use crate::document::{ChangeOutcome, Changed};
use crate::gui::command::Command;
use crate::gui::dialogs::{Dialog, files::FileBrowser, mask::MaskForm};
use crate::gui::picker::Wish;
use crate::gui::state::{MARKING_SHOWS_AFTER, Notice};
use crate::jobs::{JobId, MaskFileRequest};
use crate::mask::{BrushMode, MaskOperation, NotEnclosed};
use crate::photo::Photo;

/// An operation under way.
pub(super) struct Marking {
    operation: MaskOperation,
    photo: Arc<Photo>,
    result: Receiver<Result<Changed, NotEnclosed>>,
}

impl Marking {
    /// What is done.
    pub(super) fn operation(&self) -> MaskOperation {
        self.operation.clone()
    }
}

impl UnscratchApp {
    /// Starts `operation` on the marks as they are; while another one is under way it waits for that one's end.
    pub(super) fn change_marks(&mut self, ctx: &egui::Context, operation: MaskOperation) {
        if self.marking.is_some() {
            self.postponed.push_back(Postponed::Change(operation));
            return;
        }
        let Some(document) = &mut self.document else {
            return;
        };
        let changing = document.begin_change(operation);
        let (sender, result) = crossbeam_channel::bounded(1);
        let marking = Marking {
            operation: changing.operation().clone(),
            photo: Arc::clone(document.photo()),
            result,
        };
        let for_waking = ctx.clone();
        let spawned = std::thread::Builder::new()
            .name("marks".to_owned())
            .spawn(move || {
                // The window may be gone by now.
                if sender.send(changing.run()).is_ok() {
                    for_waking.request_repaint();
                }
            });
        match spawned {
            Ok(_) => {
                self.marking = Some(marking);
                self.work.marking = Some(Instant::now());
                ctx.request_repaint_after(MARKING_SHOWS_AFTER);
            }
            Err(error) => tracing::error!("no thread for the marks: {error}"),
        }
    }

    /// Takes over a finished operation, then does what was postponed for it; when the marks changed meanwhile, as by a
    /// search that ended, it is done again on them.
    pub(super) fn collect_marks(&mut self, ctx: &egui::Context) {
        let Some(marking) = &self.marking else {
            return;
        };
        let answer = marking.result.try_recv();
        if matches!(answer, Err(TryRecvError::Empty)) {
            return;
        }
        if let Some(marking) = self.forget_marking() {
            self.take_marks(ctx, &marking, answer);
            // A loaded mask is as large as the photo.
            drop_apart(marking.operation);
        }
        self.do_postponed(ctx);
    }

    fn take_marks(
        &mut self,
        ctx: &egui::Context,
        marking: &Marking,
        answer: Result<Result<Changed, NotEnclosed>, TryRecvError>,
    ) {
        let same_photo = |photo: &Arc<Photo>| Arc::ptr_eq(photo, &marking.photo);
        let Some(document) = self.document.as_mut().filter(|it| same_photo(it.photo())) else {
            return;
        };
        let Ok(changed) = answer else {
            self.view.notice = Some(Notice {
                title: format!("{} did not work", marking.operation.label()),
                message: "an internal error stopped it; the marks are as they were, try again, and report it if it comes back".to_owned(),
                is_error: true,
            });
            return;
        };
        let Ok(changed) = changed else {
            self.view.notice = Some(Notice {
                title: "Nothing encloses this place".to_owned(),
                message: "the area reaches the edge of the photo; close the outline of marks first, or draw the area with the lasso".to_owned(),
                is_error: true,
            });
            return;
        };
        let adds = matches!(
            marking.operation,
            MaskOperation::Region(BrushMode::Paint, _) | MaskOperation::Draw(BrushMode::Paint, _)
        );
        self.view.overlay.correct();
        if adds {
            self.canvas.stroke_begins();
        }
        let searched = matches!(marking.operation, MaskOperation::Raise { .. });
        match document.finish_change(changed) {
            ChangeOutcome::Done => {
                if searched {
                    self.tell_of_search();
                }
                self.request_fill();
            }
            ChangeOutcome::Nothing if searched => self.tell_of_vain_search(),
            ChangeOutcome::Nothing => self.tell_of_nothing(&marking.operation),
            ChangeOutcome::Outdated => self.change_marks(ctx, marking.operation.clone()),
        }
    }

    /// Says that an operation that sorts marks took none away.
    fn tell_of_nothing(&mut self, operation: &MaskOperation) {
        let text = match operation {
            MaskOperation::RemoveSpecks(_) => "No mark is smaller than that; none was removed",
            MaskOperation::KeepLines => "All marks are lines; none was removed",
            MaskOperation::KeepSpecks => "All marks are specks; none was removed",
            _ => return,
        };
        self.view.hint = Some((Instant::now(), text));
    }

    /// Gives an operation under way up.
    pub(super) fn forget_marking(&mut self) -> Option<Marking> {
        self.work.marking = None;
        self.marking.take()
    }

    /// What `command` does to all marks, with the amount in the panel.
    pub(super) fn operation_of(&self, command: Command) -> Option<MaskOperation> {
        let px = self.amount_px();
        Some(match command {
            Command::ClearMask => MaskOperation::ClearAll,
            Command::GrowMarks => MaskOperation::Grow(px),
            Command::ShrinkMarks => MaskOperation::Shrink(px),
            Command::FeatherMarks => MaskOperation::Feather(px),
            Command::InvertMarks => MaskOperation::Invert,
            Command::RemoveSpecks => MaskOperation::RemoveSpecks(px),
            Command::KeepLines => MaskOperation::KeepLines,
            Command::KeepSpecks => MaskOperation::KeepSpecks,
            _ => return None,
        })
    }

    pub(super) fn set_amount(&mut self, amount: f32) {
        if self.model().amount_is_in_mm() {
            self.store.settings.amount_mm = amount;
        } else {
            self.store.settings.amount_px = amount;
        }
    }

    /// The amount for grow, shrink, feather and specks in px of the open photo, at least 1.
    fn amount_px(&self) -> u32 {
        self.model().amount_px().round().max(1.0) as u32
    }

    /// Shows the system's file dialog for a mask, or ours.
    pub(super) fn choose_mask(&mut self, ctx: &egui::Context) {
        let folder = self.store.settings.folder_to_open();
        if !self.picker.ask(ctx, Wish::OpenMask(folder.clone())) {
            self.browse_for_mask(folder.as_deref());
        }
    }

    pub(super) fn browse_for_mask(&mut self, folder: Option<&std::path::Path>) {
        self.view.dialog = Some(Dialog::Files(FileBrowser::for_mask(folder)));
    }

    /// Asks the I/O thread for a mask of the photo's size.
    pub(super) fn load_mask(&mut self, path: PathBuf) {
        if let Some(document) = &self.document {
            let size = document.photo().size();
            let id = self.jobs.mask_file(MaskFileRequest::Load { path, size });
            self.work.mask_file = Some(id);
        }
    }

    pub(super) fn show_save_mask(&mut self) {
        if let Some(document) = &mut self.document {
            document.commit();
            self.view.dialog = Some(Dialog::Mask(MaskForm::new(document.photo())));
        }
    }

    pub(super) fn browse_mask_target(&mut self, ctx: &egui::Context) {
        if let Some(Dialog::Mask(form)) = &self.view.dialog {
            self.picker.ask(ctx, Wish::SaveMask(form.target_path()));
        }
    }

    pub(super) fn confirm_save_mask(&mut self) {
        let Some(Dialog::Mask(form)) = self.view.dialog.take() else {
            return;
        };
        if let Some(document) = &self.document {
            self.view.notice = None;
            self.work.mask_file = Some(self.jobs.mask_file(MaskFileRequest::Save {
                target: form.target_path(),
                mask: document.effective_mask(),
                photo: Arc::clone(document.photo()),
                overwrite: form.may_replace,
            }));
        }
    }

    pub(super) fn mask_loaded(&mut self, ctx: &egui::Context, id: JobId, values: Arc<Vec<u8>>) {
        if self.work.mask_file == Some(id) {
            self.work.mask_file = None;
            self.change_marks(ctx, MaskOperation::Replace(values));
        }
    }

    pub(super) fn mask_saved(&mut self, id: JobId, path: &std::path::Path) {
        if self.work.mask_file == Some(id) {
            self.work.mask_file = None;
            self.view.notice = Some(Notice {
                title: "Mask saved".to_owned(),
                message: path.display().to_string(),
                is_error: false,
            });
        }
    }
}
