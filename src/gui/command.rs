//! Every command of the window: one row each with label, tooltip and shortcuts. Menus, buttons and the sheet of
//! shortcuts are built from this table; nothing is executed here.

mod bindings;
mod held;
mod shortcut;
mod table;

use eframe::egui::{self, Event};
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Serialize};

pub use bindings::{Bindings, BindingsChange, Bound};
pub use held::HeldKey;
pub use shortcut::{Refused, Shortcut};
pub use table::COMMANDS;

/// Something a person can tell the window to do. The settings file calls it by its name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Choose a photo to open.
    Open,
    /// Write the restored photo to a new file.
    Export,
    /// The page after this one.
    NextPage,
    /// The page before this one.
    PreviousPage,
    /// The saved work of all photos.
    Autosaves,
    /// Close the window.
    Quit,
    /// Take the last edit back.
    Undo,
    /// Do an undone edit again.
    Redo,
    /// Remove every painted and erased mark.
    ClearMask,
    /// All marks wider.
    GrowMarks,
    /// All marks narrower.
    ShrinkMarks,
    /// A soft rim around all marks.
    FeatherMarks,
    /// Marked and unmarked exchanged.
    InvertMarks,
    /// Small marks taken out.
    RemoveSpecks,
    /// Only long marks stay.
    KeepLines,
    /// Only round marks stay.
    KeepSpecks,
    /// Read the marks from a file.
    LoadMask,
    /// Write the marks to a file.
    SaveMask,
    /// Show how far the repair reaches beyond the marks.
    ToggleRim,
    /// Look for damage again.
    Detect,
    /// Take the photo for a linear scan, or not.
    LinearScan,
    /// Only what is surely damage.
    SensitivityTimid,
    /// What is more likely damage than not.
    SensitivityNormal,
    /// Everything that may be damage.
    SensitivityEager,
    /// Stop what runs.
    Cancel,
    /// The brush that marks damage.
    Brush,
    /// The brush that unmarks.
    Eraser,
    /// The brush that keeps an area from being changed.
    Protect,
    /// Straight lines as wide as the brush.
    Line,
    /// An outline drawn by hand.
    Lasso,
    /// An outline of straight pieces.
    Polygon,
    /// A rectangle.
    Rectangle,
    /// What marks enclose.
    FillHole,
    /// One scratch from one click.
    Trace,
    /// Detection again in a rectangle.
    SearchArea,
    /// Change the repair of one place.
    MendArea,
    /// Unmark the picked area.
    ClearArea,
    /// Fill the picked area from the best match in the photo, then from the next.
    SuggestFill,
    /// Repair the picked area from what shows through its damage.
    ShowThrough,
    /// Fill the picked area by the network again.
    NetworkFill,
    /// Let less of the picked area's repair show.
    AreaWeaker,
    /// Let more of it show.
    AreaStronger,
    /// Shape tools protect instead of marking, or mark again.
    ShapesProtect,
    /// The shape being drawn is complete.
    FinishShape,
    /// Take the shape's last point back.
    DropPoint,
    /// From brush to eraser and back.
    SwapTool,
    /// A smaller brush.
    BrushSmaller,
    /// A larger brush.
    BrushLarger,
    /// A softer edge.
    BrushSofter,
    /// A harder edge.
    BrushHarder,
    /// Hide or change what lies over the photo.
    CycleOverlay,
    /// The marked damage over the photo.
    OverlayMask,
    /// Its contour.
    OverlayOutline,
    /// How sure the network is.
    OverlayProbability,
    /// What was read through the damage and what was invented.
    OverlayProvenance,
    /// Nothing over the photo.
    OverlayOff,
    /// The whole photo in the window.
    ZoomFit,
    /// No edge of the window left empty.
    ZoomFill,
    /// One image pixel on one screen pixel.
    ZoomActual,
    /// Closer.
    ZoomIn,
    /// Further away.
    ZoomOut,
    /// Larger text and controls.
    InterfaceLarger,
    /// Smaller text and controls.
    InterfaceSmaller,
    /// Text and controls as the system says.
    InterfaceNormal,
    /// Only the restored photo.
    CompareRestored,
    /// Original and restored on either side of a divider.
    CompareSplit,
    /// Original above a divider, restored below.
    CompareSplitAcross,
    /// The divider between original and restored, back.
    DividerBack,
    /// The same, on.
    DividerOn,
    /// Original and restored next to each other.
    CompareSideBySide,
    /// Original and restored in turn.
    CompareBlink,
    /// How far they differ.
    CompareDifference,
    /// Lines between large pixels.
    TogglePixelGrid,
    /// Rulers along two edges.
    ToggleRulers,
    /// Rulers in mm or px.
    ToggleRulerUnit,
    /// The keyboard on the photo, or back.
    Crosshair,
    /// The keyboard on the menus.
    MenuBar,
    /// The keyboard on the next part of the window.
    NextPart,
    /// The keyboard on the part before.
    PreviousPart,
    /// A small picture of the whole.
    ToggleNavigator,
    /// Single pixels under the pointer.
    ToggleLoupe,
    /// Which colours the screen has.
    ScreenProfile,
    /// How much memory the networks may take.
    Memory,
    /// The sheet of shortcuts.
    Shortcuts,
}

/// Groups of the menu bar and of the sheet of shortcuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Files.
    File,
    /// Changes of the mask.
    Edit,
    /// All marks at once.
    Marks,
    /// What is seen.
    View,
    /// Brush and eraser.
    Tools,
    /// Help.
    Help,
}

impl Group {
    /// All groups, in the order of the menu bar.
    pub const ALL: [Self; 6] = [
        Self::File,
        Self::Edit,
        Self::Marks,
        Self::View,
        Self::Tools,
        Self::Help,
    ];

