//! TIFF and `BigTIFF`: pixels of one page. The layout and the other tags are read beside it.

mod layout;
mod overlay;
mod refusals;
mod rows;
mod tags;

use std::fs::File;
use std::io::BufReader;

use tiff::TiffError;
use tiff::decoder::{ChunkType, Decoder, Limits};
use tiff::tags::{ExtraSamples, PhotometricInterpretation, Tag};

use self::layout::{Layout, Palette};
use self::overlay::Overlay;
use self::tags::read_metadata;
pub use self::tags::{is_structural, name_of};
use super::raster::{Sample, Split, zeros};
use super::{CONVERT, Decoded, Fault, Input, RowSink, no_page};
use crate::geometry::ImageSize;
use crate::io::tiff_page::{PageAt, PageLayout, TiffFile, is_preview, main_page};
use crate::photo::{Metadata, Pages, Samples};

/// A TIFF decoder over a file of which some tags can be overruled.
pub type FileDecoder = Decoder<Overlay<BufReader<File>>>;

impl From<TiffError> for Fault {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) => Self::Io(error),
            TiffError::UnsupportedError(error) => Self::Unsupported {
                what: format!("this TIFF has a layout that is not read ({error})"),
                remedy: CONVERT,
            },
            other => Self::damaged(other),
        }
    }
}

/// A TIFF whose page was found and whose size is allowed.
struct Begun {
    decoder: FileDecoder,
    layout: Layout,
    /// How the page lies in the file, where we can tell by ourselves.
    rows: Option<PageLayout>,
    page: u32,
    pages: Pages,
}

fn begin(input: &Input) -> Result<Begun, Fault> {
    let tiff = TiffFile::open(&input.file)?;
    let (main, pages) = main_page(&tiff);
    let page = input.page.unwrap_or(main);
    if page >= pages.count.max(1) {
        return Err(no_page(page, pages.count));
    }
    refusals::refuse_unread(&tiff, page)?;
    let mut source = Overlay::new(BufReader::new(input.file.try_clone()?));
    if let Some((at, bytes)) = refusals::void_predictor(&tiff, page) {
        source.overrule(at, bytes);
    }
    let mut decoder = Decoder::new(source)?.with_limits(limits(input));
    refuse_raw(&mut decoder)?;
    if input.page.is_none() && is_preview(&tiff, page) {
        return Err(Fault::Unsupported {
            what: "this file begins with a small preview of a picture inside it, as camera raw files do".to_owned(),
            remedy: "develop it to a 16-bit TIFF first, or name the preview with --page 1 if that is what you want",
        });
    }
    if page > 0 {
        decoder.seek_to_image(page as usize)?;
    }
    let layout = Layout::read(&mut decoder)?;
    // What is wrong there is said by who reads the pixels.
    let rows = PageLayout::read(&tiff, PageAt::Chain(page)).ok();
    if let Some(rows) = &rows {
        refuse_odd_chunks(input, &layout, rows)?;
    }
    layout.check_size(&mut decoder, input)?;
    Ok(Begun {
        decoder,
        layout,
        rows,
        page,
        pages,
    })
}

/// Hands every row to `sink`; false, and none, where only the `tiff` crate knows how they are stored.
pub fn each_row(input: &Input, sink: &mut dyn RowSink) -> Result<bool, Fault> {
    let Begun { layout, page, .. } = begin(input)?;
    if layout.palette.is_some() || layout.bits < 8 {
        return Ok(false);
    }
    rows::each(input, &layout, page, sink)
}

/// Decodes one page of a TIFF file.
pub fn decode(input: &Input) -> Result<Decoded, Fault> {
    let Begun {
        mut decoder,
        layout,
        rows,
        page,
        pages,
    } = begin(input)?;
    let mut notes = layout.notes();
    let is_patchable = rows.is_some() && layout.is_kept_as_stored();
    notes.extend(note_on_pages(page, &pages, is_patchable));
    let mut metadata = read_metadata(&mut decoder)?;
    let others = other_pages(page, &pages).map(str::to_owned);
    metadata.left_behind.extend(others);
    metadata.left_behind.extend(layout.left_behind());
    metadata.premultiplied_alpha = layout.alpha == Some(ExtraSamples::AssociatedAlpha);
    metadata.white_is_zero = layout.is_white_zero;
    metadata.page = page;
    metadata.pages = pages;

    let (samples, alpha) = read_pixels(input, &mut decoder, &layout, &metadata)?;
    Ok(Decoded {
        size: layout.size,
        channels: layout.channels,
        samples,
        alpha,
        metadata,
        notes,
    })
}

