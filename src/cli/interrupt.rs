//! Being told to stop: Ctrl-C, and where there are signals also the ones a system sends when it shuts down or a terminal closes.

use anyhow::Context as _;

/// From now on `handler` runs on a thread of its own at Ctrl-C, SIGTERM and SIGHUP.
///
/// A program that was started to outlive its terminal (`nohup`) goes on doing so.
///
/// # Errors
/// When somebody watches already, or the system refuses.
pub(super) fn watch(handler: impl FnMut() + 'static + Send) -> anyhow::Result<()> {
    let outlives = hangup::is_ignored();
    ctrlc::set_handler(handler).context("Ctrl-C cannot be watched")?;
    if outlives {
        hangup::ignore();
    }
    Ok(())
}

/// For the window: told to stop, the program ends at once and takes the files being written with it. The work on a photo is
/// saved as it is done, so nothing has to be waited for.
pub fn end_when_told() {
    let watched = watch(|| {
        crate::io::remove_unfinished();
        std::process::exit(i32::from(super::EXIT_CANCELLED));
    });
    if let Err(error) = watched {
        tracing::warn!("{error:#}");
    }
}

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the only way to ask what happens at a signal, and to say that nothing shall"
)]
mod hangup {
    /// Whether SIGHUP does nothing, as `nohup` arranges.
    pub fn is_ignored() -> bool {
        // SAFETY: no function of ours is installed, and no other thread changes what this signal does.
        let before = unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
        if before != libc::SIG_IGN && before != libc::SIG_ERR {
            // SAFETY: as above; this is what the system itself had there.
            unsafe { libc::signal(libc::SIGHUP, before) };
        }
        before == libc::SIG_IGN
    }

    /// Lets SIGHUP do nothing.
    pub fn ignore() {
        // SAFETY: ignoring runs no function at all.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

#[cfg(not(unix))]
mod hangup {
    /// There is no such signal.
    pub const fn is_ignored() -> bool {
        false
    }

    /// There is no such signal.
    pub const fn ignore() {}
}
