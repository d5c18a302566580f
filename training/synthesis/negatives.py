"""Drawings of sound content that looks like damage: writing, emboss, edges, hair, wires, lace; never marked."""

from __future__ import annotations

import cv2
import numpy as np

from . import primitives as draw
from .overlay import CANVAS_PX, Overlay

SHAPE = (CANVAS_PX, CANVAS_PX)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PRINT_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_DUPLEX)


def _word(rng: np.random.Generator) -> str:
    """A random word, name or year."""
    if rng.random() < 0.25:
        return str(rng.integers(1860, 1990))
    word = "".join(rng.choice(list(LETTERS), rng.integers(3, 10)))
    return word.capitalize() if rng.random() < 0.5 else word


def _warped(rng: np.random.Generator, canvas: np.ndarray, *, angle_deg: float, wobble: float) -> np.ndarray:
    """A drawing turned about the middle and bent a little."""
    y, x = np.mgrid[0:CANVAS_PX, 0:CANVAS_PX].astype(np.float32)
    angle = np.deg2rad(angle_deg)
    middle = CANVAS_PX / 2
    u = (x - middle) * np.cos(angle) + (y - middle) * np.sin(angle) + middle
    v = -(x - middle) * np.sin(angle) + (y - middle) * np.cos(angle) + middle
    if wobble > 0:
        u += wobble * draw.fractal_noise(rng, SHAPE, coarsest=90, octaves=2)
        v += wobble * draw.fractal_noise(rng, SHAPE, coarsest=90, octaves=2)
    return cv2.remap(canvas, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)


def _text(rng: np.random.Generator, fonts: tuple[int, ...], *, height: float, thickness: int, lines: int) -> np.ndarray:
    """Lines of random words (H, W) about `height` px tall."""
    layer = np.zeros(SHAPE, np.uint8)
    y = rng.uniform(0.1, 0.9) * CANVAS_PX
    for _ in range(lines):
        text = " ".join(_word(rng) for _ in range(rng.integers(1, 5)))
        place = (int(rng.uniform(-0.1, 0.5) * CANVAS_PX), int(y % CANVAS_PX))
        cv2.putText(layer, text, place, int(rng.choice(fonts)), height / 28, 255, thickness, cv2.LINE_AA)
        y += 1.7 * height
    return layer.astype(np.float32) / 255


def _pen_line(rng: np.random.Generator, *, height: float, length: float) -> list[np.ndarray]:
    """One line of invented joined-up writing from (0, 0), a smooth stroke (N, 2) for each word."""
    x_height, slant = rng.uniform(0.35, 0.55) * height, rng.uniform(-0.1, 0.6)
    pitch = rng.uniform(0.3, 0.6) * x_height
    words, x = [], 0.0
    while x < length:
        controls = []
        for _ in range(rng.integers(2, 9)):
            peak = rng.choice([x_height, height, -0.6 * x_height], p=[0.68, 0.2, 0.12])
            controls += [(x, rng.normal(0, 0.06) * height), (x + 0.7 * pitch, peak * rng.uniform(0.85, 1.1))]
            if rng.random() < 0.45:
                controls += [(x + 0.1 * pitch, peak * rng.uniform(0.75, 1.0)), (x + 0.5 * pitch, 0.05 * height)]
            x += pitch * rng.uniform(0.9, 1.7)
        stroke = draw.spline(np.array(controls))
        words.append(np.stack([stroke[:, 0] + slant * stroke[:, 1], -stroke[:, 1]], 1))
        x += rng.uniform(0.8, 2.0) * x_height
    return words


def _writing(rng: np.random.Generator, *, height: float, thickness: float, lines: int) -> np.ndarray:
    """Lines of joined-up writing (H, W) with the pressure of a pen: heavier on downward strokes."""
    canvas = np.zeros(SHAPE, np.float32)
    y = rng.uniform(0.15, 0.7) * CANVAS_PX
    contrast = rng.uniform(0, 0.6)
    for _ in range(lines):
        start = np.array([rng.uniform(-0.1, 0.4) * CANVAS_PX, y])
        for stroke in _pen_line(rng, height=height, length=rng.uniform(2, 9) * height):
            downward = np.clip(np.gradient(stroke[:, 1]) / (0.15 * height), -1, 1)
            draw.draw_stroke(canvas, (start + stroke).astype(np.float32), thickness * (1 + contrast * downward))
        y += rng.uniform(1.3, 2.0) * height
    return canvas


