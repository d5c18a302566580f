//! Scratch trace: one click on a scratch, which is then followed to both ends.

use super::{Draft, Gesture, Next};

pub(super) const HINT: &str = "Click on a scratch to follow it to its ends; {finish_shape} or the next click keeps it, {cancel} rejects it; Alt or the right button erases";

pub(super) struct Trace;

impl Gesture for Trace {
    fn press(&self, draft: &mut Draft) -> Next {
        Next::Trace(draft.pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draft;
    use super::super::{Next, Tool};

    #[test]
    fn a_press_names_the_place() {
        assert_eq!(
            draft(Tool::Trace).press((3.5, 4.5)),
            Next::Trace((3.5, 4.5))
        );
    }
}
