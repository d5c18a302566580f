//! The models inside the binary, so that one file works anywhere. Loading them is `engine.rs`'s work.

/// A model compiled into the binary: its manifest's text and its ONNX bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmbeddedModel {
    /// `manifest.toml`.
    pub manifest: &'static str,
    /// `model.onnx`.
    pub onnx: &'static [u8],
}

/// Stage 1, contract `scratch_context_v1`.
pub(crate) const SCRATCH_CONTEXT: EmbeddedModel = EmbeddedModel {
    manifest: include_str!("../../models/scratch-context/manifest.toml"),
    onnx: include_bytes!("../../models/scratch-context/model.onnx"),
};

/// Stage 2, contract `restore_v1`.
pub(crate) const RESTORE: EmbeddedModel = EmbeddedModel {
    manifest: include_str!("../../models/restore/manifest.toml"),
    onnx: include_bytes!("../../models/restore/model.onnx"),
};
