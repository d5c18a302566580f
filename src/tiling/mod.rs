//! Where network windows lie: pure integer geometry, no pixels, no I/O.
//!
//! A window reads its core and a halo around it. Origins and sizes lie on the 64-px grid and never leave the photo
//! rounded up to that grid, so that every window sees the photo exactly as one window over the whole photo would.

mod plan;

pub use plan::{
    Window, grown_to, padded_size, plan_part, plan_windows, snap_outward, window_around,
};
