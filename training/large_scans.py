"""Does stage 1 find lines of 1 to 40 px, bright and dark, faint and strong, on scans of 4,000 to 10,000 px?

    python -m training.large_scans --data DATA --program target/release/unscratch --report large_scans.json

Photographs of the validation split are enlarged to the size of a scan, blurred and grained a little, and long lines are drawn
across them: even ones of one contrast, and ragged opaque cracks with a fibrous core; the program itself looks at the whole
scan, at every scale and in tiles as it does for a person. Drawn lines have little of the variety of real damage: the figures
tell of width, contrast and size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from training.data import CleanPhotos
from training.evaluate import SETTINGS

LONG_SIDES_PX = (4000, 5000, 6000, 7000, 8500, 10_000)
SHORTEST_PX = 300  # photographs with a shorter side would be enlarged to mere blur
STRONG_LEVELS = 50
# Grey levels stay this far from black and white, so that every line keeps its contrast.
HEADROOM_LEVELS = STRONG_LEVELS + 2
GRAIN_LEVELS = 1.5
SCAN_BLUR_PX = 0.4
TOLERANCE_PX = 2
FALSE_FROM_PX = 8  # marks this far from every line count as false
CROSSING = 255


# A crack shows paper or dirt whatever the photo is: grey levels of its core, bright and dark, and the deviation of its fibres.
CORE_LEVELS, FIBRE_LEVELS = {True: 235, False: 20}, 6.0
RAGGED = 40.0  # how far a crack's edge frays, in levels of the blurred line (0 to 255)
# Photographs are cut to a wide format: a scan of 10,000 px is then 56 megapixels.
WIDEST_SHARE = 9 / 16


class Kind(NamedTuple):
    """One kind of line: its width in px, whether it is brighter than the photo, its contrast in levels; 0 = an opaque crack."""

    width_px: int
    bright: bool
    contrast: int

    @property
    def drawn_as(self) -> str:
        """The contrast in words, for reports."""
        return str(self.contrast) if self.contrast else "opaque"


# Faint ones are thin, as in a long scratch; the strong ones have every width, and cracks are wide.
CONTRASTS = {1: (3, 6, 12, STRONG_LEVELS), 3: (3, 6, 12, STRONG_LEVELS), 10: (STRONG_LEVELS, 0), 40: (STRONG_LEVELS, 0)}
KINDS = tuple(Kind(w, bright, contrast) for w, contrasts in CONTRASTS.items() for contrast in contrasts for bright in (True, False))


class Scan(NamedTuple):
    """A scan (H, W) or (H, W, 3) u8 RGB and its lines (H, W) u8: 0 none, n the nth of KINDS, CROSSING where two meet."""

    pixels: np.ndarray
    lines: np.ndarray


def enlarged(photo: np.ndarray, long_side: int, rng: np.random.Generator) -> np.ndarray:
    """The photo (h, w, …) u8 at this long side in px, its tones squeezed into the headroom, with grain of its own."""
    scale = long_side / max(photo.shape[:2])
    squeezed = (HEADROOM_LEVELS + photo.astype(np.float32) * ((255 - 2 * HEADROOM_LEVELS) / 255)).astype(np.uint8)
    scan = cv2.resize(squeezed, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    # One tile of grain for the whole scan, turned by rows: a normal number for every pixel would take longer than all the rest.
    grain = cv2.GaussianBlur(rng.normal(0.0, 1.0, (1024, 1024)).astype(np.float32), (0, 0), 0.6)
    grain = np.round(grain * (GRAIN_LEVELS / grain.std())).astype(np.int16)
    for top in range(0, scan.shape[0], 1024):
        part = scan[top : top + 1024]
        row = np.tile(np.roll(grain, int(rng.integers(1024)), 1), (1, part.shape[1] // 1024 + 1))[: part.shape[0], : part.shape[1]]
        part[:] = (part.astype(np.int16) + (row if part.ndim == 2 else row[..., None])).clip(0, 255).astype(np.uint8)
    return scan


def path_of(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A long, slightly bent line as points (n, 1, 2) x, y: a quarter to a half of the long side, in any direction."""
    height, width = shape[:2]
    length = max(height, width) * rng.uniform(0.25, 0.5)
    angle = rng.uniform(0.0, np.pi)
    middle = rng.uniform(0.25, 0.75, 2) * (width, height)
    along = np.linspace(-0.5, 0.5, 33)
    across = rng.uniform(-0.06, 0.06) * (1.0 - 4.0 * along**2)
    direction, normal = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = middle + length * (along[:, None] * direction + across[:, None] * normal)
    return np.round(points).astype(np.int32)[:, None]


