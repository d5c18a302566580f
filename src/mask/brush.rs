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
    profile: Profile,
    last: FixedPoint,
    dirty: PixelRect,
}

impl Stroke {
    /// Half the brush, rounded up, px.
    pub fn radius_px(&self) -> u32 {
        (self.brush.diameter_px / 2.0).ceil() as u32
    }

    /// Puts the brush down at (`x`, `y`) and paints one dab.
    pub fn begin(mask: &mut Mask, brush: &Brush, x: f32, y: f32) -> Self {
        let profile = Profile::new(brush.diameter_px, brush.hardness);
        let last = FixedPoint::new(x, y);
        let dirty = Capsule::new(last, last, &profile).apply(mask, brush.mode);
        Self {
            brush: *brush,
            profile,
            last,
            dirty,
        }
    }

    /// Moves the brush to (`x`, `y`); returns the px that may have changed.
    pub fn extend(&mut self, mask: &mut Mask, x: f32, y: f32) -> PixelRect {
        let next = FixedPoint::new(x, y);
        if next == self.last {
            return PixelRect::EMPTY;
        }
        let dirty = Capsule::new(self.last, next, &self.profile).apply(mask, self.brush.mode);
        self.last = next;
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
