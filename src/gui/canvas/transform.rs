//! Where the photo lies on the screen: image ↔ ui ↔ screen. Pure arithmetic, no painting.
//!
//! *Image* space is stored pixels, *ui* space is the photo as shown (after its EXIF orientation), *screen* space is
//! egui's points. One ui pixel is `scale` physical pixels; a physical pixel is `1 / pixels_per_point` points.

use eframe::egui::{Pos2, Rect, Vec2, pos2};

use crate::geometry::{ImageSize, PixelRect};
use crate::photo::Orientation;

/// Smallest zoom offered, physical px an image px.
pub const SCALE_MIN: f64 = 1.0 / 64.0;
/// Largest zoom offered, physical px an image px.
pub const SCALE_MAX: f64 = 32.0;
/// Zooming snaps to 1:1 when it ends this close (ratio) to it.
const SNAP_RATIO: f64 = 0.04;
/// Margin around a fitted photo, points.
const FIT_MARGIN_POINTS: f64 = 16.0;

/// An affine map of the plane: (a, b, tx, c, d, ty), x' = a·x + b·y + tx, y' = c·x + d·y + ty.
pub type Affine = [f64; 6];

/// `map` applied to a point.
pub fn apply([a, b, tx, c, d, ty]: Affine, (x, y): (f64, f64)) -> (f64, f64) {
    (a * x + b * y + tx, c * x + d * y + ty)
}

/// The inverse of an orientation's map (its linear part is orthogonal, so the inverse is the transpose).
pub fn image_from_ui(orientation: Orientation, stored: ImageSize) -> Affine {
    let [a, b, tx, c, d, ty] = orientation.ui_from_image(stored);
    [a, c, -(a * tx + c * ty), b, d, -(b * tx + d * ty)]
}

/// What part of the photo is looked at, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Physical pixels an image pixel; 1 is 1:1.
    pub scale: f64,
    /// The point of the photo (ui px) in the middle of the viewport.
    pub center: (f64, f64),
    /// Whether the photo is kept fitted while the window changes its size.
    pub fitted: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            scale: 1.0,
            center: (0.0, 0.0),
            fitted: true,
        }
    }
}

impl View {
    /// The whole photo of `shown` px inside a viewport of `viewport_points`.
    ///
    /// It touches two opposite margins: larger photos are shrunk, smaller ones enlarged, up to [`SCALE_MAX`].
    pub fn fit(shown: ImageSize, viewport_points: Vec2, pixels_per_point: f32) -> Self {
        let ppp = f64::from(pixels_per_point);
        let room = |points: f32| ((f64::from(points) - 2.0 * FIT_MARGIN_POINTS) * ppp).max(1.0);
        let ratio = (room(viewport_points.x) / f64::from(shown.width))
            .min(room(viewport_points.y) / f64::from(shown.height));
        Self {
            scale: ratio.clamp(SCALE_MIN, SCALE_MAX),
            center: (f64::from(shown.width) / 2.0, f64::from(shown.height) / 2.0),
            fitted: true,
        }
    }

    /// The photo covers a viewport of `viewport_points` with nothing to spare; its middle is seen.
    pub fn fill(shown: ImageSize, viewport_points: Vec2, pixels_per_point: f32) -> Self {
        let ppp = f64::from(pixels_per_point);
        let scale = (f64::from(viewport_points.x) * ppp / f64::from(shown.width))
            .max(f64::from(viewport_points.y) * ppp / f64::from(shown.height));
        Self {
            scale: scale.clamp(SCALE_MIN, SCALE_MAX),
            center: (f64::from(shown.width) / 2.0, f64::from(shown.height) / 2.0),
            fitted: false,
        }
    }

    /// Whether it was fitted or moved already: until then it says nothing about the photo.
    pub fn is_laid_out(&self) -> bool {
        !self.fitted || self.center != (0.0, 0.0)
    }

    /// Puts `center` (ui px) into the middle of the viewport.
    pub fn look_at(&mut self, center: (f64, f64), shown: ImageSize) {
        self.center = center;
        self.keep_in_reach(shown);
        self.fitted = false;
    }

    /// Moves the photo by `delta_points` on the screen, keeping its middle in reach.
    pub fn pan(&mut self, delta_points: Vec2, pixels_per_point: f32, shown: ImageSize) {
        let step = f64::from(pixels_per_point) / self.scale;
        self.center.0 -= f64::from(delta_points.x) * step;
        self.center.1 -= f64::from(delta_points.y) * step;
        self.keep_in_reach(shown);
        self.fitted = false;
    }

