//! The repair of one area changed by hand: picked, weakened, healed from another place, cleared.

use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use eframe::egui;

use super::UnscratchApp;
use crate::geometry::PixelPoint;
use crate::gui::area::PickedArea;
use crate::gui::state::{Mending, Notice};
use crate::gui::tools::Point;
use crate::inference::CancelToken;
use crate::mask::{
    AreaRepair, EffectiveMask, FULL_STRENGTH, Filling, LEAST_STRENGTH, MaskOperation, OwnFill,
    PixelRegion, Recipe, RecipeKind, SourcePiece, label,
};
use crate::photo::Photo;
use crate::restore::{
    HealError, SUGGESTIONS, area_at, area_inside, fill_from_own, known_border, suggest_sources,
    whole_piece,
};

/// Steps of an area's strength by key, 5 % each.
const STRENGTH_STEPS: u32 = 20;

/// How far from the click the area may lie, screen points.
const PICK_REACH_POINTS: f32 = 8.0;

/// Something computed for an area on a thread of its own.
pub(super) struct MendingWork {
    photo: Arc<Photo>,
    cancel: CancelToken,
    result: Receiver<Mended>,
}

/// What came of it.
enum Mended {
    Picked(Option<PickedArea>),
    Healed {
        region: Arc<PixelRegion>,
        label: &'static str,
        outcome: Result<OwnFill, HealError>,
    },
}

impl UnscratchApp {
    /// Picks the piece of the repair under `at`.
    pub(super) fn pick_area(&mut self, ctx: &egui::Context, at: Point, scale: f32) {
        let at = PixelPoint::new(at.0.floor() as i64, at.1.floor() as i64);
        let reach = (PICK_REACH_POINTS / scale.max(0.01)).clamp(0.0, 40.0) as u32;
        self.pick(ctx, move |mask| area_at(mask, at, reach));
    }

    /// Picks what is repaired inside `outline`.
    pub(super) fn outline_area(&mut self, ctx: &egui::Context, outline: Vec<Point>) {
        self.pick(ctx, move |mask| area_inside(mask, &outline));
    }

    fn pick(
        &mut self,
        ctx: &egui::Context,
        find: impl FnOnce(&EffectiveMask) -> Option<PixelRegion> + Send + 'static,
    ) {
        self.view.area = None;
        self.view.notice = None;
        let Some(document) = &self.document else {
            return;
        };
        let mask = document.effective_mask();
        self.mend(ctx, Mending::Picking, move |_| {
            let region = find(&mask);
            Mended::Picked(region.map(|region| PickedArea::new(mask.size(), region)))
        });
    }

    /// Heals the picked area from the place under `at`: its middle is filled with what lies there.
    pub(super) fn heal_from(&mut self, ctx: &egui::Context, at: Point) {
        let Some(area) = &self.view.area else {
            self.view.notice = Some(Notice {
                title: "No area is picked yet".to_owned(),
                message: "Click on a repaired place or draw around a part of it first; then Alt+click on sound photo".to_owned(),
                is_error: false,
            });
            return;
        };
        let middle = area.middle();
        let by = |to: f32, from: u32| (f64::from(to.floor()) - f64::from(from)) as i32;
        let (dx, dy) = (by(at.0, middle.0), by(at.1, middle.1));
        let region = Arc::clone(&area.region);
        let pieces = vec![whole_piece(&region, dx, dy)];
        self.fill_area(ctx, RecipeKind::Chosen, label::HEAL, move |_, _| Ok(pieces));
    }

    /// Fills the picked area from the best match nearby, or from the next one when that was asked for before.
    pub(super) fn suggest_fill(&mut self, ctx: &egui::Context) {
        let Some(area) = &mut self.view.area else {
            return;
        };
        let number = area.suggestions % SUGGESTIONS;
        area.suggestions += 1;
        let region = Arc::clone(&area.region);
        let find = move |photo: &Photo, mask: &EffectiveMask| {
            suggest_sources(photo, mask, &region, number)
        };
        self.fill_area(ctx, RecipeKind::Suggested, label::SUGGESTION, find);
    }

    /// Repairs the picked area from what shows through its damage.
    pub(super) fn show_through(&mut self, ctx: &egui::Context) {
        let nowhere = |_: &Photo, _: &EffectiveMask| Ok(Vec::new());
        self.fill_area(ctx, RecipeKind::ShowsThrough, label::SHOWS_THROUGH, nowhere);
    }

    /// Fills the picked area with pixels of the photo itself, from where `find` says.
    fn fill_area(
        &mut self,
        ctx: &egui::Context,
        kind: RecipeKind,
        label: &'static str,
        find: impl FnOnce(&Photo, &EffectiveMask) -> Result<Vec<SourcePiece>, HealError>
        + Send
        + 'static,
    ) {
        let (Some(area), Some(document)) = (&self.view.area, &self.document) else {
            return;
        };
        let region = Arc::clone(&area.region);
        let (photo, mask) = (Arc::clone(document.photo()), document.effective_mask());
        self.view.notice = None;
        self.mend(ctx, Mending::Healing, move |cancel| {
            let fill = || {
                let recipe = Recipe {
                    kind,
                    border: known_border(&mask, &region).ok_or(HealError::NoBorder)?,
                    pieces: find(&photo, &mask)?,
                };
                fill_from_own(&photo, &region, &recipe, cancel)
            };
            Mended::Healed {
                outcome: fill(),
                region,
                label,
            }
        });
    }

