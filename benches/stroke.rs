//! How long a stroke waits for its repair, with the real networks on this machine: `cargo bench --no-default-features --bench stroke`
//!
//! The same strokes as in `unscratch bench`, through the same documents and worker threads as in the window. Without ONNX
//! Runtime nothing is measured, and that is said.
#![expect(
    clippy::print_stderr,
    reason = "why nothing was measured is said where the figures would stand"
)]

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use unscratch::cli::bench::{Easel, Gesture, made_photo};
use unscratch::inference::EngineOptions;

fn stroke_end_to_repair(criterion: &mut Criterion) {
    let photo = Arc::new(made_photo().expect("its size fits its pixels"));
    let mut easel = match Easel::start(&photo, EngineOptions::default()) {
        Ok(easel) => easel,
        Err(error) => {
            eprintln!("Stroke latency was not measured: {error:#}");
            return;
        }
    };
    let mut group = criterion.benchmark_group("stroke end to repair");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(10));
    for (name, gesture) in [
        ("100 px dab", Gesture::DAB),
        ("1,500 px, 20 px wide, at once", Gesture::STROKE),
        ("1,500 px, 20 px wide, drawn", Gesture::DRAWN_STROKE),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|strokes| {
                let paint = |_| easel.paint(gesture, false).expect("the stroke is repaired");
                (0..strokes).map(paint).sum()
            });
        });
    }
    group.finish();
}

criterion_group!(stroke, stroke_end_to_repair);
criterion_main!(stroke);
