//! How a TIFF page stores its pixels, and which ways are refused. Reads no pixels.

use tiff::TiffFormatError;
use tiff::tags::{
    CompressionMethod, ExtraSamples, PhotometricInterpretation, PlanarConfiguration, SampleFormat,
    Tag,
};

use super::super::png::DEFLATE_BEST_RATIO;
use super::super::{Fault, Input};
use super::FileDecoder;
use crate::geometry::ImageSize;
use crate::io::limits::raster_bytes;
use crate::photo::Channels;

/// How the page stores its pixels.
pub struct Layout {
    /// Size of the page.
    pub size: ImageSize,
    /// Colour channels after widening.
    pub channels: Channels,
    /// Bits a stored sample.
    pub bits: u8,
    /// Samples a pixel in the file.
    pub stored_channels: usize,
    /// Kind of alpha, when there is one.
    pub alpha: Option<ExtraSamples>,
    /// Whether channels behind colour and alpha are dropped.
    has_more_channels: bool,
    /// Whether every channel has its own strips or tiles.
    pub is_planar: bool,
    /// Whether grey is stored with white as zero.
    pub is_white_zero: bool,
    /// Red, green and blue of every index.
    pub palette: Option<Palette>,
    compression: CompressionMethod,
}

impl Layout {
    /// Reads the layout of the decoder's page.
    pub fn read(decoder: &mut FileDecoder) -> Result<Self, Fault> {
        let (width, height) = decoder.dimensions()?;
        let photometric: u16 = decoder.get_tag_unsigned(Tag::PhotometricInterpretation)?;
        let photometric = PhotometricInterpretation::from_u16(photometric);
        let bits = first_value(decoder, Tag::BitsPerSample)?.unwrap_or(1);
        let stored_channels = usize::from(first_value(decoder, Tag::SamplesPerPixel)?.unwrap_or(1));
        let planar = first_value(decoder, Tag::PlanarConfiguration)?.unwrap_or(1);
        let compression = first_value(decoder, Tag::Compression)?.unwrap_or(1);
        refuse_foreign_samples(decoder, bits)?;

        let colours = match photometric {
            Some(PhotometricInterpretation::RGB) => 3,
            other => colour_channels(other, compression)?,
        };
        let extra = decoder
            .find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?
            .unwrap_or_default();
        let extra_channels = stored_channels
            .checked_sub(colours)
            .ok_or_else(|| Fault::damaged("its colour channels are missing"))?;
        // Behind RGB a single undeclared channel is alpha, as the `tiff` crate and LibTIFF's RGBA reader take it.
        let alpha = match extra.first().copied().and_then(ExtraSamples::from_u16) {
            Some(ExtraSamples::Unspecified) => None,
            None if extra_channels == 1 => Some(ExtraSamples::UnassociatedAlpha),
            known => known,
        };
        let palette = match photometric {
            Some(PhotometricInterpretation::RGBPalette) => Some(palette(decoder, bits)?),
            _ => None,
        };
        let layout = Self {
            size: ImageSize::new(width, height),
            channels: if colours == 3 || palette.is_some() {
                Channels::Rgb
            } else {
                Channels::Grey
            },
            bits: bits as u8,
            stored_channels,
            alpha: alpha.filter(|_| extra_channels > 0),
            has_more_channels: extra_channels > usize::from(alpha.is_some()),
            is_planar: PlanarConfiguration::from_u16(planar) == Some(PlanarConfiguration::Planar),
            is_white_zero: photometric == Some(PhotometricInterpretation::WhiteIsZero),
            palette,
            compression: CompressionMethod::from_u16_exhaustive(compression),
        };
        layout.refuse_unreadable()?;
        Ok(layout)
    }

    /// Refuses what the `tiff` crate would read wrongly or not at all.
    fn refuse_unreadable(&self) -> Result<(), Fault> {
        let packed = self.bits < 8;
        if self.stored_channels > 1 && (packed || self.palette.is_some()) {
            return Err(Fault::unsupported(
                "this TIFF packs several channels of few bits",
            ));
        }
        Ok(())
    }

