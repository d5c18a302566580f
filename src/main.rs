//! The `unscratch` binary: arguments and logging, then the window or the command line.

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use unscratch::cli::{self, Cli, Common};

fn main() -> ExitCode {
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

#[cfg(feature = "gui")]
fn open_window(file: Option<&Path>, common: &Common) -> ExitCode {
    if let Err(reason) = cli::find_display() {
        return cli::no_window(file, reason);
    }
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
