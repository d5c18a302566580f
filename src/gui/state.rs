//! What the window shows besides the document: view, tool, overlay, running jobs, dialogs. Dies with the window.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{Pos2, Rect, Vec2};

use super::area::PickedArea;
use super::canvas::transform::View;
use super::command::Command;
use super::dialogs::{Dialog, Then, export::ExportForm};
use super::settings::{CompareMode, Settings};
use super::tools::{Draft, Point, Tool};
use crate::document::Document;
use crate::jobs::{EngineInfo, JobId, Progress};
use crate::journal::{Autosave, Entry};
use crate::mask::{BrushMode, Shape};
use crate::photo::ResolutionUnit;

/// Repairs that take less show no progress bar.
const FILL_SHOWS_AFTER: Duration = Duration::from_millis(700);

/// What lies over the photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OverlayMode {
    /// Nothing.
    Off,
    /// What is to be repaired.
    #[default]
    Mask,
    /// How sure detection is.
    Probability,
}

/// The overlay and its retreat before a finished repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// What was chosen.
    pub mode: OverlayMode,
    /// Faded out because a repair arrived; any use of the overlay brings it back.
    pub retreated: bool,
    /// Chosen by hand since the photo was opened: then it does not retreat any more.
    pub pinned: bool,
}

impl Overlay {
    /// What is to be seen now.
    pub const fn shown(self) -> OverlayMode {
        if self.retreated {
            OverlayMode::Off
        } else {
            self.mode
        }
    }

    /// The next one in the order mask, probability map, off; a retreated overlay comes back first.
    pub fn cycle(&mut self) {
        self.mode = match self.shown() {
            OverlayMode::Off => OverlayMode::Mask,
            OverlayMode::Mask => OverlayMode::Probability,
            OverlayMode::Probability => OverlayMode::Off,
        };
        self.retreated = false;
        self.pinned = self.mode != OverlayMode::Off;
    }

    /// Chooses `mode` by hand.
    pub fn choose(&mut self, mode: OverlayMode) {
        *self = Self {
            mode,
            retreated: false,
            pinned: mode != OverlayMode::Off,
        };
    }

    /// Gives the view to a finished repair, unless the person chose to see the overlay.
    pub fn retreat(&mut self) {
        if !self.pinned && self.mode != OverlayMode::Off {
            self.retreated = true;
        }
    }
}

/// A message that stays until it is dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What was attempted.
    pub title: String,
    /// What happened and what to do.
    pub message: String,
    /// Whether it went wrong.
    pub is_error: bool,
}

/// Keys that act while they are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldKeys {
    /// The original is shown.
    pub master: bool,
    /// The space bar: dragging moves the photo.
    pub space: bool,
}

/// The state of one window.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the window"
)]
pub struct ViewState {
    /// Part of the photo that is seen.
    pub view: View,
    /// Place of the divider, part of the viewport's width.
    pub split: f32,
    /// The left button's tool.
    pub tool: Tool,
    /// The shape that is being drawn.
    pub draft: Option<Draft>,
    /// A traced scratch that is shown, to be kept or rejected, and what keeping it does.
    pub traced: Option<(BrushMode, Shape)>,
    /// The area whose repair is being changed.
    pub area: Option<PickedArea>,
    /// Whether shape tools act on protection instead of marks.
    pub shapes_protect: bool,
    /// What lies over the photo.
    pub overlay: Overlay,
    /// Keys that act while they are held.
    pub held: HeldKeys,
    /// An open dialog.
    pub dialog: Option<Dialog>,
    /// The pressure with which a pen last touched the photo, 0 to 1; `None` until one that tells it did.
    pub pen: Option<f32>,
    /// The message that stays on screen.
    pub notice: Option<Notice>,
    /// Image position of the last point painted, for straight lines.
    pub last_point: Option<(f32, f32)>,
    /// The area of one picture on the screen, points, as of the last frame.
    pub viewport: Rect,
    /// The pointer over the photo, screen points.
    pub pointer: Option<Pos2>,
    /// When a repair last took the overlay's place.
    pub repaired_at: Option<Instant>,
    /// A file is being dragged over the window.
    pub drop_hovers: bool,
    /// Which of the two blinking pictures is seen now.
    pub blink_shows_master: bool,
    /// What follows once the export is written.
    pub after_export: Option<Then>,
    /// How the last export was asked for, to begin the next one of the same photo with.
    pub exported_as: Option<ExportForm>,
    /// Closing was confirmed.
    pub may_close: bool,
    /// How keeping the work goes.
    pub autosave: Autosave,
    /// Work on photos that was not exported, the latest first, for the start screen.
    pub unfinished: Vec<Entry>,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            view: View::default(),
            split: 0.5,
            tool: Tool::default(),
            draft: None,
            traced: None,
            area: None,
            shapes_protect: false,
            overlay: Overlay::default(),
            held: HeldKeys::default(),
            dialog: None,
            pen: None,
            notice: None,
            last_point: None,
            viewport: Rect::ZERO,
            pointer: None,
            repaired_at: None,
            drop_hovers: false,
            blink_shows_master: false,
            after_export: None,
            exported_as: None,
            may_close: false,
            autosave: Autosave::default(),
            unfinished: Vec::new(),
        }
    }
}

