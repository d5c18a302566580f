//! A window without a screen: frames, events, and how long the window's thread was busy with each frame.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui::{
    Context, Event, FullOutput, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput,
    Rect, TouchPhase, pos2,
};
use unscratch::gui::app::{AppOptions, UnscratchApp};
use unscratch::inference::fake::paint_engine;
use unscratch::jobs::JobSystem;

pub const SCREEN: Rect = Rect {
    min: Pos2::ZERO,
    max: pos2(1920.0, 1080.0),
};

/// What one frame took of the window's thread, ms.
#[derive(Clone, Copy)]
struct Frame {
    wall: f64,
    /// On the processor: without what other programs took of it meanwhile.
    busy: f64,
}

pub struct Window {
    pub ctx: Context,
    pub app: UnscratchApp,
    frame: eframe::Frame,
    time: f64,
    frames: Vec<Frame>,
}

impl Window {
    pub fn open(file: PathBuf) -> anyhow::Result<Self> {
        let ctx = Context::default();
        let for_waking = ctx.clone();
        let wake = Arc::new(move || for_waking.request_repaint());
        let jobs = JobSystem::with_engine(Box::new(|| Ok(paint_engine([0.2, 0.4, 0.6]))), wake)?;
        let options = AppOptions {
            file: Some(file.into()),
            ..AppOptions::default()
        };
        Ok(Self {
            app: UnscratchApp::new(&ctx, jobs, options),
            ctx,
            frame: eframe::Frame::_new_kittest(),
            time: 0.0,
            frames: Vec::new(),
        })
    }

    /// One frame with these events.
    pub fn step(&mut self, mut events: Vec<Event>) -> FullOutput {
        self.time += 1.0 / 60.0;
        let modifiers = events.iter().find_map(|event| match event {
            Event::Key { modifiers, .. } | Event::PointerButton { modifiers, .. } => {
                Some(*modifiers)
            }
            _ => None,
        });
        events.insert(0, Event::ModifiersChanged(modifiers.unwrap_or_default()));
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
        let (started, before) = (Instant::now(), thread_time());
        let output = ctx.run_ui(input, |ui| {
            app.logic(&ui.ctx().clone(), frame);
            app.ui(ui, frame);
        });
        let wall = started.elapsed();
        let busy = match (before, thread_time()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => wall,
        };
        self.frames.push(Frame {
            wall: wall.as_secs_f64() * 1e3,
            busy: busy.as_secs_f64() * 1e3,
        });
        // The workers get the time a display would leave them.
        std::thread::sleep(Duration::from_millis(4));
        output
    }

    /// Frames without any event until `reached`.
    pub fn until(&mut self, reached: impl Fn(&UnscratchApp) -> bool) {
        let started = Instant::now();
        while !reached(&self.app) && started.elapsed() < Duration::from_mins(5) {
            self.step(Vec::new());
        }
    }

    /// Opens `path` without a question about unsaved work, and waits for the photo.
    pub fn open_another(&mut self, path: PathBuf) {
        let before = self.app.document().map(|it| Arc::as_ptr(it.photo()));
        self.app.open(path);
        self.until(|app| app.document().map(|it| Arc::as_ptr(it.photo())) != before);
        for _ in 0..60 {
            self.step(Vec::new());
        }
    }

    /// Frames until the marks are as asked for, and some of the repair that follows.
    pub fn look_on(&mut self) {
        self.until(|app| !app.is_planning() && app.work().marking.is_none());
        for _ in 0..90 {
            self.step(Vec::new());
        }
    }

    /// Frames until everything asked for is done and drawn.
    pub fn rest(&mut self) {
        self.until(|app| {
            let work = app.work();
            !app.is_planning()
                && work.marking.is_none()
                && work.filling.is_none()
                && work.searching.is_none()
                && !work.tracing
                && work.mending.is_none()
                && !app.canvas().is_making_levels()
        });
        for _ in 0..30 {
            self.step(Vec::new());
        }
    }

    pub fn key(&mut self, key: Key, modifiers: Modifiers) {
        for pressed in [true, false] {
            self.step(vec![Event::Key {
                key,
                physical_key: Some(key),
                pressed,
                repeat: false,
                modifiers,
            }]);
        }
    }

    pub fn button(&mut self, button: PointerButton, pos: Pos2, pressed: bool, held: Modifiers) {
        self.step(vec![
            Event::PointerMoved(pos),
            Event::PointerButton {
                pos,
                button,
                pressed,
                modifiers: held,
            },
        ]);
    }

    pub fn click(&mut self, pos: Pos2, held: Modifiers) {
        for pressed in [true, false] {
            self.button(PointerButton::Primary, pos, pressed, held);
        }
    }

    /// Drags with `button` along `path`, from 0 to 1, an event a frame.
    pub fn drag(&mut self, button: PointerButton, frames: u16, path: impl Fn(f32) -> Pos2) {
        self.button(button, path(0.0), true, Modifiers::NONE);
        for i in 1..=frames {
            let to = path(f32::from(i) / f32::from(frames));
            self.step(vec![Event::PointerMoved(to)]);
        }
        self.button(button, path(1.0), false, Modifiers::NONE);
    }

    pub fn wheel(&mut self, notches: f32) {
        self.step(vec![Event::MouseWheel {
            unit: MouseWheelUnit::Line,
            delta: eframe::egui::vec2(0.0, notches),
            phase: TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        }]);
    }

    /// Forgets the frames so far.
    pub fn forget(&mut self) {
        self.frames.clear();
    }

    /// Prints what the frames since the last report took.
    #[expect(
        clippy::print_stdout,
        reason = "a benchmark's result is what it prints"
    )]
    pub fn report(&mut self, what: &str) {
        let frames = std::mem::take(&mut self.frames);
        let sorted = |value: fn(&Frame) -> f64| {
            let mut values: Vec<f64> = frames.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (busy, wall) = (sorted(|it| it.busy), sorted(|it| it.wall));
        let at = |values: &[f64], part: f64| values[((values.len() - 1) as f64 * part) as usize];
        println!(
            "{what:<44} {:>5} frames, busy: middle {:>6.2}, 95th percentile {:>6.2}, longest {:>6.2} ms; wall, longest {:>7.2} ms",
            frames.len(),
            at(&busy, 0.5),
            at(&busy, 0.95),
            at(&busy, 1.0),
            at(&wall, 1.0)
        );
    }
}

/// Time this thread has spent on the processor; `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the standard library does not tell a thread's time"
)]
fn thread_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for writing for the whole call.
    let outcome = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    (outcome == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

#[cfg(not(target_os = "linux"))]
const fn thread_time() -> Option<Duration> {
    None
}
