//! What a JPEG 2000 codestream holds beside its picture: comments, and bytes behind its end. Decodes nothing.
//!
//! Source: ITU-T T.800 annex A (SOT, SOD, EOC in A.4, COM in A.9.2).

/// Most comments told.
const COMMENT_LIMIT: usize = 20;
/// Most characters of one that are told.
const TEXT_LIMIT: usize = 80;

const SOT: u8 = 0x90;
const SOD: u8 = 0x93;
const EOC: u8 = 0xD9;
const COM: u8 = 0x64;

/// Sentences on what of the codestream in `bytes` no derivative carries.
pub fn look(bytes: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    // Behind the start marker.
    let mut at = 2;
    let mut part_end = None;
    let end = loop {
        let Some(&[0xFF, marker]) = bytes.get(at..at + 2) else {
            break None;
        };
        let Some(length) = bytes.get(at + 2..at + 4) else {
            break (marker == EOC).then_some(at + 2);
        };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let content = bytes.get(at + 4..at + 2 + length).unwrap_or_default();
        match marker {
            EOC => break Some(at + 2),
            SOD => match part_end.take() {
                // Data cannot hold the marker of the end.
                None | Some(0) => {
                    let data = bytes.get(at + 2..).unwrap_or_default();
                    let found = data.windows(2).position(|pair| pair == [0xFF, EOC]);
                    break found.map(|found| at + 2 + found + 2);
                }
                Some(end) if end > at => {
                    at = end;
                    continue;
                }
                Some(_) => break None,
            },
            SOT => {
                let part_bytes = content.get(2..6).and_then(|part| part.try_into().ok());
                part_end = part_bytes.map(u32::from_be_bytes).map(|part| match part {
                    0 => 0,
                    part => at.saturating_add(part as usize),
                });
            }
            COM if said.len() < COMMENT_LIMIT => said.push(comment(content)),
            _ => {}
        }
        if length < 2 {
            break None;
        }
        at += 2 + length;
    };
    if let Some(behind) = end.map(|end| bytes.len() - end).filter(|&count| count > 0) {
        said.push(format!("{behind} bytes behind the picture's end."));
    }
    said
}

fn comment(content: &[u8]) -> String {
    match content {
        // Latin-1.
        [0, 1, text @ ..] => {
            let text = text.iter().map(|&byte| char::from(byte));
            let text: String = text.filter(|c| !c.is_control()).take(TEXT_LIMIT).collect();
            format!("The comment in the codestream: {text:?}.")
        }
        _ => "A comment in the codestream that is no text.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    /// Two tile parts whose data look like comments.
    fn codestream(last_part_bytes: u32, behind: &[u8]) -> Vec<u8> {
        let data = [0xFF, 0x64, 0, 4, 0, 1];
        let part = |bytes: u32| {
            let content = [&[0, 0][..], &bytes.to_be_bytes(), &[0, 1]].concat();
            [segment(SOT, &content), vec![0xFF, SOD], data.to_vec()].concat()
        };
        [
            vec![0xFF, 0x4F],
            segment(0x51, &[0; 30]),
            segment(COM, b"\0\x01made by \xE4"),
            segment(COM, b"\0\0\x07"),
            part(20),
            part(last_part_bytes),
            vec![0xFF, EOC],
            behind.to_vec(),
        ]
        .concat()
    }

    #[test]
    fn comments_and_what_lies_behind_are_told_and_data_are_passed_over() {
        for last in [20, 0] {
            let said = look(&codestream(last, b""));
            let [text, other] = said.as_slice() else {
                panic!("{said:?}");
            };
            assert_eq!(text, "The comment in the codestream: \"made by ä\".");
            assert!(other.contains("no text"), "{other}");
            let said = look(&codestream(last, b"\xFF\xD8 hidden \xFF\xD9"));
            assert_eq!(said[2], "12 bytes behind the picture's end.");
        }
        let whole = codestream(20, b"rest");
        for length in 0..whole.len() {
            look(&whole[..length]);
        }
    }
}
