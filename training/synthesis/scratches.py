"""Drawings of mechanical scratches: single, bundled, long and faint, rubbed patches and skids; nothing else."""

from __future__ import annotations

import numpy as np

from . import primitives as draw
from .lost_emulsion import as_bare_paper
from .overlay import CANVAS_PX, Overlay

SHAPE = (CANVAS_PX, CANVAS_PX)


def _with_relief(rng: np.random.Generator, overlay: Overlay) -> Overlay:
    """Adds the slopes of the furrow, so that the emboss optics have something to show."""
    overlay.shade = rng.uniform(0.1, 0.3) * draw.relief(overlay.alpha, rng.uniform(0, 2 * np.pi))
    overlay.tone = np.clip(0.95 + 0.06 * draw.fractal_noise(rng, SHAPE, coarsest=20), 0, 1)
    return overlay


def _scratch_path(rng: np.random.Generator, length: float) -> np.ndarray:
    """A straight, bent or wandering path that starts anywhere on the canvas."""
    start = rng.uniform(-0.1, 1.1, 2) * CANVAS_PX
    towards = rng.uniform(0.2, 0.8, 2) * CANVAS_PX - start
    angle = np.arctan2(towards[1], towards[0])
    kind = rng.random()
    wander = 0.0 if kind < 0.35 else rng.uniform(0.003, 0.02) if kind < 0.75 else rng.uniform(0.05, 0.2)
    path = draw.wandering_path(rng, start, angle, length, wander=wander, roughness=0.35 if kind > 0.75 else 0.5)
    if rng.random() < 0.5:
        t = np.linspace(-1, 1, len(path), dtype=np.float32)[:, None]
        bow = rng.normal(0, 0.08) * length * (t**2 - 1)
        path = path + bow * np.array([-np.sin(angle), np.cos(angle)], np.float32)
    return path


def scratch(rng: np.random.Generator) -> Overlay:
    """One to three scratches of 0.7 to 5 px, uneven in width, with gaps."""
    overlay = Overlay.empty()
    for _ in range(rng.integers(1, 4)):
        path = _scratch_path(rng, np.exp(rng.uniform(np.log(60), np.log(700))))
        width = np.exp(rng.uniform(np.log(0.8), np.log(5)))
        swell = np.exp(0.3 * draw.line_noise(rng, len(path), coarsest=30))
        present = draw.gate(rng, len(path), share=rng.uniform(0.6, 1.3), coarsest=rng.uniform(10, 60), softness=0.6)
        ends = draw.taper(len(path), start=rng.uniform(0.01, 0.2), end=rng.uniform(0.01, 0.4))
        draw.draw_stroke(overlay.alpha, path, np.maximum(0.5, width * swell * ends), present * np.clip(3 * ends, 0, 1))
    if rng.random() < 0.5:
        pitted = draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(2, 6), octaves=2)
        overlay.alpha *= np.clip(pitted * 0.7 + rng.uniform(0.8, 1.6), 0, 1)
    return _with_relief(rng, overlay)


def scratch_bundle(rng: np.random.Generator) -> Overlay:
    """Two to eight scratches side by side, as one hard object leaves them."""
    overlay = Overlay.empty()
    path = _scratch_path(rng, rng.uniform(120, 700))
    unit = draw.normals(path).mean(0)
    spread = np.exp(rng.uniform(np.log(4), np.log(50)))
    for _ in range(rng.integers(2, 9)):
        tilt = np.linspace(-1, 1, len(path))[:, None] * rng.normal(0, 0.15) * spread
        first = int(rng.uniform(0, 0.5) * len(path))
        last = max(int(rng.uniform(0.5, 1) * len(path)), first + 8)
        line = (path + (rng.normal(0, spread) + tilt) * unit)[first:last]
        width = np.exp(rng.uniform(np.log(0.6), np.log(2.5)))
        present = draw.gate(rng, len(line), share=rng.uniform(0.5, 1.2), coarsest=20, softness=0.5)
        draw.draw_stroke(overlay.alpha, line, width, present * draw.taper(len(line)) * rng.uniform(0.4, 1))
    return _with_relief(rng, overlay)


def faint_scratch(rng: np.random.Generator) -> Overlay:
    """One to three thin, nearly straight scratches across the whole canvas; they become faint when mixed in."""
    overlay = Overlay.empty()
    for _ in range(rng.integers(1, 4)):
        path = draw.crossing_path(rng, CANVAS_PX, wander=rng.choice([0.0, rng.uniform(0.001, 0.01)]),
                                  roughness=0.4, axis_aligned=0.6)
        strength = np.clip(0.85 + 0.25 * draw.line_noise(rng, len(path), coarsest=60), 0.2, 1)
        draw.draw_stroke(overlay.alpha, path, np.exp(rng.uniform(np.log(0.9), np.log(3))), strength)
    return _with_relief(rng, overlay)


def abrasion(rng: np.random.Generator) -> Overlay:
    """A rubbed patch: a stack of short parallel scuffs of ragged opacity."""
    overlay = Overlay.empty()
    centre = rng.uniform(0.25, 0.75, 2) * CANVAS_PX
    angle = rng.uniform(0, 2 * np.pi)
    extent = rng.uniform(20, 110)
    for _ in range(rng.integers(8, 50)):
        start = centre + rng.normal(0, extent, 2)
        path = draw.wandering_path(rng, start, angle + rng.normal(0, 0.12), rng.uniform(8, 90), wander=0.02)
        width = np.exp(rng.uniform(np.log(0.7), np.log(5)))
        draw.draw_stroke(overlay.alpha, path, width * draw.taper(len(path), start=0.3, end=0.5), rng.uniform(0.2, 1.0))
    overlay.alpha *= np.clip(0.75 + 0.5 * draw.fibre_noise(rng, SHAPE, length=9), 0, 1)
    return _with_relief(rng, overlay)


def skid(rng: np.random.Generator) -> Overlay:
    """A field of short ragged dashes along one direction, where something skidded and tore the emulsion off."""
    field = np.zeros(SHAPE, np.float32)
    centre = rng.uniform(0.2, 0.8, 2) * CANVAS_PX
    angle = rng.uniform(0, 2 * np.pi)
    extent = rng.uniform(30, 160)
    for _ in range(rng.integers(8, 60)):
        start = centre + rng.normal(0, extent, 2)
        length = np.exp(rng.uniform(np.log(14), np.log(160)))
        path = draw.wandering_path(rng, start, angle + rng.normal(0, 0.07), length, wander=0.02, step=1.5)
        present = draw.gate(rng, len(path), share=rng.uniform(0.25, 0.9), coarsest=rng.uniform(4, 14), softness=0.4)
        width = np.exp(rng.uniform(np.log(1.2), np.log(7)) + 0.35 * draw.line_noise(rng, len(path), coarsest=8))
        draw.draw_stroke(field, path, width * draw.taper(len(path), start=0.15, end=0.35), present)
    ragged = field * (1 + 0.45 * draw.fractal_noise(rng, SHAPE, coarsest=rng.uniform(3, 7), octaves=2))
    return as_bare_paper(rng, np.clip((ragged - 0.45) * 5, 0, 1) * rng.uniform(0.6, 1.0))
