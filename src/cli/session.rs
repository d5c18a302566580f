//! What one command shares: options, terminal, Ctrl-C, and the engine, loaded when it is first needed.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Instant;

use super::Stop;
use super::args::{Common, Provider};
use super::console::Console;
use super::interrupt;
use super::memory;
use crate::inference::{
    CancelToken, Engine, EngineOptions, InferenceError, ProviderChoice, ProviderReport,
};
use crate::io::{DecodeLimits, open_page, remove_unfinished};
use crate::photo::Photo;
use crate::restore::{ContextCache, ProgressSink as _, Stage, warm_up};

/// Up to this size of a decoded photo the networks are kept while it is written, bytes: loading them takes longer than
/// writing a small one.
const KEEP_NETWORKS_BYTES: usize = 128 << 20;

/// What loading came to, and the wall time it took, s.
type Loaded = (Result<Engine, InferenceError>, f64);

/// One command being run.
pub(super) struct Session<'a> {
    pub common: &'a Common,
    pub console: &'a Console,
    pub cancel: CancelToken,
    pub limits: DecodeLimits,
    /// The largest photo decoded so far, bytes.
    pub largest_photo_bytes: Cell<usize>,
    engine: Option<Engine>,
    /// The engine being loaded and warmed up on a thread of its own; the token ends the warm-up.
    loading: Option<(JoinHandle<Loaded>, CancelToken)>,
    /// Whether it was said that a GPU is not used.
    told_fallback: bool,
    /// Wall time of loading the networks, s; 0 while not loaded.
    pub load_seconds: f64,
}

impl<'a> Session<'a> {
    /// Prepares to run; from now on Ctrl-C, SIGTERM and SIGHUP cancel instead of killing, a second one ends the program at once.
    pub fn new(common: &'a Common, console: &'a Console) -> Result<Self, Stop> {
        let cancel = CancelToken::default();
        let token = cancel.clone();
        interrupt::watch(move || {
            if token.is_cancelled() {
                remove_unfinished();
                std::process::exit(i32::from(super::EXIT_CANCELLED));
            }
            token.cancel();
        })?;
        Ok(Self {
            common,
            console,
            cancel,
            limits: DecodeLimits::default(),
            largest_photo_bytes: Cell::new(0),
            engine: None,
            loading: None,
            told_fallback: false,
            load_seconds: 0.0,
        })
    }

    /// What the engine is asked for.
    pub fn engine_options(&self) -> EngineOptions {
        self.common.engine_options(false)
    }

    /// Begins to load the engine on a thread of its own, when it is certain to be needed; [`Self::engine`] waits for it.
    pub fn begin_loading(&mut self) {
        if self.loading.is_some() || self.has_engine() {
            return;
        }
        let options = self.engine_options();
        let is_needed = CancelToken::new();
        let spawned = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn({
                let is_needed = is_needed.clone();
                move || {
                    let mut loaded = load(&options);
                    if let Ok(engine) = &mut loaded.0 {
                        warm_up(engine, &is_needed);
                    }
                    loaded
                }
            });
        match spawned {
            Ok(thread) => self.loading = Some((thread, is_needed)),
            // It is loaded when it is needed, then.
            Err(error) => tracing::warn!("no thread to load the networks on: {error}"),
        }
    }

