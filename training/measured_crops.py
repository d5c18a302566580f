"""Reads the crops of the frozen evaluation set for measuring; `training.frozen` writes and checks them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.frozen import INDEX, MASK_LEVELS

INDEX_HELP = "the list that training.frozen wrote for the set; the committed one without it"
# Widths are stored in quarters of a pixel.
WIDTH_SCALE = 4.0


@dataclass(frozen=True)
class FrozenCrop:
    """One crop: photos (1, 3, H, W) RGB in [0, 1], the rest (1, 1, H, W); target and ignore are 0 or 1, width is in px."""

    name: str
    damaged: Tensor
    clean: Tensor
    clean_no_grain: Tensor
    target: Tensor
    ignore: Tensor
    width: Tensor
    transmission: Tensor


class FrozenCrops(Sequence[FrozenCrop]):
    """The crops of a folder in the order of the index, read when asked for."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.names = folder, names

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> FrozenCrop:
        name = self.names[index]
        mask = self._read("mask", name)
        return FrozenCrop(
            name,
            *(self._read(part, name) / 255.0 for part in ("damaged", "clean", "clean_no_grain")),
            target=(mask == MASK_LEVELS["damage"]).float(),
            ignore=(mask == MASK_LEVELS["ignore"]).float(),
            width=self._read("width", name) / WIDTH_SCALE,
            transmission=self._read("transmission", name) / 255.0,
        )

    def __iter__(self) -> Iterator[FrozenCrop]:
        return (self[index] for index in range(len(self)))

    def _read(self, part: str, name: str) -> Tensor:
        file = self.folder / part / f"{name}.png"
        pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            raise SystemExit(f"a picture of the frozen set is missing; write the set with `python -m training.frozen`: {file}")
        pixels = pixels[..., ::-1] if pixels.ndim == 3 else pixels[..., None]
        return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float()


def read_frozen(folder: Path, *, index: Path = INDEX, limit: int = 0) -> FrozenCrops:
    """The frozen set in `folder`, whose list is `index`; with `limit`, that many crops spread evenly over it."""
    if not index.is_file():
        raise SystemExit(f"there is no list of the frozen set; write the set with `python -m training.frozen`: {index}")
    names = [item["name"] for item in json.loads(index.read_text())["items"]]
    if limit and limit < len(names):
        # Detection and filling crops alternate, so pairs are kept.
        pairs = [2 * ((index * (len(names) // 2)) // (limit // 2)) for index in range(limit // 2)]
        names = [names[first + offset] for first in pairs for offset in (0, 1)]
    return FrozenCrops(folder, names)
