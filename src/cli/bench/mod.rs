//! `bench`: how fast both networks, both stages and a brush stroke are on this machine, with what they are measured against.

mod easel;
mod machine;
mod scene;
mod stages;
mod strokes;
mod telea;

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;

use super::Stop;
use super::args::BenchArgs;
use super::doctor::option_name;
use super::report::peak_memory_bytes;
use super::session::Session;
use crate::inference::convolution_rate;

pub use easel::{Easel, Gesture};
pub use scene::made_photo;

use machine::Machine;
use stages::{Fills, StageSpeed};
use strokes::StrokeLatency;

/// The JSON of `bench --json`; field names are a promise to other programs. Times are wall times, warm.
#[derive(Debug, Serialize)]
struct Figures {
    version: &'static str,
    machine: Machine,
    /// What ran the networks, as `--provider` names it.
    provider: &'static str,
    provider_detail: String,
    runtime: Option<String>,
    /// Threads of a network run.
    threads: usize,
    /// The photo the stages were timed on.
    photo: String,
    /// A 3 × 3 convolution of 64 to 64 channels at 384 × 384 px on the CPU, 10⁹ operations a second.
    convolution_gflop_per_second: f64,
    stage_1: StageSpeed,
    stage_2: StageSpeed,
    #[serde(rename = "stroke_ms")]
    stroke: StrokeLatency,
    fill: Fills,
    peak_memory_bytes: Option<u64>,
}

/// The middle and the slow end of repeated measurements.
#[derive(Clone, Copy, Debug, Serialize)]
struct Spread {
    median: f64,
    /// The smallest value that 95 of 100 do not exceed.
    p95: f64,
    count: usize,
}

impl Spread {
    /// Of at least one value.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let rank = |part: f64| (part * count as f64).ceil() as usize;
        let at = |rank: usize| values.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN);
        Self {
            median: at(rank(0.5)),
            p95: at(rank(0.95)),
            count,
        }
    }

    /// Each value divided by `amount`.
    fn over(self, amount: f64) -> Self {
        Self {
            median: self.median / amount,
            p95: self.p95 / amount,
            ..self
        }
    }
}

/// Measures and prints; takes a minute or two on 2 cores.
pub(super) fn run(args: &BenchArgs, session: &mut Session<'_>) -> Result<(), Stop> {
    let photo = match &args.file {
        Some(path) => session.open(path)?,
        None => made_photo()?,
    };
    let name = args
        .file
        .as_ref()
        .map_or_else(|| "made".to_owned(), |path| path.display().to_string());
    scene::refuse_small(&name, photo.size())?;
    let part = scene::part_of(&photo)?;
    let photo = Arc::new(photo);
    let repeats = usize::from(args.repeats.get());
    let options = session.engine_options();
    let cancel = session.cancel.clone();

    let rate = convolution_rate(&options, repeats).map_err(anyhow::Error::from)?;
    let stroke = strokes::measure(&photo, options.clone(), repeats, &cancel);
    session.check_cancelled()?;
    let stroke = stroke?;
    let engine = session.engine()?;
    let ([stage_1, stage_2], fill) = stages::measure(&part, engine, rate, repeats, &cancel)
        .inspect_err(|error| tracing::debug!("{error:#}"))?;
    let figures = Figures {
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine::here(),
        provider: option_name(engine.provider().kind),
        provider_detail: engine.provider().detail.clone(),
        runtime: engine.runtime().map(|runtime| runtime.version.clone()),
        threads: options.threads_for(std::thread::available_parallelism().map_or(1, usize::from)),
        photo: format!("{name}, {} and its first {}", photo.size(), part.size()),
        convolution_gflop_per_second: rate,
        stage_1,
        stage_2,
        stroke,
        fill,
        peak_memory_bytes: peak_memory_bytes(),
    };
    session.say_notes();
    let text = if args.json {
        serde_json::to_string_pretty(&figures).context("the figures cannot be written as JSON")?
    } else {
        figures.to_text().context("the figures cannot be written")?
    };
    session.console.end_progress();
    session.console.output(text.trim_end());
    Ok(())
}

impl Figures {
    fn to_text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        writeln!(text, "Unscratch {}", self.version)?;
        writeln!(text, "Machine: {}", self.machine.to_text())?;
        let runtime = self.runtime.as_deref().unwrap_or("unknown");
        writeln!(
            text,
            "Networks: {}, {} threads, ONNX Runtime {runtime}",
            self.provider, self.threads
        )?;
        writeln!(text, "Photo: {}", self.photo)?;
        writeln!(
            text,
            "Large f32 convolution on the CPU: {:.1} GFLOP/s",
            self.convolution_gflop_per_second
        )?;
        for (name, unit, stage) in [
            ("Stage 1", "photo", &self.stage_1),
            ("Stage 2", "computed", &self.stage_2),
        ] {
            let share = match (stage.network_gflop_per_second, stage.percent_of_convolution) {
                (Some(rate), Some(percent)) => {
                    format!(", {rate:.1} GFLOP/s, {percent:.0} % of the convolution's")
                }
                _ => String::new(),
            };
            writeln!(
                text,
                "{name}: network {:.0} ms a megapixel{share}; all in {:.0} ms a megapixel {unit}",
                stage.network_ms_per_megapixel.median, stage.stage_ms_per_megapixel.median
            )?;
        }
        self.stroke.write(&mut text)?;
        let Fills {
            hole_pixels,
            computed_pixels,
            unscratch_ms,
            telea_ms,
        } = &self.fill;
        writeln!(
            text,
            "A hole of {hole_pixels} px: {:.0} ms ({computed_pixels} px computed); Telea {:.0} ms on one thread",
            unscratch_ms.median, telea_ms.median
        )?;
        if let Some(bytes) = self.peak_memory_bytes {
            writeln!(text, "Peak memory: {} MiB", bytes.div_ceil(1 << 20))?;
        }
        Ok(text)
    }
}

impl StrokeLatency {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        let gestures = [
            ("100 px dab", self.dab, self.dab_cold),
            (
                "1,500 px at once, 20 px wide",
                self.stroke,
                self.stroke_cold,
            ),
        ];
        for (name, warm, cold) in gestures {
            write!(
                text,
                "Stroke end to repair, {name}: median {:.0} ms, 95th percentile {:.0} ms of {}",
                warm.median, warm.p95, warm.count
            )?;
            match cold {
                Some(cold) => writeln!(
                    text,
                    "; no context kept {:.0} and {:.0} ms",
                    cold.median, cold.p95
                )?,
                None => writeln!(text, "; stage 2 uses no context")?,
            }
        }
        writeln!(
            text,
            "Stroke end to repair, 1,500 px drawn within a second, 20 px wide: median {:.0} ms, 95th percentile {:.0} ms of {}",
            self.drawn_stroke.median, self.drawn_stroke.p95, self.drawn_stroke.count
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_95th_percentile_are_by_nearest_rank() {
        let spread = Spread::of((1..=20).rev().map(f64::from).collect());
        assert_eq!((spread.median, spread.p95, spread.count), (10.0, 19.0, 20));
        let one = Spread::of(vec![3.0]).over(2.0);
        assert_eq!((one.median, one.p95), (1.5, 1.5));
    }
}
