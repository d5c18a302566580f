//! The window's own icons, drawn as strokes in a unit square. No font, no image files.

use eframe::egui::{
    self, Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    epaint::CornerRadius,
};

mod marks;

use super::panels::follow_keyboard;
use super::theme;
use marks::Mark::{Circle, Dot, Fill, Frame, Line, Star, Turn};

pub use marks::Icon;

/// Paints `icon` in the middle of `rect`, as large as its smaller side.
pub fn paint(painter: &Painter, rect: Rect, icon: Icon, color: Color32) {
    let side = rect.width().min(rect.height());
    let square = Rect::from_center_size(rect.center(), Vec2::splat(side));
    let stroke = Stroke::new((side / 13.0).max(1.2), color);
    let pen = Pen {
        painter,
        square,
        stroke,
    };
    for mark in icon.marks() {
        match *mark {
            Line(points) => pen.line(points),
            Fill(points) => pen.fill(points),
            Frame(left, top, right, bottom) => pen.frame(left, top, right, bottom),
            Circle(x, y, radius) => pen.circle(x, y, radius),
            Dot(x, y) => pen.dot(x, y),
            Star(x, y, radius) => pen.star(x, y, radius),
            Turn { forth } => pen.turn(forth),
        }
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    square: Rect,
    stroke: Stroke,
}

impl Pen<'_> {
    fn at(&self, (x, y): (f32, f32)) -> Pos2 {
        self.square.min + Vec2::new(x, y) * self.square.size()
    }

    fn line(&self, points: &[(f32, f32)]) {
        self.painter
            .line(points.iter().map(|&p| self.at(p)).collect(), self.stroke);
    }

    fn fill(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|&p| self.at(p)).collect();
        self.painter.add(Shape::convex_polygon(
            points,
            self.stroke.color,
            Stroke::NONE,
        ));
    }

    fn frame(&self, left: f32, top: f32, right: f32, bottom: f32) {
        let rect = Rect::from_min_max(self.at((left, top)), self.at((right, bottom)));
        self.painter.rect_stroke(
            rect,
            CornerRadius::same(2),
            self.stroke,
            egui::StrokeKind::Middle,
        );
    }

    fn circle(&self, x: f32, y: f32, radius: f32) {
        self.painter
            .circle_stroke(self.at((x, y)), radius * self.square.width(), self.stroke);
    }

    fn dot(&self, x: f32, y: f32) {
        self.painter
            .circle_filled(self.at((x, y)), self.stroke.width * 0.8, self.stroke.color);
    }

    fn star(&self, x: f32, y: f32, radius: f32) {
        self.line(&[(x - radius, y), (x + radius, y)]);
        self.line(&[(x, y - radius), (x, y + radius)]);
        let short = radius * 0.5;
        self.line(&[(x - short, y - short), (x + short, y + short)]);
        self.line(&[(x - short, y + short), (x + short, y - short)]);
    }

    fn turn(&self, forth: bool) {
        let side = |x: f32| if forth { 1.0 - x } else { x };
        let arc: Vec<(f32, f32)> = (0..=14)
            .map(|step| {
                let angle = (-90.0 + 180.0 * step as f32 / 14.0).to_radians();
                (side(0.58 + 0.26 * angle.cos()), 0.58 + 0.26 * angle.sin())
            })
            .collect();
        self.line(&[(side(0.14), 0.32), (side(0.58), 0.32)]);
        self.line(&arc);
        self.line(&[(side(0.58), 0.84), (side(0.3), 0.84)]);
        self.line(&[(side(0.34), 0.12), (side(0.14), 0.32), (side(0.34), 0.52)]);
    }
}

/// A square button with an icon; `label` is its name for screen readers and tests.
///
/// `selected` is `None` for what is no choice.
pub fn icon_button(
    ui: &mut Ui,
    icon: Icon,
    label: &str,
    enabled: bool,
    selected: Option<bool>,
) -> Response {
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(32.0), sense);
    response.widget_info(|| WidgetInfo {
        selected,
        ..WidgetInfo::labeled(Role::Button, enabled, label)
    });
    let selected = enabled && selected == Some(true);
    let hovered = enabled && (response.hovered() || response.has_focus());
    let (fill, color) = button_colors(enabled, selected, hovered);
    ui.painter().rect_filled(rect, theme::RADIUS, fill);
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect,
            theme::RADIUS,
            Stroke::new(1.5, theme::ACCENT),
            egui::StrokeKind::Inside,
        );
    }
    paint(ui.painter(), rect.shrink(7.5), icon, color);
    response
}

