//! What an export would lose, said before anything is written. Writes no file.

use std::io::Cursor;

use super::tiff_patch::{can_patch, foretell_old_copies, why_not_patched};
use super::{OutputFormat, Picture, View, edited_xmp, encode};
use crate::geometry::ImageSize;
use crate::io::metadata::provenance::XmpEdit;
use crate::photo::{BitDepth, FileFormat, Photo};

/// Why a TIFF of a TIFF's `photo` is no patched copy of its file, the sentence an export will begin its list with; `None` for
/// a patched copy, and for whatever is no TIFF of a TIFF.
pub fn foretell_rewriting(photo: &Photo, format: OutputFormat) -> Option<String> {
    let is_tiff = photo.source().format == FileFormat::Tiff && format == OutputFormat::Tiff;
    is_tiff.then(|| why_not_patched(photo)).flatten()
}

/// What a derivative of `photo` in `format` cannot carry, as sentences: the very list an export will report, after
/// [`foretell_rewriting`].
///
/// A TIFF that can be patched loses nothing, but smaller copies of the page in it may keep the old picture. Otherwise a single pixel is encoded in memory with all of the photo's metadata, so
/// prophecy and outcome come from the same code.
pub fn foretell_losses(photo: &Photo, format: OutputFormat) -> Vec<String> {
    if format == OutputFormat::Tiff && can_patch(photo) {
        return foretell_old_copies(photo);
    }
    let one_pixel = match photo.depth() {
        BitDepth::Eight => View::U8(&[0; 3]),
        BitDepth::Sixteen => View::U16(&[0; 3]),
    };
    let picture = Picture {
        size: ImageSize::new(1, 1),
        channels: photo.channels(),
        samples: one_pixel.first(photo.channels().count()).into(),
        alpha: photo.alpha().map(|_| one_pixel.first(1)),
        metadata: photo.metadata(),
    };
    let mut losses = Vec::new();
    if let Err(failure) = encode(&picture, format, &mut Cursor::new(Vec::new()), &mut losses) {
        // The export itself will fail too, and say why.
        tracing::debug!("the losses of {} are not known: {failure:?}", format.name());
    }
    losses
}

/// Bytes of the longest text that names models, threshold and masked pixels: more than three models need.
const PARAMETERS_BYTES: usize = 500;

/// Why a derivative of `photo` in `format` could not say in XMP what was done to it, as the sentence an export reports; `None`
/// when it can. Near the limit of a JPEG's segment it may warn of what then just fits.
pub fn foretell_history(photo: &Photo, format: OutputFormat) -> Option<String> {
    let name = photo.path().file_name().unwrap_or_default();
    let edit = XmpEdit {
        is_filled: true,
        when: "2000-01-01T00:00:00Z".to_owned(),
        software_agent: concat!("Unscratch ", env!("CARGO_PKG_VERSION")).to_owned(),
        parameters: " ".repeat(PARAMETERS_BYTES),
        master_name: name.to_string_lossy().into_owned(),
        // The longest term there is.
        digital_source_type: Some(
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
        ),
    };
    edited_xmp(photo, format, &edit).err()
}
