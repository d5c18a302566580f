//! What hostile bytes are thrown at: a journal's reader, and a document that takes over what was read. Not in the program.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::capture::{Capture, MasterId};
use super::fields::{In, Out};
use super::reader::{Found, outline, recover};
use super::record::{Kind, MARK, VERSION, push};
use super::storage::Storage;
use super::writer::Writer;
use crate::document::Document;
use crate::geometry::ImageSize;
use crate::mask::LayerName;
use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

/// Size of the photo whose journal is made up, px: two tiles side by side.
const SIZE: ImageSize = ImageSize::new(300, 40);

/// Reads `data` as a journal's file, and as the contents of its records with the checksums put right: each its kind, its
/// length in two bytes and as many bytes, behind a master that is there already.
///
/// # Panics
/// When a promise is broken: what was read is taken over or refused, and what was taken over is written and read the same.
pub fn autosave(data: &[u8]) {
    check(data);
    check(&framed(data));
}

/// A journal whose records hold what `data` says.
fn framed(data: &[u8]) -> Vec<u8> {
    let mut file = MARK.to_vec();
    let mut master = Out::default();
    master.u32(VERSION);
    master.bytes(&[7; 32]);
    master.u32(0);
    master.u32(SIZE.width);
    master.u32(SIZE.height);
    master.blob(b"/photos/a.tif");
    push(&mut file, Kind::Master, &master.0);
    let mut rest = In(data);
    while let (Some(kind), Some(low), Some(high)) = (rest.u8(), rest.u8(), rest.u8()) {
        let len = usize::from(u16::from_le_bytes([low, high])).min(rest.0.len());
        let kinds = [Kind::Tile, Kind::Edit, Kind::State, Kind::Repair];
        let kind = kinds[usize::from(kind) % kinds.len()];
        push(&mut file, kind, rest.bytes(len).unwrap_or_default());
    }
    file
}

fn check(file: &[u8]) {
    let outlined = outline(file);
    let Found::Whole(recovered) = recover(file) else {
        return;
    };
    assert!(outlined.is_some(), "a journal without an outline was read");
    if recovered.master.size != SIZE {
        return;
    }
    let mut document = Document::new(photo());
    let note = Arc::clone(&recovered.capture.note);
    if document.resume(recovered.capture.work).is_err() {
        return;
    }
    while document.undo().is_some() {}
    while document.redo().is_some() {}

    let capture = Capture {
        work: document.saved_work(),
        note,
        exported: recovered.capture.exported,
    };
    let mut memory = Memory(Vec::new());
    let written = Writer::new(&mut memory, MasterId::of(document.photo()))
        .write(capture, SystemTime::UNIX_EPOCH);
    assert!(written.is_ok(), "{written:?}");
    let Found::Whole(again) = recover(&memory.0) else {
        panic!("what was written cannot be read");
    };
    let mut other = Document::new(photo());
    let resumed = other.resume(again.capture.work);
    assert!(resumed.is_ok(), "{resumed:?}");
    for name in LayerName::ALL {
        let layers = [&document, &other].map(|it| name.of(it.mask()).to_raster());
        assert!(layers[0] == layers[1], "{name:?}");
    }
    assert_eq!(document.threshold(), other.threshold());
    let repairs = [&document, &other].map(|it| it.repairs().iter().count());
    assert_eq!(repairs[0], repairs[1]);
}

fn photo() -> Arc<Photo> {
    let source = Source {
        path: PathBuf::from("/photos/a.tif"),
        format: FileFormat::Tiff,
        sha256: [7; 32],
        notes: Vec::new(),
    };
    let samples = Samples::U8(vec![90; SIZE.pixel_count()]);
    let metadata = Metadata::default();
    let photo = Photo::new(SIZE, Channels::Grey, samples, None, metadata, source);
    Arc::new(photo.unwrap_or_else(|error| panic!("{error}")))
}

struct Memory(Vec<u8>);

impl Storage for &mut Memory {
    fn replace(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0 = bytes.to_vec();
        Ok(())
    }

    fn append(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.0.truncate(at as usize);
        self.0.extend(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::mask::MASK_TILE_BYTES;

    /// A tile, an edit that sets it, and a state that holds both.
    fn seed() -> Vec<u8> {
        let mut tile = Out::default();
        tile.u32(1);
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(&vec![200; MASK_TILE_BYTES]).unwrap();
        tile.bytes(&packer.finish().unwrap());
        let slot = |out: &mut Out| {
            out.u32(1);
            out.u8(0);
            out.u32(1);
            out.u32(0);
            out.u32(1);
        };
        let mut edit = Out::default();
        edit.u64(5);
        edit.blob(b"Brush");
        edit.u8(90);
        slot(&mut edit);
        edit.u8(0);
        let mut state = Out::default();
        state.u64(1000);
        state.bytes(&[2, 128]);
        slot(&mut state);
        for number in [0, 0, 0, 1] {
            state.u32(number);
        }
        state.u64(5);
        state.u32(0);
        state.u32(0);
        state.u8(0);
        state.blob(b"zoom");
        let mut file = Vec::new();
        for (kind, content) in [(0, tile.0), (1, edit.0), (2, state.0)] {
            file.push(kind);
            file.extend((content.len() as u16).to_le_bytes());
            file.extend(content);
        }
        file
    }

    #[test]
    fn made_up_journals_are_taken_over_or_refused() {
        autosave(&seed());
        let Found::Whole(recovered) = recover(&framed(&seed())) else {
            panic!("the seed is no journal");
        };
        assert_eq!(recovered.capture.work.undo.len(), 1);
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..300 {
            let mut bytes = seed();
            for _ in 0..=next() % 4 {
                let at = next() as usize % bytes.len();
                bytes[at] = next() as u8;
            }
            autosave(&bytes);
        }
    }
}
