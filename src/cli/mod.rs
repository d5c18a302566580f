//! The command line: the same engine without a window.
//!
//! Exit codes: 0 done; 1 a file was missing, unreadable or refused, or something could not run; 2 wrong options only;
//! 130 stopped with Ctrl-C, as shells report it, or told to stop by SIGTERM or SIGHUP.

mod args;
mod autosaves;
pub mod bench;
mod console;
mod detect;
mod doctor;
mod eval;
mod interrupt;
mod logging;
mod memory;
mod new_folders;
mod plan;
mod report;
mod restore;
mod session;
mod values;
mod verify;
mod window;

pub use args::{Cli, Command, Common, Linear, Provider};
pub use interrupt::end_when_told;
pub use logging::start_logging;
pub use window::{find_display, no_window};

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use console::{Console, printable};
use session::Session;

/// Why a command, or one of its files, ended early.
#[derive(Debug)]
enum Stop {
    /// The options do not fit together; exit code 2.
    Usage(String),
    /// This file failed, others may go on; exit code 1.
    Failed(anyhow::Error),
    /// Nothing can go on, for instance without ONNX Runtime; exit code 1.
    Fatal(anyhow::Error),
    /// Ctrl-C; exit code 130.
    Cancelled,
}

/// What shells report for a program ended by Ctrl-C: 128 + the number of SIGINT.
const EXIT_CANCELLED: u8 = 130;

impl Stop {
    fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// The error and its causes in one line; a cause that was quoted already is not said twice.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        let cause = cause.trim_end();
        if said.is_empty() {
            cause.to_owned()
        } else if said.contains(cause) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}

/// Runs the subcommand.
///
/// Results go to standard output, notes, errors and progress to standard error.
pub fn run(command: Command, common: &Common) -> ExitCode {
    let console = Console::new(common.quiet, common.verbose > 0);
    let outcome = Session::new(common, &console).and_then(|mut session| match command {
        Command::Restore(args) => restore::run(&args, &mut session),
        Command::Inpaint(args) => restore::run(&args.into(), &mut session),
        Command::Detect(args) => detect::run(&args, &mut session),
        Command::Verify(args) => verify::run(&args, &mut session),
        Command::Doctor(args) => doctor::run(args, &session),
        Command::Autosaves(args) => autosaves::run(args, &session),
        Command::Bench(args) => bench::run(&args, &mut session),
        Command::Eval(args) => eval::run(&args, &mut session),
    });
    console.end_progress();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Usage(message)) => Cli::command()
            .error(ErrorKind::ArgumentConflict, printable(&message))
            .exit(),
        Err(Stop::Failed(error) | Stop::Fatal(error)) => {
            console.error(&sentence(&error));
            ExitCode::FAILURE
        }
        Err(Stop::Cancelled) => {
            console.error("stopped, no unfinished file is left");
            ExitCode::from(EXIT_CANCELLED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let cause = || anyhow::anyhow!("no such folder");
        let quoted = cause().context("cannot read \"a\" (no such folder)");
        assert_eq!(sentence(&quoted), "cannot read \"a\" (no such folder)");
        let told_apart = cause().context("cannot read \"a\"");
        assert_eq!(sentence(&told_apart), "cannot read \"a\": no such folder");
    }
}
