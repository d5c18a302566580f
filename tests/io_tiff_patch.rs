//! TIFF to TIFF as a patched copy: every layout, nothing but the repaired strips or tiles differs, and what cannot be patched says so.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod io_files;
mod tiff_files;

use std::path::Path;

use unscratch::geometry::PixelRect;
use unscratch::io::{DecodeLimits, Patch, Restored, export_patched, open_page};
use unscratch::mask::MaskLayer;
use unscratch::photo::{Photo, Samples};

use io_files::{Folder, open};
use tiff_files::{Page, tiff};

/// Some px across the borders of strips and tiles, the last px among them.
fn damage(photo: &Photo) -> Vec<u8> {
    let size = photo.size();
    let mut alpha = vec![0; size.pixel_count()];
    for (rect, value) in [
        (PixelRect::new(14, 3, 5, 4), 255),
        (PixelRect::new(size.width - 1, size.height - 1, 1, 1), 7),
    ] {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                alpha[size.index(x, y)] = value;
            }
        }
    }
    alpha
}

/// The master's samples of `rect`, each a little darker or lighter whatever α is there.
fn repaired(photo: &Photo, rect: PixelRect) -> Samples {
    let count = photo.channels().count();
    let indices = (rect.y..rect.bottom()).flat_map(|y| {
        let start = photo.size().index(rect.x, y) * count;
        start..start + rect.width as usize * count
    });
    let values = indices.map(|index| photo.samples().get(index) ^ 3);
    match photo.samples() {
        Samples::U8(_) => Samples::U8(values.map(|value| value as u8).collect()),
        Samples::U16(_) => Samples::U16(values.collect()),
    }
}

fn patch(photo: &Photo, target: &Path) -> Patch {
    patch_with(photo, &damage(photo), target)
}

fn patch_with(photo: &Photo, alpha: &[u8], target: &Path) -> Patch {
    let restored = Restored {
        photo,
        alpha: &MaskLayer::from_raster(photo.size(), alpha),
        pixels: &|rect| repaired(photo, rect),
        xmp: None,
    };
    export_patched(&restored, target, false).unwrap()
}

/// The reason why `photo` cannot be patched; nothing may be left at `target`.
fn refusal(photo: &Photo, target: &Path) -> String {
    let patch = patch(photo, target);
    assert!(!target.exists());
    match patch {
        Patch::NotPossible { reasons } => reasons.join(" "),
        Patch::Written { .. } => panic!("{patch:?}"),
    }
}

fn changed_of(patch: &Patch) -> u64 {
    match patch {
        Patch::Written { changed_pixels, .. } => *changed_pixels,
        Patch::NotPossible { reasons } => panic!("{reasons:?}"),
    }
}

/// Opens `copy` and checks every sample, alpha and tag against `master`.
fn check(master: &Photo, copy: &Photo, alpha: &[u8], what: &str) {
    assert_eq!(copy.metadata(), master.metadata(), "{what}");
    assert_eq!(copy.alpha(), master.alpha(), "{what}");
    let count = master.channels().count();
    for index in 0..master.samples().len() {
        let old = master.samples().get(index);
        let wanted = if alpha[index / count] > 0 {
            old ^ 3
        } else {
            old
        };
        assert_eq!(copy.samples().get(index), wanted, "{what}, sample {index}");
    }
}

