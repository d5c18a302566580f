//! The dependency rule of `src/lib.rs`, read from the sources.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The arrows of the rule: a module may use what it points to and whatever is reached from there.
const ARROWS: [(&str, &[&str]); 14] = [
    (
        "gui",
        &["jobs", "journal", "document", "mask", "photo", "restore"],
    ),
    ("cli", &["jobs", "journal", "restore", "io"]),
    ("journal", &["document", "io"]),
    ("jobs", &["document", "record", "restore", "io"]),
    ("record", &["restore", "io"]),
    ("document", &["restore", "mask", "photo"]),
    ("restore", &["inference", "tiling", "mask", "photo"]),
    ("io", &["photo", "mask"]),
    ("mask", &["geometry", "disposal"]),
    ("photo", &["geometry", "disposal"]),
    ("tiling", &["geometry", "disposal"]),
    ("inference", &["geometry", "disposal"]),
    ("geometry", &[]),
    ("disposal", &[]),
];

fn arrows_of(module: &str) -> &'static [&'static str] {
    let found = ARROWS.iter().find(|(name, _)| *name == module);
    found
        .unwrap_or_else(|| panic!("{module} has no row in the rule"))
        .1
}

fn reached(module: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut waiting = arrows_of(module).to_vec();
    while let Some(next) = waiting.pop() {
        if found.insert(next) {
            waiting.extend(arrows_of(next));
        }
    }
    found
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `src` with its path from there and its text without comment lines.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![source_folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let relative = path.strip_prefix(source_folder()).unwrap().to_owned();
                files.push((relative, code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(files.len() > 50, "found only {} sources", files.len());
    files
}

/// The top-level module of a file, such as `mask` for `mask/brush.rs` and `document` for `document.rs`.
fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str();
    Path::new(first)
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// Whether `code` uses the crate or module `name` as the start of a path: `name::…`, or imports it whole.
fn names(code: &str, name: &str) -> bool {
    let starts_path = code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
    });
    starts_path || code.contains(&format!("use {name};"))
}

#[test]
fn no_module_uses_what_lies_above_it() {
    for (path, code) in sources() {
        let module = module_of(&path);
        if module == "main" || module == "lib" {
            continue;
        }
        let allowed = reached(&module);
        for (name, _) in ARROWS {
            let used = names(&code, &format!("crate::{name}"));
            let is_allowed = name == module || allowed.contains(name);
            assert!(!used || is_allowed, "{module} uses {name}: {path:?}");
        }
        let is_one_import = !code.contains("use crate::{");
        assert!(is_one_import, "one import a module: {path:?}");
    }
}

#[test]
fn the_window_toolkit_is_named_only_in_the_window() {
    for (path, code) in sources()
        .iter()
        .filter(|(path, _)| module_of(path) != "gui")
    {
        for toolkit in ["egui", "eframe", "wgpu", "rfd", "egui_extras"] {
            assert!(!names(code, toolkit), "{toolkit}: {path:?}");
        }
    }
}

#[test]
fn the_runtime_is_named_only_where_sessions_and_providers_are() {
    let allowed = [
        "inference/arena.rs",
        "inference/binding.rs",
        "inference/provider.rs",
        "inference/reference.rs",
        "inference/session.rs",
    ];
    for (path, code) in sources() {
        if !allowed.iter().any(|allowed| path == Path::new(allowed)) {
            assert!(!names(&code, "ort"), "{path:?}");
        }
    }
}

#[test]
fn image_files_are_coded_only_in_io() {
    for (path, code) in sources().iter().filter(|(path, _)| module_of(path) != "io") {
        for codec in [
            "image",
            "png",
            "tiff",
            "exif",
            "zune_jpeg",
            "jpeg_decoder",
            "jpeg_encoder",
        ] {
            assert!(!names(code, codec), "{codec}: {path:?}");
        }
    }
}

#[test]
fn the_rule_finds_what_it_looks_for() {
    assert!(names("use ort::Session;", "ort"));
    assert!(names("fn f() -> ort::Result<()>", "ort"));
    assert!(!names("use crate::export::x; sort::by()", "ort"));
    assert!(reached("gui").contains("inference"));
    assert!(!reached("restore").contains("io"));
}
