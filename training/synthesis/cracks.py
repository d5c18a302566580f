"""Drawings of broken emulsion: torn-core cracks, relief folds, hairlines, dendrites and craquelure; nothing else."""

from __future__ import annotations

import cv2
import numpy as np

from . import primitives as draw
from .overlay import CANVAS_PX, Overlay

SHAPE = (CANVAS_PX, CANVAS_PX)
CLEAN_BREAK_SHARE = 0.45  # of the torn cracks: real prints break right through as often as they fray
CREASE_FAN_SHARE = 0.22  # of the folds: several creases side by side, as over a bent corner
WORN_FOLD_SHARE = 0.45  # of the folds: rubbed pale along the crease instead of standing out in relief


def torn_crack(rng: np.random.Generator) -> Overlay:
    """A crack whose paper core lies bare: ragged edges, islands of emulsion, shadow, lip and whiskers."""
    if rng.random() < CLEAN_BREAK_SHARE:
        return _clean_break(rng)
    overlay = Overlay.empty()
    width = float(np.exp(rng.uniform(np.log(3.0), np.log(36.0))))
    wander = np.exp(rng.uniform(np.log(0.003), np.log(0.03)))
    path = draw.crossing_path(rng, CANVAS_PX, wander=wander, roughness=rng.uniform(0.35, 0.55))
    overlay.side = draw.side_of_path(path, CANVAS_PX)
    if rng.random() < 0.35:
        path = _part_of(rng, path)
        overlay.side[:] = 0
    core = _torn_core(rng, path, width)
    for _ in range(rng.integers(0, 4)):
        core = np.maximum(core, _branch(rng, path, width))
    core = np.maximum(core, _whiskers(rng, path, width))
    overlay.alpha = core
    overlay.tone = _paper(rng, core)
    overlay.shade = _lip_and_shadow(rng, core)
    return overlay


def _clean_break(rng: np.random.Generator) -> Overlay:
    """A break right through the print: nearly straight, smooth edges, white core, dark flanks on both sides."""
    overlay = Overlay.empty()
    width = float(np.exp(rng.uniform(np.log(2.5), np.log(16.0))))
    path = draw.crossing_path(rng, CANVAS_PX, wander=np.exp(rng.uniform(np.log(0.001), np.log(0.012))),
                              roughness=rng.uniform(0.3, 0.5), axis_aligned=0.5)
    overlay.side = draw.side_of_path(path, CANVAS_PX)
    count, unit = len(path), draw.normals(path)
    swell = 0.5 * width * np.exp(rng.uniform(0.1, 0.45) * draw.line_noise(rng, count, coarsest=60, octaves=4))
    swell *= draw.gate(rng, count, share=rng.uniform(0.75, 1.0), coarsest=80, softness=0.4)
    offset = draw.line_noise(rng, count, coarsest=30) * rng.uniform(0, 0.15) * width
    core = np.zeros(SHAPE, np.float32)
    draw.draw_band(core, path + (offset + swell)[:, None] * unit, path + (offset - swell)[:, None] * unit)
    if rng.random() < 0.5:
        core = np.maximum(core, _branch(rng, path, width))
    soft = draw.blur(core, rng.uniform(0.4, 1.1))
    overlay.alpha = np.clip(soft, 0, 1)
    overlay.tone = _paper(rng, core)
    flanks = np.clip(draw.blur(core, rng.uniform(1.0, 4.0)) - soft, 0, 1)
    overlay.shade = _lip_and_shadow(rng, core) - rng.uniform(0.0, 0.6) * flanks
    return overlay


def _part_of(rng: np.random.Generator, path: np.ndarray) -> np.ndarray:
    """A stretch of a path that ends inside the print."""
    length = int(len(path) * rng.uniform(0.25, 0.6))
    start = int(rng.integers(0, len(path) - length))
    return path[start:start + length]


