//! EXIF as raw directories: read from a blob, changed where it must be, written again. Tag meanings stay outside.
//!
//! Source: TIFF 6.0 section 2 and Exif 2.32 section 4.6.

use crate::photo::{Orientation, Resolution, ResolutionUnit};

/// Tag numbers used here.
pub mod tag {
    /// How stored pixels are turned for display.
    pub const ORIENTATION: u16 = 274;
    /// Horizontal pixels a unit.
    pub const X_RESOLUTION: u16 = 282;
    /// Vertical pixels a unit.
    pub const Y_RESOLUTION: u16 = 283;
    /// Unit of the two above: 1 none, 2 inch, 3 centimetre.
    pub const RESOLUTION_UNIT: u16 = 296;
    /// Offset of the EXIF directory.
    pub const EXIF_IFD: u16 = 34_665;
    /// Offset of the GPS directory.
    pub const GPS_IFD: u16 = 34_853;
    /// Offset of the interoperability directory, inside the EXIF directory.
    pub const INTEROP_IFD: u16 = 40_965;
    /// A camera maker's own structure, which may hold absolute offsets.
    pub const MAKER_NOTE: u16 = 37_500;
}

/// Most bytes of one value that are believed.
pub const VALUE_LIMIT_BYTES: usize = 16 << 20;

/// One directory entry with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Tag number.
    pub tag: u16,
    /// Field type, 1 to 13.
    pub kind: u16,
    /// The value, little-endian.
    pub data: Vec<u8>,
}

impl RawEntry {
    /// A SHORT.
    pub fn short(tag: u16, value: u16) -> Self {
        let data = value.to_le_bytes().to_vec();
        Self { tag, kind: 3, data }
    }

    /// A RATIONAL.
    pub fn rational(tag: u16, (numerator, denominator): (u32, u32)) -> Self {
        let mut data = numerator.to_le_bytes().to_vec();
        data.extend(denominator.to_le_bytes());
        Self { tag, kind: 5, data }
    }

    fn long(tag: u16, value: u32) -> Self {
        let data = value.to_le_bytes().to_vec();
        Self { tag, kind: 4, data }
    }

    /// The value in this machine's byte order.
    pub fn native_bytes(&self) -> Vec<u8> {
        let mut data = self.data.clone();
        if cfg!(target_endian = "big") {
            swap_words(&mut data, self.kind);
        }
        data
    }

    fn first_short(&self) -> Option<u16> {
        (self.kind == 3).then_some(())?;
        Some(u16::from_le_bytes(self.data.get(..2)?.try_into().ok()?))
    }

    /// The first fraction of a RATIONAL; `None` for other types and for a division by zero.
    pub fn first_rational(&self) -> Option<f64> {
        (self.kind == 5).then_some(())?;
        let word = |at: usize| {
            Some(u32::from_le_bytes(
                self.data.get(at..at + 4)?.try_into().ok()?,
            ))
        };
        let (numerator, denominator) = (word(0)?, word(4)?);
        (denominator != 0).then(|| f64::from(numerator) / f64::from(denominator))
    }
}

/// Bytes of one value of field type `kind`; `None` for types TIFF 6.0 does not know.
pub const fn kind_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// Turns the byte order of a value of field type `kind`; a rational is two words of four bytes.
fn swap_words(data: &mut [u8], kind: u16) {
    let word = match kind {
        5 | 10 => 4,
        kind => kind_bytes(kind).unwrap_or(1),
    };
    for bytes in data.chunks_exact_mut(word) {
        bytes.reverse();
    }
}

/// The directories of an EXIF blob, without the pointers between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExifTree {
    /// Entries of the first directory.
    pub main: Vec<RawEntry>,
    /// Entries of the EXIF directory.
    pub exif: Vec<RawEntry>,
    /// Entries of the GPS directory.
    pub gps: Vec<RawEntry>,
    /// Entries of the interoperability directory.
    pub interop: Vec<RawEntry>,
    /// Whether a thumbnail directory follows the first one; it is not kept.
    pub has_thumbnail: bool,
}

impl ExifTree {
    /// The directories in `blob` (a TIFF structure); broken entries are left out. `None` when it is no EXIF at all.
    pub fn parse(blob: &[u8]) -> Option<Self> {
        let reader = BlobReader::new(blob)?;
        let (mut main, next) = reader.directory(reader.u32(4)?)?;
        let (exif, gps) = (
            take(&mut main, tag::EXIF_IFD),
            take(&mut main, tag::GPS_IFD),
        );
        let sub = |pointer: Option<u32>| {
            pointer
                .and_then(|at| reader.directory(at))
                .map_or_else(Vec::new, |(entries, _)| entries)
        };
        let mut exif = sub(exif);
        let interop = take(&mut exif, tag::INTEROP_IFD);
        Some(Self {
            main,
            interop: sub(interop),
            exif,
            gps: sub(gps),
            has_thumbnail: next != 0,
        })
    }

