//! `restore` and `inpaint`: photo in, restored photo out, mask and report beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::Context as _;

use super::args::{RestoreArgs, Sensitivity};
use super::memory;
use super::new_folders::NewFolders;
use super::plan::{FilePlan, Plan, refuse_target};
use super::report::{FileReport, Report, StageSeconds};
use super::session::Session;
use super::{Stop, sentence};
use crate::inference::{Engine, Thresholds, may_run_on_gpu};
use crate::io::{ExportOptions, clear_leftovers, load_mask_layer};
use crate::jobs::{
    ArrivingFills, ExportError, ExportReport, ExportRequest, RecordRequest, export_restoration,
    export_while_filling, without_panic,
};
use crate::mask::{EffectiveMask, Mask};
use crate::photo::Photo;
use crate::record::Circumstances;
use crate::restore::{
    ContextCache, NoProgress, ProgressSink as _, Restoration, Stage, changed_in_soft_edge, detect,
    fill_photo, restore_photo, starting_probability, threshold_from_probability,
};

/// Restores every photo of the command; one that fails does not stop the others.
pub(super) fn run(args: &RestoreArgs, session: &mut Session<'_>) -> Result<(), Stop> {
    let plan = Plan::new(args, session.common.overwrite)?;
    let mut report = Report::new(plan.has_several());
    let outcome = restore_all(args, &plan, session, &mut report);
    let reported = write_report(&report, &plan, session.common.overwrite);
    match (outcome, reported) {
        (outcome, Ok(())) => outcome,
        (Ok(()), Err(error)) => Err(error.into()),
        // One of the two ends the command, and the other is not to be lost.
        (Err(stop), Err(error)) => {
            session.console.error(&sentence(&error));
            Err(stop)
        }
    }
}

/// Writes the report asked for: of one photo when it was restored, of several also when all of them failed.
fn write_report(report: &Report, plan: &Plan, overwrite: bool) -> anyhow::Result<()> {
    let Some(path) = &plan.report else {
        return Ok(());
    };
    let restored = report.restored();
    if restored == 0 && !(plan.has_several() && report.has_entries()) {
        return Ok(());
    }
    // The report may lie in a folder that no result came to.
    let is_its_own = |folder: &&PathBuf| path.parent() == Some(folder);
    let folders: Vec<_> = plan.folders.iter().filter(is_its_own).cloned().collect();
    let _folders = NewFolders::make(&folders)?;
    report.write(path, overwrite).with_context(|| {
        let photos = plan.files.len();
        let written = match restored {
            1 if photos == 1 => "the photo was restored and written".to_owned(),
            _ => format!("{restored} of {photos} photos were restored and written"),
        };
        format!("{written}, the report was not: {}", path.display())
    })
}

fn restore_all(
    args: &RestoreArgs,
    plan: &Plan,
    session: &mut Session<'_>,
    report: &mut Report,
) -> Result<(), Stop> {
    let mut failures = Vec::new();
    for file in &plan.files {
        let outcome =
            without_panic(|| restore_one(args, file, plan, session)).unwrap_or_else(|panic| {
                Err(anyhow::anyhow!("{panic}: {}", file.input.display()).into())
            });
        session.console.end_progress();
        match outcome {
            Ok(done) => {
                session
                    .console
                    .result(&done.summary(&file.input, &file.target));
                report.add(done);
            }
            Err(Stop::Failed(error)) => {
                report.add_failure(&file.input, &error);
                failures.push(error);
                if plan.has_several()
                    && let Some(error) = failures.last()
                {
                    session.console.error(&sentence(error));
                }
            }
            Err(stop) => return Err(stop),
        }
    }
    match failures.pop() {
        None => Ok(()),
        Some(error) if !plan.has_several() => Err(error.into()),
        Some(_) => Err(anyhow::anyhow!(
            "{} of {} photos could not be restored",
            failures.len() + 1,
            plan.files.len()
        )
        .into()),
    }
}

