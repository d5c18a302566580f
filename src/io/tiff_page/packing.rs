//! The packings that can be read and written again a row at a time.

use std::io::{BufRead, Read, Write};

use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::{lzw, packbits};

/// Deflate level: zlib's own default, the usual trade of time and size.
const DEFLATE_LEVEL: u32 = 6;

/// How strips or tiles are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// Runs of bytes.
    PackBits,
    /// LZW.
    Lzw,
    /// Deflate in a zlib stream.
    Deflate,
}

impl Packing {
    /// By the value of TIFF's compression tag; `None` for one that is not handled here.
    pub const fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            1 => Self::None,
            5 => Self::Lzw,
            // Adobe's number and the older one.
            8 | 32_946 => Self::Deflate,
            32_773 => Self::PackBits,
            _ => return None,
        })
    }

    /// The unpacked bytes of what `packed` gives.
    pub fn unpack<'a>(self, packed: impl BufRead + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::None => Box::new(packed),
            Self::PackBits => Box::new(packbits::Unpack::new(packed)),
            Self::Lzw => Box::new(lzw::Unpack::new(packed)),
            Self::Deflate => Box::new(ZlibDecoder::new(packed)),
        }
    }
}

/// Packs the rows of one strip or tile.
pub enum Packer<W: Write> {
    /// Not at all.
    None(W),
    /// Runs of bytes.
    PackBits(W),
    /// LZW.
    Lzw(lzw::Pack<W>),
    /// Deflate.
    Deflate(ZlibEncoder<W>),
}

impl<W: Write> Packer<W> {
    /// A packer that writes to `target`.
    pub fn new(packing: Packing, target: W) -> Self {
        match packing {
            Packing::None => Self::None(target),
            Packing::PackBits => Self::PackBits(target),
            Packing::Lzw => Self::Lzw(lzw::Pack::new(target)),
            Packing::Deflate => {
                let level = flate2::Compression::new(DEFLATE_LEVEL);
                Self::Deflate(ZlibEncoder::new(target, level))
            }
        }
    }

    /// Packs one row.
    pub fn row(&mut self, row: &[u8]) -> std::io::Result<()> {
        match self {
            Self::None(target) => target.write_all(row),
            Self::PackBits(target) => packbits::pack_row(row, target),
            Self::Lzw(packer) => packer.write_all(row),
            Self::Deflate(packer) => packer.write_all(row),
        }
    }

    /// Writes what ends the packed data.
    pub fn finish(self) -> std::io::Result<()> {
        match self {
            Self::None(_) | Self::PackBits(_) => Ok(()),
            Self::Lzw(packer) => packer.finish(),
            Self::Deflate(packer) => packer.finish().map(drop),
        }
    }
}
