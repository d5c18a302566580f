//! The bar at the top: menus, tools, how to compare, export.

use std::path::PathBuf;

use eframe::egui::{self, Align, FocusDirection, Key, Layout, Popup, Response, ScrollArea, Ui};

use super::{command_icon, explained, follow_keyboard, menu_entry};
use crate::gui::command::{COMMANDS, Command, Group};
use crate::gui::icons::{self, Icon};
use crate::gui::state::{Action, Model};
use crate::gui::theme;

/// From this width of the bar on, points, the ways to compare are named beside their icons.
const WORDS_FROM_WIDTH: f32 = 1080.0;

/// What a menu's frame and the gap above it take of the height below the bar, points.
const MENU_MARGIN: f32 = 26.0;

/// Height of the list of a file's pages, points.
const PAGES_HEIGHT: f32 = 320.0;

/// Draws the bar.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let has_room = ui.available_width() >= WORDS_FROM_WIDTH;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        menus(ui, model, actions);
        separator(ui);
        command_icon(ui, Icon::Open, Command::Open, model, actions);
        command_icon(ui, Icon::Undo, Command::Undo, model, actions);
        command_icon(ui, Icon::Redo, Command::Redo, model, actions);
        separator(ui);
        command_icon(ui, Icon::Overlay, Command::CycleOverlay, model, actions);
        separator(ui);
        command_icon(ui, Icon::Fit, Command::ZoomFit, model, actions);
        command_icon(ui, Icon::Actual, Command::ZoomActual, model, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            export_button(ui, model, actions);
            separator(ui);
            for (icon, command) in [
                (Icon::SideBySide, Command::CompareSideBySide),
                (Icon::Split, Command::CompareSplit),
                (Icon::Restored, Command::CompareRestored),
            ] {
                compare_button(ui, icon, command, has_room, model, actions);
            }
        });
    });
}

fn compare_button(
    ui: &mut Ui,
    icon: Icon,
    command: Command,
    with_word: bool,
    model: &Model<'_>,
    actions: &mut Vec<Action>,
) {
    if !with_word {
        command_icon(ui, icon, command, model, actions);
        return;
    }
    let enabled = model.is_enabled(command);
    let chosen = model.is_selected(command) == Some(true);
    let response = icons::word_button(ui, icon, command.row().label, enabled, chosen);
    if explained(response, command, model).clicked() {
        actions.push(Action::Run(command));
    }
}

fn menus(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    // With more entries than fit, a menu would lie over the bar or end out of sight.
    let room = ui.ctx().content_rect().bottom() - ui.max_rect().bottom() - MENU_MARGIN;
    ui.scope(|ui| {
        egui::containers::menu::menu_style(ui.style_mut());
        ui.spacing_mut().button_padding = egui::vec2(8.0, 5.0);
        for group in Group::ALL {
            let menu = ui.menu_button(group.label(), |ui| {
                scrolling(ui, room, |ui| entries(ui, group, model, actions));
            });
            let wanted = ui.data_mut(|data| data.remove_temp::<bool>(menus_wanted()));
            if wanted.is_some() {
                menu.response.request_focus();
            }
            open_downwards(&menu.response);
        }
    });
}

/// A menu's entries, which scroll when they are higher than `room`.
fn scrolling(ui: &mut Ui, room: f32, content: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical()
        .max_height(room)
        .min_scrolled_height(room)
        .show(ui, content);
}

/// As [`scrolling`], for a submenu, which may be as high as the window.
fn submenu(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let room = ui.ctx().content_rect().height() - MENU_MARGIN;
    scrolling(ui, room, content);
}

/// Opens a closed menu that has the keyboard when the arrow down is pressed, and goes to its first entry.
fn open_downwards(button: &Response) {
    let ctx = &button.ctx;
    let popup = Popup::default_response_id(button);
    let is_asked = button.has_focus()
        && !Popup::is_id_open(ctx, popup)
        && ctx.input(|input| input.key_pressed(Key::ArrowDown));
    if is_asked {
        Popup::open_id(ctx, popup);
        ctx.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        ctx.data_mut(|data| data.insert_temp(entry_wanted(), true));
        ctx.request_repaint();
    }
}

/// Where the wish to have the keyboard on the first entry is kept until the menu is drawn.
fn entry_wanted() -> egui::Id {
    egui::Id::unique("keyboard on the first entry")
}

/// Gives the keyboard to the first menu.
pub fn focus_menus(ctx: &egui::Context) {
    ctx.data_mut(|data| data.insert_temp(menus_wanted(), true));
    ctx.request_repaint();
}

/// Where the wish to have the keyboard on the menus is kept until they are drawn.
fn menus_wanted() -> egui::Id {
    egui::Id::unique("keyboard on the menus")
}

