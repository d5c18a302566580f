//! Reads a journal as far as it is whole: the last state and what it refers to. Believes no number it has not checked.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use flate2::read::DeflateDecoder;

use super::capture::{Capture, MasterId, Recovered};
use super::fields::In;
use super::labels::lasting;
use super::record::{self, Kind, Records};
use super::repairs::{Exchanged, read_repair};
use crate::document::SavedWork;
use crate::geometry::{ImageSize, TileIndex};
use crate::mask::{
    AreaRepair, AreaRepairs, Edit, Editable, LayerName, MASK_TILE_BYTES, MASK_TILE_PX, Mask,
    MaskTile,
};

/// Largest picture believed, px a side.
const SIDE_MAX: u32 = 1 << 20;

/// What reading came to.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// This.
    Whole(T),
    /// A newer program wrote it.
    Newer,
    /// Not one state.
    Nothing,
}

/// Facts about a journal that need no tile.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    pub master: MasterId,
    pub saved_at: Duration,
    pub exported: bool,
    pub undo_steps: usize,
    pub has_marks: bool,
}

/// A tile's place: layer, then row, then column.
type Slot = (LayerName, u32, u32);

/// The numbers that a state is made of.
#[derive(Clone, Debug, Default)]
struct State {
    saved_at: Duration,
    exported: bool,
    threshold: u8,
    slots: BTreeMap<Slot, u32>,
    repairs: Vec<u32>,
    is_complete: bool,
    /// Undo and redo were to come with the next state.
    history_follows: bool,
    undo: Vec<u64>,
    redo: Vec<u64>,
    open: Option<OpenNumbers>,
    note: Vec<u8>,
}

/// An edit in progress: what differs from the last whole state.
#[derive(Clone, Debug)]
struct OpenNumbers {
    label: &'static str,
    threshold: u8,
    slots: Vec<(Slot, u32)>,
    repairs: Vec<u32>,
}

struct EditNumbers {
    label: &'static str,
    threshold: Option<u8>,
    slots: Vec<(Slot, u32)>,
    repairs: Option<Exchanged>,
}

/// What was read so far.
struct Reading<'a> {
    master: MasterId,
    grid: (u32, u32),
    /// Deflated values by number.
    tiles: HashMap<u32, &'a [u8]>,
    edits: HashMap<u64, EditNumbers>,
    repairs: HashMap<u32, Arc<AreaRepair>>,
    state: Option<State>,
    is_torn: bool,
}

/// The work in `file`, and whether something behind it could not be read.
pub(super) fn recover(file: &[u8]) -> Found<Recovered> {
    match read(file) {
        Found::Whole(reading) => match reading.recovered() {
            Some(recovered) => Found::Whole(recovered),
            None => Found::Nothing,
        },
        Found::Newer => Found::Newer,
        Found::Nothing => Found::Nothing,
    }
}

/// The facts about `file`.
pub(super) fn outline(file: &[u8]) -> Option<Outline> {
    let Found::Whole(reading) = read(file) else {
        return None;
    };
    let state = reading.state?;
    Some(Outline {
        master: reading.master,
        saved_at: state.saved_at,
        exported: state.exported,
        undo_steps: state.undo.len() + usize::from(state.open.is_some()),
        has_marks: !state.slots.is_empty() || !state.repairs.is_empty() || state.open.is_some(),
    })
}

fn read(file: &[u8]) -> Found<Reading<'_>> {
    let mut records = Records::new(file);
    let Some((Kind::Master, mut content)) = records.next() else {
        return Found::Nothing;
    };
    if content
        .u32()
        .is_some_and(|version| version > record::VERSION)
    {
        return Found::Newer;
    }
    let Some(master) = read_master(content) else {
        return Found::Nothing;
    };
    let columns = master.size.width.div_ceil(MASK_TILE_PX);
    let rows = master.size.height.div_ceil(MASK_TILE_PX);
    let mut reading = Reading {
        master,
        grid: (columns, rows),
        tiles: HashMap::new(),
        edits: HashMap::new(),
        repairs: HashMap::new(),
        state: None,
        is_torn: false,
    };
    // Records behind the last state belong to a write that was not finished.
    let mut is_finished = true;
    for (kind, content) in records.by_ref() {
        if reading.take(kind, content).is_none() {
            reading.is_torn = true;
            return Found::Whole(reading);
        }
        is_finished = kind == Kind::State;
    }
    let state = reading.state.as_ref();
    is_finished &= !state.is_some_and(|state| state.history_follows);
    reading.is_torn = records.unread() > 0 || !is_finished;
    Found::Whole(reading)
}

