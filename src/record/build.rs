//! From a finished restoration to its record and to what the derivative's XMP says. Pure but for the clock.

use std::num::NonZeroU32;
use std::time::SystemTime;

use super::names::file_name;
use super::repairs::repair_records;
use super::schema::{
    AreaOrigin, AreaRecord, DerivativeFile, FileHash, FillKind, MasterFile, MetadataRecord, Model,
    Options, PictureFacts, PixelCounts, Program, Record, RectRecord, ResolutionRecord, Runtime,
    SCHEMA, SCHEMA_VERSION, WindowRecord,
};
use super::source_type::digital_source_term;
use super::{DossierNames, RecordError};
use crate::geometry::{PixelRect, TileIndex};
use crate::inference::{ModelIdentity, ProviderKind};
use crate::io::{XmpEdit, hex};
use crate::mask::{AreaRepairs, EffectiveMask, Origin, areas};
use crate::photo::{Channels, FileFormat, Photo, ResolutionUnit};
use crate::restore::{FillWindow, Restoration, fill_windows};

/// Who restored the photo, why, and with what.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Who, if given.
    pub operator: Option<String>,
    /// Why, if given.
    pub reason: Option<String>,
    /// When the work began.
    pub started: SystemTime,
    /// Stage 1 and stage 2; empty when no network was loaded.
    pub models: Vec<ModelIdentity>,
    /// Version of ONNX Runtime, if known.
    pub runtime_version: Option<String>,
    /// What really ran the networks, if they ran.
    pub provider: Option<ProviderKind>,
    /// Probability from which a pixel counted as damage, as asked for.
    pub threshold: Option<f32>,
    /// File name of the mask given instead of detecting.
    pub mask_file: Option<String>,
}

/// What was written, and what was measured on it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The derivative.
    pub derivative: DerivativeFile,
    /// SHA-256 of the mask file.
    pub mask_sha256: String,
    /// SHA-256 of the picture of the changes.
    pub changes_sha256: String,
    /// Pixels counted.
    pub pixels: PixelCounts,
    /// What the derivative's XMP says.
    pub metadata: MetadataRecord,
    /// What its format could not carry.
    pub not_carried: Vec<String>,
}

