//! A. Telea, "An image inpainting technique based on the fast marching method", Journal of Graphics Tools 9(1), 2004: what
//! general-purpose image libraries offer to fill a hole. Here for scale only; the product never fills with it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::geometry::ImageSize;

/// How far around a pixel known ones are averaged, px: what the paper calls ε, at the value in common use.
const RADIUS: i64 = 5;

/// Farther than any pixel of any hole.
const FAR: f32 = 1e6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Known,
    Band,
    Inside,
}

/// A pixel of the front and its distance from the hole's rim; the nearest is the greatest, for [`BinaryHeap`].
struct Front {
    distance: f32,
    index: usize,
}

impl Ord for Front {
    fn cmp(&self, other: &Self) -> Ordering {
        let nearer = other.distance.total_cmp(&self.distance);
        nearer.then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Front {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Front {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Front {}

/// Fills the pixels of `planes` (each of `size`, row-major) where `hole` is set, from the rim inwards.
///
/// # Panics
/// When a plane or the hole is not of `size`.
pub(super) fn fill(planes: &mut [Vec<f32>], size: ImageSize, hole: &[bool]) {
    let mut march = March::new(size, hole);
    for plane in planes.iter() {
        assert_eq!(plane.len(), hole.len(), "a plane of {size}");
    }
    while let Some(Front { index, .. }) = march.front.pop() {
        march.state[index] = State::Known;
        for near in march.around(index) {
            if march.state[near] == State::Known {
                continue;
            }
            if march.state[near] == State::Inside {
                march.fill_pixel(planes, near);
                march.state[near] = State::Band;
            }
            let distance = march.arrival(near);
            if distance < march.distance[near] {
                march.distance[near] = distance;
                march.front.push(Front {
                    distance,
                    index: near,
                });
            }
        }
    }
}

struct March {
    size: ImageSize,
    state: Vec<State>,
    distance: Vec<f32>,
    front: BinaryHeap<Front>,
}

impl March {
    /// The front begins with the known pixels beside the hole.
    fn new(size: ImageSize, hole: &[bool]) -> Self {
        assert_eq!(hole.len(), size.pixel_count(), "a hole of {size}");
        let state = |&inside: &bool| if inside { State::Inside } else { State::Known };
        let mut march = Self {
            size,
            state: hole.iter().map(state).collect(),
            distance: hole
                .iter()
                .map(|&inside| if inside { FAR } else { 0.0 })
                .collect(),
            front: BinaryHeap::new(),
        };
        for index in 0..hole.len() {
            if !hole[index] && march.around(index).any(|near| hole[near]) {
                march.state[index] = State::Band;
                march.front.push(Front {
                    distance: 0.0,
                    index,
                });
            }
        }
        march
    }

    /// Indices of the up to four neighbours.
    fn around(&self, index: usize) -> impl Iterator<Item = usize> + use<> {
        let size = self.size;
        let (x, y) = self.place(index);
        [(-1, 0), (1, 0), (0, -1), (0, 1)]
            .into_iter()
            .filter_map(move |(dx, dy)| index_of(size, x + dx, y + dy))
    }

    fn place(&self, index: usize) -> (i64, i64) {
        let width = self.size.width as usize;
        ((index % width) as i64, (index / width) as i64)
    }

    /// Smallest distance along one axis among the neighbours that the front has passed.
    fn passed(&self, index: usize, (dx, dy): (i64, i64)) -> f32 {
        let (x, y) = self.place(index);
        [(x - dx, y - dy), (x + dx, y + dy)]
            .into_iter()
            .filter_map(|(x, y)| index_of(self.size, x, y))
            .filter(|&near| self.state[near] == State::Known)
            .map(|near| self.distance[near])
            .fold(FAR, f32::min)
    }

    /// When the front arrives: the solution of |∇T| = 1 from the passed neighbours of both axes.
    fn arrival(&self, index: usize) -> f32 {
        let (a, b) = (self.passed(index, (1, 0)), self.passed(index, (0, 1)));
        let (near, far) = (a.min(b), a.max(b));
        if far - near >= 1.0 {
            return near + 1.0;
        }
        let difference = far - near;
        (near + far + (2.0 - difference * difference).sqrt()) / 2.0
    }

    /// Half the difference of `values` beside a pixel along one axis, from pixels that are not inside the hole.
    fn slope(&self, values: &[f32], index: usize, (dx, dy): (i64, i64)) -> f32 {
        let (x, y) = self.place(index);
        let at = |x: i64, y: i64| {
            index_of(self.size, x, y).filter(|&near| self.state[near] != State::Inside)
        };
        match (at(x - dx, y - dy), at(x + dx, y + dy)) {
            (Some(before), Some(after)) => (values[after] - values[before]) / 2.0,
            (Some(before), None) => values[index] - values[before],
            (None, Some(after)) => values[after] - values[index],
            (None, None) => 0.0,
        }
    }

    /// The weighted mean over the known pixels in reach, each carried on along its own gradient.
    fn fill_pixel(&mut self, planes: &mut [Vec<f32>], index: usize) {
        let (x, y) = self.place(index);
        self.distance[index] = self.arrival(index);
        let normal = [(1, 0), (0, 1)].map(|axis| self.slope(&self.distance, index, axis));
        let mut sums = vec![0.0; planes.len()];
        let mut weights = 0.0;
        for dy in -RADIUS..=RADIUS {
            for dx in -RADIUS..=RADIUS {
                let square = (dx * dx + dy * dy) as f32;
                if square == 0.0 || square > (RADIUS * RADIUS) as f32 {
                    continue;
                }
                let Some(near) = index_of(self.size, x + dx, y + dy)
                    .filter(|&near| self.state[near] != State::Inside && near != index)
                else {
                    continue;
                };
                // From the known pixel to the one being filled.
                let (rx, ry) = (-dx as f32, -dy as f32);
                let along = (rx * normal[0] + ry * normal[1]).abs() / square.sqrt();
                let level = 1.0 + (self.distance[near] - self.distance[index]).abs();
                let weight = along.max(1e-6) / square / level;
                weights += weight;
                for (sum, plane) in sums.iter_mut().zip(planes.iter()) {
                    let carried = plane[near]
                        + self.slope(plane, near, (1, 0)) * rx
                        + self.slope(plane, near, (0, 1)) * ry;
                    *sum += weight * carried;
                }
            }
        }
        self.distance[index] = FAR;
        for (plane, sum) in planes.iter_mut().zip(sums) {
            plane[index] = if weights > 0.0 { sum / weights } else { 0.0 };
        }
    }
}

fn index_of(size: ImageSize, x: i64, y: i64) -> Option<usize> {
    let inside =
        (0..i64::from(size.width)).contains(&x) && (0..i64::from(size.height)).contains(&y);
    inside.then(|| size.index(x as u32, y as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize::new(40, 30);

    fn filled(
        value: impl Fn(usize, usize) -> f32,
        is_hole: impl Fn(usize, usize) -> bool,
    ) -> (Vec<f32>, Vec<bool>) {
        let places = (0..30).flat_map(|y| (0..40).map(move |x| (x, y)));
        let hole: Vec<bool> = places.clone().map(|(x, y)| is_hole(x, y)).collect();
        let plane = places.map(|(x, y)| if is_hole(x, y) { -9.0 } else { value(x, y) });
        let mut planes = [plane.collect::<Vec<f32>>()];
        fill(&mut planes, SIZE, &hole);
        let [plane] = planes;
        (plane, hole)
    }

    #[test]
    fn an_even_area_is_filled_with_its_value_and_known_pixels_stay() {
        let (plane, _) = filled(|_, _| 0.25, |x, y| x.abs_diff(20) + y.abs_diff(15) < 9);
        assert!(plane.iter().all(|value| (value - 0.25).abs() < 1e-5));
    }

    #[test]
    fn a_ramp_goes_on_across_a_scratch() {
        let ramp = |x: usize, _: usize| x as f32 / 40.0;
        let (plane, hole) = filled(ramp, |x, _| (18..22).contains(&x));
        for (i, value) in plane.iter().enumerate() {
            let expected = ramp(i % 40, 0);
            let allowed = if hole[i] { 0.03 } else { 0.0 };
            assert!(
                (value - expected).abs() <= allowed,
                "{i}: {value} {expected}"
            );
        }
    }

    #[test]
    fn a_hole_at_the_edge_and_one_without_any_rim_end() {
        let (plane, _) = filled(|_, _| 0.5, |x, _| x < 7);
        assert!(plane.iter().all(|value| (value - 0.5).abs() < 1e-5));
        let (plane, _) = filled(|_, _| 0.5, |_, _| true);
        assert!(plane.iter().all(|value| (value + 9.0).abs() < 1e-6));
    }
}
