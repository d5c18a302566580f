//! Detection and fills: the newest request wins, cancelling stops within a tile, a panic is a failed job.

use std::sync::Arc;

use unscratch::document::Document;
use unscratch::geometry::{ImageSize, PixelPoint, PixelRect};
use unscratch::inference::fake::{FailingNetwork, IdentityNetwork};
use unscratch::inference::{Contract, InferenceError};
use unscratch::jobs::JobEvent;
use unscratch::mask::{Brush, BrushMode};
use unscratch::restore::ContextCache;

use super::support::{GatedNetwork, Jobs, PanickingNetwork, fill_request, mask, photo};

/// One row of cells.
const SIZE: ImageSize = ImageSize::new(13 * 256, 200);

/// Cells so far apart that each is filled on its own.
const COLUMNS: [u32; 4] = [0, 4, 8, 12];

/// A spot in the middle of each of the four cells, `shift` px to the right.
fn spots(shift: u32) -> Vec<PixelRect> {
    COLUMNS
        .map(|column| PixelRect::new(column * 256 + 100 + shift, 90, 10, 10))
        .to_vec()
}

fn cancelled(event: &JobEvent) -> bool {
    matches!(event, JobEvent::Cancelled { .. })
}

#[test]
fn the_newest_fill_request_stops_the_cell_in_flight_and_takes_over() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    let old = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    gate.wait_entered();
    let new = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(5)), 2));
    // The gate is still shut: only the cancel can have ended the first run.
    gate.wait_entered();
    gate.open(4);
    let end = jobs.wait_end(new);
    assert!(matches!(end, JobEvent::Filled { revision: 2, .. }));
    assert!(cancelled(&jobs.wait_end(old)));
    assert!(jobs.columns_filled(old).is_empty());
    assert_eq!(jobs.columns_filled(new), COLUMNS);
}

#[test]
fn a_cell_in_flight_that_the_newest_request_wants_as_it_is_goes_on() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    let old = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    gate.wait_entered();
    // The person went on painting in the last cell: the first is wanted unchanged.
    let mut further = spots(0);
    further.push(PixelRect::new(12 * 256 + 200, 20, 4, 4));
    let new = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &further), 2));
    gate.open(4);
    let end = jobs.wait_end(new);
    assert!(matches!(end, JobEvent::Filled { revision: 2, .. }));
    assert_eq!(jobs.columns_filled(new), COLUMNS);
    assert_eq!(gate.runs_begun(), 3, "the first cell ran once");
    assert!(cancelled(&jobs.wait_end(old)));
}

#[test]
fn a_stroke_elsewhere_goes_before_the_cell_in_flight() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    jobs.system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    gate.wait_entered();
    let mut request = fill_request(&photo, &mask(SIZE, &spots(0)), 2);
    request.focus = Some(PixelPoint::new(12 * 256 + 100, 90));
    let stroke = jobs.system.fill(request);
    gate.open(4);
    jobs.wait_end(stroke);
    assert_eq!(jobs.columns_filled(stroke), [12, 8, 4, 0]);
}

#[test]
fn neighbouring_cells_are_filled_together() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    // Across the border of two cells.
    let mask = mask(SIZE, &[PixelRect::new(250, 90, 12, 10)]);
    let id = jobs.system.fill(fill_request(&photo, &mask, 1));
    gate.open(1);
    jobs.wait_end(id);
    assert_eq!(jobs.columns_filled(id), [0, 1]);
    assert_eq!(gate.runs_begun(), 1);
}

#[test]
fn cells_come_nearest_the_focus_first_and_progress_counts_them() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    let mut request = fill_request(&photo, &mask(SIZE, &spots(0)), 1);
    request.focus = Some(PixelPoint::new(8 * 256 + 200, 10));
    let id = jobs.system.fill(request);
    let order = [8, 12, 4, 0];
    for (done, column) in (1..=3).zip(order) {
        gate.wait_entered();
        gate.open(1);
        jobs.wait_for(
            |event| matches!(event, JobEvent::CellFilled { cell, .. } if cell.index.column == column),
        );
        // The next run waits at the gate, so nothing more than this is done.
        let progress = jobs.system.progress().unwrap();
        assert_eq!((progress.job, progress.done, progress.total), (id, done, 4));
    }
    gate.open(1);
    jobs.wait_end(id);
    assert_eq!(jobs.columns_filled(id), order);
    assert_eq!(jobs.system.progress(), None);
}

#[test]
fn a_cancel_stops_a_run_that_would_never_end_and_the_next_job_is_served() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    let id = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    gate.wait_entered();
    assert!(jobs.system.progress().is_some());
    jobs.system.cancel(id);
    assert!(cancelled(&jobs.wait_end(id)));
    assert_eq!(jobs.system.progress(), None, "no bar is left behind");
    let contexts = Arc::new(ContextCache::new(64 << 20));
    let detection = jobs.system.detect(Arc::clone(&photo), contexts);
    assert!(matches!(
        jobs.wait_end(detection),
        JobEvent::Detected { .. }
    ));
    assert_eq!(gate.runs_begun(), 0, "nothing of the cancelled job ran on");
}

#[test]
fn a_cell_in_flight_is_never_taken_over_for_another_photo() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let spot = mask(SIZE, &spots(0)[..1]);
    jobs.system.fill(fill_request(&photo(SIZE), &spot, 1));
    gate.wait_entered();
    let other = jobs.system.fill(fill_request(&photo(SIZE), &spot, 2));
    // The gate is still shut: only the cancel can have ended the first run.
    gate.wait_entered();
    gate.open(1);
    jobs.wait_end(other);
    assert_eq!(jobs.columns_filled(other), [0]);
}

