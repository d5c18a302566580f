//! The fill's colour: grey for a grey file; on a neutral or toned print the tone of the picture around the hole.
//!
//! On such a print colour is a function of lightness alone. A network's fill strays from it by a few levels, which the eye
//! sees as a coloured mark, so the fill keeps its lightness and takes its colour from that function. A colour photo is
//! left as the network fills it.

use super::local_tone::LocalTone;
use super::window_fill::rows_of;
use crate::geometry::{ImageSize, PixelPoint, PixelRect};
use crate::inference::Tensor;
use crate::photo::{Channels, Photo, Transfer};

/// Weights of lightness Y, Rec. 709. Only a measure to compare pixels by: code values are not linear light.
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Pixels of the photo looked at, a side of their grid, to tell a toned print from a colour photo.
const SAMPLES_PER_SIDE: u32 = 72;

/// Share of those pixels that may be off the tone: stains, ink, the scanner's lid.
const OUTLIER_SHARE: f32 = 0.1;

/// Largest root mean square distance of the others from the tone, in [0, 1] a channel.
/// Noise of a colour scan of a toned print is about 0.008; the dullest colour photos are beyond 0.03.
const TONED_RMS: f32 = 0.015;

/// How much the whole photo's tone counts around a place, in pixels: with little sound picture there it follows the photo.
const PRIOR_PIXELS: f64 = 64.0;

/// What the fill of one window may look like.
pub(super) enum ColourGuide {
    /// The file has one channel.
    Grey,
    /// Chroma is a function of lightness, and a little of the place.
    Toned(LocalTone),
    /// A colour photo.
    Colour,
}

/// What a photo as a whole says of its colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PhotoTone {
    /// The file has one channel.
    Grey,
    /// A neutral or toned print.
    Toned(Tone),
    /// A colour photo.
    Colour,
}

impl PhotoTone {
    /// Looks at the whole photo.
    pub(super) fn of(photo: &Photo) -> Self {
        if photo.channels() == Channels::Grey {
            return Self::Grey;
        }
        Tone::of_photo(photo).map_or(Self::Colour, Self::Toned)
    }
}

impl ColourGuide {
    /// The guide for a window `read` in a photo of `size`, see [`LocalTone::fitted`]; as far as its halo is there it is the
    /// same from every window.
    pub(super) fn new(
        photo: PhotoTone,
        window: (&Tensor, &Tensor),
        place: (PixelRect, ImageSize, u32),
    ) -> Self {
        match photo {
            PhotoTone::Grey => Self::Grey,
            PhotoTone::Toned(tone) => Self::Toned(LocalTone::fitted(tone, window, place)),
            PhotoTone::Colour => Self::Colour,
        }
    }

    /// The fill of `rect` in the photo's channels, interleaved, its code values on a scale of 0 to 65,535; `fill` (1, 3, h, w),
    /// as the networks see it, covers `read`.
    pub(super) fn interleave(
        &self,
        fill: &Tensor,
        (rect, read): (PixelRect, PixelRect),
        transfer: Transfer,
    ) -> Vec<u16> {
        let to_level = |value| transfer.stored_of_unit(value);
        let [red, green, blue] = [0, 1, 2].map(|c| rows_of(fill, c, rect, read));
        let pixels = red.zip(green).zip(blue).map(|((r, g), b)| [r, g, b]);
        match self {
            Self::Grey => pixels
                .map(|[r, g, b]| to_level((r + g + b) / 3.0))
                .collect(),
            Self::Toned(tones) => {
                let places = (rect.y..rect.bottom())
                    .flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
                let toned = |((x, y), rgb)| tones.at(x, y).colour_of(luma(rgb)).map(to_level);
                places.zip(pixels).flat_map(toned).collect()
            }
            Self::Colour => pixels.flat_map(|rgb| rgb.map(to_level)).collect(),
        }
    }
}

fn luma([r, g, b]: [f32; 3]) -> f32 {
    LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
}

/// Chroma as quadratic functions of lightness: R − Y and B − Y at Y, each as coefficients of 1, Y, Y².
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    red: [f64; 3],
    blue: [f64; 3],
}

