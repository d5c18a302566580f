//! Textures of the visible tiles: made when first seen, updated where they changed, dropped when long unseen.

mod painting;

use std::collections::HashMap;
use std::ops::RangeBounds;
use std::time::{Duration, Instant};

use eframe::egui::{
    Color32, ColorImage, Context, Painter, TextureFilter, TextureHandle, TextureOptions,
};

use super::pyramid::{LEVEL_MAX, level_for_scale, level_rect, level_size};
use super::transform::Placement;
use crate::geometry::{ImageSize, PixelRect, TileIndex};
use crate::mask::MASK_TILE_PX;

/// Side of a texture's own pixels; one more on each side is kept for filtering across its edge.
pub const TEXTURE_TILE_PX: u32 = 512;
/// Bytes of unseen textures that are kept in any case: the overview and a few tiles next to a small window.
const LEAST_UNSEEN_BYTES: usize = 32 << 20;
/// Time a frame may spend on making and updating textures: half of what the window's thread may take in all. An unoptimised
/// build is ten times slower, and would show next to nothing.
const FRAME_BUDGET: Duration = Duration::from_millis(if cfg!(debug_assertions) { 20 } else { 2 });

/// What a texture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The photo as opened.
    Master,
    /// The photo with its damage filled.
    Restored,
    /// How far the restored photo differs from the original, amplified; black where it does not.
    Difference,
    /// What is to be repaired: white, its alpha the mask.
    Mask,
    /// What the last strokes added to the mask, drawn like [`Self::Mask`].
    Stroke,
    /// How far the repair reaches beyond the mask: white, its alpha α where that is more than the mask.
    Rim,
    /// What must never be touched: white and hatched.
    Protected,
    /// The outline of the picked area: white.
    Area,
    /// Where the fill comes from, in the colours of [`crate::gui::theme::provenance`], its alpha the repair's.
    Provenance,
    /// How sure detection is, in the colours of [`crate::gui::theme::heat`].
    Probability,
}

/// Where textures get their pixels.
pub trait TileSource {
    /// Size of the image, level 0.
    fn size(&self) -> ImageSize;

    /// Premultiplied colours of `rect` on `level`, row by row; `None` while they are not there yet.
    fn read(&self, layer: Layer, level: u8, rect: PixelRect) -> Option<Vec<Color32>>;

    /// Another layer that has the same pixels in `rect` of the image, so that one texture serves both.
    fn same_as(&self, layer: Layer, rect: PixelRect) -> Layer;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    layer: Layer,
    level: u8,
    index: TileIndex,
    /// Whether the texture is shown unfiltered, see [`shows_pixels`].
    exact: bool,
}

struct Tile {
    texture: TextureHandle,
    /// Pixels of the level the texture holds, its rim included.
    covered: PixelRect,
    /// Pixels of the level that changed since the last upload.
    dirty: PixelRect,
    last_frame: u64,
}

/// A texture whose pixels are still being read.
struct Draft {
    covered: PixelRect,
    /// Whole rows of `covered`, from the top.
    pixels: Vec<Color32>,
    last_frame: u64,
}

impl Draft {
    fn rows_read(&self) -> u32 {
        (self.pixels.len() / self.covered.width as usize) as u32
    }

    /// What is still to be read.
    fn rest(&self) -> PixelRect {
        below(self.covered, self.rows_read())
    }
}

/// `rect` without its first `rows`.
fn below(rect: PixelRect, rows: u32) -> PixelRect {
    if rows >= rect.height {
        return PixelRect::EMPTY;
    }
    PixelRect::new(rect.x, rect.y + rows, rect.width, rect.height - rows)
}

/// Rows of a level that are read at once; then the time is looked at. Masks are pooled from tiles of [`MASK_TILE_PX`], which are
/// read whole; α is computed at full size, with what is around it.
fn strip_rows(layer: Layer, level: u8) -> u32 {
    match layer {
        Layer::Master
        | Layer::Restored
        | Layer::Difference
        | Layer::Provenance
        | Layer::Probability => 64,
        Layer::Mask | Layer::Stroke | Layer::Protected | Layer::Area => {
            (MASK_TILE_PX >> level).max(1)
        }
        Layer::Rim => 32,
    }
}

