#![no_main]

mod hook;

use std::path::{Path, PathBuf};

use unscratch::geometry::ImageSize;
use unscratch::inference::CancelToken;
use unscratch::inference::fake::identity_engine;
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};
use unscratch::record::{Record, mend_again, recorded_windows};
use unscratch::restore::{AlphaRaster, NoProgress, rerender};

/// Size of the photo that a record is tried on, px.
const SIZE: ImageSize = ImageSize::new(70, 40);

libfuzzer_sys::fuzz_target!(init: hook::forgive_caught_panics(), |data: &[u8]| {
    let Ok(record) = Record::parse(data, Path::new("a.restoration.json")) else {
        return;
    };
    let json = record.to_json().expect("a record that was read can be written");
    let again = Record::parse(&json, Path::new("again")).expect("what was written can be read");
    let (before, after) = (serde_json::to_value(&record), serde_json::to_value(&again));
    assert_eq!(before.expect("JSON"), after.expect("JSON"));

    // What a record says is done again, or refused.
    let (photo, cancel) = (photo(), CancelToken::new());
    drop(mend_again(&record, &photo, &cancel));
    let alpha = (0..SIZE.pixel_count()).map(|at| if at % 7 < 3 { 255 } else { 0 });
    let alpha = AlphaRaster::new(SIZE, alpha.collect());
    let windows = recorded_windows(&record);
    drop(rerender(&photo, &alpha, &windows, &mut identity_engine(), &NoProgress, &cancel));
});

fn photo() -> Photo {
    let source = Source {
        path: PathBuf::from("a.tif"),
        format: FileFormat::Tiff,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    let samples = (0..SIZE.pixel_count()).map(|at| (at * 37) as u8).collect();
    Photo::new(SIZE, Channels::Grey, Samples::U8(samples), None, Metadata::default(), source).expect("a photo")
}