/// A button with an icon and its name, one of several of which one is chosen.
pub fn word_button(ui: &mut Ui, icon: Icon, text: &str, enabled: bool, chosen: bool) -> Response {
    let galley = egui::WidgetText::from(text).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Button,
    );
    let size = Vec2::new(galley.size().x + 44.0, 32.0);
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, chosen, text));
    let chosen = enabled && chosen;
    let hovered = enabled && (response.hovered() || response.has_focus());
    let (fill, color) = button_colors(enabled, chosen, hovered);
    ui.painter().rect_filled(rect, theme::RADIUS, fill);
    let place =
        Rect::from_center_size(rect.left_center() + Vec2::new(19.0, 0.0), Vec2::splat(17.0));
    paint(ui.painter(), place, icon, color);
    let at = rect.left_center() + Vec2::new(34.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    response
}

/// Background and foreground of a button without a frame.
fn button_colors(enabled: bool, chosen: bool, hovered: bool) -> (Color32, Color32) {
    match (enabled, chosen, hovered) {
        (false, ..) => (Color32::TRANSPARENT, theme::TEXT_WEAK.gamma_multiply(0.5)),
        (true, true, _) => (theme::ACCENT_QUIET, theme::ACCENT),
        (true, false, true) => (theme::RAISED_HOVER, theme::TEXT_STRONG),
        (true, false, false) => (Color32::TRANSPARENT, theme::TEXT),
    }
}

/// A full-width line of a list: an icon, a name, and at the right in weak colour what tells it from another of that name.
pub fn row_button_with_note(
    ui: &mut Ui,
    icon: Icon,
    text: &str,
    note: &str,
    width: f32,
) -> Response {
    let note = egui::WidgetText::from(egui::RichText::new(note).small()).into_galley(
        ui,
        Some(egui::TextWrapMode::Truncate),
        width * 0.4,
        egui::TextStyle::Small,
    );
    let room = width - note.size().x - 12.0;
    let response = row(ui, icon, text, [width, room], false);
    let at = response.rect.right_center() - Vec2::new(note.size().x + 8.0, note.size().y / 2.0);
    ui.painter().galley(at, note, theme::TEXT_WEAK);
    response
}

/// A full-width line of a list: an icon and a name, left-aligned and cut when too long.
pub fn row_button(ui: &mut Ui, icon: Icon, text: &str, width: f32, selected: bool) -> Response {
    row(ui, icon, text, [width, width], selected)
}

/// A line `width` points wide, with a name that has `room`.
fn row(ui: &mut Ui, icon: Icon, text: &str, [width, room]: [f32; 2], selected: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 30.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, text));
    follow_keyboard(&response);
    let hovered = response.hovered() || response.has_focus();
    let fill = match (selected, hovered) {
        (true, _) => theme::ACCENT_QUIET,
        (false, true) => theme::RAISED_HOVER,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, theme::RADIUS, fill);
    let place =
        Rect::from_center_size(rect.left_center() + Vec2::new(18.0, 0.0), Vec2::splat(16.0));
    let color = if hovered {
        theme::TEXT_STRONG
    } else {
        theme::TEXT
    };
    paint(
        ui.painter(),
        place,
        icon,
        if selected {
            theme::ACCENT
        } else {
            theme::TEXT_WEAK
        },
    );
    let text = egui::WidgetText::from(text).into_galley(
        ui,
        Some(egui::TextWrapMode::Truncate),
        room - 46.0,
        egui::TextStyle::Button,
    );
    let at = rect.left_center() + Vec2::new(36.0, -text.size().y / 2.0);
    ui.painter().galley(at, text, color);
    response
}

/// An icon of `side` points as a decoration in the flow of a layout.
pub fn icon_label(ui: &mut Ui, icon: Icon, side: f32, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    paint(ui.painter(), rect, icon, color);
}
