//! The rows of a picture as the JPEG encoder asks for them: made in bands, 8 bits, in the colours it codes. Codes nothing.

use std::borrow::Cow;
use std::cell::RefCell;

use jpeg_encoder::{ImageBuffer, JpegColorType, rgb_to_ycbcr};
use rayon::prelude::*;

use super::{Picture, Pixels, View};
use crate::photo::Channels;

/// Stored bytes of the rows that a core makes at a time.
const PART_BYTES: usize = 1 << 20;
/// Most parts of a band; each core makes one.
const MAX_PARTS: usize = 32;
/// Stands for samples that cannot be made; what is coded then is thrown away.
const GREY: u8 = 128;

/// A picture's colour, of which one band is in memory.
///
/// The encoder goes from top to bottom. Without subsampling by 4 and without progressive scans it keeps one row of blocks;
/// with either it keeps the whole picture.
pub struct Rows<'p, 'a> {
    picture: &'p Picture<'a>,
    band: RefCell<Band<'a>>,
}

struct Band<'a> {
    /// The first row of it.
    first: u32,
    /// The row behind it.
    end: u32,
    /// Its colour, 8 bits, interleaved.
    values: Cow<'a, [u8]>,
    /// Why nothing more can be made.
    failure: Option<std::io::Error>,
}

impl<'p, 'a> Rows<'p, 'a> {
    /// The rows of `picture`, none of which is made yet.
    pub fn new(picture: &'p Picture<'a>) -> Self {
        let band = Band {
            first: 0,
            end: 0,
            values: Cow::Borrowed(&[]),
            failure: None,
        };
        Self {
            picture,
            band: RefCell::new(band),
        }
    }

    /// # Errors
    /// Why not all rows that were asked for could be made.
    pub fn finish(self) -> std::io::Result<()> {
        self.band.into_inner().failure.map_or(Ok(()), Err)
    }

    /// The band that begins with row `first`, and the row behind it.
    fn made_from(&self, first: u32) -> std::io::Result<(u32, Cow<'a, [u8]>)> {
        let (picture, height) = (self.picture, self.picture.size.height);
        if let Pixels::Whole(View::U8(_)) = picture.samples {
            return Ok((height, picture.eight_bit_rows(first, height)?));
        }
        let rows = picture.rows_in(PART_BYTES);
        let parts = rayon::current_num_threads().clamp(1, MAX_PARTS);
        let starts: Vec<u32> = (first..height).step_by(rows as usize).take(parts).collect();
        let part_end = |start: u32| start.saturating_add(rows).min(height);
        let end = starts.last().map_or(height, |&start| part_end(start));
        picture.wait_for(end)?;
        let made = starts
            .par_iter()
            .map(|&start| picture.eight_bit_rows(start, part_end(start)));
        let made = made.collect::<std::io::Result<Vec<_>>>()?;
        Ok((end, Cow::Owned(made.concat())))
    }
}

