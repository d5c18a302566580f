//! `verify`: are the files those of the record, and does restoring again give the same pixels?

use std::path::Path;

use anyhow::Context as _;

use super::Stop;
use super::args::VerifyArgs;
use super::restore::restore_stop;
use super::session::Session;
use crate::io::{ExportOptions, OutputFormat, digital_source_type, export_photo, load_mask};
use crate::photo::{Photo, Samples, TransferChoice};
use crate::record::{
    Agreement, HashOutcome, ManifestCheck, Record, agreement, changed_outside_mask, check_hashes,
    check_manifest, count_pixels, mend_again, recorded_windows,
};
use crate::restore::{AlphaRaster, Restoration, composite_rect, rerender};

/// The first version of records whose toned prints have the tone around each place; before it was that of a window.
const LOCAL_TONE_VERSION: u32 = 3;

/// Checks one record.
pub(super) fn run(args: &VerifyArgs, session: &mut Session<'_>) -> Result<(), Stop> {
    // Before the record is read: a set killed while it replaced an older one may hold another.
    let named =
        Record::read(&args.record).map(|record| args.record.with_file_name(record.master.file));
    session.say_leftovers(
        &args.record,
        args.master.as_deref().or(named.ok().as_deref()),
    );
    let record = Record::read(&args.record).map_err(anyhow::Error::from)?;
    let folder = match args.record.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let beside = folder.join(&record.master.file);
    let master = args.master.as_deref().unwrap_or(&beside);
    check_record(&args.record, session)?;
    check_files(&record, folder, master, args, session)?;
    if args.hashes {
        return Ok(());
    }
    let photo = session.open_page(master, record.master.page.or(session.common.page))?;
    // As it was then: what a program tells of a file may change, and a person may have said otherwise.
    let choice = TransferChoice::to_be(record.picture.linear, photo.stated_transfer());
    let photo = photo.taken_as(choice);
    let alpha = load_mask(
        &folder.join(&record.mask.file),
        photo.size(),
        &session.limits,
    );
    let alpha = AlphaRaster::new(photo.size(), alpha.map_err(anyhow::Error::from)?);
    let restored = restore_again(&record, &photo, &alpha, session)?;
    let derivative = open_derivative(&record, folder, session)?;
    let found = compare(&record, &derivative, &photo, &alpha, &restored, session)?;
    session.console.end_progress();
    check_counts(&record, &photo, &alpha, &restored, found)?;
    // Pixels that differ are the greater finding.
    if found.is_some_and(|found| found.largest_levels <= 1) {
        check_source_type(&record, &derivative)?;
    }
    judge(&record, found, session)
}

/// Says whether the record is the one that the manifest beside it names; fails when it is another.
fn check_record(path: &Path, session: &Session<'_>) -> Result<(), Stop> {
    let found = check_manifest(path).with_context(|| {
        format!(
            "the record cannot be read a second time: {}",
            path.display()
        )
    })?;
    match found {
        ManifestCheck::Same(_) => {
            session.console.result(&format!(
                "record: as the manifest says: {}",
                path.display()
            ));
            Ok(())
        }
        ManifestCheck::Missing(manifest) => {
            session.console.result(&format!(
                "record: not checked, its manifest cannot be read: {}",
                manifest.display()
            ));
            Ok(())
        }
        ManifestCheck::Different(manifest) => Err(anyhow::anyhow!(
            "the record is not the one that {} names: it was altered, or the two do not belong together; get both from a copy that was kept: {}",
            manifest.display(),
            path.display()
        )
        .into()),
    }
}

