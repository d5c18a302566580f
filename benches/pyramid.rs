//! How long the zoom levels of a photo and of a probability map take: `cargo bench --bench pyramid`

use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use unscratch::geometry::ImageSize;
use unscratch::gui::canvas::pyramid::Pyramid;
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

/// 24 megapixels.
const SIZE: ImageSize = ImageSize::new(6_000, 4_000);

fn photo(samples: Samples) -> Photo {
    let source = Source {
        path: PathBuf::from("made for a benchmark"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let metadata = Metadata::default();
    Photo::new(SIZE, Channels::Rgb, samples, None, metadata, source)
        .expect("the samples fit the size")
}

fn zoom_levels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("zoom levels of 24 MP");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    let count = SIZE.pixel_count();
    let eight = photo(Samples::U8((0..3 * count).map(|i| i as u8).collect()));
    group.bench_function("RGB 8 bit", |b| {
        b.iter(|| Pyramid::of_photo(&eight));
    });
    drop(eight);
    let sixteen = photo(Samples::U16((0..3 * count).map(|i| i as u16).collect()));
    group.bench_function("RGB 16 bit", |b| {
        b.iter(|| Pyramid::of_photo(&sixteen));
    });
    drop(sixteen);
    let map: Vec<u8> = (0..count).map(|i| u8::from(i % 997 == 0) * 200).collect();
    group.bench_function("probability map", |b| {
        b.iter(|| Pyramid::of_map(SIZE, &map));
    });
    group.finish();
}

criterion_group!(pyramid, zoom_levels);
criterion_main!(pyramid);
