//! Which bytes of a file belong to which directory: tables, values of tags, strips and tiles. Reads no pixels.
//!
//! A TIFF may store once what two of its pages have in common. Whoever renews one page in place has to know that.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use super::directory::{Directory, Entry, TiffFile, read_some};
use super::{PageFault, PageLayout};

mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_COUNTS: u16 = 279;
    pub const PLANAR: u16 = 284;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    /// A JPEG in one piece and its length.
    pub const JPEG_OFFSET: u16 = 513;
    pub const JPEG_BYTES: u16 = 514;
    /// What holds directories: `SubIFDs`, EXIF, GPS, interoperability.
    pub const DIRECTORIES: [u16; 4] = [330, 34_665, 34_853, 40_965];
}

/// Most runs of bytes kept, and most values read for them.
const MAX_RUNS: usize = 1 << 22;
const MAX_VALUES: u64 = 1 << 25;
/// Most directories looked into.
const MAX_DIRECTORIES: usize = 1 << 17;
/// Bytes compared at a time.
const COMPARED_BYTES: usize = 1 << 20;

/// What bytes are to their directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The directory's own table.
    Table,
    /// Values of a tag outside the table.
    Values(u16),
    /// Strips, tiles, or a JPEG in one piece.
    Pixels,
    /// What follows packed pixels whose length is not stated: readers may go on there.
    Beyond,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    start: u64,
    end: u64,
    /// Where the directory stands that they belong to.
    owner: u64,
    role: Role,
}

/// All bytes of a file that belong to a directory.
pub struct Claims {
    /// In the order of their starts.
    runs: Vec<Run>,
    /// From how many places each directory is pointed to.
    links: HashMap<u64, u32>,
}

/// Runs of bytes that do not touch, in order.
pub struct Taken(Vec<(u64, u64)>);

impl Taken {
    /// Whether any byte from `start` to before `end` is among them.
    pub fn meets(&self, start: u64, end: u64) -> bool {
        let after = self.0.partition_point(|&(_, taken_end)| taken_end <= start);
        start < end && self.0.get(after).is_some_and(|&(first, _)| first < end)
    }
}

