//! Opening and exporting: order, cancelling, and that what is written is what was restored.

use std::path::Path;
use std::sync::Arc;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::inference::fake::{FailingNetwork, IdentityNetwork, PaintNetwork};
use unscratch::inference::{CancelToken, Contract, Engine};
use unscratch::io::{DecodeLimits, ExportOptions, OutputFormat, load_mask, open_photo};
use unscratch::jobs::{ExportReport, ExportRequest, JobEvent, JobId};
use unscratch::mask::EffectiveMask;
use unscratch::photo::Photo;
use unscratch::restore::{
    ContextCache, NoProgress, Restoration, alpha_photo, composite_rect, restore_photo,
};

use super::support::{FILL_RGB, GatedNetwork, Jobs, fill_request, mask, photo};

const SIZE: ImageSize = ImageSize::new(600, 300);

fn damage() -> EffectiveMask {
    mask(
        SIZE,
        &[
            PixelRect::new(10, 10, 30, 3),
            PixelRect::new(250, 100, 20, 40),
            PixelRect::new(590, 290, 10, 10),
        ],
    )
}

fn export_request(photo: &Arc<Photo>, target: &Path) -> ExportRequest {
    ExportRequest {
        photo: Arc::clone(photo),
        mask: damage(),
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

fn painter() -> PaintNetwork {
    PaintNetwork::new(Contract::RestoreV1, FILL_RGB)
}

fn restored(photo: &Photo) -> Restoration {
    let mut engine = Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(painter()),
    );
    restore_photo(
        photo,
        &damage(),
        &mut engine,
        &ContextCache::new(64 << 20),
        &NoProgress,
        &CancelToken::new(),
    )
    .expect("fakes do not fail")
}

#[test]
fn an_export_fills_what_is_stale_and_writes_what_restoring_the_photo_gives() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("restored.tif");
    let mask_target = folder.path().join("mask.png");
    let photo = photo(SIZE);
    let mut jobs = Jobs::with_stage_2(painter());
    let mut request = export_request(&photo, &target);
    request.mask_target = Some(mask_target.clone());
    let id = jobs.system.export(request);
    let report = match jobs.wait_end(id) {
        JobEvent::Exported { report, .. } => report,
        other => panic!("{other:?}"),
    };

    let expected = composite_rect(&photo, &restored(&photo), SIZE.rect());
    let written = open_photo(&target, &DecodeLimits::default()).unwrap();
    assert_eq!(written.samples(), &expected);
    let alpha = alpha_photo(&damage());
    assert_eq!(
        load_mask(&mask_target, SIZE, &DecodeLimits::default()).unwrap(),
        alpha
    );

    let blended = alpha.iter().filter(|&&alpha| alpha > 0).count() as u64;
    assert_eq!(report.blended_pixels, blended);
    assert_eq!(report.masked_pixels, 30 * 3 + 20 * 40 + 10 * 10);
    assert_eq!(report.changed_outside_mask, 0);
    assert!(report.changed_pixels > report.masked_pixels / 2);
    assert!(report.changed_pixels <= blended);
    assert_eq!(report.sha256, unscratch::io::sha256_file(&target).unwrap());
}

#[test]
fn a_finished_restoration_is_exported_without_running_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let photo = photo(SIZE);
    let mut jobs = Jobs::with_stage_2(FailingNetwork::new(Contract::RestoreV1, 0));
    let mut request = export_request(&photo, &folder.path().join("a.png"));
    request.restoration = restored(&photo);
    let id = jobs.system.export(request);
    let end = jobs.wait_end(id);
    assert!(matches!(end, JobEvent::Exported { .. }), "{end:?}");
}

