//! What `eval` found, as JSON: one entry a pair, and the summary over all. Field names are a promise to other programs;
//! `docs/evaluation.md` describes them.

use std::path::Path;

use serde::Serialize;

use super::detection::{Counts, Scores};
use crate::cli::report::{Model, name_of};

/// A change of PSNR from here on is one, dB.
const SAME_WITHIN_DB: f64 = 0.05;

/// Everything `--report` writes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub schema: &'static str,
    pub schema_version: u32,
    pub version: &'static str,
    /// What really ran the networks, as `--provider` names it; `null` when nothing had to run.
    pub provider: Option<String>,
    pub models: Vec<Model>,
    /// Probability from which a pixel counted as damage; `null` when the masks were repaired.
    pub threshold: Option<f32>,
    /// Whether nobody chose it: then photos without certain damage were searched at `timid` instead.
    pub threshold_is_automatic: bool,
    pub summary: Summary,
    pub pairs: Vec<PairReport>,
    pub failures: Vec<Failure>,
}

/// A pair that could not be measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub error: String,
}

/// One pair.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PairReport {
    pub name: String,
    pub damaged: String,
    pub clean: String,
    pub mask: Option<String>,
    pub width: u32,
    pub height: u32,
    /// Whether the damaged picture was taken for a linear scan; the figures are then of its code values encoded as sRGB.
    pub linear: bool,
    pub verdict: Verdict,
    /// PSNR of the whole picture after less before, dB.
    pub change_db: f64,
    pub whole: Quality,
    /// SSIMULACRA2 of the whole picture, at most 100; `null` for a picture under 8 px of side.
    pub ssimulacra2: Option<BeforeAfter>,
    /// Over the damage of the mask; `null` without a mask or where it marks none.
    pub damage: Option<Quality>,
    /// Over all pixels the repair reaches (α above 0); `null` when there are none.
    pub repaired: Option<Quality>,
    /// `null` without a mask, when the mask was repaired, or where it marks no damage.
    pub detection: Option<Detection>,
    /// Energy of the finest detail inside the repair / around it; `null` where that cannot be said.
    pub high_frequency: HighFrequency,
    pub damaged_pixels: Option<u64>,
    /// Marked for repair, before growth.
    pub marked_pixels: u64,
    pub changed_pixels: u64,
    pub seconds: Seconds,
}

/// What became of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Damaged; PSNR rose by 0.05 dB or more.
    Better,
    /// Damaged; PSNR stayed.
    Same,
    /// Damaged; PSNR fell by more than 0.05 dB.
    Worse,
    /// Not damaged, and not a pixel was changed.
    Untouched,
    /// Not damaged, but changed.
    Touched,
}

impl Verdict {
    pub fn new(is_damaged: bool, change_db: f64, changed_pixels: u64) -> Self {
        match (is_damaged, changed_pixels) {
            (false, 0) => Self::Untouched,
            (false, _) => Self::Touched,
            (true, _) if change_db < -SAME_WITHIN_DB => Self::Worse,
            (true, _) if change_db >= SAME_WITHIN_DB => Self::Better,
            (true, _) => Self::Same,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "same",
            Self::Worse => "worse",
            Self::Untouched => "untouched",
            Self::Touched => "touched",
        }
    }

    const fn is_damaged(self) -> bool {
        matches!(self, Self::Better | Self::Same | Self::Worse)
    }
}

/// Likeness to the sound picture over some pixels: PSNR in dB, at most 100; SSIM in [−1, 1].
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Quality {
    pub pixels: u64,
    pub psnr_before: f64,
    pub psnr_after: f64,
    pub ssim_before: f64,
    pub ssim_after: f64,
}

/// A figure of the damaged picture and of the restored one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct BeforeAfter {
    pub before: f64,
    pub after: f64,
}

impl BeforeAfter {
    fn mean(values: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        Some(Self {
            before: mean(values.clone().map(|value| value.before))?,
            after: mean(values.map(|value| value.after))?,
        })
    }
}

/// How well the damage was found.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Detection {
    #[serde(flatten)]
    pub scores: Scores,
    pub average_precision: f64,
    /// The best F1 over all thresholds, and the probability it needs.
    pub best_f1: f64,
    pub best_threshold: f64,
}

