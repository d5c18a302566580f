//! What can go wrong while a photo is detected or filled.

use crate::geometry::{ImageSize, PixelRect};
use crate::inference::InferenceError;

/// Why a detection or a fill did not finish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A network could not be run, or the work was cancelled.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The mask belongs to another photo.
    #[error("the mask is {mask} px, the photo is {photo} px; a mask must have the photo's size")]
    MaskSize {
        /// The photo's size.
        photo: ImageSize,
        /// The mask's size.
        mask: ImageSize,
    },
    /// A window of a fill to be made again lies where none can lie.
    #[error("no fill of a photo of {photo} px was made from {window:?}")]
    Window {
        /// The photo's size.
        photo: ImageSize,
        /// The window.
        window: PixelRect,
    },
}

impl RestoreError {
    /// Whether this only says that the work was stopped on request.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Inference(InferenceError::Cancelled))
    }
}