impl Tone {
    /// Grey.
    #[cfg(test)]
    pub(super) const NEUTRAL: Self = Self {
        red: [0.0; 3],
        blue: [0.0; 3],
    };

    /// The tone of a neutral or toned print; `None` for a colour photo.
    fn of_photo(photo: &Photo) -> Option<Self> {
        let mut pixels = sample(photo);
        // Twice: the second fit is free of what the first one found to be off.
        let mut tone = Self::fit(pixels.iter().copied());
        let kept = pixels.len() - (pixels.len() as f32 * OUTLIER_SHARE) as usize;
        for _ in 0..2 {
            pixels.sort_by(|a, b| tone.square_error(*a).total_cmp(&tone.square_error(*b)));
            tone = Self::fit(pixels[..kept].iter().copied());
        }
        let errors = pixels[..kept].iter().map(|&rgb| tone.square_error(rgb));
        let mean_square = errors.sum::<f32>() / kept as f32;
        (mean_square.sqrt() <= TONED_RMS).then_some(tone)
    }

    /// Whether a pixel may be of this print: a stain or a mark in ink beside the hole is no tone of it.
    pub(super) fn may_be(self, rgb: [f32; 3]) -> bool {
        self.square_error(rgb) <= (4.0 * TONED_RMS).powi(2)
    }

    /// This tone, and `part` of the way to the other one.
    pub(super) fn mixed(self, other: Self, part: f64) -> Self {
        let mixed =
            |one: [f64; 3], other: [f64; 3]| [0, 1, 2].map(|n| one[n] + (other[n] - one[n]) * part);
        Self {
            red: mixed(self.red, other.red),
            blue: mixed(self.blue, other.blue),
        }
    }

    /// Least squares over `pixels`.
    fn fit(pixels: impl Iterator<Item = [f32; 3]>) -> Self {
        let mut sums = NormalEquations::default();
        pixels.for_each(|rgb| sums.add_pixel(rgb));
        sums.solve()
    }

    /// The colour of lightness `y`, each channel in [0, 1] or a little outside.
    pub(super) fn colour_of(self, y: f32) -> [f32; 3] {
        let red = evaluate(self.red, f64::from(y)) as f32;
        let blue = evaluate(self.blue, f64::from(y)) as f32;
        // Y = Σ weight · channel, so the weighted chroma adds up to nothing.
        let green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1];
        [y + red, y + green, y + blue]
    }

    /// Squared distance of a pixel from the tone, the mean of both chroma differences'.
    fn square_error(self, rgb: [f32; 3]) -> f32 {
        let y = luma(rgb);
        let [red, _, blue] = self.colour_of(y);
        (rgb[0] - red).powi(2).midpoint((rgb[2] - blue).powi(2))
    }
}

fn evaluate([a, b, c]: [f64; 3], y: f64) -> f64 {
    a + y * (b + y * c)
}

/// Pixels of the photo on a regular grid, RGB in [0, 1].
fn sample(photo: &Photo) -> Vec<[f32; 3]> {
    let size: ImageSize = photo.size();
    let positions = |len: u32| {
        let count = len.min(SAMPLES_PER_SIDE);
        (0..count)
            .map(move |i| ((2 * u64::from(i) + 1) * u64::from(len) / (2 * u64::from(count))) as i64)
    };
    let mut pixels = Vec::new();
    for y in positions(size.height) {
        for x in positions(size.width) {
            let mut rgb = [0.0; 3];
            photo.network_window(PixelPoint::new(x, y), 1, 1, &mut rgb);
            pixels.push(rgb);
        }
    }
    pixels
}

/// Sums of a least-squares fit of two chroma differences on 1, Y, Y².
#[derive(Clone, Default)]
pub(super) struct NormalEquations {
    /// Σ w Yⁿ.
    powers: [f64; 5],
    /// Σ w Yⁿ · chroma.
    products: [[f64; 3]; 2],
}

impl NormalEquations {
    fn add(&mut self, y: f64, chroma: [f64; 2], weight: f64) {
        let mut power = weight;
        for (n, sum) in self.powers.iter_mut().enumerate() {
            *sum += power;
            if n < 3 {
                for (products, chroma) in self.products.iter_mut().zip(chroma) {
                    products[n] += power * chroma;
                }
            }
            power *= y;
        }
    }

