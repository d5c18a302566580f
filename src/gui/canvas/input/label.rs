//! The picture area in words. Changes nothing.

use crate::gui::state::{Model, OverlayMode};

/// The state of the picture area in words, for screen readers and tests.
pub(super) fn of(model: &Model<'_>) -> String {
    let zoom = (model.view.view.scale * 100.0).round();
    let overlay = match model.view.overlay.shown() {
        OverlayMode::Off => "no overlay",
        OverlayMode::Mask => "damage shown",
        OverlayMode::Outline => "outline shown",
        OverlayMode::Probability => "probability shown",
        OverlayMode::Provenance => "recovered and invented shown",
    };
    let what = if model.view.held.master {
        "original"
    } else {
        "restored"
    };
    let crosshair = model.view.crosshair.map_or_else(String::new, |(x, y)| {
        format!(", crosshair at {:.0}, {:.0}", x.floor(), y.floor())
    });
    let loupe = if model.view.loupe || model.view.held.loupe {
        ", loupe"
    } else {
        ""
    };
    format!("Photo, {what}, {zoom} %, {overlay}{crosshair}{loupe}")
}