#[test]
fn exports_keep_their_order_and_a_stroke_goes_before_their_next_cells() {
    let folder = tempfile::tempdir().unwrap();
    let photo = photo(SIZE);
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let names = ["first.png", "second.png"].map(|name| folder.path().join(name));
    let [first, second] = [0, 1].map(|i| jobs.system.export(export_request(&photo, &names[i])));
    gate.wait_entered();
    let spot = mask(SIZE, &[PixelRect::new(300, 200, 5, 5)]);
    let stroke = jobs.system.fill(fill_request(&photo, &spot, 1));
    assert!(jobs.system.has_exports());
    gate.open(100);
    jobs.wait_end(second);
    let ended: Vec<_> = jobs
        .seen()
        .iter()
        .filter_map(|event| match event {
            JobEvent::Exported { id, .. } | JobEvent::Filled { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    // The first export had cells left when the stroke came.
    assert_eq!(ended, [stroke, first, second]);
    assert!(!jobs.system.has_exports());
}

#[test]
fn a_cancelled_export_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let photo = photo(SIZE);
    let (network, gate) = GatedNetwork::stage_2();
    let mut jobs = Jobs::with_stage_2(network);
    let id = jobs
        .system
        .export(export_request(&photo, &folder.path().join("a.png")));
    gate.wait_entered();
    jobs.system.cancel(id);
    assert!(matches!(jobs.wait_end(id), JobEvent::Cancelled { .. }));
    drop(jobs);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_export_that_would_replace_a_file_fails_and_keeps_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    std::fs::write(&target, b"kept").unwrap();
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs.system.export(export_request(&photo(SIZE), &target));
    let JobEvent::Failed { message, .. } = jobs.wait_end(id) else {
        panic!("not failed");
    };
    assert!(message.contains("a.png"), "{message}");
    assert_eq!(std::fs::read(&target).unwrap(), b"kept");
}

/// Not even the superuser creates files in `/sys`, though the folder is there.
#[cfg(target_os = "linux")]
#[test]
fn without_its_mask_no_export_is_kept_and_an_older_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    let mut jobs = Jobs::with_stage_2(painter());
    let mut failure = |overwrite| {
        let mut request = export_request(&photo(SIZE), &target);
        request.mask_target = Some("/sys/mask.png".into());
        request.options.overwrite = overwrite;
        let id = jobs.system.export(request);
        match jobs.wait_end(id) {
            JobEvent::Failed { message, .. } => message,
            other => panic!("{other:?}"),
        }
    };
    let message = failure(false);
    assert!(message.contains("/sys"), "{message}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);

    std::fs::write(&target, b"old").unwrap();
    let message = failure(true);
    assert!(message.contains("the photo was not kept"), "{message}");
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn a_photo_is_opened_and_a_missing_one_fails_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut jobs = Jobs::with_stage_2(painter());
    let path = folder.path().join("a.png");
    let export = jobs.system.export(export_request(&photo(SIZE), &path));
    jobs.wait_end(export);
    let id = jobs.system.open(path);
    let JobEvent::Opened { photo, .. } = jobs.wait_end(id) else {
        panic!("not opened");
    };
    assert_eq!(photo.size(), SIZE);

    let missing = jobs.system.open(folder.path().join("missing.png"));
    let JobEvent::Failed { message, .. } = jobs.wait_end(missing) else {
        panic!("not failed");
    };
    assert!(message.contains("missing.png"), "{message}");
}

/// The report of export `id`.
fn exported(jobs: &mut Jobs, id: JobId) -> Arc<ExportReport> {
    match jobs.wait_end(id) {
        JobEvent::Exported { report, .. } => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tiff_becomes_a_patched_copy_and_what_cannot_be_one_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let limits = DecodeLimits::default();
    // A photo without a file is written anew; the derivative of that file is a patched copy of it.
    let mut jobs = Jobs::with_stage_2(painter());
    let made = photo(SIZE);
    let id = jobs.system.export(export_request(&made, &at("master.tif")));
    let report = exported(&mut jobs, id);
    assert!(!report.patched);
    assert!(
        report.not_carried[0].contains("cannot be read again"),
        "{report:?}"
    );
    let master = Arc::new(open_photo(&at("master.tif"), &limits).unwrap());
    let id = jobs.system.export(export_request(&master, &at("copy.tif")));
    let report = exported(&mut jobs, id);
    assert!(report.patched && report.changed_pixels > 0);
    assert_eq!(report.not_carried, [""; 0]);
    let expected = composite_rect(&master, &restored(&master), SIZE.rect());
    let copy = open_photo(&at("copy.tif"), &limits).unwrap();
    assert_eq!(copy.samples(), &expected);
    assert_eq!(
        report.sha256,
        unscratch::io::sha256_file(&at("copy.tif")).unwrap()
    );

    // Somebody else has written the file since it was opened: the photo in memory is what counts.
    std::fs::write(at("master.tif"), "another file").unwrap();
    let id = jobs.system.export(export_request(&master, &at("anew.tif")));
    let report = exported(&mut jobs, id);
    assert!(!report.patched);
    assert!(report.not_carried[0].contains("written anew"), "{report:?}");
    let anew = open_photo(&at("anew.tif"), &limits).unwrap();
    assert_eq!(anew.samples(), &expected);
}
