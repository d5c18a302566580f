//! From the file's colours to the screen's: sRGB, or the profile the person chose. For showing only: no pixel of the document passes through here.

use std::sync::Arc;

use eframe::egui::Color32;
use moxcms::{
    CmsError, ColorProfile, Layout, ToneReprCurve, Transform8BitExecutor, TransformOptions,
};

use crate::photo::{Channels, Photo};

/// Largest difference (8-bit steps) at which a profile still counts as the screen's own.
const SAME_AS_SRGB_STEPS: u8 = 2;

/// How 8-bit code values of one photo become colours on the screen.
#[derive(Clone)]
pub struct DisplayColor {
    channels: Channels,
    transform: Option<Arc<Transform8BitExecutor>>,
    /// The transform takes three channels although the photo has one.
    expands: bool,
}

impl std::fmt::Debug for DisplayColor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DisplayColor")
            .field("channels", &self.channels)
            .field("converts", &self.transform.is_some())
            .finish_non_exhaustive()
    }
}

impl DisplayColor {
    /// From `photo`'s ICC profile to the screen's. A photo without one, or with one that cannot be used, counts as sRGB; so does
    /// the screen. A linear scan without one counts as sRGB with straight tone curves.
    pub fn of_photo(photo: &Photo, screen: Option<&ColorProfile>) -> Self {
        let (icc, channels) = (photo.metadata().icc.as_deref(), photo.channels());
        if icc.is_none() && photo.transfer().is_linear() {
            let srgb = ColorProfile::new_srgb();
            let own = transform(&linear_srgb(channels), channels, screen.unwrap_or(&srgb));
            return Self::with(own.ok(), channels, screen);
        }
        Self::between(icc, channels, screen)
    }

    /// For pixels with this ICC profile on a screen with that one.
    pub fn between(icc: Option<&[u8]>, channels: Channels, screen: Option<&ColorProfile>) -> Self {
        let srgb = ColorProfile::new_srgb();
        let target = screen.unwrap_or(&srgb);
        let own = icc.and_then(|icc| {
            let profile = ColorProfile::new_from_slice(icc);
            let made = profile.and_then(|profile| transform(&profile, channels, target));
            made.inspect_err(|error| {
                tracing::warn!(
                    "the photo's colour profile cannot be used for showing it, sRGB is assumed: {error}"
                );
            })
            .ok()
        });
        Self::with(own, channels, screen)
    }

    /// By the photo's `own` transform, if it has one.
    fn with(
        own: Option<Arc<Transform8BitExecutor>>,
        channels: Channels,
        screen: Option<&ColorProfile>,
    ) -> Self {
        let srgb = ColorProfile::new_srgb();
        let (transform, given) = match (own, screen) {
            (Some(own), _) => (Some(own), channels),
            (None, Some(screen)) => (transform(&srgb, Channels::Rgb, screen).ok(), Channels::Rgb),
            (None, None) => (None, channels),
        };
        Self {
            channels,
            transform: transform.filter(|it| !is_identity(it.as_ref(), given)),
            expands: given != channels,
        }
    }

    /// Whether code values are changed for the screen.
    pub fn converts(&self) -> bool {
        self.transform.is_some()
    }

    /// Opaque colours of interleaved 8-bit code values.
    pub fn to_screen(&self, values: &[u8]) -> Vec<Color32> {
        if let Some(transform) = &self.transform {
            let pixels = values.len() / self.channels.count();
            let mut rgb = vec![0; pixels * 3];
            let done = if self.expands {
                let grey: Vec<u8> = values.iter().flat_map(|&value| [value; 3]).collect();
                transform.transform(&grey, &mut rgb)
            } else {
                transform.transform(values, &mut rgb)
            };
            if done.is_ok() {
                return colors(&rgb);
            }
        }
        match self.channels {
            Channels::Grey => values.iter().map(|&v| Color32::from_gray(v)).collect(),
            Channels::Rgb => colors(values),
        }
    }
}

fn colors(rgb: &[u8]) -> Vec<Color32> {
    let pixels = rgb.as_chunks::<3>().0.iter();
    pixels
        .map(|&[r, g, b]| Color32::from_rgb(r, g, b))
        .collect()
}

/// What a linear scan is shown by that has no profile.
fn linear_srgb(channels: Channels) -> ColorProfile {
    match channels {
        Channels::Grey => ColorProfile::new_gray_with_gamma(1.0),
        Channels::Rgb => {
            let straight = || Some(ToneReprCurve::Lut(Vec::new()));
            let mut profile = ColorProfile::new_srgb();
            profile.cicp = None;
            profile.red_trc = straight();
            profile.green_trc = straight();
            profile.blue_trc = straight();
            profile
        }
    }
}

