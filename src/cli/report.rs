//! The JSON of `--report`: what was read, written and measured. Field names are a promise to other programs.

use std::path::Path;

use serde::Serialize;

use super::doctor::option_name;
use super::plan::FilePlan;
use crate::inference::Engine;
use crate::io::{OutputFormat, hex, write_bytes};
use crate::jobs::ExportReport;
use crate::photo::{Channels, Photo};

/// One restored photo.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FileReport {
    input: FileIdentity,
    output: FileIdentity,
    /// The mask file written: the composite's α, 0 = untouched.
    mask: Option<String>,
    pub width: u32,
    pub height: u32,
    /// Bits a sample as decoded; those of the result stand in `output`.
    bit_depth: u8,
    channels: &'static str,
    /// Whether it was taken for a linear scan.
    linear: bool,
    /// What really ran the networks, as `--provider` names it; `null` when nothing had to run.
    pub provider: Option<String>,
    provider_detail: Option<String>,
    models: Vec<Model>,
    /// Probability from which a pixel counted as damage; `null` with a mask of the person's own.
    threshold: Option<f32>,
    /// Pixels of the mask (value at least 128), before it is grown by its soft edge.
    masked_pixels: u64,
    /// Pixels of the grown mask (α above 0).
    pub blended_pixels: u64,
    pub changed_pixels: u64,
    /// Those of the changed pixels where the mask itself is 0: in what it was grown by and in its soft edge.
    changed_pixels_in_soft_edge: u64,
    /// Pixels that differ from the master where α is 0.
    changed_pixels_outside_mask: u64,
    /// True: the pixel counts are of the pixels handed to the encoder.
    pub lossy: bool,
    /// True: a copy of the original's bytes in which only the repaired strips or tiles were renewed (TIFF to TIFF).
    patched_copy: bool,
    /// Smaller copies of the page in such a file that were repaired with it.
    renewed_reduced_copies: usize,
    /// Largest difference after decoding, code values of the written file.
    largest_difference: u16,
    /// Largest difference from the master where α is 0, 8-bit code values; 0 when lossless.
    largest_difference_outside_mask: u16,
    notes: Vec<String>,
    not_carried: Vec<String>,
    pub seconds: StageSeconds,
    /// The most memory the process has held so far; `null` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct FileIdentity {
    path: String,
    sha256: String,
    format: &'static str,
    /// Bits a sample in this file; a JPEG has 8 whatever its master has.
    bit_depth: u8,
}

/// A network that was at hand.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Model {
    id: String,
    sha256: String,
}

/// Wall time of each stage, s.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct StageSeconds {
    pub decode: f64,
    /// Loading ONNX Runtime and the networks, beside decoding when damage is searched for; with several photos only the
    /// first pays it.
    pub load_model: f64,
    pub detect: f64,
    pub fill: f64,
    pub composite: f64,
    pub write: f64,
    pub verify: f64,
    pub total: f64,
}

impl FileReport {
    pub fn new(
        photo: &Photo,
        file: &FilePlan,
        written: &ExportReport,
        threshold: Option<f32>,
        in_soft_edge: u64,
        engine: Option<&Engine>,
        seconds: StageSeconds,
    ) -> Self {
        // A loaded engine did nothing for this photo when its mask was given and empty.
        let engine = engine.filter(|_| seconds.detect + seconds.fill > 0.0);
        Self {
            input: FileIdentity {
                path: name_of(&file.input),
                sha256: hex(&photo.source().sha256),
                format: photo.source().format.name(),
                bit_depth: photo.depth().bits(),
            },
            output: FileIdentity {
                path: name_of(&written.target),
                sha256: hex(&written.sha256),
                format: file.format.name(),
                bit_depth: match file.format {
                    OutputFormat::Jpeg { .. } => 8,
                    OutputFormat::Png | OutputFormat::Tiff => photo.depth().bits(),
                },
            },
            mask: written.mask_target.as_deref().map(name_of),
            width: photo.size().width,
            height: photo.size().height,
            bit_depth: photo.depth().bits(),
            channels: match photo.channels() {
                Channels::Grey => "grey",
                Channels::Rgb => "rgb",
            },
            linear: photo.transfer().is_linear(),
            provider: engine.map(|engine| option_name(engine.provider().kind).to_owned()),
            provider_detail: engine
                .map(|engine| engine.provider().detail.clone())
                .filter(|detail| !detail.is_empty()),
            models: engine.map_or_else(Vec::new, models),
            threshold,
            masked_pixels: written.masked_pixels,
            blended_pixels: written.blended_pixels,
            changed_pixels: written.changed_pixels,
            changed_pixels_in_soft_edge: in_soft_edge,
            changed_pixels_outside_mask: written.changed_outside_mask,
            lossy: written.lossy,
            patched_copy: written.patched,
            renewed_reduced_copies: written.renewed_copies,
            largest_difference: written.largest_difference,
            largest_difference_outside_mask: written.largest_difference_outside_mask,
            notes: photo.source().notes.clone(),
            not_carried: written.not_carried.clone(),
            seconds,
            peak_memory_bytes: peak_memory_bytes(),
        }
    }
}

