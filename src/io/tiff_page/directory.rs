//! The header and the directories of a TIFF file: entries by tag, the chain of pages. Reads no pixels.

use std::collections::HashSet;
use std::fs::File;

use super::PageFault;

/// Most values one tag may have here: strips or tiles of a page.
const MAX_VALUES: u64 = 1 << 22;
/// Most directories followed along the chain of pages.
const MAX_PAGES: u32 = 65_536;
/// Most entries a directory may have: what a classic file can count.
const MAX_ENTRIES: u64 = 65_535;

/// Most bytes one tag may have here: Photoshop's resources.
const MAX_BYTES: u64 = 1 << 26;

const BYTE: u16 = 1;
/// Bytes of no meaning.
const UNDEFINED: u16 = 7;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const LONG8: u16 = 16;
/// Positions of directories, as some programs type them.
const IFD: u16 = 13;
/// The same in a `BigTIFF`.
const IFD8: u16 = 18;
/// Tag of the directories inside a page. Source: Adobe `PageMaker` 6.0 TIFF technical notes, "`SubIFDs`".
const SUB_DIRECTORIES: u16 = 330;
/// Most directories inside one page that are looked at.
const MAX_SUB_DIRECTORIES: usize = 64;

/// A TIFF file read by position.
pub struct TiffFile<'a> {
    /// The file.
    pub file: &'a File,
    /// Its length, bytes.
    pub bytes: u64,
    /// Whether numbers are stored with the low byte first.
    pub is_little_endian: bool,
    /// Whether positions have 8 bytes.
    pub is_big: bool,
    first: u64,
}

/// Which directory of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAt {
    /// A page of the chain, counted from 0.
    Chain(u32),
    /// A directory inside a page: the page, and which of its directories, both counted from 0.
    Sub(u32, usize),
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it says.
    pub tag: u16,
    /// Type of its values.
    pub kind: u16,
    /// How many values.
    pub count: u64,
    /// Where the entry itself stands.
    pub at: u64,
    /// Where its values stand, inside the entry or elsewhere.
    pub values_at: u64,
}

/// One directory.
pub struct Directory {
    /// Where it stands.
    pub at: u64,
    /// Where it ends: behind the position of the next one.
    pub end: u64,
    entries: Vec<Entry>,
    /// The entries as stored.
    table: Vec<u8>,
    /// Where the position of this directory stands.
    pub link_at: u64,
    /// Where the position of the next one stands.
    next_at: u64,
    next: u64,
}

impl Directory {
    /// The entry of `tag`.
    pub fn entry(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    /// All entries, in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether a tag stands twice in it: readers differ in which one they believe.
    pub fn repeats_a_tag(&self) -> bool {
        let mut tags: Vec<u16> = self.entries.iter().map(|entry| entry.tag).collect();
        tags.sort_unstable();
        tags.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// The bytes of this directory with `entry`, the stored form of one of tag `tag`, added in its order; `None` when it is full.
    pub fn with_entry(&self, tiff: &TiffFile<'_>, tag: u16, entry: &[u8]) -> Option<Vec<u8>> {
        let (count_bytes, link_bytes) = if tiff.is_big { (8, 8) } else { (2, 4) };
        let before = self.entries.iter().take_while(|other| other.tag < tag);
        let (front, back) = self.table.split_at(before.count() * entry.len());
        Some(
            [
                &*tiff.to_bytes(self.entries.len() as u64 + 1, count_bytes)?,
                front,
                entry,
                back,
                &*tiff.to_bytes(self.next, link_bytes)?,
            ]
            .concat(),
        )
    }
}

/// Bytes of a value of an unsigned type, `None` for any other type.
const fn unsigned_bytes(kind: u16) -> Option<u64> {
    match kind {
        BYTE => Some(1),
        SHORT => Some(2),
        LONG | IFD => Some(4),
        LONG8 | IFD8 => Some(8),
        _ => None,
    }
}

/// Bytes of a value that is a number or a plain byte; 0 for any other type.
const fn stored_bytes(kind: u16) -> u64 {
    match unsigned_bytes(kind) {
        Some(bytes) => bytes,
        None if kind == UNDEFINED => 1,
        None => 0,
    }
}

/// Bytes of a value of any type; 0 for types that TIFF does not know. Source: TIFF 6.0 section 2, and the `BigTIFF` extension.
const fn any_bytes(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 0,
    }
}

impl Entry {
    /// Bytes of all values as stored.
    pub fn stored_length(&self) -> u64 {
        any_bytes(self.kind).saturating_mul(self.count)
    }

