//! Packs strips and tiles with repaired pixels again and lets the page point to them.

use std::fs::File;
use std::io::{BufWriter, Seek as _, SeekFrom, Write};

use rayon::prelude::*;

use super::{OTHER_FILE, Restored, Stop, append, as_stored, check_end, repaired_span, write_at};
use crate::geometry::PixelRect;
use crate::io::tiff_page::{
    ChunkRows, Claims, Entry, Packer, Packing, PageFault, PageLayout, Role, Taken, TiffFile,
    pack_row, unpack_row,
};

/// Chunks up to this many unpacked bytes are packed in memory, several at a time; larger ones straight into the file.
const MEMORY_CHUNK_BYTES: usize = 4 << 20;
/// Chunks packed at a time; bounds the memory for packed ones.
const CHUNKS_A_BATCH: usize = 32;

/// The strips or tiles of a page that have to be packed again.
pub struct Renewal<'a> {
    restored: &'a Restored<'a>,
    layout: &'a PageLayout,
    tiff: &'a TiffFile<'a>,
    chunks: Vec<Chunk>,
}

/// One strip or tile.
#[derive(Clone, Copy)]
struct Chunk {
    index: usize,
    group: usize,
    /// The channel a chunk holds where every channel has its own.
    plane: usize,
}

/// Position and length of a chunk in the file, bytes.
type Place = (u64, u64);

impl<'a> Renewal<'a> {
    /// Finds the strips and tiles in which any sample changes.
    pub fn new(restored: &'a Restored<'a>, layout: &'a PageLayout, tiff: &'a TiffFile<'a>) -> Self {
        let changed_chunks = |group| {
            let changed = changed_channels(restored, layout.group_rect(group));
            let planes = layout.planes().min(layout.colours);
            let is_changed = move |&plane: &usize| {
                if layout.is_planar {
                    changed[plane]
                } else {
                    changed.contains(&true)
                }
            };
            (0..planes).filter(is_changed).map(move |plane| Chunk {
                index: layout.chunk_index(group, plane),
                group,
                plane,
            })
        };
        let groups = (0..layout.groups()).into_par_iter();
        Self {
            restored,
            layout,
            tiff,
            chunks: groups.flat_map_iter(changed_chunks).collect(),
        }
    }

    /// Writes the changed chunks into `file`, a copy of the master; how many there were. Bytes that `claims` gives to
    /// anything else as well stay as they are.
    pub fn write(&self, claims: &Claims, file: &mut File) -> Result<usize, Stop> {
        let shared = self.layout.shared_chunks();
        let is_unpacked = self.layout.packing == Packing::None;
        let others = is_unpacked.then(|| claims.besides(self.layout.directory_at, Role::Pixels));
        let is_own = |chunk: &Chunk| {
            let start = self.layout.offsets[chunk.index];
            let rows = u64::from(self.layout.group_rect(chunk.group).height);
            let bytes = rows.saturating_mul(self.layout.row_bytes() as u64);
            let end = start.saturating_add(bytes);
            let is_free = |others: &Taken| !others.meets(start, end);
            !shared[chunk.index] && others.as_ref().is_some_and(is_free)
        };
        let (in_place, moved): (Vec<Chunk>, Vec<Chunk>) =
            self.chunks.iter().partition(|c| is_own(c));
        for &chunk in &in_place {
            self.renew_in_place(chunk, file)?;
        }
        let mut offsets = self.layout.offsets.clone();
        let mut lengths = self.layout.lengths.clone();
        for batch in moved.chunks(CHUNKS_A_BATCH) {
            for (chunk, place) in batch.iter().zip(self.append(batch, file)?) {
                (offsets[chunk.index], lengths[chunk.index]) = place;
            }
        }
        let indices: Vec<usize> = moved.iter().map(|chunk| chunk.index).collect();
        if !indices.is_empty() {
            self.point(self.layout.offsets_entry, &offsets, &indices, claims, file)?;
            self.point(self.layout.lengths_entry, &lengths, &indices, claims, file)?;
        }
        Ok(self.chunks.len())
    }