    fn mend(
        &mut self,
        ctx: &egui::Context,
        what: Mending,
        work: impl FnOnce(&CancelToken) -> Mended + Send + 'static,
    ) {
        self.stop_mending();
        let Some(document) = &self.document else {
            return;
        };
        let (sender, result) = crossbeam_channel::bounded(1);
        let cancel = CancelToken::new();
        let mending = MendingWork {
            photo: Arc::clone(document.photo()),
            cancel: cancel.clone(),
            result,
        };
        let ctx = ctx.clone();
        let spawned = std::thread::Builder::new()
            .name("mend".to_owned())
            .spawn(move || {
                // The window may be gone by now.
                if sender.send(work(&cancel)).is_ok() {
                    ctx.request_repaint();
                }
            });
        match spawned {
            Ok(_) => {
                self.mending = Some(mending);
                self.work.mending = Some(what);
            }
            Err(error) => tracing::error!("no thread for the area: {error}"),
        }
    }

    /// Takes over what was computed for an area.
    pub(super) fn collect_mending(&mut self) {
        let Some(mending) = &self.mending else {
            return;
        };
        let answer = mending.result.try_recv();
        if matches!(answer, Err(TryRecvError::Empty)) {
            return;
        }
        let is_of_this_photo = self
            .document
            .as_ref()
            .is_some_and(|document| Arc::ptr_eq(document.photo(), &mending.photo));
        self.stop_mending();
        if !is_of_this_photo {
            return;
        }
        match answer {
            Ok(Mended::Picked(Some(area))) => self.view.area = Some(area),
            Ok(Mended::Picked(None)) => {
                self.view.notice = Some(Notice {
                    title: "Nothing is repaired here".to_owned(),
                    message: "Click on a repaired place, or draw around a part of one; O shows where they are.".to_owned(),
                    is_error: false,
                });
            }
            Ok(Mended::Healed {
                region,
                label,
                outcome,
            }) => self.healed(region, label, outcome),
            Err(_) => {
                self.view.notice = Some(Notice {
                    title: "The area could not be changed".to_owned(),
                    message: "an internal error stopped it; everything is as it was, try again, and report it if it comes back".to_owned(),
                    is_error: true,
                });
            }
        }
    }

    fn healed(
        &mut self,
        region: Arc<PixelRegion>,
        label: &'static str,
        outcome: Result<OwnFill, HealError>,
    ) {
        match outcome {
            Ok(own) => self.decide(
                label,
                AreaRepair {
                    region,
                    strength: None,
                    filling: Some(Filling::Own(Arc::new(own))),
                },
                false,
            ),
            Err(HealError::Cancelled) => {}
            Err(error) => {
                self.view.notice = Some(Notice {
                    title: "The area cannot be filled from the photo".to_owned(),
                    message: error.to_string(),
                    is_error: true,
                });
            }
        }
    }

    /// Gives up what is computed for an area; whether there was anything.
    pub(super) fn stop_mending(&mut self) -> bool {
        self.work.mending = None;
        let Some(mending) = self.mending.take() else {
            return false;
        };
        mending.cancel.cancel();
        true
    }

    /// How strongly the picked area is repaired while its slider moves.
    pub(super) fn set_area_strength(&mut self, strength: u8) {
        if let Some(area) = &self.view.area {
            let repair = AreaRepair {
                region: Arc::clone(&area.region),
                strength: Some(strength.max(LEAST_STRENGTH)),
                filling: None,
            };
            self.decide(label::AREA_STRENGTH, repair, true);
        }
    }

    /// Takes the picked area's strength one of [`STRENGTH_STEPS`] up or down; steps in a row are one edit until the strength is
    /// left alone.
    pub(super) fn step_area_strength(&mut self, is_up: bool) {
        let (Some(area), Some(document)) = (&self.view.area, &self.document) else {
            return;
        };
        let Some(first) = area.region.spans().first() else {
            return;
        };
        let now = document.repairs().strength_at(first.x, first.y);
        let full = u32::from(FULL_STRENGTH);
        let nearest = (u32::from(now) * STRENGTH_STEPS + full / 2) / full;
        let step = if is_up {
            (nearest + 1).min(STRENGTH_STEPS)
        } else {
            nearest.saturating_sub(1)
        };
        let next = (step * full + STRENGTH_STEPS / 2) / STRENGTH_STEPS;
        let next = (next as u8).max(LEAST_STRENGTH);
        if next != now {
            self.set_area_strength(next);
        }
    }

    pub(super) fn area_strength_done(&mut self) {
        if let Some(document) = &mut self.document {
            document.end_repair_drag();
        }
    }

    /// Lets the network's fill show again in the picked area.
    pub(super) fn fill_area_by_network(&mut self) {
        if let Some(area) = &self.view.area {
            let repair = AreaRepair {
                region: Arc::clone(&area.region),
                strength: None,
                filling: Some(Filling::Network),
            };
            self.decide(label::NETWORK_FILL, repair, false);
        }
    }

    /// Unmarks the picked area.
    pub(super) fn clear_area(&mut self, ctx: &egui::Context) {
        if let Some(area) = self.view.area.take() {
            self.change_marks(ctx, MaskOperation::Clear(area.region));
        }
    }

    fn decide(&mut self, label: &'static str, repair: AreaRepair, slides: bool) {
        if let Some(document) = &mut self.document {
            document.repair_area(label, repair, slides);
        }
    }
}
