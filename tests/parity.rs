//! The models give in Rust what they gave in Python: the fixtures hold the training's own inputs and outputs.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use unscratch::inference::{CancelToken, Network, Tensor};

#[derive(Deserialize)]
struct Fixture {
    inputs: BTreeMap<String, Array>,
    outputs: BTreeMap<String, Array>,
    tolerance: f32,
}

#[derive(Deserialize)]
struct Array {
    shape: [usize; 4],
    data: Vec<f32>,
}

fn check(network: &mut dyn Network) {
    let id = network.manifest().id.clone();
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/parity_{id}.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let Fixture {
        mut inputs,
        outputs: expected,
        tolerance,
    } = serde_json::from_str(&text).unwrap();

    let names = network.manifest().contract.inputs();
    let tensors: Vec<(&str, Tensor)> = names
        .iter()
        .map(|&name| {
            let Array { shape, data } = inputs.remove(name).expect(name);
            (name, Tensor::new(shape, data).unwrap())
        })
        .collect();
    let views: Vec<_> = tensors.iter().map(|(name, t)| (*name, t.view())).collect();
    let outputs = network.run(&views, &CancelToken::new()).unwrap();

    assert_eq!(outputs.len(), expected.len());
    for (name, actual) in outputs {
        let expected = &expected[&name];
        assert_eq!(actual.shape(), expected.shape, "{name}");
        let worst = actual
            .data()
            .iter()
            .zip(&expected.data)
            .map(|(a, e)| (a - e).abs())
            // In this order what is not a number comes last.
            .max_by(f32::total_cmp)
            .unwrap_or(f32::NAN);
        assert!(
            worst <= tolerance,
            "{id} {name}: {worst}, allowed {tolerance}"
        );
    }
}

#[test]
fn both_models_give_in_rust_what_they_gave_in_python() {
    let mut engine = engine::real_engine();
    check(engine.detector());
    check(engine.filler());
}
