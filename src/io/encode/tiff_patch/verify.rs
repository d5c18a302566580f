//! Reads a patched copy and compares every pixel: outside the mask with the master, inside with what was handed over.

use std::fs::File;

use rayon::prelude::*;

use super::{Restored, as_stored, repaired_span};
use crate::geometry::PixelRect;
use crate::io::tiff_page::{GroupRows, PageAt, PageFault, PageLayout, TiffFile};
use crate::photo::Samples;

/// What is said of a copy that is not what it must be.
pub const DIFFERS: PageFault = PageFault::Damaged("the copy did not read back as it was to be");

/// How many pixels of `written` differ from the master; an error when any is not what it must be.
///
/// `layout` is that of the master's page at `place`, `master` its file.
pub fn check(
    restored: &Restored<'_>,
    place: PageAt,
    layout: &PageLayout,
    master: &File,
    written: &File,
) -> Result<u64, PageFault> {
    let tiff = TiffFile::open(written)?;
    let copy = PageLayout::read(&tiff, place)?;
    let is_same = copy.size == layout.size
        && copy.bits == layout.bits
        && copy.samples == layout.samples
        && copy.groups() == layout.groups()
        && copy.packing == layout.packing;
    if !is_same {
        return Err(DIFFERS);
    }
    let pages = Pages {
        restored,
        master: (master, layout),
        copy: (written, &copy),
    };
    let groups = (0..copy.groups()).into_par_iter();
    groups
        .map(|group| pages.check_group(group))
        .try_reduce(|| 0, |a, b| Ok(a + b))
}

struct Pages<'a> {
    restored: &'a Restored<'a>,
    master: (&'a File, &'a PageLayout),
    copy: (&'a File, &'a PageLayout),
}

impl Pages<'_> {
    fn check_group(&self, group: usize) -> Result<u64, PageFault> {
        let layout = self.copy.1;
        let rect = layout.group_rect(group);
        let (samples, colours) = (layout.samples, layout.colours);
        let mut rows = GroupRows::new(self.copy.0, layout, group);
        // Further channels can only have changed where something was written.
        let mut master_rows = (samples > colours && self.is_touched(rect))
            .then(|| GroupRows::new(self.master.0, self.master.1, group));
        let mut found = vec![0; rect.width as usize * samples];
        let mut original = found.clone();
        let mut wanted = vec![0; rect.width as usize * colours];
        let mut changed = 0;
        for y in rect.y..rect.bottom() {
            rows.next_row(&mut found)?;
            changed += self.wanted_row(rect, y, &mut wanted);
            let mut is_wanted = colours_of(&found, samples, colours).eq(wanted.chunks(colours));
            if let Some(master_rows) = &mut master_rows {
                master_rows.next_row(&mut original)?;
                is_wanted &=
                    further(&found, samples, colours).eq(further(&original, samples, colours));
            }
            if !is_wanted {
                return Err(DIFFERS);
            }
        }
        Ok(changed)
    }

    fn is_touched(&self, rect: PixelRect) -> bool {
        (rect.y..rect.bottom())
            .any(|y| repaired_span(self.restored, rect.x, y, rect.width).is_some())
    }

    /// The colours row `y` of `rect` must have, as stored; how many of its pixels differ from the master.
    fn wanted_row(&self, rect: PixelRect, y: u32, wanted: &mut [u16]) -> u64 {
        let (restored, layout) = (self.restored, self.copy.1);
        let colours = layout.colours;
        let start = restored.photo.size().index(rect.x, y) * colours;
        copy_widened(restored.photo.samples(), start, wanted);
        let mut changed = 0;
        if let Some(span) = repaired_span(restored, rect.x, y, rect.width) {
            let repaired = (restored.pixels)(span);
            let first = (span.x - rect.x) as usize;
            let alpha = restored.alpha.values_of(span);
            let pixels = wanted[first * colours..].chunks_exact_mut(colours);
            for (x, pixel) in pixels.enumerate().take(span.width as usize) {
                if alpha[x] == 0 {
                    continue;
                }
                let mut differs = false;
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let new = repaired.get(x * colours + channel);
                    differs |= new != *value;
                    *value = new;
                }
                changed += u64::from(differs);
            }
        }
        if layout.is_white_zero {
            for value in wanted {
                *value = as_stored(layout, *value);
            }
        }
        changed
    }
}

fn colours_of(row: &[u16], samples: usize, colours: usize) -> impl Iterator<Item = &[u16]> {
    row.chunks_exact(samples).map(move |p| &p[..colours])
}

fn further(row: &[u16], samples: usize, colours: usize) -> impl Iterator<Item = &[u16]> {
    row.chunks_exact(samples).map(move |p| &p[colours..])
}

/// Copies the code values from `start` on.
fn copy_widened(samples: &Samples, start: usize, target: &mut [u16]) {
    let end = start + target.len();
    match samples {
        Samples::U8(values) => {
            for (target, &value) in target.iter_mut().zip(&values[start..end]) {
                *target = u16::from(value);
            }
        }
        Samples::U16(values) => target.copy_from_slice(&values[start..end]),
    }
}
