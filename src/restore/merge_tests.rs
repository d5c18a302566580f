//! The one map against the rule it stands for, threshold by threshold.

use super::*;

fn level(size: ImageSize, shift: u32, value: impl Fn(u32, u32) -> u8) -> LevelMap {
    let mut map = LevelMap::new(size, shift);
    for y in 0..size.height {
        for x in 0..size.width {
            map.values_mut()[size.index(x, y)] = value(x, y);
        }
    }
    map
}

/// Numbers that repeat in every run. Source: xorshift32, G. Marsaglia, "Xorshift RNGs", 2003.
fn random(seed: u32) -> impl FnMut() -> u8 {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    }
}

/// Values in clumps: most are low, so that regions stay apart.
fn clumps(size: ImageSize, shift: u32, seed: u32) -> LevelMap {
    let mut next = random(seed);
    let mut map = LevelMap::new(size, shift);
    for value in map.values_mut() {
        let (kind, level) = (next(), next());
        *value = if kind < 130 { level / 6 } else { level };
    }
    map
}

type Set = Vec<bool>;

/// Hysteresis by hand: the components of {p ≥ 0.4 t} that hold a pixel of {any level ≥ t}.
fn hysteresis(native: &LevelMap, coarse: &[LevelMap], threshold: u8) -> Set {
    let size = native.size;
    let grows = |i: usize| 5 * u32::from(native.values[i]) >= 2 * u32::from(threshold);
    let seed = |i: usize| {
        let (x, y) = (i as u32 % size.width, i as u32 / size.width);
        let seen = |l: &LevelMap| l.values[l.size.index(x >> l.shift, y >> l.shift)] >= threshold;
        native.values[i] >= threshold || coarse.iter().any(seen)
    };
    let mut set: Set = vec![false; native.values.len()];
    let mut stack: Vec<usize> = (0..set.len()).filter(|&i| grows(i) && seed(i)).collect();
    while let Some(i) = stack.pop() {
        if !std::mem::replace(&mut set[i], true) {
            stack.extend(neighbours(i, size).filter(|&n| grows(n) && !set[n]));
        }
    }
    set
}

#[test]
fn at_every_threshold_the_map_is_the_hysteresis_with_native_growth() {
    let size = ImageSize::new(31, 23);
    for seed in 1..6 {
        let native = clumps(size, 0, seed);
        let expected: Vec<Set> = (1..=255).map(|t| hysteresis(&native, &[], t)).collect();
        let map = merge_levels(native, &[]);
        for (threshold, expected) in (1..=255_u8).zip(expected) {
            let actual: Set = map.iter().map(|&m| m >= threshold).collect();
            assert_eq!(actual, expected, "seed {seed}, threshold {threshold}");
        }
    }
}

#[test]
fn coarse_seeds_grow_only_inside_native_support() {
    let size = ImageSize::new(30, 22);
    for seed in 1..20 {
        let native = clumps(size, 0, seed);
        let coarse = clumps(ImageSize::new(15, 11), 1, seed + 100);
        let levels = [coarse];
        for threshold in [1, 30, 90, 128, 200, 255] {
            let expected = hysteresis(&native, &levels, threshold);
            let grow = growth_table();
            let growth: Vec<u8> = native
                .values
                .iter()
                .map(|&p| grow[usize::from(p)])
                .collect();
            let mut marker = native.values.clone();
            raise_to_level(&mut marker, size, &levels[0]);
            for (value, &limit) in marker.iter_mut().zip(&growth) {
                *value = (*value).min(limit);
            }
            reconstruct(&mut marker, &growth, size);
            let actual: Set = marker.iter().map(|&m| m >= threshold).collect();
            assert_eq!(actual, expected, "seed {seed}, threshold {threshold}");
        }
    }
}

fn marked(map: &[u8], threshold: u8) -> usize {
    map.iter().filter(|&&m| m >= threshold).count()
}

