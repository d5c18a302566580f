//! Grain for what is invented: the fine detail of sound picture nearby, laid over a fill that is smoother than that.
//!
//! A network returns the mean of what might have been there, which has no grain; beside grainy film or paper that is seen as
//! a smear. Each small block of a hole takes the high pass of a sound block of like lightness nearby, scaled by
//! √(1 − s²fill / s²near), s² being the mean square of the high pass: grain that was read through the damage counts
//! already. What was read to a share r takes 1 − r² of that, what was wholly read takes none. No chance is involved, and
//! where a block looks depends on photo and hole alone, counted in whole numbers, so that every window gives the same.

use crate::geometry::{ImageSize, PixelRect};
use crate::inference::Tensor;

/// Side of a block, px; blocks lie on a grid from the photo's corner.
const BLOCK_PX: usize = 8;
/// The high pass is a pixel less the mean of the square reaching this far around it, px.
const PASS_PX: usize = 2;
/// How far away sound blocks are looked for, px.
const DISTANCES_PX: [f32; 6] = [14.0, 22.0, 34.0, 50.0, 72.0, 98.0];
/// In so many directions at each distance.
const DIRECTIONS: usize = 8;
/// A place is moved by up to this, by the block's position, lest the same grain show in a row of blocks.
const JITTER_PX: i64 = 3;
/// The nearest sound places that are looked at; beyond them the picture is another.
const MOST_PLACES: usize = 16;
/// Fewer sound places than this say too little of the grain.
const LEAST_PLACES: usize = 3;
/// A high pass further than this many deviations from 0 is a speck or an edge, not grain.
const LARGEST_DEVIATIONS: f32 = 3.0;
/// Grain weaker than a quarter of an 8-bit level is left away.
const LEAST_DEVIATION: f32 = 0.25 / 255.0;
/// Lightness in whole numbers; squares of 25 × this times a block's pixels stay far below 2⁶³.
const LEVELS: f32 = 65_535.0;
/// Pixels of the square the high pass compares with.
const PASS_COUNT: i64 = ((2 * PASS_PX + 1) * (2 * PASS_PX + 1)) as i64;

/// Adds grain to `fill` (1, 3, h, w) where `hole` (1, 1, h, w) is set, less where `recovered` (1, 1, h, w) says that it was
/// read through the damage. All cover `read` of a photo of `size`, whose pixels are `photo` (1, 3, h, w), all in [0, 1].
///
/// Sound picture is looked for up to `reach_px` beyond a block, so pixels that far inside `read`, or up to the photo's own
/// border, come out the same from every window.
///
/// # Panics
/// When a tensor is smaller than `read`.
pub fn add_grain(
    fill: &mut Tensor,
    recovered: &Tensor,
    photo: &Tensor,
    hole: &Tensor,
    (read, size, reach_px): (PixelRect, ImageSize, u32),
) {
    let inside = read.intersect(size.rect());
    if !hole.data().iter().any(|&value| value > 0.0) {
        return;
    }
    let sound = Sound::of(photo, hole, read, inside);
    let smooth = fill.data().to_vec();
    let width = read.width as usize;
    let plane = hole.data().len();
    for top in (0..inside.height as usize).step_by(BLOCK_PX) {
        for left in (0..inside.width as usize).step_by(BLOCK_PX) {
            let block = Block {
                left,
                top,
                right: (left + BLOCK_PX).min(inside.width as usize),
                bottom: (top + BLOCK_PX).min(inside.height as usize),
            };
            let is_hole = |&(x, y): &(usize, usize)| hole.data()[y * width + x] > 0.0;
            let holes: Vec<(usize, usize)> = block.pixels().filter(is_hole).collect();
            if holes.is_empty() {
                continue;
            }
            let seed = (read.x as usize + left, read.y as usize + top);
            let Some(near) = sound.near(block, seed, reach_px) else {
                continue;
            };
            let own = mean_square(&holes, &smooth, photo, hole, inside, width);
            let missing = 1.0 - own / near.mean_square;
            if missing <= 0.0 {
                continue;
            }
            let gain = missing.sqrt() * (near.mean_square / near.source_mean_square).sqrt();
            let limit = LARGEST_DEVIATIONS * near.mean_square.sqrt();
            for (x, y) in holes {
                let at = y * width + x;
                let read = recovered.data()[at];
                let weight = gain * (1.0 - read * read);
                let from = (
                    (x as i64 + near.offset.0) as usize,
                    (y as i64 + near.offset.1) as usize,
                );
                for channel in 0..3 {
                    let detail = high_pass(photo.data(), channel * plane, width, from);
                    fill.data_mut()[channel * plane + at] += (weight * detail).clamp(-limit, limit);
                }
            }
        }
    }
}

