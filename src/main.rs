//! The `unscratch` binary: arguments and logging, then the window or the command line.

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use unscratch::cli::{self, Cli, Common};
use unscratch::inference::runtime::TELEMETRY_SWITCH;

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
    if let Err(reason) = cli::find_display() {
        return cli::no_window(file, reason);
    }
    cli::end_when_told();
    let options = unscratch::gui::GuiOptions {
        file: file.map(Path::to_path_buf),
        engine: common.engine_options(true),
    };
    match unscratch::gui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::no_window(file, &format!("{error:#}")),
    }
}

#[cfg(not(feature = "gui"))]
fn open_window(file: Option<&Path>, _common: &Common) -> ExitCode {
    cli::no_window(file, "this build has no window")
}
