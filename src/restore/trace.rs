//! One scratch from one click: the path along it to both ends, and its width. Reads pixels and probability, marks nothing.
//!
//! The strength of a px is the larger of its probability and of how much it stands out as a ridge: lighter (or darker) than
//! the px on both sides of it, in the best of eight directions and three distances, so that the edge of an object, which
//! stands out to one side alone, is none. Dijkstra's shortest paths from the click over strong px, across short gaps,
//! give two ends: the place farthest along, and the place farthest in any other branch that leaves the click.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::geometry::{ImageSize, PixelPoint};
use crate::mask::ProbabilityMap;
use crate::photo::{Channels, Photo};

/// A px with at least this strength belongs to the scratch.
const STRONG: f32 = 0.5;

/// Px of weak strength that a path may cross at a stretch.
const GAP_PX: u32 = 10;

/// Cost of a step over a px of no strength, in steps over the strongest.
const WEAK_COST: f32 = 8.0;

/// Most px that are looked at, so that a click on a pattern ends; a scratch 4,000 px long needs about this many.
const MAX_PX: usize = 100_000;

/// Length from the click at which branches are told apart, px.
const BRANCH_FROM_PX: f32 = 14.0;

/// How far beside the first branch another one begins, px.
const BRANCH_SIDE_PX: u32 = 6;

/// Distances to both sides at which a ridge is looked for, px: from hairlines to cracks.
const SIDES_PX: [f32; 3] = [2.5, 5.0, 10.0];

/// A ridge counts in full from this many times the usual difference between neighbouring px around the click.
const NOISE_FACTOR: f32 = 10.0;

/// Of the ridge at the seed, so much counts in full.
const SEED_PART: f32 = 0.8;

/// Every so manyth px of the path becomes a point.
const KEPT_PX: usize = 3;

/// A scratch that becomes so many times as wide as where it was clicked has run into something else, and
/// [`WIDENS_BY_PX`] px more.
const WIDENS: f32 = 2.5;

/// See [`WIDENS`].
const WIDENS_BY_PX: f32 = 2.0;

/// A scratch that turns by more than this within [`TURN_POINTS`] points to either side has run into something else: cosine
/// of 65°.
const TURN_COSINE: f32 = 0.42;

/// See [`TURN_COSINE`]; a point every [`KEPT_PX`] px.
const TURN_POINTS: usize = 6;

/// Widths are looked for up to this far to each side, px.
const PROFILE_PX: i32 = 24;

/// A traced scratch: points along its middle, image px, each with the scratch's width there, px.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// From one end to the other, at least two.
    pub points: Vec<((f32, f32), f32)>,
}

/// Follows the scratch nearest to `click` within `reach_px` of it; `None` when nothing there stands out.
pub fn trace_scratch(
    photo: &Photo,
    map: Option<&ProbabilityMap>,
    click: PixelPoint,
    reach_px: u32,
) -> Option<Trace> {
    let mut field = Field::new(photo, map, click);
    let seed = field.seed(click, reach_px)?;
    let tree = Tree::grow(&mut field, seed);
    let (path, seed_at) = tree.path_through_seed(&mut field)?;
    let points = smoothed(&path);
    let kept = of_one_direction(&points, seed_at / KEPT_PX);
    let seed_at = (seed_at / KEPT_PX).saturating_sub(kept.start);
    let points = points[kept].to_vec();
    let widths = widths(&field, &points);
    let kept = of_one_width(&widths, seed_at);
    let points: Vec<_> = points.into_iter().zip(widths).collect();
    Some(Trace {
        points: points[kept].to_vec(),
    })
}

/// Lightness and strength of any px of a photo, computed when asked for.
struct Field<'a> {
    photo: &'a Photo,
    map: Option<&'a ProbabilityMap>,
    /// A difference of lightness that counts in full.
    full: f32,
    /// 1 when the scratch is lighter than its surroundings, −1 when darker.
    polarity: f32,
    strengths: HashMap<(u32, u32), f32>,
}

