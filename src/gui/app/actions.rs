//! Which method answers to which action and command. The only way from widgets to the state.

use eframe::egui::{self, ViewportCommand};

use super::{UnscratchApp, timed};
use crate::gui::canvas;
use crate::gui::command::Command;
use crate::gui::dialogs::Dialog;
use crate::gui::panels::top;
use crate::gui::settings::CompareMode;
use crate::gui::state::{Action, OverlayMode};
use crate::gui::tools::Tool;

/// A key's or button's step of zoom.
const ZOOM_STEP: f64 = 1.25;
/// A key's step of brush size.
const BRUSH_STEP: f32 = 1.15;
/// How far a key moves the divider, as a part of the picture area.
const DIVIDER_STEP: f32 = 0.02;
/// A key's step of hardness.
const HARDNESS_STEP: f32 = 0.1;

impl UnscratchApp {
    pub(super) fn apply(&mut self, ctx: &egui::Context, actions: Vec<Action>) {
        for action in actions {
            self.apply_one(ctx, action);
        }
    }

    fn apply_one(&mut self, ctx: &egui::Context, action: Action) {
        let Some(action) = self.postpone(action) else {
            return;
        };
        match action {
            Action::Run(command) => {
                if self.model().is_enabled(command) {
                    self.make_way_for_dialog(command);
                    self.run(ctx, command);
                }
            }
            Action::OpenPath(path) => self.open_asking(path.into()),
            Action::OpenPage(page) => self.open_page(Some(page)),
            Action::Pan(delta) => {
                self.change_view(|view, ppp, shown, _| view.pan(delta, ppp, shown), ctx);
            }
            Action::ZoomAt(factor, anchor) => {
                let viewport = self.pane_at(anchor);
                self.change_view(
                    |view, ppp, shown, _| view.zoom_at(factor, anchor, viewport, ppp, shown),
                    ctx,
                );
            }
            Action::LookAt(center) => {
                self.change_view(|view, _, shown, _| view.look_at(center, shown), ctx);
            }
            Action::SetSplit(split) => self.view.split = split,
            Action::StrokeBegin {
                at,
                mode,
                line,
                pressure,
            } => self.begin_stroke(at, mode, line, pressure),
            Action::StrokeTo { at, pressure } => self.extend_stroke(at, pressure),
            Action::StrokeEnd => timed("end of a stroke", || self.end_stroke()),
            Action::ShapePress {
                at,
                subtracts,
                points_per_px,
            } => self.shape_press(ctx, at, subtracts, points_per_px),
            Action::ShapeMove { at, straight } => self.shape_move(ctx, at, straight),
            Action::ShapeRelease => self.shape_release(ctx),
            Action::SetShapesProtect(protects) => self.view.shapes_protect = protects,
            Action::SetAmount(amount) => self.set_amount(amount),
            Action::SetAmountInMm(in_mm) => self.store.settings.amount_in_mm = in_mm,
            Action::LoadMask(path) => self.load_mask(path),
            Action::ConfirmSaveMask => self.confirm_save_mask(),
            Action::BrowseMaskTarget => self.browse_mask_target(ctx),
            Action::SetBrushDiameter(px) => {
                self.store.settings.brush_diameter_px = px;
                // The panel, which was drawn before, shows the number too.
                ctx.request_repaint();
            }
            Action::SetBrushHardness(hardness) => {
                self.store.settings.brush_hardness = hardness;
                ctx.request_repaint();
            }
            Action::SetPenPressure(acts) => self.store.settings.pen_pressure = acts,
            Action::GoToStep(step) => self.go_to_step(step),
            Action::SetOverlayColor(color) => self.store.settings.overlay_color = color,
            Action::SetOverlayOpacity(opacity) => self.store.settings.overlay_opacity = opacity,
            Action::SetOverlayMode(mode) => self.view.overlay.choose(mode),
            Action::SetThreshold(threshold) => self.set_threshold(ctx, threshold),
            Action::ThresholdDone => self.threshold_done(),
            Action::SetAreaStrength(strength) => self.set_area_strength(strength),
            Action::AreaStrengthDone => self.area_strength_done(),
            Action::DismissNotice => self.view.notice = None,
            Action::DismissFinding => self.view.finding = None,
            Action::CloseDialog => {
                self.view.dialog = None;
                self.view.after_export = None;
            }
            Action::ConfirmExport => self.confirm_export(),
            Action::BrowseExportTarget => self.browse_export_target(ctx),
            Action::DiscardAndQuit => {
                self.discard_work();
                self.quit(ctx);
            }
            Action::DiscardAndOpen(request) => {
                self.view.dialog = None;
                self.discard_work();
                self.open(request);
            }
            Action::KeepAndQuit => self.quit(ctx),
            Action::KeepAndOpen(request) => {
                self.view.dialog = None;
                self.open(request);
            }
            Action::ChangeBindings(change) => self.store.settings.shortcuts.apply(change),
            Action::UseScreenProfile(path) => self.use_screen_profile(ctx, path),
            Action::BrowseScreenProfile => self.browse_screen_profile(ctx),
            Action::SetMemoryLimit(mib) => self.set_memory_limit(mib),
            Action::ResumeWork => self.resume_work(),
            Action::StartAfresh => self.start_afresh(),
            Action::OpenAndResume(request) => self.open_and_resume(request),
            Action::RemoveAutosaves(files) => self.remove_autosaves(files),
            Action::SetAutosave(is_wanted) => self.set_autosave(is_wanted),
            Action::SetAutosaveBesidePhoto(is_beside) => {
                self.set_autosave_beside_photo(is_beside);
            }
        }
    }

