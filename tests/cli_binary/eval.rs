//! `eval`: pairs, figures, report, sheet, and what it refuses.

use image::{ImageBuffer, Rgb};

use super::support::{Folder, line_mask, photo_8};

/// The picture of [`photo_8`] without its line.
fn sound(width: u32, height: u32) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    let damaged = photo_8(width, height);
    ImageBuffer::from_fn(width, height, |x, y| {
        let beside = if x == y + 5 { x + 1 } else { x };
        *damaged.get_pixel(beside.min(width - 1), y)
    })
}

/// Folders `d`, `c` and `m` with one damaged pair `a`.
fn folder() -> Folder {
    let folder = Folder::new();
    for name in ["d", "c", "m"] {
        std::fs::create_dir(folder.path(name)).expect("it is made");
    }
    folder
        .save("d/a.png", photo_8(128, 96))
        .save("c/a.tif", sound(128, 96))
        .save("m/a.png", line_mask(128, 96));
    folder
}

#[test]
fn pairs_are_measured_pooled_and_put_on_a_sheet() {
    let folder = folder();
    folder
        .save("d/b.png", sound(90, 70))
        .save("c/b.png", sound(90, 70))
        .save("m/b.png", super::support::empty_mask(90, 70))
        .save("c/unused.png", sound(20, 20));
    let ran = folder
        .run("eval --damaged d --clean c --masks m --report r.json --sheet s.png --provider cpu")
        .expect_code(0);
    assert!(ran.stderr.contains("1 sound pictures"), "{}", ran.stderr);
    assert!(ran.stdout.contains("1 damaged:"), "{}", ran.stdout);
    let report = folder.json("r.json");
    assert_eq!(report["schema"], "unscratch-evaluation");
    assert_eq!(report["models"].as_array().unwrap().len(), 2);
    let [a, b] = [0, 1].map(|i| &report["pairs"][i]);
    assert_eq!((&a["name"], &b["name"]), (&"a".into(), &"b".into()));
    assert_eq!(a["damaged_pixels"], 96);
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let change = number(&a["whole"]["psnr_after"]) - number(&a["whole"]["psnr_before"]);
    assert!((number(&a["change_db"]) - change).abs() < 1e-9);
    assert!(number(&a["detection"]["average_precision"]) <= 1.0);
    assert!(b["detection"].is_null() && b["damage"].is_null());
    let untouched = b["changed_pixels"] == 0;
    assert_eq!(b["verdict"] == "untouched", untouched, "{b}");
    let summary = &report["summary"];
    assert_eq!(summary["damaged"]["pairs"], 1);
    assert_eq!(summary["sound"]["pairs"], 1);
    // The pooled recall is a's: b has no damage to be found.
    assert_eq!(summary["detection"]["recall"], a["detection"]["recall"]);
    let sheet = folder.load("s.png").into_rgb8();
    assert_eq!(sheet.dimensions(), (4 * 256, 96 + 4 + 70));
    assert_eq!(sheet.get_pixel(60, 10), photo_8(128, 96).get_pixel(60, 10));
}

#[test]
fn a_given_mask_is_repaired_and_the_figures_are_those_of_the_files() {
    let folder = folder();
    folder
        .run("eval --damaged d --clean c --masks m --use-masks --report r.json")
        .expect_code(0);
    folder
        .run("inpaint d/a.png --mask m/a.png -o after.png")
        .expect_code(0);
    let report = folder.json("r.json");
    assert!(report["threshold"].is_null());
    let pair = &report["pairs"][0];
    assert_eq!(pair["marked_pixels"], 96);
    assert_eq!(pair["verdict"], "better");
    let (after, clean) = (
        folder.load("after.png").into_rgb8(),
        folder.load("c/a.tif").into_rgb8(),
    );
    let error: f64 = after
        .as_raw()
        .iter()
        .zip(clean.as_raw())
        .map(|(&a, &b)| ((f64::from(a) - f64::from(b)) / 255.0).powi(2))
        .sum();
    let psnr = -10.0 * (error / after.as_raw().len() as f64).log10();
    let reported = pair["whole"]["psnr_after"].as_f64().unwrap();
    assert!((psnr - reported).abs() < 1e-9, "{psnr} {reported}");
    // Nothing but the line and its soft edge was touched.
    assert!(pair["changed_pixels"].as_u64().unwrap() <= 96 * 9);
}

#[test]
fn a_pair_that_does_not_fit_is_named_and_the_others_are_measured() {
    let folder = folder();
    folder
        .save("d/b.png", sound(40, 30))
        .save("c/b.png", sound(41, 30))
        .save("m/b.png", line_mask(40, 30))
        .save("d/lonely.png", sound(20, 20))
        .write("d/torn.png", b"no picture")
        .save("c/torn.png", sound(20, 20))
        .save("m/torn.png", line_mask(20, 20));
    let ran = folder
        .run("eval --damaged d --clean c --masks m --use-masks --report r.json")
        .expect_code(1)
        .expect_error("40 × 30 px, the sound one has 41 × 30")
        .expect_error("lonely.png")
        .expect_error("torn.png")
        .expect_error("3 of 4 pairs could not be measured");
    assert!(ran.stdout.contains("Not measured: 3"), "{}", ran.stdout);
    let report = folder.json("r.json");
    assert_eq!(report["pairs"].as_array().unwrap().len(), 1);
    assert_eq!(report["failures"].as_array().unwrap().len(), 3);
    assert_eq!(report["summary"]["failed"], 3);
}

#[test]
fn wrong_folders_and_targets_are_refused_before_any_work() {
    let folder = folder();
    std::fs::create_dir(folder.path("empty")).expect("it is made");
    for (line, code, said) in [
        ("eval --damaged gone --clean c", 1, "cannot be read"),
        ("eval --damaged empty --clean c", 1, "no picture"),
        ("eval --damaged d --clean d", 1, "one folder"),
        ("eval --damaged d --clean c --sheet s.jpg", 2, ".png"),
        ("eval --damaged d --clean c --use-masks", 2, "--masks"),
        (
            "eval --damaged d --clean c --report d/a.png --overwrite",
            1,
            "original",
        ),
        (
            "eval --damaged d --clean c --report c/a.tif --overwrite",
            1,
            "original",
        ),
        (
            "eval --damaged d --clean c --report x.png --sheet x.png",
            1,
            "one file",
        ),
        (
            "eval --damaged d --clean c --sheet nowhere/s.png",
            1,
            "folder",
        ),
    ] {
        folder.run(line).expect_code(code).expect_error(said);
    }
    assert_eq!(folder.names(), ["c", "d", "empty", "m"]);
    assert_eq!(folder.load("d/a.png").into_rgb8(), photo_8(128, 96));
}
