//! The application: owns the document, the jobs and all state, and is the only place that changes them.

mod actions;
mod autosave;
mod editing;
mod events;
mod files;
mod input;
mod linear;
mod marks;
mod memory;
mod mending;
mod note;
mod planning;
mod postponed;
mod screen;
mod screen_profile;
mod search;
mod tools;
mod viewing;

use std::collections::VecDeque;
use std::mem::Discriminant;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, CentralPanel, Layout, Margin, Panel, Rect, UiBuilder, ViewportCommand};

use super::canvas::{self, Canvas, PointerState, PreviewPicture};
use super::dialogs::{self, Dialog, Then};
use super::panels;
use super::panels::parts::{Part, Parts};
use super::panels::status::page_of;
use super::picker::Picker;
use super::screen::Reading;
use super::settings::{Settings, SettingsStore};
use super::state::{Action, Model, ViewState, Work};
use super::theme;
use crate::document::{Document, Snapshot};
use crate::jobs::{JobSystem, OpenRequest};
use crate::journal::JournalFolder;

/// Work on the UI thread that takes longer is named in the log.
const LONG_FOR_A_FRAME: Duration = Duration::from_millis(4);

/// How long a button may be held for a click, s: where frames are slow, press and release are told late.
const CLICK_SECONDS: f64 = 5.0;

/// What the application is started with besides the jobs.
#[derive(Debug, Default)]
pub struct AppOptions {
    /// Saved settings and where they are kept.
    pub settings: SettingsStore,
    /// Whether the system's file dialogs may be used.
    pub use_system_dialogs: bool,
    /// Sample photos to offer.
    pub samples: Vec<PathBuf>,
    /// A photo to open at once.
    pub file: Option<OpenRequest>,
    /// Whether the window is to fill the screen.
    pub maximized: bool,
    /// Whether the window system may tell a wheel's notch twice, as X11 does.
    pub notches_told_twice: bool,
    /// The memory limit named on the command line, bytes; it comes before the setting.
    pub memory_limit_bytes: Option<u64>,
    /// Where the work is saved while it is done; `None`: nowhere.
    pub journals: Option<JournalFolder>,
}

/// The window's application.
pub struct UnscratchApp {
    jobs: JobSystem,
    store: SettingsStore,
    view: ViewState,
    work: Work,
    document: Option<Document>,
    canvas: Canvas,
    /// The photo being opened, as far as it can be seen; nothing but the canvas knows of it.
    preview: Option<PreviewPicture>,
    pointer: PointerState,
    picker: Picker,
    /// The memory limit named on the command line, bytes.
    memory_limit_bytes: Option<u64>,
    samples: Vec<PathBuf>,
    /// When the repair is to be asked for, egui time: a moving slider waits for rest.
    fill_due: Option<f64>,
    /// To wake the window from a thread.
    ctx: egui::Context,
    /// A plan of the repair under way.
    planning: Option<planning::PlanUnderWay>,
    /// An operation on all marks under way.
    marking: Option<marks::Marking>,
    /// What waits for its end.
    postponed: VecDeque<postponed::Postponed>,
    /// A scratch being followed.
    tracing: Option<search::Tracing>,
    /// What is being computed for an area.
    mending: Option<mending::MendingWork>,
    /// The screen's colour profile being read.
    reading_screen: Option<Reading>,
    /// What the export in progress will have saved.
    exporting_state: Option<Snapshot>,
    saving: autosave::Saving,
    title: String,
    /// Where the parts of the window lie, for the keyboard to go between them.
    parts: Parts,
    /// The keyboard, not the pointer, was last used to go from widget to widget.
    keyboard_leads: bool,
    /// The shape is to be finished once this frame's clicks have come to it.
    finishes_next: bool,
    /// The window is still to be made as large as the screen.
    to_maximize: bool,
    /// The dialog of the frame before.
    last_dialog: Option<Discriminant<Dialog>>,
}

impl UnscratchApp {
    /// An application on `jobs`, whose wake function must ask `ctx` to repaint.
    pub fn new(ctx: &egui::Context, jobs: JobSystem, options: AppOptions) -> Self {
        keep_to_this_thread();
        theme::apply(ctx);
        // Ctrl+0, Ctrl+Plus and Ctrl+Minus zoom the photo; text and controls have commands of their own.
        ctx.options_mut(|options| {
            options.zoom_with_keyboard = false;
            options.input_options.max_click_duration = CLICK_SECONDS;
        });
        let mut app = Self {
            jobs,
            store: options.settings,
            view: ViewState::default(),
            work: Work::default(),
            document: None,
            canvas: Canvas::default(),
            preview: None,
            pointer: PointerState::default(),
            picker: Picker::new(options.use_system_dialogs),
            memory_limit_bytes: options.memory_limit_bytes,
            samples: options.samples,
            fill_due: None,
            ctx: ctx.clone(),
            planning: None,
            marking: None,
            postponed: VecDeque::new(),
            tracing: None,
            mending: None,
            reading_screen: None,
            exporting_state: None,
            saving: autosave::Saving::start(ctx, options.journals),
            title: String::new(),
            parts: Parts::default(),
            keyboard_leads: false,
            finishes_next: false,
            to_maximize: options.maximized,
            last_dialog: None,
        };
        app.pointer.wheel.expected = options.notches_told_twice;
        if let Some(path) = app.store.settings.screen_profile.clone() {
            app.use_screen_profile(ctx, Some(path));
        }
        if let Some(request) = options.file {
            app.open(request);
        }
        app
    }

