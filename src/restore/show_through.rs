//! What an area looks like when only the tone of its damage is taken away: nothing comes from anywhere else. Pure.
//!
//! The damage is taken as a shift of tone that goes on along the scratch. Its size is the mean, along the direction in which
//! the area runs, of how far the photo lies from the smooth surface that its surroundings span. What differs along the
//! scratch, such as grain and edges that still show, stays.

use rayon::prelude::*;

use crate::geometry::PixelRect;
use crate::mask::{PixelRegion, RegionSpan};

/// The direction of an area, and the mean along it, are taken from so many px around.
const RADIUS_PX: u32 = 12;

/// Half the width of the line along which the mean is taken, px; its weight falls from the middle to its edge.
const HALF_LINE_PX: f64 = 1.0;

/// How often the mean of what is left is taken away: once would leave the sharpest part of the damage, as a mean is flatter
/// than what it is taken of ("twicing": Tukey, "Exploratory Data Analysis", 1977).
const PASSES: usize = 3;

/// `observed` less the tone of the damage; all arrays hold one value a pixel of `region`, span after span.
///
/// `surface` is what the surroundings of the area span over it.
///
/// # Panics
/// When the arrays are not of the region's length.
pub(super) fn without_damage_tone(
    region: &PixelRegion,
    observed: &[f64],
    surface: &[f64],
) -> Vec<f64> {
    assert_eq!(observed.len() as u64, region.pixel_count());
    assert_eq!(surface.len(), observed.len());
    let pixels: Vec<(u32, u32)> = region
        .spans()
        .iter()
        .flat_map(|span| (span.x..span.end()).map(|x| (x, span.y)))
        .collect();
    let directions: Vec<(f64, f64)> = pixels.par_iter().map(|&at| across(region, at)).collect();
    let mut rest: Vec<f64> = observed.iter().zip(surface).map(|(a, b)| a - b).collect();
    for _ in 0..PASSES {
        let places = pixels.par_iter().zip(&directions);
        let means: Vec<f64> = places
            .map(|(&at, &across)| mean_along(region, &rest, at, across))
            .collect();
        for (rest, mean) in rest.iter_mut().zip(means) {
            *rest -= mean;
        }
    }
    surface.iter().zip(&rest).map(|(a, b)| a + b).collect()
}

/// The mean of `values` along the direction of the area at a pixel.
fn mean_along(region: &PixelRegion, values: &[f64], at: (u32, u32), across: (f64, f64)) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    near(region, at, |(dx, dy), number| {
        let weight = 1.0 - (dx * across.0 + dy * across.1).abs() / HALF_LINE_PX;
        if weight > 0.0 {
            sum += weight * values[number];
            weights += weight;
        }
    });
    // The pixel itself has weight 1.
    sum / weights
}

/// The unit vector across the area at a pixel: the lesser axis of the pixels around it.
fn across(region: &PixelRegion, at: (u32, u32)) -> (f64, f64) {
    let (mut n, mut x, mut y) = (0.0, 0.0, 0.0);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    near(region, at, |(dx, dy), _| {
        n += 1.0;
        x += dx;
        y += dy;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    });
    let (a, b, c) = (xx - x * x / n, xy - x * y / n, yy - y * y / n);
    let half = (a - c) / 2.0;
    let root = (half * half + b * b).sqrt();
    // The greater axis is (half + root, b); the lesser one stands on it.
    let along = if half >= 0.0 {
        (half + root, b)
    } else {
        (b, root - half)
    };
    let length = (along.0 * along.0 + along.1 * along.1).sqrt();
    if length == 0.0 {
        return (0.0, 1.0);
    }
    (-along.1 / length, along.0 / length)
}

/// Tells every pixel of `region` at most [`RADIUS_PX`] away, as its way from `at` and its number.
fn near(region: &PixelRegion, at: (u32, u32), mut tell: impl FnMut((f64, f64), usize)) {
    let around = PixelRect::new(
        at.0.saturating_sub(RADIUS_PX),
        at.1.saturating_sub(RADIUS_PX),
        2 * RADIUS_PX + 1,
        2 * RADIUS_PX + 1,
    );
    for y in around.y..=at.1 + RADIUS_PX {
        for (RegionSpan { x: start, len, .. }, first) in region.numbered_row(y) {
            let from = start.max(around.x);
            let to = (start + len).min(at.0 + RADIUS_PX + 1);
            for x in from..to {
                let dx = f64::from(x) - f64::from(at.0);
                let dy = f64::from(y) - f64::from(at.1);
                if dx * dx + dy * dy <= f64::from(RADIUS_PX * RADIUS_PX) {
                    tell((dx, dy), first + (x - start) as usize);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slanted line 7 px wide: the pixels, as a region.
    fn slanted() -> PixelRegion {
        let spans = (20..160).map(|y| RegionSpan {
            y,
            x: 30 + y / 2,
            len: 7,
        });
        PixelRegion::from_spans(spans.collect()).unwrap()
    }

    #[test]
    fn a_line_is_crossed_at_right_angles() {
        let (x, y) = across(&slanted(), (30 + 45 + 3, 90));
        // It runs along (1, 2) / √5.
        assert!((x.abs() - 2.0 / 5.0_f64.sqrt()).abs() < 0.03, "{x} {y}");
        assert!(x * y < 0.0, "{x} {y}");
        let upright =
            PixelRegion::from_spans((0..90).map(|y| RegionSpan { y, x: 40, len: 5 }).collect());
        let (x, y) = across(&upright.unwrap(), (42, 45));
        assert!(x.abs() > 0.999 && y.abs() < 0.001, "{x} {y}");
    }

    #[test]
    fn a_bright_veil_goes_and_the_grain_under_it_stays() {
        let region = slanted();
        let pixels: Vec<(u32, u32)> = region
            .spans()
            .iter()
            .flat_map(|span| (span.x..span.end()).map(|x| (x, span.y)))
            .collect();
        let grain = |(x, y): (u32, u32)| {
            let mixed = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 22;
            f64::from(mixed) - 512.0
        };
        // Brightest in its middle, as a scratch is: thirty times as strong as the grain.
        let veil = |(x, y): (u32, u32)| {
            let from_middle = (f64::from(x) - 33.0 - f64::from(y) / 2.0) * 2.0 / 5.0_f64.sqrt();
            9000.0 * (-(from_middle / 1.5).powi(2)).exp()
        };
        let surface = vec![20_000.0; pixels.len()];
        let observed: Vec<f64> = pixels
            .iter()
            .map(|&at| 20_000.0 + grain(at) + veil(at))
            .collect();
        let cleared = without_damage_tone(&region, &observed, &surface);
        let (mut left, mut kept, mut all) = (0.0, 0.0, 0.0);
        let inner = pixels
            .iter()
            .zip(&cleared)
            .filter(|((_, y), _)| (40..140).contains(y));
        for (&at, value) in inner {
            let shown = value - 20_000.0;
            left += (shown - grain(at)).powi(2);
            kept += shown * grain(at);
            all += grain(at).powi(2);
        }
        assert!(kept / all > 0.85, "grain kept: {}", kept / all);
        assert!(
            (left / all).sqrt() < 0.6,
            "error against grain: {}",
            (left / all).sqrt()
        );
    }
}
