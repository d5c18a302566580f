//! Fills on their way into a file, all there or arriving while it is written: blends rows when they are asked for and counts
//! what changed. Writes nothing.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::geometry::PixelRect;
use crate::io::RowSource;
use crate::mask::MaskLayer;
use crate::photo::{Photo, Samples};
use crate::restore::{FillCell, Restoration, composite_rect};

use super::compare::{Comparison, compare};

/// The fills of a photo that is still being filled, from top to bottom, while another thread writes it.
#[derive(Debug)]
pub struct ArrivingFills {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    restoration: Restoration,
    /// Rows above this one will not change any more.
    settled_rows: u32,
    has_ended: bool,
    /// How long the writer has waited.
    waited: Duration,
}

impl Default for ArrivingFills {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                // Nothing is undone here: a cache would only double the memory.
                restoration: Restoration::new(0),
                settled_rows: 0,
                has_ended: false,
                waited: Duration::ZERO,
            }),
            changed: Condvar::new(),
        }
    }
}

impl ArrivingFills {
    /// One more cell; no row above `settled_rows` will change after it.
    pub fn insert(&self, cell: FillCell, settled_rows: u32) {
        let mut state = self.lock();
        state.restoration.insert(cell.into());
        if settled_rows > state.settled_rows {
            state.settled_rows = settled_rows;
            self.changed.notify_all();
        }
    }

    /// Ends the arriving when the guard is dropped, be it by a panic: who waits for rows that will not come any more gets an
    /// error instead.
    pub fn end_on_drop(&self) -> EndOnDrop<'_> {
        EndOnDrop(self)
    }

    /// All that has arrived.
    pub fn restoration(&self) -> Restoration {
        self.lock().restoration.clone()
    }

    /// How long the writer waited for fills.
    pub(super) fn waited(&self) -> Duration {
        self.lock().waited
    }

    /// Whether rows above `height` are missing and will not come.
    pub(super) fn is_incomplete(&self, height: u32) -> bool {
        let state = self.lock();
        state.has_ended && state.settled_rows < height
    }

    /// Waits until no row above `end` will change any more.
    fn wait_for(&self, end: u32) -> std::io::Result<()> {
        let started = Instant::now();
        let is_pending = |state: &mut State| state.settled_rows < end && !state.has_ended;
        let state = self.changed.wait_while(self.lock(), is_pending);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.waited += started.elapsed();
        state.settled_to(end)
    }

    /// The composite of `rect`; never waits.
    fn composite(&self, photo: &Photo, rect: PixelRect) -> std::io::Result<Samples> {
        let state = self.lock();
        state.settled_to(rect.bottom())?;
        let restoration = state.restoration.clone();
        drop(state);
        Ok(composite_rect(photo, &restoration, rect))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settled_to(&self, end: u32) -> std::io::Result<()> {
        if self.settled_rows < end {
            return Err(std::io::Error::other(
                "rows that are not filled were asked for",
            ));
        }
        Ok(())
    }
}

/// Says that no more fills come.
#[derive(Debug)]
#[must_use = "the arriving ends when this is dropped"]
pub struct EndOnDrop<'a>(&'a ArrivingFills);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.changed.notify_all();
    }
}

/// Where the fills of an export are.
#[derive(Clone, Copy)]
pub(super) enum Fills<'a> {
    Ready(&'a Restoration),
    Arriving(&'a ArrivingFills),
}

impl Fills<'_> {
    fn composite(self, photo: &Photo, rect: PixelRect) -> std::io::Result<Samples> {
        match self {
            Self::Ready(restoration) => Ok(composite_rect(photo, restoration, rect)),
            Self::Arriving(fills) => fills.composite(photo, rect),
        }
    }

    /// How long the writing waited for fills.
    pub fn waited(self) -> Duration {
        match self {
            Self::Ready(_) => Duration::ZERO,
            Self::Arriving(fills) => fills.waited(),
        }
    }

    /// Whether some fills will never come.
    pub fn is_incomplete(self, photo: &Photo) -> bool {
        match self {
            Self::Ready(_) => false,
            Self::Arriving(fills) => fills.is_incomplete(photo.size().height),
        }
    }
}

/// The composite, made row by row; each row is compared with the master when it is first asked for.
pub(super) struct Composite<'a> {
    photo: &'a Photo,
    fills: Fills<'a>,
    /// α of the whole photo.
    alpha: &'a MaskLayer,
    compared: Mutex<Compared>,
}

struct Compared {
    is_row_compared: Vec<bool>,
    found: Comparison,
}

impl<'a> Composite<'a> {
    /// # Panics
    /// When `alpha` is not of the photo's size.
    pub fn new(photo: &'a Photo, fills: Fills<'a>, alpha: &'a MaskLayer) -> Self {
        let size = photo.size();
        assert_eq!(alpha.size(), size, "α of the photo");
        Self {
            photo,
            fills,
            alpha,
            compared: Mutex::new(Compared {
                is_row_compared: vec![false; size.height as usize],
                found: Comparison::default(),
            }),
        }
    }

