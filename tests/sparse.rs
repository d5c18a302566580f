//! Stage 2 runs only where the mask is: how many pixels are computed for how much damage.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/photo.rs"]
mod photo;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, fake_manifest};
use unscratch::inference::{
    CancelToken, Contract, Engine, InferenceError, Manifest, Network, ProviderKind, ProviderReport,
    Tensor, TensorView,
};
use unscratch::io::{DecodeLimits, open_photo};
use unscratch::mask::{Brush, BrushMode, EffectiveMask, Mask, ProbabilityMap, line};
use unscratch::photo::{Channels, Samples};
use unscratch::restore::{
    ContextCache, NoProgress, alpha_layer, hole_rect, plan_fill, restore_photo,
};

/// The real models' halo, px.
const HALO_PX: u32 = 128;

/// [`IdentityNetwork`] that looks as far as the real models.
struct FarSighted(IdentityNetwork, Manifest);

impl FarSighted {
    fn new(contract: Contract) -> Self {
        let manifest = Manifest {
            uses_context: false,
            ..fake_manifest(contract, HALO_PX)
        };
        Self(IdentityNetwork::new(contract), manifest)
    }
}

impl Network for FarSighted {
    fn manifest(&self) -> &Manifest {
        &self.1
    }

    fn run(
        &mut self,
        inputs: &[(&str, TensorView<'_>)],
        cancel: &CancelToken,
    ) -> Result<Vec<(String, Tensor)>, InferenceError> {
        self.0.run(inputs, cancel)
    }
}

/// An engine that says it runs on `kind`, by which windows are shaped.
fn engine_on(kind: ProviderKind) -> Engine {
    let engine = Engine::from_networks(
        Box::new(FarSighted::new(Contract::ScratchContextV1)),
        Box::new(FarSighted::new(Contract::RestoreV1)),
    );
    engine.reporting(ProviderReport {
        kind,
        detail: String::new(),
        said: String::new(),
        is_fallback: false,
    })
}

/// (x, y) to (x, y) and the width, px.
type Mark = ((f32, f32), (f32, f32), f32);

fn mask_of(size: ImageSize, marks: &[Mark]) -> EffectiveMask {
    let mut mask = Mask::new(size);
    for &(from, to, diameter_px) in marks {
        let brush = Brush {
            diameter_px,
            hardness: 1.0,
            mode: BrushMode::Paint,
        };
        line(&mut mask, &brush, from, to);
    }
    EffectiveMask::new(mask, None)
}

/// Pixels that stage 2 computed for `mask`, those at half size included.
fn computed(size: ImageSize, mask: &EffectiveMask) -> u64 {
    computed_on(ProviderKind::Cpu, size, mask)
}

/// The same in the windows of `kind`.
fn computed_on(kind: ProviderKind, size: ImageSize, mask: &EffectiveMask) -> u64 {
    let photo = photo::photo_of(size, Channels::Grey, |_, _, _| 90);
    let (mut engine, token) = (engine_on(kind), CancelToken::new());
    let contexts = ContextCache::new(0);
    restore_photo(&photo, mask, &mut engine, &contexts, &NoProgress, &token).unwrap();
    engine.filled_window_px()
}

/// The same by the plan alone.
fn planned(size: ImageSize, mask: &EffectiveMask) -> u64 {
    let plans = plan_fill(size, mask, HALO_PX);
    let windows: HashSet<PixelRect> = plans.iter().map(|plan| plan.window).collect();
    let pixels = windows
        .iter()
        .map(|window| window.size().pixel_count() as u64);
    pixels.sum()
}

/// Pixels no further than the halo from the hole, in either axis.
fn damage_with_halo(size: ImageSize, mask: &EffectiveMask) -> u64 {
    let hole = alpha_layer(mask);
    let width = size.width as usize;
    // A square grows one axis after the other: first the reach of each row, then of each column.
    let wide_row = |y: u32| {
        let mut row = vec![false; width];
        if hole.span_in_row(0, y, size.width).is_some() {
            let values = hole.values_of(PixelRect::new(0, y, size.width, 1));
            let mut end = 0;
            for x in (0..width).filter(|&x| values[x] > 0) {
                let (first, last) = (
                    x.saturating_sub(HALO_PX as usize).max(end),
                    (x + HALO_PX as usize + 1).min(width),
                );
                row[first.min(last)..last].fill(true);
                end = last;
            }
        }
        row
    };
    // How far down each column is reached already.
    let mut ends = vec![0_u32; width];
    let mut count = 0;
    for y in 0..size.height {
        let (first, last) = (
            y.saturating_sub(HALO_PX),
            (y + HALO_PX + 1).min(size.height),
        );
        for (end, _) in ends
            .iter_mut()
            .zip(wide_row(y))
            .filter(|(_, is_wide)| *is_wide)
        {
            count += u64::from(last - first.max(*end));
            *end = last;
        }
    }
    count
}

#[test]
fn an_empty_mask_costs_no_run_of_any_network() {
    let size = ImageSize::new(900, 700);
    assert_eq!(computed(size, &mask_of(size, &[])), 0);
}

/// Damage of a photo of 2300 × 1500 px that is nowhere wide enough for a run at half size.
fn damages() -> Vec<(&'static str, Vec<Mark>)> {
    let scratches: Vec<Mark> = (0..5_u8)
        .map(|i| {
            let x = 200.0 + 430.0 * f32::from(i);
            ((x, 0.0), (x + 90.0, 1499.0), 3.0 + f32::from(i))
        })
        .collect();
    let dust: Vec<Mark> = (0..40_u16)
        .map(|i| {
            let at = (f32::from(i * 577 % 2300), f32::from(i * 331 % 1500));
            (at, at, f32::from(2 + i % 9))
        })
        .collect();
    let few = dust[..6].to_vec();
    let fold = vec![((0.0, 760.0), (2299.0, 735.0), 30.0)];
    let diagonal = vec![((0.0, 0.0), (2299.0, 1499.0), 8.0)];
    let corners = [
        (768.0, 768.0),
        (1024.0, 1024.0),
        (512.0, 768.0),
        (768.0, 512.0),
    ];
    let corners = corners.map(|(x, y)| vec![((x - 15.0, y - 4.0), (x + 15.0, y + 2.0), 12.0)]);
    let [inside, outside, beside, above] = corners;
    vec![
        ("scratches", scratches),
        ("dust", dust),
        ("a few spots", few),
        ("a fold", fold),
        ("a diagonal crack", diagonal),
        ("a spot where four cells meet", inside),
        ("a spot over the corner of four blocks", outside),
        ("a spot between blocks side by side", beside),
        ("a spot between blocks one above the other", above),
    ]
}

#[test]
fn at_most_three_times_the_damage_with_its_halo_is_computed() {
    let size = ImageSize::new(2300, 1500);
    for (name, marks) in damages() {
        let mask = mask_of(size, &marks);
        let (computed, needed) = (computed(size, &mask), damage_with_halo(size, &mask));
        assert!(
            computed <= planned(size, &mask),
            "nothing is run that is not planned"
        );
        let ratio = computed as f64 / needed as f64;
        println!("{name}: {ratio:.2}");
        assert!(ratio <= 3.0, "{name}: {computed} px for {needed} px");
    }
}

/// Short straight lines of `width` px that lie unluckily on the grid of 64 px, none across the border of two cells.
fn thin_marks(width: f32) -> Vec<(&'static str, Vec<Mark>)> {
    let starts = [(60.0, 60.0), (32.0, 60.0)];
    let across = |length: f32, (x, y): (f32, f32)| {
        let (x, y) = (1024.0 + x, 768.0 + y);
        vec![((x, y), (x + length, y), width)]
    };
    let down = |length: f32, (x, y): (f32, f32)| {
        let (x, y) = (1024.0 + x, 768.0 + y);
        vec![((x, y), (x, y + length), width)]
    };
    let lengths = [10.0, 66.0, 130.0, 188.0];
    let pairs = lengths
        .into_iter()
        .flat_map(|length| starts.map(|start| (length, start)));
    pairs
        .flat_map(|(length, start)| {
            [
                ("a line across", across(length, start)),
                ("a line down", down(length, start)),
            ]
        })
        .collect()
}

#[test]
fn in_the_shapes_of_a_gpu_too_at_most_three_times_the_damage_is_computed() {
    let size = ImageSize::new(2300, 1500);
    let mut worst: f64 = 0.0;
    // Those of whole photos take the shapes of these many times over.
    let damages = damages()
        .into_iter()
        .filter(|(name, _)| !["scratches", "dust"].contains(name));
    for (name, marks) in damages.chain(thin_marks(2.0)) {
        let mask = mask_of(size, &marks);
        let computed = computed_on(ProviderKind::Cuda, size, &mask);
        let needed = damage_with_halo(size, &mask);
        let ratio = computed as f64 / needed as f64;
        println!("{name} {:?}: {ratio:.2}", marks[0]);
        worst = worst.max(ratio);
        assert!(ratio <= 3.0, "{name}: {computed} px for {needed} px");
    }
    println!("worst: {worst:.2}");
}

#[test]
fn wide_holes_with_their_runs_at_half_size_take_a_bounded_multiple_too() {
    let size = ImageSize::new(2300, 1500);
    let dab = |x: f32, y: f32| vec![((x, y), (x, y), 100.0)];
    let bar = |x: f32, y: f32| vec![((x, y), (x + 400.0, y), 90.0)];
    for (name, marks) in [
        ("a dab in a cell", dab(1152.0, 896.0)),
        ("a dab where four cells meet", dab(1024.0, 768.0)),
        ("a dab off the grid", dab(1090.0, 800.0)),
        ("a bar", bar(700.0, 740.0)),
    ] {
        let mask = mask_of(size, &marks);
        let needed = damage_with_halo(size, &mask);
        let native = planned(size, &mask);
        for kind in [ProviderKind::Cpu, ProviderKind::Cuda] {
            let computed = computed_on(kind, size, &mask);
            assert!(computed > native, "the run at half size counts");
            let ratio = computed as f64 / needed as f64;
            println!("{name}, {}: {ratio:.2}", kind.name());
            assert!(ratio <= 4.0, "{name}: {computed} px for {needed} px");
        }
    }
}

#[test]
fn the_damage_with_its_halo_is_counted_right() {
    let size = ImageSize::new(600, 500);
    let mask = mask_of(size, &[((300.0, 250.0), (300.0, 250.0), 1.0)]);
    let mut hole = vec![0; size.pixel_count()];
    hole_rect(&mask, size.rect(), &mut hole);
    let mut bounds = PixelRect::EMPTY;
    for (i, _) in hole.iter().enumerate().filter(|(_, value)| **value > 0) {
        let (x, y) = (i as u32 % 600, i as u32 / 600);
        bounds = bounds.union(PixelRect::new(x, y, 1, 1));
    }
    let grown = bounds.grown_within(HALO_PX, size);
    let counted = damage_with_halo(size, &mask);
    // The corners of a round spot's box are farther away.
    let area = u64::from(grown.width) * u64::from(grown.height);
    assert!(counted <= area && counted + 200 >= area, "{counted} {area}");
}

/// Numbers from 0 to 1 that repeat in every run. Source: xorshift32, G. Marsaglia, "Xorshift RNGs", 2003.
fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state % 10_000) as f32 / 10_000.0
    }
}

