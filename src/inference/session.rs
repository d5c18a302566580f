//! ONNX Runtime sessions behind the [`Network`] trait. One of the few files that name `ort` (ARCHITECTURE.md lists them).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ort::environment::Environment;
use ort::ep::ExecutionProviderDispatch;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{Outlet, TensorElementType, TensorRef, ValueRef, ValueType};

use super::arena::{BoundedArena, bounded_arena, release_arena};
use super::binding::BoundRuns;
use super::engine::CheckedModel;
use super::runtime::{RuntimeError, version_of_name};
use super::{
    CancelToken, InferenceError, Manifest, Network, ProviderKind, Shape, Tensor, TensorView,
};

/// The one environment of this process; ONNX Runtime allows no second one.
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();

/// How sessions use the processor.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionOptions {
    /// Threads one run may use.
    pub threads: usize,
    /// Whether idle threads spin; faster between layers, but takes the processor from a window.
    pub spinning: bool,
    /// What the arena of all sessions made together may take, bytes.
    pub arena_bytes: u64,
}

/// Loads the library at `path` and creates the environment; returns the library's version.
///
/// Must succeed once before any session is made; a failure may be followed by another try with another path.
pub(super) fn initialise(path: &Path) -> Result<String, RuntimeError> {
    let unloadable = |message: String| RuntimeError::Unloadable {
        path: path.to_owned(),
        message,
    };
    let builder = ort::init_from(path).map_err(|error| match error {
        ort::LoadDynamicError::BadVersion { version_str, path } => RuntimeError::TooOld {
            path,
            version: version_str,
        },
        ort::LoadDynamicError::Dlopen { error, .. } => unloadable(error.to_string()),
        ort::LoadDynamicError::MissingApi { .. } | ort::LoadDynamicError::InvalidVersionString => {
            unloadable("it is not ONNX Runtime".to_owned())
        }
    })?;
    let environment = builder
        .with_name("unscratch")
        .with_telemetry(false)
        .build()
        .map_err(|error| unloadable(error.message().to_owned()))?;
    ENVIRONMENT.get_or_init(|| environment);
    Ok(library_version(path))
}

/// The version from ONNX Runtime's build description, else from the file's name.
fn library_version(path: &Path) -> String {
    let from_build = ort::info()
        .split(|c: char| c == ',' || c.is_whitespace())
        .find_map(|word| word.strip_prefix("git-branch=rel-"))
        .map(str::to_owned);
    from_build.unwrap_or_else(|| {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let numbers: Vec<String> = version_of_name(&canonical)
            .iter()
            .map(u32::to_string)
            .collect();
        if numbers.is_empty() {
            format!("at least 1.{}", ort::MINOR_VERSION)
        } else {
            numbers.join(".")
        }
    })
}

/// The arena for sessions that may take `limit_bytes` together; see [`bounded_arena`].
///
/// # Errors
/// ONNX Runtime's words when it is not loaded or refuses.
pub(super) fn arena_of(limit_bytes: u64) -> Result<BoundedArena, String> {
    bounded_arena(environment()?, limit_bytes)
}

/// Gives back the arena that sessions shared.
pub(super) fn free_arena() {
    let freed = environment().and_then(release_arena);
    if let Err(message) = freed {
        tracing::debug!("the networks' memory could not be given back: {message}");
    }
}

pub(super) fn environment() -> Result<&'static Environment, String> {
    ENVIRONMENT
        .get()
        .ok_or_else(|| "ONNX Runtime is not loaded".to_owned())
}

/// A model loaded into ONNX Runtime.
pub(super) struct OrtNetwork {
    manifest: Manifest,
    session: Session,
    /// Buffers of runs over bound memory; `None`: plain runs.
    bound: Option<BoundRuns>,
}

impl OrtNetwork {
    /// Loads `model` on the given providers, tried in order, and checks its inputs and outputs.
    pub(super) fn new(
        model: &CheckedModel,
        options: SessionOptions,
        providers: &[ExecutionProviderDispatch],
    ) -> Result<Self, InferenceError> {
        let manifest = &model.manifest;
        let session = build_session(&model.onnx, options, providers)
            .map_err(|message| refusal(&manifest.id, message))?;
        check_contract(manifest, &session)?;
        Ok(Self {
            manifest: manifest.clone(),
            session,
            bound: None,
        })
    }

    /// From now on runs go over buffers that are bound to the session, which is on `provider`.
    pub(super) fn bind(&mut self, provider: ProviderKind) {
        self.bound = Some(BoundRuns::new(provider));
    }