/// What runs, and how it went.
#[derive(Debug, Default)]
pub struct Work {
    /// The photo being opened.
    pub opening: Option<(JobId, PathBuf)>,
    /// Stage 1.
    pub detecting: Option<JobId>,
    /// Stage 2, and since when.
    pub filling: Option<(JobId, Instant)>,
    /// The first repair asked for since the photo was opened; fills of earlier jobs belong to another photo.
    pub first_fill: Option<JobId>,
    /// A job that was told to stop and has not answered yet.
    pub cancelling: Option<JobId>,
    /// An export.
    pub exporting: Option<JobId>,
    /// What the workers last said.
    pub progress: Option<Progress>,
    /// The loaded networks and the provider that really runs them.
    pub engine: Option<EngineInfo>,
    /// Why the networks could not be loaded.
    pub engine_error: Option<String>,
    /// Time stage 1 took, s.
    pub detect_seconds: Option<f64>,
    /// Time the last repair took, s.
    pub fill_seconds: Option<f64>,
    /// Whether the person stopped the repair; strokes start it again.
    pub fill_paused: bool,
    /// When the person stopped the search for damage, until there is another.
    pub search_stopped: Option<Instant>,
    /// Part of the photo being searched again.
    pub searching: Option<JobId>,
    /// A scratch is being followed.
    pub tracing: bool,
    /// An area is being picked or healed.
    pub mending: Option<Mending>,
    /// An operation on all marks is being computed.
    pub marking: bool,
    /// A mask being read or written.
    pub mask_file: Option<JobId>,
    /// Where the brush was when the repair behind it was last asked for, image px.
    pub filled_behind: Option<(f32, f32)>,
    /// Pixels that are to be repaired.
    pub masked_pixels: Option<u64>,
}

impl Work {
    /// The job a Cancel button stops first.
    pub fn cancellable(&self) -> Option<JobId> {
        self.exporting
            .or(self.detecting)
            .or(self.searching)
            .or(self.filling.map(|(id, _)| id))
            .or(self.opening.as_ref().map(|(id, _)| *id))
    }

    /// The job whose progress is shown, in the order of [`Self::cancellable`]: a repair counts once it shows.
    pub fn shown_job(&self) -> Option<JobId> {
        let filling = self.filling.filter(|_| self.fill_shows());
        self.exporting
            .or(self.detecting)
            .or(self.searching)
            .or(filling.map(|(id, _)| id))
            .or(self.opening.as_ref().map(|(id, _)| *id))
    }

    /// Drops what a worker last said of a job that is not the one shown: its percentage would stand beside another's name.
    pub fn forget_progress_of_other_jobs(&mut self) {
        let shown = self.shown_job();
        self.progress = self
            .progress
            .take()
            .filter(|progress| Some(progress.job) == shown);
    }

    /// Whether a repair has gone on for long enough to be worth a progress bar; most strokes are done sooner.
    pub fn fill_shows(&self) -> bool {
        self.filling
            .is_some_and(|(_, since)| since.elapsed() >= FILL_SHOWS_AFTER)
    }
}

