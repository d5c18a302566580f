//! The photo by keyboard alone: a crosshair that arrow keys move, and keys that do what the pointer's buttons do there.

use std::collections::VecDeque;

use eframe::egui::{
    self, Event, EventFilter, FocusDirection, Id, Key, Modifiers, Painter, PointerButton, Pos2,
    Rect, Stroke, StrokeKind, Ui, Vec2,
};

use super::{Layout, Pane};
use crate::gui::command::Command;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::gui::tools::Tool;

/// A step of an arrow key, points; at least one image px.
const STEP_POINTS: f32 = 4.0;
/// The same with Shift.
const BIG_STEP_POINTS: f32 = 40.0;
/// How near the edge of the picture the crosshair comes before the photo moves on, points.
const EDGE_POINTS: f32 = 32.0;

/// How far a pointer may be pushed before the keyboard gives way to it, points.
const POINTER_REST_POINTS: f32 = 24.0;

/// The picture area among the widgets that can have the keyboard.
pub fn canvas_id() -> Id {
    Id::unique("photo canvas")
}

/// Whether the keyboard works on the photo.
pub fn has_keyboard(ctx: &egui::Context) -> bool {
    ctx.memory(|memory| memory.has_focus(canvas_id()))
}

/// Whether this frame also holds a click on the photo, by pointer or by key, which comes to the shape being drawn only after
/// the commands.
pub fn clicks_too(ctx: &egui::Context) -> bool {
    let by_key = has_keyboard(ctx);
    ctx.input(|input| {
        input.events.iter().any(|event| match event {
            Event::PointerButton { .. } => true,
            Event::Key {
                key: Key::Space, ..
            } => by_key,
            _ => false,
        })
    })
}

/// Gives the keyboard to the photo, or takes it away.
pub fn toggle_keyboard(ctx: &egui::Context) {
    ctx.memory_mut(|memory| {
        if memory.has_focus(canvas_id()) {
            memory.surrender_focus(canvas_id());
        } else {
            memory.request_focus(canvas_id());
        }
    });
}

/// The crosshair and what its keys hold down.
#[derive(Clone, Debug, Default)]
pub struct Crosshair {
    /// Where it is, image px; it stays there when the keyboard goes elsewhere.
    at: Option<(f64, f64)>,
    /// The key that is down, and the button it stands for.
    held: Option<(Key, PointerButton)>,
    /// A drag that goes on although its key was let go.
    latched: Option<PointerButton>,
    /// Whether it moved since the key went down.
    has_moved: bool,
    /// Whether Enter was to finish a shape when the last frame ended.
    could_finish: bool,
    /// Where it is seen, while the keyboard works on the photo.
    shown_at: Option<Pos2>,
    /// Where the pointer was when the keyboard came to the photo.
    pointer_rests_at: Option<Pos2>,
    /// The zoom at which it was seen last, physical px an image px.
    scale: f64,
    /// Keys that wait for the photo to have followed: what is pressed out of sight would reach nothing.
    late: VecDeque<KeyEvent>,
    /// A dialog took the keyboard from the photo and is to give it back.
    returns: bool,
}

impl Crosshair {
    /// Where it is on the screen while the keyboard works on the photo, points.
    pub const fn shown_at(&self) -> Option<Pos2> {
        self.shown_at
    }

    /// Where it is on the photo while the keyboard works there, image px.
    pub fn image_position(&self) -> Option<(f64, f64)> {
        self.at.filter(|_| self.shown_at.is_some())
    }

    /// Forgets where it was: another photo is seen.
    pub fn forget_place(&mut self) {
        self.at = None;
    }

    /// Whether keys wait for the next frame.
    pub fn is_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Whether it holds a button down.
    pub const fn is_pressing(&self) -> bool {
        self.held.is_some() || self.latched.is_some()
    }

