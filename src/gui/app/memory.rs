//! The memory limit, as far as it is for what the window itself keeps.

use super::UnscratchApp;

impl UnscratchApp {
    /// Takes over a limit that was chosen: what the document keeps follows at once, the networks at the next start.
    pub(super) fn set_memory_limit(&mut self, mib: u32) {
        self.store.settings.memory_limit_mib = mib;
        self.bound_memory();
    }

    /// Holds the document to the limit in force: the one named on the command line, else the one chosen.
    pub(super) fn bound_memory(&mut self) {
        let chosen = self.store.settings.memory_limit_bytes();
        let limit = self.memory_limit_bytes.unwrap_or(chosen);
        if let Some(document) = &mut self.document {
            document.bound_memory(limit);
        }
    }
}
