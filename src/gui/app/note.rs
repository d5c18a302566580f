//! What of the window is kept with the work: view, tool, overlay, comparison. Writes no files.

use serde::{Deserialize, Serialize};

use super::UnscratchApp;
use crate::gui::canvas::transform::View;
use crate::gui::settings::CompareMode;
use crate::gui::state::OverlayMode;
use crate::gui::tools::Tool;
use crate::photo::TransferChoice;

/// What of the window is found again with the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Scale, middle, fitted.
    view: (f64, (f64, f64), bool),
    /// Number in the palette.
    tool: usize,
    /// 0 off, 1 marks, 2 probability.
    overlay: u8,
    compare: CompareMode,
    split: f32,
    brush: (f32, f32),
    shapes_protect: bool,
    /// Rulers, pixel grid, navigator; absent from older journals.
    #[serde(default)]
    aids: Option<(bool, bool, bool)>,
    /// Whether the photo is taken for a linear scan; absent from older journals, when none was.
    #[serde(default)]
    pub transfer: Option<TransferChoice>,
    /// Whether the photo was searched, or a search was under way; absent from older journals.
    #[serde(default)]
    pub searched: Option<bool>,
    /// Absent from older journals.
    #[serde(default)]
    look: Option<Look>,
}

/// How overlays and aids look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Look {
    rim: bool,
    rulers_in_mm: bool,
    loupe: bool,
    opacity: f32,
    color: [u8; 3],
}

impl UnscratchApp {
    /// What is to be found again, as it is now.
    pub(super) fn note(&self) -> Note {
        let settings = &self.store.settings;
        let View {
            scale,
            center,
            fitted,
        } = self.view.view;
        Note {
            view: (scale, center, fitted),
            tool: Tool::ALL
                .iter()
                .position(|tool| *tool == self.view.tool)
                .unwrap_or(0),
            // One that gave way to a repair is not to be seen when the work is taken up.
            overlay: match self.view.overlay.shown() {
                OverlayMode::Off => 0,
                OverlayMode::Mask => 1,
                OverlayMode::Probability => 2,
                OverlayMode::Outline => 3,
                OverlayMode::Provenance => 4,
            },
            compare: settings.compare,
            split: self.view.split,
            brush: (settings.brush_diameter_px, settings.brush_hardness),
            shapes_protect: self.view.shapes_protect,
            transfer: self
                .document
                .as_ref()
                .map(|document| document.photo().transfer_choice()),
            aids: Some((settings.rulers, settings.pixel_grid, settings.navigator)),
            searched: Some(self.work.search_stopped.is_none()),
            look: Some(Look {
                rim: settings.show_rim,
                rulers_in_mm: settings.rulers_in_mm,
                loupe: self.view.loupe,
                opacity: settings.overlay_opacity,
                color: settings.overlay_color,
            }),
        }
    }

    /// Makes the window look as it did.
    pub(super) fn take_note(&mut self, note: &Note) {
        let (scale, center, fitted) = note.view;
        let is_sound = [scale, center.0, center.1].iter().all(|it| it.is_finite());
        if is_sound && scale > 0.0 {
            self.view.view = View {
                scale,
                center,
                fitted,
            };
        }
        if let Some(tool) = Tool::ALL.get(note.tool) {
            self.view.tool = *tool;
        }
        // As one chosen by hand: the repair that comes with the work does not put it away.
        self.view.overlay.choose(match note.overlay {
            0 => OverlayMode::Off,
            2 => OverlayMode::Probability,
            3 => OverlayMode::Outline,
            4 => OverlayMode::Provenance,
            _ => OverlayMode::Mask,
        });
        self.view.split = note.split.clamp(0.0, 1.0);
        self.view.shapes_protect = note.shapes_protect;
        let settings = &mut self.store.settings;
        settings.compare = note.compare;
        if let Some(aids) = note.aids {
            (settings.rulers, settings.pixel_grid, settings.navigator) = aids;
        }
        if let Some(look) = &note.look {
            self.view.loupe = look.loupe;
            (settings.show_rim, settings.rulers_in_mm) = (look.rim, look.rulers_in_mm);
            (settings.overlay_opacity, settings.overlay_color) = (look.opacity, look.color);
        }
        (settings.brush_diameter_px, settings.brush_hardness) = note.brush;
        *settings = std::mem::take(settings).tidied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_an_older_journal_says_nothing_of_linear_scans_and_is_read_all_the_same() {
        let older = r#"{"view": [1.0, [2.0, 3.0], false], "tool": 1, "overlay": 0, "compare": "restored",
            "split": 0.5, "brush": [24.0, 0.8], "shapes_protect": false}"#;
        let note: Note = serde_json::from_str(older).unwrap();
        assert_eq!(note.transfer, None);
        let newer = Note {
            transfer: Some(TransferChoice::Linear),
            ..note
        };
        let json = serde_json::to_string(&newer).unwrap();
        assert_eq!(serde_json::from_str::<Note>(&json).unwrap(), newer);
    }
}
