//! SSIMULACRA2 of two whole pictures: how far apart they look to a person. The crate `ssimulacra2` computes it.

use ssimulacra2::{
    ColorPrimaries, LinearRgb, Rgb, TransferCharacteristic, compute_frame_ssimulacra2,
};

use super::quality::Pixels;

/// The metric halves a picture five times; below this side it is not defined.
const LEAST_SIDE_PX: u32 = 8;

/// SSIMULACRA2 of `picture` against `truth`, what the networks see taken for sRGB: 100 for the same, 90 for no difference that is seen
/// side by side, below 0 for pictures that are very far apart. `None` for pictures under 8 px of side.
///
/// Source: J. Sneyers, SSIMULACRA 2, Cloudinary, 2022.
pub(super) fn ssimulacra2(truth: Pixels<'_>, picture: Pixels<'_>) -> Option<f64> {
    let size = truth.size();
    if size.width.min(size.height) < LEAST_SIDE_PX {
        return None;
    }
    compute_frame_ssimulacra2(linear(truth)?, linear(picture)?).ok()
}

/// Light, linear, as the metric takes it.
fn linear(pixels: Pixels<'_>) -> Option<LinearRgb> {
    let size = pixels.size();
    let values = (0..size.pixel_count())
        .map(|index| pixels.rgb(index).map(|value| value as f32))
        .collect();
    let rgb = Rgb::new(
        values,
        size.width as usize,
        size.height as usize,
        TransferCharacteristic::SRGB,
        ColorPrimaries::BT709,
    );
    LinearRgb::try_from(rgb.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::tests::grey_photo;
    use crate::geometry::ImageSize;

    #[test]
    fn the_same_picture_has_a_hundred_and_a_scratch_costs_more_the_wider_it_is() {
        let wave = |x: u32, y: u32| (120 + (x * 5 + y * 3) % 60) as u8;
        let scratched = |width: u32| {
            grey_photo(ImageSize::new(64, 64), move |x, y| {
                if (30..30 + width).contains(&x) {
                    255
                } else {
                    wave(x, y)
                }
            })
        };
        let sound = grey_photo(ImageSize::new(64, 64), wave);
        let of = |picture: &crate::photo::Photo| {
            ssimulacra2(Pixels::of(&sound), Pixels::of(picture)).unwrap()
        };
        assert!((of(&sound) - 100.0).abs() < 1e-6);
        assert!(of(&scratched(1)) < 95.0);
        assert!(of(&scratched(4)) < of(&scratched(1)));
    }

    #[test]
    fn a_picture_too_small_for_it_has_none() {
        let tiny = grey_photo(ImageSize::new(7, 7), |_, _| 9);
        assert_eq!(ssimulacra2(Pixels::of(&tiny), Pixels::of(&tiny)), None);
    }
}
