//! Windows of a photo as network input: planar RGB in [0, 1], mirrored beyond the photo's edge.

use super::{Channels, Photo, Samples};
use crate::geometry::{PixelPoint, mirror_index};

impl Photo {
    /// Fills `out` with the window of `width` × `height` px at `origin`: shape (3, height, width), f32 in [0, 1].
    ///
    /// Values are code values / the depth's maximum, no ICC conversion; grey is repeated in all three planes.
    /// Pixels outside the photo are mirrored at its edge (the edge pixel not repeated).
    ///
    /// # Panics
    /// When `out` is not 3 × `width` × `height` long.
    pub fn network_window(&self, origin: PixelPoint, width: u32, height: u32, out: &mut [f32]) {
        let plane = width as usize * height as usize;
        assert_eq!(out.len(), 3 * plane, "window buffer length");
        match &self.samples {
            Samples::U8(values) => self.window_of(values, 255.0, origin, (width, height), out),
            Samples::U16(values) => self.window_of(values, 65_535.0, origin, (width, height), out),
        }
    }

    fn window_of<T: Copy + Into<f32>>(
        &self,
        values: &[T],
        max_value: f32,
        origin: PixelPoint,
        (width, height): (u32, u32),
        out: &mut [f32],
    ) {
        let channels = self.channels.count();
        let plane = width as usize * height as usize;
        let columns: Vec<usize> = (0..i64::from(width))
            .map(|x| mirror_index(origin.x + x, self.size.width) as usize * channels)
            .collect();
        for y in 0..height as usize {
            let source_row = mirror_index(origin.y + y as i64, self.size.height) as usize;
            let row = &values[source_row * self.size.width as usize * channels..];
            let target = y * width as usize;
            for (x, &column) in columns.iter().enumerate() {
                for c in 0..3 {
                    let channel = if self.channels == Channels::Grey {
                        0
                    } else {
                        c
                    };
                    out[c * plane + target + x] = row[column + channel].into() / max_value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{FileFormat, Metadata, Source};
    use super::*;
    use crate::geometry::ImageSize;

    fn grey(size: ImageSize, values: Vec<u8>) -> Photo {
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        Photo::new(
            size,
            Channels::Grey,
            Samples::U8(values),
            None,
            Metadata::default(),
            source,
        )
        .unwrap()
    }

    #[test]
    fn grey_is_repeated_and_mirrored_at_the_edge() {
        let photo = grey(ImageSize::new(3, 1), vec![0, 51, 255]);
        let mut out = vec![0.0; 3 * 5];
        photo.network_window(PixelPoint::new(-1, 0), 5, 1, &mut out);
        assert_eq!(out[..5], [0.2, 0.0, 0.2, 1.0, 0.2]);
        assert_eq!(out[5..10], out[..5]);
    }
}
