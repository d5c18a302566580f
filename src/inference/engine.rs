//! Both networks, loaded and checked, with the provider that really runs them. One thread owns an [`Engine`].

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::arena::MIN_ARENA_BYTES;
use super::embedded::{EmbeddedModel, RESTORE, SCRATCH_CONTEXT};
use super::ladder::{CpuFallback, Ladder};
use super::provider::ThisMachine;
use super::session::{SessionOptions, free_arena};
use super::{
    CancelToken, Contract, InferenceError, Manifest, Network, ProviderChoice, ProviderKind,
    ProviderReport, RuntimeInfo, Tensor, TensorView, provider, runtime,
};

/// What the networks and what is kept beside a decoded photo may occupy unless told otherwise, bytes.
pub const DEFAULT_WORKING_BYTES: u64 = 1 << 30;

/// The networks may take one part in this many of the working memory; the arena holds them to it.
const RUN_SHARE: u64 = 2;

/// The smallest working memory, bytes: the networks' part holds the smallest window of either, its weights and the probe run.
pub const MIN_WORKING_BYTES: u64 = RUN_SHARE * MIN_ARENA_BYTES as u64;

/// The context cache may take one part in this many of the working memory.
const CONTEXT_SHARE: u64 = 16;

/// How to load an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Which execution provider to use.
    pub provider: ProviderChoice,
    /// Threads one network run may use; `None`: all cores, less one kept for the window when [`Self::interactive`].
    pub threads: Option<usize>,
    /// A folder of models that replaces the embedded ones: `<name>/manifest.toml` with the model beside it.
    pub models_dir: Option<PathBuf>,
    /// The ONNX Runtime library, or a folder that holds it; `None`: searched for.
    pub runtime: Option<PathBuf>,
    /// Upper bound of what the networks and what is kept beside the decoded photo may occupy, bytes; `None`:
    /// [`DEFAULT_WORKING_BYTES`]. What grows with the photo while it is searched and written is not in it, and the networks
    /// take their part of [`MIN_WORKING_BYTES`] whatever is asked for.
    pub memory_limit_bytes: Option<u64>,
    /// Whether the CPU is taken where the provider asked for cannot run, with the reason in the report, instead of an error.
    pub cpu_fallback: bool,
    /// True in the window: threads sleep instead of spinning, and a core is left to the screen.
    pub interactive: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            provider: ProviderChoice::Auto,
            threads: None,
            models_dir: None,
            runtime: None,
            memory_limit_bytes: None,
            cpu_fallback: false,
            interactive: false,
        }
    }
}

impl EngineOptions {
    /// Upper bound of what the networks and what is kept beside the decoded photo may occupy, bytes.
    pub fn working_bytes(&self) -> u64 {
        self.memory_limit_bytes.unwrap_or(DEFAULT_WORKING_BYTES)
    }

    /// The networks' part of [`Self::working_bytes`].
    pub fn run_bytes(&self) -> u64 {
        self.working_bytes() / RUN_SHARE
    }

    /// The context cache's part of [`Self::working_bytes`].
    pub fn context_bytes(&self) -> usize {
        (self.working_bytes() / CONTEXT_SHARE) as usize
    }

    /// Threads one network run uses on a machine with `cores` cores: never more, since they would only wait for each other.
    pub fn threads_for(&self, cores: usize) -> usize {
        let automatic = if self.interactive && cores > 2 {
            cores - 1
        } else {
            cores
        };
        self.threads.unwrap_or(automatic).clamp(1, cores.max(1))
    }
}

/// Which model file is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelIdentity {
    /// The manifest's id.
    pub id: String,
    /// SHA-256 of the model file, lower-case hex.
    pub sha256: String,
    /// Whether it was trained, by its manifest.
    pub trained: bool,
}

impl From<&Manifest> for ModelIdentity {
    fn from(manifest: &Manifest) -> Self {
        Self {
            id: manifest.id.clone(),
            sha256: manifest.sha256.clone(),
            trained: manifest.trained,
        }
    }
}

/// A model that passed its checks and waits for a session.
pub(super) struct CheckedModel {
    pub manifest: Manifest,
    pub onnx: std::borrow::Cow<'static, [u8]>,
}

/// Both networks and the provider that runs them.
pub struct Engine {
    pub(super) detector: Box<dyn Network>,
    pub(super) filler: Box<dyn Network>,
    pub(super) provider: ProviderReport,
    pub(super) ladder: Ladder,
    runtime: Option<RuntimeInfo>,
    run_bytes: u64,
    filled_window_px: u64,
    is_loaded: bool,
}

