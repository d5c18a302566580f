//! What a person does while an operation on all marks is under way: it waits, in order, until that is taken over.
//!
//! A stroke drawn after "clear all marks" must not be cleared with them, however large the photo is.

use eframe::egui;

use super::UnscratchApp;
use crate::gui::command::Command;
use crate::gui::state::Action;
use crate::mask::MaskOperation;

/// Something that waits.
#[derive(Debug)]
pub(super) enum Postponed {
    /// A person's action.
    Action(Action),
    /// An operation that something else asked for, such as a mask that was read.
    Change(MaskOperation),
}

impl UnscratchApp {
    /// Puts `action` off while an operation on all marks is under way; gives it back when it need not wait.
    pub(super) fn postpone(&mut self, action: Action) -> Option<Action> {
        if self.marking.is_none() || !waits(&action) {
            return Some(action);
        }
        self.postponed.push_back(Postponed::Action(action));
        None
    }

    /// Does what waits, until something of it takes longer as well.
    pub(super) fn do_postponed(&mut self, ctx: &egui::Context) {
        while self.marking.is_none()
            && let Some(next) = self.postponed.pop_front()
        {
            match next {
                Postponed::Action(action) => self.apply(ctx, vec![action]),
                Postponed::Change(operation) => self.change_marks(ctx, operation),
            }
        }
    }

    /// Escape while an operation is under way: gives up what waits for it, or else the operation; whether there was any.
    pub(super) fn stop_marking(&mut self) -> bool {
        if self.marking.is_none() {
            return false;
        }
        if self.postponed.is_empty() {
            self.forget_marking();
        } else {
            self.postponed.clear();
        }
        self.pointer.release();
        true
    }
}

/// Whether the order of `action` and of a change of the marks matters; looking around does not wait.
fn waits(action: &Action) -> bool {
    match action {
        Action::Pan(_)
        | Action::ZoomAt(..)
        | Action::SetSplit(_)
        | Action::SetOverlayColor(_)
        | Action::SetOverlayOpacity(_)
        | Action::SetOverlayMode(_)
        | Action::DismissNotice
        | Action::DismissFinding
        | Action::CloseDialog
        | Action::DiscardAndQuit
        | Action::KeepAndQuit => false,
        Action::Run(command) => !matches!(
            command,
            Command::Cancel
                | Command::Quit
                | Command::CycleOverlay
                | Command::ZoomFit
                | Command::ZoomFill
                | Command::ZoomActual
                | Command::ZoomIn
                | Command::ZoomOut
                | Command::InterfaceLarger
                | Command::InterfaceSmaller
                | Command::InterfaceNormal
                | Command::CompareRestored
                | Command::CompareSplit
                | Command::CompareSplitAcross
                | Command::CompareBlink
                | Command::CompareDifference
                | Command::CompareSideBySide
                | Command::TogglePixelGrid
                | Command::ToggleRulers
                | Command::ToggleRulerUnit
                | Command::ToggleRim
                | Command::Crosshair
                | Command::MenuBar
                | Command::Shortcuts
        ),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_around_does_not_wait_and_whatever_edits_does() {
        assert!(!waits(&Action::Run(Command::ZoomIn)));
        assert!(!waits(&Action::Run(Command::Cancel)));
        assert!(!waits(&Action::Pan(egui::Vec2::ZERO)));
        assert!(waits(&Action::StrokeEnd));
        assert!(waits(&Action::Run(Command::Undo)));
        assert!(waits(&Action::Run(Command::InvertMarks)));
        assert!(waits(&Action::SetThreshold(9)));
    }
}
