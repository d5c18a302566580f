//! Smaller copies of a page in the same TIFF, pyramid levels and thumbnails: repaired with the page, or named.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use unscratch::geometry::{ImageSize, PixelRect};
use unscratch::io::{
    DecodeLimits, OutputFormat, Patch, Restored, export_patched, foretell_losses, open_page,
};
use unscratch::mask::MaskLayer;
use unscratch::photo::{Photo, Samples};

use io_files::{Folder, open};
use tiff_files::{Page, tiff};

const WIDTH: usize = 96;
const HEIGHT: usize = 64;
/// What is repaired, px of the page.
const DAMAGE: PixelRect = PixelRect::new(41, 22, 6, 5);

/// A page whose neighbours differ little, as a photo's do.
fn page(bits: u16, photometric: u16, extra: &[u16]) -> Page {
    let mut page = Page::new(WIDTH, HEIGHT, bits, photometric, extra);
    let (channels, scale) = (page.channels(), if bits == 8 { 1 } else { 257 });
    let value = |i: usize| {
        let (pixel, channel) = (i / channels, i % channels);
        (pixel % WIDTH + 2 * (pixel / WIDTH) + 5 * channel) * scale
    };
    page.samples = (0..WIDTH * HEIGHT * channels)
        .map(|i| value(i) as u16)
        .collect();
    page
}

/// `page` with each `by` × `by` px made one, their mean.
fn reduced(page: &Page, by: usize) -> Page {
    let mut small = page.clone();
    let channels = page.channels();
    (small.width, small.height) = (page.width / by, page.height / by);
    (small.subfile_type, small.more) = (1, Vec::new());
    small.samples = (0..small.width * small.height * channels)
        .map(|i| {
            let (pixel, channel) = (i / channels, i % channels);
            let (x, y) = (pixel % small.width * by, pixel / small.width * by);
            let places = (0..by * by).map(|k| (y + k / by) * page.width + x + k % by);
            let sum: u32 = places
                .map(|at| u32::from(page.samples[at * channels + channel]))
                .sum();
            ((sum + (by * by / 2) as u32) / (by * by) as u32) as u16
        })
        .collect();
    small
}

/// Every sample of the damage is this after the repair, 8 bits.
const REPAIRED: u16 = 250;

