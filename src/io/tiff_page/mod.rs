//! Where one page of a TIFF file keeps its rows, and how they are packed. Knows no photo, mask or metadata.
//!
//! Everything is read from the file by position, a row at a time, so that memory does not grow with the picture.
//! Counts and positions are checked against the file's length before anything is read or allocated.
//! Source of tags, types and packings: TIFF 6.0, and the `BigTIFF` extension of it.

mod claims;
mod directory;
mod layout;
mod lzw;
mod packbits;
mod packing;
mod reduced;
mod rows;

pub(super) use claims::{Claims, Role, Taken};
pub(super) use directory::{Directory, Entry, PageAt, TiffFile};
pub(super) use layout::PageLayout;
pub(super) use packing::{Packer, Packing};
pub(super) use reduced::{halved_pages, is_preview, main_page, reduced_copies};
pub(super) use rows::{ChunkRows, GroupRows, pack_row, unpack_row};

/// Why a page's rows cannot be reached.
#[derive(Debug)]
pub(super) enum PageFault {
    /// The page is stored in a way that is not handled here; the text continues "because …".
    Foreign(String),
    /// The file contradicts itself; the text continues "because …".
    Damaged(&'static str),
    /// The system could not read.
    Io(std::io::Error),
}

impl From<std::io::Error> for PageFault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for PageFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign(reason) => f.write_str(reason),
            Self::Damaged(reason) => f.write_str(reason),
            Self::Io(error) => write!(f, "the original cannot be read again ({error})"),
        }
    }
}
