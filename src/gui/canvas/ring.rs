//! The ring around the pointer that shows the brush's real size and hardness.

use eframe::egui::{Painter, Pos2, Stroke, Vec2};

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
    let is_split = layout.divider_x.is_some();
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