    /// Counts a pixel in.
    pub(super) fn add_pixel(&mut self, rgb: [f32; 3]) {
        let y = f64::from(luma(rgb));
        self.add(y, [f64::from(rgb[0]) - y, f64::from(rgb[2]) - y], 1.0);
    }

    /// Counts everything in that `other` counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, more) in self.powers.iter_mut().zip(other.powers) {
            *sum += more;
        }
        let products = self.products.as_flattened_mut().iter_mut();
        for (sum, more) in products.zip(other.products.as_flattened()) {
            *sum += more;
        }
    }

    /// The tone of what was counted; `photo` counts as [`PRIOR_PIXELS`] pixels spread over the lightness range.
    pub(super) fn tone(mut self, photo: Tone) -> Tone {
        for step in 0..=16 {
            let y = f64::from(step) / 16.0;
            let chroma = [evaluate(photo.red, y), evaluate(photo.blue, y)];
            self.add(y, chroma, PRIOR_PIXELS / 17.0);
        }
        self.solve()
    }

    /// Least squares; a little ridge keeps higher coefficients at 0 where the lightness range does not show them.
    fn solve(&self) -> Tone {
        const RIDGE: f64 = 1e-4;
        let p = self.powers;
        let ridge = RIDGE * p[0].max(1e-9);
        let matrix = [
            [p[0] + 1e-9, p[1], p[2]],
            [p[1], p[2] + ridge, p[3]],
            [p[2], p[3], p[4] + ridge],
        ];
        let [red, blue] = self.products.map(|right| solve_3(matrix, right));
        Tone { red, blue }
    }
}

