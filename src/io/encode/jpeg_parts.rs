//! Which segments of a JPEG master go into its derivatives, without previews that would go on showing the damage.

use super::png::exif_blob;
use super::{
    Picture, SIGNATURE_VOID, THUMBNAIL_DROPPED, THUMBNAIL_IN_XMP, THUMBNAIL_IN_XMP_DROPPED,
    without_xmp_thumbnail,
};
use crate::io::metadata::provenance::states_provenance;
use crate::io::metadata::{exif, iptc, xmp};
use crate::photo::{JpegParts, JpegSegment, Metadata};

/// Most bytes in one segment. Source: ITU-T T.81 B.1.1.4.
pub const SEGMENT_LIMIT_BYTES: usize = 65_533;

pub const EXIF_PREFIX: &[u8] = b"Exif\0\0";
pub const ICC_PREFIX: &[u8] = b"ICC_PROFILE\0";
const JFIF: &[u8] = b"JFIF\0";
const JFXX: &[u8] = b"JFXX\0";
const ADOBE: &[u8] = b"Adobe";
/// Length of a JFIF segment without a thumbnail. Source: JFIF 1.02.
const JFIF_BYTES: usize = 14;
/// Where an Adobe segment says how colours are coded: 0 RGB, 1 YCbCr.
const ADOBE_TRANSFORM: usize = 11;

const COMMENT: u8 = 0xFE;

/// Sentences about what is dropped, each once.
struct Losses<'a>(&'a mut Vec<String>);

impl Losses<'_> {
    fn add(&mut self, text: &str) {
        if !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
        }
    }
}

/// The segments of a JPEG derivative of a JPEG master, in the master's order.
pub fn plan(
    picture: &Picture<'_>,
    parts: &JpegParts,
    not_carried: &mut Vec<String>,
) -> Vec<JpegSegment> {
    let mut losses = Losses(not_carried);
    let new_xmp = changed_xmp(picture.metadata, parts, &mut losses);
    // A packet that still points to the extended part needs it.
    let drops_extension = new_xmp
        .as_ref()
        .is_some_and(|segment| !xmp::points_to_extension(&segment.data));
    let resources =
        has_resource_thumbnail(parts).then(|| bare_resources(parts, losses.0).unwrap_or_default());
    let mut state = Placed::default();
    let mut segments = Vec::new();
    for segment in &parts.segments {
        let JpegSegment { marker, data } = segment;
        let is = |prefix: &[u8]| data.starts_with(prefix);
        match marker {
            0xE0 if is(JFIF) => segments.push(bare_jfif(segment, &mut losses)),
            0xE0 if is(JFXX) => losses.add("The thumbnail in the JFIF header."),
            0xE1 if is(EXIF_PREFIX) && !state.exif => {
                state.exif = true;
                segments.extend(exif_segment(picture.metadata, &mut losses));
            }
            // Some writers leave an older block behind the first one, and readers show its thumbnail.
            0xE1 if is(EXIF_PREFIX) => segments.push(bare_exif(segment, &mut losses)),
            0xE1 if drops_extension && is(xmp::JPEG_EXTENSION_PREFIX) => {}
            0xE1 if is(xmp::JPEG_PREFIX) && !state.xmp => {
                state.xmp = true;
                segments.extend(new_xmp.clone().or_else(|| Some(segment.clone())));
            }
            0xE1 if is(xmp::JPEG_PREFIX) && xmp::has_thumbnail(data) => {
                losses.add(THUMBNAIL_IN_XMP);
                segments.push(segment.clone());
            }
            0xE2 if is(b"MPF\0") => {
                losses.add("Further pictures in the file (MPF), which are often previews.");
            }
            0xED if is(iptc::PHOTOSHOP_PREFIX) && resources.is_some() => {
                if !state.resources {
                    segments.extend(resource_segments(resources.as_deref().unwrap_or_default()));
                }
                state.resources = true;
            }
            0xEE if is(ADOBE) => segments.push(ycbcr_adobe(segment)),
            0xEB if data.windows(4).any(|window| window == b"c2pa") => {
                losses.add(SIGNATURE_VOID);
                segments.push(segment.clone());
            }
            _ => segments.push(segment.clone()),
        }
    }
    if !state.xmp
        && let Some(segment) = new_xmp
    {
        let behind = segments.iter().take_while(|s| is_leading(s)).count();
        segments.insert(behind, segment);
    }
    if parts.bytes_behind > 0 {
        losses.add(&bytes_behind(parts));
    }
    segments
}

