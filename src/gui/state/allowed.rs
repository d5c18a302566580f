//! Which commands can be carried out now, and why the others cannot. Carries nothing out.

use super::Model;
use crate::gui::command::{Bound, Command};
use crate::gui::settings::CompareMode;

const NO_PHOTO: &str = "Open a photo first";
const IN_STROKE: &str = "Let go of the brush first";
const NO_NETWORKS: &str = "The networks could not be loaded; the bar at the bottom says why";

impl Model<'_> {
    /// Whether `command` can be carried out now.
    pub fn is_enabled(&self, command: Command) -> bool {
        self.obstacle(command).is_none()
    }

    /// Why `command` cannot be carried out now, in a sentence without its full stop; `None` when it can.
    pub fn obstacle(&self, command: Command) -> Option<&'static str> {
        match command {
            Command::Open
            | Command::Quit
            | Command::Shortcuts
            | Command::MenuBar
            | Command::Autosaves
            | Command::ScreenProfile
            | Command::Memory
            | Command::InterfaceLarger
            | Command::InterfaceSmaller
            | Command::InterfaceNormal => None,
            // It also puts away what is said while no photo is open.
            Command::Cancel => self.cancel_obstacle(),
            _ if self.document.is_none() => Some(NO_PHOTO),
            Command::FinishShape => {
                let is_drawing = self.view.draft.is_some() || self.view.traced.is_some();
                unless(is_drawing, "No line, polygon or trace is being drawn")
            }
            Command::DropPoint => {
                let draft = self.view.draft.as_ref();
                let has_point = draft.is_some_and(|draft| !draft.points.is_empty());
                unless(has_point, "No line or polygon is being drawn")
            }
            Command::NextPage | Command::PreviousPage if self.stroke_open => Some(IN_STROKE),
            Command::NextPage => unless(self.page(true).is_some(), "No page follows this one"),
            Command::PreviousPage => {
                unless(self.page(false).is_some(), "No page comes before this one")
            }
            Command::ToggleRulerUnit => unless(
                self.px_per_mm().is_some(),
                "This file does not say its resolution",
            ),
            Command::DividerBack | Command::DividerOn => unless(
                matches!(
                    self.settings.compare,
                    CompareMode::Split | CompareMode::SplitAcross
                ),
                "Compare by a divider first",
            ),
            Command::Export if self.view.waiting_export.is_some() => {
                Some("An export waits for the search")
            }
            Command::Export => unless(self.work.exporting.is_none(), "An export is being written"),
            Command::SearchArea => unless(self.work.engine_error.is_none(), NO_NETWORKS),
            Command::Detect if self.work.engine_error.is_some() => Some(NO_NETWORKS),
            Command::Detect => unless(
                self.work.detecting.is_none(),
                "Damage is being looked for already",
            ),
            Command::SensitivityTimid | Command::SensitivityNormal | Command::SensitivityEager => {
                unless(
                    self.preset(command).is_some(),
                    "Damage was not looked for yet",
                )
            }
            _ => self.edit_obstacle(command),
        }
    }

    fn cancel_obstacle(&self) -> Option<&'static str> {
        let can_cancel = self.stroke_open
            || self.view.draft.is_some()
            || self.view.traced.is_some()
            || self.view.area.is_some()
            || self.work.tracing
            || self.work.marking.is_some()
            || self.work.mending.is_some()
            || self.work.cancellable().is_some()
            || self.view.waiting_export.is_some()
            || self.view.notice.is_some()
            || self.finding().is_some();
        unless(can_cancel, "Nothing runs and nothing is being drawn")
    }

    /// The same for what changes the marks of an open photo.
    fn edit_obstacle(&self, command: Command) -> Option<&'static str> {
        let document = self.document?;
        match command {
            Command::Undo
            | Command::Redo
            | Command::LinearScan
            | Command::ClearArea
            | Command::NetworkFill
            | Command::SuggestFill
            | Command::ShowThrough
            | Command::AreaWeaker
            | Command::AreaStronger
            | Command::GrowMarks
            | Command::ShrinkMarks
            | Command::FeatherMarks
            | Command::InvertMarks
            | Command::RemoveSpecks
            | Command::KeepLines
            | Command::KeepSpecks
            | Command::ClearMask
                if self.stroke_open =>
            {
                Some(IN_STROKE)
            }
            // It would give up the opening, and answer for the photo that is left.
            Command::LinearScan if self.work.opening.is_some() => Some("A photo is being opened"),
            Command::LinearScan => unless(
                !document.has_own_fills(),
                "An area was healed for the photo as it is taken now; undo that and mark something else first",
            ),
            Command::Undo => unless(document.undo_label().is_some(), "There is nothing to undo"),
            Command::Redo => unless(document.redo_label().is_some(), "Nothing was undone"),
            Command::ClearArea
            | Command::NetworkFill
            | Command::SuggestFill
            | Command::ShowThrough
            | Command::AreaWeaker
            | Command::AreaStronger => unless(
                self.view.area.is_some(),
                "Pick a repaired place with the tool Mend area first",
            ),
            Command::ClearMask => {
                let is_marked = self.work.masked_pixels.is_some_and(|pixels| pixels > 0);
                unless(is_marked, "Nothing is marked")
            }
            _ => None,
        }
    }

    /// Name and key of `command`, what it does, and why it cannot be done now.
    pub fn tooltip(&self, command: Command) -> String {
        let name = command.name();
        let key = self.settings.shortcuts.label(Bound::Command(command));
        let key = key.map_or_else(String::new, |key| format!(" ({key})"));
        let told = format!("{name}{key}\n{}", command.row().tooltip);
        match self.obstacle(command) {
            Some(obstacle) => format!("{told}\nNot now: {obstacle}"),
            None => told,
        }
    }

    /// `text` with each name in braces replaced by the key it is bound to.
    pub fn with_keys(&self, text: &str) -> String {
        self.settings.shortcuts.with_keys(text)
    }
}

fn unless(is_fine: bool, obstacle: &'static str) -> Option<&'static str> {
    (!is_fine).then_some(obstacle)
}