impl Detection {
    pub fn new(counts: &Counts, threshold: u8) -> Self {
        let (best_f1, best_threshold) = counts.best();
        Self {
            scores: counts.at(threshold),
            average_precision: counts.average_precision(),
            best_f1,
            best_threshold,
        }
    }
}

/// The same ratio in the restored and in the sound picture, at the same pixels.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct HighFrequency {
    pub restored: Option<f64>,
    pub clean: Option<f64>,
}

/// Wall time, s.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Seconds {
    pub detect: f64,
    pub fill: f64,
}

/// Over all pairs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub pairs: usize,
    pub failed: usize,
    pub damaged: Option<Damaged>,
    pub sound: Option<Sound>,
    /// Pixels of all photos with masks pooled, sound ones among them; `null` without.
    pub detection: Option<PooledDetection>,
    pub high_frequency_median: HighFrequency,
}

/// Over the damaged pairs; means are of the photos' figures.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Damaged {
    pub pairs: usize,
    pub better: usize,
    pub same: usize,
    pub worse: usize,
    pub worse_share: f64,
    pub mean_change_db: f64,
    pub median_change_db: f64,
    pub whole: MeanQuality,
    pub ssimulacra2: Option<BeforeAfter>,
    pub damage: Option<MeanQuality>,
    pub repaired: Option<MeanQuality>,
}

/// Means over photos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct MeanQuality {
    pub photos: usize,
    pub psnr_before: f64,
    pub psnr_after: f64,
    pub ssim_before: f64,
    pub ssim_after: f64,
}

/// Over the pairs without damage.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Sound {
    pub pairs: usize,
    pub untouched: usize,
    pub untouched_share: f64,
    pub changed_pixel_share: f64,
}

/// Pooled over photos, and the mean and the worst photo's F1.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct PooledDetection {
    #[serde(flatten)]
    pub pooled: Detection,
    pub mean_f1: Option<f64>,
    pub worst_f1: Option<f64>,
}

impl Summary {
    pub fn new(pairs: &[PairReport], failed: usize, detection: Option<Detection>) -> Self {
        let median = |value: fn(&HighFrequency) -> Option<f64>| {
            median(pairs.iter().filter_map(|pair| value(&pair.high_frequency)))
        };
        Self {
            pairs: pairs.len(),
            failed,
            damaged: Damaged::new(pairs),
            sound: Sound::new(pairs),
            detection: detection.map(|pooled| PooledDetection::new(pooled, pairs)),
            high_frequency_median: HighFrequency {
                restored: median(|ratio| ratio.restored),
                clean: median(|ratio| ratio.clean),
            },
        }
    }
}

impl Damaged {
    fn new(pairs: &[PairReport]) -> Option<Self> {
        let of = |wanted: Verdict| pairs.iter().filter(|pair| pair.verdict == wanted).count();
        let damaged = || pairs.iter().filter(|pair| pair.verdict.is_damaged());
        let count = damaged().count();
        let worse = of(Verdict::Worse);
        Some(Self {
            pairs: count,
            better: of(Verdict::Better),
            same: of(Verdict::Same),
            worse,
            worse_share: worse as f64 / count as f64,
            mean_change_db: mean(damaged().map(|pair| pair.change_db))?,
            median_change_db: median(damaged().map(|pair| pair.change_db))?,
            whole: MeanQuality::new(damaged().map(|pair| pair.whole))?,
            ssimulacra2: BeforeAfter::mean(damaged().filter_map(|pair| pair.ssimulacra2)),
            damage: MeanQuality::new(damaged().filter_map(|pair| pair.damage)),
            repaired: MeanQuality::new(damaged().filter_map(|pair| pair.repaired)),
        })
    }
}

impl MeanQuality {
    fn new(values: impl Iterator<Item = Quality>) -> Option<Self> {
        let values: Vec<Quality> = values.collect();
        let mean_of = |value: fn(&Quality) -> f64| mean(values.iter().map(value));
        Some(Self {
            photos: values.len(),
            psnr_before: mean_of(|q| q.psnr_before)?,
            psnr_after: mean_of(|q| q.psnr_after)?,
            ssim_before: mean_of(|q| q.ssim_before)?,
            ssim_after: mean_of(|q| q.ssim_after)?,
        })
    }
}

