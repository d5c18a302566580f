//! What an XMP packet says of a derivative's making, put in with few insertions: the master's own bytes stay as they are.
//!
//! Sources: XMP Specification part 1 (serialisation) and part 2 (`xmpMM`, `stEvt`, `stRef`); IPTC Photo Metadata Standard
//! (`Iptc4xmpExt:DigitalSourceType`).

mod encoding;
mod scan;
mod stated;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use self::encoding::Encoding;
use self::scan::{Container, Found, scan};
pub use self::stated::{derived_from, digital_source_type, without_folders};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP_MM: &str = "http://ns.adobe.com/xap/1.0/mm/";
const EVENT: &str = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#";
const REFERENCE: &str = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#";
const IPTC_EXT: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmpEdit {
    /// Whether any pixel was filled; otherwise the event says that the file was saved, not that it was edited.
    pub is_filled: bool,
    /// When the derivative was made, ISO 8601.
    pub when: String,
    /// Program and version.
    pub software_agent: String,
    /// With what: models, threshold, amount.
    pub parameters: String,
    /// File name of the master, without folders.
    pub master_name: String,
    /// URI of the IPTC Digital Source Type vocabulary; `None` leaves the master's alone.
    pub digital_source_type: Option<&'static str>,
}

/// Why a packet was left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmpError {
    /// It is not XML in UTF-8 or UTF-16 with one `rdf:RDF`.
    #[error("the master's XMP packet cannot be read ({reason}), so nothing was added to it")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Something in it is built otherwise than the standards say, so that it could only be replaced, not extended.
    #[error("{what} in the master's XMP packet, so nothing was added to it")]
    Irregular {
        /// What is unusual.
        what: &'static str,
    },
}

impl XmpError {
    fn new(reason: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            reason: reason.to_string(),
        }
    }
}

/// One replacement in the packet; an empty range is an insertion.
type Patch = (Range<usize>, String);

/// The packet with `edit` in it: one more event in `xmpMM:History`, `xmpMM:DerivedFrom` naming the master, and the digital
/// source type. Everything else keeps its bytes. Without a packet, or with an empty one, a new one is made.
///
/// # Errors
/// [`XmpError`] when the packet cannot be understood; then it is to be carried untouched.
pub fn edit_xmp(packet: Option<&[u8]>, edit: &XmpEdit) -> Result<Vec<u8>, XmpError> {
    let is_text = |packet: &&[u8]| {
        packet
            .iter()
            .any(|&byte| !(byte == 0 || byte.is_ascii_whitespace()))
    };
    let Some(packet) = packet.filter(is_text) else {
        return Ok(new_packet(edit).into_bytes());
    };
    let encoding = Encoding::of(packet);
    let packet = &*encoding.decode(packet)?;
    Ok(encoding.encode(edit_text(packet, edit)?))
}

/// Whether `packet` states any of what [`edit_xmp`] writes: in another part of the same packet it would stand twice.
pub fn states_provenance(packet: &[u8]) -> bool {
    let found = Encoding::of(packet).decode(packet);
    let found = found.and_then(|packet| scan(&packet));
    found.map_or(true, |found| {
        found.irregular.is_some()
            || found.irregular_source_type
            || found.history.is_some()
            || found.derived_from.is_some()
            || found.source_type.is_some()
            || found.empty_source_type.is_some()
    })
}

/// As [`edit_xmp`], of UTF-8.
fn edit_text(packet: &[u8], edit: &XmpEdit) -> Result<Vec<u8>, XmpError> {
    let found = scan(packet)?;
    if let Some(opened) = opened(packet, &found) {
        return edit_text(&opened, edit);
    }
    if let Some(what) = found.irregular {
        return Err(XmpError::Irregular { what });
    }
    if found.irregular_source_type && edit.digital_source_type.is_some() {
        let what = "the digital source type is no plain text";
        return Err(XmpError::Irregular { what });
    }
    let mut patches = patches(packet, &found, edit);
    patches.sort_by_key(|(range, _)| range.start);
    let mut edited = Vec::with_capacity(packet.len() + 2048);
    let mut copied = 0;
    for (range, text) in patches {
        let between = packet.get(copied..range.start);
        edited.extend(between.ok_or_else(|| XmpError::new("its parts overlap"))?);
        edited.extend(text.as_bytes());
        copied = range.end;
    }
    edited.extend(&packet[copied..]);
    // What cannot be read back would be worse than nothing.
    let again = scan(&edited)?;
    let complete = again.derived_from.is_some()
        && matches!(again.history, Some(Container::Open { .. }))
        && edit
            .digital_source_type
            .is_none_or(|uri| digital_source_type(&edited).as_deref() == Some(uri));
    if complete {
        Ok(edited)
    } else {
        Err(XmpError::new("it would not hold what is added"))
    }
}

