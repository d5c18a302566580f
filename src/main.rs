//! The `unscratch` binary: arguments and logging, then the window or the command line.

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use unscratch::cli::{self, Cli, Common, Linear};
use unscratch::inference::runtime::TELEMETRY_SWITCH;
#[cfg(feature = "gui")]
use unscratch::jobs::OpenRequest;

fn main() -> ExitCode {
    forbid_telemetry();
    let Cli {
        file,
        common,
        command,
    } = Cli::parse();
    cli::start_logging(&common);
    match (command, file) {
        (Some(_), Some(file)) => Cli::command()
            .error(
                clap::error::ErrorKind::ArgumentConflict,
                format!("name the photo after the subcommand: {}", file.display()),
            )
            .exit(),
        (Some(command), None) => cli::run(command, &common),
        (None, None) if common.page.is_some() => Cli::command()
            .error(
                clap::error::ErrorKind::MissingRequiredArgument,
                "--page needs a photo: name the TIFF whose page is to be opened",
            )
            .exit(),
        (None, None) if common.linear != Linear::Auto => Cli::command()
            .error(
                clap::error::ErrorKind::MissingRequiredArgument,
                "--linear needs a photo: name the one that is a linear scan, or is none",
            )
            .exit(),
        (None, file) => open_window(file.as_deref(), &common),
    }
}

/// Keeps ONNX Runtime from reporting its use over the network and from keeping a device number in the person's cache.
#[expect(
    unsafe_code,
    reason = "the only way to hand a variable to a library loaded into this process"
)]
fn forbid_telemetry() {
    // SAFETY: this is the first thing `main` does, so no other thread reads the environment meanwhile.
    unsafe { std::env::set_var(TELEMETRY_SWITCH, "1") };
}

#[cfg(feature = "gui")]
fn open_window(file: Option<&Path>, common: &Common) -> ExitCode {
    let no_window = |reason: &str| cli::no_window(file, common.page, reason);
    if let Err(reason) = cli::find_display() {
        return no_window(reason);
    }
    cli::end_when_told();
    let page = common.page.map(|page| page.get() - 1);
    let options = unscratch::gui::GuiOptions {
        file: file.map(|path| OpenRequest {
            path: path.to_path_buf(),
            page,
            transfer: common.linear.into(),
        }),
        engine: common.engine_options(true),
    };
    match unscratch::gui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => no_window(&format!("{error:#}")),
    }
}

#[cfg(not(feature = "gui"))]
fn open_window(file: Option<&Path>, common: &Common) -> ExitCode {
    cli::no_window(file, common.page, "this build has no window")
}
