//! Twenty strokes give the bytes of one run with the final mask, and the export gives the bytes on the screen.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/photo.rs"]
mod photo;
#[path = "common/scene.rs"]
mod scene;

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use unscratch::document::Document;
use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, fake_manifest};
use unscratch::inference::{
    CancelToken, Contract, Engine, EngineOptions, InferenceError, Manifest, Network, Tensor,
    TensorView,
};
use unscratch::io::{DecodeLimits, ExportOptions, OutputFormat, open_photo};
use unscratch::jobs::{ExportRequest, JobEvent, JobSystem, export_restoration};
use unscratch::mask::{Brush, BrushMode, EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo};
use unscratch::restore::{
    CellPlan, ContextCache, FillCell, NoProgress, Restoration, composite_rect, fill_cells,
    plan_fill, restore_photo,
};

const SIZE: ImageSize = ImageSize::new(620, 300);

/// Halo of the networks made here, px.
const HALO_PX: u32 = 64;

/// Fills with a colour that is a hash of all it was given: another window, or one more masked px in it, is another colour.
struct WindowNetwork(Manifest);

impl WindowNetwork {
    fn new() -> Self {
        Self(Manifest {
            uses_context: false,
            ..fake_manifest(Contract::RestoreV1, HALO_PX)
        })
    }
}

impl Network for WindowNetwork {
    fn manifest(&self) -> &Manifest {
        &self.0
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        _cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let mut hasher = DefaultHasher::new();
        let mut shape = [0; 4];
        for (name, tensor) in inputs.iter().filter(|(name, _)| *name != "context") {
            if *name == "photo" {
                shape = tensor.shape();
            }
            for values in tensor.data().chunks(4) {
                let bits = values.iter().fold(0_u64, |all, value| {
                    all.rotate_left(16) ^ u64::from(value.to_bits())
                });
                hasher.write_u64(bits);
            }
        }
        let [_, _, height, width] = shape;
        hasher.write_usize(width);
        let hash = hasher.finish();
        let colour = [0, 16, 32].map(|shift| (hash >> shift & 0xffff) as f32 / 65_535.0);
        let fill = colour.map(|value| vec![value; height * width]).concat();
        let recovered = Tensor::filled([1, 1, height, width], 1.0);
        Ok(vec![
            ("fill".to_owned(), Tensor::new(shape, fill)?),
            ("recovered".to_owned(), recovered),
        ])
    }
}

fn window_engine() -> Engine {
    Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(WindowNetwork::new()),
    )
}

/// A toned print, whose fills take their tone from the sound picture around them.
fn toned_photo(size: ImageSize) -> Arc<Photo> {
    let tone = [1.0, 0.92, 0.8];
    let value = |x, y, c: usize| (scene::scene(x, y) * tone[c] * 255.0) as u8;
    Arc::new(photo::photo_of(size, Channels::Rgb, value))
}

/// Numbers that repeat in every run. Source: xorshift32, G. Marsaglia, "Xorshift RNGs", 2003.
fn random(seed: u32) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    }
}

/// Twenty strokes; after each one only what is stale is filled. Returns the document and how many cells were filled.
fn painted(photo: &Arc<Photo>, engine: &mut Engine, seed: u32) -> (Document, usize) {
    painted_with(photo, seed, &mut |document| fill_stale(document, engine))
}

/// As [`painted`]; `fill` fills what is stale and says how many cells that were.
fn painted_with(
    photo: &Arc<Photo>,
    seed: u32,
    fill: &mut dyn FnMut(&mut Document) -> usize,
) -> (Document, usize) {
    let size = photo.size();
    let mut document = Document::new(Arc::clone(photo));
    let mut random = random(seed);
    let mut filled = 0;
    for stroke in 0..20 {
        let brush = Brush {
            diameter_px: (2 + random(30)) as f32,
            hardness: 0.8,
            mode: match stroke % 7 {
                3 => BrushMode::Erase,
                5 => BrushMode::Protect,
                _ => BrushMode::Paint,
            },
        };
        let from = (random(size.width) as f32, random(size.height) as f32);
        let mut along = |at: f32| at + random(300) as f32 - 150.0;
        let to = (along(from.0), along(from.1));
        document.draw_line(&brush, from, to);
        filled += fill(&mut document);
        if stroke == 11 {
            document.undo().unwrap();
            filled += fill(&mut document);
            document.redo().unwrap();
            filled += fill(&mut document);
        }
    }
    (document, filled)
}

