//! When the repair of one place is wrong: picked, weakened, healed from another place, cleared; and what its record says.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use unscratch::inference::CancelToken;
use unscratch::io::{DecodeLimits, load_mask, open_photo};
use unscratch::mask::weakened;
use unscratch::record::schema::{FillKind, RepairFill};
use unscratch::record::{Agreement, Record, agreement, mend_again, recorded_windows};
use unscratch::restore::{AlphaRaster, NoProgress, composite_rect, rerender};

use crate::support::{FILL, SCRATCH, Window, fake_engine, open, scratched};

/// A column in the middle of the scratch.
const MIDDLE: u32 = SCRATCH.start + 3;

fn window() -> Window {
    let mut window = open(&scratched());
    window.settle();
    window.harness.get_by_label("Mend area").click();
    window.harness.run();
    window
}

fn click(window: &mut Window, at: (f64, f64), modifiers: Modifiers) {
    let pos = window.at(at.0, at.1);
    window.press(PointerButton::Primary, pos, modifiers);
    window.release(PointerButton::Primary, pos);
    window.settle();
}

fn pick(window: &mut Window) {
    click(window, (f64::from(MIDDLE), 100.0), Modifiers::NONE);
    assert!(window.app().view().area.is_some());
}

/// Drags the slider's handle from where it is through `ways`, parts of the slider's length.
fn drag_strength(window: &mut Window, ways: &[f32]) {
    let slider = window
        .harness
        .get_by_role_and_label(Role::Slider, "Strength");
    let rect = slider.rect();
    let from = Pos2::new(rect.max.x - 6.0, rect.center().y);
    window.press(PointerButton::Primary, from, Modifiers::NONE);
    let mut to = from;
    for &way in ways {
        to = from - vec2(way * rect.width(), 0.0);
        window.harness.event(Event::PointerMoved(to));
        window.harness.step();
    }
    window.release(PointerButton::Primary, to);
    window.settle();
}

fn undo(window: &mut Window) -> Option<&'static str> {
    let label = window.app().document().unwrap().undo_label();
    window.harness.get_by_label("Undo").click();
    window.settle();
    label
}

#[test]
fn a_repair_is_weakened_by_one_drag_that_is_one_step_and_needs_no_network() {
    let mut window = window();
    pick(&mut window);
    window
        .harness
        .get_by_label_contains("px, filled by the network");
    let seconds = window.app().work().fill_seconds;
    drag_strength(&mut window, &[0.1, 0.25, 0.45]);
    let document = window.app().document().unwrap();
    let strength = document.repairs().strength_at(MIDDLE, 100);
    assert!((80..200).contains(&strength), "{strength}");
    let alpha = f32::from(weakened(255, strength)) / 255.0;
    let master = [255.0, 250.0, 240.0];
    let shown = window.restored_at(MIDDLE, 100);
    for ((shown, master), fill) in shown.iter().zip(master).zip(FILL) {
        let wanted = master * (1.0 - alpha) + f32::from(fill) * alpha;
        assert!(
            (f32::from(*shown) - wanted).abs() <= 0.51,
            "{shown} for {wanted}"
        );
    }
    assert_eq!(window.app().work().fill_seconds, seconds);
    assert_eq!(undo(&mut window), Some("Strength of an area"));
    assert_eq!(window.restored_at(MIDDLE, 100), FILL);
    assert_eq!(window.app().document().unwrap().undo_label(), None);
}

#[test]
fn a_drag_back_to_full_strength_leaves_nothing_to_undo() {
    let mut window = window();
    pick(&mut window);
    drag_strength(&mut window, &[0.25, 0.0, -0.15]);
    let document = window.app().document().unwrap();
    assert!(document.repairs().is_empty());
    assert_eq!(document.undo_label(), None);
}

