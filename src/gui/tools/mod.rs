//! What the left mouse button does on the photo: one file a tool. Tools turn pointer positions into shapes; they change nothing.

mod area;
mod hole;
mod lasso;
mod line;
mod mend;
mod polygon;
mod rectangle;
mod trace;

use crate::gui::command::Command;
use crate::gui::icons::Icon;
use crate::mask::{BrushMode, Shape};

/// A position on the photo, image px.
pub type Point = (f32, f32);

/// What the left mouse button does on the photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Marks damage along the pointer's path.
    #[default]
    Brush,
    /// Unmarks along the pointer's path.
    Eraser,
    /// Keeps what it goes over from ever being changed.
    Protect,
    /// Straight pieces as wide as the brush.
    Line,
    /// The inside of an outline drawn by hand.
    Lasso,
    /// The inside of an outline of straight pieces.
    Polygon,
    /// The inside of a rectangle.
    Rectangle,
    /// The unmarked area that marks enclose.
    FillHole,
    /// A scratch from one click, followed to its ends.
    Trace,
    /// A rectangle in which detection runs again.
    Area,
    /// A repaired place whose fill is to be changed.
    Mend,
}

impl Tool {
    /// All tools, in the order of the palette.
    pub const ALL: [Self; 11] = [
        Self::Brush,
        Self::Eraser,
        Self::Protect,
        Self::Line,
        Self::Lasso,
        Self::Polygon,
        Self::Rectangle,
        Self::FillHole,
        Self::Trace,
        Self::Area,
        Self::Mend,
    ];

    /// The command that chooses it.
    pub const fn command(self) -> Command {
        match self {
            Self::Brush => Command::Brush,
            Self::Eraser => Command::Eraser,
            Self::Protect => Command::Protect,
            Self::Line => Command::Line,
            Self::Lasso => Command::Lasso,
            Self::Polygon => Command::Polygon,
            Self::Rectangle => Command::Rectangle,
            Self::FillHole => Command::FillHole,
            Self::Trace => Command::Trace,
            Self::Area => Command::SearchArea,
            Self::Mend => Command::MendArea,
        }
    }

    /// The tool that `command` chooses.
    pub fn of_command(command: Command) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.command() == command)
    }

    /// Its picture in the palette.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Brush => Icon::Brush,
            Self::Eraser => Icon::Eraser,
            Self::Protect => Icon::Protect,
            Self::Line => Icon::Line,
            Self::Lasso => Icon::Lasso,
            Self::Polygon => Icon::Polygon,
            Self::Rectangle => Icon::Rectangle,
            Self::FillHole => Icon::FillHole,
            Self::Trace => Icon::Trace,
            Self::Area => Icon::SearchArea,
            Self::Mend => Icon::Mend,
        }
    }

    /// What to do with it, for the bar at the bottom; names of commands in braces stand for their keys.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Brush => "Paint over damage, right button erases, Shift-click draws a line",
            Self::Eraser => "Wipe away marks that are no damage",
            Self::Protect => "Paint over what must never change, right button takes it back",
            Self::Line => line::HINT,
            Self::Lasso => lasso::HINT,
            Self::Polygon => polygon::HINT,
            Self::Rectangle => rectangle::HINT,
            Self::FillHole => hole::HINT,
            Self::Trace => trace::HINT,
            Self::Area => area::HINT,
            Self::Mend => mend::HINT,
        }
    }

    /// The same for the keyboard's crosshair.
    pub const fn key_hint(self) -> &'static str {
        match self {
            Self::Brush => {
                "Hold Space and move to paint, Shift+Enter erases, Shift+Space draws a line"
            }
            Self::Eraser => "Hold Space and move to wipe marks away",
            Self::Protect => "Hold Space and move to protect, Shift+Enter takes it back",
            Self::Line | Self::Polygon => {
                "Space sets each corner, {finish_shape} completes it; begun by Shift+Enter it takes away"
            }
            Self::Lasso => "Hold Space and move around it, Shift+Enter to take it away",
            Self::Rectangle => {
                "Space sets one corner, Space again the opposite one; Shift+Enter to take away"
            }
            Self::FillHole => "Space inside an outline of marks, Shift+Enter takes a piece away",
            Self::Trace => {
                "Space on a scratch, {finish_shape} takes what is shown, {cancel} rejects it"
            }
            Self::Area => {
                "Space sets one corner of the area to search, Space again the opposite one"
            }
            Self::Mend => {
                "Space picks a repair, Shift+Enter on sound picture copies it from there; the keys {area_weaker} and {area_stronger} weaken and strengthen it"
            }
        }
    }

    /// Whether it paints along the pointer's path; the others draw shapes.
    pub const fn is_brush(self) -> bool {
        self.gesture().is_none()
    }

    /// Whether the brush's size and hardness matter to it.
    pub const fn has_width(self) -> bool {
        self.is_brush() || matches!(self, Self::Line)
    }

    /// What a stroke or shape with it does.
    ///
    /// `subtracts` is the right button or Alt; `protects` makes shapes act on protection instead of marks.
    pub const fn mode(self, subtracts: bool, protects: bool) -> BrushMode {
        let on_protection = match self {
            Self::Brush | Self::Eraser | Self::Mend => false,
            Self::Protect => true,
            _ => protects,
        };
        match (on_protection, subtracts || matches!(self, Self::Eraser)) {
            (false, false) => BrushMode::Paint,
            (false, true) => BrushMode::Erase,
            (true, false) => BrushMode::Protect,
            (true, true) => BrushMode::Unprotect,
        }
    }

    /// From brush to eraser and from anything else to the brush.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Brush => Self::Eraser,
            _ => Self::Brush,
        }
    }

    /// How a shape tool answers the pointer; `None` for the brushes.
    const fn gesture(self) -> Option<&'static dyn Gesture> {
        match self {
            Self::Brush | Self::Eraser | Self::Protect => None,
            Self::Line => Some(&line::Line),
            Self::Lasso => Some(&lasso::Lasso),
            Self::Polygon => Some(&polygon::Polygon),
            Self::Rectangle => Some(&rectangle::Rectangle),
            Self::FillHole => Some(&hole::Hole),
            Self::Trace => Some(&trace::Trace),
            Self::Area => Some(&area::Area),
            Self::Mend => Some(&mend::Mend),
        }
    }
}

