//! The export dialog: format, quality, target, mask file. It refuses the original and asks before replacing a file.

mod form;

use std::path::Path;

use eframe::egui::{self, Grid, Response, RichText, Slider, Ui, vec2};

pub use self::form::ExportForm;
use self::form::{Format, Problem};
use super::archive::{dossier_rows, preset_row};
use super::path_field::{Selected, path_field};
use super::title;
use crate::gui::panels::{caption, grouped};
use crate::gui::state::{Action, Model};
use crate::gui::theme;
use crate::jobs::ExportReport;
use crate::photo::{FileFormat, Photo};

/// Width of the button beside the target's field, points.
const BROWSE_WIDTH: f32 = 84.0;

/// Height of the row that says how a JPEG is compressed, points.
const QUALITY_HEIGHT: f32 = 24.0;

/// Room for what the file will be, points: two lines, as much as a format takes that needs no more to be said of it.
const PROMISES_HEIGHT: f32 = 36.0;

/// Room for consent and for what is written, points.
const OUTCOME_HEIGHT: f32 = 56.0;

/// What the dialog has above and below its fields, and a little around it, points.
const OTHER_HEIGHT: f32 = 244.0;

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
    // In a low window these scroll, so that the buttons stay in it.
    let height = (ui.ctx().content_rect().height() - OTHER_HEIGHT).max(120.0);
    egui::ScrollArea::vertical()
        .id_salt("fields")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            fields(ui, form, document.photo(), has_system_dialog, actions);
            show_losses(ui, &form.foretold(document.photo()).losses);
        });
    ui.add_space(8.0);
    let problem = form.problem(document.photo().path());
    // Room for what may come, so that the buttons stay under the pointer.
    let why_not = ui.scope(|ui| {
        ui.set_min_height(OUTCOME_HEIGHT);
        outcome(ui, form, problem)
    });
    let why_not = why_not.inner;
    // The line is there even when it says nothing: a repair that ends must not move the buttons.
    caption(ui, what_goes_on(model));
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let blocked = why_not.is_some();
        let export = ui
            .add_enabled(!blocked, theme::primary_button("Export"))
            .on_disabled_hover_text(why_not.unwrap_or_default());
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

/// What the export waits for.
const fn what_goes_on(model: &Model<'_>) -> &'static str {
    let work = model.work;
    if work.detecting.is_some() || work.searching.is_some() {
        "The search is still going on; the export waits for it and for the repair."
    } else if work.filling.is_some() {
        "The repair is still going on; the export waits for it."
    } else {
        " "
    }
}

/// Says what would be written, or what stands against it, and asks for consent; returns why nothing can be written.
fn outcome(ui: &mut Ui, form: &mut ExportForm, problem: Option<Problem>) -> Option<String> {
    match problem {
        Some(Problem::Refused(reason)) => {
            ui.label(RichText::new(&reason).color(theme::ERROR));
            return Some(reason);
        }
        Some(Problem::Exists(names)) => {
            let consent = format!("Replace what is already there: {names}");
            ui.checkbox(&mut form.may_replace, consent);
            if !form.may_replace {
                let reason = "To export, agree to replace it or choose another name.";
                caption(ui, reason);
                return Some(reason.to_owned());
            }
        }
        None => {}
    }
    ui.label(RichText::new(what_is_written(form)).color(theme::TEXT_STRONG));
    None
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
                let button = egui::Button::selectable(form.format == format, name).frame_when_inactive(true).min_size(vec2(72.0, 28.0));
                if ui.add(button).on_hover_text(tooltip).clicked() {
                    form.choose(format);
                }
            }
        });
        ui.end_row();
        let label = ui.label("Quality");
        ui.horizontal(|ui| {
            ui.set_min_height(QUALITY_HEIGHT);
            quality(ui, form, photo, &label);
        });
        ui.end_row();
        let label = ui.label("Save as");
        ui.horizontal(|ui| {
            let button_room = if has_system_dialog { BROWSE_WIDTH + ui.spacing().item_spacing.x } else { 0.0 };
            let width = ui.available_width() - button_room;
            let field = path_field(ui, &mut form.target, "", width, Selected::Name);
            if field.labelled_by(label.id).changed() {
                form.may_replace = false;
            }
            let browse = egui::Button::new("Browse…").truncate();
            if has_system_dialog && ui.add_sized(vec2(BROWSE_WIDTH, 28.0), browse).clicked() {
                actions.push(Action::BrowseExportTarget);
            }
        });
        ui.end_row();
        ui.label("");
        // Grey with a dossier, not gone: rows must not move away from under the pointer.
        ui.add_enabled_ui(!form.dossier.is_wanted, |ui| {
            ui.checkbox(&mut form.with_mask, "Mask as a file of its own")
                .on_hover_text("One channel of the same size: white where the photo was repaired, black where it is untouched")
                .on_disabled_hover_text("The dossier has the mask");
        });
        ui.end_row();
        if dossier_rows(ui, &mut form.dossier) {
            form.may_replace = false;
        }
    });
    ui.scope(|ui| {
        ui.set_min_height(PROMISES_HEIGHT);
        for said in promises(form, photo) {
            caption(ui, said);
        }
    });
}

