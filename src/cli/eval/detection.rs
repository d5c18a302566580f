//! Precision, recall, F1 and average precision of a probability map, with a tolerance of 2 px. Numbers only.
//!
//! P = |pred ∩ dil₂ truth| / |pred|, R = |truth ∩ dil₂ pred| / |truth|; doubtful pixels are left out of both. Average
//! precision is the area under P over R, summed over 101 thresholds uniform in logit. `training/metrics.py` does the same.

use super::windows::largest_within_2px;
use crate::geometry::ImageSize;

const THRESHOLDS: usize = 101;

/// Thresholds run from −8 to 8 in logit: probability 0.0003 to 0.9997.
const LOGIT_RANGE: f64 = 8.0;

/// Probabilities are kept this far off 0 and 1 before their logit is taken.
const EPSILON: f64 = 1e-6;

/// Mask values from here on are damage.
const DAMAGE_FROM: u8 = 192;

/// Mask values from here up to [`DAMAGE_FROM`] are doubtful: 128 as written by hand.
const DOUBT_FROM: u8 = 64;

/// What a mask file says is damage, and where it does not say.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    /// Row-major.
    pub is_damage: Vec<bool>,
    /// Row-major; never where it is damage.
    pub is_doubtful: Vec<bool>,
}

impl Truth {
    /// From a mask's values: 255 damage, 128 doubtful, 0 sound, and what lies nearest to them.
    pub fn new(mask: &[u8]) -> Self {
        Self {
            is_damage: mask.iter().map(|&value| value >= DAMAGE_FROM).collect(),
            is_doubtful: mask
                .iter()
                .map(|value| (DOUBT_FROM..DAMAGE_FROM).contains(value))
                .collect(),
        }
    }

    /// Number of damaged pixels.
    pub fn damaged_pixels(&self) -> u64 {
        self.is_damage.iter().filter(|&&damage| damage).count() as u64
    }
}

/// Pixels counted by the 8-bit probability they have, summed over photos.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Pixels that are not doubtful.
    predicted: [u64; 256],
    /// Of these the ones within 2 px of damage.
    correct: [u64; 256],
    /// Damaged pixels by the largest probability within 2 px.
    found: [u64; 256],
    truth: u64,
}

/// Precision, recall and F1 at one threshold, each in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(super) struct Scores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            predicted: [0; 256],
            correct: [0; 256],
            found: [0; 256],
            truth: 0,
        }
    }
}

impl Counts {
    /// Counts one photo's 8-bit map, row-major.
    pub fn of(map: &[u8], truth: &Truth, size: ImageSize) -> Self {
        let mut counts = Self::default();
        let damage: Vec<u8> = truth.is_damage.iter().map(|&d| u8::from(d)).collect();
        let near_damage = largest_within_2px(&damage, size);
        let mut valid = map.to_vec();
        for (value, &doubtful) in valid.iter_mut().zip(&truth.is_doubtful) {
            if doubtful {
                *value = 0;
            }
        }
        let near_map = largest_within_2px(&valid, size);
        for i in 0..map.len() {
            if truth.is_doubtful[i] {
                continue;
            }
            let value = usize::from(map[i]);
            counts.predicted[value] += 1;
            counts.correct[value] += u64::from(near_damage[i]);
            if truth.is_damage[i] {
                counts.found[usize::from(near_map[i])] += 1;
                counts.truth += 1;
            }
        }
        counts
    }