impl<'a> Field<'a> {
    fn new(photo: &'a Photo, map: Option<&'a ProbabilityMap>, click: PixelPoint) -> Self {
        let mut field = Self {
            photo,
            map,
            full: 1.0,
            polarity: 1.0,
            strengths: HashMap::new(),
        };
        field.full = (field.noise(click) * NOISE_FACTOR).max(0.02);
        field
    }

    fn size(&self) -> ImageSize {
        self.photo.size()
    }

    /// Lightness 0 to 1, as the networks see it, of the px nearest to (`x`, `y`), the nearest inside when that lies outside.
    fn light(&self, x: f32, y: f32) -> f32 {
        let size = self.size();
        let column = (x.floor().max(0.0) as u32).min(size.width - 1);
        let row = (y.floor().max(0.0) as u32).min(size.height - 1);
        let at = size.index(column, row);
        let level = |i| self.photo.seen_level(i) as f32;
        let mean = match self.photo.channels() {
            Channels::Grey => level(at),
            Channels::Rgb => (level(3 * at) + level(3 * at + 1) + level(3 * at + 2)) / 3.0,
        };
        mean / 65_535.0
    }

    /// The median difference between px 3 px apart around `click`.
    fn noise(&self, click: PixelPoint) -> f32 {
        let offsets = (-96..=96).step_by(6);
        let mut differences: Vec<f32> = offsets
            .clone()
            .flat_map(|dy| offsets.clone().map(move |dx| (dx, dy)))
            .map(|(dx, dy)| {
                let (x, y) = ((click.x + dx) as f32 + 0.5, (click.y + dy) as f32 + 0.5);
                (self.light(x, y) - self.light(x + 3.0, y)).abs()
            })
            .collect();
        differences.sort_by(f32::total_cmp);
        differences[differences.len() / 2]
    }

    /// How far the px at (`x`, `y`) stands out on both sides, as a ridge of `polarity`; the mean of three px along it.
    fn ridge(&self, x: u32, y: u32, polarity: f32) -> f32 {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        let mut best = 0.0_f32;
        for eighth in 0..8 {
            let angle = std::f32::consts::PI * eighth as f32 / 8.0;
            let (along_y, along_x) = angle.sin_cos();
            let mean = |offset: f32| {
                let (cx, cy) = (x - along_y * offset, y + along_x * offset);
                let at = |step: f32| self.light(cx + along_x * step, cy + along_y * step);
                (at(-1.5) + at(0.0) + at(1.5)) / 3.0
            };
            let middle = mean(0.0);
            for side in SIDES_PX {
                let difference = |offset| polarity * (middle - mean(offset));
                best = best.max(difference(side).min(difference(-side)));
            }
        }
        best
    }

    /// Strength 0 to 1.
    fn strength(&mut self, x: u32, y: u32) -> f32 {
        if let Some(&known) = self.strengths.get(&(x, y)) {
            return known;
        }
        let ridge = (self.ridge(x, y, self.polarity) / self.full).min(1.0);
        let strength = ridge.max(self.probability(x, y));
        self.strengths.insert((x, y), strength);
        strength
    }

    fn probability(&self, x: u32, y: u32) -> f32 {
        self.map.map_or(0.0, |map| {
            f32::from(map.values()[map.size().index(x, y)]) / 255.0
        })
    }

