//! Checksums in the form that `sha256sum -c` reads.

/// One line a file: SHA-256 (lower-case hexadecimal), two blanks, the name.
///
/// A name with a backslash or a line break is escaped and its line begins with a backslash, as `sha256sum` does.
pub fn manifest_text<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(name, sha256): (&str, &str)| {
        if name.contains(['\\', '\n', '\r']) {
            let name = name.replace('\\', "\\\\").replace('\n', "\\n");
            format!("\\{sha256}  {}\n", name.replace('\r', "\\r"))
        } else {
            format!("{sha256}  {name}\n")
        }
    };
    files.into_iter().map(line).collect()
}

/// The checksum that a manifest gives a file, in lower case; `None` when it does not name the file.
pub fn checksum_in(manifest: &str, name: &str) -> Option<String> {
    let line = manifest_text([(name, "")]);
    let line = line.trim_end_matches('\n');
    let (mark, wanted) = match line.strip_prefix('\\') {
        Some(escaped) => ("\\", escaped),
        None => ("", line),
    };
    let wanted = wanted.strip_prefix("  ")?;
    manifest.lines().find_map(|line| {
        let line = line.trim_end_matches('\r').strip_prefix(mark)?;
        let (checksum, rest) = line.split_at_checked(64)?;
        // `sha256sum` marks a file read as binary with an asterisk.
        let named = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"));
        (named == Some(wanted)).then(|| checksum.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_sha256sum() {
        let text = manifest_text([("a b.tif", "00ff"), ("c\\d\n.png", "11")]);
        assert_eq!(text, "00ff  a b.tif\n\\11  c\\\\d\\n.png\n");
    }

    #[test]
    fn a_checksum_is_found_by_the_whole_name() {
        let (one, other) = ("0f".repeat(32), "AB".repeat(32));
        let text = manifest_text([("a b.tif", &*one), ("c\\d.png", &*other)]);
        assert_eq!(checksum_in(&text, "a b.tif"), Some(one.clone()));
        assert_eq!(checksum_in(&text, "c\\d.png"), Some("ab".repeat(32)));
        assert_eq!(checksum_in(&text, "b.tif"), None);
        assert_eq!(checksum_in("nonsense", "a b.tif"), None);
        for name in ["*x.tif", "a *b.tif", " *", "\\ *c"] {
            let text = manifest_text([(name, &*one)]);
            assert_eq!(checksum_in(&text, name), Some(one.clone()), "{name}");
            assert_eq!(
                checksum_in(&text, name.trim_start_matches('*')).is_some(),
                !name.starts_with('*')
            );
        }
        let binary = format!("{one} *x.tif\r\n");
        assert_eq!(checksum_in(&binary, "x.tif"), Some(one));
    }
}
