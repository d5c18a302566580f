//! Which cells come first: those near the person's focus, with their neighbours. Pure.

use crate::geometry::{PixelPoint, PixelRect, TileIndex};
use crate::restore::CellPlan;

/// Takes the plan nearest to `focus` and the others of its block of `block_cells` squared.
pub(super) fn take_block(
    plans: &mut Vec<CellPlan>,
    focus: Option<PixelPoint>,
    block_cells: u32,
) -> Vec<CellPlan> {
    let block = |plan: &CellPlan| {
        let TileIndex { column, row } = plan.index;
        (column / block_cells, row / block_cells)
    };
    let Some(wanted) = nearest(plans, focus).map(|at| block(&plans[at])) else {
        return Vec::new();
    };
    plans.extract_if(.., |plan| block(plan) == wanted).collect()
}

/// Where the plan nearest to `focus` is; the topmost, leftmost one without focus or of equally near ones.
pub(super) fn nearest(plans: &[CellPlan], focus: Option<PixelPoint>) -> Option<usize> {
    let key = |plan: &CellPlan| {
        let away = focus.map_or(0, |focus| distance_squared(focus, plan.core));
        (away, plan.index.row, plan.index.column)
    };
    (0..plans.len()).min_by_key(|&at| key(&plans[at]))
}

/// Squared distance from `point` to the nearest pixel of `rect`, px².
fn distance_squared(point: PixelPoint, rect: PixelRect) -> i64 {
    let axis = |at: i64, start: u32, end: u32| {
        let (start, end) = (i64::from(start), i64::from(end));
        (start - at).max(at - (end - 1)).max(0)
    };
    let x = axis(point.x, rect.x, rect.right());
    let y = axis(point.y, rect.y, rect.bottom());
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ImageSize;

    fn plan(column: u32, row: u32) -> CellPlan {
        let index = TileIndex::new(column, row);
        CellPlan {
            index,
            core: index.rect(256, ImageSize::new(2048, 2048)),
            stamp: 1,
        }
    }

    #[test]
    fn the_block_nearest_the_focus_comes_first_and_rows_without_one() {
        let order = |focus| {
            let mut plans = vec![plan(7, 5), plan(0, 0), plan(1, 0), plan(4, 4)];
            std::iter::from_fn(|| {
                let block = take_block(&mut plans, focus, 4);
                let columns = block.iter().map(|plan| plan.index.column);
                (!block.is_empty()).then(|| columns.collect::<Vec<_>>())
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(
            order(Some(PixelPoint::new(1900, 1200))),
            [vec![7, 4], vec![0, 1]]
        );
        assert_eq!(order(None), [vec![0, 1], vec![7, 4]]);
        assert_eq!(order(Some(PixelPoint::new(-9_000_000, 5)))[0], [0, 1]);
    }
}
