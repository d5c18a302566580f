//! Smaller copies of the page in the same file, pyramid levels and thumbnails: repaired where the page is, or named when
//! they cannot be and go on showing the damage.
//!
//! A copy's pixel is renewed when a pixel with α above 0 lies beneath it or beneath a neighbour, since a reduction may have
//! spread the damage that far. It becomes the mean of the restored pixels beneath it; every other sample stays as it is.

use std::fs::File;

use rayon::prelude::*;

use super::renew::Renewal;
use super::{Restored, Stop, as_stored, place_of, verify};
use crate::geometry::{ImageSize, PixelRect};
use crate::io::encode::{SIGNATURE_VOID, THUMBNAIL_IN_XMP};
use crate::io::metadata::{iptc, xmp};
use crate::io::tiff_page::{
    Claims, GroupRows, PageAt, PageFault, PageLayout, TiffFile, halved_pages, reduced_copies,
};
use crate::mask::MaskLayer;
use crate::photo::{Metadata, Photo, Samples, Source};

/// Mean difference up to which a copy shows the same picture, code values of 16 bits: 8 of 255.
/// Reductions differ in how they smooth; another picture is beyond 20 of 255.
const SAME_PICTURE: u64 = 8 * 257;
/// Pixels of a copy compared for that, a side of their grid.
const COMPARED_PER_SIDE: u32 = 64;
/// Code values of 16 bits a level of 8 bits.
const LEVEL: u64 = 257;
/// Tag of Photoshop's resources.
const PHOTOSHOP_RESOURCES: u16 = 34_377;
/// Tag of content credentials. Source: C2PA Specification, "Embedding manifests into TIFF".
const CONTENT_CREDENTIALS: u16 = 52_545;

/// The smaller copies of a page.
pub struct Copies {
    /// Those that are repaired with it.
    pub renewed: Vec<SmallCopy>,
    /// Sentences on those that are not.
    pub old: Vec<String>,
}

/// A smaller copy before and after the repair.
pub struct SmallCopy {
    place: PageAt,
    layout: PageLayout,
    photo: Photo,
    /// 255 where it is renewed.
    touched: MaskLayer,
    restored: Samples,
}

impl Copies {
    /// Finds them in the master and repairs them in memory; `layout` is the page's.
    pub fn of(
        restored: &Restored<'_>,
        layout: &PageLayout,
        tiff: &TiffFile<'_>,
        claims: &Claims,
    ) -> Self {
        if !restored.alpha.touches(restored.photo.size().rect()) {
            // Nothing is repaired, so no copy has to be read.
            return Self {
                renewed: Vec::new(),
                old: foretell_old_copies(restored.photo),
            };
        }
        let mut copies = Self {
            renewed: Vec::new(),
            old: left_alone(tiff, restored.photo),
        };
        // Copies that share bytes with the page or with each other cannot be renewed each by itself.
        let mut taken: Vec<(u64, u64)> = layout.places().collect();
        for (place, size) in reduced_copies(tiff, restored.photo.metadata().page) {
            let made = readable(tiff, place, restored.photo).and_then(|layout| {
                if overlaps(&taken, &layout) || claims.is_shared(layout.directory_at) {
                    return Err("it shares its bytes with another page".to_owned());
                }
                SmallCopy::new(restored, tiff, place, layout)
            });
            match made {
                Ok(copy) => {
                    taken.extend(copy.layout.places());
                    if !copy.touched.is_empty() {
                        copies.renewed.push(copy);
                    }
                }
                Err(reason) => copies.old.push(sentence(place, size, &reason)),
            }
        }
        copies
    }

    /// Writes those that are renewed into `file`, a copy of the master.
    pub fn write(&self, tiff: &TiffFile<'_>, claims: &Claims, file: &mut File) -> Result<(), Stop> {
        for copy in &self.renewed {
            let pixels = |rect| copy.restored_in(rect);
            let restored = copy.as_restored(&pixels);
            Renewal::new(&restored, &copy.layout, tiff).write(claims, file)?;
        }
        Ok(())
    }

    /// The layouts of all that is renewed, the page's `layout` included.
    pub fn renewed_with<'a>(&'a self, layout: &'a PageLayout) -> Vec<&'a PageLayout> {
        let copies = self.renewed.iter().map(|copy| &copy.layout);
        std::iter::once(layout).chain(copies).collect()
    }

    /// Reads them back from `written` and compares every pixel.
    pub fn check(&self, master: &File, written: &File) -> Result<(), PageFault> {
        for copy in &self.renewed {
            let pixels = |rect| copy.restored_in(rect);
            let restored = copy.as_restored(&pixels);
            verify::check(&restored, copy.place, &copy.layout, master, written)?;
        }
        Ok(())
    }
}