    fn has_engine(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::is_loaded)
    }

    /// The engine; loads it the first time, or waits for [`Self::begin_loading`].
    pub fn engine(&mut self) -> Result<&mut Engine, Stop> {
        if !self.has_engine() {
            self.console.report(Stage::LoadingModel, 0, 0);
            let loading = self.loading.take().map(join);
            let (loaded, seconds) = match loading {
                Some(Ok(loaded)) => loaded,
                None => load(&self.engine_options()),
                Some(Err(_panic)) => {
                    return Err(Stop::Fatal(anyhow::anyhow!(
                        "an internal error stopped the loading of the networks; report it if it comes back"
                    )));
                }
            };
            let engine = loaded.map_err(|error| Stop::Fatal(error.into()))?;
            self.load_seconds += seconds;
            let ProviderReport {
                kind,
                detail,
                is_fallback,
                ..
            } = engine.provider();
            if *is_fallback && !self.told_fallback {
                self.told_fallback = true;
                self.console.note(&format!(
                    "The GPU cannot be used, the networks run on the {}: {detail}",
                    kind.name()
                ));
            } else {
                let reason = if detail.is_empty() {
                    String::new()
                } else {
                    format!(" ({detail})")
                };
                self.console
                    .detail(&format!("Networks run on {}{reason}", kind.name()));
            }
            if let Some(said) = memory::smaller_windows(&self.engine_options()) {
                self.console.detail(&said);
            }
            for model in engine.models() {
                if !model.trained {
                    self.console.note(&format!(
                        "The network {} is not trained: its results are of no use",
                        model.id
                    ));
                }
            }
            self.engine = Some(engine);
        }
        self.check_cancelled()?;
        self.engine
            .as_mut()
            .ok_or_else(|| Stop::Fatal(anyhow::anyhow!("the networks are not loaded")))
    }

    /// The engine if something needed it.
    pub fn loaded_engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// Decodes a photo, takes it for a linear scan or not as the options say, and tells what decoding changed.
    pub fn open(&self, path: &Path) -> Result<Photo, Stop> {
        self.open_page(path, self.common.page)
    }

    /// As [`Self::open`], but with the page of a TIFF (counted from 1) named by the caller.
    pub fn open_page(&self, path: &Path, page: Option<NonZeroU32>) -> Result<Photo, Stop> {
        let photo = self.open_quietly(path, page)?;
        for note in &photo.source().notes {
            self.console.note(&format!("{}: {note}", path.display()));
        }
        if photo.transfer().is_linear() {
            let said = "taken for a linear scan";
            self.console.detail(&format!("{}: {said}", path.display()));
        }
        Ok(photo)
    }

    /// As [`Self::open_page`], for a derivative, whose notes would be its master's once more: nothing is told.
    pub fn open_quietly(&self, path: &Path, page: Option<NonZeroU32>) -> Result<Photo, Stop> {
        self.check_cancelled()?;
        let page = page.map(|page| page.get() - 1);
        let photo = open_page(path, &self.limits, page).map_err(anyhow::Error::from)?;
        let photo = photo.taken_as(self.common.linear.into());
        let largest = self.largest_photo_bytes.get().max(photo.decoded_bytes());
        self.largest_photo_bytes.set(largest);
        self.check_cancelled()?;
        Ok(photo)
    }

    /// A cache of stage 1's contexts for one photo.
    pub fn contexts(&self) -> ContextCache {
        ContextCache::new(self.engine_options().context_bytes())
    }

    /// Frees the networks when a photo of `decoded_bytes` leaves little memory for writing it; a next photo loads them anew.
    pub fn make_room(&mut self, decoded_bytes: usize) {
        if decoded_bytes > KEEP_NETWORKS_BYTES
            && let Some(engine) = &mut self.engine
        {
            engine.unload();
        }
    }

    /// Says what the engine had to change, for instance smaller tiles.
    pub fn say_notes(&mut self) {
        for note in self.engine.iter_mut().flat_map(Engine::take_notes) {
            self.console.note(&note);
        }
    }

    /// # Errors
    /// [`Stop::Cancelled`] after Ctrl-C.
    pub fn check_cancelled(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        Ok(())
    }
}

impl Drop for Session<'_> {
    /// Waits for an engine that nobody waited for: the program must not end while ONNX Runtime begins.
    fn drop(&mut self) {
        if let Some(Err(_panic)) = self.loading.take().map(join) {
            tracing::error!("an internal error stopped the loading of the networks");
        }
    }
}

/// Waits for what was spawned, without the rest of its warm-up.
fn join<T>((thread, is_needed): (JoinHandle<T>, CancelToken)) -> std::thread::Result<T> {
    is_needed.cancel();
    thread.join()
}

/// Loads the engine; also says how long that took, s.
fn load(options: &EngineOptions) -> Loaded {
    let started = Instant::now();
    let loaded = Engine::load(options);
    (loaded, started.elapsed().as_secs_f64())
}

impl Common {
    /// What the engine is asked for; `interactive` in the window.
    pub fn engine_options(&self, interactive: bool) -> EngineOptions {
        EngineOptions {
            provider: match self.provider {
                Provider::Auto => ProviderChoice::Auto,
                Provider::Cpu => ProviderChoice::Cpu,
                Provider::Cuda => ProviderChoice::Cuda,
            },
            threads: self.threads.map(usize::from),
            models_dir: self.models.clone(),
            runtime: self.runtime.clone(),
            memory_limit_bytes: self.memory_limit,
            cpu_fallback: false,
            interactive,
        }
    }
}
