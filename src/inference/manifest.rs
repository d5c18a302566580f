//! A model's manifest: what `models/<id>/manifest.toml` must say, and the checks that make it trustworthy.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{InferenceError, Shape};
use crate::geometry::NETWORK_GRID_PX;

/// Side of one `context` element in every contract known here, px.
pub const CONTEXT_STRIDE_PX: u32 = 4;

/// No model may look further than this, px: a window would not fit in memory any more.
const MAX_HALO_PX: u32 = 512;

/// The versioned inputs and outputs a model promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Contract {
    /// Stage 1: `photo` → `scratch_probability`, `context`.
    #[serde(rename = "scratch_context_v1")]
    ScratchContextV1,
    /// Stage 2: `photo`, `mask`, `context` → `fill`, `recovered`.
    #[serde(rename = "restore_v1")]
    RestoreV1,
}

impl Contract {
    /// The label as manifests write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ScratchContextV1 => "scratch_context_v1",
            Self::RestoreV1 => "restore_v1",
        }
    }

    fn from_label(label: &str) -> Option<Self> {
        [Self::ScratchContextV1, Self::RestoreV1]
            .into_iter()
            .find(|contract| contract.label() == label)
    }

    /// Names of the model's inputs.
    pub const fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::ScratchContextV1 => &["photo"],
            Self::RestoreV1 => &["photo", "mask", "context"],
        }
    }

    /// Names of the model's outputs.
    pub const fn outputs(self) -> &'static [&'static str] {
        match self {
            Self::ScratchContextV1 => &["scratch_probability", "context"],
            Self::RestoreV1 => &["fill", "recovered"],
        }
    }
}

/// Probabilities at which a pixel counts as damage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Used unless the person chooses.
    pub default: f32,
    /// Marks only what is certain.
    pub timid: f32,
    /// Marks whatever may be damage.
    pub eager: f32,
}

impl Default for Thresholds {
    /// The values every stage-1 model is calibrated for.
    fn default() -> Self {
        Self {
            default: 0.5,
            timid: 0.8,
            eager: 0.2,
        }
    }
}

/// What a model promises; written beside it by the training's export.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name of the model, such as `scratch-context`.
    pub id: String,
    /// Inputs and outputs.
    pub contract: Contract,
    /// File name of the ONNX model, beside the manifest.
    pub file: String,
    /// SHA-256 of that file, lower-case hex.
    pub sha256: String,
    /// False for fresh weights: the model keeps its contract but knows nothing yet.
    pub trained: bool,
    /// Window origins and sizes must be multiples of this, px.
    pub grid_px: u32,
    /// How far an output pixel looks beyond its own grid cell, measured by the training's export, px.
    pub radius_px: u32,
    /// What a window must read beyond its core on each side, px: at least the radius, on the grid.
    pub halo_px: u32,
    /// Channels of `context`.
    pub context_channels: usize,
    /// Side of one `context` element, px.
    pub context_stride_px: u32,
    /// Whether stage 2 was trained to read `context`; if not, zeros are fed and stage 1 need not run for a fill.
    pub uses_context: bool,
    /// Floating point operations of its convolutions for one pixel of a window; `None` where the export did not count them.
    pub flop_per_px: Option<u64>,
    /// Probabilities at which a pixel counts as damage (stage 1).
    pub thresholds: Thresholds,
}

#[derive(Deserialize)]
struct ManifestFile {
    id: String,
    contract: String,
    file: String,
    sha256: String,
    trained: bool,
    stride: u32,
    radius: u32,
    halo: u32,
    context_channels: usize,
    context_stride: u32,
    #[serde(default = "default_uses_context")]
    uses_context: bool,
    flop_per_px: Option<u64>,
    #[serde(default)]
    thresholds: Thresholds,
}

const fn default_uses_context() -> bool {
    true
}

impl Manifest {
    /// Channels of the input or output called `name`.
    pub(super) fn channels_of(&self, name: &str) -> usize {
        match (self.contract, name) {
            (_, "context") => self.context_channels,
            (_, "photo") | (Contract::RestoreV1, "fill") => 3,
            _ => 1,
        }
    }

    /// Shape of the input called `name` for a window of `height` × `width` px.
    pub fn input_shape(&self, name: &str, height: usize, width: usize) -> Shape {
        self.output_shape(name, height, width)
    }

    /// Shape of the output called `name` for a window of `height` × `width` px.
    pub(super) fn output_shape(&self, name: &str, height: usize, width: usize) -> Shape {
        let stride = match name {
            "context" => self.context_stride_px as usize,
            _ => 1,
        };
        [1, self.channels_of(name), height / stride, width / stride]
    }