fn repaired(photo: &Photo, rect: PixelRect) -> Samples {
    let count = photo.channels().count();
    let pixels = (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
    let values = pixels.flat_map(|(x, y)| (0..count).map(move |c| (x, y, c)));
    let values = values.map(|(x, y, c)| {
        if DAMAGE.contains(x, y) {
            return match photo.samples() {
                Samples::U8(_) => REPAIRED,
                Samples::U16(_) => REPAIRED * 257,
            };
        }
        photo.samples().get(photo.size().index(x, y) * count + c)
    });
    match photo.samples() {
        Samples::U8(_) => Samples::U8(values.map(|value| value as u8).collect()),
        Samples::U16(_) => Samples::U16(values.collect()),
    }
}

/// Patches `photo`: how many copies were renewed, and what is said of the others.
fn patch(photo: &Photo, target: &std::path::Path) -> (usize, Vec<String>) {
    let pixels = (0..HEIGHT as u32).flat_map(|y| (0..WIDTH as u32).map(move |x| (x, y)));
    let alpha: Vec<u8> = pixels
        .map(|(x, y)| u8::from(DAMAGE.contains(x, y)) * 255)
        .collect();
    let restored = Restored {
        photo,
        alpha: &MaskLayer::from_raster(photo.size(), &alpha),
        pixels: &|rect| repaired(photo, rect),
        xmp: None,
    };
    match export_patched(&restored, target, false).unwrap() {
        Patch::Written {
            outcome,
            renewed_copies,
            changed_pixels,
            ..
        } => {
            assert_eq!(changed_pixels, u64::from(DAMAGE.width * DAMAGE.height));
            (renewed_copies, outcome.not_carried)
        }
        Patch::NotPossible { reasons } => panic!("{reasons:?}"),
    }
}

/// Checks the copy `new` of a page reduced `by`, pixel by pixel: the damage is gone, and what is far from it is as it was.
fn check_copy(old: &Photo, new: &Photo, by: u32, what: &str) {
    let size = old.size();
    let count = old.channels().count();
    let full = match old.samples() {
        Samples::U8(_) => REPAIRED,
        Samples::U16(_) => REPAIRED * 257,
    };
    // A pixel of the copy on each side may change too.
    let near = DAMAGE.grown_within(2 * by, ImageSize::new(4096, 4096));
    let mut inner = 0;
    for y in 0..size.height {
        for x in 0..size.width {
            let beneath = PixelRect::new(x * by, y * by, by, by);
            let at = size.index(x, y) * count;
            for at in at..at + count {
                let (a, b) = (old.samples().get(at), new.samples().get(at));
                if DAMAGE.intersect(beneath) == beneath {
                    inner += 1;
                    assert_eq!(b, full, "{what}: {x}, {y}");
                } else if near.intersect(beneath).is_empty() {
                    assert_eq!(a, b, "{what}: {x}, {y}");
                }
            }
        }
    }
    assert!(
        inner > 0 || by > 2,
        "{what}: no pixel lies wholly in the damage"
    );
    assert_ne!(old.samples(), new.samples(), "{what}");
    assert_eq!(old.alpha(), new.alpha(), "{what}");
}

#[test]
fn the_levels_of_a_pyramid_are_repaired_with_the_page_in_every_layout() {
    let folder = Folder::new();
    let mut number = 0;
    for (bits, photometric, extra) in [
        (8, 2, vec![]),
        (16, 1, vec![]),
        (8, 0, vec![]),
        (16, 2, vec![2]),
    ] {
        for (compression, predictor) in [(1, 1), (1, 2), (5, 2), (8, 1), (32_773, 1)] {
            for (tile, is_planar) in [(None, true), (Some((16, 16)), false)] {
                number += 1;
                let mut full = page(bits, photometric, &extra);
                (full.compression, full.predictor) = (compression, predictor);
                (full.tile, full.is_planar) = (tile, is_planar);
                let levels = [reduced(&full, 2), reduced(&full, 4)];
                let [half, quarter] = levels;
                let before = tiff(number % 2 == 0, number % 3 == 0, &[full, half, quarter]);
                let path = folder.write(&format!("{number}.tif"), &before);
                let target = folder.at(&format!("{number}-b.tif"));
                let what = format!("{bits} bits, {photometric}, packing {compression}, {tile:?}");
                assert_eq!(patch(&open(&path), &target), (2, vec![]), "{what}");
                let of =
                    |path, page| open_page(path, &DecodeLimits::default(), Some(page)).unwrap();
                for (level, by) in [(1, 2), (2, 4)] {
                    check_copy(&of(&path, level), &of(&target, level), by, &what);
                }
                if compression == 1 {
                    let after = std::fs::read(&target).unwrap();
                    assert_eq!(after.len(), before.len(), "{what}");
                }
            }
        }
    }
}

#[test]
fn copies_inside_a_page_are_repaired_too() {
    let folder = Folder::new();
    for is_big in [false, true] {
        let mut full = page(8, 1, &[]);
        let small = reduced(&full, 2);
        let stored: Vec<u8> = small.samples.iter().map(|&value| value as u8).collect();
        full.inside = vec![small];
        let before = tiff(true, is_big, &[full]);
        let path = folder.write(&format!("{is_big}.tif"), &before);
        let target = folder.at(&format!("{is_big}-b.tif"));
        assert_eq!(patch(&open(&path), &target), (1, vec![]));
        // The copy's strips lie one after the other.
        let find = before
            .windows(stored.len())
            .position(|bytes| bytes == stored);
        let start = find.unwrap();
        let after = std::fs::read(&target).unwrap();
        let changed: Vec<(u32, u32)> = (0..stored.len())
            .filter(|at| before[start + at] != after[start + at])
            .map(|at| ((at % (WIDTH / 2)) as u32, (at / (WIDTH / 2)) as u32))
            .collect();
        // The damage covers columns 20 to 23 and rows 11 to 13 of the copy, the outer ones in part.
        assert!(
            changed.contains(&(21, 12)) && changed.contains(&(22, 11)),
            "{changed:?}"
        );
        assert!(
            changed
                .iter()
                .all(|&(x, y)| (19..=24).contains(&x) && (10..=14).contains(&y)),
            "{changed:?}"
        );
        let at = start + 12 * (WIDTH / 2) + 21;
        assert_eq!(u16::from(after[at]), REPAIRED);
    }
}

#[test]
fn copies_that_cannot_be_repaired_are_named_before_and_after() {
    let folder = Folder::new();
    let full = page(8, 2, &[]);
    let mut jpeg = reduced(&full, 4);
    jpeg.compression = 7;
    let mut cut_off = reduced(&full, 2);
    cut_off.height -= 9;
    cut_off.samples.truncate(cut_off.width * cut_off.height * 3);
    let mut grey = reduced(&page(8, 1, &[]), 2);
    grey.compression = 5;
    let pages = [full, jpeg, cut_off, grey];
    let path = folder.write("a.tif", &tiff(true, false, &pages));
    let photo = open(&path);
    let foretold = foretell_losses(&photo, OutputFormat::Tiff);
    let (renewed, said) = patch(&photo, &folder.at("b.tif"));
    assert_eq!((renewed, &said), (0, &foretold));
    for (sentence, part) in said.iter().zip(["JPEG", "proportions", "channels"]) {
        assert!(
            sentence.contains("keeps the old picture") && sentence.contains(part),
            "{sentence}"
        );
    }
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn levels_that_do_not_call_themselves_copies_stay_and_are_named() {
    let folder = Folder::new();
    let full = page(8, 1, &[]);
    let mut half = reduced(&full, 2);
    half.subfile_type = 0;
    let other = Page::new(40, 40, 8, 1, &[]);
    let path = folder.write("a.tif", &tiff(true, false, &[full, half, other]));
    let (photo, target) = (open(&path), folder.at("b.tif"));
    let foretold = foretell_losses(&photo, OutputFormat::Tiff);
    let (renewed, said) = patch(&photo, &target);
    assert_eq!((renewed, said.len(), &said), (0, 1, &foretold));
    assert!(
        said[0].starts_with("Page 2 (48 × 32 px) may be"),
        "{said:?}"
    );
    let of = |page| open_page(&target, &DecodeLimits::default(), Some(page)).unwrap();
    let before = open_page(&path, &DecodeLimits::default(), Some(1)).unwrap();
    assert_eq!(of(1).samples(), before.samples());
}

#[test]
fn a_copy_that_shows_another_picture_is_left_alone_and_named() {
    let folder = Folder::new();
    let full = page(8, 1, &[]);
    let mut other = reduced(&full, 2);
    other.samples.reverse();
    let path = folder.write("a.tif", &tiff(false, true, &[full, other]));
    let target = folder.at("b.tif");
    let (renewed, said) = patch(&open(&path), &target);
    assert_eq!(renewed, 0);
    assert!(said[0].contains("something else"), "{said:?}");
    let of = |path: &std::path::Path, page| {
        open_page(path, &DecodeLimits::default(), Some(page)).unwrap()
    };
    assert_eq!(of(&path, 1).samples(), of(&target, 1).samples());
}

#[test]
fn the_copies_of_another_page_are_not_touched_and_not_named() {
    let folder = Folder::new();
    let full = page(8, 1, &[]);
    let small = reduced(&full, 2);
    // Page and copy, twice the same.
    let pages = [full.clone(), small.clone(), full, small];
    let path = folder.write("a.tif", &tiff(true, false, &pages));
    let of = |path: &std::path::Path, page| {
        open_page(path, &DecodeLimits::default(), Some(page)).unwrap()
    };
    for (page, own, other) in [(0, 1, 3), (2, 3, 1)] {
        let target = folder.at(&format!("{page}-b.tif"));
        assert_eq!(patch(&of(&path, page), &target), (1, vec![]));
        assert_eq!(of(&path, other).samples(), of(&target, other).samples());
        assert_ne!(of(&path, own).samples(), of(&target, own).samples());
    }
}

#[test]
fn a_preview_of_a_picture_inside_it_is_not_taken_for_the_photo() {
    let folder = Folder::new();
    let full = page(8, 1, &[]);
    let mut preview = reduced(&full, 4);
    preview.inside = vec![full];
    let path = folder.write("a.nef", &tiff(true, false, &[preview]));
    let limits = DecodeLimits::default();
    let said = open_page(&path, &limits, None).unwrap_err().to_string();
    assert!(
        said.contains("preview") && said.contains("16-bit TIFF"),
        "{said}"
    );
    let chosen = open_page(&path, &limits, Some(0)).unwrap();
    assert_eq!(chosen.size().width as usize, WIDTH / 4);
}

#[test]
fn a_chain_of_pages_that_runs_in_a_circle_ends_where_it_began() {
    let folder = Folder::new();
    let full = page(8, 1, &[]);
    let small = reduced(&full, 2);
    let mut bytes = tiff(true, false, &[full, small]);
    // The last page says that the first one follows.
    let (first, end) = ([bytes[4], bytes[5], bytes[6], bytes[7]], bytes.len());
    bytes[end - 4..].copy_from_slice(&first);
    let path = folder.write("a.tif", &bytes);
    assert_eq!(patch(&open(&path), &folder.at("b.tif")), (1, vec![]));
    let third = open_page(&path, &DecodeLimits::default(), Some(2)).unwrap_err();
    assert!(third.to_string().contains("no page 3"), "{third}");
}