/// A shape that is being drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The tool.
    pub tool: Tool,
    /// What the shape will do.
    pub mode: BrushMode,
    /// The points that are fixed; the first is where it began.
    pub points: Vec<Point>,
    /// Where the pointer is.
    pub pointer: Point,
    /// Whether the button is down.
    pub pressed: bool,
    /// An image px on the screen, points: what counts as the same place.
    pub points_per_px: f32,
    /// Brush of shapes with a width: diameter in image px and hardness.
    pub brush: (f32, f32),
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It goes on.
    Goes,
    /// It is done.
    Shape(Shape),
    /// The area under this point is to be filled, or taken away.
    Region(Point),
    /// The scratch under this point is to be followed.
    Trace(Point),
    /// The area between these corners is to be searched again.
    Search([Point; 2]),
    /// The repaired place under this point is picked.
    Pick(Point),
    /// What is repaired inside this outline is picked.
    Outline(Vec<Point>),
    /// What is picked is to be healed from here.
    Source(Point),
    /// It came to nothing.
    Dropped,
}

/// How a shape tool answers the pointer. The draft's `pointer` and `pressed` are up to date in every call.
trait Gesture: Sync {
    /// The button went down, first or again.
    fn press(&self, draft: &mut Draft) -> Next;

    /// The pointer moved.
    fn moved(&self, draft: &mut Draft) -> Next {
        let _: &Draft = draft;
        Next::Goes
    }

    /// The button was let go; for a tool of one click there is nothing left to do.
    fn release(&self, draft: &mut Draft) -> Next {
        let _: &Draft = draft;
        Next::Dropped
    }

    /// Enter or a double click: that is all of it.
    fn finish(&self, draft: &mut Draft) -> Next {
        let _: &Draft = draft;
        Next::Dropped
    }

    /// The outline to draw while it is not done, and whether it closes.
    fn outline(&self, draft: &Draft) -> (Vec<Point>, bool) {
        let _ = draft;
        (Vec::new(), false)
    }
}

/// How far the pointer may move during a click, screen points.
const CLICK_POINTS: f32 = 4.0;

impl Draft {
    /// While the button is down, the outline goes on to where the pointer is.
    fn follow_pointer(&mut self) {
        if self.pressed && self.points.last() != Some(&self.pointer) {
            self.points.push(self.pointer);
        }
    }

    /// Whether `a` and `b` look like the same place on the screen.
    fn is_near(&self, a: Point, b: Point) -> bool {
        (a.0 - b.0).hypot(a.1 - b.1) * self.points_per_px <= CLICK_POINTS
    }

