//! JPEG 2000, as JP2 file and as bare codestream: pixels through `hayro-jpeg2000`, grey or RGB of 8 or 16 bits, nothing
//! converted. What stands around the codestream is read by `jp2_boxes`.

use std::io::Read as _;

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::jp2_boxes::{Boxes, Codestream};
use super::raster::{Sample, zeros};
use super::{Decoded, Fault, Input, jp2_codestream};
use crate::geometry::ImageSize;
use crate::io::limits::raster_bytes;
use crate::io::metadata::exif;
use crate::photo::{Channels, Metadata, Samples};

/// Bytes a sample the decoder takes for its coefficients, their transform and the values it hands out, all 32-bit floats.
const WORK_BYTES_A_SAMPLE: u64 = 12;

/// Decodes a JPEG 2000 picture.
pub fn decode(input: &mut Input) -> Result<Decoded, Fault> {
    if !input.limits.allow(input.file_bytes) {
        return Err(Fault::TooLarge {
            size: ImageSize::new(0, 0),
            needed_bytes: input.file_bytes,
        });
    }
    let mut file = Vec::new();
    (&mut input.file)
        .take(input.file_bytes)
        .read_to_end(&mut file)?;
    let boxes = Boxes::read(&file)?;
    let stored = Codestream::read(boxes.codestream)?;
    let layout = Layout::new(&boxes, &stored)?;
    let samples = stored.components as u64;
    let work = raster_bytes(stored.size, samples, WORK_BYTES_A_SAMPLE);
    let kept = raster_bytes(stored.size, samples, u64::from(stored.bits / 8));
    input.check_size(stored.size, work.saturating_add(kept), 0)?;

    let (samples, alpha) = if stored.bits == 8 {
        read_pixels::<u8>(boxes.codestream, &stored, &layout)?
    } else {
        read_pixels::<u16>(boxes.codestream, &stored, &layout)?
    };
    let mut left_behind = boxes.left_behind;
    left_behind.extend(jp2_codestream::look(boxes.codestream));
    if layout.has_more_channels {
        left_behind.push("Channels beside colour and alpha.".to_owned());
    }
    let stated = boxes.exif.as_deref();
    let metadata = Metadata {
        orientation: stated.and_then(exif::orientation).unwrap_or_default(),
        resolution: boxes
            .resolution
            .or_else(|| stated.and_then(exif::resolution)),
        icc: boxes.icc,
        xmp: boxes.xmp,
        iptc: boxes.iptc,
        premultiplied_alpha: layout
            .alpha
            .is_some_and(|(_, is_premultiplied)| is_premultiplied),
        exif: boxes.exif,
        left_behind,
        ..Metadata::default()
    };
    Ok(Decoded {
        size: stored.size,
        channels: layout.channels,
        samples,
        alpha,
        metadata,
        notes: Vec::new(),
    })
}

/// Which of the stored components are what.
struct Layout {
    channels: Channels,
    /// The component that is alpha, and whether colours are multiplied by it.
    alpha: Option<(usize, bool)>,
    has_more_channels: bool,
}

impl Layout {
    fn new(boxes: &Boxes<'_>, stored: &Codestream) -> Result<Self, Fault> {
        let channels = match (boxes.colours, stored.components) {
            (Some(channels), _) => channels,
            // A bare codestream says nothing of colours.
            (None, 1 | 2) => Channels::Grey,
            (None, _) => Channels::Rgb,
        };
        let colours = channels.count();
        if stored.components < colours {
            return Err(Fault::damaged("its colour channels are missing"));
        }
        let alpha = boxes.alpha(colours)?;
        if let Some((component, _)) = alpha
            && component >= stored.components
        {
            return Err(Fault::damaged("its transparency is missing"));
        }
        Ok(Self {
            channels,
            alpha,
            has_more_channels: stored.components > colours + usize::from(alpha.is_some()),
        })
    }
}

fn read_pixels<T: Sample + TryFrom<u32>>(
    codestream: &[u8],
    stored: &Codestream,
    layout: &Layout,
) -> Result<(Samples, Option<Samples>), Fault> {
    let settings = DecodeSettings {
        resolve_palette_indices: false,
        // Half a picture is none.
        strict: true,
        target_resolution: None,
    };
    let image = Image::new(codestream, &settings).map_err(Fault::damaged)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(Fault::damaged)?;
    let pixels = stored.size.pixel_count();
    let components = decoded.components();
    let is_whole = components.len() == stored.components
        && (image.width(), image.height()) == (stored.size.width, stored.size.height)
        && components.iter().all(|c| c.samples().len() == pixels);
    if !is_whole {
        return Err(Fault::damaged("its components have another size"));
    }
    let colours = layout.channels.count();
    let mut colour = zeros::<T>(pixels * colours, stored.size)?;
    for (channel, component) in components.iter().take(colours).enumerate() {
        let target = colour.iter_mut().skip(channel).step_by(colours);
        put(component.samples(), stored.bits, target);
    }
    let alpha = match layout.alpha {
        Some((component, _)) => {
            let mut alpha = zeros::<T>(pixels, stored.size)?;
            put(
                components[component].samples(),
                stored.bits,
                alpha.iter_mut(),
            );
            Some(T::wrap(alpha))
        }
        None => None,
    };
    Ok((T::wrap(colour), alpha))
}

/// Code values from the decoder's floats, which of a lossless picture are whole numbers.
fn put<'a, T: Sample + TryFrom<u32>>(
    values: &[f32],
    bits: u8,
    target: impl Iterator<Item = &'a mut T>,
) {
    let largest = (1_u32 << bits) - 1;
    for (target, value) in target.zip(values) {
        let value = (value.round().max(0.0) as u32).min(largest);
        *target = T::try_from(value).unwrap_or_default();
    }
}
