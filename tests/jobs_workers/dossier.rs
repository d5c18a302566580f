//! The dossier: all of its files or none, and a record that gives the same pixels again.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use unscratch::geometry::{ImageSize, PixelRect, TileIndex};
use unscratch::inference::fake::{IdentityNetwork, PaintNetwork};
use unscratch::inference::{CancelToken, Contract, Engine, ProviderKind};
use unscratch::io::{
    DecodeLimits, ExportOptions, OutputFormat, export_photo_with_xmp, hex, load_mask, open_photo,
    sha256_file,
};
use unscratch::jobs::{ExportRequest, JobEvent, RecordRequest};
use unscratch::photo::Photo;
use unscratch::record::schema::AreaOrigin;
use unscratch::record::{
    Agreement, Circumstances, HashOutcome, Record, agreement, check_hashes, recorded_windows,
};
use unscratch::restore::{
    AlphaRaster, ContextCache, FillWindow, NoProgress, Restoration, RestoreError, composite_rect,
    rerender,
};

use super::support::{FILL_RGB, Jobs, mask, photo};

const SIZE: ImageSize = ImageSize::new(600, 300);

/// A master on the disk, since a record testifies to a file.
fn master(folder: &Path) -> Arc<Photo> {
    master_with_xmp(folder, None)
}

fn master_with_xmp(folder: &Path, xmp: Option<&str>) -> Arc<Photo> {
    let path = folder.join("master.png");
    let made = photo(SIZE);
    let options = ExportOptions {
        format: OutputFormat::Png,
        overwrite: false,
    };
    let xmp = xmp.map(str::as_bytes);
    export_photo_with_xmp(&made, made.samples(), &path, &options, xmp).expect("it is written");
    Arc::new(open_photo(&path, &DecodeLimits::default()).expect("it is a photo"))
}

fn request(photo: &Arc<Photo>, target: &Path) -> ExportRequest {
    ExportRequest {
        photo: Arc::clone(photo),
        mask: mask(
            SIZE,
            &[
                PixelRect::new(10, 10, 30, 3),
                PixelRect::new(250, 100, 20, 40),
                PixelRect::new(590, 290, 10, 10),
            ],
        ),
        restoration: Restoration::default(),
        contexts: Arc::new(ContextCache::new(64 << 20)),
        target: target.to_path_buf(),
        options: ExportOptions {
            format: OutputFormat::from_path(target).expect("a known end"),
            overwrite: false,
        },
        mask_target: None,
        record: Some(RecordRequest {
            circumstances: Circumstances {
                operator: Some("Somebody".to_owned()),
                reason: None,
                started: SystemTime::now(),
                models: painted().models().to_vec(),
                runtime_version: None,
                provider: Some(ProviderKind::Cpu),
                threshold: None,
                mask_file: None,
            },
            is_dossier: true,
            extends_xmp: true,
        }),
    }
}

fn painter() -> PaintNetwork {
    PaintNetwork::new(Contract::RestoreV1, FILL_RGB)
}

