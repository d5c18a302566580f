//! Which keys lead to which command: the table's, where the person did not choose others. Part of the saved settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{COMMANDS, Command, HeldKey, Shortcut};

/// What a key can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// Something that acts while the key is held.
    Held(HeldKey),
    /// A command.
    Command(Command),
}

impl Bound {
    /// Everything a key can be bound to.
    pub fn all() -> impl Iterator<Item = Self> {
        let held = HeldKey::ALL.into_iter().map(Self::Held);
        held.chain(COMMANDS.iter().map(|row| Self::Command(row.command)))
    }

    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Held(held) => held.label(),
            Self::Command(command) => command.name(),
        }
    }

    /// Its keys where the person chose no others.
    pub fn defaults(self) -> &'static [Shortcut] {
        match self {
            Self::Held(held) => held.defaults(),
            Self::Command(command) => command.row().shortcuts,
        }
    }

    fn id(self) -> String {
        match self {
            Self::Held(held) => held.id().to_owned(),
            Self::Command(command) => command.id(),
        }
    }

    fn of_id(id: &str) -> Option<Self> {
        let held = HeldKey::ALL.into_iter().find(|held| held.id() == id);
        held.map(Self::Held)
            .or_else(|| Command::of_id(id).map(Self::Command))
    }
}

/// A change of the bindings that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingsChange {
    /// These keys and no others, taken away from whatever has them.
    Assign(Bound, Vec<Shortcut>),
    /// The table's keys for everything.
    ResetAll,
}

/// The keys of everything. In the settings file a table of names, each with a list of shortcuts as text; what this
/// version does not know is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Bindings {
    /// Keys that the person chose; nothing in it collides.
    chosen: BTreeMap<Bound, Vec<Shortcut>>,
    /// Entries of other versions, and those that cannot be read.
    foreign: Saved,
}

type Saved = BTreeMap<String, toml::Value>;

impl Bindings {
    /// The keys of `bound`: those chosen, or else the table's as far as nothing else was given them.
    pub fn keys(&self, bound: Bound) -> impl Iterator<Item = Shortcut> + '_ {
        let chosen = self.chosen.get(&bound);
        let keys = chosen.map_or(bound.defaults(), Vec::as_slice);
        let is_default = chosen.is_none();
        keys.iter()
            .copied()
            .filter(move |&key| !(is_default && self.is_chosen(key)))
    }

    /// The first key of `bound` as written in menus, when it has one.
    pub fn label(&self, bound: Bound) -> Option<String> {
        self.keys(bound).next().map(Shortcut::label)
    }

    /// All keys of `bound` as written on the sheet.
    pub fn labels(&self, bound: Bound) -> String {
        let labels: Vec<String> = self.keys(bound).map(Shortcut::label).collect();
        labels.join(", ")
    }

    /// `text` with each name in braces replaced by its key, such as `{finish_shape}` by `Enter`.
    pub fn with_keys(&self, text: &str) -> String {
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let label = Bound::of_id(name).and_then(|bound| self.label(bound));
            filled.push_str(label.as_deref().unwrap_or("(no key)"));
            filled.push_str(rest);
        }
        filled
    }

    /// What else answers to one of `keys` when they are given to `bound`.
    pub fn owners(&self, keys: &[Shortcut], bound: Bound) -> Vec<Bound> {
        Bound::all()
            .filter(|other| *other != bound)
            .filter(|other| {
                self.keys(*other)
                    .any(|taken| keys.iter().any(|key| key.collides_with(taken)))
            })
            .collect()
    }

    /// Whether the person chose other keys for `bound` than the table's, or something else took one of them.
    pub fn is_changed(&self, bound: Bound) -> bool {
        !self.keys(bound).eq(bound.defaults().iter().copied())
    }

    /// Whether anything differs from the table.
    pub fn is_any_changed(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// Carries out `change`.
    pub fn apply(&mut self, change: BindingsChange) {
        match change {
            BindingsChange::Assign(bound, keys) => self.assign(bound, keys),
            BindingsChange::ResetAll => self.chosen.clear(),
        }
    }

    fn assign(&mut self, bound: Bound, keys: Vec<Shortcut>) {
        for owner in self.owners(&keys, bound) {
            let left = self
                .keys(owner)
                .filter(|taken| !keys.iter().any(|key| key.collides_with(*taken)))
                .collect();
            self.choose(owner, left);
        }
        self.choose(bound, keys);
    }

    fn choose(&mut self, bound: Bound, keys: Vec<Shortcut>) {
        if keys == bound.defaults() {
            self.chosen.remove(&bound);
        } else {
            self.chosen.insert(bound, keys);
        }
    }

    fn is_chosen(&self, key: Shortcut) -> bool {
        let mut chosen = self.chosen.values().flatten();
        chosen.any(|other| other.collides_with(key))
    }
}

