//! TIFF to TIFF: a copy of the master's bytes in which only strips or tiles with repaired pixels are packed again.
//!
//! Tags, other pages, thumbnails, maker notes and further channels survive because nobody touches them. Unpacked strips
//! and tiles are renewed in place; packed ones are added at the file's end and the page points to them there. So is an XMP
//! packet that says what was done, when one is asked for. Smaller copies of the page in the file are repaired with it.
//! Bytes that another page, or another tag, has in common with the page are left to it, and the page gets its own.

mod copies;
mod packet;
mod renew;
mod verify;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use self::copies::Copies;
pub use self::copies::foretell_old_copies;
use self::renew::Renewal;
use super::{ExportOutcome, hash};
use crate::geometry::PixelRect;
use crate::io::EncodeError;
use crate::io::atomic::write_whole;
use crate::io::tiff_page::{Claims, PageAt, PageFault, PageLayout, TiffFile};
use crate::mask::MaskLayer;
use crate::photo::{FileFormat, Photo, Samples};

/// A restored photo as a patch needs it: asked for piece by piece, never held as a whole.
pub struct Restored<'a> {
    /// The master.
    pub photo: &'a Photo,
    /// α of the composite, stored order; where it is 0 nothing is ever changed.
    pub alpha: &'a MaskLayer,
    /// The restored samples of a rectangle inside the photo: interleaved colour, the master's depth.
    pub pixels: &'a (dyn Fn(PixelRect) -> Samples + Sync),
    /// The XMP packet the copy gets instead of the master's; `None` leaves that one.
    pub xmp: Option<&'a [u8]>,
}

/// What came of a patch.
#[derive(Debug)]
pub enum Patch {
    /// The file is written and checked.
    Written {
        /// The file.
        outcome: ExportOutcome,
        /// Pixels that differ from the master, counted in the written file; all of them have α above 0.
        changed_pixels: u64,
        /// Strips or tiles of the page that were packed again.
        renewed_chunks: usize,
        /// Smaller copies of the page, pyramid levels and thumbnails, that were repaired with it.
        renewed_copies: usize,
    },
    /// This master cannot be patched and nothing was written; it has to be encoded as any other picture.
    NotPossible {
        /// Why, as sentences for the person.
        reasons: Vec<String>,
    },
}

/// Why patching ended.
enum Stop {
    /// The master is not one that can be patched.
    Page(PageFault),
    /// The target cannot be written.
    Write(std::io::Error),
}

impl From<PageFault> for Stop {
    fn from(fault: PageFault) -> Self {
        Self::Page(fault)
    }
}

/// What is said when the master's file no longer holds what was opened.
const OTHER_FILE: PageFault = PageFault::Damaged("its file has changed since it was opened");

/// Copies the master to `target` and replaces the pixels with α above 0: all or nothing, never over the master.
///
/// Every pixel of the file is read back and compared, those with α 0 with the master's, before the file gets its name.
///
/// # Errors
/// [`EncodeError`] when the target cannot be written; nothing is left behind.
///
/// # Panics
/// When `alpha` is not of the photo's size, or `pixels` gives other samples than it was asked for.
pub fn export_patched(
    restored: &Restored<'_>,
    target: &Path,
    overwrite: bool,
) -> Result<Patch, EncodeError> {
    let photo = restored.photo;
    assert_eq!(restored.alpha.size(), photo.size(), "α of the photo");
    if photo.source().format != FileFormat::Tiff {
        let reasons = vec!["Only a TIFF can be copied to a TIFF.".to_owned()];
        return Ok(Patch::NotPossible { reasons });
    }
    let mut refusal = None;
    let written = write_whole(target, Some(photo.path()), overwrite, |file| {
        write(restored, file, target).map_err(|stop| match stop {
            Stop::Write(error) => EncodeError::from_io(error, target),
            Stop::Page(fault) => {
                let reason = fault.to_string();
                refusal = Some(reason.clone());
                let path = target.to_path_buf();
                EncodeError::Verification { reason, path }
            }
        })
    });
    let Some(reason) = refusal else {
        return written;
    };
    let reasons = vec![written_anew(&reason)];
    Ok(Patch::NotPossible { reasons })
}

fn written_anew(reason: &str) -> String {
    format!("The file is written anew and is no patched copy of the original, because {reason}.")
}

