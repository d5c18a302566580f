//! What of an EXIF blob a TIFF that is no patched copy does not hold, or holds otherwise.

use crate::io::decode::{name_of_tag, says_layout};
use crate::io::metadata::exif::{self, ExifTree, tag};
use crate::photo::{Channels, Metadata, Resolution, ResolutionUnit};

/// How its chroma lies is said in EXIF of every JPEG by a camera, and goes with the JPEG.
const CHROMA_POSITION: u16 = 531;
/// What white is, and what red, green and blue are, as fractions.
const COLOUR_OF: [u16; 2] = [318, 319];
const RATIONAL: u16 = 5;
/// Two figures of a resolution that are the same but for rounding, relative.
const SAME: f64 = 1e-3;

/// Whether an entry of EXIF's first directory goes into the page of a picture with `channels`.
pub fn is_carried(entry: &exif::RawEntry, channels: Channels) -> bool {
    let states_colours =
        COLOUR_OF.contains(&entry.tag) && entry.kind == RATIONAL && channels == Channels::Rgb;
    states_colours || is_descriptive(entry.tag)
}

/// Whether an entry of EXIF's first directory says something about the picture and not about the file it came from.
const fn is_descriptive(tag: u16) -> bool {
    // What lays out pixels or thumbnails, and what is written from the photo's own metadata.
    !matches!(
        tag,
        254..=266 | 273..=284 | 288..=293 | 296 | 297 | 301 | 317..=347 | 512..=532 | 700 | 33_723 | 34_665 | 34_675 | 34_853
    )
}

/// Adds sentences on what of `metadata`'s EXIF, which is `tree`, is lost or changed.
pub fn tell(
    tree: &ExifTree,
    metadata: &Metadata,
    channels: Channels,
    not_carried: &mut Vec<String>,
) {
    let Some(blob) = metadata.exif.as_deref() else {
        return;
    };
    let lost: Vec<String> = tree
        .main
        .iter()
        .filter(|entry| !is_carried(entry, channels) && !is_written_otherwise(entry.tag, metadata))
        .map(|entry| name_of_tag(entry.tag))
        .collect();
    let mut say = |what: &str, names: &[String]| {
        if !names.is_empty() {
            not_carried.push(format!("{what}: {}.", names.join(", ")));
        }
    };
    say("EXIF tags", &lost);
    let numbers = |tags: Vec<u16>| tags.iter().map(u16::to_string).collect::<Vec<_>>();
    say(
        "That these EXIF tags are UTF-8, for which TIFF has no type (their text is kept)",
        &numbers(tree.utf8_tags()),
    );
    say(
        "EXIF tags that cannot be read",
        &numbers(exif::unread(blob)),
    );
    if let (Some(in_exif), Some(kept)) = (exif::resolution(blob), metadata.resolution)
        && !is_same(in_exif, kept)
    {
        not_carried.push(format!(
            "EXIF's resolution, {}: the file's own header states {}, which is written.",
            in_words(in_exif),
            in_words(kept)
        ));
    }
}

/// Whether the page says it in its own way, or has no need to: size, packing, where things lie.
fn is_written_otherwise(number: u16, metadata: &Metadata) -> bool {
    match number {
        tag::ORIENTATION | tag::X_RESOLUTION | tag::Y_RESOLUTION | tag::RESOLUTION_UNIT => true,
        700 => metadata.xmp.is_some(),
        33_723 => metadata.iptc.is_some(),
        34_675 => metadata.icc.is_some(),
        CHROMA_POSITION => false,
        _ => says_layout(number),
    }
}

fn is_same(a: Resolution, b: Resolution) -> bool {
    let per_inch = |value: f64, unit| match unit {
        ResolutionUnit::Centimetre => value * 2.54,
        _ => value,
    };
    let near = |a: f64, b: f64| (a - b).abs() <= SAME * a.max(b);
    (a.unit == ResolutionUnit::None) == (b.unit == ResolutionUnit::None)
        && near(per_inch(a.x, a.unit), per_inch(b.x, b.unit))
        && near(per_inch(a.y, a.unit), per_inch(b.y, b.unit))
}

fn in_words(resolution: Resolution) -> String {
    let unit = match resolution.unit {
        ResolutionUnit::None => "without a unit",
        ResolutionUnit::Inch => "pixels an inch",
        ResolutionUnit::Centimetre => "pixels a centimetre",
    };
    let Resolution { x, y, .. } = resolution;
    // Fractions are told to a hundredth.
    let short = |value: f64| (value * 100.0).round() / 100.0;
    format!("{} × {} {unit}", short(x), short(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::metadata::exif::RawEntry;

    fn told(
        entries: Vec<RawEntry>,
        resolution: Option<Resolution>,
        channels: Channels,
    ) -> Vec<String> {
        let tree = ExifTree {
            main: entries,
            ..ExifTree::default()
        };
        let metadata = Metadata {
            exif: Some(tree.to_blob()),
            resolution,
            ..Metadata::default()
        };
        let mut said = Vec::new();
        tell(&tree, &metadata, channels, &mut said);
        said
    }

    #[test]
    fn how_a_jpeg_coded_its_colours_is_lost_by_name() {
        let entries = || {
            vec![
                RawEntry::short(271, 7),
                RawEntry::short(tag::ORIENTATION, 1),
                RawEntry::rational(318, (1, 3)),
                RawEntry::rational(319, (1, 3)),
                RawEntry::rational(529, (1, 3)),
                RawEntry::short(530, 2),
                RawEntry::short(531, 1),
                RawEntry::rational(532, (0, 1)),
            ]
        };
        assert_eq!(
            told(entries(), None, Channels::Rgb),
            [
                "EXIF tags: 529 (YCbCr coefficients), 531 (YCbCr positioning), 532 (reference black and white)."
            ]
        );
        let grey = told(entries(), None, Channels::Grey);
        assert!(grey[0].contains("318 (white point)"), "{grey:?}");
    }

    #[test]
    fn another_resolution_in_exif_is_told() {
        let entries = || {
            Resolution::from_tags(300.0, 300.0, 2)
                .unwrap()
                .entries()
                .to_vec()
        };
        let of = |x, unit| Resolution::from_tags(x, x, unit);
        assert_eq!(told(entries(), of(300.0, 2), Channels::Rgb), [""; 0]);
        assert_eq!(told(entries(), of(118.11, 3), Channels::Rgb), [""; 0]);
        assert_eq!(
            told(entries(), of(72.0, 2), Channels::Rgb),
            [
                "EXIF's resolution, 300 × 300 pixels an inch: the file's own header states 72 × 72 pixels an inch, which is written."
            ]
        );
    }
}
