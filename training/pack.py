"""A small pack of the training data, for a machine that gets little carried to it; it trains and changes nothing.

    python -m training.pack --data DIR --out training/pack

The pack has the folders of DIR, so that `--data training/pack` works: `clean/` as WebP with a shorter long side,
`textures/` as they are. File names are kept, so that every photograph stays in its split.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np

from .data import CleanPhotos, DataError, is_validation

LONG_SIDE_PX = 448
WEBP_QUALITY = 88
COUNT = 1200


def write_pack(data_dir: Path, out_dir: Path, *, count: int = COUNT, long_side: int = LONG_SIDE_PX,
               quality: int = WEBP_QUALITY, seed: int = 0) -> dict[str, int]:
    """Writes the pack into an empty or new folder; returns how many photographs, textures and bytes it holds."""
    if out_dir.exists() and any(out_dir.iterdir()):
        raise DataError(f"the folder for the pack is not empty; give another one: {out_dir}")
    photos = CleanPhotos(data_dir, split="all", seed=seed, limit=count)
    (out_dir / "clean").mkdir(parents=True)
    taken: set[str] = set()
    for index, file in enumerate(photos.files):
        stem = file.stem if file.stem not in taken else f"{file.stem}-{index}"
        taken.add(stem)
        if is_validation(f"{stem}.webp") != is_validation(file.name):
            continue  # a second file of the same name that would change its split
        _write_webp(out_dir / "clean" / f"{stem}.webp", photos.photo(index), long_side, quality)
    textures = sorted((Path(data_dir) / "textures").glob("*.png"))
    (out_dir / "textures").mkdir()
    for texture in textures:
        shutil.copyfile(texture, out_dir / "textures" / texture.name)
    files = [file for file in out_dir.rglob("*") if file.is_file()]
    return {"photographs": len(files) - len(textures), "textures": len(textures),
            "bytes": sum(file.stat().st_size for file in files)}


def _write_webp(file: Path, photo: np.ndarray, long_side: int, quality: int) -> None:
    """Writes one photograph, uint8 RGB, its long side at most `long_side` px."""
    scale = min(1.0, long_side / max(photo.shape[:2]))
    if scale < 1:
        size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".webp", np.ascontiguousarray(photo[..., ::-1]), [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    file.write_bytes(encoded.tobytes())


def main() -> int:
    """Writes the pack; returns the exit code."""
    parser = argparse.ArgumentParser(description="make a small pack of the training data")
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ and textures/")
    parser.add_argument("--out", type=Path, required=True, help="empty or new folder for the pack")
    parser.add_argument("--count", type=int, default=COUNT, help="photographs at most")
    arguments = parser.parse_args()
    try:
        written = write_pack(arguments.data, arguments.out, count=arguments.count)
    except DataError as error:
        print(f"pack: {error}", file=sys.stderr)
        return 1
    print(f"{written['photographs']} photographs and {written['textures']} textures, "
          f"{written['bytes'] / 1e6:.1f} MB: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
