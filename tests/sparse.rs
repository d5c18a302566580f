//! Stage 2 runs only where the mask is: how many pixels are computed for how much damage.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/photo.rs"]
mod photo;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, fake_manifest};
use unscratch::inference::{
    CancelToken, Contract, Engine, InferenceError, Manifest, Network, Tensor, TensorView,
};
use unscratch::mask::{Brush, BrushMode, EffectiveMask, Mask, line};
use unscratch::photo::Channels;
use unscratch::restore::{ContextCache, NoProgress, hole_rect, restore_photo};

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

fn engine() -> Engine {
    Engine::from_networks(
        Box::new(FarSighted::new(Contract::ScratchContextV1)),
        Box::new(FarSighted::new(Contract::RestoreV1)),
    )
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

/// Pixels that stage 2 computed for `mask`.
fn computed(size: ImageSize, mask: &EffectiveMask) -> u64 {
    let photo = photo::photo_of(size, Channels::Grey, |_, _, _| 90);
    let (mut engine, token) = (engine(), CancelToken::new());
    let contexts = ContextCache::new(0);
    restore_photo(&photo, mask, &mut engine, &contexts, &NoProgress, &token).unwrap();
    engine.filled_window_px()
}

/// Pixels no further than the halo from the hole, in either axis.
fn damage_with_halo(size: ImageSize, mask: &EffectiveMask) -> u64 {
    let mut hole = vec![0; size.pixel_count()];
    hole_rect(mask, size.rect(), &mut hole);
    // A square grows one axis after the other: first the reach of each row, then of each column.
    let reach = HALO_PX as usize;
    let (width, height) = (size.width as usize, size.height as usize);
    let mut wide = vec![false; hole.len()];
    for y in 0..height {
        for x in (0..width).filter(|x| hole[y * width + x] > 0) {
            let (first, last) = (x.saturating_sub(reach), (x + reach).min(width - 1));
            wide[y * width + first..=y * width + last].fill(true);
        }
    }
    let mut count = 0;
    for x in 0..width {
        let mut end = 0;
        for y in (0..height).filter(|y| wide[y * width + x]) {
            let (first, last) = (y.saturating_sub(reach), (y + reach + 1).min(height));
            count += last - first.max(end).min(last);
            end = last;
        }
    }
    count as u64
}

#[test]
fn an_empty_mask_costs_no_run_of_any_network() {
    let size = ImageSize::new(900, 700);
    assert_eq!(computed(size, &mask_of(size, &[])), 0);
}

#[test]
fn at_most_three_times_the_damage_with_its_halo_is_computed() {
    let size = ImageSize::new(2300, 1500);
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
    for (name, marks) in [
        ("scratches", scratches),
        ("dust", dust),
        ("a few spots", few),
        ("a fold", fold),
        ("a diagonal crack", diagonal),
        ("a spot where four cells meet", inside),
        ("a spot over the corner of four blocks", outside),
        ("a spot between blocks side by side", beside),
        ("a spot between blocks one above the other", above),
    ] {
        let mask = mask_of(size, &marks);
        let (computed, needed) = (computed(size, &mask), damage_with_halo(size, &mask));
        let ratio = computed as f64 / needed as f64;
        println!("{name}: {ratio:.2}");
        assert!(ratio <= 3.0, "{name}: {computed} px for {needed} px");
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
