"""Which overlays go onto which crop, where and how strongly: the chances of every kind; nothing is drawn here."""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

from .bank import PAINTED_PLANES, PLANES, OverlayBank
from .overlay import CANVAS_PX
from .switches import DAMAGE, NEGATIVES, SynthesisSwitches

OWN_TONE_SHARE = 0.12  # of lost emulsion: the layer laid bare has the tone of its surroundings
STAINED_SHARE = 0.3  # of lost emulsion: what it lays bare is aged or dirty, tan to brown or grey, often no lighter than the picture
BROKEN_KINDS = ("torn_crack", "fold")  # they may part the print into halves
EDGE_KINDS = ("border_wear", "torn_corner", "white_margin")
PAPER_KINDS = ("torn_crack", "peel", "flakes", "border_wear", "torn_corner", "fold", "skid")
RELIEF_KINDS = ("torn_crack", "fold", "peel", "flakes", "border_wear", "torn_corner", "hairline", "skid")
NET_KINDS = ("dendrite", "craquelure")
PARTICLE_KINDS = ("dust", "specks", "hair", "lint")
RAGGED_KINDS = ("torn_crack", "fold", "peel", "flakes", "border_wear", "scratch", "stamped_scratch", "hairline")
RAGGED_SHARE = 0.5  # of those windows: the overlay's edges are shaken by up to 3 px
SHADE = 2  # the place of shade among the planes
OUTSIDE = (0, 255, 127, 0, 127)  # what the planes hold outside the canvas for EDGE_KINDS; other kinds are mirrored

# Chance weights at difficulty 0 and 1. By area real masks are 10 % lines up to 3 px, 55 % of 3 to 8 px and
# 35 % wider, so cracks and folds lead; specks stay rare, dense ones teach a network to see dust in grain.
DETECT_WEIGHTS = {
    "torn_crack": (4.4, 3.4), "fold": (3.2, 2.8), "hairline": (1.3, 1.6), "dendrite": (0.7, 1.1),
    "craquelure": (0.8, 1.2), "scratch": (2.4, 2.2), "scratch_bundle": (0.9, 1.1), "faint_scratch": (0.5, 1.6),
    "abrasion": (0.6, 0.9), "skid": (0.9, 0.9), "peel": (1.2, 1.2), "flakes": (0.9, 1.0), "border_wear": (0.5, 0.6),
    "torn_corner": (0.2, 0.2), "dust": (0.5, 0.7), "specks": (0.35, 0.45), "hair": (0.5, 0.6), "lint": (0.4, 0.5),
    "stamped_scratch": (0.25, 0.35),
}
FILL_WEIGHTS = DETECT_WEIGHTS | {
    "torn_crack": (4.5, 4.0), "peel": (1.6, 1.4), "flakes": (1.2, 1.2), "dendrite": (0.2, 0.4),
    "craquelure": (0.4, 0.6),
}
# Light strokes on dark are hard to tell from scratches and cost the network its certainty about those, so wires, whiskers
# and the like are few; writing is not: destroyed names are the worse harm. Mined windows of photographs teach the rest.
NEGATIVE_WEIGHTS = {name: 1.0 for name in NEGATIVES} | {
    "handwriting": 4.5, "caption": 2.0, "silk_emboss": 0.8, "watermark": 0.5, "signature": 1.5, "collar": 1.5, "lace": 2.5,
    "hair_strands": 0.8, "plate_edge": 1.8, "white_margin": 2.0, "curtain": 1.2, "whiskers": 0.3, "wires": 0.5,
    "catch_light": 0.6,
}


@dataclasses.dataclass(frozen=True)
class Chances:
    """How crowded the crops of one stage are."""

    undamaged: float
    layers: tuple[float, ...]  # chance of 1, 2, 3, … damage layers on a damaged crop
    negative: float
    weights: dict[str, tuple[float, float]]
    zoom: tuple[float, float]  # canvas px for each crop px


STAGES = {
    "detect": Chances(0.25, (0.42, 0.33, 0.17, 0.08), 0.3, DETECT_WEIGHTS, (0.55, 1.5)),
    "fill": Chances(0.03, (0.22, 0.34, 0.26, 0.18), 0.1, FILL_WEIGHTS, (0.5, 1.4)),
}