    /// Whether the `tiff` crate (0.11) reads the pixels wrongly or not at all: with further channels behind RGB it undoes
    /// prediction after it has dropped them; of planes apart it takes the tiles for others; inverted grey must stand alone.
    pub fn is_beyond_crate(&self) -> bool {
        let further_rgb = self.channels == Channels::Rgb && self.has_more_channels;
        self.stored_channels > 1 && (self.is_planar || further_rgb || self.is_white_zero)
    }

    /// What decoding changes.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(palette) = &self.palette {
            let bits = match palette {
                Palette::Bytes(_) => 8,
                Palette::Words(_) => 16,
            };
            notes.push(format!("The palette was widened to {bits}-bit RGB."));
        } else if self.bits < 8 {
            notes.push(format!("{}-bit grey was widened to 8 bits.", self.bits));
        }
        if self.is_white_zero {
            notes.push(
                "Grey is stored as \"white is zero\"; formats that cannot say so get it as \"black is zero\"."
                    .to_owned(),
            );
        }
        notes
    }

    /// Whether samples are decoded at the depth and with the channels they are stored with, so that a copy can take them.
    pub const fn is_kept_as_stored(&self) -> bool {
        self.palette.is_none() && self.bits >= 8
    }

    /// What decoding leaves aside and only a patched copy keeps.
    pub fn left_behind(&self) -> Option<String> {
        self.has_more_channels
            .then(|| "Channels beside colour and alpha.".to_owned())
    }

    /// Whether a file of `file_bytes` is too short for the pixels, unpacked as they are.
    pub fn is_longer_than(&self, file_bytes: u64) -> bool {
        self.compression == CompressionMethod::None && self.stored_bytes() > file_bytes
    }

    fn stored_bytes(&self) -> u64 {
        let stored_bits = self.stored_channels as u64 * u64::from(self.bits);
        raster_bytes(self.size, stored_bits, 1) / 8
    }

    /// Refuses a page that is too large or that the file cannot hold.
    pub fn check_size(&self, decoder: &mut FileDecoder, input: &Input) -> Result<(), Fault> {
        let stored_bits = self.stored_channels as u64 * u64::from(self.bits);
        let stored_bytes = self.stored_bytes();
        let decoded_channels = self.channels.count() + usize::from(self.alpha.is_some());
        let sample_bytes = u64::from(self.bits.div_ceil(8));
        let decoded = raster_bytes(self.size, decoded_channels as u64, sample_bytes);
        let (chunk_width, chunk_height) = decoder.chunk_dimensions();
        let chunk_size = ImageSize::new(chunk_width, chunk_height.min(self.size.height));
        let chunk = raster_bytes(chunk_size, stored_bits, 1) / 8;
        let best_ratio = match self.compression {
            CompressionMethod::None => 1,
            // Two bytes give 128.
            CompressionMethod::PackBits => 64,
            CompressionMethod::Deflate | CompressionMethod::OldDeflate => DEFLATE_BEST_RATIO,
            // A 12-bit code stands for 4094 bytes at most.
            CompressionMethod::LZW => 2730,
            _ => u64::MAX,
        };
        let needed = decoded.saturating_add(chunk);
        input.check_size(self.size, needed, stored_bytes / best_ratio)
    }
}

fn first_value(decoder: &mut FileDecoder, tag: Tag) -> Result<Option<u16>, Fault> {
    let values = decoder.find_tag_unsigned_vec::<u16>(tag)?;
    Ok(values.and_then(|values| values.first().copied()))
}

/// Refuses numbers that are no unsigned integers of 1 to 16 bits, and files that are no plain pictures.
fn refuse_foreign_samples(decoder: &mut FileDecoder, bits: u16) -> Result<(), Fault> {
    let format = first_value(decoder, Tag::SampleFormat)?.unwrap_or(1);
    let what = match SampleFormat::from_u16_exhaustive(format) {
        SampleFormat::IEEEFP => Some("this TIFF holds floating-point numbers".to_owned()),
        SampleFormat::Int => Some("this TIFF holds numbers with a sign".to_owned()),
        _ if !matches!(bits, 1 | 2 | 4 | 8 | 16) => {
            Some(format!("this TIFF has {bits} bits a channel"))
        }
        _ => None,
    };
    if let Some(what) = what {
        return Err(Fault::unsupported(what));
    }
    refuse_reversed_bits(decoder)
}