/// The first strip of `rect`, ended where strips end on the whole level, so that a mask tile lies in one.
fn first_strip(rect: PixelRect, layer: Layer, level: u8) -> PixelRect {
    let rows = strip_rows(layer, level);
    let end = (rect.y / rows + 1) * rows;
    let height = rect.height.min(end - rect.y);
    PixelRect::new(rect.x, rect.y, rect.width, height)
}

/// All textures of one photo.
#[derive(Default)]
pub struct TextureCache {
    tiles: HashMap<Key, Tile>,
    drafts: HashMap<Key, Draft>,
    frame: u64,
    started: Option<Instant>,
    uploads: u64,
    uploaded_pixels: u64,
    incomplete: bool,
}

impl TextureCache {
    /// Begins a frame: a new time budget.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
        self.started = None;
        self.incomplete = false;
    }

    /// Ends a frame: drops long unseen textures; true when something is still to be made.
    pub fn end_frame(&mut self) -> bool {
        self.drop_unseen();
        let frame = self.frame;
        self.drafts.retain(|_, draft| draft.last_frame == frame);
        self.incomplete
    }

    /// Drops the textures that were not seen for longest, until those out of sight take no more than those in sight: what is
    /// kept depends on the window, however large the photo is.
    fn drop_unseen(&mut self) {
        let frame = self.frame;
        let mut seen_bytes = 0;
        let mut unseen: Vec<(u64, Key, usize)> = Vec::new();
        for (key, tile) in &self.tiles {
            let bytes = tile.texture.byte_size();
            if tile.last_frame >= frame {
                seen_bytes += bytes;
            } else {
                unseen.push((tile.last_frame, *key, bytes));
            }
        }
        let mut unseen_bytes: usize = unseen.iter().map(|(.., bytes)| bytes).sum();
        let limit = seen_bytes.max(LEAST_UNSEEN_BYTES);
        if unseen_bytes <= limit {
            return;
        }
        unseen.sort_unstable_by_key(|(last_frame, ..)| *last_frame);
        for (_, key, bytes) in unseen {
            if unseen_bytes <= limit {
                break;
            }
            self.tiles.remove(&key);
            unseen_bytes -= bytes;
        }
    }

    /// Memory of all textures, bytes.
    pub fn byte_len(&self) -> usize {
        let tiles = self.tiles.values();
        tiles.map(|tile| tile.texture.byte_size()).sum()
    }

    /// Number of textures made or updated so far.
    pub fn uploads(&self) -> u64 {
        self.uploads
    }

    /// Pixels uploaded for them so far.
    pub fn uploaded_pixels(&self) -> u64 {
        self.uploaded_pixels
    }

    /// Forgets everything, for another photo.
    pub fn clear(&mut self) {
        self.tiles.clear();
        self.drafts.clear();
    }

    /// Forgets one layer.
    pub fn clear_layer(&mut self, layer: Layer) {
        self.tiles.retain(|key, _| key.layer != layer);
        self.drafts.retain(|key, _| key.layer != layer);
    }

    /// Marks `rects` (image px) of `layer` as changed, on `levels`.
    pub fn invalidate(&mut self, layer: Layer, levels: impl RangeBounds<u8>, rects: &[PixelRect]) {
        if rects.is_empty() {
            return;
        }
        let is_meant = |key: &Key| key.layer == layer && levels.contains(&key.level);
        let changed_in = |level: u8, covered: PixelRect| {
            let parts = rects
                .iter()
                .map(|rect| level_rect(*rect, level).intersect(covered));
            parts.fold(PixelRect::EMPTY, PixelRect::union)
        };
        for (key, tile) in self.tiles.iter_mut().filter(|(key, _)| is_meant(key)) {
            tile.dirty = tile.dirty.union(changed_in(key.level, tile.covered));
        }
        for (key, draft) in self.drafts.iter_mut().filter(|(key, _)| is_meant(key)) {
            let changed = changed_in(key.level, draft.covered);
            if !changed.is_empty() {
                let rows = (changed.y - draft.covered.y) as usize;
                draft.pixels.truncate(rows * draft.covered.width as usize);
            }
        }
    }

    /// Makes what [`Self::draw`] will draw of `layer`, as far as there is time: before a layer that is drawn sooner.
    pub fn make(
        &mut self,
        painter: &Painter,
        placement: &Placement,
        source: &dyn TileSource,
        layer: Layer,
    ) {
        for (key, _) in self.wanted(painter, placement, source, layer) {
            self.prepare(painter.ctx(), key, source);
        }
    }

    /// The textures of `layer` where `painter` may paint, and which pixels of their level each is drawn on.
    fn wanted(
        &self,
        painter: &Painter,
        placement: &Placement,
        source: &dyn TileSource,
        layer: Layer,
    ) -> Vec<(Key, PixelRect)> {
        let exact = shows_pixels(placement.scale);
        let level = level_for_scale(placement.scale, source.size());
        let visible = level_rect(placement.visible_pixels(painter.clip_rect()), level);
        if visible.is_empty() {
            return Vec::new();
        }
        let size = level_size(source.size(), level);
        let mut indices = tiles_of(visible);
        // Another tile goes first in each frame, so that none waits for as long as something keeps changing.
        let first = self.frame as usize % indices.len();
        indices.rotate_left(first);
        let key_of = |index: TileIndex| {
            let core = index.rect(TEXTURE_TILE_PX, size);
            let covered = image_rect(core.grown_within(1, size), level, source.size());
            let layer = source.same_as(layer, covered);
            let key = Key {
                layer,
                level,
                index,
                exact,
            };
            (key, core)
        };
        indices.into_iter().map(key_of).collect()
    }

    /// Draws `layer` where `painter` may paint, multiplied by `tint` (premultiplied).
    pub fn draw(
        &mut self,
        painter: &Painter,
        placement: &Placement,
        source: &dyn TileSource,
        layer: Layer,
        tint: Color32,
    ) {
        let wanted = self.wanted(painter, placement, source, layer);
        if !wanted.is_empty() {
            self.keep_overview(painter.ctx(), source, layer);
        }
        for (key, core) in wanted {
            if self.prepare(painter.ctx(), key, source) {
                self.paint(painter, placement, key, core, tint);
            } else {
                self.paint_coarser(painter, placement, source, key, core, tint);
            }
        }
    }

    /// Keeps one texture of the whole photo, to stand in for tiles that are still being made.
    fn keep_overview(&mut self, ctx: &Context, source: &dyn TileSource, layer: Layer) {
        let whole = |level: &u8| level_size(source.size(), *level).long_side() <= TEXTURE_TILE_PX;
        if let (Layer::Master | Layer::Restored, Some(level)) = (layer, (1..=LEVEL_MAX).find(whole))
        {
            let key = Key {
                layer: Layer::Master,
                level,
                index: TileIndex::new(0, 0),
                exact: false,
            };
            self.prepare(ctx, key, source);
        }
    }

    fn has_time(&self) -> bool {
        match self.started {
            Some(started) => started.elapsed() < FRAME_BUDGET,
            None => true,
        }
    }

    /// Whether this frame may spend time on a texture; from the first question on it counts.
    pub(super) fn may_take_time(&mut self) -> bool {
        let has_time = self.has_time();
        self.incomplete |= !has_time;
        self.started.get_or_insert_with(Instant::now);
        has_time
    }

    /// Something is to be drawn that cannot be made yet.
    pub(super) fn wants_another_frame(&mut self) {
        self.incomplete = true;
    }

    /// Makes or updates the texture of `key`, as far as there is time; false when there is none to draw yet.
    fn prepare(&mut self, ctx: &Context, key: Key, source: &dyn TileSource) -> bool {
        while self.is_due(key) {
            if !self.may_take_time() {
                break;
            }
            if !self.read_strip(ctx, key, source) {
                self.incomplete |= !self.tiles.contains_key(&key);
                break;
            }
        }
        let frame = self.frame;
        if let Some(draft) = self.drafts.get_mut(&key) {
            draft.last_frame = frame;
        }
        self.tiles
            .get_mut(&key)
            .map(|tile| tile.last_frame = frame)
            .is_some()
    }

    /// Whether there are pixels to be read for `key`.
    fn is_due(&self, key: Key) -> bool {
        let tile = self.tiles.get(&key);
        tile.is_none_or(|tile| !tile.dirty.is_empty())
    }

    /// Reads the next strip of `key`; false when the source does not have it yet.
    fn read_strip(&mut self, ctx: &Context, key: Key, source: &dyn TileSource) -> bool {
        if let Some(tile) = self.tiles.get_mut(&key) {
            let strip = first_strip(tile.dirty, key.layer, key.level);
            let Some(pixels) = source.read(key.layer, key.level, strip) else {
                return false;
            };
            let at = [
                (strip.x - tile.covered.x) as usize,
                (strip.y - tile.covered.y) as usize,
            ];
            let image = ColorImage::new([strip.width as usize, strip.height as usize], pixels);
            tile.texture.set_partial(at, image, options_of(key));
            tile.dirty = below(tile.dirty, strip.height);
            self.uploads += u64::from(tile.dirty.is_empty());
            self.uploaded_pixels += strip.size().pixel_count() as u64;
            return true;
        }
        let draft = self.drafts.entry(key).or_insert_with(|| {
            let size = level_size(source.size(), key.level);
            Draft {
                covered: key.index.rect(TEXTURE_TILE_PX, size).grown_within(1, size),
                pixels: Vec::new(),
                last_frame: 0,
            }
        });
        let strip = first_strip(draft.rest(), key.layer, key.level);
        let Some(pixels) = source.read(key.layer, key.level, strip) else {
            return false;
        };
        draft.pixels.extend_from_slice(&pixels);
        if draft.rest().is_empty()
            && let Some(draft) = self.drafts.remove(&key)
        {
            self.insert(ctx, key, draft);
        }
        true
    }

    fn insert(&mut self, ctx: &Context, key: Key, draft: Draft) {
        let Draft {
            covered, pixels, ..
        } = draft;
        let image = ColorImage::new([covered.width as usize, covered.height as usize], pixels);
        let name = format!(
            "{:?} {} {}/{}",
            key.layer, key.level, key.index.column, key.index.row
        );
        let tile = Tile {
            texture: ctx.load_texture(name, image, options_of(key)),
            covered,
            dirty: PixelRect::EMPTY,
            last_frame: self.frame,
        };
        self.tiles.insert(key, tile);
        self.uploads += 1;
        self.uploaded_pixels += covered.size().pixel_count() as u64;
    }
}

