//! `doctor`, and what is said without ONNX Runtime.

use sha2::{Digest as _, Sha256};

use super::support::{Folder, empty_mask, line_mask, photo_8};

#[test]
fn doctor_names_the_runtime_the_providers_and_the_models() {
    let folder = Folder::new();
    let ran = folder.run("doctor --json").expect_code(0);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let keys: Vec<_> = found.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert_eq!(found["version"], env!("CARGO_PKG_VERSION"));
    assert!(found["runtime"]["path"].is_string());
    assert!(
        found["runtime"]["version"]
            .as_str()
            .unwrap()
            .starts_with("1.")
    );
    let cpu = &found["providers"][0];
    assert_eq!(cpu["name"], "cpu");
    assert_eq!(cpu["offered"], true);
    assert_eq!(cpu["works"], true);
    assert!(cpu["reason"].is_string());
    assert_eq!(found["models"].as_array().unwrap().len(), 2);
    for model in found["models"].as_array().unwrap() {
        assert!(!model["id"].as_str().unwrap().is_empty());
        assert_eq!(model["sha256"].as_str().unwrap().len(), 64);
    }
    let text = folder.run("doctor").expect_code(0).stdout;
    assert!(text.contains("cpu: works"), "{text}");
}

#[test]
fn a_missing_runtime_is_said_once_with_the_way_to_mend_it() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(16, 16))
        .save("b.png", photo_8(16, 16));
    let ran = folder
        .run("restore a.png b.png --out-dir out --runtime nowhere.so")
        .expect_code(1)
        .expect_error("make setup");
    assert_eq!(
        ran.stderr.matches("make setup").count(),
        1,
        "{}",
        ran.stderr
    );
    assert_eq!(folder.names(), ["a.png", "b.png"]);
    let ran = folder
        .run("doctor --json --runtime nowhere.so")
        .expect_code(1);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(found["runtime"]["path"].is_null());
    assert_eq!(found["models"].as_array().unwrap().len(), 2);
    let names = ["cpu", "cuda"];
    for (provider, name) in found["providers"].as_array().unwrap().iter().zip(names) {
        assert_eq!(provider["name"], name);
        assert_eq!(provider["offered"], false);
        assert_eq!(provider["works"], false);
        assert!(
            provider["reason"].as_str().unwrap().contains("nowhere.so"),
            "{provider}"
        );
    }
    assert_eq!(found["providers"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_without_models_is_why_no_provider_works() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("no_models")).unwrap();
    let ran = folder
        .run("doctor --json --models no_models")
        .expect_code(1);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(found["runtime"]["path"].is_string());
    let providers = found["providers"].as_array().unwrap();
    assert_eq!(providers.len(), 2);
    let cpu = &providers[0];
    assert_eq!(
        (&cpu["name"], &cpu["offered"], &cpu["works"]),
        (&"cpu".into(), &true.into(), &false.into())
    );
    assert!(
        cpu["reason"].as_str().unwrap().contains("no_models"),
        "{cpu}"
    );
    assert_eq!(providers[1]["works"], false);
}

#[test]
fn a_runtime_that_is_found_but_broken_is_not_called_missing() {
    let folder = Folder::new();
    folder.write("libonnxruntime.so", b"no library");
    let ran = folder
        .run("doctor --runtime libonnxruntime.so")
        .expect_code(1)
        .expect_error("libonnxruntime.so");
    let said = "ONNX Runtime: found, but cannot be loaded";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    let ran = folder.run("doctor --runtime nowhere.so").expect_code(1);
    let said = "ONNX Runtime: not found";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn a_runtime_of_a_version_that_is_too_old_is_named_with_its_version() {
    let folder = Folder::new();
    let source = br#"
#include <stdint.h>
static const void *api(uint32_t version) { return 0; }
static const char *version(void) { return "1.17.3"; }
struct base { const void *(*api)(uint32_t); const char *(*version)(void); };
static const struct base BASE = { api, version };
const struct base *OrtGetApiBase(void) { return &BASE; }
"#;
    folder.write("old.c", source);
    let library = folder.path("libonnxruntime.so.1.17.3");
    let made = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&library, &folder.path("old.c")])
        .status();
    assert!(made.expect("the linker that Rust needs too").success());
    let ran = folder
        .run("doctor --runtime libonnxruntime.so.1.17.3")
        .expect_code(1)
        .expect_error("1.17.3 is too old");
    let said = "ONNX Runtime: found, but too old";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    assert!(ran.stderr.contains("make setup"), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_damaged_runtime_of_full_length_is_refused_before_it_can_end_the_program() {
    let folder = Folder::new();
    let found = folder.run("doctor --json").expect_code(0);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let mut bytes = std::fs::read(found["runtime"]["path"].as_str().unwrap()).unwrap();
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    let name = "libonnxruntime.so.1.31.1";
    let list = serde_json::json!({ "files": { name: { "bytes": bytes.len(), "sha256": sha256 } } });
    folder.write("installed.json", list.to_string().as_bytes());
    folder.write(name, &bytes);
    folder
        .run(&format!("doctor --runtime {name}"))
        .expect_code(0);
    // All code in its middle becomes instructions that no processor has.
    let (start, end) = (bytes.len() / 4, bytes.len() / 2);
    for pair in bytes[start..end].chunks_exact_mut(2) {
        pair.copy_from_slice(&[0x0F, 0x0B]);
    }
    folder.write(name, &bytes);
    let ran = folder
        .run(&format!("doctor --runtime {name}"))
        .expect_code(1)
        .expect_error("its SHA-256 is not that of the one that was set up");
    assert!(ran.stderr.contains("make setup"), "{}", ran.stderr);
    let said = "ONNX Runtime: found, but cannot be loaded";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
}

#[test]
fn an_empty_mask_needs_no_runtime_and_changes_nothing() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(16, 12))
        .save("m.png", empty_mask(16, 12));
    let ran = folder
        .run("inpaint a.png --mask m.png -o b.png --runtime nowhere.so")
        .expect_code(0);
    assert!(ran.stdout.contains("no damage"), "{}", ran.stdout);
    assert_eq!(folder.load("a.png"), folder.load("b.png"));
}

#[test]
fn a_folder_without_models_is_refused_by_name() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(16, 16))
        .save("m.png", line_mask(16, 16));
    std::fs::create_dir(folder.path("models")).unwrap();
    folder
        .run("inpaint a.png --mask m.png -o b.png --models models")
        .expect_code(1)
        .expect_error("models");
    assert!(!folder.path("b.png").exists());
}

#[test]
fn a_provider_that_cannot_run_is_an_error_with_its_reason() {
    if std::path::Path::new("/dev/nvidiactl").exists() {
        eprintln!("skipped: this machine has an NVIDIA driver");
        return;
    }
    let folder = Folder::new();
    folder.save("a.png", photo_8(16, 16));
    folder
        .run("restore a.png -o b.png --provider cuda")
        .expect_code(1)
        .expect_error("CUDA");
    assert_eq!(folder.names(), ["a.png"]);
}
