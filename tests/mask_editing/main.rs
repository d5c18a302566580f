//! Editing the mask as a person does: brush, undo, document. Checked against flat pictures and the definition of a dab.

mod brush;
mod document;
mod history;
