//! Journals against documents: what is read is what was done, whatever happens to the file.

mod folder;
mod replay;
mod torn;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use proptest::prelude::*;

use super::capture::{Capture, MasterId};
use super::storage::Storage;
use super::writer::Writer;
use crate::document::Document;
use crate::geometry::{ImageSize, PixelRect};
use crate::mask::{
    AreaRepair, Brush, BrushMode, Filling, LayerName, OwnFill, PixelRegion, Recipe, RecipeKind,
    Shape, SourcePiece, label,
};
use crate::photo::{Channels, FileFormat, Metadata, Photo, Samples, Source};

const SIZE: ImageSize = ImageSize::new(600, 520);

/// A file in memory with so much room.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    room: Option<usize>,
}

impl Memory {
    fn refuse(&self, len: usize) -> std::io::Result<()> {
        match self.room {
            Some(room) if len > room => Err(std::io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Storage for &mut Memory {
    fn replace(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        // Old and new file exist together for a moment.
        self.refuse(self.bytes.len() + bytes.len())?;
        self.bytes = bytes.to_vec();
        Ok(())
    }

    fn append(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes.truncate(at as usize);
        let refused = self.refuse(self.bytes.len() + bytes.len());
        let fits = self.room.unwrap_or(usize::MAX) - self.bytes.len();
        self.bytes.extend(&bytes[..bytes.len().min(fits)]);
        refused
    }
}

fn photo_at(path: &str, content: u8) -> Arc<Photo> {
    photo_page(path, content, 0)
}

fn photo_page(path: &str, content: u8, page: u32) -> Arc<Photo> {
    let samples = Samples::U8(vec![content; SIZE.pixel_count()]);
    let source = Source {
        path: PathBuf::from(path),
        format: FileFormat::Tiff,
        sha256: [content; 32],
        notes: Vec::new(),
    };
    let metadata = Metadata {
        page,
        ..Metadata::default()
    };
    Arc::new(Photo::new(SIZE, Channels::Grey, samples, None, metadata, source).unwrap())
}

fn document() -> Document {
    Document::new(photo_at("/photos/a.tif", 7))
}

fn capture(document: &Document) -> Capture {
    Capture {
        work: document.saved_work(),
        note: Arc::from(*b"zoom"),
        exported: false,
    }
}

fn writer<S: Storage>(storage: S) -> Writer<S> {
    let master = MasterId::of(document().photo());
    Writer::new(storage, master).with_limits(2000, 40_000)
}

fn put<S: Storage>(writer: &mut Writer<S>, document: &Document) {
    writer.write(capture(document), SystemTime::now()).unwrap();
}

/// What can be seen of a document: layers (as hashes, so that a failure can be read) and threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    layers: [u64; 3],
    /// What was decided for areas, in words.
    repairs: String,
    threshold: u8,
}

fn seen(document: &Document) -> Seen {
    Seen {
        layers: LayerName::ALL.map(|name| {
            let mut hasher = DefaultHasher::new();
            name.of(document.mask()).to_raster().hash(&mut hasher);
            hasher.finish()
        }),
        repairs: format!("{:?}", document.repairs().iter().collect::<Vec<_>>()),
        threshold: document.threshold(),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Line((f32, f32), (f32, f32), u8),
    Rectangle(PixelRect),
    Threshold(u8),
    Clear,
    /// Weakens the repair of a rectangle, and fills it with a value unless that is 0.
    Repair(PixelRect, u8, u16),
    /// Begins a stroke that the next step ends.
    Open(f32, f32),
    Undo,
    Redo,
}

fn any_step() -> impl Strategy<Value = Step> {
    let point = || (-20.0_f32..620.0, -20.0_f32..540.0);
    let rectangle = || (0_u32..500, 0_u32..400, 1_u32..100, 1_u32..100);
    let repair = (rectangle(), 13..=255_u8, 0_u16..3);
    prop_oneof![
        5 => (point(), point(), 0_u8..4).prop_map(|(from, to, mode)| Step::Line(from, to, mode)),
        3 => repair.prop_map(|((x, y, w, h), strength, value)| {
            Step::Repair(PixelRect::new(x, y, w, h), strength, value)
        }),
        2 => rectangle().prop_map(|(x, y, w, h)| Step::Rectangle(PixelRect::new(x, y, w, h))),
        2 => (1..=255_u8).prop_map(Step::Threshold),
        1 => Just(Step::Clear),
        2 => point().prop_map(|(x, y)| Step::Open(x, y)),
        4 => Just(Step::Undo),
        3 => Just(Step::Redo),
    ]
}

fn brush(mode: u8) -> Brush {
    let modes = [
        BrushMode::Paint,
        BrushMode::Erase,
        BrushMode::Protect,
        BrushMode::Unprotect,
    ];
    Brush {
        diameter_px: 24.0,
        hardness: 0.6,
        mode: modes[usize::from(mode) % 4],
    }
}

fn take(document: &mut Document, step: &Step) {
    document.commit();
    // Which drag a threshold belongs to is not kept.
    document.end_threshold_drag();
    match *step {
        Step::Line(from, to, mode) => {
            document.draw_line(&brush(mode), from, to);
        }
        Step::Rectangle(rect) => {
            let corner = |x: u32, y: u32| (x as f32, y as f32);
            let shape =
                Shape::Rectangle([corner(rect.x, rect.y), corner(rect.right(), rect.bottom())]);
            document.draw(BrushMode::Paint, &shape);
        }
        Step::Threshold(threshold) => {
            document.set_threshold(threshold);
        }
        Step::Repair(rect, strength, value) => {
            let flags = vec![true; rect.size().pixel_count()];
            let region = Arc::new(PixelRegion::from_rect(rect, &flags).unwrap());
            let own = || OwnFill {
                recipe: Recipe {
                    kind: RecipeKind::Suggested,
                    pieces: vec![SourcePiece {
                        rect,
                        dx: -3,
                        dy: 7,
                    }],
                    border: region.as_ref().clone(),
                },
                fill: vec![value; region.pixel_count() as usize],
            };
            let filling = (value > 0).then(|| Filling::Own(Arc::new(own())));
            let repair = AreaRepair {
                region: Arc::clone(&region),
                strength: Some(strength),
                filling,
            };
            // As a slider does.
            document.repair_area(label::AREA_STRENGTH, repair, true);
            document.end_repair_drag();
        }
        Step::Clear => {
            document.clear_mask();
        }
        Step::Open(x, y) => {
            document.begin_stroke(&brush(0), x, y);
            document.extend_stroke(x + 60.0, y + 30.0);
        }
        Step::Undo => {
            document.undo();
        }
        Step::Redo => {
            document.redo();
        }
    }
}
