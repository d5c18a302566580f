//! The memory limit is chosen in the window and kept.

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use unscratch::document::KeptMemory;
use unscratch::gui::settings::{MEMORY_LIMITS_MIB, SettingsStore};
use unscratch::inference::{EngineOptions, MIN_WORKING_BYTES};

use crate::support::{empty, open, plain};

#[test]
fn a_memory_limit_is_chosen_from_the_menu_and_kept_in_the_file() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("File").click();
    window.harness.run();
    window.harness.get_by_label_contains("Memory…").click();
    window.harness.run();
    window.harness.get_by_label("1 GiB (usual)");
    window.harness.get_by_label("256 MiB").click();
    window.harness.run();
    assert_eq!(window.app().settings().memory_limit_mib, 256);
    window.harness.get_by_label("Close").click();
    window.harness.run();
    assert!(window.harness.query_by_label("256 MiB").is_none());
    let file = window.path("window.toml");
    let mut again = SettingsStore::load(Some(file.clone()));
    again.settings = window.app().settings().clone();
    again.save();
    let kept = SettingsStore::load(Some(file)).settings;
    assert_eq!(kept.memory_limit_bytes(), 256 << 20);
}

#[test]
fn what_the_document_keeps_follows_the_limit_at_once_and_so_does_the_next_photo() {
    let mut window = open(&plain());
    window.settle();
    let kept = |window: &crate::support::Window| {
        let document = window.app().document();
        document.expect("a photo is open").kept_memory()
    };
    assert_eq!(kept(&window), KeptMemory::of(1 << 30));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    window.harness.run();
    window.harness.get_by_label("256 MiB").click();
    window.harness.run();
    assert_eq!(kept(&window), KeptMemory::of(256 << 20));
    assert!(KeptMemory::of(256 << 20).history < KeptMemory::of(1 << 30).history);
}

#[test]
fn without_a_photo_too_the_keys_open_it_and_escape_closes_it() {
    let mut window = empty();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    window.harness.run();
    window.harness.get_by_label("1 GiB (usual)");
    window.harness.key_press(Key::Escape);
    window.harness.run();
    assert!(window.harness.query_by_label("1 GiB (usual)").is_none());
}

#[test]
fn no_limit_is_offered_or_read_that_is_too_small_to_work() {
    let smallest = (MIN_WORKING_BYTES >> 20) as u32;
    assert_eq!(MEMORY_LIMITS_MIB[0], smallest);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("window.toml");
    std::fs::write(&file, "memory_limit_mib = 3\n").unwrap();
    let settings = SettingsStore::load(Some(file)).settings;
    assert_eq!(settings.memory_limit_mib, smallest);
    let options = EngineOptions {
        memory_limit_bytes: Some(settings.memory_limit_bytes()),
        ..EngineOptions::default()
    };
    assert_eq!(options.working_bytes(), MIN_WORKING_BYTES);
}
