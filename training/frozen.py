"""The frozen evaluation set: crops of the validation split with held-out damage, written once and checked by SHA-256.

    python -m training.frozen --data DIR --out training/frozen

The pictures are derived from the photographs and stay out of the repository; their hashes are in it, in
`training/frozen_index.json`, so that every measurement can say which pictures it was made on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from .data import CleanPhotos, DataError
from .synthesis import Batch, Synthesizer

INDEX = Path(__file__).with_name("frozen_index.json")
SEED = 20_261_101
COUNT, SIZE_PX = 200, 512
SHORTEST_PX = 400  # smaller photographs would be enlarged too much to fill a crop
MASK_LEVELS = {"sound": 0, "ignore": 128, "damage": 255}


def pictures_of(batch: Batch) -> dict[str, np.ndarray]:
    """The pictures of the first crop of a batch as 8-bit arrays, RGB or grey.

    `mask` holds MASK_LEVELS, `width` the local width of the damage in 1/4 px, `transmission` 255 × Π(1 − α).
    """
    def eight_bit(image: torch.Tensor) -> np.ndarray:
        return np.round(image[0].permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)

    target, ignore = batch.target[0, 0].cpu().numpy() > 0, batch.ignore[0, 0].cpu().numpy() > 0
    mask = np.where(target, MASK_LEVELS["damage"], np.where(ignore, MASK_LEVELS["ignore"], MASK_LEVELS["sound"]))
    width = np.clip(np.round(batch.width[0, 0].cpu().numpy() * 4), 0, 255)
    return {
        "damaged": eight_bit(batch.damaged), "clean": eight_bit(batch.clean),
        "clean_no_grain": eight_bit(batch.clean_no_grain), "mask": mask.astype(np.uint8),
        "width": width.astype(np.uint8), "transmission": eight_bit(batch.transmission)[..., 0],
    }


def write_set(data_dir: Path, out_dir: Path, *, count: int = COUNT, size: int = SIZE_PX, seed: int = SEED,
              shortest_px: int = SHORTEST_PX, bank_size: int = 600) -> dict:
    """Writes the set into `out_dir/{damaged,clean,…}/NNN.png` and returns its index.

    Even crops are made as for detection (a quarter undamaged), odd ones as for filling; the difficulty rises
    from 0 to 1 over the set.
    """
    makers = {stage: Synthesizer(data_dir, split="validation", seed=seed, device=torch.device("cpu"), stage=stage,
                                 bank_size=bank_size) for stage in ("detect", "fill")}
    photos = CleanPhotos(data_dir, split="validation", seed=seed, shortest_px=shortest_px)
    items = []
    for number in range(count):
        stage = "detect" if number % 2 == 0 else "fill"
        maker = makers[stage]
        maker.photos = photos
        maker.difficulty = number / max(count - 1, 1)
        batch = maker.batch(1, size)
        item = {"name": f"{number:03d}", "stage": stage, "difficulty": round(maker.difficulty, 3),
                "kinds": list(maker.last_kinds[0]), "noise": round(float(batch.noise[0]), 5), "sha256": {}}
        for part, picture in pictures_of(batch).items():
            item["sha256"][part] = _write_png(out_dir / part / f"{number:03d}.png", picture)
        items.append(item)
    return {"seed": seed, "count": count, "size_px": size, "split": "validation", "mask_levels": MASK_LEVELS,
            "items": items}


def _write_png(file: Path, picture: np.ndarray) -> str:
    """Writes an RGB or grey picture and returns the SHA-256 of the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    data = picture[..., ::-1] if picture.ndim == 3 else picture
    encoded = cv2.imencode(".png", data)[1].tobytes()
    file.write_bytes(encoded)
    return hashlib.sha256(encoded).hexdigest()


def differences(out_dir: Path, index: dict) -> list[str]:
    """The pictures of the index that are missing from `out_dir` or have other bytes, as PART/NAME."""
    wrong = []
    for item in index["items"]:
        for part, expected in item["sha256"].items():
            file = out_dir / part / f"{item['name']}.png"
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != expected:
                wrong.append(f"{part}/{item['name']}")
    return wrong


def main() -> int:
    """Writes or checks the set; returns the exit code."""
    parser = argparse.ArgumentParser(description="write or check the frozen evaluation set")
    parser.add_argument("--data", type=Path, help="folder with clean/ and textures/ (not needed with --check)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--index", type=Path, default=INDEX, help="the list of hashes")
    parser.add_argument("--count", type=int, default=COUNT, help="how many crops")
    parser.add_argument("--size", type=int, default=SIZE_PX, help="side of a crop in px, a multiple of 64")
    parser.add_argument("--shortest", type=int, default=SHORTEST_PX, help="leave out photographs with a shorter side, in px")
    parser.add_argument("--bank-size", type=int, default=600, help="drawings of damage")
    parser.add_argument("--check", action="store_true", help="only compare the pictures with the list of hashes")
    parser.add_argument("--renew", action="store_true",
                        help="write a new list of hashes to --index: a new set, not the old one")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if not arguments.check:
        if arguments.data is None:
            parser.error("--data is needed to write the set")
        try:
            index = write_set(arguments.data, arguments.out, count=arguments.count, size=arguments.size,
                              shortest_px=arguments.shortest, bank_size=arguments.bank_size)
        except DataError as error:
            print(f"frozen set: {error}", file=sys.stderr)
            return 1
        if arguments.renew or not arguments.index.exists():
            arguments.index.write_text(json.dumps(index, indent=1) + "\n")
    if not arguments.index.exists():
        print(f"frozen set: there is no list of hashes; write the set first: {arguments.index}", file=sys.stderr)
        return 1
    wrong = differences(arguments.out, json.loads(arguments.index.read_text()))
    if wrong:
        print(f"frozen set: {len(wrong)} pictures are not those of {arguments.index}, first {wrong[:3]}; other "
              "photographs or other library versions give other pictures", file=sys.stderr)
        return 1
    print(f"frozen set: all pictures agree with {arguments.index}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
