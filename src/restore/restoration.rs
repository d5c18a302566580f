//! Filled pixels of one photo, cell by cell, with the stamp of what they were made from, and older fills for undo.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::FillCell;
use super::plan::CellPlan;
use crate::geometry::TileIndex;
use crate::mask::AreaRepairs;

/// How many bytes of fills are kept for undo and redo.
pub const DEFAULT_FILL_CACHE_BYTES: usize = 256 << 20;

/// The current fill of every touched cell; clones share the pixels and the cache of older fills.
#[derive(Clone, Debug)]
pub struct Restoration {
    cells: Arc<BTreeMap<TileIndex, Arc<FillCell>>>,
    repairs: AreaRepairs,
    cache: Arc<Mutex<FillCache>>,
}

impl Default for Restoration {
    fn default() -> Self {
        Self::new(DEFAULT_FILL_CACHE_BYTES)
    }
}

impl Restoration {
    /// Nothing filled yet; at most `cache_bytes` of fills are kept for undo.
    pub fn new(cache_bytes: usize) -> Self {
        Self {
            cells: Arc::default(),
            repairs: AreaRepairs::default(),
            cache: Arc::new(Mutex::new(FillCache::new(cache_bytes))),
        }
    }

    /// The current fills, in the order of their cells.
    pub fn cells(&self) -> impl Iterator<Item = &Arc<FillCell>> {
        self.cells.values()
    }

    /// The current fill of one cell.
    pub fn get(&self, index: TileIndex) -> Option<&Arc<FillCell>> {
        self.cells.get(&index)
    }

    /// What was decided for single areas: it lies over the network's fills.
    pub fn repairs(&self) -> &AreaRepairs {
        &self.repairs
    }

    /// Replaces what was decided for single areas.
    pub fn set_repairs(&mut self, repairs: AreaRepairs) {
        self.repairs = repairs;
    }

    /// True when nothing is filled.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Makes `cell` the current fill of its cell and keeps it for undo.
    pub fn insert(&mut self, cell: Arc<FillCell>) {
        self.lock_cache().insert(Arc::clone(&cell));
        Arc::make_mut(&mut self.cells).insert(cell.index, cell);
    }

    /// The plans whose cell has no fill, or one made for another mask.
    pub fn stale(&self, plans: &[CellPlan]) -> Vec<CellPlan> {
        let current = |plan: &CellPlan| self.cells.get(&plan.index).map(|cell| cell.stamp);
        plans
            .iter()
            .filter(|plan| current(plan) != Some(plan.stamp))
            .copied()
            .collect()
    }

    /// Drops the fill of every cell that is in no plan: the mask does not touch it any more.
    pub fn prune(&mut self, plans: &[CellPlan]) {
        let planned: std::collections::HashSet<TileIndex> =
            plans.iter().map(|plan| plan.index).collect();
        if self.cells.keys().any(|index| !planned.contains(index)) {
            Arc::make_mut(&mut self.cells).retain(|index, _| planned.contains(index));
        }
    }

    /// Takes back kept fills for the stale ones of `plans`, as after undo; returns the cells that changed.
    pub fn adopt_cached(&mut self, plans: &[CellPlan]) -> Vec<TileIndex> {
        let mut changed = Vec::new();
        for plan in self.stale(plans) {
            if let Some(cell) = self.cached(plan.stamp) {
                Arc::make_mut(&mut self.cells).insert(plan.index, cell);
                changed.push(plan.index);
            }
        }
        changed
    }

    /// A kept fill by its stamp (a stamp belongs to one cell).
    pub fn cached(&self, stamp: u64) -> Option<Arc<FillCell>> {
        self.lock_cache().get(stamp)
    }

    /// Keeps at most `limit_bytes` of fills for undo from now on.
    pub fn set_cache_limit(&self, limit_bytes: usize) {
        let mut cache = self.lock_cache();
        cache.limit_bytes = limit_bytes;
        cache.evict();
    }

