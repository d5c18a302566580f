//! The panel at the right: damage and its sensitivity, all marks, history, overlay, the photo's data. Nothing in it depends on
//! the tool, so everything stays where the eye found it; what does is in the bar of options.

use eframe::egui::{
    self, Align, Color32, Layout, Response, RichText, Role, Sense, Slider, Stroke, Ui, WidgetInfo,
    vec2,
};

use super::{caption, explained, heading};
use crate::gui::command::Command;
use crate::gui::state::{Action, Model, OverlayMode};
use crate::gui::theme;
use crate::photo::TransferChoice;

/// Height of what the overlay's colours mean, or of their choice, points.
const LEGEND_HEIGHT: f32 = 44.0;

/// Draws the panel.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    egui::ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 10.0;
            ui.add_enabled_ui(model.document.is_some(), |ui| {
                theme::card_frame().show(ui, |ui| damage(ui, model, actions));
                theme::card_frame().show(ui, |ui| super::marks::show(ui, model, actions));
                theme::card_frame().show(ui, |ui| super::history::show(ui, model, actions));
                theme::card_frame().show(ui, |ui| overlay(ui, model, actions));
            });
            theme::card_frame().show(ui, |ui| photo(ui, model));
            super::focus::follow(ui);
        });
}

fn damage(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Damage");
    one_line(ui, &damage_summary(model));
    let Some(document) = model.document else {
        return;
    };
    let has_map = document.detection().is_some();
    ui.add_enabled_ui(has_map, |ui| {
        let label = label_with_value(ui, "Sensitivity", &format!("{:.0} %", sensitivity_percent(document.threshold())));
        let mut percent = sensitivity_percent(document.threshold());
        let slider = wide_slider(ui, Slider::new(&mut percent, 0.0..=100.0), &label).on_hover_text(
            "How readily a mark counts as damage. It is the threshold on the network's probability map; moving it needs no new search, and your own strokes stay.",
        );
        if slider.changed() {
            actions.push(Action::SetThreshold(threshold_from_percent(percent)));
        }
        if slider.drag_stopped() || slider.lost_focus() {
            actions.push(Action::ThresholdDone);
        }
        presets(ui, model, actions);
    });
    ui.add_space(2.0);
    let width = (ui.available_width() - 8.0) / 2.0;
    ui.horizontal(|ui| {
        for command in [Command::Detect, Command::ClearMask] {
            let button = egui::Button::new(command.name()).min_size(vec2(width, 0.0));
            let response = ui.add_enabled(model.is_enabled(command), button);
            if explained(response, command, model).clicked() {
                actions.push(Action::Run(command));
            }
        }
    });
}

/// A caption that never takes a second line, so that nothing below it moves.
fn one_line(ui: &mut Ui, text: &str) {
    let said = RichText::new(text).small().color(theme::TEXT_WEAK);
    ui.add(egui::Label::new(said).truncate())
        .on_hover_text(text);
}

fn damage_summary(model: &Model<'_>) -> String {
    if model.work.engine_error.is_some() {
        return "The networks are not loaded".to_owned();
    }
    let Some(document) = model.document else {
        return "Open a photo to look for damage".to_owned();
    };
    if model.work.detecting.is_some() {
        return "Looking for damage…".to_owned();
    }
    if model.work.search_stopped.is_some() && model.work.masked_pixels.unwrap_or(0) == 0 {
        return "Search stopped".to_owned();
    }
    let pixels = document.photo().size().pixel_count() as f64;
    match model.work.masked_pixels {
        Some(0) if document.undo_label().is_none() => match document.detection() {
            Some(found)
                if model
                    .preset(Command::SensitivityEager)
                    .is_some_and(|eager| found.map.maximum() >= eager) =>
            {
                "Nothing certain was found".to_owned()
            }
            Some(_) => "No damage was found".to_owned(),
            None => "Nothing is marked".to_owned(),
        },
        Some(0) => "Nothing is marked".to_owned(),
        Some(masked) => {
            let share = 100.0 * masked as f64 / pixels;
            let digits = if share < 1.0 { 2 } else { 1 };
            format!("{share:.digits$} % of the photo is marked for repair")
        }
        None => "Nothing is marked yet".to_owned(),
    }
}

