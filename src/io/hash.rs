//! SHA-256 of files and its hexadecimal text.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// SHA-256 of the whole file, read in pieces.
///
/// # Errors
/// What the operating system says.
pub fn sha256_file(path: &Path) -> std::io::Result<[u8; 32]> {
    sha256_of(&mut std::fs::File::open(path)?)
}

/// SHA-256 of all that `reader` still gives.
pub(super) fn sha256_of(reader: &mut impl Read) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&buffer[..read]);
    }
}

/// Lower-case hexadecimal text of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_agree_with_the_standard_test_vector() {
        // Source: FIPS 180-2, appendix B.1, the message "abc".
        assert_eq!(
            hex(&sha256_of(&mut b"abc".as_slice()).unwrap()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
