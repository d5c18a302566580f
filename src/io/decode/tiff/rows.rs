//! Pixels of 8 and 16 bits in the packings we write again, row by row: strips of any length take no memory of their own, and
//! layouts that the `tiff` crate mixes up are read rightly.

use super::super::raster::{Sample, zeros};
use super::super::reduced::RowReducer;
use super::super::{Fault, Input, RowSink, StoredRow};
use super::layout::Layout;
use crate::io::tiff_page::{GroupRows, PageAt, PageFault, PageLayout, TiffFile};
use crate::photo::{Metadata, Samples};

impl From<PageFault> for Fault {
    fn from(fault: PageFault) -> Self {
        match fault {
            PageFault::Foreign(reason) => {
                Self::unsupported(format!("this TIFF cannot be read because {reason}"))
            }
            PageFault::Damaged(reason) => Self::damaged(reason),
            PageFault::Io(error) => Self::Io(error),
        }
    }
}

/// Colour and alpha of page `page`; channels behind them are left aside. `None` for packings that only the `tiff` crate knows.
pub fn read(
    input: &Input,
    layout: &Layout,
    page: u32,
    metadata: &Metadata,
) -> Result<Option<(Samples, Option<Samples>)>, Fault> {
    let Some(rows) = layout_of(input, layout, page)? else {
        return Ok(None);
    };
    let read = if rows.bits == 8 {
        read_as::<u8>(input, layout, &rows, metadata, |value| value as u8)
    } else {
        read_as::<u16>(input, layout, &rows, metadata, |value| value)
    };
    read.map(Some)
}

/// How page `page` lies in the file; `None` for packings that only the `tiff` crate knows.
fn layout_of(input: &Input, layout: &Layout, page: u32) -> Result<Option<PageLayout>, Fault> {
    let rows = match PageLayout::read(&TiffFile::open(&input.file)?, PageAt::Chain(page)) {
        Err(PageFault::Foreign(_)) if !layout.is_beyond_crate() => return Ok(None),
        rows => rows?,
    };
    if rows.size != layout.size
        || rows.bits != layout.bits
        || rows.samples != layout.stored_channels
        || rows.colours != layout.channels.count()
    {
        return Err(Fault::damaged("its tags contradict themselves"));
    }
    Ok(Some(rows))
}

/// Hands every row to `sink`; false, and none, for packings that only the `tiff` crate knows.
pub fn each(
    input: &Input,
    layout: &Layout,
    page: u32,
    sink: &mut dyn RowSink,
) -> Result<bool, Fault> {
    let Some(rows) = layout_of(input, layout, page)? else {
        return Ok(false);
    };
    sink.begin(layout.size)?;
    for group in 0..rows.groups() {
        let rect = rows.group_rect(group);
        let mut values = vec![0; rect.width as usize * rows.samples];
        let mut source = GroupRows::new(&input.file, &rows, group);
        for y in rect.y..rect.bottom() {
            source.next_row(&mut values)?;
            if rows.is_white_zero {
                let pixels = values.chunks_exact_mut(rows.samples);
                for value in pixels.flat_map(|pixel| &mut pixel[..rows.colours]) {
                    *value ^= rows.max_value();
                }
            }
            sink.row(&StoredRow {
                x: rect.x,
                y,
                colours: rows.colours,
                samples: rows.samples,
                has_alpha: layout.alpha.is_some(),
                full: rows.max_value(),
                values: &values,
            });
        }
    }
    Ok(true)
}

fn read_as<T: Sample>(
    input: &Input,
    layout: &Layout,
    rows: &PageLayout,
    metadata: &Metadata,
    narrow: fn(u16) -> T,
) -> Result<(Samples, Option<Samples>), Fault> {
    let (size, colours) = (layout.size, rows.colours);
    let mut colour = zeros::<T>(size.pixel_count() * colours, size)?;
    let has_alpha = layout.alpha.is_some();
    let alpha_count = if has_alpha { size.pixel_count() } else { 0 };
    let mut alpha = zeros::<T>(alpha_count, size)?;
    let invert = if rows.is_white_zero {
        rows.max_value()
    } else {
        0
    };
    let mut reducer = RowReducer::new(input.watch, size, layout.channels, metadata);
    for group in 0..rows.groups() {
        let rect = rows.group_rect(group);
        let mut values = vec![0; rect.width as usize * rows.samples];
        let mut source = GroupRows::new(&input.file, rows, group);
        for y in rect.y..rect.bottom() {
            source.next_row(&mut values)?;
            let first = size.index(rect.x, y);
            let pixels = colour[first * colours..].chunks_exact_mut(colours);
            for (x, (target, stored)) in pixels.zip(values.chunks_exact(rows.samples)).enumerate() {
                for (target, &stored) in target.iter_mut().zip(stored) {
                    *target = narrow(stored ^ invert);
                }
                if has_alpha {
                    alpha[first + x] = narrow(stored[colours]);
                }
            }
            let width = rect.width as usize * colours;
            reducer.take(rect.x, y, &colour[first * colours..][..width]);
        }
    }
    Ok((T::wrap(colour), has_alpha.then(|| T::wrap(alpha))))
}
