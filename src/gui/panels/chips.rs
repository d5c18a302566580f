//! What lies over the picture area: progress with Cancel, hints, and messages that stay until they are dismissed.

use std::time::Duration;

use eframe::egui::{
    self, Align, Align2, Area, Id, Layout, Order, ProgressBar, Rect, RichText, Ui, vec2,
};

use super::explained;
use crate::gui::command::Command;
use crate::gui::icons::{self, Icon};
use crate::gui::state::{Action, Mending, Model, Notice, OverlayMode};
use crate::gui::theme;
use crate::jobs::Progress;

/// How long the hint after a repair stays.
const HINT_SHOWS_FOR: Duration = Duration::from_secs(8);

/// Draws everything that lies over `area`.
pub fn show(ui: &Ui, area: Rect, model: &Model<'_>, actions: &mut Vec<Action>) {
    if let (Some(notice), true) = (&model.view.notice, model.document.is_some()) {
        // Good news must not cover the middle of the photo, nor show through under a dialog.
        if notice.is_error {
            over(ui, "notice", area, Align2::CENTER_TOP, true, |ui| {
                message(ui, notice, area.width(), actions);
            });
        } else if model.view.dialog.is_none() {
            over(ui, "good news", area, Align2::RIGHT_TOP, true, |ui| {
                message(ui, notice, area.width(), actions);
            });
        }
    }
    let label = running(model);
    let ran = ui.data_mut(|data| {
        let shown = data.get_temp_mut_or_default::<bool>(Id::unique("progress shown"));
        std::mem::replace(shown, label.is_some())
    });
    if ran && label.is_none() {
        // Its button may have had the keyboard, and the ring around it goes one frame later.
        ui.ctx().request_repaint();
    }
    if let Some(label) = label {
        over(ui, "progress", area, Align2::CENTER_BOTTOM, true, |ui| {
            progress(ui, &label, model, actions);
        });
    } else if let (Some(finding), false) = (model.finding(), has_error(model)) {
        over(ui, "finding", area, Align2::CENTER_BOTTOM, true, |ui| {
            super::finding::show(ui, finding, model, actions);
        });
    } else if let Some(text) = hint(ui, model).map(|text| model.with_keys(text)) {
        over(ui, "hint", area, Align2::CENTER_BOTTOM, false, |ui| {
            // The area keeps the width of the hint before; a longer one must not wrap for that.
            theme::chip_frame().show(ui, |ui| ui.add(egui::Label::new(text).extend()));
        });
    }
    if model.view.drop_hovers && model.document.is_some() {
        drop_target(ui, area);
    }
}

/// Whether a message that something went wrong is shown.
fn has_error(model: &Model<'_>) -> bool {
    let notice = model.view.notice.as_ref();
    notice.is_some_and(|notice| notice.is_error)
}

fn over(
    ui: &Ui,
    name: &str,
    area: Rect,
    align: Align2,
    takes_clicks: bool,
    content: impl FnOnce(&mut Ui),
) {
    let inside = area.shrink(18.0);
    Area::new(Id::unique(name))
        .order(Order::Middle)
        .fixed_pos(align.pos_in_rect(&inside))
        .pivot(align)
        .constrain_to(area)
        .interactable(takes_clicks)
        .show(ui.ctx(), content);
}

/// What the work in progress is called.
fn running(model: &Model<'_>) -> Option<String> {
    let work = model.work;
    let waits_for_engine = work.engine.is_none() && work.engine_error.is_none();
    if model.view.waiting_export.is_some() {
        return Some("Waiting for the search".to_owned());
    }
    if work.exporting.is_some() {
        // The search is done first and has no bar of its own meanwhile.
        let comes_later = work.detecting.is_some() && work.progress.is_none();
        return Some(
            if comes_later {
                "Exporting after the search"
            } else {
                "Exporting"
            }
            .to_owned(),
        );
    }
    if work.detecting.is_some() {
        return Some(
            if waits_for_engine {
                "Loading the networks"
            } else {
                "Looking for damage"
            }
            .to_owned(),
        );
    }
    if work.filling.is_some() && work.fill_shows() {
        return Some("Repairing".to_owned());
    }
    if work.searching.is_some() {
        return Some("Searching the area".to_owned());
    }
    if work.tracing {
        return Some("Following the scratch".to_owned());
    }
    match work.mending {
        Some(Mending::Picking) => return Some("Picking the area".to_owned()),
        Some(Mending::Healing) => return Some("Healing the area".to_owned()),
        None => {}
    }
    if work.marking_shows() {
        return Some("Changing the marks".to_owned());
    }
    if work.mask_file.is_some() {
        return Some("Reading or writing the mask".to_owned());
    }
    if model.document.is_some() || work.previewing {
        work.opening
            .as_ref()
            .map(|_| "Opening the photo".to_owned())
    } else {
        None
    }
}