    /// Whether the pointer, now at `pos`, was moved so far that it is meant to be used again.
    pub(super) fn gives_way_to(&mut self, pos: Pos2) -> bool {
        if self.shown_at.is_none() {
            return false;
        }
        let rest = *self.pointer_rests_at.get_or_insert(pos);
        rest.distance(pos) > POINTER_REST_POINTS
    }

    /// This frame's keys as the events of a pointer at the crosshair; `actions` moves the photo under it.
    pub(super) fn read(
        &mut self,
        ui: &Ui,
        layout: &Layout,
        model: &Model<'_>,
        actions: &mut Vec<Action>,
    ) -> Vec<Event> {
        let mut keys = std::mem::take(&mut self.late);
        keys.extend(key_events(ui));
        let mut events = Vec::new();
        self.come_back(ui, model);
        if !takes_keyboard(ui, model, &keys) {
            self.let_go(&mut events);
            self.shown_at = None;
            self.pointer_rests_at = None;
            return events;
        }
        if self.latched.is_some() && model.view.draft.is_none() {
            self.let_go(&mut events);
        }
        let Some(mut place) = self.place(layout) else {
            return events;
        };
        let mut shown = self.follow_view(&mut place, actions);
        let before = place.screen();
        while let Some(key) = keys.pop_front() {
            let is_out = || !place.pane.clip.contains(place.screen());
            if key.pressed && self.button_of(&key).is_some() && is_out() {
                keys.push_front(key);
                break;
            }
            if let (true, Some(direction)) = (key.pressed, direction_of(key.key)) {
                place.step(direction, key.modifiers);
                self.at = Some(place.at);
                self.has_moved = true;
                events.push(Event::PointerMoved(place.screen()));
            } else if let Some(button) = self.button_of(&key) {
                self.press_or_release(&key, button, place.screen(), model, &mut events);
            }
        }
        if !keys.is_empty() {
            self.late = keys;
            ui.ctx().request_repaint();
        }
        if place.screen() != before {
            shown = place.keep_in_sight(actions);
        }
        self.shown_at = Some(shown);
        self.could_finish = model.is_enabled(Command::FinishShape);
        events
    }

    /// Takes the keyboard back once the dialog is closed that took it from the photo.
    fn come_back(&mut self, ui: &Ui, model: &Model<'_>) {
        if model.view.dialog.is_some() {
            self.returns |= self.shown_at.is_some();
        } else if std::mem::take(&mut self.returns) {
            ui.memory_mut(|memory| memory.request_focus(canvas_id()));
        }
    }

    /// Keeps it in sight where the view was changed without it: a zoom is followed by the photo, a moved photo leaves it at
    /// the edge of the view. Where it is seen then.
    fn follow_view(&mut self, place: &mut Place<'_>, actions: &mut Vec<Action>) -> Pos2 {
        let scale = place.pane.placement.scale;
        let is_zoomed = (std::mem::replace(&mut self.scale, scale) - scale).abs() > f64::EPSILON;
        let at = place.screen();
        if place.pane.clip.contains(at) {
            return at;
        }
        if is_zoomed || self.is_pressing() {
            return place.keep_in_sight(actions);
        }
        place.go_to(at.clamp(place.room().min, place.room().max));
        self.at = Some(place.at);
        place.screen()
    }