/// Solves a symmetric positive definite 3 × 3 system by Gaussian elimination.
fn solve_3(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        for row in pivot + 1..3 {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (value, above) in matrix[row].iter_mut().zip(above) {
                *value -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    let [first, second, third] = &matrix;
    let z = right[2] / third[2];
    let y = (right[1] - second[2] * z) / second[1];
    let x = (right[0] - first[1] * y - first[2] * z) / first[0];
    [x, y, z]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::photo::{FileFormat, Metadata, Samples, Source};

    const SIDE: u32 = 128;

    fn photo(colour: impl Fn(f32, u32, u32) -> [f32; 3]) -> Photo {
        let mut samples = Vec::new();
        for y in 0..SIDE {
            for x in 0..SIDE {
                let shade = 0.1 + 0.8 * ((x as f32 / 13.0).sin() * (y as f32 / 17.0).cos()).abs();
                samples.extend(colour(shade, x, y).map(|v| (v * 255.0).round() as u8));
            }
        }
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let size = ImageSize::new(SIDE, SIDE);
        let samples = Samples::U8(samples);
        Photo::new(
            size,
            Channels::Rgb,
            samples,
            None,
            Metadata::default(),
            source,
        )
        .unwrap()
    }

    fn sepia(shade: f32) -> [f32; 3] {
        [shade.powf(0.8), shade, shade.powf(1.35)]
    }

    /// CIE L*a*b*, D65, of an sRGB pixel in [0, 1]. Source: IEC 61966-2-1 and CIE 15.
    fn lab(rgb: [f32; 3]) -> [f32; 3] {
        let [r, g, b] = rgb.map(|v| {
            let v = v.clamp(0.0, 1.0);
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        });
        let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505;
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089;
        let [x, y, z] = [x, y, z].map(|t| {
            if t > 0.008_856 {
                t.cbrt()
            } else {
                7.787 * t + 16.0 / 116.0
            }
        });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn delta_e(a: [f32; 3], b: [f32; 3]) -> f32 {
        let (a, b) = (lab(a), lab(b));
        (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>().sqrt()
    }

    /// A window over the whole photo whose middle is a hole, filled with the truth plus a colour cast, and
    /// the guided fill's mean ΔE76 from the truth at the fill's own lightness.
    fn mean_error(photo: &Photo, tone: impl Fn(f32) -> [f32; 3]) -> f32 {
        let shape = [1, 3, SIDE as usize, SIDE as usize];
        let rect = PixelRect::new(30, 30, 30, 30);
        let mut input = Tensor::filled(shape, 0.0);
        photo.network_window(PixelPoint::new(0, 0), SIDE, SIDE, input.data_mut());
        let mut hole = Tensor::filled([1, 1, shape[2], shape[3]], 0.0);
        let mut fill = input.clone();
        let plane = shape[2] * shape[3];
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let i = ImageSize::new(SIDE, SIDE).index(x, y);
                hole.data_mut()[i] = 1.0;
                for (c, cast) in [0.05, -0.02, -0.04].into_iter().enumerate() {
                    input.data_mut()[c * plane + i] = [0.9, 0.1, 0.1][c];
                    fill.data_mut()[c * plane + i] += cast;
                }
            }
        }
        let read = PixelRect::new(0, 0, SIDE, SIDE);
        let place = (read, ImageSize::new(SIDE, SIDE), 128);
        let guide = ColourGuide::new(PhotoTone::of(photo), (&input, &hole), place);
        let filled = guide.interleave(&fill, (rect, read), Transfer::Encoded);
        let error = |pixel: &[u16]| {
            let rgb = [0, 1, 2].map(|c| f32::from(pixel[c]) / 65_535.0);
            // The toned colour of the same lightness, found on the curve.
            let nearest = (0..=1000).map(|i| tone(i as f32 / 1000.0));
            let away = |rgb_b: &[f32; 3]| (luma(*rgb_b) - luma(rgb)).abs();
            let truth = nearest.min_by(|a, b| away(a).total_cmp(&away(b))).unwrap();
            delta_e(rgb, truth)
        };
        let pixels = filled.chunks_exact(3);
        pixels.map(error).sum::<f32>() / (rect.width * rect.height) as f32
    }

    #[test]
    fn a_fill_on_a_neutral_or_sepia_print_keeps_its_tone_within_one_delta_e() {
        let neutral = |shade: f32| [shade; 3];
        assert!(mean_error(&photo(|s, _, _| neutral(s)), neutral) < 0.3);
        let error = mean_error(&photo(|s, _, _| sepia(s)), sepia);
        assert!(error < 1.0, "sepia: {error}");
        let noisy = photo(|s, x, y| {
            let noise = ((x * 7 + y * 13) % 5) as f32 / 255.0 - 2.0 / 255.0;
            let [r, g, b] = sepia(s);
            [r + noise, g, b - noise]
        });
        let error = mean_error(&noisy, sepia);
        assert!(error < 1.0, "noisy sepia: {error}");
    }

    #[test]
    fn a_neutral_print_gets_a_neutral_fill_to_the_last_bit_of_eight() {
        let print = photo(|shade, _, _| [shade; 3]);
        let tone = Tone::of_photo(&print).unwrap();
        for step in 0..=255 {
            let [r, g, b] = tone
                .colour_of(step as f32 / 255.0)
                .map(|value| Transfer::Encoded.stored_of_unit(value));
            assert!(r.abs_diff(g) <= 1 && b.abs_diff(g) <= 1, "{r} {g} {b}");
        }
    }

    #[test]
    fn ink_on_a_toned_print_does_not_make_it_a_colour_photo() {
        let marked = photo(|shade, x, _| if x < 8 { [0.8, 0.1, 0.1] } else { sepia(shade) });
        assert!(Tone::of_photo(&marked).is_some());
    }

    #[test]
    fn a_colour_photo_is_left_as_the_network_fills_it() {
        let colourful = photo(|shade, x, y| {
            let hue = ((x as f32 / 30.0).sin() * 0.1, (y as f32 / 25.0).cos() * 0.1);
            [
                (shade + hue.0).clamp(0.0, 1.0),
                shade,
                (shade + hue.1).clamp(0.0, 1.0),
            ]
        });
        assert!(Tone::of_photo(&colourful).is_none());
        let fill = Tensor::new([1, 3, 1, 1], vec![0.2, 0.4, 0.6]).unwrap();
        let one = PixelRect::new(0, 0, 1, 1);
        assert_eq!(
            ColourGuide::Colour.interleave(&fill, (one, one), Transfer::Encoded),
            [13_107, 26_214, 39_321]
        );
    }
}
