//! A key with modifiers: what it answers to, how it is written. No commands.

use eframe::egui::{Key, Modifiers};

/// A key with modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// Ctrl, or ⌘ on macOS.
    pub command: bool,
    /// Shift.
    pub shift: bool,
    /// The key.
    pub key: Key,
    /// Whether the key's place counts, not its letter: `[` and `]` need `AltGr` on many keyboards.
    pub by_place: bool,
}

impl Shortcut {
    /// `key` alone.
    pub(super) const fn plain(key: Key) -> Self {
        Self {
            command: false,
            shift: false,
            key,
            by_place: false,
        }
    }

    /// Shift and `key`.
    pub(super) const fn shift(key: Key) -> Self {
        Self {
            shift: true,
            ..Self::plain(key)
        }
    }

    /// Ctrl (⌘ on macOS) and `key`.
    pub(super) const fn command(key: Key) -> Self {
        Self {
            command: true,
            shift: false,
            key,
            by_place: false,
        }
    }

    /// Ctrl (⌘ on macOS), Shift and `key`.
    pub(super) const fn command_shift(key: Key) -> Self {
        Self {
            command: true,
            shift: true,
            key,
            by_place: false,
        }
    }

    /// The key at the place of `key`, with or without Shift.
    pub(super) const fn place(key: Key, shift: bool) -> Self {
        Self {
            command: false,
            shift,
            key,
            by_place: true,
        }
    }

    /// Whether a key press with these properties means this shortcut.
    pub fn matches(self, key: Key, physical_key: Option<Key>, modifiers: Modifiers) -> bool {
        let pressed = if self.by_place {
            physical_key.unwrap_or(key)
        } else {
            key
        };
        // The question mark is typed with Shift on most keyboards.
        let shift_fits = self.key == Key::Questionmark || modifiers.shift == self.shift;
        pressed == self.key && shift_fits && modifiers.command == self.command && !modifiers.alt
    }

    /// As written in menus.
    pub fn label(self) -> String {
        let mut text = String::new();
        if self.command {
            text.push_str(if cfg!(target_os = "macos") {
                "⌘"
            } else {
                "Ctrl+"
            });
        }
        if self.shift {
            text.push_str("Shift+");
        }
        text.push_str(self.key.symbol_or_name());
        text
    }
}
