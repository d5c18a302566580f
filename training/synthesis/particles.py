"""Drawings of dust, specks, hair, lint and stamped scratches from a folder of alpha masks, or without one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from . import primitives as draw
from .overlay import CANVAS_PX, Overlay

SHAPE = (CANVAS_PX, CANVAS_PX)
TEXTURE_KINDS = {
    "dust": ("fds-dirt", "fds-smut", "fds-spots"),
    "specks": ("fds-dots", "fds-sprinkles"),
    "hair": ("fds-hair__", "fds-hair-short"),
    "lint": ("fds-lint",),
    "stamped_scratch": ("fds-scratches",),
    "stains": ("fds-stain",),
}
VALIDATION_SHARE = 6  # every sixth texture is kept for validation


class Textures:
    """The alpha masks of a `textures/` folder by kind; one in six belongs to validation alone."""

    def __init__(self, data_dir: Path, *, split: str) -> None:
        folder = Path(data_dir) / "textures"
        files = sorted(folder.glob("*.png")) if folder.is_dir() else []
        self.files: dict[str, list[Path]] = {}
        for kind, prefixes in TEXTURE_KINDS.items():
            matching = [file for file in files if file.name.startswith(prefixes)]
            held_out = matching[::VALIDATION_SHARE]
            kept = held_out if split == "validation" else [file for file in matching if file not in set(held_out)]
            self.files[kind] = kept or matching

    def stamp(self, rng: np.random.Generator, kind: str) -> np.ndarray:
        """One alpha mask float32 (h, w) in [0, 1], cut to its content, or a drawn one where there is none."""
        files = self.files[kind]
        if not files:
            return drawn_stamp(rng, kind)
        image = cv2.imread(str(files[rng.integers(len(files))]), cv2.IMREAD_GRAYSCALE)
        if image is None or image.max() <= 8:
            return drawn_stamp(rng, kind)
        rows, columns = np.where(image.max(1) > 8)[0], np.where(image.max(0) > 8)[0]
        return image[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].astype(np.float32) / 255


def drawn_stamp(rng: np.random.Generator, kind: str) -> np.ndarray:
    """A procedural alpha mask (240, 240) for a training folder without textures, drawn at about the size it is used."""
    canvas = np.zeros((240, 240), np.float32)
    if kind in ("hair", "lint"):
        path = draw.smooth_path(rng, rng.uniform(20, 60, 2), rng.uniform(0.3, 1.2), rng.uniform(120, 220),
                                bend=0.1 if kind == "hair" else 0.25)
        draw.draw_stroke(canvas, path, rng.uniform(1.2, 2.4))
    elif kind == "stamped_scratch":
        for _ in range(rng.integers(4, 14)):
            path = draw.wandering_path(rng, rng.uniform(10, 150, 2), rng.normal(0.8, 0.3), rng.uniform(40, 110),
                                       wander=0.01)
            draw.draw_stroke(canvas, path, rng.uniform(0.6, 1.6), draw.taper(len(path)))
    else:
        largest = {"stains": 60.0, "dust": 9.0, "specks": 3.0}[kind]
        blots = draw.fractal_noise(rng, canvas.shape, coarsest=2 * largest, octaves=4)
        inside = np.hypot(*(np.indices(canvas.shape) - 120)) < 1.6 * largest * (4 if kind == "specks" else 1)
        canvas = np.clip((blots - (1.6 if kind == "specks" else 0.2)) * 3, 0, 1) * inside
    return canvas.astype(np.float32)


def _place(rng: np.random.Generator, canvas: np.ndarray, stamp: np.ndarray, *, longest_px: float) -> None:
    """Lays a stamp on the canvas at a random place and angle, its longer side `longest_px`."""
    scale = longest_px / max(stamp.shape)
    if scale < 0.5:
        stamp = cv2.resize(stamp, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        stamp = np.clip(stamp * 1.5, 0, 1)  # area averaging thins a line: give back its strength
        scale = 0.5
    centre = (stamp.shape[1] / 2, stamp.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(centre, rng.uniform(0, 360), scale)
    matrix[:, 2] += rng.uniform(0, CANVAS_PX, 2) - np.array(centre)
    np.maximum(canvas, cv2.warpAffine(stamp, matrix, SHAPE[::-1], flags=cv2.INTER_LINEAR), out=canvas)


def _finished(rng: np.random.Generator, alpha: np.ndarray) -> Overlay:
    overlay = Overlay.empty()
    overlay.alpha = np.clip(alpha, 0, 1)
    overlay.shade = -rng.uniform(0, 0.12) * np.clip(draw.shift(draw.blur(alpha, 0.7), 1.2, 1.2) - alpha, 0, 1)
    return overlay


def dust(rng: np.random.Generator, textures: Textures) -> Overlay:
    """A few lumps of dirt, sparse: at most eight on the canvas."""
    alpha = np.zeros(SHAPE, np.float32)
    for _ in range(rng.integers(2, 9)):
        _place(rng, alpha, textures.stamp(rng, "dust"), longest_px=np.exp(rng.uniform(np.log(8), np.log(120))))
    return _finished(rng, alpha)


def specks(rng: np.random.Generator, textures: Textures) -> Overlay:
    """A sparse scatter of single specks of 1 to 6 px, with one loose stamp in a third of the overlays."""
    alpha = np.zeros(SHAPE, np.uint8)
    for _ in range(rng.integers(6, 40)):
        centre = np.round(rng.uniform(0, CANVAS_PX, 2) * 16).astype(int)
        axes = np.round(np.exp(rng.uniform(np.log(0.6), np.log(3.2))) * rng.uniform(0.5, 1.2, 2) * 16).astype(int)
        turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        tilt = rng.uniform(0, np.pi)
        x, y = np.maximum(axes[0], 8) * np.cos(turns), np.maximum(axes[1], 8) * np.sin(turns)
        outline = np.stack([x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], 1)
        cv2.fillPoly(alpha, [np.round(centre + outline).astype(np.int32)], 255, cv2.LINE_AA, 4)
    field = alpha.astype(np.float32) / 255
    if rng.random() < 0.33:
        _place(rng, field, textures.stamp(rng, "specks"), longest_px=rng.uniform(40, 160))
    return _finished(rng, field)


def hair(rng: np.random.Generator, textures: Textures) -> Overlay:
    """One to six hairs lying on the print."""
    alpha = np.zeros(SHAPE, np.float32)
    for _ in range(rng.integers(1, 7)):
        _place(rng, alpha, textures.stamp(rng, "hair"), longest_px=np.exp(rng.uniform(np.log(25), np.log(260))))
    return _finished(rng, alpha)


def lint(rng: np.random.Generator, textures: Textures) -> Overlay:
    """One to five curled fibres."""
    alpha = np.zeros(SHAPE, np.float32)
    for _ in range(rng.integers(1, 6)):
        _place(rng, alpha, textures.stamp(rng, "lint"), longest_px=np.exp(rng.uniform(np.log(20), np.log(160))))
    return _finished(rng, alpha)


def stamped_scratch(rng: np.random.Generator, textures: Textures) -> Overlay:
    """One or two groups of scratches taken from the textures."""
    alpha = np.zeros(SHAPE, np.float32)
    for _ in range(rng.integers(1, 3)):
        _place(rng, alpha, textures.stamp(rng, "stamped_scratch"), longest_px=rng.uniform(120, 480))
    overlay = _finished(rng, alpha)
    overlay.shade += 0.15 * draw.relief(alpha, rng.uniform(0, 2 * np.pi))
    return overlay


def stain(rng: np.random.Generator, textures: Textures) -> Overlay:
    """Stains and foxing: soft blots that darken or yellow the print; ageing, not damage."""
    alpha = np.zeros(SHAPE, np.float32)
    if rng.random() < 0.5:
        for _ in range(rng.integers(1, 4)):
            _place(rng, alpha, textures.stamp(rng, "stains"), longest_px=rng.uniform(80, 400))
        alpha = draw.blur(alpha, rng.uniform(2, 8))
    else:
        for _ in range(rng.integers(5, 40)):
            radius = np.exp(rng.uniform(np.log(2), np.log(14)))
            cv2.circle(alpha, tuple(int(v) for v in rng.integers(0, CANVAS_PX, 2)), int(radius),
                       rng.uniform(0.3, 1), -1)
        alpha = draw.blur(alpha, rng.uniform(2, 5))
    overlay = Overlay.empty()
    overlay.alpha = np.clip(alpha * (0.8 + 0.25 * draw.fractal_noise(rng, SHAPE, coarsest=60)), 0, 1)
    return overlay
