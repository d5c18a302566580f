//! How one page stores its samples: size, depth, channels, strips or tiles. Reads no pixels.

use super::directory::{Directory, Entry, PageAt, TiffFile};
use super::{Packing, PageFault};
use crate::geometry::{ImageSize, PixelRect};

mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_COUNTS: u16 = 279;
    pub const PLANAR: u16 = 284;
    pub const PREDICTOR: u16 = 317;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    pub const SAMPLE_FORMAT: u16 = 339;
}

/// Most bytes of one row of a strip or tile; rows are what memory is taken for.
const MAX_ROW_BYTES: u64 = 1 << 28;

/// How one page stores its samples; a *chunk* is a strip or a tile, a *group* the chunks of all planes at one place.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a TIFF has this many independent switches"
)]
pub struct PageLayout {
    /// Where its directory stands.
    pub directory_at: u64,
    /// Size of the page.
    pub size: ImageSize,
    /// Bits a sample, 8 or 16.
    pub bits: u8,
    /// Samples a pixel, those behind the colours included.
    pub samples: usize,
    /// Colour samples a pixel, 1 or 3; they come first.
    pub colours: usize,
    /// Whether every channel has chunks of its own.
    pub is_planar: bool,
    /// Whether grey is stored inverted.
    pub is_white_zero: bool,
    /// Whether samples are stored as differences from the pixel before.
    pub is_predicted: bool,
    /// How chunks are packed.
    pub packing: Packing,
    /// Whether 16-bit samples are stored with the low byte first.
    pub is_little_endian: bool,
    /// Where every chunk starts in the file.
    pub offsets: Vec<u64>,
    /// Packed length of every chunk, bytes.
    pub lengths: Vec<u64>,
    /// The directory's entry for [`Self::offsets`].
    pub offsets_entry: Entry,
    /// The directory's entry for [`Self::lengths`].
    pub lengths_entry: Entry,
    chunk: ImageSize,
    is_tiled: bool,
}

impl PageLayout {
    /// Reads the layout of the page at `place`.
    pub fn read(tiff: &TiffFile<'_>, place: PageAt) -> Result<Self, PageFault> {
        let tags = Tags {
            tiff,
            directory: tiff.directory_at(place)?,
        };
        if tags.directory.repeats_a_tag() {
            return Err(foreign("a tag stands twice in its directory"));
        }
        let size = ImageSize::new(
            to_u32(tags.needed(tag::WIDTH)?)?,
            to_u32(tags.needed(tag::HEIGHT)?)?,
        );
        if size.width == 0 || size.height == 0 {
            return Err(PageFault::Damaged("its page is empty"));
        }
        let samples = tags.first(tag::SAMPLES)?.unwrap_or(1);
        let bits = tags.depth(samples)?;
        // What is packed as JPEG has YCbCr for that reason alone.
        let packing = tags.packing()?;
        let (colours, is_white_zero) = tags.colours()?;
        if samples < colours {
            return Err(PageFault::Damaged("its colour channels are missing"));
        }
        let is_predicted = tags.is_predicted(packing)?;
        let is_tiled = tags.directory.entry(tag::TILE_WIDTH).is_some();
        let chunk = tags.chunk_size(size, is_tiled)?;
        let (offsets_tag, lengths_tag) = if is_tiled {
            (tag::TILE_OFFSETS, tag::TILE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_COUNTS)
        };
        let offsets_entry = tags.entry(offsets_tag)?;
        let lengths_entry = tags.entry(lengths_tag)?;
        let layout = Self {
            directory_at: tags.directory.at,
            size,
            bits,
            samples: samples as usize,
            colours: colours as usize,
            is_planar: tags.first(tag::PLANAR)? == Some(2) && samples > 1,
            is_white_zero,
            is_predicted,
            packing,
            is_little_endian: tiff.is_little_endian,
            offsets: tiff.values(&offsets_entry)?,
            lengths: tiff.values(&lengths_entry)?,
            offsets_entry,
            lengths_entry,
            chunk,
            is_tiled,
        };
        layout.check()?;
        Ok(layout)
    }

