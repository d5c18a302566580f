"""Mines false alarms: where a half-trained stage 1 marks sound photographs that were only aged.

    python -m training.mining --weights RUN/checkpoint.safetensors --data DIR --out RUN/mined.json

`training.train --mined RUN/mined.json` then takes 15 % of its crops from there. Only the training split is
read. `--sheet` writes the worst windows as a picture: photographs that hold real dust or scratches would teach the
network to spare damage, so look at it and pass their names to `--leave-out`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from .checkpoint import load_network
from .data import CleanPhotos, Window, random_window
from .synthesis import Synthesizer, SynthesisSwitches
from .synthesis.switches import DAMAGE, NEGATIVES

CROP_PX = 256
BATCH = 8
RIM_PX = 8  # alarms at a crop's border, where the network sees mirrored padding of its own, do not count
MOST_FOR_A_PHOTO = 3


@dataclasses.dataclass(frozen=True)
class Alarm:
    """A window of a photograph and the share of its pixels that were marked although nothing is damaged."""

    photo: str
    window: Window
    share: float


def sound_switches() -> SynthesisSwitches:
    """Ageing and capture alone: neither damage nor drawn look-alikes."""
    return SynthesisSwitches(**dict.fromkeys((*DAMAGE, *NEGATIVES), False))


@torch.no_grad()
def find_alarms(model: torch.nn.Module, synthesizer: Synthesizer, *, count: int, logit: float,
                leave_out: frozenset[str]) -> list[Alarm]:
    """Looks at `count` random windows of the training photographs, each aged anew, and returns those with a mark."""
    photos, rng = synthesizer.photos, np.random.default_rng(77)
    names = [number for number, file in enumerate(photos.files) if file.name not in leave_out]
    alarms = []
    for first in range(0, count, BATCH):
        chosen, crops = [], []
        for offset in range(BATCH):
            number = names[(first + offset) % len(names)]
            photo = photos.photo(number)
            window = random_window(rng, photo.shape[:2], CROP_PX, smallest_zoom=0.25, largest_zoom=2.0)
            chosen.append((photos.files[number].name, window))
            crops.append(CleanPhotos.cut(rng, photo, window, CROP_PX))
        batch = synthesizer.batch_from(np.stack(crops))
        marked = model.logits(batch.damaged)[0].float()[..., RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] > logit
        shares = marked.float().mean((1, 2, 3)).tolist()
        alarms += [Alarm(name, window, share) for (name, window), share in zip(chosen, shares, strict=True) if share > 0]
    return alarms


def worst(alarms: list[Alarm], keep: int) -> list[Alarm]:
    """The windows with the most marked pixels, at most MOST_FOR_A_PHOTO of one photograph."""
    taken: dict[str, int] = {}
    kept = []
    for alarm in sorted(alarms, key=lambda alarm: -alarm.share):
        if taken.get(alarm.photo, 0) < MOST_FOR_A_PHOTO and len(kept) < keep:
            taken[alarm.photo] = taken.get(alarm.photo, 0) + 1
            kept.append(alarm)
    return kept


def write_sheet(photos: CleanPhotos, alarms: list[Alarm], file: Path, *, columns: int = 10, side: int = 144) -> None:
    """The first hundred windows in a table of pictures, worst first."""
    by_name = {photo.name: number for number, photo in enumerate(photos.files)}
    tiles = []
    for alarm in alarms[:100]:
        top, left, length = alarm.window
        crop = photos.photo(by_name[alarm.photo])[top:top + length, left:left + length]
        tiles.append(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA))
    tiles += [np.zeros((side, side, 3), np.uint8)] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[first:first + columns], 1) for first in range(0, len(tiles), columns)]
    cv2.imwrite(str(file), np.concatenate(rows)[..., ::-1])


def main() -> None:
    """Looks for false alarms and writes the worst windows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=4000, help="windows looked at")
    parser.add_argument("--keep", type=int, default=1500, help="windows kept")
    parser.add_argument("--logit", type=float, default=0.5, help="raw logit from which a pixel counts as marked")
    parser.add_argument("--leave-out", nargs="*", default=[], help="names of photographs that are not sound")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    model = load_network("detect", options.weights)[0].eval()
    synthesizer = Synthesizer(options.data, split="train", seed=3000, device=torch.device("cpu"), stage="detect",
                              switches=sound_switches())
    alarms = find_alarms(model, synthesizer, count=options.count, logit=options.logit,
                         leave_out=frozenset(options.leave_out))
    kept = worst(alarms, options.keep)
    windows = [{"photo": alarm.photo, "window": list(alarm.window), "share": round(alarm.share, 5)} for alarm in kept]
    options.out.write_text(json.dumps({"logit": options.logit, "looked_at": options.count, "windows": windows}) + "\n")
    print(f"{len(alarms)} of {options.count} windows held a false alarm, {len(kept)} kept")
    if options.sheet:
        write_sheet(synthesizer.photos, kept, options.sheet)


if __name__ == "__main__":
    main()
