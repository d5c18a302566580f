//! How much memory the networks, and what is kept beside the photo, may take: chosen here.

use eframe::egui::Ui;

use super::title;
use crate::gui::panels::caption;
use crate::gui::settings::{MEMORY_LIMITS_MIB, Settings};
use crate::gui::state::{Action, Model};
use crate::gui::theme;

/// Draws the dialog.
pub fn show(ui: &mut Ui, model: &Model<'_>, actions: &mut Vec<Action>) {
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(320.0, 460.0));
    title(ui, "Memory");
    caption(
        ui,
        "The networks, what they keep, undo and older repairs may take so much beside the photo. With less the networks work in smaller windows, which takes longer, and undo reaches back less far.",
    );
    ui.add_space(6.0);
    let chosen = model.settings.memory_limit_mib;
    let mut limits = MEMORY_LIMITS_MIB.to_vec();
    if !limits.contains(&chosen) {
        // Somebody wrote another one into the file.
        limits.push(chosen);
        limits.sort_unstable();
    }
    for mib in limits {
        if ui.radio(mib == chosen, name_of(mib)).clicked() {
            actions.push(Action::SetMemoryLimit(mib));
        }
    }
    ui.add_space(6.0);
    caption(
        ui,
        "For undo and what is kept a change counts at once, for the networks from the next start of the program; --memory-limit on the command line comes before it.",
    );
    ui.add_space(8.0);
    if ui.add(theme::primary_button("Close")).clicked() {
        actions.push(Action::CloseDialog);
    }
}

fn name_of(mib: u32) -> String {
    let size = if mib.is_multiple_of(1024) {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    };
    if mib == Settings::default().memory_limit_mib {
        format!("{size} (usual)")
    } else {
        size
    }
}
