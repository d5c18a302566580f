//! Undo and redo bring back the very same tiles, within their bytes.

use proptest::prelude::*;
use unscratch::geometry::ImageSize;
use unscratch::mask::{
    AreaRepairs, Brush, BrushMode, DEFAULT_HISTORY_BYTES, Editable, History, MASK_TILE_BYTES, Mask,
    Stroke, label, line,
};

const SIZE: ImageSize = ImageSize::new(600, 520);

fn fresh() -> Editable {
    Editable {
        mask: Mask::new(SIZE),
        threshold: 128,
        repairs: AreaRepairs::default(),
    }
}

fn paint(now: &mut Editable, x: f32, y: f32, mode: BrushMode) {
    let brush = Brush {
        diameter_px: 30.0,
        hardness: 0.8,
        mode,
    };
    Stroke::begin(&mut now.mask, &brush, x, y);
}

fn stroke(history: &mut History, now: &mut Editable, x: f32, y: f32) -> bool {
    assert!(history.begin(label::BRUSH_STROKE, now));
    paint(now, x, y, BrushMode::Paint);
    history.commit(now)
}

#[derive(Clone, Debug)]
enum Step {
    Line {
        from: (f32, f32),
        to: (f32, f32),
        mode: u8,
    },
    Aborted {
        at: (f32, f32),
    },
    Threshold(u8),
    Seal,
    Undo,
    Redo,
}

fn any_step() -> impl Strategy<Value = Step> {
    let point = || (-20.0_f32..620.0, -20.0_f32..540.0);
    prop_oneof![
        4 => (point(), point(), 0_u8..4).prop_map(|(from, to, mode)| Step::Line { from, to, mode }),
        1 => point().prop_map(|at| Step::Aborted { at }),
        2 => any::<u8>().prop_map(Step::Threshold),
        1 => Just(Step::Seal),
        3 => Just(Step::Undo),
        2 => Just(Step::Redo),
    ]
}

/// The same state as plain pictures.
type Flat = ([Vec<u8>; 3], u8);

fn flat(now: &Editable) -> Flat {
    let Mask {
        added,
        removed,
        protected,
    } = &now.mask;
    (
        [added, removed, protected].map(unscratch::mask::MaskLayer::to_raster),
        now.threshold,
    )
}

/// The layers' rule, applied to plain pictures with the dab of a stroke on an empty mask.
fn draw_flat(state: &mut Flat, brush: &Brush, from: (f32, f32), to: (f32, f32)) {
    let mut alone = Mask::new(SIZE);
    line(
        &mut alone,
        &Brush {
            mode: BrushMode::Paint,
            ..*brush
        },
        from,
        to,
    );
    let dab = alone.added.to_raster();
    let [added, removed, protected] = &mut state.0;
    for (i, &value) in dab.iter().enumerate() {
        match brush.mode {
            BrushMode::Paint => {
                added[i] = added[i].max(value);
                removed[i] = removed[i].min(255 - value);
            }
            BrushMode::Erase => {
                removed[i] = removed[i].max(value);
                added[i] = added[i].min(255 - value);
            }
            BrushMode::Protect => protected[i] = protected[i].max(value),
            BrushMode::Unprotect => protected[i] = protected[i].min(255 - value),
        }
    }
}

/// A history of plain pictures: all states and where we are; `drag` is true while thresholds coalesce.
struct Reference {
    states: Vec<Flat>,
    at: usize,
    drag: bool,
}

impl Reference {
    fn push(&mut self, state: Flat) {
        self.drag = false;
        if state != self.states[self.at] {
            self.states.truncate(self.at + 1);
            self.states.push(state);
            self.at += 1;
        }
    }

