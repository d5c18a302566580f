//! The sheet of shortcuts, made from the table of commands.

use eframe::egui::{self, Grid, RichText, Ui};

use super::title;
use crate::gui::command::{COMMANDS, Group, HELD_KEYS};
use crate::gui::state::Action;
use crate::gui::theme;

/// What the mouse does on the photo.
const MOUSE: [(&str, &str); 7] = [
    ("Left button", "Paint with the chosen tool"),
    ("Right button", "Erase"),
    ("Alt or Ctrl+drag", "Brush size; up or down its hardness"),
    ("Shift+click", "Straight line from the last point"),
    ("Wheel", "Zoom at the pointer"),
    ("Shift+wheel", "Move sideways"),
    ("Middle button", "Move the photo"),
];

/// From this width of the window on, points, there is room for three columns.
const WIDE_FROM_WIDTH: f32 = 1060.0;

/// Draws the sheet.
pub fn show(ui: &mut Ui, actions: &mut Vec<Action>) {
    title(ui, "All shortcuts");
    ui.spacing_mut().interact_size.y = 18.0;
    let is_wide = ui.ctx().content_rect().width() >= WIDE_FROM_WIDTH;
    let height = (ui.ctx().content_rect().height() - 160.0).max(160.0);
    // A bar that is seen before the pointer comes near: the sheet goes on below.
    ui.spacing_mut().scroll = egui::style::ScrollStyle::solid();
    egui::ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 36.0;
                ui.vertical(|ui| {
                    group(ui, Group::File);
                    group(ui, Group::Edit);
                    group(ui, Group::Marks);
                    group(ui, Group::Help);
                    if !is_wide {
                        held(ui);
                        mouse(ui);
                    }
                });
                ui.vertical(|ui| {
                    group(ui, Group::View);
                    if is_wide {
                        held(ui);
                        mouse(ui);
                    } else {
                        group(ui, Group::Tools);
                    }
                });
                if is_wide {
                    ui.vertical(|ui| group(ui, Group::Tools));
                }
            });
        });
    ui.add_space(10.0);
    if ui.button("Close").clicked() {
        actions.push(Action::CloseDialog);
    }
}

fn held(ui: &mut Ui) {
    let rows: Vec<_> = HELD_KEYS
        .iter()
        .map(|(key, text)| (key.symbol_or_name().to_owned(), *text))
        .collect();
    table(ui, "While held", &rows);
}

fn mouse(ui: &mut Ui) {
    let rows: Vec<_> = MOUSE
        .iter()
        .map(|(key, text)| ((*key).to_owned(), *text))
        .collect();
    table(ui, "Mouse", &rows);
}

fn group(ui: &mut Ui, group: Group) {
    let rows: Vec<_> = COMMANDS
        .iter()
        .filter(|row| row.group == group)
        .map(|row| {
            let keys: Vec<String> = row
                .shortcuts
                .iter()
                .map(|shortcut| shortcut.label())
                .collect();
            (keys.join(", "), row.label.trim_end_matches('…'))
        })
        .collect();
    table(ui, group.label(), &rows);
}

fn table(ui: &mut Ui, name: &str, rows: &[(String, &str)]) {
    ui.label(RichText::new(name).strong().color(theme::ACCENT));
    Grid::new(name)
        .num_columns(2)
        .spacing([16.0, 4.0])
        .min_col_width(84.0)
        .show(ui, |ui| {
            for (keys, text) in rows {
                ui.label(RichText::new(keys).color(theme::TEXT_STRONG));
                ui.label(*text);
                ui.end_row();
            }
        });
    ui.add_space(8.0);
}
