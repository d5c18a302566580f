//! The line for a path in a dialog: it has the keyboard when the dialog opens, with the part selected that is likely to change.

use std::ops::Range;

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Id, Response};
use eframe::egui::{TextEdit, Ui};

/// What of the path is selected when the dialog opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selected {
    /// All of it.
    Path,
    /// The name of the file without its extension.
    Name,
}

/// Draws the line `width` points wide.
pub(super) fn path_field(
    ui: &mut Ui,
    text: &mut String,
    hint: &'static str,
    width: f32,
    selected: Selected,
) -> Response {
    let response = ui.add(
        TextEdit::singleline(text)
            .hint_text(hint)
            .desired_width(width),
    );
    if is_new(ui, response.id) {
        let Range { start, end } = match selected {
            Selected::Path => 0..text.chars().count(),
            Selected::Name => name_in(text),
        };
        let mut state = TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
        let range = CCursorRange::two(CCursor::new(start), CCursor::new(end));
        state.cursor.set_char_range(Some(range));
        state.store(ui.ctx(), response.id);
        response.request_focus();
    }
    response
}

/// Whether the field was not there in the frame before. A frame may be drawn twice, and the click that opened the dialog is
/// told both times: it takes the keyboard away from whatever it did not hit.
fn is_new(ui: &Ui, field: Id) -> bool {
    let now = ui.ctx().cumulative_frame_nr();
    let key = field.with("there in frames");
    let first = ui.data_mut(|data| {
        let before = data.get_temp::<(u64, u64)>(key);
        let first = before.map_or(
            now,
            |(first, last)| if last + 1 < now { now } else { first },
        );
        data.insert_temp(key, (first, now));
        first
    });
    first == now
}

/// Where the file's name without its extension stands in `path`, in characters.
fn name_in(path: &str) -> Range<usize> {
    let start = path.rfind(std::path::is_separator).map_or(0, |at| at + 1);
    let name = &path[start..];
    // A name that begins with a point is no extension.
    let length = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let before = path[..start].chars().count();
    before..before + name[..length].chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_found_without_folder_and_extension() {
        for (path, name) in [
            ("/fotos/Käthe.tif", "Käthe"),
            ("scan.old.png", "scan.old"),
            ("/a.b/c", "c"),
            ("/a/.hidden", ".hidden"),
            ("/a/", ""),
        ] {
            let Range { start, end } = name_in(path);
            let found: String = path.chars().skip(start).take(end - start).collect();
            assert_eq!(found, name);
        }
    }
}
