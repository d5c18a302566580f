//! With the real models, tiles give what one run over the whole photo gives, within 1/255.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/scene.rs"]
mod scene;

use unscratch::geometry::{ImageSize, PixelPoint, PixelRect};
use unscratch::inference::{CancelToken, Contract, Engine, EngineOptions, Network, Tensor};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo};
use unscratch::restore::{
    ContextCache, NoProgress, Restoration, add_grain, hole_rect, restore_photo,
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

#[test]
fn fill_cells_give_what_the_whole_photo_gives_alone_or_in_company() {
    let mut engine = engine::real_engine();
    // So little memory that no two cells share a window.
    let frugal = EngineOptions {
        memory_limit_bytes: Some(1 << 20),
        ..engine::engine_options()
    };
    let mut frugal = Engine::load(&frugal).unwrap();
    for (width, height) in SIZES {
        let size = ImageSize::new(width, height);
        let (photo, mask) = (photo(size), mask(size));
        let expected = whole_fill(&mut engine, &photo, &mask);
        for engine in [&mut engine, &mut frugal] {
            for cell in restored(engine, &photo, &mask).cells() {
                for (x, y, i) in cell.pixels() {
                    for c in 0..3 {
                        let e = expected.row(c, y as usize)[x as usize];
                        let a = f32::from(cell.fill[3 * i + c]) / 65_535.0;
                        assert!((a - e).abs() <= 1.0 / 255.0, "{size} at {x}, {y}: {a} {e}");
                    }
                }
            }
        }
    }
}
