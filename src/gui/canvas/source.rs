//! The pixels behind the canvas: master, restored photo, mask and probability map at any level. No textures here.

use std::sync::Arc;

use eframe::egui::Color32;
use moxcms::ColorProfile;

use super::color::DisplayColor;
use super::footprint::Footprint;
use super::pictures::{CellPicture, CellPictures, Followed, restored_values};
use super::provenance::provenance;
use super::pyramid::{Pooling, Pyramid, Raster, level_rect, level_size, read_photo, sample_photo};
use super::textures::{Layer, TEXTURE_TILE_PX, TileSource};
use crate::disposal::drop_apart;
use crate::geometry::{ImageSize, PixelRect, TileIndex};
use crate::gui::area::PickedArea;
use crate::gui::theme;
use crate::mask::{EffectiveMask, MASK_TILE_PX, Mask, ProbabilityMap};
use crate::photo::Photo;
use crate::restore::{CELL_PX, Restoration, alpha_rect};

/// Width of a stripe over what is protected, px of the level.
const HATCH_PX: usize = 5;

/// Everything the canvas can show of one document.
pub struct CanvasSource {
    photo: Arc<Photo>,
    color: DisplayColor,
    photo_levels: Option<Arc<Pyramid>>,
    restoration: Restoration,
    cells: CellPictures,
    mask: EffectiveMask,
    /// The mask before the strokes whose marks are shown apart.
    mask_before: Option<EffectiveMask>,
    /// Those strokes alone.
    footprint: Option<Footprint>,
    map: Option<(Arc<ProbabilityMap>, Option<Arc<Pyramid>>)>,
    threshold: u8,
    area: Option<PickedArea>,
}

impl CanvasSource {
    /// For a photo just opened; its levels arrive later with [`Self::set_photo_levels`].
    pub fn new(photo: Arc<Photo>, mask: EffectiveMask, restoration: Restoration) -> Self {
        Self {
            color: DisplayColor::of_photo(&photo, None),
            photo,
            photo_levels: None,
            restoration,
            cells: CellPictures::default(),
            mask,
            mask_before: None,
            footprint: None,
            map: None,
            threshold: 0,
            area: None,
        }
    }

    /// The photo.
    pub fn photo(&self) -> &Arc<Photo> {
        &self.photo
    }

    /// Shows the photo for a screen with this profile, or for an sRGB screen.
    pub fn show_for_screen(&mut self, screen: Option<&ColorProfile>) {
        self.color = DisplayColor::of_photo(&self.photo, screen);
    }

    /// The photo's levels were made.
    pub fn set_photo_levels(&mut self, levels: Arc<Pyramid>) {
        self.photo_levels = Some(levels);
    }

    /// Whether this map is the one shown.
    pub fn has_map(&self, map: &Arc<ProbabilityMap>) -> bool {
        self.map
            .as_ref()
            .is_some_and(|(known, _)| Arc::ptr_eq(known, map))
    }

    /// Another probability map, its levels to follow.
    pub fn set_map(&mut self, map: Option<Arc<ProbabilityMap>>) {
        self.map = map.map(|map| (map, None));
    }

    /// The levels of the probability map were made.
    pub fn set_map_levels(&mut self, of: &Arc<ProbabilityMap>, levels: Arc<Pyramid>) {
        if let Some((map, known)) = &mut self.map
            && Arc::ptr_eq(map, of)
        {
            *known = Some(levels);
        }
    }

    /// Takes over mask and threshold; returns the rectangles of the image that look different now.
    pub fn set_mask(&mut self, mask: EffectiveMask, threshold: u8) -> Vec<PixelRect> {
        let size = self.photo.size();
        let changed = self
            .mask
            .changed_tiles(&mask)
            .into_iter()
            .map(|index| index.rect(MASK_TILE_PX, size))
            .collect();
        // The last holder of tiles that history has dropped, perhaps.
        drop_apart(std::mem::replace(&mut self.mask, mask));
        self.threshold = threshold;
        changed
    }

    /// From now on, what is added to the mask is also shown apart, until [`Self::forget_mask_before_stroke`].
    pub fn keep_mask_before_stroke(&mut self) {
        if self.mask_before.is_none() {
            self.mask_before = Some(self.mask.clone());
            self.footprint = Some(Footprint::new(self.photo.size()));
        }
    }