@dataclasses.dataclass
class Layers:
    """Overlays laid over a batch, N in all, in the order in which they are composited.

    `planes` uint8 (N, PLANES, H, W) as in Overlay.packed, or only the first PAINTED_PLANES of what is never
    labelled; `crop` (N,) the crop each belongs to; `opacity` (N,) scales alpha; `colour` (N, 3) is the paint, RGB in
    [0, 1]; `relief` (N,) scales shade, 0 where there is none; `faint` (N,) tells that small changes count as damage
    too; `towards_mean` (N,) paints with the crop's mean colour instead.
    """

    planes: np.ndarray
    crop: np.ndarray
    opacity: np.ndarray
    colour: np.ndarray
    relief: np.ndarray
    faint: np.ndarray
    towards_mean: np.ndarray
    kinds: list[str]


@dataclasses.dataclass
class _Paint:
    opacity: float
    colour: np.ndarray
    relief: float
    faint: bool = False
    towards_mean: bool = False


class Mixer:
    """Chooses damage and look-alikes for the crops of one stage, with all chances from the generator given."""

    def __init__(self, bank: OverlayBank, *, stage: str, switches: SynthesisSwitches) -> None:
        if stage not in STAGES:
            raise ValueError(f"stage must be one of {sorted(STAGES)}, not {stage!r}")
        self.bank = bank
        self.chances = STAGES[stage]
        self.damage = [kind for kind in DAMAGE if switches.enabled(kind)]
        self.negatives = [kind for kind in NEGATIVES if switches.enabled(kind)]
        self.stains = switches.stains
        self.by_kind = {kind: bank.indices_of(kind) for kind in (*DAMAGE, *NEGATIVES, "stains")}

    def damage_layers(self, rng: np.random.Generator, *, brightness: np.ndarray, warmth: np.ndarray, size: int,
                      difficulty: float) -> Layers:
        """Damage for each crop; `brightness` (B,) is its mean luminance and `warmth` (B, 3) its paper's tint."""
        chosen = []
        weights = np.array([np.interp(difficulty, (0, 1), self.chances.weights[kind]) for kind in self.damage])
        for crop in range(len(brightness)):
            if not self.damage or rng.random() < self.chances.undamaged:
                continue
            count = 1 + int(rng.choice(len(self.chances.layers), p=self.chances.layers))
            for _ in range(count):
                kind = self.damage[int(rng.choice(len(self.damage), p=weights / weights.sum()))]
                paint = damage_paint(rng, kind, bright=brightness[crop], warmth=warmth[crop], difficulty=difficulty)
                chosen.append((crop, kind, paint))
        return self._lay(rng, chosen, size=size)

    def negative_layers(self, rng: np.random.Generator, *, count: int, size: int) -> Layers:
        """Sound look-alikes for `count` crops."""
        weights = np.array([NEGATIVE_WEIGHTS[kind] for kind in self.negatives])
        chosen = []
        for crop in range(count):
            if not self.negatives or rng.random() >= self.chances.negative:
                continue
            for _ in range(1 + int(rng.random() < 0.35)):
                kind = self.negatives[int(rng.choice(len(self.negatives), p=weights / weights.sum()))]
                chosen.append((crop, kind, negative_paint(rng, kind)))
        return self._lay(rng, chosen, size=size, planes=PAINTED_PLANES)

    def stain_layers(self, rng: np.random.Generator, *, count: int, size: int) -> Layers:
        """Stains and foxing for some of `count` crops."""
        chosen = []
        for crop in range(count):
            if self.stains and rng.random() < 0.15:
                light = rng.uniform(0.35, 0.95)
                colour = light * np.array([1.0, rng.uniform(0.8, 1.0), rng.uniform(0.55, 1.0)])
                chosen.append((crop, "stains", _Paint(rng.uniform(0.05, 0.4), colour, 0.0)))
        return self._lay(rng, chosen, size=size, planes=PAINTED_PLANES)

    def _lay(self, rng: np.random.Generator, chosen: list[tuple[int, str, _Paint]], *, size: int,
             planes: int = PLANES) -> Layers:
        """Cuts a window out of an overlay of the bank for each choice, its first `planes` planes."""
        windows = np.empty((len(chosen), planes, size, size), np.uint8)
        paints = [paint for _, _, paint in chosen]
        for row, (_, kind, paint) in enumerate(chosen):
            index = int(rng.choice(self.by_kind[kind]))
            self._window(rng, index, kind, size, windows[row])
            if self.bank.flat_value(index, SHADE) == OUTSIDE[SHADE]:
                paint.relief = 0.0
        return Layers(
            windows, np.array([crop for crop, _, _ in chosen], np.int64),
            np.array([paint.opacity for paint in paints], np.float32),
            np.array([paint.colour for paint in paints], np.float32).reshape(len(paints), 3),
            np.array([paint.relief for paint in paints], np.float32),
            np.array([paint.faint for paint in paints], bool),
            np.array([paint.towards_mean for paint in paints], bool),
            [kind for _, kind, _ in chosen],
        )

    def _window(self, rng: np.random.Generator, index: int, kind: str, size: int, out: np.ndarray) -> None:
        """A turned, scaled and mirrored window (planes, size, size) that shows some of the overlay's paint."""
        zoom = float(np.exp(rng.uniform(*np.log(self.chances.zoom))))
        if kind in EDGE_KINDS:
            angle = np.pi / 2 * rng.integers(0, 4)
            centre = np.full(2, (size - 1) / 2 * zoom)
        else:
            angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.6 else np.pi / 2 * rng.integers(0, 4)
            place = self.bank.places[index, rng.integers(self.bank.places.shape[1])].astype(float)
            centre = place + rng.uniform(-0.42, 0.42, 2) * size * zoom
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        linear = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
        offset = centre - linear @ np.full(2, (size - 1) / 2)
        matrix = np.concatenate([linear, offset[:, None]], 1)
        border = cv2.BORDER_CONSTANT if kind in EDGE_KINDS else cv2.BORDER_REFLECT_101
        ragged = kind in RAGGED_KINDS and rng.random() < RAGGED_SHARE
        places = _ragged_places(rng, matrix, size) if ragged else None
        for plane, window in enumerate(out):
            flat = self.bank.flat_value(index, plane)
            if flat is not None and (kind not in EDGE_KINDS or flat == OUTSIDE[plane]):
                window[:] = flat
            elif places is not None:
                cv2.remap(self.bank.planes[index, plane], *places, cv2.INTER_LINEAR, dst=window,
                          borderMode=border, borderValue=OUTSIDE[plane])
            else:
                cv2.warpAffine(self.bank.planes[index, plane], matrix, (size, size), dst=window,
                               flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=border, borderValue=OUTSIDE[plane])


