//! The ring around the pointer that shows the brush's real size and hardness.

use eframe::egui::{Align2, Color32, FontId, Mesh, Painter, Pos2, Shape, Stroke, Vec2};

use super::Layout;
use crate::gui::state::Model;
use crate::gui::theme;
use crate::gui::tools::Tool;

/// The brush's real size around the pointer, and the same place in the other picture.
pub(super) fn paint(painter: &Painter, layout: &Layout, position: Pos2, model: &Model<'_>) {
    let Some(under) = layout
        .panes
        .iter()
        .find(|pane| pane.clip.contains(position))
    else {
        return;
    };
    let radius = under
        .placement
        .points_from_image_px(model.settings.brush_diameter_px)
        / 2.0;
    let offset = position - under.placement.viewport.min;
    let is_split = layout.divider.is_some();
    for pane in &layout.panes {
        let same_place = if is_split {
            position
        } else {
            pane.placement.viewport.min + offset
        };
        let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
        let is_eraser = model.view.tool == Tool::Eraser;
        ring(
            &clipped,
            same_place,
            radius.max(1.5),
            model.settings.brush_hardness,
            is_eraser,
        );
    }
}

/// While the brush is being changed: what it would mark, and its size and hardness in words.
pub(super) fn paint_preview(painter: &Painter, layout: &Layout, at: Pos2, model: &Model<'_>) {
    let Some(pane) = layout.panes.iter().find(|pane| pane.clip.contains(at)) else {
        return;
    };
    let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
    let settings = model.settings;
    let radius = pane
        .placement
        .points_from_image_px(settings.brush_diameter_px)
        / 2.0;
    let [r, g, b] = settings.overlay_color;
    let color = Color32::from_rgb(r, g, b).gamma_multiply(settings.overlay_opacity);
    clipped.add(Shape::mesh(disc(
        at,
        radius.max(1.5),
        settings.brush_hardness,
        color,
    )));
    let text = format!(
        "{:.0} px, {:.0} % hard",
        settings.brush_diameter_px,
        settings.brush_hardness * 100.0
    );
    let galley = clipped.layout_no_wrap(text, FontId::proportional(13.0), theme::TEXT_STRONG);
    let padding = Vec2::new(8.0, 4.0);
    let below = at + Vec2::new(0.0, radius + 12.0);
    let corner = if below.y + 30.0 < pane.clip.max.y {
        below
    } else {
        at
    };
    let rect = Align2::CENTER_TOP.anchor_size(corner, galley.size() + 2.0 * padding);
    clipped.rect_filled(rect, theme::RADIUS, theme::CHIP);
    clipped.galley(rect.min + padding, galley, theme::TEXT_STRONG);
}

/// A disc in full colour up to `hardness` × `radius`, fading to nothing at the radius.
fn disc(center: Pos2, radius: f32, hardness: f32, color: Color32) -> Mesh {
    const CORNERS: u32 = 64;
    let mut mesh = Mesh::default();
    mesh.colored_vertex(center, color);
    for corner in 0..CORNERS {
        let direction = Vec2::angled(corner as f32 / CORNERS as f32 * std::f32::consts::TAU);
        let inner = radius * hardness.clamp(0.0, 0.98);
        mesh.colored_vertex(center + direction * inner, color);
        mesh.colored_vertex(center + direction * radius, Color32::TRANSPARENT);
    }
    for corner in 0..CORNERS {
        let (inner, next) = (1 + 2 * corner, 1 + 2 * ((corner + 1) % CORNERS));
        mesh.add_triangle(0, inner, next);
        mesh.add_triangle(inner, inner + 1, next);
        mesh.add_triangle(inner + 1, next + 1, next);
    }
    mesh
}

fn ring(painter: &Painter, center: Pos2, radius: f32, hardness: f32, is_eraser: bool) {
    painter.circle_stroke(center, radius + 1.0, Stroke::new(1.0, theme::RING_DARK));
    painter.circle_stroke(center, radius, Stroke::new(1.2, theme::RING_LIGHT));
    if hardness < 0.98 && radius > 8.0 {
        let inner = theme::RING_LIGHT.gamma_multiply(0.45);
        painter.circle_stroke(center, radius * hardness, Stroke::new(1.0, inner));
    }
    if radius < 5.0 {
        for (dx, dy) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let direction = Vec2::new(dx, dy);
            let ends = [
                center + direction * (radius + 4.0),
                center + direction * (radius + 9.0),
            ];
            painter.line_segment(ends, Stroke::new(3.0, theme::RING_DARK));
            painter.line_segment(ends, Stroke::new(1.2, theme::RING_LIGHT));
        }
    }
    if is_eraser {
        let half = (radius * 0.5).min(5.0);
        painter.line_segment(
            [center - Vec2::new(half, 0.0), center + Vec2::new(half, 0.0)],
            Stroke::new(1.2, theme::RING_LIGHT),
        );
    }
}
