//! The picture area: what is drawn where, and what the pointer does there. Reads the document, never changes it.

mod adjust;
mod captions;
pub mod color;
mod crosshair;
mod draft;
mod footprint;
mod grid;
mod input;
mod layout;
mod loupe;
mod navigator;
mod outline;
mod pictures;
mod preview;
mod provenance;
pub mod pyramid;
mod ring;
mod rulers;
mod source;
pub mod textures;
pub mod transform;
mod wheel;

use std::ops::RangeInclusive;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use eframe::egui::{Color32, Context, CornerRadius, Painter};
use moxcms::ColorProfile;

use self::outline::Outline;
use self::pictures::CellPicture;
use self::pyramid::{LEVEL_MAX, Pyramid};
use self::source::CanvasSource;
use self::textures::{Layer, TextureCache};
use super::area::PickedArea;
use super::settings::CompareMode;
use super::state::{Model, OverlayMode};
use super::theme;
use super::tools::Tool;
use crate::disposal::drop_apart;
use crate::document::Document;
use crate::geometry::{ImageSize, PixelRect, TileIndex};
use crate::mask::{Brush, ProbabilityMap, Shape};
use crate::photo::Photo;
use crate::restore::{ALPHA_REACH_PX, CELL_PX};

pub use self::crosshair::{canvas_id, clicks_too, has_keyboard, toggle_keyboard};
pub use self::draft::shows_trace;
pub use self::layout::{Divider, Layout, Pane, fitted, layout, panes_of};
pub use input::{PointerState, interact, key_change as input_key_change};
pub use preview::PreviewPicture;

/// Half the width of the strip in which the divider is grabbed, points.
const DIVIDER_GRAB: f32 = 7.0;
/// How fast the overlay fades, s.
const FADE_SECONDS: f32 = 0.5;

/// The photo itself and all levels above it.
const ALL_LEVELS: RangeInclusive<u8> = 0..=LEVEL_MAX;

/// What looks different when a fill changes.
const OF_THE_REPAIR: [Layer; 2] = [Layer::Restored, Layer::Difference];

/// Levels and pictures made on a thread of their own.
enum Made {
    Photo(Arc<Photo>, Pyramid),
    Map(Arc<ProbabilityMap>, Pyramid),
    Cells(Arc<Photo>, Vec<CellPicture>),
}

/// Draws one document.
#[derive(Default)]
pub struct Canvas {
    source: Option<CanvasSource>,
    textures: TextureCache,
    outline: Outline,
    making: Vec<Receiver<Made>>,
    revision: Option<u64>,
    /// The screen's profile; `None` is sRGB.
    screen: Option<Arc<ColorProfile>>,
}

impl Canvas {
    /// Takes over what changed in `document`; with `None` nothing is shown.
    ///
    /// `is_repairing` says that the last stroke's repair is still awaited.
    pub fn follow(&mut self, ctx: &Context, document: Option<&Document>, is_repairing: bool) {
        let Some(document) = document else {
            self.close();
            return;
        };
        let photo = document.photo();
        if !self
            .source
            .as_ref()
            .is_some_and(|source| Arc::ptr_eq(source.photo(), photo))
        {
            self.close();
            let mut source = CanvasSource::new(
                Arc::clone(photo),
                document.effective_mask(),
                document.restoration().clone(),
            );
            if self.screen.is_some() {
                source.show_for_screen(self.screen.as_deref());
            }
            self.source = Some(source);
            let photo = Arc::clone(photo);
            self.make(ctx, move || {
                let levels = Pyramid::of_photo(&photo);
                Made::Photo(photo, levels)
            });
        }
        self.collect();
        self.follow_stroke(document.is_editing(), is_repairing);
        if self.revision != Some(document.display_revision()) {
            self.revision = Some(document.display_revision());
            self.follow_changes(ctx, document);
        }
    }

    /// Forgets the photo and all its textures; its pixels are given back on another thread.
    fn close(&mut self) {
        let screen = self.screen.take();
        let Self { source, making, .. } = std::mem::take(self);
        self.screen = screen;
        if source.is_some() {
            drop_apart((source, making));
        }
    }

