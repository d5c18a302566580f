//! How fast ONNX Runtime is on this machine at best: one large f32 convolution. A yardstick for `bench`, nothing else.

use std::time::Instant;

use ort::editor::{Graph, Model, Node, ONNX_DOMAIN, Opset};
use ort::memory::Allocator;
use ort::operator::Attribute;
use ort::session::Session;
use ort::value::{
    Outlet, Shape, SymbolicDimensions, Tensor, TensorElementType, TensorRef, ValueType,
};

use super::provider::{ProviderKind, dispatch};
use super::session::{SessionOptions, arena_of, configure, environment, text};
use super::{EngineOptions, InferenceError, runtime};

/// Input and output channels: as wide as a network's middle layers, so that the kernels are at their best.
const CHANNELS: i64 = 64;

/// Side of input and output, px: far beyond every cache, small enough for the default memory limit.
const SIDE: i64 = 384;

/// Side of the kernel.
const KERNEL: i64 = 3;

/// Operations of one run: a multiplication and an addition for each weight and output pixel.
const FLOP: f64 = (2 * CHANNELS * CHANNELS * KERNEL * KERNEL * SIDE * SIDE) as f64;

/// The rate of a 3 × 3 convolution of 64 to 64 channels at 384 × 384 px on the CPU with the options' threads, the middle of
/// `repeats` runs after a first one, in 10⁹ floating point operations a second.
///
/// # Errors
/// [`InferenceError`] when ONNX Runtime cannot be loaded or does not run it.
pub fn convolution_rate(options: &EngineOptions, repeats: usize) -> Result<f64, InferenceError> {
    runtime::load(options.runtime.as_deref())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let session = SessionOptions {
        threads: options.threads_for(cores),
        spinning: true,
        arena_bytes: options.run_bytes(),
    };
    measure(session, repeats).map_err(|message| InferenceError::Run {
        model: "reference convolution".to_owned(),
        message,
    })
}

fn measure(options: SessionOptions, repeats: usize) -> Result<f64, String> {
    let arena = arena_of(options.arena_bytes)?;
    let builder = Session::builder(environment()?).map_err(text)?;
    let builder = configure(builder, options, &dispatch(ProviderKind::Cpu))?;
    let mut session = model()
        .and_then(|model| model.into_session(&builder))
        .map_err(text)?;
    drop(arena);
    let len = (CHANNELS * SIDE * SIDE) as usize;
    let input: Vec<f32> = (0..len).map(|i| (i % 251) as f32 / 251.0).collect();
    let mut run = || -> ort::Result<f64> {
        let shape = [1, CHANNELS, SIDE, SIDE];
        let input = TensorRef::from_array_view((shape, &input[..]))?;
        let started = Instant::now();
        session.run(ort::inputs![input])?;
        Ok(started.elapsed().as_secs_f64())
    };
    run().map_err(text)?;
    let mut seconds = (0..repeats.max(1))
        .map(|_| run())
        .collect::<ort::Result<Vec<f64>>>()
        .map_err(text)?;
    seconds.sort_by(f64::total_cmp);
    Ok(FLOP / seconds[seconds.len() / 2] / 1e9)
}

fn model() -> ort::Result<Model> {
    let picture = |name: &str| {
        Outlet::new(
            name,
            ValueType::Tensor {
                ty: TensorElementType::Float32,
                shape: Shape::new([1, CHANNELS, SIDE, SIDE]),
                dimension_symbols: SymbolicDimensions::empty(4),
            },
        )
    };
    let mut weights =
        Tensor::<f32>::new(&Allocator::default(), [CHANNELS, CHANNELS, KERNEL, KERNEL])?;
    for (i, weight) in weights.extract_tensor_mut().1.iter_mut().enumerate() {
        *weight = ((i % 17) as f32 - 8.0) / 1e3;
    }
    let pads = Attribute::new("pads", &[1_i64; 4][..])?;
    let mut graph = Graph::new()?;
    graph.set_inputs([picture("in")])?;
    graph.set_outputs([picture("out")])?;
    graph.add_initializer("weights", weights, false)?;
    graph.add_node(Node::new(
        "Conv",
        ONNX_DOMAIN,
        "convolution",
        ["in", "weights"],
        ["out"],
        [pads],
    )?)?;
    let mut model = Model::new([Opset::new(ONNX_DOMAIN, 17)?])?;
    model.set_graph(graph)?;
    Ok(model)
}
