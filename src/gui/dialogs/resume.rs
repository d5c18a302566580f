//! Offers work found for the photo just opened: go on with it, or start afresh. There is no third way out.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use eframe::egui::{RichText, Ui};

use super::{default_button, title};
use crate::gui::state::Action;
use crate::journal::{MasterId, Offer, Origin};

/// What the dialog says of the work.
#[derive(Clone, Debug, PartialEq)]
pub struct ResumeForm {
    name: String,
    origin: Origin,
    age: String,
    /// How much it is.
    count: String,
    exported: bool,
    is_torn: bool,
    /// Whether the marks fit the photo; those of a changed file may not.
    fits: bool,
}

impl ResumeForm {
    /// For the photo `master` and what was found for it.
    pub fn new(master: &MasterId, offer: &Offer) -> Self {
        let recovered = &offer.recovered;
        let work = &recovered.capture.work;
        Self {
            name: name_with_page(master),
            origin: offer.origin.clone(),
            age: age_of(recovered.saved_at, SystemTime::now()),
            count: count_of(
                work.undo.len() + usize::from(work.open.is_some()),
                !work.editable.mask.is_empty() || !work.editable.repairs.is_empty(),
            ),
            exported: recovered.capture.exported,
            is_torn: recovered.is_torn,
            fits: recovered.master.size == master.size,
        }
    }

    fn heading(&self) -> &'static str {
        if self.origin == Origin::Changed {
            "This photo has changed since you worked on it"
        } else {
            "Continue your work on this photo?"
        }
    }

    fn sentences(&self) -> Vec<String> {
        let Self {
            name,
            origin,
            age,
            count,
            exported,
            is_torn,
            fits,
        } = self;
        let exported = if *exported { ", all exported" } else { "" };
        let mut said = vec![match origin {
            Origin::SameFile => format!("{name}: {count}, saved {age}{exported}."),
            Origin::MovedFrom(was) => format!(
                "{name}: {count}, saved {age}{exported}, when the photo was {}.",
                was.display()
            ),
            Origin::Changed => format!(
                "{name} is another file than the one worked on {age} ({count}{exported}). Marks made for that one may not lie on the damage of this one."
            ),
        }];
        if *is_torn {
            said.push(
                "The end of the saved work cannot be read: what was done last is lost, or steps of undo are."
                    .to_owned(),
            );
        }
        if !fits {
            said.push("The two differ in size, so the marks cannot be used here.".to_owned());
        }
        said.push("If you start afresh, the saved work stays until your first new mark takes its place. The original file is never changed.".to_owned());
        said
    }
}

/// Draws the dialog.
pub fn show(ui: &mut Ui, form: &ResumeForm, actions: &mut Vec<Action>) {
    ui.set_width(470.0);
    title(ui, form.heading());
    for sentence in form.sentences() {
        ui.label(RichText::new(sentence));
        ui.add_space(4.0);
    }
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        let go_on = if form.origin == Origin::Changed {
            "Use the marks all the same"
        } else {
            "Continue"
        };
        if default_button(ui, form.fits, go_on).1 {
            actions.push(Action::ResumeWork);
        }
        if ui.button("Start afresh").clicked() {
            actions.push(Action::StartAfresh);
        }
    });
}

/// "1 edit", "12 edits"; marks taken over from another file have none.
pub fn count_of(edits: usize, has_marks: bool) -> String {
    match (edits, has_marks) {
        (0, true) => "marks without undo".to_owned(),
        (0, false) => "nothing marked".to_owned(),
        (1, _) => "1 edit".to_owned(),
        (edits, _) => format!("{edits} edits"),
    }
}

/// The file's name alone.
pub fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || PathBuf::from(path).display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// That name, and the page where it is not the first.
pub fn name_with_page(master: &MasterId) -> String {
    let name = name_of(&master.path);
    match master.page {
        0 => name,
        page => format!("{name}, page {}", page + 1),
    }
}

/// How long ago `then` was, as people say it.
pub fn age_of(then: SystemTime, now: SystemTime) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = now.duration_since(then).unwrap_or(Duration::ZERO).as_secs();
    let (count, unit) = match seconds {
        0..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ => (seconds / DAY, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_like_people_say_them() {
        let then = SystemTime::UNIX_EPOCH;
        for (seconds, said) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(age_of(then, then + Duration::from_secs(seconds)), said);
        }
    }
}
