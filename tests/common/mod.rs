//! What tests with the real models share: the engine on the library that `make setup` fetched, and generated photos.

#![expect(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use unscratch::geometry::ImageSize;
use unscratch::inference::{Engine, EngineOptions, ProviderChoice};
use unscratch::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

/// Options that find the library in the project's `runtime/`: test binaries may be built outside the project.
pub fn engine_options() -> EngineOptions {
    let named = std::env::var_os("ORT_DYLIB_PATH").filter(|value| !value.is_empty());
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
    EngineOptions {
        provider: ProviderChoice::Cpu,
        threads: Some(2),
        runtime: (named.is_none() && fetched.is_dir()).then_some(fetched),
        ..EngineOptions::default()
    }
}

/// The real models on the CPU; a missing library fails the test with the command that mends it.
pub fn real_engine() -> Engine {
    Engine::load(&engine_options())
        .unwrap_or_else(|error| panic!("the real models cannot be run: {error}"))
}

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
    photo_from(size, channels, Samples::U8(samples))
}

/// A photo in memory.
pub fn photo_from(size: ImageSize, channels: Channels, samples: Samples) -> Photo {
    let source = Source {
        path: PathBuf::from("made in a test"),
        format: FileFormat::Png,
        sha256: [0; 32],
        notes: Vec::new(),
    };
    Photo::new(size, channels, samples, None, Metadata::default(), source).unwrap()
}

/// A smooth scene with texture: what a photo is to the networks, made of a few waves.
pub fn scene(x: u32, y: u32) -> f32 {
    let (x, y) = (x as f32, y as f32);
    let shade =
        0.45 + 0.2 * (x / 61.0).sin() * (y / 47.0).cos() + 0.1 * ((x + 2.0 * y) / 23.0).sin();
    let grain = ((x * 12.9898 + y * 78.233).sin() * 43_758.547).fract();
    (shade + 0.02 * grain).clamp(0.0, 1.0)
}
