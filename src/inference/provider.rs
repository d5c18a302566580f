//! Execution providers: what was asked for, what really ran, and why. A provider counts only after a probe run on it.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::path::Path;

use ort::AsPointer as _;
use ort::ep::cuda::ConvAlgorithmSearch;
use ort::ep::{ArenaExtendStrategy, CPU, CUDA, ExecutionProvider as _, ExecutionProviderDispatch};
use ort::session::Session;
use serde::{Deserialize, Serialize};

use super::cuda_failure::{CudaFailure, one_line};
use super::engine::{CheckedModel, EngineOptions, load_model};
use super::session::{OrtNetwork, SessionOptions, arena_of};
use super::{Contract, InferenceError, Network, installed, library_file, runtime};

/// What the person asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderChoice {
    /// CUDA when it really works, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// CUDA or an error.
    Cuda,
}

/// What runs a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderKind {
    /// The CPU.
    Cpu,
    /// An NVIDIA GPU through CUDA.
    Cuda,
}

impl ProviderKind {
    /// Name on screen and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Cuda => "CUDA",
        }
    }

    const fn runtime_name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
        }
    }
}

/// The provider that really runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderReport {
    /// Which one.
    pub kind: ProviderKind,
    /// Why another was not used, as a short sentence; empty when it was asked for.
    pub detail: String,
    /// ONNX Runtime's own words about that, on one line; empty where there are none.
    pub said: String,
    /// Whether another was asked for, or is offered by this ONNX Runtime, and does not work: the person should be told.
    pub is_fallback: bool,
}

/// What is known of one provider on this machine, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderProbe {
    /// Which one.
    pub kind: ProviderKind,
    /// Whether the loaded ONNX Runtime was built with it.
    pub offered: bool,
    /// Whether both networks ran on it.
    pub works: bool,
    /// Why it does not work, as a short sentence; empty when it does.
    pub reason: String,
}

/// Whether `choice` may come to run on a GPU, by a first look that loads nothing.
pub fn may_run_on_gpu(choice: ProviderChoice) -> bool {
    choice != ProviderChoice::Cpu && driver_present()
}

/// Tries every provider with both networks.
///
/// # Errors
/// [`InferenceError`] when ONNX Runtime or the models themselves cannot be loaded.
pub fn probe_providers(options: &EngineOptions) -> Result<Vec<ProviderProbe>, InferenceError> {
    let folder = options.models_dir.as_deref();
    let models = [
        load_model(folder, Contract::ScratchContextV1)?,
        load_model(folder, Contract::RestoreV1)?,
    ];
    runtime::load(options.runtime.as_deref())?;
    let session = SessionOptions {
        threads: options.threads_for(std::thread::available_parallelism().map_or(1, usize::from)),
        spinning: false,
        arena_bytes: options.run_bytes(),
    };
    let models = &models;
    Ok(probe_all(&ThisMachine { session, models }))
}

/// What is known of every provider where none can be tried, for `reason`; whether it is offered is known once ONNX Runtime is
/// loaded (`has_runtime`).
pub fn unprobed_providers(has_runtime: bool, reason: &str) -> Vec<ProviderProbe> {
    [ProviderKind::Cpu, ProviderKind::Cuda]
        .map(|kind| {
            let is_built_in = || kind == ProviderKind::Cpu || CUDA::is_available().unwrap_or(false);
            let offered = has_runtime && is_built_in();
            // With the networks it could not be used all the same.
            let reason = if has_runtime && !offered {
                CudaFailure::not_offered().reason
            } else {
                one_line(reason)
            };
            ProviderProbe {
                kind,
                offered,
                works: false,
                reason,
            }
        })
        .into()
}

fn probe_all(machine: &impl Machine) -> Vec<ProviderProbe> {
    let probe = |kind, offered, reason: Option<String>| ProviderProbe {
        kind,
        offered,
        works: reason.is_none(),
        reason: reason.unwrap_or_default(),
    };
    let cpu = machine.start_cpu().err();
    let offered = machine.offers_cuda();
    let cuda = match (offered, machine.has_driver()) {
        (false, _) => Some(CudaFailure::not_offered()),
        (true, false) => Some(CudaFailure::no_driver()),
        (true, true) => try_cuda(machine).err(),
    };
    vec![
        probe(
            ProviderKind::Cpu,
            true,
            cpu.map(|error| one_line(&error.to_string())),
        ),
        probe(
            ProviderKind::Cuda,
            offered,
            cuda.map(|failure| failure.reason),
        ),
    ]
}

/// Starts on CUDA; what ONNX Runtime says of a failure goes into the log.
fn try_cuda(machine: &impl Machine) -> Result<[Box<dyn Network>; 2], CudaFailure> {
    machine.start_cuda().inspect_err(|failure| {
        if !failure.said.is_empty() {
            tracing::info!("CUDA cannot be used: {}", failure.said);
        }
    })
}

