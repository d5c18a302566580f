//! A disk without room: what is said, what stays, and that nothing half-written is left.
//!
//! The disk is a small file system in a mount namespace of its own, which goes away with the run. Where neither the account
//! nor the system allows that, these tests say so and end; that every encoder names a full disk is tested without one.

use std::process::Command;

use super::support::{Folder, Ran, empty_mask, photo_8, unscratch};

/// Exit code of the script below when there can be no small disk.
const NO_DISK: i32 = 99;

const SKIPPED: &str = "skipped: this account may not mount a small file system";

/// Runs the binary with a disk of 64 KiB at `disk`, of which `taken` bytes hold a file `taken`; also the names on it at the end.
fn run_on_small_disk(folder: &Folder, taken: usize, line: &str) -> Option<(Ran, Vec<String>)> {
    const SCRIPT: &str = r#"
        mkdir -p disk && mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null || exit 99
        head -c "$1" /dev/zero > disk/taken || exit 98
        shift
        "$@"
        code=$?
        ls -A disk > on_disk.txt
        exit $code
    "#;
    let binary = unscratch();
    // First as the superuser of a namespace, then as that of the machine.
    for namespace in [&["--user", "--map-root-user", "--mount"][..], &["--mount"]] {
        let mut command = Command::new("unshare");
        command
            .args(namespace)
            .args(["sh", "-c", SCRIPT, "sh", &taken.to_string()])
            .arg(binary.get_program())
            .args(line.split_whitespace())
            .current_dir(folder.path(""));
        for (name, value) in binary.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let Ok(output) = command.output() else {
            break;
        };
        let on_disk = std::fs::read_to_string(folder.path("on_disk.txt"));
        let ran = Ran::from(output);
        assert_ne!(ran.code, Some(98), "{}", ran.stderr);
        if let (true, Ok(names)) = (ran.code != Some(NO_DISK), on_disk) {
            let names = names.lines().map(str::to_owned).collect();
            return Some((ran, names));
        }
    }
    None
}

/// A grey photo of 512 × 512 px that does not compress (constants of the finaliser of `MurmurHash3`).
fn noise() -> image::GrayImage {
    image::GrayImage::from_fn(512, 512, |x, y| {
        let mixed = (x * 512 + y).wrapping_mul(0x85eb_ca6b);
        image::Luma([((mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35) >> 24) as u8])
    })
}

#[test]
fn a_full_disk_is_said_and_nothing_is_left_on_it() {
    let folder = Folder::new();
    folder
        .save("a.png", noise())
        .save("m.png", empty_mask(512, 512));
    for (target, name) in [
        ("-o disk/b.tif", "b.tif"),
        ("-o disk/b.png", "b.png"),
        ("--out-dir disk/new/deep", "a_restored.png"),
    ] {
        let line = format!("restore a.png --mask-in m.png {target}");
        let Some((ran, on_disk)) = run_on_small_disk(&folder, 0, &line) else {
            eprintln!("{SKIPPED}");
            return;
        };
        ran.expect_code(1)
            .expect_error("the disk is full")
            .expect_error(name);
        assert_eq!(on_disk, ["taken"], "{target}");
    }
}

#[test]
fn a_report_that_finds_no_room_says_that_the_photo_was_written() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20))
        .write("bad.png", b"no picture");
    let whole = 64 << 10;
    let line = "inpaint a.png --mask m.png -o b.png --report disk/r.json";
    let Some((ran, on_disk)) = run_on_small_disk(&folder, whole, line) else {
        eprintln!("{SKIPPED}");
        return;
    };
    ran.expect_code(1)
        .expect_error("the photo was restored and written, the report was not")
        .expect_error("disk/r.json");
    assert_eq!(on_disk, ["taken"]);
    assert_eq!(folder.load("b.png"), folder.load("a.png"));

    let line = "restore a.png bad.png --mask-in m.png --out-dir out --report disk/r.json";
    let Some((ran, _)) = run_on_small_disk(&folder, whole, line) else {
        eprintln!("{SKIPPED}");
        return;
    };
    ran.expect_code(1)
        .expect_error("bad.png")
        .expect_error("1 of 2 photos could not be restored")
        .expect_error("1 of 2 photos were restored and written, the report was not");
}

#[test]
fn a_mask_that_finds_no_room_costs_no_older_derivative_on_another_disk() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(20, 20))
        .save("m.png", empty_mask(20, 20))
        .write("b.png", b"older")
        .write("c.jpg", b"older");
    for target in ["b.png", "c.jpg", "new.png"] {
        let line = format!("inpaint a.png --mask m.png -o {target} --mask-out disk/k.png");
        let line = line
            + if target == "new.png" {
                ""
            } else {
                " --overwrite"
            };
        let Some((ran, on_disk)) = run_on_small_disk(&folder, 64 << 10, &line) else {
            eprintln!("{SKIPPED}");
            return;
        };
        ran.expect_code(1)
            .expect_error("the mask could not be written")
            .expect_error("the disk is full")
            .expect_error("disk/k.png");
        assert_eq!(on_disk, ["taken"]);
    }
    for name in ["b.png", "c.jpg"] {
        assert_eq!(folder.read(name), b"older");
    }
    let left = folder.names();
    assert_eq!(
        left,
        ["a.png", "b.png", "c.jpg", "disk", "m.png", "on_disk.txt"]
    );
}
