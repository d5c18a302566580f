//! A `u8` plane as copy-on-write tiles: what is empty costs nothing, what is shared is stored once.

use std::sync::Arc;

use rayon::prelude::*;

use super::tile::{MASK_TILE_BYTES, MASK_TILE_PX, MaskTile};
use crate::geometry::{ImageSize, PixelRect, TileIndex};

/// A plane of `u8` of the photo's size in 256-px tiles; an absent tile is all 0.
///
/// Cloning copies one pointer. A write copies the tile list and the tile it touches, if those are shared.
#[derive(Clone, Debug)]
pub struct MaskLayer {
    size: ImageSize,
    columns: u32,
    rows: u32,
    tiles: Arc<Vec<Option<Arc<MaskTile>>>>,
}

impl MaskLayer {
    /// A layer of zeros.
    pub fn new(size: ImageSize) -> Self {
        let columns = size.width.div_ceil(MASK_TILE_PX);
        let rows = size.height.div_ceil(MASK_TILE_PX);
        Self {
            size,
            columns,
            rows,
            tiles: Arc::new(vec![None; columns as usize * rows as usize]),
        }
    }

    /// A layer with the row-major `values`; tiles that are all 0 stay absent.
    ///
    /// # Panics
    /// When `values` is not width × height long.
    pub fn from_raster(size: ImageSize, values: &[u8]) -> Self {
        assert_eq!(values.len(), size.pixel_count(), "mask raster length");
        let mut layer = Self::new(size);
        for index in layer.indices() {
            let rect = index.rect(MASK_TILE_PX, size);
            let source = |y: u32| &values[size.index(rect.x, rect.y + y)..][..rect.width as usize];
            if (0..rect.height).all(|y| source(y).iter().all(|&value| value == 0)) {
                continue;
            }
            let tile = layer.tile_mut(index);
            for y in 0..rect.height {
                tile.row_mut(y)[..rect.width as usize].copy_from_slice(source(y));
            }
        }
        layer
    }

    /// A layer whose values `read` writes, rectangle by rectangle of one tile each, row-major into zeros; on all cores.
    ///
    /// Never holds more than the tiles that are not all 0, and one more a core.
    pub fn from_tiles(size: ImageSize, read: impl Fn(PixelRect, &mut [u8]) + Sync) -> Self {
        let layer = Self::new(size);
        let indices: Vec<TileIndex> = layer.indices().collect();
        let made = |values: &mut Vec<u8>, index: &TileIndex| {
            let rect = index.rect(MASK_TILE_PX, size);
            values.clear();
            values.resize(rect.size().pixel_count(), 0);
            read(rect, values);
            if values.iter().all(|&value| value == 0) {
                return None;
            }
            let mut tile = MaskTile::zero();
            for (y, row) in (0..).zip(values.chunks_exact(rect.width as usize)) {
                tile.row_mut(y)[..row.len()].copy_from_slice(row);
            }
            Some(Arc::new(tile))
        };
        let tiles = indices.par_iter().map_init(Vec::new, made).collect();
        Self {
            tiles: Arc::new(tiles),
            ..layer
        }
    }

    /// Writes `values` from (`x`, `y`) to the right; zeros make no tile.
    ///
    /// # Panics
    /// When they reach past the layer.
    pub fn write_row(&mut self, x: u32, y: u32, values: &[u8]) {
        let rect = PixelRect::new(x, y, values.len() as u32, 1);
        check_rect(self.size, rect, values.len());
        for index in tiles_in(rect) {
            let part = index.rect(MASK_TILE_PX, self.size).intersect(rect);
            let values = &values[(part.x - x) as usize..][..part.width as usize];
            if self.tile(index).is_none() && values.iter().all(|&value| value == 0) {
                continue;
            }
            let row = self.tile_mut(index).row_mut(y % MASK_TILE_PX);
            row[(part.x % MASK_TILE_PX) as usize..][..values.len()].copy_from_slice(values);
        }
    }

