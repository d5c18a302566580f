//! One record: kind, length, checksum, content. A file is a mark and then records; what is not whole ends it.

use flate2::Crc;

use super::fields::{In, Out};

/// What a journal begins with.
pub(super) const MARK: &[u8; 8] = b"UNSCRJ1\n";

/// Version of the records' contents.
pub(super) const VERSION: u32 = 1;

/// Bytes of a record before its content: kind, length, checksum.
const HEAD: usize = 9;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Version, SHA-256, page, width, height, path.
    Master = 1,
    /// Number (1 and up), then 65,536 mask values, deflated.
    Tile = 2,
    /// An edit of the history.
    Edit = 3,
    /// What the work is now; see `writer.rs`.
    State = 4,
    /// What was decided for an area.
    Repair = 5,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Master,
        Self::Tile,
        Self::Edit,
        Self::State,
        Self::Repair,
    ];
}

/// Appends a record to `out`.
pub(super) fn push(out: &mut Vec<u8>, kind: Kind, content: &[u8]) {
    let mut head = Out::default();
    head.u8(kind as u8);
    head.u32(content.len() as u32);
    let sum = checksum(&head.0, content);
    head.u32(sum);
    out.extend(head.0);
    out.extend(content);
}

fn checksum(head: &[u8], content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(head);
    crc.update(content);
    crc.sum()
}

/// The whole records of a journal, in order; ends before the first that is torn, changed or unknown.
#[derive(Debug)]
pub(super) struct Records<'a> {
    rest: In<'a>,
}

impl<'a> Records<'a> {
    /// Those of `file`; none when it is no journal.
    pub fn new(file: &'a [u8]) -> Self {
        let rest = file.strip_prefix(MARK).unwrap_or_default();
        Self { rest: In(rest) }
    }

    /// Bytes that were not read as records.
    pub fn unread(&self) -> usize {
        self.rest.0.len()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (Kind, In<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = self.rest;
        let head = rest.bytes(HEAD)?;
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == head[0])?;
        let mut numbers = In(&head[1..]);
        let (len, sum) = (numbers.u32()?, numbers.u32()?);
        let content = rest.bytes(len as usize)?;
        if checksum(&head[..5], content) != sum {
            return None;
        }
        self.rest = rest;
        Some((kind, In(content)))
    }
}