    /// What differs from the master in the rows asked for so far: in all of them once the picture is written.
    pub fn found(&self) -> Comparison {
        self.lock().found
    }

    /// Compares those of the rows from `first` on that nobody has asked for yet; true when the promise is kept.
    fn compare_new(&self, first: u32, samples: &Samples) -> bool {
        let size = self.photo.size();
        let width = size.width as usize;
        let rows = samples.len() / (width * self.photo.channels().count());
        let new: Vec<usize> = {
            let mut compared = self.lock();
            let is_new = |row: &usize| {
                let place = &mut compared.is_row_compared[first as usize + row];
                !std::mem::replace(place, true)
            };
            (0..rows).filter(is_new).collect()
        };
        let mut found = Comparison::default();
        // Rows side by side are compared together.
        for run in new.chunk_by(|a, b| a + 1 == *b) {
            let (from, to) = (run[0], run[0] + run.len());
            let y = first + from as u32;
            let start = size.index(0, y);
            let rows = PixelRect::new(0, y, size.width, run.len() as u32);
            let alpha = self.alpha.values_of(rows);
            found = found.plus(compare(
                self.photo,
                start,
                &alpha,
                samples,
                from * width..to * width,
            ));
        }
        let mut compared = self.lock();
        compared.found = compared.found.plus(found);
        compared.found.changed_outside == 0
    }

    fn lock(&self) -> MutexGuard<'_, Compared> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowSource for Composite<'_> {
    fn wait_for(&self, end: u32) -> std::io::Result<()> {
        match self.fills {
            Fills::Ready(_) => Ok(()),
            Fills::Arriving(fills) => fills.wait_for(end),
        }
    }

    fn rows(&self, first: u32, end: u32) -> std::io::Result<Samples> {
        let rect = PixelRect::new(0, first, self.photo.size().width, end - first);
        let samples = self.fills.composite(self.photo, rect)?;
        if self.compare_new(first, &samples) {
            Ok(samples)
        } else {
            Err(std::io::Error::other(
                "pixels outside the mask would change",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::geometry::{ImageSize, TileIndex};
    use crate::photo::{Channels, FileFormat, Metadata, Source};
    use crate::restore::RectFill;

    const SIZE: ImageSize = ImageSize::new(4, 600);

    fn photo() -> Photo {
        let source = Source {
            path: PathBuf::from("made in a test"),
            format: FileFormat::Png,
            sha256: [0; 32],
            notes: Vec::new(),
        };
        let samples = Samples::U8(vec![7; SIZE.pixel_count()]);
        let metadata = Metadata::default();
        Photo::new(SIZE, Channels::Grey, samples, None, metadata, source).unwrap()
    }

    /// A cell of which one row is filled with white.
    fn cell(row: u32, y: u32) -> FillCell {
        let values = RectFill {
            fill: vec![65_535; 4],
            alpha: vec![255; 4],
            recovered: vec![0; 4],
        };
        let rect = PixelRect::new(0, y, 4, 1);
        FillCell::from_rect(TileIndex::new(0, row), 1, rect, 1, &values)
    }

    #[test]
    fn rows_wait_for_their_fills_and_are_counted_once() {
        let photo = photo();
        let fills = ArrivingFills::default();
        let mut alpha = MaskLayer::new(SIZE);
        alpha.write_row(0, 300, &[255; 4]);
        let composite = Composite::new(&photo, Fills::Arriving(&fills), &alpha);
        std::thread::scope(|scope| {
            let all = scope.spawn(|| {
                composite.wait_for(600)?;
                composite.rows(0, 600).map(drop)
            });
            let _end = fills.end_on_drop();
            fills.insert(cell(1, 300), 600);
            all.join().unwrap().unwrap();
        });
        assert_eq!(composite.rows(300, 301).unwrap(), Samples::U8(vec![255; 4]));
        let found = composite.found();
        assert_eq!((found.changed, found.changed_outside), (4, 0));
        assert!(!fills.is_incomplete(600));
    }

    #[test]
    fn rows_that_will_never_come_are_an_error_and_those_above_are_not() {
        let photo = photo();
        let fills = ArrivingFills::default();
        let alpha = MaskLayer::from_raster(SIZE, &vec![255; SIZE.pixel_count()]);
        let composite = Composite::new(&photo, Fills::Arriving(&fills), &alpha);
        fills.insert(cell(0, 3), 256);
        drop(fills.end_on_drop());
        assert!(composite.rows(0, 256).is_ok());
        assert!(composite.wait_for(256).is_ok());
        assert!(composite.wait_for(257).is_err());
        assert!(composite.rows(0, 257).is_err());
        assert!(fills.is_incomplete(600));
    }

    #[test]
    fn a_change_where_alpha_is_0_ends_the_writing() {
        let photo = photo();
        let fills = ArrivingFills::default();
        let alpha = MaskLayer::new(SIZE);
        let composite = Composite::new(&photo, Fills::Arriving(&fills), &alpha);
        fills.insert(cell(1, 300), 600);
        assert!(composite.rows(0, 300).is_ok());
        assert!(composite.rows(299, 301).is_err());
        assert_eq!(composite.found().changed_outside, 4);
    }
}
