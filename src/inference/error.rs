//! What can go wrong while models are loaded and run; each message says what to do.

use std::path::PathBuf;

use super::tensor::Shape;
use super::{ProviderKind, RuntimeError};

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// The work was stopped on request; not a failure.
    #[error("cancelled")]
    Cancelled,
    /// ONNX Runtime was not found or does not fit.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The manifest is not valid.
    #[error("the model manifest cannot be read ({source}): {name}")]
    ManifestUnreadable {
        /// Path or id.
        name: String,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// The contract label is not one this version knows.
    #[error(
        "the model's contract {contract:?} is unknown to this version (known: \"scratch_context_v1\", \"restore_v1\"): {name}"
    )]
    UnknownContract {
        /// Path or id.
        name: String,
        /// The label found.
        contract: String,
    },
    /// A manifest value is outside what this version can run.
    #[error(
        "the model manifest's {field} = {value:?} is outside what this version can run: {name}"
    )]
    ManifestValue {
        /// Path or id.
        name: String,
        /// The field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// No model with this contract was found.
    #[error(
        "no model with the contract {contract:?} was found; --models needs a folder with <name>/manifest.toml and the model beside it: {folder:?}"
    )]
    ModelMissing {
        /// The contract looked for.
        contract: &'static str,
        /// Where.
        folder: PathBuf,
    },
    /// Two models claim the same contract.
    #[error("two models have the contract {contract:?}; keep one of them: {folder:?}")]
    ModelAmbiguous {
        /// The contract.
        contract: &'static str,
        /// Where.
        folder: PathBuf,
    },
    /// A file could not be read.
    #[error("a model cannot be read ({source}); check the folder named with --models: {path:?}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The model file is not the one the manifest describes.
    #[error(
        "the model file is damaged or was exchanged: its SHA-256 is {actual}, its manifest says {expected}: {name}"
    )]
    Checksum {
        /// Path or id.
        name: String,
        /// From the manifest.
        expected: String,
        /// Of the file.
        actual: String,
    },
    /// ONNX Runtime refuses the model.
    #[error("ONNX Runtime cannot load the model ({message}): {name}")]
    ModelRefused {
        /// The model's id.
        name: String,
        /// ONNX Runtime's words.
        message: String,
    },
    /// Inputs or outputs of the graph do not fit the contract.
    #[error("the model does not keep its contract {contract:?}: {detail}: {name}")]
    ContractBroken {
        /// The model's id.
        name: String,
        /// The label.
        contract: &'static str,
        /// What differs.
        detail: String,
    },
    /// The provider asked for cannot run.
    #[error("{} cannot be used here: {reason}. Use --provider auto or cpu.", provider.name())]
    ProviderUnusable {
        /// Which one.
        provider: ProviderKind,
        /// Why.
        reason: String,
    },
    /// A run failed.
    #[error("the model {model} failed while running: {message}")]
    Run {
        /// The model's id.
        model: String,
        /// ONNX Runtime's words.
        message: String,
    },
    /// A run needed more memory than there is.
    #[error(
        "there is not enough memory to run the model {model}; allow more with --memory-limit (in the window: File, Memory), or close other programs"
    )]
    OutOfMemory {
        /// The model's id.
        model: String,
    },
    /// Tensor data does not fill its shape.
    #[error("a tensor of shape {shape:?} needs {expected} values, found {actual}")]
    TensorLength {
        /// The shape.
        shape: Shape,
        /// Elements of the shape.
        expected: usize,
        /// Elements given.
        actual: usize,
    },
    /// An output is missing.
    #[error("the model {model} returned no output {name:?}")]
    MissingOutput {
        /// The model's id.
        model: String,
        /// The output.
        name: String,
    },
    /// An output has the wrong shape.
    #[error("the model {model} returned {name:?} of shape {actual:?} instead of {expected:?}")]
    OutputShape {
        /// The model's id.
        model: String,
        /// The output.
        name: String,
        /// What the contract says.
        expected: Shape,
        /// What came.
        actual: Shape,
    },
}

impl InferenceError {
    /// Whether this only says that the work was stopped on request.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}
