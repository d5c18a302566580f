//! Networks with known answers, for tests of everything around them; no model, no ONNX Runtime.

use std::time::Duration;

use super::manifest::CONTEXT_STRIDE_PX;
use super::{
    CancelToken, Contract, Engine, InferenceError, Manifest, Network, Tensor, TensorView,
    Thresholds,
};
use crate::geometry::NETWORK_GRID_PX;

/// Channels of the fakes' `context`.
pub const FAKE_CONTEXT_CHANNELS: usize = 2;

/// A manifest for a fake of `contract` with the given halo, px.
pub fn fake_manifest(contract: Contract, halo_px: u32) -> Manifest {
    Manifest {
        id: format!("fake-{}", contract.label()),
        contract,
        file: "model.onnx".to_owned(),
        sha256: "0".repeat(64),
        trained: true,
        grid_px: NETWORK_GRID_PX,
        radius_px: halo_px,
        halo_px,
        context_channels: FAKE_CONTEXT_CHANNELS,
        context_stride_px: CONTEXT_STRIDE_PX,
        uses_context: true,
        flop_per_px: None,
        thresholds: Thresholds::default(),
    }
}

/// Stage 1: probability = the red channel, context = the red value at each element's first pixel, and 1.
/// Stage 2: fill = the photo as given, recovered = 1.
#[derive(Debug)]
pub struct IdentityNetwork {
    manifest: Manifest,
}

impl IdentityNetwork {
    /// A fake of `contract` with a halo of one grid cell.
    pub fn new(contract: Contract) -> Self {
        Self {
            manifest: fake_manifest(contract, NETWORK_GRID_PX),
        }
    }
}

impl Network for IdentityNetwork {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        answer(&self.manifest, inputs, cancel, |photo, plane| {
            photo.data()[..3 * plane].to_vec()
        })
    }
}

/// Stage 1 as [`IdentityNetwork`]; stage 2 fills everything with one colour.
#[derive(Debug)]
pub struct PaintNetwork {
    manifest: Manifest,
    rgb: [f32; 3],
}

impl PaintNetwork {
    /// A fake of `contract` that fills with `rgb`, each in [0, 1].
    pub fn new(contract: Contract, rgb: [f32; 3]) -> Self {
        Self {
            manifest: fake_manifest(contract, NETWORK_GRID_PX),
            rgb,
        }
    }
}

impl Network for PaintNetwork {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let rgb = self.rgb;
        answer(&self.manifest, inputs, cancel, |_, plane| {
            rgb.iter()
                .flat_map(|&value| std::iter::repeat_n(value, plane))
                .collect()
        })
    }
}

/// Answers like [`IdentityNetwork`] until its last good run, then fails.
#[derive(Debug)]
pub struct FailingNetwork {
    inner: IdentityNetwork,
    good_runs: usize,
}

impl FailingNetwork {
    /// A fake of `contract` that fails after `good_runs` runs.
    pub fn new(contract: Contract, good_runs: usize) -> Self {
        Self {
            inner: IdentityNetwork::new(contract),
            good_runs,
        }
    }
}

impl Network for FailingNetwork {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        if self.good_runs == 0 {
            return Err(InferenceError::Run {
                model: self.manifest().id.clone(),
                message: "made to fail".to_owned(),
            });
        }
        self.good_runs -= 1;
        self.inner.run(inputs, cancel)
    }
}

/// Answers like [`IdentityNetwork`] as long as a window is no larger than its memory allows.
#[derive(Debug)]
pub struct SmallMemoryNetwork {
    inner: IdentityNetwork,
    max_px: usize,
}

impl SmallMemoryNetwork {
    /// A fake of `contract` that is out of memory for windows of more than `max_px` pixels.
    pub fn new(contract: Contract, max_px: usize) -> Self {
        Self {
            inner: IdentityNetwork::new(contract),
            max_px,
        }
    }
}

impl Network for SmallMemoryNetwork {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let too_large = |view: TensorView<'_>| view.shape()[2] * view.shape()[3] > self.max_px;
        if inputs.iter().any(|(_, view)| too_large(*view)) {
            return Err(InferenceError::OutOfMemory {
                model: self.manifest().id.clone(),
            });
        }
        self.inner.run(inputs, cancel)
    }
}

/// Answers like [`IdentityNetwork`] after a while; a cancel ends the wait at once.
#[derive(Debug)]
pub struct SlowNetwork {
    inner: IdentityNetwork,
    wait: Duration,
}

impl SlowNetwork {
    /// A fake of `contract` that takes `wait` for each run.
    pub fn new(contract: Contract, wait: Duration) -> Self {
        Self {
            inner: IdentityNetwork::new(contract),
            wait,
        }
    }
}

impl Network for SlowNetwork {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let _guard = cancel.on_cancel(move || {
            // A full channel says the same: stop.
            stop.try_send(()).ok();
        });
        if stopped.recv_timeout(self.wait).is_ok() {
            return Err(InferenceError::Cancelled);
        }
        self.inner.run(inputs, cancel)
    }
}

/// An engine of two [`IdentityNetwork`]s.
pub fn identity_engine() -> Engine {
    Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(IdentityNetwork::new(Contract::RestoreV1)),
    )
}

/// An engine that detects the red channel and fills with `rgb`.
pub fn paint_engine(rgb: [f32; 3]) -> Engine {
    Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(PaintNetwork::new(Contract::RestoreV1, rgb)),
    )
}

/// Checks the inputs as a real graph would and builds the contract's outputs.
fn answer(
    manifest: &Manifest,
    inputs: &[(&str, TensorView<'_>)],
    cancel: &CancelToken,
    fill: impl Fn(TensorView<'_>, usize) -> Vec<f32>,
) -> Result<Vec<(String, Tensor)>, InferenceError> {
    if cancel.is_cancelled() {
        return Err(InferenceError::Cancelled);
    }
    let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    let refuse = |message: String| InferenceError::Run {
        model: manifest.id.clone(),
        message,
    };
    if names != manifest.contract.inputs() {
        return Err(refuse(format!("unexpected inputs {names:?}")));
    }
    let photo = inputs[0].1;
    let [n, channels, height, width] = photo.shape();
    let grid = manifest.grid_px as usize;
    if (n, channels) != (1, 3) || height % grid != 0 || width % grid != 0 {
        return Err(refuse(format!("unexpected photo {:?}", photo.shape())));
    }
    let plane = height * width;
    let named = |name: &str, shape, data| Tensor::new(shape, data).map(|t| (name.to_owned(), t));
    match manifest.contract {
        Contract::ScratchContextV1 => {
            let red = photo.data()[..plane].to_vec();
            let step = manifest.context_stride_px as usize;
            let (rows, columns) = (height / step, width / step);
            let mut context: Vec<f32> = (0..rows * columns)
                .map(|i| red[(i / columns) * step * width + (i % columns) * step])
                .collect();
            context.resize(2 * rows * columns, 1.0);
            let context_shape = [1, FAKE_CONTEXT_CHANNELS, rows, columns];
            Ok(vec![
                named("scratch_probability", [1, 1, height, width], red)?,
                named("context", context_shape, context)?,
            ])
        }
        Contract::RestoreV1 => Ok(vec![
            named("fill", [1, 3, height, width], fill(photo, plane))?,
            named("recovered", [1, 1, height, width], vec![1.0; plane])?,
        ]),
    }
}
