//! The figures as lines for the terminal.

use super::report::{Damaged, MeanQuality, PairReport, PooledDetection, Sound, Summary};

/// Columns of the table; names are padded to the longest one.
pub(super) struct Table {
    name_width: usize,
}

impl Table {
    /// For rows with these names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        Self {
            name_width: longest.clamp(5, 40),
        }
    }

    pub fn header(&self) -> String {
        format!(
            "{:<width$}  {:<9}  {:>6}  {:>15}  {:>15}  {:>13}  {:>16}  {:>10}",
            "photo",
            "verdict",
            "change",
            "PSNR, dB",
            "in damage, dB",
            "SSIM",
            "P / R / F1",
            "changed px",
            width = self.name_width
        )
    }

    pub fn row(&self, pair: &PairReport) -> String {
        let scores = pair.detection.map(|detection| detection.scores);
        format!(
            "{:<width$}  {:<9}  {:>+6.2}  {:>15}  {:>15}  {:>13}  {:>16}  {:>10}",
            pair.name,
            pair.verdict.word(),
            pair.change_db,
            arrow(pair.whole.psnr_before, pair.whole.psnr_after, 2),
            pair.damage.map_or_else(dash, |damage| {
                arrow(damage.psnr_before, damage.psnr_after, 2)
            }),
            arrow(pair.whole.ssim_before, pair.whole.ssim_after, 3),
            scores.map_or_else(dash, |scores| {
                let (p, r, f1) = (scores.precision, scores.recall, scores.f1);
                format!("{p:.2} / {r:.2} / {f1:.2}")
            }),
            pair.changed_pixels,
            width = self.name_width
        )
    }
}

fn dash() -> String {
    "–".to_owned()
}

fn arrow(before: f64, after: f64, digits: usize) -> String {
    format!("{before:.digits$} → {after:.digits$}")
}

impl Summary {
    /// A few lines.
    pub fn to_text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(damaged) = &self.damaged {
            lines.extend(damaged.lines());
        }
        if let Some(sound) = &self.sound {
            lines.push(sound.line());
        }
        if let Some(detection) = &self.detection {
            lines.push(detection.line());
        }
        let ratio = self.high_frequency_median;
        if let (Some(restored), Some(clean)) = (ratio.restored, ratio.clean) {
            lines.push(format!(
                "Energy of fine detail inside the repair against around it, median: {restored:.2} (the sound picture: {clean:.2})"
            ));
        }
        if self.failed > 0 {
            lines.push(format!("Not measured: {}", self.failed));
        }
        lines.join("\n")
    }
}

impl Damaged {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} damaged: {} better, {} same, {} worse ({:.1} %); PSNR changed by {:+.2} dB on average, median {:+.2}",
            self.pairs,
            self.better,
            self.same,
            self.worse,
            100.0 * self.worse_share,
            self.mean_change_db,
            self.median_change_db
        )];
        for (name, quality) in [
            ("Whole picture", Some(self.whole)),
            ("In the damage", self.damage),
            ("Where repaired", self.repaired),
        ] {
            lines.extend(quality.map(|quality| format!("{name}: {}", quality.to_text())));
        }
        lines.extend(self.ssimulacra2.map(|value| {
            let change = arrow(value.before, value.after, 1);
            format!("SSIMULACRA2 of the whole picture: {change}")
        }));
        lines
    }
}

impl MeanQuality {
    fn to_text(self) -> String {
        format!(
            "PSNR {} dB, SSIM {}, means of {}",
            arrow(self.psnr_before, self.psnr_after, 2),
            arrow(self.ssim_before, self.ssim_after, 3),
            self.photos
        )
    }
}

impl Sound {
    fn line(&self) -> String {
        format!(
            "{} without damage: {} untouched ({:.1} %), {:.3} % of their pixels changed",
            self.pairs,
            self.untouched,
            100.0 * self.untouched_share,
            100.0 * self.changed_pixel_share
        )
    }
}

impl PooledDetection {
    fn line(&self) -> String {
        let found = self.pooled;
        let by_photo = match (self.mean_f1, self.worst_f1) {
            (Some(mean), Some(worst)) => {
                format!("; F1 a photo: mean {mean:.3}, worst {worst:.3}")
            }
            _ => String::new(),
        };
        format!(
            "Found, all pixels together: precision {:.3}, recall {:.3}, F1 {:.3}, average precision {:.3}, best F1 {:.3} at {:.2}{by_photo}",
            found.scores.precision,
            found.scores.recall,
            found.scores.f1,
            found.average_precision,
            found.best_f1,
            found.best_threshold
        )
    }
}
