//! What a person decided for single areas: how strongly they are repaired, and with what. Data only; who makes fills is
//! `restore`.

use std::sync::Arc;

use super::PixelRegion;
use crate::geometry::PixelRect;

/// Full strength.
pub const FULL_STRENGTH: u8 = 255;

/// The least strength, about 5 %: an area without any repair is one that is not marked.
pub const LEAST_STRENGTH: u8 = 13;

/// α under a strength (255 = full), rounded once. What shows at all stays above 0, so that the network's hole, and with it
/// every fill, is the same at any strength.
pub const fn weakened(alpha: u8, strength: u8) -> u8 {
    if alpha == 0 {
        return 0;
    }
    let product = alpha as u32 * strength as u32;
    let scaled = (product + 127) / 255;
    if scaled == 0 { 1 } else { scaled as u8 }
}

/// What fills an area.
#[derive(Clone, Debug)]
pub enum Filling {
    /// Stage 2's network, as everywhere else.
    Network,
    /// Pixels of the photo itself.
    Own(Arc<OwnFill>),
}

/// A fill made of the photo's own pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFill {
    /// How it was made: with the region, the photo and this it can be made again, bit for bit.
    pub recipe: Recipe,
    /// Filled pixels, span after span of the region, interleaved in the photo's channels, 0 to 65,535 whatever its depth.
    pub fill: Vec<u16>,
}

/// How a fill from the photo's own pixels is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Who chose.
    pub kind: RecipeKind,
    /// Where each piece of the area comes from; pixels outside of all pieces come from the first one's offset.
    pub pieces: Vec<SourcePiece>,
    /// Pixels beside the region whose value is known and that the fill joins without a seam.
    pub border: PixelRegion,
}

/// Who chose where a fill comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecipeKind {
    /// The person pointed at the source.
    Chosen,
    /// The program looked for the best match in the photo.
    Suggested,
    /// Nothing comes from anywhere else: only the tone of the damage is taken away.
    ShowsThrough,
}

/// A rectangle of the area and how far away its source lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePiece {
    /// The rectangle, image px.
    pub rect: PixelRect,
    /// From a pixel to its source, px to the right.
    pub dx: i32,
    /// The same downward.
    pub dy: i32,
}

/// What was decided for one area. What is `None` is left as decided before.
#[derive(Clone, Debug)]
pub struct AreaRepair {
    /// The area.
    pub region: Arc<PixelRegion>,
    /// How strongly the repair shows, [`LEAST_STRENGTH`] to 255.
    pub strength: Option<u8>,
    /// What fills it.
    pub filling: Option<Filling>,
}

impl AreaRepair {
    fn byte_len(&self) -> usize {
        let own = match &self.filling {
            Some(Filling::Own(own)) => 2 * own.fill.len() + own.recipe.border.byte_len(),
            _ => 0,
        };
        size_of::<Self>() + self.region.byte_len() + own
    }
}

/// All that was decided area by area, in order: later ones lie over earlier ones. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct AreaRepairs {
    list: Arc<Vec<Arc<AreaRepair>>>,
}

impl AreaRepairs {
    /// From a list, the last one on top.
    pub fn from_list(list: Vec<AreaRepair>) -> Self {
        Self {
            list: Arc::new(list.into_iter().map(Arc::new).collect()),
        }
    }

    /// From a list, the last one on top, that shares its decisions with others.
    pub fn from_shared(list: Vec<Arc<AreaRepair>>) -> Self {
        Self {
            list: Arc::new(list),
        }
    }