    /// Whether any value of `rect` is above 0; what of it lies outside counts as 0.
    pub fn touches(&self, rect: PixelRect) -> bool {
        let rect = rect.intersect(self.size.rect());
        tiles_in(rect).any(|index| {
            let part = index.rect(MASK_TILE_PX, self.size).intersect(rect);
            (part.y..part.bottom()).any(|y| self.span_in_tile(index, part, y).is_some())
        })
    }

    /// The part of row `y` from the first to the last value above 0, out of `width` values from column `x` on; `None` when
    /// there is none.
    ///
    /// # Panics
    /// When they reach past the layer.
    pub fn span_in_row(&self, x: u32, y: u32, width: u32) -> Option<PixelRect> {
        let rect = PixelRect::new(x, y, width, 1);
        check_rect(self.size, rect, width as usize);
        let spans = tiles_in(rect).filter_map(|index| {
            let part = index.rect(MASK_TILE_PX, self.size).intersect(rect);
            self.span_in_tile(index, part, y)
        });
        spans
            .reduce(|first, last| {
                let width = last.0 + last.1 - first.0;
                (first.0, width)
            })
            .map(|(x, width)| PixelRect::new(x, y, width, 1))
    }

    /// First column and width of what is above 0 in row `y` of `part`, which lies in the tile at `index`.
    fn span_in_tile(&self, index: TileIndex, part: PixelRect, y: u32) -> Option<(u32, u32)> {
        let row = self.tile(index)?.row(y % MASK_TILE_PX);
        let row = &row[(part.x % MASK_TILE_PX) as usize..][..part.width as usize];
        let first = row.iter().position(|&value| value > 0)? as u32;
        let last = row.iter().rposition(|&value| value > 0)? as u32;
        Some((part.x + first, last - first + 1))
    }

    /// The values of `rect`, row-major.
    ///
    /// # Panics
    /// When `rect` leaves the layer.
    pub fn values_of(&self, rect: PixelRect) -> Vec<u8> {
        let mut values = vec![0; rect.size().pixel_count()];
        self.read_rect(rect, &mut values);
        values
    }

    /// How many values are above 0.
    pub fn count_set(&self) -> u64 {
        let tiles = self.tiles.par_iter().flatten();
        tiles
            .map(|tile| tile.values().iter().filter(|&&value| value > 0).count() as u64)
            .sum()
    }

    /// Size in px.
    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// Columns and rows of the tile grid.
    pub const fn grid(&self) -> (u32, u32) {
        (self.columns, self.rows)
    }

    /// Every index of the grid, row by row.
    pub fn indices(&self) -> impl Iterator<Item = TileIndex> + use<> {
        let columns = self.columns;
        (0..self.rows)
            .flat_map(move |row| (0..columns).map(move |column| TileIndex::new(column, row)))
    }

    /// The tile at `index`; `None` when it is all 0 or outside the grid.
    pub fn tile(&self, index: TileIndex) -> Option<&Arc<MaskTile>> {
        if index.column >= self.columns || index.row >= self.rows {
            return None;
        }
        self.tiles[self.slot(index)].as_ref()
    }

    /// The value at column `x`, row `y`; 0 outside.
    pub fn get(&self, x: u32, y: u32) -> u8 {
        let index = TileIndex::new(x / MASK_TILE_PX, y / MASK_TILE_PX);
        self.tile(index).map_or(0, |tile| {
            tile.row(y % MASK_TILE_PX)[(x % MASK_TILE_PX) as usize]
        })
    }

    /// Copies `rect` into `out`, row-major with `rect.width` values a row.
    ///
    /// # Panics
    /// When `rect` leaves the layer or `out` has another length.
    pub fn read_rect(&self, rect: PixelRect, out: &mut [u8]) {
        check_rect(self.size, rect, out.len());
        for index in tiles_in(rect) {
            let part = index.rect(MASK_TILE_PX, self.size).intersect(rect);
            let tile = self.tile(index);
            for y in part.y..part.bottom() {
                let start = rect.size().index(part.x - rect.x, y - rect.y);
                let target = &mut out[start..][..part.width as usize];
                match tile {
                    Some(tile) => target.copy_from_slice(
                        &tile.row(y % MASK_TILE_PX)[(part.x % MASK_TILE_PX) as usize..]
                            [..part.width as usize],
                    ),
                    None => target.fill(0),
                }
            }
        }
    }

