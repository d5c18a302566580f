//! Finding the ONNX Runtime library: the search order, its version, and messages that say how to mend what is missing.
//!
//! Loading itself happens in `session.rs`; here are only paths.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::{installed, library_file, session};

/// The version `make setup` installs.
pub const PINNED_VERSION: &str = "1.31.1";
/// The oldest version that works.
pub const OLDEST_VERSION: &str = "1.24";

/// The environment variable that, set to `1` before the library is loaded, keeps it from reporting its use over the network.
///
/// Without it builds from 1.29 on, other than Windows', send one report and store a device number as soon as they are
/// initialised, whatever is asked of their programming interface afterwards. Source: ONNX Runtime's pull request 27379 and
/// its `docs/Privacy.md`; seen in a trace of its system calls.
pub const TELEMETRY_SWITCH: &str = "ORT_DISABLE_TELEMETRY";

/// The Python that is asked for an installed package.
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

const HOW_TO_MEND: &str = "Run `make setup` in the project's folder, or `pip install onnxruntime==1.31.1`, or name the library with --runtime.";

/// The ONNX Runtime in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeInfo {
    /// The library file.
    pub path: PathBuf,
    /// Its version, such as `1.31.1`.
    pub version: String,
}

/// Why no ONNX Runtime could be loaded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// Nothing found anywhere.
    #[error(
        "ONNX Runtime, the library that runs the networks, was not found. {HOW_TO_MEND} Looked in: {}, and for a package onnxruntime of {PYTHON}",
        list(searched)
    )]
    NotFound {
        /// The folders looked in; Python's packages come on top of them.
        searched: Vec<PathBuf>,
    },
    /// The path named does not exist or holds no such library.
    #[error(
        "there is no ONNX Runtime library (such as {}) at {path:?}. {HOW_TO_MEND}",
        example_name()
    )]
    NotThere {
        /// As named with `--runtime` or `ORT_DYLIB_PATH`.
        path: PathBuf,
    },
    /// The library is too old.
    #[error(
        "ONNX Runtime {version} is too old, {OLDEST_VERSION} or newer is needed. {HOW_TO_MEND} Found: {path:?}"
    )]
    TooOld {
        /// The library.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// It would report its use.
    #[error(
        "ONNX Runtime would report its use over the network, so it is not loaded; set {TELEMETRY_SWITCH}=1 before the program starts"
    )]
    WouldReport,
    /// The file is there but cannot be loaded.
    #[error("the ONNX Runtime library cannot be loaded ({message}). {HOW_TO_MEND} Found: {path:?}")]
    Unloadable {
        /// The library.
        path: PathBuf,
        /// The loader's words.
        message: String,
    },
}

impl RuntimeError {
    /// What is wrong in a few words, for a list of findings.
    pub const fn in_short(&self) -> &'static str {
        match self {
            Self::NotFound { .. } | Self::NotThere { .. } => "not found",
            Self::TooOld { .. } => "found, but too old",
            Self::WouldReport => "not loaded, it would report its use",
            Self::Unloadable { .. } => "found, but cannot be loaded",
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    names.join(", ")
}

const fn example_name() -> &'static str {
    if cfg!(windows) {
        "onnxruntime.dll"
    } else if cfg!(target_os = "macos") {
        "libonnxruntime.dylib"
    } else {
        "libonnxruntime.so"
    }
}

/// Loads ONNX Runtime once per process and returns what is loaded; later calls return the same, whatever they ask for.
///
/// `explicit` is a library file or a folder that holds one; without it `ORT_DYLIB_PATH` counts, then the search order
/// of [`search_folders`], then an installed Python package `onnxruntime`.
///
/// # Errors
/// [`RuntimeError`] with the way to mend it. A path named explicitly is never replaced by another one.
pub fn load(explicit: Option<&Path>) -> Result<RuntimeInfo, RuntimeError> {
    static LOADED: Mutex<Option<RuntimeInfo>> = Mutex::new(None);
    let mut loaded = LOADED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(info) = loaded.as_ref() {
        return Ok(info.clone());
    }
    let info = find_and_load(explicit)?;
    tracing::debug!("ONNX Runtime {} from {:?}", info.version, info.path);
    *loaded = Some(info.clone());
    Ok(info)
}

