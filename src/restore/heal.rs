//! Fills an area with other pixels of the photo, joined to what surrounds it without a seam. Deterministic, no network.
//!
//! The area takes over the differences between neighbouring pixels of its source and the values of the known pixels at its
//! border: gradient-domain cloning (Pérez, Gangnet, Blake: "Poisson Image Editing", 2003), solved by conjugate gradients in
//! `f64`, one channel after the other in a fixed order, so that the same recipe gives the same bytes on every machine.
//! Values are those that the networks see, so that a linear scan is joined by what the eye sees of it.

use rayon::prelude::*;

use super::show_through::without_damage_tone;
use crate::geometry::ImageSize;
use crate::inference::CancelToken;
use crate::mask::{OwnFill, PixelRegion, Recipe, RecipeKind, SourcePiece};
use crate::photo::{Photo, Transfer};

/// The most pixels an area may have to be filled in this way.
pub const MAX_HEAL_PX: u64 = 1_000_000;

/// Solved when the residual is, on average, below this part of a step of 65,535.
const RESIDUAL: f64 = 1e-3;

/// Why an area cannot be filled from the photo itself.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealError {
    /// Too many pixels.
    #[error(
        "the area has {pixels} px and at most {MAX_HEAL_PX} can be healed at once; draw around a part of it"
    )]
    TooLarge {
        /// How many.
        pixels: u64,
    },
    /// The source lies beyond the photo's edge.
    #[error("the source reaches beyond the edge of the photo; choose one farther inside")]
    OutsidePhoto,
    /// The area itself does.
    #[error("the area does not lie in this photo")]
    OtherPhoto,
    /// No pixel beside the area is known.
    #[error(
        "the area ends nowhere in sound photo; draw around a part of it that has some beside it"
    )]
    NoBorder,
    /// Nothing alike was found.
    #[error("nothing undamaged near this area fits; choose a source by hand (Alt+click)")]
    NothingAlike,
    /// Stopped.
    #[error("stopped")]
    Cancelled,
}

/// Makes the fill of `recipe` for `region` of `photo`.
///
/// # Errors
/// [`HealError`].
pub fn fill_from_own(
    photo: &Photo,
    region: &PixelRegion,
    recipe: &Recipe,
    cancel: &CancelToken,
) -> Result<OwnFill, HealError> {
    let system = System::new(photo.size(), region, recipe)?;
    let channels = photo.channels().count();
    let solved: Result<Vec<Vec<u16>>, HealError> = (0..channels)
        .into_par_iter()
        .map(|channel| {
            let values = system.solve(photo, channel, cancel)?;
            Ok(match recipe.kind {
                RecipeKind::Chosen | RecipeKind::Suggested => stored(&values, photo.transfer()),
                RecipeKind::ShowsThrough => {
                    let observed = system.observed(photo, channel);
                    let values = without_damage_tone(region, &observed, &values);
                    stored(&values, photo.transfer())
                }
            })
        })
        .collect();
    let solved = solved?;
    let fill = (0..system.unknowns.len())
        .flat_map(|i| solved.iter().map(move |channel| channel[i]))
        .collect();
    Ok(OwnFill {
        recipe: recipe.clone(),
        fill,
    })
}

/// One pixel of the area.
#[derive(Clone, Copy, Debug)]
struct Unknown {
    x: u32,
    y: u32,
    /// From here to its source.
    offset: (i32, i32),
}

/// What lies beside an unknown.
#[derive(Clone, Copy, Debug)]
enum Beside {
    /// Another unknown.
    Unknown(u32),
    /// A pixel whose value is the master's.
    Known,
    /// A pixel that says nothing: beyond the edge, or repaired in another way.
    Free,
}

/// Left, right, above, below.
const SIDES: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

/// The linear equations of an area, the same for every channel.
struct System {
    size: ImageSize,
    unknowns: Vec<Unknown>,
    /// Whether steps are taken over from a source; without one the area is spanned smoothly.
    has_source: bool,
    beside: Vec<[Beside; 4]>,
}