/// What has found its place already.
#[derive(Default)]
struct Placed {
    exif: bool,
    xmp: bool,
    resources: bool,
}

/// Whether readers expect the segment in front of all others.
fn is_leading(segment: &JpegSegment) -> bool {
    segment.marker == 0xE0 || segment.data.starts_with(EXIF_PREFIX)
}

fn bytes_behind(parts: &JpegParts) -> String {
    format!(
        "{} bytes behind the picture's end, often further pictures.",
        parts.bytes_behind
    )
}

fn bare_jfif(segment: &JpegSegment, losses: &mut Losses<'_>) -> JpegSegment {
    let mut data = segment.data.clone();
    if data.len() > JFIF_BYTES {
        losses.add("The thumbnail in the JFIF header.");
        data.truncate(JFIF_BYTES);
        data[JFIF_BYTES - 2..].fill(0);
    }
    let marker = segment.marker;
    JpegSegment { marker, data }
}

fn exif_segment(metadata: &Metadata, losses: &mut Losses<'_>) -> Option<JpegSegment> {
    if metadata.exif.as_deref().is_some_and(exif::has_thumbnail) {
        losses.add(THUMBNAIL_DROPPED);
    }
    let data = [EXIF_PREFIX, &exif_blob(metadata)?].concat();
    Some(JpegSegment { marker: 0xE1, data })
}

/// A further block of EXIF without its thumbnail, every other byte in its place.
fn bare_exif(segment: &JpegSegment, losses: &mut Losses<'_>) -> JpegSegment {
    let blob = segment.data.strip_prefix(EXIF_PREFIX).unwrap_or_default();
    if !exif::has_thumbnail(blob) {
        return segment.clone();
    }
    losses.add(THUMBNAIL_DROPPED);
    let marker = segment.marker;
    let blob = exif::without_thumbnail(blob.to_vec());
    let data = [EXIF_PREFIX, &blob].concat();
    JpegSegment { marker, data }
}

/// The packet of a JPEG's own segment when part of it lies in an extension that can stay as it is: nothing there is to change.
pub fn main_packet(parts: &JpegParts) -> Option<&[u8]> {
    let packet = xmp_payloads(parts, xmp::JPEG_PREFIX).next()?;
    let pieces: Vec<&[u8]> = xmp_payloads(parts, xmp::JPEG_EXTENSION_PREFIX).collect();
    let extension = xmp::extended(&pieces, packet)?;
    let can_stay = !states_provenance(&extension) && !xmp::has_thumbnail(&extension);
    (xmp::points_to_extension(packet) && can_stay).then_some(packet)
}

/// The first packet with its extended part in it; `None` when it has none that fits.
fn joined_packet(parts: &JpegParts) -> Option<Vec<u8>> {
    let packet = xmp_payloads(parts, xmp::JPEG_PREFIX).next()?;
    let pieces: Vec<&[u8]> = xmp_payloads(parts, xmp::JPEG_EXTENSION_PREFIX).collect();
    xmp::merge(packet, &xmp::extended(&pieces, packet)?)
}

fn xmp_payloads<'a>(parts: &'a JpegParts, prefix: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
    let of_xmp = parts.segments.iter().filter(|s| s.marker == 0xE1);
    of_xmp.filter_map(move |segment| segment.data.strip_prefix(prefix))
}

/// What the encoder writes is YCbCr, whatever the master was.
fn ycbcr_adobe(segment: &JpegSegment) -> JpegSegment {
    let mut segment = segment.clone();
    if let Some(transform @ 0) = segment.data.get_mut(ADOBE_TRANSFORM) {
        *transform = 1;
    }
    segment
}

