//! Filled cells at halved sizes, for looking at a restored photo from afar. Pure; who makes them on which thread is decided elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::pyramid::{LEVEL_MAX, Pooling, Raster, eight_bits};
use crate::disposal::drop_apart;
use crate::geometry::{PixelRect, TileIndex};
use crate::photo::{Photo, Samples};
use crate::restore::{CELL_PX, FillCell, Restoration, composite_rect};

/// One filled cell and its picture at halved sizes.
pub struct CellPicture {
    cell: Arc<FillCell>,
    /// The turn it was ordered in.
    turn: u64,
    /// Levels 1 to [`LEVEL_MAX`], 8-bit code values.
    levels: Vec<Raster>,
}

/// Pictures to be made, with all that takes.
pub struct PictureOrder {
    photo: Arc<Photo>,
    restoration: Restoration,
    cells: Vec<Arc<FillCell>>,
    turn: u64,
}

impl PictureOrder {
    /// Makes them, on all threads there are.
    pub fn run(self) -> Vec<CellPicture> {
        let cells = self.cells.into_par_iter();
        cells
            .map(|cell| picture_of(&self.photo, &self.restoration, cell, self.turn))
            .collect()
    }
}

/// What [`CellPictures::follow`] found.
#[derive(Default)]
pub struct Followed {
    /// Cells without a fill now: they look different at every size.
    pub emptied: Vec<TileIndex>,
    /// Cells with another fill: they look different at full size; at others once their pictures are made.
    pub filled: Vec<TileIndex>,
    /// What is to be made, if anything.
    pub order: Option<PictureOrder>,
}

/// The pictures of all filled cells of one photo; while a new one is being made the old one is shown.
#[derive(Default)]
pub struct CellPictures {
    made: HashMap<TileIndex, CellPicture>,
    /// What is being made, with the turn it was ordered in: answers of earlier turns come too late.
    ordered: HashMap<TileIndex, (Arc<FillCell>, u64)>,
    turns: u64,
}

impl CellPictures {
    /// Follows `restoration`; in `repaired` (image px) cells look different although their fill is the same.
    pub fn follow(
        &mut self,
        photo: &Arc<Photo>,
        restoration: &Restoration,
        repaired: &[PixelRect],
    ) -> Followed {
        let is_there = |index: &TileIndex| {
            let cell = restoration.get(*index);
            cell.is_some_and(|cell| !cell.rect.is_empty())
        };
        let known = self.made.keys().chain(self.ordered.keys());
        let emptied: Vec<TileIndex> = known.filter(|it| !is_there(it)).copied().collect();
        let mut dropped = Vec::new();
        for index in &emptied {
            dropped.extend(self.made.remove(index));
            self.ordered.remove(index);
        }
        if !dropped.is_empty() {
            drop_apart(dropped);
        }
        let is_due = |cell: &&Arc<FillCell>| {
            let newest = self.newest(cell.index);
            let is_new = newest.is_none_or(|it| !Arc::ptr_eq(it, cell));
            let is_hit = |bounds: &PixelRect| !bounds.intersect(cell.rect).is_empty();
            !cell.rect.is_empty() && (is_new || repaired.iter().any(is_hit))
        };
        let cells: Vec<Arc<FillCell>> = restoration.cells().filter(is_due).cloned().collect();
        self.turns += 1;
        let turn = self.turns;
        for cell in &cells {
            self.ordered.insert(cell.index, (Arc::clone(cell), turn));
        }
        Followed {
            emptied,
            filled: cells.iter().map(|cell| cell.index).collect(),
            order: (!cells.is_empty()).then(|| PictureOrder {
                photo: Arc::clone(photo),
                restoration: restoration.clone(),
                cells,
                turn,
            }),
        }
    }

    /// Takes over what was made; returns the cells that look different now. What came too late is dropped.
    pub fn take(&mut self, pictures: Vec<CellPicture>) -> Vec<TileIndex> {
        let (mut changed, mut dropped) = (Vec::new(), Vec::new());
        for picture in pictures {
            let index = picture.cell.index;
            if self.ordered.get(&index).map(|(_, turn)| *turn) == Some(picture.turn) {
                self.ordered.remove(&index);
                dropped.extend(self.made.insert(index, picture));
                changed.push(index);
            }
        }
        if !dropped.is_empty() {
            drop_apart(dropped);
        }
        changed
    }

    /// The newest fill known of a cell, its picture made or not.
    fn newest(&self, index: TileIndex) -> Option<&Arc<FillCell>> {
        let ordered = self.ordered.get(&index).map(|(cell, _)| cell);
        ordered.or_else(|| self.made.get(&index).map(|it| &it.cell))
    }

