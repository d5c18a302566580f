//! Colours, spacing and text sizes of the window. The only file under `gui/` that names colours.

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Vec2,
    style::HandleShape,
};

/// Around the photo: a neutral mid-dark grey, so that the photo's own colours are judged fairly.
pub const CANVAS: Color32 = Color32::from_gray(43);
/// Bars and panels.
pub const PANEL: Color32 = Color32::from_gray(28);
/// Cards and buttons on a panel.
pub const RAISED: Color32 = Color32::from_gray(46);
/// A raised surface under the pointer.
pub const RAISED_HOVER: Color32 = Color32::from_gray(60);
/// Text fields and slider rails.
pub const SUNKEN: Color32 = Color32::from_gray(17);
/// Thin lines between areas.
pub const LINE: Color32 = Color32::from_gray(56);
/// Ordinary text.
pub const TEXT: Color32 = Color32::from_gray(214);
/// Headings and what matters most.
pub const TEXT_STRONG: Color32 = Color32::from_gray(244);
/// Captions and hints; 4.5 : 1 on [`PANEL`].
pub const TEXT_WEAK: Color32 = Color32::from_gray(152);
/// States that were undone: dimmer than a caption, 3 : 1 on a card.
pub const TEXT_UNDONE: Color32 = Color32::from_gray(116);
/// The one accent colour, a darkroom amber.
pub const ACCENT: Color32 = Color32::from_rgb(232, 170, 76);
/// The accent under the pointer.
pub const ACCENT_HOVER: Color32 = Color32::from_rgb(244, 190, 104);
/// Text on [`ACCENT`].
pub const ON_ACCENT: Color32 = Color32::from_gray(18);
/// The accent as a quiet background of what is chosen.
pub const ACCENT_QUIET: Color32 = Color32::from_rgb(78, 62, 38);
/// What went wrong.
pub const ERROR: Color32 = Color32::from_rgb(236, 112, 99);
/// How far the repair reaches beyond the marks: told from them by lightness too.
pub const RIM: Color32 = Color32::from_rgb(255, 255, 255);
/// Lines between pixels: dark enough for light photos, light enough for dark ones.
pub const GRID: Color32 = Color32::from_rgba_premultiplied(64, 64, 64, 96);
/// Over what is protected.
pub const PROTECTED: Color32 = Color32::from_rgb(96, 196, 255);
/// The outline of a picked area: told from the overlays by hue and from the photo by strength.
pub const PICKED: Color32 = Color32::from_rgb(255, 214, 64);
/// What went well.
pub const GOOD: Color32 = Color32::from_rgb(128, 196, 132);
/// Behind text that lies on the photo.
pub const CHIP: Color32 = Color32::from_rgba_premultiplied(17, 17, 17, 225);
/// Dims what a dialog covers.
pub const BACKDROP: Color32 = Color32::from_rgba_premultiplied(0, 0, 0, 140);
/// The divider and the brush ring: light core …
pub const RING_LIGHT: Color32 = Color32::from_gray(250);
/// … with a dark rim, so that it shows on every photo.
pub const RING_DARK: Color32 = Color32::from_rgba_premultiplied(0, 0, 0, 170);

/// Multiplies a picture's colours by one.
pub const UNTINTED: Color32 = Color32::WHITE;

/// Overlay colours offered by name; the first is the default. Red follows the rubylith masks of retouchers.
pub const OVERLAY_COLORS: [(&str, [u8; 3]); 4] = [
    ("Red", [255, 56, 56]),
    ("Green", [58, 220, 96]),
    ("Blue", [70, 150, 255]),
    ("Yellow", [255, 222, 40]),
];

/// Width of the tool palette, points.
pub const PALETTE_WIDTH: f32 = 44.0;
/// Side panel width, points.
pub const SIDE_PANEL_WIDTH: f32 = 284.0;
/// Height of the bar of tools at the top, points.
pub const TOP_BAR_HEIGHT: f32 = 46.0;
/// Height of the bar of the tool's options, points.
pub const OPTIONS_BAR_HEIGHT: f32 = 38.0;
/// Height of the status bar, points.
pub const STATUS_BAR_HEIGHT: f32 = 28.0;
/// Rounded corners of buttons and cards.
pub const RADIUS: CornerRadius = CornerRadius::same(6);

