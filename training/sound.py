"""Measures harm on sound photographs that were never trained on: how many stay untouched, how much is marked.

    python -m training.sound --data DATA --models models --report sound.json --sheet worst.png

Reads one half of `DATA/clean_holdout`, split by a hash of the source image (the other half is kept for calibrating).
Each photograph is looked at twice: whole, as it is; and aged and captured anew, as a crop of its middle.
Measure a model once, when it is chosen; nothing here may steer training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data import PHOTO_SUFFIXES, source_of
from training.evaluate import AUTOMATIC, SETTINGS, suggested
from training.mining import sound_switches
from training.peers import to_bytes
from training.pipeline import Networks, grow_mask, load_networks, probability_map, read_photo
from training.synthesis import Synthesizer

FOLDER = "clean_holdout"
CROP_PX = 512
LONGEST_PX = 1600  # larger photographs are reduced, so that the few wallpapers do not weigh more than all the rest
AGEING_SEED = 4000


class Marked(NamedTuple):
    """One picture: its name, its pixels, those marked and those the grown mask would change, for each setting."""

    name: str
    pixels: int
    marked: dict[str, int]
    changed: dict[str, int]


def reporting_half(folder: Path) -> list[Path]:
    """The photographs that report; pictures of one source image fall into the same half."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PHOTO_SUFFIXES)
    return [file for file in files if hashlib.sha256(b"half:" + source_of(file.name).encode()).digest()[0] % 2]


def reduced(photo: Tensor) -> Tensor:
    """The photo (1, 3, H, W), reduced to a long side of LONGEST_PX if it is larger."""
    scale = LONGEST_PX / max(photo.shape[-2:])
    if scale >= 1:
        return photo
    return torch.nn.functional.interpolate(photo, scale_factor=scale, mode="area")


def aged_crop(synthesizer: Synthesizer, photo: Tensor) -> Tensor:
    """The middle CROP_PX square of a photo (1, 3, H, W), or the largest that fits, aged and captured."""
    height, width = photo.shape[-2:]
    side = min(height, width, CROP_PX) // 8 * 8
    top, left = (height - side) // 2, (width - side) // 2
    crop = to_bytes(photo[0, :, top:top + side, left:left + side])
    return synthesizer.batch_from(np.ascontiguousarray(crop)[None]).damaged


def look_at(networks: Networks, name: str, photo: Tensor) -> tuple[Marked, Tensor]:
    """What stage 1 marks on a sound photo (1, 3, H, W) at each setting, and the mask (1, 1, H, W) at the default."""
    probability = probability_map(networks, photo)
    masks = {setting: (probability >= threshold).float() for setting, threshold in SETTINGS.items()}
    masks[AUTOMATIC] = (suggested(probability) >= SETTINGS["default"]).float()
    marked = {setting: int(mask.sum()) for setting, mask in masks.items()}
    changed = {setting: int(grow_mask(mask).sum()) for setting, mask in masks.items()}
    return Marked(name, probability.numel(), marked, changed), masks["default"]


def summary(pictures: list[Marked]) -> dict[str, dict[str, float]]:
    """For each setting: the share of pictures left untouched, of pixels marked and of pixels that would change."""
    pixels = sum(picture.pixels for picture in pictures)
    return {
        setting: {
            "pictures": len(pictures),
            "untouched_share": sum(picture.marked[setting] == 0 for picture in pictures) / len(pictures),
            "marked_share": sum(picture.marked[setting] for picture in pictures) / pixels,
            "changed_share": sum(picture.changed[setting] for picture in pictures) / pixels,
        }
        for setting in (AUTOMATIC, *SETTINGS)
    }


def worst_of(pictures: list[Marked], count: int = 12) -> list[dict[str, float | str]]:
    """The pictures with the largest share marked at the default."""
    ordered = sorted(pictures, key=lambda picture: -picture.marked["default"] / picture.pixels)[:count]
    return [{"photo": p.name, "marked_share": p.marked["default"] / p.pixels} for p in ordered if p.marked["default"]]


def tile(photo: Tensor, mask: Tensor, *, side_px: int = 240) -> np.ndarray:
    """A small picture (side_px, side_px, 3) of the photo with its marks in red, widened so that they show."""
    marks = torch.nn.functional.max_pool2d(mask, 5, 1, 2)
    shown = to_bytes((photo * (1 - marks) + torch.tensor([1.0, 0.1, 0.2]).view(1, 3, 1, 1) * marks)[0])
    scale = side_px / max(shown.shape[:2])
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:side_px, :side_px]
    out = np.zeros((side_px, side_px, 3), np.uint8)
    out[:small.shape[0], :small.shape[1]] = small
    return out


def write_sheet(tiles: list[tuple[float, np.ndarray]], file: Path, *, columns: int = 8, rows: int = 5) -> None:
    """The tiles with the most marks, worst first."""
    kept = [picture for share, picture in sorted(tiles, key=lambda entry: -entry[0])[: columns * rows] if share > 0]
    if not kept:
        return
    kept += [np.zeros_like(kept[0])] * (-len(kept) % columns)
    lines = [np.concatenate(kept[first:first + columns], 1) for first in range(0, len(kept), columns)]
    cv2.imwrite(str(file), np.concatenate(lines)[..., ::-1])


def pictures_of(files: list[Path], synthesizer: Synthesizer) -> Iterator[tuple[str, str, Tensor]]:
    """Kind ("whole" or "aged"), file name and pixels of every picture to look at."""
    for file in files:
        photo = read_photo(file)
        yield "aged", file.name, aged_crop(synthesizer, photo)
        yield "whole", file.name, reduced(photo)


def main() -> None:
    """Measures harm on sound photographs and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--report", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    files = reporting_half(options.data / FOLDER)
    if not files:
        raise SystemExit(f"there are no photographs to measure on; put sound ones in: {options.data / FOLDER}")
    networks = load_networks(options.models, threads=options.threads)
    synthesizer = Synthesizer(options.data, split="validation", seed=AGEING_SEED, device=torch.device("cpu"), stage="detect",
                              switches=sound_switches())  # fmt: skip
    looked: dict[str, list[Marked]] = {"whole": [], "aged": []}
    tiles = []
    for kind, name, photo in pictures_of(files, synthesizer):
        picture, mask = look_at(networks, name, photo)
        looked[kind].append(picture)
        tiles.append((picture.marked["default"] / picture.pixels, tile(photo, mask)))
    report = {kind: summary(pictures) | {"worst": worst_of(pictures)} for kind, pictures in looked.items()}
    text = json.dumps(report, indent=1)
    print(text)
    if options.report:
        options.report.write_text(text + "\n")
    if options.sheet:
        write_sheet(tiles, options.sheet)


if __name__ == "__main__":
    main()
