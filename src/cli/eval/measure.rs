//! One pair: the photo goes through detection, fill and composite as `restore` does it, and is compared.

use std::sync::Arc;

use super::detection::{Counts, Truth};
use super::pairs::{Pair, PairError};
use super::perceptual::ssimulacra2;
use super::quality::{Pixels, psnr, ssim};
use super::report::{
    BeforeAfter, Detection, HighFrequency, PairReport, Quality, Seconds, Verdict, shown,
};
use super::sheet::Row;
use super::texture::Texture;
use crate::cli::Stop;
use crate::cli::report::StageSeconds;
use crate::cli::restore::{fill, restore_stop, timed};
use crate::cli::session::Session;
use crate::inference::Thresholds;
use crate::io::load_mask;
use crate::mask::{EffectiveMask, MASKED_FROM, Mask, MaskLayer, ProbabilityMap};
use crate::photo::{Photo, Samples};
use crate::restore::{
    ContextCache, alpha_photo, composite_rect, detect, starting_probability,
    threshold_from_probability,
};

/// What is to be repaired.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen {
    /// What stage 1 finds, from this value of the 8-bit map on.
    Found(u8),
    /// What stage 1 finds, from the probability that the photo itself suggests. What is said of the detection is of the
    /// default one, which can be pooled.
    Suggested(Thresholds),
    /// What the mask marks as damage.
    Given,
}

impl Chosen {
    /// The value of `map` from which a pixel is repaired; the masks' pixels are whatever it is.
    fn repaired_from(self, map: &ProbabilityMap) -> u8 {
        match self {
            Self::Suggested(thresholds) => {
                threshold_from_probability(starting_probability(map, thresholds))
            }
            Self::Found(_) | Self::Given => self.measured_from(),
        }
    }

    /// The value from which a pixel counts as found.
    fn measured_from(self) -> u8 {
        match self {
            Self::Found(threshold) => threshold,
            Self::Suggested(thresholds) => threshold_from_probability(thresholds.default),
            Self::Given => u8::MAX,
        }
    }
}

/// One measured pair.
pub(super) struct Measured {
    pub report: PairReport,
    /// Counts over the probability map, with a mask to compare it with.
    pub counts: Option<Counts>,
    pub row: Option<Row>,
}

/// Restores and compares; with `wants_row` also what the sheet shows.
pub(super) fn measure(
    pair: &Pair,
    chosen: Chosen,
    wants_row: bool,
    session: &mut Session<'_>,
) -> Result<Measured, Stop> {
    let (photo, clean) = open_pair(pair, session)?;
    let size = photo.size();
    let truth = match &pair.mask {
        Some(path) => {
            let mask = load_mask(path, size, &session.limits).map_err(anyhow::Error::from)?;
            Some(Truth::new(&mask))
        }
        None => None,
    };
    let contexts = session.contexts();
    let mut seconds = StageSeconds::default();
    let (mask, map) = match chosen {
        Chosen::Found(_) | Chosen::Suggested(_) => {
            let map = find(&photo, &contexts, session, &mut seconds)?;
            let detected = Some((Arc::clone(&map), chosen.repaired_from(&map)));
            (
                EffectiveMask::new(Mask::new(size), detected),
                Some((map, chosen.measured_from())),
            )
        }
        Chosen::Given => (given_mask(&photo, truth.as_ref()), None),
    };
    let restoration = fill(&photo, &mask, &contexts, session, &mut seconds)?;
    session.check_cancelled()?;
    let restored = composite_rect(&photo, &restoration, size.rect());
    let seconds = Seconds {
        detect: seconds.detect,
        fill: seconds.fill,
    };
    Ok(Comparison {
        pair,
        photo: &photo,
        restored: &restored,
        clean: &clean,
        truth: truth.as_ref(),
        mask: &mask,
    }
    .measured(map.as_ref(), seconds, wants_row))
}

/// # Errors
/// [`Stop::Failed`] when a picture cannot be read or the sizes differ.
fn open_pair(pair: &Pair, session: &Session<'_>) -> Result<(Photo, Photo), Stop> {
    let (photo, clean) = (session.open(&pair.damaged)?, session.open(&pair.clean)?);
    if photo.size() == clean.size() {
        return Ok((photo, clean));
    }
    let error = PairError::Size {
        expected: clean.size(),
        actual: photo.size(),
        damaged: pair.damaged.clone(),
        clean: pair.clean.clone(),
    };
    Err(Stop::Failed(error.into()))
}

fn find(
    photo: &Photo,
    contexts: &ContextCache,
    session: &mut Session<'_>,
    seconds: &mut StageSeconds,
) -> Result<Arc<ProbabilityMap>, Stop> {
    session.engine()?;
    let (cancel, console) = (session.cancel.clone(), session.console);
    let engine = session.engine()?;
    let detection = timed(&mut seconds.detect, || {
        detect(photo, engine, contexts, console, &cancel)
    });
    session.say_notes();
    Ok(detection.map_err(restore_stop)?.map)
}

fn given_mask(photo: &Photo, truth: Option<&Truth>) -> EffectiveMask {
    let mut mask = Mask::new(photo.size());
    if let Some(truth) = truth {
        let values: Vec<u8> = truth
            .is_damage
            .iter()
            .map(|&damage| if damage { 255 } else { 0 })
            .collect();
        mask.added = MaskLayer::from_raster(photo.size(), &values);
    }
    EffectiveMask::new(mask, None)
}