    /// The open photo and its work.
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// The window's state.
    pub fn view(&self) -> &ViewState {
        &self.view
    }

    /// What runs.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// The settings now.
    pub fn settings(&self) -> &Settings {
        &self.store.settings
    }

    /// The canvas, to see what drawing costs.
    pub fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    fn model(&self) -> Model<'_> {
        Model {
            settings: &self.store.settings,
            view: &self.view,
            work: &self.work,
            document: self.document.as_ref(),
            samples: &self.samples,
            stroke_open: self.document.as_ref().is_some_and(Document::is_editing),
            keeps_work: self.keeps_work(),
        }
    }

    fn canvas_ui(&mut self, ui: &mut egui::Ui) {
        let area = ui.max_rect();
        let ctx = ui.ctx().clone();
        let mut actions = Vec::new();
        self.view.viewport = area;
        self.view.pointer = ctx
            .pointer_hover_pos()
            .filter(|position| area.contains(*position));
        if let Some(preview) = &mut self.preview {
            preview.paint(ui.painter(), area);
            panels::chips::show(ui, area, &self.model(), &mut actions);
            self.apply(&ctx, actions);
            return;
        }
        if self.document.is_none() {
            panels::start::show(ui, area, &self.model(), &mut actions);
            panels::chips::show(ui, area, &self.model(), &mut actions);
            self.apply(&ctx, actions);
            return;
        }
        self.blink(&ctx);
        if let Some(layout) = self.fitted_layout(area, ctx.pixels_per_point()) {
            let mut pointer = std::mem::take(&mut self.pointer);
            canvas::interact(ui, &layout, &self.model(), &mut pointer, &mut actions);
            self.pointer = pointer;
            self.view.crosshair = self.pointer.crosshair.image_position();
            self.view.pointer = self.pointer.crosshair.shown_at().or(self.view.pointer);
        }
        self.apply(&ctx, std::mem::take(&mut actions));
        let is_repairing = self.work.filling.is_some();
        timed("following the document", || {
            self.canvas
                .follow(&ctx, self.document.as_ref(), is_repairing);
            self.canvas.show_area(self.view.area.as_ref());
        });
        if let Some(layout) = self.fitted_layout(area, ctx.pixels_per_point()) {
            let mut canvas = std::mem::take(&mut self.canvas);
            timed("painting", || {
                canvas.paint(ui.painter(), &layout, &self.model(), &self.pointer);
            });
            self.canvas = canvas;
            self.note_trace(&layout);
        }
        panels::chips::show(ui, area, &self.model(), &mut actions);
        self.apply(&ctx, actions);
    }

    /// Draws the palette, and keeps room for the bar of options and the panel at the right.
    fn room_after_photo(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) -> [Rect; 2] {
        let options = Panel::top("options")
            .exact_size(theme::OPTIONS_BAR_HEIGHT)
            .resizable(false)
            .frame(theme::panel_frame(Margin::symmetric(12, 0)))
            .show(ui, |ui| ui.max_rect());
        let tools = Panel::left("tools")
            .exact_size(theme::PALETTE_WIDTH)
            .resizable(false)
            .frame(theme::panel_frame(Margin::symmetric(4, 8)))
            .show(ui, |ui| panels::palette::show(ui, &self.model(), actions));
        let side = Panel::right("side")
            .exact_size(theme::SIDE_PANEL_WIDTH)
            .resizable(false)
            .frame(theme::panel_frame(Margin::same(10)))
            .show(ui, |ui| ui.max_rect());
        self.parts.set(Part::Options, options.response.rect);
        self.parts.set(Part::Tools, tools.response.rect);
        self.parts.set(Part::Side, side.response.rect);
        [options.inner, side.inner]
    }

    /// Draws the options of the tool, then the panel: Tab goes through widgets in the order in which they are drawn, and from
    /// the photo to the options first.
    fn after_photo_ui(
        &self,
        ui: &mut egui::Ui,
        options: Rect,
        side: Rect,
        actions: &mut Vec<Action>,
    ) {
        let in_line = Layout::left_to_right(egui::Align::Center);
        let room = UiBuilder::new()
            .id_salt("options")
            .max_rect(options)
            .layout(in_line);
        let mut bar = ui.new_child(room);
        bar.shrink_clip_rect(options);
        panels::options::show(&mut bar, &self.model(), actions);
        let mut panel = ui.new_child(UiBuilder::new().id_salt("side").max_rect(side));
        panels::side::show(&mut panel, &self.model(), actions);
    }

    fn fitted_layout(&mut self, area: Rect, pixels_per_point: f32) -> Option<canvas::Layout> {
        let photo = std::sync::Arc::clone(self.document.as_ref()?.photo());
        if self.view.view.fitted {
            self.view.view = canvas::fitted(area, &self.store.settings, pixels_per_point, &photo);
        }
        Some(canvas::layout(
            area,
            pixels_per_point,
            &photo,
            &self.model(),
        ))
    }

    fn dialog_ui(&mut self, ctx: &egui::Context) {
        let Some(mut dialog) = self.view.dialog.take() else {
            return;
        };
        let mut actions = Vec::new();
        dialogs::show(
            ctx,
            &mut dialog,
            &self.model(),
            self.picker.is_available(),
            &mut actions,
        );
        self.view.dialog = Some(dialog);
        self.apply(ctx, actions);
    }

    fn follow_title(&mut self, ctx: &egui::Context) {
        let title = match &self.document {
            Some(document) => {
                let name = document
                    .photo()
                    .path()
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                let mark = if document.has_unsaved_edits() {
                    "• "
                } else {
                    ""
                };
                let page = page_of(document.photo()).map(|page| format!(", {page}"));
                let (name, page) = (name.unwrap_or_default(), page.unwrap_or_default());
                format!("{mark}{name}{page} – Unscratch")
            }
            None => "Unscratch".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Fills the screen once the window is on it: some window managers do not hear the wish of a window that is not shown yet,
    /// and the bar at the bottom would lie below a small screen.
    fn maximize_once_shown(&mut self, ctx: &egui::Context) {
        if !self.to_maximize {
            return;
        }
        if ctx.cumulative_frame_nr() < 2 {
            ctx.request_repaint();
            return;
        }
        self.to_maximize = false;
        if ctx.input(|input| input.viewport().maximized) != Some(true) {
            ctx.send_viewport_cmd(ViewportCommand::Maximized(true));
        }
    }

    fn close_requested(&mut self, ctx: &egui::Context) {
        if self.view.may_close {
            return;
        }
        if self.is_exporting() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.view.after_export = Some(Then::Quit);
        } else if self
            .document
            .as_ref()
            .is_some_and(Document::has_unsaved_edits)
        {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.view.dialog = Some(Dialog::Unsaved(Then::Quit));
        }
    }

    fn quit(&mut self, ctx: &egui::Context) {
        self.view.may_close = true;
        self.view.dialog = None;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}

/// Makes parallel loops that this thread begins run on it alone. They would wait for the threads that all others share, and
/// those may be busy for seconds with the levels of a photo.
fn keep_to_this_thread() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    if let Err(error) = pool.use_current_thread().build() {
        // So it is in tests that open several windows on one thread.
        tracing::debug!("the window's thread keeps the pool it is in: {error}");
    }
}