    /// Shows photos for a screen with this profile, or for an sRGB screen.
    pub fn show_for_screen(&mut self, screen: Option<&Arc<ColorProfile>>) {
        self.screen = screen.cloned();
        if let Some(source) = &mut self.source {
            source.show_for_screen(screen.map(Arc::as_ref));
            for layer in [Layer::Master, Layer::Restored] {
                self.textures.clear_layer(layer);
            }
        }
    }

    /// A stroke is about to change the mask: from here on its marks are shown apart, until its repair is there.
    pub fn stroke_begins(&mut self) {
        if let Some(source) = &mut self.source {
            source.keep_mask_before_stroke();
        }
    }

    /// Shows the outline of `area`, or of none.
    pub fn show_area(&mut self, area: Option<&PickedArea>) {
        if let Some(source) = &mut self.source
            && source.set_area(area)
        {
            self.textures.clear_layer(Layer::Area);
        }
    }

    /// A stroke begins at `at` (image px) under a pen's `pressure`, after [`Self::stroke_begins`].
    pub fn stroke_starts_at(&mut self, brush: &Brush, at: (f32, f32), pressure: f32) {
        if let Some(footprint) = self.source.as_mut().and_then(CanvasSource::footprint) {
            footprint.begin(brush, at, pressure);
        }
    }

    /// The stroke goes on to `at` (image px).
    pub fn stroke_goes_to(&mut self, at: (f32, f32), pressure: f32) {
        if let Some(footprint) = self.source.as_mut().and_then(CanvasSource::footprint) {
            footprint.extend(at, pressure);
        }
    }

    /// A shape was painted, after [`Self::stroke_begins`].
    pub fn shape_painted(&mut self, shape: &Shape) {
        if let Some(footprint) = self.source.as_mut().and_then(CanvasSource::footprint) {
            footprint.draw(shape);
        }
    }

    /// Keeps the marks of the stroke under way, and of strokes whose repair is awaited, apart from all others.
    fn follow_stroke(&mut self, is_stroking: bool, is_repairing: bool) {
        let Some(source) = &mut self.source else {
            return;
        };
        if is_stroking {
            source.keep_mask_before_stroke();
        } else if !is_repairing && source.forget_mask_before_stroke() {
            self.textures.clear_layer(Layer::Stroke);
        }
    }

    fn follow_changes(&mut self, ctx: &Context, document: &Document) {
        let Some(source) = &mut self.source else {
            return;
        };
        let map = document
            .detection()
            .map(|detection| Arc::clone(&detection.map));
        let mut new_map = None;
        if let Some(map) = &map
            && !source.has_map(map)
        {
            new_map = Some(Arc::clone(map));
        }
        if new_map.is_some() || map.is_none() {
            source.set_map(map);
            self.textures.clear_layer(Layer::Probability);
        }
        let size = document.photo().size();
        let changed = source.set_mask(document.effective_mask(), document.threshold());
        for layer in [Layer::Mask, Layer::Stroke, Layer::Protected] {
            self.textures.invalidate(layer, ALL_LEVELS, &changed);
        }
        for rect in &changed {
            self.outline.invalidate(*rect);
        }
        let around = |rect: &PixelRect| rect.grown_within(ALPHA_REACH_PX, size);
        let around: Vec<PixelRect> = changed.iter().map(around).collect();
        self.textures.invalidate(Layer::Rim, ALL_LEVELS, &around);
        let followed = source.set_restoration(document.restoration());
        for (cells, levels) in [(followed.emptied, ALL_LEVELS), (followed.filled, 0..=0)] {
            let rects = rects_of(&cells, size);
            for layer in OF_THE_REPAIR {
                self.textures.invalidate(layer, levels.clone(), &rects);
            }
            // Read from the fill itself at every size.
            self.textures
                .invalidate(Layer::Provenance, ALL_LEVELS, &rects);
        }
        if let Some(order) = followed.order {
            let photo = Arc::clone(document.photo());
            self.make(ctx, move || Made::Cells(photo, order.run()));
        }
        if let Some(map) = new_map {
            self.make(ctx, move || {
                let levels = Pyramid::of_map(map.size(), map.values());
                Made::Map(map, levels)
            });
        }
    }

    fn make(&mut self, ctx: &Context, work: impl FnOnce() -> Made + Send + 'static) {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let ctx = ctx.clone();
        let spawned = std::thread::Builder::new()
            .name("levels".to_owned())
            .spawn(move || {
                // The window may be gone by now.
                if sender.send(work()).is_ok() {
                    ctx.request_repaint();
                }
            });
        match spawned {
            Ok(_) => self.making.push(receiver),
            Err(error) => tracing::error!("no thread for the photo's levels: {error}"),
        }
    }

