//! Unscratch removes scratches, cracks, folds and dust from scanned photographs.
//!
//! The library holds everything but the argument parser of the `unscratch` binary:
//!
//! | module | what it is |
//! |---|---|
//! | [`geometry`] | integer sizes, points, rectangles in image pixels |
//! | [`disposal`] | dropping what is large on another thread |
//! | [`photo`] | the immutable master: pixels at file depth, metadata |
//! | [`mask`] | what is to be repaired: tiled layers, brush, shapes, history |
//! | [`tiling`] | where inference cells lie and what their windows read |
//! | [`inference`] | the `Network` trait, model manifests, ONNX Runtime sessions |
//! | [`restore`] | detection, filling, composite |
//! | [`io`] | decoding, encoding, metadata, safe writing |
//! | [`record`] | what was done to a master, as an archive keeps it, and how it is checked |
//! | [`document`] | one opened photo with its mask, detection and restoration |
//! | [`journal`] | the person's work on disk, safe from being killed, and where it lies |
//! | [`jobs`] | worker threads between the document and the engine |
//! | [`cli`] | the command line |
//! | [`gui`] | the window (feature `gui`) |
//!
//! Dependency rule (`tests/architecture.rs` checks it): `gui` → `jobs`, `journal`, `document`, `mask`, `photo`, `restore`;
//! `cli` → `jobs`, `journal`, `restore`, `io`; `journal` → `document`, `io`; `jobs` → `document`, `record`, `restore`, `io`; `record` → `restore`, `io`; `document` → `restore`, `mask`, `photo`;
//! `restore` → `inference`, `tiling`, `mask`, `photo`; `io` → `photo`, `mask`; every module may use [`geometry`] and [`disposal`].
//! What a module may use, those that point to it may use as well: no module ever uses one that lies above it.

pub mod cli;
pub mod disposal;
pub mod document;
pub mod geometry;
#[cfg(feature = "gui")]
pub mod gui;
pub mod inference;
pub mod io;
pub mod jobs;
pub mod journal;
pub mod mask;
pub mod photo;
pub mod record;
pub mod restore;
pub mod tiling;
