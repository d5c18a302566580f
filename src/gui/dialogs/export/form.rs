//! What the export dialog's fields hold, what they make of each other, and what stands against them. Draws nothing.

use std::path::{Path, PathBuf};

use super::super::archive::{DossierForm, Preset};
use crate::gui::settings::Settings;
use crate::jobs::{
    ExportOptions, NameTemplate, OutputFormat, check_writable, foretell_history, foretell_losses,
    foretell_rewriting, is_same_file, mask_name_of,
};
use crate::photo::{FileFormat, Photo};
use crate::record::{DossierNames, RecordError, check_name};

/// Formats offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lossless, smaller.
    Png,
    /// Lossless, what archives keep.
    Tiff,
    /// Lossy, small.
    Jpeg,
}

impl Format {
    pub(super) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Tiff, "TIFF", "Lossless; what archives keep"),
        (Self::Png, "PNG", "Lossless; opens everywhere"),
        (
            Self::Jpeg,
            "JPEG",
            "Small, 8 bit; every pixel changes a little",
        ),
    ];
}

/// What is known of an export before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Foretold {
    /// The format this is true of.
    format: OutputFormat,
    /// Whether it is true with a dossier, or without.
    with_dossier: bool,
    /// Whether the file will be a copy of the master's with only repaired strips or tiles renewed.
    pub is_copy: bool,
    /// Why a TIFF of a TIFF is none.
    pub rewriting: Option<String>,
    /// What the format cannot carry.
    pub losses: Vec<String>,
}

impl Foretold {
    fn new(photo: &Photo, format: OutputFormat, with_dossier: bool) -> Self {
        let mut losses = foretell_losses(photo, format);
        if with_dossier {
            losses.extend(foretell_history(photo, format));
        }
        let is_tiff = photo.source().format == FileFormat::Tiff && format == OutputFormat::Tiff;
        let rewriting = foretell_rewriting(photo, format);
        Self {
            format,
            with_dossier,
            is_copy: is_tiff && rewriting.is_none(),
            rewriting,
            losses,
        }
    }
}

/// The dialog's fields.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportForm {
    /// Chosen format.
    pub format: Format,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
    /// Target path as typed.
    pub target: String,
    /// Whether the mask is written to a file of its own.
    pub with_mask: bool,
    /// The person agreed to replace what is there.
    pub may_replace: bool,
    /// What is written beside the photo for an archive.
    pub dossier: DossierForm,
    /// What an archive gets of this photo: the master's own kind where that is lossless.
    lossless: Format,
    /// Whether a JPEG is coded as its JPEG master was; the quality counts otherwise.
    pub jpeg_like_master: bool,
    /// The master, whose name new names are made of.
    master: PathBuf,
    /// Its page, counted from 0.
    page: u32,
    /// The name proposed last; a format chosen proposes anew unless the person typed another.
    proposed: String,
    /// Where names are proposed: where this photo or the last one was exported to, or beside the master.
    folder: PathBuf,
    /// What the format chosen makes of the master.
    foretold: Option<Foretold>,
    /// Why the folder took no file when the export was confirmed, and for which files.
    refused: Option<(Vec<PathBuf>, String)>,
}

impl ExportForm {
    /// Proposes a free name, `{stem}_restored` or its next version, where the last photo was written or beside the master: TIFF for a TIFF, else PNG, so that nothing outside the repair changes.
    pub fn new(photo: &Photo, settings: &Settings) -> Self {
        let format = match photo.source().format {
            FileFormat::Tiff => Format::Tiff,
            _ => Format::Png,
        };
        let mut form = Self {
            format,
            quality: settings.jpeg_quality,
            target: String::new(),
            with_mask: settings.export_mask,
            may_replace: false,
            dossier: DossierForm::new(settings),
            lossless: format,
            jpeg_like_master: photo.source().format == FileFormat::Jpeg,
            master: photo.path().to_path_buf(),
            page: photo.metadata().page,
            proposed: String::new(),
            folder: folder_for(photo, settings),
            foretold: None,
            refused: None,
        };
        form.propose();
        form
    }

