//! From the file's colours to the screen's (sRGB). For showing only: no pixel of the document passes through here.

use std::sync::Arc;

use eframe::egui::Color32;
use moxcms::{ColorProfile, Layout, Transform8BitExecutor, TransformOptions};

use crate::photo::{Channels, Photo};

/// Largest difference (8-bit steps) at which a profile still counts as the screen's own.
const SAME_AS_SRGB_STEPS: u8 = 2;

/// How 8-bit code values of one photo become colours on the screen.
#[derive(Clone)]
pub struct DisplayColor {
    channels: Channels,
    transform: Option<Arc<Transform8BitExecutor>>,
}

impl std::fmt::Debug for DisplayColor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DisplayColor")
            .field("channels", &self.channels)
            .field("converts", &self.transform.is_some())
            .finish()
    }
}

impl DisplayColor {
    /// For `photo`, by its ICC profile. A photo without one, or with one that cannot be used, is shown as sRGB.
    pub fn of_photo(photo: &Photo) -> Self {
        Self::of_profile(photo.metadata().icc.as_deref(), photo.channels())
    }

    /// For pixels with this ICC profile; without one they are taken for sRGB.
    pub fn of_profile(icc: Option<&[u8]>, channels: Channels) -> Self {
        let transform = icc.and_then(|icc| transform_of(icc, channels));
        Self {
            channels,
            transform,
        }
    }

    /// Whether code values are changed for the screen.
    pub fn converts(&self) -> bool {
        self.transform.is_some()
    }

    /// Opaque colours of interleaved 8-bit code values.
    pub fn to_screen(&self, values: &[u8]) -> Vec<Color32> {
        if let Some(transform) = &self.transform {
            let mut rgb = vec![0; values.len() / self.channels.count() * 3];
            if transform.transform(values, &mut rgb).is_ok() {
                return rgb
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .map(|&[r, g, b]| Color32::from_rgb(r, g, b))
                    .collect();
            }
        }
        match self.channels {
            Channels::Grey => values.iter().map(|&v| Color32::from_gray(v)).collect(),
            Channels::Rgb => values
                .as_chunks::<3>()
                .0
                .iter()
                .map(|&[r, g, b]| Color32::from_rgb(r, g, b))
                .collect(),
        }
    }
}

fn transform_of(icc: &[u8], channels: Channels) -> Option<Arc<Transform8BitExecutor>> {
    let layout = match channels {
        Channels::Grey => Layout::Gray,
        Channels::Rgb => Layout::Rgb,
    };
    let made = ColorProfile::new_from_slice(icc).and_then(|profile| {
        profile.create_transform_8bit(
            layout,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
    });
    match made {
        Ok(transform) => (!is_identity(transform.as_ref(), channels)).then_some(transform),
        Err(error) => {
            tracing::warn!(
                "the photo's colour profile cannot be used for showing it, sRGB is assumed: {error}"
            );
            None
        }
    }
}

/// Whether the transform leaves a ramp through the colour cube as it is, so that showing may skip it.
fn is_identity(transform: &Transform8BitExecutor, channels: Channels) -> bool {
    let steps: Vec<u8> = (0..=255).step_by(51).map(|v| v as u8).collect();
    let mut source = Vec::new();
    let mut expected = Vec::new();
    for &r in &steps {
        for &g in &steps {
            for &b in &steps {
                if channels == Channels::Rgb {
                    source.extend([r, g, b]);
                    expected.extend([r, g, b]);
                } else if r == g && g == b {
                    source.push(r);
                    expected.extend([r; 3]);
                }
            }
        }
    }
    let mut shown = vec![0; expected.len()];
    transform.transform(&source, &mut shown).is_ok()
        && shown
            .iter()
            .zip(&expected)
            .all(|(a, b)| a.abs_diff(*b) <= SAME_AS_SRGB_STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_srgb_profile_changes_nothing_on_the_screen() {
        let icc = ColorProfile::new_srgb().encode().unwrap();
        assert!(transform_of(&icc, Channels::Rgb).is_none());
    }

    #[test]
    fn a_wide_profile_is_converted_and_grey_stays_neutral() {
        let icc = ColorProfile::new_adobe_rgb().encode().unwrap();
        let color = DisplayColor {
            channels: Channels::Rgb,
            transform: transform_of(&icc, Channels::Rgb),
        };
        assert!(color.converts());
        let shown = color.to_screen(&[128, 128, 128, 200, 60, 60]);
        assert!(
            shown[0].r().abs_diff(shown[0].g()) <= 1 && shown[0].g().abs_diff(shown[0].b()) <= 1
        );
        assert!(
            shown[1].r() > 205,
            "a saturated red is redder in sRGB's numbers: {:?}",
            shown[1]
        );
    }

    #[test]
    fn an_unusable_profile_falls_back_to_srgb() {
        assert!(transform_of(b"not a profile", Channels::Rgb).is_none());
        let color = DisplayColor {
            channels: Channels::Grey,
            transform: None,
        };
        assert_eq!(
            color.to_screen(&[7, 255]),
            [Color32::from_gray(7), Color32::WHITE]
        );
    }
}
