//! TIFF files made in code in every layout: a writer for tests alone, apart from anything under test.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test file uses its own part, and a helper that fails fails its test"
)]

use std::io::Write as _;

/// One page.
#[derive(Clone)]
pub struct Page {
    pub width: usize,
    pub height: usize,
    pub bits: u16,
    pub photometric: u16,
    /// Channels behind the colours: 0 unknown, 1 associated alpha, 2 unassociated alpha.
    pub extra: Vec<u16>,
    /// 1, 5, 8, 32,946 or 32,773.
    pub compression: u16,
    /// What the tag says. Only LZW and Deflate know predictors, with others the samples themselves are stored.
    pub predictor: u16,
    pub is_planar: bool,
    /// Tiles of this size, otherwise strips.
    pub tile: Option<(usize, usize)>,
    pub rows_per_strip: usize,
    /// Interleaved samples, colours first.
    pub samples: Vec<u16>,
    /// Whether lengths of strips are stored as 16-bit numbers.
    pub has_short_lengths: bool,
    /// Whether equal chunks are stored once.
    pub shares_chunks: bool,
    /// The colours of a palette, all reds, then all greens, all blues; with photometric 3.
    pub palette: Vec<u16>,
    /// Further tags: number and bytes.
    pub more: Vec<(u16, Vec<u8>)>,
    /// `NewSubfileType`, left out when 0; 1 is a smaller copy of another page.
    pub subfile_type: u64,
    /// How it is turned for display, left out when 0.
    pub orientation: u64,
    /// Pages inside this one.
    pub inside: Vec<Self>,
}

impl Page {
    /// Unpacked strips of 5 rows whose samples differ from pixel to pixel.
    pub fn new(width: usize, height: usize, bits: u16, photometric: u16, extra: &[u16]) -> Self {
        let mut page = Self {
            width,
            height,
            bits,
            photometric,
            extra: extra.to_vec(),
            compression: 1,
            predictor: 1,
            is_planar: false,
            tile: None,
            rows_per_strip: 5,
            samples: Vec::new(),
            has_short_lengths: false,
            shares_chunks: false,
            palette: Vec::new(),
            more: Vec::new(),
            subfile_type: 0,
            orientation: 0,
            inside: Vec::new(),
        };
        let largest = (1_u32 << bits) - 1;
        let value = |i: usize| ((i * 40_503 + i / 5 * 977) as u32 % largest) as u16;
        page.samples = (0..width * height * page.channels()).map(value).collect();
        page
    }

    pub fn colours(&self) -> usize {
        if self.photometric == 2 { 3 } else { 1 }
    }

    pub fn channels(&self) -> usize {
        self.colours() + self.extra.len()
    }

    fn chunk_size(&self) -> (usize, usize) {
        self.tile
            .unwrap_or((self.width, self.rows_per_strip.min(self.height)))
    }

    /// Packed chunks in file order.
    fn chunks(&self, is_little: bool) -> Vec<Vec<u8>> {
        let (width, height) = self.chunk_size();
        let planes = if self.is_planar { self.channels() } else { 1 };
        let mut chunks = Vec::new();
        for plane in 0..planes {
            for top in (0..self.height).step_by(height) {
                for left in (0..self.width).step_by(width) {
                    let rows = if self.tile.is_some() {
                        height
                    } else {
                        height.min(self.height - top)
                    };
                    let rows =
                        (top..top + rows).map(|y| self.row(plane, left, y, width, is_little));
                    chunks.push(self.pack(&rows.collect::<Vec<_>>()));
                }
            }
        }
        chunks
    }

    fn row(&self, plane: usize, left: usize, y: usize, width: usize, is_little: bool) -> Vec<u8> {
        let channels = self.channels();
        let used = if self.is_planar {
            plane..plane + 1
        } else {
            0..channels
        };
        // Padding of tiles is no black, so that its fate is seen.
        let at = |x: usize, c| {
            let inside = x < self.width && y < self.height;
            inside.then(|| self.samples[(y * self.width + x) * channels + c])
        };
        let values: Vec<u16> = (left..left + width)
            .flat_map(|x| used.clone().map(move |c| (x, c)))
            .map(|(x, c)| at(x, c).unwrap_or(77))
            .collect();
        let step = used.len();
        let is_predicted = self.predictor == 2 && matches!(self.compression, 5 | 8 | 32_946);
        let stored = (0..values.len()).map(|i| {
            if is_predicted && i >= step {
                values[i].wrapping_sub(values[i - step])
            } else {
                values[i]
            }
        });
        match (self.bits, is_little) {
            (8, _) => stored.map(|value| value as u8).collect(),
            (_, true) => stored.flat_map(u16::to_le_bytes).collect(),
            (_, false) => stored.flat_map(u16::to_be_bytes).collect(),
        }
    }

    fn pack(&self, rows: &[Vec<u8>]) -> Vec<u8> {
        let bytes = rows.concat();
        match self.compression {
            5 => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                .encode(&bytes)
                .unwrap(),
            8 | 32_946 => {
                let level = flate2::Compression::fast();
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap()
            }
            // Literals and, for rows of one value, runs.
            32_773 => rows.iter().flat_map(|row| pack_bits(row)).collect(),
            _ => bytes,
        }
    }
}

fn pack_bits(row: &[u8]) -> Vec<u8> {
    let pieces = row.chunks(128).map(|piece| {
        if piece.len() > 1 && piece.iter().all(|byte| *byte == piece[0]) {
            vec![(257 - piece.len()) as u8, piece[0]]
        } else {
            [&[(piece.len() - 1) as u8], piece].concat()
        }
    });
    pieces.flatten().collect()
}

