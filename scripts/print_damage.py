"""Draws the damage of an old photographic print onto a clean one: cracks, folds, scratches, dust, stains, worn edges.

Every function takes an RGB picture `(H, W, 3)` of float32 reflectance in [0, 1] and returns a new one.
Nothing here is learnt from or copied out of real prints: all shapes are random walks and filtered noise.
"""

import cv2
import numpy as np

PAPER = np.array([0.93, 0.90, 0.83], np.float32)
"""Bare paper under the emulsion, RGB reflectance."""


def smooth_noise(rng: np.random.Generator, shape: tuple, scale_px: float) -> np.ndarray:
    """Zero-mean, unit-variance noise `(H, W)` whose grains are about `scale_px` wide."""
    height, width = shape
    coarse = (max(2, int(np.ceil(height / scale_px)) + 2), max(2, int(np.ceil(width / scale_px)) + 2))
    field = cv2.resize(rng.standard_normal(coarse).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return (field - field.mean()) / (field.std() + 1e-6)


def rough_path(rng: np.random.Generator, start: tuple, end: tuple, roughness: float) -> np.ndarray:
    """A broken line `(N, 2)` of x, y from start to end by midpoint displacement; points lie about 2 px apart."""
    points = np.array([start, end], np.float64)
    length = float(np.hypot(*(points[1] - points[0])))
    offset = roughness * length
    while length / (len(points) - 1) > 2.0:
        middle = (points[:-1] + points[1:]) / 2
        along = points[1:] - points[:-1]
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.hypot(*along.T)[:, None] + 1e-9)
        middle += normal * rng.normal(0, offset, (len(middle), 1))
        merged = np.empty((len(points) + len(middle), 2))
        merged[0::2], merged[1::2] = points, middle
        points, offset = merged, offset * 0.52
    return points


