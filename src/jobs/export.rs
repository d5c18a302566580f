//! From a finished restoration to verified files: composite, compare with the master, have it written. No network, no threads.
//!
//! The window and the command line both export through [`export_restoration`], so both keep the same promise:
//! a pixel where the composite's α is 0 is the master's, and that is measured on the file, not assumed.
//! A TIFF of a TIFF is a patched copy, which `io` reads back and compares with the master. Every other composite is compared
//! with the master row by row as it is made; `io` reads every lossless file back before it gets its name and compares every pixel of it with the
//! composite, so no file is read back twice.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::inference::CancelToken;
use crate::io::{
    EncodeError, ExportOutcome, Leftover, OutputFormat, Patch, Prepared, Restored, check_target,
    clear_leftovers, export_patched, export_rows, is_same_file, prepare_mask_layer, remove_output,
};
use crate::mask::MaskLayer;
use crate::photo::{FileFormat, Photo};
use crate::record::schema::MetadataRecord;
use crate::record::{DossierNames, RecordError};
use crate::restore::{ProgressSink, Stage, alpha_rect, composite_rect};

use super::ExportRequest;
use super::dossier::{DerivativeXmp, export_dossier};
use super::fills::{ArrivingFills, Composite, Fills};
use super::lossy::largest_difference_outside;

/// What an export wrote and what was measured on it.
#[derive(Clone, Debug)]
pub struct ExportReport {
    /// The derivative.
    pub target: PathBuf,
    /// The mask file (the composite's α), if one was asked for.
    pub mask_target: Option<PathBuf>,
    /// Length of the derivative, bytes.
    pub file_bytes: u64,
    /// SHA-256 of the derivative.
    pub sha256: [u8; 32],
    /// Whether the format is lossy; then the pixel counts are of the pixels handed to the encoder.
    pub lossy: bool,
    /// Whether the file is a copy of the master's bytes with only the repaired strips or tiles renewed (TIFF to TIFF).
    pub patched: bool,
    /// Smaller copies of the page in such a file, pyramid levels and thumbnails, that were repaired with it.
    pub renewed_copies: usize,
    /// Largest difference of the decoded file from the pixels handed over, code values; 0 when lossless.
    pub largest_difference: u16,
    /// Largest difference of the decoded file from the master where α is 0, code values of 8 bits; 0 when lossless.
    pub largest_difference_outside_mask: u16,
    /// Pixels whose mask value is at least 128, before growing.
    pub masked_pixels: u64,
    /// Pixels with α above 0: the mask grown by its soft rim.
    pub blended_pixels: u64,
    /// Pixels that differ from the master.
    pub changed_pixels: u64,
    /// Pixels that differ from the master although α is 0. Always 0: an export where it is not fails.
    pub changed_outside_mask: u64,
    /// What the format could not carry, as sentences.
    pub not_carried: Vec<String>,
    /// What the derivative's XMP says of the restoration.
    pub metadata: MetadataRecord,
    /// The files of the dossier, if one was asked for.
    pub dossier: Option<DossierNames>,
    /// What killed processes had left in the target's folder, and what was done about it.
    pub leftovers: Vec<Leftover>,
    /// Wall time of each step.
    pub stages: ExportStages,
    /// Wall time from request to the end, s.
    pub seconds: f64,
}

/// Wall time of an export's steps, s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExportStages {
    /// Finding where the fill shows; blending and checking are part of writing.
    pub composite: f64,
    /// Blending, checking against the master, encoding and writing the derivative, and the mask; less the time spent waiting
    /// for fills that were still to come.
    pub write: f64,
    /// Reading the derivative back and comparing every pixel.
    pub verify: f64,
}

/// Why an export did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Stopped on request before anything was written; not a failure.
    #[error("cancelled, nothing was written")]
    Cancelled,
    /// A file could not be written; nothing of it is left.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The mask file could not be written; nothing new is left, and an older derivative is still there.
    #[error("the mask could not be written, so the photo was not kept either ({source})")]
    Mask {
        /// Why.
        source: EncodeError,
    },
    /// The derivative replaced an older one and is complete; the mask was complete too and did not get its name.
    #[error("the photo was written to {target:?}, its mask was not ({source})")]
    MaskAlone {
        /// The derivative.
        target: PathBuf,
        /// Why.
        source: EncodeError,
    },
    /// There can be no record of this.
    #[error(transparent)]
    Record {
        /// Why.
        source: RecordError,
    },
    /// The master on the disk is no longer the one that was opened.
    #[error(
        "the original has changed since it was opened, so nothing was kept; open it again: {path:?}"
    )]
    MasterChanged {
        /// The master.
        path: PathBuf,
    },
    /// A file cannot be read for its checksum.
    #[error("a file cannot be read for its checksum, so nothing was kept ({source}): {path:?}")]
    Hash {
        /// What the system said.
        source: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Photo and mask would be the same file.
    #[error("photo and mask cannot be one file; choose another name for the mask: {path:?}")]
    SameTarget {
        /// The name both have.
        path: PathBuf,
    },
    /// The promise "nothing outside the mask changes" would be broken.
    #[error(
        "{pixels} px outside the mask would have changed, so the file was not kept; this is a fault of this program or of the disk: {path:?}"
    )]
    ChangedOutside {
        /// How many.
        pixels: u64,
        /// The derivative.
        path: PathBuf,
    },
}

