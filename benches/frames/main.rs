//! How long the window's thread is busy a frame on a photo of 100 megapixels: `cargo bench --bench frames`
//!
//! With a photo's path, how long it takes from opening it to its first picture: `cargo bench --bench frames -- FILE`
//!
//! Prints the middle, 95th percentile and longest of all frames of opening, zooming, panning, and of every tool and operation
//! on all marks, in milliseconds. A frame is what our code and egui's layout take; turning it into triangles and sending it
//! to the graphics card is not in it. The networks are fakes: what runs on other threads is not timed, only in the way; so
//! besides the wall time the window's thread's own time on the processor is told, which does not count other programs.
#![expect(
    clippy::print_stdout,
    reason = "a benchmark's result is what it prints"
)]

mod desk;
mod window;

use std::time::Instant;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2, vec2};
use unscratch::gui::app::UnscratchApp;
use unscratch::gui::canvas::pyramid::Pyramid;
use window::Window;

const WIDTH: u32 = 12_000;
const HEIGHT: u32 = 8_400;
/// Over the photo and not over the divider.
pub const POINTER: Pos2 = pos2(1200.0, 500.0);

/// A grey photo with red lines from corner to corner, which the fake stage 1 takes for damage.
fn write_photo(path: &std::path::Path) -> anyhow::Result<()> {
    let photo = image::RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        if (x + 2 * y) % 3000 < 4 || (2 * x + HEIGHT - y) % 4000 < 4 {
            image::Rgb([255, 0, 0])
        } else {
            image::Rgb([(x / 64 % 128) as u8, (y / 64 % 128) as u8, 90])
        }
    });
    Ok(photo.save(path)?)
}

/// From the wish to open `path` to the first frame that shows its pixels, and to the one that shows them as sharp as the
/// screen can.
fn time_first_picture(path: std::path::PathBuf) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut window = Window::open(path)?;
    let is_decoded = |app: &UnscratchApp| app.canvas().uploads() > 0;
    window.until(|app| app.work().previewing || is_decoded(app));
    let first = started.elapsed();
    window.until(is_decoded);
    let decoded = started.elapsed();
    window.until(|app| !app.canvas().is_making_levels());
    println!(
        "first picture after {:.2} s, the decoded photo after {:.2} s, sharp after {:.2} s",
        first.as_secs_f64(),
        decoded.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn time_opening(path: std::path::PathBuf) -> anyhow::Result<Window> {
    let mut window = Window::open(path)?;
    window.until(|app| app.document().is_some());
    window.report("until the photo is there");
    if let Some(document) = window.app.document() {
        let started = Instant::now();
        let levels = Pyramid::of_photo(document.photo());
        let millis = started.elapsed().as_secs_f64() * 1e3;
        println!("{:<44} {millis:>7.2} ms", "all zoom levels, on all threads");
        drop(levels);
    }
    window.until(|app| app.work().masked_pixels.is_some_and(|count| count > 0));
    window.report("search, and the plan that follows");
    window.step(vec![Event::PointerMoved(POINTER)]);
    for _ in 0..120 {
        window.step(Vec::new());
    }
    window.report("repair going on");
    window.rest();
    window.report("until all is repaired");
    Ok(window)
}

fn time_viewing(window: &mut Window) {
    for i in 0..120 {
        window.wheel(if i % 60 < 30 { 1.0 } else { -1.0 });
    }
    window.report("zooming in and out");
    window.key(Key::Num1, Modifiers::NONE);
    window.rest();
    window.forget();
    for _ in 0..3 {
        window.drag(PointerButton::Middle, 60, |t| POINTER + 300.0 * vec2(t, t));
    }
    window.report("panning at 100 %");
}

fn main() -> anyhow::Result<()> {
    // What took longer than a frame says so with RUST_LOG=unscratch=debug.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    // Cargo passes a flag of its own.
    let file = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    if let Some(path) = file {
        return time_first_picture(path.into());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("photo.tif");
    write_photo(&path)?;
    let mut window = time_opening(path.clone())?;
    time_viewing(&mut window);
    desk::try_tools(&mut window);
    desk::try_all_marks(&mut window);
    window.open_another(path);
    window.report("opening another photo instead");
    Ok(())
}
