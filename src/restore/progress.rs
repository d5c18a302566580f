//! How far the work is: stages and the sink they are reported to. No threads, no drawing.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reading and decoding a file.
    Opening,
    /// Loading ONNX Runtime and the models.
    LoadingModel,
    /// Stage 1.
    Detecting,
    /// Stage 2.
    Filling,
    /// Compositing and checking the derivative.
    Compositing,
    /// Encoding and writing files.
    Writing,
}

impl Stage {
    /// What the person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Opening => "Opening the photo",
            Self::LoadingModel => "Loading the networks",
            Self::Detecting => "Looking for damage",
            Self::Filling => "Repairing",
            Self::Compositing => "Putting the picture together",
            Self::Writing => "Saving",
        }
    }

    /// Key in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::LoadingModel => "loading_model",
            Self::Detecting => "detecting",
            Self::Filling => "filling",
            Self::Compositing => "compositing",
            Self::Writing => "writing",
        }
    }
}

/// Told how far the work is. `done` never falls within a stage; `total` 0 means that the end is not known.
pub trait ProgressSink: Sync {
    /// `done` of `total` steps of `stage` are finished.
    fn report(&self, stage: Stage, done: u64, total: u64);
}

/// A sink that forgets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn report(&self, _stage: Stage, _done: u64, _total: u64) {}
}

impl<F: Fn(Stage, u64, u64) + Sync> ProgressSink for F {
    fn report(&self, stage: Stage, done: u64, total: u64) {
        self(stage, done, total);
    }
}