/// Composites the restoration over the master, writes the derivative and what belongs to it, and measures what changed.
///
/// Every cell the mask touches must be in `request.restoration`.
///
/// # Errors
/// [`ExportError`]; only [`ExportError::MaskAlone`] leaves a file, a complete one.
pub fn export_restoration(
    request: &ExportRequest,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<ExportReport, ExportError> {
    let leftovers = clear_leftovers(folder_of(&request.target), Some(request.photo.path()));
    let mut report = match request.record.as_ref().filter(|record| record.is_dossier) {
        Some(record) => export_dossier(request, record, progress, cancel),
        None => export_files(
            request,
            Fills::Ready(&request.restoration),
            progress,
            cancel,
        ),
    }?;
    report.leftovers = leftovers;
    Ok(report)
}

impl ExportRequest {
    /// Whether the file can be begun before all of it is filled: a patched copy, a JPEG and whatever says what was done to
    /// the photo need all fills at once.
    pub fn can_begin_early(&self) -> bool {
        let is_patch = self.photo.source().format == FileFormat::Tiff;
        let is_streamed = match self.options.format {
            OutputFormat::Png => true,
            OutputFormat::Tiff => !is_patch,
            OutputFormat::Jpeg { .. } => false,
        };
        is_streamed && self.record.is_none()
    }
}

/// As [`export_restoration`], beginning while `fills` still arrive on another thread; they take the place of the request's.
///
/// Of use where [`ExportRequest::can_begin_early`].
///
/// # Errors
/// As [`export_restoration`]; [`ExportError::Cancelled`] also when the filling ended before all fills were there.
///
/// # Panics
/// When the request cannot begin early.
pub fn export_while_filling(
    request: &ExportRequest,
    fills: &ArrivingFills,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<ExportReport, ExportError> {
    assert!(request.can_begin_early(), "all fills are needed at once");
    let leftovers = clear_leftovers(folder_of(&request.target), Some(request.photo.path()));
    let mut report = export_files(request, Fills::Arriving(fills), progress, cancel)?;
    report.leftovers = leftovers;
    Ok(report)
}

fn folder_of(target: &Path) -> &Path {
    let folder = target.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Writes the derivative and, if it was asked for, the mask.
pub(super) fn export_files(
    request: &ExportRequest,
    fills: Fills<'_>,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<ExportReport, ExportError> {
    let ExportRequest {
        photo,
        mask,
        target,
        mask_target,
        ..
    } = request;
    let started = Instant::now();
    let mut stages = ExportStages::default();
    check_targets(
        photo,
        target,
        mask_target.as_deref(),
        request.options.overwrite,
    )?;
    progress.report(Stage::Compositing, 0, 0);
    let alpha = timed(&mut stages.composite, || {
        let repairs = request.restoration.repairs();
        MaskLayer::from_tiles(photo.size(), |rect, alpha| {
            alpha_rect(mask, rect, alpha);
            repairs.weaken(rect, alpha);
        })
    });
    let is_new = target.symlink_metadata().is_err();
    if cancel.is_cancelled() {
        return Err(ExportError::Cancelled);
    }
    progress.report(Stage::Writing, 0, 3);
    let xmp = DerivativeXmp::new(request)?;
    let packet = xmp.packet.as_deref();
    // Before the derivative: a disk without room for the mask must not cost an older derivative.
    let mask_file = timed(&mut stages.write, || prepare_mask(request, &alpha))?;
    let derivative = match patch(request, &alpha, packet, &mut stages)? {
        Ok(derivative) => derivative,
        Err(reasons) => {
            let mut derivative = encode(request, fills, &alpha, packet, &mut stages)?;
            derivative.outcome.not_carried.splice(0..0, reasons);
            derivative
        }
    };
    let outside = if derivative.outcome.lossy {
        let measure = || largest_difference_outside(photo, &alpha, target);
        // What was measured over all pixels holds for these too.
        timed(&mut stages.verify, measure).unwrap_or(derivative.outcome.largest_difference)
    } else {
        0
    };
    progress.report(Stage::Writing, 2, 3);
    if let Some(mask_file) = mask_file {
        publish_mask(mask_file, target, is_new)?;
    }
    progress.report(Stage::Writing, 3, 3);
    let Derivative {
        outcome,
        is_patched,
        renewed_copies,
        changed,
        changed_outside,
    } = derivative;
    Ok(ExportReport {
        target: target.clone(),
        mask_target: mask_target.clone(),
        file_bytes: outcome.file_bytes,
        sha256: outcome.sha256,
        lossy: outcome.lossy,
        patched: is_patched,
        renewed_copies,
        largest_difference: outcome.largest_difference,
        largest_difference_outside_mask: outside,
        masked_pixels: mask.masked_pixels(),
        blended_pixels: alpha.count_set(),
        changed_pixels: changed,
        changed_outside_mask: changed_outside,
        not_carried: outcome.not_carried.into_iter().chain(xmp.note).collect(),
        metadata: xmp.record,
        dossier: None,
        leftovers: Vec::new(),
        stages,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// A written derivative and how it differs from the master.
struct Derivative {
    outcome: ExportOutcome,
    is_patched: bool,
    renewed_copies: usize,
    changed: u64,
    changed_outside: u64,
}

/// TIFF to TIFF as a patched copy of the master; the inner error says why there is none.
fn patch(
    request: &ExportRequest,
    alpha: &MaskLayer,
    xmp: Option<&[u8]>,
    stages: &mut ExportStages,
) -> Result<Result<Derivative, Vec<String>>, ExportError> {
    let photo = &request.photo;
    let is_tiff = photo.source().format == FileFormat::Tiff;
    if !is_tiff || request.options.format != OutputFormat::Tiff {
        return Ok(Err(Vec::new()));
    }
    let restored = Restored {
        photo,
        alpha,
        pixels: &|rect| composite_rect(photo, &request.restoration, rect),
        xmp,
    };
    let overwrite = request.options.overwrite;
    let patch = timed(&mut stages.write, || {
        export_patched(&restored, &request.target, overwrite)
    })?;
    Ok(match patch {
        Patch::NotPossible { reasons } => Err(reasons),
        Patch::Written {
            outcome,
            changed_pixels,
            renewed_copies,
            ..
        } => {
            stages.take_verifying(&outcome);
            Ok(Derivative {
                outcome,
                is_patched: true,
                renewed_copies,
                changed: changed_pixels,
                // The file was refused if there were any.
                changed_outside: 0,
            })
        }
    })
}

/// Has the composite written anew; a file with a change where α is 0 never gets its name.
fn encode(
    request: &ExportRequest,
    fills: Fills<'_>,
    alpha: &MaskLayer,
    xmp: Option<&[u8]>,
    stages: &mut ExportStages,
) -> Result<Derivative, ExportError> {
    let ExportRequest {
        photo,
        target,
        options,
        ..
    } = request;
    let composite = Composite::new(photo, fills, alpha);
    let outcome = timed(&mut stages.write, || {
        export_rows(photo, &composite, target, options, xmp)
    });
    stages.write -= fills.waited().as_secs_f64();
    let found = composite.found();
    found.keep_promise(target)?;
    let outcome = match outcome {
        Err(_) if fills.is_incomplete(photo) => return Err(ExportError::Cancelled),
        outcome => outcome?,
    };
    stages.take_verifying(&outcome);
    Ok(Derivative {
        outcome,
        is_patched: false,
        renewed_copies: 0,
        changed: found.changed,
        changed_outside: found.changed_outside,
    })
}

impl ExportStages {
    /// Counts the time `io` took to read the file back as such.
    fn take_verifying(&mut self, outcome: &ExportOutcome) {
        let seconds = outcome.verifying.as_secs_f64();
        self.verify += seconds;
        self.write -= seconds;
    }
}

/// Writes and flushes `alpha` as the mask, still without its name, if one was asked for.
fn prepare_mask(
    request: &ExportRequest,
    alpha: &MaskLayer,
) -> Result<Option<Prepared>, ExportError> {
    let Some(path) = &request.mask_target else {
        return Ok(None);
    };
    let prepared = prepare_mask_layer(path, alpha, &request.photo, request.options.overwrite);
    prepared
        .map(Some)
        .map_err(|source| ExportError::Mask { source })
}

/// Gives the mask its name; when that fails a derivative at `target` that `is_new` is taken back.
fn publish_mask(mask: Prepared, target: &Path, is_new: bool) -> Result<(), ExportError> {
    mask.publish().map_err(|source| {
        if is_new {
            remove_output(target);
            return ExportError::Mask { source };
        }
        ExportError::MaskAlone {
            target: target.to_path_buf(),
            source,
        }
    })
}

/// Runs `work` and adds its wall time to `seconds`.
fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    *seconds += started.elapsed().as_secs_f64();
    value
}

/// Refuses a mask file that would replace the master, the derivative or an existing file, before any work is done.
fn check_targets(
    photo: &Photo,
    target: &Path,
    mask_target: Option<&Path>,
    overwrite: bool,
) -> Result<(), ExportError> {
    let Some(mask_target) = mask_target else {
        return Ok(());
    };
    let path = mask_target.to_path_buf();
    if mask_target == target || is_same_file(mask_target, target) {
        return Err(ExportError::SameTarget { path });
    }
    Ok(check_target(mask_target, Some(photo.path()), overwrite)?)
}