/// A file of `pages`.
pub fn tiff(is_little: bool, is_big: bool, pages: &[Page]) -> Vec<u8> {
    let mut file = File {
        bytes: Vec::new(),
        is_little,
        is_big,
    };
    file.bytes.extend(if is_little { b"II" } else { b"MM" });
    file.number(if is_big { 43 } else { 42 }, 2);
    if is_big {
        file.number(8, 2);
        file.number(0, 2);
    }
    let mut link_at = file.bytes.len();
    file.offset(0);
    for page in pages {
        let directory = file.page(page);
        let at = file.bytes.len() as u64;
        let link = file.encoded(at, if is_big { 8 } else { 4 });
        file.bytes[link_at..link_at + link.len()].copy_from_slice(&link);
        file.bytes.extend(directory);
        link_at = file.bytes.len();
        file.offset(0);
    }
    file.bytes
}

struct File {
    bytes: Vec<u8>,
    is_little: bool,
    is_big: bool,
}

impl File {
    fn encoded(&self, value: u64, bytes: usize) -> Vec<u8> {
        let mut encoded = value.to_le_bytes()[..bytes].to_vec();
        if !self.is_little {
            encoded.reverse();
        }
        encoded
    }

    fn number(&mut self, value: u64, bytes: usize) {
        let encoded = self.encoded(value, bytes);
        self.bytes.extend(encoded);
    }

    fn offset(&mut self, value: u64) {
        self.number(value, if self.is_big { 8 } else { 4 });
    }

    /// Writes what a page points to; its directory without the link to the next.
    fn page(&mut self, page: &Page) -> Vec<u8> {
        let mut inside = Vec::new();
        for page in &page.inside {
            let directory = self.page(page);
            inside.push(self.bytes.len() as u64);
            self.bytes.extend(directory);
            self.offset(0);
        }
        let mut places: Vec<(Vec<u8>, u64)> = Vec::new();
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for chunk in page.chunks(self.is_little) {
            let known = places.iter().find(|(known, _)| *known == chunk);
            let at = match known {
                Some(&(_, at)) if page.shares_chunks => at,
                _ => {
                    self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
                    let at = self.bytes.len() as u64;
                    self.bytes.extend(&chunk);
                    at
                }
            };
            offsets.push(at);
            lengths.push(chunk.len() as u64);
            places.push((chunk, at));
        }
        let channels = page.channels();
        let (short, long) = (3_u16, if self.is_big { 16 } else { 4 });
        let (width, height) = page.chunk_size();
        let length_kind = if page.has_short_lengths { short } else { long };
        let mut tags: Vec<(u16, u16, Vec<u64>)> = vec![
            (256, 4, vec![page.width as u64]),
            (257, 4, vec![page.height as u64]),
            (258, short, vec![u64::from(page.bits); channels]),
            (259, short, vec![u64::from(page.compression)]),
            (262, short, vec![u64::from(page.photometric)]),
            (277, short, vec![channels as u64]),
            (284, short, vec![1 + u64::from(page.is_planar)]),
            (317, short, vec![u64::from(page.predictor)]),
        ];
        if page.tile.is_some() {
            tags.push((322, short, vec![width as u64]));
            tags.push((323, short, vec![height as u64]));
            tags.push((324, long, offsets));
            tags.push((325, length_kind, lengths));
        } else {
            tags.push((273, long, offsets));
            tags.push((278, short, vec![height as u64]));
            tags.push((279, length_kind, lengths));
        }
        if page.orientation > 0 {
            tags.push((274, short, vec![page.orientation]));
        }
        if page.subfile_type > 0 {
            tags.push((254, 4, vec![page.subfile_type]));
        }
        if !inside.is_empty() {
            tags.push((330, long, inside));
        }
        if !page.extra.is_empty() {
            let extra = page.extra.iter().map(|&kind| u64::from(kind)).collect();
            tags.push((338, short, extra));
        }
        if !page.palette.is_empty() {
            let palette = page.palette.iter().map(|&value| u64::from(value));
            tags.push((320, short, palette.collect()));
        }
        for (tag, bytes) in &page.more {
            let bytes = bytes.iter().map(|&byte| u64::from(byte)).collect();
            tags.push((*tag, 7, bytes));
        }
        tags.sort_by_key(|(tag, ..)| *tag);
        let mut directory = self.encoded(tags.len() as u64, if self.is_big { 8 } else { 2 });
        for (tag, kind, values) in tags {
            directory.extend(self.entry(tag, kind, &values));
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        directory
    }

    fn entry(&mut self, tag: u16, kind: u16, values: &[u64]) -> Vec<u8> {
        let value_bytes = match kind {
            3 => 2,
            4 => 4,
            16 => 8,
            _ => 1,
        };
        let room = if self.is_big { 8 } else { 4 };
        let values_bytes: Vec<u8> = values
            .iter()
            .flat_map(|&value| self.encoded(value, value_bytes))
            .collect();
        let mut value = values_bytes.clone();
        if value.len() > room {
            self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
            value = self.encoded(self.bytes.len() as u64, room);
            self.bytes.extend(values_bytes);
        }
        value.resize(room, 0);
        [
            self.encoded(u64::from(tag), 2),
            self.encoded(u64::from(kind), 2),
            self.encoded(values.len() as u64, room),
            value,
        ]
        .concat()
    }
}