/// The packet with an `rdf:RDF` that can be filled, where it has nothing, none or one that is closed at once.
fn opened(packet: &[u8], found: &Found) -> Option<Vec<u8>> {
    if let Some(place) = found.bare {
        let (before, behind) = packet.split_at_checked(place)?;
        let content = format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"{RDF}\">\n</rdf:RDF>\n</x:xmpmeta>\n"
        );
        return Some([before, content.as_bytes(), behind].concat());
    }
    let (element, content) = match (&found.empty_rdf, &found.empty_packet) {
        (Some(element), _) => (element, String::new()),
        (None, Some(element)) => {
            let content = format!("<rdf:RDF xmlns:rdf=\"{RDF}\">\n</rdf:RDF>");
            (element, content)
        }
        (None, None) => return None,
    };
    let text = std::str::from_utf8(packet.get(element.clone())?).ok()?;
    let ends_name = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '>');
    let name = text.get(1..)?.split(ends_name).next()?;
    let tag = match text.strip_suffix("/>") {
        Some(tag) => tag,
        // The closing tag holds no other.
        None => text
            .get(..text.rfind("</")?)?
            .trim_end()
            .strip_suffix('>')?,
    };
    let filled = format!("{tag}>{content}</{name}>");
    let (before, behind) = (&packet[..element.start], &packet[element.end..]);
    Some([before, filled.as_bytes(), behind].concat())
}

/// The packet without thumbnails; `None` when it has none, or cannot be read.
pub fn without_thumbnails(packet: &[u8]) -> Option<Vec<u8>> {
    let encoding = Encoding::of(packet);
    let text = &*encoding.decode(packet).ok()?;
    let found = scan(text).ok()?;
    if found.thumbnails.is_empty() {
        return None;
    }
    let mut bare = Vec::with_capacity(text.len());
    let mut copied = 0;
    for element in found.thumbnails {
        bare.extend(text.get(copied..element.start)?);
        copied = element.end;
    }
    bare.extend(&text[copied..]);
    scan(&bare).ok()?;
    Some(encoding.encode(bare))
}

/// The packet's text in UTF-8, without a byte order mark where it was in UTF-16; `None` when it is no text, or names another
/// encoding itself.
pub fn in_utf8(packet: &[u8]) -> Option<Cow<'_, str>> {
    let encoding = Encoding::of(packet);
    if encoding == Encoding::Utf8 {
        return std::str::from_utf8(packet).ok().map(Cow::Borrowed);
    }
    let text = String::from_utf8(encoding.decode(packet).ok()?.into_owned()).ok()?;
    let text = text.trim_start_matches('\u{feff}');
    let declaration = text.strip_prefix("<?xml ");
    let declaration = declaration.and_then(|rest| rest.split_once("?>"));
    declaration
        .is_none_or(|(said, _)| !said.contains("encoding"))
        .then(|| Cow::Owned(text.to_owned()))
}

