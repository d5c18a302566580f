//! XMP packets as text: a packet that a JPEG had to split is made whole. Knows no property but the one that says so.
//!
//! Source: XMP Specification part 3, "Extended XMP in JPEG".

/// Start of a JPEG APP1 payload that holds a packet.
pub const JPEG_PREFIX: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Start of a JPEG APP1 payload that holds a piece of the extended part.
pub const JPEG_EXTENSION_PREFIX: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";

/// Most bytes of the extended part that are believed.
const EXTENDED_LIMIT_BYTES: usize = 64 << 20;
/// The name under which a packet gives the MD5 of its extended part, whatever prefix stands before it.
const HAS_EXTENDED: &str = "HasExtendedXMP";

/// The extended part out of its `pieces` (each: 32 letters of MD5, length of the whole, own position, text); `None` when one is missing or belongs to another packet.
pub fn extended(pieces: &[&[u8]], packet: &[u8]) -> Option<Vec<u8>> {
    let first = pieces.first()?;
    let (digest, length) = (first.get(..32)?, number(first, 32)?);
    if length > EXTENDED_LIMIT_BYTES || !packet.windows(32).any(|window| window == digest) {
        return None;
    }
    let mut sorted: Vec<(usize, &[u8])> = Vec::new();
    for piece in pieces {
        if piece.get(..32)? != digest || number(piece, 32)? != length {
            return None;
        }
        sorted.push((number(piece, 36)?, piece.get(40..)?));
    }
    sorted.sort_by_key(|(at, _)| *at);
    let mut whole = Vec::new();
    for (at, text) in sorted {
        if at != whole.len() {
            return None;
        }
        whole.extend_from_slice(text);
    }
    (whole.len() == length).then_some(whole)
}

/// Whether `packet` says that a part of it lies elsewhere in the file.
pub fn points_to_extension(packet: &[u8]) -> bool {
    let name = HAS_EXTENDED.as_bytes();
    packet.windows(name.len()).any(|part| part == name)
}

/// Whether `packet` holds a thumbnail: a picture of its own in a text that is carried as it is.
///
/// Source: XMP Specification part 2, "Thumbnail".
pub fn has_thumbnail(packet: &[u8]) -> bool {
    let holds = |text: &[u8]| packet.windows(text.len()).any(|part| part == text);
    holds(b"http://ns.adobe.com/xap/1.0/g/img/") && holds(b"Thumbnails")
}

fn number(piece: &[u8], at: usize) -> Option<usize> {
    let bytes = piece.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes) as usize)
}

/// `packet` with the descriptions of its `extended` part put behind its own, and without the pointer to that part.
///
/// `None` when the texts are not built in the way that allows it.
pub fn merge(packet: &[u8], extended: &[u8]) -> Option<Vec<u8>> {
    let (packet, extended) = (text(packet)?, text(extended)?);
    let (own, other) = (body(packet)?, body(extended)?);
    // What the other's element declares would be undeclared here.
    let is_declared = |name: &str| own.opening.contains(name);
    if own.prefix != other.prefix || !declarations(other.opening).all(is_declared) {
        return None;
    }
    let (head, tail) = packet.split_at(own.end);
    let merged = [head, &extended[other.start..other.end], tail].concat();
    Some(without_pointer(&merged)?.into_bytes())
}

fn text(packet: &[u8]) -> Option<&str> {
    std::str::from_utf8(packet).ok()
}

/// Where the content of the one `RDF` element lies.
struct Body<'a> {
    /// The element's own tag, from `<` to `>`.
    opening: &'a str,
    /// Its namespace prefix.
    prefix: &'a str,
    start: usize,
    end: usize,
}

fn body(packet: &str) -> Option<Body<'_>> {
    let name_at = packet.find(":RDF")?;
    let tag_at = packet[..name_at].rfind('<')?;
    let prefix = &packet[tag_at + 1..name_at];
    let start = name_at + packet[name_at..].find('>')? + 1;
    let opening = &packet[tag_at..start];
    let end = packet.rfind(&format!("</{prefix}:RDF"))?;
    let is_plain = prefix.chars().all(|letter| letter.is_ascii_alphanumeric());
    (is_plain && !opening.ends_with("/>") && start <= end).then_some(Body {
        opening,
        prefix,
        start,
        end,
    })
}

