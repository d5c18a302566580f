//! Looks in the photo itself for what an area could be filled with: patches whose surroundings are alike. Deterministic.
//!
//! The area is cut into squares. For each, every offset on a grid is judged by how well the known pixels around the square
//! fit those around its source, apart from their mean, which healing corrects; then the best are refined to a pixel.

use rayon::prelude::*;

use super::alpha::alpha_rect;
use super::heal::HealError;
use crate::geometry::PixelRect;
use crate::mask::{EffectiveMask, PixelRegion, SourcePiece};
use crate::photo::Photo;

/// Side of the squares that have a source each, px.
const SQUARE_PX: u32 = 64;
/// Known pixels up to here around a square are compared, px.
const AROUND_PX: u32 = 10;
/// Farthest source, px.
const REACH_PX: i32 = 192;
/// Steps of the first search, px.
const STEP_PX: i32 = 4;
/// How far around them the best of these are refined, px.
const REFINE_PX: i32 = 3;
/// How many of the first search are refined.
const REFINED: usize = 6;
/// A further suggestion is at least so far from earlier ones, px.
const APART_PX: i32 = 16;
/// Pixels compared at most: spread evenly.
const COMPARED: usize = 360;
/// How many suggestions there are before the first comes again.
pub const SUGGESTIONS: usize = 4;
/// Cost of a px of distance, squared code values of 16 bit: what is near is of the same kind.
const COST_A_PX: f64 = 2_000.0;

/// Sources for `region`, the best first (`number` 0 to [`SUGGESTIONS`] − 1), clear of everything that is repaired.
///
/// # Errors
/// [`HealError::NothingAlike`] when no source lies clear of the repair; [`HealError::OtherPhoto`].
pub fn suggest_sources(
    photo: &Photo,
    mask: &EffectiveMask,
    region: &PixelRegion,
    number: usize,
) -> Result<Vec<SourcePiece>, HealError> {
    let size = photo.size();
    let bounds = region.bounds();
    if mask.size() != size || bounds.right() > size.width || bounds.bottom() > size.height {
        return Err(HealError::OtherPhoto);
    }
    let field = Field::new(photo, mask, bounds);
    let squares: Vec<PixelRect> = squares(bounds)
        .filter(|&square| touches(square, region))
        .collect();
    let found: Vec<Option<(i32, i32)>> = squares
        .par_iter()
        .map(|&square| field.best(region, square, number))
        .collect();
    // A square without a source of its own takes that of the square before it, or the first one there is.
    let first = found.iter().flatten().next().copied();
    let mut last = first.ok_or(HealError::NothingAlike)?;
    let pieces = squares.into_iter().zip(found).map(|(rect, found)| {
        last = found.unwrap_or(last);
        let (dx, dy) = last;
        SourcePiece { rect, dx, dy }
    });
    Ok(pieces.collect())
}

/// Squares that cover `bounds`, row by row.
fn squares(bounds: PixelRect) -> impl Iterator<Item = PixelRect> {
    let rows = (bounds.y..bounds.bottom()).step_by(SQUARE_PX as usize);
    rows.flat_map(move |y| {
        let columns = (bounds.x..bounds.right()).step_by(SQUARE_PX as usize);
        columns.map(move |x| PixelRect::new(x, y, SQUARE_PX, SQUARE_PX).intersect(bounds))
    })
}

/// Whether a pixel of `region` lies in `rect`.
fn touches(rect: PixelRect, region: &PixelRegion) -> bool {
    (rect.y..rect.bottom()).any(|y| {
        let row = region.row(y);
        row.iter()
            .any(|span| span.x < rect.right() && rect.x < span.end())
    })
}

/// The photo around an area, and what of it is repaired.
struct Field<'a> {
    photo: &'a Photo,
    window: PixelRect,
    is_repaired: Vec<bool>,
}

/// What an offset is judged by.
struct Judged {
    /// Known pixels around the square.
    around: Vec<(u32, u32)>,
    /// Pixels of the area in the square.
    own: Vec<(u32, u32)>,
}

/// An offset with its cost.
type Candidate = (f64, (i32, i32));

