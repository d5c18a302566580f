//! What widgets read: one view of settings, window, work and photo.

use std::path::PathBuf;

use super::{Finding, OverlayMode, ViewState, Work};
use crate::document::Document;
use crate::gui::command::Command;
use crate::gui::settings::{CompareMode, Settings};
use crate::gui::tools::Tool;
use crate::photo::ResolutionUnit;
use crate::restore::threshold_from_probability;

/// What widgets read.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    /// Saved settings.
    pub settings: &'a Settings,
    /// The window's state.
    pub view: &'a ViewState,
    /// What runs.
    pub work: &'a Work,
    /// The open photo.
    pub document: Option<&'a Document>,
    /// Sample photos found beside the program.
    pub samples: &'a [PathBuf],
    /// A stroke is under way.
    pub stroke_open: bool,
    /// The work is being kept, so that closing loses nothing.
    pub keeps_work: bool,
}

impl Model<'_> {
    /// The page after the open one that is a picture of its own, or before it; counted from 0.
    pub fn page(&self, is_after: bool) -> Option<u32> {
        let metadata = self.document?.photo().metadata();
        let pages = &metadata.pages;
        if is_after {
            pages.after(metadata.page)
        } else {
            pages.before(metadata.page)
        }
    }

    /// What the search came to, as long as it marked nothing and the person did nothing either.
    pub fn finding(&self) -> Option<Finding> {
        let finding = self.view.finding?;
        let is_untouched = self.document?.undo_label().is_none() && !self.stroke_open;
        let is_unmarked = self.work.masked_pixels == Some(0);
        let is_idle = self.view.draft.is_none() && self.work.detecting.is_none();
        (is_untouched && is_unmarked && is_idle).then_some(finding)
    }

    /// How the chosen tool is used by what works on the photo now, pointer or keyboard.
    pub fn tool_hint(&self) -> &'static str {
        if self.view.crosshair.is_some() {
            self.view.tool.key_hint()
        } else {
            self.view.tool.hint()
        }
    }

    /// Pixels a millimetre of the original, when the file says it.
    pub fn px_per_mm(&self) -> Option<f32> {
        let resolution = self.document?.photo().metadata().resolution?;
        let mm = match resolution.unit {
            ResolutionUnit::Inch => 25.4,
            ResolutionUnit::Centimetre => 10.0,
            ResolutionUnit::None => return None,
        };
        Some((resolution.x / mm) as f32).filter(|px| px.is_finite() && *px > 0.0)
    }

    /// Whether the amount for operations on all marks is in mm.
    pub fn amount_is_in_mm(&self) -> bool {
        self.settings.amount_in_mm && self.px_per_mm().is_some()
    }

    /// That amount, in mm or px.
    pub fn amount(&self) -> f32 {
        if self.amount_is_in_mm() {
            self.settings.amount_mm
        } else {
            self.settings.amount_px
        }
    }

    /// That amount in px of the photo.
    pub fn amount_px(&self) -> f32 {
        match self.px_per_mm().filter(|_| self.settings.amount_in_mm) {
            Some(px_per_mm) => self.settings.amount_mm * px_per_mm,
            None => self.settings.amount_px,
        }
    }

    /// The threshold that `command` sets, once damage was looked for; `None` when it sets none.
    pub fn preset(&self, command: Command) -> Option<u8> {
        let thresholds = self.work.engine.as_ref()?.thresholds;
        self.document?.detection()?;
        let probability = match command {
            Command::SensitivityTimid => thresholds.timid,
            Command::SensitivityNormal => thresholds.default,
            Command::SensitivityEager => thresholds.eager,
            _ => return None,
        };
        Some(threshold_from_probability(probability))
    }

    /// Whether `command` is a choice that is on; `None` when it is no choice.
    pub fn is_selected(&self, command: Command) -> Option<bool> {
        let compare = self.settings.compare;
        let overlay = self.view.overlay.shown();
        if let Some(tool) = Tool::of_command(command) {
            return Some(self.view.tool == tool);
        }
        let threshold = self.document.map(Document::threshold);
        Some(match command {
            Command::SensitivityTimid | Command::SensitivityNormal | Command::SensitivityEager => {
                let preset = self.preset(command);
                preset.is_some() && preset == threshold
            }
            Command::LinearScan => {
                let photo = self.document.map(Document::photo);
                photo.is_some_and(|photo| photo.transfer().is_linear())
            }
            Command::Crosshair => self.view.crosshair.is_some(),
            Command::ToggleRim => self.settings.show_rim,
            Command::ShapesProtect => self.view.shapes_protect,
            Command::CompareRestored => compare == CompareMode::Restored,
            Command::CompareSplit => compare == CompareMode::Split,
            Command::CompareSplitAcross => compare == CompareMode::SplitAcross,
            Command::CompareBlink => compare == CompareMode::Blink,
            Command::CompareDifference => compare == CompareMode::Difference,
            Command::ToggleNavigator => self.settings.navigator,
            Command::ToggleLoupe => self.view.loupe,
            Command::TogglePixelGrid => self.settings.pixel_grid,
            Command::ToggleRulers => self.settings.rulers,
            Command::ToggleRulerUnit => self.settings.rulers_in_mm,
            Command::CompareSideBySide => compare == CompareMode::SideBySide,
            Command::CycleOverlay => overlay != OverlayMode::Off,
            Command::OverlayMask => overlay == OverlayMode::Mask,
            Command::OverlayOutline => overlay == OverlayMode::Outline,
            Command::OverlayProbability => overlay == OverlayMode::Probability,
            Command::OverlayProvenance => overlay == OverlayMode::Provenance,
            Command::OverlayOff => overlay == OverlayMode::Off,
            _ => return None,
        })
    }
}