/// The segment for a packet that is not the master's own; `None` when the master's segments say the same.
fn changed_xmp(
    metadata: &Metadata,
    parts: &JpegParts,
    losses: &mut Losses<'_>,
) -> Option<JpegSegment> {
    let stated = metadata.xmp.as_ref()?;
    let bare = without_xmp_thumbnail(stated);
    let wanted = bare.as_ref().unwrap_or(stated);
    let packet = xmp_payloads(parts, xmp::JPEG_PREFIX).next();
    let whole = joined_packet(parts);
    if packet == Some(wanted.as_slice()) || whole.as_ref() == Some(wanted) {
        return None;
    }
    let data = [xmp::JPEG_PREFIX, wanted].concat();
    if data.len() > SEGMENT_LIMIT_BYTES {
        losses.add(if bare.is_some() {
            THUMBNAIL_IN_XMP
        } else {
            "New XMP entries: they do not fit into a JPEG segment, so the original's XMP is kept."
        });
        return None;
    }
    if bare.is_some() {
        losses.add(THUMBNAIL_IN_XMP_DROPPED);
    }
    Some(JpegSegment { marker: 0xE1, data })
}

/// All Photoshop image resources in one piece, without thumbnails.
pub fn bare_resources(parts: &JpegParts, not_carried: &mut Vec<String>) -> Option<Vec<u8>> {
    let all = photoshop_resources(parts)?;
    let Some(bare) = iptc::without_thumbnails(&all) else {
        return Some(all);
    };
    Losses(not_carried).add("The thumbnail in the Photoshop resources.");
    (!bare.is_empty()).then_some(bare)
}

fn photoshop_resources(parts: &JpegParts) -> Option<Vec<u8>> {
    let segments = parts.segments.iter().filter(|s| s.marker == 0xED);
    let payloads = segments.filter_map(|s| s.data.strip_prefix(iptc::PHOTOSHOP_PREFIX));
    let all = payloads.flatten().copied().collect::<Vec<u8>>();
    (!all.is_empty()).then_some(all)
}

/// Whether the resources hold a thumbnail and so cannot stay as they lie.
fn has_resource_thumbnail(parts: &JpegParts) -> bool {
    photoshop_resources(parts).is_some_and(|all| iptc::without_thumbnails(&all).is_some())
}

fn resource_segments(resources: &[u8]) -> impl Iterator<Item = JpegSegment> {
    let part_bytes = SEGMENT_LIMIT_BYTES - iptc::PHOTOSHOP_PREFIX.len();
    resources.chunks(part_bytes).map(|part| JpegSegment {
        marker: 0xED,
        data: [iptc::PHOTOSHOP_PREFIX, part].concat(),
    })
}

/// The master's comments as text, Latin-1 where they are no UTF-8.
pub fn comments(parts: &JpegParts) -> Vec<String> {
    let comments = parts.segments.iter().filter(|s| s.marker == COMMENT);
    comments
        .map(|segment| {
            let bytes = segment.data.strip_suffix(b"\0").unwrap_or(&segment.data);
            String::from_utf8(bytes.to_vec())
                .unwrap_or_else(|_| bytes.iter().map(|&byte| char::from(byte)).collect())
        })
        .filter(|text| !text.is_empty())
        .collect()
}

