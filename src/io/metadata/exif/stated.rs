//! What an EXIF blob states of the picture, orientation and resolution, and how it is made to state it.

use super::{ExifTree, RawEntry, tag};
use crate::photo::{Orientation, Resolution, ResolutionUnit};

/// The orientation an EXIF blob states.
pub fn orientation(blob: &[u8]) -> Option<Orientation> {
    let tree = ExifTree::parse(blob)?;
    let entry = tree.main.iter().find(|e| e.tag == tag::ORIENTATION)?;
    Some(Orientation::from_tag(u32::from(entry.first_short()?)))
}

/// The resolution an EXIF blob states.
pub fn resolution(blob: &[u8]) -> Option<Resolution> {
    let tree = ExifTree::parse(blob)?;
    let find = |tag: u16| tree.main.iter().find(|entry| entry.tag == tag);
    let x = find(tag::X_RESOLUTION)?.first_number()?;
    let y = find(tag::Y_RESOLUTION)?.first_number()?;
    let unit = find(tag::RESOLUTION_UNIT).and_then(RawEntry::first_short);
    Resolution::from_tags(x, y, unit.unwrap_or(2))
}

impl Resolution {
    /// From TIFF's three tags; `None` when a value says nothing.
    pub(in crate::io) fn from_tags(x: f64, y: f64, unit: u16) -> Option<Self> {
        let unit = match unit {
            2 => ResolutionUnit::Inch,
            3 => ResolutionUnit::Centimetre,
            _ => ResolutionUnit::None,
        };
        let says_something = x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite();
        says_something.then_some(Self { x, y, unit })
    }

    /// TIFF's three entries.
    pub(in crate::io) fn entries(self) -> [RawEntry; 3] {
        let unit = match self.unit {
            ResolutionUnit::None => 1,
            ResolutionUnit::Inch => 2,
            ResolutionUnit::Centimetre => 3,
        };
        [
            RawEntry::rational(tag::X_RESOLUTION, rational(self.x)),
            RawEntry::rational(tag::Y_RESOLUTION, rational(self.y)),
            RawEntry::short(tag::RESOLUTION_UNIT, unit),
        ]
    }
}

/// A fraction close to a positive `value`: exact for whole numbers and for up to four decimals below 400,000.
pub(super) fn rational(value: f64) -> (u32, u32) {
    for denominator in [1_u32, 10, 100, 1000, 10_000] {
        let numerator = value * f64::from(denominator);
        if numerator > f64::from(u32::MAX) {
            break;
        }
        if (numerator - numerator.round()).abs() < 1e-9 * numerator.max(1.0) {
            return (numerator.round() as u32, denominator);
        }
    }
    let mut denominator = 1_000_000_u32;
    while value * f64::from(denominator) > f64::from(u32::MAX) && denominator > 1 {
        denominator /= 10;
    }
    ((value * f64::from(denominator)).round() as u32, denominator)
}

/// The EXIF blob to embed for `orientation`: `blob` byte for byte when it says so already, changed in place or made otherwise.
///
/// `None` when there is no blob and nothing to say.
pub fn with_orientation(
    blob: Option<&[u8]>,
    wanted: Orientation,
    resolution: Option<Resolution>,
) -> Option<Vec<u8>> {
    let Some(blob) = blob else {
        if wanted == Orientation::Normal {
            return None;
        }
        let mut tree = ExifTree::default();
        tree.set_main(RawEntry::short(tag::ORIENTATION, wanted.tag()));
        for entry in resolution.into_iter().flat_map(Resolution::entries) {
            tree.set_main(entry);
        }
        return Some(tree.to_blob());
    };
    if orientation(blob).unwrap_or_default() == wanted {
        return Some(blob.to_vec());
    }
    let mut tree = ExifTree::parse(blob).unwrap_or_default();
    tree.set_main(RawEntry::short(tag::ORIENTATION, wanted.tag()));
    Some(tree.to_blob())
}
