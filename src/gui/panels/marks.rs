//! The card that changes all marks at once: grow, shrink, feather, sort by shape. It queues actions.

use eframe::egui::{Align, Button, CollapsingHeader, DragValue, Layout, Ui, vec2};

use super::explained;
use crate::gui::command::Command;
use crate::gui::settings::{AMOUNT_MM, AMOUNT_PX};
use crate::gui::state::{Action, Model};

/// Buttons, two a row.
const ROWS: [[Command; 2]; 4] = [
    [Command::GrowMarks, Command::ShrinkMarks],
    [Command::FeatherMarks, Command::RemoveSpecks],
    [Command::KeepLines, Command::KeepSpecks],
    [Command::InvertMarks, Command::ToggleRim],
];

/// Draws the card's inside.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    CollapsingHeader::new("All marks").show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        amount(ui, model, actions);
        let width = (ui.available_width() - 8.0) / 2.0;
        for row in ROWS {
            ui.horizontal(|ui| {
                // So that no name is wider than half the card.
                ui.spacing_mut().button_padding.x = 4.0;
                for command in row {
                    let is_on = model.is_selected(command) == Some(true);
                    let button = Button::selectable(is_on, command.name())
                        .frame_when_inactive(true)
                        .min_size(vec2(width, 0.0));
                    let response = ui.add_enabled(model.is_enabled(command), button);
                    if explained(response, command, model).clicked() {
                        actions.push(Action::Run(command));
                    }
                }
            });
        }
    });
}

/// How far marks grow, shrink and soften, and below which size specks go.
fn amount(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let label = ui.label("Amount");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let in_mm = model.amount_is_in_mm();
            let has_scale = model.px_per_mm().is_some();
            let mm = ui.add_enabled(has_scale, Button::selectable(in_mm, "mm"));
            if mm
                .on_hover_text("Millimetres on the original, by the resolution in the file")
                .on_disabled_hover_text("This file does not say its resolution")
                .clicked()
            {
                actions.push(Action::SetAmountInMm(true));
            }
            let px = ui.add(Button::selectable(!in_mm, "px"));
            if px.on_hover_text("Pixels of the photo").clicked() {
                actions.push(Action::SetAmountInMm(false));
            }
            let mut amount = model.amount();
            let (range, speed, digits) = if in_mm {
                (AMOUNT_MM, 0.01, 2)
            } else {
                (AMOUNT_PX, 0.2, 0)
            };
            let value = DragValue::new(&mut amount)
                .range(range)
                .speed(speed)
                .max_decimals(digits);
            if ui.add(value).labelled_by(label.id).changed() {
                actions.push(Action::SetAmount(amount));
            }
        });
    });
}
