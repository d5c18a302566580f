//! Where in a packet the properties of interest lie, as byte ranges. Nothing is changed here.

use std::ops::Range;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};
use quick_xml::reader::NsReader;

use super::{EVENT, IPTC_EXT, RDF, XMP_MM, XmpError};

const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const META: &str = "adobe:ns:meta/";

const NO_LIST: &str = "the history is no list of events";
const TWICE: &str = "a property that tells where a file comes from stands twice";
const ORIGIN: &str = "the origin is no structure";

/// Elements inside one another beyond which a packet is no XMP any more.
const DEEPEST: usize = 200;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a packet holds; all ranges are bytes of it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Where `</rdf:RDF>` begins.
    pub end_of_rdf: usize,
    /// `rdf:about` of the first description, raw and with its quotes.
    pub about: Option<String>,
    /// The list of events.
    pub history: Option<Container>,
    /// The whole `xmpMM:DerivedFrom`.
    pub derived_from: Option<Range<usize>>,
    /// The value of `Iptc4xmpExt:DigitalSourceType`.
    pub source_type: Option<Range<usize>>,
    /// The whole `Iptc4xmpExt:DigitalSourceType` when it says nothing.
    pub empty_source_type: Option<Range<usize>>,
    /// The value of `xmpMM:DocumentID`.
    pub document_id: Option<Range<usize>>,
    /// The value of `xmpMM:InstanceID`.
    pub instance_id: Option<Range<usize>>,
    /// Every `xmp:Thumbnails`.
    pub thumbnails: Vec<Range<usize>>,
    /// What of history and origin is built so that it could only be replaced.
    pub irregular: Option<&'static str>,
    /// Whether the source type is anything but one plain text.
    pub irregular_source_type: bool,
    /// The whole `rdf:RDF` when it is closed at once.
    pub empty_rdf: Option<Range<usize>>,
    /// The whole `x:xmpmeta` when there is nothing in it.
    pub empty_packet: Option<Range<usize>>,
    /// Where an `x:xmpmeta` goes in a packet without any element or text.
    pub bare: Option<usize>,
}

/// A list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    /// Its closing tag begins at `end`.
    Open {
        /// Where another item goes.
        end: usize,
        /// Whether `rdf` and `stEvt` have their usual meaning there.
        knows_prefixes: bool,
    },
    /// `xmpMM:History` without a list or with an empty one.
    Empty {
        /// The whole `xmpMM:History`.
        element: Range<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Meta,
    Rdf,
    Description,
    History,
    HistoryList,
    DerivedFrom,
    SourceType,
    Thumbnails,
    DocumentId,
    InstanceId,
    Other,
}

struct Open {
    kind: Kind,
    /// Where its opening tag begins and ends.
    tag: Range<usize>,
    /// Whether an element or text was found in it.
    has_content: bool,
}

/// Reads a packet.
pub fn scan(packet: &[u8]) -> Result<Found, XmpError> {
    if std::str::from_utf8(packet).is_err() {
        return Err(XmpError::new("it is not UTF-8"));
    }
    // The reader would skip a byte order mark without counting it.
    let skipped = if packet.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut reader = NsReader::from_reader(&packet[skipped..]);
    let mut scanner = Scanner {
        packet,
        found: Found::default(),
        open: Vec::new(),
        has_rdf: false,
        has_content: false,
        knows_prefixes: false,
    };
    let mut place = skipped;
    loop {
        let start = skipped + reader.buffer_position() as usize;
        let event = reader.read_event().map_err(XmpError::new)?;
        let end = skipped + reader.buffer_position() as usize;
        match &event {
            Event::Start(tag) => scanner.open(&reader, tag, start..end, false)?,
            Event::Empty(tag) => scanner.open(&reader, tag, start..end, true)?,
            Event::End(_) => scanner.close(start..end)?,
            // Entities of its own could hide anything.
            Event::DocType(_) => return Err(XmpError::new("it has a document type")),
            Event::Eof => break,
            // What is put in goes in front of the instruction that ends a packet.
            Event::PI(pi) if pi.starts_with(b"xpacket end") => {}
            Event::PI(_) | Event::Decl(_) => place = end,
            Event::Comment(_) => {}
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            _ => scanner.text(),
        }
    }
    if !scanner.open.is_empty() {
        return Err(XmpError::new("an element is not closed"));
    }
    if !scanner.has_content {
        scanner.found.bare = Some(place);
    } else if scanner.found.end_of_rdf == 0 && scanner.found.empty_packet.is_none() {
        return Err(XmpError::new("it has no rdf:RDF"));
    }
    Ok(scanner.found)
}

struct Scanner<'a> {
    packet: &'a [u8],
    found: Found,
    open: Vec<Open>,
    has_rdf: bool,
    /// Whether there is any element or text.
    has_content: bool,
    /// Whether `rdf` and `stEvt` have their usual meaning in the list of events.
    knows_prefixes: bool,
}