/// What can be tried: this machine, or one made in a test.
pub(super) trait Machine {
    /// Whether the loaded ONNX Runtime was compiled with CUDA; says nothing about a GPU.
    fn offers_cuda(&self) -> bool;

    /// Whether an NVIDIA driver is installed; spares the automatic choice a failing attempt and its log.
    fn has_driver(&self) -> bool;

    /// Loads both models on the CPU and runs each once.
    fn start_cpu(&self) -> Result<[Box<dyn Network>; 2], InferenceError>;

    /// The same on CUDA, or why that is not possible.
    fn start_cuda(&self) -> Result<[Box<dyn Network>; 2], CudaFailure>;
}

/// Loads both models on the provider chosen and proves it; `cpu_fallback` says whether the CPU is good enough when that fails.
pub(super) fn select(
    (choice, cpu_fallback): (ProviderChoice, bool),
    machine: &impl Machine,
) -> Result<(ProviderReport, [Box<dyn Network>; 2]), InferenceError> {
    let on_cpu = |failure: Option<CudaFailure>, is_fallback: bool| {
        let networks = machine.start_cpu()?;
        let (detail, said) = failure.map_or_else(Default::default, |it| (it.reason, it.said));
        let report = ProviderReport {
            kind: ProviderKind::Cpu,
            detail,
            said,
            is_fallback,
        };
        Ok((report, networks))
    };
    let failure = match choice {
        ProviderChoice::Cpu => return on_cpu(None, false),
        ProviderChoice::Auto if !machine.offers_cuda() => {
            return on_cpu(Some(CudaFailure::not_offered()), false);
        }
        ProviderChoice::Auto if !machine.has_driver() => CudaFailure::no_driver(),
        ProviderChoice::Cuda if !machine.offers_cuda() => CudaFailure::not_offered(),
        ProviderChoice::Auto | ProviderChoice::Cuda => match try_cuda(machine) {
            Ok(networks) => {
                let report = ProviderReport {
                    kind: ProviderKind::Cuda,
                    detail: String::new(),
                    said: String::new(),
                    is_fallback: false,
                };
                return Ok((report, networks));
            }
            Err(failure) => failure,
        },
    };
    if choice == ProviderChoice::Cuda && !cpu_fallback {
        return Err(InferenceError::ProviderUnusable {
            provider: ProviderKind::Cuda,
            reason: failure.reason,
        });
    }
    on_cpu(Some(failure), true)
}

/// The machine this program runs on.
pub(super) struct ThisMachine<'a> {
    pub session: SessionOptions,
    pub models: &'a [CheckedModel; 2],
}

impl Machine for ThisMachine<'_> {
    fn offers_cuda(&self) -> bool {
        CUDA::is_available().unwrap_or(false)
    }

    fn has_driver(&self) -> bool {
        driver_present()
    }

    fn start_cpu(&self) -> Result<[Box<dyn Network>; 2], InferenceError> {
        let networks = start(ProviderKind::Cpu, self.session, self.models)?;
        Ok(networks.map(boxed))
    }

    fn start_cuda(&self) -> Result<[Box<dyn Network>; 2], CudaFailure> {
        check_plug_ins().map_err(|message| CudaFailure::of_ours(&message))?;
        preload_cuda_libraries();
        let networks = start(ProviderKind::Cuda, self.session, self.models)?;
        for network in &networks {
            let nodes = network.nodes_by_provider();
            let nodes = nodes.map_err(|words| CudaFailure::of_runtime(&words))?;
            if !nodes.contains_key(ProviderKind::Cuda.runtime_name()) {
                let message = format!("ONNX Runtime placed no layer on it ({nodes:?})");
                return Err(CudaFailure::of_ours(&message));
            }
        }
        Ok(networks.map(boxed))
    }
}

fn boxed(network: OrtNetwork) -> Box<dyn Network> {
    Box::new(network)
}

/// Refuses a damaged plug-in beside ONNX Runtime before it is loaded.
fn check_plug_ins() -> Result<(), String> {
    let Ok(info) = runtime::load(None) else {
        return Ok(());
    };
    for name in ["shared", "cuda"] {
        let name = format!("libonnxruntime_providers_{name}.so");
        let path = info.path.with_file_name(&name);
        if path.is_file() {
            installed::refuse_altered(&path)
                .and_then(|()| library_file::refuse_cut(&path))
                .map_err(|message| format!("{name}: {message}; run `make runtime-cuda`"))?;
        }
    }
    Ok(())
}

