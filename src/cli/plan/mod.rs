//! Which file is made from which: names, kinds and clashes, settled before any work begins. Nothing is decoded or written.

mod names;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(super) use self::names::refuse_mask_name;
use self::names::{into_folder, one_file};
use super::Stop;
use super::args::RestoreArgs;
use crate::io::{
    EncodeError, OutputFormat, check_target, check_writable, differ_in_case_only, folds_case,
    is_same_file,
};
use crate::record::DossierNames;

/// Why the files of one command cannot stand side by side.
#[derive(Debug, thiserror::Error)]
enum PlanError {
    #[error(
        "two results would be one file, so nothing was done; restore {first:?} and {second:?} separately or rename one: {path:?}"
    )]
    SameResult {
        first: PathBuf,
        second: PathBuf,
        path: PathBuf,
    },
    #[error("two results would be one file; choose another name: {path:?}")]
    SameName { path: PathBuf },
    #[error("the report would be one file with a result; choose another name: {path:?}")]
    ReportIsResult { path: PathBuf },
    #[error("this is a file, not a folder; choose another name: {path:?}")]
    FolderIsFile { path: PathBuf },
    #[error(
        "this is the mask that was given, which is never overwritten; choose another name: {path:?}"
    )]
    IsGivenMask { path: PathBuf },
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<EncodeError> for Stop {
    fn from(error: EncodeError) -> Self {
        Self::Failed(error.into())
    }
}

/// One photo to restore.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilePlan {
    pub input: PathBuf,
    pub target: PathBuf,
    pub format: OutputFormat,
    pub mask_target: Option<PathBuf>,
    /// The names of the dossier, if one is to be written.
    pub dossier: Option<DossierNames>,
}

impl FilePlan {
    /// Every file written for this photo.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        let in_dossier = self.dossier.iter().flat_map(DossierNames::all);
        let alone = [Some(&self.target), self.mask_target.as_ref()];
        let alone = alone.into_iter().flatten().map(PathBuf::as_path);
        alone.filter(|_| self.dossier.is_none()).chain(in_dossier)
    }
}

/// Everything one `restore` will do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub files: Vec<FilePlan>,
    /// Folders to make right before the first file is written to them.
    pub folders: Vec<PathBuf>,
    pub report: Option<PathBuf>,
    /// The mask to repair by, if one was given.
    pub mask_in: Option<PathBuf>,
}

impl Plan {
    /// Settles names and kinds of all files.
    ///
    /// # Errors
    /// [`Stop::Usage`] when the options do not fit together, [`Stop::Failed`] when two files clash.
    pub fn new(args: &RestoreArgs, overwrite: bool) -> Result<Self, Stop> {
        let (files, folders) = match (&args.target.output, &args.target.out_dir) {
            (Some(output), _) => (vec![one_file(args, output)?], Vec::new()),
            (None, Some(folder)) => into_folder(args, folder)?,
            (None, None) => return Err(Stop::usage("name the result with -o or --out-dir")),
        };
        if args.name_template.is_some() && args.target.out_dir.is_none() {
            return Err(Stop::usage(
                "--name-template names files in a folder; use it with --out-dir",
            ));
        }
        if args.output.quality.is_some()
            && !files
                .iter()
                .any(|file| matches!(file.format, OutputFormat::Jpeg { .. }))
        {
            return Err(Stop::usage("--quality is for JPEG; add --format jpeg"));
        }
        let plan = Self {
            files,
            folders,
            report: args.output.report.clone(),
            mask_in: args.mask_in.clone(),
        };
        plan.refuse_files_as_folders()?;
        plan.refuse_clashes()?;
        plan.refuse_report(overwrite)?;
        Ok(plan)
    }

    /// Whether several photos were named.
    pub fn has_several(&self) -> bool {
        self.files.len() > 1
    }

    fn refuse_files_as_folders(&self) -> Result<(), Stop> {
        match self.folders.iter().find(|f| f.exists() && !f.is_dir()) {
            Some(file) => Err(PlanError::FolderIsFile { path: file.clone() }.into()),
            None => Ok(()),
        }
    }

    /// No two files may be written to one place, and none over any of the originals or the given mask.
    fn refuse_clashes(&self) -> Result<(), Stop> {
        let mut writers: HashMap<PathBuf, &Path> = HashMap::new();
        for file in &self.files {
            for target in file.targets() {
                let place = place(target);
                let twin = writers.keys().find(|other| is_twin(other, &place));
                let twin = twin.and_then(|twin| writers.get(twin).copied());
                if let Some(first) = writers.insert(place, &file.input).or(twin) {
                    let path = target.to_path_buf();
                    // Of one photo they are its result and its mask.
                    let error = if self.has_several() {
                        PlanError::SameResult {
                            first: first.to_path_buf(),
                            second: file.input.clone(),
                            path,
                        }
                    } else {
                        PlanError::SameName { path }
                    };
                    return Err(error.into());
                }
                self.refuse_given(target)?;
            }
        }
        if let Some(report) = &self.report
            && writers.contains_key(&place(report))
        {
            return Err(PlanError::ReportIsResult {
                path: report.clone(),
            }
            .into());
        }
        Ok(())
    }

    /// Refuses a target that is a file given to work from, under whatever name.
    fn refuse_given(&self, target: &Path) -> Result<(), Stop> {
        if let Some(mask) = &self.mask_in
            && is_same_file(mask, target)
        {
            let path = target.to_path_buf();
            return Err(PlanError::IsGivenMask { path }.into());
        }
        self.files
            .iter()
            .try_for_each(|file| refuse_original(&file.input, target))
    }

    fn refuse_report(&self, overwrite: bool) -> Result<(), Stop> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        self.refuse_given(report)?;
        refuse_target(report, overwrite, &self.folders)
    }
}

/// Whether two places are one because their disk does not tell upper from lower case.
fn is_twin(a: &Path, b: &Path) -> bool {
    let (Some(name_a), Some(name_b)) = (a.file_name(), b.file_name()) else {
        return false;
    };
    a.parent() == b.parent() && differ_in_case_only(name_a, name_b) && folds_case(folder_of(a))
}

/// Refuses targets that are one file, or the original.
pub(super) fn refuse_same_or_original(input: &Path, targets: &[&PathBuf]) -> Result<(), Stop> {
    let mut places = Vec::new();
    for target in targets {
        refuse_original(input, target)?;
        let place = place(target);
        if places.contains(&place) {
            return Err(PlanError::SameName {
                path: PathBuf::clone(target),
            }
            .into());
        }
        places.push(place);
    }
    Ok(())
}

fn refuse_original(input: &Path, target: &Path) -> Result<(), Stop> {
    if !is_same_file(input, target) {
        return Ok(());
    }
    Err(EncodeError::IsMaster {
        path: target.to_path_buf(),
    }
    .into())
}

/// Refuses a target that cannot be written, or exists already; the folders to be made count as there.
///
/// Asked before any work: nobody should wait for a repair that cannot be kept.
pub(super) fn refuse_target(
    target: &Path,
    overwrite: bool,
    folders_to_make: &[PathBuf],
) -> Result<(), Stop> {
    match check_target(target, None, overwrite) {
        Err(EncodeError::NoFolder { folder }) if folders_to_make.contains(&folder) => {}
        checked => checked?,
    }
    Ok(check_writable(target)?)
}

/// The folder a file lies in; `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// One spelling for one place: the folder without links, then the name.
fn place(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let folder = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf());
    folder.join(path.file_name().unwrap_or_default())
}
