//! Runs the binary in a folder of its own and makes small photos.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb};
use tempfile::TempDir;

/// The binary with the project's ONNX Runtime and without a display.
pub fn unscratch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unscratch"));
    command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .env_remove("RUST_LOG");
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
    if runtime.is_dir() {
        command.env("ORT_DYLIB_PATH", runtime);
    }
    command
}

/// The binary bound by the rights of files and folders, also where the tests run as the superuser.
#[cfg(unix)]
fn unprivileged() -> Command {
    use std::os::unix::fs::PermissionsExt as _;
    let plain = unscratch();
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let locked = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(file.path(), locked).expect("it is locked");
    if std::fs::File::open(file.path()).is_err() {
        return plain;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--inh-caps=-all", "--bounding-set=-all"])
        .arg(plain.get_program());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// What one run said and how it ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Checks the exit code and that nothing panicked.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// Checks that standard error holds `text`.
    pub fn expect_error(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text}: {}", self.stderr);
        self
    }
}

/// A folder that goes away with the test, in which the binary runs.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the binary here; words are separated by spaces.
    pub fn run(&self, line: &str) -> Ran {
        unscratch()
            .current_dir(self.0.path())
            .args(line.split_whitespace())
            .output()
            .expect("the binary starts")
            .into()
    }

    /// The same without the superuser's power to pass over rights; as superuser it takes `setpriv` of util-linux.
    #[cfg(unix)]
    pub fn run_unprivileged(&self, line: &str) -> Ran {
        unprivileged()
            .current_dir(self.0.path())
            .args(line.split_whitespace())
            .output()
            .expect("the binary starts, for the superuser with setpriv of util-linux")
            .into()
    }

    /// Names of the files in it, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// Saves a picture under a name whose end names its kind.
    pub fn save(&self, name: &str, picture: impl Into<DynamicImage>) -> &Self {
        picture.into().save(self.path(name)).expect("it is saved");
        self
    }

    /// Saves bytes.
    pub fn write(&self, name: &str, bytes: &[u8]) -> &Self {
        std::fs::write(self.path(name), bytes).expect("it is written");
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("it is there")
    }

    /// Decodes a picture.
    pub fn load(&self, name: &str) -> DynamicImage {
        image::ImageReader::open(self.path(name))
            .expect("it is there")
            .with_guessed_format()
            .expect("it can be read")
            .decode()
            .expect("it is whole")
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).expect("it is JSON")
    }
}

/// Names of the files in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = folder
        .read_dir()
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            entry.file_name().to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

/// A smooth 8-bit colour picture with a bright line across.
pub fn photo_8(width: u32, height: u32) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    ImageBuffer::from_fn(width, height, |x, y| {
        if x == y + 5 {
            return Rgb([250, 248, 240]);
        }
        let wave = |scale: f32| (f32::sin(x as f32 / scale) * 40.0 + f32::from(y as u8)) as u8;
        Rgb([60 + wave(9.0) / 4, 70 + wave(13.0) / 4, 80 + wave(7.0) / 4])
    })
}

/// The same at 16 bits, with values that 8 bits cannot hold.
pub fn photo_16(width: u32, height: u32) -> ImageBuffer<Rgb<u16>, Vec<u16>> {
    let narrow = photo_8(width, height);
    ImageBuffer::from_fn(width, height, |x, y| {
        Rgb(narrow
            .get_pixel(x, y)
            .0
            .map(|value| u16::from(value) * 251 + (x % 7) as u16))
    })
}

/// A mask of the line in [`photo_8`].
pub fn line_mask(width: u32, height: u32) -> GrayImage {
    ImageBuffer::from_fn(width, height, |x, y| {
        Luma([if x == y + 5 { 255 } else { 0 }])
    })
}

/// A mask that marks nothing.
pub fn empty_mask(width: u32, height: u32) -> GrayImage {
    GrayImage::new(width, height)
}
