//! The pipeline around the networks, with fakes whose answers are known.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "common/photo.rs"]
mod photo;

use std::time::Duration;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{
    FailingNetwork, IdentityNetwork, SlowNetwork, identity_engine, paint_engine,
};
use unscratch::inference::{CancelToken, Contract, Engine, InferenceError};
use unscratch::mask::{EffectiveMask, Mask, MaskLayer};
use unscratch::photo::{Channels, Photo, Samples};
use unscratch::restore::{
    ContextCache, NoProgress, RestoreError, alpha_photo, composite_rect, detect, fill_cells,
    plan_fill, restore_photo,
};

fn grey_photo(size: ImageSize) -> Photo {
    photo::photo_of(size, Channels::Grey, |x, y, _| (x / 3 + y) as u8)
}

fn mask_of(size: ImageSize, rect: PixelRect) -> EffectiveMask {
    let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let values: Vec<u8> = pixels
        .map(|(x, y)| u8::from(rect.contains(x, y)) * 255)
        .collect();
    let mut mask = Mask::new(size);
    mask.added = MaskLayer::from_raster(size, &values);
    EffectiveMask::new(mask, None)
}

fn contexts() -> ContextCache {
    ContextCache::new(1 << 20)
}

#[test]
fn paint_lands_on_the_mask_and_nowhere_else() {
    let size = ImageSize::new(600, 330);
    let photo = grey_photo(size);
    let mask = mask_of(size, PixelRect::new(200, 90, 300, 12));
    let mut engine = paint_engine([1.0, 1.0, 1.0]);
    let token = CancelToken::new();
    let restoration =
        restore_photo(&photo, &mask, &mut engine, &contexts(), &NoProgress, &token).unwrap();
    let Samples::U8(result) = composite_rect(&photo, &restoration, size.rect()) else {
        panic!("the depth changed");
    };
    for (i, alpha) in alpha_photo(&mask).into_iter().enumerate() {
        match alpha {
            255 => assert_eq!(result[i], 255),
            0 => assert_eq!(u16::from(result[i]), photo.samples().get(i)),
            _ => {}
        }
    }
}

#[test]
fn an_empty_mask_needs_no_network() {
    let size = ImageSize::new(300, 300);
    let filler = FailingNetwork::new(Contract::RestoreV1, 0);
    let detector = FailingNetwork::new(Contract::ScratchContextV1, 0);
    let mut engine = Engine::from_networks(Box::new(detector), Box::new(filler));
    let mask = EffectiveMask::new(Mask::new(size), None);
    let (photo, token) = (grey_photo(size), CancelToken::new());
    let restoration =
        restore_photo(&photo, &mask, &mut engine, &contexts(), &NoProgress, &token).unwrap();
    assert!(restoration.is_empty());
}

#[test]
fn a_mask_of_another_photo_is_refused_with_both_sizes() {
    let photo = grey_photo(ImageSize::new(40, 30));
    let other = ImageSize::new(30, 40);
    let mask = mask_of(other, other.rect());
    let mut engine = identity_engine();
    let token = CancelToken::new();
    let error = restore_photo(&photo, &mask, &mut engine, &contexts(), &NoProgress, &token);
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("40 × 30") && text.contains("30 × 40"),
        "{text}"
    );
}

#[test]
fn a_failing_network_ends_the_work_with_its_reason() {
    let size = ImageSize::new(1300, 1300);
    let photo = grey_photo(size);
    let detector = FailingNetwork::new(Contract::ScratchContextV1, 1);
    let filler = IdentityNetwork::new(Contract::RestoreV1);
    let mut engine = Engine::from_networks(Box::new(detector), Box::new(filler));
    let error = detect(
        &photo,
        &mut engine,
        &contexts(),
        &NoProgress,
        &CancelToken::new(),
    );
    let error = error.unwrap_err();
    assert!(matches!(
        error,
        RestoreError::Inference(InferenceError::Run { .. })
    ));
    assert!(!error.is_cancelled());
    assert!(error.to_string().contains("made to fail"));
}

#[test]
fn a_cancel_stops_the_run_in_flight_and_is_no_failure() {
    let slow = |contract| Box::new(SlowNetwork::new(contract, Duration::from_mins(10)));
    let mut engine =
        Engine::from_networks(slow(Contract::ScratchContextV1), slow(Contract::RestoreV1));
    let photo = grey_photo(ImageSize::new(100, 100));
    let token = CancelToken::new();
    let stopper = token.clone();
    // Whenever it comes, before or while the network runs, the ten minutes are not waited for.
    let thread = std::thread::Builder::new()
        .name("stopper".to_owned())
        .spawn(move || stopper.cancel())
        .unwrap();
    let error = detect(&photo, &mut engine, &contexts(), &NoProgress, &token).unwrap_err();
    thread.join().unwrap();
    assert!(error.is_cancelled());
}

#[test]
fn cells_filled_before_a_cancel_stay_good() {
    let size = ImageSize::new(3000, 200);
    let photo = grey_photo(size);
    let mask = mask_of(size, PixelRect::new(0, 100, 3000, 3));
    let plans = plan_fill(size, &mask, 64);
    let (mut engine, cache, token) = (identity_engine(), contexts(), CancelToken::new());
    let mut cells = Vec::new();
    let mut take = |cell| {
        cells.push(cell);
        token.cancel();
    };
    let outcome = fill_cells(
        &photo,
        &mask,
        &plans,
        &mut engine,
        &cache,
        &token,
        &mut take,
    );
    assert!(outcome.unwrap_err().is_cancelled());
    assert!(!cells.is_empty() && cells.len() < plans.len());
    for cell in cells {
        let plan = plans.iter().find(|plan| plan.index == cell.index).unwrap();
        assert_eq!(cell.stamp, plan.stamp);
    }
}
