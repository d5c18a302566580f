//! The contour of the mask, one physical pixel wide at every zoom. Its pictures hold the screen's own pixels, in tiles that start at
//! the photo's corner: moving the photo keeps them, another zoom makes them anew.

use std::collections::HashMap;

use eframe::egui::{
    Color32, ColorImage, Painter, Pos2, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2,
};

use super::pyramid::{LEVEL_MAX, level_size};
use super::source::CanvasSource;
use super::textures::TextureCache;
use super::transform::Placement;
use crate::geometry::{ImageSize, PixelRect};
use crate::mask::MASKED_FROM;

/// Side of a tile, physical px: small, so that a stroke makes few pixels anew.
const TILE_PX: i32 = 256;
/// Tiles above which those that are not seen are dropped; each takes 256 KiB at most.
const TILES_MAX: usize = 512;

/// The line itself, inside the marks: white, to be tinted.
const LINE: Color32 = Color32::WHITE;
/// Beside it on the outside, so that it shows on every photo.
const SHADE: Color32 = Color32::from_black_alpha(190);

/// Column and row of a tile, from the photo's corner on the screen.
type At = (i32, i32);

struct Tile {
    /// `None` where there is no line.
    texture: Option<TextureHandle>,
    /// The marks changed since it was made.
    is_stale: bool,
    last_frame: u64,
}

/// The pictures of one mask at one zoom.
#[derive(Default)]
pub(super) struct Outline {
    tiles: HashMap<At, Tile>,
    /// Where the photo lay when they were drawn last.
    placement: Option<Placement>,
    frame: u64,
}

impl Outline {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.tiles.clear();
    }

    /// The mask changed in `rect` (image px).
    pub(super) fn invalidate(&mut self, rect: PixelRect) {
        let Some(placement) = self.placement else {
            return;
        };
        let grid = Grid::new(&placement);
        let corner = |x: u32, y: u32| placement.screen_from_image((f64::from(x), f64::from(y)));
        let place = Rect::from_two_pos(corner(rect.x, rect.y), corner(rect.right(), rect.bottom()));
        // The line beside a mark lies a pixel further out; below full size marks are seen as large as a level's pixels.
        let reach = 2.0 * placement.scale.max(1.0) as f32 + 2.0;
        for at in grid.tiles_in(place.expand(reach)) {
            if let Some(tile) = self.tiles.get_mut(&at) {
                tile.is_stale = true;
            }
        }
    }

    /// Draws the contour where `painter` may paint, in `color`; tiles there is no time for follow in later frames.
    pub(super) fn draw(
        &mut self,
        painter: &Painter,
        placement: &Placement,
        source: &CanvasSource,
        time: &mut TextureCache,
        color: Color32,
    ) {
        let is_at_this_zoom = self
            .placement
            .is_some_and(|it| it.scale.to_bits() == placement.scale.to_bits());
        if !is_at_this_zoom {
            self.tiles.clear();
        }
        self.placement = Some(*placement);
        self.frame += 1;
        let grid = Grid::new(placement);
        let seen = painter.clip_rect().intersect(placement.viewport);
        for at in grid.tiles_in(seen) {
            let is_due = self.tiles.get(&at).is_none_or(|tile| tile.is_stale);
            if is_due && time.may_take_time() {
                let pixels = grid.pixels(at, placement, source);
                self.keep(painter, at, &grid, pixels, time);
            }
            let frame = self.frame;
            let Some(tile) = self.tiles.get_mut(&at) else {
                continue;
            };
            tile.last_frame = frame;
            if let Some(texture) = &tile.texture {
                let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                painter.image(texture.id(), grid.screen_rect(at), whole, color);
            }
        }
        if self.tiles.len() > TILES_MAX {
            let oldest = self.frame.saturating_sub(2);
            self.tiles.retain(|_, tile| tile.last_frame >= oldest);
        }
    }

    /// Keeps what was read for a tile; `None` when the source does not have it yet.
    fn keep(
        &mut self,
        painter: &Painter,
        at: At,
        grid: &Grid,
        pixels: Option<Vec<Color32>>,
        time: &mut TextureCache,
    ) {
        let Some(pixels) = pixels else {
            time.wants_another_frame();
            return;
        };
        let is_empty = pixels.iter().all(|pixel| *pixel == Color32::TRANSPARENT);
        let texture = (!is_empty).then(|| {
            let (width, height) = grid.size_of(at);
            let image = ColorImage::new([width as usize, height as usize], pixels);
            let name = format!("outline {}/{}", at.0, at.1);
            painter
                .ctx()
                .load_texture(name, image, TextureOptions::NEAREST)
        });
        let tile = Tile {
            texture,
            is_stale: false,
            last_frame: self.frame,
        };
        self.tiles.insert(at, tile);
    }
}

