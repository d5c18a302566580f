//! What a sound TIFF may say that is not read, told apart from damage; and the predictor tag where it has no meaning. No pixels.

use super::super::Fault;
use crate::io::tiff_page::{Directory, TiffFile};

mod tag {
    pub const COMPRESSION: u16 = 259;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const STRIP_COUNTS: u16 = 279;
    pub const PREDICTOR: u16 = 317;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    /// Pixels a page is deep, and a tile. Source: `LibTIFF`, after SGI's extensions.
    pub const IMAGE_DEPTH: u16 = 32_997;
    pub const TILE_DEPTH: u16 = 32_998;
}

const NONE: u64 = 1;
const LZW: u64 = 5;
const PACK_BITS: u64 = 32_773;

/// What to do with a file that other programs read.
const RESAVE: &str =
    "open it in another program and save it as a TIFF with LZW or without compression";

/// Whether a packing (by the value of its tag) is one whose pixels may be differences: LZW, Deflate in both numbers, LZMA and
/// Zstandard.
///
/// Source: `LibTIFF`, whose other codecs do not know the tag.
const fn may_predict(compression: u64) -> bool {
    matches!(compression, LZW | 8 | 32_946 | 34_925 | 50_000)
}

/// Refuses a page that is stored in a way which is sound but not read, before anything calls it damaged.
///
/// # Errors
/// [`Fault::Unsupported`]. What cannot be found out here is left to who reads the page.
pub fn refuse_unread(tiff: &TiffFile<'_>, page: u32) -> Result<(), Fault> {
    let Ok(directory) = tiff.page(page) else {
        return Ok(());
    };
    let first = |tag| first_value(tiff, &directory, tag);
    let has = |tag| directory.entry(tag).is_some();
    let compression = first(tag::COMPRESSION).unwrap_or(NONE);
    let predictor = first(tag::PREDICTOR).unwrap_or(1);
    let what = if compression == PACK_BITS && predictor != 1 {
        "this TIFF is packed with PackBits and names a predictor, which some programs apply and others ignore, so it is not supported".to_owned()
    } else if may_predict(compression) && !matches!(predictor, 1..=3) {
        format!("this TIFF names the predictor {predictor}, which is not supported")
    } else if [tag::IMAGE_DEPTH, tag::TILE_DEPTH]
        .into_iter()
        .any(|tag| first(tag).is_some_and(|depth| depth > 1))
    {
        "this TIFF holds a solid of several layers (3-D tiles), which is not supported".to_owned()
    } else if has(tag::STRIP_OFFSETS) && !has(tag::STRIP_COUNTS)
        || has(tag::TILE_OFFSETS) && !has(tag::TILE_COUNTS)
    {
        "this TIFF does not say how long its strips or tiles are, which is not supported".to_owned()
    } else if compression == LZW && is_old_lzw(tiff, &directory) {
        "this TIFF is packed with LZW in the old way (bits reversed), which is not supported"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(Fault::Unsupported {
        what,
        remedy: RESAVE,
    })
}

/// Where the value of a predictor tag stands that has no meaning, because the page's packing knows none, and the bytes that
/// say so: the `tiff` crate (0.11) would undo a prediction whatever the packing, which gives noise.
pub fn void_predictor(tiff: &TiffFile<'_>, page: u32) -> Option<(u64, Vec<u8>)> {
    const NO_PREDICTION: u64 = 1;
    let directory = tiff.page(page).ok()?;
    let compression = first_value(tiff, &directory, tag::COMPRESSION).unwrap_or(NONE);
    if may_predict(compression) {
        return None;
    }
    let entry = directory.entry(tag::PREDICTOR)?;
    Some((
        entry.values_at,
        tiff.to_bytes(NO_PREDICTION, entry.value_bytes())?,
    ))
}

fn first_value(tiff: &TiffFile<'_>, directory: &Directory, tag: u16) -> Option<u64> {
    let values = tiff.values(&directory.entry(tag)?).ok()?;
    values.first().copied()
}

/// Whether the first strip or tile begins as programs before TIFF 6.0 packed it, with the lowest bit of a code first.
///
/// Source: `LibTIFF`'s test for such files: a clear code that begins with a byte of 0.
fn is_old_lzw(tiff: &TiffFile<'_>, directory: &Directory) -> bool {
    let at = [tag::STRIP_OFFSETS, tag::TILE_OFFSETS]
        .into_iter()
        .find_map(|tag| first_value(tiff, directory, tag));
    let mut start = [0; 2];
    at.is_some_and(|at| tiff.read_at(at, &mut start).is_ok()) && start[0] == 0 && start[1] & 1 == 1
}