impl Sound {
    fn new(pairs: &[PairReport]) -> Option<Self> {
        let sound = || pairs.iter().filter(|pair| !pair.verdict.is_damaged());
        let count = sound().count();
        let untouched = sound().filter(|pair| pair.changed_pixels == 0).count();
        let changed: u64 = sound().map(|pair| pair.changed_pixels).sum();
        let pixels: u64 = sound().map(|pair| pair.whole.pixels).sum();
        (count > 0).then(|| Self {
            pairs: count,
            untouched,
            untouched_share: untouched as f64 / count as f64,
            changed_pixel_share: changed as f64 / pixels as f64,
        })
    }
}

impl PooledDetection {
    fn new(pooled: Detection, pairs: &[PairReport]) -> Self {
        let found = || pairs.iter().filter_map(|pair| pair.detection);
        Self {
            pooled,
            mean_f1: mean(found().map(|detection| detection.scores.f1)),
            worst_f1: found()
                .map(|detection| detection.scores.f1)
                .min_by(f64::total_cmp),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower.midpoint(upper))
}

impl Report {
    /// Writes it as JSON, all or nothing.
    pub fn write(&self, path: &Path, overwrite: bool) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(crate::io::write_bytes(path, &text, overwrite)?)
    }
}

/// A path as the report names it.
pub(super) fn shown(path: &Path) -> String {
    name_of(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(verdict: Verdict, change_db: f64, changed_pixels: u64) -> PairReport {
        PairReport {
            name: "a".to_owned(),
            damaged: "d/a.png".to_owned(),
            clean: "c/a.png".to_owned(),
            mask: None,
            width: 10,
            height: 10,
            linear: false,
            verdict,
            change_db,
            whole: Quality {
                pixels: 100,
                psnr_before: 20.0,
                psnr_after: 20.0 + change_db,
                ssim_before: 0.5,
                ssim_after: 0.75,
            },
            ssimulacra2: Some(BeforeAfter {
                before: 40.0,
                after: 40.0 + 2.0 * change_db,
            }),
            damage: None,
            repaired: None,
            detection: None,
            high_frequency: HighFrequency::default(),
            damaged_pixels: None,
            marked_pixels: changed_pixels,
            changed_pixels,
            seconds: Seconds::default(),
        }
    }

    #[test]
    fn worse_is_below_minus_a_twentieth_and_harm_to_sound_pictures_is_told_apart() {
        assert_eq!(Verdict::new(true, -0.051, 9), Verdict::Worse);
        assert_eq!(Verdict::new(true, -0.049, 9), Verdict::Same);
        assert_eq!(Verdict::new(true, 0.05, 9), Verdict::Better);
        assert_eq!(Verdict::new(true, 0.0, 0), Verdict::Same);
        assert_eq!(Verdict::new(false, -3.0, 9), Verdict::Touched);
        assert_eq!(Verdict::new(false, 0.0, 0), Verdict::Untouched);
    }

    #[test]
    fn shares_and_means_are_of_damaged_pairs_and_of_sound_ones() {
        let pairs = [
            pair(Verdict::Better, 4.0, 50),
            pair(Verdict::Worse, -1.0, 50),
            pair(Verdict::Better, 3.0, 10),
            pair(Verdict::Untouched, 0.0, 0),
            pair(Verdict::Touched, -9.0, 2),
        ];
        let summary = Summary::new(&pairs, 1, None);
        let damaged = summary.damaged.unwrap();
        assert_eq!((damaged.pairs, damaged.better, damaged.worse), (3, 2, 1));
        assert!((damaged.mean_change_db - 2.0).abs() < 1e-12);
        assert!((damaged.median_change_db - 3.0).abs() < 1e-12);
        assert!((damaged.whole.psnr_after - 22.0).abs() < 1e-12);
        assert!((damaged.ssimulacra2.unwrap().after - 44.0).abs() < 1e-12);
        let sound = summary.sound.unwrap();
        assert!((sound.untouched_share - 0.5).abs() < 1e-12);
        assert!((sound.changed_pixel_share - 0.01).abs() < 1e-12);
        assert!(Summary::new(&pairs[3..], 0, None).damaged.is_none());
        assert!(Summary::new(&pairs[..3], 0, None).sound.is_none());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median([3.0, 1.0].into_iter()), Some(2.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
