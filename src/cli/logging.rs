//! Where log lines go and how many of them.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::Common;

/// Sends log lines to standard error: errors with `-q`, else warnings, more with `-v`; `RUST_LOG` outranks all of it.
///
/// ONNX Runtime's own lines are seen with `-v` alone: what fails in it comes back as an error, which is either handled or
/// said in words for the person.
pub fn start_logging(common: &Common) {
    let default = match (common.quiet, common.verbose) {
        (true, _) => "error,ort=off",
        (false, 0) => "warn,ort=off",
        (false, 1) => "warn,unscratch=info",
        (false, 2) => "warn,unscratch=debug",
        (false, _) => "info,unscratch=trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .try_init();
    if let Err(error) = started {
        tracing::debug!("logging was started before: {error}");
    }
}
