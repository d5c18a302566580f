//! A file dialog of our own, for systems without one: a folder's photos, a line to type a path.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Key, RichText, Ui};

use super::path_field::{Selected, path_field};
use super::title;
use crate::gui::icons::{self, Icon};
use crate::gui::picker::PHOTO_EXTENSIONS;
use crate::gui::state::Action;
use crate::gui::theme;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    path: PathBuf,
    is_folder: bool,
}

/// What the chosen file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Photo,
    Mask,
}

/// A folder being looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBrowser {
    wanted: Wanted,
    folder: PathBuf,
    typed: String,
    entries: Vec<Entry>,
    problem: Option<String>,
}

impl FileBrowser {
    /// For a photo, beginning in `folder`, or in the working folder when that cannot be read.
    pub fn new(folder: Option<&Path>) -> Self {
        Self::wanting(Wanted::Photo, folder)
    }

    /// For a mask, beginning like [`Self::new`].
    pub fn for_mask(folder: Option<&Path>) -> Self {
        Self::wanting(Wanted::Mask, folder)
    }

    fn wanting(wanted: Wanted, folder: Option<&Path>) -> Self {
        let fallback = || std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let folder = folder
            .filter(|path| path.is_dir())
            .map_or_else(fallback, Path::to_path_buf);
        let mut browser = Self {
            wanted,
            folder: PathBuf::new(),
            typed: String::new(),
            entries: Vec::new(),
            problem: None,
        };
        browser.enter(&folder);
        browser
    }

    fn enter(&mut self, folder: &Path) {
        match list(folder) {
            Ok(entries) => {
                self.folder = folder.to_path_buf();
                self.typed = folder.display().to_string();
                self.entries = entries;
                self.problem = None;
            }
            Err(error) => {
                self.problem = Some(format!(
                    "This folder cannot be read: {error}. Choose another one."
                ));
            }
        }
    }

    /// Goes where the typed path leads: into a folder, or to a photo to open.
    fn go(&mut self) -> Option<PathBuf> {
        let path = PathBuf::from(self.typed.trim());
        let path = if path.is_absolute() {
            path
        } else {
            self.folder.join(path)
        };
        if path.is_dir() {
            self.enter(&path);
            return None;
        }
        if path.is_file() {
            return Some(path);
        }
        self.problem = Some(format!("There is no such file: {}", path.display()));
        None
    }
}

/// Folders first, then photos, both by name; hidden ones are left out.
fn list(folder: &Path) -> std::io::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = std::fs::read_dir(folder)?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = path.is_dir();
            let is_shown = !name.starts_with('.') && (is_folder || is_photo(&path));
            is_shown.then_some(Entry {
                name,
                path,
                is_folder,
            })
        })
        .collect();
    entries.sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
    Ok(entries)
}

fn is_photo(path: &Path) -> bool {
    path.extension().is_some_and(|kind| {
        PHOTO_EXTENSIONS
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    })
}

/// Draws the dialog.
pub fn show(ui: &mut Ui, browser: &mut FileBrowser, actions: &mut Vec<Action>) {
    ui.set_width((ui.ctx().content_rect().width() - 120.0).clamp(320.0, 620.0));
    let (heading, confirm) = match browser.wanted {
        Wanted::Photo => ("Open a photo", "Open photo"),
        Wanted::Mask => ("Load a mask", "Load mask"),
    };
    title(ui, heading);
    let mut opened = None;
    ui.horizontal(|ui| {
        let up = ui.add_enabled(browser.folder.parent().is_some(), egui::Button::new("Up"));
        if up.on_hover_text("To the folder above").clicked()
            && let Some(parent) = browser.folder.parent().map(Path::to_path_buf)
        {
            browser.enter(&parent);
        }
        let width = ui.available_width() - 8.0;
        let field = path_field(ui, &mut browser.typed, "", width, Selected::Path);
        let response = field.accessible_name("Path");
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            opened = browser.go();
        }
    });
    // The line is there even when it says nothing: the list must not move under the pointer.
    let problem = browser.problem.as_deref().unwrap_or(" ");
    let line = egui::Label::new(RichText::new(problem).color(theme::ERROR)).truncate();
    let response = ui.add(line);
    if browser.problem.is_some() {
        response.on_hover_text(problem);
    }
    opened = opened.or(entries(ui, browser));
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.add(theme::primary_button(confirm)).clicked() {
            opened = browser.go();
        }
        if ui.button("Cancel").clicked() {
            actions.push(Action::CloseDialog);
        }
    });
    if let Some(path) = opened {
        actions.push(Action::CloseDialog);
        actions.push(match browser.wanted {
            Wanted::Photo => Action::OpenPath(path),
            Wanted::Mask => Action::LoadMask(path),
        });
    }
}

fn entries(ui: &mut Ui, browser: &mut FileBrowser) -> Option<PathBuf> {
    let mut entered = None;
    let mut opened = None;
    let height = (ui.ctx().content_rect().height() - 300.0).clamp(120.0, 420.0);
    egui::Frame::new()
        .fill(theme::SUNKEN)
        .corner_radius(theme::RADIUS)
        .inner_margin(6.0)
        .show(ui, |ui| {
            egui::ScrollArea::vertical()
                .max_height(height)
                .min_scrolled_height(height)
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    if browser.entries.is_empty() {
                        ui.label(RichText::new("No photos in this folder").color(theme::TEXT_WEAK));
                    }
                    for entry in &browser.entries {
                        let chosen =
                            !entry.is_folder && browser.typed == entry.path.display().to_string();
                        let icon = if entry.is_folder {
                            Icon::Open
                        } else {
                            Icon::Photo
                        };
                        let response =
                            icons::row_button(ui, icon, &entry.name, ui.available_width(), chosen);
                        if response.double_clicked() && !entry.is_folder {
                            opened = Some(entry.path.clone());
                        } else if response.clicked() {
                            entered = Some((entry.path.clone(), entry.is_folder));
                        }
                    }
                });
        });
    match entered {
        Some((path, true)) => browser.enter(&path),
        Some((path, false)) => browser.typed = path.display().to_string(),
        None => {}
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        std::fs::create_dir(folder.path().join("Zoo")).unwrap();
        folder
    }

    #[test]
    fn folders_come_first_and_other_files_are_left_out() {
        let folder = folder_with(&["b.TIF", "a.jpg", "notes.txt", ".hidden.png"]);
        let browser = FileBrowser::new(Some(folder.path()));
        let names: Vec<&str> = browser
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        assert_eq!(names, ["Zoo", "a.jpg", "b.TIF"]);
    }

    #[test]
    fn a_typed_path_leads_into_folders_and_to_files() {
        let folder = folder_with(&["a.jpg"]);
        let mut browser = FileBrowser::new(Some(folder.path()));
        browser.typed = "Zoo".to_owned();
        assert_eq!(browser.go(), None);
        assert!(browser.folder.ends_with("Zoo") && browser.entries.is_empty());
        browser.typed = folder.path().join("a.jpg").display().to_string();
        assert_eq!(browser.go(), Some(folder.path().join("a.jpg")));
        browser.typed = "nothing.jpg".to_owned();
        assert_eq!(browser.go(), None);
        assert!(
            browser
                .problem
                .as_ref()
                .is_some_and(|text| text.contains("nothing.jpg"))
        );
    }
}