/// Takes every stale cell for filled, without any pixel.
fn take_for_filled(document: &mut Document) -> usize {
    let stale = document.stale_cells(HALO_PX);
    for plan in &stale {
        document.insert_fill(Arc::new(FillCell::empty(plan.index, plan.stamp)));
    }
    stale.len()
}

fn fill_stale(document: &mut Document, engine: &mut Engine) -> usize {
    let halo_px = engine.filler_manifest().halo_px;
    let stale = document.stale_cells(halo_px);
    let (photo, mask) = (Arc::clone(document.photo()), document.effective_mask());
    let (contexts, token) = (ContextCache::new(0), CancelToken::new());
    let mut cells = Vec::new();
    fill_cells(&photo, &mask, &stale, engine, &contexts, &token, &mut |c| {
        cells.push(c);
    })
    .unwrap();
    for cell in cells {
        document.insert_fill(Arc::new(cell));
    }
    stale.len()
}

/// One run with the final mask.
fn at_once(document: &Document, engine: &mut Engine) -> Restoration {
    restore_photo(
        document.photo(),
        &document.effective_mask(),
        engine,
        &ContextCache::new(0),
        &NoProgress,
        &CancelToken::new(),
    )
    .unwrap()
}

fn cells(restoration: &Restoration) -> Vec<&FillCell> {
    restoration.cells().map(|cell| &**cell).collect()
}

#[test]
fn twenty_strokes_give_the_bytes_of_one_run_with_the_final_mask() {
    let photo = toned_photo(SIZE);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let (document, _) = pool(2)
        .unwrap()
        .install(|| painted(&photo, &mut window_engine(), 7));
    let expected = pool(1)
        .unwrap()
        .install(|| at_once(&document, &mut window_engine()));
    assert!(expected.cells().count() > 4);
    assert_eq!(cells(document.restoration()), cells(&expected));
}

#[test]
fn a_stroke_leaves_the_fills_of_distant_cells_as_they_are() {
    let size = ImageSize::new(1400, 1100);
    let (mut document, filled) = painted_with(&toned_photo(size), 7, &mut take_for_filled);
    let all = plan_fill(size, &document.effective_mask(), HALO_PX).len();
    assert!(filled < 20 * all / 2, "{filled} of {all} cells 20 times");
    let brush = Brush {
        diameter_px: 40.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };
    document.draw_line(&brush, (900.0, 700.0), (920.0, 700.0));
    for plan in document.stale_cells(HALO_PX) {
        let [column, row] = [plan.index.column, plan.index.row].map(i64::from);
        assert!((column - 3).abs() <= 2 && (row - 2).abs() <= 2, "{plan:?}");
    }
}

#[test]
fn with_the_real_models_twenty_strokes_give_the_bytes_of_one_run_for_one_and_two_threads() {
    let photo = toned_photo(ImageSize::new(540, 270));
    let mut restorations = Vec::new();
    let one = EngineOptions {
        threads: Some(1),
        ..engine::engine_options()
    };
    let two = engine::real_engine();
    for (threads, mut engine) in [(1, Engine::load(&one).unwrap()), (2, two)] {
        let (document, _) = painted(&photo, &mut engine, 99);
        let expected = at_once(&document, &mut engine);
        assert!(expected.cells().any(|cell| !cell.fill.is_empty()));
        assert_eq!(cells(document.restoration()), cells(&expected), "{threads}");
        restorations.push(expected);
    }
    assert_eq!(cells(&restorations[0]), cells(&restorations[1]));
}