/// Loads both models on `kind` and runs each once.
fn start(
    kind: ProviderKind,
    session: SessionOptions,
    models: &[CheckedModel; 2],
) -> Result<[OrtNetwork; 2], InferenceError> {
    let arena = arena_of(session.arena_bytes).map_err(|message| InferenceError::ModelRefused {
        name: models[0].manifest.id.clone(),
        message,
    })?;
    let one = |model: &CheckedModel| {
        let mut network = OrtNetwork::new(model, session, &dispatch(kind))?;
        if kind != ProviderKind::Cpu {
            network.bind(kind);
            if let Err(error) = network.probe() {
                tracing::warn!("{} runs without bound buffers: {error}", kind.name());
                network.unbind();
            }
        }
        network.probe()?;
        Ok::<_, InferenceError>(network)
    };
    let networks = [one(&models[0])?, one(&models[1])?];
    drop(arena);
    Ok(networks)
}

/// Loads NVIDIA's libraries that lie beside ONNX Runtime, where `make runtime-cuda` puts them: the provider's own
/// library asks for them by name alone. Those that lie elsewhere are left to the system's search path.
fn preload_cuda_libraries() {
    let Ok(info) = runtime::load(None) else {
        return;
    };
    let Some(folder) = info.path.parent() else {
        return;
    };
    let first = ort::ep::cuda::CUDA_DYLIBS[0];
    if !folder.join(first).is_file() {
        return;
    }
    if let Err(error) = ort::ep::cuda::preload_dylibs(Some(folder), Some(folder)) {
        // The attempt itself says what is wrong; without a driver some of these libraries always fail here.
        tracing::debug!("NVIDIA's libraries beside ONNX Runtime cannot be loaded: {error}");
    }
}

pub(super) fn dispatch(kind: ProviderKind) -> Vec<ExecutionProviderDispatch> {
    // The arena is the shared one with an upper bound (`arena.rs`). Without one every layer's
    // output is mapped anew: measured 1.46 instead of 0.76 CPU seconds a megapixel for stage 2 at 1280 px.
    let cpu = CPU::default().with_arena_allocator(true).build();
    match kind {
        ProviderKind::Cpu => vec![cpu],
        ProviderKind::Cuda => {
            let cuda = CUDA::default()
                // An exhaustive search would run for every new window size.
                .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
                .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
                // TF32 keeps 10 bits of mantissa: too few for a 16-bit fill.
                .with_tf32(false)
                .build()
                .error_on_failure();
            vec![cuda, cpu]
        }
    }
}

/// Whether an NVIDIA driver is installed.
fn driver_present() -> bool {
    let signs: &[&str] = if cfg!(windows) {
        &[r"C:\Windows\System32\nvcuda.dll"]
    } else {
        &[
            "/dev/nvidiactl",
            "/dev/nvidia0",
            "/proc/driver/nvidia/version",
            "/dev/dxg",
        ]
    };
    signs.iter().any(|sign| Path::new(sign).exists())
}

/// How many graph nodes each provider was given, by its ONNX Runtime name.
#[expect(
    unsafe_code,
    reason = "the assignment is only offered by ONNX Runtime's C interface"
)]
pub(super) fn assigned_nodes(session: &Session) -> Result<BTreeMap<String, usize>, String> {
    let api = ort::api();
    let check = |status| {
        // SAFETY: `status` comes from the ONNX Runtime call just made and is used once.
        unsafe { ort::Error::result_from_status(status) }.map_err(|e| e.message().to_owned())
    };
    let mut counts = BTreeMap::new();
    let mut subgraphs = std::ptr::null();
    let mut count = 0;
    // SAFETY: the session is alive; the array and what it points to belong to the session.
    check(unsafe {
        (api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &raw mut subgraphs, &raw mut count)
    })?;
    for index in 0..count {
        // SAFETY: ONNX Runtime returned `count` pointers.
        let subgraph = unsafe { *subgraphs.add(index) };
        let mut name = std::ptr::null();
        // SAFETY: `subgraph` belongs to the living session.
        check(unsafe { (api.EpAssignedSubgraph_GetEpName)(subgraph, &raw mut name) })?;
        let mut nodes = std::ptr::null();
        let mut node_count = 0;
        // SAFETY: as above.
        check(unsafe {
            (api.EpAssignedSubgraph_GetNodes)(subgraph, &raw mut nodes, &raw mut node_count)
        })?;
        // SAFETY: a NUL-terminated string that belongs to the living session.
        let name = unsafe { CStr::from_ptr(name) }
            .to_string_lossy()
            .into_owned();
        *counts.entry(name).or_insert(0) += node_count;
    }
    Ok(counts)
}

#[cfg(test)]
#[path = "provider_tests.rs"]
pub(super) mod tests;