impl From<Saved> for Bindings {
    fn from(saved: Saved) -> Self {
        let mut bindings = Self::default();
        for (name, value) in saved {
            let bound = Bound::of_id(&name);
            let texts = value.as_array().map(|keys| {
                let texts = keys.iter().filter_map(toml::Value::as_str);
                let keys: Vec<_> = texts.filter_map(Shortcut::of_text).collect();
                (keys, value.as_array().is_some_and(Vec::is_empty))
            });
            match (bound, texts) {
                (Some(bound), Some((keys, is_empty))) if is_empty || !keys.is_empty() => {
                    let free = keys.into_iter().filter(|key| {
                        key.refused_for(bound).is_none() && !bindings.is_chosen(*key)
                    });
                    let free: Vec<_> = free.collect();
                    if is_empty || !free.is_empty() {
                        bindings.choose(bound, free);
                    }
                }
                _ => {
                    tracing::warn!("the keys of “{name}” in the settings are not understood");
                    bindings.foreign.insert(name, value);
                }
            }
        }
        bindings
    }
}

impl From<Bindings> for Saved {
    fn from(bindings: Bindings) -> Self {
        let mut saved = bindings.foreign;
        for (bound, keys) in bindings.chosen {
            let texts = keys.into_iter().map(Shortcut::to_text);
            let texts = texts.map(toml::Value::String).collect();
            saved.insert(bound.id(), toml::Value::Array(texts));
        }
        saved
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::Key;

    use super::*;

    const UNDO: Bound = Bound::Command(Command::Undo);
    const EXPORT: Bound = Bound::Command(Command::Export);
    const MASTER: Bound = Bound::Held(HeldKey::Master);

    fn keys(bindings: &Bindings, bound: Bound) -> Vec<String> {
        bindings.keys(bound).map(Shortcut::to_text).collect()
    }

    fn assigned(bound: Bound, key: Shortcut) -> Bindings {
        let mut bindings = Bindings::default();
        bindings.apply(BindingsChange::Assign(bound, vec![key]));
        bindings
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        shortcuts: Bindings,
    }

    fn read(text: &str) -> Bindings {
        toml::from_str::<File>(text).unwrap().shortcuts
    }

    #[test]
    fn a_key_that_is_taken_over_leaves_its_owner_with_the_others() {
        let bindings = assigned(UNDO, Shortcut::command(Key::E));
        assert_eq!(keys(&bindings, UNDO), ["Ctrl+E"]);
        assert_eq!(keys(&bindings, EXPORT), ["Ctrl+S"]);
        assert!(bindings.is_changed(UNDO) && bindings.is_changed(EXPORT));
        assert!(!bindings.is_changed(MASTER));
    }

    #[test]
    fn the_owner_of_a_key_is_named_before_it_is_taken() {
        let bindings = Bindings::default();
        let same = [Shortcut::plain(Key::M)];
        assert_eq!(bindings.owners(&same, UNDO), [MASTER]);
        assert_eq!(bindings.owners(&same, MASTER), []);
        assert_eq!(bindings.owners(&[Shortcut::shift(Key::Q)], UNDO), []);
    }

    #[test]
    fn no_two_things_ever_answer_to_one_key_whatever_is_assigned() {
        let mut bindings = Bindings::default();
        let all: Vec<Bound> = Bound::all().collect();
        for step in 0..400 {
            let bound = all[step * 7 % all.len()];
            let from = all[step * 13 % all.len()];
            let keys: Vec<_> = bindings
                .keys(from)
                .chain([Shortcut::plain(Key::Q)])
                .collect();
            let change = if step % 97 == 96 {
                BindingsChange::ResetAll
            } else {
                BindingsChange::Assign(bound, keys.into_iter().take(1 + step % 2).collect())
            };
            bindings.apply(change);
            for bound in &all {
                let keys: Vec<_> = bindings.keys(*bound).collect();
                assert_eq!(
                    bindings.owners(&keys, *bound),
                    [],
                    "{bound:?} in step {step}"
                );
            }
        }
    }

    #[test]
    fn chosen_keys_come_back_from_the_file_and_defaults_are_not_written() {
        let mut bindings = assigned(UNDO, Shortcut::place(Key::OpenBracket, true));
        bindings.apply(BindingsChange::Assign(MASTER, Vec::new()));
        let text = toml::to_string(&File {
            shortcuts: bindings.clone(),
        })
        .unwrap();
        assert!(
            text.contains("undo = [\"Shift+Place+OpenBracket\"]"),
            "{text}"
        );
        assert!(!text.contains("export"), "{text}");
        assert_eq!(read(&text), bindings);
        bindings.apply(BindingsChange::ResetAll);
        assert!(!bindings.is_any_changed());
        assert_eq!(bindings, Bindings::default());
    }

    #[test]
    fn entries_of_another_version_and_damaged_ones_are_kept_and_do_no_harm() {
        let text = "[shortcuts]\nmake_tea = [\"Ctrl+T\"]\nundo = 7\nredo = [\"Hyper+Z\"]\nopen = [\"Q\", 3]\nquit = [\"Tab\"]\nexport = [\"Q\"]\n";
        let bindings = read(text);
        assert_eq!(keys(&bindings, UNDO), ["Ctrl+Z"]);
        assert_eq!(
            keys(&bindings, Bound::Command(Command::Redo))[0],
            "Ctrl+Shift+Z"
        );
        assert_eq!(keys(&bindings, Bound::Command(Command::Quit)), ["Ctrl+Q"]);
        let with_q =
            [EXPORT, Bound::Command(Command::Open)].map(|bound| keys(&bindings, bound) == ["Q"]);
        assert_eq!(
            with_q.iter().filter(|has| **has).count(),
            1,
            "one of the two has it"
        );
        let saved = Saved::from(bindings);
        assert!(saved.contains_key("make_tea") && saved.contains_key("undo"));
    }

    #[test]
    fn a_new_commands_default_gives_way_to_the_key_a_person_chose_before() {
        let bindings = read("[shortcuts]\nquit = [\"B\"]\n");
        assert_eq!(keys(&bindings, Bound::Command(Command::Brush)), [""; 0]);
        assert_eq!(keys(&bindings, Bound::Command(Command::Quit)), ["B"]);
    }

    #[test]
    fn hints_name_the_persons_keys() {
        let bindings = assigned(
            Bound::Command(Command::FinishShape),
            Shortcut::plain(Key::Q),
        );
        let text = bindings.with_keys("{finish_shape} keeps it, {cancel} rejects it");
        assert_eq!(text, "Q keeps it, Escape rejects it");
        assert_eq!(bindings.with_keys("hold {hold_master}"), "hold M");
        assert_eq!(bindings.with_keys("{make_tea}!"), "(no key)!");
    }
}
