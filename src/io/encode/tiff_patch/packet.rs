//! Gives a page another XMP packet, at the file's end; no other tag is touched.

use std::fs::File;

use super::{Stop, append, write_at};
use crate::io::tiff_page::{PageFault, TiffFile};

/// Tag of the XMP packet. Source: XMP specification part 3, section 3.3.
const XMP: u16 = 700;
/// Bytes, as the specification asks.
const BYTE: u16 = 1;
/// Bytes of no meaning, as some programs write it.
const UNDEFINED: u16 = 7;

/// Lets page `page` of `file` point to `packet`; the old packet stays behind as bytes without a name.
///
/// A page that had none gets a new directory at the end of the file, a copy of the old one with one entry more; where the
/// position of the directory stands then, and its length, is the answer.
pub fn replace(file: &mut File, page: u32, packet: &[u8]) -> Result<Option<(u64, u64)>, Stop> {
    let too_long = || PageFault::Foreign("its XMP packet does not fit".to_owned());
    let reader = file.try_clone().map_err(Stop::Write)?;
    let tiff = TiffFile::open(&reader)?;
    let directory = tiff.page(page)?;
    let room = if tiff.is_big { 8 } else { 4 };
    let old = directory.entry(XMP);
    let kind = match old {
        Some(entry) if entry.kind == UNDEFINED => UNDEFINED,
        _ => BYTE,
    };
    let value = if packet.len() as u64 <= room {
        let mut value = packet.to_vec();
        value.resize(room as usize, 0);
        value
    } else {
        let start = append(file, packet, tiff.is_big)?;
        tiff.to_bytes(start, room).ok_or_else(too_long)?
    };
    let numbers = [
        (u64::from(XMP), 2),
        (u64::from(kind), 2),
        (packet.len() as u64, room),
    ];
    let mut entry = Vec::new();
    for (number, bytes) in numbers {
        entry.extend(tiff.to_bytes(number, bytes).ok_or_else(too_long)?);
    }
    entry.extend(value);
    if let Some(old) = old {
        write_at(file, old.at, &entry)?;
        return Ok(None);
    }
    let longer = directory.with_entry(&tiff, XMP, &entry);
    let start = append(file, &longer.ok_or_else(too_long)?, tiff.is_big)?;
    let link = tiff.to_bytes(start, room).ok_or_else(too_long)?;
    write_at(file, directory.link_at, &link)?;
    Ok(Some((directory.link_at, room)))
}