    /// Its name on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Marks => "Marks",
            Self::View => "View",
            Self::Tools => "Tools",
            Self::Help => "Help",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandRow {
    /// Which command.
    pub command: Command,
    /// Name in menus and on buttons.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub tooltip: &'static str,
    /// Where it is listed.
    pub group: Group,
    /// Keys, where the person chose no others; the first is shown in menus.
    pub shortcuts: &'static [Shortcut],
    /// Whether holding the key repeats it.
    pub repeats: bool,
}

impl Command {
    /// Its row in [`COMMANDS`].
    ///
    /// # Panics
    /// When the table has no such row; a test makes sure that it has all.
    pub fn row(self) -> &'static CommandRow {
        COMMANDS
            .iter()
            .find(|row| row.command == self)
            .unwrap_or_else(|| unreachable!("{self:?} has no row"))
    }

    /// Its label without the dots that promise a dialog.
    pub fn name(self) -> &'static str {
        self.row().label.trim_end_matches('…')
    }

    /// Its name in the settings file and in hints, such as `finish_shape`.
    pub fn id(self) -> String {
        // A variant without fields is written as a string.
        toml::Value::try_from(self)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The command called `id`; `None` for one that this version does not know.
    pub fn of_id(id: &str) -> Option<Self> {
        let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            id.into_deserializer();
        Self::deserialize(name).ok()
    }
}

/// The commands whose keys were pressed in this frame, in order.
///
/// With `typing` (a text field has the keyboard) there are none.
pub fn pressed_commands(ctx: &egui::Context, bindings: &Bindings, typing: bool) -> Vec<Command> {
    if typing {
        return Vec::new();
    }
    ctx.input(|input| {
        let events = input.events.iter();
        events
            .filter_map(|event| command_of_event(event, bindings))
            .collect()
    })
}

fn command_of_event(event: &Event, bindings: &Bindings) -> Option<Command> {
    let Event::Key {
        key,
        physical_key,
        pressed: true,
        repeat,
        modifiers,
    } = event
    else {
        return None;
    };
    COMMANDS
        .iter()
        .find(|row| {
            (row.repeats || !repeat)
                && bindings
                    .keys(Bound::Command(row.command))
                    .any(|shortcut| shortcut.matches(*key, *physical_key, *modifiers))
        })
        .map(|row| row.command)
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Key, Modifiers};

    use super::*;

    #[test]
    fn no_two_commands_answer_to_the_same_keys() {
        let mut seen: Vec<(Shortcut, Bound)> = Vec::new();
        for bound in Bound::all() {
            for &shortcut in bound.defaults() {
                let taken = seen.iter().find(|(other, _)| other.collides_with(shortcut));
                assert!(taken.is_none(), "{bound:?} collides with {taken:?}");
                assert_eq!(shortcut.refused_for(bound), None, "{bound:?}");
                seen.push((shortcut, bound));
            }
        }
    }

    #[test]
    fn every_command_there_is_has_its_row_and_with_it_a_menu_entry() {
        // What cannot be read is answered with the names of all that can.
        let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            "?".into_deserializer();
        let error = Command::deserialize(name).unwrap_err().to_string();
        let names: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(names.len(), COMMANDS.len(), "{error}");
        for name in names {
            let command = Command::of_id(name).unwrap();
            let has_row = COMMANDS.iter().any(|row| row.command == command);
            assert!(has_row, "{name} has no row");
        }
        for tool in crate::gui::tools::Tool::ALL {
            assert_eq!(tool.command().row().group, Group::Tools);
        }
    }

    #[test]
    fn every_command_has_a_name_for_the_settings_file() {
        for row in COMMANDS {
            assert_eq!(Command::of_id(&row.command.id()), Some(row.command));
        }
        assert_eq!(Command::FinishShape.id(), "finish_shape");
        assert_eq!(Command::of_id("make_tea"), None);
    }

    #[test]
    fn every_row_is_complete_and_found_by_its_command() {
        for row in COMMANDS {
            assert!(!row.label.is_empty() && row.tooltip.len() > 8, "{row:?}");
            assert!(!row.shortcuts.is_empty(), "{row:?}");
            assert_eq!(row.command.row().label, row.label);
            assert_eq!(
                COMMANDS
                    .iter()
                    .filter(|other| other.command == row.command)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn brackets_are_found_by_their_place_on_the_keyboard() {
        let smaller = Command::BrushSmaller.row().shortcuts[0];
        // The key left of the German keyboard's Enter types "ü".
        assert!(smaller.matches(Key::F20, Some(Key::OpenBracket), Modifiers::NONE));
        assert!(!smaller.matches(Key::OpenBracket, Some(Key::Num8), Modifiers::NONE));
        assert!(smaller.matches(Key::OpenBracket, None, Modifiers::NONE));
        assert!(!smaller.matches(Key::OpenBracket, Some(Key::OpenBracket), Modifiers::SHIFT));
    }

    #[test]
    fn control_z_and_shift_control_z_are_different_commands() {
        let event = |modifiers| Event::Key {
            key: Key::Z,
            physical_key: Some(Key::Z),
            pressed: true,
            repeat: false,
            modifiers,
        };
        let command = |modifiers| command_of_event(&event(modifiers), &Bindings::default());
        assert_eq!(command(Modifiers::COMMAND), Some(Command::Undo));
        let both = Modifiers::COMMAND | Modifiers::SHIFT;
        assert_eq!(command(both), Some(Command::Redo));
        assert_eq!(command(Modifiers::NONE), None);
    }
}
