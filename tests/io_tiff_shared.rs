//! Pages of a TIFF that have bytes in common: repairing one leaves the others as they are.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use std::path::Path;

use io_files::Folder;
use tiff_files::{Page, tiff};
use unscratch::geometry::PixelRect;
use unscratch::io::{DecodeLimits, Patch, Restored, export_patched, open_page};
use unscratch::mask::MaskLayer;
use unscratch::photo::{Photo, Samples};

const STRIP_OFFSETS: u16 = 273;
const STRIP_COUNTS: u16 = 279;
const SUB_DIRECTORIES: u16 = 330;
const PACKET: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";

/// A classic TIFF with the low byte first, to be changed by hand.
struct Bytes(Vec<u8>);

impl Bytes {
    fn short(&self, at: usize) -> usize {
        usize::from(u16::from_le_bytes(self.0[at..at + 2].try_into().unwrap()))
    }

    fn long(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn set(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Where the directory of page `page` stands.
    fn directory(&self, page: usize) -> usize {
        let next = |at: usize| self.long(at + 2 + 12 * self.short(at)) as usize;
        (0..page).fold(self.long(4) as usize, |at, _| next(at))
    }

    /// Where the entry of `tag` stands.
    fn entry(&self, page: usize, tag: u16) -> usize {
        let directory = self.directory(page);
        let mut entries = (0..self.short(directory)).map(|index| directory + 2 + 12 * index);
        entries
            .find(|&at| self.short(at) == usize::from(tag))
            .unwrap()
    }

    /// Where the values of `tag` stand, which must not fit into the entry.
    fn array(&self, page: usize, tag: u16) -> usize {
        self.long(self.entry(page, tag) + 8) as usize
    }

    fn count(&self, page: usize, tag: u16) -> usize {
        self.long(self.entry(page, tag) + 4) as usize
    }

    /// Gives page 1 (counted from 0) the strips of page 0, all but the last one `ahead` bytes further on.
    fn share_strips(&mut self, ahead: u32) {
        let count = self.count(1, STRIP_OFFSETS);
        for index in 0..count {
            let ahead = if index + 1 < count { ahead } else { 0 };
            let at = self.long(self.array(0, STRIP_OFFSETS) + 4 * index) + ahead;
            let own = self.array(1, STRIP_OFFSETS) + 4 * index;
            self.set(own, at);
            let length = self.long(self.array(0, STRIP_COUNTS) + 4 * index);
            let own = self.array(1, STRIP_COUNTS) + 4 * index;
            self.set(own, length);
        }
    }

    /// Lets page 1 point to the arrays of page 0.
    fn share_arrays(&mut self) {
        for tag in [STRIP_OFFSETS, STRIP_COUNTS] {
            let (array, entry) = (self.array(0, tag) as u32, self.entry(1, tag));
            self.set(entry + 8, array);
        }
    }
}

fn page(compression: u16) -> Page {
    Page {
        compression,
        ..Page::new(31, 23, 8, 2, &[])
    }
}

fn pages(compression: u16) -> Bytes {
    Bytes(tiff(true, false, &[page(compression), page(compression)]))
}

fn open(path: &Path, page: u32) -> Photo {
    open_page(path, &DecodeLimits::default(), Some(page))
        .unwrap_or_else(|error| panic!("page {page}: {error}"))
}

fn inverted(photo: &Photo, rect: PixelRect) -> Samples {
    let count = photo.channels().count();
    let indices = (rect.y..rect.bottom()).flat_map(|y| {
        let start = photo.size().index(rect.x, y) * count;
        start..start + rect.width as usize * count
    });
    let values = indices.map(|index| photo.samples().get(index) as u8 ^ 0xFF);
    Samples::U8(values.collect())
}

/// Repairs a part of `page` of the file, with and without a packet of XMP.
fn repair(folder: &Folder, file: &[u8], page: u32, xmp: Option<&[u8]>) -> Patch {
    let photo = open(&folder.write("m.tif", file), page);
    let alpha: Vec<u8> = (0..photo.size().pixel_count())
        .map(|at| {
            if at % 31 < 9 && at / 31 % 7 < 3 {
                255
            } else {
                0
            }
        })
        .collect();
    let restored = Restored {
        photo: &photo,
        alpha: &MaskLayer::from_raster(photo.size(), &alpha),
        pixels: &|rect| inverted(&photo, rect),
        xmp,
    };
    let target = folder.at("o.tif");
    let patch = export_patched(&restored, &target, true).unwrap();
    if let Patch::Written { .. } = patch {
        let copy = open(&target, page);
        for (at, alpha) in alpha.into_iter().enumerate() {
            let flip = if alpha > 0 { 0xFF } else { 0 };
            for index in 3 * at..3 * at + 3 {
                let wanted = photo.samples().get(index) ^ flip;
                assert_eq!(copy.samples().get(index), wanted, "sample {index}");
            }
        }
    }
    patch
}

/// Repairs each page in turn and holds the other against the master.
fn check(file: &Bytes, what: &str) {
    let folder = Folder::new();
    for page in [0, 1] {
        for xmp in [None, Some(PACKET)] {
            let patch = repair(&folder, &file.0, page, xmp);
            let Patch::Written { changed_pixels, .. } = patch else {
                panic!("{what}, page {page}: {patch:?}");
            };
            assert!(changed_pixels > 0, "{what}, page {page}");
            let other = 1 - page;
            let (old, new) = (
                open(&folder.at("m.tif"), other),
                open(&folder.at("o.tif"), other),
            );
            assert!(old.samples() == new.samples(), "{what}, page {page}");
            assert_eq!(old.metadata().xmp, new.metadata().xmp, "{what}");
        }
    }
}

#[test]
fn a_page_with_the_same_strips_keeps_them() {
    for compression in [1, 5] {
        let mut file = pages(compression);
        file.share_strips(0);
        check(&file, &format!("the same strips, packing {compression}"));
    }
}

#[test]
fn a_page_cut_out_of_another_keeps_its_part() {
    let mut file = pages(1);
    // One row further down.
    file.share_strips(31 * 3);
    check(&file, "overlapping strips");
}

#[test]
fn a_page_that_points_to_the_same_arrays_keeps_them() {
    for compression in [1, 5] {
        let mut file = pages(compression);
        file.share_arrays();
        check(&file, &format!("the same arrays, packing {compression}"));
    }
}

#[test]
fn a_page_without_lengths_keeps_what_it_may_reach() {
    let mut file = pages(1);
    file.share_strips(0);
    for index in 0..file.count(1, STRIP_COUNTS) {
        let at = file.array(1, STRIP_COUNTS) + 4 * index;
        file.set(at, 1);
    }
    let folder = Folder::new();
    let patch = repair(&folder, &file.0, 0, None);
    assert!(matches!(patch, Patch::Written { .. }), "{patch:?}");
    let (old, new) = (file.0, std::fs::read(folder.at("o.tif")).unwrap());
    let old = Bytes(old);
    let strips = old.array(1, STRIP_OFFSETS);
    for index in 0..old.count(1, STRIP_OFFSETS) {
        let start = old.long(strips + 4 * index) as usize;
        let end = start + 31 * 3 * 3;
        assert!(old.0[start..end] == new[start..end], "strip {index}");
    }
}

#[test]
fn a_page_whose_strips_may_reach_anywhere_hinders_nothing() {
    let mut file = pages(5);
    // Packed strips without a length: readers go on as long as they find something.
    for index in 0..file.count(1, STRIP_COUNTS) {
        let at = file.array(1, STRIP_COUNTS) + 4 * index;
        file.set(at, 0);
    }
    let folder = Folder::new();
    let patch = repair(&folder, &file.0, 0, Some(PACKET));
    assert!(matches!(patch, Patch::Written { .. }), "{patch:?}");
}

#[test]
fn a_smaller_copy_of_another_page_keeps_strips_it_has_in_common() {
    let with_copy = Page {
        inside: vec![page(1)],
        ..page(1)
    };
    let mut file = Bytes(tiff(true, false, &[page(1), with_copy]));
    let inside = file.long(file.entry(1, SUB_DIRECTORIES) + 8) as usize;
    let count = file.short(inside);
    let entry = (0..count)
        .map(|index| inside + 2 + 12 * index)
        .find(|&at| file.short(at) == usize::from(STRIP_OFFSETS))
        .unwrap();
    let array = file.array(0, STRIP_OFFSETS) as u32;
    file.set(entry + 8, array);
    let folder = Folder::new();
    let patch = repair(&folder, &file.0, 0, None);
    assert!(matches!(patch, Patch::Written { .. }), "{patch:?}");
    let new = Bytes(std::fs::read(folder.at("o.tif")).unwrap());
    let start = file.long(array as usize) as usize;
    let end = start + 31 * 23 * 3;
    assert!(file.0[start..end] == new.0[start..end], "strips");
    let end = array as usize + 4 * file.count(0, STRIP_OFFSETS);
    assert!(file.0[array as usize..end] == new.0[array as usize..end]);
}

#[test]
fn a_page_of_its_own_is_still_renewed_in_place() {
    let file = pages(1);
    let folder = Folder::new();
    repair(&folder, &file.0, 0, None);
    let written = std::fs::read(folder.at("o.tif")).unwrap();
    assert_eq!(written.len(), file.0.len());
}

#[test]
fn a_directory_that_is_two_pages_at_once_is_not_patched() {
    let with_copy = Page {
        inside: vec![page(1)],
        ..page(1)
    };
    let mut file = Bytes(tiff(true, false, &[with_copy, page(1)]));
    let (entry, second) = (file.entry(0, SUB_DIRECTORIES), file.directory(1) as u32);
    file.set(entry + 8, second);
    let patch = repair(&Folder::new(), &file.0, 1, None);
    let Patch::NotPossible { reasons } = patch else {
        panic!("{patch:?}");
    };
    assert!(reasons[0].contains("shares its directory"), "{reasons:?}");
}
