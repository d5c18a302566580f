//! Whether a file states that it is a linear scan: by the curves of its ICC profile, or by a PNG's own chunks. Decodes no pixel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use moxcms::{ColorProfile, DataColorSpace, ParsingOptions, ToneReprCurve};

use super::{Metadata, Native, PngParts, Transfer};

/// Tone curves may have an entry for each 16-bit code value.
const LONGEST_CURVE: usize = 65_536;

/// A curve counts as linear when it is nowhere further than this from the straight line: rounding, and a gamma up to about 1.02.
const TOLERANCE: f32 = 0.01;

/// Places where a curve is looked at.
const STEPS: u16 = 64;

/// Code point of linear light in a `cICP` chunk. Source: ITU-T H.273, table 3.
const CICP_LINEAR: u8 = 8;

/// The gamma 1.0 as a `gAMA` chunk writes it. Source: PNG specification, "gAMA".
const GAMMA_ONE: u32 = 100_000;

/// What the file says. Of several statements in a PNG `cICP` counts before the profile, that before `sRGB`, and that before
/// `gAMA` (PNG specification, "Colour space information").
pub(super) fn stated_by(metadata: &Metadata) -> Transfer {
    let png = match metadata.native.as_deref() {
        Some(Native::Png(parts)) => Some(parts),
        _ => None,
    };
    let chunk = |kind| png.and_then(|parts| chunk(parts, kind));
    let is_linear = if let Some(data) = chunk(*b"cICP") {
        data.get(1) == Some(&CICP_LINEAR)
    } else if let Some(icc) = &metadata.icc {
        is_linear_profile(icc)
    } else {
        chunk(*b"sRGB").is_none() && chunk(*b"gAMA").is_some_and(is_gamma_one)
    };
    if is_linear {
        Transfer::Linear
    } else {
        Transfer::Encoded
    }
}

fn chunk(parts: &PngParts, kind: [u8; 4]) -> Option<&[u8]> {
    let mut chunks = parts.before.iter();
    let found = chunks.find(|chunk| chunk.kind == kind)?;
    Some(&found.data)
}

fn is_gamma_one(data: &[u8]) -> bool {
    <[u8; 4]>::try_from(data).is_ok_and(|bytes| {
        let gamma = u32::from_be_bytes(bytes);
        gamma.abs_diff(GAMMA_ONE) <= GAMMA_ONE / 100
    })
}

/// Whether all tone curves of a grey or RGB profile are straight. Tables for the way to the connection space would go before
/// the curves, and say nothing that can be read as a curve: such a profile states nothing.
fn is_linear_profile(icc: &[u8]) -> bool {
    let options = ParsingOptions {
        max_allowed_trc_size: LONGEST_CURVE,
        ..ParsingOptions::default()
    };
    // A profile is a part of a file from anywhere; a photo is not refused for one.
    let read = || ColorProfile::new_from_slice_with_options(icc, options).ok();
    let Ok(Some(profile)) = catch_unwind(AssertUnwindSafe(read)) else {
        return false;
    };
    let has_tables = profile.lut_a_to_b_perceptual.is_some()
        || profile.lut_a_to_b_colorimetric.is_some()
        || profile.lut_a_to_b_saturation.is_some();
    let curves = match profile.color_space {
        DataColorSpace::Gray => vec![&profile.gray_trc],
        DataColorSpace::Rgb => vec![&profile.red_trc, &profile.green_trc, &profile.blue_trc],
        _ => return false,
    };
    let is_straight = |curve: &Option<ToneReprCurve>| curve.as_ref().is_some_and(is_straight);
    !has_tables && curves.into_iter().all(is_straight)
}

