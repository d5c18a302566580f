//! Which directories of a file are pages, and which are smaller copies of one: pyramid levels and thumbnails. Reads no pixels.

use super::directory::{Directory, PageAt, TiffFile};
use crate::geometry::ImageSize;
use crate::photo::Pages;

mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const NEW_SUBFILE_TYPE: u16 = 254;
    pub const SUBFILE_TYPE: u16 = 255;
    pub const JPEG_INTERCHANGE: u16 = 513;
}

/// Longest side of a JPEG that is taken for a thumbnail without saying so, px.
const THUMBNAIL_PX: u32 = 512;

/// What a directory is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A page of its own.
    Page,
    /// A smaller copy of another page.
    Reduced,
    /// Neither: a transparency mask.
    Aside,
}

/// What is known of a directory without its pixels.
#[derive(Clone, Copy, Debug)]
struct Outline {
    role: Role,
    size: ImageSize,
    /// Whether it holds a JPEG in one piece, as cameras and EXIF store thumbnails.
    has_jpeg: bool,
}

impl Outline {
    fn of(tiff: &TiffFile<'_>, directory: &Directory) -> Self {
        let value = |tag| {
            let entry = directory.entry(tag)?;
            tiff.values(&entry).ok()?.first().copied()
        };
        let side = |tag| value(tag).and_then(|side| u32::try_from(side).ok());
        let bits = value(tag::NEW_SUBFILE_TYPE).unwrap_or(0);
        Self {
            // Bit 0: a reduced copy of another page; bit 2: a transparency mask. The older tag: 2 is a reduced copy.
            role: if bits & 0b100 != 0 {
                Role::Aside
            } else if bits & 1 != 0 || value(tag::SUBFILE_TYPE) == Some(2) {
                Role::Reduced
            } else {
                Role::Page
            },
            size: ImageSize::new(
                side(tag::WIDTH).unwrap_or(0),
                side(tag::HEIGHT).unwrap_or(0),
            ),
            has_jpeg: directory.entry(tag::JPEG_INTERCHANGE).is_some(),
        }
    }

    /// Whether it is a smaller picture of a page of `size`, by what it says of itself.
    const fn is_copy_of(&self, size: ImageSize) -> bool {
        let is_smaller = self.size.width <= size.width && self.size.height <= size.height;
        let is_other = self.size.width < size.width || self.size.height < size.height;
        let says_so = matches!(self.role, Role::Reduced);
        // A thumbnail of EXIF says nothing of itself.
        let is_small = self.size.width <= THUMBNAIL_PX && self.size.height <= THUMBNAIL_PX;
        let is_thumbnail = self.has_jpeg && is_small && matches!(self.role, Role::Page);
        is_smaller && is_other && (says_so || is_thumbnail)
    }
}

/// The pages whose sides are a half, a quarter … of those of page `page`, though they do not call themselves smaller copies:
/// some programs write pyramids like that. Their pixels are not looked at.
pub fn halved_pages(tiff: &TiffFile<'_>, page: u32) -> Vec<(u32, ImageSize)> {
    let pages = outlines(tiff);
    let Some(own) = pages.get(page as usize) else {
        return Vec::new();
    };
    let is_level = |size: ImageSize| {
        let is_near = |small: u32, full: u32, halvings: u32| small.abs_diff(full >> halvings) <= 1;
        let mut halvings = 1..u32::BITS;
        size.width > 1
            && size.height > 1
            && halvings.any(|halvings| {
                is_near(size.width, own.size.width, halvings)
                    && is_near(size.height, own.size.height, halvings)
            })
    };
    let pages = (0..).zip(&pages);
    pages
        .filter(|&(index, other)| index != page && other.role == Role::Page && is_level(other.size))
        .filter(|(_, other)| !other.is_copy_of(own.size))
        .map(|(index, other)| (index, other.size))
        .collect()
}

fn outlines(tiff: &TiffFile<'_>) -> Vec<Outline> {
    let mut pages = Vec::new();
    tiff.each_page(|_, directory| pages.push(Outline::of(tiff, directory)));
    pages
}

/// The page a file is opened at when none is named: the first that is neither a smaller copy nor a transparency mask; and
/// which pages there are.
pub fn main_page(tiff: &TiffFile<'_>) -> (u32, Pages) {
    let outlines = outlines(tiff);
    let mut pictures = Vec::new();
    // The size of the page before: thumbnails follow theirs.
    let mut before = None;
    for (index, outline) in (0..).zip(&outlines) {
        let is_thumbnail = before.is_some_and(|size| outline.is_copy_of(size));
        if outline.role == Role::Page && !is_thumbnail {
            pictures.push(index);
            before = Some(outline.size);
        }
    }
    let main = pictures.first().copied().unwrap_or(0);
    let count = outlines.len() as u32;
    (main, Pages { count, pictures })
}

/// Whether page `page` calls itself a smaller copy and what it is a copy of lies inside it, as in raw files of cameras.
pub fn is_preview(tiff: &TiffFile<'_>, page: u32) -> bool {
    tiff.page(page).is_ok_and(|directory| {
        Outline::of(tiff, &directory).role == Role::Reduced
            && !tiff.sub_directories(&directory).is_empty()
    })
}

/// The directories that are smaller copies of page `page`, with their sizes: those inside it, those that follow it up to the
/// next page, and, for the first page, those before it.
pub fn reduced_copies(tiff: &TiffFile<'_>, page: u32) -> Vec<(PageAt, ImageSize)> {
    let pages = outlines(tiff);
    let at = page as usize;
    let Some(own) = pages.get(at).filter(|own| own.role == Role::Page) else {
        return Vec::new();
    };
    let is_copy = |outline: &Outline| outline.is_copy_of(own.size);
    let is_page = |outline: &Outline| outline.role == Role::Page && !is_copy(outline);
    let before = if pages[..at].iter().any(is_page) {
        at
    } else {
        0
    };
    let behind = pages[at + 1..].iter().position(is_page);
    let behind = behind.map_or(pages.len(), |count| at + 1 + count);
    let in_chain = (before..at).chain(at + 1..behind);
    let mut copies: Vec<(PageAt, ImageSize)> = in_chain
        .filter(|&index| is_copy(&pages[index]))
        .map(|index| (PageAt::Chain(index as u32), pages[index].size))
        .collect();
    let inside = tiff.page(page);
    let inside = inside.map_or(0, |directory| tiff.sub_directories(&directory).len());
    for index in 0..inside {
        let place = PageAt::Sub(page, index);
        if let Ok(directory) = tiff.directory_at(place) {
            let outline = Outline::of(tiff, &directory);
            if is_copy(&outline) {
                copies.push((place, outline.size));
            }
        }
    }
    copies
}
