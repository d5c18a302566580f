//! With the real models, tiles give what one run over the whole photo gives, within 1/255.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/scene.rs"]
mod scene;

use std::collections::BTreeMap;

use proptest::prelude::*;
use unscratch::geometry::{ImageSize, PixelPoint, PixelRect, TileIndex};
use unscratch::inference::{CancelToken, Contract, Engine, EngineOptions, Network, Tensor};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo};
use unscratch::restore::{
    AlphaRaster, CELL_PX, ContextCache, FillWindow, NoProgress, Restoration, add_grain,
    detect_levels, hole_rect, rerender, restore_photo,
};
use unscratch::tiling::{Window, padded_size, plan_windows};

/// Smaller than a tile, one px wide or high, and no multiples of the grid.
const SIZES: [(u32, u32); 7] = [
    (1, 1),
    (1, 200),
    (200, 1),
    (37, 61),
    (65, 63),
    (449, 130),
    (330, 577),
];

/// Tiles of stage 1, px: the grid itself, one that does not divide the next, and one larger than most of [`SIZES`].
const TILES: [u32; 3] = [64, 192, 320];

fn photo(size: ImageSize) -> Photo {
    photo::photo_of(size, Channels::Rgb, |x, y, c| {
        let scratch = (x * 3 + y * 2) % 97 < 3;
        let shade = scene::scene(x + 7 * c as u32, y);
        (if scratch { 0.9 } else { shade } * 255.0) as u8
    })
}

fn input(photo: &Photo, origin: PixelPoint, width: u32, height: u32) -> Tensor {
    let mut tensor = Tensor::filled([1, 3, height as usize, width as usize], 0.0);
    photo.network_window(origin, width, height, tensor.data_mut());
    tensor
}

fn output(outputs: Vec<(String, Tensor)>, name: &str) -> Tensor {
    let found = outputs.into_iter().find(|(found, _)| found == name);
    found.expect(name).1
}

/// The whole padded photo in one run.
fn whole(engine: &mut Engine, photo: &Photo) -> (Tensor, Tensor) {
    let padded = padded_size(photo.size());
    let tensor = input(photo, PixelPoint::new(0, 0), padded.width, padded.height);
    let run = |network: &mut dyn Network| {
        let token = CancelToken::new();
        network.run(&[("photo", tensor.view())], &token).unwrap()
    };
    let outputs = run(engine.detector());
    let context = output(run(engine.detector()), "context");
    (output(outputs, "scratch_probability"), context)
}

#[test]
fn detection_windows_give_what_the_whole_photo_gives() {
    let mut engine = engine::real_engine();
    let halo = engine.detector_manifest().halo_px;
    assert_eq!(
        engine.detector_manifest().contract,
        Contract::ScratchContextV1
    );
    for (width, height) in SIZES {
        let photo = photo(ImageSize::new(width, height));
        let (expected, _) = whole(&mut engine, &photo);
        for tile in TILES {
            for window in plan_windows(photo.size(), tile, halo) {
                assert_same_probability(&mut engine, &photo, &window, &expected);
            }
        }
    }
}

#[test]
fn the_search_of_a_photo_of_several_usual_tiles_gives_what_the_whole_photo_gives() {
    let size = ImageSize::new(1450, 1411);
    let photo = photo::photo_of(size, Channels::Rgb, |x, y, c| {
        let is_scratch = (x * 6 + y) % 2400 < 20 || (y * 7 + x) % 3000 < 20;
        let shade = 0.8 * scene::scene(x + 7 * c as u32, y);
        (if is_scratch { 0.97 } else { shade } * 255.0) as u8
    });
    let roomy = EngineOptions {
        memory_limit_bytes: Some(3 << 30),
        ..engine::engine_options()
    };
    let (expected, _) = whole(&mut Engine::load(&roomy).unwrap(), &photo);
    let mut engine = engine::real_engine();
    let (contexts, token) = (ContextCache::new(0), CancelToken::new());
    let found = detect_levels(&photo, &mut engine, &contexts, &NoProgress, &token).unwrap();
    assert!(engine.take_notes().is_empty(), "in tiles of the usual size");
    assert_eq!(found[0].size(), size);
    let halo = engine.detector_manifest().halo_px;
    assert_eq!(plan_windows(size, 1024, halo).len(), 4);
    let mut marked = 0;
    for y in 0..size.height {
        let row = &found[0].values()[size.index(0, y)..][..size.width as usize];
        for (&actual, &expected) in row.iter().zip(expected.row(0, y as usize)) {
            let difference = (f32::from(actual) - 255.0 * expected).abs();
            // The answer within 1, and half a level for its rounding to 8 bits.
            assert!(difference <= 1.5, "row {y}: {actual} {expected}");
            marked += u32::from(actual >= 128);
        }
    }
    assert!(marked > 1000, "there is something to be found: {marked}");
}