    fn collect(&mut self) {
        let Some(source) = &mut self.source else {
            return;
        };
        let mut textures_to_redo = false;
        self.making.retain(|receiver| match receiver.try_recv() {
            Ok(Made::Photo(photo, levels)) => {
                if Arc::ptr_eq(source.photo(), &photo) {
                    source.set_photo_levels(Arc::new(levels));
                    // The coarse picture gives way to the true one.
                    for layer in [Layer::Master, Layer::Restored, Layer::Difference] {
                        self.textures.clear_layer(layer);
                    }
                }
                false
            }
            Ok(Made::Map(map, levels)) => {
                source.set_map_levels(&map, Arc::new(levels));
                textures_to_redo = true;
                false
            }
            Ok(Made::Cells(photo, pictures)) => {
                if Arc::ptr_eq(source.photo(), &photo) {
                    let rects = rects_of(&source.take_pictures(pictures), photo.size());
                    for layer in OF_THE_REPAIR {
                        self.textures.invalidate(layer, 1..=LEVEL_MAX, &rects);
                    }
                }
                false
            }
            Err(error) => error.is_empty(),
        });
        if textures_to_redo {
            self.textures.clear_layer(Layer::Probability);
            self.textures.clear_layer(Layer::Mask);
            self.outline.clear();
        }
    }

    /// Number of textures made or updated so far; for tests of what an edit costs.
    pub fn uploads(&self) -> u64 {
        self.textures.uploads()
    }

    /// Pixels uploaded for them so far; for tests of what an edit costs.
    pub fn uploaded_pixels(&self) -> u64 {
        self.textures.uploaded_pixels()
    }

    /// Memory of all its textures, bytes.
    pub fn texture_bytes(&self) -> usize {
        self.textures.byte_len()
    }

    /// Whether reduced levels are still being made; for tests that wait until nothing is under way.
    pub fn is_making_levels(&self) -> bool {
        !self.making.is_empty()
    }

    /// Whether marks of strokes whose repair is awaited are shown; for tests.
    pub fn shows_stroke(&self) -> bool {
        self.source.as_ref().is_some_and(CanvasSource::has_stroke)
    }

    /// Draws the pictures, the overlay, the divider and the brush ring.
    pub fn paint(
        &mut self,
        painter: &Painter,
        layout: &Layout,
        model: &Model<'_>,
        pointer: &PointerState,
    ) {
        self.textures.begin_frame();
        painter.rect_filled(layout.area, CornerRadius::ZERO, theme::CANVAS);
        let opacities = Opacities::now(painter.ctx(), model);
        for pane in &layout.panes {
            let clipped = painter.with_clip_rect(pane.clip.intersect(painter.clip_rect()));
            self.paint_pane(&clipped, pane, model, opacities);
        }
        if let Some(divider) = layout.divider {
            captions::paint_divider(painter, layout.area, divider, pointer.on_divider);
        }
        let names_what_is_seen = matches!(
            model.settings.compare,
            CompareMode::Blink | CompareMode::Difference
        );
        if layout.panes.len() > 1 || model.view.held.master || names_what_is_seen {
            captions::paint_captions(painter, layout, model);
        }
        if let Some(shape) = &model.view.draft {
            draft::paint(painter, layout, shape);
        }
        if let Some((_, shape)) = &model.view.traced {
            let [r, g, b] = model.settings.overlay_color;
            draft::paint_trace(painter, layout, shape, Color32::from_rgb(r, g, b));
        }
        if let (Some(area), Some(position)) = (&model.view.area, pointer.source_at) {
            draft::paint_source(painter, layout, position, area);
        }
        if let Some(position) = pointer.brush_at {
            if pointer.adjusting.is_some() {
                ring::paint_preview(painter, layout, position, model);
            }
            ring::paint(painter, layout, position, model);
        }
        pointer.crosshair.paint(painter, layout);
        if model.settings.rulers {
            let px_per_mm = model.px_per_mm().filter(|_| model.settings.rulers_in_mm);
            for pane in layout
                .panes
                .iter()
                .take(if layout.divider.is_some() { 1 } else { 2 })
            {
                let whole = Pane {
                    clip: pane.placement.viewport,
                    ..pane.clone()
                };
                rulers::paint(painter, &whole, px_per_mm, model.view.pointer);
            }
        }
        self.paint_navigator(painter, layout, model);
        if !pointer.is_on_navigator() {
            self.paint_loupe(painter, layout, model);
        }
        if self.textures.end_frame() {
            painter.ctx().request_repaint();
        }
    }

