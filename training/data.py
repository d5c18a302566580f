"""The clean photographs that damage is drawn onto: finding, splitting, decoding and cropping them; no damage here."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
VALIDATION_PERCENT = 10
# Sources that show people or real old prints are drawn more often: what must not be harmed is mostly people.
PEOPLE_SOURCES = ("HumanSeg", "Flickr8kSample", "ala-demo-psychiana", "openposeCOCO", "rknnCOCO")
PEOPLE_WEIGHT = 2.0


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


class CleanPhotos:
    """The photographs of `DIR/clean` that belong to one split, decoded when first needed and kept in memory.

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
        weights = np.array([PEOPLE_WEIGHT if file.name.startswith(PEOPLE_SOURCES) else 1.0 for file in files])
        self._cumulative = np.cumsum(weights / weights.sum())

    def __len__(self) -> int:
        return len(self.files)

    def photo(self, index: int) -> np.ndarray:
        """The whole photograph, uint8 RGB (H, W, 3)."""
        if index not in self._decoded:
            image = cv2.imread(str(self.files[index]), cv2.IMREAD_COLOR)
            if image is None:
                raise DataError(f"this photograph cannot be decoded; remove it: {self.files[index]}")
            self._decoded[index] = np.ascontiguousarray(image[..., ::-1])
        return self._decoded[index]

    def draw_index(self, rng: np.random.Generator) -> int:
        """A photograph at random, people more often."""
        return min(int(np.searchsorted(self._cumulative, rng.random())), len(self.files) - 1)

    def crop(self, rng: np.random.Generator, size: int, *, smallest_zoom: float = 0.25,
             largest_zoom: float = 2.0) -> np.ndarray:
        """A random crop uint8 RGB (size, size, 3) of a random photograph at a random zoom, turned or mirrored.

        The zoom is log-uniform between the limits, but never so small that the photograph would not fill the crop.
        """
        photo = self.photo(self.draw_index(rng))
        height, width = photo.shape[:2]
        least = max(smallest_zoom, size / min(height, width))
        zoom = float(np.exp(rng.uniform(np.log(least), np.log(max(largest_zoom, least)))))
        if rng.random() < 0.4:
            zoom = max(1.0, least)
        region = min(int(round(size / zoom)), height, width)
        top = int(rng.integers(0, height - region + 1))
        left = int(rng.integers(0, width - region + 1))
        crop = photo[top:top + region, left:left + region]
        if region != size:
            method = cv2.INTER_AREA if region > size else cv2.INTER_CUBIC
            crop = cv2.resize(crop, (size, size), interpolation=method)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.25:
            crop = np.rot90(crop, int(rng.integers(1, 4)))
        return np.ascontiguousarray(crop)