fn assert_same_probability(engine: &mut Engine, photo: &Photo, window: &Window, expected: &Tensor) {
    let (read, core) = (window.read, window.core);
    let tensor = input(photo, window.origin(), read.width, read.height);
    let token = CancelToken::new();
    let outputs = engine.detector().run(&[("photo", tensor.view())], &token);
    let actual = output(outputs.unwrap(), "scratch_probability");
    for y in core.y..core.bottom() {
        for x in core.x..core.right() {
            let a = actual.row(0, (y - read.y) as usize)[(x - read.x) as usize];
            let e = expected.row(0, y as usize)[x as usize];
            let size = photo.size();
            assert!(
                (a - e).abs() <= 1.0 / 255.0,
                "{size}, {read:?}: {x}, {y}: {a} {e}"
            );
        }
    }
}

fn mask(size: ImageSize) -> EffectiveMask {
    let mut values = vec![0; size.pixel_count()];
    for (i, value) in values.iter_mut().enumerate() {
        let (x, y) = (i as u32 % size.width, i as u32 / size.width);
        if (x * 3 + y * 2) % 97 < 3 || (x / 40 + y / 40) % 7 == 0 {
            *value = 255;
        }
    }
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &values);
    EffectiveMask::new(mask, None)
}

fn restored(engine: &mut Engine, photo: &Photo, mask: &EffectiveMask) -> Restoration {
    let contexts = ContextCache::new(64 << 20);
    restore_photo(
        photo,
        mask,
        engine,
        &contexts,
        &NoProgress,
        &CancelToken::new(),
    )
    .unwrap()
}

/// Stage 2 on the whole padded photo in one run, with grain: `fill`.
fn whole_fill(engine: &mut Engine, photo: &Photo, mask: &EffectiveMask) -> Tensor {
    let size = photo.size();
    let padded = padded_size(size);
    let context = if engine.filler().manifest().uses_context {
        whole(engine, photo).1
    } else {
        let (rows, columns) = (padded.height as usize / 4, padded.width as usize / 4);
        let channels = engine.filler().manifest().context_channels;
        Tensor::new(
            [1, channels, rows, columns],
            vec![0.0; channels * rows * columns],
        )
        .unwrap()
    };
    let tensor = input(photo, PixelPoint::new(0, 0), padded.width, padded.height);
    let mut hole = vec![0; size.pixel_count()];
    hole_rect(mask, size.rect(), &mut hole);
    let mirrored =
        |position: u32, len: u32| unscratch::geometry::mirror_index(i64::from(position), len);
    let values = (0..padded.height).flat_map(|y| {
        let row = mirrored(y, size.height);
        let hole = &hole;
        (0..padded.width)
            .map(move |x| f32::from(u8::from(hole[size.index(mirrored(x, size.width), row)] > 0)))
    });
    let shape = [1, 1, padded.height as usize, padded.width as usize];
    let hole = Tensor::new(shape, values.collect()).unwrap();
    let inputs = [
        ("photo", tensor.view()),
        ("mask", hole.view()),
        ("context", context.view()),
    ];
    let outputs = engine.filler().run(&inputs, &CancelToken::new()).unwrap();
    let recovered = output(outputs.clone(), "recovered");
    let mut fill = output(outputs, "fill");
    let halo_px = engine.filler_manifest().halo_px;
    let read = PixelRect::new(0, 0, padded.width, padded.height);
    add_grain(&mut fill, &recovered, &tensor, &hole, (read, size, halo_px));
    fill
}

/// So little memory that no two cells share a window, and most cells are filled in pieces.
fn frugal_engine() -> Engine {
    let options = EngineOptions {
        memory_limit_bytes: Some(1 << 20),
        ..engine::engine_options()
    };
    Engine::load(&options).unwrap()
}