/// The photo on the screen, cut into tiles of physical px.
struct Grid {
    /// The photo's corner, physical px; whole numbers.
    origin: Pos2,
    /// The photo's size, physical px, rounded up.
    size: (i32, i32),
    pixels_per_point: f32,
}

impl Grid {
    fn new(placement: &Placement) -> Self {
        let pixels_per_point = placement.pixels_per_point();
        let photo = placement.photo_rect() * pixels_per_point;
        Self {
            origin: photo.min.round(),
            size: (photo.width().ceil() as i32, photo.height().ceil() as i32),
            pixels_per_point,
        }
    }

    /// The tiles that `rect` (points) overlaps.
    fn tiles_in(&self, rect: Rect) -> impl Iterator<Item = At> + use<> {
        let rect = (rect * self.pixels_per_point).translate(-self.origin.to_vec2());
        let range = |from: f32, to: f32, size: i32| {
            let first = (from.floor().max(0.0) as i32) / TILE_PX;
            let end = (to.ceil() as i32).min(size);
            if rect.is_positive() && end > 0 {
                first..(end - 1) / TILE_PX + 1
            } else {
                0..0
            }
        };
        let columns = range(rect.min.x, rect.max.x, self.size.0);
        let rows = range(rect.min.y, rect.max.y, self.size.1);
        rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
    }

    /// Width and height of a tile, physical px.
    fn size_of(&self, (column, row): At) -> (i32, i32) {
        let side = |at: i32, size: i32| (size - at * TILE_PX).min(TILE_PX);
        (side(column, self.size.0), side(row, self.size.1))
    }

    /// Upper left corner of a tile, physical px of the screen.
    fn corner_of(&self, (column, row): At) -> Pos2 {
        self.origin + vec2((column * TILE_PX) as f32, (row * TILE_PX) as f32)
    }

    fn screen_rect(&self, at: At) -> Rect {
        let (width, height) = self.size_of(at);
        let size = Vec2::new(width as f32, height as f32);
        Rect::from_min_size(self.corner_of(at), size) / self.pixels_per_point
    }

    /// The colours of a tile; `None` while the source does not have what they are made from.
    fn pixels(&self, at: At, placement: &Placement, source: &CanvasSource) -> Option<Vec<Color32>> {
        let (width, height) = self.size_of(at);
        let level = level_under(placement.scale, placement.stored);
        let lines = Lines::new(self.corner_of(at), (width, height), placement, level);
        let mut is_inside = vec![false; ((width + 2) * (height + 2)) as usize];
        if let Some(rect) = lines.rect() {
            let values = source.mask_values(level, rect)?;
            if values.iter().all(|value| *value < MASKED_FROM) {
                return Some(vec![Color32::TRANSPARENT; (width * height) as usize]);
            }
            lines.sample(rect, &values, &mut is_inside);
        }
        Some(contour(width as usize, height as usize, &is_inside))
    }
}

/// The finest level none of whose pixels is smaller than the screen's: taking one of them for each pixel of the screen skips none.
fn level_under(scale: f64, size: ImageSize) -> u8 {
    let last = (0..=LEVEL_MAX)
        .find(|&level| level_size(size, level).long_side() <= 1)
        .unwrap_or(LEVEL_MAX);
    (0..last)
        .find(|&level| scale * f64::from(1_u32 << level) >= 1.0)
        .unwrap_or(last)
}

/// Which pixel of a level lies under each column and row of a tile, with one more on every side; `None` beside the photo.
struct Lines {
    columns: Vec<Option<u32>>,
    rows: Vec<Option<u32>>,
    /// Columns run along the level's rows: the photo is shown turned by a quarter.
    turned: bool,
}

impl Lines {
    fn new(corner: Pos2, size: (i32, i32), placement: &Placement, level: u8) -> Self {
        let image_at = |column: i32, row: i32| {
            let middle = corner + vec2(column as f32 + 0.5, row as f32 + 0.5);
            placement.image_from_screen((middle.to_vec2() / placement.pixels_per_point()).to_pos2())
        };
        let (start, beside) = (image_at(0, 0), image_at(1, 0));
        let turned = (beside.0 - start.0).abs() < (beside.1 - start.1).abs();
        let on_level = |along_x: bool, (x, y): (f64, f64)| {
            let (value, side) = if along_x {
                (x, placement.stored.width)
            } else {
                (y, placement.stored.height)
            };
            let is_in = value >= 0.0 && value < f64::from(side);
            is_in.then(|| (value as u32) >> level)
        };
        Self {
            columns: (-1..=size.0)
                .map(|column| on_level(!turned, image_at(column, 0)))
                .collect(),
            rows: (-1..=size.1)
                .map(|row| on_level(turned, image_at(0, row)))
                .collect(),
            turned,
        }
    }