    /// Replaces the repaired rows of an unpacked chunk.
    fn renew_in_place(&self, chunk: Chunk, file: &mut File) -> Result<(), Stop> {
        let rect = self.layout.group_rect(chunk.group);
        let mut values = vec![0; self.layout.row_samples()];
        let mut bytes = vec![0; self.layout.row_bytes()];
        let offset = self.layout.offsets[chunk.index];
        for y in rect.y..rect.bottom() {
            if repaired_span(self.restored, rect.x, y, rect.width).is_none() {
                continue;
            }
            let ahead = u64::from(y - rect.y).saturating_mul(bytes.len() as u64);
            let at = offset.saturating_add(ahead);
            self.tiff.read_at(at, &mut bytes)?;
            unpack_row(self.layout, &bytes, &mut values);
            self.repair(chunk, rect, y, &mut values)?;
            pack_row(self.layout, &mut values, &mut bytes);
            write_at(file, at, &bytes)?;
        }
        Ok(())
    }

    /// Adds the chunks at the end of `file`; the place of each.
    fn append(&self, chunks: &[Chunk], file: &mut File) -> Result<Vec<Place>, Stop> {
        let row_bytes = self.layout.row_bytes();
        let is_small = |chunk: &Chunk| {
            self.layout.stored_rows(chunk.group) as usize <= MEMORY_CHUNK_BYTES / row_bytes
        };
        if !chunks.iter().all(is_small) {
            let places = chunks
                .iter()
                .map(|&chunk| self.add(file, |target| self.pack(chunk, target)));
            return places.collect();
        }
        let packed: Vec<Result<Vec<u8>, Stop>> = chunks
            .par_iter()
            .map(|&chunk| {
                let mut packed = Vec::new();
                self.pack(chunk, &mut packed)?;
                Ok(packed)
            })
            .collect();
        let places = packed.into_iter().map(|packed| {
            let packed = packed?;
            self.add(file, |target| {
                target.write_all(&packed).map_err(Stop::Write)
            })
        });
        places.collect()
    }

