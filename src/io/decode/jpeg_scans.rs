//! JPEGs that our usual decoder gets wrong: colours in scans of their own, or brightness stored smaller than a colour.
//! Decodes them by another crate, and refuses what that one gets wrong too.
//!
//! Measured against libjpeg's own program on files of 18 samplings and 8 sizes: `zune-jpeg` mixes up most sequential files
//! whose first scan has not all components, and all whose first component has fewer samples than another;
//! `jpeg-decoder` differs by 4 of 255 at most, but for what [`Scans::is_between`] says.

use jpeg_decoder::{ColorTransform, Decoder};

use super::jpeg::next_marker;
use super::{CONVERT, Fault};

/// How a picture is cut into scans.
#[derive(Clone, Debug, Default)]
pub struct Scans {
    /// Sampling factors of every component, across and down.
    pub sampling: Vec<(u8, u8)>,
    /// Components of every scan.
    pub components: Vec<u8>,
    /// Whether coefficients come bit by bit, in scans of one component.
    pub is_progressive: bool,
    /// Whether the components are red, green and blue themselves.
    pub stores_rgb: bool,
}

impl Scans {
    /// Reads the sampling factors from the payload of a frame header.
    pub fn sampling_of(payload: &[u8]) -> Vec<(u8, u8)> {
        let components = payload.get(6..).unwrap_or_default().chunks_exact(3);
        components.map(|c| (c[1] >> 4, c[1] & 15)).collect()
    }

    /// Whether the usual decoder would get such a file of three components wrong or not read it.
    pub fn are_unusual(&self) -> bool {
        let &[luma, ..] = self.sampling.as_slice() else {
            return false;
        };
        let count = self.sampling.len();
        let largest = self.largest();
        let first_is_whole = self
            .components
            .first()
            .is_none_or(|&first| usize::from(first) >= count);
        let has_thirds = largest.0 == 3 || largest.1 == 3;
        count == 3 && (luma != largest || has_thirds || !(self.is_progressive || first_is_whole))
    }

    fn largest(&self) -> (u8, u8) {
        let (across, down) = self
            .sampling
            .iter()
            .copied()
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let largest = |factors: Vec<u8>| factors.into_iter().max().unwrap_or(0);
        (largest(across), largest(down))
    }

    /// Whether a component has fewer samples than another but more than the least, as 2 of 4: in scans of one component
    /// `jpeg-decoder` counts the blocks of such a row wrongly.
    fn is_between(&self) -> bool {
        let largest = self.largest();
        let between = |factor, largest| factor > 1 && factor < largest;
        let mut sampling = self.sampling.iter();
        sampling.any(|&(across, down)| between(across, largest.0) || between(down, largest.1))
    }

    /// Interleaved RGB samples of the JPEG in `bytes`, which is cut as `self` says.
    pub fn decode(&self, bytes: &[u8], sample_count: usize) -> Result<Vec<u8>, Fault> {
        let has_lone = self.is_progressive || self.components.contains(&1);
        if has_lone && self.is_between() {
            return Err(Fault::Unsupported {
                what: "this JPEG has an unusual subsampling, in scans of one colour channel each"
                    .to_owned(),
                remedy: CONVERT,
            });
        }
        let padded = with_ones_behind_scans(bytes);
        let mut decoder = Decoder::new(padded.as_slice());
        decoder.set_max_decoding_buffer_size(sample_count);
        decoder.set_color_transform(if self.stores_rgb {
            ColorTransform::RGB
        } else {
            ColorTransform::YCbCr
        });
        let samples = decoder.decode().map_err(Fault::damaged)?;
        if samples.len() != sample_count {
            return Err(Fault::damaged("its headers contradict each other"));
        }
        Ok(samples)
    }
}

/// Set bits put behind every run of coded data: a decoder that needs more than there are meets a code that no table has.
/// `jpeg-decoder` reads clear bits there otherwise, and makes a grey patch of a scan that ends early. One code, the most
/// bits behind it and another code are 43 bits; what a decoder looks ahead for a restart marker is 56.
const ONES: [u8; 12] = [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

/// A copy of the JPEG in `bytes` with [`ONES`] in front of every marker that ends coded data. Source: ITU-T T.81 F.1.2.3.
fn with_ones_behind_scans(bytes: &[u8]) -> Vec<u8> {
    let mut padded = Vec::with_capacity(bytes.len() + 4 * ONES.len());
    let (mut copied, mut at, mut in_scan) = (0, 2, false);
    while let Some((marker, start)) = next_marker(bytes, at) {
        if in_scan {
            // A marker may have several 0xFF in front.
            let data = bytes[at..start - 1].iter().rposition(|&byte| byte != 0xFF);
            let end = data.map_or(at, |last| at + last + 1);
            padded.extend(&bytes[copied..end]);
            padded.extend(ONES);
            copied = end;
        }
        at = start;
        match marker {
            0xD9 => break,
            0x01 | 0xD0..=0xD8 => {}
            _ => {
                let length = bytes.get(start..start + 2).map_or(2, |length| {
                    usize::from(u16::from_be_bytes([length[0], length[1]])).max(2)
                });
                at = (start + length).min(bytes.len());
                in_scan = marker == 0xDA;
            }
        }
    }
    padded.extend(&bytes[copied..]);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scans(sampling: &[(u8, u8)], components: &[u8]) -> Scans {
        Scans {
            sampling: sampling.to_vec(),
            components: components.to_vec(),
            ..Scans::default()
        }
    }

    #[test]
    fn only_files_that_the_usual_decoder_gets_wrong_are_unusual() {
        let halves = [(2, 2), (1, 1), (1, 1)];
        assert!(!scans(&halves, &[3]).are_unusual());
        assert!(scans(&halves, &[1, 1, 1]).are_unusual());
        assert!(scans(&halves, &[2, 1]).are_unusual());
        assert!(scans(&[(1, 1), (2, 2), (1, 1)], &[3]).are_unusual());
        assert!(scans(&[(3, 1), (1, 1), (1, 1)], &[3]).are_unusual());
        assert!(!scans(&[(2, 2)], &[1]).are_unusual());
        let progressive = Scans {
            is_progressive: true,
            ..scans(&halves, &[3, 1, 1, 1])
        };
        assert!(!progressive.are_unusual());
    }

    #[test]
    fn a_sampling_that_would_come_out_sheared_is_refused() {
        let quarters = [(4, 1), (2, 1), (1, 1)];
        let refused = scans(&quarters, &[1, 1, 1]).decode(&[], 0);
        assert!(matches!(refused, Err(Fault::Unsupported { .. })));
        assert!(!scans(&[(4, 2), (1, 1), (1, 1)], &[1, 1, 1]).is_between());
    }

    #[test]
    fn set_bits_stand_behind_coded_data_and_nowhere_else() {
        let file = [
            0xFF, 0xD8, 0xFF, 0xFE, 0, 4, 0xFF, 0xD9, // a comment that looks like an end
            0xFF, 0xDA, 0, 3, 7, 1, 0xFF, 0, 2, 0xFF, 0xD0, 3, 0xFF, 0xFF, 0xDA, 0, 2, 4, 0xFF,
            0xD9, 9,
        ];
        let padded = with_ones_behind_scans(&file);
        let parts: [&[u8]; 7] = [
            &file[..17],
            &ONES,
            &file[17..20],
            &ONES,
            &file[20..26],
            &ONES,
            &file[26..],
        ];
        assert_eq!(padded, parts.concat());
        for length in 0..file.len() {
            with_ones_behind_scans(&file[..length]);
        }
    }
}