/// What is computed for an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// Which pixels belong to it.
    Picking,
    /// A fill from the photo itself.
    Healing,
}

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

    /// Whether `command` can be carried out now.
    pub fn is_enabled(&self, command: Command) -> bool {
        let has_photo = self.document.is_some();
        match command {
            Command::Open
            | Command::Quit
            | Command::Shortcuts
            | Command::Autosaves
            | Command::InterfaceLarger
            | Command::InterfaceSmaller
            | Command::InterfaceNormal => true,
            Command::FinishShape => self.view.draft.is_some() || self.view.traced.is_some(),
            Command::DropPoint => {
                let draft = self.view.draft.as_ref();
                draft.is_some_and(|draft| !draft.points.is_empty())
            }
            Command::Cancel => {
                self.stroke_open
                    || self.view.draft.is_some()
                    || self.view.traced.is_some()
                    || self.view.area.is_some()
                    || self.work.tracing
                    || self.work.mending.is_some()
                    || self.work.cancellable().is_some()
                    || self.view.notice.is_some()
            }
            Command::Undo => {
                !self.stroke_open && self.document.is_some_and(|d| d.undo_label().is_some())
            }
            Command::Redo => {
                !self.stroke_open && self.document.is_some_and(|d| d.redo_label().is_some())
            }
            Command::ClearArea
            | Command::NetworkFill
            | Command::SuggestFill
            | Command::ShowThrough => !self.stroke_open && self.view.area.is_some(),
            Command::ToggleRulerUnit => self.px_per_mm().is_some(),
            Command::Export => has_photo && self.work.exporting.is_none(),
            Command::SearchArea => has_photo && self.work.engine_error.is_none(),
            Command::Detect => {
                has_photo && self.work.detecting.is_none() && self.work.engine_error.is_none()
            }
            Command::GrowMarks
            | Command::ShrinkMarks
            | Command::FeatherMarks
            | Command::InvertMarks
            | Command::RemoveSpecks
            | Command::KeepLines
            | Command::KeepSpecks => has_photo && !self.stroke_open,
            Command::ClearMask => {
                !self.stroke_open && self.work.masked_pixels.is_some_and(|pixels| pixels > 0)
            }
            _ => has_photo,
        }
    }

    /// Whether `command` is a choice that is on; `None` when it is no choice.
    pub fn is_selected(&self, command: Command) -> Option<bool> {
        let compare = self.settings.compare;
        if let Some(tool) = Tool::of_command(command) {
            return Some(self.view.tool == tool);
        }
        Some(match command {
            Command::ToggleRim => self.settings.show_rim,
            Command::ShapesProtect => self.view.shapes_protect,
            Command::CompareRestored => compare == CompareMode::Restored,
            Command::CompareSplit => compare == CompareMode::Split,
            Command::CompareSplitAcross => compare == CompareMode::SplitAcross,
            Command::CompareBlink => compare == CompareMode::Blink,
            Command::CompareDifference => compare == CompareMode::Difference,
            Command::TogglePixelGrid => self.settings.pixel_grid,
            Command::ToggleRulers => self.settings.rulers,
            Command::ToggleRulerUnit => self.settings.rulers_in_mm,
            Command::CompareSideBySide => compare == CompareMode::SideBySide,
            Command::CycleOverlay => self.view.overlay.shown() != OverlayMode::Off,
            _ => return None,
        })
    }
}

