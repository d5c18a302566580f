//! What the plan of a command line is, and what is refused before any work.

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
        format!("restore {folder}/a.png {folder}/a_restored.png --out-dir {folder} --overwrite"),
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
