//! What a frame's keys and the window system ask for: commands, held keys, dropped files, closing.

use std::path::PathBuf;

use eframe::egui::{self, Event, Key};

use super::UnscratchApp;
use crate::gui::canvas::{self, input_key_change};
use crate::gui::command::{Bound, Command, HeldKey, pressed_commands};
use crate::gui::dialogs::{Dialog, ShortcutsForm};
use crate::gui::state::Action;

impl UnscratchApp {
    pub(super) fn read_input(&mut self, ctx: &egui::Context, actions: &mut Vec<Action>) {
        let typing = ctx.text_edit_focused();
        if self.finishes_next && self.pointer.crosshair.is_late() {
            ctx.request_repaint();
        } else if std::mem::take(&mut self.finishes_next) {
            actions.push(Action::Run(Command::FinishShape));
        }
        if self.view.dialog.is_none() {
            // With a menu open, Escape closes the menu and nothing else; Enter presses a button that has the keyboard.
            let in_menu = egui::Popup::is_any_open(ctx);
            let focused = ctx.memory(egui::Memory::focused);
            let on_button = focused.is_some_and(|id| id != canvas::canvas_id());
            let commands = pressed_commands(ctx, &self.store.settings.shortcuts, typing)
                .into_iter()
                .filter(|command| !(in_menu && *command == Command::Cancel))
                .filter(|command| !(on_button && *command == Command::FinishShape));
            for command in commands {
                let waits = command == Command::FinishShape && canvas::clicks_too(ctx);
                if waits {
                    self.finishes_next = true;
                    ctx.request_repaint();
                } else {
                    actions.push(Action::Run(command));
                }
            }
        }
        let events = ctx.input(|input| input.events.clone());
        for event in &events {
            self.follow_hands(event);
            self.hold_keys(event, typing);
        }
        let (dropped, hovers, closes) = ctx.input(|input| {
            let dropped: Vec<PathBuf> = input
                .raw
                .dropped_files
                .iter()
                .map(|file| file.path().to_path_buf())
                .collect();
            (
                dropped,
                !input.raw.hovered_files.is_empty(),
                input.viewport().close_requested(),
            )
        });
        self.view.drop_hovers = hovers;
        if let Some(path) = dropped.into_iter().next() {
            actions.push(Action::OpenPath(path));
        }
        if closes {
            self.close_requested(ctx);
        }
    }

    /// Gives the keyboard to the next part of the window, or to the one before.
    pub(super) fn go_to_part(&mut self, ctx: &egui::Context, is_back: bool) {
        self.keyboard_leads = true;
        self.parts.go(ctx, is_back);
    }

    /// Shows all keys.
    pub(super) fn show_shortcuts(&mut self) {
        self.view.dialog = Some(Dialog::Shortcuts(ShortcutsForm::default()));
    }

    /// The ring around the widget that has the keyboard is for those who work with it.
    fn follow_hands(&mut self, event: &Event) {
        match event {
            Event::Key {
                key:
                    Key::Tab
                    | Key::ArrowUp
                    | Key::ArrowDown
                    | Key::ArrowLeft
                    | Key::ArrowRight
                    | Key::F6
                    | Key::F10,
                pressed: true,
                ..
            } => self.keyboard_leads = true,
            Event::PointerButton { pressed: true, .. } => self.keyboard_leads = false,
            _ => {}
        }
    }

    fn hold_keys(&mut self, event: &Event, typing: bool) {
        if matches!(event, Event::WindowFocused(false)) {
            self.view.held.master = false;
            self.view.held.space = false;
            self.view.held.loupe = false;
        }
        let keys = &self.store.settings.shortcuts;
        let change_of = |held| {
            let mut keys = keys.keys(Bound::Held(held));
            keys.find_map(|shortcut| input_key_change(event, shortcut.key))
        };
        let may_act = !typing && self.view.dialog.is_none();
        if let Some(pressed) = change_of(HeldKey::Master) {
            self.view.held.master = pressed && may_act && self.document.is_some();
        }
        if let Some(pressed) = change_of(HeldKey::Pan) {
            self.view.held.space = pressed && may_act && !canvas::has_keyboard(&self.ctx);
        }
        if let Some(pressed) = change_of(HeldKey::Loupe) {
            // With Shift the key is that of another command.
            let is_shifted = matches!(event, Event::Key { modifiers, .. } if modifiers.shift);
            self.view.held.loupe = pressed && may_act && !is_shifted;
        }
    }
}
