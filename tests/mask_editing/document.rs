//! The document ties mask, detection and fills: strokes survive, stale cells are found, undo needs no inference.

use std::path::PathBuf;
use std::sync::Arc;

use unscratch::document::{Document, DocumentError};
use unscratch::geometry::{ImageSize, PixelRect, TileIndex};
use unscratch::inference::ProviderKind;
use unscratch::mask::{Brush, BrushMode, ProbabilityMap, grow, label};
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
use unscratch::restore::{CELL_PX, CellPlan, Detection, FillCell, RectFill, composite_rect};

const SIZE: ImageSize = ImageSize::new(1024, 512);
const HALO_PX: u32 = 64;

const PAINT: Brush = Brush {
    diameter_px: 12.0,
    hardness: 1.0,
    mode: BrushMode::Paint,
};

fn photo() -> Arc<Photo> {
    let source = Source {
        path: PathBuf::from("made in a test"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let samples = Samples::U8(vec![100; SIZE.pixel_count()]);
    let photo = Photo::new(
        SIZE,
        Channels::Grey,
        samples,
        None,
        Metadata::default(),
        source,
    );
    Arc::new(photo.expect("the samples fit the size"))
}

/// A detection whose probability rises from left to right in one band of rows.
fn detection(size: ImageSize) -> Arc<Detection> {
    let values = (0..size.pixel_count() as u32)
        .map(|i| {
            let (x, y) = (i % size.width, i / size.width);
            if (20..24).contains(&y) {
                (x * 255 / size.width) as u8
            } else {
                0
            }
        })
        .collect();
    Arc::new(Detection {
        map: Arc::new(ProbabilityMap::new(size, values)),
        model_id: "made-in-a-test".to_owned(),
        provider: ProviderKind::Cpu,
        seconds: 0.0,
    })
}

/// A fill of one grey value, fully shown in the whole cell.
fn fill(plan: &CellPlan, value: u16) -> Arc<FillCell> {
    let pixels = plan.core.size().pixel_count();
    let values = RectFill {
        fill: vec![value; pixels],
        alpha: vec![255; pixels],
        recovered: vec![0; pixels],
    };
    Arc::new(FillCell::from_rect(
        plan.index, plan.stamp, plan.core, 1, &values,
    ))
}

fn fill_all(document: &mut Document, value: u16) -> usize {
    let stale = document.stale_cells(HALO_PX);
    for plan in &stale {
        assert!(document.insert_fill(fill(plan, value)));
    }
    stale.len()
}

fn paint(document: &mut Document, x: f32, y: f32) {
    document.begin_stroke(&PAINT, x, y);
    document.extend_stroke(x + 20.0, y + 5.0);
    assert!(document.commit());
}

fn masked_at(document: &Document, x: u32, y: u32) -> bool {
    let mut value = [0];
    document
        .effective_mask()
        .read_rect(PixelRect::new(x, y, 1, 1), &mut value);
    value[0] >= 128
}

#[test]
fn strokes_survive_a_new_threshold_and_a_new_detection() {
    let mut document = Document::new(photo());
    document.set_detection(detection(SIZE)).unwrap();
    paint(&mut document, 100.0, 300.0);
    let erase = Brush {
        mode: BrushMode::Erase,
        ..PAINT
    };
    document.draw_line(&erase, (900.0, 22.0), (1000.0, 22.0));
    assert!(masked_at(&document, 800, 22) && !masked_at(&document, 950, 22));
    for threshold in [10, 250, 100] {
        document.set_threshold(threshold);
        assert!(
            masked_at(&document, 110, 302),
            "painted stays at {threshold}"
        );
        assert!(
            !masked_at(&document, 950, 22),
            "erased stays at {threshold}"
        );
    }
    document.set_detection(detection(SIZE)).unwrap();
    assert!(masked_at(&document, 110, 302) && !masked_at(&document, 950, 22));
    assert_eq!(document.undo(), Some(label::SENSITIVITY));
    assert_eq!(document.undo(), Some(label::LINE));
    assert!(masked_at(&document, 950, 22), "detected again after undo");
}

#[test]
fn a_threshold_of_zero_does_not_mark_everything() {
    let mut document = Document::with_threshold(photo(), 0);
    document.set_detection(detection(SIZE)).unwrap();
    assert_eq!(document.threshold(), 1);
    assert!(!masked_at(&document, 500, 300));
    assert!(!document.set_threshold(0));
}

#[test]
fn only_cells_near_a_stroke_become_stale() {
    let mut document = Document::new(photo());
    assert_eq!(fill_all(&mut document, 1), 0, "nothing is masked");
    paint(&mut document, 100.0, 100.0);
    paint(&mut document, 900.0, 400.0);
    assert_eq!(fill_all(&mut document, 1), 2);
    assert!(document.stale_cells(HALO_PX).is_empty());
    paint(&mut document, 110.0, 120.0);
    let stale = document.stale_cells(HALO_PX);
    let cells: Vec<TileIndex> = stale.iter().map(|plan| plan.index).collect();
    assert_eq!(cells, [TileIndex::new(0, 0)]);
}

#[test]
fn undo_and_redo_bring_fills_back_without_inference() {
    let mut document = Document::new(photo());
    let shown = |document: &Document| {
        let pixel = PixelRect::new(100, 100, 1, 1);
        composite_rect(document.photo(), document.restoration(), pixel).get(0)
    };
    paint(&mut document, 100.0, 100.0);
    fill_all(&mut document, 257 * 10);
    paint(&mut document, 150.0, 100.0);
    fill_all(&mut document, 257 * 20);
    assert_eq!(shown(&document), 20);

    assert_eq!(document.undo(), Some(label::BRUSH_STROKE));
    assert!(
        document.stale_cells(HALO_PX).is_empty(),
        "the first fill is kept"
    );
    assert_eq!(shown(&document), 10);
    assert_eq!(document.undo(), Some(label::BRUSH_STROKE));
    assert!(document.stale_cells(HALO_PX).is_empty());
    assert_eq!(shown(&document), 100, "the master, as nothing is masked");
    document.redo();
    document.redo();
    assert!(document.stale_cells(HALO_PX).is_empty());
    assert_eq!(shown(&document), 20);
}

#[test]
fn a_late_fill_never_replaces_one_that_is_up_to_date() {
    let mut document = Document::new(photo());
    paint(&mut document, 100.0, 100.0);
    let first = document.stale_cells(HALO_PX)[0];
    assert!(document.insert_fill(fill(&first, 1)));
    paint(&mut document, 150.0, 100.0);
    let second = document.stale_cells(HALO_PX)[0];
    assert!(
        document.insert_fill(fill(&first, 2)),
        "better than nothing new"
    );
    assert_eq!(document.stale_cells(HALO_PX), [second]);
    assert!(document.insert_fill(fill(&second, 3)));
    assert!(!document.insert_fill(fill(&first, 4)), "too late");
    assert!(document.stale_cells(HALO_PX).is_empty());
    document.undo();
    document.undo();
    document.stale_cells(HALO_PX);
    assert!(
        !document.insert_fill(fill(&second, 5)),
        "the mask has left the cell"
    );
    assert!(document.restoration().is_empty());
}

#[test]
fn the_work_is_modified_until_exported_and_again_by_the_next_edit() {
    let mut document = Document::new(photo());
    document.set_detection(detection(SIZE)).unwrap();
    assert!(
        !document.is_modified(),
        "detection is no work of the person"
    );
    paint(&mut document, 100.0, 100.0);
    assert!(document.is_modified());
    let exporting = document.snapshot();
    paint(&mut document, 300.0, 100.0);
    document.mark_exported(exporting);
    assert!(document.is_modified(), "the second stroke is in no file");
    document.undo();
    assert!(!document.is_modified());
    document.undo();
    assert!(document.is_modified());
    document.redo();
    document.set_threshold(40);
    assert!(document.is_modified());
}

#[test]
fn clearing_takes_out_detected_and_painted_and_keeps_protection() {
    let mut document = Document::new(photo());
    assert!(!document.clear_mask(), "nothing to clear, nothing to undo");
    document.set_detection(detection(SIZE)).unwrap();
    paint(&mut document, 100.0, 300.0);
    let protect = Brush {
        mode: BrushMode::Protect,
        ..PAINT
    };
    document.draw_line(&protect, (50.0, 400.0), (90.0, 400.0));
    assert!(document.clear_mask());
    assert_eq!(document.effective_mask().masked_pixels(), 0);
    assert_eq!(document.mask().protected.get(70, 400), 255);
    assert_eq!(document.undo(), Some(label::CLEAR_MASK));
    assert!(masked_at(&document, 110, 302) && masked_at(&document, 1000, 22));

    assert!(document.reset_strokes());
    assert!(!masked_at(&document, 110, 302) && masked_at(&document, 1000, 22));
    assert_eq!(document.mask().protected.get(70, 400), 255);
}

#[test]
fn a_search_asked_for_brings_back_what_was_cleared_and_nothing_erased_by_hand() {
    let erase = Brush {
        mode: BrushMode::Erase,
        ..PAINT
    };
    let mut document = Document::new(photo());
    document.set_detection(detection(SIZE)).unwrap();
    assert!(!document.uncover_detected(), "nothing was cleared");
    document.draw_line(&erase, (600.0, 22.0), (620.0, 22.0));
    paint(&mut document, 100.0, 300.0);
    assert!(document.clear_mask());
    // Painted over what was cleared, and erased again by hand.
    document.draw_line(&PAINT, (800.0, 22.0), (820.0, 22.0));
    document.draw_line(&erase, (800.0, 22.0), (820.0, 22.0));
    assert_eq!(document.effective_mask().masked_pixels(), 0);
    let steps = document.steps().labels.len();

    assert!(document.uncover_detected());
    assert_eq!(document.steps().labels.len(), steps + 1, "one step");
    assert!(masked_at(&document, 1000, 22) && masked_at(&document, 700, 22));
    assert!(!masked_at(&document, 610, 22), "erased before");
    assert!(!masked_at(&document, 810, 22), "erased after");
    assert!(!masked_at(&document, 110, 302), "a stroke is not detected");
    assert!(!document.uncover_detected(), "it is done");
    // A lower threshold has no holes where the surest damage was.
    document.set_threshold(30);
    assert!(masked_at(&document, 300, 22) && masked_at(&document, 1000, 22));
    document.undo();

    assert_eq!(document.undo(), Some(label::FIND_DAMAGE));
    assert_eq!(document.effective_mask().masked_pixels(), 0);
    document.redo();
    assert!(document.clear_mask());
    assert!(document.uncover_detected(), "as often as wanted");
    assert!(masked_at(&document, 1000, 22) && !masked_at(&document, 610, 22));
}

#[test]
fn a_loaded_mask_replaces_the_effective_one_and_can_be_undone() {
    let mut document = Document::new(photo());
    document.set_detection(detection(SIZE)).unwrap();
    paint(&mut document, 100.0, 300.0);
    let before = document.effective_mask().to_raster();
    let mut loaded = vec![0; SIZE.pixel_count()];
    loaded[SIZE.index(7, 9)..][..5].copy_from_slice(&[255, 200, 128, 90, 1]);
    assert_eq!(document.load_mask(SIZE, &loaded), Ok(true));
    assert_eq!(document.effective_mask().to_raster(), loaded);
    assert_eq!(document.load_mask(SIZE, &loaded), Ok(false));
    assert_eq!(document.undo(), Some(label::LOAD_MASK));
    assert_eq!(document.effective_mask().to_raster(), before);
}

#[test]
fn what_belongs_to_another_photo_is_refused_with_both_sizes() {
    let mut document = Document::new(photo());
    let other = ImageSize::new(3, 2);
    let error = document.load_mask(other, &[0; 6]).unwrap_err();
    assert!(error.to_string().contains("3 × 2") && error.to_string().contains("1024 × 512"));
    let refused = document.set_detection(detection(other));
    assert!(matches!(refused, Err(DocumentError::Size { .. })));
    assert!(document.detection().is_none());
}

#[test]
fn a_stroke_shows_at_once_and_counts_when_it_ends() {
    let mut document = Document::new(photo());
    let (revision, shown) = (document.revision(), document.display_revision());
    let dirty = document.begin_stroke(&PAINT, 100.0, 100.0);
    assert!(dirty.contains(100, 100));
    assert!(masked_at(&document, 100, 100) && document.is_editing());
    assert!(document.display_revision() > shown);
    assert_eq!(document.revision(), revision);
    assert_eq!(document.undo(), None, "not while the button is down");
    assert!(document.abort());
    assert!(!masked_at(&document, 100, 100) && !document.is_editing());
    assert_eq!(document.undo_label(), None);
    assert!(
        document.extend_stroke(5.0, 5.0).is_empty(),
        "no stroke was begun"
    );

    document.begin_stroke(&PAINT, 100.0, 100.0);
    document.begin_stroke(&PAINT, 300.0, 100.0);
    assert!(document.commit());
    assert!(
        masked_at(&document, 100, 100),
        "the first was committed, not lost"
    );
    assert_eq!(document.undo_label(), Some(label::BRUSH_STROKE));
}

#[test]
fn an_operation_on_the_whole_mask_is_one_edit() {
    let mut document = Document::new(photo());
    document.draw_line(&PAINT, (100.5, 100.5), (300.5, 100.5));
    assert!(!masked_at(&document, 200, 110));
    assert!(document.edit(label::GROW, |mask, effective| grow(mask, effective, 6)));
    assert!(masked_at(&document, 200, 110));
    assert_eq!(document.undo(), Some(label::GROW));
    assert!(!masked_at(&document, 200, 110));
    assert!(document.mask_mut().is_none(), "no edit was begun");
    assert!(document.begin_edit(label::SHAPE));
    assert!(document.mask_mut().is_some());
    assert!(!document.commit());
}

#[test]
fn a_plan_names_cells_of_the_fixed_grid() {
    let mut document = Document::new(photo());
    paint(&mut document, 100.0, 100.0);
    for plan in document.stale_cells(HALO_PX) {
        assert_eq!(plan.core, plan.index.rect(CELL_PX, SIZE));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn every_state_of_the_list_can_be_gone_to_from_every_other(
        edits in proptest::collection::vec((0.0_f32..1000.0, 0.0_f32..500.0, 0_u8..3), 1..8),
        visits in proptest::collection::vec(0_usize..9, 1..12),
    ) {
        let mut document = Document::new(photo());
        let mut states = vec![(document.mask().clone(), document.threshold())];
        for (x, y, kind) in edits {
            let changed = match kind {
                0 => {
                    document.end_threshold_drag();
                    document.set_threshold((x / 4.0) as u8 + 1)
                }
                1 => {
                    document.begin_stroke(&PAINT, x, y);
                    document.extend_stroke(x + 40.0, y);
                    document.commit()
                }
                _ => document.clear_mask(),
            };
            if changed {
                states.push((document.mask().clone(), document.threshold()));
            }
        }
        let steps = document.steps();
        proptest::prop_assert_eq!(steps.labels.len(), states.len() - 1);
        proptest::prop_assert!(steps.reaches_beginning);
        for visit in visits {
            let step = visit.min(states.len() - 1);
            document.go_to_step(step);
            proptest::prop_assert_eq!(document.steps().current, step);
            proptest::prop_assert_eq!(document.steps().labels, steps.labels.clone());
            let (mask, threshold) = &states[step];
            proptest::prop_assert_eq!(document.threshold(), *threshold);
            for (now, then) in [
                (&document.mask().added, &mask.added),
                (&document.mask().removed, &mask.removed),
                (&document.mask().protected, &mask.protected),
            ] {
                proptest::prop_assert!(now.changed_tiles(then).is_empty(), "the very same tiles");
            }
        }
    }
}
