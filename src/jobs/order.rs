//! Which cells come first: those near the person's focus, with those that share their window. Pure.

use crate::geometry::{PixelPoint, PixelRect};
use crate::restore::CellPlan;

/// Takes the plan nearest to `focus` and the others that share its window.
pub(super) fn take_window(plans: &mut Vec<CellPlan>, focus: Option<PixelPoint>) -> Vec<CellPlan> {
    let Some(wanted) = nearest(plans, focus).map(|at| plans[at].window) else {
        return Vec::new();
    };
    let is_wanted = |plan: &mut CellPlan| plan.window == wanted;
    plans.extract_if(.., is_wanted).collect()
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
    use crate::geometry::{ImageSize, TileIndex};

    /// A plan whose window is its block of 4 × 4 cells.
    fn plan(column: u32, row: u32) -> CellPlan {
        let index = TileIndex::new(column, row);
        let size = ImageSize::new(2048, 2048);
        CellPlan {
            index,
            core: index.rect(256, size),
            window: TileIndex::new(column / 4, row / 4).rect(1024, size),
            stamp: 1,
        }
    }

    #[test]
    fn the_window_nearest_the_focus_comes_first_and_rows_without_one() {
        let order = |focus| {
            let mut plans = vec![plan(7, 5), plan(0, 0), plan(1, 0), plan(4, 4)];
            std::iter::from_fn(|| {
                let taken = take_window(&mut plans, focus);
                let columns = taken.iter().map(|plan| plan.index.column);
                (!taken.is_empty()).then(|| columns.collect::<Vec<_>>())
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