def _torn_core(rng: np.random.Generator, path: np.ndarray, width: float) -> np.ndarray:
    """The bare paper (H, W): left and right edge wander independently, with islands of emulsion left."""
    count = len(path)
    edges = []
    for sign in (1, -1):
        swell = np.exp(0.55 * draw.line_noise(rng, count, coarsest=rng.uniform(20, 120), octaves=4))
        jag = draw.line_noise(rng, count, coarsest=6, octaves=3) * min(0.22 * width, 2.5)
        edges.append((sign, np.maximum(0.25, 0.45 * width * swell + jag)))
    present = draw.gate(rng, count, share=rng.uniform(0.45, 1.0), coarsest=rng.uniform(15, 80), softness=0.5)
    thinnest = rng.uniform(0.0, 0.5) / max(width, 1)
    ends = draw.taper(count, start=0.03, end=0.06)
    scale = np.maximum(present, thinnest) * ends
    unit = draw.normals(path)
    left, right = (path + sign * (half * scale)[:, None] * unit for sign, half in edges)
    core = np.zeros(SHAPE, np.float32)
    draw.draw_band(core, left, right)
    if rng.random() < 0.7:
        draw.draw_stroke(core, path, rng.uniform(0.6, 1.6), ends * rng.uniform(0.3, 0.9))
    if width > 5:
        ragged = draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(3, 14), octaves=3)
        islands = np.clip((ragged - rng.uniform(0.7, 1.8)) * 4, 0, 1)
        core = core * (1 - islands * rng.uniform(0.4, 1.0))
    return core


