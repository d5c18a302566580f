//! The swept dab: exact distances from pixels to a straight piece of a stroke, and what they do to the layers.
//!
//! The largest value of a round dab moved along a segment is the dab's value at the distance to that segment, so one
//! evaluation a pixel replaces any number of dabs. Positions are integers in 1/64 px and the direction is reduced by its
//! greatest common divisor: all pieces of one straight line compute a pixel's distance from the same numbers, and a
//! segment told in one event or in many gives the same bytes.

use super::brush::BrushMode;
use super::layer::tiles_in;
use super::tile::{MASK_TILE_PX, MaskTile};
use super::{Mask, MaskLayer};
use crate::geometry::{ImageSize, PixelRect, TileIndex};

/// Steps a px of stroke positions: finer than any pointer reports, coarse enough that products stay exact in `f64`.
const STEPS_PER_PX: f64 = 64.0;

/// The same as an integer.
pub(super) const STEPS: i64 = STEPS_PER_PX as i64;

/// Positions are kept within this many px of the origin, so that products of two stay below 2⁵³.
const MAX_POSITION_PX: f32 = 524_288.0;

/// No px that a path runs through has its centre farther away than this, px (√½, rounded up).
const HALF_DIAGONAL_PX: f64 = 0.707_2;

/// The narrowest edge of the smallest brushes, px.
const MIN_RAMP_PX: f64 = 0.25;

/// Brush diameters in px that make sense on any photo.
const DIAMETER_PX: std::ops::RangeInclusive<f32> = 1.0..=4096.0;

/// A position in 1/64 px.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FixedPoint {
    pub(super) x: i64,
    pub(super) y: i64,
}

impl FixedPoint {
    /// Rounds image px; what is not a number becomes 0, what is far outside moves to ±524,288 px.
    pub(super) fn new(x: f32, y: f32) -> Self {
        let fixed = |v: f32| {
            let inside = if v.is_nan() {
                0.0
            } else {
                v.clamp(-MAX_POSITION_PX, MAX_POSITION_PX)
            };
            (f64::from(inside) * STEPS_PER_PX).round() as i64
        };
        Self {
            x: fixed(x),
            y: fixed(y),
        }
    }
}

impl FixedPoint {
    /// The position `piece` of `pieces` steps on the way to `to`, rounded.
    pub(super) fn towards(self, to: Self, piece: i64, pieces: i64) -> Self {
        let between = |a: i64, b: i64| a + ((b - a) * piece * 2 + pieces).div_euclid(pieces * 2);
        Self {
            x: between(self.x, to.x),
            y: between(self.y, to.y),
        }
    }
}

/// Strength of a dab by distance from its centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Full strength up to here, 1/64 px.
    inner: f64,
    /// Nothing from here on, 1/64 px.
    outer: f64,
}

impl Profile {
    /// The ramp lies between hardness × radius and the radius and is at least 1 px wide (then centred on the radius); what
    /// the path runs through is always at full strength, so that the smallest brush marks at least that px.
    pub(super) fn new(diameter_px: f32, hardness: f32) -> Self {
        let diameter = if diameter_px.is_nan() {
            *DIAMETER_PX.start()
        } else {
            diameter_px.clamp(*DIAMETER_PX.start(), *DIAMETER_PX.end())
        };
        let hardness = if hardness.is_nan() {
            1.0
        } else {
            f64::from(hardness.clamp(0.0, 1.0))
        };
        let radius = f64::from(diameter) / 2.0;
        let middle = radius * (1.0 + hardness) / 2.0;
        let half_ramp = (radius * (1.0 - hardness)).max(1.0) / 2.0;
        let inner = (middle - half_ramp).max(HALF_DIAGONAL_PX);
        let outer = (middle + half_ramp).max(inner + MIN_RAMP_PX);
        Self {
            inner: inner * STEPS_PER_PX,
            outer: outer * STEPS_PER_PX,
        }
    }

    /// Strength 0 to 255 at `distance` (1/64 px): a smoothstep down the ramp.
    fn value(&self, distance: f64) -> u8 {
        if distance <= self.inner {
            return 255;
        }
        if distance >= self.outer {
            return 0;
        }
        let t = (self.outer - distance) / (self.outer - self.inner);
        (t * t * (3.0 - 2.0 * t) * 255.0 + 0.5) as u8
    }

    /// [`Self::value`] by the distance's square, without a root where it is not needed.
    fn value_of_square(&self, square: f64) -> u8 {
        if square <= self.inner * self.inner {
            255
        } else if square >= self.outer * self.outer {
            0
        } else {
            self.value(square.sqrt())
        }
    }

    fn reach_px(&self) -> f64 {
        self.outer / STEPS_PER_PX
    }
}

