//! What to say when there is no window to open, and whether there can be one. Opens nothing itself.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;

use super::console::Console;

/// Whether a window can be tried: `Err` says why not.
///
/// On Linux and the BSDs a display is named by `WAYLAND_DISPLAY`, `WAYLAND_SOCKET` or `DISPLAY`; elsewhere there always is one.
///
/// # Errors
/// A sentence for [`no_window`].
pub fn find_display() -> Result<(), &'static str> {
    let names = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(any(windows, target_os = "macos")) || names.into_iter().any(is_set) {
        return Ok(());
    }
    Err("there is no display (neither WAYLAND_DISPLAY nor DISPLAY is set)")
}

/// Says on standard error why no window opened and how to restore `file`, or a page of it, without one; the exit code is 1.
pub fn no_window(file: Option<&Path>, page: Option<NonZeroU32>, reason: &str) -> ExitCode {
    let file = file.map_or_else(|| "PHOTO".to_owned(), |file| file.display().to_string());
    let page = page.map_or_else(String::new, |page| format!(" --page {page}"));
    Console::new(false, false).error(&format!(
        "the window cannot open: {reason}. Without a window: unscratch restore {file} -o RESULT.png{page}"
    ));
    ExitCode::FAILURE
}
