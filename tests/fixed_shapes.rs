//! With the real models, windows of the fixed shapes that a GPU gets show the same as those of the CPU, within 1/255.
//!
//! The networks run on the CPU here; only the provider that the engine reports, by which windows are shaped, is another.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/scene.rs"]
mod scene;

use std::collections::BTreeSet;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::{CancelToken, Engine, ProviderKind, ProviderReport};
use unscratch::mask::{EffectiveMask, Mask, ProbabilityMap};
use unscratch::photo::{Channels, Photo, Samples};
use unscratch::restore::{
    ContextCache, NoProgress, composite_rect, detect_area, detect_levels, fill_windows,
    restore_photo,
};

/// Larger than the smaller shapes, smaller than the largest, and no multiple of the grid.
const SIZE: ImageSize = ImageSize::new(1090, 610);

fn photo() -> Photo {
    photo::photo_of(SIZE, Channels::Rgb, |x, y, c| {
        (scene::scene(x + 7 * c as u32, y) * 255.0) as u8
    })
}

/// Lines and spots in the middle and at every edge, and a hole so wide that it is run at half size as well.
fn mask() -> EffectiveMask {
    let mut mask = Mask::new(SIZE);
    for y in 0..SIZE.height {
        mask.added.write_row(y, y, &[255; 3]);
    }
    for (x, y) in [(0, 0), (1060, 20), (900, 590), (5, 580), (700, 120)] {
        for row in y..y + 20 {
            mask.added.write_row(x, row, &[255; 25]);
        }
    }
    for y in 200..330 {
        mask.added.write_row(760, y, &[255; 140]);
    }
    EffectiveMask::new(mask, None)
}

struct Seen {
    /// Stage 1's answer on every level, one behind the other; merging them may widen a step.
    probabilities: Vec<u8>,
    of_area: Vec<u8>,
    pixels: Vec<u8>,
    /// Width and height of the windows of stage 2.
    shapes: BTreeSet<(u32, u32)>,
}

fn seen_by(engine: &mut Engine) -> Seen {
    let (photo, mask) = (photo(), mask());
    let (contexts, token) = (ContextCache::new(1 << 24), CancelToken::new());
    let found = detect_levels(&photo, engine, &contexts, &NoProgress, &token).unwrap();
    let area = PixelRect::new(500, 300, 200, 150);
    let of_area = detect_area(&photo, area, engine, &NoProgress, &token).unwrap();
    let filled = restore_photo(&photo, &mask, engine, &contexts, &NoProgress, &token).unwrap();
    let Samples::U8(pixels) = composite_rect(&photo, &filled, SIZE.rect()) else {
        panic!("8 bits stay 8 bits");
    };
    let windows = fill_windows(&filled);
    Seen {
        probabilities: found
            .iter()
            .flat_map(ProbabilityMap::values)
            .copied()
            .collect(),
        of_area,
        pixels,
        shapes: windows
            .iter()
            .map(|window| (window.read.width, window.read.height))
            .collect(),
    }
}

/// The largest difference and how many samples differ at all.
fn difference(a: &[u8], b: &[u8]) -> (u8, usize) {
    assert_eq!(a.len(), b.len());
    let steps = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    steps.fold((0, 0), |(most, count), step| {
        (most.max(step), count + usize::from(step > 0))
    })
}

#[test]
fn windows_of_fixed_shapes_show_what_the_smallest_windows_show() {
    let mut tight = engine::real_engine();
    let expected = seen_by(&mut tight);
    let mut fixed = tight.reporting(ProviderReport {
        kind: ProviderKind::Cuda,
        detail: String::new(),
        said: String::new(),
        is_fallback: false,
    });
    let actual = seen_by(&mut fixed);
    assert_ne!(actual.shapes, expected.shapes, "the windows have grown");
    let allowed = [
        (384, 384),
        (576, 384),
        (384, 576),
        (512, 512),
        (768, 512),
        (512, 640),
        (640, 640),
        (768, 640),
    ];
    assert!(
        actual.shapes.iter().all(|shape| allowed.contains(shape)),
        "{:?}",
        actual.shapes
    );
    for (what, actual, expected) in [
        ("map", &actual.probabilities, &expected.probabilities),
        ("area", &actual.of_area, &expected.of_area),
        ("fill", &actual.pixels, &expected.pixels),
    ] {
        let (most, count) = difference(actual, expected);
        assert!(most <= 1, "{what}: {most}, {count} samples");
    }
    let Samples::U8(master) = photo().samples().clone() else {
        panic!("made with 8 bits");
    };
    assert!(
        difference(&actual.pixels, &master).1 > 10_000,
        "something was filled"
    );
}