fn presets(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let width = (ui.available_width() - 2.0 * 6.0) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (command, text) in [
            (Command::SensitivityTimid, "Timid"),
            (Command::SensitivityNormal, "Normal"),
            (Command::SensitivityEager, "Eager"),
        ] {
            let chosen = model.is_selected(command) == Some(true);
            let response = third(ui, width, chosen, text);
            if explained(response, command, model).clicked() {
                actions.push(Action::Run(command));
            }
        }
    });
}

/// Sensitivity in percent of a threshold: the lower the threshold, the more is marked. 255 is 0 %, 1 is 100 %.
fn sensitivity_percent(threshold: u8) -> f32 {
    (255.0 - f32::from(threshold.max(1))) / 254.0 * 100.0
}

/// The threshold of a sensitivity in percent; never 0, which would mark everything.
fn threshold_from_percent(percent: f32) -> u8 {
    (255.0 - percent.clamp(0.0, 100.0) / 100.0 * 254.0).round() as u8
}

fn overlay(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Overlay");
    overlay_modes(ui, model, actions);
    let shown = model.view.overlay.shown();
    let mut opacity = model.settings.overlay_opacity * 100.0;
    // A line is always drawn in full; the slider stays where it is.
    ui.add_enabled_ui(shown != OverlayMode::Outline, |ui| {
        let label = label_with_value(ui, "Opacity", &format!("{opacity:.0} %"));
        if wide_slider(ui, Slider::new(&mut opacity, 5.0..=100.0), &label).changed() {
            actions.push(Action::SetOverlayOpacity(opacity / 100.0));
        }
    });
    // As high for every overlay, so that what is below stays where it is.
    ui.scope(|ui| {
        ui.set_min_height(LEGEND_HEIGHT);
        ui.spacing_mut().interact_size.y = 18.0;
        match shown {
            OverlayMode::Probability => scale_of(ui, "Perhaps", "Surely damage", theme::heat),
            OverlayMode::Provenance => {
                scale_of(ui, "Invented", "Recovered", theme::provenance);
                by_hand(ui);
            }
            _ => overlay_color(ui, model, actions),
        }
    });
}

/// What may lie over the photo, in rows of three.
fn overlay_modes(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    const MODES: [(OverlayMode, Command, &str); 5] = [
        (OverlayMode::Mask, Command::OverlayMask, "Damage"),
        (OverlayMode::Outline, Command::OverlayOutline, "Outline"),
        (
            OverlayMode::Probability,
            Command::OverlayProbability,
            "Certainty",
        ),
        (
            OverlayMode::Provenance,
            Command::OverlayProvenance,
            "Recovered",
        ),
        (OverlayMode::Off, Command::OverlayOff, "Off"),
    ];
    let width = (ui.available_width() - 2.0 * 6.0) / 3.0;
    for row in MODES.chunks(3) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for (mode, command, text) in row {
                let chosen = model.view.overlay.shown() == *mode;
                let next = model.with_keys("{cycle_overlay} goes to the next");
                let tooltip = format!("{}\n{next}", model.tooltip(*command));
                if third(ui, width, chosen, text)
                    .on_hover_text(tooltip)
                    .clicked()
                {
                    actions.push(Action::SetOverlayMode(*mode));
                }
            }
        });
    }
}

fn overlay_color(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label("Colour");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for (name, color) in theme::OVERLAY_COLORS.iter().rev() {
                if swatch(ui, name, *color, model.settings.overlay_color == *color).clicked() {
                    actions.push(Action::SetOverlayColor(*color));
                }
            }
        });
    });
}

/// What the colours from 0 to 255 mean, in place of the colour of the marks.
fn scale_of(ui: &mut Ui, low: &str, high: &str, color: fn(u8) -> Color32) {
    const STEPS: u8 = 51;
    ui.horizontal(|ui| {
        ui.label(low);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(high);
            let size = vec2(ui.available_width(), 14.0);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let step = rect.width() / f32::from(STEPS);
            for at in 0..STEPS {
                let left = rect.left() + step * f32::from(at);
                let size = vec2(step + 0.5, rect.height());
                let stripe = egui::Rect::from_min_size(egui::pos2(left, rect.top()), size);
                ui.painter().rect_filled(stripe, 0.0, color(at * 5));
            }
        });
    });
}

