//! The networks: their contracts, the ONNX Runtime sessions that run them, and which execution provider really ran.
//!
//! Everything outside this module sees plain `f32` tensors and the [`Network`] trait.

mod arena;
mod binding;
mod cancel;
mod cuda_failure;
mod embedded;
mod engine;
mod error;
pub mod fake;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod installed;
mod ladder;
mod library_file;
mod manifest;
mod network;
mod provider;
mod reference;
pub mod runtime;
mod session;
mod tensor;

pub use cancel::{CancelGuard, CancelToken};
pub use engine::{
    DEFAULT_WORKING_BYTES, Engine, EngineOptions, MIN_WORKING_BYTES, ModelIdentity, check_models,
};
pub use error::InferenceError;
pub use ladder::CpuFallback;
pub(crate) use manifest::threshold_to_u8;
pub use manifest::{CONTEXT_STRIDE_PX, Contract, Manifest, Thresholds};
pub use network::Network;
pub(crate) use network::take_output;
pub use provider::{
    ProviderChoice, ProviderKind, ProviderProbe, ProviderReport, may_run_on_gpu, probe_providers,
    unprobed_providers,
};
pub use reference::convolution_rate;
pub use runtime::{RuntimeError, RuntimeInfo};
pub use tensor::{Shape, Tensor, TensorView};
