"""Drawing primitives that the kinds share: noise, paths, strokes; no kind is defined here.

All maps are float32 (H, W); points are (x, y) in px with the origin at the top left corner.
"""

from __future__ import annotations

import cv2
import numpy as np

SUPERSAMPLE_SHIFT = 4  # OpenCV draws with 1/16-px fixed-point coordinates


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], *, coarsest: float, octaves: int = 5,
                  persistence: float = 0.5) -> np.ndarray:
    """Noise of zero mean and unit deviation (H, W); `coarsest` is the size in px of its largest blobs."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    amplitude, cell = 1.0, float(coarsest)
    for _ in range(octaves):
        rows, columns = max(2, int(height / cell) + 2), max(2, int(width / cell) + 2)
        field = rng.standard_normal((rows, columns), dtype=np.float32)
        total += amplitude * cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
        amplitude *= persistence
        cell *= 0.5
        if cell < 1.0:
            break
    return (total - total.mean()) / (total.std() + 1e-6)


def fibre_noise(rng: np.random.Generator, shape: tuple[int, int], *, length: int = 9) -> np.ndarray:
    """Noise of unit deviation (H, W) stretched along one random direction, like torn paper."""
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    centre = (length - 1) / 2
    for step in np.linspace(-centre, centre, 2 * length):
        kernel[int(round(centre + step * np.sin(angle))), int(round(centre + step * np.cos(angle)))] = 1
    noise = cv2.filter2D(rng.standard_normal(shape, dtype=np.float32), -1, kernel / kernel.sum())
    return noise / (noise.std() + 1e-6)


def line_noise(rng: np.random.Generator, count: int, *, coarsest: float, octaves: int = 6,
               persistence: float = 0.6) -> np.ndarray:
    """Fractal noise along a line (count,), zero mean and unit deviation; `coarsest` in samples."""
    total = np.zeros(count, np.float32)
    amplitude, cell = 1.0, float(coarsest)
    positions = np.arange(count, dtype=np.float32)
    for _ in range(octaves):
        knots = rng.standard_normal(max(2, int(count / cell) + 2)).astype(np.float32)
        total += amplitude * np.interp(positions / cell, np.arange(len(knots)), knots).astype(np.float32)
        amplitude *= persistence
        cell *= 0.5
        if cell < 1.0:
            break
    return (total - total.mean()) / (total.std() + 1e-6)


def wandering_path(rng: np.random.Generator, start: np.ndarray, angle: float, length: float, *, wander: float,
                   roughness: float = 0.6, step: float = 2.0) -> np.ndarray:
    """A path of points (N, 2) about `step` px apart that strays from a straight line by `wander` × length."""
    count = max(4, int(length / step))
    along = np.linspace(0, length, count, dtype=np.float32)
    across = line_noise(rng, count, coarsest=max(4.0, count / 2.5), octaves=8, persistence=roughness)
    across = (across - across[0]) * wander * length
    direction = np.array([np.cos(angle), np.sin(angle)], np.float32)
    normal = np.array([-direction[1], direction[0]], np.float32)
    return start[None].astype(np.float32) + along[:, None] * direction + across[:, None] * normal


def spline(controls: np.ndarray, *, samples: int = 8) -> np.ndarray:
    """A smooth curve (N, 2) through control points (K, 2): a Catmull-Rom spline."""
    padded = np.concatenate([controls[:1], controls, controls[-1:]]).astype(np.float32)
    t = (np.arange(samples, dtype=np.float32) / samples)[None, :, None]
    p0, p1, p2, p3 = (padded[i:len(padded) - 3 + i, None] for i in range(4))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return curve.reshape(-1, 2).astype(np.float32)


def smooth_path(rng: np.random.Generator, start: np.ndarray, angle: float, length: float, *, bend: float) -> np.ndarray:
    """A smoothly bent path of points (N, 2) without corners, as things made or grown have; broken things wander."""
    knots = int(rng.integers(3, 6))
    direction = np.array([np.cos(angle), np.sin(angle)])
    along = np.linspace(0, length, knots)[:, None] * direction
    across = rng.normal(0, bend * length, knots)[:, None] * np.array([-direction[1], direction[0]])
    return spline(start + along + across, samples=max(4, int(length / knots / 2)))


def crossing_path(rng: np.random.Generator, size: int, *, wander: float, roughness: float = 0.6,
                  axis_aligned: float = 0.3) -> np.ndarray:
    """A wandering path that crosses the whole (size, size) canvas near its middle."""
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < axis_aligned:
        angle = rng.integers(0, 4) * np.pi / 2 + rng.normal(0, 0.03)
    middle = rng.uniform(0.25, 0.75, 2) * size
    length = 1.6 * size
    start = middle - 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
    return wandering_path(rng, start, angle, length, wander=wander, roughness=roughness)


def normals(path: np.ndarray) -> np.ndarray:
    """Unit normals (N, 2) of a path (N, 2)."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
    return np.stack([-tangent[:, 1], tangent[:, 0]], 1).astype(np.float32)


def _fixed_point(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << SUPERSAMPLE_SHIFT)).astype(np.int32)


