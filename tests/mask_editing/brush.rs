//! The brush depends on the path alone, and does what its size, hardness and mode say.

use proptest::prelude::*;
use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::mask::{Brush, BrushMode, Mask, MaskLayer, Stroke, line};

const SIZE: ImageSize = ImageSize::new(300, 280);

fn brush(diameter_px: f32, hardness: f32, mode: BrushMode) -> Brush {
    Brush {
        diameter_px,
        hardness,
        mode,
    }
}

fn rasters(mask: &Mask) -> [Vec<u8>; 3] {
    [&mask.added, &mask.removed, &mask.protected].map(MaskLayer::to_raster)
}

fn stroke(mask: &mut Mask, brush: &Brush, points: &[(f32, f32)]) {
    let mut stroke = Stroke::begin(mask, brush, points[0].0, points[0].1);
    for &(x, y) in &points[1..] {
        stroke.extend(mask, x, y);
    }
}

fn any_mode() -> impl Strategy<Value = BrushMode> {
    prop_oneof![
        Just(BrushMode::Paint),
        Just(BrushMode::Erase),
        Just(BrushMode::Protect),
        Just(BrushMode::Unprotect),
    ]
}

fn any_brush() -> impl Strategy<Value = Brush> {
    (1.0_f32..50.0, 0.0_f32..=1.0, any_mode()).prop_map(|(d, h, mode)| brush(d, h, mode))
}

/// A mask with something in every layer.
fn prepared() -> Mask {
    let mut mask = Mask::new(SIZE);
    for (mode, y) in [
        (BrushMode::Paint, 60.0),
        (BrushMode::Erase, 120.0),
        (BrushMode::Protect, 180.0),
    ] {
        line(
            &mut mask,
            &brush(70.0, 0.3, mode),
            (10.0, y),
            (290.0, y + 30.0),
        );
    }
    mask
}

