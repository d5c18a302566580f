//! The card for the picked area: how strongly and with what it is repaired. It queues actions.

use eframe::egui::{Button, Slider, Ui, vec2};

use super::side::{label_with_value, wide_slider};
use super::{caption, explained, heading};
use crate::gui::command::Command;
use crate::gui::state::{Action, Model};
use crate::mask::{FULL_STRENGTH, Filling, LEAST_STRENGTH, RecipeKind};

/// Buttons, two a row.
const ROWS: [[(Command, &str); 2]; 2] = [
    [
        (Command::SuggestFill, "Other suggestion"),
        (Command::ShowThrough, "Shows through"),
    ],
    [
        (Command::NetworkFill, "Network's fill"),
        (Command::ClearArea, "Clear in area"),
    ],
];

/// Draws the card's inside.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, Command::MendArea.row().label);
    let (Some(area), Some(document)) = (&model.view.area, model.document) else {
        caption(
            ui,
            "Click on a place whose repair is wrong, or draw around a part of it",
        );
        return;
    };
    // Somewhere in it: a part of an area may have been decided on before.
    let Some(first) = area.region.spans().first() else {
        return;
    };
    let repairs = document.repairs();
    let by = match repairs.filling_at(first.x, first.y) {
        Filling::Network => "filled by the network",
        Filling::Own(own) => match own.recipe.kind {
            RecipeKind::Chosen => "healed from the source you chose",
            RecipeKind::Suggested => "filled from the best match found",
            RecipeKind::ShowsThrough => "repaired from what shows through",
        },
    };
    let pixels = area.region.pixel_count();
    caption(ui, format!("{pixels} px, {by}"));
    strength(ui, repairs.strength_at(first.x, first.y), actions);
    caption(ui, "Alt+click or right click heals it from there");
    let width = (ui.available_width() - 8.0) / 2.0;
    for row in ROWS {
        ui.horizontal(|ui| {
            ui.spacing_mut().button_padding.x = 3.0;
            for (command, text) in row {
                let button = Button::new(text).min_size(vec2(width, 0.0));
                let response = ui.add_enabled(model.is_enabled(command), button);
                if explained(response, command, model).clicked() {
                    actions.push(Action::Run(command));
                }
            }
        });
    }
}

fn strength(ui: &mut Ui, strength: u8, actions: &mut Vec<Action>) {
    let mut percent = percent_of(strength);
    let label = label_with_value(ui, "Strength", &format!("{percent:.0} %"));
    let range = percent_of(LEAST_STRENGTH)..=100.0;
    let slider = wide_slider(ui, Slider::new(&mut percent, range), &label).on_hover_text(
        "How much of the repair shows; the rest is the original. To leave the area as it was, clear it.",
    );
    if slider.changed() {
        actions.push(Action::SetAreaStrength(strength_of(percent)));
    }
    if slider.drag_stopped() || slider.lost_focus() {
        actions.push(Action::AreaStrengthDone);
    }
}

fn percent_of(strength: u8) -> f32 {
    f32::from(strength) / f32::from(FULL_STRENGTH) * 100.0
}

fn strength_of(percent: f32) -> u8 {
    let part = percent.clamp(0.0, 100.0) / 100.0;
    ((part * f32::from(FULL_STRENGTH)).round() as u8).max(LEAST_STRENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_strength_are_inverse() {
        for strength in LEAST_STRENGTH..=FULL_STRENGTH {
            assert_eq!(strength_of(percent_of(strength)), strength);
        }
        assert_eq!(strength_of(0.0), LEAST_STRENGTH);
    }
}
