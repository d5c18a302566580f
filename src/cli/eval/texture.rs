//! Whether a repair is as grainy as its surroundings: energy of the finest detail inside it against around it.

use super::quality::Pixels;
use crate::geometry::ImageSize;
use crate::mask::squared_distance;

/// How far around a repair its surroundings reach, px.
const RING_PX: u32 = 12;

/// Below this energy there is no grain to compare with: a quarter of an 8-bit level, squared.
const LEAST_ENERGY: f64 = (0.25 / 255.0) * (0.25 / 255.0);

/// Where a repair is, and its surroundings.
#[derive(Debug)]
pub(super) struct Texture {
    inside: Vec<usize>,
    around: Vec<usize>,
}

impl Texture {
    /// Inside: α = 255. Around: α = 0 within 12 px of the repair, and not `is_left_out` (damage that was not repaired).
    pub fn new(alpha: &[u8], is_left_out: impl Fn(usize) -> bool, size: ImageSize) -> Self {
        let is_repaired: Vec<bool> = alpha.iter().map(|&value| value > 0).collect();
        let squares = squared_distance(&is_repaired, size, RING_PX);
        let is_near = |i: &usize| i32::from(squares[*i]) <= (RING_PX * RING_PX) as i32;
        Self {
            inside: (0..alpha.len()).filter(|&i| alpha[i] == 255).collect(),
            around: (0..alpha.len())
                .filter(|&i| !is_repaired[i] && !is_left_out(i))
                .filter(is_near)
                .collect(),
        }
    }

    /// Mean squared high pass inside / around; `None` without enough of either, or where the surroundings are smooth.
    pub fn ratio(&self, pixels: Pixels<'_>) -> Option<f64> {
        /// Fewer pixels give no mean worth comparing.
        const LEAST_PIXELS: usize = 100;
        if self.inside.len().min(self.around.len()) < LEAST_PIXELS {
            return None;
        }
        let energy = |places: &[usize]| {
            let sum: f64 = places.iter().map(|&i| high_pass(pixels, i).powi(2)).sum();
            sum / places.len() as f64
        };
        let around = energy(&self.around);
        (around >= LEAST_ENERGY).then(|| energy(&self.inside) / around)
    }
}

/// A pixel's luma less the mean of the 3 × 3 px around it (those inside the picture).
fn high_pass(pixels: Pixels<'_>, index: usize) -> f64 {
    let size = pixels.size();
    let (width, height) = (size.width as usize, size.height as usize);
    let (x, y) = (index % width, index / width);
    let (mut sum, mut count) = (0.0, 0.0);
    for row in y.saturating_sub(1)..(y + 2).min(height) {
        for column in x.saturating_sub(1)..(x + 2).min(width) {
            sum += pixels.luma(row * width + column);
            count += 1.0;
        }
    }
    pixels.luma(index) - sum / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::tests::grey_photo;

    #[test]
    fn a_smooth_repair_in_grain_has_little_energy_and_untouched_grain_as_much_as_around() {
        let size = ImageSize::new(60, 40);
        let grain = |x: u32, y: u32| 100 + ((x * 7 + y * 11 + x * y) % 13) as u8;
        let is_inside = |x: u32, y: u32| (20..40).contains(&x) && (10..30).contains(&y);
        let alpha: Vec<u8> = (0..size.height)
            .flat_map(|y| (0..size.width).map(move |x| (x, y)))
            .map(|(x, y)| if is_inside(x, y) { 255 } else { 0 })
            .collect();
        let texture = Texture::new(&alpha, |_| false, size);
        assert_eq!(texture.inside.len(), 400);
        let grainy = grey_photo(size, grain);
        let same = texture.ratio(Pixels::of(&grainy)).unwrap();
        assert!((0.8..1.25).contains(&same), "{same}");
        let smooth = grey_photo(size, |x, y| if is_inside(x, y) { 106 } else { grain(x, y) });
        let flat = texture.ratio(Pixels::of(&smooth)).unwrap();
        assert!(flat < 0.2, "{flat}");
        let blank = grey_photo(size, |_, _| 90);
        assert_eq!(texture.ratio(Pixels::of(&blank)), None);
        let nothing = Texture::new(&vec![0; alpha.len()], |_| false, size);
        assert_eq!(nothing.ratio(Pixels::of(&grainy)), None);
    }
}