/// A change somebody asked for; only `app.rs` carries it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A command from the table.
    Run(Command),
    /// Open this file.
    OpenPath(PathBuf),
    /// Move the photo by so many points.
    Pan(Vec2),
    /// Zoom by a factor, keeping what lies under the point.
    ZoomAt(f64, Pos2),
    /// Put the divider at this part of the viewport.
    SetSplit(f32),
    /// The brush touched the photo (image px).
    StrokeBegin {
        /// Where.
        at: (f32, f32),
        /// What the stroke does.
        mode: BrushMode,
        /// Draw a straight line from the last point.
        line: bool,
        /// How hard a pen presses, 0 to 1; 1 for a mouse.
        pressure: f32,
    },
    /// The brush moved.
    StrokeTo {
        /// Where to, image px.
        at: (f32, f32),
        /// How hard a pen presses, 0 to 1; 1 for a mouse.
        pressure: f32,
    },
    /// The brush left the photo.
    StrokeEnd,
    /// The button went down with a shape tool.
    ShapePress {
        /// Where, image px.
        at: Point,
        /// Whether the shape takes away.
        subtracts: bool,
        /// An image px on the screen, points.
        points_per_px: f32,
    },
    /// The pointer moved while a shape is being drawn.
    ShapeMove {
        /// Where to, image px.
        at: Point,
        /// Whether to keep to straight directions.
        straight: bool,
    },
    /// The button was let go.
    ShapeRelease,
    /// What shapes act on.
    SetShapesProtect(bool),
    /// Amount for operations on all marks, in its unit.
    SetAmount(f32),
    /// Whether that amount is in mm.
    SetAmountInMm(bool),
    /// Read a mask from this file.
    LoadMask(PathBuf),
    /// Write the mask as the open dialog says.
    ConfirmSaveMask,
    /// Choose the mask's target with the system's dialog.
    BrowseMaskTarget,
    /// Brush diameter, image px.
    SetBrushDiameter(f32),
    /// Brush hardness, 0 to 1.
    SetBrushHardness(f32),
    /// Whether a pen's pressure narrows the brush.
    SetPenPressure(bool),
    /// Undo or redo until so many edits are done.
    GoToStep(usize),
    /// Overlay colour.
    SetOverlayColor([u8; 3]),
    /// Overlay opacity, 0 to 1.
    SetOverlayOpacity(f32),
    /// What lies over the photo.
    SetOverlayMode(OverlayMode),
    /// The threshold of detection while its slider moves.
    SetThreshold(u8),
    /// The slider was let go.
    ThresholdDone,
    /// How strongly the picked area is repaired, 255 = in full.
    SetAreaStrength(u8),
    /// The slider was let go.
    AreaStrengthDone,
    /// Put the message away.
    DismissNotice,
    /// Close the dialog.
    CloseDialog,
    /// Write the export described by the open dialog.
    ConfirmExport,
    /// Choose the export's target with the system's dialog.
    BrowseExportTarget,
    /// Close the window without exporting.
    DiscardAndQuit,
    /// Open the file chosen after losing unsaved work was accepted.
    DiscardAndOpen(PathBuf),
    /// Close the window; the work is saved.
    KeepAndQuit,
    /// Open another file; the work on this one is saved.
    KeepAndOpen(PathBuf),
    /// Go on with the work that was found.
    ResumeWork,
    /// Do not go on with it.
    StartAfresh,
    /// Open this photo and go on with the work on it.
    OpenAndResume(PathBuf),
    /// Remove saved work.
    RemoveAutosaves(Vec<PathBuf>),
    /// Whether work is saved at all.
    SetAutosave(bool),
    /// Whether it is saved beside the photo.
    SetAutosaveBesidePhoto(bool),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlay_cycles_through_mask_map_and_nothing() {
        let mut overlay = Overlay::default();
        let mut seen = vec![overlay.shown()];
        for _ in 0..3 {
            overlay.cycle();
            seen.push(overlay.shown());
        }
        assert_eq!(
            seen,
            [
                OverlayMode::Mask,
                OverlayMode::Probability,
                OverlayMode::Off,
                OverlayMode::Mask
            ]
        );
    }

    #[test]
    fn the_progress_of_a_job_is_never_shown_under_another_ones_name() {
        let progress = |job| Progress {
            job,
            stage: crate::restore::Stage::Filling,
            done: 3,
            total: 9,
        };
        let (export, fill) = (JobId(7), JobId(8));
        let mut work = Work {
            exporting: Some(export),
            filling: Some((fill, Instant::now())),
            progress: Some(progress(fill)),
            ..Work::default()
        };
        work.forget_progress_of_other_jobs();
        assert_eq!(work.progress, None);
        work.progress = Some(progress(export));
        work.forget_progress_of_other_jobs();
        assert_eq!(work.progress, Some(progress(export)));
    }

    #[test]
    fn a_finished_repair_hides_the_overlay_until_it_is_asked_for() {
        let mut overlay = Overlay::default();
        overlay.retreat();
        assert_eq!(overlay.shown(), OverlayMode::Off);
        overlay.cycle();
        assert_eq!(overlay.shown(), OverlayMode::Mask);
        overlay.retreat();
        assert_eq!(
            overlay.shown(),
            OverlayMode::Mask,
            "what was asked for stays"
        );
    }
}