    /// The strongest px within `reach_px` of the click, nearer ones preferred; also decides the polarity.
    fn seed(&mut self, click: PixelPoint, reach_px: u32) -> Option<(u32, u32)> {
        let reach = i64::from(reach_px);
        let size = self.size();
        let mut best: Option<(f32, (u32, u32), f32)> = None;
        for y in (click.y - reach).max(0)..=(click.y + reach).min(i64::from(size.height) - 1) {
            for x in (click.x - reach).max(0)..=(click.x + reach).min(i64::from(size.width) - 1) {
                let (column, row) = (x as u32, y as u32);
                let away = ((x - click.x) as f32).hypot((y - click.y) as f32);
                let nearness = 1.0 - 0.5 * away / (reach_px as f32 + 1.0);
                for polarity in [1.0, -1.0] {
                    let ridge = (self.ridge(column, row, polarity) / self.full).min(1.0);
                    // The ridge comes first: probability does not tell light from dark.
                    let strength = ridge.max(0.9 * self.probability(column, row));
                    let value = strength * nearness + 0.05 * ridge;
                    if strength >= STRONG && best.is_none_or(|(known, ..)| value > known) {
                        best = Some((value, (column, row), polarity));
                    }
                }
            }
        }
        let (_, seed, polarity) = best?;
        self.polarity = polarity;
        // What stands out much less than the place clicked is another thing.
        self.full = self
            .full
            .max(SEED_PART * self.ridge(seed.0, seed.1, polarity));
        Some(seed)
    }
}

/// What is known of a px that was reached.
#[derive(Clone, Copy)]
struct Reached {
    parent: (u32, u32),
    cost: f32,
    /// Px of weak strength just before, at a stretch.
    gap: u32,
    /// Length from the seed, px.
    length: f32,
}

/// The shortest paths from the seed.
struct Tree {
    seed: (u32, u32),
    reached: HashMap<(u32, u32), Reached>,
}

/// A cost that can be ordered.
#[derive(PartialEq)]
struct Cost(f32);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Tree {
    fn grow(field: &mut Field<'_>, seed: (u32, u32)) -> Self {
        let start = Reached {
            parent: seed,
            cost: 0.0,
            gap: 0,
            length: 0.0,
        };
        let mut reached = HashMap::from([(seed, start)]);
        let mut open = BinaryHeap::from([Reverse((Cost(0.0), seed))]);
        while let Some(Reverse((Cost(cost), at))) = open.pop() {
            let here = reached[&at];
            if cost > here.cost || reached.len() > MAX_PX {
                continue;
            }
            for (next, step) in neighbours(at, field.size()) {
                let strength = field.strength(next.0, next.1);
                let gap = if strength >= STRONG { 0 } else { here.gap + 1 };
                let cost = here.cost + step * (1.0 + WEAK_COST * (1.0 - strength).powi(2));
                let known = reached.get(&next).map_or(f32::INFINITY, |known| known.cost);
                if gap <= GAP_PX && cost < known {
                    let length = here.length + step;
                    let next_reached = Reached {
                        parent: at,
                        cost,
                        gap,
                        length,
                    };
                    reached.insert(next, next_reached);
                    open.push(Reverse((Cost(cost), next)));
                }
            }
        }
        Self { seed, reached }
    }

    fn chain(&self, from: (u32, u32)) -> Vec<(u32, u32)> {
        let mut chain = vec![from];
        let mut at = from;
        while at != self.seed {
            at = self.reached[&at].parent;
            chain.push(at);
        }
        chain
    }

