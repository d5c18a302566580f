//! The brush: what a stroke over the photo does to the person's layers. Nothing of pointers, undo or display.

use super::Mask;
use super::sweep::{Capsule, FixedPoint, Profile};
use crate::geometry::PixelRect;

/// What a brush, line or shape does where it is at full strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrushMode {
    /// Marks as damage: raises `added`, lowers `removed`.
    Paint,
    /// Takes out of the mask: raises `removed`, lowers `added`.
    Erase,
    /// Marks as never to be touched: raises `protected`.
    Protect,
    /// Takes the protection away: lowers `protected`.
    Unprotect,
}

/// A round brush in image px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Diameter in image px, 1 to 4,096; what is outside is brought into that range.
    pub diameter_px: f32,
    /// 0 = falls off from the centre, 1 = hard edge with one px of smoothing.
    pub hardness: f32,
    /// What it does.
    pub mode: BrushMode,
}

/// A stroke in progress: remembers where the pointer was, so that each event adds the swept piece since then.
///
/// Each piece is the maximum of the dab over every position along it, so spacing is infinitely fine and the mask depends
/// on the path alone: not on how many events told it, nor on their order. Positions are rounded to 1/64 px.
#[derive(Clone, Debug)]
pub struct Stroke {
    brush: Brush,
    last: FixedPoint,
    /// Diameter at `last`, px.
    last_diameter_px: f32,
    dirty: PixelRect,
}

/// Largest step of the diameter within a piece of a stroke whose pressure changes, px.
const DIAMETER_STEP_PX: f32 = 1.0;

/// Part of the brush's diameter that is left when a pen touches without any pressure.
const LIGHTEST: f32 = 0.2;

impl Brush {
    /// The diameter under a pen's `pressure`, px: 0 = a touch, 1 = the whole brush.
    pub fn pressed_diameter_px(&self, pressure: f32) -> f32 {
        let pressure = if pressure.is_nan() { 1.0 } else { pressure };
        self.diameter_px * (LIGHTEST + (1.0 - LIGHTEST) * pressure.clamp(0.0, 1.0))
    }
}

impl Stroke {
    /// Half the brush, rounded up, px.
    pub fn radius_px(&self) -> u32 {
        (self.brush.diameter_px / 2.0).ceil() as u32
    }

    /// Puts the brush down at (`x`, `y`) and paints one dab.
    pub fn begin(mask: &mut Mask, brush: &Brush, x: f32, y: f32) -> Self {
        Self::begin_pressed(mask, brush, (x, y), 1.0)
    }

    /// As [`Self::begin`] with a pen's pressure, 0 to 1.
    pub fn begin_pressed(mask: &mut Mask, brush: &Brush, at: (f32, f32), pressure: f32) -> Self {
        let last = FixedPoint::new(at.0, at.1);
        let diameter_px = brush.pressed_diameter_px(pressure);
        let profile = Profile::new(diameter_px, brush.hardness);
        Self {
            brush: *brush,
            last,
            last_diameter_px: diameter_px,
            dirty: Capsule::new(last, last, &profile).apply(mask, brush.mode),
        }
    }

    /// Moves the brush to (`x`, `y`); returns the px that may have changed.
    pub fn extend(&mut self, mask: &mut Mask, x: f32, y: f32) -> PixelRect {
        self.extend_pressed(mask, (x, y), 1.0)
    }

    /// As [`Self::extend`] with a pen's pressure, 0 to 1: on the way the width changes evenly, in steps of a px at most.
    pub fn extend_pressed(&mut self, mask: &mut Mask, at: (f32, f32), pressure: f32) -> PixelRect {
        let (from, to) = (self.last, FixedPoint::new(at.0, at.1));
        let (old, new) = (
            self.last_diameter_px,
            self.brush.pressed_diameter_px(pressure),
        );
        if (from, old) == (to, new) {
            return PixelRect::EMPTY;
        }
        let pieces = ((new - old).abs() / DIAMETER_STEP_PX).ceil().max(1.0) as i64;
        let mut dirty = PixelRect::EMPTY;
        let mut start = from;
        for piece in 1..=pieces {
            let end = from.towards(to, piece, pieces);
            let part = (piece as f32 - 0.5) / pieces as f32;
            let profile = Profile::new(old + (new - old) * part, self.brush.hardness);
            let capsule = Capsule::new(start, end, &profile);
            dirty = dirty.union(capsule.apply(mask, self.brush.mode));
            start = end;
        }
        (self.last, self.last_diameter_px) = (to, new);
        self.dirty = self.dirty.union(dirty);
        dirty
    }

    /// The px that may have changed since the stroke began.
    pub fn dirty(&self) -> PixelRect {
        self.dirty
    }

    /// The brush it paints with.
    pub fn brush(&self) -> &Brush {
        &self.brush
    }
}

/// One straight stroke; returns the px that may have changed.
pub fn line(mask: &mut Mask, brush: &Brush, from: (f32, f32), to: (f32, f32)) -> PixelRect {
    let profile = Profile::new(brush.diameter_px, brush.hardness);
    let (from, to) = (FixedPoint::new(from.0, from.1), FixedPoint::new(to.0, to.1));
    Capsule::new(from, to, &profile).apply(mask, brush.mode)
}
