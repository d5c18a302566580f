//! What the window shows besides the document: view, tool, overlay, running jobs, dialogs. Dies with the window.

mod action;
mod allowed;
mod model;
mod overlay;
mod work;

use std::time::Instant;

use eframe::egui::{Pos2, Rect};

use super::area::PickedArea;
use super::canvas::transform::View;
use super::dialogs::{Dialog, Then, export::ExportForm};
use super::screen::ScreenProfile;
use super::tools::{Draft, Tool};
use crate::journal::{Autosave, Entry};
use crate::mask::{BrushMode, Shape};

pub use action::Action;
pub use model::Model;
pub use overlay::{Overlay, OverlayMode};
pub use work::{MARKING_SHOWS_AFTER, Mending, Work};

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

/// What a search for damage came to that marked nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something may be damage, but nothing is certain.
    Uncertain,
    /// Nothing looks like damage, however eagerly it is searched.
    Nothing,
}

/// Keys that act while they are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldKeys {
    /// The original is shown.
    pub master: bool,
    /// The space bar: dragging moves the photo.
    pub space: bool,
    /// The loupe is shown.
    pub loupe: bool,
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
    /// Whether that trace was seen: nobody keeps what they have not seen.
    pub trace_seen: bool,
    /// The area whose repair is being changed.
    pub area: Option<PickedArea>,
    /// Whether shape tools act on protection instead of marks.
    pub shapes_protect: bool,
    /// What lies over the photo.
    pub overlay: Overlay,
    /// Keys that act while they are held.
    pub held: HeldKeys,
    /// What the screen makes of colours; `None` is sRGB.
    pub screen: Option<ScreenProfile>,
    /// The loupe stays without a key held.
    pub loupe: bool,
    /// An open dialog.
    pub dialog: Option<Dialog>,
    /// The pressure with which a pen last touched the photo, 0 to 1; `None` until one that tells it did.
    pub pen: Option<f32>,
    /// What a search that marked nothing came to, until the person goes on or puts it away.
    pub finding: Option<Finding>,
    /// Size of text and controls that fits the screen, once it is known.
    pub screen_scale: Option<f32>,
    /// The message that stays on screen.
    pub notice: Option<Notice>,
    /// Image position of the last point painted, for straight lines.
    pub last_point: Option<(f32, f32)>,
    /// The area of one picture on the screen, points, as of the last frame.
    pub viewport: Rect,
    /// The keyboard's crosshair, image px, while the keyboard works on the photo.
    pub crosshair: Option<(f64, f64)>,
    /// The pointer over the photo, or the keyboard's crosshair, screen points.
    pub pointer: Option<Pos2>,
    /// A sentence on what was just done, with names of commands in braces, and since when it is shown.
    pub hint: Option<(Instant, &'static str)>,
    /// When a repair last took the overlay's place.
    pub repaired_at: Option<Instant>,
    /// A file is being dragged over the window.
    pub drop_hovers: bool,
    /// Which of the two blinking pictures is seen now.
    pub blink_shows_master: bool,
    /// What follows once the export is written.
    pub after_export: Option<Then>,
    /// An export that waits for what is being looked for.
    pub waiting_export: Option<ExportForm>,
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
            trace_seen: false,
            area: None,
            shapes_protect: false,
            overlay: Overlay::default(),
            held: HeldKeys::default(),
            screen: None,
            loupe: false,
            dialog: None,
            pen: None,
            finding: None,
            screen_scale: None,
            notice: None,
            last_point: None,
            viewport: Rect::ZERO,
            crosshair: None,
            pointer: None,
            hint: None,
            repaired_at: None,
            drop_hovers: false,
            blink_shows_master: false,
            after_export: None,
            waiting_export: None,
            exported_as: None,
            may_close: false,
            autosave: Autosave::default(),
            unfinished: Vec::new(),
        }
    }
}