fn find_and_load(explicit: Option<&Path>) -> Result<RuntimeInfo, RuntimeError> {
    if std::env::var_os(TELEMETRY_SWITCH).is_none_or(|value| value != "1") {
        return Err(RuntimeError::WouldReport);
    }
    let from_environment = std::env::var_os("ORT_DYLIB_PATH")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    if let Some(path) = explicit.map(Path::to_path_buf).or(from_environment) {
        return load_library(&resolve_explicit(&path)?);
    }
    let folders = search_folders();
    let mut first_error = None;
    let in_folders = folders.iter().filter_map(|folder| library_in(folder));
    // Asking Python starts a process: only when nothing else was found.
    let in_python = std::iter::once_with(|| python_folder().and_then(|f| library_in(&f))).flatten();
    for path in in_folders.chain(in_python) {
        match load_library(&path) {
            Ok(info) => return Ok(info),
            Err(error) => {
                tracing::debug!("{error}");
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or(RuntimeError::NotFound { searched: folders }))
}

fn load_library(path: &Path) -> Result<RuntimeInfo, RuntimeError> {
    let checked = library_file::refuse_cut(path).and_then(|()| installed::refuse_altered(path));
    checked.map_err(|message| RuntimeError::Unloadable {
        path: path.to_owned(),
        message,
    })?;
    let version = session::initialise(path)?;
    Ok(RuntimeInfo {
        path: path.to_owned(),
        version,
    })
}

fn resolve_explicit(path: &Path) -> Result<PathBuf, RuntimeError> {
    let found = if path.is_dir() {
        library_in(path)
    } else {
        path.is_file().then(|| path.to_path_buf())
    };
    // Absolute, because the loader would look for a relative path beside the executable.
    found
        .and_then(|found| std::path::absolute(found).ok())
        .ok_or_else(|| RuntimeError::NotThere {
            path: path.to_owned(),
        })
}

/// The folders searched, in order: beside the executable, `runtime/` from there upward, the user's data folder.
pub fn search_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(executable) = std::env::current_exe() {
        // A link in /usr/bin leads to the folder the program was installed in.
        let executable = executable.canonicalize().unwrap_or(executable);
        folders.extend(folders_from(&executable));
    }
    if let Some(project) = directories::ProjectDirs::from("", "", "unscratch") {
        folders.push(project.data_local_dir().join("runtime"));
    }
    folders
}

fn folders_from(executable: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = executable
        .parent()
        .map(Path::to_path_buf)
        .into_iter()
        .collect();
    folders.extend(executable.ancestors().skip(1).map(|f| f.join("runtime")));
    folders
}

/// The newest ONNX Runtime library directly in `folder`, by its file name.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(is_library_name) && path.is_file())
        .max_by_key(|path| version_of_name(path))
}

/// Whether a file name is that of the ONNX Runtime library itself and not of one of its provider plug-ins.
fn is_library_name(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    if cfg!(windows) {
        name.eq_ignore_ascii_case("onnxruntime.dll")
    } else if cfg!(target_os = "macos") {
        name.strip_prefix("libonnxruntime.")
            .is_some_and(|rest| rest.split('.').next_back() == Some("dylib"))
    } else {
        name == "libonnxruntime.so" || name.starts_with("libonnxruntime.so.")
    }
}

/// The numbers in a library's file name: `libonnxruntime.so.1.31.1` is `[1, 31, 1]`.
pub(super) fn version_of_name(path: &Path) -> Vec<u32> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// The library folder of an installed Python package `onnxruntime`, found without importing it.
fn python_folder() -> Option<PathBuf> {
    let output = python_search().output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let folder = text.trim();
    (!folder.is_empty()).then(|| Path::new(folder).join("capi"))
}

/// Python's search for the package, in its own folders and the account's, never in the one the person works in: a folder of
/// scans may come from anybody, and what is found is loaded.
fn python_search() -> Command {
    // Isolated mode leaves out the account's packages too, so that folder is put back, where Python itself would have it.
    const SCRIPT: &str = "
import importlib.util, site, sys
if sys.prefix == sys.base_prefix:
    sys.path.append(site.getusersitepackages())
found = importlib.util.find_spec('onnxruntime')
print(found.submodule_search_locations[0] if found and found.submodule_search_locations else '')
";
    let mut command = Command::new(PYTHON);
    command
        .args(["-I", "-c", SCRIPT])
        .current_dir(std::path::MAIN_SEPARATOR_STR)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_executable_comes_before_runtime_folders_upward() {
        let folders = folders_from(Path::new("/opt/app/bin/unscratch"));
        let expected = [
            "/opt/app/bin",
            "/opt/app/bin/runtime",
            "/opt/app/runtime",
            "/opt/runtime",
            "/runtime",
        ];
        assert_eq!(folders, expected.map(PathBuf::from));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_newest_library_of_a_folder_is_taken_and_plugins_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.31.1",
            "libonnxruntime_providers_shared.so",
            "libother.so.9",
        ] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let found = library_in(folder.path()).unwrap();
        assert_eq!(found.file_name().unwrap(), "libonnxruntime.so.1.31.1");
        assert!(library_in(&folder.path().join("missing")).is_none());
    }

    #[test]
    fn a_path_that_does_not_exist_is_named_with_the_way_to_mend_it() {
        let error = resolve_explicit(Path::new("no/such/library.so")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no/such/library.so"), "{text}");
        assert!(text.contains("make setup"), "{text}");
    }

    #[test]
    fn a_python_package_beside_the_photos_is_never_taken() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("onnxruntime");
        std::fs::create_dir_all(package.join("capi")).unwrap();
        std::fs::write(package.join("__init__.py"), b"").unwrap();
        let mut search = python_search();
        assert_eq!(
            search.get_current_dir(),
            Some(Path::new(std::path::MAIN_SEPARATOR_STR))
        );
        // Even if Python were asked in that folder.
        let output = search
            .current_dir(folder.path())
            .env("PYTHONPATH", folder.path())
            .output()
            .expect("Python, which `make` needs too");
        assert!(output.status.success());
        let found = String::from_utf8_lossy(&output.stdout);
        let name = folder.path().file_name().unwrap().to_string_lossy();
        assert!(!found.contains(&*name), "{found}");
    }
}