impl System {
    fn new(size: ImageSize, region: &PixelRegion, recipe: &Recipe) -> Result<Self, HealError> {
        let pixels = region.pixel_count();
        if pixels > MAX_HEAL_PX {
            return Err(HealError::TooLarge { pixels });
        }
        let bounds = region.bounds();
        if bounds.right() > size.width || bounds.bottom() > size.height {
            return Err(HealError::OtherPhoto);
        }
        let has_source = recipe.kind != RecipeKind::ShowsThrough;
        let mut unknowns = Vec::with_capacity(pixels as usize);
        for span in region.spans() {
            for x in span.x..span.end() {
                let offset = if has_source {
                    offset_at(&recipe.pieces, x, span.y).ok_or(HealError::NothingAlike)?
                } else {
                    (0, 0)
                };
                let unknown = Unknown {
                    x,
                    y: span.y,
                    offset,
                };
                if moved(size, x, span.y, offset).is_none() {
                    return Err(HealError::OutsidePhoto);
                }
                unknowns.push(unknown);
            }
        }
        let number = |x: u32, y: u32| {
            let mut row = region.numbered_row(y);
            row.find(|(span, _)| (span.x..span.end()).contains(&x))
                .map(|(span, first)| (first + (x - span.x) as usize) as u32)
        };
        let beside = unknowns
            .par_iter()
            .map(|unknown| {
                SIDES.map(|side| match moved(size, unknown.x, unknown.y, side) {
                    None => Beside::Free,
                    Some((x, y)) => match number(x, y) {
                        Some(other) => Beside::Unknown(other),
                        None if recipe.border.contains(x, y) => Beside::Known,
                        None => Beside::Free,
                    },
                })
            })
            .collect();
        Ok(Self {
            size,
            unknowns,
            has_source,
            beside,
        })
    }

    /// The master's value of `channel` at a pixel that lies in the photo, as the networks see it, 0 to 65,535.
    fn master(&self, photo: &Photo, channel: usize, (x, y): (u32, u32)) -> f64 {
        let at = self.size.index(x, y) * photo.channels().count() + channel;
        photo.seen_level(at)
    }

    /// The difference between the source of a pixel and that of the pixel beside it.
    fn step(&self, photo: &Photo, channel: usize, from: Unknown, side: (i32, i32)) -> f64 {
        if !self.has_source {
            return 0.0;
        }
        let here = moved(self.size, from.x, from.y, from.offset);
        let there = (from.offset.0 + side.0, from.offset.1 + side.1);
        match (here, moved(self.size, from.x, from.y, there)) {
            (Some(here), Some(there)) => {
                self.master(photo, channel, here) - self.master(photo, channel, there)
            }
            _ => 0.0,
        }
    }

    fn solve(
        &self,
        photo: &Photo,
        channel: usize,
        cancel: &CancelToken,
    ) -> Result<Vec<f64>, HealError> {
        let mut right = vec![0.0; self.unknowns.len()];
        let mut start = vec![0.0; self.unknowns.len()];
        for (i, (&own, beside)) in self.unknowns.iter().zip(&self.beside).enumerate() {
            if let Some(source) = moved(self.size, own.x, own.y, own.offset) {
                start[i] = self.master(photo, channel, source);
            }
            for (beside, side) in beside.iter().zip(SIDES) {
                let step = self.step(photo, channel, own, side);
                right[i] += match *beside {
                    Beside::Free => 0.0,
                    Beside::Known => {
                        let at = moved(self.size, own.x, own.y, side);
                        step + at.map_or(0.0, |at| self.master(photo, channel, at))
                    }
                    Beside::Unknown(other) => {
                        // Where two sources meet, the mean of what both say.
                        let other = self.unknowns[other as usize];
                        let back = self.step(photo, channel, other, (-side.0, -side.1));
                        f64::midpoint(step, -back)
                    }
                };
            }
        }
        self.conjugate_gradients(&right, start, cancel)
    }

    /// The master's values in the area.
    fn observed(&self, photo: &Photo, channel: usize) -> Vec<f64> {
        let pixels = self.unknowns.iter();
        pixels
            .map(|pixel| self.master(photo, channel, (pixel.x, pixel.y)))
            .collect()
    }

    /// What the equations make of `values`.
    fn apply(&self, values: &[f64], out: &mut [f64]) {
        for ((out, beside), &own) in out.iter_mut().zip(&self.beside).zip(values) {
            *out = beside
                .iter()
                .map(|beside| match *beside {
                    Beside::Unknown(other) => own - values[other as usize],
                    Beside::Known => own,
                    Beside::Free => 0.0,
                })
                .sum();
        }
    }