impl Claims {
    /// Looks at every directory of the file that can be reached.
    pub fn of(tiff: &TiffFile<'_>) -> Result<Self, PageFault> {
        let mut survey = Survey {
            tiff,
            runs: Vec::new(),
            values: 0,
        };
        let header_bytes = if tiff.is_big { 16 } else { 8 };
        survey.add(0, header_bytes, u64::MAX, Role::Table)?;
        let mut links = HashMap::new();
        let mut seen = HashSet::new();
        let mut waiting = Vec::new();
        let mut fault = None;
        tiff.each_page(|_, directory| {
            *links.entry(directory.at).or_insert(0) += 1;
            if fault.is_none() && seen.insert(directory.at) {
                fault = survey.look(directory, &mut waiting).err();
            }
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        while let Some((at, link_at)) = waiting.pop() {
            *links.entry(at).or_insert(0) += 1;
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > MAX_DIRECTORIES {
                return Err(too_many());
            }
            if let Ok(directory) = tiff.directory(at, link_at) {
                survey.look(&directory, &mut waiting)?;
            }
        }
        let mut runs = survey.runs;
        runs.sort_unstable_by_key(|run| run.start);
        Ok(Self { runs, links })
    }

    /// Whether the directory at `at` is pointed to from several places, or its table has bytes in common with something.
    pub fn is_shared(&self, at: u64) -> bool {
        let is_own = |run: &Run| run.owner == at && run.role == Role::Table;
        let others = self.joined(|run| !is_own(run) && run.role != Role::Beyond);
        let mut tables = self.runs.iter().filter(|run| is_own(run));
        self.links.get(&at).is_some_and(|&count| count > 1)
            || tables.any(|run| others.meets(run.start, run.end))
    }

    /// Everything but what the directory at `owner` has as `role`.
    pub fn besides(&self, owner: u64, role: Role) -> Taken {
        self.joined(|run| run.owner != owner || run.role != role)
    }

    fn joined(&self, is_wanted: impl Fn(&Run) -> bool) -> Taken {
        let mut taken: Vec<(u64, u64)> = Vec::new();
        for run in self.runs.iter().filter(|run| is_wanted(run)) {
            match taken.last_mut() {
                Some(last) if run.start <= last.1 => last.1 = last.1.max(run.end),
                _ => taken.push((run.start, run.end)),
            }
        }
        Taken(taken)
    }

    /// Whether `written`, a copy of `master`, has the master's bytes in everything that does not belong to the renewed
    /// pages alone; the `link` to a directory, first byte and length, may differ.
    pub fn are_kept(
        &self,
        master: &File,
        written: &File,
        renewed: &[&PageLayout],
        link: Option<(u64, u64)>,
    ) -> Result<bool, PageFault> {
        let is_renewed = |run: &Run| {
            renewed.iter().any(|layout| {
                let arrays = [layout.offsets_entry.tag, layout.lengths_entry.tag];
                run.owner == layout.directory_at
                    && !matches!(run.role, Role::Values(tag) if !arrays.contains(&tag))
            })
        };
        let bytes = master.metadata()?.len();
        let (mut wanted, mut found) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
        let is_known = |run: &Run| run.role != Role::Beyond;
        for (start, end) in self.joined(|run| is_known(run) && !is_renewed(run)).0 {
            let mut at = start;
            while at < end.min(bytes) {
                let count = (end.min(bytes) - at).min(COMPARED_BYTES as u64) as usize;
                let (wanted, found) = (&mut wanted[..count], &mut found[..count]);
                read_all(master, wanted, at)?;
                read_all(written, found, at)?;
                if let Some((link_at, link_bytes)) = link {
                    for position in link_at..link_at + link_bytes {
                        if let Some(index) = position.checked_sub(at)
                            && (index as usize) < count
                        {
                            found[index as usize] = wanted[index as usize];
                        }
                    }
                }
                if wanted != found {
                    return Ok(false);
                }
                at += count as u64;
            }
        }
        Ok(true)
    }
}

/// Fills `buffer` with the bytes of `file` from `at` on.
fn read_all(file: &File, buffer: &mut [u8], at: u64) -> Result<(), PageFault> {
    let mut done = 0;
    while done < buffer.len() {
        match read_some(file, &mut buffer[done..], at + done as u64) {
            Ok(0) => return Err(PageFault::Damaged("it became shorter while it was read")),
            Ok(count) => done += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn too_many() -> PageFault {
    PageFault::Foreign("it has too many pages, strips or tiles".to_owned())
}

/// Collects the runs of one directory after the other.
struct Survey<'a> {
    tiff: &'a TiffFile<'a>,
    runs: Vec<Run>,
    values: u64,
}

impl Survey<'_> {
    fn add(&mut self, start: u64, end: u64, owner: u64, role: Role) -> Result<(), PageFault> {
        // Strips mostly lie one behind the other.
        if let Some(last) = self.runs.last_mut()
            && (last.owner, last.role, last.end) == (owner, role, start)
        {
            last.end = end.max(start);
            return Ok(());
        }
        if self.runs.len() == MAX_RUNS {
            return Err(too_many());
        }
        if start < end {
            self.runs.push(Run {
                start,
                end,
                owner,
                role,
            });
        }
        Ok(())
    }

    /// Adds what belongs to `directory`; directories inside it are put on `waiting` with the places of their links.
    fn look(
        &mut self,
        directory: &Directory,
        waiting: &mut Vec<(u64, u64)>,
    ) -> Result<(), PageFault> {
        let at = directory.at;
        self.add(at, directory.end, at, Role::Table)?;
        for entry in directory.entries() {
            let end = entry.values_at.saturating_add(entry.stored_length());
            if entry.stored_length() > Entry::room(self.tiff.is_big) {
                self.add(entry.values_at, end, at, Role::Values(entry.tag))?;
            }
            if tag::DIRECTORIES.contains(&entry.tag) {
                let positions = self.values(entry)?;
                let links = (0..).map(|index: u64| entry.values_at + index * entry.value_bytes());
                waiting.extend(positions.into_iter().zip(links));
                if waiting.len() > MAX_DIRECTORIES {
                    return Err(too_many());
                }
            }
        }
        for (offsets, lengths) in [
            (tag::STRIP_OFFSETS, tag::STRIP_COUNTS),
            (tag::TILE_OFFSETS, tag::TILE_COUNTS),
            (tag::JPEG_OFFSET, tag::JPEG_BYTES),
        ] {
            self.look_at_pixels(directory, offsets, lengths)?;
        }
        Ok(())
    }

    fn look_at_pixels(
        &mut self,
        directory: &Directory,
        offsets: u16,
        lengths: u16,
    ) -> Result<(), PageFault> {
        let Some(entry) = directory.entry(offsets) else {
            return Ok(());
        };
        let offsets = self.values(&entry)?;
        let lengths = match directory.entry(lengths) {
            Some(entry) => self.values(&entry)?,
            None => Vec::new(),
        };
        let unpacked = self.unpacked(directory)?;
        let mut pieces = Vec::with_capacity(offsets.len());
        for (index, &start) in offsets.iter().enumerate().filter(|(_, start)| **start > 0) {
            let length = lengths.get(index).copied().unwrap_or(0);
            let (end, role) = match (unpacked.as_ref(), length) {
                (None, 0) => (self.tiff.bytes, Role::Beyond),
                (None, length) => (start.saturating_add(length), Role::Pixels),
                (Some(unpacked), length) => {
                    let length = length.max(unpacked.of(index));
                    (start.saturating_add(length), Role::Pixels)
                }
            };
            pieces.push((start, end, role));
        }
        for (start, end, role) in pieces {
            self.add(start, end, directory.at, role)?;
        }
        Ok(())
    }

    /// The values of `entry`; none where they cannot be read.
    fn values(&mut self, entry: &Entry) -> Result<Vec<u64>, PageFault> {
        self.values = self.values.saturating_add(entry.count);
        if self.values > MAX_VALUES {
            return Err(too_many());
        }
        match self.tiff.values(entry) {
            Err(PageFault::Io(error)) => Err(error.into()),
            values => Ok(values.unwrap_or_default()),
        }
    }

    /// How long strips or tiles are where they are not packed; `None` where they are.
    fn unpacked(&mut self, directory: &Directory) -> Result<Option<Unpacked>, PageFault> {
        let mut first = |tag, default| {
            let values = directory.entry(tag).map(|entry| self.values(&entry));
            let values = values.transpose()?.unwrap_or_default();
            Ok::<_, PageFault>(values.first().copied().unwrap_or(default))
        };
        if directory.entry(tag::JPEG_OFFSET).is_some() || first(tag::COMPRESSION, 1)? != 1 {
            return Ok(None);
        }
        let height = first(tag::HEIGHT, 0)?;
        let is_tiled = directory.entry(tag::TILE_WIDTH).is_some();
        let (width, rows) = if is_tiled {
            (first(tag::TILE_WIDTH, 0)?, first(tag::TILE_HEIGHT, 0)?)
        } else {
            let rows = first(tag::ROWS_PER_STRIP, height)?;
            (first(tag::WIDTH, 0)?, rows.min(height))
        };
        let samples = if first(tag::PLANAR, 1)? == 2 {
            1
        } else {
            first(tag::SAMPLES, 1)?
        };
        let bits = first(tag::BITS, 1)?;
        let row_bits = width.saturating_mul(samples).saturating_mul(bits);
        Ok(Some(Unpacked {
            row_bytes: row_bits.div_ceil(8),
            rows: rows.max(1),
            height: if is_tiled { None } else { Some(height) },
        }))
    }
}

/// Lengths of strips or tiles that are not packed.
struct Unpacked {
    row_bytes: u64,
    /// Rows of all but the last strip of a plane.
    rows: u64,
    /// Rows of the page; `None` where tiles are all of the same length.
    height: Option<u64>,
}

impl Unpacked {
    /// Bytes of strip or tile `index`.
    fn of(&self, index: usize) -> u64 {
        let rows = self.height.map_or(self.rows, |height| {
            let strips = height.div_ceil(self.rows).max(1);
            let first = index as u64 % strips * self.rows;
            self.rows.min(height.saturating_sub(first))
        });
        rows.saturating_mul(self.row_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_meet_only_where_they_overlap() {
        let taken = Taken(vec![(10, 20), (30, 31)]);
        for (start, end, meets) in [
            (0, 10, false),
            (0, 11, true),
            (19, 20, true),
            (20, 30, false),
            (25, 40, true),
            (31, 99, false),
            (15, 15, false),
        ] {
            assert_eq!(taken.meets(start, end), meets, "{start} {end}");
        }
    }

    #[test]
    fn the_last_strip_of_every_plane_has_the_rows_that_are_left() {
        let strips = Unpacked {
            row_bytes: 5,
            rows: 4,
            height: Some(10),
        };
        let lengths: Vec<u64> = (0..6).map(|index| strips.of(index)).collect();
        assert_eq!(lengths, [20, 20, 10, 20, 20, 10]);
        let tiles = Unpacked {
            height: None,
            ..strips
        };
        assert_eq!(tiles.of(2), 20);
    }
}