    /// Refuses chunks that are missing or beyond belief.
    fn check(&self) -> Result<(), PageFault> {
        let row =
            u64::from(self.chunk.width) * self.chunk_samples() as u64 * u64::from(self.bits / 8);
        if row > MAX_ROW_BYTES {
            return Err(foreign("its rows are too long"));
        }
        let (across, down) = self.groups_across_down();
        let groups = u64::from(across) * u64::from(down);
        let wanted = groups * self.planes() as u64;
        if self.offsets.len() as u64 != wanted || self.lengths.len() as u64 != wanted {
            return Err(PageFault::Damaged(
                "its strips or tiles do not make up the page",
            ));
        }
        Ok(())
    }

    /// Strips or tiles of which the file holds nothing, as writers of sparse files leave them out.
    pub fn missing_chunks(&self) -> usize {
        let places = self.offsets.iter().zip(&self.lengths);
        places
            .filter(|(offset, length)| **offset == 0 || **length == 0)
            .count()
    }

    /// Which chunks share bytes of the file with another one: a writer may store equal tiles once.
    pub fn shared_chunks(&self) -> Vec<bool> {
        let end = |index: usize| self.offsets[index].saturating_add(self.lengths[index]);
        let mut order: Vec<usize> = (0..self.offsets.len()).collect();
        order.sort_unstable_by_key(|&index| self.offsets[index]);
        let mut shared = vec![false; order.len()];
        // The chunk that reaches furthest of those that start before.
        let mut furthest: Option<usize> = None;
        for index in order {
            if let Some(before) = furthest
                && end(before) > self.offsets[index]
            {
                (shared[before], shared[index]) = (true, true);
            }
            if furthest.is_none_or(|before| end(index) > end(before)) {
                furthest = Some(index);
            }
        }
        shared
    }

    /// Where the bytes of every chunk lie in the file, from and to.
    pub fn places(&self) -> impl Iterator<Item = (u64, u64)> {
        let places = self.offsets.iter().zip(&self.lengths);
        places.map(|(&start, &length)| (start, start.saturating_add(length)))
    }

    fn groups_across_down(&self) -> (u32, u32) {
        (
            self.size.width.div_ceil(self.chunk.width),
            self.size.height.div_ceil(self.chunk.height),
        )
    }

    /// Planes with chunks of their own; 1 when all samples of a pixel lie together.
    pub const fn planes(&self) -> usize {
        if self.is_planar { self.samples } else { 1 }
    }

    /// Samples a pixel inside one chunk.
    pub const fn chunk_samples(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Number of groups: places of chunks on the page.
    pub fn groups(&self) -> usize {
        let (across, down) = self.groups_across_down();
        across as usize * down as usize
    }

    /// Number of a chunk in the file's order.
    pub fn chunk_index(&self, group: usize, plane: usize) -> usize {
        plane * self.groups() + group
    }

    /// The part of the page that group `group` covers.
    pub fn group_rect(&self, group: usize) -> PixelRect {
        let across = self.groups_across_down().0;
        let (column, row) = (group as u32 % across, group as u32 / across);
        // Neither product passes the page's size, as the group starts on it.
        let (x, y) = (column * self.chunk.width, row * self.chunk.height);
        PixelRect::new(
            x,
            y,
            self.chunk.width.min(self.size.width - x),
            self.chunk.height.min(self.size.height - y),
        )
    }

    /// Rows stored in a chunk of `group`: a tile's padding counts, a strip has none.
    pub fn stored_rows(&self, group: usize) -> u32 {
        if self.is_tiled {
            self.chunk.height
        } else {
            self.group_rect(group).height
        }
    }

    /// Samples of one stored row of a chunk, padding included.
    pub fn row_samples(&self) -> usize {
        self.chunk.width as usize * self.chunk_samples()
    }

    /// Bytes of one stored row of a chunk, unpacked.
    pub fn row_bytes(&self) -> usize {
        self.row_samples() * usize::from(self.bits / 8)
    }

    /// The largest code value.
    pub const fn max_value(&self) -> u16 {
        if self.bits == 8 { 0xFF } else { u16::MAX }
    }
}

struct Tags<'a> {
    tiff: &'a TiffFile<'a>,
    directory: Directory,
}

