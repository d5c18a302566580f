//! What lies over the photo, and when it gives way to a finished repair.

/// What lies over the photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OverlayMode {
    /// Nothing.
    Off,
    /// What is to be repaired.
    #[default]
    Mask,
    /// The contour of what is to be repaired.
    Outline,
    /// How sure detection is.
    Probability,
    /// What of the fill was read through the damage, and what was invented.
    Provenance,
}

/// The overlay and its retreat before a finished repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// What was chosen.
    pub mode: OverlayMode,
    /// Faded out because a repair arrived; any use of the overlay brings it back.
    pub retreated: bool,
    /// Chosen by hand since the photo was opened: then it does not retreat any more.
    pub pinned: bool,
    /// The person corrects marks: before a repair it retreats to the marks' outline, so that both are seen.
    pub corrects: bool,
}

impl Overlay {
    /// What is to be seen now.
    pub const fn shown(self) -> OverlayMode {
        match (self.retreated, self.corrects) {
            (false, _) => self.mode,
            (true, true) => OverlayMode::Outline,
            (true, false) => OverlayMode::Off,
        }
    }

    /// Whether the person chose to see none.
    pub const fn is_hidden_by_hand(self) -> bool {
        matches!(self.mode, OverlayMode::Off)
    }

    /// The person takes a tool that marks, or edits marks: they are seen from now on, unless they were hidden by hand.
    pub const fn correct(&mut self) {
        self.corrects = true;
        self.retreated = false;
    }

    /// The person looks at the repair again: what was shown for correcting goes, unless it was chosen by hand.
    pub fn look_at_repair(&mut self) {
        if std::mem::take(&mut self.corrects) {
            self.retreat();
        }
    }

    /// The person wants to see the repair alone: every overlay goes, also one chosen by hand, until it is asked for or marks
    /// are edited again.
    pub fn look_at_repair_alone(&mut self) {
        self.corrects = false;
        self.pinned = false;
        self.retreat();
    }

    /// The next one in the order of [`OverlayMode`], then off; a retreated overlay comes back first.
    pub fn cycle(&mut self) {
        let seen = if self.retreated {
            OverlayMode::Off
        } else {
            self.mode
        };
        self.mode = match seen {
            OverlayMode::Off => OverlayMode::Mask,
            OverlayMode::Mask => OverlayMode::Outline,
            OverlayMode::Outline => OverlayMode::Probability,
            OverlayMode::Probability => OverlayMode::Provenance,
            OverlayMode::Provenance => OverlayMode::Off,
        };
        self.retreated = false;
        self.pinned = self.mode != OverlayMode::Off;
    }

    /// Chooses `mode` by hand.
    pub fn choose(&mut self, mode: OverlayMode) {
        *self = Self {
            mode,
            retreated: false,
            pinned: mode != OverlayMode::Off,
            corrects: self.corrects,
        };
    }

    /// Gives the view to a finished repair, unless the person chose to see the overlay.
    pub fn retreat(&mut self) {
        if !self.pinned && self.mode != OverlayMode::Off {
            self.retreated = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlay_cycles_through_all_there_are_and_nothing() {
        let mut overlay = Overlay::default();
        let mut seen = vec![overlay.shown()];
        for _ in 0..5 {
            overlay.cycle();
            seen.push(overlay.shown());
        }
        assert_eq!(
            seen,
            [
                OverlayMode::Mask,
                OverlayMode::Outline,
                OverlayMode::Probability,
                OverlayMode::Provenance,
                OverlayMode::Off,
                OverlayMode::Mask
            ]
        );
    }

    #[test]
    fn while_marks_are_corrected_their_outline_stays_over_a_repair_and_looking_at_it_takes_it_away()
    {
        let mut overlay = Overlay::default();
        overlay.retreat();
        overlay.correct();
        assert_eq!(overlay.shown(), OverlayMode::Mask, "they come back");
        overlay.retreat();
        assert_eq!(overlay.shown(), OverlayMode::Outline);
        let mut cycled = overlay;
        cycled.cycle();
        assert_eq!(cycled.shown(), OverlayMode::Mask, "it comes back first");
        overlay.look_at_repair();
        assert_eq!(overlay.shown(), OverlayMode::Off);
    }

    #[test]
    fn what_was_hidden_or_chosen_by_hand_stays_so_while_marks_are_corrected() {
        for mode in [OverlayMode::Off, OverlayMode::Probability] {
            let mut overlay = Overlay::default();
            overlay.choose(mode);
            overlay.correct();
            overlay.retreat();
            assert_eq!(overlay.shown(), mode);
            overlay.look_at_repair();
            assert_eq!(overlay.shown(), mode);
        }
    }

    #[test]
    fn the_repair_alone_is_without_any_overlay_until_marks_are_edited_again() {
        let mut overlay = Overlay::default();
        overlay.choose(OverlayMode::Probability);
        overlay.look_at_repair_alone();
        assert_eq!(overlay.shown(), OverlayMode::Off, "also one chosen by hand");
        overlay.cycle();
        assert_eq!(
            overlay.shown(),
            OverlayMode::Mask,
            "and comes back on demand"
        );

        let mut overlay = Overlay::default();
        overlay.correct();
        overlay.retreat();
        overlay.look_at_repair_alone();
        assert_eq!(overlay.shown(), OverlayMode::Off);
        overlay.correct();
        assert_eq!(overlay.shown(), OverlayMode::Mask, "the new marks are seen");
        overlay.retreat();
        assert_eq!(
            overlay.shown(),
            OverlayMode::Outline,
            "and then their outline"
        );
    }

    #[test]
    fn a_finished_repair_hides_the_overlay_until_it_is_asked_for() {
        let mut overlay = Overlay::default();
        overlay.retreat();
        assert_eq!(overlay.shown(), OverlayMode::Off);
        overlay.cycle();
        assert_eq!(overlay.shown(), OverlayMode::Mask);
        overlay.retreat();
        assert_eq!(
            overlay.shown(),
            OverlayMode::Mask,
            "what was asked for stays"
        );
    }
}
