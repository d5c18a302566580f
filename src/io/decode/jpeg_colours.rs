//! What three components of a JPEG are, said so that our usual decoder cannot take them for something else.
//!
//! `zune-jpeg` asks neither JFIF's header nor takes Adobe's over the components' names: it believes the names R, G and B,
//! then Adobe's header. libjpeg, and with it every common program, asks JFIF, then Adobe, then the names.

use super::jpeg::next_marker;
use super::jpeg_parts;
use crate::photo::JpegParts;

/// The marker of Adobe's header, and one that says nothing of colours.
const ADOBE: u8 = 0xEE;
const SILENT: u8 = 0xEF;
/// Where Adobe's header states how colours are coded.
const ADOBE_TRANSFORM: usize = 11;

/// Whether the components are red, green and blue, where the usual decoder would take them for something else or refuse them.
pub fn misread(segments: &[(u8, &[u8])]) -> Option<bool> {
    let parts = jpeg_parts::read(segments, 0);
    (parts.components.len() == 3).then_some(())?;
    let stores_rgb = parts.stores_rgb();
    (taken_for_rgb(&parts) != Some(stores_rgb)).then_some(stores_rgb)
}

/// Whether the usual decoder takes the components for red, green and blue; `None` when it refuses the file.
fn taken_for_rgb(parts: &JpegParts) -> Option<bool> {
    let mut taken = false;
    for segment in &parts.segments {
        if segment.marker == ADOBE && segment.data.starts_with(b"Adobe") {
            taken = match segment.data.get(ADOBE_TRANSFORM)? {
                0 => true,
                1 | 2 => false,
                _ => return None,
            };
        }
    }
    Some(taken || parts.components.iter().map(|c| c.id).eq(*b"RGB"))
}

/// A copy of the JPEG in `bytes` whose components are named so that every decoder takes them for RGB, or for YCbCr. Nothing
/// else of it that makes pixels differs.
pub fn spelt_out(bytes: &[u8], stores_rgb: bool) -> Vec<u8> {
    let names = if stores_rgb { *b"RGB" } else { [1, 2, 3] };
    let mut copy = bytes.to_vec();
    let mut known: Option<[u8; 3]> = None;
    let mut at = 2;
    while let Some((marker, start)) = next_marker(bytes, at) {
        at = start;
        if matches!(marker, 0x01 | 0xD0..=0xD8) {
            continue;
        }
        if marker == 0xD9 {
            break;
        }
        let Some(length) = bytes.get(start..start + 2) else {
            break;
        };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        at = (start + length).min(bytes.len());
        match marker {
            ADOBE => copy[start - 1] = SILENT,
            0xC0..=0xC2 => {
                // Length, depth, height, width and number; then three bytes a component.
                let first = start + 8;
                if let Some(&[a, _, _, b, _, _, c, ..]) = bytes.get(first..at) {
                    known.get_or_insert([a, b, c]);
                    rename(&mut copy, known, names, (first..at).step_by(3).take(3));
                }
            }
            0xDA => {
                let count = usize::from(bytes.get(start + 2).copied().unwrap_or(0));
                let places = (start + 3..at).step_by(2).take(count);
                rename(&mut copy, known, names, places);
            }
            _ => {}
        }
    }
    copy
}

/// Puts the new names of components in their places.
fn rename(
    copy: &mut [u8],
    known: Option<[u8; 3]>,
    names: [u8; 3],
    places: impl Iterator<Item = usize>,
) {
    let known = known.unwrap_or_default();
    for place in places {
        if let Some(which) = known.iter().position(|name| *name == copy[place]) {
            copy[place] = names[which];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JFIF: (u8, &[u8]) = (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");

    fn frame(names: [u8; 3]) -> Vec<u8> {
        let [a, b, c] = names;
        vec![8, 0, 1, 0, 1, 3, a, 0x11, 0, b, 0x11, 0, c, 0x11, 0]
    }

    fn adobe(transform: u8) -> Vec<u8> {
        [&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat()
    }

    #[test]
    fn jfif_decides_then_adobe_then_the_names() {
        let (plain, named) = (frame([1, 2, 3]), frame(*b"RGB"));
        let none = adobe(0);
        let [rgb, ycc, odd] = [0, 1, 7].map(adobe);
        for (segments, expected) in [
            // As the usual decoder sees it.
            (vec![JFIF, (0xC0, &plain[..])], None),
            (vec![(0xC0, &plain[..])], None),
            (vec![(0xC0, &named[..])], None),
            (vec![(ADOBE, &rgb[..]), (0xC0, &plain[..])], None),
            (vec![(ADOBE, &ycc[..]), (0xC0, &plain[..])], None),
            // Otherwise.
            (vec![JFIF, (0xC0, &named[..])], Some(false)),
            (
                vec![JFIF, (ADOBE, &rgb[..]), (0xC0, &plain[..])],
                Some(false),
            ),
            (vec![(ADOBE, &ycc[..]), (0xC0, &named[..])], Some(false)),
            (vec![(ADOBE, &odd[..]), (0xC0, &plain[..])], Some(false)),
            // Too short to be Adobe's, so the names count.
            (vec![(ADOBE, &none[..9]), (0xC0, &named[..])], Some(true)),
            // The last one counts.
            (
                vec![(ADOBE, &rgb[..]), (ADOBE, &ycc[..]), (0xC0, &plain[..])],
                None,
            ),
        ] {
            assert_eq!(misread(&segments), expected, "{segments:?}");
        }
    }

    #[test]
    fn frame_and_scans_get_new_names_and_adobe_is_silenced() {
        let segment = |marker: u8, payload: &[u8]| {
            let length = (payload.len() as u16 + 2).to_be_bytes();
            [&[0xFF, marker], &length[..], payload].concat()
        };
        let file = |adobe_marker: u8, [a, b, c]: [u8; 3]| {
            [
                vec![0xFF, 0xD8],
                segment(adobe_marker, &adobe(0)),
                segment(0xC2, &frame([a, b, c])),
                segment(0xDA, &[3, a, 0, b, 0, c, 0, 0, 63, 0]),
                vec![b'R', 0xFF, 0, b'G'],
                segment(0xDA, &[1, c, 0, 1, 5, 0]),
                vec![b'B', 0xFF, 0xD9],
            ]
            .concat()
        };
        let master = file(ADOBE, *b"RGB");
        assert_eq!(spelt_out(&master, false), file(SILENT, [1, 2, 3]));
        assert_eq!(spelt_out(&master, true), file(SILENT, *b"RGB"));
        for length in 2..master.len() {
            spelt_out(&master[..length], false);
        }
    }
}