impl SmallCopy {
    fn new(
        restored: &Restored<'_>,
        tiff: &TiffFile<'_>,
        place: PageAt,
        layout: PageLayout,
    ) -> Result<Self, String> {
        let photo = read(tiff, &layout, restored.photo)?;
        let scale = Scale {
            full: restored.photo.size(),
            small: photo.size(),
        };
        if !scale.shows_same(restored.photo, photo.samples()) {
            return Err("it shows something else than the photo".to_owned());
        }
        let touched = scale.touched(restored.alpha);
        let samples = scale.reduced(restored, &touched, photo.samples());
        Ok(Self {
            place,
            layout,
            touched: MaskLayer::from_raster(photo.size(), &touched),
            photo,
            restored: samples,
        })
    }

    fn as_restored<'a>(
        &'a self,
        pixels: &'a (dyn Fn(PixelRect) -> Samples + Sync),
    ) -> Restored<'a> {
        Restored {
            photo: &self.photo,
            alpha: &self.touched,
            pixels,
            xmp: None,
        }
    }

    /// The restored samples of `rect`.
    fn restored_in(&self, rect: PixelRect) -> Samples {
        let channels = self.photo.channels().count();
        let size = self.photo.size();
        let row = |y| {
            let start = size.index(rect.x, y) * channels;
            start..start + rect.width as usize * channels
        };
        let rows = rect.y..rect.bottom();
        match &self.restored {
            Samples::U8(values) => {
                Samples::U8(rows.flat_map(|y| &values[row(y)]).copied().collect())
            }
            Samples::U16(values) => {
                Samples::U16(rows.flat_map(|y| &values[row(y)]).copied().collect())
            }
        }
    }
}

/// What a patched copy of `photo`'s file will say of smaller copies in it, as far as that shows without their pixels.
pub fn foretell_old_copies(photo: &Photo) -> Vec<String> {
    let look = || {
        let master = File::open(photo.path())?;
        let tiff = TiffFile::open(&master)?;
        let mut old = left_alone(&tiff, photo);
        for (place, size) in reduced_copies(&tiff, photo.metadata().page) {
            if let Err(reason) = readable(&tiff, place, photo) {
                old.push(sentence(place, size, &reason));
            }
        }
        Ok::<_, PageFault>(old)
    };
    look().unwrap_or_default()
}

fn sentence(place: PageAt, size: ImageSize, reason: &str) -> String {
    // A thumbnail without tags for its size has its own in its JPEG.
    let size = if size.pixel_count() == 0 {
        String::new()
    } else {
        format!(" ({size} px)")
    };
    let what = match place {
        PageAt::Chain(page) => format!("Page {}{size}, a smaller copy of the photo,", page + 1),
        PageAt::Sub(page, index) => {
            format!("Smaller copy {} inside page {}{size}", index + 1, page + 1)
        }
    };
    format!("{what} keeps the old picture, because {reason}.")
}

/// Sentences on a signature of the master, and on what may show the old picture and is not looked into: a thumbnail in Photoshop's resources of the page, and
/// pages of half its size and less that do not call themselves smaller copies.
fn left_alone(tiff: &TiffFile<'_>, photo: &Photo) -> Vec<String> {
    let resources = || {
        let page = tiff.directory_at(place_of(photo)).ok()?;
        tiff.bytes_of(&page.entry(PHOTOSHOP_RESOURCES)?).ok()
    };
    let mut said = Vec::new();
    let signed = tiff.directory_at(place_of(photo));
    if signed.is_ok_and(|page| page.entry(CONTENT_CREDENTIALS).is_some()) {
        said.push(SIGNATURE_VOID.to_owned());
    }
    if resources().is_some_and(|all| iptc::without_thumbnails(&all).is_some()) {
        said.push("The thumbnail in Photoshop's resources keeps the old picture, because a patched copy leaves it as it is.".to_owned());
    }
    if photo
        .metadata()
        .xmp
        .as_deref()
        .is_some_and(xmp::has_thumbnail)
    {
        said.push(THUMBNAIL_IN_XMP.to_owned());
    }
    let pages = halved_pages(tiff, photo.metadata().page).into_iter();
    said.extend(pages.map(|(page, size)| {
        format!(
            "Page {} ({size} px) may be a smaller copy of the photo that does not say so; it stays as it is, old picture or not.",
            page + 1
        )
    }));
    said
}

