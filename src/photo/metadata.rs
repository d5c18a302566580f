//! Metadata that travels with the pixels: raw blobs, resolution, orientation.

use std::sync::Arc;

use super::Native;
use crate::geometry::ImageSize;

/// Kind of image file, by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// JPEG / JFIF.
    Jpeg,
    /// Portable Network Graphics.
    Png,
    /// TIFF or `BigTIFF`.
    Tiff,
    /// WebP.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// JPEG 2000, as JP2 file or bare codestream.
    Jpeg2000,
}

impl FileFormat {
    /// Name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Jpeg2000 => "JPEG 2000",
        }
    }
}

/// Unit of a [`Resolution`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolutionUnit {
    /// No absolute unit: only the ratio counts.
    None,
    /// Pixels an inch.
    Inch,
    /// Pixels a centimetre.
    Centimetre,
}

/// Pixels a unit of length, as stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// Unit of both.
    pub unit: ResolutionUnit,
}

/// EXIF/TIFF orientation (tag 0x0112): how the stored pixels are turned for display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// 1: as stored.
    #[default]
    Normal,
    /// 2: mirrored left to right.
    FlipHorizontal,
    /// 3: turned by 180°.
    Rotate180,
    /// 4: mirrored top to bottom.
    FlipVertical,
    /// 5: mirrored along the main diagonal.
    Transpose,
    /// 6: turned clockwise by 90° for display.
    Rotate90,
    /// 7: mirrored along the other diagonal.
    Transverse,
    /// 8: turned anticlockwise by 90° for display.
    Rotate270,
}

impl Orientation {
    /// From the tag's value; anything unknown counts as 1.
    pub const fn from_tag(value: u32) -> Self {
        match value {
            2 => Self::FlipHorizontal,
            3 => Self::Rotate180,
            4 => Self::FlipVertical,
            5 => Self::Transpose,
            6 => Self::Rotate90,
            7 => Self::Transverse,
            8 => Self::Rotate270,
            _ => Self::Normal,
        }
    }

    /// The tag's value, 1 to 8.
    pub const fn tag(self) -> u16 {
        match self {
            Self::Normal => 1,
            Self::FlipHorizontal => 2,
            Self::Rotate180 => 3,
            Self::FlipVertical => 4,
            Self::Transpose => 5,
            Self::Rotate90 => 6,
            Self::Transverse => 7,
            Self::Rotate270 => 8,
        }
    }

    /// Whether width and height change places for display.
    pub const fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270
        )
    }

    /// Size as shown of an image of `stored` size.
    pub const fn ui_size(self, stored: ImageSize) -> ImageSize {
        if self.swaps_sides() {
            ImageSize::new(stored.height, stored.width)
        } else {
            stored
        }
    }

    /// The affine map (a, b, tx, c, d, ty) from stored to shown coordinates:
    /// x' = a·x + b·y + tx, y' = c·x + d·y + ty, continuous, the image spanning `0..width` × `0..height`.
    pub fn ui_from_image(self, stored: ImageSize) -> [f64; 6] {
        let (w, h) = (f64::from(stored.width), f64::from(stored.height));
        match self {
            Self::Normal => [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            Self::FlipHorizontal => [-1.0, 0.0, w, 0.0, 1.0, 0.0],
            Self::Rotate180 => [-1.0, 0.0, w, 0.0, -1.0, h],
            Self::FlipVertical => [1.0, 0.0, 0.0, 0.0, -1.0, h],
            Self::Transpose => [0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
            Self::Rotate90 => [0.0, -1.0, h, 1.0, 0.0, 0.0],
            Self::Transverse => [0.0, -1.0, h, -1.0, 0.0, w],
            Self::Rotate270 => [0.0, 1.0, 0.0, -1.0, 0.0, w],
        }
    }
}

/// Metadata blobs, byte for byte as found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// How stored pixels are turned for display; carried as a tag, never applied to pixels.
    pub orientation: Orientation,
    /// ICC profile.
    pub icc: Option<Vec<u8>>,
    /// EXIF as a TIFF structure (starts with `II` or `MM`), without the JPEG `Exif\0\0` prefix.
    pub exif: Option<Vec<u8>>,
    /// XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// IPTC-IIM records.
    pub iptc: Option<Vec<u8>>,
    /// Pixels a unit of length.
    pub resolution: Option<Resolution>,
    /// Whether the colours are already multiplied by the alpha kept aside (TIFF's associated alpha).
    pub premultiplied_alpha: bool,
    /// Whether the file stored its grey with white as zero; in memory black is zero.
    pub white_is_zero: bool,
    /// What else a derivative of the master's own kind can hold; never changed, the fields above win where they differ from it.
    pub native: Option<Arc<Native>>,
    /// What of the master no derivative holds but a patched copy of it, as sentences: unknown tags, other pages, further channels.
    pub left_behind: Vec<String>,
    /// Which page of a TIFF file the pixels are, counted from 0; 0 for every other format.
    pub page: u32,
    /// What pages that file has.
    pub pages: Pages,
}

/// The pages of a TIFF file, counted from 0 as they follow each other in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// All of them, smaller copies and transparency masks too; 0 for formats without pages.
    pub count: u32,
    /// Those that are pictures of their own, ascending.
    pub pictures: Vec<u32>,
}

impl Pages {
    /// Whether the file holds a picture of its own besides page `page`.
    pub fn has_others(&self, page: u32) -> bool {
        self.pictures.iter().any(|&other| other != page)
    }

    /// The picture that follows page `page`.
    pub fn after(&self, page: u32) -> Option<u32> {
        self.pictures.iter().copied().find(|&other| other > page)
    }

    /// The picture that comes before page `page`.
    pub fn before(&self, page: u32) -> Option<u32> {
        self.pictures.iter().copied().rfind(|&other| other < page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_any_page_the_pictures_before_and_after_it_are_found() {
        // Page 1 is a smaller copy of page 0.
        let pages = Pages {
            count: 4,
            pictures: vec![0, 2, 3],
        };
        let around = |page| (pages.before(page), pages.after(page));
        assert_eq!(around(0), (None, Some(2)));
        assert_eq!(around(1), (Some(0), Some(2)));
        assert_eq!(around(2), (Some(0), Some(3)));
        assert_eq!(around(3), (Some(2), None));
        assert!(pages.has_others(0));
        let pyramid = Pages {
            count: 3,
            pictures: vec![0],
        };
        assert!(!pyramid.has_others(0) && pyramid.has_others(1));
    }

    #[test]
    fn every_orientation_maps_the_image_onto_the_shown_rectangle() {
        let stored = ImageSize::new(7, 3);
        for tag in 1..=8 {
            let orientation = Orientation::from_tag(tag);
            assert_eq!(u32::from(orientation.tag()), tag);
            let [a, b, tx, c, d, ty] = orientation.ui_from_image(stored);
            let shown = orientation.ui_size(stored);
            let corners =
                [(0.0, 0.0), (7.0, 3.0)].map(|(x, y)| (a * x + b * y + tx, c * x + d * y + ty));
            let (xs, ys) = (corners.map(|p| p.0), corners.map(|p| p.1));
            // Whole numbers, so nothing is cut off.
            let bounds = [
                xs[0].min(xs[1]),
                ys[0].min(ys[1]),
                xs[0].max(xs[1]),
                ys[0].max(ys[1]),
            ]
            .map(|edge| edge as i64);
            let expected = [0, 0, shown.width.into(), shown.height.into()];
            assert_eq!(bounds, expected, "tag {tag}");
        }
    }
}
