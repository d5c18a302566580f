//! The window: reads the document, queues actions; only [`app`] changes state.

pub mod app;
pub mod area;
pub mod canvas;
pub mod command;
pub mod dialogs;
pub mod icons;
pub mod panels;
pub mod picker;
pub mod screen;
pub mod settings;
pub mod state;
pub mod theme;
pub mod tools;

use std::sync::Arc;

use anyhow::Context as _;
use eframe::egui::{self, ViewportBuilder};

use self::app::{AppOptions, UnscratchApp};
use self::settings::{Settings, SettingsStore};
use crate::jobs::{EngineOptions, JobSystem, OpenRequest};
use crate::journal::JournalFolder;

/// How to open the window.
#[derive(Clone, Debug, Default)]
pub struct GuiOptions {
    /// A photo to open at once.
    pub file: Option<OpenRequest>,
    /// How to load the networks.
    pub engine: EngineOptions,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When no window can be shown: no display, or no usable graphics driver.
pub fn run(options: GuiOptions) -> anyhow::Result<()> {
    let native = eframe::NativeOptions {
        viewport: viewport(),
        // Photos are shown as they are: no noise is added to their pixels.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<
        Box<dyn eframe::App>,
        Box<dyn std::error::Error + Send + Sync>,
    > {
        let ctx = cc.egui_ctx.clone();
        let settings = SettingsStore::load(SettingsStore::default_path());
        let memory_limit_bytes = options.engine.memory_limit_bytes;
        let engine = window_engine(options.engine, &settings.settings);
        let jobs = JobSystem::start(engine, Arc::new(move || ctx.request_repaint()))?;
        let app_options = AppOptions {
            settings,
            use_system_dialogs: true,
            samples: panels::start::find_samples(std::env::current_exe().ok().as_deref()),
            file: options.file,
            maximized: true,
            notches_told_twice: is_on_x11(cc),
            memory_limit_bytes,
            journals: JournalFolder::default_place(),
        };
        Ok(Box::new(UnscratchApp::new(&cc.egui_ctx, jobs, app_options)))
    };
    eframe::run_native("Unscratch", native, Box::new(create))
        .map_err(|error| anyhow::anyhow!("{}", without_source_place(&error.to_string())))
        .context("the window cannot be shown; it needs a display and a Vulkan or OpenGL driver (Debian: mesa-vulkan-drivers)")
}

/// How the window loads the networks: `asked` on the command line, else by the settings; it opens whatever the provider.
fn window_engine(asked: EngineOptions, settings: &Settings) -> EngineOptions {
    let saved = settings.memory_limit_bytes();
    EngineOptions {
        interactive: true,
        cpu_fallback: true,
        memory_limit_bytes: asked.memory_limit_bytes.or(Some(saved)),
        ..asked
    }
}

/// The text of a system's error without the line of the window library's source, which tells the person nothing.
fn without_source_place(text: &str) -> String {
    let after_place = |rest: &str| {
        let (_, rest) = rest.split_once(".rs:")?;
        let (line, said) = rest.split_once(": ")?;
        line.parse::<u32>().is_ok().then(|| said.to_owned())
    };
    let parts = text.split_once("os error at ");
    parts
        .and_then(|(before, rest)| Some(format!("{before}{}", after_place(rest)?)))
        .unwrap_or_else(|| text.to_owned())
}

/// Whether the window is one of an X server.
fn is_on_x11(cc: &eframe::CreationContext<'_>) -> bool {
    use wgpu::rwh::{HasWindowHandle as _, RawWindowHandle};

    cc.window_handle().is_ok_and(|handle| {
        matches!(
            handle.as_raw(),
            RawWindowHandle::Xlib(_) | RawWindowHandle::Xcb(_)
        )
    })
}

fn viewport() -> ViewportBuilder {
    let builder = ViewportBuilder::default()
        .with_title("Unscratch")
        .with_app_id("unscratch")
        .with_inner_size([1280.0, 820.0])
        .with_min_inner_size([860.0, 560.0])
        .with_maximized(true)
        .with_drag_and_drop(true);
    match eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icons/unscratch-256.png"))
    {
        Ok(icon) => builder.with_icon(Arc::new(icon)),
        Err(_) => builder.with_icon(Arc::new(egui::IconData::default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_saved_memory_limit_counts_unless_one_is_given() {
        let settings = Settings {
            memory_limit_mib: 256,
            ..Settings::default()
        };
        let saved = window_engine(EngineOptions::default(), &settings);
        assert_eq!(saved.working_bytes(), 256 << 20);
        assert!(saved.interactive && saved.cpu_fallback);
        let asked = EngineOptions {
            memory_limit_bytes: Some(2 << 30),
            ..EngineOptions::default()
        };
        assert_eq!(window_engine(asked, &settings).working_bytes(), 2 << 30);
        let usual = window_engine(EngineOptions::default(), &Settings::default());
        assert_eq!(
            usual.working_bytes(),
            EngineOptions::default().working_bytes()
        );
    }

    #[test]
    fn a_window_that_cannot_open_says_why_without_a_place_in_a_source() {
        let text = "winit EventLoopError: os error at /build/winit-0.30/src/linux/mod.rs:788: Failed to open connection";
        let said = "winit EventLoopError: Failed to open connection";
        assert_eq!(without_source_place(text), said);
        for other in ["no adapter: none", "os error at noon: late"] {
            assert_eq!(without_source_place(other), other);
        }
    }
}
