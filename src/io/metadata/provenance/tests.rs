use super::*;

const URI: &str =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

fn edit() -> XmpEdit {
    XmpEdit {
        is_filled: true,
        when: "2026-01-02T03:04:05Z".to_owned(),
        software_agent: "Unscratch 9.9".to_owned(),
        parameters: "a < b & c".to_owned(),
        master_name: "box 7 & 8.tif".to_owned(),
        digital_source_type: Some(URI),
    }
}

fn packet(attributes: &str, properties: &str) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <r:RDF xmlns:r='{RDF}'>\n <r:Description r:about='uuid:1&amp;\"' xmlns:m='{XMP_MM}' xmlns:i='{IPTC_EXT}' xmlns:own='urn:own' own:x='1'{attributes}>\
         <own:Thing>kept  <![CDATA[<as>]]> it is</own:Thing>{properties}</r:Description>\n</r:RDF></x:xmpmeta>\n    \n<?xpacket end='w'?>"
    )
}

fn edited(packet: &str) -> String {
    String::from_utf8(edit_xmp(Some(packet.as_bytes()), &edit()).unwrap()).unwrap()
}

#[test]
fn a_new_packet_can_be_read_and_edited_again() {
    let first = edit_xmp(None, &edit()).unwrap();
    assert_eq!(digital_source_type(&first).as_deref(), Some(URI));
    let second = String::from_utf8(edit_xmp(Some(&first), &edit()).unwrap()).unwrap();
    // Where the prefixes are known they are not declared again.
    assert_eq!(second.matches("xmlns:stEvt").count(), 1);
    assert_eq!(second.matches("<stEvt:action>edited").count(), 2);
    assert_eq!(second.matches("<xmpMM:DerivedFrom ").count(), 1);
    assert_eq!(second.matches(URI).count(), 1);
}

#[test]
fn what_is_missing_is_inserted_in_one_place_and_all_other_bytes_stay() {
    let master = packet("", "");
    let edited = edited(&master);
    let at = master.find("</r:RDF>").unwrap();
    assert_eq!(edited[..at], master[..at]);
    assert!(edited.ends_with(&master[at..]));
    assert!(edited.contains("rdf:about='uuid:1&amp;\"'"));
    assert!(edited.contains("a &lt; b &amp; c"));
    assert!(edited.contains("<stRef:filePath>box 7 &amp; 8.tif</stRef:filePath>"));
}

#[test]
fn where_nothing_was_filled_the_event_speaks_of_no_edit() {
    let edit = XmpEdit {
        is_filled: false,
        digital_source_type: None,
        ..edit()
    };
    let own = "<i:DigitalSourceType>http://old/print</i:DigitalSourceType>";
    for master in [None, Some(packet("", own))] {
        let packet = edit_xmp(master.as_ref().map(String::as_bytes), &edit).unwrap();
        let text = String::from_utf8(packet).unwrap();
        assert_eq!(text.matches("<stEvt:action>saved").count(), 1, "{text}");
        assert!(!text.contains("edited") && !text.contains("stEvt:changed"));
        assert_eq!(text.contains("http://old/print"), master.is_some());
        assert!(!text.contains(URI));
    }
}

#[test]
fn a_history_gets_one_more_event_behind_its_own() {
    let own = "<m:History><r:Seq><r:li>scanned</r:li></r:Seq></m:History>";
    let edited = edited(&packet("", own));
    assert!(edited.contains("<r:li>scanned</r:li><rdf:li "));
    assert_eq!(edited.matches("History").count(), 2, "{edited}");
    for empty in ["<m:History/>", "<m:History><r:Seq/></m:History>"] {
        let edited = self::edited(&packet("", empty));
        assert_eq!(
            edited.matches("<stEvt:action>edited").count(),
            1,
            "{edited}"
        );
    }
}

#[test]
fn a_source_type_is_read_as_it_stands() {
    let short = packet(" i:DigitalSourceType='print'", "");
    let element = "<i:DigitalSourceType> http://old/print </i:DigitalSourceType>";
    assert_eq!(digital_source_type(short.as_bytes()).unwrap(), "print");
    assert_eq!(
        digital_source_type(packet("", element).as_bytes()).unwrap(),
        "http://old/print"
    );
    let blank = packet("", "<i:DigitalSourceType> </i:DigitalSourceType>");
    assert_eq!(digital_source_type(blank.as_bytes()), None);
}

