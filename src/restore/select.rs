//! Which pixels a repair reaches under a click or inside an outline: the areas a person decides on. Pure.

use std::collections::HashMap;

use super::alpha::alpha_rect;
use crate::geometry::{ImageSize, PixelPoint, TileIndex};
use crate::mask::{
    BrushMode, EffectiveMask, MASK_TILE_PX, Mask, PixelRegion, RegionSpan, fill_polygon,
};

/// The connected piece of the repair (α above 0; pixels that touch at a corner belong together) nearest to `at` and at
/// most `reach_px` away in either axis; `None` when there is none.
pub fn area_at(mask: &EffectiveMask, at: PixelPoint, reach_px: u32) -> Option<PixelRegion> {
    let mut reached = Reached::new(mask);
    let start = reached.nearest(at, reach_px)?;
    let mut open = vec![start];
    reached.take(start.0, start.1);
    let mut spans = Vec::new();
    while let Some((x, y)) = open.pop() {
        spans.push(RegionSpan { y, x, len: 1 });
        for v in y.saturating_sub(1)..=y + 1 {
            for u in x.saturating_sub(1)..=x + 1 {
                if reached.take(u, v) {
                    open.push((u, v));
                }
            }
        }
    }
    PixelRegion::from_spans(spans)
}

/// The pixels inside the closed outline (image px) that the repair reaches (α above 0); `None` when there are none.
pub fn area_inside(mask: &EffectiveMask, outline: &[(f32, f32)]) -> Option<PixelRegion> {
    let size = mask.size();
    let mut drawn = Mask::new(size);
    let bounds = fill_polygon(&mut drawn, BrushMode::Paint, outline);
    let mut spans = Vec::new();
    for index in drawn.added.indices() {
        let part = index.rect(MASK_TILE_PX, size).intersect(bounds);
        if part.is_empty() || drawn.added.tile(index).is_none() {
            continue;
        }
        let mut alpha = vec![0; part.size().pixel_count()];
        alpha_rect(mask, part, &mut alpha);
        let mut inside = vec![0; alpha.len()];
        drawn.added.read_rect(part, &mut inside);
        let belongs: Vec<bool> = alpha
            .iter()
            .zip(&inside)
            .map(|(&alpha, &inside)| alpha > 0 && inside > 0)
            .collect();
        if let Some(region) = PixelRegion::from_rect(part, &belongs) {
            spans.extend_from_slice(region.spans());
        }
    }
    PixelRegion::from_spans(spans)
}

/// Where α is above 0 and was not taken yet, tile by tile as it is asked for.
struct Reached<'a> {
    mask: &'a EffectiveMask,
    size: ImageSize,
    tiles: HashMap<TileIndex, Vec<bool>>,
}

impl<'a> Reached<'a> {
    fn new(mask: &'a EffectiveMask) -> Self {
        Self {
            size: mask.size(),
            mask,
            tiles: HashMap::new(),
        }
    }

    fn flag(&mut self, x: u32, y: u32) -> Option<&mut bool> {
        if x >= self.size.width || y >= self.size.height {
            return None;
        }
        let index = TileIndex::new(x / MASK_TILE_PX, y / MASK_TILE_PX);
        let rect = index.rect(MASK_TILE_PX, self.size);
        let mask = self.mask;
        let tile = self.tiles.entry(index).or_insert_with(|| {
            let mut alpha = vec![0; rect.size().pixel_count()];
            alpha_rect(mask, rect, &mut alpha);
            alpha.into_iter().map(|alpha| alpha > 0).collect()
        });
        tile.get_mut(rect.size().index(x - rect.x, y - rect.y))
    }

    /// Whether the pixel is reached and was not taken yet; takes it.
    fn take(&mut self, x: u32, y: u32) -> bool {
        self.flag(x, y).is_some_and(std::mem::take)
    }

    fn nearest(&mut self, at: PixelPoint, reach_px: u32) -> Option<(u32, u32)> {
        let reach = i64::from(reach_px);
        let mut around: Vec<(i64, i64)> = (-reach..=reach)
            .flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)))
            .collect();
        around.sort_by_key(|(dx, dy)| (dx * dx + dy * dy, *dy, *dx));
        around.into_iter().find_map(|(dx, dy)| {
            let x = u32::try_from(at.x + dx).ok()?;
            let y = u32::try_from(at.y + dy).ok()?;
            self.flag(x, y).is_some_and(|flag| *flag).then_some((x, y))
        })
    }
}

