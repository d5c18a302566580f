//! All marks at once: grow, shrink, feather, invert, sort by shape; the mask's own files; one undo step each.

use crate::support::{FILL, SCRATCH, Window, open, open_path, plain, scratched};
use eframe::egui::{Key, Modifiers, PointerButton};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

fn run(window: &mut Window, label: &str) {
    if window.harness.query_by_label("Amount").is_none() {
        window.harness.get_by_label("All marks").click();
        window.harness.run();
    }
    window.harness.get_by_label(label).click();
    window.settle();
}

fn undo(window: &mut Window, label: &str) {
    assert_eq!(window.app().document().unwrap().undo_label(), Some(label));
    window.harness.get_by_label("Undo").click();
    window.settle();
}

fn marks(window: &Window) -> Vec<u8> {
    window
        .app()
        .document()
        .unwrap()
        .effective_mask()
        .to_raster()
}

#[test]
fn growing_shrinking_feathering_and_inverting_are_one_step_each() {
    let mut window = open(&scratched());
    window.settle();
    let before = marks(&window);
    let beside = SCRATCH.end + 1;
    for (button, label, inside, outside) in [
        ("Grow marks", "Grow marks", 255..=255, 255..=255),
        ("Shrink marks", "Shrink marks", 0..=0, 0..=0),
        ("Feather marks", "Feather marks", 255..=255, 1..=254),
        ("Invert marks", "Invert marks", 0..=0, 255..=255),
    ] {
        run(&mut window, button);
        assert!(inside.contains(&window.mask_at(103, 100)), "{button}");
        assert!(outside.contains(&window.mask_at(beside, 100)), "{button}");
        undo(&mut window, label);
        assert!(marks(&window) == before, "{button} was taken back");
    }
}

#[test]
fn marks_are_sorted_by_shape_and_size() {
    let mut window = open(&scratched());
    window.settle();
    window.stroke(PointerButton::Primary, &[(250.0, 100.0)]);
    window.settle();
    let both = |window: &Window| (window.mask_at(103, 100), window.mask_at(250, 100));
    assert_eq!(both(&window), (255, 255));
    for (button, label, expected) in [
        ("Keep lines", "Keep lines", (255, 0)),
        ("Keep specks", "Keep specks", (0, 255)),
    ] {
        run(&mut window, button);
        assert_eq!(both(&window), expected);
        undo(&mut window, label);
        assert_eq!(both(&window), (255, 255));
    }
    // The spot is 18 px across, the amount 3 px.
    run(&mut window, "Remove specks");
    assert_eq!(both(&window), (255, 255));
    window
        .harness
        .get_by_label("No mark is smaller than that; none was removed");
    window.stroke(PointerButton::Secondary, &[(250.0, 100.0)]);
    window.settle();
    assert_eq!(both(&window), (255, 0));
}

#[test]
fn the_amount_counts_in_millimetres_where_the_file_says_its_resolution() {
    let mut window = open(&plain());
    window.settle();
    window.harness.get_by_label("All marks").click();
    window.harness.run();
    let mm = window.harness.get_by_label("mm");
    assert!(mm.accesskit_node().is_disabled());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.png");
    let photo = scratched().to_rgb8();
    let file = std::fs::File::create(&path).unwrap();
    let mut encoder = png::Encoder::new(file, photo.width(), photo.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // 40 px a mm.
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: 40_000,
        yppu: 40_000,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&photo).unwrap();
    writer.finish().unwrap();
    let mut window = open_path(folder, path, HarnessBuilder::default());
    window.settle();
    window.harness.get_by_label("All marks").click();
    window.harness.run();
    window.harness.get_by_label("mm").click();
    window.harness.run();
    run(&mut window, "Grow marks");
    // A quarter of a millimetre is 10 px.
    let edge = SCRATCH.end + 9;
    assert_eq!(
        (window.mask_at(edge, 100), window.mask_at(edge + 1, 100)),
        (255, 0)
    );
}

#[test]
fn a_mask_is_saved_alone_and_loaded_again() {
    for name in ["mask.png", "mask.tif"] {
        let mut window = open(&scratched());
        window.settle();
        let before = marks(&window);
        window
            .harness
            .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
        window.harness.run();
        let target = window.path(name);
        let field = window.harness.get_by_label("Save as");
        field.set_text_value_accesskit(&target.display().to_string());
        window.harness.run();
        window.harness.get_by_label("Save").click();
        window.until("the mask is saved", |app| app.view().notice.is_some());
        window.harness.run();
        window.harness.get_by_label("Mask saved");
        let saved = image::open(&target).unwrap().to_luma8();
        assert!(saved.as_raw() == &before, "{name}");

        window.harness.get_by_label("Clear marks").click();
        window.settle();
        assert_eq!(window.restored_at(103, 100), [255, 250, 240]);
        load(&mut window, &target);
        window.settle();
        assert!(marks(&window) == before);
        assert_eq!(window.restored_at(103, 100), FILL);
        undo(&mut window, "Load mask");
        assert_eq!(window.mask_at(103, 100), 0);
    }
}

fn load(window: &mut Window, path: &std::path::Path) {
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    window.harness.run();
    window
        .harness
        .get_by_label("Path")
        .set_text_value_accesskit(&path.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Load mask").click();
    window.harness.run_steps(3);
    let dialog = &window.app().view().dialog;
    assert!(dialog.is_none(), "{dialog:?}");
}

#[test]
fn a_mask_of_another_size_is_refused_with_both_sizes() {
    let mut window = open(&scratched());
    window.settle();
    let before = marks(&window);
    let path = window.path("other.png");
    image::GrayImage::new(64, 48).save(&path).unwrap();
    load(&mut window, &path);
    window.until("the message is there", |app| app.view().notice.is_some());
    let notice = window.app().view().notice.clone().unwrap();
    assert!(notice.is_error);
    for size in ["64 × 48", "320 × 240"] {
        assert!(notice.message.contains(size), "{}", notice.message);
    }
    assert!(marks(&window) == before);
}

#[test]
fn the_original_and_existing_files_are_not_written_over_by_a_mask() {
    let mut window = open(&scratched());
    window.settle();
    let existing = window.path("photo_mask.png");
    std::fs::write(&existing, b"something else").unwrap();
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    window.harness.run();
    let is_disabled = |window: &Window| {
        let save = window.harness.get_by_label("Save");
        save.accesskit_node().is_disabled()
    };
    window
        .harness
        .get_by_label("Replace the file that is already there");
    assert!(is_disabled(&window));
    let original = window.path("photo.png").display().to_string();
    let field = window.harness.get_by_label("Save as");
    field.set_text_value_accesskit(&original);
    window.harness.run();
    window.harness.get_by_label_contains("This is the original");
    assert!(is_disabled(&window));
}

#[test]
fn the_rim_of_the_repair_is_drawn_where_it_can_be_seen() {
    let mut window = open(&scratched());
    window.settle();
    window.harness.key_press(Key::Num1);
    window.harness.key_press(Key::O);
    window.settle();
    let uploads = window.app().canvas().uploads();
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::O);
    window.settle();
    assert!(window.app().settings().show_rim);
    assert!(window.app().canvas().uploads() > uploads);
}
