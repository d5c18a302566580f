//! Keys that act while they are held, not as commands. What they do is decided in the application.

use eframe::egui::Key;

use super::Shortcut;

/// What a key does while it is held. The settings file calls it by its name in snake case with `hold_` before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldKey {
    /// A drag moves the photo.
    Pan,
    /// The original is seen.
    Master,
    /// The pixels under the pointer are seen enlarged.
    Loupe,
}

impl HeldKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pan, Self::Master, Self::Loupe];

    /// What it does, for the sheet of shortcuts.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pan => "Hold and drag to move the photo",
            Self::Master => "Hold to see the original",
            Self::Loupe => "Hold for the loupe: single pixels",
        }
    }

    /// Its name in the settings file and in hints.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pan => "hold_pan",
            Self::Master => "hold_master",
            Self::Loupe => "hold_loupe",
        }
    }

    /// Its keys, where the person chose no others; the first is named in hints.
    pub const fn defaults(self) -> &'static [Shortcut] {
        match self {
            Self::Pan => const { &[Shortcut::plain(Key::Space)] },
            Self::Master => const { &[Shortcut::plain(Key::M), Shortcut::plain(Key::Backslash)] },
            Self::Loupe => const { &[Shortcut::plain(Key::Z)] },
        }
    }
}
