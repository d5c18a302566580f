//! Taking the open photo for a linear scan, or not: the networks are asked anew.

use super::UnscratchApp;
use crate::photo::{Transfer, TransferChoice};

impl UnscratchApp {
    /// From a linear scan to an ordinary one, or back.
    pub(super) fn toggle_linear_scan(&mut self) {
        let Some(document) = &self.document else {
            return;
        };
        let photo = document.photo();
        let is_linear = photo.transfer().is_linear();
        self.take_photo_as(TransferChoice::to_be(!is_linear, photo.stated_transfer()));
    }

    /// Takes the open photo as `choice` says; where that changes anything, damage is looked for and repaired again.
    pub(super) fn take_photo_as(&mut self, choice: TransferChoice) {
        let document = self.document.as_mut();
        if !document.is_some_and(|document| document.take_photo_as(choice)) {
            return;
        }
        // All that runs is of the picture the networks saw before.
        self.stop_work();
        if self.work.engine_error.is_none() {
            self.detect();
        }
        self.request_fill();
    }
}

/// How the photo of saved work is to be taken, a file that states `stated`: as `noted` with the work. Older work notes nothing
/// and was done on a photo taken for none, unless it is of another file (`is_of_other`), which only its marks come from.
pub(super) fn choice_for_work(
    noted: Option<TransferChoice>,
    is_of_other: bool,
    stated: Transfer,
) -> TransferChoice {
    noted.unwrap_or(if is_of_other {
        TransferChoice::Automatic
    } else {
        TransferChoice::to_be(false, stated)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_saved_before_there_was_a_choice_goes_on_as_it_was_done() {
        let choice = |noted, is_of_other| choice_for_work(noted, is_of_other, Transfer::Linear);
        assert_eq!(choice(None, false), TransferChoice::Encoded);
        assert_eq!(choice(None, true), TransferChoice::Automatic);
        let noted = Some(TransferChoice::Automatic);
        assert_eq!(choice(noted, false), TransferChoice::Automatic);
        let of_ordinary = choice_for_work(None, false, Transfer::Encoded);
        assert_eq!(of_ordinary, TransferChoice::Automatic);
    }
}