fn read_master(mut content: In<'_>) -> Option<MasterId> {
    let sha256 = content.bytes(32)?.try_into().ok()?;
    let page = content.u32()?;
    let size = ImageSize::new(content.u32()?, content.u32()?);
    let path = PathBuf::from(content.text()?);
    let side = 1..=SIDE_MAX;
    (side.contains(&size.width) && side.contains(&size.height)).then_some(MasterId {
        sha256,
        page,
        size,
        path,
    })
}

impl<'a> Reading<'a> {
    /// Takes a record over; `None`, with nothing changed, when it makes no sense.
    fn take(&mut self, kind: Kind, content: In<'a>) -> Option<()> {
        match kind {
            Kind::Master => None,
            Kind::Tile => self.take_tile(content),
            Kind::Edit => self.take_edit(content),
            Kind::State => self.take_state(content),
            Kind::Repair => self.take_repair(content),
        }
    }

    fn take_tile(&mut self, mut content: In<'a>) -> Option<()> {
        let number = content.u32().filter(|number| *number > 0)?;
        self.tiles.insert(number, content.0);
        Some(())
    }

    fn take_repair(&mut self, mut content: In<'a>) -> Option<()> {
        let number = content.u32().filter(|number| *number > 0)?;
        let repair = read_repair(&mut content, self.master.size)?;
        self.repairs.insert(number, Arc::new(repair));
        Some(())
    }

    fn take_edit(&mut self, mut content: In<'a>) -> Option<()> {
        // Later edits count on from here.
        let serial = content.u64().filter(|serial| *serial < u64::MAX / 2)?;
        let label = lasting(content.text()?);
        let threshold = Some(content.u8()?).filter(|threshold| *threshold > 0);
        let slots = self.read_slots(&mut content)?;
        let mut repairs = None;
        if content.u8()? != 0 {
            let numbers = self.read_repairs(&mut content)?;
            repairs = Some((numbers, content.u64()? as usize));
        }
        let edit = EditNumbers {
            label,
            threshold,
            slots,
            repairs,
        };
        self.edits.insert(serial, edit);
        Some(())
    }

    fn take_state(&mut self, mut content: In<'a>) -> Option<()> {
        let mut state = self.state.clone().unwrap_or_default();
        state.saved_at = Duration::from_millis(content.u64()?);
        let flags = content.u8()?;
        state.exported = flags & 1 != 0;
        state.is_complete = flags & 2 != 0;
        state.history_follows = flags & 4 != 0;
        state.threshold = content.u8().filter(|threshold| *threshold > 0)?;
        for (slot, tile) in self.read_slots(&mut content)? {
            if tile == 0 {
                state.slots.remove(&slot);
            } else {
                state.slots.insert(slot, tile);
            }
        }
        state.repairs = self.read_repairs(&mut content)?;
        let (dropped, kept) = (content.u32()? as usize, content.u32()? as usize);
        if dropped + kept > state.undo.len() {
            return None;
        }
        state.undo.drain(..dropped);
        state.undo.truncate(kept);
        state.undo.extend(self.read_serials(&mut content)?);
        let kept = content.u32()? as usize;
        if kept > state.redo.len() {
            return None;
        }
        state.redo.truncate(kept);
        state.redo.extend(self.read_serials(&mut content)?);
        state.open = None;
        if content.u8()? != 0 {
            state.open = Some(OpenNumbers {
                label: lasting(content.text()?),
                threshold: content.u8().filter(|threshold| *threshold > 0)?,
                slots: self.read_slots(&mut content)?,
                repairs: self.read_repairs(&mut content)?,
            });
        }
        state.note = content.blob()?.to_vec();
        self.state = Some(state);
        Some(())
    }

    fn read_serials(&self, content: &mut In<'_>) -> Option<Vec<u64>> {
        content.list(|content| {
            let serial = content.u64()?;
            self.edits.contains_key(&serial).then_some(serial)
        })
    }

    fn read_repairs(&self, content: &mut In<'_>) -> Option<Vec<u32>> {
        content.list(|content| {
            let number = content.u32()?;
            self.repairs.contains_key(&number).then_some(number)
        })
    }

    /// The repairs of these numbers, which are known.
    fn repairs_of(&self, numbers: &[u32]) -> AreaRepairs {
        let known = numbers.iter().filter_map(|number| self.repairs.get(number));
        AreaRepairs::from_shared(known.cloned().collect())
    }

