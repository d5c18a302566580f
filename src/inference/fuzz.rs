//! What hostile bytes are thrown at: a model's manifest and the headers of a library file. Not in the program.

use super::Manifest;
use super::library_file::promised_bytes;

/// Reads `data` as a manifest.
///
/// # Panics
/// When one is accepted that names a file elsewhere, or windows that cannot be made.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(manifest) = Manifest::parse(text, "a manifest") {
        let file = std::path::Path::new(&manifest.file);
        assert_eq!(file.file_name(), Some(file.as_os_str()));
        assert!(manifest.halo_px >= manifest.radius_px);
        assert!(manifest.halo_px.is_multiple_of(manifest.grid_px));
        assert!((1..=255).contains(&manifest.default_threshold()));
    }
}

/// Reads `data` as the headers of a library file: how long it must be, or an error.
pub fn library(data: &[u8]) {
    // What is said of it does not matter here.
    drop(promised_bytes(&mut std::io::Cursor::new(data)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MANIFEST: &str = "id = \"a\"\ncontract = \"restore_v1\"\nfile = \"a.onnx\"\nsha256 = \"AB\"\n\
        trained = true\nstride = 64\nradius = 100\nhalo = 128\ncontext_channels = 16\ncontext_stride = 4\n\
        [thresholds]\ndefault = 0.5\ntimid = 0.8\neager = 0.2\n";

    proptest! {
        #[test]
        fn changed_manifests_are_read_or_refused(at in 0..MANIFEST.len(), cut in 0_usize..9, new in ".{0,6}") {
            let mut bytes = MANIFEST.as_bytes().to_vec();
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, new.bytes());
            manifest(&bytes);
        }

        #[test]
        fn libraries_of_any_headers_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let header = b"\x7fELF\x02\x01".iter().chain(&bytes);
            library(&header.copied().collect::<Vec<u8>>());
        }
    }

    #[test]
    fn the_manifest_that_is_changed_is_a_good_one() {
        assert!(Manifest::parse(MANIFEST, "m").is_ok());
    }
}
