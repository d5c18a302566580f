//! Keeping the person's work: when it is handed to the journal, and what becomes of work found for a photo.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::UnscratchApp;
use super::linear::choice_for_work;
use super::note::Note;
use crate::document::Document;
use crate::gui::dialogs::{Dialog, autosaves::AutosavesForm, resume::ResumeForm, resume::name_of};
use crate::gui::state::Notice;
use crate::jobs::{JobId, OpenRequest};
use crate::journal::{
    Autosave, Capture, Entry, JournalEvent, JournalFolder, JournalSystem, Limits, MasterId, Offer,
    Origin, Place, Unread,
};

/// How often the work is handed over at most; a killed program loses about this much.
const EVERY: Duration = Duration::from_millis(250);

/// How long a search for damage waits to hear whether there is work on the photo.
const LOOKS_FOR: Duration = Duration::from_secs(3);

/// Unfinished work listed on the start screen.
const UNFINISHED_SHOWN: usize = 2;

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
    /// Since when it is asked whether there is work on the open photo; the search for damage waits for the answer.
    looking: Option<Instant>,
    /// Work found for the open photo, waiting for an answer.
    offer: Option<Box<Offer>>,
    /// The work that was taken up had been exported, and its marks still lack what the search will find.
    marks_exported: bool,
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
    /// A photo was opened: asks whether there is work on it; whether there will be an answer.
    pub(super) fn look_for_work(&mut self) -> bool {
        self.saving.is_on = false;
        self.saving.handed = None;
        self.saving.offer = None;
        self.saving.looking = None;
        self.saving.marks_exported = false;
        if !self.store.settings.autosave {
            return false;
        }
        let (Some(system), Some(document)) = (&self.saving.system, &self.document) else {
            return false;
        };
        system.look(MasterId::of(document.photo()));
        self.saving.looking = Some(Instant::now());
        true
    }

    /// Whether it is not known yet if there is work on the open photo.
    pub fn is_looking_for_work(&self) -> bool {
        self.saving.looking.is_some()
    }

    /// Begins the search that nobody asked for, now that it is known how the work on the photo begins.
    pub(super) fn search_by_itself(&mut self) {
        self.saving.looking = None;
        if self.work.engine_error.is_none() {
            self.detect();
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
        if let Some(since) = self.saving.looking {
            // The answer may come later all the same.
            match LOOKS_FOR.checked_sub(since.elapsed()) {
                Some(left) => ctx.request_repaint_after(left),
                None => self.search_by_itself(),
            }
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
            JournalEvent::Looked {
                master,
                offer,
                unread,
            } => {
                self.tell_of_unread(&master, &unread);
                self.looked(&master, offer);
            }
            JournalEvent::Listed(entries) => {
                self.view.unfinished = unfinished(&entries);
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

    fn is_open(&self, master: &MasterId) -> bool {
        let document = self.document.as_ref();
        document.is_some_and(|it| MasterId::of(it.photo()) == *master)
    }

    /// Says that there is work on the photo that cannot be offered, and that it is not lost.
    fn tell_of_unread(&mut self, master: &MasterId, unread: &[Unread]) {
        if unread.is_empty() || !self.is_open(master) {
            return;
        }
        let told = unread.iter().map(|unread| {
            let kept_as = name_of(&unread.kept_as);
            format!(
                "{}: {}. It stays there; before new work takes its place it is kept as {kept_as}.",
                unread.reason,
                unread.file.display()
            )
        });
        self.view.notice = Some(Notice {
            title: "Work was saved for this photo, but it cannot be read".to_owned(),
            message: told.collect::<Vec<_>>().join("\n"),
            is_error: true,
        });
    }

    fn looked(&mut self, master: &MasterId, offer: Option<Box<Offer>>) {
        if !self.is_open(master) {
            return;
        }
        let waited = self.saving.looking.take().is_some();
        if self.saving.is_on {
            if waited {
                self.search_by_itself();
            }
            return;
        }
        let to_resume = self.saving.to_resume.take();
        let was_chosen = to_resume
            .is_some_and(|chosen| chosen.path == master.path && chosen.page == Some(master.page));
        let Some(offer) = offer else {
            self.begin_saving();
            if waited {
                self.search_by_itself();
            }
            return;
        };
        self.stop_search();
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
        let was_searched = note.as_ref().and_then(|note| note.searched) != Some(false);
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
                self.saving.marks_exported = true;
            }
            if let Some(note) = note {
                self.take_note(&note);
            }
        }
        self.begin_saving();
        if was_searched {
            self.search_by_itself();
        } else {
            // The person had stopped the search.
            self.stop_search();
            self.work.search_stopped = Some(Instant::now());
        }
        self.request_fill();
    }

    /// The search of exported work that was taken up ended: what it found belongs to what was exported.
    pub(super) fn search_ended(&mut self) {
        let is_exported = std::mem::take(&mut self.saving.marks_exported);
        let document = self.document.as_mut();
        if let Some(document) = document.filter(|it| is_exported && !it.has_unsaved_edits()) {
            let state = document.snapshot();
            document.mark_exported(state);
        }
    }

    /// Stops a search for damage without a word.
    fn stop_search(&mut self) {
        if let Some(id) = self.work.detecting.take() {
            self.jobs.cancel(id);
        }
    }

    /// Leaves the offered work where it is until the first new edit takes its place.
    pub(super) fn start_afresh(&mut self) {
        self.view.dialog = None;
        self.saving.offer = None;
        self.begin_saving();
        self.search_by_itself();
    }

    /// Opens a page of a photo and goes on with the work on it.
    pub(super) fn open_and_resume(&mut self, request: OpenRequest) {
        self.saving.to_resume = Some(request.clone());
        self.open_asking(request);
    }

    /// What to say when the photo that job `id` was to open for its work is not where it was.
    pub(super) fn told_of_moved(&mut self, id: JobId) -> Option<Notice> {
        let opening = self.work.opening.as_ref();
        if opening.is_none_or(|(opening, _)| *opening != id) {
            return None;
        }
        let chosen = self.saving.to_resume.take()?;
        if let Some(system) = &self.saving.system {
            // The start page shows which photos are there.
            system.list();
        }
        (!chosen.path.exists()).then(|| Notice {
            title: "The photo is not where it was".to_owned(),
            message: format!(
                "Your work on it is kept and comes back when you open the photo where it is now. It was {}",
                chosen.path.display()
            ),
            is_error: true,
        })
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
}

/// Unfinished work that opening its photo leads to, the latest first.
fn unfinished(entries: &[Entry]) -> Vec<Entry> {
    let place = |entry: &Entry| {
        let master = entry.master.as_ref();
        master.map(|master| (master.path.clone(), master.page))
    };
    let is_unfinished =
        |entry: &&Entry| !entry.exported && (entry.undo_steps > 0 || entry.has_marks);
    // Earlier work on another file in the same place was left for the later.
    let mut places = Vec::new();
    let latest = entries.iter().filter(|entry| {
        let place = place(entry);
        let is_first = place.is_some() && !places.contains(&place);
        places.push(place);
        is_first
    });
    latest
        .filter(is_unfinished)
        .take(UNFINISHED_SHOWN)
        .cloned()
        .collect()
}

/// Whether the document may be replaced by an empty one: nobody worked on it.
pub(super) fn is_untouched(document: &Document) -> bool {
    document.detection().is_none() && document.saved_work().is_empty()
}
