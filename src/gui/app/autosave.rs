//! Keeping the person's work: when it is handed to the journal, and what becomes of work found for a photo.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use serde::{Deserialize, Serialize};

use super::UnscratchApp;
use super::linear::choice_for_work;
use crate::document::Document;
use crate::gui::canvas::transform::View;
use crate::gui::dialogs::{Dialog, autosaves::AutosavesForm, resume::ResumeForm};
use crate::gui::settings::CompareMode;
use crate::gui::state::{Notice, OverlayMode};
use crate::gui::tools::Tool;
use crate::jobs::OpenRequest;
use crate::journal::{
    Autosave, Capture, JournalEvent, JournalFolder, JournalSystem, Limits, MasterId, Offer, Origin,
    Place,
};
use crate::photo::TransferChoice;

/// How often the work is handed over at most; a killed program loses about this much.
const EVERY: Duration = Duration::from_millis(250);

/// Unfinished work listed on the start screen.
const UNFINISHED_SHOWN: usize = 2;

/// What of the window is found again with the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    /// Scale, middle, fitted.
    view: (f64, (f64, f64), bool),
    /// Number in the palette.
    tool: usize,
    /// 0 off, 1 marks, 2 probability.
    overlay: u8,
    compare: CompareMode,
    split: f32,
    brush: (f32, f32),
    shapes_protect: bool,
    /// Rulers, pixel grid, navigator; absent from older journals.
    #[serde(default)]
    aids: Option<(bool, bool, bool)>,
    /// Whether the photo is taken for a linear scan; absent from older journals, when none was.
    #[serde(default)]
    transfer: Option<TransferChoice>,
}

/// When something was last handed over, and what.
#[derive(Debug, PartialEq)]
struct Handed {
    at: Instant,
    what: Fingerprint,
}

/// Tells whether there is anything new.
#[derive(Clone, Debug, PartialEq)]
struct Fingerprint {
    revision: u64,
    /// Of the stroke under way.
    stroke: Option<u64>,
    exported: bool,
    note: Note,
}

/// The journals as the application uses them.
#[derive(Default)]
pub(super) struct Saving {
    system: Option<JournalSystem>,
    /// Whether captures of the open photo are taken; not before it is known what work there is already.
    is_on: bool,
    handed: Option<Handed>,
    /// Work found for the open photo, waiting for an answer.
    offer: Option<Box<Offer>>,
    /// The photo that was opened in order to go on with it.
    to_resume: Option<OpenRequest>,
}

impl Saving {
    /// Journals in `folder`, with their thread; without a folder nothing is kept.
    pub fn start(ctx: &egui::Context, folder: Option<JournalFolder>) -> Self {
        let ctx = ctx.clone();
        let wake = Arc::new(move || ctx.request_repaint());
        let system = folder.and_then(|folder| {
            JournalSystem::start(folder, Limits::default(), wake)
                .inspect_err(|error| tracing::error!("no thread to save the work: {error}"))
                .ok()
        });
        if let Some(system) = &system {
            system.list();
        }
        Self {
            system,
            ..Self::default()
        }
    }
}

impl UnscratchApp {
    /// A photo was opened: asks whether there is work on it.
    pub(super) fn look_for_work(&mut self) {
        self.saving.is_on = false;
        self.saving.handed = None;
        self.saving.offer = None;
        if !self.store.settings.autosave {
            return;
        }
        if let (Some(system), Some(document)) = (&self.saving.system, &self.document) {
            system.look(MasterId::of(document.photo()));
        }
    }

    /// Takes the journals' answers and hands over what is new, at most every [`EVERY`].
    pub(super) fn keep_work(&mut self, ctx: &egui::Context) {
        let Some(system) = &self.saving.system else {
            return;
        };
        let events = system.drain();
        self.view.autosave = if self.saving.is_on {
            system.status()
        } else {
            Autosave::Nothing
        };
        for event in events {
            self.take_journal_event(event);
        }
        let due = self
            .saving
            .handed
            .as_ref()
            .map_or(Duration::ZERO, |handed| {
                EVERY.saturating_sub(handed.at.elapsed())
            });
        if !self.has_news() {
            return;
        }
        if due.is_zero() {
            self.hand_over();
        } else {
            ctx.request_repaint_after(due);
        }
    }

    /// Hands over what is new at once, as before another photo or the end.
    pub(super) fn keep_work_now(&mut self) {
        if self.has_news() {
            self.hand_over();
        }
    }

