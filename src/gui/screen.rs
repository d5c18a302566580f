//! The colour profile of the screen the window is on, from the file the person chose. Reads it on a thread of its own; converts nothing.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Receiver;
use eframe::egui;
use moxcms::{ColorProfile, DataColorSpace, Layout, ProfileText, TransformOptions};

/// Larger files are no profile of a screen.
const LARGEST_BYTES: u64 = 10 << 20;

/// Why a file does not serve as the screen's profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScreenProfileError {
    /// It cannot be read.
    #[error("the file cannot be read ({source}); check its name: {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is far too large.
    #[error("this is no ICC profile, it is larger than 10 MB; choose an .icc or .icm file: {}", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// It is something else, or damaged.
    #[error("this is no ICC profile, or a damaged one ({reason}); choose an .icc or .icm file: {}", path.display())]
    NotAProfile {
        /// Which file.
        path: PathBuf,
        /// What its reader says.
        reason: moxcms::CmsError,
    },
    /// It describes a printer or something else that is no screen.
    #[error("this profile is for {space} and no screen; choose the profile of an RGB screen: {}", path.display())]
    NotRgb {
        /// Which file.
        path: PathBuf,
        /// Its colours.
        space: String,
    },
    /// Colours cannot be converted for it.
    #[error("colours cannot be converted to this profile ({reason}); choose another one for this screen: {}", path.display())]
    OneWay {
        /// Which file.
        path: PathBuf,
        /// What the converter says.
        reason: moxcms::CmsError,
    },
}

/// What the screen makes of numbers.
#[derive(Clone)]
pub struct ScreenProfile {
    /// The file it comes from.
    pub path: PathBuf,
    /// Its name, as it says itself.
    pub name: String,
    /// The profile: RGB, and colours can be converted to it.
    pub profile: Arc<ColorProfile>,
}

impl std::fmt::Debug for ScreenProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScreenProfile")
            .field("path", &self.path)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ScreenProfile {
    /// Reads the ICC profile at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is no ICC profile, or not one of an RGB screen.
    pub fn read(path: &Path) -> Result<Self, ScreenProfileError> {
        let bytes = bytes_of(path)?;
        let profile = ColorProfile::new_from_slice(&bytes).map_err(|reason| {
            ScreenProfileError::NotAProfile {
                path: path.to_path_buf(),
                reason,
            }
        })?;
        if profile.color_space != DataColorSpace::Rgb {
            return Err(ScreenProfileError::NotRgb {
                path: path.to_path_buf(),
                space: format!("{:?}", profile.color_space).to_uppercase(),
            });
        }
        let options = TransformOptions::default();
        let srgb = ColorProfile::new_srgb();
        srgb.create_transform_8bit(Layout::Rgb, &profile, Layout::Rgb, options)
            .map_err(|reason| ScreenProfileError::OneWay {
                path: path.to_path_buf(),
                reason,
            })?;
        Ok(Self {
            path: path.to_path_buf(),
            name: name_of(&profile, path),
            profile: Arc::new(profile),
        })
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, ScreenProfileError> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > LARGEST_BYTES => Err(ScreenProfileError::TooLarge {
            path: path.to_path_buf(),
        }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(ScreenProfileError::Unreadable {
            path: path.to_path_buf(),
            source,
        }),
    }
}

/// What the profile calls itself, or else its file's name.
fn name_of(profile: &ColorProfile, path: &Path) -> String {
    let said = match &profile.description {
        Some(ProfileText::PlainString(text)) => Some(text.clone()),
        Some(ProfileText::Localizable(texts)) => texts.first().map(|text| text.value.clone()),
        Some(ProfileText::Description(text)) => Some(text.ascii_string.clone()),
        None => None,
    };
    let said = said.map(|text| text.trim_matches(['\0', ' ']).to_owned());
    said.filter(|text| !text.is_empty()).unwrap_or_else(|| {
        path.file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    })
}

/// A profile being read.
#[derive(Debug)]
pub struct Reading(Receiver<Result<ScreenProfile, ScreenProfileError>>);

impl Reading {
    /// Begins to read `path` and wakes the window when that is done.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn begin(ctx: &egui::Context, path: PathBuf) -> std::io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let ctx = ctx.clone();
        std::thread::Builder::new()
            .name("screen profile".to_owned())
            .spawn(move || {
                // The window may be gone by now.
                if sender.send(ScreenProfile::read(&path)).is_ok() {
                    ctx.request_repaint();
                }
            })?;
        Ok(Self(receiver))
    }

    /// What came of it; `None` while it goes on.
    pub fn poll(&self) -> Option<Result<ScreenProfile, ScreenProfileError>> {
        self.0.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen.icc");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn a_screens_profile_is_read_with_its_name() {
        let (_folder, path) = written(&ColorProfile::new_display_p3().encode().unwrap());
        let screen = ScreenProfile::read(&path).unwrap();
        assert_eq!(screen.path, path);
        assert!(screen.name.contains("P3"), "{}", screen.name);
    }

    #[test]
    fn what_is_no_profile_of_a_screen_is_refused_by_a_sentence_that_names_the_file() {
        let grey = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
        let half = &ColorProfile::new_display_p3().encode().unwrap()[..200];
        for (bytes, reason) in [
            (b"not a profile".as_slice(), "no ICC profile"),
            (b"", "no ICC profile"),
            (half, "no ICC profile"),
            (&grey, "for GRAY and no screen"),
        ] {
            let (_folder, path) = written(bytes);
            let message = ScreenProfile::read(&path).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
            assert!(message.contains("screen.icc"), "{message}");
        }
        let missing = ScreenProfile::read(Path::new("/nowhere/a.icc")).unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }

    #[test]
    fn a_file_too_large_to_be_a_profile_is_not_read_to_its_end() {
        let (_folder, path) = written(b"");
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(LARGEST_BYTES * 4).unwrap();
        let error = ScreenProfile::read(&path).unwrap_err();
        assert!(matches!(error, ScreenProfileError::TooLarge { .. }));
    }
}