/// The namespace declarations of a tag, such as `xmlns:dc="…"`.
fn declarations(tag: &str) -> impl Iterator<Item = &str> {
    tag.split_whitespace()
        .map(|word| word.trim_end_matches(['>', '/']))
        .filter(|word| word.starts_with("xmlns"))
}

/// `packet` without the property that points to an extended part, be it an attribute or an element.
fn without_pointer(packet: &str) -> Option<String> {
    let Some(at) = packet.find(HAS_EXTENDED) else {
        return Some(packet.to_owned());
    };
    let name_at = packet[..at].rfind(['<', ' ', '\n', '\t', '\r'])?;
    let rest = &packet[at..];
    let length = if packet[name_at..].starts_with('<') {
        let closing = format!("</{}{HAS_EXTENDED}>", &packet[name_at + 1..at]);
        rest.find(&closing)? + closing.len()
    } else {
        let value = rest.find(['"', '\''])?;
        let quote = rest[value..].chars().next()?;
        value + 1 + rest[value + 1..].find(quote)? + 1
    };
    Some([&packet[..name_at], &rest[length..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_is_known_by_its_namespace_and_name() {
        let of = |name: &str| {
            format!("<a xmlns:g='http://ns.adobe.com/xap/1.0/g/img/'><xmp:{name}/></a>")
        };
        assert!(has_thumbnail(of("Thumbnails").as_bytes()));
        assert!(!has_thumbnail(of("Title").as_bytes()));
        assert!(!has_thumbnail(b"<xmp:Thumbnails/>"));
    }

    const DIGEST: &str = "0123456789ABCDEF0123456789ABCDEF";

    fn packet(pointer: &str) -> String {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='r'>\n<rdf:Description xmlns:xmpNote='n' {pointer}</rdf:RDF></x:xmpmeta>"
        )
    }

    fn piece(at: usize, text: &str, length: usize) -> Vec<u8> {
        let numbers = [length as u32, at as u32].map(u32::to_be_bytes).concat();
        [DIGEST.as_bytes(), &numbers, text.as_bytes()].concat()
    }

    #[test]
    fn pieces_in_any_order_make_the_whole_and_missing_ones_are_noticed() {
        let packet = format!("… HasExtendedXMP=\"{DIGEST}\" …");
        let (a, b) = (piece(0, "abc", 5), piece(3, "de", 5));
        let join = |pieces: &[&[u8]]| extended(pieces, packet.as_bytes());
        assert_eq!(join(&[&b, &a]).unwrap(), b"abcde");
        assert_eq!(join(&[&a]), None);
        assert_eq!(join(&[&b]), None);
        assert_eq!(join(&[]), None);
        assert_eq!(join(&[&a[..30]]), None);
        assert_eq!(extended(&[&a, &b], b"of another packet"), None);
    }

    #[test]
    fn descriptions_are_joined_and_the_pointer_goes() {
        let other = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='r'><rdf:Description long='1'/></rdf:RDF></x:xmpmeta>";
        for pointer in [
            format!("xmpNote:HasExtendedXMP=\"{DIGEST}\" a='1'/>"),
            format!(
                "a='1'><xmpNote:HasExtendedXMP>{DIGEST}</xmpNote:HasExtendedXMP></rdf:Description>"
            ),
        ] {
            let merged = merge(packet(&pointer).as_bytes(), other.as_bytes()).unwrap();
            let merged = String::from_utf8(merged).unwrap();
            assert!(
                merged.contains("long='1'/></rdf:RDF></x:xmpmeta>"),
                "{merged}"
            );
            assert!(merged.contains("a='1'"), "{merged}");
            assert!(!merged.contains(DIGEST), "{merged}");
        }
    }

    #[test]
    fn foreign_prefixes_and_broken_texts_are_not_joined() {
        let own = packet("a='1'/>");
        for other in [
            "<r:RDF xmlns:r='r'></r:RDF>",
            "<rdf:RDF xmlns:rdf='r' xmlns:dc='d'></rdf:RDF>",
            "<rdf:RDF xmlns:rdf='r'/>",
            "no packet",
            "</rdf:RDF><rdf:RDF",
        ] {
            assert_eq!(merge(own.as_bytes(), other.as_bytes()), None, "{other}");
        }
        assert_eq!(merge(b"\xFF", own.as_bytes()), None);
    }
}
