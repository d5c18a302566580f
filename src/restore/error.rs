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
    #[error(
        "a fill is said to be made from {} px at column {}, row {}, which is impossible in a photo of {photo} px; use the record and the photo as they were kept",
        .window.size(), .window.x, .window.y
    )]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_window_is_described_in_words() {
        let error = RestoreError::Window {
            photo: ImageSize::new(130, 90),
            window: PixelRect::new(64, 8, 7, 5),
        };
        let text = error.to_string();
        assert!(
            text.contains("7 × 5 px at column 64, row 8") && text.contains("130 × 90 px"),
            "{text}"
        );
        assert!(!text.contains("PixelRect"), "{text}");
    }
}
