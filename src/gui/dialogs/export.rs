//! The export dialog: format, quality, target, mask file. It refuses the original and asks before replacing a file.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Grid, RichText, Slider, TextEdit, Ui};

use super::archive::{DossierForm, Preset, dossier_rows, preset_row};
use super::title;
use crate::gui::panels::caption;
use crate::gui::settings::Settings;
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::jobs::{ExportOptions, ExportReport, OutputFormat, is_same_file, restored_name};
use crate::photo::{FileFormat, Photo};
use crate::record::DossierNames;

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
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Tiff, "TIFF", "Lossless; what archives keep"),
        (Self::Png, "PNG", "Lossless; opens everywhere"),
        (
            Self::Jpeg,
            "JPEG",
            "Small, 8 bit; every pixel changes a little",
        ),
    ];
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
}

impl ExportForm {
    /// Proposes `{stem}_restored` beside the master: TIFF for a TIFF, else PNG, so that nothing outside the repair changes.
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
        };
        form.target = restored_name(photo.path(), form.output_format())
            .display()
            .to_string();
        form
    }

    /// The format as the exporter knows it.
    pub const fn output_format(&self) -> OutputFormat {
        match self.format {
            Format::Png => OutputFormat::Png,
            Format::Tiff => OutputFormat::Tiff,
            Format::Jpeg => OutputFormat::Jpeg {
                quality: self.quality,
            },
        }
    }

    /// The target as a path.
    pub fn target_path(&self) -> PathBuf {
        PathBuf::from(self.target.trim())
    }

    /// The mask's file beside the target: `{stem}_mask.png`, or `.tif` with a TIFF.
    pub fn mask_path(&self) -> Option<PathBuf> {
        let target = self.target_path();
        let kind = if self.format == Format::Tiff {
            "tif"
        } else {
            "png"
        };
        let stem = target.file_stem()?.to_string_lossy().into_owned();
        (self.with_mask && !self.dossier.is_wanted)
            .then(|| target.with_file_name(format!("{stem}_mask.{kind}")))
    }

    /// The names of the dossier, if there is to be one and it can have names.
    pub fn dossier_names(&self) -> Option<DossierNames> {
        let names = self.dossier.is_wanted.then(|| self.target_path());
        names.and_then(|target| DossierNames::new(&target).ok())
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
    fn preset(&self) -> Option<Preset> {
        match (self.format == Format::Jpeg, self.dossier.is_wanted) {
            (false, true) => Some(Preset::Archive),
            (true, false) if !self.with_mask => Some(Preset::Share),
            _ => None,
        }
    }

    /// Sets the fields for a purpose; everything can be changed afterwards.
    fn take_preset(&mut self, preset: Preset) {
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

    fn choose(&mut self, format: Format) {
        self.format = format;
        let path = self
            .target_path()
            .with_extension(self.output_format().extension());
        self.target = path.display().to_string();
        self.may_replace = false;
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
        let existing: Vec<String> = targets
            .iter()
            .filter(|path| path.exists())
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        (!existing.is_empty()).then(|| Problem::Exists(listed(&existing)))
    }
}

/// What stands against an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be done.
    Refused(String),
    /// Files of this name are there already.
    Exists(String),
}

/// Draws the dialog.
pub fn show(
    ui: &mut Ui,
    form: &mut ExportForm,
    model: &Model<'_>,
    has_system_dialog: bool,
    actions: &mut Vec<Action>,
) {
    let Some(document) = model.document else {
        actions.push(Action::CloseDialog);
        return;
    };
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(340.0, 600.0));
    title(ui, "Export the restored photo");
    fields(ui, form, document.photo(), has_system_dialog, actions);
    ui.add_space(8.0);
    let problem = form.problem(document.photo().path());
    let blocked = match &problem {
        Some(Problem::Refused(reason)) => {
            ui.label(RichText::new(reason).color(theme::ERROR));
            true
        }
        Some(Problem::Exists(names)) => {
            ui.checkbox(
                &mut form.may_replace,
                format!("Replace what is already there: {names}"),
            );
            !form.may_replace
        }
        None => false,
    };
    if !matches!(problem, Some(Problem::Refused(_))) {
        ui.label(RichText::new(what_is_written(form)).color(theme::TEXT_STRONG));
    }
    if model.work.filling.is_some() || model.work.detecting.is_some() {
        caption(ui, "The repair is still going on; the export waits for it.");
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let export = ui.add_enabled(!blocked, theme::primary_button("Export"));
        // A button that has the keyboard answers to Enter itself.
        let enter = ui.memory(|memory| memory.focused().is_none())
            && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if export.clicked() || (enter && !blocked) {
            actions.push(Action::ConfirmExport);
        }
        if ui.button("Cancel").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}