    /// Nothing is shown apart any more; true when something was.
    pub fn forget_mask_before_stroke(&mut self) -> bool {
        let (footprint, mask_before) = (self.footprint.take(), self.mask_before.take());
        let had_any = mask_before.is_some();
        if had_any {
            drop_apart((footprint, mask_before));
        }
        had_any
    }

    /// The strokes shown apart, to be followed while they are drawn.
    pub fn footprint(&mut self) -> Option<&mut Footprint> {
        self.footprint.as_mut()
    }

    /// Whether marks of a stroke are shown apart.
    pub fn has_stroke(&self) -> bool {
        self.mask_before.is_some()
    }

    /// Takes over the restoration; says which cells look different now and which pictures [`Self::take_pictures`] waits for.
    pub fn set_restoration(&mut self, restoration: &Restoration) -> Followed {
        let repaired = restoration
            .repairs()
            .changed_bounds(self.restoration.repairs());
        self.restoration = restoration.clone();
        self.cells.follow(&self.photo, restoration, &repaired)
    }

    /// Takes over pictures of filled cells; returns the cells that look different now, below full size.
    pub fn take_pictures(&mut self, pictures: Vec<CellPicture>) -> Vec<TileIndex> {
        self.cells.take(pictures)
    }

    fn master_values(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        let mut values =
            Vec::with_capacity(rect.size().pixel_count() * self.photo.channels().count());
        if level == 0 {
            read_photo(&self.photo, rect, &mut values);
        } else if let Some(levels) = &self.photo_levels {
            levels.level(level)?.read_rect(rect, &mut values);
        } else if level_size(self.photo.size(), level).long_side() <= TEXTURE_TILE_PX {
            // The whole photo at once, coarsely, until its levels were made.
            sample_photo(&self.photo, level, rect, &mut values);
        } else {
            return None;
        }
        Some(values)
    }

    /// The master's level with the cells' pictures laid over it.
    fn restored_level(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        if level == 0 {
            return Some(restored_values(&self.photo, &self.restoration, rect));
        }
        let mut values = self.master_values(level, rect)?;
        let channels = self.photo.channels().count();
        for index in tiles_at(rect, CELL_PX >> level) {
            let Some(picture) = self.cells.level(index, level) else {
                continue;
            };
            let origin = (
                index.column * (CELL_PX >> level),
                index.row * (CELL_PX >> level),
            );
            let place = PixelRect::new(origin.0, origin.1, picture.size.width, picture.size.height);
            let part = place.intersect(rect);
            for y in part.y..part.bottom() {
                let from = picture.size.index(part.x - place.x, y - place.y) * channels;
                let to = rect.size().index(part.x - rect.x, y - rect.y) * channels;
                let len = part.width as usize * channels;
                values[to..to + len].copy_from_slice(&picture.values[from..from + len]);
            }
        }
        Some(values)
    }

    /// Takes over the picked area; true when it is another one.
    pub fn set_area(&mut self, area: Option<&PickedArea>) -> bool {
        let is_same = match (area, &self.area) {
            (Some(new), Some(old)) => Arc::ptr_eq(&new.region, &old.region),
            (new, old) => new.is_none() && old.is_none(),
        };
        if !is_same {
            self.area = area.cloned();
        }
        !is_same
    }

    /// Whether an area is picked.
    pub fn has_area(&self) -> bool {
        self.area.is_some()
    }

    /// Whether anything is protected.
    pub fn has_protection(&self) -> bool {
        !self.mask.mask().protected.is_empty()
    }

    /// The protected layer, to be drawn like a mask.
    fn protection(&self) -> EffectiveMask {
        let mut mask = Mask::new(self.photo.size());
        mask.added = self.mask.mask().protected.clone();
        EffectiveMask::new(mask, None)
    }

