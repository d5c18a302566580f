//! `--dossier`, `--metadata` and `verify` with the real models.

use image::Luma;

use super::support::{Folder, empty_mask, line_mask, photo_8, photo_16};

/// A photo and a mask of its scratch.
fn scan() -> Folder {
    let folder = Folder::new();
    folder
        .save("a.tif", photo_16(130, 90))
        .save("b.png", photo_8(130, 90))
        .save("m.png", line_mask(130, 90));
    folder
}

const DOSSIER: [&str; 5] = [
    "r.manifest-sha256.txt",
    "r.restoration.json",
    "r.tif",
    "r_changes.png",
    "r_mask.tif",
];

#[test]
fn a_restored_scan_is_identical_when_it_is_restored_again() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --operator Me --provider cpu")
        .expect_code(0);
    let mut expected: Vec<_> = DOSSIER.into();
    expected.extend(["a.tif", "b.png", "m.png"]);
    expected.sort_unstable();
    assert_eq!(folder.names(), expected);
    let record = folder.json("r.restoration.json");
    assert_eq!(record["master"]["file"], "a.tif");
    assert_eq!(record["options"]["mask_file"], "m.png");
    assert_eq!(record["operator"], "Me");
    assert_eq!(record["models"].as_array().unwrap().len(), 2);
    assert_eq!(record["runtime"]["provider"], "CPU");
    let text = String::from_utf8(folder.read("r.restoration.json")).unwrap();
    let own_folder = folder.path("").display().to_string();
    assert!(!text.contains(own_folder.trim_end_matches('/')), "{text}");

    let ran = folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(0);
    assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
}

#[test]
fn a_detected_repair_is_identical_too_with_any_number_of_threads() {
    let folder = scan();
    folder
        .run("restore b.png --out-dir . --sensitivity eager --dossier --provider cpu --threads 2")
        .expect_code(0);
    let record = folder.json("b_restored.restoration.json");
    assert!(record["pixels"]["changed"].as_u64().unwrap() > 0);
    assert_eq!(record["areas"][0]["origin"], "detected");
    let ran = folder
        .run("verify b_restored.restoration.json --provider cpu --threads 1")
        .expect_code(0);
    assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
}

#[test]
fn what_was_filled_in_pieces_for_want_of_memory_is_identical_with_any_memory() {
    let folder = Folder::new();
    // One cell whose damage reaches from edge to edge, with picture around it.
    let mut mask = empty_mask(640, 330);
    for i in 0..220 {
        mask.put_pixel(270 + i, 20 + i, Luma([255]));
    }
    let ran = folder
        .save("a.tif", photo_16(640, 330))
        .save("m.png", mask)
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu --memory-limit 192M -v")
        .expect_code(0);
    let said = "Smaller windows, because of the memory limit of 192 MiB";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let record = folder.json("r.restoration.json");
    assert_eq!(record["schema_version"], 4);
    let windows = record["fill_windows"].as_array().unwrap();
    assert!(windows.len() > 1, "{windows:?}");
    assert!(windows.iter().all(|window| window["piece"].is_object()));
    for limit in ["192M", "1G"] {
        let ran = folder
            .run(&format!(
                "verify r.restoration.json --provider cpu --memory-limit {limit}"
            ))
            .expect_code(0);
        assert!(ran.stdout.contains("identical"), "{limit}: {}", ran.stdout);
    }
}

#[test]
fn a_record_of_version_1_is_still_verified() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    let mut record = folder.json("r.restoration.json");
    record["schema_version"] = 1.into();
    std::fs::remove_file(folder.path("r.manifest-sha256.txt")).unwrap();
    // What a cell in pieces looked like: this photo's only cell, of no window.
    let unknown = serde_json::json!({"x": 0, "y": 0, "width": 0, "height": 0, "cells": [[0, 0]]});
    for windows in [record["fill_windows"].clone(), serde_json::json!([unknown])] {
        record["fill_windows"] = windows;
        folder.write("r.restoration.json", record.to_string().as_bytes());
        let ran = folder
            .run("verify r.restoration.json --provider cpu")
            .expect_code(0);
        assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
    }
}

