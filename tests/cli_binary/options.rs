//! Which lines are accepted, and what wrong ones answer.

use super::support::{Folder, photo_8};

#[test]
fn wrong_options_exit_with_2_and_write_nothing() {
    let folder = Folder::new();
    folder.save("a.png", photo_8(8, 8));
    for line in [
        "restore",
        "restore a.png",
        "restore a.png -o b.png --out-dir c",
        "restore a.png -o b.xyz",
        "restore a.png -o b",
        "restore a.png -o b.png --threshold 2",
        "restore a.png -o b.png --sensitivity brave",
        "restore a.png -o b.png --format gif",
        "restore a.png -o b.png --format tiff",
        "restore a.png -o b.png --quality 80",
        "restore a.png -o b.png --provider tpu",
        "restore a.png -o b.png --memory-limit much",
        "restore a.png -o b.png --mask-out m.jpg",
        "restore a.png a.png -o b.png",
        "detect a.png",
        "detect a.png -o m.jpg",
        "detect a.png -o m.png --probability p.jpg",
        "inpaint a.png -o b.png",
        "doctor --yaml",
        "a.png restore a.png -o b.png",
        "--page 2",
    ] {
        let ran = folder.run(line).expect_code(2);
        assert!(!ran.stderr.trim().is_empty(), "{line} says nothing");
        assert_eq!(folder.names(), ["a.png"], "{line}");
    }
}

#[test]
fn an_unknown_end_of_the_result_names_the_known_ones() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(8, 8))
        .run("restore a.png -o b.xyz")
        .expect_code(2)
        .expect_error(".png")
        .expect_error(".tif")
        .expect_error("b.xyz");
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = Folder::new();
    for subcommand in ["restore", "detect", "inpaint", "doctor"] {
        let ran = folder.run(&format!("{subcommand} --help")).expect_code(0);
        assert!(ran.stdout.contains("--provider"), "{subcommand}");
        assert!(ran.stdout.contains("--memory-limit"), "{subcommand}");
    }
    let ran = folder.run("--version").expect_code(0);
    assert!(ran.stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_display_the_window_says_how_to_go_on() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(8, 8))
        .run("a.png")
        .expect_code(1)
        .expect_error("unscratch restore a.png");
}
