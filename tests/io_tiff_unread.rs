//! What a sound TIFF may say that means nothing, or that is not read: neither becomes noise, and neither is called damage.

mod io_files;
mod tiff_files;

use io_files::{Folder, open, refusal, u8_samples};
use tiff_files::{Page, tiff};

/// `file` (low byte first) with tag `number` called `other`.
fn renumbered(mut file: Vec<u8>, number: u16, other: u16) -> Vec<u8> {
    let places = |file: &[u8]| -> Vec<usize> {
        let wanted = number.to_le_bytes();
        let kinds = [3_u8, 4];
        let is_entry = |at: &usize| {
            file[*at..*at + 2] == wanted && kinds.contains(&file[at + 2]) && file[at + 3] == 0
        };
        (8..file.len() - 12).filter(is_entry).collect()
    };
    let [at] = places(&file)[..] else {
        panic!("one entry of tag {number} was expected");
    };
    file[at..at + 2].copy_from_slice(&other.to_le_bytes());
    file
}

#[test]
fn a_predictor_means_nothing_to_the_indices_of_an_unpacked_palette() {
    let folder = Folder::new();
    let mut page = Page::new(20, 16, 8, 3, &[]);
    page.palette = (0..768).map(|i| (i % 256) * 257).collect();
    let plain = open(&folder.write("plain.tif", &tiff(true, false, &[page.clone()])));
    for (number, (is_little, is_big)) in [(true, false), (false, false), (false, true)]
        .into_iter()
        .enumerate()
    {
        page.predictor = 2;
        let file = tiff(is_little, is_big, &[page.clone()]);
        let named = open(&folder.write(&format!("{number}.tif"), &file));
        assert_eq!(u8_samples(&named), u8_samples(&plain), "{number}");
    }
}

#[test]
fn a_predictor_of_packed_runs_is_refused_since_programs_differ() {
    let folder = Folder::new();
    for bits in [8, 16] {
        let mut page = Page::new(20, 16, bits, 1, &[]);
        (page.compression, page.predictor) = (32_773, 2);
        let text = refusal(&folder.write("a.tif", &tiff(true, false, &[page])));
        assert!(text.contains("some programs apply"), "{text}");
        assert!(!text.contains("damaged"), "{text}");
    }
}

#[test]
fn what_is_sound_but_not_read_is_not_called_damaged() {
    let folder = Folder::new();
    let page = |compression, predictor| {
        let mut page = Page::new(20, 16, 8, 1, &[]);
        (page.compression, page.predictor) = (compression, predictor);
        page
    };
    let one_strip = |mut page: Page| {
        page.rows_per_strip = 16;
        page
    };
    let mut old_lzw = tiff(true, false, &[one_strip(page(5, 1))]);
    // The strip lies behind the header; this is how the older way begins.
    old_lzw[8..10].copy_from_slice(&[0, 1]);
    let mut solid = page(1, 1);
    solid.tile = Some((16, 16));
    solid.orientation = 2;
    for (what, file) in [
        ("predictor 0", tiff(true, false, &[page(5, 0)])),
        ("predictor 9", tiff(true, false, &[page(8, 9)])),
        ("old way", old_lzw),
        (
            "how long its strips",
            renumbered(tiff(true, false, &[one_strip(page(1, 1))]), 279, 65_279),
        ),
        // Any number of 2 will do: two layers.
        (
            "3-D tiles",
            renumbered(tiff(true, false, &[solid]), 274, 32_998),
        ),
    ] {
        let text = refusal(&folder.write("a.tif", &file));
        assert!(text.contains(what), "{what}: {text}");
        assert!(text.contains("another program"), "{text}");
        assert!(!text.contains("damaged"), "{text}");
    }
}