    /// From the farthest strong px through the seed to the farthest one of another branch, and where the seed is in it.
    fn path_through_seed(&self, field: &mut Field<'_>) -> Option<(Vec<(u32, u32)>, usize)> {
        let mut strong: Vec<((u32, u32), f32)> = self
            .reached
            .iter()
            .filter(|(at, _)| field.strength(at.0, at.1) >= STRONG)
            .map(|(at, reached)| (*at, reached.length))
            .collect();
        // Of equally far ones the topmost, leftmost, whatever the order of the map.
        strong.sort_by(|a, b| {
            b.1.total_cmp(&a.1)
                .then((a.0.1, a.0.0).cmp(&(b.0.1, b.0.0)))
        });
        let (first_end, _) = *strong.first()?;
        let first = self.chain(first_end);
        // Beyond the surroundings of the click, what comes near the first path belongs to its branch: a scratch is several
        // px wide, and paths beside each other run along it.
        let mut near_first = HashSet::new();
        for &(x, y) in first
            .iter()
            .filter(|at| self.reached[at].length > BRANCH_FROM_PX)
        {
            let side = |at: u32| at.saturating_sub(BRANCH_SIDE_PX)..=at + BRANCH_SIDE_PX;
            near_first.extend(side(y).flat_map(|y| side(x).map(move |x| (x, y))));
        }
        // Parents cost less than their children, so each knows its branch before them.
        let mut by_cost: Vec<_> = self.reached.iter().collect();
        by_cost.sort_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
        let mut in_first: HashMap<(u32, u32), bool> = HashMap::from([(self.seed, false)]);
        for (&at, reached) in by_cost {
            let inherited = in_first.get(&reached.parent).copied().unwrap_or(false);
            in_first.insert(at, inherited || near_first.contains(&at));
        }
        let is_other = |at: &(u32, u32)| self.reached[at].length > BRANCH_FROM_PX && !in_first[at];
        let other_end = strong.iter().map(|(at, _)| *at).find(is_other);
        let other_end = other_end.or_else(|| self.short_end(&strong, &first));
        let seed_at = first.len() - 1;
        let mut path = first;
        if let Some(end) = other_end {
            let mut second = self.chain(end);
            second.pop();
            second.reverse();
            path.extend(second);
        }
        (path.len() >= 2).then_some((path, seed_at))
    }

    /// The end of a scratch clicked near it: of the strong px close to the seed the one farthest back from where `first` goes.
    fn short_end(&self, strong: &[((u32, u32), f32)], first: &[(u32, u32)]) -> Option<(u32, u32)> {
        let away = |at: (u32, u32)| {
            (
                f64::from(at.0) - f64::from(self.seed.0),
                f64::from(at.1) - f64::from(self.seed.1),
            )
        };
        let ahead = first
            .iter()
            .rfind(|at| self.reached[at].length > BRANCH_FROM_PX)?;
        let ahead = away(*ahead);
        let back = |at: (u32, u32)| {
            let (x, y) = away(at);
            -(x * ahead.0 + y * ahead.1)
        };
        strong
            .iter()
            .filter(|(_, length)| *length <= BRANCH_FROM_PX)
            .map(|(at, _)| *at)
            .filter(|at| back(*at) > 0.0)
            .max_by(|a, b| back(*a).total_cmp(&back(*b)))
    }
}

/// The up to eight px around `at` with the length of the step, px.
fn neighbours(at: (u32, u32), size: ImageSize) -> impl Iterator<Item = ((u32, u32), f32)> {
    let steps = (-1_i64..=1).flat_map(|dy| (-1_i64..=1).map(move |dx| (dx, dy)));
    steps.filter_map(move |(dx, dy)| {
        let (x, y) = (i64::from(at.0) + dx, i64::from(at.1) + dy);
        let inside = x >= 0 && y >= 0 && x < i64::from(size.width) && y < i64::from(size.height);
        let length = if dx != 0 && dy != 0 {
            std::f32::consts::SQRT_2
        } else {
            1.0
        };
        (inside && (dx, dy) != (0, 0)).then_some(((x as u32, y as u32), length))
    })
}

/// Means of seven px along the path, every third of them, and both ends.
fn smoothed(path: &[(u32, u32)]) -> Vec<(f32, f32)> {
    let centre = |&(x, y): &(u32, u32)| (x as f32 + 0.5, y as f32 + 0.5);
    let last = path.len() - 1;
    let kept = (0..last).step_by(KEPT_PX).chain([last]);
    kept.map(|i| {
        let reach = 3.min(i).min(last - i);
        let part = &path[i - reach..=i + reach];
        let sum = part
            .iter()
            .map(centre)
            .fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
        (sum.0 / part.len() as f32, sum.1 / part.len() as f32)
    })
    .collect()
}