def handwriting(rng: np.random.Generator) -> Overlay:
    """Handwriting 14 to 70 px tall with a pen of 1 to 4 px."""
    overlay = Overlay.empty()
    height = np.exp(rng.uniform(np.log(14), np.log(70)))
    thickness = float(np.clip(height / rng.uniform(12, 26), 1.0, 4.0))
    drawing = _writing(rng, height=height, thickness=thickness, lines=int(rng.integers(1, 5)))
    ink = np.clip(0.9 + 0.2 * draw.fractal_noise(rng, SHAPE, coarsest=10), 0.3, 1)
    overlay.alpha = _warped(rng, drawing, angle_deg=rng.normal(0, 12), wobble=rng.uniform(0, 4)) * ink
    return overlay


def caption(rng: np.random.Generator) -> Overlay:
    """Printed captions and numbers."""
    overlay = Overlay.empty()
    height = np.exp(rng.uniform(np.log(10), np.log(40)))
    overlay.alpha = _warped(rng, _text(rng, PRINT_FONTS, height=height, thickness=int(rng.integers(1, 4)),
                                       lines=int(rng.integers(1, 4))), angle_deg=rng.normal(0, 1), wobble=0)
    return overlay


def signature(rng: np.random.Generator) -> Overlay:
    """One large slanted signature with a flourish."""
    overlay = Overlay.empty()
    height = rng.uniform(30, 80)
    drawing = _writing(rng, height=height, thickness=rng.uniform(1, 3), lines=1)
    flourish = draw.smooth_path(rng, rng.uniform(0.1, 0.5, 2) * CANVAS_PX, rng.normal(0, 0.3),
                                rng.uniform(100, 300), bend=0.12)
    draw.draw_stroke(drawing, flourish, rng.uniform(1, 3) * draw.taper(len(flourish)))
    overlay.alpha = _warped(rng, drawing, angle_deg=rng.uniform(-30, 10), wobble=3)
    return overlay


def watermark(rng: np.random.Generator) -> Overlay:
    """Large half-transparent lettering."""
    overlay = Overlay.empty()
    drawing = _text(rng, PRINT_FONTS, height=rng.uniform(40, 110), thickness=int(rng.integers(2, 9)), lines=1)
    overlay.alpha = rng.uniform(0.2, 0.5) * _warped(rng, drawing, angle_deg=rng.uniform(-40, 40), wobble=0)
    overlay.shade = rng.uniform(0, 0.08) * draw.relief(drawing, rng.uniform(0, 6.3))
    return overlay


def silk_emboss(rng: np.random.Generator) -> Overlay:
    """The regular emboss of silk paper, or a printing screen, over the whole print."""
    overlay = Overlay.empty()
    y, x = np.mgrid[0:CANVAS_PX, 0:CANVAS_PX].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(2.5, 9)
    u = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period
    v = (-x * np.sin(angle) + y * np.cos(angle)) * 2 * np.pi / period
    pattern = {0: np.sin(u) * np.sin(v), 1: np.sin(u) + np.sin(v),
               2: np.sin(u) + np.sin(0.5 * u + 0.87 * v) + np.sin(-0.5 * u + 0.87 * v)}[int(rng.integers(0, 3))]
    uneven = np.clip(0.8 + 0.3 * draw.fractal_noise(rng, SHAPE, coarsest=150, octaves=2), 0, 1.3)
    overlay.shade = (rng.uniform(0.01, 0.05) * pattern * uneven).astype(np.float32)
    return overlay


def curtain(rng: np.random.Generator) -> Overlay:
    """Folds of a curtain or a skirt: soft parallel bands of light and shadow."""
    overlay = Overlay.empty()
    profile = draw.line_noise(rng, 2 * CANVAS_PX, coarsest=rng.uniform(20, 90), octaves=3)
    profile = np.tanh(1.5 * profile)
    y, x = np.mgrid[0:CANVAS_PX, 0:CANVAS_PX].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = (x - 256) * np.cos(angle) + (y - 256) * np.sin(angle)
    along += 6 * draw.fractal_noise(rng, SHAPE, coarsest=250, octaves=2)
    index = np.clip(along + CANVAS_PX, 0, 2 * CANVAS_PX - 1)
    bands = np.interp(index, np.arange(2 * CANVAS_PX), profile).astype(np.float32)
    region = np.clip(draw.fractal_noise(rng, SHAPE, coarsest=300, octaves=2) * 2 + 1, 0, 1)
    overlay.shade = rng.uniform(0.05, 0.25) * draw.blur(bands * region, rng.uniform(0.5, 2))
    return overlay