    /// Source: Hestenes and Stiefel, 1952; without a preconditioner, as all diagonals are about 4.
    fn conjugate_gradients(
        &self,
        right: &[f64],
        mut solution: Vec<f64>,
        cancel: &CancelToken,
    ) -> Result<Vec<f64>, HealError> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut product = vec![0.0; right.len()];
        self.apply(&solution, &mut product);
        let mut residual: Vec<f64> = right.iter().zip(&product).map(|(b, a)| b - a).collect();
        let mut direction = residual.clone();
        let mut square = dot(&residual, &residual);
        let enough = RESIDUAL * RESIDUAL * right.len() as f64;
        // In exact arithmetic as many steps as unknowns; a smooth field needs about as many as the area is wide.
        for _ in 0..right.len().min(20_000) {
            if square <= enough {
                break;
            }
            if cancel.is_cancelled() {
                return Err(HealError::Cancelled);
            }
            self.apply(&direction, &mut product);
            let curvature = dot(&direction, &product);
            if curvature <= 0.0 {
                break;
            }
            let step = square / curvature;
            for i in 0..solution.len() {
                solution[i] += step * direction[i];
                residual[i] -= step * product[i];
            }
            let next = dot(&residual, &residual);
            let turn = next / square;
            for (direction, residual) in direction.iter_mut().zip(&residual) {
                *direction = residual + turn * *direction;
            }
            square = next;
        }
        Ok(solution)
    }
}

/// `values` as the photo stores them, on a scale of 0 to 65,535.
fn stored(values: &[f64], transfer: Transfer) -> Vec<u16> {
    let values = values.iter();
    values.map(|&value| transfer.stored(value)).collect()
}

/// (x, y) moved by `by`; `None` beyond the photo's edge.
fn moved(size: ImageSize, x: u32, y: u32, by: (i32, i32)) -> Option<(u32, u32)> {
    let x = x.checked_add_signed(by.0).filter(|&x| x < size.width)?;
    let y = y.checked_add_signed(by.1).filter(|&y| y < size.height)?;
    Some((x, y))
}

/// The offset of the piece in which a pixel lies, or of the first one.
fn offset_at(pieces: &[SourcePiece], x: u32, y: u32) -> Option<(i32, i32)> {
    let piece = pieces.iter().find(|piece| piece.rect.contains(x, y));
    let piece = piece.or(pieces.first())?;
    Some((piece.dx, piece.dy))
}