/// A line from edge to edge that strays to both sides as a crack of the emulsion does.
fn crack(size: ImageSize, seed: u32, width_px: f32) -> Vec<Mark> {
    let mut random = random(seed);
    let (width, height) = (size.width as f32, size.height as f32);
    let mut at = (0.0, random() * height);
    let mut marks = Vec::new();
    while at.0 < width {
        let next = (at.0 + 60.0, at.1 + (random() - 0.5) * 90.0);
        marks.push((at, next, width_px));
        at = next;
    }
    marks
}

#[test]
fn on_scans_of_12_megapixels_too_at_most_three_times_the_damage_is_planned() {
    let size = ImageSize::new(4000, 3000);
    let cracks: Vec<Mark> = (1..6_u8)
        .flat_map(|i| crack(size, 77 * u32::from(i), 3.0 + f32::from(i)))
        .collect();
    let mut random = random(4711);
    let mut spot = || {
        let at = (random() * 3999.0, random() * 2999.0);
        (at, at, 2.0 + 12.0 * random())
    };
    let dust: Vec<Mark> = (0..700).map(|_| spot()).collect();
    let folds = vec![
        ((0.0, 1490.0), (3999.0, 1530.0), 40.0),
        ((2010.0, 0.0), (1980.0, 2999.0), 30.0),
    ];
    for (name, marks) in [("cracks", cracks), ("dust", dust), ("folds", folds)] {
        let mask = mask_of(size, &marks);
        let ratio = planned(size, &mask) as f64 / damage_with_halo(size, &mask) as f64;
        println!("{name}: {ratio:.2}");
        assert!(ratio <= 3.0, "{name}: {ratio:.2}");
    }
}

