//! What is kept between two starts of the window: recent files, brush, overlay. A small TOML file in the config folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::command::Bindings;
use super::theme;
use crate::jobs::{DEFAULT_WORKING_BYTES, MIN_WORKING_BYTES};

/// Recent files kept.
const RECENT_MAX: usize = 8;

/// How original and restored photo are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareMode {
    /// The restored photo alone.
    #[default]
    Restored,
    /// Original left of a divider, restored right of it.
    Split,
    /// Original above a divider, restored below it.
    SplitAcross,
    /// Both next to each other, one zoom.
    SideBySide,
    /// One after the other, in the same place.
    Blink,
    /// How far they differ, amplified.
    Difference,
}

/// The saved settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent choices of the person, each an entry of the file"
)]
pub struct Settings {
    /// Photos opened, the latest first.
    pub recent: Vec<PathBuf>,
    /// Size of text and controls that the person chose, 1 = as the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_scale: Option<f32>,
    /// Folder the last photo came from.
    pub last_folder: Option<PathBuf>,
    /// Folder the last restored photo was written to, where that was not its original's.
    pub export_folder: Option<PathBuf>,
    /// Brush diameter, image px.
    pub brush_diameter_px: f32,
    /// Part of the brush's radius at full strength, 0 to 1.
    pub brush_hardness: f32,
    /// Whether a pen's pressure narrows the brush, where the system tells it.
    pub pen_pressure: bool,
    /// Colour of the marked damage, sRGB.
    pub overlay_color: [u8; 3],
    /// Opacity of the overlay, 0 to 1.
    pub overlay_opacity: f32,
    /// How original and restored are shown.
    pub compare: CompareMode,
    /// Amount for grow, shrink, feather and specks, px.
    pub amount_px: f32,
    /// The same in mm, for photos that say their resolution.
    pub amount_mm: f32,
    /// Whether the amount in mm counts.
    pub amount_in_mm: bool,
    /// Whether the overlay shows how far the repair reaches beyond the marks.
    pub show_rim: bool,
    /// JPEG quality of exports, 1 to 100.
    pub jpeg_quality: u8,
    /// Whether exports write the mask as a file of its own.
    pub export_mask: bool,
    /// Whether lines are drawn between large pixels.
    pub pixel_grid: bool,
    /// Whether rulers are shown.
    pub rulers: bool,
    /// Whether they count mm, for photos that say their resolution.
    pub rulers_in_mm: bool,
    /// Whether a small picture shows which part of the photo is seen.
    pub navigator: bool,
    /// The screen's colour profile; sRGB without one.
    pub screen_profile: Option<PathBuf>,
    /// What the networks and what they keep may take beside the photo, MiB.
    pub memory_limit_mib: u32,
    /// Who restores photos, for their records.
    pub operator: String,
    /// Whether the work is saved while it is done.
    pub autosave: bool,
    /// Whether it is saved beside the photo instead of in the data folder.
    pub autosave_beside_photo: bool,
    /// Keys that the person chose.
    pub shortcuts: Bindings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            recent: Vec::new(),
            last_folder: None,
            export_folder: None,
            interface_scale: None,
            brush_diameter_px: 18.0,
            brush_hardness: 0.8,
            pen_pressure: true,
            overlay_color: theme::OVERLAY_COLORS[0].1,
            overlay_opacity: 0.55,
            compare: CompareMode::Restored,
            amount_px: 3.0,
            amount_mm: 0.25,
            amount_in_mm: false,
            show_rim: false,
            jpeg_quality: 95,
            export_mask: false,
            pixel_grid: true,
            rulers: false,
            rulers_in_mm: true,
            navigator: true,
            screen_profile: None,
            memory_limit_mib: (DEFAULT_WORKING_BYTES >> 20) as u32,
            operator: String::new(),
            autosave: true,
            autosave_beside_photo: false,
            shortcuts: Bindings::default(),
        }
    }
}

/// Smallest and largest brush diameter, image px.
pub const BRUSH_DIAMETER_PX: std::ops::RangeInclusive<f32> = 1.0..=400.0;

/// Sizes of the interface offered, 1 = as the system says.
pub const INTERFACE_SCALES: [f32; 8] = [0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0];

/// Memory limits offered, MiB; none below the smallest that works.
pub const MEMORY_LIMITS_MIB: [u32; 5] = [192, 256, 512, 1024, 2048];

/// Amounts offered for operations on all marks, px.
pub const AMOUNT_PX: std::ops::RangeInclusive<f32> = 1.0..=100.0;

/// The same in mm.
pub const AMOUNT_MM: std::ops::RangeInclusive<f32> = 0.01..=20.0;

