//! Windows of a photo as network input: planar RGB in [0, 1], mirrored beyond the photo's edge.

use super::{Channels, Photo, Samples, Transfer};
use crate::geometry::{PixelPoint, mirror_index};

impl Photo {
    /// Fills `out` with the window of `width` × `height` px at `origin`: shape (3, height, width), f32 in [0, 1].
    ///
    /// Values are code values / the depth's maximum, no ICC conversion; those of a linear scan go through a curve, see
    /// [`Transfer`]. Grey is repeated in all three planes.
    /// Pixels outside the photo are mirrored at its edge (the edge pixel not repeated).
    ///
    /// # Panics
    /// When `out` is not 3 × `width` × `height` long.
    pub fn network_window(&self, origin: PixelPoint, width: u32, height: u32, out: &mut [f32]) {
        let plane = width as usize * height as usize;
        assert_eq!(out.len(), 3 * plane, "window buffer length");
        let size = (width, height);
        let transfer = self.transfer();
        let seen = |level| (transfer.seen(level) / 65_535.0) as f32;
        match (&*self.samples, transfer) {
            (Samples::U8(values), Transfer::Encoded) => {
                self.window_of(values, |value| f32::from(value) / 255.0, origin, size, out);
            }
            (Samples::U8(values), Transfer::Linear) => {
                self.window_of(
                    values,
                    |value| seen(u16::from(value) * 257),
                    origin,
                    size,
                    out,
                );
            }
            (Samples::U16(values), Transfer::Encoded) => {
                self.window_of(
                    values,
                    |value| f32::from(value) / 65_535.0,
                    origin,
                    size,
                    out,
                );
            }
            (Samples::U16(values), Transfer::Linear) => {
                self.window_of(values, seen, origin, size, out);
            }
        }
    }

    fn window_of<T: Copy>(
        &self,
        values: &[T],
        seen: impl Fn(T) -> f32,
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
                    out[c * plane + target + x] = seen(row[column + channel]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{FileFormat, Metadata, Source, TransferChoice};
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

    #[test]
    fn a_linear_scan_is_seen_through_the_encoding_of_srgb() {
        let photo = grey(ImageSize::new(3, 1), vec![0, 55, 255]);
        let linear = photo.taken_as(TransferChoice::Linear);
        let mut out = vec![0.0; 3 * 3];
        linear.network_window(PixelPoint::new(0, 0), 3, 1, &mut out);
        // 55 of 255 is light of 0.2157, which sRGB writes as 0.5019.
        assert!(
            out[0].abs() < 1e-6 && (out[2] - 1.0).abs() < 1e-6,
            "{out:?}"
        );
        assert!((out[1] - 0.5019).abs() < 2e-4, "{out:?}");
        assert_eq!(linear.samples(), photo.samples());
        for (index, value) in out.iter().take(3).enumerate() {
            let level = (linear.seen_level(index) / 65_535.0) as f32;
            assert_eq!(level.to_bits(), value.to_bits());
        }
        let back = linear.taken_as(TransferChoice::Automatic);
        back.network_window(PixelPoint::new(0, 0), 3, 1, &mut out);
        assert_eq!(out[1].to_bits(), (55.0_f32 / 255.0).to_bits());
    }
}
