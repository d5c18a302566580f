//! What stands around and at the head of a JPEG 2000 codestream: size and depth, colours, resolution, metadata. No pixels.
//!
//! Sources: ITU-T T.800 annex A.5.1 (SIZ) and annex I (boxes); T.801 for further kinds of colours; the identifiers of Adobe
//! (XMP), of JPEG's Exif box and of the IPTC for metadata in UUID boxes.

use super::{CONVERT, Fault};
use crate::geometry::ImageSize;
use crate::io::metadata::iptc;
use crate::photo::{Channels, Resolution};

const XMP: [u8; 16] = *b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
const EXIF: [u8; 16] = *b"JpgTiffExif->JP2";
const IPTC: [u8; 16] = *b"\x33\xC7\xA4\xD2\xB8\x1D\x47\x23\xA0\xBA\xF1\xA3\xE0\x97\xAD\x38";
const PHOTOSHOP: [u8; 16] = *b"\x2C\x4C\x01\x00\x85\x04\x40\xB9\xA0\x3E\x56\x21\x48\xD6\xDF\xEB";

/// The start of a codestream: SOC and SIZ.
const CODESTREAM: &[u8] = b"\xFF\x4F\xFF\x51";
/// Most boxes looked at; an honest file has a dozen.
const BOX_LIMIT: usize = 1000;

/// What the boxes of a file say.
#[derive(Debug, Default)]
pub struct Boxes<'a> {
    /// From its start marker on.
    pub codestream: &'a [u8],
    /// Grey or RGB, where that is said.
    pub colours: Option<Channels>,
    /// ICC profile.
    pub icc: Option<Vec<u8>>,
    /// XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// EXIF as a TIFF structure.
    pub exif: Option<Vec<u8>>,
    /// IPTC-IIM records.
    pub iptc: Option<Vec<u8>>,
    /// Resolution of the scan, otherwise that for display.
    pub resolution: Option<Resolution>,
    /// Boxes that no derivative carries, as sentences.
    pub left_behind: Vec<String>,
    /// Component, kind and what it belongs to, of each channel.
    definitions: Vec<[u16; 3]>,
}

impl<'a> Boxes<'a> {
    /// Reads a file of either kind.
    pub fn read(file: &'a [u8]) -> Result<Self, Fault> {
        let mut boxes = Self::default();
        if file.starts_with(CODESTREAM) {
            boxes.codestream = file;
            return Ok(boxes);
        }
        let mut walk = Walk::new(file);
        for (kind, content) in &mut walk {
            match &kind {
                b"jp2h" => boxes.read_header(content)?,
                b"jp2c" if boxes.codestream.is_empty() => boxes.codestream = content,
                b"jp2c" => boxes.lose("The file's other pictures."),
                b"uuid" => boxes.read_uuid(content),
                b"jP  " | b"ftyp" | b"free" => {}
                other => {
                    let name = String::from_utf8_lossy(other);
                    boxes.lose(&format!("The JPEG 2000 box {:?}.", name.trim()));
                }
            }
        }
        if !walk.rest.is_empty() {
            let count = walk.rest.len();
            boxes.lose(&format!("{count} bytes behind the picture's end."));
        }
        if boxes.codestream.starts_with(CODESTREAM) {
            Ok(boxes)
        } else {
            Err(Fault::damaged("it has no codestream"))
        }
    }

    fn lose(&mut self, what: &str) {
        if !self.left_behind.iter().any(|known| known == what) {
            self.left_behind.push(what.to_owned());
        }
    }

    fn read_header(&mut self, header: &'a [u8]) -> Result<(), Fault> {
        let mut colours_seen = false;
        let mut display = None;
        for (kind, content) in Walk::new(header) {
            match &kind {
                b"colr" if !colours_seen => {
                    colours_seen = true;
                    self.read_colours(content)?;
                }
                b"colr" => self.lose("A second description of the colours."),
                b"pclr" => return Err(unsupported("this JPEG 2000 picture has a palette")),
                b"cdef" => {
                    let entries = content.get(2..).unwrap_or_default().chunks_exact(6);
                    let entry =
                        |e: &[u8]| [0, 2, 4].map(|at| u16::from_be_bytes([e[at], e[at + 1]]));
                    self.definitions = entries.map(entry).collect();
                }
                b"res " => {
                    for (kind, content) in Walk::new(content) {
                        match &kind {
                            b"resc" => self.resolution = resolution(content),
                            b"resd" => display = resolution(content),
                            _ => {}
                        }
                    }
                }
                b"ihdr" | b"bpcc" | b"free" => {}
                other => {
                    let name = String::from_utf8_lossy(other);
                    self.lose(&format!("The JPEG 2000 box {:?}.", name.trim()));
                }
            }
        }
        if display.is_some() && self.resolution.is_some() && display != self.resolution {
            self.lose("The resolution for display: that of the scan is carried.");
        }
        self.resolution = self.resolution.or(display);
        Ok(())
    }

