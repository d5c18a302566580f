use eframe::egui::{RawInput, Rect, pos2, vec2};

use super::*;
use crate::gui::canvas::transform::View;
use crate::photo::Orientation;

/// A photo of 1,600 megapixels in one colour.
struct Plain;

impl TileSource for Plain {
    fn size(&self) -> ImageSize {
        ImageSize::new(40_000, 40_000)
    }

    fn read(&self, _: Layer, _: u8, rect: PixelRect) -> Option<Vec<Color32>> {
        Some(vec![Color32::GRAY; rect.size().pixel_count()])
    }

    fn same_as(&self, layer: Layer, _: PixelRect) -> Layer {
        layer
    }
}

/// Shows the pixels around `center` at 100 % in a window of 1024 × 768 px until all of them are drawn.
fn look_at(ctx: &Context, textures: &mut TextureCache, center: (f64, f64)) {
    let window = Rect::from_min_size(pos2(0.0, 0.0), vec2(1024.0, 768.0));
    let view = View {
        scale: 1.0,
        center,
        fitted: false,
    };
    let placement = Placement::new(&view, window, 1.0, Plain.size(), Orientation::default());
    for _ in 0..200 {
        let mut is_incomplete = false;
        let input = RawInput {
            screen_rect: Some(window),
            ..RawInput::default()
        };
        let mut output = ctx.run_ui(input, |ui| {
            textures.begin_frame();
            let painter = ui.painter().with_clip_rect(window);
            textures.draw(&painter, &placement, &Plain, Layer::Master, Color32::WHITE);
            is_incomplete = textures.end_frame();
        });
        // Nothing is drawn from them here.
        output.textures_delta.clear();
        if !is_incomplete {
            return;
        }
    }
}

#[test]
fn looking_over_a_huge_photo_keeps_no_more_textures_than_the_window_needs() {
    let ctx = Context::default();
    let mut textures = TextureCache::default();
    let tile_bytes = 4 * ((TEXTURE_TILE_PX + 2) as usize).pow(2);
    // A window of 1024 × 768 px touches 3 × 3 tiles at most, and there is the overview.
    let seen_bytes = 10 * tile_bytes;
    for step in 0..30 {
        let along = 2000.0 + 1100.0 * f64::from(step);
        look_at(&ctx, &mut textures, (along, along));
        assert!(
            textures.byte_len() <= seen_bytes + seen_bytes.max(LEAST_UNSEEN_BYTES),
            "{} bytes after {step} steps",
            textures.byte_len()
        );
    }
    assert!(textures.uploads() > 60, "{} uploads", textures.uploads());
}
