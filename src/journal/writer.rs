//! Brings a journal up to date with the work: what is new since the last state is appended, or all of it written anew.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::capture::{Capture, MasterId};
use super::fields::Out;
use super::record::{self, Kind, MARK};
use super::repairs::{self, RepairNumbers};
use super::storage::Storage;
use crate::document::SavedWork;
use crate::geometry::TileIndex;
use crate::mask::{Edit, Editable, LayerName, MaskTile};

/// A journal below this size is never written anew, bytes.
const COMPACT_FROM: u64 = 8 << 20;
/// Beyond that, it is once it is this many times as large as its last snapshot.
const COMPACT_GROWTH: u64 = 3;
/// Undo steps go into a snapshot, the newest first, until it has this size, bytes.
const SNAPSHOT_MAX: usize = 48 << 20;
/// Longest note kept, bytes.
const NOTE_MAX: usize = 64 << 10;

/// Writes one journal.
pub(super) struct Writer<S> {
    storage: S,
    master: MasterId,
    /// What the file holds; `None` before the first snapshot.
    held: Option<Held>,
    compact_from: u64,
    snapshot_max: usize,
}

/// What a journal's file holds.
struct Held {
    capture: Capture,
    /// Serials of the undo and redo steps in the file.
    undo: Vec<u64>,
    redo: Vec<u64>,
    tiles: TileNumbers,
    repairs: RepairNumbers,
    len: u64,
    snapshot_len: u64,
}

/// Which tiles are in the file, under which number.
#[derive(Default)]
struct TileNumbers {
    /// By address; a `Weak` keeps the address from being used again.
    known: HashMap<usize, (u32, Weak<MaskTile>)>,
    last: u32,
    /// Those not yet in the file for certain.
    fresh: Vec<usize>,
}

impl TileNumbers {
    /// The number of `tile`, 0 for none; a tile that is new goes into `out` first.
    fn number(&mut self, out: &mut Vec<u8>, tile: Option<&Arc<MaskTile>>) -> u32 {
        let Some(tile) = tile else {
            return 0;
        };
        let address = Arc::as_ptr(tile).addr();
        if let Some((number, _)) = self.known.get(&address) {
            return *number;
        }
        self.last += 1;
        let mut content = Out::default();
        content.u32(self.last);
        content.bytes(&deflated(tile.values()));
        record::push(out, Kind::Tile, &content.0);
        self.known
            .insert(address, (self.last, Arc::downgrade(tile)));
        self.fresh.push(address);
        self.last
    }

    /// The fresh tiles are in the file.
    fn keep(&mut self) {
        self.fresh.clear();
        // Tiles nobody holds any more are never asked for again.
        if self.known.len() > 4096 {
            self.known.retain(|_, (_, tile)| tile.strong_count() > 0);
        }
    }

    /// The fresh tiles are not in the file.
    fn forget(&mut self) {
        for address in self.fresh.drain(..) {
            self.known.remove(&address);
        }
    }
}

