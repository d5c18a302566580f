//! How much a document keeps beside the photo: context, undo and older fills, by the limit for the whole program.

use super::Document;
use crate::disposal::drop_apart;
use crate::inference::EngineOptions;
use crate::mask::DEFAULT_HISTORY_BYTES;
use crate::restore::DEFAULT_FILL_CACHE_BYTES;

/// Undo may take one part in this many of the limit, and older fills as much again; the networks take half of it, the
/// context one part in sixteen.
const KEPT_SHARE: u64 = 8;

/// What one limit means for the parts of a document, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptMemory {
    /// Stage 1's context.
    pub contexts: usize,
    /// Replaced tiles that undo keeps; the newest edit is kept whatever it takes.
    pub history: usize,
    /// Older fills, for undo and redo.
    pub fills: usize,
}

impl KeptMemory {
    /// The parts of `limit_bytes`, which is for everything beside the photo; undo and fills never take more than usual.
    pub fn of(limit_bytes: u64) -> Self {
        let options = EngineOptions {
            memory_limit_bytes: Some(limit_bytes),
            ..EngineOptions::default()
        };
        let share = usize::try_from(limit_bytes / KEPT_SHARE).unwrap_or(usize::MAX);
        Self {
            contexts: options.context_bytes(),
            history: share.min(DEFAULT_HISTORY_BYTES),
            fills: share.min(DEFAULT_FILL_CACHE_BYTES),
        }
    }
}

impl Document {
    /// Keeps no more than `limit_bytes`, which is for everything beside the photo, allows: what is beyond goes at once, the
    /// oldest first.
    pub fn bound_memory(&mut self, limit_bytes: u64) {
        let kept = KeptMemory::of(limit_bytes);
        self.contexts.set_limit(kept.contexts);
        drop_apart(self.history.set_limit(kept.history));
        self.restoration.set_cache_limit(kept.fills);
    }

    /// The limits as they are.
    pub fn kept_memory(&self) -> KeptMemory {
        KeptMemory {
            contexts: self.contexts.limit_bytes(),
            history: self.history.limit_bytes(),
            fills: self.restoration.cache_limit_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::geometry::{ImageSize, PixelRect, TileIndex};
    use crate::mask::{Brush, BrushMode, MASK_TILE_BYTES};
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
    use crate::restore::{FillCell, RectFill};

    const SIZE: ImageSize = ImageSize::new(256 * 20, 256);

    fn document() -> Document {
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(vec![7; SIZE.pixel_count()]);
        let metadata = Metadata::default();
        let photo = Photo::new(SIZE, Channels::Grey, samples, None, metadata, source);
        Document::new(Arc::new(photo.unwrap()))
    }

    /// Draws in the first tile, then in the next …: an edit that took place in a tile drawn on before keeps that tile.
    fn draw(document: &mut Document, strokes: Range<usize>) {
        let brush = Brush {
            diameter_px: 20.0,
            hardness: 1.0,
            mode: BrushMode::Paint,
        };
        for i in strokes {
            let x = 50.0 + 256.0 * (i % 20) as f32 + (i / 20) as f32;
            document.begin_stroke(&brush, x, 100.0);
            assert!(document.commit());
        }
    }

    fn undo_all(document: &mut Document) -> usize {
        std::iter::from_fn(|| document.undo()).count()
    }

    #[test]
    fn all_parts_together_stay_within_the_limit_and_follow_it() {
        for limit in [192_u64 << 20, 1 << 30, 2 << 30] {
            let kept = KeptMemory::of(limit);
            let sum = (kept.contexts + kept.history + kept.fills) as u64;
            assert!(sum + limit / 2 <= limit, "{limit}");
            let mut document = document();
            document.bound_memory(limit);
            assert_eq!(document.kept_memory(), kept);
        }
        assert!(KeptMemory::of(192 << 20).history < KeptMemory::of(1 << 30).history);
    }

    #[test]
    fn a_smaller_limit_drops_the_oldest_edits_and_fills_at_once() {
        let mut document = document();
        draw(&mut document, 0..60);
        for column in 0..20 {
            let rect = PixelRect::new(column * 256, 0, 256, 256);
            let pixels = rect.size().pixel_count();
            let values = RectFill {
                fill: vec![7; pixels],
                alpha: vec![255; pixels],
                recovered: vec![0; pixels],
            };
            let index = TileIndex::new(column, 0);
            let stamp = u64::from(column) + 1;
            let cell = FillCell::from_rect(index, stamp, rect, 1, &values);
            document.restoration.insert(Arc::new(cell));
        }
        // Room for eight tiles.
        let limit = 8 * KEPT_SHARE * MASK_TILE_BYTES as u64;
        document.bound_memory(limit);
        assert!(document.restoration.cached(1).is_none());
        assert!(document.restoration.cached(20).is_some());
        // Each keeps a tile and a little beside it.
        assert_eq!(undo_all(&mut document), 7);
    }

    #[test]
    fn a_larger_limit_keeps_more_from_then_on() {
        let mut document = document();
        document.bound_memory(KEPT_SHARE * 8 * MASK_TILE_BYTES as u64);
        draw(&mut document, 0..20);
        document.bound_memory(1 << 30);
        draw(&mut document, 20..100);
        assert!(undo_all(&mut document) > 80);
    }
}