    /// Adds another photo's.
    pub fn add(&mut self, other: &Self) {
        for (sums, values) in [
            (&mut self.predicted, &other.predicted),
            (&mut self.correct, &other.correct),
            (&mut self.found, &other.found),
        ] {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        self.truth += other.truth;
    }

    /// Damaged pixels counted.
    pub const fn truth(&self) -> u64 {
        self.truth
    }

    /// Scores where a pixel counts as marked from the 8-bit value `threshold`; precision is 1 where nothing is marked.
    pub fn at(&self, threshold: u8) -> Scores {
        let from = |counts: &[u64; 256]| counts[usize::from(threshold)..].iter().sum::<u64>();
        let predicted = from(&self.predicted);
        let precision = if predicted == 0 {
            1.0
        } else {
            from(&self.correct) as f64 / predicted as f64
        };
        let recall = from(&self.found) as f64 / self.truth.max(1) as f64;
        Scores {
            precision,
            recall,
            f1: 2.0 * precision * recall / (precision + recall).max(1e-9),
        }
    }

    /// The area under precision over recall, from the highest threshold down.
    pub fn average_precision(&self) -> f64 {
        let mut area = 0.0;
        let mut reached = 0.0;
        for threshold in thresholds().rev() {
            let Scores {
                precision, recall, ..
            } = self.at(threshold);
            area += (recall - reached) * precision;
            reached = recall;
        }
        area
    }

    /// The best F1 over the 101 thresholds, and its probability.
    pub fn best(&self) -> (f64, f64) {
        let mut best = (0.0, 0.0);
        for (index, threshold) in thresholds().enumerate() {
            let f1 = self.at(threshold).f1;
            if f1 > best.0 {
                best = (f1, 1.0 / (1.0 + (-logit_at(index)).exp()));
            }
        }
        best
    }
}

fn logit_at(index: usize) -> f64 {
    LOGIT_RANGE * (2.0 * index as f64 / (THRESHOLDS - 1) as f64 - 1.0)
}

/// The smallest 8-bit value that reaches each of the 101 thresholds, rising; 255 reaches all.
fn thresholds() -> impl DoubleEndedIterator<Item = u8> + ExactSizeIterator {
    let logit = |value: u8| {
        let p = (f64::from(value) / 255.0).clamp(EPSILON, 1.0 - EPSILON);
        (p / (1.0 - p)).ln()
    };
    (0..THRESHOLDS).map(move |index| {
        let wanted = logit_at(index) - 1e-9;
        (0..255)
            .find(|&value| logit(value) >= wanted)
            .unwrap_or(255)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize::new(32, 32);

    /// A map of 250 on row `y` from column 4 to 27, 5 elsewhere.
    fn line(y: u32) -> Vec<u8> {
        let mut map = vec![5; SIZE.pixel_count()];
        for x in 4..28 {
            map[SIZE.index(x, y)] = 250;
        }
        map
    }

    fn truth(y: u32) -> Truth {
        let mask: Vec<u8> = line(y)
            .iter()
            .map(|&v| if v > 128 { 255 } else { 0 })
            .collect();
        Truth::new(&mask)
    }

    #[test]
    fn a_line_two_px_off_still_counts_and_three_does_not() {
        for (y, expected) in [(12, 1.0), (13, 0.0)] {
            let scores = Counts::of(&line(y), &truth(10), SIZE).at(128);
            assert!((scores.precision - expected).abs() < 1e-12, "{scores:?}");
            assert!((scores.recall - expected).abs() < 1e-12, "{scores:?}");
        }
    }

    #[test]
    fn a_map_that_is_right_has_full_average_precision() {
        let mut map = line(10);
        for value in &mut map {
            *value = if *value == 5 { 0 } else { 255 };
        }
        let counts = Counts::of(&map, &truth(10), SIZE);
        assert!((counts.average_precision() - 1.0).abs() < 1e-12);
        assert!((counts.best().0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn doubtful_pixels_count_neither_way() {
        let mut map = line(10);
        let mut mask: Vec<u8> = line(10)
            .iter()
            .map(|&v| if v > 128 { 255 } else { 0 })
            .collect();
        for i in SIZE.index(0, 20)..SIZE.index(0, 24) {
            map[i] = 250;
            mask[i] = 128;
        }
        let counts = Counts::of(&map, &Truth::new(&mask), SIZE);
        assert_eq!(
            counts.at(128),
            Counts::of(&line(10), &truth(10), SIZE).at(128)
        );
        // Marks on doubtful pixels find no damage beside them either.
        let beside = truth(19);
        let truth = Truth {
            is_doubtful: Truth::new(&mask).is_doubtful,
            ..beside
        };
        assert!(Counts::of(&map, &truth, SIZE).at(128).recall.abs() < 1e-12);
    }

    #[test]
    fn photos_are_pooled_by_adding_pixels() {
        let mut sum = Counts::of(&line(10), &truth(10), SIZE);
        sum.add(&Counts::of(&line(10), &truth(20), SIZE));
        assert_eq!(sum.truth(), 48);
        let scores = sum.at(128);
        assert!((scores.recall - 0.5).abs() < 1e-12, "{scores:?}");
        assert!((scores.f1 - 0.5).abs() < 1e-12, "{scores:?}");
    }

    #[test]
    fn the_middle_threshold_is_one_half_and_they_never_fall() {
        let all: Vec<u8> = thresholds().collect();
        assert_eq!(all.len(), 101);
        assert_eq!((all[0], all[50], all[100]), (1, 128, 255));
        assert!(all.is_sorted());
    }
}