    fn read_slots(&self, content: &mut In<'_>) -> Option<Vec<(Slot, u32)>> {
        content.list(|content| {
            let layer = *LayerName::ALL.get(usize::from(content.u8()?))?;
            let (column, row) = (content.u32()?, content.u32()?);
            let tile = content.u32()?;
            let is_inside = column < self.grid.0 && row < self.grid.1;
            let is_known = tile == 0 || self.tiles.contains_key(&tile);
            (is_inside && is_known).then_some(((layer, row, column), tile))
        })
    }

    /// The last state with its tiles; `None` when there is none or a tile is not what it should be.
    fn recovered(self) -> Option<Recovered> {
        let state = self.state.as_ref()?;
        // Each edit is one step: named again and again, a small file would become a large history.
        let mut serials: Vec<&u64> = state.undo.iter().chain(&state.redo).collect();
        serials.sort_unstable();
        if serials.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let mut tiles = Tiles {
            deflated: &self.tiles,
            made: HashMap::new(),
        };
        let mut mask = Mask::new(self.master.size);
        for (slot, number) in &state.slots {
            tiles.put(&mut mask, *slot, *number)?;
        }
        let editable = Editable {
            mask,
            threshold: state.threshold,
            repairs: self.repairs_of(&state.repairs),
        };
        let open = match &state.open {
            Some(open) => {
                let mut now = editable.clone();
                now.threshold = open.threshold;
                now.repairs = self.repairs_of(&open.repairs);
                for (slot, number) in &open.slots {
                    tiles.put(&mut now.mask, *slot, *number)?;
                }
                Some((open.label, now))
            }
            None => None,
        };
        let mut edits = |serials: &[u64]| -> Option<Vec<Arc<Edit>>> {
            serials
                .iter()
                .map(|serial| {
                    let numbers = self.edits.get(serial)?;
                    let repairs = numbers.repairs.as_ref();
                    let repairs = repairs.map(|(list, bytes)| (self.repairs_of(list), *bytes));
                    tiles.edit(*serial, numbers, repairs)
                })
                .collect()
        };
        let work = SavedWork {
            undo: edits(&state.undo)?,
            redo: edits(&state.redo)?,
            editable,
            open,
            is_complete: state.is_complete,
        };
        Some(Recovered {
            saved_at: UNIX_EPOCH.checked_add(state.saved_at)?,
            capture: Capture {
                work,
                note: state.note.clone().into(),
                exported: state.exported,
            },
            is_torn: self.is_torn,
            master: self.master,
        })
    }
}

/// Tiles, inflated when first asked for and shared from then on.
struct Tiles<'a> {
    deflated: &'a HashMap<u32, &'a [u8]>,
    made: HashMap<u32, Arc<MaskTile>>,
}

impl Tiles<'_> {
    /// The tile of that number, an empty one for 0.
    fn get(&mut self, number: u32) -> Option<TileOrEmpty> {
        if number == 0 {
            return Some(TileOrEmpty(None));
        }
        if let Some(tile) = self.made.get(&number) {
            return Some(TileOrEmpty(Some(Arc::clone(tile))));
        }
        let tile = Arc::new(inflated(self.deflated.get(&number)?)?);
        self.made.insert(number, Arc::clone(&tile));
        Some(TileOrEmpty(Some(tile)))
    }

    fn put(&mut self, mask: &mut Mask, slot: Slot, number: u32) -> Option<()> {
        let (layer, row, column) = slot;
        let TileOrEmpty(tile) = self.get(number)?;
        let index = TileIndex::new(column, row);
        layer.of_mut(mask).set_tile(index, tile).then_some(())
    }

    fn edit(
        &mut self,
        serial: u64,
        numbers: &EditNumbers,
        repairs: Option<(AreaRepairs, usize)>,
    ) -> Option<Arc<Edit>> {
        let tiles = numbers.slots.iter().map(|((layer, row, column), number)| {
            let TileOrEmpty(tile) = self.get(*number)?;
            Some((*layer, TileIndex::new(*column, *row), tile))
        });
        Some(Arc::new(Edit {
            serial,
            label: numbers.label,
            threshold: numbers.threshold,
            tiles: tiles.collect::<Option<Vec<_>>>()?,
            repairs,
        }))
    }
}

/// A tile, or `None` for one that is all 0.
struct TileOrEmpty(Option<Arc<MaskTile>>);

fn inflated(deflated: &[u8]) -> Option<MaskTile> {
    let mut values = Vec::with_capacity(MASK_TILE_BYTES);
    // One byte more than there may be, so that too many are noticed and no bomb goes off.
    let mut limited = DeflateDecoder::new(deflated).take(MASK_TILE_BYTES as u64 + 1);
    limited.read_to_end(&mut values).ok()?;
    MaskTile::from_values(values)
}
