//! How long the window's thread is busy a frame on a photo of 100 megapixels: `cargo bench --bench frames`
//!
//! With a photo's path, how long it takes from opening it to its first picture: `cargo bench --bench frames -- FILE`
//!
//! Prints the middle, 95th percentile and longest of all frames of opening, zooming, panning, painting and of undoing a change
//! of the whole mask, in milliseconds. A frame is what our code and egui's layout take; turning it into triangles and sending
//! it to the graphics card is not in it. The networks are fakes: what runs on other threads is not timed, only in the way.
#![expect(
    clippy::print_stdout,
    reason = "a benchmark's result is what it prints"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui::{
    Context, Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect,
    TouchPhase, pos2, vec2,
};
use unscratch::gui::app::{AppOptions, UnscratchApp};
use unscratch::gui::canvas::pyramid::Pyramid;
use unscratch::inference::fake::paint_engine;
use unscratch::jobs::JobSystem;

const WIDTH: u32 = 12_000;
const HEIGHT: u32 = 8_400;
const SCREEN: Rect = Rect {
    min: Pos2::ZERO,
    max: pos2(1920.0, 1080.0),
};
/// Over the photo and not over the divider.
const POINTER: Pos2 = pos2(1200.0, 500.0);

/// A window without a screen.
struct Window {
    ctx: Context,
    app: UnscratchApp,
    frame: eframe::Frame,
    time: f64,
    millis: Vec<f64>,
}

impl Window {
    fn open(file: std::path::PathBuf) -> anyhow::Result<Self> {
        let ctx = Context::default();
        let for_waking = ctx.clone();
        let wake = Arc::new(move || for_waking.request_repaint());
        let jobs = JobSystem::with_engine(Box::new(|| Ok(paint_engine([0.2, 0.4, 0.6]))), wake)?;
        let options = AppOptions {
            file: Some(file),
            ..AppOptions::default()
        };
        Ok(Self {
            app: UnscratchApp::new(&ctx, jobs, options),
            ctx,
            frame: eframe::Frame::_new_kittest(),
            time: 0.0,
            millis: Vec::new(),
        })
    }

    /// One frame with these events.
    fn step(&mut self, events: Vec<Event>) {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(SCREEN),
            time: Some(self.time),
            focused: true,
            events,
            ..RawInput::default()
        };
        let Self {
            ctx, app, frame, ..
        } = self;
        let started = Instant::now();
        let output = ctx.run_ui(input, |ui| {
            app.logic(&ui.ctx().clone(), frame);
            app.ui(ui, frame);
        });
        self.millis.push(started.elapsed().as_secs_f64() * 1e3);
        drop(output);
        // The workers get the time a display would leave them.
        std::thread::sleep(Duration::from_millis(4));
    }

    /// Frames without any event until `reached`.
    fn until(&mut self, reached: impl Fn(&UnscratchApp) -> bool) {
        let started = Instant::now();
        while !reached(&self.app) && started.elapsed() < Duration::from_mins(5) {
            self.step(Vec::new());
        }
    }

    /// Frames until everything asked for is drawn.
    fn rest(&mut self) {
        for _ in 0..60 {
            self.step(Vec::new());
        }
    }

    fn key(&mut self, key: Key, modifiers: Modifiers) {
        for pressed in [true, false] {
            self.step(vec![Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            }]);
        }
    }

    fn button(&mut self, button: PointerButton, pos: Pos2, pressed: bool) {
        self.step(vec![Event::PointerButton {
            pos,
            button,
            pressed,
            modifiers: Modifiers::NONE,
        }]);
    }

    /// Drags with `button` along a wave over the photo, an event a frame.
    fn drag(&mut self, button: PointerButton, frames: u16) {
        self.button(button, POINTER, true);
        for i in 0..frames {
            let t = f32::from(i) / f32::from(frames);
            let to = POINTER + vec2(300.0 * t, 120.0 * (t * 9.0).sin());
            self.step(vec![Event::PointerMoved(to)]);
        }
        self.button(button, POINTER + vec2(300.0, 0.0), false);
    }

    /// Prints what the frames since the last report took.
    fn report(&mut self, what: &str) {
        let mut millis = std::mem::take(&mut self.millis);
        millis.sort_by(f64::total_cmp);
        let at = |part: f64| millis[((millis.len() - 1) as f64 * part) as usize];
        println!(
            "{what:<44} {:>5} frames, middle {:>7.2} ms, 95th percentile {:>7.2} ms, longest {:>7.2} ms",
            millis.len(),
            at(0.5),
            at(0.95),
            at(1.0)
        );
    }
}

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

/// From the wish to open `path` to the first frame that shows its pixels: drawn from its zoom levels, once they are made.
fn time_first_picture(path: std::path::PathBuf) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut window = Window::open(path)?;
    window.until(|app| app.document().is_some());
    let decoded = started.elapsed();
    window.until(|app| !app.canvas().is_making_levels() && app.canvas().uploads() > 0);
    println!(
        "decoded after {:.2} s, first picture after {:.2} s",
        decoded.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn main() -> anyhow::Result<()> {
    // Cargo passes a flag of its own.
    let file = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    if let Some(path) = file {
        return time_first_picture(path.into());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("photo.tif");
    write_photo(&path)?;
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
    window.key(Key::Escape, Modifiers::NONE);
    window.until(|app| app.work().filling.is_none());
    window.rest();
    window.report("repair stopped");
    for i in 0..120 {
        let delta = vec2(0.0, if i % 60 < 30 { 1.0 } else { -1.0 });
        window.step(vec![Event::MouseWheel {
            unit: MouseWheelUnit::Line,
            delta,
            phase: TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        }]);
    }
    window.report("zooming in and out");
    window.key(Key::Num1, Modifiers::NONE);
    window.rest();
    window.millis.clear();
    for _ in 0..3 {
        window.drag(PointerButton::Middle, 60);
    }
    window.report("panning at 100 %");
    window.drag(PointerButton::Primary, 120);
    window.report("painting at 100 %");
    window.key(Key::Num0, Modifiers::NONE);
    window.rest();
    window.millis.clear();
    window.drag(PointerButton::Primary, 120);
    window.report("painting at the whole photo");
    window.key(Key::Backspace, Modifiers::COMMAND);
    window.rest();
    window.report("clearing all marks");
    window.key(Key::Z, Modifiers::COMMAND);
    window.until(|app| !app.is_planning());
    window.rest();
    window.report("undoing that");
    Ok(())
}