    /// How many bytes of fills are kept for undo.
    pub fn cache_limit_bytes(&self) -> usize {
        self.lock_cache().limit_bytes
    }

    /// Memory of the current fills, bytes.
    pub fn byte_len(&self) -> usize {
        self.cells.values().map(|cell| cell.byte_len()).sum()
    }

    fn lock_cache(&self) -> std::sync::MutexGuard<'_, FillCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fills by stamp, the oldest dropped first.
#[derive(Debug)]
struct FillCache {
    limit_bytes: usize,
    used_bytes: usize,
    by_stamp: HashMap<u64, Arc<FillCell>>,
    oldest_first: VecDeque<u64>,
}

impl FillCache {
    fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            by_stamp: HashMap::new(),
            oldest_first: VecDeque::new(),
        }
    }

    fn get(&self, stamp: u64) -> Option<Arc<FillCell>> {
        self.by_stamp.get(&stamp).cloned()
    }

    fn insert(&mut self, cell: Arc<FillCell>) {
        let stamp = cell.stamp;
        self.used_bytes += cell.byte_len();
        if let Some(old) = self.by_stamp.insert(stamp, cell) {
            self.used_bytes -= old.byte_len();
            return;
        }
        self.oldest_first.push_back(stamp);
        self.evict();
    }

    /// Drops the oldest until the rest fits.
    fn evict(&mut self) {
        while self.used_bytes > self.limit_bytes {
            let Some(oldest) = self.oldest_first.pop_front() else {
                break;
            };
            if let Some(dropped) = self.by_stamp.remove(&oldest) {
                self.used_bytes -= dropped.byte_len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RectFill;
    use super::*;
    use crate::geometry::PixelRect;

    fn cell(column: u32, stamp: u64, pixels: usize) -> Arc<FillCell> {
        let rect = PixelRect::new(column * 256, 0, pixels as u32, 1);
        let values = RectFill {
            fill: vec![7; pixels],
            alpha: vec![255; pixels],
            recovered: vec![0; pixels],
        };
        let index = TileIndex::new(column, 0);
        Arc::new(FillCell::from_rect(index, stamp, rect, 1, &values))
    }

    fn plan(column: u32, stamp: u64) -> CellPlan {
        CellPlan {
            index: TileIndex::new(column, 0),
            core: PixelRect::new(column * 256, 0, 256, 256),
            window: PixelRect::new(column * 256, 0, 256, 256),
            stamp,
        }
    }

    #[test]
    fn a_cell_is_stale_until_it_is_filled_for_the_mask_of_its_plan() {
        let mut restoration = Restoration::default();
        let plans = [plan(0, 10), plan(1, 20)];
        assert_eq!(restoration.stale(&plans), plans);
        restoration.insert(cell(0, 10, 4));
        restoration.insert(cell(1, 19, 4));
        assert_eq!(restoration.stale(&plans), plans[1..]);
    }

    #[test]
    fn undo_takes_the_old_fill_back_and_a_clone_keeps_what_it_had() {
        let mut restoration = Restoration::default();
        restoration.insert(cell(0, 10, 4));
        restoration.insert(cell(0, 11, 4));
        let before = restoration.clone();
        assert_eq!(
            restoration.adopt_cached(&[plan(0, 10)]),
            [TileIndex::new(0, 0)]
        );
        assert_eq!(restoration.get(TileIndex::new(0, 0)).unwrap().stamp, 10);
        assert_eq!(before.get(TileIndex::new(0, 0)).unwrap().stamp, 11);
        restoration.prune(&[]);
        assert!(restoration.is_empty());
        assert!(!before.is_empty());
    }

    #[test]
    fn the_cache_forgets_the_oldest_fills_beyond_its_bytes() {
        let one = cell(0, 1, 1000).byte_len();
        let mut restoration = Restoration::new(2 * one);
        for stamp in 1..=3 {
            restoration.insert(cell(0, stamp, 1000));
        }
        assert!(restoration.cached(1).is_none());
        assert!(restoration.cached(2).is_some() && restoration.cached(3).is_some());
    }
}
