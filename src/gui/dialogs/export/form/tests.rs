use super::super::what_is_written;
use super::*;
use crate::geometry::ImageSize;
use crate::photo::{Channels, Metadata, Samples, Source};

fn form(target: &Path) -> ExportForm {
    ExportForm {
        format: Format::Png,
        quality: 90,
        target: target.display().to_string(),
        with_mask: true,
        may_replace: false,
        dossier: DossierForm::default(),
        lossless: Format::Tiff,
        jpeg_like_master: false,
        master: target.with_file_name("a.b.tif"),
        page: 0,
        proposed: String::new(),
        folder: target.parent().unwrap().to_path_buf(),
        foretold: None,
        refused: None,
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
        names.starts_with("Writes a_restored.tif, ") && names.ends_with(" and a_restored_mask.tif"),
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
fn what_a_format_loses_is_known_before_the_export_and_follows_the_format() {
    let source = Source {
        path: PathBuf::from("a.tif"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let (size, samples) = (ImageSize::new(2, 1), Samples::U16(vec![0, 1]));
    let metadata = Metadata::default();
    let photo = Photo::new(size, Channels::Grey, samples, None, metadata, source).unwrap();
    let mut form = form(Path::new("a.png"));
    assert_eq!(form.foretold(&photo).losses, [""; 0]);
    form.choose(Format::Jpeg);
    assert!(form.foretold(&photo).losses[0].starts_with("16 bits"));
    form.choose(Format::Png);
    assert_eq!(form.foretold(&photo).losses, [""; 0]);
    assert_eq!(form.foretold(&photo).rewriting, None);
    form.choose(Format::Tiff);
    let Foretold {
        is_copy, rewriting, ..
    } = form.foretold(&photo);
    let rewriting = rewriting.as_deref().unwrap();
    assert!(
        !*is_copy && rewriting.contains("cannot be read again"),
        "{rewriting}"
    );
}

#[test]
fn a_history_that_cannot_be_written_is_said_before_a_dossier_is_exported() {
    let source = Source {
        path: PathBuf::from("a.tif"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let metadata = Metadata {
        xmp: Some(b"<no packet".to_vec()),
        ..Metadata::default()
    };
    let (size, samples) = (ImageSize::new(2, 1), Samples::U16(vec![0, 1]));
    let photo = Photo::new(size, Channels::Grey, samples, None, metadata, source).unwrap();
    let mut form = form(Path::new("a.png"));
    assert_eq!(form.foretold(&photo).losses, [""; 0]);
    form.dossier.is_wanted = true;
    let losses = &form.foretold(&photo).losses;
    assert!(losses[0].starts_with("A history in XMP"), "{losses:?}");
}

#[test]
fn a_taken_name_is_answered_by_the_next_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut form = form(&folder.path().join("x.png"));
    form.propose();
    assert!(form.target.ends_with("a.b_restored.png"), "{}", form.target);
    std::fs::write(folder.path().join("a.b_restored.tif"), b"x").unwrap();
    std::fs::write(folder.path().join("a.b_restored_v02_mask.tif"), b"x").unwrap();
    form.choose(Format::Tiff);
    assert!(
        form.target.ends_with("a.b_restored_v03.tif"),
        "{}",
        form.target
    );
    assert_eq!(form.problem(Path::new("a.b.tif")), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_said_until_another_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut form = form(Path::new("/sys/a.png"));
    assert!(!form.try_folder());
    let master = Path::new("a.b.tif");
    let Some(Problem::Refused(reason)) = form.problem(master) else {
        panic!("/sys takes no files");
    };
    assert!(
        reason.contains("/sys") && !reason.contains(".part"),
        "{reason}"
    );
    form.set_target(&folder.path().join("a.png"));
    assert_eq!(form.problem(master), None);
    assert!(form.try_folder());
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
fn a_dossier_with_the_originals_own_name_is_refused_in_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut form = form(&folder.path().join("a.png"));
    let master = Path::new("elsewhere/a.png");
    assert_eq!(form.problem(master), None, "without a record");
    form.dossier.is_wanted = true;
    let Some(Problem::Refused(reason)) = form.problem(master) else {
        panic!("its record could not be checked");
    };
    assert!(reason.contains("the original's own name"), "{reason}");
    form.set_target(&folder.path().join("b.png"));
    assert_eq!(form.problem(master), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_too_long_for_the_dossier_is_said_until_the_dossier_is_not_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut form = form(&folder.path().join("x".repeat(250) + ".png"));
    form.with_mask = false;
    form.dossier.is_wanted = true;
    let master = Path::new("a.b.tif");
    assert!(!form.try_folder());
    let Some(Problem::Refused(reason)) = form.problem(master) else {
        panic!("no disk has room for such names");
    };
    assert!(reason.contains("too long"), "{reason}");
    form.dossier.is_wanted = false;
    assert_eq!(form.problem(master), None);
    assert!(form.try_folder());
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
fn a_second_export_keeps_the_choices_and_asks_again_before_replacing() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = form(&folder.path().join("grandmother.jpg"));
    own.format = Format::Jpeg;
    own.may_replace = true;
    let again = own.clone().again();
    assert_eq!((again.format, &again.target), (own.format, &own.target));
    assert!(!again.may_replace);
    let mut proposed = form(&folder.path().join("x.png"));
    proposed.choose(Format::Tiff);
    proposed.propose();
    std::fs::write(&proposed.target, b"x").unwrap();
    assert!(proposed.again().target.ends_with("a.b_restored_v02.tif"));
}

#[test]
fn a_name_without_an_ending_gets_that_of_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let form = form(&folder.path().join("grandmother"));
    assert_eq!(form.target_path(), folder.path().join("grandmother.png"));
    assert_eq!(form.problem(Path::new("a.tif")), None);
    assert!(what_is_written(&form).starts_with("Writes grandmother.png"));
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
