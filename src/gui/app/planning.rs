//! What a changed mask asks for: which cells are to be filled, found on a thread of its own when much has changed.

use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};

use super::UnscratchApp;
use crate::document::{Document, FILL_BEHIND_EVERY_PX, Planned};
use crate::photo::Photo;
use crate::restore::CellPlan;

/// Mask tiles that are planned within a frame, as after a stroke; more of them go to another thread. Reading this many takes
/// about a millisecond (`benches/mask.rs`: a plan after a stroke).
const PLANNED_AT_ONCE_TILES: usize = 16;

/// A plan under way.
pub(super) struct PlanUnderWay {
    photo: Arc<Photo>,
    result: Receiver<Planned>,
}

impl UnscratchApp {
    /// Brings the repair up to date with the mask: what is kept comes back at once, the rest is asked for.
    pub(super) fn request_fill(&mut self) {
        self.fill_due = None;
        self.work.fill_paused = false;
        let halo_px = self.fill_halo_px();
        let Some(document) = &mut self.document else {
            return;
        };
        if self.planning.is_some() {
            // It will be found to be of an older mask, and another one follows.
            return;
        }
        if document.unplanned_tiles() > PLANNED_AT_ONCE_TILES {
            self.plan_apart();
            return;
        }
        let planned = document.begin_planning(halo_px).run();
        self.take_plan(planned);
    }

    /// Whether what a changed mask asks to be repaired is being found on another thread.
    pub fn is_planning(&self) -> bool {
        self.planning.is_some()
    }

    /// Takes over a plan made on another thread.
    pub(super) fn collect_plan(&mut self) {
        let Some(planning) = &self.planning else {
            return;
        };
        let answer = planning.result.try_recv();
        if matches!(answer, Err(TryRecvError::Empty)) {
            return;
        }
        let photo = Arc::clone(&planning.photo);
        self.forget_plan();
        let is_of_this_photo = |it: &Document| Arc::ptr_eq(it.photo(), &photo);
        if !self.document.as_ref().is_some_and(is_of_this_photo) {
            return;
        }
        if let Ok(planned) = answer {
            self.take_plan(planned);
        } else {
            tracing::error!("an internal error stopped the plan of the repair");
        }
    }

    /// Gives a plan under way up.
    pub(super) fn forget_plan(&mut self) {
        self.planning = None;
    }

    fn fill_halo_px(&self) -> Option<u32> {
        self.work.engine.as_ref().map(|engine| engine.fill_halo_px)
    }

    fn plan_apart(&mut self) {
        let halo_px = self.fill_halo_px();
        let Some(document) = &mut self.document else {
            return;
        };
        let (sender, result) = crossbeam_channel::bounded(1);
        let photo = Arc::clone(document.photo());
        let planning = document.begin_planning(halo_px);
        let ctx = self.ctx.clone();
        let spawned = std::thread::Builder::new()
            .name("plan".to_owned())
            .spawn(move || {
                // The window may be gone by now.
                if sender.send(planning.run()).is_ok() {
                    ctx.request_repaint();
                }
            });
        match spawned {
            Ok(_) => self.planning = Some(PlanUnderWay { photo, result }),
            Err(error) => tracing::error!("no thread for the plan of the repair: {error}"),
        }
    }

    /// Asks for what the plan finds stale; for another plan when this one is of an older mask.
    fn take_plan(&mut self, planned: Planned) {
        let halo_px = self.fill_halo_px();
        let Some(document) = &mut self.document else {
            return;
        };
        let (masked_pixels, has_halo) = (planned.masked_pixels(), planned.halo_px() == halo_px);
        let is_current = document.finish_planning(planned);
        if document.is_editing() {
            // The mask is being changed; the end of that is waited for.
            self.fill_due = Some(0.0);
            return;
        }
        if !is_current || !has_halo {
            self.request_fill();
            return;
        }
        self.work.masked_pixels = Some(masked_pixels);
        let Some(halo_px) = halo_px else {
            return;
        };
        let stale = document.stale_cells(halo_px);
        if !stale.is_empty() {
            self.ask_for(stale);
        } else if let Some((id, _)) = self.work.filling.take() {
            self.jobs.cancel(id);
        }
    }

    /// While the stroke goes on: asks for the repair of what the brush has left, once it has moved on far enough.
    pub(super) fn fill_behind(&mut self, at: (f32, f32)) {
        let Some(halo_px) = self.fill_halo_px() else {
            return;
        };
        let Some(document) = &mut self.document else {
            return;
        };
        let (x, y) = *self.work.filled_behind.get_or_insert(at);
        if (at.0 - x).hypot(at.1 - y) < FILL_BEHIND_EVERY_PX {
            return;
        }
        if self.planning.is_some() || document.unplanned_tiles() > PLANNED_AT_ONCE_TILES {
            return;
        }
        self.work.filled_behind = Some(at);
        let stale: Vec<CellPlan> = document.stale_behind_stroke(halo_px, at);
        if !stale.is_empty() {
            self.ask_for(stale);
        }
    }
}