def plate_edge(rng: np.random.Generator) -> Overlay:
    """A straight edge of a plate, mount or window frame: a step, often with a thin line beside it."""
    overlay = Overlay.empty()
    path = draw.crossing_path(rng, CANVAS_PX, wander=0.0, axis_aligned=0.8)
    beyond = np.clip(draw.side_of_path(path, CANVAS_PX), 0, 1)
    distance = draw.distance_to_path(path, CANVAS_PX)
    kind = rng.random()
    if kind < 0.4:
        overlay.alpha = draw.blur(beyond, 0.6) * rng.uniform(0.5, 1.0)
    elif kind < 0.7:
        overlay.alpha = beyond * (distance < rng.uniform(6, 60)).astype(np.float32)
    else:
        overlay.shade = rng.uniform(0.05, 0.3) * rng.choice([-1, 1]) * draw.blur(beyond, 0.8)
    if rng.random() < 0.5:
        line = np.zeros(SHAPE, np.float32)
        # On the seam itself where two plates meet, else beside it.
        beside = 0.0 if rng.random() < 0.4 else rng.uniform(2, 14)
        draw.draw_stroke(line, path + beside * draw.normals(path), rng.uniform(0.8, 4))
        overlay.alpha = np.maximum(overlay.alpha, line)
    return overlay


def white_margin(rng: np.random.Generator) -> Overlay:
    """The clean white margin of a print along one or two of its edges, plain or deckled."""
    overlay = Overlay.empty()
    ramp = np.arange(CANVAS_PX, dtype=np.float32)
    distance = np.tile(ramp, (CANVAS_PX, 1))
    if rng.random() < 0.5:
        distance = np.minimum(distance, np.tile(ramp[:, None], (1, CANVAS_PX)))
    overlay.alpha = np.clip((rng.uniform(8, 60) - distance) * 0.8, 0, 1)
    overlay.tone = np.clip(0.97 + 0.015 * draw.fibre_noise(rng, SHAPE), 0, 1)
    if rng.random() < 0.4:
        overlay.tone = np.where(np.abs(distance - rng.uniform(4, 60)) < rng.uniform(0.5, 2.0), rng.uniform(0, 0.6),
                                overlay.tone).astype(np.float32)  # a ruled border line
    if rng.random() < 0.4:
        rim = rng.uniform(2, 8)
        overlay.tone = np.where(distance < rim, rng.choice([0.05, 0.5]), overlay.tone).astype(np.float32)
    return overlay


