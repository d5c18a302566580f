//! The options of *Mend area*: how strongly and with what the picked area is repaired. It queues actions.

use eframe::egui::{self, Button, RichText, Slider, Ui, vec2};

use super::{HEIGHT, named_slider};
use crate::gui::command::Command;
use crate::gui::panels::{caption, explained, grouped};
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::mask::{FULL_STRENGTH, Filling, LEAST_STRENGTH, RecipeKind};

/// What can be done with the area besides.
const BUTTONS: [Command; 4] = [
    Command::SuggestFill,
    Command::ShowThrough,
    Command::NetworkFill,
    Command::ClearArea,
];

/// Draws them.
pub(super) fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let (Some(area), Some(document)) = (&model.view.area, model.document) else {
        let by_key = model.view.crosshair.is_some();
        let how = if by_key {
            "Space on a place whose repair is wrong, or hold Space and move around a part of it"
        } else {
            "Click on a place whose repair is wrong, or draw around a part of it"
        };
        caption(ui, how);
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
    strength(ui, repairs.strength_at(first.x, first.y), actions);
    ui.spacing_mut().item_spacing.x = 5.0;
    for command in BUTTONS {
        ui.spacing_mut().button_padding.x = 6.0;
        let button = Button::new(command.name()).min_size(vec2(0.0, HEIGHT));
        let response = ui.add_enabled(model.is_enabled(command), button);
        if explained(response, command, model).clicked() {
            actions.push(Action::Run(command));
        }
    }
    ui.add_space(4.0);
    let pixels = grouped(area.region.pixel_count());
    let how = if model.view.crosshair.is_some() {
        "Shift+Enter"
    } else {
        "Alt+click or right click"
    };
    // What to do next stands in the bar at the bottom; here it is told where the line ends too early.
    let said = format!("{pixels} px, {by}");
    let shown = RichText::new(&said).small().color(theme::TEXT_WEAK);
    ui.add(egui::Label::new(shown).truncate())
        .on_hover_text(format!(
            "{said}; {how} on sound picture copies that place over it"
        ));
}

fn strength(ui: &mut Ui, strength: u8, actions: &mut Vec<Action>) {
    let mut percent = percent_of(strength);
    let value = format!("{percent:.0} %");
    let range = percent_of(LEAST_STRENGTH)..=100.0;
    let slider = Slider::new(&mut percent, range);
    let slider = named_slider(ui, "Strength", 84.0, slider, &value).on_hover_text(
        "How much of the repair shows; the rest is the original. To leave the area as it was, clear its marks.",
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
