//! What the pointer looks like over the photo, and where the ring of the brush is. Changes nothing.

use eframe::egui::{CursorIcon, Pos2, Ui};

use super::super::{Divider, Layout};
use super::{Grip, PointerState, near_divider};
use crate::gui::state::Model;
use crate::gui::tools::Tool;

/// Sets the cursor, and where the brush ring and the mark of a source are drawn.
pub(super) fn show(
    ui: &Ui,
    is_over: bool,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    hover: Option<Pos2>,
) {
    state.on_divider = state.grip == Grip::Divider
        || (is_over
            && state.grip == Grip::None
            && hover.is_some_and(|pos| near_divider(layout, pos)));
    let pans = matches!(state.grip, Grip::Pan(_));
    let stroking = matches!(
        state.grip,
        Grip::Stroke(_) | Grip::Shape(_) | Grip::Adjust(_)
    );
    let crosshair = state.crosshair.shown_at();
    let pointer = crosshair.or_else(|| ui.input(|input| input.pointer.latest_pos()));
    state.brush_at = None;
    let points_at_source =
        is_over && model.view.tool == Tool::Mend && ui.input(|input| input.modifiers.alt);
    state.source_at = pointer.filter(|_| points_at_source);
    if crosshair.is_some() {
        state.brush_at = crosshair.filter(|_| model.view.tool.has_width());
    }
    if !is_over && !pans && !stroking && state.grip != Grip::Divider {
        return;
    }
    let is_free = matches!(state.grip, Grip::None | Grip::Navigator);
    if is_free && state.is_on_navigator() {
        state.source_at = None;
        ui.ctx().set_cursor_icon(CursorIcon::Move);
        return;
    }
    let icon = if pans {
        CursorIcon::Grabbing
    } else if model.view.held.space {
        CursorIcon::Grab
    } else if state.on_divider {
        match layout.divider {
            Some(Divider::Across(_)) => CursorIcon::ResizeVertical,
            _ => CursorIcon::ResizeHorizontal,
        }
    } else if model.view.held.master {
        CursorIcon::Default
    } else if model.view.tool.has_width() {
        state.brush_at = state.adjusting.map(|adjusting| adjusting.at).or(pointer);
        CursorIcon::None
    } else {
        CursorIcon::Crosshair
    };
    ui.ctx().set_cursor_icon(icon);
}