/// The probability map in `path` at a threshold.
fn detected(path: &Path, threshold: u8) -> EffectiveMask {
    let map = open_photo(path, &DecodeLimits::default()).unwrap();
    let Samples::U8(values) = map.samples() else {
        panic!("{} is no probability map", path.display());
    };
    let map = Arc::new(ProbabilityMap::new(map.size(), values.clone()));
    EffectiveMask::new(Mask::new(map.size()), Some((map, threshold)))
}

#[test]
#[ignore = "needs probability maps: UNSCRATCH_MAPS names a folder of what `detect --probability` wrote"]
fn on_detected_damage_at_most_three_times_the_damage_is_planned() {
    let folder = std::env::var_os("UNSCRATCH_MAPS").expect("UNSCRATCH_MAPS names a folder");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".prob.png"));
    paths.sort();
    let mut worst: f64 = 0.0;
    // Normal and eager, as the shipped manifest has them.
    for threshold in [128, 51] {
        for path in &paths {
            let mask = detected(path, threshold);
            let size = mask.size();
            if !mask.touches(size.rect()) {
                continue;
            }
            let (computed, needed) = (planned(size, &mask), damage_with_halo(size, &mask));
            let ratio = computed as f64 / needed as f64;
            let share = computed as f64 / size.pixel_count() as f64;
            println!("{threshold} {} {ratio:.3} {share:.3}", path.display());
            worst = worst.max(ratio);
        }
    }
    assert!(worst <= 3.0, "{worst:.2}");
}
