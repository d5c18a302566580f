//! What a JPEG says about its coding: components, tables, restarts. No pixels, no metadata.
//!
//! Source: ITU-T T.81 annex B.2.

use crate::photo::{JpegComponent, JpegParts, JpegSegment};

/// The parts to keep of a JPEG whose markers and payloads in front of the first scan are `segments`.
pub fn read(segments: &[(u8, &[u8])], bytes_behind: u64) -> JpegParts {
    let mut parts = JpegParts {
        bytes_behind,
        ..JpegParts::default()
    };
    let mut tables = [None; 4];
    let mut components = Vec::new();
    for &(marker, payload) in segments {
        match marker {
            0xDB => read_tables(payload, &mut tables),
            0xDD => {
                if let &[high, low, ..] = payload {
                    parts.restart_interval = u16::from_be_bytes([high, low]);
                }
            }
            0xC0..=0xC2 if components.is_empty() => {
                parts.is_progressive = marker == 0xC2;
                components = payload.get(6..).unwrap_or_default().to_vec();
            }
            0xE0..=0xEF | 0xFE => {
                let data = payload.to_vec();
                parts.segments.push(JpegSegment { marker, data });
            }
            _ => {}
        }
    }
    parts.components = components
        .chunks_exact(3)
        .map(|component| JpegComponent {
            id: component[0],
            horizontal: component[1] >> 4,
            vertical: component[1] & 15,
            table: tables.get(usize::from(component[2])).copied().flatten(),
        })
        .collect();
    parts
}

/// Reads the quantisation tables of one segment; a later one takes the place of an earlier one.
fn read_tables(mut payload: &[u8], tables: &mut [Option<[u16; 64]>; 4]) {
    while let Some((&head, rest)) = payload.split_first() {
        let value_bytes = if head >> 4 == 0 { 1 } else { 2 };
        let Some((values, behind)) = rest.split_at_checked(64 * value_bytes) else {
            return;
        };
        let mut table = [0; 64];
        for (value, bytes) in table.iter_mut().zip(values.chunks_exact(value_bytes)) {
            *value = bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u16::from(byte));
        }
        if let Some(slot) = tables.get_mut(usize::from(head & 15)) {
            *slot = Some(table);
        }
        payload = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_both_widths_reach_their_components() {
        let narrow = [&[0][..], &[7; 64]].concat();
        let wide = [&[0x11][..], &[1, 4].repeat(64)].concat();
        let frame = [8, 0, 1, 0, 1, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 9];
        let both = [narrow.as_slice(), &wide].concat();
        let segments: [(u8, &[u8]); 4] = [
            (0xFE, b"a comment"),
            (0xDB, &both),
            (0xDD, &[0, 5]),
            (0xC2, &frame),
        ];
        let parts = read(&segments, 12);
        assert_eq!(parts.segments.len(), 1);
        assert_eq!((parts.restart_interval, parts.bytes_behind), (5, 12));
        assert!(parts.is_progressive);
        let [luma, blue, red] = parts.components.as_slice() else {
            panic!("{parts:?}");
        };
        assert_eq!((luma.horizontal, luma.vertical), (2, 2));
        assert_eq!(luma.table, Some([7; 64]));
        assert_eq!(blue.table, Some([260; 64]));
        assert_eq!(red.table, None);
        for length in 0..both.len() {
            read(
                &[(0xDB, &both[..length]), (0xC0, &frame[..length.min(15)])],
                0,
            );
        }
    }
}