/// Part of a window, px of the window; right and bottom are outside.
#[derive(Clone, Copy, Debug)]
struct Block {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Block {
    fn pixels(self) -> impl Iterator<Item = (usize, usize)> {
        (self.top..self.bottom).flat_map(move |y| (self.left..self.right).map(move |x| (x, y)))
    }

    const fn count(self) -> i64 {
        ((self.right - self.left) * (self.bottom - self.top)) as i64
    }

    /// The block moved, if it and what its high pass reads stay inside a window of `width` × `height`.
    fn moved(self, (dx, dy): (i64, i64), width: usize, height: usize) -> Option<Self> {
        let shift = |value: usize, by: i64| usize::try_from(value as i64 + by).ok();
        let (left, top) = (shift(self.left, dx)?, shift(self.top, dy)?);
        let (right, bottom) = (shift(self.right, dx)?, shift(self.bottom, dy)?);
        let fits = left >= PASS_PX
            && top >= PASS_PX
            && right + PASS_PX <= width
            && bottom + PASS_PX <= height;
        fits.then_some(Self {
            left,
            top,
            right,
            bottom,
        })
    }

    /// The block with what its high pass reads.
    const fn grown(self) -> Self {
        Self {
            left: self.left - PASS_PX,
            top: self.top - PASS_PX,
            right: self.right + PASS_PX,
            bottom: self.bottom + PASS_PX,
        }
    }
}

/// Where a block takes its grain from.
struct Near {
    /// The source lies this far away, px.
    offset: (i64, i64),
    /// The grain near the block: the mean square of the high pass that three fifths of the places looked at stay below.
    mean_square: f32,
    /// The same at the source itself.
    source_mean_square: f32,
}

/// Sums of one window's sound picture, in whole numbers: they do not depend on where the window begins.
struct Sound {
    width: usize,
    height: usize,
    holes: Sums,
    lightness: Sums,
    /// Squares of [`PASS_COUNT`] × the high pass of the lightness.
    squares: Sums,
}

impl Sound {
    fn of(photo: &Tensor, hole: &Tensor, read: PixelRect, inside: PixelRect) -> Self {
        let (width, height) = (inside.width as usize, inside.height as usize);
        let (row, plane) = (read.width as usize, hole.data().len());
        let data = photo.data();
        let lightness: Vec<i64> = (0..height)
            .flat_map(|y| (0..width).map(move |x| y * row + x))
            .map(|at| {
                let sum = data[at] + 2.0 * data[plane + at] + data[2 * plane + at];
                (sum * (LEVELS / 4.0)).round() as i64
            })
            .collect();
        let holes = Sums::new(width, height, |x, y| {
            i64::from(hole.data()[y * row + x] > 0.0)
        });
        let sums = Sums::new(width, height, |x, y| lightness[y * width + x]);
        let squares = Sums::new(width, height, |x, y| {
            let is_inside =
                x >= PASS_PX && y >= PASS_PX && x + PASS_PX < width && y + PASS_PX < height;
            if !is_inside {
                return 0;
            }
            let around = sums.of(Block {
                left: x - PASS_PX,
                top: y - PASS_PX,
                right: x + PASS_PX + 1,
                bottom: y + PASS_PX + 1,
            });
            // In sixteenths of a level, which keeps 2⁶³ far away and grain well resolved.
            ((PASS_COUNT * lightness[y * width + x] - around) / 16).pow(2)
        });
        Self {
            width,
            height,
            holes,
            lightness: sums,
            squares,
        }
    }

