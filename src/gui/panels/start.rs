//! What is seen while no photo is open: where to drop one, recent files, samples.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use eframe::egui::{self, Align, Layout, Rect, RichText, ScrollArea, Stroke, Ui, UiBuilder, vec2};

use super::{chips, explained, follow_keyboard};
use crate::gui::command::Command;
use crate::gui::dialogs::resume::{age_of, count_of, name_with_page};
use crate::gui::icons::{self, Icon};
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::jobs::OpenRequest;

/// Recent files listed here.
const RECENT_SHOWN: usize = 4;

/// Room for the large icon, points.
const ICON_HEIGHT: f32 = 74.0;
/// Room for a message in its place, points.
const NOTICE_HEIGHT: f32 = 150.0;

/// Draws the start screen into `area`.
pub fn show(ui: &mut Ui, area: Rect, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.painter().rect_filled(area, 0.0, theme::CANVAS);
    let zone = Rect::from_center_size(
        area.center(),
        vec2(area.width() - 48.0, area.height() - 48.0).min(vec2(760.0, 600.0)),
    );
    frame(ui, zone, model.view.drop_hovers);
    let inside = UiBuilder::new()
        .max_rect(zone.shrink(28.0))
        .layout(Layout::top_down(Align::Center));
    ui.scope_builder(inside, |ui| {
        let room = ui.available_height();
        // With a message, unfinished work and a small window there is more than fits.
        let scrolled = ScrollArea::vertical().auto_shrink(false);
        scrolled.show(ui, |ui| content(ui, room, zone.width(), model, actions));
    });
}

/// What stands in the frame, in the middle of a height of `room`.
fn content(ui: &mut Ui, room: f32, width: f32, model: &Model<'_>, actions: &mut Vec<Action>) {
    let head = if model.view.notice.is_some() {
        NOTICE_HEIGHT
    } else {
        ICON_HEIGHT
    };
    let height = 166.0 + head + list_height(model) + unfinished_height(model);
    ui.add_space(((room - height) / 2.0).max(0.0));
    if let Some(notice) = &model.view.notice {
        let size = vec2(chips::message_width(width), 0.0);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
            chips::message(ui, notice, width, actions);
        });
        ui.add_space(14.0);
    } else {
        let color = if model.view.drop_hovers {
            theme::ACCENT
        } else {
            theme::TEXT_WEAK
        };
        icons::icon_label(ui, Icon::Photo, 64.0, color);
        ui.add_space(10.0);
    }
    if let Some((_, path)) = &model.work.opening {
        opening(ui, path, actions);
        return;
    }
    let title = RichText::new("Drop a scanned photo here").heading();
    ui.label(title.color(theme::TEXT_STRONG));
    let promise = "Scratches, cracks, folds and dust are found and repaired on this computer. The original file is never changed.";
    ui.label(RichText::new(promise).color(theme::TEXT_WEAK));
    ui.add_space(10.0);
    let open = theme::primary_button("Open a photo…").min_size(vec2(168.0, 38.0));
    let open = explained(ui.add(open), Command::Open, model);
    follow_keyboard(&open);
    if open.clicked() {
        actions.push(Action::Run(Command::Open));
    }
    let kinds = "JPEG, PNG, TIFF, WebP, BMP or JPEG 2000; 8 or 16 bit";
    ui.label(RichText::new(kinds).small().color(theme::TEXT_WEAK));
    unfinished(ui, model, actions);
    lists(ui, model, actions);
}

fn frame(ui: &Ui, zone: Rect, hovered: bool) {
    let (fill, line) = if hovered {
        (theme::ACCENT_QUIET, Stroke::new(2.0, theme::ACCENT))
    } else {
        (theme::PANEL, Stroke::new(1.5, theme::LINE))
    };
    ui.painter().rect_filled(zone, 14.0, fill);
    let corners = [
        zone.left_top(),
        zone.right_top(),
        zone.right_bottom(),
        zone.left_bottom(),
        zone.left_top(),
    ];
    let inner: Vec<_> = corners
        .iter()
        .map(|c| *c + (zone.center() - *c).normalized() * 14.0)
        .collect();
    ui.painter()
        .extend(egui::Shape::dashed_line(&inner, line, 8.0, 6.0));
}

fn opening(ui: &mut Ui, path: &Path, actions: &mut Vec<Action>) {
    ui.label(
        RichText::new(format!("Opening {}…", file_name(path)))
            .heading()
            .color(theme::TEXT_STRONG),
    );
    ui.add_space(8.0);
    ui.spinner();
    ui.add_space(8.0);
    if ui.button("Cancel").clicked() {
        actions.push(Action::Run(Command::Cancel));
    }
}