fn export_request(document: &Document, restoration: Restoration, target: &Path) -> ExportRequest {
    ExportRequest {
        photo: Arc::clone(document.photo()),
        mask: document.effective_mask(),
        restoration,
        contexts: Arc::new(ContextCache::new(0)),
        target: target.to_path_buf(),
        options: ExportOptions {
            format: OutputFormat::from_path(target).unwrap(),
            overwrite: false,
        },
        mask_target: None,
        record: None,
    }
}

/// Exports with nothing filled yet: the worker fills everything itself.
fn export_by_worker(request: ExportRequest) {
    let (wake, woken) = bounded::<()>(1);
    let wake = Arc::new(move || {
        // Full means that the test will look anyway.
        if wake.try_send(()).is_err() {}
    });
    let system = JobSystem::with_engine(Box::new(|| Ok(window_engine())), wake).unwrap();
    system.export(request);
    loop {
        for event in system.drain() {
            match event {
                JobEvent::Exported { .. } => return,
                JobEvent::Failed { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
        woken.recv_timeout(Duration::from_mins(1)).unwrap();
    }
}

#[test]
fn the_export_holds_the_bytes_on_the_screen_whether_it_fills_itself_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let photo = toned_photo(ImageSize::new(400, 300));
    let (document, _) = painted(&photo, &mut window_engine(), 31);
    let screen = composite_rect(&photo, document.restoration(), photo.size().rect());
    assert_ne!(&screen, photo.samples());

    let shown = folder.path().join("shown.png");
    let request = export_request(&document, document.restoration().clone(), &shown);
    export_restoration(&request, &NoProgress, &CancelToken::new()).unwrap();
    let anew = folder.path().join("anew.png");
    export_by_worker(export_request(&document, Restoration::default(), &anew));
    for file in [shown, anew] {
        let written = open_photo(&file, &DecodeLimits::default()).unwrap();
        assert_eq!(written.samples(), &screen, "{}", file.display());
    }
}

/// A photo with detail everywhere.
fn busy_photo(size: ImageSize) -> Photo {
    photo::photo_of(size, Channels::Rgb, |x, y, c| {
        let noise = (x * 7919 + y * 104_729 + c as u32 * 31 + x * y) % 40;
        (scene::scene(x + 9 * c as u32, y) * 200.0) as u8 + noise as u8
    })
}

#[test]
fn cells_of_a_wide_loss_filled_one_after_another_are_those_of_one_run_to_the_last_bit() {
    let photo = busy_photo(ImageSize::new(1503, 1100));
    let mut engine = engine::real_engine();
    let halo_px = engine.filler_manifest().halo_px;
    let marked = |marks: &[PixelRect]| {
        let size = photo.size();
        let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let value = |(x, y)| u8::from(marks.iter().any(|mark| mark.contains(x, y))) * 255;
        let mut mask = Mask::new(size);
        mask.added = MaskLayer::from_raster(size, &pixels.map(value).collect::<Vec<u8>>());
        EffectiveMask::new(mask, None)
    };
    let loss = PixelRect::new(560, 400, 400, 330);
    let before = plan_fill(photo.size(), &marked(&[loss]), halo_px);
    let mask = marked(&[loss, PixelRect::new(291, 540, 18, 18)]);
    let after = plan_fill(photo.size(), &mask, halo_px);
    let stale: Vec<_> = after
        .iter()
        .filter(|plan| !before.contains(plan))
        .copied()
        .collect();
    let is_shared = |plan: &CellPlan| {
        let mut others = after.iter().filter(|other| other.window == plan.window);
        others.any(|other| before.contains(other))
    };
    assert!(stale.iter().any(is_shared), "one window, half of it stale");
    let contexts = ContextCache::new(0);
    let token = CancelToken::new();
    let whole = restore_photo(&photo, &mask, &mut engine, &contexts, &NoProgress, &token).unwrap();
    for plans in stale.chunks(1) {
        fill_cells(
            &photo,
            &mask,
            plans,
            &mut engine,
            &contexts,
            &token,
            &mut |cell| {
                let expected = whole.cells().find(|other| other.index == cell.index);
                assert!(
                    expected.is_some_and(|expected| **expected == cell),
                    "{:?}",
                    cell.index
                );
            },
        )
        .unwrap();
    }
}
