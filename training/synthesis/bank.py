"""The bank of drawn overlays: built once, kept in a cache file that processes share; it mixes nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Callable, Iterator

import cv2
import numpy as np

from . import cracks, lost_emulsion, negatives, particles, scratches
from .overlay import CANVAS_PX, Overlay
from .particles import Textures
from .switches import DAMAGE, NEGATIVES

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PLANES = 5  # alpha, tone, shade, width, side: see Overlay.packed
PAINTED_PLANES = 3  # the first ones, enough for what is never labelled
LABELLED_PLANES = 4  # with the width, which labels tell
ACTIVE_PLACES = 64  # remembered places of visible paint for each overlay, for aiming crops
VERSION = 11  # raise when a drawing changes, so that old caches are not used

DRAWINGS: dict[str, Callable[..., Overlay]] = {
    **{name: getattr(cracks, name) for name in ("torn_crack", "fold", "hairline", "dendrite", "craquelure")},
    **{name: getattr(scratches, name) for name in ("scratch", "scratch_bundle", "faint_scratch", "abrasion", "skid")},
    **{name: getattr(lost_emulsion, name) for name in ("peel", "flakes", "border_wear", "torn_corner")},
    **{name: getattr(particles, name) for name in ("dust", "specks", "hair", "lint", "stamped_scratch")},
    "stains": particles.stain,
    **{name: getattr(negatives, name) for name in NEGATIVES},
}
TEXTURED = ("dust", "specks", "hair", "lint", "stamped_scratch", "stains")
# Share of the bank: the kinds that vary most get most drawings.
SHARES = {name: 2.0 if name in ("fold", "scratch") else 1.0 for name in DAMAGE} | {"torn_crack": 4.0}
SHARES |= {name: 0.5 for name in NEGATIVES} | {"handwriting": 1.0, "lace": 0.8, "stains": 1.0}


@dataclasses.dataclass(frozen=True)
class OverlayBank:
    """The overlays as one array and where each kind lies in it.

    `planes` is uint8 (N, PLANES, CANVAS_PX, CANVAS_PX), memory-mapped; `places` int16 (N, ACTIVE_PLACES, 2)
    holds (x, y) px where an overlay shows; `kinds` gives the kind of each overlay.
    """

    planes: np.ndarray
    places: np.ndarray
    kinds: list[str]
    _flat: dict[tuple[int, int], int | None] = dataclasses.field(default_factory=dict)

    def flat_value(self, index: int, plane: int) -> int | None:
        """The one value of a plane that is the same everywhere, as many are; None for a plane that shows something."""
        key = (index, plane)
        if key not in self._flat:
            drawn = self.planes[index, plane]
            self._flat[key] = int(drawn[0, 0]) if drawn.min() == drawn.max() else None
        return self._flat[key]

    def indices_of(self, kind: str) -> np.ndarray:
        """The positions of all overlays of a kind."""
        return np.array([index for index, name in enumerate(self.kinds) if name == kind], np.int64)


def kinds_of_bank(size: int) -> list[str]:
    """The kind of each of about `size` overlays, at least one of every kind."""
    total = sum(SHARES.values())
    return [kind for kind, share in SHARES.items() for _ in range(max(1, round(size * share / total)))]


def cache_dir() -> Path:
    """Where banks are kept: $UNSCRATCH_TRAINING_CACHE, or the user's cache folder."""
    default = Path.home() / ".cache" / "unscratch-training"
    return Path(os.environ.get("UNSCRATCH_TRAINING_CACHE", default))