/// Refuses pixels whose bytes are stored with their lowest bit first, at any depth: the `tiff` crate (0.11) never turns
/// them, and would give noise.
///
/// Sources: TIFF 6.0, "`FillOrder`"; `LibTIFF`, which turns every byte of such a file but leaves JPEG data as they are.
fn refuse_reversed_bits(decoder: &mut FileDecoder) -> Result<(), Fault> {
    let compression = first_value(decoder, Tag::Compression)?.unwrap_or(1);
    let is_jpeg = compression == CompressionMethod::ModernJPEG.to_u16();
    if first_value(decoder, Tag::FillOrder)? == Some(2) && !is_jpeg {
        return Err(Fault::Unsupported {
            what: "this TIFF stores its bits in reversed order (FillOrder 2)".to_owned(),
            remedy: "convert it with LibTIFF's `tiffcp -f msb2lsb OLD.tif NEW.tif` first",
        });
    }
    Ok(())
}

/// Channels of a photometric interpretation other than RGB.
fn colour_channels(
    photometric: Option<PhotometricInterpretation>,
    compression: u16,
) -> Result<usize, Fault> {
    use PhotometricInterpretation as P;
    let colours = match photometric {
        Some(P::BlackIsZero | P::WhiteIsZero | P::RGBPalette) => return Ok(1),
        Some(P::CMYK) => "CMYK",
        // 6 is the older way of packing JPEG.
        Some(P::YCbCr) if matches!(compression, 6 | 7) => {
            return Err(Fault::Unsupported {
                what: "this TIFF is packed as JPEG, in YCbCr colours, which would shift if they were guessed".to_owned(),
                remedy: "unpack it to RGB first, for instance with ImageMagick's `convert OLD.tif -compress none NEW.tif`",
            });
        }
        Some(P::YCbCr) => "YCbCr",
        Some(P::CIELab | P::IccLab | P::ItuLab) => "Lab",
        _ => "unusual",
    };
    Err(Fault::Unsupported {
        what: format!("this TIFF has {colours} colours, which would shift if they were guessed"),
        remedy: "convert it to RGB with its colour profile in the program that made it",
    })
}

/// The colours of a palette, at the depth that keeps every one of them exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Palette {
    /// Colours that 8 bits hold.
    Bytes(Vec<[u8; 3]>),
    /// Colours that need 16.
    Words(Vec<[u16; 3]>),
}

impl Palette {
    /// From the colour map: all reds, all greens, all blues, 16 bits each (8 in files of some old writers). Bytes widened
    /// by repeating them or by appending zeros are taken for bytes.
    fn new(map: &[u16], count: usize) -> Self {
        let colours = |i: usize| [map[i], map[count + i], map[2 * count + i]];
        let all = |test: fn(u16) -> bool| map[..3 * count].iter().all(|&value| test(value));
        let bytes = |shift: u32| {
            let byte = |value: u16| (value >> shift) as u8;
            Self::Bytes((0..count).map(|i| colours(i).map(byte)).collect())
        };
        if all(|value| value < 256) {
            bytes(0)
        } else if all(|value| value % 257 == 0) || all(|value| value % 256 == 0) {
            bytes(8)
        } else {
            Self::Words((0..count).map(colours).collect())
        }
    }
}

fn palette(decoder: &mut FileDecoder, bits: u16) -> Result<Palette, Fault> {
    if bits > 8 {
        return Err(Fault::unsupported(format!(
            "this TIFF has a palette of {bits} bits"
        )));
    }
    let map = decoder.get_tag_u16_vec(Tag::ColorMap)?;
    let count = 1_usize << bits;
    if map.len() < 3 * count {
        return Err(Fault::damaged(TiffFormatError::InvalidCountForTag(
            Tag::ColorMap,
            map.len(),
        )));
    }
    Ok(Palette::new(&map, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_keeps_every_colour_at_the_least_depth() {
        let bytes = Palette::Bytes(vec![[1, 3, 5], [2, 4, 255]]);
        for widened in [1, 257, 256] {
            let map = [1, 2, 3, 4, 5, 255].map(|value: u16| value * widened);
            assert_eq!(Palette::new(&map, 2), bytes, "{widened}");
        }
        let exact = [27_363, 0, 26_526, 65_535, 22_545, 257];
        let words = Palette::Words(vec![[27_363, 26_526, 22_545], [0, 65_535, 257]]);
        assert_eq!(Palette::new(&exact, 2), words);
    }
}
