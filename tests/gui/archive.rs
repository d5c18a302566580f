//! The presets of the export dialog, and the dossier that the window writes.

use std::path::Path;
use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use unscratch::inference::CancelToken;
use unscratch::io::{DecodeLimits, load_mask, open_photo};
use unscratch::record::schema::AreaOrigin;
use unscratch::record::{
    Agreement, HashOutcome, Record, agreement, check_hashes, recorded_windows,
};
use unscratch::restore::{AlphaRaster, NoProgress, composite_rect, rerender};

use super::support::{Window, fake_engine, open, scratched};

fn export_as(window: &mut Window, preset: &str) {
    window.settle();
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    window.harness.get_by_label(preset).click();
    window.harness.run();
}

fn confirm(window: &mut Window) {
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();
}

#[test]
fn the_archive_preset_writes_a_dossier_that_gives_the_same_pixels_again() {
    let mut window = open(&scratched());
    export_as(&mut window, "Archive");
    let field = window.harness.get_by_label("Restored by");
    field.focus();
    field.type_text("A. Person");
    window.harness.run();
    confirm(&mut window);
    window
        .harness
        .get_by_label_contains("photo_restored.restoration.json");

    let record = Record::read(&window.path("photo_restored.restoration.json")).unwrap();
    assert_eq!(record.operator.as_deref(), Some("A. Person"));
    assert_eq!(record.reason, None);
    assert_eq!(record.options.threshold_8bit, Some(128));
    assert_eq!(record.models.len(), 2);
    let found = |area: &unscratch::record::schema::AreaRecord| area.origin == AreaOrigin::Detected;
    assert!(record.areas.iter().any(found), "{:?}", record.areas);
    let master = window.path("photo.png");
    for check in check_hashes(&record, window.folder.path(), &master) {
        assert!(matches!(check.outcome, HashOutcome::Same), "{check:?}");
    }

    let limits = DecodeLimits::default();
    let photo = open_photo(&master, &limits).unwrap();
    let alpha = load_mask(&window.path(&record.mask.file), photo.size(), &limits).unwrap();
    let windows = recorded_windows(&record);
    let restoration = rerender(
        &photo,
        &AlphaRaster::new(photo.size(), alpha),
        &windows,
        &mut fake_engine(),
        &NoProgress,
        &CancelToken::new(),
    )
    .unwrap();
    let again = composite_rect(&photo, &restoration, photo.size().rect());
    let written = open_photo(&window.path("photo_restored.png"), &limits).unwrap();
    assert_eq!(
        agreement(written.samples(), &again),
        Some(Agreement::default())
    );
    assert_ne!(written.samples(), photo.samples());
}

#[test]
fn the_share_preset_writes_one_jpeg_and_nothing_beside_it() {
    let mut window = open(&scratched());
    export_as(&mut window, "Share");
    confirm(&mut window);
    let mut names: Vec<_> = window
        .folder
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("photo"))
        .collect();
    names.sort();
    assert_eq!(names, ["photo.png", "photo_restored.jpg"]);
}

#[test]
fn a_photo_keeps_its_purpose_and_reason_and_the_next_one_begins_with_the_operator_alone() {
    let mut window = open(&scratched());
    export_as(&mut window, "Archive");
    for (label, text) in [("Restored by", "A. Person"), ("Reason", "a fold")] {
        let field = window.harness.get_by_label(label);
        field.focus();
        field.type_text(text);
        window.harness.run();
    }
    confirm(&mut window);
    window.harness.get_by_label("Dismiss").click();
    window.harness.run();
    let value = |window: &Window, label: &str| {
        let field = window.harness.get_by_label(label);
        field.accesskit_node().value().unwrap_or_default()
    };
    window.harness.get_by_label("Export…").click();
    window.harness.run();
    assert_eq!(value(&window, "Restored by"), "A. Person");
    assert_eq!(value(&window, "Reason"), "a fold");
    window.harness.get_by_label("Cancel").click();
    window.harness.run();

    // The same file opened again: its purpose is known, its reason is not.
    let photo = window.path("photo.png");
    let next = window.path("next.png");
    std::fs::copy(&photo, &next).unwrap();
    for (path, is_known) in [(photo, true), (next, false)] {
        reopen(&mut window, &path);
        window.harness.get_by_label("Export…").click();
        window.harness.run();
        let reason = window.harness.get_by_label("Reason");
        assert_eq!(reason.accesskit_node().is_disabled(), !is_known);
        if !is_known {
            window.harness.get_by_label("Archive").click();
            window.harness.run();
        }
        assert_eq!(value(&window, "Reason"), "");
        assert_eq!(value(&window, "Restored by"), "A. Person");
        window.harness.get_by_label("Cancel").click();
        window.harness.run();
    }
    let kept = std::fs::read_to_string(window.path("window.toml")).unwrap();
    assert!(
        kept.contains("A. Person") && !kept.contains("a fold"),
        "{kept}"
    );
}

/// Opens the file at `path` in the same window.
fn reopen(window: &mut Window, path: &Path) {
    let before = Arc::clone(window.app().document().unwrap().photo());
    window.drop_file(path);
    window.harness.run_steps(4);
    if let Some(discard) = window.harness.query_by_label("Discard") {
        discard.click();
    }
    window.until("the photo is open", |app| {
        let photo = app.document().unwrap().photo();
        !Arc::ptr_eq(photo, &before)
    });
    window.settle();
}
