//! What an engine does when a run does not fit into memory: smaller windows, then the CPU, then the error. Decided here alone.

use super::{Engine, InferenceError, Network, ProviderKind, ProviderReport};

/// Both networks on the CPU, made when the GPU's memory does not even hold the smallest window.
pub type CpuFallback = Box<dyn FnOnce() -> Result<[Box<dyn Network>; 2], InferenceError> + Send>;

/// How far down an engine is, and what there is to say about it.
#[derive(Default)]
pub(super) struct Ladder {
    /// Windows have 2^-`halvings` of the pixels they would have.
    halvings: u32,
    fallback: Option<CpuFallback>,
    notes: Vec<String>,
}

impl Ladder {
    pub(super) fn with_fallback(fallback: Option<CpuFallback>) -> Self {
        Self {
            fallback,
            ..Self::default()
        }
    }

    /// `bytes` at this step.
    pub(super) fn scaled(&self, bytes: u64) -> u64 {
        bytes >> self.halvings.min(63)
    }
}

impl Engine {
    /// After a run that failed with `error`: whether to try again, with windows by the new [`Self::run_bytes`], and on
    /// what. `can_shrink` says whether windows of half the pixels would be smaller ones.
    ///
    /// What changed is told by [`Self::take_notes`].
    ///
    /// # Errors
    /// `error` itself when it is not [`InferenceError::OutOfMemory`] or nothing is left to try; another one when the
    /// networks cannot be loaded on the CPU.
    pub fn step_down(
        &mut self,
        error: InferenceError,
        can_shrink: bool,
    ) -> Result<(), InferenceError> {
        let InferenceError::OutOfMemory { model } = &error else {
            return Err(error);
        };
        let provider = self.provider.kind.name();
        if can_shrink {
            self.ladder.halvings += 1;
            self.say(format!(
                "{model} did not fit into the memory allowed on the {provider}; it goes on with smaller tiles, which takes longer"
            ));
            return Ok(());
        }
        let Some(load) = self.ladder.fallback.take() else {
            return Err(error);
        };
        let reason = format!("{provider} has too little memory even for the smallest tile");
        let [detector, filler] = load()?;
        self.detector = detector;
        self.filler = filler;
        self.ladder.halvings = 0;
        self.say(format!("{reason}; it goes on with the CPU"));
        self.provider = ProviderReport {
            kind: ProviderKind::Cpu,
            detail: reason,
            said: String::new(),
            is_fallback: true,
        };
        Ok(())
    }

    /// What [`Self::step_down`] changed since the last call, as sentences for the person.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.ladder.notes)
    }

    fn say(&mut self, note: String) {
        tracing::warn!("{note}");
        self.ladder.notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{IdentityNetwork, identity_engine};
    use super::*;
    use crate::inference::Contract;

    fn out_of_memory() -> InferenceError {
        InferenceError::OutOfMemory {
            model: "restore".to_owned(),
        }
    }

    #[test]
    fn windows_are_halved_as_long_as_that_helps_and_it_is_said_each_time() {
        let mut engine = identity_engine();
        let before = engine.run_bytes();
        assert!(engine.step_down(out_of_memory(), true).is_ok());
        assert!(engine.step_down(out_of_memory(), true).is_ok());
        assert_eq!(engine.run_bytes(), before / 4);
        assert_eq!(engine.take_notes().len(), 2);
        assert!(engine.take_notes().is_empty());
        let error = engine.step_down(out_of_memory(), false).unwrap_err();
        assert!(matches!(error, InferenceError::OutOfMemory { .. }));
    }

    #[test]
    fn the_cpu_comes_after_the_smallest_window_and_starts_with_large_ones() {
        let mut engine = identity_engine();
        let before = engine.run_bytes();
        engine.provider.kind = ProviderKind::Cuda;
        engine.ladder = Ladder::with_fallback(Some(Box::new(|| {
            Ok([
                Box::new(IdentityNetwork::new(Contract::ScratchContextV1)),
                Box::new(IdentityNetwork::new(Contract::RestoreV1)),
            ])
        })));
        assert!(engine.step_down(out_of_memory(), true).is_ok());
        assert!(engine.step_down(out_of_memory(), false).is_ok());
        assert_eq!(engine.provider().kind, ProviderKind::Cpu);
        assert!(engine.provider().detail.contains("memory"));
        assert_eq!(engine.run_bytes(), before);
        assert!(engine.step_down(out_of_memory(), false).is_err(), "once");
    }

    #[test]
    fn other_errors_change_nothing() {
        let mut engine = identity_engine();
        let error = engine.step_down(InferenceError::Cancelled, true);
        assert!(error.unwrap_err().is_cancelled());
        assert!(engine.take_notes().is_empty());
    }
}
