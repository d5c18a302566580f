//! How sure stage 1 must be before a pixel counts as damage, as people choose it.

use serde::{Deserialize, Serialize};

use crate::inference::{Manifest, Thresholds, threshold_to_u8};
use crate::mask::ProbabilityMap;

/// Named thresholds; the values come from the model's manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Only what is certain.
    Timid,
    /// The model's default.
    #[default]
    Normal,
    /// Whatever may be damage.
    Eager,
}

impl Sensitivity {
    /// The threshold on the 8-bit probability map.
    pub fn threshold(self, detector: &Manifest) -> u8 {
        let thresholds = detector.thresholds;
        threshold_to_u8(match self {
            Self::Timid => thresholds.timid,
            Self::Normal => thresholds.default,
            Self::Eager => thresholds.eager,
        })
    }
}

/// From this probability on a pixel is held to be damage for certain.
///
/// Source: of 320 sound crops of the validation split 88 % reach no 0.5, 95 % no 0.62, 96 % no 0.65; 19 of 20 were
/// asked for, and a whole photo has more room for a false one than a crop.
pub const CERTAIN_PROBABILITY: f32 = 0.65;

/// The probability from which a pixel of this photo counts as damage when nobody chose one.
///
/// "Do no harm" decides it: a photo with no pixel of certain damage is most likely sound, and is left alone (`timid`, which
/// is above); where there is certain damage, `default` finds the rest of it.
pub fn starting_probability(map: &ProbabilityMap, thresholds: Thresholds) -> f32 {
    let certain = CERTAIN_PROBABILITY.max(thresholds.default);
    if map.maximum() >= threshold_to_u8(certain) {
        thresholds.default
    } else {
        thresholds.timid.max(certain)
    }
}

/// A probability in [0, 1] as the 8-bit map counts it: 0.5 is 128. Never 0, which would mark everything.
pub fn threshold_from_probability(probability: f32) -> u8 {
    threshold_to_u8(probability)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::{Contract, fake::fake_manifest};

    #[test]
    fn a_photo_without_certain_damage_is_left_alone_unless_somebody_asks() {
        let thresholds = fake_manifest(Contract::ScratchContextV1, 64).thresholds;
        let start = |values: &[u8]| {
            let size = crate::geometry::ImageSize::new(values.len() as u32, 1);
            let map = ProbabilityMap::new(size, values.to_vec());
            threshold_from_probability(starting_probability(&map, thresholds))
        };
        assert_eq!(start(&[0, 130, 165]), 204);
        assert_eq!(start(&[0, 130, 166]), 128);
        assert_eq!(start(&[0, 0]), 204);
    }

    #[test]
    fn timid_marks_less_than_normal_and_eager_more() {
        let manifest = fake_manifest(Contract::ScratchContextV1, 64);
        let threshold = |sensitivity: Sensitivity| sensitivity.threshold(&manifest);
        assert_eq!(threshold(Sensitivity::Timid), 204);
        assert_eq!(threshold(Sensitivity::Normal), 128);
        assert_eq!(threshold(Sensitivity::Eager), 51);
        assert_eq!(threshold_from_probability(0.0), 1);
    }
}