/// The layout of the copy at `place`, or why it cannot be renewed, whatever it shows.
fn readable(tiff: &TiffFile<'_>, place: PageAt, photo: &Photo) -> Result<PageLayout, String> {
    let layout = PageLayout::read(tiff, place).map_err(|fault| fault.to_string())?;
    let scale = Scale {
        full: photo.size(),
        small: layout.size,
    };
    if layout.colours != photo.channels().count() {
        return Err("it has other channels than the photo".to_owned());
    }
    if !scale.is_whole() {
        return Err("it has other proportions than the photo".to_owned());
    }
    if layout.missing_chunks() > 0 {
        return Err("parts of it are missing".to_owned());
    }
    Ok(layout)
}

fn overlaps(taken: &[(u64, u64)], layout: &PageLayout) -> bool {
    let mut all: Vec<(u64, u64, bool)> = taken.iter().map(|&(a, b)| (a, b, false)).collect();
    all.extend(layout.places().map(|(a, b)| (a, b, true)));
    all.sort_unstable();
    // The furthest end of each kind so far.
    let mut ends = [0; 2];
    all.into_iter().any(|(start, end, is_own)| {
        let meets = ends[usize::from(!is_own)] > start;
        let own = &mut ends[usize::from(is_own)];
        *own = end.max(*own);
        meets && end > start
    })
}

/// The colours of the page of `layout` as a photo of its own.
fn read(tiff: &TiffFile<'_>, layout: &PageLayout, full: &Photo) -> Result<Photo, String> {
    let colours = layout.colours;
    let mut values = vec![0_u16; layout.size.pixel_count() * colours];
    for group in 0..layout.groups() {
        let rect = layout.group_rect(group);
        let mut rows = GroupRows::new(tiff.file, layout, group);
        let mut row = vec![0; rect.width as usize * layout.samples];
        for y in rect.y..rect.bottom() {
            rows.next_row(&mut row).map_err(|fault| fault.to_string())?;
            let start = layout.size.index(rect.x, y) * colours;
            let stored = row.chunks_exact(layout.samples);
            for (target, stored) in values[start..].chunks_exact_mut(colours).zip(stored) {
                for (target, &stored) in target.iter_mut().zip(stored) {
                    *target = as_stored(layout, stored);
                }
            }
        }
    }
    let samples = if layout.bits == 8 {
        Samples::U8(values.into_iter().map(|value| value as u8).collect())
    } else {
        Samples::U16(values)
    };
    let source = Source {
        notes: Vec::new(),
        ..full.source().clone()
    };
    let metadata = Metadata::default();
    Photo::new(
        layout.size,
        full.channels(),
        samples,
        None,
        metadata,
        source,
    )
    .map_err(|error| error.to_string())
}

/// A page and its smaller copy: which pixels lie beneath which.
#[derive(Clone, Copy)]
struct Scale {
    full: ImageSize,
    small: ImageSize,
}

/// First and end of the pixels, of `full` along a side, beneath pixel `at` of `small`.
fn beneath(at: u32, small: u32, full: u32) -> (u32, u32) {
    let (at, small, full) = (u64::from(at), u64::from(small.max(1)), u64::from(full));
    let start = at * full / small;
    let end = ((at + 1) * full).div_ceil(small).max(start + 1);
    (start as u32, end as u32)
}

impl Scale {
    /// Whether the copy has the page's proportions, to within a pixel of the copy.
    fn is_whole(self) -> bool {
        let (width, height) = (u64::from(self.small.width), u64::from(self.small.height));
        let (full_width, full_height) = (u64::from(self.full.width), u64::from(self.full.height));
        let is_near =
            |a: u64, b: u64, a_full: u64, b_full: u64| (a * b_full).abs_diff(b * a_full) <= a_full;
        width > 0
            && height > 0
            && (is_near(width, height, full_width, full_height)
                || is_near(height, width, full_height, full_width))
    }

    /// What lies beneath pixel (x, y) of the copy.
    fn rect(self, x: u32, y: u32) -> PixelRect {
        let (left, right) = beneath(x, self.small.width, self.full.width);
        let (top, bottom) = beneath(y, self.small.height, self.full.height);
        PixelRect::new(left, top, right - left, bottom - top)
    }

    /// Whether the copy's samples are near the means of the master's.
    fn shows_same(self, master: &Photo, samples: &Samples) -> bool {
        let channels = master.channels().count();
        let steps = |side: u32| {
            let step = (side / COMPARED_PER_SIDE).max(1) as usize;
            (0..side).step_by(step)
        };
        let (mut sum, mut count) = (0, 0);
        for y in steps(self.small.height) {
            for x in steps(self.small.width) {
                let rect = self.rect(x, y);
                let means = mean(master.samples(), self.full.width, rect, channels);
                let at = self.small.index(x, y) * channels;
                for (channel, mean) in means.into_iter().enumerate().take(channels) {
                    sum += mean.abs_diff(wide(samples, at + channel));
                    count += 1;
                }
            }
        }
        count > 0 && sum / count <= SAME_PICTURE
    }

