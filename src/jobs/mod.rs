//! Worker threads between the document and the engine: latest-wins slots, cancel, progress.