    /// Multiplies the zoom by `factor`, keeping the photo's point under `anchor` (screen points) in place.
    pub fn zoom_at(
        &mut self,
        factor: f64,
        anchor: Pos2,
        viewport: Rect,
        pixels_per_point: f32,
        shown: ImageSize,
    ) {
        let wanted = (self.scale * factor).clamp(SCALE_MIN, SCALE_MAX);
        let crosses =
            (self.scale < 1.0) != (wanted < 1.0) && (self.scale - 1.0).abs() > f64::EPSILON;
        let near = (wanted - 1.0).abs() < SNAP_RATIO;
        self.set_scale(
            if crosses || near { 1.0 } else { wanted },
            anchor,
            viewport,
            pixels_per_point,
            shown,
        );
    }

    /// Sets the zoom, keeping the photo's point under `anchor` (screen points) in place.
    pub fn set_scale(
        &mut self,
        scale: f64,
        anchor: Pos2,
        viewport: Rect,
        pixels_per_point: f32,
        shown: ImageSize,
    ) {
        let ppp = f64::from(pixels_per_point);
        let from_middle = (
            f64::from(anchor.x - viewport.center().x) * ppp,
            f64::from(anchor.y - viewport.center().y) * ppp,
        );
        let point = (
            self.center.0 + from_middle.0 / self.scale,
            self.center.1 + from_middle.1 / self.scale,
        );
        self.scale = scale.clamp(SCALE_MIN, SCALE_MAX);
        self.center = (
            point.0 - from_middle.0 / self.scale,
            point.1 - from_middle.1 / self.scale,
        );
        self.keep_in_reach(shown);
        self.fitted = false;
    }

    fn keep_in_reach(&mut self, shown: ImageSize) {
        self.center.0 = self.center.0.clamp(0.0, f64::from(shown.width));
        self.center.1 = self.center.1.clamp(0.0, f64::from(shown.height));
    }
}

/// A photo placed in one viewport for one frame.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// The area it is drawn in, screen points.
    pub viewport: Rect,
    /// Physical pixels an image pixel.
    pub scale: f64,
    /// Size in stored order.
    pub stored: ImageSize,
    orientation: Orientation,
    /// Physical pixel of the photo's upper left corner as shown; whole numbers.
    origin_px: (f64, f64),
    pixels_per_point: f64,
}

impl Placement {
    /// Places a photo of `stored` px; its corner falls on a whole physical pixel.
    pub fn new(
        view: &View,
        viewport: Rect,
        pixels_per_point: f32,
        stored: ImageSize,
        orientation: Orientation,
    ) -> Self {
        let ppp = f64::from(pixels_per_point);
        let middle = viewport.center();
        let origin =
            |middle: f32, center: f64| (f64::from(middle) * ppp - center * view.scale).round();
        Self {
            viewport,
            scale: view.scale,
            stored,
            orientation,
            origin_px: (
                origin(middle.x, view.center.0),
                origin(middle.y, view.center.1),
            ),
            pixels_per_point: ppp,
        }
    }

    /// Screen position of an image position (continuous, pixel (0, 0) spans 0 to 1).
    pub fn screen_from_image(&self, point: (f64, f64)) -> Pos2 {
        let (x, y) = apply(self.orientation.ui_from_image(self.stored), point);
        pos2(
            ((self.origin_px.0 + x * self.scale) / self.pixels_per_point) as f32,
            ((self.origin_px.1 + y * self.scale) / self.pixels_per_point) as f32,
        )
    }

    /// Image position (continuous) under a screen position.
    pub fn image_from_screen(&self, position: Pos2) -> (f64, f64) {
        let ui = (
            (f64::from(position.x) * self.pixels_per_point - self.origin_px.0) / self.scale,
            (f64::from(position.y) * self.pixels_per_point - self.origin_px.1) / self.scale,
        );
        apply(image_from_ui(self.orientation, self.stored), ui)
    }

    /// Physical pixels a point.
    pub fn pixels_per_point(&self) -> f32 {
        self.pixels_per_point as f32
    }

    /// The photo's rectangle on the screen, points.
    pub fn photo_rect(&self) -> Rect {
        let far = (f64::from(self.stored.width), f64::from(self.stored.height));
        Rect::from_two_pos(
            self.screen_from_image((0.0, 0.0)),
            self.screen_from_image(far),
        )
    }

    /// Length on the screen (points) of `image_px` image pixels.
    pub fn points_from_image_px(&self, image_px: f32) -> f32 {
        (f64::from(image_px) * self.scale / self.pixels_per_point) as f32
    }