#[test]
fn an_area_is_healed_from_where_alt_points_and_undo_and_redo_are_exact() {
    let mut window = window();
    pick(&mut window);
    let source = (f64::from(MIDDLE) + 100.5, 120.5);
    click(&mut window, source, Modifiers::ALT);
    window
        .harness
        .get_by_label_contains("healed from the source you chose");
    let healed: Vec<_> = (30..200).map(|y| window.restored_at(MIDDLE, y)).collect();
    assert!(healed.iter().all(|pixel| *pixel != FILL));
    // The photo's red rises from 0 to 89 along each 90 columns and again: at the scratch it goes on.
    let sound = scratched().to_rgb8();
    let (left, right) = (sound.get_pixel(90, 100).0, sound.get_pixel(115, 100).0);
    let middle = window.restored_at(MIDDLE, 100);
    assert!(
        (left[0]..=right[0]).contains(&middle[0]),
        "{left:?} {middle:?} {right:?}"
    );
    window.harness.get_by_label("Network's fill").click();
    window.settle();
    assert_eq!(window.restored_at(MIDDLE, 100), FILL);
    assert_eq!(undo(&mut window), Some("Network's fill"));
    assert_eq!(window.restored_at(MIDDLE, 100), middle);
    assert_eq!(undo(&mut window), Some("Heal from source"));
    assert_eq!(window.restored_at(MIDDLE, 100), FILL);
    window.harness.get_by_label("Redo").click();
    window.settle();
    let again: Vec<_> = (30..200).map(|y| window.restored_at(MIDDLE, y)).collect();
    assert_eq!(again, healed);
}

#[test]
fn suggestions_fill_from_the_photo_itself_one_after_the_other() {
    let mut window = window();
    pick(&mut window);
    let mut seen = Vec::new();
    for _ in 0..2 {
        window.harness.get_by_label("Other suggestion").click();
        window.settle();
        window
            .harness
            .get_by_label_contains("filled from the best match found");
        let column: Vec<_> = (30..210).map(|y| window.restored_at(MIDDLE, y)).collect();
        assert!(
            column.iter().all(|pixel| *pixel != FILL),
            "not the network's"
        );
        assert!(column.iter().all(|pixel| pixel[0] < 200), "nor the scratch");
        seen.push(column);
    }
    assert_ne!(seen[0], seen[1]);
    assert_eq!(undo(&mut window), Some("Other suggestion"));
    let column: Vec<_> = (30..210).map(|y| window.restored_at(MIDDLE, y)).collect();
    assert_eq!(column, seen[0]);
}

#[test]
fn what_shows_through_is_kept_and_the_tone_of_the_damage_goes() {
    // A veil of red over a picture of stripes: the stripes still show.
    let stripes = |y: u32| 40 + 12 * (y / 5 % 4) as u8;
    let photo = image::RgbImage::from_fn(320, 240, |x, y| {
        let value = stripes(y);
        let is_veiled = SCRATCH.contains(&x) && (20..220).contains(&y);
        image::Rgb([
            if is_veiled { value + 150 } else { value / 2 },
            value,
            value,
        ])
    });
    let mut window = open(&photo.into());
    window.settle();
    window.harness.get_by_label("Mend area").click();
    window.harness.run();
    pick(&mut window);
    let network = window.restored_at(MIDDLE, 100);
    window.harness.get_by_label("What shows through").click();
    window.settle();
    window
        .harness
        .get_by_label_contains("repaired from what shows through");
    for y in 60..180 {
        let [red, green, _] = window.restored_at(MIDDLE, y);
        assert!(red < 110, "row {y}: the veil is gone, {red}");
        assert!(green.abs_diff(stripes(y)) <= 20, "row {y}: {green}");
    }
    let column: Vec<u8> = (60..180)
        .map(|y| window.restored_at(MIDDLE, y)[1])
        .collect();
    let most = column.iter().max().unwrap();
    let least = column.iter().min().unwrap();
    assert!(
        most - least >= 20,
        "the stripes are still there: {column:?}"
    );
    assert_eq!(undo(&mut window), Some("What shows through"));
    assert_eq!(window.restored_at(MIDDLE, 100), network);
}

#[test]
fn what_cannot_be_healed_says_why_and_changes_nothing() {
    let mut window = window();
    click(&mut window, (250.0, 100.0), Modifiers::ALT);
    window.harness.get_by_label("No area is picked yet");
    click(&mut window, (250.0, 100.0), Modifiers::NONE);
    window.harness.get_by_label("Nothing is repaired here");
    pick(&mut window);
    click(
        &mut window,
        (f64::from(MIDDLE) + 60.0, 20.0),
        Modifiers::ALT,
    );
    window
        .harness
        .get_by_label("The area cannot be filled from the photo");
    assert_eq!(window.app().document().unwrap().undo_label(), None);
    assert_eq!(window.restored_at(MIDDLE, 100), FILL);
}

