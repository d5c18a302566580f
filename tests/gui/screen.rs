//! The screen's colour profile: chosen, kept, refused; it changes what is seen and never the photo.

use std::path::Path;

use eframe::egui::{Key, Modifiers};
use egui_kittest::HarnessBuilder;
use egui_kittest::kittest::Queryable as _;
use moxcms::ColorProfile;

use crate::support::{Window, fake_engine, open, open_with, plain, start_in};

/// A photo of sRGB's red, which no network made for tests takes for damage.
fn red() -> image::DynamicImage {
    image::RgbImage::from_pixel(64, 48, image::Rgb([110, 30, 30])).into()
}

fn show_dialog(window: &mut Window) {
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window.harness.run();
    window.harness.get_by_label("Screen profile");
}

fn type_path(window: &mut Window, path: &Path) {
    let field = window.harness.get_by_label("Profile");
    field.set_text_value_accesskit(&path.display().to_string());
    window.harness.run();
    window.harness.get_by_label("Use this profile").click();
    window.harness.run();
}

fn middle_of_screen(window: &mut Window) -> [u8; 3] {
    window.harness.run_steps(20);
    let screen = window.harness.render().unwrap();
    let at = window.at(32.5, 24.5);
    let pixel = screen.get_pixel(at.x as u32, at.y as u32).0;
    [pixel[0], pixel[1], pixel[2]]
}

#[test]
fn a_screens_profile_changes_what_is_seen_and_not_the_photo() {
    let mut window = open_with(&red(), 1.0, HarnessBuilder::default().wgpu(), fake_engine);
    window.settle();
    assert_eq!(middle_of_screen(&mut window), [110, 30, 30]);
    let profile = window.path("screen.icc");
    std::fs::write(&profile, ColorProfile::new_display_p3().encode().unwrap()).unwrap();
    show_dialog(&mut window);
    type_path(&mut window, &profile);
    window.until("the profile is used", |app| app.view().screen.is_some());
    assert_eq!(window.app().settings().screen_profile, Some(profile));
    window.harness.get_by_label("Close").click();
    let [r, g, b] = middle_of_screen(&mut window);
    assert!(
        r < 106 && g > 32 && b > 30,
        "less red on a wide screen: {r} {g} {b}"
    );
    assert_eq!(window.restored_at(32, 24), [110, 30, 30]);
    show_dialog(&mut window);
    window.harness.get_by_label("Use sRGB").click();
    window.harness.run();
    assert!(window.app().settings().screen_profile.is_none());
    window.harness.get_by_label("Close").click();
    assert_eq!(middle_of_screen(&mut window), [110, 30, 30]);
}

#[test]
fn a_file_that_is_no_profile_is_refused_in_words_and_the_screen_stays_as_it_was() {
    let mut window = open(&plain());
    window.settle();
    let file = window.path("photo.png");
    show_dialog(&mut window);
    type_path(&mut window, &file);
    let started = std::time::Instant::now();
    while window
        .harness
        .query_by_label_contains("This is no ICC profile")
        .is_none()
    {
        assert!(started.elapsed().as_secs() < 30, "nothing is said");
        window.harness.step();
    }
    assert!(window.app().view().screen.is_none());
    assert!(window.app().settings().screen_profile.is_none());
}

#[test]
fn a_profile_that_is_gone_at_the_next_start_is_told_and_srgb_is_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.icc");
    let mut window = start_in(folder, None, move |options| {
        options.settings.settings.screen_profile = Some(gone);
    });
    window.until("it is said", |app| {
        let notice = app.view().notice.as_ref();
        notice.is_some_and(|notice| notice.message.contains("gone.icc"))
    });
    assert!(window.app().view().screen.is_none());
}