#[test]
fn the_origin_and_the_source_type_are_replaced_wherever_they_stand() {
    let own = "<m:DerivedFrom r:parseType='Resource'><own:a/></m:DerivedFrom>\
               <i:DigitalSourceType>http://old/print</i:DigitalSourceType>";
    let edited = edited(&packet(" m:InstanceID='xmp.iid:5' m:DocumentID=\"d\"", own));
    assert!(!edited.contains("own:a/") && !edited.contains("http://old/print"));
    assert!(edited.contains(&format!("<i:DigitalSourceType>{URI}</i:DigitalSourceType>")));
    assert!(edited.contains("<stRef:instanceID>xmp.iid:5</stRef:instanceID><stRef:documentID>d<"));
    assert!(edited.contains("m:InstanceID='xmp.iid:5'"));
    let edited = self::edited(&packet(" i:DigitalSourceType = 'http://old/print'", ""));
    assert!(
        edited.contains(&format!("i:DigitalSourceType = '{URI}'")),
        "{edited}"
    );
}

#[test]
fn without_a_source_type_to_state_the_masters_stays() {
    let master = packet(" i:DigitalSourceType='http://old/print'", "");
    let edit = XmpEdit {
        digital_source_type: None,
        ..edit()
    };
    let edited = edit_xmp(Some(master.as_bytes()), &edit).unwrap();
    assert_eq!(
        digital_source_type(&edited).as_deref(),
        Some("http://old/print")
    );
}

#[test]
fn a_packet_that_cannot_be_understood_is_refused() {
    let deep = format!("<a>{}{}</a>", "<b>".repeat(70_000), "</b>".repeat(70_000));
    let entity = format!("<!DOCTYPE a [<!ENTITY e 'x'>]>{}", packet("", ""));
    let utf32: Vec<u8> = packet("", "")
        .chars()
        .flat_map(|character| u32::from(character).to_le_bytes())
        .collect();
    let whole = packet("", "");
    for broken in [
        b"no xml".as_slice(),
        b"<?xpacket begin='' id='x'?>no xml<?xpacket end='w'?>",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>text</x:xmpmeta>",
        b"<x:xmpmeta xmlns:x='urn:other'/>",
        &whole.as_bytes()[..whole.len() / 2],
        deep.as_bytes(),
        entity.as_bytes(),
        &utf32,
    ] {
        assert!(edit_xmp(Some(broken), &edit()).is_err());
    }
}