    fn threshold(&mut self, threshold: u8) {
        let mut state = self.states[self.at].clone();
        if state.1 == threshold {
            return;
        }
        state.1 = threshold;
        if !self.drag {
            self.push(state);
            self.drag = true;
        } else if state == self.states[self.at - 1] {
            self.states.pop();
            self.at -= 1;
            self.drag = false;
        } else {
            self.states[self.at] = state;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_edits_agree_with_flat_pictures(steps in prop::collection::vec(any_step(), 1..24)) {
        let mut now = fresh();
        let mut history = History::default();
        let mut reference = Reference { states: vec![flat(&now)], at: 0, drag: false };
        for step in steps {
            match step {
                Step::Line { from, to, mode } => {
                    let mode = [BrushMode::Paint, BrushMode::Erase, BrushMode::Protect, BrushMode::Unprotect][usize::from(mode)];
                    let brush = Brush { diameter_px: 37.0, hardness: 0.5, mode };
                    history.begin(label::LINE, &now);
                    line(&mut now.mask, &brush, from, to);
                    history.commit(&mut now);
                    let mut state = reference.states[reference.at].clone();
                    draw_flat(&mut state, &brush, from, to);
                    // An edit that changes nothing ends no drag.
                    if state != reference.states[reference.at] {
                        reference.push(state);
                    }
                }
                Step::Aborted { at } => {
                    history.begin(label::BRUSH_STROKE, &now);
                    paint(&mut now, at.0, at.1, BrushMode::Paint);
                    prop_assert!(history.abort(&mut now));
                }
                Step::Threshold(threshold) => {
                    history.set_threshold(&mut now, threshold);
                    reference.threshold(threshold);
                }
                Step::Seal => {
                    history.seal();
                    reference.drag = false;
                }
                Step::Undo => {
                    let undone = history.undo(&mut now).is_some();
                    prop_assert_eq!(undone, reference.at > 0);
                    reference.at -= usize::from(undone);
                    reference.drag &= !undone;
                }
                Step::Redo => {
                    let redone = history.redo(&mut now).is_some();
                    prop_assert_eq!(redone, reference.at + 1 < reference.states.len());
                    reference.at += usize::from(redone);
                    reference.drag &= !redone;
                }
            }
            prop_assert!(flat(&now) == reference.states[reference.at], "the pictures differ");
            prop_assert_eq!(history.len(), reference.at);
        }
    }

    #[test]
    fn undo_and_redo_bring_back_the_very_same_tiles(
        points in prop::collection::vec((0.0_f32..600.0, 0.0_f32..520.0), 1..10),
    ) {
        let mut now = fresh();
        let mut history = History::default();
        let mut states = vec![now.clone()];
        for (x, y) in points {
            if stroke(&mut history, &mut now, x, y) {
                states.push(now.clone());
            }
        }
        for state in states.iter().rev().skip(1) {
            prop_assert_eq!(history.undo(&mut now), Some(label::BRUSH_STROKE));
            prop_assert!(now.is_same(state), "undo shares the tiles it had");
        }
        prop_assert_eq!(history.undo(&mut now), None);
        for state in &states[1..] {
            prop_assert_eq!(history.redo(&mut now), Some(label::BRUSH_STROKE));
            prop_assert!(now.is_same(state), "redo shares the tiles it had");
        }
        prop_assert_eq!(history.redo(&mut now), None);
    }
}

#[test]
fn an_edit_that_changes_nothing_is_not_pushed_and_keeps_the_storage() {
    let mut now = fresh();
    let mut history = History::default();
    assert!(stroke(&mut history, &mut now, 100.0, 100.0));
    let before = now.clone();
    assert!(
        !stroke(&mut history, &mut now, 100.0, 100.0),
        "painted already"
    );
    assert!(
        !stroke(&mut history, &mut now, -500.0, 100.0),
        "beside the photo"
    );
    history.begin(label::ERASE, &now);
    assert!(!history.commit(&mut now), "nothing was done");
    assert!(now.is_same(&before));
    assert_eq!(history.len(), 1);
    assert!(!history.commit(&mut now), "no transaction is open");
}

#[test]
fn a_tile_that_becomes_empty_is_dropped() {
    let mut now = fresh();
    let mut history = History::default();
    history.begin(label::PROTECT, &now);
    paint(&mut now, 300.0, 300.0, BrushMode::Protect);
    assert!(history.commit(&mut now));
    assert_eq!(now.mask.protected.byte_len(), MASK_TILE_BYTES);
    history.begin(label::UNPROTECT, &now);
    let wide = Brush {
        diameter_px: 90.0,
        hardness: 1.0,
        mode: BrushMode::Unprotect,
    };
    line(&mut now.mask, &wide, (280.0, 300.0), (320.0, 300.0));
    assert!(history.commit(&mut now));
    assert!(now.mask.protected.is_empty());
}

#[test]
fn a_new_edit_discards_what_could_be_redone() {
    let mut now = fresh();
    let mut history = History::default();
    stroke(&mut history, &mut now, 100.0, 100.0);
    stroke(&mut history, &mut now, 200.0, 100.0);
    history.undo(&mut now);
    assert_eq!(history.redo_label(), Some(label::BRUSH_STROKE));
    stroke(&mut history, &mut now, 300.0, 100.0);
    assert_eq!(history.redo_label(), None);
    assert_eq!(history.redo(&mut now), None);
    assert_eq!(history.len(), 2);
}

#[test]
fn an_aborted_or_empty_edit_keeps_what_could_be_redone() {
    let mut now = fresh();
    let mut history = History::default();
    stroke(&mut history, &mut now, 100.0, 100.0);
    history.undo(&mut now);
    history.begin(label::BRUSH_STROKE, &now);
    paint(&mut now, 50.0, 50.0, BrushMode::Paint);
    assert!(history.abort(&mut now));
    assert!(now.is_same(&fresh()) || now.mask.is_empty());
    assert_eq!(history.redo_label(), Some(label::BRUSH_STROKE));
}

#[test]
fn undo_waits_for_the_edit_in_progress() {
    let mut now = fresh();
    let mut history = History::default();
    stroke(&mut history, &mut now, 100.0, 100.0);
    assert!(history.begin(label::ERASE, &now));
    assert!(
        !history.begin(label::LINE, &now),
        "one transaction at a time"
    );
    assert_eq!(history.undo(&mut now), None);
    assert_eq!(history.redo(&mut now), None);
    history.commit(&mut now);
    assert_eq!(history.undo(&mut now), Some(label::BRUSH_STROKE));
}

#[test]
fn the_oldest_edits_go_first_and_the_newest_always_stays() {
    let mut now = fresh();
    let mut history = History::new(3 * MASK_TILE_BYTES + MASK_TILE_BYTES / 2);
    for i in 0..8_u8 {
        stroke(&mut history, &mut now, 30.0 + 20.0 * f32::from(i), 100.0);
        assert!(history.byte_len() <= history.limit_bytes());
    }
    assert_eq!(history.len(), 3);

    let mut tiny = History::new(0);
    assert!(stroke(&mut tiny, &mut now, 300.0, 300.0));
    assert_eq!(tiny.len(), 1);
    assert!(stroke(&mut tiny, &mut now, 350.0, 350.0));
    assert_eq!(tiny.len(), 1);
    assert_eq!(tiny.undo(&mut now), Some(label::BRUSH_STROKE));
    assert_eq!(History::default().limit_bytes(), DEFAULT_HISTORY_BYTES);
}

#[test]
fn undoing_does_not_grow_the_history() {
    let mut now = fresh();
    let mut history = History::default();
    for i in 0..5_u8 {
        stroke(&mut history, &mut now, 50.0 + 100.0 * f32::from(i), 400.0);
    }
    let bytes = history.byte_len();
    while history.undo(&mut now).is_some() {
        assert_eq!(history.byte_len(), bytes);
    }
}

#[test]
fn a_threshold_drag_is_one_step_and_costs_no_tiles() {
    let mut now = fresh();
    let mut history = History::default();
    stroke(&mut history, &mut now, 100.0, 100.0);
    let painted = now.clone();
    let bytes = history.byte_len();
    for threshold in (60..120).rev() {
        history.set_threshold(&mut now, threshold);
    }
    assert_eq!(history.len(), 2);
    assert!(history.byte_len() - bytes < 1024);
    history.seal();
    history.set_threshold(&mut now, 200);
    assert_eq!(history.len(), 3);
    assert_eq!(history.undo(&mut now), Some(label::SENSITIVITY));
    assert_eq!(now.threshold, 60);
    assert_eq!(history.undo(&mut now), Some(label::SENSITIVITY));
    assert!(now.is_same(&painted));
    assert_eq!(history.undo(&mut now), Some(label::BRUSH_STROKE));
}

#[test]
fn a_drag_back_to_where_it_began_leaves_nothing_to_undo() {
    let mut now = fresh();
    let mut history = History::default();
    for threshold in [127, 90, 127, 128] {
        history.set_threshold(&mut now, threshold);
    }
    assert!(history.is_empty());
    assert!(!history.set_threshold(&mut now, 128));
}