    /// Whether any of a cell's fill lies in `rect` (image px).
    pub fn is_filled(&self, index: TileIndex, rect: PixelRect) -> bool {
        let newest = self.newest(index);
        newest.is_some_and(|cell| !cell.rect.intersect(rect).is_empty())
    }

    /// A cell's picture on `level`, 1 or more.
    pub fn level(&self, index: TileIndex, level: u8) -> Option<&Raster> {
        self.made
            .get(&index)?
            .levels
            .get(usize::from(level).checked_sub(1)?)
    }
}

fn picture_of(
    photo: &Photo,
    restoration: &Restoration,
    cell: Arc<FillCell>,
    turn: u64,
) -> CellPicture {
    let core = cell.index.rect(CELL_PX, photo.size());
    let mut raster = Raster {
        size: core.size(),
        channels: photo.channels().count(),
        values: restored_values(photo, restoration, core),
    };
    let levels = (0..LEVEL_MAX)
        .map(|_| {
            raster = raster.halved(Pooling::Mean);
            raster.clone()
        })
        .collect();
    CellPicture { cell, turn, levels }
}

/// Restored pixels of `rect` as interleaved 8-bit code values.
pub fn restored_values(photo: &Photo, restoration: &Restoration, rect: PixelRect) -> Vec<u8> {
    match composite_rect(photo, restoration, rect) {
        Samples::U8(values) => values,
        Samples::U16(values) => values.into_iter().map(eight_bits).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ImageSize;
    use crate::photo::{Channels, FileFormat, Metadata, Source};
    use crate::restore::RectFill;

    /// Where the fills made here lie in the first cell, and beyond.
    const AROUND: PixelRect = PixelRect::new(0, 0, 200, 200);

    fn photo() -> Arc<Photo> {
        let size = ImageSize::new(600, 256);
        let source = Source {
            path: "made in a test".into(),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(vec![10; size.pixel_count()]);
        let metadata = Metadata::default();
        Arc::new(Photo::new(size, Channels::Grey, samples, None, metadata, source).unwrap())
    }

    fn filled(column: u32, value: u16) -> Arc<FillCell> {
        let rect = PixelRect::new(column * CELL_PX + 64, 64, 64, 64);
        let count = rect.size().pixel_count();
        let values = RectFill {
            fill: vec![value; count],
            recovered: vec![0; count],
            alpha: vec![255; count],
        };
        let index = TileIndex::new(column, 0);
        Arc::new(FillCell::from_rect(
            index,
            u64::from(value),
            rect,
            1,
            &values,
        ))
    }

    #[test]
    fn an_old_picture_stays_until_the_new_one_is_there_and_a_late_one_is_dropped() {
        let photo = photo();
        let mut restoration = Restoration::default();
        let mut pictures = CellPictures::default();
        let at = TileIndex::new(0, 0);
        let value = |pictures: &CellPictures| {
            pictures
                .level(at, 3)
                .map(|it| it.values[it.size.index(10, 10)])
        };

        restoration.insert(filled(0, 60_000));
        let first = pictures.follow(&photo, &restoration, &[]);
        assert_eq!(first.filled, [at]);
        assert!(pictures.is_filled(at, AROUND) && value(&pictures).is_none());
        let again = pictures.follow(&photo, &restoration, &[]);
        assert!(again.order.is_none() && again.filled.is_empty());
        let first = first.order.unwrap().run();
        assert_eq!(pictures.take(first), [at]);
        let bright = value(&pictures).unwrap();
        assert!(bright > 200);

        restoration.insert(filled(0, 40_000));
        let late = pictures.follow(&photo, &restoration, &[]).order.unwrap();
        assert_eq!(value(&pictures), Some(bright));
        restoration.insert(filled(0, 5_000));
        let newest = pictures.follow(&photo, &restoration, &[]).order.unwrap();
        assert!(pictures.take(late.run()).is_empty());
        assert_eq!(value(&pictures), Some(bright));
        pictures.take(newest.run());
        assert!(value(&pictures).unwrap() < 50);

        assert!(!pictures.is_filled(at, PixelRect::new(130, 0, 40, 200)));
        let elsewhere = PixelRect::new(200, 0, 20, 20);
        let other = pictures.follow(&photo, &restoration, &[elsewhere]);
        assert!(other.filled.is_empty() && other.order.is_none());
        let hit = pictures.follow(&photo, &restoration, &[AROUND]);
        assert_eq!(hit.filled, [at]);
        assert_eq!(pictures.take(hit.order.unwrap().run()), [at]);

        let after = pictures.follow(&photo, &Restoration::default(), &[]);
        assert_eq!(after.emptied, [at]);
        assert!(after.order.is_none() && !pictures.is_filled(at, AROUND));
    }
}
