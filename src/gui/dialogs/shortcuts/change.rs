//! Choosing another key: which one was pressed, whose it is already, and whether it is taken over.

use eframe::egui::{Event, Key, RichText, Ui};

use crate::gui::command::{Bindings, BindingsChange, Bound, Command, Refused, Shortcut};
use crate::gui::state::Action;
use crate::gui::theme;

/// What the sheet of shortcuts is busy with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ShortcutsForm {
    /// It is read.
    #[default]
    Reading,
    /// The next key press is to be the key of this.
    Listening {
        /// What the key is for.
        bound: Bound,
        /// Why the last one pressed could not be taken.
        refused: Option<Refused>,
    },
    /// The keys wished for belong to something else.
    Asking {
        /// What they are wished for.
        bound: Bound,
        /// The keys.
        keys: Vec<Shortcut>,
        /// Whose they are.
        owners: Vec<Bound>,
    },
}

impl ShortcutsForm {
    /// Begins to listen for the key of `bound`.
    pub(super) fn listen(bound: Bound) -> Self {
        Self::Listening {
            bound,
            refused: None,
        }
    }

    /// What is being changed.
    pub(super) fn bound(&self) -> Option<Bound> {
        match self {
            Self::Reading => None,
            Self::Listening { bound, .. } | Self::Asking { bound, .. } => Some(*bound),
        }
    }
}

/// Takes the key presses of this frame away from everything else while one is listened for.
pub(super) fn listen(
    ui: &Ui,
    form: &mut ShortcutsForm,
    bindings: &Bindings,
    actions: &mut Vec<Action>,
) {
    let ShortcutsForm::Listening { bound, refused } = form else {
        return;
    };
    let bound = *bound;
    let Some(pressed) = take_press(ui) else {
        return;
    };
    if pressed == Pressed::Escape && bound != Bound::Command(Command::Cancel) {
        *form = ShortcutsForm::Reading;
        return;
    }
    let key = match pressed {
        Pressed::Escape => Ok(Shortcut::plain(Key::Escape)),
        Pressed::Key(key) => key,
    };
    let refusal = match key {
        Ok(key) => key.refused_for(bound),
        Err(refusal) => Some(refusal),
    };
    match (key, refusal) {
        (Ok(key), None) => wish(form, bindings, bound, vec![key], actions),
        (_, refusal) => *refused = refusal,
    }
}

/// Gives `keys` to `bound`, or asks first when they belong to something else.
fn wish(
    form: &mut ShortcutsForm,
    bindings: &Bindings,
    bound: Bound,
    keys: Vec<Shortcut>,
    actions: &mut Vec<Action>,
) {
    let owners = bindings.owners(&keys, bound);
    *form = if owners.is_empty() {
        let change = BindingsChange::Assign(bound, keys);
        actions.push(Action::ChangeBindings(change));
        ShortcutsForm::Reading
    } else {
        ShortcutsForm::Asking {
            bound,
            keys,
            owners,
        }
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pressed {
    Escape,
    Key(Result<Shortcut, Refused>),
}

fn take_press(ui: &Ui) -> Option<Pressed> {
    let mut pressed = None;
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let press = match event {
                Event::Key {
                    key: Key::Escape,
                    pressed: true,
                    repeat: false,
                    modifiers,
                    ..
                } if modifiers.is_none() => Some(Pressed::Escape),
                Event::Key {
                    key,
                    physical_key,
                    pressed: true,
                    repeat: false,
                    modifiers,
                } => Some(Pressed::Key(Shortcut::of_press(
                    *key,
                    *physical_key,
                    *modifiers,
                ))),
                Event::Copy | Event::Cut | Event::Paste(_) => {
                    Some(Pressed::Key(Err(Refused::Reserved)))
                }
                _ => None,
            };
            pressed = pressed.or(press);
            press.is_none() && !matches!(event, Event::Key { .. } | Event::Text(_))
        });
    });
    pressed
}

/// The line at the bottom of the sheet: what to do, whose the key is, what can be chosen.
pub(super) fn show(
    ui: &mut Ui,
    form: &mut ShortcutsForm,
    bindings: &Bindings,
    actions: &mut Vec<Action>,
) {
    match form.clone() {
        ShortcutsForm::Reading => {
            ui.label("Click a key to change it");
            ui.add_enabled_ui(bindings.is_any_changed(), |ui| {
                let reset = ui.button("Reset all");
                let reset = reset
                    .on_hover_text("Give every command the key it came with")
                    .on_disabled_hover_text("Every command has the key it came with");
                if reset.clicked() {
                    actions.push(Action::ChangeBindings(BindingsChange::ResetAll));
                }
            });
        }
        ShortcutsForm::Listening { bound, refused } => {
            let text = format!("Press the new key for “{}”", bound.label());
            ui.label(RichText::new(text).color(theme::ACCENT));
            if let Some(refused) = refused {
                ui.label(RichText::new(refused.to_string()).color(theme::ERROR));
            }
            if ui.button("No key").clicked() {
                wish(form, bindings, bound, Vec::new(), actions);
            }
            if bindings.is_changed(bound) {
                let keys: Vec<String> = bound.defaults().iter().map(|key| key.label()).collect();
                if ui.button(format!("Reset to {}", keys.join(", "))).clicked() {
                    wish(form, bindings, bound, bound.defaults().to_vec(), actions);
                }
            }
            if ui.button("Leave as it is").clicked() {
                *form = ShortcutsForm::Reading;
            }
        }
        ShortcutsForm::Asking {
            bound,
            keys,
            owners,
        } => {
            let keys_text: Vec<String> = keys.iter().map(|key| key.label()).collect();
            let owners: Vec<String> = owners
                .iter()
                .map(|owner| format!("“{}”", owner.label()))
                .collect();
            let text = format!("{} belongs to {}", keys_text.join(", "), owners.join(", "));
            ui.label(RichText::new(text).color(theme::ACCENT));
            let take = ui.button("Take it over");
            if take
                .on_hover_text(format!("“{}” gets it", bound.label()))
                .clicked()
            {
                let change = BindingsChange::Assign(bound, keys);
                actions.push(Action::ChangeBindings(change));
                *form = ShortcutsForm::Reading;
            }
            if ui.button("Leave as it is").clicked() {
                *form = ShortcutsForm::Reading;
            }
        }
    }
}
