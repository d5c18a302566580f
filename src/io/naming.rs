//! Names of derivatives and whether two names mean one file.

use std::path::{Path, PathBuf};

use super::OutputFormat;

/// `{stem}_restored.{ext}` beside the master.
pub fn restored_name(master: &Path, format: OutputFormat) -> PathBuf {
    let stem = master.file_stem().unwrap_or_default();
    let mut name = stem.to_os_string();
    name.push("_restored.");
    name.push(format.extension());
    master.with_file_name(name)
}

/// Whether `a` and `b` name one existing file: same canonical path or, on Unix, same device and inode (hard links).
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
            return a.dev() == b.dev() && a.ino() == b.ino();
        }
    }
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