    fn take_journal_event(&mut self, event: JournalEvent) {
        match event {
            JournalEvent::Looked { master, offer } => self.looked(&master, offer),
            JournalEvent::Listed(entries) => {
                self.view.unfinished = entries
                    .iter()
                    .filter(|entry| !entry.exported && entry.undo_steps > 0)
                    .take(UNFINISHED_SHOWN)
                    .cloned()
                    .collect();
                if let Some(Dialog::Autosaves(form)) = &mut self.view.dialog {
                    form.entries = Some(entries);
                }
            }
            JournalEvent::NotRemoved(message) => {
                self.view.notice = Some(Notice {
                    title: "The saved work was not removed".to_owned(),
                    message,
                    is_error: true,
                });
            }
        }
    }

    fn looked(&mut self, master: &MasterId, offer: Option<Box<Offer>>) {
        let document = self.document.as_ref();
        let is_open = document.is_some_and(|it| MasterId::of(it.photo()) == *master);
        if !is_open || self.saving.is_on {
            return;
        }
        let to_resume = self.saving.to_resume.take();
        let was_chosen = to_resume
            .is_some_and(|chosen| chosen.path == master.path && chosen.page == Some(master.page));
        let Some(offer) = offer else {
            self.begin_saving();
            return;
        };
        let form = ResumeForm::new(master, &offer);
        let goes_on = was_chosen && offer.origin != Origin::Changed;
        self.saving.offer = Some(offer);
        if goes_on {
            self.resume_work();
        } else {
            self.view.dialog = Some(Dialog::Resume(form));
        }
    }

    fn begin_saving(&mut self) {
        if let (Some(system), Some(document)) = (&self.saving.system, &self.document) {
            let place = if self.store.settings.autosave_beside_photo {
                Place::BesideMaster
            } else {
                Place::DataFolder
            };
            system.begin(MasterId::of(document.photo()), place);
            self.saving.is_on = true;
            self.saving.handed = None;
        }
    }

    /// Brings the offered work back.
    pub(super) fn resume_work(&mut self) {
        self.view.dialog = None;
        let (Some(offer), Some(document)) = (self.saving.offer.take(), &self.document) else {
            return;
        };
        let Offer {
            recovered, origin, ..
        } = *offer;
        let note = serde_json::from_slice::<Note>(&recovered.capture.note).ok();
        // First of all: areas were filled for the photo as it was taken then.
        let stated = document.photo().stated_transfer();
        let noted = note.as_ref().and_then(|note| note.transfer);
        self.take_photo_as(choice_for_work(noted, origin == Origin::Changed, stated));
        let Some(document) = &mut self.document else {
            return;
        };
        let work = recovered.capture.work;
        let outcome = if origin == Origin::Changed {
            document.resume_marks_alone(work)
        } else {
            document.resume(work)
        };
        if let Err(error) = outcome {
            self.view.notice = Some(Notice {
                title: "The saved work does not fit this photo".to_owned(),
                message: error.to_string(),
                is_error: true,
            });
        } else {
            if recovered.capture.exported && origin != Origin::Changed {
                let state = document.snapshot();
                document.mark_exported(state);
            }
            if let Some(note) = note {
                self.take_note(&note);
            }
        }
        self.begin_saving();
        self.request_fill();
    }

    /// Leaves the offered work where it is until the first new edit takes its place.
    pub(super) fn start_afresh(&mut self) {
        self.view.dialog = None;
        self.saving.offer = None;
        self.begin_saving();
    }

    /// Opens a page of a photo and goes on with the work on it.
    pub(super) fn open_and_resume(&mut self, request: OpenRequest) {
        self.saving.to_resume = Some(request.clone());
        self.open_asking(request);
    }

    /// The work on the open photo is not wanted any more.
    pub(super) fn discard_work(&mut self) {
        if let Some(system) = self.saving.system.as_ref().filter(|_| self.saving.is_on) {
            system.forget();
        }
        self.saving.is_on = false;
    }

    pub(super) fn show_autosaves(&mut self) {
        let Some(system) = &self.saving.system else {
            self.view.notice = Some(Notice {
                title: "No work is saved".to_owned(),
                message: "the system names no folder for it; export before you close".to_owned(),
                is_error: true,
            });
            return;
        };
        system.list();
        let folder = system.folder().path().to_path_buf();
        self.view.dialog = Some(Dialog::Autosaves(AutosavesForm::new(folder)));
    }

    pub(super) fn remove_autosaves(&mut self, files: Vec<PathBuf>) {
        if let Some(system) = &self.saving.system {
            system.remove(files);
        }
    }

    pub(super) fn set_autosave(&mut self, is_wanted: bool) {
        self.store.settings.autosave = is_wanted;
        if is_wanted {
            self.begin_saving();
        } else {
            self.saving.is_on = false;
        }
    }

