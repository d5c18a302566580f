//! `--report`: every field, measured.

use sha2::{Digest as _, Sha256};
use unscratch::io::hex;

use super::support::{Folder, empty_mask, line_mask, names_in, photo_8, photo_16};

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[test]
fn the_report_of_a_detected_repair_holds_every_field() {
    let folder = Folder::new();
    folder.save("a.tif", photo_16(130, 90));
    folder
        .run("restore a.tif -o b.tif --sensitivity eager --report r.json --provider cpu --mask-out m.png")
        .expect_code(0);
    let report = folder.json("r.json");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["input"]["sha256"], sha256(&folder.read("a.tif")));
    assert_eq!(report["output"]["sha256"], sha256(&folder.read("b.tif")));
    assert_eq!(report["input"]["format"], "TIFF");
    assert_eq!(
        (&report["width"], &report["height"]),
        (&130.into(), &90.into())
    );
    assert_eq!(report["bit_depth"], 16);
    assert_eq!(report["output"]["bit_depth"], 16);
    assert_eq!(report["provider"], "cpu");
    assert_eq!(report["models"].as_array().unwrap().len(), 2);
    assert_eq!(report["threshold"].to_string(), "0.2");
    assert_eq!(report["changed_pixels_outside_mask"], 0);
    assert_eq!(report["lossy"], false);
    assert_eq!(report["largest_difference"], 0);
    assert!(report["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    for stage in [
        "decode",
        "load_model",
        "detect",
        "composite",
        "write",
        "verify",
        "total",
    ] {
        assert!(report["seconds"][stage].as_f64().unwrap() > 0.0, "{stage}");
    }
    let alpha = folder.load("m.png").into_luma8();
    let blended = alpha.pixels().filter(|pixel| pixel.0[0] > 0).count();
    assert_eq!(report["blended_pixels"].as_u64().unwrap(), blended as u64);
    let [masked, changed] =
        ["masked_pixels", "changed_pixels"].map(|key| report[key].as_u64().unwrap());
    assert!(masked <= blended as u64);
    assert!(changed <= blended as u64);
}

#[test]
fn the_counts_of_a_given_mask_are_those_of_the_files() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(90, 70))
        .save("m.png", line_mask(90, 70));
    folder
        .run("inpaint a.png --mask m.png -o b.png --report r.json")
        .expect_code(0);
    let report = folder.json("r.json");
    assert!(report["threshold"].is_null());
    assert_eq!(report["masked_pixels"], 70);
    let (old, new) = (
        folder.load("a.png").into_rgb8(),
        folder.load("b.png").into_rgb8(),
    );
    let differing = old
        .pixels()
        .zip(new.pixels())
        .filter(|(a, b)| a != b)
        .count();
    assert_eq!(report["changed_pixels"].as_u64().unwrap(), differing as u64);
    let mask = line_mask(90, 70);
    let beside = old
        .enumerate_pixels()
        .filter(|&(x, y, pixel)| mask.get_pixel(x, y).0[0] == 0 && pixel != new.get_pixel(x, y));
    let beside = beside.count() as u64;
    assert!(beside > 0, "a mask is grown");
    assert_eq!(report["changed_pixels_in_soft_edge"], beside);
    assert!(report["seconds"]["fill"].as_f64().unwrap() > 0.0);
    assert!(report["seconds"]["detect"].as_f64().unwrap() == 0.0);
}

#[test]
fn a_lossy_file_says_so_and_how_far_it_is_off() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(90, 70))
        .save("m.png", line_mask(90, 70));
    folder
        .run("inpaint a.png --mask m.png -o b.jpg --quality 60 --report r.json")
        .expect_code(0);
    let report = folder.json("r.json");
    assert_eq!(report["output"]["format"], "JPEG");
    assert_eq!(report["output"]["bit_depth"], 8);
    assert_eq!(report["lossy"], true);
    assert!(report["largest_difference"].as_u64().unwrap() > 0);
    assert_eq!(report["changed_pixels_outside_mask"], 0);
    let blended = report["blended_pixels"].as_u64().unwrap();
    assert!(report["changed_pixels"].as_u64().unwrap() <= blended);
}

#[test]
fn the_report_of_several_photos_is_written_also_when_all_of_them_failed() {
    let folder = Folder::new();
    folder
        .write("bad.png", b"no picture")
        .write("worse.png", b"no picture either");
    for report in ["r.json", "out/r.json"] {
        folder
            .run(&format!(
                "restore bad.png worse.png --out-dir out --report {report}"
            ))
            .expect_code(1)
            .expect_error("2 of 2");
        let files = folder.json(report)["files"].clone();
        assert_eq!(files.as_array().unwrap().len(), 2);
        assert!(files[1]["error"].as_str().unwrap().contains("worse.png"));
        assert!(folder.path("r.json").exists());
    }
    assert_eq!(names_in(&folder.path("out")), ["r.json"]);
}

#[test]
fn a_jpeg_of_a_sixteen_bit_photo_is_reported_with_its_own_depth() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_16(20, 20))
        .save("m.png", empty_mask(20, 20));
    folder
        .run("inpaint a.png --mask m.png -o b.jpg --report r.json")
        .expect_code(0);
    let report = folder.json("r.json");
    assert_eq!(report["input"]["bit_depth"], 16);
    assert_eq!(report["output"]["bit_depth"], 8);
}