#[test]
fn a_jpeg_is_checked_by_compressing_again() {
    let folder = scan();
    folder
        .run("restore b.png -o r.jpg --quality 80 --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    let ran = folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(0);
    assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
    let derivative = &folder.json("r.restoration.json")["derivative"];
    let outside = derivative["largest_difference_outside_mask"].as_u64();
    assert!(
        outside.is_some_and(|most| (1..=255).contains(&most)),
        "{derivative}"
    );
}

#[test]
fn a_derivative_that_was_retouched_is_found_out() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    // Somebody retouches the derivative and puts its new checksum into the record.
    let mut picture = folder.load("r.tif").into_rgb16();
    picture.get_pixel_mut(3, 60).0[1] += 600;
    let old = folder.read("r.restoration.json");
    folder.save("r.tif", picture);
    folder
        .run("verify r.restoration.json --hashes")
        .expect_code(1)
        .expect_error("not those of the record");
    forge_checksum(&folder, &old);
    folder
        .run("verify r.restoration.json --hashes")
        .expect_code(0);
    folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(1)
        .expect_error("differs: 1 samples");
}

#[test]
fn an_older_record_whose_repair_differs_names_its_version() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    let mut picture = folder.load("r.tif").into_rgb16();
    picture.get_pixel_mut(45, 40).0[1] ^= 0x2000;
    let mut record = folder.json("r.restoration.json");
    record["schema_version"] = 2.into();
    let old = record.to_string();
    folder.write("r.restoration.json", old.as_bytes());
    folder.save("r.tif", picture);
    forge_checksum(&folder, old.as_bytes());
    folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(1)
        .expect_error("the record is of version 2");
}

/// Puts the checksum of `r.tif` as it is now into a copy of the record, and takes the manifest away.
fn forge_checksum(folder: &Folder, record: &[u8]) {
    let honest: serde_json::Value = serde_json::from_slice(record).expect("a record");
    let old = honest["derivative"]["sha256"].as_str().expect("a checksum");
    let new = unscratch::io::hex(
        &unscratch::io::sha256_file(&folder.path("r.tif")).expect("it is there"),
    );
    let forged = String::from_utf8(record.to_vec()).expect("text");
    folder.write("r.restoration.json", forged.replace(old, &new).as_bytes());
    // Gone already when called again.
    std::fs::remove_file(folder.path("r.manifest-sha256.txt")).ok();
}

#[test]
fn a_record_that_was_altered_is_found_out() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    let ran = folder
        .run("verify r.restoration.json --hashes")
        .expect_code(0);
    assert!(
        ran.stdout.contains("record: as the manifest says"),
        "{}",
        ran.stdout
    );
    let mut record: serde_json::Value =
        serde_json::from_slice(&folder.read("r.restoration.json")).unwrap();
    record["operator"] = "B. Forger".into();
    record["pixels"]["changed"] = 1.into();
    folder.write("r.restoration.json", record.to_string().as_bytes());
    for arguments in [
        "verify r.restoration.json --hashes",
        "verify r.restoration.json",
    ] {
        folder
            .run(arguments)
            .expect_code(1)
            .expect_error("the record is not the one that");
    }
    // Without the manifest only what can be counted again is found out, and it is said that the record was not checked.
    std::fs::remove_file(folder.path("r.manifest-sha256.txt")).unwrap();
    let ran = folder
        .run("verify r.restoration.json --hashes")
        .expect_code(0);
    assert!(ran.stdout.contains("record: not checked"), "{}", ran.stdout);
    folder
        .run("verify r.restoration.json --provider cpu")
        .expect_code(1)
        .expect_error("pixels.changed");
}

#[test]
fn one_code_value_outside_the_mask_is_never_forgiven() {
    let folder = scan();
    folder
        .run("restore a.tif -o r.tif --mask-in m.png --dossier --provider cpu")
        .expect_code(0);
    let (record, intact) = (folder.read("r.restoration.json"), folder.read("r.tif"));
    let restored = folder.load("r.tif").into_rgb16();
    let verdict = |x: u32, y: u32| {
        // In the file itself, whose XMP must stay.
        let row: Vec<u16> = (x..x + 8)
            .flat_map(|x| restored.get_pixel(x, y).0)
            .collect();
        let stored: Vec<u8> = row.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let mut bytes = intact.clone();
        let mut found = bytes.windows(stored.len());
        let at = found.position(|window| window == stored).unwrap();
        bytes[at + 2..at + 4].copy_from_slice(&(row[1] ^ 1).to_ne_bytes());
        folder.write("r.tif", &bytes);
        forge_checksum(&folder, &record);
        folder.run("verify r.restoration.json --provider cpu")
    };
    verdict(3, 60)
        .expect_code(1)
        .expect_error("differs: 1 samples of r.tif differ from the master");
    // In the mask the fill's last digit may differ.
    let ran = verdict(45, 40).expect_code(0);
    assert!(ran.stdout.contains("within 1 level"), "{}", ran.stdout);
}

