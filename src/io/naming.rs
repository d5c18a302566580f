//! Names of derivatives, as templates, and whether two names mean one file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::OutputFormat;

/// Most versions looked for; who has more wants another name.
const VERSION_LIMIT: u32 = 9_999;

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameTemplateError {
    /// A field that is not known, or a brace alone.
    #[error("{{{0}}} is no field of a name; use {{stem}} and {{_vNN}}")]
    UnknownField(String),
    /// All photos of a folder would get one name.
    #[error("a name needs {{stem}}, the original's name without its ending")]
    NoStem,
    /// A name that leads to another folder.
    #[error("a name holds no / or \\; name the folder with --out-dir")]
    Folder,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Stem,
    /// What stands in front of the number, and its digits.
    Version(String, usize),
}

/// How derivatives are named: text, `{stem}`, and `{_vNN}` for a version that counts up.
///
/// The version is left out of the first name; from 2 on it is written with as many digits as there are `N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

impl NameTemplate {
    /// `{stem}_restored`: one name a photo.
    pub fn plain() -> Self {
        Self(vec![Part::Stem, Part::Text("_restored".to_owned())])
    }

    /// `{stem}_restored{_vNN}`: a free name.
    pub fn counting() -> Self {
        let mut template = Self::plain();
        template.0.push(Part::Version("_v".to_owned(), 2));
        template
    }

    /// Reads a template; the ending (`.png` and so on) is no part of it.
    ///
    /// # Errors
    /// [`NameTemplateError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, NameTemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let unknown = |field: &str| NameTemplateError::UnknownField(field.to_owned());
            let (before, field) = rest.split_at(at);
            let end = field.find('}').ok_or_else(|| unknown(&field[1..]))?;
            if end == 0 {
                return Err(unknown(""));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match &field[1..end] {
                "stem" => Part::Stem,
                name => version(name).ok_or_else(|| unknown(name))?,
            });
            rest = &field[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if text.contains(['/', '\\']) {
            return Err(NameTemplateError::Folder);
        }
        if !parts.contains(&Part::Stem) {
            return Err(NameTemplateError::NoStem);
        }
        Ok(Self(parts))
    }

    /// Whether a taken name is answered by the next version.
    pub fn counts(&self) -> bool {
        let is_version = |part: &Part| matches!(part, Part::Version(..));
        self.0.iter().any(is_version)
    }

    /// The file name of `version` (1 is the first) of a derivative of `master`, with the ending of `format`.
    pub fn name(&self, master: &Path, format: OutputFormat, version: u32) -> OsString {
        let mut name = OsString::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push(text),
                Part::Stem => name.push(master.file_stem().unwrap_or_default()),
                Part::Version(..) if version < 2 => {}
                Part::Version(before, digits) => name.push(format!("{before}{version:0digits$}")),
            }
        }
        name.push(".");
        name.push(format.extension());
        name
    }

    /// The first name in `folder` that `is_taken` does not refuse; without a version, and with all versions taken, the first name.
    pub fn free(
        &self,
        master: &Path,
        folder: &Path,
        format: OutputFormat,
        is_taken: impl Fn(&Path) -> bool,
    ) -> PathBuf {
        let versions = if self.counts() { VERSION_LIMIT } else { 1 };
        (1..=versions)
            .map(|version| folder.join(self.name(master, format, version)))
            .find(|path| !is_taken(path))
            .unwrap_or_else(|| folder.join(self.name(master, format, 1)))
    }
}

impl std::str::FromStr for NameTemplate {
    type Err = NameTemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The version field `name`: some text that ends in one to four `N`.
fn version(name: &str) -> Option<Part> {
    let before = name.trim_end_matches('N');
    let digits = name.len() - before.len();
    let is_plain = !before.contains(char::is_uppercase) && before.ends_with(['v', '_', '-', '.']);
    ((1..=4).contains(&digits) && is_plain).then(|| Part::Version(before.to_owned(), digits))
}

/// `{stem}_restored.{ext}` beside the master.
pub fn restored_name(master: &Path, format: OutputFormat) -> PathBuf {
    master.with_file_name(NameTemplate::plain().name(master, format, 1))
}

/// `{stem}_mask.{ext}` for a derivative at `target`: the mask follows its derivative's name.
pub fn mask_name_of(target: &Path, extension: &str) -> OsString {
    let mut name = target.file_stem().unwrap_or_default().to_os_string();
    name.push("_mask.");
    name.push(extension);
    name
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

/// Whether `a` and `b` differ in nothing but upper and lower case, which some file systems take for one name.
pub fn differ_in_case_only(a: &OsStr, b: &OsStr) -> bool {
    a != b && a.to_string_lossy().to_lowercase() == b.to_string_lossy().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: OutputFormat = OutputFormat::Png;

    fn names(template: &str, versions: &[u32]) -> Vec<String> {
        let template = NameTemplate::parse(template).unwrap();
        let name = |&version| template.name(Path::new("x/a.b.tif"), PNG, version);
        let names = versions.iter().map(name);
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn templates_name_the_stem_and_count_from_the_second_version_on() {
        assert_eq!(
            names("{stem}_restored{_vNN}", &[1, 2, 100]),
            [
                "a.b_restored.png",
                "a.b_restored_v02.png",
                "a.b_restored_v100.png"
            ]
        );
        assert_eq!(names("r-{stem}{-NNN}", &[3]), ["r-a.b-003.png"]);
        assert_eq!(
            NameTemplate::parse("{stem}_restored"),
            Ok(NameTemplate::plain())
        );
        assert_eq!(
            NameTemplate::parse("{stem}_restored{_vNN}"),
            Ok(NameTemplate::counting())
        );
    }

    #[test]
    fn wrong_templates_say_why() {
        let error = |text: &str| NameTemplate::parse(text).unwrap_err();
        for (text, field) in [
            ("{stem}{date}", "date"),
            ("{stem}{_v}", "_v"),
            ("{stem}{NNNNN}", "NNNNN"),
            ("{stem}{open", "open"),
            ("{stem}}", ""),
        ] {
            let expected = NameTemplateError::UnknownField(field.to_owned());
            assert_eq!(error(text), expected, "{text}");
        }
        assert_eq!(error("restored"), NameTemplateError::NoStem);
        assert_eq!(error("../{stem}"), NameTemplateError::Folder);
        assert!(error("{x}{stem}").to_string().contains("{x}"));
    }

    #[test]
    fn the_first_free_version_is_taken() {
        let taken = ["d/a_restored.png", "d/a_restored_v02.png"].map(PathBuf::from);
        let free = |template: NameTemplate| {
            let is_taken = |path: &Path| taken.contains(&path.to_path_buf());
            template.free(Path::new("a.jpg"), Path::new("d"), PNG, is_taken)
        };
        assert_eq!(
            free(NameTemplate::counting()),
            Path::new("d/a_restored_v03.png")
        );
        assert_eq!(free(NameTemplate::plain()), Path::new("d/a_restored.png"));
    }

    #[test]
    fn names_that_differ_in_case_only_are_found() {
        let differ = |a: &str, b: &str| differ_in_case_only(a.as_ref(), b.as_ref());
        assert!(differ("Ä.tif", "ä.TIF"));
        assert!(!differ("a.tif", "a.tif"));
        assert!(!differ("a.tif", "b.tif"));
    }
}