/// One straight piece of a stroke.
pub(super) struct Capsule<'a> {
    from: FixedPoint,
    to: FixedPoint,
    /// Direction reduced to its smallest integer steps; (0, 0) for a dab.
    direction: (f64, f64),
    /// 1 / length of `direction`; 0 for a dab.
    inverse_length: f64,
    /// `direction` · (`to` − `from`).
    end: f64,
    profile: &'a Profile,
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl<'a> Capsule<'a> {
    pub(super) fn new(from: FixedPoint, to: FixedPoint, profile: &'a Profile) -> Self {
        // The same piece drawn backwards computes from the same numbers.
        let (from, to) = if (to.y, to.x) < (from.y, from.x) {
            (to, from)
        } else {
            (from, to)
        };
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let divisor = greatest_common_divisor(dx, dy).max(1);
        let direction = ((dx / divisor) as f64, (dy / divisor) as f64);
        let length = direction.0.hypot(direction.1);
        Self {
            from,
            to,
            direction,
            inverse_length: if length > 0.0 { 1.0 / length } else { 0.0 },
            end: direction.0 * dx as f64 + direction.1 * dy as f64,
            profile,
        }
    }

    /// Paints the piece into the layers; returns the px that may have changed.
    pub(super) fn apply(&self, mask: &mut Mask, mode: BrushMode) -> PixelRect {
        let size = mask.size();
        let bounds = self.bounds(size);
        let mut values = [0; MASK_TILE_PX as usize];
        for index in tiles_in(bounds) {
            let rect = index.rect(MASK_TILE_PX, size).intersect(bounds);
            for y in rect.y..rect.bottom() {
                let (start, end) = self.columns(y, rect);
                if start >= end {
                    continue;
                }
                let values = &mut values[..(end - start) as usize];
                self.row(start, y, values);
                apply_row(mask, mode, index, (start, y), values);
            }
        }
        bounds
    }

    /// The px it may reach, cut at the photo's edge.
    fn bounds(&self, size: ImageSize) -> PixelRect {
        let reach = self.profile.reach_px() + 1.0;
        let axis = |a: i64, b: i64, len: u32| {
            let low = (a.min(b) as f64 / STEPS_PER_PX - reach).floor();
            let high = (a.max(b) as f64 / STEPS_PER_PX + reach).ceil();
            let len = f64::from(len);
            (low.clamp(0.0, len) as u32, high.clamp(0.0, len) as u32)
        };
        let (left, right) = axis(self.from.x, self.to.x, size.width);
        let (top, bottom) = axis(self.from.y, self.to.y, size.height);
        if left >= right || top >= bottom {
            return PixelRect::EMPTY;
        }
        PixelRect::new(left, top, right - left, bottom - top)
    }

    /// The columns of row `y` inside `rect` that it may reach: those of the part of the segment that is near the row.
    fn columns(&self, y: u32, rect: PixelRect) -> (u32, u32) {
        let reach = (self.profile.reach_px() + 1.0) * STEPS_PER_PX;
        let middle = (f64::from(y) + 0.5) * STEPS_PER_PX;
        let (x0, y0) = (self.from.x as f64, self.from.y as f64);
        let (x1, y1) = (self.to.x as f64, self.to.y as f64);
        let at = |row: f64| {
            if y1 > y0 {
                let t = ((row - y0) / (y1 - y0)).clamp(0.0, 1.0);
                x0 + (x1 - x0) * t
            } else {
                x0
            }
        };
        let (a, b) = if y1 > y0 {
            (at(middle - reach), at(middle + reach))
        } else {
            (x0, x1)
        };
        let low = ((a.min(b) - reach) / STEPS_PER_PX).floor();
        let high = ((a.max(b) + reach) / STEPS_PER_PX).ceil();
        let inside = |v: f64| v.clamp(f64::from(rect.x), f64::from(rect.right())) as u32;
        (inside(low), inside(high))
    }

    /// The strengths of `out.len()` px of row `y` from column `x` on.
    fn row(&self, x: u32, y: u32, out: &mut [u8]) {
        let half = STEPS_PER_PX / 2.0;
        let (dx, dy) = self.direction;
        let py = f64::from(y) * STEPS_PER_PX + half;
        let from = (self.from.x as f64, py - self.from.y as f64);
        let to = (self.to.x as f64, py - self.to.y as f64);
        for (i, value) in out.iter_mut().enumerate() {
            let px = (f64::from(x) + i as f64) * STEPS_PER_PX + half;
            let (ax, ay) = (px - from.0, from.1);
            let along = ax * dx + ay * dy;
            *value = if along < 0.0 || self.end <= 0.0 {
                self.profile.value_of_square(ax * ax + ay * ay)
            } else if along > self.end {
                let (bx, by) = (px - to.0, to.1);
                self.profile.value_of_square(bx * bx + by * by)
            } else {
                let distance = (ax * dy - ay * dx).abs() * self.inverse_length;
                self.profile.value(distance)
            };
        }
    }
}

/// Applies one row of strengths, all inside the tile at `index`, to the layers that `mode` names.
pub(super) fn apply_row(
    mask: &mut Mask,
    mode: BrushMode,
    index: TileIndex,
    (x, y): (u32, u32),
    values: &[u8],
) {
    if values.iter().all(|&value| value == 0) {
        return;
    }
    let at = (index, x % MASK_TILE_PX, y % MASK_TILE_PX);
    match mode {
        BrushMode::Paint => {
            raise(&mut mask.added, at, values);
            lower(&mut mask.removed, at, values);
        }
        BrushMode::Erase => {
            raise(&mut mask.removed, at, values);
            lower(&mut mask.added, at, values);
        }
        BrushMode::Protect => raise(&mut mask.protected, at, values),
        BrushMode::Unprotect => lower(&mut mask.protected, at, values),
    }
}

type RowPlace = (TileIndex, u32, u32);

fn row_part<'a>(tile: &'a mut MaskTile, (_, x, y): RowPlace, values: &[u8]) -> &'a mut [u8] {
    &mut tile.row_mut(y)[x as usize..][..values.len()]
}

/// layer = max(layer, value).
fn raise(layer: &mut MaskLayer, at: RowPlace, values: &[u8]) {
    for (kept, value) in row_part(layer.tile_mut(at.0), at, values)
        .iter_mut()
        .zip(values)
    {
        *kept = (*kept).max(*value);
    }
}

/// layer = min(layer, 255 − value).
fn lower(layer: &mut MaskLayer, at: RowPlace, values: &[u8]) {
    if layer.tile(at.0).is_none() {
        return;
    }
    for (kept, value) in row_part(layer.tile_mut(at.0), at, values)
        .iter_mut()
        .zip(values)
    {
        *kept = (*kept).min(255 - value);
    }
}