    fn read_colours(&mut self, content: &[u8]) -> Result<(), Fault> {
        match content {
            [1, _, _, numbers @ ..] => {
                let number = numbers.get(..4).and_then(|n| n.try_into().ok());
                self.colours = match number.map(u32::from_be_bytes) {
                    Some(16) => Some(Channels::Rgb),
                    Some(17) => Some(Channels::Grey),
                    Some(18) => return Err(foreign_colours("YCbCr")),
                    Some(12) => return Err(foreign_colours("CMYK")),
                    Some(14) => return Err(foreign_colours("Lab")),
                    _ => return Err(foreign_colours("unusual")),
                };
            }
            [2 | 3, _, _, profile @ ..] => {
                // Source: ICC.1, "Data colour space field" and "Profile file signature".
                self.colours = match (profile.get(16..20), profile.get(36..40)) {
                    (Some(b"GRAY"), Some(b"acsp")) => Some(Channels::Grey),
                    (Some(b"RGB "), Some(b"acsp")) => Some(Channels::Rgb),
                    (Some(_), Some(b"acsp")) => return Err(foreign_colours("unusual")),
                    _ => return Err(Fault::damaged("its colour profile is damaged")),
                };
                self.icc = Some(profile.to_vec());
            }
            _ => return Err(foreign_colours("unusual")),
        }
        Ok(())
    }

    fn read_uuid(&mut self, content: &[u8]) {
        let Some((id, data)) = content.split_at_checked(16) else {
            return;
        };
        // Of several the first counts.
        let taken = [
            (XMP, self.xmp.is_some(), "A second XMP packet."),
            (EXIF, self.exif.is_some(), "A second block of EXIF."),
            (IPTC, self.iptc.is_some(), "Further IPTC records."),
        ];
        if let Some((.., what)) = taken.iter().find(|(kind, seen, _)| id == kind && *seen) {
            self.lose(what);
        } else if id == XMP {
            self.xmp = Some(data.to_vec());
        } else if id == EXIF {
            let blob = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
            let blob = blob.strip_prefix(b"EXIF\0\0").unwrap_or(blob);
            self.exif = Some(blob.to_vec());
        } else if id == IPTC {
            self.iptc = Some(data.to_vec());
        } else if id == PHOTOSHOP {
            self.iptc = self.iptc.take().or_else(|| iptc::from_resources(data));
            self.lose("Photoshop resources, of which IPTC is carried.");
        } else {
            let name = crate::io::hex(&id[..4]);
            self.lose(&format!("The JPEG 2000 box of the identifier {name}…"));
        }
    }

    /// The component that is alpha, and whether colours are multiplied by it, behind `colours` colours in their usual order.
    pub fn alpha(&self, colours: usize) -> Result<Option<(usize, bool)>, Fault> {
        let mut alpha = None;
        for &[component, kind, belongs_to] in &self.definitions {
            match kind {
                0 if usize::from(component) < colours && belongs_to == component + 1 => {}
                1 | 2
                    if usize::from(component) >= colours && belongs_to == 0 && alpha.is_none() =>
                {
                    alpha = Some((usize::from(component), kind == 2));
                }
                u16::MAX => {}
                _ => {
                    return Err(unsupported(
                        "this JPEG 2000 picture has its channels in an unusual order",
                    ));
                }
            }
        }
        Ok(alpha)
    }
}

fn unsupported(what: &str) -> Fault {
    Fault::Unsupported {
        what: what.to_owned(),
        remedy: CONVERT,
    }
}

fn foreign_colours(name: &str) -> Fault {
    Fault::Unsupported {
        what: format!(
            "this JPEG 2000 picture has {name} colours, which would shift if they were guessed"
        ),
        remedy: "convert it to RGB with its colour profile in the program that made it",
    }
}