def hair_strands(rng: np.random.Generator) -> Overlay:
    """A head of hair: many fine strands that run together, lighter and darker."""
    overlay = Overlay.empty()
    start = rng.uniform(0.1, 0.9, 2) * CANVAS_PX
    angle = rng.uniform(0, 2 * np.pi)
    spread = rng.uniform(10, 70)
    base = draw.smooth_path(rng, start, angle, rng.uniform(120, 400), bend=rng.uniform(0.03, 0.15))
    for _ in range(rng.integers(15, 90)):
        drift = np.linspace(-1, 1, len(base))[:, None] * rng.normal(0, 0.25) * spread
        strand = (base + rng.normal(0, spread, 2) + drift * draw.normals(base)).astype(np.float32)
        first = int(rng.integers(0, len(base) // 2))
        strand = strand[first:first + int(rng.integers(len(base) // 4, len(base)))]
        draw.draw_stroke(overlay.alpha, strand, rng.uniform(0.6, 1.6),
                         rng.uniform(0.2, 0.9) * draw.taper(len(strand), start=0.2, end=0.3))
    return overlay


def whiskers(rng: np.random.Generator) -> Overlay:
    """Whiskers, stubble and grass: short curved tapering strokes that spread from a place."""
    overlay = Overlay.empty()
    for _ in range(rng.integers(1, 4)):
        root = rng.uniform(0.15, 0.85, 2) * CANVAS_PX
        angle = rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(4, 25)):
            stroke = draw.smooth_path(rng, root + rng.normal(0, 14, 2), angle + rng.normal(0, 0.35),
                                      rng.uniform(15, 110), bend=0.05)
            draw.draw_stroke(overlay.alpha, stroke, np.linspace(rng.uniform(0.9, 2.2), 0.4, len(stroke)))
    return overlay


def wires(rng: np.random.Generator) -> Overlay:
    """Wires, ropes, masts and railings: long even lines, sagging or straight, with posts."""
    overlay = Overlay.empty()
    angle = rng.normal(0, 0.25) + rng.choice([0, np.pi / 2])
    direction = np.array([np.cos(angle), np.sin(angle)])
    t = np.linspace(-0.8, 0.8, 160, dtype=np.float32)[:, None]
    for _ in range(rng.integers(1, 7)):
        middle = rng.uniform(0.15, 0.85, 2) * CANVAS_PX
        sag = rng.uniform(0, 60) * (t**2) * np.array([-direction[1], direction[0]])
        draw.draw_stroke(overlay.alpha, (middle + t * CANVAS_PX * direction + sag).astype(np.float32),
                         np.exp(rng.uniform(np.log(0.8), np.log(7))))
    return overlay


def catch_light(rng: np.random.Generator) -> Overlay:
    """Catch-lights and gleams: small round or streaked highlights, soft or hard."""
    overlay = Overlay.empty()
    layer = np.zeros(SHAPE, np.uint8)
    for _ in range(rng.integers(1, 12)):
        centre = tuple(int(v) for v in rng.integers(0, CANVAS_PX, 2))
        axes = (int(rng.integers(1, 5)), int(rng.integers(1, 8)))
        cv2.ellipse(layer, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    overlay.alpha = np.clip(draw.blur(layer.astype(np.float32) / 255, rng.uniform(0.5, 1.5)) * 1.3, 0, 1)
    return overlay


def jewellery(rng: np.random.Generator) -> Overlay:
    """Chains, beads, buttons and braid: repeated small bright shapes along a curve."""
    overlay = Overlay.empty()
    layer = np.zeros(SHAPE, np.uint8)
    path = draw.smooth_path(rng, rng.uniform(0.1, 0.6, 2) * CANVAS_PX, rng.uniform(0, 6.3), rng.uniform(80, 350),
                            bend=0.12)
    radius = int(rng.integers(1, 8))
    for at in path[::max(1, int(radius * rng.uniform(0.8, 1.8)))]:
        thickness = -1 if rng.random() < 0.6 else 1
        cv2.circle(layer, (int(at[0]), int(at[1])), radius, 255, thickness, cv2.LINE_AA)
    overlay.alpha = layer.astype(np.float32) / 255
    overlay.shade = rng.uniform(0.05, 0.25) * draw.relief(overlay.alpha, rng.uniform(0, 6.3), sigma=1.2)
    return overlay


def collar(rng: np.random.Generator) -> Overlay:
    """Collars, ribbons, cuffs and cigarettes: plain bright bands and angular patches with crisp edges."""
    overlay = Overlay.empty()
    layer = np.zeros(SHAPE, np.float32)
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.6:
            path = draw.smooth_path(rng, rng.uniform(0.1, 0.7, 2) * CANVAS_PX, rng.uniform(0, 6.3),
                                    rng.uniform(40, 250), bend=rng.uniform(0, 0.12))
            widths = rng.uniform(4, 26) * np.linspace(1, rng.uniform(0.2, 1.5), len(path))
            draw.draw_stroke(layer, path, widths)
        else:
            points = rng.uniform(0.1, 0.9, 2) * CANVAS_PX + rng.normal(0, 40, (int(rng.integers(3, 5)), 2))
            patch = np.zeros(SHAPE, np.uint8)
            cv2.fillPoly(patch, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            layer = np.maximum(layer, patch.astype(np.float32) / 255)
    overlay.alpha = layer
    overlay.tone = np.clip(0.9 + 0.06 * draw.fractal_noise(rng, SHAPE, coarsest=60), 0, 1)
    overlay.shade = rng.uniform(0.03, 0.12) * draw.relief(layer, rng.uniform(0, 6.3), sigma=2.0)
    return overlay


def lace(rng: np.random.Generator) -> Overlay:
    """Lace, nets, checks and uniform braid: a bent periodic pattern of fine bright threads inside a patch."""
    overlay = Overlay.empty()
    tile = int(rng.integers(9, 28))
    motif = np.zeros((tile, tile), np.uint8)
    for _ in range(rng.integers(2, 6)):
        kind = rng.random()
        a, b = (tuple(int(v) for v in rng.integers(0, tile, 2)) for _ in range(2))
        if kind < 0.5:
            cv2.circle(motif, a, int(rng.integers(2, max(3, tile // 3))), 255, 1, cv2.LINE_AA)
        else:
            cv2.line(motif, a, b, 255, 1, cv2.LINE_AA)
    repeat = CANVAS_PX // tile + 1
    pattern = np.tile(motif, (repeat, repeat))[:CANVAS_PX, :CANVAS_PX].astype(np.float32) / 255
    pattern = _warped(rng, pattern, angle_deg=rng.uniform(0, 360), wobble=rng.uniform(2, 9))
    patch = np.clip((draw.fractal_noise(rng, SHAPE, coarsest=180, octaves=3) - 0.4) * 6, 0, 1)
    overlay.alpha = pattern * patch
    return overlay