    /// The button went down at `at`.
    pub fn press(&mut self, at: Point) -> Next {
        (self.pointer, self.pressed) = (at, true);
        self.answer(|gesture, draft| gesture.press(draft))
    }

    /// The pointer moved to `at`; with `straight` towards the nearest of eight directions from the last point.
    pub fn moved(&mut self, at: Point, straight: bool) -> Next {
        self.pointer = self.aligned(at, straight);
        self.answer(|gesture, draft| gesture.moved(draft))
    }

    /// The button was let go.
    pub fn release(&mut self) -> Next {
        self.pressed = false;
        self.answer(|gesture, draft| gesture.release(draft))
    }

    /// Enter or a double click.
    pub fn finish(&mut self) -> Next {
        self.answer(|gesture, draft| gesture.finish(draft))
    }

    /// Takes the last fixed point away.
    pub fn drop_point(&mut self) -> Next {
        self.points.pop();
        if self.points.is_empty() {
            Next::Dropped
        } else {
            Next::Goes
        }
    }

    /// The outline to draw, image px, and whether it closes.
    pub fn outline(&self) -> (Vec<Point>, bool) {
        self.tool
            .gesture()
            .map_or_else(Default::default, |gesture| gesture.outline(self))
    }

    fn answer(&mut self, ask: impl FnOnce(&dyn Gesture, &mut Self) -> Next) -> Next {
        match self.tool.gesture() {
            Some(gesture) => ask(gesture, self),
            None => Next::Dropped,
        }
    }

    fn aligned(&self, at: Point, straight: bool) -> Point {
        let Some(&(x, y)) = self.points.last().filter(|_| straight) else {
            return at;
        };
        let (dx, dy) = (at.0 - x, at.1 - y);
        if self.tool == Tool::Rectangle {
            let side = dx.abs().max(dy.abs());
            return (x + side * dx.signum(), y + side * dy.signum());
        }
        let eighth = std::f32::consts::FRAC_PI_4;
        let angle = (dy.atan2(dx) / eighth).round() * eighth;
        let length = dx * angle.cos() + dy * angle.sin();
        (x + length * angle.cos(), y + length * angle.sin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn draft(tool: Tool) -> Draft {
        Draft {
            tool,
            mode: BrushMode::Paint,
            points: Vec::new(),
            pointer: (0.0, 0.0),
            pressed: false,
            points_per_px: 1.0,
            brush: (9.0, 1.0),
        }
    }

    /// Clicks at `points` in turn; what the last release led to.
    pub(super) fn clicked(draft: &mut Draft, points: &[Point]) -> Next {
        let mut next = Next::Goes;
        for &point in points {
            draft.moved(point, false);
            draft.press(point);
            next = draft.release();
        }
        next
    }

    #[test]
    fn every_tool_is_found_by_its_command_and_says_what_to_do() {
        for tool in Tool::ALL {
            assert_eq!(Tool::of_command(tool.command()), Some(tool));
            assert!(!tool.hint().is_empty());
        }
        assert_eq!(Tool::of_command(Command::Open), None);
    }

    #[test]
    fn shapes_mark_or_protect_and_the_modifier_turns_them_round() {
        let shapes = Tool::ALL.into_iter().filter(|tool| !tool.is_brush());
        for tool in shapes.filter(|tool| *tool != Tool::Mend) {
            assert_eq!(tool.mode(false, false), BrushMode::Paint);
            assert_eq!(tool.mode(true, false), BrushMode::Erase);
            assert_eq!(tool.mode(false, true), BrushMode::Protect);
            assert_eq!(tool.mode(true, true), BrushMode::Unprotect);
        }
        assert_eq!(Tool::Brush.mode(true, true), BrushMode::Erase);
        assert_eq!(Tool::Protect.mode(true, false), BrushMode::Unprotect);
        assert_eq!(Tool::Mend.mode(false, true), BrushMode::Paint);
    }

    #[test]
    fn shift_keeps_to_eight_directions_and_makes_squares() {
        let mut line = draft(Tool::Line);
        line.press((10.0, 10.0));
        line.moved((30.0, 12.0), true);
        assert!((line.pointer.1 - 10.0).abs() < 1e-3, "{:?}", line.pointer);
        let mut square = draft(Tool::Rectangle);
        square.press((10.0, 10.0));
        square.moved((30.0, 4.0), true);
        assert_eq!(square.pointer, (30.0, -10.0));
    }
}