/// Everything a pair's figures come from.
struct Comparison<'a> {
    pair: &'a Pair,
    photo: &'a Photo,
    restored: &'a Samples,
    clean: &'a Photo,
    truth: Option<&'a Truth>,
    mask: &'a EffectiveMask,
}

impl Comparison<'_> {
    fn measured(
        self,
        map: Option<&(Arc<ProbabilityMap>, u8)>,
        seconds: Seconds,
        wants_row: bool,
    ) -> Measured {
        let size = self.photo.size();
        let alpha = alpha_photo(self.mask);
        let is_repaired: Vec<bool> = alpha.iter().map(|&value| value > 0).collect();
        let damage = self.truth.map(|truth| &*truth.is_damage);
        let [whole, damage, repaired] = self.qualities([None, damage, Some(&is_repaired)]);
        let whole = whole.unwrap_or(NO_PIXELS);
        let change_db = whole.psnr_after - whole.psnr_before;
        let changed_pixels = changed_pixels(self.photo, self.restored);
        let damaged_pixels = self.truth.map(Truth::damaged_pixels);
        let counts = self.truth.zip(map);
        let counts = counts.map(|(truth, (map, _))| Counts::of(map.values(), truth, size));
        let detection = counts.as_ref().zip(map);
        let report = PairReport {
            name: self.pair.name.clone(),
            damaged: shown(&self.pair.damaged),
            clean: shown(&self.pair.clean),
            mask: self.pair.mask.as_deref().map(shown),
            width: size.width,
            height: size.height,
            linear: self.photo.transfer().is_linear(),
            verdict: Verdict::new(self.is_damaged(damaged_pixels), change_db, changed_pixels),
            change_db,
            whole,
            ssimulacra2: self.ssimulacra2(),
            damage,
            repaired,
            detection: detection
                .filter(|(counts, _)| counts.truth() > 0)
                .map(|(counts, (_, threshold))| Detection::new(counts, *threshold)),
            high_frequency: self.high_frequency(&alpha),
            damaged_pixels,
            marked_pixels: self.mask.masked_pixels(),
            changed_pixels,
            seconds,
        };
        let row = wants_row.then(|| self.row());
        Measured {
            report,
            counts,
            row,
        }
    }

    fn restored(&self) -> Pixels<'_> {
        Pixels::like(self.photo, self.restored)
    }

    /// Likeness before and after over each region; `None` for an empty one, all pixels without one.
    fn qualities(&self, regions: [Option<&[bool]>; 3]) -> [Option<Quality>; 3] {
        let (photo, restored) = (Pixels::of(self.photo), self.restored());
        let clean = Pixels::of(self.clean);
        let ssim_before = ssim(photo, clean, &regions);
        let ssim_after = ssim(restored, clean, &regions);
        let is_asked = [true, self.truth.is_some(), true];
        std::array::from_fn(|i| {
            let region = regions[i];
            let pixels = region.map_or(self.photo.size().pixel_count(), |region| {
                region.iter().filter(|&&inside| inside).count()
            });
            Some(Quality {
                pixels: pixels as u64,
                psnr_before: psnr(photo, clean, region)?,
                psnr_after: psnr(restored, clean, region)?,
                ssim_before: ssim_before[i]?,
                ssim_after: ssim_after[i]?,
            })
            .filter(|_| is_asked[i])
        })
    }

    fn ssimulacra2(&self) -> Option<BeforeAfter> {
        let clean = Pixels::of(self.clean);
        Some(BeforeAfter {
            before: ssimulacra2(clean, Pixels::of(self.photo))?,
            after: ssimulacra2(clean, self.restored())?,
        })
    }

    /// Without a mask a picture is damaged where it differs from the sound one at all.
    fn is_damaged(&self, damaged_pixels: Option<u64>) -> bool {
        damaged_pixels.map_or_else(
            || {
                let (a, b) = (Pixels::of(self.photo), Pixels::of(self.clean));
                let differs = |i| {
                    a.rgb(i)
                        .iter()
                        .zip(b.rgb(i))
                        .any(|(a, b)| (a - b).abs() > 0.0)
                };
                (0..self.photo.size().pixel_count()).any(differs)
            },
            |pixels| pixels > 0,
        )
    }

    fn high_frequency(&self, alpha: &[u8]) -> HighFrequency {
        let is_left_out = |i: usize| {
            self.truth
                .is_some_and(|truth| truth.is_damage[i] || truth.is_doubtful[i])
        };
        let texture = Texture::new(alpha, is_left_out, self.photo.size());
        HighFrequency {
            restored: texture.ratio(self.restored()),
            clean: texture.ratio(Pixels::of(self.clean)),
        }
    }

    fn row(&self) -> Row {
        let marked = self.mask.to_raster();
        let is_marked: Vec<bool> = marked.iter().map(|&value| value >= MASKED_FROM).collect();
        Row::new(
            Pixels::of(self.photo),
            self.restored(),
            Pixels::of(self.clean),
            &is_marked,
            self.truth,
        )
    }
}

/// A photo has at least one pixel, so this is never seen.
const NO_PIXELS: Quality = Quality {
    pixels: 0,
    psnr_before: 0.0,
    psnr_after: 0.0,
    ssim_before: 0.0,
    ssim_after: 0.0,
};

/// Pixels in which any channel differs from the master.
fn changed_pixels(photo: &Photo, restored: &Samples) -> u64 {
    let channels = photo.channels().count();
    let master = photo.samples();
    let differs = |&pixel: &usize| {
        (pixel * channels..(pixel + 1) * channels).any(|i| master.get(i) != restored.get(i))
    };
    (0..photo.size().pixel_count()).filter(differs).count() as u64
}