#[test]
fn a_packet_with_nothing_in_it_is_filled_where_it_lies() {
    for empty in ["", " \n\t", "\0\0"] {
        assert_eq!(edited(empty).into_bytes(), edit_xmp(None, &edit()).unwrap());
    }
    let begin = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>";
    let end = "   \n<?xpacket end=\"w\"?>";
    for (before, behind) in [
        (begin.to_owned(), end),
        (format!("\u{feff}<?xml version='1.0'?>{begin}"), end),
        (begin.to_owned(), "<!-- nothing -->"),
        (String::new(), "<?xpacket end='w'?>"),
    ] {
        let filled = edited(&format!("{before}{behind}"));
        assert!(
            filled.starts_with(&before) && filled.ends_with(behind),
            "{filled}"
        );
        assert_eq!(digital_source_type(filled.as_bytes()).as_deref(), Some(URI));
        let again = edited(&filled);
        assert_eq!(again.matches("<stEvt:action>edited").count(), 2, "{again}");
    }
    let wide: Vec<u8> = format!("\u{feff}{begin}{end}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let filled = edit_xmp(Some(&wide), &edit()).unwrap();
    assert_eq!(digital_source_type(&filled).as_deref(), Some(URI));
    assert!(!states_provenance(begin.as_bytes()));
}

#[test]
fn an_origin_in_plain_text_is_left_alone() {
    for origin in [
        "<m:DerivedFrom>box 7</m:DerivedFrom>",
        "<m:DerivedFrom> box &amp; 7 </m:DerivedFrom>",
        "<m:DerivedFrom><![CDATA[box]]></m:DerivedFrom>",
    ] {
        let refused = edit_xmp(Some(packet("", origin).as_bytes()), &edit());
        assert!(
            matches!(refused, Err(XmpError::Irregular { .. })),
            "{origin}"
        );
    }
    let structure = "<m:DerivedFrom r:parseType='Resource'> <own:a>text</own:a> </m:DerivedFrom>";
    assert!(!edited(&packet("", structure)).contains("own:a>text"));
}

#[test]
fn hostile_packets_are_refused_or_edited_but_never_a_panic() {
    let whole = packet(
        " i:DigitalSourceType='u'",
        "<m:History><r:Seq/></m:History>",
    );
    for length in 0..whole.len() {
        drop(edit_xmp(Some(&whole.as_bytes()[..length]), &edit()));
        for byte in [b'<', b'>', b'\'', b'/', b'&', 0] {
            let mut broken = whole.clone().into_bytes();
            broken[length] = byte;
            drop(edit_xmp(Some(&broken), &edit()));
        }
    }
}

#[test]
fn what_the_master_was_made_of_can_be_told_before_it_is_replaced() {
    let reference = "<m:DerivedFrom xmlns:q='http://ns.adobe.com/xap/1.0/sType/ResourceRef#' q:documentID='xmp.did:7'>\
        <r:Description><q:filePath>C:\\scans\\box/raw 7.tif</q:filePath><q:maskMarkers> None\n</q:maskMarkers></r:Description></m:DerivedFrom>";
    let master = packet("", reference);
    let told = derived_from(master.as_bytes()).unwrap();
    assert_eq!(
        told,
        "documentID=xmp.did:7; filePath=raw 7.tif; maskMarkers=None"
    );
    assert_eq!(derived_from(packet("", "").as_bytes()), None);
    assert!(!edited(&master).contains("raw 7.tif"));
}

#[test]
fn a_byte_order_mark_in_front_moves_nothing() {
    let own =
        "<i:DigitalSourceType>print</i:DigitalSourceType><m:DerivedFrom r:parseType='Resource'/>";
    let plain = packet("", own);
    let plain = plain.as_str();
    let marked = format!("\u{feff}{plain}");
    assert_eq!(
        digital_source_type(marked.as_bytes()).as_deref(),
        Some("print")
    );
    let edited_plain = edited(plain);
    assert_eq!(edited(&marked), format!("\u{feff}{edited_plain}"));
}

#[test]
fn a_source_type_that_is_pointed_to_is_replaced_where_it_stands() {
    let old = "http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm";
    for own in [
        format!("<i:DigitalSourceType r:resource=\"{old}\"/>"),
        format!("<i:DigitalSourceType r:resource='{old}'></i:DigitalSourceType>"),
    ] {
        let master = packet("", &own);
        let stated = digital_source_type(master.as_bytes());
        assert_eq!(stated.as_deref(), Some(old));
        let edited = edited(&master);
        assert!(edited.contains(&own.replace(old, URI)), "{edited}");
        assert_eq!(edited.matches("DigitalSourceType ").count(), 1, "{edited}");
        assert!(!edited.contains(old), "{edited}");
        let again = self::edited(&edited);
        assert_eq!(again.matches(URI).count(), 1, "{again}");
    }
    let edited = edited(&packet("", "<i:DigitalSourceType/>"));
    assert_eq!(digital_source_type(edited.as_bytes()).as_deref(), Some(URI));
}

#[test]
fn a_packet_in_utf_16_is_edited_and_stays_in_it() {
    let master = packet("", "<m:DocumentID>Zürich 𝄞</m:DocumentID>");
    let edited = edited(&master);
    for (is_big, has_mark) in [(false, false), (false, true), (true, false), (true, true)] {
        let utf_16 = |text: &str| -> Vec<u8> {
            let mark = if has_mark { "\u{feff}" } else { "" };
            let words = mark.encode_utf16().chain(text.encode_utf16());
            let bytes = |word: u16| {
                if is_big {
                    word.to_be_bytes()
                } else {
                    word.to_le_bytes()
                }
            };
            words.flat_map(bytes).collect()
        };
        let packet = utf_16(&master);
        let found = edit_xmp(Some(&packet), &edit()).unwrap();
        assert_eq!(found, utf_16(&edited));
        assert_eq!(digital_source_type(&found).as_deref(), Some(URI));
        let from = derived_from(&found).unwrap();
        assert!(from.contains("documentID=Zürich 𝄞"), "{from}");
        // Cut in the middle of a character.
        let cut = &packet[..packet.len() - 1];
        assert!(edit_xmp(Some(cut), &edit()).is_err());
    }
}

#[test]
fn a_packet_with_nothing_in_it_is_filled() {
    let meta = "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='a > b'";
    for (before, behind) in [
        (format!("<?xpacket?>{meta}/>"), "\n"),
        (format!("{meta}>\n </x:xmpmeta>"), "<?xpacket end='w'?>"),
        (format!("{meta}><r:RDF xmlns:r='{RDF}'/>"), "</x:xmpmeta>"),
        (format!("<r:RDF xmlns:r='{RDF}' />"), " "),
        (
            format!("{meta}><r:RDF xmlns:r='{RDF}'></r:RDF>"),
            "</x:xmpmeta>",
        ),
    ] {
        let master = format!("{before}{behind}");
        let text = edited(&master);
        assert_eq!(text.matches("<stEvt:action>edited").count(), 1, "{text}");
        assert!(text.ends_with(behind), "{text}");
        assert_eq!(text.contains("x:xmptk='a > b'"), master.contains("xmptk"));
        assert_eq!(digital_source_type(text.as_bytes()).as_deref(), Some(URI));
        let again = edited(&text);
        assert_eq!(again.matches("<stEvt:action>edited").count(), 2, "{again}");
    }
}

#[test]
fn what_could_only_be_replaced_is_left_alone() {
    let event = "<r:li>scanned</r:li>";
    for own in [
        "<m:History>scanned by hand</m:History>".to_owned(),
        "<m:History><![CDATA[scanned]]></m:History>".to_owned(),
        "<m:History r:parseType='Resource'><own:a>b</own:a></m:History>".to_owned(),
        "<m:History r:resource='urn:x'/>".to_owned(),
        format!("<m:History><r:Alt>{event}</r:Alt></m:History>"),
        format!("<m:History><r:Bag>{event}</r:Bag></m:History>"),
        "<m:History><r:Description><r:_1>a</r:_1></r:Description></m:History>".to_owned(),
        format!("<m:History><r:Seq>{event}</r:Seq><r:Seq/></m:History>"),
        format!("<m:History><r:Seq>{event}</r:Seq></m:History><m:History/>"),
        "<m:DerivedFrom r:resource='a'/><m:DerivedFrom r:resource='b'/>".to_owned(),
    ] {
        let error = edit_xmp(Some(packet("", &own).as_bytes()), &edit()).unwrap_err();
        assert!(
            matches!(error, XmpError::Irregular { .. }),
            "{own}: {error}"
        );
        assert!(states_provenance(packet("", &own).as_bytes()));
    }
    for own in [" m:History='scanned'", " m:DerivedFrom='a'"] {
        let error = edit_xmp(Some(packet(own, "").as_bytes()), &edit()).unwrap_err();
        assert!(
            matches!(error, XmpError::Irregular { .. }),
            "{own}: {error}"
        );
    }
}

#[test]
fn a_source_type_that_is_no_plain_text_is_left_alone_where_one_would_be_written() {
    let list = "<r:Bag><r:li>http://old/print</r:li></r:Bag>";
    let nothing_filled = XmpEdit {
        digital_source_type: None,
        ..edit()
    };
    for own in [
        format!("<i:DigitalSourceType>{list}</i:DigitalSourceType>"),
        "<i:DigitalSourceType r:parseType='Resource'><own:a/></i:DigitalSourceType>".to_owned(),
        "<i:DigitalSourceType>a</i:DigitalSourceType><i:DigitalSourceType>b</i:DigitalSourceType>"
            .to_owned(),
    ] {
        let master = packet("", &own);
        let error = edit_xmp(Some(master.as_bytes()), &edit()).unwrap_err();
        assert!(
            matches!(error, XmpError::Irregular { .. }),
            "{own}: {error}"
        );
        let edited = edit_xmp(Some(master.as_bytes()), &nothing_filled).unwrap();
        assert!(String::from_utf8(edited).unwrap().contains(&own));
    }
}

#[test]
fn thumbnails_go_and_nothing_else() {
    let own = "<t:Thumbnails xmlns:t='http://ns.adobe.com/xap/1.0/'><r:Alt><r:li>/9j/</r:li></r:Alt></t:Thumbnails>";
    let with = packet("", &format!("{own}<own:b/>{own}"));
    let bare = without_thumbnails(with.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(bare).unwrap(), packet("", "<own:b/>"));
    assert_eq!(without_thumbnails(packet("", "<own:b/>").as_bytes()), None);
    assert_eq!(without_thumbnails(&with.as_bytes()[..with.len() / 2]), None);
}