/// The entries of one menu, those of a submenu where its first one stands in the table.
fn entries(ui: &mut Ui, group: Group, model: &Model<'_>, actions: &mut Vec<Action>) {
    // While its size is measured, the menu takes no keys.
    if !ui.is_sizing_pass() {
        let wanted = ui.data_mut(|data| data.remove_temp::<bool>(entry_wanted()));
        if wanted.is_some() {
            // As if the key had been pressed with the menu open already.
            ui.memory_mut(|memory| memory.move_focus(FocusDirection::Down));
        }
    }
    let of_group = || COMMANDS.iter().filter(|row| row.group == group);
    let mut opened = Vec::new();
    for row in of_group() {
        let Some(name) = submenu_of(row.command) else {
            menu_entry(ui, row.command, model, actions);
            if row.command == Command::Open {
                photo_menu(ui, "Open recent", &model.settings.recent, actions);
                if !model.samples.is_empty() {
                    photo_menu(ui, "Open a sample", model.samples, actions);
                }
            }
            if row.command == Command::PreviousPage {
                page_menu(ui, model, actions);
            }
            continue;
        };
        if opened.contains(&name) {
            continue;
        }
        opened.push(name);
        let button = ui.menu_button(name, |ui| {
            submenu(ui, |ui| {
                for row in of_group().filter(|row| submenu_of(row.command) == Some(name)) {
                    menu_entry(ui, row.command, model, actions);
                }
            });
        });
        follow_keyboard(&button.response);
    }
}

/// The submenu a command stands in: a menu must not be longer than a small window is high.
const fn submenu_of(command: Command) -> Option<&'static str> {
    match command {
        Command::CycleOverlay
        | Command::OverlayMask
        | Command::OverlayOutline
        | Command::OverlayProbability
        | Command::OverlayProvenance
        | Command::OverlayOff
        | Command::ToggleRim => Some("Overlays"),
        Command::CompareRestored
        | Command::CompareSplit
        | Command::CompareSplitAcross
        | Command::DividerBack
        | Command::DividerOn
        | Command::CompareSideBySide
        | Command::CompareBlink
        | Command::CompareDifference => Some("Comparison"),
        Command::InterfaceLarger | Command::InterfaceSmaller | Command::InterfaceNormal => {
            Some("Size of the interface")
        }
        _ => None,
    }
}

/// A menu of photos: those opened last, or the samples.
fn photo_menu(ui: &mut Ui, label: &str, paths: &[PathBuf], actions: &mut Vec<Action>) {
    ui.add_enabled_ui(!paths.is_empty(), |ui| {
        let button = ui.menu_button(label, |ui| {
            submenu(ui, |ui| photo_entries(ui, paths, actions));
        });
        follow_keyboard(&button.response);
    });
}

fn photo_entries(ui: &mut Ui, paths: &[PathBuf], actions: &mut Vec<Action>) {
    for path in paths {
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let entry = ui.button(name).on_hover_text(path.display().to_string());
        follow_keyboard(&entry);
        if entry.clicked() {
            actions.push(Action::OpenPath(path.clone()));
            ui.close();
        }
    }
}

/// A menu of the open file's pages.
fn page_menu(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let metadata = model.document.map(|document| document.photo().metadata());
    let metadata = metadata.filter(|metadata| metadata.pages.has_others(metadata.page));
    ui.add_enabled_ui(metadata.is_some(), |ui| {
        let button = ui.menu_button("Go to page", |ui| {
            let list = ScrollArea::vertical().max_height(PAGES_HEIGHT);
            list.show(ui, |ui| {
                for &page in metadata.iter().flat_map(|it| &it.pages.pictures) {
                    let is_open = metadata.is_some_and(|it| it.page == page);
                    let name = format!("Page {}", page + 1);
                    let entry = ui.selectable_label(is_open, name);
                    follow_keyboard(&entry);
                    if entry.clicked() {
                        actions.push(Action::OpenPage(page));
                        ui.close();
                    }
                }
            });
        });
        follow_keyboard(&button.response);
    });
}

fn export_button(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let button = theme::primary_button("Export…").min_size(egui::vec2(92.0, 30.0));
    let response = ui.add_enabled(model.is_enabled(Command::Export), button);
    if explained(response, Command::Export, model).clicked() {
        actions.push(Action::Run(Command::Export));
    }
}

fn separator(ui: &mut Ui) {
    ui.add_space(5.0);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(1.0, 22.0), egui::Sense::hover());
    ui.painter().vline(
        rect.center().x,
        rect.y_range(),
        egui::Stroke::new(1.0, theme::LINE),
    );
    ui.add_space(5.0);
}
