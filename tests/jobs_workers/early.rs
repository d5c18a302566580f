//! A file begun before all of it is filled: the same bytes in the end, and nothing at all when the filling ends early.

use std::path::Path;
use std::sync::Arc;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{IdentityNetwork, PaintNetwork};
use unscratch::inference::{CancelToken, Contract, Engine};
use unscratch::io::{ExportOptions, OutputFormat};
use unscratch::jobs::{
    ArrivingFills, ExportError, ExportReport, ExportRequest, export_restoration,
    export_while_filling,
};
use unscratch::photo::Photo;
use unscratch::restore::{ContextCache, NoProgress, Restoration, fill_photo};

use super::support::{FILL_RGB, mask, photo};

/// Several rows of cells and several bands of the file.
const SIZE: ImageSize = ImageSize::new(700, 1_500);

fn request(photo: &Arc<Photo>, target: &Path) -> ExportRequest {
    let damage = (0..5).map(|i| PixelRect::new(40 + 130 * i, 20 + 330 * i, 70, 30));
    ExportRequest {
        photo: Arc::clone(photo),
        mask: mask(SIZE, &damage.collect::<Vec<_>>()),
        restoration: Restoration::default(),
        contexts: Arc::new(ContextCache::new(64 << 20)),
        target: target.to_path_buf(),
        options: ExportOptions {
            format: OutputFormat::from_path(target).expect("a known end"),
            overwrite: false,
        },
        mask_target: None,
        record: None,
    }
}

/// Fills on this thread while another one writes; stops after `cells` cells.
fn fill_and_write(
    request: &ExportRequest,
    cells: usize,
) -> (Restoration, Result<ExportReport, ExportError>) {
    let mut engine = Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(PaintNetwork::new(Contract::RestoreV1, FILL_RGB)),
    );
    let cancel = CancelToken::new();
    let fills = ArrivingFills::default();
    let written = std::thread::scope(|scope| {
        let writer =
            scope.spawn(|| export_while_filling(request, &fills, &NoProgress, &CancelToken::new()));
        let end = fills.end_on_drop();
        let mut left = cells;
        let mut settled = 0;
        let filled = fill_photo(
            &request.photo,
            &request.mask,
            &mut engine,
            &request.contexts,
            &NoProgress,
            &cancel,
            &mut |cell, rows| {
                assert!(rows >= settled, "rows never become unsettled");
                settled = rows;
                if left > 0 {
                    left -= 1;
                    fills.insert(cell, rows);
                } else {
                    cancel.cancel();
                }
            },
        );
        assert!(left == 0 || filled.is_ok());
        drop(end);
        writer.join().expect("no panic")
    });
    (fills.restoration(), written)
}

#[test]
fn a_file_begun_early_has_the_bytes_of_one_written_when_all_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let photo = photo(SIZE);
    let mut early = request(&photo, &folder.path().join("early.png"));
    assert!(early.can_begin_early());
    let (restoration, written) = fill_and_write(&early, usize::MAX);
    let early_report = written.unwrap();
    assert_eq!(early_report.changed_outside_mask, 0);

    let target = folder.path().join("late.png");
    early.restoration = restoration;
    early.target.clone_from(&target);
    let late_report = export_restoration(&early, &NoProgress, &CancelToken::new()).unwrap();
    assert_eq!(early_report.sha256, late_report.sha256);
    assert_eq!(early_report.changed_pixels, late_report.changed_pixels);
    assert!(late_report.changed_pixels > 0);
}

#[test]
fn when_the_filling_ends_early_nothing_is_left_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let photo = photo(SIZE);
    let request = request(&photo, &folder.path().join("never.png"));
    let (_, written) = fill_and_write(&request, 1);
    assert!(
        matches!(written, Err(ExportError::Cancelled)),
        "{written:?}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_needs_all_fills_at_once_does_not_begin_early() {
    let photo = photo(SIZE);
    let can = |name: &str| request(&photo, Path::new(name)).can_begin_early();
    assert!(can("a.png"));
    assert!(!can("a.jpg"));
    // A patched copy of a TIFF.
    assert!(!can("a.tif"));
}