#[test]
fn fill_cells_give_what_the_whole_photo_gives_alone_or_in_company() {
    let mut engine = engine::real_engine();
    let mut frugal = frugal_engine();
    for (width, height) in SIZES {
        let size = ImageSize::new(width, height);
        let (photo, mask) = (photo(size), mask(size));
        let expected = whole_fill(&mut engine, &photo, &mask);
        let in_one = in_one_window(&mut engine, &photo, &mask);
        for engine in [&mut engine, &mut frugal] {
            let restoration = restored(engine, &photo, &mask);
            assert_same_fill(&restoration, &expected, &mask);
            assert!(largest_difference(&restoration, &in_one) <= 1.0, "{size}");
        }
    }
}

/// The fills of all cells from one window that reads the whole padded photo.
fn in_one_window(engine: &mut Engine, photo: &Photo, mask: &EffectiveMask) -> Restoration {
    let size = photo.size();
    let mut hole = vec![0; size.pixel_count()];
    hole_rect(mask, size.rect(), &mut hole);
    let padded = padded_size(size);
    let columns = 0..size.width.div_ceil(CELL_PX);
    let rows = 0..size.height.div_ceil(CELL_PX);
    let window = FillWindow {
        read: PixelRect::new(0, 0, padded.width, padded.height),
        cells: rows
            .flat_map(|row| columns.clone().map(move |x| TileIndex::new(x, row)))
            .collect(),
        piece: None,
    };
    let alpha = AlphaRaster::new(size, hole);
    let token = CancelToken::new();
    rerender(photo, &alpha, &[window], engine, &NoProgress, &token).unwrap()
}

/// Whether all is hole as far as 24 px around each pixel: there a second run at half size has its say.
fn is_deep(mask: &EffectiveMask) -> impl Fn(u32, u32) -> bool {
    let size = mask.size();
    let mut hole = vec![0; size.pixel_count()];
    hole_rect(mask, size.rect(), &mut hole);
    move |x, y| {
        let near = PixelRect::new(x, y, 1, 1).grown_within(24, size);
        let mut rows = near.y..near.bottom();
        rows.all(|row| {
            let start = size.index(near.x, row);
            hole[start..start + near.width as usize]
                .iter()
                .all(|&value| value > 0)
        })
    }
}

/// Where a hole is not wide the fill is that of one network run over the whole photo.
fn assert_same_fill(restoration: &Restoration, expected: &Tensor, mask: &EffectiveMask) {
    let (size, is_deep) = (mask.size(), is_deep(mask));
    for cell in restoration.cells() {
        for (x, y, i) in cell.pixels().filter(|&(x, y, _)| !is_deep(x, y)) {
            for c in 0..3 {
                // Grain may lead beyond what a pixel can hold.
                let e = expected.row(c, y as usize)[x as usize].clamp(0.0, 1.0);
                let a = f32::from(cell.fill[3 * i + c]) / 65_535.0;
                assert!((a - e).abs() <= 1.0 / 255.0, "{size} at {x}, {y}: {a} {e}");
            }
        }
    }
}

/// A sepia print with grain and a scanner's noise that is more faded to the right and has a brown spot.
fn sepia(size: ImageSize) -> Photo {
    let value = |x: u32, y: u32, c: usize| {
        let (across, down) = (x as f32 / size.width as f32, y as f32 / size.height as f32);
        let spot = (-((across - 0.4).powi(2) + (down - 0.5).powi(2)) * 60.0).exp();
        let depth = 1.0 - 0.5 * across + 0.3 * spot;
        let curve = [1.0 - 0.12 * depth, 1.0, 1.0 + 0.2 * depth][c];
        let noise = (x * 7919 + y * 104_729 + c as u32 * 31 + x * y) % 7;
        (scene::scene(x, y).powf(curve) * 255.0 + noise as f32 - 3.0) as u8
    };
    photo::photo_of(size, Channels::Rgb, value)
}

fn mask_of(size: ImageSize, marks: &[PixelRect]) -> EffectiveMask {
    let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let value = |(x, y)| u8::from(marks.iter().any(|mark| mark.contains(x, y))) * 255;
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &pixels.map(value).collect::<Vec<u8>>());
    EffectiveMask::new(mask, None)
}

/// Every filled pixel, 8 bits a channel as exactly as it was filled.
fn filled(restoration: &Restoration) -> BTreeMap<(u32, u32), [f32; 3]> {
    let cells = restoration.cells();
    let pixels = cells.flat_map(|cell| {
        cell.pixels().map(move |(x, y, i)| {
            let rgb = [0, 1, 2].map(|c| f32::from(cell.fill[3 * i + c]) / 257.0);
            ((x, y), rgb)
        })
    });
    pixels.collect()
}

