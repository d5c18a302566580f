//! Photos made in a test.

use std::path::PathBuf;

use unscratch::geometry::ImageSize;
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

/// An 8-bit photo in memory whose samples are `value(x, y, channel)`.
pub fn photo_of(
    size: ImageSize,
    channels: Channels,
    value: impl Fn(u32, u32, usize) -> u8,
) -> Photo {
    let mut samples = Vec::with_capacity(size.pixel_count() * channels.count());
    for y in 0..size.height {
        for x in 0..size.width {
            samples.extend((0..channels.count()).map(|c| value(x, y, c)));
        }
    }
    let source = Source {
        path: PathBuf::from("made in a test"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let samples = Samples::U8(samples);
    Photo::new(size, channels, samples, None, Metadata::default(), source).unwrap()
}
