//! Names that a dossier, a disk or a terminal cannot take.

use super::support::{Folder, empty_mask, line_mask, photo_8};

#[test]
fn a_dossier_never_has_the_masters_own_name() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
        .save("a.png", photo_8(40, 30))
        .save("m.png", empty_mask(40, 30));
    let line = "restore a.png --mask-in m.png --dossier";
    for target in ["--out-dir out --name-template {stem}", "-o out/A.png"] {
        folder
            .run(&format!("{line} {target}"))
            .expect_code(1)
            .expect_error("the original's own name");
        assert_eq!(folder.names(), ["a.png", "m.png", "out"]);
        assert_eq!(folder.path("out").read_dir().unwrap().count(), 0);
    }
    // The next version has a name of its own, and without a dossier there is no record to mistake.
    folder
        .run(&format!(
            "{line} --out-dir out --name-template {{stem}}{{_vNN}}"
        ))
        .expect_code(0);
    assert!(folder.path("out/a_v02.restoration.json").is_file());
    folder
        .run("restore a.png --mask-in m.png --out-dir out --name-template {stem}")
        .expect_code(0);
    assert!(folder.path("out/a.png").is_file());
}

#[test]
fn a_record_whose_master_has_a_name_of_the_dossier_needs_the_master_named() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(40, 30))
        .save("m.png", empty_mask(40, 30))
        .run("inpaint a.png --mask m.png -o r.png --dossier")
        .expect_code(0);
    // As an older version could have written it.
    let mut record = folder.json("r.restoration.json");
    record["master"]["file"] = "r.png".into();
    folder.write("r.restoration.json", record.to_string().as_bytes());
    std::fs::remove_file(folder.path("r.manifest-sha256.txt")).unwrap();
    folder
        .run("verify r.restoration.json")
        .expect_code(1)
        .expect_error("missing or not those of the record");
    let said = folder.run("verify r.restoration.json").stdout;
    assert!(said.contains("name it with --master"), "{said}");
    folder
        .run("verify r.restoration.json --hashes")
        .expect_code(0);
    let ran = folder
        .run("verify r.restoration.json --master a.png")
        .expect_code(0);
    assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
}

#[test]
fn a_source_type_that_the_file_does_not_state_is_found_out() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(130, 90))
        .save("m.png", line_mask(130, 90))
        .run("inpaint a.png --mask m.png -o r.png --dossier --provider cpu")
        .expect_code(0);
    let mut record = folder.json("r.restoration.json");
    record["metadata"]["digital_source_type"] =
        "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits".into();
    folder.write("r.restoration.json", record.to_string().as_bytes());
    std::fs::remove_file(folder.path("r.manifest-sha256.txt")).unwrap();
    folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(1)
        .expect_error("metadata.digital_source_type");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_too_long_is_refused_before_anything_is_read() {
    let folder = Folder::new();
    folder.save("m.png", empty_mask(40, 30));
    let name = "x".repeat(246);
    folder.save(&format!("{name}.png"), photo_8(40, 30));
    let before = folder.names();
    for options in ["--out-dir .", "--out-dir new"] {
        folder
            .run(&format!("restore {name}.png --mask-in m.png {options}"))
            .expect_code(1)
            .expect_error("too long");
        assert_eq!(folder.names(), before, "{options}");
    }
    // The names of a dossier are longer than the derivative's.
    let line = format!("inpaint {name}.png --mask m.png -o {}.png", "y".repeat(251));
    folder
        .run(&format!("{line} --dossier"))
        .expect_code(1)
        .expect_error("too long");
    assert_eq!(folder.names(), before);
    folder.run(&line).expect_code(0);
}

#[cfg(unix)]
#[test]
fn a_mask_whose_name_a_record_cannot_hold_is_refused_before_anything_is_read() {
    let folder = Folder::new();
    folder
        .save("a.png", photo_8(40, 30))
        .save("m.png", empty_mask(40, 30));
    let name = "box\\m.png";
    std::fs::rename(folder.path("m.png"), folder.path(name)).unwrap();
    let before = folder.names();
    let line = format!("restore a.png --mask-in {name} -o b.png");
    folder
        .run(&format!("{line} --dossier"))
        .expect_code(1)
        .expect_error("backslash");
    assert_eq!(folder.names(), before);
    // Without a record there is nothing to hold it.
    folder.run(&line).expect_code(0);
}

#[cfg(unix)]
#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    let folder = Folder::new();
    let name = "a\u{1b}[31m.png";
    folder
        .save("m.png", empty_mask(40, 30))
        .save("plain.png", photo_8(40, 30));
    std::fs::rename(folder.path("plain.png"), folder.path(name)).unwrap();
    let ran = folder
        .run(&format!("inpaint {name} --mask m.png -o b.jpg"))
        .expect_code(0);
    for said in [&ran.stdout, &ran.stderr] {
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    assert!(ran.stdout.contains("a\\u{1b}[31m.png"), "{}", ran.stdout);
    let ran = folder
        .run(&format!("inpaint {name} --mask m.png -o {name}.txt"))
        .expect_code(2)
        .expect_error("a\\u{1b}[31m.png.txt");
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}
