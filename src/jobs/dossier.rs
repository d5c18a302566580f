//! A derivative with everything that proves it: mask, changes, record and manifest, all of them or none. No threads.

use std::path::Path;
use std::time::Instant;

use crate::inference::CancelToken;
use crate::io::{
    FileSet, coded_quality, derived_from, digital_source_type, edited_xmp, hex, save_view,
    sha256_file, without_folders, write_bytes,
};
use crate::photo::Photo;
use crate::record::schema::{DerivativeFile, MetadataRecord, PixelCounts};
use crate::record::{
    Circumstances, DossierNames, RecordError, Written, build_record, change_view, manifest_text,
    xmp_edit,
};
use crate::restore::{ProgressSink, Stage};

use super::ExportRequest;
use super::export::{ExportError, ExportReport, export_files};
use super::fills::Fills;

/// What an export is to say of itself.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// Who, why, and with what.
    pub circumstances: Circumstances,
    /// Whether mask, changes, record and manifest are written beside the derivative.
    pub is_dossier: bool,
    /// Whether the derivative's XMP gains what was done.
    pub extends_xmp: bool,
}

/// The XMP packet a derivative gets.
#[derive(Clone, Debug)]
pub(super) struct DerivativeXmp {
    /// Instead of the master's; `None` leaves that one.
    pub packet: Option<Vec<u8>>,
    /// What a record says about it.
    pub record: MetadataRecord,
    /// Why the packet could not be extended, as a sentence.
    pub note: Option<String>,
}

impl DerivativeXmp {
    /// The master's packet, extended when that was asked for and it can be read.
    pub fn new(request: &ExportRequest) -> Result<Self, RecordError> {
        let ExportRequest {
            photo,
            mask,
            restoration,
            record,
            ..
        } = request;
        let old = photo.metadata().xmp.as_deref();
        let mut xmp = Self {
            packet: None,
            record: MetadataRecord {
                xmp_extended: false,
                digital_source_type: None,
                master_digital_source_type: old
                    .and_then(digital_source_type)
                    .and_then(|stated| without_folders(&stated)),
                master_derived_from: None,
            },
            note: None,
        };
        let Some(record) = record.as_ref().filter(|record| record.extends_xmp) else {
            return Ok(xmp);
        };
        let edit = xmp_edit(photo, mask, restoration, &record.circumstances)?;
        match edited_xmp(photo, request.options.format, &edit) {
            Ok(packet) => {
                xmp.record.master_derived_from = old.and_then(derived_from);
                xmp.packet = Some(packet);
                xmp.record.xmp_extended = true;
                xmp.record.digital_source_type = edit.digital_source_type.map(str::to_owned);
            }
            Err(sentence) => xmp.note = Some(sentence),
        }
        Ok(xmp)
    }
}

