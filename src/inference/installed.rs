//! Whether a library is still the file that `make setup` unpacked, by the list it left beside it. Loads nothing.
//!
//! A library of full length with damaged bytes would otherwise end the process wherever the processor comes upon them.
//! The list is looked up each time: its SHA-256 takes less time than loading the library.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The list beside the libraries, written by `scripts/runtime_library.py`.
const LIST: &str = "installed.json";

#[derive(Deserialize)]
struct Installed {
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    bytes: u64,
    /// Lower-case hex.
    sha256: String,
}

/// Refuses a library that differs from what the list in its folder says of it; one that is in no list is nobody's promise.
///
/// # Errors
/// A sentence about the file, which the caller names.
pub(super) fn refuse_altered(library: &Path) -> Result<(), String> {
    let Some(entry) = entry_of(library) else {
        return Ok(());
    };
    let cannot_be_read = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut file = File::open(library).map_err(cannot_be_read)?;
    let bytes = file.metadata().map_err(cannot_be_read)?.len();
    if bytes != entry.bytes {
        return Err(format!(
            "the file is not the one that was set up: {bytes} bytes instead of {}",
            entry.bytes
        ));
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(cannot_be_read)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let digest = hasher.finalize();
    let found = digest.iter().map(|byte| format!("{byte:02x}"));
    if found.collect::<String>() == entry.sha256 {
        return Ok(());
    }
    Err("the file is damaged: its SHA-256 is not that of the one that was set up".to_owned())
}

fn entry_of(library: &Path) -> Option<Entry> {
    let name = library.file_name()?.to_str()?;
    let text = std::fs::read_to_string(library.with_file_name(LIST)).ok()?;
    let mut list: Installed = serde_json::from_str(&text).ok()?;
    list.files.remove(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_must_be_the_one_of_its_list_when_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so.1.2.3");
        std::fs::write(&library, b"abc").unwrap();
        assert_eq!(refuse_altered(&library), Ok(()), "no list");
        // SHA-256 of "abc". Source: FIPS 180-2, appendix B.1.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let list = format!(
            r#"{{"version": "1.2.3", "files": {{"libonnxruntime.so.1.2.3": {{"bytes": 3, "sha256": "{sha256}"}}}}}}"#
        );
        std::fs::write(folder.path().join(LIST), list).unwrap();
        assert_eq!(refuse_altered(&library), Ok(()), "the same");
        std::fs::write(&library, b"abd").unwrap();
        let said = refuse_altered(&library).unwrap_err();
        assert!(said.contains("SHA-256"), "{said}");
        std::fs::write(&library, b"ab").unwrap();
        let said = refuse_altered(&library).unwrap_err();
        assert!(said.contains("2 bytes instead of 3"), "{said}");
        let other = folder.path().join("libonnxruntime.so.9");
        std::fs::write(&other, b"a person's own").unwrap();
        assert_eq!(refuse_altered(&other), Ok(()), "not in the list");
        std::fs::write(folder.path().join(LIST), "{}").unwrap();
        assert_eq!(refuse_altered(&library), Ok(()), "a list of something else");
    }
}