impl Engine {
    /// Loads ONNX Runtime and both models, checks them, and proves the provider by a probe run.
    ///
    /// # Errors
    /// [`InferenceError`] when the library is missing, a model does not pass its checks, or the provider asked for cannot run.
    pub fn load(options: &EngineOptions) -> Result<Self, InferenceError> {
        let detector = load_model(options.models_dir.as_deref(), Contract::ScratchContextV1)?;
        let filler = load_model(options.models_dir.as_deref(), Contract::RestoreV1)?;
        let runtime = runtime::load(options.runtime.as_deref())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let session = SessionOptions {
            threads: options.threads_for(cores),
            spinning: !options.interactive,
            arena_bytes: options.run_bytes(),
        };
        let wish = (options.provider, options.cpu_fallback);
        let models = &[detector, filler];
        let machine = ThisMachine { session, models };
        let (provider, [detector, filler]) = provider::select(wish, &machine)?;
        let fallback = (provider.kind != ProviderKind::Cpu).then(|| on_cpu(options.clone()));
        Ok(Self {
            detector,
            filler,
            provider,
            ladder: Ladder::with_fallback(fallback),
            runtime: Some(runtime),
            run_bytes: options.run_bytes(),
            filled_window_px: 0,
            is_loaded: true,
        })
    }

    /// An engine of the given networks, for tests: the provider is reported as CPU.
    pub fn from_networks(detector: Box<dyn Network>, filler: Box<dyn Network>) -> Self {
        Self {
            detector,
            filler,
            provider: ProviderReport {
                kind: ProviderKind::Cpu,
                detail: String::new(),
                said: String::new(),
                is_fallback: false,
            },
            ladder: Ladder::default(),
            runtime: None,
            run_bytes: EngineOptions::default().run_bytes(),
            filled_window_px: 0,
            is_loaded: true,
        }
    }

    /// The engine with another report of its provider, for tests of what is said about it.
    #[must_use]
    pub fn reporting(self, provider: ProviderReport) -> Self {
        Self { provider, ..self }
    }

    /// The engine with what it goes on with when not even the smallest window fits, for tests.
    #[must_use]
    pub fn falling_back_to(self, fallback: CpuFallback) -> Self {
        let ladder = Ladder::with_fallback(Some(fallback));
        Self { ladder, ..self }
    }

    /// Stage 1.
    pub fn detector(&mut self) -> &mut dyn Network {
        self.detector.as_mut()
    }

    /// Stage 2.
    pub fn filler(&mut self) -> &mut dyn Network {
        self.filler.as_mut()
    }

    /// Stage 1's manifest.
    pub fn detector_manifest(&self) -> &Manifest {
        self.detector.manifest()
    }

    /// Stage 2's manifest.
    pub fn filler_manifest(&self) -> &Manifest {
        self.filler.manifest()
    }

    /// The provider that really runs, and why not another.
    pub fn provider(&self) -> &ProviderReport {
        &self.provider
    }

    /// The ONNX Runtime in use; `None` for fakes.
    pub fn runtime(&self) -> Option<&RuntimeInfo> {
        self.runtime.as_ref()
    }

    /// Stage 1 and stage 2.
    pub fn models(&self) -> [ModelIdentity; 2] {
        [
            self.detector.manifest().into(),
            self.filler.manifest().into(),
        ]
    }

    /// What one run may occupy, bytes; less after [`Self::step_down`].
    pub fn run_bytes(&self) -> u64 {
        self.ladder.scaled(self.run_bytes)
    }

    /// Frees both networks and their memory. What they are stays known; a run fails until an engine is loaded anew.
    pub fn unload(&mut self) {
        let gone = |network: &dyn Network| Box::new(Unloaded(network.manifest().clone()));
        let (detector, filler) = (gone(&*self.detector), gone(&*self.filler));
        self.detector = detector;
        self.filler = filler;
        self.is_loaded = false;
        free_arena();
    }

    /// False after [`Self::unload`].
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Pixels of all windows that stage 2 has computed so far.
    pub fn filled_window_px(&self) -> u64 {
        self.filled_window_px
    }

    /// A window of `pixels` was computed by stage 2.
    pub(crate) fn count_filled(&mut self, pixels: usize) {
        self.filled_window_px += pixels as u64;
    }
}

/// What is left of a network that was freed.
struct Unloaded(Manifest);

impl Network for Unloaded {
    fn manifest(&self) -> &Manifest {
        &self.0
    }