    /// The image pixels that show inside `clip` (screen points), whole pixels, cut at the photo's edge.
    pub fn visible_pixels(&self, clip: Rect) -> PixelRect {
        let clip = clip.intersect(self.viewport).intersect(self.photo_rect());
        if !clip.is_positive() {
            return PixelRect::EMPTY;
        }
        let (a, b) = (
            self.image_from_screen(clip.min),
            self.image_from_screen(clip.max),
        );
        let low = |p: f64, q: f64| p.min(q).floor().max(0.0) as u32;
        let high = |p: f64, q: f64, len: u32| (p.max(q).ceil().max(0.0) as u32).min(len);
        let (x, y) = (low(a.0, b.0), low(a.1, b.1));
        let (right, bottom) = (
            high(a.0, b.0, self.stored.width),
            high(a.1, b.1, self.stored.height),
        );
        PixelRect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact values are meant")]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize::new(400, 300);

    fn placed(view: &View, orientation: Orientation, ppp: f32) -> Placement {
        let viewport = Rect::from_min_size(pos2(13.0, 50.0), Vec2::new(811.0, 603.0));
        Placement::new(view, viewport, ppp, SIZE, orientation)
    }

    #[test]
    fn screen_and_image_positions_are_inverse_in_every_orientation() {
        for tag in 1..=8 {
            let orientation = Orientation::from_tag(tag);
            let view = View {
                scale: 1.7,
                center: (111.0, 42.5),
                fitted: false,
            };
            let placement = placed(&view, orientation, 1.5);
            for point in [(0.0, 0.0), (399.5, 299.5), (17.25, 211.0)] {
                let back = placement.image_from_screen(placement.screen_from_image(point));
                assert!(
                    (back.0 - point.0).abs() < 1e-3 && (back.1 - point.1).abs() < 1e-3,
                    "tag {tag}: {back:?}"
                );
            }
        }
    }

    #[test]
    fn the_photo_starts_on_a_whole_physical_pixel_wherever_it_is_panned() {
        for ppp in [1.0_f32, 1.25, 2.0] {
            let mut view = View {
                scale: 1.0,
                center: (200.0, 150.0),
                fitted: false,
            };
            view.pan(Vec2::new(3.37, -1.21), ppp, SIZE);
            let corner = placed(&view, Orientation::Normal, ppp).photo_rect().min * ppp;
            assert!(
                (corner.x - corner.x.round()).abs() < 1e-3,
                "{corner:?} at {ppp}"
            );
            assert!(
                (corner.y - corner.y.round()).abs() < 1e-3,
                "{corner:?} at {ppp}"
            );
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let mut view = View {
            scale: 2.0,
            center: (200.0, 150.0),
            fitted: false,
        };
        let viewport = placed(&view, Orientation::Normal, 1.0).viewport;
        let anchor = pos2(300.0, 200.0);
        let before = placed(&view, Orientation::Normal, 1.0).image_from_screen(anchor);
        view.zoom_at(2.5, anchor, viewport, 1.0, SIZE);
        let after = placed(&view, Orientation::Normal, 1.0).image_from_screen(anchor);
        assert!((before.0 - after.0).abs() <= 0.5 && (before.1 - after.1).abs() <= 0.5);
    }

    #[test]
    fn zooming_across_one_to_one_stops_there_first() {
        let mut view = View {
            scale: 0.9,
            center: (200.0, 150.0),
            fitted: false,
        };
        let viewport = placed(&view, Orientation::Normal, 1.0).viewport;
        view.zoom_at(1.4, viewport.center(), viewport, 1.0, SIZE);
        assert_eq!(view.scale, 1.0);
        view.zoom_at(1.4, viewport.center(), viewport, 1.0, SIZE);
        assert!(view.scale > 1.3);
    }

    #[test]
    fn fitting_fills_the_room_whatever_the_photos_size() {
        let room = Vec2::new(832.0, 632.0);
        assert_eq!(View::fit(ImageSize::new(8000, 100), room, 1.0).scale, 0.1);
        assert_eq!(View::fit(ImageSize::new(400, 100), room, 1.0).scale, 2.0);
        assert_eq!(View::fit(ImageSize::new(500, 375), room, 1.0).scale, 1.6);
        assert_eq!(View::fit(ImageSize::new(500, 375), room, 2.0).scale, 3.2);
        assert_eq!(View::fit(ImageSize::new(1, 1), room, 1.0).scale, SCALE_MAX);
    }

    #[test]
    fn only_pixels_inside_the_viewport_are_visible() {
        let view = View {
            scale: 4.0,
            center: (100.0, 100.0),
            fitted: false,
        };
        let placement = placed(&view, Orientation::Rotate90, 1.0);
        let visible = placement.visible_pixels(placement.viewport);
        assert!(visible.width <= 153 && visible.height <= 205, "{visible:?}");
        assert!(!visible.is_empty());
        assert!(
            placement
                .visible_pixels(Rect::from_min_size(pos2(0.0, 0.0), Vec2::splat(5.0)))
                .is_empty()
        );
    }
}
