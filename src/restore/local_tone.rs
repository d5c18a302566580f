//! The tone of a print around each place, fitted at fixed positions of the photo. What a tone is, is `colour.rs`'s work.
//!
//! Foxing and faded edges give one print several tones. A tone is fitted at every corner of the network's grid to the
//! sound pixels up to the halo around it, and between the corners it is interpolated. Sums are made in each grid cell and
//! added in a fixed order, so that every window that keeps its halo gives the same, to the last bit.

use super::colour::{NormalEquations, Tone};
use crate::geometry::{ImageSize, NETWORK_GRID_PX, PixelRect};
use crate::inference::Tensor;

/// The tones at the corners of the grid cells that a window reads.
pub(super) struct LocalTone {
    /// What the window reads, image px, on the grid.
    read: PixelRect,
    /// Row by row; one more than cells in either direction.
    corners: Vec<Tone>,
}

impl LocalTone {
    /// Fits the tones of the window `read` in a photo of `size`, held to `photo`, the photo's tone, where little is sound:
    /// `input` (1, 3, h, w) in [0, 1], `hole` (1, 1, h, w), > 0 = hole.
    ///
    /// A corner's tone is that of the photo, and the same from every window, where `read` reaches `halo_px`, a multiple of
    /// the grid, beyond the cells at the corner, or to the photo's border.
    pub fn fitted(
        photo: Tone,
        (input, hole): (&Tensor, &Tensor),
        (read, size, halo_px): (PixelRect, ImageSize, u32),
    ) -> Self {
        let cells = CellSums::of(photo, input, hole, read, size);
        let reach = (halo_px / NETWORK_GRID_PX) as usize;
        let corners = (0..=cells.rows).flat_map(|row| (0..=cells.columns).map(move |x| (x, row)));
        let corners = corners.map(|(column, row)| cells.around(column, row, reach).tone(photo));
        let corners = corners.collect();
        Self { read, corners }
    }

    /// The tone at a pixel that the window reads.
    pub fn at(&self, x: u32, y: u32) -> Tone {
        // A pixel's middle, so that both neighbours of a corner are equally far from it.
        let part =
            |position: u32| f64::from(2 * (position % NETWORK_GRID_PX) + 1) / (2.0 * GRID_PX);
        let columns = (self.read.width / NETWORK_GRID_PX) as usize + 1;
        let column = ((x - self.read.x) / NETWORK_GRID_PX) as usize;
        let row = ((y - self.read.y) / NETWORK_GRID_PX) as usize;
        let upper = &self.corners[row * columns + column..][..2];
        let lower = &self.corners[(row + 1) * columns + column..][..2];
        let upper = upper[0].mixed(upper[1], part(x));
        let lower = lower[0].mixed(lower[1], part(x));
        upper.mixed(lower, part(y))
    }
}

const GRID_PX: f64 = NETWORK_GRID_PX as f64;

/// The sums of a fit in every grid cell of a window, row by row.
struct CellSums {
    columns: usize,
    rows: usize,
    sums: Vec<NormalEquations>,
}

impl CellSums {
    fn of(photo: Tone, input: &Tensor, hole: &Tensor, read: PixelRect, size: ImageSize) -> Self {
        let side = NETWORK_GRID_PX as usize;
        let (columns, rows) = (read.width as usize / side, read.height as usize / side);
        let mut sums = vec![NormalEquations::default(); columns * rows];
        let inside = read.intersect(size.rect());
        let (width, height) = (inside.width as usize, inside.height as usize);
        for y in 0..height {
            let [red, green, blue] = [0, 1, 2].map(|c| &input.row(c, y)[..width]);
            let hole = &hole.row(0, y)[..width];
            for x in (0..width).filter(|&x| hole[x] <= 0.0) {
                let rgb = [red[x], green[x], blue[x]];
                if photo.may_be(rgb) {
                    sums[y / side * columns + x / side].add_pixel(rgb);
                }
            }
        }
        Self {
            columns,
            rows,
            sums,
        }
    }

    /// The sums of the cells up to `reach` cells around a corner, as far as the window goes.
    fn around(&self, column: usize, row: usize, reach: usize) -> NormalEquations {
        let near = |at: usize, end: usize| at.saturating_sub(reach)..(at + reach).min(end);
        let mut all = NormalEquations::default();
        for row in near(row, self.rows) {
            for column in near(column, self.columns) {
                all.merge(&self.sums[row * self.columns + column]);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize::new(700, 500);
    const HALO_PX: u32 = 128;

    /// A print that is warmer to the right, with a hole in its middle and one at its edge.
    fn window(read: PixelRect) -> (Tensor, Tensor) {
        let shape = |channels| [1, channels, read.height as usize, read.width as usize];
        let mut input = Tensor::filled(shape(3), 0.0);
        let mut hole = Tensor::filled(shape(1), 0.0);
        let plane = hole.data().len();
        for y in 0..read.height {
            for x in 0..read.width {
                let i = (y * read.width + x) as usize;
                let (x, y) = (read.x + x, read.y + y);
                let shade = 0.2 + 0.6 * ((x * 31 + y * 17) % 101) as f32 / 100.0;
                let warmth = 0.08 * x as f32 / SIZE.width as f32;
                input.data_mut()[i] = shade + warmth;
                input.data_mut()[plane + i] = shade;
                input.data_mut()[2 * plane + i] = shade - warmth;
                let is_hole = (330..360).contains(&x) && (240..270).contains(&y) || x > 690;
                hole.data_mut()[i] = f32::from(u8::from(is_hole));
            }
        }
        (input, hole)
    }

    fn tone_at(read: PixelRect, x: u32, y: u32) -> Tone {
        let (input, hole) = window(read);
        let place = (read, SIZE, HALO_PX);
        LocalTone::fitted(Tone::NEUTRAL, (&input, &hole), place).at(x, y)
    }

    #[test]
    fn every_window_with_its_halo_gives_the_same_tone_to_the_last_bit() {
        let windows = [
            PixelRect::new(192, 64, 320, 384),
            PixelRect::new(192, 64, 512, 448),
            PixelRect::new(128, 0, 512, 512),
            PixelRect::new(0, 0, 704, 512),
        ];
        for (x, y) in [(330, 240), (359, 240), (330, 255), (359, 255)] {
            let tones = windows.map(|read| tone_at(read, x, y));
            assert_eq!(tones, [tones[0]; 4], "{x}, {y}");
        }
        let edge = [
            PixelRect::new(512, 0, 192, 512),
            PixelRect::new(320, 0, 384, 512),
        ];
        let tones = edge.map(|read| tone_at(read, 695, 200));
        assert_eq!(tones[0], tones[1]);
    }

    #[test]
    fn a_tone_follows_the_print_around_it_and_has_no_steps() {
        let whole = PixelRect::new(0, 0, 704, 512);
        let (input, hole) = window(whole);
        let place = (whole, SIZE, HALO_PX);
        let tones = LocalTone::fitted(Tone::NEUTRAL, (&input, &hole), place);
        let red = |x| tones.at(x, 255).colour_of(0.5)[0];
        assert!(red(560) - red(140) > 0.03, "{} {}", red(140), red(560));
        for x in 1..SIZE.width {
            let step = (red(x) - red(x - 1)).abs();
            assert!(step < 0.25 / 255.0, "{x}: {step}");
        }
    }
}
