//! Cells filled in pieces, because memory was short, are made again from the same pieces: by the record, not by the memory at hand.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/photo.rs"]
mod photo;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, fake_manifest};
use unscratch::inference::{
    CancelToken, Contract, CpuFallback, Engine, InferenceError, Manifest, Network, ProviderKind,
    ProviderReport, Tensor, TensorView,
};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo, Samples};
use unscratch::restore::{
    AlphaRaster, AlphaSource as _, CELL_PX, ContextCache, FillWindow, NoProgress, Restoration,
    RestoreError, composite_rect, fill_windows, rerender, restore_photo,
};

const SIZE: ImageSize = ImageSize::new(600, 300);

/// Stage 2 that fills a whole window with its mean: another window is another colour. Out of memory beyond `max_px`.
struct MeanNetwork {
    manifest: Manifest,
    max_px: usize,
    /// How often it ran to the end.
    runs: Arc<AtomicUsize>,
}

impl Network for MeanNetwork {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        _cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let photo = inputs[0].1;
        let [_, _, height, width] = photo.shape();
        if height * width > self.max_px {
            return Err(InferenceError::OutOfMemory {
                model: self.manifest.id.clone(),
            });
        }
        self.runs.fetch_add(1, Ordering::Relaxed);
        let mean = photo.data().iter().sum::<f32>() / photo.data().len() as f32;
        Ok(vec![
            (
                "fill".to_owned(),
                Tensor::filled([1, 3, height, width], mean),
            ),
            (
                "recovered".to_owned(),
                Tensor::filled([1, 1, height, width], 1.0),
            ),
        ])
    }
}

fn engine(max_px: usize) -> Engine {
    counting_engine(max_px, &Arc::default())
}

fn counting_engine(max_px: usize, runs: &Arc<AtomicUsize>) -> Engine {
    let filler = MeanNetwork {
        manifest: fake_manifest(Contract::RestoreV1, 64),
        max_px,
        runs: Arc::clone(runs),
    };
    Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(filler),
    )
}

/// Two spots, each larger than what fits at once, in different cells.
fn masked(x: u32, y: u32) -> bool {
    let spots = [
        PixelRect::new(20, 30, 190, 150),
        PixelRect::new(400, 60, 100, 180),
    ];
    spots.iter().any(|spot| spot.contains(x, y))
}

struct Scan {
    photo: Photo,
    alpha: AlphaRaster,
    restoration: Restoration,
}

/// A photo restored by an engine that has memory for windows of `max_px`.
fn restored(max_px: usize) -> Scan {
    let photo = photo::photo_of(SIZE, Channels::Grey, |x, y, _| (x / 3 + y / 2) as u8);
    let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let values: Vec<u8> = pixels.map(|(x, y)| u8::from(masked(x, y)) * 255).collect();
    let mut mask = Mask::new(SIZE);
    mask.added = MaskLayer::from_raster(SIZE, &values);
    let mask = EffectiveMask::new(mask, None);
    let mut alpha = vec![0; SIZE.pixel_count()];
    mask.alpha_rect(SIZE.rect(), &mut alpha);
    let contexts = ContextCache::new(1 << 20);
    let restoration = restore_photo(
        &photo,
        &mask,
        &mut engine(max_px),
        &contexts,
        &NoProgress,
        &CancelToken::new(),
    );
    Scan {
        photo,
        alpha: AlphaRaster::new(SIZE, alpha),
        restoration: restoration.unwrap(),
    }
}

impl Scan {
    fn pixels(&self) -> Samples {
        composite_rect(&self.photo, &self.restoration, SIZE.rect())
    }

    fn again(&self, windows: &[FillWindow]) -> Result<Samples, RestoreError> {
        let token = CancelToken::new();
        let mut engine = engine(usize::MAX);
        let Self { photo, alpha, .. } = self;
        let again = rerender(photo, alpha, windows, &mut engine, &NoProgress, &token)?;
        Ok(composite_rect(photo, &again, SIZE.rect()))
    }
}

#[test]
fn fills_made_in_pieces_are_made_again_from_the_same_pieces() {
    let short = restored(192 * 192);
    let windows = fill_windows(&short.restoration);
    assert!(windows.iter().filter(|w| w.piece.is_some()).count() > 3);
    assert!(windows.iter().all(|window| !window.read.is_empty()));
    assert_eq!(short.again(&windows).unwrap(), short.pixels());
    assert_ne!(restored(usize::MAX).pixels(), short.pixels());
}

