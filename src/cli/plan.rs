//! Which file is made from which: names, kinds and clashes, settled before any work begins. Nothing is decoded or written.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Stop;
use super::args::{Format, Output, RestoreArgs};
use crate::io::{
    EncodeError, NameTemplate, OutputFormat, check_target, check_writable, differ_in_case_only,
    folds_case, is_same_file, mask_name_of,
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

fn one_file(args: &RestoreArgs, output: &Path) -> Result<FilePlan, Stop> {
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
        dossier: dossier_of(output, args)?,
    })
}

fn into_folder(args: &RestoreArgs, folder: &Path) -> Result<(Vec<FilePlan>, Vec<PathBuf>), Stop> {
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
            let dossier = dossier_of(target, args).ok().flatten();
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
            dossier: dossier_of(&target, args)?,
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

/// The names of the dossier around `target`, if one was asked for.
fn dossier_of(target: &Path, args: &RestoreArgs) -> Result<Option<DossierNames>, Stop> {
    let names = args.output.dossier.then(|| DossierNames::new(target));
    names
        .transpose()
        .map_err(|error| Stop::Failed(error.into()))
}

fn mask_name(input: &Path) -> OsString {
    let mut name = input.file_stem().unwrap_or_default().to_os_string();
    name.push("_mask.png");
    name
}

/// Refuses a mask whose name does not end in a lossless format.
pub(super) fn refuse_mask_name(mask: &Path) -> Result<(), Stop> {
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

/// One spelling for one place: the folder without links, then the name.
fn place(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let folder = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf());
    folder.join(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::{Cli, Command};
    use super::*;

    fn plan(line: &str) -> Result<Plan, Stop> {
        let words = std::iter::once("unscratch").chain(line.split_whitespace());
        let cli = Cli::try_parse_from(words).unwrap();
        let Some(Command::Restore(args)) = cli.command else {
            panic!("not a restore line");
        };
        Plan::new(&args, cli.common.overwrite)
    }

    fn usage(line: &str) -> String {
        match plan(line) {
            Err(Stop::Usage(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_kind_of_file_comes_from_the_name_or_the_option() {
        let format = |line: &str| plan(line).unwrap().files[0].format;
        assert_eq!(format("restore a -o b.TIF"), OutputFormat::Tiff);
        assert_eq!(format("restore a -o b --format tiff"), OutputFormat::Tiff);
        assert_eq!(
            format("restore a -o b.jpg --quality 80"),
            OutputFormat::Jpeg { quality: Some(80) }
        );
        assert_eq!(
            format("restore a --out-dir d --format jpeg"),
            OutputFormat::Jpeg { quality: None }
        );
        assert_eq!(format("restore a --out-dir d"), OutputFormat::Png);
    }

    #[test]
    fn names_that_contradict_or_say_nothing_are_wrong_options() {
        assert!(usage("restore a -o b.xyz").contains(".png"));
        assert!(usage("restore a -o b").contains("--format"));
        assert!(usage("restore a -o b.png --format tiff").contains("TIFF"));
        assert!(usage("restore a -o b.png --quality 80").contains("JPEG"));
        assert!(usage("restore a c -o b.png").contains("--out-dir"));
        assert!(usage("restore a -o b.png --mask-out m.jpg").contains("PNG or TIFF"));
        assert!(usage("restore a c --out-dir d --mask-out m.png").contains("folder"));
    }

    #[test]
    fn several_photos_get_names_of_their_own() {
        let plan = plan("restore x/a.jpg y/b.png --out-dir out --mask-out masks").unwrap();
        let targets: Vec<_> = plan.files.iter().map(|f| f.target.clone()).collect();
        assert_eq!(
            targets,
            ["out/a_restored.png", "out/b_restored.png"].map(PathBuf::from)
        );
        assert_eq!(
            plan.files[1].mask_target,
            Some(PathBuf::from("masks/b_mask.png"))
        );
        assert_eq!(plan.folders, ["out", "masks"].map(PathBuf::from));
    }

    #[test]
    fn versions_count_up_past_files_and_past_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().display();
        std::fs::write(folder.path().join("a_restored.png"), b"older").unwrap();
        std::fs::write(folder.path().join("a_restored_v02_mask.png"), b"a mask").unwrap();
        let line = format!(
            "restore x/a.jpg y/a.jpg --out-dir {out} --mask-out {out} --name-template {{stem}}_restored{{_vNN}}"
        );
        let plan = plan(&line).unwrap();
        let names: Vec<_> = plan
            .files
            .iter()
            .flat_map(|f| {
                [
                    f.target.file_name(),
                    f.mask_target.as_ref().unwrap().file_name(),
                ]
            })
            .map(|name| name.unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "a_restored_v03.png",
                "a_restored_v03_mask.png",
                "a_restored_v04.png",
                "a_restored_v04_mask.png"
            ]
        );
        assert!(usage("restore a -o b.png --name-template {stem}").contains("--out-dir"));
    }

    #[test]
    fn two_results_with_one_name_are_refused_before_any_work() {
        for line in [
            "restore x/a.jpg y/a.png --out-dir out",
            "restore a -o ./b.png --mask-out b.png",
            "restore a.jpg --out-dir out --report out/a_restored.png",
            "restore a.jpg --out-dir out --dossier --report out/a_restored_changes.png",
            "restore a.jpg -o b.png --dossier --report b_mask.tif",
        ] {
            let Err(Stop::Failed(error)) = plan(line) else {
                panic!("{line} was accepted");
            };
            assert!(error.to_string().contains("one file"), "{error}");
        }
    }

    #[test]
    fn no_original_is_ever_a_target() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("a_restored.png");
        std::fs::write(&original, b"x").unwrap();
        let folder = folder.path().display();
        for line in [
            format!(
                "restore {folder}/a.png {folder}/a_restored.png --out-dir {folder} --overwrite"
            ),
            format!("restore {folder}/a_restored.png -o {folder}/./a_restored.png --overwrite"),
            format!(
                "restore {folder}/a_restored.png -o {folder}/b.png --report {folder}/a_restored.png --overwrite"
            ),
        ] {
            let Err(Stop::Failed(error)) = plan(&line) else {
                panic!("{line} was accepted");
            };
            assert!(error.to_string().contains("original"), "{error}");
        }
    }
}