def draw_path(shape: tuple, path: np.ndarray, widths_px: np.ndarray) -> np.ndarray:
    """Coverage `(H, W)` in [0, 1] of a line whose width changes from point to point; width 0 leaves a gap."""
    oversampling, shift = 4, 4
    canvas = np.zeros((shape[0] * oversampling, shape[1] * oversampling), np.uint8)
    scaled = np.round(path * oversampling * (1 << shift)).astype(np.int64)
    for first, second, width in zip(scaled[:-1], scaled[1:], widths_px[:-1], strict=True):
        thickness = int(round(width * oversampling))
        if thickness > 0:
            cv2.line(canvas, tuple(map(int, first)), tuple(map(int, second)), 255, thickness, cv2.LINE_AA, shift)
    return cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def wavering_widths(rng: np.random.Generator, count: int, mean_px: float, gaps: float) -> np.ndarray:
    """Widths along a path: two octaves of noise; `gaps` in [0, 1] is about the share of the path left whole."""
    slow = np.interp(
        np.arange(count), np.linspace(0, count, max(3, count // 24)), rng.normal(0, 1, max(3, count // 24))
    )
    fast = np.interp(np.arange(count), np.linspace(0, count, max(3, count // 3)), rng.normal(0, 1, max(3, count // 3)))
    level = 0.75 * slow + 0.45 * fast
    threshold = np.quantile(level, gaps)
    return np.where(level < threshold, 0, mean_px * (0.35 + 0.65 * (level - threshold)))


def lose_emulsion(rng: np.random.Generator, picture: np.ndarray, core: np.ndarray, relief: float = 0.3) -> np.ndarray:
    """Shows bare, fibrous paper where `core` is 1, with the lifted edge's shadow below right and a glint above left."""
    height, width = core.shape
    soft = cv2.GaussianBlur(core, (0, 0), 1.1)
    shadow = np.clip(np.roll(soft, (2, 1), (0, 1)) - core, 0, 1)
    glint = np.clip(np.roll(soft, (-1, -1), (0, 1)) - core, 0, 1)
    fibres = 1 + 0.035 * smooth_noise(rng, (height, width), 3) + 0.03 * smooth_noise(rng, (height, width), 1.3)
    paper = PAPER * fibres[..., None] * (0.97 - 0.10 * np.clip(smooth_noise(rng, (height, width), 60), 0, 1))[..., None]
    lit = picture * (1 - relief * shadow[..., None]) + 0.25 * relief * glint[..., None]
    return np.clip(lit * (1 - core[..., None]) + paper * core[..., None], 0, 1).astype(np.float32)


def crack(
    rng: np.random.Generator,
    picture: np.ndarray,
    start: tuple,
    end: tuple,
    *,
    width_px: float = 2.2,
    gaps: float = 0.25,
    branches: int = 3,
    roughness: float = 0.06,
) -> np.ndarray:
    """A crack in the emulsion with branches and a few flakes where they meet. Ends in pixels, x before y."""
    shape = picture.shape[:2]
    trunk = rough_path(rng, start, end, roughness)
    taper = np.minimum(1, np.linspace(3.5, 0.3, len(trunk)))
    core = draw_path(shape, trunk, wavering_widths(rng, len(trunk), width_px, gaps) * taper)
    heading = np.arctan2(end[1] - start[1], end[0] - start[0])
    reach = np.hypot(end[0] - start[0], end[1] - start[1])
    for _ in range(branches):
        origin = trunk[rng.integers(len(trunk) // 8, max(len(trunk) // 8 + 1, 7 * len(trunk) // 8))]
        angle = heading + rng.choice([-1, 1]) * rng.uniform(0.35, 1.2)
        length = reach * rng.uniform(0.08, 0.28)
        tip = origin + length * np.array([np.cos(angle), np.sin(angle)])
        path = rough_path(rng, tuple(origin), tuple(tip), 0.09)
        widths = wavering_widths(rng, len(path), 0.7 * width_px, 0.2) * np.linspace(1, 0.2, len(path))
        core = np.maximum(core, draw_path(shape, path, widths))
        if rng.random() < 0.6:
            core = np.maximum(core, flake(rng, shape, origin, rng.uniform(1.5, 4.0) * width_px))
    return lose_emulsion(rng, picture, core)


def flake(rng: np.random.Generator, shape: tuple, centre: np.ndarray, radius_px: float) -> np.ndarray:
    """Coverage of one chip of lost emulsion with an angular outline."""
    corners = rng.integers(6, 11)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = radius_px * rng.uniform(0.35, 1.15, corners)
    stretch = rng.uniform(0.5, 1.0)
    outline = np.stack([centre[0] + radii * np.cos(angles), centre[1] + stretch * radii * np.sin(angles)], 1)
    canvas = np.zeros((shape[0] * 2, shape[1] * 2), np.uint8)
    cv2.fillPoly(canvas, [np.round(outline * 2 * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def fold(
    rng: np.random.Generator, picture: np.ndarray, start: tuple, end: tuple, *, width_px: float = 3.0, gaps: float = 0.3
) -> np.ndarray:
    """A fold across the print: a soft ridge of light and shade, a broken white line, short cracks running off it."""
    shape = picture.shape[:2]
    path = rough_path(rng, start, end, 0.009)
    direction = np.array(end, float) - np.array(start, float)
    direction /= np.hypot(*direction)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    distance = (columns - start[0]) * -direction[1] + (rows - start[1]) * direction[0]
    ridge = np.tanh(distance / 4) * np.exp(-np.abs(distance) / 26)
    unevenness = 0.7 + 0.3 * smooth_noise(rng, shape, 90)
    bent = np.clip(picture * (1 + 0.11 * (ridge * unevenness)[..., None]), 0, 1)

    core = draw_path(shape, path, wavering_widths(rng, len(path), width_px, gaps))
    hairline = draw_path(shape, path + rng.normal(0, 0.5, path.shape), np.full(len(path), 0.7))
    core = np.maximum(core, hairline * np.clip(0.35 + 0.25 * smooth_noise(rng, shape, 50), 0, 0.8))
    for _ in range(int(len(path) / 9)):
        origin = path[rng.integers(len(path))]
        side = rng.choice([-1, 1]) * np.array([-direction[1], direction[0]])
        tip = origin + side * rng.gamma(1.6, 6) + direction * rng.normal(0, 6)
        twig = rough_path(rng, tuple(origin), tuple(tip), 0.1)
        core = np.maximum(core, draw_path(shape, twig, np.linspace(1.1, 0.3, len(twig))) * rng.uniform(0.3, 0.9))
    for _ in range(int(len(path) / 60)):
        core = np.maximum(core, flake(rng, shape, path[rng.integers(len(path))], rng.uniform(1.2, 3.2) * width_px))
    return lose_emulsion(rng, bent, core)


def scratch(
    rng: np.random.Generator,
    picture: np.ndarray,
    start: tuple,
    end: tuple,
    *,
    width_px: float = 1.2,
    strength: float = 0.6,
    bend: float = 0.02,
    dark: bool = False,
) -> np.ndarray:
    """A scratch that takes part of the emulsion: the picture still shows through, the more the weaker it is."""
    shape = picture.shape[:2]
    ends = np.array([start, end], float)
    middle = ends.mean(0) + bend * np.hypot(*(ends[1] - ends[0])) * rng.normal(0, 1, 2)
    steps = np.linspace(0, 1, int(np.hypot(*(ends[1] - ends[0])) / 2) + 2)[:, None]
    path = (1 - steps) ** 2 * ends[0] + 2 * steps * (1 - steps) * middle + steps**2 * ends[1]
    widths = np.maximum(0.5, wavering_widths(rng, len(path), width_px, 0.05))
    pressure = np.interp(np.arange(shape[0]), np.linspace(0, shape[0], 12), rng.uniform(0.35, 1, 12))
    alpha = draw_path(shape, path, widths) * (strength * pressure)[:, None].astype(np.float32)
    colour = np.float32(0.10) if dark else PAPER
    return np.clip(picture * (1 - alpha[..., None]) + colour * alpha[..., None], 0, 1).astype(np.float32)


def dust(rng: np.random.Generator, picture: np.ndarray, *, specks: int, hairs: int, dark: bool = False) -> np.ndarray:
    """Specks and curled hairs that lay on the negative (light) or on the print (dark)."""
    shape = picture.shape[:2]
    alpha = np.zeros(shape, np.float32)
    for _ in range(specks):
        centre = rng.uniform((0, 0), (shape[1], shape[0]))
        radius = min(6.0, 0.6 + rng.gamma(1.1, 0.6))
        window = flake(rng, (24, 24), np.array([12.0, 12.0]) + centre % 1, radius) * rng.uniform(0.4, 0.95)
        paste_max(alpha, window, int(centre[0]) - 12, int(centre[1]) - 12)
    for _ in range(hairs):
        position, angle = rng.uniform((0, 0), (shape[1], shape[0])), rng.uniform(0, 2 * np.pi)
        turn, path = rng.normal(0, 0.05), [position]
        for _ in range(int(rng.uniform(15, 60))):
            turn = np.clip(turn + rng.normal(0, 0.035), -0.16, 0.16)
            angle += turn
            path.append(path[-1] + 2 * np.array([np.cos(angle), np.sin(angle)]))
        line = draw_path(shape, np.array(path), np.full(len(path), rng.uniform(0.8, 1.5)))
        alpha = np.maximum(alpha, line * rng.uniform(0.5, 0.9))
    colour = np.float32(0.12) if dark else PAPER * 0.99
    return np.clip(picture * (1 - alpha[..., None]) + colour * alpha[..., None], 0, 1).astype(np.float32)


def paste_max(target: np.ndarray, window: np.ndarray, left: int, top: int) -> None:
    """Keeps the larger of target and window, in place; what falls outside the target is dropped."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + window.shape[1], target.shape[1]), min(top + window.shape[0], target.shape[0])
    if x0 < x1 and y0 < y1:
        part = window[y0 - top : y1 - top, x0 - left : x1 - left]
        np.maximum(target[y0:y1, x0:x1], part, out=target[y0:y1, x0:x1])


def worn_edges(rng: np.random.Generator, picture: np.ndarray, depth_px: float) -> np.ndarray:
    """Rubbed edges and bumped corners of the sheet: paper shows through in ragged patches."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    edge = np.minimum(np.minimum(rows, height - 1 - rows), np.minimum(columns, width - 1 - columns))
    corner = np.minimum.reduce([np.hypot(rows - y, columns - x) for y in (0, height - 1) for x in (0, width - 1)])
    ragged = depth_px * (
        0.05
        + 0.30 * np.clip(smooth_noise(rng, (height, width), 55), 0, 2)
        + 0.18 * np.abs(smooth_noise(rng, (height, width), 7))
    )
    bump = 3.0 * depth_px * (0.7 + 0.3 * smooth_noise(rng, (height, width), 9))
    core = np.maximum(np.clip(ragged - edge, 0, 1), np.clip(bump - corner, 0, 1))
    return lose_emulsion(rng, picture, cv2.GaussianBlur(core.astype(np.float32), (0, 0), 0.6), relief=0.2)


def stain(rng: np.random.Generator, picture: np.ndarray, centre: tuple, radius_px: float, depth: float) -> np.ndarray:
    """A dried drop of water: a faint brown disc with a darker, irregular rim."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(columns - centre[0], rows - centre[1]) + 0.10 * radius_px * smooth_noise(
        rng, (height, width), radius_px
    )
    inside = 0.5 - 0.5 * np.tanh((distance - radius_px) / 6)
    rim = np.exp(-(((distance - radius_px) / 5) ** 2))
    tint = np.array([0.35, 0.6, 1.0], np.float32)
    return np.clip(picture * (1 - depth * (0.35 * inside + 0.8 * rim)[..., None] * tint), 0, 1).astype(np.float32)