/// As [`super::export_restoration`] with the dossier around it.
///
/// # Errors
/// [`ExportError`]; nothing new is left, and what was to be replaced is still there.
pub(super) fn export_dossier(
    request: &ExportRequest,
    record: &RecordRequest,
    progress: &dyn ProgressSink,
    cancel: &CancelToken,
) -> Result<ExportReport, ExportError> {
    let started = Instant::now();
    let photo = &request.photo;
    let names = DossierNames::new(&request.target)?;
    names.refuse_masters_name(photo.path())?;
    let targets = names.all().map(Path::to_path_buf);
    let set = FileSet::begin(&targets, Some(photo.path()), request.options.overwrite)?;
    let staged = ExportRequest {
        target: set.staged(&names.derivative),
        mask_target: Some(set.staged(&names.mask)),
        ..request.clone()
    };
    let fill = || {
        let fills = Fills::Ready(&staged.restoration);
        let report = export_files(&staged, fills, progress, cancel)?;
        progress.report(Stage::Writing, 0, 0);
        let (size, rgb) = change_view(photo, &request.restoration);
        save_view(&set.staged(&names.changes), size, &rgb, false)?;
        check_master(photo)?;
        write_record(request, &record.circumstances, &names, &set, &report)?;
        Ok(report)
    };
    let mut report = fill().map_err(|error| said_of_targets(error, &set))?;
    if cancel.is_cancelled() {
        return Err(ExportError::Cancelled);
    }
    set.publish()?;
    report.target.clone_from(&names.derivative);
    report.mask_target = Some(names.mask.clone());
    report.dossier = Some(names);
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// The error with the names people know in place of those in the staging folder.
fn said_of_targets(error: ExportError, set: &FileSet) -> ExportError {
    let name = |path: &Path| set.target_of(path);
    match error {
        ExportError::Encode(source) => ExportError::Encode(source.said_of(name)),
        // Nothing of a set that failed is left.
        ExportError::Mask { source } | ExportError::MaskAlone { source, .. } => ExportError::Mask {
            source: source.said_of(name),
        },
        ExportError::Hash { source, path } => ExportError::Hash {
            source,
            path: name(&path),
        },
        ExportError::SameTarget { path } => ExportError::SameTarget { path: name(&path) },
        ExportError::ChangedOutside { pixels, path } => ExportError::ChangedOutside {
            pixels,
            path: name(&path),
        },
        other => other,
    }
}

/// Writes the record and the manifest into the set.
fn write_record(
    request: &ExportRequest,
    circumstances: &Circumstances,
    names: &DossierNames,
    set: &FileSet,
    report: &ExportReport,
) -> Result<(), ExportError> {
    let sha256 = |path| {
        let staged = set.staged(path);
        let hash = sha256_file(&staged).map_err(|source| ExportError::Hash {
            source,
            path: staged,
        })?;
        Ok::<_, ExportError>(hex(&hash))
    };
    let written = Written {
        derivative: derivative(request, names, report),
        mask_sha256: sha256(&names.mask)?,
        changes_sha256: sha256(&names.changes)?,
        pixels: PixelCounts {
            masked: report.masked_pixels,
            blended: report.blended_pixels,
            changed: report.changed_pixels,
            changed_outside_mask: report.changed_outside_mask,
        },
        metadata: report.metadata.clone(),
        not_carried: report.not_carried.clone(),
    };
    let ExportRequest {
        photo,
        mask,
        restoration,
        ..
    } = request;
    let record = build_record(photo, mask, restoration, circumstances, names, written)?;
    write_bytes(&set.staged(&names.record), &record.to_json()?, false)?;

    let in_manifest = [
        &names.derivative,
        &names.mask,
        &names.changes,
        &names.record,
    ];
    let mut lines = Vec::new();
    for path in in_manifest {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push((name.into_owned(), sha256(path)?));
    }
    let text = manifest_text(lines.iter().map(|(name, hash)| (&**name, &**hash)));
    write_bytes(&set.staged(&names.manifest), text.as_bytes(), false)?;
    Ok(())
}

fn derivative(
    request: &ExportRequest,
    names: &DossierNames,
    report: &ExportReport,
) -> DerivativeFile {
    let format = request.options.format;
    DerivativeFile {
        file: names
            .derivative
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        format: format.name().to_owned(),
        sha256: hex(&report.sha256),
        bytes: report.file_bytes,
        lossy: report.lossy,
        quality: coded_quality(&request.photo, format),
        largest_difference: report.largest_difference,
        largest_difference_outside_mask: Some(report.largest_difference_outside_mask),
        renewed_reduced_copies: report.renewed_copies,
    }
}

/// Refuses to testify to a master that is not the one that was opened.
fn check_master(photo: &Photo) -> Result<(), ExportError> {
    let path = photo.path();
    match sha256_file(path) {
        Ok(now) if now == photo.source().sha256 => Ok(()),
        Ok(_) => Err(ExportError::MasterChanged {
            path: path.to_path_buf(),
        }),
        Err(source) => Err(ExportError::Hash {
            source,
            path: path.to_path_buf(),
        }),
    }
}

impl From<RecordError> for ExportError {
    fn from(source: RecordError) -> Self {
        Self::Record { source }
    }
}
