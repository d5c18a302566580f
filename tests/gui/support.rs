//! A window on fake networks, for the tests of the window: photos made here, no model, no display.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Modifiers, PointerButton, Pos2, Vec2};
use egui_kittest::kittest::NodeT as _;
use egui_kittest::{Harness, HarnessBuilder};
use tempfile::TempDir;
use unscratch::gui::app::{AppOptions, UnscratchApp};
use unscratch::gui::canvas::transform::Placement;
use unscratch::gui::settings::SettingsStore;
use unscratch::inference::{Engine, InferenceError, fake::paint_engine};
use unscratch::jobs::JobSystem;

/// Colour the fake stage 2 fills with, 8 bit.
pub const FILL: [u8; 3] = [51, 102, 153];
/// Columns of the bright scratch in [`scratched`].
pub const SCRATCH: std::ops::Range<u32> = 100..106;

/// A window with the folder its photos and settings live in.
pub struct Window {
    pub harness: Harness<'static, UnscratchApp>,
    pub folder: TempDir,
}

/// What loads the engine of a test.
type Loader = Box<dyn FnOnce() -> Result<Engine, InferenceError> + Send>;

/// An engine that marks what is red and fills with [`FILL`].
pub fn fake_engine() -> Engine {
    paint_engine(FILL.map(|value| f32::from(value) / 255.0))
}

/// Opens `photo` in a window of 1366 × 768 points on [`fake_engine`].
pub fn open(photo: &image::DynamicImage) -> Window {
    open_with(photo, 1.0, HarnessBuilder::default(), fake_engine)
}

/// As [`open`], with a scale, a builder and an engine.
pub fn open_with(
    photo: &image::DynamicImage,
    pixels_per_point: f32,
    builder: HarnessBuilder<UnscratchApp>,
    engine: impl FnOnce() -> Engine + Send + 'static,
) -> Window {
    let builder = builder.with_pixels_per_point(pixels_per_point);
    open_saved(photo, builder, Box::new(|| Ok(engine())))
}

/// As [`open`], with an engine that may fail to load.
pub fn open_with_loader(
    photo: &image::DynamicImage,
    load: impl FnOnce() -> Result<Engine, InferenceError> + Send + 'static,
) -> Window {
    open_saved(photo, HarnessBuilder::default(), Box::new(load))
}

/// As [`open`], started with other options.
pub fn open_with_options(
    photo: &image::DynamicImage,
    change: impl FnOnce(&mut AppOptions) + 'static,
) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.png");
    photo.save(&path).unwrap();
    let builder = HarnessBuilder::default();
    let load: Loader = Box::new(|| Ok(fake_engine()));
    let mut window = start_with(folder, Some(path), builder, load, change);
    window.until("the photo is open", |app| app.document().is_some());
    window
}

/// Opens the file at `path` in `folder`.
pub fn open_path(folder: TempDir, path: PathBuf, builder: HarnessBuilder<UnscratchApp>) -> Window {
    let mut window = start(folder, Some(path), builder, Box::new(|| Ok(fake_engine())));
    window.until("the photo is open", |app| app.document().is_some());
    window
}

/// A window without a photo.
pub fn empty() -> Window {
    let folder = tempfile::tempdir().unwrap();
    start(
        folder,
        None,
        HarnessBuilder::default(),
        Box::new(|| Ok(fake_engine())),
    )
}

/// A window in `folder`, with or without a photo, started with other options.
pub fn start_in(
    folder: TempDir,
    file: Option<PathBuf>,
    change: impl FnOnce(&mut AppOptions) + 'static,
) -> Window {
    let load: Loader = Box::new(|| Ok(fake_engine()));
    start_with(folder, file, HarnessBuilder::default(), load, change)
}

/// As [`start_in`], with an engine of its own.
pub fn start_with_engine(
    folder: TempDir,
    file: Option<PathBuf>,
    engine: impl FnOnce() -> Engine + Send + 'static,
    change: impl FnOnce(&mut AppOptions) + 'static,
) -> Window {
    let load: Loader = Box::new(|| Ok(engine()));
    start_with(folder, file, HarnessBuilder::default(), load, change)
}

fn open_saved(
    photo: &image::DynamicImage,
    builder: HarnessBuilder<UnscratchApp>,
    load: Loader,
) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.png");
    photo.save(&path).unwrap();
    let mut window = start(folder, Some(path), builder, load);
    window.until("the photo is open", |app| app.document().is_some());
    window
}

fn start(
    folder: TempDir,
    file: Option<PathBuf>,
    builder: HarnessBuilder<UnscratchApp>,
    load: Loader,
) -> Window {
    start_with(folder, file, builder, load, |_| ())
}

