//! What the terminal shows: results on standard output, notes, errors and progress on standard error.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::restore::{ProgressSink, Stage};

/// The terminal, as loud as asked for.
pub(super) struct Console {
    quiet: bool,
    verbose: bool,
    bar: ProgressBar,
    stage: Mutex<Option<Stage>>,
}

impl Console {
    /// A progress bar is shown only on a terminal that was not asked to be quiet.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Self {
            quiet,
            verbose,
            bar: ProgressBar::with_draw_target(None, target).with_style(style(false)),
            stage: Mutex::default(),
        }
    }

    /// A result, on standard output unless quiet.
    pub fn result(&self, line: &str) {
        if !self.quiet {
            self.bar
                .suspend(|| write_line(&mut std::io::stdout(), &printable(line)));
        }
    }

    /// Output that was asked for by name, on standard output whatever the loudness.
    pub fn output(&self, text: &str) {
        self.bar
            .suspend(|| write_line(&mut std::io::stdout(), text));
    }

    /// Something the person should know, on standard error unless quiet.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.bar
                .suspend(|| write_line(&mut std::io::stderr(), &printable(line)));
        }
    }

    /// A detail, on standard error when verbose.
    pub fn detail(&self, line: &str) {
        if self.verbose {
            self.note(line);
        }
    }

    /// What went wrong, always on standard error.
    pub fn error(&self, line: &str) {
        let line = format!("unscratch: {}", printable(line));
        self.bar
            .suspend(|| write_line(&mut std::io::stderr(), &line));
    }

    /// Takes the progress bar away.
    pub fn end_progress(&self) {
        *self.current_stage() = None;
        self.bar.finish_and_clear();
    }

    fn current_stage(&self) -> std::sync::MutexGuard<'_, Option<Stage>> {
        self.stage
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl ProgressSink for Console {
    fn report(&self, stage: Stage, done: u64, total: u64) {
        let mut current = self.current_stage();
        self.bar.set_length(total.max(1));
        self.bar.set_position(done);
        if *current != Some(stage) {
            *current = Some(stage);
            self.bar.reset_eta();
            self.bar.set_message(stage.label());
            self.bar.set_style(style(total > 0));
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }
}

fn style(is_measurable: bool) -> ProgressStyle {
    let template = if is_measurable {
        "{msg} {wide_bar} {pos}/{len} {eta}"
    } else {
        "{msg} {spinner}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `line` with its control characters written out: a file's name may hold some, and a terminal would obey them.
pub fn printable(line: &str) -> Cow<'_, str> {
    if !line.contains(char::is_control) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 8);
    for character in line.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A closed pipe (`| head`) must not end the work, so a failed write is only logged.
fn write_line(stream: &mut dyn Write, line: &str) {
    if let Err(error) = writeln!(stream, "{line}").and_then(|()| stream.flush()) {
        tracing::debug!("the terminal takes no more text: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_name_do_not_reach_the_terminal() {
        assert_eq!(printable("plain – ä"), "plain – ä");
        let shown = printable("a\u{1b}[31m\nb\u{9b}c → d");
        assert_eq!(shown, "a\\u{1b}[31m\\nb\\u{9b}c → d");
        assert!(!shown.contains(char::is_control));
    }
}
