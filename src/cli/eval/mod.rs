//! `eval`: how good detection and repair are, on anyone's pairs of a damaged and a sound picture. Of files only the report
//! and the contact sheet are written.

mod detection;
mod measure;
mod pairs;
mod perceptual;
mod quality;
mod report;
mod sheet;
mod table;
mod texture;
mod windows;

use std::path::PathBuf;

use anyhow::Context as _;

use super::args::EvalArgs;
use super::doctor::option_name;
use super::plan::{refuse_same_or_original, refuse_target};
use super::report::models;
use super::restore::chosen_probability;
use super::session::Session;
use super::{Stop, sentence};
use crate::io::{OutputFormat, save_view};
use crate::jobs::without_panic;
use crate::restore::threshold_from_probability;
use detection::Counts;
use measure::{Chosen, Measured, measure};
use pairs::{Matched, Pair, PairError};
use report::{Detection, Failure, Report, Summary};
use sheet::{MOST_ROWS, Row, stack};
use table::Table;

impl From<PairError> for Stop {
    fn from(error: PairError) -> Self {
        Self::Failed(error.into())
    }
}

/// Measures every pair; one that fails does not stop the others.
pub(super) fn run(args: &EvalArgs, session: &mut Session<'_>) -> Result<(), Stop> {
    let found = Matched::find(&args.damaged, &args.clean, args.masks.as_deref())?;
    refuse_targets(args, &found.pairs, session)?;
    if found.unused > 0 {
        session.console.note(&format!(
            "{} sound pictures have no damaged one and are left aside: {}",
            found.unused,
            args.clean.display()
        ));
    }
    let mut results = Results::default();
    for error in found.left_out {
        results.fail(&error.into(), session);
    }
    if !found.pairs.is_empty() {
        measure_all(args, &found.pairs, session, &mut results)?;
    }
    results.write(args, session)?;
    let failed = results.failures.len();
    if failed > 0 {
        let pairs = failed + results.measured.len();
        return Err(anyhow::anyhow!("{failed} of {pairs} pairs could not be measured").into());
    }
    Ok(())
}

/// No report or sheet in a wrong place, over each other or over a picture that is measured.
fn refuse_targets(args: &EvalArgs, pairs: &[Pair], session: &Session<'_>) -> Result<(), Stop> {
    if let Some(sheet) = &args.sheet
        && OutputFormat::from_path(sheet) != Some(OutputFormat::Png)
    {
        return Err(Stop::usage(format!(
            "the sheet is written as PNG; end its name in .png: {}",
            sheet.display()
        )));
    }
    let targets: Vec<&PathBuf> = args.report.iter().chain(&args.sheet).collect();
    for file in pairs.iter().flat_map(Pair::files) {
        refuse_same_or_original(file, &targets)?;
    }
    targets
        .iter()
        .try_for_each(|target| refuse_target(target, session.common.overwrite, &[]))
}

fn measure_all(
    args: &EvalArgs,
    pairs: &[Pair],
    session: &mut Session<'_>,
    results: &mut Results,
) -> Result<(), Stop> {
    let chosen = choose(args, session, results)?;
    let table = Table::new(pairs.iter().map(|pair| &*pair.name));
    session.console.result(&table.header());
    for (index, pair) in pairs.iter().enumerate() {
        let wants_row = args.sheet.is_some() && index < MOST_ROWS;
        let outcome =
            without_panic(|| measure(pair, chosen, wants_row, session)).unwrap_or_else(|panic| {
                Err(anyhow::anyhow!("{panic}: {}", pair.damaged.display()).into())
            });
        session.console.end_progress();
        match outcome {
            Ok(measured) => {
                session.console.result(&table.row(&measured.report));
                results.add(measured);
            }
            Err(Stop::Failed(error)) => results.fail(&error, session),
            Err(stop) => return Err(stop),
        }
    }
    Ok(())
}