fn restore_one(
    args: &RestoreArgs,
    file: &FilePlan,
    plan: &Plan,
    session: &mut Session<'_>,
) -> Result<FileReport, Stop> {
    let (started, started_at) = (Instant::now(), SystemTime::now());
    session.say_leftovers(&file.target, Some(&file.input));
    for target in file.targets() {
        refuse_target(target, session.common.overwrite, &plan.folders)?;
    }
    let mut seconds = StageSeconds::default();
    // A mask of the person's own may turn out to need no network; a GPU's warm-up is worth hiding all the same.
    let is_worth_loading = args.mask_in.is_none() && is_worth_overlapping(&file.input);
    if is_worth_loading || may_run_on_gpu(session.engine_options().provider) {
        session.begin_loading();
    }
    let photo = Arc::new(timed(&mut seconds.decode, || session.open(&file.input))?);
    let contexts = Arc::new(session.contexts());
    let load_before = session.load_seconds;
    let chosen = choose_mask(args, &photo, &contexts, session, &mut seconds)?;
    let mut request = ExportRequest {
        photo: Arc::clone(&photo),
        mask: chosen.mask,
        restoration: Restoration::default(),
        contexts,
        target: file.target.clone(),
        options: ExportOptions {
            format: file.format,
            overwrite: session.common.overwrite,
        },
        mask_target: file.mask_target.clone(),
        record: None,
    };
    request.record = record_request(args, chosen.threshold, started_at, session, &seconds);
    let _folders;
    let written = if request.can_begin_early() && session.can_write_early(&request) {
        _folders = NewFolders::make(&plan.folders)?;
        fill_and_export(&mut request, session, &mut seconds)?
    } else {
        let restoration = fill(
            &photo,
            &request.mask,
            &request.contexts,
            session,
            &mut seconds,
        )?;
        request.restoration = restoration;
        // Stage 2 may have been the first to need a network.
        request.record = record_request(args, chosen.threshold, started_at, session, &seconds);
        session.make_room(photo.decoded_bytes());
        _folders = NewFolders::make(&plan.folders)?;
        export(&request, session)?
    };
    seconds.load_model = session.load_seconds - load_before;
    let in_soft_edge = timed(&mut seconds.composite, || {
        changed_in_soft_edge(&photo, &request.mask, &request.restoration)
    });
    seconds.composite += written.stages.composite;
    seconds.write = written.stages.write;
    seconds.verify = written.stages.verify;
    seconds.total = started.elapsed().as_secs_f64();
    let report = FileReport::new(
        &photo,
        file,
        &written,
        chosen.threshold,
        in_soft_edge,
        session.loaded_engine(),
        seconds,
    );
    session.note_memory(&report, &file.input);
    Ok(report)
}

/// Files from this size on take long enough to decode that the networks are loaded meanwhile, bytes.
const WORTH_OVERLAPPING_BYTES: u64 = 1 << 20;

fn is_worth_overlapping(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| facts.len() >= WORTH_OVERLAPPING_BYTES)
}

impl Session<'_> {
    /// Clears away what killed runs left in the folder of `file`, never touching `master`, and says what that was.
    pub(super) fn say_leftovers(&self, file: &Path, master: Option<&Path>) {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        for leftover in clear_leftovers(folder.unwrap_or(Path::new(".")), master) {
            self.console.note(&leftover.to_string());
        }
    }

    /// Says so when the process held more memory beside the largest photo so far than the limit says.
    fn note_memory(&self, report: &FileReport, input: &Path) {
        let (Some(limit), Some(peak)) = (self.common.memory_limit, report.peak_memory_bytes) else {
            return;
        };
        let photo = self.largest_photo_bytes.get() as u64;
        if let Some(said) = memory::passed_limit(peak, photo, limit) {
            self.console.note(&format!("{}: {said}", input.display()));
        }
    }
}

