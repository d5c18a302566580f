//! The bar at the bottom: photo, zoom, hint for the tool, times, and which execution provider really ran.

use eframe::egui::{self, Align, Layout, RichText, Ui};

use crate::gui::canvas::canvas_id;
use crate::gui::state::Model;
use crate::gui::theme;
use crate::gui::tools::Tool;
use crate::jobs::ProviderReport;
use crate::journal::Autosave;
use crate::photo::Photo;

/// The hint while the keyboard works on the photo.
const CROSSHAIR: &str = "Arrows move, with Shift far, with Ctrl by 1 px; Shift+Enter is the right button, {next_part} goes to the options";
/// The same where there is little room.
const CROSSHAIR_SHORT: &str = "Arrows move, {next_part} goes to the options";
/// The hint of *Mend area* once an area is picked; how to pick one stands in the bar over the photo.
const AREA_PICKED: &str =
    "Alt+click or the right button on sound picture copies that place over the area";
/// The hint while a button or slider has the keyboard.
const WIDGETS: [&str; 3] = [
    "Space presses, arrows move a slider, Tab goes on · {next_part} goes to the next part of the window, {previous_part} back to the one before, {crosshair} to the photo",
    "Tab goes on · {next_part} goes to the next part of the window, {crosshair} to the photo",
    "{next_part} goes on, {crosshair} to the photo",
];

/// Draws the bar.
pub fn show(ui: &mut Ui, model: &Model<'_>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        if model.work.previewing {
            text(ui, "Preview, decoding…".to_owned()).on_hover_text(
                "The photo is shown roughly until it is read; then it can be worked on",
            );
        } else if let Some(document) = model.document {
            let photo = document.photo();
            text(
                ui,
                format!("{} px, {} bit", photo.ui_size(), photo.depth().bits()),
            );
            if photo.transfer().is_linear() {
                text(ui, "linear scan".to_owned()).on_hover_text(
                    "The networks see this photo encoded for the eye, since its values are proportional to light: Edit, Linear scan",
                );
            }
            if let Some(page) = page_of(photo) {
                text(ui, page).on_hover_text(model.with_keys(
                    "This file has several pages, each with marks of its own: {next_page} and {previous_page}, or File, Go to page, open another",
                ));
            }
            autosave(ui, model);
            if model.view.view.is_laid_out() {
                text(ui, zoom(model))
                    .on_hover_text("100 % is one pixel of the photo on one pixel of the screen");
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            provider(ui, model);
            times(ui, model);
            if ui.available_width() > 120.0 {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    hints(ui, model);
                });
            }
        });
    });
}

/// "page 2 of 3" in a file with other pages than this one, as `--page` counts them.
pub fn page_of(photo: &Photo) -> Option<String> {
    let metadata = photo.metadata();
    let (page, pages) = (metadata.page, &metadata.pages);
    let said = || format!("page {} of {}", page + 1, pages.count);
    pages.has_others(page).then(said)
}

fn text(ui: &mut Ui, text: String) -> egui::Response {
    ui.label(RichText::new(text).small())
}

fn autosave(ui: &mut Ui, model: &Model<'_>) {
    match &model.view.autosave {
        Autosave::Nothing => {}
        Autosave::Saved(_) => {
            text(ui, "Work saved".to_owned()).on_hover_text(
                "Your marks are saved while you work and offered again when you open this photo: File, Autosaved work",
            );
        }
        Autosave::Failed(reason) => {
            ui.label(RichText::new("Work not saved").small().color(theme::ERROR))
                .on_hover_text(reason);
            let said = RichText::new(reason).small().color(theme::ERROR);
            let room = ui.available_width() * 0.45;
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(egui::Label::new(said).truncate())
                    .on_hover_text(reason);
            });
        }
    }
}