    /// The place a block takes its grain from; `None` where too little sound picture is near, or where it has no grain.
    fn near(&self, block: Block, seed: (usize, usize), reach_px: u32) -> Option<Near> {
        let mut places: Vec<(i64, i64, (i64, i64))> = offsets(seed, reach_px)
            .filter_map(|offset| Some((offset, block.moved(offset, self.width, self.height)?)))
            .filter(|(_, place)| self.holes.of(place.grown()) == 0)
            .map(|(offset, place)| (self.squares.of(place), self.lightness.of(place), offset))
            .take(MOST_PLACES)
            .collect();
        if places.len() < LEAST_PLACES {
            return None;
        }
        let wanted = self.lightness_around(block);
        places.sort_unstable();
        // Edges and specks are at the upper end and are no grain.
        let usual = places[places.len() * 3 / 5].0;
        let (squares, _, offset) = places
            .iter()
            .copied()
            .filter(|place| place.0 > 0 && place.0 <= usual)
            .min_by_key(|place| ((place.1 - wanted).abs(), place.2))?;
        let unit = LEVELS * PASS_COUNT as f32 / 16.0;
        let mean = |squares: i64| squares as f32 / block.count() as f32 / (unit * unit);
        (mean(usual).sqrt() >= LEAST_DEVIATION).then(|| Near {
            offset,
            mean_square: mean(usual),
            source_mean_square: mean(squares),
        })
    }

    /// Lightness of the sound picture around a block, for as many pixels as the block has.
    fn lightness_around(&self, block: Block) -> i64 {
        const AROUND_PX: usize = 24;
        let around = Block {
            left: block.left.saturating_sub(AROUND_PX),
            top: block.top.saturating_sub(AROUND_PX),
            right: (block.right + AROUND_PX).min(self.width),
            bottom: (block.bottom + AROUND_PX).min(self.height),
        };
        let mut sum = 0;
        let mut sound = 0;
        // By blocks, so that only wholly sound ones count: a hole's own pixels are the damage.
        for top in (around.top..around.bottom).step_by(BLOCK_PX) {
            for left in (around.left..around.right).step_by(BLOCK_PX) {
                let part = Block {
                    left,
                    top,
                    right: (left + BLOCK_PX).min(around.right),
                    bottom: (top + BLOCK_PX).min(around.bottom),
                };
                if self.holes.of(part) == 0 {
                    sum += self.lightness.of(part);
                    sound += part.count();
                }
            }
        }
        if sound == 0 {
            // Deep inside a large hole any lightness will do.
            return block.count() * (LEVELS as i64 / 2);
        }
        sum * block.count() / sound
    }
}

/// Sums over rectangles of a picture of whole numbers.
struct Sums {
    width: usize,
    /// (width + 1) × (height + 1) sums of all that is above and left.
    table: Vec<i64>,
}

impl Sums {
    fn new(width: usize, height: usize, value: impl Fn(usize, usize) -> i64) -> Self {
        let mut table = vec![0; (width + 1) * (height + 1)];
        for y in 0..height {
            let mut row = 0;
            for x in 0..width {
                row += value(x, y);
                table[(y + 1) * (width + 1) + x + 1] = table[y * (width + 1) + x + 1] + row;
            }
        }
        Self { width, table }
    }