@functools.lru_cache(maxsize=4)
def pixel_grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The y and the x of every pixel, float32 (size, size) each, read-only."""
    grid = np.mgrid[0:size, 0:size].astype(np.float32)
    grid.flags.writeable = False
    return grid[0], grid[1]


def _ragged_places(rng: np.random.Generator, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of a (size, size) window looks in the overlay: `matrix` (2, 3), shaken from place to place.

    Emulsion breaks off in splinters, so real edges jump by a few px from one place to the next.
    """
    cell = float(np.exp(rng.uniform(np.log(2.5), np.log(14.0))))
    reach = min(0.3 * cell, 3.0) * rng.uniform(0.4, 1.0)
    knots = max(2, int(size / cell))
    shake = reach * rng.standard_normal((knots, knots, 2)).astype(np.float32)
    shake = cv2.resize(shake, (size, size), interpolation=cv2.INTER_LINEAR)
    y, x = pixel_grid(size)
    shake[..., 0] += x
    shake[..., 1] += y
    places = cv2.transform(shake, matrix)
    return cv2.convertMaps(places, None, cv2.CV_16SC2)


def damage_paint(rng: np.random.Generator, kind: str, *, bright: float, warmth: np.ndarray,
                 difficulty: float) -> _Paint:
    """Opacity, colour and relief of one piece of damage; `difficulty` 1 reaches down to the barely visible."""
    weaker = float(np.exp(-1.3 * difficulty * rng.random()))
    # Bare paper clips to white on some scans and is no lighter than the print's highlights on others.
    paper = rng.uniform(0.6, 0.85) if rng.random() < 0.2 else rng.uniform(0.82, 1.04)
    white = paper * (1 - rng.uniform(0, 1) * (1 - warmth)) * (1 + rng.normal(0, 0.015, 3))
    dark = rng.uniform(0.0, 0.2) * (1 + rng.normal(0, 0.1, 3))
    paper_is_clear = bright < 0.7
    if kind in PAPER_KINDS:
        colour = white if rng.random() < (0.95 if paper_is_clear else 0.8) else rng.uniform(0.3, 0.7) * white
        if rng.random() < STAINED_SHARE:
            colour = stained_paper(rng)
        opacity = rng.uniform(0.85, 1.0) if rng.random() < 0.85 else rng.uniform(0.5, 0.9)
        if kind != "fold" and rng.random() < OWN_TONE_SHARE:
            return _Paint(opacity, white, rng.uniform(0.8, 1.6), towards_mean=True)
        if kind == "fold":
            return _Paint(opacity * weaker, colour, rng.uniform(0.7, 1.3) * max(weaker, 0.5))
        return _Paint(opacity * (weaker if rng.random() < 0.4 else 1.0), colour, rng.uniform(0.5, 1.3))
    if kind == "hairline":
        light = rng.random() < (0.5 if paper_is_clear else 0.15)
        return _Paint(rng.uniform(0.6, 1.0) * weaker, white if light else dark, rng.uniform(0.5, 1.2))
    if kind in NET_KINDS:
        light = rng.random() < (0.6 if paper_is_clear else 0.2)
        return _Paint(rng.uniform(0.25, 0.9) * weaker, white if light else dark, rng.uniform(0.3, 1.0))
    if kind in PARTICLE_KINDS:
        light = rng.random() < (0.75 if paper_is_clear else 0.3)
        return _Paint(rng.uniform(0.6, 1.0) * weaker, white if light else dark, 1.0)
    if kind == "faint_scratch":
        levels = rng.uniform(12, 45) * (1 - difficulty) + rng.uniform(4, 16) * difficulty
        light = rng.random() < (0.75 if paper_is_clear else 0.3)
        gap = max(abs((0.95 if light else 0.05) - bright), 0.2)
        return _Paint(min(levels / 255 / gap, 0.9), white if light else dark, 0.05, faint=True)
    return _scratch_paint(rng, bright=bright, white=white, dark=dark, weaker=weaker)


