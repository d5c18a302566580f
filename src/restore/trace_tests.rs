//! Tests of the trace on scratches drawn here.

use std::path::PathBuf;

use super::*;
use crate::photo::{FileFormat, Metadata, Samples, Source};

const SIZE: ImageSize = ImageSize::new(400, 300);

/// Paper of soft tone and noise, with a ridge along y = `middle`(x) for x in 60 to 340, `width` px wide, `contrast` lighter.
fn scratched(
    width: f32,
    contrast: f32,
    middle: impl Fn(f32) -> f32,
    is_gap: impl Fn(u32) -> bool,
) -> Photo {
    let mut state = 7_u32;
    let mut values = Vec::with_capacity(SIZE.pixel_count());
    for y in 0..SIZE.height {
        for x in 0..SIZE.width {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) as f32 / 255.0 * 8.0 - 4.0;
            let tone = 110.0 + 20.0 * (x as f32 / 90.0).sin() + 15.0 * (y as f32 / 70.0).cos();
            // An object's edge, to be crossed but not followed.
            let object = if y > 220 { 40.0 } else { 0.0 };
            let away = (y as f32 + 0.5 - middle(x as f32 + 0.5)).abs();
            let on = (60..340).contains(&x) && !is_gap(x) && away <= width / 2.0;
            let value = tone + object + noise + if on { contrast } else { 0.0 };
            values.push(value.clamp(0.0, 255.0) as u8);
        }
    }
    let source = Source {
        path: PathBuf::from("drawn.png"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let metadata = Metadata::default();
    Photo::new(
        SIZE,
        Channels::Grey,
        Samples::U8(values),
        None,
        metadata,
        source,
    )
    .unwrap()
}

fn wave(x: f32) -> f32 {
    120.0 + 30.0 * (x / 60.0).sin()
}

fn ends(trace: &Trace) -> (f32, f32) {
    let columns = trace.points.iter().map(|((x, _), _)| *x);
    (
        columns.clone().fold(f32::MAX, f32::min),
        columns.fold(f32::MIN, f32::max),
    )
}

#[test]
fn a_click_follows_a_bent_scratch_to_both_ends_light_or_dark() {
    for contrast in [60.0, -60.0] {
        let photo = scratched(3.0, contrast, wave, |_| false);
        for x in [80_i64, 200, 330] {
            let click = PixelPoint::new(x, wave(x as f32) as i64 + 3);
            let trace = trace_scratch(&photo, None, click, 6).unwrap();
            let (left, right) = ends(&trace);
            assert!(
                (left - 60.0).abs() < 8.0 && (right - 340.0).abs() < 8.0,
                "{left} {right}"
            );
            for ((x, y), _) in &trace.points {
                assert!((y - wave(*x)).abs() < 3.0, "{x} {y}");
            }
        }
    }
}

#[test]
fn the_width_is_measured() {
    for width in [1.0, 3.0, 7.0, 13.0] {
        let photo = scratched(width, 70.0, wave, |_| false);
        let trace =
            trace_scratch(&photo, None, PixelPoint::new(200, wave(200.0) as i64), 6).unwrap();
        let mut widths: Vec<f32> = trace.points.iter().map(|(_, width)| *width).collect();
        widths.sort_by(f32::total_cmp);
        let median = widths[widths.len() / 2];
        assert!(
            (median - width).abs() <= 1.0 + 0.2 * width,
            "{median} for {width}"
        );
    }
}

#[test]
fn short_gaps_are_crossed_and_long_ones_end_it() {
    let click = PixelPoint::new(120, wave(120.0) as i64);
    let interrupted = scratched(3.0, 70.0, wave, |x| (200..206).contains(&x));
    let (_, right) = ends(&trace_scratch(&interrupted, None, click, 6).unwrap());
    assert!((right - 340.0).abs() < 8.0, "{right}");
    let broken = scratched(3.0, 70.0, wave, |x| (200..250).contains(&x));
    let (_, right) = ends(&trace_scratch(&broken, None, click, 6).unwrap());
    assert!((right - 200.0).abs() < 8.0, "{right}");
}

#[test]
fn the_probability_map_leads_where_nothing_can_be_seen() {
    let photo = scratched(3.0, 0.0, wave, |_| false);
    let click = PixelPoint::new(200, wave(200.0) as i64);
    let mut map = vec![0; SIZE.pixel_count()];
    for x in 60..340 {
        for dy in -1..=1 {
            map[SIZE.index(x, (wave(x as f32 + 0.5) as i32 + dy) as u32)] = 230;
        }
    }
    let map = ProbabilityMap::new(SIZE, map);
    let (left, right) = ends(&trace_scratch(&photo, Some(&map), click, 6).unwrap());
    assert!(
        (left - 60.0).abs() < 8.0 && (right - 340.0).abs() < 8.0,
        "{left} {right}"
    );
}

#[test]
fn plain_paper_and_the_edge_of_an_object_are_no_scratch() {
    let photo = scratched(3.0, 60.0, wave, |_| false);
    assert_eq!(
        trace_scratch(&photo, None, PixelPoint::new(200, 30), 6),
        None
    );
    assert_eq!(
        trace_scratch(&photo, None, PixelPoint::new(200, 221), 6),
        None
    );
    assert_eq!(
        trace_scratch(&photo, None, PixelPoint::new(-90, -90), 6),
        None
    );
}

#[test]
fn the_same_click_gives_the_same_trace() {
    let photo = scratched(3.0, 60.0, wave, |_| false);
    let click = PixelPoint::new(200, wave(200.0) as i64);
    let once = trace_scratch(&photo, None, click, 6);
    assert!(once.is_some());
    assert_eq!(once, trace_scratch(&photo, None, click, 6));
}

#[test]
fn a_trace_ends_where_the_width_leaps() {
    let widths = [20.0, 19.0, 3.0, 4.0, 3.0, 3.0, 15.0, 16.0];
    assert_eq!(of_one_width(&widths, 4), 2..6);
    assert_eq!(of_one_width(&widths[2..6], 0), 0..4);
    assert_eq!(
        of_one_width(&[30.0, 2.0, 30.0], 1),
        1..3,
        "a trace has two points"
    );
    assert_eq!(of_one_width(&[5.0, 5.0], 9), 0..2);
}

#[test]
fn a_trace_ends_at_a_corner_and_follows_a_bow() {
    // To the right, then down; every third px, as traces have it.
    let corner: Vec<(f32, f32)> = (0..40)
        .map(|i| (3.0 * i as f32, 50.0))
        .chain((1..40).map(|i| (117.0, 50.0 + 3.0 * i as f32)))
        .collect();
    let from_left = of_one_direction(&corner, 10);
    assert_eq!(from_left.start, 0);
    assert!((34..=42).contains(&from_left.end), "{from_left:?}");
    let from_below = of_one_direction(&corner, 70);
    assert_eq!(from_below.end, corner.len());
    assert!((36..=44).contains(&from_below.start), "{from_below:?}");
    assert_eq!(of_one_direction(&corner, 39), 0..corner.len());
    // Half a circle of 40 px.
    let bow: Vec<(f32, f32)> = (0..42)
        .map(|i| (3.0 * i as f32 / 40.0).sin_cos())
        .map(|(sin, cos)| (40.0 * cos, 40.0 * sin))
        .collect();
    assert_eq!(of_one_direction(&bow, 20), 0..bow.len());
    assert_eq!(of_one_direction(&corner[..2], 1), 0..2);
}