impl<'a> Field<'a> {
    fn new(photo: &'a Photo, mask: &EffectiveMask, bounds: PixelRect) -> Self {
        let reach = REACH_PX.unsigned_abs() + AROUND_PX + REFINE_PX.unsigned_abs();
        let window = bounds.grown_within(reach, photo.size());
        let mut alpha = vec![0; window.size().pixel_count()];
        alpha_rect(mask, window, &mut alpha);
        Self {
            photo,
            window,
            is_repaired: alpha.into_iter().map(|alpha| alpha > 0).collect(),
        }
    }

    /// Whether the pixel lies in the photo and is not repaired.
    fn is_known(&self, (x, y): (u32, u32)) -> bool {
        let window = self.window;
        window.contains(x, y) && !self.is_repaired[window.size().index(x - window.x, y - window.y)]
    }

    /// Sample of a pixel as the networks see it, 0 to 65,535.
    fn value(&self, (x, y): (u32, u32), channel: usize) -> f64 {
        let channels = self.photo.channels().count();
        let at = self.photo.size().index(x, y) * channels + channel;
        self.photo.seen_level(at)
    }

    /// The offset for `square` that comes `number`th.
    fn best(&self, region: &PixelRegion, square: PixelRect, number: usize) -> Option<(i32, i32)> {
        let around = square.grown_within(AROUND_PX, self.photo.size());
        let pixels = |rect: PixelRect| {
            (rect.y..rect.bottom()).flat_map(move |y| (rect.x..rect.right()).map(move |x| (x, y)))
        };
        let judged = Judged {
            around: spread(pixels(around).filter(|&at| self.is_known(at)).collect()),
            own: pixels(square)
                .filter(|&(x, y)| region.contains(x, y))
                .collect(),
        };
        let few = Judged {
            around: judged.around.clone(),
            own: spread(judged.own.clone()),
        };
        let steps = || (-REACH_PX..=REACH_PX).step_by(STEP_PX as usize);
        let mut coarse: Vec<Candidate> = steps()
            .flat_map(|dy| steps().map(move |dx| (dx, dy)))
            .filter_map(|offset| Some((self.cost(&few, offset)?, offset)))
            .collect();
        coarse.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut chosen: Vec<(i32, i32)> = Vec::new();
        for _ in 0..=number {
            let is_new = |offset: (i32, i32)| {
                let apart = |old: &(i32, i32)| {
                    (old.0 - offset.0).abs().max((old.1 - offset.1).abs()) >= APART_PX
                };
                chosen.iter().all(apart)
            };
            let first = coarse.iter().filter(|(_, offset)| is_new(*offset));
            let refined = first.take(REFINED).flat_map(|&(_, (dx, dy))| {
                let near = || -REFINE_PX..=REFINE_PX;
                near().flat_map(move |v| near().map(move |u| (dx + u, dy + v)))
            });
            let best = refined
                .filter(|&offset| is_new(offset))
                .filter_map(|offset| Some((self.cost(&judged, offset)?, offset)))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            match best {
                Some((_, offset)) => chosen.push(offset),
                None => break,
            }
        }
        // Where there are fewer than asked for, they come again.
        let count = chosen.len();
        (count > 0).then(|| chosen[number % count])
    }

    /// How badly the surroundings of the source fit; `None` when the source is no sound photo.
    fn cost(&self, judged: &Judged, offset: (i32, i32)) -> Option<f64> {
        let moved = |&(x, y): &(u32, u32)| {
            let at = (
                x.checked_add_signed(offset.0)?,
                y.checked_add_signed(offset.1)?,
            );
            self.is_known(at).then_some(at)
        };
        if !judged.own.iter().all(|at| moved(at).is_some()) {
            return None;
        }
        let pairs: Vec<_> = judged
            .around
            .iter()
            .filter_map(|at| Some((*at, moved(at)?)))
            .collect();
        // Too little to compare says nothing.
        if 4 * pairs.len() < 3 * judged.around.len() || pairs.is_empty() {
            return None;
        }
        let count = pairs.len() as f64;
        let variance: f64 = (0..self.photo.channels().count())
            .map(|channel| {
                let (mut sum, mut squares) = (0.0, 0.0);
                for &(here, there) in &pairs {
                    let difference = self.value(here, channel) - self.value(there, channel);
                    sum += difference;
                    squares += difference * difference;
                }
                (squares - sum * sum / count) / count
            })
            .sum();
        let way = f64::from(offset.0).hypot(f64::from(offset.1));
        Some(variance + COST_A_PX * way)
    }
}