impl ImageBuffer for &Rows<'_, '_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        match self.picture.channels {
            Channels::Grey => JpegColorType::Luma,
            Channels::Rgb => JpegColorType::Ycbcr,
        }
    }

    fn width(&self) -> u16 {
        self.picture.size.width as u16
    }

    fn height(&self) -> u16 {
        self.picture.size.height as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let (y, channels) = (u32::from(y), self.picture.channels);
        let row_bytes = self.picture.size.width as usize * channels.count();
        let mut band = self.band.borrow_mut();
        if band.failure.is_none() && !(band.first..band.end).contains(&y) {
            // The old one goes before the new one is made.
            band.values = Cow::Borrowed(&[]);
            match self.made_from(y) {
                Ok((end, values)) => {
                    (band.first, band.end, band.values) = (y, end, values);
                }
                Err(error) => band.failure = Some(error),
            }
        }
        if band.failure.is_some() {
            for buffer in buffers.iter_mut().take(channels.count()) {
                buffer.extend(std::iter::repeat_n(GREY, self.picture.size.width as usize));
            }
            return;
        }
        let row = &band.values[(y - band.first) as usize * row_bytes..][..row_bytes];
        match channels {
            Channels::Grey => buffers[0].extend_from_slice(row),
            Channels::Rgb => {
                let [luma, blue, red, _] = buffers;
                for pixel in row.chunks_exact(3) {
                    let (y, cb, cr) = rgb_to_ycbcr(pixel[0], pixel[1], pixel[2]);
                    luma.push(y);
                    blue.push(cb);
                    red.push(cr);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

    use super::super::RowSource;
    use super::super::picture::to_eight_bits;
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::{BitDepth, Metadata, Samples};

    /// Rows of noise on a slope, the same whenever they are asked for; notes which were, and fails from a row on.
    struct Noise {
        size: ImageSize,
        channels: usize,
        depth: BitDepth,
        fails_from: u32,
        asked: Mutex<Vec<(u32, u32)>>,
    }

    impl RowSource for Noise {
        fn rows(&self, first: u32, end: u32) -> std::io::Result<Samples> {
            self.asked.lock().unwrap().push((first, end));
            if end > self.fails_from {
                return Err(std::io::Error::other("the source is at its end"));
            }
            let range =
                self.size.index(0, first) * self.channels..self.size.index(0, end) * self.channels;
            let value = |i: usize| (i as u32).wrapping_mul(0x9E37_79B1) >> 20;
            Ok(match self.depth {
                BitDepth::Eight => Samples::U8(
                    range
                        .map(|i| (value(i) / 64 + i as u32 / 97 % 190) as u8)
                        .collect(),
                ),
                BitDepth::Sixteen => Samples::U16(
                    range
                        .map(|i| (value(i) * 4 + i as u32 / 7 % 40_000) as u16)
                        .collect(),
                ),
            })
        }
    }

    fn noise(size: ImageSize, channels: Channels, depth: BitDepth) -> Noise {
        Noise {
            size,
            channels: channels.count(),
            depth,
            fails_from: u32::MAX,
            asked: Mutex::default(),
        }
    }

    fn picture<'a>(source: &'a Noise, channels: Channels, metadata: &'a Metadata) -> Picture<'a> {
        Picture {
            size: source.size,
            channels,
            samples: Pixels::Made(source.depth, source),
            alpha: None,
            metadata,
        }
    }

    fn encoder(
        file: &mut Vec<u8>,
        sampling: SamplingFactor,
        progressive: bool,
    ) -> Encoder<&mut Vec<u8>> {
        let mut encoder = Encoder::new(file, 90);
        encoder.set_sampling_factor(sampling);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.set_progressive(progressive);
        encoder
    }

    #[test]
    fn a_jpeg_made_in_bands_has_the_bytes_of_one_made_of_the_whole_picture() {
        let metadata = Metadata::default();
        // Several bands at either depth, with an end of its own.
        let size = ImageSize::new(9_001, 1_203);
        for (channels, depth, sampling, progressive) in [
            (
                Channels::Rgb,
                BitDepth::Sixteen,
                SamplingFactor::F_1_1,
                false,
            ),
            (Channels::Rgb, BitDepth::Eight, SamplingFactor::F_2_2, false),
            (
                Channels::Grey,
                BitDepth::Sixteen,
                SamplingFactor::F_1_1,
                false,
            ),
        ] {
            compare(size, channels, depth, (sampling, progressive), &metadata);
        }
        let small = ImageSize::new(33, 21);
        for sampling in [SamplingFactor::F_2_1, SamplingFactor::F_4_1] {
            for progressive in [false, true] {
                let coding = (sampling, progressive);
                compare(small, Channels::Rgb, BitDepth::Eight, coding, &metadata);
            }
        }
    }

    fn compare(
        size: ImageSize,
        channels: Channels,
        depth: BitDepth,
        (sampling, progressive): (SamplingFactor, bool),
        metadata: &Metadata,
    ) {
        let source = noise(size, channels, depth);
        let whole = match source.rows(0, size.height).unwrap() {
            Samples::U8(values) => values,
            Samples::U16(values) => values.into_iter().map(to_eight_bits).collect(),
        };
        source.asked.lock().unwrap().clear();
        let mut expected = Vec::new();
        let colour = match channels {
            Channels::Grey => ColorType::Luma,
            Channels::Rgb => ColorType::Rgb,
        };
        let (width, height) = (size.width as u16, size.height as u16);
        encoder(&mut expected, sampling, progressive)
            .encode(&whole, width, height, colour)
            .unwrap();
        let picture = picture(&source, channels, metadata);
        let mut file = Vec::new();
        let rows = Rows::new(&picture);
        encoder(&mut file, sampling, progressive)
            .encode_image(&rows)
            .unwrap();
        rows.finish().unwrap();
        assert!(
            file == expected,
            "{size} {channels:?} {depth:?} {sampling:?} {progressive}"
        );
        let most = picture.rows_in(PART_BYTES);
        let mut asked = source.asked.into_inner().unwrap();
        assert!(asked.iter().all(|(first, end)| end - first <= most));
        asked.sort_unstable();
        assert!(
            asked.windows(2).all(|pair| pair[0].1 == pair[1].0),
            "each row once"
        );
        assert_eq!((asked[0].0, asked[asked.len() - 1].1), (0, size.height));
    }

    #[test]
    fn rows_that_cannot_be_made_end_the_jpeg_with_their_own_reason_and_are_not_asked_for_again() {
        let metadata = Metadata::default();
        let mut source = noise(ImageSize::new(40, 60), Channels::Rgb, BitDepth::Sixteen);
        source.fails_from = 10;
        let picture = picture(&source, Channels::Rgb, &metadata);
        let mut file = Vec::new();
        let rows = Rows::new(&picture);
        encoder(&mut file, SamplingFactor::F_1_1, false)
            .encode_image(&rows)
            .unwrap();
        let error = rows.finish().unwrap_err();
        assert!(error.to_string().contains("at its end"), "{error}");
        assert_eq!(source.asked.into_inner().unwrap().len(), 1);
    }
}
