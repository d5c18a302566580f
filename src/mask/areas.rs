//! What was decided, area by area: each connected piece of the mask with who marked it, and what a person took out.

use super::components::{Run, label};
use super::layer::tiles_in;
use super::{
    AreaRepairs, Component, EffectiveMask, FULL_STRENGTH, Filling, MASK_TILE_PX, Mask, MaskLayer,
};
use crate::geometry::PixelRect;

/// Who decided on an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Found by the network, untouched by the person.
    Detected,
    /// Painted, or given as a mask file.
    Drawn,
    /// Found, and painted as well.
    Both,
    /// Found or painted, then erased: left as it is.
    Erased,
    /// Found or painted where nothing may be touched: left as it is.
    Protected,
}

impl Origin {
    /// Whether the area is repaired.
    pub const fn is_repaired(self) -> bool {
        matches!(self, Self::Detected | Self::Drawn | Self::Both)
    }
}

/// One connected piece of px with a value above 0; px that touch at a corner belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Size and place.
    pub component: Component,
    /// Who decided.
    pub origin: Origin,
    /// How strongly it is repaired where it is least so; 255 = in full.
    pub least_strength: u8,
    /// Number of px that are filled from the photo itself, not by the network.
    pub own_px: u64,
}

/// Every piece of the mask, then every piece that a person took out of it, each ordered by its first px, row by row;
/// `repairs` is what was decided for single areas.
pub fn areas(mask: &EffectiveMask, repairs: &AreaRepairs) -> Vec<Area> {
    let mut areas = marked(mask);
    if !repairs.is_empty() {
        mend(mask, repairs, &mut areas);
    }
    areas.extend(taken_out(mask));
    areas
}

/// Notes how the marked `areas` are repaired.
fn mend(mask: &EffectiveMask, repairs: &AreaRepairs, areas: &mut [Area]) {
    let (runs, _) = label(mask, 1);
    let mut strengths = Vec::new();
    for run in &runs {
        let area = &mut areas[run.component];
        strengths.clear();
        strengths.resize((run.end - run.start) as usize, FULL_STRENGTH);
        repairs.strength_row(run.start, run.y, &mut strengths);
        let least = strengths.iter().copied().min();
        area.least_strength = area.least_strength.min(least.unwrap_or(FULL_STRENGTH));
        if repairs.may_touch(run.rect()) {
            let mut row = run.start..run.end;
            let is_own = |x| matches!(repairs.filling_at(x, run.y), Filling::Own(_));
            area.own_px += row.by_ref().filter(|&x| is_own(x)).count() as u64;
        }
    }
}

fn marked(mask: &EffectiveMask) -> Vec<Area> {
    let (runs, components) = label(mask, 1);
    let drawn = count(&runs, components.len(), |run, row| {
        mask.mask().added.read_rect(run.rect(), row);
    });
    let detected = count(&runs, components.len(), |run, row| {
        detected_row(mask, run, row);
    });
    let pieces = components.into_iter().zip(drawn.into_iter().zip(detected));
    pieces
        .map(|(component, (drawn, detected))| Area {
            component,
            origin: match (detected > 0, drawn > 0) {
                (true, true) => Origin::Both,
                (true, false) => Origin::Detected,
                (false, _) => Origin::Drawn,
            },
            least_strength: FULL_STRENGTH,
            own_px: 0,
        })
        .collect()
}

