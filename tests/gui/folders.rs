//! Where dialogs for files begin: opening where the last photo lay, exporting where the last one was written.

use crate::support::{Window, open, plain, start_in};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

fn command(window: &mut Window, key: Key) {
    window.harness.key_press_modifiers(Modifiers::COMMAND, key);
    window.harness.step();
    window.harness.run();
}

fn text_of(window: &Window, label: &str) -> String {
    let field = window.harness.get_by_label(label);
    field.accesskit_node().value().unwrap_or_default()
}

fn export(window: &mut Window) {
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();
}

#[test]
fn the_dialog_to_open_begins_where_the_last_photo_lay() {
    let mut window = open(&plain());
    window.settle();
    command(&mut window, Key::O);
    let folder = window.folder.path().display().to_string();
    assert_eq!(text_of(&window, "Path"), folder);
}

#[test]
fn a_sample_does_not_become_the_folder_of_ones_photos() {
    let folder = tempfile::tempdir().unwrap();
    let sample = folder.path().join("sample.png");
    plain().save(&sample).unwrap();
    let samples = vec![sample.clone()];
    let mut window = start_in(folder, Some(sample), |options| options.samples = samples);
    window.until("the photo is open", |app| app.document().is_some());
    assert_eq!(window.app().settings().last_folder, None);
    assert_eq!(window.app().settings().recent.len(), 1);
}

#[test]
fn the_next_photos_export_is_proposed_where_the_last_one_was_written() {
    let mut window = open(&plain());
    window.settle();
    let prints = window.path("prints");
    std::fs::create_dir(&prints).unwrap();
    command(&mut window, Key::E);
    let beside = window.path("photo_restored.png").display().to_string();
    assert_eq!(text_of(&window, "Save as"), beside, "beside the original");
    let target = prints.join("first.png").display().to_string();
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&target);
    window.harness.run();
    export(&mut window);

    let other = window.path("other.png");
    plain().save(&other).unwrap();
    window.drop_file(&other);
    window.until("the other photo is open", |app| {
        let document = app.document();
        document.is_some_and(|it| it.photo().path().ends_with("other.png"))
    });
    window.settle();
    command(&mut window, Key::E);
    let there = prints.join("other_restored.png").display().to_string();
    assert_eq!(text_of(&window, "Save as"), there);
    let field = window.harness.get_by_label("Save as");
    let beside = window.path("other_restored.png").display().to_string();
    field.set_text_value_accesskit(&beside);
    window.harness.run();
    export(&mut window);
    assert_eq!(window.app().settings().export_folder, None, "beside again");
}