    /// One after the other, the last one on top.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<AreaRepair>> {
        self.list.iter()
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether both hold the very same decisions.
    pub fn is_same(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// The same with `repair` on top; what it hides altogether is dropped.
    #[must_use]
    pub fn with(&self, repair: AreaRepair) -> Self {
        let mut list = Vec::with_capacity(self.list.len() + 1);
        let (sets_strength, sets_filling) = (repair.strength.is_some(), repair.filling.is_some());
        let mut repair = repair;
        for (index, old) in self.iter().enumerate() {
            if !repair.region.covers(&old.region) {
                list.push(Arc::clone(old));
                continue;
            }
            let mut strength = old.strength.filter(|_| !sets_strength);
            let mut filling = old.filling.clone().filter(|_| !sets_filling);
            if old.region == repair.region {
                // It may move up to the new one unless it would then lie over what was decided after it.
                let is_under = |has: fn(&AreaRepair) -> bool| {
                    let mut later = self.list[index + 1..].iter();
                    later.any(|later| has(later) && later.region.overlaps(&old.region))
                };
                if strength.is_some() && !is_under(|later| later.strength.is_some()) {
                    repair.strength = strength.take();
                }
                if filling.is_some() && !is_under(|later| later.filling.is_some()) {
                    repair.filling = filling.take();
                }
            }
            if strength.is_some() || filling.is_some() {
                list.push(Arc::new(AreaRepair {
                    region: Arc::clone(&old.region),
                    strength,
                    filling,
                }));
            }
        }
        let is_over = |has: fn(&AreaRepair) -> bool| {
            list.iter()
                .any(|old| has(old) && old.region.overlaps(&repair.region))
        };
        // What is as everywhere need not be said where nothing else was.
        if repair.strength == Some(FULL_STRENGTH) && !is_over(|old| old.strength.is_some()) {
            repair.strength = None;
        }
        let is_network = matches!(repair.filling, Some(Filling::Network));
        if is_network && !is_over(|old| old.filling.is_some()) {
            repair.filling = None;
        }
        if repair.strength.is_some() || repair.filling.is_some() {
            list.push(Arc::new(repair));
        }
        Self {
            list: Arc::new(list),
        }
    }

    /// The same without what was decided for areas that lie wholly in `region`.
    #[must_use]
    pub fn without(&self, region: &PixelRegion) -> Self {
        let left = self.iter().filter(|old| !region.covers(&old.region));
        Self {
            list: Arc::new(left.cloned().collect()),
        }
    }

    /// Whether anything was decided for a pixel of the bounds of some area in `rect`.
    pub fn may_touch(&self, rect: PixelRect) -> bool {
        let mut bounds = self.iter().map(|repair| repair.region.bounds());
        bounds.any(|bounds| !bounds.intersect(rect).is_empty())
    }

    /// Lays the strengths of the pixels from (`x`, `y`) to the right over `strengths`.
    pub fn strength_row(&self, x: u32, y: u32, strengths: &mut [u8]) {
        let end = x + strengths.len() as u32;
        for repair in self.iter() {
            let Some(strength) = repair.strength else {
                continue;
            };
            for span in repair.region.row(y) {
                let (from, to) = (span.x.max(x), span.end().min(end));
                if from < to {
                    strengths[(from - x) as usize..(to - x) as usize].fill(strength);
                }
            }
        }
    }

    /// Lays who chose the fills of the pixels from (`x`, `y`) to the right over `kinds`; `None` is the network.
    pub fn kind_row(&self, x: u32, y: u32, kinds: &mut [Option<RecipeKind>]) {
        let end = x + kinds.len() as u32;
        for repair in self.iter() {
            let kind = match &repair.filling {
                Some(Filling::Own(own)) => Some(own.recipe.kind),
                Some(Filling::Network) => None,
                None => continue,
            };
            for span in repair.region.row(y) {
                let (from, to) = (span.x.max(x), span.end().min(end));
                if from < to {
                    kinds[(from - x) as usize..(to - x) as usize].fill(kind);
                }
            }
        }
    }

    /// Lays the fills of the pixels from (`x`, `y`) to the right over `fill`: what the network filled, interleaved in
    /// `channels`.
    pub fn fill_row(&self, x: u32, y: u32, channels: usize, fill: &mut [u16]) {
        let end = x + (fill.len() / channels) as u32;
        let is_network = |repair: &&Arc<AreaRepair>| {
            let row = repair.region.row(y);
            matches!(repair.filling, Some(Filling::Network))
                && row.iter().any(|span| span.x < end && x < span.end())
        };
        // Kept only where it is to be laid over something else again.
        let network = self
            .iter()
            .any(|repair| is_network(&repair))
            .then(|| fill.to_vec());
        for repair in self.iter() {
            let Some(filling) = &repair.filling else {
                continue;
            };
            for (span, first) in repair.region.numbered_row(y) {
                let (from, to) = (span.x.max(x), span.end().min(end));
                if from >= to {
                    continue;
                }
                let target = (from - x) as usize * channels..(to - x) as usize * channels;
                let source: &[u16] = match (filling, &network) {
                    (Filling::Own(own), _) => {
                        let start = (first + (from - span.x) as usize) * channels;
                        &own.fill[start..start + target.len()]
                    }
                    (Filling::Network, Some(network)) => &network[target.clone()],
                    (Filling::Network, None) => continue,
                };
                fill[target].copy_from_slice(source);
            }
        }
    }

    /// Weakens `alpha` of `rect`, row-major.
    ///
    /// # Panics
    /// When `alpha` is not width × height of `rect` long.
    pub fn weaken(&self, rect: PixelRect, alpha: &mut [u8]) {
        assert_eq!(alpha.len(), rect.size().pixel_count(), "α raster length");
        let weak = self.iter().filter(|repair| repair.strength.is_some());
        let bounds = weak.fold(PixelRect::EMPTY, |all, repair| {
            all.union(repair.region.bounds())
        });
        let bounds = bounds.intersect(rect);
        let mut strengths = vec![FULL_STRENGTH; bounds.width as usize];
        for y in bounds.y..bounds.bottom() {
            strengths.fill(FULL_STRENGTH);
            self.strength_row(bounds.x, y, &mut strengths);
            let start = rect.size().index(bounds.x - rect.x, y - rect.y);
            let row = &mut alpha[start..][..strengths.len()];
            for (alpha, &strength) in row.iter_mut().zip(&strengths) {
                *alpha = weakened(*alpha, strength);
            }
        }
    }

    /// The bounds of every area decided on differently.
    pub fn changed_bounds(&self, other: &Self) -> Vec<PixelRect> {
        let missing = |a: &Self, b: &Self| -> Vec<PixelRect> {
            let is_in = |one: &&Arc<AreaRepair>| b.iter().any(|it| Arc::ptr_eq(it, one));
            let gone = a.iter().filter(|one| !is_in(one));
            gone.map(|one| one.region.bounds()).collect()
        };
        [missing(self, other), missing(other, self)].concat()
    }

    /// Memory of what only one of both holds, bytes.
    pub fn bytes_apart(&self, other: &Self) -> usize {
        let missing = |a: &Self, b: &Self| -> usize {
            let is_in = |one: &&Arc<AreaRepair>| b.iter().any(|it| Arc::ptr_eq(it, one));
            let gone = a.iter().filter(|one| !is_in(one));
            gone.map(|one| one.byte_len()).sum()
        };
        let lists = (self.list.len() + other.list.len()) * size_of::<Arc<AreaRepair>>();
        missing(self, other) + missing(other, self) + lists
    }

    /// The strength at a pixel.
    pub fn strength_at(&self, x: u32, y: u32) -> u8 {
        let mut strength = [FULL_STRENGTH];
        self.strength_row(x, y, &mut strength);
        strength[0]
    }

    /// What fills a pixel.
    pub fn filling_at(&self, x: u32, y: u32) -> Filling {
        let mut from_top = self.iter().rev();
        let found = from_top.find_map(|repair| {
            let filling = repair.filling.as_ref()?;
            repair.region.contains(x, y).then(|| filling.clone())
        });
        found.unwrap_or(Filling::Network)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Editable, History, Mask, label};

    const SIZE: ImageSize = ImageSize::new(24, 12);

    fn region(rect: PixelRect) -> Arc<PixelRegion> {
        let flags = vec![true; rect.size().pixel_count()];
        Arc::new(PixelRegion::from_rect(rect, &flags).unwrap())
    }

    fn own(region: &PixelRegion, value: u16) -> Filling {
        Filling::Own(Arc::new(OwnFill {
            recipe: Recipe {
                kind: RecipeKind::Chosen,
                pieces: Vec::new(),
                border: region.clone(),
            },
            fill: vec![value; region.pixel_count() as usize],
        }))
    }

    fn any_repair() -> impl Strategy<Value = AreaRepair> {
        let rect = (0_u32..16, 0_u32..8, 1_u32..9, 1_u32..5);
        let strength = prop::option::of(prop_oneof![Just(FULL_STRENGTH), LEAST_STRENGTH..=254]);
        (rect, strength, 0_u16..4).prop_map(|((x, y, width, height), strength, filling)| {
            let region = region(PixelRect::new(x, y, width, height));
            AreaRepair {
                strength,
                filling: match filling {
                    0 => None,
                    1 => Some(Filling::Network),
                    value => Some(own(&region, value * 1000)),
                },
                region,
            }
        })
    }

    /// Strength and fill of every pixel, where the network filled 7.
    fn picture(repairs: &AreaRepairs) -> Vec<(u8, u16)> {
        (0..SIZE.height)
            .flat_map(|y| {
                let mut strengths = [FULL_STRENGTH; SIZE.width as usize];
                repairs.strength_row(0, y, &mut strengths);
                let mut fill = [7; SIZE.width as usize];
                repairs.fill_row(0, y, 1, &mut fill);
                strengths.into_iter().zip(fill)
            })
            .collect()
    }

    #[test]
    fn an_earlier_decision_for_the_same_area_does_not_rise_over_a_later_one_inside_it() {
        let (whole, part) = (
            region(PixelRect::new(0, 0, 8, 4)),
            region(PixelRect::new(2, 1, 3, 2)),
        );
        let decided = |region: &Arc<PixelRegion>, strength, filling| AreaRepair {
            region: Arc::clone(region),
            strength,
            filling,
        };
        let repairs = AreaRepairs::default()
            .with(decided(&whole, Some(50), None))
            .with(decided(&part, Some(200), None))
            .with(decided(&whole, None, Some(own(&whole, 3000))));
        assert_eq!(
            (repairs.strength_at(0, 0), repairs.strength_at(3, 2)),
            (50, 200)
        );
        assert!(matches!(repairs.filling_at(3, 2), Filling::Own(_)));
    }

    proptest! {
        #[test]
        fn whatever_is_dropped_the_last_decision_on_a_pixel_counts(
            list in prop::collection::vec(any_repair(), 0..9),
        ) {
            let mut repairs = AreaRepairs::default();
            let mut expected = vec![(FULL_STRENGTH, 7); SIZE.pixel_count()];
            for repair in list {
                for (i, pixel) in expected.iter_mut().enumerate() {
                    let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
                    if repair.region.contains(x, y) {
                        pixel.0 = repair.strength.unwrap_or(pixel.0);
                        pixel.1 = match &repair.filling {
                            None => pixel.1,
                            Some(Filling::Network) => 7,
                            Some(Filling::Own(own)) => own.fill[0],
                        };
                    }
                }
                repairs = repairs.with(repair);
                prop_assert!(picture(&repairs) == expected);
            }
            for (i, pixel) in expected.iter().enumerate() {
                let (x, y) = (i as u32 % SIZE.width, i as u32 / SIZE.width);
                prop_assert_eq!(repairs.strength_at(x, y), pixel.0);
                let is_own = matches!(repairs.filling_at(x, y), Filling::Own(_));
                prop_assert_eq!(is_own, pixel.1 != 7);
                // A part of a row says the same as the whole.
                let mut one = [7];
                repairs.fill_row(x, y, 1, &mut one);
                prop_assert_eq!(one[0], pixel.1);
            }
            let mut alpha = vec![200; SIZE.pixel_count()];
            repairs.weaken(SIZE.rect(), &mut alpha);
            for (alpha, (strength, _)) in alpha.iter().zip(&expected) {
                prop_assert_eq!(*alpha, weakened(200, *strength));
            }
            let part = PixelRect::new(5, 3, 9, 6);
            let mut in_part = vec![200; part.size().pixel_count()];
            repairs.weaken(part, &mut in_part);
            for (y, row) in (part.y..).zip(in_part.chunks_exact(part.width as usize)) {
                prop_assert_eq!(row, &alpha[SIZE.index(part.x, y)..][..row.len()]);
            }
        }

        #[test]
        fn undo_and_redo_bring_back_the_very_same_decisions(
            list in prop::collection::vec((any_repair(), any::<bool>()), 1..7),
        ) {
            let mut now = Editable {
                mask: Mask::new(SIZE),
                threshold: 128,
                repairs: AreaRepairs::default(),
            };
            let mut history = History::default();
            for (repair, slides) in list {
                let repairs = now.repairs.with(repair);
                history.set_repairs(&mut now, label::AREA_STRENGTH, repairs, slides);
            }
            let newest = now.clone();
            let mut states = Vec::new();
            while history.undo(&mut now).is_some() {
                states.push(now.clone());
            }
            prop_assert!(now.repairs.is_empty());
            // Backwards through the same states, each the very same decisions.
            states.pop();
            while history.redo(&mut now).is_some() {
                let state = states.pop().unwrap_or_else(|| newest.clone());
                prop_assert!(now.is_same(&state));
            }
            prop_assert!(now.is_same(&newest));
        }

        #[test]
        fn what_shows_never_vanishes_and_full_strength_changes_nothing(alpha: u8, strength: u8) {
            prop_assert_eq!(weakened(alpha, FULL_STRENGTH), alpha);
            prop_assert!(weakened(alpha, strength) <= alpha);
            prop_assert_eq!(weakened(alpha, strength) == 0, alpha == 0);
        }
    }
}