/// The record of a restoration whose files are `names`.
///
/// # Errors
/// [`RecordError::Name`] when a file's name is no Unicode.
pub fn build_record(
    photo: &Photo,
    mask: &EffectiveMask,
    restoration: &Restoration,
    circumstances: &Circumstances,
    names: &DossierNames,
    written: Written,
) -> Result<Record, RecordError> {
    let file = |path, sha256| {
        Ok::<_, RecordError>(FileHash {
            file: file_name(path)?,
            sha256,
        })
    };
    Ok(Record {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION,
        program: Program {
            name: "Unscratch".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        started: utc(circumstances.started),
        finished: utc(SystemTime::now()),
        operator: circumstances.operator.clone(),
        reason: circumstances.reason.clone(),
        master: master(photo)?,
        picture: picture(photo),
        derivative: written.derivative,
        mask: file(&names.mask, written.mask_sha256)?,
        changes: file(&names.changes, written.changes_sha256)?,
        models: models(circumstances),
        runtime: circumstances.provider.map(|provider| Runtime {
            name: "ONNX Runtime".to_owned(),
            version: circumstances.runtime_version.clone(),
            provider: provider.name().to_owned(),
        }),
        options: Options {
            threshold: circumstances.threshold,
            threshold_8bit: mask.detected().map(|(_, threshold)| *threshold),
            mask_file: circumstances.mask_file.clone(),
            random_seed: None,
        },
        pixels: written.pixels,
        areas: area_records(mask, restoration.repairs()),
        repairs: repair_records(restoration.repairs()),
        fill_windows: windows(restoration),
        metadata: written.metadata,
        not_carried: written.not_carried,
        notes: photo.source().notes.clone(),
    })
}

fn master(photo: &Photo) -> Result<MasterFile, RecordError> {
    let source = photo.source();
    Ok(MasterFile {
        file: file_name(&source.path)?,
        format: source.format.name().to_owned(),
        sha256: hex(&source.sha256),
        page: (source.format == FileFormat::Tiff)
            .then(|| NonZeroU32::MIN.saturating_add(photo.metadata().page)),
        orientation: photo.metadata().orientation.tag(),
        resolution: photo.metadata().resolution.map(|resolution| {
            let unit = match resolution.unit {
                ResolutionUnit::Inch => "inch",
                ResolutionUnit::Centimetre => "centimetre",
                ResolutionUnit::None => "none",
            };
            ResolutionRecord {
                x: resolution.x,
                y: resolution.y,
                unit: unit.to_owned(),
            }
        }),
    })
}

fn picture(photo: &Photo) -> PictureFacts {
    PictureFacts {
        width: photo.size().width,
        height: photo.size().height,
        bit_depth: photo.depth().bits(),
        channels: match photo.channels() {
            Channels::Grey => "grey",
            Channels::Rgb => "rgb",
        }
        .to_owned(),
        has_alpha: photo.alpha().is_some(),
        linear: photo.transfer().is_linear(),
    }
}

fn models(circumstances: &Circumstances) -> Vec<Model> {
    let models = circumstances.models.iter();
    models
        .map(|model| Model {
            id: model.id.clone(),
            sha256: model.sha256.clone(),
        })
        .collect()
}

fn area_records(mask: &EffectiveMask, repairs: &AreaRepairs) -> Vec<AreaRecord> {
    let record = |area: crate::mask::Area| {
        let bounds = area.component.bounds;
        AreaRecord {
            x: bounds.x,
            y: bounds.y,
            width: bounds.width,
            height: bounds.height,
            pixels: area.component.area_px,
            origin: match area.origin {
                Origin::Detected => AreaOrigin::Detected,
                Origin::Drawn => AreaOrigin::Drawn,
                Origin::Both => AreaOrigin::Both,
                Origin::Erased => AreaOrigin::ErasedByPerson,
                Origin::Protected => AreaOrigin::ProtectedByPerson,
            },
            fill: match area.own_px {
                _ if !area.origin.is_repaired() => FillKind::None,
                0 => FillKind::Network,
                own if own == area.component.area_px => FillKind::Photo,
                _ => FillKind::NetworkAndPhoto,
            },
            strength: area
                .origin
                .is_repaired()
                .then(|| f32::from(area.least_strength) / 255.0),
        }
    };
    areas(mask, repairs).into_iter().map(record).collect()
}

fn windows(restoration: &Restoration) -> Vec<WindowRecord> {
    let windows = fill_windows(restoration).into_iter();
    windows
        .map(|window| WindowRecord {
            x: window.read.x,
            y: window.read.y,
            width: window.read.width,
            height: window.read.height,
            cells: window.cells.iter().map(|i| [i.column, i.row]).collect(),
            piece: window.piece.map(|piece| RectRecord {
                x: piece.x,
                y: piece.y,
                width: piece.width,
                height: piece.height,
            }),
        })
        .collect()
}

/// The windows that `record` says were read, to be read again.
pub fn recorded_windows(record: &Record) -> Vec<FillWindow> {
    let windows = record.fill_windows.iter();
    windows
        .map(|window| FillWindow {
            read: PixelRect::new(window.x, window.y, window.width, window.height),
            cells: window
                .cells
                .iter()
                .map(|&[column, row]| TileIndex::new(column, row))
                .collect(),
            piece: window
                .piece
                .map(|piece| PixelRect::new(piece.x, piece.y, piece.width, piece.height)),
        })
        .collect()
}

/// What the derivative's XMP is to say. Where no pixel was filled, the digital source type stays the master's.
///
/// # Errors
/// [`RecordError::Name`] when the master's name is no Unicode.
pub fn xmp_edit(
    photo: &Photo,
    mask: &EffectiveMask,
    restoration: &Restoration,
    circumstances: &Circumstances,
) -> Result<XmpEdit, RecordError> {
    let term = digital_source_term(restoration);
    let mut parameters = vec![format!("master SHA-256 {}", hex(&photo.source().sha256))];
    for model in &circumstances.models {
        parameters.push(format!("model {} SHA-256 {}", model.id, model.sha256));
    }
    if let Some((_, threshold)) = mask.detected() {
        parameters.push(format!("threshold {threshold}/255"));
    }
    parameters.push(format!("masked pixels {}", mask.masked_pixels()));
    Ok(XmpEdit {
        is_filled: term.is_some(),
        when: utc(SystemTime::now()),
        software_agent: concat!("Unscratch ", env!("CARGO_PKG_VERSION")).to_owned(),
        parameters: parameters.join("; "),
        master_name: file_name(photo.path())?,
        digital_source_type: term,
    })
}

/// Whole seconds in UTC, such as `2026-01-02T03:04:05Z`.
fn utc(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_utc_in_whole_seconds() {
        // Source: `date -u -d @951782399.9`.
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(951_782_399_900);
        assert_eq!(utc(time), "2000-02-28T23:59:59Z");
    }
}
