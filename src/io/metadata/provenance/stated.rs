//! What a master's packet states of its own making, as text that tells nothing of the machine it was made on.

use std::borrow::Cow;

use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, Event};

use super::encoding::Encoding;
use super::scan::scan;

/// The start of the vocabulary's addresses, which are no paths.
const VOCABULARY: [&str; 2] = ["http://cv.iptc.org/", "https://cv.iptc.org/"];

/// The digital source type a packet states: a web address, or a short term such as `print`.
pub fn digital_source_type(packet: &[u8]) -> Option<String> {
    let packet = &*Encoding::of(packet).decode(packet).ok()?;
    let range = scan(packet).ok()?.source_type?;
    let text = std::str::from_utf8(packet.get(range)?).ok()?.trim();
    if text.is_empty() || text.contains('<') {
        return None;
    }
    Some(unescape(text).map_or_else(|_| text.to_owned(), Cow::into_owned))
}

/// The fields of a packet's `xmpMM:DerivedFrom` as `name=value`, of paths the last part only; `None` when there is none.
pub fn derived_from(packet: &[u8]) -> Option<String> {
    let packet = &*Encoding::of(packet).decode(packet).ok()?;
    let element = packet.get(scan(packet).ok()?.derived_from?)?;
    let mut reader = quick_xml::Reader::from_reader(element);
    let mut fields = Vec::new();
    let (mut name, mut value) = (String::new(), String::new());
    let local = |name: quick_xml::name::QName<'_>| {
        String::from_utf8_lossy(name.local_name().into_inner()).into_owned()
    };
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => {
                fields.extend(field(&name, &std::mem::take(&mut value)));
                for attribute in tag.attributes().flatten() {
                    let key = local(attribute.key);
                    let is_syntax =
                        attribute.key.as_ref().starts_with(b"xmlns") || key == "parseType";
                    if !is_syntax {
                        let raw = String::from_utf8_lossy(&attribute.value);
                        let plain = unescape(&raw).unwrap_or_else(|_| raw.clone());
                        fields.extend(field(&key, &plain));
                    }
                }
                name = local(tag.name());
            }
            // The text of one element comes in pieces around its entities.
            Event::Text(text) => value.push_str(&String::from_utf8_lossy(&text)),
            Event::CData(text) => value.push_str(&String::from_utf8_lossy(&text)),
            Event::GeneralRef(entity) => value.push_str(&resolved(&entity)),
            Event::End(_) => fields.extend(field(&name, &std::mem::take(&mut value))),
            Event::Eof => return Some(fields.join("; ")),
            _ => {}
        }
    }
}

/// What an entity stands for; one that nobody knows as it is written.
fn resolved(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = entity.resolve_char_ref() {
        return letter.to_string();
    }
    let name = String::from_utf8_lossy(entity);
    resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

/// One field of a reference, none where nothing is left of its value.
fn field(name: &str, value: &str) -> Option<String> {
    Some(format!("{name}={}", without_folders(value)?))
}

/// A value as it is, or of a path or an address its last part only: folders tell of the machine a file was made on. An
/// address of the IPTC's vocabulary stays whole. `None` when nothing is left, as of a folder.
pub fn without_folders(value: &str) -> Option<String> {
    let value = value.trim();
    let is_term = VOCABULARY.iter().any(|start| value.starts_with(start));
    let last = if is_term { value } else { last_part(value) };
    (!last.is_empty()).then(|| last.to_owned())
}

/// What stands behind the last separator, which an address may have written as a number.
fn last_part(value: &str) -> &str {
    let end_of = |separator: &str| {
        let mut found = value.char_indices().map(|(at, _)| at).filter(|&at| {
            let piece = value.get(at..at + separator.len());
            piece.is_some_and(|piece| piece.eq_ignore_ascii_case(separator))
        });
        found.next_back().map_or(0, |at| at + separator.len())
    };
    let end = ["/", "\\", "%2F", "%5C"].map(end_of);
    value[end.into_iter().max().unwrap_or(0)..].trim()
}

#[cfg(test)]
mod tests {
    use super::super::{IPTC_EXT, RDF, REFERENCE, XMP_MM};
    use super::*;

    fn packet(content: &str) -> String {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{RDF}'>\
             <rdf:Description rdf:about='' xmlns:xmpMM='{XMP_MM}' xmlns:stRef='{REFERENCE}' \
             xmlns:Iptc4xmpExt='{IPTC_EXT}'>{content}</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    }

    #[test]
    fn no_field_of_a_reference_tells_a_folder() {
        let fields = [
            ("instanceID", "xmp.iid:4a-1"),
            ("filePath", "box 7 &amp; 8&#46;tif"),
            ("lastURL", "file:///home/alice/secret/a.psd"),
            ("manager", "C:\\Users\\alice\\m.exe"),
            ("managerVariant", "file:%2F%2Fhost%2fshare%5Cb.tif"),
            ("managedFrom", "/home/alice/"),
        ];
        let elements = fields.map(|(name, value)| format!("<stRef:{name}>{value}</stRef:{name}>"));
        let elements = elements.concat();
        let paths = "<stRef:alternatePaths><rdf:Bag><rdf:li>/home/alice/c.tif</rdf:li></rdf:Bag></stRef:alternatePaths>";
        let attributes = fields.map(|(name, value)| format!(" stRef:{name}=\"{value}\""));
        let attributes = attributes.concat();
        let wanted = "instanceID=xmp.iid:4a-1; filePath=box 7 & 8.tif; lastURL=a.psd; manager=m.exe; managerVariant=b.tif";
        for (content, more) in [
            (
                format!(
                    "<xmpMM:DerivedFrom rdf:parseType='Resource'>{elements}{paths}</xmpMM:DerivedFrom>"
                ),
                "; li=c.tif",
            ),
            (format!("<xmpMM:DerivedFrom{attributes}/>"), ""),
        ] {
            let told = derived_from(packet(&content).as_bytes()).unwrap();
            assert_eq!(told, format!("{wanted}{more}"));
        }
    }

    #[test]
    fn a_source_type_is_told_without_its_escapes_and_in_the_record_without_folders() {
        let stated = |text: &str| {
            let element =
                format!("<Iptc4xmpExt:DigitalSourceType>{text}</Iptc4xmpExt:DigitalSourceType>");
            digital_source_type(packet(&element).as_bytes()).unwrap()
        };
        assert_eq!(stated("a &amp; b"), "a & b");
        let term = "http://cv.iptc.org/newscodes/digitalsourcetype/print";
        assert_eq!(without_folders(&stated(term)).as_deref(), Some(term));
        let path = stated("file:///home/alice/print");
        assert_eq!(without_folders(&path).as_deref(), Some("print"));
        assert_eq!(without_folders("print").as_deref(), Some("print"));
        assert_eq!(without_folders("C:\\Users\\alice\\"), None);
    }
}