#[test]
fn the_master_may_lie_elsewhere_and_a_missing_file_is_named() {
    let folder = scan();
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
        .run("restore a.tif -o out/r.tif --mask-in m.png --dossier")
        .expect_code(0);
    folder.run("verify out/r.restoration.json").expect_code(1);
    let ran = folder
        .run("verify out/r.restoration.json --hashes")
        .expect_code(0);
    assert!(ran.stdout.contains("--master"), "{}", ran.stdout);
    folder
        .run("verify out/r.restoration.json --hashes --master b.png")
        .expect_code(1);
    folder
        .run("verify out/r.restoration.json --master a.tif")
        .expect_code(0);
    std::fs::remove_file(folder.path("out/r_mask.tif")).unwrap();
    let ran = folder
        .run("verify out/r.restoration.json --hashes")
        .expect_code(1);
    assert!(ran.stdout.contains("r_mask.tif"), "{}", ran.stdout);
}

#[test]
fn a_dossier_replaces_another_only_when_told() {
    let folder = scan();
    let line = "restore a.tif -o r.tif --mask-in m.png --dossier";
    folder.run(line).expect_code(0);
    let old = folder.read("r.tif");
    folder
        .run(line)
        .expect_code(1)
        .expect_error("exists already");
    assert_eq!(folder.read("r.tif"), old);
    folder.run(&format!("{line} --overwrite")).expect_code(0);
    folder
        .run("verify r.restoration.json --hashes")
        .expect_code(0);
    assert_eq!(folder.names().len(), 8);
}

#[test]
fn a_given_mask_is_never_overwritten_under_any_name() {
    let folder = scan();
    folder.save("r_mask.tif", line_mask(130, 90));
    std::fs::hard_link(folder.path("r_mask.tif"), folder.path("hard_mask.tif")).unwrap();
    let (mask, names) = (folder.read("r_mask.tif"), folder.names());
    for line in [
        "restore a.tif -o r.tif --mask-in r_mask.tif --dossier --overwrite",
        "restore a.tif -o r.tif --mask-in hard_mask.tif --dossier --overwrite",
        "restore a.tif -o r.tif --mask-in r_mask.tif --mask-out ./r_mask.tif --overwrite",
        "restore a.tif -o r_mask.tif --mask-in r_mask.tif --overwrite",
        "restore a.tif -o r.tif --mask-in r_mask.tif --report r_mask.tif --overwrite",
        "inpaint a.tif -o r.tif --mask r_mask.tif --dossier --overwrite",
    ] {
        folder
            .run(line)
            .expect_code(1)
            .expect_error("mask that was given");
        assert_eq!(folder.read("r_mask.tif"), mask, "{line}");
        assert_eq!(folder.names(), names, "{line}");
    }
}

/// A TIFF of two pages of one size, the second in other colours than the first.
fn two_pages(path: &std::path::Path) {
    let mut file =
        tiff::encoder::TiffEncoder::new(std::fs::File::create(path).expect("a new file"))
            .expect("it is written");
    let first = photo_8(130, 90).into_raw();
    let second: Vec<u8> = first.iter().map(|value| 255 - value).collect();
    for page in [first, second] {
        file.write_image::<tiff::encoder::colortype::RGB8>(130, 90, &page)
            .expect("it is written");
    }
}