/// What of a JPEG master another kind of file has no place for.
pub fn lost_elsewhere(parts: &JpegParts, metadata: &Metadata, not_carried: &mut Vec<String>) {
    let mut losses = Losses(not_carried);
    let mut names = Vec::new();
    let mut exif_seen = false;
    let packet = xmp_payloads(parts, xmp::JPEG_PREFIX).next();
    let is_joined = joined_packet(parts).is_some();
    for JpegSegment { marker, data } in &parts.segments {
        let is = |prefix: &[u8]| data.starts_with(prefix);
        let is_carried = match *marker {
            0xE0 => is(JFIF) && data.len() <= JFIF_BYTES,
            0xE1 if is(EXIF_PREFIX) => !std::mem::replace(&mut exif_seen, true),
            0xE1 if is(xmp::JPEG_PREFIX) && data.strip_prefix(xmp::JPEG_PREFIX) != packet => {
                losses.add("A second XMP packet: there is room for the first alone.");
                true
            }
            0xE1 if is(xmp::JPEG_EXTENSION_PREFIX) && !is_joined => {
                losses.add("The extended part of the XMP packet: it does not fit the packet.");
                true
            }
            0xE1 => is(xmp::JPEG_PREFIX) || is(xmp::JPEG_EXTENSION_PREFIX),
            0xE2 if is(ICC_PREFIX) && metadata.icc.is_none() => {
                losses.add("The colour profile: a part of it is missing or there twice.");
                true
            }
            0xE2 => is(ICC_PREFIX),
            0xED => is(iptc::PHOTOSHOP_PREFIX),
            // How the old file coded its colours.
            0xEE => is(ADOBE),
            COMMENT => true,
            _ => false,
        };
        if !is_carried {
            let word = data.split(|byte| !byte.is_ascii_graphic()).next();
            let word = word.unwrap_or_default();
            let word = String::from_utf8_lossy(&word[..word.len().min(24)]).into_owned();
            let name = format!("APP{} {word}", marker - 0xE0).trim_end().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if !names.is_empty() {
        losses.add(&format!("JPEG segments: {}.", names.join(", ")));
    }
    if parts.bytes_behind > 0 {
        losses.add(&bytes_behind(parts));
    }
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::Channels;

    fn segment(marker: u8, data: &[&[u8]]) -> JpegSegment {
        let data = data.concat();
        JpegSegment { marker, data }
    }

    fn planned(metadata: &Metadata, parts: &JpegParts) -> (Vec<JpegSegment>, Vec<String>) {
        let picture = Picture {
            size: ImageSize::new(1, 1),
            channels: Channels::Grey,
            samples: View::U8(&[1]).into(),
            alpha: None,
            metadata,
        };
        let mut lost = Vec::new();
        (plan(&picture, parts, &mut lost), lost)
    }

    #[test]
    fn every_segment_stays_in_order_and_previews_go() {
        let comment = segment(COMMENT, &[b"scanned at home"]);
        let icc = segment(0xE2, &[ICC_PREFIX, &[1, 1], b"profile"]);
        let unknown = segment(0xE9, &[b"Maker\0anything"]);
        let thumbnail = [b"8BIM\x04\x0c\0\0\0\0\0\x02xy".as_slice()].concat();
        let caption = iptc::to_resource(&[0x1C, 2, 5, 0, 1, b'a']);
        let parts = JpegParts {
            segments: vec![
                segment(0xE0, &[JFIF, &[1, 1, 0, 0, 1, 0, 1, 1, 1], &[9, 9, 9]]),
                comment.clone(),
                icc.clone(),
                segment(0xED, &[iptc::PHOTOSHOP_PREFIX, &thumbnail, &caption]),
                unknown.clone(),
                segment(0xE2, &[b"MPF\0 and so on"]),
                segment(0xEE, &[ADOBE, &[0, 100, 0, 0, 0, 0, 0]]),
            ],
            bytes_behind: 7,
            ..JpegParts::default()
        };
        let (segments, lost) = planned(&Metadata::default(), &parts);
        let wanted = [
            segment(0xE0, &[JFIF, &[1, 1, 0, 0, 1, 0, 1, 0, 0]]),
            comment,
            icc,
            segment(0xED, &[iptc::PHOTOSHOP_PREFIX, &caption]),
            unknown,
            segment(0xEE, &[ADOBE, &[0, 100, 0, 0, 0, 0, 1]]),
        ];
        assert_eq!(segments, wanted);
        assert_eq!(lost.len(), 4, "{lost:?}");
        let mut elsewhere = Vec::new();
        let with_profile = Metadata {
            icc: Some(b"profile".to_vec()),
            ..Metadata::default()
        };
        lost_elsewhere(&parts, &with_profile, &mut elsewhere);
        assert!(elsewhere[0].contains("APP9 Maker"), "{elsewhere:?}");
        assert!(!elsewhere[0].contains("APP13"), "{elsewhere:?}");
    }

    #[test]
    fn xmp_stays_as_it_lies_unless_it_was_changed() {
        let own = segment(0xE1, &[xmp::JPEG_PREFIX, b"<a/>"]);
        let jfif = segment(0xE0, &[JFIF, &[0; 9]]);
        let parts = JpegParts {
            segments: vec![jfif.clone(), own.clone()],
            ..JpegParts::default()
        };
        let with = |packet: &[u8]| Metadata {
            xmp: Some(packet.to_vec()),
            ..Metadata::default()
        };
        assert_eq!(planned(&with(b"<a/>"), &parts).0, parts.segments);
        let new = segment(0xE1, &[xmp::JPEG_PREFIX, b"<b/>"]);
        assert_eq!(
            planned(&with(b"<b/>"), &parts).0,
            [jfif.clone(), new.clone()]
        );
        let (segments, lost) = planned(&with(&vec![b' '; 70_000]), &parts);
        assert_eq!(segments, parts.segments);
        assert_eq!(lost.len(), 1);
        let none = JpegParts {
            segments: vec![jfif.clone(), segment(COMMENT, &[b"x"])],
            ..JpegParts::default()
        };
        assert_eq!(planned(&with(b"<b/>"), &none).0[1], new);
    }

    /// A block of EXIF with nothing but a thumbnail of four bytes.
    fn exif_with_thumbnail() -> Vec<u8> {
        let mut blob = b"II*\0\x08\0\0\0".to_vec();
        blob.extend([0, 0]); // no entries
        blob.extend(14_u32.to_le_bytes()); // the next directory
        blob.extend([2, 0]);
        for (tag, value) in [(513_u16, 44_u32), (514, 4)] {
            blob.extend(tag.to_le_bytes());
            blob.extend([4, 0, 1, 0, 0, 0]);
            blob.extend(value.to_le_bytes());
        }
        blob.extend([0; 4]);
        blob.extend([0xFF, 0xD8, 0xFF, 0xD9]);
        blob
    }

    #[test]
    fn no_block_of_exif_keeps_a_thumbnail() {
        let blob = exif_with_thumbnail();
        assert!(exif::has_thumbnail(&blob));
        let block = segment(0xE1, &[EXIF_PREFIX, &blob]);
        let parts = JpegParts {
            segments: vec![block.clone(), block.clone(), block],
            ..JpegParts::default()
        };
        let metadata = Metadata {
            exif: Some(blob),
            ..Metadata::default()
        };
        let (segments, lost) = planned(&metadata, &parts);
        assert_eq!(lost, [THUMBNAIL_DROPPED]);
        assert_eq!(segments.len(), 3);
        for segment in segments {
            let blob = segment.data.strip_prefix(EXIF_PREFIX).unwrap();
            assert!(!exif::has_thumbnail(blob));
            assert!(!blob.ends_with(&[0xFF, 0xD9]));
        }
    }

    #[test]
    fn a_packet_with_an_extension_is_changed_alone() {
        let digest = "0123456789ABCDEF0123456789ABCDEF";
        let rdf = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'";
        let packet = |more: &str| {
            format!("<rdf:RDF {rdf}><rdf:Description n:HasExtendedXMP='{digest}'/>{more}</rdf:RDF>")
        };
        let extension_of = |content: &str| {
            let text =
                format!("<rdf:RDF {rdf}><rdf:Description>{content}</rdf:Description></rdf:RDF>");
            let numbers = [text.len() as u32, 0].map(u32::to_be_bytes).concat();
            segment(
                0xE1,
                &[
                    xmp::JPEG_EXTENSION_PREFIX,
                    digest.as_bytes(),
                    &numbers,
                    text.as_bytes(),
                ],
            )
        };
        let parts_of = |content: &str| JpegParts {
            segments: vec![
                segment(0xE1, &[xmp::JPEG_PREFIX, packet("").as_bytes()]),
                extension_of(content),
            ],
            ..JpegParts::default()
        };
        let parts = parts_of("long");
        assert_eq!(main_packet(&parts), Some(packet("").as_bytes()));
        let metadata = Metadata {
            xmp: Some(packet("<new/>").into_bytes()),
            ..Metadata::default()
        };
        let (segments, lost) = planned(&metadata, &parts);
        let new = segment(0xE1, &[xmp::JPEG_PREFIX, packet("<new/>").as_bytes()]);
        assert_eq!(segments, [new, parts.segments[1].clone()]);
        assert_eq!(lost, [""; 0]);
        // A history of its own in there would be one of two.
        let history = "<m:History xmlns:m='http://ns.adobe.com/xap/1.0/mm/'><rdf:Seq/></m:History>";
        assert_eq!(main_packet(&parts_of(history)), None);
    }

    #[test]
    fn comments_are_read_in_both_encodings() {
        let parts = JpegParts {
            segments: vec![
                segment(COMMENT, &["Zürich".as_bytes(), &[0]]),
                segment(COMMENT, &[b"Z\xFCrich"]),
            ],
            ..JpegParts::default()
        };
        assert_eq!(comments(&parts), ["Zürich", "Zürich"]);
    }
}