/// What is repaired, and from which probability a pixel counts as damage.
fn choose(
    args: &EvalArgs,
    session: &mut Session<'_>,
    results: &mut Results,
) -> Result<Chosen, Stop> {
    if args.use_masks {
        return Ok(Chosen::Given);
    }
    let thresholds = session.engine()?.detector_manifest().thresholds;
    let chosen = chosen_probability(args.threshold, args.sensitivity, thresholds);
    let probability = chosen.unwrap_or(thresholds.default);
    let threshold = threshold_from_probability(probability);
    results.threshold = Some((probability, threshold));
    results.is_suggested = chosen.is_none();
    Ok(match chosen {
        Some(_) => Chosen::Found(threshold),
        None => Chosen::Suggested(thresholds),
    })
}

/// What has been measured so far.
#[derive(Default)]
struct Results {
    /// Probability and its 8-bit value.
    threshold: Option<(f32, u8)>,
    /// Whether nobody chose it, so that a photo without certain damage has a higher one.
    is_suggested: bool,
    measured: Vec<report::PairReport>,
    counts: Option<Counts>,
    rows: Vec<Row>,
    failures: Vec<Failure>,
}

impl Results {
    fn add(&mut self, measured: Measured) {
        self.measured.push(measured.report);
        self.rows.extend(measured.row);
        if let Some(counts) = measured.counts {
            self.counts.get_or_insert_default().add(&counts);
        }
    }

    fn fail(&mut self, error: &anyhow::Error, session: &Session<'_>) {
        let error = sentence(error);
        session.console.error(&error);
        self.failures.push(Failure { error });
    }

    /// Prints the summary and writes what was asked for, if anything was measured.
    fn write(&mut self, args: &EvalArgs, session: &Session<'_>) -> Result<(), Stop> {
        if self.measured.is_empty() {
            return Ok(());
        }
        let overwrite = session.common.overwrite;
        let pooled = self.counts.as_ref().filter(|counts| counts.truth() > 0);
        let pooled = pooled.zip(self.threshold);
        let detection = pooled.map(|(counts, (_, threshold))| Detection::new(counts, threshold));
        let summary = Summary::new(&self.measured, self.failures.len(), detection);
        session.console.output(&summary.to_text());
        if let Some(path) = &args.sheet {
            self.write_sheet(path, overwrite)?;
            if self.measured.len() > self.rows.len() {
                session.console.note(&format!(
                    "The sheet shows the first {} pairs: {}",
                    self.rows.len(),
                    path.display()
                ));
            }
        }
        if let Some(path) = &args.report {
            let engine = session.loaded_engine();
            let report = Report {
                schema: "unscratch-evaluation",
                schema_version: 1,
                version: env!("CARGO_PKG_VERSION"),
                provider: engine.map(|engine| option_name(engine.provider().kind).to_owned()),
                models: engine.map_or_else(Vec::new, models),
                threshold: self.threshold.map(|(probability, _)| probability),
                threshold_is_automatic: self.is_suggested,
                summary,
                pairs: std::mem::take(&mut self.measured),
                failures: self.failures.clone(),
            };
            report
                .write(path, overwrite)
                .with_context(|| format!("the report could not be written: {}", path.display()))?;
            self.measured = report.pairs;
        }
        Ok(())
    }

    fn write_sheet(&self, path: &std::path::Path, overwrite: bool) -> Result<(), Stop> {
        let (size, rgb) = stack(&self.rows);
        save_view(path, size, &rgb, overwrite)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("the sheet could not be written: {}", path.display()))?;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use crate::geometry::ImageSize;
    use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

    /// An 8-bit grey photo in memory.
    pub(crate) fn grey_photo(size: ImageSize, value: impl Fn(u32, u32) -> u8) -> Photo {
        let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let samples = Samples::U8(places.map(|(x, y)| value(x, y)).collect());
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        Photo::new(
            size,
            Channels::Grey,
            samples,
            None,
            Metadata::default(),
            source,
        )
        .unwrap()
    }
}