/// What would be marked without the layers that take away, and is not.
fn taken_out(mask: &EffectiveMask) -> Vec<Area> {
    let Mask {
        added,
        removed,
        protected,
    } = mask.mask();
    if removed.is_empty() && protected.is_empty() {
        return Vec::new();
    }
    let size = mask.size();
    let wished = EffectiveMask::new(
        Mask {
            added: added.clone(),
            ..Mask::new(size)
        },
        mask.detected().cloned(),
    );
    let mut values = vec![0; size.pixel_count()];
    for index in tiles_in(size.rect()).filter(|&index| wished.may_touch_tile(index)) {
        let tile = index.rect(MASK_TILE_PX, size);
        let mut row = vec![0; tile.width as usize];
        for y in tile.y..tile.bottom() {
            let rect = PixelRect::new(tile.x, y, tile.width, 1);
            let out = &mut values[size.index(tile.x, y)..][..row.len()];
            wished.read_rect(rect, out);
            mask.read_rect(rect, &mut row);
            for (wish, &left) in out.iter_mut().zip(&row) {
                *wish = if *wish > 0 && left == 0 { 255 } else { 0 };
            }
        }
    }
    let mut out = Mask::new(size);
    out.added = MaskLayer::from_raster(size, &values);
    let (runs, components) = label(&EffectiveMask::new(out, None), 1);
    let erased = count(&runs, components.len(), |run, row| {
        removed.read_rect(run.rect(), row);
    });
    let pieces = components.into_iter().zip(erased);
    pieces
        .map(|(component, erased)| Area {
            component,
            origin: if erased > 0 {
                Origin::Erased
            } else {
                Origin::Protected
            },
            least_strength: FULL_STRENGTH,
            own_px: 0,
        })
        .collect()
}

/// For each of `count` pieces, on how many of its px `read` gives a value above 0.
fn count(runs: &[Run], count: usize, read: impl Fn(&Run, &mut [u8])) -> Vec<u64> {
    let mut counts = vec![0; count];
    let mut row = Vec::new();
    for run in runs {
        row.clear();
        row.resize((run.end - run.start) as usize, 0);
        read(run, &mut row);
        counts[run.component] += row.iter().filter(|&&value| value > 0).count() as u64;
    }
    counts
}

fn detected_row(mask: &EffectiveMask, run: &Run, row: &mut [u8]) {
    let Some((map, threshold)) = mask.detected() else {
        return;
    };
    let source = &map.values()[mask.size().index(run.start, run.y)..][..row.len()];
    for (value, probability) in row.iter_mut().zip(source) {
        *value = u8::from(probability >= threshold);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::ProbabilityMap;

    const SIZE: ImageSize = ImageSize::new(600, 300);

    fn raster(rects: &[PixelRect]) -> Vec<u8> {
        let mut values = vec![0; SIZE.pixel_count()];
        for rect in rects {
            for y in rect.y..rect.bottom() {
                values[SIZE.index(rect.x, y)..][..rect.width as usize].fill(255);
            }
        }
        values
    }

    #[test]
    fn every_piece_says_who_decided_on_it() {
        let [found, both, erased, protected, drawn] =
            [10, 250, 300, 400, 500].map(|x| PixelRect::new(x, 20, 30, 4));
        let map = ProbabilityMap::new(SIZE, raster(&[found, both, erased, protected]));
        let mut mask = Mask::new(SIZE);
        let layer = |rects: &[PixelRect]| MaskLayer::from_raster(SIZE, &raster(rects));
        mask.added = layer(&[PixelRect::new(260, 22, 2, 9), drawn]);
        mask.removed = layer(&[erased]);
        mask.protected = layer(&[PixelRect::new(390, 0, 60, 60)]);
        let areas = areas(
            &EffectiveMask::new(mask, Some((Arc::new(map), 128))),
            &AreaRepairs::default(),
        );
        let said: Vec<_> = areas
            .iter()
            .map(|area| (area.component.bounds.x, area.component.area_px, area.origin))
            .collect();
        assert_eq!(
            said,
            [
                (10, 120, Origin::Detected),
                (250, 120 + 2 * 7, Origin::Both),
                (500, 120, Origin::Drawn),
                (300, 120, Origin::Erased),
                (400, 120, Origin::Protected),
            ]
        );
    }

    #[test]
    fn erasing_a_part_leaves_the_rest_as_found() {
        let found = PixelRect::new(10, 20, 30, 4);
        let map = ProbabilityMap::new(SIZE, raster(&[found]));
        let mut mask = Mask::new(SIZE);
        mask.removed = MaskLayer::from_raster(SIZE, &raster(&[PixelRect::new(20, 0, 10, 300)]));
        let areas = areas(
            &EffectiveMask::new(mask, Some((Arc::new(map), 128))),
            &AreaRepairs::default(),
        );
        let said: Vec<_> = areas
            .iter()
            .map(|area| (area.component.area_px, area.origin.is_repaired()))
            .collect();
        assert_eq!(said, [(40, true), (40, true), (40, false)]);
    }
}