    fn run(&mut self, ctx: &egui::Context, command: Command) {
        let settings = &mut self.store.settings;
        match command {
            Command::Open => self.choose_photo(ctx),
            Command::Export => self.show_export(),
            Command::NextPage => self.open_page(self.model().page(true)),
            Command::PreviousPage => self.open_page(self.model().page(false)),
            Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::ClearMask
            | Command::GrowMarks
            | Command::ShrinkMarks
            | Command::FeatherMarks
            | Command::InvertMarks
            | Command::RemoveSpecks
            | Command::KeepLines
            | Command::KeepSpecks => {
                if let Some(operation) = self.operation_of(command) {
                    self.change_marks(ctx, operation);
                }
            }
            Command::ClearArea => self.clear_area(ctx),
            Command::SuggestFill => self.suggest_fill(ctx),
            Command::AreaWeaker => self.step_area_strength(false),
            Command::AreaStronger => self.step_area_strength(true),
            Command::ShowThrough => self.show_through(ctx),
            Command::NetworkFill => self.fill_area_by_network(),
            Command::LoadMask => self.choose_mask(ctx),
            Command::SaveMask => self.show_save_mask(),
            Command::ToggleRim => settings.show_rim = !settings.show_rim,
            Command::Detect => self.detect_by_hand(),
            Command::LinearScan => self.toggle_linear_scan(),
            Command::SensitivityTimid | Command::SensitivityNormal | Command::SensitivityEager => {
                if let Some(threshold) = self.model().preset(command) {
                    self.set_threshold(ctx, threshold);
                    self.threshold_done();
                }
            }
            Command::Cancel => self.cancel(),
            Command::Brush
            | Command::Eraser
            | Command::Protect
            | Command::Line
            | Command::Lasso
            | Command::Polygon
            | Command::Rectangle
            | Command::FillHole
            | Command::Trace
            | Command::SearchArea
            | Command::MendArea => {
                if let Some(tool) = Tool::of_command(command) {
                    self.choose_tool(tool);
                }
            }
            Command::ShapesProtect => self.view.shapes_protect = !self.view.shapes_protect,
            Command::FinishShape => self.shape_finish(ctx),
            Command::DropPoint => self.shape_drop_point(ctx),
            Command::SwapTool => self.choose_tool(self.view.tool.other()),
            Command::BrushSmaller => settings.resize_brush(1.0 / BRUSH_STEP),
            Command::BrushLarger => settings.resize_brush(BRUSH_STEP),
            Command::BrushSofter => settings.harden_brush(-HARDNESS_STEP),
            Command::BrushHarder => settings.harden_brush(HARDNESS_STEP),
            Command::CycleOverlay => self.view.overlay.cycle(),
            Command::OverlayMask => self.view.overlay.choose(OverlayMode::Mask),
            Command::OverlayOutline => self.view.overlay.choose(OverlayMode::Outline),
            Command::OverlayProbability => self.view.overlay.choose(OverlayMode::Probability),
            Command::OverlayProvenance => self.view.overlay.choose(OverlayMode::Provenance),
            Command::OverlayOff => self.view.overlay.choose(OverlayMode::Off),
            Command::ZoomFit => self.view.view.fitted = true,
            Command::ZoomFill => self.zoom_fill(ctx),
            Command::ZoomActual => self.zoom_actual(ctx),
            Command::ZoomIn => self.zoom_step(ctx, ZOOM_STEP),
            Command::ZoomOut => self.zoom_step(ctx, 1.0 / ZOOM_STEP),
            Command::InterfaceLarger => self.resize_interface(ctx, true),
            Command::InterfaceSmaller => self.resize_interface(ctx, false),
            Command::InterfaceNormal => settings.interface_scale = Some(1.0),
            Command::CompareRestored => self.compare(CompareMode::Restored),
            Command::CompareSplit => self.compare(CompareMode::Split),
            Command::CompareSplitAcross => self.compare(CompareMode::SplitAcross),
            Command::CompareBlink => self.compare(CompareMode::Blink),
            Command::CompareDifference => self.compare(CompareMode::Difference),
            Command::ToggleNavigator => settings.navigator = !settings.navigator,
            Command::ToggleLoupe => self.view.loupe = !self.view.loupe,
            Command::ScreenProfile => self.show_screen_profile(),
            Command::Memory => self.view.dialog = Some(Dialog::Memory),
            Command::TogglePixelGrid => settings.pixel_grid = !settings.pixel_grid,
            Command::ToggleRulers => settings.rulers = !settings.rulers,
            Command::ToggleRulerUnit => settings.rulers_in_mm = !settings.rulers_in_mm,
            Command::DividerBack => self.move_divider(-DIVIDER_STEP),
            Command::DividerOn => self.move_divider(DIVIDER_STEP),
            Command::CompareSideBySide => self.compare(CompareMode::SideBySide),
            Command::Autosaves => self.show_autosaves(),
            Command::Crosshair => canvas::toggle_keyboard(ctx),
            Command::MenuBar => top::focus_menus(ctx),
            Command::NextPart => self.go_to_part(ctx, false),
            Command::PreviousPart => self.go_to_part(ctx, true),
            Command::Shortcuts => self.show_shortcuts(),
        }
    }
}