fn start_with(
    folder: TempDir,
    file: Option<PathBuf>,
    builder: HarnessBuilder<UnscratchApp>,
    load: Loader,
    change: impl FnOnce(&mut AppOptions) + 'static,
) -> Window {
    let settings = SettingsStore::load(Some(folder.path().join("window.toml")));
    let harness = builder
        .with_size(Vec2::new(1366.0, 768.0))
        .with_max_steps(64)
        .build_eframe(move |cc| {
            let ctx = cc.egui_ctx.clone();
            let wake = Arc::new(move || ctx.request_repaint());
            let jobs = JobSystem::with_engine(load, wake).unwrap();
            let mut options = AppOptions {
                settings,
                file: file.map(Into::into),
                ..AppOptions::default()
            };
            change(&mut options);
            UnscratchApp::new(&cc.egui_ctx, jobs, options)
        });
    Window { harness, folder }
}

impl Window {
    pub fn app(&self) -> &UnscratchApp {
        self.harness.state()
    }

    /// Draws frames until `reached`, for at most half a minute.
    pub fn until(&mut self, what: &str, reached: impl Fn(&UnscratchApp) -> bool) {
        let started = Instant::now();
        loop {
            self.harness.step();
            if reached(self.harness.state()) {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "waited in vain until {what}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until nothing runs and nothing moves.
    pub fn settle(&mut self) {
        self.until("all work is done", |app| {
            let work = app.work();
            work.engine.is_some()
                && work.opening.is_none()
                && work.detecting.is_none()
                && work.filling.is_none()
                && work.exporting.is_none()
                && work.mask_file.is_none()
                && work.marking.is_none()
                && !app.is_planning()
                && !work.tracing
                && !app.is_looking_for_work()
                && work.mending.is_none()
                && work.searching.is_none()
                && !app.canvas().is_making_levels()
        });
        self.harness.run();
        self.harness.run();
    }

    /// Where the photo lies on the screen.
    pub fn placement(&self) -> Placement {
        let app = self.app();
        let photo = app.document().unwrap().photo();
        Placement::new(
            &app.view().view,
            app.view().viewport,
            self.harness.ctx.pixels_per_point(),
            photo.size(),
            photo.metadata().orientation,
        )
    }

    /// The screen position of an image position.
    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        self.placement().screen_from_image((x, y))
    }

    pub fn press(&mut self, button: PointerButton, pos: Pos2, modifiers: Modifiers) {
        self.harness.event(egui::Event::PointerMoved(pos));
        self.harness.event(egui::Event::PointerButton {
            pos,
            button,
            pressed: true,
            modifiers,
        });
        self.harness.step();
    }

    pub fn release(&mut self, button: PointerButton, pos: Pos2) {
        self.harness.event(egui::Event::PointerButton {
            pos,
            button,
            pressed: false,
            modifiers: Modifiers::NONE,
        });
        self.harness.step();
    }

    /// A stroke through image positions with `button`.
    pub fn stroke(&mut self, button: PointerButton, points: &[(f64, f64)]) {
        let places: Vec<Pos2> = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.press(button, places[0], Modifiers::NONE);
        for &pos in &places[1..] {
            self.harness.event(egui::Event::PointerMoved(pos));
        }
        self.harness.step();
        self.release(button, places[places.len() - 1]);
    }

    /// The effective mask at a pixel.
    pub fn mask_at(&self, x: u32, y: u32) -> u8 {
        let mut value = [0];
        let rect = unscratch::geometry::PixelRect::new(x, y, 1, 1);
        self.app()
            .document()
            .unwrap()
            .effective_mask()
            .read_rect(rect, &mut value);
        value[0]
    }

    /// The restored pixel, 8 bit RGB.
    pub fn restored_at(&self, x: u32, y: u32) -> [u8; 3] {
        let document = self.app().document().unwrap();
        let rect = unscratch::geometry::PixelRect::new(x, y, 1, 1);
        match unscratch::restore::composite_rect(document.photo(), document.restoration(), rect) {
            unscratch::photo::Samples::U8(values) => [values[0], values[1], values[2]],
            unscratch::photo::Samples::U16(_) => unreachable!("8-bit photos only"),
        }
    }

    /// Drops the file at `path` on the window.
    pub fn drop_file(&mut self, path: &Path) {
        let file = Arc::new(Dropped(path.to_path_buf()));
        self.harness.input_mut().dropped_files.push(file);
        self.harness.step();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A file dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Names of all widgets that say one.
pub fn labels(window: &Window) -> Vec<String> {
    let nodes = window.harness.root().children_recursive();
    nodes
        .filter_map(|node| node.accesskit_node().label())
        .collect()
}

/// A dark photo of 320 × 240 px without anything red.
pub fn plain() -> image::DynamicImage {
    image::RgbImage::from_fn(320, 240, |x, y| {
        image::Rgb([
            (x % 90) as u8,
            (y % 200) as u8,
            ((x * 7 + y * 13) % 256) as u8,
        ])
    })
    .into()
}

/// [`plain`] with a bright vertical line at [`SCRATCH`].
pub fn scratched() -> image::DynamicImage {
    let mut photo = plain().to_rgb8();
    for y in 20..220 {
        for x in SCRATCH {
            photo.put_pixel(x, y, image::Rgb([255, 250, 240]));
        }
    }
    photo.into()
}

/// All pixels of a file as 8-bit RGB.
pub fn read(path: &Path) -> image::RgbImage {
    image::open(path).unwrap().to_rgb8()
}
