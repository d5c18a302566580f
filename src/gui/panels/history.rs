//! The card that lists every state of the work, to go back to with one click. It queues actions.

use eframe::egui::{Button, CollapsingHeader, Id, Response, RichText, ScrollArea, Ui, vec2};

use super::caption;
use super::focus::follow_in_list;
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
                .show(ui, |ui| {
                    let beginning = if steps.reaches_beginning {
                        "Opened"
                    } else {
                        "Earlier edits"
                    };
                    let labels = std::iter::once(beginning).chain(steps.labels.iter().copied());
                    let has_moved = has_moved(ui, (steps.current, steps.labels.len()));
                    for (step, label) in labels.enumerate() {
                        let row = row(ui, label, step, steps.current);
                        if has_moved && step == steps.current {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() && step != steps.current {
                            actions.push(Action::GoToStep(step));
                        }
                    }
                    follow_in_list(ui);
                });
        });
    });
}

/// Whether the state that is seen, or the list, is another one than when it was drawn last.
fn has_moved(ui: &Ui, now: (usize, usize)) -> bool {
    let id = Id::unique("state of the history list");
    let before = ui.data_mut(|data| {
        let kept = data.get_temp_mut_or(id, (usize::MAX, 0));
        std::mem::replace(kept, now)
    });
    before != now
}

/// The name of a state; what was undone is dim and slanted.
fn text_of(label: &str, step: usize, current: usize) -> RichText {
    // Names repeat; the number tells one stroke from the next.
    let text = RichText::new(format!("{step}  {label}"));
    if step > current {
        text.color(theme::TEXT_UNDONE).italics()
    } else {
        text.color(theme::TEXT)
    }
}

/// One state.
fn row(ui: &mut Ui, label: &str, step: usize, current: usize) -> Response {
    let text = text_of(label, step, current);
    let button = Button::selectable(step == current, text)
        .min_size(vec2(ui.available_width(), 22.0))
        .truncate();
    let hint = match step.cmp(&current) {
        std::cmp::Ordering::Less => "Go back to this state",
        std::cmp::Ordering::Equal => "The state that is seen",
        std::cmp::Ordering::Greater => "Undone; go forward to this state",
    };
    ui.add(button).on_hover_text(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_undone_is_told_from_what_is_done() {
        assert_eq!(
            text_of("Line", 2, 2),
            RichText::new("2  Line").color(theme::TEXT)
        );
        let undone = text_of("Line", 3, 2);
        assert_ne!(undone, RichText::new("3  Line").color(theme::TEXT));
        let (dim, plain) = (theme::TEXT_UNDONE.r(), theme::TEXT.r());
        assert!(
            dim < plain / 2 + 16,
            "dim enough to be seen: {dim} of {plain}"
        );
    }
}