    /// Its place in the layout; the middle of what is seen at first, and where the keyboard comes back to a photo that was
    /// moved away from under it.
    fn place<'a>(&mut self, layout: &'a Layout) -> Option<Place<'a>> {
        let first = layout.panes.first()?;
        let middle = first.placement.image_from_screen(first.clip.center());
        if self.shown_at.is_none() {
            self.at = self.at.filter(|at| pane_of(layout, *at).is_some());
        }
        let at = *self
            .at
            .get_or_insert((middle.0.floor() + 0.5, middle.1.floor() + 0.5));
        let pane = pane_of(layout, at).unwrap_or(first);
        let mut place = Place { pane, at };
        place.stay_on_photo();
        self.at = Some(place.at);
        Some(place)
    }

    /// The button that `key` stands for: Space and Enter the left one, with Alt and with Shift+Enter the right one.
    ///
    /// Most window managers keep Alt+Space to themselves.
    fn button_of(&self, key: &KeyEvent) -> Option<PointerButton> {
        if let Some((_, button)) = self.held.filter(|(held, _)| *held == key.key) {
            return Some(button);
        }
        match key.key {
            Key::Enter if key.modifiers.shift => Some(PointerButton::Secondary),
            Key::Space | Key::Enter if key.modifiers.alt => Some(PointerButton::Secondary),
            // Then it is the command that finishes the shape.
            Key::Enter if self.could_finish => None,
            Key::Space | Key::Enter => Some(PointerButton::Primary),
            _ => None,
        }
    }

    fn press_or_release(
        &mut self,
        key: &KeyEvent,
        button: PointerButton,
        at: Pos2,
        model: &Model<'_>,
        events: &mut Vec<Event>,
    ) {
        if key.pressed {
            if key.repeat || self.held.is_some() {
                return;
            }
            self.held = Some((key.key, button));
            self.has_moved = false;
            if let Some(latched) = self.latched.take() {
                // The second press ends what the first began; letting it go means nothing more.
                self.held = None;
                events.push(button_event(latched, false, at, Modifiers::NONE));
                return;
            }
            let straight = key.modifiers.shift && button == PointerButton::Primary;
            let modifiers = if straight {
                Modifiers::SHIFT
            } else {
                Modifiers::NONE
            };
            events.push(button_event(button, true, at, modifiers));
            // With these a click begins or goes on with a shape that Enter finishes, also in this very frame.
            self.could_finish = matches!(model.view.tool, Tool::Line | Tool::Polygon);
            return;
        }
        if self.held.take().is_none() {
            return;
        }
        let needs_drag = matches!(model.view.tool, Tool::Lasso | Tool::Rectangle | Tool::Area);
        let began_here = events
            .iter()
            .rev()
            .any(|event| matches!(event, Event::PointerButton { pressed: true, .. }));
        let is_drawing = began_here || model.view.draft.is_some();
        if needs_drag && !self.has_moved && is_drawing {
            self.latched = Some(button);
        } else {
            events.push(button_event(button, false, at, Modifiers::NONE));
        }
    }

    /// Lets every button go where the crosshair is.
    fn let_go(&mut self, events: &mut Vec<Event>) {
        let held = self.held.take().map(|(_, button)| button);
        if let (Some(button), Some(at)) = (held.or(self.latched.take()), self.shown_at) {
            events.push(button_event(button, false, at, Modifiers::NONE));
        }
        self.latched = None;
    }

    /// Draws it, and a frame around the picture area that has the keyboard.
    pub(super) fn paint(&self, painter: &Painter, layout: &Layout) {
        let (Some(_), Some(at)) = (self.shown_at, self.at) else {
            return;
        };
        // The photo may have moved in this very frame.
        let Some(pane) = pane_of(layout, at) else {
            painter.ctx().request_repaint();
            return;
        };
        let at = pane.placement.screen_from_image(at);
        let line = Stroke::new(2.0, theme::ACCENT);
        painter.rect_stroke(layout.area.shrink(1.0), 0.0, line, StrokeKind::Inside);
        for (width, color) in [(3.5, theme::RING_DARK), (1.5, theme::RING_LIGHT)] {
            for direction in [Vec2::UP, Vec2::DOWN, Vec2::LEFT, Vec2::RIGHT] {
                let ends = [at + direction * 5.0, at + direction * 18.0];
                painter.line_segment(ends, Stroke::new(width, color));
            }
        }
    }
}

