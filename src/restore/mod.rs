//! Detection (stage 1), filling (stage 2) and the composite.

mod alpha;

pub use alpha::{ALPHA_REACH_PX, alpha_photo, alpha_rect, hole_rect};
