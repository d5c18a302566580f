//! The fields of `NAME.restoration.json`, version 4. Their names are a promise to archives: see `docs/restoration-record.md`.

use std::num::NonZeroU32;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::RecordError;

/// What `schema` says in every record.
pub const SCHEMA: &str = "unscratch-restoration-record";
/// The version written, and the newest that is read.
pub const SCHEMA_VERSION: u32 = 4;
/// Longest record read, bytes: more than a million areas.
const LONGEST_BYTES: u64 = 256 << 20;

/// A whole record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the derivative.
    pub program: Program,
    /// When the work began (window: when the export was asked for), UTC, ISO 8601.
    pub started: String,
    /// When all files but the manifest were complete, UTC, ISO 8601.
    pub finished: String,
    /// Who restored the photo, if given.
    pub operator: Option<String>,
    /// Why, if given.
    pub reason: Option<String>,
    /// The file restored.
    pub master: MasterFile,
    /// Size and depth, the same in master, mask and derivative.
    pub picture: PictureFacts,
    /// The restored photo.
    pub derivative: DerivativeFile,
    /// α: how strongly the fill shows, 0 = the master's pixel.
    pub mask: FileHash,
    /// The picture of the changes.
    pub changes: FileHash,
    /// Stage 1 and stage 2; empty when no network had to run.
    pub models: Vec<Model>,
    /// What ran them; `null` when no network had to run.
    pub runtime: Option<Runtime>,
    /// How the mask was made.
    pub options: Options,
    /// Pixels counted on the written file (a lossy one: before compression).
    pub pixels: PixelCounts,
    /// What was decided, area by area.
    pub areas: Vec<AreaRecord>,
    /// What a person decided for single areas, in order, later ones over earlier ones; absent from older records.
    #[serde(default)]
    pub repairs: Vec<RepairRecord>,
    /// What each fill was made from: needed to make exactly the same fill again.
    pub fill_windows: Vec<WindowRecord>,
    /// What the derivative's own metadata say of all this.
    pub metadata: MetadataRecord,
    /// What the derivative's format could not carry, as sentences.
    pub not_carried: Vec<String>,
    /// What reading the master changed or left aside, as sentences.
    pub notes: Vec<String>,
}

/// Name and version of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// "Unscratch".
    pub name: String,
    /// Such as `0.1.0`.
    pub version: String,
}

/// The master.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MasterFile {
    /// File name without folders.
    pub file: String,
    /// `TIFF`, `PNG`, `JPEG` …
    pub format: String,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Page of a TIFF that was restored, counted from 1; `null` for other formats, absent from older records.
    #[serde(default)]
    pub page: Option<NonZeroU32>,
    /// EXIF/TIFF orientation, 1 to 8; pixels are never turned.
    pub orientation: u16,
    /// Pixels a unit of length, if stated.
    pub resolution: Option<ResolutionRecord>,
}

/// Pixels a unit of length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolutionRecord {
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
    /// `inch`, `centimetre` or `none`.
    pub unit: String,
}

/// Size and depth, stored order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureFacts {
    /// Px.
    pub width: u32,
    /// Px.
    pub height: u32,
    /// 8 or 16 bits a sample.
    pub bit_depth: u8,
    /// `grey` or `rgb`.
    pub channels: String,
    /// Whether there is an alpha channel, which is never changed.
    pub has_alpha: bool,
    /// Whether it was taken for a linear scan; absent from records of versions before 4, when nothing was.
    #[serde(default)]
    pub linear: bool,
}

/// The derivative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivativeFile {
    /// File name without folders.
    pub file: String,
    /// `TIFF`, `PNG` or `JPEG`.
    pub format: String,
    /// Of the whole file.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    /// Whether compression changed pixels outside the mask too.
    pub lossy: bool,
    /// JPEG quality, 1 to 100; `null` when lossless, and for a JPEG coded with its JPEG master's own tables and subsampling. Earlier
    /// versions of the program wrote `null` for the default of 95 too.
    pub quality: Option<u8>,
    /// Largest difference that compression made, code values; 0 when lossless.
    pub largest_difference: u16,
    /// The same where the mask is 0, against the master; 0 when lossless. Absent from records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_difference_outside_mask: Option<u16>,
    /// Smaller copies of the page in a patched copy of a TIFF that were repaired with it; absent from records of version 1.
    #[serde(default)]
    pub renewed_reduced_copies: usize,
}