impl Settings {
    /// Puts `path` first among the recent files.
    pub fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.last_folder = path.parent().map(Path::to_path_buf);
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT_MAX);
    }

    /// Where a dialog begins that opens files: in the folder of the last photo, else with the pictures of the person, else in
    /// their home; `None` where nothing of this is there.
    pub fn folder_to_open(&self) -> Option<PathBuf> {
        let dirs = directories::UserDirs::new();
        let own = |dirs: &directories::UserDirs| {
            let pictures = dirs.picture_dir().map(Path::to_path_buf);
            [pictures, Some(dirs.home_dir().to_path_buf())]
        };
        let own = dirs.iter().flat_map(own);
        let mut folders = std::iter::once(self.last_folder.clone())
            .chain(own)
            .flatten();
        folders.find(|folder| folder.is_dir())
    }

    /// Remembers where a photo of `master` was written: the next one is proposed there too, or beside its original again.
    pub fn remember_export(&mut self, master: &Path, target: &Path) {
        let folder_of = |path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            path.parent().map(Path::to_path_buf)
        };
        let folder = folder_of(target);
        self.export_folder = folder.filter(|folder| Some(folder) != folder_of(master).as_ref());
    }

    /// Multiplies the brush's diameter, by at least one pixel.
    pub fn resize_brush(&mut self, factor: f32) {
        let step = self.brush_diameter_px * (factor - 1.0);
        let step = if step < 0.0 {
            step.min(-1.0)
        } else {
            step.max(1.0)
        };
        self.brush_diameter_px = (self.brush_diameter_px + step)
            .round()
            .clamp(*BRUSH_DIAMETER_PX.start(), *BRUSH_DIAMETER_PX.end());
    }

    /// What the networks and what they keep may take beside the photo, bytes.
    pub fn memory_limit_bytes(&self) -> u64 {
        u64::from(self.memory_limit_mib) << 20
    }

    /// Makes the brush's edge harder, or softer with a negative step.
    pub fn harden_brush(&mut self, step: f32) {
        self.brush_hardness = (self.brush_hardness + step).clamp(0.0, 1.0);
    }

    /// Brings values from a file that was edited by hand into their ranges.
    pub(super) fn tidied(mut self) -> Self {
        let finite = |value: f32, or: f32| if value.is_finite() { value } else { or };
        let defaults = Self::default();
        self.brush_diameter_px = finite(self.brush_diameter_px, defaults.brush_diameter_px)
            .clamp(*BRUSH_DIAMETER_PX.start(), *BRUSH_DIAMETER_PX.end());
        let [smallest, .., largest] = INTERFACE_SCALES;
        let scale = self.interface_scale.map(|scale| finite(scale, 1.0));
        self.interface_scale = scale.map(|scale| scale.clamp(smallest, largest));
        self.brush_hardness = finite(self.brush_hardness, defaults.brush_hardness).clamp(0.0, 1.0);
        self.overlay_opacity =
            finite(self.overlay_opacity, defaults.overlay_opacity).clamp(0.05, 1.0);
        self.amount_px =
            finite(self.amount_px, defaults.amount_px).clamp(*AMOUNT_PX.start(), *AMOUNT_PX.end());
        self.amount_mm =
            finite(self.amount_mm, defaults.amount_mm).clamp(*AMOUNT_MM.start(), *AMOUNT_MM.end());
        self.jpeg_quality = self.jpeg_quality.clamp(1, 100);
        self.memory_limit_mib = self.memory_limit_mib.max((MIN_WORKING_BYTES >> 20) as u32);
        self.recent.truncate(RECENT_MAX);
        self
    }
}

/// The next size of the interface above `now`, or below it.
pub fn next_interface_scale(now: f32, larger: bool) -> Option<f32> {
    let mut scales = INTERFACE_SCALES.into_iter();
    if larger {
        scales.find(|scale| *scale > now)
    } else {
        scales.rfind(|scale| *scale < now)
    }
}

/// The settings and the file they are kept in.
#[derive(Debug, Default)]
pub struct SettingsStore {
    /// The settings now.
    pub settings: Settings,
    /// Whether there is no file yet, so that nothing was chosen by the person.
    pub is_first_start: bool,
    saved: Settings,
    path: Option<PathBuf>,
}

impl SettingsStore {
    /// The file in the person's config folder, if the system names one.
    pub fn default_path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "unscratch")
            .map(|dirs| dirs.config_dir().join("window.toml"))
    }

    /// Reads `path`; a missing or broken file gives the defaults. With `None` nothing is read or kept.
    pub fn load(path: Option<PathBuf>) -> Self {
        let text = path
            .as_deref()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let is_first_start = path.is_some() && text.is_none();
        let settings = text
            .and_then(|text| match toml::from_str::<toml::Table>(&text) {
                Ok(table) => Some(readable(table).tidied()),
                Err(error) => {
                    tracing::warn!("the saved settings cannot be read, defaults are used: {error}");
                    set_aside(path.as_deref());
                    None
                }
            })
            .unwrap_or_default();
        Self {
            saved: settings.clone(),
            settings,
            is_first_start,
            path,
        }
    }

    /// Writes the settings if they changed; a failure is logged and otherwise without consequence.
    pub fn save(&mut self) {
        let Some(path) = &self.path else {
            return;
        };
        if self.settings == self.saved {
            return;
        }
        match write(path, &self.settings) {
            Ok(()) => self.saved = self.settings.clone(),
            Err(error) => tracing::warn!("the settings could not be saved: {error:#}"),
        }
    }
}

