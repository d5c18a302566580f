//! Tests of the window through the accessibility tree and through what it draws; no display, no GPU, no model needed.

#![cfg(feature = "gui")]

mod flow;
mod pixels;
mod support;