/// Refuses a DNG: its first page is a small preview, which nobody wants restored for the photo, and how its raw data become
/// a picture is a decision that is not ours. The crates that would read them are under the LGPL.
fn refuse_raw(decoder: &mut FileDecoder) -> Result<(), Fault> {
    // Source: Digital Negative Specification, "DNGVersion".
    if decoder.find_tag(Tag::Unknown(50_706))?.is_none() {
        return Ok(());
    }
    Err(Fault::Unsupported {
        what: "this is a DNG, whose raw data are not read".to_owned(),
        remedy: "develop it to a 16-bit TIFF first, in darktable, RawTherapee or the program of the scanner",
    })
}

/// Refuses strips or tiles that are not there, or of which several are one piece of the file: neither is a damaged file.
fn refuse_odd_chunks(input: &Input, layout: &Layout, rows: &PageLayout) -> Result<(), Fault> {
    let missing = rows.missing_chunks();
    if missing > 0 {
        return Err(Fault::Unsupported {
            what: format!(
                "this TIFF leaves {missing} of its {} strips or tiles out (a sparse file)",
                rows.offsets.len()
            ),
            remedy: "have the program that made it, or GDAL's `gdal_translate -co SPARSE_OK=FALSE`, write all of them",
        });
    }
    if layout.is_longer_than(input.file_bytes) && rows.shared_chunks().contains(&true) {
        return Err(Fault::Unsupported {
            what: "this TIFF uses the same bytes for several of its strips or tiles".to_owned(),
            remedy: "write each of them out with LibTIFF's `tiffcp OLD.tif NEW.tif` first",
        });
    }
    Ok(())
}

/// Colour and alpha, widened to 8 bits where there are fewer.
fn read_pixels(
    input: &Input,
    decoder: &mut FileDecoder,
    layout: &Layout,
    metadata: &Metadata,
) -> Result<(Samples, Option<Samples>), Fault> {
    let page = metadata.page;
    if let Some(palette) = &layout.palette {
        show_indices(input, decoder, page)?;
        let indices = read_packed(decoder, layout, |index| index)?;
        let size = layout.size;
        let samples = match palette {
            Palette::Bytes(colours) => Samples::U8(widen_palette(&indices, colours, size)?),
            Palette::Words(colours) => Samples::U16(widen_palette(&indices, colours, size)?),
        };
        return Ok((samples, None));
    }
    if layout.bits < 8 {
        let largest = (1_u16 << layout.bits) - 1;
        let widen = |value: u8| (u16::from(value) * 255 / largest) as u8;
        return Ok((Samples::U8(read_packed(decoder, layout, widen)?), None));
    }
    if let Some(read) = rows::read(input, layout, page, metadata)? {
        return Ok(read);
    }
    match layout.bits {
        16 => read_samples::<u16>(decoder, layout),
        _ => read_samples::<u8>(decoder, layout),
    }
}

/// Which page it is, and what becomes of the others; nothing when the others are smaller copies and masks.
fn note_on_pages(page: u32, pages: &Pages, is_patchable: bool) -> Option<String> {
    let fate = if is_patchable {
        "a TIFF keeps the other pages as they are, other formats hold this page alone"
    } else {
        "results hold this page alone"
    };
    let Pages { count, .. } = pages;
    let said = || format!("Page {} of {count} is restored; {fate}.", page + 1);
    pages.has_others(page).then(said)
}

/// What a derivative that is no patched copy leaves behind, with page `page` as its master.
fn other_pages(page: u32, pages: &Pages) -> Option<&'static str> {
    if pages.has_others(page) {
        return Some("The original's other pages.");
    }
    (pages.count > 1).then_some("The original's smaller copies of the page, or its masks.")
}

fn limits(input: &Input) -> Limits {
    let memory = usize::try_from(input.limits.memory_bytes).unwrap_or(usize::MAX);
    // No value and no packed strip is longer than the file.
    let file = usize::try_from(input.file_bytes)
        .unwrap_or(usize::MAX)
        .min(memory);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = memory;
    limits.intermediate_buffer_size = file;
    limits.ifd_value_size = file;
    limits
}

fn widen_palette<T: Sample>(
    indices: &[u8],
    palette: &[[T; 3]],
    size: ImageSize,
) -> Result<Vec<T>, Fault> {
    let mut colours = zeros::<T>(indices.len() * 3, size)?;
    for (pixel, &index) in colours.chunks_exact_mut(3).zip(indices) {
        pixel.copy_from_slice(&palette[usize::from(index)]);
    }
    Ok(colours)
}