    /// From now on runs go without bound buffers.
    pub(super) fn unbind(&mut self) {
        self.bound = None;
    }

    /// Whether runs go over bound buffers.
    #[cfg(test)]
    pub(super) fn is_bound(&self) -> bool {
        self.bound.is_some()
    }

    /// How many graph nodes each execution provider was given.
    pub(super) fn nodes_by_provider(&self) -> Result<BTreeMap<String, usize>, String> {
        super::provider::assigned_nodes(&self.session)
    }

    /// Runs once on zeros, 64 × 64 px: proves that the provider works with this model.
    pub(super) fn probe(&mut self) -> Result<(), InferenceError> {
        let side = self.manifest.grid_px as usize;
        let context_side = side / self.manifest.context_stride_px as usize;
        let photo = Tensor::filled([1, 3, side, side], 0.0);
        let mask = Tensor::filled([1, 1, side, side], 0.0);
        let context_shape = [
            1,
            self.manifest.context_channels,
            context_side,
            context_side,
        ];
        let context = Tensor::filled(context_shape, 0.0);
        let all = [
            ("photo", photo.view()),
            ("mask", mask.view()),
            ("context", context.view()),
        ];
        let wanted = self.manifest.contract.inputs().len();
        self.run(&all[..wanted], &CancelToken::new()).map(|_| ())
    }
}

/// Why the model `id` has no session.
fn refusal(id: &str, message: String) -> InferenceError {
    if says_out_of_memory(&message) {
        tracing::info!(
            "the model {id} does not fit into memory: {}",
            message.trim_end()
        );
        return InferenceError::OutOfMemory {
            model: id.to_owned(),
        };
    }
    InferenceError::ModelRefused {
        name: id.to_owned(),
        message,
    }
}

fn build_session(
    onnx: &[u8],
    options: SessionOptions,
    providers: &[ExecutionProviderDispatch],
) -> Result<Session, String> {
    let builder = Session::builder(environment()?).map_err(text)?;
    configure(builder, options, providers)?
        .commit_from_memory(onnx)
        .map_err(text)
}

pub(super) fn configure(
    builder: SessionBuilder,
    options: SessionOptions,
    providers: &[ExecutionProviderDispatch],
) -> Result<SessionBuilder, String> {
    builder
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(text)?
        .with_intra_threads(options.threads)
        .map_err(text)?
        .with_inter_threads(1)
        .map_err(text)?
        .with_intra_op_spinning(options.spinning)
        .map_err(text)?
        // Windows differ in size: a memory plan would be kept for each of them.
        .with_memory_pattern(false)
        .map_err(text)?
        // The bounded arena, which all sessions share.
        .with_config_entry("session.use_env_allocators", "1")
        .map_err(text)?
        .with_config_entry("session.record_ep_graph_assignment_info", "1")
        .map_err(text)?
        .with_execution_providers(providers)
        .map_err(text)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "for map_err, which hands errors over"
)]
pub(super) fn text<R>(error: ort::Error<R>) -> String {
    error.message().to_owned()
}

impl Network for OrtNetwork {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        if cancel.is_cancelled() {
            return Err(InferenceError::Cancelled);
        }
        let model = &self.manifest.id;
        let outcome = run_session(
            &mut self.session,
            cancel,
            |session, options| match &mut self.bound {
                Some(bound) => bound.run(session, &self.manifest, inputs, options),
                None => run_plain(session, inputs, options),
            },
        );
        match outcome {
            Ok(outputs) => outputs
                .into_iter()
                .map(|RawOutput { name, shape, data }| Ok((name, Tensor::new(shape, data)?)))
                .collect(),
            Err(_) if cancel.is_cancelled() => Err(InferenceError::Cancelled),
            Err(error) if says_out_of_memory(error.message()) => Err(InferenceError::OutOfMemory {
                model: model.clone(),
            }),
            Err(error) => Err(InferenceError::Run {
                model: model.clone(),
                message: error.message().to_owned(),
            }),
        }
    }
}

/// What a run gave.
pub(super) struct RawOutput {
    name: String,
    shape: Shape,
    data: Vec<f32>,
}

impl RawOutput {
    /// A copy of `value`, which lies in memory that the processor can reach.
    pub fn new(name: &str, value: &ValueRef<'_>) -> ort::Result<Self> {
        let (shape, data) = value.try_extract_tensor::<f32>()?;
        let sides: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        let shape = Shape::try_from(sides)
            .map_err(|sides| ort::Error::new(format!("{name} has rank {}", sides.len())))?;
        Ok(Self {
            name: name.to_owned(),
            shape,
            data: data.to_vec(),
        })
    }
}