/// How a JPEG is compressed. The row is there for every format, so that what is below stays where it is.
fn quality(ui: &mut Ui, form: &mut ExportForm, photo: &Photo, label: &Response) {
    if form.format != Format::Jpeg {
        caption(ui, "Lossless");
        return;
    }
    if photo.source().format == FileFormat::Jpeg {
        ui.checkbox(&mut form.jpeg_like_master, "Compress like the original")
            .on_hover_text("With the original's quantisation tables and colour subsampling, which changes the least");
    }
    ui.add_enabled_ui(!form.jpeg_like_master, |ui| {
        ui.visuals_mut().selection.bg_fill = theme::ACCENT;
        ui.add(Slider::new(&mut form.quality, 1..=100))
            .labelled_by(label.id);
    });
}

/// What is lost with this format, before it is lost.
fn show_losses(ui: &mut Ui, losses: &[String]) {
    if losses.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.label(RichText::new("Not carried over").color(theme::TEXT_STRONG));
    egui::ScrollArea::vertical()
        .id_salt("losses")
        .max_height(120.0)
        .show(ui, |ui| {
            for loss in losses {
                caption(ui, loss.as_str());
            }
        });
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

/// What the file will be: size as seen on the screen, depth, whether it is a copy of the master's file or written anew, and
/// what reading the master changed, where the new file does not change it back.
fn promises(form: &mut ExportForm, photo: &Photo) -> Vec<String> {
    let (size, bits) = (photo.ui_size(), photo.depth().bits());
    let format = form.format;
    let foretold = form.foretold(photo);
    if foretold.is_copy {
        return vec![format!(
            "{size} px, {bits} bit, a copy of the original file in which only strips or tiles with repaired pixels are renewed. Pixels outside the repair stay identical; this is checked."
        )];
    }
    let promise = match format {
        Format::Jpeg => {
            let depth = if bits > 8 {
                " JPEG has 8 bit only: the original's 16 are not kept."
            } else {
                ""
            };
            format!(
                "{size} px. JPEG compresses: pixels outside the repair change a little too.{depth}"
            )
        }
        _ => format!(
            "{size} px, {bits} bit, written anew with the original's colour profile and data. Pixels outside the repair stay identical; this is checked."
        ),
    };
    let notes = &photo.source().notes;
    std::iter::once(promise)
        .chain(foretold.rewriting.clone())
        .chain(notes.iter().cloned())
        .collect()
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
    lines.push(changes(report));
    if !report.not_carried.is_empty() {
        lines.push(format!(
            "Not carried over: {}",
            report.not_carried.join(" ")
        ));
    }
    lines.extend(report.leftovers.iter().map(ToString::to_string));
    lines.join("\n")
}

/// What was changed, where it was meant to be and elsewhere.
fn changes(report: &ExportReport) -> String {
    let repaired = grouped(report.changed_pixels);
    let elsewhere = "outside the marks and their soft edge";
    if report.lossy {
        return format!(
            "{repaired} pixels were repaired; JPEG compression changed values {elsewhere} by up to {} of 255.",
            report.largest_difference_outside_mask
        );
    }
    let outside = grouped(report.changed_outside_mask);
    format!("{repaired} pixels were repaired, {outside} changed {elsewhere}.")
}
