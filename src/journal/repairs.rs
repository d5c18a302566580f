//! What was decided for single areas, as records: regions, strengths, fills and how they were made.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Weak};

use flate2::read::DeflateDecoder;

use super::fields::{In, Out};
use super::record::{self, Kind};
use super::writer::deflated;
use crate::geometry::{ImageSize, PixelRect};
use crate::mask::{
    AreaRepair, AreaRepairs, Filling, OwnFill, PixelRegion, Recipe, RecipeKind, RegionSpan,
    SourcePiece,
};

/// Which repairs are in the file, under which number.
#[derive(Default)]
pub(super) struct RepairNumbers {
    /// By address; a `Weak` keeps the address from being used again.
    known: HashMap<usize, (u32, Weak<AreaRepair>)>,
    last: u32,
    /// Those not yet in the file for certain.
    fresh: Vec<usize>,
}

impl RepairNumbers {
    /// The numbers of `repairs`; what is new goes into `out` first.
    pub fn numbers(&mut self, out: &mut Vec<u8>, repairs: &AreaRepairs) -> Vec<u32> {
        repairs
            .iter()
            .map(|repair| self.number(out, repair))
            .collect()
    }

    fn number(&mut self, out: &mut Vec<u8>, repair: &Arc<AreaRepair>) -> u32 {
        let address = Arc::as_ptr(repair).addr();
        if let Some((number, _)) = self.known.get(&address) {
            return *number;
        }
        self.last += 1;
        let mut content = Out::default();
        content.u32(self.last);
        put_repair(&mut content, repair);
        record::push(out, Kind::Repair, &content.0);
        self.known
            .insert(address, (self.last, Arc::downgrade(repair)));
        self.fresh.push(address);
        self.last
    }

    /// The fresh ones are in the file.
    pub fn keep(&mut self) {
        self.fresh.clear();
        self.known
            .retain(|_, (_, repair)| repair.strong_count() > 0);
    }

    /// The fresh ones are not in the file.
    pub fn forget(&mut self) {
        for address in self.fresh.drain(..) {
            self.known.remove(&address);
        }
    }
}

/// The repairs that an edit exchanges: their numbers, and the bytes they count for.
pub(super) type Exchanged = (Vec<u32>, usize);

pub(super) fn put_exchanged(out: &mut Out, exchanged: Option<&Exchanged>) {
    let Some((numbers, bytes)) = exchanged else {
        out.u8(0);
        return;
    };
    out.u8(1);
    put_numbers(out, numbers);
    out.u64(*bytes as u64);
}

pub(super) fn put_numbers(out: &mut Out, numbers: &[u32]) {
    out.u32(numbers.len() as u32);
    for number in numbers {
        out.u32(*number);
    }
}

fn put_repair(out: &mut Out, repair: &AreaRepair) {
    let AreaRepair {
        region,
        strength,
        filling,
    } = repair;
    put_region(out, region);
    out.u8(strength.unwrap_or(0));
    match filling {
        None => out.u8(0),
        Some(Filling::Network) => out.u8(1),
        Some(Filling::Own(own)) => {
            out.u8(2);
            put_fill(out, own);
        }
    }
}

fn put_fill(out: &mut Out, OwnFill { recipe, fill }: &OwnFill) {
    let Recipe {
        kind,
        pieces,
        border,
    } = recipe;
    out.u8(match kind {
        RecipeKind::Chosen => 0,
        RecipeKind::Suggested => 1,
        RecipeKind::ShowsThrough => 2,
    });
    out.u32(pieces.len() as u32);
    for SourcePiece { rect, dx, dy } in pieces {
        for side in [rect.x, rect.y, rect.width, rect.height] {
            out.u32(side);
        }
        out.i32(*dx);
        out.i32(*dy);
    }
    put_region(out, border);
    let samples: Vec<u8> = fill
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    out.u32(fill.len() as u32);
    out.blob(&deflated(&samples));
}

fn put_region(out: &mut Out, region: &PixelRegion) {
    out.u32(region.spans().len() as u32);
    for span in region.spans() {
        out.u32(span.y);
        out.u32(span.x);
        out.u32(span.len);
    }
}

/// A repair of a photo of `size`; `None` when it makes no sense for that.
pub(super) fn read_repair(content: &mut In<'_>, size: ImageSize) -> Option<AreaRepair> {
    let region = read_region(content, size)?;
    let strength = Some(content.u8()?).filter(|strength| *strength > 0);
    let filling = match content.u8()? {
        0 => None,
        1 => Some(Filling::Network),
        2 => Some(Filling::Own(Arc::new(read_fill(content, &region, size)?))),
        _ => return None,
    };
    Some(AreaRepair {
        region: Arc::new(region),
        strength,
        filling,
    })
}

fn read_fill(content: &mut In<'_>, region: &PixelRegion, size: ImageSize) -> Option<OwnFill> {
    let kind = match content.u8()? {
        0 => RecipeKind::Chosen,
        1 => RecipeKind::Suggested,
        2 => RecipeKind::ShowsThrough,
        _ => return None,
    };
    let pieces = content.list(|content| {
        let [x, y, width, height] = [
            content.u32()?,
            content.u32()?,
            content.u32()?,
            content.u32()?,
        ];
        let is_inside =
            x.checked_add(width)? <= size.width && y.checked_add(height)? <= size.height;
        let rect = PixelRect::new(x, y, width, height);
        let (dx, dy) = (content.i32()?, content.i32()?);
        is_inside.then_some(SourcePiece { rect, dx, dy })
    })?;
    let border = read_region(content, size)?;
    let count = content.u32()? as usize;
    // Grey or RGB; which of them, the document knows.
    let pixels = region.pixel_count() as usize;
    if count != pixels && count != 3 * pixels {
        return None;
    }
    let mut samples = Vec::new();
    let limited = DeflateDecoder::new(content.blob()?);
    limited
        .take(2 * count as u64 + 1)
        .read_to_end(&mut samples)
        .ok()?;
    let (pairs, rest) = samples.as_chunks::<2>();
    (pairs.len() == count && rest.is_empty()).then(|| OwnFill {
        recipe: Recipe {
            kind,
            pieces,
            border,
        },
        fill: pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect(),
    })
}

fn read_region(content: &mut In<'_>, size: ImageSize) -> Option<PixelRegion> {
    let spans = content.list(|content| {
        let (y, x, len) = (content.u32()?, content.u32()?, content.u32()?);
        let is_inside = y < size.height && x.checked_add(len)? <= size.width;
        is_inside.then_some(RegionSpan { y, x, len })
    })?;
    PixelRegion::from_spans(spans)
}