    /// What was added to the mask since it was kept, and the strokes where they cross what was marked before, on `level`.
    fn stroke_level(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        let mut values = self.mask_level(&self.mask, level, rect)?;
        let before = self.mask_level(self.mask_before.as_ref()?, level, rect)?;
        let strokes = self.footprint.as_ref()?.effective();
        let strokes = self.mask_level(&strokes, level, rect)?;
        for ((value, before), stroke) in values.iter_mut().zip(before).zip(strokes) {
            *value = value.saturating_sub(before).max(stroke.min(*value));
        }
        Some(values)
    }

    /// The mask on `level`: the largest value under each pixel; `None` while it is not there yet.
    pub fn mask_values(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        self.mask_level(&self.mask, level, rect)
    }

    /// A mask on `level`: the largest value under each pixel.
    fn mask_level(&self, mask: &EffectiveMask, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        let mut values = vec![0; rect.size().pixel_count()];
        if level == 0 {
            mask.read_rect(rect, &mut values);
            return Some(values);
        }
        let side = MASK_TILE_PX >> level;
        for index in tiles_at(rect, side) {
            if !mask.may_touch_tile(index) {
                continue;
            }
            let place = level_rect(index.rect(MASK_TILE_PX, self.photo.size()), level);
            let part = place.intersect(rect);
            let target = |x: u32, y: u32| rect.size().index(x - rect.x, y - rect.y);
            if is_untouched_by_hand(mask, index) {
                let (_, levels) = self.map.as_ref()?;
                let map = levels.as_ref()?.level(level)?;
                for y in part.y..part.bottom() {
                    for x in part.x..part.right() {
                        values[target(x, y)] = if map.values[map.size.index(x, y)] >= self.threshold
                        {
                            255
                        } else {
                            0
                        };
                    }
                }
            } else {
                let pooled = self.pooled_tile(mask, index, level);
                for y in part.y..part.bottom() {
                    for x in part.x..part.right() {
                        values[target(x, y)] =
                            pooled.values[pooled.size.index(x - place.x, y - place.y)];
                    }
                }
            }
        }
        Some(values)
    }

    /// α beyond the mask on `level`, the largest value under each pixel; nothing below half size, where it is too thin to be
    /// seen and the whole photo's would have to be computed.
    fn rim_level(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        let size = self.photo.size();
        if level > 1 {
            return Some(vec![0; rect.size().pixel_count()]);
        }
        let image = PixelRect::new(
            rect.x << level,
            rect.y << level,
            rect.width << level,
            rect.height << level,
        )
        .intersect(size.rect());
        let mut values = vec![0; image.size().pixel_count()];
        alpha_rect(&self.mask, image, &mut values);
        let raster = Raster {
            size: image.size(),
            channels: 1,
            values,
        };
        let alpha = (0..level).fold(raster, |raster, _| raster.halved(Pooling::Max));
        debug_assert_eq!(alpha.size, rect.size());
        let mask = self.mask_level(&self.mask, level, rect)?;
        let beyond = alpha.values.iter().zip(mask);
        Some(
            beyond
                .map(|(alpha, mask)| alpha.saturating_sub(mask))
                .collect(),
        )
    }

    fn pooled_tile(&self, mask: &EffectiveMask, index: TileIndex, level: u8) -> Raster {
        let rect = index.rect(MASK_TILE_PX, self.photo.size());
        let mut values = vec![0; rect.size().pixel_count()];
        mask.read_rect(rect, &mut values);
        let raster = Raster {
            size: rect.size(),
            channels: 1,
            values,
        };
        (0..level).fold(raster, |raster, _| raster.halved(Pooling::Max))
    }

    fn map_level(&self, level: u8, rect: PixelRect) -> Option<Vec<u8>> {
        let (map, levels) = self.map.as_ref()?;
        let mut values = Vec::with_capacity(rect.size().pixel_count());
        if level > 0 {
            levels.as_ref()?.level(level)?.read_rect(rect, &mut values);
            return Some(values);
        }
        for y in rect.y..rect.bottom() {
            let start = map.size().index(rect.x, y);
            values.extend_from_slice(&map.values()[start..start + rect.width as usize]);
        }
        Some(values)
    }
}

impl TileSource for CanvasSource {
    fn size(&self) -> ImageSize {
        self.photo.size()
    }

