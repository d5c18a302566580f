//! Decoding, encoding, metadata and safe writing: the only module that touches image files.

mod atomic;
mod decode;
mod encode;
mod error;
mod file_set;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod hash;
mod journal;
mod leftovers;
mod limits;
mod mask_file;
mod metadata;
mod naming;
mod ticket;
mod tiff_page;
mod view_file;

pub use atomic::{
    Prepared, check_target, check_writable, folds_case, remove_output, remove_unfinished,
    write_bytes,
};
pub use decode::{Preview, looks_like_photo, open_page, open_page_watched, open_photo};
pub use encode::{
    ExportOptions, ExportOutcome, OutputFormat, Patch, Restored, RowSource, coded_quality,
    edited_xmp, export_patched, export_photo, export_photo_with_xmp, export_rows, foretell_history,
    foretell_losses, foretell_rewriting,
};
pub use error::{DecodeError, EncodeError};
pub use file_set::FileSet;
pub use hash::{hex, sha256_file};
pub use leftovers::{Leftover, clear_leftovers};
pub use limits::DecodeLimits;
pub use mask_file::{load_mask, load_mask_layer, prepare_mask_layer, save_mask, save_mask_layer};
pub use metadata::provenance::{
    XmpEdit, XmpError, derived_from, digital_source_type, edit_xmp, without_folders,
};
pub use naming::{
    NameTemplate, NameTemplateError, differ_in_case_only, is_same_file, mask_name_of, restored_name,
};
pub use view_file::save_view;