fn write(restored: &Restored<'_>, file: &mut File, target: &Path) -> Result<Patch, Stop> {
    let photo = restored.photo;
    let master = File::open(photo.path()).map_err(PageFault::Io)?;
    let tiff = TiffFile::open(&master)?;
    let layout = PageLayout::read(&tiff, place_of(photo))?;
    check_layout(&layout, photo)?;
    let claims = Claims::of(&tiff)?;
    check_directory(&claims, &layout)?;
    let renewal = Renewal::new(restored, &layout, &tiff);
    copy(&master, file, photo)?;
    let renewed_chunks = renewal.write(&claims, file)?;
    let copies = Copies::of(restored, &layout, &tiff, &claims);
    copies.write(&tiff, &claims, file)?;
    let mut link = None;
    if let Some(xmp) = restored.xmp {
        link = packet::replace(file, photo.metadata().page, xmp)?;
    }

    let started = Instant::now();
    let changed_pixels = verify::check(restored, place_of(photo), &layout, &master, file)?;
    copies.check(&master, file)?;
    if !claims.are_kept(&master, file, &copies.renewed_with(&layout), link)? {
        return Err(verify::DIFFERS.into());
    }
    let verifying = started.elapsed();
    file.rewind().map_err(Stop::Write)?;
    let outcome = ExportOutcome {
        path: target.to_path_buf(),
        file_bytes: file.metadata().map_err(Stop::Write)?.len(),
        sha256: hash::sha256_of(file).map_err(Stop::Write)?,
        lossy: false,
        largest_difference: 0,
        not_carried: copies.old,
        verifying,
    };
    Ok(Patch::Written {
        outcome,
        changed_pixels,
        renewed_chunks,
        renewed_copies: copies.renewed.len(),
    })
}

/// The page a photo was decoded from.
fn place_of(photo: &Photo) -> PageAt {
    PageAt::Chain(photo.metadata().page)
}

/// Whether the photo's file, as it is now, looks like one that can be patched.
pub fn can_patch(photo: &Photo) -> bool {
    photo.source().format == FileFormat::Tiff && why_not_patched(photo).is_none()
}

/// Why a TIFF of a TIFF's `photo` is written anew, as the sentence that [`export_patched`] will give; `None` when the file,
/// as it is now, looks like one that can be patched.
pub fn why_not_patched(photo: &Photo) -> Option<String> {
    let check = || {
        let master = File::open(photo.path())?;
        let tiff = TiffFile::open(&master)?;
        let layout = PageLayout::read(&tiff, place_of(photo))?;
        check_layout(&layout, photo)?;
        check_directory(&Claims::of(&tiff)?, &layout)
    };
    let fault: PageFault = check().err()?;
    Some(written_anew(&fault.to_string()))
}

/// Refuses a page that cannot be the one the photo was decoded from.
fn check_layout(layout: &PageLayout, photo: &Photo) -> Result<(), PageFault> {
    let is_same = layout.size == photo.size()
        && layout.bits == photo.depth().bits()
        && layout.colours == photo.channels().count()
        && layout.samples >= layout.colours + usize::from(photo.alpha().is_some());
    if is_same { Ok(()) } else { Err(OTHER_FILE) }
}

/// Refuses a page whose directory another one has bytes of: no entry in it could be changed for this page alone.
fn check_directory(claims: &Claims, layout: &PageLayout) -> Result<(), PageFault> {
    if claims.is_shared(layout.directory_at) {
        let reason = "its page shares its directory with another one";
        return Err(PageFault::Foreign(reason.to_owned()));
    }
    Ok(())
}

/// Copies the whole master, which must be what was opened, bit for bit.
fn copy(mut master: &File, file: &mut File, photo: &Photo) -> Result<(), Stop> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    master.rewind().map_err(PageFault::Io)?;
    loop {
        let count = master.read(&mut buffer).map_err(PageFault::Io)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(Stop::Write)?;
    }
    let sha256: [u8; 32] = hasher.finalize().into();
    if sha256 == photo.source().sha256 {
        Ok(())
    } else {
        Err(OTHER_FILE.into())
    }
}

/// Adds `bytes` at the end of `file`, on an even position, as TIFF 6.0 section 2 asks; where they begin.
fn append(file: &mut File, bytes: &[u8], is_big: bool) -> Result<u64, Stop> {
    let end = file.seek(SeekFrom::End(0)).map_err(Stop::Write)?;
    let start = end.next_multiple_of(2);
    let padding = &[0][..(start - end) as usize];
    file.write_all(padding).map_err(Stop::Write)?;
    file.write_all(bytes).map_err(Stop::Write)?;
    check_end(start + bytes.len() as u64, is_big)?;
    Ok(start)
}

/// Refuses a file whose positions pass what its kind can say.
fn check_end(end: u64, is_big: bool) -> Result<(), PageFault> {
    if is_big || u32::try_from(end).is_ok() {
        return Ok(());
    }
    let reason = "the copy would pass 4 GiB, which only a BigTIFF can";
    Err(PageFault::Foreign(reason.to_owned()))
}

fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> Result<(), Stop> {
    file.seek(SeekFrom::Start(at)).map_err(Stop::Write)?;
    file.write_all(bytes).map_err(Stop::Write)
}

/// The part of a row from the first to the last pixel with α above 0, out of `width` pixels from (`x`, `y`) on; `None` when there is none.
fn repaired_span(restored: &Restored<'_>, x: u32, y: u32, width: u32) -> Option<PixelRect> {
    restored.alpha.span_in_row(x, y, width)
}

/// A code value as the page stores it: the same, or inverted where white is zero.
const fn as_stored(layout: &PageLayout, value: u16) -> u16 {
    if layout.is_white_zero {
        layout.max_value() - value
    } else {
        value
    }
}