#[test]
fn a_thin_line_seen_by_both_levels_is_not_fattened() {
    let size = ImageSize::new(64, 64);
    for shift in 1..=3 {
        let native = level(size, 0, |x, _| if x == 31 { 120 } else { 0 });
        let coarse_size = ImageSize::new(64 >> shift, 64 >> shift);
        let column = 31 >> shift;
        let coarse = level(coarse_size, shift, |x, _| {
            if x.abs_diff(column) <= 1 { 230 } else { 0 }
        });
        let map = merge_levels(native, &[coarse]);
        // The coarse level is sure, so the line is there up to 2.5 times its native probability …
        assert_eq!(marked(&map, 128), 64, "level {shift}");
        assert_eq!(marked(&map, 230), 64, "level {shift}");
        assert!(
            map.iter()
                .enumerate()
                .all(|(i, &m)| (m > 0) == (i % 64 == 31))
        );
    }
}

#[test]
fn a_line_without_any_certain_level_stays_below_the_threshold() {
    let size = ImageSize::new(40, 40);
    let native = level(size, 0, |x, _| if x == 20 { 100 } else { 0 });
    let map = merge_levels(native, &[]);
    assert_eq!(marked(&map, 128), 0);
    assert_eq!(marked(&map, 100), 40);
}

#[test]
fn a_region_that_only_a_coarse_level_sees_counts_from_six_px() {
    let size = ImageSize::new(80, 80);
    let wide = |blocks: u32| {
        let native = level(size, 0, |_, _| 0);
        let coarse = level(ImageSize::new(40, 40), 1, |x, _| {
            if (10..10 + blocks).contains(&x) {
                200
            } else {
                0
            }
        });
        merge_levels(native, &[coarse])
    };
    assert_eq!(marked(&wide(2), 1), 0, "4 px");
    assert_eq!(marked(&wide(3), 128), 6 * 80, "6 px");
    assert_eq!(marked(&wide(8), 128), 16 * 80, "16 px");
}

#[test]
fn the_inside_of_a_wide_crack_joins_the_rims_that_the_native_level_sees() {
    let size = ImageSize::new(96, 96);
    let is_rim = |x: u32| x.abs_diff(32) <= 1 || x.abs_diff(63) <= 1;
    let native = level(size, 0, |x, _| if is_rim(x) { 250 } else { 0 });
    let coarse = level(ImageSize::new(24, 24), 2, |x, _| {
        if (8..16).contains(&x) { 220 } else { 0 }
    });
    let map = merge_levels(native, &[coarse]);
    let row = &map[48 * 96..49 * 96];
    let inside = (32..64).all(|x| row[x] >= 128);
    let outside = (0..30).chain(66..96).all(|x| row[x] == 0);
    assert!(inside && outside, "{row:?}");
}

#[test]
fn a_higher_threshold_never_marks_more() {
    let size = ImageSize::new(50, 40);
    let native = clumps(size, 0, 5);
    let coarse = [
        clumps(ImageSize::new(25, 20), 1, 6),
        clumps(ImageSize::new(13, 10), 2, 7),
    ];
    let map = merge_levels(native, &coarse);
    let counts: Vec<usize> = (0..=255).map(|t| marked(&map, t)).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b));
    assert_eq!(counts[0], map.len());
}

#[test]
fn bands_of_a_tall_photo_give_what_one_band_gives() {
    // Bands are 256 rows: a region crosses their border wherever it starts.
    for top in [240, 250, 255, 256] {
        let size = ImageSize::new(40, 600);
        let native = level(size, 0, |_, _| 0);
        let rows = top / 2..top / 2 + 4;
        let coarse = level(ImageSize::new(20, 300), 1, |x, y| {
            if (5..9).contains(&x) && rows.contains(&y) {
                255
            } else {
                0
            }
        });
        let map = merge_levels(native, &[coarse]);
        assert_eq!(marked(&map, 255), 8 * 8, "from row {top}");
    }
}
