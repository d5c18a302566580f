//! Tests of the window through the accessibility tree and through what it draws; no display, no GPU, no model needed.

#![cfg(feature = "gui")]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(clippy::float_cmp, reason = "exact values are meant")]

mod archive;
mod autosave;
mod brush;
mod compare;
mod correcting;
mod crosshair;
mod details;
mod exporting;
mod files;
mod flow;
mod folders;
mod fresh;
mod keyboard;
mod large;
mod linear;
mod marks;
mod memory;
mod mending;
mod menus;
mod names;
mod overlays;
mod pages;
mod parts;
mod pixels;
mod polish;
mod screen;
mod search;
mod shortcuts;
mod support;
#[path = "../tiff_files/mod.rs"]
mod tiff_files;
mod tools;
mod viewing;
