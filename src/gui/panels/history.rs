//! The card that lists every state of the work, to go back to with one click. It queues actions.

use eframe::egui::{Button, CollapsingHeader, RichText, ScrollArea, Ui, vec2};

use super::caption;
use crate::gui::state::{Action, Model};
use crate::gui::theme;

/// Height of the list before it scrolls, points.
const LIST_HEIGHT: f32 = 168.0;

/// Draws the card's inside.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    CollapsingHeader::new("History").show(ui, |ui| {
        let Some(document) = model.document else {
            caption(ui, "Open a photo first");
            return;
        };
        let steps = document.steps();
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_enabled_ui(!model.stroke_open, |ui| {
            ScrollArea::vertical()
                .max_height(LIST_HEIGHT)
                .auto_shrink([false, true])
                .stick_to_bottom(true)
                .show(ui, |ui| {
                    let beginning = if steps.reaches_beginning {
                        "Opened"
                    } else {
                        "Earlier edits"
                    };
                    let labels = std::iter::once(beginning).chain(steps.labels.iter().copied());
                    for (step, label) in labels.enumerate() {
                        if row(ui, label, step, steps.current) {
                            actions.push(Action::GoToStep(step));
                        }
                    }
                });
        });
    });
}

/// One state; true when it was clicked.
fn row(ui: &mut Ui, label: &str, step: usize, current: usize) -> bool {
    let color = if step > current {
        theme::TEXT_WEAK
    } else {
        theme::TEXT
    };
    // Names repeat; the number tells one stroke from the next.
    let text = RichText::new(format!("{step}  {label}")).color(color);
    let button = Button::selectable(step == current, text)
        .min_size(vec2(ui.available_width(), 22.0))
        .truncate();
    let hint = match step.cmp(&current) {
        std::cmp::Ordering::Less => "Go back to this state",
        std::cmp::Ordering::Equal => "The state that is seen",
        std::cmp::Ordering::Greater => "Undone; go forward to this state",
    };
    ui.add(button).on_hover_text(hint).clicked() && step != current
}