/// A file of the dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// File name without folders.
    pub file: String,
    /// Of the whole file.
    pub sha256: String,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// The manifest's id.
    pub id: String,
    /// Of the model file.
    pub sha256: String,
}

/// What ran the models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// "ONNX Runtime".
    pub name: String,
    /// Such as `1.31.1`; `null` when it is not known.
    pub version: Option<String>,
    /// The execution provider that really ran.
    pub provider: String,
}

/// How the mask was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Probability from which a pixel counted as damage; `null` without detection.
    pub threshold: Option<f32>,
    /// The same as it acted on the 8-bit probability map, 1 to 255.
    pub threshold_8bit: Option<u8>,
    /// Name of the mask file given instead of detecting.
    pub mask_file: Option<String>,
    /// Always `null`: nothing is left to chance.
    pub random_seed: Option<u64>,
}

/// Counts of pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelCounts {
    /// Mask value at least 128, before it is grown.
    pub masked: u64,
    /// α above 0.
    pub blended: u64,
    /// Different from the master.
    pub changed: u64,
    /// Different from the master although α is 0: always 0.
    pub changed_outside_mask: u64,
}

/// One connected piece of the mask, or of what a person took out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AreaRecord {
    /// Left edge of the smallest rectangle around it, px, stored order.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Pixels of the area itself.
    pub pixels: u64,
    /// Who decided.
    pub origin: AreaOrigin,
    /// What it was filled with.
    pub fill: FillKind,
    /// How strongly the fill shows where it shows least, 1 = in full; absent from older records.
    #[serde(default)]
    pub strength: Option<f32>,
}

/// Who decided on an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaOrigin {
    /// The network alone.
    Detected,
    /// A person: painted, or given as a mask file.
    Drawn,
    /// Both.
    Both,
    /// Found or painted, then erased by a person.
    ErasedByPerson,
    /// Found or painted, but protected by a person.
    ProtectedByPerson,
}

/// What an area was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillKind {
    /// Stage 2's network.
    Network,
    /// Other pixels of the photo: see [`RepairRecord`].
    Photo,
    /// Partly the network, partly other pixels of the photo.
    NetworkAndPhoto,
    /// Nothing: left as it is.
    None,
}

/// What a person decided for one area. What is `null` was left as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepairRecord {
    /// Left edge of the smallest rectangle around it, px.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Pixels of the area.
    pub pixels: u64,
    /// How strongly the fill shows, above 0 to 1.
    pub strength: Option<f32>,
    /// What fills it.
    pub fill: Option<RepairFill>,
    /// Where the fill comes from.
    #[serde(default)]
    pub sources: Vec<SourceRecord>,
    /// The area's pixels, as runs.
    pub region: String,
    /// The known pixels at its border, as runs; `null` when the network fills it.
    #[serde(default)]
    pub border: Option<String>,
}

/// What fills an area that a person decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairFill {
    /// Stage 2's network again.
    Network,
    /// Pixels of the photo from where a person pointed.
    ChosenSource,
    /// Pixels of the photo that the program found to fit.
    SuggestedSource,
    /// The area's own pixels without the tone of the damage.
    ShowsThrough,
}

/// A rectangle of an area, and how far from its pixels their sources lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Left edge, px.
    pub x: u32,
    /// Upper edge, px.
    pub y: u32,
    /// Px.
    pub width: u32,
    /// Px.
    pub height: u32,
    /// Px to the right.
    pub dx: i32,
    /// Px downward.
    pub dy: i32,
}

