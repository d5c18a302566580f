//! Where the pictures of a compare mode lie in the window, and the divider between them; paints nothing.

use eframe::egui::{Pos2, Rangef, Rect, Vec2, pos2};

use super::rulers::RULER_POINTS;
use super::textures::Layer;
use super::transform::{Placement, View};
use crate::gui::settings::{CompareMode, Settings};
use crate::gui::state::Model;
use crate::photo::Photo;

/// Gap between two pictures side by side, points.
const PANE_GAP: f32 = 6.0;

/// Where things lie in one frame.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The whole picture area, points.
    pub area: Rect,
    /// The pictures in it, with what each shows.
    pub panes: Vec<Pane>,
    /// The divider, when there is one.
    pub divider: Option<Divider>,
}

/// The line between original and restored photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Divider {
    /// Upright, at this horizontal place, points.
    Upright(f32),
    /// Across, at this vertical place, points.
    Across(f32),
}

impl Divider {
    /// How far `position` lies from it, points.
    pub fn distance(self, position: Pos2) -> f32 {
        match self {
            Self::Upright(x) => (position.x - x).abs(),
            Self::Across(y) => (position.y - y).abs(),
        }
    }

    /// The part of `area` before it when it is dragged to `position`, 0 to 1.
    pub fn part_at(self, position: Pos2, area: Rect) -> f32 {
        let part = match self {
            Self::Upright(_) => (position.x - area.min.x) / area.width(),
            Self::Across(_) => (position.y - area.min.y) / area.height(),
        };
        part.clamp(0.0, 1.0)
    }
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Pane {
    /// Which photo.
    pub layer: Layer,
    /// Where the photo is drawn.
    pub placement: Placement,
    /// The part of the area it may paint in, points.
    pub clip: Rect,
}

/// Places the pictures in `area` as the compare mode wants.
pub fn layout(area: Rect, pixels_per_point: f32, photo: &Photo, model: &Model<'_>) -> Layout {
    let place = |viewport: Rect| {
        Placement::new(
            &model.view.view,
            viewport,
            pixels_per_point,
            photo.size(),
            photo.metadata().orientation,
        )
    };
    let whole = place(area);
    let pane = |layer, placement, clip| Pane {
        layer,
        placement,
        clip,
    };
    if model.view.held.master {
        let panes = panes_of(area, model.settings.compare);
        let panes = panes
            .into_iter()
            .map(|rect| pane(Layer::Master, place(rect), rect))
            .collect();
        return Layout {
            area,
            panes,
            divider: None,
        };
    }
    let alone = |layer| Layout {
        area,
        panes: vec![pane(layer, whole, area)],
        divider: None,
    };
    match model.settings.compare {
        CompareMode::Blink if model.view.blink_shows_master => alone(Layer::Master),
        CompareMode::Restored | CompareMode::Blink => alone(Layer::Restored),
        CompareMode::Difference => alone(Layer::Difference),
        CompareMode::Split => {
            let x = divider_place(area.x_range(), pixels_per_point, model.view.split);
            let left = Rect::from_min_max(area.min, pos2(x, area.max.y));
            let right = Rect::from_min_max(pos2(x, area.min.y), area.max);
            let panes = vec![
                pane(Layer::Master, whole, left),
                pane(Layer::Restored, whole, right),
            ];
            Layout {
                area,
                panes,
                divider: Some(Divider::Upright(x)),
            }
        }
        CompareMode::SplitAcross => {
            let y = divider_place(area.y_range(), pixels_per_point, model.view.split);
            let above = Rect::from_min_max(area.min, pos2(area.max.x, y));
            let below = Rect::from_min_max(pos2(area.min.x, y), area.max);
            Layout {
                area,
                panes: vec![
                    pane(Layer::Master, whole, above),
                    pane(Layer::Restored, whole, below),
                ],
                divider: Some(Divider::Across(y)),
            }
        }
        CompareMode::SideBySide => {
            let panes = panes_of(area, CompareMode::SideBySide)
                .into_iter()
                .zip([Layer::Master, Layer::Restored])
                .map(|(rect, layer)| pane(layer, place(rect), rect))
                .collect();
            Layout {
                area,
                panes,
                divider: None,
            }
        }
    }
}

/// The rectangles pictures are fitted into.
pub fn panes_of(area: Rect, compare: CompareMode) -> Vec<Rect> {
    if compare != CompareMode::SideBySide {
        return vec![area];
    }
    let width = (area.width() - PANE_GAP) / 2.0;
    let size = Vec2::new(width, area.height());
    vec![
        Rect::from_min_size(area.min, size),
        Rect::from_min_size(area.min + Vec2::new(width + PANE_GAP, 0.0), size),
    ]
}

/// The view that fits `photo` into one picture of `area`, right of and below rulers where there are any.
pub fn fitted(area: Rect, settings: &Settings, pixels_per_point: f32, photo: &Photo) -> View {
    let room = panes_of(area, settings.compare)
        .first()
        .map_or(area.size(), Rect::size);
    let ruler = if settings.rulers { RULER_POINTS } else { 0.0 };
    let room = (room - Vec2::splat(ruler)).max(Vec2::splat(1.0));
    let mut view = View::fit(photo.ui_size(), room, pixels_per_point);
    let aside = f64::from(ruler / 2.0 * pixels_per_point) / view.scale;
    view.center = (view.center.0 - aside, view.center.1 - aside);
    view
}

fn divider_place(range: Rangef, pixels_per_point: f32, split: f32) -> f32 {
    let place = range.min + range.span() * split.clamp(0.0, 1.0);
    (place * pixels_per_point).round() / pixels_per_point
}
