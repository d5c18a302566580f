//! Integer sizes, points and rectangles in image pixels, stored order. No floats, no pixels.

use serde::{Deserialize, Serialize};

/// Origins and sizes of network windows lie on this grid, px.
///
/// The networks halve the picture six times (stage 2's push-pull pyramid); off the grid a window would see other cells.
pub const NETWORK_GRID_PX: u32 = 64;

/// Width and height of an image in px, stored order (before any EXIF orientation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl ImageSize {
    /// A size of `width` × `height` px.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn pixel_count(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The longer of the two sides, px.
    pub fn long_side(self) -> u32 {
        self.width.max(self.height)
    }

    /// The rectangle that covers the whole image.
    pub const fn rect(self) -> PixelRect {
        PixelRect::new(0, 0, self.width, self.height)
    }

    /// Index of pixel (`x`, `y`) in a row-major array of this size.
    pub const fn index(self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }
}

impl std::fmt::Display for ImageSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.width, self.height)
    }
}

/// A pixel position; may lie outside the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelPoint {
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
}

impl PixelPoint {
    /// The point at column `x`, row `y`.
    pub const fn new(x: i64, y: i64) -> Self {
        Self { x, y }
    }
}

/// A half-open rectangle of pixels: columns `x..x + width`, rows `y..y + height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PixelRect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Number of columns; 0 means empty.
    pub width: u32,
    /// Number of rows; 0 means empty.
    pub height: u32,
}

impl PixelRect {
    /// The empty rectangle at the origin.
    pub const EMPTY: Self = Self::new(0, 0, 0, 0);

    /// The rectangle with first pixel (`x`, `y`) and the given extent.
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// One past the last column.
    pub const fn right(self) -> u32 {
        self.x + self.width
    }

    /// One past the last row.
    pub const fn bottom(self) -> u32 {
        self.y + self.height
    }

    /// Width and height.
    pub const fn size(self) -> ImageSize {
        ImageSize::new(self.width, self.height)
    }

    /// True when no pixel lies inside.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Whether pixel (`x`, `y`) lies inside.
    pub fn contains(self, x: u32, y: u32) -> bool {
        (self.x..self.right()).contains(&x) && (self.y..self.bottom()).contains(&y)
    }

    /// The pixels in both; [`Self::EMPTY`] when there are none.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        if right <= x || bottom <= y {
            return Self::EMPTY;
        }
        Self::new(x, y, right - x, bottom - y)
    }

    /// The smallest rectangle that covers both; an empty one counts as nothing.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self::new(
            x,
            y,
            self.right().max(other.right()) - x,
            self.bottom().max(other.bottom()) - y,
        )
    }

    /// Grown by `margin` px on every side, kept inside an image of `size`.
    #[must_use]
    pub fn grown_within(self, margin: u32, size: ImageSize) -> Self {
        if self.is_empty() {
            return Self::EMPTY;
        }
        let x = self.x.saturating_sub(margin);
        let y = self.y.saturating_sub(margin);
        let right = self.right().saturating_add(margin).min(size.width);
        let bottom = self.bottom().saturating_add(margin).min(size.height);
        if right <= x || bottom <= y {
            return Self::EMPTY;
        }
        Self::new(x, y, right - x, bottom - y)
    }
}

/// Column and row of a storage tile or inference cell in its fixed grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileIndex {
    /// Column in the grid.
    pub column: u32,
    /// Row in the grid.
    pub row: u32,
}

impl TileIndex {
    /// The tile in `column` and `row`.
    pub const fn new(column: u32, row: u32) -> Self {
        Self { column, row }
    }

    /// The pixels of this tile in a grid of `tile_px` squares over an image of `size`, cut at its edge.
    pub fn rect(self, tile_px: u32, size: ImageSize) -> PixelRect {
        PixelRect::new(self.column * tile_px, self.row * tile_px, tile_px, tile_px)
            .intersect(size.rect())
    }
}

/// The index of the pixel that mirror padding shows at `position` on an axis of `len` px (the edge pixel is not repeated).
///
/// `position` may lie any distance outside; `len` must be at least 1.
pub fn mirror_index(position: i64, len: u32) -> u32 {
    if len <= 1 {
        return 0;
    }
    let period = 2 * (i64::from(len) - 1);
    let folded = position.rem_euclid(period);
    folded.min(period - folded) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirror_padding_reflects_without_repeating_the_edge() {
        let seen: Vec<u32> = (-3..7).map(|p| mirror_index(p, 4)).collect();
        assert_eq!(seen, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(mirror_index(-5, 1), 0);
        assert_eq!(mirror_index(17, 2), 1);
    }

    #[test]
    fn rectangles_intersect_and_grow_inside_the_image() {
        let a = PixelRect::new(2, 2, 6, 6);
        let b = PixelRect::new(5, 0, 10, 4);
        assert_eq!(a.intersect(b), PixelRect::new(5, 2, 3, 2));
        assert_eq!(a.intersect(PixelRect::new(8, 8, 1, 1)), PixelRect::EMPTY);
        assert_eq!(a.union(PixelRect::EMPTY), a);
        assert_eq!(a.union(b), PixelRect::new(2, 0, 13, 8));
        assert_eq!(
            a.grown_within(4, ImageSize::new(9, 20)),
            PixelRect::new(0, 0, 9, 12)
        );
    }

    #[test]
    fn tiles_are_cut_at_the_edge() {
        let size = ImageSize::new(300, 10);
        assert_eq!(
            TileIndex::new(1, 0).rect(256, size),
            PixelRect::new(256, 0, 44, 10)
        );
        assert!(TileIndex::new(2, 0).rect(256, size).is_empty());
    }
}
