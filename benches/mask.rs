//! How long editing, planning and blending take: brush, undo, operations on all marks, windows, plan, α, composite. `cargo bench --no-default-features --bench mask`
//!
//! Criterion compares with the run before; nothing fails by it, since times belong to a machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use unscratch::document::Document;
use unscratch::geometry::{ImageSize, PixelRect, TileIndex};
use unscratch::mask::{
    Brush, BrushMode, Editable, EffectiveMask, History, Mask, MaskOperation, ProbabilityMap,
    Stroke, components, label, line,
};
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
use unscratch::restore::{
    CELL_PX, FillCell, FillPlanner, RectFill, Restoration, alpha_photo, alpha_rect, composite_rect,
    plan_fill,
};
use unscratch::tiling::plan_windows;

/// 100 megapixels.
const LARGE: ImageSize = ImageSize::new(12_000, 8_400);
/// 24 megapixels.
const MIDDLE: ImageSize = ImageSize::new(6_000, 4_000);

const BRUSH: Brush = Brush {
    diameter_px: 40.0,
    hardness: 0.8,
    mode: BrushMode::Paint,
};

/// Times `run` on a fresh `prepare()` each time.
fn time<S, R>(
    criterion: &mut Criterion,
    name: &str,
    mut prepare: impl FnMut() -> S,
    mut run: impl FnMut(&mut S) -> R,
) {
    criterion.bench_function(name, |bencher| {
        bencher.iter_batched_ref(&mut prepare, &mut run, BatchSize::PerIteration);
    });
}

/// A curved stroke of about 1,500 px told in `events` steps.
fn draw(mask: &mut Mask, events: u16) {
    let at = |i: u16| {
        let t = f32::from(i) / f32::from(events);
        (300.0 + 1_400.0 * t, 700.0 + 200.0 * (t * 6.0).sin())
    };
    let mut stroke = Stroke::begin(mask, &BRUSH, at(0).0, at(0).1);
    for i in 1..=events {
        stroke.extend(mask, at(i).0, at(i).1);
    }
}

/// Thin and wide lines all over the photo, and a probability map with a fine grid of detections.
fn damaged(size: ImageSize) -> EffectiveMask {
    let mut mask = Mask::new(size);
    for i in 0..24_u8 {
        let x = f32::from(i) * size.width as f32 / 24.0;
        let brush = Brush {
            diameter_px: f32::from(i % 6) * 6.0 + 2.0,
            ..BRUSH
        };
        line(&mut mask, &brush, (x, 0.0), (x + 300.0, size.height as f32));
    }
    let values = (0..size.pixel_count() as u32)
        .map(|i| {
            let (x, y) = (i % size.width, i / size.width);
            if x % 190 < 3 || y % 333 < 2 { 200 } else { 9 }
        })
        .collect();
    EffectiveMask::new(
        mask,
        Some((Arc::new(ProbabilityMap::new(size, values)), 128)),
    )
}

fn brush_and_history(criterion: &mut Criterion) {
    for events in [30, 300, 1_500] {
        let name = format!("stroke 1,500 px × 40 px, {events} events");
        time(
            criterion,
            &name,
            || Mask::new(MIDDLE),
            |mask| draw(mask, events),
        );
    }
    let large = damaged(LARGE);
    time(
        criterion,
        "line across 100 MP, 40 px",
        || large.mask().clone(),
        |mask| line(mask, &BRUSH, (0.0, 0.0), (12_000.0, 8_400.0)),
    );
    time(
        criterion,
        "effective mask of 100 MP: clone",
        || (),
        |()| large.clone(),
    );
    let painted = || {
        let mut now = Editable {
            mask: large.mask().clone(),
            threshold: 128,
            repairs: unscratch::mask::AreaRepairs::default(),
        };
        let mut history = History::default();
        history.begin(label::BRUSH_STROKE, &now);
        draw(&mut now.mask, 300);
        (now, history)
    };
    time(
        criterion,
        "commit of that stroke on 100 MP",
        painted,
        |(now, history)| history.commit(now),
    );
    let committed = || {
        let (mut now, mut history) = painted();
        history.commit(&mut now);
        (now, history)
    };
    time(
        criterion,
        "undo of that stroke on 100 MP",
        committed,
        |(now, history)| history.undo(now),
    );
}

