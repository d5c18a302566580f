//! Where the pixels of a repair come from, as colours: read through the damage, invented, or chosen by the person. Reads fills, makes
//! none.

use eframe::egui::Color32;

use super::source::tiles_at;
use crate::geometry::PixelRect;
use crate::gui::theme;
use crate::mask::{FULL_STRENGTH, RecipeKind, weakened};
use crate::restore::{CELL_PX, FillCell, Restoration};

/// Premultiplied colours of `rect` on `level`, as opaque as the repair is strong; nothing where none shows.
///
/// Below full size each pixel has the strongest repair under it, in the mean of their colours.
pub(super) fn provenance(restoration: &Restoration, level: u8, rect: PixelRect) -> Vec<Color32> {
    let mut sums = vec![Sum::default(); rect.size().pixel_count()];
    for index in tiles_at(rect, CELL_PX >> level) {
        if let Some(cell) = restoration.get(index) {
            add_cell(cell, restoration, level, rect, &mut sums);
        }
    }
    sums.into_iter().map(Sum::color).collect()
}

/// What lies under one pixel of a level.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// The largest α.
    alpha: u8,
    /// α of what the network filled, and of what was read through the damage, added up.
    network: u32,
    /// Σ α × recovered.
    recovered: u32,
    /// α of what the person chose, added up.
    by_hand: u32,
}

impl Sum {
    fn add(&mut self, alpha: u8, recovered: u8, kind: Option<RecipeKind>) {
        self.alpha = self.alpha.max(alpha);
        let weight = u32::from(alpha);
        match kind {
            Some(RecipeKind::Chosen | RecipeKind::Suggested) => self.by_hand += weight,
            Some(RecipeKind::ShowsThrough) => {
                self.network += weight;
                self.recovered += weight * 255;
            }
            None => {
                self.network += weight;
                self.recovered += weight * u32::from(recovered);
            }
        }
    }

    fn color(self) -> Color32 {
        if self.alpha == 0 {
            return Color32::TRANSPARENT;
        }
        let recovered = self.recovered.checked_div(self.network).unwrap_or(0);
        let color = theme::provenance(recovered as u8);
        let by_hand = self.by_hand as f32 / (self.by_hand + self.network) as f32;
        let color = color.lerp_to_gamma(theme::BY_HAND, by_hand);
        color.gamma_multiply_u8(self.alpha)
    }
}

fn add_cell(
    cell: &FillCell,
    restoration: &Restoration,
    level: u8,
    rect: PixelRect,
    sums: &mut [Sum],
) {
    let repairs = restoration.repairs();
    let is_mended = repairs.may_touch(cell.rect);
    let (mut kinds, mut strengths) = (Vec::new(), Vec::new());
    for (span, first) in cell.spans() {
        let row = span.y >> level;
        if row < rect.y || row >= rect.bottom() {
            continue;
        }
        let width = span.len as usize;
        kinds.clear();
        kinds.resize(width, None);
        strengths.clear();
        strengths.resize(width, FULL_STRENGTH);
        if is_mended {
            repairs.kind_row(span.x, span.y, &mut kinds);
            repairs.strength_row(span.x, span.y, &mut strengths);
        }
        for at in 0..width {
            let column = (span.x + at as u32) >> level;
            if column < rect.x || column >= rect.right() {
                continue;
            }
            let sum = &mut sums[rect.size().index(column - rect.x, row - rect.y)];
            let alpha = weakened(cell.alpha[first + at], strengths[at]);
            sum.add(alpha, cell.recovered[first + at], kinds[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geometry::TileIndex;
    use crate::mask::{AreaRepair, AreaRepairs, Filling, OwnFill, PixelRegion, Recipe};
    use crate::restore::RectFill;

    /// Four pixels in a row from (8, 16) on: read, half read, invented, and invented at a weak α.
    fn restoration() -> Restoration {
        let rect = PixelRect::new(8, 16, 4, 1);
        let values = RectFill {
            fill: vec![1000; 4],
            alpha: vec![255, 255, 255, 51],
            recovered: vec![255, 128, 0, 0],
        };
        let cell = FillCell::from_rect(TileIndex::new(0, 0), 7, rect, 1, &values);
        let mut restoration = Restoration::default();
        restoration.insert(Arc::new(cell));
        restoration
    }

    fn decided(at: u32, kind: RecipeKind, strength: Option<u8>) -> AreaRepair {
        let region = PixelRegion::from_rect(PixelRect::new(at, 16, 1, 1), &[true]).unwrap();
        let recipe = Recipe {
            kind,
            pieces: Vec::new(),
            border: region.clone(),
        };
        let fill = vec![5];
        AreaRepair {
            region: Arc::new(region),
            strength,
            filling: Some(Filling::Own(Arc::new(OwnFill { recipe, fill }))),
        }
    }

    #[test]
    fn what_was_read_and_what_was_invented_have_the_two_colours_and_a_mixture_between() {
        let colors = provenance(&restoration(), 0, PixelRect::new(7, 16, 5, 1));
        let half = theme::RECOVERED.lerp_to_gamma(theme::INVENTED, 127.0 / 255.0);
        assert_eq!(colors[..2], [Color32::TRANSPARENT, theme::RECOVERED]);
        assert!(colors[2].r().abs_diff(half.r()) <= 1, "{:?}", colors[2]);
        assert_eq!(colors[3], theme::INVENTED);
        assert_eq!(colors[4], theme::INVENTED.gamma_multiply_u8(51));
    }

    #[test]
    fn a_fill_chosen_by_hand_has_its_own_colour_and_what_shows_through_counts_as_read() {
        let mut restoration = restoration();
        restoration.set_repairs(AreaRepairs::from_list(vec![
            decided(8, RecipeKind::Suggested, None),
            decided(9, RecipeKind::Chosen, Some(102)),
            decided(10, RecipeKind::ShowsThrough, None),
        ]));
        let colors = provenance(&restoration, 0, PixelRect::new(8, 16, 3, 1));
        assert_eq!(colors[0], theme::BY_HAND);
        assert_eq!(colors[1], theme::BY_HAND.gamma_multiply_u8(102));
        assert_eq!(colors[2], theme::RECOVERED);
    }

    #[test]
    fn seen_from_afar_a_thin_repair_keeps_its_strength() {
        let colors = provenance(&restoration(), 3, PixelRect::new(0, 0, 4, 4));
        let seen: Vec<usize> = (0..16).filter(|&at| colors[at].a() > 0).collect();
        assert_eq!(seen, [2 * 4 + 1]);
        assert_eq!(colors[9].a(), 255);
        // Weighted by α: 255 × 255 + 255 × 128 of 816.
        let recovered = (255 * 255 + 255 * 128) / (3 * 255 + 51);
        assert_eq!(colors[9], theme::provenance(recovered as u8));
    }
}
