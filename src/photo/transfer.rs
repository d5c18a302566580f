//! What the networks see of a master's code values, and back: the only place that knows the curve of a linear scan.
//!
//! The networks learned from pictures whose code values are encoded for the eye. A linear scan's are proportional to light, so
//! that its shadows would be a few dark levels to them. They see such a scan through the encoding of sRGB, channel by channel,
//! and what they fill goes back through its inverse. The same curve serves every photo that is linear, whatever its primaries.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The largest level: code values of any depth are compared on a scale of 16 bits.
const LARGEST: f64 = 65_535.0;

/// How code values stand for light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transfer {
    /// Encoded for the eye: the networks see the code values as they are.
    #[default]
    Encoded,
    /// Proportional to light: the networks see them through the encoding of sRGB.
    Linear,
}

/// Whether a photo is taken for a linear scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferChoice {
    /// As the file states it, by its colour profile or the gamma of a PNG.
    #[default]
    Automatic,
    /// It is one, whatever the file states.
    Linear,
    /// It is none, whatever the file states.
    Encoded,
}

impl TransferChoice {
    /// What the choice comes to for a file that states `stated`.
    pub const fn resolve(self, stated: Transfer) -> Transfer {
        match self {
            Self::Automatic => stated,
            Self::Linear => Transfer::Linear,
            Self::Encoded => Transfer::Encoded,
        }
    }

    /// The choice by which a file that states `stated` is taken for a linear scan, or not.
    pub const fn to_be(is_linear: bool, stated: Transfer) -> Self {
        match (is_linear, stated) {
            (true, Transfer::Linear) | (false, Transfer::Encoded) => Self::Automatic,
            (true, Transfer::Encoded) => Self::Linear,
            (false, Transfer::Linear) => Self::Encoded,
        }
    }
}

impl Transfer {
    /// Whether the photo is a linear scan.
    pub const fn is_linear(self) -> bool {
        matches!(self, Self::Linear)
    }

    /// What the networks see of `level`, a code value on the scale of 16 bits (8-bit ones × 257): 0 to 65,535.
    pub fn seen(self, level: u16) -> f64 {
        match self {
            Self::Encoded => f64::from(level),
            Self::Linear => SEEN[usize::from(level)],
        }
    }

    /// The inverse of [`Self::seen`] for any `seen` from 0 to 65,535, rounded once to the nearest level; beyond that the nearest
    /// end.
    pub fn stored(self, seen: f64) -> u16 {
        let level = match self {
            Self::Encoded => seen,
            Self::Linear => LARGEST * decoded(seen / LARGEST),
        };
        level.round().clamp(0.0, LARGEST) as u16
    }

    /// The level for a value in [0, 1] that a network filled in.
    pub fn stored_of_unit(self, value: f32) -> u16 {
        match self {
            // In f32, as records made before there was a choice were filled.
            Self::Encoded => (value * 65_535.0).round().clamp(0.0, 65_535.0) as u16,
            Self::Linear => self.stored(f64::from(value) * LARGEST),
        }
    }
}

/// [`Transfer::seen`] of every level of a linear scan.
static SEEN: LazyLock<Box<[f64]>> = LazyLock::new(|| {
    let levels = 0..=u16::MAX;
    levels
        .map(|level| LARGEST * encoded(f64::from(level) / LARGEST))
        .collect()
});

/// Light in [0, 1] as sRGB encodes it. Source: IEC 61966-2-1.
fn encoded(light: f64) -> f64 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

/// The light that sRGB encodes as `value`. Source: IEC 61966-2-1.
fn decoded(value: f64) -> f64 {
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Transfer; 2] = [Transfer::Encoded, Transfer::Linear];

    #[test]
    fn every_level_comes_back_exactly_also_through_the_networks_32_bits() {
        for transfer in BOTH {
            for level in 0..=u16::MAX {
                let seen = transfer.seen(level);
                assert_eq!(transfer.stored(seen), level, "{transfer:?}");
                let unit = (seen / LARGEST) as f32;
                assert_eq!(transfer.stored_of_unit(unit), level, "{transfer:?}");
            }
        }
    }

    #[test]
    fn a_lighter_level_is_seen_lighter_and_both_ends_stay() {
        for transfer in BOTH {
            let is_rising = |level| transfer.seen(level) > transfer.seen(level - 1);
            assert!((1..=u16::MAX).all(is_rising), "{transfer:?}");
            assert!(transfer.seen(0).abs() < 1e-9, "{transfer:?}");
            assert!((transfer.seen(u16::MAX) - LARGEST).abs() < 1e-6);
        }
    }

    #[test]
    fn a_linear_middle_grey_is_seen_as_srgb_writes_it() {
        // Source: 18 % of light is 118 of 255 in sRGB, a figure found in many tables; half of light is 188.
        let seen = |light: f64| Transfer::Linear.seen((light * LARGEST).round() as u16) / 257.0;
        assert!((seen(0.18) - 117.6).abs() < 0.2, "{}", seen(0.18));
        assert!((seen(0.5) - 187.5).abs() < 0.2, "{}", seen(0.5));
        assert_eq!(Transfer::Encoded.seen(1234).to_bits(), 1234_f64.to_bits());
    }

    #[test]
    fn what_a_network_says_beyond_black_and_white_becomes_black_and_white() {
        for transfer in BOTH {
            assert_eq!(transfer.stored_of_unit(-0.1), 0);
            assert_eq!(transfer.stored_of_unit(1.1), u16::MAX);
            assert_eq!(transfer.stored(-9.0), 0);
            assert_eq!(transfer.stored(99_999.0), u16::MAX);
        }
    }

    #[test]
    fn a_choice_that_says_what_the_file_states_is_the_automatic_one() {
        for stated in BOTH {
            for is_linear in [true, false] {
                let choice = TransferChoice::to_be(is_linear, stated);
                assert_eq!(choice.resolve(stated).is_linear(), is_linear);
                let agrees = stated.is_linear() == is_linear;
                assert_eq!(choice == TransferChoice::Automatic, agrees);
            }
        }
    }
}
