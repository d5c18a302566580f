//! Windows of few fixed shapes for a GPU, and the runs that make it ready for them. Which pixels a window must read is
//! decided elsewhere; here it only grows.
//!
//! A GPU chooses its algorithms and its memory anew for each shape, which takes longer than the pixels that are too many.
//! On the CPU a pixel costs the same in any window, so nothing grows there.

use super::detect::largest_read_px;
use super::group::max_window_px;
use crate::geometry::{ImageSize, PixelRect};
use crate::inference::{CancelToken, Engine, InferenceError, Network, ProviderKind, Tensor};
use crate::tiling::{Window, grown_to};

/// Stage 2's, px: a spot, a thin scratch across or down, a cell, two cells beside or above each other, parts of four, four.
/// Windows that nothing here holds stay as they are. Without those for scratches one of 198 × 6 px could take 3.4 times the
/// pixels that lie within the halo of it, without the one for parts of four a diagonal crack 3.1 times.
const FILL_SHAPES: [(u32, u32); 8] = [
    (384, 384),
    (576, 384),
    (384, 576),
    (512, 512),
    (768, 512),
    (512, 768),
    (640, 640),
    (768, 768),
];

/// What runs of stage 2 keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunBounds {
    /// Stage 2's halo, px.
    pub halo_px: u32,
    /// The most pixels a run may have.
    pub max_px: u64,
    pub shapes: WindowShapes,
}

impl RunBounds {
    /// Those of the provider that runs now, within what a run may occupy now.
    pub fn of(engine: &Engine) -> Self {
        Self {
            halo_px: engine.filler_manifest().halo_px,
            max_px: max_window_px(engine.run_bytes()),
            shapes: WindowShapes::of(engine),
        }
    }
}

/// The shapes that windows have on one provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowShapes {
    /// Side of stage 1's windows, px; `None` where any shape will do.
    detect_px: Option<u32>,
    /// Most pixels of a stage-2 window; `None` where any shape will do.
    fill_px: Option<u64>,
}

impl WindowShapes {
    /// Those of the provider that runs now, within what a run may occupy now.
    pub fn of(engine: &Engine) -> Self {
        let is_fixed = engine.provider().kind == ProviderKind::Cuda;
        let (run_bytes, halo_px) = (engine.run_bytes(), engine.detector_manifest().halo_px);
        Self {
            detect_px: is_fixed.then(|| largest_read_px(run_bytes, halo_px)),
            fill_px: is_fixed.then(|| max_window_px(run_bytes)),
        }
    }

    /// What stage 1 reads instead of `read`, in a picture of `size`.
    fn detect(self, read: PixelRect, size: ImageSize) -> PixelRect {
        match self.detect_px {
            Some(side) => grown_to(read, ImageSize::new(side, side), size),
            None => read,
        }
    }

    /// What stage 2 reads instead of `read`, in a photo of `size`: the smallest shape that holds it.
    pub fn fill(self, read: PixelRect, size: ImageSize) -> PixelRect {
        let holds = |&&(width, height): &&(u32, u32)| width >= read.width && height >= read.height;
        let shape = self.fill_shapes().iter().find(holds);
        match shape {
            Some(&(width, height)) => grown_to(read, ImageSize::new(width, height), size),
            None => read,
        }
    }

    /// `window` of stage 1, reading what [`Self::detect`] says.
    pub fn detect_window(self, window: Window, size: ImageSize) -> Window {
        Window {
            read: self.detect(window.read, size),
            ..window
        }
    }

    /// `window` of stage 2, reading what [`Self::fill`] says.
    pub fn fill_window(self, window: Window, size: ImageSize) -> Window {
        Window {
            read: self.fill(window.read, size),
            ..window
        }
    }

    /// Those that fit, the smaller ones first.
    fn fill_shapes(self) -> &'static [(u32, u32)] {
        let most = self.fill_px.unwrap_or(0);
        let fits = |&&(width, height): &&(u32, u32)| u64::from(width) * u64::from(height) <= most;
        let count = FILL_SHAPES.iter().take_while(fits).count();
        &FILL_SHAPES[..count]
    }
}