/// The largest difference of two restorations of one photo where both fill, in 8-bit levels.
fn largest_difference(one: &Restoration, other: &Restoration) -> f32 {
    let (one, other) = (filled(one), filled(other));
    let both = one.iter().filter_map(|(at, a)| Some((a, other.get(at)?)));
    let differences = both.flat_map(|(a, b)| [0, 1, 2].map(|c| (a[c] - b[c]).abs()));
    differences
        .max_by(f32::total_cmp)
        .expect("pixels in common")
}

#[test]
fn on_a_toned_print_a_fill_does_not_depend_on_what_else_its_window_reads() {
    let mut engine = engine::real_engine();
    let photo = sepia(ImageSize::new(720, 640));
    let hole = PixelRect::new(290, 300, 40, 60);
    let alone = restored(&mut engine, &photo, &mask_of(photo.size(), &[hole]));
    let width = |restoration: &Restoration| {
        let windows = restoration.cells().map(|cell| cell.window.width);
        windows.max().unwrap()
    };
    assert_eq!(width(&alone), 384);
    // Farther from the hole than the halo, but in the same cells and so in one window with it.
    let beyond = PixelRect::new(480, 470, 20, 20);
    let both = restored(&mut engine, &photo, &mask_of(photo.size(), &[hole, beyond]));
    assert_eq!(width(&both), 512);
    let difference = largest_difference(&alone, &both);
    assert!(difference <= 1.0, "{difference}");
}

#[test]
fn on_a_toned_print_little_memory_gives_what_much_memory_gives() {
    let (mut engine, mut frugal) = (engine::real_engine(), frugal_engine());
    let photo = sepia(ImageSize::new(330, 290));
    let mask = mask(photo.size());
    let much = restored(&mut engine, &photo, &mask);
    let little = restored(&mut frugal, &photo, &mask);
    assert!(little.cells().any(|cell| cell.pieces.len() > 3));
    let difference = largest_difference(&much, &little);
    assert!(difference <= 1.0, "{difference}");
}

#[test]
fn windows_of_any_size_anywhere_give_what_the_whole_photo_gives() {
    let mut engine = engine::real_engine();
    let halo = engine.detector_manifest().halo_px;
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig::with_cases(6),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let engine = std::cell::RefCell::new(&mut engine);
    let sizes = (1_u32..420, 1_u32..420, 1_u32..7);
    let hole = (0.0_f64..1.0, 0.0_f64..1.0, 1_u32..150, 1_u32..150);
    let cases = runner.run(&(sizes, hole), |((width, height, tile), (x, y, w, h))| {
        let engine = &mut **engine.borrow_mut();
        let size = ImageSize::new(width, height);
        let photo = photo(size);
        let (expected, _) = whole(engine, &photo);
        for window in plan_windows(size, 64 * tile, halo) {
            assert_same_probability(engine, &photo, &window, &expected);
        }
        let at = |part: f64, len: u32| (part * f64::from(len)) as u32;
        let hole = PixelRect::new(at(x, width), at(y, height), w, h).intersect(size.rect());
        let mask = mask_of(size, &[hole]);
        let expected = whole_fill(engine, &photo, &mask);
        let restoration = restored(engine, &photo, &mask);
        assert_same_fill(&restoration, &expected, &mask);
        let in_one = in_one_window(engine, &photo, &mask);
        assert!(largest_difference(&restoration, &in_one) <= 1.0);
        Ok(())
    });
    cases.unwrap();
}

#[test]
fn a_wide_loss_is_the_same_with_little_memory() {
    let (mut engine, mut frugal) = (engine::real_engine(), frugal_engine());
    let photo = photo(ImageSize::new(523, 481));
    let marks = [
        PixelRect::new(180, 170, 210, 190),
        PixelRect::new(20, 400, 90, 81),
    ];
    let mask = mask_of(photo.size(), &marks);
    let much = restored(&mut engine, &photo, &mask);
    let little = restored(&mut frugal, &photo, &mask);
    assert!(little.cells().any(|cell| cell.pieces.len() > 3));
    let difference = largest_difference(&much, &little);
    assert!(difference <= 1.0, "{difference}");
    let in_one = in_one_window(&mut engine, &photo, &mask);
    let difference = largest_difference(&much, &in_one);
    assert!(difference <= 1.0, "{difference}");
}