fn zoom(model: &Model<'_>) -> String {
    let percent = model.view.view.scale * 100.0;
    if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// Draws as much of the hint as there is room for, never half a sentence.
fn hints(ui: &mut Ui, model: &Model<'_>) {
    if model.document.is_none() {
        return;
    }
    let room = ui.available_width();
    let fits = |text: &str| {
        let text = RichText::new(text).small();
        let wrap = Some(egui::TextWrapMode::Extend);
        let galley = egui::WidgetText::from(text).into_galley(
            ui,
            wrap,
            f32::INFINITY,
            egui::TextStyle::Small,
        );
        galley.size().x <= room
    };
    let focused = ui.memory(egui::Memory::focused);
    let candidates = if focused.is_some_and(|id| id != canvas_id()) {
        WIDGETS.map(|text| model.with_keys(text)).to_vec()
    } else {
        hint_candidates(model)
    };
    if let Some(text) = candidates.into_iter().find(|text| fits(text)) {
        ui.label(RichText::new(text).small().color(theme::TEXT_WEAK));
    }
}

/// What the hint may say, the longest first.
fn hint_candidates(model: &Model<'_>) -> Vec<String> {
    if model.view.held.master {
        return vec!["The original; let go to see the restored photo".to_owned()];
    }
    let tool = if model.view.tool == Tool::Mend {
        AREA_PICKED
    } else {
        model.view.tool.hint()
    };
    let other = "wheel zooms, {hold_pan}+drag moves, hold {hold_master} for the original, {cycle_overlay} for the damage";
    let picked = model.view.area.is_some();
    if model.view.tool == Tool::Area || (model.view.tool == Tool::Mend && !picked) {
        // The bar over the photo says it already, and has nothing else to say.
        let keys = model.view.crosshair.is_some();
        let said: &[&str] = if keys {
            &[CROSSHAIR, CROSSHAIR_SHORT]
        } else {
            &[other]
        };
        return said.iter().map(|text| model.with_keys(text)).collect();
    }
    if model.view.crosshair.is_some() {
        let by_key = model.view.tool.key_hint();
        let first = by_key.split([',', ';']).next().unwrap_or(by_key);
        return [
            format!("{by_key} · {CROSSHAIR}"),
            format!("{by_key} · {CROSSHAIR_SHORT}"),
            by_key.to_owned(),
            first.to_owned(),
        ]
        .map(|text| model.with_keys(&text))
        .to_vec();
    }
    let first = tool.split([',', ';', ':']).next().unwrap_or(tool);
    [&format!("{tool} · {other}"), tool, first]
        .map(|text| model.with_keys(text))
        .to_vec()
}

fn times(ui: &mut Ui, model: &Model<'_>) {
    let mut parts = Vec::new();
    if let Some(seconds) = model.work.detect_seconds {
        parts.push(format!("searched in {}", duration(seconds)));
    }
    // The time of the repair before says nothing about the one that runs.
    let repaired = model.work.fill_seconds.filter(|_| !model.work.fill_shows());
    if let Some(seconds) = repaired {
        parts.push(format!("repaired in {}", duration(seconds)));
    }
    if !parts.is_empty() {
        text(ui, parts.join(", "))
            .on_hover_text("Time the last search for damage and the last repair took");
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 0.095 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{:.0} min {:02.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    }
}

fn provider(ui: &mut Ui, model: &Model<'_>) {
    if let Some(reason) = &model.work.engine_error {
        ui.label(
            RichText::new("Networks not loaded")
                .small()
                .color(theme::ERROR),
        )
        .on_hover_text(reason);
        return;
    }
    match &model.work.engine {
        Some(engine) => {
            runs_on(ui, &engine.provider);
            if engine.models.iter().any(|model| !model.trained) {
                ui.label(
                    RichText::new("Untrained networks")
                        .small()
                        .color(theme::ACCENT),
                )
                .on_hover_text(
                    "These networks were never trained: they find and repair nothing useful",
                );
            }
        }
        None => {
            text(ui, "Loading the networks…".to_owned());
        }
    }
}

/// Says what runs the networks, and without waiting to be asked why when it is not what the person may count on.
fn runs_on(ui: &mut Ui, provider: &ProviderReport) {
    let name = format!("Runs on {}", provider.kind.name());
    if !provider.is_fallback {
        let response = text(ui, name);
        if !provider.detail.is_empty() {
            response.on_hover_text(at_length(provider));
        }
        return;
    }
    let said = format!("{name}, the GPU cannot be used: {}", provider.detail);
    let said = RichText::new(said).small().color(theme::ACCENT);
    let room = ui.available_width() * 0.6;
    ui.scope(|ui| {
        ui.set_max_width(room);
        ui.add(egui::Label::new(said).truncate())
            .on_hover_text(at_length(provider));
    });
}

/// Why another provider was not used, with ONNX Runtime's own words behind it.
fn at_length(provider: &ProviderReport) -> String {
    let ProviderReport { detail, said, .. } = provider;
    if said.is_empty() {
        return detail.clone();
    }
    format!("{detail}\n\nONNX Runtime says: {said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_people_say_them() {
        assert_eq!(duration(0.0321), "32 ms");
        assert_eq!(duration(1.26), "1.3 s");
        assert_eq!(duration(125.0), "2 min 05 s");
    }
}
