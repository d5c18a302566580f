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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_sha256sum() {
        let text = manifest_text([("a b.tif", "00ff"), ("c\\d\n.png", "11")]);
        assert_eq!(text, "00ff  a b.tif\n\\11  c\\\\d\\n.png\n");
    }
}
