//! What the pointer and wheel ask for over the photo, as actions. Every pointer event of a frame counts.

mod cursor;
mod label;

use eframe::egui::{
    self, Event, Key, Modifiers, PointerButton, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo,
};

use super::adjust::Adjusting;
use super::crosshair::{Crosshair, canvas_id};
use super::wheel::WheelReleases;
use super::{DIVIDER_GRAB, Layout, navigator};
use crate::gui::command::Command;
use crate::gui::state::{Action, Model};

/// Zoom of one notch of the wheel.
const ZOOM_PER_NOTCH: f64 = 1.2;
/// Points a notch counts for where the system reports points instead of lines.
const POINTS_PER_NOTCH: f32 = 50.0;

/// What the pointer is busy with between frames, and where the brush is to be drawn.
#[derive(Clone, Debug, Default)]
pub struct PointerState {
    grip: Grip,
    /// What the keyboard does in the pointer's place.
    pub crosshair: Crosshair,
    /// Where the pointer was, or where the stroke began.
    last: Option<Pos2>,
    /// Where the pointer is.
    latest: Option<Pos2>,
    /// Shift is held: shapes keep to straight directions.
    straight: bool,
    /// Which wheel events are to be left out.
    pub wheel: WheelReleases,
    /// The brush ring's place, when it is to be seen.
    pub brush_at: Option<Pos2>,
    /// Where a click would choose the source of a picked area.
    pub source_at: Option<Pos2>,
    /// The brush being changed by Alt and a drag.
    pub adjusting: Option<Adjusting>,
    /// How hard a pen or finger presses, 0 to 1; `None` for a mouse and where the system does not say it.
    pressure: Option<f32>,
    /// The pointer is on the divider or drags it.
    pub on_divider: bool,
    /// Where the navigator lies: what happens there is never meant for the photo below.
    navigator: Option<Rect>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Grip {
    #[default]
    None,
    Pan(PointerButton),
    Divider,
    Navigator,
    Stroke(PointerButton),
    Shape(PointerButton),
    Adjust(PointerButton),
}

impl PointerState {
    /// Forgets a stroke that was aborted from elsewhere.
    pub fn release(&mut self) {
        self.grip = Grip::None;
        self.adjusting = None;
    }

    /// Whether a pen that tells its pressure touches.
    pub const fn has_pressure(&self) -> bool {
        self.pressure.is_some()
    }

    /// Whether the pointer is on the navigator or drags in it.
    pub fn is_on_navigator(&self) -> bool {
        let is_over = self.latest.is_some_and(|pos| self.navigator_has(pos));
        is_over || self.grip == Grip::Navigator
    }

    fn navigator_has(&self, pos: Pos2) -> bool {
        self.navigator.is_some_and(|place| place.contains(pos))
    }

