//! The thread that writes journals: the latest capture wins, questions are answered in order. The window never waits.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use super::aside::{self, Unread};
use super::calmly;
use super::capture::{Capture, MasterId, Recovered};
use super::error::JournalError;
use super::folder::{Entry, JournalFolder, Limits, Mark, Place};
use super::storage::FileStorage;
use super::writer::Writer;

/// How long to wait before a failed write is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How keeping the work goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Autosave {
    /// No photo, or nothing done to it yet.
    #[default]
    Nothing,
    /// All that was handed over is on disk, since then.
    Saved(SystemTime),
    /// It is not, for this reason; it is tried again.
    Failed(String),
}

/// Why work is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was done on this very file, where it is now.
    SameFile,
    /// It was done on the same bytes, when they were there.
    MovedFrom(PathBuf),
    /// It was done on a file in the same place with other content.
    Changed,
}

/// Work found for a photo.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Why it is offered.
    pub origin: Origin,
    /// The journal it was read from.
    pub file: PathBuf,
    /// The work.
    pub recovered: Recovered,
}

/// An answer of the thread.
#[derive(Clone, Debug)]
pub enum JournalEvent {
    /// What was found for a photo.
    Looked {
        /// The photo asked for.
        master: MasterId,
        /// The work, if there is any.
        offer: Option<Box<Offer>>,
        /// What is there and cannot be read.
        unread: Vec<Unread>,
    },
    /// The journals in the data folder, the latest first.
    Listed(Vec<Entry>),
    /// A journal could not be removed.
    NotRemoved(String),
}

/// Called when there is something to read.
type Wake = Arc<dyn Fn() + Send + Sync>;

enum Request {
    Look(MasterId),
    Begin(MasterId, Place),
    Write(Box<Capture>),
    Forget,
    Remove(Vec<PathBuf>),
    List,
}

#[derive(Default)]
struct Slots {
    requests: VecDeque<Request>,
    latest: Option<Box<Capture>>,
    events: Vec<JournalEvent>,
    status: Autosave,
    is_ending: bool,
}

struct Shared {
    slots: Mutex<Slots>,
    changed: Condvar,
    wake: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, event: JournalEvent) {
        self.lock().events.push(event);
        (self.wake)();
    }

    fn set_status(&self, status: &Autosave) {
        let was = std::mem::replace(&mut self.lock().status, status.clone());
        let is_news = match (&was, status) {
            (Autosave::Saved(_), Autosave::Saved(_)) => false,
            (was, now) => was != now,
        };
        if is_news {
            if let Autosave::Failed(reason) = status {
                tracing::warn!("the work is not saved: {reason}");
            }
            (self.wake)();
        }
    }
}

/// The journals and their thread; dropping it writes what waits and joins the thread.
pub struct JournalSystem {
    folder: JournalFolder,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl JournalSystem {
    /// Starts the thread, which first removes what is beyond `limits`; `wake` is called from it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(folder: JournalFolder, limits: Limits, wake: Wake) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            slots: Mutex::default(),
            changed: Condvar::new(),
            wake,
        });
        let worker = Worker {
            folder: folder.clone(),
            shared: Arc::clone(&shared),
            target: None,
            waiting: None,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || worker.run(limits))?;
        Ok(Self {
            folder,
            shared,
            thread: Some(thread),
        })
    }

    /// The data folder.
    pub fn folder(&self) -> &JournalFolder {
        &self.folder
    }

    /// Looks for work on a photo; answered with [`JournalEvent::Looked`].
    pub fn look(&self, master: MasterId) {
        self.request(Request::Look(master));
    }

    /// From now on captures belong to `master`; the first one replaces what its journal holds.
    pub fn begin(&self, master: MasterId, place: Place) {
        self.request(Request::Begin(master, place));
    }

    /// Hands the work over to be written; takes the place of one that waits.
    pub fn save(&self, capture: Capture) {
        self.shared.lock().latest = Some(Box::new(capture));
        self.shared.changed.notify_all();
    }

    /// Removes the journal of the photo worked on, and takes no captures until the next [`Self::begin`].
    pub fn forget(&self) {
        self.shared.lock().latest = None;
        self.request(Request::Forget);
    }

    /// Removes journals, then answers like [`Self::list`].
    pub fn remove(&self, files: Vec<PathBuf>) {
        self.request(Request::Remove(files));
    }

    /// Asks for all journals; answered with [`JournalEvent::Listed`].
    pub fn list(&self) {
        self.request(Request::List);
    }

    /// How saving goes.
    pub fn status(&self) -> Autosave {
        self.shared.lock().status.clone()
    }

    /// The answers since the last call; never waits.
    pub fn drain(&self) -> Vec<JournalEvent> {
        std::mem::take(&mut self.shared.lock().events)
    }

    fn request(&self, request: Request) {
        let mut slots = self.shared.lock();
        // What was done before the request is written before it.
        if let Some(capture) = slots.latest.take() {
            slots.requests.push_back(Request::Write(capture));
        }
        slots.requests.push_back(request);
        drop(slots);
        self.shared.changed.notify_all();
    }
}