/// What is to be repaired, and the probability from which it counted as damage if it was detected.
struct ChosenMask {
    mask: EffectiveMask,
    threshold: Option<f32>,
}

fn choose_mask(
    args: &RestoreArgs,
    photo: &Photo,
    contexts: &ContextCache,
    session: &mut Session<'_>,
    seconds: &mut StageSeconds,
) -> Result<ChosenMask, Stop> {
    let size = photo.size();
    let mut mask = Mask::new(size);
    if let Some(path) = &args.mask_in {
        mask.added = load_mask_layer(path, size, &session.limits).map_err(anyhow::Error::from)?;
        return Ok(ChosenMask {
            mask: EffectiveMask::new(mask, None),
            threshold: None,
        });
    }
    session.engine()?;
    let (cancel, console) = (session.cancel.clone(), session.console);
    let engine = session.engine()?;
    let thresholds = engine.detector_manifest().thresholds;
    let detection = timed(&mut seconds.detect, || {
        detect(photo, engine, contexts, console, &cancel)
    })
    .map_err(restore_stop);
    session.say_notes();
    let detection = detection?;
    let chosen = chosen_probability(args.threshold, args.sensitivity, thresholds);
    let threshold = chosen.unwrap_or_else(|| starting_probability(&detection.map, thresholds));
    Ok(ChosenMask {
        mask: EffectiveMask::new(
            mask,
            Some((detection.map, threshold_from_probability(threshold))),
        ),
        threshold: Some(threshold),
    })
}

/// The probability that was asked for by number or by name, if any.
pub(super) fn chosen_probability(
    threshold: Option<f32>,
    sensitivity: Option<Sensitivity>,
    thresholds: Thresholds,
) -> Option<f32> {
    let named = sensitivity.map(|name| match name {
        Sensitivity::Timid => thresholds.timid,
        Sensitivity::Normal => thresholds.default,
        Sensitivity::Eager => thresholds.eager,
    });
    threshold.or(named)
}

/// Fills what is masked; an empty mask needs no network.
pub(super) fn fill(
    photo: &Photo,
    mask: &EffectiveMask,
    contexts: &ContextCache,
    session: &mut Session<'_>,
    seconds: &mut StageSeconds,
) -> Result<Restoration, Stop> {
    if !mask.touches(photo.size().rect()) {
        return Ok(Restoration::default());
    }
    session.engine()?;
    let (cancel, console) = (session.cancel.clone(), session.console);
    let engine = session.engine()?;
    let restoration = timed(&mut seconds.fill, || {
        restore_photo(photo, mask, engine, contexts, console, &cancel)
    })
    .map_err(restore_stop);
    session.say_notes();
    restoration
}

/// What the files are to say of this restoration, if anything.
fn record_request(
    args: &RestoreArgs,
    threshold: Option<f32>,
    started: SystemTime,
    session: &Session<'_>,
    seconds: &StageSeconds,
) -> Option<RecordRequest> {
    let output = &args.output;
    // A loaded engine did nothing for this photo when its mask was given and empty.
    let engine = session
        .loaded_engine()
        .filter(|_| seconds.detect + seconds.fill > 0.0);
    let mask_name = args.mask_in.as_deref().and_then(Path::file_name);
    let record = RecordRequest {
        circumstances: Circumstances {
            operator: output.operator.clone(),
            reason: output.reason.clone(),
            started,
            models: engine.map_or_else(Vec::new, |engine| engine.models().to_vec()),
            runtime_version: engine
                .and_then(Engine::runtime)
                .map(|runtime| runtime.version.clone()),
            provider: engine.map(|engine| engine.provider().kind),
            threshold,
            mask_file: mask_name.map(|name| name.to_string_lossy().into_owned()),
        },
        is_dossier: output.dossier,
        extends_xmp: output.extends_xmp(),
    };
    (record.is_dossier || record.extends_xmp).then_some(record)
}