fn progress(ui: &mut Ui, label: &str, model: &Model<'_>, actions: &mut Vec<Action>) {
    theme::chip_frame().show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            let part = model.work.progress.as_ref().and_then(fraction);
            let is_stopping = model.work.cancelling.is_some();
            let part = part.filter(|_| !is_stopping);
            let label = if is_stopping { "Stopping" } else { label };
            let text = part.map_or_else(
                || format!("{label}…"),
                |part| format!("{label}  {:.0} %", part * 100.0),
            );
            let label_width = 200.0;
            ui.allocate_ui_with_layout(
                vec2(label_width, 22.0),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(label_width);
                    ui.add(
                        egui::Label::new(RichText::new(text).color(theme::TEXT_STRONG)).truncate(),
                    );
                },
            );
            let bar = ProgressBar::new(part.unwrap_or(0.0))
                .desired_width(150.0)
                .desired_height(6.0)
                .fill(theme::ACCENT);
            ui.add(bar.animate(part.is_none()))
                .accessible_name(format!("{label}, progress"));
            let cancel = ui.add_enabled(
                model.is_enabled(Command::Cancel),
                egui::Button::new("Cancel"),
            );
            if explained(cancel, Command::Cancel, model).clicked() {
                actions.push(Action::Run(Command::Cancel));
            }
        });
    });
}

fn fraction(progress: &Progress) -> Option<f32> {
    (progress.total > 0).then(|| progress.done as f32 / progress.total as f32)
}

/// Shows that a file may be let go.
fn drop_target(ui: &Ui, area: Rect) {
    let painter = ui.painter();
    painter.rect_filled(area, 0.0, theme::BACKDROP);
    let line = egui::Stroke::new(2.0, theme::ACCENT);
    painter.rect_stroke(area.shrink(10.0), 12.0, line, egui::StrokeKind::Inside);
    let font = egui::FontId::proportional(20.0);
    painter.text(
        area.center(),
        Align2::CENTER_CENTER,
        "Drop to open this photo",
        font,
        theme::TEXT_STRONG,
    );
}

/// A sentence on what just happened, for a while.
fn hint(ui: &Ui, model: &Model<'_>) -> Option<&'static str> {
    let overlay = model.view.overlay;
    let document = model.document?;
    if model.view.held.master || model.stroke_open {
        return None;
    }
    if model.view.traced.is_some() {
        return Some(if model.view.crosshair.is_some() {
            "{finish_shape} or the next Space keeps the trace, {cancel} rejects it"
        } else {
            "{finish_shape} or the next click keeps the trace, {cancel} rejects it"
        });
    }
    if let Some((since, text)) = model.view.hint
        && let Some(remaining) = HINT_SHOWS_FOR.checked_sub(since.elapsed())
    {
        ui.ctx().request_repaint_after(remaining);
        return Some(text);
    }
    let remaining = model
        .view
        .repaired_at
        .and_then(|at| HINT_SHOWS_FOR.checked_sub(at.elapsed()));
    if let Some(remaining) = remaining
        && overlay.retreated
        && overlay.mode != OverlayMode::Off
        && !document.restoration().is_empty()
    {
        ui.ctx().request_repaint_after(remaining);
        return Some(if overlay.corrects {
            "Repaired, with the marks outlined. {compare_restored} hides the outline, hold {hold_master} for the original"
        } else {
            "Repaired. Press {cycle_overlay} to see the damage, hold {hold_master} for the original"
        });
    }
    let stopped = model
        .work
        .search_stopped
        .and_then(|at| HINT_SHOWS_FOR.checked_sub(at.elapsed()));
    if let Some(remaining) = stopped {
        ui.ctx().request_repaint_after(remaining);
        return Some("Search stopped. {detect} finds damage, or paint to mark it yourself");
    }
    if model.work.fill_paused {
        return Some("Repair stopped. Paint, or find damage by {detect}, to go on");
    }
    None
}

/// Room around a message's text, points.
const MESSAGE_MARGIN: f32 = 16.0;

/// Width of a message at most where the area is `area_width` wide, points.
pub fn message_width(area_width: f32) -> f32 {
    (area_width - 120.0).clamp(220.0, 560.0) + 2.0 * MESSAGE_MARGIN
}

/// A message with its buttons.
pub fn message(ui: &mut Ui, notice: &Notice, area_width: f32, actions: &mut Vec<Action>) {
    let color = if notice.is_error {
        theme::ERROR
    } else {
        theme::GOOD
    };
    theme::chip_frame()
        .fill(theme::PANEL)
        .stroke(egui::Stroke::new(1.0, color))
        .inner_margin(MESSAGE_MARGIN)
        .show(ui, |ui| {
            ui.set_max_width(message_width(area_width) - 2.0 * MESSAGE_MARGIN);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                message_body(ui, notice, color, actions);
            });
        });
}

fn message_body(ui: &mut Ui, notice: &Notice, color: egui::Color32, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let icon = if notice.is_error {
            Icon::Warning
        } else {
            Icon::Restored
        };
        icons::icon_label(ui, icon, 20.0, color);
        ui.label(
            RichText::new(&notice.title)
                .strong()
                .color(theme::TEXT_STRONG),
        );
    });
    if notice.is_error {
        ui.label(sentence(&notice.message));
    } else {
        // It may begin with the name of a file.
        ui.label(&notice.message);
    }
    ui.add_space(2.0);
    if ui
        .button("Dismiss")
        .on_hover_text("Put this message away")
        .clicked()
    {
        actions.push(Action::DismissNotice);
    }
}

/// Errors are written to follow a colon; alone they begin like a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_with_a_capital_and_keeps_the_rest() {
        assert_eq!(
            sentence("the file is empty: \"/a/B\""),
            "The file is empty: \"/a/B\""
        );
        assert_eq!(sentence("/tmp/a.png"), "/tmp/a.png");
        assert_eq!(sentence(""), "");
    }
}
