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
}

impl Overlay {
    /// What is to be seen now.
    pub const fn shown(self) -> OverlayMode {
        if self.retreated {
            OverlayMode::Off
        } else {
            self.mode
        }
    }

    /// The next one in the order of [`OverlayMode`], then off; a retreated overlay comes back first.
    pub fn cycle(&mut self) {
        self.mode = match self.shown() {
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