fn transform(
    from: &ColorProfile,
    channels: Channels,
    to: &ColorProfile,
) -> Result<Arc<Transform8BitExecutor>, CmsError> {
    let layout = match channels {
        Channels::Grey => Layout::Gray,
        Channels::Rgb => Layout::Rgb,
    };
    from.create_transform_8bit(layout, to, Layout::Rgb, TransformOptions::default())
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
    use crate::geometry::ImageSize;
    use crate::photo::{FileFormat, Metadata, Samples, Source, TransferChoice};

    #[test]
    fn an_srgb_profile_changes_nothing_on_an_srgb_screen() {
        let icc = ColorProfile::new_srgb().encode().unwrap();
        for channels in [Channels::Rgb, Channels::Grey] {
            let none = DisplayColor::between(None, channels, None);
            let screen = DisplayColor::between(None, channels, Some(&ColorProfile::new_srgb()));
            assert!(!none.converts() && !screen.converts());
        }
        assert!(!DisplayColor::between(Some(&icc), Channels::Rgb, None).converts());
    }

    #[test]
    fn a_wide_profile_is_converted_and_grey_stays_neutral() {
        let icc = ColorProfile::new_adobe_rgb().encode().unwrap();
        let color = DisplayColor::between(Some(&icc), Channels::Rgb, None);
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
    fn a_photo_in_the_screens_own_colours_is_shown_as_it_is() {
        let p3 = ColorProfile::new_display_p3();
        let icc = p3.encode().unwrap();
        let color = DisplayColor::between(Some(&icc), Channels::Rgb, Some(&p3));
        let values = [200, 60, 60, 12, 250, 99];
        for (shown, value) in color.to_screen(&values).iter().zip(values.chunks(3)) {
            let shown = &shown.to_array()[..3];
            let apart = shown.iter().zip(value).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(apart <= Some(1), "{shown:?} for {value:?}");
        }
    }

    #[test]
    fn on_a_wide_screen_srgb_red_needs_less_than_the_screens_full_red() {
        let p3 = ColorProfile::new_display_p3();
        let red = DisplayColor::between(None, Channels::Rgb, Some(&p3)).to_screen(&[255, 0, 0]);
        // sRGB's red in Display P3 is (234, 51, 35), a figure found in many tables.
        let near = |a: u8, b: u8| a.abs_diff(b) <= 2;
        assert!(
            near(red[0].r(), 234) && near(red[0].g(), 51) && near(red[0].b(), 35),
            "{red:?}"
        );
        let grey = DisplayColor::between(None, Channels::Grey, Some(&p3)).to_screen(&[7, 200]);
        for (shown, value) in grey.iter().zip([7_u8, 200]) {
            assert!(
                shown.to_array()[..3]
                    .iter()
                    .all(|it| it.abs_diff(value) <= 1)
            );
        }
    }

    #[test]
    fn a_linear_scan_without_a_profile_is_shown_encoded_for_the_eye() {
        for channels in [Channels::Grey, Channels::Rgb] {
            let values = vec![55; channels.count()];
            let source = Source {
                path: "made in a test".into(),
                format: FileFormat::Png,
                sha256: [0; 32],
                notes: Vec::new(),
            };
            let (size, samples) = (ImageSize::new(1, 1), Samples::U8(values.clone()));
            let photo = Photo::new(size, channels, samples, None, Metadata::default(), source);
            let photo = photo.unwrap();
            let plain = DisplayColor::of_photo(&photo, None).to_screen(&values);
            assert_eq!(plain, [Color32::from_gray(55)]);
            let linear = photo.taken_as(TransferChoice::Linear);
            let shown = DisplayColor::of_photo(&linear, None).to_screen(&values)[0];
            // 55 of 255 is light of 0.2157, which sRGB writes as 128.
            let is_near = |value: u8| value.abs_diff(128) <= 1;
            assert!(
                shown.to_array()[..3].iter().all(|&it| is_near(it)),
                "{shown:?}"
            );
        }
    }

    #[test]
    fn an_unusable_profile_falls_back_to_srgb() {
        let color = DisplayColor::between(Some(b"not a profile"), Channels::Grey, None);
        assert!(!color.converts());
        assert_eq!(
            color.to_screen(&[7, 255]),
            [Color32::from_gray(7), Color32::WHITE]
        );
    }
}
