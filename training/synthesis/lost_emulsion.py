"""Drawings of lost emulsion: peeled patches, flakes, worn borders and torn corners; nothing else."""

from __future__ import annotations

import cv2
import numpy as np

from . import primitives as draw
from .overlay import CANVAS_PX, Overlay

SHAPE = (CANVAS_PX, CANVAS_PX)


def as_bare_paper(rng: np.random.Generator, mask: np.ndarray) -> Overlay:
    """An overlay with `mask` (H, W) laid bare: paper tone, hard edge, a shadow inside it and a lip outside."""
    overlay = Overlay.empty()
    overlay.alpha = draw.blur(mask, rng.uniform(0.3, 0.7))
    fibres = rng.uniform(0.02, 0.1) * draw.fibre_noise(rng, SHAPE)
    paper = 0.93 + fibres + rng.uniform(0.03, 0.12) * draw.fractal_noise(rng, SHAPE, coarsest=50)
    overlay.tone = np.clip(paper, 0, 1)
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(1.0, 3.0)
    moved = draw.shift(overlay.alpha, reach * np.cos(angle), reach * np.sin(angle))
    inner = np.clip(overlay.alpha - moved, 0, 1)
    outer = np.clip(moved - overlay.alpha, 0, 1)
    overlay.shade = rng.uniform(0, 0.1) * outer - rng.uniform(0.05, 0.3) * inner
    return overlay


def peel(rng: np.random.Generator) -> Overlay:
    """Fractal patches without emulsion, 2 to 25 % of the canvas; sometimes angular shards."""
    region = draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(120, 300), octaves=3)
    detail = draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(10, 40), octaves=6, persistence=0.6)
    field = region + rng.uniform(0.15, 0.7) * detail
    if rng.random() < 0.4:
        labels = draw.cells(rng, CANVAS_PX, spacing=rng.uniform(10, 40), warp=rng.uniform(0, 3))
        area = np.maximum(np.bincount(labels.ravel()), 1)
        means = (np.bincount(labels.ravel(), field.ravel()) / area).astype(np.float32)
        means += 0.25 * rng.standard_normal(len(means)).astype(np.float32)
        field = means[labels]
    share = np.exp(rng.uniform(np.log(0.02), np.log(0.25)))
    mask = np.clip((field - np.quantile(field, 1 - share)) * 14 + 0.5, 0, 1)
    return as_bare_paper(rng, mask)


def flakes(rng: np.random.Generator) -> Overlay:
    """Scattered angular chips of lost emulsion, 2 to 60 px each."""
    mask = np.zeros(SHAPE, np.uint8)
    centres = rng.uniform(0, 1, (rng.integers(1, 5), 2)) * CANVAS_PX
    for _ in range(rng.integers(4, 36)):
        centre = centres[rng.integers(len(centres))] + rng.normal(0, rng.uniform(15, 120), 2)
        radius = np.exp(rng.uniform(np.log(1.2), np.log(30)))
        corners = int(rng.integers(4, 9))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = radius * rng.uniform(0.4, 1.5, corners)
        stretch = np.array([1, rng.uniform(0.35, 1)])
        points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None] * stretch
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    chipped = draw.fractal_noise(rng, SHAPE, coarsest=6, octaves=3)
    return as_bare_paper(rng, mask.astype(np.float32) / 255 * (chipped > -1.3))


def border_wear(rng: np.random.Generator) -> Overlay:
    """Worn print borders: emulsion rubbed and chipped off along one to three edges of the canvas."""
    distance = _distance_to_edges(rng, int(rng.integers(1, 4)))
    reach = np.exp(rng.uniform(np.log(2.5), np.log(18)))
    field = draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(25, 120), octaves=7, persistence=0.65)
    mask = np.clip((reach * np.exp(0.6 * field) - distance) * 0.7, 0, 1)
    return as_bare_paper(rng, mask)


def torn_corner(rng: np.random.Generator) -> Overlay:
    """A corner of the print torn off: the bare layer of paper, then nothing."""
    x, y = np.meshgrid(np.arange(CANVAS_PX, dtype=np.float32), np.arange(CANVAS_PX, dtype=np.float32))
    cut = x / rng.uniform(0.6, 1.6) + y
    cut += 10 * draw.fractal_noise(rng, SHAPE, coarsest=90, octaves=7, persistence=0.6)
    reach = rng.uniform(40, 200)
    overlay = as_bare_paper(rng, np.clip((reach - cut) * 0.8, 0, 1))
    gone = np.clip((reach - rng.uniform(6, 30) - cut) * 0.8, 0, 1)
    bed = rng.choice([0.02, 1.0])
    overlay.tone = overlay.tone * (1 - gone) + bed * gone
    return overlay


def _distance_to_edges(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distance in px (H, W) to `count` edges of the canvas, the left one always among them."""
    ramp = np.arange(CANVAS_PX, dtype=np.float32)
    edges = [np.tile(ramp, (CANVAS_PX, 1)), np.tile(ramp[:, None], (1, CANVAS_PX)),
             np.tile(ramp[::-1], (CANVAS_PX, 1)), np.tile(ramp[::-1, None], (1, CANVAS_PX))]
    chosen = edges[:1] + [edges[i] for i in rng.permutation([1, 2, 3])[:count - 1]]
    return np.minimum.reduce(chosen)
