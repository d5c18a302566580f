//! What the canvas reads of strokes, and of a photo whose levels are still being made.

use super::*;
use crate::mask::{Brush, BrushMode, Stroke};
use crate::photo::{Channels, FileFormat, Metadata, Samples, Source};

fn source(width: u32, height: u32) -> CanvasSource {
    let size = ImageSize::new(width, height);
    let samples = Samples::U8((0..size.pixel_count()).map(|at| at as u8).collect());
    let origin = Source {
        path: "a.png".into(),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let metadata = Metadata::default();
    let photo = Photo::new(size, Channels::Grey, samples, None, metadata, origin).unwrap();
    let mask = EffectiveMask::new(Mask::new(size), None);
    CanvasSource::new(Arc::new(photo), mask, Restoration::default())
}

#[test]
fn before_the_levels_are_made_the_whole_photo_can_be_shown_coarsely() {
    let source = source(2000, 1500);
    let whole = |level| level_size(source.size(), level).rect();
    assert_eq!(source.master_values(1, whole(1)), None);
    let coarse = source.master_values(2, whole(2)).unwrap();
    assert_eq!(coarse.len(), 500 * 375);
    // The photo's value at (x, y) is its index in memory, modulo 256.
    assert_eq!(coarse[500 + 3], ((4 * 2000 + 3 * 4) % 256) as u8);
}

#[test]
fn a_stroke_shows_whole_where_it_crosses_what_was_marked_before() {
    let mut source = source(64, 32);
    let brush = Brush {
        diameter_px: 8.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };
    let mut mask = Mask::new(source.size());
    Stroke::begin(&mut mask, &brush, 32.0, 2.0).extend(&mut mask, 32.0, 30.0);
    source.set_mask(EffectiveMask::new(mask.clone(), None), 1);
    source.keep_mask_before_stroke();
    let footprint = source.footprint().unwrap();
    footprint.begin(&brush, (8.0, 16.0), 1.0);
    footprint.extend((56.0, 16.0), 1.0);
    Stroke::begin(&mut mask, &brush, 8.0, 16.0).extend(&mut mask, 56.0, 16.0);
    source.set_mask(EffectiveMask::new(mask, None), 1);
    let row = source
        .stroke_level(0, PixelRect::new(0, 16, 64, 1))
        .unwrap();
    assert!(row[10..54].iter().all(|&value| value == 255), "{row:?}");
    let above = source.stroke_level(0, PixelRect::new(0, 4, 64, 1)).unwrap();
    assert!(above.iter().all(|&value| value == 0), "only the stroke");
    assert!(source.forget_mask_before_stroke() && source.footprint().is_none());
}

#[test]
fn the_difference_is_black_where_nothing_changed_and_amplified_elsewhere() {
    let (master, restored) = ([10, 20, 30, 9, 9, 9], [10, 18, 130, 9, 9, 9]);
    let colors = difference(&master, &restored, 3);
    assert_eq!(colors, [Color32::from_rgb(0, 16, 255), Color32::BLACK]);
    assert_eq!(difference(&[7], &[4], 1), [Color32::from_gray(24)]);
}