    /// All values, row-major.
    pub fn to_raster(&self) -> Vec<u8> {
        self.values_of(self.size.rect())
    }

    /// The tiles that are not the same allocation in both layers, row by row.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn changed_tiles(&self, other: &Self) -> Vec<TileIndex> {
        assert_eq!(self.size, other.size, "layers of one photo");
        if Arc::ptr_eq(&self.tiles, &other.tiles) {
            return Vec::new();
        }
        self.indices()
            .filter(|&index| !same_tile(self.tile(index), other.tile(index)))
            .collect()
    }

    /// True when no tile is present.
    pub fn is_empty(&self) -> bool {
        self.tiles.iter().all(Option::is_none)
    }

    /// Memory of the present tiles, bytes.
    pub fn byte_len(&self) -> usize {
        self.tiles.iter().flatten().count() * MASK_TILE_BYTES
    }

    /// Puts a whole `tile` at `index`, `None` for an empty one; returns `false` and changes nothing outside the grid.
    pub fn set_tile(&mut self, index: TileIndex, tile: Option<Arc<MaskTile>>) -> bool {
        let is_inside = index.column < self.columns && index.row < self.rows;
        if is_inside {
            self.replace_tile(index, tile);
        }
        is_inside
    }

    /// The tile to write, made when absent, copied when shared.
    ///
    /// # Panics
    /// When `index` is outside the grid.
    pub(super) fn tile_mut(&mut self, index: TileIndex) -> &mut MaskTile {
        let slot = self.slot(index);
        let tile =
            Arc::make_mut(&mut self.tiles)[slot].get_or_insert_with(|| Arc::new(MaskTile::zero()));
        Arc::make_mut(tile)
    }

    /// Puts `tile` at `index` and returns what was there.
    pub(super) fn replace_tile(
        &mut self,
        index: TileIndex,
        tile: Option<Arc<MaskTile>>,
    ) -> Option<Arc<MaskTile>> {
        let slot = self.slot(index);
        std::mem::replace(&mut Arc::make_mut(&mut self.tiles)[slot], tile)
    }

    fn slot(&self, index: TileIndex) -> usize {
        assert!(
            index.column < self.columns && index.row < self.rows,
            "tile {index:?} lies in the grid"
        );
        index.row as usize * self.columns as usize + index.column as usize
    }
}