/// A window that stage 2 read at once, and the cells filled from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRecord {
    /// Left edge, px.
    pub x: u32,
    /// Upper edge, px.
    pub y: u32,
    /// Px.
    pub width: u32,
    /// Px.
    pub height: u32,
    /// Column and row of each cell of 256 px.
    pub cells: Vec<[u32; 2]>,
    /// The pixels of the only cell that were taken from this window, when memory was so short that the cell was filled in
    /// pieces; absent otherwise, and from records of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub piece: Option<RectRecord>,
}

/// A rectangle, stored order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RectRecord {
    /// Left edge, px.
    pub x: u32,
    /// Upper edge, px.
    pub y: u32,
    /// Px.
    pub width: u32,
    /// Px.
    pub height: u32,
}

/// What was written into the derivative's XMP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataRecord {
    /// Whether the packet says what was done; else it is the master's, untouched.
    pub xmp_extended: bool,
    /// The IPTC digital source type written; `null` when the master's (if any) was left.
    pub digital_source_type: Option<String>,
    /// The one the master stated.
    pub master_digital_source_type: Option<String>,
    /// The master's own `xmpMM:DerivedFrom`, which was replaced: its fields as `name=value`, of paths the file names only;
    /// `null` when it had none or it was left. Missing from records of earlier versions.
    #[serde(default)]
    pub master_derived_from: Option<String>,
}

impl Record {
    /// As the file holds it: indented JSON with a line break at the end.
    ///
    /// # Errors
    /// [`RecordError::Json`].
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads a record; no name in it can lead out of its folder.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let io = |source| RecordError::Io {
            source,
            path: path.to_path_buf(),
        };
        let bytes = std::fs::metadata(path).map_err(io)?.len();
        if bytes > LONGEST_BYTES {
            return Err(RecordError::TooLong {
                bytes,
                path: path.to_path_buf(),
            });
        }
        Self::parse(&std::fs::read(path).map_err(io)?, path)
    }

    /// As [`Self::read`], from the content of the file at `path`, which is only named in errors.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn parse(json: &[u8], path: &Path) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
            schema_version: u32,
        }
        let wrong = |reason: String| RecordError::NotARecord {
            reason,
            path: path.to_path_buf(),
        };
        let head: Head = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        if head.schema != SCHEMA {
            return Err(wrong(format!("its schema is {:?}", head.schema)));
        }
        if head.schema_version > SCHEMA_VERSION {
            return Err(RecordError::Version {
                version: head.schema_version,
                path: path.to_path_buf(),
            });
        }
        let record: Self =
            serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        let files = [
            &record.master.file,
            &record.derivative.file,
            &record.mask.file,
            &record.changes.file,
        ];
        if let Some(name) = files.into_iter().find(|name| !is_plain(name)) {
            return Err(wrong(format!("{name:?} is no plain file name")));
        }
        Ok(record)
    }
}

/// Whether a name means a file beside the record, and nothing else.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let only = parts.next();
    let is_one = parts.next().is_none() && matches!(only, Some(Component::Normal(_)));
    is_one && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert!(is_plain("a b.tif"));
        for name in ["", ".", "..", "../a", "/a", "a/b", "a/", "a\\b", "./a"] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn every_digit_of_a_number_survives_being_written_and_read() {
        for text in [
            "30111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111110.0",
            "3.0111111111111112e97",
        ] {
            let read: f64 = serde_json::from_str(text).unwrap();
            let again: f64 = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
            assert_eq!(read.to_bits(), again.to_bits(), "{text}");
            assert_eq!(
                read.to_bits(),
                text.parse::<f64>().unwrap().to_bits(),
                "{text}"
            );
        }
    }

    #[test]
    fn other_files_and_newer_records_are_told_apart() {
        let parse = |json: &str| Record::parse(json.as_bytes(), Path::new("r")).unwrap_err();
        assert!(matches!(parse("[1]"), RecordError::NotARecord { .. }));
        assert!(matches!(
            parse(r#"{"schema": "another", "schema_version": 1}"#),
            RecordError::NotARecord { .. }
        ));
        assert!(matches!(
            parse(r#"{"schema": "unscratch-restoration-record", "schema_version": 5}"#),
            RecordError::Version { version: 5, .. }
        ));
    }
}