/// Probability below which the ramp shows nothing: a network is never quite sure of sound paper.
const HEAT_CLEAR_BELOW: f32 = 0.1;

/// The overlay's probability ramp at `value` (255 = certain damage), premultiplied, for an overlay drawn in full.
///
/// Dark blue over cyan to near white: far from the browns of old prints, and rising in lightness, so that it also reads
/// without colour vision.
pub fn heat(value: u8) -> Color32 {
    let t = f32::from(value) / 255.0;
    let (low, middle, high) = (
        [24.0, 40.0, 150.0],
        [0.0, 165.0, 235.0],
        [215.0, 255.0, 250.0],
    );
    let mix = |a: [f32; 3], b: [f32; 3], t: f32| [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t);
    let [r, g, b] = if t < 0.5 {
        mix(low, middle, t * 2.0)
    } else {
        mix(middle, high, t * 2.0 - 1.0)
    };
    let alpha = ((t - HEAT_CLEAR_BELOW) * 2.5).clamp(0.0, 1.0);
    Color32::from_rgba_unmultiplied(r as u8, g as u8, b as u8, (alpha * 255.0) as u8)
}

/// Of a fill, what was read through the damage. Blue, orange and yellow are told apart by people with any colour vision, as
/// Okabe and Ito advise ("Color Universal Design", 2008); the orange is brighter than theirs, to stand out from brown prints.
pub const RECOVERED: Color32 = Color32::from_rgb(86, 180, 233);
/// What the network made up.
pub const INVENTED: Color32 = Color32::from_rgb(255, 100, 0);
/// What the person took from elsewhere in the photo.
pub const BY_HAND: Color32 = Color32::from_rgb(240, 228, 66);

/// The colour of a fill of which `recovered` (255 = all) was read through the damage.
pub fn provenance(recovered: u8) -> Color32 {
    INVENTED.lerp_to_gamma(RECOVERED, f32::from(recovered) / 255.0)
}

/// Gives `ctx` the application's look.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.visuals = egui::Visuals::dark();
        text_styles(style);
        spacing(style);
        visuals(&mut style.visuals);
        style.interaction.tooltip_delay = 0.45;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.12;
    });
}

fn text_styles(style: &mut egui::Style) {
    let font = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, font(12.0)),
        (TextStyle::Body, font(14.0)),
        (TextStyle::Button, font(14.0)),
        (TextStyle::Heading, font(19.0)),
        (
            TextStyle::Monospace,
            FontId::new(13.0, FontFamily::Monospace),
        ),
    ]
    .into();
}

fn spacing(style: &mut egui::Style) {
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(8.0, 8.0);
    spacing.button_padding = Vec2::new(10.0, 5.0);
    spacing.interact_size = Vec2::new(32.0, 28.0);
    spacing.slider_width = 168.0;
    spacing.slider_rail_height = 4.0;
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(20);
    spacing.tooltip_width = 320.0;
    spacing.menu_width = 260.0;
    spacing.icon_width = 16.0;
}