    fn of(&self, block: Block) -> i64 {
        let at = |x: usize, y: usize| self.table[y * (self.width + 1) + x];
        at(block.right, block.bottom) - at(block.left, block.bottom) - at(block.right, block.top)
            + at(block.left, block.top)
    }
}

/// Where to look for sound blocks, nearest first, a little different for each block of the photo at `seed` px.
fn offsets((x, y): (usize, usize), reach_px: u32) -> impl Iterator<Item = (i64, i64)> {
    // Any mixing will do that separates neighbours: two odd multipliers and a shift.
    let mut state = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    let mut jitter = move || {
        state = (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((state >> 33) % (2 * JITTER_PX as u64 + 1)) as i64 - JITTER_PX
    };
    let farthest = i64::from(reach_px) - (BLOCK_PX + PASS_PX) as i64;
    DISTANCES_PX
        .into_iter()
        .flat_map(|distance| (0..DIRECTIONS).map(move |direction| (distance, direction)))
        .map(move |(distance, direction)| {
            let angle = std::f32::consts::TAU * direction as f32 / DIRECTIONS as f32;
            let along = |part: f32, by: i64| (distance * part).round() as i64 + by;
            (along(angle.cos(), jitter()), along(angle.sin(), jitter()))
        })
        .filter(move |(dx, dy)| dx.abs() <= farthest && dy.abs() <= farthest)
}

/// The high pass of one plane at a pixel; the square around it lies inside.
fn high_pass(data: &[f32], plane: usize, width: usize, (x, y): (usize, usize)) -> f32 {
    let mut sum = 0.0;
    for row in y - PASS_PX..=y + PASS_PX {
        let start = plane + row * width + x - PASS_PX;
        sum += data[start..=start + 2 * PASS_PX].iter().sum::<f32>();
    }
    data[plane + y * width + x] - sum / PASS_COUNT as f32
}

/// Mean square of the high pass of the filled picture's lightness at `holes`; pixels at the photo's border are left out.
fn mean_square(
    holes: &[(usize, usize)],
    fill: &[f32],
    photo: &Tensor,
    hole: &Tensor,
    inside: PixelRect,
    width: usize,
) -> f32 {
    let plane = hole.data().len();
    let lightness = |x: usize, y: usize| {
        let at = y * width + x;
        let data = if hole.data()[at] > 0.0 {
            fill
        } else {
            photo.data()
        };
        0.25 * (data[at] + 2.0 * data[plane + at] + data[2 * plane + at])
    };
    let fits = |&(x, y): &(usize, usize)| {
        x >= PASS_PX
            && y >= PASS_PX
            && x + PASS_PX < inside.width as usize
            && y + PASS_PX < inside.height as usize
    };
    let mut sum = 0.0;
    let mut count = 0.0;
    for &(x, y) in holes.iter().filter(|at| fits(at)) {
        let around: f32 = (y - PASS_PX..=y + PASS_PX)
            .map(|row| {
                (x - PASS_PX..=x + PASS_PX)
                    .map(|column| lightness(column, row))
                    .sum::<f32>()
            })
            .sum();
        sum += (lightness(x, y) - around / PASS_COUNT as f32).powi(2);
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 192;
    const HOLE: std::ops::Range<usize> = 80..112;

    /// Even noise of about `deviation` on mid-grey, three like channels; the same pixel for the same place of a photo.
    fn noisy(left: usize, top: usize, width: usize, height: usize, deviation: f32) -> Tensor {
        let value = |x: usize, y: usize| {
            let mut state = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ ((y as u64) << 20);
            let mut sum = 0.0;
            for _ in 0..4 {
                state = (state ^ (state >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
                sum += (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
            }
            0.5 + deviation * sum * 3.0_f32.sqrt()
        };
        let plane: Vec<f32> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| value(left + x, top + y))
            .collect();
        Tensor::new([1, 3, height, width], plane.repeat(3)).unwrap()
    }

    fn hole(left: usize, top: usize, width: usize, height: usize) -> Tensor {
        let is_hole = |x, y| HOLE.contains(&(left + x)) && HOLE.contains(&(top + y));
        let data = (0..height)
            .flat_map(|y| (0..width).map(move |x| f32::from(u8::from(is_hole(x, y)))))
            .collect();
        Tensor::new([1, 1, height, width], data).unwrap()
    }

    fn grained(deviation: f32, recovered: f32) -> (Tensor, Tensor) {
        let photo = noisy(0, 0, SIDE, SIDE, deviation);
        let hole = hole(0, 0, SIDE, SIDE);
        let mut fill = Tensor::filled([1, 3, SIDE, SIDE], 0.5);
        let recovered = Tensor::filled([1, 1, SIDE, SIDE], recovered);
        let size = ImageSize::new(SIDE as u32, SIDE as u32);
        add_grain(
            &mut fill,
            &recovered,
            &photo,
            &hole,
            (size.rect(), size, 128),
        );
        (photo, fill)
    }

    /// Deviation of the values inside the hole, away from its edge.
    fn deviation(values: &Tensor) -> f32 {
        let inner = HOLE.start + 4..HOLE.end - 4;
        let values: Vec<f32> = inner
            .clone()
            .flat_map(|y| values.row(0, y)[inner.clone()].to_vec())
            .collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
    }

    #[test]
    fn a_smooth_fill_in_a_grainy_photo_becomes_as_grainy() {
        let (photo, fill) = grained(0.03, 0.0);
        let ratio = deviation(&fill) / deviation(&photo);
        assert!(
            (0.8..1.2).contains(&ratio),
            "grain against the photo's: {ratio}"
        );
    }

    #[test]
    fn what_was_read_through_the_damage_and_what_lies_in_a_smooth_photo_take_no_grain() {
        assert!(deviation(&grained(0.03, 1.0).1) < 1e-7);
        assert!(deviation(&grained(0.0, 0.0).1) < 1e-7);
    }

    #[test]
    fn a_fill_with_grain_of_its_own_takes_no_more() {
        let photo = noisy(0, 0, SIDE, SIDE, 0.03);
        let hole = hole(0, 0, SIDE, SIDE);
        let own = noisy(7, 11, SIDE, SIDE, 0.05);
        let mut fill = own.clone();
        let size = ImageSize::new(SIDE as u32, SIDE as u32);
        let recovered = Tensor::filled([1, 1, SIDE, SIDE], 0.0);
        add_grain(
            &mut fill,
            &recovered,
            &photo,
            &hole,
            (size.rect(), size, 128),
        );
        assert_eq!(fill.data(), own.data());
    }

    #[test]
    fn every_window_gives_the_same_grain_and_a_small_photo_does_no_harm() {
        let size = ImageSize::new(512, 512);
        let run = |read: PixelRect| {
            let (left, top) = (read.x as usize, read.y as usize);
            let (width, height) = (read.width as usize, read.height as usize);
            let mut fill = Tensor::filled([1, 3, height, width], 0.5);
            let recovered = Tensor::filled([1, 1, height, width], 0.0);
            let photo = noisy(left + 1000, top, width, height, 0.04);
            let mut marks = hole(left, top, width, height);
            // A second hole that only the larger window sees whole.
            for y in 0..height {
                for x in 0..width {
                    if (300..420).contains(&(left + x)) && (200..220).contains(&(top + y)) {
                        marks.data_mut()[y * width + x] = 1.0;
                    }
                }
            }
            add_grain(&mut fill, &recovered, &photo, &marks, (read, size, 128));
            fill
        };
        let whole = run(size.rect());
        let part = run(PixelRect::new(0, 0, 320, 320));
        for y in HOLE {
            assert_eq!(whole.row(1, y)[HOLE], part.row(1, y)[HOLE], "row {y}");
        }
        for (width, height) in [(1, 1), (3, 64), (20, 9)] {
            let size = ImageSize::new(width, height);
            let read = PixelRect::new(0, 0, 64, 64);
            let mut fill = Tensor::filled([1, 3, 64, 64], 0.5);
            let photo = noisy(0, 0, 64, 64, 0.04);
            let all = Tensor::filled([1, 1, 64, 64], 1.0);
            let recovered = Tensor::filled([1, 1, 64, 64], 0.0);
            add_grain(&mut fill, &recovered, &photo, &all, (read, size, 128));
            assert!(fill.data().iter().all(|value| (value - 0.5).abs() < 1e-6));
        }
    }
}
