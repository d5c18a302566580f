//! Cores that cover a photo once, and the windows that serve them.

use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelPoint, PixelRect};

/// One network run: what it reads and which part of its result is kept, in image px.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The pixels whose result is kept; inside the photo.
    pub core: PixelRect,
    /// The pixels read: on the grid, around the core; may reach past the photo's right and lower edge by less than one
    /// grid cell, where pixels are mirrored.
    pub read: PixelRect,
}

impl Window {
    /// First pixel read.
    pub fn origin(&self) -> PixelPoint {
        PixelPoint::new(i64::from(self.read.x), i64::from(self.read.y))
    }
}

/// `size` rounded up to the grid: the extent of the mirrored photo.
pub const fn padded_size(size: ImageSize) -> ImageSize {
    ImageSize::new(
        size.width.next_multiple_of(NETWORK_GRID_PX),
        size.height.next_multiple_of(NETWORK_GRID_PX),
    )
}

/// The smallest rectangle on the grid that covers `rect`.
pub fn snap_outward(rect: PixelRect) -> PixelRect {
    if rect.is_empty() {
        return PixelRect::EMPTY;
    }
    let x = rect.x / NETWORK_GRID_PX * NETWORK_GRID_PX;
    let y = rect.y / NETWORK_GRID_PX * NETWORK_GRID_PX;
    let right = rect.right().next_multiple_of(NETWORK_GRID_PX);
    let bottom = rect.bottom().next_multiple_of(NETWORK_GRID_PX);
    PixelRect::new(x, y, right - x, bottom - y)
}

/// The window that serves `core` in a photo of `size`: `core` on the grid, grown by `halo_px`, inside the padded photo.
///
/// `halo_px` is a multiple of the grid (a manifest's halo is).
pub fn window_around(core: PixelRect, size: ImageSize, halo_px: u32) -> Window {
    debug_assert!(halo_px.is_multiple_of(NETWORK_GRID_PX), "halo on the grid");
    Window {
        core,
        read: snap_outward(core).grown_within(halo_px, padded_size(size)),
    }
}

/// `read`, a window's, grown to `wanted` px to all sides as far as the padded photo of `size` reaches; on the grid, and it
/// still holds all of `read`. A photo smaller than `wanted` gives the photo.
pub fn grown_to(read: PixelRect, wanted: ImageSize, size: ImageSize) -> PixelRect {
    let padded = padded_size(size);
    let (x, width) = grown_axis(read.x, read.width, wanted.width, padded.width);
    let (y, height) = grown_axis(read.y, read.height, wanted.height, padded.height);
    PixelRect::new(x, y, width, height)
}

/// Start and length of an axis that is `len` px from `start` on, grown to `wanted` of `most` px.
fn grown_axis(start: u32, len: u32, wanted: u32, most: u32) -> (u32, u32) {
    let grown = wanted.min(most).max(len);
    let before = (grown - len) / 2 / NETWORK_GRID_PX * NETWORK_GRID_PX;
    (start.saturating_sub(before).min(most - grown), grown)
}

/// Windows whose cores cover a photo of `size` exactly once, row by row.
///
/// Each axis is cut into the fewest parts of at most `core_px`, all about equally long and cut on the grid.
pub fn plan_windows(size: ImageSize, core_px: u32, halo_px: u32) -> Vec<Window> {
    plan_part(size.rect(), size, core_px, halo_px)
}

/// As [`plan_windows`], for `part` of the photo, whose origin lies on the grid.
pub fn plan_part(part: PixelRect, size: ImageSize, core_px: u32, halo_px: u32) -> Vec<Window> {
    let columns = plan_axis(part.width, core_px);
    let rows = plan_axis(part.height, core_px);
    let core_at = |&(y, height): &(u32, u32), &(x, width): &(u32, u32)| {
        let core = PixelRect::new(part.x + x, part.y + y, width, height);
        window_around(core, size, halo_px)
    };
    rows.iter()
        .flat_map(|row| columns.iter().map(move |column| core_at(row, column)))
        .collect()
}

/// (start, length) of each part of an axis of `len` px.
fn plan_axis(len: u32, core_px: u32) -> Vec<(u32, u32)> {
    let cells = len.div_ceil(NETWORK_GRID_PX);
    let most_cells = (core_px / NETWORK_GRID_PX).max(1);
    let parts = cells.div_ceil(most_cells);
    let step = cells.div_ceil(parts.max(1)).max(1) * NETWORK_GRID_PX;
    (0..len)
        .step_by(step as usize)
        .map(|start| (start, step.min(len - start)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_axis_cover_it_once_and_start_on_the_grid() {
        for len in (1..700).chain([4096, 10_000]) {
            for core_px in [64, 100, 256, 512] {
                let mut end = 0;
                for (start, part) in plan_axis(len, core_px) {
                    assert_eq!(start, end);
                    assert_eq!(start % NETWORK_GRID_PX, 0);
                    assert!((1..=core_px).contains(&part), "{len} {core_px}: {part}");
                    end = start + part;
                }
                assert_eq!(end, len);
            }
        }
    }

    #[test]
    fn a_window_keeps_its_halo_except_at_the_photos_edge() {
        let size = ImageSize::new(1000, 300);
        let window = window_around(PixelRect::new(400, 130, 10, 5), size, 128);
        assert_eq!(window.read, PixelRect::new(256, 0, 320, 320));
        assert_eq!(padded_size(size), ImageSize::new(1024, 320));
        let corner = window_around(PixelRect::new(999, 299, 1, 1), size, 128);
        assert_eq!(corner.read, PixelRect::new(832, 128, 192, 192));
    }

    #[test]
    fn a_grown_window_holds_the_old_one_on_the_grid_inside_the_padded_photo() {
        for (width, height) in [(64, 64), (700, 300), (1000, 2000), (5000, 900)] {
            let size = ImageSize::new(width, height);
            let padded = padded_size(size);
            for core in [
                PixelRect::new(0, 0, 1, 1),
                PixelRect::new(width - 1, height - 1, 1, 1),
                PixelRect::new(width / 3, height / 2, width / 4, height / 5),
            ] {
                let read = window_around(core, size, 128).read;
                for wanted in [ImageSize::new(384, 384), ImageSize::new(768, 512)] {
                    let grown = grown_to(read, wanted, size);
                    assert_eq!(grown.intersect(read), read);
                    assert_eq!(grown.intersect(padded.rect()), grown);
                    assert_eq!(snap_outward(grown), grown);
                    let side = |wanted: u32, read: u32, most: u32| wanted.min(most).max(read);
                    assert_eq!(grown.width, side(wanted.width, read.width, padded.width));
                    assert_eq!(
                        grown.height,
                        side(wanted.height, read.height, padded.height)
                    );
                }
            }
        }
    }

    #[test]
    fn a_photo_of_one_pixel_has_one_window_of_one_grid_cell() {
        let windows = plan_windows(ImageSize::new(1, 1), 512, 128);
        assert_eq!(windows.len(), 1);
        assert_eq!(windows[0].core, PixelRect::new(0, 0, 1, 1));
        assert_eq!(windows[0].read, PixelRect::new(0, 0, 64, 64));
    }
}