/// The piece that moves the whole of `region` by (`dx`, `dy`).
pub fn whole_piece(region: &PixelRegion, dx: i32, dy: i32) -> SourcePiece {
    SourcePiece {
        rect: region.bounds(),
        dx,
        dy,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::geometry::PixelRect;
    use crate::photo::{Channels, FileFormat, Metadata, Samples, Source, TransferChoice};

    const SIZE: ImageSize = ImageSize::new(120, 90);

    fn photo(channels: Channels, value: impl Fn(u32, u32, usize) -> u16) -> Photo {
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let value = &value;
        let samples = (0..SIZE.height)
            .flat_map(|y| (0..SIZE.width).map(move |x| (x, y)))
            .flat_map(|(x, y)| (0..channels.count()).map(move |c| value(x, y, c)))
            .collect();
        let samples = Samples::U16(samples);
        Photo::new(SIZE, channels, samples, None, Metadata::default(), source).unwrap()
    }

    /// A region of the given rectangle with all that touches it known.
    fn rectangle(rect: PixelRect) -> (PixelRegion, PixelRegion) {
        let flags = vec![true; rect.size().pixel_count()];
        let region = PixelRegion::from_rect(rect, &flags).unwrap();
        let around = rect.grown_within(1, SIZE);
        let known: Vec<bool> = region
            .flags(around)
            .into_iter()
            .map(|inside| !inside)
            .collect();
        let border = PixelRegion::from_rect(around, &known).unwrap();
        (region, border)
    }

    fn heal(photo: &Photo, rect: PixelRect, dx: i32, dy: i32) -> Result<OwnFill, HealError> {
        let (region, border) = rectangle(rect);
        let recipe = Recipe {
            kind: RecipeKind::Chosen,
            pieces: vec![whole_piece(&region, dx, dy)],
            border,
        };
        fill_from_own(photo, &region, &recipe, &CancelToken::new())
    }

    const HOLE: PixelRect = PixelRect::new(50, 40, 17, 9);

    #[test]
    fn a_gradient_goes_on_through_the_area_although_the_source_is_darker() {
        // A slope with stripes; the hole is black, the source lies 30 px to the left, where all is darker.
        let slope = |x: u32, y: u32| 10_000 + 200 * x as u16 + 1000 * (y % 3) as u16;
        let photo = photo(Channels::Grey, |x, y, _| {
            if HOLE.contains(x, y) { 0 } else { slope(x, y) }
        });
        let fill = heal(&photo, HOLE, -30, 0).unwrap().fill;
        for (i, &value) in fill.iter().enumerate() {
            let (x, y) = (
                HOLE.x + i as u32 % HOLE.width,
                HOLE.y + i as u32 / HOLE.width,
            );
            let wanted = slope(x, y);
            assert!(value.abs_diff(wanted) <= 2, "{x} {y}: {value} for {wanted}");
        }
    }

    #[test]
    fn a_linear_scan_is_healed_as_the_same_photo_encoded_for_the_eye() {
        let shade = |x: u32, y: u32| {
            let step = 9_000 * u32::from((x / 6 + y / 4).is_multiple_of(2));
            (14_000 + 250 * x + step) as u16
        };
        let encoded = photo(Channels::Grey, |x, y, _| shade(x, y));
        let linear = photo(Channels::Grey, |x, y, _| {
            Transfer::Linear.stored(f64::from(shade(x, y)))
        });
        let expected = heal(&encoded, HOLE, -36, 3).unwrap().fill;
        let as_linear = linear.taken_as(TransferChoice::Linear);
        let fill = heal(&as_linear, HOLE, -36, 3).unwrap().fill;
        let away =
            |level: u16, expected: u16| (Transfer::Linear.seen(level) - f64::from(expected)).abs();
        for (&level, &expected) in fill.iter().zip(&expected) {
            assert!(away(level, expected) < 10.0, "{level} for {expected}");
        }
        // Steps of light itself would be others.
        let of_light = heal(&linear, HOLE, -36, 3).unwrap().fill;
        let mut both = of_light.iter().zip(&expected);
        assert!(both.any(|(&level, &expected)| away(level, expected) > 500.0));
    }

    #[test]
    fn a_source_beyond_the_edge_and_an_area_without_an_end_are_refused() {
        let photo = photo(Channels::Rgb, |x, _, c| x as u16 * 50 + c as u16);
        assert_eq!(heal(&photo, HOLE, -60, 0), Err(HealError::OutsidePhoto));
        assert_eq!(heal(&photo, HOLE, 0, 60), Err(HealError::OutsidePhoto));
        let stopped = CancelToken::new();
        stopped.cancel();
        let (region, border) = rectangle(HOLE);
        let recipe = Recipe {
            kind: RecipeKind::Chosen,
            pieces: vec![whole_piece(&region, 20, 0)],
            border,
        };
        let answer = fill_from_own(&photo, &region, &recipe, &stopped);
        assert_eq!(answer, Err(HealError::Cancelled));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn the_same_recipe_gives_the_same_bytes_and_an_equal_source_is_copied(
            seed in 0_u32..1000,
            (dx, dy) in (-40_i32..40, -30_i32..30),
        ) {
            let noise = |x: u32, y: u32, c: usize| {
                let mixed = (x * 7919 + y * 104_729 + c as u32 * 31 + seed).wrapping_mul(2_654_435_761);
                20_000 + (mixed >> 20) as u16
            };
            let photo = photo(Channels::Rgb, noise);
            let first = heal(&photo, HOLE, dx, dy).unwrap();
            prop_assert!(heal(&photo, HOLE, dx, dy).unwrap() == first);
            // From itself the area is what it was.
            let same = heal(&photo, HOLE, 0, 0).unwrap().fill;
            for (i, &value) in same.iter().enumerate() {
                let pixel = i as u32 / 3;
                let (x, y) = (HOLE.x + pixel % HOLE.width, HOLE.y + pixel / HOLE.width);
                prop_assert!(value.abs_diff(noise(x, y, i % 3)) <= 1);
            }
        }
    }
}