/// A resolution box: two fractions with a power of ten each, pixels a metre, vertical first.
fn resolution(content: &[u8]) -> Option<Resolution> {
    let &[a, b, c, d, e, f, g, h, vertical, horizontal, ..] = content else {
        return None;
    };
    let value = |n: [u8; 2], d: [u8; 2], power: u8| {
        let [n, d] = [n, d].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
        n / d * 10_f64.powi(i32::from(power as i8))
    };
    let (y, x) = (
        value([a, b], [c, d], vertical),
        value([e, f], [g, h], horizontal),
    );
    Resolution::from_metre(x, y)
}

/// The head of a codestream.
#[derive(Debug, PartialEq, Eq)]
pub struct Codestream {
    /// Size of the picture.
    pub size: ImageSize,
    /// Bits a sample, 8 or 16, in all components.
    pub bits: u8,
    /// Number of components.
    pub components: usize,
}

impl Codestream {
    /// Reads the head and refuses what is not handed out as it is stored.
    pub fn read(codestream: &[u8]) -> Result<Self, Fault> {
        let cut = || Fault::damaged("the file ends too early");
        let word = |at: usize| {
            let bytes = codestream.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        // Behind the two markers: length, capabilities, right and lower edge, left and upper edge, tiles, components.
        let edge = |at: usize| word(at).ok_or_else(cut);
        let (right, lower, left, upper) = (edge(8)?, edge(12)?, edge(16)?, edge(20)?);
        let sides = (right.checked_sub(left), lower.checked_sub(upper));
        let (Some(width @ 1..), Some(height @ 1..)) = sides else {
            return Err(Fault::damaged("its size is impossible"));
        };
        let count = codestream.get(40..42).ok_or_else(cut)?;
        let components = usize::from(u16::from_be_bytes([count[0], count[1]]));
        let kinds = codestream.get(42..42 + 3 * components).ok_or_else(cut)?;
        let mut kinds = kinds.chunks_exact(3);
        let Some(&[first, ..]) = kinds.clone().next() else {
            return Err(Fault::damaged("it has no components"));
        };
        if components > 5 {
            return Err(unsupported(
                "this JPEG 2000 picture has more than five channels",
            ));
        }
        if kinds.clone().any(|kind| kind[1..] != [1, 1]) {
            return Err(unsupported(
                "this JPEG 2000 picture stores some channels smaller than others",
            ));
        }
        if kinds.any(|kind| kind[0] != first) {
            return Err(unsupported(
                "this JPEG 2000 picture has channels of different depth",
            ));
        }
        if first & 0x80 != 0 {
            return Err(unsupported(
                "this JPEG 2000 picture holds numbers with a sign",
            ));
        }
        let bits = first + 1;
        if !matches!(bits, 8 | 16) {
            return Err(unsupported(&format!(
                "this JPEG 2000 picture has {bits} bits a channel"
            )));
        }
        Ok(Self {
            size: ImageSize::new(width, height),
            bits,
            components,
        })
    }
}

/// The boxes in a run of bytes: kind and content. Ends where no box can be.
struct Walk<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Walk<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            left: BOX_LIMIT,
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let length = u32::from_be_bytes(self.rest.get(..4)?.try_into().ok()?);
        let kind = self.rest.get(4..8)?.try_into().ok()?;
        let (head, length) = match length {
            // To the end of the file.
            0 => (8, self.rest.len()),
            1 => {
                let long = u64::from_be_bytes(self.rest.get(8..16)?.try_into().ok()?);
                (16, usize::try_from(long).ok()?)
            }
            length => (8, length as usize),
        };
        // A last box that is cut short is the decoder's to judge.
        let content = self.rest.get(head..length.min(self.rest.len()))?;
        self.rest = self.rest.get(length..).unwrap_or_default();
        Some((kind, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u32 + 8).to_be_bytes();
        [&length[..], kind, content].concat()
    }

    /// The head of a codestream of `components`, each depth, sign and subsampling.
    fn head(width: u32, components: &[[u8; 3]]) -> Vec<u8> {
        let mut head = [CODESTREAM, &[0, 0, 0, 0]].concat();
        for number in [width + 3, 25, 3, 5, 64, 64, 0, 0] {
            head.extend(number.to_be_bytes());
        }
        head.extend((components.len() as u16).to_be_bytes());
        head.extend(components.concat());
        head
    }