def stained_paper(rng: np.random.Generator) -> np.ndarray:
    """The colour (3,) of bare paper that is no longer white: from grey to a brown more saturated than any toned print."""
    hue = np.array([1.0, rng.uniform(0.74, 0.97), rng.uniform(0.42, 0.9)])
    strength = 0.0 if rng.random() < 0.3 else rng.uniform(0.2, 1.0)
    return rng.uniform(0.3, 0.92) * (1 - strength * (1 - hue))


def _scratch_paint(rng: np.random.Generator, *, bright: float, white: np.ndarray, dark: np.ndarray,
                   weaker: float) -> _Paint:
    """The optics of a scratch: opaque 35 %, lift 25 %, attenuate 15 %, loss of contrast 15 %, emboss 10 %."""
    optics = rng.random()
    tint = np.clip(white * (1 + rng.normal(0, 0.05, 3)), 0, 1)
    if optics < 0.35:
        light = rng.random() < (0.8 if bright < 0.7 else 0.35)
        return _Paint(rng.uniform(0.8, 1.0) * weaker, tint if light else dark, rng.uniform(0, 0.4))
    if optics < 0.6:
        return _Paint(rng.uniform(0.35, 0.8) * weaker, tint if bright < 0.8 else dark, rng.uniform(0, 0.4))
    if optics < 0.75:
        return _Paint(rng.uniform(0.35, 0.85) * weaker, dark, rng.uniform(0, 0.3))
    if optics < 0.9:
        return _Paint(rng.uniform(0.5, 0.95) * weaker, tint, rng.uniform(0.1, 0.6), towards_mean=True)
    return _Paint(rng.uniform(0, 0.1), tint, rng.uniform(0.6, 1.3) * max(weaker, 0.4))


def negative_paint(rng: np.random.Generator, kind: str) -> _Paint:
    """Opacity, colour and relief of sound content; writing is white on dark in 60 % of the cases."""
    light = rng.random() < 0.6
    level = rng.uniform(0.75, 1.0) if light else rng.uniform(0.0, 0.3)
    colour = np.clip(level * (1 + rng.normal(0, 0.03, 3)), 0, 1)
    if kind in ("catch_light", "white_margin"):
        return _Paint(rng.uniform(0.7, 1.0), np.clip(rng.uniform(0.85, 1.0) * np.ones(3), 0, 1), 0.0)
    if kind in ("plate_edge", "collar"):
        return _Paint(rng.uniform(0.5, 1.0), np.clip(rng.uniform(0.0, 1.0) + rng.normal(0, 0.02, 3), 0, 1), 1.0)
    if kind in ("hair_strands", "whiskers"):
        return _Paint(rng.uniform(0.2, 0.75), colour, 1.0)
    return _Paint(rng.uniform(0.6, 1.0), colour, rng.uniform(0.5, 1.2))
