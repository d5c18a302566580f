use std::io::Write as _;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_failed_write_leaves_nothing_and_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    std::fs::write(&target, "old").unwrap();
    let failed = write_whole(&target, None, true, |file| {
        file.write_all(b"half").unwrap();
        Err::<(), _>(EncodeError::DiskFull {
            path: target.clone(),
        })
    });
    assert!(matches!(failed, Err(EncodeError::DiskFull { .. })));
    assert_eq!(names(folder.path()), ["a.png"]);
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
}

#[test]
fn a_process_that_ends_at_once_takes_its_unfinished_file_away() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    let result = write_whole(&target, None, false, |_| {
        assert_eq!(names(folder.path()).len(), 1);
        let own = |path: &PathBuf| path.starts_with(folder.path());
        let listed: Vec<_> = unfinished().iter().filter(|p| own(p)).cloned().collect();
        let [file] = listed.as_slice() else {
            panic!("{listed:?}");
        };
        std::fs::remove_file(file).unwrap();
        Ok(())
    });
    assert!(result.is_err(), "its file is gone");
    assert_eq!(names(folder.path()).len(), 0);
    assert!(unfinished().iter().all(|p| !p.starts_with(folder.path())));
}

#[test]
fn a_name_taken_while_writing_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    let result = write_whole(&target, None, false, |_| {
        std::fs::write(&target, "somebody else's").unwrap();
        Ok(())
    });
    assert!(matches!(result, Err(EncodeError::Exists { .. })));
    assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's");
    assert_eq!(names(folder.path()), ["a.png"]);
}

#[cfg(unix)]
#[test]
fn the_master_is_refused_under_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("master.tif"), "pixels").unwrap();
    std::fs::hard_link(at("master.tif"), at("hard.tif")).unwrap();
    std::os::unix::fs::symlink(at("master.tif"), at("soft.tif")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("dangling.tif")).unwrap();
    std::fs::create_dir(at("sub")).unwrap();
    std::os::unix::fs::symlink(folder.path(), at("sub/up")).unwrap();
    std::os::unix::fs::symlink("soft.tif", at("soft-of-soft.tif")).unwrap();
    for name in [
        "master.tif",
        "hard.tif",
        "soft.tif",
        "soft-of-soft.tif",
        "./master.tif",
        "sub/../master.tif",
        "sub/up/master.tif",
        "sub/up/hard.tif",
    ] {
        let checked = write_whole(&at(name), Some(&at("master.tif")), true, |_| Ok(()));
        assert!(
            matches!(checked, Err(EncodeError::IsMaster { .. })),
            "{name}"
        );
        assert_eq!(std::fs::read(at("master.tif")).unwrap(), b"pixels");
        let checked = check_target(&at(name), Some(&at("master.tif")), true);
        assert!(
            matches!(checked, Err(EncodeError::IsMaster { .. })),
            "{name}"
        );
    }
    let checked = check_target(&at("dangling.tif"), Some(&at("master.tif")), false);
    assert!(matches!(checked, Err(EncodeError::Exists { .. })));
    let checked = check_target(Path::new("/dev/null"), None, true);
    assert!(matches!(checked, Err(EncodeError::NotAFile { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_as_target_is_replaced_and_what_it_led_to_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("older.png"), "older").unwrap();
    std::os::unix::fs::symlink(at("older.png"), at("link.png")).unwrap();
    let write = |overwrite| {
        write_whole(&at("link.png"), None, overwrite, |file| {
            file.write_all(b"new").unwrap();
            Ok(())
        })
    };
    assert!(matches!(write(false), Err(EncodeError::Exists { .. })));
    write(true).unwrap();
    assert_eq!(std::fs::read(at("older.png")).unwrap(), b"older");
    assert_eq!(std::fs::read(at("link.png")).unwrap(), b"new");
    assert!(!at("link.png").is_symlink());
}

#[cfg(unix)]
#[test]
fn a_twin_in_other_letters_is_the_master_only_where_the_disk_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let master = folder.path().join("master.tif");
    std::fs::write(&master, "pixels").unwrap();
    let twin = folder.path().join("MASTER.TIF");
    let checked = check_target(&twin, Some(&master), true);
    let is_refused = matches!(checked, Err(EncodeError::IsMaster { .. }));
    assert_eq!(is_refused, folds_case(folder.path()));
    // What such a disk shows: both names lead to one file.
    if !is_refused {
        std::fs::hard_link(&master, &twin).unwrap();
        let checked = check_target(&twin, Some(&master), true);
        assert!(matches!(checked, Err(EncodeError::IsMaster { .. })));
    }
}

#[test]
fn a_prepared_file_has_no_name_and_leaves_the_old_one_until_it_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.png");
    std::fs::write(&target, "old").unwrap();
    let prepare = || {
        let written = prepare_whole(&target, None, true, |file| {
            file.write_all(b"new").unwrap();
            Ok(())
        });
        written.unwrap().1
    };
    let dropped = prepare();
    assert_eq!(names(folder.path()).len(), 2);
    drop(dropped);
    assert_eq!(names(folder.path()), ["a.png"]);
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
    prepare().publish().unwrap();
    assert_eq!(names(folder.path()), ["a.png"]);
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_too_long_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let name = "x".repeat(252) + ".png";
    for path in [
        folder.path().join(&name),
        folder.path().join("new").join(&name),
    ] {
        let checked = check_writable(&path);
        assert!(
            matches!(checked, Err(EncodeError::UnfitName { .. })),
            "{checked:?}"
        );
    }
    let checked = check_target(&folder.path().join(&name), None, false);
    assert!(
        matches!(checked, Err(EncodeError::UnfitName { .. })),
        "{checked:?}"
    );
    check_writable(&folder.path().join(&name[1..])).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_is_tried_before_the_work_and_nothing_stays_in_it() {
    let folder = tempfile::tempdir().unwrap();
    check_writable(&folder.path().join("a.png")).unwrap();
    check_writable(&folder.path().join("to/be/made/a.png")).unwrap();
    assert_eq!(names(folder.path()).len(), 0);
    let Err(EncodeError::NoPermission { folder }) = check_writable(Path::new("/sys/new/a.png"))
    else {
        panic!("/sys takes no files");
    };
    assert_eq!(folder, Path::new("/sys"));
}

#[cfg(target_os = "linux")]
#[test]
fn errors_name_the_target_and_never_the_temporary_file() {
    // Files are made in this folder by nobody, and the system says so in its own words.
    let target = Path::new("/proc/a.png");
    let raw = tempfile::Builder::new()
        .suffix(".part")
        .tempfile_in("/proc");
    assert!(raw.unwrap_err().to_string().contains(".part"));
    let error = write_whole(target, None, false, |_| Ok(())).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, EncodeError::Io { .. }), "{text}");
    assert!(text.contains("/proc/a.png"), "{text}");
    assert!(!text.contains(".part"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_nobody_may_write_in_is_named() {
    // Not even the superuser creates files here.
    let result = write_whole(Path::new("/sys/a.png"), None, false, |_| Ok(()));
    let Err(EncodeError::NoPermission { folder }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(folder, Path::new("/sys"));
}

#[test]
fn missing_folders_and_folders_as_targets_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = check_target(&folder.path().join("no/a.png"), None, true);
    assert!(matches!(missing, Err(EncodeError::NoFolder { .. })));
    let itself = check_target(folder.path(), None, true);
    assert!(matches!(itself, Err(EncodeError::Folder { .. })));
}
