//! The worker threads with fake networks: what supersedes what, cancelling, panics, shutdown, exports.

mod dossier;
mod early;
mod export;
mod fill;
mod support;