    /// Whether there is a maker note, whose inner offsets break when it moves.
    pub fn has_maker_note(&self) -> bool {
        self.exif.iter().any(|entry| entry.tag == tag::MAKER_NOTE)
    }

    /// Puts `entry` into the first directory in place of any of its tag.
    pub fn set_main(&mut self, entry: RawEntry) {
        self.main.retain(|old| old.tag != entry.tag);
        self.main.push(entry);
    }

    /// The blob: little-endian, directories one after the other, without a thumbnail.
    pub fn to_blob(&self) -> Vec<u8> {
        let Self {
            main,
            exif,
            gps,
            interop,
            has_thumbnail: _,
        } = self;
        let with_pointers = |entries: &[RawEntry], pointers: &[(u16, &[RawEntry])]| {
            let mut entries = entries.to_vec();
            let used = pointers.iter().filter(|(_, target)| !target.is_empty());
            entries.extend(used.map(|(tag, _)| RawEntry::long(*tag, 0)));
            entries.sort_by_key(|entry| entry.tag);
            entries
        };
        let mut exif = with_pointers(exif, &[(tag::INTEROP_IFD, interop)]);
        let mut main = with_pointers(main, &[(tag::EXIF_IFD, &exif), (tag::GPS_IFD, gps)]);
        let exif_at = 8 + directory_bytes(&main);
        let gps_at = exif_at + directory_bytes(&exif);
        let interop_at = gps_at + directory_bytes(gps);
        point(&mut main, tag::EXIF_IFD, exif_at);
        point(&mut main, tag::GPS_IFD, gps_at);
        point(&mut exif, tag::INTEROP_IFD, interop_at);

        let mut blob = b"II*\0\x08\0\0\0".to_vec();
        if main.is_empty() {
            // No entries and no next directory: the first one has to be there.
            blob.extend([0; 6]);
        }
        for entries in [&main, &exif, gps, interop] {
            write_directory(&mut blob, entries);
        }
        blob
    }
}

/// Takes the pointer `tag` out of `entries`.
fn take(entries: &mut Vec<RawEntry>, tag: u16) -> Option<u32> {
    let at = entries.iter().position(|entry| entry.tag == tag)?;
    let entry = entries.remove(at);
    Some(u32::from_le_bytes(entry.data.get(..4)?.try_into().ok()?))
}

fn point(entries: &mut [RawEntry], tag: u16, offset: usize) {
    if let Some(entry) = entries.iter_mut().find(|entry| entry.tag == tag) {
        entry.data = (offset as u32).to_le_bytes().to_vec();
    }
}

/// Bytes of a directory and its values, an empty one being left out.
fn directory_bytes(entries: &[RawEntry]) -> usize {
    if entries.is_empty() {
        return 0;
    }
    let outside = |entry: &RawEntry| match entry.data.len() {
        0..=4 => 0,
        length => length + (length & 1),
    };
    2 + 12 * entries.len() + 4 + entries.iter().map(outside).sum::<usize>()
}

fn write_directory(blob: &mut Vec<u8>, entries: &[RawEntry]) {
    if entries.is_empty() {
        return;
    }
    let mut values_at = blob.len() + 2 + 12 * entries.len() + 4;
    let mut values = Vec::new();
    blob.extend((entries.len() as u16).to_le_bytes());
    for RawEntry { tag, kind, data } in entries {
        let count = data.len() / kind_bytes(*kind).unwrap_or(1);
        blob.extend(tag.to_le_bytes());
        blob.extend(kind.to_le_bytes());
        blob.extend((count as u32).to_le_bytes());
        if data.len() <= 4 {
            let mut inline = [0; 4];
            inline[..data.len()].copy_from_slice(data);
            blob.extend(inline);
        } else {
            blob.extend((values_at as u32).to_le_bytes());
            values.extend(data);
            if data.len() % 2 == 1 {
                values.push(0);
            }
            values_at += data.len() + (data.len() & 1);
        }
    }
    blob.extend([0; 4]);
    blob.extend(values);
}

/// The blob with its thumbnail unlinked and blanked, every other byte in its place, so that positions inside a maker note stay true.
///
/// A thumbnail is a picture of its own: kept beside a repaired photo it would go on showing the damage.
pub fn without_thumbnail(mut blob: Vec<u8>) -> Vec<u8> {
    for (start, end) in thumbnail_ranges(&blob).unwrap_or_default() {
        if let Some(bytes) = blob.get_mut(start..end) {
            bytes.fill(0);
        }
    }
    blob
}

