//! A key with modifiers: what it answers to, how it is written, which keys may be chosen. Knows no command's meaning.

use eframe::egui::{Key, Modifiers};

use super::{Bound, Command, HeldKey};

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
    pub const fn plain(key: Key) -> Self {
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
        let shift_fits = is_typed_with_shift(self.key) || modifiers.shift == self.shift;
        pressed == self.key && shift_fits && modifiers.command == self.command && !modifiers.alt
    }

    /// The shortcut that a key press means, for a person who chooses it.
    ///
    /// Brackets count by their place, as they do in the table: many keyboards need `AltGr` for them.
    ///
    /// # Errors
    /// When no shortcut can be made of it.
    pub fn of_press(
        key: Key,
        physical_key: Option<Key>,
        modifiers: Modifiers,
    ) -> Result<Self, Refused> {
        if modifiers.alt {
            return Err(Refused::Alt);
        }
        let place = physical_key.filter(|key| matches!(key, Key::OpenBracket | Key::CloseBracket));
        let key = place.unwrap_or(key);
        Ok(Self {
            command: modifiers.command,
            shift: modifiers.shift && !is_typed_with_shift(key),
            key,
            by_place: place.is_some(),
        })
    }

    /// Whether some key press means both.
    pub fn collides_with(self, other: Self) -> bool {
        self.key == other.key
            && self.command == other.command
            && (self.shift == other.shift || is_typed_with_shift(self.key))
    }

    /// Why `bound` cannot have it; `None` when it can.
    pub fn refused_for(self, bound: Bound) -> Option<Refused> {
        let is_plain = !self.command && !self.shift;
        if matches!(bound, Bound::Held(_)) && !is_plain {
            return Some(Refused::HeldWithModifier);
        }
        let is_free = match self.key {
            Key::Tab | Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight => false,
            Key::Escape => is_plain && bound == Bound::Command(Command::Cancel),
            Key::Enter => is_plain && bound == Bound::Command(Command::FinishShape),
            Key::Space => is_plain && bound == Bound::Held(HeldKey::Pan),
            // Copy, cut and paste never arrive as keys.
            Key::C | Key::X | Key::V => !self.command,
            _ => true,
        };
        (!is_free).then_some(Refused::Reserved)
    }

    /// As written in the settings file, such as `Ctrl+Shift+Z` or `Place+OpenBracket`.
    pub fn to_text(self) -> String {
        let parts = [
            (self.command, "Ctrl+"),
            (self.shift, "Shift+"),
            (self.by_place, "Place+"),
        ];
        let mut text: String = parts
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, word)| *word)
            .collect();
        text.push_str(self.key.name());
        text
    }

    /// What [`Self::to_text`] wrote; `None` for anything else.
    pub fn of_text(text: &str) -> Option<Self> {
        let (modifiers, key) = text.rsplit_once('+').unwrap_or(("", text));
        let mut shortcut = Self::plain(Key::from_name(key)?);
        for modifier in modifiers.split('+').filter(|word| !word.is_empty()) {
            match modifier {
                "Ctrl" => shortcut.command = true,
                "Shift" => shortcut.shift = true,
                "Place" => shortcut.by_place = true,
                _ => return None,
            }
        }
        Some(shortcut)
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

/// Why a key cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Alt belongs to the tools and to the system.
    #[error("Alt changes what the tools do and opens the system's menus; choose a key without it.")]
    Alt,
    /// The window itself needs the key.
    #[error(
        "This key moves through the window, presses its buttons or copies text; choose another."
    )]
    Reserved,
    /// What acts while it is held is one key.
    #[error("A key that is held has to be a single one, without Shift or Ctrl.")]
    HeldWithModifier,
}

/// Whether most keyboards need Shift to type it, so that Shift says nothing about what is meant.
const fn is_typed_with_shift(key: Key) -> bool {
    matches!(key, Key::Questionmark | Key::Plus)
}

#[cfg(test)]
mod tests {
    use super::super::COMMANDS;
    use super::*;

    #[test]
    fn every_shortcut_comes_back_from_its_text() {
        let all = COMMANDS.iter().flat_map(|row| row.shortcuts);
        for &shortcut in all {
            assert_eq!(Shortcut::of_text(&shortcut.to_text()), Some(shortcut));
        }
        for wrong in ["", "Ctrl+", "Hyper+Z", "Ctrl+Nonsense", "Ctrl Z"] {
            assert_eq!(Shortcut::of_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_pressed_bracket_is_bound_by_its_place_and_a_letter_by_its_letter() {
        let german = Shortcut::of_press(Key::F20, Some(Key::OpenBracket), Modifiers::NONE);
        assert_eq!(german, Ok(Shortcut::place(Key::OpenBracket, false)));
        // The key that types Z on a German keyboard lies where others have Y.
        let letter = Shortcut::of_press(Key::Z, Some(Key::Y), Modifiers::SHIFT);
        assert_eq!(letter, Ok(Shortcut::shift(Key::Z)));
        let mark = Shortcut::of_press(Key::Questionmark, Some(Key::Slash), Modifiers::SHIFT);
        assert_eq!(mark, Ok(Shortcut::plain(Key::Questionmark)));
        let plus = Shortcut::command(Key::Plus);
        for modifiers in [Modifiers::COMMAND, Modifiers::COMMAND | Modifiers::SHIFT] {
            assert!(plus.matches(Key::Plus, Some(Key::Equals), modifiers));
        }
        let alt = Shortcut::of_press(Key::Q, None, Modifiers::ALT);
        assert_eq!(alt, Err(Refused::Alt));
    }

    #[test]
    fn keys_that_the_window_itself_needs_are_refused() {
        let undo = Bound::Command(Command::Undo);
        for key in [
            Key::Tab,
            Key::ArrowLeft,
            Key::Escape,
            Key::Enter,
            Key::Space,
        ] {
            let refused = Shortcut::plain(key).refused_for(undo);
            assert_eq!(refused, Some(Refused::Reserved), "{key:?}");
        }
        assert_eq!(
            Shortcut::command(Key::C).refused_for(undo),
            Some(Refused::Reserved)
        );
        assert_eq!(Shortcut::plain(Key::C).refused_for(undo), None);
        assert_eq!(
            Shortcut::shift(Key::C).refused_for(Bound::Held(HeldKey::Master)),
            Some(Refused::HeldWithModifier)
        );
    }
}
