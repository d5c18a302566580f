//! What widgets and input ask for. Only `app.rs` and its parts carry it out.

use std::path::PathBuf;

use eframe::egui::{Pos2, Vec2};

use super::OverlayMode;
use crate::gui::command::{BindingsChange, Command};
use crate::gui::tools::Point;
use crate::jobs::OpenRequest;
use crate::mask::BrushMode;

/// A change somebody asked for; only `app.rs` carries it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A command from the table.
    Run(Command),
    /// Open this file.
    OpenPath(PathBuf),
    /// Open this page of the open file, counted from 0.
    OpenPage(u32),
    /// Move the photo by so many points.
    Pan(Vec2),
    /// Zoom by a factor, keeping what lies under the point.
    ZoomAt(f64, Pos2),
    /// Bring this point (ui px) into the middle.
    LookAt((f64, f64)),
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
    /// Put away what the search came to.
    DismissFinding,
    /// Close the dialog.
    CloseDialog,
    /// Write the export described by the open dialog.
    ConfirmExport,
    /// Choose the export's target with the system's dialog.
    BrowseExportTarget,
    /// Close the window without exporting.
    DiscardAndQuit,
    /// Open the file chosen after losing unsaved work was accepted.
    DiscardAndOpen(OpenRequest),
    /// Close the window; the work is saved.
    KeepAndQuit,
    /// Open another file; the work on this one is saved.
    KeepAndOpen(OpenRequest),
    /// Show photos for the screen with this colour profile, or for an sRGB screen.
    UseScreenProfile(Option<PathBuf>),
    /// Choose that profile with the system's dialog.
    BrowseScreenProfile,
    /// The networks and what they keep may take so many MiB from the next start on.
    SetMemoryLimit(u32),
    /// Go on with the work that was found.
    ResumeWork,
    /// Do not go on with it.
    StartAfresh,
    /// Open this photo and go on with the work on it.
    OpenAndResume(OpenRequest),
    /// Remove saved work.
    RemoveAutosaves(Vec<PathBuf>),
    /// Other keys for commands.
    ChangeBindings(BindingsChange),
    /// Whether work is saved at all.
    SetAutosave(bool),
    /// Whether it is saved beside the photo.
    SetAutosaveBesidePhoto(bool),
}
