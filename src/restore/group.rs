//! Which cells share one stage-2 window: neighbours read each other's halo, so one larger window costs less. Pure.

use crate::geometry::{ImageSize, PixelRect};
use crate::tiling::window_around;

/// Memory of a stage-2 run, bytes a pixel of its window. Source: measured, 935 MB at 1280 × 1280 px.
const BYTES_PER_PX: u64 = 600;

/// Largest window of several cells, px: about a second on two cores, so that a cancelled or newer job need not wait.
pub(super) const MAX_WINDOW_PX: u64 = 896 * 896;

/// Largest window when a run may take `run_bytes`, px.
pub(super) fn max_window_px(run_bytes: u64) -> u64 {
    (run_bytes / BYTES_PER_PX).min(MAX_WINDOW_PX)
}

/// Parts `rects` (of a photo of `size`) into groups of indices, each served by one window of at most `max_px`; a rectangle
/// that needs more by itself stays alone.
///
/// Greedy: the two groups whose union saves most computed pixels are joined, until nothing is saved.
pub(super) fn group_rects(
    rects: &[PixelRect],
    size: ImageSize,
    halo_px: u32,
    max_px: u64,
) -> Vec<Vec<usize>> {
    let cost = |rect: PixelRect| {
        let read = window_around(rect, size, halo_px).read;
        u64::from(read.width) * u64::from(read.height)
    };
    let mut groups: Vec<(PixelRect, Vec<usize>)> = rects
        .iter()
        .enumerate()
        .map(|(index, &rect)| (rect, vec![index]))
        .collect();
    loop {
        let mut best: Option<(u64, usize, usize)> = None;
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                let joined = cost(groups[a].0.union(groups[b].0));
                let apart = cost(groups[a].0) + cost(groups[b].0);
                let saved = apart.saturating_sub(joined);
                if joined <= max_px && saved > 0 && best.is_none_or(|(most, ..)| saved > most) {
                    best = Some((saved, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else {
            return groups.into_iter().map(|(_, indices)| indices).collect();
        };
        let (rect, mut indices) = groups.remove(b);
        groups[a].0 = groups[a].0.union(rect);
        groups[a].1.append(&mut indices);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_window_and_far_cells_do_not() {
        let size = ImageSize::new(4096, 4096);
        let rects = [
            PixelRect::new(0, 0, 256, 256),
            PixelRect::new(256, 0, 256, 256),
            PixelRect::new(3000, 3000, 20, 20),
        ];
        let groups = group_rects(&rects, size, 128, MAX_WINDOW_PX);
        assert_eq!(groups, [vec![0, 1], vec![2]]);
    }

    #[test]
    fn every_cell_is_in_one_group_and_no_joint_window_exceeds_the_limit() {
        let size = ImageSize::new(1024, 1024);
        let rects: Vec<PixelRect> = (0..16)
            .map(|i| PixelRect::new(i % 4 * 256 + 10, i / 4 * 256, 200, 256))
            .collect();
        for max_px in [0, 300_000, 500_000, MAX_WINDOW_PX] {
            let groups = group_rects(&rects, size, 128, max_px);
            let mut seen: Vec<usize> = groups.iter().flatten().copied().collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..16).collect::<Vec<_>>());
            for group in groups.iter().filter(|group| group.len() > 1) {
                let union = group
                    .iter()
                    .fold(PixelRect::EMPTY, |all, &i| all.union(rects[i]));
                let read = window_around(union, size, 128).read;
                assert!(u64::from(read.width) * u64::from(read.height) <= max_px);
            }
        }
    }
}