/// Whether a directory of a thumbnail is linked.
pub fn has_thumbnail(blob: &[u8]) -> bool {
    thumbnail_ranges(blob).is_some_and(|ranges| !ranges.is_empty())
}

/// What is to be blanked: the link, the directory, and the thumbnail's own data where nothing else lies.
fn thumbnail_ranges(blob: &[u8]) -> Option<Vec<(usize, usize)>> {
    const STRIP_OFFSETS: u16 = 273;
    const STRIP_LENGTHS: u16 = 279;
    const JPEG_OFFSET: u16 = 513;
    const JPEG_LENGTH: u16 = 514;
    let reader = BlobReader::new(blob)?;
    let main_at = reader.u32(4)? as usize;
    let link = main_at.checked_add(2 + 12 * usize::from(reader.u16(main_at)?))?;
    let thumbnail_at = reader.u32(link)?;
    if thumbnail_at == 0 {
        return Some(Vec::new());
    }
    let mut ranges = vec![(link, link + 4)];
    let at = thumbnail_at as usize;
    let Some((entries, _)) = reader.directory(thumbnail_at) else {
        return Some(ranges);
    };
    let directory_end = at + 2 + 12 * usize::from(reader.u16(at)?) + 4;
    // An honest thumbnail lies behind the link to it; a range that does not could hold anything.
    if at >= link + 4 {
        ranges.push((at, directory_end.min(blob.len())));
    }
    let numbers = |tag: u16| -> Vec<usize> {
        let entry = entries.iter().find(|entry| entry.tag == tag);
        entry.map_or_else(Vec::new, |entry| {
            let bytes = if entry.kind == 3 { 2 } else { 4 };
            let words = entry.data.chunks_exact(bytes);
            words
                .map(|word| {
                    word.iter()
                        .rev()
                        .fold(0, |sum, &b| sum << 8 | usize::from(b))
                })
                .collect()
        })
    };
    for (offsets, lengths) in [(JPEG_OFFSET, JPEG_LENGTH), (STRIP_OFFSETS, STRIP_LENGTHS)] {
        for (start, length) in numbers(offsets).into_iter().zip(numbers(lengths)) {
            let end = start.saturating_add(length).min(blob.len());
            if start >= directory_end && end > start {
                ranges.push((start, end));
            }
        }
    }
    Some(ranges)
}

/// Reads numbers of a blob in its own byte order.
struct BlobReader<'a> {
    blob: &'a [u8],
    big_endian: bool,
}

