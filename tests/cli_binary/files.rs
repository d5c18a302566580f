//! What is written: names, kinds, depth, and what is never replaced.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use image::{DynamicImage, GenericImageView as _, ImageBuffer, Luma, LumaA};

use super::support::{Folder, empty_mask, line_mask, names_in, photo_8, photo_16, unscratch};

/// Pixels that differ, as (x, y).
fn changed(a: &DynamicImage, b: &DynamicImage) -> Vec<(u32, u32)> {
    assert_eq!(a.dimensions(), b.dimensions());
    assert_eq!(a.color(), b.color());
    let bytes = usize::from(a.color().bytes_per_pixel());
    let pixels = |picture: &DynamicImage| picture.as_bytes().to_vec();
    let (old, new) = (pixels(a), pixels(b));
    old.chunks(bytes)
        .zip(new.chunks(bytes))
        .enumerate()
        .filter(|(_, (old, new))| old != new)
        .map(|(at, _)| (at as u32 % a.width(), at as u32 / a.width()))
        .collect()
}

#[test]
fn only_the_mask_changes_at_both_depths_and_the_mask_written_says_where() {
    let folder = Folder::new();
    folder
        .save("a8.png", photo_8(90, 70))
        .save("a16.tif", photo_16(90, 70))
        .save("m.png", line_mask(90, 70));
    for (input, output) in [("a8.png", "b8.tif"), ("a16.tif", "b16.png")] {
        let ran = folder
            .run(&format!(
                "restore {input} --mask-in m.png -o {output} --mask-out out.png --overwrite"
            ))
            .expect_code(0);
        assert!(ran.stdout.contains("px repaired"), "{}", ran.stdout);
        let alpha = folder.load("out.png").into_luma8();
        assert_eq!(alpha.dimensions(), (90, 70));
        let mask = folder.load("m.png").into_luma8();
        for (old, new) in mask.pixels().zip(alpha.pixels()) {
            assert!(old.0 <= new.0, "the written mask covers the one given");
        }
        let changed = changed(&folder.load(input), &folder.load(output));
        assert!(!changed.is_empty());
        for (x, y) in changed {
            assert!(alpha.get_pixel(x, y).0[0] > 0, "{x}, {y} of {input}");
        }
    }
}

#[test]
fn inpaint_is_restore_with_a_mask() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(90, 70))
        .save("m.png", line_mask(90, 70));
    folder
        .run("inpaint a.png --mask m.png -o b.png")
        .expect_code(0);
    folder
        .run("restore a.png --mask-in m.png -o c.png")
        .expect_code(0);
    assert_eq!(folder.read("b.png"), folder.read("c.png"));
}

#[test]
fn odd_pictures_are_ordinary_work() {
    let folder = Folder::new();
    let grey_alpha = ImageBuffer::from_fn(33, 21, |x, y| LumaA([(x * 7) as u8, (y * 12) as u8]));
    folder
        .save("one.png", photo_8(1, 1))
        .save("long.png", photo_8(20_000, 10))
        .save("grey_alpha.png", grey_alpha);
    save_palette(&folder, "palette.png");
    for name in ["one", "long", "grey_alpha", "palette"] {
        let before = folder.read(&format!("{name}.png"));
        let (width, height) = folder.load(&format!("{name}.png")).dimensions();
        let spot = ImageBuffer::from_fn(width, height, |x, y| {
            Luma([if x / 3 == 0 && y / 3 == 0 { 255_u8 } else { 0 }])
        });
        folder.save("m.png", spot);
        folder
            .run(&format!(
                "inpaint {name}.png --mask m.png -o {name}_out.png --report {name}.json"
            ))
            .expect_code(0);
        let report = folder.json(&format!("{name}.json"));
        assert_eq!(report["changed_pixels_outside_mask"], 0, "{name}");
        let restored = folder.load(&format!("{name}_out.png"));
        assert_eq!(restored.dimensions(), (width, height), "{name}");
        assert_eq!(folder.read(&format!("{name}.png")), before, "{name}");
    }
    let alpha = |name: &str| -> Vec<u8> {
        let picture = folder.load(name).into_luma_alpha8();
        picture.pixels().map(|pixel| pixel.0[1]).collect()
    };
    assert_eq!(alpha("grey_alpha.png"), alpha("grey_alpha_out.png"));
}

fn save_palette(folder: &Folder, name: &str) {
    let file = std::fs::File::create(folder.path(name)).expect("a new file");
    let mut encoder = png::Encoder::new(file, 16, 16);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(vec![10, 20, 30, 200, 100, 50, 0, 255, 0]);
    let mut writer = encoder.write_header().expect("a header");
    let indices: Vec<u8> = (0..=255).map(|i| i % 3).collect();
    writer.write_image_data(&indices).expect("256 pixels");
}

#[test]
fn a_folder_of_results_takes_its_names_and_kinds_from_the_photos() {
    let folder = Folder::new();
    folder
        .save("a.tif", photo_16(20, 20))
        .save("b.jpg", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20));
    folder
        .run("restore a.tif b.jpg --mask-in m.png --out-dir out/deep --mask-out masks")
        .expect_code(0);
    assert_eq!(
        names_in(&folder.path("out/deep")),
        ["a_restored.tif", "b_restored.png"]
    );
    assert_eq!(
        names_in(&folder.path("masks")),
        ["a_mask.png", "b_mask.png"]
    );
    assert_eq!(folder.load("a.tif"), folder.load("out/deep/a_restored.tif"));
}