/// A path as text; what is no Unicode in it is shown as `\u{fffd}`, since JSON has no bytes.
pub(super) fn name_of(path: &Path) -> String {
    path.display().to_string()
}

/// The networks of an engine.
pub(super) fn models(engine: &Engine) -> Vec<Model> {
    engine
        .models()
        .into_iter()
        .map(|model| Model {
            id: model.id,
            sha256: model.sha256,
        })
        .collect()
}

/// One photo of several that failed.
#[derive(Clone, Debug, Serialize)]
struct FailureReport {
    input: FailedInput,
    error: String,
}

#[derive(Clone, Debug, Serialize)]
struct FailedInput {
    path: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Done(Box<FileReport>),
    Failed(FailureReport),
}

/// What `--report` writes: the fields of the one photo, or `files` for several.
#[derive(Clone, Debug)]
pub(super) struct Report {
    has_several: bool,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Versioned<T> {
    version: &'static str,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct Files<'a> {
    files: &'a [Entry],
}

impl Report {
    /// An empty report; of several photos it will hold a list.
    pub const fn new(has_several: bool) -> Self {
        Self {
            has_several,
            entries: Vec::new(),
        }
    }

    /// Adds a restored photo.
    pub fn add(&mut self, file: FileReport) {
        self.entries.push(Entry::Done(Box::new(file)));
    }

    /// Adds a photo that failed.
    pub fn add_failure(&mut self, input: &Path, error: &anyhow::Error) {
        self.entries.push(Entry::Failed(FailureReport {
            input: FailedInput {
                path: name_of(input),
            },
            error: super::sentence(error),
        }));
    }

    /// How many photos were restored.
    pub fn restored(&self) -> usize {
        let is_done = |entry: &&Entry| matches!(entry, Entry::Done(_));
        self.entries.iter().filter(is_done).count()
    }

    /// Whether it says anything, be it of a failure.
    pub const fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = match self.entries.as_slice() {
            [only] if !self.has_several => serde_json::to_vec_pretty(&Versioned {
                version,
                content: only,
            }),
            entries => serde_json::to_vec_pretty(&Versioned {
                version,
                content: Files { files: entries },
            }),
        }?;
        text.push(b'\n');
        Ok(text)
    }

    /// Writes the report, all or nothing.
    pub fn write(&self, path: &Path, overwrite: bool) -> anyhow::Result<()> {
        Ok(write_bytes(path, &self.to_json()?, overwrite)?)
    }
}

/// The most resident memory of this process so far, bytes; `None` off Linux.
///
/// Source: `VmHWM` of `/proc/self/status`, in KiB (proc(5)).
pub(super) fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_photos_make_a_list_and_a_failure_keeps_its_reason() {
        let mut report = Report::new(true);
        report.add_failure(Path::new("a.png"), &anyhow::anyhow!("broken"));
        assert!(report.has_entries());
        assert_eq!(report.restored(), 0);
        let json: serde_json::Value = serde_json::from_slice(&report.to_json().unwrap()).unwrap();
        assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(json["files"][0]["input"]["path"], "a.png");
        assert_eq!(json["files"][0]["error"], "broken");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_unicode_is_reported_all_the_same() {
        use std::os::unix::ffi::OsStrExt as _;
        let mut report = Report::new(true);
        let name = std::ffi::OsStr::from_bytes(b"b\xff.png");
        report.add_failure(Path::new(name), &anyhow::anyhow!("broken"));
        let json: serde_json::Value = serde_json::from_slice(&report.to_json().unwrap()).unwrap();
        assert_eq!(json["files"][0]["input"]["path"], "b\u{fffd}.png");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_memory_is_at_least_what_was_just_filled() {
        let filled = std::hint::black_box(vec![1_u8; 32 << 20]);
        assert!(peak_memory_bytes().unwrap() >= filled.len() as u64);
    }
}