def drawn_line(shape: tuple[int, ...], kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Flat positions of the pixels of one new line of this kind in a scan of this shape (H, W)."""
    line, points = np.zeros(shape, np.uint8), path_of(shape, rng)
    cv2.polylines(line, [points], isClosed=False, color=255, thickness=kind.width_px)
    if not kind.contrast:
        left, top, width, height = cv2.boundingRect(points)
        rim = 2 * kind.width_px
        part = line[max(0, top - rim) : top + height + rim, max(0, left - rim) : left + width + rim]
        part[:] = ragged(part, kind.width_px, rng)
    return np.flatnonzero(line)


def ragged(line: np.ndarray, width_px: int, rng: np.random.Generator) -> np.ndarray:
    """A line (H, W) u8 of 0 and 255 with an edge as torn emulsion has it, frayed on the scale of a few px and of its width."""
    noise = np.zeros((1024, 1024), np.float32)
    for scale in (1.2, width_px / 5):
        coarse = cv2.GaussianBlur(rng.normal(0.0, 1.0, noise.shape).astype(np.float32), (0, 0), scale)
        noise += coarse / coarse.std()
    height, width = line.shape
    tiled = np.tile(noise, (height // 1024 + 1, width // 1024 + 1))[:height, :width]
    soft = cv2.GaussianBlur(line, (0, 0), width_px / 6)
    return np.where(soft + RAGGED * tiled > 127.0, 255, 0).astype(np.uint8) * (soft > 0)


def with_lines(scan: np.ndarray, rng: np.random.Generator) -> Scan:
    """The scan with one line of every kind; the even ones are softened a little, as a scanner does."""
    shape = scan.shape[:2]
    lines = np.zeros(shape, np.uint8)
    change = np.zeros(shape, np.int16)  # 64ths of a level
    for number, kind in enumerate(KINDS, 1):
        places = drawn_line(shape, kind, rng)
        lines.flat[places] = np.where(lines.flat[places] > 0, CROSSING, number)
        if kind.contrast:
            change.flat[places] = 64 * (kind.contrast if kind.bright else -kind.contrast)
            continue
        core = CORE_LEVELS[kind.bright] + rng.normal(0.0, FIBRE_LEVELS, len(places)).round()
        change.flat[places] = 0
        scan.reshape(lines.size, -1)[places] = core.clip(0, 255).astype(np.uint8)[:, None]
    change = cv2.GaussianBlur(change, (0, 0), SCAN_BLUR_PX)
    for top in range(0, shape[0], 1024):
        part = scan[top : top + 1024]
        step = (change[top : top + 1024] + 32) >> 6
        part[:] = (part.astype(np.int16) + (step if part.ndim == 2 else step[..., None])).clip(0, 255).astype(np.uint8)
    return Scan(scan, lines)


def scans(data: Path, long_sides: tuple[int, ...], *, seed: int, shortest_px: int) -> Iterator[tuple[str, Scan]]:
    """One scan of each size with the name of its photograph, every other one grey; the same ones for the same seed."""
    photos = CleanPhotos(data, split="validation", seed=seed, shortest_px=shortest_px)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(photos))
    for number, long_side in enumerate(long_sides):
        index = int(chosen[number % len(photos)])
        photo = photos.photo(index)
        height, width = photo.shape[:2]
        cut = round(max(height, width) * WIDEST_SHARE)
        photo = photo[:cut] if width >= height else photo[:, :cut]
        if number % 2 == 0:
            photo = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        yield photos.files[index].name, with_lines(enlarged(photo, long_side, rng), rng)


def probability_of(program: Path, models: Path | None, scan: np.ndarray, folder: Path, *, threads: int) -> tuple[np.ndarray, float]:
    """The program's probability of damage (H, W) u8 for a whole scan, and the seconds it took."""
    photo, answer = folder / "scan.png", folder / "probability.png"
    cv2.imwrite(str(photo), scan if scan.ndim == 2 else scan[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    told = ["--models", str(models)] if models else []
    command = [str(program), "detect", str(photo), "--output", str(folder / "mask.png"), "--probability", str(answer), *told]
    begun = time.perf_counter()
    ran = subprocess.run([*command, "--provider", "cpu", "--threads", str(threads), "--overwrite", "--quiet"], check=False)
    seconds = time.perf_counter() - begun
    if ran.returncode != 0:
        raise SystemExit(f"the program could not look at the scan (exit code {ran.returncode}, its message is above): {program}")
    probability = cv2.imread(str(answer), cv2.IMREAD_GRAYSCALE)
    if probability is None or probability.shape != scan.shape[:2]:
        raise SystemExit(f"the program wrote no map of this scan's size: {answer}")
    return probability, seconds


class Found:
    """Sums over scans, for each setting and kind of line."""

    def __init__(self) -> None:
        self.pixels: dict[int, int] = defaultdict(int)
        self.hit: dict[tuple[str, int], int] = defaultdict(int)
        self.false: dict[str, int] = defaultdict(int)
        self.sound = 0

    def add(self, probability: np.ndarray, lines: np.ndarray) -> None:
        """Counts one scan: its map (H, W) u8 and its lines as in `Scan`."""
        totals = np.bincount(lines.ravel(), minlength=256)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE_PX + 1,) * 2)
        far = cv2.dilate((lines > 0).astype(np.uint8), np.ones((2 * FALSE_FROM_PX + 1,) * 2, np.uint8)) == 0
        self.sound += int(far.sum())
        for number in range(1, len(KINDS) + 1):
            self.pixels[number] += int(totals[number])
        for setting, threshold in SETTINGS.items():
            marked = (probability >= round(threshold * 255)).astype(np.uint8)
            hits = np.bincount(lines[cv2.dilate(marked, disc) > 0], minlength=256)
            self.false[setting] += int(marked[far].sum())
            for number in range(1, len(KINDS) + 1):
                self.hit[setting, number] += int(hits[number])

    def recall(self, setting: str, number: int) -> float | None:
        """Share of the pixels of the nth kind with a mark within TOLERANCE_PX; None without any pixel."""
        return self.hit[setting, number] / self.pixels[number] if self.pixels[number] else None

    def report(self) -> dict:
        """Recall of every kind, its means by width, polarity and contrast, and the share falsely marked, at each setting."""
        return {
            setting: {
                "lines": [
                    {"width_px": kind.width_px, "polarity": polarity(kind), "contrast": kind.drawn_as,
                     "pixels": self.pixels[number], "recall": self.recall(setting, number)}
                    for number, kind in enumerate(KINDS, 1)
                ],
                "mean_recall_by_width_px": self._means(setting, lambda kind: str(kind.width_px)),
                "mean_recall_by_polarity": self._means(setting, polarity),
                "mean_recall_by_contrast": self._means(setting, lambda kind: kind.drawn_as),
                "falsely_marked_share": self.false[setting] / max(1, self.sound),
            }
            for setting in SETTINGS
        }  # fmt: skip

    def _means(self, setting: str, group: Callable[[Kind], str]) -> dict[str, float]:
        """Mean recall of the kinds of each group: by pixels, the widest would decide alone."""
        groups = defaultdict(list)
        for number, kind in enumerate(KINDS, 1):
            recall = self.recall(setting, number)
            if recall is not None:
                groups[group(kind)].append(recall)
        return {name: sum(values) / len(values) for name, values in groups.items()}


def polarity(kind: Kind) -> str:
    """Whether such a line is brighter or darker than the photo."""
    return "bright" if kind.bright else "dark"


def main() -> None:
    """Makes the scans one after the other, lets the program look at each, and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ photographs")
    parser.add_argument("--program", type=Path, default=Path("target/release/unscratch"), help="the unscratch binary")
    parser.add_argument("--models", type=Path, help="folder of models; the program's own without it")
    parser.add_argument("--long-sides", type=int, nargs="+", default=LONG_SIDES_PX, help="one scan of each, in px")
    parser.add_argument("--shortest", type=int, default=SHORTEST_PX, help="leave out photographs with a shorter side, in px")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found, looked_at = Found(), []
    with tempfile.TemporaryDirectory() as name:
        for photo, scan in scans(options.data, tuple(options.long_sides), seed=options.seed, shortest_px=options.shortest):
            probability, seconds = probability_of(
                options.program.resolve(), options.models, scan.pixels, Path(name), threads=options.threads
            )
            found.add(probability, scan.lines)
            height, width = scan.lines.shape
            looked_at.append({"photo": photo, "width": width, "height": height, "seconds": round(seconds, 1)})
            print(json.dumps(looked_at[-1]), flush=True)
    text = json.dumps({"scans": looked_at} | found.report(), indent=1)
    print(text)
    if options.report:
        options.report.write_text(text + "\n")


if __name__ == "__main__":
    main()
