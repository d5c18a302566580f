//! A photo that is still being decoded, as far as it can be seen: one small picture, fitted into the window. Nothing can be
//! done to it.

use std::sync::Arc;

use eframe::egui::{
    Color32, ColorImage, CornerRadius, Mesh, Painter, Rect, Shape, TextureHandle, TextureOptions,
    epaint::Vertex, pos2,
};

use super::color::DisplayColor;
use super::transform::{Placement, View};
use crate::gui::theme;
use crate::jobs::Preview;

/// A preview and its texture.
pub struct PreviewPicture {
    preview: Arc<Preview>,
    texture: Option<TextureHandle>,
}

impl PreviewPicture {
    /// To be painted.
    pub const fn new(preview: Arc<Preview>) -> Self {
        Self {
            preview,
            texture: None,
        }
    }

    /// Shows more of the same photo.
    pub fn renew(&mut self, preview: Arc<Preview>) {
        self.preview = preview;
        self.texture = None;
    }

    /// Paints it into `area`, where the photo will be when it is there.
    pub fn paint(&mut self, painter: &Painter, area: Rect) {
        painter.rect_filled(area, CornerRadius::ZERO, theme::CANVAS);
        let preview = &self.preview;
        let texture = self.texture.get_or_insert_with(|| {
            let color = DisplayColor::between(preview.icc.as_deref(), preview.channels, None);
            let size = [preview.size.width as usize, preview.size.height as usize];
            let image = ColorImage::new(size, color.to_screen(&preview.values));
            let context = painter.ctx();
            context.load_texture("preview", image, TextureOptions::LINEAR)
        });
        let pixels_per_point = painter.ctx().pixels_per_point();
        let shown = preview.orientation.ui_size(preview.full_size);
        let view = View::fit(shown, area.size(), pixels_per_point);
        let placement = Placement::new(
            &view,
            area,
            pixels_per_point,
            preview.full_size,
            preview.orientation,
        );
        let (width, height) = (
            f64::from(preview.full_size.width),
            f64::from(preview.full_size.height),
        );
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        let mut mesh = Mesh::with_texture(texture.id());
        mesh.vertices = corners
            .map(|(u, v)| Vertex {
                pos: placement.screen_from_image((u * width, v * height)),
                uv: pos2(u as f32, v as f32),
                color: Color32::WHITE,
            })
            .to_vec();
        mesh.indices = vec![0, 1, 2, 0, 2, 3];
        painter.add(Shape::mesh(mesh));
    }
}