/// The settings in `table`; entries that cannot be read are left at their defaults.
fn readable(table: toml::Table) -> Settings {
    let whole = table.clone().try_into::<Settings>();
    whole.unwrap_or_else(|_| {
        let entries = table.into_iter().filter(|(name, value)| {
            let alone = toml::Table::from_iter([(name.clone(), value.clone())]);
            let read = alone.try_into::<Settings>();
            if let Err(error) = &read {
                tracing::warn!("the saved setting “{name}” cannot be read: {error}");
            }
            read.is_ok()
        });
        let entries: toml::Table = entries.collect();
        entries.try_into().unwrap_or_default()
    })
}

/// Keeps a settings file that is no TOML beside the new one, with `.damaged` at its name's end.
fn set_aside(path: Option<&Path>) {
    let Some(path) = path else {
        return;
    };
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    if let Err(error) = std::fs::copy(path, &aside) {
        tracing::warn!("the damaged settings could not be kept: {error}");
    }
}

fn write(path: &Path, settings: &Settings) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(file.path(), toml::to_string_pretty(settings)?)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact values are meant")]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/window.toml");
        let mut store = SettingsStore::load(Some(path.clone()));
        assert!(store.is_first_start);
        store.settings.brush_diameter_px = 33.0;
        store.settings.compare = CompareMode::Split;
        store.settings.remember(Path::new("/photos/a.tif"));
        store.save();
        let again = SettingsStore::load(Some(path));
        assert_eq!(again.settings, store.settings);
        assert!(!again.is_first_start);
    }

    #[test]
    fn a_broken_settings_file_gives_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.toml");
        std::fs::write(&path, "brush_diameter_px = \"large\"").unwrap();
        assert_eq!(
            SettingsStore::load(Some(path.clone())).settings,
            Settings::default()
        );
        std::fs::write(
            &path,
            "brush_diameter_px = 1e9\noverlay_opacity = nan\ninterface_scale = 0.0",
        )
        .unwrap();
        let tidied = SettingsStore::load(Some(path)).settings;
        assert_eq!(tidied.brush_diameter_px, 400.0);
        assert_eq!(tidied.interface_scale, Some(0.75));
        assert!(tidied.overlay_opacity.is_finite());
    }

    #[test]
    fn one_wrong_entry_costs_no_other_and_a_torn_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.toml");
        let text = "jpeg_quality = \"best\"\nrulers = true\ncompare = \"sideways\"\nrecent = [\"/a.tif\"]\n[shortcuts]\nundo = [\"Q\"]\n";
        std::fs::write(&path, text).unwrap();
        let settings = SettingsStore::load(Some(path.clone())).settings;
        assert_eq!((settings.jpeg_quality, settings.rulers), (95, true));
        assert_eq!(settings.compare, CompareMode::Restored);
        assert_eq!(settings.recent, [Path::new("/a.tif")]);
        assert!(settings.shortcuts.is_any_changed());
        std::fs::write(&path, &text[..40]).unwrap();
        let torn = SettingsStore::load(Some(path.clone())).settings;
        assert_eq!(torn, Settings::default());
        let aside = folder.path().join("window.toml.damaged");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), &text[..40]);
    }

    #[test]
    fn a_photo_opened_again_moves_to_the_front_of_the_recent_files() {
        let mut settings = Settings::default();
        for number in 0..12 {
            settings.remember(Path::new(&format!("/photos/{number}.jpg")));
        }
        settings.remember(Path::new("/photos/7.jpg"));
        assert_eq!(settings.recent.len(), RECENT_MAX);
        assert_eq!(settings.recent[0], Path::new("/photos/7.jpg"));
        assert_eq!(
            settings
                .recent
                .iter()
                .filter(|p| p.ends_with("7.jpg"))
                .count(),
            1
        );
        assert_eq!(settings.last_folder.as_deref(), Some(Path::new("/photos")));
    }

    #[test]
    fn settings_of_any_text_are_read_or_left_at_their_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).unwrap();
            SettingsStore::load(Some(path.clone())).settings
        };
        let mut settings = load("[shortcuts]\nundo = [\"Q\"]\n");
        settings.remember(Path::new("/photos/a.tif"));
        assert!(settings.shortcuts.is_any_changed());
        let good = toml::to_string_pretty(&settings).unwrap();
        assert_eq!(load(&good), settings);
        let strange = [
            "",
            "\0",
            "-1",
            "1e999",
            "[",
            "\"",
            "Ctrl+",
            "ß",
            "nan",
            "99999999999999999999",
        ];
        for (turn, at) in (0..good.len()).step_by(3).enumerate() {
            let end = (at + turn % 7).min(good.len());
            let (Some(head), Some(tail)) = (good.get(..at), good.get(end..)) else {
                continue;
            };
            let text = [head, strange[turn % strange.len()], tail].concat();
            let read = load(&text);
            let again: Settings = toml::from_str(&toml::to_string_pretty(&read).unwrap()).unwrap();
            assert_eq!(again, read, "{text}");
        }
    }
}