fn painted() -> Engine {
    Engine::from_networks(
        Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
        Box::new(painter()),
    )
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string())
        .map(|name| name.expect("Unicode"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_dossier_is_whole_and_its_record_gives_the_same_pixels_again() {
    let folder = tempfile::tempdir().unwrap();
    let photo = master(folder.path());
    let target = folder.path().join("a.tif");
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs.system.export(request(&photo, &target));
    let end = jobs.wait_end(id);
    let JobEvent::Exported { report, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(report.target, target);
    assert_eq!(
        names(folder.path()),
        [
            "a.manifest-sha256.txt",
            "a.restoration.json",
            "a.tif",
            "a_changes.png",
            "a_mask.tif",
            "master.png",
        ]
    );

    let record = Record::read(&folder.path().join("a.restoration.json")).unwrap();
    let checks = check_hashes(&record, folder.path(), photo.path());
    assert_eq!(checks.len(), 4);
    for check in checks {
        assert!(matches!(check.outcome, HashOutcome::Same), "{check:?}");
    }
    let areas: Vec<_> = record
        .areas
        .iter()
        .map(|a| (a.x, a.pixels, a.origin))
        .collect();
    let drawn = AreaOrigin::Drawn;
    assert_eq!(
        areas,
        [(10, 90, drawn), (250, 800, drawn), (590, 100, drawn)]
    );
    assert_eq!(record.pixels.changed_outside_mask, 0);
    assert_eq!(record.operator.as_deref(), Some("Somebody"));

    let limits = DecodeLimits::default();
    let alpha = load_mask(&folder.path().join("a_mask.tif"), SIZE, &limits).unwrap();
    let again = rerender(
        &photo,
        &AlphaRaster::new(SIZE, alpha),
        &recorded_windows(&record),
        &mut painted(),
        &NoProgress,
        &CancelToken::new(),
    )
    .unwrap();
    let again = composite_rect(&photo, &again, SIZE.rect());
    let written = open_photo(&target, &limits).unwrap();
    assert_eq!(
        agreement(written.samples(), &again),
        Some(Agreement::default())
    );
    assert_ne!(written.samples(), photo.samples());
}

#[test]
fn the_manifest_holds_the_checksum_of_every_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let photo = master(folder.path());
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs
        .system
        .export(request(&photo, &folder.path().join("a.tif")));
    jobs.wait_end(id);
    let manifest = std::fs::read_to_string(folder.path().join("a.manifest-sha256.txt")).unwrap();
    let files = ["a.tif", "a_mask.tif", "a_changes.png", "a.restoration.json"];
    let lines = files.map(|name| {
        let hash = sha256_file(&folder.path().join(name)).unwrap();
        format!("{}  {name}\n", hex(&hash))
    });
    assert_eq!(manifest, lines.concat());
}

#[test]
fn a_dossier_of_which_one_name_is_taken_leaves_nothing_new() {
    for taken in ["a_changes.png", "a.manifest-sha256.txt", "a.tif"] {
        let folder = tempfile::tempdir().unwrap();
        let photo = master(folder.path());
        std::fs::write(folder.path().join(taken), "kept").unwrap();
        let mut jobs = Jobs::with_stage_2(painter());
        let id = jobs
            .system
            .export(request(&photo, &folder.path().join("a.tif")));
        let end = jobs.wait_end(id);
        let JobEvent::Failed { message, .. } = end else {
            panic!("{end:?}");
        };
        assert!(message.contains(taken), "{message}");
        let mut expected = [taken.to_owned(), "master.png".to_owned()];
        expected.sort();
        assert_eq!(names(folder.path()), expected);
        assert_eq!(std::fs::read(folder.path().join(taken)).unwrap(), b"kept");
    }
}

#[test]
fn a_master_that_changed_after_opening_gets_no_dossier() {
    let folder = tempfile::tempdir().unwrap();
    let photo = master(folder.path());
    std::fs::write(photo.path(), "another scan").unwrap();
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs
        .system
        .export(request(&photo, &folder.path().join("a.tif")));
    let end = jobs.wait_end(id);
    let JobEvent::Failed { message, .. } = end else {
        panic!("{end:?}");
    };
    assert!(message.contains("changed since it was opened"), "{message}");
    assert_eq!(names(folder.path()), ["master.png"]);
}

#[test]
fn windows_that_no_fill_can_have_are_refused_before_memory_is_taken() {
    let photo = photo(SIZE);
    let alpha = AlphaRaster::new(SIZE, vec![255; SIZE.pixel_count()]);
    let refused = |read: PixelRect, cell: TileIndex| {
        let windows = [FillWindow {
            read,
            cells: vec![cell],
            piece: None,
        }];
        let token = CancelToken::new();
        rerender(
            &photo,
            &alpha,
            &windows,
            &mut painted(),
            &NoProgress,
            &token,
        )
    };
    let corner = TileIndex::new(0, 0);
    for (read, cell) in [
        (PixelRect::new(0, 0, u32::MAX, u32::MAX), corner),
        (PixelRect::new(u32::MAX, 0, 64, 64), corner),
        (PixelRect::new(7, 0, 320, 320), corner),
        (PixelRect::new(64, 0, 320, 320), corner),
        (PixelRect::new(0, 0, 6400, 320), corner),
        (PixelRect::new(0, 0, 320, 320), TileIndex::new(u32::MAX, 0)),
        (PixelRect::new(0, 0, 320, 320), TileIndex::new(0, 2)),
    ] {
        let outcome = refused(read, cell);
        assert!(
            matches!(outcome, Err(RestoreError::Window { .. })),
            "{read:?} {cell:?}"
        );
    }
    assert!(refused(PixelRect::new(0, 0, 320, 320), corner).is_ok());
    // Filled in pieces: no window is known.
    assert!(refused(PixelRect::EMPTY, corner).is_ok());
}

/// Exports the master with `xmp`; the packet of the derivative, and what the report says was not carried.
fn packet_after_export(xmp: &str) -> (Vec<u8>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let photo = master_with_xmp(folder.path(), Some(xmp));
    let target = folder.path().join("a.tif");
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs.system.export(request(&photo, &target));
    let end = jobs.wait_end(id);
    let JobEvent::Exported { report, .. } = end else {
        panic!("{end:?}");
    };
    let written = open_photo(&target, &DecodeLimits::default()).expect("it is a photo");
    let packet = written.metadata().xmp.clone().expect("it has a packet");
    (packet, report.not_carried.clone())
}

#[test]
fn a_packet_that_cannot_be_read_is_carried_as_it_is_and_that_is_said() {
    let (packet, not_carried) = packet_after_export("<broken");
    assert_eq!(packet, b"<broken");
    assert!(
        not_carried
            .iter()
            .any(|said| said.contains("XMP packet cannot be read")),
        "{not_carried:?}"
    );
}

#[test]
fn a_packet_keeps_its_own_bytes_around_what_is_inserted() {
    let before = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
        <rdf:Description rdf:about='' xmlns:own='urn:own'  own:kept = 'a  b'/>";
    let behind = "</rdf:RDF></x:xmpmeta>";
    let (packet, not_carried) = packet_after_export(&format!("{before}{behind}"));
    let packet = String::from_utf8(packet).unwrap();
    assert!(
        packet.starts_with(before) && packet.ends_with(behind),
        "{packet}"
    );
    assert!(packet.contains("compositeWithTrainedAlgorithmicMedia"));
    assert!(packet.contains("<stRef:filePath>master.png</stRef:filePath>"));
    assert!(not_carried.is_empty(), "{not_carried:?}");
}

/// Exports the master with `xmp` as `name`; its record and report.
fn record_after_export(xmp: &str, name: &str) -> (Record, Vec<String>, Option<Vec<u8>>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let photo = master_with_xmp(folder.path(), Some(xmp));
    let target = folder.path().join(name);
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs.system.export(request(&photo, &target));
    let end = jobs.wait_end(id);
    let JobEvent::Exported { report, .. } = end else {
        panic!("{end:?}");
    };
    let record = Record::read(&folder.path().join("a.restoration.json")).expect("a record");
    let written = open_photo(&target, &DecodeLimits::default()).expect("it is a photo");
    let packet = written.metadata().xmp.clone();
    (record, report.not_carried.clone(), packet)
}

fn packet(properties: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/' \
         xmlns:stRef='http://ns.adobe.com/xap/1.0/sType/ResourceRef#'>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
}

#[test]
fn the_record_claims_no_xmp_that_found_no_room() {
    let long = packet(&format!("<xmpMM:Note>{}</xmpMM:Note>", "x".repeat(64_500)));
    let (record, not_carried, packet) = record_after_export(&long, "a.jpg");
    assert!(!record.metadata.xmp_extended);
    assert_eq!(record.metadata.digital_source_type, None);
    assert!(
        record
            .not_carried
            .iter()
            .any(|said| said.contains("history in XMP")),
        "{not_carried:?}"
    );
    assert_eq!(record.not_carried, not_carried);
    // What the record says is what the file holds: the master's own packet.
    assert_eq!(packet, Some(long.into_bytes()));
}

#[test]
fn the_record_keeps_the_origin_that_was_replaced() {
    let own = "<xmpMM:DerivedFrom rdf:parseType='Resource'><stRef:documentID>xmp.did:7</stRef:documentID>\
               <stRef:filePath>/home/somebody/raw.dng</stRef:filePath></xmpMM:DerivedFrom>";
    let (record, _, written) = record_after_export(&packet(own), "a.tif");
    assert!(record.metadata.xmp_extended);
    let kept = record.metadata.master_derived_from.unwrap();
    assert_eq!(kept, "documentID=xmp.did:7; filePath=raw.dng");
    let written = String::from_utf8(written.unwrap()).unwrap();
    assert!(!written.contains("raw.dng"), "{written}");
    let (record, _, _) = record_after_export(&packet(""), "a.tif");
    assert_eq!(record.metadata.master_derived_from, None);
}

#[test]
fn a_set_that_somebody_else_left_is_named_by_the_next_export_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let photo = master(folder.path());
    let target = folder.path().join("a.tif");
    // Killed before any name was given, as its journal says, but no note of this account. No process has this number.
    let staging = folder.path().join(".unscratch-4194999-aBc123.part");
    std::fs::create_dir(&staging).unwrap();
    std::fs::write(staging.join("lock"), "").unwrap();
    std::fs::write(staging.join("b.tif"), "from before").unwrap();
    let facts = std::fs::metadata(staging.join("b.tif")).unwrap();
    let modified = facts.modified().unwrap();
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let journal = format!(
        "{{\"version\":1,\"overwrite\":true,\"master\":null,\"files\":[{{\"name\":\"b.tif\",\"old\":null,\
         \"new\":{{\"bytes\":11,\"modified\":{{\"secs\":{},\"nanos\":{}}}}}}}]}}",
        modified.as_secs(),
        modified.subsec_nanos()
    );
    std::fs::write(staging.join("journal.json"), journal).unwrap();
    let mut jobs = Jobs::with_stage_2(painter());
    let id = jobs.system.export(request(&photo, &target));
    let end = jobs.wait_end(id);
    let JobEvent::Exported { report, .. } = end else {
        panic!("{end:?}");
    };
    let said: Vec<String> = report.leftovers.iter().map(ToString::to_string).collect();
    assert!(
        said[0].contains("nothing of it was touched") && said[0].contains("aBc123"),
        "{said:?}"
    );
    assert!(!folder.path().join("b.tif").exists());
    assert!(staging.join("b.tif").exists());
}