    fn file(header: &[Vec<u8>], more: &[Vec<u8>]) -> Vec<u8> {
        let codestream = head(10, &[[7, 1, 1]; 3]);
        [
            boxed(b"jP  ", b"\r\n\x87\n"),
            boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
            boxed(b"jp2h", &header.concat()),
            more.concat(),
            boxed(b"jp2c", &codestream),
        ]
        .concat()
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        match result.unwrap_err() {
            Fault::Unsupported { what, .. } => what,
            Fault::Damaged(reason) => format!("damaged: {reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn size_depth_and_components_are_read_and_what_is_not_stored_plainly_is_refused() {
        let read = Codestream::read(&head(10, &[[15, 1, 1]; 4])).unwrap();
        let size = ImageSize::new(10, 20);
        let (bits, components) = (16, 4);
        let wanted = Codestream {
            size,
            bits,
            components,
        };
        assert_eq!(read, wanted);
        for (components, word) in [
            (vec![[11, 1, 1]], "12 bits"),
            (vec![[0x87, 1, 1]], "sign"),
            (vec![[7, 1, 1], [7, 2, 2], [7, 2, 2]], "smaller"),
            (vec![[7, 1, 1], [15, 1, 1]], "different depth"),
            (vec![[7, 1, 1]; 6], "five"),
            (Vec::new(), "no components"),
        ] {
            let text = refusal(Codestream::read(&head(10, &components)));
            assert!(text.contains(word), "{text}");
        }
        let whole = head(10, &[[7, 1, 1]; 3]);
        for length in 0..whole.len() {
            refusal(Codestream::read(&whole[..length]));
        }
    }

    #[test]
    fn colours_resolution_and_metadata_are_found_in_their_boxes() {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(b"RGB ");
        profile[36..40].copy_from_slice(b"acsp");
        let colr = boxed(b"colr", &[&[2, 0, 0][..], &profile].concat());
        // 11811 pixels a metre: 300 an inch.
        let resc = boxed(b"resc", &[0x2E, 0x23, 0, 1, 0x2E, 0x23, 0, 1, 0, 0]);
        let uuid = |id: [u8; 16], data: &[u8]| boxed(b"uuid", &[&id[..], data].concat());
        let bytes = file(
            &[colr, boxed(b"res ", &resc)],
            &[
                uuid(XMP, b"<x/>"),
                uuid(EXIF, b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
                uuid(IPTC, b"\x1C\x02\x05"),
                uuid([7; 16], b"?"),
                boxed(b"xml ", b"<?xml?>"),
            ],
        );
        let boxes = Boxes::read(&bytes).unwrap();
        assert_eq!(boxes.colours, Some(Channels::Rgb));
        assert_eq!(boxes.icc, Some(profile));
        assert_eq!(boxes.xmp.as_deref(), Some(&b"<x/>"[..]));
        assert!(boxes.exif.unwrap().starts_with(b"II*\0"));
        assert_eq!(boxes.iptc.as_deref(), Some(&b"\x1C\x02\x05"[..]));
        assert!((boxes.resolution.unwrap().x - 300.0).abs() < 1e-9);
        assert_eq!(boxes.left_behind.len(), 2, "{:?}", boxes.left_behind);
    }

    #[test]
    fn colours_that_would_have_to_be_guessed_are_refused() {
        let colr = |content: &[u8]| boxed(b"colr", content);
        for (header, word) in [
            (colr(&[1, 0, 0, 0, 0, 0, 18]), "YCbCr"),
            (colr(&[1, 0, 0, 0, 0, 0, 12]), "CMYK"),
            (colr(&[1, 0, 0]), "unusual"),
            (colr(&[2, 0, 0, 9]), "profile is damaged"),
            (boxed(b"pclr", &[]), "palette"),
        ] {
            let text = refusal(Boxes::read(&file(&[header], &[])));
            assert!(text.contains(word), "{text}");
        }
        let cdef = |entries: &[[u16; 3]]| {
            let count = (entries.len() as u16).to_be_bytes().to_vec();
            let words = entries.concat().into_iter().flat_map(u16::to_be_bytes);
            boxed(b"cdef", &[count, words.collect()].concat())
        };
        let usual = [[0, 0, 1], [1, 0, 2], [2, 0, 3]];
        for (last, alpha) in [([3, 1, 0], Some((3, false))), ([3, 2, 0], Some((3, true)))] {
            let bytes = file(&[cdef(&[&usual[..], &[last]].concat())], &[]);
            assert_eq!(Boxes::read(&bytes).unwrap().alpha(3).unwrap(), alpha);
        }
        let swapped = file(&[cdef(&[[0, 0, 3], [1, 0, 2], [2, 0, 1]])], &[]);
        let text = refusal(Boxes::read(&swapped).unwrap().alpha(3));
        assert!(text.contains("order"), "{text}");
    }
}