/// Runs both networks once on zeros in each fixed shape, so that what a GPU chooses and allocates for a shape is there
/// before the first photo needs it; does nothing on the CPU. Ends early, with nothing lost, when `cancel` is set or a run
/// fails: what is wrong then is said when it is met again.
pub fn warm_up(engine: &mut Engine, cancel: &CancelToken) {
    let shapes = WindowShapes::of(engine);
    let detect = shapes.detect_px.map(|side| (side, side));
    let runs = detect
        .iter()
        .try_for_each(|&shape| run_blank(engine.detector(), shape, cancel));
    let runs = runs.and_then(|()| {
        let mut fills = shapes.fill_shapes().iter();
        fills.try_for_each(|&shape| run_blank(engine.filler(), shape, cancel))
    });
    if let Err(error) = runs {
        tracing::debug!("the networks are not warm: {error}");
    }
}

/// One run on a window of `width` × `height` px of zeros.
fn run_blank(
    network: &mut dyn Network,
    (width, height): (u32, u32),
    cancel: &CancelToken,
) -> Result<(), InferenceError> {
    let manifest = network.manifest();
    let (width, height) = (width as usize, height as usize);
    let inputs: Vec<(&str, Tensor)> = manifest
        .contract
        .inputs()
        .iter()
        .map(|&name| {
            (
                name,
                Tensor::filled(manifest.input_shape(name, height, width), 0.0),
            )
        })
        .collect();
    let views: Vec<_> = inputs
        .iter()
        .map(|(name, tensor)| (*name, tensor.view()))
        .collect();
    network.run(&views, cancel).map(drop)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::inference::fake::{IdentityNetwork, fake_manifest};
    use crate::inference::{Contract, Manifest, ProviderReport, TensorView};
    use crate::mask::{EffectiveMask, Mask};
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
    use crate::restore::{ContextCache, NoProgress, composite_rect, detect, restore_photo};

    type Seen = Arc<Mutex<Vec<(u32, u32)>>>;

    /// [`IdentityNetwork`] that looks as far as the real models, notes the shapes it runs on, and stops after some runs.
    struct Noting(IdentityNetwork, Manifest, Seen, usize);

    impl Network for Noting {
        fn manifest(&self) -> &Manifest {
            &self.1
        }

        fn run(
            &mut self,
            inputs: &[(&str, TensorView<'_>)],
            cancel: &CancelToken,
        ) -> Result<Vec<(String, Tensor)>, InferenceError> {
            let [_, _, height, width] = inputs[0].1.shape();
            let mut seen = self.2.lock().unwrap();
            seen.push((width as u32, height as u32));
            if seen.len() > self.3 {
                let model = self.1.id.clone();
                return Err(InferenceError::OutOfMemory { model });
            }
            self.0.run(inputs, cancel)
        }
    }

    /// An engine on `kind` whose networks each do `runs` runs, and what they will have seen.
    fn engine(kind: ProviderKind, runs: usize) -> (Engine, [Seen; 2]) {
        let seen = [Seen::default(), Seen::default()];
        let network = |contract, seen: &Seen| {
            let manifest = fake_manifest(contract, 128);
            let inner = IdentityNetwork::new(contract);
            Box::new(Noting(inner, manifest, Arc::clone(seen), runs))
        };
        let engine = Engine::from_networks(
            network(Contract::ScratchContextV1, &seen[0]),
            network(Contract::RestoreV1, &seen[1]),
        );
        let report = ProviderReport {
            kind,
            detail: String::new(),
            said: String::new(),
            is_fallback: false,
        };
        (engine.reporting(report), seen)
    }

    fn shapes(seen: &Seen) -> BTreeSet<(u32, u32)> {
        seen.lock().unwrap().iter().copied().collect()
    }

    #[test]
    fn the_gpu_is_warmed_up_with_every_shape_once_and_the_cpu_with_none() {
        let (mut gpu, seen) = engine(ProviderKind::Cuda, 99);
        warm_up(&mut gpu, &CancelToken::new());
        assert_eq!(*seen[0].lock().unwrap(), [(1280, 1280)]);
        assert_eq!(*seen[1].lock().unwrap(), FILL_SHAPES);
        let (mut cpu, seen) = engine(ProviderKind::Cpu, 99);
        warm_up(&mut cpu, &CancelToken::new());
        assert!(seen.iter().all(|seen| seen.lock().unwrap().is_empty()));
    }

    #[test]
    fn a_warm_up_ends_at_the_first_run_that_fails_or_is_stopped() {
        let (mut gpu, seen) = engine(ProviderKind::Cuda, 2);
        warm_up(&mut gpu, &CancelToken::new());
        assert_eq!(seen[1].lock().unwrap().len(), 3);
        let (mut gpu, seen) = engine(ProviderKind::Cuda, 99);
        let token = CancelToken::new();
        token.cancel();
        warm_up(&mut gpu, &token);
        assert!(seen[1].lock().unwrap().is_empty());
    }

    #[test]
    fn windows_of_stage_2_have_the_fixed_shapes_and_hold_what_they_must_read() {
        let (gpu, _) = engine(ProviderKind::Cuda, 0);
        let (cpu, _) = engine(ProviderKind::Cpu, 0);
        let size = ImageSize::new(5000, 3000);
        for (width, height) in [(320, 320), (384, 448), (640, 320), (320, 640), (768, 576)] {
            let read = PixelRect::new(1280, 640, width, height);
            let grown = WindowShapes::of(&gpu).fill(read, size);
            assert!(
                FILL_SHAPES.contains(&(grown.width, grown.height)),
                "{grown:?}"
            );
            assert_eq!(grown.intersect(read), read);
            assert_eq!(WindowShapes::of(&cpu).fill(read, size), read);
        }
        let long = PixelRect::new(0, 0, 832, 832);
        assert_eq!(WindowShapes::of(&gpu).fill(long, size), long);
    }

    #[test]
    fn after_a_run_that_did_not_fit_no_window_grows_beyond_what_is_allowed() {
        let (mut gpu, _) = engine(ProviderKind::Cuda, 0);
        let model = String::new();
        assert!(
            gpu.step_down(InferenceError::OutOfMemory { model }, true)
                .is_ok()
        );
        let size = ImageSize::new(5000, 3000);
        let most = max_window_px(gpu.run_bytes());
        let read = PixelRect::new(1280, 640, 576, 576);
        let grown = WindowShapes::of(&gpu).fill(read, size);
        assert!(u64::from(grown.width) * u64::from(grown.height) <= most);
        assert_eq!(grown.intersect(read), read);
    }

    /// A picture of `size` with spots and a hole deep enough to be run at half size as well.
    fn damaged(size: ImageSize) -> (Photo, EffectiveMask) {
        let source = Source {
            path: std::path::PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let values = (0..size.pixel_count()).map(|i| (i / 7 % 251) as u8);
        let samples = Samples::U8(values.collect());
        let metadata = Metadata::default();
        let photo = Photo::new(size, Channels::Grey, samples, None, metadata, source).unwrap();
        let mut mask = Mask::new(size);
        for i in 0..6 {
            let (x, y) = (i * 577 % (size.width - 40), i * 331 % size.height);
            mask.added.write_row(x, y, &[255; 40]);
        }
        for y in 200..270 {
            mask.added.write_row(300, y, &[255; 90]);
        }
        (photo, EffectiveMask::new(mask, None))
    }

    #[test]
    fn a_whole_photo_is_searched_and_filled_in_the_shapes_that_are_warm() {
        let size = ImageSize::new(800, 500);
        let (photo, mask) = damaged(size);
        let mut results = Vec::new();
        for kind in [ProviderKind::Cuda, ProviderKind::Cpu] {
            let (mut engine, seen) = engine(kind, usize::MAX);
            let (contexts, token) = (ContextCache::new(1 << 20), CancelToken::new());
            let found = detect(&photo, &mut engine, &contexts, &NoProgress, &token).unwrap();
            let filled =
                restore_photo(&photo, &mask, &mut engine, &contexts, &NoProgress, &token).unwrap();
            let result = composite_rect(&photo, &filled, size.rect());
            results.push((found.map.values().to_vec(), result));
            if kind == ProviderKind::Cuda {
                // A photo, or its half, that is smaller than a shape is read as it is.
                let level = |side: u32, shift: u32| (side >> shift).next_multiple_of(64);
                let within = |(w, h): (u32, u32), shift| {
                    (
                        w.min(level(size.width, shift)),
                        h.min(level(size.height, shift)),
                    )
                };
                let allowed: Vec<_> = FILL_SHAPES
                    .iter()
                    .flat_map(|&shape| [within(shape, 0), within(shape, 1)])
                    .collect();
                let fills = shapes(&seen[1]);
                assert!(
                    fills.iter().all(|shape| allowed.contains(shape)),
                    "{fills:?}"
                );
                assert!(fills.contains(&(384, 384)), "{fills:?}");
                assert!(shapes(&seen[0]).contains(&within((1280, 1280), 0)));
            }
        }
        assert!(
            results[0] == results[1],
            "the shape of a window shows in no pixel"
        );
    }
}