/// The colour of what comes from elsewhere in the photo.
fn by_hand(ui: &mut Ui) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(22.0, 14.0), Sense::hover());
        ui.painter().rect_filled(rect, 0.0, theme::BY_HAND);
        ui.label("Healed or suggested");
    });
}

fn swatch(ui: &mut Ui, name: &str, [r, g, b]: [u8; 3], chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(26.0, 22.0), Sense::click());
    let label = format!("{name} overlay");
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &label));
    let color = Color32::from_rgb(r, g, b);
    ui.painter().rect_filled(rect.shrink(3.0), 4.0, color);
    if chosen || response.hovered() || response.has_focus() {
        let line = if chosen {
            theme::TEXT_STRONG
        } else {
            theme::TEXT_WEAK
        };
        ui.painter()
            .rect_stroke(rect, 6.0, Stroke::new(1.5, line), egui::StrokeKind::Inside);
    }
    response.on_hover_text(label)
}

fn photo(ui: &mut Ui, model: &Model<'_>) {
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Photo");
    let Some(document) = model.document else {
        caption(ui, "None open");
        return;
    };
    let photo = document.photo();
    let name = photo
        .path()
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    ui.add(egui::Label::new(RichText::new(name).small()).truncate())
        .on_hover_text(photo.path().display().to_string());
    let channels = match photo.channels() {
        crate::photo::Channels::Grey => "grey",
        crate::photo::Channels::Rgb => "colour",
    };
    let resolution = photo
        .metadata()
        .resolution
        .and_then(|resolution| Some((resolution.x, unit_name(resolution.unit)?)))
        .map_or_else(String::new, |(x, unit)| format!(", {x:.0} pixels {unit}"));
    let kind = format!(
        "{}, {} bit {channels}{resolution}",
        photo.source().format.name(),
        photo.depth().bits()
    );
    caption(ui, kind);
    let is_linear = photo.transfer().is_linear();
    let profile = match (photo.metadata().icc.is_some(), is_linear) {
        (true, _) => "With a colour profile",
        (false, false) => "No colour profile, shown as sRGB",
        (false, true) => "No colour profile, shown as linear sRGB",
    };
    caption(ui, profile);
    if is_linear {
        let said = match photo.transfer_choice() {
            TransferChoice::Automatic => "Linear scan, as the file says",
            TransferChoice::Linear | TransferChoice::Encoded => "Linear scan, as you said",
        };
        caption(ui, said);
    } else if photo.stated_transfer().is_linear() {
        caption(ui, "No linear scan, as you said");
    }
    for note in &photo.source().notes {
        caption(ui, note.as_str());
    }
}

const fn unit_name(unit: crate::photo::ResolutionUnit) -> Option<&'static str> {
    match unit {
        crate::photo::ResolutionUnit::None => None,
        crate::photo::ResolutionUnit::Inch => Some("an inch"),
        crate::photo::ResolutionUnit::Centimetre => Some("a centimetre"),
    }
}

/// A slider over the whole width of the card.
fn wide_slider(ui: &mut Ui, slider: Slider<'_>, label: &Response) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = ui.available_width();
        ui.spacing_mut().interact_size.y = 20.0;
        ui.visuals_mut().selection.bg_fill = theme::ACCENT;
        ui.add(slider.show_value(false)).labelled_by(label.id)
    })
    .inner
}

/// One of a few buttons in a row, of which one may be chosen.
pub(super) fn third(ui: &mut Ui, width: f32, chosen: bool, text: &str) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().button_padding.x = 3.0;
        let button = egui::Button::selectable(chosen, text).frame_when_inactive(true);
        ui.add(button.min_size(vec2(width, 26.0)))
    })
    .inner
}

/// A name at the left and its value at the right.
fn label_with_value(ui: &mut Ui, text: &str, value: &str) -> Response {
    ui.horizontal(|ui| {
        let label = ui.label(text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(value).color(theme::TEXT_WEAK));
        });
        label
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitivity_and_threshold_are_inverse_and_never_mark_everything() {
        for threshold in 1..=255 {
            assert_eq!(
                threshold_from_percent(sensitivity_percent(threshold)),
                threshold
            );
        }
        assert_eq!(threshold_from_percent(100.0), 1);
        assert_eq!(threshold_from_percent(0.0), 255);
    }
}