/// Runs `session` as `run` says; `cancel` stops it.
fn run_session<T>(
    session: &mut Session,
    cancel: &CancelToken,
    run: impl FnOnce(&mut Session, &RunOptions) -> ort::Result<T>,
) -> ort::Result<T> {
    // A terminated `RunOptions` stays terminated, so each run has its own.
    let options = Arc::new(RunOptions::new()?);
    let _guard = cancel.on_cancel({
        let options = Arc::clone(&options);
        move || {
            if let Err(error) = options.terminate() {
                tracing::debug!("a network run could not be stopped: {error}");
            }
        }
    });
    run(session, &options)
}

fn run_plain(
    session: &mut Session,
    inputs: &[(&str, TensorView<'_>)],
    options: &RunOptions,
) -> ort::Result<Vec<RawOutput>> {
    let values = inputs
        .iter()
        .map(|(name, view)| {
            let value = TensorRef::from_array_view((view.shape(), view.data()))?;
            Ok((Cow::from(*name), SessionInputValue::from(value)))
        })
        .collect::<ort::Result<Vec<_>>>()?;
    let outputs = session.run_with_options(values, options)?;
    outputs
        .iter()
        .map(|(name, value)| RawOutput::new(name, &value))
        .collect()
}

/// ONNX Runtime has no error code for it: the words of the allocator, the arena, CUDA and its libraries are looked for.
pub(super) fn says_out_of_memory(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "failed to allocate memory",
        "bad_alloc",
        "out of memory",
        // The arena at its bound.
        "is smaller than requested bytes",
        // cuDNN's and cuBLAS's names of it; also as CUDNN_STATUS_ALLOC_FAILED_… and CUDNN_STATUS_INTERNAL_ERROR_DEVICE_….
        "cudnn_status_alloc_failed",
        "cudnn_status_internal_error_device_allocation_failed",
        "cublas_status_alloc_failed",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Checks names, element types and channels of the graph against the manifest's contract.
fn check_contract(manifest: &Manifest, session: &Session) -> Result<(), InferenceError> {
    let contract = manifest.contract;
    check_outlets(manifest, "inputs", session.inputs(), contract.inputs())?;
    check_outlets(manifest, "outputs", session.outputs(), contract.outputs())
}

fn check_outlets(
    manifest: &Manifest,
    kind: &str,
    outlets: &[Outlet],
    wanted: &[&str],
) -> Result<(), InferenceError> {
    let broken = |detail: String| InferenceError::ContractBroken {
        name: manifest.id.clone(),
        contract: manifest.contract.label(),
        detail,
    };
    let mut found: Vec<&str> = outlets.iter().map(Outlet::name).collect();
    let mut expected = wanted.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    if found != expected {
        return Err(broken(format!(
            "its {kind} are {found:?}, not {expected:?}"
        )));
    }
    for outlet in outlets {
        let channels = manifest.channels_of(outlet.name()) as i64;
        let fits = match outlet.dtype() {
            ValueType::Tensor {
                ty: TensorElementType::Float32,
                shape,
                ..
            } => shape.len() == 4 && (shape[1] == channels || shape[1] == -1),
            _ => false,
        };
        if !fits {
            return Err(broken(format!(
                "{:?} is {}, not f32 of shape (N, {channels}, H, W)",
                outlet.name(),
                outlet.dtype()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_does_not_fit_while_it_is_loaded_is_no_model_that_is_refused() {
        let words = "CUDA failure 2: out of memory ; GPU=-1 ; hostname=vm ; expr=cudaSetDevice(info_.device_id);";
        let error = refusal("restore", words.to_owned());
        assert!(matches!(&error, InferenceError::OutOfMemory { model } if model == "restore"));
        let error = refusal("restore", "no such operator".to_owned());
        assert!(matches!(error, InferenceError::ModelRefused { .. }));
    }

    #[test]
    fn every_librarys_words_for_too_little_memory_are_known() {
        for message in [
            "Failed to allocate memory for requested buffer of size 4096",
            "Available memory of 100 is smaller than requested bytes of 4096",
            "CUDA failure 2: out of memory ; GPU=0",
            "CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=box",
            "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
            "std::bad_alloc",
        ] {
            assert!(says_out_of_memory(message), "{message}");
        }
        for message in [
            "CUDNN failure 9: CUDNN_STATUS_NOT_SUPPORTED ; GPU=0",
            "CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED ; GPU=0",
            "the graph has no node of this name",
        ] {
            assert!(!says_out_of_memory(message), "{message}");
        }
    }
}