fn options_of(key: Key) -> TextureOptions {
    let filter = if key.exact {
        TextureFilter::Nearest
    } else {
        TextureFilter::Linear
    };
    TextureOptions {
        magnification: filter,
        minification: filter,
        ..TextureOptions::LINEAR
    }
}

/// From this zoom on every pixel is a square of its own, whatever the factor.
const SQUARES_FROM_SCALE: f64 = 4.0;

/// Whether at `scale` (physical px an image px) each pixel becomes a sharp square: all of the same size by a whole factor, of
/// nearly the same from [`SQUARES_FROM_SCALE`] on. In between some would be visibly wider than others.
fn shows_pixels(scale: f64) -> bool {
    scale >= SQUARES_FROM_SCALE || (scale >= 1.0 && scale.fract() == 0.0)
}

/// The texture tiles that `rect`, which is not empty, overlaps.
fn tiles_of(rect: PixelRect) -> Vec<TileIndex> {
    let range = |start: u32, end: u32| start / TEXTURE_TILE_PX..=(end - 1) / TEXTURE_TILE_PX;
    range(rect.y, rect.bottom())
        .flat_map(|row| range(rect.x, rect.right()).map(move |column| TileIndex::new(column, row)))
        .collect()
}

/// The image pixels that level pixels `rect` show, cut at the image's edge.
fn image_rect(rect: PixelRect, level: u8, size: ImageSize) -> PixelRect {
    PixelRect::new(
        rect.x << level,
        rect.y << level,
        rect.width << level,
        rect.height << level,
    )
    .intersect(size.rect())
}

#[cfg(test)]
mod tests;