impl<'a> BlobReader<'a> {
    fn new(blob: &'a [u8]) -> Option<Self> {
        let big_endian = match blob.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { blob, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.blob.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.blob.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// The entries of the directory at `offset`, and the next directory's offset.
    fn directory(&self, offset: u32) -> Option<(Vec<RawEntry>, u32)> {
        let at = offset as usize;
        let count = usize::from(self.u16(at)?);
        // Values do not overlap in an honest blob, so together they are no longer than it.
        let mut bytes_left = self.blob.len();
        let mut entries = Vec::new();
        for entry in (0..count).filter_map(|index| self.entry(at + 2 + 12 * index)) {
            let Some(left) = bytes_left.checked_sub(entry.data.len()) else {
                break;
            };
            bytes_left = left;
            entries.push(entry);
        }
        let next = self.u32(at + 2 + 12 * count).unwrap_or(0);
        Some((entries, next))
    }

    fn entry(&self, at: usize) -> Option<RawEntry> {
        let (tag, kind) = (self.u16(at)?, self.u16(at + 2)?);
        let bytes = kind_bytes(kind)?.checked_mul(self.u32(at + 4)? as usize)?;
        let start = if bytes <= 4 {
            at + 8
        } else {
            self.u32(at + 8)? as usize
        };
        let value = self.blob.get(start..start.checked_add(bytes)?)?;
        let mut data = value.to_vec();
        if self.big_endian {
            swap_words(&mut data, kind);
        }
        Some(RawEntry { tag, kind, data })
    }
}

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
    let x = find(tag::X_RESOLUTION)?.first_rational()?;
    let y = find(tag::Y_RESOLUTION)?.first_rational()?;
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
fn rational(value: f64) -> (u32, u32) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ExifTree {
        let text = |tag: u16, text: &[u8]| RawEntry {
            tag,
            kind: 2,
            data: text.to_vec(),
        };
        ExifTree {
            main: vec![
                text(271, b"A maker\0"),
                RawEntry::short(tag::ORIENTATION, 6),
                RawEntry::rational(tag::X_RESOLUTION, (300, 1)),
                RawEntry::rational(tag::Y_RESOLUTION, (3001, 10)),
            ],
            exif: vec![text(36_867, b"2001:02:03 04:05:06\0")],
            gps: vec![RawEntry::rational(2, (50, 1))],
            interop: vec![text(1, b"R98\0")],
            has_thumbnail: false,
        }
    }

    #[test]
    fn directories_come_back_from_their_blob() {
        let tree = sample();
        let blob = tree.to_blob();
        assert_eq!(ExifTree::parse(&blob), Some(tree));
        assert_eq!(orientation(&blob), Some(Orientation::Rotate90));
        let resolution = resolution(&blob).unwrap();
        assert_eq!((resolution.x, resolution.y), (300.0, 300.1));
        assert_eq!(resolution.unit, ResolutionUnit::Inch);
    }

    #[test]
    fn a_reader_of_the_field_agrees_with_our_blob() {
        let blob = sample().to_blob();
        let read = exif::Reader::new().read_raw(blob).unwrap();
        let value = |tag| {
            let field = read.get_field(tag, exif::In::PRIMARY).unwrap();
            field.display_value().to_string()
        };
        assert_eq!(value(exif::Tag::Make), "\"A maker\"");
        assert_eq!(value(exif::Tag::DateTimeOriginal), "2001-02-03 04:05:06");
        assert_eq!(value(exif::Tag::InteroperabilityIndex), "\"R98\"");
        assert_eq!(value(exif::Tag::GPSLatitude), "50/1");
    }

    #[test]
    fn big_endian_values_are_turned() {
        let blob = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
        assert_eq!(orientation(blob), Some(Orientation::Rotate270));
    }

    #[test]
    fn an_agreeing_blob_is_kept_byte_for_byte() {
        let mut blob = sample().to_blob();
        blob.extend(b"anything behind");
        assert_eq!(
            with_orientation(Some(&blob), Orientation::Rotate90, None),
            Some(blob.clone())
        );
        let turned = with_orientation(Some(&blob), Orientation::Rotate180, None).unwrap();
        assert_eq!(orientation(&turned), Some(Orientation::Rotate180));
        assert_eq!(with_orientation(None, Orientation::Normal, None), None);
    }

    /// A blob whose thumbnail directory lies behind it, with eight bytes of picture and a word behind that.
    fn with_thumbnail() -> (Vec<u8>, usize) {
        let mut blob = sample().to_blob();
        let at = blob.len() as u32;
        let link = 8 + 2 + 12 * usize::from(u16::from_le_bytes([blob[8], blob[9]]));
        blob[link..link + 4].copy_from_slice(&at.to_le_bytes());
        let entries = [RawEntry::long(513, at + 30), RawEntry::long(514, 8)];
        write_directory(&mut blob, &entries);
        blob.extend(b"PICTURE!rest");
        (blob, link)
    }

    #[test]
    fn a_thumbnail_goes_and_everything_else_keeps_its_place() {
        let (blob, link) = with_thumbnail();
        assert!(has_thumbnail(&blob));
        assert!(exif::Reader::new().read_raw(blob.clone()).is_ok());
        let bare = without_thumbnail(blob.clone());
        assert_eq!(bare.len(), blob.len());
        assert!(!has_thumbnail(&bare));
        assert!(!bare.windows(7).any(|bytes| bytes == b"PICTURE"));
        assert!(bare.ends_with(b"rest"));
        let thumbnail_at = sample().to_blob().len();
        assert_eq!(bare[..link], blob[..link]);
        assert_eq!(bare[link + 4..thumbnail_at], blob[link + 4..thumbnail_at]);
        assert_eq!(without_thumbnail(bare.clone()), bare);
    }

    #[test]
    fn hostile_blobs_give_nothing_instead_of_a_panic() {
        let blob = sample().to_blob();
        for length in 0..blob.len() {
            drop(ExifTree::parse(&blob[..length]));
        }
        for at in 0..blob.len() {
            let mut broken = blob.clone();
            broken[at] = 0xFF;
            drop(ExifTree::parse(&broken).map(|tree| tree.to_blob()));
        }
        let (blob, _) = with_thumbnail();
        for at in 0..blob.len() {
            let mut broken = blob.clone();
            broken[at] = 0xFF;
            assert_eq!(without_thumbnail(broken).len(), blob.len());
            without_thumbnail(blob[..at].to_vec());
        }
    }

    #[test]
    fn fractions_are_exact_for_scanner_resolutions() {
        assert_eq!(rational(300.0), (300, 1));
        assert_eq!(rational(299.72), (29_972, 100));
        assert_eq!(rational(118.1102), (1_181_102, 10_000));
        let (n, d) = rational(1.0 / 3.0);
        assert!((f64::from(n) / f64::from(d) - 1.0 / 3.0).abs() < 1e-6);
    }
}
