//! The pixels of a PNG: bands of rows, filtered and packed on all cores, joined to one Deflate stream. No other chunks.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use png::chunk::IDAT;
use rayon::prelude::*;
use simd_adler32::Adler32;

use super::{Failure, Picture};

/// Unpacked bytes of a band: packing begins anew with each, so that they need not wait for each other, and a band this
/// large loses next to nothing by that.
const BAND_BYTES: usize = 1 << 20;
/// Bands packed at a time for each core; bounds the memory for packed bands.
const BANDS_A_CORE: usize = 2;
/// Most bands packed at a time.
const MAX_BANDS: usize = 32;
/// zlib's own default, the usual trade of time and size.
const DEFLATE_LEVEL: u32 = 6;
/// Deflate with a window of 32 KiB, packed at the default level. Source: RFC 1950, section 2.2.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9C];

/// Writes the rows of `picture` as chunks behind what `writer` holds already.
pub fn write<W: Write>(picture: &Picture<'_>, writer: &mut png::Writer<W>) -> Result<(), Failure> {
    let rows = (BAND_BYTES / picture.row_bytes()).max(1);
    let height = picture.size.height;
    let starts: Vec<u32> = (0..height).step_by(rows).collect();
    let at_once = (BANDS_A_CORE * rayon::current_num_threads()).clamp(1, MAX_BANDS);
    let mut checksum = Adler32::new();
    for batch in starts.chunks(at_once) {
        let last = u64::from(batch[batch.len() - 1]);
        picture.wait_for((last + rows as u64).min(u64::from(height)) as u32)?;
        let packed: Vec<Result<Band, Failure>> = batch
            .par_iter()
            .map(|&first| {
                let end = (u64::from(first) + rows as u64).min(u64::from(height)) as u32;
                Band::new(picture, first, end)
            })
            .collect();
        for (band, &first) in packed.into_iter().zip(batch) {
            let Band {
                filtered,
                mut packed,
            } = band?;
            checksum.write(&filtered);
            if first == 0 {
                packed.splice(0..0, ZLIB_HEADER);
            }
            writer.write_chunk(IDAT, &packed)?;
        }
    }
    writer.write_chunk(IDAT, &checksum.finish().to_be_bytes())?;
    Ok(())
}

/// Some rows on their way into the file.
struct Band {
    /// What is packed: each row behind the number of its filter.
    filtered: Vec<u8>,
    /// Deflate blocks that end on a whole byte; the last band's end the stream.
    packed: Vec<u8>,
}

impl Band {
    fn new(picture: &Picture<'_>, first: u32, end: u32) -> Result<Self, Failure> {
        // With the row above, which filters look at.
        let above = first.saturating_sub(1);
        let stored = picture.rows(above, end)?;
        let stored = if picture.sample_bytes() == 1 {
            stored
        } else {
            to_big_endian(&stored).into()
        };
        let stride = picture.row_bytes();
        let pixel = picture.stored_channels() * picture.sample_bytes();
        let mut filters = Filters::new(stride, pixel);
        if above < first {
            filters.begin_below(&stored[..stride]);
        }
        let rows = stored[(first - above) as usize * stride..].chunks_exact(stride);
        let mut filtered = Vec::with_capacity(rows.len() * (stride + 1));
        for row in rows {
            filters.add(row, &mut filtered);
        }
        let packed = pack(&filtered, end == picture.size.height)?;
        Ok(Self { filtered, packed })
    }
}

fn pack(bytes: &[u8], is_last: bool) -> std::io::Result<Vec<u8>> {
    let level = Compression::new(DEFLATE_LEVEL);
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), level);
    encoder.write_all(bytes)?;
    if is_last {
        return encoder.finish();
    }
    // Ends the block on a whole byte, so that the next band's can follow.
    encoder.flush()?;
    Ok(std::mem::take(encoder.get_mut()))
}

fn to_big_endian(rows: &[u8]) -> Vec<u8> {
    rows.chunks_exact(2)
        .flat_map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]]).to_be_bytes())
        .collect()
}

/// The five filters of PNG, tried on each row; the one that leaves the smallest sum of absolute values is taken.
///
/// Source: PNG specification, third edition, sections 9 (filters) and 12.7 (that choice).
struct Filters {
    /// Bytes of a pixel.
    pixel: usize,
    /// This row and the one above, behind one pixel of zeros.
    row: Vec<u8>,
    above: Vec<u8>,
    best: Vec<u8>,
    tried: Vec<u8>,
}

impl Filters {
    fn new(stride: usize, pixel: usize) -> Self {
        Self {
            pixel,
            row: vec![0; pixel + stride],
            above: vec![0; pixel + stride],
            best: vec![0; stride],
            tried: vec![0; stride],
        }
    }

    /// Sets the row above the first one that is added.
    fn begin_below(&mut self, above: &[u8]) {
        self.row[self.pixel..].copy_from_slice(above);
    }