    fn read(&self, layer: Layer, level: u8, rect: PixelRect) -> Option<Vec<Color32>> {
        debug_assert!(rect.intersect(level_size(self.size(), level).rect()) == rect);
        match layer {
            Layer::Master => Some(self.color.to_screen(&self.master_values(level, rect)?)),
            Layer::Restored => Some(self.color.to_screen(&self.restored_level(level, rect)?)),
            Layer::Difference => {
                let (master, restored) = (
                    self.master_values(level, rect)?,
                    self.restored_level(level, rect)?,
                );
                Some(difference(
                    &master,
                    &restored,
                    self.photo.channels().count(),
                ))
            }
            Layer::Mask => Some(white(self.mask_level(&self.mask, level, rect)?)),
            Layer::Rim => Some(white(self.rim_level(level, rect)?)),
            Layer::Stroke => Some(white(self.stroke_level(level, rect)?)),
            Layer::Protected => {
                let values = self.mask_level(&self.protection(), level, rect)?;
                Some(white(hatched(values, rect)))
            }
            Layer::Area => {
                let area = self.area.as_ref()?;
                Some(white(self.mask_level(&area.outline, level, rect)?))
            }
            Layer::Provenance => Some(provenance(&self.restoration, level, rect)),
            Layer::Probability => {
                let ramp: Vec<Color32> = (0..=255).map(theme::heat).collect();
                Some(
                    self.map_level(level, rect)?
                        .into_iter()
                        .map(|v| ramp[usize::from(v)])
                        .collect(),
                )
            }
        }
    }

    fn same_as(&self, layer: Layer, rect: PixelRect) -> Layer {
        let filled = || tiles_at(rect, CELL_PX).any(|index| self.cells.is_filled(index, rect));
        if layer == Layer::Restored && !filled() {
            Layer::Master
        } else {
            layer
        }
    }
}

/// How many times a difference is amplified; the caption says the same.
const DIFFERENCE_GAIN: u8 = 8;

/// The difference of two pictures, interleaved 8-bit code values, amplified. Grey for grey pictures.
fn difference(master: &[u8], restored: &[u8], channels: usize) -> Vec<Color32> {
    let pixels = master
        .chunks_exact(channels)
        .zip(restored.chunks_exact(channels));
    let amplified = |a: u8, b: u8| a.abs_diff(b).saturating_mul(DIFFERENCE_GAIN);
    pixels
        .map(|(a, b)| match (a, b) {
            (&[r, g, b], &[r2, g2, b2]) => {
                Color32::from_rgb(amplified(r, r2), amplified(g, g2), amplified(b, b2))
            }
            _ => Color32::from_gray(amplified(a[0], b[0])),
        })
        .collect()
}

/// White of the given alpha, premultiplied.
fn white(values: Vec<u8>) -> Vec<Color32> {
    values
        .into_iter()
        .map(|v| Color32::from_rgba_premultiplied(v, v, v, v))
        .collect()
}

/// `values` of `rect` with every other diagonal stripe thinned, so that protection is told from damage without colour.
fn hatched(mut values: Vec<u8>, rect: PixelRect) -> Vec<u8> {
    let width = rect.width as usize;
    for (index, value) in values.iter_mut().enumerate() {
        let (x, y) = (
            rect.x as usize + index % width,
            rect.y as usize + index / width,
        );
        if (x + y) / HATCH_PX % 2 == 1 {
            *value /= 4;
        }
    }
    values
}

/// Whether detection alone decides in this tile.
fn is_untouched_by_hand(mask: &EffectiveMask, index: TileIndex) -> bool {
    let layers = mask.mask();
    [&layers.added, &layers.removed, &layers.protected]
        .iter()
        .all(|layer| layer.tile(index).is_none())
}

/// The tiles of `side` px that `rect` overlaps.
pub(super) fn tiles_at(rect: PixelRect, side: u32) -> impl Iterator<Item = TileIndex> {
    let side = side.max(1);
    let range = |start: u32, end: u32| {
        if end > start {
            start / side..(end - 1) / side + 1
        } else {
            0..0
        }
    };
    let columns = range(rect.x, rect.right());
    range(rect.y, rect.bottom()).flat_map(move |row| {
        columns
            .clone()
            .map(move |column| TileIndex::new(column, row))
    })
}

#[cfg(test)]
mod tests;