pub(super) fn deflated(values: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    encoder
        .write_all(values)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

impl<S: Storage> Writer<S> {
    /// For the journal of `master` in `storage`; the first write replaces what is there.
    pub fn new(storage: S, master: MasterId) -> Self {
        Self {
            storage,
            master,
            held: None,
            compact_from: COMPACT_FROM,
            snapshot_max: SNAPSHOT_MAX,
        }
    }

    /// With other limits, bytes: from which size on it is written anew, and how large a snapshot may be.
    #[cfg(test)]
    pub fn with_limits(mut self, compact_from: u64, snapshot_max: usize) -> Self {
        (self.compact_from, self.snapshot_max) = (compact_from, snapshot_max);
        self
    }

    /// The storage, to see what a full disk did to it.
    #[cfg(test)]
    pub const fn storage(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Makes the file hold `capture`. After a failure it holds what it held, and the next call tries everything again.
    pub fn write(&mut self, capture: Capture, now: SystemTime) -> std::io::Result<()> {
        let grown = self.held.as_ref().is_some_and(|held| {
            held.len > self.compact_from.max(COMPACT_GROWTH * held.snapshot_len)
        });
        if self.held.is_none() {
            return self.snapshot(capture, now);
        }
        // A disk may have room for a record and not for a second journal.
        if grown && self.snapshot(capture.clone(), now).is_ok() {
            return Ok(());
        }
        match self.append(capture.clone(), now) {
            // Somebody took the file away.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.snapshot(capture, now)
            }
            outcome => outcome,
        }
    }

    fn snapshot(&mut self, capture: Capture, now: SystemTime) -> std::io::Result<()> {
        let mut out = MARK.to_vec();
        record::push(&mut out, Kind::Master, &master_content(&self.master));
        let mut held = Held::nothing(&capture.work);
        let pushed = |edits: &[Arc<Edit>]| edits.iter().map(|edit| edit.serial).collect();
        let mut slots = held.put_differences(&mut out, &capture.work);
        if !capture.work.undo.is_empty() || !capture.work.redo.is_empty() {
            // Right behind what it is made of: a file cut short costs undo, not the marks.
            let marks_alone = Stacks {
                history_follows: true,
                ..Stacks::default()
            };
            Held::put_state(&mut out, &capture, &marks_alone, &slots, now);
            let [whole, _] = &mut slots;
            // The same tiles need not be named twice.
            whole.slots.clear();
        }
        for edit in &capture.work.redo {
            held.put_edit(&mut out, edit);
        }
        // The newest are worth most.
        let undo = &capture.work.undo;
        let mut first = undo.len();
        while first > 0 && out.len() < self.snapshot_max {
            first -= 1;
            held.put_edit(&mut out, &undo[first]);
        }
        let stacks = Stacks {
            undo_pushed: pushed(&undo[first..]),
            redo_pushed: pushed(&capture.work.redo),
            is_complete: first == 0 && capture.work.is_complete,
            ..Stacks::default()
        };
        Held::put_state(&mut out, &capture, &stacks, &slots, now);
        self.storage.replace(&out)?;
        held.take(capture, &stacks);
        held.len = out.len() as u64;
        held.snapshot_len = held.len;
        self.held = Some(held);
        Ok(())
    }

    fn append(&mut self, capture: Capture, now: SystemTime) -> std::io::Result<()> {
        let Some(held) = &mut self.held else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        let mut out = Vec::new();
        let slots = held.put_differences(&mut out, &capture.work);
        let stacks = held.compare(&capture.work);
        let pushed: HashSet<u64> = stacks
            .undo_pushed
            .iter()
            .chain(&stacks.redo_pushed)
            .copied()
            .collect();
        let edits = capture.work.undo.iter().chain(&capture.work.redo);
        for edit in edits.filter(|edit| pushed.contains(&edit.serial)) {
            held.put_edit(&mut out, edit);
        }
        Held::put_state(&mut out, &capture, &stacks, &slots, now);
        let outcome = self.storage.append(held.len, &out);
        if outcome.is_ok() {
            held.take(capture, &stacks);
            held.len += out.len() as u64;
        } else {
            held.tiles.forget();
            held.repairs.forget();
        }
        outcome
    }
}

/// How undo and redo changed since the last state.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stacks {
    /// Oldest undo steps that are gone.
    undo_dropped: usize,
    /// Steps after those that stay.
    undo_kept: usize,
    undo_pushed: Vec<u64>,
    redo_kept: usize,
    redo_pushed: Vec<u64>,
    /// Whether undo in the file reaches the photo as it was opened.
    is_complete: bool,
    /// Whether another state, with the steps of undo and redo, is still to come in the same write.
    history_follows: bool,
}

/// Tiles that differ: layer, place, number of the tile or 0.
type Slots = Vec<(LayerName, TileIndex, u32)>;

/// What a state says of an [`Editable`].
#[derive(Debug, Default)]
struct Differences {
    slots: Slots,
    /// All repairs by their numbers; they are few.
    repairs: Vec<u32>,
}

impl Differences {
    fn put(&self, content: &mut Out) {
        put_list(content, &self.slots);
        repairs::put_numbers(content, &self.repairs);
    }
}

impl Held {
    /// A file that holds no work yet on the photo of `work`.
    fn nothing(work: &SavedWork) -> Self {
        Self {
            capture: Capture {
                work: SavedWork::new(work.editable.mask.size(), work.editable.threshold),
                note: Arc::from([]),
                exported: false,
            },
            undo: Vec::new(),
            redo: Vec::new(),
            tiles: TileNumbers::default(),
            repairs: RepairNumbers::default(),
            len: 0,
            snapshot_len: 0,
        }
    }

    /// The file holds `capture` now.
    fn take(&mut self, capture: Capture, stacks: &Stacks) {
        self.undo.drain(..stacks.undo_dropped);
        self.undo.truncate(stacks.undo_kept);
        self.undo.extend(&stacks.undo_pushed);
        self.redo.truncate(stacks.redo_kept);
        self.redo.extend(&stacks.redo_pushed);
        self.capture = capture;
        self.tiles.keep();
        self.repairs.keep();
    }

