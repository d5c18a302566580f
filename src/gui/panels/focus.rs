//! Where the keyboard is: a ring around the widget that has it, which is kept in sight. Moves no focus.

use eframe::egui::{self, Id, LayerId, Order, Rect, Stroke, StrokeKind, Ui};

use crate::gui::canvas::canvas_id;
use crate::gui::theme;

/// Draws a ring around the widget that has the keyboard; the photo draws its own.
pub fn ring(ctx: &egui::Context) {
    let focused = ctx.memory(egui::Memory::focused);
    let Some(id) = focused.filter(|id| *id != canvas_id()) else {
        return;
    };
    let Some(response) = ctx.read_response(id) else {
        return;
    };
    // The part that is not hidden by the edge of a list.
    let rect = response.interact_rect;
    if rect.is_positive() {
        let layer = LayerId::new(Order::Tooltip, Id::unique("focus ring"));
        ctx.layer_painter(layer).rect_stroke(
            rect.expand(2.0),
            theme::RADIUS,
            Stroke::new(2.0, theme::ACCENT),
            StrokeKind::Inside,
        );
    }
}

/// Inside a panel: moves it so that the widget that has just got the keyboard is seen.
pub fn follow(ui: &Ui) {
    let in_list = ui.data_mut(|data| data.remove_temp::<Option<Rect>>(list_followed()));
    if let Some(Some(list)) = in_list {
        // The list brings the widget into its own room; the panel brings the list into sight.
        ui.scroll_to_rect(list.expand(8.0), None);
        return;
    }
    let focused = ui.memory(egui::Memory::focused);
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    let is_inside =
        response.layer_id == ui.layer_id() && ui.min_rect().contains_rect(response.rect);
    if response.gained_focus() && is_inside && response.interact_rect != response.rect {
        ui.scroll_to_rect(response.rect.expand(8.0), None);
    }
}

/// The same inside a list that lies in such a panel.
pub fn follow_in_list(ui: &Ui) {
    let focused = ui.memory(egui::Memory::focused);
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    let is_inside =
        response.layer_id == ui.layer_id() && ui.min_rect().contains_rect(response.rect);
    if response.gained_focus() && is_inside {
        ui.scroll_to_rect(response.rect, None);
        ui.data_mut(|data| data.insert_temp(list_followed(), Some(ui.clip_rect())));
    }
}

/// Where it is kept that a list has followed the keyboard in this frame.
fn list_followed() -> Id {
    Id::unique("list that follows the keyboard")
}
