//! The window: reads the document, queues commands; only `app.rs` changes state.