/// The pixels that touch `region` with a side, inside the photo, and that the repair does not reach (α = 0): known pixels.
///
/// `None` when there are none.
pub fn known_border(mask: &EffectiveMask, region: &PixelRegion) -> Option<PixelRegion> {
    let window = region.bounds().grown_within(1, mask.size());
    let inside = region.flags(window);
    let (width, height) = (window.width as usize, window.height as usize);
    let mut alpha = vec![0; inside.len()];
    alpha_rect(mask, window, &mut alpha);
    let touches = |i: usize| {
        let (x, y) = (i % width, i / width);
        (x > 0 && inside[i - 1])
            || (x + 1 < width && inside[i + 1])
            || (y > 0 && inside[i - width])
            || (y + 1 < height && inside[i + width])
    };
    let belongs: Vec<bool> = (0..inside.len())
        .map(|i| !inside[i] && alpha[i] == 0 && touches(i))
        .collect();
    PixelRegion::from_rect(window, &belongs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Brush, line};

    const SIZE: ImageSize = ImageSize::new(600, 300);

    /// Two lines of 5 px, one across the border of tiles.
    fn mask() -> EffectiveMask {
        let mut mask = Mask::new(SIZE);
        let brush = Brush {
            diameter_px: 5.0,
            hardness: 1.0,
            mode: BrushMode::Paint,
        };
        line(&mut mask, &brush, (200.0, 100.5), (320.0, 100.5));
        line(&mut mask, &brush, (200.0, 150.5), (320.0, 150.5));
        EffectiveMask::new(mask, None)
    }

    fn alpha() -> Vec<u8> {
        crate::restore::alpha_photo(&mask())
    }

    #[test]
    fn a_click_takes_the_whole_piece_with_its_rim_and_nothing_of_the_other() {
        let area = area_at(&mask(), PixelPoint::new(260, 104), 6).unwrap();
        let alpha = alpha();
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let wanted = y < 125 && alpha[SIZE.index(x, y)] > 0;
                assert_eq!(area.contains(x, y), wanted, "{x} {y}");
            }
        }
        assert!(area_at(&mask(), PixelPoint::new(260, 125), 6).is_none());
        assert!(area_at(&mask(), PixelPoint::new(-50, -50), 6).is_none());
        let below = area_at(&mask(), PixelPoint::new(260, 145), 6).unwrap();
        assert!(below.bounds().y > 125);
    }

    #[test]
    fn an_outline_takes_what_is_reached_inside_of_it() {
        let outline = [(230.0, 90.0), (290.0, 90.0), (290.0, 160.0), (230.0, 160.0)];
        let area = area_inside(&mask(), &outline).unwrap();
        let alpha = alpha();
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let inside = (230..290).contains(&x) && (90..160).contains(&y);
                let wanted = inside && alpha[SIZE.index(x, y)] > 0;
                assert_eq!(area.contains(x, y), wanted, "{x} {y}");
            }
        }
        let empty = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)];
        assert!(area_inside(&mask(), &empty).is_none());
    }

    #[test]
    fn the_border_is_known_and_an_end_cut_off_by_an_outline_is_not() {
        let whole = area_at(&mask(), PixelPoint::new(260, 100), 0).unwrap();
        let border = known_border(&mask(), &whole).unwrap();
        let alpha = alpha();
        assert!(
            border
                .spans()
                .iter()
                .all(|span| { (span.x..span.end()).all(|x| alpha[SIZE.index(x, span.y)] == 0) })
        );
        assert!(border.contains(whole.bounds().x - 1, 100));
        let outline = [(230.0, 90.0), (290.0, 90.0), (290.0, 120.0), (230.0, 120.0)];
        let piece = area_inside(&mask(), &outline).unwrap();
        let border = known_border(&mask(), &piece).unwrap();
        assert!(!border.contains(229, 100), "there the line goes on");
        assert!(border.contains(260, piece.bounds().y - 1));
    }
}
