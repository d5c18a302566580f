"""The clean photographs that damage is drawn onto: finding, splitting, decoding and cropping them; no damage here."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
VALIDATION_PERCENT = 10
# Sources that show people or real old prints are drawn more often: what must not be harmed is mostly people.
PEOPLE_SOURCES = ("HumanSeg", "Flickr8kSample", "ala-demo-psychiana", "openposeCOCO", "rknnCOCO")
PEOPLE_WEIGHT = 2.0
# Sound originals of the samples that ship with the program: a network that has seen them would flatter itself.
SHIPPED_SAMPLES = ("deb-skimage__astronaut",)
# Share of the crops taken around mined windows, when there are any.
MINED_SHARE = 0.15
# A scan at 300 to 600 dpi shows a print's content far larger and softer than a small photograph does at its own size,
# while damage stays sharp: this share of the crops is a small window, enlarged by SOFT_ZOOM and blurred on top.
SOFT_SHARE = 0.45
SOFT_ZOOM = (1.5, 6.0)
DECODED_BYTES = 4 << 30  # of decoded photographs kept in memory; beyond it the one decoded first is let go
SOFT_BLUR = (0.15, 0.45)  # deviation in px for each time that a crop is enlarged


class DataError(Exception):
    """The folder of photographs cannot be used; the message says why and what to do."""


def source_of(name: str) -> str:
    """The source image a file belongs to: its name without suffix and without a crop or scale number at its end."""
    return re.sub(r"(_(crop|tile|x|part)\d+)+$", "", Path(name).stem)


def is_validation(name: str) -> bool:
    """Whether a photograph belongs to the validation split; decided by a hash of its source alone."""
    digest = hashlib.sha256(source_of(name).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < VALIDATION_PERCENT


def _size_of(file: Path) -> tuple[int, int]:
    """Width and height in px from the header of a picture file."""
    try:
        with Image.open(file) as image:
            return image.size
    except OSError as error:
        raise DataError(f"this photograph cannot be read; remove it: {file}") from error


class Window(NamedTuple):
    """A square of a photograph, in px: its top left corner and its side."""

    top: int
    left: int
    side: int

    def jittered(self, rng: np.random.Generator, shape: tuple[int, int]) -> Window:
        """About the same place: moved by up to a quarter of the side, 0.8 to 1.25 as large, kept inside the photograph."""
        side = int(min(max(32, self.side * np.exp(rng.uniform(np.log(0.8), np.log(1.25)))), *shape))
        middle = np.array([self.top, self.left]) + self.side / 2 + rng.uniform(-0.25, 0.25, 2) * self.side
        top, left = (int(np.clip(m - side / 2, 0, length - side)) for m, length in zip(middle, shape, strict=True))
        return Window(top, left, side)


def random_window(rng: np.random.Generator, shape: tuple[int, int], size: int, *, smallest_zoom: float,
                  largest_zoom: float) -> Window:
    """A random window for a crop of `size` px; see `CleanPhotos.crop` for the zoom."""
    height, width = shape
    if rng.random() < SOFT_SHARE:
        smallest_zoom, largest_zoom = SOFT_ZOOM
    least = max(smallest_zoom, size / min(height, width))
    zoom = float(np.exp(rng.uniform(np.log(least), np.log(max(largest_zoom, least)))))
    if smallest_zoom < 1.0 and rng.random() < 0.4:
        zoom = max(1.0, least)
    side = min(int(round(size / zoom)), height, width)
    return Window(int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1)), side)


class CleanPhotos:
    """The photographs of `DIR/clean` that belong to one split, decoded when needed; DECODED_BYTES of them stay in memory.

    `split` is 'train', 'validation' or 'all'; photographs whose shorter side is under `shortest_px` are left
    out. Crops come out as uint8 RGB (H, W, 3), code values as in the file.
    """

    def __init__(self, data_dir: Path, *, split: str, seed: int, limit: int | None = None,
                 shortest_px: int = 0) -> None:
        folder = Path(data_dir) / "clean"
        if split not in ("train", "validation", "all"):
            raise ValueError(f"split must be 'train', 'validation' or 'all', not {split!r}")
        if not folder.is_dir():
            raise DataError(f"there is no folder of photographs; make one and put sound photographs in it: {folder}")
        files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PHOTO_SUFFIXES)
        files = [file for file in files if not file.name.startswith(SHIPPED_SAMPLES)]
        if split != "all":
            files = [file for file in files if is_validation(file.name) == (split == "validation")]
        if shortest_px > 0:
            files = [file for file in files if min(_size_of(file)) >= shortest_px]
        if limit is not None:
            order = np.random.default_rng(seed).permutation(len(files))[:limit]
            files = [files[index] for index in sorted(order)]
        if not files:
            raise DataError(f"no photograph of the {split} split was found (of {PHOTO_SUFFIXES}) in {folder}")
        self.files = files
        self._decoded: dict[int, np.ndarray] = {}
        self._decoded_bytes = 0
        weights = np.array([PEOPLE_WEIGHT if file.name.startswith(PEOPLE_SOURCES) else 1.0 for file in files])
        self._cumulative = np.cumsum(weights / weights.sum())
        self._mined: list[tuple[int, Window]] = []

    def use_mined(self, file: Path) -> None:
        """Takes MINED_SHARE of all further crops around the windows that `training.mining` wrote."""
        index = {photo.name: number for number, photo in enumerate(self.files)}
        entries = json.loads(Path(file).read_text())["windows"]
        self._mined = [(index[entry["photo"]], Window(*entry["window"])) for entry in entries if entry["photo"] in index]
        if not self._mined:
            raise DataError(f"none of these windows lies in the photographs at hand; mine again with this folder: {file}")

    def __len__(self) -> int:
        return len(self.files)

    def photo(self, index: int) -> np.ndarray:
        """The whole photograph, uint8 RGB (H, W, 3)."""
        if index not in self._decoded:
            image = cv2.imread(str(self.files[index]), cv2.IMREAD_COLOR_RGB)
            if image is None:
                raise DataError(f"this photograph cannot be decoded; remove it: {self.files[index]}")
            self._decoded[index] = image
            self._decoded_bytes += image.nbytes
            while self._decoded_bytes > DECODED_BYTES and len(self._decoded) > 1:
                self._decoded_bytes -= self._decoded.pop(next(iter(self._decoded))).nbytes
        return self._decoded[index]

    def draw_index(self, rng: np.random.Generator) -> int:
        """A photograph at random, people more often."""
        return min(int(np.searchsorted(self._cumulative, rng.random())), len(self.files) - 1)

    def crop(self, rng: np.random.Generator, size: int, *, smallest_zoom: float = 0.25,
             largest_zoom: float = 2.0) -> np.ndarray:
        """A random crop uint8 RGB (size, size, 3) of a random photograph at a random zoom, turned or mirrored.

        The zoom is log-uniform between the limits, but never so small that the photograph would not fill the crop.
        SOFT_SHARE of the crops are enlarged by SOFT_ZOOM instead.
        """
        if self._mined and rng.random() < MINED_SHARE:
            index, window = self._mined[int(rng.integers(len(self._mined)))]
            photo = self.photo(index)
            window = window.jittered(rng, photo.shape[:2])
        else:
            index = self.draw_index(rng)
            photo = self.photo(index)
            window = random_window(rng, photo.shape[:2], size, smallest_zoom=smallest_zoom, largest_zoom=largest_zoom)
        return self.cut(rng, photo, window, size)

    @staticmethod
    def cut(rng: np.random.Generator, photo: np.ndarray, window: Window, size: int) -> np.ndarray:
        """The window of a photograph as a crop (size, size, 3), mirrored or turned at random."""
        top, left, region = window
        crop = photo[top:top + region, left:left + region]
        if region != size:
            method = cv2.INTER_AREA if region > size else cv2.INTER_CUBIC
            crop = cv2.resize(crop, (size, size), interpolation=method)
        if size > 1.3 * region:
            crop = cv2.GaussianBlur(crop, (0, 0), float(rng.uniform(*SOFT_BLUR)) * size / region)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.25:
            crop = np.rot90(crop, int(rng.integers(1, 4)))
        return np.ascontiguousarray(crop)
