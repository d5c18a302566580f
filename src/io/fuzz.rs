//! What hostile bytes are thrown at: one function a parser of ours, shared by `fuzz/` and by the test below. Not in the program.
//!
//! A function returns when the bytes were read or refused, and panics when a promise is broken: what was written must open
//! again and hold the pixels handed over. Panics of third-party decoders are caught where a photo is opened, as in the program.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::journal::Journal;
use super::metadata::provenance::XmpEdit;
use super::metadata::{exif, iptc, xmp};
use super::{
    DecodeLimits, ExportOptions, OutputFormat, Patch, Restored, digital_source_type, edit_xmp,
    export_patched, export_photo_with_xmp, foretell_losses, load_mask, open_page,
};
use crate::geometry::{ImageSize, PixelRect};
use crate::mask::MaskLayer;
use crate::photo::{Photo, Samples};

/// Memory a decoder may take for a file of a few kilobytes, bytes.
const LIMIT: DecodeLimits = DecodeLimits::new(48 << 20);
/// Pixels up to which a photo is exported, so that most time goes into reading.
const EXPORTED_PIXELS: usize = 1 << 14;
const PACKET: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";

/// Opens `data` as whatever picture it is and writes it in every format.
///
/// # Panics
/// When a promise is broken.
pub fn picture(data: &[u8]) {
    let Ok(photo) = open_page(&file("picture", data), &LIMIT, None) else {
        return;
    };
    if photo.size().pixel_count() > EXPORTED_PIXELS {
        return;
    }
    let jpeg = |quality| OutputFormat::Jpeg { quality };
    for format in [
        OutputFormat::Png,
        OutputFormat::Tiff,
        jpeg(None),
        jpeg(Some(70)),
    ] {
        foretell_losses(&photo, format);
        for xmp in [None, Some(PACKET)] {
            export(&photo, format, xmp);
        }
    }
}

fn export(photo: &Photo, format: OutputFormat, xmp: Option<&[u8]>) {
    let target = place(&format!("derivative.{}", format.extension()));
    let options = ExportOptions {
        format,
        overwrite: true,
    };
    let outcome = export_photo_with_xmp(photo, photo.samples(), &target, &options, xmp);
    let outcome = outcome.unwrap_or_else(|error| panic!("{}: {error}", format.name()));
    let again = open_page(&target, &DecodeLimits::new(1 << 30), None);
    let again = again.unwrap_or_else(|error| panic!("{}: {error}", format.name()));
    assert_eq!(again.size(), photo.size(), "{}", format.name());
    if !outcome.lossy {
        assert!(
            again.samples() == photo.samples(),
            "{}: pixels",
            format.name()
        );
        assert!(again.alpha() == photo.alpha(), "{}: alpha", format.name());
    }
}

/// Opens a page of `data`, which starts with the page's number, and patches it.
///
/// # Panics
/// When a promise is broken.
pub fn tiff(data: &[u8]) {
    let Some((&page, data)) = data.split_first() else {
        return;
    };
    let page = (page < 4).then_some(u32::from(page));
    let Ok(photo) = open_page(&file("master.tif", data), &LIMIT, page) else {
        return;
    };
    if photo.size().pixel_count() > EXPORTED_PIXELS {
        return;
    }
    let size = photo.size();
    let alpha: Vec<u8> = (0..size.pixel_count())
        .map(|at| if at % 7 < 3 { 255 } else { 0 })
        .collect();
    let layer = MaskLayer::from_raster(size, &alpha);
    let pixels = |rect: PixelRect| inverted(&photo, &alpha, rect);
    for packet in [None, Some(PACKET)] {
        let restored = Restored {
            photo: &photo,
            alpha: &layer,
            pixels: &pixels,
            xmp: packet,
        };
        let target = place("patched.tif");
        // A refusal is an answer; a file that was written must be right.
        if let Ok(Patch::Written { outcome, .. }) = export_patched(&restored, &target, true) {
            let page = Some(photo.metadata().page);
            let again = open_page(&outcome.path, &DecodeLimits::new(1 << 30), page);
            let again = again.unwrap_or_else(|error| panic!("a patched copy: {error}"));
            let whole = inverted(&photo, &alpha, size.rect());
            assert!(*again.samples() == whole, "a patched copy's pixels");
        }
    }
}

/// The photo's samples in `rect`, inverted where `alpha` is above 0.
fn inverted(photo: &Photo, alpha: &[u8], rect: PixelRect) -> Samples {
    let channels = photo.channels().count();
    let max = photo.samples().depth().max_value();
    let mut values = Vec::new();
    for y in rect.y..rect.bottom() {
        for x in rect.x..rect.right() {
            let pixel = photo.size().index(x, y);
            for channel in 0..channels {
                let value = photo.samples().get(pixel * channels + channel);
                values.push(if alpha[pixel] > 0 { max - value } else { value });
            }
        }
    }
    match photo.samples() {
        Samples::U8(_) => Samples::U8(values.into_iter().map(|value| value as u8).collect()),
        Samples::U16(_) => Samples::U16(values),
    }
}