    /// All pixels of the level that are needed.
    fn rect(&self) -> Option<PixelRect> {
        let range = |lines: &[Option<u32>]| {
            let known = || lines.iter().flatten();
            Some((*known().min()?, *known().max()?))
        };
        let (across, down) = (range(&self.columns)?, range(&self.rows)?);
        let (x, y) = if self.turned {
            (down, across)
        } else {
            (across, down)
        };
        Some(PixelRect::new(x.0, y.0, x.1 - x.0 + 1, y.1 - y.0 + 1))
    }

    /// Says of each pixel of the tile and its rim whether it lies inside the marks.
    fn sample(&self, rect: PixelRect, values: &[u8], is_inside: &mut [bool]) {
        let width = rect.width as usize;
        // Where a line begins or how far into one it is, whichever way the photo is turned.
        let step = |value: u32, along_x: bool| {
            if along_x {
                (value - rect.x) as usize
            } else {
                (value - rect.y) as usize * width
            }
        };
        let columns: Vec<Option<usize>> = self
            .columns
            .iter()
            .map(|column| column.map(|column| step(column, !self.turned)))
            .collect();
        let lines = is_inside.chunks_exact_mut(columns.len());
        for (line, row) in lines.zip(&self.rows) {
            let Some(start) = row.map(|row| step(row, self.turned)) else {
                continue;
            };
            for (is_inside, column) in line.iter_mut().zip(&columns) {
                *is_inside = column.is_some_and(|column| values[start + column] >= MASKED_FROM);
            }
        }
    }
}

/// The line along the inner side of what is inside and the shade along the outer, of `width` × `height` px; `is_inside` has one more
/// on every side.
fn contour(width: usize, height: usize, is_inside: &[bool]) -> Vec<Color32> {
    let line = width + 2;
    let mut pixels = Vec::with_capacity(width * height);
    for y in 1..=height {
        for x in 1..=width {
            let at = y * line + x;
            let own = is_inside[at];
            let sides = [at - 1, at + 1, at - line, at + line];
            let is_edge = sides.iter().any(|&side| is_inside[side] != own);
            pixels.push(match (is_edge, own) {
                (false, _) => Color32::TRANSPARENT,
                (true, true) => LINE,
                (true, false) => SHADE,
            });
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contour_is_one_pixel_of_line_inside_and_one_of_shade_outside() {
        // A square of 3 × 3 in a picture of 7 × 5, with a rim of one.
        let (width, height) = (7, 5);
        let mut is_inside = vec![false; (width + 2) * (height + 2)];
        for y in 2..5 {
            for x in 3..6 {
                is_inside[y * (width + 2) + x] = true;
            }
        }
        let pixels = contour(width, height, &is_inside);
        let row: Vec<Color32> = pixels[2 * width..3 * width].to_vec();
        let none = Color32::TRANSPARENT;
        assert_eq!(row, [none, SHADE, LINE, none, LINE, SHADE, none]);
        let count = |color: Color32| pixels.iter().filter(|pixel| **pixel == color).count();
        assert_eq!((count(LINE), count(SHADE)), (8, 12));
    }

    #[test]
    fn a_mark_at_the_edge_of_a_tile_is_closed_by_what_lies_beyond_it() {
        // All of the tile and of its rim is inside, but for the rim at the right.
        let (width, height) = (3, 2);
        let is_inside: Vec<bool> = (0..(width + 2) * (height + 2))
            .map(|at| at % (width + 2) != width + 1)
            .collect();
        let pixels = contour(width, height, &is_inside);
        let none = Color32::TRANSPARENT;
        assert_eq!(pixels, [none, none, LINE, none, none, LINE]);
    }

    #[test]
    fn no_pixel_of_the_level_is_skipped_at_any_zoom() {
        let size = ImageSize::new(12_000, 8000);
        for step in 0..400 {
            let scale = 32.0 / 1.02_f64.powi(step);
            let level = level_under(scale, size);
            let on_screen = scale * f64::from(1_u32 << level);
            assert!(on_screen >= 1.0, "{on_screen} px at {scale}");
            assert!(level == 0 || on_screen < 2.0, "{on_screen} px at {scale}");
        }
    }
}