/// Reads 8- or 16-bit samples and splits alpha off.
fn read_samples<T: Sample>(
    decoder: &mut FileDecoder,
    layout: &Layout,
) -> Result<(Samples, Option<Samples>), Fault> {
    let size = layout.size;
    let colours = layout.channels.count();
    if layout.stored_channels == colours {
        let mut samples = zeros::<T>(size.pixel_count() * colours, size)?;
        decoder.read_image_bytes(bytemuck::cast_slice_mut(&mut samples))?;
        return Ok((T::wrap(samples), None));
    }
    if layout.alpha.is_none() {
        // Grey with channels of unknown meaning: those are dropped.
        let mut split = Split::<T>::new(size, colours)?;
        read_interleaved(decoder, layout, &mut split)?;
        return Ok((T::wrap(split.colour), None));
    }
    let mut split = Split::<T>::new(size, colours)?;
    read_interleaved(decoder, layout, &mut split)?;
    Ok((T::wrap(split.colour), Some(T::wrap(split.alpha))))
}

fn read_interleaved<T: Sample>(
    decoder: &mut FileDecoder,
    layout: &Layout,
    split: &mut Split<T>,
) -> Result<(), Fault> {
    for chunk in Chunks::new(decoder, layout) {
        let (width, height) = decoder.chunk_data_dimensions(chunk.index);
        let row_samples = width as usize * layout.stored_channels;
        let mut stored = zeros::<T>(row_samples * height as usize, layout.size)?;
        decoder.read_chunk_bytes(chunk.index, bytemuck::cast_slice_mut(&mut stored))?;
        for (row, stored) in stored.chunks_exact(row_samples).enumerate() {
            let first = layout.size.index(chunk.x, chunk.y + row as u32);
            split.put(first, stored, layout.stored_channels);
        }
    }
    Ok(())
}

/// Reads one channel of up to 8 bits and maps every value.
fn read_packed(
    decoder: &mut FileDecoder,
    layout: &Layout,
    map: impl Fn(u8) -> u8,
) -> Result<Vec<u8>, Fault> {
    let size = layout.size;
    let bits = usize::from(layout.bits);
    let mask = 0xFF >> (8 - bits);
    let mut values = zeros::<u8>(size.pixel_count(), size)?;
    for chunk in Chunks::new(decoder, layout) {
        let (width, height) = decoder.chunk_data_dimensions(chunk.index);
        let row_bytes = (width as usize * bits).div_ceil(8);
        let mut stored = zeros::<u8>(row_bytes * height as usize, size)?;
        decoder.read_chunk_bytes(chunk.index, &mut stored)?;
        for (row, stored) in stored.chunks_exact(row_bytes).enumerate() {
            let first = size.index(chunk.x, chunk.y + row as u32);
            let target = &mut values[first..first + width as usize];
            for (x, value) in target.iter_mut().enumerate() {
                let bit = x * bits;
                let shifted = stored[bit / 8] >> (8 - bits - bit % 8);
                *value = map(shifted & mask);
            }
        }
    }
    Ok(values)
}

/// One strip or tile: where its pixels go.
struct Chunk {
    index: u32,
    x: u32,
    y: u32,
}

/// All strips or tiles of a page whose channels lie together, in file order.
struct Chunks {
    next: u32,
    count: u32,
    across: u32,
    chunk_size: (u32, u32),
}

impl Chunks {
    fn new(decoder: &FileDecoder, layout: &Layout) -> Self {
        let (width, height) = decoder.chunk_dimensions();
        let across = match decoder.get_chunk_type() {
            ChunkType::Strip => 1,
            ChunkType::Tile => layout.size.width.div_ceil(width),
        };
        Self {
            next: 0,
            count: across * layout.size.height.div_ceil(height),
            across,
            chunk_size: (width, height),
        }
    }
}

impl Iterator for Chunks {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        if self.next >= self.count {
            return None;
        }
        let index = self.next;
        self.next += 1;
        Some(Chunk {
            index,
            x: index % self.across * self.chunk_size.0,
            y: index / self.across * self.chunk_size.1,
        })
    }
}

/// Makes the decoder hand out palette indices: it knows no palettes, but reads the same bits as grey.
fn show_indices(input: &Input, decoder: &mut FileDecoder, page: u32) -> Result<(), Fault> {
    let tiff = TiffFile::open(&input.file)?;
    let photometric = Tag::PhotometricInterpretation.to_u16();
    let (at, bytes) = tiff
        .page(page)?
        .entry(photometric)
        .and_then(|entry| {
            let grey = PhotometricInterpretation::BlackIsZero.to_u16();
            Some((
                entry.values_at,
                tiff.to_bytes(grey.into(), entry.value_bytes())?,
            ))
        })
        .ok_or_else(|| Fault::damaged("its photometric tag is missing"))?;
    decoder.inner().overrule(at, bytes);
    decoder.seek_to_image(page as usize)?;
    Ok(())
}