/// Says of every file whether it is the record's; fails when one is not.
fn check_files(
    record: &Record,
    folder: &Path,
    master: &Path,
    args: &VerifyArgs,
    session: &Session<'_>,
) -> Result<(), Stop> {
    let mut failed = 0;
    let files = [
        &record.derivative.file,
        &record.mask.file,
        &record.changes.file,
    ];
    let is_taken = args.master.is_none() && files.contains(&&record.master.file);
    for check in check_hashes(record, folder, master) {
        let is_master = check.what == "master";
        let outcome = match check.outcome {
            // Such dossiers are refused now, but may have been written.
            _ if is_master && is_taken => {
                HashOutcome::Unreadable(std::io::Error::other("a file of the dossier has its name"))
            }
            outcome => outcome,
        };
        let said = match outcome {
            HashOutcome::Same => "as recorded".to_owned(),
            HashOutcome::Different => "NOT the file of the record".to_owned(),
            // A dossier may be kept apart from its master.
            HashOutcome::Unreadable(_) if is_master && args.hashes && args.master.is_none() => {
                session.console.result(&format!(
                    "master: not beside the record, not checked (name it with --master): {}",
                    check.path.display()
                ));
                continue;
            }
            HashOutcome::Unreadable(error) if is_master => {
                format!("cannot be read ({error}); name it with --master")
            }
            HashOutcome::Unreadable(error) => format!("cannot be read ({error})"),
        };
        failed += u32::from(said != "as recorded");
        let line = format!("{}: {said}: {}", check.what, check.path.display());
        session.console.result(&line);
    }
    if failed == 0 {
        return Ok(());
    }
    Err(anyhow::anyhow!(
        "{failed} of the files are missing or not those of the record; get them from a copy that was kept: {}",
        args.record.display()
    )
    .into())
}

/// The restored pixels once more, from master, α and models.
fn restore_again(
    record: &Record,
    photo: &Photo,
    alpha: &AlphaRaster,
    session: &mut Session<'_>,
) -> Result<Samples, Stop> {
    let windows = recorded_windows(record);
    let mut restoration = if windows.is_empty() {
        Restoration::new(0)
    } else {
        session.engine()?;
        let (cancel, console) = (session.cancel.clone(), session.console);
        let engine = session.engine()?;
        let models = engine.models();
        let same = models.len() == record.models.len()
            && models
                .iter()
                .zip(&record.models)
                .all(|(own, recorded)| own.sha256 == recorded.sha256);
        if !same {
            let ids: Vec<&str> = record.models.iter().map(|model| &*model.id).collect();
            return Err(anyhow::anyhow!(
                "the photo was restored with other models than these; name the folder that holds {} with --models",
                ids.join(" and ")
            )
            .into());
        }
        let provider = engine.provider().kind.name();
        if let Some(runtime) = &record.runtime
            && runtime.provider != provider
        {
            console.note(&format!(
                "The photo was restored on {} and is checked on {provider}; only the same kind gives the same last digits",
                runtime.provider
            ));
        }
        rerender(photo, alpha, &windows, engine, console, &cancel).map_err(restore_stop)?
    };
    let repairs = mend_again(record, photo, &session.cancel).map_err(anyhow::Error::from)?;
    restoration.set_repairs(repairs);
    Ok(composite_rect(photo, &restoration, photo.size().rect()))
}

/// Holds the derivative against the pixels restored again; `None` when it is a picture of another kind.
///
/// # Errors
/// [`Stop::Failed`] when a file cannot be read, or a lossless derivative differs from its master where α is 0: nothing was
/// computed there, so no last digit is forgiven.
fn compare(
    record: &Record,
    derivative: &Photo,
    photo: &Photo,
    alpha: &AlphaRaster,
    restored: &Samples,
    session: &Session<'_>,
) -> Result<Option<Agreement>, Stop> {
    if !record.derivative.lossy {
        let same_kind = derivative.size() == photo.size() && derivative.alpha() == photo.alpha();
        let found = agreement(derivative.samples(), restored).filter(|_| same_kind);
        if found.is_some()
            && let Some(changed) =
                changed_outside_mask(derivative.samples(), photo.samples(), alpha.values())
            && changed > 0
        {
            return Err(anyhow::anyhow!(
                "differs: {changed} samples of {} differ from the master outside the mask, where nothing may change",
                record.derivative.file
            )
            .into());
        }
        return Ok(found);
    }
    // Compressed again in the same way: compression has no chance in it either.
    let scratch = tempfile::tempdir().context("no temporary folder can be made")?;
    let again = scratch.path().join("again.jpg");
    let options = ExportOptions {
        format: OutputFormat::Jpeg {
            quality: record.derivative.quality,
        },
        overwrite: false,
    };
    export_photo(photo, restored, &again, &options).map_err(anyhow::Error::from)?;
    let again = session.open_quietly(&again, None)?;
    let same_kind = derivative.size() == again.size();
    Ok(agreement(derivative.samples(), again.samples()).filter(|_| same_kind))
}

