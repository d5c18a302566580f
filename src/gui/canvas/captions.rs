//! What lies over the pictures: the divider, the names of what is seen. Draws only.

use eframe::egui::{Align2, FontId, Painter, Pos2, Rect, Stroke, Vec2, pos2};

use super::rulers;
use super::textures::Layer;
use super::{Divider, Layout};
use crate::gui::state::Model;
use crate::gui::theme;

/// The line between two photos with its grip.
pub(super) fn paint_divider(painter: &Painter, area: Rect, divider: Divider, hovered: bool) {
    let color = if hovered {
        theme::ACCENT_HOVER
    } else {
        theme::RING_LIGHT
    };
    let (ends, along) = match divider {
        Divider::Upright(x) => (
            [pos2(x, area.min.y), pos2(x, area.max.y)],
            Vec2::new(1.0, 0.0),
        ),
        Divider::Across(y) => (
            [pos2(area.min.x, y), pos2(area.max.x, y)],
            Vec2::new(0.0, 1.0),
        ),
    };
    painter.line_segment(ends, Stroke::new(3.5, theme::RING_DARK));
    painter.line_segment(ends, Stroke::new(1.5, color));
    let grip = ends[0].lerp(ends[1], 0.5);
    painter.circle(grip, 13.0, theme::CHIP, Stroke::new(1.5, color));
    for side in [-1.0, 1.0] {
        let tip = grip + along * side * 7.5;
        let back = |aside: f32| grip + along * side * 3.5 + along.rot90() * aside;
        painter.line(vec![back(-4.0), tip, back(4.0)], Stroke::new(1.6, color));
    }
}

/// Names each picture.
pub(super) fn paint_captions(painter: &Painter, layout: &Layout, model: &Model<'_>) {
    let inset = if model.settings.rulers {
        rulers::RULER_POINTS + 8.0
    } else {
        12.0
    };
    for pane in &layout.panes {
        let text = match pane.layer {
            Layer::Master => "Original",
            Layer::Difference => "Difference × 8",
            _ => "Restored",
        };
        let at_right =
            matches!(layout.divider, Some(Divider::Upright(_))) && pane.layer == Layer::Restored;
        let (align, corner) = if at_right {
            (
                Align2::RIGHT_TOP,
                pane.clip.right_top() + Vec2::new(-12.0, inset),
            )
        } else {
            (Align2::LEFT_TOP, pane.clip.left_top() + Vec2::splat(inset))
        };
        if pane.clip.width() > 110.0 || model.view.held.master {
            let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
            chip(&clipped, corner, align, text);
        }
    }
}

/// Text on a dark ground, so that it is read over every photo.
pub(super) fn chip(painter: &Painter, corner: Pos2, align: Align2, text: &str) {
    let galley = painter.layout_no_wrap(
        text.to_owned(),
        FontId::proportional(13.0),
        theme::TEXT_STRONG,
    );
    let padding = Vec2::new(10.0, 5.0);
    let rect = align.anchor_size(corner, galley.size() + 2.0 * padding);
    painter.rect_filled(rect, theme::RADIUS, theme::CHIP);
    painter.galley(rect.min + padding, galley, theme::TEXT_STRONG);
}