#[test]
fn the_windows_of_a_wide_hole_share_what_was_run_at_half_size_and_it_shows_in_no_pixel() {
    let photo = photo::photo_of(SIZE, Channels::Grey, |x, y, _| (x / 3 + y / 2) as u8);
    let mut mask = Mask::new(SIZE);
    for y in 40..260 {
        mask.added.write_row(50, y, &[255; 500]);
    }
    let mask = EffectiveMask::new(mask, None);
    let restored = |context_bytes: usize| {
        let runs = Arc::default();
        let mut engine = counting_engine(192 * 192, &runs);
        let contexts = ContextCache::new(context_bytes);
        let token = CancelToken::new();
        let filled = restore_photo(&photo, &mask, &mut engine, &contexts, &NoProgress, &token);
        assert!(contexts.byte_len() <= context_bytes);
        let pixels = composite_rect(&photo, &filled.unwrap(), SIZE.rect());
        (pixels, runs.load(Ordering::Relaxed))
    };
    let (each_anew, (shared, runs)) = (restored(0), restored(1 << 20));
    assert_eq!(shared, each_anew.0);
    // The native runs are among them.
    assert!(runs * 4 < each_anew.1 * 3, "{runs} of {}", each_anew.1);
}

#[test]
fn a_gpu_without_memory_for_the_smallest_window_hands_over_to_the_cpu_and_says_so() {
    let scan = restored(usize::MAX);
    let cpu: CpuFallback = Box::new(|| {
        let filler = MeanNetwork {
            manifest: fake_manifest(Contract::RestoreV1, 64),
            max_px: usize::MAX,
            runs: Arc::default(),
        };
        Ok([
            Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
            Box::new(filler),
        ])
    });
    // Not even one grid cell fits.
    let mut gpu = engine(0).falling_back_to(cpu).reporting(ProviderReport {
        kind: ProviderKind::Cuda,
        detail: String::new(),
        said: String::new(),
        is_fallback: false,
    });
    let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let values: Vec<u8> = pixels.map(|(x, y)| u8::from(masked(x, y)) * 255).collect();
    let mut mask = Mask::new(SIZE);
    mask.added = MaskLayer::from_raster(SIZE, &values);
    let mask = EffectiveMask::new(mask, None);
    let (contexts, token) = (ContextCache::new(1 << 20), CancelToken::new());
    let filled = restore_photo(&scan.photo, &mask, &mut gpu, &contexts, &NoProgress, &token);
    let filled = filled.unwrap();
    let found = gpu.provider();
    assert!(
        found.kind == ProviderKind::Cpu && found.is_fallback,
        "{found:?}"
    );
    assert!(
        found.detail.contains("CUDA has too little memory"),
        "{found:?}"
    );
    let notes = gpu.take_notes();
    assert!(
        notes.iter().any(|note| note.contains("smaller tiles")),
        "{notes:?}"
    );
    assert!(
        notes.last().unwrap().contains("it goes on with the CPU"),
        "{notes:?}"
    );
    // The cell that was begun on the GPU in pieces is finished in pieces or whole: every pixel of both spots is filled.
    let result = composite_rect(&scan.photo, &filled, SIZE.rect());
    let (Samples::U8(found), Samples::U8(before)) = (&result, scan.photo.samples()) else {
        panic!("8 bits stay 8 bits");
    };
    let changed = (0..found.len()).filter(|&i| found[i] != before[i]).count();
    let spots = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let marked = spots.filter(|&(x, y)| masked(x, y)).count();
    assert!(changed * 10 > marked * 9, "{changed} of {marked}");
}

#[test]
fn records_of_version_1_know_no_pieces_and_are_made_again_in_one() {
    let short = restored(192 * 192);
    let windows: Vec<FillWindow> = short
        .restoration
        .cells()
        .map(|cell| FillWindow {
            read: cell.window,
            cells: vec![cell.index],
            piece: None,
        })
        .collect();
    assert!(windows.iter().any(|window| window.read.is_empty()));
    let again = short.again(&windows).unwrap();
    assert_ne!(again, short.pixels());
}

#[test]
fn pieces_that_no_cell_can_have_are_refused() {
    let short = restored(192 * 192);
    let windows = fill_windows(&short.restoration);
    let good = windows
        .iter()
        .find(|window| window.piece.is_some())
        .unwrap();
    let refused = |change: &dyn Fn(&mut FillWindow)| {
        let mut window = good.clone();
        change(&mut window);
        let outcome = short.again(&[window.clone()]);
        assert!(
            matches!(outcome, Err(RestoreError::Window { .. })),
            "{window:?}"
        );
    };
    refused(&|window| window.cells.clear());
    refused(&|window| window.cells.push(window.cells[0]));
    refused(&|window| window.piece = Some(PixelRect::EMPTY));
    refused(&|window| window.piece = Some(PixelRect::new(u32::MAX, 0, u32::MAX, 9)));
    refused(&|window| window.piece = Some(PixelRect::new(0, 0, CELL_PX, CELL_PX)));
    refused(&|window| window.read = PixelRect::EMPTY);
    refused(&|window| window.read = PixelRect::new(u32::MAX, 0, 64, 64));
    assert!(short.again(std::slice::from_ref(good)).is_ok());
}