#[test]
fn a_chosen_page_is_verified_without_naming_it_again() {
    let folder = scan();
    two_pages(&folder.path("book.tif"));
    for (name, page) in [("p.png", 2), ("t.tif", 2), ("j.jpg", 2), ("first.tif", 1)] {
        folder
            .run(&format!(
                "restore book.tif -o {name} --page {page} --mask-in m.png --dossier --provider cpu"
            ))
            .expect_code(0);
        let stem = name.split('.').next().unwrap();
        let record = folder.json(&format!("{stem}.restoration.json"));
        assert_eq!(record["master"]["page"], page);
        let ran = folder
            .run(&format!("verify {stem}.restoration.json --provider cpu"))
            .expect_code(0);
        assert!(ran.stdout.contains("identical"), "{name}: {}", ran.stdout);
        // Of the master's page, and not of the derivative's once more.
        let said = format!("Page {page} of 2 is restored; a TIFF keeps the other pages");
        assert_eq!(ran.stderr.matches(&said).count(), 1, "{}", ran.stderr);
        assert_eq!(ran.stderr.matches("Page ").count(), 1, "{}", ran.stderr);
    }
    // A record of an earlier version names no page: it can be given.
    let mut record = folder.json("p.restoration.json");
    record["master"].as_object_mut().unwrap().remove("page");
    std::fs::remove_file(folder.path("p.manifest-sha256.txt")).unwrap();
    folder.write("p.restoration.json", record.to_string().as_bytes());
    folder
        .run("verify p.restoration.json --provider cpu --page 2")
        .expect_code(0);
    folder
        .run("verify p.restoration.json --provider cpu")
        .expect_code(1);
}

#[test]
fn other_files_are_no_records() {
    let folder = scan();
    folder.write(
        "w.json",
        b"{\"schema\": \"unscratch-restoration-record\", \"schema_version\": 99}",
    );
    folder
        .run("verify a.tif")
        .expect_code(1)
        .expect_error("no restoration record");
    folder
        .run("verify w.json")
        .expect_code(1)
        .expect_error("newer Unscratch");
    folder
        .run("verify none.json")
        .expect_code(1)
        .expect_error("none.json");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn the_history_is_written_only_where_it_is_asked_for() {
    let folder = scan();
    for (options, name, is_extended) in [
        ("", "plain.png", false),
        ("--metadata record", "record.png", true),
        ("--dossier", "dossier.png", true),
        ("--dossier --metadata untouched", "untouched.png", false),
    ] {
        folder
            .run(&format!(
                "restore b.png -o {name} --mask-in m.png {options}"
            ))
            .expect_code(0);
        let bytes = folder.read(name);
        assert_eq!(holds(&bytes, "DigitalSourceType"), is_extended, "{name}");
        assert_eq!(holds(&bytes, "xmpMM:History"), is_extended, "{name}");
    }
}

#[test]
fn where_nothing_was_filled_no_source_type_is_claimed() {
    let folder = scan();
    folder.save("none.png", empty_mask(130, 90));
    folder
        .run("restore b.png -o r.png --mask-in none.png --dossier")
        .expect_code(0);
    assert!(holds(&folder.read("r.png"), "<stEvt:action>saved"));
    assert!(!holds(&folder.read("r.png"), "<stEvt:action>edited"));
    assert!(!holds(&folder.read("r.png"), "DigitalSourceType"));
    let record = folder.json("r.restoration.json");
    assert_eq!(record["models"].as_array().unwrap().len(), 0);
    let ran = folder.run("verify r.restoration.json").expect_code(0);
    assert!(ran.stdout.contains("identical"), "{}", ran.stdout);
}

#[test]
fn a_folder_that_somebody_sent_cannot_make_verify_write() {
    let folder = scan();
    folder.save("none.png", empty_mask(130, 90));
    folder
        .run("restore a.tif -o r.tif --mask-in none.png --dossier")
        .expect_code(0);
    let master = folder.read("a.tif");
    // No process has this number.
    let staging = folder.path(".unscratch-4194999-aBc123.part");
    std::fs::create_dir(&staging).unwrap();
    let facts = r#"{"bytes":1,"modified":{"secs":0,"nanos":0}}"#;
    let journal = format!(
        r#"{{"version":1,"overwrite":true,"master":null,"files":[{{"name":"a.tif","new":{facts},"old":{facts}}}]}}"#
    );
    for (name, text) in [
        ("lock", ""),
        ("taking-back", ""),
        ("a.tif.old", "evil"),
        ("journal.json", &journal),
    ] {
        std::fs::write(staging.join(name), text).unwrap();
    }
    let before = folder.names();
    folder
        .run("verify --hashes r.restoration.json")
        .expect_code(0)
        .expect_error("nothing of it was touched");
    assert_eq!(folder.read("a.tif"), master);
    assert_eq!(folder.names(), before);
    assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 4);
}