    /// Bytes of values that an entry itself has room for.
    pub const fn room(is_big: bool) -> u64 {
        if is_big { 8 } else { 4 }
    }

    /// Bytes of one value; 0 for types that are no unsigned numbers.
    pub fn value_bytes(&self) -> u64 {
        unsigned_bytes(self.kind).unwrap_or(0)
    }

    /// The type for positions and lengths that fits every value of a file.
    pub const fn widest_kind(is_big: bool) -> u16 {
        if is_big { LONG8 } else { LONG }
    }
}

impl<'a> TiffFile<'a> {
    /// Reads the header.
    pub fn open(file: &'a File) -> Result<Self, PageFault> {
        let mut tiff = Self {
            file,
            bytes: file.metadata()?.len(),
            is_little_endian: true,
            is_big: false,
            first: 0,
        };
        let mut start = [0; 4];
        tiff.read_at(0, &mut start)?;
        (tiff.is_little_endian, tiff.is_big) = match start {
            [b'I', b'I', 42, 0] => (true, false),
            [b'I', b'I', 43, 0] => (true, true),
            [b'M', b'M', 0, 42] => (false, false),
            [b'M', b'M', 0, 43] => (false, true),
            _ => return Err(PageFault::Damaged("it does not start as a TIFF file")),
        };
        if tiff.is_big && tiff.number(4, 2)? != 8 {
            return Err(PageFault::Damaged("its header is not that of a BigTIFF"));
        }
        tiff.first = if tiff.is_big {
            tiff.number(8, 8)?
        } else {
            tiff.number(4, 4)?
        };
        Ok(tiff)
    }