def draw_band(canvas: np.ndarray, left: np.ndarray, right: np.ndarray, value: float = 1.0) -> None:
    """Fills the band between two edges (N, 2) on a float canvas (H, W), antialiased."""
    layer = np.zeros(canvas.shape, np.uint8)
    quads = np.stack([left[:-1], left[1:], right[1:], right[:-1]], 1)
    for quad in _fixed_point(quads):
        cv2.fillConvexPoly(layer, quad, 255, cv2.LINE_AA, SUPERSAMPLE_SHIFT)
    np.maximum(canvas, layer.astype(np.float32) * (value / 255.0), out=canvas)


def draw_stroke(canvas: np.ndarray, path: np.ndarray, widths: np.ndarray | float,
                strength: np.ndarray | float = 1.0) -> None:
    """Draws a stroke of varying width in px and strength in [0, 1] on a float canvas (H, W).

    A stroke thinner than 1 px is drawn 1 px wide and proportionally weaker, as a scanner sees it.
    """
    widths = np.broadcast_to(np.asarray(widths, np.float32), (len(path),))
    strength = np.broadcast_to(np.asarray(strength, np.float32), (len(path),))
    offsets = normals(path) * (np.maximum(widths, 1.0)[:, None] / 2)
    levels = np.clip(strength * np.clip(widths, 0, 1), 0, 1)
    layer = np.zeros(canvas.shape, np.uint8)
    left, right = path + offsets, path - offsets
    quads = _fixed_point(np.stack([left[:-1], left[1:], right[1:], right[:-1]], 1))
    for quad, level in zip(quads, 255 * (levels[:-1] + levels[1:]) / 2):
        if level >= 2:
            cv2.fillConvexPoly(layer, quad, float(level), cv2.LINE_AA, SUPERSAMPLE_SHIFT)
    np.maximum(canvas, layer.astype(np.float32) / 255.0, out=canvas)


def gate(rng: np.random.Generator, count: int, *, share: float, coarsest: float, softness: float = 0.15) -> np.ndarray:
    """A line of values in [0, 1] (count,) that is on for about `share` of its length."""
    noise = line_noise(rng, count, coarsest=coarsest, octaves=4)
    threshold = np.quantile(noise, np.clip(1 - share, 0.0, 1.0))
    return np.clip((noise - threshold) / softness + 0.5, 0, 1).astype(np.float32)


def taper(count: int, *, start: float = 0.1, end: float = 0.3) -> np.ndarray:
    """A line of values (count,) that rises over the first and falls over the last part."""
    t = np.linspace(0, 1, count, dtype=np.float32)
    return np.minimum(1, np.minimum(t / max(start, 1e-3), (1 - t) / max(end, 1e-3)))


def blur(field: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of a float map (H, W)."""
    return cv2.GaussianBlur(field, (0, 0), sigma) if sigma > 0.05 else field


def shift(field: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The map moved by (dx, dy) px, its border repeated."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(field, matrix, field.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def relief(height: np.ndarray, angle: float, sigma: float = 0.7) -> np.ndarray:
    """Shading (H, W) of a height map lit from `angle`: its slope towards the light, largest value 1."""
    smooth = blur(height, sigma)
    slope = (cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) * np.cos(angle)
             + cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) * np.sin(angle))
    return slope / (np.abs(slope).max() + 1e-6)


def side_of_path(path: np.ndarray, size: int) -> np.ndarray:
    """+1 on one side of a path that crosses the canvas, −1 on the other (size, size)."""
    ends = np.array([path[0], path[-1]])
    direction = ends[1] - ends[0]
    normal = np.array([-direction[1], direction[0]]) / (np.linalg.norm(direction) + 1e-6)
    far = 4.0 * size * normal
    polygon = np.concatenate([path, (ends[1] + far)[None], (ends[0] + far)[None]])
    layer = np.zeros((size, size), np.uint8)
    cv2.fillPoly(layer, [_fixed_point(polygon)], 1, cv2.LINE_8, SUPERSAMPLE_SHIFT)
    return layer.astype(np.float32) * 2 - 1


def distance_to_path(path: np.ndarray, size: int) -> np.ndarray:
    """Distance in px (size, size) to a path."""
    layer = np.full((size, size), 255, np.uint8)
    cv2.polylines(layer, [_fixed_point(path)], False, 0, 1, cv2.LINE_8, SUPERSAMPLE_SHIFT)
    return cv2.distanceTransform(layer, cv2.DIST_L2, 5)


def cells(rng: np.random.Generator, size: int, *, spacing: float, warp: float = 0.0) -> np.ndarray:
    """Labels (size, size) int32 of a jittered Voronoi pattern with cells about `spacing` px wide."""
    seeds = np.full((size, size), 255, np.uint8)
    count = max(4, int((size / spacing) ** 2))
    seeds[rng.integers(0, size, count), rng.integers(0, size, count)] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    if warp > 0:
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        x += warp * fractal_noise(rng, (size, size), coarsest=spacing)
        y += warp * fractal_noise(rng, (size, size), coarsest=spacing)
        labels = cv2.remap(labels.astype(np.float32), x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
    return labels.astype(np.int32)
