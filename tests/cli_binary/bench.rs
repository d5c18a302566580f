//! `bench` on small pictures: what it prints, and what it refuses.

use super::support::{Folder, photo_8};

#[test]
fn every_figure_of_a_small_picture_is_a_number() {
    let folder = Folder::new();
    folder.save("a.png", photo_8(300, 260));
    let ran = folder
        .run("bench a.png --json --repeats 1 --provider cpu")
        .expect_code(0);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["provider"], "cpu");
    let above_0 = |name: &str| {
        let value = found.pointer(name).and_then(serde_json::Value::as_f64);
        assert!(value.is_some_and(|value| value > 0.0), "{name}: {value:?}");
    };
    above_0("/convolution_gflop_per_second");
    for stage in ["stage_1", "stage_2"] {
        for what in ["network_ms_per_megapixel", "stage_ms_per_megapixel"] {
            above_0(&format!("/{stage}/{what}/median"));
            above_0(&format!("/{stage}/{what}/p95"));
        }
        above_0(&format!("/{stage}/percent_of_convolution"));
    }
    for gesture in ["dab", "stroke", "drawn_stroke"] {
        above_0(&format!("/stroke_ms/{gesture}/median"));
        assert_eq!(found["stroke_ms"][gesture]["count"], 1);
    }
    for what in ["hole_pixels", "computed_pixels"] {
        above_0(&format!("/fill/{what}"));
    }
    above_0("/fill/unscratch_ms/median");
    above_0("/fill/telea_ms/median");
    assert!(found["photo"].as_str().unwrap().contains("300 × 260"));
}

#[test]
fn a_picture_too_small_to_measure_on_is_refused_by_name() {
    let folder = Folder::new();
    folder
        .save("dot.png", photo_8(1, 1))
        .save("line.png", photo_8(900, 200));
    for name in ["dot.png", "line.png"] {
        let ran = folder
            .run(&format!("bench {name} --json"))
            .expect_code(1)
            .expect_error("too small to measure on");
        assert!(
            ran.stderr.contains(name) && ran.stdout.is_empty(),
            "{}",
            ran.stderr
        );
    }
}