/// Whether the keyboard works on the photo; an arrow key begins it where nothing else has the keyboard.
fn takes_keyboard(ui: &Ui, model: &Model<'_>, keys: &VecDeque<KeyEvent>) -> bool {
    if model.view.dialog.is_some() || ui.ctx().any_popup_open() {
        return false;
    }
    let id = canvas_id();
    let is_arrow = |key: &KeyEvent| key.pressed && direction_of(key.key).is_some();
    let has_arrow = keys.iter().any(is_arrow);
    ui.memory_mut(|memory| {
        if has_arrow && memory.focused().is_none() {
            memory.request_focus(id);
        }
        let has_keyboard = memory.has_focus(id);
        if has_keyboard {
            let filter = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                escape: model.is_enabled(Command::Cancel),
                ..EventFilter::default()
            };
            memory.set_focus_lock_filter(id, filter);
            if has_arrow {
                // The filter holds from the second frame on.
                memory.move_focus(FocusDirection::None);
            }
        }
        has_keyboard
    })
}

/// The picture in which `at` (image px) is seen.
fn pane_of(layout: &Layout, at: (f64, f64)) -> Option<&Pane> {
    let sees = |pane: &&Pane| pane.clip.contains(pane.placement.screen_from_image(at));
    layout.panes.iter().find(sees)
}

/// A position on the photo and the picture in which it is seen.
struct Place<'a> {
    pane: &'a Pane,
    at: (f64, f64),
}

impl Place<'_> {
    fn screen(&self) -> Pos2 {
        self.pane.placement.screen_from_image(self.at)
    }

    /// A step in a direction of the screen: with Shift a big one, with Ctrl one image px.
    fn step(&mut self, direction: Vec2, modifiers: Modifiers) {
        let image_px = self.pane.placement.points_from_image_px(1.0);
        let step = match (modifiers.shift, modifiers.command) {
            (_, true) => image_px,
            (true, false) => BIG_STEP_POINTS.max(image_px * 10.0),
            (false, false) => STEP_POINTS.max(image_px),
        };
        self.go_to(self.screen() + direction * step);
    }

    /// To a position of the screen, as far as the photo is there.
    fn go_to(&mut self, pos: Pos2) {
        self.at = self.pane.placement.image_from_screen(pos);
        self.stay_on_photo();
    }

    /// Keeps the position on the photo's pixels, half a px from its edge.
    fn stay_on_photo(&mut self) {
        let size = self.pane.placement.stored;
        let inside = |value: f64, len: u32| value.clamp(0.5, (f64::from(len) - 0.5).max(0.5));
        self.at = (
            inside(self.at.0, size.width),
            inside(self.at.1, size.height),
        );
    }

    /// Where the crosshair may be seen without the photo moving on, points.
    fn room(&self) -> Rect {
        let clip = self.pane.clip;
        // The divider may leave a narrow strip.
        clip.shrink(EDGE_POINTS.min(clip.size().min_elem() / 2.0))
    }

    /// Moves the photo so that the crosshair stays in sight; where it is seen then.
    fn keep_in_sight(&self, actions: &mut Vec<Action>) -> Pos2 {
        let room = self.room();
        let at = self.screen();
        let inside = at.clamp(room.min, room.max);
        if inside != at {
            actions.push(Action::Pan(inside - at));
        }
        inside
    }
}

#[derive(Clone, Debug)]
struct KeyEvent {
    key: Key,
    pressed: bool,
    repeat: bool,
    modifiers: Modifiers,
}

fn key_events(ui: &Ui) -> Vec<KeyEvent> {
    ui.input(|input| {
        let keys = input.events.iter().filter_map(|event| match *event {
            Event::Key {
                key,
                pressed,
                repeat,
                modifiers,
                ..
            } => Some(KeyEvent {
                key,
                pressed,
                repeat,
                modifiers,
            }),
            _ => None,
        });
        keys.collect()
    })
}

const fn direction_of(key: Key) -> Option<Vec2> {
    match key {
        Key::ArrowLeft => Some(Vec2::LEFT),
        Key::ArrowRight => Some(Vec2::RIGHT),
        Key::ArrowUp => Some(Vec2::UP),
        Key::ArrowDown => Some(Vec2::DOWN),
        _ => None,
    }
}

const fn button_event(
    button: PointerButton,
    pressed: bool,
    pos: Pos2,
    modifiers: Modifiers,
) -> Event {
    Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers,
    }
}