    /// Adds `row`, filtered, to `out`.
    fn add(&mut self, row: &[u8], out: &mut Vec<u8>) {
        std::mem::swap(&mut self.row, &mut self.above);
        self.row[self.pixel..].copy_from_slice(row);
        let mut kind = 0;
        let mut least = u64::MAX;
        for (number, filter) in (0_u8..).zip([none, sub, up, average, paeth]) {
            let Self {
                pixel,
                row,
                above,
                best,
                tried,
            } = self;
            let length = best.len();
            let neighbours = Neighbours {
                value: &row[*pixel..],
                left: &row[..length],
                above: &above[*pixel..],
                corner: &above[..length],
            };
            filter(tried, &neighbours);
            let sum = absolute_sum(tried);
            if sum < least {
                (kind, least) = (number, sum);
                std::mem::swap(best, tried);
            }
        }
        out.push(kind);
        out.extend_from_slice(&self.best);
    }
}

/// Bytes of a row with those before them by one pixel, by one row, and by both.
struct Neighbours<'a> {
    value: &'a [u8],
    left: &'a [u8],
    above: &'a [u8],
    corner: &'a [u8],
}

/// The bytes as signed values, without their signs, added up.
fn absolute_sum(bytes: &[u8]) -> u64 {
    let sum = |part: &[u8]| -> u32 {
        let values = part.iter().map(|&byte| byte.cast_signed().unsigned_abs());
        values.map(u32::from).sum()
    };
    bytes.chunks(1 << 16).map(|part| u64::from(sum(part))).sum()
}

fn none(out: &mut [u8], row: &Neighbours<'_>) {
    out.copy_from_slice(row.value);
}

fn sub(out: &mut [u8], row: &Neighbours<'_>) {
    for ((out, value), left) in out.iter_mut().zip(row.value).zip(row.left) {
        *out = value.wrapping_sub(*left);
    }
}

fn up(out: &mut [u8], row: &Neighbours<'_>) {
    for ((out, value), above) in out.iter_mut().zip(row.value).zip(row.above) {
        *out = value.wrapping_sub(*above);
    }
}

fn average(out: &mut [u8], row: &Neighbours<'_>) {
    let near = row.left.iter().zip(row.above);
    for ((out, value), (&left, &above)) in out.iter_mut().zip(row.value).zip(near) {
        *out = value.wrapping_sub(left.midpoint(above));
    }
}

fn paeth(out: &mut [u8], row: &Neighbours<'_>) {
    let near = row.left.iter().zip(row.above).zip(row.corner);
    for ((out, value), ((&left, &above), &corner)) in out.iter_mut().zip(row.value).zip(near) {
        *out = value.wrapping_sub(paeth_predictor(left, above, corner));
    }
}

/// Of the three the one nearest to left + above − corner; of equally near ones the first.
fn paeth_predictor(left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i16::from);
    let to_left = (b - c).abs();
    let to_above = (a - c).abs();
    let to_corner = (a + b - 2 * c).abs();
    let other = if to_above <= to_corner { above } else { corner };
    if to_left <= to_above && to_left <= to_corner {
        left
    } else {
        other
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::View;
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::{Channels, Metadata};

    #[test]
    fn another_decoder_reads_every_band_and_every_filter() {
        // Rows of 3 · 40,000 bytes: several bands, the last one short.
        let size = ImageSize::new(40_000, 29);
        let value = |i: u32| {
            let (row, at) = (i / 120_000, i % 120_000);
            let noise = i.wrapping_mul(0x9E37_79B1) >> 24;
            (match row % 5 {
                0 => noise,
                1 => at / 3,
                2 => row * 7 + noise / 64,
                3 => at / 5 + row * 3,
                _ => 200,
            }) as u8
        };
        let pixels: Vec<u8> = (0..size.pixel_count() as u32 * 3).map(value).collect();
        let metadata = Metadata::default();
        let picture = Picture {
            size,
            channels: Channels::Rgb,
            samples: View::U8(&pixels).into(),
            alpha: None,
            metadata: &metadata,
        };
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, size.width, size.height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        write(&picture, &mut writer).unwrap();
        writer.finish().unwrap();
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
        let mut found = vec![0; pixels.len()];
        reader.next_frame(&mut found).unwrap();
        reader.finish().unwrap();
        assert_eq!(found, pixels);
    }

    #[test]
    fn the_predictor_takes_the_nearest_and_prefers_left_then_above() {
        assert_eq!(paeth_predictor(10, 20, 10), 20);
        assert_eq!(paeth_predictor(10, 20, 20), 10);
        assert_eq!(paeth_predictor(0, 255, 128), 128);
        assert_eq!(paeth_predictor(7, 7, 7), 7);
        assert_eq!(paeth_predictor(5, 9, 7), 7);
        assert_eq!(paeth_predictor(9, 9, 0), 9);
    }
}