fn point() -> impl Strategy<Value = (f32, f32)> {
    (-40.0_f32..340.0, -40.0_f32..320.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_straight_piece_told_in_many_events_gives_the_same_bytes(
        brush in any_brush(),
        start in (0_i32..19_200, 0_i32..17_920),
        step in (-300_i32..300, -300_i32..300),
        (events, mut stops) in (2_u16..60)
            .prop_flat_map(|n| (Just(n), prop::collection::vec(1..n, 0..12))),
    ) {
        // Positions in 1/64 px, all on one line.
        let at = |i: u16| {
            let i = i32::from(i);
            ((start.0 + step.0 * i) as f32 / 64.0, (start.1 + step.1 * i) as f32 / 64.0)
        };
        let mut once = prepared();
        stroke(&mut once, &brush, &[at(0), at(events)]);
        stops.sort_unstable();
        let path: Vec<_> = [0].into_iter().chain(stops).chain([events]).map(at).collect();
        let mut often = prepared();
        stroke(&mut often, &brush, &path);
        prop_assert!(rasters(&often) == rasters(&once), "the masks differ");
    }

    #[test]
    fn a_piece_under_steady_pressure_told_in_many_events_gives_the_same_bytes(
        brush in any_brush(),
        pressure in 0.0_f32..=1.0,
        (start, step) in ((0_i32..300, 0_i32..280), (-5_i32..5, -5_i32..5)),
        events in 2_u16..30,
    ) {
        let at = |i: u16| {
            let i = i32::from(i);
            ((start.0 + step.0 * i) as f32, (start.1 + step.1 * i) as f32)
        };
        let draw = |stops: &[u16]| {
            let mut mask = prepared();
            let mut stroke = Stroke::begin_pressed(&mut mask, &brush, at(0), pressure);
            for &stop in stops {
                stroke.extend_pressed(&mut mask, at(stop), pressure);
            }
            rasters(&mask)
        };
        let once = draw(&[events]);
        prop_assert!(draw(&(1..=events).collect::<Vec<_>>()) == once, "the masks differ");
        let narrower = Brush { diameter_px: brush.pressed_diameter_px(pressure), ..brush };
        let mut mask = prepared();
        stroke(&mut mask, &narrower, &[at(0), at(events)]);
        prop_assert!(rasters(&mask) == once, "pressure is nothing but width");
    }

    #[test]
    fn the_order_of_pieces_and_drawing_them_twice_change_nothing(
        brush in any_brush(),
        path in prop::collection::vec(point(), 2..8),
    ) {
        let mut forward = prepared();
        stroke(&mut forward, &brush, &path);
        let once = rasters(&forward);
        stroke(&mut forward, &brush, &path);
        prop_assert!(rasters(&forward) == once, "drawn twice");

        let reversed: Vec<_> = path.iter().rev().copied().collect();
        let mut backward = prepared();
        stroke(&mut backward, &brush, &reversed);
        prop_assert!(rasters(&backward) == once, "drawn backwards");

        let mut pieces = prepared();
        for pair in path.windows(2).rev() {
            line(&mut pieces, &brush, pair[1], pair[0]);
        }
        prop_assert!(rasters(&pieces) == once, "drawn in pieces");
    }

    #[test]
    fn a_stroke_is_the_maximum_of_dabs_along_it(
        diameter_px in 4.0_f32..40.0,
        hardness in 0.0_f32..=1.0,
        from in point(),
        to in point(),
    ) {
        let brush = brush(diameter_px, hardness, BrushMode::Paint);
        let mut swept = Mask::new(SIZE);
        line(&mut swept, &brush, from, to);
        // Dabs a quarter px apart miss the true nearest position by at most an eighth.
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let count = (length * 4.0).ceil().max(1.0) as u16;
        let mut dabs = Mask::new(SIZE);
        for i in 0..=count {
            let t = f32::from(i) / f32::from(count);
            let at = (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t);
            Stroke::begin(&mut dabs, &brush, at.0, at.1);
        }
        let pairs = swept.added.to_raster().into_iter().zip(dabs.added.to_raster());
        for (i, (swept, dab)) in pairs.enumerate() {
            prop_assert!((i32::from(swept) - i32::from(dab)).abs() <= 24, "{} and {} at {}", swept, dab, i);
        }
    }

    #[test]
    fn a_brush_of_one_px_marks_the_px_under_it(
        x in 0.0_f32..300.0,
        y in 0.0_f32..280.0,
        hardness in 0.0_f32..=1.0,
    ) {
        let mut mask = Mask::new(SIZE);
        Stroke::begin(&mut mask, &brush(1.0, hardness, BrushMode::Paint), x, y);
        // Positions are rounded to 1/64 px.
        let px = |v: f32| ((f64::from(v) * 64.0).round() / 64.0).floor() as u32;
        let (x, y) = (px(x), px(y));
        if x < SIZE.width && y < SIZE.height {
            prop_assert_eq!(mask.added.get(x, y), 255);
        }
        let masked = mask.added.to_raster().iter().filter(|&&value| value >= 128).count();
        prop_assert!(masked <= 4, "{} px masked", masked);
    }

    #[test]
    fn only_px_in_the_returned_rectangles_change(brush in any_brush(), path in prop::collection::vec(point(), 1..6)) {
        let before = prepared();
        let mut mask = before.clone();
        let mut stroke = Stroke::begin(&mut mask, &brush, path[0].0, path[0].1);
        let mut dirty = stroke.dirty();
        for &(x, y) in &path[1..] {
            dirty = dirty.union(stroke.extend(&mut mask, x, y));
        }
        prop_assert_eq!(dirty, stroke.dirty());
        for (old, new) in rasters(&before).iter().zip(rasters(&mask)) {
            for (i, (old, new)) in old.iter().zip(new).enumerate() {
                let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
                prop_assert!(*old == new || dirty.contains(x, y), "{}, {} outside {:?}", x, y, dirty);
            }
        }
    }
}

#[test]
fn a_hard_dab_is_a_disc_of_its_diameter() {
    for diameter in [3.0_f32, 10.0, 41.0, 120.0] {
        let mut mask = Mask::new(SIZE);
        Stroke::begin(
            &mut mask,
            &brush(diameter, 1.0, BrushMode::Paint),
            150.3,
            140.8,
        );
        let sum: f64 = mask
            .added
            .to_raster()
            .iter()
            .map(|&v| f64::from(v) / 255.0)
            .sum();
        let disc = f64::from(diameter / 2.0).powi(2) * std::f64::consts::PI;
        assert!(
            (sum / disc - 1.0).abs() < 0.05,
            "{diameter} px: {sum} px for {disc}"
        );
    }
}

#[test]
fn a_soft_dab_falls_steadily_from_its_centre() {
    let mut mask = Mask::new(SIZE);
    Stroke::begin(
        &mut mask,
        &brush(100.0, 0.0, BrushMode::Paint),
        100.5,
        100.5,
    );
    let along: Vec<u8> = (100..160).map(|x| mask.added.get(x, 100)).collect();
    assert_eq!(along[0], 255);
    assert!(along.is_sorted_by(|a, b| a >= b), "{along:?}");
    assert!(
        (120..136).contains(&along[25]),
        "half strength at half the radius: {along:?}"
    );
    assert_eq!(along[50], 0);
}

#[test]
fn painting_takes_back_erasing_and_erasing_takes_back_painting() {
    let mut mask = Mask::new(SIZE);
    let (from, to) = ((20.0, 20.0), (200.0, 90.0));
    line(&mut mask, &brush(20.0, 1.0, BrushMode::Erase), from, to);
    assert_eq!(
        (mask.added.get(110, 55), mask.removed.get(110, 55)),
        (0, 255)
    );
    line(&mut mask, &brush(20.0, 1.0, BrushMode::Paint), from, to);
    assert_eq!(
        (mask.added.get(110, 55), mask.removed.get(110, 55)),
        (255, 0)
    );
    line(&mut mask, &brush(20.0, 1.0, BrushMode::Erase), from, to);
    assert_eq!(
        (mask.added.get(110, 55), mask.removed.get(110, 55)),
        (0, 255)
    );
    assert!(mask.protected.is_empty());
}

#[test]
fn protection_is_drawn_and_taken_away_without_touching_the_other_layers() {
    let mut mask = Mask::new(SIZE);
    line(
        &mut mask,
        &brush(9.0, 1.0, BrushMode::Protect),
        (5.0, 5.0),
        (50.0, 5.0),
    );
    assert_eq!(mask.protected.get(30, 5), 255);
    line(
        &mut mask,
        &brush(9.0, 1.0, BrushMode::Unprotect),
        (5.0, 5.0),
        (50.0, 5.0),
    );
    assert_eq!(mask.protected.get(30, 5), 0);
    assert!(mask.added.is_empty() && mask.removed.is_empty());
}

#[test]
fn positions_and_sizes_that_make_no_sense_are_harmless() {
    let mut mask = Mask::new(SIZE);
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -0.0];
    for diameter in odd {
        for &x in &odd {
            let brush = brush(diameter, x, BrushMode::Paint);
            let mut stroke = Stroke::begin(&mut mask, &brush, x, f32::NAN);
            stroke.extend(&mut mask, -1.0e9, x);
        }
    }
    let tiny = Mask::new(ImageSize::new(1, 1));
    let mut painted = tiny.clone();
    let dirty = line(
        &mut painted,
        &brush(1.0, 1.0, BrushMode::Paint),
        (-9.0, 0.5),
        (9.0, 0.5),
    );
    assert_eq!(dirty, PixelRect::new(0, 0, 1, 1));
    assert_eq!(painted.added.get(0, 0), 255);
    assert!(tiny.is_empty());
}

#[test]
fn what_lies_beyond_the_photo_in_an_edge_tile_stays_zero() {
    let mut mask = Mask::new(SIZE);
    line(
        &mut mask,
        &brush(80.0, 1.0, BrushMode::Paint),
        (290.0, 0.0),
        (290.0, 280.0),
    );
    let (columns, rows) = mask.added.grid();
    let corner = unscratch::geometry::TileIndex::new(columns - 1, rows - 1);
    let tile = mask.added.tile(corner).unwrap();
    for (i, &value) in tile.values().iter().enumerate() {
        let inside = i % 256 < 300 - 256 && i / 256 < 280 - 256;
        assert!(inside || value == 0);
    }
}