#[test]
fn only_what_an_outline_goes_around_is_changed_and_delete_unmarks_it() {
    let mut window = window();
    let outline = [(80.0, 80.0), (130.0, 80.0), (130.0, 140.0), (80.0, 140.0)];
    let places: Vec<Pos2> = outline.iter().map(|&(x, y)| window.at(x, y)).collect();
    window.press(PointerButton::Primary, places[0], Modifiers::NONE);
    for &place in &places[1..] {
        window.harness.event(Event::PointerMoved(place));
        window.harness.step();
    }
    window.release(PointerButton::Primary, places[3]);
    window.settle();
    drag_strength(&mut window, &[0.42]);
    assert_eq!(window.restored_at(MIDDLE, 160), FILL);
    assert_ne!(window.restored_at(MIDDLE, 100), FILL);
    window.harness.key_press(Key::Delete);
    window.settle();
    assert_eq!(window.restored_at(MIDDLE, 100), [255, 250, 240]);
    assert_eq!(window.mask_at(MIDDLE, 160), 255);
    let document = window.app().document().unwrap();
    assert!(
        document.repairs().is_empty(),
        "nothing comes back with new marks"
    );
    assert_eq!(undo(&mut window), Some("Clear marks in area"));
    let document = window.app().document().unwrap();
    assert!(!document.repairs().is_empty());
    assert_ne!(window.restored_at(MIDDLE, 100), [255, 250, 240]);
}

#[test]
fn another_tool_and_escape_let_the_area_go() {
    let mut window = window();
    pick(&mut window);
    window.harness.key_press(Key::Escape);
    window.settle();
    assert!(window.app().view().area.is_none());
    pick(&mut window);
    window.harness.key_press(Key::B);
    window.settle();
    assert!(window.app().view().area.is_none());
}

#[test]
fn the_record_says_what_was_decided_and_gives_the_same_pixels_again() {
    let mut window = window();
    pick(&mut window);
    click(
        &mut window,
        (f64::from(MIDDLE) + 100.5, 120.5),
        Modifiers::ALT,
    );
    drag_strength(&mut window, &[0.3]);
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run();
    window.harness.get_by_label("Archive").click();
    window.harness.run();
    window.harness.get_by_label("Export").click();
    window.until("the export is written", |app| app.view().notice.is_some());
    window.settle();

    let record = Record::read(&window.path("photo_restored.restoration.json")).unwrap();
    let [repair] = &record.repairs[..] else {
        panic!("{:?}", record.repairs);
    };
    assert_eq!(repair.fill, Some(RepairFill::ChosenSource));
    assert_eq!((repair.sources[0].dx, repair.sources[0].dy), (100, 0));
    let strength = repair.strength.unwrap();
    assert!((0.3..0.9).contains(&strength), "{strength}");
    assert_eq!(record.areas[0].fill, FillKind::Photo);
    assert_eq!(record.areas[0].strength, Some(strength));
    assert_eq!(record.pixels.changed_outside_mask, 0);

    let limits = DecodeLimits::default();
    let photo = open_photo(&window.path("photo.png"), &limits).unwrap();
    let alpha = load_mask(&window.path(&record.mask.file), photo.size(), &limits).unwrap();
    let most = alpha.iter().copied().max().unwrap();
    assert_eq!(
        f32::from(most) / 255.0,
        strength,
        "the mask file is α as it acted"
    );
    let windows = recorded_windows(&record);
    let alpha = AlphaRaster::new(photo.size(), alpha);
    let cancel = CancelToken::new();
    let mut engine = fake_engine();
    let mut again = rerender(&photo, &alpha, &windows, &mut engine, &NoProgress, &cancel).unwrap();
    let written = open_photo(&window.path("photo_restored.png"), &limits).unwrap();
    let network = composite_rect(&photo, &again, photo.size().rect());
    assert_ne!(
        written.samples(),
        &network,
        "the network alone is another picture"
    );
    again.set_repairs(mend_again(&record, &photo, &cancel).unwrap());
    let pixels = composite_rect(&photo, &again, photo.size().rect());
    assert_eq!(
        agreement(written.samples(), &pixels),
        Some(Agreement::default())
    );
}