/// Fills what is masked and writes what is filled meanwhile; the request gets the fills.
fn fill_and_export(
    request: &mut ExportRequest,
    session: &mut Session<'_>,
    seconds: &mut StageSeconds,
) -> Result<ExportReport, Stop> {
    session.engine()?;
    let (cancel, console) = (session.cancel.clone(), session.console);
    let fills = ArrivingFills::default();
    let (filled, written) = std::thread::scope(|scope| {
        let request = &*request;
        let writer = scope.spawn(|| {
            without_panic(|| export_while_filling(request, &fills, &NoProgress, &cancel))
        });
        let filled = {
            let _end = fills.end_on_drop();
            let mut arrived = |cell, settled_rows| fills.insert(cell, settled_rows);
            timed(&mut seconds.fill, || {
                let engine = session.engine()?;
                let (photo, mask, contexts) = (&request.photo, &request.mask, &request.contexts);
                fill_photo(
                    photo,
                    mask,
                    engine,
                    contexts,
                    console,
                    &cancel,
                    &mut arrived,
                )
                .map_err(restore_stop)
            })
        };
        session.say_notes();
        session.make_room(request.photo.decoded_bytes());
        console.report(Stage::Writing, 0, 0);
        (filled, writer.join())
    });
    filled?;
    request.restoration = fills.restoration();
    let written = written.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let written = written.map_err(|panic| Stop::Failed(anyhow::anyhow!(panic)))?;
    said(written, session)
}

impl Session<'_> {
    /// Whether the photo is written while it is being filled: when there is anything to fill, and room beside the networks
    /// for the probability map, a byte a pixel, and as much again for what the writing holds.
    fn can_write_early(&self, request: &ExportRequest) -> bool {
        let size = request.photo.size();
        let room_px = self.engine_options().working_bytes() / 8;
        size.pixel_count() as u64 <= room_px && request.mask.touches(size.rect())
    }
}

fn export(request: &ExportRequest, session: &Session<'_>) -> Result<ExportReport, Stop> {
    let written = export_restoration(request, session.console, &session.cancel);
    said(written, session)
}

/// What was written, after the person was told what they should know about it.
fn said(
    written: Result<ExportReport, ExportError>,
    session: &Session<'_>,
) -> Result<ExportReport, Stop> {
    let written = written.map_err(|error| match error {
        ExportError::Cancelled => Stop::Cancelled,
        error => Stop::Failed(error.into()),
    })?;
    for lost in &written.not_carried {
        session.console.note(&format!(
            "{}: not carried over: {lost}",
            written.target.display()
        ));
    }
    if written.lossy {
        session.console.note(&format!(
            "{}: compression changed pixels outside the mask by up to {} of 255",
            written.target.display(),
            written.largest_difference_outside_mask
        ));
    }
    Ok(written)
}

/// A cancelled run is no failure.
pub(super) fn restore_stop(error: crate::restore::RestoreError) -> Stop {
    if error.is_cancelled() {
        Stop::Cancelled
    } else {
        Stop::Failed(error.into())
    }
}

/// Adds the wall time of `work` to `seconds`.
pub(super) fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    *seconds += started.elapsed().as_secs_f64();
    value
}

impl FileReport {
    /// One line for the terminal.
    fn summary(&self, input: &Path, target: &Path) -> String {
        let names = format!("{} → {}", input.display(), target.display());
        if self.blended_pixels == 0 {
            let pixels = if self.lossy {
                "only compression changed the pixels"
            } else {
                "the pixels are the original's"
            };
            return format!("{names}: no damage marked, {pixels}");
        }
        format!(
            "{names}: {} px repaired of {} × {} in {:.1} s{}",
            self.changed_pixels,
            self.width,
            self.height,
            self.seconds.total,
            self.provider
                .as_deref()
                .map_or_else(String::new, |provider| format!(" on {provider}")),
        )
    }
}
