//! Choosing files with the system's own dialog, on a thread of its own; whether there is such a dialog at all.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};
use eframe::egui;

/// Extensions of the photos that can be opened.
pub const PHOTO_EXTENSIONS: [&str; 10] = [
    "jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "jp2", "j2k", "jpf",
];
/// Extensions of colour profiles.
const PROFILE_EXTENSIONS: [&str; 2] = ["icc", "icm"];
/// Nobody cancels a dialog faster; an answer before this means that none was shown.
const FASTEST_PERSON: Duration = Duration::from_millis(250);

/// What a dialog is to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A photo to open, beginning in this folder.
    Open(Option<PathBuf>),
    /// A mask to load, beginning in this folder.
    OpenMask(Option<PathBuf>),
    /// A colour profile to read, beginning in this folder.
    OpenProfile(Option<PathBuf>),
    /// A mask's file to write, beginning with this name.
    SaveMask(PathBuf),
    /// A file to write, beginning with this name.
    Save(PathBuf),
}

/// How a dialog ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// A file was chosen.
    File(Wish, PathBuf),
    /// It was cancelled.
    Nothing,
    /// There is no working dialog here; ask in another way.
    Unavailable(Wish),
}

/// The system's dialog, at most one at a time.
#[derive(Debug)]
pub struct Picker {
    available: bool,
    open: Option<Receiver<Picked>>,
}

impl Picker {
    /// With `use_system` false the system is never asked (tests).
    pub fn new(use_system: bool) -> Self {
        Self {
            available: use_system && system_has_dialogs(),
            open: None,
        }
    }

    /// Whether a system dialog can be tried.
    pub const fn is_available(&self) -> bool {
        self.available
    }

    /// Shows a dialog; false when there is none to show.
    pub fn ask(&mut self, ctx: &egui::Context, wish: Wish) -> bool {
        if !self.available || self.open.is_some() {
            return self.available;
        }
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let ctx = ctx.clone();
        let dialog = dialog_for(&wish);
        let spawned = std::thread::Builder::new()
            .name("file dialog".to_owned())
            .spawn(move || {
                let started = Instant::now();
                let chosen = match &wish {
                    Wish::Open(_) | Wish::OpenMask(_) | Wish::OpenProfile(_) => {
                        block_on(dialog.pick_file())
                    }
                    Wish::Save(_) | Wish::SaveMask(_) => block_on(dialog.save_file()),
                };
                let picked = match chosen {
                    Some(file) => Picked::File(wish, file.path().to_path_buf()),
                    None if started.elapsed() < FASTEST_PERSON => Picked::Unavailable(wish),
                    None => Picked::Nothing,
                };
                // The window may be gone by now.
                if sender.send(picked).is_ok() {
                    ctx.request_repaint();
                }
            });
        self.available = spawned.is_ok();
        self.open = spawned.is_ok().then_some(receiver);
        self.available
    }

    /// The answer, once it is there; never waits.
    pub fn poll(&mut self) -> Option<Picked> {
        let picked = match self.open.as_ref()?.try_recv() {
            Ok(picked) => picked,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Picked::Nothing,
        };
        self.open = None;
        if matches!(picked, Picked::Unavailable(_)) {
            self.available = false;
        }
        Some(picked)
    }
}

fn dialog_for(wish: &Wish) -> rfd::AsyncFileDialog {
    let dialog = rfd::AsyncFileDialog::new();
    match wish {
        Wish::Open(folder) | Wish::OpenMask(folder) => {
            let title = if matches!(wish, Wish::Open(_)) {
                "Open a photo"
            } else {
                "Load a mask"
            };
            let dialog = dialog
                .set_title(title)
                .add_filter("Photos", &PHOTO_EXTENSIONS)
                .add_filter("All files", &["*"]);
            beginning_in(dialog, folder.as_deref())
        }
        Wish::OpenProfile(folder) => {
            let dialog = dialog
                .set_title("Choose the screen's colour profile")
                .add_filter("Colour profiles", &PROFILE_EXTENSIONS)
                .add_filter("All files", &["*"]);
            beginning_in(dialog, folder.as_deref())
        }
        Wish::Save(path) | Wish::SaveMask(path) => {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let dialog = dialog.set_title("Save as").set_file_name(name);
            match path.parent() {
                Some(folder) => dialog.set_directory(folder),
                None => dialog,
            }
        }
    }
}

/// `dialog`, to choose a file in `folder` first.
///
/// A desktop portal before 1.18 does not know the folder and begins where it likes. Zenity, which stands in for a missing
/// portal, takes it from the name of a file.
fn beginning_in(dialog: rfd::AsyncFileDialog, folder: Option<&Path>) -> rfd::AsyncFileDialog {
    let Some(folder) = folder else {
        return dialog;
    };
    let dialog = dialog.set_directory(folder);
    if cfg!(any(windows, target_os = "macos")) {
        return dialog;
    }
    dialog.set_file_name(format!("{}/", folder.display()))
}

/// A session bus (desktop portal) or zenity on Linux and the BSDs; elsewhere the system always has dialogs.
fn system_has_dialogs() -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        return true;
    }
    let bus =
        std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let zenity = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| is_program(&folder.join("zenity")))
    });
    bus || zenity
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for `future` on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_future_survives_being_woken_from_another_thread() {
        let (sender, receiver) = crossbeam_channel::bounded::<Waker>(1);
        let helper = std::thread::Builder::new()
            .name("waker".to_owned())
            .spawn(move || receiver.recv().unwrap().wake())
            .unwrap();
        let mut polls = 0;
        let answer = block_on(std::future::poll_fn(|context| {
            polls += 1;
            if polls == 1 {
                sender.send(context.waker().clone()).unwrap();
                return Poll::Pending;
            }
            Poll::Ready(42)
        }));
        helper.join().unwrap();
        assert_eq!((answer, polls), (42, 2));
    }

    #[test]
    fn without_the_system_nothing_is_asked() {
        let mut picker = Picker::new(false);
        assert!(!picker.ask(&egui::Context::default(), Wish::Open(None)));
        assert_eq!(picker.poll(), None);
    }
}