/// Room for the work that was not exported, points.
fn unfinished_height(model: &Model<'_>) -> f32 {
    match model.view.unfinished.len() {
        0 => 0.0,
        rows => 40.0 + 34.0 * rows as f32,
    }
}

fn unfinished(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    if model.view.unfinished.is_empty() {
        return;
    }
    ui.add_space(14.0);
    let width = ui.available_width().min(600.0);
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 4.0;
        let title = RichText::new("Continue where you left off").small();
        ui.label(title.color(theme::TEXT_WEAK));
        for entry in &model.view.unfinished {
            let Some(master) = &entry.master else {
                continue;
            };
            let text = format!(
                "{}   {}, {}",
                name_with_page(master),
                count_of(entry.undo_steps, entry.has_marks),
                age_of(entry.saved_at, SystemTime::now())
            );
            let note = master.path.parent().map_or_else(String::new, file_name);
            ui.add_enabled_ui(entry.master_is_there, |ui| {
                let row = icons::row_button_with_note(ui, Icon::Undo, &text, &note, width)
                    .on_hover_text(master.path.display().to_string())
                    .on_disabled_hover_text(format!(
                        "The photo is not here any more: {}. Open it where it is now; it is recognised.",
                        master.path.display()
                    ));
                if row.clicked() {
                    actions.push(Action::OpenAndResume(OpenRequest {
                        page: Some(master.page),
                        ..master.path.clone().into()
                    }));
                }
            });
        }
    });
}

fn list_height(model: &Model<'_>) -> f32 {
    let rows = model
        .settings
        .recent
        .len()
        .min(RECENT_SHOWN)
        .max(usize::from(!model.samples.is_empty()) * 3);
    if rows == 0 {
        0.0
    } else {
        40.0 + 34.0 * rows as f32
    }
}

fn lists(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let recent: Vec<&PathBuf> = model.settings.recent.iter().take(RECENT_SHOWN).collect();
    if recent.is_empty() && model.samples.is_empty() {
        return;
    }
    ui.add_space(18.0);
    let both = !recent.is_empty() && !model.samples.is_empty();
    let columns = if both { 2.0 } else { 1.0 };
    let width =
        (ui.available_width().min(600.0) / columns).min(if both { 292.0_f32 } else { 440.0 });
    let total = width * columns + 16.0 * (columns - 1.0);
    ui.allocate_ui_with_layout(vec2(total, 0.0), Layout::left_to_right(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        if !recent.is_empty() {
            list(
                ui,
                width,
                "Recent photos",
                Icon::Photo,
                recent.into_iter(),
                actions,
            );
        }
        if !model.samples.is_empty() {
            list(
                ui,
                width,
                "Try a sample",
                Icon::Photo,
                model.samples.iter(),
                actions,
            );
        }
    });
}

fn list<'a>(
    ui: &mut Ui,
    width: f32,
    title: &str,
    icon: Icon,
    paths: impl Iterator<Item = &'a PathBuf>,
    actions: &mut Vec<Action>,
) {
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.label(RichText::new(title).small().color(theme::TEXT_WEAK));
        for path in paths {
            let note = path.parent().map_or_else(String::new, file_name);
            let response = icons::row_button_with_note(ui, icon, &file_name(path), &note, width);
            if response.on_hover_text(path.display().to_string()).clicked() {
                actions.push(Action::OpenPath(path.clone()));
            }
        }
    });
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Kinds of file the samples may have.
const SAMPLE_KINDS: [&str; 4] = ["tif", "jpg", "png", "webp"];

/// Sample photos beside the program: in `samples` or `assets/samples`, there or in a folder above, or in the system's
/// data folder.
pub fn find_samples(executable: Option<&Path>) -> Vec<PathBuf> {
    let above = executable
        .into_iter()
        .flat_map(|path| path.ancestors().skip(1).take(4));
    let folders = above.flat_map(|folder| {
        ["samples", "assets/samples", "share/unscratch/samples"].map(|name| folder.join(name))
    });
    for folder in folders {
        let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension().is_some_and(|kind| {
                    SAMPLE_KINDS
                        .iter()
                        .any(|known| kind.eq_ignore_ascii_case(known))
                })
            })
            .collect();
        if !found.is_empty() {
            found.sort();
            return found;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_in_a_folder_above_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let samples = folder.path().join("assets/samples");
        std::fs::create_dir_all(&samples).unwrap();
        for name in ["b.jpg", "a.tif", "README.md"] {
            std::fs::write(samples.join(name), b"").unwrap();
        }
        let found = find_samples(Some(&folder.path().join("target/release/unscratch")));
        let names: Vec<_> = found.iter().map(|path| file_name(path)).collect();
        assert_eq!(names, ["a.tif", "b.jpg"]);
        assert!(find_samples(None).is_empty());
    }
}
