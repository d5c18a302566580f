//! `--linear`: read from the profile or told, reported, recorded, and made again by `verify`.

use moxcms::{ColorProfile, ToneReprCurve};
use unscratch::io::{DecodeLimits, ExportOptions, OutputFormat, export_photo, open_photo};
use unscratch::photo::{Metadata, Photo};

use super::support::{Folder, line_mask, photo_16};

/// A scan `plain.tif` of 16 bits, the same `linear.tif` with a profile of straight curves, and a mask.
fn scans() -> Folder {
    let folder = Folder::new();
    folder
        .save("plain.tif", photo_16(130, 90))
        .save("m.png", line_mask(130, 90));
    let plain = open_photo(&folder.path("plain.tif"), &DecodeLimits::default()).expect("it opens");
    let straight = || Some(ToneReprCurve::Lut(Vec::new()));
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    profile.red_trc = straight();
    profile.green_trc = straight();
    profile.blue_trc = straight();
    let metadata = Metadata {
        icc: Some(profile.encode().expect("a profile")),
        ..Metadata::default()
    };
    let linear = Photo::new(
        plain.size(),
        plain.channels(),
        plain.samples().clone(),
        None,
        metadata,
        plain.source().clone(),
    );
    let linear = linear.expect("a photo");
    let options = ExportOptions {
        format: OutputFormat::Tiff,
        overwrite: false,
    };
    let target = folder.path("linear.tif");
    export_photo(&linear, linear.samples(), &target, &options).expect("it is written");
    folder
}

const REPAIR: &str = "--mask-in m.png --dossier --provider cpu --report report.json --overwrite";

#[test]
fn a_linear_scan_is_recognised_told_apart_recorded_and_identical_when_restored_again() {
    let folder = scans();
    for (file, told, is_linear) in [
        ("linear.tif", "", true),
        ("linear.tif", "--linear no", false),
        ("plain.tif", "", false),
        ("plain.tif", "--linear yes", true),
    ] {
        let line = format!("restore {file} -o r.tif {REPAIR} {told}");
        folder.run(&line).expect_code(0);
        assert_eq!(folder.json("report.json")["linear"], is_linear, "{line}");
        let record = folder.json("r.restoration.json");
        assert_eq!(record["picture"]["linear"], is_linear, "{line}");
        // The record decides, whatever the file or the options say.
        for told in ["", "--linear no"] {
            let ran = folder
                .run(&format!("verify r.restoration.json --provider cpu {told}"))
                .expect_code(0);
            assert!(ran.stdout.contains("identical"), "{line}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_record_that_says_otherwise_is_found_out_and_one_of_an_older_version_means_no_linear_scan() {
    let folder = scans();
    for (told, code) in [("--linear yes", 1), ("--linear no", 0)] {
        folder
            .run(&format!("restore linear.tif -o r.tif {REPAIR} {told}"))
            .expect_code(0);
        let mut record = folder.json("r.restoration.json");
        record["schema_version"] = 3.into();
        let picture = record["picture"].as_object_mut().expect("an object");
        picture.remove("linear").expect("it was there");
        std::fs::remove_file(folder.path("r.manifest-sha256.txt")).expect("it was there");
        folder.write("r.restoration.json", record.to_string().as_bytes());
        folder
            .run("verify r.restoration.json --provider cpu")
            .expect_code(code);
    }
}

#[test]
fn a_told_linear_scan_is_searched_evaluated_and_named_when_more_is_to_be_said() {
    let folder = scans();
    let ran = folder
        .run("detect plain.tif -o marks.png --linear yes --provider cpu -v")
        .expect_code(0);
    let said = "plain.tif: taken for a linear scan";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    for name in ["d", "c"] {
        std::fs::create_dir(folder.path(name)).expect("a folder");
        std::fs::copy(
            folder.path("linear.tif"),
            folder.path(name).join("linear.tif"),
        )
        .expect("it is copied");
    }
    folder
        .run("eval --damaged d --clean c --report e.json --provider cpu")
        .expect_code(0);
    assert_eq!(folder.json("e.json")["pairs"][0]["linear"], true);
    folder
        .run("restore plain.tif -o r.tif --linear perhaps")
        .expect_code(2);
    folder.run("--linear yes").expect_code(2);
}