    /// Fills `buffer` with the bytes from `at` on.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<(), PageFault> {
        let end = at.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.bytes) {
            return Err(PageFault::Damaged("a position in it lies behind its end"));
        }
        let mut done = 0;
        while done < buffer.len() {
            match read_some(self.file, &mut buffer[done..], at + done as u64) {
                Ok(0) => return Err(PageFault::Damaged("it became shorter while it was read")),
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The unsigned number of `bytes` bytes (at most 8) at `at`.
    fn number(&self, at: u64, bytes: usize) -> Result<u64, PageFault> {
        let mut buffer = [0; 8];
        self.read_at(at, &mut buffer[..bytes])?;
        Ok(self.number_in(&buffer[..bytes]))
    }

    /// The unsigned number in `bytes`, at most 8 of them, in the file's byte order.
    fn number_in(&self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
        if self.is_little_endian {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        }
    }

    /// `value` as `bytes` bytes in the file's byte order; `None` when it does not fit.
    pub fn to_bytes(&self, value: u64, bytes: u64) -> Option<Vec<u8>> {
        if bytes < 8 && value >> (8 * bytes) != 0 {
            return None;
        }
        let little = value.to_le_bytes().into_iter().take(bytes as usize);
        Some(if self.is_little_endian {
            little.collect()
        } else {
            little.rev().collect()
        })
    }

    /// The directory of page `page`, counted from 0 along the chain.
    pub fn page(&self, page: u32) -> Result<Directory, PageFault> {
        let mut directory = self.directory(self.first, self.first_at())?;
        for _ in 0..page.min(MAX_PAGES) {
            if directory.next == 0 {
                return Err(PageFault::Damaged("it has fewer pages"));
            }
            directory = self.directory(directory.next, directory.next_at)?;
        }
        Ok(directory)
    }

    /// The directory at `place`.
    pub fn directory_at(&self, place: PageAt) -> Result<Directory, PageFault> {
        let (page, index) = match place {
            PageAt::Chain(page) => return self.page(page),
            PageAt::Sub(page, index) => (page, index),
        };
        let positions = self.sub_directories(&self.page(page)?);
        let at = positions.get(index).copied();
        let (at, link_at) = at.ok_or(PageFault::Damaged("a page in it is missing"))?;
        self.directory(at, link_at)
    }

    /// Where the directories inside `page` stand, and where each position stands.
    pub fn sub_directories(&self, page: &Directory) -> Vec<(u64, u64)> {
        let Some(entry) = page.entry(SUB_DIRECTORIES) else {
            return Vec::new();
        };
        let positions = self.values(&entry).unwrap_or_default();
        let links = (0..).map(|index: u64| entry.values_at + index * entry.value_bytes());
        let places = positions.into_iter().zip(links);
        places.take(MAX_SUB_DIRECTORIES).collect()
    }

    /// What `look` says of every page in turn, until the chain ends, breaks, comes back to a page or is beyond belief.
    pub fn each_page(&self, mut look: impl FnMut(u32, &Directory)) {
        let (mut next, mut next_at) = (self.first, self.first_at());
        let mut seen = HashSet::new();
        for page in 0..MAX_PAGES {
            if next == 0 || !seen.insert(next) {
                return;
            }
            let Ok(directory) = self.directory(next, next_at) else {
                return;
            };
            look(page, &directory);
            (next, next_at) = (directory.next, directory.next_at);
        }
    }

    /// Where the position of the first directory stands.
    const fn first_at(&self) -> u64 {
        if self.is_big { 8 } else { 4 }
    }

    /// The directory at `at`, whose position stands at `link_at`.
    pub fn directory(&self, at: u64, link_at: u64) -> Result<Directory, PageFault> {
        let (count_bytes, entry_bytes, value_at, value_room) = if self.is_big {
            (8, 20, 12, 8)
        } else {
            (2, 12, 8, 4)
        };
        let count = self.number(at, count_bytes)?;
        if count > MAX_ENTRIES {
            return Err(PageFault::Damaged("a directory has too many entries"));
        }
        let entries_at = at + count_bytes as u64;
        let mut table = vec![0; count as usize * entry_bytes + value_room];
        self.read_at(entries_at, &mut table)?;
        let (table, next) = table.split_at(count as usize * entry_bytes);
        let mut entries = Vec::with_capacity(count as usize);
        for (index, bytes) in table.chunks_exact(entry_bytes).enumerate() {
            let entry_at = entries_at + (index * entry_bytes) as u64;
            let mut entry = Entry {
                tag: self.number_in(&bytes[..2]) as u16,
                kind: self.number_in(&bytes[2..4]) as u16,
                count: self.number_in(&bytes[4..value_at]),
                at: entry_at,
                values_at: entry_at + value_at as u64,
            };
            if entry.stored_length() > value_room as u64 {
                entry.values_at = self.number_in(&bytes[value_at..]);
            }
            entries.push(entry);
        }
        let next_at = entries_at + table.len() as u64;
        Ok(Directory {
            at,
            end: next_at + value_room as u64,
            entries,
            table: table.to_vec(),
            link_at,
            next_at,
            next: self.number_in(next),
        })
    }

    /// The bytes of `entry`, whose values must be bytes.
    pub fn bytes_of(&self, entry: &Entry) -> Result<Vec<u8>, PageFault> {
        if stored_bytes(entry.kind) != 1 || entry.count > MAX_BYTES {
            return Err(PageFault::Damaged("a tag has a type it must not have"));
        }
        let end = entry.values_at.checked_add(entry.count);
        if end.is_none_or(|end| end > self.bytes) {
            return Err(PageFault::Damaged("a position in it lies behind its end"));
        }
        let mut bytes = vec![0; entry.count as usize];
        self.read_at(entry.values_at, &mut bytes)?;
        Ok(bytes)
    }

    /// All values of `entry`, which must be unsigned numbers.
    pub fn values(&self, entry: &Entry) -> Result<Vec<u64>, PageFault> {
        let bytes = entry.value_bytes();
        if bytes == 0 {
            return Err(PageFault::Damaged("a tag has a type it must not have"));
        }
        if entry.count > MAX_VALUES {
            return Err(PageFault::Foreign(
                "it has too many strips or tiles".to_owned(),
            ));
        }
        let end = entry.values_at.checked_add(entry.count * bytes);
        if end.is_none_or(|end| end > self.bytes) {
            return Err(PageFault::Damaged("a position in it lies behind its end"));
        }
        let mut raw = vec![0; (entry.count * bytes) as usize];
        self.read_at(entry.values_at, &mut raw)?;
        let values = raw.chunks_exact(bytes as usize);
        Ok(values.map(|value| self.number_in(value)).collect())
    }
}

#[cfg(unix)]
pub(super) fn read_some(file: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
pub(super) fn read_some(file: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