    /// Serials grow from the bottom of each stack to its top, and no content keeps its serial when it changes.
    fn compare(&self, work: &SavedWork) -> Stacks {
        let common = |held: &[u64], now: &[Arc<Edit>]| {
            let pairs = held.iter().zip(now);
            pairs.take_while(|(held, now)| **held == now.serial).count()
        };
        let serials = |edits: &[Arc<Edit>]| edits.iter().map(|edit| edit.serial).collect();
        let oldest = work.undo.first().map_or(u64::MAX, |edit| edit.serial);
        let dropped = self.undo.partition_point(|serial| *serial < oldest);
        let held = &self.undo[dropped..];
        // Steps too old for the last snapshot.
        let before = held.first().copied().unwrap_or(0);
        let mut skipped = work.undo.partition_point(|edit| edit.serial < before);
        let kept = common(held, &work.undo[skipped..]);
        if kept == 0 {
            skipped = 0;
        }
        let redo_kept = common(&self.redo, &work.redo);
        Stacks {
            undo_dropped: dropped,
            undo_kept: kept,
            undo_pushed: serials(&work.undo[skipped + kept..]),
            redo_kept,
            redo_pushed: serials(&work.redo[redo_kept..]),
            is_complete: work.is_complete && skipped == 0,
            history_follows: false,
        }
    }

    /// Puts the tiles and repairs that the file does not hold into `out`; returns where they go, in the last whole edit and
    /// in the one in progress.
    fn put_differences(&mut self, out: &mut Vec<u8>, work: &SavedWork) -> [Differences; 2] {
        let before = self.capture.work.editable.clone();
        let whole = Differences {
            slots: differing(&mut self.tiles, out, &before, &work.editable),
            repairs: self.repairs.numbers(out, &work.editable.repairs),
        };
        let open = work.open.as_ref().map(|(_, now)| Differences {
            slots: differing(&mut self.tiles, out, &work.editable, now),
            repairs: self.repairs.numbers(out, &now.repairs),
        });
        [whole, open.unwrap_or_default()]
    }

    fn put_edit(&mut self, out: &mut Vec<u8>, edit: &Edit) {
        let Edit {
            serial,
            label,
            threshold,
            tiles,
            repairs,
        } = edit;
        let slots: Slots = tiles
            .iter()
            .map(|(layer, index, tile)| {
                let number = self.tiles.number(out, tile.as_ref());
                (*layer, *index, number)
            })
            .collect();
        let mut content = Out::default();
        content.u64(*serial);
        content.blob(label.as_bytes());
        content.u8(threshold.unwrap_or(0));
        put_list(&mut content, &slots);
        let listed = repairs
            .as_ref()
            .map(|(repairs, bytes)| (self.repairs.numbers(out, repairs), *bytes));
        repairs::put_exchanged(&mut content, listed.as_ref());
        record::push(out, Kind::Edit, &content.0);
    }

    fn put_state(
        out: &mut Vec<u8>,
        capture: &Capture,
        stacks: &Stacks,
        [whole, open]: &[Differences; 2],
        now: SystemTime,
    ) {
        let mut content = Out::default();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        content.u64(since.as_millis() as u64);
        let flags = [capture.exported, stacks.is_complete, stacks.history_follows];
        let bits = flags.iter().rev();
        content.u8(bits.fold(0, |all, flag| all << 1 | u8::from(*flag)));
        content.u8(capture.work.editable.threshold);
        whole.put(&mut content);
        content.u32(stacks.undo_dropped as u32);
        content.u32(stacks.undo_kept as u32);
        put_serials(&mut content, &stacks.undo_pushed);
        content.u32(stacks.redo_kept as u32);
        put_serials(&mut content, &stacks.redo_pushed);
        match &capture.work.open {
            Some((label, now)) => {
                content.u8(1);
                content.blob(label.as_bytes());
                content.u8(now.threshold);
                open.put(&mut content);
            }
            None => content.u8(0),
        }
        let note = &capture.note[..capture.note.len().min(NOTE_MAX)];
        content.blob(note);
        record::push(out, Kind::State, &content.0);
    }
}

fn differing(
    tiles: &mut TileNumbers,
    out: &mut Vec<u8>,
    before: &Editable,
    now: &Editable,
) -> Slots {
    let mut slots = Slots::new();
    for name in LayerName::ALL {
        let layer = name.of(&now.mask);
        for index in name.of(&before.mask).changed_tiles(layer) {
            let number = tiles.number(out, layer.tile(index));
            slots.push((name, index, number));
        }
    }
    slots
}

fn put_list(out: &mut Out, slots: &Slots) {
    out.u32(slots.len() as u32);
    for (layer, index, tile) in slots {
        out.u8(*layer as u8);
        out.u32(index.column);
        out.u32(index.row);
        out.u32(*tile);
    }
}

fn put_serials(out: &mut Out, serials: &[u64]) {
    out.u32(serials.len() as u32);
    for serial in serials {
        out.u64(*serial);
    }
}

fn master_content(master: &MasterId) -> Vec<u8> {
    let MasterId {
        sha256,
        page,
        size,
        path,
    } = master;
    let mut content = Out::default();
    content.u32(record::VERSION);
    content.bytes(sha256);
    content.u32(*page);
    content.u32(size.width);
    content.u32(size.height);
    content.blob(path.to_string_lossy().as_bytes());
    content.0
}
