//! What a person decided for single areas: into a record, and from it the same fills again.

use std::sync::Arc;

use super::Record;
use super::schema::{RepairFill, RepairRecord, SourceRecord};
use crate::geometry::PixelRect;
use crate::inference::CancelToken;
use crate::mask::{
    AreaRepair, AreaRepairs, Filling, PixelRegion, Recipe, RecipeKind, RegionSpan, SourcePiece,
};
use crate::photo::Photo;
use crate::restore::{HealError, fill_from_own};

/// What a record says of `repairs`.
pub(super) fn repair_records(repairs: &AreaRepairs) -> Vec<RepairRecord> {
    repairs.iter().map(|repair| record(repair)).collect()
}

fn record(repair: &AreaRepair) -> RepairRecord {
    let bounds = repair.region.bounds();
    let own = match &repair.filling {
        Some(Filling::Own(own)) => Some(&own.recipe),
        _ => None,
    };
    RepairRecord {
        x: bounds.x,
        y: bounds.y,
        width: bounds.width,
        height: bounds.height,
        pixels: repair.region.pixel_count(),
        strength: repair.strength.map(|strength| f32::from(strength) / 255.0),
        fill: repair.filling.as_ref().map(|filling| match filling {
            Filling::Network => RepairFill::Network,
            Filling::Own(own) => match own.recipe.kind {
                RecipeKind::Chosen => RepairFill::ChosenSource,
                RecipeKind::Suggested => RepairFill::SuggestedSource,
                RecipeKind::ShowsThrough => RepairFill::ShowsThrough,
            },
        }),
        sources: own.map_or_else(Vec::new, |recipe| {
            recipe.pieces.iter().map(|&piece| source(piece)).collect()
        }),
        region: text_of_region(&repair.region),
        border: own.map(|recipe| text_of_region(&recipe.border)),
    }
}

const fn source(piece: SourcePiece) -> SourceRecord {
    let SourcePiece { rect, dx, dy } = piece;
    SourceRecord {
        x: rect.x,
        y: rect.y,
        width: rect.width,
        height: rect.height,
        dx,
        dy,
    }
}

/// Why recorded fills from the photo cannot be made again.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MendError {
    /// The record says what cannot be.
    #[error("the record is damaged ({reason}); use it as it was kept")]
    Damaged {
        /// What is wrong, a few words.
        reason: &'static str,
    },
    /// An area does not fit the photo, or the work was stopped.
    #[error("an area cannot be filled from the photo as recorded: {0}")]
    Heal(#[from] HealError),
}

/// The fills from the photo itself once more, to be laid over the network's. How strongly they show is in the mask file.
///
/// # Errors
/// [`MendError`].
pub fn mend_again(
    record: &Record,
    photo: &Photo,
    cancel: &CancelToken,
) -> Result<AreaRepairs, MendError> {
    let damaged = |reason| MendError::Damaged { reason };
    let mut repairs = Vec::new();
    for repair in &record.repairs {
        let Some(fill) = repair.fill else {
            continue;
        };
        let region = region_of_text(&repair.region);
        let region = region.ok_or_else(|| damaged("an area's runs cannot be read"))?;
        let filling = match fill {
            RepairFill::Network => Filling::Network,
            RepairFill::ChosenSource => own(repair, RecipeKind::Chosen, &region, photo, cancel)?,
            RepairFill::SuggestedSource => {
                own(repair, RecipeKind::Suggested, &region, photo, cancel)?
            }
            RepairFill::ShowsThrough => {
                own(repair, RecipeKind::ShowsThrough, &region, photo, cancel)?
            }
        };
        repairs.push(AreaRepair {
            region: Arc::new(region),
            strength: None,
            filling: Some(filling),
        });
    }
    Ok(AreaRepairs::from_list(repairs))
}

fn own(
    repair: &RepairRecord,
    kind: RecipeKind,
    region: &PixelRegion,
    photo: &Photo,
    cancel: &CancelToken,
) -> Result<Filling, MendError> {
    let damaged = |reason| MendError::Damaged { reason };
    let border = repair.border.as_deref().and_then(region_of_text);
    let border = border.ok_or_else(|| damaged("the border of an area cannot be read"))?;
    let pieces = repair.sources.iter().map(|source| {
        let SourceRecord {
            x,
            y,
            width,
            height,
            dx,
            dy,
        } = *source;
        let fits = x.checked_add(width).is_some() && y.checked_add(height).is_some();
        fits.then(|| SourcePiece {
            rect: PixelRect::new(x, y, width, height),
            dx,
            dy,
        })
    });
    let pieces = pieces.collect::<Option<Vec<_>>>();
    let recipe = Recipe {
        kind,
        pieces: pieces.ok_or_else(|| damaged("a source lies in no photo"))?,
        border,
    };
    let own = fill_from_own(photo, region, &recipe, cancel)?;
    Ok(Filling::Own(Arc::new(own)))
}

/// Rows from top to bottom, `y:x+n,x+n;…`: n pixels from column x on.
fn text_of_region(region: &PixelRegion) -> String {
    let rows = region.spans().chunk_by(|a, b| a.y == b.y);
    let texts: Vec<String> = rows
        .map(|row| {
            let runs = row.iter().map(|span| format!("{}+{}", span.x, span.len));
            format!("{}:{}", row[0].y, runs.collect::<Vec<_>>().join(","))
        })
        .collect();
    texts.join(";")
}

fn region_of_text(text: &str) -> Option<PixelRegion> {
    let mut spans = Vec::new();
    for row in text.split(';') {
        let (y, runs) = row.split_once(':')?;
        let y = y.parse().ok()?;
        for run in runs.split(',') {
            let (x, len) = run.split_once('+')?;
            let (x, len): (u32, u32) = (x.parse().ok()?, len.parse().ok()?);
            // A hostile record must not overflow.
            x.checked_add(len)?.checked_add(1)?;
            spans.push(RegionSpan { y, x, len });
        }
    }
    PixelRegion::from_spans(spans)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_come_back_as_they_were_written(
            spans in prop::collection::vec((0_u32..30, 0_u32..90, 1_u32..9), 1..40),
        ) {
            let spans = spans.into_iter().map(|(y, x, len)| RegionSpan { y, x, len });
            let region = PixelRegion::from_spans(spans.collect()).unwrap();
            prop_assert_eq!(region_of_text(&text_of_region(&region)), Some(region));
        }
    }

    #[test]
    fn the_text_is_what_the_documentation_says_and_nonsense_is_refused() {
        let span = |y, x, len| RegionSpan { y, x, len };
        let region = PixelRegion::from_spans(vec![span(3, 9, 2), span(2, 4, 1), span(3, 1, 3)]);
        assert_eq!(text_of_region(&region.unwrap()), "2:4+1;3:1+3,9+2");
        for text in [
            "",
            "1",
            "1:2",
            "1:2+",
            "1:2+3;",
            "-1:2+3",
            "1:4294967290+9",
            "1:2+0",
        ] {
            assert_eq!(region_of_text(text), None, "{text}");
        }
    }
}
