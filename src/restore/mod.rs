//! Detection (stage 1), filling (stage 2) and the composite.

mod alpha;
mod area;
mod cell;
mod coarse;
mod colour;
mod composite;
mod context;
mod detect;
mod error;
mod group;
mod inpaint;
mod merge;
mod options;
mod plan;
mod progress;
mod pyramid;
mod rerender;
mod restoration;
mod trace;

pub use alpha::{ALPHA_REACH_PX, AlphaSource, alpha_photo, alpha_rect, hole_rect};
pub use area::detect_area;
pub use cell::{FillCell, FillSpan, RectFill};
pub use composite::composite_rect;
pub use context::ContextCache;
pub use detect::{Detection, detect};
pub use error::RestoreError;
pub use inpaint::{fill_cell, fill_cells, restore_photo};
pub use options::{Sensitivity, threshold_from_probability};
pub use plan::{CELL_PX, CellPlan, FillPlanner, plan_fill};
pub use progress::{NoProgress, ProgressSink, Stage};
pub use rerender::{AlphaRaster, FillWindow, fill_windows, rerender};
pub use restoration::{DEFAULT_FILL_CACHE_BYTES, Restoration};
pub use trace::{Trace, trace_scratch};