fn reading(criterion: &mut Criterion) {
    let large = damaged(LARGE);
    let empty = EffectiveMask::new(Mask::new(LARGE), None);
    let mut out = vec![0; LARGE.pixel_count()];
    time(
        criterion,
        "read 100 MP, damaged",
        || (),
        |()| large.read_rect(LARGE.rect(), &mut out),
    );
    time(
        criterion,
        "read 100 MP, empty",
        || (),
        |()| empty.read_rect(LARGE.rect(), &mut out),
    );
    time(
        criterion,
        "masked pixels of 100 MP",
        || (),
        |()| large.masked_pixels(),
    );
    time(
        criterion,
        "connected pieces of 100 MP",
        || (),
        |()| components(&large, 128).len(),
    );
    time(
        criterion,
        "plan of stage 2 for 100 MP, from nothing",
        || (),
        |()| plan_fill(LARGE, &large, 64).len(),
    );
    let mut edited = large.mask().clone();
    draw(&mut edited, 300);
    let edited = EffectiveMask::new(edited, large.detected().cloned());
    let planned = || {
        let mut planner = FillPlanner::default();
        planner.plan(&large, 64);
        planner
    };
    time(
        criterion,
        "plan of stage 2 for 100 MP, after a stroke",
        planned,
        |planner| planner.plan(&edited, 64).len(),
    );
}

fn tiles_and_operations(criterion: &mut Criterion) {
    time(
        criterion,
        "windows of stage 1 for 100 MP",
        || (),
        |()| plan_windows(LARGE, 1_024, 64).len(),
    );
    let middle = damaged(MIDDLE);
    for (name, operation) in [
        ("grow all marks of 24 MP by 8 px", MaskOperation::Grow(8)),
        ("shrink them by 2 px", MaskOperation::Shrink(2)),
        ("feather them by 6 px", MaskOperation::Feather(6)),
        ("invert them", MaskOperation::Invert),
        ("remove specks below 20 px", MaskOperation::RemoveSpecks(20)),
    ] {
        time(
            criterion,
            name,
            || middle.mask().clone(),
            |mask| operation.apply(mask, &middle),
        );
    }
}

fn alpha_and_composite(criterion: &mut Criterion) {
    let mask = damaged(MIDDLE);
    let cell = PixelRect::new(2_560, 1_536, CELL_PX, CELL_PX);
    let mut out = vec![0; cell.size().pixel_count()];
    time(
        criterion,
        "α of one cell, damaged",
        || (),
        |()| alpha_rect(&mask, cell, &mut out),
    );
    time(
        criterion,
        "α of 24 MP, damaged, all threads",
        || (),
        |()| alpha_photo(&mask).len(),
    );

    let photo = sixteen_bit_photo();
    let mut restoration = Restoration::default();
    for row in 0..MIDDLE.height.div_ceil(CELL_PX) {
        for column in 0..MIDDLE.width.div_ceil(CELL_PX) {
            let index = TileIndex::new(column, row);
            let rect = index.rect(CELL_PX, MIDDLE);
            let mut alpha = vec![0; rect.size().pixel_count()];
            alpha_rect(&mask, rect, &mut alpha);
            let values = RectFill {
                fill: vec![30_000; alpha.len() * 3],
                recovered: vec![0; alpha.len()],
                alpha,
            };
            let stamp = u64::from(row) << 32 | u64::from(column);
            let cell = FillCell::from_rect(index, stamp, rect, 3, &values);
            restoration.insert(Arc::new(cell));
        }
    }
    time(
        criterion,
        "composite of 24 MP, RGB 16 bit, every cell filled",
        || (),
        |()| composite_rect(&photo, &restoration, MIDDLE.rect()).len(),
    );
    time(
        criterion,
        "blend of one cell, RGB 16 bit",
        || (),
        |()| composite_rect(&photo, &restoration, cell).len(),
    );
    time(
        criterion,
        "stroke and new effective mask in a document of 24 MP",
        || Document::new(Arc::clone(&photo)),
        |document| {
            document.begin_stroke(&BRUSH, 500.0, 500.0);
            document.extend_stroke(600.0, 500.0);
            document.commit();
            document.effective_mask()
        },
    );
}

fn sixteen_bit_photo() -> Arc<Photo> {
    let source = Source {
        path: PathBuf::from("made for a benchmark"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let samples = Samples::U16(vec![20_000; MIDDLE.pixel_count() * 3]);
    let photo = Photo::new(
        MIDDLE,
        Channels::Rgb,
        samples,
        None,
        Metadata::default(),
        source,
    );
    Arc::new(photo.expect("the samples fit the size"))
}

/// As many samples as make the figures steady without taking all day: the slowest take a second each.
fn settings() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! {
    name = mask;
    config = settings();
    targets = brush_and_history, reading, tiles_and_operations, alpha_and_composite
}
criterion_main!(mask);