fn patches(packet: &[u8], found: &Found, edit: &XmpEdit) -> Vec<Patch> {
    let mut patches = Vec::new();
    let mut missing = String::new();
    match &found.history {
        Some(Container::Open {
            end,
            knows_prefixes,
        }) => {
            let declared = if *knows_prefixes {
                String::new()
            } else {
                declare(&[("rdf", RDF), ("stEvt", EVENT)])
            };
            patches.push((*end..*end, event(edit, &declared)));
        }
        Some(Container::Empty { element }) => {
            let declared = declare(&[("xmpMM", XMP_MM), ("rdf", RDF), ("stEvt", EVENT)]);
            patches.push((element.clone(), history(edit, &declared)));
        }
        None => missing.push_str(&history(edit, "")),
    }
    match &found.derived_from {
        Some(element) => {
            let declared = declare(&[("xmpMM", XMP_MM), ("rdf", RDF), ("stRef", REFERENCE)]);
            let text = reference(packet, found, edit, &declared);
            patches.push((element.clone(), text));
        }
        None => missing.push_str(&reference(packet, found, edit, "")),
    }
    if let Some(uri) = edit.digital_source_type {
        if let Some(value) = &found.source_type {
            patches.push((value.clone(), uri.to_owned()));
        } else if let Some(element) = &found.empty_source_type {
            let declared = declare(&[("Iptc4xmpExt", IPTC_EXT)]);
            patches.push((element.clone(), source_type(uri, &declared)));
        } else {
            missing.push_str(&source_type(uri, ""));
        }
    }
    if !missing.is_empty() {
        let about = found.about.as_deref().unwrap_or("\"\"");
        let declared = declare(&[
            ("rdf", RDF),
            ("xmpMM", XMP_MM),
            ("stEvt", EVENT),
            ("stRef", REFERENCE),
            ("Iptc4xmpExt", IPTC_EXT),
        ]);
        let description =
            format!("<rdf:Description rdf:about={about}{declared}>{missing}</rdf:Description>\n");
        patches.push((found.end_of_rdf..found.end_of_rdf, description));
    }
    patches
}

/// Declarations of prefixes. All stand on one description where that is ours: some readers (`ImageMagick`'s) stumble over
/// declarations on a list's item.
fn declare(prefixes: &[(&str, &str)]) -> String {
    let declaration = |(prefix, uri): &(&str, &str)| format!(" xmlns:{prefix}=\"{uri}\"");
    prefixes.iter().map(declaration).collect()
}

fn event(edit: &XmpEdit, declared: &str) -> String {
    let (action, changed) = if edit.is_filled {
        ("edited", "<stEvt:changed>/content</stEvt:changed>")
    } else {
        ("saved", "")
    };
    format!(
        "<rdf:li{declared} rdf:parseType=\"Resource\">\
         <stEvt:action>{action}</stEvt:action><stEvt:when>{}</stEvt:when>\
         <stEvt:softwareAgent>{}</stEvt:softwareAgent>{changed}\
         <stEvt:parameters>{}</stEvt:parameters></rdf:li>",
        escaped(&edit.when),
        escaped(&edit.software_agent),
        escaped(&edit.parameters),
    )
}

fn history(edit: &XmpEdit, declared: &str) -> String {
    let event = event(edit, "");
    format!("<xmpMM:History{declared}><rdf:Seq>{event}</rdf:Seq></xmpMM:History>")
}

fn source_type(uri: &str, declared: &str) -> String {
    format!("<Iptc4xmpExt:DigitalSourceType{declared}>{uri}</Iptc4xmpExt:DigitalSourceType>")
}

fn reference(packet: &[u8], found: &Found, edit: &XmpEdit, declared: &str) -> String {
    // Raw text of the packet: escaped already.
    let id = |name: &str, range: &Option<Range<usize>>| {
        let value = range.clone().and_then(|range| packet.get(range));
        let value = value.and_then(|value| std::str::from_utf8(value).ok());
        value
            .filter(|value| !value.contains('<'))
            .map_or_else(String::new, |value| {
                format!("<stRef:{name}>{value}</stRef:{name}>")
            })
    };
    format!(
        "<xmpMM:DerivedFrom{declared} rdf:parseType=\"Resource\">{}{}<stRef:filePath>{}</stRef:filePath></xmpMM:DerivedFrom>",
        id("instanceID", &found.instance_id),
        id("documentID", &found.document_id),
        escaped(&edit.master_name),
    )
}

fn new_packet(edit: &XmpEdit) -> String {
    let nothing = Found::default();
    let content: String = patches(b"", &nothing, edit)
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"{RDF}\">\n{content}</rdf:RDF>\n</x:xmpmeta>\n\
         <?xpacket end=\"w\"?>"
    )
}

/// Text for an element's content; control characters, which XML cannot hold, become blanks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            control if control.is_control() => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
