//! What a photo is to the networks, made of a few waves and grain.

/// Lightness of a smooth, grainy scene at a pixel, in [0, 1].
pub fn scene(x: u32, y: u32) -> f32 {
    let (x, y) = (x as f32, y as f32);
    let shade =
        0.45 + 0.2 * (x / 61.0).sin() * (y / 47.0).cos() + 0.1 * ((x + 2.0 * y) / 23.0).sin();
    let grain = ((x * 12.9898 + y * 78.233).sin() * 43_758.547).fract();
    (shade + 0.02 * grain).clamp(0.0, 1.0)
}