#[test]
fn a_new_detection_supersedes_the_one_before() {
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    // The inference thread is held by a fill, so both detections wait.
    let fill = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)[..1]), 1));
    gate.wait_entered();
    let contexts = || Arc::new(ContextCache::new(64 << 20));
    let old = jobs.system.detect(Arc::clone(&photo), contexts());
    let new = jobs.system.detect(Arc::clone(&photo), contexts());
    assert!(cancelled(&jobs.wait_end(old)));
    gate.open(1);
    let JobEvent::Detected { detection, .. } = jobs.wait_end(new) else {
        panic!("not detected");
    };
    assert_eq!(detection.map.size(), SIZE);
    jobs.wait_end(fill);
}

#[test]
fn a_panic_is_a_failed_job_and_the_next_one_works() {
    let mut jobs = Jobs::with_networks(
        PanickingNetwork::once(Contract::ScratchContextV1),
        IdentityNetwork::new(Contract::RestoreV1),
    );
    let photo = photo(SIZE);
    let contexts = Arc::new(ContextCache::new(64 << 20));
    let first = jobs
        .system
        .detect(Arc::clone(&photo), Arc::clone(&contexts));
    let JobEvent::Failed { message, .. } = jobs.wait_end(first) else {
        panic!("not failed");
    };
    assert!(message.contains("made to panic"), "{message}");
    let second = jobs.system.detect(photo, contexts);
    assert!(matches!(jobs.wait_end(second), JobEvent::Detected { .. }));
}

#[test]
fn an_error_of_a_network_fails_the_request_and_says_why() {
    let mut jobs = Jobs::with_stage_2(FailingNetwork::new(Contract::RestoreV1, 2));
    let photo = photo(SIZE);
    let id = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    let JobEvent::Failed { title, message, .. } = jobs.wait_end(id) else {
        panic!("not failed");
    };
    assert!(!title.is_empty());
    assert!(message.contains("made to fail"), "{message}");
    assert_eq!(jobs.columns_filled(id), [0, 4], "what was filled stays");
    assert_eq!(jobs.system.progress(), None);
}

#[test]
fn without_an_engine_every_job_that_needs_it_fails_with_its_reason() {
    let mut jobs = Jobs::with_loader(|| {
        Err(InferenceError::Run {
            model: "none".to_owned(),
            message: "no library".to_owned(),
        })
    });
    let JobEvent::EngineFailed(reason) =
        jobs.wait_for(|event| matches!(event, JobEvent::EngineFailed(_)))
    else {
        unreachable!();
    };
    let photo = photo(SIZE);
    let id = jobs
        .system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    let JobEvent::Failed { message, .. } = jobs.wait_end(id) else {
        panic!("not failed");
    };
    assert_eq!(message, reason);
    assert!(message.contains("no library"), "{message}");
}

#[test]
fn dropping_the_system_stops_the_run_in_flight_and_joins_its_thread() {
    let (network, gate) = GatedNetwork::stage_2();
    let jobs = Jobs::with_stage_2(network);
    let photo = photo(SIZE);
    jobs.system
        .fill(fill_request(&photo, &mask(SIZE, &spots(0)), 1));
    gate.wait_entered();
    drop(jobs);
    let gone = gate.alive.try_recv();
    assert_eq!(
        gone,
        Err(crossbeam_channel::TryRecvError::Disconnected),
        "the network was dropped with its thread"
    );
}

#[test]
fn what_lies_behind_the_brush_is_filled_while_the_stroke_goes_on() {
    let mut jobs = Jobs::with_stage_2(IdentityNetwork::new(Contract::RestoreV1));
    let photo = photo(SIZE);
    let mut document = Document::new(Arc::clone(&photo));
    let brush = Brush {
        diameter_px: 20.0,
        hardness: 1.0,
        mode: BrushMode::Paint,
    };
    document.begin_stroke(&brush, 100.0, 90.0);
    assert!(
        document.stale_behind_stroke(64, (100.0, 90.0)).is_empty(),
        "nothing is left behind yet"
    );
    document.extend_stroke(2000.0, 90.0);
    let behind = document.stale_behind_stroke(64, (2000.0, 90.0));
    let columns: Vec<u32> = behind.iter().map(|plan| plan.index.column).collect();
    assert_eq!(
        columns,
        [0, 1, 2, 3, 4, 5],
        "the brush is in column 7, whose window fills column 6 too"
    );
    let mut request = fill_request(&photo, &document.effective_mask(), 1);
    request.stale = behind;
    let id = jobs.system.fill(request);
    jobs.wait_end(id);
    for event in jobs.seen() {
        if let JobEvent::CellFilled { cell, .. } = event {
            assert!(
                document.insert_fill(Arc::clone(cell)),
                "it is shown at once"
            );
        }
    }
    assert!(document.is_editing(), "the stroke still goes on");
    document.extend_stroke(2100.0, 90.0);
    assert!(document.commit());
    let rest: Vec<u32> = document
        .stale_cells(64)
        .iter()
        .map(|plan| plan.index.column)
        .collect();
    assert_eq!(rest, [6, 7, 8], "the rest waits for the end of the stroke");
}