    /// Reads a manifest's text; `name` (a path or the model's id) appears in errors.
    ///
    /// # Errors
    /// [`InferenceError::ManifestUnreadable`], [`InferenceError::UnknownContract`] or [`InferenceError::ManifestValue`].
    pub fn parse(text: &str, name: &str) -> Result<Self, InferenceError> {
        let file: ManifestFile =
            toml::from_str(text).map_err(|source| InferenceError::ManifestUnreadable {
                name: name.to_owned(),
                source: Box::new(source),
            })?;
        let Some(contract) = Contract::from_label(&file.contract) else {
            return Err(InferenceError::UnknownContract {
                name: name.to_owned(),
                contract: file.contract,
            });
        };
        let manifest = Self {
            id: file.id,
            contract,
            file: file.file,
            sha256: file.sha256.to_lowercase(),
            trained: file.trained,
            grid_px: file.stride,
            radius_px: file.radius,
            halo_px: file.halo,
            context_channels: file.context_channels,
            context_stride_px: file.context_stride,
            uses_context: file.uses_context,
            flop_per_px: file.flop_per_px,
            thresholds: file.thresholds,
        };
        manifest.check(name)?;
        Ok(manifest)
    }

    fn check(&self, name: &str) -> Result<(), InferenceError> {
        let refuse = |field: &'static str, value: String| {
            Err(InferenceError::ManifestValue {
                name: name.to_owned(),
                field,
                value,
            })
        };
        if self.grid_px != NETWORK_GRID_PX {
            return refuse("stride", self.grid_px.to_string());
        }
        if self.radius_px > MAX_HALO_PX {
            return refuse("radius", self.radius_px.to_string());
        }
        // A window mirrors up to one grid cell beyond the photo and must hold what it mirrors.
        if self.halo_px < self.radius_px.max(NETWORK_GRID_PX)
            || self.halo_px > MAX_HALO_PX
            || !self.halo_px.is_multiple_of(self.grid_px)
        {
            return refuse("halo", self.halo_px.to_string());
        }
        if self.context_stride_px != CONTEXT_STRIDE_PX {
            return refuse("context_stride", self.context_stride_px.to_string());
        }
        if !(1..=16).contains(&self.context_channels) {
            return refuse("context_channels", self.context_channels.to_string());
        }
        let file = Path::new(&self.file);
        let is_name = file.file_name() == Some(file.as_os_str());
        if self.file.contains(['/', '\\']) || !is_name {
            return refuse("file", self.file.clone());
        }
        let Thresholds {
            default,
            timid,
            eager,
        } = self.thresholds;
        for value in [default, timid, eager] {
            if !(value > 0.0 && value < 1.0) {
                return refuse("thresholds", value.to_string());
            }
        }
        Ok(())
    }

    /// The default threshold on the 8-bit probability map (0.5 is 128).
    pub fn default_threshold(&self) -> u8 {
        threshold_to_u8(self.thresholds.default)
    }
}

/// A probability threshold as the 8-bit map counts it: 0.5 is 128.
pub(crate) fn threshold_to_u8(threshold: f32) -> u8 {
    (threshold * 255.0).round().clamp(1.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        id = "restore"
        contract = "restore_v1"
        file = "model.onnx"
        sha256 = "AB12"
        trained = true
        stride = 64
        radius = 100
        halo = 128
        context_channels = 16
        context_stride = 4
        licence = "fields of later versions are passed over"
    "#;

    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        let error = Manifest::parse(&GOOD.replace(from, to), "m/manifest.toml").unwrap_err();
        error.to_string()
    }

    #[test]
    fn a_good_manifest_is_read_with_the_calibrated_thresholds() {
        let manifest = Manifest::parse(GOOD, "m").unwrap();
        assert_eq!(manifest.contract, Contract::RestoreV1);
        assert_eq!(manifest.sha256, "ab12");
        assert_eq!((manifest.radius_px, manifest.halo_px), (100, 128));
        assert!(manifest.trained && manifest.uses_context);
        assert_eq!(manifest.default_threshold(), 128);
    }

    #[test]
    fn what_this_version_cannot_run_is_refused_by_name() {
        let unknown = error_of("restore_v1", "restore_v9");
        assert!(unknown.contains("restore_v9") && unknown.contains("m/manifest.toml"));
        for (from, to, field) in [
            ("stride = 64", "stride = 32", "stride"),
            ("halo = 128", "halo = 64", "halo"),
            ("halo = 128", "halo = 130", "halo"),
            ("radius = 100", "radius = 9999", "radius"),
            ("context_stride = 4", "context_stride = 8", "context_stride"),
            (
                "context_channels = 16",
                "context_channels = 17",
                "context_channels",
            ),
            ("model.onnx", "../model.onnx", "file"),
            ("model.onnx", ".", "file"),
            ("model.onnx", "..", "file"),
        ] {
            let text = error_of(from, to);
            assert!(text.contains(field), "{to}: {text}");
        }
        assert!(error_of("sha256 = \"AB12\"", "").contains("sha256"));
    }
}
