//! The bar of options over the photo: what the chosen tool can be told, always in the same place. It queues actions.

mod area;

use eframe::egui::{self, Align, Layout, Response, RichText, Slider, Ui, vec2};

use super::side::third;
use super::{caption, heading};
use crate::gui::settings::BRUSH_DIAMETER_PX;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::gui::tools::Tool;

/// Room for the tool's name, so that what follows begins at the same place for every tool, points.
const NAME_WIDTH: f32 = 116.0;
/// Room for a slider's value, points.
const VALUE_WIDTH: f32 = 46.0;
/// Height of buttons and sliders, points.
const HEIGHT: f32 = 26.0;

/// Draws the bar.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.x = 8.0;
    let tool = model.view.tool;
    let size = vec2(NAME_WIDTH, HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(NAME_WIDTH);
        heading(ui, tool.command().name());
    });
    match tool {
        Tool::Mend => area::show(ui, model, actions),
        Tool::Area => {
            caption(ui, model.with_keys(model.tool_hint()));
        }
        _ => {
            if !tool.is_brush() {
                shape_target(ui, model, actions);
            }
            if tool.has_width() {
                brush(ui, model, actions);
            }
        }
    }
}

fn brush(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let tool = model.view.tool;
    let mut diameter = model.settings.brush_diameter_px;
    let value = format!("{diameter:.0} px");
    let slider = Slider::new(&mut diameter, BRUSH_DIAMETER_PX).logarithmic(true);
    let size = named_slider(ui, "Size", 150.0, slider, &value).on_hover_text(
        model.with_keys("Diameter in pixels of the photo. Keys: {brush_smaller} and {brush_larger}; or drag sideways with Alt or Ctrl held"),
    );
    if size.changed() {
        actions.push(Action::SetBrushDiameter(diameter));
    }
    let mut hardness = model.settings.brush_hardness * 100.0;
    let value = format!("{hardness:.0} %");
    let slider = Slider::new(&mut hardness, 0.0..=100.0);
    let hard = named_slider(ui, "Hardness", 110.0, slider, &value)
        .on_hover_text(model.with_keys("How much of the brush works in full; the rest fades to its edge. Keys: {brush_softer} and {brush_harder}; or drag up and down with Alt or Ctrl held"));
    if hard.changed() {
        actions.push(Action::SetBrushHardness(hardness / 100.0));
    }
    if model.view.pen.is_some() && tool.is_brush() {
        let mut acts = model.settings.pen_pressure;
        let check = ui.checkbox(&mut acts, "Pen pressure sets the size");
        if check
            .on_hover_text("A light touch paints a fifth of the size, a firm one all of it")
            .changed()
        {
            actions.push(Action::SetPenPressure(acts));
        }
    }
}

/// Whether shapes mark or protect.
fn shape_target(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    let choices = [
        (false, "Mark damage", "What is inside will be repaired"),
        (
            true,
            "Keep unchanged",
            "What is inside is protected from any change",
        ),
    ];
    for (protects, text, tooltip) in choices {
        let hint = model.with_keys("{shapes_protect} goes to the other");
        if third(ui, 112.0, model.view.shapes_protect == protects, text)
            .on_hover_text(format!("{tooltip} ({hint})"))
            .clicked()
        {
            actions.push(Action::SetShapesProtect(protects));
        }
    }
}

/// A slider of `width` between its name and its value, which may change without moving what follows.
fn named_slider(ui: &mut Ui, name: &str, width: f32, slider: Slider<'_>, value: &str) -> Response {
    let label = ui.label(name);
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().slider_width = width;
            ui.spacing_mut().interact_size.y = 20.0;
            ui.visuals_mut().selection.bg_fill = theme::ACCENT;
            ui.add(slider.show_value(false)).labelled_by(label.id)
        })
        .inner;
    let size = vec2(VALUE_WIDTH, HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(VALUE_WIDTH);
        ui.add(egui::Label::new(RichText::new(value).color(theme::TEXT_WEAK)).extend());
    });
    response
}