/// Holds the digital source type that the record says was written against the one in the derivative's XMP.
fn check_source_type(record: &Record, derivative: &Photo) -> Result<(), Stop> {
    let metadata = &record.metadata;
    let Some(recorded) = metadata.digital_source_type.as_deref() else {
        return Ok(());
    };
    let packet = derivative.metadata().xmp.as_deref();
    let stated = packet.and_then(digital_source_type);
    // Earlier versions took a packet for written that a PNG had no place for.
    let left_out = record.not_carried.iter().any(|it| it.starts_with("XMP:"));
    if !metadata.xmp_extended || left_out || stated.as_deref() == Some(recorded) {
        return Ok(());
    }
    Err(anyhow::anyhow!(
        "differs: the record has {recorded} for metadata.digital_source_type, {} states {}; one of them was altered",
        record.derivative.file,
        stated.as_deref().unwrap_or("none")
    )
    .into())
}

/// Opens the derivative. A TIFF made from a TIFF keeps all pages of its master, or holds the restored one alone; other formats
/// have no pages.
fn open_derivative(record: &Record, folder: &Path, session: &Session<'_>) -> Result<Photo, Stop> {
    let path = &folder.join(&record.derivative.file);
    if record.derivative.format != OutputFormat::Tiff.name() {
        return session.open_quietly(path, None);
    }
    match session.open_quietly(path, record.master.page.or(session.common.page)) {
        Err(Stop::Failed(_)) => session.open_quietly(path, None),
        opened => opened,
    }
}

/// Counts again what the record says was blended and changed.
///
/// # Errors
/// [`Stop::Failed`] when it says something else. Changes are only counted where the pixels are certain to be the same.
fn check_counts(
    record: &Record,
    photo: &Photo,
    alpha: &AlphaRaster,
    restored: &Samples,
    found: Option<Agreement>,
) -> Result<(), Stop> {
    let is_identical = found.is_some_and(|found| found.differing_samples == 0);
    let channels = photo.channels().count();
    let changed = count_pixels(restored, photo.samples(), channels).filter(|_| is_identical);
    let blended = alpha.values().iter().filter(|&&value| value > 0).count() as u64;
    let recorded = &record.pixels;
    let counts = [
        ("blended", recorded.blended, Some(blended)),
        ("changed", recorded.changed, changed),
        (
            "changed_outside_mask",
            recorded.changed_outside_mask,
            Some(0),
        ),
    ];
    for (what, recorded, counted) in counts {
        if let Some(counted) = counted
            && recorded != counted
        {
            return Err(anyhow::anyhow!(
                "differs: the record has {recorded} for pixels.{what}, counted again it is {counted}; the record was altered"
            )
            .into());
        }
    }
    Ok(())
}

fn judge(record: &Record, found: Option<Agreement>, session: &Session<'_>) -> Result<(), Stop> {
    let name = &record.derivative.file;
    let Some(found) = found else {
        return Err(anyhow::anyhow!(
            "differs: {name} has another size, depth or transparency than its master"
        )
        .into());
    };
    match (found.differing_samples, found.largest_levels) {
        (0, _) => session.console.result(&format!(
            "identical: restoring {} again gives every pixel of {name}",
            record.master.file
        )),
        (differing, 1) => session.console.result(&format!(
            "within 1 level: {differing} samples of {name} differ, by at most {} code values (1 of 255 levels)",
            found.largest_difference
        )),
        (differing, levels) => {
            let version = record.schema_version;
            let reason = if version < LOCAL_TONE_VERSION {
                format!(
                    "; the record is of version {version}, and fills of toned prints take their colour otherwise since version {LOCAL_TONE_VERSION}"
                )
            } else {
                String::new()
            };
            return Err(anyhow::anyhow!(
                "differs: {differing} samples of {name} differ, by up to {} code values ({levels} of 255 levels){reason}",
                found.largest_difference
            )
            .into());
        }
    }
    Ok(())
}
