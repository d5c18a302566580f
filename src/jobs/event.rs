//! What a job is called, what it is asked for and what it answers. No threads.

use std::path::PathBuf;
use std::sync::Arc;

use crate::geometry::{ImageSize, PixelPoint, PixelRect};
use crate::inference::{Engine, ModelIdentity, ProviderReport, Thresholds};
use crate::io::{ExportOptions, Preview};
use crate::mask::EffectiveMask;
use crate::photo::{Photo, TransferChoice};
use crate::restore::{CellPlan, ContextCache, Detection, FillCell, Restoration};

use super::{ExportReport, RecordRequest};

/// Names one job for as long as its [`super::JobSystem`] lives; later jobs have larger ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub(crate) u64);

/// "Decode this photo."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The file.
    pub path: PathBuf,
    /// Page of a TIFF, counted from 0; `None` for the first that is a picture of its own.
    pub page: Option<u32>,
    /// Whether it is taken for a linear scan.
    pub transfer: TransferChoice,
}

impl From<PathBuf> for OpenRequest {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            page: None,
            transfer: TransferChoice::default(),
        }
    }
}

/// "Bring these stale cells up to date."
#[derive(Clone)]
pub struct FillRequest {
    /// The master.
    pub photo: Arc<Photo>,
    /// What is to be repaired.
    pub mask: EffectiveMask,
    /// The document's revision `mask` was taken at; comes back with every event.
    pub revision: u64,
    /// Where the person looks or paints, image px: cells near it come first.
    pub focus: Option<PixelPoint>,
    /// The cells to fill.
    pub stale: Vec<CellPlan>,
    /// Stage 1's contexts of this photo.
    pub contexts: Arc<ContextCache>,
}

/// "Write the restored photo to a file." Cells still stale are filled first.
#[derive(Clone)]
pub struct ExportRequest {
    /// The master.
    pub photo: Arc<Photo>,
    /// What is to be repaired.
    pub mask: EffectiveMask,
    /// What is filled already.
    pub restoration: Restoration,
    /// Stage 1's contexts of this photo.
    pub contexts: Arc<ContextCache>,
    /// The derivative to write.
    pub target: PathBuf,
    /// Its format, and whether an existing file may be replaced (the mask's too).
    pub options: ExportOptions,
    /// Where the composite's α goes, if anywhere; a dossier has its own name for it.
    pub mask_target: Option<PathBuf>,
    /// What the export is to say of itself; `None`: nothing.
    pub record: Option<RecordRequest>,
}

/// "Read or write the mask alone."
#[derive(Clone, Debug)]
pub enum MaskFileRequest {
    /// Read a mask for a photo of this size.
    Load {
        /// The mask's file.
        path: PathBuf,
        /// The photo's size; another one is refused.
        size: ImageSize,
    },
    /// Write the mask as it acts.
    Save {
        /// The file, PNG or TIFF by its name.
        target: PathBuf,
        /// What is to be repaired.
        mask: EffectiveMask,
        /// The master, for resolution and orientation.
        photo: Arc<Photo>,
        /// Whether an existing file may be replaced.
        overwrite: bool,
    },
}

/// What the loaded engine is.
#[derive(Clone, Debug)]
pub struct EngineInfo {
    /// Which execution provider really runs the networks, and why not another.
    pub provider: ProviderReport,
    /// Stage 1 and stage 2.
    pub models: [ModelIdentity; 2],
    /// Stage 1's thresholds.
    pub thresholds: Thresholds,
    /// Version of ONNX Runtime; `None` for fakes.
    pub runtime_version: Option<String>,
    /// What [`crate::restore::plan_fill`] needs to know of stage 2, px.
    pub fill_halo_px: u32,
    /// Whether stage 2 reads stage 1's context.
    pub fill_uses_context: bool,
}

impl From<&Engine> for EngineInfo {
    fn from(engine: &Engine) -> Self {
        Self {
            provider: engine.provider().clone(),
            models: engine.models(),
            runtime_version: engine.runtime().map(|runtime| runtime.version.clone()),
            thresholds: engine.detector_manifest().thresholds,
            fill_halo_px: engine.filler_manifest().halo_px,
            fill_uses_context: engine.filler_manifest().uses_context,
        }
    }
}

/// What the worker threads have to say; [`super::JobSystem::drain`] hands it out in order.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// Both networks are loaded.
    EngineReady(EngineInfo),
    /// The networks could not be loaded: what happened and what to do. Jobs that need them will fail with the same text.
    EngineFailed(String),
    /// The engine goes on in another way, for instance with smaller tiles or on the CPU.
    EngineChanged {
        /// As it is now.
        info: EngineInfo,
        /// What happened and what follows, a sentence.
        message: String,
    },
    /// Something can be seen of a photo that is still being decoded; for the eye alone.
    Previewed {
        /// The job.
        id: JobId,
        /// What there is.
        preview: Arc<Preview>,
    },
    /// A photo was decoded.
    Opened {
        /// The job.
        id: JobId,
        /// The master.
        photo: Arc<Photo>,
    },
    /// Stage 1 is done.
    Detected {
        /// The job.
        id: JobId,
        /// The probability map and where it came from.
        detection: Arc<Detection>,
    },
    /// One cell is filled; more may follow.
    CellFilled {
        /// The job.
        id: JobId,
        /// Revision of the request.
        revision: u64,
        /// The cell.
        cell: Arc<FillCell>,
    },
    /// Every cell asked for is filled.
    Filled {
        /// The job.
        id: JobId,
        /// Revision of the request.
        revision: u64,
        /// Wall time since the request, s.
        seconds: f64,
    },
    /// The files are written and verified.
    Exported {
        /// The job.
        id: JobId,
        /// What was written and measured.
        report: Arc<ExportReport>,
    },
    /// Part of the photo was searched again.
    AreaSearched {
        /// The job.
        id: JobId,
        /// Where.
        area: PixelRect,
        /// Probability times 255, row-major.
        values: Arc<Vec<u8>>,
    },
    /// A mask was read.
    MaskLoaded {
        /// The job.
        id: JobId,
        /// Row-major, of the photo's size, 255 = repair.
        values: Arc<Vec<u8>>,
    },
    /// A mask was written.
    MaskSaved {
        /// The job.
        id: JobId,
        /// The file.
        path: PathBuf,
    },
    /// The job was cancelled or superseded: no error, nothing is lost.
    Cancelled {
        /// The job.
        id: JobId,
    },
    /// The job failed.
    Failed {
        /// The job.
        id: JobId,
        /// What was attempted, a few words: "The photo could not be opened".
        title: String,
        /// What happened, to which file, and what to do.
        message: String,
    },
}