fn visuals(visuals: &mut egui::Visuals) {
    visuals.panel_fill = PANEL;
    visuals.window_fill = Color32::from_gray(34);
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = SUNKEN;
    visuals.faint_bg_color = Color32::from_gray(36);
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(TEXT_WEAK);
    visuals.hyperlink_color = ACCENT;
    visuals.warn_fg_color = ACCENT;
    visuals.error_fg_color = ERROR;
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = HandleShape::Circle;
    visuals.selection.bg_fill = ACCENT_QUIET;
    visuals.selection.stroke = Stroke::new(1.0, ACCENT);
    visuals.disabled_alpha = 0.4;

    let widgets = &mut visuals.widgets;
    for (state, fill, text) in [
        (&mut widgets.noninteractive, PANEL, TEXT),
        (&mut widgets.inactive, RAISED, TEXT),
        (&mut widgets.hovered, RAISED_HOVER, TEXT_STRONG),
        (&mut widgets.active, Color32::from_gray(74), TEXT_STRONG),
        (&mut widgets.open, RAISED_HOVER, TEXT_STRONG),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.5, text);
        state.corner_radius = RADIUS;
        state.expansion = 0.0;
    }
    // Check boxes and slider rails, which lie on cards and dialogs.
    widgets.inactive.bg_fill = Color32::from_gray(72);
    widgets.hovered.bg_fill = Color32::from_gray(92);
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, LINE);
    widgets.noninteractive.fg_stroke = Stroke::new(1.0, TEXT);
}

/// A frame for a bar or panel with the given inner margin.
pub fn panel_frame(margin: Margin) -> egui::Frame {
    egui::Frame::new().fill(PANEL).inner_margin(margin)
}

/// A frame for a group of controls on a panel.
pub fn card_frame() -> egui::Frame {
    egui::Frame::new()
        .fill(Color32::from_gray(34))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::same(12))
}

/// A frame for a dialog.
pub fn dialog_frame() -> egui::Frame {
    egui::Frame::new()
        .fill(Color32::from_gray(34))
        .stroke(Stroke::new(1.0, LINE))
        .corner_radius(CornerRadius::same(12))
        .inner_margin(Margin::same(24))
}

/// A frame for text that lies on the photo.
pub fn chip_frame() -> egui::Frame {
    egui::Frame::new()
        .fill(CHIP)
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(12, 7))
}

/// A button that stands out: the next step most people want.
pub fn primary_button(text: &str) -> egui::Button<'_> {
    egui::Button::new(egui::RichText::new(text).color(ON_ACCENT).strong()).fill(ACCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// sRGB as seen without one kind of cone. Source: Machado, Oliveira, Fernandes, "A Physiologically-based Model for
    /// Simulation of Color Vision Deficiency" (2009), severity 1.0, linear RGB.
    fn seen_by(matrix: [[f32; 3]; 3], color: Color32) -> [f32; 3] {
        let linear = egui::Rgba::from(color).to_array();
        matrix.map(|row| {
            let sum: f32 = row.iter().zip(linear).map(|(a, b)| a * b).sum();
            sum.clamp(0.0, 1.0).powf(1.0 / 2.2)
        })
    }

    #[test]
    fn recovered_invented_and_by_hand_are_told_apart_by_every_kind_of_colour_vision() {
        const NORMAL: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        const PROTANOPIA: [[f32; 3]; 3] = [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ];
        const DEUTERANOPIA: [[f32; 3]; 3] = [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ];
        const TRITANOPIA: [[f32; 3]; 3] = [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ];
        let pairs = [
            (RECOVERED, INVENTED),
            (RECOVERED, BY_HAND),
            (INVENTED, BY_HAND),
        ];
        for matrix in [NORMAL, PROTANOPIA, DEUTERANOPIA, TRITANOPIA] {
            for (a, b) in pairs {
                let (seen_a, seen_b) = (seen_by(matrix, a), seen_by(matrix, b));
                let squares = seen_a.iter().zip(seen_b).map(|(a, b)| (a - b).powi(2));
                let distance = squares.sum::<f32>().sqrt();
                assert!(distance > 0.3, "{a:?} and {b:?} lie {distance} apart");
            }
        }
        assert_eq!((provenance(255), provenance(0)), (RECOVERED, INVENTED));
    }

    #[test]
    fn the_probability_ramp_starts_clear_and_ends_opaque() {
        assert_eq!(heat(0).a(), 0);
        assert_eq!(heat(255).a(), 255);
        let lightness = |c: Color32| u32::from(c.r()) + u32::from(c.g()) + u32::from(c.b());
        assert!((1..=255).all(|v| lightness(heat(v)) >= lightness(heat(v - 1))));
    }
}