/// Runs `work` on the UI thread and says in the log when it was long enough to be felt.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    let elapsed = started.elapsed();
    if elapsed > LONG_FOR_A_FRAME {
        tracing::debug!(
            "{what} took the window {:.1} ms",
            elapsed.as_secs_f64() * 1000.0
        );
    }
    result
}

impl eframe::App for UnscratchApp {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        timed("events", || {
            self.drain_jobs(ctx);
            self.poll_picker(ctx);
            self.collect_screen_profile();
            self.collect_plan();
            self.fill_when_due(ctx);
            self.collect_marks(ctx);
            self.collect_trace();
            self.collect_mending();
            self.export_once_marked();
            self.keep_work(ctx);
        });
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.choose_first_scale(&ctx);
        self.follow_interface_scale(&ctx);
        let mut actions = Vec::new();
        self.read_input(&ctx, &mut actions);
        self.apply(&ctx, std::mem::take(&mut actions));
        self.put_tooltip_away(&ctx);
        self.parts = Parts::default();
        let top = Panel::top("top")
            .exact_size(theme::TOP_BAR_HEIGHT)
            .resizable(false)
            .frame(theme::panel_frame(Margin::symmetric(10, 0)))
            .show(ui, |ui| panels::top::show(ui, &self.model(), &mut actions));
        self.parts.set(Part::Bar, top.response.rect);
        Panel::bottom("status")
            .exact_size(theme::STATUS_BAR_HEIGHT)
            .resizable(false)
            .frame(theme::panel_frame(Margin::symmetric(12, 0)))
            .show(ui, |ui| panels::status::show(ui, &self.model()));
        let after_photo = self
            .document
            .is_some()
            .then(|| self.room_after_photo(ui, &mut actions));
        self.apply(&ctx, std::mem::take(&mut actions));
        CentralPanel::no_frame().show(ui, |ui| self.canvas_ui(ui));
        if let Some([options, side]) = after_photo {
            self.after_photo_ui(ui, options, side, &mut actions);
            if !actions.is_empty() {
                // What was drawn before them shows it too.
                ctx.request_repaint();
            }
            self.apply(&ctx, actions);
        }
        self.dialog_ui(&ctx);
        if self.keyboard_leads {
            panels::focus::ring(&ctx);
        }
        timed("saving", || self.keep_work(&ctx));
        self.follow_title(&ctx);
        self.maximize_once_shown(&ctx);
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::PANEL.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        self.keep_work_now();
        self.store.save();
    }
}