    fn pressure(&self) -> f32 {
        self.pressure.unwrap_or(1.0)
    }
}

/// Reserves the picture area and turns this frame's events into actions.
pub fn interact(
    ui: &mut Ui,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) {
    ui.advance_cursor_after_rect(layout.area);
    let response = ui.interact(layout.area, canvas_id(), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, label::of(model)));
    // The second question is stricter near the edge of what lies over the photo, such as a message.
    let is_over = response.contains_pointer()
        && response.container_contains_pointer()
        && model.view.dialog.is_none()
        && !ui.ctx().any_popup_open();
    state.navigator = navigator::place(layout, model);
    if let Some(place) = state.navigator {
        let response = ui.interact(
            place,
            ui.scope_id().with("navigator"),
            Sense::CLICK | Sense::DRAG,
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Navigator"));
        response.on_hover_text(model.with_keys(
            "The part of the photo you see. Click or drag to look elsewhere ({toggle_navigator} hides it)",
        ));
    }
    if response.is_pointer_button_down_on() {
        ui.memory_mut(|memory| {
            if let Some(focused) = memory.focused() {
                memory.surrender_focus(focused);
            }
        });
    }
    let (events, time) = ui.input(|input| (input.events.clone(), input.time));
    let keyed = read_crosshair(ui, layout, model, state, actions);
    // For the crosshair Shift means big steps.
    state.straight = !keyed && ui.input(|input| input.modifiers.shift);
    state.latest = state.latest.or_else(|| response.hover_pos());
    for event in &events {
        if let Event::PointerMoved(pos) = *event {
            if state.crosshair.is_pressing() {
                continue;
            }
            if state.crosshair.gives_way_to(pos) {
                ui.memory_mut(|memory| memory.surrender_focus(canvas_id()));
            }
        }
        handle_position(event, state);
        if is_wheel_release(event, time, state) {
            continue;
        }
        handle(event, is_over, layout, model, state, actions);
    }
    // Taps of a key are clicks, however fast they come; Enter ends what they draw.
    if response.double_clicked() && !keyed && !state.is_on_navigator() {
        actions.push(Action::Run(Command::FinishShape));
    }
    let pinch = ui.input(egui::InputState::zoom_delta);
    if let (true, Some(position)) = (
        is_over && (pinch - 1.0).abs() > 1e-4 && !has_wheel(&events),
        response.hover_pos(),
    ) {
        actions.push(Action::ZoomAt(f64::from(pinch), position));
    }
    cursor::show(ui, is_over, layout, model, state, response.hover_pos());
}

/// Lets the keyboard act as a pointer; whether it works on the photo.
fn read_crosshair(
    ui: &Ui,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) -> bool {
    let mut crosshair = std::mem::take(&mut state.crosshair);
    let events = crosshair.read(ui, layout, model, actions);
    let has_keyboard = crosshair.shown_at().is_some();
    state.crosshair = crosshair;
    if has_keyboard || !events.is_empty() {
        state.straight = false;
    }
    // The navigator makes way for the crosshair, one frame later.
    let navigator = state.navigator.take();
    for event in &events {
        handle(event, true, layout, model, state, actions);
    }
    state.navigator = navigator;
    has_keyboard
}

fn has_wheel(events: &[Event]) -> bool {
    events
        .iter()
        .any(|event| matches!(event, Event::MouseWheel { .. }))
}

fn is_wheel_release(event: &Event, time: f64, state: &mut PointerState) -> bool {
    matches!(*event, Event::MouseWheel { unit, delta, .. } if state.wheel.is_release(unit, delta, time))
}

fn handle_position(event: &Event, state: &mut PointerState) {
    if let Event::PointerMoved(pos) | Event::PointerButton { pos, .. } = *event {
        state.latest = Some(pos);
    }
}

fn handle(
    event: &Event,
    is_over: bool,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) {
    match *event {
        Event::PointerButton {
            pos,
            button,
            pressed: true,
            modifiers,
        } if is_over && state.grip == Grip::None && layout.area.contains(pos) => {
            if state.navigator_has(pos) {
                if button == PointerButton::Primary {
                    state.grip = Grip::Navigator;
                    drag(pos, layout, model, state, actions);
                }
                return;
            }
            press(pos, button, modifiers, layout, model, state, actions);
        }
        Event::PointerButton {
            pos,
            button,
            pressed: false,
            ..
        } => release(pos, button, layout, model, state, actions),
        // Told before the pointer event of the same touch; the last pressure holds until the pen is gone.
        Event::Touch { force, .. } => state.pressure = force.or(state.pressure),
        Event::PointerMoved(pos) => {
            drag(pos, layout, model, state, actions);
            if model.view.draft.is_some() || matches!(state.grip, Grip::Shape(_)) {
                move_shape(pos, state.straight, layout, state, actions);
            }
        }
        Event::MouseWheel {
            unit,
            delta,
            modifiers,
            ..
        } if is_over && !state.is_on_navigator() => {
            let notches = if unit == egui::MouseWheelUnit::Point {
                delta / POINTS_PER_NOTCH
            } else {
                delta
            };
            wheel(notches, modifiers.shift, state.latest, actions);
        }
        Event::PointerGone | Event::WindowFocused(false) => {
            match state.grip {
                Grip::Stroke(_) => actions.push(Action::StrokeEnd),
                Grip::Shape(_) => actions.push(Action::ShapeRelease),
                _ => {}
            }
            state.release();
            state.pressure = None;
        }
        _ => {}
    }
}

fn press(
    pos: Pos2,
    button: PointerButton,
    modifiers: Modifiers,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) {
    state.last = Some(pos);
    let wants_pan = button == PointerButton::Middle
        || (button == PointerButton::Primary && model.view.held.space);
    if wants_pan {
        state.grip = Grip::Pan(button);
        return;
    }
    if button == PointerButton::Primary && near_divider(layout, pos) {
        state.grip = Grip::Divider;
        return;
    }
    let is_right = match button {
        PointerButton::Primary => false,
        PointerButton::Secondary => true,
        _ => return,
    };
    if model.view.held.master {
        return;
    }
    let Some(at) = image_point(layout, pos) else {
        return;
    };
    let tool = model.view.tool;
    // With a line, Alt and the left button erase. Ctrl is for where the window manager takes Alt for itself.
    let adjusts = modifiers.command || (modifiers.alt && (is_right || tool.is_brush()));
    if adjusts && tool.has_width() {
        state.grip = Grip::Adjust(button);
        state.adjusting = Some(Adjusting {
            at: pos,
            diameter_px: model.settings.brush_diameter_px,
            hardness: model.settings.brush_hardness,
            points_per_px: points_per_px(layout),
        });
        return;
    }
    if tool.is_brush() {
        state.grip = Grip::Stroke(button);
        actions.push(Action::StrokeBegin {
            at,
            mode: tool.mode(is_right, false),
            line: modifiers.shift && model.view.last_point.is_some(),
            pressure: state.pressure(),
        });
        return;
    }
    state.grip = Grip::Shape(button);
    // The shape may have been begun earlier in this very frame; where none was, this means nothing.
    actions.push(Action::ShapeMove {
        at,
        straight: modifiers.shift,
    });
    actions.push(Action::ShapePress {
        at,
        subtracts: is_right || modifiers.alt,
        points_per_px: points_per_px(layout),
    });
}

/// An image px on the screen, points.
fn points_per_px(layout: &Layout) -> f32 {
    let pane = layout.panes.first();
    pane.map_or(1.0, |pane| pane.placement.points_from_image_px(1.0))
}

fn drag(
    pos: Pos2,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) {
    match state.grip {
        Grip::Navigator => {
            if let (Some(place), Some(document)) = (state.navigator, model.document) {
                let shown = document.photo().ui_size();
                actions.push(Action::LookAt(navigator::point_at(place, pos, shown)));
            }
        }
        Grip::Pan(_) => {
            if let Some(last) = state.last {
                actions.push(Action::Pan(pos - last));
            }
        }
        Grip::Divider => {
            if let Some(divider) = layout.divider {
                actions.push(Action::SetSplit(divider.part_at(pos, layout.area)));
            }
        }
        Grip::Stroke(_) => {
            if let Some(at) = image_point_of_pane(layout, state.last.unwrap_or(pos), pos) {
                let pressure = state.pressure();
                actions.push(Action::StrokeTo { at, pressure });
            }
        }
        Grip::Adjust(_) => {
            if let Some(adjusting) = state.adjusting {
                let (diameter_px, hardness) = adjusting.brush(pos);
                actions.push(Action::SetBrushDiameter(diameter_px));
                actions.push(Action::SetBrushHardness(hardness));
            }
        }
        Grip::Shape(_) | Grip::None => {}
    }
    // A stroke stays in the picture it began in, so its first position is kept.
    if !matches!(state.grip, Grip::Stroke(_) | Grip::Shape(_)) {
        state.last = Some(pos);
    }
}

/// Tells the shape being drawn where the pointer is, measured in the picture in which its button went down.
fn move_shape(
    pos: Pos2,
    straight: bool,
    layout: &Layout,
    state: &PointerState,
    actions: &mut Vec<Action>,
) {
    let begun = match state.grip {
        Grip::Shape(_) => state.last.unwrap_or(pos),
        _ => pos,
    };
    if let Some(at) = image_point_of_pane(layout, begun, pos) {
        actions.push(Action::ShapeMove { at, straight });
    }
}

fn release(
    pos: Pos2,
    button: PointerButton,
    layout: &Layout,
    model: &Model<'_>,
    state: &mut PointerState,
    actions: &mut Vec<Action>,
) {
    match state.grip {
        Grip::Stroke(pressed) if pressed == button => {
            drag(pos, layout, model, state, actions);
            actions.push(Action::StrokeEnd);
        }
        Grip::Shape(pressed) if pressed == button => {
            move_shape(pos, state.straight, layout, state, actions);
            actions.push(Action::ShapeRelease);
        }
        Grip::Pan(pressed) | Grip::Adjust(pressed) if pressed == button => {}
        Grip::Divider | Grip::Navigator if button == PointerButton::Primary => {}
        _ => return,
    }
    state.release();
    state.last = Some(pos);
}

fn wheel(notches: Vec2, sideways: bool, pointer: Option<Pos2>, actions: &mut Vec<Action>) {
    let Some(pointer) = pointer else {
        return;
    };
    if sideways || notches.x.abs() > notches.y.abs() {
        let step = if notches.x.abs() > notches.y.abs() {
            notches.x
        } else {
            notches.y
        };
        actions.push(Action::Pan(Vec2::new(step * POINTS_PER_NOTCH, 0.0)));
    } else if notches.y != 0.0 {
        actions.push(Action::ZoomAt(
            ZOOM_PER_NOTCH.powf(f64::from(notches.y)),
            pointer,
        ));
    }
}

fn near_divider(layout: &Layout, pos: Pos2) -> bool {
    layout
        .divider
        .is_some_and(|divider| divider.distance(pos) <= DIVIDER_GRAB)
}

/// The image position under `pos`, in whichever picture lies there.
fn image_point(layout: &Layout, pos: Pos2) -> Option<(f32, f32)> {
    image_point_of_pane(layout, pos, pos)
}

/// The image position under `pos`, measured in the picture in which `begun` lies.
fn image_point_of_pane(layout: &Layout, begun: Pos2, pos: Pos2) -> Option<(f32, f32)> {
    let pane = layout.panes.iter().find(|pane| pane.clip.contains(begun))?;
    let (x, y) = pane.placement.image_from_screen(pos);
    Some((x as f32, y as f32))
}

/// Whether `key` went down or up in this frame, by its letter or its place.
pub fn key_change(event: &Event, wanted: Key) -> Option<bool> {
    match *event {
        Event::Key {
            key,
            physical_key,
            pressed,
            modifiers,
            ..
        } if (key == wanted || physical_key == Some(wanted)) && !(pressed && modifiers.command) => {
            Some(pressed)
        }
        _ => None,
    }
}