/// The width at each point: where the profile across the path, averaged along it, is at half its height over both sides;
/// each the median of seven.
fn widths(field: &Field<'_>, points: &[(f32, f32)]) -> Vec<f32> {
    let last = points.len() - 1;
    let measured: Vec<f32> = (0..=last)
        .map(|i| {
            let (a, b) = (points[i.saturating_sub(2)], points[(i + 2).min(last)]);
            let length = (b.0 - a.0).hypot(b.1 - a.1).max(1e-3);
            let across = (-(b.1 - a.1) / length, (b.0 - a.0) / length);
            let near = &points[i.saturating_sub(1)..=(i + 1).min(last)];
            let profile: Vec<f32> = (-PROFILE_PX..=PROFILE_PX)
                .map(|k| {
                    let offset = k as f32;
                    let values = near
                        .iter()
                        .map(|at| field.light(at.0 + across.0 * offset, at.1 + across.1 * offset));
                    field.polarity * values.sum::<f32>() / near.len() as f32
                })
                .collect();
            half_height_width(&profile)
        })
        .collect();
    (0..=last)
        .map(|i| {
            let mut near = measured[i.saturating_sub(3)..=(i + 3).min(last)].to_vec();
            near.sort_by(f32::total_cmp);
            near[near.len() / 2]
        })
        .collect()
}

/// The points around `at` up to where the path turns sharply; at least two.
fn of_one_direction(points: &[(f32, f32)], at: usize) -> std::ops::Range<usize> {
    let last = points.len() - 1;
    let at = at.min(last);
    let turns = |i: &usize| {
        let (Some(before), Some(after)) = (i.checked_sub(TURN_POINTS), points.get(i + TURN_POINTS))
        else {
            return false;
        };
        let (before, here) = (points[before], points[*i]);
        let come = (here.0 - before.0, here.1 - before.1);
        let go = (after.0 - here.0, after.1 - here.1);
        let lengths = come.0.hypot(come.1) * go.0.hypot(go.1);
        come.0 * go.0 + come.1 * go.1 < TURN_COSINE * lengths
    };
    // A click on a bend is a click on what bends.
    let end = (at..=last).skip_while(turns).find(turns);
    let start = (0..=at).rev().skip_while(turns).find(turns);
    let end = end.map_or(last + 1, |i| i + 1).max(2);
    start.unwrap_or(0).min(end - 2)..end
}

/// The points around `at` up to where the width leaps; at least two.
fn of_one_width(widths: &[f32], at: usize) -> std::ops::Range<usize> {
    let last = widths.len() - 1;
    let at = at.min(last);
    let limit = WIDENS * widths[at] + WIDENS_BY_PX;
    let leaps = |i: &usize| widths[*i] > limit;
    let start = (0..at).rev().find(leaps).map_or(0, |i| i + 1);
    let end = (at..=last).find(leaps).unwrap_or(last + 1);
    if end - start >= 2 {
        start..end
    } else {
        let start = start.min(last - 1);
        start..start + 2
    }
}

/// The width at half height of the ridge in the middle of `profile`, px; at least 1.
fn half_height_width(profile: &[f32]) -> f32 {
    let middle = profile.len() / 2;
    let peak = (middle - 1..=middle + 1)
        .map(|i| profile[i])
        .fold(f32::MIN, f32::max);
    let median = |part: &[f32]| {
        let mut part = part.to_vec();
        part.sort_by(f32::total_cmp);
        part[part.len() / 2]
    };
    let third = middle / 3;
    let base = median(&[&profile[..third], &profile[profile.len() - third..]].concat());
    let half = f32::midpoint(peak, base);
    let left = profile[..middle]
        .iter()
        .rev()
        .take_while(|&&value| value >= half)
        .count();
    let right = profile[middle + 1..]
        .iter()
        .take_while(|&&value| value >= half)
        .count();
    (1 + left + right) as f32
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