fn fields(
    ui: &mut Ui,
    form: &mut ExportForm,
    photo: &Photo,
    has_system_dialog: bool,
    actions: &mut Vec<Action>,
) {
    Grid::new("export").num_columns(2).spacing([16.0, 12.0]).show(ui, |ui| {
        if let Some(preset) = preset_row(ui, form.preset()) {
            form.take_preset(preset);
        }
        ui.label("Format");
        ui.horizontal(|ui| {
            for (format, name, tooltip) in Format::ALL {
                let button = egui::Button::selectable(form.format == format, name).frame_when_inactive(true).min_size(egui::vec2(72.0, 28.0));
                if ui.add(button).on_hover_text(tooltip).clicked() {
                    form.choose(format);
                }
            }
        });
        ui.end_row();
        if form.format == Format::Jpeg {
            let label = ui.label("Quality");
            ui.scope(|ui| {
                ui.visuals_mut().selection.bg_fill = theme::ACCENT;
                ui.add(Slider::new(&mut form.quality, 1..=100)).labelled_by(label.id);
            });
            ui.end_row();
        }
        let label = ui.label("Save as");
        ui.horizontal(|ui| {
            let button_room = if has_system_dialog { 92.0 } else { 0.0 };
            let field = TextEdit::singleline(&mut form.target).desired_width(ui.available_width() - button_room);
            if ui.add(field).labelled_by(label.id).changed() {
                form.may_replace = false;
            }
            if has_system_dialog && ui.button("Browse…").clicked() {
                actions.push(Action::BrowseExportTarget);
            }
        });
        ui.end_row();
        if !form.dossier.is_wanted {
            ui.label("");
            ui.checkbox(&mut form.with_mask, "Mask as a file of its own")
                .on_hover_text("One channel of the same size: white where the photo was repaired, black where it is untouched");
            ui.end_row();
        }
        if dossier_rows(ui, &mut form.dossier) {
            form.may_replace = false;
        }
    });
    caption(ui, promise(form, photo));
}

/// The names of the new files: the end of a long path is outside its field.
fn what_is_written(form: &ExportForm) -> String {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let targets = form.targets();
    let names: Vec<String> = targets.iter().filter_map(|path| name(path)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("Writes {}", listed(&names))
}

/// "a", "a and b", "a, b and c".
fn listed(names: &[String]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn promise(form: &ExportForm, photo: &Photo) -> String {
    let size = photo.size();
    match form.format {
        Format::Jpeg => {
            let depth = if photo.depth().bits() > 8 {
                " JPEG has 8 bit only: the original's 16 are not kept."
            } else {
                ""
            };
            format!(
                "{size} px. JPEG compresses: pixels outside the repair change a little too.{depth}"
            )
        }
        _ => format!(
            "{size} px, {} bit, like the original, with its colour profile and data. Pixels outside the repair stay identical; this is checked.",
            photo.depth().bits()
        ),
    }
}

/// What an export is reported as, in sentences.
pub fn report_text(report: &ExportReport) -> String {
    let mut lines = vec![report.target.display().to_string()];
    if let Some(names) = &report.dossier {
        lines.push("Beside it: mask, picture of the changes, record and checksums.".to_owned());
        lines.push(format!("Record: {}", names.record.display()));
    } else if let Some(mask) = &report.mask_target {
        lines.push(format!("Mask: {}", mask.display()));
    }
    lines.push(format!(
        "{} pixels were repaired, {} outside the marked damage.",
        grouped(report.changed_pixels),
        grouped(report.changed_outside_mask)
    ));
    if report.lossy {
        lines.push(format!(
            "JPEG compression changed values by up to {}.",
            report.largest_difference
        ));
    }
    if !report.not_carried.is_empty() {
        lines.push(format!(
            "Not carried over: {}",
            report.not_carried.join("; ")
        ));
    }
    lines.join("\n")
}

/// A number with thin gaps between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(target: &Path) -> ExportForm {
        ExportForm {
            format: Format::Png,
            quality: 90,
            target: target.display().to_string(),
            with_mask: true,
            may_replace: false,
            dossier: DossierForm::default(),
            lossless: Format::Tiff,
        }
    }

    #[test]
    fn a_preset_sets_format_and_companions() {
        let folder = tempfile::tempdir().unwrap();
        let mut form = form(&folder.path().join("a_restored.png"));
        form.take_preset(Preset::Archive);
        assert_eq!(form.preset(), Some(Preset::Archive));
        assert_eq!(form.mask_path(), None, "the dossier has its own");
        let names = what_is_written(&form);
        assert!(
            names.starts_with("Writes a_restored.tif, ")
                && names.ends_with(" and a_restored_mask.tif"),
            "{names}"
        );
        std::fs::write(folder.path().join("a_restored_changes.png"), b"x").unwrap();
        assert_eq!(
            form.problem(Path::new("a.tif")),
            Some(Problem::Exists("a_restored_changes.png".to_owned()))
        );
        form.take_preset(Preset::Share);
        assert_eq!(form.preset(), Some(Preset::Share));
        assert_eq!(what_is_written(&form), "Writes a_restored.jpg");
    }

    #[test]
    fn the_original_is_refused_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let master = folder.path().join("a.png");
        std::fs::write(&master, b"x").unwrap();
        let link = folder.path().join("b.png");
        std::fs::hard_link(&master, &link).unwrap();
        for target in [&master, &link] {
            assert!(
                matches!(form(target).problem(&master), Some(Problem::Refused(_))),
                "{target:?}"
            );
        }
    }

    #[test]
    fn existing_files_are_named_before_they_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a_restored.png");
        assert_eq!(form(&target).problem(Path::new("a.png")), None);
        std::fs::write(folder.path().join("a_restored_mask.png"), b"x").unwrap();
        assert_eq!(
            form(&target).problem(Path::new("a.png")),
            Some(Problem::Exists("a_restored_mask.png".to_owned()))
        );
    }

    #[test]
    fn the_format_follows_the_buttons_and_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut form = form(&folder.path().join("a.b_restored.png"));
        form.choose(Format::Tiff);
        assert!(form.target.ends_with("a.b_restored.tif"), "{}", form.target);
        assert!(form.mask_path().unwrap().ends_with("a.b_restored_mask.tif"));
        form.set_target(&folder.path().join("other.jpg"));
        assert_eq!(form.format, Format::Jpeg);
        form.target = folder.path().join("other.png").display().to_string();
        assert!(
            matches!(form.problem(Path::new("a.png")), Some(Problem::Refused(_))),
            "the name says PNG"
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1234), "1 234");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }
}