#[test]
fn one_photo_that_fails_does_not_stop_the_others() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20))
        .write("bad.png", b"no picture")
        .save("c.png", photo_8(20, 20));
    let ran = folder
        .run("restore a.png bad.png c.png --mask-in m.png --out-dir out --report r.json")
        .expect_code(1)
        .expect_error("bad.png")
        .expect_error("1 of 3");
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    assert_eq!(
        names_in(&folder.path("out")),
        ["a_restored.png", "c_restored.png"]
    );
    let report = folder.json("r.json");
    assert_eq!(report["files"].as_array().unwrap().len(), 3);
    assert!(
        report["files"][1]["error"]
            .as_str()
            .unwrap()
            .contains("bad.png")
    );
    assert_eq!(report["files"][2]["changed_pixels"], 0);
}

#[test]
fn two_results_with_one_name_stop_everything_before_it_begins() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("a.jpg", photo_8(20, 20));
    folder
        .run("restore a.png a.jpg --out-dir out --format png")
        .expect_code(1)
        .expect_error("a_restored.png");
    assert_eq!(folder.names(), ["a.jpg", "a.png"]);
}

#[test]
fn a_mask_with_the_name_of_the_result_is_told_to_take_another() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20));
    let ran = folder
        .run("inpaint a.png --mask m.png -o x.png --mask-out x.png")
        .expect_code(1)
        .expect_error("choose another name")
        .expect_error("x.png");
    assert!(!ran.stderr.contains("a.png"), "{}", ran.stderr);
}

#[test]
fn an_existing_file_is_kept_unless_overwriting_is_asked_for() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20));
    for kept in ["b.png", "mask.png", "r.json"] {
        folder.write(kept, b"kept");
        let line = "inpaint a.png --mask m.png -o b.png --mask-out mask.png --report r.json";
        folder
            .run(line)
            .expect_code(1)
            .expect_error(kept)
            .expect_error("--overwrite");
        assert_eq!(folder.read(kept), b"kept");
        assert_eq!(folder.names(), ["a.png", kept, "m.png"].sorted());
        std::fs::remove_file(folder.path(kept)).unwrap();
    }
    folder.write("b.png", b"old");
    folder
        .run("inpaint a.png --mask m.png -o b.png --overwrite")
        .expect_code(0);
    assert_eq!(folder.load("a.png"), folder.load("b.png"));
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl<const N: usize> Sorted for [&str; N] {
    fn sorted(mut self) -> Self {
        self.sort_unstable();
        self
    }
}

#[test]
fn the_original_is_never_written_whatever_name_it_goes_by() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20));
    std::fs::hard_link(folder.path("a.png"), folder.path("hard.png")).unwrap();
    let mut names = vec!["a.png", "./a.png", "hard.png"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.png", folder.path("soft.png")).unwrap();
        names.push("soft.png");
    }
    let before = folder.read("a.png");
    for name in names {
        for line in [
            format!("inpaint a.png --mask m.png -o {name} --overwrite"),
            format!("inpaint a.png --mask m.png -o b.png --mask-out {name} --overwrite"),
            format!("inpaint a.png --mask m.png -o b.png --report {name} --overwrite"),
            format!("detect a.png -o {name} --overwrite"),
        ] {
            folder.run(&line).expect_code(1).expect_error("original");
            assert_eq!(folder.read("a.png"), before, "{line}");
            assert!(!folder.path("b.png").exists(), "{line}");
        }
    }
}

#[test]
fn detect_writes_a_mask_of_two_values_and_the_probability_behind_it() {
    let folder = Folder::new();
    folder.save("a.png", photo_8(120, 80));
    folder
        .run("detect a.png -o m.png --probability p.png --threshold 0.3")
        .expect_code(0);
    let mask = folder.load("m.png");
    let probability = folder.load("p.png");
    assert_eq!(mask.color(), image::ColorType::L8);
    assert_eq!(mask.dimensions(), (120, 80));
    // 0.3 × 255 = 76.5, rounded.
    let expected = |p: u8| if p >= 77 { 255 } else { 0 };
    for (value, p) in mask.as_bytes().iter().zip(probability.as_bytes()) {
        assert_eq!(*value, expected(*p));
    }
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20));
    let ran = folder
        .run("-q inpaint a.png --mask m.png -o b.png")
        .expect_code(0);
    assert_eq!(ran.stdout + &ran.stderr, "");
}

/// Whether this process, and with it every child, was told to ignore SIGHUP.
#[cfg(unix)]
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_being_told_to_end_stop_with_130_and_leave_nothing() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        // Under `nohup` the signal is ignored, by children too, and that is respected.
        if signal == "-HUP" && ignores_hangups() {
            continue;
        }
        let folder = Folder::new();
        folder.save("large.png", photo_8(3000, 2000));
        let mut child = unscratch()
            .current_dir(folder.path(""))
            .args("-v restore large.png -o out.png --mask-out m.png --threads 1".split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        // Said right before the search begins, which takes far longer than the signal.
        while !line.contains("Networks run on") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
        }
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(130), "{signal}: {rest}");
        assert!(!rest.contains("panicked"), "{signal}: {rest}");
        assert_eq!(folder.names(), ["large.png"], "{signal}");
    }
}
