//! The tool palette at the left: one icon a tool.

use eframe::egui::Ui;

use super::command_icon;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::gui::tools::Tool;

/// Tools before which a line is drawn: brushes, shapes, tools that look at the photo.
const GROUP_BEGINS: [Tool; 2] = [Tool::Line, Tool::Trace];

/// Draws the palette.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for tool in Tool::ALL {
            if GROUP_BEGINS.contains(&tool) {
                let (rect, _) = ui.allocate_exact_size(
                    eframe::egui::vec2(24.0, 7.0),
                    eframe::egui::Sense::hover(),
                );
                let line = eframe::egui::Stroke::new(1.0, theme::LINE);
                ui.painter().hline(rect.x_range(), rect.center().y, line);
            }
            command_icon(ui, tool.icon(), tool.command(), model, actions);
        }
    });
}