    pub(super) fn set_autosave_beside_photo(&mut self, is_beside: bool) {
        self.store.settings.autosave_beside_photo = is_beside;
        if self.saving.is_on {
            self.begin_saving();
        }
    }

    /// Whether a photo's work is being kept, so that closing loses nothing.
    pub(super) fn keeps_work(&self) -> bool {
        self.saving.is_on && !matches!(self.view.autosave, Autosave::Failed(_))
    }

    fn has_news(&self) -> bool {
        let (true, Some(now)) = (self.saving.is_on, self.fingerprint()) else {
            return false;
        };
        if let Some(handed) = &self.saving.handed {
            return handed.what != now;
        }
        // What nobody worked on leaves no journal.
        let document = self.document.as_ref();
        document.is_some_and(|document| !document.saved_work().is_empty())
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        let document = self.document.as_ref()?;
        Some(Fingerprint {
            revision: document.revision(),
            stroke: document.is_editing().then(|| document.display_revision()),
            exported: !document.is_modified(),
            note: self.note(),
        })
    }

    fn hand_over(&mut self) {
        let (Some(what), Some(document)) = (self.fingerprint(), &self.document) else {
            return;
        };
        let note = serde_json::to_vec(&what.note).unwrap_or_default();
        if let Some(system) = &self.saving.system {
            system.save(Capture {
                work: document.saved_work(),
                note: note.into(),
                exported: what.exported,
            });
        }
        self.saving.handed = Some(Handed {
            at: Instant::now(),
            what,
        });
    }

    fn note(&self) -> Note {
        let settings = &self.store.settings;
        let View {
            scale,
            center,
            fitted,
        } = self.view.view;
        Note {
            view: (scale, center, fitted),
            tool: Tool::ALL
                .iter()
                .position(|tool| *tool == self.view.tool)
                .unwrap_or(0),
            // One that gave way to a repair is not to be seen when the work is taken up.
            overlay: match self.view.overlay.shown() {
                OverlayMode::Off => 0,
                OverlayMode::Mask => 1,
                OverlayMode::Probability => 2,
                OverlayMode::Outline => 3,
                OverlayMode::Provenance => 4,
            },
            compare: settings.compare,
            split: self.view.split,
            brush: (settings.brush_diameter_px, settings.brush_hardness),
            shapes_protect: self.view.shapes_protect,
            transfer: self
                .document
                .as_ref()
                .map(|document| document.photo().transfer_choice()),
            aids: Some((settings.rulers, settings.pixel_grid, settings.navigator)),
        }
    }

    fn take_note(&mut self, note: &Note) {
        let (scale, center, fitted) = note.view;
        let is_sound = [scale, center.0, center.1].iter().all(|it| it.is_finite());
        if is_sound && scale > 0.0 {
            self.view.view = View {
                scale,
                center,
                fitted,
            };
        }
        if let Some(tool) = Tool::ALL.get(note.tool) {
            self.view.tool = *tool;
        }
        // As one chosen by hand: the repair that comes with the work does not put it away.
        self.view.overlay.choose(match note.overlay {
            0 => OverlayMode::Off,
            2 => OverlayMode::Probability,
            3 => OverlayMode::Outline,
            4 => OverlayMode::Provenance,
            _ => OverlayMode::Mask,
        });
        self.view.split = note.split.clamp(0.0, 1.0);
        self.view.shapes_protect = note.shapes_protect;
        let settings = &mut self.store.settings;
        settings.compare = note.compare;
        if let Some(aids) = note.aids {
            (settings.rulers, settings.pixel_grid, settings.navigator) = aids;
        }
        (settings.brush_diameter_px, settings.brush_hardness) = note.brush;
        *settings = std::mem::take(settings).tidied();
    }
}

/// Whether the document may be replaced by an empty one: nobody worked on it.
pub(super) fn is_untouched(document: &Document) -> bool {
    document.detection().is_none() && document.saved_work().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_an_older_journal_says_nothing_of_linear_scans_and_is_read_all_the_same() {
        let older = r#"{"view": [1.0, [2.0, 3.0], false], "tool": 1, "overlay": 0, "compare": "restored",
            "split": 0.5, "brush": [24.0, 0.8], "shapes_protect": false}"#;
        let note: Note = serde_json::from_str(older).unwrap();
        assert_eq!(note.transfer, None);
        let newer = Note {
            transfer: Some(TransferChoice::Linear),
            ..note
        };
        let json = serde_json::to_string(&newer).unwrap();
        assert_eq!(serde_json::from_str::<Note>(&json).unwrap(), newer);
    }
}
