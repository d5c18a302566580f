//! `detect`: the damage as a mask of 0 and 255, not grown, and the probability behind it.

use super::Stop;
use super::args::DetectArgs;
use super::plan::{refuse_mask_name, refuse_same_or_original, refuse_target};
use super::restore::restore_stop;
use super::session::Session;
use crate::io::{remove_output, save_mask, save_mask_layer};
use crate::mask::{EffectiveMask, Mask};
use crate::restore::{detect, starting_probability, threshold_from_probability};

/// Runs stage 1 and writes what it found.
pub(super) fn run(args: &DetectArgs, session: &mut Session<'_>) -> Result<(), Stop> {
    let overwrite = session.common.overwrite;
    let targets: Vec<_> = std::iter::once(&args.output)
        .chain(&args.probability)
        .collect();
    for target in &targets {
        refuse_mask_name(target)?;
    }
    refuse_same_or_original(&args.input, &targets)?;
    for target in &targets {
        refuse_target(target, overwrite, &[])?;
    }
    let photo = session.open(&args.input)?;
    let contexts = session.contexts();
    session.engine()?;
    let (cancel, console) = (session.cancel.clone(), session.console);
    let engine = session.engine()?;
    let thresholds = engine.detector_manifest().thresholds;
    let detection = detect(&photo, engine, &contexts, console, &cancel).map_err(restore_stop);
    session.say_notes();
    let detection = detection?;
    session.check_cancelled()?;
    let size = photo.size();
    let probability = args.threshold;
    let probability =
        probability.unwrap_or_else(|| starting_probability(&detection.map, thresholds));
    let threshold = threshold_from_probability(probability);
    let mask = EffectiveMask::new(
        Mask::new(size),
        Some((std::sync::Arc::clone(&detection.map), threshold)),
    );
    let new_probability = args
        .probability
        .as_deref()
        .filter(|path| path.symlink_metadata().is_err());
    if let Some(path) = &args.probability {
        save_mask(path, size, detection.map.values(), &photo, overwrite)
            .map_err(anyhow::Error::from)?;
    }
    if let Err(error) = save_mask_layer(&args.output, &mask.to_layer(), &photo, overwrite) {
        new_probability.map(remove_output);
        return Err(anyhow::Error::from(error).into());
    }
    session.console.end_progress();
    session.console.result(&format!(
        "{} → {}: {} px of {size} marked in {:.1} s on {}",
        args.input.display(),
        args.output.display(),
        mask.masked_pixels(),
        detection.seconds,
        detection.provider.name(),
    ));
    Ok(())
}