/// Whether both are absent or the same allocation.
pub(super) fn same_tile(a: Option<&Arc<MaskTile>>, b: Option<&Arc<MaskTile>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// The indices of the tiles that `rect` overlaps, row by row.
pub(super) fn tiles_in(rect: PixelRect) -> impl Iterator<Item = TileIndex> {
    let rows = if rect.is_empty() {
        0..0
    } else {
        rect.y / MASK_TILE_PX..rect.bottom().div_ceil(MASK_TILE_PX)
    };
    let columns = rect.x / MASK_TILE_PX..rect.right().div_ceil(MASK_TILE_PX);
    rows.flat_map(move |row| {
        columns
            .clone()
            .map(move |column| TileIndex::new(column, row))
    })
}

/// Panics unless `rect` lies in `size` and `len` is its pixel count.
pub(super) fn check_rect(size: ImageSize, rect: PixelRect, len: usize) {
    assert!(
        rect.right() <= size.width && rect.bottom() <= size.height,
        "{rect:?} lies in {size} px"
    );
    assert_eq!(len, rect.size().pixel_count(), "buffer length for {rect:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(size: ImageSize) -> Vec<u8> {
        let empty_tile = |i: usize| (i % size.width as usize) < 256;
        (0..size.pixel_count())
            .map(|i| {
                if empty_tile(i) {
                    0
                } else {
                    (i * 7 % 251) as u8
                }
            })
            .collect()
    }

    #[test]
    fn a_raster_comes_back_as_it_was_and_empty_tiles_cost_nothing() {
        for (width, height) in [(1, 1), (255, 3), (257, 257), (700, 300)] {
            let size = ImageSize::new(width, height);
            let values = pattern(size);
            let layer = MaskLayer::from_raster(size, &values);
            assert_eq!(layer.to_raster(), values);
            assert!((0..width).all(|x| layer.get(x, 0) == values[x as usize]));
            assert!(layer.tile(TileIndex::new(0, 0)).is_none());
        }
        assert!(MaskLayer::from_raster(ImageSize::new(9, 9), &[0; 81]).is_empty());
    }

    #[test]
    fn tiles_and_rows_make_the_same_layer_as_the_whole_raster() {
        for (width, height) in [(1, 1), (255, 3), (257, 257), (700, 300)] {
            let size = ImageSize::new(width, height);
            let values = pattern(size);
            let crop = |rect: PixelRect| {
                let rows = rect.y..rect.bottom();
                let row = |y| &values[size.index(rect.x, y)..][..rect.width as usize];
                rows.flat_map(row).copied().collect::<Vec<u8>>()
            };
            let tiled = MaskLayer::from_tiles(size, |rect, out| out.copy_from_slice(&crop(rect)));
            assert_eq!(tiled.to_raster(), values);
            let set = values.iter().filter(|&&value| value > 0).count();
            assert_eq!(tiled.count_set(), set as u64);

            let mut by_rows = MaskLayer::new(size);
            for y in (0..height).rev() {
                let (left, right) = (width / 3, width - width / 3);
                by_rows.write_row(left, y, &crop(PixelRect::new(left, y, right, 1)));
                by_rows.write_row(0, y, &crop(PixelRect::new(0, y, left, 1)));
            }
            assert_eq!(by_rows.to_raster(), values);
            assert_eq!(by_rows.byte_len(), tiled.byte_len(), "no empty tile");
        }
    }

    #[test]
    fn what_is_set_is_found_in_rows_and_rectangles() {
        let size = ImageSize::new(700, 300);
        let mut layer = MaskLayer::new(size);
        layer.write_row(250, 7, &[0, 1, 0, 0, 0, 0, 0, 0, 2, 0]);
        let found = |x, width| layer.span_in_row(x, 7, width).map(|it| (it.x, it.width));
        assert_eq!(found(0, 700), Some((251, 8)));
        assert_eq!(found(0, 255), Some((251, 1)));
        assert_eq!(found(252, 400), Some((258, 1)));
        assert_eq!(found(259, 441), None);
        assert_eq!(layer.span_in_row(0, 6, 700), None);
        assert!(layer.touches(PixelRect::new(258, 0, 999, 999)));
        assert!(!layer.touches(PixelRect::new(252, 0, 6, 300)));
        layer.write_row(250, 7, &[0; 10]);
        assert!(!layer.touches(size.rect()), "zeros are written too");
    }

    #[test]
    fn outside_the_grid_there_is_nothing() {
        let layer = MaskLayer::new(ImageSize::new(300, 10));
        assert_eq!(layer.grid(), (2, 1));
        assert_eq!(layer.get(5000, 5000), 0);
        assert!(layer.tile(TileIndex::new(2, 0)).is_none());
    }

    #[test]
    fn a_clone_keeps_its_values_when_the_other_is_written() {
        let size = ImageSize::new(600, 300);
        let mut layer = MaskLayer::from_raster(size, &pattern(size));
        let before = layer.clone();
        layer.tile_mut(TileIndex::new(1, 0)).row_mut(3)[4] = 99;
        assert_eq!(before.to_raster(), pattern(size));
        assert_eq!(layer.get(260, 3), 99);
        assert_eq!(layer.changed_tiles(&before), [TileIndex::new(1, 0)]);
        assert!(before.changed_tiles(&before.clone()).is_empty());
    }
}