    fn paint_pane(
        &mut self,
        painter: &Painter,
        pane: &Pane,
        model: &Model<'_>,
        opacities: Opacities,
    ) {
        let Some(source) = &self.source else {
            return;
        };
        self.textures
            .draw(painter, &pane.placement, source, pane.layer, Color32::WHITE);
        if model.settings.pixel_grid {
            grid::paint(painter, &pane.placement);
        }
        if pane.layer == Layer::Difference
            || (pane.layer == Layer::Master && model.view.held.master)
        {
            return;
        }
        let [r, g, b] = model.settings.overlay_color;
        let Opacities {
            mask,
            outline,
            map,
            provenance,
        } = opacities;
        let overlay = model.view.overlay;
        let is_filled_in = !overlay.retreated && overlay.shown() != OverlayMode::Off;
        if !is_filled_in && source.has_stroke() {
            let tint = Color32::from_rgb(r, g, b).gamma_multiply(model.settings.overlay_opacity);
            self.textures
                .draw(painter, &pane.placement, source, Layer::Stroke, tint);
        }
        if mask > 0.0 && model.settings.show_rim {
            // The rim lies below the marks, but takes long: the marks get their time first.
            self.textures
                .make(painter, &pane.placement, source, Layer::Mask);
            let tint = theme::RIM.gamma_multiply(mask);
            self.textures
                .draw(painter, &pane.placement, source, Layer::Rim, tint);
        }
        if mask > 0.0 {
            let tint = Color32::from_rgb(r, g, b).gamma_multiply(mask);
            self.textures
                .draw(painter, &pane.placement, source, Layer::Mask, tint);
        }
        if outline > 0.0 {
            let color = Color32::from_rgb(r, g, b).gamma_multiply(outline);
            self.outline
                .draw(painter, &pane.placement, source, &mut self.textures, color);
        }
        let any_overlay = [mask, outline, map, provenance].iter().any(|it| *it > 0.0);
        let shows_protection = any_overlay || model.view.tool == Tool::Protect || model.stroke_open;
        if shows_protection && source.has_protection() {
            let tint = theme::PROTECTED.gamma_multiply(model.settings.overlay_opacity);
            self.textures
                .draw(painter, &pane.placement, source, Layer::Protected, tint);
        }
        if source.has_area() {
            self.textures
                .draw(painter, &pane.placement, source, Layer::Area, theme::PICKED);
        }
        for (layer, opacity) in [(Layer::Probability, map), (Layer::Provenance, provenance)] {
            if opacity > 0.0 {
                let tint = Color32::WHITE.gamma_multiply(opacity);
                self.textures
                    .draw(painter, &pane.placement, source, layer, tint);
            }
        }
    }
}

/// Where `cells` lie in a photo of `size`.
fn rects_of(cells: &[TileIndex], size: ImageSize) -> Vec<PixelRect> {
    cells.iter().map(|cell| cell.rect(CELL_PX, size)).collect()
}

/// How strongly each overlay is drawn now, on its way to what is wanted; 0 to 1.
#[derive(Clone, Copy)]
struct Opacities {
    mask: f32,
    outline: f32,
    map: f32,
    provenance: f32,
}

impl Opacities {
    fn now(ctx: &Context, model: &Model<'_>) -> Self {
        let shown = model.view.overlay.shown();
        let part = |mode: OverlayMode| {
            let seconds = if shown == mode { 0.0 } else { FADE_SECONDS };
            let id = eframe::egui::Id::unique(("overlay", mode));
            ctx.animate_bool_with_time(id, shown == mode, seconds)
        };
        let opacity = model.settings.overlay_opacity;
        Self {
            mask: part(OverlayMode::Mask) * opacity,
            // A line hides next to nothing.
            outline: part(OverlayMode::Outline),
            map: part(OverlayMode::Probability) * opacity,
            provenance: part(OverlayMode::Provenance) * opacity,
        }
    }
}