def draw_overlay(kind: str, *, seed: int, data_dir: Path, split: str) -> Overlay:
    """Draws the overlay of a kind that belongs to `seed`."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    if kind in TEXTURED:
        return DRAWINGS[kind](rng, _textures(str(data_dir), split))
    return DRAWINGS[kind](rng)


_TEXTURES: dict[tuple[str, str], Textures] = {}


def _textures(data_dir: str, split: str) -> Textures:
    key = (data_dir, split)
    if key not in _TEXTURES:
        _TEXTURES[key] = Textures(Path(data_dir), split=split)
    return _TEXTURES[key]


def _active_places(overlay: Overlay, seed: int) -> np.ndarray:
    """Up to ACTIVE_PLACES places (x, y) where the overlay shows, repeated to fill; the middle if nowhere."""
    shows = np.maximum(overlay.alpha, 4 * np.abs(overlay.shade)) > 0.35
    rows, columns = np.nonzero(shows)
    if len(rows) == 0:
        return np.full((ACTIVE_PLACES, 2), CANVAS_PX // 2, np.int16)
    chosen = np.random.default_rng(seed).integers(0, len(rows), ACTIVE_PLACES)
    return np.stack([columns[chosen], rows[chosen]], 1).astype(np.int16)


def load_bank(data_dir: Path, *, split: str, seed: int, size: int) -> OverlayBank:
    """The bank for these settings, from the cache if it was drawn before, otherwise drawn now on all cores."""
    kinds = kinds_of_bank(size)
    names = sorted(file.name for file in (Path(data_dir) / "textures").glob("*.png"))
    key = json.dumps([VERSION, CANVAS_PX, kinds, split, seed, names or "drawn stamps 2"])
    stem = cache_dir() / f"bank-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    planes_file, places_file = stem.with_suffix(".planes.npy"), stem.with_suffix(".places.npy")
    with _only_one_builder(stem.with_suffix(".lock")):
        if not (planes_file.exists() and places_file.exists()):
            _build(planes_file, places_file, kinds, data_dir=data_dir, split=split, seed=seed)
    return OverlayBank(np.load(planes_file, mmap_mode="r"), np.load(places_file), kinds)


@contextlib.contextmanager
def _only_one_builder(lock_file: Path) -> Iterator[None]:
    """Waits while another process draws the same bank; where the system has no file locks, both draw it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(planes_file: Path, places_file: Path, kinds: list[str], *, data_dir: Path, split: str, seed: int) -> None:
    """Draws all overlays into temporary files and moves them into place when complete."""
    held_out = 1_000_003 if split == "validation" else 0
    unfinished = planes_file.with_suffix(f".{os.getpid()}.tmp")
    unfinished_places = places_file.with_suffix(f".{os.getpid()}.tmp")
    np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8,
                              shape=(len(kinds), PLANES, CANVAS_PX, CANVAS_PX)).flush()
    np.lib.format.open_memmap(unfinished_places, mode="w+", dtype=np.int16,
                              shape=(len(kinds), ACTIVE_PLACES, 2)).flush()
    workers = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1))
    workers = min(workers, max(1, len(kinds) // 8))
    job = {"planes": str(unfinished), "places": str(unfinished_places), "kinds": kinds, "split": split,
           "data_dir": str(Path(data_dir).resolve()), "seed": seed * 100_003 + held_out, "workers": workers}
    # Plain processes, not a pool: a pool starts the caller's main script again, which may train or not be a file.
    package_root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", "training.synthesis.draw_share"]
    running = [subprocess.Popen([*command, json.dumps(job | {"worker": worker})], cwd=package_root)
               for worker in range(workers)]
    failed = [process.returncode for process in running if process.wait() != 0]
    if failed:
        unfinished.unlink()
        unfinished_places.unlink()
        raise RuntimeError(f"drawing the bank of damage failed (exit codes {failed}); see the messages above")
    os.replace(unfinished_places, places_file)
    os.replace(unfinished, planes_file)


def draw_share(job: dict) -> None:
    """Draws every `workers`-th overlay of a job straight into its files."""
    cv2.setNumThreads(1)
    planes = np.lib.format.open_memmap(job["planes"], mode="r+")
    places = np.lib.format.open_memmap(job["places"], mode="r+")
    for index in range(job["worker"], len(job["kinds"]), job["workers"]):
        seed = job["seed"] + index
        overlay = draw_overlay(job["kinds"][index], seed=seed, data_dir=Path(job["data_dir"]), split=job["split"])
        planes[index], places[index] = overlay.packed(), _active_places(overlay, seed)
    planes.flush()
    places.flush()
