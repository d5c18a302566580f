//! Which cells share one stage-2 window: neighbours read each other's halo, so one larger window costs less. Pure.
//!
//! A cell's window depends on the mask alone, not on what else is to be filled, so that a fill is the same whichever
//! strokes led to it; and on nothing farther than the next cell, so that a stroke leaves distant fills as they are. Windows
//! are shared only inside blocks of 2 × 2 cells. The blocks lie at fixed places, but a cell whose damage lies wholly in
//! the half next to its block's edge counts to the block across that edge: then a spot over the edge is in one window too.

use super::plan::CELL_PX;
use crate::geometry::{ImageSize, PixelRect, TileIndex};
use crate::tiling::window_around;

/// Memory of a stage-2 run, bytes a pixel of its window. Source: measured, 935 MB at 1280 × 1280 px.
const BYTES_PER_PX: u64 = 600;

/// Largest window of several cells, px: about a second on two cores, so that a cancelled or newer job need not wait.
pub(super) const MAX_WINDOW_PX: u64 = 896 * 896;

/// Largest window when a run may take `run_bytes`, px.
pub(super) fn max_window_px(run_bytes: u64) -> u64 {
    (run_bytes / BYTES_PER_PX).min(MAX_WINDOW_PX)
}

/// Whether windows are smaller than they could be when a run may take no more than `run_bytes`.
pub fn has_smaller_windows(run_bytes: u64) -> bool {
    max_window_px(run_bytes) < MAX_WINDOW_PX
}

/// What the network reads to fill the cell at `index` of a photo of `size`; `damage_of` gives where α may be above 0 in a
/// cell inside the photo.
pub(super) fn window_of_cell(
    index: TileIndex,
    damage_of: impl Fn(TileIndex) -> PixelRect,
    size: ImageSize,
    halo_px: u32,
) -> PixelRect {
    let (columns, rows) = (size.width.div_ceil(CELL_PX), size.height.div_ceil(CELL_PX));
    let block_of = |at: TileIndex| {
        let damage = damage_of(at);
        (
            block_start(at.column, damage.x, damage.right(), columns),
            block_start(at.row, damage.y, damage.bottom(), rows),
        )
    };
    let block = block_of(index);
    let cells = (block.1..(block.1 + 2).min(rows))
        .flat_map(|row| (block.0..(block.0 + 2).min(columns)).map(move |x| TileIndex::new(x, row)))
        .filter(|&at| !damage_of(at).is_empty() && block_of(at) == block);
    let (cells, rects): (Vec<TileIndex>, Vec<PixelRect>) =
        cells.map(|at| (at, damage_of(at))).unzip();
    let groups = group_rects(&rects, size, halo_px, MAX_WINDOW_PX);
    let group = groups
        .into_iter()
        .find(|group| group.iter().any(|&i| cells[i] == index))
        .unwrap_or_default();
    let damage = group
        .iter()
        .fold(damage_of(index), |all, &i| all.union(rects[i]));
    window_around(damage, size, halo_px).read
}

/// First of the two columns (or rows) of the block that `cell`, one of `cells`, counts to when its damage lies from
/// `from` to before `to`, px.
fn block_start(cell: u32, from: u32, to: u32, cells: u32) -> u32 {
    let middle = cell * CELL_PX + CELL_PX / 2;
    let is_first = cell.is_multiple_of(2);
    if is_first && to <= middle && cell > 0 {
        cell - 1
    } else if !is_first && from >= middle && cell + 1 < cells {
        cell
    } else {
        cell - cell % 2
    }
}

/// Parts `rects` (of a photo of `size`) into groups of indices, each served by one window of at most `max_px`; a rectangle
/// that needs more by itself stays alone.
///
/// Greedy: the two groups whose union saves most computed pixels are joined, until nothing is saved.
fn group_rects(rects: &[PixelRect], size: ImageSize, halo_px: u32, max_px: u64) -> Vec<Vec<usize>> {
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
    fn near_rectangles_are_joined_and_far_ones_are_not() {
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

    /// The windows of the cells with `damage`, in its order.
    fn windows(size: ImageSize, damage: &[PixelRect]) -> Vec<PixelRect> {
        let index = |rect: PixelRect| TileIndex::new(rect.x / CELL_PX, rect.y / CELL_PX);
        let damage_of = |at| {
            let found = damage.iter().find(|rect| index(**rect) == at);
            found.copied().unwrap_or(PixelRect::EMPTY)
        };
        let window = |&rect| window_of_cell(index(rect), damage_of, size, 128);
        damage.iter().map(window).collect()
    }

    #[test]
    fn a_spot_over_the_edges_of_cells_has_one_window_wherever_the_edges_are() {
        let size = ImageSize::new(2300, 1500);
        for (x, y) in [
            (256, 256),
            (512, 512),
            (512, 768),
            (1024, 1024),
            (1280, 512),
        ] {
            let parts = [
                PixelRect::new(x - 9, y - 9, 9, 9),
                PixelRect::new(x, y - 9, 9, 9),
                PixelRect::new(x - 9, y, 9, 9),
                PixelRect::new(x, y, 9, 9),
            ];
            let one = PixelRect::new(x - 192, y - 192, 384, 384);
            assert_eq!(windows(size, &parts), [one; 4], "{x}, {y}");
        }
    }

    #[test]
    fn damage_two_cells_away_changes_no_window() {
        let size = ImageSize::new(2048, 300);
        let near = [
            PixelRect::new(520, 10, 200, 50),
            PixelRect::new(770, 10, 100, 50),
        ];
        let alone = windows(size, &near);
        for x in [0, 200, 1024, 1200] {
            let all = [near[0], near[1], PixelRect::new(x, 10, 50, 50)];
            assert_eq!(windows(size, &all)[..2], alone[..], "{x}");
        }
    }
}
