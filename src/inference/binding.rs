//! Runs over bound buffers: what a session reads and writes lies in memory that is allocated once a window shape.
//!
//! On a GPU that memory is pinned, so that it is copied to and from the device without a detour, and the device's own
//! arena hands the same blocks back for the same shape. On the CPU it is plain memory, and a run gives the same bytes as
//! one without bound buffers; there it gains nothing and is used by tests alone.

use std::collections::VecDeque;

use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, RunOptions, Session};
use ort::value::Tensor as BoundTensor;

use super::session::RawOutput;
use super::{Manifest, ProviderKind, Shape, TensorView};

/// Shapes whose buffers are kept, the least recently used going first: all fixed shapes of one network, and two more.
const KEPT_SHAPES: usize = 7;

/// The buffers of one session's runs.
pub(super) struct BoundRuns {
    provider: ProviderKind,
    /// The most recently used last.
    kept: VecDeque<BoundShape>,
}

impl BoundRuns {
    /// No buffers yet; they will suit a session on `provider`.
    pub fn new(provider: ProviderKind) -> Self {
        Self {
            provider,
            kept: VecDeque::new(),
        }
    }

    /// Runs `session` once on `inputs`. A run that fails takes its buffers with it.
    pub fn run(
        &mut self,
        session: &mut Session,
        manifest: &Manifest,
        inputs: &[(&str, TensorView<'_>)],
        options: &RunOptions,
    ) -> ort::Result<Vec<RawOutput>> {
        let mut bound = match self.kept.iter().position(|bound| bound.fits(inputs)) {
            Some(place) => self.kept.remove(place),
            None => None,
        };
        if bound.is_none() && self.kept.len() == KEPT_SHAPES {
            // Before new ones are made: they may not fit beside them.
            self.kept.pop_front();
        }
        let mut bound = match bound.take() {
            Some(bound) => bound,
            None => BoundShape::new(self.provider, session, manifest, inputs)?,
        };
        let outputs = bound.run(session, inputs, options)?;
        self.kept.push_back(bound);
        Ok(outputs)
    }
}

/// The buffers of one set of shapes, bound to the session.
struct BoundShape {
    inputs: Vec<BoundInput>,
    binding: IoBinding,
}

struct BoundInput {
    name: String,
    shape: Shape,
    values: BoundTensor<f32>,
}

impl BoundShape {
    fn new(
        provider: ProviderKind,
        session: &Session,
        manifest: &Manifest,
        inputs: &[(&str, TensorView<'_>)],
    ) -> ort::Result<Self> {
        let to_device = host_memory(provider, session, MemoryType::CPUInput);
        let from_device = host_memory(provider, session, MemoryType::CPUOutput);
        let input = |&(name, view): &(&str, TensorView<'_>)| {
            Ok(BoundInput {
                name: name.to_owned(),
                shape: view.shape(),
                values: BoundTensor::new(&to_device, view.shape())?,
            })
        };
        let mut binding = session.create_binding()?;
        let [_, _, height, width] = inputs.first().map_or([1, 1, 0, 0], |(_, it)| it.shape());
        for name in manifest.contract.outputs() {
            let shape = manifest.output_shape(name, height, width);
            binding.bind_output(*name, BoundTensor::<f32>::new(&from_device, shape)?)?;
        }
        Ok(Self {
            inputs: inputs.iter().map(input).collect::<ort::Result<_>>()?,
            binding,
        })
    }

    fn fits(&self, inputs: &[(&str, TensorView<'_>)]) -> bool {
        let bound = self.inputs.iter();
        let bound = bound.map(|input| (input.name.as_str(), input.shape));
        bound.eq(inputs.iter().map(|(name, view)| (*name, view.shape())))
    }

    fn run(
        &mut self,
        session: &mut Session,
        inputs: &[(&str, TensorView<'_>)],
        options: &RunOptions,
    ) -> ort::Result<Vec<RawOutput>> {
        let Self {
            inputs: bound,
            binding,
        } = self;
        for (bound, (_, view)) in bound.iter_mut().zip(inputs) {
            let (_, values) = bound.values.try_extract_tensor_mut::<f32>()?;
            values.copy_from_slice(view.data());
            // What is on a device is copied when it is bound.
            binding.bind_input(bound.name.as_str(), &bound.values)?;
        }
        binding.synchronize_inputs()?;
        let outputs = session.run_binding_with_options(binding, options)?;
        binding.synchronize_outputs()?;
        outputs
            .iter()
            .map(|(name, value)| RawOutput::new(name, &value))
            .collect()
    }
}

/// Memory that the processor can reach, for what goes to a device or comes from it: pinned for a GPU, where that is to be had.
fn host_memory(provider: ProviderKind, session: &Session, kind: MemoryType) -> Allocator {
    let pinned = || {
        let memory = MemoryInfo::new(
            AllocationDevice::CUDA_PINNED,
            0,
            AllocatorType::Device,
            kind,
        )?;
        Allocator::new(session, memory)
    };
    match provider {
        ProviderKind::Cpu => Allocator::default(),
        ProviderKind::Cuda => pinned().unwrap_or_else(|error| {
            tracing::debug!("no pinned memory: {error}");
            Allocator::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::{EngineOptions, load_model};
    use super::super::provider::tests::networks_on_cpu;
    use super::super::session::OrtNetwork;
    use super::super::{CancelToken, Contract, InferenceError, Network, Tensor};
    use super::*;

    /// Values in [0, 1] that differ from place to place and from `seed` to `seed`.
    fn noise(shape: Shape, seed: u32) -> Tensor {
        let mut state = seed | 1;
        let values = (0..shape.iter().product()).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        });
        Tensor::new(shape, values.collect()).unwrap()
    }

    fn run_once(
        network: &mut OrtNetwork,
        (width, height): (usize, usize),
        seed: u32,
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let manifest = network.manifest().clone();
        let stride = manifest.context_stride_px as usize;
        let shape_of = |name: &str| match name {
            "photo" => [1, 3, height, width],
            "mask" => [1, 1, height, width],
            _ => [
                1,
                manifest.context_channels,
                height / stride,
                width / stride,
            ],
        };
        let names = manifest.contract.inputs();
        let values: Vec<Tensor> = (seed..)
            .zip(names)
            .map(|(seed, name)| noise(shape_of(name), seed))
            .collect();
        let inputs: Vec<_> = names
            .iter()
            .zip(&values)
            .map(|(n, v)| (*n, v.view()))
            .collect();
        network.run(&inputs, cancel)
    }

    #[test]
    fn bound_runs_give_the_same_bytes_as_others_whatever_shape_came_before() {
        let token = CancelToken::new();
        for (place, contract) in [(0, Contract::ScratchContextV1), (1, Contract::RestoreV1)] {
            let mut plain = networks_on_cpu().into_iter().nth(place).unwrap();
            let mut bound = networks_on_cpu().into_iter().nth(place).unwrap();
            bound.bind(ProviderKind::Cpu);
            assert!(bound.is_bound() && !plain.is_bound());
            assert_eq!(plain.manifest().contract, contract);
            // More shapes than are kept; the first comes back when its buffers are there and when they are gone.
            let shapes = (1..=KEPT_SHAPES + 1).map(|i| (64 * i, 64));
            let shapes = [(64, 64), (128, 64), (64, 64)].into_iter().chain(shapes);
            for (seed, shape) in (1..).zip(shapes.chain([(64, 64), (64, 128)])) {
                let expected = run_once(&mut plain, shape, seed, &token).unwrap();
                let found = run_once(&mut bound, shape, seed, &token).unwrap();
                assert!(found == expected, "{contract:?} {shape:?}");
            }
        }
    }

    #[test]
    fn a_bound_run_that_is_stopped_leaves_the_session_of_use() {
        let [_, mut filler] = networks_on_cpu();
        filler.bind(ProviderKind::Cpu);
        let live = CancelToken::new();
        let expected = run_once(&mut filler, (64, 64), 3, &live).unwrap();
        let token = CancelToken::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Long after the run began, long before the processor can be through with a megapixel.
                std::thread::sleep(std::time::Duration::from_millis(40));
                token.cancel();
            });
            let outcome = run_once(&mut filler, (1024, 1024), 5, &token);
            assert!(matches!(outcome, Err(InferenceError::Cancelled)));
        });
        assert!(run_once(&mut filler, (64, 64), 3, &live).unwrap() == expected);
    }

    #[test]
    fn a_run_that_passes_the_arena_says_so_bound_or_not_and_smaller_ones_go_on() {
        let token = CancelToken::new();
        for is_bound in [false, true] {
            let [_, mut filler] = networks_on_cpu();
            if is_bound {
                filler.bind(ProviderKind::Cpu);
            }
            // The arena of these sessions is the smallest there is.
            let error = run_once(&mut filler, (1024, 1024), 5, &token).err();
            let is_memory = matches!(error, Some(InferenceError::OutOfMemory { .. }));
            assert!(is_memory, "{is_bound}: {error:?}");
            assert!(run_once(&mut filler, (64, 64), 3, &token).is_ok());
        }
    }

    #[test]
    fn outputs_have_the_shapes_that_buffers_are_made_for() {
        for (network, contract) in networks_on_cpu()
            .iter_mut()
            .zip([Contract::ScratchContextV1, Contract::RestoreV1])
        {
            let manifest = load_model(EngineOptions::default().models_dir.as_deref(), contract);
            let manifest = manifest.unwrap().manifest;
            let outputs = run_once(network, (192, 128), 1, &CancelToken::new()).unwrap();
            for (name, tensor) in outputs {
                assert_eq!(
                    tensor.shape(),
                    manifest.output_shape(&name, 128, 192),
                    "{name}"
                );
            }
        }
    }
}
