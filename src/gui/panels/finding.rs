//! What lies over a photo in which a search marked nothing: what can be done now. It queues actions.

use eframe::egui::{Button, RichText, Ui};

use super::explained;
use crate::gui::command::Command;
use crate::gui::state::{Action, Finding, Model};
use crate::gui::theme;

/// Draws it in one row.
pub fn show(ui: &mut Ui, finding: Finding, model: &Model<'_>, actions: &mut Vec<Action>) {
    let (said, offers): (_, &[(Command, &str)]) = match finding {
        Finding::Uncertain => (
            "Nothing in this photo is certain damage",
            &[
                (Command::SensitivityEager, "Look closer"),
                (Command::OverlayProbability, "Show what was seen"),
            ],
        ),
        Finding::Nothing => ("Nothing in this photo looks like damage", &[]),
    };
    theme::chip_frame().show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            // Without a second line, however narrow the area was before.
            ui.add(
                eframe::egui::Label::new(RichText::new(said).color(theme::TEXT_STRONG)).extend(),
            );
            for &(command, text) in offers {
                let button = ui.add_enabled(model.is_enabled(command), Button::new(text));
                if explained(button, command, model).clicked() {
                    actions.push(Action::Run(command));
                }
            }
            let dismiss = ui.button("Dismiss");
            if dismiss
                .on_hover_text("Put this away; damage you see can be marked with the tools")
                .clicked()
            {
                actions.push(Action::DismissFinding);
            }
        });
    });
}
