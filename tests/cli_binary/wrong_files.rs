//! Files that are not what they seem, cannot be read, or leave no room: a message, exit code 1, nothing written.

use super::support::{Folder, Ran, empty_mask, names_in, photo_8, photo_16};

/// Runs every subcommand that reads a photo on `name` and checks that it is refused by name.
fn refused(folder: &Folder, name: &str) {
    refused_by(folder, name, Folder::run);
}

fn refused_by(folder: &Folder, name: &str, run: fn(&Folder, &str) -> Ran) {
    let before = folder.names();
    for line in [
        format!("restore {name} -o out.png --mask-out mask.png --report report.json"),
        format!("restore {name} --out-dir out"),
        format!("inpaint {name} --mask m.png -o out.png"),
        format!("detect {name} -o mask.png --probability p.png"),
    ] {
        let ran = run(folder, &line).expect_code(1).expect_error(name);
        assert!(ran.stderr.trim().lines().count() == 1, "{}", ran.stderr);
        assert_eq!(folder.names(), before, "{line}");
    }
}

fn cut(folder: &Folder, whole: &str, part: &str) {
    let bytes = folder.read(whole);
    folder.write(part, &bytes[..bytes.len() / 2]);
}

#[test]
fn what_is_no_whole_picture_is_refused_by_every_subcommand() {
    let folder = Folder::new();
    folder
        .save("m.png", empty_mask(64, 64))
        .save("whole.png", photo_8(64, 64))
        .save("whole.tif", photo_16(64, 64))
        .save("whole.jpg", photo_8(64, 64))
        .write("text.jpg", b"Dear diary, this is no photograph at all.\n")
        .write("empty.tif", b"");
    cut(&folder, "whole.png", "cut.png");
    cut(&folder, "whole.tif", "cut.tif");
    cut(&folder, "whole.jpg", "cut.jpg");
    std::fs::create_dir(folder.path("folder.png")).unwrap();
    for name in [
        "text.jpg",
        "empty.tif",
        "cut.png",
        "cut.tif",
        "cut.jpg",
        "folder.png",
        "missing.png",
    ] {
        refused(&folder, name);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder
        .save("m.png", empty_mask(8, 8))
        .save("locked.png", photo_8(8, 8));
    let locked = folder.path("locked.png");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    refused_by(&folder, "locked.png", Folder::run_unprivileged);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(8, 8))
        .save("m.png", empty_mask(8, 8));
    let locked = folder.path("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    let ran = folder.run_unprivileged("inpaint a.png --mask m.png -o locked/b.png");
    ran.expect_code(1)
        .expect_error("you may not write in this folder")
        .expect_error("locked");
    assert!(names_in(&locked).is_empty());
}

#[test]
fn a_changed_byte_of_a_png_is_said_with_the_name_of_its_chunk() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(8, 8))
        .save("m.png", empty_mask(8, 8));
    let mut bytes = folder.read("a.png");
    // The last byte of the checksum of the 13 bytes of IHDR.
    bytes[8 + 8 + 13 + 3] ^= 1;
    let ran = folder
        .write("bad.png", &bytes)
        .run("inpaint bad.png --mask m.png -o b.png")
        .expect_code(1)
        .expect_error("IHDR");
    assert!(!ran.stderr.contains("ChunkType"), "{}", ran.stderr);
}

/// A folder with `a.bmp`, whose header promises `side` × `side` px.
fn promising(folder: &Folder, side: u32) -> &Folder {
    folder.save("a.bmp", photo_8(400, 300));
    let mut bytes = folder.read("a.bmp");
    bytes[18..22].copy_from_slice(&side.to_le_bytes());
    bytes[22..26].copy_from_slice(&side.to_le_bytes());
    folder.write("a.bmp", &bytes)
}

#[test]
fn the_memory_limit_is_not_for_the_photo() {
    let folder = Folder::new();
    // 300 MB, which the limit does not bound, and then no pixels.
    let ran = promising(&folder, 10_000)
        .run("restore a.bmp -o b.png --memory-limit 192M")
        .expect_code(1);
    assert!(!ran.stderr.contains("MiB"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--memory-limit"), "{}", ran.stderr);
}

#[test]
fn a_mask_of_another_size_is_refused_with_both_sizes() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(40, 30))
        .save("m.png", empty_mask(30, 40))
        .run("inpaint a.png --mask m.png -o b.png")
        .expect_code(1)
        .expect_error("40 × 30")
        .expect_error("30 × 40")
        .expect_error("m.png");
    assert!(!folder.path("b.png").exists());
}

#[test]
fn a_file_in_place_of_the_folder_is_refused_before_any_work() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(40, 30))
        .save("m.png", empty_mask(40, 30))
        .write("taken", b"kept");
    folder
        .run("restore a.png --mask-in m.png --out-dir taken --runtime nowhere.so")
        .expect_code(1)
        .expect_error("not a folder");
    assert_eq!(folder.read("taken"), b"kept");
}

#[cfg(target_os = "linux")]
#[test]
fn a_mask_that_cannot_be_written_takes_the_probability_with_it() {
    let folder = Folder::new();
    folder.save("a.png", photo_8(40, 30));
    folder
        .run("detect a.png -o /sys/m.png --probability p.png")
        .expect_code(1)
        .expect_error("/sys");
    assert_eq!(folder.names(), ["a.png"]);
}

#[test]
fn a_memory_limit_too_small_for_the_networks_is_refused_with_the_smallest_one() {
    let folder = Folder::new();
    folder.save("a.png", photo_8(40, 30));
    for limit in ["64K", "100M", "191M"] {
        folder
            .run(&format!("restore a.png -o b.png --memory-limit {limit}"))
            .expect_code(2)
            .expect_error("the smallest limit is 192M");
    }
    assert_eq!(folder.names(), ["a.png"]);
}