    fn run(
        &mut self,
        _inputs: &[(&str, TensorView<'_>)],
        _cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        Err(InferenceError::Run {
            model: self.0.id.clone(),
            message: "it was unloaded".to_owned(),
        })
    }
}

/// How to load both networks on the CPU.
fn on_cpu(options: EngineOptions) -> CpuFallback {
    Box::new(move || {
        let options = EngineOptions {
            provider: ProviderChoice::Cpu,
            ..options
        };
        Engine::load(&options).map(|engine| [engine.detector, engine.filler])
    })
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("models", &self.models())
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// The models that [`Engine::load`] would use, checked but without a session; needs no ONNX Runtime.
///
/// # Errors
/// [`InferenceError`] when one does not pass its checks.
pub fn check_models(models_dir: Option<&Path>) -> Result<[ModelIdentity; 2], InferenceError> {
    let identity = |contract| {
        load_model(models_dir, contract).map(|model| ModelIdentity::from(&model.manifest))
    };
    Ok([
        identity(Contract::ScratchContextV1)?,
        identity(Contract::RestoreV1)?,
    ])
}

/// Reads the model of `contract` and checks its manifest and its SHA-256.
pub(super) fn load_model(
    folder: Option<&Path>,
    contract: Contract,
) -> Result<CheckedModel, InferenceError> {
    match folder {
        Some(folder) => load_from_folder(folder, contract),
        None => load_embedded(match contract {
            Contract::ScratchContextV1 => SCRATCH_CONTEXT,
            Contract::RestoreV1 => RESTORE,
        }),
    }
}

fn load_embedded(model: EmbeddedModel) -> Result<CheckedModel, InferenceError> {
    let manifest = Manifest::parse(model.manifest, "embedded model")?;
    check_sha256(&manifest, model.onnx, &manifest.id)?;
    Ok(CheckedModel {
        manifest,
        onnx: model.onnx.into(),
    })
}

fn load_from_folder(folder: &Path, contract: Contract) -> Result<CheckedModel, InferenceError> {
    let read_error = |path: &Path| {
        let path = path.to_owned();
        move |source| InferenceError::Read { path, source }
    };
    let mut found = None;
    let mut entries = std::fs::read_dir(folder)
        .map_err(read_error(folder))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(read_error(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path().join("manifest.toml");
        if !path.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(read_error(&path))?;
        let manifest = Manifest::parse(&text, &path.display().to_string())?;
        if manifest.contract != contract {
            continue;
        }
        if found.replace((entry.path(), manifest)).is_some() {
            return Err(InferenceError::ModelAmbiguous {
                contract: contract.label(),
                folder: folder.to_owned(),
            });
        }
    }
    let Some((directory, manifest)) = found else {
        return Err(InferenceError::ModelMissing {
            contract: contract.label(),
            folder: folder.to_owned(),
        });
    };
    let path = directory.join(&manifest.file);
    let onnx = std::fs::read(&path).map_err(read_error(&path))?;
    check_sha256(&manifest, &onnx, &path.display().to_string())?;
    Ok(CheckedModel {
        manifest,
        onnx: onnx.into(),
    })
}

fn check_sha256(manifest: &Manifest, onnx: &[u8], name: &str) -> Result<(), InferenceError> {
    let actual = Sha256::digest(onnx)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    if actual == manifest.sha256 {
        Ok(())
    } else {
        Err(InferenceError::Checksum {
            name: name.to_owned(),
            expected: manifest.sha256.clone(),
            actual,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_threads_run_than_there_are_cores() {
        let threads = |wanted, interactive| EngineOptions {
            threads: wanted,
            interactive,
            ..EngineOptions::default()
        };
        assert_eq!(threads(None, false).threads_for(8), 8);
        assert_eq!(threads(None, true).threads_for(8), 7);
        assert_eq!(threads(None, true).threads_for(2), 2);
        assert_eq!(threads(Some(3), true).threads_for(8), 3);
        assert_eq!(threads(Some(64), false).threads_for(2), 2);
    }

    #[test]
    fn an_unloaded_engine_is_still_known_and_refuses_to_run() {
        let mut engine = super::super::fake::identity_engine();
        let models = engine.models();
        engine.unload();
        assert!(!engine.is_loaded());
        assert_eq!(engine.models(), models);
        let photo = Tensor::filled([1, 3, 64, 64], 0.0);
        let run = engine
            .detector()
            .run(&[("photo", photo.view())], &CancelToken::new());
        assert!(run.unwrap_err().to_string().contains("unloaded"));
    }
}
