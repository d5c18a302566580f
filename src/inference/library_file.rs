//! Whether a library file is whole, asked before it is loaded. Reads headers only and loads nothing.
//!
//! The system's loader maps a file without asking for its length, so that the first missing page of a download that broke
//! off would end the process with a bus error instead of a message.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Length of an ELF file header of 64 bits, bytes. This and all offsets below: System V ABI, "Object files".
const HEADER_BYTES: usize = 64;
/// Length of one program header of 64 bits, bytes.
const PROGRAM_HEADER_BYTES: usize = 56;

/// Refuses a 64-bit little-endian ELF file that is shorter than its headers promise; others are left to the loader, which
/// refuses them in words.
///
/// # Errors
/// A sentence about the file, which the caller names.
pub(super) fn refuse_cut(path: &Path) -> Result<(), String> {
    let cannot_be_read = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut file = File::open(path).map_err(cannot_be_read)?;
    let bytes = file.metadata().map_err(cannot_be_read)?.len();
    match promised_bytes(&mut file) {
        Ok(Some(promised)) if promised > bytes => Err(format!(
            "the file is not whole: {bytes} of {promised} bytes are there"
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(format!("the file is not whole: {bytes} bytes are there"))
        }
        Err(error) => Err(cannot_be_read(error)),
    }
}

/// The end of the last part the headers name; `None` when it is no such file.
pub(super) fn promised_bytes(file: &mut (impl Read + Seek)) -> std::io::Result<Option<u64>> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    (&mut *file)
        .take(HEADER_BYTES as u64)
        .read_to_end(&mut header)?;
    // Magic number, class 2 = 64 bits, data 1 = little-endian.
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Ok(None);
    }
    if header.len() < HEADER_BYTES {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let (programs_at, sections_at) = (long(&header, 32), long(&header, 40));
    let [program_bytes, programs, section_bytes, sections] =
        [54, 56, 58, 60].map(|at| short(&header, at));
    let mut end = sections_at.saturating_add(section_bytes * sections);
    file.seek(SeekFrom::Start(programs_at))?;
    if program_bytes == PROGRAM_HEADER_BYTES as u64 {
        for _ in 0..programs {
            let mut segment = [0; PROGRAM_HEADER_BYTES];
            file.read_exact(&mut segment)?;
            end = end.max(long(&segment, 8).saturating_add(long(&segment, 32)));
        }
    }
    Ok(Some(end))
}

fn short(bytes: &[u8], at: usize) -> u64 {
    u64::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    (0..8).rfold(0, |value, i| (value << 8) | u64::from(bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one segment from 128 to 300 and a table of two sections of 64 bytes from 320 on.
    fn library(length: usize) -> tempfile::NamedTempFile {
        let mut bytes = vec![0; 448];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let mut put = |at: usize, value: u16| {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        };
        for (at, value) in [(32, 64), (40, 320), (54, 56), (56, 1), (58, 64), (60, 2)] {
            put(at, value);
        }
        put(64 + 8, 128);
        put(64 + 32, 172);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes[..length]).unwrap();
        file
    }

    #[test]
    fn a_library_shorter_than_its_headers_promise_is_refused_with_both_lengths() {
        assert_eq!(refuse_cut(library(448).path()), Ok(()));
        for length in [447, 299, 120] {
            let said = refuse_cut(library(length).path()).unwrap_err();
            assert!(said.contains(&length.to_string()), "{said}");
        }
        let said = refuse_cut(library(200).path()).unwrap_err();
        assert!(said.contains("200 of 448"), "{said}");
        assert!(refuse_cut(library(30).path()).is_err());
    }

    #[test]
    fn what_is_no_such_library_is_left_to_the_loader() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for content in [&b""[..], b"no library", b"\x7fELF\x01\x01 of 32 bits"] {
            std::fs::write(file.path(), content).unwrap();
            assert_eq!(refuse_cut(file.path()), Ok(()));
        }
        let this_program = std::env::current_exe().unwrap();
        assert_eq!(refuse_cut(&this_program), Ok(()));
    }
}