def _branch(rng: np.random.Generator, path: np.ndarray, width: float) -> np.ndarray:
    """A narrower crack that leaves the main one at an angle (H, W)."""
    at = int(rng.integers(len(path) // 8, 7 * len(path) // 8))
    along = path[min(at + 4, len(path) - 1)] - path[at]
    angle = np.arctan2(along[1], along[0]) + rng.choice([-1, 1]) * rng.uniform(0.4, 1.4)
    branch = draw.wandering_path(rng, path[at], angle, rng.uniform(40, 260), wander=rng.uniform(0.01, 0.05))
    canvas = np.zeros(SHAPE, np.float32)
    swell = np.exp(0.5 * draw.line_noise(rng, len(branch), coarsest=25))
    widths = np.maximum(0.5, width * rng.uniform(0.15, 0.5) * swell) * draw.taper(len(branch), start=0.02, end=0.8)
    draw.draw_stroke(canvas, branch, widths, draw.gate(rng, len(branch), share=rng.uniform(0.6, 1), coarsest=30))
    return canvas


def _whiskers(rng: np.random.Generator, path: np.ndarray, width: float) -> np.ndarray:
    """Short side cracks, up to about ten per 100 px (H, W)."""
    canvas = np.zeros(SHAPE, np.float32)
    count = int(2.0 * len(path) / 100 * rng.uniform(1, 9))
    for at in rng.integers(0, len(path) - 2, count):
        along = path[at + 1] - path[at]
        angle = np.arctan2(along[1], along[0]) + rng.choice([-1, 1]) * rng.uniform(0.5, 1.6)
        reach = width / 2 + np.exp(rng.uniform(np.log(2), np.log(22)))
        whisker = draw.wandering_path(rng, path[at], angle, reach, wander=0.1, step=1.5)
        widths = rng.uniform(0.6, 2.0) * np.linspace(1, 0.3, len(whisker))
        draw.draw_stroke(canvas, whisker, widths, rng.uniform(0.4, 1.0))
    return canvas


def _paper(rng: np.random.Generator, core: np.ndarray) -> np.ndarray:
    """Lightness of bare paper (H, W): fibres, dirt, a darker bottom of the tear."""
    fibres = rng.uniform(0.03, 0.12) * draw.fibre_noise(rng, SHAPE, length=7)
    clouds = rng.uniform(0.02, 0.14) * draw.fractal_noise(rng, SHAPE, coarsest=40)
    # Bare paper often clips to white in the scan.
    tone = rng.uniform(0.9, 1.08) + fibres + clouds
    if rng.random() < 0.35:
        depth = cv2.distanceTransform((core > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        crack = draw.fractal_noise(rng, SHAPE, coarsest=16, octaves=4)
        tone -= rng.uniform(0.15, 0.5) * np.clip(crack - 0.8, 0, 1) * np.clip(depth / 3, 0, 1)
    return np.clip(tone, 0, 1)


def _lip_and_shadow(rng: np.random.Generator, core: np.ndarray) -> np.ndarray:
    """Shade (H, W) beside the core: 1 to 3 px of shadow on one side, a bright lip on the other."""
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(1.0, 3.0)
    dx, dy = reach * np.cos(angle), reach * np.sin(angle)
    soft = draw.blur(core, 0.6)
    shadow = np.clip(draw.shift(soft, dx, dy) - soft, 0, 1)
    lip = np.clip(draw.shift(soft, -dx, -dy) - soft, 0, 1)
    shade = rng.uniform(0.0, 0.12) * lip - rng.uniform(0.05, 0.28) * shadow
    if rng.random() < 0.5:
        halo = draw.blur(core, rng.uniform(6, 18))
        shade += rng.uniform(-0.06, 0.06) * halo / (halo.max() + 1e-6) * (1 - soft)
    return shade


def fold(rng: np.random.Generator) -> Overlay:
    """A crease in relief: a bright and a dark flank, a wide faint halo, broken white chips along it; or a worn one."""
    if rng.random() < CREASE_FAN_SHARE:
        return _crease_fan(rng)
    if rng.random() < WORN_FOLD_SHARE:
        return _worn_fold(rng)
    overlay = Overlay.empty()
    path = draw.crossing_path(rng, CANVAS_PX, wander=rng.uniform(0.0, 0.025), roughness=0.5, axis_aligned=0.5)
    side = draw.side_of_path(path, CANVAS_PX)
    distance = draw.distance_to_path(path, CANVAS_PX) * side
    width = float(np.exp(rng.uniform(np.log(0.9), np.log(9.0))))
    strength = rng.uniform(0.05, 0.25) / max(1.0, width / 3.5)
    ratio = distance / width
    pair = -1.65 * ratio * np.exp(-0.5 * ratio**2)
    ridge = rng.uniform(-0.6, 0.6) * np.exp(-0.5 * ratio**2)
    halo = rng.uniform(-0.12, 0.12) * np.exp(-np.abs(distance) / rng.uniform(8, 40)) * np.sign(distance)
    uneven = np.clip(0.7 + 0.35 * draw.fractal_noise(rng, SHAPE, coarsest=90), 0.1, 1.3)
    if rng.random() < 0.5:
        lit_side = rng.choice([-1, 1])
        pair = np.where(side * lit_side > 0, pair, pair * rng.uniform(0, 0.5))
    overlay.shade = (strength * (pair + ridge + halo) * uneven).astype(np.float32)
    overlay.alpha = _chips(rng, path, width)
    overlay.tone = _paper(rng, overlay.alpha)
    if rng.random() < 0.3:
        overlay.side = side
    return overlay


def _worn_fold(rng: np.random.Generator) -> Overlay:
    """A crease rubbed pale: a soft mottled band that lets the picture through, often with a fine crack along it."""
    overlay = Overlay.empty()
    path = draw.crossing_path(rng, CANVAS_PX, wander=rng.uniform(0.0, 0.03), roughness=0.5, axis_aligned=0.5)
    count, unit = len(path), draw.normals(path)
    width = float(np.exp(rng.uniform(np.log(3.0), np.log(40.0))))
    half = 0.5 * width * np.exp(rng.uniform(0.1, 0.5) * draw.line_noise(rng, count, coarsest=60, octaves=4))
    half *= draw.gate(rng, count, share=rng.uniform(0.5, 1.0), coarsest=90, softness=0.9)
    drift = (draw.line_noise(rng, count, coarsest=50) * 0.15 * width)[:, None] * unit
    band = np.zeros(SHAPE, np.float32)
    draw.draw_band(band, path + drift + half[:, None] * unit, path + drift - half[:, None] * unit)
    band = draw.blur(band, 0.5 + rng.uniform(0.03, 0.3) * width)
    mottled = np.clip(rng.uniform(0.6, 0.95) + 0.3 * draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(4, 30)), 0.1, 1)
    overlay.alpha = (band * mottled * rng.uniform(0.35, 1.0)).astype(np.float32)
    if rng.random() < 0.6:
        present = draw.gate(rng, count, share=rng.uniform(0.3, 1.0), coarsest=40, softness=0.4)
        draw.draw_stroke(overlay.alpha, path + drift, rng.uniform(0.6, 2.2), present * rng.uniform(0.5, 1.0))
    overlay.tone = _paper(rng, overlay.alpha)
    distance = draw.distance_to_path(path, CANVAS_PX) * draw.side_of_path(path, CANVAS_PX) / (0.6 * width)
    overlay.shade = (rng.uniform(-0.12, 0.12) * distance * np.exp(-0.5 * distance**2) * band).astype(np.float32)
    return overlay


def _crease_fan(rng: np.random.Generator) -> Overlay:
    """Creases side by side, nearly parallel, pale and broken into short pieces: what a bent corner leaves."""
    overlay = Overlay.empty()
    heading = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(heading), np.sin(heading)])
    across = np.array([-along[1], along[0]])
    spacing = np.exp(rng.uniform(np.log(8), np.log(60)))
    count = int(rng.integers(3, 10))
    for number in range(count):
        offset = (number - count / 2) * spacing + rng.normal(0, 0.35 * spacing)
        length = rng.uniform(120, 560)
        start = CANVAS_PX / 2 + across * offset - along * length * rng.uniform(0.3, 0.7)
        crease = draw.wandering_path(rng, start, heading + rng.normal(0, 0.09), length, wander=rng.uniform(0.004, 0.025))
        strength, width = rng.uniform(0.35, 1.0), np.exp(rng.uniform(np.log(0.7), np.log(4.5)))
        present = draw.gate(rng, len(crease), share=rng.uniform(0.4, 1.0), coarsest=rng.uniform(12, 60), softness=0.4)
        swell = np.exp(0.45 * draw.line_noise(rng, len(crease), coarsest=14))
        ends = draw.taper(len(crease), start=0.1, end=0.25)
        draw.draw_stroke(overlay.alpha, crease, np.maximum(0.5, width * swell) * np.maximum(present, 0.3), strength * ends * present)
        if rng.random() < 0.5:
            overlay.alpha = np.maximum(overlay.alpha, strength * _chips(rng, crease, width))
    overlay.tone = _paper(rng, overlay.alpha)
    overlay.shade = (rng.uniform(0.02, 0.16) * draw.relief(overlay.alpha, rng.uniform(0, 2 * np.pi))).astype(np.float32)
    return overlay


def _chips(rng: np.random.Generator, path: np.ndarray, width: float) -> np.ndarray:
    """White chips broken off on 20 to 70 % of a fold's length (H, W)."""
    count = len(path)
    alpha = np.zeros(SHAPE, np.float32)
    present = draw.gate(rng, count, share=rng.uniform(0.2, 0.7), coarsest=rng.uniform(6, 50), softness=0.6)
    swell = np.exp(0.7 * draw.line_noise(rng, count, coarsest=10, octaves=4))
    half = np.clip(rng.uniform(0.5, 1.6) * swell, 0, min(width * 0.8, 5.0) + 1) * present
    offset = draw.line_noise(rng, count, coarsest=12) * 0.4
    unit = draw.normals(path)
    draw.draw_band(alpha, path + (offset + half)[:, None] * unit, path + (offset - half)[:, None] * unit,
                   rng.uniform(0.6, 1.0))
    for at in rng.integers(0, count - 2, rng.integers(0, 14)):
        along = path[at + 1] - path[at]
        angle = np.arctan2(along[1], along[0]) + rng.choice([-1, 1]) * rng.uniform(0.3, 1.5)
        crack = draw.wandering_path(rng, path[at], angle, rng.uniform(5, 50), wander=0.08, step=1.5)
        draw.draw_stroke(alpha, crack, rng.uniform(0.5, 1.8) * draw.taper(len(crack), start=0.02, end=0.8),
                         rng.uniform(0.4, 1))
    return alpha


def hairline(rng: np.random.Generator) -> Overlay:
    """Dark cracks 0.7 to 2 px wide with a bright lip, dying out at their ends; some fork."""
    overlay = Overlay.empty()
    for _ in range(rng.integers(1, 5)):
        _hairline_stroke(rng, overlay.alpha)
    overlay.tone[:] = rng.uniform(0.75, 1.0)
    angle = rng.uniform(0, 2 * np.pi)
    lip = np.clip(draw.shift(overlay.alpha, 1.3 * np.cos(angle), 1.3 * np.sin(angle)) - overlay.alpha, 0, 1)
    overlay.shade = rng.uniform(0.03, 0.15) * lip
    return overlay


def _hairline_stroke(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Draws one dying crack and its forks onto `alpha`."""
    start = rng.uniform(0.1, 0.9, 2) * CANVAS_PX
    angle = rng.uniform(0, 2 * np.pi)
    path = draw.wandering_path(rng, start, angle, rng.uniform(120, 520),
                               wander=np.exp(rng.uniform(np.log(0.01), np.log(0.08))), roughness=rng.uniform(0.4, 0.65))
    width = rng.uniform(0.7, 2.0)
    fade = draw.taper(len(path), start=0.15, end=0.4) * np.clip(
        0.85 + 0.35 * draw.line_noise(rng, len(path), coarsest=30), 0, 1)
    draw.draw_stroke(alpha, path, width * np.clip(0.4 + fade, 0, 1), fade)
    for _ in range(rng.integers(0, 4)):
        at = int(rng.integers(len(path) // 6, 5 * len(path) // 6))
        fork = draw.wandering_path(rng, path[at], angle + rng.choice([-1, 1]) * rng.uniform(0.3, 1.2),
                                   rng.uniform(20, 160), wander=0.045)
        draw.draw_stroke(alpha, fork, 0.8 * width * draw.taper(len(fork), start=0.01, end=0.9), fade[at])


def dendrite(rng: np.random.Generator) -> Overlay:
    """A tree of fine faint cracks of 4 to 8 generations."""
    overlay = Overlay.empty()
    angle = rng.uniform(0, 2 * np.pi)
    start = rng.uniform(0.25, 0.75, 2) * CANVAS_PX
    tips = [(start, angle, rng.uniform(50, 110))]
    if rng.random() < 0.5:
        tips.append((start, angle + np.pi + rng.normal(0, 0.4), rng.uniform(50, 110)))
    for generation in range(int(rng.integers(4, 9))):
        grown = []
        for origin, heading, length in tips[:40]:
            path = draw.wandering_path(rng, origin, heading, length, wander=0.05, step=2.0)
            width = max(0.6, rng.uniform(1.2, 2.2) * 0.85**generation)
            draw.draw_stroke(overlay.alpha, path, width, 0.95**generation)
            for _ in range(rng.integers(1, 4)):
                at = path[int(rng.integers(len(path) // 3, len(path)))]
                grown.append((at, heading + rng.normal(0, 0.7), length * rng.uniform(0.5, 0.9)))
        tips = grown
    overlay.shade = rng.uniform(0, 0.12) * draw.relief(overlay.alpha, rng.uniform(0, 2 * np.pi))
    return overlay


def craquelure(rng: np.random.Generator) -> Overlay:
    """A net of cracks around angular cells, strong in places and absent in others."""
    overlay = Overlay.empty()
    labels = draw.cells(rng, CANVAS_PX, spacing=rng.uniform(14, 60), warp=rng.uniform(1, 5)).astype(np.float32)
    edge = (np.abs(cv2.Laplacian(labels, cv2.CV_32F)) > 0.5).astype(np.float32)
    edge = np.clip(draw.blur(edge, rng.uniform(0.4, 0.8)) * 1.6, 0, 1)
    where = np.clip(draw.fractal_noise(rng, SHAPE, coarsest=200, octaves=4) * 1.5 + rng.uniform(-0.8, 0.4), 0, 1)
    broken = np.clip(draw.fractal_noise(rng, SHAPE, coarsest=30) + 1.2, 0, 1)
    overlay.alpha = edge * where * broken
    overlay.shade = rng.uniform(0, 0.1) * draw.relief(overlay.alpha, rng.uniform(0, 2 * np.pi))
    return overlay