    /// 255 for every pixel of the copy that is renewed.
    fn touched(self, alpha: &MaskLayer) -> Vec<u8> {
        let (width, height) = (self.small.width as usize, self.small.height as usize);
        let mut over = vec![0_u8; width * height];
        over.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (x, value) in row.iter_mut().enumerate() {
                let rect = self.rect(x as u32, y as u32);
                *value = u8::from(alpha.touches(rect)) * 255;
            }
        });
        let grown = |x: usize, y: usize| {
            let rows = y.saturating_sub(1)..(y + 2).min(height);
            let columns = x.saturating_sub(1)..(x + 2).min(width);
            rows.into_iter()
                .any(|y| over[y * width + columns.start..y * width + columns.end].contains(&255))
        };
        let pixels = (0..width * height).into_par_iter();
        pixels
            .map(|at| u8::from(grown(at % width, at / width)) * 255)
            .collect()
    }

    /// The copy's samples with the means of the restored pixels where it is `touched`.
    fn reduced(self, restored: &Restored<'_>, touched: &[u8], samples: &Samples) -> Samples {
        let channels = restored.photo.channels().count();
        let width = self.small.width as usize;
        let row = |y: usize, put: &mut dyn FnMut(usize, u64)| {
            for run in runs(&touched[y * width..][..width]) {
                let (first, last) = (run.start as u32, run.end as u32 - 1);
                let all = self.rect(first, y as u32).union(self.rect(last, y as u32));
                let pixels = (restored.pixels)(all);
                for x in run {
                    let mut rect = self.rect(x as u32, y as u32);
                    (rect.x, rect.y) = (rect.x - all.x, 0);
                    let means = mean(&pixels, all.width, rect, channels);
                    for (channel, mean) in means.into_iter().enumerate().take(channels) {
                        put(x * channels + channel, mean);
                    }
                }
            }
        };
        match samples.clone() {
            Samples::U8(mut values) => {
                let rows = values.par_chunks_mut(width * channels).enumerate();
                rows.for_each(|(y, target)| {
                    row(y, &mut |at, mean| {
                        target[at] = ((mean + LEVEL / 2) / LEVEL) as u8;
                    });
                });
                Samples::U8(values)
            }
            Samples::U16(mut values) => {
                let rows = values.par_chunks_mut(width * channels).enumerate();
                rows.for_each(|(y, target)| row(y, &mut |at, mean| target[at] = mean as u16));
                Samples::U16(values)
            }
        }
    }
}

/// The runs of values above 0.
fn runs(values: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + values[next..].iter().position(|&value| value > 0)?;
        let rest = values[start..].iter();
        next = start + rest.take_while(|&&value| value > 0).count();
        Some(start..next)
    })
}

/// The sample at `at` as if it had 16 bits.
fn wide(samples: &Samples, at: usize) -> u64 {
    match samples {
        Samples::U8(values) => u64::from(values[at]) * LEVEL,
        Samples::U16(values) => u64::from(values[at]),
    }
}

/// The mean of each channel over `rect` of a picture `width` px wide, code values of 16 bits.
fn mean(samples: &Samples, width: u32, rect: PixelRect, channels: usize) -> [u64; 3] {
    let mut sums = [0; 3];
    for y in rect.y..rect.bottom() {
        let start = (y as usize * width as usize + rect.x as usize) * channels;
        for at in 0..rect.width as usize * channels {
            sums[at % channels] += wide(samples, start + at);
        }
    }
    let count = u64::from(rect.width) * u64::from(rect.height);
    sums.map(|sum| (sum + count / 2) / count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_beneath_a_copy_cover_the_page() {
        for (small, full) in [(3, 7), (50, 101), (7, 8), (1, 9), (64, 64)] {
            assert_eq!(beneath(0, small, full).0, 0);
            assert_eq!(beneath(small - 1, small, full).1, full);
            for at in 1..small {
                assert!(beneath(at, small, full).0 <= beneath(at - 1, small, full).1);
                assert!(beneath(at, small, full).0 > beneath(at - 1, small, full).0);
            }
        }
    }

    #[test]
    fn proportions_may_be_off_by_a_pixel_of_the_copy() {
        let is_whole = |width, height| {
            let (full, small) = (ImageSize::new(1001, 700), ImageSize::new(width, height));
            Scale { full, small }.is_whole()
        };
        assert!(is_whole(500, 350) && is_whole(501, 350) && is_whole(125, 87));
        assert!(!is_whole(500, 340) && !is_whole(350, 500) && !is_whole(0, 0));
    }
}
