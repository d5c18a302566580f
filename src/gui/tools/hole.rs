//! Fill a hole: one click inside what marks enclose.

use super::{Draft, Gesture, Next};

pub(super) const HINT: &str = "Click inside an outline of marks to fill it; Alt or the right button takes the marked piece under it away";

pub(super) struct Hole;

impl Gesture for Hole {
    fn press(&self, draft: &mut Draft) -> Next {
        Next::Region(draft.pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};

    #[test]
    fn a_press_names_the_place() {
        assert_eq!(
            draft(Tool::FillHole).press((3.5, 4.5)),
            Next::Region((3.5, 4.5))
        );
    }
}
