//! How long a stroke waits for its repair, over repeated strokes.

use std::sync::Arc;

use anyhow::bail;
use serde::Serialize;

use super::Spread;
use super::easel::{Easel, Gesture};
use crate::inference::{CancelToken, EngineOptions};
use crate::photo::Photo;

/// Stroke end → the repaired pixels of all it touched, ms.
#[derive(Debug, Serialize)]
pub(super) struct StrokeLatency {
    /// One dab of 100 px.
    pub dab: Spread,
    /// A stroke of 1,500 px, 20 px wide (shorter on a smaller photo), all of it at once.
    pub stroke: Spread,
    /// The same, drawn within a second, while what lies behind the brush is filled already.
    pub drawn_stroke: Spread,
    /// The dab with nothing of stage 1's context kept; `null` when stage 2 does not use it, so that it makes no difference.
    pub dab_cold: Option<Spread>,
    /// The stroke likewise.
    pub stroke_cold: Option<Spread>,
}

/// Paints `repeats` dabs and strokes in places of their own and waits for each repair.
pub(super) fn measure(
    photo: &Arc<Photo>,
    options: EngineOptions,
    repeats: usize,
    cancel: &CancelToken,
) -> anyhow::Result<StrokeLatency> {
    let mut easel = Easel::start(photo, options)?;
    let uses_context = easel.uses_context();
    let mut run = |gesture: Gesture, is_cold: bool| -> anyhow::Result<Spread> {
        // The first one also pays for what any first run pays.
        let mut millis = Vec::new();
        for _ in 0..=repeats {
            if cancel.is_cancelled() {
                bail!("stopped");
            }
            let waited = easel.paint(gesture, is_cold)?;
            millis.push(waited.as_secs_f64() * 1e3);
        }
        Ok(Spread::of(millis.split_off(1)))
    };
    let [dab, stroke] = [run(Gesture::DAB, false)?, run(Gesture::STROKE, false)?];
    let drawn_stroke = run(Gesture::DRAWN_STROKE, false)?;
    let cold = if uses_context {
        Some((run(Gesture::DAB, true)?, run(Gesture::STROKE, true)?))
    } else {
        None
    };
    let (dab_cold, stroke_cold) = cold.unzip();
    Ok(StrokeLatency {
        dab,
        stroke,
        drawn_stroke,
        dab_cold,
        stroke_cold,
    })
}
