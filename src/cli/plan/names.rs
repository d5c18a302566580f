//! The names and kinds of a command's results, one photo at a time. What clashes with what is decided above.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::super::Stop;
use super::super::args::{Format, Output, RestoreArgs};
use super::FilePlan;
use crate::io::{NameTemplate, OutputFormat, mask_name_of};
use crate::record::{DossierNames, RecordError, check_name};

/// The plan of `-o`, which names one result.
pub(super) fn one_file(args: &RestoreArgs, output: &Path) -> Result<FilePlan, Stop> {
    let [input] = args.inputs.as_slice() else {
        return Err(Stop::usage(
            "-o names one file; use --out-dir for several photos",
        ));
    };
    let mask_target = args
        .output
        .mask_out
        .as_deref()
        .map(|mask| {
            if mask.is_dir() {
                Ok(mask.join(mask_name(input)))
            } else {
                refuse_mask_name(mask).map(|()| mask.to_path_buf())
            }
        })
        .transpose()?;
    Ok(FilePlan {
        input: input.clone(),
        target: output.to_path_buf(),
        format: format_of_output(output, &args.output)?,
        mask_target,
        dossier: dossier_of(input, output, args)?,
    })
}

/// The plans of `--out-dir`, and the folders to be made for them.
pub(super) fn into_folder(
    args: &RestoreArgs,
    folder: &Path,
) -> Result<(Vec<FilePlan>, Vec<PathBuf>), Stop> {
    let mut folders = vec![folder.to_path_buf()];
    let mask_out = args.output.mask_out.as_deref();
    let masks_in_folder = args.inputs.len() > 1 || mask_out.is_some_and(Path::is_dir);
    match mask_out {
        Some(mask) if masks_in_folder => {
            if !mask.is_dir() && OutputFormat::from_path(mask).is_some() {
                return Err(Stop::usage(format!(
                    "with several photos --mask-out names a folder, not a file: {}",
                    mask.display()
                )));
            }
            folders.push(mask.to_path_buf());
        }
        Some(mask) => refuse_mask_name(mask)?,
        None => {}
    }
    let plain = NameTemplate::plain();
    let template = args.name_template.as_ref().unwrap_or(&plain);
    let mask_of = |input: &Path, target: &Path| {
        mask_out.map(|mask| match (masks_in_folder, &args.name_template) {
            (false, _) => mask.to_path_buf(),
            (true, None) => mask.join(mask_name(input)),
            // Versions have masks of their own.
            (true, Some(_)) => mask.join(mask_name_of(target, "png")),
        })
    };
    let mut taken: Vec<PathBuf> = Vec::new();
    let mut file = |input: &PathBuf| {
        let format = match args.output.format {
            Some(format) => output_format(format, &args.output),
            None if is_tiff(input) => OutputFormat::Tiff,
            None => OutputFormat::Png,
        };
        let is_taken = |target: &Path| {
            let mask = mask_of(input, target).filter(|_| masks_in_folder);
            // The master's own name, for one, which the next version is not.
            let Ok(dossier) = dossier_of(input, target, args) else {
                return true;
            };
            let plan = FilePlan {
                input: input.clone(),
                target: target.to_path_buf(),
                format,
                mask_target: mask,
                dossier,
            };
            let is_there = |path: &Path| path.symlink_metadata().is_ok();
            plan.targets()
                .any(|path| is_there(path) || taken.iter().any(|other| other == path))
        };
        let target = template.free(input, folder, format, is_taken);
        let file = FilePlan {
            input: input.clone(),
            dossier: dossier_of(input, &target, args)?,
            mask_target: mask_of(input, &target),
            target,
            format,
        };
        if template.counts() {
            taken.extend(file.targets().map(Path::to_path_buf));
        }
        Ok(file)
    };
    let files: Result<_, Stop> = args.inputs.iter().map(&mut file).collect();
    Ok((files?, folders))
}

/// The names of the dossier around `target`, if one was asked for; its record must be able to hold the names of master
/// and mask too, and none of them may be the master's.
fn dossier_of(
    input: &Path,
    target: &Path,
    args: &RestoreArgs,
) -> Result<Option<DossierNames>, Stop> {
    let names = || {
        check_name(input)?;
        args.mask_in.as_deref().map_or(Ok(()), check_name)?;
        let names = DossierNames::new(target)?;
        names.refuse_masters_name(input).map(|()| names)
    };
    let names = args.output.dossier.then(names).transpose();
    names.map_err(|error: RecordError| Stop::Failed(error.into()))
}

fn mask_name(input: &Path) -> OsString {
    let mut name = input.file_stem().unwrap_or_default().to_os_string();
    name.push("_mask.png");
    name
}

/// Refuses a mask whose name does not end in a lossless format.
pub(in crate::cli) fn refuse_mask_name(mask: &Path) -> Result<(), Stop> {
    match OutputFormat::from_path(mask) {
        Some(OutputFormat::Png | OutputFormat::Tiff) => Ok(()),
        _ => Err(Stop::usage(format!(
            "a mask is written as PNG or TIFF; end its name in .png or .tif: {}",
            mask.display()
        ))),
    }
}

fn format_of_output(output: &Path, options: &Output) -> Result<OutputFormat, Stop> {
    let by_name = OutputFormat::from_path(output);
    let by_option = options.format.map(|format| output_format(format, options));
    match (by_name, by_option) {
        (Some(by_name), Some(by_option)) if by_name.name() != by_option.name() => {
            Err(Stop::usage(format!(
                "--format says {} and the name of the result {}; change one of them: {}",
                by_option.name(),
                by_name.name(),
                output.display()
            )))
        }
        (Some(OutputFormat::Jpeg { quality }), None) => Ok(OutputFormat::Jpeg {
            quality: options.quality.or(quality),
        }),
        (_, Some(format)) | (Some(format), None) => Ok(format),
        (None, None) => Err(Stop::usage(format!(
            "the name of the result does not end in .png, .tif, .tiff, .jpg or .jpeg; choose one of these or add --format: {}",
            output.display()
        ))),
    }
}

fn output_format(format: Format, options: &Output) -> OutputFormat {
    match format {
        Format::Tiff => OutputFormat::Tiff,
        Format::Png => OutputFormat::Png,
        Format::Jpeg => OutputFormat::Jpeg {
            quality: options.quality,
        },
    }
}

/// Whether the content starts like a TIFF or `BigTIFF`; false for what cannot be read, which fails later with its reason.
///
/// Source: TIFF 6.0, section 2 (byte order, 42); `BigTIFF` has 43.
fn is_tiff(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = path
        .is_file()
        .then(|| std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)));
    matches!(read, Some(Ok(()))) && matches!(&start, b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+")
}