impl Tags<'_> {
    fn entry(&self, tag: u16) -> Result<Entry, PageFault> {
        let entry = self.directory.entry(tag);
        entry.ok_or(PageFault::Damaged("a tag that every page needs is missing"))
    }

    fn all(&self, tag: u16) -> Result<Vec<u64>, PageFault> {
        let entry = self.directory.entry(tag);
        entry.map_or_else(|| Ok(Vec::new()), |entry| self.tiff.values(&entry))
    }

    fn first(&self, tag: u16) -> Result<Option<u64>, PageFault> {
        Ok(self.all(tag)?.first().copied())
    }

    fn needed(&self, tag: u16) -> Result<u64, PageFault> {
        let value = self.first(tag)?;
        value.ok_or(PageFault::Damaged("a tag that every page needs is missing"))
    }

    /// Bits a sample, 8 or 16, the same for all `samples`.
    fn depth(&self, samples: u64) -> Result<u8, PageFault> {
        let bits = self.all(tag::BITS)?;
        let first = bits.first().copied().unwrap_or(1);
        let formats = self.all(tag::SAMPLE_FORMAT)?;
        if samples == 0 || samples > 1024 {
            return Err(PageFault::Damaged(
                "its number of channels is beyond belief",
            ));
        }
        if bits.iter().any(|&other| other != first) {
            return Err(foreign("its channels differ in depth"));
        }
        if formats.iter().any(|&format| format != 1) {
            return Err(foreign("its numbers are not plain whole numbers"));
        }
        match first {
            8 => Ok(8),
            16 => Ok(16),
            bits if bits < 8 => Err(foreign(format!("its {bits}-bit values were widened"))),
            bits => Err(foreign(format!("it has {bits} bits a channel"))),
        }
    }

    /// Colour channels, and whether grey is inverted.
    fn colours(&self) -> Result<(u64, bool), PageFault> {
        match self.needed(tag::PHOTOMETRIC)? {
            0 => Ok((1, true)),
            1 => Ok((1, false)),
            2 => Ok((3, false)),
            3 => Err(foreign("its palette was widened to RGB")),
            _ => Err(foreign("its colours are neither grey nor RGB")),
        }
    }

    fn packing(&self) -> Result<Packing, PageFault> {
        if self.first(tag::FILL_ORDER)? == Some(2) {
            return Err(foreign("its bits are stored in reversed order"));
        }
        let code = self.first(tag::COMPRESSION)?.unwrap_or(1);
        Packing::from_code(code).ok_or_else(|| match code {
            6 | 7 => foreign("its pixels are compressed as JPEG"),
            code => foreign(format!("its compression (number {code}) cannot be renewed")),
        })
    }

    /// Whether samples are stored as differences. Unpacked pixels never are, whatever the tag says: `LibTIFF` knows the tag for
    /// its dictionary packings alone, and what writes it otherwise writes the samples themselves.
    ///
    /// Source: TIFF 6.0 section 14, "Predictor"; `LibTIFF`'s codecs.
    fn is_predicted(&self, packing: Packing) -> Result<bool, PageFault> {
        if packing == Packing::None {
            return Ok(false);
        }
        match self.first(tag::PREDICTOR)?.unwrap_or(1) {
            1 => Ok(false),
            _ if packing == Packing::PackBits => Err(foreign(
                "it is packed with PackBits and names a predictor, which some programs apply and others ignore",
            )),
            2 => Ok(true),
            _ => Err(foreign("its predictor is not for whole numbers")),
        }
    }

    fn chunk_size(&self, size: ImageSize, is_tiled: bool) -> Result<ImageSize, PageFault> {
        let chunk = if is_tiled {
            ImageSize::new(
                to_u32(self.needed(tag::TILE_WIDTH)?)?,
                to_u32(self.needed(tag::TILE_HEIGHT)?)?,
            )
        } else {
            let rows = self.first(tag::ROWS_PER_STRIP)?;
            // The standard's default is 2³² − 1: one strip.
            let rows = rows.unwrap_or(u64::from(u32::MAX));
            let rows = rows.min(u64::from(size.height));
            ImageSize::new(size.width, rows as u32)
        };
        if chunk.width == 0 || chunk.height == 0 {
            return Err(PageFault::Damaged("its strips or tiles are empty"));
        }
        Ok(chunk)
    }
}

fn foreign(reason: impl Into<String>) -> PageFault {
    PageFault::Foreign(reason.into())
}

fn to_u32(value: u64) -> Result<u32, PageFault> {
    u32::try_from(value).map_err(|_too_large| PageFault::Damaged("a size in it is beyond belief"))
}