impl Drop for JournalSystem {
    fn drop(&mut self) {
        self.shared.lock().is_ending = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that saves the work ended with a panic");
        }
    }
}

/// The journal being written.
struct Target {
    file: PathBuf,
    writer: Writer<FileStorage>,
    /// Taken with the first write, so that a photo only looked at leaves nothing.
    mark: Option<Mark>,
}

struct Worker {
    folder: JournalFolder,
    shared: Arc<Shared>,
    target: Option<Target>,
    /// What could not be written.
    waiting: Option<Box<Capture>>,
}

impl Worker {
    fn run(mut self, limits: Limits) {
        self.folder.tidy(limits, SystemTime::now());
        while let Some(request) = self.next() {
            self.answer(request);
        }
    }

    /// Waits for something to do; `None` when nothing is left and the window is gone.
    fn next(&mut self) -> Option<Request> {
        let shared = Arc::clone(&self.shared);
        let mut slots = shared.lock();
        loop {
            if let Some(request) = slots.requests.pop_front() {
                return Some(request);
            }
            if let Some(capture) = slots.latest.take() {
                self.waiting = None;
                return Some(Request::Write(capture));
            }
            if slots.is_ending {
                return None;
            }
            if self.waiting.is_none() {
                slots = shared
                    .changed
                    .wait(slots)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (again, wait) = shared
                .changed
                .wait_timeout(slots, RETRY_AFTER)
                .unwrap_or_else(PoisonError::into_inner);
            slots = again;
            if wait.timed_out() {
                return self.waiting.take().map(Request::Write);
            }
        }
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Look(master) => self.look(master),
            Request::Begin(master, place) => {
                let file = self.folder.file_of(&master, place);
                self.waiting = None;
                self.target = Some(Target {
                    writer: Writer::new(FileStorage::new(&file), master),
                    file,
                    mark: None,
                });
                self.shared.set_status(&Autosave::Nothing);
            }
            Request::Write(capture) => self.write(capture),
            Request::Forget => {
                self.waiting = None;
                if let Some(target) = self.target.take() {
                    // What cannot be read is nothing that was decided about.
                    let is_known = target.mark.is_some() || Unread::at(&target.file).is_none();
                    // Ours: to be removed it must be free.
                    drop(target.mark);
                    if is_known {
                        self.remove(&[target.file]);
                    }
                }
                self.shared.set_status(&Autosave::Nothing);
            }
            Request::Remove(files) => {
                self.remove(&files);
                self.shared.say(JournalEvent::Listed(self.folder.list()));
            }
            Request::List => {
                let folder = &self.folder;
                let entries = calmly(|| folder.list()).unwrap_or_default();
                self.shared.say(JournalEvent::Listed(entries));
            }
        }
    }

    fn look(&self, master: MasterId) {
        let folder = &self.folder;
        let mut unread = Vec::new();
        let offer = calmly(|| {
            let found = folder.find_telling(&master, &mut unread);
            let same = found.map(|(file, recovered)| {
                let was = recovered.master.path.clone();
                let origin = if was == master.path {
                    Origin::SameFile
                } else {
                    Origin::MovedFrom(was)
                };
                (origin, file, recovered)
            });
            let changed = || {
                let (file, recovered) = folder.find_changed(&master, &mut unread)?;
                Some((Origin::Changed, file, recovered))
            };
            same.or_else(changed)
        });
        let offer = offer.flatten().map(|(origin, file, recovered)| {
            Box::new(Offer {
                origin,
                file,
                recovered,
            })
        });
        self.shared.say(JournalEvent::Looked {
            master,
            offer,
            unread,
        });
    }

    fn write(&mut self, capture: Box<Capture>) {
        let Some(target) = &mut self.target else {
            return;
        };
        match target.write(&capture) {
            Ok(now) => self.shared.set_status(&Autosave::Saved(now)),
            Err(error) => {
                self.waiting = Some(capture);
                self.shared.set_status(&Autosave::Failed(error.to_string()));
            }
        }
    }

    fn remove(&self, files: &[PathBuf]) {
        for file in files {
            if let Err(error) = self.folder.remove(file) {
                self.shared.say(JournalEvent::NotRemoved(error.to_string()));
            }
        }
    }
}

impl Target {
    fn write(&mut self, capture: &Capture) -> Result<SystemTime, JournalError> {
        if self.mark.is_none() {
            let mark = Mark::take(&self.file)?;
            aside::set_aside(&self.file)?;
            self.mark = Some(mark);
        }
        let now = SystemTime::now();
        let written = self.writer.write(capture.clone(), now);
        written.map_err(|error| JournalError::from_io(error, &self.file))?;
        Ok(now)
    }
}