    /// The same choices for another export of this photo: a name that was proposed becomes the next free one in the same
    /// folder, a name of the person's own stays, to be replaced only when agreed to again.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.may_replace = false;
        self.refused = None;
        if self.target == self.proposed {
            self.propose();
        }
        self
    }

    /// Whether these fields are for `photo`: the same page of the same file.
    pub fn is_for(&self, photo: &Photo) -> bool {
        self.master == photo.path() && self.page == photo.metadata().page
    }

    /// The photo was opened anew: why it is restored this time is to be said again.
    pub fn forget_reason(&mut self) {
        self.dossier.reason.clear();
    }

    /// Names the target by the template, with a version for which neither photo nor mask is there.
    fn propose(&mut self) {
        let folder = &self.folder;
        let is_taken = |path: &Path| {
            let is_there = |path: &Path| path.symlink_metadata().is_ok();
            let mask = path.with_file_name(mask_name_of(path, self.mask_extension()));
            let dossier = DossierNames::new(path).ok();
            let dossier = dossier.iter().flat_map(DossierNames::all);
            is_there(path)
                || (self.with_mask && is_there(&mask))
                || (self.dossier.is_wanted && dossier.into_iter().any(is_there))
        };
        let template = NameTemplate::counting();
        let path = template.free(&self.master, folder, self.output_format(), is_taken);
        self.target = path.display().to_string();
        self.proposed.clone_from(&self.target);
    }

    const fn jpeg_quality(&self) -> Option<u8> {
        if self.jpeg_like_master {
            None
        } else {
            Some(self.quality)
        }
    }

    const fn mask_extension(&self) -> &'static str {
        match self.format {
            Format::Tiff => "tif",
            Format::Png | Format::Jpeg => "png",
        }
    }

    /// Tries whether the target's folder takes files; what it says is shown until the target is another.
    pub fn try_folder(&mut self) -> bool {
        let targets = self.targets();
        let refused = targets.iter().find_map(|path| check_writable(path).err());
        self.refused = refused.map(|error| (targets, error.to_string()));
        self.refused.is_none()
    }

    /// What the chosen format makes of `photo`.
    pub(super) fn foretold(&mut self, photo: &Photo) -> &Foretold {
        let format = self.output_format();
        let with_dossier = self.dossier.is_wanted;
        let known = self.foretold.take();
        let known = known.filter(|it| (it.format, it.with_dossier) == (format, with_dossier));
        self.foretold
            .insert(known.unwrap_or_else(|| Foretold::new(photo, format, with_dossier)))
    }

    /// The format as the exporter knows it.
    pub const fn output_format(&self) -> OutputFormat {
        match self.format {
            Format::Png => OutputFormat::Png,
            Format::Tiff => OutputFormat::Tiff,
            Format::Jpeg => OutputFormat::Jpeg {
                quality: self.jpeg_quality(),
            },
        }
    }

    /// The target as a path.
    pub fn target_path(&self) -> PathBuf {
        let typed = PathBuf::from(self.target.trim());
        super::super::completed(typed, self.output_format().extension())
    }

    /// The mask's file beside the target: `{stem}_mask.png`, or `.tif` with a TIFF.
    pub fn mask_path(&self) -> Option<PathBuf> {
        let target = self.target_path();
        target.file_stem()?;
        (self.with_mask && !self.dossier.is_wanted)
            .then(|| target.with_file_name(mask_name_of(&target, self.mask_extension())))
    }

    /// The names of the dossier, if there is to be one and it can have names.
    pub fn dossier_names(&self) -> Option<DossierNames> {
        let names = self.dossier.is_wanted.then(|| self.target_path());
        names.and_then(|target| DossierNames::new(&target).ok())
    }

    /// Refuses names with which the record could not be written or checked, if there is to be one.
    fn check_dossier(&self, master: &Path) -> Result<(), RecordError> {
        if !self.dossier.is_wanted {
            return Ok(());
        }
        check_name(master)?;
        DossierNames::new(&self.target_path())?.refuse_masters_name(master)
    }

    /// Every file that would be written.
    pub fn targets(&self) -> Vec<PathBuf> {
        match self.dossier_names() {
            Some(names) => names.all().iter().rev().map(PathBuf::from).collect(),
            None => std::iter::once(self.target_path())
                .chain(self.mask_path())
                .collect(),
        }
    }

    /// The preset these fields are like.
    pub(super) fn preset(&self) -> Option<Preset> {
        match (self.format == Format::Jpeg, self.dossier.is_wanted) {
            (false, true) => Some(Preset::Archive),
            (true, false) if !self.with_mask => Some(Preset::Share),
            _ => None,
        }
    }

    /// Sets the fields for a purpose; everything can be changed afterwards.
    pub(super) fn take_preset(&mut self, preset: Preset) {
        self.dossier.is_wanted = preset == Preset::Archive;
        match preset {
            Preset::Archive => self.choose(self.lossless),
            Preset::Share => {
                self.with_mask = false;
                self.choose(Format::Jpeg);
            }
        }
    }

    /// What the exporter is told.
    pub const fn options(&self) -> ExportOptions {
        ExportOptions {
            format: self.output_format(),
            overwrite: self.may_replace,
        }
    }

    pub(super) fn choose(&mut self, format: Format) {
        self.format = format;
        self.may_replace = false;
        if self.target == self.proposed {
            self.propose();
            return;
        }
        let path = self
            .target_path()
            .with_extension(self.output_format().extension());
        self.target = path.display().to_string();
    }

    /// Takes over a target chosen elsewhere; its ending may change the format.
    pub fn set_target(&mut self, path: &Path) {
        match OutputFormat::from_path(path) {
            Some(OutputFormat::Png) => self.format = Format::Png,
            Some(OutputFormat::Tiff) => self.format = Format::Tiff,
            Some(OutputFormat::Jpeg { .. }) => self.format = Format::Jpeg,
            None => {}
        }
        let named = OutputFormat::from_path(path).is_some();
        let path = if named {
            path.to_path_buf()
        } else {
            path.with_extension(self.output_format().extension())
        };
        self.target = path.display().to_string();
        self.may_replace = false;
    }

    /// Why this cannot be written as it is.
    pub fn problem(&self, master: &Path) -> Option<Problem> {
        let target = self.target_path();
        if target.file_name().is_none() {
            return Some(Problem::Refused("Type a name for the new file.".to_owned()));
        }
        if is_same_file(&target, master) || target == master {
            return Some(Problem::Refused(
                "This is the original. It is never written over; choose another name.".to_owned(),
            ));
        }
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Some(Problem::Refused(format!(
                "There is no folder {}. Choose one that exists.",
                folder.display()
            )));
        }
        if OutputFormat::from_path(&target)
            .is_none_or(|named| named.extension() != self.output_format().extension())
        {
            let kind = self.output_format().extension();
            return Some(Problem::Refused(format!(
                "The name must end in .{kind} for this format."
            )));
        }
        let targets = self.targets();
        if targets.iter().any(|path| is_same_file(path, master)) {
            return Some(Problem::Refused(
                "A file beside it would be the original; choose another name.".to_owned(),
            ));
        }
        if let Err(error) = self.check_dossier(master) {
            return Some(Problem::Refused(format!(
                "The record cannot be written: {error}"
            )));
        }
        if let Some((of, reason)) = &self.refused
            && *of == targets
        {
            return Some(Problem::Refused(format!(
                "Nothing can be saved here: {reason}"
            )));
        }
        let existing: Vec<String> = targets
            .iter()
            .filter(|path| path.exists())
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        (!existing.is_empty()).then(|| Problem::Exists(super::listed(&existing)))
    }
}

/// The folder to propose: the last export's, while it is there, else the master's.
fn folder_for(photo: &Photo, settings: &Settings) -> PathBuf {
    let last = settings.export_folder.as_ref();
    let beside = || photo.path().parent().unwrap_or(Path::new(""));
    last.filter(|folder| folder.is_dir())
        .map_or_else(beside, PathBuf::as_path)
        .to_path_buf()
}

/// What stands against an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be done.
    Refused(String),
    /// Files of this name are there already.
    Exists(String),
}

#[cfg(test)]
mod tests;