fn is_straight(curve: &ToneReprCurve) -> bool {
    let Ok(light) = curve.make_linear_evaluator() else {
        return false;
    };
    (0..=STEPS).all(|step| {
        let value = f32::from(step) / f32::from(STEPS);
        (light.evaluate_value(value) - value).abs() <= TOLERANCE
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::PngChunk;
    use super::*;

    fn rgb(curves: [ToneReprCurve; 3]) -> Vec<u8> {
        let mut profile = ColorProfile::new_srgb();
        let [red, green, blue] = curves.map(Some);
        profile.cicp = None;
        (profile.red_trc, profile.green_trc, profile.blue_trc) = (red, green, blue);
        profile.encode().unwrap()
    }

    fn alike(curve: &ToneReprCurve) -> Vec<u8> {
        rgb([curve.clone(), curve.clone(), curve.clone()])
    }

    fn with_profile(icc: Vec<u8>) -> Transfer {
        stated_by(&Metadata {
            icc: Some(icc),
            ..Metadata::default()
        })
    }

    fn with_chunks(chunks: &[(&[u8; 4], &[u8])], icc: Option<Vec<u8>>) -> Transfer {
        let before = chunks.iter().map(|(kind, data)| PngChunk {
            kind: **kind,
            data: data.to_vec(),
        });
        let parts = PngParts {
            before: before.collect(),
            ..PngParts::default()
        };
        stated_by(&Metadata {
            icc,
            native: Some(Arc::new(Native::Png(parts))),
            ..Metadata::default()
        })
    }

    #[test]
    fn a_profile_with_straight_curves_is_linear_however_they_are_written() {
        let table = |entries: u16| {
            let value = |i: u16| (u32::from(i) * 65_535 / u32::from(entries - 1)) as u16;
            ToneReprCurve::Lut((0..entries).map(value).collect())
        };
        for curve in [
            ToneReprCurve::Lut(Vec::new()),
            // 1.0 as u8Fixed8Number.
            ToneReprCurve::Lut(vec![256]),
            ToneReprCurve::Parametric(vec![1.0]),
            ToneReprCurve::Parametric(vec![1.0, 1.0, 0.0, 1.0, 0.5]),
            table(2),
            table(1024),
            table(u16::MAX),
        ] {
            assert_eq!(with_profile(alike(&curve)), Transfer::Linear, "{curve:?}");
        }
    }

    #[test]
    fn encoded_profiles_and_what_is_no_profile_are_not_linear() {
        let gamma = |gamma| ToneReprCurve::Parametric(vec![gamma]);
        for icc in [
            ColorProfile::new_srgb().encode().unwrap(),
            ColorProfile::new_adobe_rgb().encode().unwrap(),
            ColorProfile::new_gray_with_gamma(2.2).encode().unwrap(),
            alike(&gamma(1.8)),
            alike(&gamma(1.1)),
            // One channel is enough.
            rgb([gamma(1.0), gamma(1.0), gamma(2.2)]),
            b"no profile".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(with_profile(icc), Transfer::Encoded);
        }
        assert_eq!(stated_by(&Metadata::default()), Transfer::Encoded);
    }

    #[test]
    fn a_grey_profile_states_it_by_its_only_curve() {
        let icc = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        assert_eq!(with_profile(icc), Transfer::Linear);
    }

    #[test]
    fn a_png_states_it_by_gamma_or_code_point_in_the_order_of_the_specification() {
        let one: &[u8] = &100_000_u32.to_be_bytes();
        let usual: &[u8] = &45_455_u32.to_be_bytes();
        let linear = alike(&ToneReprCurve::Lut(Vec::new()));
        assert_eq!(with_chunks(&[(b"gAMA", one)], None), Transfer::Linear);
        assert_eq!(with_chunks(&[(b"gAMA", usual)], None), Transfer::Encoded);
        assert_eq!(
            with_chunks(&[(b"gAMA", &one[1..])], None),
            Transfer::Encoded
        );
        let both = [(b"sRGB", &[0][..]), (b"gAMA", one)];
        assert_eq!(with_chunks(&both, None), Transfer::Encoded);
        let profiled = with_chunks(&[(b"gAMA", usual)], Some(linear.clone()));
        assert_eq!(profiled, Transfer::Linear);
        let code_point = |transfer| [(b"cICP", [1_u8, transfer, 0, 1])];
        for (transfer, expected) in [(8, Transfer::Linear), (13, Transfer::Encoded)] {
            let chunks = code_point(transfer);
            let chunks = chunks.each_ref().map(|(kind, data)| (*kind, &data[..]));
            assert_eq!(with_chunks(&chunks, Some(linear.clone())), expected);
        }
    }
}