impl<'a> Scanner<'a> {
    fn open(
        &mut self,
        reader: &NsReader<&'a [u8]>,
        tag: &BytesStart<'_>,
        range: Range<usize>,
        is_empty: bool,
    ) -> Result<(), XmpError> {
        if self.open.len() >= DEEPEST {
            return Err(XmpError::new("its elements lie too deep in one another"));
        }
        self.has_content = true;
        let (namespace, local) = reader.resolver().resolve_element(tag.name());
        let kind = self.kind_of(&namespace, local.into_inner());
        if let Some(parent) = self.open.last_mut() {
            let is_second_list = parent.has_content && kind == Kind::HistoryList;
            parent.has_content = true;
            match parent.kind {
                Kind::History if kind != Kind::HistoryList || is_second_list => {
                    self.found.irregular = Some(NO_LIST);
                }
                Kind::SourceType => self.found.irregular_source_type = true,
                _ => {}
            }
        }
        self.note_repetition(kind);
        match kind {
            Kind::Rdf if self.has_rdf => return Err(XmpError::new("it has two rdf:RDF")),
            Kind::Rdf => {
                self.has_rdf = true;
                self.found.empty_rdf = is_empty.then(|| range.clone());
            }
            Kind::Description => self.read_attributes(reader, tag, &range)?,
            // A web address may be the element's text or what it points to.
            Kind::SourceType => self.resource_value(reader, tag, &range)?,
            Kind::History if has_meaning(tag) => self.found.irregular = Some(NO_LIST),
            Kind::HistoryList => {
                let is = |name: &'static [u8], uri: &str| {
                    let (found, _) = reader.resolver().resolve_element(QName(name));
                    matches!(found, ResolveResult::Bound(Namespace(found)) if found == uri.as_bytes())
                };
                self.knows_prefixes = is(b"rdf:li", RDF) && is(b"stEvt:when", EVENT);
            }
            _ => {}
        }
        self.open.push(Open {
            kind,
            tag: range.clone(),
            has_content: false,
        });
        if is_empty {
            self.close(range.end..range.end)?;
        }
        Ok(())
    }

    /// Text, or a character by name, where the reader is.
    fn text(&mut self) {
        self.has_content = true;
        if let Some(parent) = self.open.last_mut() {
            parent.has_content = true;
            match parent.kind {
                Kind::History => self.found.irregular = Some(NO_LIST),
                Kind::DerivedFrom => self.found.irregular = Some(ORIGIN),
                _ => {}
            }
        }
    }

    /// Notes a property that was found before: which one readers believe differs.
    fn note_repetition(&mut self, kind: Kind) {
        let found = &mut self.found;
        match kind {
            Kind::History if found.history.is_some() => found.irregular = Some(TWICE),
            Kind::DerivedFrom if found.derived_from.is_some() => found.irregular = Some(TWICE),
            Kind::SourceType
                if found.source_type.is_some() || found.empty_source_type.is_some() =>
            {
                found.irregular_source_type = true;
            }
            _ => {}
        }
    }

    fn kind_of(&self, namespace: &ResolveResult<'_>, local: &[u8]) -> Kind {
        let ResolveResult::Bound(Namespace(namespace)) = namespace else {
            return Kind::Other;
        };
        let is = |uri: &str, name: &str| *namespace == uri.as_bytes() && local == name.as_bytes();
        match self.open.last().map(|open| open.kind) {
            // A description may be of any type.
            Some(Kind::Rdf) => Kind::Description,
            Some(Kind::Description) if is(XMP_MM, "History") => Kind::History,
            Some(Kind::Description) if is(XMP_MM, "DerivedFrom") => Kind::DerivedFrom,
            Some(Kind::Description) if is(XMP_MM, "DocumentID") => Kind::DocumentId,
            Some(Kind::Description) if is(XMP_MM, "InstanceID") => Kind::InstanceId,
            Some(Kind::Description) if is(IPTC_EXT, "DigitalSourceType") => Kind::SourceType,
            Some(Kind::Description) if is(XMP, "Thumbnails") => Kind::Thumbnails,
            Some(Kind::History) if is(RDF, "Seq") => Kind::HistoryList,
            None if is(META, "xmpmeta") => Kind::Meta,
            None | Some(Kind::Other | Kind::Meta) if is(RDF, "RDF") => Kind::Rdf,
            _ => Kind::Other,
        }
    }

    /// Simple properties may be attributes of their description.
    fn read_attributes(
        &mut self,
        reader: &NsReader<&'a [u8]>,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
    ) -> Result<(), XmpError> {
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(XmpError::new)?;
            let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
            let ResolveResult::Bound(Namespace(namespace)) = namespace else {
                continue;
            };
            let Some(value) = self.value_range(range, attribute.key.into_inner(), &attribute.value)
            else {
                continue;
            };
            let is = |uri: &str, name: &str| {
                namespace == uri.as_bytes() && local.into_inner() == name.as_bytes()
            };
            if is(RDF, "about") && self.found.about.is_none() {
                let quoted = &self.packet[value.start - 1..=value.end];
                self.found.about = Some(String::from_utf8_lossy(quoted).into_owned());
            } else if is(XMP_MM, "DocumentID") {
                self.found.document_id = Some(value);
            } else if is(XMP_MM, "InstanceID") {
                self.found.instance_id = Some(value);
            } else if is(IPTC_EXT, "DigitalSourceType") {
                self.note_repetition(Kind::SourceType);
                self.found.source_type = Some(value);
            } else if is(XMP_MM, "History") {
                self.found.irregular = Some(NO_LIST);
            } else if is(XMP_MM, "DerivedFrom") {
                self.found.irregular = Some(ORIGIN);
            }
        }
        Ok(())
    }

    /// Takes the value of `rdf:resource` for the source type, if there is one.
    fn resource_value(
        &mut self,
        reader: &NsReader<&'a [u8]>,
        tag: &BytesStart<'_>,
        range: &Range<usize>,
    ) -> Result<(), XmpError> {
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(XmpError::new)?;
            let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
            let is_rdf = matches!(namespace, ResolveResult::Bound(Namespace(found)) if found == RDF.as_bytes());
            let key = attribute.key.into_inner();
            if is_rdf && local.into_inner() == b"resource" {
                self.found.source_type = self.value_range(range, key, &attribute.value);
            } else if !is_syntax(key) {
                self.found.irregular_source_type = true;
            }
        }
        Ok(())
    }

    /// Where the value of the attribute `key` lies: names are unique in a tag, and `=` and quotes are around the value.
    fn value_range(&self, tag: &Range<usize>, key: &[u8], value: &[u8]) -> Option<Range<usize>> {
        let text = &self.packet[tag.clone()];
        let mut from = 0;
        while let Some(at) = find(&text[from..], key) {
            let key_at = from + at;
            from = key_at + key.len();
            let starts = key_at > 0 && text[key_at - 1].is_ascii_whitespace();
            let rest = skip_blanks(text, from);
            if !starts || text.get(rest) != Some(&b'=') {
                continue;
            }
            let quote = skip_blanks(text, rest + 1);
            if matches!(text.get(quote), Some(b'"' | b'\''))
                && text.get(quote + 1..)?.starts_with(value)
                && text.get(quote + 1 + value.len()) == text.get(quote)
            {
                let start = tag.start + quote + 1;
                return Some(start..start + value.len());
            }
        }
        None
    }

    fn close(&mut self, end_tag: Range<usize>) -> Result<(), XmpError> {
        let Open {
            kind,
            tag,
            has_content,
        } = self
            .open
            .pop()
            .ok_or_else(|| XmpError::new("a closing tag has no opening one"))?;
        let element = tag.start..end_tag.end;
        // `<a/>` has no content to be replaced, so it is replaced whole where that is needed.
        let is_empty = end_tag.is_empty();
        let content = tag.end..end_tag.start;
        let found = &mut self.found;
        match kind {
            Kind::Meta if !has_content => found.empty_packet = Some(element),
            Kind::Rdf => found.end_of_rdf = end_tag.start,
            Kind::Thumbnails => found.thumbnails.push(element),
            Kind::HistoryList if !is_empty => {
                found.history = Some(Container::Open {
                    end: end_tag.start,
                    knows_prefixes: self.knows_prefixes,
                });
            }
            Kind::History if found.history.is_none() => {
                found.history = Some(Container::Empty { element });
            }
            Kind::DerivedFrom => found.derived_from = Some(element),
            // Pointed to, as found when it was opened.
            Kind::SourceType
                if found
                    .source_type
                    .as_ref()
                    .is_some_and(|it| it.end <= tag.end) => {}
            Kind::SourceType if is_empty => found.empty_source_type = Some(element),
            Kind::SourceType => found.source_type = Some(content),
            Kind::DocumentId if !is_empty => found.document_id = Some(content),
            Kind::InstanceId if !is_empty => found.instance_id = Some(content),
            _ => {}
        }
        Ok(())
    }
}

/// Whether the name of an attribute only serves the text: declarations of prefixes, language.
fn is_syntax(name: &[u8]) -> bool {
    name == b"xmlns" || name.starts_with(b"xmlns:") || name.starts_with(b"xml:")
}

/// Whether any attribute says something.
fn has_meaning(tag: &BytesStart<'_>) -> bool {
    let mut attributes = tag.attributes();
    attributes.any(|attribute| attribute.map_or(true, |it| !is_syntax(it.key.into_inner())))
}

fn skip_blanks(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1))
        .position(|part| part == wanted)
}