    /// Adds what `write` writes at the end of `file`, on an even position; its place.
    fn add(
        &self,
        file: &mut File,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), Stop>,
    ) -> Result<Place, Stop> {
        let end = file.seek(SeekFrom::End(0)).map_err(Stop::Write)?;
        let mut target = BufWriter::with_capacity(1 << 20, &mut *file);
        // TIFF 6.0 section 2: values begin on an even position.
        let start = end.next_multiple_of(2);
        if start > end {
            target.write_all(&[0]).map_err(Stop::Write)?;
        }
        write(&mut target)?;
        target.flush().map_err(Stop::Write)?;
        drop(target);
        let end = file.stream_position().map_err(Stop::Write)?;
        check_end(end, self.tiff.is_big)?;
        Ok((start, end - start))
    }

    /// Packs a chunk with its repaired pixels into `target`.
    fn pack(&self, chunk: Chunk, target: &mut impl Write) -> Result<(), Stop> {
        let rect = self.layout.group_rect(chunk.group);
        let mut rows = ChunkRows::new(self.tiff.file, self.layout, chunk.index);
        let mut packer = Packer::new(self.layout.packing, target);
        let mut values = vec![0; self.layout.row_samples()];
        let mut bytes = vec![0; self.layout.row_bytes()];
        for row in 0..self.layout.stored_rows(chunk.group) {
            rows.next_row(&mut values)?;
            if row < rect.height {
                self.repair(chunk, rect, rect.y + row, &mut values)?;
            }
            pack_row(self.layout, &mut values, &mut bytes);
            packer.row(&bytes).map_err(Stop::Write)?;
        }
        packer.finish().map_err(Stop::Write)
    }

    /// Puts the repaired pixels of row `y` into `values`, a stored row of the chunk that covers `rect`.
    fn repair(
        &self,
        chunk: Chunk,
        rect: PixelRect,
        y: u32,
        values: &mut [u16],
    ) -> Result<(), PageFault> {
        let Some(span) = repaired_span(self.restored, rect.x, y, rect.width) else {
            return Ok(());
        };
        let (layout, photo) = (self.layout, self.restored.photo);
        let repaired = (self.restored.pixels)(span);
        let colours = layout.colours;
        let channels = if layout.is_planar {
            chunk.plane..chunk.plane + 1
        } else {
            0..colours
        };
        let in_photo = photo.size().index(span.x, y);
        let in_row = (span.x - rect.x) as usize;
        let alpha = self.restored.alpha.values_of(span);
        for x in 0..span.width as usize {
            if alpha[x] == 0 {
                continue;
            }
            let stored = values[(in_row + x) * layout.chunk_samples()..].iter_mut();
            for (stored, channel) in stored.zip(channels.clone()) {
                let master = photo.samples().get((in_photo + x) * colours + channel);
                if *stored != as_stored(layout, master) {
                    return Err(OTHER_FILE);
                }
                *stored = as_stored(layout, repaired.get(x * colours + channel));
            }
        }
        Ok(())
    }

    /// Lets `entry` say `values`, of which those at `changed` are new: in place, or as another array at the file's end where
    /// the old one is too narrow or not the page's own.
    fn point(
        &self,
        entry: Entry,
        values: &[u64],
        changed: &[usize],
        claims: &Claims,
        file: &mut File,
    ) -> Result<(), Stop> {
        let room = Entry::room(self.tiff.is_big);
        let length = entry.stored_length();
        let role = Role::Values(entry.tag);
        let is_own = length <= room
            || !claims
                .besides(self.layout.directory_at, role)
                .meets(entry.values_at, entry.values_at.saturating_add(length));
        let value_bytes = entry.value_bytes();
        let new_value = |&index: &usize| {
            let bytes = self.tiff.to_bytes(values[index], value_bytes)?;
            Some((entry.values_at + index as u64 * value_bytes, bytes))
        };
        let fitting: Option<Vec<_>> = changed.iter().map(new_value).collect();
        if let Some(fitting) = fitting.filter(|_| is_own) {
            return fitting
                .iter()
                .try_for_each(|(at, bytes)| write_at(file, *at, bytes));
        }
        let too_long = || PageFault::Damaged("a position in it lies behind 4 GiB");
        let wide = values.iter().map(|&value| self.tiff.to_bytes(value, room));
        let array: Option<Vec<Vec<u8>>> = wide.collect();
        let array = array.ok_or_else(too_long)?.concat();
        let value = if array.len() as u64 == room {
            array
        } else {
            let start = append(file, &array, self.tiff.is_big)?;
            self.tiff.to_bytes(start, room).ok_or_else(too_long)?
        };
        let kind = u64::from(Entry::widest_kind(self.tiff.is_big));
        let kind = self.tiff.to_bytes(kind, 2).ok_or_else(too_long)?;
        write_at(file, entry.at + 2, &kind)?;
        // Behind tag, type and count.
        write_at(file, entry.at + 4 + room, &value)
    }
}

/// Which colour channels differ from the master's anywhere in `rect`.
fn changed_channels(restored: &Restored<'_>, rect: PixelRect) -> [bool; 3] {
    let mut changed = [false; 3];
    let photo = restored.photo;
    let colours = photo.channels().count();
    for y in rect.y..rect.bottom() {
        let Some(span) = repaired_span(restored, rect.x, y, rect.width) else {
            continue;
        };
        let repaired = (restored.pixels)(span);
        let start = photo.size().index(span.x, y);
        let alpha = restored.alpha.values_of(span);
        for at in 0..span.width as usize * colours {
            let differs = repaired.get(at) != photo.samples().get(start * colours + at);
            if differs && alpha[at / colours] > 0 {
                changed[at % colours] = true;
            }
        }
        if changed[..colours].iter().all(|&changed| changed) {
            break;
        }
    }
    changed
}