/// Reads `data`, which starts with the width and height expected, as a mask.
///
/// # Panics
/// When a promise is broken.
pub fn mask(data: &[u8]) {
    let &[width, height, ref data @ ..] = data else {
        return;
    };
    let size = ImageSize::new(u32::from(width), u32::from(height));
    if let Ok(mask) = load_mask(&file("mask", data), size, &LIMIT) {
        assert_eq!(mask.len(), size.pixel_count());
    }
}

/// Takes `data` apart as EXIF and puts it together again.
///
/// # Panics
/// When a promise is broken.
pub fn exif(data: &[u8]) {
    exif::orientation(data);
    exif::resolution(data);
    exif::unread(data);
    let bare = exif::without_thumbnail(data.to_vec());
    assert_eq!(bare.len(), data.len());
    if exif::has_thumbnail(data) {
        assert!(!exif::has_thumbnail(&bare), "a thumbnail stayed");
    }
    let Some(tree) = exif::ExifTree::parse(data) else {
        return;
    };
    let again = exif::ExifTree::parse(&tree.to_blob());
    let again = again.unwrap_or_else(|| panic!("a blob of our own cannot be read"));
    assert!(again.to_blob().len() <= tree.to_blob().len());
}

/// Reads `data` as Photoshop's resources and as the text of a raw profile.
///
/// # Panics
/// When a promise is broken.
pub fn iptc(data: &[u8]) {
    if let Some(records) = iptc::from_resources(data) {
        let block = iptc::to_resource(&records);
        assert_eq!(iptc::from_resources(&block), Some(records));
    }
    if let Some(bare) = iptc::without_thumbnails(data) {
        assert!(bare.len() < data.len());
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(bytes) = iptc::from_raw_profile(text)
    {
        let again = iptc::to_raw_profile("iptc", &bytes);
        assert_eq!(iptc::from_raw_profile(&again), Some(bytes));
    }
}

/// Adds a restoration to `data` as an XMP packet, twice, and joins it with what stands behind its first zero byte.
///
/// # Panics
/// When a promise is broken.
pub fn xmp(data: &[u8]) {
    digital_source_type(data);
    let edit = XmpEdit {
        is_filled: true,
        when: "2026-01-02T03:04:05Z".to_owned(),
        software_agent: "Unscratch".to_owned(),
        parameters: "a < b & c".to_owned(),
        master_name: "box 7.tif".to_owned(),
        digital_source_type: Some("http://cv.iptc.org/newscodes/digitalsourcetype/print"),
    };
    if let Ok(edited) = edit_xmp(Some(data), &edit) {
        assert!(digital_source_type(&edited).is_some(), "the term is lost");
        let again = edit_xmp(Some(&edited), &edit);
        assert!(again.is_ok(), "it was spoilt: {again:?}");
    }
    let mut parts = data.splitn(2, |&byte| byte == 0);
    if let (Some(packet), Some(behind)) = (parts.next(), parts.next()) {
        xmp::merge(packet, behind);
        let pieces: Vec<&[u8]> = behind.chunks(64).collect();
        xmp::extended(&pieces, packet);
    }
}

/// When every file that [`set_journal`] makes was last written, since 1970: a journal that says so is followed.
const WRITTEN: Duration = Duration::from_secs(1_000_000_000);

/// Follows `data` as the journal of a set that was given its names, and of one that was taken back, in a folder with a master.
///
/// # Panics
/// When the master, or a file that lies in another folder, does not stay what it was.
pub fn set_journal(data: &[u8]) {
    let Ok(journal) = Journal::from_bytes(data) else {
        return;
    };
    for is_back in [false, true] {
        let around = tempfile::tempdir_in(place(""));
        let around = around.unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = around.path().join("folder");
        let staging = folder.join(".unscratch-1-aBc123.part");
        std::fs::create_dir_all(&staging).unwrap_or_else(|error| panic!("no folder: {error}"));
        let (master, outside) = (folder.join("m.tif"), around.path().join("o"));
        write_dated(&master, "master");
        write_dated(&outside, "outside");
        write_dated(&folder.join("a"), "old");
        for name in ["a", "b", "m.tif", "o", "a.old", "m.tif.old", "o.old"] {
            write_dated(&staging.join(name), "newer");
        }
        if is_back {
            write_dated(&staging.join("taking-back"), "");
        }
        // What is said of it does not matter here.
        drop(journal.resume(&staging, &folder, Some(&master)));
        for (path, content) in [(&master, "master"), (&outside, "outside")] {
            let found = std::fs::read(path).ok();
            assert_eq!(found.as_deref(), Some(content.as_bytes()));
        }
    }
}

fn write_dated(path: &Path, content: &str) {
    let written = std::fs::write(path, content).and_then(|()| {
        let file = std::fs::File::options().write(true).open(path)?;
        file.set_modified(UNIX_EPOCH + WRITTEN)
    });
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// A path in a folder that goes away with the thread, in memory where the system has such a place.
fn place(name: &str) -> PathBuf {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            tempfile::tempdir_in("/dev/shm")
                .or_else(|_| tempfile::tempdir())
                .unwrap_or_else(|error| panic!("no temporary folder: {error}"))
        });
        folder.path().join(name)
    })
}

fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = place(name);
    std::fs::write(&path, data).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

#[cfg(test)]
mod tests;
