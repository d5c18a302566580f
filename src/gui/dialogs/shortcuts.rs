//! The sheet of shortcuts, made from the table of commands, where each key can be changed.

mod change;

use eframe::egui::{self, Button, Grid, Key, RichText, Role, Ui, WidgetInfo, vec2};

use super::title;
use crate::gui::command::{Bindings, Bound, COMMANDS, Group, HeldKey};
use crate::gui::state::{Action, Model};
use crate::gui::theme;

pub use change::ShortcutsForm;

/// What the mouse does on the photo.
const MOUSE: [(&str, &str); 7] = [
    ("Left button", "Paint with the chosen tool"),
    ("Right button", "Take away; with Mend area copy from there"),
    ("Alt or Ctrl+drag", "Brush size; up or down its hardness"),
    ("Shift+click", "Straight line from the last point"),
    ("Wheel", "Zoom at the pointer"),
    ("Shift+wheel", "Move sideways"),
    ("Middle button", "Move the photo"),
];

/// What the keys do on the photo while its crosshair is shown.
const CROSSHAIR: [(&str, &str); 6] = [
    ("Arrows", "Move it; with Shift far, with Ctrl by 1 px"),
    ("Space", "Press and hold: paint, drag, click"),
    ("Shift+Space", "Straight line to here"),
    ("Shift+Enter", "The right button: take away, copy from here"),
    ("Enter", "Complete the line or polygon"),
    ("Tab, Esc", "Leave the photo; Tab to the tool's options"),
];

/// How far an arrow key moves the sheet, points.
const SCROLL_STEP: f32 = 40.0;

/// From this width of the window on, points, there is room for three columns.
const WIDE_FROM_WIDTH: f32 = 1060.0;

/// Draws the sheet.
pub fn show(ui: &mut Ui, form: &mut ShortcutsForm, model: &Model<'_>, actions: &mut Vec<Action>) {
    let bindings = &model.settings.shortcuts;
    change::listen(ui, form, bindings, actions);
    title(ui, "All shortcuts");
    ui.spacing_mut().interact_size.y = 18.0;
    let padding = ui.spacing().button_padding;
    // As many rows as text alone would have.
    ui.spacing_mut().button_padding = vec2(3.0, 0.0);
    let is_wide = ui.ctx().content_rect().width() >= WIDE_FROM_WIDTH;
    let height = (ui.ctx().content_rect().height() - 160.0).max(160.0);
    // A bar that is seen before the pointer comes near: the sheet goes on below.
    ui.spacing_mut().scroll = egui::style::ScrollStyle::solid();
    egui::ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .show(ui, |ui| {
            if *form == ShortcutsForm::Reading {
                scroll_by_keys(ui, height);
            }
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 36.0;
                ui.vertical(|ui| {
                    group(ui, Group::File, form, bindings);
                    group(ui, Group::Edit, form, bindings);
                    group(ui, Group::Marks, form, bindings);
                    if !is_wide {
                        group(ui, Group::Help, form, bindings);
                        held(ui, form, bindings);
                        hands(ui, "Mouse", &MOUSE);
                        hands(ui, "Crosshair", &CROSSHAIR);
                    }
                });
                ui.vertical(|ui| {
                    if is_wide {
                        held(ui, form, bindings);
                    }
                    group(ui, Group::View, form, bindings);
                    if is_wide {
                        hands(ui, "Mouse", &MOUSE);
                        hands(ui, "Crosshair", &CROSSHAIR);
                    } else {
                        group(ui, Group::Tools, form, bindings);
                    }
                });
                if is_wide {
                    ui.vertical(|ui| {
                        group(ui, Group::Tools, form, bindings);
                        group(ui, Group::Help, form, bindings);
                    });
                }
            });
            crate::gui::panels::focus::follow(ui);
        });
    ui.add_space(8.0);
    ui.spacing_mut().interact_size.y = 26.0;
    ui.spacing_mut().button_padding = padding;
    ui.horizontal(|ui| {
        change::show(ui, form, bindings, actions);
        if *form == ShortcutsForm::Reading && ui.button("Close").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}

fn held(ui: &mut Ui, form: &mut ShortcutsForm, bindings: &Bindings) {
    let rows: Vec<Bound> = HeldKey::ALL.into_iter().map(Bound::Held).collect();
    keys(ui, "While held", &rows, form, bindings);
}

fn group(ui: &mut Ui, group: Group, form: &mut ShortcutsForm, bindings: &Bindings) {
    let rows = COMMANDS.iter().filter(|row| row.group == group);
    let rows: Vec<Bound> = rows.map(|row| Bound::Command(row.command)).collect();
    keys(ui, group.label(), &rows, form, bindings);
}

/// Rows whose keys can be changed.
fn keys(ui: &mut Ui, name: &str, rows: &[Bound], form: &mut ShortcutsForm, bindings: &Bindings) {
    table(ui, name, |ui| {
        for &bound in rows {
            let labels = bindings.labels(bound);
            let text = match (form.bound() == Some(bound), labels.as_str()) {
                (true, _) => RichText::new("…").color(theme::ACCENT),
                (false, "") => RichText::new("no key").color(theme::TEXT_WEAK),
                (false, keys) if bindings.is_changed(bound) => {
                    RichText::new(keys).color(theme::ACCENT)
                }
                (false, keys) => RichText::new(keys).color(theme::TEXT_STRONG),
            };
            let button = Button::new(text).frame_when_inactive(false);
            let response = ui.add(button);
            let said = format!("Key for {}: {labels}", bound.label());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
            if response.on_hover_text("Change this key").clicked() {
                *form = ShortcutsForm::listen(bound);
            }
            ui.label(bound.label());
            ui.end_row();
        }
    });
}

/// Moves the sheet by the keys that move pages, while no button on it has the keyboard.
fn scroll_by_keys(ui: &Ui, page: f32) {
    if ui.memory(|memory| memory.focused().is_some()) {
        return;
    }
    let down: f32 = ui.input(|input| {
        let keys = [
            (Key::ArrowDown, SCROLL_STEP),
            (Key::ArrowUp, -SCROLL_STEP),
            (Key::PageDown, page),
            (Key::PageUp, -page),
            (Key::End, f32::from(u16::MAX)),
            (Key::Home, -f32::from(u16::MAX)),
        ];
        let pressed = keys.into_iter().filter(|(key, _)| input.key_pressed(*key));
        pressed.map(|(_, step)| step).sum()
    });
    if down != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -down));
    }
}

/// Rows that cannot be changed.
fn hands(ui: &mut Ui, name: &str, rows: &[(&str, &str)]) {
    table(ui, name, |ui| {
        for &(keys, text) in rows {
            ui.label(RichText::new(keys).color(theme::TEXT_STRONG));
            ui.label(text);
            ui.end_row();
        }
    });
}

fn table(ui: &mut Ui, name: &str, rows: impl FnOnce(&mut Ui)) {
    ui.label(RichText::new(name).strong().color(theme::ACCENT));
    Grid::new(name)
        .num_columns(2)
        .spacing([16.0, 4.0])
        .min_col_width(84.0)
        .show(ui, rows);
    ui.add_space(8.0);
}