/// At most [`COMPARED`] of `pixels`, evenly spread.
fn spread(pixels: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let every = pixels.len().div_ceil(COMPARED).max(1);
    pixels.into_iter().step_by(every).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::geometry::ImageSize;
    use crate::mask::{Brush, BrushMode, Mask, line};
    use crate::photo::{Channels, FileFormat, Metadata, Samples, Source};
    use crate::restore::area_at;

    const SIZE: ImageSize = ImageSize::new(300, 200);

    /// Tiles of 24 × 20 px on a slope, with a black line.
    fn tiled() -> Photo {
        let value = |x: u32, y: u32| {
            let tile = (x % 24) * 5 + (y % 20) * 3 + (x % 24) * (y % 20) % 17;
            (tile + x / 6) as u8
        };
        let samples = (0..SIZE.pixel_count() as u32)
            .map(|i| (i % SIZE.width, i / SIZE.width))
            .map(|(x, y)| {
                if (98..103).contains(&y) && (50..250).contains(&x) {
                    0
                } else {
                    value(x, y)
                }
            })
            .collect();
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(samples);
        Photo::new(
            SIZE,
            Channels::Grey,
            samples,
            None,
            Metadata::default(),
            source,
        )
        .unwrap()
    }

    fn marked() -> EffectiveMask {
        let mut mask = Mask::new(SIZE);
        let brush = Brush {
            diameter_px: 6.0,
            hardness: 1.0,
            mode: BrushMode::Paint,
        };
        line(&mut mask, &brush, (50.0, 100.5), (250.0, 100.5));
        EffectiveMask::new(mask, None)
    }

    #[test]
    fn a_pattern_is_found_again_a_whole_number_of_tiles_away() {
        let (photo, mask) = (tiled(), marked());
        let area = area_at(&mask, crate::geometry::PixelPoint::new(150, 100), 0).unwrap();
        let mut seen = Vec::new();
        for number in 0..SUGGESTIONS {
            let pieces = suggest_sources(&photo, &mask, &area, number).unwrap();
            assert_eq!(
                pieces,
                suggest_sources(&photo, &mask, &area, number).unwrap()
            );
            for piece in &pieces {
                let wholly = (piece.dx.rem_euclid(24), piece.dy.rem_euclid(20));
                assert_eq!(wholly, (0, 0), "{piece:?}");
                let source = |span: &crate::mask::RegionSpan, x: u32| {
                    let at = x
                        .checked_add_signed(piece.dx)
                        .zip(span.y.checked_add_signed(piece.dy));
                    at.is_some_and(|(x, y)| area.contains(x, y))
                };
                let inside = area
                    .spans()
                    .iter()
                    .filter(|span| piece.rect.contains(piece.rect.x, span.y));
                let is_clear = inside.clone().all(|span| {
                    let columns = span.x.max(piece.rect.x)..span.end().min(piece.rect.right());
                    columns.into_iter().all(|x| !source(span, x))
                });
                assert!(is_clear, "{piece:?}");
            }
            seen.push((pieces[0].dx, pieces[0].dy));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), SUGGESTIONS, "each is another one");
    }

    #[test]
    fn where_everything_is_repaired_nothing_is_found() {
        let mut mask = Mask::new(SIZE);
        crate::mask::fill_rectangle(&mut mask, BrushMode::Paint, SIZE.rect());
        let mask = EffectiveMask::new(mask, None);
        let area = area_at(&mask, crate::geometry::PixelPoint::new(150, 100), 0).unwrap();
        let found = suggest_sources(&tiled(), &mask, &area, 0);
        assert_eq!(found, Err(HealError::NothingAlike));
    }
}
