//! The parts of the window between which the keyboard goes with one key, and where they lie. Draws nothing.

use eframe::egui::{self, Id, LayerId, Pos2, Rect};

use crate::gui::canvas::canvas_id;

/// A part of the window with widgets of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The photo, worked on by the crosshair.
    Photo,
    /// The options of the tool.
    Options,
    /// The panel at the right.
    Side,
    /// The palette of tools.
    Tools,
    /// Menus and buttons at the top.
    Bar,
}

/// All parts in the order in which the keyboard goes round: from the photo to what it is most often left for.
const ROUND: [Part; 5] = [
    Part::Photo,
    Part::Options,
    Part::Side,
    Part::Tools,
    Part::Bar,
];

/// Where the parts lay when they were drawn last.
#[derive(Clone, Copy, Debug)]
pub struct Parts([Rect; ROUND.len()]);

impl Default for Parts {
    fn default() -> Self {
        Self([Rect::NOTHING; ROUND.len()])
    }
}

impl Parts {
    /// `part` lies at `rect`.
    pub fn set(&mut self, part: Part, rect: Rect) {
        self.0[part as usize] = rect;
    }

    /// Gives the keyboard to the part after the one that has it, or before it; parts without anything for it are left out.
    /// Nothing has the keyboard while a person works with the pointer: that counts as the photo.
    pub fn go(&self, ctx: &egui::Context, is_back: bool) {
        let here = self.of_focus(ctx).unwrap_or(Part::Photo) as usize;
        let count = ROUND.len();
        let target = (1..=count).find_map(|step| {
            let step = if is_back { count - step } else { step };
            self.first_in(ctx, ROUND[(here + step) % count])
        });
        if let Some(target) = target {
            ctx.memory_mut(|memory| memory.request_focus(target));
            ctx.request_repaint();
        }
    }

    /// The part that has the keyboard.
    fn of_focus(&self, ctx: &egui::Context) -> Option<Part> {
        let focused = ctx.memory(egui::Memory::focused)?;
        if focused == canvas_id() {
            return Some(Part::Photo);
        }
        let at = ctx.read_response(focused)?.interact_rect.center();
        self.at(at)
    }

    fn at(&self, pos: Pos2) -> Option<Part> {
        let mut parts = ROUND.into_iter();
        parts.find(|part| *part != Part::Photo && self.0[*part as usize].contains(pos))
    }

    /// The first widget in sight in `part` that can have the keyboard.
    fn first_in(&self, ctx: &egui::Context, part: Part) -> Option<Id> {
        if part == Part::Photo {
            return Some(canvas_id());
        }
        ctx.viewport(|viewport| {
            let mut widgets = viewport.prev_pass.widgets.get_layer(LayerId::background());
            let is_meant = |widget: &&egui::WidgetRect| {
                widget.enabled
                    && widget.visible
                    && widget.sense.is_focusable()
                    && widget.interact_rect.is_positive()
                    && self.at(widget.interact_rect.center()) == Some(part)
            };
            widgets.find(is_meant).map(|widget| widget.id)
        })
    }
}