/// Bytes of the common part that differ.
fn differing(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn every_layout_becomes_a_copy_in_which_only_the_repaired_pixels_differ() {
    let folder = Folder::new();
    let packings = [
        (1, 1),
        // The tag means nothing where nothing is packed.
        (1, 2),
        (1, 3),
        (5, 1),
        (5, 2),
        (8, 1),
        (8, 2),
        (32_946, 1),
        (32_773, 1),
    ];
    let pixels: [(u16, &[u16]); 9] = [
        (1, &[]),
        (0, &[]),
        (2, &[]),
        (2, &[2]),
        (2, &[0]),
        (2, &[1, 0, 0]),
        (1, &[2]),
        (1, &[0, 0]),
        (0, &[2]),
    ];
    let mut number = 0;
    for (photometric, extra) in pixels {
        for (compression, predictor) in packings {
            for (tile, is_planar) in [
                (None, false),
                (None, true),
                (Some((16, 16)), false),
                (Some((16, 16)), true),
            ] {
                number += 1;
                let bits = if number % 3 == 0 { 8 } else { 16 };
                let (is_little, is_big) = (number % 2 == 0, number % 5 < 2);
                let mut page = Page::new(37, 23, bits, photometric, extra);
                (page.compression, page.predictor) = (compression, predictor);
                (page.tile, page.is_planar) = (tile, is_planar);
                page.more = vec![(65_000, b"somebody's own tag".to_vec())];
                let what = format!(
                    "{number}: {bits} bits, {photometric} {extra:?}, {compression}/{predictor}, {tile:?}, planar {is_planar}, little {is_little}, big {is_big}"
                );
                let before = tiff(is_little, is_big, std::slice::from_ref(&page));
                let master = open(&folder.write(&format!("{number}.tif"), &before));
                assert_eq!(master.samples().get(3), master_value(&page, 3), "{what}");
                let target = folder.at(&format!("{number}.out.tif"));
                let alpha = damage(&master);
                assert_eq!(changed_of(&patch(&master, &target)), 21, "{what}");
                check(&master, &open(&target), &alpha, &what);
                let after = std::fs::read(&target).unwrap();
                let changed = differing(&before, &after);
                if compression == 1 {
                    assert_eq!(after.len(), before.len(), "{what}");
                    // Both bits flipped lie in one byte of every colour sample.
                    assert_eq!(changed, 21 * page.colours(), "{what}");
                } else {
                    // At most 4 places of chunks, in at most 3 planes, each with a position and a length.
                    assert!(changed <= 4 * 3 * 8, "{what}: {changed}");
                    assert!(after.len() > before.len(), "{what}");
                }
            }
        }
    }
    assert_eq!(number, 324);
}

/// The decoded value of colour sample `index` as the page was made.
fn master_value(page: &Page, index: usize) -> u16 {
    let (colours, channels) = (page.colours(), page.channels());
    let value = page.samples[index / colours * channels + index % colours];
    match (page.photometric, page.bits) {
        (0, 8) => 255 - value,
        (0, _) => u16::MAX - value,
        _ => value,
    }
}

#[test]
fn without_a_change_the_copy_is_the_master_byte_for_byte() {
    let folder = Folder::new();
    let mut page = Page::new(40, 30, 8, 2, &[]);
    page.compression = 5;
    let before = tiff(true, false, &[page]);
    let master = open(&folder.write("a.tif", &before));
    let alpha = vec![0; master.size().pixel_count()];
    let patch = patch_with(&master, &alpha, &folder.at("b.tif"));
    assert_eq!(changed_of(&patch), 0);
    assert_eq!(std::fs::read(folder.at("b.tif")).unwrap(), before);
}

#[test]
fn the_chosen_page_is_patched_and_the_others_stay() {
    let folder = Folder::new();
    let first = Page::new(30, 20, 8, 1, &[]);
    let mut second = Page::new(33, 21, 16, 2, &[]);
    second.compression = 8;
    let before = tiff(false, true, &[first, second]);
    let path = folder.write("a.tif", &before);
    let limits = DecodeLimits::default();
    let of = |path: &Path, page| open_page(path, &limits, Some(page)).unwrap();
    let master = of(&path, 1);
    assert_eq!((master.size().width, master.metadata().page), (33, 1));
    let target = folder.at("b.tif");
    assert_eq!(changed_of(&patch(&master, &target)), 21);
    check(&master, &of(&target, 1), &damage(&master), "page 2");
    assert_eq!(of(&target, 0).samples(), of(&path, 0).samples());
    let missing = open_page(&path, &limits, Some(2)).unwrap_err().to_string();
    assert!(missing.contains("no page 3"), "{missing}");
}

#[test]
fn an_xmp_packet_is_replaced_or_added_and_all_else_stays() {
    let folder = Folder::new();
    let packet = "<x:xmpmeta>what was done, and by whom</x:xmpmeta>".repeat(3);
    let layouts = [None, Some("<x:xmpmeta/>"), Some("<x>")]
        .into_iter()
        .flat_map(|old| [(old, false), (old, true)]);
    for (number, (old, is_big)) in layouts.enumerate() {
        let mut first = Page::new(30, 20, 8, 1, &[]);
        first.more = vec![(65_000, b"own".to_vec())];
        let mut second = Page::new(33, 21, 16, 2, &[]);
        second.more = vec![(305, b"Scanner\0".to_vec()), (33_432, b"nobody\0".to_vec())];
        let old = old.map(|old| (700, old.as_bytes().to_vec()));
        second.more.extend(old);
        second.compression = 5;
        let before = tiff(number % 3 == 0, is_big, &[first, second]);
        let path = folder.write(&format!("{number}.tif"), &before);
        for xmp in [&*packet, "<y>"] {
            let target = folder.at(&format!("{number}-{}.tif", xmp.len()));
            check_packet(&path, &target, xmp);
        }
    }
}

/// Patches page 2 of `path` with another packet and looks at both pages.
fn check_packet(path: &Path, target: &Path, xmp: &str) {
    let limits = DecodeLimits::default();
    let of = |path, page| open_page(path, &limits, Some(page)).unwrap();
    let master = of(path, 1);
    let restored = Restored {
        photo: &master,
        alpha: &MaskLayer::from_raster(master.size(), &damage(&master)),
        pixels: &|rect| repaired(&master, rect),
        xmp: Some(xmp.as_bytes()),
    };
    let patch = export_patched(&restored, target, false).unwrap();
    assert_eq!(changed_of(&patch), 21);
    let copy = of(target, 1);
    assert_eq!(copy.metadata().xmp.as_deref(), Some(xmp.as_bytes()));
    let mut expected = master.metadata().clone();
    expected.xmp.clone_from(&copy.metadata().xmp);
    assert_eq!(copy.metadata(), &expected);
    let (one, other) = (of(path, 0), of(target, 0));
    assert_eq!(one.samples(), other.samples());
    assert_eq!(one.source().notes, other.source().notes);
    assert!(open_page(target, &limits, Some(2)).is_err());
}

#[test]
fn a_reduced_copy_in_front_is_not_taken_for_the_picture() {
    let folder = Folder::new();
    let mut small = Page::new(10, 8, 8, 1, &[]);
    // NewSubfileType, as bytes of a LONG would be.
    small.more = vec![(254, vec![1])];
    let large = Page::new(30, 20, 8, 1, &[]);
    let mut bytes = tiff(true, false, &[small, large]);
    // The test's writer knows bytes only: makes the value a LONG.
    let at = bytes
        .windows(4)
        .position(|window| window == [254, 0, 7, 0])
        .unwrap();
    bytes[at + 2] = 4;
    let master = open(&folder.write("a.tif", &bytes));
    assert_eq!(master.size().width, 30);
    assert_eq!(changed_of(&patch(&master, &folder.at("b.tif"))), 21);
}

#[test]
fn of_equal_tiles_stored_once_only_the_repaired_one_changes() {
    let folder = Folder::new();
    let mut page = Page::new(48, 32, 8, 1, &[]);
    page.samples.fill(100);
    (page.tile, page.shares_chunks) = (Some((16, 16)), true);
    // What a file of this size cannot hold is refused, whoever shares it.
    page.more = vec![(65_000, vec![0; 1200])];
    let before = tiff(true, false, &[page]);
    assert!(before.len() < 1800, "six tiles share one: {}", before.len());
    let master = open(&folder.write("a.tif", &before));
    let target = folder.at("b.tif");
    assert_eq!(changed_of(&patch(&master, &target)), 21);
    check(&master, &open(&target), &damage(&master), "shared tiles");
}

#[test]
fn lengths_that_outgrow_their_16_bits_get_a_wider_list() {
    let folder = Folder::new();
    for rows in [300, 600] {
        let mut page = Page::new(300, 600, 8, 1, &[]);
        page.samples.fill(9);
        (page.compression, page.rows_per_strip) = (32_773, rows);
        page.has_short_lengths = true;
        let before = tiff(false, false, &[page]);
        let master = open(&folder.write(&format!("{rows}.tif"), &before));
        let noise = |rect: PixelRect| {
            let value = |index: u32| (index.wrapping_mul(index) / 7 + index * 13) as u8;
            let start = rect.y * 300 + rect.x;
            Samples::U8((start..start + rect.width).map(value).collect())
        };
        let restored = Restored {
            photo: &master,
            alpha: &MaskLayer::from_raster(master.size(), &vec![255; 300 * 600]),
            pixels: &noise,
            xmp: None,
        };
        let target = folder.at(&format!("{rows}.out.tif"));
        let patch = export_patched(&restored, &target, false).unwrap();
        assert!(changed_of(&patch) > 170_000);
        assert_eq!(
            open(&target).samples(),
            &noise(PixelRect::new(0, 0, 300 * 600, 1))
        );
    }
}

#[test]
fn a_master_that_changed_or_went_away_is_not_copied() {
    let folder = Folder::new();
    let bytes = tiff(true, false, &[Page::new(30, 20, 8, 1, &[])]);
    let path = folder.write("a.tif", &bytes);
    let master = open(&path);
    let mut other = bytes.clone();
    other[9] ^= 1;
    std::fs::write(&path, other).unwrap();
    assert!(refusal(&master, &folder.at("b.tif")).contains("changed since it was opened"));
    std::fs::remove_file(&path).unwrap();
    assert!(refusal(&master, &folder.at("b.tif")).contains("cannot be read again"));
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn layouts_that_are_widened_or_foreign_are_named() {
    let folder = Folder::new();
    let mut bits = tiff(true, false, &[Page::new(32, 20, 8, 1, &[])]);
    let at = bits
        .windows(4)
        .position(|window| window == [2, 1, 3, 0])
        .unwrap();
    bits[at + 8] = 4;
    let photo = open(&folder.write("bits.tif", &bits));
    assert!(refusal(&photo, &folder.at("b.tif")).contains("4-bit values were widened"));
    let png = open(&folder.write("a.png", &io_files::rgb_png((40, 30))));
    assert!(refusal(&png, &folder.at("b.tif")).contains("Only a TIFF"));
}

#[test]
fn a_damaged_file_is_refused_whatever_byte_is_wrong() {
    let folder = Folder::new();
    for compression in [1, 5, 8, 32_773] {
        let mut page = Page::new(19, 9, 8, 1, &[]);
        (page.compression, page.samples) = (compression, vec![5; 19 * 9]);
        let bytes = tiff(true, compression == 5, &[page]);
        let path = folder.write("a.tif", &bytes);
        let master = open(&path);
        for at in 0..bytes.len() {
            for wrong in [0, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] = wrong;
                if damaged == bytes {
                    continue;
                }
                std::fs::write(&path, &damaged).unwrap();
                refusal(&master, &folder.at("b.tif"));
                // What still opens is patched or refused, but never wrongly.
                let Ok(photo) = open_page(&path, &DecodeLimits::new(1 << 24), None) else {
                    continue;
                };
                if photo.size() == master.size() {
                    let alpha = damage(&photo);
                    let target = folder.at("c.tif");
                    if let Patch::Written { .. } = patch_with(&photo, &alpha, &target) {
                        check(&photo, &open(&target), &alpha, "damaged");
                        std::fs::remove_file(&target).unwrap();
                    }
                }
            }
        }
        for end in (0..bytes.len()).step_by(5) {
            std::fs::write(&path, &bytes[..end]).unwrap();
            refusal(&master, &folder.at("b.tif"));
        }
    }
}
