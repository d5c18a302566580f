//! What is to be repaired: tiled layers, brush, shapes, history. No files, no window.
