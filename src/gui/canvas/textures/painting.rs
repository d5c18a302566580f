//! Drawing one tile from its texture, or from a coarser one while it is being made. Makes no texture.

use eframe::egui::{Color32, Mesh, Painter, Shape, epaint::Vertex, pos2};

use super::{Key, Layer, TEXTURE_TILE_PX, TextureCache, TileSource, image_rect};
use crate::geometry::{PixelRect, TileIndex};
use crate::gui::canvas::pyramid::{LEVEL_MAX, level_rect, level_size};
use crate::gui::canvas::transform::Placement;

impl TextureCache {
    /// Draws pixels `rect` (of the key's level) from the key's texture.
    pub(super) fn paint(
        &self,
        painter: &Painter,
        placement: &Placement,
        key: Key,
        rect: PixelRect,
        tint: Color32,
    ) {
        let Some(tile) = self.tiles.get(&key) else {
            return;
        };
        let image = image_rect(rect, key.level, placement.stored);
        let unit = f64::from(1_u32 << key.level);
        let vertex = |x: u32, y: u32| Vertex {
            pos: placement.screen_from_image((f64::from(x), f64::from(y))),
            uv: pos2(
                ((f64::from(x) / unit - f64::from(tile.covered.x)) / f64::from(tile.covered.width))
                    as f32,
                ((f64::from(y) / unit - f64::from(tile.covered.y)) / f64::from(tile.covered.height))
                    as f32,
            ),
            color: tint,
        };
        let mut mesh = Mesh::with_texture(tile.texture.id());
        mesh.vertices = vec![
            vertex(image.x, image.y),
            vertex(image.right(), image.y),
            vertex(image.right(), image.bottom()),
            vertex(image.x, image.bottom()),
        ];
        mesh.indices = vec![0, 1, 2, 0, 2, 3];
        painter.add(Shape::mesh(mesh));
    }

    /// While a tile is being made: the same pixels from a coarser texture, when one is there.
    pub(super) fn paint_coarser(
        &self,
        painter: &Painter,
        placement: &Placement,
        source: &dyn TileSource,
        key: Key,
        core: PixelRect,
        tint: Color32,
    ) {
        let image = image_rect(core, key.level, source.size());
        let stand_ins: &[Layer] = match key.layer {
            Layer::Restored => &[Layer::Restored, Layer::Master],
            Layer::Master => &[Layer::Master],
            Layer::Difference
            | Layer::Mask
            | Layer::Rim
            | Layer::Stroke
            | Layer::Protected
            | Layer::Area
            | Layer::Provenance
            | Layer::Probability => return,
        };
        // Coarser levels first; then, for a picture smaller than the overview, that.
        let is_whole =
            |level: &u8| level_size(source.size(), *level).long_side() <= TEXTURE_TILE_PX;
        let finer = (0..key.level).rev().filter(is_whole);
        for level in (key.level..=LEVEL_MAX).chain(finer) {
            let rect = level_rect(image, level);
            let index = TileIndex::new(rect.x / TEXTURE_TILE_PX, rect.y / TEXTURE_TILE_PX);
            for &layer in stand_ins {
                for exact in [true, false] {
                    let coarser = Key {
                        layer,
                        level,
                        index,
                        exact,
                    };
                    if self.tiles.contains_key(&coarser) {
                        self.paint(painter, placement, coarser, rect, tint);
                        return;
                    }
                }
            }
        }
    }
}
